/* clamp: each sample into a range. */
#include "stages/elementwise.h"

static int clamp_resolve(const void *options, const struct leat_shape *in,
                         struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_clamp_options *given = options;
    int code = leat_elementwise_resolve(in, need, diag);
    if (code == 0)
        code = leat_shape_plain(in, diag);
    if (code == 0)
        code = leat_stages_range(given->min, given->max, in->kind, diag);
    return code;
}

static void clamp_knob(void *state, const void *options, const struct leat_shape *in)
{
    (void)in;
    const struct leat_clamp_options *given = options;
    *(struct leat_elementwise *)state = (struct leat_elementwise){
        .operation = LEAT_OP_CLAMP, .a = given->min, .b = given->max};
}

static int clamp_init(void *state, const void *options, const struct leat_shape *in,
                      const struct leat_need *need, struct leat_diag *diag)
{
    (void)need, (void)diag;
    clamp_knob(state, options, in);
    return 0;
}

static const struct leat_param params[] = {
    {.name = "min", .fallback = "-inf",
     .doc = "Samples below this become it.",
     .example = "-3",
     .offset = offsetof(struct leat_clamp_options, min), .type = LEAT_P_F64, .knob = true},
    {.name = "max", .fallback = "inf",
     .doc = "Samples above this become it.",
     .example = "3",
     .offset = offsetof(struct leat_clamp_options, max), .type = LEAT_P_F64, .knob = true},
};

const struct leat_stage leat_stage_clamp = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS,
    .name = "clamp",
    .doc = "Each sample into the range from min to max; NaN stays NaN.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_clamp_options),
    .ins = 1,
    .outs = 1,
    .resolve = clamp_resolve,
    .init = clamp_init,
    .map = leat_elementwise_map,
    .knob = clamp_knob,
};
