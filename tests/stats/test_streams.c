#include "stats/rows.h"

#include <leat/status.h>

#include <criterion/criterion.h>

#define N 5003

__extension__ typedef __float128 quad;

static const size_t chunks[] = { 1, 7, 1000, 1024, N };
#define CHUNKS (sizeof chunks / sizeof *chunks)

/* Runs a dropping kernel over the stream in chunks and returns the results, n - 1 of them. */
static void *run_steps(const struct leat_stats *k,
                       size_t (*step)(void *row, size_t n, struct leat_last *last), const void *x,
                       size_t chunk)
{
    size_t width = leat_kind_bytes(k->kind), got = 0;
    char *all = rows_make(k->kind, N, 0, 0, 1), *row = rows_make(k->kind, N, 0, 0, 1);
    struct leat_last last = { 0 };
    for (size_t i = 0; i < N; i += chunk) {
        size_t count = N - i < chunk ? N - i : chunk;
        memcpy(row, (const char *)x + i * width, count * width);
        size_t kept = step(row, count, &last);
        cr_assert_eq(kept, i ? count : count - 1);
        memcpy(all + got * width, row, kept * width);
        got += kept;
    }
    cr_assert_eq(got, N - 1);
    free(row);
    return all;
}

Test(streams, diff_is_the_difference_whatever_the_chunks)
{
    EACH_TABLE(k) {
        void *x = rows_make(k->kind, N, 10, 9, 3);
        for (size_t c = 0; c < CHUNKS; c++) {
            void *y = run_steps(k, k->diff, x, chunks[c]);
            for (size_t i = 1; i < N; i++) {
                double want = rows_get(k->kind, x, i) - rows_get(k->kind, x, i - 1);
                want = k->kind == LEAT_F32 ? (double)(float)want : want;
                cr_assert_eq(rows_get(k->kind, y, i - 1), want, "i %zu", i);
            }
            free(y);
        }
        free(x);
    }
}

Test(streams, logreturn_is_right_to_two_last_places)
{
    EACH_TABLE(k) {
        void *x = rows_make(k->kind, N, 100, 1, 3);
        uint64_t seed = 5;
        for (size_t i = 1; i < N; i++) /* steps of every size, from 2^-50 to a factor of 2^20 */
            rows_put(k->kind, x, i,
                     i % 50 == 0 ? 100
                     : i % 7     ? rows_get(k->kind, x, i - 1)
                                   * (1 + ldexp(rows_unit(&seed), -(int)(i % 50) - 1))
                                 : ldexp(rows_get(k->kind, x, i - 1), (int)(i % 40) - 20));
        void *first = run_steps(k, k->logreturn, x, N);
        for (size_t c = 0; c < CHUNKS; c++) {
            void *y = run_steps(k, k->logreturn, x, chunks[c]);
            cr_assert_eq(memcmp(first, y, (N - 1) * leat_kind_bytes(k->kind)), 0);
            free(y);
        }
        for (size_t i = 1; i < N; i++) {
            long double a = rows_get(k->kind, x, i - 1), b = rows_get(k->kind, x, i);
            long double t = (b - a) / a, want = fabsl(t) < 0.7L ? log1pl(t) : logl(b / a);
            cr_assert_leq(fabsl(rows_get(k->kind, first, i - 1) - want),
                          4 * rows_u(k->kind) * fabsl(want), "%Lg", t);
        }
        free(first);
        free(x);
    }
}

Test(streams, logreturn_at_the_edges)
{
    static const double in[] = { 1, 1, 0, 1, -1, -2, INFINITY, 3, NAN, 3, 3 };
    static const double want[] = { 0, -INFINITY, INFINITY, NAN, 0.6931471805599453, NAN, -INFINITY,
                                   NAN, NAN, 0 };
    EACH_TABLE(k) {
        void *x = rows_make(k->kind, 11, 0, 0, 1);
        struct leat_last last = { 0 };
        for (size_t i = 0; i < 11; i++)
            rows_put(k->kind, x, i, in[i]);
        cr_assert_eq(k->logreturn(x, 11, &last), 10);
        for (size_t i = 0; i < 10; i++) {
            double got = rows_get(k->kind, x, i);
            cr_assert(isnan(want[i]) ? isnan(got)
                                     : got == want[i] || fabs(got - want[i]) < 1e-7, "%zu", i);
        }
        cr_assert_eq(k->logreturn(x, 0, &last), 0);
        free(x);
    }
}

Test(streams, diff_of_integers_wraps)
{
    int64_t whole[] = { 5, 7, 4, 4 };
    struct leat_last first = { 0 };
    cr_assert_eq(leat_diff_i64(whole, 4, &first), 3);
    cr_assert(whole[0] == 2 && whole[1] == -3 && whole[2] == 0);
    int64_t row[] = { INT64_MAX, INT64_MIN, 1700000000000000001, 1700000000000000003 };
    struct leat_last last = { 0 };
    cr_assert_eq(leat_diff_i64(row, 0, &last), 0);
    cr_assert_eq(leat_diff_i64(row, 1, &last), 0);
    cr_assert_eq(leat_diff_i64(row + 1, 3, &last), 3);
    cr_assert_eq(row[1], 1);
    cr_assert_eq(row[2], (int64_t)(UINT64_C(1700000000000000001) - (UINT64_C(1) << 63)));
    cr_assert_eq(row[3], 2);
}

Test(streams, ewma_follows_its_definition_whatever_the_chunks)
{
    EACH_TABLE(k) {
        void *x = rows_make(k->kind, N, 10, 9, 3);
        long double value = rows_get(k->kind, x, 0);
        void *first = NULL;
        for (size_t c = 0; c < CHUNKS; c++) {
            char *y = rows_copy(k->kind, x, N);
            struct leat_ewma state;
            cr_assert_eq(leat_ewma_init(&state, 0.01), 0);
            for (size_t i = 0; i < N; i += chunks[c])
                k->ewma(y + i * leat_kind_bytes(k->kind), N - i < chunks[c] ? N - i : chunks[c],
                        &state);
            if (first)
                cr_assert_eq(memcmp(first, y, N * leat_kind_bytes(k->kind)), 0);
            free(first);
            first = y;
        }
        for (size_t i = 0; i < N; i++) {
            value += (long double)0.01 * (rows_get(k->kind, x, i) - value);
            cr_assert_leq(fabsl(rows_get(k->kind, first, i) - value),
                          2 * rows_u(k->kind) * 19 + 1e-12L);
        }
        free(first);
        free(x);
    }
}

/* What samples come to in one of several hard streams. */
static double hard(int which, size_t i, uint64_t *seed, uint32_t kind)
{
    const double far = kind == LEAT_F32 ? 1e4 : 1e9, tiny = kind == LEAT_F32 ? 0x1p-130 : 0x1p-1030;
    switch (which) {
    case 0: return far + 0.01 * rows_unit(seed);                     /* a mean, and little else */
    case 1: return i % 2 ? -1.0 : 1.0;                               /* nothing but signs */
    case 2: return i == 0 ? 1.0 : 0.0;                               /* fades away */
    case 3: return i < 700 ? tiny * (1 + rows_unit(seed)) : 1e-3;    /* denormals */
    case 4: return ldexp(rows_unit(seed) - 0.5, (int)(i * 7 % 41) - 20);
    case 5: return i % 149 == 0 ? 1e6 : rows_unit(seed);             /* spikes */
    default: return 100 + (double)(i / 500 * 1000) * (i % 1000 < 500 ? 1 : -1); /* steps */
    }
}

/* The bound of NUMERICS.md, sample by sample: 2u |y| + h u (M + N), M the weighted mean of the
 * distances from the pivots, N what is left of that of the mean before, and what f64 rounds. */
static void check_ewma_bound(const struct leat_stats *k, int which, double alpha)
{
    const size_t stripe = 256 / leat_kind_bytes(k->kind), n = 3000;
    const double u = rows_u(k->kind), h = k->kind == LEAT_F32 ? 24 : 88;
    const double least = k->kind == LEAT_F32 ? 0x1p-126 : 0x1p-1022;
    void *x = rows_make(k->kind, n, 0, 0, 1);
    uint64_t seed = 7;
    for (size_t i = 0; i < n; i++)
        rows_put(k->kind, x, i, hard(which, i, &seed, k->kind));
    void *got = rows_copy(k->kind, x, n);
    struct leat_ewma state;
    cr_assert_eq(leat_ewma_init(&state, alpha), 0);
    k->ewma(got, n, &state);
    quad y = rows_get(k->kind, x, 0), q = 1 - (quad)alpha, far = 0, off = 0, lost = 0, fades = 1;
    double pivot = 0;
    for (size_t i = 0; i < stripe; i++)
        fades *= q;
    for (size_t i = 0; i < n; i++) {
        double now = rows_get(k->kind, x, i);
        if (i % stripe == 0) {
            double before = rows_get(k->kind, x, i ? i - 1 : 0);
            pivot = fabs(before) < fabs(now) ? before : now;
            off = fabs((double)(y - pivot));
            lost = fades * lost + 0x1p-53 * (4 * fabs((double)y) + 4 * fabs(pivot)) + 2 * least;
            lost += 0x1p-53 * (quad)(2 * stripe) * off;
        }
        y = y + (quad)alpha * (now - y);
        far = q * far + (quad)alpha * fabs(now - pivot);
        off = q * off;
        quad bound = 2 * u * fabs((double)y) + h * u * (far + off) + lost + 4 * least;
        cr_assert_leq(fabs((double)(rows_get(k->kind, got, i) - y)), (double)bound,
                      "stream %d alpha %g sample %d: %g is not %g", which, alpha, (int)i,
                      rows_get(k->kind, got, i), (double)y);
    }
    free(got);
    free(x);
}

Test(streams, ewma_stays_within_its_bound)
{
    static const double alphas[] = { 1, 0.999, 0.77, 0.5, 0.125, 0.01, 1e-4, 1e-9, 1e-300 };
    EACH_TABLE(k)
        for (int which = 0; which < 7; which++)
            for (size_t a = 0; a < sizeof alphas / sizeof *alphas; a++)
                check_ewma_bound(k, which, alphas[a]);
}

Test(streams, ewma_leaves_a_constant_as_it_is)
{
    static const double constants[] = { 0.1, -1.0 / 3, 1e-20, 12345.678, 0, 1e30 };
    EACH_TABLE(k)
        for (int c = 0; c < 6; c++)
            for (int a = 0; a < 3; a++) {
                const double alpha[] = { 0.3, 1e-3, 1 }, value = constants[c];
                struct leat_ewma state;
                void *row = rows_make(k->kind, 500, 0, 0, 1);
                for (size_t i = 0; i < 500; i++)
                    rows_put(k->kind, row, i, value);
                double want = rows_get(k->kind, row, 0);
                cr_assert_eq(leat_ewma_init(&state, alpha[a]), 0);
                k->ewma(row, 500, &state);
                for (size_t i = 0; i < 500; i++)
                    cr_assert_eq(rows_get(k->kind, row, i), want, "%g at %d", value, (int)i);
                free(row);
            }
}

/* Wherever a sample is not finite: nothing before it knows, everything from it on does. */
Test(streams, ewma_is_lost_from_a_nan_on_and_not_before)
{
    static const double bad[] = { NAN, INFINITY, -INFINITY };
    EACH_TABLE(k)
        for (size_t at = 0; at < 200; at++) {
            struct leat_ewma clean, dirty;
            void *x = rows_make(k->kind, 300, 5, 4, 3), *y = rows_copy(k->kind, x, 300);
            rows_put(k->kind, y, at, bad[at % 3]);
            cr_assert_eq(leat_ewma_init(&clean, 0.2), 0);
            cr_assert_eq(leat_ewma_init(&dirty, 0.2), 0);
            k->ewma(x, 300, &clean);
            k->ewma(y, 300, &dirty);
            cr_assert_eq(memcmp(x, y, at * leat_kind_bytes(k->kind)), 0, "at %d", (int)at);
            for (size_t i = at; i < 300; i++)
                cr_assert(!isfinite(rows_get(k->kind, y, i)), "at %d: %d", (int)at, (int)i);
            free(x);
            free(y);
        }
}

/* The mean stays, and the next sample is the first with the new weight, inside of a stripe too. */
Test(streams, ewma_goes_on_with_another_weight)
{
    EACH_TABLE(k)
        for (size_t cut = 1; cut < 150; cut += 7) {
            struct leat_ewma state;
            char *x = rows_make(k->kind, 300, 5, 4, 3);
            void *want = rows_copy(k->kind, x, 300);
            long double value = rows_get(k->kind, x, 0);
            cr_assert_eq(leat_ewma_init(&state, 0.25), 0);
            k->ewma(x, cut, &state);
            leat_ewma_weigh(&state, k->kind, 0.01);
            k->ewma(x + cut * leat_kind_bytes(k->kind), 300 - cut, &state);
            for (size_t i = 0; i < 300; i++) {
                value += (i < cut ? 0.25L : 0.01L) * (rows_get(k->kind, want, i) - value);
                cr_assert_leq(fabsl(rows_get(k->kind, x, i) - value), 100 * rows_u(k->kind));
            }
            free(x);
            free(want);
        }
}

Test(streams, ewma_snaps_what_has_faded_to_zero)
{
    const struct leat_stats *k = leat_stats_kernels(LEAT_ISA_BASE, LEAT_F64);
    struct leat_ewma state;
    double row[64] = { 1 };
    cr_assert_eq(leat_ewma_init(&state, 1), 0);
    cr_assert_eq(leat_ewma_init(&state, 0), LEAT_EINVAL);
    cr_assert_eq(leat_ewma_init(&state, NAN), LEAT_EINVAL);
    cr_assert_eq(leat_ewma_init(&state, 1.5), LEAT_EINVAL);
    cr_assert_eq(leat_ewma_init(&state, 0.5), 0);
    int denormal = 0;
    for (int turn = 0; turn < 40; turn++) {
        for (int i = 0; i < 64; i++)
            row[i] = turn == 0 && i == 0;
        k->ewma(row, 64, &state);
        for (int i = 0; i < 64; i++)
            denormal += row[i] != 0 && !isnormal(row[i]);
    }
    cr_assert_eq(row[63], 0);
    cr_assert_leq(denormal, 32, "no more than in one stripe");
}
