/* What the engine says of a run, while it runs and after it. */
#define _GNU_SOURCE
#include "rig.h"
#include "sanitized.h"

#include <criterion/criterion.h>

#include <string.h>

static struct ledger ledger;
static struct rig rig;

static void begin(void)
{
    memset(&ledger, 0, sizeof ledger);
    memset(&rig, 0, sizeof rig);
    rig.ledger = &ledger;
    leat_graph_init(&rig.graph);
}

TestSuite(counts, .init = begin, .timeout = 120);

#define COUNT(links) (uint32_t)(sizeof links / sizeof links[0])

static void build(const struct rig_link *links, uint32_t n, const struct leat_limits *limits)
{
    begin();
    cr_assert_eq(rig_chain(&rig, links, n), LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(rig_build(&rig, limits, NULL), LEAT_OK, "%s", rig.diag.text);
}

static struct leat_stage_stats stage_stats(uint32_t stage)
{
    struct leat_stage_stats stats;
    leat_engine_stage(rig.engine, stage, &stats);
    return stats;
}

/* ---- what was lost ---- */

/* Samples are lost with the frames that they are in, and where a flow stage leaves them out. */
Test(counts, samples_that_go_no_further_are_lost_where_it_happens)
{
    struct rig_link links[] = {{&rig_source, {.n = 1000, .rows = 2, .cols = 7, .last_cols = 3}},
                               {&rig_pick, {.drop_every = 10}},
                               {&rig_add, {0}},
                               {&rig_third, {0}},
                               {&rig_sink, {0}}};
    for (uint32_t workers = 1; workers <= 4; workers++) {
        build(links, COUNT(links), &(struct leat_limits){.workers = workers, .batch = 9});
        cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
        struct leat_stage_stats pick = stage_stats(1), add = stage_stats(2), third = stage_stats(3);
        /* 1000 frames of 7 columns, the last of 3, which is among the hundred dropped */
        cr_assert(pick.samples_in == 6996 && pick.samples_lost == 99 * 7 + 3);
        cr_assert_eq(pick.samples_out, 900 * 7);
        cr_assert(add.samples_lost == 0 && add.samples_in == 6300 && add.samples_out == 6300);
        cr_assert(third.samples_in == 6300 && third.samples_out == 2100 && third.samples_lost == 0);
        cr_assert_eq(rig_end(&rig), LEAT_OK);
    }
}

/* Three inputs make one; at the end one or two are left over. */
Test(counts, what_a_flow_stage_leaves_over_is_lost)
{
    for (uint64_t n = 3; n <= 8; n++) {
        struct rig_link links[] = {
            {&rig_source, {.n = n, .cols = 7}}, {&rig_third, {0}}, {&rig_sink, {0}}};
        build(links, COUNT(links), &(struct leat_limits){.workers = 2, .batch = 2});
        cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
        struct leat_stage_stats third = stage_stats(1);
        cr_assert_eq(third.samples_in, 7 * n);
        cr_assert_eq(third.samples_lost, 7 * (n % 3), "%llu of %llu",
                     (unsigned long long)third.samples_lost, (unsigned long long)(7 * n));
        cr_assert_eq(stage_stats(0).samples_lost + stage_stats(2).samples_lost, 0);
        cr_assert_eq(rig_end(&rig), LEAT_OK);
    }
}

/* ---- while it runs ---- */

static void check_live(const struct leat_stage_stats *s)
{
    cr_assert_leq(s->dropped + s->rejected, s->frames_in, "%s: %llu of %llu frames", s->name,
                  (unsigned long long)(s->dropped + s->rejected),
                  (unsigned long long)s->frames_in);
    cr_assert_leq(s->samples_lost, s->samples_in, "%s: %llu of %llu samples", s->name,
                  (unsigned long long)s->samples_lost, (unsigned long long)s->samples_in);
    cr_assert_leq(s->frames_out, s->frames_in, "%s", s->name);
    cr_assert_leq(s->samples_out, s->samples_in, "%s", s->name);
}

/* Looks again and again for `ns` while the engine runs, then ends it; what is said of it then. */
static struct leat_engine_stats watch(uint64_t ns)
{
    struct leat_engine_stats all;
    cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
    for (uint64_t until = leat_clock_ns() + ns; leat_clock_ns() < until;) {
        leat_engine_snapshot(rig.engine, &all);
        cr_assert_leq(all.dropped + all.rejected + all.latency_ns.count, all.frames);
        for (uint32_t i = 1; i < rig.plan.stages_n; i++) {
            struct leat_stage_stats s = stage_stats(i);
            check_live(&s);
        }
    }
    leat_engine_stop(rig.engine);
    cr_assert_eq(leat_engine_wait(rig.engine, UINT64_MAX, NULL), LEAT_OK);
    leat_engine_snapshot(rig.engine, &all);
    cr_assert_gt(all.frames, 100);
    cr_assert_eq(all.dropped + all.rejected + all.latency_ns.count, all.frames);
    return all;
}

static uint64_t next_seq;
static leat_atomic_u64 host_ns;

/* A sink that looks at what the engine says of a frame. */
static void look(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state;
    for (uint32_t i = 0; i < n; i++) {
        cr_assert_eq(frames[i]->born, host_ns, "claimed earlier, and filled now");
        cr_assert_eq(frames[i]->born, ctx->now);
        cr_assert_eq(frames[i]->seq, next_seq++);
        cr_assert_eq(frames[i]->flags, frames[i]->cols < 16 ? LEAT_SHORT : 0);
        frames[i]->flags = LEAT_LATE; /* nobody sees it again */
    }
}

/* A source has frames in hand, those that it left and those that came back, and numbers and times
 * are as of new ones. */
Test(counts, frames_are_born_when_they_are_filled)
{
    struct leat_stage sink = rig_sink;
    sink.map = look;
    sink.traits &= ~(uint32_t)LEAT_READS_ONLY;
    struct rig_link links[] = {{&rig_source, {.n = 1000, .burst = 5, .last_cols = 3}},
                               {&rig_add, {.add = 1}},
                               {&sink, {0}}};
    struct leat_engine_options options = {.size = sizeof options, .isa = LEAT_ISA_BASE,
                                          .clock_ns = &host_ns};
    cr_assert_eq(rig_chain(&rig, links, 3), LEAT_OK);
    cr_assert_eq(rig_build(&rig, &(struct leat_limits){.workers = 1, .batch = 8}, &options),
                 LEAT_OK, "%s", rig.diag.text);
    while (leat_worker_step(rig.engine, 0, 1, NULL) >= 0)
        leat_store_relaxed(&host_ns, host_ns + 1000);
    cr_assert_eq(next_seq, 1000);
    cr_assert_eq(rig_end(&rig), LEAT_OK);
}

/* Every frame is lost, or none is: each look that is only a moment off shows more lost, or more
 * arrived, than was given. */
Test(counts, never_show_more_lost_than_given)
{
    static const struct rig_options last_pick[] = {{.drop_every = 1}, {.reject_every = 1}, {0}};
    for (uint32_t workers = 1; workers <= 3; workers++)
        for (int how = 0; how < 3; how++) {
            struct rig_link links[] = {{&rig_source, {.cols = 3}},
                                       {&rig_add, {.add = 1}},
                                       {&rig_pick, {.drop_every = how < 2 ? 2 : 0}},
                                       {&rig_pick, last_pick[how]},
                                       {&rig_sink, {0}}};
            build(links, COUNT(links), &(struct leat_limits){.workers = workers, .batch = 4});
            struct leat_engine_stats all = watch(300000000);
            cr_assert_eq(all.samples, 3 * all.frames);
            cr_assert_eq(stage_stats(3).samples_lost + stage_stats(2).samples_lost,
                         how < 2 ? all.samples : 0);
            cr_assert_eq(rig_end(&rig), LEAT_OK);
        }
}

/* A flow stage's frames are counted in when it has used them; what is rejected before it, too. */
Test(counts, never_show_more_rejected_than_given_to_a_flow_stage)
{
    for (uint32_t workers = 1; workers <= 3; workers++) {
        struct rig_link links[] = {{&rig_breaking_source, {.cols = 3, .nan_every = 1}},
                                   {&rig_flow_wants_finite, {0}},
                                   {&rig_sink, {0}}};
        build(links, COUNT(links), &(struct leat_limits){.workers = workers, .batch = 4});
        struct leat_engine_stats all = watch(300000000);
        struct leat_stage_stats flow = stage_stats(1);
        cr_assert(flow.rejected == all.frames && flow.frames_in == all.frames);
        cr_assert(flow.samples_in == 3 * all.frames && flow.samples_lost == flow.samples_in);
        cr_assert_eq(rig_end(&rig), LEAT_OK);
    }
}

/* ---- latencies ---- */

/* Two chains end on two workers: both are in the one histogram. */
Test(counts, latencies_are_those_of_every_chain)
{
    for (uint32_t workers = 1; workers <= 5; workers++) {
        struct ledger other = {0};
        struct rig_link first[] = {{&rig_source, {.n = 300}}, {&rig_add, {0}}, {&rig_sink, {0}}};
        struct rig_link second[] = {{&rig_source, {.ledger = &other, .n = 77}},
                                    {&rig_add, {.ledger = &other}},
                                    {&rig_sink, {.ledger = &other, .slow_ns = 100000}}};
        begin();
        cr_assert_eq(rig_chain(&rig, first, 3), LEAT_OK);
        cr_assert_eq(rig_chain(&rig, second, 3), LEAT_OK);
        cr_assert_eq(rig_build(&rig, &(struct leat_limits){.workers = workers}, NULL), LEAT_OK);
        cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
        struct leat_engine_stats stats;
        leat_engine_snapshot(rig.engine, &stats);
        cr_assert_eq(stats.latency_ns.count, 377, "%u workers", workers);
        cr_assert_geq(stats.latency_ns.max, 100000, "the slow chain's");
        cr_assert_eq(rig_end(&rig), LEAT_OK);
    }
}

/* ---- pools ---- */

/* A batch of one goes to the depot for a chunk of frames, not for each of them. One thread steps
 * both workers in turn, so that the numbers are the same in every run. */
Test(counts, a_batch_of_one_hits_the_magazine_too)
{
    struct rig_link links[] = {
        {&rig_source, {.n = 6400}}, {&rig_add, {0}}, {&rig_add, {0}}, {&rig_sink, {0}}};
    build(links, COUNT(links),
          &(struct leat_limits){.workers = 2, .batch = 1, .edge_frames = 64});
    cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK);
    struct leat_pool_stats pool;
    leat_engine_pool(rig.engine, 0, &pool);
    cr_assert_geq(pool.claims, 6400);
    cr_assert_geq((double)pool.hits / (double)pool.claims, 0.95, "%llu misses",
                  (unsigned long long)pool.misses);
    cr_assert_eq(rig_end(&rig), LEAT_OK);
}

/* The same on threads, where the one often waits for the other. */
Test(counts, a_batch_of_one_hits_the_magazine_on_threads_too)
{
    struct rig_link links[] = {
        {&rig_source, {.n = 50000}}, {&rig_add, {0}}, {&rig_add, {0}}, {&rig_sink, {0}}};
    build(links, COUNT(links), &(struct leat_limits){.workers = 2, .batch = 1});
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
    struct leat_pool_stats pool;
    leat_engine_pool(rig.engine, 0, &pool);
    cr_assert_geq((double)pool.hits / (double)pool.claims, 0.85, "%llu misses",
                  (unsigned long long)pool.misses);
    cr_assert_eq(rig_end(&rig), LEAT_OK);
}

/* The plan's frames are enough wherever they may be: no claim is ever refused. */
Test(counts, with_the_frames_of_the_plan_no_claim_is_refused)
{
    const bool slow = THREAD_SANITIZER; /* ten times as slow there */
    const uint64_t n = slow ? 1000 : 4000;
    struct rig_link links[] = {{&rig_source, {.n = n, .cols = 5, .burst = 9}},
                               {&rig_add, {0}},
                               {&rig_hold, {.hold = 7}},
                               {&rig_triple, {0}},
                               {&rig_add, {0}},
                               {&rig_third, {0}},
                               {&rig_pass, {0}},
                               {&rig_sink, {0}}};
    uint32_t batches[] = {1, 3, 32};
    for (uint32_t workers = 1; workers <= 8; workers += slow ? workers : 1)
        for (uint32_t b = 0; b < 3; b++)
            for (int threads = 0; threads < 2; threads++) {
                struct leat_limits limits = {.workers = workers, .batch = batches[b]};
                build(links, COUNT(links), &limits);
                int status = threads ? rig_run_threads(&rig) : rig_run_steps(&rig, 4711 + workers);
                cr_assert_eq(status, LEAT_OK);
                for (uint32_t i = 0; i < rig.plan.pools_n; i++) {
                    struct leat_pool_stats pool;
                    leat_engine_pool(rig.engine, i, &pool);
                    cr_assert_eq(pool.refused, 0, "%u workers, batch %u, pool %u of %u frames",
                                 workers, batches[b], i, pool.frames);
                }
                cr_assert_eq(rig_end(&rig), LEAT_OK);
            }
}
