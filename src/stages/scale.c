/* scale: x * by + add. gain: the same multiplication, said in decibels. */
#include "stages/elementwise.h"

static int scale_resolve(const void *options, const struct leat_shape *in,
                         struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_scale_options *given = options;
    int code = leat_elementwise_resolve(in, need, diag);
    if (code == 0)
        code = leat_stages_finite("by", given->by, in->kind, diag);
    if (code == 0)
        code = leat_stages_finite("add", given->add, in->kind, diag);
    if (code == 0 && given->add != 0)
        code = leat_shape_plain(in, diag);
    return code;
}

/* Nothing is carried: what init makes of the options is the whole state. */
static void scale_knob(void *state, const void *options, const struct leat_shape *in)
{
    (void)in;
    const struct leat_scale_options *given = options;
    *(struct leat_elementwise *)state = (struct leat_elementwise){
        .operation = LEAT_OP_SCALE, .a = given->by, .b = given->add};
}

static int scale_init(void *state, const void *options, const struct leat_shape *in,
                      const struct leat_need *need, struct leat_diag *diag)
{
    (void)need, (void)diag;
    scale_knob(state, options, in);
    return 0;
}

/* 10^(db / 20) for |db| <= 400. The nearest multiple of 20 dB is an exact power of ten (10^22 is
 * the last that a double holds) and the rest, at most 10 dB, goes through the exp kernel, whose
 * bits are the same on every machine: within 3 ulp, exact for multiples of 20 dB but for the
 * rounding of one division below 0 dB. For set-up and knobs. */
static double factor_of_db(double db)
{
    int decades = (int)(db / 20 + (db < 0 ? -0.5 : 0.5));
    double rest = (db - 20 * decades) * 0.11512925464970229; /* ln(10) / 20 */
    double power = 1;
    for (int i = decades < 0 ? -decades : decades; i > 0; i--)
        power *= 10;
    leat_stats_kernels(LEAT_ISA_BASE, LEAT_F64)->exp(&rest, &rest, 1);
    return decades < 0 ? rest / power : rest * power;
}

static int gain_resolve(const void *options, const struct leat_shape *in,
                        struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_gain_options *given = options;
    int code = leat_elementwise_resolve(in, need, diag);
    if (code == 0 && !(given->db >= -400 && given->db <= 400))
        code = leat_diag_set(diag, LEAT_ERANGE, "db: %g is outside -400 to 400", given->db);
    return code;
}

static void gain_knob(void *state, const void *options, const struct leat_shape *in)
{
    (void)in;
    const struct leat_gain_options *given = options;
    *(struct leat_elementwise *)state =
        (struct leat_elementwise){.operation = LEAT_OP_SCALE, .a = factor_of_db(given->db)};
}

static int gain_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    (void)need, (void)diag;
    gain_knob(state, options, in);
    return 0;
}

static const struct leat_param scale_params[] = {
    {.name = "by", .fallback = "1",
     .doc = "Each sample is multiplied by this.",
     .example = "0.01",
     .offset = offsetof(struct leat_scale_options, by), .type = LEAT_P_F64, .knob = true},
    {.name = "add", .fallback = "0",
     .doc = "Then this is added.",
     .example = "-273.15",
     .offset = offsetof(struct leat_scale_options, add), .type = LEAT_P_F64, .knob = true},
};

static const struct leat_param gain_params[] = {
    {.name = "db", .fallback = NULL, .min = -400, .max = 400,
     .doc = "Each sample is multiplied by 10^(db / 20).",
     .example = "-6dB",
     .offset = offsetof(struct leat_gain_options, db), .type = LEAT_P_F64, .unit = LEAT_DB,
     .knob = true},
};

const struct leat_stage leat_stage_scale = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_MAY_BREAK_FINITE,
    .name = "scale",
    .doc = "Each sample times a factor, plus a constant.",
    .params = scale_params,
    .params_n = LEAT_STAGES_COUNT(scale_params),
    .options_bytes = sizeof(struct leat_scale_options),
    .ins = 1,
    .outs = 1,
    .resolve = scale_resolve,
    .init = scale_init,
    .map = leat_elementwise_map,
    .knob = scale_knob,
};

const struct leat_stage leat_stage_gain = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_MAY_BREAK_FINITE,
    .name = "gain",
    .doc = "Each sample times a factor given in decibels of amplitude.",
    .params = gain_params,
    .params_n = LEAT_STAGES_COUNT(gain_params),
    .options_bytes = sizeof(struct leat_gain_options),
    .ins = 1,
    .outs = 1,
    .resolve = gain_resolve,
    .init = gain_init,
    .map = leat_elementwise_map,
    .knob = gain_knob,
};
