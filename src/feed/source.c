/* itch and dbn as sources: a file of messages, mapped, decoded where it lies. */
#include "feed/feed.h"
#include "io/span.h"

#include <stdio.h>
#include <string.h>

#define ROOM ((size_t)1 << 18) /* bytes of a pipe in one piece: the longest message, twice */
#define AHEAD 2048u            /* bytes that are asked for before they are read */

struct feed_source {
    struct leat_span span;
    struct leat_decode decode;
    struct leat_picked picked;
    uint64_t skip;      /* bytes before the next message: of a header that is passed over */
    int64_t sequence;   /* of the last message */
    int64_t time_ns;    /* of the frame that is filling */
    uint32_t filled;    /* its samples, kept here while a pipe has nothing */
    bool began, over;
    LEAT_ALIGNED(LEAT_LINE) char kept[]; /* [rows x cols] */
};

/* ---- the two formats ---- */

/* How many bytes of text[0, n) are used up; messages are picked until `most` of them wait. A
 * message that is not all there ends it. < 0 after leat_fail. */
typedef int64_t scan_fn(struct feed_source *s, struct leat_ctx *ctx, const char *text, size_t n,
                        uint32_t most);

#define INLINE static inline __attribute__((always_inline))

/* Picks the message when it is wanted; returns how many are picked then. Constant arguments make
 * one loop of each use; a plain one keeps no more of a message than where it is. */
INLINE uint32_t pick(struct leat_decode *d, struct leat_ctx *ctx, struct leat_picked *picked,
                     uint32_t wanted, bool plain, uint32_t type_at, uint32_t only_at,
                     const char *message, size_t bytes, int64_t sequence)
{
    picked->at[wanted] = message;
    if (plain && LEAT_LIKELY(d->bytes[(uint8_t)message[type_at]] == bytes))
        return wanted + d->keep[(uint8_t)message[only_at]];
    picked->sequence[wanted] = sequence;
    picked->form[wanted] = leat_decode_wants(d, ctx, d->groups_n != 0, type_at, only_at, message,
                                             bytes);
    return wanted + (picked->form[wanted] != 0);
}

INLINE void picked_end(struct feed_source *s, bool plain, uint32_t type_at, uint32_t wanted,
                       int64_t sequence)
{
    struct leat_picked *picked = &s->picked;
    picked->n = wanted;
    s->sequence = sequence;
    if (plain && wanted != 0) /* of one form as good as all */
        picked->form[0] = s->decode.form[(uint8_t)picked->at[0][type_at]];
}

static uint32_t u16_big(const char *at)
{
    return (uint32_t)(uint8_t)at[0] << 8 | (uint8_t)at[1];
}

/* BinaryFILE: a message behind its length. Length 0 is as long as the type says, and at the very
 * end of a file the end of the session. */
INLINE int64_t itch_as(struct feed_source *s, struct leat_ctx *ctx, const char *text, size_t n,
                       uint32_t most, bool plain)
{
    struct leat_decode *d = &s->decode;
    int64_t sequence = s->sequence;
    uint32_t wanted = 0;
    size_t at = 0;
    while (wanted < most && n - at >= 3) {
        const char *message = text + at + 2;
        size_t bytes = u16_big(text + at);
        __builtin_prefetch(message + AHEAD); /* where the next one begins, its length must say */
        if (LEAT_UNLIKELY(bytes == 0) && (bytes = d->bytes[(uint8_t)message[0]]) == 0) {
            leat_fail(ctx, LEAT_EDATA,
                      "%s: byte %llu: a message without a length has the unknown type 0x%02x: "
                      "nobody knows where the next one begins",
                      s->span.path, (unsigned long long)(leat_span_at(&s->span) + at),
                      (unsigned)(uint8_t)message[0]);
            return -1;
        }
        if (n - at - 2 < bytes)
            break;
        wanted = pick(d, ctx, &s->picked, wanted, plain, 0, 0, message, bytes, ++sequence);
        at += 2 + bytes;
    }
    picked_end(s, plain, 0, wanted, sequence);
    return (int64_t)at;
}

static int64_t scan_itch(struct feed_source *s, struct leat_ctx *ctx, const char *text, size_t n,
                         uint32_t most)
{
    return s->decode.plain ? itch_as(s, ctx, text, n, most, true)
                           : itch_as(s, ctx, text, n, most, false);
}

static size_t record_bytes(const char *record)
{
    return 4 * (size_t)(uint8_t)record[0];
}

static uint16_t head_of(const char *record) /* its length and type */
{
    uint16_t head;
    memcpy(&head, record, sizeof head);
    return head;
}

/* Records behind their length. While they begin alike, nothing else is asked of them, and where the
 * next one begins is known before this one has come from memory, so that several come at once. */
INLINE int64_t dbn_as(struct feed_source *s, struct leat_ctx *ctx, const char *text, size_t n,
                      uint32_t most, bool plain)
{
    struct leat_decode *d = &s->decode;
    int64_t sequence = s->sequence;
    uint32_t wanted = 0;
    size_t at = 0;
    while (wanted < most && n - at >= 1) {
        const char *first = text + at;
        const size_t bytes = record_bytes(first);
        if (LEAT_UNLIKELY(bytes < 16)) { /* the header of a record */
            leat_fail(ctx, LEAT_EDATA,
                      "%s: byte %llu: a record of %zu bytes: there is none below 16", s->span.path,
                      (unsigned long long)(leat_span_at(&s->span) + at), bytes);
            return -1;
        }
        if (n - at < bytes)
            break;
        const bool alike = plain && d->bytes[(uint8_t)first[1]] == bytes;
        const char *message = first, *const last = text + n - bytes;
        do {
            __builtin_prefetch(message + AHEAD);
            sequence++;
            if (LEAT_LIKELY(alike)) {
                s->picked.at[wanted] = message;
                wanted += d->keep[(uint8_t)message[38]];
            } else {
                wanted = pick(d, ctx, &s->picked, wanted, false, 1, 38, message, bytes, sequence);
            }
            message += bytes;
        } while (wanted < most && message <= last && head_of(message) == head_of(first));
        at = (size_t)(message - text);
    }
    picked_end(s, plain, 1, wanted, sequence);
    return (int64_t)at;
}

static int64_t scan_dbn(struct feed_source *s, struct leat_ctx *ctx, const char *text, size_t n,
                        uint32_t most)
{
    return s->decode.plain ? dbn_as(s, ctx, text, n, most, true)
                           : dbn_as(s, ctx, text, n, most, false);
}

#define DBN_HEAD 26u /* bytes up to the schema */
enum { DBN_MBO = 0, DBN_MIXED = 0xffff };

/* The bytes before the first record; 0, and why. */
static uint64_t dbn_begin(const char *head, size_t n, char why[128])
{
    why[0] = '\0';
    if (n >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
        strcpy(why, "it is compressed: unpack it with zstd -d first");
    else if (n < DBN_HEAD || memcmp(head, "DBN", 3) != 0)
        strcpy(why, "it does not begin as a DBN file does");
    else if (head[3] != 1)
        snprintf(why, 128, "it is DBN version %u; Leat reads version 1",
                 (unsigned)(uint8_t)head[3]);
    if (why[0] != '\0')
        return 0;
    const uint8_t *u = (const uint8_t *)head;
    uint32_t schema = u[24] | (uint32_t)u[25] << 8;
    if (schema != DBN_MBO && schema != DBN_MIXED)
        snprintf(why, 128, "its records are of schema %u; Leat reads market by order, 0", schema);
    return 8 + (u[4] | (uint64_t)u[5] << 8 | (uint64_t)u[6] << 16 | (uint64_t)u[7] << 24);
}

/* ---- frames ---- */

static void start(struct feed_source *s, struct leat_frame *frame)
{
    for (uint32_t r = 0; r < s->decode.rows && s->filled != 0; r++)
        memcpy(leat_frame_row(frame, r), s->kept + (size_t)r * s->decode.cols * 8,
               (size_t)s->filled * 8);
}

static void keep(struct feed_source *s, struct leat_frame *frame)
{
    for (uint32_t r = 0; r < s->decode.rows && s->filled != 0; r++)
        memcpy(s->kept + (size_t)r * s->decode.cols * 8, leat_frame_row(frame, r),
               (size_t)s->filled * 8);
}

/* The head of a DBN file, once it is there. */
static int begin(struct feed_source *s, struct leat_ctx *ctx, bool wait)
{
    const char *text;
    size_t n;
    char why[128];
    if (!s->began && s->decode.feed == LEAT_FEED_DBN) {
        int status = leat_span_take(&s->span, ctx, wait, DBN_HEAD, &text, &n);
        if (status != 1 && status != LEAT_EEND)
            return status;
        s->skip = dbn_begin(text, n, why);
        if (why[0] != '\0')
            return leat_fail(ctx, LEAT_EDATA, "%s: %s", s->span.path, why);
    }
    s->began = true;
    int status = leat_span_skip(&s->span, ctx, wait, &s->skip);
    if (status == LEAT_EEND) /* inside of the head */
        leat_count(ctx, LEAT_CUT_OFF, 1);
    return status;
}

/* Decodes until the frame is full. 1: it is; 0: not now; LEAT_EEND; another after leat_fail. */
static int fill(struct feed_source *s, struct leat_ctx *ctx, struct leat_frame *frame, bool wait)
{
    scan_fn *scan = s->decode.feed == LEAT_FEED_DBN ? scan_dbn : scan_itch;
    size_t least = 1;
    while (s->filled < s->decode.cols) {
        const char *text;
        size_t n;
        int status = leat_span_take(&s->span, ctx, wait, least, &text, &n);
        if (status < 0 && status != LEAT_EEND)
            return status;
        uint32_t room = s->decode.cols - s->filled;
        s->picked.n = 0;
        int64_t used = scan(s, ctx, text, n, room < LEAT_PICKED_MAX ? room : LEAT_PICKED_MAX);
        if (used < 0)
            return ctx->failed;
        if (s->filled == 0 && s->picked.n != 0)
            s->time_ns = leat_decode_time(&s->decode, s->picked.at[0]);
        leat_decode_columns(&s->decode, &s->picked, 0, s->picked.n, leat_frame_row(frame, 0),
                            frame->stride, s->filled);
        s->filled += s->picked.n;
        leat_span_use(&s->span, (size_t)used);
        least = used == 0 ? n + 1 : 1;
        if (used == 0 && status != 1) {
            bool end = n == 2 && text[0] == 0 && text[1] == 0; /* of an ITCH session */
            leat_count(ctx, LEAT_CUT_OFF, status == LEAT_EEND && n != 0 && !end);
            return status;
        }
    }
    return 1;
}

static int feed_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    struct feed_source *s = state;
    uint32_t made = 0;
    int status = s->over ? LEAT_EEND : 1;
    if (!leat_span_there(&s->span, ctx))
        return ctx->failed;
    if (status == 1 && (!s->began || s->skip != 0))
        status = begin(s, ctx, true);
    while (made < n && status == 1) {
        struct leat_frame *frame = frames[made];
        start(s, frame);
        status = ctx->stopping ? LEAT_EEND : fill(s, ctx, frame, made == 0);
        if (status == 0)
            keep(s, frame);
        if (status != 1 && (status != LEAT_EEND || s->filled == 0))
            break;
        frame->cols = s->filled;
        frame->flags = s->filled < s->decode.cols ? LEAT_SHORT : 0;
        frame->time_ns = s->time_ns;
        s->filled = 0;
        made++;
    }
    leat_span_progress(&s->span, ctx);
    s->over |= status == LEAT_EEND;
    if (status < 0 && status != LEAT_EEND)
        return status;
    return made != 0 ? (int)made : status;
}

static void feed_fini(void *state)
{
    struct feed_source *s = state;
    leat_span_close(&s->span);
}

/* ---- what was asked ---- */

static int look(const char *path, uint32_t feed, struct leat_diag *diag)
{
    char head[DBN_HEAD], why[128];
    size_t n;
    bool all;
    struct leat_input_facts facts;
    int status = leat_input_facts(path, &facts, diag);
    if (status != LEAT_OK || feed != LEAT_FEED_DBN || !facts.regular)
        return status;
    status = leat_input_peek(path, head, sizeof head, &n, &all, NULL, NULL, diag);
    if (status != LEAT_OK)
        return status;
    (void)dbn_begin(head, n, why);
    return why[0] == '\0' ? LEAT_OK : leat_diag_set(diag, LEAT_EDATA, "%s: %s", path, why);
}

static int feed_resolve(const struct leat_ask *ask, const char *file, struct leat_need *need,
                        struct leat_diag *diag)
{
    int status = look(file, ask->feed, diag);
    if (status == LEAT_OK)
        status = leat_decode_make(NULL, ask, need, diag);
    return status == LEAT_OK ? leat_decode_bytes(need, sizeof(struct feed_source), diag) : status;
}

static int feed_init(void *state, const struct leat_ask *ask, const char *file,
                     const struct leat_need *need, struct leat_diag *diag)
{
    struct feed_source *s = state;
    struct leat_need again = *need;
    int status = leat_decode_make(&s->decode, ask, &again, diag);
    for (uint32_t i = 0; i < LEAT_PICKED_MAX; i++)
        s->picked.received[i] = LEAT_TIME_NONE; /* a file does not say */
    return status == LEAT_OK ? leat_span_open(&s->span, file, ROOM, diag) : status;
}

static struct leat_ask itch_ask(const void *options)
{
    const struct leat_itch_source_options *o = options;
    return (struct leat_ask){LEAT_FEED_ITCH, o->type, o->only, o->symbol, o->fields, o->frame};
}

static int itch_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_itch_source_options *o = options;
    struct leat_ask ask = itch_ask(options);
    (void)in;
    return feed_resolve(&ask, o->file, need, diag);
}

static int itch_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_itch_source_options *o = options;
    struct leat_ask ask = itch_ask(options);
    (void)in;
    return feed_init(state, &ask, o->file, need, diag);
}

static struct leat_ask dbn_ask(const void *options)
{
    const struct leat_dbn_source_options *o = options;
    return (struct leat_ask){LEAT_FEED_DBN, o->type, o->only, o->instrument, o->fields, o->frame};
}

static int dbn_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_dbn_source_options *o = options;
    struct leat_ask ask = dbn_ask(options);
    (void)in;
    return feed_resolve(&ask, o->file, need, diag);
}

static int dbn_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_dbn_source_options *o = options;
    struct leat_ask ask = dbn_ask(options);
    (void)in;
    return feed_init(state, &ask, o->file, need, diag);
}

static const struct leat_param itch_params[] = {
    LEAT_IO_FILE(leat_itch_source_options, NULL, "BinaryFILE to read; - is standard input",
                 "day.itch"),
    LEAT_ITCH_PARAMS(leat_itch_source_options),
};

static const struct leat_param dbn_params[] = {
    LEAT_IO_FILE(leat_dbn_source_options, NULL, "file to read; - is standard input", "day.dbn"),
    LEAT_DBN_PARAMS(leat_dbn_source_options),
};

const struct leat_stage leat_itch_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS | LEAT_MAY_BREAK_FINITE,
    .name = "itch",
    .doc = "Reads a BinaryFILE of NASDAQ TotalView-ITCH 5.0, every type of message.",
    .params = itch_params,
    .params_n = sizeof itch_params / sizeof itch_params[0],
    .options_bytes = sizeof(struct leat_itch_source_options),
    .outs = 1,
    .resolve = itch_resolve,
    .init = itch_init,
    .pull = feed_pull,
    .fini = feed_fini,
    .counts = leat_feed_causes,
};

const struct leat_stage leat_dbn_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS | LEAT_MAY_BREAK_FINITE,
    .name = "dbn",
    .doc = "Reads a Databento DBN file of version 1, market by order.",
    .params = dbn_params,
    .params_n = sizeof dbn_params / sizeof dbn_params[0],
    .options_bytes = sizeof(struct leat_dbn_source_options),
    .outs = 1,
    .resolve = dbn_resolve,
    .init = dbn_init,
    .pull = feed_pull,
    .fini = feed_fini,
    .counts = leat_feed_causes,
};
