/* The skeleton of the elementwise stages, and those that need no options: abs, exp, log. */
#include "stages/elementwise.h"

typedef void operation(const struct leat_stats *kernels, void *row, size_t n, double a, double b);

static void op_scale(const struct leat_stats *kernels, void *row, size_t n, double a, double b)
{
    kernels->scale(row, row, n, a, b);
}

static void op_clamp(const struct leat_stats *kernels, void *row, size_t n, double a, double b)
{
    kernels->clamp(row, row, n, a, b);
}

static void op_abs(const struct leat_stats *kernels, void *row, size_t n, double a, double b)
{
    (void)a, (void)b;
    kernels->abs(row, row, n);
}

static void op_exp(const struct leat_stats *kernels, void *row, size_t n, double a, double b)
{
    (void)a, (void)b;
    kernels->exp(row, row, n);
}

static void op_log(const struct leat_stats *kernels, void *row, size_t n, double a, double b)
{
    (void)a, (void)b;
    kernels->log(row, row, n);
}

static operation *const operations[] = {
    [LEAT_OP_SCALE] = op_scale, [LEAT_OP_CLAMP] = op_clamp, [LEAT_OP_ABS] = op_abs,
    [LEAT_OP_EXP] = op_exp,     [LEAT_OP_LOG] = op_log,
};

int leat_elementwise_resolve(const struct leat_shape *in, struct leat_need *need,
                             struct leat_diag *diag)
{
    need->state_bytes = sizeof(struct leat_elementwise);
    return leat_shape_real(in, diag);
}

void leat_elementwise_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                          uint32_t n)
{
    const struct leat_elementwise *self = state;
    const struct leat_stats *kernels = leat_stages_kernels(ctx, frames[0]);
    operation *apply = operations[self->operation];
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < frames[i]->rows; r++)
            apply(kernels, leat_frame_row(frames[i], r), frames[i]->cols, self->a, self->b);
}

static int plain_resolve(const void *options, const struct leat_shape *in,
                         struct leat_need *need, struct leat_diag *diag)
{
    (void)options;
    int code = leat_elementwise_resolve(in, need, diag);
    return code != 0 ? code : leat_shape_plain(in, diag);
}

static int unitless_resolve(const void *options, const struct leat_shape *in,
                            struct leat_need *need, struct leat_diag *diag)
{
    leat_stages_unitless(need);
    return plain_resolve(options, in, need, diag);
}

static int set_operation(void *state, enum leat_operation chosen)
{
    struct leat_elementwise *self = state;
    self->operation = (uint32_t)chosen;
    return 0;
}

static int abs_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    (void)options, (void)in, (void)need, (void)diag;
    return set_operation(state, LEAT_OP_ABS);
}

static int exp_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    (void)options, (void)in, (void)need, (void)diag;
    return set_operation(state, LEAT_OP_EXP);
}

static int log_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    (void)options, (void)in, (void)need, (void)diag;
    return set_operation(state, LEAT_OP_LOG);
}

const struct leat_stage leat_stage_abs = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS,
    .name = "abs",
    .doc = "The magnitude of each sample.",
    .ins = 1,
    .outs = 1,
    .resolve = plain_resolve,
    .init = abs_init,
    .map = leat_elementwise_map,
};

const struct leat_stage leat_stage_exp = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_MAY_BREAK_FINITE,
    .name = "exp",
    .doc = "e to the power of each sample; too large a sample gives inf.",
    .ins = 1,
    .outs = 1,
    .resolve = unitless_resolve,
    .init = exp_init,
    .map = leat_elementwise_map,
};

const struct leat_stage leat_stage_log = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_MAY_BREAK_FINITE,
    .name = "log",
    .doc = "The natural logarithm of each sample; 0 gives -inf, a negative sample NaN.",
    .ins = 1,
    .outs = 1,
    .resolve = unitless_resolve,
    .init = log_init,
    .map = leat_elementwise_map,
};
