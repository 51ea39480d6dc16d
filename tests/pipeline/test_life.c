#define _GNU_SOURCE
#include "rig.h"
#include "sanitized.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static struct ledger ledger;
static struct rig rig;

static void begin(void)
{
    memset(&ledger, 0, sizeof ledger);
    memset(&rig, 0, sizeof rig);
    rig.ledger = &ledger;
    leat_graph_init(&rig.graph);
}

TestSuite(life, .init = begin, .timeout = 120);

static void build(const struct rig_link *links, uint32_t n, const struct leat_limits *limits)
{
    begin();
    cr_assert_eq(rig_chain(&rig, links, n), LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(rig_build(&rig, limits, NULL), LEAT_OK, "%s", rig.diag.text);
}

static const struct rig_link endless[] = {
    {&rig_source, {.n = 0}}, {&rig_add, {.add = 3}}, {&rig_hold, {.hold = 5}}, {&rig_sink, {0}}};

/* ---- the order of the calls, and the storage ---- */

Test(life, calls_out_of_order_are_refused)
{
    begin();
    struct leat_engine_options o = {.size = sizeof o, .isa = leat_isa_best()};
    struct rig_link links[] = {{&rig_source, {.n = 100}}, {&rig_sink, {0}}};
    cr_assert_eq(rig_chain(&rig, links, 2), LEAT_OK);
    cr_assert_eq(rig_plan(&rig, NULL), LEAT_OK);
    rig.bytes = leat_engine_bytes(&rig.plan);
    rig.memory = aligned_alloc(LEAT_APART, leat_round_up(rig.bytes, LEAT_APART));
    cr_assert_eq(leat_engine_init(&rig.engine, &rig.plan, &o, rig.memory, rig.bytes, &rig.diag),
                 LEAT_OK);
    cr_assert_eq(leat_engine_start(rig.engine, &rig.diag), LEAT_ESTATE, "start before seal");
    cr_assert_eq(leat_engine_seal(rig.engine, &rig.diag), LEAT_OK);
    cr_assert_eq(leat_engine_seal(rig.engine, &rig.diag), LEAT_ESTATE, "sealed twice");
    cr_assert_eq(leat_engine_start(rig.engine, &rig.diag), LEAT_OK);
    cr_assert_eq(leat_engine_start(rig.engine, &rig.diag), LEAT_ESTATE, "started twice");
    cr_assert_eq(leat_engine_wait(rig.engine, UINT64_MAX, &rig.diag), LEAT_OK);
    cr_assert_eq(leat_engine_wait(rig.engine, 0, &rig.diag), LEAT_OK, "waiting again is fine");
    cr_assert_eq(ledger.frames, 100);
    cr_assert_eq(rig_end(&rig), LEAT_OK);
    cr_assert_eq(leat_engine_fini(NULL, NULL), LEAT_OK);
}

Test(life, storage_too_small_or_misaligned_is_refused)
{
    begin();
    struct leat_engine_options o = {.size = sizeof o, .isa = leat_isa_best()};
    cr_assert_eq(rig_chain(&rig, endless, 4), LEAT_OK);
    cr_assert_eq(rig_plan(&rig, NULL), LEAT_OK);
    size_t bytes = leat_engine_bytes(&rig.plan);
    char *memory = aligned_alloc(LEAT_APART, leat_round_up(bytes + LEAT_APART, LEAT_APART));
    struct leat_engine *e = (struct leat_engine *)1;
    cr_assert_eq(leat_engine_init(&e, &rig.plan, &o, memory, bytes - 1, &rig.diag), LEAT_EINVAL);
    cr_assert_null(e);
    char number[32];
    snprintf(number, sizeof number, "takes %zu bytes", bytes);
    cr_assert(strstr(rig.diag.text, number) != NULL, "%s", rig.diag.text);
    cr_assert_eq(leat_engine_init(&e, &rig.plan, &o, memory + 64, bytes, &rig.diag), LEAT_EINVAL);
    cr_assert_eq(leat_engine_init(&e, &rig.plan, &o, NULL, bytes, &rig.diag), LEAT_EINVAL);
    cr_assert_eq(leat_engine_init(&e, &rig.plan, NULL, memory, bytes, &rig.diag), LEAT_EINVAL);
    struct leat_engine_options old = o;
    old.size = 8;
    cr_assert_eq(leat_engine_init(&e, &rig.plan, &old, memory, bytes, &rig.diag), LEAT_EINVAL);
    cr_assert_eq(ledger.inits, 0, "no stage was begun");
    free(memory);
    rig.engine = NULL;
    rig_end(&rig);
}

Test(life, the_same_storage_serves_again)
{
    struct rig_link links[] = {{&rig_source, {.n = 500}},
                               {&rig_triple, {0}},
                               {&rig_hold, {.hold = 3}},
                               {&rig_sink, {0}}};
    struct leat_engine_options o = {.size = sizeof o, .isa = leat_isa_best()};
    build(links, 4, &(struct leat_limits){.workers = 2});
    uint64_t digest = 0;
    for (int turn = 0; turn < 3; turn++) {
        cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
        cr_assert_eq(ledger.frames, 1500);
        cr_assert(turn == 0 || ledger.digest == digest);
        digest = ledger.digest;
        cr_assert_eq(leat_engine_fini(rig.engine, &rig.diag), LEAT_OK, "%s", rig.diag.text);
        ledger.frames = ledger.digest = 0;
        cr_assert_eq(leat_engine_init(&rig.engine, &rig.plan, &o, rig.memory, rig.bytes, NULL),
                     LEAT_OK);
        cr_assert_eq(leat_engine_seal(rig.engine, NULL), LEAT_OK);
    }
    cr_assert_eq(rig_end(&rig), LEAT_OK, "an engine that never ran has nothing out");
    cr_assert_eq(ledger.inits, 16);
    cr_assert_eq(ledger.finis, 16);
}

/* The stage that fails to begin, and those before it, are ended; those behind never began. */
Test(life, an_init_that_fails_ends_the_earlier_ones)
{
    for (uint32_t nth = 0; nth < 5; nth++) {
        begin();
        struct rig_link links[] = {{&rig_source, {.n = 10}},
                                   {&rig_add, {0}},
                                   {&rig_pass, {0}},
                                   {&rig_add, {0}},
                                   {&rig_sink, {0}}};
        links[nth].options.fail_init = true;
        cr_assert_eq(rig_chain(&rig, links, 5), LEAT_OK);
        cr_assert_eq(rig_build(&rig, NULL, NULL), LEAT_EIO);
        cr_assert_str_eq(rig.diag.text, "this stage does not begin");
        cr_assert_null(rig.engine);
        cr_assert_eq(ledger.inits, nth + 1);
        cr_assert_eq(ledger.finis, nth + 1);
        rig_end(&rig);
    }
}

/* ---- stop and failure ---- */

Test(life, stop_drains_and_everything_comes_home)
{
    for (uint32_t workers = 1; workers <= 4; workers++)
        for (int turn = 0; turn < 5; turn++) {
            build(endless, 4, &(struct leat_limits){.workers = workers, .batch = 7});
            cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
            nanosleep(&(struct timespec){.tv_nsec = 1000000 * turn}, NULL);
            cr_assert_eq(leat_engine_wait(rig.engine, 0, NULL), 1, "it runs");
            leat_engine_stop(rig.engine);
            cr_assert_eq(leat_engine_wait(rig.engine, UINT64_C(30000000000), &rig.diag), LEAT_OK);
            struct leat_engine_stats stats;
            leat_engine_snapshot(rig.engine, &stats);
            cr_assert_eq(ledger.frames, stats.frames, "what left the source reached the sink");
            cr_assert_eq(ledger.flushes, 2);
            cr_assert_eq(rig_end(&rig), LEAT_OK, "%s", rig.diag.text);
        }
}

Test(life, fini_alone_stops_a_running_engine)
{
    build(endless, 4, &(struct leat_limits){.workers = 3});
    cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
    cr_assert_eq(rig_end(&rig), LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(ledger.finis, 4);

    build(endless, 4, NULL); /* stopped before it began */
    leat_engine_stop(rig.engine);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
    cr_assert_eq(ledger.frames, 0);
    cr_assert_eq(ledger.flushes, 2);
    cr_assert_eq(rig_end(&rig), LEAT_OK);

    build(endless, 4, &(struct leat_limits){.workers = 2}); /* left in the middle of stepping */
    cr_assert_gt(leat_worker_step(rig.engine, 0, 3, NULL), 0);
    cr_assert_eq(rig_end(&rig), LEAT_OK);
}

/* The source never ends, has frames always or never; the host calls fini and nothing else. */
Test(life, fini_of_an_engine_that_never_ends_is_bounded)
{
    uint64_t silent[] = {0, UINT64_C(3600000000000)};
    for (int i = 0; i < 2; i++)
        for (uint32_t workers = 1; workers <= 4; workers++) {
            struct rig_link links[] = {{&rig_source, {.n = 0, .silent_ns = silent[i]}},
                                       {&rig_triple, {0}},
                                       {&rig_hold, {.hold = 5}},
                                       {&rig_sink, {0}}};
            build(links, 4, &(struct leat_limits){.workers = workers});
            cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
            nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); /* asleep, or at full speed */
            uint64_t began = leat_clock_ns();
            cr_assert_eq(rig_end(&rig), LEAT_OK, "%s", rig.diag.text);
            cr_assert_lt(leat_clock_ns() - began, UINT64_C(2000000000));
            cr_assert_eq(ledger.finis, 4);
        }
}

/* Wherever it fails, the engine ends with that status and text, on threads and stepping. */
Test(life, a_failure_in_the_middle_stops_with_its_message)
{
    for (uint32_t nth = 0; nth < 4; nth++)
        for (uint32_t workers = 1; workers <= 4; workers++)
            for (int stepping = 0; stepping < 2; stepping++) {
                struct rig_link links[] = {{&rig_source, {.n = 0}},
                                           {&rig_add, {.add = 3}},
                                           {&rig_pass, {0}},
                                           {&rig_sink, {0}}};
                links[nth].options.fail_at = 777;
                build(links, 4, &(struct leat_limits){.workers = workers});
                int status = stepping ? rig_run_steps(&rig, 4711 + workers) : rig_run_threads(&rig);
                cr_assert_eq(status, LEAT_EDATA, "stage %u, %u workers: %d", nth, workers, status);
                if (!stepping)
                    cr_assert_str_eq(rig.diag.text, "frame 777 is not to its taste");
                cr_assert_leq(ledger.frames, 776);
                cr_assert_eq(ledger.flushes, 0, "what failed is not finished");
                cr_assert_eq(rig_end(&rig), LEAT_OK, "a run that failed has frames under way");
                cr_assert_eq(ledger.finis, 4);
            }
}

Test(life, a_flush_that_fails_is_told)
{
    for (uint32_t nth = 1; nth < 3; nth++)
        for (uint32_t workers = 1; workers <= 3; workers++) {
            struct rig_link links[] = {{&rig_source, {.n = 100}},
                                       {&rig_hold, {.hold = 5}},
                                       {&rig_sink, {0}}};
            links[nth].options.fail_flush = true;
            build(links, 3, &(struct leat_limits){.workers = workers});
            cr_assert_eq(rig_run_threads(&rig), LEAT_EIO);
            cr_assert_str_eq(rig.diag.text, nth == 1 ? "the flush went wrong"
                                                     : "the result could not be written");
            rig_end(&rig);
        }
}

/* ---- time ---- */

Test(life, ticks_come_in_time)
{
    struct rig_link links[] = {{&rig_source, {.n = 5, .silent_ns = 300000000}},
                               {&rig_ticker, {.tick_ns = 10000000}},
                               {&rig_sink, {0}}};
    for (uint32_t workers = 1; workers <= 3; workers++) {
        build(links, 3, &(struct leat_limits){.workers = workers});
        cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
        nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
        uint64_t ticks = leat_load_relaxed(&ledger.ticks);
        leat_engine_stop(rig.engine);
        cr_assert_eq(leat_engine_wait(rig.engine, UINT64_MAX, NULL), LEAT_OK);
        /* 25 periods; a shared machine may miss some, none may come too often */
        cr_assert(ticks >= 10 && ticks <= 27, "%llu ticks", (unsigned long long)ticks);
        cr_assert_eq(rig_end(&rig), LEAT_OK);
    }
}

Test(life, stepping_says_when_to_come_again)
{
    struct rig_link links[] = {{&rig_source, {.n = 5, .silent_ns = UINT64_C(3600000000000)}},
                               {&rig_ticker, {.tick_ns = 50000000}},
                               {&rig_sink, {0}}};
    build(links, 3, NULL);
    uint64_t due = 0, now;
    int did;
    do {
        did = leat_worker_step(rig.engine, 0, 10, &due);
        now = leat_clock_ns();
    } while (did > 0);
    cr_assert_eq(did, 0);
    cr_assert(due > now && due <= now + 50000000, "in %lld ns", (long long)(due - now));
    leat_engine_stop(rig.engine);
    cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK);
    cr_assert_eq(leat_worker_step(rig.engine, 0, 10, &due), LEAT_EEND, "for ever after");
    cr_assert_eq(rig_end(&rig), LEAT_OK);
}

static int pull_in_vain(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                        uint32_t n)
{
    (void)state, (void)frames, (void)n;
    ctx->waited = true;
    return 0;
}

/* Nobody tells the host of what a file has: a source that waits for it must be asked again. */
Test(life, stepping_a_source_that_waits_is_due_at_once)
{
    struct leat_stage waiting = rig_waiting_source;
    waiting.pull = pull_in_vain;
    struct rig_link links[] = {{&waiting, {0}}, {&rig_sink, {0}}};
    build(links, 2, NULL);
    for (int turn = 0; turn < 3; turn++) {
        uint64_t due = 0;
        cr_assert_eq(leat_worker_step(rig.engine, 0, 10, &due), 0);
        cr_assert_leq(due, leat_clock_ns(), "%llu", (unsigned long long)due);
    }
    leat_engine_stop(rig.engine);
    cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK);
    cr_assert_eq(rig_end(&rig), LEAT_OK);
}

#if defined(__x86_64__)
/* Rounding, flush to zero and masks of the caller are as they were, whatever the engine's are. */
Test(life, stepping_leaves_the_callers_floating_point_as_it_was)
{
    uint32_t words[] = {0x1f80, 0x1f80 | 0x8040, 0x1f80 | 0x6000, 0x1f80 | 0x2000};
    for (int flush = 0; flush < 2; flush++)
        for (int i = 0; i < 4; i++) {
            struct leat_engine_options o = {
                .size = sizeof o, .isa = leat_isa_best(), .flush_to_zero = flush != 0};
            begin();
            cr_assert_eq(rig_chain(&rig, endless, 4), LEAT_OK);
            cr_assert_eq(rig_build(&rig, NULL, &o), LEAT_OK);
            uint32_t before = __builtin_ia32_stmxcsr();
            __builtin_ia32_ldmxcsr(words[i]);
            int did = leat_worker_step(rig.engine, 0, 5, NULL);
            uint32_t after = __builtin_ia32_stmxcsr();
            __builtin_ia32_ldmxcsr(before);
            cr_assert_gt(did, 0);
            cr_assert_eq(after & ~0x3fu, words[i] & ~0x3fu, "%x became %x", words[i], after);
            rig_end(&rig);
        }
}

static uint32_t word_seen;
static void note_word(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    (void)state;
    (void)ctx;
    (void)frames;
    (void)n;
    word_seen = __builtin_ia32_stmxcsr() & ~0x3fu;
}

Test(life, workers_run_with_the_engines_floating_point)
{
    static const struct leat_stage looker = {.size = sizeof looker, .traits = LEAT_MAP,
                                             .name = "looker", .ins = 1, .outs = 1,
                                             .map = note_word};
    struct rig_link links[] = {{&rig_source, {.n = 10}}, {&looker, {0}}, {&rig_sink, {0}}};
    for (int threads = 0; threads < 2; threads++)
        for (int flush = 0; flush < 2; flush++) {
            struct leat_engine_options o = {
                .size = sizeof o, .isa = leat_isa_best(), .flush_to_zero = flush != 0};
            begin();
            cr_assert_eq(rig_chain(&rig, links, 3), LEAT_OK);
            cr_assert_eq(rig_build(&rig, NULL, &o), LEAT_OK);
            uint32_t before = __builtin_ia32_stmxcsr();
            __builtin_ia32_ldmxcsr(0x1f80 | 0x6000); /* the caller rounds to zero */
            int status = threads ? rig_run_threads(&rig) : rig_run_steps(&rig, 0);
            __builtin_ia32_ldmxcsr(before);
            cr_assert_eq(status, LEAT_OK);
            cr_assert_eq(word_seen, flush ? 0x1f80 | 0x8040 : 0x1f80);
            rig_end(&rig);
        }
}
#endif
