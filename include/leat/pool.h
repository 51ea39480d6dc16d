/* The pool: equal frames, claimed and released in O(1).
 *
 * Every worker has a magazine of its own, a stack of slot numbers that no other thread touches;
 * full and empty chunks of slots travel between magazines over a lock-free depot. A slot that
 * nobody has claimed yet is not touched, so a pool in lazy memory costs pages only as it is
 * used.
 *
 * Which calls may run beside which:
 *   claim, release, flush (worker w)   one thread at a time for each w; different w at once
 *   view, live                         whoever holds the handle
 *   snapshot                           any thread
 *   init                               alone
 * Progress: claim and release are wait-free while the magazine serves them (the hit rate),
 * lock-free when a chunk is exchanged with the depot.
 *
 * What is refused, in release builds too: a handle whose generation has passed (released,
 * released twice in order, kept too long), a handle of another pool. The generation has 32 bits
 * and takes two steps a reuse, so a handle kept over exactly a multiple of 2^31 reuses of its
 * slot would match. A handle of another pool with the same number matches with a probability of
 * about 2^-31: generations start at a salt of the pool. Two threads that release one handle at
 * the same instant are caught at LEAT_CHECK >= 2.
 */
#ifndef LEAT_POOL_H
#define LEAT_POOL_H

#include <leat/frame.h>
#include <leat/metrics.h>
#include <leat/status.h>

LEAT_BEGIN

#define LEAT_CHUNK_MAX 64u /* slots that travel together, at most */

struct leat_pool_options {
    uint32_t size;        /* sizeof(struct leat_pool_options) */
    uint32_t frames;      /* 1 .. LEAT_SLOTS_MAX */
    size_t payload_bytes; /* of each frame; rounded up to a line */
    uint32_t workers;     /* magazines, >= 1 */
    uint32_t id;          /* the pool's number in handles, < LEAT_POOLS_MAX */
    uint32_t chunk;       /* slots exchanged at once, 1 .. LEAT_CHUNK_MAX; 0 = 32 */
    uint32_t salt;        /* first generation; 0 = made from the pool's address and the clock */
};

/* One worker's magazine. The worker alone writes; the counts may be read by anybody. Releases are
 * not counted: they follow from the rest. */
struct leat_magazine {
    leat_atomic_u64 level;              /* claims << 8 | frames in it: one store for both */
    uint32_t full;                      /* spills when it has so many */
    struct leat_counter misses;         /* claims that the depot served */
    struct leat_counter refused;        /* claims answered with none */
    struct leat_counter drawn, given;   /* frames from and to the depot */
    struct leat_gauge high_water;
    struct leat_frame *frame[2 * LEAT_CHUNK_MAX]; /* never NULL: places not filled yet: nobody */
    /* The lower half of the handle that came to each place last, by a release; none of the last
     * place, which spills. A guess, which the frame's tag proves: see leat_pool_release. */
    uint32_t low[2 * LEAT_CHUNK_MAX];
} LEAT_ALIGNED(LEAT_APART);

struct leat_pool_chunk; /* private */

struct leat_pool {
    char *slots;
    size_t slot_bytes;    /* header and payload: an odd number of lines, so that headers spread */
    size_t payload_bytes;
    uint32_t frames, id, workers, chunk, salt;
    uint32_t first;       /* the lower half of slot 0's handle: id << 24 */
    struct leat_magazine *magazines; /* right behind this struct */
    struct leat_pool_chunk *chunks;
    struct leat_frame nobody; /* stands where no frame is: its tag is no live handle */
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 full;  /* stack of filled chunks: tag, number + 1 */
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 empty; /* stack of unused chunks */
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 fresh; /* slots from here on were never claimed: at
                                                     * most frames; their memory is not looked at */
};

/* Storage for such a pool; 0 when an option is out of range or the sum overflows. */
LEAT_API size_t leat_pool_bytes(const struct leat_pool_options *options);

/* Makes a pool, all frames home, in memory[0, bytes), LEAT_APART-aligned, owned by the caller
 * and in use as long as the pool. Touches the bookkeeping alone: a frame that nobody ever claimed
 * costs no page, and in memory that was used before it answers to no old handle. No fini. Errors:
 * LEAT_ERANGE an option; LEAT_EINVAL memory too small or misaligned. */
LEAT_API LEAT_MUST_USE int leat_pool_init(struct leat_pool **pool,
                                          const struct leat_pool_options *options, void *memory,
                                          size_t bytes, struct leat_diag *diag);

/* Starts all counts from 0, as between warm-up and seal. Alone: all frames home, no other call. */
LEAT_API void leat_pool_forget(struct leat_pool *pool);

/* Private: true when the depot has no frames that were used before. */
LEAT_INLINE bool leat_pool_dry(const struct leat_pool *pool)
{
    return (uint32_t)leat_load_relaxed(&pool->full) == 0; /* [P13 own use: a hint] */
}

/* Private: fills an empty magazine from the depot; returns its level then, 0 = no frame is to be
 * had. */
LEAT_API uint64_t leat_pool_refill(struct leat_pool *pool, struct leat_magazine *magazine);
/* Private: moves the magazine's oldest chunk to the depot. */
LEAT_API void leat_pool_spill(struct leat_pool *pool, struct leat_magazine *magazine, uint32_t n);

/* Private: the slots that were claimed before. Whoever holds a handle sees its slot below it: the
 * number rose before the claim, and what carried the handle carried that. */
LEAT_INLINE uint32_t leat_pool_claimed(const struct leat_pool *pool)
{
    return (uint32_t)leat_load_relaxed(&pool->fresh); /* [P14 pairs P8: a number only] */
}

/* Private: a slot by number; a worker's own magazine. */
LEAT_INLINE struct leat_frame *leat_pool_slot(const struct leat_pool *pool, uint32_t slot)
{
    return (struct leat_frame *)(pool->slots + (size_t)slot * pool->slot_bytes);
}

/* Private: as above. */
LEAT_INLINE struct leat_magazine *leat_pool_magazine(struct leat_pool *pool, uint32_t worker)
{
    LEAT_REQUIRE(worker < pool->workers);
    return (struct leat_magazine *)(pool + 1) + worker;
}

/* Private: what a level says. */
LEAT_INLINE uint32_t leat_level_frames(uint64_t level) { return (uint32_t)(level & 255u); }
LEAT_INLINE size_t leat_level_place(uint64_t level) { return level & 255u; } /* the first free */
LEAT_INLINE uint64_t leat_level_claims(uint64_t level) { return level >> 8; }
#define LEAT_LEVEL_CLAIM UINT64_C(255) /* one claim more, one frame less */
#define LEAT_LEVEL_RENEWAL UINT64_C(256) /* one claim more of what did not come in */

/* Private: the worker's own level. Loaded once in a call, stored once: no compiler merges them. */
LEAT_INLINE uint64_t leat_magazine_level(const struct leat_magazine *magazine)
{
    return leat_load_relaxed(&magazine->level); /* [P10 own word: single writer] */
}

/* Private: stores it. */
LEAT_INLINE void leat_magazine_set(struct leat_magazine *magazine, uint64_t level)
{
    leat_store_relaxed(&magazine->level, level); /* [P11 pairs P12: counts, no order] */
}

/* Private: so many generations further: what was home is live, what was live is home, and what goes
 * home and is claimed again at once is live by another handle. */
LEAT_INLINE leat_handle leat_pool_turn(struct leat_frame *frame, uint32_t steps)
{
    /* [P5 pairs P6: the generation] */
    leat_handle next = leat_load_relaxed(&frame->tag) + ((uint64_t)steps << 32);
    leat_store_relaxed(&frame->tag, next);
    return next;
}

/* Private: two words that one store writes. */
typedef uint64_t leat_pool_pair __attribute__((vector_size(16)));

/* Private: a header as registers hold it, from seq to flags: a field and the one behind it, or all
 * that are. Of what follows share is 0 while a frame is home, and the rest is said of rejected ones
 * alone, in copies. */
struct leat_pool_header {
    leat_pool_pair seq, born, rows;
};

/* Private: the same; where it is `made`, the rest of the header, too. */
LEAT_INLINE void leat_pool_turn_like(struct leat_frame *frame, uint32_t steps, bool made,
                                     struct leat_pool_header *like)
{
    (void)leat_pool_turn(frame, steps);
    if (!made)
        return;
    __builtin_memcpy(&frame->seq, &like->seq, sizeof like->seq);
    __builtin_memcpy(&frame->born, &like->born, sizeof like->born);
    __builtin_memcpy(&frame->rows, &like->rows, sizeof like->rows);
    leat_pool_pair next = {1, 0};
    like->seq += next;
}

/* Private: such a header. */
LEAT_INLINE void leat_pool_like(struct leat_pool_header *like, const struct leat_frame *blank,
                                uint64_t seq, uint64_t born)
{
    leat_pool_pair first = {seq, (uint64_t)blank->time_ns}, second = {born, blank->key};
    like->seq = first;
    like->born = second;
    __builtin_memcpy(&like->rows, &blank->rows, sizeof like->rows);
}

/* Private: the same for n frames, numbered one after the other, whose names are moved. Names go
 * four at once, before the headers that they name: a core finishes two stores a cycle to one line,
 * and one to any other. */
LEAT_INLINE void leat_pool_turn_n(struct leat_frame **to, struct leat_frame *const *from,
                                  uint32_t n, bool made, struct leat_pool_header *like)
{
    for (; n >= 4; n -= 4, from += 4, to += 4) {
        struct leat_frame *a = from[0], *b = from[1], *c = from[2], *d = from[3];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
        leat_pool_turn_like(a, 1, made, like);
        leat_pool_turn_like(b, 1, made, like);
        leat_pool_turn_like(c, 1, made, like);
        leat_pool_turn_like(d, 1, made, like);
    }
    for (; n != 0; n--)
        leat_pool_turn_like(*to++ = *from++, 1, made, like);
}

/* A frame, the rest of header and payload as they were left, and in *handle its tag, so that it
 * need not be read back; NULL = none is to be had now, *handle as it was. Owner: the caller, until
 * released or handed over. */
LEAT_INLINE struct leat_frame *leat_pool_claim_handle(struct leat_pool *pool, uint32_t worker,
                                                      leat_handle *handle)
{
    struct leat_magazine *m = leat_pool_magazine(pool, worker);
    uint64_t level = leat_magazine_level(m);
    if (LEAT_UNLIKELY(leat_level_frames(level) == 0) && (level = leat_pool_refill(pool, m)) == 0)
        return NULL;
    struct leat_frame *frame = m->frame[leat_level_place(level) - 1];
    LEAT_ASSUME(frame != NULL);
    leat_magazine_set(m, level + LEAT_LEVEL_CLAIM);
    *handle = leat_pool_turn(frame, 1);
    return frame;
}

/* The frame alone; its handle is frame->tag. */
LEAT_INLINE struct leat_frame *leat_pool_claim(struct leat_pool *pool, uint32_t worker)
{
    leat_handle handle;
    return leat_pool_claim_handle(pool, worker, &handle);
}

/* Private: up to n frames, made or as they were left; returns how many. */
LEAT_INLINE uint32_t leat_pool_claim_like(struct leat_pool *pool, uint32_t worker,
                                          struct leat_frame **frames, uint32_t n, bool made,
                                          const struct leat_frame *blank, uint64_t seq,
                                          uint64_t born)
{
    struct leat_magazine *m = leat_pool_magazine(pool, worker);
    uint32_t got = 0;
    while (got < n) {
        uint64_t level = leat_magazine_level(m);
        if (leat_level_frames(level) == 0 && (level = leat_pool_refill(pool, m)) == 0)
            break;
        uint32_t held = leat_level_frames(level), k = n - got < held ? n - got : held;
        struct leat_pool_header like;
        if (made) /* here: no register has to outlive the refill */
            leat_pool_like(&like, blank, seq + got, born);
        leat_pool_turn_n(frames + got, m->frame + (held - k), k, made, &like);
        leat_magazine_set(m, level + k * LEAT_LEVEL_CLAIM); /* the next refill looks at it */
        got += k;
    }
    return got;
}

/* Up to n frames; returns how many. */
LEAT_INLINE uint32_t leat_pool_claim_n(struct leat_pool *pool, uint32_t worker,
                                       struct leat_frame **frames, uint32_t n)
{
    return leat_pool_claim_like(pool, worker, frames, n, false, NULL, 0, 0);
}

/* The same; but for the tag, and for what is behind flags, the frames' headers are *blank, numbered
 * from seq on and born at `born`. */
LEAT_INLINE uint32_t leat_pool_claim_blank(struct leat_pool *pool, uint32_t worker,
                                           struct leat_frame **frames, uint32_t n,
                                           const struct leat_frame *blank, uint64_t seq,
                                           uint64_t born)
{
    return leat_pool_claim_like(pool, worker, frames, n, true, blank, seq, born);
}

/* The frame of a live handle of this pool, NULL for any other. */
LEAT_INLINE struct leat_frame *leat_pool_view(const struct leat_pool *pool, leat_handle handle)
{
    uint32_t slot = (uint32_t)handle - pool->first; /* another pool's: beyond every slot */
    if (LEAT_UNLIKELY(slot >= leat_pool_claimed(pool)))
        return NULL;
    struct leat_frame *frame = leat_pool_slot(pool, slot);
    /* [P6 pairs P5: the generation] */
    bool live = leat_load_relaxed(&frame->tag) == handle && leat_handle_live(handle);
    return LEAT_LIKELY(live) ? frame : NULL;
}

/* Private: marks the frame as home if the handle is its live one. */
LEAT_INLINE bool leat_pool_shut(struct leat_frame *frame, leat_handle handle)
{
    uint64_t seen = leat_load_relaxed(&frame->tag); /* [P6 pairs P5: the generation] */
#if LEAT_CHECK >= 2
    do {
        if (seen != handle || !leat_handle_live(handle))
            return false;
        /* [P7 pairs P7: one of two racing releases wins] */
    } while (!leat_cas_acq_rel(&frame->tag, &seen, handle + (UINT64_C(1) << 32)));
#else
    if (LEAT_UNLIKELY(seen != handle || !leat_handle_live(handle)))
        return false;
    leat_store_relaxed(&frame->tag, handle + (UINT64_C(1) << 32)); /* [P5 pairs P6: generation] */
#endif
    return true;
}

/* Private: finds the frame and marks it as home; or says why not. */
LEAT_INLINE int leat_pool_close(const struct leat_pool *pool, leat_handle handle,
                                struct leat_frame **closed)
{
    uint32_t slot = (uint32_t)handle - pool->first; /* another pool's: beyond every slot */
    if (LEAT_UNLIKELY(slot >= leat_pool_claimed(pool)))
        return slot < pool->frames ? LEAT_ESTALE : LEAT_EFOREIGN;
    *closed = leat_pool_slot(pool, slot);
    return leat_pool_shut(*closed, handle) ? LEAT_OK : LEAT_ESTALE;
}

/* Private: marks the frame that stands at a place as home if the handle, too, came there last. */
LEAT_INLINE bool leat_pool_guess(const struct leat_magazine *m, size_t place, leat_handle handle)
{
    return m->low[place] == (uint32_t)handle && leat_pool_shut(m->frame[place], handle);
}

/* Sends a frame home. Returns 0; LEAT_EFOREIGN not a handle of this pool; LEAT_ESTALE its
 * generation has passed. A refused handle changes nothing.
 *
 * What was claimed last goes home first, mostly: its frame then still stands at the place to which
 * it comes back, and need not be looked up or written there. */
LEAT_INLINE int leat_pool_release(struct leat_pool *pool, uint32_t worker, leat_handle handle)
{
    struct leat_magazine *m = leat_pool_magazine(pool, worker);
    uint64_t level = leat_magazine_level(m);
    size_t place = leat_level_place(level);
    if (LEAT_LIKELY(leat_pool_guess(m, place, handle))) {
        leat_magazine_set(m, level + 1);
        return LEAT_OK;
    }
    struct leat_frame *frame;
    int status = leat_pool_close(pool, handle, &frame);
    if (LEAT_UNLIKELY(status != LEAT_OK))
        return status;
    m->frame[place] = frame;
    leat_magazine_set(m, level + 1);
    if (LEAT_UNLIKELY(place + 1 == m->full))
        leat_pool_spill(pool, m, pool->chunk);
    else
        m->low[place] = (uint32_t)handle;
    return LEAT_OK;
}

/* Sends n frames of this pool home that the caller holds as frames, not as handles: what holds a
 * frame holds its live tag, so nothing can be stale. At LEAT_CHECK >= 1 each is checked. */
LEAT_INLINE void leat_pool_return_n(struct leat_pool *pool, uint32_t worker,
                                    struct leat_frame *const *frames, uint32_t n)
{
    struct leat_magazine *m = leat_pool_magazine(pool, worker);
    for (uint32_t done = 0; done < n;) {
        uint64_t level = leat_magazine_level(m);
        uint32_t held = leat_level_frames(level), room = m->full - held;
        uint32_t k = n - done < room ? n - done : room;
        for (uint32_t i = done; i < done + k; i++)
            LEAT_REQUIRE(leat_pool_view(pool, frames[i]->tag) == frames[i]);
        leat_pool_turn_n(m->frame + held, frames + done, k, false, NULL); /* it says home */
        leat_magazine_set(m, level + k);
        done += k;
        if (LEAT_UNLIKELY(k == room))
            leat_pool_spill(pool, m, pool->chunk);
    }
}

/* Sends n frames home as leat_pool_return_n, and claims the same as leat_pool_claim_blank. */
LEAT_INLINE void leat_pool_renew_n(struct leat_pool *pool, uint32_t worker,
                                   struct leat_frame *const *frames, uint32_t n,
                                   const struct leat_frame *blank, uint64_t seq, uint64_t born)
{
    struct leat_magazine *m = leat_pool_magazine(pool, worker);
    struct leat_pool_header like;
    leat_pool_like(&like, blank, seq, born);
    _Pragma("GCC unroll 4")
    for (uint32_t i = 0; i < n; i++) {
        LEAT_REQUIRE(leat_pool_view(pool, frames[i]->tag) == frames[i]);
        leat_pool_turn_like(frames[i], 2, true, &like);
    }
    leat_magazine_set(m, leat_magazine_level(m) + n * LEAT_LEVEL_RENEWAL);
}

/* Private: one of many, at a place; whether it was live. */
LEAT_INLINE bool leat_pool_put(const struct leat_pool *pool, struct leat_magazine *m, size_t place,
                               leat_handle handle)
{
    struct leat_frame *frame;
    if (LEAT_LIKELY(leat_pool_guess(m, place, handle)))
        return true;
    if (leat_pool_close(pool, handle, &frame) != LEAT_OK)
        return false;
    m->frame[place] = frame;
    m->low[place] = (uint32_t)handle;
    return true;
}

/* Releases n handles; returns how many were refused. The last ones go first, to the places from
 * which a claim of n took them. */
LEAT_INLINE uint32_t leat_pool_release_n(struct leat_pool *pool, uint32_t worker,
                                         const leat_handle *handles, uint32_t n)
{
    struct leat_magazine *m = leat_pool_magazine(pool, worker);
    uint32_t refused = n;
    while (n > 0) {
        const uint64_t level = leat_magazine_level(m);
        const uint32_t room = m->full - leat_level_frames(level), rest = n > room ? n - room : 0;
        const size_t first = leat_level_place(level);
        size_t place = first;
        while (n > rest)
            place += leat_pool_put(pool, m, place, handles[--n]);
        leat_magazine_set(m, level + (place - first));
        refused -= (uint32_t)(place - first);
        if (LEAT_UNLIKELY(place == m->full)) {
            m->low[place - 1] = UINT32_MAX; /* the last place has no guess */
            leat_pool_spill(pool, m, pool->chunk);
        }
    }
    return refused;
}

/* Gives everything in the worker's magazine to the depot, where any worker can claim it. A worker
 * that releases what another claims calls this before it waits. True when there was any.
 * Lock-free. */
LEAT_INLINE bool leat_pool_flush(struct leat_pool *pool, uint32_t worker)
{
    struct leat_magazine *m = &pool->magazines[worker];
    bool any = false;
    for (uint32_t n; (n = leat_level_frames(leat_magazine_level(m))) != 0; any = true)
        leat_pool_spill(pool, m, n < pool->chunk ? n : pool->chunk);
    return any;
}

/* What happened, over all workers. */
struct leat_pool_counts {
    uint64_t claims, releases, misses, refused;
    uint32_t in_use;     /* claims - releases */
    uint32_t high_water; /* peak in use: never understated, over by a chunk a worker at most */
};
LEAT_API void leat_pool_snapshot(const struct leat_pool *pool, struct leat_pool_counts *counts);

/* Scoped guard (gcc, clang; C only): the frame goes home when the block is left.
 *     LEAT_SCOPED(guard, pool, worker);
 *     if (guard.frame == NULL) …                     none was to be had
 *     leat_guard_keep(&guard)                        takes it out of the guard's care */
struct leat_guard {
    struct leat_pool *pool;
    struct leat_frame *frame;
    leat_handle handle;
    uint32_t worker;
};
LEAT_INLINE struct leat_guard leat_guard_claim(struct leat_pool *pool, uint32_t worker)
{
    struct leat_guard guard = {pool, NULL, 0, worker};
    guard.frame = leat_pool_claim_handle(pool, worker, &guard.handle);
    return guard;
}
LEAT_INLINE struct leat_frame *leat_guard_keep(struct leat_guard *guard)
{
    struct leat_frame *frame = guard->frame;
    guard->frame = NULL;
    return frame;
}
LEAT_INLINE void leat_guard_leave(struct leat_guard *guard)
{
    if (guard->frame != NULL)
        (void)leat_pool_release(guard->pool, guard->worker, guard->handle);
}
#define LEAT_SCOPED(guard, pool, worker)                          \
    __attribute__((cleanup(leat_guard_leave))) struct leat_guard \
        guard = leat_guard_claim((pool), (worker))

/* ---- several pools by size class ---- */

#define LEAT_CLASSES_MAX 16u /* pools in a leat_pools */

struct leat_pools {
    struct leat_pool *pool[LEAT_CLASSES_MAX]; /* by rising payload */
    uint32_t n;
};

/* Adds a pool; its payload must be larger than those before it and its id the next one, so that a
 * handle finds its pool. LEAT_EINVAL otherwise, LEAT_ERANGE when there are LEAT_CLASSES_MAX. */
LEAT_API LEAT_MUST_USE int leat_pools_add(struct leat_pools *pools, struct leat_pool *pool,
                                          struct leat_diag *diag);
/* A frame of the smallest class that holds `bytes` and has one; NULL = none. */
LEAT_API struct leat_frame *leat_pools_claim(struct leat_pools *pools, uint32_t worker,
                                             size_t bytes);
/* As leat_pool_release, in the pool that the handle names. */
LEAT_API int leat_pools_release(struct leat_pools *pools, uint32_t worker, leat_handle handle);

LEAT_END

#endif
