/* lengths, fixed, soupbin: bytes cut into messages.
 *
 * The next message begins with the `kept` bytes of the carry and goes on in the input from column
 * `at`. A message that is all in the input is taken from where it lies; the beginning of one that
 * is not waits in the carry. Frames end with the input's frames, so that they do not depend on how
 * those come.
 */
#include "feed/messages.h"

#include <string.h>

enum cutting { LENGTHS, FIXED, SOUPBIN };
enum { OVERSIZE, CUT_OFF, BAD_LENGTH, BAD_TYPE, UNSEQUENCED };
static const char *const causes[] = {"oversize",     "cut off",     "wrong length",
                                     "unknown type", "unsequenced", NULL};
/* The other types of SoupBinTCP's packets: debug, login and its answers, heartbeats, the end. */
static const char soup_own[] = "+AJHZLROU";

struct framing {
    struct leat_packer packer;
    int64_t sequence; /* of the last message */
    uint32_t cutting, size;
    uint32_t at, kept;
    char carry[65535 + 2];
};

/* What is known of a message from its beginning. */
struct piece {
    const char *text;
    size_t head, all; /* bytes before the message, and with it */
    bool data;        /* a message of the feed's, not of the framing's own */
};

/* Of the n bytes that are there; all: at least so many are wanted. */
static struct piece look(const struct framing *s, const char *text, size_t n)
{
    if (s->cutting == FIXED)
        return (struct piece){text, 0, s->size, true};
    if (n < 2)
        return (struct piece){text, 2, 2, false};
    size_t length = (size_t)(uint8_t)text[0] << 8 | (uint8_t)text[1];
    if (s->cutting == LENGTHS)
        return (struct piece){text, 2, 2 + length, true};
    return (struct piece){text, length != 0 ? 3 : 2, 2 + length,
                          length != 0 && n >= 3 && text[2] == 'S'};
}

/* The next message when all of it is there; what is not is carried. */
static bool peek(struct framing *s, const char *text, size_t n, struct piece *piece)
{
    if (s->kept == 0) {
        *piece = look(s, text + s->at, n - s->at);
        if (piece->all <= n - s->at)
            return true;
    }
    for (size_t want = 0; s->at < n; ) {
        *piece = look(s, s->carry, s->kept);
        if (want == piece->all)
            break;
        want = piece->all;
        size_t more = want - s->kept < n - s->at ? want - s->kept : n - s->at;
        memcpy(s->carry + s->kept, text + s->at, more);
        s->kept += (uint32_t)more;
        s->at += (uint32_t)more;
    }
    *piece = look(s, s->carry, s->kept);
    return piece->all <= s->kept;
}

static void step(struct framing *s, const struct piece *piece)
{
    if (s->kept != 0)
        s->kept = 0;
    else
        s->at += (uint32_t)piece->all;
}

/* A packet that is SoupBinTCP's own. A login's answer says the number of the message after it,
 * behind the session's name of 10 letters. */
static void soup(struct framing *s, struct leat_ctx *ctx, const struct piece *piece)
{
    char type = piece->all > 2 ? piece->text[2] : '+';
    int64_t number = 0;
    leat_count(ctx, BAD_LENGTH, piece->all == 2 || (type == 'A' && piece->all != 33));
    leat_count(ctx, BAD_TYPE, strchr(soup_own, type) == NULL || type == '\0');
    leat_count(ctx, UNSEQUENCED, type == 'U');
    if (type != 'A' || piece->all != 33)
        return;
    for (int i = 13; i < 33; i++)
        if (piece->text[i] >= '0' && piece->text[i] <= '9' && number < INT64_MAX / 10 - 1)
            number = 10 * number + (piece->text[i] - '0');
    s->sequence = number - 1;
}

static bool use(void *state, struct leat_ctx *ctx, struct leat_frame *frame, struct leat_out *out)
{
    struct framing *s = state;
    struct leat_packing packing = {0};
    struct piece piece;
    bool done = true;
    while (done && peek(s, leat_frame_row(frame, 0), frame->cols, &piece)) {
        size_t bytes = piece.all - piece.head;
        bool oversize = piece.data && leat_packer_oversize(&s->packer, bytes);
        if (!piece.data)
            soup(s, ctx, &piece);
        else if (!oversize)
            done = leat_packer_add(&s->packer, &packing, out, piece.text + piece.head, bytes,
                                   s->sequence + 1, frame->time_ns);
        if (!done)
            break;
        leat_count(ctx, OVERSIZE, oversize);
        s->sequence += piece.data;
        step(s, &piece);
    }
    leat_packer_put(&packing, out);
    ctx->reframed += packing.made;
    if (done)
        s->at = 0;
    return done;
}

static uint32_t framing_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                             uint32_t n, struct leat_out *out)
{
    return leat_flow_by_frames(state, ctx, frames, n, out, use);
}

static bool framing_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct framing *s = state;
    (void)out;
    leat_count(ctx, CUT_OFF, s->kept != 0);
    s->kept = 0;
    return true;
}

/* ---- what was asked ---- */

static int resolve(uint64_t frame, const struct leat_shape *in, struct leat_need *need,
                   struct leat_diag *diag)
{
    int status = leat_bytes_check(in, diag);
    if (status != LEAT_OK)
        return status;
    leat_messages_shape(&need->out, (uint32_t)frame);
    need->state_bytes = sizeof(struct framing);
    need->claim_max = 1;
    need->frames_in = 1; /* and nobody knows how many come out */
    return LEAT_OK;
}

static int init(void *state, enum cutting cutting, uint64_t size, const struct leat_need *need)
{
    struct framing *s = state;
    s->cutting = cutting;
    s->size = (uint32_t)size;
    s->packer.cols = need->out.cols;
    return LEAT_OK;
}

static int lengths_resolve(const void *options, const struct leat_shape *in,
                           struct leat_need *need, struct leat_diag *diag)
{
    return resolve(((const struct leat_lengths_options *)options)->frame, in, need, diag);
}

static int lengths_init(void *state, const void *options, const struct leat_shape *in,
                        const struct leat_need *need, struct leat_diag *diag)
{
    (void)options, (void)in, (void)diag;
    return init(state, LENGTHS, 0, need);
}

static int fixed_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    return resolve(((const struct leat_fixed_options *)options)->frame, in, need, diag);
}

static int fixed_init(void *state, const void *options, const struct leat_shape *in,
                      const struct leat_need *need, struct leat_diag *diag)
{
    (void)in, (void)diag;
    return init(state, FIXED, ((const struct leat_fixed_options *)options)->size, need);
}

static int soupbin_resolve(const void *options, const struct leat_shape *in,
                           struct leat_need *need, struct leat_diag *diag)
{
    return resolve(((const struct leat_soupbin_options *)options)->frame, in, need, diag);
}

static int soupbin_init(void *state, const void *options, const struct leat_shape *in,
                        const struct leat_need *need, struct leat_diag *diag)
{
    (void)options, (void)in, (void)diag;
    return init(state, SOUPBIN, 0, need);
}

static const struct leat_param lengths_params[] = {LEAT_IO_FRAME_BYTES(leat_lengths_options)};
static const struct leat_param fixed_params[] = {
    {.name = "size", .fallback = NULL, .min = 1, .max = 65535, .example = "56",
     .doc = "bytes of every message", .offset = offsetof(struct leat_fixed_options, size),
     .type = LEAT_P_U64, .unit = LEAT_BYTES},
    LEAT_IO_FRAME_BYTES(leat_fixed_options),
};
static const struct leat_param soupbin_params[] = {LEAT_IO_FRAME_BYTES(leat_soupbin_options)};

#define FRAMING(word, words, example)                                                        \
    .size = sizeof(struct leat_stage), .traits = LEAT_READS_ONLY, .name = #word, .doc = words, \
    .params = word##_params, .params_n = sizeof word##_params / sizeof word##_params[0],     \
    .options_bytes = sizeof(struct leat_##word##_options), .ins = 1, .outs = 1,              \
    .resolve = word##_resolve, .init = word##_init, .flow = framing_flow,                    \
    .flush = framing_flush, .source = example, .counts = causes

const struct leat_stage leat_stage_lengths = {
    FRAMING(lengths, "Cuts bytes into messages, each behind its length in two bytes, the higher "
                     "first: BinaryFILE.", "file file=day.itch")};
const struct leat_stage leat_stage_fixed = {
    FRAMING(fixed, "Cuts bytes into messages of equal length.", "file file=day.dbn skip=206")};
const struct leat_stage leat_stage_soupbin = {
    FRAMING(soupbin, "Cuts bytes into the sequenced messages of SoupBinTCP; its other packets are "
                     "passed over.", "file file=day.soup")};
