/* A plan: a header and tables behind it, found by offsets. */
#ifndef LEAT_FFT_PLAN_H
#define LEAT_FFT_PLAN_H

#include <leat/fft.h>

#define LEAT_FFT_RADIX_MAX 8
#define LEAT_FFT_PASSES 28 /* 2^28 in twos; a graph has fewer */

/* Samples of a row in a line. */
#define LEAT_FFT_BLOCK(width) ((size_t)LEAT_LINE / (width))

/* A pass is narrow while rows of finished bins are shorter than this; it decides the bits. */
#define LEAT_FFT_NARROW ((size_t)16)

/* Samples side by side in the rows that a sweep works on; it does not show in the bits. */
#define LEAT_FFT_NEAR ((size_t)16)

/* Bytes of a row that no second-level cache holds with the others of its transform. Sweeps of such
 * rows are of more passes, and keep so many rows, as a power of two, at most. */
#define LEAT_FFT_FAR_BYTES ((size_t)512 << 10)
#define LEAT_FFT_FAR_POWER 10u

/* Reals of a row of twiddles, one for each p: a line more than there are, for registers may reach
 * so far, and against rows that all begin in one set of a cache. A pass has 2 (r - 1) rows, real
 * and imaginary parts of k = 1, 2 … */
LEAT_INLINE size_t fft_turn_row(size_t rest, size_t width)
{
    return leat_round_up(rest, LEAT_FFT_BLOCK(width)) + LEAT_FFT_BLOCK(width);
}

/* A pass, and its twiddles: w_at reals behind those of the first pass; in rows, w_im from a real to
 * an imaginary part, and from that to the next k. */
struct fft_pass {
    uint32_t r, w_at, w_im;
};

/* One pass, or two that follow each other as one of radix `all`: s the bins finished before it,
 * `rest` what is left behind it. */
struct fft_sweep {
    uint32_t first, passes;
    uint32_t s, all, rest;
};

struct leat_fft_plan {
    uint64_t n;      /* as asked for */
    uint64_t count;  /* samples of the complex transform inside: n, or n / 2 of an even real one */
    uint64_t length; /* of the graph: count, or the length of Bluestein's convolution */
    uint32_t type, kind;
    uint32_t passes, sweeps;
    bool chirped; /* Bluestein */
    uint8_t spare[7];
    struct fft_pass pass[LEAT_FFT_PASSES];
    struct fft_sweep sweep[LEAT_FFT_PASSES];
    /* Offsets of tables from the plan's start, in bytes. */
    uint64_t pass_at;   /* twiddles of each pass, in order */
    uint64_t real_at;   /* re then im, half of w^k, w = e^(-2 pi i / n), k < count / 2 + 1 */
    uint64_t chirp_at;  /* re then im, e^(-pi i j^2 / count), j < count */
    uint64_t filter_at; /* re then im, spectrum of the chirp's conjugate, over length */
    uint64_t bytes;
};

/* The first two sweeps go together, some p of the second one at a time, if what lies between fits
 * a second-level cache, and the tables of a processor hold all pages of a row. */
#define LEAT_FFT_JOINED_BYTES ((size_t)512 << 10)
#define LEAT_FFT_PAGES_BYTES ((size_t)4 << 20)

/* Samples of what lies between. */
LEAT_INLINE size_t fft_joined_samples(const struct leat_fft_plan *plan)
{
    return (size_t)plan->sweep[0].all * plan->sweep[1].all * LEAT_FFT_NEAR;
}

LEAT_INLINE bool fft_joins(const struct leat_fft_plan *plan)
{
    const size_t width = leat_kind_bytes(plan->kind);
    return plan->sweeps > 2 && plan->sweep[0].passes == 2 && plan->sweep[1].passes > 2 &&
           plan->sweep[1].rest % LEAT_FFT_NEAR == 0 &&
           (size_t)plan->length * width <= LEAT_FFT_PAGES_BYTES &&
           2 * fft_joined_samples(plan) * width <= LEAT_FFT_JOINED_BYTES;
}

/* row[i] = x, rounded to the kind. */
LEAT_INLINE void fft_put(void *row, uint32_t kind, size_t i, double x)
{
    if (kind == LEAT_F32)
        ((float *)row)[i] = (float)x;
    else
        ((double *)row)[i] = x;
}

/* Samples for each lane up to which rows of a batch go side by side: a group of longer ones would
 * not stay in the first-level cache. Those that begin with two passes at once fill registers alone,
 * and are faster. It does not show in the bits. */
#define LEAT_FFT_ASIDE 8u

LEAT_INLINE bool fft_goes_aside(const struct leat_fft_plan *plan, uint64_t lanes)
{
    uint64_t most = (plan->type == LEAT_FFT_REAL ? 2 : 1) * LEAT_FFT_ASIDE * lanes;
    return !plan->chirped && plan->length <= most && plan->sweep[0].passes < 2;
}

/* One row of n samples in a table or in scratch, a line more than it needs: rows whose length is a
 * power of two would all begin in one set of a cache. */
LEAT_INLINE size_t fft_row_bytes(uint64_t n, uint32_t kind)
{
    return leat_round_up((size_t)n * leat_kind_bytes(kind), LEAT_LINE) + LEAT_LINE;
}

#endif
