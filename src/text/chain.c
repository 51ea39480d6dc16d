/* Chains: links joined by "!", and the joins by name that wait for the end of the text. */
#include "text/parser.h"

#include <string.h>

static uint32_t free_output(const struct leat_graph *graph, uint32_t node)
{
    uint32_t port = 0;
    for (uint32_t i = 0; i < graph->links_n; i++)
        if (graph->links[i].from == node && graph->links[i].out >= port)
            port = graph->links[i].out + 1;
    return port;
}

static uint32_t free_input(const struct leat_graph *graph, uint32_t node)
{
    uint32_t port = 0;
    for (uint32_t i = 0; i < graph->links_n; i++)
        if (graph->links[i].to == node && graph->links[i].in >= port)
            port = graph->links[i].in + 1;
    return port;
}

static int port_fail(struct parser *p, const struct end *end, bool output, uint32_t ports)
{
    const char *name = p->graph->nodes[end->node].name;
    const char *kind = output ? "output" : "input";
    if (ports == 0)
        return parser_fail(p, end->place, end->origin, LEAT_EINVAL, "%s has no %s: it %s a chain",
                           name, kind, output ? "ends" : "starts");
    return parser_fail(p, end->place, end->origin, LEAT_EINVAL,
                       "%s has no free %s: %s joined already", name, kind,
                       ports == 1 ? "its only one is" : "all of them are");
}

/* Joins two stages that are there, the next free output to the next free input. */
static int join_now(struct parser *p, const struct end *from, const struct end *to)
{
    uint32_t out = free_output(p->graph, from->node), in = free_input(p->graph, to->node);
    uint32_t outs = p->graph->nodes[from->node].stage->outs;
    uint32_t ins = p->graph->nodes[to->node].stage->ins;
    if (out >= outs)
        return port_fail(p, from, true, outs);
    if (in >= ins)
        return port_fail(p, to, false, ins);
    if (leat_graph_join(p->graph, from->node, out, to->node, in, &p->diag) != LEAT_OK)
        return parser_fail_as(p, to->place, to->origin, "join");
    return LEAT_OK;
}

static int join(struct parser *p, const struct end *from, const struct end *to)
{
    if (p->dry || !from->there)
        return LEAT_OK;
    if (from->name == NULL && to->name == NULL)
        return join_now(p, from, to);
    if (p->joins_n == LEAT_NODES_MAX)
        return parser_fail(p, to->place, to->origin, LEAT_ELIMIT, "more than %u joins by name",
                           LEAT_NODES_MAX);
    p->joins[p->joins_n++] = (struct join){ *from, *to };
    return LEAT_OK;
}

static int end_resolve(struct parser *p, struct end *end)
{
    if (end->name == NULL)
        return LEAT_OK;
    if (leat_graph_find(p->graph, end->name, &end->node, &p->diag) == LEAT_OK)
        return LEAT_OK;
    char prefix[LEAT_NAME_MAX + 1];
    size_t n = strlen(end->name);
    memcpy(prefix, end->name, n);
    memcpy(prefix + n, ".", 2);
    return parser_fail_as(p, end->place, end->origin, prefix);
}

int joins_resolve(struct parser *p)
{
    int status = LEAT_OK;
    for (uint32_t i = 0; status == LEAT_OK && i < p->joins_n; i++) {
        struct join *join = &p->joins[i];
        status = end_resolve(p, &join->from);
        if (status == LEAT_OK)
            status = end_resolve(p, &join->to);
        if (status == LEAT_OK)
            status = join_now(p, &join->from, &join->to);
    }
    return status;
}

/* "$NAME" as a link: the stages that a let holds, read again from where they are written. */
static int block_use(struct parser *p, struct scan *scan, struct end *last)
{
    struct variable *variable;
    struct place place = scan_place(scan);
    int status = variable_read(p, scan, &variable);
    if (status != LEAT_OK)
        return status;
    if (!variable->block)
        return parser_fail(p, place, scan->origin, LEAT_ESYNTAX,
                           "$%s holds a value, and a stage is expected: let %s={ STAGE }",
                           variable->name, variable->name);
    if (p->dry) {
        last->there = true;
        return LEAT_OK;
    }
    p->expanded += (size_t)(variable->body.end - variable->body.at);
    if (p->expanded > EXPANDED_BYTES_MAX)
        return parser_fail(p, place, scan->origin, LEAT_ELIMIT,
                           "all values and stages of variables together have at most %zu bytes",
                           EXPANDED_BYTES_MAX);
    struct origin *origin = parser_take(p, sizeof *origin);
    if (origin == NULL)
        return parser_no_memory(p);
    *origin = (struct origin){ scan->origin, variable->name, place,
                               scan->origin != NULL ? scan->origin->depth + 1 : 1 };
    if (origin->depth > DEPTH_MAX)
        return parser_fail(p, place, scan->origin, LEAT_ELIMIT,
                           "variables and includes more than %u deep", DEPTH_MAX);
    struct scan body = variable->body;
    body.origin = origin;
    return links_read(p, &body, last, true);
}

/* "NAME." at the head or the end of a chain. */
static int reference_read(struct parser *p, struct scan *scan, const char *name, struct end *end)
{
    char found[40];
    *end = (struct end){ true, parser_keep(p, name, strlen(name)), 0, scan_place(scan),
                         scan->origin };
    if (end->name == NULL)
        return parser_no_memory(p);
    for (size_t n = strlen(name) + 1; n > 0; n--)
        scan_step(scan);
    int c = scan_peek(scan);
    if (scan_bare(c) && c != '#')
        return parser_fail(p, scan_place(scan), scan->origin, LEAT_ESYNTAX,
                           "expected a blank or ! after '%s.', found %s", name,
                           scan_found(scan, found));
    return LEAT_OK;
}

/* Takes "!" if the chain goes on, else stands at what ends it. */
static bool link_follows(struct scan *scan, bool block)
{
    struct scan look = *scan;
    scan_gap(&look);
    if (scan_peek(&look) == '!') {
        *scan = look;
        scan_step(scan);
        return true;
    }
    if (block)
        *scan = look;
    else
        scan_blanks(scan);
    return false;
}

/* One link or reference; *last is then its end. */
static int link_read(struct parser *p, struct scan *scan, struct end *last, bool block,
                     bool *reference)
{
    char name[LEAT_NAME_MAX];
    struct scan look = *scan;
    struct end next = { true, NULL, 0, scan_place(scan), scan->origin };
    *reference = false;
    if (scan_peek(scan) == '$')
        return block_use(p, scan, last);
    int status = scan_name(p, &look, name, last->there ? "a stage after !" : "a stage");
    if (status != LEAT_OK)
        return status;
    *reference = scan_peek(&look) == '.';
    if (*reference && block)
        return parser_fail(p, scan_place(scan), scan->origin, LEAT_ESYNTAX,
                           "a block holds stages only: '%s.' stands in a chain", name);
    if (*reference)
        status = reference_read(p, scan, name, &next);
    else
        status = stage_read(p, scan, !last->there, &next.node);
    if (status == LEAT_OK)
        status = join(p, last, &next);
    *last = next;
    return status;
}

int links_read(struct parser *p, struct scan *scan, struct end *last, bool block)
{
    char found[40];
    bool reference, first = true;
    do {
        scan_gap(scan);
        struct place place = scan_place(scan);
        int status = link_read(p, scan, last, block, &reference);
        if (status != LEAT_OK)
            return status;
        bool follows = link_follows(scan, block);
        if (reference && first && !follows)
            return parser_fail(p, place, scan->origin, LEAT_ESYNTAX,
                               "expected ! and a stage after '%s.'", last->name);
        if (reference && !first && follows)
            return parser_fail(p, place, scan->origin, LEAT_ESYNTAX,
                               "a chain ends at '%s.': no ! may follow it", last->name);
        if (!follows)
            break;
        first = false;
    } while (true);
    int c = scan_peek(scan);
    if (block && c != -1 && c != '}')
        return parser_fail(p, scan_place(scan), scan->origin, LEAT_ESYNTAX,
                           "expected NAME=VALUE, ! or }, found %s", scan_found(scan, found));
    return LEAT_OK;
}
