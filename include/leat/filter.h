/* Filters: rows convolved with taps, out[i] = sum over k of h[k] x[i - k].
 *
 * Two ways to the same numbers, but for rounding: products, one for each tap and sample, and
 * overlap-save, which multiplies spectra of pieces of the row. Products win for few taps. Which way
 * is taken, and in what pieces, is a constant of the release for each (taps, samples).
 *
 * For every call below:
 *   Alignment: rows any that the sample's own size allows, 64 bytes is fastest; filter and scratch
 *     64.
 *   Overlap: none between rows, filter and scratch.
 *   Memory: nothing is allocated. A filter is plain bytes without pointers: it can be moved, saved
 *     and compared. It is constant after init. Scratch holds nothing between calls.
 *   Threads: any number at once with one filter, each with rows and scratch of its own.
 *   Progress: O(n taps), or O(n log taps).
 *   Numerics: every instruction set gives the same bits. Error of products: at most taps u times
 *     the sum of |h[k] x[i - k]|, for each sample. Of overlap-save: at most
 *     4 u sqrt(log2 L) |h| |x|, for each sample, L the length of a piece and |.| the L2 norm, over
 *     the piece: a NaN or an Inf reaches all samples of two pieces, and a sample that is small
 *     beside its neighbours keeps fewer digits.
 *   Source: Stockham, AFIPS 28, 1966 (overlap-save); a pair of real pieces is one complex row.
 */
#ifndef LEAT_FILTER_H
#define LEAT_FILTER_H

#include <leat/fft.h>

LEAT_BEGIN

#define LEAT_FILTER_TAPS_MAX (UINT64_C(1) << 24) /* of a filter */
#define LEAT_FILTER_ROW_MAX (UINT64_C(1) << 40)  /* samples of a row */

enum leat_filter_way {
    LEAT_FILTER_AUTO,     /* the faster one, by constants of the release */
    LEAT_FILTER_PRODUCTS,
    LEAT_FILTER_SPECTRA   /* overlap-save */
};

/* Taps in the form that their way wants, in storage of the caller. */
struct leat_filter;

/* What LEAT_FILTER_AUTO takes for so many taps on rows of n samples, both in their ranges: 0 for
 * products, else the samples of a piece. And why: what either way costs a row by the constants of
 * the release, in products. */
LEAT_API uint64_t leat_filter_choice(uint64_t taps, uint64_t n, uint32_t kind, double *products,
                                     double *spectra);

/* Bytes of a filter, and of the scratch of each call with it, for rows of up to n samples; 0 where
 * leat_filter_init would fail. */
LEAT_API size_t leat_filter_bytes(enum leat_filter_way way, uint64_t taps, uint64_t n,
                                  uint32_t kind);
LEAT_API size_t leat_filter_scratch(enum leat_filter_way way, uint64_t taps, uint64_t n,
                                    uint32_t kind);

/* Makes a filter of h[0, taps), rounded to the kind, in leat_filter_bytes of storage; needs
 * leat_filter_scratch of scratch for itself.
 * 0; LEAT_ERANGE: taps 0 or above LEAT_FILTER_TAPS_MAX, n 0 or above LEAT_FILTER_ROW_MAX;
 * LEAT_EINVAL: way or kind unknown. */
LEAT_API LEAT_MUST_USE int leat_filter_init(struct leat_filter *filter, enum leat_filter_way way,
                                            const double *h, uint64_t taps, uint64_t n,
                                            uint32_t kind, void *scratch);

/* LEAT_FILTER_PRODUCTS or LEAT_FILTER_SPECTRA: the way that it takes. */
LEAT_API enum leat_filter_way leat_filter_taken(const struct leat_filter *filter);

/* out[0, n) of x: x stands behind taps - 1 earlier samples, which are read as well. n may be any,
 * from 0 up to what init was told. isa: which kernels; leat_isa_usable must say yes. */
LEAT_API void leat_filter_run(const struct leat_filter *filter, enum leat_isa isa, void *out,
                              const void *x, size_t n, void *scratch);

LEAT_END

#endif
