/* fir and convolve: rows convolved with taps, along the stream or each frame by itself.
 *
 * A line is what a row's samples stand in to be filtered: behind the taps - 1 samples before them,
 * which fir carries from frame to frame and convolve takes as zeros, on the other side too.
 */
#include "stages/room.h"

#include <leat/filter.h>

#include <stdio.h>
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

/* One item that ends like a file of numbers is one. */
static const char *file_of(const struct leat_list *list)
{
    size_t length = list->n == 1 ? strlen(list->items[0]) : 0;
    return length >= 4 && strcmp(list->items[0] + length - 4, ".npy") == 0 ? list->items[0] : NULL;
}

/* How many there are: the items, or the elements of a file, which is a row or a column. */
static int count_taps(const struct leat_list *list, uint32_t *rows, uint32_t *cols,
                      struct leat_diag *diag)
{
    const char *file = file_of(list);
    struct leat_diag why;
    *rows = 1;
    *cols = list->n;
    int code = file == NULL ? 0 : leat_matrix_file_look(file, rows, cols, &why);
    if (code != 0)
        return leat_diag_set(diag, code, "taps: %s", why.text);
    if (*rows != 1 && *cols != 1)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "taps: %s is [%u x %u]: it can be a row or a column", file, *rows,
                             *cols);
    return *cols != 0 ? 0 : leat_diag_set(diag, LEAT_ERANGE, "taps: give one or more numbers");
}

static int read_item(const char *item, double *tap, struct leat_diag *diag)
{
    size_t length = strlen(item);
    if (length != 0 && leat_number_read(item, length, tap) == length)
        return 0;
    return leat_diag_set(diag, LEAT_ESYNTAX, "taps: '%.40s' is not a number", item);
}

/* The taps, finite in the kind, in memory that the caller frees; NULL after an error. */
static double *read_taps(const struct leat_list *list, uint32_t kind, uint32_t *taps, int *code,
                         struct leat_diag *diag)
{
    const char *file = file_of(list);
    struct leat_diag why;
    uint32_t rows, cols;
    *code = count_taps(list, &rows, &cols, diag);
    if (*code != 0)
        return NULL;
    *taps = rows * cols;
    double *h = malloc(*taps * sizeof *h);
    if (h == NULL)
        *code = leat_diag_set(diag, LEAT_ENOMEM, "taps: no memory for %u of them", *taps);
    else if (file != NULL && (*code = leat_matrix_file_read(file, rows, cols, LEAT_F64, h, &why)))
        leat_diag_set(diag, *code, "taps: %s", why.text);
    for (uint32_t k = 0; k < *taps && *code == 0; k++) {
        if (file == NULL)
            *code = read_item(list->items[k], &h[k], diag);
        if (*code == 0)
            *code = leat_stages_finite("taps", h[k], kind, diag);
    }
    if (*code == 0)
        return h;
    free(h);
    return NULL;
}

/* The taps of a stage whose input can be filtered: their number. */
static int check(const struct leat_list *list, const struct leat_shape *in, uint32_t *taps,
                 struct leat_diag *diag)
{
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = leat_shape_series(in, diag);
    if (code == 0)
        free(read_taps(list, in->kind, taps, &code, diag));
    return code;
}

static size_t line_bytes(uint32_t taps, const struct leat_shape *in)
{
    size_t width = leat_kind_bytes(in->kind), back = (taps - 1) * width;
    return leat_round_up(back, LEAT_LINE) + leat_round_up(in->cols * width + back, LEAT_LINE);
}

/* The way that auto is: by the constants of the release, but for what the tuning says that spectra
 * cost. taps and outputs are in their ranges. */
static uint32_t way_of(uint32_t by, uint64_t taps, uint64_t outputs, uint32_t kind,
                       const struct leat_tuning *tuning)
{
    double products, spectra;
    if (by != LEAT_FILTER_AUTO || tuning == NULL || tuning->filter_price == 0)
        return by;
    (void)leat_filter_choice(taps, outputs, kind, &products, &spectra);
    return products <= tuning->filter_price * spectra ? LEAT_FILTER_PRODUCTS : LEAT_FILTER_SPECTRA;
}

/* What auto took as the tuning says. */
static void tell_tuned(uint32_t taps, uint32_t way, uint64_t outputs, const struct leat_shape *in,
                       struct leat_need *need)
{
    double products, spectra;
    (void)leat_filter_choice(taps, outputs, in->kind, &products, &spectra);
    snprintf(need->choice, sizeof need->choice,
             "filters by %s, as tuned: spectra take the time of %.3g products, %u taps on a row "
             "of %llu %.3g",
             way == LEAT_FILTER_PRODUCTS ? "products" : "spectra",
             need->tuning->filter_price * spectra, taps, (unsigned long long)outputs, products);
}

/* What auto took, and why; elsewhere nothing was left to it. */
static void tell(uint32_t taps, uint32_t by, uint64_t outputs, const struct leat_shape *in,
                 struct leat_need *need)
{
    double products, spectra;
    if (by != LEAT_FILTER_AUTO)
        return;
    uint64_t length = leat_filter_choice(taps, outputs, in->kind, &products, &spectra);
    if (length == 0)
        snprintf(need->choice, sizeof need->choice,
                 "filters by products: %u taps on a row of %llu take %.3g of them, spectra the "
                 "time of %.3g",
                 taps, (unsigned long long)outputs, products, spectra);
    else
        snprintf(need->choice, sizeof need->choice,
                 "filters by spectra of pieces of %llu: they take the time of %.3g products, %u "
                 "taps on a row of %llu %.3g",
                 (unsigned long long)length, spectra, taps, (unsigned long long)outputs, products);
}

/* Room for a filter of rows of `outputs` samples, behind a history of each channel. */
static int room_for(uint32_t taps, uint32_t by, uint64_t outputs, size_t history,
                    const struct leat_shape *in, struct leat_need *need, struct leat_diag *diag)
{
    if (leat_filter_bytes((enum leat_filter_way)by, taps, outputs, in->kind) == 0)
        return leat_diag_set(diag, LEAT_ERANGE, "taps: %u of them; there can be 1 to %llu", taps,
                             (unsigned long long)LEAT_FILTER_TAPS_MAX);
    enum leat_filter_way way =
        (enum leat_filter_way)way_of(by, taps, outputs, in->kind, need->tuning);
    size_t filter = leat_filter_bytes(way, taps, outputs, in->kind);
    if (way != (enum leat_filter_way)by)
        tell_tuned(taps, way, outputs, in, need);
    else
        tell(taps, by, outputs, in, need);
    need->scratch_bytes =
        line_bytes(taps, in) + leat_filter_scratch(way, taps, outputs, in->kind);
    return leat_stages_state(need, sizeof(struct fir) + filter, history, in->rows, diag);
}

/* The filter, in the state that room_for has asked for. */
static int make(struct fir *self, const struct leat_list *list, uint32_t by, bool backwards,
                uint64_t outputs, const struct leat_shape *in, const struct leat_need *need,
                struct leat_diag *diag)
{
    int code;
    void *scratch = aligned_alloc(LEAT_LINE, leat_round_up(need->scratch_bytes, LEAT_LINE));
    double *h = read_taps(list, in->kind, &self->taps, &code, diag);
    if (h != NULL && scratch == NULL)
        code = leat_diag_set(diag, LEAT_ENOMEM, "taps: no memory for %u of them", self->taps);
    for (uint32_t k = 0; code == 0 && backwards && k < self->taps / 2; k++) {
        double tap = h[k];
        h[k] = h[self->taps - 1 - k];
        h[self->taps - 1 - k] = tap;
    }
    self->filter_at = sizeof *self + self->row_bytes * in->rows;
    self->line_bytes = line_bytes(self->taps, in);
    if (code == 0)
        by = way_of(by, self->taps, outputs, in->kind, need->tuning);
    if (code == 0 &&
        (code = leat_filter_init((void *)((char *)self + self->filter_at),
                                 (enum leat_filter_way)by, h, self->taps, outputs, in->kind,
                                 scratch)))
        leat_diag_set(diag, code, "taps: no filter of %u of them", self->taps);
    free(h);
    free(scratch);
    return code;
}

static const char *const ways[] = {"auto", "products", "spectra", NULL};

#define TAPS(options)                                                                        \
    {.name = "taps", .fallback = NULL,                                                       \
     .doc = "The numbers that samples are multiplied by, that of the newest sample first; or an " \
            "npy file of them.",                                                             \
     .example = "0.25,0.5,0.25", .offset = offsetof(options, taps), .type = LEAT_P_LIST}
#define BY(options)                                                                          \
    {.name = "by", .fallback = "auto", .words = ways,                                        \
     .doc = "How: products, one for each tap and sample, or spectra of pieces of a row, faster " \
            "for many taps and rounded by the piece. auto takes the faster one, for so many " \
            "taps and samples in a frame.",                                                  \
     .example = "products", .offset = offsetof(options, by), .type = LEAT_P_WORD}

/* ---- fir ---- */

static size_t history_of(uint32_t taps, const struct leat_shape *in)
{
    return leat_round_up((taps - 1) * (size_t)leat_kind_bytes(in->kind), LEAT_LINE);
}

static int fir_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_fir_options *given = options;
    uint32_t taps;
    int code = check(&given->taps, in, &taps, diag);
    return code != 0 ? code
                     : room_for(taps, given->by, in->cols, history_of(taps, in), in, need, diag);
}

static int fir_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_fir_options *given = options;
    struct fir *self = state;
    uint32_t rows, cols;
    int code = count_taps(&given->taps, &rows, &cols, diag);
    if (code != 0)
        return code;
    self->row_bytes = history_of(rows * cols, in);
    return make(self, &given->taps, given->by, false, in->cols, in, need, diag);
}

static const struct leat_param fir_params[] = {
    TAPS(struct leat_fir_options),
    BY(struct leat_fir_options),
};

const struct leat_stage leat_stage_fir = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_KEYED | LEAT_MAY_BREAK_FINITE,
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
static uint32_t outputs_of(uint32_t mode, uint32_t taps, uint32_t cols)
{
    uint64_t back = taps - 1;
    if (mode == VALID)
        return cols > back ? (uint32_t)(cols - back) : 0;
    return mode == SAME ? cols : cols + back <= UINT32_MAX ? (uint32_t)(cols + back) : 0;
}

static int convolve_resolve(const void *options, const struct leat_shape *in,
                            struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_convolve_options *given = options;
    uint32_t taps;
    int code = check(&given->taps, in, &taps, diag);
    if (code != 0)
        return code;
    uint32_t outputs = outputs_of(given->mode, taps, in->cols);
    if (outputs == 0)
        return leat_diag_set(diag, LEAT_ESHAPE, "mode: no sample of a frame of %u has all %u taps "
                             "on samples of it: make frames longer, or take mode=same",
                             in->cols, taps);
    need->out.cols = outputs;
    need->out.cols_fixed = in->cols_fixed || given->mode != SAME;
    return room_for(taps, given->by, outputs, 0, in, need, diag);
}

static int convolve_init(void *state, const void *options, const struct leat_shape *in,
                         const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_convolve_options *given = options;
    struct fir *self = state;
    uint32_t outputs = need->out.cols;
    int code = make(self, &given->taps, given->by, given->correlate, outputs, in, need, diag);
    self->samples = given->mode == SAME ? 0 : in->cols;
    self->offset = given->mode == FULL    ? 0
                   : given->mode == SAME ? (self->taps - 1) / 2
                                         : self->taps - 1;
    self->longer = (int32_t)((int64_t)outputs - in->cols);
    return code;
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
