/* itch, dbn and iex as stages: messages that a framing gives, decoded into frames of columns.
 *
 * Columns are collected in the state until a frame is full, so that the frames are the same however
 * the messages come: from a file, a capture or a socket. A gap ends a frame before its time.
 */
#include "feed/datagrams.h"
#include "feed/feed.h"

#include <string.h>

struct feed_stage {
    struct leat_decode decode;
    struct leat_datagrams from;
    int64_t time_ns; /* of the frame that is filling, */
    uint32_t filled; /* its samples */
    uint8_t flags;
    LEAT_ALIGNED(LEAT_LINE) char kept[]; /* [rows x cols] */
};

static bool emit(struct feed_stage *s, struct leat_ctx *ctx, struct leat_out *out)
{
    if (leat_out_room(out) == 0)
        return false;
    struct leat_frame *frame = leat_out_claim(out);
    if (frame == NULL)
        return false;
    leat_rows_copy(leat_frame_row(frame, 0), s->kept, (size_t)s->filled * 8, s->decode.rows,
                   frame->stride, (size_t)s->decode.cols * 8);
    frame->cols = s->filled;
    frame->time_ns = s->time_ns;
    frame->flags = (uint8_t)(s->flags | (s->filled < s->decode.cols ? LEAT_SHORT : 0));
    if (!leat_out_put(out, frame)) {
        leat_out_release(out, frame);
        return false;
    }
    ctx->reframed++;
    s->filled = 0;
    s->flags = 0;
    return true;
}

/* Messages into the frame that is filling. False: it must be put before one goes on, because it is
 * full or because of a gap. */
static bool collect(struct feed_stage *s, struct leat_ctx *ctx, const struct leat_messages *frame,
                    bool frame_gap)
{
    const struct leat_feed *feed = leat_feed_of(s->decode.feed);
    struct leat_datagram_message m;
    struct leat_picked picked;
    uint32_t room = s->decode.cols - s->filled;
    bool there, more = true;
    picked.n = 0;
    room = room < LEAT_PICKED_MAX ? room : LEAT_PICKED_MAX;
    while ((there = leat_datagrams_peek(&s->from, ctx, frame, frame_gap, &m)) && picked.n < room) {
        if (m.gap && s->filled + picked.n != 0) {
            more = false;
            break;
        }
        s->flags |= m.gap ? LEAT_GAP_BEFORE : 0;
        picked.at[picked.n] = m.text;
        picked.sequence[picked.n] = m.sequence;
        picked.received[picked.n] = m.time;
        picked.form[picked.n] = leat_decode_wants(&s->decode, ctx, s->decode.groups_n != 0,
                                                  feed->type_at, feed->only_at, m.text, m.bytes);
        picked.n += picked.form[picked.n] != 0;
        leat_datagrams_step(&s->from, m.bytes);
    }
    if (s->filled == 0 && picked.n != 0)
        s->time_ns = leat_decode_time(&s->decode, picked.at[0]);
    leat_decode_columns(&s->decode, &picked, 0, picked.n, s->kept, (size_t)s->decode.cols * 8,
                        s->filled);
    s->filled += picked.n;
    return more && s->filled < s->decode.cols;
}

static bool use(void *state, struct leat_ctx *ctx, struct leat_frame *frame, struct leat_out *out)
{
    struct feed_stage *s = state;
    struct leat_messages messages;
    struct leat_datagram_message m;
    bool gap = (frame->flags & LEAT_GAP_BEFORE) != 0;
    leat_messages_read(&messages, frame);
    do {
        if (s->filled == s->decode.cols && !emit(s, ctx, out))
            return false;
        while (!collect(s, ctx, &messages, gap))
            if (!emit(s, ctx, out))
                return false;
    } while (leat_datagrams_peek(&s->from, ctx, &messages, gap, &m));
    leat_datagrams_leave(&s->from);
    return true;
}

static uint32_t feed_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                          uint32_t n, struct leat_out *out)
{
    return leat_flow_by_frames(state, ctx, frames, n, out, use);
}

static bool feed_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct feed_stage *s = state;
    return s->filled == 0 || emit(s, ctx, out);
}

/* ---- what was asked ---- */

static int feed_resolve(const struct leat_ask *ask, const struct leat_shape *in,
                        struct leat_need *need, struct leat_diag *diag)
{
    int status = leat_messages_check(in, diag);
    if (status == LEAT_OK)
        status = leat_decode_make(NULL, ask, need, diag);
    if (status == LEAT_OK)
        status = leat_decode_bytes(need, sizeof(struct feed_stage), diag);
    need->claim_max = 1;
    need->frames_in = 1; /* and nobody knows how many come out */
    return status;
}

static int feed_init(void *state, const struct leat_ask *ask, uint32_t protocol, uint64_t window,
                     const struct leat_need *need, struct leat_diag *diag)
{
    struct feed_stage *s = state;
    struct leat_need again = *need;
    s->from.protocol = protocol;
    s->from.window = window;
    return leat_decode_make(&s->decode, ask, &again, diag);
}

static struct leat_ask itch_ask(const void *options)
{
    const struct leat_itch_options *o = options;
    return (struct leat_ask){LEAT_FEED_ITCH, o->type, o->only, o->symbol, o->fields, o->frame};
}

static struct leat_ask dbn_ask(const void *options)
{
    const struct leat_dbn_options *o = options;
    return (struct leat_ask){LEAT_FEED_DBN, o->type, o->only, o->instrument, o->fields, o->frame};
}

static struct leat_ask iex_ask(const void *options)
{
    const struct leat_iex_options *o = options;
    return (struct leat_ask){LEAT_FEED_IEX, o->type, o->only, o->symbol, o->fields, o->frame};
}

static int itch_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    struct leat_ask ask = itch_ask(options);
    return feed_resolve(&ask, in, need, diag);
}

static int itch_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    struct leat_ask ask = itch_ask(options);
    (void)in;
    return feed_init(state, &ask, LEAT_DATAGRAM_NONE, 0, need, diag);
}

static int dbn_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    struct leat_ask ask = dbn_ask(options);
    return feed_resolve(&ask, in, need, diag);
}

static int dbn_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    struct leat_ask ask = dbn_ask(options);
    (void)in;
    return feed_init(state, &ask, LEAT_DATAGRAM_NONE, 0, need, diag);
}

static int iex_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    struct leat_ask ask = iex_ask(options);
    return feed_resolve(&ask, in, need, diag);
}

static int iex_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_iex_options *o = options;
    struct leat_ask ask = iex_ask(options);
    (void)in;
    return feed_init(state, &ask, LEAT_DATAGRAM_IEX, o->window, need, diag);
}

static const struct leat_param itch_params[] = {
    LEAT_ITCH_PARAMS(leat_itch_options),
};
static const struct leat_param dbn_params[] = {
    LEAT_DBN_PARAMS(leat_dbn_options),
};
static const struct leat_param iex_params[] = {
    LEAT_FEED_ONLY(leat_iex_options, "types of messages that are kept; default all", "T,Q"),
    LEAT_FEED_GROUP(leat_iex_options, symbol, "ZIEXT",
                    "symbols whose messages are kept; default all"),
    LEAT_FEED_FIELDS(leat_iex_options, "size,price"),
    LEAT_FEED_FRAME(leat_iex_options),
    LEAT_FEED_TYPE(leat_iex_options),
    LEAT_FEED_WINDOW(leat_iex_options),
};

#define DECODER(word, words, example, causes)                                                  \
    .size = sizeof(struct leat_stage), .traits = LEAT_READS_ONLY | LEAT_MAY_BREAK_FINITE,    \
    .name = #word, .doc = words, .params = word##_params,                                    \
    .params_n = sizeof word##_params / sizeof word##_params[0],                              \
    .options_bytes = sizeof(struct leat_##word##_options), .ins = 1, .outs = 1,              \
    .resolve = word##_resolve, .init = word##_init, .flow = feed_flow, .flush = feed_flush,  \
    .source = example, .counts = causes

const struct leat_stage leat_stage_itch = {
    DECODER(itch, "Decodes messages of NASDAQ TotalView-ITCH 5.0, every type.",
            "file file=day.itch ! lengths", leat_feed_causes)};
const struct leat_stage leat_stage_dbn = {
    DECODER(dbn, "Decodes records of Databento DBN version 1, market by order.",
            "file file=day.dbn skip=206 ! fixed size=56", leat_feed_causes)};
const struct leat_stage leat_stage_iex = {
    DECODER(iex, "Decodes datagrams of IEX-TP, TOPS and DEEP; gaps, duplicates and resets are "
                 "counted, and a gap marks the frame that begins after it.",
            "pcap file=day.iex.pcap", leat_datagram_causes)};
