/* A plan: a header and tables behind it, found by offsets. */
#ifndef LEAT_FFT_PLAN_H
#define LEAT_FFT_PLAN_H

#include <leat/fft.h>

#define LEAT_FFT_RADIX_MAX 8
#define LEAT_FFT_PASSES 28 /* 2^28 in twos; a graph has fewer */

/* Samples of a row in a line: twiddles of a narrow pass come in blocks of so many. */
#define LEAT_FFT_BLOCK(width) ((size_t)LEAT_LINE / (width))

/* A pass is narrow while rows of finished bins are shorter than this; it decides the bits. */
#define LEAT_FFT_NARROW ((size_t)16)

/* Twiddles that a pass keeps of each k: one for each sample, or for each p. */
LEAT_INLINE size_t fft_pass_turns(size_t s, size_t rest, size_t width)
{
    return s < LEAT_FFT_NARROW ? leat_round_up(s * rest, LEAT_FFT_BLOCK(width)) : rest;
}

struct leat_fft_plan {
    uint64_t n;      /* as asked for */
    uint64_t count;  /* samples of the complex transform inside: n, or n / 2 of an even real one */
    uint64_t length; /* of the graph: count, or the length of Bluestein's convolution */
    uint32_t type, kind;
    uint32_t passes;
    bool chirped; /* Bluestein */
    uint8_t spare[3];
    uint8_t radix[LEAT_FFT_PASSES + 4];
    /* Offsets of tables from the plan's start, in bytes. */
    uint64_t pass_at;   /* twiddles of each pass, in order */
    uint64_t real_at;   /* re then im, half of w^k, w = e^(-2 pi i / n), k < count / 2 + 1 */
    uint64_t chirp_at;  /* re then im, e^(-pi i j^2 / count), j < count */
    uint64_t filter_at; /* re then im, spectrum of the chirp's conjugate, over length */
    uint64_t bytes;
};

/* row[i] = x, rounded to the kind. */
LEAT_INLINE void fft_put(void *row, uint32_t kind, size_t i, double x)
{
    if (kind == LEAT_F32)
        ((float *)row)[i] = (float)x;
    else
        ((double *)row)[i] = x;
}

/* One row of n samples in a table or in scratch, a line more than it needs: rows whose length is a
 * power of two would all begin in one set of a cache. */
LEAT_INLINE size_t fft_row_bytes(uint64_t n, uint32_t kind)
{
    return leat_round_up((size_t)n * leat_kind_bytes(kind), LEAT_LINE) + LEAT_LINE;
}

#endif
