/* Counters, gauges and histograms: one writer, any number of readers, nobody ever waits.
 *
 * A metric has one writing thread. It updates by a relaxed load and a relaxed store, so no locked
 * instruction and no order is paid for; a reader sees some recent value, never a torn one, and a
 * counter or a bucket never seems to run backwards. Metrics order nothing: whoever learns from a
 * counter that something was done has not acquired what was done.
 *
 *                               | writer: add set raise record reset | reader: get snapshot …
 *   writer, another thread      | no: one writer                     | yes
 *   reader, another thread      | yes                                | yes
 *
 * All-zero bytes are an empty metric of each kind; there is no init. Storage belongs to the caller:
 * metrics of one writer may share lines, those of different writers stand LEAT_APART.
 * Progress: every call wait-free, no memory, no system call; fit for a sealed worker.
 */
#ifndef LEAT_METRICS_H
#define LEAT_METRICS_H

#include <leat/atomic.h>

LEAT_BEGIN

/* ---- counter: how often, how many; wraps at 2^64 */
struct leat_counter {
    leat_atomic_u64 value;
};

/* Adds n. Threads: the writer. */
LEAT_INLINE void leat_counter_add(struct leat_counter *counter, uint64_t n)
{
    /* [M1 own word: single writer] [M2 pairs M3: a count, no order] */
    uint64_t value = leat_load_relaxed(&counter->value);
    leat_store_relaxed(&counter->value, value + n);
}

/* Sets to 0, as between warm-up and seal. Threads: the writer. */
LEAT_INLINE void leat_counter_reset(struct leat_counter *counter)
{
    /* [M2 pairs M3: a count, no order] */
    leat_store_relaxed(&counter->value, UINT64_C(0));
}

/* The count. Between resets it never decreases from one call to the next. Threads: any. */
LEAT_INLINE uint64_t leat_counter_get(const struct leat_counter *counter)
{
    /* [M3 pairs M2: a count, no order] */
    return leat_load_relaxed(&counter->value);
}

/* ---- gauge: a level that rises and falls; a signed 64-bit number */
struct leat_gauge {
    leat_atomic_u64 value; /* two's complement */
};

/* Threads: the writer. */
LEAT_INLINE void leat_gauge_set(struct leat_gauge *gauge, int64_t value)
{
    /* [M4 pairs M5: a level, no order] */
    leat_store_relaxed(&gauge->value, (uint64_t)value);
}

/* The level. Threads: any. */
LEAT_INLINE int64_t leat_gauge_get(const struct leat_gauge *gauge)
{
    /* [M5 pairs M4: a level, no order] */
    return (int64_t)leat_load_relaxed(&gauge->value);
}

/* Keeps the larger of the level and value: a high-water mark. Threads: the writer. */
LEAT_INLINE void leat_gauge_raise(struct leat_gauge *gauge, int64_t value)
{
    if (value > leat_gauge_get(gauge))
        leat_gauge_set(gauge, value);
}

/* ---- histogram: how values spread, to 1 % of each value
 *
 * Log-linear: values below 128 have a bucket each; above, every octave [2^k, 2^(k+1)) is cut into
 * 64 equal buckets. A bucket answers with its middle, which is within 1/128 (0.79 %) of every value
 * in it. Takes every 64-bit value. The buckets' counts wrap at 2^64.
 */
#define LEAT_HISTOGRAM_SPLIT 6u /* 2^6 buckets an octave */
#define LEAT_HISTOGRAM_BUCKETS 3776u

/* 30,272 bytes, no pointer inside: may be copied, moved and saved when nobody writes. */
struct leat_histogram {
    leat_atomic_u64 max; /* exact */
    uint64_t reach;      /* the writer alone: values in [64, 64 + reach) are neither a new max nor
                            inexact as a double */
    uint64_t unused[6];
    leat_atomic_u64 buckets[LEAT_HISTOGRAM_BUCKETS];
} LEAT_ALIGNED(LEAT_LINE);
LEAT_STATIC_ASSERT(sizeof(struct leat_histogram) == 30272, "one line and 3776 buckets");

/* What a histogram held at about one moment. Plain data. Values in the unit that was recorded. */
struct leat_histogram_summary {
    uint64_t count;           /* of records, by weight */
    uint64_t p50, p99, p999;  /* within 1/128 of the value of that rank, and <= max */
    uint64_t max;             /* exact, or beside a writer at least its bucket's low end; 0 empty */
    double sum, mean;         /* from the buckets' middles: within 1/128; 0 when empty */
};

#define LEAT_HISTOGRAM_EXACT (UINT64_C(1) << 53) /* values below are exact as doubles */

/* The bucket of a value from 64 to 2^53: its exponent and the 6 bits behind the leading one. Such a
 * value is exact as a double, whose bits hold just these in order: half the time of the bit scan
 * that plain x86-64 has. */
LEAT_INLINE uint64_t leat_histogram_bucket_of_double(uint64_t value)
{
    double exact = (double)(int64_t)value;
    uint64_t bits;
    __builtin_memcpy(&bits, &exact, sizeof bits);
    return (bits >> (52u - LEAT_HISTOGRAM_SPLIT)) - (1028u << LEAT_HISTOGRAM_SPLIT);
}

/* The bucket of any value. Both ways give the same. */
LEAT_INLINE uint32_t leat_histogram_bucket(uint64_t value)
{
    if (LEAT_LIKELY(value - 64 < LEAT_HISTOGRAM_EXACT - 64))
        return (uint32_t)leat_histogram_bucket_of_double(value);
    uint32_t shift = 57u - (uint32_t)__builtin_clzll(value | 64u);
    return (shift << LEAT_HISTOGRAM_SPLIT) + (uint32_t)(value >> shift);
}

/* The least value of a bucket < LEAT_HISTOGRAM_BUCKETS. */
LEAT_INLINE uint64_t leat_histogram_low(uint32_t bucket)
{
    uint32_t shift = bucket < 128u ? 0u : (bucket >> LEAT_HISTOGRAM_SPLIT) - 1u;
    return (uint64_t)(bucket - (shift << LEAT_HISTOGRAM_SPLIT)) << shift;
}

/* The middle of a bucket: what a percentile answers with. */
LEAT_INLINE uint64_t leat_histogram_middle(uint32_t bucket)
{
    uint32_t shift = bucket < 128u ? 0u : (bucket >> LEAT_HISTOGRAM_SPLIT) - 1u;
    return leat_histogram_low(bucket) + (UINT64_C(1) << shift >> 1);
}

/* Private: raises max to value, when n is not 0; returns the value's bucket. */
LEAT_API uint32_t leat_histogram_raise(struct leat_histogram *histogram, uint64_t value,
                                       uint64_t n);

/* Records value n times at the cost of once: a batch's time divided by its frames, n frames.
 * n = 0 records nothing. Threads: the writer. */
LEAT_INLINE void leat_histogram_record_n(struct leat_histogram *histogram, uint64_t value,
                                         uint64_t n)
{
    uint64_t bucket;
    if (LEAT_LIKELY(value - 64 < histogram->reach)) /* one branch: in range, and no new max */
        bucket = leat_histogram_bucket_of_double(value);
    else if (value < 64 && value <= leat_load_relaxed(&histogram->max)) /* [M6 own words] */
        bucket = value;
    else
        bucket = leat_histogram_raise(histogram, value, n);
    /* [M6 own words: single writer] [M7 pairs M8: counts, no order] */
    uint64_t count = leat_load_relaxed(&histogram->buckets[bucket]);
    leat_store_relaxed(&histogram->buckets[bucket], count + n);
}

/* Records one value. Threads: the writer. */
LEAT_INLINE void leat_histogram_record(struct leat_histogram *histogram, uint64_t value)
{
    leat_histogram_record_n(histogram, value, 1);
}

/* Empties. A reader beside it may see part of the old and part of the new. Threads: the writer. */
LEAT_API void leat_histogram_reset(struct leat_histogram *histogram);

/* Adds what from holds to into. from may be live; into is the caller's to write. To see several
 * figures of one moment, merge into an empty histogram of one's own and ask that one; to see a
 * stage over all workers, merge theirs. */
LEAT_API void leat_histogram_merge(struct leat_histogram *into, const struct leat_histogram *from);

/* Fills *summary, in two walks over the buckets (some microseconds), never stopping the writer.
 * Records made meanwhile are in it wholly, partly (counted but not yet in max) or not at all;
 * between resets a later snapshot never has a smaller count or max. Threads: any. */
LEAT_API void leat_histogram_snapshot(const struct leat_histogram *histogram,
                                      struct leat_histogram_summary *summary);

/* The value of rank ceil(fraction * count), at least 1, among the recorded ones in order: to within
 * 1/128 of it, max itself for the last, never above max; 0 when empty. fraction in [0, 1]; outside
 * it the nearer end is taken, and 0 for NaN. Threads: any. */
LEAT_API uint64_t leat_histogram_percentile(const struct leat_histogram *histogram,
                                            double fraction);

LEAT_END

#endif
