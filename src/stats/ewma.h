/* The exponentially weighted mean of a stream, a stripe at a time.
 *
 * A stripe is 256 bytes of samples, anchored at the stream's start: PARTS parts of one piece each.
 * As deviations from a pivot, a part is summed sample after sample, all parts side by side; their
 * sums are joined by a scan; and what came before the stripe, which is carried in f64, fades over
 * it. A call that ends inside a stripe leaves its samples in the state, and the next call takes
 * the stripe once more: what comes of its samples does not depend on those behind them.
 */
#ifndef LEAT_STATS_EWMA_H
#define LEAT_STATS_EWMA_H

#include "stats/part.h"

#include <string.h>

#define PARTS 16
#define VPARTS (PARTS / VLANES) /* registers with a lane for each part */

/* Powers of q = 1 - alpha, by what they are for. */
struct fading {
    double alpha, stripe;
    vreal weight, sample[VPIECE], part[VPARTS], scan[4];
};

/* In f32 with one rounding, for the reasons of add_square. */
LEAT_INLINE vreal fade(vreal a, vreal b, vreal c)
{
    return LEAT_REAL == 32 ? v_fma_here(a, b, c) : v_add(v_mul(a, b), c);
}

/* What stands n parts before those of register j. */
LEAT_INLINE vreal parts_before(const vreal *total, int j, int n)
{
    if (n >= VLANES)
        return j < n / VLANES ? v_zero() : total[j - n / VLANES];
    return v_parts_before(total[j], j == 0 ? v_zero() : total[j - 1], n);
}

/* From the sums of parts to those of all parts so far. */
LEAT_INLINE void scan_parts(vreal total[VPARTS], const struct fading *f)
{
    _Pragma("GCC unroll 4")
    for (int i = 0; i < 4; i++)
        _Pragma("GCC unroll 8")
        for (int j = VPARTS - 1; j >= 0; j--)
            total[j] = fade(f->scan[i], parts_before(total, j, 1 << i), total[j]);
}

/* Rounded to the kind; denormal ones, whose every use would be slow, are 0. */
LEAT_INLINE vreal fading_of(vreal power)
{
    return v_select(v_lt(power, v_set(real_power2(1 - REAL_BIAS))), v_zero(), power);
}

LEAT_INLINE struct fading fading_by(double alpha)
{
    const double q = 1.0 - alpha, q2 = q * q, q4 = q2 * q2;
    struct fading f = { .alpha = alpha, .weight = fading_of(v_set((real)alpha)) };
    f.sample[0] = fading_of(v_set((real)q));
    f.sample[1] = fading_of(v_set((real)q2));
#if LEAT_REAL == 32
    f.sample[2] = fading_of(v_set((real)(q2 * q)));
    f.sample[3] = fading_of(v_set((real)q4));
#endif
    f.stripe = LEAT_REAL == 32 ? q4 : q2;
    _Pragma("GCC unroll 4")
    for (int i = 0; i < 4; i++) {
        f.scan[i] = fading_of(v_set((real)f.stripe));
        f.stripe = f.stripe * f.stripe;
    }
    _Pragma("GCC unroll 8")
    for (int j = 0; j < VPARTS; j++) /* what is left in each part of a first that was 1 */
        f.part[j] = v_keep(j == 0, v_set((real)1), v_zero());
    scan_parts(f.part, &f);
    _Pragma("GCC unroll 8")
    for (int j = 0; j < VPARTS; j++)
        f.part[j] = fading_of(f.part[j]);
    return f;
}

/* The sum of each part up to each of its samples; that of whole parts, in order. */
LEAT_INLINE vreal sum_parts(vreal sum[VPIECE], const real *x, vreal pivot, const struct fading *f)
{
    vreal d[VPIECE];
    _Pragma("GCC unroll 4")
    for (int i = 0; i < VPIECE; i++)
        d[i] = v_sub(v_load(x + i * VLANES), pivot);
    v_turn_pieces(sum, d);
    _Pragma("GCC unroll 4")
    for (int i = 1; i < VPIECE; i++)
        sum[i] = fade(f->sample[0], sum[i - 1], sum[i]);
    return v_to_parts(sum[VPIECE - 1]);
}

/* A stripe whose sums are known, and not yet the mean before it. */
struct stripe {
    vreal sum[VPARTS][VPIECE], total[VPARTS], pivot;
    double wide_pivot;
};

/* The pivot is the stripe's first sample or the one before it, whichever is smaller: a constant row
 * is exact so, and one sample far off leaves the digits of its neighbours alone. */
LEAT_INLINE struct stripe stripe_sums(const real *x, real before, const struct fading *f)
{
    struct stripe s;
    bits a = real_bits(before), b = real_bits(x[0]); /* without the sign in order of size */
    const real pivot = real_of_bits(b ^ ((a ^ b) & -(bits)(a << 1 < b << 1)));
    s.pivot = v_set_from(&pivot);
    s.wide_pivot = (double)pivot;
    _Pragma("GCC unroll 8")
    for (int j = 0; j < VPARTS; j++)
        s.total[j] = sum_parts(s.sum[j], x + j * VPIECE * VLANES, s.pivot, f);
    scan_parts(s.total, f);
    return s;
}

/* The means of its samples to x, from that before it; returns that behind it. */
LEAT_INLINE double stripe_means(real *x, struct stripe *s, double carry, const struct fading *f)
{
    vreal y[VPIECE];
    double off = carry - s->wide_pivot; /* what is denormal would be slow for ever */
    if (LEAT_UNLIKELY(__builtin_fabs(off) < (double)real_power2(1 - REAL_BIAS)))
        off = 0.0;
    const real rounded = (real)off;
    const vreal offset = v_set_from(&rounded);
    _Pragma("GCC unroll 8")
    for (int j = 0; j < VPARTS; j++) {
        vreal begin = fade(f->weight, parts_before(s->total, j, 1), v_mul(f->part[j], offset));
        begin = v_of_parts(begin);
        _Pragma("GCC unroll 4")
        for (int i = 0; i < VPIECE; i++)
            s->sum[j][i] = fade(f->weight, s->sum[j][i], fade(f->sample[i], begin, s->pivot));
        v_turn_pieces(y, s->sum[j]);
        _Pragma("GCC unroll 4")
        for (int i = 0; i < VPIECE; i++)
            v_store(x + (j * VPIECE + i) * VLANES, y[i]);
    }
    return s->wide_pivot + (f->alpha * v_last(s->total[VPARTS - 1]) + f->stripe * off);
}

/* n samples, one whole stripe or several. The sums of one are on their way before the means of the
 * one before it are: they do not need each other, and so little waits. */
__attribute__((noinline)) static void ewma_stripes(real *x, size_t n, struct leat_ewma *state)
{
    const struct fading f = fading_by(state->alpha);
    const real last = x[n - 1];
    double value = state->value;
    struct stripe now = stripe_sums(x, (real)state->before, &f);
    for (; n > STRIPE; n -= STRIPE, x += STRIPE) {
        struct stripe next = stripe_sums(x + STRIPE, x[STRIPE - 1], &f);
        value = stripe_means(x, &now, value, &f);
        now = next;
    }
    state->value = stripe_means(x, &now, value, &f);
    state->before = (double)last;
}

/* Samples of a stripe that is not whole yet, or was not. */
__attribute__((noinline)) static void ewma_some(real *x, size_t n, struct leat_ewma *state)
{
    const size_t filled = state->filled, all = filled + n;
    const double value = state->value, before = state->before;
    real stripe[STRIPE] = { 0 };
    memcpy(stripe, state->stripe, filled * sizeof(real));
    memcpy(stripe + filled, x, n * sizeof(real));
    memcpy(state->stripe, stripe, sizeof stripe);
    ewma_stripes(stripe, STRIPE, state);
    memcpy(x, stripe + filled, n * sizeof(real));
    state->filled = (uint32_t)(all % STRIPE);
    if (all < STRIPE) {
        state->value = value;
        state->before = before;
    }
}

static void ewma(void *samples, size_t n, struct leat_ewma *state)
{
    real *x = samples;
    if (n == 0)
        return;
    if (!state->primed)
        state->value = state->before = (double)x[0];
    state->primed = 1;
    size_t first = (STRIPE - state->filled) % STRIPE;
    first = n < first ? n : first;
    size_t whole = (n - first) / STRIPE * STRIPE, rest = n - first - whole;
    if (first > 0)
        ewma_some(x, first, state);
    if (whole > 0)
        ewma_stripes(x + first, whole, state);
    if (rest > 0)
        ewma_some(x + first + whole, rest, state);
}

#endif
