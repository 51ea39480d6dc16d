/* The divided job in a Leat engine: a source, a tee with two readers, a zip, a sink; counters,
 * histograms and ownership on, stepped by the bench's thread. */
#define _GNU_SOURCE
#include "tee_job.h"

#include <leat/engine.h>
#include <leat/stages.h>
#include <stdlib.h>

struct gate {
    uint64_t target, next; /* frames that the source may give, and has given */
    uint64_t sum, sunk;
    uint32_t samples;
};

struct options {
    struct gate *gate;
};

static int resolve_source(const void *options, const struct leat_shape *in, struct leat_need *need,
                          struct leat_diag *diag)
{
    (void)in;
    (void)diag;
    need->out.rows = 1;
    need->out.cols = ((const struct options *)options)->gate->samples;
    need->out.kind = LEAT_I64;
    need->state_bytes = sizeof(struct options);
    leat_shape_name(&need->out, 0, "x");
    return LEAT_OK;
}

static int resolve_other(const void *options, const struct leat_shape *in, struct leat_need *need,
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
    uint64_t left = gate->target - gate->next;
    n = left < n ? (uint32_t)left : n;
    for (uint32_t i = 0; i < n; i++) {
        frames[i]->cols = gate->samples;
        tee_fill(leat_frame_row(frames[i], 0), gate->samples, gate->next + i);
    }
    gate->next += n;
    return (int)n;
}

static void reader(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)ctx;
    struct gate *gate = ((struct options *)state)->gate;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += tee_read(leat_frame_row(frames[i], 0), frames[i]->cols);
    gate->sum += sum;
}

static void sink(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)ctx;
    struct gate *gate = ((struct options *)state)->gate;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < 2; r++)
            gate->sum += tee_ends(leat_frame_row(frames[i], r), frames[i]->cols);
    gate->sunk += n;
}

#define MAP LEAT_MAP | LEAT_READS_ONLY
static const struct leat_stage source = {
    .size = sizeof source, .name = "fill", .outs = 1, .options_bytes = sizeof(struct options),
    .resolve = resolve_source, .init = init, .pull = pull};
static const struct leat_stage reads = {
    .size = sizeof reads, .traits = MAP, .name = "reads", .ins = 1, .outs = 1,
    .options_bytes = sizeof(struct options), .resolve = resolve_other, .init = init,
    .map = reader};
static const struct leat_stage ends = {
    .size = sizeof ends, .traits = MAP, .name = "ends", .ins = 1,
    .options_bytes = sizeof(struct options), .resolve = resolve_other, .init = init, .map = sink};

struct job {
    struct gate gate;
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    void *storage;
};

static const struct leat_stage *find(const struct leat_catalogue *catalogue, const char *name)
{
    return leat_catalogue_find(catalogue, name, false, NULL);
}

static int build(struct job *job, const struct bench_load *load)
{
    const struct leat_stage *stages[] = {&source, find(leat_joints(), "tee"), &reads, &reads,
                                         find(leat_math_stages(), "join"), &ends};
    static const uint32_t links[][4] = {{0, 0, 1, 0}, {1, 0, 2, 0}, {1, 1, 3, 0},
                                        {2, 0, 4, 0}, {3, 0, 4, 1}, {4, 0, 5, 0}};
    const struct options options = {&job->gate};
    const struct leat_limits limits = {.workers = 1, .batch = load->burst};
    int status = LEAT_OK;
    leat_graph_init(&job->graph);
    for (uint32_t i = 0; i < 6 && status == LEAT_OK; i++) {
        uint32_t node;
        bool own = stages[i]->options_bytes == sizeof options && i != 4;
        status = leat_graph_add(&job->graph, stages[i], own ? &options : NULL, NULL, &node, NULL);
    }
    for (uint32_t i = 0; i < 6 && status == LEAT_OK; i++)
        status = leat_graph_join(&job->graph, links[i][0], links[i][1], links[i][2], links[i][3],
                                 NULL);
    return status == LEAT_OK ? leat_plan_make(&job->plan, &job->graph, &limits, NULL) : status;
}

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    *why = "the engine cannot be made";
    job->gate.samples = load->samples;
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
    *gate = (struct gate){.target = n, .samples = gate->samples};
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
        fprintf(stderr, "leat_bench: the divided pipeline did not end with all frames home\n");
    leat_plan_fini(&job->plan);
    leat_graph_fini(&job->graph);
    free(job->storage);
    free(job);
}

const struct bench_subject bench_tee_leat = {
    .name = "leat", .setup = setup, .run = run, .fini = fini};
