/* A graph as calls of leat_graph_add and leat_graph_join.
 *
 * What C calls the options of a stage follows from its name, and what it calls a field from the
 * parameter's: see options_struct and put_field. tests/install/eject.py holds the whole catalogue
 * to it.
 */
#include "eject.h"

#include <stdlib.h>
#include <string.h>

struct writer {
    FILE *out;
    const struct leat_graph *graph;
    eject_name *names;
    bool math; /* an infinity is said */
    struct leat_diag *diag;
};

/* Of the default options, which the program fills in as we do. LEAT_ENOMEM. */
static int make_plain(const struct leat_stage *stage, void **plain, struct leat_diag *diag)
{
    *plain = calloc(1, stage->options_bytes + 1);
    if (*plain == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory to write the program");
    return leat_options_default(stage->params, stage->params_n, *plain, stage->options_bytes, diag);
}

/* Must the program say it? What is required is said even where it is 0. */
static bool is_said(const struct leat_node *node, const struct leat_param *param,
                    const void *plain)
{
    return param->fallback == NULL || !leat_param_same(param, node->options, plain);
}

static const void *field_of(const struct leat_node *node, const struct leat_param *param)
{
    return (const char *)node->options + param->offset;
}

/* A parameter's word as C says it: time-unit is time_unit. */
static void put_field(FILE *out, const char *name)
{
    for (; *name != '\0'; name++)
        fputc(*name == '-' ? '_' : *name, out);
}

/* leat_csv_source_options, leat_csv_sink_options, leat_rolling_options. */
static void options_struct(const struct leat_stage *stage, char out[96])
{
    snprintf(out, 96, "leat_%s%s_options", stage->name,
             stage->ins == 0 ? "_source" : stage->outs == 0 ? "_sink" : "");
}

/* ---- one stage ---- */

/* Lists stand before everything else, as arrays. */
static int put_list(struct writer *w, const char *name, const struct leat_list *list)
{
    int status = LEAT_OK;
    fputs("    static const char *const ", w->out);
    put_field(w->out, name);
    fputs("[] = {", w->out);
    for (uint32_t i = 0; status == LEAT_OK && i < list->n; i++) {
        fputs(i == 0 ? "" : i % 8 == 0 ? ",\n        " : ", ", w->out);
        status = eject_string(w->out, list->items[i], w->diag);
    }
    fputs("};\n", w->out);
    return status;
}

static void begin_assign(FILE *out, const char *name, const char *member)
{
    fputs("    options.", out);
    put_field(out, name);
    fprintf(out, "%s = ", member);
}

static void put_member(FILE *out, const char *name, const char *member, uint64_t value)
{
    begin_assign(out, name, member);
    eject_u64(out, value);
    fputs(";\n", out);
}

static void put_length(FILE *out, const char *name, const struct leat_length *length,
                       const struct leat_length *plain)
{
    if (length->samples != plain->samples)
        put_member(out, name, ".samples", length->samples);
    if (length->ns != plain->ns)
        put_member(out, name, ".ns", length->ns);
}

static void put_stretch(FILE *out, const char *name, const struct leat_stretch *stretch,
                        const struct leat_stretch *plain)
{
    if (stretch->samples != plain->samples) {
        begin_assign(out, name, ".samples");
        eject_double(out, stretch->samples);
        fputs(";\n", out);
    }
    if (stretch->ns != plain->ns)
        put_member(out, name, ".ns", stretch->ns);
}

/* The value of a parameter that is one expression, and what there is to say of it. */
static int put_value(struct writer *w, const struct leat_param *param, const void *field)
{
    begin_assign(w->out, param->name, "");
    switch (param->type) {
    case LEAT_P_U64:
        eject_u64(w->out, *(const uint64_t *)field);
        fputs(param->unit == LEAT_NS ? "; /* ns */\n" : ";\n", w->out);
        return LEAT_OK;
    case LEAT_P_F64: {
        double number = *(const double *)field;
        w->math |= number - number != 0;
        eject_double(w->out, number);
        break;
    }
    case LEAT_P_BOOL:
        fputs(*(const bool *)field ? "true" : "false", w->out);
        break;
    case LEAT_P_WORD: {
        uint32_t word = *(const uint32_t *)field;
        fprintf(w->out, "%u; /* %s */\n", word, param->words[word]);
        return LEAT_OK;
    }
    default: {
        const char *text = *(const char *const *)field;
        int status = text != NULL ? eject_string(w->out, text, w->diag) : LEAT_OK;
        fputs(text != NULL ? ";\n" : "NULL;\n", w->out);
        return status;
    }
    }
    fputs(";\n", w->out);
    return LEAT_OK;
}

static int put_param(struct writer *w, const struct leat_node *node,
                     const struct leat_param *param, const void *plain)
{
    const void *field = field_of(node, param);
    const void *before = (const char *)plain + param->offset;
    if (param->type == LEAT_P_LENGTH || param->type == LEAT_P_STRETCH) {
        if (param->type == LEAT_P_LENGTH)
            put_length(w->out, param->name, field, before);
        else
            put_stretch(w->out, param->name, field, before);
        return LEAT_OK;
    }
    if (param->type != LEAT_P_LIST)
        return put_value(w, param, field);
    begin_assign(w->out, param->name, ".items");
    put_field(w->out, param->name);
    fputs(";\n", w->out);
    put_member(w->out, param->name, ".n", ((const struct leat_list *)field)->n);
    return LEAT_OK;
}

static int put_params(struct writer *w, const struct leat_node *node, const void *plain,
                      bool lists)
{
    const struct leat_stage *stage = node->stage;
    int status = LEAT_OK;
    for (uint32_t i = 0; status == LEAT_OK && i < stage->params_n; i++) {
        const struct leat_param *param = &stage->params[i];
        if (!is_said(node, param, plain))
            continue;
        if (!lists)
            status = put_param(w, node, param, plain);
        else if (param->type == LEAT_P_LIST)
            status = put_list(w, param->name, field_of(node, param));
    }
    return status;
}

/* The call that adds a stage; b: what the builder is called there. */
static void put_add(struct writer *w, const struct leat_node *node, const char *b, bool options)
{
    const struct leat_stage *stage = node->stage;
    if (options)
        fprintf(w->out, "add(%s, stage, &options, \"%s\", __LINE__);\n", b, node->name);
    else
        fprintf(w->out, "add(%s, find(%s, \"%s\", %s, NULL, 0), NULL, \"%s\", __LINE__);\n", b, b,
                stage->name, stage->ins == 0 ? "true" : "false", node->name);
}

/* What every stage takes beside its own parameters. */
static bool has_common(const struct leat_node *node)
{
    return node->on.n != 0 || node->as != NULL || node->core != LEAT_NO_CORE ||
           node->on_gap != LEAT_GAP_CONTINUE;
}

static void put_common(struct writer *w, const struct leat_node *node)
{
    static const char call[] = "    if (b->status == LEAT_OK)\n"
                               "        b->status = leat_graph_";
    if (node->on.n != 0)
        fprintf(w->out, "%son(b->graph, node, on, %u, b->diag);\n", call, node->on.n);
    if (node->as != NULL)
        fprintf(w->out, "%sas(b->graph, node, \"%s\", b->diag);\n", call, node->as);
    if (node->core != LEAT_NO_CORE)
        fprintf(w->out, "%score(b->graph, node, %u, b->diag);\n", call, node->core);
    if (node->on_gap != LEAT_GAP_CONTINUE)
        fprintf(w->out, "%son_gap(b->graph, node, LEAT_GAP_RESET, b->diag);\n", call);
}

static int put_function(struct writer *w, const struct leat_node *node, const void *plain,
                        bool options)
{
    const struct leat_stage *stage = node->stage;
    char name[96];
    options_struct(stage, name);
    int status = options ? put_params(w, node, plain, true) : LEAT_OK;
    if (status == LEAT_OK && node->on.n != 0)
        status = put_list(w, "on", &node->on);
    if (options)
        fprintf(w->out,
                "    struct %s options;\n"
                "    const struct leat_stage *stage = find(b, \"%s\", %s, &options, sizeof "
                "options);\n",
                name, stage->name, stage->ins == 0 ? "true" : "false");
    if (status == LEAT_OK && options)
        status = put_params(w, node, plain, false);
    fputs(has_common(node) ? "    uint32_t node = " : "    return ", w->out);
    put_add(w, node, "b", options);
    put_common(w, node);
    fputs(has_common(node) ? "    return node;\n}\n\n" : "}\n\n", w->out);
    return status;
}

/* The function that adds a stage of which something is said; nothing for the others. */
static int put_stage(struct writer *w, uint32_t number, bool *said)
{
    const struct leat_node *node = &w->graph->nodes[number];
    const struct leat_stage *stage = node->stage;
    void *plain;
    bool options = false;
    int status = make_plain(stage, &plain, w->diag);
    for (uint32_t i = 0; status == LEAT_OK && i < stage->params_n; i++)
        options |= is_said(node, &stage->params[i], plain);
    *said = options || has_common(node);
    if (status == LEAT_OK && *said) {
        fprintf(w->out, "static uint32_t add_%s(struct builder *b)\n{\n", w->names[number]);
        status = put_function(w, node, plain, options);
    }
    free(plain);
    return status;
}

/* ---- all of them ---- */

static bool is_own(const struct leat_catalogue *list, const struct leat_stage *stage)
{
    for (; list != NULL; list = list->next)
        for (uint32_t i = 0; i < list->n; i++)
            if (list->stages[i] == stage)
                return true;
    return false;
}

static int check_node(const struct leat_catalogue *all, const struct leat_node *node,
                      struct leat_diag *diag)
{
    if (is_own(all, node->stage))
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_EINVAL,
                         "%s: a stage of the host's own cannot be ejected: Leat does not know "
                         "what C calls its options",
                         node->name);
}

static void put_build(struct writer *w, const bool *said)
{
    const struct leat_graph *graph = w->graph;
    fputs("static int build(struct leat_graph *graph, struct leat_diag *diag)\n"
          "{\n"
          "    struct builder b;\n"
          "    memset(&b, 0, sizeof b);\n"
          "    b.graph = graph;\n"
          "    b.diag = diag;\n"
          "    leat_catalogue_default(b.lists);\n"
          "\n", w->out);
    for (uint32_t i = 0; i < graph->nodes_n; i++) {
        const struct leat_node *node = &graph->nodes[i];
        const char *name = w->names[i];
        fprintf(w->out, "    uint32_t %s_node = ", name);
        if (said[i])
            fprintf(w->out, "add_%s(&b);\n", name);
        else
            put_add(w, node, "&b", false);
    }
    fputs("\n", w->out);
    for (uint32_t i = 0; i < graph->links_n; i++) {
        const struct leat_link *link = &graph->links[i];
        fprintf(w->out, "    join(&b, %s_node, %u, %s_node, %u);\n", w->names[link->from],
                link->out, w->names[link->to], link->in);
    }
    fputs("    return b.status;\n}\n", w->out);
}

int eject_graph(FILE *out, const struct leat_graph *graph, bool *math, struct leat_diag *diag)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    const struct leat_catalogue *all = leat_catalogue_default(lists);
    struct writer w = {.out = out, .graph = graph, .diag = diag};
    bool *said = calloc(graph->nodes_n + 1, sizeof *said);
    w.names = calloc(graph->nodes_n + 1, sizeof *w.names);
    int status = said != NULL && w.names != NULL
                     ? LEAT_OK
                     : leat_diag_set(diag, LEAT_ENOMEM, "no memory to write the program");
    if (status == LEAT_OK)
        eject_names(graph, w.names);
    for (uint32_t i = 0; status == LEAT_OK && i < graph->nodes_n; i++) {
        const struct leat_node *node = &graph->nodes[i];
        status = check_node(all, node, diag);
        if (status == LEAT_OK)
            status = put_stage(&w, i, &said[i]);
        if (status != LEAT_OK && node->line != 0)
            leat_diag_at(diag, node->file, node->line, node->column);
    }
    if (status == LEAT_OK)
        put_build(&w, said);
    *math = w.math;
    free(said);
    free(w.names);
    return status;
}
