/* The plan: shapes inferred along the links, edges. order.c has put the stages in order,
 * lens_plan.c asks those that see some channels, assign.c says who runs them, proof.c counts the
 * frames. */
#include "pipeline/build.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_MEMORY (UINT64_C(4) << 30)
#define DEFAULT_REJECTS 256u
#define REJECTS_MAX (UINT32_C(1) << 20)
#define BATCH_BYTES ((size_t)256 << 10) /* a batch stays in a core's second-level cache */
#define BATCH_FRAMES 32u

/* Shapes and lenses, newest first, as long as the plan. */
struct leat_plan_block {
    struct leat_plan_block *next;
    LEAT_ALIGNED(16) unsigned char bytes[];
};

void *plan_take(struct builder *b, size_t bytes)
{
    struct leat_plan_block *block = calloc(1, sizeof *block + bytes);
    if (block == NULL)
        return NULL;
    block->next = b->plan->memory;
    b->plan->memory = block;
    return block->bytes;
}

int plan_keep_channels(struct builder *b, struct leat_shape *shape)
{
    struct leat_channel *copy = plan_take(b, shape->rows * sizeof *copy);
    if (copy == NULL)
        return leat_diag_set(b->diag, LEAT_ENOMEM, "no memory for %u channels", shape->rows);
    memcpy(copy, shape->channels, shape->rows * sizeof *copy);
    shape->channels = copy;
    return LEAT_OK;
}

static bool shape_sane(const struct leat_shape *s)
{
    return s->rows >= 1 && s->rows <= LEAT_CHANNELS_MAX && s->cols >= 1 &&
           leat_kind_bytes(s->kind) != 0 && s->channels != NULL;
}

/* The shapes that come in, before the stage is asked. */
static void take_inputs(struct builder *b, uint32_t index)
{
    struct leat_plan *p = b->plan;
    struct leat_plan_stage *s = &p->stages[index];
    size_t first = (size_t)(s->ins - p->in_shapes);
    for (uint32_t port = 0; port < s->ins_n; port++)
        p->in_shapes[first + port] = p->stages[plan_link_into(p, index, port)->from].out;
    if (s->ins_n != 0) {
        s->in = s->ins[0];
        s->key = p->stages[plan_link_into(p, index, 0)->from].key;
    }
    memset(&s->need, 0, sizeof s->need);
    s->need.out = s->in;
    s->need.out.channels = b->scratch;
    s->need.channels_max = LEAT_CHANNELS_MAX;
    s->need.ins_n = s->ins_n;
    s->need.resets = s->resets;
    s->need.tuning = b->plan->tuning;
    if (s->ins_n != 0)
        memcpy(b->scratch, s->in.channels, s->in.rows * sizeof *b->scratch);
}

int build_resolve(struct builder *b, struct leat_plan_stage *s, const struct leat_shape *in)
{
    return s->stage->resolve == NULL ? LEAT_OK
                                     : s->stage->resolve(s->options, in, &s->need, b->diag);
}

/* Gives it the channels that it takes? */
static bool same_channels(const struct leat_shape *in, const struct leat_shape *out)
{
    bool same = in->rows == out->rows && in->kind == out->kind && in->cols == out->cols;
    for (uint32_t r = 0; same && r < in->rows; r++)
        same = strcmp(in->channels[r].name, out->channels[r].name) == 0;
    return same;
}

/* Behind a key, what changes samples and no channels is shown all but the keys. */
static bool hides_key(const struct leat_plan_stage *s)
{
    const uint32_t others = LEAT_READS_ONLY | LEAT_RESIZES;
    return s->stage->map != NULL && s->stage->outs != 0 && (s->stage->traits & others) == 0 &&
           !s->need.moves_rows && key_row(s) != UINT32_MAX &&
           same_channels(&s->in, &s->need.out);
}

static int ask(struct builder *b, uint32_t index)
{
    struct leat_plan_stage *s = &b->plan->stages[index];
    const struct leat_node *n = &b->graph->nodes[s->node];
    take_inputs(b, index);
    int status = key_check(b, s);
    if (status != LEAT_OK)
        return status;
    bool keyed = s->stage->outs != 0 && (s->stage->traits & LEAT_KEYED) != 0 && s->key != NULL;
    if (n->on.n != 0 || n->as != NULL || keyed)
        return lens_infer(b, s);
    status = build_resolve(b, s, s->ins_n != 0 ? s->ins : NULL);
    if (status != LEAT_OK || !hides_key(s))
        return status;
    take_inputs(b, index);
    return lens_infer(b, s);
}

static int infer(struct builder *b, uint32_t index)
{
    struct leat_plan_stage *s = &b->plan->stages[index];
    int status = ask(b, index);
    if (status == LEAT_OK && (s->stage->traits & TRAIT_KEY) != 0)
        status = key_note(b, s);
    if (status != LEAT_OK)
        return build_at(b, s->node, status);
    if (s->resets && !leat_stage_resets(s->stage))
        return build_at(b, s->node,
                        leat_diag_set(b->diag, LEAT_EINVAL,
                                      "on-gap: %s has nothing that it could begin anew with",
                                      s->name));
    if (s->need.tick_ns != 0 && (s->stage->flow == NULL || s->stage->tick == NULL))
        return build_at(b, s->node,
                        leat_diag_set(b->diag, LEAT_EINVAL,
                                      "%s: asks for ticks and has no tick, or is no flow stage",
                                      s->name));
    if (s->stage->outs == 0) {
        s->need.out.channels = NULL; /* a sink has no output to name */
        return LEAT_OK;
    }
    if (!shape_sane(&s->need.out))
        return build_at(b, s->node,
                        leat_diag_set(b->diag, LEAT_ESHAPE, "%s: gives [%u x %u] frames of kind %s",
                                      s->name, s->need.out.rows, s->need.out.cols,
                                      leat_kind_name(s->need.out.kind)));
    status = plan_keep_channels(b, &s->need.out);
    s->out = s->need.out;
    /* Where the first sample of a frame may be gone, and others stay, its time is known by the rate
     * alone. */
    s->out.timed &= (s->stage->traits & LEAT_RESIZES) == 0 || s->in.rate_hz > 0 || s->in.cols == 1;
    return status == LEAT_OK ? build_at(b, s->node, key_check_join(b, s)) : status;
}

/* Where NaN or Inf can first arise, and who must not see them: one scan in between. */
static void place_scans(struct builder *b)
{
    struct leat_plan *p = b->plan;
    for (uint32_t i = 0; i < p->stages_n; i++) {
        struct leat_plan_stage *s = &p->stages[i];
        bool doubtful = false, real = s->in.kind == LEAT_F32 || s->in.kind == LEAT_F64;
        for (uint32_t port = 0; port < s->ins_n; port++)
            doubtful |= b->notes[plan_link_into(p, i, port)->from].doubtful;
        if (doubtful && real && (s->stage->traits & LEAT_WANTS_FINITE) != 0) {
            s->scan_finite = true;
            doubtful = s->lens != NULL && s->lens->in.rows < s->in.rows; /* nobody saw the rest */
        }
        b->notes[i].doubtful = doubtful || s->need.breaks_finite ||
                               (s->stage->traits & LEAT_MAY_BREAK_FINITE) != 0;
    }
}

static uint32_t default_batch(const struct leat_plan *p)
{
    size_t widest = 1;
    for (uint32_t i = 0; i < p->pools_n; i++)
        widest = p->pools[i].payload_bytes > widest ? p->pools[i].payload_bytes : widest;
    size_t batch = BATCH_BYTES / widest;
    return batch < 1 ? 1 : batch > BATCH_FRAMES ? BATCH_FRAMES : (uint32_t)batch;
}

static void make_edges(struct leat_plan *p)
{
    for (uint32_t l = 0; l < p->links_n; l++) {
        struct leat_plan_link *link = &p->links[l];
        if (p->stages[link->from].worker == p->stages[link->to].worker)
            continue;
        link->edge = p->edges_n;
        p->edges[p->edges_n++] = (struct leat_plan_edge){link->from, link->to, p->edge_frames};
    }
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
    bool keyed = false;
    for (uint32_t i = 0; i < p->stages_n; i++)
        keyed |= p->stages[i].keyed != NULL;
    total = leat_engine_bytes(p); /* edges, states and quarantine, too; 0 = it overflows */
    if (total == 0 || total > p->memory_bytes)
        return build_at(b, p->stages[0].node,
                        leat_diag_set(b->diag, LEAT_ELIMIT,
                                      "the engine takes %zu bytes, %llu are allowed; lower frame= "
                                      "%sor allow more memory",
                                      total != 0 ? total : SIZE_MAX,
                                      (unsigned long long)p->memory_bytes,
                                      keyed ? "or max= of key " : ""));
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
    if (l->rejects > REJECTS_MAX)
        return leat_diag_set(diag, LEAT_ERANGE, "%u records of rejected frames: at most %u",
                             l->rejects, REJECTS_MAX);
    return LEAT_OK;
}

static int keep_tuning(struct builder *b, const struct leat_tuning *given)
{
    if (given == NULL)
        return LEAT_OK;
    int status = leat_tuning_check(given, b->diag);
    struct leat_tuning *copy = status == LEAT_OK ? plan_take(b, sizeof *copy) : NULL;
    if (copy == NULL)
        return status != LEAT_OK ? status
                                 : leat_diag_set(b->diag, LEAT_ENOMEM, "no memory for a plan");
    *copy = *given;
    b->plan->tuning = copy;
    return LEAT_OK;
}

static int build(struct builder *b, const struct leat_limits *given)
{
    struct leat_plan *p = b->plan;
    struct leat_limits limits = *given;
    int status = check_limits(&limits, b->diag);
    if (status == LEAT_OK)
        status = keep_tuning(b, limits.tuning);
    if (status == LEAT_OK)
        status = build_order(b);
    for (uint32_t i = 0; status == LEAT_OK && i < p->stages_n; i++)
        status = infer(b, i);
    if (status != LEAT_OK)
        return status;
    place_scans(b);
    status = build_branches(b);
    if (status != LEAT_OK)
        return status;
    status = build_workers(b, &limits);
    if (status != LEAT_OK)
        return status;
    build_nests(b);
    status = build_pools(b);
    if (status != LEAT_OK)
        return status;
    p->batch = limits.batch != 0 ? limits.batch : default_batch(p);
    p->quarantine = limits.quarantine;
    p->rejects = limits.rejects != 0 ? limits.rejects : DEFAULT_REJECTS;
    p->memory_bytes = limits.memory_bytes != 0 ? limits.memory_bytes : DEFAULT_MEMORY;
    p->edge_frames = limits.edge_frames != 0 ? limits.edge_frames : 2 * p->batch;
    make_edges(p);
    status = build_inboxes(b);
    if (status == LEAT_OK)
        status = build_counts(b, limits.frames);
    return status == LEAT_OK ? check_memory(b) : status;
}

int leat_plan_make(struct leat_plan *plan, const struct leat_graph *graph,
                   const struct leat_limits *limits, struct leat_diag *diag)
{
    LEAT_GIVEN("leat_plan_make", plan, "plan");
    LEAT_GIVEN("leat_plan_make", graph, "graph");
    static const struct leat_limits defaults;
    memset(plan, 0, sizeof *plan);
    struct builder b = {.plan = plan, .graph = graph, .diag = diag};
    size_t n = graph->nodes_n + 1, links = graph->links_n + 1;
    plan->stages = calloc(n, sizeof *plan->stages);
    plan->links = calloc(links, sizeof *plan->links);
    plan->edges = calloc(links, sizeof *plan->edges);
    plan->pools = calloc(n, sizeof *plan->pools);
    plan->in_shapes = calloc(links, sizeof *plan->in_shapes);
    b.place = malloc(n * sizeof *b.place);
    b.notes = calloc(n, sizeof *b.notes);
    b.carries = calloc(links, sizeof *b.carries);
    b.scratch = calloc(LEAT_CHANNELS_MAX, sizeof *b.scratch);
    bool room = plan->stages != NULL && plan->links != NULL && plan->edges != NULL &&
                plan->pools != NULL && plan->in_shapes != NULL && b.place != NULL &&
                b.notes != NULL && b.carries != NULL && b.scratch != NULL;
    for (size_t i = 0; room && i < n; i++)
        b.place[i] = UINT32_MAX;
    int status = room ? build(&b, limits != NULL ? limits : &defaults)
                      : leat_diag_set(diag, LEAT_ENOMEM, "no memory for a plan of %u stages",
                                      graph->nodes_n);
    free(b.place);
    free(b.notes);
    free(b.carries);
    free(b.scratch);
    if (status != LEAT_OK)
        leat_plan_fini(plan);
    return status;
}

void leat_plan_fini(struct leat_plan *plan)
{
    LEAT_GIVEN("leat_plan_fini", plan, "plan");
    struct leat_plan_block *block = plan->memory;
    while (block != NULL) {
        struct leat_plan_block *next = block->next;
        free(block);
        block = next;
    }
    free(plan->stages);
    free(plan->links);
    free(plan->edges);
    free(plan->pools);
    free(plan->in_shapes);
    memset(plan, 0, sizeof *plan);
}
