/* Stages that carry state: the same bits however the stream is cut, and the right values. */
#include "harness.h"
#include "sanitized.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *stage, *options;
    bool integers;
} streaming[] = {
    {"welford", "", false},
    {"welford", "out=mean", false},
    {"welford", "out=variance ddof=1", false},
    {"welford", "out=stddev", false},
    {"ewma", "span=20", false},
    {"ewma", "halflife=3.5", false},
    {"rolling", "size=1", false},
    {"rolling", "size=64", false},
    {"rolling", "size=1500 out=zscore", false},
    {"rolling", "size=100 out=stddev ddof=1", false},
    {"diff", "", true},
    {"logreturn", "", false},
    {"window", "size=96 hop=32", true},
};

static struct samples run_once(const char *stage, const char *options, const struct samples *in,
                               uint32_t frame, uint32_t batch, enum leat_isa isa)
{
    struct harness h;
    harness_open(&h, stage, options, in->rows, 1024, in->kind, 0);
    h.batch = batch;
    h.ctx.isa = (uint32_t)isa;
    harness_run(&h, in, frame, true);
    struct samples out = h.out;
    h.out.data = NULL;
    harness_close(&h);
    return out;
}

static void check_same_bits(size_t which, uint32_t kind)
{
    static const uint32_t frames[] = {1, 7, 1000, 1024}, batches[] = {1, 3, 32};
    const size_t n = THREAD_SANITIZER ? 1100 : 5000, step = SANITIZED ? 2 : 1; /* slow there */
    struct samples in = samples_walk(2, n, kind, kind == LEAT_I64 ? 1e15 : 100);
    const char *stage = streaming[which].stage, *options = streaming[which].options;
    struct samples first = run_once(stage, options, &in, 512, 1, LEAT_ISA_BASE);
    cr_assert(first.n >= n - 1);
    for (int isa = 0; isa < LEAT_ISAS; isa++)
        for (size_t f = 0; f < 4 && leat_isa_usable((enum leat_isa)isa); f++)
            for (size_t b = 0; b < 3; b += step) {
                struct samples again =
                    run_once(stage, options, &in, frames[f], batches[b], (enum leat_isa)isa);
                cr_assert(samples_same(&first, &again),
                          "%s %s: %s, %s, frames of %u, batches of %u", stage, options,
                          leat_kind_name(kind), leat_isa_name((enum leat_isa)isa), frames[f],
                          batches[b]);
                samples_free(&again);
            }
    samples_free(&first);
    samples_free(&in);
}

Test(streaming, frames_and_batches_do_not_show_in_the_bits, .timeout = 280)
{
    for (size_t i = 0; i < sizeof streaming / sizeof *streaming; i++) {
        check_same_bits(i, LEAT_F64);
        check_same_bits(i, LEAT_F32);
        if (streaming[i].integers)
            check_same_bits(i, LEAT_I64);
    }
}

Test(streaming, a_state_can_be_moved_between_batches)
{
    struct samples in = samples_walk(2, 2000, LEAT_F64, 100), rest = in;
    for (size_t i = 0; i < sizeof streaming / sizeof *streaming; i++) {
        struct harness h;
        struct samples whole = run_once(streaming[i].stage, streaming[i].options, &in, 100, 3,
                                        leat_isa_best());
        harness_open(&h, streaming[i].stage, streaming[i].options, 1, 100, LEAT_F64, 0);
        struct samples half = {in.data, 1, in.kind, 1000};
        harness_run(&h, &half, 100, false);
        size_t before = h.out.n;
        size_t bytes = leat_round_up(h.need.state_bytes, LEAT_LINE);
        void *moved = aligned_alloc(LEAT_LINE, bytes);
        memcpy(moved, h.state, h.need.state_bytes);
        memset(h.state, 0xff, h.need.state_bytes);
        free(h.state);
        h.state = moved;
        rest = (struct samples){(double *)in.data + 1000, 1, in.kind, 1000};
        harness_run(&h, &rest, 100, true);
        cr_assert_eq(before + h.out.n, whole.n);
        cr_assert_arr_eq((double *)h.out.data, (double *)whole.data + before, h.out.n * 8, "%s %s",
                         streaming[i].stage, streaming[i].options);
        samples_free(&whole);
        harness_close(&h);
    }
    samples_free(&in);
}

/* Mean, variance, deviation, z-score of in[from..to], by the definition. */
static long double moment(const struct samples *in, size_t from, size_t to, unsigned output,
                          unsigned ddof)
{
    long double sum = 0, square = 0, n = (long double)(to - from + 1);
    for (size_t i = from; i <= to; i++)
        sum += samples_get(in, 1, i);
    for (size_t i = from; i <= to; i++) {
        long double d = samples_get(in, 1, i) - sum / n;
        square += d * d;
    }
    long double variance = n > ddof ? square / (n - ddof) : 0;
    if (output == LEAT_OUT_MEAN)
        return sum / n;
    if (output == LEAT_OUT_VARIANCE)
        return variance;
    if (output == LEAT_OUT_STDDEV)
        return sqrtl(variance);
    return variance == 0 ? 0 : (samples_get(in, 1, to) - sum / n) / sqrtl(variance);
}

static void check_moments(const char *stage, const char *options, size_t window, unsigned output,
                          unsigned ddof)
{
    struct samples in = samples_walk(2, 700, LEAT_F64, 100);
    struct samples out = run_once(stage, options, &in, 64, 3, leat_isa_best());
    cr_assert_eq(out.n, in.n);
    for (size_t i = 0; i < in.n; i++) {
        size_t from = i + 1 > window ? i + 1 - window : 0;
        long double want = moment(&in, from, i, output, ddof);
        long double error = fabsl(samples_get(&out, 1, i) - want);
        cr_assert(error <= 1e-12L + 1e-10L * fabsl(want), "%s %s: sample %zu off by %Lg", stage,
                  options, i, error);
    }
    samples_free(&in);
    samples_free(&out);
}

Test(streaming, welford_matches_the_definition)
{
    check_moments("welford", "", SIZE_MAX, LEAT_OUT_ZSCORE, 0);
    check_moments("welford", "out=mean", SIZE_MAX, LEAT_OUT_MEAN, 0);
    check_moments("welford", "out=variance ddof=1", SIZE_MAX, LEAT_OUT_VARIANCE, 1);
    check_moments("welford", "out=stddev", SIZE_MAX, LEAT_OUT_STDDEV, 0);
}

Test(streaming, rolling_matches_the_definition_from_partial_windows_on)
{
    check_moments("rolling", "size=1", 1, LEAT_OUT_MEAN, 0);
    check_moments("rolling", "size=7", 7, LEAT_OUT_MEAN, 0);
    check_moments("rolling", "size=64 out=variance", 64, LEAT_OUT_VARIANCE, 0);
    check_moments("rolling", "size=100 out=stddev ddof=1", 100, LEAT_OUT_STDDEV, 1);
    check_moments("rolling", "size=30 out=zscore", 30, LEAT_OUT_ZSCORE, 0);
    check_moments("rolling", "size=9999 out=zscore", 9999, LEAT_OUT_ZSCORE, 0);
}

static void check_ewma(const char *options, long double alpha)
{
    struct samples in = samples_walk(2, 700, LEAT_F64, 100);
    struct samples out = run_once("ewma", options, &in, 64, 3, leat_isa_best());
    long double value = samples_get(&in, 1, 0);
    for (size_t i = 0; i < in.n; i++) {
        value += alpha * (samples_get(&in, 1, i) - value);
        long double error = fabsl(samples_get(&out, 1, i) - value);
        cr_assert(error <= 1e-12L * fabsl(value), "%s: sample %zu off by %Lg", options, i, error);
    }
    samples_free(&in);
    samples_free(&out);
}

Test(streaming, ewma_weighs_as_alpha_span_or_halflife_say)
{
    check_ewma("alpha=0.25", 0.25L);
    check_ewma("alpha=1", 1);
    check_ewma("span=1", 1);
    check_ewma("span=20", 2.0L / 21);
    check_ewma("halflife=1", 0.5L);
    check_ewma("halflife=0.001", 1);
    check_ewma("halflife=0.1", 1 - powl(0.5L, 10));
    check_ewma("halflife=3.5", 1 - powl(0.5L, 1 / 3.5L));
}

Test(streaming, a_long_halflife_loses_no_digits)
{
    static const double halflives[] = {0.02, 0.3, 0.7, 1, 1.4, 2, 100, 12345.678, 1e6, 1e12};
    struct samples in = samples_make(1, 2, LEAT_F64);
    samples_set(&in, 0, 1, 1); /* from 0 to 1: the second answer is alpha itself */
    for (size_t i = 0; i < sizeof halflives / sizeof *halflives; i++) {
        char options[64];
        snprintf(options, sizeof options, "halflife=%.17g", halflives[i]);
        struct samples out = run_once("ewma", options, &in, 2, 1, leat_isa_best());
        long double want = -expm1l(-logl(2) / halflives[i]);
        long double error = fabsl(samples_get(&out, 0, 1) - want);
        cr_expect(error <= 8e-16L * want, "halflife %g: alpha off by %Lg of it", halflives[i],
                  error / want);
        samples_free(&out);
    }
    samples_free(&in);
}

Test(streaming, diff_drops_the_first_sample_of_the_stream_and_no_other)
{
    struct samples in = samples_walk(2, 300, LEAT_F64, 100);
    struct samples out = run_once("diff", "", &in, 7, 3, leat_isa_best());
    cr_assert_eq(out.n, in.n - 1);
    for (uint32_t r = 0; r < 2; r++)
        for (size_t i = 0; i < out.n; i++)
            cr_assert_eq(samples_get(&out, r, i),
                         samples_get(&in, r, i + 1) - samples_get(&in, r, i));
    samples_free(&in);
    samples_free(&out);
}

Test(streaming, diff_of_i64_is_exact_beyond_2_to_the_53)
{
    struct samples in = samples_make(1, 5, LEAT_I64);
    int64_t *x = in.data;
    const int64_t start = INT64_C(1700000000123456789), steps[] = {1, 3, -7, 1000000007};
    x[0] = start;
    for (int i = 0; i < 4; i++)
        x[i + 1] = x[i] + steps[i];
    struct samples out = run_once("diff", "", &in, 2, 3, leat_isa_best());
    cr_assert_eq(out.n, 4);
    cr_assert_arr_eq((int64_t *)out.data, steps, sizeof steps);
    samples_free(&in);
    samples_free(&out);
}

Test(streaming, logreturn_is_the_logarithm_of_the_ratio)
{
    struct samples in = samples_walk(2, 300, LEAT_F64, 100);
    struct samples out = run_once("logreturn", "", &in, 64, 3, leat_isa_best());
    cr_assert_eq(out.n, in.n - 1);
    for (size_t i = 0; i < out.n; i++) {
        long double before = samples_get(&in, 1, i), now = samples_get(&in, 1, i + 1);
        long double want = log1pl((now - before) / before);
        long double error = fabsl(samples_get(&out, 1, i) - want);
        cr_assert(error <= 4e-16L * fabsl(want) + 1e-300L, "sample %zu: off by %Lg of %Lg", i,
                  error, want);
    }
    samples_free(&in);
    samples_free(&out);
}

Test(streaming, the_frame_that_lost_its_only_sample_is_dropped)
{
    struct harness h;
    struct samples in = samples_walk(1, 5, LEAT_F64, 100);
    harness_open(&h, "diff", "", 1, 1, LEAT_F64, 10);
    h.time_ns = 1000;
    harness_run(&h, &in, 1, true);
    cr_assert_eq(h.dropped, 1);
    cr_assert_eq(h.made_n, 4);
    cr_assert_eq(h.made[0].time_ns, 1000 + 100000000);
    samples_free(&in);
    harness_close(&h);
}

Test(streaming, the_shortened_frame_begins_one_sample_later)
{
    struct harness h;
    struct samples in = samples_walk(1, 20, LEAT_F64, 100);
    harness_open(&h, "logreturn", "", 1, 10, LEAT_F64, 1000);
    h.time_ns = 5000;
    harness_run(&h, &in, 10, true);
    cr_assert_eq(h.made_n, 2);
    cr_expect_eq(h.made[0].cols, 9);
    cr_expect_eq(h.made[0].flags, LEAT_SHORT);
    cr_expect_eq(h.made[0].time_ns, 5000 + 1000000);
    cr_expect_eq(h.made[1].cols, 10);
    cr_expect_eq(h.made[1].flags, 0);
    cr_expect_eq(h.made[1].time_ns, 5000 + 10000000);
    harness_close(&h);
    harness_open(&h, "diff", "", 1, 10, LEAT_F64, 0);
    harness_run(&h, &in, 10, true);
    cr_expect_eq(h.made[0].time_ns, LEAT_TIME_NONE);
    samples_free(&in);
    harness_close(&h);
}
