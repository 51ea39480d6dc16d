/* The parser as a whole: its memory, its messages, and the list of items. */
#include "text/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory {
    struct memory *next;
    LEAT_ALIGNED(16) unsigned char bytes[];
};

void *parser_take(struct parser *p, size_t bytes)
{
    struct memory *block = calloc(1, sizeof *block + bytes);
    if (block == NULL)
        return NULL;
    block->next = p->memory;
    p->memory = block;
    return block->bytes;
}

char *parser_keep(struct parser *p, const char *text, size_t bytes)
{
    char *copy = parser_take(p, bytes + 1);
    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}

int parser_no_memory(struct parser *p)
{
    return leat_diag_set(&p->diag, LEAT_ENOMEM, "no memory to read the pipeline's text");
}

void parser_add(struct parser *p, const char *format, ...)
{
    char *text = p->diag.text;
    size_t n = strlen(text);
    va_list list;
    va_start(list, format);
    vsnprintf(text + n, sizeof p->diag.text - n, format, list);
    va_end(list);
}

int parser_place(struct parser *p, struct place place, const struct origin *origin)
{
    for (; origin != NULL; origin = origin->outer) {
        const struct place *at = &origin->place;
        if (origin->variable != NULL)
            parser_add(p, "; in $%s, used at ", origin->variable);
        else
            parser_add(p, "; included at ");
        parser_add(p, "%s%s%u:%u", at->file, at->file[0] != '\0' ? ":" : "", at->line, at->column);
    }
    return leat_diag_at(&p->diag, place.file, place.line, place.column);
}

int parser_fail(struct parser *p, struct place place, const struct origin *origin, int code,
                const char *format, ...)
{
    va_list list;
    va_start(list, format);
    leat_diag_setv(&p->diag, code, format, list);
    va_end(list);
    return parser_place(p, place, origin);
}

int parser_fail_as(struct parser *p, struct place place, const struct origin *origin,
                   const char *prefix)
{
    char text[sizeof p->diag.text];
    memcpy(text, p->diag.text, sizeof text);
    leat_diag_set(&p->diag, p->diag.code, "%s: %s", prefix, text);
    return parser_place(p, place, origin);
}

/* An item has ended: what stands here must be able to follow it. */
static int item_end(struct parser *p, struct scan *scan, bool chain)
{
    char found[40];
    const char *hint = "";
    scan_blanks(scan);
    int c = scan_peek(scan);
    if (c == '\n' || c == ';' || c == -1)
        return LEAT_OK;
    if (c == ',' || c == '=')
        hint = " (no blanks around = and ,)";
    else if (c == '|' || c == '>')
        hint = " (stages are joined by !)";
    else if (c == '}')
        hint = " (there is no { before it)";
    return parser_fail(p, scan_place(scan), scan->origin, LEAT_ESYNTAX,
                       "expected %sthe end of the line, found %s%s",
                       chain ? "NAME=VALUE, ! or " : "", scan_found(scan, found), hint);
}

static int item_read(struct parser *p, struct scan *scan, bool *chain)
{
    char word[LEAT_NAME_MAX] = "";
    struct scan look = *scan;
    struct end last = { .there = false };
    if (scan_name_starts(scan) && scan_name(p, &look, word, "a word") != LEAT_OK)
        return p->diag.code;
    bool alone = scan_peek(&look) != '.';
    bool let = alone && strcmp(word, "let") == 0;
    bool include = alone && strcmp(word, "include") == 0;
    *chain = !let && !include;
    if (*chain)
        return links_read(p, scan, &last, false);
    *scan = look;
    return let ? let_read(p, scan) : include_read(p, scan);
}

int parser_items(struct parser *p, struct scan *scan)
{
    int status = scan_check(p, scan);
    while (status == LEAT_OK) {
        scan_gap(scan);
        if (scan_peek(scan) == -1)
            break;
        if (scan_peek(scan) == ';') {
            scan_step(scan);
            continue;
        }
        bool chain = true;
        status = item_read(p, scan, &chain);
        if (status == LEAT_OK)
            status = item_end(p, scan, chain);
    }
    return status;
}

static int parse(struct parser *p, const char *text, size_t bytes)
{
    const char *file = p->options != NULL && p->options->file != NULL ? p->options->file : "";
    uint32_t nodes = p->graph->nodes_n;
    /* Some editors begin a file with a byte order mark. */
    size_t mark = bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    struct scan scan = { text + mark, text + bytes, file, 1, 1, NULL };
    int status = sets_read(p);
    if (status == LEAT_OK)
        status = parser_items(p, &scan);
    if (status == LEAT_OK)
        status = joins_resolve(p);
    if (status == LEAT_OK)
        status = sets_check(p);
    if (status == LEAT_OK && p->graph->nodes_n == nodes)
        status = parser_fail(p, (struct place){ file, 1, 1 }, NULL, LEAT_ESYNTAX,
                             "there is no stage in it: a pipeline is SOURCE ! STAGE ! SINK");
    return status;
}

int leat_text_parse(struct leat_graph *graph, const struct leat_catalogue *catalogue,
                    const struct leat_text_options *options, const char *text, size_t bytes,
                    struct leat_diag *diag)
{
    LEAT_GIVEN("leat_text_parse", graph, "graph");
    LEAT_REQUIRE_THAT(text != NULL || bytes == 0, "leat_text_parse: text is NULL");
    if (options != NULL && options->size < sizeof *options)
        return leat_diag_set(diag, LEAT_EINVAL, "leat_text_options: size is %u, not %zu as here",
                             options->size, sizeof *options);
    struct parser *p = calloc(1, sizeof *p);
    if (p == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory to read the pipeline's text");
    p->graph = graph;
    p->catalogue = catalogue;
    p->options = options;
    int status = parse(p, bytes != 0 ? text : "", bytes);
    if (diag != NULL && status != LEAT_OK)
        *diag = p->diag;
    while (p->memory != NULL) {
        struct memory *next = p->memory->next;
        free(p->memory);
        p->memory = next;
    }
    free(p);
    return status;
}
