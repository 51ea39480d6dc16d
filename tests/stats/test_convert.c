#include "stats/rows.h"

#include <criterion/criterion.h>

static const uint32_t integers[] = { LEAT_U8, LEAT_I16, LEAT_I32, LEAT_I64 };

static int64_t get_integer(uint32_t kind, const void *row, size_t i)
{
    switch (kind) {
    case LEAT_U8:
        return ((const uint8_t *)row)[i];
    case LEAT_I16:
        return ((const int16_t *)row)[i];
    case LEAT_I32:
        return ((const int32_t *)row)[i];
    default:
        return ((const int64_t *)row)[i];
    }
}

static void limits(uint32_t kind, int64_t *low, int64_t *high)
{
    *low = kind == LEAT_U8    ? 0
           : kind == LEAT_I16 ? INT16_MIN
           : kind == LEAT_I32 ? INT32_MIN
                              : INT64_MIN;
    *high = kind == LEAT_U8    ? UINT8_MAX
            : kind == LEAT_I16 ? INT16_MAX
            : kind == LEAT_I32 ? INT32_MAX
                               : INT64_MAX;
}

Test(convert, from_integers_scales_in_f64_and_rounds_once)
{
    EACH_TABLE(k) {
        for (size_t t = 0; t < 4; t++) {
            for (size_t n = 0; n < 70; n++) {
                uint8_t *raw = rows_make(LEAT_F64, n, 0, 1e300, n + 1);
                for (size_t i = 0; i < n * 8; i++)
                    raw[i] = (uint8_t)(raw[i] * 31 + i * 7);
                void *out = rows_make(k->kind, n, 0, 0, 1), *same = rows_copy(LEAT_F64, raw, n);
                k->from[integers[t]](out, raw, n, 0x1p-15);
                k->from[integers[t]](same, same, n, 0x1p-15);
                for (size_t i = 0; i < n; i++) {
                    double want = (double)get_integer(integers[t], raw, i) * 0x1p-15;
                    want = k->kind == LEAT_F32 ? (double)(float)want : want;
                    cr_assert_eq(rows_get(k->kind, out, i), want);
                }
                cr_assert_eq(memcmp(out, same, n * leat_kind_bytes(k->kind)), 0, "in place");
                free(raw);
                free(out);
                free(same);
            }
        }
    }
}

Test(convert, to_integers_rounds_to_even_and_saturates)
{
    static const double in[] = { 0, 0.5, 1.5, 2.5, -0.5, -1.5, 126.5, 127.5, 254.5, 255.5, 256, -1,
                                 32766.5, 32767.5, -32768.5, -32769, 3e9, -3e9, 2147483646.5,
                                 9.3e18, -9.3e18, 9.2e18, 1e30, -1e30, 4503599627370497.0,
                                 0.49999999999999994, INFINITY, -INFINITY, NAN };
    size_t n = sizeof in / sizeof *in;
    EACH_TABLE(k) {
        for (size_t t = 0; t < 4; t++) {
            void *x = rows_make(k->kind, n, 0, 0, 1), *out = rows_make(LEAT_F64, n, 0, 0, 1);
            int64_t low, high;
            limits(integers[t], &low, &high);
            for (size_t i = 0; i < n; i++)
                rows_put(k->kind, x, i, in[i]);
            k->to[integers[t]](out, x, n, 1);
            for (size_t i = 0; i < n; i++) {
                double v = rint(rows_get(k->kind, x, i));
                int64_t want = isnan(v)       ? 0
                               : v >= 0x1p63  ? INT64_MAX
                               : v < -0x1p63  ? INT64_MIN
                                              : (int64_t)v;
                want = want < low ? low : want > high ? high : want;
                cr_assert_eq(get_integer(integers[t], out, i), want, "kind %u, %g", integers[t],
                             in[i]);
            }
            k->to[integers[t]](x, x, n, 1);
            cr_assert_eq(memcmp(x, out, n * leat_kind_bytes(integers[t])), 0, "in place");
            free(x);
            free(out);
        }
    }
}

Test(convert, between_reals_keeps_values_and_signs)
{
    static const double in[] = { 0,        -0.0,      1,   0.1,      -1e30, 1e300,
                                 INFINITY, -INFINITY, NAN, 0x1p-149 };
    size_t n = sizeof in / sizeof *in;
    EACH_TABLE(k) {
        uint32_t other = k->kind == LEAT_F32 ? LEAT_F64 : LEAT_F32;
        cr_assert(!k->from[k->kind] && !k->to[k->kind] && !k->from[0] && !k->to[0]);
        void *x = rows_make(LEAT_F64, n, 0, 0, 1);
        for (size_t i = 0; i < n; i++)
            rows_put(k->kind, x, i, in[i]);
        k->to[other](x, x, n, 1);
        k->from[other](x, x, n, 1);
        for (size_t i = 0; i < n; i++) {
            double want = (double)(float)in[i], got = rows_get(k->kind, x, i);
            cr_assert(isnan(want) ? isnan(got) : got == want && !signbit(got) == !signbit(want));
        }
        free(x);
    }
}
