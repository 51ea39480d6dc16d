/* The ready-made stages of mathematics and of reshaping, for a catalogue, and their options.
 *
 * An option struct is filled by leat_options_default over the stage's table and then by the caller;
 * its ranges, defaults and words are the table's (`leat stages NAME` prints them). What a table
 * cannot say is checked by the stage's resolve, whose message names the parameter.
 *
 * zscore welford ewma rolling scale gain clamp log exp abs logreturn fir convolve rfft irfft fft
 * ifft magnitude power phase norm topk matmul spmm project gemm rsvd take f32 and f64 rows; diff
 * and where also i64; book bars imbalance i64 and f64; window, select, join and transpose every
 * kind; cast too, and gives f64, f32 or i64.
 * Complex channels (enum leat_half): rfft and fft make them, irfft, magnitude, power and phase end
 * them.
 * What treats real and imaginary parts alike takes them (scale without add, gain, ewma, fir,
 * convolve, diff, cast, where, select, window, join); what does not, zscore welford rolling clamp
 * log exp abs logreturn norm topk matmul spmm project gemm rsvd, is refused at plan time. So is
 * what works along time (diff ewma fir convolve logreturn rolling welford window) on spectra,
 * whose columns are frequencies.
 * Knobs (leat/knob.h): all options of scale, gain, clamp and ewma, and min and max of where.
 * Streaming stages (diff ewma logreturn rolling welford window) carry state over frame borders:
 * however the stream is cut into frames, the samples that come out have the same bits. So does fir
 * by products; by spectra it rounds by pieces of a frame.
 */
#ifndef LEAT_STAGES_H
#define LEAT_STAGES_H

#include <leat/fft.h>
#include <leat/graph.h>
#include <leat/stats.h>

LEAT_BEGIN

/* zscore welford ewma rolling scale gain clamp log exp abs diff logreturn window where select cast
 * join rfft irfft fft ifft magnitude power phase fir convolve matmul spmm project transpose book
 * bars imbalance norm topk gemm rsvd. Constant, never NULL, its `next` is NULL. Threads: any. */
LEAT_API const struct leat_catalogue *leat_math_stages(void);

/* zscore log exp abs diff logreturn rfft irfft fft ifft magnitude power phase transpose have no
 * options (options_bytes 0). */

/* Samples of a frame of that many channels and cols samples that matmul, project and gemm bring to
 * scratch and multiply at once, where their matrix is dense: as the tuning says, or the release.
 * channels, cols: at least 1. */
LEAT_API uint32_t leat_matmul_columns(uint32_t kind, uint32_t channels, uint32_t cols,
                                      const struct leat_tuning *tuning);

struct leat_welford_options {
    uint64_t ddof; /* variance = m2 / (count - ddof): 0 or 1 */
    uint32_t out;  /* a leat_output: 0 mean, 1 variance, 2 stddev, 3 zscore */
};

/* Exactly one is given, the others are 0. */
struct leat_ewma_options {
    double alpha;                 /* weight of the newest sample, in (0, 1] */
    struct leat_stretch span;     /* samples, >= 1: alpha = 2 / (span + 1) */
    struct leat_stretch halflife; /* samples, > 0: alpha = 1 - 0.5^(1 / halflife) */
};

struct leat_rolling_options {
    struct leat_length size; /* of the window; as a duration where the stream has a rate */
    uint64_t ddof;           /* 0 or 1 */
    uint32_t out;            /* a leat_output */
};

/* x * by, then + add. Both finite, in the kind of the stream too. */
struct leat_scale_options {
    double by, add;
};

/* x * 10^(db / 20); multiples of 20 dB give the nearest number to their power of ten. */
struct leat_gain_options {
    double db; /* -400 to 400 */
};

/* Into [min, max]; NaN stays. -inf and inf: no bound on that side. */
struct leat_clamp_options {
    double min, max;
};

/* Frames that several inputs show by turns. zip, add and asof work in the first input's frames. */
struct leat_join_options {
    uint32_t how; /* 0 zip, 1 add, 2 first, 3 merge, 4 asof */
    uint32_t by;  /* 0 sequence, 1 time, 2 arrival; asof goes by time whatever it says */
    /* asof: how old a sample may be, ns; merge by time: how long a silent input holds the others
     * back, in ns of their event time; first: how many numbers the others may be further when a
     * missing one is given up, samples. Not given: however old; as long as it takes. */
    struct leat_length within;
    struct leat_list time; /* asof: the channel of the times, for all inputs or one for each */
    uint32_t time_unit;    /* of those: 0 s, 1 ms, 2 us, 3 ns */
    uint32_t on_end;       /* 0 drain: goes on with the others, 1 stop */
};

/* out[i] = taps[0] x[i] + taps[1] x[i - 1] + …, along the stream. leat/filter.h has the bounds. */
struct leat_fir_options {
    struct leat_list taps; /* numbers; or one item, the path of an npy file of a row of them */
    uint32_t by;           /* a leat_filter_way */
};

/* The same of each frame by itself, zeros beyond its ends. */
struct leat_convolve_options {
    struct leat_list taps;
    uint32_t mode;  /* 0 full, 1 same, 2 valid */
    bool correlate; /* taps in reverse order */
    uint32_t by;
};

/* Each row of a frame divided by its length. f32 and f64. */
struct leat_norm_options {
    uint32_t by; /* 0 the root of the sum of squares, 1 the sum of magnitudes, 2 the largest */
};

/* Channels x become x and x.at. f32 and f64. */
struct leat_topk_options {
    uint64_t k; /* samples of each row, at most the length of a frame */
};

struct leat_window_options {
    struct leat_length size; /* of every frame that comes out */
    struct leat_length hop;  /* from start to start; not given: size. Above size: loses samples */
    uint32_t tail;           /* the end's samples that no full window holds: 0 pad, 1 drop */
    uint32_t shape;          /* a leat_taper: what samples are multiplied by; f32 and f64 alone */
    double beta;             /* kaiser's, 0 to 700 */
};

/* Keeps the samples of every channel at which min <= this channel <= max. */
struct leat_where_options {
    const char *channel; /* a name, or a number from 1 */
    double min, max;     /* -inf and inf: no bound on that side; NaN is out of every range */
};

struct leat_select_options {
    struct leat_list channels; /* leat_shape_rows: in the order wanted, none twice */
};

/* What matmul keeps its matrix as. AUTO: as leat_sparse_pays says. */
enum leat_matmul_kind { LEAT_MATMUL_AUTO, LEAT_MATMUL_DENSE, LEAT_MATMUL_SPARSE };

/* y = A x for the channels x of each sample. */
struct leat_matmul_options {
    const char *matrix; /* file of A [channels out x channels in], as leat_matrix_file_read says */
    uint32_t kind;      /* leat_matmul_kind */
    uint64_t levels;    /* of Strassen's recursion, at most; not 0: kind AUTO is DENSE */
};

/* The same, SPARSE. */
struct leat_spmm_options {
    const char *matrix;
};

/* p = B' x. */
struct leat_project_options {
    const char *basis; /* file of B [channels in x channels out] */
};

/* X = alpha A X + beta X for frames X [channels x samples]; both finite, in the stream's kind. */
struct leat_gemm_options {
    const char *matrix; /* file of A [channels out x channels in] */
    double alpha, beta; /* beta is 0 where A is not square */
    bool transposed;    /* the file holds A' */
};

/* The leading singular values, or vectors, of frames; leat/factor.h has the method. */
struct leat_rsvd_options {
    uint64_t rank;         /* at most the channels, and the samples, of a frame */
    uint32_t out;          /* 0 values, 1 left vectors, 2 right vectors */
    uint64_t oversampling; /* columns of the sample beside the rank */
    uint64_t powers;
    uint64_t seed;
    uint32_t sample; /* 0 normal, 1 structured: enum leat_rsvd_test */
};

#define LEAT_BOOK_DEPTH_MAX 100 /* levels a side that book shows, at most */

/* book: on i64 and f64, messages whose channels are called as itch, dbn or LOBSTER call them. */
struct leat_book_options {
    uint64_t depth;       /* levels a side that are shown, at most LEAT_BOOK_DEPTH_MAX */
    uint64_t orders;      /* that there may be at once, at most 8 Mi */
    uint64_t levels;      /* prices of a side of an instrument */
    uint64_t instruments;
};

/* bars: exactly one of ticks, every, volume and dollars is given, the others are 0. */
struct leat_bars_options {
    uint64_t ticks;     /* trades */
    uint64_t every;     /* ns, of the channel `time` */
    double volume;      /* sum of sizes */
    double dollars;     /* sum of prices times sizes, in the numbers of the stream */
    const char *price, *size; /* channels: names, or numbers from 1 */
    const char *time;   /* NULL: bars have no time; every needs it */
    uint32_t time_unit; /* 0 s, 1 ms, 2 us, 3 ns */
    uint32_t tail;      /* the bar that is not done at the end: 0 keep, 1 drop */
};

/* imbalance: which channels are the best bid and ask and their sizes. */
struct leat_imbalance_options {
    const char *bid, *bid_size, *ask, *ask_size;
};

struct leat_cast_options {
    uint32_t type; /* 0 f64, 1 f32, 2 i64 */
};

LEAT_END

#endif
