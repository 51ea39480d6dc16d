/* synth: signals that are a pure function of the parameters and the sample's number. */
#include "io/common.h"

#include <string.h>

struct synth {
    uint64_t n;       /* samples made */
    uint64_t samples; /* in all; 0 = without end */
    uint64_t seed, step;
    double amplitude;
    uint32_t kind, type, channels, cols;
    double walk[]; /* [channels]: where each walk stands */
};

/* The output function of SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* The start of a channel's stream; channel 0 begins at the seed itself. */
static inline uint64_t stream(uint64_t seed, uint32_t channel)
{
    return channel == 0 ? seed : mix(seed + channel * UINT64_C(0xd1b54a32d192ed03));
}

/* Uniform in [-1, 1): the n-th number of the stream, its upper 53 bits. */
static inline double noise(uint64_t start, uint64_t n)
{
    uint64_t bits = mix(start + (n + 1) * UINT64_C(0x9e3779b97f4a7c15)) >> 11;
    return (double)bits * 0x1p-52 - 1.0;
}

/* frequency / rate as a binary fraction of 64 bits, by long division: each step is exact. */
static uint64_t turns(double frequency, double rate)
{
    uint64_t fraction = 0;
    double rest = frequency;
    for (int bit = 0; bit < 64; bit++) {
        rest *= 2.0;
        fraction <<= 1;
        if (rest >= rate) {
            rest -= rate;
            fraction |= 1;
        }
    }
    return fraction;
}

/* Horner over coefficients 1 / k!, alternating in sign; |x| <= pi / 4, so that the term after the
 * last is below 1e-17. */
static inline double series(double x2, const double *c, int n)
{
    double y = c[n - 1];
    for (int k = n - 2; k >= 0; k--)
        y = y * x2 + c[k];
    return y;
}

/* sin(2 pi phase / 2^64); absolute error below 5e-16. */
static double sine(uint64_t phase)
{
    static const double odd[] = {1.0,             -1.0 / 6,           1.0 / 120,
                                 -1.0 / 5040,     1.0 / 362880,       -1.0 / 39916800,
                                 1.0 / 6227020800, -1.0 / 1307674368000};
    static const double even[] = {1.0,
                                  -1.0 / 2,
                                  1.0 / 24,
                                  -1.0 / 720,
                                  1.0 / 40320,
                                  -1.0 / 3628800,
                                  1.0 / 479001600,
                                  -1.0 / 87178291200,
                                  1.0 / 20922789888000};
    /* The nearest quarter turn, and the signed rest of at most an eighth. */
    uint64_t quarter = (phase + (UINT64_C(1) << 61)) >> 62;
    int64_t rest = (int64_t)(phase - (quarter << 62));
    double x = (double)rest * (0x1p-64 * 6.283185307179586476925);
    double y = quarter & 1 ? series(x * x, even, 9) : x * series(x * x, odd, 8);
    return quarter & 2 ? -y : y;
}

static int synth_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    const struct leat_synth_source_options *o = options;
    struct leat_shape *out = &need->out;
    uint64_t samples;
    (void)in;
    int status = leat_io_channels(need, o->channels, diag);
    if (status == LEAT_OK)
        status = leat_shape_cols(&o->frame, o->rate, LEAT_IO_FRAME_MAX, &out->cols, diag);
    if (status == LEAT_OK)
        status = leat_length_samples(&o->samples, o->rate, "samples", &samples, diag);
    if (status != LEAT_OK)
        return status;
    if (o->kind == LEAT_SYNTH_SINE && !(o->rate > 0.0))
        return leat_diag_set(diag, LEAT_ESHAPE, "kind=sine needs a rate=");
    if (o->kind == LEAT_SYNTH_SINE && !(o->frequency <= o->rate / 2))
        return leat_diag_set(diag, LEAT_ERANGE,
                             "frequency: must be at most half of the rate, %g Hz", o->rate / 2);
    out->rows = (uint32_t)o->channels;
    out->kind = leat_io_kind(o->type);
    out->rate_hz = o->rate;
    need->state_bytes = sizeof(struct synth) + (size_t)o->channels * sizeof(double);
    return leat_io_names(out, &(struct leat_list){0}, "ch", diag);
}

static int synth_init(void *state, const void *options, const struct leat_shape *in,
                      const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_synth_source_options *o = options;
    struct synth *s = state;
    (void)in;
    s->seed = o->seed;
    s->step = o->kind == LEAT_SYNTH_SINE ? turns(o->frequency, o->rate) : 0;
    s->amplitude = o->amplitude;
    s->kind = o->kind;
    s->type = o->type;
    s->channels = need->out.rows;
    s->cols = need->out.cols;
    return leat_length_samples(&o->samples, o->rate, "samples", &s->samples, diag);
}

static inline double next(struct synth *s, uint32_t channel, uint64_t start, uint64_t n)
{
    switch (s->kind) {
    case LEAT_SYNTH_NOISE: return s->amplitude * noise(start, n);
    case LEAT_SYNTH_SINE: return s->amplitude * sine(n * s->step);
    case LEAT_SYNTH_WALK: return s->walk[channel] += s->amplitude * noise(start, n);
    default: return s->amplitude * (double)n;
    }
}

/* To the nearest integer, ties to even, saturated. */
static int64_t nearest(double x)
{
    if (x >= 0x1p63)
        return INT64_MAX;
    if (x < -0x1p63)
        return INT64_MIN;
    int64_t whole = (int64_t)x;
    double rest = x - (double)whole;
    if (rest > 0.5 || (rest == 0.5 && (whole & 1)))
        whole++;
    if (rest < -0.5 || (rest == -0.5 && (whole & 1)))
        whole--;
    return whole;
}

static void make_row(struct synth *s, uint32_t channel, void *row, uint32_t cols)
{
    uint64_t start = stream(s->seed, channel);
    for (uint32_t c = 0; c < cols; c++) {
        uint64_t n = s->n + c;
        if (s->type == LEAT_TYPE_I64 && s->kind == LEAT_SYNTH_RAMP && s->amplitude == 1.0) {
            ((int64_t *)row)[c] = (int64_t)n; /* exact beyond 2^53 */
            continue;
        }
        double x = next(s, channel, start, n);
        if (s->type == LEAT_TYPE_F64)
            ((double *)row)[c] = x;
        else if (s->type == LEAT_TYPE_F32)
            ((float *)row)[c] = (float)x;
        else
            ((int64_t *)row)[c] = nearest(x);
    }
}

static int synth_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    struct synth *s = state;
    uint32_t made = 0;
    for (; made < n; made++) {
        uint64_t left = s->samples == 0 ? s->cols : s->samples - s->n;
        if (left == 0)
            break;
        struct leat_frame *frame = frames[made];
        frame->cols = left < s->cols ? (uint32_t)left : s->cols;
        frame->flags = frame->cols < s->cols ? LEAT_SHORT : 0;
        frame->time_ns = LEAT_TIME_NONE;
        for (uint32_t r = 0; r < s->channels; r++)
            make_row(s, r, leat_frame_row(frame, r), frame->cols);
        s->n += frame->cols;
    }
    ctx->progress = s->n;
    ctx->progress_all = s->samples;
    return made != 0 ? (int)made : LEAT_EEND;
}

static const char *const kind_words[] = {"noise", "sine", "walk", "ramp", NULL};

#define OPTION(field) offsetof(struct leat_synth_source_options, field)
static const struct leat_param synth_params[] = {
    {.name = "kind", .fallback = "noise", .words = kind_words, .example = "sine",
     .doc = "uniform noise, a sine, a random walk, or the sample's number",
     .offset = OPTION(kind), .type = LEAT_P_WORD},
    {.name = "seed", .fallback = "1", .doc = "chooses the random numbers", .example = "42",
     .offset = OPTION(seed), .type = LEAT_P_U64},
    {.name = "channels", .fallback = "1", .doc = "channels, each with random numbers of its own",
     .example = "2", .min = 1, .max = LEAT_CHANNELS_MAX, .offset = OPTION(channels),
     .type = LEAT_P_U64, .unit = LEAT_COUNT},
    {.name = "samples", .fallback = "1M",
     .doc = "samples of each channel, or a duration; 0 = without end", .example = "10k",
     .offset = OPTION(samples), .type = LEAT_P_LENGTH, .unit = LEAT_COUNT},
    LEAT_IO_FRAME(leat_synth_source_options),
    {.name = "rate", .fallback = "48kHz", .doc = "samples a second; 0 = none", .example = "1kHz",
     .max = 1e12, .offset = OPTION(rate), .type = LEAT_P_F64, .unit = LEAT_HZ},
    {.name = "frequency", .fallback = "440", .doc = "of the sine", .example = "1kHz",
     .max = 1e12, .offset = OPTION(frequency), .type = LEAT_P_F64, .unit = LEAT_HZ},
    {.name = "amplitude", .fallback = "1", .doc = "largest value, step of the walk or ramp",
     .example = "0.5", .min = -1e300, .max = 1e300, .offset = OPTION(amplitude),
     .type = LEAT_P_F64},
    LEAT_IO_TYPE(leat_synth_source_options, "f64"),
};

const struct leat_stage leat_synth_source = {
    .size = sizeof(struct leat_stage),
    .name = "synth",
    .doc = "Makes noise, a sine, a random walk or a ramp.",
    .params = synth_params,
    .params_n = sizeof synth_params / sizeof synth_params[0],
    .options_bytes = sizeof(struct leat_synth_source_options),
    .outs = 1,
    .resolve = synth_resolve,
    .init = synth_init,
    .pull = synth_pull,
};
