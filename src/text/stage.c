/* One stage with its parameters. */
#include "text/parser.h"

#include <string.h>

#define PARAMS_MAX (64u - LEAT_COMMONS)

/* A stage while it is read. */
struct draft {
    struct parser *p;
    const struct leat_stage *stage; /* NULL inside let {…}: nothing is built */
    const struct origin *origin;
    struct place place;
    void *options;
    struct leat_common_options common;
    uint64_t given; /* a bit for each parameter, the stage's own and then those that all take */
    struct place values[PARAMS_MAX + LEAT_COMMONS]; /* of those that are given */
};

static uint32_t common_index(const struct draft *draft, enum leat_common common)
{
    return draft->stage->params_n + (uint32_t)common;
}

static bool is_given(const struct draft *draft, uint32_t index)
{
    return (draft->given >> index & 1) != 0;
}

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

static int list_assign(struct draft *draft, const struct leat_param *param, void *options,
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
    memcpy((char *)options + param->offset, &list, sizeof list);
    return LEAT_OK;
}

static int unknown(struct draft *draft, struct place place)
{
    struct parser *p = draft->p;
    const struct leat_param *commons = leat_common_params();
    if (strchr(p->diag.text, ';') == NULL) {
        parser_add(p, "; it takes");
        for (uint32_t i = 0; i < draft->stage->params_n; i++)
            parser_add(p, " %s=", draft->stage->params[i].name);
        for (uint32_t i = 0; i < LEAT_COMMONS; i++)
            if (leat_common_takes(draft->stage, (enum leat_common)i))
                parser_add(p, " %s=", commons[i].name);
    }
    return parser_fail_as(p, place, draft->origin, draft->stage->name);
}

/* The parameter of that name and the struct that it is a field of; NULL when there is none. */
static const struct leat_param *param_of(struct draft *draft, const char *name, uint32_t *index,
                                         void **options)
{
    const struct leat_stage *stage = draft->stage;
    const struct leat_param *commons = leat_common_params();
    const struct leat_param *param = leat_param_find(commons, LEAT_COMMONS, name, NULL);
    *options = param != NULL ? &draft->common : draft->options;
    if (param != NULL) {
        *index = stage->params_n + (uint32_t)(param - commons);
        return param;
    }
    param = leat_param_find(stage->params, stage->params_n, name, &draft->p->diag);
    if (param == NULL && strchr(draft->p->diag.text, ';') == NULL)
        (void)leat_param_find(commons, LEAT_COMMONS, name, &draft->p->diag);
    *index = param != NULL ? (uint32_t)(param - stage->params) : 0;
    return param;
}

static int assign(struct draft *draft, const char *name, struct place place,
                  const struct value *value)
{
    struct parser *p = draft->p;
    uint32_t index;
    void *options;
    const struct leat_param *param = param_of(draft, name, &index, &options);
    if (param == NULL)
        return unknown(draft, place);
    if (is_given(draft, index))
        return parser_fail(p, place, draft->origin, LEAT_ESYNTAX, "%s: %s= is given twice",
                           draft->stage->name, name);
    draft->given |= UINT64_C(1) << index;
    draft->values[index] = value->place;
    if (param->type == LEAT_P_LIST)
        return list_assign(draft, param, options, value);
    const char *text = value_text(p, value);
    if (text == NULL)
        return parser_no_memory(p);
    bool names = index == common_index(draft, LEAT_COMMON_NAME) ||
                 index == common_index(draft, LEAT_COMMON_AS);
    if (names && !leat_name_valid(text)) {
        leat_diag_set(&p->diag, LEAT_ESYNTAX,
                      "%s: '%s' is no name: letters, digits, _ and -, at most %d of them", name,
                      text, LEAT_NAME_MAX - 1);
        return value_fail(draft, value);
    }
    if (leat_param_read(param, text, options, NULL, &p->diag) != LEAT_OK)
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
        if (param->fallback != NULL || is_given(draft, i))
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
    for (uint32_t i = 0; i < draft->stage->params_n + LEAT_COMMONS && status == LEAT_OK; i++)
        if (is_given(draft, i))
            status = leat_graph_place_value(p->graph, node, i, draft->values[i].line,
                                            draft->values[i].column, &p->diag);
    return status;
}

/* What every stage takes, but for the name. */
static int commons_set(struct draft *draft, uint32_t node)
{
    struct parser *p = draft->p;
    const struct leat_common_options *common = &draft->common;
    int status = leat_graph_on(p->graph, node, common->on.items, common->on.n, &p->diag);
    if (status == LEAT_OK)
        status = leat_graph_as(p->graph, node, common->as, &p->diag);
    if (status == LEAT_OK && is_given(draft, common_index(draft, LEAT_COMMON_CORE)))
        status = leat_graph_core(p->graph, node, (uint32_t)common->core, &p->diag);
    if (status == LEAT_OK)
        status = leat_graph_on_gap(p->graph, node, (enum leat_on_gap)common->on_gap, &p->diag);
    return status;
}

static int draft_end(struct draft *draft, uint32_t *node)
{
    struct parser *p = draft->p;
    struct place place = draft->place;
    int status = required_check(draft);
    if (status != LEAT_OK)
        return status;
    status = leat_graph_add(p->graph, draft->stage, draft->options,
                            draft->common.name, node, &p->diag);
    if (status == LEAT_ENAME)
        place = draft->values[common_index(draft, LEAT_COMMON_NAME)];
    if (status == LEAT_OK)
        status = places_note(draft, *node);
    if (status == LEAT_OK)
        status = commons_set(draft, *node);
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
