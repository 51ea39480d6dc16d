/* The null stages in a Leat engine, counters, histograms and ownership on, each worker stepped by a
 * thread of the bench. The source gives frames up to a target that the next run raises. Beside it
 * the whole life of an engine, stepped by the bench's thread or on a thread of Leat's own, which
 * has the processor of the bench's thread. */
#define _GNU_SOURCE
#include "null_job.h"

#include <leat/engine.h>
#include <stdlib.h>

struct gate {
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 target; /* frames that the source may give */
    LEAT_ALIGNED(LEAT_APART) struct null_sum first;
    LEAT_ALIGNED(LEAT_APART) struct null_sum last;
};

struct options {
    struct gate *gate;
};

static int resolve_source(const void *options, const struct leat_shape *in, struct leat_need *need,
                          struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    need->out.rows = 1;
    need->out.cols = NULL_WORDS;
    need->out.kind = LEAT_I64;
    need->state_bytes = sizeof(struct options);
    leat_shape_name(&need->out, 0, "x");
    return LEAT_OK;
}

static int resolve_sink(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    need->state_bytes = sizeof(struct options);
    return LEAT_OK;
}

static int init(void *state, const void *options, const struct leat_shape *in,
                const struct leat_need *need, struct leat_diag *diag)
{
    (void)in;
    (void)need;
    (void)diag;
    *(struct options *)state = *(const struct options *)options;
    return LEAT_OK;
}

static int pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)ctx;
    struct gate *gate = ((struct options *)state)->gate;
    uint64_t left = leat_load_relaxed(&gate->target) - gate->first.next; /* own thread's number */
    n = left < n ? (uint32_t)left : n;
    struct null_sum first = gate->first;
    NULL_EIGHT_AT_ONCE
    for (uint32_t i = 0; i < n; i++) {
        frames[i]->cols = NULL_WORDS;
        null_first(leat_frame_row(frames[i], 0), &first);
    }
    gate->first = first;
    return (int)n;
}

LEAT_INLINE void middle(struct leat_frame *const *frames, uint32_t n, uint32_t stage)
{
    NULL_EIGHT_AT_ONCE
    for (uint32_t i = 0; i < n; i++)
        null_middle(leat_frame_row(frames[i], 0), stage);
}

static void map_1(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state;
    (void)ctx;
    middle(frames, n, 1);
}
static void map_2(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state;
    (void)ctx;
    middle(frames, n, 2);
}
static void map_3(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state;
    (void)ctx;
    middle(frames, n, 3);
}

static void sink(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)ctx;
    struct gate *gate = ((struct options *)state)->gate;
    struct null_sum last = gate->last;
    NULL_EIGHT_AT_ONCE
    for (uint32_t i = 0; i < n; i++)
        null_last(leat_frame_row(frames[i], 0), &last);
    gate->last = last;
}

static const struct leat_stage stages[NULL_STAGES] = {
    {.size = sizeof(struct leat_stage), .name = "first", .outs = 1,
     .options_bytes = sizeof(struct options), .resolve = resolve_source, .init = init,
     .pull = pull},
    {.size = sizeof(struct leat_stage), .traits = LEAT_MAP, .name = "one", .ins = 1, .outs = 1,
     .map = map_1},
    {.size = sizeof(struct leat_stage), .traits = LEAT_MAP, .name = "two", .ins = 1, .outs = 1,
     .map = map_2},
    {.size = sizeof(struct leat_stage), .traits = LEAT_MAP, .name = "three", .ins = 1, .outs = 1,
     .map = map_3},
    {.size = sizeof(struct leat_stage), .traits = LEAT_MAP, .name = "last", .ins = 1,
     .options_bytes = sizeof(struct options), .resolve = resolve_sink, .init = init, .map = sink},
};

struct job {
    struct gate gate;
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    void *storage;
    uint32_t workers;
};

static int build(struct job *job, const struct bench_load *load)
{
    struct options options = {&job->gate};
    struct leat_limits limits = {.workers = load->threads, .batch = load->burst};
    uint32_t node[NULL_STAGES] = {0};
    int status = LEAT_OK;
    leat_graph_init(&job->graph);
    for (uint32_t i = 0; i < NULL_STAGES && status == LEAT_OK; i++) {
        const void *given = stages[i].options_bytes != 0 ? &options : NULL;
        status = leat_graph_add(&job->graph, &stages[i], given, NULL, &node[i], NULL);
        if (status == LEAT_OK && i != 0)
            status = leat_graph_join(&job->graph, node[i - 1], 0, node[i], 0, NULL);
    }
    if (status == LEAT_OK)
        status = leat_plan_make(&job->plan, &job->graph, &limits, NULL);
    return status;
}

static int begin(struct job *job, uint64_t frames_max)
{
    struct leat_engine_options options = {
        .size = sizeof options, .isa = leat_isa_best(), .frames_max = frames_max};
    int status = leat_engine_init(&job->engine, &job->plan, &options, job->storage,
                                  leat_engine_bytes(&job->plan), NULL);
    return status == LEAT_OK ? leat_engine_seal(job->engine, NULL) : status;
}

static struct job *make(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    *why = "the engine cannot be made";
    if (build(job, load) != LEAT_OK || job->plan.workers_n != load->threads)
        return NULL;
    job->workers = job->plan.workers_n;
    job->storage = bench_memory(leat_engine_bytes(&job->plan));
    return job;
}

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = make(load, why);
    return job != NULL && begin(job, 0) == LEAT_OK ? job : NULL;
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    struct gate *gate = &job->gate;
    if (thread == 0) { /* what the bench reads after a run is in order by its own handshake */
        gate->first.next = 0;
        leat_store_relaxed(&gate->target, n);
    }
    bool sinks = thread + 1 == job->workers;
    struct null_sum *at = sinks ? &gate->last : &gate->first;
    if (sinks)
        gate->last = (struct null_sum){0, 0};
    while (at->next < n)
        if (leat_worker_step(job->engine, thread, UINT32_MAX, NULL) == 0)
            leat_pause();
    return sinks ? gate->last.sum : 0;
}

static void end(struct job *job)
{
    if (job->engine != NULL && leat_engine_fini(job->engine, NULL) != LEAT_OK)
        fprintf(stderr, "leat_bench: the null pipeline did not end with all frames home\n");
    job->engine = NULL;
}

static void unmake(void *self)
{
    struct job *job = self;
    end(job);
    leat_plan_fini(&job->plan);
    leat_graph_fini(&job->graph);
    free(job->storage);
    free(job);
}

static void fini(void *self)
{
    struct job *job = self;
    leat_engine_stop(job->engine);
    for (uint32_t i = 0; i < job->workers; i++)
        while (leat_worker_step(job->engine, i, UINT32_MAX, NULL) >= 0)
            ;
    unmake(job);
}

const struct bench_subject bench_null_leat = {
    .name = "leat", .setup = setup, .run = run, .fini = fini};

/* ---- an engine's whole life ---- */

static void *setup_life(const struct bench_load *load, const char **why)
{
    return make(load, why);
}

/* A new engine, whose source ends after n frames. */
static void ready(void *self, uint64_t n)
{
    struct job *job = self;
    end(job);
    job->gate = (struct gate){.target = n};
    if (begin(job, n) != LEAT_OK) {
        fprintf(stderr, "leat_bench: the null pipeline does not begin\n");
        exit(1);
    }
}

static uint64_t run_stepped(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    uint64_t due;
    (void)thread;
    (void)n;
    while (leat_worker_step(job->engine, 0, 64, &due) >= 0)
        ;
    return job->gate.last.sum;
}

static uint64_t run_started(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    (void)thread;
    (void)n;
    bool well = leat_engine_start(job->engine, NULL) == LEAT_OK &&
                leat_engine_wait(job->engine, UINT64_MAX, NULL) == LEAT_OK;
    return well ? job->gate.last.sum : 0;
}

const struct bench_subject bench_null_stepped = {
    .name = "leat, stepped", .setup = setup_life, .ready = ready, .run = run_stepped,
    .fini = unmake};
const struct bench_subject bench_null_started = {
    .name = "leat's own thread", .setup = setup_life, .ready = ready, .run = run_started,
    .fini = unmake};
