/* The stream ring: bytes from one producer to one consumer, mapped twice back to back, so that a
 * span never breaks at the end of the memory. For consumers that only read.
 *
 * Which calls may run beside which:
 *   reserve publish close     the producer
 *   take retire ended         the consumer
 *   init fini                 alone
 * Every call but init and fini is wait-free. Capacity is exact: a stream of n bytes holds n.
 */
#ifndef LEAT_STREAM_H
#define LEAT_STREAM_H

#include <leat/atomic.h>
#include <leat/status.h>

LEAT_BEGIN

struct leat_stream {
    char *base;
    size_t bytes; /* capacity, a power of two */
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 published; /* the producer writes it */
    leat_atomic_u64 closed;
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 retired;   /* the consumer writes it */
};

/* Maps a stream of at least `bytes` (rounded up to a power of two and a page), all of it touched.
 * Errors: LEAT_ERANGE bytes is 0 or overflows; LEAT_ENOMEM no memory or no mapping.
 * Memory: 1x the capacity in pages, 2x in addresses; given back by leat_stream_fini. */
LEAT_API LEAT_MUST_USE int leat_stream_init(struct leat_stream *stream, size_t bytes,
                                            struct leat_diag *diag);
/* Unmaps. A zeroed or finished stream is left alone. */
LEAT_API void leat_stream_fini(struct leat_stream *stream);

/* The free bytes, contiguous at *span; 0 = full. */
LEAT_INLINE size_t leat_stream_reserve(struct leat_stream *s, char **span)
{
    uint64_t published = leat_load_relaxed(&s->published);
    uint64_t retired = leat_load_acquire(&s->retired); /* [T1 pairs T4: bytes were read] */
    *span = s->base + (published & (s->bytes - 1));
    return s->bytes - (size_t)(published - retired);
}

/* Hands the first n reserved bytes over. */
LEAT_INLINE void leat_stream_publish(struct leat_stream *s, size_t n)
{
    uint64_t published = leat_load_relaxed(&s->published);
    LEAT_REQUIRE(n <= s->bytes - (published - leat_load_relaxed(&s->retired)));
    leat_store_release(&s->published, published + n); /* [T2 pairs T3: bytes were written] */
}

/* The unread bytes, contiguous at *span; 0 = empty. Read only: the memory is mapped twice. */
LEAT_INLINE size_t leat_stream_take(struct leat_stream *s, const char **span)
{
    uint64_t retired = leat_load_relaxed(&s->retired);
    uint64_t published = leat_load_acquire(&s->published); /* [T3 pairs T2: bytes were written] */
    *span = s->base + (retired & (s->bytes - 1));
    return (size_t)(published - retired);
}

/* Gives the first n taken bytes back. */
LEAT_INLINE void leat_stream_retire(struct leat_stream *s, size_t n)
{
    uint64_t retired = leat_load_relaxed(&s->retired);
    LEAT_REQUIRE(n <= leat_load_relaxed(&s->published) - retired);
    leat_store_release(&s->retired, retired + n); /* [T4 pairs T1: bytes were read] */
}

/* Nothing more will be published. */
LEAT_INLINE void leat_stream_close(struct leat_stream *s)
{
    leat_store_release(&s->closed, 1); /* [T5 pairs T6: the last publish] */
}

/* True when the producer closed and everything was taken. */
LEAT_INLINE bool leat_stream_ended(struct leat_stream *s)
{
    return leat_load_acquire(&s->closed) != 0 /* [T6 pairs T5: the last publish] */ &&
           leat_load_relaxed(&s->published) == /* [T7 pairs T2: a number, after T6] */
               leat_load_relaxed(&s->retired);
}

LEAT_END

#endif
