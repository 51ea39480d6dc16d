/* What the files of this room share. */
#include "stages/room.h"

#include <string.h>

const char *const leat_stages_outputs[] = {"mean", "variance", "stddev", "zscore", NULL};
LEAT_STATIC_ASSERT(LEAT_OUT_MEAN == 0 && LEAT_OUT_VARIANCE == 1 && LEAT_OUT_STDDEV == 2 &&
                       LEAT_OUT_ZSCORE == 3,
                   "a word's index is its leat_output");

int leat_stages_state(struct leat_need *need, size_t head, size_t each, size_t n,
                      struct leat_diag *diag)
{
    size_t bytes;
    if (!leat_size_mul(each, n, &bytes) || !leat_size_add(bytes, head, &need->state_bytes))
        return leat_diag_set(diag, LEAT_ERANGE,
                             "the state of %zu channels of %zu bytes each does not fit in memory: "
                             "make the window shorter or select fewer channels",
                             n, each);
    return 0;
}

void leat_stages_unitless(struct leat_need *need)
{
    for (uint32_t r = 0; r < need->out.rows; r++)
        need->out.channels[r].unit[0] = 0;
}

void leat_stages_pad(struct leat_ctx *ctx, struct leat_frame *frame, uint32_t cols)
{
    size_t width = leat_kind_bytes(frame->kind);
    if (frame->cols >= cols)
        return;
    for (uint32_t r = 0; r < frame->rows; r++)
        memset((char *)leat_frame_row(frame, r) + frame->cols * width, 0,
               (cols - frame->cols) * width);
    frame->cols = cols;
    frame->flags = (uint8_t)((frame->flags & ~LEAT_SHORT) | LEAT_PADDED);
    ctx->reframed++;
}

static bool is_infinite(double x) { return x == __builtin_inf() || x == -__builtin_inf(); }

int leat_stages_finite(const char *name, double value, uint32_t kind, struct leat_diag *diag)
{
    if (value != value || is_infinite(value))
        return leat_diag_set(diag, LEAT_ERANGE, "%s: %g is not a finite number", name, value);
    if (kind == LEAT_F32 && is_infinite((double)(float)value))
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: %g does not fit the stream's f32: put cast type=f64 before",
                             name, value);
    return 0;
}

int leat_stages_range(double min, double max, uint32_t kind, struct leat_diag *diag)
{
    if (min != min || max != max)
        return leat_diag_set(diag, LEAT_ERANGE, "%s: nan is no bound: give a number",
                             min != min ? "min" : "max");
    if (min > max)
        return leat_diag_set(diag, LEAT_ERANGE, "min: %g is above max=%g: swap them", min, max);
    int code = 0;
    if (!is_infinite(min))
        code = leat_stages_finite("min", min, kind, diag);
    if (code == 0 && !is_infinite(max))
        code = leat_stages_finite("max", max, kind, diag);
    return code;
}

int leat_stages_channel(const struct leat_shape *in, const char *param, const char *channel,
                        uint32_t *row, struct leat_diag *diag)
{
    struct leat_diag why;
    int code = leat_shape_find(in, channel, row, &why);
    return code == 0 ? 0 : leat_diag_set(diag, code, "%s: %s", param, why.text);
}

int64_t leat_stages_time_after(int64_t time_ns, int64_t samples, double rate_hz)
{
    if (samples == 0 || time_ns == LEAT_TIME_NONE)
        return time_ns;
    if (!(rate_hz > 0))
        return LEAT_TIME_NONE;
    double ns = (double)samples * 1e9 / rate_hz;
    ns += ns < 0 ? -0.5 : 0.5;
    if (!(ns > -9.2e18 && ns < 9.2e18))
        return LEAT_TIME_NONE;
    int64_t after;
    return __builtin_add_overflow(time_ns, (int64_t)ns, &after) ? LEAT_TIME_NONE : after;
}
