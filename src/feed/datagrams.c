#include "feed/datagrams.h"
#include "feed/feed.h"

#include <string.h>

struct header {
    uint64_t session_at, session_bytes;
    int64_t sequence;
    uint32_t blocks, bytes;
    bool good;
};

static uint64_t number(const char *from, uint32_t bytes, bool big)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < bytes; i++)
        n = n << 8 | (uint8_t)from[big ? i : bytes - 1 - i];
    return n;
}

static int64_t after(int64_t sequence) /* what a header says may be any number */
{
    return (int64_t)((uint64_t)sequence + 1);
}

/* Blocks 0 is a heartbeat, all ones in MoldUDP64 the end of the session. */
static struct header read_header(uint32_t protocol, const char *text, size_t n)
{
    struct header h = {0};
    if (protocol == LEAT_DATAGRAM_MOLD && n >= 20) {
        h = (struct header){0, 10, (int64_t)number(text + 10, 8, true),
                            (uint32_t)number(text + 18, 2, true), 20, true};
        h.blocks = h.blocks == 0xffff ? 0 : h.blocks;
    } else if (protocol == LEAT_DATAGRAM_IEX && n >= 40 && text[0] == 1) {
        h = (struct header){4, 8, (int64_t)number(text + 24, 8, false),
                            (uint32_t)number(text + 14, 2, false), 40, true};
    }
    return h;
}

/* The numbers that a datagram begins with, against those that should come. */
static void follow(struct leat_datagrams *d, struct leat_ctx *ctx, const struct header *h,
                   const char *text)
{
    bool other = d->any && memcmp(d->session, text + h->session_at, h->session_bytes) != 0;
    uint64_t back = d->any && h->sequence < d->next
                        ? (uint64_t)d->next - (uint64_t)h->sequence : 0;
    memcpy(d->session, text + h->session_at, h->session_bytes);
    if (!d->any || other || back > d->window) {
        leat_count(ctx, LEAT_RESETS, d->any);
        d->gap |= d->any;
        d->next = h->sequence;
    } else if (h->sequence > d->next) {
        leat_count(ctx, LEAT_GAPS, 1);
        leat_count(ctx, LEAT_MISSING, (uint64_t)h->sequence - (uint64_t)d->next);
        d->gap = true;
        d->next = h->sequence;
    }
    d->any = true;
}

static bool enter(struct leat_datagrams *d, struct leat_ctx *ctx, const char *text, size_t n)
{
    struct header h = read_header(d->protocol, text, n);
    if (!h.good) {
        leat_count(ctx, n < 20 ? LEAT_CUT_OFF : LEAT_BAD_TYPE, 1);
        return false;
    }
    d->counts = h.sequence > 0;
    if (d->counts)
        follow(d, ctx, &h, text);
    d->entered = true;
    d->blocks = h.blocks;
    d->offset = h.bytes;
    d->sequence = h.sequence;
    return true;
}

/* The next block of the datagram that has a number which should come. */
static bool block(struct leat_datagrams *d, struct leat_ctx *ctx, const char *text, size_t n,
                  struct leat_datagram_message *message)
{
    bool big = d->protocol == LEAT_DATAGRAM_MOLD;
    while (d->blocks != 0) {
        if (n - d->offset < 2 || n - d->offset - 2 < number(text + d->offset, 2, big)) {
            leat_count(ctx, LEAT_CUT_OFF, 1);
            return false;
        }
        message->text = text + d->offset + 2;
        message->bytes = (size_t)number(text + d->offset, 2, big);
        message->sequence = d->sequence;
        message->gap = d->gap;
        if (!d->counts || d->sequence >= d->next)
            return true;
        leat_count(ctx, LEAT_DUPLICATES, 1);
        d->offset += (uint32_t)message->bytes + 2;
        d->sequence = after(d->sequence);
        d->blocks--;
    }
    leat_count(ctx, LEAT_BAD_LENGTH, d->offset < n && d->protocol == LEAT_DATAGRAM_MOLD);
    return false;
}

bool leat_datagrams_peek(struct leat_datagrams *d, struct leat_ctx *ctx,
                         const struct leat_messages *frame, bool frame_gap,
                         struct leat_datagram_message *message)
{
    for (; d->at < frame->n; d->at++, d->entered = false) {
        size_t n;
        const char *text = leat_message(frame, d->at, &n);
        message->time = frame->time[d->at];
        if (d->protocol == LEAT_DATAGRAM_NONE) {
            *message = (struct leat_datagram_message){text, n, frame->sequence[d->at],
                                                      frame->time[d->at],
                                                      frame_gap && d->at == 0};
            return true;
        }
        if (!d->entered && !enter(d, ctx, text, n))
            continue;
        if (block(d, ctx, text, n, message))
            return true;
    }
    return false;
}

void leat_datagrams_step(struct leat_datagrams *d, size_t bytes)
{
    if (d->protocol == LEAT_DATAGRAM_NONE) {
        d->at++;
        return;
    }
    d->offset += (uint32_t)bytes + 2;
    d->sequence = after(d->sequence);
    d->blocks--;
    d->gap = false;
    d->next = d->counts ? d->sequence : d->next;
}

void leat_datagrams_leave(struct leat_datagrams *d)
{
    d->at = 0;
    d->entered = false;
}
