/* What every stage takes beside its own parameters: a name, the channels that it works on, a name
 * for its result, a processor, what a gap means to it. */
#include "pipeline/impl.h"

static const char *const gaps[] = {"continue", "reset", NULL}; /* leat_on_gap */

static const struct leat_param commons[LEAT_COMMONS] = {
    [LEAT_COMMON_NAME] =
    {.name = "name", .fallback = "",
     .doc = "What it is called in the pipeline, in metrics and in messages; unique.",
     .example = "t",
     .offset = offsetof(struct leat_common_options, name), .type = LEAT_P_TEXT},
    [LEAT_COMMON_ON] =
    {.name = "on", .fallback = "",
     .doc = "The channels that it works on: names, numbers from 1, ranges such as 2..10, patterns "
            "such as price*. The others pass untouched, and a sink does not see them.",
     .example = "1",
     .offset = offsetof(struct leat_common_options, on), .type = LEAT_P_LIST},
    [LEAT_COMMON_AS] =
    {.name = "as", .fallback = "",
     .doc = "Keeps the input and puts the result behind the last channel under this name, or, of "
            "several channels, each under this name, a dot and its own.",
     .example = "smooth",
     .offset = offsetof(struct leat_common_options, as), .type = LEAT_P_TEXT},
    [LEAT_COMMON_CORE] =
    {.name = "core", .fallback = "", .min = 0, .max = 1e6,
     .doc = "The processor that it and what follows run on, until another core= is said; an edge "
            "leads there.",
     .example = "1",
     .offset = offsetof(struct leat_common_options, core), .type = LEAT_P_U64},
    [LEAT_COMMON_ON_GAP] =
    {.name = "on-gap", .fallback = "continue", .words = gaps,
     .doc = "At a frame before which samples are missing: continue as if none were, or reset: "
            "begin anew with what it carries from frame to frame.",
     .example = "reset",
     .offset = offsetof(struct leat_common_options, on_gap), .type = LEAT_P_WORD},
};

const struct leat_param *leat_common_params(void)
{
    return commons;
}

bool leat_common_takes(const struct leat_stage *stage, enum leat_common common)
{
    const uint32_t anywhere = LEAT_STATELESS | LEAT_RESIZES;
    bool shown = stage->ins != 0 && stage->map != NULL && (stage->traits & TRAIT_KEY) == 0 &&
                 (stage->traits & anywhere) != anywhere;
    switch (common) {
    case LEAT_COMMON_ON: return shown;
    case LEAT_COMMON_AS: return shown && stage->outs != 0;
    case LEAT_COMMON_ON_GAP: return leat_stage_resets(stage);
    default: return true;
    }
}

int leat_graph_on(struct leat_graph *graph, uint32_t node, const char *const *channels, uint32_t n,
                  struct leat_diag *diag)
{
    LEAT_GIVEN("leat_graph_on", graph, "graph");
    struct leat_list list = {channels, n};
    int status = graph_has(graph, node, diag);
    if (status == LEAT_OK)
        status = graph_own_list(graph, &list, diag);
    if (status == LEAT_OK)
        graph->nodes[node].on = list;
    return status;
}

int leat_graph_as(struct leat_graph *graph, uint32_t node, const char *as, struct leat_diag *diag)
{
    LEAT_GIVEN("leat_graph_as", graph, "graph");
    const char *copy = NULL;
    int status = graph_has(graph, node, diag);
    if (status != LEAT_OK)
        return status;
    if (as != NULL && !leat_name_valid(as))
        return leat_diag_set(diag, LEAT_EINVAL,
                             "as: '%s' is no name: letters, digits, _ and -, at most %d of them",
                             as, LEAT_NAME_MAX - 1);
    if (as != NULL && (copy = leat_graph_keep(graph, as, strlen(as))) == NULL)
        return graph_no_memory(diag);
    graph->nodes[node].as = copy;
    return LEAT_OK;
}

int leat_graph_core(struct leat_graph *graph, uint32_t node, uint32_t core, struct leat_diag *diag)
{
    LEAT_GIVEN("leat_graph_core", graph, "graph");
    int status = graph_has(graph, node, diag);
    if (status == LEAT_OK)
        graph->nodes[node].core = core;
    return status;
}

int leat_graph_on_gap(struct leat_graph *graph, uint32_t node, enum leat_on_gap on_gap,
                      struct leat_diag *diag)
{
    LEAT_GIVEN("leat_graph_on_gap", graph, "graph");
    int status = graph_has(graph, node, diag);
    if (status == LEAT_OK && on_gap != LEAT_GAP_CONTINUE && on_gap != LEAT_GAP_RESET)
        return leat_diag_set(diag, LEAT_EINVAL, "on-gap: there are continue, 0, and reset, 1");
    if (status == LEAT_OK)
        graph->nodes[node].on_gap = on_gap;
    return status;
}

void stage_place(const struct leat_stage *stage, const char *file, struct leat_value_place at,
                 const struct leat_value_place *values, struct leat_diag *diag)
{
    if (diag == NULL || diag->code == 0 || diag->line != 0 || at.line == 0)
        return;
    uint32_t value = UINT32_MAX;
    const struct leat_param *own =
        leat_param_named(stage->params, stage->params_n, diag->text);
    const struct leat_param *common = leat_param_named(commons, LEAT_COMMONS, diag->text);
    if (own != NULL)
        value = (uint32_t)(own - stage->params);
    else if (common != NULL)
        value = stage->params_n + (uint32_t)(common - commons);
    if (value != UINT32_MAX && values != NULL && values[value].line != 0)
        at = values[value];
    leat_diag_at(diag, file, at.line, at.column);
}
