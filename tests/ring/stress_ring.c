/* A producer and a consumer at once, for ThreadSanitizer and plain builds: every handle names a
 * plain word that the producer writes before it publishes and the consumer clears before it
 * retires, so a hand-over that is not ordered is a data race. Spans of random sizes, rings of
 * odd sizes, positions that wrap; then the stream ring with random chunks. Prints "ok" and how
 * much was done, or what failed.
 */
#include "sanitized.h"

#include <leat/ring.h>
#include <leat/stream.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HANDLES = THREAD_SANITIZER ? 60000 : 400000, FEW = 20000, CELLS = 128 };
#define BYTES (THREAD_SANITIZER ? (size_t)1 << 20 : (size_t)1 << 24)

struct world {
    struct leat_ring *ring;
    struct leat_stream stream;
    uint64_t cells[CELLS]; /* plain; a cell is the producer's while its handle is not in the ring */
    uint64_t sent, got;    /* checksums */
    const char *failed;    /* by the consumer */
    uint64_t handles;      /* how many pass */
    bool single;
};

static uint32_t draw(uint64_t *random, uint32_t n)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (uint32_t)(*random >> 33) % n;
}

static uint64_t mix(uint64_t sum, uint64_t value)
{
    return (sum ^ value) * UINT64_C(0x100000001b3);
}

static void *produce(void *argument)
{
    struct world *w = argument;
    uint64_t random = 17, sum = 0;
    for (uint64_t i = 0; i < w->handles;) {
        leat_guarded_u64 *span;
        uint32_t want = w->single ? 1 : 1 + draw(&random, 40);
        want = w->handles - i < want ? (uint32_t)(w->handles - i) : want;
        uint32_t n = leat_ring_reserve(w->ring, want, &span);
        for (uint32_t k = 0; k < n; k++) {
            w->cells[(i + k) % CELLS] = i + k + 1;
            span[k] = i + k + 1;
            sum = mix(sum, i + k + 1);
        }
        leat_ring_publish(w->ring, n);
        i += n;
        if (n == 0)
            sched_yield();
    }
    w->sent = sum;
    leat_ring_close(w->ring);
    return NULL;
}

static void *consume(void *argument)
{
    struct world *w = argument;
    uint64_t random = 23, next = 1, sum = 0;
    while (!leat_ring_ended(w->ring)) {
        const leat_guarded_u64 *span;
        uint32_t n = leat_ring_take(w->ring, w->single ? 1 : 1 + draw(&random, 40), &span);
        for (uint32_t k = 0; k < n; k++) {
            uint64_t *cell = &w->cells[(span[k] - 1) % CELLS];
            if (span[k] != next || *cell != next)
                w->failed = "a handle came late, twice or without what it names";
            *cell = 0;
            sum = mix(sum, span[k]);
            next++;
        }
        leat_ring_retire(w->ring, n);
        if (n == 0)
            sched_yield();
    }
    if (next != w->handles + 1)
        w->failed = "handles were lost";
    w->got = sum;
    return NULL;
}

static void *produce_bytes(void *argument)
{
    struct world *w = argument;
    uint64_t random = 29, sum = 0;
    for (size_t i = 0; i < BYTES;) {
        char *span;
        size_t room = leat_stream_reserve(&w->stream, &span), n = 1 + draw(&random, 5000);
        n = n < room ? n : room;
        n = n < BYTES - i ? n : BYTES - i;
        for (size_t k = 0; k < n; k++) {
            span[k] = (char)((i + k) * 7 + (i + k) / 251);
            sum = mix(sum, (unsigned char)span[k]);
        }
        leat_stream_publish(&w->stream, n);
        i += n;
        if (n == 0)
            sched_yield();
    }
    w->sent = sum;
    leat_stream_close(&w->stream);
    return NULL;
}

static void *consume_bytes(void *argument)
{
    struct world *w = argument;
    uint64_t random = 31, sum = 0;
    size_t at = 0;
    while (!leat_stream_ended(&w->stream)) {
        const char *span;
        size_t ready = leat_stream_take(&w->stream, &span), n = 1 + draw(&random, 5000);
        n = n < ready ? n : ready;
        for (size_t k = 0; k < n; k++) {
            if (span[k] != (char)((at + k) * 7 + (at + k) / 251))
                w->failed = "a byte is wrong";
            sum = mix(sum, (unsigned char)span[k]);
        }
        leat_stream_retire(&w->stream, n);
        at += n;
        if (n == 0)
            sched_yield();
    }
    if (at != BYTES)
        w->failed = "bytes were lost";
    w->got = sum;
    return NULL;
}

static bool run(struct world *w, void *(*first)(void *), void *(*second)(void *))
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, first, w);
    pthread_create(&threads[1], NULL, second, w);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    if (w->failed == NULL && w->sent != w->got)
        w->failed = "the checksums differ";
    if (w->failed != NULL)
        printf("failed: %s\n", w->failed);
    return w->failed == NULL;
}

/* CELLS is more than any capacity here, so a cell is free again before its turn comes. */
static bool run_ring(uint32_t capacity, uint64_t start, bool single)
{
    /* a tiny ring changes hands at each handle: fewer of them */
    struct world w = {.single = single, .handles = capacity < 8 ? FEW : HANDLES};
    size_t bytes = leat_ring_bytes(capacity);
    void *memory = aligned_alloc(LEAT_APART, bytes);
    if (memory == NULL || leat_ring_init(&w.ring, capacity, memory, bytes, NULL) != LEAT_OK)
        return false;
    w.ring->published = w.ring->retired = w.ring->tail = w.ring->retired_seen = start;
    w.ring->head = w.ring->published_seen = w.ring->given = start;
    bool well = run(&w, produce, consume);
    free(memory);
    return well;
}

int main(void)
{
    uint32_t capacities[] = {1, 2, 7, 64, 100};
    uint64_t starts[] = {0, UINT32_MAX - 50, UINT64_MAX - 50};
    for (size_t c = 0; c < 5; c++)
        for (size_t s = 0; s < 3; s++)
            if (!run_ring(capacities[c], starts[s], (c + s) % 2 == 0))
                return 1;
    for (int i = 0; i < 3; i++) {
        struct world w = {0};
        if (leat_stream_init(&w.stream, (size_t)4096 << (2 * i), NULL) != LEAT_OK)
            return 1;
        w.stream.published = w.stream.retired = starts[i];
        if (!run(&w, produce_bytes, consume_bytes))
            return 1;
        leat_stream_fini(&w.stream);
    }
    printf("ok: up to %d handles through each of 15 rings, %zu bytes through each of 3 streams\n",
           HANDLES, BYTES);
    return 0;
}
