/* Gives the processor away between looks: what Leat's workers do next. */
#define _GNU_SOURCE
#include "bench.h"

#include <sched.h>

struct channel {
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 value;
};

static void channel_init(struct channel *c) { leat_store_relaxed(&c->value, UINT64_C(0)); }

LEAT_INLINE void channel_post(struct channel *c, uint64_t value)
{
    leat_store_release(&c->value, value); /* pairs with channel_await */
}

LEAT_INLINE void channel_await(struct channel *c, uint64_t value)
{
    while (leat_load_acquire(&c->value) != value) /* pairs with channel_post */
        sched_yield();
}

#include "wait_loops.h"

const struct bench_subject bench_wait_yield = {
    .name = "yield", .setup = wait_setup, .run = wait_run, .fini = free};
