/* Moments of all samples so far (welford) and of the last w (rolling), for each sample.
 *
 * Both cut the stream into blocks anchored at its first sample. In a block Welford's recurrence
 * runs on deviations from a pivot; a sample's answer joins that prefix with the part before it by
 * Chan's formula: for welford all finished blocks, for rolling the suffix of the block before that
 * is still in the window, taken by the same recurrence backwards when that block was finished. So
 * no sum ever has anything subtracted from it, and nothing outside a window touches its answer: a
 * pivot is the first sample of a prefix or the last of a suffix, and so inside.
 *
 * Source: Welford 1962; Chan, Golub, LeVeque 1983; van Herk 1992 (blocks of prefixes, suffixes).
 */
#ifndef LEAT_STATS_ROLLING_H
#define LEAT_STATS_ROLLING_H

#include "stats/part.h"

#define WELFORD_BLOCK 1024u
#define RUN 64 /* samples that are taken through the two steps at a time */

/* Answers on their way out: the newest sample and the mean relative to pivot, and what the squared
 * deviations are divided by (0: the variance is 0 by definition). */
struct run {
    double x[RUN], mean[RUN], m2[RUN], divisor[RUN];
};

/* Counts fit an int64_t, whose conversion is an instruction where that of a uint64_t is not. */
LEAT_INLINE double count_of(uint64_t n) { return (double)(int64_t)n; }

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

/* The block is full: its suffixes are what the next block's windows need of it. */
LEAT_INLINE void rolling_turn(struct leat_rolling *state, const double *block,
                              struct leat_part *suffix)
{
    uint32_t w = state->window;
    struct leat_part part = { 0.0, 0.0 };
    state->before = block[w - 1];
    for (uint32_t j = w; j-- > 0;) {
        part = part_add(part, block[j] - state->before, count_of(w - j));
        suffix[j] = part;
    }
    state->run = (struct leat_part) { 0.0, 0.0 };
    state->filled = 0;
    state->blocks++;
}

static void rolling(void *samples, size_t n, struct leat_rolling *state)
{
    real *row = samples;
    const uint32_t w = state->window;
    struct leat_part *suffix = (struct leat_part *)(void *)(state + 1);
    double *block = (double *)(void *)(suffix + w);
    struct run run;
    while (n) {
        size_t room = w - state->filled;
        size_t count = n < RUN ? n : RUN;
        count = count < room ? count : room;
        if (state->filled == 0)
            state->pivot = (double)row[0];
        for (size_t k = 0; k < count; k++)
            block[state->filled + k] = (double)row[k];
        state->run = run_prefixes(&run, row, count, state->pivot, state->run, state->filled);
        double gap = state->pivot - state->before;
        for (size_t k = 0; k < count; k++) {
            uint32_t now = state->filled + (uint32_t)k + 1;
            uint32_t old = state->blocks ? w - now : 0;
            run.divisor[k] = count_of((uint64_t)old + now) - (double)state->ddof;
            if (old == 0)
                continue;
            double delta = (run.mean[k] - suffix[now].mean) + gap;
            double weight = count_of(old) / count_of(w);
            run.mean[k] = run.mean[k] - delta * weight;
            run.m2[k] = suffix[now].m2 + run.m2[k] + delta * delta * (count_of(now) * weight);
        }
        run_write(&run, row, count, state->pivot, state->output);
        row += count;
        n -= count;
        state->filled += (uint32_t)count;
        if (state->filled == w)
            rolling_turn(state, block, suffix);
    }
}

#endif
