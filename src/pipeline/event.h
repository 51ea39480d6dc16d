/* Sleeping and waking of workers.
 *
 * A worker that finds nothing to do flags itself asleep in one shared word, looks once more, and
 * sleeps on its event count. Whoever makes work looks at the word and wakes whom he finds.
 * Between "work, then look at the word" and "flag, then look for work" stands one full barrier
 * on each side: the sleeper pays for both, by asking the kernel to run a barrier on every core
 * that runs a thread of this process. Where the kernel has no such call the sleeper looks again
 * every half millisecond.
 */
#ifndef LEAT_PIPELINE_EVENT_H
#define LEAT_PIPELINE_EVENT_H

#include <leat/atomic.h>

struct event_set {
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 asleep; /* a bit for each worker */
    uint32_t barrier;                                /* the kernel has the barrier */
};

/* An event count (ConcurrencyKit's), its size hidden from the rest of the room. */
struct event {
    LEAT_ALIGNED(LEAT_APART) uint32_t words[16];
};

void event_set_init(struct event_set *set);
void event_init(struct event *event);

/* Flags the worker asleep and makes that visible to every running thread of the process. Returns a
 * ticket for event_sleep. After it the caller looks for work once more. */
uint32_t event_prepare(struct event_set *set, struct event *event, uint32_t worker);
/* A ticket without a flag, for a waiter that every wake reaches. */
uint32_t event_ticket(struct event *event);
/* Sleeps until woken after event_prepare, or until `until_ns` of the monotonic clock. */
void event_sleep(struct event_set *set, struct event *event, uint32_t ticket, uint64_t until_ns);
/* Takes the flag back. */
void event_done(struct event_set *set, uint32_t worker);

/* Which workers are asleep; to be called after the work was published. One relaxed load. */
static inline uint64_t event_asleep(const struct event_set *set)
{
    /* [E3 own use: keeps the compiler from looking before publishing] */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return leat_load_relaxed(&set->asleep);  /* [E1 pairs E2: through the kernel's barrier] */
}

/* Wakes the sleeper of this event. A system call only when it sleeps. Safe in a signal handler. */
void event_wake(struct event *event);

#endif
