/* Moments of all samples so far, for each sample.
 *
 * The stream is cut into blocks anchored at its first sample. In a block Welford's recurrence runs
 * on deviations from a pivot; a sample's answer joins that prefix with all finished blocks by
 * Chan's formula. So no sum ever has anything subtracted from it.
 *
 * Source: Welford 1962; Chan, Golub, LeVeque 1983.
 */
#ifndef LEAT_STATS_WELFORD_H
#define LEAT_STATS_WELFORD_H

#include "stats/part.h"

#define WELFORD_BLOCK 1024u
#define RUN 64 /* samples that are taken through the two steps at a time */

/* Answers on their way out: the newest sample and the mean relative to pivot, and what the squared
 * deviations are divided by (0: the variance is 0 by definition). */
struct run {
    double x[RUN], mean[RUN], m2[RUN], divisor[RUN];
};

LEAT_INLINE struct leat_part part_add(struct leat_part part, double x, double count)
{
    double delta = x - part.mean;
    part.mean = part.mean + delta * (1.0 / count);
    part.m2 = part.m2 + delta * (x - part.mean);
    return part;
}

/* Takes count samples into a block that holds `filled`; x, mean and m2 of the prefixes. */
LEAT_INLINE struct leat_part run_prefixes(struct run *run, const real *row, size_t count,
                                          double pivot, struct leat_part part, uint32_t filled)
{
    for (size_t k = 0; k < count; k++) {
        double x = (double)row[k] - pivot;
        part = part_add(part, x, count_of(filled + k + 1));
        run->x[k] = x;
        run->mean[k] = part.mean;
        run->m2[k] = part.m2;
    }
    return part;
}

LEAT_INLINE void run_write(const struct run *run, real *row, size_t count, double pivot,
                           uint32_t output)
{
    if (output == LEAT_OUT_MEAN) {
        for (size_t k = 0; k < count; k++)
            row[k] = (real)(pivot + run->mean[k]);
        return;
    }
    double out[RUN];
    for (size_t k = 0; k < count; k++) {
        double variance = run->m2[k] / run->divisor[k];
        out[k] = run->divisor[k] > 0.0 ? variance : 0.0;
    }
    if (output != LEAT_OUT_VARIANCE)
        for (size_t k = 0; k < count; k++)
            out[k] = __builtin_sqrt(out[k]);
    if (output == LEAT_OUT_ZSCORE) {
        for (size_t k = 0; k < count; k++) {
            double z = (run->x[k] - run->mean[k]) / out[k];
            out[k] = out[k] == 0.0 ? 0.0 : z;
        }
    }
    for (size_t k = 0; k < count; k++)
        row[k] = (real)out[k];
}

static void welford(void *samples, size_t n, struct leat_welford *state)
{
    real *row = samples;
    struct run run;
    if (n && state->count == 0 && state->filled == 0)
        state->pivot = (double)row[0];
    while (n) {
        size_t room = WELFORD_BLOCK - state->filled;
        size_t count = n < RUN ? n : RUN;
        count = count < room ? count : room;
        state->run = run_prefixes(&run, row, count, state->pivot, state->run, state->filled);
        double before = count_of(state->count);
        for (size_t k = 0; k < count; k++) {
            double now = count_of(state->filled + k + 1);
            struct leat_part prefix = { run.mean[k], run.m2[k] };
            struct leat_part all = part_join(state->done, before, prefix, now);
            run.mean[k] = all.mean;
            run.m2[k] = all.m2;
            run.divisor[k] = before + now - (double)state->ddof;
        }
        run_write(&run, row, count, state->pivot, state->output);
        row += count;
        n -= count;
        state->filled += (uint32_t)count;
        if (state->filled == WELFORD_BLOCK) {
            state->done = part_join(state->done, before, state->run, (double)WELFORD_BLOCK);
            state->run = (struct leat_part) { 0.0, 0.0 };
            state->count += WELFORD_BLOCK;
            state->filled = 0;
        }
    }
}

#endif
