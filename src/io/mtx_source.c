/* mtx: the entries of a Matrix Market file, one a sample. */
#include "io/common.h"
#include "io/filling.h"
#include "io/lines.h"
#include "io/mtx.h"
#include "io/value.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_MAX ((size_t)1 << 20) /* of a text before its size */

struct mtx_source {
    const struct leat_mtx_source_options *options;
    struct leat_lines lines;
    struct leat_mtx mtx;
    struct leat_mtx_entry mirrored; /* due next */
    struct leat_filling filling;
    uint32_t kind;
    bool due;
};

/* ---- its header ---- */

struct head {
    struct leat_mtx mtx;
    struct leat_diag why; /* of an error */
    int status;
};

/* From the text's start each time. True: the size is known, or what is wrong. */
static bool read_head(struct head *head, const char *text, size_t bytes, bool all)
{
    const char *at = text, *end = text + bytes, *line;
    struct leat_mtx_entry entry;
    memset(head, 0, sizeof *head);
    while (head->status == 0 && !head->mtx.ready && leat_lines_cut(&at, end, all, &line, &bytes))
        head->status = leat_mtx_line(&head->mtx, line, bytes, &entry, &head->why);
    return head->mtx.ready || head->status != 0;
}

static bool has_size(void *head, const char *text, size_t bytes)
{
    return read_head(head, text, bytes, false);
}

static uint32_t place(uint64_t number)
{
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static int look(const char *file, struct leat_mtx *mtx, struct leat_diag *diag)
{
    struct head head = {.status = 0};
    size_t bytes;
    bool all;
    char *text = malloc(HEAD_MAX);
    if (text == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for a header");
    int status = leat_input_peek(file, text, HEAD_MAX, &bytes, &all, has_size, &head, diag);
    if (status == LEAT_ESTATE)
        status = leat_diag_set(diag, LEAT_ESHAPE,
                               "%s: this input cannot be looked at beforehand: mtx reads a file, "
                               "or standard input",
                               file);
    if (status == LEAT_OK) {
        if (!read_head(&head, text, bytes, all) && all)
            head.status = leat_mtx_end(&head.mtx, &head.why);
        status = head.status;
        if (status != LEAT_OK) {
            leat_diag_set(diag, status, "%s", head.why.text);
            leat_diag_at(diag, file, place(head.mtx.line), place(head.mtx.column));
        } else if (!head.mtx.ready) {
            status = leat_diag_set(diag, LEAT_EDATA,
                                   "%s: the matrix's size is not in its first %zu bytes", file,
                                   bytes);
        }
    }
    *mtx = head.mtx;
    free(text);
    return status;
}

/* ---- the stage ---- */

/* Places must be exact in the type. */
static int check_type(const char *file, const struct leat_mtx *m, uint32_t kind,
                      struct leat_diag *diag)
{
    uint64_t most = m->rows > m->cols ? m->rows : m->cols;
    if (kind == LEAT_I64 && m->field != LEAT_MTX_INTEGER && m->field != LEAT_MTX_PATTERN)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "%s: type=i64 is for integers; its values are floating point", file);
    if (kind != LEAT_I64 && most > (kind == LEAT_F32 ? UINT64_C(1) << 24 : UINT64_C(1) << 53))
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "%s: a place in %llu rows and %llu columns does not fit %s", file,
                             (unsigned long long)m->rows, (unsigned long long)m->cols,
                             leat_kind_name(kind));
    return LEAT_OK;
}

static int mtx_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_mtx_source_options *o = options;
    struct leat_shape *out = &need->out;
    struct leat_mtx m = {.rows = 0};
    (void)in;
    int status = look(o->file, &m, diag);
    out->cols = (uint32_t)o->frame; /* at most LEAT_IO_FRAME_MAX */
    out->kind = leat_io_kind(o->type);
    if (status == LEAT_OK)
        status = check_type(o->file, &m, out->kind, diag);
    if (status == LEAT_OK)
        status = leat_io_channels(need, m.field == LEAT_MTX_COMPLEX ? 4 : 3, diag);
    if (status != LEAT_OK)
        return status;
    static const char *const real[] = {"row", "col", "value"},
                            *const complex[] = {"row", "col", "value.re", "value.im"};
    struct leat_list names = {real, 3};
    if (m.field == LEAT_MTX_COMPLEX)
        names = (struct leat_list){complex, 4};
    out->rows = names.n;
    need->state_bytes = sizeof(struct mtx_source);
    status = leat_io_names(out, &names, "", diag);
    if (out->rows == 4) {
        out->channels[2].half = LEAT_RE;
        out->channels[3].half = LEAT_IM;
    }
    return status;
}

static int mtx_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    struct mtx_source *s = state;
    const struct leat_mtx_source_options *o = options;
    (void)in;
    s->options = o;
    s->kind = need->out.kind;
    int status = leat_lines_open(&s->lines, o->file, HEAD_MAX, diag);
    if (status == LEAT_OK)
        status = leat_filling_init(&s->filling, &need->out, !s->lines.reader.regular, diag);
    return status;
}

static void mtx_fini(void *state)
{
    struct mtx_source *s = state;
    leat_lines_close(&s->lines);
    leat_filling_fini(&s->filling);
}

/* An entry into the column that is due. False: its value does not fit. */
static bool put(struct mtx_source *s, const struct leat_mtx_entry *e, char *base, size_t stride)
{
    char *out = base + (size_t)s->filling.filled * s->filling.width;
    if (s->kind == LEAT_I64) {
        const int64_t whole[] = {e->row, e->col, e->whole};
        for (uint32_t r = 0; r < 3; r++)
            memcpy(out + r * stride, &whole[r], sizeof *whole);
    } else {
        const double real[] = {(double)e->row, (double)e->col, e->re, e->im};
        for (uint32_t r = 0; r < s->filling.rows; r++)
            if (leat_value_narrow(real[r], s->kind, out + r * stride) != LEAT_VALUE_GOOD)
                return false;
    }
    s->filling.filled++;
    return true;
}

static int fail_at(struct mtx_source *s, struct leat_ctx *ctx, const char *what)
{
    return leat_io_fail_at(ctx, LEAT_EDATA, s->options->file, s->mtx.line, s->mtx.column, "%s",
                           what);
}

static int take_line(struct mtx_source *s, struct leat_ctx *ctx, const char *text, size_t bytes,
                     char *base, size_t stride)
{
    struct leat_mtx_entry entry;
    struct leat_diag why;
    int status = leat_mtx_line(&s->mtx, text, bytes, &entry, &why);
    if (status < 0)
        return fail_at(s, ctx, why.text);
    if (status == 0) /* the header alone says how many channels there are */
        return s->mtx.ready && s->filling.rows != (s->mtx.field == LEAT_MTX_COMPLEX ? 4 : 3)
                   ? fail_at(s, ctx, "the matrix changed while it was opened")
                   : 0;
    if (!put(s, &entry, base, stride)) {
        s->mtx.column = 1;
        return fail_at(s, ctx, "a value of this line does not fit f32");
    }
    s->due = s->options->mirror && leat_mtx_mirror(&s->mtx, &entry, &s->mirrored);
    return 0;
}

static int fill(void *source, struct leat_ctx *ctx, char *base, size_t stride)
{
    struct mtx_source *s = source;
    while (s->filling.filled < s->filling.cols) {
        if (s->due) { /* it fits: the entry before it did */
            (void)put(s, &s->mirrored, base, stride);
            s->due = false;
            continue;
        }
        const char *text;
        size_t bytes;
        struct leat_diag why;
        int status = leat_lines_next(&s->lines, ctx, &s->filling.may_wait, &text, &bytes);
        if (status == LEAT_EEND && s->lines.reader.ended && leat_mtx_end(&s->mtx, &why) != 0)
            return fail_at(s, ctx, why.text);
        if (status == LEAT_LINES_LONG)
            return leat_io_fail_at(ctx, LEAT_EDATA, s->options->file, s->lines.line, 1,
                                   "this line is longer than %zu bytes", HEAD_MAX);
        if (status <= 0)
            return status;
        status = take_line(s, ctx, text, bytes, base, stride);
        if (status < 0)
            return status;
    }
    return 1;
}

static int mtx_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    struct mtx_source *s = state;
    int status = leat_filling_pull(&s->filling, ctx, frames, n, fill, s);
    ctx->progress = s->lines.reader.taken;
    ctx->progress_all = s->lines.reader.bytes;
    return status;
}

#define OPTION(field) offsetof(struct leat_mtx_source_options, field)
static const struct leat_param mtx_params[] = {
    LEAT_IO_FILE(leat_mtx_source_options, NULL, "file to read; - is standard input", "west.mtx"),
    {.name = "mirror", .fallback = "yes", .example = "no", .offset = OPTION(mirror),
     .doc = "an entry off the diagonal of a symmetric, skew-symmetric or hermitian matrix, which "
            "stands for two, gives two samples, one behind the other; no: entries as they stand",
     .type = LEAT_P_BOOL},
    {.name = "frame", .fallback = "1024", .doc = "entries of a frame", .example = "256", .min = 1,
     .max = LEAT_IO_FRAME_MAX, .offset = OPTION(frame), .type = LEAT_P_U64, .unit = LEAT_COUNT},
    LEAT_IO_TYPE(leat_mtx_source_options, "f64"),
};

const struct leat_stage leat_mtx_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS | LEAT_MAY_BREAK_FINITE,
    .name = "mtx",
    .doc = "Reads the entries of a Matrix Market file, coordinate or array, in the file's order: "
           "channels row and col, from 1, and value, which is 1 in a pattern and of two rows in a "
           "complex matrix.",
    .params = mtx_params,
    .params_n = sizeof mtx_params / sizeof mtx_params[0],
    .options_bytes = sizeof(struct leat_mtx_source_options),
    .outs = 1,
    .resolve = mtx_resolve,
    .init = mtx_init,
    .pull = mtx_pull,
    .fini = mtx_fini,
};
