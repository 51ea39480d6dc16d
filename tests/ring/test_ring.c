#include <leat/ring.h>

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

static struct leat_ring *make(uint32_t capacity)
{
    struct leat_diag diag = {0};
    struct leat_ring *ring;
    size_t bytes = leat_ring_bytes(capacity);
    void *memory = aligned_alloc(LEAT_APART, bytes);
    memset(memory, 0xff, bytes);
    cr_assert_eq(leat_ring_init(&ring, capacity, memory, bytes, &diag), LEAT_OK, "%s", diag.text);
    return ring;
}

/* As if so many handles had passed already. */
static void start_at(struct leat_ring *r, uint64_t position)
{
    r->published = r->retired = position;
    r->tail = r->retired_seen = position;
    r->head = r->published_seen = r->given = position;
}

static uint64_t draw(uint64_t *random, uint64_t n)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (*random >> 33) % n;
}

static const uint64_t starts[] = {0, UINT32_MAX - 40, UINT32_MAX, (uint64_t)UINT32_MAX + 1,
                                  (UINT64_C(1) << 33) - 5, UINT64_MAX - 40, UINT64_MAX};
#define STARTS (sizeof starts / sizeof starts[0])

Test(ring, holds_exactly_what_it_was_asked_for)
{
    for (uint32_t capacity = 1; capacity <= 70; capacity++) {
        struct leat_ring *r = make(capacity);
        for (size_t s = 0; s < STARTS; s++) {
            start_at(r, starts[s]);
            uint64_t next_in = 1, next_out = 1;
            for (int turn = 0; turn < 5; turn++) {
                for (uint32_t i = 0; i < capacity; i++) {
                    cr_assert_eq(leat_ring_length(r), i);
                    cr_assert_eq(leat_ring_room(r, UINT32_MAX), capacity - i);
                    cr_assert(leat_ring_push(r, next_in++), "%u of %u", i, capacity);
                }
                cr_assert_not(leat_ring_push(r, 99), "one more than %u", capacity);
                leat_guarded_u64 *span;
                cr_assert_eq(leat_ring_reserve(r, 1, &span), 0);
                cr_assert_eq(leat_ring_room(r, 1), 0);
                for (uint32_t i = 0; i < capacity; i++)
                    cr_assert_eq(leat_ring_pop(r), next_out++);
                cr_assert_eq(leat_ring_pop(r), 0);
                cr_assert_eq(leat_ring_length(r), 0, "an empty ring gives all back");
            }
            /* one out, one in, at the brim */
            for (uint32_t i = 0; i < capacity; i++)
                cr_assert(leat_ring_push(r, next_in++));
            for (uint32_t i = 0; i < 3 * capacity; i++) {
                cr_assert_eq(leat_ring_pop(r), next_out++);
                leat_ring_give(r);
                cr_assert(leat_ring_push(r, next_in++));
                cr_assert_not(leat_ring_push(r, 99));
            }
            while (next_out < next_in)
                cr_assert_eq(leat_ring_pop(r), next_out++);
        }
        free(r);
    }
}

/* Random spans against a plain count of what went in and out. */
static void random_walk(uint32_t capacity, uint64_t start, uint64_t seed)
{
    struct leat_ring *r = make(capacity);
    uint64_t random = seed * 7919 + 12345, in = 0, out = 0, given = 0;
    start_at(r, start);
    for (int step = 0; step < 3000; step++) {
        uint32_t want = (uint32_t)draw(&random, capacity + 3);
        if (draw(&random, 2) == 0) {
            leat_guarded_u64 *span;
            uint32_t n = leat_ring_reserve(r, want, &span);
            uint32_t room = capacity - (uint32_t)(in - given);
            uint32_t straight = r->mask + 1 - (uint32_t)((start + in) & r->mask);
            uint32_t least = want < room ? want : room;
            least = least < straight ? least : straight;
            cr_assert(n == least, "capacity %u: %u of %u slots", capacity, n, least);
            uint32_t publish = n == 0 ? 0 : (uint32_t)draw(&random, n + 1);
            for (uint32_t i = 0; i < publish; i++)
                span[i] = 1000 + in + i;
            leat_ring_publish(r, publish);
            in += publish;
        } else {
            const leat_guarded_u64 *span;
            uint32_t n = leat_ring_take(r, want, &span);
            uint32_t ready = (uint32_t)(in - out);
            uint32_t straight = r->mask + 1 - (uint32_t)((start + out) & r->mask);
            uint32_t least = want < ready ? want : ready;
            least = least < straight ? least : straight;
            cr_assert(n == least, "capacity %u: %u of %u handles", capacity, n, least);
            uint32_t retire = n == 0 ? 0 : (uint32_t)draw(&random, n + 1);
            for (uint32_t i = 0; i < n; i++)
                cr_assert_eq(span[i], 1000 + out + i);
            leat_ring_retire(r, retire);
            out += retire;
            /* lazily, but never so late that more than an eighth is held back */
            given = r->retired - start;
            cr_assert(out - given <= (capacity < 8 ? 0 : capacity / 8 - 1) && given <= out);
        }
        cr_assert_eq(leat_ring_length(r), in - given);
    }
    free(r);
}

Test(ring, spans_of_any_size_keep_the_order)
{
    for (uint32_t capacity = 1; capacity <= 70; capacity++)
        for (size_t s = 0; s < STARTS; s++)
            random_walk(capacity, starts[s], capacity + s);
    random_walk(1000, UINT64_MAX - 1500, 5);
}

Test(ring, gives_lazily_and_all_at_give)
{
    struct leat_ring *r = make(64);
    for (uint64_t i = 1; i <= 64; i++)
        cr_assert(leat_ring_push(r, i));
    for (uint64_t i = 1; i <= 7; i++)
        cr_assert_eq(leat_ring_pop(r), i);
    cr_assert_not(leat_ring_push(r, 65), "seven are held back");
    leat_ring_give(r);
    cr_assert_eq(leat_ring_room(r, 64), 7, "give tells of all");
    for (uint64_t i = 8; i <= 15; i++)
        cr_assert_eq(leat_ring_pop(r), i);
    cr_assert_eq(leat_ring_room(r, 64), 15, "an eighth is given without being asked");
    free(r);
}

Test(ring, ends_when_closed_and_empty)
{
    for (size_t s = 0; s < STARTS; s++) {
        struct leat_ring *r = make(5);
        start_at(r, starts[s]);
        cr_assert_not(leat_ring_ended(r));
        for (uint64_t i = 0; i < 45; i++) { /* over the wrap, where there is one */
            cr_assert(leat_ring_push(r, 7 + i));
            cr_assert_eq(leat_ring_pop(r), 7 + i);
        }
        cr_assert(leat_ring_push(r, 7));
        cr_assert(leat_ring_push(r, 8));
        leat_ring_close(r);
        cr_assert_not(leat_ring_ended(r), "two are still in it");
        cr_assert_eq(leat_ring_pop(r), 7);
        cr_assert_not(leat_ring_ended(r));
        const leat_guarded_u64 *span;
        cr_assert_eq(leat_ring_take(r, 5, &span), 1);
        cr_assert_not(leat_ring_ended(r), "taken, not retired");
        leat_ring_retire(r, 1);
        cr_assert(leat_ring_ended(r), "position %llu", (unsigned long long)r->head);
        cr_assert_eq(leat_ring_pop(r), 0);
        free(r);
    }
}

Test(ring, bad_sizes_are_refused)
{
    LEAT_ALIGNED(LEAT_APART) static char memory[1 << 12];
    struct leat_ring *ring = (struct leat_ring *)1;
    struct leat_diag diag = {0};
    cr_assert_eq(leat_ring_bytes(0), 0);
    cr_assert_eq(leat_ring_bytes(LEAT_RING_MAX + 1), 0);
    cr_assert_eq(leat_ring_bytes(UINT32_MAX), 0);
    cr_assert_geq(leat_ring_bytes(LEAT_RING_MAX), (size_t)LEAT_RING_MAX * 8);
    cr_assert_eq(leat_ring_init(&ring, 0, memory, sizeof memory, &diag), LEAT_ERANGE);
    cr_assert_null(ring);
    cr_assert_eq(leat_ring_init(&ring, LEAT_RING_MAX + 1, memory, sizeof memory, &diag),
                 LEAT_ERANGE);
    size_t need = leat_ring_bytes(10);
    cr_assert_eq(leat_ring_init(&ring, 10, memory, need - 1, &diag), LEAT_EINVAL);
    cr_assert_eq(leat_ring_init(&ring, 10, memory + 64, need, &diag), LEAT_EINVAL);
    cr_assert_eq(leat_ring_init(&ring, 10, NULL, need, &diag), LEAT_EINVAL);
    cr_assert_eq(leat_ring_init(&ring, 10, memory, need, &diag), LEAT_OK);
}

/* What one side writes and the other reads stand on lines of their own, pairs of them apart. */
Test(ring, the_two_sides_share_no_line)
{
    cr_assert_geq(offsetof(struct leat_ring, tail) - offsetof(struct leat_ring, published), 128);
    cr_assert_geq(offsetof(struct leat_ring, retired) - offsetof(struct leat_ring, tail), 128);
    cr_assert_geq(offsetof(struct leat_ring, head) - offsetof(struct leat_ring, retired), 128);
}
