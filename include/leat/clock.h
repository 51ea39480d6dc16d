/* Ticks: the cheapest monotonic count that the machine has, and their length in nanoseconds.
 *
 * The time stamp counter where it is invariant, calibrated against the system clock; else the
 * system's monotonic clock itself (one tick = 1 ns); or a word that the host sets, for tests and
 * simulations. The choice is data of the caller, not a global.
 */
#ifndef LEAT_CLOCK_H
#define LEAT_CLOCK_H

#include <leat/atomic.h>

#include <time.h>

LEAT_BEGIN

struct leat_clock {
    double ns_per_tick; /* > 0 */
    bool counter;       /* true: time stamp counter, false: CLOCK_MONOTONIC or the host's */
    const leat_atomic_u64 *host_ns; /* the host's time, which it sets; NULL: the machine's */
};

/* Chooses and calibrates, in about 2 ms. Threads: any. Memory: none. */
LEAT_API void leat_clock_init(struct leat_clock *clock);
/* A clock that says what stands in *host_ns, which the host sets and which must not go back; one
 * tick = 1 ns. The word is borrowed as long as the clock is used. */
LEAT_API void leat_clock_host(struct leat_clock *clock, const leat_atomic_u64 *host_ns);

/* CLOCK_MONOTONIC in nanoseconds, through the vDSO. */
LEAT_API uint64_t leat_clock_ns(void);
/* The clock's own nanoseconds: CLOCK_MONOTONIC's, or the host's. */
LEAT_API uint64_t leat_clock_now_ns(const struct leat_clock *clock);

/* Now, in ticks. Not ordered with the memory operations around it (about 10 ns). */
LEAT_INLINE uint64_t leat_clock_ticks(const struct leat_clock *clock)
{
#if defined(__x86_64__)
    if (LEAT_LIKELY(clock->counter))
        return __builtin_ia32_rdtsc();
#endif
    return leat_clock_now_ns(clock);
}

/* A span of ticks in nanoseconds, rounded down; either is below 2^63, some 97 years at 3 GHz: what
 * has a sign is converted by one instruction. */
LEAT_INLINE uint64_t leat_clock_span_ns(const struct leat_clock *clock, uint64_t ticks)
{
    return (uint64_t)(int64_t)((double)(int64_t)ticks * clock->ns_per_tick);
}

LEAT_END

#endif
