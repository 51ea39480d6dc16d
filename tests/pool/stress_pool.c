/* Threads that claim, pass on and release one pool's frames at once, for ThreadSanitizer and
 * plain builds. Each frame carries a plain word that its holder sets and clears: two holders at
 * once are a data race and a wrong word. Part of the frames goes to the next thread, over a
 * mailbox of one handle, and is released there. Prints "ok" and how much was done, or what
 * failed.
 */
#include "sanitized.h"

#include <leat/pool.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS_MAX = 4, FRAMES = 61, ROUNDS = THREAD_SANITIZER ? 40000 : 200000, HELD = 16 };

struct world {
    struct leat_pool *pool;
    uint32_t threads;
    leat_atomic_u32 failures, done;
    struct mailbox {
        LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 handle; /* 0 = empty */
    } mailbox[THREADS_MAX];
};

struct self {
    struct world *world;
    uint32_t number, held;
    uint64_t random, claims;
    struct leat_frame *frames[HELD];
};

static void fail(struct world *w, const char *what)
{
    if (leat_add_acq_rel(&w->failures, 1) == 0)
        (void)fprintf(stderr, "failed: %s\n", what);
}

static uint32_t draw(struct self *s, uint32_t n)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (uint32_t)(s->random >> 33) % n;
}

static void set_owner(struct self *s, struct leat_frame *frame, uint64_t before, uint64_t after)
{
    volatile uint64_t *word = (volatile uint64_t *)(frame + 1);
    if (word[0] != before || word[7] != before)
        fail(s->world, "a frame has two owners");
    word[0] = after;
    word[7] = after;
}

static void claim(struct self *s)
{
    struct leat_frame *frame = leat_pool_claim(s->world->pool, s->number);
    if (frame == NULL)
        return;
    if (!leat_handle_live(frame->tag) || leat_pool_view(s->world->pool, frame->tag) != frame)
        fail(s->world, "a claimed frame is not live");
    set_owner(s, frame, 0, s->number + 1);
    s->frames[s->held++] = frame;
    s->claims++;
}

static void release(struct self *s, struct leat_frame *frame)
{
    leat_handle handle = frame->tag;
    if (leat_pool_release(s->world->pool, s->number, handle) != LEAT_OK)
        fail(s->world, "a held frame was refused");
    if (leat_pool_release(s->world->pool, s->number, handle) == LEAT_OK)
        fail(s->world, "a frame was released twice");
}

static void give_away(struct self *s, struct leat_frame *frame)
{
    struct mailbox *next = &s->world->mailbox[(s->number + 1) % s->world->threads];
    uint64_t empty = 0;
    set_owner(s, frame, s->number + 1, 100);
    if (!leat_cas_acq_rel(&next->handle, &empty, frame->tag)) {
        set_owner(s, frame, 100, 0);
        release(s, frame);
    }
}

static void receive(struct self *s)
{
    uint64_t handle = leat_exchange_acq_rel(&s->world->mailbox[s->number].handle, 0);
    if (handle == 0)
        return;
    struct leat_frame *frame = leat_pool_view(s->world->pool, handle);
    if (frame == NULL) {
        fail(s->world, "a handle on the way was lost");
        return;
    }
    set_owner(s, frame, 100, 0);
    release(s, frame);
}

static void *run(void *argument)
{
    struct self *s = argument;
    for (uint32_t i = 0; i < ROUNDS && leat_load_relaxed(&s->world->failures) == 0; i++) {
        uint32_t what = draw(s, 16);
        if (what < 8 && s->held < HELD)
            claim(s);
        else if (what < 12 && s->held > 0) {
            struct leat_frame *frame = s->frames[--s->held];
            set_owner(s, frame, s->number + 1, 0);
            release(s, frame);
        } else if (what < 15 && s->held > 0)
            give_away(s, s->frames[--s->held]);
        else if (draw(s, 8) == 0)
            leat_pool_flush(s->world->pool, s->number);
        receive(s);
        if (i % 1024 == 0) {
            struct leat_pool_counts c;
            leat_pool_snapshot(s->world->pool, &c);
            if (c.in_use > FRAMES || c.high_water > FRAMES)
                fail(s->world, "more in use than there are");
            sched_yield();
        }
    }
    while (s->held > 0) {
        struct leat_frame *frame = s->frames[--s->held];
        set_owner(s, frame, s->number + 1, 0);
        release(s, frame);
    }
    leat_add_acq_rel(&s->world->done, 1);
    while (leat_load_acquire(&s->world->done) != s->world->threads)
        sched_yield();
    receive(s);
    leat_pool_flush(s->world->pool, s->number);
    return NULL;
}

static uint64_t churn(uint32_t threads, uint32_t chunk, struct world *w)
{
    struct leat_pool_options o = {.size = sizeof o, .frames = FRAMES, .payload_bytes = 64,
                                  .workers = threads, .id = 9, .chunk = chunk};
    size_t bytes = leat_round_up(leat_pool_bytes(&o), LEAT_APART);
    void *memory = calloc(1, bytes + LEAT_APART);
    char *aligned = (char *)leat_round_up((size_t)(uintptr_t)memory, LEAT_APART);
    if (leat_pool_init(&w->pool, &o, aligned, bytes, NULL) != LEAT_OK)
        fail(w, "init");
    struct self selves[THREADS_MAX] = {0};
    pthread_t thread[THREADS_MAX];
    for (uint32_t i = 0; i < threads; i++) {
        selves[i].world = w;
        selves[i].number = i;
        selves[i].random = UINT64_C(88172645463325252) + i * 7919 + chunk;
        pthread_create(&thread[i], NULL, run, &selves[i]);
    }
    uint64_t claims = 0;
    for (uint32_t i = 0; i < threads; i++) {
        pthread_join(thread[i], NULL);
        claims += selves[i].claims;
    }
    struct leat_pool_counts c;
    leat_pool_snapshot(w->pool, &c);
    if (c.in_use != 0 || c.claims != claims || c.releases != claims)
        fail(w, "not everything came home");
    uint32_t all = 0;
    while (leat_pool_claim(w->pool, 0) != NULL)
        all++;
    if (all != FRAMES)
        fail(w, "the capacity changed");
    free(memory);
    return claims;
}

int main(void)
{
    uint64_t claims = 0;
    uint32_t chunks[] = {1, 3, 16};
    for (uint32_t threads = 2; threads <= THREADS_MAX; threads++)
        for (int i = 0; i < 3; i++) {
            struct world w = {.threads = threads};
            claims += churn(threads, chunks[i], &w);
            if (leat_load_acquire(&w.failures) != 0)
                return 1;
        }
    printf("ok: %llu claims\n", (unsigned long long)claims);
    return 0;
}
