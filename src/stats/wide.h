/* Moments of a row of f32 whose every step is in f64: deviations, squares and sums.
 *
 * Blocks and pivots are those of moments; multiplications and additions alone, so that a machine
 * without fma is as fast as it can be. A pivot is a number of f32, so that it can fill a last step.
 */
#ifndef LEAT_STATS_WIDE_H
#define LEAT_STATS_WIDE_H

#include "stats/reduce.h"

/* Some lines of samples: their deviations, joined, and the squares of these. */
struct wides {
    vwide sum[VWIDES], square[VWIDES];
};

LEAT_INLINE struct wides wide_line(const real *x, vwide minus)
{
    struct wides line;
    v_widen(line.sum, v_load(x));
    _Pragma("GCC unroll 2")
    for (int w = 0; w < VWIDES; w++) {
        line.sum[w] = v_wide_add(line.sum[w], minus);
        line.square[w] = v_wide_mul(line.sum[w], line.sum[w]);
    }
    return line;
}

LEAT_INLINE struct wides wide_join(struct wides a, struct wides b)
{
    _Pragma("GCC unroll 2")
    for (int w = 0; w < VWIDES; w++) {
        a.sum[w] = v_wide_add(a.sum[w], b.sum[w]);
        a.square[w] = v_wide_add(a.square[w], b.square[w]);
    }
    return a;
}

LEAT_INLINE struct wides wide_four(const real *x, vwide minus)
{
    struct wides a = wide_join(wide_line(x, minus), wide_line(x + LINE, minus));
    x += 2 * LINE;
    return wide_join(a, wide_join(wide_line(x, minus), wide_line(x + LINE, minus)));
}

/* Of x - m and of its square. Apart: it stands once, for both of its callers. */
__attribute__((noinline)) static struct sums wide_deviations(const real *x, size_t n, real m)
{
    vwide sum[VLINE * VWIDES], square[VLINE * VWIDES];
    real last[STEP];
    const size_t whole = n - n % STEP;
    const vwide minus = v_wide_set(-(double)m);
    if (whole < n)
        fill_step(last, x + whole, n - whole, m);
    for (int j = 0; j < VLINE; j++) {
        struct wides part;
        for (int w = 0; w < VWIDES; w++)
            part.sum[w] = part.square[w] = v_wide_set(0.0);
        for (size_t i = 0; i < n; i += STEP) {
            const real *step = (i < whole ? x + i : last) + j * VLANES;
            struct wides low = wide_four(step, minus);
            part = wide_join(part, wide_join(low, wide_four(step + 4 * LINE, minus)));
        }
        for (int w = 0; w < VWIDES; w++) {
            sum[j * VWIDES + w] = part.sum[w];
            square[j * VWIDES + w] = part.square[w];
        }
    }
    struct sums sums = { v_wide_total(sum, VLINE * VWIDES), v_wide_total(square, VLINE * VWIDES) };
    return sums;
}

/* The mean of eight samples that are spread evenly, those of moments, in f64, where no sum of f32
 * overflows and that of a constant block is exact. */
LEAT_INLINE real wide_pivot(const real *x, size_t n)
{
    double d[8];
    for (size_t i = 0; i < 8; i++)
        d[i] = (double)x[n / 16 + i * (n / 8)];
    for (size_t step = 4; step > 0; step /= 2)
        for (size_t i = 0; i < step; i++)
            d[i] = d[i] + d[i + step];
    return (real)(d[0] * 0.125);
}

/* As block_sums, and for its reasons: kappa <= 2. */
static struct sums wide_sums(const real *x, size_t n, double *pivot)
{
    real m = wide_pivot(x, n);
    struct sums d = wide_deviations(x, n, m);
    double shift = part_mean(d.sum, n);
    if (LEAT_UNLIKELY(d.sum * shift > 0.75 * d.square)) {
        m = (real)((double)m + shift);
        d = wide_deviations(x, n, m);
    }
    *pivot = (double)m;
    return d;
}

static void wide_moments(const void *x, size_t n, struct leat_moments *out)
{
    join_blocks(x, n, out, wide_sums);
}

#endif
