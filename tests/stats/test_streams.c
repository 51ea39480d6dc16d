#include "stats/rows.h"

#include <leat/status.h>

#include <criterion/criterion.h>

#define N 5003

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
    for (int turn = 0; turn < 40; turn++) {
        for (int i = 0; i < 64; i++)
            row[i] = turn == 0 && i == 0;
        k->ewma(row, 64, &state);
        for (int i = 0; i < 64; i++)
            cr_assert(row[i] == 0 || isnormal(row[i]));
    }
    cr_assert_eq(row[63], 0);
}
