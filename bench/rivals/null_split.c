/* Two threads by hand: the first does three null stages and sends the buffer over a ck_ring, the
 * second does two and sends it back over another. One buffer at a time. */
#define _GNU_SOURCE
#include "null_job.h"

#include <ck_ring.h>
#include <stdlib.h>

#define BUFFERS 128u

struct buffer {
    LEAT_ALIGNED(LEAT_LINE) uint64_t header[8];
    uint64_t payload[NULL_WORDS];
    uint64_t odd[8];
};

struct job {
    struct buffer buffers[BUFFERS];
    ck_ring_t there, home;
    ck_ring_buffer_t there_slots[2 * BUFFERS], home_slots[2 * BUFFERS];
};

static void *setup(const struct bench_load *load, const char **why)
{
    (void)load;
    (void)why;
    struct job *job = bench_memory(sizeof *job);
    ck_ring_init(&job->there, 2 * BUFFERS);
    ck_ring_init(&job->home, 2 * BUFFERS);
    for (uint32_t i = 0; i < BUFFERS; i++)
        (void)ck_ring_enqueue_spsc(&job->home, job->home_slots, &job->buffers[i]);
    return job;
}

static void *wait(ck_ring_t *ring, ck_ring_buffer_t *slots)
{
    void *buffer;
    while (!ck_ring_dequeue_spsc(ring, slots, &buffer))
        leat_pause();
    return buffer;
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    struct null_sum at = {0, 0};
    while (at.next < n) {
        if (thread == 0) {
            struct buffer *b = wait(&job->home, job->home_slots);
            null_first(b->payload, &at);
            null_middle(b->payload, 1);
            null_middle(b->payload, 2);
            (void)ck_ring_enqueue_spsc(&job->there, job->there_slots, b);
        } else {
            struct buffer *b = wait(&job->there, job->there_slots);
            null_middle(b->payload, 3);
            null_last(b->payload, &at);
            (void)ck_ring_enqueue_spsc(&job->home, job->home_slots, b);
        }
    }
    return at.sum;
}

const struct bench_subject bench_null_split = {
    .name = "hand: over ck_ring", .setup = setup, .run = run, .fini = free};
