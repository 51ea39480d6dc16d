/* join how=asof: to every sample of the first input the latest sample of each other input that is
 * not later. What comes out are the frames of the first input, each once.
 *
 * Inputs of different sources are told by time alone: the latest sample is known as soon as a later
 * one shows, or the end. Inputs of one source in step are told by number as well: what the other
 * has in frames of larger numbers is later, and of equal times it comes after. So there nobody
 * waits for a sample that may never come (decision 25).
 *
 * Of each other input the values of one sample are kept, the latest that is not later than what was
 * asked for last; a frame is given back as soon as all its samples are.
 */
#include "base/times.h"
#include "stages/join.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;

/* Where a sample's time comes from: the frame's and the rate, or a channel. */
enum clock { BY_RATE, BY_I64, BY_F64 };

struct side {
    double rate_hz;
    int64_t last;        /* time of the latest sample that was looked at */
    uint64_t cells;      /* where the values of it begin among the cells, when its frame is gone */
    uint32_t rows, time; /* rows; the one that holds the times */
    uint32_t row;        /* of what comes out, where its own begin */
    uint32_t used;       /* samples of its head frame that are not later */
    uint32_t done;       /* samples of the first input's head frame that have theirs */
    bool any;            /* there is a latest sample */
};

struct asof {
    struct join join;
    uint64_t within_ns;      /* 0: however old */
    uint64_t unit_ns;        /* of the times */
    uint64_t seq;            /* of the last frame that was put; UINT64_MAX: none */
    int64_t until;           /* time of its last sample */
    uint64_t passed, lost;   /* frames that were given back since, all later than it; samples */
    uint32_t clock;          /* of every input */
    uint32_t width, kind;    /* of a sample */
    uint32_t inputs_n;
    bool admitted;           /* the times of the first input's head were looked at */
    struct side side[];      /* [inputs_n]; then the cells, 8 bytes each */
};

static char *cells_of(struct asof *self, const struct side *side)
{
    return (char *)(self->side + self->inputs_n) + side->cells * 8;
}

/* ---- times ---- */

/* Times of one kind are compared as integers. Numbers of binary64 in their order: */
static int64_t order_of(double x)
{
    int64_t bits;
    x += 0.0; /* -0 is 0 */
    memcpy(&bits, &x, sizeof bits);
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

static double number_of(int64_t order)
{
    int64_t bits = order < 0 ? order ^ INT64_MAX : order;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* LEAT_EDATA: it has none. */
static int time_of(const struct asof *self, const struct side *side, struct leat_frame *frame,
                   uint32_t k, int64_t *time)
{
    if (self->clock == BY_RATE) {
        *time = leat_stages_time_after(frame->time_ns, k, side->rate_hz);
        return *time != LEAT_TIME_NONE ? LEAT_OK : LEAT_EDATA;
    }
    const void *row = leat_frame_row(frame, side->time);
    if (self->clock == BY_I64) {
        *time = ((const int64_t *)row)[k];
        return LEAT_OK;
    }
    double x = ((const double *)row)[k];
    *time = order_of(x);
    return x == x ? LEAT_OK : LEAT_EDATA;
}

static int fail_at(const struct asof *self, uint32_t input, struct leat_ctx *ctx,
                   const struct leat_frame *frame, uint32_t k, int64_t time, bool none)
{
    const struct side *side = &self->side[input];
    unsigned long long seq = (unsigned long long)frame->seq;
    if (none)
        return leat_fail(ctx, LEAT_EDATA,
                         "join: input %u: sample %u of frame %llu has no time; %s", input + 1,
                         k + 1, seq,
                         self->clock == BY_RATE ? "name the channel that holds it: time="
                                                : "its time channel holds nan");
    if (self->clock == BY_F64)
        return leat_fail(ctx, LEAT_EDATA,
                         "join: input %u: its time goes back, from %.17g to %.17g, at sample %u of "
                         "frame %llu",
                         input + 1, number_of(side->last), number_of(time), k + 1, seq);
    return leat_fail(ctx, LEAT_EDATA,
                     "join: input %u: its time goes back, from %lld to %lld%s, at sample %u of "
                     "frame %llu",
                     input + 1, (long long)side->last, (long long)time,
                     self->clock == BY_RATE ? " ns" : "", k + 1, seq);
}

/* The sample's time, which no earlier one exceeds; false: the engine fails. */
static bool look(const struct asof *self, uint32_t input, struct leat_ctx *ctx,
                 struct leat_frame *frame, uint32_t k, int64_t *time)
{
    const struct side *side = &self->side[input];
    bool none = time_of(self, side, frame, k, time) != LEAT_OK;
    if (LEAT_LIKELY(!none && (!side->any || *time >= side->last)))
        return true;
    fail_at(self, input, ctx, frame, k, *time, none);
    return false;
}

static bool too_old(const struct asof *self, const struct side *side, int64_t time)
{
    if (self->within_ns == 0)
        return false;
    if (self->clock == BY_F64)
        return number_of(time) - number_of(side->last) >
               (double)self->within_ns / (double)self->unit_ns;
    uint64_t unit = self->clock == BY_I64 ? self->unit_ns : 1;
    return (wide)((uint64_t)time - (uint64_t)side->last) * unit > self->within_ns;
}

/* ---- samples ---- */

static void copy_sample(void *to, uint32_t c, const void *from, uint32_t k, uint32_t width)
{
    if (width == 8)
        memcpy((char *)to + (size_t)c * 8, (const char *)from + (size_t)k * 8, 8);
    else
        memcpy((char *)to + (size_t)c * 4, (const char *)from + (size_t)k * 4, 4);
}

/* No sample: NaN, and of integers the smallest. */
static void put_none(const struct asof *self, void *to, uint32_t c)
{
    if (self->kind == LEAT_F32)
        ((float *)to)[c] = __builtin_nanf("");
    else if (self->kind == LEAT_F64)
        ((double *)to)[c] = __builtin_nan("");
    else
        ((int64_t *)to)[c] = INT64_MIN;
}

/* Sample c of the frame gets the side's latest sample. */
static void match(struct asof *self, const struct side *side, const struct leat_input *input,
                  struct leat_frame *to, uint32_t c, int64_t time)
{
    bool none = !side->any || too_old(self, side, time);
    for (uint32_t r = 0; r < side->rows; r++) {
        void *row = leat_frame_row(to, side->row + r);
        if (none)
            put_none(self, row, c);
        else if (side->used != 0)
            copy_sample(row, c, leat_frame_row(head(input), r), side->used - 1, self->width);
        else
            copy_sample(row, c, cells_of(self, side) + (size_t)r * 8, 0, self->width);
    }
}

/* Has the frame nothing for what was put until now? */
static bool is_later(const struct asof *self, const struct side *side,
                     const struct leat_input *input, struct leat_frame *frame)
{
    int64_t time;
    if (self->seq == UINT64_MAX)
        return true;
    if (input->in_step)
        return frame->seq > self->seq;
    return time_of(self, side, frame, 0, &time) != LEAT_OK || time > self->until;
}

/* All samples of the head frame were looked at: keeps the last one, gives the frame back. */
static void finish_head(struct asof *self, struct side *side, struct leat_input *input,
                        struct leat_out *out)
{
    struct leat_frame *frame = head(input);
    for (uint32_t r = 0; r < side->rows; r++)
        copy_sample(cells_of(self, side) + (size_t)r * 8, 0, leat_frame_row(frame, r),
                    frame->cols - 1, self->width);
    if (is_later(self, side, input, frame)) {
        self->passed++;
        self->lost += frame->cols;
    }
    side->used = 0;
    input->taken++;
    leat_out_release(out, frame);
}

/* Looks at samples of the head frame as long as they are not later. False: one is, or failed. */
static bool use_head(struct asof *self, uint32_t i, struct leat_ctx *ctx,
                     const struct leat_input *input, int64_t time)
{
    struct side *side = &self->side[i];
    struct leat_frame *frame = head(input);
    for (; side->used < frame->cols; side->used++) {
        int64_t own;
        if (!look(self, i, ctx, frame, side->used, &own) || own > time)
            return false;
        side->last = own;
        side->any = true;
    }
    return true;
}

/* Moves on to the latest sample that is not later. False: it is not known yet, or failed. */
static bool advance(struct asof *self, struct leat_ctx *ctx, struct leat_input *input, uint32_t i,
                    const struct leat_frame *to, int64_t time, struct leat_out *out)
{
    struct side *side = &self->side[i];
    for (;;) {
        const struct leat_frame *frame = head(input);
        if (frame == NULL)
            return input->ended || (input->in_step && input->answered > to->seq);
        if (input->in_step && frame->seq > to->seq)
            return true;
        if (!use_head(self, i, ctx, input, time))
            return ctx->failed == 0;
        finish_head(self, side, input, out);
    }
}

/* ---- frames ---- */

/* The head frame of the first input gets what it can have from input i; true: everything. */
static bool serve(struct asof *self, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t i,
                  struct leat_out *out)
{
    struct side *side = &self->side[i], *first = &self->side[0];
    struct leat_frame *to = head(&inputs[0]);
    for (; side->done < to->cols; side->done++) {
        int64_t time;
        (void)time_of(self, first, to, side->done, &time); /* admitted: it has one */
        if (!advance(self, ctx, &inputs[i], i, to, time, out))
            return false;
        if (side->any && side->last > time) { /* of one source, by number before it */
            leat_fail(ctx, LEAT_EDATA,
                      "join: inputs 1 and %u: the time of what they come from goes back, before "
                      "sample %u of frame %llu",
                      i + 1, side->done + 1, (unsigned long long)to->seq);
            return false;
        }
        match(self, side, &inputs[i], to, side->done, time);
    }
    return true;
}

/* Are the times of the first input's head in order? */
static bool admit(struct asof *self, struct leat_ctx *ctx, struct leat_frame *frame)
{
    struct side *first = &self->side[0];
    for (uint32_t k = 0; !self->admitted && k < frame->cols; k++) {
        int64_t time;
        if (!look(self, 0, ctx, frame, k, &time))
            return false;
        first->last = time;
        first->any = true;
    }
    self->admitted = true;
    return true;
}

/* What has a smaller number than all that the first input can still show is not later. */
static bool catch_up(struct asof *self, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t i,
                     struct leat_out *out)
{
    struct leat_input *input = &inputs[i];
    struct leat_frame *frame;
    while (input->in_step && (frame = head(input)) != NULL && frame->seq < bound(&inputs[0])) {
        if (!use_head(self, i, ctx, input, INT64_MAX))
            return false;
        finish_head(self, &self->side[i], input, out);
    }
    return true;
}

static void put(struct asof *self, struct leat_input *inputs, uint32_t n, struct leat_out *out)
{
    struct leat_frame *to = head(&inputs[0]);
    self->seq = to->seq;
    self->until = self->side[0].last;
    self->passed = self->lost = 0;
    self->admitted = false;
    for (uint32_t i = 1; i < n; i++) {
        to->rows += self->side[i].rows;
        self->side[i].done = 0;
    }
    inputs[0].taken++;
    (void)leat_out_put(out, to); /* there was room */
}

/* on-end=stop: the others that have ended and are used up have nothing for this frame. */
static bool beyond(struct asof *self, const struct leat_input *inputs, uint32_t n,
                   struct leat_frame *to)
{
    int64_t time;
    (void)time_of(self, &self->side[0], to, 0, &time);
    for (uint32_t i = 1; i < n; i++) {
        const struct side *side = &self->side[i];
        if (!used_up(&inputs[i]))
            continue;
        if (inputs[i].in_step ? to->seq >= inputs[i].answered : !side->any || time > side->last)
            return true;
    }
    return false;
}

/* Nothing will be put any more: what was passed since the last frame was of no use. */
void leat_asof_flush(struct join *join, struct leat_ctx *ctx)
{
    struct asof *self = (struct asof *)join;
    ctx->dropped += self->passed;
    ctx->samples_lost += self->lost;
    self->passed = self->lost = 0;
}

/* Nor is what the others still have, but for frames that were used in part. */
static void give_up(struct asof *self, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t n,
                    struct leat_out *out)
{
    leat_asof_flush(&self->join, ctx);
    while (head(&inputs[0]) != NULL)
        let_go(ctx, &inputs[0], out);
    for (uint32_t i = 1; i < n; i++) {
        struct leat_frame *frame;
        while ((frame = head(&inputs[i])) != NULL) {
            self->side[i].used = 0;
            if (is_later(self, &self->side[i], &inputs[i], frame)) {
                let_go(ctx, &inputs[i], out);
                continue;
            }
            inputs[i].taken++;
            leat_out_release(out, frame);
        }
    }
}

void leat_asof_join(struct join *join, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t n,
                    struct leat_out *out)
{
    struct asof *self = (struct asof *)join;
    struct leat_frame *to;
    for (uint32_t i = 1; i < n && !join->stopped && !used_up(&inputs[0]); i++)
        if (!catch_up(self, ctx, inputs, i, out))
            return;
    while (!join->stopped && leat_out_room(out) != 0 && (to = head(&inputs[0])) != NULL) {
        bool all = admit(self, ctx, to);
        for (uint32_t i = 1; i < n && ctx->failed == 0; i++)
            all &= catch_up(self, ctx, inputs, i, out) && serve(self, ctx, inputs, i, out);
        /* asked now: only what was served shows whether an input that has ended is used up */
        join->stopped = ctx->failed == 0 && join->stops && beyond(self, inputs, n, to);
        if (!all || join->stopped || ctx->failed != 0)
            break;
        put(self, inputs, n, out);
    }
    if (!join->stopped && !used_up(&inputs[0]))
        return;
    give_up(self, ctx, inputs, n, out);
    join->stopped = join->stops;
}

/* ---- set-up ---- */

/* Which channel of input i holds its times; NULL: none. */
static const char *time_name(const struct leat_join_options *o, uint32_t i)
{
    return o->time.n == 0 ? NULL : o->time.items[o->time.n == 1 ? 0 : i];
}

static int choose_clock(const struct leat_join_options *o, const struct leat_shape *in, uint32_t i,
                        struct side *side, struct leat_diag *diag)
{
    const char *name = time_name(o, i);
    side->time = 0;
    if (name == NULL) {
        if (in->rate_hz == 0 && in->cols > 1)
            return leat_diag_set(diag, LEAT_ESHAPE,
                                 "join: input %u has no rate, so only the first sample of a frame "
                                 "has a time: name the channel that holds the times, time=",
                                 i + 1);
        if (!in->timed)
            return leat_diag_set(diag, LEAT_ESHAPE,
                                 "join: input %u gives frames without a time: name the channel "
                                 "that holds the times, time=",
                                 i + 1);
        return LEAT_OK;
    }
    if (in->kind == LEAT_F32)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "time: %s is f32, which holds no times; take type=f64 or i64", name);
    return leat_stages_channel(in, "time", name, &side->time, diag);
}

int leat_asof_resolve(const struct leat_join_options *o, const struct leat_shape *in,
                      struct leat_need *need, struct leat_diag *diag)
{
    uint32_t kind = in[0].kind;
    if (kind != LEAT_F64 && kind != LEAT_F32 && kind != LEAT_I64)
        return leat_diag_set(diag, LEAT_ESHAPE, "join: how=asof takes f64, f32 and i64, not %s",
                             leat_kind_name(kind));
    for (uint32_t i = 0; i < need->ins_n; i++) {
        int status = leat_shape_series(&in[i], diag);
        if (status != LEAT_OK)
            return status;
    }
    if (o->by == ARRIVAL)
        return leat_diag_set(diag, LEAT_EINVAL, "by: how=asof goes by time");
    if (o->within.samples != 0)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "within: how old a sample may be, a duration such as 5s");
    if (o->time.n > 1 && o->time.n != need->ins_n)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "time: %u channels for %u inputs: name one for all, or one for each",
                             o->time.n, need->ins_n);
    struct side side;
    int status = LEAT_OK;
    for (uint32_t i = 0; status == LEAT_OK && i < need->ins_n; i++)
        status = choose_clock(o, &in[i], i, &side, diag);
    if (status == LEAT_OK)
        status = leat_join_side_by_side(in, need, diag);
    need->breaks_finite = true;
    need->pairing = LEAT_BY_LATEST;
    need->state_bytes = sizeof(struct asof) + need->ins_n * sizeof(struct side) +
                        ((size_t)need->out.rows - in[0].rows) * 8;
    return status;
}

int leat_asof_init(struct join *join, const struct leat_join_options *o,
                   const struct leat_shape *in, const struct leat_need *need,
                   struct leat_diag *diag)
{
    struct asof *self = (struct asof *)join;
    self->within_ns = o->within.ns;
    self->unit_ns = leat_time_ns[o->time_unit];
    self->seq = UINT64_MAX;
    self->width = leat_kind_bytes(in[0].kind);
    self->kind = in[0].kind;
    self->clock = o->time.n == 0 ? BY_RATE : in[0].kind == LEAT_I64 ? BY_I64 : BY_F64;
    self->inputs_n = need->ins_n;
    int status = LEAT_OK;
    uint32_t row = 0;
    for (uint32_t i = 0; status == LEAT_OK && i < need->ins_n; i++) {
        struct side *side = &self->side[i];
        *side = (struct side){.rate_hz = in[i].rate_hz, .rows = in[i].rows, .row = row};
        side->cells = i != 0 ? row - in[0].rows : 0;
        row += in[i].rows;
        status = choose_clock(o, &in[i], i, side, diag);
    }
    return status;
}
