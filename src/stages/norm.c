/* norm: each row of each frame to length 1, in place. */
#include "stages/room.h"

#include <string.h>

struct norm {
    uint32_t by; /* 0 l2, 1 l1, 2 max */
    uint32_t spare;
};

/* Squares of numbers in [2^-least, 2^most] neither vanish nor, 2^32 of them together, overflow. */
static const struct range {
    int least, most;
    int limit; /* powers that are multiplied by lie in [-limit, limit] */
} ranges[] = {[LEAT_F32] = {-40, 40, 120}, [LEAT_F64] = {-400, 400, 1000}};

static double power2(int exponent) /* of a normal number */
{
    double value;
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* x > 0 lies below 2 to that power, which is no further from 1 than 2^limit. */
static int exponent_of(double x, int limit)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1022;
    return exponent < -limit ? -limit : exponent > limit ? limit : exponent;
}

/* A row of huge or of tiny numbers comes near 1 by a power of two, which changes no digit but those
 * that denormals have lost already. Returns its largest magnitude then. */
static double tame(const struct leat_stats *kernels, void *row, size_t n)
{
    const struct range *range = &ranges[kernels->kind];
    double low, high;
    kernels->minmax(row, n, &low, &high);
    double most = -low > high ? -low : high;
    if (!(most > 0) || (most >= power2(range->least) && most <= power2(range->most)))
        return most;
    int exponent = exponent_of(most, range->limit);
    kernels->scale(row, row, n, power2(-exponent), -0.0);
    return most * power2(-exponent);
}

static void norm_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    const struct norm *self = state;
    const struct leat_stats *kernels = leat_stages_kernels(ctx, frames[0]);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < frames[i]->rows; r++) {
            void *row = leat_frame_row(frames[i], r);
            size_t cols = frames[i]->cols;
            double length = tame(kernels, row, cols);
            if (!(length > 0)) /* all zeros */
                continue;
            if (self->by == 0)
                length = __builtin_sqrt(kernels->dot(row, row, cols));
            else if (self->by == 1) {
                kernels->abs(ctx->scratch, row, cols);
                length = kernels->sum(ctx->scratch, cols);
            }
            kernels->scale(row, row, cols, 1 / length, -0.0);
        }
}

static int norm_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    (void)options;
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = leat_shape_plain(in, diag);
    if (code != 0)
        return code;
    leat_stages_unitless(need);
    need->state_bytes = sizeof(struct norm);
    need->scratch_bytes = (size_t)in->cols * leat_kind_bytes(in->kind);
    return LEAT_OK;
}

static int norm_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    (void)in, (void)need, (void)diag;
    ((struct norm *)state)->by = ((const struct leat_norm_options *)options)->by;
    return LEAT_OK;
}

static const char *const words[] = {"l2", "l1", "max", NULL};

static const struct leat_param params[] = {
    {.name = "by", .fallback = "l2",
     .doc = "The length: l2 the root of the sum of squares, l1 the sum of magnitudes, max the "
            "largest magnitude.",
     .example = "l1",
     .offset = offsetof(struct leat_norm_options, by), .type = LEAT_P_WORD, .words = words},
};

const struct leat_stage leat_stage_norm = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_WANTS_FINITE,
    .name = "norm",
    .doc = "Each row of a frame is divided by its length; a row of zeros stays.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_norm_options),
    .ins = 1,
    .outs = 1,
    .resolve = norm_resolve,
    .init = norm_init,
    .map = norm_map,
};
