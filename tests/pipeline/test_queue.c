/* The queue: what it keeps and what it lets go, with the consumer standing still. */
#define _GNU_SOURCE
#include "rig.h"

#include <criterion/criterion.h>

#include <string.h>
#include <unistd.h>

enum { BLOCK, NEWEST, OLDEST };
enum { FRAMES = 1000, EDGE = 8, DEPTH = 5, BATCH = 4 };

static struct ledger ledger;
static struct rig rig;
static uint64_t seen[FRAMES];
static uint32_t seen_n;

static void note_seq(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    (void)state;
    (void)ctx;
    for (uint32_t i = 0; i < n; i++)
        seen[seen_n++] = frames[i]->seq;
}

static const struct leat_stage note = {.size = sizeof note, .traits = LEAT_MAP | LEAT_READS_ONLY,
                                       .name = "note", .ins = 1, .map = note_seq};

static void build(const struct leat_queue_options *options)
{
    const struct leat_stage *queue = leat_catalogue_find(leat_joints(), "queue", false, NULL);
    const struct rig_link source = {&rig_source, {.n = FRAMES, .cols = 3}};
    uint32_t q, sink;
    memset(&ledger, 0, sizeof ledger);
    memset(&rig, 0, sizeof rig);
    seen_n = 0;
    rig.ledger = &ledger;
    leat_graph_init(&rig.graph);
    cr_assert_eq(rig_chain(&rig, &source, 1), LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(leat_graph_add(&rig.graph, queue, options, NULL, &q, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_add(&rig.graph, &note, NULL, NULL, &sink, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_join(&rig.graph, 0, 0, q, 0, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_join(&rig.graph, q, 0, sink, 0, NULL), LEAT_OK);
    const struct leat_limits limits = {.workers = 2, .batch = BATCH, .edge_frames = EDGE};
    cr_assert_eq(rig_build(&rig, &limits, NULL), LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(rig.plan.stages[1].worker, 0, "beside what it must not hold up");
    cr_assert_eq(rig.plan.stages[2].worker, 1);
}

/* The first worker goes on until it can do no more, then both to the end. */
static struct leat_stage_stats run(unsigned pause_us)
{
    struct leat_stage_stats stats;
    while (leat_worker_step(rig.engine, 0, 1, NULL) > 0)
        ;
    leat_engine_stage(rig.engine, 1, &stats);
    usleep(pause_us);
    while (leat_worker_step(rig.engine, 1, 1, NULL) >= 0)
        (void)leat_worker_step(rig.engine, 0, 1, NULL);
    return stats;
}

static void finish(uint64_t dropped)
{
    struct leat_stage_stats stats;
    leat_engine_stage(rig.engine, 1, &stats);
    cr_assert_eq(stats.dropped, dropped);
    cr_assert_eq(stats.samples_lost, 3 * dropped);
    cr_assert_eq(stats.frames_in, FRAMES);
    cr_assert_eq(stats.frames_out, FRAMES - dropped);
    cr_assert_eq(seen_n, FRAMES - dropped);
    cr_assert_eq(rig_end(&rig), LEAT_OK, "every frame came home");
}

Test(queue, that_blocks_holds_up_what_comes_before)
{
    build(&(struct leat_queue_options){.depth = DEPTH, .full = BLOCK});
    struct leat_stage_stats stats = run(0);
    cr_assert_eq(stats.dropped, 0);
    cr_assert_eq(stats.frames_out, EDGE, "edge and queue are full, the source stands");
    for (uint32_t i = 0; i < FRAMES; i++)
        cr_assert_eq(seen[i], i);
    finish(0);
}

Test(queue, keeps_the_oldest_when_the_newest_go)
{
    build(&(struct leat_queue_options){.depth = DEPTH, .full = NEWEST});
    struct leat_stage_stats stats = run(0);
    cr_assert_eq(stats.dropped, FRAMES - EDGE - DEPTH, "the source was never held up");
    for (uint32_t i = 0; i < EDGE + DEPTH; i++)
        cr_assert_eq(seen[i], i);
    finish(FRAMES - EDGE - DEPTH);
}

Test(queue, keeps_the_newest_when_the_oldest_go)
{
    build(&(struct leat_queue_options){.depth = DEPTH, .full = OLDEST});
    (void)run(0);
    for (uint32_t i = 0; i < EDGE + DEPTH; i++)
        cr_assert_eq(seen[i], i < EDGE ? i : FRAMES - EDGE - DEPTH + i);
    finish(FRAMES - EDGE - DEPTH);
}

/* The edge holds the first frames; what waits in the queue meanwhile is too old when it can go. */
Test(queue, lets_go_what_has_waited_too_long)
{
    build(&(struct leat_queue_options){.depth = DEPTH, .full = NEWEST, .age = {.ns = 50000000}});
    (void)run(200000);
    cr_assert_eq(seen_n, EDGE);
    finish(FRAMES - EDGE);
    build(&(struct leat_queue_options){.depth = DEPTH, .age = {.ns = UINT64_C(3600000000000)}});
    (void)run(0);
    finish(0);
}

Test(queue, takes_an_age_as_a_time)
{
    const struct leat_stage *queue = leat_catalogue_find(leat_joints(), "queue", false, NULL);
    const struct leat_queue_options options = {.depth = 1, .age = {.samples = 100}};
    struct leat_need need = {0};
    struct leat_diag diag = {0};
    cr_assert_eq(queue->resolve(&options, NULL, &need, &diag), LEAT_EINVAL);
    cr_assert_str_eq(diag.text, "age: how long a frame may wait, such as 10ms");
}
