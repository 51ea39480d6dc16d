/* The loop of the wait rows, compiled into each strategy's own file, which has defined before:
 *   struct channel              in zeroed memory; channel_init(channel, number)
 *   void channel_post(channel, value)      makes the value visible and wakes who waits
 *   void channel_await(channel, value)     returns when the value is there
 * A round trip is there and back: two hand-overs, each with a waiter that has begun to wait. */
#ifndef LEAT_BENCH_WAIT_LOOPS_H
#define LEAT_BENCH_WAIT_LOOPS_H

#include "bench.h"

#include <stdlib.h>

struct wait_job {
    struct channel there, back;
};

static void *wait_setup(const struct bench_load *load, const char **why)
{
    (void)load;
    (void)why;
    struct wait_job *job = bench_memory(sizeof *job);
    channel_init(&job->there);
    channel_init(&job->back);
    return job;
}

static uint64_t wait_run(void *self, uint32_t thread, uint64_t n)
{
    struct wait_job *job = self;
    for (uint64_t i = 1; i <= n; i++) {
        if (thread == 0)
            channel_post(&job->there, i);
        channel_await(thread == 0 ? &job->back : &job->there, i);
        if (thread == 1)
            channel_post(&job->back, i);
    }
    return n;
}

#endif
