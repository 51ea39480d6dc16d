/* Every call of an engine in every state that the engine can be in: what it answers, at once, and
 * that fini is right after it. Two chains: one endless, with rejections, and one of doors. */
#define _GNU_SOURCE
#include "rig.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

static struct ledger ledger;
static struct rig rig;
static uint32_t in, out;

TestSuite(states, .timeout = 60);

enum state { LAID_OUT, SEALED, STEPPED, STEPPED_OUT, RUNNING, ENDED, FAILED, STATES };
static const char *const state_names[STATES] = {"laid out", "sealed",  "stepped", "stepped out",
                                                "running",  "ended", "failed"};

static void add_doors(void)
{
    struct leat_inlet_options o = {.channels = 1, .frame = {.samples = 4}};
    uint32_t a, b;
    const struct leat_stage *inlet = leat_catalogue_find(leat_doors(), "inlet", true, NULL);
    const struct leat_stage *outlet = leat_catalogue_find(leat_doors(), "outlet", false, NULL);
    cr_assert_eq(leat_graph_add(&rig.graph, inlet, &o, "in", &a, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_add(&rig.graph, outlet, NULL, "out", &b, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_join(&rig.graph, a, 0, b, 0, NULL), LEAT_OK);
}

static void lay_out(bool fails)
{
    struct rig_link links[] = {{&rig_source, {.fail_at = fails ? 500 : 0}},
                               {&rig_pick, {.reject_every = 2}},
                               {&rig_sink, {0}}};
    struct leat_engine_options o = {.size = sizeof o, .isa = leat_isa_best()};
    struct leat_limits limits = {.workers = 2, .batch = 4, .quarantine = 2};
    memset(&ledger, 0, sizeof ledger);
    memset(&rig, 0, sizeof rig);
    rig.ledger = &ledger;
    leat_graph_init(&rig.graph);
    cr_assert_eq(rig_chain(&rig, links, 3), LEAT_OK);
    add_doors();
    cr_assert_eq(rig_plan(&rig, &limits), LEAT_OK, "%s", rig.diag.text);
    rig.bytes = leat_engine_bytes(&rig.plan);
    rig.memory = aligned_alloc(LEAT_APART, leat_round_up(rig.bytes, LEAT_APART));
    cr_assert_eq(leat_engine_init(&rig.engine, &rig.plan, &o, rig.memory, rig.bytes, &rig.diag),
                 LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(leat_inlet_find(rig.engine, "in", &in, NULL), LEAT_OK);
    cr_assert_eq(leat_outlet_find(rig.engine, "out", &out, NULL), LEAT_OK);
    memset(&rig.diag, 0, sizeof rig.diag);
}

static void bring_to(enum state state)
{
    struct leat_engine *e;
    lay_out(state == FAILED);
    e = rig.engine;
    if (state >= SEALED)
        cr_assert_eq(leat_engine_seal(e, NULL), LEAT_OK);
    if (state == STEPPED || state == STEPPED_OUT)
        cr_assert_eq(leat_worker_step(e, 0, 7, NULL), 7);
    if (state == STEPPED_OUT) {
        leat_engine_stop(e);
        cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK);
    }
    if (state >= RUNNING)
        cr_assert_eq(leat_engine_start(e, NULL), LEAT_OK);
    while (state >= RUNNING && leat_load_relaxed(&ledger.sunk_at) == 0)
        leat_pause(); /* some frames have passed, and the first rejection */
    if (state == ENDED)
        leat_engine_stop(e);
    if (state >= ENDED)
        cr_assert_eq(leat_engine_wait(e, UINT64_MAX, NULL), state == FAILED ? LEAT_EDATA : LEAT_OK);
}

/* ---- the calls, each as a number ---- */

static int seal(int expected)
{
    (void)expected;
    return leat_engine_seal(rig.engine, &rig.diag);
}

static int start(int expected)
{
    (void)expected;
    return leat_engine_start(rig.engine, &rig.diag);
}

static int wait_for(int expected)
{
    return leat_engine_wait(rig.engine, expected == 1 ? 1000000 : UINT64_MAX, &rig.diag);
}

static int step(int expected)
{
    (void)expected;
    return leat_worker_step(rig.engine, 0, 1, NULL);
}

static int quarantined(int expected)
{
    const struct leat_frame *frames[4];
    (void)expected;
    return leat_engine_quarantined(rig.engine, frames, 4) != 0;
}

static int claim(int expected)
{
    enum leat_door why;
    (void)expected;
    struct leat_frame *f = leat_inlet_claim(rig.engine, in, &why);
    cr_assert_eq(f != NULL, why == LEAT_DOOR_OPEN);
    if (f != NULL)
        leat_inlet_release(rig.engine, in, f);
    return (int)why;
}

static int take(int expected)
{
    struct leat_frame *frames[4];
    bool end = false;
    (void)expected;
    cr_assert_eq(leat_outlet_take(rig.engine, out, frames, 4, &end), 0);
    return end;
}

static int stop(int expected)
{
    (void)expected;
    leat_engine_stop(rig.engine);
    return 0;
}

static int look(int expected)
{
    struct leat_engine_stats stats;
    (void)expected;
    leat_engine_snapshot(rig.engine, &stats);
    cr_assert_leq(stats.latency_ns.count, stats.frames);
    return stats.frames != 0;
}

#define NOT LEAT_ESTATE
#define OPEN LEAT_DOOR_OPEN
#define CLOSED LEAT_DOOR_CLOSED

static const struct {
    const char *name;
    int (*call)(int expected);
    int answer[STATES];
} calls[] = {
    /*                           laid out, sealed, stepped, stepped out, running, ended, failed */
    {"seal", seal,               {LEAT_OK, NOT,  NOT,  NOT,       NOT,  NOT,     NOT}},
    {"start", start,             {NOT, LEAT_OK,  NOT,  NOT,       NOT,  NOT,     NOT}},
    {"wait", wait_for,           {NOT,     NOT,  1,    LEAT_OK,   1,    LEAT_OK, LEAT_EDATA}},
    {"step", step,               {NOT,     1,    1,    LEAT_EEND, NOT,  NOT,     NOT}},
    {"quarantined", quarantined, {0,       0,    0,    1,         0,    1,       1}},
    {"inlet_claim", claim,       {CLOSED,  OPEN, OPEN, CLOSED,    OPEN, CLOSED,  CLOSED}},
    {"outlet_take", take,        {false,   false, false, true,    false, true,   true}},
    {"stop", stop,               {0,       0,    0,    0,         0,    0,       0}},
    {"snapshot", look,           {0,       0,    1,    1,         1,    1,       1}},
};

Test(states, every_call_in_every_state)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        for (enum state state = 0; state < STATES; state++) {
            bring_to(state);
            int expected = calls[i].answer[state], got = calls[i].call(expected);
            cr_assert_eq(got, expected, "%s when %s: %d, not %d", calls[i].name, state_names[state],
                         got, expected);
            if (calls[i].call != step && got == LEAT_ESTATE)
                cr_assert(rig.diag.code == got && strlen(rig.diag.text) > 20, "it says why");
            cr_assert_eq(rig_end(&rig), LEAT_OK, "fini after %s when %s: %s", calls[i].name,
                         state_names[state], rig.diag.text);
            cr_assert_eq(ledger.inits, ledger.finis);
        }
}

/* What is published where nobody takes any more goes home and is counted; nobody waits for room. */
Test(states, an_inlet_of_an_engine_that_has_ended_drops_and_counts)
{
    for (int fails = 0; fails < 2; fails++) {
        struct leat_frame *frames[64];
        uint32_t n = 0;
        struct leat_stage_stats stats;
        lay_out(fails != 0);
        cr_assert_eq(leat_engine_seal(rig.engine, NULL), LEAT_OK);
        while (n < 24 && (frames[n] = leat_inlet_claim(rig.engine, in, NULL)) != NULL)
            n++;
        cr_assert_gt(n, 2 * rig.plan.edge_frames, "more than the inlet's edge has room for");
        cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
        if (!fails)
            leat_engine_stop(rig.engine);
        cr_assert_eq(leat_engine_wait(rig.engine, UINT64_MAX, NULL), fails ? LEAT_EDATA : LEAT_OK);
        for (uint32_t i = 0; i < n; i++) {
            frames[i]->cols = 4;
            cr_assert(leat_inlet_publish(rig.engine, in, frames[i]), "frame %u", i);
            cr_assert_eq(leat_inlet_why(rig.engine, in), LEAT_DOOR_CLOSED);
        }
        leat_engine_stage(rig.engine, 3, &stats);
        cr_assert_str_eq(stats.name, "in");
        cr_assert_eq(stats.dropped, n - rig.plan.edge_frames, "the others still lie in the inlet");
        cr_assert_eq(rig_end(&rig), LEAT_OK, "%s", rig.diag.text);
    }
}
