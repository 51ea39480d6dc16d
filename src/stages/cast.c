/* cast: every row to another kind of sample, in place. A wider kind is written from the end of the
 * row backwards; the plan has made the rows wide enough for it. */
#include "stages/room.h"

static const char *const types[] = {"f64", "f32", "i64", NULL};
static const uint8_t kinds[] = {LEAT_F64, LEAT_F32, LEAT_I64};

struct cast {
    uint32_t kind;
};

static int64_t integer_at(const void *row, uint32_t kind, size_t i)
{
    return kind == LEAT_U8    ? ((const uint8_t *)row)[i]
           : kind == LEAT_I16 ? ((const int16_t *)row)[i]
                              : ((const int32_t *)row)[i];
}

/* A narrower integer to i64: each sample is read before its place is written over. */
static void widen(void *row, uint32_t kind, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        int64_t x = integer_at(row, kind, i);
        __builtin_memcpy((char *)row + i * sizeof x, &x, sizeof x);
    }
}

static void cast_row(uint32_t isa, uint32_t from, uint32_t to, void *row, size_t n)
{
    if (to != LEAT_I64)
        leat_stats_kernels((enum leat_isa)isa, to)->from[from](row, row, n, 1);
    else if (from == LEAT_F32 || from == LEAT_F64)
        leat_stats_kernels((enum leat_isa)isa, from)->to[LEAT_I64](row, row, n, 1);
    else
        widen(row, from, n);
}

static void cast_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    uint32_t to = ((const struct cast *)state)->kind;
    for (uint32_t i = 0; i < n; i++) {
        struct leat_frame *frame = frames[i];
        if (frame->kind == to)
            continue;
        LEAT_REQUIRE((uint64_t)frame->cols * leat_kind_bytes(to) <= frame->stride);
        for (uint32_t r = 0; r < frame->rows; r++)
            cast_row(ctx->isa, frame->kind, to, leat_frame_row(frame, r), frame->cols);
        frame->kind = (uint8_t)to;
    }
}

static int cast_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    uint32_t type = ((const struct leat_cast_options *)options)->type;
    if (type >= LEAT_STAGES_COUNT(kinds))
        return leat_diag_set(diag, LEAT_ERANGE, "type: not one of f64, f32 and i64");
    if (leat_kind_bytes(in->kind) == 0)
        return leat_diag_set(diag, LEAT_ESHAPE, "the stream's kind %u is unknown", in->kind);
    need->out.kind = kinds[type];
    need->state_bytes = sizeof(struct cast);
    return 0;
}

static int cast_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    (void)options, (void)in, (void)diag;
    ((struct cast *)state)->kind = need->out.kind;
    return 0;
}

static const struct leat_param params[] = {
    {.name = "type", .fallback = NULL, .words = types,
     .doc = "The kind that every sample becomes. To i64: nearest, ties to even, saturated, NaN to "
            "0. To f32 and from i64: nearest.",
     .example = "f32",
     .offset = offsetof(struct leat_cast_options, type), .type = LEAT_P_WORD},
};

/* f64 to f32 overflows to inf. */
const struct leat_stage leat_stage_cast = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_MAY_BREAK_FINITE,
    .name = "cast",
    .doc = "Changes the type of every sample, in place.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_cast_options),
    .ins = 1,
    .outs = 1,
    .resolve = cast_resolve,
    .init = cast_init,
    .map = cast_map,
};
