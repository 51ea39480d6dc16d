#define _GNU_SOURCE
#include <leat/clock.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

uint64_t leat_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t leat_clock_now_ns(const struct leat_clock *clock)
{
    return clock->host_ns != NULL ? leat_load_relaxed(clock->host_ns) : leat_clock_ns();
}

void leat_clock_host(struct leat_clock *clock, const leat_atomic_u64 *host_ns)
{
    *clock = (struct leat_clock){ 1.0, false, host_ns };
}

#if defined(__x86_64__)

#define CALIBRATE_NS UINT64_C(2000000)
#define TRIES 16

/* The processor says that its counter runs at one rate in every power state. */
static bool counter_invariant(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d >> 8 & 1u) != 0;
}

/* A pair of readings of the same moment. */
struct moment {
    uint64_t ticks, ns;
};

/* The tightest of a few tries: a reading that was interrupted is wide. */
static struct moment moment_read(void)
{
    struct moment best = { 0, 0 };
    uint64_t narrowest = UINT64_MAX;
    for (int i = 0; i < TRIES; i++) {
        uint64_t before = __builtin_ia32_rdtsc();
        uint64_t ns = leat_clock_ns();
        uint64_t width = __builtin_ia32_rdtsc() - before;
        if (width < narrowest) {
            narrowest = width;
            best = (struct moment){ before + width / 2, ns };
        }
    }
    return best;
}

void leat_clock_init(struct leat_clock *clock)
{
    *clock = (struct leat_clock){ 1.0, false, NULL };
    if (!counter_invariant())
        return;
    struct moment start = moment_read();
    while (leat_clock_ns() - start.ns < CALIBRATE_NS)
        __builtin_ia32_pause();
    struct moment end = moment_read();
    if (end.ticks <= start.ticks || end.ns <= start.ns)
        return;
    double ns_per_tick = (double)(end.ns - start.ns) / (double)(end.ticks - start.ticks);
    /* 100 MHz to 20 GHz; anything else is a counter that is not one. */
    if (ns_per_tick > 0.05 && ns_per_tick < 10.0)
        *clock = (struct leat_clock){ ns_per_tick, true, NULL };
}

#else

void leat_clock_init(struct leat_clock *clock)
{
    *clock = (struct leat_clock){ 1.0, false, NULL };
}

#endif
