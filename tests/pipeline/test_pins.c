/* Workers and processors: where pinned ones run, how often the machine is opened for it, what is
 * said where they cannot be, and how those that share a processor wait. The linker hands every
 * opening of hwloc's picture to the count below. */
#define _GNU_SOURCE
#include "rig.h"

#include <criterion/criterion.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>

static struct ledger ledger;
static struct rig rig;
static uint32_t opened;

int __real_hwloc_topology_load(void *machine);
int __wrap_hwloc_topology_load(void *machine);
int __wrap_hwloc_topology_load(void *machine)
{
    opened++;
    return __real_hwloc_topology_load(machine);
}

static void begin(void)
{
    memset(&ledger, 0, sizeof ledger);
    memset(&rig, 0, sizeof rig);
    rig.ledger = &ledger;
    leat_graph_init(&rig.graph);
    opened = 0;
}

TestSuite(pins, .init = begin, .timeout = 60);

/* Each worker's looker notes where the worker may run. */
static cpu_set_t seen[2];

static void look(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state, (void)frames, (void)n;
    cr_assert_eq(sched_getaffinity(0, sizeof seen[0], &seen[ctx->worker]), 0);
}

static const struct leat_stage looker = {.size = sizeof looker, .traits = LEAT_MAP,
                                         .name = "looker", .ins = 1, .outs = 1, .map = look};

static int build(const uint32_t *pins)
{
    struct rig_link links[] = {
        {&rig_source, {.n = 10}}, {&looker, {0}}, {&looker, {0}}, {&rig_sink, {0}}};
    struct leat_limits limits = {.workers = 2, .pins = pins};
    cr_assert_eq(rig_chain(&rig, links, 4), LEAT_OK, "%s", rig.diag.text);
    return rig_build(&rig, &limits, NULL);
}

Test(pins, hold_every_worker_and_open_the_machine_once)
{
    uint32_t pins[] = {rig_usable(1), rig_usable(0)};
    cr_assert_eq(build(pins), LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK, "%s", rig.diag.text);
    for (int i = 0; i < 2; i++)
        cr_assert(CPU_COUNT(&seen[i]) == 1 && CPU_ISSET(pins[i], &seen[i]), "worker %d", i);
    cr_assert_eq(opened, 1);
    cr_assert_eq(rig_end(&rig), LEAT_OK);
}

Test(pins, one_worker_may_stay_free)
{
    uint32_t pins[] = {LEAT_UNPINNED, rig_usable(0)};
    cpu_set_t own;
    cr_assert_eq(sched_getaffinity(0, sizeof own, &own), 0);
    cr_assert_eq(build(pins), LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK, "%s", rig.diag.text);
    cr_assert(CPU_EQUAL(&seen[0], &own));
    cr_assert(CPU_COUNT(&seen[1]) == 1 && CPU_ISSET(pins[1], &seen[1]));
    cr_assert_eq(rig_end(&rig), LEAT_OK);
}

Test(pins, without_any_the_machine_is_not_opened)
{
    cr_assert_eq(build(NULL), LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
    cr_assert_eq(opened, 0);
    rig_end(&rig);
}

/* Two workers with one processor between them, a frame at a time: who has nothing to do leaves it
 * to the other, instead of spinning until its time is over. */
Test(pins, workers_that_share_a_processor_do_not_spin_at_each_other)
{
    struct rig_link links[] = {
        {&rig_source, {.n = 20000}}, {&rig_add, {0}}, {&rig_add, {0}}, {&rig_sink, {0}}};
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(rig_usable(0), &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    cr_assert_eq(rig_chain(&rig, links, 4), LEAT_OK);
    cr_assert_eq(rig_build(&rig, &(struct leat_limits){.workers = 2, .batch = 1}, NULL), LEAT_OK);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
    for (uint32_t w = 0; w < 2; w++) {
        struct leat_worker_stats stats;
        leat_engine_worker(rig.engine, w, &stats);
        cr_assert_leq(stats.idle_rounds, 5 * 20000, "worker %u: %llu idle rounds", w,
                      (unsigned long long)stats.idle_rounds);
    }
    cr_assert_eq(rig_end(&rig), LEAT_OK);
}

/* Refused before a stage begins or a thread runs, so that nothing has happened. */
static void refused(const uint32_t *pins, int status, const char *text)
{
    cr_assert_eq(build(pins), status, "%s", rig.diag.text);
    cr_assert_str_eq(rig.diag.text, text);
    cr_assert_null(rig.engine);
    cr_assert_eq(ledger.inits, 0);
    rig_end(&rig);
}

Test(pins, to_an_imitated_machine_are_refused)
{
    uint32_t pins[] = {LEAT_UNPINNED, 1};
    cr_assert_eq(setenv("HWLOC_SYNTHETIC", "node:2 core:32 pu:1", 1), 0);
    refused(pins, LEAT_ESTATE,
            "worker 1 cannot be pinned to processor 1: HWLOC_SYNTHETIC or a file imitates another "
            "machine; unset it or leave the pins out");
    begin();
    cr_assert_eq(build(NULL), LEAT_OK, "without pins it is nobody's business: %s", rig.diag.text);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
    rig_end(&rig);
}

Test(pins, to_a_processor_that_is_not_there_are_refused)
{
    uint32_t pins[] = {rig_usable(0), 100000};
    refused(pins, LEAT_EINVAL, "topology: there is no processor 100000 to use");
}
