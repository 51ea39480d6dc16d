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
    return v_total(part, VSTRIPE);
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

/* Deviations are taken four at a time, samples a quarter of a step apart, and joined before they
 * are added to a partial sum: there are half as many of these to join in the end, and each waits
 * for its predecessor only a fourth as often. */
#define STEP ((size_t)(2 * STRIPE))
#define QUARTER (STRIPE / 2)
#define VQUARTER (VSTRIPE / 2)
#define VPAIRS (VQUARTER < VGROUP ? VQUARTER : VGROUP)

LEAT_INLINE void add_deviations(const real *x, vreal minus, vreal *sum, vreal *square)
{
    vreal d[4];
    _Pragma("GCC unroll 4")
    for (int k = 0; k < 4; k++)
        d[k] = v_add(v_load(x + k * QUARTER), minus);
    *sum = v_also_add(*sum, v_also_add(v_also_add(d[0], d[1]), v_also_add(d[2], d[3])));
    _Pragma("GCC unroll 4")
    for (int k = 0; k < 4; k++)
        d[k] = v_mul(d[k], d[k]);
    *square = v_add(*square, v_add(v_add(d[0], d[1]), v_add(d[2], d[3])));
}

/* The last n samples of a block, fewer than a step's, filled up with m. */
__attribute__((noinline)) static void fill_step(real *step, const real *x, size_t n, real m)
{
    for (size_t i = 0; i < STEP; i += (size_t)VLANES) {
        int lanes = v_lanes(n, i);
        v_store(step + i, v_load_n(lanes ? x + i : x, lanes, v_set(m)));
    }
}

struct sums {
    double sum, square;
};

/* Of x - m and of its square. */
LEAT_INLINE struct sums sum_deviations(const real *x, size_t n, real m)
{
    vreal sum[VQUARTER], square[VQUARTER];
    real last[STEP];
    const vreal minus = v_set(-m); /* x + -m is x - m, and takes x from memory */
    const size_t whole = n - n % STEP;
    if (whole < n)
        fill_step(last, x + whole, n - whole, m);
    _Pragma("GCC unroll 16")
    for (int group = 0; group < VQUARTER; group += VPAIRS) {
        vreal s[VPAIRS], q[VPAIRS];
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VPAIRS; j++)
            s[j] = q[j] = v_zero();
        for (size_t i = 0; i < n; i += STEP) {
            const real *step = (i < whole ? x + i : last) + group * VLANES;
            _Pragma("GCC unroll 16")
            for (int j = 0; j < VPAIRS; j++)
                add_deviations(step + j * VLANES, minus, &s[j], &q[j]);
        }
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VPAIRS; j++) {
            sum[group + j] = s[j];
            square[group + j] = q[j];
        }
    }
    struct sums sums = { v_total(sum, VQUARTER), v_total(square, VQUARTER) };
    return sums;
}

/* Apart, so that what is rare takes no registers from what is not. */
__attribute__((noinline)) static struct sums sum_again(const real *x, size_t n, real m)
{
    return sum_deviations(x, n, m);
}

/* A value in the midst of the samples: the mean of eight that are spread evenly, as deviations from
 * the first of them so that it is exactly the value of a constant block. */
LEAT_INLINE real block_pivot(const real *x, size_t n)
{
    real d[8];
    x += n / 16;
    _Pragma("GCC unroll 8")
    for (size_t i = 0; i < 8; i++)
        d[i] = x[i * (n / 8)] - x[0];
    _Pragma("GCC unroll 8")
    for (size_t half = 4; half > 0; half /= 2)
        _Pragma("GCC unroll 8")
        for (size_t i = 0; i < half; i++)
            d[i] = d[i] + d[i + half];
    return x[0] + d[0] * (real)0.125;
}

/* Sums about a pivot that misses the mean by no more than sqrt(3) deviations: kappa <= 2. Where the
 * eight samples miss it by more, the sums about them say so, and where it is: they are taken again
 * about the number of the kind that is nearest to it. No sample is nearer, so kappa <= sqrt(2). */
LEAT_INLINE struct sums block_sums(const real *x, size_t n, double *pivot)
{
    real m = block_pivot(x, n);
    struct sums d = sum_deviations(x, n, m);
    double shift = part_mean(d.sum, n);
    if (LEAT_UNLIKELY(d.sum * shift > 0.75 * d.square)) {
        m = (real)((double)m + shift);
        d = sum_again(x, n, m);
    }
    *pivot = (double)m;
    return d;
}

static void block(const void *x, size_t n, double *pivot, double *sum, double *square)
{
    struct sums d = block_sums(x, n, pivot);
    *sum = d.sum;
    *square = d.square;
}

LEAT_INLINE struct leat_part block_part(const real *x, size_t n, uint64_t blocks, double *pivot)
{
    double m;
    struct sums d = block_sums(x, n, &m);
    *pivot = blocks ? *pivot : m;
    return part_of_block(n, m, d.sum, d.square, *pivot);
}

__attribute__((noinline)) static void moments_of_blocks(const real *x, size_t n,
                                                        struct leat_moments *out)
{
    struct leat_part level[PART_LEVELS], rest = { 0.0, 0.0 };
    double pivot = 0.0;
    uint64_t blocks = 0, count = n;
    for (; n >= LEAT_STATS_BLOCK; n -= LEAT_STATS_BLOCK, x += LEAT_STATS_BLOCK, blocks++)
        part_push(level, blocks, block_part(x, LEAT_STATS_BLOCK, blocks, &pivot));
    if (n)
        rest = block_part(x, n, blocks, &pivot);
    part_moments(part_total(level, blocks, rest, (double)n), pivot, count, out);
}

/* A row of one block, as frames are, has its own way to the same answer: nothing to join. */
static void moments(const void *x, size_t n, struct leat_moments *out)
{
    if (n == 0 || n > LEAT_STATS_BLOCK) {
        moments_of_blocks(x, n, out);
        return;
    }
    double pivot = 0.0;
    struct leat_part part = block_part(x, n, 0, &pivot);
    part_moments(part, pivot, n, out);
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
