#include "wraps.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>

struct wraps wraps;

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__real_aligned_alloc(size_t, size_t);
void __real_free(void *);
void *__real_mmap(void *, size_t, int, int, int, off_t);
int __real_munmap(void *, size_t);
int __real_madvise(void *, size_t, int);
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);
void *__wrap_aligned_alloc(size_t, size_t);
void __wrap_free(void *);
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
int __wrap_munmap(void *, size_t);
int __wrap_madvise(void *, size_t, int);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static bool fails(void)
{
    if (!wraps.on)
        return false;
    wraps.calls++;
    bool now = wraps.fail_at != 0 &&
               (wraps.every_after ? wraps.calls >= wraps.fail_at : wraps.calls == wraps.fail_at);
    wraps.failed += now;
    return now;
}

void *__wrap_malloc(size_t bytes)
{
    void *block = fails() ? NULL : __real_malloc(bytes);
    wraps.live += block != NULL;
    return block;
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    void *block = fails() ? NULL : __real_calloc(n, bytes);
    wraps.live += block != NULL;
    return block;
}

void *__wrap_realloc(void *block, size_t bytes)
{
    void *moved = fails() ? NULL : __real_realloc(block, bytes);
    wraps.live += block == NULL && moved != NULL;
    return moved;
}

void *__wrap_aligned_alloc(size_t align, size_t bytes)
{
    void *block = fails() ? NULL : __real_aligned_alloc(align, bytes);
    wraps.live += block != NULL;
    return block;
}

void __wrap_free(void *block)
{
    wraps.live -= block != NULL;
    __real_free(block);
}

void *__wrap_mmap(void *where, size_t bytes, int protection, int flags, int file, off_t offset)
{
    if (fails()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *memory = __real_mmap(where, bytes, protection, flags, file, offset);
    if (memory != MAP_FAILED && (flags & MAP_FIXED) == 0) /* a fixed one replaces addresses */
        wraps.mapped += bytes;
    return memory;
}

int __wrap_munmap(void *memory, size_t bytes)
{
    wraps.mapped -= bytes;
    return __real_munmap(memory, bytes);
}

int __wrap_madvise(void *memory, size_t bytes, int advice)
{
    if (fails()) {
        errno = EINVAL;
        return -1;
    }
    return __real_madvise(memory, bytes, advice);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument)
{
    return fails() ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}
