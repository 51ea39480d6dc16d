/* Loops written by hand over the five null stages, on 64 buffers of a header's line and the
 * payload: a call for each stage and frame; everything in one loop body; a call for each stage and
 * 32 frames. No counters, no ownership, no ring. */
#define _GNU_SOURCE
#include "null_job.h"

#include <stdlib.h>

#define BUFFERS 64u

struct buffer {
    LEAT_ALIGNED(LEAT_LINE) uint64_t header[8];
    uint64_t payload[NULL_WORDS];
    uint64_t odd[8]; /* buffers stand an odd number of lines apart, as frames do */
};

struct job {
    struct buffer buffers[BUFFERS];
    struct null_sum first, last;
};

static void *setup(const struct bench_load *load, const char **why)
{
    (void)load;
    (void)why;
    return bench_memory(sizeof(struct job));
}

static __attribute__((noinline)) void call_first(struct buffer *b, struct null_sum *at)
{
    null_first(b->payload, at);
}
static __attribute__((noinline)) void call_1(struct buffer *b) { null_middle(b->payload, 1); }
static __attribute__((noinline)) void call_2(struct buffer *b) { null_middle(b->payload, 2); }
static __attribute__((noinline)) void call_3(struct buffer *b) { null_middle(b->payload, 3); }
static __attribute__((noinline)) void call_last(struct buffer *b, struct null_sum *at)
{
    null_last(b->payload, at);
}

static uint64_t run_calls(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    struct job *job = self;
    job->first = job->last = (struct null_sum){0, 0};
    for (uint64_t i = 0; i < n; i++) {
        struct buffer *b = &job->buffers[i % BUFFERS];
        call_first(b, &job->first);
        call_1(b);
        call_2(b);
        call_3(b);
        call_last(b, &job->last);
    }
    return job->last.sum;
}

static uint64_t run_inlined(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    struct job *job = self;
    struct null_sum first = {0, 0}, last = {0, 0};
    for (uint64_t i = 0; i < n; i++) {
        struct buffer *b = &job->buffers[i % BUFFERS];
        null_first(b->payload, &first);
        bench_escape(b);
        for (uint32_t stage = 1; stage < 4; stage++)
            null_middle(b->payload, stage);
        bench_escape(b);
        null_last(b->payload, &last);
    }
    return last.sum;
}

static __attribute__((noinline)) void batch(struct buffer *const *b, uint32_t n, uint32_t stage)
{
    NULL_EIGHT_AT_ONCE
    for (uint32_t i = 0; i < n; i++)
        null_middle(b[i]->payload, stage);
}

static uint64_t run_batches(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    struct job *job = self;
    struct buffer *b[NULL_BURST_MAX];
    struct null_sum first = {0, 0}, last = {0, 0};
    for (uint64_t done = 0; done < n;) {
        uint32_t k = n - done < NULL_BURST_MAX ? (uint32_t)(n - done) : NULL_BURST_MAX;
        NULL_EIGHT_AT_ONCE
        for (uint32_t i = 0; i < k; i++) {
            b[i] = &job->buffers[(done + i) % BUFFERS];
            null_first(b[i]->payload, &first);
        }
        for (uint32_t stage = 1; stage < 4; stage++)
            batch(b, k, stage);
        NULL_EIGHT_AT_ONCE
        for (uint32_t i = 0; i < k; i++)
            null_last(b[i]->payload, &last);
        bench_escape(job);
        done += k;
    }
    return last.sum;
}

const struct bench_subject bench_null_hand_calls = {
    .name = "hand: calls", .setup = setup, .run = run_calls, .fini = free};
const struct bench_subject bench_null_hand_inlined = {
    .name = "hand: one body", .setup = setup, .run = run_inlined, .fini = free};
const struct bench_subject bench_null_hand_batches = {
    .name = "hand: 32 a stage", .setup = setup, .run = run_batches, .fini = free};
