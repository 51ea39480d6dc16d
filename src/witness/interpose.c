/* The malloc family and the locks of the program, and of every library in it, come through here on
 * their way to the C library. Plain builds only: sanitizers stand in the same place (hooks.c). */
#define _GNU_SOURCE
#include "witness/note.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define SEEN __attribute__((visibility("default")))
#define NOTE(kind) leat_witness_note(kind, __func__, __builtin_return_address(0), 0)

void leat_witness_listen(void)
{
}

bool leat_witness_hears(enum leat_witness_kind kind)
{
    (void)kind;
    return true;
}

/* ---- memory: the C library's own names for it ---- */

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t bytes);
extern void *__libc_realloc(void *old, size_t bytes);
extern void __libc_free(void *memory);
extern void *__libc_memalign(size_t align, size_t bytes);

SEEN void *malloc(size_t bytes)
{
    NOTE(LEAT_WITNESS_ALLOCATIONS);
    return __libc_malloc(bytes);
}

SEEN void *calloc(size_t n, size_t bytes)
{
    NOTE(LEAT_WITNESS_ALLOCATIONS);
    return __libc_calloc(n, bytes);
}

SEEN void *realloc(void *old, size_t bytes)
{
    NOTE(LEAT_WITNESS_ALLOCATIONS);
    return __libc_realloc(old, bytes);
}

SEEN void *reallocarray(void *old, size_t n, size_t bytes)
{
    size_t all;
    NOTE(LEAT_WITNESS_ALLOCATIONS);
    if (leat_size_mul(n, bytes, &all))
        return __libc_realloc(old, all);
    errno = ENOMEM;
    return NULL;
}

SEEN void free(void *memory)
{
    if (memory != NULL)
        NOTE(LEAT_WITNESS_ALLOCATIONS);
    __libc_free(memory);
}

SEEN void *memalign(size_t align, size_t bytes)
{
    NOTE(LEAT_WITNESS_ALLOCATIONS);
    return __libc_memalign(align, bytes);
}

SEEN void *aligned_alloc(size_t align, size_t bytes)
{
    NOTE(LEAT_WITNESS_ALLOCATIONS);
    return __libc_memalign(align, bytes);
}

SEEN int posix_memalign(void **memory, size_t align, size_t bytes)
{
    NOTE(LEAT_WITNESS_ALLOCATIONS);
    if (align < sizeof(void *) || (align & (align - 1)) != 0)
        return EINVAL;
    int before = errno;
    void *got = __libc_memalign(align, bytes);
    errno = before;
    if (got == NULL)
        return ENOMEM;
    *memory = got;
    return 0;
}

SEEN void *valloc(size_t bytes)
{
    NOTE(LEAT_WITNESS_ALLOCATIONS);
    return __libc_memalign((size_t)sysconf(_SC_PAGESIZE), bytes);
}

SEEN void *pvalloc(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), all;
    NOTE(LEAT_WITNESS_ALLOCATIONS);
    if (leat_size_add(bytes, page - 1, &all))
        return __libc_memalign(page, all & ~(page - 1));
    errno = ENOMEM;
    return NULL;
}

/* ---- locks: what the next object in the search order has under that name ---- */

enum lock {
    MUTEX_LOCK, MUTEX_TRYLOCK, MUTEX_TIMEDLOCK, MUTEX_CLOCKLOCK,
    RDLOCK, WRLOCK, TRYRDLOCK, TRYWRLOCK, TIMEDRDLOCK, TIMEDWRLOCK,
    SPIN_LOCK, SPIN_TRYLOCK, COND_WAIT, COND_TIMEDWAIT, COND_CLOCKWAIT,
    BARRIER_WAIT, SEM_WAIT, SEM_TRYWAIT, SEM_TIMEDWAIT,
    MTX_LOCK, MTX_TRYLOCK, MTX_TIMEDLOCK, CND_WAIT, CND_TIMEDWAIT,
    LOCKS
};

static const char *const names[LOCKS] = {
    "pthread_mutex_lock", "pthread_mutex_trylock", "pthread_mutex_timedlock",
    "pthread_mutex_clocklock", "pthread_rwlock_rdlock", "pthread_rwlock_wrlock",
    "pthread_rwlock_tryrdlock", "pthread_rwlock_trywrlock", "pthread_rwlock_timedrdlock",
    "pthread_rwlock_timedwrlock", "pthread_spin_lock", "pthread_spin_trylock",
    "pthread_cond_wait", "pthread_cond_timedwait", "pthread_cond_clockwait",
    "pthread_barrier_wait", "sem_wait", "sem_trywait", "sem_timedwait", "mtx_lock", "mtx_trylock",
    "mtx_timedlock", "cnd_wait", "cnd_timedwait",
};

static void *next[LOCKS];

/* Writes the address of the real function to *function: data and code pointers have one shape here.
 * Threads that look at the same time find the same. */
static void pass_on(enum lock which, const void *caller, void *function)
{
    leat_witness_note(LEAT_WITNESS_LOCKS, names[which], caller, 0);
    void *real = __atomic_load_n(&next[which], __ATOMIC_RELAXED); /* [W1 own word: an address] */
    if (LEAT_UNLIKELY(real == NULL)) {
        real = dlsym(RTLD_NEXT, names[which]);
        if (real == NULL)
            abort(); /* somebody called what the C library does not have */
        __atomic_store_n(&next[which], real, __ATOMIC_RELAXED); /* [W1 own word: an address] */
    }
    memcpy(function, &real, sizeof real);
}

/* Early, so that the look-up is not paid, or counted, on a worker. */
__attribute__((constructor)) static void look_up(void)
{
    for (uint32_t i = 0; i < LOCKS; i++)
        next[i] = dlsym(RTLD_NEXT, names[i]);
}

#define PASS_ON(which, function) pass_on(which, __builtin_return_address(0), (function))

SEEN int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    int (*real)(pthread_mutex_t *);
    PASS_ON(MUTEX_LOCK, &real);
    return real(mutex);
}

SEEN int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    int (*real)(pthread_mutex_t *);
    PASS_ON(MUTEX_TRYLOCK, &real);
    return real(mutex);
}

SEEN int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
    int (*real)(pthread_mutex_t *, const struct timespec *);
    PASS_ON(MUTEX_TIMEDLOCK, &real);
    return real(mutex, until);
}

SEEN int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                                 const struct timespec *until)
{
    int (*real)(pthread_mutex_t *, clockid_t, const struct timespec *);
    PASS_ON(MUTEX_CLOCKLOCK, &real);
    return real(mutex, clock, until);
}

SEEN int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    int (*real)(pthread_rwlock_t *);
    PASS_ON(RDLOCK, &real);
    return real(lock);
}

SEEN int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    int (*real)(pthread_rwlock_t *);
    PASS_ON(WRLOCK, &real);
    return real(lock);
}

SEEN int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    int (*real)(pthread_rwlock_t *);
    PASS_ON(TRYRDLOCK, &real);
    return real(lock);
}

SEEN int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    int (*real)(pthread_rwlock_t *);
    PASS_ON(TRYWRLOCK, &real);
    return real(lock);
}

SEEN int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *until)
{
    int (*real)(pthread_rwlock_t *, const struct timespec *);
    PASS_ON(TIMEDRDLOCK, &real);
    return real(lock, until);
}

SEEN int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *until)
{
    int (*real)(pthread_rwlock_t *, const struct timespec *);
    PASS_ON(TIMEDWRLOCK, &real);
    return real(lock, until);
}

SEEN int pthread_spin_lock(pthread_spinlock_t *lock)
{
    int (*real)(pthread_spinlock_t *);
    PASS_ON(SPIN_LOCK, &real);
    return real(lock);
}

SEEN int pthread_spin_trylock(pthread_spinlock_t *lock)
{
    int (*real)(pthread_spinlock_t *);
    PASS_ON(SPIN_TRYLOCK, &real);
    return real(lock);
}

SEEN int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    int (*real)(pthread_cond_t *, pthread_mutex_t *);
    PASS_ON(COND_WAIT, &real);
    return real(condition, mutex);
}

SEEN int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                const struct timespec *until)
{
    int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    PASS_ON(COND_TIMEDWAIT, &real);
    return real(condition, mutex, until);
}

SEEN int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                clockid_t clock, const struct timespec *until)
{
    int (*real)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
    PASS_ON(COND_CLOCKWAIT, &real);
    return real(condition, mutex, clock, until);
}

SEEN int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    int (*real)(pthread_barrier_t *);
    PASS_ON(BARRIER_WAIT, &real);
    return real(barrier);
}

SEEN int sem_wait(sem_t *semaphore)
{
    int (*real)(sem_t *);
    PASS_ON(SEM_WAIT, &real);
    return real(semaphore);
}

SEEN int sem_trywait(sem_t *semaphore)
{
    int (*real)(sem_t *);
    PASS_ON(SEM_TRYWAIT, &real);
    return real(semaphore);
}

SEEN int sem_timedwait(sem_t *semaphore, const struct timespec *until)
{
    int (*real)(sem_t *, const struct timespec *);
    PASS_ON(SEM_TIMEDWAIT, &real);
    return real(semaphore, until);
}

SEEN int mtx_lock(mtx_t *mutex)
{
    int (*real)(mtx_t *);
    PASS_ON(MTX_LOCK, &real);
    return real(mutex);
}

SEEN int mtx_trylock(mtx_t *mutex)
{
    int (*real)(mtx_t *);
    PASS_ON(MTX_TRYLOCK, &real);
    return real(mutex);
}

SEEN int mtx_timedlock(mtx_t *mutex, const struct timespec *until)
{
    int (*real)(mtx_t *, const struct timespec *);
    PASS_ON(MTX_TIMEDLOCK, &real);
    return real(mutex, until);
}

SEEN int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    int (*real)(cnd_t *, mtx_t *);
    PASS_ON(CND_WAIT, &real);
    return real(condition, mutex);
}

SEEN int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until)
{
    int (*real)(cnd_t *, mtx_t *, const struct timespec *);
    PASS_ON(CND_TIMEDWAIT, &real);
    return real(condition, mutex, until);
}
