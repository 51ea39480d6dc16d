/* Fourier transforms of rows, spectra, and tapers.
 *
 * X[k] = sum over t of x[t] e^(-2 pi i k t / n), any n from 1 to LEAT_FFT_MAX; the inverse has the
 * other sign and the factor 1/n, so inverse(forward(x)) = x. Complex rows are planar: the real
 * parts in one row, the imaginary parts in another.
 *
 * For every call below:
 *   Alignment: rows any that the sample's own size allows, 64 bytes is fastest; plan and scratch
 *     64.
 *   Overlap: an output row may be an input row of the same call: transforms work in place.
 *     Otherwise rows do not overlap, nor the scratch any of them.
 *   Memory: nothing is allocated. A plan is plain bytes without pointers: it can be moved, saved
 *     and compared. It is constant after init. Scratch holds nothing between calls.
 *   Threads: any number at once with one plan, each with rows and scratch of its own.
 *   Progress: O(n log n).
 *   Numerics: every table of a kind gives the same bits (docs/NUMERICS.md has the tree). Error,
 *     relative, in the L2 norm, root mean square over inputs: at most 0.6 u sqrt(log2 n) where n is
 *     a power of two, 0.8 where its prime factors are at most 7, else 2.4. NaN and Inf pass as the
 *     arithmetic says: they reach every bin.
 *   Source: Stockham's autosort graph as in Van Loan, Computational Frameworks for the Fast Fourier
 *     Transform, 1992, section 1.7; Bluestein, IEEE Trans. Audio Electroacoust. 18, 1970.
 */
#ifndef LEAT_FFT_H
#define LEAT_FFT_H

#include <leat/frame.h>
#include <leat/simd.h>
#include <leat/status.h>

LEAT_BEGIN

/* The longest transform, in samples. */
#define LEAT_FFT_MAX (UINT64_C(1) << 26)

enum leat_fft_type {
    LEAT_FFT_COMPLEX, /* n complex samples, n bins */
    LEAT_FFT_REAL     /* n real samples, leat_fft_bins(n) bins; the others are their conjugates */
};

/* What a transform of one length needs to know, in storage of the caller. */
struct leat_fft_plan;

/* n / 2 + 1: the bins of a real transform, from frequency 0 to half the rate. */
LEAT_INLINE uint64_t leat_fft_bins(uint64_t n) { return n / 2 + 1; }

/* Bytes of a plan, and of the scratch that each call with it needs; 0 when n is 0 or above
 * LEAT_FFT_MAX, kind neither LEAT_F32 nor LEAT_F64, or type unknown. */
LEAT_API size_t leat_fft_bytes(enum leat_fft_type type, uint64_t n, uint32_t kind);
LEAT_API size_t leat_fft_scratch(enum leat_fft_type type, uint64_t n, uint32_t kind);

/* Makes a plan in leat_fft_bytes of storage; needs leat_fft_scratch of scratch for itself.
 * 0; LEAT_ERANGE: n out of range; LEAT_EINVAL: type or kind unknown. For set-up: some tenths of a
 * microsecond a sample. */
LEAT_API LEAT_MUST_USE int leat_fft_init(struct leat_fft_plan *plan, enum leat_fft_type type,
                                         uint64_t n, uint32_t kind, void *scratch);

/* Rows of a batch: row i of each plane begins i steps behind the first. */
struct leat_fft_rows {
    void *re, *im; /* im may be NULL where rows are real: their samples are re */
    int64_t step;  /* from a row to the next, in samples; may be negative */
};

/* One table for each instruction set and kind. */
struct leat_fft {
    enum leat_isa isa;
    uint32_t kind; /* of every row below, and of the plans: LEAT_F32 or LEAT_F64 */

    /* Complex plans: rows of n samples. */
    void (*forward)(const struct leat_fft_plan *plan, void *re, void *im, const void *in_re,
                    const void *in_im, void *scratch);
    void (*inverse)(const struct leat_fft_plan *plan, void *re, void *im, const void *in_re,
                    const void *in_im, void *scratch);

    /* Real plans: n samples and leat_fft_bins(n) bins. The imaginary part of bin 0, and of the last
     * when n is even, comes out as 0 and is not read by the inverse. re or im may be x. */
    void (*real_forward)(const struct leat_fft_plan *plan, void *re, void *im, const void *x,
                         void *scratch);
    void (*real_inverse)(const struct leat_fft_plan *plan, void *x, const void *re,
                         const void *im, void *scratch);

    /* |z| and |z|^2 of each of n bins; out may be re or im. Squares are taken in the kind of the
     * rows: in f32, parts above 2^63 overflow and below 2^-62 lose digits, then vanish; in f64
     * 2^511 and 2^-511. Relative error <= 2 u. */
    void (*magnitude)(void *out, const void *re, const void *im, size_t n);
    void (*power)(void *out, const void *re, const void *im, size_t n);

    /* out[i] = x[i] * y[i]. */
    void (*multiply)(void *out, const void *x, const void *y, size_t n);

    /* z[i] = z[i] * by[i], complex: error <= 3 u |z| |by|, normwise. */
    void (*turn)(void *re, void *im, const void *by_re, const void *by_im, size_t n);

    /* out[i] = h[0] x[i] + h[1] x[i - 1] + … + h[taps - 1] x[i - taps + 1], i < n: x stands behind
     * taps - 1 earlier samples. In that order, each product joined by one fma: error at most
     * taps u times the sum of the products' magnitudes. out overlaps neither. */
    void (*fir)(void *out, const void *x, size_t n, const void *h, size_t taps);

    /* The angle of each of n bins, in [-pi, pi]; out may be re or im. Signs of zeros and infinities
     * count as for atan2; a NaN gives NaN. Error <= 2 ulp. */
    void (*phase)(void *out, const void *re, const void *im, size_t n);

    /* leat_fft_batch behind its checks. */
    void (*batch)(const struct leat_fft_plan *plan, bool inverse, const struct leat_fft_rows *out,
                  const struct leat_fft_rows *in, uint64_t count, void *scratch);
};

/* The table of that set and kind. NULL when kind is neither LEAT_F32 nor LEAT_F64 or the set was
 * not built for this machine; whether it runs here is leat_isa_usable's to say. */
LEAT_API const struct leat_fft *leat_fft_kernels(enum leat_isa isa, uint32_t kind);

/* Transforms `count` rows: row i of in becomes row i of out, with the bits that forward, inverse,
 * real_forward or real_inverse (by the plan's type and `inverse`) gives of it alone. Short ones of
 * which there are many are transformed side by side, a lane each, several times as fast.
 * Overlap: rows are used in order. An output row may be the input row of its number, and lie on
 * input rows before it; it lies on none that follow, nor on other output rows. A step of in may be
 * 0: one row for all.
 * Errors, the diag says of which rows: LEAT_EINVAL a plan of another kind, no data or not aligned
 * to its samples, or rows that lie where they must not; LEAT_ERANGE they reach further than memory.
 * Nothing has been touched then. count = 0: nothing is done. */
LEAT_API LEAT_MUST_USE int leat_fft_batch(const struct leat_fft *kernels,
                                          const struct leat_fft_plan *plan, bool inverse,
                                          const struct leat_fft_rows *out,
                                          const struct leat_fft_rows *in, uint64_t count,
                                          void *scratch, struct leat_diag *diag);

/* ---- Tapers ---- */

enum leat_taper {
    LEAT_TAPER_RECTANGULAR, /* 1 */
    LEAT_TAPER_HANN,        /* 0.5 - 0.5 cos(2 pi i / n) */
    LEAT_TAPER_HAMMING,     /* 0.54 - 0.46 cos(2 pi i / n) */
    LEAT_TAPER_BLACKMAN,    /* 0.42 - 0.5 cos(2 pi i / n) + 0.08 cos(4 pi i / n) */
    LEAT_TAPER_KAISER       /* I0(beta sqrt(1 - (2 i / n - 1)^2)) / I0(beta) */
};
#define LEAT_TAPERS 5 /* how many there are */

/* Writes the n weights of a taper, 0 <= n <= LEAT_FFT_MAX, as kind; beta is Kaiser's, 0 to 700.
 * Periodic: the weights are the first n of a symmetric taper of n + 1, as spectra of pieces of a
 * longer stream want it (the next period would begin with weight n). n = 1 gives 1. Error at most
 * 2^-52 in f64, Kaiser's 2^-49, before the rounding to f32.
 * 0; LEAT_EINVAL: taper or kind unknown; LEAT_ERANGE: n or beta out of range. */
LEAT_API LEAT_MUST_USE int leat_taper_fill(void *weights, uint32_t kind, enum leat_taper taper,
                                           uint64_t n, double beta);

/* The angle of k / n turns: its cosine and sine, error <= 0.51 ulp; exact at multiples of a quarter
 * turn. 0 < n <= 2^28; any k. */
LEAT_API void leat_turn(uint64_t k, uint64_t n, double *cosine, double *sine);

LEAT_END

#endif
