/* The usual way: a mutex and a condition variable. */
#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>

struct channel {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t value;
};

static void channel_init(struct channel *c)
{
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->changed, NULL);
}

LEAT_INLINE void channel_post(struct channel *c, uint64_t value)
{
    pthread_mutex_lock(&c->mutex);
    c->value = value;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->mutex);
}

LEAT_INLINE void channel_await(struct channel *c, uint64_t value)
{
    pthread_mutex_lock(&c->mutex);
    while (c->value != value)
        pthread_cond_wait(&c->changed, &c->mutex);
    pthread_mutex_unlock(&c->mutex);
}

#include "wait_loops.h"

const struct bench_subject bench_wait_condvar = {
    .name = "condition variable", .setup = wait_setup, .run = wait_run, .fini = free};
