/* The keyed job in a Leat engine: a source, key, ewma, a sink; eviction, counters, histograms and
 * ownership on, stepped by the bench's thread. */
#define _GNU_SOURCE
#include "key_job.h"

#include <leat/engine.h>
#include <leat/stages.h>

#include <stdlib.h>

struct gate {
    struct key_ticks ticks;
    uint64_t target, next, sunk, sum; /* frames to give, given, taken in; what they sum up to */
};

struct options {
    struct gate *gate;
};

static int resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                   struct leat_diag *diag)
{
    (void)options;
    (void)diag;
    need->state_bytes = sizeof(struct options);
    if (in != NULL)
        return LEAT_OK;
    need->out.rows = 2;
    need->out.cols = KEY_SAMPLES;
    need->out.kind = LEAT_F64;
    leat_shape_name(&need->out, 0, "key");
    leat_shape_name(&need->out, 1, "x");
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
    uint64_t left = gate->target - gate->next;
    n = left < n ? (uint32_t)left : n;
    for (uint32_t i = 0; i < n; i++) {
        frames[i]->cols = KEY_SAMPLES;
        key_fill(&gate->ticks, leat_frame_row(frames[i], 0), leat_frame_row(frames[i], 1),
                 KEY_SAMPLES);
    }
    gate->next += n;
    return (int)n;
}

static void sink(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)ctx;
    struct gate *gate = ((struct options *)state)->gate;
    for (uint32_t i = 0; i < n; i++)
        gate->sum += key_sum(leat_frame_row(frames[i], 1), frames[i]->cols);
    gate->sunk += n;
}

static const struct leat_stage ticks = {
    .size = sizeof ticks, .name = "ticks", .outs = 1, .options_bytes = sizeof(struct options),
    .resolve = resolve, .init = init, .pull = pull};
static const struct leat_stage sums = {
    .size = sizeof sums, .traits = LEAT_MAP | LEAT_READS_ONLY, .name = "sums", .ins = 1,
    .options_bytes = sizeof(struct options), .resolve = resolve, .init = init, .map = sink};

struct job {
    struct gate gate;
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    void *storage;
};

static int build(struct job *job, const struct bench_load *load)
{
    const struct options own = {&job->gate};
    const struct leat_key_options key = {.by = "key", .max = load->slots};
    const struct leat_ewma_options ewma = {.alpha = KEY_ALPHA};
    const struct leat_stage *stages[] = {
        &ticks, leat_catalogue_find(leat_joints(), "key", false, NULL),
        leat_catalogue_find(leat_math_stages(), "ewma", false, NULL), &sums};
    const void *options[] = {&own, &key, &ewma, &own};
    int status = LEAT_OK;
    leat_graph_init(&job->graph);
    for (uint32_t i = 0, node; i < 4 && status == LEAT_OK; i++) {
        status = leat_graph_add(&job->graph, stages[i], options[i], NULL, &node, NULL);
        if (status == LEAT_OK && i != 0)
            status = leat_graph_join(&job->graph, i - 1, 0, i, 0, NULL);
    }
    const struct leat_limits limits = {.workers = 1, .batch = load->burst};
    return status == LEAT_OK ? leat_plan_make(&job->plan, &job->graph, &limits, NULL) : status;
}

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    *why = "the engine cannot be made";
    job->gate.ticks = (struct key_ticks){1, load->slots};
    if (build(job, load) != LEAT_OK)
        return NULL;
    size_t bytes = leat_engine_bytes(&job->plan);
    job->storage = bench_memory(bytes);
    int status =
        leat_engine_init(&job->engine, &job->plan, &options, job->storage, bytes, NULL);
    if (status == LEAT_OK)
        status = leat_engine_seal(job->engine, NULL);
    return status == LEAT_OK ? job : NULL;
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    struct gate *gate = &job->gate;
    (void)thread;
    *gate = (struct gate){.ticks = {1, gate->ticks.keys}, .target = n};
    while (gate->sunk < n)
        (void)leat_worker_step(job->engine, 0, UINT32_MAX, NULL);
    return gate->sum;
}

static void fini(void *self)
{
    struct job *job = self;
    leat_engine_stop(job->engine);
    while (leat_worker_step(job->engine, 0, UINT32_MAX, NULL) >= 0)
        ;
    if (leat_engine_fini(job->engine, NULL) != LEAT_OK)
        fprintf(stderr, "leat_bench: the keyed pipeline did not end with all frames home\n");
    leat_plan_fini(&job->plan);
    leat_graph_fini(&job->graph);
    free(job->storage);
    free(job);
}

const struct bench_subject bench_key_leat = {
    .name = "leat", .setup = setup, .run = run, .fini = fini};
