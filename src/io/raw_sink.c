/* raw: bare little-endian samples. */
#include "io/bytes.h"
#include "io/common.h"

#define PIECE_BYTES ((size_t)64 << 10) /* written at once when samples are interleaved */

struct raw_sink {
    struct leat_writer writer;
    bool planar;
};

static int raw_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    need->state_bytes = sizeof(struct raw_sink);
    return LEAT_OK;
}

static int raw_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_raw_sink_options *o = options;
    struct raw_sink *s = state;
    (void)need;
    s->planar = o->layout == LEAT_LAYOUT_PLANAR || in->rows == 1;
    size_t sample = (size_t)in->rows * leat_kind_bytes(in->kind);
    return leat_writer_open(&s->writer, o->file, sample > PIECE_BYTES ? sample : PIECE_BYTES,
                            diag);
}

static void raw_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                    uint32_t n)
{
    struct raw_sink *s = state;
    for (uint32_t i = 0; i < n; i++) {
        bool good = s->planar ? leat_writer_put_rows(&s->writer, ctx, frames[i])
                              : leat_writer_put_interleaved(&s->writer, ctx, frames[i]);
        if (!good)
            return;
    }
    leat_writer_batch(&s->writer, ctx);
}

static bool raw_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct raw_sink *s = state;
    (void)out;
    leat_writer_commit(&s->writer, ctx);
    return true;
}

static void raw_fini(void *state)
{
    struct raw_sink *s = state;
    leat_writer_close(&s->writer);
}

static const struct leat_param raw_params[] = {
    LEAT_IO_FILE(leat_raw_sink_options, NULL, "file to write; - is standard output", "norm.raw"),
    {.name = "layout", .fallback = "interleaved", .words = leat_io_layouts, .example = "planar",
     .doc = "sample after sample, or frame by frame and channel after channel",
     .offset = offsetof(struct leat_raw_sink_options, layout), .type = LEAT_P_WORD},
};

const struct leat_stage leat_raw_sink = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_READS_ONLY | LEAT_WAITS,
    .name = "raw",
    .doc = "Writes bare little-endian samples.",
    .params = raw_params,
    .params_n = sizeof raw_params / sizeof raw_params[0],
    .options_bytes = sizeof(struct leat_raw_sink_options),
    .ins = 1,
    .resolve = raw_resolve,
    .init = raw_init,
    .map = raw_map,
    .flush = raw_flush,
    .fini = raw_fini,
};
