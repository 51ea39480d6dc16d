/* The kernel's event counter: a write to post, a read to wait. */
#define _GNU_SOURCE
#include "bench.h"

#include <sys/eventfd.h>
#include <unistd.h>

struct channel {
    int file;
};

static void channel_init(struct channel *c) { c->file = eventfd(0, EFD_CLOEXEC); }

LEAT_INLINE void channel_post(struct channel *c, uint64_t value)
{
    (void)value;
    const uint64_t one = 1;
    if (write(c->file, &one, sizeof one) != sizeof one)
        perror("leat_bench: eventfd");
}

LEAT_INLINE void channel_await(struct channel *c, uint64_t value)
{
    (void)value;
    uint64_t count = 0;
    if (read(c->file, &count, sizeof count) != sizeof count)
        perror("leat_bench: eventfd");
}

#include "wait_loops.h"

static void fini(void *self)
{
    struct wait_job *job = self;
    close(job->there.file);
    close(job->back.file);
    free(job);
}

const struct bench_subject bench_wait_eventfd = {
    .name = "eventfd", .setup = wait_setup, .run = wait_run, .fini = fini};
