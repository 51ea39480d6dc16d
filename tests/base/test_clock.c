#define _GNU_SOURCE
#include <leat/clock.h>

#include <criterion/criterion.h>

static void expect_pace(const struct leat_clock *clock)
{
    struct timespec nap = { 0, 50000000 };
    uint64_t ns = leat_clock_ns(), ticks = leat_clock_ticks(clock);
    nanosleep(&nap, NULL);
    ticks = leat_clock_ticks(clock) - ticks;
    ns = leat_clock_ns() - ns;
    double ratio = (double)leat_clock_span_ns(clock, ticks) / (double)ns;
    cr_expect(ratio > 0.99 && ratio < 1.01, "%f", ratio);
}

Test(clock, keeps_time)
{
    struct leat_clock clock;
    leat_clock_init(&clock);
    cr_assert_gt(clock.ns_per_tick, 0.0);
    expect_pace(&clock);
    expect_pace(&(struct leat_clock){ 1.0, false, NULL });
}

Test(clock, never_runs_backwards)
{
    struct leat_clock clock;
    leat_clock_init(&clock);
    uint64_t last = leat_clock_ticks(&clock);
    for (int i = 0; i < 100000; i++) {
        uint64_t now = leat_clock_ticks(&clock);
        cr_assert_geq(now, last);
        last = now;
    }
}
