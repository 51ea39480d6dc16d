/* One sample in, one sample out; and z-score, which is that once the row's moments are known. */
#ifndef LEAT_STATS_ELEMENTWISE_H
#define LEAT_STATS_ELEMENTWISE_H

#include "stats/reduce.h"

LEAT_INLINE vreal op_scale(vreal x, const vreal *c) { return v_add(v_mul(x, c[0]), c[1]); }
LEAT_INLINE vreal op_clamp(vreal x, const vreal *c) { return v_min(c[1], v_max(c[0], x)); }
LEAT_INLINE vreal op_abs(vreal x, const vreal *c) { return (void)c, v_abs(x); }
LEAT_INLINE vreal op_zero(vreal x, const vreal *c) { return (void)x, c[0]; }
LEAT_INLINE vreal op_zscore(vreal x, const vreal *c)
{
    return v_sub(v_mul(v_sub(x, c[0]), c[1]), c[2]);
}

static void scale(void *out, const void *in, size_t n, double a, double b)
{
    const vreal constants[2] = { v_set((real)a), v_set((real)b) };
    v_map(out, in, n, op_scale, constants);
}

static void clamp(void *out, const void *in, size_t n, double lo, double hi)
{
    const vreal constants[2] = { v_set((real)lo), v_set((real)hi) };
    v_map(out, in, n, op_clamp, constants);
}

static void magnitude(void *out, const void *in, size_t n) { v_map(out, in, n, op_abs, NULL); }

static void zscore(void *row, size_t n)
{
    if (n == 0)
        return;
    struct leat_moments m;
    moments(row, n, &m);
    double deviation = __builtin_sqrt(part_mean(m.m2, n));
    if (deviation < (double)REAL_ROOT_TINY) {
        const vreal zero = v_zero();
        v_map(row, row, n, op_zero, &zero);
        return;
    }
    double factor = 1.0 / deviation;
    real mean = (real)m.mean; /* the part of the mean that this loses is put back as c[2] */
    double low = (m.mean - (double)mean) + m.mean_low;
    const vreal constants[3] = { v_set(mean), v_set((real)factor), v_set((real)(low * factor)) };
    v_map(row, row, n, op_zscore, constants);
}

/* No branch: each position is written, and kept when its sample is in range. */
static size_t keep_range(const void *samples, size_t n, double lo, double hi, uint32_t *index)
{
    const real *x = samples;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        double v = (double)x[i];
        index[kept] = (uint32_t)i;
        kept += (size_t)((v >= lo) & (v <= hi));
    }
    return kept;
}

#endif
