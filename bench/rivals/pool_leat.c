/* Leat's pool: handles with generations, magazines, counters, all of it. */
#define _GNU_SOURCE
#include <leat/pool.h>

#define pool leat_pool /* the loops speak of struct pool */
#include "pool_job.h"

static struct pool *pool_make(const struct bench_load *load, const char **why)
{
    struct leat_pool_options options = {.size = sizeof options,
                                        .frames = 4096,
                                        .payload_bytes = load->bytes,
                                        .workers = 2,
                                        .id = 7};
    struct pool *p = NULL;
    size_t bytes = leat_pool_bytes(&options);
    *why = "the pool cannot be made";
    return leat_pool_init(&p, &options, bench_memory(bytes), bytes, NULL) == LEAT_OK ? p : NULL;
}

static void pool_drop(struct pool *p) { free(p); }

LEAT_INLINE bool pool_claim(struct pool *p, uint32_t thread, struct pool_object *object)
{
    struct leat_frame *frame = leat_pool_claim_handle(p, thread, &object->token);
    if (frame == NULL)
        return false;
    object->at = leat_frame_row(frame, 0);
    return true;
}

LEAT_INLINE uint64_t *pool_at(struct pool *p, uint64_t token)
{
    return leat_frame_row(leat_pool_view(p, token), 0);
}

LEAT_INLINE void pool_release(struct pool *p, uint32_t thread, uint64_t token)
{
    if (leat_pool_release(p, thread, token) != LEAT_OK)
        abort();
}

LEAT_INLINE uint32_t pool_claim_n(struct pool *p, uint32_t thread, struct pool_object *objects,
                                  uint32_t n)
{
    struct leat_frame *frames[64];
    n = leat_pool_claim_n(p, thread, frames, n < 64 ? n : 64);
    for (uint32_t i = 0; i < n; i++)
        objects[i] = (struct pool_object){leat_frame_row(frames[i], 0), frames[i]->tag};
    return n;
}

LEAT_INLINE void pool_release_n(struct pool *p, uint32_t thread,
                                const struct pool_object *objects, uint32_t n)
{
    leat_handle handles[64];
    for (uint32_t i = 0; i < n; i++)
        handles[i] = objects[i].token;
    if (leat_pool_release_n(p, thread, handles, n) != 0)
        abort();
}

#include "pool_loops.h"

const struct bench_subject bench_pool_leat = {
    .name = "leat", .setup = pool_setup, .run = pool_run, .fini = pool_fini};
