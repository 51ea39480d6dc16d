/* rfft irfft fft ifft: each frame becomes its spectrum or comes back from it, in place.
 *
 * A complex channel takes two rows, so channel c of a spectrum stands in rows 2 c and 2 c + 1.
 * Where that is more rows than came in, the last channel goes first: what is written over has been
 * used. The way back goes forwards.
 */
#include "stages/room.h"

#include <stdlib.h>
#include <string.h>

enum direction { RFFT, IRFFT, FFT, IFFT };

struct fourier {
    uint32_t direction;
    uint32_t samples;  /* columns that come in */
    uint32_t bins;     /* columns that go out */
    uint32_t channels;
    uint32_t rows_out;
    uint32_t row_flags; /* where, behind the plan, it says of each channel whether it is complex */
    LEAT_ALIGNED(LEAT_LINE) char plan[];
};

typedef void transform(const struct fourier *self, const struct leat_fft *kernels,
                       struct leat_frame *frame, void *scratch);

static const struct leat_fft_plan *plan_of(const struct fourier *self)
{
    return (const void *)self->plan;
}

/* Pairs of rows, channel c in rows 2 c and 2 c + 1; backwards: the last channel first. */
static struct leat_fft_rows pairs(const struct fourier *self, struct leat_frame *frame,
                                  bool backwards)
{
    int64_t step = 2 * frame->stride / (int64_t)leat_kind_bytes(frame->kind);
    uint32_t first = backwards ? 2 * (self->channels - 1) : 0;
    return (struct leat_fft_rows){leat_frame_row(frame, first), leat_frame_row(frame, first + 1),
                                  backwards ? -step : step};
}

static struct leat_fft_rows singles(const struct fourier *self, struct leat_frame *frame,
                                    bool backwards)
{
    int64_t step = frame->stride / (int64_t)leat_kind_bytes(frame->kind);
    return (struct leat_fft_rows){leat_frame_row(frame, backwards ? self->channels - 1 : 0), NULL,
                                  backwards ? -step : step};
}

static void run_rfft(const struct fourier *self, const struct leat_fft *kernels,
                     struct leat_frame *frame, void *scratch)
{
    struct leat_fft_rows in = singles(self, frame, true), out = pairs(self, frame, true);
    kernels->batch(plan_of(self), false, &out, &in, self->channels, scratch);
}

static void run_irfft(const struct fourier *self, const struct leat_fft *kernels,
                      struct leat_frame *frame, void *scratch)
{
    struct leat_fft_rows in = pairs(self, frame, false), out = singles(self, frame, false);
    kernels->batch(plan_of(self), true, &out, &in, self->channels, scratch);
}

static void run_fft(const struct fourier *self, const struct leat_fft *kernels,
                    struct leat_frame *frame, void *scratch)
{
    const uint8_t *is_complex = (const uint8_t *)self->plan + self->row_flags;
    size_t bytes = (size_t)self->samples * leat_kind_bytes(frame->kind);
    struct leat_fft_rows rows = pairs(self, frame, false);
    uint32_t from = frame->rows;
    for (uint32_t c = self->channels; c-- > 0;) {
        void *re = leat_frame_row(frame, 2 * c), *im = leat_frame_row(frame, 2 * c + 1);
        if (is_complex[c])
            memmove(im, leat_frame_row(frame, --from), bytes);
        else
            memset(im, 0, bytes);
        memmove(re, leat_frame_row(frame, --from), bytes);
    }
    kernels->batch(plan_of(self), false, &rows, &rows, self->channels, scratch);
}

static void run_ifft(const struct fourier *self, const struct leat_fft *kernels,
                     struct leat_frame *frame, void *scratch)
{
    struct leat_fft_rows rows = pairs(self, frame, false);
    kernels->batch(plan_of(self), true, &rows, &rows, self->channels, scratch);
}

static void fourier_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                        uint32_t n)
{
    static transform *const transforms[] = {run_rfft, run_irfft, run_fft, run_ifft};
    const struct fourier *self = state;
    const struct leat_fft *kernels =
        leat_fft_kernels((enum leat_isa)ctx->isa, frames[0]->kind);
    for (uint32_t i = 0; i < n; i++) {
        leat_stages_pad(ctx, frames[i], self->samples);
        transforms[self->direction](self, kernels, frames[i], ctx->scratch);
        frames[i]->rows = self->rows_out;
        frames[i]->cols = self->bins;
    }
}

/* ---- shapes ---- */

/* Every channel is complex, and the columns are the bins of a real (or of a complex) transform. */
static int check_spectrum(const struct leat_shape *in, bool real, struct leat_diag *diag)
{
    for (uint32_t r = 0; r < in->rows; r++)
        if (in->channels[r].half == LEAT_WHOLE)
            return leat_diag_set(diag, LEAT_ESHAPE,
                                 "it works on complex channels, and '%s' is real",
                                 in->channels[r].name);
    if (in->bins_of == 0)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "the frames are samples in time, no spectra: put `%s` before it",
                             real ? "rfft" : "fft");
    if (in->cols != (real ? leat_fft_bins(in->bins_of) : in->bins_of))
        return leat_diag_set(diag, LEAT_ESHAPE, "the frames are not what `%s` gives: take `%s`",
                             real ? "rfft" : "fft", real ? "ifft" : "irfft");
    return LEAT_OK;
}

static int check_series(const struct leat_shape *in, bool real, struct leat_diag *diag)
{
    if (in->bins_of != 0)
        return leat_diag_set(diag, LEAT_ESHAPE, "the frames are spectra already");
    for (uint32_t r = 0; real && r < in->rows; r++)
        if (in->channels[r].half != LEAT_WHOLE)
            return leat_diag_set(diag, LEAT_ESHAPE,
                                 "it works on real channels, and '%s' is part of a complex one: "
                                 "take `fft`",
                                 in->channels[r].name);
    return LEAT_OK;
}

static uint32_t channels_of(const struct leat_shape *in)
{
    uint32_t channels = 0;
    for (uint32_t r = 0; r < in->rows; r++)
        channels += in->channels[r].half != LEAT_IM;
    return channels;
}

/* Two rows for each channel: those of a complex one stay as they are called. */
static int name_pairs(const struct leat_shape *in, struct leat_need *need, struct leat_diag *diag)
{
    struct leat_channel *out = need->out.channels;
    uint32_t channels = channels_of(in), from = in->rows;
    if (channels > need->channels_max / 2)
        return leat_diag_set(diag, LEAT_ELIMIT, "%u complex channels are more than %u rows hold",
                             channels, need->channels_max);
    need->out.rows = 2 * channels;
    for (uint32_t c = channels; c-- > 0;) {
        if (in->channels[--from].half == LEAT_IM) {
            out[2 * c + 1] = in->channels[from];
            out[2 * c] = in->channels[--from];
            continue;
        }
        out[2 * c] = out[2 * c + 1] = in->channels[from];
        out[2 * c].half = LEAT_RE;
        out[2 * c + 1].half = LEAT_IM;
        leat_shape_name(&need->out, 2 * c, "%.60s.re", in->channels[from].name);
        leat_shape_name(&need->out, 2 * c + 1, "%.60s.im", in->channels[from].name);
    }
    return LEAT_OK;
}

void leat_stages_name_whole(struct leat_shape *out, const struct leat_shape *in)
{
    out->rows = in->rows / 2;
    for (uint32_t c = 0; c < out->rows; c++) {
        struct leat_channel *channel = &out->channels[c];
        *channel = in->channels[2 * c];
        channel->half = LEAT_WHOLE;
        size_t length = strlen(channel->name);
        if (length > 3 && strcmp(channel->name + length - 3, ".re") == 0)
            channel->name[length - 3] = '\0';
    }
}

static int room_for(enum direction direction, uint64_t n, const struct leat_shape *in,
                    struct leat_need *need, struct leat_diag *diag)
{
    enum leat_fft_type type =
        direction == RFFT || direction == IRFFT ? LEAT_FFT_REAL : LEAT_FFT_COMPLEX;
    if (n > LEAT_FFT_MAX)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "frames of %llu samples: a transform has at most %llu",
                             (unsigned long long)n, (unsigned long long)LEAT_FFT_MAX);
    need->scratch_bytes = leat_fft_scratch(type, n, in->kind);
    return leat_stages_state(need, sizeof(struct fourier) + leat_fft_bytes(type, n, in->kind), 1,
                             in->rows, diag);
}

static int resolve(enum direction direction, const struct leat_shape *in, struct leat_need *need,
                   struct leat_diag *diag)
{
    bool back = direction == IRFFT || direction == IFFT;
    bool real = direction == RFFT || direction == IRFFT;
    uint32_t n = back ? in->bins_of : in->cols;
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = (back ? check_spectrum : check_series)(in, real, diag);
    if (code == 0)
        code = room_for(direction, n, in, need, diag);
    if (code == 0 && !back)
        code = name_pairs(in, need, diag);
    if (code != 0)
        return code;
    if (direction == IRFFT)
        leat_stages_name_whole(&need->out, in);
    need->out.cols = direction == RFFT ? (uint32_t)leat_fft_bins(n) : n;
    need->out.cols_fixed = true;
    need->out.bins_of = back ? 0 : n;
    return LEAT_OK;
}

static int init(enum direction direction, void *state, const struct leat_shape *in,
                const struct leat_need *need, struct leat_diag *diag)
{
    struct fourier *self = state;
    bool real = direction == RFFT || direction == IRFFT;
    enum leat_fft_type type = real ? LEAT_FFT_REAL : LEAT_FFT_COMPLEX;
    uint32_t n = in->bins_of != 0 ? in->bins_of : in->cols;
    *self = (struct fourier){.direction = (uint32_t)direction,
                             .samples = in->cols,
                             .bins = need->out.cols,
                             .channels = channels_of(in),
                             .rows_out = need->out.rows,
                             .row_flags = (uint32_t)leat_fft_bytes(type, n, in->kind)};
    uint8_t *is_complex = (uint8_t *)self->plan + self->row_flags;
    for (uint32_t r = 0, c = 0; r < in->rows; r++)
        if (in->channels[r].half != LEAT_IM)
            is_complex[c++] = in->channels[r].half == LEAT_RE;
    void *scratch = aligned_alloc(LEAT_LINE, leat_round_up(need->scratch_bytes, LEAT_LINE));
    if (scratch == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for a transform of %u samples", n);
    int code = leat_fft_init((void *)self->plan, type, n, in->kind, scratch);
    free(scratch);
    return code == 0 ? 0 : leat_diag_set(diag, code, "no transform of %u samples", n);
}

#define FOURIER_CALLS(name, direction)                                                       \
    static int name##_resolve(const void *options, const struct leat_shape *in,              \
                              struct leat_need *need, struct leat_diag *diag)                \
    {                                                                                        \
        (void)options;                                                                       \
        return resolve(direction, in, need, diag);                                           \
    }                                                                                        \
    static int name##_init(void *state, const void *options, const struct leat_shape *in,    \
                           const struct leat_need *need, struct leat_diag *diag)             \
    {                                                                                        \
        (void)options;                                                                       \
        return init(direction, state, in, need, diag);                                       \
    }
FOURIER_CALLS(rfft, RFFT)
FOURIER_CALLS(irfft, IRFFT)
FOURIER_CALLS(fft, FFT)
FOURIER_CALLS(ifft, IFFT)

#define FOURIER_TRAITS (LEAT_MAP | LEAT_STATELESS | LEAT_RESIZES | LEAT_MAY_BREAK_FINITE)

const struct leat_stage leat_stage_rfft = {
    .size = sizeof(struct leat_stage),
    .traits = FOURIER_TRAITS,
    .name = "rfft",
    .doc = "Each row of a frame of n samples becomes the n/2+1 bins of its spectrum, a complex "
           "channel of two rows, NAME.re and NAME.im. A shorter frame is filled up with zeros, and "
           "counted as reframed.",
    .ins = 1,
    .outs = 1,
    .resolve = rfft_resolve,
    .init = rfft_init,
    .map = fourier_map,
};

const struct leat_stage leat_stage_irfft = {
    .size = sizeof(struct leat_stage),
    .traits = FOURIER_TRAITS,
    .name = "irfft",
    .doc = "Spectra that rfft gave become rows of samples again.",
    .ins = 1,
    .outs = 1,
    .resolve = irfft_resolve,
    .init = irfft_init,
    .map = fourier_map,
    .behind = "rfft",
};

const struct leat_stage leat_stage_fft = {
    .size = sizeof(struct leat_stage),
    .traits = FOURIER_TRAITS,
    .name = "fft",
    .doc = "Each channel of a frame of n samples, real or complex, becomes the n bins of its "
           "spectrum, a complex channel of two rows. A shorter frame is filled up with zeros, and "
           "counted as reframed.",
    .ins = 1,
    .outs = 1,
    .resolve = fft_resolve,
    .init = fft_init,
    .map = fourier_map,
};

const struct leat_stage leat_stage_ifft = {
    .size = sizeof(struct leat_stage),
    .traits = FOURIER_TRAITS,
    .name = "ifft",
    .doc = "Spectra that fft gave become complex channels of samples again.",
    .ins = 1,
    .outs = 1,
    .resolve = ifft_resolve,
    .init = ifft_init,
    .map = fourier_map,
    .behind = "fft",
};
