/* dbn and itch as sources, filtered and decoded into frames of 1024. */
#define _GNU_SOURCE
#include "feed_job.h"
#include "io_job.h"

#include <leat/feeds.h>

struct job {
    struct io_job io; /* the first, for io_run */
    struct feed_file file;
};

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    *why = "no file in memory";
    return feed_open(&job->file, load) ? job : NULL;
}

static int begin(struct job *job)
{
    static const char *const only[] = {"A"}, *const mbo[] = {"price", "size"},
                             *const itch[] = {"price", "shares"};
    struct leat_itch_source_options i;
    struct leat_dbn_source_options d;
    int status = leat_options_default(leat_itch_source.params, leat_itch_source.params_n, &i,
                                      sizeof i, NULL);
    if (status == LEAT_OK)
        status = leat_options_default(leat_dbn_source.params, leat_dbn_source.params_n, &d,
                                      sizeof d, NULL);
    if (status != LEAT_OK)
        return status;
    i.file = d.file = job->file.path;
    i.only = d.only = (struct leat_list){only, 1};
    i.fields = (struct leat_list){itch, 2};
    d.fields = (struct leat_list){mbo, 2};
    return job->file.itch ? io_begin(&job->io, &leat_itch_source, &i)
                          : io_begin(&job->io, &leat_dbn_source, &d);
}

static void ready(void *self, uint64_t n)
{
    struct job *job = self;
    feed_make(&job->file, n);
    if (begin(job) == LEAT_OK)
        return;
    fprintf(stderr, "leat_bench: the pipeline of market data does not begin\n");
    exit(1);
}

static void fini(void *self)
{
    struct job *job = self;
    io_end(&job->io);
    close(job->file.fd);
    free(job);
}

const struct bench_subject bench_feed_leat = {
    .name = "leat", .setup = setup, .ready = ready, .run = io_run, .fini = fini};
