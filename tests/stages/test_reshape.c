/* where, select, cast. */
#include "harness.h"

#include <math.h>
#include <string.h>

/* ---- where ---- */

static void check_where(uint32_t kind, const char *options, double min, double max)
{
    struct harness h;
    struct samples in = samples_make(3, 500, kind);
    for (size_t i = 0; i < in.n; i++)
        for (uint32_t r = 0; r < 3; r++)
            samples_set(&in, r, i, (double)((i * 37 + r * 11) % 101) - 50);
    harness_open(&h, "where", options, 3, 64, kind, 0);
    harness_run(&h, &in, 50, true);
    size_t kept = 0;
    for (size_t i = 0; i < in.n; i++) {
        double x = samples_get(&in, 1, i);
        if (!(x >= min && x <= max))
            continue;
        cr_assert(kept < h.out.n);
        for (uint32_t r = 0; r < 3; r++)
            cr_assert_eq(samples_get(&h.out, r, kept), samples_get(&in, r, i));
        kept++;
    }
    cr_assert_eq(h.out.n, kept, "%s: %zu samples, not %zu", options, h.out.n, kept);
    cr_expect_eq(h.made_n + h.dropped, 10);
    samples_free(&in);
    harness_close(&h);
}

Test(where, keeps_the_samples_in_range_of_every_channel)
{
    static const uint32_t kinds[] = {LEAT_F32, LEAT_F64, LEAT_I64};
    for (int k = 0; k < 3; k++) {
        check_where(kinds[k], "channel=b min=-10 max=20", -10, 20);
        check_where(kinds[k], "channel=2 min=-10.5 max=20.5", -10.5, 20.5);
        check_where(kinds[k], "channel=b max=-49", -INFINITY, -49);
        check_where(kinds[k], "channel=b min=0.5 max=0.75", 0.5, 0.75);
        check_where(kinds[k], "channel=b min=-20 max=-0.5", -20, -0.5);
        check_where(kinds[k], "channel=b min=1e300", 1e300, INFINITY);
        check_where(kinds[k], "channel=b max=-1e300", -INFINITY, -1e300);
        check_where(kinds[k], "channel=b", -INFINITY, INFINITY);
    }
}

Test(where, nan_lies_in_no_range)
{
    struct harness h;
    struct samples in = samples_make(2, 4, LEAT_F64);
    samples_set(&in, 0, 1, NAN);
    samples_set(&in, 0, 2, INFINITY);
    samples_set(&in, 1, 3, NAN);
    harness_open(&h, "where", "channel=a", 2, 4, LEAT_F64, 0);
    harness_run(&h, &in, 4, true);
    cr_expect_eq(h.out.n, 3);
    cr_expect_eq(samples_get(&h.out, 0, 1), INFINITY);
    cr_expect(isnan(samples_get(&h.out, 1, 2)), "other channels are not looked at");
    samples_free(&in);
    harness_close(&h);
}

Test(where, a_frame_that_keeps_nothing_is_dropped_and_times_follow_the_first_kept)
{
    struct harness h;
    struct samples in = samples_make(1, 30, LEAT_F64);
    for (size_t i = 14; i < 30; i++)
        samples_set(&in, 0, i, 1);
    harness_open(&h, "where", "channel=a min=0.5", 1, 10, LEAT_F64, 1000);
    h.time_ns = 0;
    harness_run(&h, &in, 10, true);
    cr_assert_eq(h.dropped, 1);
    cr_assert_eq(h.made_n, 2);
    cr_expect_eq(h.made[0].cols, 6);
    cr_expect_eq(h.made[0].flags, LEAT_SHORT);
    cr_expect_eq(h.made[0].time_ns, 14000000);
    cr_expect_eq(h.made[1].cols, 10);
    cr_expect_eq(h.made[1].flags, 0);
    cr_expect_eq(h.need.out.rate_hz, 0, "an irregular stream has no rate");
    samples_free(&in);
    harness_close(&h);
}

/* ---- select ---- */

/* order: digits of the channels wanted, from 1. */
static void check_select(const char *order, uint32_t rows)
{
    struct harness h;
    struct samples in = samples_walk(rows, 40, LEAT_F32, 100);
    char options[64] = "channels=";
    uint32_t n = (uint32_t)strlen(order);
    for (uint32_t i = 0; i < n; i++)
        snprintf(options + strlen(options), 4, i ? ",%c" : "%c",
                 i % 2 ? order[i] : 'a' + order[i] - '1');
    harness_open(&h, "select", options, rows, 16, LEAT_F32, 0);
    harness_run(&h, &in, 16, true);
    cr_assert_eq(h.out.rows, n);
    cr_assert_eq(h.out.n, in.n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t from = (uint32_t)(order[i] - '1');
        cr_assert_eq(memcmp(samples_row(&h.out, i), samples_row(&in, from), in.n * 4), 0,
                     "%s: row %u", order, i);
        cr_assert_eq(h.need.out.channels[i].name[0], 'a' + (int)from);
    }
    samples_free(&in);
    harness_close(&h);
}

/* The digits of code to base 6 as an order of 1 to 5 channels, none twice; false: it is none. */
static bool order_of(uint32_t code, char order[6])
{
    uint32_t n = 0;
    memset(order, 0, 6);
    for (; code > 0; code /= 6) {
        char digit = (char)('0' + code % 6);
        if (digit == '0' || memchr(order, digit, n) != NULL)
            return false;
        order[n++] = digit;
    }
    return n > 0;
}

Test(select, takes_any_channels_in_any_order_in_place, .timeout = 60)
{
    char order[6];
    uint32_t checked = 0;
    for (uint32_t code = 0; code < 7776; code++) /* 6^5 */
        if (order_of(code, order)) {
            check_select(order, 5);
            checked++;
        }
    cr_assert_eq(checked, 325, "5 + 20 + 60 + 120 + 120");
}

/* ---- cast ---- */

static struct samples cast(const struct samples *in, const char *options)
{
    struct harness h;
    harness_open(&h, "cast", options, in->rows, 600, in->kind, 0);
    harness_run(&h, in, 600, true);
    struct samples out = h.out;
    h.out.data = NULL;
    harness_close(&h);
    return out;
}

Test(cast, widens_and_narrows_within_the_row)
{
    struct samples in = samples_walk(3, 1500, LEAT_F32, 100);
    struct samples wide = cast(&in, "type=f64"), back = cast(&wide, "type=f32");
    cr_assert_eq(wide.n, in.n);
    for (uint32_t r = 0; r < 3; r++)
        for (size_t i = 0; i < in.n; i++)
            cr_assert_eq(samples_get(&wide, r, i), samples_get(&in, r, i));
    cr_expect(samples_same(&in, &back));
    struct samples same = cast(&in, "type=f32");
    cr_expect(samples_same(&in, &same));
    samples_free(&in);
    samples_free(&wide);
    samples_free(&back);
    samples_free(&same);
}

Test(cast, to_i64_rounds_to_nearest_even_saturates_and_makes_nan_zero)
{
    static const double from[] = {0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999999999999994, 1e300,
                                  -1e300, INFINITY, -INFINITY, NAN, 9007199254740993.0, -3.7};
    static const int64_t want[] = {0, 2, 2, 0, -2, -2, 0, INT64_MAX, INT64_MIN, INT64_MAX,
                                   INT64_MIN, 0, 9007199254740992, -4};
    const size_t n = sizeof from / sizeof *from;
    struct samples in = samples_make(1, n, LEAT_F64);
    memcpy(in.data, from, sizeof from);
    struct samples out = cast(&in, "type=i64");
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(((int64_t *)out.data)[i], want[i], "%g", from[i]);
    samples_free(&in);
    samples_free(&out);
}

Test(cast, of_f32_to_i64_widens_backwards)
{
    struct samples in = samples_make(2, 599, LEAT_F32);
    for (size_t i = 0; i < in.n; i++) {
        samples_set(&in, 0, i, (double)i + 0.25);
        samples_set(&in, 1, i, -(double)i - 0.75);
    }
    struct samples out = cast(&in, "type=i64");
    for (size_t i = 0; i < in.n; i++) {
        cr_assert_eq(samples_get(&out, 0, i), (double)i);
        cr_assert_eq(samples_get(&out, 1, i), -(double)i - 1);
    }
    samples_free(&in);
    samples_free(&out);
}

Test(cast, of_small_integers_gives_every_type)
{
    static const uint32_t kinds[] = {LEAT_U8, LEAT_I16, LEAT_I32};
    static const char *const options[] = {"type=f64", "type=f32", "type=i64"};
    for (int k = 0; k < 3; k++)
        for (int t = 0; t < 3; t++) {
            struct samples in = samples_make(1, 600, kinds[k]);
            for (size_t i = 0; i < in.n; i++)
                for (uint32_t byte = 0; byte < leat_kind_bytes(kinds[k]); byte++)
                    ((uint8_t *)in.data)[i * leat_kind_bytes(kinds[k]) + byte] =
                        (uint8_t)(i * 7 + (byte == 0 ? 0 : i % 3 == 0 ? 0xff : 0));
            struct samples out = cast(&in, options[t]);
            for (size_t i = 0; i < in.n; i++) {
                int64_t want = kinds[k] == LEAT_U8    ? ((uint8_t *)in.data)[i]
                               : kinds[k] == LEAT_I16 ? ((int16_t *)in.data)[i]
                                                      : ((int32_t *)in.data)[i];
                double value = t == 1 ? (double)(float)want : (double)want;
                cr_assert_eq(samples_get(&out, 0, i), value, "%s %s", leat_kind_name(kinds[k]),
                             options[t]);
            }
            samples_free(&in);
            samples_free(&out);
        }
}
