/* A frame: a header of one line and its payload, [rows x cols], a row a channel, contiguous.
 *
 * Owner: exactly one of pool, source, ring, stage, sink at any instant; whoever holds the handle.
 * Alignment: header and every row start on 64 bytes. The bytes between cols and stride are padding
 * and hold anything.
 */
#ifndef LEAT_FRAME_H
#define LEAT_FRAME_H

#include <leat/handle.h>

LEAT_BEGIN

/* The type of one sample. Order numbers and nanosecond times are i64: they do not fit f64. */
enum leat_kind { LEAT_U8 = 1, LEAT_I16, LEAT_I32, LEAT_I64, LEAT_F32, LEAT_F64 };

enum leat_flag {
    LEAT_SHORT = 1,      /* fewer columns than the stream's frames have: the last one */
    LEAT_PADDED = 2,     /* filled up with zeros to the length that a stage needs */
    LEAT_GAP_BEFORE = 4, /* samples are missing before this frame */
    LEAT_LATE = 8        /* arrived after the time that its edge allows */
};

#define LEAT_TIME_NONE INT64_MIN /* the data has no time for this frame */

struct leat_frame {
    uint64_t tag;     /*  0 the live handle; even generation = home. The pool alone writes it */
    uint64_t seq;     /*  8 position in its stream, from 0 */
    int64_t time_ns;  /* 16 event time of the first sample, from the data; LEAT_TIME_NONE */
    uint64_t born;    /* 24 clock ticks at claim */
    uint64_t key;     /* 32 partition key; 0 = none */
    uint32_t rows;    /* 40 channels */
    uint32_t cols;    /* 44 valid samples in each row; cols * width <= stride */
    uint32_t stride;  /* 48 bytes from row to row, a multiple of 64, fixed by the plan */
    uint16_t schema;  /* 52 index of the plan's schema: names, units, kinds of the rows */
    uint8_t kind;     /* 54 leat_kind of the rows */
    uint8_t flags;    /* 55 leat_flag bits */
    uint16_t share;   /* 56 the engine's: who else holds it behind a tee; 0 = nobody */
    uint16_t reason;  /* 58 why it was rejected; 0 = well */
    uint32_t owner;   /* 60 stage or edge that holds it, at LEAT_CHECK >= 2; else who rejected it */
};
LEAT_STATIC_ASSERT(sizeof(struct leat_frame) == LEAT_LINE, "a frame header is one line");

/* Bytes of one sample; 0 for an unknown kind. */
LEAT_INLINE uint32_t leat_kind_bytes(uint32_t kind)
{
    return kind <= LEAT_F64 ? 0x8484210u >> 4 * kind & 15u : 0; /* a digit each */
}

/* "f32", "i64", …; "?" for an unknown kind. */
LEAT_API const char *leat_kind_name(uint32_t kind);
/* The kind of that name; 0 when there is none. */
LEAT_API uint32_t leat_kind_parse(const char *name);

/* Row r of a live frame; the caller keeps r < rows. Borrowed: valid while the frame is held. */
LEAT_INLINE void *leat_frame_row(struct leat_frame *frame, uint32_t r)
{
    return (char *)(frame + 1) + (size_t)r * frame->stride;
}

/* Copies rows of `bytes` each, from row to row so many bytes further. The rows do not overlap. */
LEAT_API void leat_rows_copy(void *to, const void *from, size_t bytes, uint32_t rows,
                             size_t to_stride, size_t from_stride);

LEAT_END

#endif
