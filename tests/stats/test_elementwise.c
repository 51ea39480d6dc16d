#include "stats/rows.h"

#include <criterion/criterion.h>

Test(zscore, gives_deviations_from_the_mean)
{
    EACH_TABLE(k) {
        for (size_t n = 2; n < 9000; n = n < 300 ? n + 1 : n * 3) {
            double mean = k->kind == LEAT_F32 ? 1e4 : 1e9;
            void *x = rows_make(k->kind, n, mean, 3, n), *z = rows_copy(k->kind, x, n);
            struct oracle o = rows_moments(k->kind, x, 0, n);
            k->zscore(z, n);
            long double deviation = sqrtl(o.m2 / (long double)n);
            for (size_t i = 0; i < n && deviation > 0; i++) {
                long double exact = ((rows_get(k->kind, x, i) - o.first) - o.shift) / deviation;
                /* Three roundings of numbers up to |z| + 1, and those of mean and deviation. */
                cr_assert_leq(fabsl(rows_get(k->kind, z, i) - exact),
                              24 * rows_u(k->kind) * (fabsl(exact) + 1), "n %zu i %zu", n, i);
            }
            free(x);
            free(z);
        }
    }
}

Test(zscore, of_a_constant_row_and_of_one_sample_is_zero)
{
    EACH_TABLE(k) {
        for (size_t n = 1; n < 5000; n += n < 300 ? 1 : 997) {
            void *x = rows_make(k->kind, n, 0.1, 0, 1);
            double behind = 7;
            rows_put(k->kind, x, n, behind);
            k->zscore(x, n);
            for (size_t i = 0; i < n; i++)
                cr_assert(rows_get(k->kind, x, i) == 0 && !signbit(rows_get(k->kind, x, i)));
            cr_assert_eq(rows_get(k->kind, x, n), behind);
            free(x);
        }
    }
}

Test(elementwise, scale_rounds_twice_in_the_kind)
{
    EACH_TABLE(k) {
        size_t n = 1003;
        void *x = rows_make(k->kind, n, 0, 100, 5), *y = rows_make(k->kind, n, 0, 0, 5);
        k->scale(y, x, n, 1.1, -0.7);
        for (size_t i = 0; i < n; i++) {
            volatile float f = (float)rows_get(k->kind, x, i) * 1.1f;
            volatile double d = rows_get(k->kind, x, i) * 1.1;
            double want = k->kind == LEAT_F32 ? (double)(f + -0.7f) : d + -0.7;
            cr_assert_eq(rows_get(k->kind, y, i), want);
        }
        free(x);
        free(y);
    }
}

Test(elementwise, clamp_and_abs_at_the_edges)
{
    static const double in[] = { -INFINITY, -3, -2, -0.0, 0.0, 1, 4, 5, INFINITY, NAN };
    static const double clamped[] = { -2, -2, -2, -0.0, 0.0, 1, 4, 4, 4, NAN };
    size_t n = sizeof in / sizeof *in;
    EACH_TABLE(k) {
        void *x = rows_make(k->kind, n, 0, 0, 5), *y = rows_make(k->kind, n, 0, 0, 5);
        for (size_t i = 0; i < n; i++)
            rows_put(k->kind, x, i, in[i]);
        k->clamp(y, x, n, -2, 4);
        for (size_t i = 0; i < n; i++) {
            double got = rows_get(k->kind, y, i);
            bool same = got == clamped[i] && !signbit(got) == !signbit(clamped[i]);
            cr_assert(isnan(clamped[i]) ? isnan(got) : same);
        }
        k->abs(y, x, n);
        for (size_t i = 0; i < n; i++) {
            double got = rows_get(k->kind, y, i);
            cr_assert(!signbit(got) && (isnan(in[i]) ? isnan(got) : got == fabs(in[i])));
        }
        free(x);
        free(y);
    }
}

Test(elementwise, exp_and_log_at_the_edges)
{
    EACH_TABLE(k) {
        bool f32 = k->kind == LEAT_F32;
        double tiny = f32 ? 0x1p-149 : 0x1p-1074, huge = f32 ? 89 : 710;
        double in[] = { -INFINITY, INFINITY, NAN, 0, -0.0, huge, -1.6 * huge, -1, tiny };
        void *x = rows_make(k->kind, 9, 0, 0, 1), *y = rows_make(k->kind, 9, 0, 0, 1);
        for (size_t i = 0; i < 9; i++)
            rows_put(k->kind, x, i, in[i]);
        double e[9], l[9];
        k->exp(y, x, 9);
        for (size_t i = 0; i < 9; i++)
            e[i] = rows_get(k->kind, y, i);
        k->log(y, x, 9);
        for (size_t i = 0; i < 9; i++)
            l[i] = rows_get(k->kind, y, i);
        cr_assert(e[0] == 0 && e[1] == INFINITY && isnan(e[2]) && e[3] == 1 && e[4] == 1);
        cr_assert(e[5] == INFINITY && e[6] == 0 && e[8] == 1);
        cr_assert(isnan(l[0]) && l[1] == INFINITY && isnan(l[2]) && l[3] == -INFINITY);
        cr_assert(l[4] == -INFINITY && isnan(l[7]));
        cr_assert_leq(fabs(l[8] - log(tiny)), 1e-4);
        free(x);
        free(y);
    }
}

Test(where, keeps_the_samples_in_range_of_every_row_alike)
{
    EACH_TABLE(k) {
        size_t n = 1000;
        void *x = rows_make(k->kind, n, 0, 10, 3);
        uint32_t index[1000];
        int64_t *other = rows_make(LEAT_F64, n, 0, 0, 1);
        uint8_t *bytes = rows_make(LEAT_F64, n, 0, 0, 1);
        for (size_t i = 0; i < n; i++) {
            other[i] = (int64_t)i;
            bytes[i] = (uint8_t)i;
        }
        rows_put(k->kind, x, 10, NAN);
        rows_put(k->kind, x, 11, -2.5);
        rows_put(k->kind, x, 12, 4);
        size_t kept = k->keep_range(x, n, -2.5, 4, index), want = 0;
        void *packed = rows_copy(k->kind, x, n);
        leat_keep(packed, leat_kind_bytes(k->kind), index, kept);
        leat_keep(other, 8, index, kept);
        leat_keep(bytes, 1, index, kept);
        for (size_t i = 0; i < n; i++) {
            double v = rows_get(k->kind, x, i);
            if (!(v >= -2.5 && v <= 4))
                continue;
            cr_assert_eq(rows_get(k->kind, packed, want), v);
            cr_assert(other[want] == (int64_t)i && bytes[want] == (uint8_t)i);
            want++;
        }
        cr_assert_eq(kept, want);
        int16_t shorts[4] = { 1, 2, 3, 4 };
        leat_keep(shorts, 2, (const uint32_t[]) { 1, 3 }, 2);
        cr_assert(shorts[0] == 2 && shorts[1] == 4);
        int64_t orders[4] = { INT64_MIN, 5, INT64_MAX, 6 };
        cr_assert_eq(leat_keep_range_i64(orders, 4, 5, 6, index), 2);
        cr_assert(index[0] == 1 && index[1] == 3);
        free(x);
        free(packed);
        free(other);
        free(bytes);
    }
}
