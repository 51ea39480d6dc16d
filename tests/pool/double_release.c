/* Two threads release the same handle at the same instant, again and again. At LEAT_CHECK 2 exactly
 * one succeeds each time, and the pool keeps its number of frames.
 */
#include <leat/pool.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

LEAT_STATIC_ASSERT(LEAT_CHECK == 2, "the racing release is told apart at level 2 alone");

enum { ROUNDS = 10000, FRAMES = 8 };

struct world {
    struct leat_pool *pool;
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 handle; /* of this round */
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u32 round;
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u32 done;
    uint32_t won; /* by the second thread: written before done */
};

static void *second(void *argument)
{
    struct world *w = argument;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        while (leat_load_acquire(&w->round) != round)
            leat_pause();
        w->won = leat_pool_release(w->pool, 1, leat_load_relaxed(&w->handle)) == LEAT_OK;
        leat_store_release(&w->done, round);
    }
    leat_pool_flush(w->pool, 1);
    return NULL;
}

int main(void)
{
    struct leat_pool_options o = {.size = sizeof o, .frames = FRAMES, .payload_bytes = 64,
                                  .workers = 2, .id = 1, .chunk = 2};
    size_t bytes = leat_round_up(leat_pool_bytes(&o), LEAT_APART);
    void *memory = aligned_alloc(LEAT_APART, bytes);
    struct world w = {0};
    if (memory == NULL || leat_pool_init(&w.pool, &o, memory, bytes, NULL) != LEAT_OK)
        return 1;
    pthread_t thread;
    pthread_create(&thread, NULL, second, &w);
    uint32_t wrong = 0, mine = 0, his = 0;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        struct leat_frame *frame = leat_pool_claim(w.pool, 0);
        if (frame == NULL) {
            printf("failed: round %u found no frame\n", round);
            exit(1); /* the other thread waits for ever */
        }
        leat_handle handle = frame->tag;
        leat_store_relaxed(&w.handle, handle);
        leat_store_release(&w.round, round);
        for (uint32_t k = round % 24; k > 0; k--) /* to meet the other one at last */
            leat_pause();
        uint32_t won = leat_pool_release(w.pool, 0, handle) == LEAT_OK;
        while (leat_load_acquire(&w.done) != round)
            leat_pause();
        wrong += won + w.won != 1;
        mine += won;
        his += w.won;
    }
    pthread_join(thread, NULL);
    uint32_t all = 0;
    while (leat_pool_claim(w.pool, 0) != NULL)
        all++;
    free(memory);
    if (wrong != 0 || all != FRAMES) {
        printf("failed: %u rounds with not exactly one success, %u of %u frames\n", wrong, all,
               FRAMES);
        return 1;
    }
    printf("ok: %u rounds, %u and %u successes\n", ROUNDS, mine, his);
    return 0;
}
