/* The table of keys: buckets of 32 bits, each a slot and as many bits of the key's hash as fit
 * beside it, probed one after the other from an even place on, at most half of them in use; and
 * which key goes when all slots are taken, the one that was used longest ago.
 *
 * Every entry knows the number of its last touch, which costs nothing: it stands in the line that
 * the state is in. Only when a slot is wanted, and the last answer is used up, all entries are
 * looked at for candidates: those that were touched by some number or before. They are taken in the
 * order of their touches; one that was touched since is passed over. All others were touched after
 * all of them, so each is the one used longest ago, exactly, and a look is paid for by as many
 * evictions as there are candidates.
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

static struct candidate *candidates_of(const struct keyed_run *r)
{
    return (struct candidate *)(void *)(r->block + r->plan->candidates_at);
}

static uint64_t touched_at(const struct keyed_run *r, uint64_t slot)
{
    return keyed_tail_of(r->plan, keyed_entry(r, slot))->touched;
}

/* heap[0] has the largest number; heap[at] may have a smaller one than what hangs from it. */
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

static void make_heap(struct candidate *heap, uint64_t n)
{
    for (uint64_t at = n / 2; at-- > 0;)
        sift(heap, n, at);
}

/* Keeps, of all that were offered, the `room` that were touched longest ago: a heap once there are
 * so many. Returns how many there are. */
static uint64_t offer(struct candidate *heap, uint64_t n, uint64_t room, struct candidate one)
{
    if (n < room) {
        heap[n++] = one;
        if (n == room)
            make_heap(heap, n);
    } else if (one.touched < heap[0].touched) {
        heap[0] = one;
        sift(heap, n, 0);
    }
    return n;
}

#define SAMPLE 1024u /* entries */

/* A number by which one entry at least was touched last, and, as a sample of them says, five
 * eighths as many as there is room for: rarely more, and the room is kept all the same. */
static uint64_t long_ago(const struct keyed_run *r)
{
    struct candidate heap[SAMPLE / 16];
    uint64_t live = r->self->live, n = live < SAMPLE ? live : SAMPLE, held = 0;
    uint64_t room = n * r->plan->candidates * 5 / (8 * live) + 1;
    for (uint64_t i = 0; i < n; i++)
        held = offer(heap, held, room, (struct candidate){touched_at(r, i * (live / n)), 0});
    return heap[0].touched;
}

/* The candidates: of all entries those that were touched longest ago. What is put into order is
 * only what somebody will want: the first of them is on top of a heap. */
static void look(struct keyed_run *r)
{
    struct candidate *heap = candidates_of(r);
    const uint64_t live = r->self->live, limit = long_ago(r), room = r->plan->candidates;
    uint64_t n = 0;
    for (uint64_t slot = 0; slot < live; slot++) {
        uint64_t touched = touched_at(r, slot);
        if (LEAT_UNLIKELY(touched <= limit))
            n = offer(heap, n, room, (struct candidate){touched, slot});
    }
    for (uint64_t i = 0; i < n; i++)
        heap[i].touched = ~heap[i].touched; /* the oldest has the largest */
    make_heap(heap, n);
    r->self->candidates = n;
}

static uint64_t oldest(struct keyed_run *r)
{
    struct candidate *heap = candidates_of(r);
    for (uint64_t *n = &r->self->candidates;;) {
        while (*n != 0) {
            struct candidate one = heap[0];
            heap[0] = heap[--*n];
            sift(heap, *n, 0);
            if (touched_at(r, one.slot) == ~one.touched)
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
    remove_at(r, find(r, tail->key));
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
        settle(r, tail);
        renew(r, entry);
        r->expired++;
    }
    tail->seen_ns[0] = time_ns;
    return entry;
}
