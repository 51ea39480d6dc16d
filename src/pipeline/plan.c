#include <leat/engine.h>

#include <stdlib.h>
#include <string.h>

#define DEFAULT_MEMORY (UINT64_C(4) << 30)
#define BATCH_BYTES ((size_t)256 << 10) /* a batch stays in a core's second-level cache */
#define BATCH_FRAMES 32u
/* A stage that waits for the outside is given a worker of its own first. */
#define WEIGHT_WAITS 4u

struct builder {
    struct leat_plan *plan;
    const struct leat_graph *graph;
    struct leat_channel *scratch; /* where a resolve writes its channels */
    struct leat_diag *diag;
    bool *taken;                  /* [nodes] */
};

static int at_node(struct builder *b, uint32_t node, int status)
{
    const struct leat_node *n = &b->graph->nodes[node];
    if (b->diag != NULL && b->diag->code != 0 && b->diag->line == 0 && n->line != 0)
        leat_diag_at(b->diag, n->file, n->line, n->column);
    return status;
}

static const struct leat_link *link_from(const struct leat_graph *g, uint32_t node)
{
    for (uint32_t i = 0; i < g->links_n; i++)
        if (g->links[i].from == node)
            return &g->links[i];
    return NULL;
}

static bool has_input(const struct leat_graph *g, uint32_t node)
{
    for (uint32_t i = 0; i < g->links_n; i++)
        if (g->links[i].to == node)
            return true;
    return false;
}

/* The chain that starts at a source, appended in order. */
static int follow(struct builder *b, uint32_t node)
{
    struct leat_plan *p = b->plan;
    for (;;) {
        const struct leat_node *n = &b->graph->nodes[node];
        if (n->stage->ins > 1 || n->stage->outs > 1)
            return at_node(b, node,
                           leat_diag_set(b->diag, LEAT_ESHAPE,
                                         "%s: branches and joins are not planned yet: a chain is "
                                         "a source, stages and a sink",
                                         n->name));
        b->taken[node] = true;
        struct leat_plan_stage *s = &p->stages[p->stages_n++];
        *s = (struct leat_plan_stage){.stage = n->stage,
                                      .options = n->options,
                                      .name = n->name,
                                      .file = n->file,
                                      .line = n->line,
                                      .column = n->column,
                                      .node = node,
                                      .chain = p->chains_n,
                                      .quota = UINT32_MAX};
        if (n->stage->outs == 0)
            break;
        const struct leat_link *link = link_from(b->graph, node);
        if (link == NULL)
            return at_node(b, node,
                           leat_diag_set(b->diag, LEAT_ESHAPE,
                                         "%s: nothing takes its frames; end the chain with a sink "
                                         "such as stats, csv or null",
                                         n->name));
        node = link->to;
    }
    p->chains_n++;
    return LEAT_OK;
}

static int order_chains(struct builder *b)
{
    const struct leat_graph *g = b->graph;
    for (uint32_t i = 0; i < g->nodes_n; i++) {
        if (g->nodes[i].stage->ins == 0) {
            int status = follow(b, i);
            if (status != LEAT_OK)
                return status;
        } else if (!has_input(g, i)) {
            return at_node(b, i,
                           leat_diag_set(b->diag, LEAT_ESHAPE,
                                         "%s: nothing comes in; start the chain with a source such "
                                         "as csv, wav or synth",
                                         g->nodes[i].name));
        }
    }
    for (uint32_t i = 0; i < g->nodes_n; i++)
        if (!b->taken[i])
            return at_node(b, i,
                           leat_diag_set(b->diag, LEAT_ESHAPE, "%s: stands in a circle",
                                         g->nodes[i].name));
    if (b->plan->chains_n == 0)
        return leat_diag_set(b->diag, LEAT_ESHAPE, "the pipeline is empty");
    return LEAT_OK;
}

/* Keeps a copy of a shape's channels as long as the plan. */
static int keep_channels(struct builder *b, struct leat_shape *shape)
{
    struct leat_channel **block = malloc(sizeof *block + shape->rows * sizeof **block);
    if (block == NULL)
        return leat_diag_set(b->diag, LEAT_ENOMEM, "no memory for %u channels", shape->rows);
    /* a list of blocks, linked through their first word */
    *block = b->plan->channels;
    b->plan->channels = (struct leat_channel *)(void *)block;
    struct leat_channel *copy = (struct leat_channel *)(void *)(block + 1);
    memcpy(copy, shape->channels, shape->rows * sizeof *copy);
    shape->channels = copy;
    return LEAT_OK;
}

static bool shape_sane(const struct leat_shape *s)
{
    return s->rows >= 1 && s->rows <= LEAT_CHANNELS_MAX && s->cols >= 1 &&
           leat_kind_bytes(s->kind) != 0 && s->channels != NULL;
}

static int infer(struct builder *b, uint32_t index)
{
    struct leat_plan_stage *s = &b->plan->stages[index];
    bool source = s->stage->ins == 0;
    if (!source)
        s->in = b->plan->stages[index - 1].out;
    s->need.out = s->in;
    s->need.out.channels = b->scratch;
    s->need.channels_max = LEAT_CHANNELS_MAX;
    if (!source)
        memcpy(b->scratch, s->in.channels, s->in.rows * sizeof *b->scratch);
    if (s->stage->resolve != NULL) {
        int status = s->stage->resolve(s->options, source ? NULL : &s->in, &s->need, b->diag);
        if (status != LEAT_OK)
            return at_node(b, s->node, status);
    }
    if (s->need.tick_ns != 0 && (s->stage->flow == NULL || s->stage->tick == NULL))
        return at_node(b, s->node,
                       leat_diag_set(b->diag, LEAT_EINVAL,
                                     "%s: asks for ticks and has no tick, or is no flow stage",
                                     s->name));
    if (s->stage->outs == 0) {
        s->need.out.channels = NULL; /* a sink has no output to name */
        return LEAT_OK;
    }
    if (!shape_sane(&s->need.out))
        return at_node(b, s->node,
                       leat_diag_set(b->diag, LEAT_ESHAPE,
                                     "%s: gives [%u x %u] frames of kind %s", s->name,
                                     s->need.out.rows, s->need.out.cols,
                                     leat_kind_name(s->need.out.kind)));
    int status = keep_channels(b, &s->need.out);
    s->out = s->need.out;
    return status;
}

/* Where NaN or Inf can first arise, and who must not see them: one scan in between. */
static void place_scans(struct leat_plan *p)
{
    bool doubtful = false;
    for (uint32_t i = 0; i < p->stages_n; i++) {
        struct leat_plan_stage *s = &p->stages[i];
        bool real = s->in.kind == LEAT_F32 || s->in.kind == LEAT_F64;
        if (s->stage->ins == 0)
            doubtful = false;
        if (doubtful && real && (s->stage->traits & LEAT_WANTS_FINITE) != 0) {
            s->scan_finite = true;
            doubtful = false;
        }
        if ((s->stage->traits & LEAT_MAY_BREAK_FINITE) != 0)
            doubtful = true;
    }
}

static uint32_t weight(const struct leat_plan_stage *s)
{
    return s->stage->ins == 0 && (s->stage->traits & LEAT_WAITS) != 0 ? WEIGHT_WAITS : 1;
}

/* Contiguous groups of about equal weight; every worker gets at least one stage. */
static void assign_workers(struct leat_plan *p, uint32_t wanted)
{
    uint64_t total = 0, before = 0;
    for (uint32_t i = 0; i < p->stages_n; i++)
        total += weight(&p->stages[i]);
    uint32_t last = 0;
    for (uint32_t i = 0; i < p->stages_n; i++) {
        uint32_t worker = (uint32_t)(before * wanted / total);
        uint32_t left = p->stages_n - i; /* one stage for each worker still to come */
        if (i > 0 && worker > last + 1)
            worker = last + 1;
        if (i > 0 && wanted > last + 1 && left <= wanted - 1 - last)
            worker = last + 1;
        p->stages[i].worker = worker;
        last = worker;
        before += weight(&p->stages[i]);
    }
    p->workers_n = last + 1;
}

static bool is_flow(const struct leat_plan_stage *s)
{
    return s->stage->flow != NULL;
}

/* Bytes of a row that every stage which the frame of pool `pool` visits can live with. */
static int size_pool(struct builder *b, struct leat_plan_pool *pool)
{
    struct leat_plan *p = b->plan;
    uint32_t rows = 0;
    size_t widest = 0, slot;
    for (uint32_t i = pool->stage; i < p->stages_n; i++) {
        const struct leat_plan_stage *s = &p->stages[i];
        const struct leat_shape *shapes[2] = {&s->in, &s->out};
        bool first = i == pool->stage, ends = !first && s->need.claim_max > 0;
        for (int k = first ? 1 : 0; k < (ends || s->stage->outs == 0 ? 1 : 2); k++) {
            size_t bytes;
            if (!leat_size_mul(shapes[k]->cols, leat_kind_bytes(shapes[k]->kind), &bytes))
                bytes = SIZE_MAX;
            widest = bytes > widest ? bytes : widest;
            rows = shapes[k]->rows > rows ? shapes[k]->rows : rows;
        }
        if (ends || s->stage->outs == 0)
            break;
    }
    bool fits = widest <= UINT32_MAX - 2 * LEAT_LINE;
    slot = fits ? leat_round_up(widest, LEAT_LINE) : 0;
    if (slot % 4096 == 0) /* rows a page apart would share cache sets */
        slot += LEAT_LINE;
    if (!fits || !leat_size_mul(slot, rows, &pool->payload_bytes))
        return at_node(b, p->stages[pool->stage].node,
                       leat_diag_set(b->diag, LEAT_ELIMIT,
                                     "%s: a row of %zu bytes is more than a frame can have; "
                                     "lower frame=",
                                     p->stages[pool->stage].name, widest));
    pool->stride = (uint32_t)slot;
    return LEAT_OK;
}

static int make_pools(struct builder *b)
{
    struct leat_plan *p = b->plan;
    for (uint32_t i = 0; i < p->stages_n; i++) {
        struct leat_plan_stage *s = &p->stages[i];
        if (s->stage->ins != 0 && s->need.claim_max == 0)
            continue;
        if (p->pools_n == LEAT_POOLS_MAX)
            return leat_diag_set(b->diag, LEAT_ELIMIT, "more than %u pools", LEAT_POOLS_MAX);
        s->quota = p->pools_n;
        struct leat_plan_pool *pool = &p->pools[p->pools_n++];
        pool->stage = i;
        int status = size_pool(b, pool);
        if (status != LEAT_OK)
            return status;
    }
    return LEAT_OK;
}

static uint32_t default_batch(const struct leat_plan *p)
{
    size_t widest = 1;
    for (uint32_t i = 0; i < p->pools_n; i++)
        widest = p->pools[i].payload_bytes > widest ? p->pools[i].payload_bytes : widest;
    size_t batch = BATCH_BYTES / widest;
    return batch < 1 ? 1 : batch > BATCH_FRAMES ? BATCH_FRAMES : (uint32_t)batch;
}

static void make_edges(struct leat_plan *p, uint32_t capacity)
{
    for (uint32_t i = 1; i < p->stages_n; i++)
        if (p->stages[i].stage->ins != 0 && p->stages[i].worker != p->stages[i - 1].worker)
            p->edges[p->edges_n++] = (struct leat_plan_edge){i - 1, i, capacity};
}

/* The resource proof. A frame of a pool is in one of these places: in the claimer's hands, in the
 * inbox of a flow stage, held by one, on an edge, in a worker's hands, in the magazine of a worker
 * that releases (given back at the latest when that worker idles). Every place but "held" empties
 * by itself, so a chain moves as long as one frame more exists than the stages may hold. */
static int count_frames(struct builder *b, struct leat_plan_pool *pool,
                        const struct leat_limits *limits)
{
    struct leat_plan *p = b->plan;
    uint32_t batch = p->batch, worker = p->stages[pool->stage].worker;
    uint64_t least = p->stages[pool->stage].stage->ins == 0
                         ? 1 : p->stages[pool->stage].need.claim_max;
    uint64_t all = (uint64_t)batch + least;
    for (uint32_t i = pool->stage + 1; i < p->stages_n; i++) {
        const struct leat_plan_stage *s = &p->stages[i];
        if (s->worker != worker) {
            worker = s->worker;
            all += (uint64_t)batch + limits->edge_frames + 2u * batch;
        }
        if (is_flow(s)) {
            least += s->need.hold_max;
            all += (uint64_t)batch + s->need.hold_max;
        }
        if (s->stage->outs == 0)
            all += limits->edge_frames; /* an outlet's edge */
        if (s->stage->outs == 0 || s->need.claim_max > 0)
            break;
    }
    pool->frames_min = (uint32_t)(least > LEAT_SLOTS_MAX ? LEAT_SLOTS_MAX : least);
    bool source = p->stages[pool->stage].stage->ins == 0;
    if (source && limits->frames != 0) {
        if (limits->frames < least)
            return at_node(b, p->stages[pool->stage].node,
                           leat_diag_set(b->diag, LEAT_ELIMIT,
                                         "%s: a pool of %u frames could come to a standstill: its "
                                         "stages may hold back %llu, so it needs %llu",
                                         p->stages[pool->stage].name, limits->frames,
                                         (unsigned long long)(least - 1),
                                         (unsigned long long)least));
        all = limits->frames;
    }
    if (all > LEAT_SLOTS_MAX)
        return leat_diag_set(b->diag, LEAT_ELIMIT, "%s: needs %llu frames, a pool has at most %u",
                             p->stages[pool->stage].name, (unsigned long long)all, LEAT_SLOTS_MAX);
    pool->frames = (uint32_t)all;
    return LEAT_OK;
}

static int check_memory(struct builder *b)
{
    struct leat_plan *p = b->plan;
    size_t total = 0;
    for (uint32_t i = 0; i < p->pools_n; i++) {
        size_t bytes;
        if (!leat_size_mul(p->pools[i].payload_bytes + 2 * LEAT_LINE, p->pools[i].frames, &bytes) ||
            !leat_size_add(total, bytes, &total))
            total = SIZE_MAX;
    }
    p->frame_bytes = total;
    total = leat_engine_bytes(p); /* edges, states and quarantine, too; 0 = it overflows */
    if (total == 0 || total > p->memory_bytes)
        return at_node(b, p->stages[0].node,
                       leat_diag_set(b->diag, LEAT_ELIMIT,
                                     "the engine takes %zu bytes, %llu are allowed; lower frame= "
                                     "or allow more memory",
                                     total != 0 ? total : SIZE_MAX,
                                     (unsigned long long)p->memory_bytes));
    return LEAT_OK;
}

static int check_limits(const struct leat_limits *l, struct leat_diag *diag)
{
    if (l->workers > LEAT_WORKERS_MAX)
        return leat_diag_set(diag, LEAT_ERANGE, "%u workers: at most %u", l->workers,
                             LEAT_WORKERS_MAX);
    if (l->batch > LEAT_BATCH_MAX)
        return leat_diag_set(diag, LEAT_ERANGE, "a batch of %u: at most %u", l->batch,
                             LEAT_BATCH_MAX);
    if (l->edge_frames > LEAT_SLOTS_MAX || l->quarantine > LEAT_SLOTS_MAX)
        return leat_diag_set(diag, LEAT_ERANGE, "an edge or quarantine has at most %u frames",
                             LEAT_SLOTS_MAX);
    return LEAT_OK;
}

static int build(struct builder *b, const struct leat_limits *given)
{
    struct leat_plan *p = b->plan;
    struct leat_limits limits = *given;
    int status = check_limits(&limits, b->diag);
    if (status == LEAT_OK)
        status = order_chains(b);
    for (uint32_t i = 0; status == LEAT_OK && i < p->stages_n; i++)
        status = infer(b, i);
    if (status != LEAT_OK)
        return status;
    place_scans(p);
    assign_workers(p, limits.workers == 0 ? 1 : limits.workers);
    status = make_pools(b);
    if (status != LEAT_OK)
        return status;
    p->batch = limits.batch != 0 ? limits.batch : default_batch(p);
    p->quarantine = limits.quarantine;
    p->memory_bytes = limits.memory_bytes != 0 ? limits.memory_bytes : DEFAULT_MEMORY;
    if (limits.edge_frames == 0)
        limits.edge_frames = 2 * p->batch;
    make_edges(p, limits.edge_frames);
    p->edge_frames = limits.edge_frames;
    for (uint32_t i = 0; status == LEAT_OK && i < p->pools_n; i++)
        status = count_frames(b, &p->pools[i], &limits);
    for (uint32_t i = 0; i < LEAT_WORKERS_MAX; i++)
        p->pins[i] = limits.pins != NULL && i < p->workers_n ? limits.pins[i] : LEAT_UNPINNED;
    return status == LEAT_OK ? check_memory(b) : status;
}

int leat_plan_make(struct leat_plan *plan, const struct leat_graph *graph,
                   const struct leat_limits *limits, struct leat_diag *diag)
{
    static const struct leat_limits defaults;
    memset(plan, 0, sizeof *plan);
    struct builder b = {.plan = plan, .graph = graph, .diag = diag};
    size_t n = graph->nodes_n + 1;
    plan->stages = calloc(n, sizeof *plan->stages);
    plan->edges = calloc(n, sizeof *plan->edges);
    plan->pools = calloc(n, sizeof *plan->pools);
    b.taken = calloc(n, sizeof *b.taken);
    b.scratch = calloc(LEAT_CHANNELS_MAX, sizeof *b.scratch);
    int status = plan->stages != NULL && plan->edges != NULL && plan->pools != NULL &&
                         b.taken != NULL && b.scratch != NULL
                     ? build(&b, limits != NULL ? limits : &defaults)
                     : leat_diag_set(diag, LEAT_ENOMEM, "no memory for a plan of %u stages",
                                     graph->nodes_n);
    free(b.taken);
    free(b.scratch);
    if (status != LEAT_OK)
        leat_plan_fini(plan);
    return status;
}

void leat_plan_fini(struct leat_plan *plan)
{
    struct leat_channel *block = plan->channels;
    while (block != NULL) {
        struct leat_channel *next = *(struct leat_channel **)(void *)block;
        free(block);
        block = next;
    }
    free(plan->stages);
    free(plan->edges);
    free(plan->pools);
    memset(plan, 0, sizeof *plan);
}
