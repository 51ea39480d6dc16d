/* Stages that change every sample by itself, against the host's long double mathematics. */
#include "harness.h"

#include <math.h>

typedef long double function(long double x);

static long double times_two_less_one(long double x) { return 2 * x - 1; }
static long double in_range(long double x) { return x < -1 ? -1 : x > 2.5L ? 2.5L : x; }
static long double at_least_zero(long double x) { return x < 0 ? 0 : x; }
static long double magnitude(long double x) { return fabsl(x); }
static long double same(long double x) { return x; }
static long double six_db(long double x) { return x * powl(10, 0.3L); }

/* x runs over [low, high]; error_max is relative to the answer, in units of the kind's epsilon. */
static void check(const char *stage, const char *options, function *want, double low, double high,
                  double error_max)
{
    static const uint32_t kinds[] = {LEAT_F32, LEAT_F64};
    static const double epsilon[] = {0x1p-23, 0x1p-52};
    for (int k = 0; k < 2; k++) {
        struct harness h;
        struct samples in = samples_make(2, 301, kinds[k]);
        for (size_t i = 0; i < in.n; i++) {
            samples_set(&in, 0, i, low + (high - low) * (double)i / 300);
            samples_set(&in, 1, i, high - (high - low) * (double)i / 300);
        }
        harness_open(&h, stage, options, 2, 100, kinds[k], 0);
        harness_run(&h, &in, 100, true);
        cr_assert_eq(h.out.n, in.n);
        for (uint32_t r = 0; r < 2; r++)
            for (size_t i = 0; i < in.n; i++) {
                long double answer = want(samples_get(&in, r, i));
                long double error = fabsl(samples_get(&h.out, r, i) - answer);
                cr_assert(error <= error_max * epsilon[k] * fabsl(answer),
                          "%s %s: of %g, off by %Lg", stage, options, samples_get(&in, r, i),
                          error);
            }
        samples_free(&in);
        harness_close(&h);
    }
}

Test(elementwise, scale_multiplies_then_adds)
{
    check("scale", "by=2 add=-1", times_two_less_one, 3, 7, 1);
    check("scale", "", same, -5, 5, 0);
}

Test(elementwise, gain_is_a_factor_in_decibels)
{
    check("gain", "db=6dB", six_db, -5, 5, 3);
    check("gain", "db=0", same, -5, 5, 0);
}

Test(elementwise, gain_in_steps_of_20_db_is_a_power_of_ten)
{
    struct samples in = samples_make(1, 1, LEAT_F64);
    samples_set(&in, 0, 0, 1);
    for (int decade = -20; decade <= 20; decade++) {
        struct harness h;
        char options[32], power[32];
        double want;
        snprintf(options, sizeof options, "db=%d", decade * 20);
        int length = snprintf(power, sizeof power, "1e%d", decade);
        cr_assert(leat_number_read(power, (size_t)length, &want) != 0);
        harness_open(&h, "gain", options, 1, 1, LEAT_F64, 0);
        harness_run(&h, &in, 1, true);
        cr_expect_eq(samples_get(&h.out, 0, 0), want, "%s", options);
        harness_close(&h);
    }
    samples_free(&in);
}

Test(elementwise, gain_is_right_over_its_whole_range)
{
    struct samples in = samples_make(1, 1, LEAT_F64);
    samples_set(&in, 0, 0, 1);
    for (double db = -400; db <= 400; db += 0.73) {
        struct harness h;
        char options[64];
        snprintf(options, sizeof options, "db=%.17g", db);
        harness_open(&h, "gain", options, 1, 1, LEAT_F64, 0);
        harness_run(&h, &in, 1, true);
        long double want = powl(10, (long double)db / 20);
        long double error = fabsl(samples_get(&h.out, 0, 0) - want) / want;
        cr_expect(error <= 3 * 0x1p-52L, "%s: off by %Lg", options, error);
        harness_close(&h);
    }
    samples_free(&in);
}

Test(elementwise, clamp_bounds_on_both_sides_or_one)
{
    check("clamp", "min=-1 max=2.5", in_range, -5, 5, 0);
    check("clamp", "min=0", at_least_zero, -5, 5, 0);
    check("clamp", "", same, -5, 5, 0);
}

Test(elementwise, abs_exp_log)
{
    check("abs", "", magnitude, -5, 5, 0);
    check("exp", "", expl, -20, 20, 1);
    check("log", "", logl, 0.01, 50, 1);
}

Test(elementwise, outside_the_domain_the_answers_are_those_of_ieee)
{
    struct harness h;
    struct samples in = samples_make(1, 3, LEAT_F64);
    samples_set(&in, 0, 0, 0);
    samples_set(&in, 0, 1, -1);
    samples_set(&in, 0, 2, INFINITY);
    harness_open(&h, "log", "", 1, 3, LEAT_F64, 0);
    harness_run(&h, &in, 3, true);
    cr_expect_eq(samples_get(&h.out, 0, 0), -INFINITY);
    cr_expect(isnan(samples_get(&h.out, 0, 1)));
    cr_expect_eq(samples_get(&h.out, 0, 2), INFINITY);
    harness_close(&h);
    samples_set(&in, 0, 1, NAN);
    harness_open(&h, "clamp", "max=1", 1, 3, LEAT_F64, 0);
    harness_run(&h, &in, 3, true);
    cr_expect(isnan(samples_get(&h.out, 0, 1)), "clamp lets NaN be");
    cr_expect_eq(samples_get(&h.out, 0, 2), 1);
    harness_close(&h);
    samples_free(&in);
}
