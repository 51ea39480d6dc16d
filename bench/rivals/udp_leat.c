/* udp as a source: into frames, with the kernel's times, drops and lengths watched. */
#define _GNU_SOURCE
#include "io_job.h"
#include "udp_job.h"

#include <leat/feeds.h>

struct job {
    struct io_job io; /* the first, for io_run */
    uint32_t bytes;
};

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    (void)why;
    job->bytes = load->bytes;
    return job;
}

static void first_words(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                        uint32_t n)
{
    (void)ctx;
    uint64_t sum = 0, word;
    for (uint32_t i = 0; i < n; i++) {
        const char *bytes = leat_frame_row(frames[i], 0);
        const int64_t *offsets = leat_frame_row(frames[i], 1);
        for (int64_t m = 0; m < offsets[0]; m++) {
            memcpy(&word, bytes + offsets[1 + m], sizeof word);
            sum += word;
        }
    }
    *((struct io_options *)state)->sum += sum;
}

static void ready(void *self, uint64_t n)
{
    static const struct leat_stage sums = {
        .size = sizeof sums, .traits = LEAT_MAP | LEAT_READS_ONLY, .name = "words", .ins = 1,
        .options_bytes = sizeof(struct io_options), .resolve = io_resolve, .init = io_init,
        .map = first_words};
    struct job *job = self;
    struct leat_udp_source_options o;
    const struct io_options own = {&job->io.sum};
    const struct leat_stage *const stages[] = {&leat_udp_source, &sums};
    const void *const options[] = {&o, &own};
    char address[40];
    uint16_t port = udp_port();
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    int status = leat_options_default(leat_udp_source.params, leat_udp_source.params_n, &o,
                                      sizeof o, NULL);
    o.address = address;
    o.count = n;
    if (status != LEAT_OK || io_chain(&job->io, stages, options, 2) != LEAT_OK) {
        fprintf(stderr, "leat_bench: the pipeline of datagrams does not begin\n");
        exit(1);
    }
    udp_send(port, n, job->bytes);
}

static void fini(void *self)
{
    struct job *job = self;
    io_end(&job->io);
    free(job);
}

const struct bench_subject bench_udp_leat = {
    .name = "leat", .setup = setup, .ready = ready, .run = io_run, .fini = fini};
