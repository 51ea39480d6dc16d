/* The table of keys: buckets of 32 bits, each a slot and as many bits of the key's hash as fit
 * beside it, probed one after the other from an even place on, at most half of them in use; and
 * which key goes when all slots are taken, the one that was used longest ago.
 *
 * Every entry knows the number of its last touch, which costs nothing: it stands in the line that
 * the state is in. Slots are looked at in groups. Of each group it is known that none of its slots
 * was touched last before some number, its bound; touches only raise what is behind it. So the
 * group with the least bound is looked at, and the others as long as their bounds let them have an
 * older one: exact, and a group that is looked at in vain was touched where it was oldest.
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

/* Where a look begins: at an even place, so that the first two buckets are in one line. */
static uint64_t bucket_of(const struct leat_plan_keyed *plan, uint64_t hash)
{
    return 2 * (hash >> (65 - plan->bucket_bits));
}

/* The bits of a bucket that say the slot, + 1. */
static uint32_t slots_of(const struct leat_plan_keyed *plan)
{
    return (UINT32_C(1) << plan->slot_bits) - 1;
}

/* The others: the tag, of bits that do not say where it stands. An empty bucket has none. */
static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)hash | UINT32_C(1) << 31;
}

static uint32_t content_of(const struct leat_plan_keyed *plan, uint64_t hash, uint64_t slot)
{
    return (tag_of(hash) & ~slots_of(plan)) | (uint32_t)(slot + 1);
}

static uint64_t slot_in(const struct leat_plan_keyed *plan, uint32_t content)
{
    return (content & slots_of(plan)) - 1;
}

static bool tag_fits(uint32_t slots, uint32_t content, uint32_t tag)
{
    return (content ^ tag) <= slots;
}

/* Of two zeros one. */
static uint64_t key_of(double real)
{
    uint64_t key;
    real = real == 0 ? 0 : real;
    memcpy(&key, &real, sizeof key);
    return key;
}

#define READ_KEYS(type, key_of)          \
    for (uint32_t i = 0; i < n; i++)     \
        key[i] = key_of(((const type *)row)[i]); \
    return

/* Whole numbers as they are, others by value. */
void keyed_read(struct keyed_run *r, struct leat_frame *frame)
{
    const void *row = leat_frame_row(frame, r->plan->row);
    const uint32_t n = frame->cols;
    uint64_t *key = r->key;
    switch (frame->kind) {
    case LEAT_U8: READ_KEYS(uint8_t, (uint64_t));
    case LEAT_I16: READ_KEYS(int16_t, (uint64_t));
    case LEAT_I32: READ_KEYS(int32_t, (uint64_t));
    case LEAT_I64: READ_KEYS(int64_t, (uint64_t));
    case LEAT_F32: READ_KEYS(float, key_of);
    default: READ_KEYS(double, key_of);
    }
}

/* Where the first two buckets do not say it: what the others do, 0 where nobody has the tag. */
static uint32_t guess_on(const struct keyed_run *r, uint64_t hash)
{
    const uint32_t slots = slots_of(r->plan), tag = tag_of(hash);
    const uint64_t mask = (UINT64_C(1) << r->plan->bucket_bits) - 1;
    uint64_t at = bucket_of(r->plan, hash);
    uint32_t content = r->buckets[at];
    while (content != 0 && !tag_fits(slots, content, tag))
        content = r->buckets[++at & mask];
    return content;
}

/* Guesses the entries, by the tag alone, of samples whose buckets are on their way. Which of the
 * first two it is nobody could foretell, so no branch asks. */
static inline void guess(const struct keyed_run *r, uint32_t n, size_t second)
{
    const struct leat_plan_keyed *plan = r->plan;
    const uint32_t slots = slots_of(plan), *buckets = r->buckets;
    const uint64_t *hash = r->hash;
    const size_t bytes = plan->entry_bytes;
    char *entries = keyed_entry(r, 0);
    void **state = r->state;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t *pair = &buckets[bucket_of(plan, hash[i])], tag = tag_of(hash[i]);
        const uint32_t first = (uint32_t)-tag_fits(slots, pair[0], tag); /* all bits, or none */
        uint32_t content = pair[1] ^ ((pair[0] ^ pair[1]) & first);
        if (LEAT_UNLIKELY(!tag_fits(slots, content, tag)) &&
            (content = guess_on(r, hash[i])) == 0) {
            state[i] = NULL;
            continue;
        }
        char *entry = state[i] = entries + (size_t)((content & slots) - 1) * bytes;
        __builtin_prefetch(entry, 1);
        if (second != 0)
            __builtin_prefetch(entry + second, 1);
    }
}

void keyed_prefetch(struct keyed_run *r, uint32_t first, uint32_t n)
{
    const struct leat_plan_keyed *plan = r->plan;
    const uint64_t *key = r->key + first;
    const uint32_t *buckets = r->buckets;
    uint64_t *hash = r->hash;
    _Pragma("GCC unroll 4")
    for (uint32_t i = 0; i < n; i++) {
        uint64_t one = hash[i] = hash_of(key[i]);
        __builtin_prefetch(&buckets[bucket_of(plan, one)]);
    }
    if (plan->tail_at < LEAT_LINE)
        guess(r, n, 0);
    else
        guess(r, n, plan->tail_at);
}

/* The bucket of the key, or the empty one where it would stand. */
static uint64_t find(const struct keyed_run *r, uint64_t key)
{
    const struct leat_plan_keyed *plan = r->plan;
    const uint64_t hash = hash_of(key);
    uint64_t mask = (UINT64_C(1) << plan->bucket_bits) - 1, at = bucket_of(plan, hash);
    for (;; at = (at + 1) & mask) {
        uint32_t content = r->buckets[at];
        if (content == 0)
            return at;
        if (tag_fits(slots_of(plan), content, tag_of(hash)) &&
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

static struct keyed_group *groups_of(const struct keyed_run *r)
{
    return (struct keyed_group *)(void *)(r->block + r->plan->groups_at);
}

/* The first slot of a group of new ones: what is touched from now on has a greater number, and so
 * has every group behind this one, which is all that the heap asks. */
static void open_group(struct keyed_run *r, uint64_t slot)
{
    groups_of(r)[slot / KEYED_GROUP] = (struct keyed_group){r->self->touches, slot};
}

/* Group `at` has a greater bound now and goes where it belongs. heap[0] has the least, none a
 * greater one than what hangs from it. */
static void sift(struct keyed_group *heap, uint64_t n, uint64_t at)
{
    const struct keyed_group moved = heap[at];
    for (uint64_t child; (child = 2 * at + 1) < n; at = child) {
        child += child + 1 < n && heap[child + 1].bound < heap[child].bound;
        if (heap[child].bound >= moved.bound)
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

/* What no group but the first has touched before. */
static uint64_t others_bound(const struct keyed_group *heap, uint64_t n)
{
    uint64_t bound = n > 1 ? heap[1].bound : UINT64_MAX;
    return n > 2 && heap[2].bound < bound ? heap[2].bound : bound;
}

/* The numbers of the two slots of a group that were touched longest ago; returns the first one. */
static uint64_t look_at(const struct keyed_run *r, uint64_t first, uint64_t *least,
                        uint64_t *second)
{
    const uint64_t left = r->stage->key->max - first;
    const uint64_t end = first + (left < KEYED_GROUP ? left : KEYED_GROUP);
    uint64_t one = r->self->touches, two = one, slot = first;
    for (uint64_t i = first; i < end; i++) {
        const uint64_t touched = keyed_tail_of(r->plan, keyed_entry(r, i))->touched;
        const bool less = touched < one;
        two = less ? one : touched < two ? touched : two;
        one = less ? touched : one;
        slot = less ? i : slot;
    }
    *least = one;
    *second = two;
    return slot;
}

/* Makes all bounds right, in the order of memory. */
static void look_at_all(const struct keyed_run *r, struct keyed_group *heap, uint64_t n)
{
    uint64_t second;
    for (uint64_t i = 0; i < n; i++) {
        heap[i].first = i * KEYED_GROUP;
        (void)look_at(r, heap[i].first, &heap[i].bound, &second);
    }
    for (uint64_t at = n / 2; at-- > 0;)
        sift(heap, n, at);
}

/* The slot used longest ago. All of the group that may have it are looked at: where its oldest was
 * touched before whatever another group can have, that is the one; else its bound was too low, and
 * the next is looked at. Where that goes on and on nearly all of them will be. */
static uint64_t oldest(struct keyed_run *r)
{
    struct keyed_group *heap = groups_of(r);
    const uint64_t n = r->plan->groups;
    for (uint64_t looked = 0, least, second;; looked++) {
        if (looked == n / 16 + 8)
            look_at_all(r, heap, n);
        const uint64_t slot = look_at(r, heap[0].first, &least, &second);
        const bool found = least <= others_bound(heap, n);
        heap[0].bound = found ? second : least; /* who takes the slot touches it later */
        sift(heap, n, 0);
        if (found)
            return slot;
    }
}

/* ---- entries ---- */

/* The entry's state goes. What is pending of it uses it first; of a flow stage what it holds goes
 * out. */
static void settle(struct keyed_run *r, char *entry)
{
    if (r->made != NULL)
        keyed_leave(r, entry);
    else if (keyed_tail_of(r->plan, entry)->touched > r->base)
        keyed_flush(r);
}

static void renew(struct keyed_run *r, char *entry)
{
    memcpy(entry, r->block + r->plan->fresh_at, r->stage->lens->need.state_bytes);
}

static uint64_t free_slot(struct keyed_run *r)
{
    struct keyed *self = r->self;
    if (self->live < r->stage->key->max) {
        if (self->live % KEYED_GROUP == 0)
            open_group(r, self->live);
        return self->live++;
    }
    uint64_t slot = oldest(r);
    char *entry = keyed_entry(r, slot);
    settle(r, entry);
    remove_at(r, find(r, keyed_tail_of(r->plan, entry)->key));
    r->evicted++;
    return slot;
}

/* A slot of its own for a key that has none. */
static char *make_entry(struct keyed_run *r, uint64_t key)
{
    uint64_t slot = free_slot(r); /* an eviction may move other buckets */
    char *entry = keyed_entry(r, slot);
    struct keyed_tail *tail = keyed_tail_of(r->plan, entry);
    r->buckets[find(r, key)] = content_of(r->plan, hash_of(key), slot);
    tail->key = key;
    tail->touched = 0;
    renew(r, entry);
    return entry;
}

/* The key's entry where it has one, NULL where not. */
static char *entry_of(const struct keyed_run *r, uint64_t key)
{
    uint32_t content = r->buckets[find(r, key)];
    return content != 0 ? keyed_entry(r, slot_in(r->plan, content)) : NULL;
}

char *keyed_touch(struct keyed_run *r, uint32_t i, int64_t time_ns)
{
    uint64_t ttl = r->stage->key->ttl_ns, key = r->key[r->first + i];
    char *entry = r->state[i];
    if (entry == NULL || keyed_tail_of(r->plan, entry)->key != key)
        entry = entry_of(r, key);
    bool made = entry == NULL;
    if (made)
        entry = make_entry(r, key);
    if (ttl == 0)
        return entry;
    struct keyed_tail *tail = keyed_tail_of(r->plan, entry);
    if (!made && time_ns > tail->seen_ns[0] &&
        (uint64_t)time_ns - (uint64_t)tail->seen_ns[0] > ttl) {
        settle(r, entry);
        renew(r, entry);
        r->expired++;
    }
    tail->seen_ns[0] = time_ns;
    return entry;
}
