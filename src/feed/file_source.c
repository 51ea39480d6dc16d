/* file: bytes as they are. */
#include "feed/messages.h"
#include "io/span.h"

#include <string.h>

struct file_source {
    struct leat_span span;
    uint64_t skip;
    uint32_t cols;
};

static int file_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_file_source_options *o = options;
    struct leat_input_facts facts;
    (void)in;
    int status = leat_input_facts(o->file, &facts, diag);
    if (status != LEAT_OK)
        return status;
    leat_bytes_shape(&need->out, (uint32_t)o->frame);
    need->state_bytes = sizeof(struct file_source);
    return LEAT_OK;
}

static int file_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_file_source_options *o = options;
    struct file_source *s = state;
    (void)in;
    s->cols = need->out.cols;
    s->skip = o->skip;
    return leat_span_open(&s->span, o->file, 2 * (size_t)s->cols, diag);
}

static int file_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    struct file_source *s = state;
    const char *bytes;
    size_t there;
    uint32_t made = 0;
    if (!leat_span_there(&s->span, ctx))
        return ctx->failed;
    int status = leat_span_skip(&s->span, ctx, true, &s->skip);
    while (made < n && status == 1) {
        status = leat_span_take(&s->span, ctx, made == 0, s->cols, &bytes, &there);
        bool last = status == LEAT_EEND || (status == 0 && ctx->stopping);
        if (status < 0 && !last)
            return status;
        if (status != 1 && (!last || there == 0))
            break;
        struct leat_frame *frame = frames[made++];
        frame->cols = there < s->cols ? (uint32_t)there : s->cols;
        frame->flags = frame->cols < s->cols ? LEAT_SHORT : 0;
        frame->time_ns = LEAT_TIME_NONE;
        memcpy(leat_frame_row(frame, 0), bytes, frame->cols);
        leat_span_use(&s->span, frame->cols);
        status = 1;
    }
    leat_span_progress(&s->span, ctx);
    return made != 0 ? (int)made : status;
}

static void file_fini(void *state)
{
    leat_span_close(&((struct file_source *)state)->span);
}

static const struct leat_param file_params[] = {
    LEAT_IO_FILE(leat_file_source_options, NULL, "file to read; - is standard input", "day.itch"),
    {.name = "skip", .fallback = "0", .doc = "bytes before the first that is wanted",
     .max = 1e18, .example = "206", .offset = offsetof(struct leat_file_source_options, skip),
     .type = LEAT_P_U64, .unit = LEAT_BYTES},
    LEAT_IO_FRAME_BYTES(leat_file_source_options),
};

const struct leat_stage leat_file_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS,
    .name = "file",
    .doc = "Reads the bytes of a file, mapped, or of a pipe, for what cuts them into messages.",
    .params = file_params,
    .params_n = sizeof file_params / sizeof file_params[0],
    .options_bytes = sizeof(struct leat_file_source_options),
    .outs = 1,
    .resolve = file_resolve,
    .init = file_init,
    .pull = file_pull,
    .fini = file_fini,
};
