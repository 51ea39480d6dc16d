/* select: some of the channels, in any order, in place.
 *
 * Which row goes where is turned at set-up into a list of single moves, none of which overwrites a
 * row that is still needed; each circle of rows goes through one row of scratch.
 */
#include "stages/room.h"

#include <stdlib.h>
#include <string.h>

#define SCRATCH UINT32_MAX

struct move {
    uint32_t from, to; /* rows, or SCRATCH */
};

struct select {
    uint32_t rows; /* that come out */
    uint32_t moves;
    struct move move[]; /* at most rows + rows / 2; then source[rows], then reader[rows in] */
};

static void add_move(struct select *self, uint32_t from, uint32_t to)
{
    self->move[self->moves++] = (struct move){from, to};
}

/* Moves until the row that was freed is wanted by nobody. source[d] is the row that d wants; a row
 * that has what it wants has source[d] = d. */
static void follow(struct select *self, uint32_t *source, uint32_t free)
{
    while (free < self->rows && source[free] != free) {
        uint32_t from = source[free];
        add_move(self, from, free);
        source[free] = free;
        free = from;
    }
}

/* source[0..rows) become self->move. reader[s] != 0: somebody wants row s. */
static void make_moves(struct select *self, uint32_t *source, const uint8_t *reader)
{
    for (uint32_t d = 0; d < self->rows; d++) /* ends of paths: nobody wants what is in d */
        if (!reader[d])
            follow(self, source, d);
    for (uint32_t d = 0; d < self->rows; d++) { /* what is left are circles */
        if (source[d] == d)
            continue;
        add_move(self, d, SCRATCH);
        uint32_t to = d;
        while (source[to] != d) {
            uint32_t from = source[to];
            add_move(self, from, to);
            source[to] = to;
            to = from;
        }
        add_move(self, SCRATCH, to);
        source[to] = to;
    }
}

static void select_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    const struct select *self = state;
    for (uint32_t i = 0; i < n; i++) {
        struct leat_frame *frame = frames[i];
        size_t bytes = (size_t)frame->cols * leat_kind_bytes(frame->kind);
        for (uint32_t m = 0; m < self->moves; m++) {
            struct move move = self->move[m];
            memcpy(move.to == SCRATCH ? ctx->scratch : leat_frame_row(frame, move.to),
                   move.from == SCRATCH ? ctx->scratch : leat_frame_row(frame, move.from), bytes);
        }
        frame->rows = self->rows;
    }
}

/* The rows that come out. */
static int selected(const struct leat_select_options *o, const struct leat_shape *in,
                    uint32_t *rows, uint32_t *n, struct leat_diag *diag)
{
    struct leat_diag why;
    int code = leat_shape_rows(in, &o->channels, rows, n, &why);
    return code == 0 ? 0 : leat_diag_set(diag, code, "channels: %s", why.text);
}

static int select_resolve(const void *options, const struct leat_shape *in,
                          struct leat_need *need, struct leat_diag *diag)
{
    uint32_t n = 0, *rows = malloc(in->rows * sizeof *rows);
    if (rows == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for %u channels", in->rows);
    int code = selected(options, in, rows, &n, diag);
    leat_shape_take(in, rows, n, need->out.channels);
    free(rows);
    if (code == 0 && n == 0)
        code = leat_diag_set(diag, LEAT_EINVAL, "channels: name those to keep");
    if (code != 0)
        return code;
    need->out.rows = n;
    need->moves_rows = true;
    need->scratch_bytes = (size_t)in->cols * leat_kind_bytes(in->kind);
    size_t head = sizeof(struct select) + in->rows;
    return leat_stages_state(need, head, sizeof(uint32_t) + sizeof(struct move) * 3 / 2, n, diag);
}

static int select_init(void *state, const void *options, const struct leat_shape *in,
                       const struct leat_need *need, struct leat_diag *diag)
{
    struct select *self = state;
    uint32_t n = need->out.rows;
    uint32_t *source = (uint32_t *)(self->move + n + n / 2);
    uint8_t *reader = (uint8_t *)(source + n);
    int code = selected(options, in, source, &self->rows, diag);
    if (code != 0)
        return code;
    for (uint32_t d = 0; d < n; d++)
        reader[source[d]] = 1;
    make_moves(self, source, reader);
    return 0;
}

static const struct leat_param params[] = {
    {.name = "channels", .fallback = NULL,
     .doc = "The channels to keep, in the order wanted: names, numbers from 1, ranges such as "
            "2..10, patterns such as price*. The two rows of a complex one side by side stay "
            "complex; a row by itself is real.",
     .example = "1",
     .offset = offsetof(struct leat_select_options, channels), .type = LEAT_P_LIST},
};

const struct leat_stage leat_stage_select = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS,
    .name = "select",
    .doc = "Keeps some of the channels, in the order given.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_select_options),
    .ins = 1,
    .outs = 1,
    .resolve = select_resolve,
    .init = select_init,
    .map = select_map,
};
