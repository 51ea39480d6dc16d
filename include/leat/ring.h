/* The ring: bounded hand-over of 8-byte handles from one producer to one consumer.
 *
 * Which calls may run beside which:
 *   reserve publish push close            the producer
 *   take retire give pop ended            the consumer
 *   length                                any thread, a guess
 *   init                                  alone
 * Progress: every call is wait-free. Capacity is exact: a ring of n holds n.
 *
 * Spans: reserve shows free slots in place, publish hands the first of them over; take shows
 * handles in place, retire gives their slots back. A span ends at the end of the slot array: a
 * short count there is not "full" or "empty"; call again.
 *
 * Lines: the index that one side publishes stands alone on its line; each side keeps its
 * position and the last index that it saw of the other on a line of its own, so a hand-over
 * moves the slot's line and, once in many, an index's line. The consumer publishes what it
 * retired every capacity/8 handles, when it finds the ring empty, and at leat_ring_give: call
 * that before waiting on anything else, so that the producer sees the whole capacity.
 */
#ifndef LEAT_RING_H
#define LEAT_RING_H

#include <leat/atomic.h>
#include <leat/handle.h>
#include <leat/status.h>

LEAT_BEGIN

#define LEAT_RING_MAX (UINT32_C(1) << 30) /* handles in a ring */

struct leat_ring {
    leat_guarded_u64 *slots;
    uint32_t mask;     /* slots - 1; their number is a power of two >= capacity */
    uint32_t capacity;
    uint32_t lazy;     /* handles retired before the producer is told */
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 published; /* producer writes, consumer reads */
    leat_atomic_u32 closed;
    LEAT_ALIGNED(LEAT_APART) uint64_t tail;             /* producer's own */
    uint64_t retired_seen;
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 retired;   /* consumer writes, producer reads */
    LEAT_ALIGNED(LEAT_APART) uint64_t head;             /* consumer's own */
    uint64_t published_seen;
    uint64_t given;                                     /* the value last stored in retired */
};

/* Storage for a ring of that capacity; 0 when capacity is 0 or above LEAT_RING_MAX. */
LEAT_API size_t leat_ring_bytes(uint32_t capacity);

/* Makes an empty ring in memory[0, bytes), LEAT_APART-aligned, owned by the caller and in use as
 * long as the ring. No fini: the ring holds nothing else.
 * Errors: LEAT_ERANGE capacity; LEAT_EINVAL memory too small or misaligned. */
LEAT_API LEAT_MUST_USE int leat_ring_init(struct leat_ring **ring, uint32_t capacity,
                                          void *memory, size_t bytes, struct leat_diag *diag);

/* Up to n free slots, contiguous at *span; 0 = full. The producer writes them through the span. */
LEAT_INLINE uint32_t leat_ring_reserve(struct leat_ring *r, uint32_t n, leat_guarded_u64 **span)
{
    uint32_t room = r->capacity - (uint32_t)(r->tail - r->retired_seen);
    if (LEAT_UNLIKELY(room < n)) {
        r->retired_seen = leat_load_acquire(&r->retired); /* [R1 pairs R4: slots were read] */
        room = r->capacity - (uint32_t)(r->tail - r->retired_seen);
    }
    uint32_t at = (uint32_t)r->tail & r->mask;
    uint32_t straight = r->mask + 1 - at;
    *span = r->slots + at;
    n = n < room ? n : room;
    return n < straight ? n : straight;
}

/* Hands the first n reserved slots over. */
LEAT_INLINE void leat_ring_publish(struct leat_ring *r, uint32_t n)
{
    LEAT_REQUIRE(n <= r->capacity - (uint32_t)(r->tail - r->retired_seen));
    r->tail += n;
    leat_store_release(&r->published, r->tail); /* [R2 pairs R3: slot contents] */
}

/* Tells the producer of every slot retired so far. */
LEAT_INLINE void leat_ring_give(struct leat_ring *r)
{
    if (r->given != r->head) {
        r->given = r->head;
        leat_store_release(&r->retired, r->head); /* [R4 pairs R1: slots were read] */
    }
}

/* Up to n handles, contiguous at *span; 0 = empty. They stay in the ring until retired. */
LEAT_INLINE uint32_t leat_ring_take(struct leat_ring *r, uint32_t n,
                                    const leat_guarded_u64 **span)
{
    uint32_t ready = (uint32_t)(r->published_seen - r->head);
    if (LEAT_UNLIKELY(ready < n)) {
        r->published_seen = leat_load_acquire(&r->published); /* [R3 pairs R2: slot contents] */
        ready = (uint32_t)(r->published_seen - r->head);
        if (ready == 0)
            leat_ring_give(r);
    }
    uint32_t at = (uint32_t)r->head & r->mask;
    uint32_t straight = r->mask + 1 - at;
    *span = r->slots + at;
    n = n < ready ? n : ready;
    return n < straight ? n : straight;
}

/* Gives the slots of the first n taken handles back, at once or lazily (see above). */
LEAT_INLINE void leat_ring_retire(struct leat_ring *r, uint32_t n)
{
    LEAT_REQUIRE(n <= r->published_seen - r->head);
    r->head += n;
    if (r->head - r->given >= r->lazy)
        leat_ring_give(r);
}

/* How many slots are free now, up to n, over both sides of the array's end. */
LEAT_INLINE uint32_t leat_ring_room(struct leat_ring *r, uint32_t n)
{
    uint32_t room = r->capacity - (uint32_t)(r->tail - r->retired_seen);
    if (room < n) {
        r->retired_seen = leat_load_acquire(&r->retired); /* [R1 pairs R4: slots were read] */
        room = r->capacity - (uint32_t)(r->tail - r->retired_seen);
    }
    return n < room ? n : room;
}

/* One handle; false = full. */
LEAT_INLINE bool leat_ring_push(struct leat_ring *r, leat_handle handle)
{
    leat_guarded_u64 *slot;
    if (leat_ring_reserve(r, 1, &slot) == 0)
        return false;
    leat_guarded_set(slot, handle);
    leat_ring_publish(r, 1);
    return true;
}

/* One handle; 0 = empty (a handle is never 0). */
LEAT_INLINE leat_handle leat_ring_pop(struct leat_ring *r)
{
    const leat_guarded_u64 *slot;
    if (leat_ring_take(r, 1, &slot) == 0)
        return 0;
    leat_handle handle = leat_guarded_get(slot);
    leat_ring_retire(r, 1);
    return handle;
}

/* Nothing more will be published. */
LEAT_INLINE void leat_ring_close(struct leat_ring *r)
{
    leat_store_release(&r->closed, 1); /* [R5 pairs R6: the last publish] */
}

/* True when the producer closed and everything was retired. */
LEAT_INLINE bool leat_ring_ended(struct leat_ring *r)
{
    return leat_load_acquire(&r->closed) != 0 && /* [R6 pairs R5: the last publish] */
           leat_load_relaxed(&r->published) == r->head; /* [R7 pairs R2: a number, after R6] */
}

/* How many handles were published and not yet given back, at some moment not long ago. */
LEAT_INLINE uint32_t leat_ring_length(const struct leat_ring *r)
{
    uint64_t retired = leat_load_acquire(&r->retired); /* [R1 pairs R4: retired <= published] */
    return (uint32_t)(leat_load_relaxed(&r->published) - retired);
}

LEAT_END

#endif
