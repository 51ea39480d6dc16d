/* Frames of messages, as leat/feeds.h describes them: read and written here alone. */
#ifndef LEAT_FEED_MESSAGES_H
#define LEAT_FEED_MESSAGES_H

#include "io/common.h"

#include <leat/feeds.h>

#define LEAT_MESSAGES_MIN 64u /* bytes of a row, at least: an index of a few */

/* A parameter of what gives frames of bytes or messages. */
#define LEAT_IO_FRAME_BYTES(options)                                                        \
    {.name = "frame", .fallback = "16Ki", .min = LEAT_MESSAGES_MIN, .max = LEAT_IO_FRAME_MAX, \
     .doc = "bytes of a frame; a longer message is rejected and counted", .example = "64Ki", \
     .offset = offsetof(struct options, frame), .type = LEAT_P_U64, .unit = LEAT_BYTES}

/* The shape of bytes, and of messages, in frames of cols bytes. */
void leat_bytes_shape(struct leat_shape *out, uint32_t cols);
void leat_messages_shape(struct leat_shape *out, uint32_t cols);
/* LEAT_ESHAPE: the stream is no such, with what to put before. */
int leat_bytes_check(const struct leat_shape *in, struct leat_diag *diag);
int leat_messages_check(const struct leat_shape *in, struct leat_diag *diag);

/* The messages of a frame, borrowed. */
struct leat_messages {
    const char *bytes;
    const int64_t *offsets, *sequence, *time;
    uint32_t n, cols;
};
/* None of a frame that holds more than it has room for. */
void leat_messages_read(struct leat_messages *messages, struct leat_frame *frame);
/* Message i < n: its place and length; one that does not lie in its row has none. */
static inline const char *leat_message(const struct leat_messages *m, uint32_t i, size_t *bytes)
{
    uint64_t from = (uint64_t)m->offsets[i], to = (uint64_t)m->offsets[i + 1];
    *bytes = from <= to && to <= m->cols ? (size_t)(to - from) : 0;
    return *bytes != 0 ? m->bytes + from : m->bytes;
}

/* Is the stream one of messages? */
bool leat_messages_are(const struct leat_shape *in);
/* The numbers of a frame's messages, [n]. */
const int64_t *leat_messages_numbers(struct leat_frame *frame, uint32_t *n);
/* Leaves out the first k of them, fewer than there are. */
void leat_messages_trim(struct leat_frame *frame, uint32_t k);

/* The flow of a stage that uses up one frame after the other; `use`: false = not now. */
uint32_t leat_flow_by_frames(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                             uint32_t n, struct leat_out *out,
                             bool (*use)(void *state, struct leat_ctx *ctx,
                                         struct leat_frame *frame, struct leat_out *out));

/* A stage that makes frames of messages: in its state, so without pointers. */
struct leat_packer {
    uint32_t cols;    /* bytes of a row */
    bool any;         /* one was made: */
    int64_t next;     /* the number that goes on without a gap */
};
/* One that is being filled, in a call. */
struct leat_packing {
    struct leat_frame *frame; /* NULL: none is */
    size_t used;
    uint32_t n;
    uint32_t made;            /* frames that were put */
};
/* The message does not fit into any frame. */
bool leat_packer_oversize(const struct leat_packer *packer, size_t bytes);
/* Adds a message, which is not oversize; claims a frame for it and puts those that are full. False:
 * no frame or no room now, and nothing of the message is in a frame. */
bool leat_packer_add(struct leat_packer *packer, struct leat_packing *packing,
                     struct leat_out *out, const char *message, size_t bytes, int64_t sequence,
                     int64_t time);
/* Puts what is being filled. */
void leat_packer_put(struct leat_packing *packing, struct leat_out *out);
/* The same for a frame that a source fills; true when there is something in it. */
bool leat_packing_end(struct leat_packing *packing);
bool leat_packing_add(struct leat_packer *packer, struct leat_packing *packing,
                      const char *message, size_t bytes, int64_t sequence, int64_t time);

#endif
