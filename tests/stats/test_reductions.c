#include "stats/rows.h"

#include <leat/status.h>

#include <criterion/criterion.h>

static const size_t lengths[] = { 0, 1, 2, 3, 31, 32, 33, 63, 64, 65, 255, 1000, 4095, 4096, 4097,
                                  12288, 20000 };
#define LENGTHS (sizeof lengths / sizeof *lengths)

Test(tables, exist_for_the_two_real_kinds_alone)
{
    for (uint32_t kind = 0; kind <= LEAT_F64 + 1; kind++) {
        const struct leat_stats *k = leat_stats_kernels(LEAT_ISA_BASE, kind);
        cr_assert_eq(k != NULL, kind == LEAT_F32 || kind == LEAT_F64);
        if (k)
            cr_assert(k->kind == kind && k->isa == LEAT_ISA_BASE);
    }
    cr_assert_null(leat_stats_kernels((enum leat_isa)7, LEAT_F32));
    cr_assert_not_null(leat_stats_kernels(leat_isa_best(), LEAT_F32));
}

Test(reductions, sum_and_dot_keep_their_bound)
{
    EACH_TABLE(k) {
        for (size_t l = 0; l < LENGTHS; l++) {
            size_t n = lengths[l];
            void *x = rows_make(k->kind, n, 0.3, 5, 7), *y = rows_make(k->kind, n, 0, 2, 9);
            long double sum = 0, size = 0, dot = 0, dot_size = 0;
            for (size_t i = 0; i < n; i++) {
                long double a = rows_get(k->kind, x, i), b = rows_get(k->kind, y, i);
                sum += a;
                size += fabsl(a);
                dot += a * b;
                dot_size += fabsl(a * b);
            }
            long double h = (k->kind == LEAT_F32 ? 64 + 6 : 128 + 5) + 4;
            cr_assert_leq(fabsl(k->sum(x, n) - sum), h * rows_u(k->kind) * size);
            cr_assert_leq(fabsl(k->dot(x, y, n) - dot), (h + 1) * rows_u(k->kind) * dot_size);
            free(x);
            free(y);
        }
    }
}

Test(reductions, minmax_passes_over_nan_and_has_one_zero)
{
    EACH_TABLE(k) {
        double low, high;
        k->minmax(NULL, 0, &low, &high);
        cr_assert(isnan(low) && isnan(high));
        for (size_t n = 1; n < 300; n++) {
            void *x = rows_make(k->kind, n, 0, 3, n);
            double want_low = INFINITY, want_high = -INFINITY;
            for (size_t i = 0; i < n; i++) {
                if (i % 3 == 1)
                    rows_put(k->kind, x, i, NAN);
                else
                    want_low = fmin(want_low, rows_get(k->kind, x, i));
                if (i % 3 != 1)
                    want_high = fmax(want_high, rows_get(k->kind, x, i));
            }
            k->minmax(x, n, &low, &high);
            cr_assert(low == want_low && high == want_high);
            for (size_t i = 0; i < n; i++)
                rows_put(k->kind, x, i, i % 2 ? 0.0 : -0.0);
            k->minmax(x, n, &low, &high);
            cr_assert(low == 0 && high == 0 && !signbit(low) && !signbit(high));
            for (size_t i = 0; i < n; i++)
                rows_put(k->kind, x, i, i == n / 2 ? -INFINITY : NAN);
            k->minmax(x, n, &low, &high);
            cr_assert(low == -INFINITY && high == -INFINITY);
            rows_put(k->kind, x, n / 2, NAN);
            k->minmax(x, n, &low, &high);
            cr_assert(isnan(low) && isnan(high));
            free(x);
        }
    }
}

Test(reductions, finite_finds_the_one_bad_sample)
{
    EACH_TABLE(k) {
        for (size_t n = 0; n < 150; n++) {
            void *x = rows_make(k->kind, n, 0, 1e30, n + 1);
            cr_assert(k->finite(x, n));
            for (size_t i = 0; i < n; i++) {
                double keep = rows_get(k->kind, x, i);
                rows_put(k->kind, x, i, i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY);
                cr_assert_not(k->finite(x, n), "n %zu i %zu", n, i);
                rows_put(k->kind, x, i, keep);
            }
            rows_put(k->kind, x, n, NAN); /* behind the row */
            cr_assert(k->finite(x, n));
            free(x);
        }
    }
}

Test(moments, agree_with_two_passes_in_long_double)
{
    EACH_TABLE(k) {
        for (size_t l = 1; l < LENGTHS; l++) {
            size_t n = lengths[l];
            double mean = k->kind == LEAT_F32 ? 1e4 : 1e9, spread = k->kind == LEAT_F32 ? 170 : 1.7;
            void *x = rows_make(k->kind, n, mean, spread, l);
            struct oracle want = rows_moments(k->kind, x, 0, n);
            struct leat_moments got;
            k->moments(x, n, &got);
            cr_assert_eq(got.count, n);
            long double off = ((got.mean - want.first) - want.shift) + got.mean_low;
            cr_assert_leq(fabsl(off), 20 * rows_u(k->kind) * spread);
            cr_assert_leq(fabs(got.mean_low), 0x1p-53 * fabs(got.mean));
            cr_assert_leq(fabsl(got.m2 - want.m2), (k->kind == LEAT_F32 ? 1e-6L : 2e-15L) * want.m2,
                          "n %zu: %.17g %.17Lg", n, got.m2, want.m2);
            cr_assert_eq(leat_moments_variance(&got, 1), n > 1 ? got.m2 / (double)(n - 1) : 0);
            free(x);
        }
    }
}

/* The first pivot comes from eight samples of a block. Here all of them lie 1000 deviations off, so
 * that the sums about it would lose the digits that a second pass keeps. */
Test(moments, do_not_trust_the_samples_of_the_pivot)
{
    EACH_TABLE(k) {
        for (size_t l = 4; l < LENGTHS; l++) {
            size_t n = lengths[l];
            double mean = k->kind == LEAT_F32 ? 1e4 : 1e9;
            void *x = rows_make(k->kind, n, mean, 1, l + 50);
            for (size_t start = 0; start < n; start += LEAT_STATS_BLOCK) {
                size_t count = n - start < LEAT_STATS_BLOCK ? n - start : LEAT_STATS_BLOCK;
                for (size_t i = 0; i < 8; i++)
                    rows_put(k->kind, x, start + count / 16 + i * (count / 8), mean + 1000);
            }
            struct oracle want = rows_moments(k->kind, x, 0, n);
            struct leat_moments got;
            k->moments(x, n, &got);
            cr_assert_leq(fabsl(got.m2 - want.m2), (k->kind == LEAT_F32 ? 1e-6L : 2e-15L) * want.m2,
                          "n %zu: %.17g %.17Lg", n, got.m2, want.m2);
            free(x);
        }
    }
}

Test(moments, of_a_constant_row_have_exactly_no_deviation)
{
    EACH_TABLE(k) {
        for (size_t n = 1; n < 9000; n += n < 300 ? 1 : 997) {
            void *x = rows_make(k->kind, n, 0.1, 0, 1);
            struct leat_moments got;
            k->moments(x, n, &got);
            cr_assert(got.m2 == 0 && got.mean == rows_get(k->kind, x, 0) && got.mean_low == 0);
            free(x);
        }
    }
}

Test(moments, whose_squares_vanish_are_never_negative)
{
    EACH_TABLE(k) {
        double tiny = k->kind == LEAT_F32 ? 1e-30 : 1e-200;
        for (size_t n = 2; n < 6000; n += 313) {
            void *x = rows_make(k->kind, n, 0, tiny, n);
            struct leat_moments got;
            k->moments(x, n, &got);
            cr_assert(got.m2 < tiny && !signbit(got.m2), "%g", got.m2);
            k->zscore(x, n);
            for (size_t i = 0; i < n; i++)
                cr_assert_eq(rows_get(k->kind, x, i), 0);
            free(x);
        }
    }
}

Test(moments, of_a_row_that_is_not_finite_are_not_finite)
{
    EACH_TABLE(k) {
        for (size_t i = 0; i < 5000; i += 61) {
            void *x = rows_make(k->kind, 5000, 1, 1, 3);
            struct leat_moments got;
            rows_put(k->kind, x, i, i % 2 ? NAN : INFINITY);
            k->moments(x, 5000, &got);
            cr_assert(isnan(got.m2) && !isfinite(got.mean), "at %zu", i);
            free(x);
        }
    }
}

/* ---- moments_wide: every finite row of f32, against sums whose last place is 1e-34 ---- */

__extension__ typedef __float128 quad;

static double quad_size(quad x) { return (double)(x < 0 ? -x : x); }

static void check_wide(const struct leat_stats *k, const void *x, size_t n, const char *what)
{
    quad sum = 0, m2 = 0, size = 0;
    struct leat_moments got;
    for (size_t i = 0; i < n; i++)
        sum += (quad)rows_get(k->kind, x, i);
    for (size_t i = 0; i < n; i++) {
        quad d = (quad)rows_get(k->kind, x, i) - sum / (quad)n;
        m2 += d * d;
        size += d < 0 ? -d : d;
    }
    k->moments_wide(x, n, &got);
    cr_assert_eq(got.count, n);
    cr_assert_leq(quad_size((quad)got.m2 - m2), 6e-14 * (double)m2, "%s, n %zu: %a, not %a", what,
                  n, got.m2, (double)m2);
    double off = quad_size((quad)got.mean + (quad)got.mean_low - sum / (quad)n);
    cr_assert_leq(off, 1e-14 * (double)(size / (quad)n), "%s, n %zu: mean %a", what, n, got.mean);
}

/* A sample of any exponent of f32, denormals too, and either sign. */
static float any_float(uint64_t *state)
{
    float x = (float)(rows_unit(state) * 2.0);
    return ldexpf(x, (int)(rows_unit(state) * 138.0 - 11.0));
}

Test(moments, wide_keep_their_bound_on_hard_rows)
{
    EACH_TABLE(k) {
        for (size_t l = 1; l < LENGTHS && k->kind == LEAT_F32; l++) {
            static const struct {
                const char *what;
                double mean, spread;
            } rows[] = {
                { "around 0", 0, 1 },       { "around 1e4", 1e4, 170 },
                { "steps at 1e9", 1e9, 100 }, { "two steps at 1e9", 1e9, 33 },
                { "denormal", 0, 1e-42 },   { "tiny", 1e-30, 1e-31 },
                { "huge", 0, 3.4e38 },      { "huge and apart from 0", 3e38, 4e37 },
            };
            size_t n = lengths[l];
            for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
                void *x = rows_make(k->kind, n, rows[r].mean, rows[r].spread, l + r);
                check_wide(k, x, n, rows[r].what);
                free(x);
            }
            float *x = rows_make(k->kind, n, 1, 1e-3, l);
            for (size_t i = 0; i < 8 && n > 64; i++) /* where the pivot is taken from */
                x[n / 16 + i * (n / 8)] = 1e30f;
            check_wide(k, x, n, "a pivot that is far off");
            uint64_t state = l;
            for (size_t i = 0; i < n; i++)
                x[i] = any_float(&state);
            check_wide(k, x, n, "any exponent");
            free(x);
        }
    }
}

Test(moments, wide_of_rows_that_are_constant_empty_or_not_finite)
{
    EACH_TABLE(k) {
        struct leat_moments got;
        k->moments_wide(NULL, 0, &got);
        cr_assert(got.count == 0 && got.mean == 0 && got.m2 == 0);
        for (size_t n = 1; n < 9000; n += n < 300 ? 1 : 997) {
            void *x = rows_make(k->kind, n, 0.1, 0, 1);
            k->moments_wide(x, n, &got);
            cr_assert(got.m2 == 0 && got.mean == rows_get(k->kind, x, 0) && got.mean_low == 0);
            rows_put(k->kind, x, n / 2, n % 2 ? NAN : -INFINITY);
            k->moments_wide(x, n, &got);
            cr_assert(isnan(got.m2) && !isfinite(got.mean), "n %zu", n);
            free(x);
        }
    }
}

static void feed(const struct leat_stats *k, const void *x, size_t n, size_t chunk,
                 struct leat_summary *summary)
{
    size_t bytes = leat_tally_bytes(k->kind);
    struct leat_tally *tally = aligned_alloc(64, bytes);
    cr_assert_eq(leat_tally_init(tally, k->kind), 0);
    for (size_t i = 0; i < n; i += chunk) {
        size_t count = n - i < chunk ? n - i : chunk;
        leat_tally_add(tally, k, (const char *)x + i * leat_kind_bytes(k->kind), count);
        if (i / chunk == 5) { /* states can be moved */
            struct leat_tally *moved = aligned_alloc(64, bytes);
            memcpy(moved, tally, bytes);
            memset(tally, 0xff, bytes);
            free(tally);
            tally = moved;
        }
        if (i / chunk == 9)
            leat_tally_read(tally, k, summary); /* and read on the way */
    }
    memset(summary, 0, sizeof *summary);
    leat_tally_read(tally, k, summary);
    free(tally);
}

Test(tally, does_not_see_chunks)
{
    static const size_t chunks[] = { 1, 7, 1000, 1024, 4096, 5000, 30011 };
    EACH_TABLE(k) {
        static const size_t streams[] = { 1, 100, 4096, 8192, 30011 };
        for (size_t s = 0; s < sizeof streams / sizeof *streams; s++) {
            void *x = rows_make(k->kind, streams[s], 1e3, 3, s + 1);
            struct leat_summary first, other;
            struct leat_moments whole;
            feed(k, x, streams[s], 30011, &first);
            for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
                feed(k, x, streams[s], chunks[c], &other);
                cr_assert_eq(memcmp(&first, &other, sizeof first), 0, "chunk %zu", chunks[c]);
            }
            k->moments(x, streams[s], &whole);
            cr_assert_eq(memcmp(&first.moments, &whole, sizeof whole), 0);
            free(x);
        }
    }
}

Test(tally, of_nothing_and_of_no_number)
{
    cr_assert_eq(leat_tally_bytes(LEAT_I64), 0);
    struct leat_tally *tally = aligned_alloc(64, leat_tally_bytes(LEAT_F64));
    cr_assert_eq(leat_tally_init(tally, LEAT_I32), LEAT_EINVAL);
    cr_assert_eq(leat_tally_init(tally, LEAT_F64), 0);
    const struct leat_stats *k = leat_stats_kernels(LEAT_ISA_BASE, LEAT_F64);
    struct leat_summary s;
    leat_tally_read(tally, k, &s);
    cr_assert(s.moments.count == 0 && s.moments.m2 == 0 && isnan(s.min) && isnan(s.max));
    leat_tally_add(tally, k, (const double[]) { NAN }, 1);
    leat_tally_add(tally, k, (const double[]) { 3, -2 }, 2);
    leat_tally_add(tally, k, (const double[]) { NAN }, 1);
    leat_tally_read(tally, k, &s);
    cr_assert(s.moments.count == 4 && isnan(s.moments.m2) && s.min == -2 && s.max == 3);
    free(tally);
}
