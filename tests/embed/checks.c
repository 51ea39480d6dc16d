/* LEAT_CHECK 1: what a host must not do ends the program with a line that says which call, and what
 * was wrong. Where the library has less, its room is compiled anew.
 */
#include "ends.h"
#include "hosted.h"

#include <leat/knob.h>
#include <leat/state.h>

#include <pthread.h>
#include <stdlib.h>

LEAT_STATIC_ASSERT(LEAT_CHECK >= 1, "what is tested here stops at level 1");

static struct hosted h;

static void open_host(void)
{
    if (hosted_open(&h, HOSTED("gain db=0"), NULL) != LEAT_OK)
        exit(3);
}

/* All of it as it should be. */
static void well(void)
{
    double samples[100] = {1, 2}, out[100];
    open_host();
    if (leat_engine_knob(h.engine, "gain", "db", "6", NULL) != LEAT_OK)
        exit(3);
    size_t got = hosted_pass(&h, samples, 100, out, false);
    exit(got == 100 && hosted_close(&h) == LEAT_OK ? 0 : 3);
}

/* ---- NULL ---- */

static void null_seal(void) { (void)!leat_engine_seal(NULL, NULL); }
static void null_start(void) { (void)!leat_engine_start(NULL, NULL); }
static void null_wait(void) { (void)!leat_engine_wait(NULL, 0, NULL); }
static void null_stop(void) { leat_engine_stop(NULL); }
static void null_step(void) { (void)leat_worker_step(NULL, 0, 1, NULL); }
static void null_snapshot(void) { leat_engine_snapshot(NULL, NULL); }
static void null_claim(void) { (void)leat_inlet_claim(NULL, 0, NULL); }
static void null_take(void) { (void)leat_outlet_take(NULL, 0, NULL, 0, NULL); }

static void null_init(void)
{
    struct leat_engine *engine;
    struct leat_engine_options options = {.size = sizeof options, .isa = LEAT_ISA_BASE};
    (void)!leat_engine_init(&engine, NULL, &options, NULL, 0, NULL);
}

static void null_graph(void)
{
    struct leat_plan plan;
    (void)!leat_plan_make(&plan, NULL, NULL, NULL);
}

static void null_node(void)
{
    struct leat_graph graph;
    leat_graph_init(&graph);
    (void)!leat_graph_add(&graph, NULL, NULL, NULL, NULL, NULL);
}

/* What answers does not stop: a NULL stage, a short table, options of another size. */
static void answered(void)
{
    struct leat_graph graph;
    struct leat_diag diag;
    struct leat_stage old = {.size = 8, .name = "old"};
    struct leat_engine *engine;
    struct leat_engine_options options = {.size = 40};
    uint32_t node;
    leat_graph_init(&graph);
    open_host();
    bool well_said =
        leat_graph_add(&graph, NULL, NULL, NULL, &node, &diag) == LEAT_EINVAL &&
        strcmp(diag.text, "the stage is NULL") == 0 &&
        leat_graph_add(&graph, &old, NULL, NULL, &node, &diag) == LEAT_EINVAL &&
        strstr(diag.text, "shorter than this version's") != NULL &&
        leat_engine_init(&engine, &h.plan, &options, h.storage, 1, &diag) == LEAT_EINVAL &&
        strstr(diag.text, "size is 40, not ") != NULL &&
        leat_engine_init(&engine, &h.plan, NULL, h.storage, 1, &diag) == LEAT_EINVAL &&
        engine == NULL;
    exit(well_said ? 0 : 3);
}

static void null_where_it_goes(void)
{
    open_host();
    (void)!leat_engine_init(NULL, &h.plan, NULL, NULL, 0, NULL);
}

static void null_frame(void)
{
    open_host();
    (void)leat_inlet_publish(h.engine, h.in, NULL);
}

static void null_stats(void)
{
    open_host();
    leat_engine_stage(h.engine, 0, NULL);
}

static void null_knob(void)
{
    open_host();
    (void)!leat_engine_knob(h.engine, "gain", NULL, "1", NULL);
}

static void null_callback(void)
{
    open_host();
    (void)leat_engine_rejects(h.engine, NULL, NULL, NULL);
}

static void null_block(void)
{
    open_host();
    (void)!leat_engine_load(h.engine, NULL, 0, NULL);
}

/* ---- numbers that are none, frames that are none, calls after the end ---- */

static void no_worker(void)
{
    open_host();
    (void)leat_worker_step(h.engine, 1, 1, NULL);
}

static void no_stage(void)
{
    struct leat_stage_stats stats;
    open_host();
    leat_engine_stage(h.engine, 3, &stats);
}

static void no_door(void)
{
    open_host();
    (void)leat_inlet_claim(h.engine, 2, NULL);
}

static void outlet_for_inlet(void)
{
    open_host();
    (void)leat_inlet_claim(h.engine, h.out, NULL);
}

static void inlet_for_outlet(void)
{
    struct leat_frame *frame;
    open_host();
    (void)leat_outlet_take(h.engine, h.in, &frame, 1, NULL);
}

static void empty_frame(void)
{
    open_host();
    struct leat_frame *frame = leat_inlet_claim(h.engine, h.in, NULL);
    (void)leat_inlet_publish(h.engine, h.in, frame); /* cols was not set */
}

static void wide_frame(void)
{
    open_host();
    struct leat_frame *frame = leat_inlet_claim(h.engine, h.in, NULL);
    frame->cols = HOSTED_FRAME + 1;
    (void)leat_inlet_publish(h.engine, h.in, frame);
}

static void frame_gone(void)
{
    open_host();
    struct leat_frame *frame = leat_inlet_claim(h.engine, h.in, NULL);
    leat_inlet_release(h.engine, h.in, frame);
    frame->cols = 1;
    (void)leat_inlet_publish(h.engine, h.in, frame);
}

static void frame_back_twice(void)
{
    open_host();
    struct leat_frame *frame = leat_inlet_claim(h.engine, h.in, NULL);
    leat_inlet_release(h.engine, h.in, frame);
    leat_inlet_release(h.engine, h.in, frame);
}

static void after_fini(void)
{
    open_host();
    (void)!leat_engine_fini(h.engine, NULL);
    (void)leat_worker_step(h.engine, 0, 1, NULL);
}

static void fini_twice(void)
{
    open_host();
    (void)!leat_engine_fini(h.engine, NULL);
    (void)!leat_engine_fini(h.engine, NULL);
}

/* ---- two threads where one is allowed ---- */

static leat_atomic_u32 over;

static void *twice_over(void *call)
{
    while (leat_load_relaxed(&over) == 0)
        (*(void (*const *)(void))call)();
    return NULL;
}

/* The call on two threads at once, until they meet. */
static void by_two(void (*call)(void))
{
    pthread_t thread;
    open_host();
    pthread_create(&thread, NULL, twice_over, &call);
    for (uint64_t until = leat_clock_ns() + UINT64_C(20000000000); leat_clock_ns() < until;)
        call();
    leat_store_relaxed(&over, 1);
    pthread_join(thread, NULL);
}

static void step(void) { (void)leat_worker_step(h.engine, 0, 1, NULL); }
static void steps(void) { by_two(step); }

static void push(void)
{
    struct leat_frame *frame = leat_inlet_claim(h.engine, h.in, NULL);
    if (frame != NULL)
        leat_inlet_release(h.engine, h.in, frame);
}
static void pushes(void) { by_two(push); }

static void take(void)
{
    struct leat_frame *frame;
    (void)leat_outlet_take(h.engine, h.out, &frame, 1, NULL);
}
static void takes(void) { by_two(take); }

static void turn(void) { (void)!leat_engine_knob(h.engine, "gain", "db", "1", NULL); }
static void turns(void) { by_two(turn); }

static void heed(void *user, const struct leat_rejected *rejected) { (void)user, (void)rejected; }
static void ask(void) { (void)leat_engine_rejects(h.engine, heed, NULL, NULL); }
static void asks(void) { by_two(ask); }

static void await(void) { (void)!leat_engine_wait(h.engine, 1000, NULL); }
static void awaits(void) { by_two(await); }

/* A stage that calls the engine that it runs in. */
static void (*within)(void);

static void rogue_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
    within();
}

static void from_within(void (*call)(void))
{
    static const struct leat_stage rogue = {.size = sizeof rogue, .traits = LEAT_MAP,
                                            .name = "rogue", .ins = 1, .outs = 1,
                                            .map = rogue_map};
    static const struct leat_stage *const own[] = {&rogue};
    static const struct leat_catalogue catalogue = {own, 1, NULL};
    struct hosted_options o = {.own = &catalogue, .isa = LEAT_ISA_BASE};
    double sample = 1, out;
    within = call;
    if (hosted_open(&h, HOSTED("rogue"), &o) == LEAT_OK)
        (void)hosted_pass(&h, &sample, 1, &out, false);
}

static void step_in_a_step(void) { from_within(step); }
static void fini(void) { (void)!leat_engine_fini(h.engine, NULL); }
static void fini_in_a_step(void) { from_within(fini); }

#define DEAD "no engine, or one that fini has ended"

static const struct {
    const char *name;
    void (*what)(void);
    const char *word;
} stops[] = {
    {"seal NULL", null_seal, "leat_engine_seal: engine is NULL"},
    {"start NULL", null_start, "leat_engine_start: engine is NULL"},
    {"wait NULL", null_wait, "leat_engine_wait: engine is NULL"},
    {"stop NULL", null_stop, "leat_engine_stop: engine is NULL"},
    {"step NULL", null_step, "leat_worker_step: engine is NULL"},
    {"snapshot NULL", null_snapshot, "leat_engine_snapshot: engine is NULL"},
    {"claim NULL", null_claim, "leat_inlet_claim: engine is NULL"},
    {"take NULL", null_take, "leat_outlet_take: engine is NULL"},
    {"a plan NULL", null_init, "leat_engine_init: plan is NULL"},
    {"a graph NULL", null_graph, "leat_plan_make: graph is NULL"},
    {"a node NULL", null_node, "leat_graph_add: node is NULL"},
    {"nowhere to put it", null_where_it_goes, "leat_engine_init: engine is NULL"},
    {"a frame NULL", null_frame, "leat_inlet_publish: frame is NULL"},
    {"stats NULL", null_stats, "leat_engine_stage: stats is NULL"},
    {"a parameter NULL", null_knob, "leat_engine_knob: param is NULL"},
    {"a callback NULL", null_callback, "leat_engine_rejects: each is NULL"},
    {"a block NULL", null_block, "leat_engine_load: block is NULL"},
    {"no such worker", no_worker, "leat_worker_step: the plan has no worker of that number"},
    {"no such stage", no_stage, "leat_engine_stage: the plan has no stage of that number"},
    {"no such door", no_door, "the engine has no door of that number"},
    {"an outlet for an inlet", outlet_for_inlet, "an inlet's call was given an outlet"},
    {"an inlet for an outlet", inlet_for_outlet, "an inlet's call was given an outlet, or an"},
    {"a frame without samples", empty_frame, "leat_inlet_publish: cols is 0"},
    {"a frame too wide", wide_frame, "leat_inlet_publish: cols is 0, or more than"},
    {"a frame that is gone", frame_gone, "leat_inlet_publish: not a frame that this inlet gave"},
    {"a frame back twice", frame_back_twice, "a frame came back to a door that is not out"},
    {"a step after the end", after_fini, "leat_worker_step: " DEAD},
    {"fini twice", fini_twice, "leat_engine_fini: " DEAD},
    {"two step", steps, "leat_worker_step: two threads step one worker at once"},
    {"two push", pushes, ": two threads use one inlet at once"},
    {"two take", takes, "leat_outlet_take: two threads use one outlet at once"},
    {"two turn knobs", turns, "leat_engine_knob: two threads turn knobs at once"},
    {"two ask for rejects", asks, "leat_engine_rejects: two threads ask for rejects at once"},
    {"two wait", awaits, "leat_engine_wait: another thread seals, starts or waits"},
    {"a step in a step", step_in_a_step, "leat_worker_step: two threads step one worker at once"},
    {"fini in a step", fini_in_a_step, "leat_engine_fini: a worker is being stepped"},
};

int main(void)
{
    bool good = ends("as it should be", well, 0, "");
    good &= ends("answers", answered, 0, "");
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
        good &= ends(stops[i].name, stops[i].what, SIGABRT, stops[i].word);
    return good ? 0 : 1;
}
