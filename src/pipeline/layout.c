#include "pipeline/impl.h"

#include <string.h>

/* One walk over the engine's memory, used twice: without a base it only counts. */
struct place {
    char *base;
    size_t used;
    bool overflow;
};

static void *place(struct place *p, size_t count, size_t bytes)
{
    size_t total, end;
    if (!leat_size_mul(count, bytes, &total) || total > SIZE_MAX / 2 ||
        !leat_size_add(p->used, leat_round_up(total, LEAT_APART), &end)) {
        p->overflow = true;
        return NULL;
    }
    void *at = p->base != NULL ? p->base + p->used : NULL;
    p->used = end;
    return at;
}

static uint32_t count_doors(const struct leat_plan *plan)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < plan->stages_n; i++)
        n += is_door(&plan->stages[i]);
    return n;
}

static size_t widest_payload(const struct leat_plan *plan)
{
    size_t widest = 0;
    for (uint32_t i = 0; i < plan->pools_n; i++)
        widest = plan->pools[i].payload_bytes > widest ? plan->pools[i].payload_bytes : widest;
    return widest;
}

static uint32_t most_inputs(const struct leat_plan *plan)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < plan->stages_n; i++)
        most = plan->stages[i].ins_n > most ? plan->stages[i].ins_n : most;
    return most;
}

/* Frames that the stage itself keeps claimed: a source's to be filled, a tee's for copies. */
static size_t own_frames(const struct leat_plan *plan, uint32_t stage)
{
    size_t copies = 0;
    for (uint32_t l = 0; l < plan->links_n; l++)
        copies += plan->links[l].from == stage && link_claims(&plan->links[l]);
    return plan->stages[stage].stage->ins == 0 ? plan->batch : copies * plan->batch;
}

static void lay_out_box(struct inbox *box, struct place *p, size_t room)
{
    struct leat_frame **frames = place(p, room, sizeof *frames);
    if (box == NULL)
        return;
    box->frames = frames;
    box->room = (uint32_t)room;
}

/* First each stage's own, then one for each input of each stage, in their order. */
static void lay_out_boxes(struct leat_engine *e, const struct leat_plan *plan, struct place *p)
{
    struct inbox *boxes = place(p, (size_t)plan->stages_n + plan->links_n, sizeof *boxes);
    struct way *ways = place(p, plan->links_n, sizeof *ways);
    struct inbox *box = e != NULL ? boxes : NULL;
    for (uint32_t i = 0; i < plan->stages_n; i++)
        lay_out_box(e != NULL ? box++ : NULL, p, own_frames(plan, i));
    for (uint32_t i = 0; i < plan->stages_n; i++)
        for (uint32_t port = 0; port < plan->stages[i].ins_n; port++)
            lay_out_box(e != NULL ? box++ : NULL, p, plan_link_into(plan, i, port)->inbox);
    if (e != NULL) {
        e->boxes = boxes;
        e->ways = ways;
    }
}

static void lay_out_worker(struct leat_engine *e, const struct leat_plan *plan, uint32_t number,
                           struct place *p)
{
    size_t scratch = 0;
    for (uint32_t i = 0; i < plan->stages_n; i++)
        if (plan->stages[i].worker == number && plan->stages[i].need.scratch_bytes > scratch)
            scratch = plan->stages[i].need.scratch_bytes;
    struct leat_frame **batch = place(p, plan->batch, sizeof *batch);
    struct leat_frame **branch = place(p, plan->batch, sizeof *branch);
    struct leat_input *inputs = place(p, most_inputs(plan), sizeof *inputs);
    uint8_t *verdict = place(p, plan->batch, 1);
    uint16_t *why = place(p, plan->batch, sizeof *why);
    void *scratch_at = place(p, 1, scratch);
    size_t kept_bytes = sizeof(struct leat_frame) + widest_payload(plan);
    void *kept = place(p, plan->quarantine, kept_bytes);
    uint64_t *kept_order = place(p, plan->quarantine, sizeof *kept_order);
    struct reject *rejects = place(p, plan->rejects, sizeof *rejects);
    /* at most one for each stage, and one for each link that comes from another worker */
    struct segment *segments =
        place(p, (size_t)plan->stages_n + plan->links_n, sizeof *segments);
    if (e == NULL)
        return;
    struct worker *w = &e->workers[number];
    w->engine = e;
    w->number = number;
    w->batch = batch;
    w->branch = branch;
    w->inputs = inputs;
    w->ctx = (struct leat_ctx){.scratch = scratch_at,
                               .worker = number,
                               .verdict = verdict,
                               .why = why,
                               .diag = &w->diag};
    w->quarantine = kept;
    w->quarantine_order = kept_order;
    w->rejects = rejects;
    w->segments = segments;
    w->random = UINT64_C(0x9e3779b97f4a7c15) * (number + 1);
    w->sample_in = 1;
    w->stale = true;
    event_init(&w->event);
}

static int lay_out_pools(struct leat_engine *e, const struct leat_plan *plan, struct place *p,
                         uint32_t magazines, struct leat_diag *diag)
{
    for (uint32_t i = 0; i < plan->pools_n; i++) {
        struct leat_pool_options options = {
            .size = sizeof options,
            .frames = plan->pools[i].frames,
            .payload_bytes = plan->pools[i].payload_bytes,
            .workers = magazines,
            .id = i,
            .chunk = plan->pools[i].chunk,
        };
        size_t bytes = leat_pool_bytes(&options);
        p->overflow |= bytes == 0;
        void *memory = place(p, 1, bytes);
        if (e == NULL)
            continue;
        e->apart |= plan->pools[i].apart;
        int status = leat_pool_init(&e->pools[i], &options, memory, bytes, diag);
        if (status != LEAT_OK)
            return status;
    }
    return LEAT_OK;
}

/* Beside lay_out_worker because a ring may refuse. */
static int lay_out_rejects(struct leat_engine *e, const struct leat_plan *plan, struct place *p,
                           struct leat_diag *diag)
{
    size_t bytes = leat_ring_bytes(plan->rejects);
    for (uint32_t i = 0; i < plan->workers_n; i++) {
        void *memory = place(p, 1, bytes);
        int status = e == NULL ? LEAT_OK
                               : leat_ring_init(&e->workers[i].reject_ring, plan->rejects, memory,
                                                bytes, diag);
        if (status != LEAT_OK)
            return status;
    }
    return LEAT_OK;
}

/* Three copies of the options of each stage that has knobs. */
static void lay_out_knobs(struct leat_engine *e, const struct leat_plan *plan, struct place *p)
{
    struct knob *knobs = place(p, plan->stages_n, sizeof *knobs);
    if (e != NULL)
        e->knobs = knobs;
    for (uint32_t i = 0; i < plan->stages_n; i++) {
        const struct leat_plan_stage *s = &plan->stages[i];
        if (s->stage->knob == NULL)
            continue;
        void *given = place(p, 1, s->stage->options_bytes);
        void *draft = place(p, 1, s->stage->options_bytes);
        void *slot = place(p, 1, s->stage->options_bytes);
        if (e == NULL)
            continue;
        memcpy(given, s->options, s->stage->options_bytes);
        knobs[i].given = given;
        knobs[i].draft = draft;
        knobs[i].slot = slot;
        leat_store_relaxed(&knobs[i].first, LEAT_SEQ_NONE);
    }
}

static int lay_out_edges(struct leat_engine *e, const struct leat_plan *plan, struct place *p,
                         uint32_t edges_n, struct leat_diag *diag)
{
    for (uint32_t i = 0; i < edges_n; i++) {
        uint32_t capacity = i < plan->edges_n ? plan->edges[i].capacity : plan->edge_frames;
        size_t bytes = leat_ring_bytes(capacity);
        void *memory = place(p, 1, bytes);
        if (e == NULL)
            continue;
        int status = leat_ring_init(&e->edges[i].ring, capacity, memory, bytes, diag);
        if (status != LEAT_OK)
            return status;
        if (i < plan->edges_n) {
            e->edges[i].from = plan->edges[i].from;
            e->edges[i].to = plan->edges[i].to;
        }
    }
    return LEAT_OK;
}

static int lay_out(struct leat_engine *e, const struct leat_plan *plan, struct place *p,
                   struct leat_diag *diag)
{
    uint32_t doors = count_doors(plan), edges_n = plan->edges_n + doors;
    struct worker *workers = place(p, plan->workers_n, sizeof *workers);
    struct stage_record *stages = place(p, plan->stages_n, sizeof *stages);
    struct step *steps = place(p, plan->stages_n, sizeof *steps);
    struct edge_record *edges = place(p, edges_n, sizeof *edges);
    struct leat_pool **pools = place(p, plan->pools_n, sizeof *pools);
    if (e != NULL) {
        e->plan = plan;
        e->workers = workers;
        e->stages = stages;
        e->steps = steps;
        e->edges = edges;
        e->pools = pools;
        e->edges_n = edges_n;
        e->doors_n = doors;
        e->magazines = plan->workers_n + doors;
        e->quarantine_bytes = sizeof(struct leat_frame) + widest_payload(plan);
    }
    for (uint32_t i = 0; i < plan->workers_n; i++)
        lay_out_worker(e, plan, i, p);
    lay_out_boxes(e, plan, p);
    for (uint32_t i = 0; i < plan->stages_n; i++) {
        const struct leat_plan_stage *s = &plan->stages[i];
        void *state = place(p, 1, s->need.state_bytes);
        bool copied = engine_resets(s) && s->keyed == NULL; /* behind a key there is one already */
        void *begun = place(p, copied ? 1 : 0, s->need.state_bytes);
        if (e != NULL) {
            stages[i].state = state;
            stages[i].begun_state = copied ? begun : NULL;
        }
    }
    lay_out_knobs(e, plan, p);
    int status = lay_out_rejects(e, plan, p, diag);
    if (status == LEAT_OK)
        status = lay_out_edges(e, plan, p, edges_n, diag);
    return status == LEAT_OK ? lay_out_pools(e, plan, p, plan->workers_n + doors, diag) : status;
}

size_t leat_engine_bytes(const struct leat_plan *plan)
{
    struct place p = {.used = leat_round_up(sizeof(struct leat_engine), LEAT_APART)};
    (void)lay_out(NULL, plan, &p, NULL);
    return p.overflow ? 0 : p.used;
}

/* The caller has checked the size. Everything but the frames is zeroed first. */
int engine_lay_out(struct leat_engine **engine, const struct leat_plan *plan, void *storage,
                   struct leat_diag *diag)
{
    struct leat_engine *e = storage;
    memset(storage, 0, leat_engine_bytes(plan));
    struct place p = {.base = storage,
                      .used = leat_round_up(sizeof(struct leat_engine), LEAT_APART)};
    int status = lay_out(e, plan, &p, diag);
    *engine = status == LEAT_OK ? e : NULL;
    return status;
}
