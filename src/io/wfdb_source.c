/* wfdb: the signals of a record, as PhysioNet's are. */
#include "io/common.h"
#include "io/bytes.h"
#include "io/wfdb_header.h"

#include <stdlib.h>
#include <string.h>

struct wfdb_source {
    struct leat_wfdb_header header;
    uint64_t taken, samples;
    uint32_t cols, kind;
    int fd;
    bool owned, scale;
    char *buffer;   /* the bytes of a frame */
    uint16_t *sums; /* [signals] of all samples so far */
};

/* A record is called by its header, or without ".hea". NULL: no memory. */
static char *header_path(const char *file)
{
    size_t n = strlen(file);
    bool whole = n >= 4 && strcmp(file + n - 4, ".hea") == 0;
    char *path = malloc(n + 5);
    if (path != NULL) {
        memcpy(path, file, n + 1);
        strcpy(path + n, whole ? "" : ".hea");
    }
    return path;
}

static int read_header(struct leat_wfdb_header *header, const char *file, uint32_t signals_max,
                       struct leat_diag *diag)
{
    char *path = header_path(file);
    memset(header, 0, sizeof *header);
    if (path == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for a name");
    int status = leat_wfdb_header_read(header, path, signals_max, diag);
    free(path);
    return status;
}

/* The bytes of the first n samples of all signals. Two of 212 share three bytes; the last of an odd
 * number has two. */
static uint64_t bytes_of(uint32_t bits, uint64_t n)
{
    return bits == 16 ? 2 * n : n / 2 * 3 + (n % 2) * 2;
}

/* Holds the header to the length of the samples' file. */
static int count(const struct leat_wfdb_header *h, uint64_t file_bytes, uint64_t *samples,
                 struct leat_diag *diag)
{
    uint64_t held = file_bytes > h->start ? file_bytes - h->start : 0, all;
    *samples = h->samples;
    if (*samples == 0)
        *samples = (h->bits == 16 ? held / 2 : held / 3 * 2 + (held % 3 == 2)) / h->signals_n;
    if (__builtin_mul_overflow(*samples, h->signals_n, &all) || all > INT64_MAX / 2)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: its sizes multiply to more than a file holds", h->data);
    uint64_t needed = bytes_of(h->bits, all);
    bool padded = h->bits == 212 && all % 2 == 1 && held == needed + 1;
    if (held == needed || padded)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_EDATA,
                         held < needed ? "%s: is cut off: %llu samples of %u signals need %llu "
                                         "bytes and the file has %llu"
                                       : "%s: %llu samples of %u signals need %llu bytes and the "
                                         "file has %llu; is the header another record's?",
                         h->data, (unsigned long long)*samples, h->signals_n,
                         (unsigned long long)needed, (unsigned long long)held);
}

/* The samples' file. Returns the descriptor. */
static int open_data(const struct leat_wfdb_header *h, bool *owned, uint64_t *samples,
                     struct leat_diag *diag)
{
    struct leat_input_facts facts;
    int fd = leat_input_open_file(h->data, "wfdb is", "", owned, &facts, diag);
    if (fd < 0)
        return fd;
    int status = count(h, facts.bytes, samples, diag);
    if (status == LEAT_OK)
        return fd;
    if (*owned)
        leat_input_close(fd);
    *owned = false;
    return status;
}

static int set_shape(const struct leat_wfdb_header *h, const struct leat_wfdb_source_options *o,
                     struct leat_shape *out, struct leat_diag *diag)
{
    out->rows = h->signals_n;
    out->kind = leat_io_kind(o->type);
    out->rate_hz = h->rate_hz;
    int status = leat_shape_cols(&o->frame, h->rate_hz, LEAT_IO_FRAME_MAX, &out->cols, diag);
    if (status == LEAT_OK)
        status = leat_io_names(out, &o->names, "ch", diag);
    for (uint32_t r = 0; r < out->rows && status == LEAT_OK; r++) {
        if (o->names.n == 0 && h->channels[r].name[0] != '\0')
            strcpy(out->channels[r].name, h->channels[r].name);
        if (o->scale && out->kind != LEAT_I64)
            strcpy(out->channels[r].unit, h->channels[r].unit);
    }
    return status == LEAT_OK ? leat_names_tell_apart(out->channels, out->rows, diag) : status;
}

static int wfdb_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_wfdb_source_options *o = options;
    struct leat_wfdb_header h;
    uint64_t samples;
    bool owned;
    (void)in;
    int status = read_header(&h, o->file, need->channels_max, diag);
    if (status == LEAT_OK) {
        int fd = open_data(&h, &owned, &samples, diag);
        status = fd < 0 ? fd : set_shape(&h, o, &need->out, diag);
        if (fd >= 0 && owned)
            leat_input_close(fd);
    }
    leat_wfdb_header_fini(&h);
    need->state_bytes = sizeof(struct wfdb_source);
    return status;
}

static int wfdb_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_wfdb_source_options *o = options;
    struct wfdb_source *s = state;
    size_t frame;
    (void)in;
    s->cols = need->out.cols;
    s->kind = need->out.kind;
    s->scale = o->scale && s->kind != LEAT_I64;
    int status = read_header(&s->header, o->file, need->channels_max, diag);
    if (status != LEAT_OK)
        return status;
    if (s->header.signals_n != need->out.rows || s->header.rate_hz != need->out.rate_hz)
        return leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", o->file);
    s->fd = open_data(&s->header, &s->owned, &s->samples, diag);
    if (s->fd < 0)
        return s->fd;
    s->sums = calloc(s->header.signals_n, sizeof *s->sums);
    /* two bytes a sample, and a byte before and behind where 212 begins or ends within three */
    if (!leat_size_mul(s->cols, 2 * (size_t)s->header.signals_n, &frame) ||
        (s->buffer = malloc(frame + 4)) == NULL || s->sums == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for a frame of %u samples", s->cols);
    return LEAT_OK;
}

static void wfdb_fini(void *state)
{
    struct wfdb_source *s = state;
    if (s->owned)
        leat_input_close(s->fd);
    free(s->buffer);
    free(s->sums);
    leat_wfdb_header_fini(&s->header);
    memset(s, 0, sizeof *s);
}

/* ---- samples ---- */

/* Sample `at` of those that the bytes begin with. */
static int32_t sample(const unsigned char *bytes, uint32_t bits, uint64_t at)
{
    if (bits == 16)
        return (int16_t)(bytes[2 * at] | bytes[2 * at + 1] << 8);
    const unsigned char *three = bytes + at / 2 * 3;
    int32_t twelve = at % 2 == 0 ? three[0] | (three[1] & 0x0f) << 8
                                 : three[2] | (three[1] & 0xf0) << 4;
    return twelve < 2048 ? twelve : twelve - 4096;
}

/* A row of a frame from every signals_n-th sample. The least number says that there was none. */
static void decode(struct wfdb_source *s, uint32_t signal, const unsigned char *bytes,
                   uint64_t first, uint32_t cols, void *row)
{
    const struct leat_wfdb_header *h = &s->header;
    const struct leat_wfdb_signal *about = &h->signals[signal];
    int32_t none = h->bits == 16 ? INT16_MIN : -2048;
    double baseline = (double)about->baseline;
    uint16_t sum = s->sums[signal];
    for (uint32_t c = 0; c < cols; c++) {
        int32_t whole = sample(bytes, h->bits, first + (uint64_t)c * h->signals_n);
        sum = (uint16_t)(sum + (uint32_t)whole);
        double real = !s->scale        ? whole
                      : whole == none ? __builtin_nan("")
                                      : (whole - baseline) / about->gain;
        if (s->kind == LEAT_I64)
            ((int64_t *)row)[c] = whole;
        else if (s->kind == LEAT_F64)
            ((double *)row)[c] = real;
        else
            ((float *)row)[c] = (float)real;
    }
    s->sums[signal] = sum;
}

static bool take(struct wfdb_source *s, struct leat_ctx *ctx, struct leat_frame *frame,
                 uint32_t cols)
{
    const struct leat_wfdb_header *h = &s->header;
    uint64_t first = s->taken * h->signals_n, behind = first + (uint64_t)cols * h->signals_n;
    uint64_t even = first - first % 2; /* of a pair, so a byte's start */
    uint64_t from = bytes_of(h->bits, even), to = bytes_of(h->bits, behind);
    if (!leat_input_at(s->fd, h->data, s->buffer, (size_t)(to - from), h->start + from, ctx))
        return false;
    for (uint32_t i = 0; i < h->signals_n; i++)
        decode(s, i, (const unsigned char *)s->buffer, first - even + i, cols,
               leat_frame_row(frame, i));
    frame->cols = cols;
    frame->flags = cols < s->cols ? LEAT_SHORT : 0;
    frame->time_ns = LEAT_TIME_NONE;
    s->taken += cols;
    return true;
}

/* At the end: the samples are those that the header was written for. */
static int check_sums(const struct wfdb_source *s, struct leat_ctx *ctx)
{
    for (uint32_t i = 0; i < s->header.signals_n; i++) {
        const struct leat_wfdb_signal *signal = &s->header.signals[i];
        if (signal->checked && signal->checksum != s->sums[i])
            return leat_fail(ctx, LEAT_EDATA,
                             "%s: the samples of signal %u (%s) have the checksum %d and its "
                             "header says %d; one of them is damaged",
                             s->header.data, i + 1, s->header.channels[i].name,
                             (int16_t)s->sums[i], (int16_t)signal->checksum);
    }
    return LEAT_EEND;
}

static int wfdb_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    struct wfdb_source *s = state;
    uint32_t made = 0;
    for (; made < n && s->taken < s->samples; made++) {
        uint64_t left = s->samples - s->taken;
        if (!take(s, ctx, frames[made], left < s->cols ? (uint32_t)left : s->cols))
            return ctx->failed;
    }
    ctx->progress = s->taken;
    ctx->progress_all = s->samples;
    return made != 0 ? (int)made : check_sums(s, ctx);
}

#define OPTION(field) offsetof(struct leat_wfdb_source_options, field)
static const struct leat_param wfdb_params[] = {
    LEAT_IO_FILE(leat_wfdb_source_options, NULL,
                 "record to read: its header, with or without .hea; the samples stand beside it",
                 "100.hea"),
    {.name = "scale", .fallback = "yes", .example = "no", .offset = OPTION(scale),
     .doc = "physical units by the header's gain and baseline, NaN where the record has no sample; "
            "or the integers as they are (i64: always)",
     .type = LEAT_P_BOOL},
    LEAT_IO_FRAME(leat_wfdb_source_options),
    LEAT_IO_TYPE(leat_wfdb_source_options, "f64"),
    LEAT_IO_NAMES(leat_wfdb_source_options,
                  "names of the channels; default the signals' descriptions, else ch1, ch2, ..."),
};

const struct leat_stage leat_wfdb_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS | LEAT_MAY_BREAK_FINITE,
    .name = "wfdb",
    .doc = "Reads the signals of a WFDB record (PhysioNet) in format 212 or 16 at the header's "
           "rate. At the end the header's checksums must be those of the samples.",
    .params = wfdb_params,
    .params_n = sizeof wfdb_params / sizeof wfdb_params[0],
    .options_bytes = sizeof(struct leat_wfdb_source_options),
    .outs = 1,
    .resolve = wfdb_resolve,
    .init = wfdb_init,
    .pull = wfdb_pull,
    .fini = wfdb_fini,
};
