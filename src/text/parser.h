/* What the files of this room share: the parser's state and the scanner. */
#ifndef LEAT_TEXT_PARSER_H
#define LEAT_TEXT_PARSER_H

#include <leat/text.h>

#define TEXT_BYTES_MAX ((size_t)1 << 20)
#define INCLUDES_MAX 64u
#define DEPTH_MAX 16u
#define VARIABLES_MAX 256u
#define VALUE_BYTES_MAX ((size_t)64 << 10)
#define EXPANDED_BYTES_MAX ((size_t)16 << 20)

struct place {
    const char *file;
    uint32_t line, column;
};

/* What led to a text that is not the first one: an include, or the use of a variable's stages. */
struct origin {
    const struct origin *outer;
    const char *variable; /* NULL: an include */
    struct place place;
    uint32_t depth;
};

/* A position in a text. Plain data: a copy is a look ahead. */
struct scan {
    const char *at, *end, *file;
    uint32_t line, column;
    const struct origin *origin;
};

/* Items one after the other, a NUL behind each. */
struct value {
    const char *bytes;
    size_t n;
    uint32_t items;
    struct place place;
    const struct variable *from; /* the first variable in it, for messages; NULL */
};

struct variable {
    const char *name;
    struct place place;
    bool set;      /* from the caller: wins over let */
    bool declared; /* a let has named it */
    bool used;
    bool block; /* stages: body, else value */
    struct value value;
    struct scan body;
};

/* One end of a join: a stage, or the name of one that may come later. */
struct end {
    bool there;
    const char *name; /* NULL: node */
    uint32_t node;
    struct place place;
    const struct origin *origin;
};

struct join {
    struct end from, to;
};

/* A file that was included; open: its items are being read. */
struct included {
    uint64_t device, number;
    bool open;
};

struct parser {
    struct leat_graph *graph;
    const struct leat_catalogue *catalogue;
    const struct leat_text_options *options;
    struct leat_diag diag;
    struct memory *memory;
    uint32_t variables_n, joins_n, includes_n;
    struct included includes[INCLUDES_MAX];
    size_t expanded; /* bytes of values, and of blocks at each use */
    bool dry; /* inside let {…}: the grammar is checked, nothing is built */
    struct variable variables[VARIABLES_MAX];
    struct join joins[LEAT_NODES_MAX]; /* that wait for the end of the text */
    char buffer[VALUE_BYTES_MAX + 1];
};

/* ---- scan.c ---- */

int scan_peek(const struct scan *scan); /* -1 at the end */
void scan_step(struct scan *scan);
void scan_blanks(struct scan *scan); /* and a comment */
void scan_gap(struct scan *scan);    /* and newlines */
bool scan_name_starts(const struct scan *scan);
bool scan_bare(int c);
struct place scan_place(const struct scan *scan);
/* Takes a name; LEAT_ESYNTAX when there is none, `what` says which one was expected. */
int scan_name(struct parser *p, struct scan *scan, char name[LEAT_NAME_MAX], const char *what);
/* The word that stands here, for messages. */
const char *scan_found(const struct scan *scan, char out[40]);
/* Refuses control characters before anything else is looked at. */
int scan_check(struct parser *p, const struct scan *scan);

/* ---- parse.c ---- */

void *parser_take(struct parser *p, size_t bytes);
char *parser_keep(struct parser *p, const char *text, size_t bytes);
int parser_no_memory(struct parser *p);
/* Fills p->diag with text, place and the origins behind it; returns code. */
int parser_fail(struct parser *p, struct place place, const struct origin *origin, int code,
                const char *format, ...) LEAT_PRINTF(5, 6);
/* Adds to what p->diag says. */
void parser_add(struct parser *p, const char *format, ...) LEAT_PRINTF(2, 3);
/* Adds the origins, then the place, to what p->diag says already; returns its code. */
int parser_place(struct parser *p, struct place place, const struct origin *origin);
/* The same with "prefix: " before it. */
int parser_fail_as(struct parser *p, struct place place, const struct origin *origin,
                   const char *prefix);
int parser_items(struct parser *p, struct scan *scan);

/* ---- value.c ---- */

int value_read(struct parser *p, struct scan *scan, struct value *value);
/* Items joined by commas; NULL without memory. */
const char *value_text(struct parser *p, const struct value *value);
/* Takes $NAME or ${NAME}. */
int variable_read(struct parser *p, struct scan *scan, struct variable **variable);

/* ---- item.c ---- */

int let_read(struct parser *p, struct scan *scan);
int include_read(struct parser *p, struct scan *scan);
int sets_read(struct parser *p);
int sets_check(struct parser *p);

/* ---- chain.c ---- */

/* Links up to the end of the chain, or of the block: then newlines are blanks. */
int links_read(struct parser *p, struct scan *scan, struct end *last, bool block);
int joins_resolve(struct parser *p);

/* ---- stage.c ---- */

int stage_read(struct parser *p, struct scan *scan, bool head, uint32_t *node);

/* ---- load.c ---- */

int text_load(const char *path, bool regular, char **text, size_t *bytes, struct leat_diag *diag);

#endif
