/* The divided job as loops written by hand over a batch: rows are filled, read twice, and copied
 * twice into the frames that hold both. No counters, no ownership, no pool. */
#define _GNU_SOURCE
#include "tee_job.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 32u

struct frame {
    LEAT_ALIGNED(LEAT_LINE) int64_t row[2][TEE_SAMPLES];
    int64_t odd[8]; /* frames stand an odd number of lines apart, as Leat's do */
};

struct job {
    uint32_t samples;
    struct frame single[BATCH], both[BATCH];
};

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    (void)why;
    job->samples = load->samples < TEE_SAMPLES ? load->samples : TEE_SAMPLES;
    return job;
}

static __attribute__((noinline)) uint64_t read_rows(struct frame *frames, uint32_t k, uint32_t n)
{
    uint64_t sum = 0;
    bench_escape(frames); /* two readers: the compiler must not make one of them */
    for (uint32_t i = 0; i < k; i++)
        sum += tee_read(frames[i].row[0], n);
    return sum;
}

static __attribute__((noinline)) void copy_rows(struct job *job, uint32_t k, uint32_t row)
{
    for (uint32_t i = 0; i < k; i++)
        memcpy(job->both[i].row[row], job->single[i].row[0],
               job->samples * sizeof job->both[0].row[0][0]);
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    uint64_t sum = 0;
    const uint32_t samples = job->samples;
    (void)thread;
    for (uint64_t done = 0; done < n;) {
        uint32_t k = n - done < BATCH ? (uint32_t)(n - done) : BATCH;
        for (uint32_t i = 0; i < k; i++)
            tee_fill(job->single[i].row[0], samples, done + i);
        sum += read_rows(job->single, k, samples);
        sum += read_rows(job->single, k, samples);
        copy_rows(job, k, 0);
        copy_rows(job, k, 1);
        for (uint32_t i = 0; i < k; i++)
            for (uint32_t r = 0; r < 2; r++)
                sum += tee_ends(job->both[i].row[r], samples);
        done += k;
    }
    return sum;
}

const struct bench_subject bench_tee_hand = {
    .name = "hand", .setup = setup, .run = run, .fini = free};
