/* The table of keys: buckets of 32 bits, each a slot and as many bits of the key's hash as fit
 * beside it, probed one after the other, at most half of them in use; and which key goes when all
 * slots are taken, the one that was used longest ago.
 *
 * Every entry knows the number of its last touch, which costs nothing: it stands in the line that
 * the state is in. Only when a slot is wanted, and the last answer is used up, all entries are
 * looked at for the `candidates` that were touched longest ago. They are taken in that order; one
 * that was touched since is passed over. All others were touched after all of them, so each is the
 * one used longest ago, exactly, and a look is paid for by as many evictions as there are
 * candidates.
 */
#include "pipeline/keyed.h"

/* Finalizer of MurmurHash3 (Appleby): each bit of the key changes each of its bits in half of all
 * cases. */
static uint64_t hash_of(uint64_t key)
{
    key = (key ^ key >> 33) * UINT64_C(0xff51afd7ed558ccd);
    key = (key ^ key >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return key ^ key >> 33;
}

static uint64_t bucket_of(const struct leat_plan_keyed *plan, uint64_t hash)
{
    return hash >> (64 - plan->bucket_bits);
}

/* A bucket's content: never 0. The tag is of bits that do not say where it stands. */
static uint32_t content_of(const struct leat_plan_keyed *plan, uint64_t hash, uint64_t slot)
{
    return (uint32_t)(hash << plan->slot_bits) | (uint32_t)(slot + 1);
}

static uint64_t slot_in(const struct leat_plan_keyed *plan, uint32_t content)
{
    return (content & ((UINT32_C(1) << plan->slot_bits) - 1)) - 1;
}

static bool tag_fits(const struct leat_plan_keyed *plan, uint32_t content, uint64_t hash)
{
    return (content ^ (uint32_t)(hash << plan->slot_bits)) >> plan->slot_bits == 0;
}

/* Of two zeros one. */
static uint64_t key_of(double real)
{
    uint64_t key;
    real = real == 0 ? 0 : real;
    memcpy(&key, &real, sizeof key);
    return key;
}

/* Sample i of a row: whole numbers as they are, others by value. */
static inline uint64_t key_at(const void *row, uint32_t kind, uint32_t i)
{
    switch (kind) {
    case LEAT_U8: return ((const uint8_t *)row)[i];
    case LEAT_I16: return (uint64_t)((const int16_t *)row)[i];
    case LEAT_I32: return (uint64_t)((const int32_t *)row)[i];
    case LEAT_I64: return (uint64_t)((const int64_t *)row)[i];
    case LEAT_F32: return key_of((double)((const float *)row)[i]);
    default: return key_of(((const double *)row)[i]);
    }
}

void keyed_read(struct keyed_run *r, struct leat_frame *frame)
{
    const void *row = leat_frame_row(frame, r->plan->row);
    for (uint32_t i = 0, n = frame->cols, kind = frame->kind; i < n; i++)
        r->key[i] = key_at(row, kind, i);
}

void keyed_prefetch(struct keyed_run *r, uint32_t first, uint32_t n)
{
    const struct leat_plan_keyed *plan = r->plan;
    uint64_t mask = (UINT64_C(1) << plan->bucket_bits) - 1;
    for (uint32_t i = 0; i < n; i++) {
        r->hash[i] = hash_of(r->key[first + i]);
        __builtin_prefetch(&r->buckets[bucket_of(plan, r->hash[i])]);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t at = bucket_of(plan, r->hash[i]);
        while (r->buckets[at] != 0 && !tag_fits(plan, r->buckets[at], r->hash[i]))
            at = (at + 1) & mask;
        r->state[i] = NULL;
        if (r->buckets[at] == 0)
            continue;
        char *entry = keyed_entry(r, slot_in(plan, r->buckets[at]));
        r->state[i] = entry;
        __builtin_prefetch(entry, 1);
        if (plan->tail_at >= LEAT_LINE)
            __builtin_prefetch(entry + plan->tail_at, 1);
    }
}

/* The bucket of the key, or the empty one where it would stand. */
static uint64_t find(const struct keyed_run *r, uint64_t key, uint64_t hash)
{
    const struct leat_plan_keyed *plan = r->plan;
    uint64_t mask = (UINT64_C(1) << plan->bucket_bits) - 1, at = bucket_of(plan, hash);
    for (;; at = (at + 1) & mask) {
        uint32_t content = r->buckets[at];
        if (content == 0)
            return at;
        if (tag_fits(plan, content, hash) &&
            keyed_tail_of(plan, keyed_entry(r, slot_in(plan, content)))->key == key)
            return at;
    }
}

/* Empties the bucket; those behind it that would not be found any more move up. */
static void remove_at(struct keyed_run *r, uint64_t hole)
{
    const struct leat_plan_keyed *plan = r->plan;
    uint64_t mask = (UINT64_C(1) << plan->bucket_bits) - 1;
    for (uint64_t at = (hole + 1) & mask; r->buckets[at] != 0; at = (at + 1) & mask) {
        char *entry = keyed_entry(r, slot_in(plan, r->buckets[at]));
        uint64_t home = bucket_of(plan, hash_of(keyed_tail_of(plan, entry)->key));
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        r->buckets[hole] = r->buckets[at];
        hole = at;
    }
    r->buckets[hole] = 0;
}

/* ---- who was used longest ago ---- */

static struct candidate *candidates_of(const struct keyed_run *r)
{
    return (struct candidate *)(void *)(r->block + r->plan->candidates_at);
}

/* heap[0] is the one touched last; heap[at] may be earlier than what hangs from it. */
static void sift(struct candidate *heap, uint64_t n, uint64_t at)
{
    struct candidate moved = heap[at];
    for (uint64_t child; (child = 2 * at + 1) < n; at = child) {
        child += child + 1 < n && heap[child + 1].touched > heap[child].touched;
        if (heap[child].touched <= moved.touched)
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

/* The candidates, in order: of all entries those that were touched longest ago. */
static void look(struct keyed_run *r)
{
    struct candidate *heap = candidates_of(r);
    uint64_t n = r->plan->candidates, live = r->self->live;
    n = n < live ? n : live;
    for (uint64_t slot = 0; slot < live; slot++) {
        struct candidate one = {keyed_tail_of(r->plan, keyed_entry(r, slot))->touched, slot};
        if (slot < n) {
            heap[slot] = one;
            for (uint64_t at = n / 2; slot + 1 == n && at-- > 0;)
                sift(heap, n, at);
        } else if (one.touched < heap[0].touched) {
            heap[0] = one;
            sift(heap, n, 0);
        }
    }
    for (uint64_t left = n; left > 1; left--) {
        struct candidate last = heap[left - 1];
        heap[left - 1] = heap[0];
        heap[0] = last;
        sift(heap, left - 1, 0);
    }
    r->self->candidates = n;
    r->self->next = 0;
}

static uint64_t oldest(struct keyed_run *r)
{
    struct keyed *self = r->self;
    for (;;) {
        while (self->next < self->candidates) {
            struct candidate one = candidates_of(r)[self->next++];
            if (keyed_tail_of(r->plan, keyed_entry(r, one.slot))->touched == one.touched)
                return one.slot;
        }
        look(r);
    }
}

/* ---- entries ---- */

/* What is pending of it has used the old state. */
static void settle(struct keyed_run *r, const struct keyed_tail *tail)
{
    if (tail->touched > r->base)
        keyed_flush(r);
}

static void renew(struct keyed_run *r, char *entry)
{
    memcpy(entry, r->block + r->plan->fresh_at, r->stage->lens->need.state_bytes);
}

static uint64_t free_slot(struct keyed_run *r)
{
    struct keyed *self = r->self;
    if (self->live < r->stage->key->max)
        return self->live++;
    uint64_t slot = oldest(r);
    struct keyed_tail *tail = keyed_tail_of(r->plan, keyed_entry(r, slot));
    settle(r, tail);
    remove_at(r, find(r, tail->key, hash_of(tail->key)));
    r->evicted++;
    return slot;
}

char *keyed_touch(struct keyed_run *r, uint32_t i, int64_t time_ns)
{
    const struct leat_plan_keyed *plan = r->plan;
    uint64_t ttl = r->stage->key->ttl_ns, key = r->key[r->first + i];
    uint64_t at = find(r, key, r->hash[i]);
    char *entry;
    struct keyed_tail *tail;
    if (LEAT_LIKELY(r->buckets[at] != 0)) {
        entry = keyed_entry(r, slot_in(plan, r->buckets[at]));
        tail = keyed_tail_of(plan, entry);
        if (ttl != 0 && time_ns > tail->seen_ns[0] &&
            (uint64_t)time_ns - (uint64_t)tail->seen_ns[0] > ttl) {
            settle(r, tail);
            renew(r, entry);
            r->expired++;
        }
    } else {
        uint64_t slot = free_slot(r);
        at = find(r, key, r->hash[i]); /* an eviction may have moved what stood there */
        r->buckets[at] = content_of(plan, r->hash[i], slot);
        entry = keyed_entry(r, slot);
        tail = keyed_tail_of(plan, entry);
        tail->key = key;
        tail->touched = 0;
        renew(r, entry);
    }
    if (ttl != 0)
        tail->seen_ns[0] = time_ns;
    return entry;
}
