/* imbalance: order-flow imbalance, what each change of the best bid and ask adds to the demand less
 * what it adds to the supply (Cont, Kukanov and Stoikov):
 *
 *     e = [bid >= bid'] size of bid - [bid <= bid'] size of bid'
 *       - [ask <= ask'] size of ask + [ask >= ask'] size of ask'
 *
 * where ' marks the sample before. A side without a price is one that is worse than any.
 */
#include "stages/ticks.h"

enum { BID, BID_SIZE, ASK, ASK_SIZE, SEEN };

struct imbalance {
    uint32_t row[SEEN];
    uint32_t rows;
    uint32_t begun;
    int64_t rank[2];  /* bid, ask: the price of the sample before, a larger one better */
    int64_t whole[2]; /* its size, by the kind of the stream */
    double real[2];
};

/* What a side gains; remembers it. */
LEAT_TICK_INLINE void step(struct imbalance *self, struct leat_frame *frame, uint32_t c,
                           uint32_t side, bool real, int64_t *whole_gain, double *real_gain)
{
    int64_t price = leat_tick_price(leat_frame_row(frame, self->row[2 * side]), c, real);
    const void *sizes = leat_frame_row(frame, self->row[2 * side + 1]);
    bool there = price != LEAT_TICK_NONE;
    int64_t rank = !there ? LEAT_TICK_NONE : side != 0 ? ~price : price;
    bool not_worse = rank >= self->rank[side], not_better = rank <= self->rank[side];
    if (real) {
        double size = there ? ((const double *)sizes)[c] : 0;
        *real_gain = (not_worse ? size : 0) - (not_better ? self->real[side] : 0);
        self->real[side] = size;
    } else {
        int64_t size = there ? ((const int64_t *)sizes)[c] : 0;
        *whole_gain = (int64_t)((not_worse ? (uint64_t)size : 0) -
                                (not_better ? (uint64_t)self->whole[side] : 0));
        self->whole[side] = size;
    }
    self->rank[side] = rank;
}

/* A sample, its result behind the rows that came. */
LEAT_TICK_INLINE void work(struct imbalance *self, struct leat_frame *frame, uint32_t c, bool real)
{
    int64_t whole[2] = {0, 0};
    double gain[2] = {0, 0};
    for (uint32_t side = 0; side < 2; side++)
        step(self, frame, c, side, real, &whole[side], &gain[side]);
    double flow = self->begun != 0 ? gain[0] - gain[1] : 0;
    int64_t flow_whole = self->begun != 0 ? (int64_t)((uint64_t)whole[0] - (uint64_t)whole[1]) : 0;
    self->begun = 1;
    if (real)
        ((double *)leat_frame_row(frame, self->rows))[c] = flow;
    else
        ((int64_t *)leat_frame_row(frame, self->rows))[c] = flow_whole;
}

static void imbalance_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                          uint32_t n)
{
    struct imbalance *self = state;
    (void)ctx;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t cols = frames[i]->cols;
        if (frames[i]->kind == LEAT_F64)
            for (uint32_t c = 0; c < cols; c++)
                work(self, frames[i], c, true);
        else
            for (uint32_t c = 0; c < cols; c++)
                work(self, frames[i], c, false);
        frames[i]->rows = self->rows + 1;
    }
}

static void imbalance_each(void *const *states, struct leat_ctx *ctx, struct leat_frame *frame,
                           uint32_t first, uint32_t n)
{
    (void)ctx;
    if (frame->kind == LEAT_F64)
        for (uint32_t i = 0; i < n; i++)
            work(states[i], frame, first + i, true);
    else
        for (uint32_t i = 0; i < n; i++)
            work(states[i], frame, first + i, false);
}

static int rows_of(const struct leat_imbalance_options *given, const struct leat_shape *in,
                   uint32_t row[SEEN], struct leat_diag *diag)
{
    const char *const params[SEEN] = {"bid", "bid-size", "ask", "ask-size"};
    const char *const channels[SEEN] = {given->bid, given->bid_size, given->ask, given->ask_size};
    int code = LEAT_OK;
    for (uint32_t k = 0; k < SEEN && code == LEAT_OK; k++)
        code = leat_stages_channel(in, params[k], channels[k], &row[k], diag);
    return code;
}

static int imbalance_resolve(const void *options, const struct leat_shape *in,
                             struct leat_need *need, struct leat_diag *diag)
{
    struct leat_shape *out = &need->out;
    uint32_t row[SEEN];
    int code = leat_tick_shape(in, diag);
    if (code == LEAT_OK)
        code = rows_of(options, in, row, diag);
    if (code != LEAT_OK)
        return code;
    if (in->rows == need->channels_max)
        return leat_diag_set(diag, LEAT_ERANGE, "%u channels and one more; there may be %u",
                             in->rows, need->channels_max);
    memset(&out->channels[in->rows], 0, sizeof out->channels[0]);
    leat_shape_name(out, out->rows++, "imbalance");
    need->state_bytes = sizeof(struct imbalance);
    return leat_tick_new(in, out, diag);
}

static int imbalance_init(void *state, const void *options, const struct leat_shape *in,
                          const struct leat_need *need, struct leat_diag *diag)
{
    (void)need;
    struct imbalance *self = state;
    self->rows = in->rows;
    return rows_of(options, in, self->row, diag);
}

#define OPTION(field) offsetof(struct leat_imbalance_options, field)
static const struct leat_param params[] = {
    {.name = "bid", .fallback = "bid1_price",
     .doc = "The channel of the best bid: a name, or a number from 1.",
     .example = "bid1_price", .offset = OPTION(bid), .type = LEAT_P_TEXT},
    {.name = "bid-size", .fallback = "bid1_size",
     .doc = "The channel of its size.",
     .example = "2", .offset = OPTION(bid_size), .type = LEAT_P_TEXT},
    {.name = "ask", .fallback = "ask1_price",
     .doc = "The channel of the best ask.",
     .example = "3", .offset = OPTION(ask), .type = LEAT_P_TEXT},
    {.name = "ask-size", .fallback = "ask1_size",
     .doc = "The channel of its size.",
     .example = "4", .offset = OPTION(ask_size), .type = LEAT_P_TEXT},
};

const struct leat_stage leat_stage_imbalance = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_KEYED | LEAT_ADDS,
    .name = "imbalance",
    .doc = "Order-flow imbalance of one instrument: behind the channels comes what the change of "
           "its best bid and ask since the sample before adds to the demand, less what it adds to "
           "the supply.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_imbalance_options),
    .ins = 1,
    .outs = 1,
    .resolve = imbalance_resolve,
    .init = imbalance_init,
    .map = imbalance_map,
    .each = imbalance_each,
    .behind = "book",
    .source = "itch file=day.itch type=i64 "
              "fields=type,reference,new_reference,side,shares,price",
};
