/* Parts of a row joined by Chan's formula, in f64 and in an order that depends on nothing but how
 * many blocks there are. Shared by the kernels and by the tally; same bits from every compilation
 * because it is mul, add and div of doubles alone.
 *
 * Source: Chan, Golub, LeVeque 1983 (the formula); a binary counter keeps the tree: level l holds
 * the join of 2^l neighbouring blocks when bit l of the number of blocks is set.
 */
#ifndef LEAT_STATS_PART_H
#define LEAT_STATS_PART_H

#include <leat/stats.h>

#define PART_LEVELS 52 /* 2^52 blocks of 2^12 samples */

/* Counts fit an int64_t, whose conversion is an instruction where that of a uint64_t is not. */
LEAT_INLINE double count_of(uint64_t n) { return (double)(int64_t)n; }

/* The largest power of two <= n, which is above 0. */
LEAT_INLINE uint32_t part_top(uint32_t n) { return UINT32_C(1) << (31 - __builtin_clz(n)); }

/* sum / n: a product, ready sooner, where 1 / n is exact and it rounds alike. */
LEAT_INLINE double part_mean(double sum, size_t n)
{
    double inverse = 1.0 / (double)n;
    return LEAT_LIKELY((n & (n - 1)) == 0) ? sum * inverse : sum / (double)n;
}

/* What a block kernel says about its samples, relative to a common pivot. */
LEAT_INLINE struct leat_part part_of_block(size_t n, double block_pivot, double sum, double square,
                                           double pivot)
{
    double shift = part_mean(sum, n);
    double m2 = square - sum * shift;
    struct leat_part part = { (block_pivot - pivot) + shift, m2 < 0.0 ? 0.0 : m2 };
    return part;
}

/* a before b; both hold samples. */
LEAT_INLINE struct leat_part part_join(struct leat_part a, double a_count, struct leat_part b,
                                       double b_count)
{
    double delta = b.mean - a.mean;
    double weight = b_count / (a_count + b_count);
    struct leat_part part = { a.mean + delta * weight,
                              a.m2 + b.m2 + delta * delta * (a_count * weight) };
    return part;
}

LEAT_INLINE double part_level_count(unsigned level)
{
    return (double)((uint64_t)LEAT_STATS_BLOCK << level);
}

/* Adds a full block to a counter that holds `blocks` of them. */
LEAT_INLINE void part_push(struct leat_part level[PART_LEVELS], uint64_t blocks,
                           struct leat_part part)
{
    unsigned l = 0;
    for (; l + 1 < PART_LEVELS && (blocks >> l & 1); l++)
        part = part_join(level[l], part_level_count(l), part, part_level_count(l));
    level[l] = part;
}

/* All that a counter holds, followed by `rest` of `rest_count` samples (0: there are none). */
LEAT_INLINE struct leat_part part_total(const struct leat_part level[PART_LEVELS], uint64_t blocks,
                                        struct leat_part rest, double rest_count)
{
    for (unsigned l = 0; l < PART_LEVELS && blocks >> l; l++) {
        if (!(blocks >> l & 1))
            continue;
        double count = part_level_count(l);
        rest = rest_count > 0.0 ? part_join(level[l], count, rest, rest_count) : level[l];
        rest_count += count;
    }
    return rest;
}

/* pivot + mean as a double and what that rounding lost. */
LEAT_INLINE void part_moments(struct leat_part part, double pivot, uint64_t count,
                              struct leat_moments *moments)
{
    double mean = pivot + part.mean;
    double back = mean - pivot;
    moments->count = count;
    moments->mean = mean;
    moments->mean_low = (pivot - (mean - back)) + (part.mean - back);
    moments->m2 = part.m2;
}

#endif
