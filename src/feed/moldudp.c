/* moldudp: the messages of MoldUDP64 datagrams, each number once and in order. */
#include "feed/datagrams.h"
#include "feed/feed.h"

struct moldudp {
    struct leat_packer packer;
    struct leat_datagrams from;
};

static bool use(void *state, struct leat_ctx *ctx, struct leat_frame *frame, struct leat_out *out)
{
    struct moldudp *s = state;
    struct leat_packing packing = {0};
    struct leat_messages datagrams;
    struct leat_datagram_message m;
    bool done = true;
    leat_messages_read(&datagrams, frame);
    while (leat_datagrams_peek(&s->from, ctx, &datagrams, false, &m)) {
        bool oversize = leat_packer_oversize(&s->packer, m.bytes);
        if (!oversize)
            done = leat_packer_add(&s->packer, &packing, out, m.text, m.bytes, m.sequence, m.time);
        if (!done)
            break;
        leat_count(ctx, LEAT_OVERSIZE, oversize);
        leat_datagrams_step(&s->from, m.bytes);
    }
    leat_packer_put(&packing, out);
    ctx->reframed += packing.made;
    if (done)
        leat_datagrams_leave(&s->from);
    return done;
}

static uint32_t moldudp_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                             uint32_t n, struct leat_out *out)
{
    return leat_flow_by_frames(state, ctx, frames, n, out, use);
}

static int moldudp_resolve(const void *options, const struct leat_shape *in,
                           struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_moldudp_options *o = options;
    int status = leat_messages_check(in, diag);
    if (status != LEAT_OK)
        return status;
    leat_messages_shape(&need->out, (uint32_t)o->frame);
    need->state_bytes = sizeof(struct moldudp);
    need->claim_max = 1;
    need->frames_in = 1; /* and nobody knows how many come out */
    return LEAT_OK;
}

static int moldudp_init(void *state, const void *options, const struct leat_shape *in,
                        const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_moldudp_options *o = options;
    struct moldudp *s = state;
    (void)in, (void)diag;
    s->packer.cols = need->out.cols;
    s->from.protocol = LEAT_DATAGRAM_MOLD;
    s->from.window = o->window;
    return LEAT_OK;
}

static const struct leat_param moldudp_params[] = {
    LEAT_FEED_WINDOW(leat_moldudp_options),
    LEAT_IO_FRAME_BYTES(leat_moldudp_options),
};

const struct leat_stage leat_stage_moldudp = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_READS_ONLY,
    .name = "moldudp",
    .doc = "Takes the messages out of MoldUDP64 datagrams, each number once; gaps, duplicates and "
           "resets are counted, and a gap marks the frame that begins after it.",
    .params = moldudp_params,
    .params_n = sizeof moldudp_params / sizeof moldudp_params[0],
    .options_bytes = sizeof(struct leat_moldudp_options),
    .ins = 1,
    .outs = 1,
    .resolve = moldudp_resolve,
    .init = moldudp_init,
    .flow = moldudp_flow,
    .source = "pcap file=day.pcap",
    .counts = leat_datagram_causes,
};
