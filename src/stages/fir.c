/* fir and convolve: rows convolved with taps, along the stream or each frame by itself.
 *
 * A line is what a row's samples stand in to be filtered: behind the taps - 1 samples before them,
 * which fir carries from frame to frame and convolve takes as zeros, on the other side too.
 */
#include "stages/room.h"

#include <leat/filter.h>

#include <stdlib.h>
#include <string.h>

enum mode { FULL, SAME, VALID };

struct fir {
    uint64_t filter_at;  /* from the state's start, behind the history, as all offsets in bytes */
    uint64_t line_bytes; /* of the scratch, ahead of the filter's own */
    uint64_t row_bytes;  /* of the history of a row; 0: there is none */
    uint32_t taps;
    uint32_t samples;    /* frames are filled up to so many; 0: they are not */
    uint32_t offset;     /* of the first output, from where the row begins */
    int32_t longer;      /* outputs beyond the samples of a row */
    LEAT_ALIGNED(LEAT_LINE) char history[];
};

static const struct leat_filter *filter_of(const struct fir *self)
{
    return (const void *)((const char *)self + self->filter_at);
}

/* Where sample 0 of a row stands in the line: aligned, behind taps - 1 others. */
static char *line_start(const struct leat_ctx *ctx, size_t back)
{
    return (char *)ctx->scratch + leat_round_up(back, LEAT_LINE);
}

static void run(const struct fir *self, struct leat_ctx *ctx, struct leat_frame *frame, uint32_t r)
{
    size_t width = leat_kind_bytes(frame->kind), back = (self->taps - 1) * width;
    size_t bytes = frame->cols * width;
    char *start = line_start(ctx, back), *row = leat_frame_row(frame, r);
    char *carried = (char *)(uintptr_t)self->history + r * self->row_bytes;
    size_t outputs = (size_t)((int64_t)frame->cols + self->longer);
    if (self->row_bytes != 0) {
        memcpy(start - back, carried, back);
    } else {
        memset(start - back, 0, back);
        memset(start + bytes, 0, back);
    }
    memcpy(start, row, bytes);
    leat_filter_run(filter_of(self), (enum leat_isa)ctx->isa, row, start + self->offset * width,
                    outputs, (char *)ctx->scratch + self->line_bytes);
    if (self->row_bytes != 0)
        memcpy(carried, start + bytes - back, back);
}

static void fir_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                    uint32_t n)
{
    const struct fir *self = state;
    for (uint32_t i = 0; i < n; i++) {
        leat_stages_pad(ctx, frames[i], self->samples);
        for (uint32_t r = 0; r < frames[i]->rows; r++)
            run(self, ctx, frames[i], r);
        frames[i]->cols = (uint32_t)((int64_t)frames[i]->cols + self->longer);
    }
}

/* ---- options ---- */

static int tap_of(const struct leat_list *list, uint32_t k, uint32_t kind, double *tap,
                  struct leat_diag *diag)
{
    const char *item = list->items[k];
    size_t length = strlen(item);
    if (length == 0 || leat_number_read(item, length, tap) != length)
        return leat_diag_set(diag, LEAT_ESYNTAX, "taps: '%.40s' is not a number", item);
    return leat_stages_finite("taps", *tap, kind, diag);
}

/* What both stages ask of their input, and the room for a filter of rows of `outputs` samples
 * behind `history` bytes of each channel. */
static int room_for(const struct leat_list *taps, uint32_t by, uint64_t outputs, size_t history,
                    const struct leat_shape *in, struct leat_need *need, struct leat_diag *diag)
{
    size_t width = leat_kind_bytes(in->kind), back = (taps->n - 1) * width;
    double tap;
    for (uint32_t k = 0; k < taps->n; k++) {
        int code = tap_of(taps, k, in->kind, &tap, diag);
        if (code != 0)
            return code;
    }
    size_t filter = leat_filter_bytes((enum leat_filter_way)by, taps->n, outputs, in->kind);
    if (filter == 0)
        return leat_diag_set(diag, LEAT_ERANGE, "taps: %u of them; there can be 1 to %llu",
                             taps->n, (unsigned long long)LEAT_FILTER_TAPS_MAX);
    need->scratch_bytes = leat_round_up(back, LEAT_LINE) +
                          leat_round_up(in->cols * width + back, LEAT_LINE) +
                          leat_filter_scratch((enum leat_filter_way)by, taps->n, outputs,
                                              in->kind);
    return leat_stages_state(need, sizeof(struct fir) + filter, leat_round_up(history, LEAT_LINE),
                             in->rows, diag);
}

static int check_input(const struct leat_list *taps, const struct leat_shape *in,
                       struct leat_diag *diag)
{
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = leat_shape_series(in, diag);
    if (code == 0 && taps->n == 0)
        code = leat_diag_set(diag, LEAT_ERANGE, "taps: give one or more numbers");
    return code;
}

/* The filter, in the state that room_for has asked for. */
static int make(struct fir *self, const struct leat_list *taps, uint32_t by, bool backwards,
                uint64_t outputs, const struct leat_shape *in, const struct leat_need *need,
                struct leat_diag *diag)
{
    enum leat_filter_way way = (enum leat_filter_way)by;
    size_t width = leat_kind_bytes(in->kind), back = (taps->n - 1) * width;
    self->taps = taps->n;
    self->filter_at = sizeof *self + self->row_bytes * in->rows;
    self->line_bytes =
        leat_round_up(back, LEAT_LINE) + leat_round_up(in->cols * width + back, LEAT_LINE);
    double *h = malloc(taps->n * sizeof *h);
    void *scratch = aligned_alloc(LEAT_LINE, leat_round_up(need->scratch_bytes, LEAT_LINE));
    int code = h == NULL || scratch == NULL ? LEAT_ENOMEM : 0;
    for (uint32_t k = 0; k < taps->n && code == 0; k++)
        code = tap_of(taps, k, in->kind, &h[backwards ? taps->n - 1 - k : k], diag);
    if (code == 0)
        code = leat_filter_init((void *)((char *)self + self->filter_at), way, h, taps->n,
                                outputs, in->kind, scratch);
    free(h);
    free(scratch);
    return code == 0 ? 0 : leat_diag_set(diag, code, "taps: no filter of %u of them", taps->n);
}

static const char *const ways[] = {"auto", "products", "spectra", NULL};

#define TAPS(options)                                                                        \
    {.name = "taps", .fallback = NULL,                                                       \
     .doc = "The numbers that samples are multiplied by, that of the newest sample first.",  \
     .example = "0.25,0.5,0.25", .offset = offsetof(options, taps), .type = LEAT_P_LIST}
#define BY(options)                                                                          \
    {.name = "by", .fallback = "auto", .words = ways,                                        \
     .doc = "How: products, one for each tap and sample, or spectra of pieces of a row, faster " \
            "for many taps and rounded by the piece. auto takes the faster one, for so many " \
            "taps and samples in a frame.",                                                  \
     .example = "products", .offset = offsetof(options, by), .type = LEAT_P_WORD}

/* ---- fir ---- */

static int fir_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_fir_options *given = options;
    int code = check_input(&given->taps, in, diag);
    size_t history = code == 0 ? (given->taps.n - 1) * (size_t)leat_kind_bytes(in->kind) : 0;
    return code != 0 ? code
                     : room_for(&given->taps, given->by, in->cols, history, in, need, diag);
}

static int fir_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_fir_options *given = options;
    struct fir *self = state;
    self->row_bytes =
        leat_round_up((given->taps.n - 1) * (size_t)leat_kind_bytes(in->kind), LEAT_LINE);
    return make(self, &given->taps, given->by, false, in->cols, in, need, diag);
}

static const struct leat_param fir_params[] = {
    TAPS(struct leat_fir_options),
    BY(struct leat_fir_options),
};

const struct leat_stage leat_stage_fir = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_MAY_BREAK_FINITE,
    .name = "fir",
    .doc = "A filter along the stream: each sample becomes the sum of taps times itself and those "
           "before it, carried over frames; before the first sample there are zeros.",
    .params = fir_params,
    .params_n = LEAT_STAGES_COUNT(fir_params),
    .options_bytes = sizeof(struct leat_fir_options),
    .ins = 1,
    .outs = 1,
    .resolve = fir_resolve,
    .init = fir_init,
    .map = fir_map,
};

/* ---- convolve ---- */

/* How many samples come out of a frame; 0: none, or more than a frame holds. */
static uint32_t outputs_of(const struct leat_convolve_options *given, uint32_t cols)
{
    uint64_t back = given->taps.n - 1;
    if (given->mode == VALID)
        return cols > back ? (uint32_t)(cols - back) : 0;
    return given->mode == SAME ? cols : cols + back <= UINT32_MAX ? (uint32_t)(cols + back) : 0;
}

static int convolve_resolve(const void *options, const struct leat_shape *in,
                            struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_convolve_options *given = options;
    int code = check_input(&given->taps, in, diag);
    uint32_t outputs = code == 0 ? outputs_of(given, in->cols) : 0;
    if (code == 0 && outputs == 0)
        code = leat_diag_set(diag, LEAT_ESHAPE, "mode: no sample of a frame of %u has all %u taps "
                             "on samples of it: make frames longer, or take mode=same",
                             in->cols, given->taps.n);
    if (code != 0)
        return code;
    need->out.cols = outputs;
    need->out.cols_fixed = in->cols_fixed || given->mode != SAME;
    return room_for(&given->taps, given->by, outputs, 0, in, need, diag);
}

static int convolve_init(void *state, const void *options, const struct leat_shape *in,
                         const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_convolve_options *given = options;
    struct fir *self = state;
    uint32_t back = given->taps.n - 1, outputs = outputs_of(given, in->cols);
    self->samples = given->mode == SAME ? 0 : in->cols;
    self->offset = given->mode == FULL ? 0 : given->mode == SAME ? back / 2 : back;
    self->longer = (int32_t)((int64_t)outputs - in->cols);
    return make(self, &given->taps, given->by, given->correlate, outputs, in, need, diag);
}

static const char *const modes[] = {[FULL] = "full", [SAME] = "same", [VALID] = "valid", NULL};

static const struct leat_param convolve_params[] = {
    TAPS(struct leat_convolve_options),
    {.name = "mode", .fallback = "full", .words = modes,
     .doc = "full: every sample that a tap reaches, taps - 1 more than came in; same: as many as "
            "came in, from their middle; valid: those that all taps reach.",
     .example = "same",
     .offset = offsetof(struct leat_convolve_options, mode), .type = LEAT_P_WORD},
    {.name = "correlate", .fallback = "no",
     .doc = "Takes the taps in reverse order, as a correlation with them does.",
     .example = "yes",
     .offset = offsetof(struct leat_convolve_options, correlate), .type = LEAT_P_BOOL},
    BY(struct leat_convolve_options),
};

const struct leat_stage leat_stage_convolve = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_RESIZES | LEAT_MAY_BREAK_FINITE,
    .name = "convolve",
    .doc = "Each row of a frame is convolved with the taps, by itself: beyond its ends there are "
           "zeros. A shorter frame is filled up with zeros, and counted as reframed, but with "
           "mode=same.",
    .params = convolve_params,
    .params_n = LEAT_STAGES_COUNT(convolve_params),
    .options_bytes = sizeof(struct leat_convolve_options),
    .ins = 1,
    .outs = 1,
    .resolve = convolve_resolve,
    .init = convolve_init,
    .map = fir_map,
};
