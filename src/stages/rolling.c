/* rolling: mean, variance, deviation or z-score over the last `size` samples of each channel. */
#include "stages/room.h"

static int window_of(const struct leat_rolling_options *given, const struct leat_shape *in,
                     uint32_t *window, struct leat_diag *diag)
{
    uint64_t samples = 0;
    if (given->size.samples != 0 || given->size.ns != 0) {
        int code = leat_length_samples(&given->size, in->rate_hz, "size", &samples, diag);
        if (code != 0)
            return code;
    }
    if (samples == 0 || samples > LEAT_WINDOW_MAX)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "size: %llu samples; a rolling window has 1 to %u",
                             (unsigned long long)samples, LEAT_WINDOW_MAX);
    *window = (uint32_t)samples;
    return 0;
}

static int rolling_resolve(const void *options, const struct leat_shape *in,
                           struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_rolling_options *given = options;
    uint32_t window = 0;
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = leat_shape_plain(in, diag);
    if (code == 0)
        code = leat_shape_series(in, diag);
    if (code == 0)
        code = window_of(given, in, &window, diag);
    if (code != 0)
        return code;
    if (given->out == LEAT_OUT_VARIANCE || given->out == LEAT_OUT_ZSCORE)
        leat_stages_unitless(need);
    return leat_stages_state(need, 0, leat_rolling_bytes(window), in->rows, diag);
}

/* The state of a channel; all are of one size, a multiple of 64 bytes. */
static struct leat_rolling *state_row(void *state, uint32_t window, uint32_t r)
{
    return (void *)((char *)state + r * leat_rolling_bytes(window));
}

static int rolling_init(void *state, const void *options, const struct leat_shape *in,
                        const struct leat_need *need, struct leat_diag *diag)
{
    (void)need;
    const struct leat_rolling_options *given = options;
    uint32_t window = 0;
    int code = window_of(given, in, &window, diag);
    for (uint32_t r = 0; r < in->rows && code == 0; r++)
        if (leat_rolling_init(state_row(state, window, r), window, (enum leat_output)given->out,
                              (uint32_t)given->ddof) != 0)
            code = leat_diag_set(diag, LEAT_EINVAL, "out or ddof is not one of rolling's");
    return code;
}

static void rolling_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                        uint32_t n)
{
    const struct leat_stats *kernels = leat_stages_kernels(ctx, frames[0]);
    uint32_t window = ((const struct leat_rolling *)state)->window;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < frames[i]->rows; r++)
            kernels->rolling(leat_frame_row(frames[i], r), frames[i]->cols,
                             state_row(state, window, r));
}

static const struct leat_param params[] = {
    {.name = "size", .fallback = NULL, .min = 1, .max = LEAT_WINDOW_MAX,
     .doc = "Samples in the window, or a duration where the stream has a rate; at the start, the "
            "samples that there are.",
     .example = "64",
     .offset = offsetof(struct leat_rolling_options, size), .type = LEAT_P_LENGTH,
     .unit = LEAT_COUNT},
    {.name = "out", .fallback = "mean", .words = leat_stages_outputs,
     .doc = "What each sample becomes, from the window that ends with it.",
     .example = "zscore",
     .offset = offsetof(struct leat_rolling_options, out), .type = LEAT_P_WORD},
    {.name = "ddof", .fallback = "0", .min = 0, .max = 1,
     .doc = "Variance divides by the count less this: 0 population, 1 sample.",
     .example = "1",
     .offset = offsetof(struct leat_rolling_options, ddof), .type = LEAT_P_U64,
     .unit = LEAT_COUNT},
};

const struct leat_stage leat_stage_rolling = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_KEYED | LEAT_WANTS_FINITE | LEAT_MAY_BREAK_FINITE,
    .name = "rolling",
    .doc = "Statistics over a sliding window of the last samples, each channel by itself, carried "
           "over frames.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_rolling_options),
    .ins = 1,
    .outs = 1,
    .resolve = rolling_resolve,
    .init = rolling_init,
    .map = rolling_map,
};
