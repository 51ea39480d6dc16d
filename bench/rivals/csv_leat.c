/* The same text as a warm file, read by csv into frames of 1024. */
#define _GNU_SOURCE
#include "csv_job.h"
#include "io_job.h"

#include <leat/io.h>

#include <sys/mman.h>
#include <unistd.h>

struct job {
    struct io_job io; /* the first, for io_run */
    struct csv_text text;
    uint64_t written; /* rows in the file */
    int fd;
    char path[64];
};

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
    struct leat_csv_source_options csv;
    csv_text_make(&job->text, n);
    const struct csv_text *t = &job->text;
    bool there = job->written == n || (ftruncate(job->fd, 0) == 0 &&
                                       pwrite(job->fd, t->text, t->bytes, 0) == (ssize_t)t->bytes);
    job->written = n;
    int status = leat_options_default(leat_csv_source.params, leat_csv_source.params_n, &csv,
                                      sizeof csv, NULL);
    csv.file = job->path;
    if (there && status == LEAT_OK && io_begin(&job->io, &leat_csv_source, &csv) == LEAT_OK)
        return;
    fprintf(stderr, "leat_bench: the csv pipeline does not begin\n");
    exit(1);
}

static void fini(void *self)
{
    struct job *job = self;
    io_end(&job->io);
    close(job->fd);
    free(job->text.text);
    free(job);
}

const struct bench_subject bench_csv_leat = {
    .name = "leat", .setup = setup, .ready = ready, .run = io_run, .fini = fini};
