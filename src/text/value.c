/* Values and the variables in them. */
#include "text/parser.h"

#include <string.h>

static struct variable *variable_find(struct parser *p, const char *name, struct leat_guess *guess)
{
    for (uint32_t i = 0; i < p->variables_n; i++) {
        if (strcmp(p->variables[i].name, name) == 0)
            return &p->variables[i];
        leat_guess_try(guess, name, p->variables[i].name);
    }
    return NULL;
}

int variable_read(struct parser *p, struct scan *scan, struct variable **variable)
{
    char name[LEAT_NAME_MAX];
    struct place place = scan_place(scan);
    struct leat_guess guess = { NULL, 0 };
    scan_step(scan);
    bool braced = scan_peek(scan) == '{';
    if (braced)
        scan_step(scan);
    int status = scan_name(p, scan, name, "a variable's name after $ (a $ itself stands in '…')");
    if (status != LEAT_OK)
        return status;
    if (braced && scan_peek(scan) != '}')
        return parser_fail(p, place, scan->origin, LEAT_ESYNTAX, "expected } after ${%s", name);
    if (braced)
        scan_step(scan);
    *variable = variable_find(p, name, &guess);
    if (*variable == NULL && guess.nearest != NULL)
        return parser_fail(p, place, scan->origin, LEAT_ENAME,
                           "unknown variable '$%s'; did you mean '$%s'?", name, guess.nearest);
    if (*variable == NULL)
        return parser_fail(p, place, scan->origin, LEAT_ENAME,
                           "unknown variable '$%s': define it above with let %s=…", name, name);
    (*variable)->used = true;
    return LEAT_OK;
}

/* A value while it is read: bytes collect in the parser's buffer. */
struct draft {
    struct parser *p;
    struct scan *scan;
    struct value *value;
    size_t n;
};

static int put(struct draft *draft, char c)
{
    if (draft->n == VALUE_BYTES_MAX)
        return parser_fail(draft->p, draft->value->place, draft->scan->origin, LEAT_ELIMIT,
                           "a value has at most %zu bytes", VALUE_BYTES_MAX);
    draft->p->buffer[draft->n++] = c;
    return LEAT_OK;
}

/* Inside quotes a variable is text: its items come joined by commas. */
static int put_variable(struct draft *draft, bool quoted)
{
    struct variable *variable;
    struct place place = scan_place(draft->scan);
    int status = variable_read(draft->p, draft->scan, &variable);
    if (status != LEAT_OK)
        return status;
    if (variable->block)
        return parser_fail(draft->p, place, draft->scan->origin, LEAT_ESYNTAX,
                           "$%s holds stages, and a value is expected", variable->name);
    if (draft->value->from == NULL)
        draft->value->from = variable;
    const struct value *value = &variable->value;
    for (size_t i = 0; status == LEAT_OK && i + 1 < value->n; i++) {
        char c = value->bytes[i];
        draft->value->items += c == '\0' && !quoted;
        status = put(draft, c == '\0' && quoted ? ',' : c);
    }
    return status;
}

static int put_quoted(struct draft *draft)
{
    struct scan *scan = draft->scan;
    struct place place = scan_place(scan);
    int quote = scan_peek(scan), status = LEAT_OK;
    scan_step(scan);
    while (status == LEAT_OK && scan_peek(scan) != quote) {
        int c = scan_peek(scan);
        if (c == -1 || c == '\n')
            return parser_fail(draft->p, place, scan->origin, LEAT_ESYNTAX,
                               "the quote that opens here is not closed on its line");
        if (c == '$' && quote == '"') {
            status = put_variable(draft, true);
        } else {
            status = put(draft, (char)c);
            scan_step(scan);
        }
    }
    if (status == LEAT_OK)
        scan_step(scan);
    return status;
}

static int put_atom(struct draft *draft, const char *after)
{
    char found[40];
    struct scan *scan = draft->scan;
    int c = scan_peek(scan), status = LEAT_OK;
    if (!scan_bare(c) && c != '$' && c != '\'' && c != '"')
        return parser_fail(draft->p, scan_place(scan), scan->origin, LEAT_ESYNTAX,
                           "expected a value %s, found %s", after, scan_found(scan, found));
    for (; status == LEAT_OK; c = scan_peek(scan)) {
        if (c == '$') {
            status = put_variable(draft, false);
        } else if (c == '\'' || c == '"') {
            status = put_quoted(draft);
        } else if (scan_bare(c)) {
            status = put(draft, (char)c);
            scan_step(scan);
        } else {
            break;
        }
    }
    return status;
}

int value_read(struct parser *p, struct scan *scan, struct value *value)
{
    *value = (struct value){ .items = 1, .place = scan_place(scan) };
    struct draft draft = { p, scan, value, 0 };
    int status = put_atom(&draft, "right after =");
    while (status == LEAT_OK && scan_peek(scan) == ',') {
        scan_step(scan);
        value->items++;
        status = put(&draft, '\0');
        if (status == LEAT_OK)
            status = put_atom(&draft, "right after the comma");
    }
    if (status == LEAT_OK && scan_peek(scan) == '{')
        status = parser_fail(p, scan_place(scan), scan->origin, LEAT_ESYNTAX,
                             "a { inside a value stands in quotes");
    if (status != LEAT_OK)
        return status;
    p->expanded += draft.n;
    if (p->expanded > EXPANDED_BYTES_MAX)
        return parser_fail(p, value->place, scan->origin, LEAT_ELIMIT,
                           "all values and stages of variables together have at most %zu bytes",
                           EXPANDED_BYTES_MAX);
    value->n = draft.n + 1;
    value->bytes = parser_keep(p, p->buffer, draft.n);
    return value->bytes != NULL ? LEAT_OK : parser_no_memory(p);
}

const char *value_text(struct parser *p, const struct value *value)
{
    char *text = parser_keep(p, value->bytes, value->n - 1);
    for (size_t i = 0; text != NULL && i + 1 < value->n; i++)
        if (text[i] == '\0')
            text[i] = ',';
    return text;
}
