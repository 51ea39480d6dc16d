/* magnitude, power and phase of complex channels: two rows become one, in place. */
#include "stages/room.h"

#include <string.h>

static int whole_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    (void)options;
    int code = leat_shape_real(in, diag);
    for (uint32_t r = 0; r < in->rows && code == 0; r++)
        if (in->channels[r].half == LEAT_WHOLE)
            code = leat_diag_set(diag, LEAT_ESHAPE,
                                 "it works on complex channels, and '%s' is real: put `rfft` "
                                 "before it",
                                 in->channels[r].name);
    if (code == 0)
        leat_stages_name_whole(&need->out, in);
    return code;
}

static int power_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    int code = whole_resolve(options, in, need, diag);
    if (code == 0)
        leat_stages_unitless(need);
    return code;
}

static int phase_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    int code = whole_resolve(options, in, need, diag);
    for (uint32_t c = 0; c < need->out.rows && code == 0; c++)
        memcpy(need->out.channels[c].unit, "rad", sizeof "rad");
    return code;
}

typedef void kernel(void *out, const void *re, const void *im, size_t n);

static void each_pair(struct leat_frame *const *frames, uint32_t n, kernel *run)
{
    for (uint32_t i = 0; i < n; i++) {
        struct leat_frame *frame = frames[i];
        frame->rows /= 2;
        for (uint32_t c = 0; c < frame->rows; c++)
            run(leat_frame_row(frame, c), leat_frame_row(frame, 2 * c),
                leat_frame_row(frame, 2 * c + 1), frame->cols);
    }
}

static void magnitude_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                          uint32_t n)
{
    (void)state;
    each_pair(frames, n, leat_fft_kernels((enum leat_isa)ctx->isa, frames[0]->kind)->magnitude);
}

static void power_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    (void)state;
    each_pair(frames, n, leat_fft_kernels((enum leat_isa)ctx->isa, frames[0]->kind)->power);
}

static void phase_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    (void)state;
    each_pair(frames, n, leat_fft_kernels((enum leat_isa)ctx->isa, frames[0]->kind)->phase);
}

const struct leat_stage leat_stage_magnitude = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_MAY_BREAK_FINITE,
    .name = "magnitude",
    .doc = "The magnitude of each sample of complex channels, which become real ones.",
    .ins = 1,
    .outs = 1,
    .resolve = whole_resolve,
    .map = magnitude_map,
    .behind = "rfft",
};

const struct leat_stage leat_stage_power = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_MAY_BREAK_FINITE,
    .name = "power",
    .doc = "The squared magnitude of each sample of complex channels, which become real ones.",
    .ins = 1,
    .outs = 1,
    .resolve = power_resolve,
    .map = power_map,
    .behind = "rfft",
};

const struct leat_stage leat_stage_phase = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS,
    .name = "phase",
    .doc = "The angle of each sample of complex channels, in radians from -pi to pi; they become "
           "real ones.",
    .ins = 1,
    .outs = 1,
    .resolve = phase_resolve,
    .map = phase_map,
    .behind = "rfft",
};
