/* where: the samples at which one channel lies in a range, of every channel. */
#include "stages/room.h"

struct where {
    double min, max;
    int64_t low, high; /* the same range in i64; empty: low > high */
    double rate_hz;
    uint32_t channel;
    uint32_t spare;
};

/* The smallest and largest i64 in [min, max]; an empty range when there is none. */
static void integer_range(struct where *self)
{
    const double end = 9223372036854775808.0; /* 2^63 */
    self->low = INT64_MAX;
    self->high = INT64_MIN;
    if (self->min >= end || self->max < -end)
        return;
    int64_t low = self->min < -end ? INT64_MIN : (int64_t)self->min;
    int64_t high = self->max >= end ? INT64_MAX : (int64_t)self->max;
    self->low = (double)low < self->min ? low + 1 : low;
    self->high = self->max < end && (double)high > self->max ? high - 1 : high;
}

static size_t in_range(const struct where *self, const struct leat_ctx *ctx,
                       struct leat_frame *frame, uint32_t *index)
{
    const void *row = leat_frame_row(frame, self->channel);
    if (frame->kind == LEAT_I64)
        return leat_keep_range_i64(row, frame->cols, self->low, self->high, index);
    return leat_stages_kernels(ctx, frame)
        ->keep_range(row, frame->cols, self->min, self->max, index);
}

static void where_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    const struct where *self = state;
    uint32_t *index = ctx->scratch;
    for (uint32_t i = 0; i < n; i++) {
        struct leat_frame *frame = frames[i];
        size_t kept = in_range(self, ctx, frame, index);
        if (kept == frame->cols)
            continue;
        if (kept == 0) {
            leat_drop(ctx, i);
            continue;
        }
        for (uint32_t r = 0; r < frame->rows; r++)
            leat_keep(leat_frame_row(frame, r), leat_kind_bytes(frame->kind), index, kept);
        frame->time_ns = leat_stages_time_after(frame->time_ns, index[0], self->rate_hz);
        frame->cols = (uint32_t)kept;
        frame->flags |= LEAT_SHORT;
    }
}

static int where_resolve(const void *options, const struct leat_shape *in,
                         struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_where_options *given = options;
    uint32_t row;
    int code = in->kind == LEAT_I64 ? 0 : leat_shape_real(in, diag);
    if (code == 0 && given->channel == NULL)
        code = leat_diag_set(diag, LEAT_EINVAL, "channel: name the one to look at");
    if (code == 0)
        code = leat_stages_channel(in, "channel", given->channel, &row, diag);
    if (code == 0)
        code = leat_stages_range(given->min, given->max, LEAT_F64, diag); /* compared as f64 */
    need->out.cols_fixed = false;
    need->out.rate_hz = 0; /* samples are missing: no count of them is a stretch of time */
    need->out.bins_of = 0;
    need->state_bytes = sizeof(struct where);
    need->scratch_bytes = (size_t)in->cols * sizeof(uint32_t);
    return code;
}

static void where_knob(void *state, const void *options, const struct leat_shape *in)
{
    (void)in;
    const struct leat_where_options *given = options;
    struct where *self = state;
    self->min = given->min;
    self->max = given->max;
    integer_range(self);
}

static int where_init(void *state, const void *options, const struct leat_shape *in,
                      const struct leat_need *need, struct leat_diag *diag)
{
    (void)need;
    const struct leat_where_options *given = options;
    struct where *self = state;
    self->rate_hz = in->bins_of != 0 ? 0 : in->rate_hz;
    where_knob(state, options, in);
    return leat_stages_channel(in, "channel", given->channel, &self->channel, diag);
}

static const struct leat_param params[] = {
    {.name = "channel", .fallback = NULL,
     .doc = "The channel to look at: a name, or a number from 1.",
     .example = "1",
     .offset = offsetof(struct leat_where_options, channel), .type = LEAT_P_TEXT},
    {.name = "min", .fallback = "-inf",
     .doc = "Smallest value that is kept.",
     .example = "0",
     .offset = offsetof(struct leat_where_options, min), .type = LEAT_P_F64, .knob = true},
    {.name = "max", .fallback = "inf",
     .doc = "Largest value that is kept.",
     .example = "100",
     .offset = offsetof(struct leat_where_options, max), .type = LEAT_P_F64, .knob = true},
};

const struct leat_stage leat_stage_where = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_RESIZES,
    .name = "where",
    .doc = "Keeps the samples, of every channel, at which one channel lies from min to max; NaN "
           "lies nowhere, and a frame that keeps nothing is dropped.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_where_options),
    .ins = 1,
    .outs = 1,
    .resolve = where_resolve,
    .init = where_init,
    .map = where_map,
    .knob = where_knob,
};
