/* One stage with its parameters. */
#include "text/parser.h"

#include <string.h>

#define PARAMS_MAX 64u

/* A stage while it is read. */
struct draft {
    struct parser *p;
    const struct leat_stage *stage; /* NULL inside let {…}: nothing is built */
    const struct origin *origin;
    struct place place;
    void *options;
    uint64_t given; /* a bit for each parameter */
    struct place values[PARAMS_MAX]; /* of those that are given */
    const char *name;
    struct place name_place;
};

/* An error in a value: says where a variable in it comes from. */
static int value_fail(struct draft *draft, const struct value *value)
{
    struct parser *p = draft->p;
    const struct variable *from = value->from;
    if (from != NULL && from->set)
        parser_add(p, "; $%s comes from --set", from->name);
    else if (from != NULL)
        parser_add(p, "; $%s is defined at %s%s%u:%u", from->name, from->place.file,
                   from->place.file[0] != '\0' ? ":" : "", from->place.line, from->place.column);
    return parser_fail_as(p, value->place, draft->origin, draft->stage->name);
}

static int list_assign(struct draft *draft, const struct leat_param *param,
                       const struct value *value)
{
    const char **items = parser_take(draft->p, value->items * sizeof *items);
    struct leat_list list = { items, value->items };
    if (items == NULL)
        return parser_no_memory(draft->p);
    const char *at = value->bytes;
    for (uint32_t i = 0; i < list.n; i++) {
        items[i] = at;
        at += strlen(at) + 1;
        if (items[i][0] != '\0')
            continue;
        leat_diag_set(&draft->p->diag, LEAT_ESYNTAX, "%s: item %u of the list is empty",
                      param->name, i + 1);
        return value_fail(draft, value);
    }
    memcpy((char *)draft->options + param->offset, &list, sizeof list);
    return LEAT_OK;
}

static int name_assign(struct draft *draft, struct place place, const struct value *value)
{
    const char *text = value_text(draft->p, value);
    if (text == NULL)
        return parser_no_memory(draft->p);
    if (draft->name != NULL)
        return parser_fail(draft->p, place, draft->origin, LEAT_ESYNTAX, "%s: name= is given twice",
                           draft->stage->name);
    if (!leat_name_valid(text)) {
        leat_diag_set(&draft->p->diag, LEAT_ESYNTAX,
                      "name: '%s' is no name: letters, digits, _ and -, at most %d of them", text,
                      LEAT_NAME_MAX - 1);
        return value_fail(draft, value);
    }
    draft->name = text;
    draft->name_place = value->place;
    return LEAT_OK;
}

static int unknown(struct draft *draft, struct place place)
{
    struct parser *p = draft->p;
    if (strchr(p->diag.text, ';') == NULL) {
        parser_add(p, "; it takes");
        for (uint32_t i = 0; i < draft->stage->params_n; i++)
            parser_add(p, " %s=", draft->stage->params[i].name);
        parser_add(p, " name=");
    }
    return parser_fail_as(p, place, draft->origin, draft->stage->name);
}

static int assign(struct draft *draft, const char *name, struct place place,
                  const struct value *value)
{
    struct parser *p = draft->p;
    const struct leat_stage *stage = draft->stage;
    if (strcmp(name, "name") == 0)
        return name_assign(draft, place, value);
    const struct leat_param *param =
        leat_param_find(stage->params, stage->params_n, name, &p->diag);
    if (param == NULL)
        return unknown(draft, place);
    uint64_t bit = UINT64_C(1) << (param - stage->params);
    if ((draft->given & bit) != 0)
        return parser_fail(p, place, draft->origin, LEAT_ESYNTAX, "%s: %s= is given twice",
                           stage->name, name);
    draft->given |= bit;
    draft->values[param - stage->params] = value->place;
    if (param->type == LEAT_P_LIST)
        return list_assign(draft, param, value);
    const char *text = value_text(p, value);
    if (text == NULL)
        return parser_no_memory(p);
    if (leat_param_read(param, text, draft->options, NULL, &p->diag) != LEAT_OK)
        return value_fail(draft, value);
    return LEAT_OK;
}

/* Takes NAME and "=". A word without "=" is most likely a stage whose "!" is missing. */
static int param_name(struct draft *draft, struct scan *scan, char name[LEAT_NAME_MAX])
{
    struct parser *p = draft->p;
    struct place place = scan_place(scan);
    int status = scan_name(p, scan, name, "a parameter");
    if (status != LEAT_OK || scan_peek(scan) == '=') {
        if (status == LEAT_OK)
            scan_step(scan);
        return status;
    }
    struct scan look = *scan;
    scan_blanks(&look);
    if (scan_peek(&look) == '=')
        return parser_fail(p, scan_place(scan), scan->origin, LEAT_ESYNTAX,
                           "no blanks around = : write %s=VALUE", name);
    if (leat_catalogue_find(p->catalogue, name, false, NULL) != NULL)
        return parser_fail(p, place, scan->origin, LEAT_ESYNTAX, "expected ! before the stage '%s'",
                           name);
    return parser_fail(p, place, scan->origin, LEAT_ESYNTAX, "expected = right after '%s'", name);
}

static int params_read(struct draft *draft, struct scan *scan)
{
    char name[LEAT_NAME_MAX];
    struct value value;
    for (;;) {
        scan_blanks(scan);
        if (!scan_name_starts(scan))
            return LEAT_OK;
        struct place place = scan_place(scan);
        int status = param_name(draft, scan, name);
        if (status == LEAT_OK)
            status = value_read(draft->p, scan, &value);
        if (status == LEAT_OK && draft->stage != NULL)
            status = assign(draft, name, place, &value);
        if (status != LEAT_OK)
            return status;
    }
}

static int required_check(struct draft *draft)
{
    const struct leat_stage *stage = draft->stage;
    for (uint32_t i = 0; i < stage->params_n; i++) {
        const struct leat_param *param = &stage->params[i];
        if (param->fallback != NULL || (draft->given >> i & 1) != 0)
            continue;
        return parser_fail(draft->p, draft->place, draft->origin, LEAT_EINVAL,
                           "%s: %s= is required%s%s%s%s", stage->name, param->name,
                           param->example != NULL ? ", for example " : "",
                           param->example != NULL ? param->name : "",
                           param->example != NULL ? "=" : "",
                           param->example != NULL ? param->example : "");
    }
    return LEAT_OK;
}

static int draft_begin(struct draft *draft, const char *name, bool head)
{
    struct parser *p = draft->p;
    const struct leat_stage *stage = leat_catalogue_find(p->catalogue, name, head, &p->diag);
    if (stage == NULL)
        return parser_place(p, draft->place, draft->origin);
    if (stage->params_n > PARAMS_MAX)
        return parser_fail(p, draft->place, draft->origin, LEAT_EINVAL,
                           "%s: more than %u parameters", name, PARAMS_MAX);
    draft->stage = stage;
    draft->options = parser_take(p, stage->options_bytes + 1);
    if (draft->options == NULL)
        return parser_no_memory(p);
    if (leat_options_default(stage->params, stage->params_n, draft->options, stage->options_bytes,
                             &p->diag) != LEAT_OK)
        return parser_fail_as(p, draft->place, draft->origin, stage->name);
    return LEAT_OK;
}

/* Notes where the stage and its values were written, for what is found out later. */
static int places_note(struct draft *draft, uint32_t node)
{
    struct parser *p = draft->p;
    struct place place = draft->place;
    int status = leat_graph_place(p->graph, node, place.file, place.line, place.column, &p->diag);
    for (uint32_t i = 0; i < draft->stage->params_n && status == LEAT_OK; i++)
        if ((draft->given >> i & 1) != 0)
            status = leat_graph_place_value(p->graph, node, i, draft->values[i].line,
                                            draft->values[i].column, &p->diag);
    return status;
}

static int draft_end(struct draft *draft, uint32_t *node)
{
    struct parser *p = draft->p;
    struct place place = draft->place;
    int status = required_check(draft);
    if (status != LEAT_OK)
        return status;
    status = leat_graph_add(p->graph, draft->stage, draft->options, draft->name, node, &p->diag);
    if (status == LEAT_ENAME)
        place = draft->name_place;
    else if (status == LEAT_OK)
        status = places_note(draft, *node);
    return status == LEAT_OK ? LEAT_OK : parser_place(p, place, draft->origin);
}

int stage_read(struct parser *p, struct scan *scan, bool head, uint32_t *node)
{
    char name[LEAT_NAME_MAX], found[40];
    struct draft draft = { .p = p, .origin = scan->origin, .place = scan_place(scan) };
    int status = scan_name(p, scan, name, "a stage");
    int c = scan_peek(scan);
    if (status == LEAT_OK && scan_bare(c) && c != '#')
        status = parser_fail(p, scan_place(scan), scan->origin, LEAT_ESYNTAX,
                             "expected a blank after '%s', found %s: a stage's name has letters, "
                             "digits, _ and -",
                             name, scan_found(scan, found));
    if (status == LEAT_OK && !p->dry)
        status = draft_begin(&draft, name, head);
    if (status == LEAT_OK)
        status = params_read(&draft, scan);
    if (status == LEAT_OK && !p->dry)
        status = draft_end(&draft, node);
    return status;
}
