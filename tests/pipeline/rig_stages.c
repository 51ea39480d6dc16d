#include "rig.h"

#include <math.h>
#include <string.h>

double rig_sample(uint64_t seq, uint32_t r, uint32_t i)
{
    return (double)((seq * 31 + r * 7 + i) % 100003);
}

uint64_t rig_mix(uint64_t digest, double sample)
{
    uint64_t bits;
    memcpy(&bits, &sample, sizeof bits);
    return (digest ^ bits) * UINT64_C(0x100000001b3) + 1;
}

/* ---- state and life, alike for all ---- */

struct state {
    struct rig_options o;
    uint64_t at, pulls, held, began_ns;
    uint32_t out_n;                 /* triple: copies of the present input that went out */
    struct leat_frame *kept[64];    /* hold, third: a ring from `first` */
    uint32_t first;
};

static int begin(void *state, const void *options, const struct leat_shape *in,
                 const struct leat_need *need, struct leat_diag *diag)
{
    struct state *s = state;
    (void)in;
    (void)need;
    memcpy(&s->o, options, sizeof s->o);
    leat_add_acq_rel(&s->o.ledger->inits, 1);
    if (s->o.fail_init)
        return leat_diag_set(diag, LEAT_EIO, "this stage does not begin");
    s->began_ns = leat_clock_ns();
    return LEAT_OK;
}

static void end(void *state)
{
    struct state *s = state;
    leat_add_acq_rel(&s->o.ledger->finis, 1);
}

/* True when the frame after `at` others is the one to fail at. */
static bool fails(struct state *s, struct leat_ctx *ctx, uint64_t at)
{
    if (s->o.fail_at == 0 || at + 1 < s->o.fail_at)
        return false;
    leat_fail(ctx, LEAT_EDATA, "frame %llu is not to its taste", (unsigned long long)at + 1);
    return true;
}

static int resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                   struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    need->state_bytes = sizeof(struct state);
    return LEAT_OK;
}

/* ---- source ---- */

static int source_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                          struct leat_diag *diag)
{
    const struct rig_options *o = options;
    need->out.rows = o->rows == 0 ? 1 : o->rows;
    need->out.cols = o->cols == 0 ? 16 : o->cols;
    need->out.kind = LEAT_F64;
    need->out.rate_hz = 1000;
    for (uint32_t r = 0; r < need->out.rows; r++)
        leat_shape_name(&need->out, r, "c%u", r + 1);
    return resolve(options, in, need, diag);
}

static void fill(const struct rig_options *o, uint64_t seq, struct leat_frame *f)
{
    f->cols = o->cols == 0 ? 16 : o->cols;
    if (o->last_cols != 0 && seq + 1 == o->n)
        f->cols = o->last_cols;
    for (uint32_t r = 0; r < f->rows; r++) {
        double *x = leat_frame_row(f, r);
        for (uint32_t i = 0; i < f->cols; i++)
            x[i] = rig_sample(seq, r, i);
    }
    if (o->nan_every != 0 && (seq + 1) % o->nan_every == 0)
        *(double *)leat_frame_row(f, f->rows - 1) = NAN;
}

static int source_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    struct state *s = state;
    if (s->o.n != 0 && s->at == s->o.n)
        return LEAT_EEND;
    if (s->o.silent_ns != 0 && s->at == 0 && leat_clock_ns() - s->began_ns < s->o.silent_ns)
        return 0;
    if (s->o.burst != 0) {
        if (++s->pulls % 3 == 0)
            return 0;
        n = n < s->o.burst ? n : s->o.burst;
    }
    uint32_t k = 0;
    for (; k < n && (s->o.n == 0 || s->at < s->o.n); k++, s->at++) {
        if (fails(s, ctx, s->at))
            return LEAT_EDATA;
        fill(&s->o, s->at, frames[k]);
    }
    return (int)k;
}

#define COMMON .size = sizeof(struct leat_stage), .options_bytes = sizeof(struct rig_options), \
               .init = begin, .fini = end

const struct leat_stage rig_source = {COMMON, .name = "source", .outs = 1,
                                      .resolve = source_resolve, .pull = source_pull};
const struct leat_stage rig_waiting_source = {COMMON, .name = "waiting", .traits = LEAT_WAITS,
                                              .outs = 1, .resolve = source_resolve,
                                              .pull = source_pull};
const struct leat_stage rig_breaking_source = {COMMON, .name = "breaking",
                                               .traits = LEAT_MAY_BREAK_FINITE, .outs = 1,
                                               .resolve = source_resolve, .pull = source_pull};

/* ---- map stages ---- */

static void add_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    struct state *s = state;
    for (uint32_t k = 0; k < n; k++) {
        if (fails(s, ctx, s->at++))
            return;
        for (uint32_t r = 0; r < frames[k]->rows; r++) {
            double *x = leat_frame_row(frames[k], r);
            for (uint32_t i = 0; i < frames[k]->cols; i++)
                x[i] += (double)s->o.add;
        }
    }
}

static void pick_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    (void)frames;
    struct state *s = state;
    for (uint32_t k = 0; k < n; k++) {
        s->at++;
        if (s->o.drop_every != 0 && s->at % s->o.drop_every == 0)
            leat_drop(ctx, k);
        else if (s->o.reject_every != 0 && s->at % s->o.reject_every == 0)
            leat_reject(ctx, k, (uint16_t)(LEAT_WHY_OWN + s->at % 7));
    }
}

static void look(struct state *s, struct leat_frame *f)
{
    for (uint32_t r = 0; r < f->rows; r++) {
        const double *x = leat_frame_row(f, r);
        for (uint32_t i = 0; i < f->cols; i++)
            if (!isfinite(x[i]))
                leat_add_relaxed(&s->o.ledger->seen_not_finite, 1);
    }
}

static void finite_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    (void)ctx;
    for (uint32_t k = 0; k < n; k++)
        look(state, frames[k]);
}

const struct leat_stage rig_add = {COMMON, .name = "add", .traits = LEAT_MAP, .ins = 1, .outs = 1,
                                   .resolve = resolve, .map = add_map};
const struct leat_stage rig_pick = {COMMON, .name = "pick", .traits = LEAT_MAP, .ins = 1, .outs = 1,
                                    .resolve = resolve, .map = pick_map};
const struct leat_stage rig_wants_finite = {COMMON, .name = "finite",
                                            .traits = LEAT_MAP | LEAT_WANTS_FINITE, .ins = 1,
                                            .outs = 1, .resolve = resolve, .map = finite_map};

/* ---- flow stages ---- */

static uint32_t pass_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                          uint32_t n, struct leat_out *out)
{
    struct state *s = state;
    uint32_t k = 0;
    for (; k < n; k++) {
        if (fails(s, ctx, s->at))
            return k;
        look(s, frames[k]);
        if (!leat_out_put(out, frames[k]))
            break;
        s->at++;
    }
    return k;
}

static int hold_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    need->hold_max = ((const struct rig_options *)options)->hold;
    return resolve(options, in, need, diag);
}

/* Lets the oldest go when there is one too many. */
static uint32_t hold_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                          uint32_t n, struct leat_out *out)
{
    struct state *s = state;
    (void)ctx;
    for (uint32_t k = 0; k < n; k++) {
        if (s->held == s->o.hold) {
            struct leat_frame *oldest = s->o.hold == 0 ? frames[k] : s->kept[s->first];
            if (!leat_out_put(out, oldest))
                return k;
            if (s->o.hold == 0)
                continue;
            s->first = (s->first + 1) % 64;
            s->held--;
        }
        s->kept[(s->first + s->held++) % 64] = frames[k];
    }
    return n;
}

static bool hold_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct state *s = state;
    if (s->o.fail_flush)
        leat_fail(ctx, LEAT_EIO, "the flush went wrong");
    while (s->held > 0) {
        if (!leat_out_put(out, s->kept[s->first]))
            return false;
        s->first = (s->first + 1) % 64;
        s->held--;
    }
    leat_add_relaxed(&s->o.ledger->flushes, 1);
    return true;
}

static int claim_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    need->claim_max = 1;
    need->hold_max = 0;
    return resolve(options, in, need, diag);
}

static void copy_plus(struct leat_frame *to, struct leat_frame *from, double plus)
{
    to->cols = from->cols;
    to->time_ns = from->time_ns;
    for (uint32_t r = 0; r < from->rows; r++) {
        double *y = leat_frame_row(to, r);
        const double *x = leat_frame_row(from, r);
        for (uint32_t i = 0; i < from->cols; i++)
            y[i] = x[i] + plus;
    }
}

/* Three frames of its quota for each that comes. */
static uint32_t triple_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                            uint32_t n, struct leat_out *out)
{
    struct state *s = state;
    for (uint32_t k = 0; k < n; k++) {
        for (; s->out_n < 3; s->out_n++) {
            struct leat_frame *f = leat_out_room(out) == 0 ? NULL : leat_out_claim(out);
            if (f == NULL)
                return k;
            copy_plus(f, frames[k], s->out_n);
            ctx->copied++;
            if (!leat_out_put(out, f))
                leat_fail(ctx, LEAT_ESTATE, "a put was refused where there was room");
        }
        s->out_n = 0;
        leat_out_release(out, frames[k]);
    }
    return n;
}

static int third_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    int status = claim_resolve(options, in, need, diag);
    need->hold_max = 2;
    return status;
}

/* One frame, the sum of three; what is left at the end is lost. */
static uint32_t third_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                           uint32_t n, struct leat_out *out)
{
    struct state *s = state;
    for (uint32_t k = 0; k < n; k++) {
        if (s->held < 2) {
            s->kept[s->held++] = frames[k];
            continue;
        }
        struct leat_frame *f = leat_out_room(out) == 0 ? NULL : leat_out_claim(out);
        if (f == NULL)
            return k;
        copy_plus(f, s->kept[0], 0);
        struct leat_frame *others[2] = {s->kept[1], frames[k]};
        for (int m = 0; m < 2; m++)
            for (uint32_t r = 0; r < f->rows; r++) {
                double *y = leat_frame_row(f, r);
                const double *x = leat_frame_row(others[m], r);
                for (uint32_t i = 0; i < f->cols; i++)
                    y[i] += x[i];
            }
        ctx->reframed++;
        leat_out_release(out, s->kept[0]);
        leat_out_release(out, s->kept[1]);
        leat_out_release(out, frames[k]);
        s->held = 0;
        leat_out_put(out, f);
    }
    return n;
}

static bool third_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct state *s = state;
    while (s->held > 0) {
        ctx->samples_lost += s->kept[--s->held]->cols;
        leat_out_release(out, s->kept[s->held]);
    }
    return true;
}

static int ticker_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                          struct leat_diag *diag)
{
    need->tick_ns = ((const struct rig_options *)options)->tick_ns;
    return resolve(options, in, need, diag);
}

static void ticker_tick(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct state *s = state;
    (void)ctx;
    (void)out;
    leat_add_relaxed(&s->o.ledger->ticks, 1);
}

const struct leat_stage rig_pass = {COMMON, .name = "pass", .ins = 1, .outs = 1, .resolve = resolve,
                                    .flow = pass_flow};
const struct leat_stage rig_flow_wants_finite = {COMMON, .name = "flowfinite",
                                                 .traits = LEAT_WANTS_FINITE, .ins = 1, .outs = 1,
                                                 .resolve = resolve, .flow = pass_flow};
const struct leat_stage rig_hold = {COMMON, .name = "hold", .ins = 1, .outs = 1,
                                    .resolve = hold_resolve, .flow = hold_flow,
                                    .flush = hold_flush};
const struct leat_stage rig_triple = {COMMON, .name = "triple", .ins = 1, .outs = 1,
                                      .resolve = claim_resolve, .flow = triple_flow};
const struct leat_stage rig_third = {COMMON, .name = "third", .ins = 1, .outs = 1,
                                     .resolve = third_resolve, .flow = third_flow,
                                     .flush = third_flush};
const struct leat_stage rig_ticker = {COMMON, .name = "ticker", .ins = 1, .outs = 1,
                                      .resolve = ticker_resolve, .flow = pass_flow,
                                      .tick = ticker_tick};

/* ---- sink ---- */

static void sink_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    struct state *s = state;
    struct ledger *l = s->o.ledger;
    for (uint32_t k = 0; k < n; k++) {
        struct leat_frame *f = frames[k];
        if (fails(s, ctx, s->at))
            return;
        l->disorder += s->at != 0 && f->seq <= s->held;
        l->disorder += f->cols == 0 || (uintptr_t)f % 64 != 0 || f->stride % 64 != 0;
        s->held = f->seq;
        for (uint32_t r = 0; r < f->rows; r++) {
            const double *x = leat_frame_row(f, r);
            for (uint32_t i = 0; i < f->cols; i++)
                l->digest = rig_mix(l->digest, x[i]);
        }
        for (uint64_t until = leat_clock_ns() + s->o.slow_ns;
             s->o.slow_ns != 0 && leat_clock_ns() < until;)
            leat_pause();
        s->at++;
        l->frames++;
    }
    leat_store_relaxed(&l->sunk_at, leat_clock_ns());
}

static bool sink_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct state *s = state;
    leat_add_relaxed(&s->o.ledger->flushes, 1);
    if (out != NULL)
        leat_fail(ctx, LEAT_ESTATE, "a sink got somewhere to put");
    if (s->o.fail_flush)
        leat_fail(ctx, LEAT_EIO, "the result could not be written");
    return true;
}

const struct leat_stage rig_sink = {COMMON, .name = "sink", .traits = LEAT_MAP | LEAT_READS_ONLY,
                                    .ins = 1, .outs = 0, .resolve = resolve, .map = sink_map,
                                    .flush = sink_flush};
