/* udp as a source: into frames, with the kernel's times, drops and lengths watched. The engine
 * lives from round to round, as a feed's does and as the arrays of the loops beside it do. */
#define _GNU_SOURCE
#include "io_job.h"
#include "udp_job.h"

#include <leat/feeds.h>

enum { SUM, SEEN };

struct job {
    struct io_job io;
    uint64_t words[2]; /* what they add up to, and how many */
    uint32_t bytes;
    uint16_t port;
};

static void first_words(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                        uint32_t n)
{
    (void)ctx;
    uint64_t *words = ((struct io_options *)state)->sum, sum = 0, word;
    for (uint32_t i = 0; i < n; i++) {
        const char *bytes = leat_frame_row(frames[i], 0);
        const int64_t *offsets = leat_frame_row(frames[i], 1);
        for (int64_t m = 0; m < offsets[0]; m++) {
            memcpy(&word, bytes + offsets[1 + m], sizeof word);
            sum += word;
        }
        words[SEEN] += (uint64_t)offsets[0];
    }
    words[SUM] += sum;
}

static void *setup(const struct bench_load *load, const char **why)
{
    static const struct leat_stage sums = {
        .size = sizeof sums, .traits = LEAT_MAP | LEAT_READS_ONLY, .name = "words", .ins = 1,
        .options_bytes = sizeof(struct io_options), .resolve = io_resolve, .init = io_init,
        .map = first_words};
    struct job *job = bench_memory(sizeof *job);
    struct leat_udp_source_options o;
    const struct io_options own = {job->words};
    const struct leat_stage *const stages[] = {&leat_udp_source, &sums};
    const void *const options[] = {&o, &own};
    char address[40];
    job->bytes = load->bytes;
    job->port = udp_port();
    snprintf(address, sizeof address, "127.0.0.1:%u", job->port);
    int status = leat_options_default(leat_udp_source.params, leat_udp_source.params_n, &o,
                                      sizeof o, NULL);
    o.address = address;
    if (status == LEAT_OK && io_chain(&job->io, stages, options, 2) == LEAT_OK)
        return job;
    *why = "the pipeline of datagrams does not begin";
    return NULL;
}

static void ready(void *self, uint64_t n)
{
    struct job *job = self;
    job->words[SUM] = job->words[SEEN] = 0;
    udp_send(job->port, n, job->bytes);
}

/* A step is one frame: more would wait for datagrams that nobody sends. */
static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    (void)thread;
    while (job->words[SEEN] < n && leat_worker_step(job->io.engine, 0, 1, NULL) >= 0)
        ;
    return job->words[SUM];
}

static void fini(void *self)
{
    struct job *job = self;
    leat_engine_stop(job->io.engine);
    while (leat_worker_step(job->io.engine, 0, UINT32_MAX, NULL) >= 0)
        ;
    io_end(&job->io);
    free(job);
}

const struct bench_subject bench_udp_leat = {
    .name = "leat", .setup = setup, .ready = ready, .run = run, .fini = fini};
