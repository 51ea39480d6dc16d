/* zscore against the definition in long double: a row of a frame at a time. */
#include "harness.h"

#include <math.h>

static long double expected(const struct samples *in, uint32_t r, size_t from, size_t n, size_t i)
{
    long double sum = 0, square = 0;
    for (size_t k = 0; k < n; k++)
        sum += samples_get(in, r, from + k);
    long double mean = sum / n;
    for (size_t k = 0; k < n; k++) {
        long double d = samples_get(in, r, from + k) - mean;
        square += d * d;
    }
    return square == 0 ? 0 : (samples_get(in, r, i) - mean) / sqrtl(square / n);
}

static void check(uint32_t kind, double level, double error_max)
{
    const uint32_t frame = 100;
    struct harness h;
    struct samples in = samples_walk(3, 1030, kind, level);
    harness_open(&h, "zscore", "", 3, frame, kind, 0);
    harness_run(&h, &in, frame, true);
    cr_assert_eq(h.out.n, in.n);
    cr_assert_eq(h.made_n, 11);
    for (uint32_t r = 0; r < 3; r++)
        for (size_t i = 0; i < in.n; i++) {
            size_t from = i - i % frame, left = in.n - from;
            long double want = expected(&in, r, from, left < frame ? left : frame, i);
            long double error = fabsl(samples_get(&h.out, r, i) - want);
            cr_assert(error <= error_max, "row %u sample %zu: off by %Lg", r, i, error);
        }
    samples_free(&in);
    harness_close(&h);
}

Test(zscore, f64_matches_the_definition) { check(LEAT_F64, 100, 1e-12); }
Test(zscore, f32_matches_the_definition) { check(LEAT_F32, 1, 1e-3); }

Test(zscore, a_constant_row_and_a_single_sample_give_zeros)
{
    struct harness h;
    struct samples in = samples_make(2, 65, LEAT_F64);
    for (size_t i = 0; i < in.n; i++) {
        samples_set(&in, 0, i, 0.1);
        samples_set(&in, 1, i, (double)i);
    }
    harness_open(&h, "zscore", "", 2, 64, LEAT_F64, 0);
    harness_run(&h, &in, 64, true);
    for (size_t i = 0; i < in.n; i++)
        cr_assert_eq(samples_get(&h.out, 0, i), 0);
    cr_assert_eq(samples_get(&h.out, 1, 64), 0, "the last frame has one sample");
    cr_assert_neq(samples_get(&h.out, 1, 63), 0);
    samples_free(&in);
    harness_close(&h);
}
