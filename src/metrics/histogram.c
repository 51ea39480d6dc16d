/* What a histogram does outside the hot path: read, merge, empty.
 *
 * A reader walks the buckets twice, first to count, then to the ranks that follow from the count.
 * Beside a writer the second walk sees at least the counts of the first (a word never runs
 * backwards for one thread), so it always arrives; only a reset in between can make it fall short,
 * and then it answers with max.
 */
#include <leat/metrics.h>

#define TWO_64 0x1p64

/* What one walk over the buckets finds. */
struct walk {
    uint64_t count;
    uint64_t max;    /* exact, or the low end of the highest bucket when that is ahead of it */
    double sum;      /* every record at the middle of its bucket */
};

static struct walk walk_buckets(const struct leat_histogram *histogram)
{
    struct walk walk = { 0, 0, 0.0 };
    uint32_t highest = 0;
    for (uint32_t b = 0; b < LEAT_HISTOGRAM_BUCKETS; b++) {
        /* [M8 pairs M7: counts, no order] */
        uint64_t n = leat_load_relaxed(&histogram->buckets[b]);
        if (n == 0)
            continue;
        walk.count += n;
        walk.sum += (double)n * (double)leat_histogram_middle(b);
        highest = b;
    }
    walk.max = leat_load_relaxed(&histogram->max);
    if (walk.max < leat_histogram_low(highest))
        walk.max = leat_histogram_low(highest);
    return walk;
}

/* out[i] = the value of rank ranks[i]; ranks rise and are at least 1. */
static void values_at(const struct leat_histogram *histogram, const struct walk *walk,
                      const uint64_t *ranks, uint64_t *out, uint32_t n)
{
    uint64_t seen = 0;
    uint32_t i = 0;
    for (uint32_t b = 0; b < LEAT_HISTOGRAM_BUCKETS && i < n; b++) {
        /* [M8 pairs M7: counts, no order] */
        seen += leat_load_relaxed(&histogram->buckets[b]);
        uint64_t middle = leat_histogram_middle(b);
        for (; i < n && ranks[i] <= seen && ranks[i] < walk->count; i++)
            out[i] = middle < walk->max ? middle : walk->max;
    }
    for (; i < n; i++)
        out[i] = walk->max;
}

/* ceil(count * thousandths / 1000), without overflow. */
static uint64_t rank_of(uint64_t count, uint64_t thousandths)
{
    uint64_t above = 1000 - thousandths;
    uint64_t rank = count - (count / 1000 * above + count % 1000 * above / 1000);
    return rank == 0 ? 1 : rank;
}

void leat_histogram_snapshot(const struct leat_histogram *histogram,
                             struct leat_histogram_summary *summary)
{
    LEAT_REQUIRE(histogram != NULL && summary != NULL);
    struct walk walk = walk_buckets(histogram);
    uint64_t values[3] = { 0, 0, 0 };
    if (walk.count != 0) {
        uint64_t ranks[3] = { rank_of(walk.count, 500), rank_of(walk.count, 990),
                              rank_of(walk.count, 999) };
        values_at(histogram, &walk, ranks, values, 3);
    }
    summary->count = walk.count;
    summary->p50 = values[0];
    summary->p99 = values[1];
    summary->p999 = values[2];
    summary->max = walk.max;
    summary->sum = walk.sum;
    summary->mean = walk.count != 0 ? walk.sum / (double)walk.count : 0.0;
}

uint64_t leat_histogram_percentile(const struct leat_histogram *histogram, double fraction)
{
    LEAT_REQUIRE(histogram != NULL);
    struct walk walk = walk_buckets(histogram);
    if (walk.count == 0)
        return 0;
    uint64_t rank = 1;
    if (fraction >= 1.0) {
        rank = walk.count;
    } else if (fraction > 0.0) {
        /* below 1, so the product is below 2^64 and fits */
        double place = fraction * (double)walk.count;
        rank = place < TWO_64 ? (uint64_t)place : walk.count;
        if ((double)rank < place || rank == 0)
            rank++;
        if (rank > walk.count)
            rank = walk.count;
    }
    uint64_t value;
    values_at(histogram, &walk, &rank, &value, 1);
    return value;
}

static void raise_max(struct leat_histogram *histogram, uint64_t max)
{
    uint64_t below = max < LEAT_HISTOGRAM_EXACT ? max + 1 : LEAT_HISTOGRAM_EXACT;
    leat_store_relaxed(&histogram->max, max); /* [M7 pairs M8: a level, no order] */
    histogram->reach = below > 64 ? below - 64 : 0;
}

uint32_t leat_histogram_raise(struct leat_histogram *histogram, uint64_t value, uint64_t n)
{
    if (n != 0 && value > leat_load_relaxed(&histogram->max)) /* [M6 own words] */
        raise_max(histogram, value);
    return leat_histogram_bucket(value);
}

void leat_histogram_merge(struct leat_histogram *into, const struct leat_histogram *from)
{
    LEAT_REQUIRE(into != NULL && from != NULL && into != from);
    /* [M6 own words: single writer of into] [M8 pairs M7: counts of from, no order] */
    for (uint32_t b = 0; b < LEAT_HISTOGRAM_BUCKETS; b++) {
        uint64_t n = leat_load_relaxed(&from->buckets[b]);
        if (n != 0)
            leat_store_relaxed(&into->buckets[b], leat_load_relaxed(&into->buckets[b]) + n);
    }
    uint64_t max = leat_load_relaxed(&from->max);
    if (max > leat_load_relaxed(&into->max))
        raise_max(into, max);
}

void leat_histogram_reset(struct leat_histogram *histogram)
{
    LEAT_REQUIRE(histogram != NULL);
    /* [M7 pairs M8: counts, no order] */
    for (uint32_t b = 0; b < LEAT_HISTOGRAM_BUCKETS; b++)
        leat_store_relaxed(&histogram->buckets[b], UINT64_C(0));
    raise_max(histogram, 0);
}
