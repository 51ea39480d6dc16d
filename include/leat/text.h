/* The pipeline language: text to graph, and graph to text.
 *
 *     pipeline = { item ( NEWLINE | ";" ) } ;
 *     item  = [ "include" value | "let" NAME "=" ( value | "{" link { "!" link } "}" ) | chain ] ;
 *     chain = [ from "!" ] link { "!" link } [ "!" to ] | from "!" to ;
 *     link  = stage | "$" NAME ;        from = to = NAME "." ;
 *     stage = NAME { NAME "=" value } ;   value = atom { "," atom } ;
 *     atom  = ( BARE | 'literal' | "text with $NAME" | $NAME | ${NAME} )+ ;
 *
 * A newline ends an item unless the line ends with "!" or the next one begins with it; between "{"
 * and "}" it is a blank. "#" starts a comment at the start of a token. BARE is everything but
 * blanks, control characters and ! ; , $ ' " { }. Quotes end on their line; there is no escape
 * character: quoted parts that stand side by side are one value ('it'"'"'s'). No blanks around
 * "=" and ",". A variable is defined above its use and once; it expands to one value, commas and
 * all, and is never parsed again. Every stage takes name=. "NAME." is the stage of that name,
 * wherever it is written: its next free output at the head of a chain, its next free input at the
 * end of one.
 *
 * Bounds: a text or included file of 1 MiB, 64 includes, 16 of them or of blocks inside each other,
 * 256 variables, a value of 64 KiB, 16 MiB of values and reused blocks together, LEAT_NODES_MAX
 * stages. Beyond them
 * the answer is LEAT_ELIMIT.
 */
#ifndef LEAT_TEXT_H
#define LEAT_TEXT_H

#include <leat/graph.h>

LEAT_BEGIN

struct leat_text_options {
    uint32_t size;           /* sizeof(struct leat_text_options) */
    uint32_t sets_n;
    const char *const *sets; /* [sets_n] "NAME=VALUE": wins over let; of two the later wins */
    const char *file;        /* the text's name in messages; NULL: none */
    const char *directory;   /* relative includes of the text start here; NULL: where the process
                              * is. Those of an included file start at that file's directory */
};

/* Adds the stages of text[0, bytes) to *graph and joins them; options NULL: all 0.
 * On error the graph holds what was read until then: fit for leat_graph_fini alone. The diag has
 * the place, and its text names the variables and includes that led there.
 * Errors: LEAT_ESYNTAX the grammar, or a value that is not of its parameter's type; LEAT_ENAME an
 * unknown stage, parameter, word, variable or name, or one taken twice; LEAT_ERANGE a value out of
 * range; LEAT_EINVAL a required parameter is missing, a port that is not there or taken, a
 * malformed stage table; LEAT_EIO an include that cannot be read; LEAT_ELIMIT a bound above;
 * LEAT_ENOMEM.
 * Owner: nothing of text, options or sets stays borrowed; the catalogue's stages do. */
LEAT_API LEAT_MUST_USE int leat_text_parse(struct leat_graph *graph,
                                           const struct leat_catalogue *catalogue,
                                           const struct leat_text_options *options,
                                           const char *text, size_t bytes,
                                           struct leat_diag *diag);

/* Reads a whole file, "-" = standard input, into *text, which the caller frees with free().
 * LEAT_EIO it cannot be read; LEAT_ELIMIT it is longer than leat_text_parse takes; LEAT_ENOMEM.
 * On error *text is NULL. */
LEAT_API LEAT_MUST_USE int leat_text_load(const char *path, char **text, size_t *bytes,
                                          struct leat_diag *diag);

/* Writes the line that diag's place is in and, below it, a caret under its column, each ended by a
 * newline, and a final NUL. A line that is long is cut around the column. text is what was parsed
 * under options; a place in an included file is looked up in that file. Returns the length, as
 * snprintf does; 0 when there is no such place or the file cannot be read. */
LEAT_API size_t leat_text_excerpt(const struct leat_text_options *options, const char *text,
                                  size_t bytes, const struct leat_diag *diag, char *out,
                                  size_t out_bytes);

/* Writes a graph as text that parses back to the same stages, options, names and links, one chain a
 * line, options that differ from their defaults only. *length is what the whole has without the
 * NUL; when that is out_bytes or more, the text is cut.
 * LEAT_EINVAL: something that text cannot say: a newline or control character inside an option,
 * ports that are joined out of order. LEAT_ENOMEM. */
LEAT_API LEAT_MUST_USE int leat_graph_text(const struct leat_graph *graph, char *out,
                                           size_t out_bytes, size_t *length,
                                           struct leat_diag *diag);

#define LEAT_CATALOGUE_LISTS 5 /* lists of leat_catalogue_default */

/* Everything that Leat ships: sources and sinks, mathematics, doors. Fills the caller's
 * lists[LEAT_CATALOGUE_LISTS], which must live as long as the answer, lists[0], is used; lists of
 * the caller's own may be hung on lists[LEAT_CATALOGUE_LISTS - 1].next. Never fails. */
LEAT_API const struct leat_catalogue *leat_catalogue_default(struct leat_catalogue *lists);

LEAT_END

#endif
