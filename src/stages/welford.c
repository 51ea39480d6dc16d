/* welford: mean, variance, deviation or z-score over the stream so far, channel by channel. */
#include "stages/room.h"

static int welford_resolve(const void *options, const struct leat_shape *in,
                           struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_welford_options *given = options;
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = leat_shape_plain(in, diag);
    if (code == 0)
        code = leat_shape_series(in, diag);
    if (code != 0)
        return code;
    if (given->out == LEAT_OUT_VARIANCE || given->out == LEAT_OUT_ZSCORE)
        leat_stages_unitless(need);
    return leat_stages_state(need, 0, sizeof(struct leat_welford), in->rows, diag);
}

static int welford_init(void *state, const void *options, const struct leat_shape *in,
                        const struct leat_need *need, struct leat_diag *diag)
{
    (void)need;
    const struct leat_welford_options *given = options;
    struct leat_welford *rows = state;
    for (uint32_t r = 0; r < in->rows; r++)
        if (leat_welford_init(&rows[r], (enum leat_output)given->out, (uint32_t)given->ddof) != 0)
            return leat_diag_set(diag, LEAT_EINVAL, "out or ddof is not one of welford's");
    return 0;
}

static void welford_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                        uint32_t n)
{
    const struct leat_stats *kernels = leat_stages_kernels(ctx, frames[0]);
    struct leat_welford *rows = state;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < frames[i]->rows; r++)
            kernels->welford(leat_frame_row(frames[i], r), frames[i]->cols, &rows[r]);
}

static const struct leat_param params[] = {
    {.name = "out", .fallback = "zscore", .words = leat_stages_outputs,
     .doc = "What each sample becomes, from the samples of its channel up to it.",
     .example = "stddev",
     .offset = offsetof(struct leat_welford_options, out), .type = LEAT_P_WORD},
    {.name = "ddof", .fallback = "0", .min = 0, .max = 1,
     .doc = "Variance divides by the count less this: 0 population, 1 sample.",
     .example = "1",
     .offset = offsetof(struct leat_welford_options, ddof), .type = LEAT_P_U64,
     .unit = LEAT_COUNT},
};

const struct leat_stage leat_stage_welford = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_KEYED | LEAT_WANTS_FINITE | LEAT_MAY_BREAK_FINITE,
    .name = "welford",
    .doc = "Running statistics over the whole stream so far, each channel by itself.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_welford_options),
    .ins = 1,
    .outs = 1,
    .resolve = welford_resolve,
    .init = welford_init,
    .map = welford_map,
};
