/* diff and logreturn: each sample against the one before it in the stream. */
#include "stages/room.h"

struct changes {
    double rate_hz;
    uint8_t room[LEAT_LINE - sizeof(double)];
    struct leat_last last[]; /* [rows] */
};

/* What both do with a row; returns the samples that it now holds. */
typedef size_t change(const struct leat_stats *kernels, void *row, size_t n,
                      struct leat_last *last);

static size_t change_diff(const struct leat_stats *kernels, void *row, size_t n,
                          struct leat_last *last)
{
    return kernels != NULL ? kernels->diff(row, n, last) : leat_diff_i64(row, n, last);
}

static size_t change_log(const struct leat_stats *kernels, void *row, size_t n,
                         struct leat_last *last)
{
    return kernels->logreturn(row, n, last);
}

static void changes_map(struct changes *self, struct leat_ctx *ctx,
                        struct leat_frame *const *frames, uint32_t n, change *apply)
{
    const struct leat_stats *kernels =
        frames[0]->kind == LEAT_I64 ? NULL : leat_stages_kernels(ctx, frames[0]);
    for (uint32_t i = 0; i < n; i++) {
        struct leat_frame *frame = frames[i];
        size_t left = 0;
        for (uint32_t r = 0; r < frame->rows; r++)
            left = apply(kernels, leat_frame_row(frame, r), frame->cols, &self->last[r]);
        if (left == frame->cols)
            continue;
        frame->time_ns =
            leat_stages_time_after(frame->time_ns, frame->cols - (int64_t)left, self->rate_hz);
        frame->cols = (uint32_t)left;
        frame->flags |= LEAT_SHORT;
        if (left == 0)
            leat_drop(ctx, i);
    }
}

static void diff_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    changes_map(state, ctx, frames, n, change_diff);
}

static void logreturn_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                          uint32_t n)
{
    changes_map(state, ctx, frames, n, change_log);
}

static int diff_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    (void)options;
    int code = in->kind == LEAT_I64 ? 0 : leat_shape_real(in, diag);
    need->out.cols_fixed = false;
    need->lag_max = 1; /* one sample is missing, so a window is full one frame later */
    if (code == 0)
        code = leat_shape_series(in, diag);
    if (code == 0)
        code = leat_stages_state(need, sizeof(struct changes), sizeof(struct leat_last), in->rows,
                                 diag);
    return code;
}

static int logreturn_resolve(const void *options, const struct leat_shape *in,
                             struct leat_need *need, struct leat_diag *diag)
{
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = leat_shape_plain(in, diag);
    if (code != 0)
        return code;
    leat_stages_unitless(need);
    return diff_resolve(options, in, need, diag);
}

static int changes_init(void *state, const void *options, const struct leat_shape *in,
                        const struct leat_need *need, struct leat_diag *diag)
{
    (void)options, (void)need, (void)diag;
    struct changes *self = state;
    self->rate_hz = in->rate_hz;
    return 0;
}

const struct leat_stage leat_stage_diff = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_KEYED | LEAT_RESIZES | LEAT_MAY_BREAK_FINITE,
    .name = "diff",
    .doc = "Each sample less the one before it, carried over frames; the first sample of the "
           "stream drops out. i64 wraps.",
    .ins = 1,
    .outs = 1,
    .resolve = diff_resolve,
    .init = changes_init,
    .map = diff_map,
};

const struct leat_stage leat_stage_logreturn = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_KEYED | LEAT_RESIZES | LEAT_MAY_BREAK_FINITE,
    .name = "logreturn",
    .doc = "log(x / the sample before it), carried over frames; the first sample of the stream "
           "drops out.",
    .ins = 1,
    .outs = 1,
    .resolve = logreturn_resolve,
    .init = changes_init,
    .map = logreturn_map,
};
