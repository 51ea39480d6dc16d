/* Parks at once, the way Leat's workers do after spinning and yielding: flags itself, looks once
 * more, sleeps; the other side wakes whom it finds flagged. */
#define _GNU_SOURCE
#include "bench.h"
#include "pipeline/event.h"

struct channel {
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 value;
    struct event_set set;
    struct event event;
};

static void channel_init(struct channel *c)
{
    event_set_init(&c->set);
    event_init(&c->event);
}

LEAT_INLINE void channel_post(struct channel *c, uint64_t value)
{
    leat_store_release(&c->value, value); /* pairs with channel_await */
    if (event_asleep(&c->set) != 0)
        event_wake(&c->event);
}

LEAT_INLINE void channel_await(struct channel *c, uint64_t value)
{
    while (leat_load_acquire(&c->value) != value) { /* pairs with channel_post */
        uint32_t ticket = event_prepare(&c->set, &c->event, 0);
        if (leat_load_acquire(&c->value) != value) /* pairs with channel_post */
            event_sleep(&c->set, &c->event, ticket, UINT64_MAX);
        event_done(&c->set, 0);
    }
}

#include "wait_loops.h"

const struct bench_subject bench_wait_park = {
    .name = "leat's park", .setup = wait_setup, .run = wait_run, .fini = free};
