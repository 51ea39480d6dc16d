/* zscore: each row of each frame to mean 0 and deviation 1, in place. */
#include "stages/room.h"

static int zscore_resolve(const void *options, const struct leat_shape *in,
                          struct leat_need *need, struct leat_diag *diag)
{
    (void)options;
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = leat_shape_plain(in, diag);
    if (code == 0)
        leat_stages_unitless(need);
    return code;
}

static void zscore_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    (void)state;
    const struct leat_stats *kernels = leat_stages_kernels(ctx, frames[0]);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < frames[i]->rows; r++)
            kernels->zscore(leat_frame_row(frames[i], r), frames[i]->cols);
}

/* Squares of huge deviations can overflow, so finite rows do not promise finite answers. */
const struct leat_stage leat_stage_zscore = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_WANTS_FINITE | LEAT_MAY_BREAK_FINITE,
    .name = "zscore",
    .doc = "Each row of a frame becomes (x - mean) / deviation of that row (population deviation); "
           "a constant row becomes zeros.",
    .ins = 1,
    .outs = 1,
    .resolve = zscore_resolve,
    .map = zscore_map,
};
