/* Datagrams that carry numbered messages behind a header: MoldUDP64 and IEX-TP. */
#ifndef LEAT_FEED_DATAGRAMS_H
#define LEAT_FEED_DATAGRAMS_H

#include "feed/messages.h"

enum leat_datagram { LEAT_DATAGRAM_NONE, LEAT_DATAGRAM_MOLD, LEAT_DATAGRAM_IEX };

/* Where the reader is, in a stage's state. */
struct leat_datagrams {
    uint32_t protocol; /* NONE: the messages are bare already */
    uint32_t at;       /* the offered frame's datagram */
    bool entered;      /* its header has been read: */
    uint32_t blocks, offset; /* messages that are left of it, the next one's place */
    int64_t sequence;  /* and number */
    bool any, gap;     /* a message has been seen; numbers are missing before the next */
    bool counts;       /* the sender counts: 0 is nobody's number */
    int64_t next;      /* the number that should come */
    uint64_t window;   /* numbers back that are duplicates; further back the stream begins anew */
    char session[10];
};

struct leat_datagram_message {
    const char *text;
    size_t bytes;
    int64_t sequence, time;
    bool gap; /* numbers are missing before it */
};

/* The message that comes next in these datagrams; the same again until leat_datagrams_step. What is
 * wrong is counted, once: enum leat_feed_cause. False: the frame is used up. */
bool leat_datagrams_peek(struct leat_datagrams *d, struct leat_ctx *ctx,
                         const struct leat_messages *frame, bool frame_gap,
                         struct leat_datagram_message *message);
/* That message, of so many bytes, has been used. */
void leat_datagrams_step(struct leat_datagrams *d, size_t bytes);
/* The frame is used up: the next one is offered. */
void leat_datagrams_leave(struct leat_datagrams *d);

#endif
