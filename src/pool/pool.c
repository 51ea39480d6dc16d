#define _GNU_SOURCE
#include "pool/depot.h"

#include <leat/clock.h>
#include <leat/pool.h>

#include <string.h>

struct layout {
    size_t magazines, chunks, chunk_bytes, slots, slot_bytes, total;
    uint32_t chunks_n;
};

static uint32_t chunk_slots(const struct leat_pool_options *o)
{
    return o->chunk == 0 ? 32 : o->chunk;
}

/* Every chunk on the full stack holds at least one slot, and each worker may hold one chunk between
 * the stacks: frames + workers chunks always suffice. */
static bool lay_out(const struct leat_pool_options *o, struct layout *l)
{
    if (o->size != sizeof *o || o->frames == 0 || o->frames > LEAT_SLOTS_MAX || o->workers == 0 ||
        o->workers > 4096 || o->id >= LEAT_POOLS_MAX || o->chunk > LEAT_CHUNK_MAX ||
        o->payload_bytes > SIZE_MAX / 2)
        return false;
    size_t lines = 1 + leat_round_up(o->payload_bytes, LEAT_LINE) / LEAT_LINE;
    l->slot_bytes = (lines | 1) * LEAT_LINE;
    l->chunk_bytes = depot_chunk_bytes(chunk_slots(o));
    l->chunks_n = o->frames + o->workers;
    l->magazines = leat_round_up(sizeof(struct leat_pool), LEAT_APART);
    l->chunks = l->magazines + o->workers * sizeof(struct leat_magazine);
    size_t chunk_total = leat_round_up(l->chunks_n * l->chunk_bytes, LEAT_APART);
    size_t slot_total;
    return leat_size_mul(o->frames, l->slot_bytes, &slot_total) &&
           leat_size_add(l->chunks, chunk_total, &l->slots) &&
           leat_size_add(l->slots, slot_total, &l->total) &&
           leat_size_add(l->total, LEAT_APART, &l->total);
}

size_t leat_pool_bytes(const struct leat_pool_options *options)
{
    struct layout l;
    return lay_out(options, &l) ? l.total : 0;
}

static struct depot depot_of(const struct leat_pool *p)
{
    return (struct depot){p->chunks, p->chunk};
}

static uint32_t salt_of(const struct leat_pool *p, uint32_t given)
{
    uint64_t x = given != 0 ? given : (uint64_t)(uintptr_t)p ^ leat_clock_ns();
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9); /* splitmix64's finaliser */
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return given != 0 ? given & ~UINT32_C(1) : (uint32_t)(x >> 32) & ~UINT32_C(1);
}

static void make_magazine(struct leat_magazine *m, struct leat_pool *p)
{
    m->full = 2 * p->chunk;
    for (uint32_t i = 0; i < 2 * LEAT_CHUNK_MAX; i++) {
        m->frame[i] = &p->nobody;
        m->low[i] = UINT32_MAX; /* no pool has this number: of no frame's tag the lower half */
    }
}

int leat_pool_init(struct leat_pool **pool, const struct leat_pool_options *options, void *memory,
                   size_t bytes, struct leat_diag *diag)
{
    *pool = NULL;
    struct layout l;
    if (!lay_out(options, &l))
        return leat_diag_set(diag, LEAT_ERANGE,
                             "a pool takes 1 to %u frames, 1 to 4096 workers, a number below %u "
                             "and chunks of at most %u, and its bytes must not overflow",
                             LEAT_SLOTS_MAX, LEAT_POOLS_MAX, LEAT_CHUNK_MAX);
    if (memory == NULL || bytes < l.total || (uintptr_t)memory % LEAT_APART != 0)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "the pool takes %zu bytes aligned to %d, %zu given", l.total,
                             LEAT_APART, bytes);
    memset(memory, 0, l.slots);
    struct leat_pool *p = memory;
    p->slots = (char *)memory + l.slots;
    p->slot_bytes = l.slot_bytes;
    p->payload_bytes = l.slot_bytes - sizeof(struct leat_frame);
    p->frames = options->frames;
    p->id = options->id;
    p->first = (uint32_t)leat_handle_make(0, options->id, 0);
    p->workers = options->workers;
    p->chunk = chunk_slots(options);
    p->salt = salt_of(p, options->salt);
    p->magazines = (struct leat_magazine *)((char *)memory + l.magazines);
    for (uint32_t i = 0; i < p->workers; i++)
        make_magazine(&p->magazines[i], p);
    p->chunks = (struct leat_pool_chunk *)((char *)memory + l.chunks);
    for (uint32_t i = 0; i < l.chunks_n; i++)
        leat_store_relaxed(&depot_chunk(depot_of(p), i)->next, i); /* nobody shares it yet */
    leat_store_relaxed(&p->empty, l.chunks_n);
    *pool = p;
    return LEAT_OK;
}

/* Takes slots that were never claimed; their headers get the pool's first generation. */
static uint32_t take_fresh(struct leat_pool *p, struct leat_frame **frames, uint32_t n)
{
    uint64_t first = leat_load_relaxed(&p->fresh); /* [P8 pairs P8: a number only] */
    uint32_t got;
    do {
        uint64_t left = p->frames - first;
        got = left < n ? (uint32_t)left : n;
        /* [P8 pairs P8: each number is given once] */
    } while (got != 0 && !leat_cas_relaxed(&p->fresh, &first, first + got));
    for (uint32_t i = 0; i < got; i++) {
        uint32_t number = (uint32_t)first + got - 1 - i; /* the lowest is claimed first */
        struct leat_frame *frame = frames[i] = leat_pool_slot(p, number);
        memset(&frame->seq, 0, sizeof *frame - offsetof(struct leat_frame, seq));
        leat_store_relaxed(&frame->tag, leat_handle_make(p->salt, p->id, number));
    }
    return got;
}

static uint64_t level_of(const struct leat_magazine *m)
{
    return leat_load_relaxed(&m->level); /* [P12 pairs P11: counts, no order] */
}

/* Frames out, at about this moment: those that left the depot less those in magazines. In this
 * order no frame on its way counts as home twice: what a worker gives is read before it is missed
 * in its magazine, what it draws after; and a frame that leaves one magazine and reaches another
 * while they are read was claimed meanwhile, so claims made meanwhile count as out. */
static uint32_t frames_out(const struct leat_pool *p, uint64_t *claimed)
{
    uint64_t out = 0, before = 0, after = 0;
    for (uint32_t i = 0; i < p->workers; i++) {
        out -= leat_counter_get(&p->magazines[i].given);
        before += leat_level_claims(level_of(&p->magazines[i]));
    }
    for (uint32_t i = 0; i < p->workers; i++)
        out -= leat_level_frames(level_of(&p->magazines[i]));
    for (uint32_t i = 0; i < p->workers; i++) {
        after += leat_level_claims(level_of(&p->magazines[i]));
        out += leat_counter_get(&p->magazines[i].drawn);
    }
    *claimed = after;
    out += after - before;
    return out < p->frames ? (uint32_t)out : p->frames;
}

static void note_high_water(struct leat_pool *p, struct leat_magazine *m, uint32_t n)
{
    uint64_t claims;
    /* as many as can be out before this magazine comes here again: never understated */
    uint32_t most = frames_out(p, &claims) + n;
    leat_gauge_raise(&m->high_water, most < p->frames ? most : p->frames);
}

/* The headers of a chunk were last written by other workers: all of them are sent for at once, not
 * one after the other as they are claimed. */
static uint32_t take_chunk(struct leat_pool *p, struct leat_magazine *m,
                           struct leat_pool_chunk *chunk)
{
    uint32_t slot[LEAT_CHUNK_MAX], n = depot_spend(chunk, slot);
    depot_push(depot_of(p), &p->empty, chunk);
    for (uint32_t i = 0; i < n; i++) {
        m->frame[i] = leat_pool_slot(p, slot[i]);
        __builtin_prefetch(m->frame[i], 1);
    }
    return n;
}

uint64_t leat_pool_refill(struct leat_pool *p, struct leat_magazine *m)
{
    struct leat_pool_chunk *chunk = depot_pop(depot_of(p), &p->full);
    uint32_t n = chunk != NULL ? take_chunk(p, m, chunk) : take_fresh(p, m->frame, p->chunk);
    if (n == 0) {
        leat_counter_add(&m->refused, 1);
        return 0;
    }
    uint64_t level = leat_magazine_level(m) + n;
    leat_counter_add(&m->drawn, n);
    leat_magazine_set(m, level);
    leat_counter_add(&m->misses, 1);
    note_high_water(p, m, n);
    return level;
}

void leat_pool_spill(struct leat_pool *p, struct leat_magazine *m, uint32_t n)
{
    struct leat_pool_chunk *chunk = depot_pop(depot_of(p), &p->empty);
    if (chunk == NULL) /* cannot be: there are frames + workers chunks */
        leat_broken("a pool chunk is free", __FILE__, __LINE__);
    uint32_t slot[LEAT_CHUNK_MAX];
    for (uint32_t i = 0; i < n; i++) /* [P6 pairs P5: the slot never changes] */
        slot[i] = leat_handle_slot(leat_load_relaxed(&m->frame[i]->tag));
    depot_fill(chunk, slot, n);
    uint64_t level = leat_magazine_level(m) - n;
    memmove(m->frame, m->frame + n, leat_level_frames(level) * sizeof m->frame[0]); /* the newest */
    leat_magazine_set(m, level);
    leat_counter_add(&m->given, n);
    depot_push(depot_of(p), &p->full, chunk);
}

void leat_pool_forget(struct leat_pool *p)
{
    for (uint32_t i = 0; i < p->workers; i++) {
        struct leat_magazine *m = &p->magazines[i];
        uint32_t held = leat_level_frames(leat_magazine_level(m));
        leat_magazine_set(m, held);
        leat_counter_reset(&m->misses);
        leat_counter_reset(&m->refused);
        leat_counter_reset(&m->given);
        leat_counter_reset(&m->drawn);
        leat_counter_add(&m->drawn, held);
        leat_gauge_set(&m->high_water, 0);
    }
}

void leat_pool_snapshot(const struct leat_pool *p, struct leat_pool_counts *counts)
{
    memset(counts, 0, sizeof *counts);
    counts->in_use = frames_out(p, &counts->claims);
    counts->releases = counts->claims - counts->in_use;
    for (uint32_t i = 0; i < p->workers; i++) {
        const struct leat_magazine *m = &p->magazines[i];
        counts->misses += leat_counter_get(&m->misses);
        counts->refused += leat_counter_get(&m->refused);
        uint32_t high = (uint32_t)leat_gauge_get(&m->high_water);
        counts->high_water = high > counts->high_water ? high : counts->high_water;
    }
    if (counts->in_use > counts->high_water)
        counts->high_water = counts->in_use;
}

int leat_pools_add(struct leat_pools *pools, struct leat_pool *pool, struct leat_diag *diag)
{
    if (pools->n == LEAT_CLASSES_MAX)
        return leat_diag_set(diag, LEAT_ERANGE, "more than %u size classes", LEAT_CLASSES_MAX);
    if (pools->n > 0 && (pool->payload_bytes <= pools->pool[pools->n - 1]->payload_bytes ||
                         pool->id != pools->pool[0]->id + pools->n))
        return leat_diag_set(diag, LEAT_EINVAL,
                             "size classes are added by rising payload and consecutive numbers");
    pools->pool[pools->n++] = pool;
    return LEAT_OK;
}

struct leat_frame *leat_pools_claim(struct leat_pools *pools, uint32_t worker, size_t bytes)
{
    for (uint32_t i = 0; i < pools->n; i++) {
        if (pools->pool[i]->payload_bytes < bytes)
            continue;
        struct leat_frame *frame = leat_pool_claim(pools->pool[i], worker);
        if (frame != NULL)
            return frame;
    }
    return NULL;
}

int leat_pools_release(struct leat_pools *pools, uint32_t worker, leat_handle handle)
{
    uint32_t id = leat_handle_pool(handle);
    if (pools->n == 0 || id < pools->pool[0]->id || id >= pools->pool[0]->id + pools->n)
        return LEAT_EFOREIGN;
    return leat_pool_release(pools->pool[id - pools->pool[0]->id], worker, handle);
}
