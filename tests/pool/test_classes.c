#define _GNU_SOURCE
#include "sanitized.h"

#include <leat/arena.h>
#include <leat/pool.h>

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEBI ((size_t)1 << 20)

static size_t resident_bytes(void)
{
    unsigned long size, resident;
    FILE *f = fopen("/proc/self/statm", "r");
    cr_assert_not_null(f);
    cr_assert_eq(fscanf(f, "%lu %lu", &size, &resident), 2);
    fclose(f);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static struct leat_pool *add(struct leat_pools *pools, struct leat_arena *arena, uint32_t frames,
                             size_t payload, uint32_t id)
{
    struct leat_pool_options o = {
        .size = sizeof o, .frames = frames, .payload_bytes = payload, .workers = 1, .id = id};
    struct leat_diag diag = {0};
    size_t bytes = leat_pool_bytes(&o);
    void *memory = leat_arena_take(arena, bytes, LEAT_APART, &diag);
    cr_assert_not_null(memory, "%s", diag.text);
    struct leat_pool *pool;
    cr_assert_eq(leat_pool_init(&pool, &o, memory, bytes, &diag), LEAT_OK, "%s", diag.text);
    cr_assert_eq(leat_pools_add(pools, pool, &diag), LEAT_OK, "%s", diag.text);
    return pool;
}

struct class {
    uint32_t frames;
    size_t bytes;
};

/* Claims every object of the class, writes both ends, keeps the handles. */
static void claim_all(struct leat_pools *pools, struct class class, leat_handle *handles)
{
    for (uint32_t i = 0; i < class.frames; i++) {
        struct leat_frame *frame = leat_pools_claim(pools, 0, class.bytes);
        cr_assert_not_null(frame, "object %u of %zu bytes", i, class.bytes);
        uint64_t *first = (uint64_t *)(frame + 1);
        first[0] = frame->tag;
        first[class.bytes / 8 - 1] = ~frame->tag;
        handles[i] = frame->tag;
    }
}

static void check_and_release(struct leat_pools *pools, struct class class,
                              const leat_handle *handles)
{
    for (uint32_t i = 0; i < class.frames; i++) {
        struct leat_pool *pool =
            pools->pool[leat_handle_pool(handles[i]) - pools->pool[0]->id];
        struct leat_frame *frame = leat_pool_view(pool, handles[i]);
        cr_assert_not_null(frame);
        const uint64_t *first = (const uint64_t *)(frame + 1);
        cr_assert(first[0] == handles[i] && first[class.bytes / 8 - 1] == ~handles[i],
                  "two objects share memory");
        cr_assert_eq(leat_pools_release(pools, 0, handles[i]), LEAT_OK);
        cr_assert_eq(leat_pools_release(pools, 0, handles[i]), LEAT_ESTALE);
    }
}

/* 1,000 objects of 1 Mi elements, 10,000 of 1 Ki, 100 of 32 rows of 1 Ki, an element 8 bytes:
 * 7.9 GiB of addresses in lazy memory, of which only the written pages cost: at most 2 pages an
 * object and one for its header, and the books of the pools. */
Test(pools, the_original_sizing_costs_only_what_is_touched)
{
    static const struct class classes[] = {{10000, 8192}, {100, 32 * 8192}, {1000, 8 * MEBI}};
    struct leat_arena arena;
    struct leat_arena_options o = {.size = sizeof o,
                                   .bytes = (size_t)9 << 30,
                                   .prefault = LEAT_PREFAULT_LAZY,
                                   .huge = LEAT_HUGE_NEVER,
                                   .node = -1};
    struct leat_diag diag = {0};
    struct leat_pools pools = {0};
    if (THREAD_SANITIZER)
        cr_skip_test("ThreadSanitizer's shadow takes four times what is mapped");
    size_t before = resident_bytes();
    cr_assert_eq(leat_arena_init(&arena, &o, &diag), LEAT_OK, "%s", diag.text);
    size_t objects = 0;
    leat_handle *handles[3];
    for (uint32_t i = 0; i < 3; i++) {
        add(&pools, &arena, classes[i].frames, classes[i].bytes, 7 + i);
        handles[i] = malloc(classes[i].frames * sizeof(leat_handle));
        objects += classes[i].frames;
    }
    size_t made = resident_bytes() - before;
    for (uint32_t i = 0; i < 3; i++)
        claim_all(&pools, classes[i], handles[i]);
    cr_assert_null(leat_pools_claim(&pools, 0, 1), "every object is out");
    size_t used = resident_bytes() - before, bound = objects * 3 * 4096 + 4 * MEBI;
    if (!SANITIZED) {
        cr_assert_lt(made, 4 * MEBI, "%zu bytes for the books", made);
        cr_assert_lt(used, bound, "%zu bytes, at most %zu", used, bound);
    }
    for (uint32_t i = 0; i < 3; i++) {
        check_and_release(&pools, classes[i], handles[i]);
        struct leat_pool_counts c;
        leat_pool_snapshot(pools.pool[i], &c);
        cr_assert(c.in_use == 0 && c.claims == classes[i].frames && c.releases == c.claims);
        free(handles[i]);
    }
    leat_arena_fini(&arena);
}

Test(pools, the_smallest_class_that_has_one_serves)
{
    LEAT_ALIGNED(LEAT_APART) static char memory[MEBI];
    struct leat_arena arena;
    struct leat_pools pools = {0};
    cr_assert_eq(leat_arena_wrap(&arena, memory, sizeof memory, NULL), LEAT_OK);
    struct leat_pool *small = add(&pools, &arena, 1, 64, 0);
    struct leat_pool *large = add(&pools, &arena, 2, 1000, 1);
    cr_assert_null(leat_pools_claim(&pools, 0, large->payload_bytes + 1), "too large for any");
    struct leat_frame *c = leat_pools_claim(&pools, 0, 1000);
    cr_assert_eq(leat_pool_view(large, c->tag), c, "the small class has one, but it does not fit");
    struct leat_frame *a = leat_pools_claim(&pools, 0, 10), *b = leat_pools_claim(&pools, 0, 10);
    cr_assert_eq(leat_pool_view(small, a->tag), a);
    cr_assert_eq(leat_pool_view(large, b->tag), b, "the next class when the first has none");
    cr_assert_null(leat_pools_claim(&pools, 0, 10));
    leat_handle foreign = leat_handle_make(1, 2, 0), token = leat_handle_make(1, 255, 1);
    cr_assert_eq(leat_pools_release(&pools, 0, foreign), LEAT_EFOREIGN);
    cr_assert_eq(leat_pools_release(&pools, 0, token), LEAT_EFOREIGN);
    leat_handle handles[3] = {a->tag, b->tag, c->tag};
    for (int i = 0; i < 3; i++)
        cr_assert_eq(leat_pools_release(&pools, 0, handles[i]), LEAT_OK);
    leat_arena_fini(&arena);
}

Test(pools, classes_come_in_order)
{
    LEAT_ALIGNED(LEAT_APART) static char memory[MEBI];
    struct leat_arena arena;
    struct leat_pools pools = {0}, others = {0}, none = {0};
    struct leat_diag diag = {0};
    cr_assert_eq(leat_arena_wrap(&arena, memory, sizeof memory, NULL), LEAT_OK);
    struct leat_pool *first = add(&pools, &arena, 1, 640, 5);
    cr_assert_eq(leat_pools_add(&pools, first, &diag), LEAT_EINVAL, "not larger");
    struct leat_pool *gap = add(&others, &arena, 1, 6400, 7);
    cr_assert_eq(leat_pools_add(&pools, gap, &diag), LEAT_EINVAL, "number 6 is missing");
    cr_assert_eq(pools.n, 1);
    for (uint32_t i = 1; i < LEAT_CLASSES_MAX; i++)
        add(&pools, &arena, 1, 640 + i * 128, 5 + i);
    struct leat_pool *last = add(&none, &arena, 1, 9000, 5 + LEAT_CLASSES_MAX);
    cr_assert_eq(leat_pools_add(&pools, last, &diag), LEAT_ERANGE);
    struct leat_pools empty = {0};
    cr_assert_null(leat_pools_claim(&empty, 0, 1));
    cr_assert_eq(leat_pools_release(&empty, 0, leat_handle_make(1, 0, 0)), LEAT_EFOREIGN);
    leat_arena_fini(&arena);
}
