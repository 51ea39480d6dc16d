/* Statistics and elementwise mathematics on rows of samples.
 *
 * A row is n contiguous samples of one kind. Kernels come in tables, one for each instruction set
 * and kind; every table of a kind gives the same bits (docs/NUMERICS.md writes the expression tree
 * of each). A table is chosen once and handed on; nothing here is global.
 *
 * For every call below:
 *   Alignment: any that the sample's own size allows; 64 bytes is fastest.
 *   Overlap: out may equal in; otherwise they must not overlap. n may be 0.
 *   Memory: nothing is allocated. State lives where the caller put it and holds no pointer, so it
 *     can be moved, saved and compared as bytes.
 *   Threads: any number at once on different rows and different states. Progress: O(n).
 *   Numerics: f32 rows are computed in f32 inside a block of 4096 samples and joined in f64, unless
 *     a call says otherwise. Carried state is f64, of rolling the kind. Chunks do not show: a
 *     stream cut into calls in any way gives the same bits. Denormals are kept, except where a call
 *     says that it snaps.
 */
#ifndef LEAT_STATS_H
#define LEAT_STATS_H

#include <leat/frame.h>
#include <leat/simd.h>

LEAT_BEGIN

/* Reductions sum blocks of this many samples, anchored at the start of the row or stream. */
#define LEAT_STATS_BLOCK 4096u

/* ---- Results ---- */

/* Count, mean and the sum of squared deviations from it; all 0 of nothing. A sample that is not
 * finite makes m2 NaN and the mean NaN or infinite. The mean is mean + mean_low to about twice the
 * precision of a double. */
struct leat_moments {
    uint64_t count;
    double mean, mean_low;
    double m2; /* >= 0 */
};

/* The variance m2 / (count - ddof); 0 when count <= ddof. */
LEAT_API double leat_moments_variance(const struct leat_moments *moments, uint32_t ddof);
/* Its square root. */
LEAT_API double leat_moments_stddev(const struct leat_moments *moments, uint32_t ddof);

/* Mean and squared deviations of some samples; the mean is relative to a pivot kept elsewhere. */
struct leat_part {
    double mean, m2;
};

/* What a running kernel writes for each sample. */
enum leat_output {
    LEAT_OUT_MEAN,
    LEAT_OUT_VARIANCE, /* 0 while there are not more samples than ddof */
    LEAT_OUT_STDDEV,
    LEAT_OUT_ZSCORE /* (newest sample - mean) / deviation; 0 where the deviation is 0 */
};

/* ---- Carried states: plain bytes, filled by an init call, changed by kernels ---- */

/* The sample before the row. All zero before the first row of a stream. */
struct leat_last {
    double real;     /* of f32 and f64 rows */
    int64_t integer; /* of i64 rows */
    uint64_t primed; /* 0 until a sample has been seen */
};

/* A weighted mean. Samples are taken 256 bytes at a time, anchored at the stream's start: what came
 * before those is one number, they are kept themselves. */
struct leat_ewma {
    double alpha;    /* weight of the newest sample, in (0, 1] */
    double value;    /* the mean before the samples kept */
    double before;   /* the sample before them */
    uint32_t primed; /* 0 until a sample has been seen */
    uint32_t filled; /* samples kept */
    double stripe[32]; /* they themselves, in the kind of the row */
};

/* Moments of all samples so far, relative to the first one. */
struct leat_welford {
    double pivot;          /* the first sample */
    struct leat_part done; /* of the finished blocks, relative to pivot */
    struct leat_part run;  /* of the block that is filling, relative to pivot */
    uint64_t count;        /* samples in finished blocks */
    uint32_t filled;       /* samples in the block that is filling */
    uint32_t output;       /* a leat_output */
    uint32_t ddof;         /* 0 or 1 */
    uint32_t spare;
};

/* A rolling window; its bytes follow the header (leat_rolling_bytes). */
struct leat_rolling {
    uint64_t seen; /* samples so far */
    uint32_t window;
    uint32_t output; /* a leat_output */
    uint32_t ddof;   /* 0 or 1 */
    uint32_t spare;
    uint64_t looked;  /* f32, of so many samples: */
    uint64_t same;    /* how many of the newest are equal, */
    uint64_t broken;  /* how many there were with the last that is not finite */
    uint64_t more[2]; /* the header is one line */
};

/* Windows hold at most this many samples. */
#define LEAT_WINDOW_MAX (1u << 28)

/* Bytes that a rolling state of that window takes (64-byte aligned storage); 0 when window is 0 or
 * above LEAT_WINDOW_MAX. */
LEAT_API size_t leat_rolling_bytes(uint32_t window);

/* Makes a rolling state in storage of leat_rolling_bytes(window) bytes.
 * 0; LEAT_EINVAL: window out of range, output unknown or ddof above 1. */
LEAT_API LEAT_MUST_USE int leat_rolling_init(struct leat_rolling *state, uint32_t window,
                                             enum leat_output output, uint32_t ddof);

/* 0; LEAT_EINVAL: output unknown or ddof above 1. */
LEAT_API LEAT_MUST_USE int leat_welford_init(struct leat_welford *state, enum leat_output output,
                                             uint32_t ddof);

/* 0; LEAT_EINVAL: alpha outside (0, 1]. */
LEAT_API LEAT_MUST_USE int leat_ewma_init(struct leat_ewma *state, double alpha);

/* Another alpha, in (0, 1], from the next sample on. kind: the rows', LEAT_F32 or LEAT_F64. */
LEAT_API void leat_ewma_weigh(struct leat_ewma *state, uint32_t kind, double alpha);

/* ---- The kernels ---- */

struct leat_stats {
    enum leat_isa isa;
    uint32_t kind; /* of `x`, `y`, `row` below: LEAT_F32 or LEAT_F64 */

    /* Reductions. 0 for n = 0. Error at most gamma_h times the sum of magnitudes, u of the kind,
     * h = 71 + log2 of the number of blocks in f32, 134 + that in f64 (dot: one more). */
    double (*sum)(const void *x, size_t n);
    double (*dot)(const void *x, const void *y, size_t n);

    /* Smallest and largest by value, NaN passed over; a zero answer is +0; NaN, NaN when the row
     * holds no number. */
    void (*minmax)(const void *x, size_t n, double *min, double *max);

    /* Sums about a pivot near each block's mean, joined by Chan's formula. m2 is exactly 0 for a
     * constant row. Relative error of m2 at most (h + 8) u (kappa^2 + 2 kappa sqrt(kappa^2 - 1)),
     * h = 34 in f32 and 70 in f64, kappa <= 2 whatever the samples. Squares of deviations must fit
     * the kind: in f32, deviations between 2^-62 and 2^57. */
    void (*moments)(const void *x, size_t n, struct leat_moments *moments);

    /* True when no sample is NaN or infinite. */
    bool (*finite)(const void *x, size_t n);

    /* Writes the positions i, ascending, of samples lo <= x[i] <= hi and returns how many there
     * are. A NaN is never in range. index has room for n < 2^32. Then leat_keep packs any row of
     * the frame alike. */
    size_t (*keep_range)(const void *x, size_t n, double lo, double hi, uint32_t *index);

    /* y = (x - mean) / deviation of the row itself, population deviation, in place. Zeros where
     * the deviation is 0 (a constant row, one sample) or its square vanishes: below 2^-62 in
     * f32, 2^-511 in f64. */
    void (*zscore)(void *row, size_t n);

    /* Elementwise. Constants are rounded to the kind once. */
    void (*scale)(void *out, const void *in, size_t n, double a, double b); /* x * a, then + b */
    void (*clamp)(void *out, const void *in, size_t n, double lo, double hi); /* NaN stays */
    void (*abs)(void *out, const void *in, size_t n);
    void (*exp)(void *out, const void *in, size_t n); /* error <= 1.05 ulp in both kinds */
    void (*log)(void *out, const void *in, size_t n); /* <= 0.95 ulp in f32, 0.9 in f64 */

    /* Streaming, in place, state carried. diff: x[t] - x[t-1]; logreturn: log(x[t] / x[t-1]),
     * error <= 2 ulp, near a ratio of 1 too. Both drop the first sample of the stream: they return
     * how many samples the row now holds, n or n - 1; what lies behind those is unspecified. */
    size_t (*diff)(void *row, size_t n, struct leat_last *last);
    size_t (*logreturn)(void *row, size_t n, struct leat_last *last);

    /* value += alpha * (x - value) from the first sample on, which is the first output. Summed in
     * the kind over 256 bytes of samples at a time, as deviations from one sample p, joined in f64.
     * Error at most 2u |y| + h u (M + N), h = 24 in f32 and 88 in f64, M the sum of the weighted
     * |x - p|, N what is left of |value - p| before them, and in f64 roundings of value that fade
     * as it does. A constant stream is exactly that constant. |value - p| below the smallest
     * normal number of the kind counts as 0. */
    void (*ewma)(void *row, size_t n, struct leat_ewma *state);

    /* Over all samples so far, in f64, and over the last `window` of them (fewer at the start), in
     * the kind. No sample outside the window has any influence, to the bit: an answer is a function
     * of its window's samples. Relative error of a variance: some u for each doubling up to the
     * window, tested to stay below 8 log2(window) u, whatever the mean. f32: any finite samples;
     * what leaves its range on the way (deviations all below 2^-60 or one above 2^57, about) is
     * done again in f64, which takes O(window). rolling takes O(log window) a sample. */
    void (*welford)(void *row, size_t n, struct leat_welford *state);
    void (*rolling)(void *row, size_t n, struct leat_rolling *state);

    /* Conversions, indexed by the other kind; NULL where there is none (own kind). out and in may
     * start at the same address, as everywhere, whichever is wider. The arithmetic is f64.
     * from: x = in * scale. to: out = x * scale, NaN to 0, nearest with ties to even, saturated. */
    void (*from[LEAT_F64 + 1])(void *out, const void *in, size_t n, double scale);
    void (*to[LEAT_F64 + 1])(void *out, const void *in, size_t n, double scale);

    /* One block of 1 to LEAT_STATS_BLOCK samples, for those who join blocks: the sums of x - pivot
     * and of its square, so mean = pivot + sum / n and m2 = square - sum * (sum / n). */
    void (*block)(const void *x, size_t n, double *pivot, double *sum, double *square);

    /* As moments, with every step in f64: in an f64 table it is moments. For f32 rows whose squares
     * leave the range of f32, or of which 1e-7 is not enough: any finite samples, relative error of
     * m2 below 6e-14 + log2 of the number of blocks times 1e-15, of the mean below 1e-14 times the
     * deviation plus 3e-16 times the mean. About four times the time in wide registers. */
    void (*moments_wide)(const void *x, size_t n, struct leat_moments *moments);
};

/* The table of that set and kind. NULL when kind is neither LEAT_F32 nor LEAT_F64 or the set was
 * not built for this machine; whether it runs here is leat_isa_usable's to say. */
LEAT_API const struct leat_stats *leat_stats_kernels(enum leat_isa isa, uint32_t kind);

/* ---- Rows of other kinds ---- */

/* diff of i64, wrapping on overflow; as the table's diff. */
LEAT_API size_t leat_diff_i64(int64_t *row, size_t n, struct leat_last *last);

/* keep_range of i64. */
LEAT_API size_t leat_keep_range_i64(const int64_t *x, size_t n, int64_t lo, int64_t hi,
                                    uint32_t *index);

/* row[k] = row[index[k]] for k < kept, with index ascending as keep_range writes it; `width` is the
 * bytes of a sample, 1, 2, 4 or 8. */
LEAT_API void leat_keep(void *row, uint32_t width, const uint32_t *index, size_t kept);

/* ---- Statistics of a whole stream ---- */

/* Count, mean, variance, minimum and maximum of one channel, whatever its length and however it is
 * cut into calls: blocks are anchored at the stream's start, and the state keeps the samples of the
 * block that is filling. Those bytes follow the header (leat_tally_bytes). */
struct leat_tally {
    uint32_t kind;
    uint32_t filled; /* samples in the block that is filling */
    uint64_t blocks; /* finished blocks */
    double pivot;    /* common to the stream: the first block's */
    double min, max;
    struct leat_part level[52]; /* of 2^level blocks each, relative to pivot */
};

struct leat_summary {
    struct leat_moments moments;
    double min, max; /* NaN when the stream held no number */
};

/* Bytes of a tally (64-byte aligned storage); 0 when kind is neither LEAT_F32 nor LEAT_F64. */
LEAT_API size_t leat_tally_bytes(uint32_t kind);

/* Makes an empty tally in storage of leat_tally_bytes(kind) bytes. 0; LEAT_EINVAL: unknown kind. */
LEAT_API LEAT_MUST_USE int leat_tally_init(struct leat_tally *tally, uint32_t kind);

/* Adds n samples. kernels is of the tally's kind. */
LEAT_API void leat_tally_add(struct leat_tally *tally, const struct leat_stats *kernels,
                             const void *x, size_t n);

/* What was added so far; the tally can go on. Relative error of mean and deviation: a few u of f64
 * for f64, at any ratio of mean to deviation; 1e-7 for the variance of f32 at a ratio of 100. */
LEAT_API void leat_tally_read(const struct leat_tally *tally, const struct leat_stats *kernels,
                              struct leat_summary *summary);

LEAT_END

#endif
