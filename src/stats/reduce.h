/* Reductions: partial sums by stripe inside a block, blocks joined pairwise.
 *
 * The registers of a stripe are taken some at a time (VTERMS, VGROUP: what fits the register file),
 * each group along the whole block: partial sums do not depend on each other, nor do the bits on
 * these numbers.
 */
#ifndef LEAT_STATS_REDUCE_H
#define LEAT_STATS_REDUCE_H

#include "stats/part.h"

/* One term of a sum. */
LEAT_INLINE vreal term_value(vreal x, vreal y) { return (void)y, x; }
LEAT_INLINE vreal term_product(vreal x, vreal y) { return v_mul(x, y); }

/* The sum of term over n samples. Lanes behind the last sample hold `rest`, whose term is +0. */
LEAT_INLINE double sum_terms(const real *x, const real *y, size_t n, vreal rest,
                             vreal (*term)(vreal x, vreal y))
{
    vreal part[VSTRIPE];
    const size_t whole = n - n % STRIPE;
    _Pragma("GCC unroll 16")
    for (int group = 0; group < VSTRIPE; group += VTERMS) {
        vreal sum[VTERMS];
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VTERMS; j++)
            sum[j] = v_zero();
        for (size_t i = (size_t)(group * VLANES); i < whole; i += STRIPE) {
            _Pragma("GCC unroll 16")
            for (int j = 0; j < VTERMS; j++)
                sum[j] = v_add(sum[j], term(v_load(x + i + j * VLANES),
                                            v_load(y + i + j * VLANES)));
        }
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VTERMS; j++)
            part[group + j] = sum[j];
    }
    if (whole < n) {
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VSTRIPE; j++) {
            int lanes = v_lanes(n - whole, (size_t)(j * VLANES));
            size_t at = lanes ? whole + (size_t)(j * VLANES) : whole;
            part[j] = v_add(part[j], term(v_load_n(x + at, lanes, rest),
                                          v_load_n(y + at, lanes, rest)));
        }
    }
    return v_total(part);
}

/* Sums of the blocks of a row, joined as a binary counter joins them. */
LEAT_INLINE double sum_blocks(const real *x, const real *y, size_t n,
                              vreal (*term)(vreal x, vreal y))
{
    double level[PART_LEVELS];
    uint64_t blocks = 0;
    for (; n >= LEAT_STATS_BLOCK; n -= LEAT_STATS_BLOCK, blocks++) {
        double sum = sum_terms(x, y, LEAT_STATS_BLOCK, v_zero(), term);
        unsigned l = 0;
        for (; blocks >> l & 1; l++)
            sum = level[l] + sum;
        level[l] = sum;
        x += LEAT_STATS_BLOCK;
        y += LEAT_STATS_BLOCK;
    }
    double total = n ? sum_terms(x, y, n, v_zero(), term) : 0.0;
    for (unsigned l = 0; blocks >> l; l++)
        if (blocks >> l & 1)
            total = level[l] + total;
    return total;
}

static double sum(const void *x, size_t n) { return sum_blocks(x, x, n, term_value); }

static double dot(const void *x, const void *y, size_t n)
{
    return sum_blocks(x, y, n, term_product);
}

/* Both sums of the second pass over a block: of x - m and of its square. */
LEAT_INLINE void sum_deviations(const real *x, size_t n, real m, double *sum, double *square)
{
    vreal part[VSTRIPE], part2[VSTRIPE];
    const vreal pivot = v_set(m), minus = v_set(-m); /* x + -m is x - m, and takes x from memory */
    const size_t whole = n - n % STRIPE;
    _Pragma("GCC unroll 16")
    for (int group = 0; group < VSTRIPE; group += VGROUP) {
        vreal s[VGROUP], q[VGROUP];
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VGROUP; j++)
            s[j] = q[j] = v_zero();
        for (size_t i = (size_t)(group * VLANES); i < whole; i += STRIPE) {
            _Pragma("GCC unroll 16")
            for (int j = 0; j < VGROUP; j++) {
                vreal d = v_add(v_load(x + i + j * VLANES), minus);
                s[j] = v_also_add(s[j], d);
                q[j] = v_add(q[j], v_mul(d, d));
            }
        }
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VGROUP; j++) {
            part[group + j] = s[j];
            part2[group + j] = q[j];
        }
    }
    if (whole < n) {
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VSTRIPE; j++) {
            int lanes = v_lanes(n - whole, (size_t)(j * VLANES));
            size_t at = lanes ? whole + (size_t)(j * VLANES) : whole;
            vreal d = v_sub(v_load_n(x + at, lanes, pivot), pivot);
            part[j] = v_add(part[j], d);
            part2[j] = v_add(part2[j], v_mul(d, d));
        }
    }
    *sum = v_total(part);
    *square = v_total(part2);
}

/* A value near the mean: the mean of every fourth stripe, as deviations from the first sample so
 * that it is exactly the value of a constant block. k of n samples miss the mean by no more than
 * sqrt((n - k) / k) deviations (Cauchy, Schwarz), and k >= n / 5: whatever the data, kappa is at
 * most sqrt(5) in the second pass, and about 1 unless they have a period of four stripes. */
LEAT_INLINE real block_pivot(const real *x, size_t n)
{
    vreal part[VSTRIPE];
    vreal first = v_set(x[0]);
    size_t count = 0, i = 0;
    _Pragma("GCC unroll 16")
    for (int j = 0; j < VSTRIPE; j++)
        part[j] = v_zero();
    for (; i + STRIPE <= n; i += 4 * STRIPE, count += STRIPE) {
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VSTRIPE; j++)
            part[j] = v_also_add(part[j], v_sub(v_load(x + i + j * VLANES), first));
    }
    for (int j = 0; j < VSTRIPE && n < STRIPE; j++) {
        int lanes = v_lanes(n, (size_t)(j * VLANES));
        part[j] = v_sub(v_load_n(lanes ? x + j * VLANES : x, lanes, first), first);
    }
    return (real)((double)x[0] + v_total(part) * (1.0 / (double)(count ? count : n)));
}

/* Sums about that pivot. */
LEAT_INLINE void block_sums(const real *x, size_t n, double *pivot, double *sum, double *square)
{
    real m = block_pivot(x, n);
    sum_deviations(x, n, m, sum, square);
    *pivot = (double)m;
}

static void block(const void *x, size_t n, double *pivot, double *sum, double *square)
{
    block_sums(x, n, pivot, sum, square);
}

static void moments(const void *samples, size_t n, struct leat_moments *out)
{
    const real *x = samples;
    struct leat_part level[PART_LEVELS], rest = { 0.0, 0.0 };
    double pivot = 0.0, m, s, q;
    uint64_t blocks = 0, count = n;
    for (; n >= LEAT_STATS_BLOCK; n -= LEAT_STATS_BLOCK, x += LEAT_STATS_BLOCK, blocks++) {
        block_sums(x, LEAT_STATS_BLOCK, &m, &s, &q);
        pivot = blocks ? pivot : m;
        part_push(level, blocks, part_of_block(LEAT_STATS_BLOCK, m, s, q, pivot));
    }
    if (n) {
        block_sums(x, n, &m, &s, &q);
        pivot = blocks ? pivot : m;
        rest = part_of_block(n, m, s, q, pivot);
    }
    part_moments(part_total(level, blocks, rest, (double)n), pivot, count, out);
}

static void minmax(const void *samples, size_t n, double *min, double *max)
{
    const real *x = samples;
    vreal low[VGROUP], high[VGROUP];
    _Pragma("GCC unroll 16")
    for (int j = 0; j < VGROUP; j++) {
        low[j] = v_set(REAL_INFINITY);
        high[j] = v_set(-REAL_INFINITY);
    }
    size_t i = 0;
    for (; i + (size_t)(VGROUP * VLANES) <= n; i += (size_t)(VGROUP * VLANES)) {
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VGROUP; j++) {
            vreal v = v_load(x + i + j * VLANES);
            low[j] = v_min(v, low[j]);
            high[j] = v_max(v, high[j]);
        }
    }
    for (; i < n; i += (size_t)VLANES) {
        vreal v = v_load_n(x + i, v_lanes(n, i), v_set(REAL_NAN));
        low[0] = v_min(v, low[0]);
        high[0] = v_max(v, high[0]);
    }
    _Pragma("GCC unroll 16")
    for (int j = 1; j < VGROUP; j++) {
        low[0] = v_min(low[j], low[0]);
        high[0] = v_max(high[j], high[0]);
    }
    real lows[VLANES], highs[VLANES];
    v_store(lows, low[0]);
    v_store(highs, high[0]);
    for (int j = 1; j < VLANES; j++) {
        lows[0] = lows[j] < lows[0] ? lows[j] : lows[0];
        highs[0] = highs[j] > highs[0] ? highs[j] : highs[0];
    }
    bool none = lows[0] > highs[0]; /* still the two infinities: no number was seen */
    *min = none ? (double)REAL_NAN : (double)lows[0] + 0.0; /* + 0: a zero is +0 */
    *max = none ? (double)REAL_NAN : (double)highs[0] + 0.0;
}

static bool finite(const void *samples, size_t n)
{
    const real *x = samples;
    vreal limit = v_set(REAL_INFINITY);
    vreal largest[VGROUP];
    size_t i = 0;
    for (; i + (size_t)(VGROUP * VLANES) <= n; i += (size_t)(VGROUP * VLANES)) {
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VGROUP; j++)
            largest[j] = v_abs(v_load(x + i + j * VLANES));
        vmask well = v_lt(largest[0], limit);
        _Pragma("GCC unroll 16")
        for (int j = 1; j < VGROUP; j++)
            well = v_both(well, v_lt(largest[j], limit));
        if (!v_all(well))
            return false;
    }
    for (; i < n; i += (size_t)VLANES)
        if (!v_all(v_lt(v_abs(v_load_n(x + i, v_lanes(n, i), v_zero())), limit)))
            return false;
    return true;
}

#endif
