/* topk: of each row of each frame its largest samples, and where they stood, in place. */
#include "stages/room.h"

struct topk {
    uint32_t k;
    uint32_t spare;
};

struct found {
    double value;
    uint32_t at;
    uint32_t spare;
};

/* Of two samples the larger goes first, of equal ones the earlier; a NaN goes last. */
static bool before(struct found a, struct found b)
{
    if (a.value != b.value && (a.value == a.value || b.value == b.value))
        return a.value > b.value || b.value != b.value;
    return a.at < b.at;
}

/* A heap whose root comes last of all: sinks `one` from the root of n. */
static void sink(struct found *heap, uint32_t n, struct found one)
{
    uint32_t i = 0;
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(heap[child], heap[child + 1]))
            child++;
        if (!before(one, heap[child]))
            break;
        heap[i] = heap[child];
    }
    heap[i] = one;
}

static void rise(struct found *heap, uint32_t i, struct found one)
{
    for (; i != 0 && before(heap[(i - 1) / 2], one); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = one;
}

static double sample(const struct leat_frame *frame, const void *row, uint32_t i)
{
    return frame->kind == LEAT_F32 ? (double)((const float *)row)[i] : ((const double *)row)[i];
}

static void put(const struct leat_frame *frame, uint32_t r, uint32_t i, double value)
{
    void *row = leat_frame_row((struct leat_frame *)frame, r);
    if (frame->kind == LEAT_F32)
        ((float *)row)[i] = (float)value;
    else
        ((double *)row)[i] = value;
}

/* The first k of a row into heap, in order. */
static void select_row(const struct leat_frame *frame, const void *row, struct found *heap,
                       uint32_t k)
{
    for (uint32_t i = 0; i < frame->cols; i++) {
        struct found one = {.value = sample(frame, row, i), .at = i};
        if (i < k)
            rise(heap, i, one);
        else if (before(one, heap[0]))
            sink(heap, k, one);
    }
    for (uint32_t n = k; n > 1; n--) {
        struct found last = heap[0];
        sink(heap, n - 1, heap[n - 1]);
        heap[n - 1] = last;
    }
}

static void topk_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    const struct topk *self = state;
    struct found *heap = ctx->scratch;
    for (uint32_t i = 0; i < n; i++) {
        struct leat_frame *frame = frames[i];
        uint32_t k = self->k < frame->cols ? self->k : frame->cols;
        for (uint32_t c = frame->rows; c-- > 0;) { /* what is written over has been used */
            select_row(frame, leat_frame_row(frame, c), heap, k);
            for (uint32_t j = 0; j < k; j++) {
                put(frame, 2 * c, j, heap[j].value);
                put(frame, 2 * c + 1, j, heap[j].at);
            }
        }
        frame->rows *= 2;
        frame->cols = k;
    }
}

static int topk_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_topk_options *given = options;
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = leat_shape_plain(in, diag);
    if (code == 0 && given->k > in->cols)
        code = leat_diag_set(diag, LEAT_ERANGE, "k: frames have %u samples", in->cols);
    if (code == 0 && in->rows > need->channels_max / 2)
        code = leat_diag_set(diag, LEAT_ELIMIT, "of %u channels it makes more than %u", in->rows,
                             need->channels_max);
    if (code == 0 && in->kind == LEAT_F32 && in->cols > UINT32_C(1) << 24)
        code = leat_diag_set(diag, LEAT_ERANGE, "f32 holds no places above 2^24, and frames have "
                             "%u samples: put `cast type=f64` before it", in->cols);
    if (code != 0)
        return code;
    need->out.rows = 2 * in->rows;
    for (uint32_t r = in->rows; r-- > 0;) {
        need->out.channels[2 * r] = need->out.channels[2 * r + 1] = in->channels[r];
        leat_shape_name(&need->out, 2 * r + 1, "%.60s.at", in->channels[r].name);
        need->out.channels[2 * r + 1].unit[0] = '\0';
    }
    need->out.cols = (uint32_t)given->k;
    need->out.rate_hz = 0;
    need->out.bins_of = 0;
    need->state_bytes = sizeof(struct topk);
    need->scratch_bytes = (size_t)given->k * sizeof(struct found);
    return LEAT_OK;
}

static int topk_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    (void)in, (void)need, (void)diag;
    ((struct topk *)state)->k = (uint32_t)((const struct leat_topk_options *)options)->k;
    return LEAT_OK;
}

static const struct leat_param params[] = {
    {.name = "k",
     .doc = "How many samples of each row are kept.",
     .example = "5",
     .offset = offsetof(struct leat_topk_options, k), .type = LEAT_P_U64, .min = 1,
     .max = UINT32_MAX},
};

const struct leat_stage leat_stage_topk = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_RESIZES,
    .name = "topk",
    .doc = "Of each row of a frame the k largest samples, the largest first, and in a channel "
           "behind it, named .at, where each stood in its row, from 0; of equal ones the earlier "
           "goes first, NaN last. What comes out has no rate.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_topk_options),
    .ins = 1,
    .outs = 1,
    .resolve = topk_resolve,
    .init = topk_init,
    .map = topk_map,
};
