/* A host with an allocator of its own, from one block of its own: what Leat wants comes from there
 * and goes back there, and after seal nobody asks for anything.
 *
 * Linked twice: to the archive and to the shared library. */
#include "hosted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK (UINT64_C(256) << 20)
#define N 5000u

struct head {
    size_t bytes; /* of the block behind it */
    uint64_t mark;
};
#define MARK UINT64_C(0x6c6561742d686f73)

static char block[BLOCK] LEAT_ALIGNED(4096);
static uint64_t used, asked, live, strange;
static _Thread_local bool control __attribute__((tls_model("initial-exec")));
static uint64_t asked_by_workers;

/* Bytes are handed out once: what the test does is bounded. */
static void *give(size_t align, size_t bytes)
{
    align = align < 16 ? 16 : align;
    uint64_t room = bytes + align + sizeof(struct head);
    uint64_t at = __atomic_fetch_add(&used, room, __ATOMIC_RELAXED);
    __atomic_fetch_add(&asked, 1, __ATOMIC_RELAXED);
    if (!control)
        __atomic_fetch_add(&asked_by_workers, 1, __ATOMIC_RELAXED);
    if (bytes > BLOCK || at + room > BLOCK) {
        errno = ENOMEM;
        return NULL;
    }
    __atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
    uintptr_t place = ((uintptr_t)block + at + sizeof(struct head) + align - 1) & ~(align - 1);
    struct head *head = (struct head *)place - 1;
    *head = (struct head){bytes, MARK};
    return (void *)place;
}

static struct head *head_of(void *memory)
{
    struct head *head = (struct head *)memory - 1;
    bool own = (char *)memory > block && (char *)memory < block + BLOCK && head->mark == MARK;
    if (!own)
        __atomic_fetch_add(&strange, 1, __ATOMIC_RELAXED);
    return own ? head : NULL;
}

/* Visible, so that shared libraries find them here. */
LEAT_API void *malloc(size_t bytes)
{
    return give(16, bytes);
}

LEAT_API void free(void *memory)
{
    struct head *head = memory != NULL ? head_of(memory) : NULL;
    if (head != NULL) {
        head->mark = 0;
        __atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
    }
}

LEAT_API void *calloc(size_t n, size_t bytes)
{
    size_t all;
    return leat_size_mul(n, bytes, &all) ? give(16, all) : NULL; /* never used before: zero */
}

LEAT_API void *realloc(void *memory, size_t bytes)
{
    struct head *head = memory != NULL ? head_of(memory) : NULL;
    void *moved = give(16, bytes);
    if (moved != NULL && head != NULL) {
        memcpy(moved, memory, head->bytes < bytes ? head->bytes : bytes);
        free(memory);
    }
    return moved;
}

LEAT_API void *aligned_alloc(size_t align, size_t bytes)
{
    return give(align, bytes);
}

LEAT_API void *memalign(size_t align, size_t bytes);
void *memalign(size_t align, size_t bytes)
{
    return give(align, bytes);
}

LEAT_API int posix_memalign(void **memory, size_t align, size_t bytes)
{
    *memory = give(align, bytes);
    return *memory != NULL ? 0 : ENOMEM;
}

static double samples[N], scores[N];

/* Returns how many blocks were asked for until seal. */
static uint64_t live_once(bool threads)
{
    struct hosted h;
    uint64_t before = __atomic_load_n(&asked, __ATOMIC_RELAXED);
    EXPECT(hosted_open(&h, HOSTED("scale by=2 ! rolling size=32 out=zscore ! window size=100"),
                       NULL) == LEAT_OK, "%s", h.diag.text);
    uint64_t sealed = __atomic_load_n(&asked, __ATOMIC_RELAXED);
    if (threads)
        EXPECT(leat_engine_start(h.engine, &h.diag) == LEAT_OK, "%s", h.diag.text);
    uint64_t started = __atomic_load_n(&asked, __ATOMIC_RELAXED); /* glibc's, for the threads */
    size_t got = hosted_pass(&h, samples, N, scores, threads);
    if (threads)
        EXPECT(leat_engine_wait(h.engine, UINT64_MAX, &h.diag) == LEAT_OK, "%s", h.diag.text);
    uint64_t ended = __atomic_load_n(&asked, __ATOMIC_RELAXED);
    EXPECT(got == N, "%zu scores", got);
    EXPECT(ended == started, "%llu blocks were asked for after seal",
           (unsigned long long)(ended - started));
    EXPECT(threads || started == sealed, "stepping needs no start");
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
    return sealed - before;
}

int main(void)
{
    control = true;
    asked_by_workers = 0; /* those before main were asked for by constructors of libraries */
    for (size_t i = 0; i < N; i++)
        samples[i] = hosted_sample(i);
    for (int threads = 0; threads < 2; threads++) {
        live_once(threads != 0); /* what glibc keeps of a first time is its own */
        uint64_t before = __atomic_load_n(&live, __ATOMIC_RELAXED);
        uint64_t wanted = live_once(threads != 0);
        uint64_t after = __atomic_load_n(&live, __ATOMIC_RELAXED);
        EXPECT(wanted > 5, "set-up asked the host for %llu blocks", (unsigned long long)wanted);
        EXPECT(after == before, "%llu blocks were kept", (unsigned long long)(after - before));
    }
    EXPECT(asked_by_workers == 0, "workers asked for %llu blocks",
           (unsigned long long)asked_by_workers);
    EXPECT(strange == 0, "%llu blocks came back that the host never gave",
           (unsigned long long)strange);
    return 0;
}
