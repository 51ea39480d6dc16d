/* window: frames of exactly `size` samples, one every `hop` samples.
 *
 * The window that comes next is the `filled` samples of the history followed by the input from
 * column `at` on. The history never holds a whole window, so it has room for `size` samples of each
 * row; a row of weights follows them where the window has a shape. A window is put as soon as it is
 * full; when there is no frame or no room for it, the input
 * frame stays with the caller and `at` remembers how far it was used.
 *
 * Behind `key` there is a history for each key, which samples come into one by one, so it is full
 * when a window is. The rows of the keys, and of their times, pass untouched: no weights, and where
 * a window is filled up they go on as they were. Samples of a key come when they like; so where the
 * rate says when each was, that follows the weights.
 */
#include "stages/room.h"

#include <string.h>

enum { TAIL_PAD, TAIL_DROP };

struct window {
    size_t row_bytes;     /* of one row of the history, a multiple of 64 */
    uint64_t hop, skip;   /* skip: samples to pass over before the next window starts */
    uint64_t key;         /* of the newest input frame */
    int64_t time_ns;      /* event time of the input's column 0, or of what follows the input */
    double rate_hz;
    uint32_t rows, width; /* width: bytes of a sample */
    uint32_t size, filled;
    uint32_t covered;     /* leading samples of the next window that an earlier one held, too */
    uint32_t at;          /* columns of the offered frame that are used */
    uint8_t flags;        /* of the input since the last window */
    bool entered;         /* the offered frame's header has been read */
    uint8_t tail;
    bool tapered;         /* the row of weights is used */
    uint8_t kind;
    bool resets;          /* on-gap=reset */
    bool timed;           /* behind `key`: it knows each sample's time */
    uint32_t untouched[2]; /* rows; UINT32_MAX: none */
    LEAT_ALIGNED(LEAT_LINE) char history[];
};

static char *history_row(struct window *self, uint32_t r)
{
    return self->history + r * self->row_bytes;
}

/* [size] of the samples of the history. */
static int64_t *times_of(struct window *self)
{
    return (int64_t *)(void *)history_row(self, self->rows + self->tapered);
}

static bool untouched(const struct window *self, uint32_t r)
{
    return r == self->untouched[0] || r == self->untouched[1];
}

/* n samples into row r of a window from its sample `at` on, times their weights. */
static void put(const struct window *self, uint32_t isa, uint32_t r, char *row, uint32_t at,
                const char *samples, uint32_t n)
{
    size_t offset = (size_t)at * self->width;
    const char *weights = self->history + self->rows * self->row_bytes;
    if (self->tapered && !untouched(self, r))
        leat_fft_kernels((enum leat_isa)isa, self->kind)
            ->multiply(row + offset, samples, weights + offset, n);
    else
        memcpy(row + offset, samples, (size_t)n * self->width);
}

/* What is missing behind the first `at` samples: zeros, or the last one again. */
static void pad(const struct window *self, uint32_t r, char *row, uint32_t at)
{
    const size_t width = self->width;
    if (!untouched(self, r))
        memset(row + at * width, 0, (self->size - at) * width);
    else
        for (; at < self->size; at++)
            memcpy(row + at * width, row + (at - 1) * width, width);
}

/* The next window's samples: history, then input (NULL: nothing more comes). */
static void fill(struct window *self, uint32_t isa, struct leat_frame *made,
                 struct leat_frame *input)
{
    uint32_t old = self->filled, fresh = self->size - old;
    for (uint32_t r = 0; r < self->rows; r++) {
        char *row = leat_frame_row(made, r);
        put(self, isa, r, row, 0, history_row(self, r), old);
        if (input != NULL)
            put(self, isa, r, row, old,
                (char *)leat_frame_row(input, r) + (size_t)self->at * self->width, fresh);
        else
            pad(self, r, row, old);
    }
    made->cols = self->size;
}

/* Puts the next window; false = not now, and nothing has changed. */
static bool emit(struct window *self, struct leat_ctx *ctx, struct leat_frame *input,
                 struct leat_out *out)
{
    if (leat_out_room(out) == 0)
        return false;
    struct leat_frame *made = leat_out_claim(out);
    if (made == NULL)
        return false;
    fill(self, ctx->isa, made, input);
    made->key = self->key;
    made->flags = (uint8_t)(self->flags | (input == NULL ? LEAT_PADDED : 0));
    made->time_ns = leat_stages_time_after(
        self->time_ns, (int64_t)self->at - (int64_t)self->filled, self->rate_hz);
    if (input != NULL)
        made->born = input->born;
    if (!leat_out_put(out, made)) {
        leat_out_release(out, made);
        return false;
    }
    self->flags = 0;
    ctx->reframed++;
    return true;
}

/* From the window that was put to the one after it. */
static void advance(struct window *self)
{
    if (self->hop < self->filled) {
        size_t gone = (size_t)self->hop * self->width;
        size_t kept = (size_t)self->filled * self->width - gone;
        for (uint32_t r = 0; r < self->rows; r++)
            memmove(history_row(self, r), history_row(self, r) + gone, kept);
        self->filled -= (uint32_t)self->hop;
        if (self->timed)
            memmove(times_of(self), times_of(self) + self->hop,
                    self->filled * sizeof(int64_t));
    } else {
        self->skip = self->hop - self->filled;
        self->filled = 0;
    }
    self->covered = self->hop < self->size ? self->size - (uint32_t)self->hop : 0;
}

static void enter(struct window *self, const struct leat_frame *input)
{
    if (self->entered)
        return;
    self->entered = true;
    self->time_ns = input->time_ns;
    self->key = input->key;
    self->flags |= input->flags & (LEAT_GAP_BEFORE | LEAT_LATE);
}

/* How many of the `left` samples lie before the next window, and are passed over. Those of them
 * that the last window did not hold either, the end of every long hop, are lost. */
static uint32_t pass_over(struct window *self, struct leat_ctx *ctx, uint32_t left)
{
    uint32_t over = self->skip < left ? (uint32_t)self->skip : left;
    uint64_t gap = self->hop > self->size ? self->hop - self->size : 0;
    uint64_t ahead = self->skip < gap ? self->skip : gap;
    self->skip -= over;
    ctx->samples_lost += ahead - (self->skip < gap ? self->skip : gap);
    return over;
}

/* n samples of the input, from `at` on, into the history, which has room for them. */
static void keep(struct window *self, struct leat_frame *input, uint32_t at, uint32_t n)
{
    const size_t width = self->width;
    for (uint32_t r = 0; r < self->rows; r++)
        memcpy(history_row(self, r) + self->filled * width,
               (char *)leat_frame_row(input, r) + at * width, n * width);
    self->filled += n;
}

/* Uses up the input; false = not now, it must be offered again. */
static bool use(struct window *self, struct leat_ctx *ctx, struct leat_frame *input,
                struct leat_out *out)
{
    enter(self, input);
    uint32_t left;
    for (;;) {
        self->at += pass_over(self, ctx, input->cols - self->at);
        left = input->cols - self->at;
        if ((uint64_t)self->filled + left < self->size)
            break;
        if (!emit(self, ctx, input, out))
            return false;
        advance(self);
    }
    keep(self, input, self->at, left);
    self->time_ns = leat_stages_time_after(input->time_ns, input->cols, self->rate_hz);
    self->at = 0;
    self->entered = false;
    return true;
}

/* Samples that no window has held go as tail= says; true: into one that is filled up. */
static bool fills_up(const struct window *self, struct leat_ctx *ctx)
{
    if (self->filled > self->covered && self->tail == TAIL_PAD)
        return true;
    ctx->samples_lost += self->filled > self->covered ? self->filled - self->covered : 0;
    return false;
}

/* False = not now. */
static bool window_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct window *self = state;
    if (fills_up(self, ctx) && !emit(self, ctx, NULL, out))
        return false;
    self->filled = 0;
    return true;
}

/* on-gap=reset: the stream ends where samples are missing, and begins anew behind them. */
static bool pass_gap(struct window *self, struct leat_ctx *ctx, const struct leat_frame *input,
                     struct leat_out *out)
{
    if (!self->resets || self->entered || (input->flags & LEAT_GAP_BEFORE) == 0)
        return true;
    if (!window_flush(self, ctx, out))
        return false;
    self->skip = self->covered = 0;
    return true;
}

static uint32_t window_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                            uint32_t n, struct leat_out *out)
{
    struct window *self = state;
    for (uint32_t k = 0; k < n; k++) {
        if (!pass_gap(self, ctx, frames[k], out) || !use(self, ctx, frames[k], out))
            return k;
        leat_out_release(out, frames[k]);
    }
    return n;
}

/* ---- behind `key`: the window of one key ---- */

static void make(struct window *self, const struct leat_ctx *ctx, struct leat_frame *made)
{
    fill(self, ctx->isa, made, NULL);
    made->flags |= self->filled < self->size ? LEAT_PADDED : 0;
    if (self->timed)
        made->time_ns = times_of(self)[0];
}

static void window_take(void *state, struct leat_ctx *ctx, struct leat_frame *input, uint32_t c,
                        struct leat_frame *made)
{
    struct window *self = state;
    if (pass_over(self, ctx, 1) != 0)
        return;
    if (self->timed)
        times_of(self)[self->filled] =
            leat_stages_time_after(input->time_ns, c, self->rate_hz);
    keep(self, input, c, 1);
    if (self->filled < self->size)
        return;
    make(self, ctx, made);
    advance(self);
}

static void window_leave(void *state, struct leat_ctx *ctx, struct leat_frame *made)
{
    struct window *self = state;
    if (fills_up(self, ctx))
        make(self, ctx, made);
    self->filled = 0;
}

/* ---- set-up ---- */

/* The samples of each key know their times. */
static bool knows_times(const struct leat_shape *in, const struct leat_need *need)
{
    return need->key_row != 0 && in->timed && in->rate_hz > 0;
}

/* One of the lengths in samples; `fallback` when it is not given. */
static int length_of(const struct leat_length *given, const char *name, uint64_t fallback,
                     const struct leat_shape *in, uint64_t *samples, struct leat_diag *diag)
{
    *samples = fallback;
    int code = 0;
    if (given->samples != 0 || given->ns != 0)
        code = leat_length_samples(given, in->rate_hz, name, samples, diag);
    if (code == 0 && (*samples == 0 || *samples > LEAT_WINDOW_MAX))
        code = leat_diag_set(diag, LEAT_ERANGE, "%s: %llu samples; it can be 1 to %u", name,
                             (unsigned long long)*samples, LEAT_WINDOW_MAX);
    return code;
}

static int lengths_of(const struct leat_window_options *given, const struct leat_shape *in,
                      uint64_t *size, uint64_t *hop, struct leat_diag *diag)
{
    int code = length_of(&given->size, "size", 0, in, size, diag);
    return code != 0 ? code : length_of(&given->hop, "hop", *size, in, hop, diag);
}

static int window_resolve(const void *options, const struct leat_shape *in,
                          struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_window_options *given = options;
    uint64_t size, hop;
    bool tapered = given->shape != LEAT_TAPER_RECTANGULAR;
    int code = leat_shape_series(in, diag);
    if (code == 0)
        code = lengths_of(options, in, &size, &hop, diag);
    if (code == 0 && tapered)
        code = leat_shape_real(in, diag);
    if (code == 0 && tapered && size > LEAT_FFT_MAX)
        code = leat_diag_set(diag, LEAT_ERANGE, "size: %llu samples; with a shape it can be %llu",
                             (unsigned long long)size, (unsigned long long)LEAT_FFT_MAX);
    if (code != 0)
        return code;
    need->out.cols = (uint32_t)size;
    need->out.cols_fixed = true;
    need->out.timed = in->timed && in->rate_hz > 0; /* a window may begin inside a frame */
    need->claim_max = 1;
    need->lag_max = (uint32_t)(size / in->cols) + 1;
    need->frames_in = need->resets ? 1 : hop; /* at gaps nobody knows how many more */
    need->frames_out = need->resets ? 0 : in->cols;
    need->keeps_keys = true;
    size_t times = knows_times(in, need) ? (size_t)size * sizeof(int64_t) : 0;
    return leat_stages_state(need, sizeof(struct window) + times,
                             leat_round_up((size_t)size * leat_kind_bytes(in->kind), LEAT_LINE),
                             (size_t)in->rows + tapered, diag);
}

static int window_init(void *state, const void *options, const struct leat_shape *in,
                       const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_window_options *given = options;
    struct window *self = state;
    uint64_t size;
    int code = lengths_of(given, in, &size, &self->hop, diag);
    if (code != 0)
        return code;
    self->size = (uint32_t)size;
    self->rows = in->rows;
    self->width = leat_kind_bytes(in->kind);
    self->row_bytes = leat_round_up((size_t)size * self->width, LEAT_LINE);
    self->rate_hz = in->rate_hz;
    self->time_ns = LEAT_TIME_NONE;
    self->tail = (uint8_t)given->tail;
    self->resets = need->resets;
    self->timed = knows_times(in, need);
    self->untouched[0] = need->key_row - 1;
    self->untouched[1] = need->time_row - 1;
    self->kind = (uint8_t)in->kind;
    self->tapered = given->shape != LEAT_TAPER_RECTANGULAR;
    if (self->tapered)
        code = leat_taper_fill(history_row(self, self->rows), in->kind,
                               (enum leat_taper)given->shape, size, given->beta);
    return code == 0 ? 0 : leat_diag_set(diag, code, "shape or beta is not one of window's");
}

static const char *const shapes[] = {
    [LEAT_TAPER_RECTANGULAR] = "rectangular", [LEAT_TAPER_HANN] = "hann",
    [LEAT_TAPER_HAMMING] = "hamming",         [LEAT_TAPER_BLACKMAN] = "blackman",
    [LEAT_TAPER_KAISER] = "kaiser",           NULL,
};

static const char *const tails[] = {[TAIL_PAD] = "pad", [TAIL_DROP] = "drop", NULL};

static const struct leat_param params[] = {
    {.name = "size", .fallback = NULL, .min = 1, .max = LEAT_WINDOW_MAX,
     .doc = "Samples of every frame that comes out, or a duration where the stream has a rate.",
     .example = "1024",
     .offset = offsetof(struct leat_window_options, size), .type = LEAT_P_LENGTH,
     .unit = LEAT_COUNT},
    {.name = "hop", .fallback = "", .min = 1, .max = LEAT_WINDOW_MAX,
     .doc = "From the start of a window to the start of the next; size when not given. Above size, "
            "samples between windows are skipped, and counted as lost.",
     .example = "512",
     .offset = offsetof(struct leat_window_options, hop), .type = LEAT_P_LENGTH,
     .unit = LEAT_COUNT},
    {.name = "tail", .fallback = "pad", .words = tails,
     .doc = "At the end, at a gap with on-gap=reset, and of a key that is evicted or expires, "
            "samples that no full window holds: pad fills a last window up with zeros, drop leaves "
            "them out and counts them as lost.",
     .example = "drop",
     .offset = offsetof(struct leat_window_options, tail), .type = LEAT_P_WORD},
    {.name = "shape", .fallback = "rectangular", .words = shapes,
     .doc = "What the samples of a window are multiplied by, of f32 and f64 streams: periodic "
            "weights, as spectra of overlapping windows want them.",
     .example = "hann",
     .offset = offsetof(struct leat_window_options, shape), .type = LEAT_P_WORD},
    {.name = "beta", .fallback = "8.6", .min = 0, .max = 700,
     .doc = "How narrow a kaiser window is: 0 is rectangular, 5 like hamming, 8.6 like blackman.",
     .example = "14",
     .offset = offsetof(struct leat_window_options, beta), .type = LEAT_P_F64},
};

const struct leat_stage leat_stage_window = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_KEYED | LEAT_READS_ONLY | LEAT_MINDS_GAPS,
    .name = "window",
    .doc = "Frames of exactly `size` samples, one every `hop` samples, cut anew and counted as "
           "reframed. Behind `key` those of each key by itself.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_window_options),
    .ins = 1,
    .outs = 1,
    .resolve = window_resolve,
    .init = window_init,
    .flow = window_flow,
    .flush = window_flush,
    .take = window_take,
    .leave = window_leave,
};
