#include "branching.h"

#include <leat/pool.h>
#include <leat/stages.h>

#include <criterion/criterion.h>

#include <string.h>

struct rig rig;
struct ledger ledger, others[3];
struct seen saw[4];

/* How many ports of each stage of the graph are joined. */
static uint32_t outs[LEAT_NODES_MAX], ins[LEAT_NODES_MAX];

const struct leat_limits ways_to_run[WAYS] = {
    {.workers = 1, .batch = 1},
    {.workers = 1, .batch = 32},
    {.workers = 2, .batch = 7},
    {.workers = 3, .batch = 1, .edge_frames = 1},
    {.workers = 4, .batch = 7, .edge_frames = 3},
    {.workers = 7, .batch = 32},
};

void begin_graph(void)
{
    memset(&rig, 0, sizeof rig);
    memset(outs, 0, sizeof outs);
    memset(ins, 0, sizeof ins);
    rig.ledger = &ledger;
    leat_graph_init(&rig.graph);
}

void begin(void)
{
    memset(&ledger, 0, sizeof ledger);
    memset(others, 0, sizeof others);
    begin_graph();
}

/* ---- the graph ---- */

const struct leat_stage *named(const struct leat_catalogue *catalogue, const char *name)
{
    const struct leat_stage *stage = leat_catalogue_find(catalogue, name, false, NULL);
    cr_assert_not_null(stage, "%s", name);
    return stage;
}

int put(int from, const struct leat_stage *stage, const void *options)
{
    uint32_t node;
    int status = leat_graph_add(&rig.graph, stage, options, NULL, &node, &rig.diag);
    cr_assert_eq(status, LEAT_OK, "%s", rig.diag.text);
    if (from >= 0)
        also(from, (int)node);
    return (int)node;
}

void also(int from, int to)
{
    int status = leat_graph_join(&rig.graph, (uint32_t)from, outs[from]++, (uint32_t)to,
                                 ins[to]++, &rig.diag);
    cr_assert_eq(status, LEAT_OK, "%s", rig.diag.text);
}

int put_rig(int from, const struct leat_stage *stage, struct rig_options o)
{
    if (o.ledger == NULL)
        o.ledger = &ledger;
    return put(from, stage, &o);
}

int put_source(uint64_t frames)
{
    return put_rig(-1, &rig_source, (struct rig_options){.n = frames, .cols = COLS});
}

int put_tee(int from)
{
    return put(from, named(leat_joints(), "tee"), NULL);
}

int put_join(int from, uint32_t how, uint32_t by)
{
    return put(from, named(leat_math_stages(), "join"),
               &(struct leat_join_options){.how = how, .by = by});
}

/* ---- the run ---- */

void build(const struct leat_limits *limits)
{
    cr_assert_eq(rig_build(&rig, limits, NULL), LEAT_OK, "%s", rig.diag.text);
}

void run(uint32_t way)
{
    int status = way % 2 == 0 ? rig_run_threads(&rig) : rig_run_steps(&rig, 4711 + way);
    cr_assert_eq(status, LEAT_OK, "way %u: %d %s", way, status, rig.diag.text);
}

void end(uint32_t way)
{
    cr_assert_eq(rig_end(&rig), LEAT_OK, "way %u: %s", way, rig.diag.text);
}

struct leat_stage_stats stats_of(int stage)
{
    struct leat_stage_stats stats = {0};
    for (uint32_t i = 0; i < rig.plan.stages_n; i++)
        if (rig.plan.stages[i].node == (uint32_t)stage)
            leat_engine_stage(rig.engine, i, &stats);
    return stats;
}

bool as_source(const struct ledger *got, uint64_t frames, uint64_t plus)
{
    struct ledger want = {0};
    struct rig_link links[] = {{&rig_source, {.n = frames, .cols = COLS}},
                               {&rig_add, {.add = plus}},
                               {&rig_sink, {0}}};
    rig_expect(links, 3, &want);
    return got->frames == frames && got->digest == want.digest && got->disorder == 0;
}

/* ---- the sink that looks at frames ---- */

struct seen_options {
    struct seen *seen;
};

static int seen_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    need->state_bytes = sizeof(struct seen_options);
    return LEAT_OK;
}

static int seen_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    (void)in;
    (void)need;
    (void)diag;
    memcpy(state, options, sizeof(struct seen_options));
    return LEAT_OK;
}

static void seen_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    struct seen *s = ((struct seen_options *)state)->seen;
    (void)ctx;
    for (uint32_t i = 0; i < n && s->n < SEEN_MAX; i++) {
        struct leat_frame *f = frames[i];
        s->at[s->n++] = (struct look){f,
                                      f->seq,
                                      *(double *)leat_frame_row(f, 0),
                                      *(double *)leat_frame_row(f, f->rows - 1),
                                      f->time_ns,
                                      leat_handle_pool(f->tag),
                                      f->rows,
                                      f->cols,
                                      f->reason,
                                      f->flags};
    }
}

static const struct leat_stage seer = {.size = sizeof seer, .traits = LEAT_MAP | LEAT_READS_ONLY,
                                       .name = "seer", .options_bytes = sizeof(struct seen_options),
                                       .ins = 1, .resolve = seen_resolve, .init = seen_init,
                                       .map = seen_map};

int put_seer(int from, uint32_t which)
{
    saw[which].n = 0;
    return put(from, &seer, &(struct seen_options){&saw[which]});
}
