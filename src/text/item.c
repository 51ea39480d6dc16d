/* Items that are no chains: let, include, and what the caller sets. */
#define _GNU_SOURCE
#include "text/parser.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct variable *variable_named(struct parser *p, const char *name)
{
    for (uint32_t i = 0; i < p->variables_n; i++)
        if (strcmp(p->variables[i].name, name) == 0)
            return &p->variables[i];
    return NULL;
}

static int variable_add(struct parser *p, const char *name, struct place place,
                        const struct origin *origin, struct variable **variable)
{
    if (p->variables_n == VARIABLES_MAX)
        return parser_fail(p, place, origin, LEAT_ELIMIT, "a pipeline has at most %u variables",
                           VARIABLES_MAX);
    const char *copy = parser_keep(p, name, strlen(name));
    if (copy == NULL)
        return parser_no_memory(p);
    *variable = &p->variables[p->variables_n++];
    **variable = (struct variable){ .name = copy, .place = place };
    return LEAT_OK;
}

/* Reads "{ link ! link }" without building anything; *body is what stands between the braces. */
static int block_read(struct parser *p, struct scan *scan, struct scan *body)
{
    struct place place = scan_place(scan);
    struct end last = { .there = false };
    scan_step(scan);
    *body = *scan;
    p->dry = true;
    int status = links_read(p, scan, &last, true);
    p->dry = false;
    if (status != LEAT_OK)
        return status;
    if (scan_peek(scan) != '}')
        return parser_fail(p, place, scan->origin, LEAT_ESYNTAX,
                           "the { that opens here is not closed");
    body->end = scan->at;
    scan_step(scan);
    return LEAT_OK;
}

int let_read(struct parser *p, struct scan *scan)
{
    char name[LEAT_NAME_MAX];
    struct value value = { .items = 0 };
    struct scan body = *scan;
    scan_blanks(scan);
    struct place place = scan_place(scan);
    int status = scan_name(p, scan, name, "a variable's name after let");
    if (status != LEAT_OK)
        return status;
    if (scan_peek(scan) != '=')
        return parser_fail(p, scan_place(scan), scan->origin, LEAT_ESYNTAX,
                           "expected = right after '%s': let %s=VALUE or let %s={ STAGE ! STAGE }",
                           name, name, name);
    struct variable *variable = variable_named(p, name);
    if (variable != NULL && variable->declared)
        return parser_fail(p, place, scan->origin, LEAT_ENAME,
                           "'%s' is defined already, at %s%s%u:%u", name, variable->place.file,
                           variable->place.file[0] != '\0' ? ":" : "", variable->place.line,
                           variable->place.column);
    scan_step(scan);
    bool block = scan_peek(scan) == '{';
    status = block ? block_read(p, scan, &body) : value_read(p, scan, &value);
    if (status == LEAT_OK && variable == NULL)
        status = variable_add(p, name, place, scan->origin, &variable);
    if (status != LEAT_OK)
        return status;
    if (variable->set && block)
        return parser_fail(p, place, scan->origin, LEAT_EINVAL,
                           "'%s' holds stages here, and --set gives values only", name);
    variable->declared = true;
    if (!variable->set) {
        variable->block = block;
        variable->value = value;
        variable->body = body;
    }
    variable->place = place;
    return LEAT_OK;
}

/* path itself when it is absolute, else beside the text that includes it. */
static const char *path_join(struct parser *p, const struct scan *scan, const char *path)
{
    const char *base = "";
    size_t n = 0;
    if (scan->origin != NULL) {
        const char *slash = strrchr(scan->file, '/');
        base = scan->file;
        n = slash != NULL ? (size_t)(slash - base) + 1 : 0;
    } else if (p->options != NULL && p->options->directory != NULL) {
        base = p->options->directory;
        n = strlen(base);
    }
    if (path[0] == '/' || n == 0)
        return path;
    bool joint = base[n - 1] != '/';
    size_t bytes = strlen(path);
    char *whole = parser_take(p, n + joint + bytes + 1);
    if (whole == NULL)
        return NULL;
    memcpy(whole, base, n);
    whole[n] = '/';
    memcpy(whole + n + joint, path, bytes);
    return whole;
}

/* The file, by whatever name it was included before; NULL when it was not. */
static struct included *included_as(struct parser *p, const struct stat *about)
{
    for (uint32_t i = 0; i < p->includes_n; i++)
        if (p->includes[i].device == about->st_dev && p->includes[i].number == about->st_ino)
            return &p->includes[i];
    return NULL;
}

/* Reads the items of a file. */
static int file_read(struct parser *p, struct place place, const struct scan *scan,
                     const char *path, const struct stat *about)
{
    char *text;
    size_t bytes;
    struct origin *origin = parser_take(p, sizeof *origin);
    if (origin == NULL)
        return parser_no_memory(p);
    *origin = (struct origin){ scan->origin, NULL, place,
                               scan->origin != NULL ? scan->origin->depth + 1 : 1 };
    if (origin->depth > DEPTH_MAX || p->includes_n == INCLUDES_MAX)
        return parser_fail(p, place, scan->origin, LEAT_ELIMIT,
                           "more than %u includes, or %u inside each other", INCLUDES_MAX,
                           DEPTH_MAX);
    int status = text_load(path, true, &text, &bytes, &p->diag);
    if (status != LEAT_OK)
        return parser_fail_as(p, place, scan->origin, "include");
    /* Stages that a let holds are read again later: the text stays until the end. */
    const char *copy = parser_keep(p, text, bytes);
    free(text);
    if (copy == NULL)
        return parser_no_memory(p);
    struct scan inner = { copy, copy + bytes, path, 1, 1, origin };
    struct included *self = &p->includes[p->includes_n++];
    *self = (struct included){ about->st_dev, about->st_ino, true };
    status = parser_items(p, &inner);
    self->open = false;
    return status;
}

/* A file is read once: two files may include a third one that both of them need. */
int include_read(struct parser *p, struct scan *scan)
{
    struct value value;
    struct stat about = { 0 };
    scan_blanks(scan);
    struct place place = scan_place(scan);
    int c = scan_peek(scan);
    if (!scan_bare(c) && c != '$' && c != '\'' && c != '"')
        return parser_fail(p, place, scan->origin, LEAT_ESYNTAX,
                           "expected a file's name after include");
    int status = value_read(p, scan, &value);
    if (status != LEAT_OK)
        return status;
    const char *name = value_text(p, &value);
    const char *path = name != NULL ? path_join(p, scan, name) : NULL;
    if (path == NULL)
        return parser_no_memory(p);
    bool there = stat(path, &about) == 0;
    const struct included *before = there ? included_as(p, &about) : NULL;
    bool inside = strcmp(scan->file, path) == 0 || (before != NULL && before->open);
    for (const struct origin *o = scan->origin; o != NULL; o = o->outer)
        inside |= strcmp(o->place.file, path) == 0; /* the first text, too */
    if (inside)
        return parser_fail(p, place, scan->origin, LEAT_ELIMIT, "'%s' includes itself", path);
    return before != NULL ? LEAT_OK : file_read(p, place, scan, path, &about);
}

/* ---- what the caller sets ---- */

static int set_read(struct parser *p, const char *set)
{
    char name[LEAT_NAME_MAX];
    struct place place = { "", 0, 0 };
    const char *equals = strchr(set, '=');
    size_t n = equals != NULL ? (size_t)(equals - set) : 0;
    if (n > 0 && n < sizeof name) {
        memcpy(name, set, n);
        name[n] = '\0';
    }
    if (n == 0 || n >= sizeof name || !leat_name_valid(name))
        return parser_fail(p, place, NULL, LEAT_ESYNTAX, "--set '%s': expected NAME=VALUE", set);
    struct variable *variable = variable_named(p, name);
    int status = LEAT_OK;
    if (variable == NULL)
        status = variable_add(p, name, place, NULL, &variable);
    if (status != LEAT_OK)
        return status;
    size_t bytes = strlen(equals + 1);
    if (bytes > VALUE_BYTES_MAX)
        return parser_fail(p, place, NULL, LEAT_ELIMIT, "--set %s: a value has at most %zu bytes",
                           name, VALUE_BYTES_MAX);
    char *value = parser_keep(p, equals + 1, bytes);
    if (value == NULL)
        return parser_no_memory(p);
    variable->set = true;
    variable->value = (struct value){ .bytes = value, .n = bytes + 1, .items = 1 };
    for (size_t i = 0; i < bytes; i++) {
        if (value[i] != ',')
            continue;
        value[i] = '\0';
        variable->value.items++;
    }
    return LEAT_OK;
}

int sets_read(struct parser *p)
{
    int status = LEAT_OK;
    for (uint32_t i = 0; p->options != NULL && status == LEAT_OK && i < p->options->sets_n; i++)
        status = set_read(p, p->options->sets[i]);
    return status;
}

/* A set that nothing uses is a name written wrong. */
int sets_check(struct parser *p)
{
    for (uint32_t i = 0; i < p->variables_n; i++) {
        const struct variable *variable = &p->variables[i];
        struct leat_guess guess = { NULL, 0 };
        if (!variable->set || variable->declared || variable->used)
            continue;
        for (uint32_t k = 0; k < p->variables_n; k++)
            if (!p->variables[k].set || p->variables[k].declared)
                leat_guess_try(&guess, variable->name, p->variables[k].name);
        struct place place = { "", 0, 0 };
        if (guess.nearest != NULL)
            return parser_fail(p, place, NULL, LEAT_ENAME,
                               "--set %s: the pipeline has no such variable; did you mean '%s'?",
                               variable->name, guess.nearest);
        return parser_fail(p, place, NULL, LEAT_ENAME,
                           "--set %s: the pipeline has no such variable", variable->name);
    }
    return LEAT_OK;
}
