#include <leat/pool.h>

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

struct made {
    struct leat_pool *pool;
    void *memory;
    size_t bytes;
};

static struct leat_pool_options options_of(uint32_t frames, uint32_t workers)
{
    return (struct leat_pool_options){
        .size = sizeof(struct leat_pool_options),
        .frames = frames,
        .payload_bytes = 64,
        .workers = workers,
        .id = 3,
    };
}

/* The memory is dirty on purpose: nothing may rest on zeros. */
static struct made make(const struct leat_pool_options *o)
{
    struct made m = {NULL, NULL, leat_pool_bytes(o)};
    struct leat_diag diag = {0};
    cr_assert_neq(m.bytes, 0);
    m.memory = aligned_alloc(LEAT_APART, leat_round_up(m.bytes, LEAT_APART));
    memset(m.memory, 0xff, m.bytes);
    cr_assert_eq(leat_pool_init(&m.pool, o, m.memory, m.bytes, &diag), LEAT_OK, "%s", diag.text);
    return m;
}

static struct leat_pool_counts counts_of(struct leat_pool *pool)
{
    struct leat_pool_counts counts;
    leat_pool_snapshot(pool, &counts);
    return counts;
}

Test(pool, holds_exactly_what_it_was_asked_for)
{
    static struct leat_frame *frames[200];
    for (uint32_t chunk = 0; chunk <= LEAT_CHUNK_MAX; chunk += 1 + chunk / 3)
        for (uint32_t n = 1; n <= 130; n += 1 + n / 9) {
            struct leat_pool_options o = options_of(n, 2);
            o.chunk = chunk;
            struct made m = make(&o);
            for (int turn = 0; turn < 3; turn++) {
                cr_assert_eq(leat_pool_claim_n(m.pool, 0, frames, 200), n);
                cr_assert_null(leat_pool_claim(m.pool, 0));
                cr_assert_null(leat_pool_claim(m.pool, 1));
                for (uint32_t i = 0; i < n; i++) {
                    cr_assert(leat_handle_live(frames[i]->tag));
                    for (uint32_t k = 0; k < i; k++)
                        cr_assert_neq(frames[i], frames[k]);
                    memset(frames[i] + 1, (int)i, m.pool->payload_bytes);
                }
                for (uint32_t i = 0; i < n; i++)
                    cr_assert_eq(leat_pool_release(m.pool, 0, frames[i]->tag), LEAT_OK);
                cr_assert_eq(counts_of(m.pool).in_use, 0);
            }
            free(m.memory);
        }
}

Test(pool, payloads_are_aligned_and_headers_an_odd_number_of_lines_apart)
{
    size_t payloads[] = {0, 1, 63, 64, 65, 128, 4096, 8192 - 64};
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        struct leat_pool_options o = options_of(5, 1);
        o.payload_bytes = payloads[i];
        struct made m = make(&o);
        cr_assert_eq(m.pool->slot_bytes / 64 % 2, 1);
        cr_assert_geq(m.pool->payload_bytes, payloads[i]);
        char *end = (char *)m.memory + m.bytes;
        struct leat_frame *frame;
        while ((frame = leat_pool_claim(m.pool, 0)) != NULL) {
            cr_assert_eq((uintptr_t)frame % 64, 0);
            cr_assert((char *)(frame + 1) + m.pool->payload_bytes <= end);
            memset(frame + 1, 1, m.pool->payload_bytes);
        }
        free(m.memory);
    }
}

Test(pool, a_handle_that_has_passed_is_refused)
{
    struct leat_pool_options o = options_of(4, 2);
    struct made m = make(&o);
    struct leat_frame *frame = leat_pool_claim(m.pool, 0);
    leat_handle first = frame->tag;
    cr_assert_eq(leat_pool_view(m.pool, first), frame);
    cr_assert_eq(leat_pool_release(m.pool, 0, first), LEAT_OK);
    cr_assert_null(leat_pool_view(m.pool, first));
    cr_assert_eq(leat_pool_release(m.pool, 0, first), LEAT_ESTALE, "released twice");
    cr_assert_eq(leat_pool_release(m.pool, 1, first), LEAT_ESTALE, "by another worker");
    struct leat_frame *again = leat_pool_claim(m.pool, 0);
    cr_assert_eq(again, frame, "the slot is used anew");
    cr_assert_neq(again->tag, first);
    cr_assert_eq(leat_pool_release(m.pool, 0, first), LEAT_ESTALE);
    cr_assert_eq(leat_pool_release(m.pool, 0, again->tag - (UINT64_C(1) << 32)), LEAT_ESTALE,
                 "a home generation");
    cr_assert_eq(leat_pool_release(m.pool, 0, again->tag + (UINT64_C(1) << 32)), LEAT_ESTALE,
                 "the home generation to come");
    cr_assert_eq(leat_pool_release(m.pool, 0, again->tag + (UINT64_C(2) << 32)), LEAT_ESTALE,
                 "a future generation");
    leat_handle kept = again->tag;
    leat_handle both[3] = {kept, kept, first};
    cr_assert_eq(leat_pool_release_n(m.pool, 0, both, 3), 2, "one of the three is right");
    struct leat_pool_counts c = counts_of(m.pool);
    cr_assert(c.claims == 2 && c.releases == 2 && c.in_use == 0, "a refusal counts nothing");
    struct leat_frame *all[5];
    cr_assert_eq(leat_pool_claim_n(m.pool, 0, all, 5), 4, "and adds no frame");
    free(m.memory);
}

/* All but what the frame's holders say of it. */
static bool like_blank(const struct leat_frame *frame, const struct leat_frame *blank, uint64_t seq,
                       uint64_t born)
{
    struct leat_frame want = *blank;
    want.tag = frame->tag;
    want.seq = seq;
    want.born = born;
    return memcmp(frame, &want, offsetof(struct leat_frame, share)) == 0 && frame->share == 0;
}

Test(pool, frames_that_go_home_and_come_again_have_new_handles)
{
    const struct leat_frame blank = {.time_ns = -7, .key = 8, .rows = 2, .cols = 3, .stride = 64,
                                     .schema = 5, .kind = LEAT_F32, .flags = LEAT_LATE};
    struct leat_pool_options o = options_of(8, 1);
    struct made m = make(&o);
    struct leat_frame *frames[6];
    leat_handle old[6];
    cr_assert_eq(leat_pool_claim_blank(m.pool, 0, frames, 6, &blank, 100, 55), 6);
    for (uint32_t i = 0; i < 6; i++) {
        cr_assert(like_blank(frames[i], &blank, 100 + i, 55));
        old[i] = frames[i]->tag;
        memset(&frames[i]->seq, 0xee, offsetof(struct leat_frame, share) - 8);
    }
    leat_pool_renew_n(m.pool, 0, frames, 6, &blank, 200, 66);
    for (uint32_t i = 0; i < 6; i++) {
        cr_assert(like_blank(frames[i], &blank, 200 + i, 66));
        cr_assert_eq(leat_pool_release(m.pool, 0, old[i]), LEAT_ESTALE);
        cr_assert_eq(leat_pool_view(m.pool, frames[i]->tag), frames[i]);
    }
    struct leat_pool_counts c = counts_of(m.pool);
    cr_assert(c.claims == 12 && c.releases == 6 && c.in_use == 6);
    leat_pool_return_n(m.pool, 0, frames, 6);
    cr_assert_eq(counts_of(m.pool).in_use, 0);
    free(m.memory);
}

Test(pool, a_foreign_handle_is_refused)
{
    struct leat_pool_options o = options_of(4, 1), other = o, twin = o;
    o.salt = 1000;
    other.id = 4;
    twin.salt = 2000;
    struct made m = make(&o), m_other = make(&other), m_twin = make(&twin);
    struct leat_frame *frame = leat_pool_claim(m.pool, 0);
    leat_handle foreign = leat_pool_claim(m_other.pool, 0)->tag;
    leat_handle same_id = leat_pool_claim(m_twin.pool, 0)->tag;
    cr_assert_eq(leat_pool_release(m.pool, 0, foreign), LEAT_EFOREIGN);
    cr_assert_null(leat_pool_view(m.pool, foreign));
    cr_assert_eq(leat_handle_slot(same_id), leat_handle_slot(frame->tag));
    cr_assert_eq(leat_pool_release(m.pool, 0, same_id), LEAT_ESTALE, "same number, other salt");
    for (uint32_t token = LEAT_TOKEN_SKIP; token <= LEAT_TOKEN_END; token++)
        cr_assert_eq(leat_pool_release(m.pool, 0, leat_handle_make(1, 255, token)), LEAT_EFOREIGN);
    uint32_t generation = leat_handle_generation(frame->tag);
    uint32_t outside[] = {4, 5, LEAT_SLOTS_MAX - 1};
    for (int i = 0; i < 3; i++)
        cr_assert_eq(leat_pool_release(m.pool, 0, leat_handle_make(generation, 3, outside[i])),
                     LEAT_EFOREIGN);
    cr_assert_eq(leat_pool_release(m.pool, 0, 0), LEAT_EFOREIGN);
    cr_assert_eq(leat_pool_release(m.pool, 0, frame->tag), LEAT_OK);
    free(m.memory);
    free(m_other.memory);
    free(m_twin.memory);
}

/* Salts that nobody chose differ: two pools of one number refuse each other's handles. */
Test(pool, salts_differ_by_themselves)
{
    uint32_t same = 0;
    for (int i = 0; i < 64; i++) {
        struct leat_pool_options o = options_of(1, 1);
        struct made a = make(&o), b = make(&o);
        same += a.pool->salt == b.pool->salt;
        cr_assert_eq(a.pool->salt % 2, 0);
        free(a.memory);
        free(b.memory);
    }
    cr_assert_leq(same, 1);
}

Test(pool, a_slot_that_was_never_claimed_answers_to_no_handle)
{
    struct leat_pool_options o = options_of(8, 1);
    o.salt = 10;
    struct made m = make(&o);
    cr_assert_not_null(leat_pool_claim(m.pool, 0));
    for (uint32_t generation = 0; generation < 64; generation++)
        for (uint32_t slot = 1; slot < 8; slot++)
            cr_assert_null(leat_pool_view(m.pool, leat_handle_make(generation, 3, slot)));
    free(m.memory);
}

/* A pool is made anew in memory where another had frames out: its handles are refused. */
Test(pool, handles_of_a_former_pool_in_the_same_memory_are_refused)
{
    struct leat_pool_options o = options_of(8, 1);
    struct made m = make(&o);
    struct leat_frame *frames[8];
    leat_handle old[8];
    cr_assert_eq(leat_pool_claim_n(m.pool, 0, frames, 8), 8);
    for (int i = 0; i < 8; i++)
        old[i] = frames[i]->tag;
    o.salt = m.pool->salt + 2;
    cr_assert_eq(leat_pool_init(&m.pool, &o, m.memory, m.bytes, NULL), LEAT_OK);
    for (int i = 0; i < 8; i++)
        cr_assert_eq(leat_pool_release(m.pool, 0, old[i]), LEAT_ESTALE);
    cr_assert_eq(leat_pool_claim_n(m.pool, 0, frames, 8), 8);
    for (int i = 0; i < 8; i++)
        cr_assert_eq(leat_pool_release(m.pool, 0, old[i]), LEAT_ESTALE);
    free(m.memory);
}

Test(pool, a_handle_kept_over_a_million_reuses_is_refused)
{
    struct leat_pool_options o = options_of(1, 1);
    struct made m = make(&o);
    leat_handle kept = leat_pool_claim(m.pool, 0)->tag;
    cr_assert_eq(leat_pool_release(m.pool, 0, kept), LEAT_OK);
    for (uint32_t i = 0; i < (1u << 20) + 7; i++) {
        struct leat_frame *frame = leat_pool_claim(m.pool, 0);
        cr_assert_neq(frame->tag, kept);
        if (i % 4099 == 0)
            cr_assert_eq(leat_pool_release(m.pool, 0, kept), LEAT_ESTALE);
        cr_assert_eq(leat_pool_release(m.pool, 0, frame->tag), LEAT_OK);
    }
    cr_assert_eq(leat_pool_release(m.pool, 0, kept), LEAT_ESTALE);
    free(m.memory);
}

/* The generation is 32 bits, odd while live: it wraps after 2^31 reuses, and goes on. */
Test(pool, the_generation_wraps_where_the_header_says)
{
    struct leat_pool_options o = options_of(1, 1);
    o.salt = UINT32_MAX - 5; /* even */
    struct made m = make(&o);
    leat_handle kept[6];
    uint32_t expected[6] = {UINT32_MAX - 4, UINT32_MAX - 2, UINT32_MAX, 1, 3, 5};
    cr_assert_eq(m.pool->salt, UINT32_MAX - 5);
    for (int i = 0; i < 6; i++) {
        struct leat_frame *frame = leat_pool_claim(m.pool, 0);
        kept[i] = frame->tag;
        cr_assert_eq(leat_handle_generation(kept[i]), expected[i]);
        cr_assert_eq(leat_handle_pool(kept[i]), 3);
        cr_assert_eq(leat_handle_slot(kept[i]), 0);
        for (int k = 0; k < i; k++)
            cr_assert_eq(leat_pool_release(m.pool, 0, kept[k]), LEAT_ESTALE);
        cr_assert_eq(leat_pool_release(m.pool, 0, kept[i]), LEAT_OK);
    }
    free(m.memory);

    o.salt = 4; /* one turn of the generation later the same handle comes again */
    struct made early = make(&o);
    leat_handle first = leat_pool_claim(early.pool, 0)->tag;
    cr_assert_eq(leat_pool_release(early.pool, 0, first), LEAT_OK);
    struct leat_frame *slot = leat_pool_slot(early.pool, 0);
    slot->tag -= UINT64_C(2) << 32; /* as 2^31 - 1 reuses would leave it */
    cr_assert_eq(leat_pool_claim(early.pool, 0)->tag, first);
    cr_assert_not_null(leat_pool_view(early.pool, first));
    free(early.memory);
}

Test(pool, flush_makes_frames_visible_to_another_worker)
{
    for (uint32_t n = 1; n <= 100; n += 9) {
        struct leat_pool_options o = options_of(n, 3);
        o.chunk = 16;
        struct made m = make(&o);
        struct leat_frame *frames[100];
        cr_assert_eq(leat_pool_claim_n(m.pool, 0, frames, n), n);
        for (uint32_t i = 0; i < n; i++)
            cr_assert_eq(leat_pool_release(m.pool, 1, frames[i]->tag), LEAT_OK);
        leat_pool_flush(m.pool, 1);
        leat_pool_flush(m.pool, 1);
        cr_assert_eq(leat_pool_claim_n(m.pool, 2, frames, 100), n);
        free(m.memory);
    }
}

/* Places of a magazine that were never filled guess at no frame. */
Test(pool, what_names_no_slot_is_refused_by_an_empty_magazine)
{
    for (uint32_t id = 0; id < LEAT_POOLS_MAX; id += LEAT_POOLS_MAX - 1)
        for (uint32_t chunk = 1; chunk <= LEAT_CHUNK_MAX; chunk++) {
            struct leat_pool_options o = options_of(8, 1);
            o.id = id;
            o.chunk = chunk;
            struct made m = make(&o);
            cr_assert_eq(leat_pool_release(m.pool, 0, UINT64_MAX), LEAT_EFOREIGN);
            cr_assert_neq(leat_pool_release(m.pool, 0, 0), LEAT_OK);
            cr_assert_neq(leat_pool_release(m.pool, 0, UINT64_C(1) << 32), LEAT_OK);
            cr_assert_eq(leat_level_frames(leat_magazine_level(m.pool->magazines)), 0);
            free(m.memory);
        }
}

struct crowd {
    struct leat_pool *pool;
    leat_handle out[256];
    uint32_t n;
    uint64_t random;
};

static uint32_t draw(struct crowd *c, uint32_t n)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 7;
    c->random ^= c->random << 17;
    return (uint32_t)(c->random >> 33) % n;
}

static void crowd_claim(struct crowd *c)
{
    struct leat_frame *frames[8];
    uint32_t k = leat_pool_claim_n(c->pool, draw(c, 2), frames, draw(c, 9));
    for (uint32_t i = 0; i < k; i++)
        c->out[c->n++] = frames[i]->tag;
    leat_handle handle;
    if (draw(c, 2) == 0 && leat_pool_claim_handle(c->pool, draw(c, 2), &handle) != NULL)
        c->out[c->n++] = handle;
}

/* The newest, the oldest or any: one by its handle, or some together. */
static void crowd_release(struct crowd *c)
{
    uint32_t worker = draw(c, 2), how = draw(c, 6);
    uint32_t k = how < 4 ? 1 : draw(c, c->n + 1), at = how % 3 == 0 ? c->n - k : 0;
    if (how % 3 == 1)
        at = draw(c, c->n - k + 1);
    leat_handle *old = &c->out[at];
    if (how < 4) {
        cr_assert_eq(leat_pool_release(c->pool, worker, *old), LEAT_OK);
    } else if (how == 4) {
        cr_assert_eq(leat_pool_release_n(c->pool, worker, old, k), 0);
    } else {
        struct leat_frame *frames[256];
        for (uint32_t i = 0; i < k; i++)
            frames[i] = leat_pool_view(c->pool, old[i]);
        leat_pool_return_n(c->pool, worker, frames, k);
    }
    for (uint32_t i = 0; i < k; i++) { /* neither it nor what its header says now is live */
        leat_handle home = old[i] + (UINT64_C(1) << 32);
        cr_assert_eq(leat_pool_release(c->pool, draw(c, 2), old[i]), LEAT_ESTALE);
        cr_assert_eq(leat_pool_release(c->pool, draw(c, 2), home), LEAT_ESTALE);
    }
    c->n -= k;
    memmove(old, old + k, (c->n - at) * sizeof *old);
}

/* Frames come back in the order in which they went, in the opposite one, and in any, alone and
 * together, to both magazines: each is out once, and none is lost. */
Test(pool, frames_come_home_in_any_order)
{
    for (uint32_t chunk = 1; chunk <= LEAT_CHUNK_MAX; chunk += 1 + chunk / 2) {
        struct leat_pool_options o = options_of(4 * chunk, 2);
        o.id = 0; /* and so a slot whose lower half is 0 */
        o.chunk = chunk;
        struct made m = make(&o);
        struct crowd c = {.pool = m.pool, .random = UINT64_C(88172645463325252) + chunk};
        for (uint32_t turn = 0; turn < 4000; turn++) {
            if (draw(&c, 2) == 0 || c.n == 0)
                crowd_claim(&c);
            else
                crowd_release(&c);
            for (uint32_t i = 0; i < c.n; i++)
                cr_assert_not_null(leat_pool_view(m.pool, c.out[i]));
            cr_assert_eq(counts_of(m.pool).in_use, c.n);
            for (uint32_t w = 0; w < 2; w++)
                cr_assert_lt(leat_level_frames(leat_magazine_level(&m.pool->magazines[w])),
                             m.pool->magazines[w].full);
        }
        leat_pool_flush(m.pool, 1);
        while (leat_pool_claim_handle(m.pool, 0, &c.out[c.n]) != NULL)
            c.n++;
        cr_assert_eq(c.n, o.frames);
        free(m.memory);
    }
}

/* Frames wander from one magazine to the other for ever: no chunk is lost on the way. */
Test(pool, chunks_do_not_run_out)
{
    for (uint32_t chunk = 1; chunk <= LEAT_CHUNK_MAX; chunk *= 2) {
        struct leat_pool_options o = options_of(100, 2);
        o.chunk = chunk;
        struct made m = make(&o);
        struct leat_frame *frames[100];
        for (uint32_t turn = 0; turn < 2000; turn++) {
            uint32_t n = 1 + turn * 7 % 100;
            cr_assert_eq(leat_pool_claim_n(m.pool, 0, frames, n), n);
            for (uint32_t i = 0; i < n; i++)
                cr_assert_eq(leat_pool_release(m.pool, 1, frames[i]->tag), LEAT_OK);
            if (turn % 3 == 0) /* chunks of a single slot */
                leat_pool_flush(m.pool, 1);
            struct leat_magazine *second = &m.pool->magazines[1];
            while (leat_level_frames(leat_magazine_level(second)) > 0 && turn % 5 == 0)
                leat_pool_spill(m.pool, second, 1);
            (void)leat_pool_flush(m.pool, 1);
        }
        free(m.memory);
    }
}

Test(pool, the_guard_sends_the_frame_home_unless_it_is_kept)
{
    struct leat_pool_options o = options_of(2, 1);
    struct made m = make(&o);
    struct leat_frame *kept = NULL;
    for (int i = 0; i < 5; i++) {
        LEAT_SCOPED(guard, m.pool, 0);
        cr_assert_not_null(guard.frame);
        cr_assert_eq(counts_of(m.pool).in_use, 1);
        if (i == 2)
            continue; /* leaves the block, too */
    }
    cr_assert_eq(counts_of(m.pool).in_use, 0);
    {
        LEAT_SCOPED(guard, m.pool, 0);
        kept = leat_guard_keep(&guard);
    }
    cr_assert_not_null(leat_pool_view(m.pool, kept->tag));
    {
        LEAT_SCOPED(last, m.pool, 0);
        LEAT_SCOPED(none, m.pool, 0);
        cr_assert_not_null(last.frame);
        cr_assert_null(none.frame);
    }
    cr_assert_eq(counts_of(m.pool).in_use, 1);
    cr_assert_eq(leat_pool_release(m.pool, 0, kept->tag), LEAT_OK);
    free(m.memory);
}

Test(pool, the_snapshot_counts_claims_releases_misses_and_refusals)
{
    struct leat_pool_options o = options_of(64, 1);
    o.chunk = 16;
    struct made m = make(&o);
    struct leat_frame *frames[65];
    cr_assert_eq(leat_pool_claim_n(m.pool, 0, frames, 65), 64);
    struct leat_pool_counts c = counts_of(m.pool);
    cr_assert_eq(c.claims, 64);
    cr_assert_eq(c.misses, 4, "four chunks of 16 came from the depot");
    cr_assert_eq(c.refused, 1);
    cr_assert_eq(c.in_use, 64);
    cr_assert_eq(c.high_water, 64);
    for (int i = 0; i < 64; i++)
        cr_assert_eq(leat_pool_release(m.pool, 0, frames[i]->tag), LEAT_OK);
    c = counts_of(m.pool);
    cr_assert(c.releases == 64 && c.in_use == 0 && c.high_water <= 64 && c.high_water > 48);
    for (int i = 0; i < 1000; i++) {
        struct leat_frame *frame = leat_pool_claim(m.pool, 0);
        cr_assert_eq(leat_pool_release(m.pool, 0, frame->tag), LEAT_OK);
    }
    c = counts_of(m.pool);
    cr_assert_eq(c.claims, 1064);
    cr_assert_leq(c.misses, 5, "a magazine serves claim after release");
    free(m.memory);
}

Test(pool, options_out_of_range_are_refused)
{
    struct leat_pool_options good = options_of(4, 1), o;
    struct leat_diag diag = {0};
    struct leat_pool *pool = (struct leat_pool *)1;
    LEAT_ALIGNED(LEAT_APART) static char memory[1 << 16];
#define REFUSED(field, value)                                                            \
    o = good;                                                                            \
    o.field = value;                                                                     \
    cr_assert_eq(leat_pool_bytes(&o), 0, #field);                                        \
    cr_assert_eq(leat_pool_init(&pool, &o, memory, sizeof memory, &diag), LEAT_ERANGE); \
    cr_assert_null(pool)
    REFUSED(size, 0);
    REFUSED(frames, 0);
    REFUSED(frames, LEAT_SLOTS_MAX + 1);
    REFUSED(workers, 0);
    REFUSED(workers, 4097);
    REFUSED(workers, UINT32_MAX);
    REFUSED(id, LEAT_POOLS_MAX);
    REFUSED(chunk, LEAT_CHUNK_MAX + 1);
    REFUSED(payload_bytes, SIZE_MAX);
    REFUSED(payload_bytes, SIZE_MAX - 63);
    REFUSED(payload_bytes, SIZE_MAX / 2);
    o = good;
    o.frames = LEAT_SLOTS_MAX;
    o.payload_bytes = SIZE_MAX / LEAT_SLOTS_MAX;
    cr_assert_eq(leat_pool_bytes(&o), 0, "the product overflows");
    size_t need = leat_pool_bytes(&good);
    cr_assert_eq(leat_pool_init(&pool, &good, memory, need - 1, &diag), LEAT_EINVAL);
    cr_assert_eq(leat_pool_init(&pool, &good, memory + 64, need, &diag), LEAT_EINVAL);
    cr_assert_eq(leat_pool_init(&pool, &good, NULL, need, &diag), LEAT_EINVAL);
    cr_assert_eq(leat_pool_init(&pool, &good, memory, need, &diag), LEAT_OK);
}
