/* digest: XXH64 over all samples, frame by frame, row by row, as little-endian bytes. */
#define XXH_STATIC_LINKING_ONLY /* the size of the state, so that it stands in ours */
#include <xxhash.h>

#include "io/bytes.h"
#include "io/common.h"

#include <leat/stats.h>

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "samples are hashed as they lie in memory"
#endif

struct digest {
    struct leat_writer writer;
    XXH64_state_t hash;
    uint64_t frames, bytes;
};

static int digest_resolve(const void *options, const struct leat_shape *in,
                          struct leat_need *need, struct leat_diag *diag)
{
    (void)options;
    (void)diag;
    need->state_bytes = sizeof(struct digest);
    need->scratch_bytes = (size_t)in->cols * leat_kind_bytes(in->kind);
    return LEAT_OK;
}

static int digest_init(void *state, const void *options, const struct leat_shape *in,
                       const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_digest_sink_options *o = options;
    struct digest *s = state;
    (void)in;
    (void)need;
    XXH64_reset(&s->hash, 0);
    return leat_writer_open(&s->writer, o->file, 256, diag);
}

static void digest_fini(void *state)
{
    struct digest *s = state;
    leat_writer_close(&s->writer);
}

/* NaN has many bit patterns, and which one arises depends on the processor: hash one of them. */
static const void *one_nan(const void *row, uint32_t kind, uint32_t n, void *scratch)
{
    static const uint64_t nan64 = UINT64_C(0x7ff8000000000000);
    static const uint32_t nan32 = UINT32_C(0x7fc00000);
    size_t width = leat_kind_bytes(kind);
    const double *f64 = row;
    const float *f32 = row;
    memcpy(scratch, row, n * width);
    for (uint32_t c = 0; c < n; c++)
        if (kind == LEAT_F64 ? f64[c] != f64[c] : f32[c] != f32[c])
            memcpy((char *)scratch + c * width,
                   kind == LEAT_F64 ? (const void *)&nan64 : (const void *)&nan32, width);
    return scratch;
}

static void digest_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    struct digest *s = state;
    for (uint32_t i = 0; i < n; i++) {
        const struct leat_frame *frame = frames[i];
        const struct leat_stats *kernels =
            leat_stats_kernels((enum leat_isa)ctx->isa, frame->kind);
        size_t bytes = (size_t)frame->cols * leat_kind_bytes(frame->kind);
        for (uint32_t r = 0; r < frame->rows; r++) {
            const void *row = leat_io_row(frame, r);
            if (kernels != NULL && !kernels->finite(row, frame->cols))
                row = one_nan(row, frame->kind, frame->cols, ctx->scratch);
            XXH64_update(&s->hash, row, bytes);
        }
        s->bytes += bytes * frame->rows;
    }
    s->frames += n;
}

static bool digest_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct digest *s = state;
    (void)out;
    uint64_t hash = XXH64_digest(&s->hash);
    char hex[16], count[32];
    for (int i = 15; i >= 0; i--, hash >>= 4)
        hex[i] = "0123456789abcdef"[hash & 15];
    struct leat_writer *w = &s->writer;
    if (leat_writer_put(w, ctx, "{\"frames\":", 10) &&
        leat_writer_put(w, ctx, count, leat_io_count_text(count, s->frames)) &&
        leat_writer_put(w, ctx, ",\"bytes\":", 9) &&
        leat_writer_put(w, ctx, count, leat_io_count_text(count, s->bytes)) &&
        leat_writer_put(w, ctx, ",\"xxh64\":\"", 10) && leat_writer_put(w, ctx, hex, 16) &&
        leat_writer_put(w, ctx, "\"}\n", 3))
        leat_writer_commit(w, ctx);
    return true;
}

static const struct leat_param digest_params[] = {
    LEAT_IO_FILE(leat_digest_sink_options, "-", "where the JSON object goes; - is standard output",
                 "digest.json"),
};

const struct leat_stage leat_digest_sink = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_READS_ONLY,
    .name = "digest",
    .doc = "Writes one hash of all samples as JSON; every NaN counts as the same.",
    .params = digest_params,
    .params_n = sizeof digest_params / sizeof digest_params[0],
    .options_bytes = sizeof(struct leat_digest_sink_options),
    .ins = 1,
    .resolve = digest_resolve,
    .init = digest_init,
    .map = digest_map,
    .flush = digest_flush,
    .fini = digest_fini,
};
