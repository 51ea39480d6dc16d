/* A source of Leat's over a file in memory, summed up by a sink, counters, histograms and ownership
 * on, stepped by the bench's thread. An engine a run, made outside its time. The checksum is the
 * sum of all cells' bits. */
#ifndef LEAT_BENCH_IO_JOB_H
#define LEAT_BENCH_IO_JOB_H

#include "bench.h"

#include <leat/engine.h>

#include <stdlib.h>
#include <string.h>

struct io_job {
    uint64_t sum;
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    void *storage;
};

struct io_options {
    uint64_t *sum;
};

static inline int io_resolve(const void *options, const struct leat_shape *in,
                             struct leat_need *need, struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    need->state_bytes = sizeof(struct io_options);
    return LEAT_OK;
}

static inline int io_init(void *state, const void *options, const struct leat_shape *in,
                          const struct leat_need *need, struct leat_diag *diag)
{
    (void)in;
    (void)need;
    (void)diag;
    *(struct io_options *)state = *(const struct io_options *)options;
    return LEAT_OK;
}

static inline void io_sink(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                           uint32_t n)
{
    (void)ctx;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < frames[i]->rows; r++) {
            const uint64_t *row = leat_frame_row(frames[i], r);
            for (uint32_t c = 0; c < frames[i]->cols; c++)
                sum += row[c];
        }
    *((struct io_options *)state)->sum += sum;
}

static const struct leat_stage io_sums = {
    .size = sizeof io_sums, .traits = LEAT_MAP | LEAT_READS_ONLY, .name = "sums", .ins = 1,
    .options_bytes = sizeof(struct io_options), .resolve = io_resolve, .init = io_init,
    .map = io_sink};

static inline void io_end(struct io_job *job)
{
    if (job->engine == NULL)
        return;
    if (leat_engine_fini(job->engine, NULL) != LEAT_OK)
        fprintf(stderr, "leat_bench: a pipeline of io did not end with all frames home\n");
    job->engine = NULL;
    leat_plan_fini(&job->plan);
    leat_graph_fini(&job->graph);
    free(job->storage);
}

/* A new engine of stages in a row. */
static inline int io_chain(struct io_job *job, const struct leat_stage *const *stages,
                           const void *const *with, uint32_t n)
{
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    int status = LEAT_OK;
    io_end(job);
    job->sum = 0;
    leat_graph_init(&job->graph);
    for (uint32_t i = 0, node; i < n && status == LEAT_OK; i++) {
        status = leat_graph_add(&job->graph, stages[i], with[i], NULL, &node, NULL);
        if (status == LEAT_OK && i != 0)
            status = leat_graph_join(&job->graph, i - 1, 0, i, 0, NULL);
    }
    if (status == LEAT_OK)
        status = leat_plan_make(&job->plan, &job->graph, NULL, NULL);
    if (status != LEAT_OK)
        return status;
    size_t bytes = leat_engine_bytes(&job->plan);
    job->storage = bench_memory(bytes);
    status = leat_engine_init(&job->engine, &job->plan, &options, job->storage, bytes, NULL);
    return status == LEAT_OK ? leat_engine_seal(job->engine, NULL) : status;
}

/* A new engine that reads with these options. */
static inline int io_begin(struct io_job *job, const struct leat_stage *source, const void *with)
{
    const struct io_options own = {&job->sum};
    const struct leat_stage *const stages[] = {source, &io_sums};
    const void *const options[] = {with, &own};
    return io_chain(job, stages, options, 2);
}

/* A subject's run, whose state begins with its io_job. */
static inline uint64_t io_run(void *self, uint32_t thread, uint64_t n)
{
    struct io_job *job = self;
    (void)thread, (void)n;
    while (leat_worker_step(job->engine, 0, UINT32_MAX, NULL) >= 0)
        ;
    return job->sum;
}

#endif
