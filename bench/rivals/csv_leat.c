/* The same text as a warm file, read by csv into frames of 1024 and summed up by a sink, counters,
 * histograms and ownership on, stepped by the bench's thread. An engine a run, made outside its
 * time: it opens the file and looks at its first line. */
#define _GNU_SOURCE
#include "csv_job.h"

#include <leat/engine.h>
#include <leat/io.h>

#include <sys/mman.h>
#include <unistd.h>

struct job {
    struct csv_text text;
    uint64_t written; /* rows in the file */
    uint64_t sum;
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    void *storage;
    int fd;
    char path[64];
};

struct options {
    uint64_t *sum;
};

static int resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
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

static void sink(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)ctx;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < CSV_COLUMNS; r++) {
            const double *row = leat_frame_row(frames[i], r);
            for (uint32_t c = 0; c < frames[i]->cols; c++)
                sum += csv_bits(row[c]);
        }
    *((struct options *)state)->sum += sum;
}

static const struct leat_stage sums = {
    .size = sizeof sums, .traits = LEAT_MAP | LEAT_READS_ONLY, .name = "sums", .ins = 1,
    .options_bytes = sizeof(struct options), .resolve = resolve, .init = init, .map = sink};

static void end(struct job *job)
{
    if (job->engine == NULL)
        return;
    if (leat_engine_fini(job->engine, NULL) != LEAT_OK)
        fprintf(stderr, "leat_bench: the csv pipeline did not end with all frames home\n");
    job->engine = NULL;
    leat_plan_fini(&job->plan);
    leat_graph_fini(&job->graph);
    free(job->storage);
}

static int begin(struct job *job)
{
    const struct options own = {&job->sum};
    struct leat_csv_source_options csv;
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    uint32_t from, to;
    int status = leat_options_default(leat_csv_source.params, leat_csv_source.params_n, &csv,
                                      sizeof csv, NULL);
    csv.file = job->path;
    leat_graph_init(&job->graph);
    if (status == LEAT_OK)
        status = leat_graph_add(&job->graph, &leat_csv_source, &csv, NULL, &from, NULL);
    if (status == LEAT_OK)
        status = leat_graph_add(&job->graph, &sums, &own, NULL, &to, NULL);
    if (status == LEAT_OK)
        status = leat_graph_join(&job->graph, from, 0, to, 0, NULL);
    if (status == LEAT_OK)
        status = leat_plan_make(&job->plan, &job->graph, NULL, NULL);
    if (status != LEAT_OK)
        return status;
    size_t bytes = leat_engine_bytes(&job->plan);
    job->storage = bench_memory(bytes);
    status = leat_engine_init(&job->engine, &job->plan, &options, job->storage, bytes, NULL);
    return status == LEAT_OK ? leat_engine_seal(job->engine, NULL) : status;
}

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    (void)load;
    job->fd = memfd_create("leat_bench", MFD_CLOEXEC);
    snprintf(job->path, sizeof job->path, "/proc/self/fd/%d", job->fd);
    *why = "no file in memory";
    return job->fd >= 0 ? job : NULL;
}

static void ready(void *self, uint64_t n)
{
    struct job *job = self;
    end(job);
    csv_text_make(&job->text, n);
    const struct csv_text *t = &job->text;
    bool there = job->written == n || (ftruncate(job->fd, 0) == 0 &&
                                       pwrite(job->fd, t->text, t->bytes, 0) == (ssize_t)t->bytes);
    job->written = n;
    job->sum = 0;
    if (there && begin(job) == LEAT_OK)
        return;
    fprintf(stderr, "leat_bench: the csv pipeline does not begin\n");
    exit(1);
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    (void)thread;
    (void)n;
    while (leat_worker_step(job->engine, 0, UINT32_MAX, NULL) >= 0)
        ;
    return job->sum;
}

static void fini(void *self)
{
    struct job *job = self;
    end(job);
    close(job->fd);
    free(job->text.text);
    free(job);
}

const struct bench_subject bench_csv_leat = {
    .name = "leat", .setup = setup, .ready = ready, .run = run, .fini = fini};
