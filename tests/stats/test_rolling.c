#include "stats/rows.h"

#include <leat/status.h>

#include <criterion/criterion.h>

#define N 5003
#ifndef FAR
#define FAR 1000000 /* samples; the long test takes 10^8 */
#endif

static const size_t chunks[] = { 1, 7, 1000, 1024, N };
#define CHUNKS (sizeof chunks / sizeof *chunks)

/* Runs rolling (window > 0) or welford over a copy of the stream, chunk by chunk. */
static char *run(const struct leat_stats *k, const void *x, size_t n, size_t chunk, uint32_t window,
                 enum leat_output output, uint32_t ddof)
{
    size_t width = leat_kind_bytes(k->kind);
    char *y = rows_copy(k->kind, x, n);
    struct leat_rolling *rolling = NULL;
    struct leat_welford welford;
    cr_assert_eq(leat_welford_init(&welford, output, ddof), 0);
    if (window) {
        rolling = aligned_alloc(64, leat_rolling_bytes(window));
        cr_assert_eq(leat_rolling_init(rolling, window, output, ddof), 0);
    }
    for (size_t i = 0; i < n; i += chunk) {
        size_t count = n - i < chunk ? n - i : chunk;
        if (window)
            k->rolling(y + i * width, count, rolling);
        else
            k->welford(y + i * width, count, &welford);
    }
    free(rolling);
    return y;
}

static long double exact(const struct leat_stats *k, const void *x, size_t i, uint32_t window,
                         enum leat_output output, uint32_t ddof)
{
    size_t from = window && i + 1 > window ? i + 1 - window : 0, count = i + 1 - from;
    struct oracle o = rows_moments(k->kind, x, from, i + 1);
    long double variance = count > ddof ? o.m2 / (long double)(count - ddof) : 0;
    if (output == LEAT_OUT_MEAN)
        return o.first + o.shift;
    if (output == LEAT_OUT_VARIANCE)
        return variance;
    if (output == LEAT_OUT_STDDEV)
        return sqrtl(variance);
    return variance > 0 ? ((rows_get(k->kind, x, i) - o.first) - o.shift) / sqrtl(variance) : 0;
}

/* What an answer may be off: of rolling that is a few roundings of the kind for each size up to the
 * window, of welford a rounding to the kind. */
static long double allowed(const struct leat_stats *k, const void *x, size_t i, uint32_t window,
                           enum leat_output output, long double want)
{
    long double u = rows_u(k->kind);
    if (!window)
        return (u + 1e-13L) * fabsl(want) + (output == LEAT_OUT_ZSCORE ? 1e-13L : 0);
    long double spread = exact(k, x, i, window, LEAT_OUT_STDDEV, 0);
    long double sizes = 1 + log2l(window);
    if (output == LEAT_OUT_MEAN)
        return u * fabsl(want) + 2 * sizes * u * spread;
    if (output == LEAT_OUT_ZSCORE)
        return 4 * sizes * u * (1 + fabsl(want));
    return 8 * sizes * u * fabsl(want);
}

static void check(const struct leat_stats *k, const void *x, size_t n, uint32_t window, size_t step)
{
    for (unsigned o = LEAT_OUT_MEAN; o <= LEAT_OUT_ZSCORE; o++) {
        enum leat_output output = (enum leat_output)o;
        char *first = run(k, x, n, n, window, output, o & 1);
        for (size_t c = 0; c < CHUNKS; c++) {
            char *y = run(k, x, n, chunks[c], window, output, o & 1);
            cr_assert_eq(memcmp(first, y, n * leat_kind_bytes(k->kind)), 0, "chunk %zu", chunks[c]);
            free(y);
        }
        for (size_t i = 0; i < n; i += i < 300 ? 1 : step) {
            long double want = exact(k, x, i, window, output, o & 1);
            long double bound = allowed(k, x, i, window, output, want);
            cr_assert_leq(fabsl(rows_get(k->kind, first, i) - want), bound,
                          "window %u output %u i %zu: %.17g, not %.17Lg", window, o, i,
                          rows_get(k->kind, first, i), want);
        }
        free(first);
    }
}

Test(rolling, agrees_with_two_passes_over_each_window)
{
    static const uint32_t windows[] = { 1, 2, 3, 7, 64, 100, 1000, 6000 };
    EACH_TABLE(k) {
        void *x = rows_make(k->kind, N, k->kind == LEAT_F32 ? 1e4 : 1e9, 2, 3);
        for (size_t w = 0; w < sizeof windows / sizeof *windows; w++)
            check(k, x, N, windows[w], 97);
        free(x);
    }
}

/* ---- Hard numbers ---- */

enum hard { SPIKE, LARGE_MEAN, LARGER_MEAN, ALTERNATE, WALK, HUGE_NUMBERS, TINY, MIXED, HARDS };

static double hard_sample(enum hard hard, uint32_t kind, size_t i, double normal, double *walk)
{
    const bool single = kind == LEAT_F32;
    *walk += normal;
    switch (hard) {
    case SPIKE: return i % 300 == 150 ? 1e6 : normal;
    case LARGE_MEAN: return 1e5 + normal;
    case LARGER_MEAN: return (single ? 1e6 : 1e12) + normal;
    case ALTERNATE: return (i & 1 ? 1 : -1) + 1e-3 * normal;
    case WALK: return 1000 + *walk;
    case HUGE_NUMBERS: return normal * (single ? 1e37 : 1e150);
    case TINY: return normal * (single ? 1e-42 : 1e-140);
    case MIXED: return i % 200 == 7 ? (single ? 1e30 : 1e100) : normal * (single ? 1e-15 : 1e-40);
    case HARDS: break;
    }
    return 0;
}

/* Deviations: in f32 the variances of some of these are no numbers of f32. */
static void check_hard(const struct leat_stats *k, enum hard hard, uint32_t window)
{
    const size_t n = 1200;
    void *x = rows_make(k->kind, n, 0, 0, 1);
    uint64_t seed = 11;
    double walk = 0;
    for (size_t i = 0; i < n; i++) {
        double normal = 0;
        for (int t = 0; t < 12; t++)
            normal += rows_unit(&seed) / 2;
        rows_put(k->kind, x, i, hard_sample(hard, k->kind, i, normal, &walk));
    }
    char *y = run(k, x, n, 1000, window, LEAT_OUT_STDDEV, 0);
    for (size_t i = 0; i < n; i++) {
        long double want = exact(k, x, i, window, LEAT_OUT_STDDEV, 0);
        long double bound = 4 * log2l(window) * rows_u(k->kind) * want;
        bound += k->kind == LEAT_F32 ? 0x1p-150L : 0x1p-1075L;
        cr_assert_leq(fabsl(rows_get(k->kind, y, i) - want), bound,
                      "case %u window %u i %zu: %.17g, not %.17Lg", (unsigned)hard, window, i,
                      rows_get(k->kind, y, i), want);
    }
    free(x);
    free(y);
}

Test(rolling, keeps_eight_roundings_a_size_on_hard_numbers)
{
    static const uint32_t windows[] = { 2, 3, 63, 64, 65, 1000 };
    EACH_TABLE(k)
        for (unsigned h = 0; h < HARDS; h++)
            for (size_t w = 0; w < sizeof windows / sizeof *windows; w++)
                check_hard(k, (enum hard)h, windows[w]);
}

/* After so many samples the bits are those of a state that has seen the window alone. */
Test(rolling, far_along_it_has_the_bits_of_a_fresh_window, .timeout = 1200)
{
    static const uint32_t windows[] = { 64, 65 };
    const size_t n = 4096;
    for (size_t t = 0; t < 2; t++)
        for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++) {
            const struct leat_stats *k = leat_stats_kernels(leat_isa_best(), kind);
            const uint32_t window = windows[t];
            const size_t width = leat_kind_bytes(kind);
            char *x = rows_make(kind, n, 1e5, 1.7, 9), *y = rows_copy(kind, x, n);
            rows_put(kind, x, 777, 1e6);
            struct leat_rolling *state = aligned_alloc(64, leat_rolling_bytes(window));
            cr_assert_eq(leat_rolling_init(state, window, LEAT_OUT_ZSCORE, 0), 0);
            for (size_t seen = 0; seen < FAR; seen += n) {
                memcpy(y, x, n * width);
                k->rolling(y, n, state);
            }
            for (size_t i = window; i < n; i += 61) {
                char *fresh = run(k, x + (i + 1 - window) * width, window, window, window,
                                  LEAT_OUT_ZSCORE, 0);
                cr_assert_eq(memcmp(fresh + (window - 1) * width, y + i * width, width), 0,
                             "window %u, i %zu", window, i);
                free(fresh);
            }
            free(state);
            free(x);
            free(y);
        }
}

Test(welford, agrees_with_two_passes_over_all_so_far)
{
    EACH_TABLE(k) {
        void *x = rows_make(k->kind, N, k->kind == LEAT_F32 ? 1e4 : 1e9, 2, 3);
        check(k, x, N, 0, 97);
        free(x);
    }
}

Test(rolling, forgets_what_has_left_the_window)
{
    EACH_TABLE(k) {
        size_t width = leat_kind_bytes(k->kind);
        for (uint32_t window = 1; window < 200; window += 11) {
            char *calm = rows_make(k->kind, N, 5, 2, 3), *wild = rows_copy(k->kind, calm, N);
            static const double spikes[] = { 1e15, -1e30, INFINITY, NAN };
            for (size_t s = 0; s < 4; s++)
                rows_put(k->kind, wild, 700 + s * 1000, spikes[s]);
            char *a = run(k, calm, N, N, window, LEAT_OUT_VARIANCE, 1);
            char *b = run(k, wild, N, N, window, LEAT_OUT_VARIANCE, 1);
            for (size_t i = 0, spike = 0; i < N; i++) {
                spike = i >= 700 && (i - 700) % 1000 == 0 && i < 4000 ? i : spike;
                if (!spike || i >= spike + window)
                    cr_assert_eq(memcmp(a + i * width, b + i * width, width), 0,
                                 "window %u, i %zu", window, i);
            }
            free(a);
            free(b);
            free(calm);
            free(wild);
        }
    }
}

Test(rolling, of_a_constant_is_exact)
{
    EACH_TABLE(k) {
        void *x = rows_make(k->kind, 500, 0.1, 0, 1);
        char *mean = run(k, x, 500, 7, 30, LEAT_OUT_MEAN, 0);
        char *deviation = run(k, x, 500, 7, 30, LEAT_OUT_STDDEV, 1);
        char *score = run(k, x, 500, 7, 0, LEAT_OUT_ZSCORE, 0);
        for (size_t i = 0; i < 500; i++) {
            cr_assert_eq(rows_get(k->kind, mean, i), rows_get(k->kind, x, i));
            cr_assert_eq(rows_get(k->kind, deviation, i), 0);
            cr_assert_eq(rows_get(k->kind, score, i), 0);
        }
        free(x);
        free(mean);
        free(deviation);
        free(score);
    }
}

Test(rolling, refuses_what_it_cannot_do)
{
    struct leat_rolling *state = aligned_alloc(64, leat_rolling_bytes(5));
    struct leat_welford welford;
    cr_assert_eq(leat_rolling_bytes(0), 0);
    cr_assert_eq(leat_rolling_bytes(LEAT_WINDOW_MAX + 1), 0);
    cr_assert_geq(leat_rolling_bytes(5), sizeof *state + 5 * 32);
    cr_assert_eq(leat_rolling_init(state, 0, LEAT_OUT_MEAN, 0), LEAT_EINVAL);
    cr_assert_eq(leat_rolling_init(state, 5, (enum leat_output)9, 0), LEAT_EINVAL);
    cr_assert_eq(leat_rolling_init(state, 5, LEAT_OUT_MEAN, 2), LEAT_EINVAL);
    cr_assert_eq(leat_welford_init(&welford, (enum leat_output)9, 0), LEAT_EINVAL);
    free(state);
}
