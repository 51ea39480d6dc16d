#include "stats/rows.h"

#include <leat/status.h>

#include <criterion/criterion.h>

#define N 5003

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
            long double bound = (rows_u(k->kind) + 1e-13L) * fabsl(want);
            bound += output == LEAT_OUT_ZSCORE ? 1e-13L : 0;
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
    cr_assert_geq(leat_rolling_bytes(5), sizeof *state + 5 * 24);
    cr_assert_eq(leat_rolling_init(state, 0, LEAT_OUT_MEAN, 0), LEAT_EINVAL);
    cr_assert_eq(leat_rolling_init(state, 5, (enum leat_output)9, 0), LEAT_EINVAL);
    cr_assert_eq(leat_rolling_init(state, 5, LEAT_OUT_MEAN, 2), LEAT_EINVAL);
    cr_assert_eq(leat_welford_init(&welford, (enum leat_output)9, 0), LEAT_EINVAL);
    free(state);
}
