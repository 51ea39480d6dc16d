/* The order of the stages: each after all that it gets its frames from, and right behind its first
 * input wherever that can be, so that whole chains stay on one worker. */
#include "pipeline/build.h"

int build_at(struct builder *b, uint32_t node, int status)
{
    const struct leat_node *n = &b->graph->nodes[node];
    struct leat_value_place place = { n->line, n->column };
    stage_place(n->stage, n->file, place, n->values, b->diag);
    return status;
}

static const struct leat_link *link_at(const struct leat_graph *g, uint32_t node, uint32_t port,
                                       bool into)
{
    for (uint32_t i = 0; i < g->links_n; i++) {
        const struct leat_link *link = &g->links[i];
        if ((into ? link->to : link->from) == node && (into ? link->in : link->out) == port)
            return link;
    }
    return NULL;
}

/* How many ports are joined; a gap between them is an error. */
static int count_ports(struct builder *b, uint32_t node, bool into, uint32_t *ports)
{
    const struct leat_graph *g = b->graph;
    uint32_t joined = 0;
    for (uint32_t i = 0; i < g->links_n; i++)
        joined += (into ? g->links[i].to : g->links[i].from) == node;
    for (*ports = 0; link_at(g, node, *ports, into) != NULL; ++*ports)
        ;
    if (joined == *ports)
        return LEAT_OK;
    return build_at(b, node,
                    leat_diag_set(b->diag, LEAT_ESHAPE, "%s: %s %u is not joined, a later one is",
                                  g->nodes[node].name, into ? "input" : "output", *ports + 1));
}

static int check_ports(struct builder *b, uint32_t node)
{
    const struct leat_node *n = &b->graph->nodes[node];
    uint32_t ins, outs;
    int status = count_ports(b, node, true, &ins);
    if (status == LEAT_OK)
        status = count_ports(b, node, false, &outs);
    if (status != LEAT_OK)
        return status;
    if ((n->stage->ins > 1 && n->stage->join == NULL) ||
        (n->stage->outs > 1 && (n->stage->traits & TRAIT_TEE) == 0))
        return build_at(b, node,
                        leat_diag_set(b->diag, LEAT_ESHAPE,
                                      "%s: a join alone has several inputs, a tee alone several "
                                      "outputs",
                                      n->name));
    if (n->stage->ins != 0 && ins == 0)
        return build_at(b, node,
                        leat_diag_set(b->diag, LEAT_ESHAPE,
                                      "%s: nothing comes in; start the chain with a source such "
                                      "as csv, wav or synth",
                                      n->name));
    if (n->stage->outs != 0 && outs == 0)
        return build_at(b, node,
                        leat_diag_set(b->diag, LEAT_ESHAPE,
                                      "%s: nothing takes its frames; end the chain with a sink "
                                      "such as stats, csv or null",
                                      n->name));
    return LEAT_OK;
}

static bool ready(const struct builder *b, uint32_t node)
{
    const struct leat_graph *g = b->graph;
    for (uint32_t i = 0; i < g->links_n; i++)
        if (g->links[i].to == node && b->place[g->links[i].from] == UINT32_MAX)
            return false;
    return true;
}

/* Appends the node, then what it feeds. No deeper than there are nodes. */
static void visit(struct builder *b, uint32_t node)
{
    struct leat_plan *p = b->plan;
    if (b->place[node] != UINT32_MAX || !ready(b, node))
        return;
    const struct leat_node *n = &b->graph->nodes[node];
    b->place[node] = p->stages_n;
    p->stages[p->stages_n++] = (struct leat_plan_stage){.stage = n->stage,
                                                        .options = n->options,
                                                        .name = n->name,
                                                        .file = n->file,
                                                        .line = n->line,
                                                        .column = n->column,
                                                        .values = n->values,
                                                        .core = n->core,
                                                        .resets = n->on_gap == LEAT_GAP_RESET,
                                                        .node = node,
                                                        .quota = UINT32_MAX};
    const struct leat_link *link;
    for (uint32_t port = 0; (link = link_at(b->graph, node, port, false)) != NULL; port++)
        visit(b, link->to);
}

/* By from, then by out; and where each stage's inputs begin among all inputs.
 */
static void order_links(struct builder *b)
{
    struct leat_plan *p = b->plan;
    uint32_t inputs = 0;
    for (uint32_t i = 0; i < p->stages_n; i++) {
        struct leat_plan_stage *s = &p->stages[i];
        const struct leat_link *link;
        for (; (link = link_at(b->graph, s->node, s->outs_n, false)) != NULL; s->outs_n++)
            p->links[p->links_n++] = (struct leat_plan_link){.from = i,
                                                             .out = link->out,
                                                             .to = b->place[link->to],
                                                             .in = link->in,
                                                             .edge = LEAT_NO_EDGE};
        while (link_at(b->graph, s->node, s->ins_n, true) != NULL)
            s->ins_n++;
        s->ins = p->in_shapes + inputs;
        inputs += s->ins_n;
    }
}

/* Parts of the graph that links join get one number. */
static void number_chains(struct leat_plan *p)
{
    for (uint32_t i = 0; i < p->stages_n; i++)
        p->stages[i].chain = i;
    bool changed = true;
    while (changed) {
        changed = false;
        for (uint32_t l = 0; l < p->links_n; l++) {
            uint32_t *a = &p->stages[p->links[l].from].chain, *b = &p->stages[p->links[l].to].chain;
            changed |= *a != *b;
            *a = *b = *a < *b ? *a : *b;
        }
    }
    for (uint32_t i = 0; i < p->stages_n; i++) {
        uint32_t first = p->stages[i].chain;
        p->stages[i].chain = first == i ? p->chains_n++ : p->stages[first].chain;
    }
}

int build_order(struct builder *b)
{
    const struct leat_graph *g = b->graph;
    if (g->nodes_n == 0)
        return leat_diag_set(b->diag, LEAT_ESHAPE, "the pipeline is empty");
    for (uint32_t i = 0; i < g->nodes_n; i++) {
        int status = check_ports(b, i);
        if (status != LEAT_OK)
            return status;
    }
    for (uint32_t i = 0; i < g->nodes_n; i++)
        if (g->nodes[i].stage->ins == 0)
            visit(b, i);
    for (uint32_t i = 0; i < g->nodes_n; i++)
        if (b->place[i] == UINT32_MAX)
            return build_at(
                b, i,
                leat_diag_set(b->diag, LEAT_ESHAPE, "%s: stands in a circle", g->nodes[i].name));
    order_links(b);
    number_chains(b->plan);
    return LEAT_OK;
}
