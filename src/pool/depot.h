/* The depot: two stacks of chunks, over which slots travel between magazines.
 *
 * A chunk is owned by the stack that it is on, or by the worker that popped it. The head's lower
 * half is the number + 1 of the top chunk, 0 when empty; the upper half counts pops and pushes, so
 * that a chunk that left and came back between a load and its exchange is noticed (until exactly
 * 2^32 of them in between). Treiber 1986; the count is IBM's from the System/370 manual.
 *
 *   pop, push    any worker, at once with any other; lock-free
 *   fill, spend  the worker that popped the chunk
 */
#ifndef LEAT_POOL_DEPOT_H
#define LEAT_POOL_DEPOT_H

#include <leat/atomic.h>

struct leat_pool_chunk {
    leat_atomic_u32 next; /* number + 1 of the chunk below; a popper that loses may still read it */
    leat_guarded_u32 n;
    leat_guarded_u32 slot[];
};

/* All chunks of a pool: an array whose elements have `slots` slots each. */
struct depot {
    struct leat_pool_chunk *chunks;
    uint32_t slots;
};

static inline size_t depot_chunk_bytes(uint32_t slots)
{
    return sizeof(struct leat_pool_chunk) + slots * sizeof(leat_guarded_u32);
}

static inline struct leat_pool_chunk *depot_chunk(struct depot d, uint32_t number)
{
    char *first = (char *)d.chunks;
    return (struct leat_pool_chunk *)(void *)(first + number * depot_chunk_bytes(d.slots));
}

/* NULL = the stack is empty. */
static inline struct leat_pool_chunk *depot_pop(struct depot d, leat_atomic_u64 *head)
{
    uint64_t seen = leat_load_acquire(head); /* [P1 pairs P2: the chunk's next and slots] */
    for (;;) {
        uint32_t top = (uint32_t)seen;
        if (top == 0)
            return NULL;
        struct leat_pool_chunk *chunk = depot_chunk(d, top - 1);
        /* [P3 pairs P4: a stale value fails the exchange by the count] */
        uint32_t next = leat_load_relaxed(&chunk->next);
        uint64_t wanted = ((seen >> 32) + 1) << 32 | next;
        if (leat_cas_acq_rel(head, &seen, wanted)) /* [P1 pairs P2: the chunk's next and slots] */
            return chunk;
    }
}

static inline void depot_push(struct depot d, leat_atomic_u64 *head, struct leat_pool_chunk *chunk)
{
    size_t offset = (size_t)((char *)chunk - (char *)d.chunks);
    uint32_t number = (uint32_t)(offset / depot_chunk_bytes(d.slots));
    uint64_t seen = leat_load_relaxed(head); /* [P9 own use: only compared] */
    uint64_t wanted;
    do {
        leat_store_relaxed(&chunk->next, (uint32_t)seen); /* [P4 pairs P3: see there] */
        wanted = ((seen >> 32) + 1) << 32 | (number + 1);
        /* [P2 pairs P1: the chunk's next and slots] */
    } while (!leat_cas_acq_rel(head, &seen, wanted));
}

/* n slots into a popped chunk. */
static inline void depot_fill(struct leat_pool_chunk *chunk, const uint32_t *slot, uint32_t n)
{
    leat_guarded_set(&chunk->n, n);
    for (uint32_t i = 0; i < n; i++)
        leat_guarded_set(&chunk->slot[i], slot[i]);
}

/* The slots of a popped chunk; returns how many. It is empty then. */
static inline uint32_t depot_spend(struct leat_pool_chunk *chunk, uint32_t *slot)
{
    uint32_t n = leat_guarded_get(&chunk->n);
    for (uint32_t i = 0; i < n; i++)
        slot[i] = leat_guarded_get(&chunk->slot[i]);
    leat_guarded_set(&chunk->n, 0);
    return n;
}

#endif
