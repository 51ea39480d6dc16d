/* csv: a header line of channel names, then one line a sample. */
#include "io/bytes.h"
#include "io/common.h"

#include <string.h>

#define NUMBER_MAX 33 /* bytes of a number and the delimiter or line end after it */

struct csv_sink {
    struct leat_writer writer;
    char delimiter;
};

static int sink_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_csv_sink_options *o = options;
    char delimiter;
    (void)in;
    need->state_bytes = sizeof(struct csv_sink);
    return leat_io_delimiter(o->delimiter, &delimiter, diag);
}

/* A name in quotes when it holds what would end it; at most 2 * LEAT_NAME_MAX bytes. */
static size_t put_name(char *out, const char *name, char delimiter)
{
    size_t n = strlen(name), used = 0;
    bool blanks = n == 0 || name[0] == ' ' || name[n - 1] == ' ';
    if (!blanks && strpbrk(name, "\"\r\n\t") == NULL && strchr(name, delimiter) == NULL) {
        memcpy(out, name, n);
        return n;
    }
    out[used++] = '"';
    for (size_t i = 0; i < n; i++) {
        if (name[i] == '"')
            out[used++] = '"';
        out[used++] = name[i];
    }
    out[used++] = '"';
    return used;
}

static bool put_header(struct csv_sink *s, const struct leat_shape *in, struct leat_ctx *ctx)
{
    for (uint32_t r = 0; r < in->rows; r++) {
        char *at = leat_writer_room(&s->writer, ctx, 2 * LEAT_NAME_MAX + 1);
        if (at == NULL)
            return false;
        size_t n = put_name(at, in->channels[r].name, s->delimiter);
        at[n] = r + 1 == in->rows ? '\n' : s->delimiter;
        s->writer.used += n + 1;
    }
    return true;
}

static int sink_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_csv_sink_options *o = options;
    struct csv_sink *s = state;
    (void)need;
    int status = leat_io_delimiter(o->delimiter, &s->delimiter, diag);
    if (status == LEAT_OK)
        status = leat_writer_open(&s->writer, o->file, (size_t)256 << 10, diag);
    struct leat_ctx ctx = {.diag = diag};
    if (status == LEAT_OK && o->header && !put_header(s, in, &ctx))
        status = ctx.failed;
    return status;
}

static void sink_fini(void *state)
{
    struct csv_sink *s = state;
    leat_writer_close(&s->writer);
}

static bool put_frame(struct csv_sink *s, struct leat_ctx *ctx, const struct leat_frame *frame)
{
    uint32_t kind = frame->kind;
    size_t width = leat_kind_bytes(kind);
    for (uint32_t c = 0; c < frame->cols; c++) {
        for (uint32_t r = 0; r < frame->rows; r++) {
            char *at = leat_writer_room(&s->writer, ctx, NUMBER_MAX);
            if (at == NULL)
                return false;
            const char *row = leat_io_row(frame, r);
            size_t n = leat_io_sample_text(at, kind, row + c * width);
            at[n] = r + 1 == frame->rows ? '\n' : s->delimiter;
            s->writer.used += n + 1;
        }
    }
    return true;
}

static void sink_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    struct csv_sink *s = state;
    for (uint32_t i = 0; i < n; i++)
        if (!put_frame(s, ctx, frames[i]))
            return;
    leat_writer_batch(&s->writer, ctx);
}

static bool sink_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct csv_sink *s = state;
    (void)out;
    leat_writer_commit(&s->writer, ctx);
    return true;
}

static const struct leat_param csv_params[] = {
    LEAT_IO_FILE(leat_csv_sink_options, "-", "file to write; - is standard output", "norm.csv"),
    {.name = "delimiter", .fallback = ",", .example = "tab",
     .doc = "between cells: one character, or tab, comma, semicolon, space, pipe",
     .offset = offsetof(struct leat_csv_sink_options, delimiter), .type = LEAT_P_TEXT},
    {.name = "header", .fallback = "yes", .doc = "write the line of channel names",
     .example = "no", .offset = offsetof(struct leat_csv_sink_options, header),
     .type = LEAT_P_BOOL},
};

const struct leat_stage leat_csv_sink = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_READS_ONLY | LEAT_WAITS,
    .name = "csv",
    .doc = "Writes numbers as CSV text, one sample a line.",
    .params = csv_params,
    .params_n = sizeof csv_params / sizeof csv_params[0],
    .options_bytes = sizeof(struct leat_csv_sink_options),
    .ins = 1,
    .resolve = sink_resolve,
    .init = sink_init,
    .map = sink_map,
    .flush = sink_flush,
    .fini = sink_fini,
};
