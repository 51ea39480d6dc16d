/* ewma: the exponentially weighted moving average of each channel.
 *
 * Rows go through the kernel, a stripe at a time. Behind `key` there are many states with few
 * samples for each, and what counts is how many lines of memory they are in (decision 24): there it
 * is the recurrence itself, of two words.
 */
#include "stages/room.h"

#include <string.h>

/* Of a channel behind `key`. */
struct step {
    double alpha; /* negative until a sample has been seen */
    double value;
};

/* A block of steps begins with an alpha, which is not 0; one for the kernel with a line of 0. */
static struct leat_ewma *for_kernel(void *state)
{
    return *(double *)state == 0 ? (struct leat_ewma *)((char *)state + LEAT_LINE) : NULL;
}

/* 1 - 2^(-1 / halflife) without a library of mathematics: the series of 1 - e^-t on t <= 1/2, then
 * 1 - e^-2t = (1 - e^-t)(2 - (1 - e^-t)) as often as t was halved. No cancellation, so the
 * relative error stays at a few units roundoff for long halflives too. */
static double weight_of_halflife(double halflife)
{
    double t = 0.6931471805599453 / halflife;
    if (t > 64)
        return 1;
    int halved = 0;
    for (; t > 0.5; halved++)
        t *= 0.5;
    double rest = 1;
    for (int term = 16; term > 1; term--)
        rest = 1 - t / term * rest;
    double weight = t * rest;
    for (; halved > 0; halved--)
        weight *= 2 - weight;
    return weight;
}

static bool is_given(const struct leat_stretch *stretch)
{
    return stretch->samples != 0 || stretch->ns != 0;
}

/* The table holds each to its range, but for durations. */
static int weight_of(const struct leat_ewma_options *given, double rate_hz, double *alpha,
                     struct leat_diag *diag)
{
    bool spans = is_given(&given->span), halves = is_given(&given->halflife);
    int n = (given->alpha != 0) + spans + halves, code;
    double samples;
    if (n != 1)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "alpha, span, halflife: give exactly one of them; %d are given", n);
    if (spans)
        code = leat_stretch_samples(&given->span, rate_hz, "span", &samples, diag);
    else
        code = leat_stretch_samples(&given->halflife, rate_hz, "halflife", &samples, diag);
    if (code == 0 && spans && samples < 1)
        return leat_diag_set(diag, LEAT_ERANGE, "span: %g samples are out of range: at least 1",
                             samples);
    if (code == 0)
        *alpha = spans ? 2 / (samples + 1) : halves ? weight_of_halflife(samples) : given->alpha;
    return code;
}

static int ewma_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    double alpha;
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = leat_shape_series(in, diag);
    if (code == 0)
        code = weight_of(options, in->rate_hz, &alpha, diag);
    if (code == 0)
        code = need->keyed
                   ? leat_stages_state(need, 0, sizeof(struct step), in->rows, diag)
                   : leat_stages_state(need, LEAT_LINE, sizeof(struct leat_ewma), in->rows, diag);
    return code;
}

static int ewma_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    struct leat_ewma *rows = (struct leat_ewma *)((char *)state + LEAT_LINE);
    double alpha = 1;
    int code = weight_of(options, in->rate_hz, &alpha, diag);
    if (!need->keyed)
        memset(state, 0, LEAT_LINE);
    for (uint32_t r = 0; r < in->rows && code == 0; r++) {
        if (!need->keyed)
            code = leat_ewma_init(&rows[r], alpha);
        else
            ((struct step *)state)[r] = (struct step){.alpha = -alpha};
    }
    return code;
}

/* The averages stay: the next sample is the first with the new weight. */
static void ewma_knob(void *state, const void *options, const struct leat_shape *in)
{
    struct leat_ewma *rows = for_kernel(state);
    struct step *steps = state;
    double alpha = rows != NULL ? rows[0].alpha : __builtin_fabs(steps[0].alpha);
    (void)weight_of(options, in->rate_hz, &alpha, NULL); /* resolve has taken them */
    for (uint32_t r = 0; r < in->rows; r++) {
        if (rows != NULL)
            leat_ewma_weigh(&rows[r], in->kind, alpha);
        else
            steps[r].alpha = steps[r].alpha < 0 ? -alpha : alpha;
    }
}

/* See docs/NUMERICS.md. */
static double take(struct step *step, double x)
{
    double value = step->value, alpha = step->alpha;
    if (LEAT_UNLIKELY(alpha < 0)) {
        value = x;
        step->alpha = alpha = -alpha;
    }
    value = value + alpha * (x - value);
    value = __builtin_fabs(value) < 0x1p-1022 ? 0.0 : value;
    step->value = value;
    return value;
}

static void take_frame(struct step *steps, struct leat_frame *frame)
{
    for (uint32_t r = 0; r < frame->rows; r++) {
        void *row = leat_frame_row(frame, r);
        for (uint32_t i = 0; i < frame->cols; i++) {
            if (frame->kind == LEAT_F64)
                ((double *)row)[i] = take(&steps[r], ((double *)row)[i]);
            else
                ((float *)row)[i] = (float)take(&steps[r], (double)((float *)row)[i]);
        }
    }
}

static void ewma_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    const struct leat_stats *kernels = leat_stages_kernels(ctx, frames[0]);
    struct leat_ewma *rows = for_kernel(state);
    for (uint32_t i = 0; i < n; i++) {
        if (rows == NULL)
            take_frame(state, frames[i]);
        else
            for (uint32_t r = 0; r < frames[i]->rows; r++)
                kernels->ewma(leat_frame_row(frames[i], r), frames[i]->cols, &rows[r]);
    }
}

#define EACH(type)                                                        \
    type *x = (type *)leat_frame_row(frame, r) + first;                   \
    _Pragma("GCC unroll 4")                                               \
    for (uint32_t i = 0; i < n; i++)                                      \
        x[i] = (type)take((struct step *)states[i] + r, (double)x[i])

static void ewma_each(void *const *states, struct leat_ctx *ctx, struct leat_frame *frame,
                      uint32_t first, uint32_t n)
{
    const uint32_t rows = frame->rows, kind = frame->kind;
    (void)ctx;
    for (uint32_t r = 0; r < rows; r++) {
        if (kind == LEAT_F64) {
            EACH(double);
        } else {
            EACH(float);
        }
    }
}

static const struct leat_param params[] = {
    {.name = "alpha", .fallback = "", .min = LEAT_ABOVE_0, .max = 1,
     .doc = "Weight of the newest sample; or give span or halflife.",
     .example = "0.1",
     .offset = offsetof(struct leat_ewma_options, alpha), .type = LEAT_P_F64, .knob = true},
    {.name = "span", .fallback = "", .min = 1, .max = 1e15,
     .doc = "Samples, or a duration where the stream has a rate: alpha = 2 / (span + 1).",
     .example = "20",
     .offset = offsetof(struct leat_ewma_options, span), .type = LEAT_P_STRETCH, .knob = true},
    {.name = "halflife", .fallback = "", .min = LEAT_ABOVE_0, .max = 1e15,
     .doc = "Samples, or a duration, until a weight has halved: alpha = 1 - 0.5^(1 / halflife).",
     .example = "10",
     .offset = offsetof(struct leat_ewma_options, halflife), .type = LEAT_P_STRETCH, .knob = true},
};

const struct leat_stage leat_stage_ewma = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_KEYED | LEAT_WANTS_FINITE | LEAT_MAY_BREAK_FINITE,
    .name = "ewma",
    .doc = "Exponentially weighted moving average of each channel, carried over frames; the first "
           "output is the first sample.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_ewma_options),
    .ins = 1,
    .outs = 1,
    .resolve = ewma_resolve,
    .init = ewma_init,
    .map = ewma_map,
    .knob = ewma_knob,
    .each = ewma_each,
};
