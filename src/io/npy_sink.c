/* npy: frames joined along samples, or stacked. */
#include "io/npy_header.h"

#include <string.h>

#define PIECE_BYTES ((size_t)64 << 10)

struct npy_sink {
    struct leat_writer writer;
    uint64_t frames, samples;
    uint32_t rows, cols, kind;
    bool stack;
    bool short_one; /* a frame was padded: it must have been the last */
};

static int npy_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    need->state_bytes = sizeof(struct npy_sink);
    return LEAT_OK;
}

/* Fortran order: joined samples of several channels can be written as they come. */
static void header(const struct npy_sink *s, char out[LEAT_NPY_HEADER_BYTES])
{
    const uint64_t stacked[] = {s->frames, s->rows, s->cols};
    const uint64_t joined[] = {s->rows, s->samples};
    if (s->stack)
        leat_npy_header_write(out, s->kind, false, 3, stacked);
    else if (s->rows > 1)
        leat_npy_header_write(out, s->kind, true, 2, joined);
    else
        leat_npy_header_write(out, s->kind, false, 1, joined + 1);
}

static int npy_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_npy_sink_options *o = options;
    struct npy_sink *s = state;
    (void)need;
    s->rows = in->rows;
    s->cols = in->cols;
    s->kind = in->kind;
    s->stack = o->stack;
    size_t sample = (size_t)in->rows * leat_kind_bytes(in->kind);
    int status = leat_writer_open(&s->writer, o->file,
                                  sample > PIECE_BYTES ? sample : PIECE_BYTES, diag);
    if (status == LEAT_OK)
        status = leat_writer_seekable(&s->writer, diag);
    if (status != LEAT_OK)
        return status;
    char text[LEAT_NPY_HEADER_BYTES];
    struct leat_ctx ctx = {.diag = diag};
    header(s, text);
    leat_writer_put(&s->writer, &ctx, text, sizeof text); /* numbers are filled in at the end */
    return ctx.failed;
}

static bool put_stacked(struct npy_sink *s, struct leat_ctx *ctx, const struct leat_frame *frame)
{
    static const char zeros[4096];
    size_t width = leat_kind_bytes(s->kind);
    if (s->short_one) {
        leat_fail(ctx, LEAT_ESHAPE,
                  "%s: frames of different lengths cannot be stacked; put window before it",
                  s->writer.path);
        return false;
    }
    s->short_one = frame->cols < s->cols;
    ctx->reframed += s->short_one; /* it is written longer than it came */
    for (uint32_t r = 0; r < frame->rows; r++) {
        if (!leat_writer_put(&s->writer, ctx, leat_io_row(frame, r), frame->cols * width))
            return false;
        for (size_t left = (s->cols - frame->cols) * width; left != 0;) {
            size_t n = left < sizeof zeros ? left : sizeof zeros;
            if (!leat_writer_put(&s->writer, ctx, zeros, n))
                return false;
            left -= n;
        }
    }
    return true;
}

static void npy_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    struct npy_sink *s = state;
    for (uint32_t i = 0; i < n; i++) {
        bool good = s->stack      ? put_stacked(s, ctx, frames[i])
                    : s->rows > 1 ? leat_writer_put_interleaved(&s->writer, ctx, frames[i])
                                  : leat_writer_put_rows(&s->writer, ctx, frames[i]);
        if (!good)
            return;
        s->frames++;
        s->samples += frames[i]->cols;
    }
}

static bool npy_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct npy_sink *s = state;
    char text[LEAT_NPY_HEADER_BYTES];
    (void)out;
    header(s, text);
    if (leat_writer_patch(&s->writer, ctx, 0, text, sizeof text))
        leat_writer_commit(&s->writer, ctx);
    return true;
}

static void npy_fini(void *state)
{
    struct npy_sink *s = state;
    leat_writer_close(&s->writer);
}

static const struct leat_param npy_params[] = {
    LEAT_IO_FILE(leat_npy_sink_options, NULL, "file to write", "norm.npy"),
    {.name = "stack", .fallback = "no", .example = "yes",
     .doc = "write [frames x channels x samples] instead of joining frames; a shorter last frame "
            "is padded with zeros and counted as reframed",
     .offset = offsetof(struct leat_npy_sink_options, stack), .type = LEAT_P_BOOL},
};

const struct leat_stage leat_npy_sink = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_READS_ONLY | LEAT_WAITS,
    .name = "npy",
    .doc = "Writes [samples] or [channels x samples], or stacked frames.",
    .params = npy_params,
    .params_n = sizeof npy_params / sizeof npy_params[0],
    .options_bytes = sizeof(struct leat_npy_sink_options),
    .ins = 1,
    .resolve = npy_resolve,
    .init = npy_init,
    .map = npy_map,
    .flush = npy_flush,
    .fini = npy_fini,
};
