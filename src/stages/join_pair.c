/* join how=zip and how=add: frames of equal number become one. */
#include "stages/join.h"

#include <string.h>

/* True when every input has its frame of one number at its head. */
static bool align(struct leat_ctx *ctx, struct leat_input *inputs, uint32_t n,
                  struct leat_out *out)
{
    for (;;) {
        uint64_t target = 0;
        uint32_t there = 0, gone = 0;
        for (uint32_t i = 0; i < n; i++)
            target = bound(&inputs[i]) > target ? bound(&inputs[i]) : target;
        for (uint32_t i = 0; i < n; i++) {
            for (; head(&inputs[i]) != NULL && head(&inputs[i])->seq < target; gone++)
                let_go(ctx, &inputs[i], out);
            there += head(&inputs[i]) != NULL && head(&inputs[i])->seq == target;
        }
        if (gone == 0)
            return there == n;
    }
}

/* Each row loses its first samples. */
static void shift(struct leat_frame *frame, uint32_t early, uint32_t cols, uint32_t bytes)
{
    for (uint32_t r = 0; r < frame->rows; r++) {
        char *row = leat_frame_row(frame, r);
        memmove(row, row + (size_t)early * bytes, (size_t)cols * bytes);
    }
}

/* Frames of unequal length end together: what starts earlier loses its first samples. */
static void cut(const struct join *self, struct leat_frame *frame, uint32_t cols)
{
    uint32_t early = frame->cols - cols;
    shift(frame, early, cols, self->bytes);
    frame->time_ns = leat_stages_time_after(frame->time_ns, early, self->rate_hz);
    frame->cols = cols;
}

/* The frame `at` of the first input, which holds those of `done` inputs, becomes as short as the
 * shortest of its number. */
static void level(const struct join *self, struct leat_ctx *ctx, const struct leat_input *inputs,
                  uint32_t n, uint32_t done, uint32_t at)
{
    struct leat_frame *to = rest(&inputs[0])[at];
    uint32_t cols = to->cols;
    for (uint32_t i = done; i < n; i++)
        cols = rest(&inputs[i])[at]->cols < cols ? rest(&inputs[i])[at]->cols : cols;
    ctx->samples_lost += (uint64_t)(to->cols - cols) * done;
    if (cols != to->cols)
        cut(self, to, cols);
}

/* Puts the last samples of each row of `from` behind the rows of `to`, if not there already. */
static void append(struct leat_frame *to, struct leat_frame *from, uint32_t early, uint32_t bytes)
{
    char *behind = leat_frame_row(to, to->rows), *rows = leat_frame_row(from, 0);
    if (behind != rows)
        leat_rows_copy(behind, rows + (size_t)early * bytes, (size_t)to->cols * bytes, from->rows,
                       to->stride, from->stride);
    else if (early != 0)
        shift(from, early, to->cols, bytes);
    to->rows += from->rows;
}

#define ADD_ROWS(type)                                                    \
    for (uint32_t i = 0; i < cols; i++)                                   \
        ((type *)(void *)sum)[i] += ((const type *)(const void *)term)[i]

static void add_row(uint32_t kind, char *sum, const char *term, uint32_t cols)
{
    if (kind == LEAT_F32)
        ADD_ROWS(float);
    else if (kind == LEAT_F64)
        ADD_ROWS(double);
    else
        ADD_ROWS(uint64_t); /* i64: wraps */
}

/* Apart: its loops would take the registers of those that only call it. */
static __attribute__((noinline)) void add(struct leat_frame *to, struct leat_frame *from,
                                          uint32_t early, uint32_t bytes)
{
    for (uint32_t r = 0; r < to->rows; r++)
        add_row(to->kind, leat_frame_row(to, r),
                (char *)leat_frame_row(from, r) + (size_t)early * bytes, to->cols);
}

/* The next k frames of input i go into those of the first, where the inputs before it are; from the
 * last on, which whoever ran before has left in the cache. */
static void unite(const struct join *self, struct leat_ctx *ctx, const struct leat_input *inputs,
                  uint32_t n, uint32_t i, uint32_t k)
{
    struct leat_frame *const *first = rest(&inputs[0]), *const *other = rest(&inputs[i]);
    const uint32_t how = self->how, bytes = self->bytes;
    for (uint32_t at = k; at-- > 0;) {
        struct leat_frame *to = first[at], *from = other[at];
        uint32_t early = 0;
        if (LEAT_UNLIKELY(from->cols != to->cols)) {
            level(self, ctx, inputs, n, i, at);
            ctx->samples_lost += early = from->cols - to->cols;
        }
        if (how == ZIP)
            append(to, from, early, bytes);
        else
            add(to, from, early, bytes);
        if (LEAT_UNLIKELY(from->flags != 0)) /* a look is less than a store */
            to->flags |= from->flags;
        if (LEAT_UNLIKELY(from->born < to->born))
            to->born = from->born;
    }
}

/* How many frames from the heads on, at most `most`, go together: one number after the other in
 * every input. The heads do, and numbers rise, so only the last of a run is looked at. */
static uint32_t together(const struct leat_input *inputs, uint32_t n, uint32_t most)
{
    uint64_t first = head(&inputs[0])->seq;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t left = inputs[i].n - inputs[i].taken;
        most = left < most ? left : most;
        while (rest(&inputs[i])[most - 1]->seq - first != most - 1)
            most = (most + 1) / 2;
    }
    return most;
}

void leat_pair_join(struct join *self, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t n,
                    struct leat_out *out)
{
    uint32_t room;
    while (!self->stopped && (room = leat_out_room(out)) != 0 && align(ctx, inputs, n, out)) {
        uint32_t k = together(inputs, n, room);
        for (uint32_t i = 1; i < n; i++)
            unite(self, ctx, inputs, n, i, k);
        for (uint32_t i = 1; i < n; i++) {
            leat_out_release_n(out, rest(&inputs[i]), k);
            inputs[i].taken += k;
        }
        (void)leat_out_put_n(out, rest(&inputs[0]), k); /* there was room */
        inputs[0].taken += k;
    }
    self->stopped |= self->stops && any_used_up(inputs, n);
}
