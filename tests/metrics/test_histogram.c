/* Histograms against sorted data and exact integer sums. */
#include <leat/metrics.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static struct leat_histogram *make(void)
{
    struct leat_histogram *histogram = aligned_alloc(LEAT_LINE, sizeof *histogram);
    cr_assert_not_null(histogram);
    memset(histogram, 0, sizeof *histogram);
    return histogram;
}

/* The definition, the slow way: below 128 the value; else the octave by repeated halving. */
static uint32_t bucket_by_halving(uint64_t value)
{
    uint32_t halvings = 0;
    while (value >= 128) {
        value /= 2;
        halvings++;
    }
    return 64 * halvings + (uint32_t)value;
}

static void check_bucket(uint64_t value)
{
    uint32_t bucket = leat_histogram_bucket(value);
    cr_assert_lt(bucket, LEAT_HISTOGRAM_BUCKETS);
    cr_assert_eq(bucket, bucket_by_halving(value), "value %llu", (unsigned long long)value);
    uint64_t low = leat_histogram_low(bucket);
    uint64_t middle = leat_histogram_middle(bucket);
    cr_assert(low <= value && low <= middle);
    uint64_t apart = middle > value ? middle - value : value - middle;
    cr_assert_leq(apart, value / 128, "value %llu", (unsigned long long)value);
}

Test(histogram, every_value_has_the_bucket_of_the_definition)
{
    for (uint64_t v = 0; v < 300000; v++)
        check_bucket(v);
    for (uint32_t bit = 0; bit < 64; bit++) {
        for (uint64_t d = 0; d < 300; d++) {
            check_bucket((UINT64_C(1) << bit) + d);
            check_bucket((UINT64_C(1) << bit) - 1 - d);
        }
    }
    uint64_t state = 1;
    for (uint32_t i = 0; i < 1000000; i++)
        check_bucket(next(&state) >> (i % 64));
    check_bucket(UINT64_MAX);
    cr_assert_eq(leat_histogram_bucket(UINT64_MAX), LEAT_HISTOGRAM_BUCKETS - 1);
}

Test(histogram, buckets_follow_each_other_without_a_gap)
{
    for (uint32_t b = 0; b < LEAT_HISTOGRAM_BUCKETS; b++) {
        cr_assert_eq(leat_histogram_bucket(leat_histogram_low(b)), b);
        cr_assert_eq(leat_histogram_bucket(leat_histogram_middle(b)), b);
        if (b + 1 < LEAT_HISTOGRAM_BUCKETS)
            cr_assert_eq(leat_histogram_bucket(leat_histogram_low(b + 1) - 1), b);
    }
}

Test(histogram, empty_answers_zero)
{
    struct leat_histogram *h = make();
    struct leat_histogram_summary s;
    memset(&s, 0xff, sizeof s);
    leat_histogram_snapshot(h, &s);
    cr_assert(s.count == 0 && s.p50 == 0 && s.p99 == 0 && s.p999 == 0 && s.max == 0);
    cr_assert(s.sum == 0.0 && s.mean == 0.0);
    cr_assert_eq(leat_histogram_percentile(h, 0.5), 0);
    leat_histogram_record_n(h, 77, 0);
    leat_histogram_snapshot(h, &s);
    cr_assert(s.count == 0 && s.max == 0);
    free(h);
}

Test(histogram, small_values_are_exact)
{
    struct leat_histogram *h = make();
    struct leat_histogram_summary s;
    for (uint64_t v = 1; v <= 100; v++)
        leat_histogram_record(h, v);
    leat_histogram_snapshot(h, &s);
    cr_assert_eq(s.count, 100);
    cr_assert_eq(s.p50, 50);
    cr_assert_eq(s.p99, 99);
    cr_assert_eq(s.p999, 100);
    cr_assert_eq(s.max, 100);
    cr_assert(s.sum == 5050.0 && s.mean == 50.5);
    cr_assert_eq(leat_histogram_percentile(h, 0.0), 1);
    cr_assert_eq(leat_histogram_percentile(h, -3.0), 1);
    cr_assert_eq(leat_histogram_percentile(h, (double)NAN), 1);
    cr_assert_eq(leat_histogram_percentile(h, 0.25), 25);
    cr_assert_eq(leat_histogram_percentile(h, 0.251), 26);
    cr_assert_eq(leat_histogram_percentile(h, 1.0), 100);
    cr_assert_eq(leat_histogram_percentile(h, 7.0), 100);
    free(h);
}

Test(histogram, weight_is_repetition)
{
    struct leat_histogram *once = make();
    struct leat_histogram *often = make();
    uint64_t state = 5;
    for (uint32_t i = 0; i < 1000; i++) {
        uint64_t value = next(&state) >> (next(&state) % 64);
        uint64_t n = next(&state) % 20;
        leat_histogram_record_n(once, value, n);
        for (uint64_t k = 0; k < n; k++)
            leat_histogram_record(often, value);
    }
    cr_assert_eq(memcmp(once, often, sizeof *once), 0);
    free(once);
    free(often);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Percentiles, max, count and sum of n values against the sorted values themselves. */
static void check_against_sorted(uint64_t *values, uint32_t n)
{
    struct leat_histogram *h = make();
    struct leat_histogram_summary s;
    wide sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        leat_histogram_record(h, values[i]);
        sum += values[i];
    }
    qsort(values, n, sizeof *values, by_value);
    leat_histogram_snapshot(h, &s);
    cr_assert_eq(s.count, n);
    cr_assert_eq(s.max, values[n - 1]);
    cr_assert_eq(leat_histogram_percentile(h, 1.0), values[n - 1]);
    cr_assert_leq(fabs(s.sum - (double)sum), (double)sum / 128);

    for (uint32_t k = 1; k <= 1000; k++) {
        uint64_t rank = ((uint64_t)n * k + 999) / 1000;
        uint64_t want = values[rank - 1];
        uint64_t bound = want / 128;
        /* a fraction that is a hair above k/1000 may ask for the next rank: lean below */
        uint64_t got = leat_histogram_percentile(h, (double)k / 1000.0 * (1.0 - 1e-12));
        cr_assert((got > want ? got - want : want - got) <= bound, "n %u k %u", n, k);
        cr_assert_leq(got, s.max);
        uint64_t figure = k == 500 ? s.p50 : k == 990 ? s.p99 : k == 999 ? s.p999 : want;
        cr_assert((figure > want ? figure - want : want - figure) <= bound, "n %u k %u", n, k);
    }
    free(h);
}

Test(histogram, percentiles_are_within_a_128th_of_sorted_data)
{
    enum { N = 20000 };
    uint64_t *values = malloc(N * sizeof *values);
    cr_assert_not_null(values);
    uint64_t state = 77;
    for (uint32_t shape = 0; shape < 7; shape++) {
        for (uint32_t i = 0; i < N; i++) {
            uint64_t r = next(&state);
            values[i] = shape == 0   ? r >> (r % 64)                         /* all octaves */
                        : shape == 1 ? r                                     /* near 2^64 */
                        : shape == 2 ? (UINT64_C(1) << 63) + r % 3 - 1       /* around 2^63 */
                        : shape == 3 ? (r % 100 == 0 ? 50000000 : 900) + r % 64 /* two humps */
                        : shape == 4 ? (UINT64_C(128) << (r % 50)) - r % 2   /* bucket borders */
                        : shape == 5 ? 12345                                 /* one value */
                                     : i;
        }
        check_against_sorted(values, N);
        check_against_sorted(values, 1);
        check_against_sorted(values, 999);
    }
    free(values);
}

Test(histogram, sums_beyond_64_bits_are_within_a_128th)
{
    struct leat_histogram *h = make();
    struct leat_histogram_summary s;
    /* at the far end of a bucket */
    uint64_t value = (UINT64_C(1) << 63) + (UINT64_C(1) << 57) - 1;
    leat_histogram_record_n(h, value, 40);
    leat_histogram_snapshot(h, &s);
    cr_assert_leq(fabs(s.sum / (40.0 * (double)value) - 1.0), 1.0 / 128);
    cr_assert_leq(fabs(s.mean / (double)value - 1.0), 1.0 / 128);
    cr_assert_eq(s.max, value);
    leat_histogram_record_n(h, UINT64_MAX, UINT64_C(1) << 62);
    leat_histogram_snapshot(h, &s);
    cr_assert_leq(fabs(s.sum / 0x1p126 - 1.0), 1.0 / 128);
    cr_assert_eq(s.max, UINT64_MAX);
    free(h);
}

Test(histogram, ranks_are_right_at_enormous_counts)
{
    struct leat_histogram *h = make();
    struct leat_histogram_summary s;
    leat_histogram_record_n(h, 1, UINT64_MAX - 1000);
    leat_histogram_record_n(h, 2, 1000);
    leat_histogram_snapshot(h, &s);
    cr_assert_eq(s.count, UINT64_MAX);
    cr_assert(s.p50 == 1 && s.p99 == 1 && s.p999 == 1 && s.max == 2);
    cr_assert_eq(leat_histogram_percentile(h, 0.9999999999999999), 1);
    cr_assert_eq(leat_histogram_percentile(h, 1.0), 2);
    leat_histogram_reset(h);
    leat_histogram_record_n(h, 10, INT64_MAX);
    leat_histogram_record_n(h, 20, INT64_MAX);
    leat_histogram_snapshot(h, &s);
    cr_assert(s.p50 == 10 && s.p99 == 20);
    free(h);
}

Test(histogram, p999_separates_one_in_a_thousand)
{
    struct leat_histogram *h = make();
    struct leat_histogram_summary s;
    leat_histogram_record_n(h, 10, 9990);
    leat_histogram_record_n(h, 100, 10);
    leat_histogram_snapshot(h, &s);
    cr_assert(s.p999 == 10 && s.max == 100);
    leat_histogram_record(h, 100);
    leat_histogram_snapshot(h, &s);
    cr_assert_eq(s.p999, 100);
    free(h);
}

Test(histogram, merge_is_the_histogram_of_all_records)
{
    struct leat_histogram *parts[3] = { make(), make(), make() };
    struct leat_histogram *whole = make();
    struct leat_histogram *merged = make();
    uint64_t state = 9;
    for (uint32_t i = 0; i < 10000; i++) {
        uint64_t value = next(&state) >> (i % 60);
        leat_histogram_record(parts[i % 3], value);
        leat_histogram_record(whole, value);
    }
    for (uint32_t i = 0; i < 3; i++) {
        leat_histogram_merge(merged, parts[i]);
        free(parts[i]);
    }
    cr_assert_eq(memcmp(merged, whole, sizeof *whole), 0);
    leat_histogram_reset(merged);
    memset(whole, 0, sizeof *whole);
    cr_assert_eq(memcmp(merged, whole, sizeof *whole), 0);
    free(whole);
    free(merged);
}
