#include "rig.h"

#include <criterion/criterion.h>

#include <stdlib.h>
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

TestSuite(engine, .init = begin, .timeout = 120);

#define COUNT(links) (uint32_t)(sizeof links / sizeof links[0])

static void build(const struct rig_link *links, uint32_t n, const struct leat_limits *limits,
                  const struct leat_engine_options *options)
{
    begin();
    cr_assert_eq(rig_chain(&rig, links, n), LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(rig_build(&rig, limits, options), LEAT_OK, "%s", rig.diag.text);
}

/* How a run is driven: by threads, or by one thread that steps. */
enum drive { THREADS, STEPS, RANDOM_STEPS, DRIVES };

static int drive(enum drive how, uint64_t random)
{
    return how == THREADS ? rig_run_threads(&rig) : rig_run_steps(&rig, how == STEPS ? 0 : random);
}

/* The chain over 1..4 workers, batches 1, 7 and 32, threads and steps, scarce and plentiful frames:
 * always what the plain loops say. */
static void same_everywhere(const struct rig_link *links, uint32_t n)
{
    struct ledger expected = {0};
    rig_expect(links, n, &expected);
    uint32_t batches[] = {1, 7, 32}, round = 0;
    for (uint32_t workers = 1; workers <= 4; workers++)
        for (uint32_t b = 0; b < 3; b++, round++) {
            struct leat_limits limits = {.workers = workers, .batch = batches[b]};
            build(links, n, &limits, NULL);
            if (round % 3 == 1) { /* again, with as few frames as the proof allows */
                uint32_t least = rig.plan.pools[0].frames_min;
                rig_end(&rig);
                limits.frames = least;
                limits.edge_frames = 1 + round % 4;
                build(links, n, &limits, NULL);
                cr_assert_eq(rig.plan.pools[0].frames, least);
            }
            int status = drive(round % DRIVES, 88172645463325252u + round);
            cr_assert_eq(status, LEAT_OK, "%u workers, batch %u: %d %s", workers, batches[b],
                         status, rig.diag.text);
            struct leat_engine_stats stats;
            leat_engine_snapshot(rig.engine, &stats);
            cr_assert_eq(stats.frames, links[0].options.n);
            cr_assert_eq(ledger.frames, expected.frames, "%llu frames, not %llu",
                         (unsigned long long)ledger.frames, (unsigned long long)expected.frames);
            cr_assert_eq(ledger.digest, expected.digest, "%u workers, batch %u", workers,
                         batches[b]);
            cr_assert_eq(ledger.disorder, 0);
            cr_assert_eq(rig_end(&rig), LEAT_OK, "%s", rig.diag.text);
            cr_assert_eq(ledger.inits, n);
            cr_assert_eq(ledger.finis, n);
        }
}

Test(engine, maps_keep_order_and_bits)
{
    struct rig_link links[] = {{&rig_source, {.n = 1000, .rows = 2, .cols = 11, .last_cols = 3}},
                               {&rig_add, {.add = 5}},
                               {&rig_add, {.add = 7}},
                               {&rig_add, {.add = 1}},
                               {&rig_sink, {0}}};
    same_everywhere(links, COUNT(links));
}

Test(engine, a_source_may_come_short_or_empty)
{
    struct rig_link links[] = {{&rig_source, {.n = 500, .burst = 3}},
                               {&rig_add, {.add = 5}},
                               {&rig_pass, {0}},
                               {&rig_sink, {0}}};
    same_everywhere(links, COUNT(links));
}

Test(engine, flow_stages_forward_and_hold)
{
    struct rig_link links[] = {{&rig_source, {.n = 700, .cols = 5}},
                               {&rig_pass, {0}},
                               {&rig_hold, {.hold = 13}},
                               {&rig_add, {.add = 5}},
                               {&rig_hold, {.hold = 1}},
                               {&rig_pass, {0}},
                               {&rig_sink, {0}}};
    same_everywhere(links, COUNT(links));
    cr_assert_eq(ledger.flushes, 3);
}

Test(engine, flow_stages_claim_three_for_one)
{
    struct rig_link links[] = {{&rig_source, {.n = 300, .cols = 9}},
                               {&rig_triple, {0}},
                               {&rig_add, {.add = 2}},
                               {&rig_sink, {0}}};
    same_everywhere(links, COUNT(links));
}

Test(engine, flow_stages_claim_one_for_three)
{
    struct rig_link links[] = {{&rig_source, {.n = 1000, .cols = 9}},
                               {&rig_add, {.add = 2}},
                               {&rig_third, {0}},
                               {&rig_sink, {0}}};
    same_everywhere(links, COUNT(links));
}

Test(engine, everything_in_one_chain)
{
    struct rig_link links[] = {{&rig_source, {.n = 400, .rows = 3, .cols = 7, .burst = 5}},
                               {&rig_add, {.add = 2}},
                               {&rig_triple, {0}},
                               {&rig_hold, {.hold = 4}},
                               {&rig_pick, {.drop_every = 5, .reject_every = 7}},
                               {&rig_third, {0}},
                               {&rig_pass, {0}},
                               {&rig_add, {.add = 2}},
                               {&rig_sink, {0}}};
    same_everywhere(links, COUNT(links));
}

Test(engine, no_frame_and_a_single_frame)
{
    for (uint64_t n = 1; n <= 2; n++) {
        struct rig_link links[] = {{&rig_source, {.n = n}},
                                   {&rig_hold, {.hold = 3}},
                                   {&rig_sink, {0}}};
        same_everywhere(links, COUNT(links));
    }
}

/* Frames that are dropped or rejected are counted where it happened, and by kind. */
Test(engine, drops_and_rejections_are_counted_exactly)
{
    struct rig_link links[] = {{&rig_source, {.n = 1000, .cols = 4}},
                               {&rig_pick, {.drop_every = 5, .reject_every = 7}},
                               {&rig_pick, {.reject_every = 10}},
                               {&rig_sink, {0}}};
    for (uint32_t workers = 1; workers <= 3; workers++) {
        build(links, 4, &(struct leat_limits){.workers = workers, .batch = 8}, NULL);
        cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
        /* of 1000: 200 dropped; the multiples of 7 without those of 35: 142 - 28; then a tenth */
        uint64_t after = 1000 - 200 - 114;
        struct leat_stage_stats first, second, sink, source;
        leat_engine_stage(rig.engine, 0, &source);
        leat_engine_stage(rig.engine, 1, &first);
        leat_engine_stage(rig.engine, 2, &second);
        leat_engine_stage(rig.engine, 3, &sink);
        cr_assert(source.frames_out == 1000 && source.samples_out == 4000);
        cr_assert(first.frames_in == 1000 && first.dropped == 200 && first.rejected == 114);
        cr_assert(first.frames_out == after && second.frames_in == after);
        cr_assert(second.rejected == after / 10 && second.dropped == 0);
        cr_assert(sink.frames_in == after - after / 10 && sink.samples_in == 4 * sink.frames_in);
        cr_assert_eq(ledger.frames, sink.frames_in);
        struct leat_engine_stats all;
        leat_engine_snapshot(rig.engine, &all);
        cr_assert(all.dropped == 200 && all.rejected == 114 + after / 10);
        cr_assert(all.frames == 1000 && all.samples == 4000);
        cr_assert_eq(rig_end(&rig), LEAT_OK);
    }
}

Test(engine, quarantine_keeps_the_last_with_their_reasons)
{
    struct rig_link links[] = {{&rig_source, {.n = 1000, .cols = 4}},
                               {&rig_pick, {.reject_every = 7}},
                               {&rig_add, {.add = 1}},
                               {&rig_sink, {0}}};
    for (uint32_t workers = 1; workers <= 4; workers++) {
        build(links, 4,
              &(struct leat_limits){.workers = workers, .batch = 7, .quarantine = 5}, NULL);
        cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
        const struct leat_frame *kept[10];
        cr_assert_eq(leat_engine_quarantined(rig.engine, kept, 10), 5);
        for (uint32_t k = 0; k < 5; k++) {
            uint64_t seq = 993 - 7 * k; /* the newest first; the 994th frame has number 993 */
            cr_assert_eq(kept[k]->seq, seq);
            cr_assert_eq(kept[k]->reason, LEAT_WHY_OWN + (seq + 1) % 7);
            cr_assert_eq(kept[k]->owner, 1, "the stage that rejected it");
            const double *x = (const double *)(kept[k] + 1);
            for (uint32_t i = 0; i < 4; i++)
                cr_assert_eq(x[i], rig_sample(seq, 0, i));
        }
        cr_assert_eq(leat_engine_quarantined(rig.engine, kept, 2), 2);
        cr_assert_eq(kept[0]->seq, 993);
        cr_assert_eq(rig_end(&rig), LEAT_OK);
    }
    build(links, 4, NULL, NULL);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
    const struct leat_frame *none;
    cr_assert_eq(leat_engine_quarantined(rig.engine, &none, 1), 0, "none was asked for");
    rig_end(&rig);
}

/* A stage that wants finite samples never sees others, be it a map or a flow stage, first or behind
 * an edge; frames with NaN are counted as rejected there. */
Test(engine, not_a_number_is_rejected_before_who_wants_finite)
{
    const struct leat_stage *wanting[] = {&rig_wants_finite, &rig_flow_wants_finite};
    for (int kind = 0; kind < 2; kind++)
        for (uint32_t workers = 1; workers <= 4; workers++) {
            struct rig_link links[] = {
                {&rig_breaking_source, {.n = 1000, .rows = 2, .nan_every = 9}},
                {&rig_add, {.add = 1}},
                {wanting[kind], {0}},
                {&rig_sink, {0}}};
            build(links, 4, &(struct leat_limits){.workers = workers, .quarantine = 3}, NULL);
            cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
            cr_assert_eq(ledger.seen_not_finite, 0, "kind %d, %u workers", kind, workers);
            cr_assert_eq(ledger.frames, 1000 - 111);
            struct leat_stage_stats stats;
            leat_engine_stage(rig.engine, 2, &stats);
            cr_assert_eq(stats.rejected, 111);
            cr_assert_eq(stats.frames_in, 1000);
            cr_assert_eq(stats.frames_out, 889);
            const struct leat_frame *kept[3];
            cr_assert_eq(leat_engine_quarantined(rig.engine, kept, 3), 3);
            cr_assert_eq(kept[0]->reason, LEAT_WHY_NOT_FINITE);
            cr_assert_eq(kept[0]->owner, 2);
            cr_assert_eq(rig_end(&rig), LEAT_OK);
        }
    /* a source that promises finite samples is believed: no scan */
    struct rig_link trusted[] = {{&rig_source, {.n = 100, .nan_every = 9}},
                                 {&rig_wants_finite, {0}},
                                 {&rig_sink, {0}}};
    build(trusted, 3, NULL, NULL);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
    cr_assert_eq(ledger.seen_not_finite, 11);
    cr_assert_eq(ledger.frames, 100);
    rig_end(&rig);
}

Test(engine, copies_and_reframings_are_counted)
{
    struct rig_link links[] = {{&rig_source, {.n = 300}},
                               {&rig_triple, {0}},
                               {&rig_third, {0}},
                               {&rig_sink, {0}}};
    build(links, 4, &(struct leat_limits){.workers = 2}, NULL);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
    struct leat_engine_stats stats;
    leat_engine_snapshot(rig.engine, &stats);
    cr_assert(stats.copied == 900 && stats.reframed == 300 && stats.dropped == 0);
    cr_assert_eq(rig_end(&rig), LEAT_OK);
}

/* It would leave the stretch of the plan's proof. */
static uint32_t put_inputs(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                           uint32_t n, struct leat_out *out)
{
    (void)state, (void)ctx, (void)n;
    return leat_out_put(out, frames[0]) ? 1 : 0;
}

Test(engine, a_stage_with_a_quota_must_not_put_an_input)
{
    struct leat_stage greedy = rig_triple;
    greedy.name = "greedy";
    greedy.flow = put_inputs;
    for (uint32_t workers = 1; workers <= 3; workers++) {
        struct rig_link links[] = {{&rig_source, {.n = 100}}, {&greedy, {0}}, {&rig_sink, {0}}};
        build(links, 3, &(struct leat_limits){.workers = workers}, NULL);
        cr_assert_eq(rig_run_threads(&rig), LEAT_EINVAL);
        cr_assert_str_eq(rig.diag.text, "greedy: puts an input though it has a quota");
        cr_assert_eq(ledger.frames, 0, "none went on");
        cr_assert_eq(rig_end(&rig), LEAT_OK);
    }
}

/* As much as there is room for, at once; the last two of many are let go. */
static uint32_t herd(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n, struct leat_out *out)
{
    uint32_t most = leat_out_room(out), want = n < 3 ? n : n - 2;
    uint32_t k = leat_out_put_n(out, frames, want);
    (void)state;
    if (k != (want < most ? want : most) || leat_out_room(out) != most - k)
        leat_fail(ctx, LEAT_ESTATE, "%u of %u put where there was room for %u", k, want, most);
    if (k != want || want == n)
        return k;
    ctx->dropped += n - k;
    ctx->samples_lost += frames[k]->cols + frames[k + 1]->cols;
    leat_out_release_n(out, frames + k, n - k);
    return n;
}

Test(engine, frames_are_put_and_released_many_at_a_time)
{
    struct leat_stage herding = rig_pass;
    herding.name = "herd";
    herding.flow = herd;
    for (uint32_t workers = 1; workers <= 3; workers++)
        for (uint32_t batch = 1; batch <= 32; batch += 31) {
            struct rig_link links[] = {
                {&rig_source, {.n = 500}}, {&herding, {0}}, {&rig_sink, {0}}};
            build(links, 3, &(struct leat_limits){.workers = workers, .batch = batch,
                                                  .edge_frames = 5}, NULL);
            cr_assert_eq(rig_run_threads(&rig), LEAT_OK, "%s", rig.diag.text);
            struct leat_stage_stats stats;
            leat_engine_stage(rig.engine, 1, &stats);
            cr_assert(stats.frames_in == 500 && stats.samples_in == 500 * 16);
            cr_assert(stats.frames_out == 500 - stats.dropped &&
                      stats.samples_out == 16 * stats.frames_out &&
                      stats.samples_lost == 16 * stats.dropped);
            cr_assert(ledger.frames == stats.frames_out && ledger.disorder == 0);
            cr_assert_eq(stats.dropped != 0, batch > 1);
            cr_assert_eq(rig_end(&rig), LEAT_OK);
        }
}

Test(engine, frames_max_ends_each_source)
{
    struct rig_link links[] = {{&rig_source, {.n = 0}}, {&rig_add, {0}}, {&rig_sink, {0}}};
    uint64_t most[] = {1, 31, 32, 33, 1000};
    for (int i = 0; i < 5; i++) {
        struct leat_engine_options o = {
            .size = sizeof o, .isa = leat_isa_best(), .frames_max = most[i]};
        build(links, 3, &(struct leat_limits){.workers = 1 + (uint32_t)i % 3}, &o);
        cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
        cr_assert_eq(ledger.frames, most[i]);
        cr_assert_eq(rig_end(&rig), LEAT_OK);
    }
}

/* Two chains, one of them with hardly a frame, share a worker that is never idle: the frames of the
 * one come home all the same. */
Test(engine, a_busy_worker_gives_back_what_another_waits_for)
{
    struct ledger busy = {0}, scarce = {0};
    struct rig_link first[] = {{&rig_source, {.ledger = &scarce, .n = 400}},
                               {&rig_add, {.ledger = &scarce}},
                               {&rig_add, {.ledger = &scarce}},
                               {&rig_add, {.ledger = &scarce}},
                               {&rig_sink, {.ledger = &scarce}}};
    struct rig_link second[] = {{&rig_source, {.ledger = &busy}},
                                {&rig_add, {.ledger = &busy}},
                                {&rig_sink, {.ledger = &busy}}};
    begin();
    cr_assert_eq(rig_chain(&rig, first, 5), LEAT_OK);
    cr_assert_eq(rig_chain(&rig, second, 3), LEAT_OK);
    struct leat_limits limits = {.workers = 2, .batch = 16, .frames = 1};
    cr_assert_eq(rig_build(&rig, &limits, NULL), LEAT_OK, "%s", rig.diag.text);
    cr_assert_neq(rig.plan.stages[3].worker, rig.plan.stages[4].worker);
    cr_assert_eq(rig.plan.stages[4].worker, rig.plan.stages[5].worker);
    cr_assert_eq(leat_engine_start(rig.engine, &rig.diag), LEAT_OK);
    struct leat_stage_stats stats = {0};
    uint64_t until = leat_clock_ns() + UINT64_C(20000000000);
    while (stats.frames_in < 400 && leat_clock_ns() < until)
        leat_engine_stage(rig.engine, 4, &stats);
    leat_engine_stop(rig.engine);
    cr_assert_eq(leat_engine_wait(rig.engine, UINT64_MAX, NULL), LEAT_OK);
    cr_assert_eq(stats.frames_in, 400, "%llu of 400 passed beside a busy chain",
                 (unsigned long long)stats.frames_in);
    cr_assert_eq(scarce.disorder + busy.disorder, 0);
    cr_assert_eq(rig_end(&rig), LEAT_OK);
}

Test(engine, two_engines_know_nothing_of_each_other)
{
    struct rig_link links[] = {{&rig_source, {.n = 3000, .cols = 20}},
                               {&rig_add, {.add = 3}},
                               {&rig_hold, {.hold = 2}},
                               {&rig_sink, {0}}};
    struct ledger expected = {0}, ledgers[2] = {{0}, {0}};
    struct rig rigs[2] = {{.ledger = &ledgers[0]}, {.ledger = &ledgers[1]}};
    rig_expect(links, 4, &expected);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(rig_chain(&rigs[i], links, 4), LEAT_OK);
        cr_assert_eq(rig_build(&rigs[i], &(struct leat_limits){.workers = 2}, NULL), LEAT_OK);
    }
    for (int i = 0; i < 2; i++)
        cr_assert_eq(leat_engine_start(rigs[i].engine, NULL), LEAT_OK);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(leat_engine_wait(rigs[i].engine, UINT64_MAX, NULL), LEAT_OK);
        cr_assert_eq(ledgers[i].digest, expected.digest);
        cr_assert_eq(rig_end(&rigs[i]), LEAT_OK);
    }
}

Test(engine, pool_and_edge_numbers_add_up)
{
    struct rig_link links[] = {{&rig_source, {.n = 5000}},
                               {&rig_add, {.add = 3}},
                               {&rig_add, {.add = 3}},
                               {&rig_sink, {0}}};
    for (uint32_t workers = 1; workers <= 2; workers++) {
        build(links, 4, &(struct leat_limits){.workers = workers}, NULL);
        cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
        struct leat_pool_stats pool;
        leat_engine_pool(rig.engine, 0, &pool);
        cr_assert(pool.claims >= 5000 && pool.in_use == 0);
        cr_assert_eq(pool.frames, rig.plan.pools[0].frames);
        cr_assert(pool.hits + pool.misses == pool.claims, "every claim is a hit or a miss");
        cr_assert_gt((double)pool.hits / (double)pool.claims, 0.95);
        cr_assert(pool.high_water >= 1 && pool.high_water <= pool.frames);
        if (workers == 2) {
            struct leat_edge_stats edge;
            leat_engine_edge(rig.engine, 0, &edge);
            cr_assert(edge.frames == 5000 && edge.from == 1 && edge.to == 2);
            cr_assert_gt(edge.wait_ns.count, 0);
        }
        struct leat_engine_stats stats;
        leat_engine_snapshot(rig.engine, &stats);
        cr_assert_eq(stats.latency_ns.count, 5000);
        cr_assert_gt(stats.seconds, 0);
        rig_end(&rig);
    }
}
