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

/* Deviations are taken eight at a time, a line of samples apart: they are joined before they are
 * added to a partial sum, and each has a partial sum of squares of its own, so that there are few
 * to join in the end and none that wait for their predecessors. */
#define EIGHT 8
#define STEP ((size_t)(2 * STRIPE))
#define LINE (STRIPE / 4)
#define VLINE (VSTRIPE / 4)

LEAT_INLINE vreal join_eight(const vreal *d)
{
    return v_add(v_add(v_add(d[0], d[1]), v_add(d[2], d[3])),
                 v_add(v_add(d[4], d[5]), v_add(d[6], d[7])));
}

/* With one rounding in f32 alone: a machine without the instruction can do that in f64, but f64
 * would cost it a call of the library for each sample. */
LEAT_INLINE vreal add_square(vreal sum, vreal x)
{
    return LEAT_REAL == 32 ? v_add_square(sum, x) : v_add(sum, v_mul(x, x));
}

/* Two lines: the sum of their deviations, whose squares are added to square[0] and [1]. */
LEAT_INLINE vreal two_deviations(const real *x, vreal minus, vreal *square)
{
    vreal a = v_add(v_load(x), minus), b = v_add(v_load(x + LINE), minus);
    square[0] = add_square(square[0], a);
    square[1] = add_square(square[1], b);
    return v_also_add(a, b);
}

LEAT_INLINE vreal eight_deviations(const real *x, vreal minus, vreal square[EIGHT])
{
    vreal a = two_deviations(x, minus, square);
    a = v_also_add(a, two_deviations(x + 2 * LINE, minus, square + 2));
    vreal b = two_deviations(x + 4 * LINE, minus, square + 4);
    b = v_also_add(b, two_deviations(x + 6 * LINE, minus, square + 6));
    return v_add(a, b);
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

/* Of x - m and of its square; x + -m is x - m, and takes x from memory. */
LEAT_INLINE struct sums sum_deviations(const real *x, size_t n, real minus_m)
{
    vreal sum[VLINE], square[VLINE];
    real last[STEP];
    const size_t whole = n - n % STEP;
    const vreal minus = v_set(minus_m);
    if (whole < n)
        fill_step(last, x + whole, n - whole, -minus_m);
    _Pragma("GCC unroll 4")
    for (int j = 0; j < VLINE; j++) {
        vreal s = v_zero(), q[EIGHT];
        _Pragma("GCC unroll 8")
        for (int k = 0; k < EIGHT; k++)
            q[k] = v_zero();
        for (size_t i = 0; i < n; i += STEP)
            s = v_add(s, eight_deviations((i < whole ? x + i : last) + j * VLANES, minus, q));
        sum[j] = s;
        square[j] = join_eight(q);
    }
    struct sums sums = { v_total(sum, VLINE), v_total(square, VLINE) };
    return sums;
}

/* Apart, so that what is rare takes no registers from what is not. */
__attribute__((noinline)) static struct sums sum_again(const real *x, size_t n, real minus_m)
{
    return sum_deviations(x, n, minus_m);
}

/* Minus a value in the midst of the samples: the mean of eight that are spread evenly, as
 * deviations from the first of them so that it is exactly the value of a constant block. Negative,
 * and by few registers for addresses, because the block waits for it. */
LEAT_INLINE real minus_pivot(const real *x, size_t n)
{
    const real *half = x + n / 16 + n / 8 * 4;
    real d[8];
    x += n / 16;
    _Pragma("GCC unroll 4")
    for (size_t i = 0; i < 4; i++) {
        d[i] = x[0] - x[i * (n / 8)];
        d[i + 4] = x[0] - half[i * (n / 8)];
    }
    _Pragma("GCC unroll 8")
    for (size_t step = 4; step > 0; step /= 2)
        _Pragma("GCC unroll 8")
        for (size_t i = 0; i < step; i++)
            d[i] = d[i] + d[i + step];
    return d[0] * (real)0.125 - x[0];
}

/* Sums about a pivot that misses the mean by no more than sqrt(3) deviations: kappa <= 2. Where the
 * eight samples miss it by more, the sums about them say so, and where it is: they are taken again
 * about the number of the kind that is nearest to it. No sample is nearer, so kappa <= sqrt(2). */
LEAT_INLINE struct sums block_sums(const real *x, size_t n, double *pivot)
{
    real m = -minus_pivot(x, n);
    struct sums d = sum_deviations(x, n, -m);
    double shift = part_mean(d.sum, n);
    if (LEAT_UNLIKELY(d.sum * shift > 0.75 * d.square)) {
        m = (real)((double)m + shift);
        d = sum_again(x, n, -m);
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

/* How a block is summed: block_sums, or in wider sums. */
typedef struct sums (*sums_of)(const real *x, size_t n, double *pivot);

LEAT_INLINE struct leat_part block_part(const real *x, size_t n, uint64_t blocks, double *pivot,
                                        sums_of sums)
{
    double m;
    struct sums d = sums(x, n, &m);
    *pivot = blocks ? *pivot : m;
    return part_of_block(n, m, d.sum, d.square, *pivot);
}

LEAT_INLINE void join_blocks(const real *x, size_t n, struct leat_moments *out, sums_of sums)
{
    struct leat_part level[PART_LEVELS], rest = { 0.0, 0.0 };
    double pivot = 0.0;
    uint64_t blocks = 0, count = n;
    for (; n >= LEAT_STATS_BLOCK; n -= LEAT_STATS_BLOCK, x += LEAT_STATS_BLOCK, blocks++)
        part_push(level, blocks, block_part(x, LEAT_STATS_BLOCK, blocks, &pivot, sums));
    if (n)
        rest = block_part(x, n, blocks, &pivot, sums);
    part_moments(part_total(level, blocks, rest, (double)n), pivot, count, out);
}

__attribute__((noinline)) static void moments_of_blocks(const real *x, size_t n,
                                                        struct leat_moments *out)
{
    join_blocks(x, n, out, block_sums);
}

/* A row of one block, as frames are, has its own way to the same answer: nothing to join. */
static void moments(const void *x, size_t n, struct leat_moments *out)
{
    if (n == 0 || n > LEAT_STATS_BLOCK) {
        moments_of_blocks(x, n, out);
        return;
    }
    double pivot = 0.0;
    struct leat_part part = block_part(x, n, 0, &pivot, block_sums);
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
