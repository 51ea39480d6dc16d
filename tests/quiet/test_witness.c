/* The witnesses themselves: each planted offender is caught, with its name; the same deeds in a
 * declared wait are not; and a program under the system call filter runs as it does without. */
#define _GNU_SOURCE
#include "witness/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <threads.h>
#include <unistd.h>

#define PAGES 4

static int failures;
#define CHECK(condition, ...)                                         \
    do {                                                              \
        if (!(condition)) {                                           \
            printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);    \
            printf(__VA_ARGS__);                                      \
            printf("\n");                                             \
            failures++;                                               \
        }                                                             \
    } while (0)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static mtx_t c11_mutex;
static volatile char *fresh; /* PAGES pages that nobody has touched, mapped before the run */
static size_t page;
static void *volatile kept;

/* ---- the planted offenders ---- */

static void do_nothing(void)
{
    volatile double sum = 0;
    for (int i = 0; i < 1000; i++)
        sum = sum + i;
}

static void do_malloc(void)
{
    kept = malloc(100);
    free(kept);
}

static void do_aligned(void)
{
    kept = aligned_alloc(64, 128);
    kept = realloc(kept, 4000);
    free(kept);
    free(NULL); /* does nothing, so it counts nothing */
}

static void do_lock(void)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}

static void do_other_locks(void)
{
    pthread_rwlock_rdlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
    if (pthread_mutex_trylock(&mutex) == 0)
        pthread_mutex_unlock(&mutex);
    mtx_lock(&c11_mutex);
    mtx_unlock(&c11_mutex);
}

static void do_getpid(void)
{
    CHECK(syscall(SYS_getpid) > 1, "the call was not made");
}

static void do_touch(void)
{
    for (size_t i = 0; i < PAGES; i++)
        fresh[i * page] = 1;
}

/* ---- one run: a thread that is watched while it does one of them ---- */

struct run {
    struct leat_witness *witness;
    void (*deed)(void);
    bool declared;
};

static void *watched(void *argument)
{
    const struct run *run = argument;
    const struct leat_watch *watch = &run->witness->watch;
    do_nothing();
    watch->worker_begin(watch->user, 0);
    watch->wait_begin(watch->user, 0); /* code and stack of the watch itself */
    watch->wait_end(watch->user, 0);
    if (run->declared)
        watch->wait_begin(watch->user, 0);
    run->deed();
    if (run->declared)
        watch->wait_end(watch->user, 0);
    watch->worker_end(watch->user, 0);
    run->deed(); /* after the last thing that counts */
    return NULL;
}

static bool count_syscalls; /* this machine and build can */

static struct leat_witness_counts counts_of(void (*deed)(void), bool declared, char *offender,
                                            size_t bytes)
{
    static struct leat_witness witness;
    struct leat_witness_counts counts;
    struct leat_diag diag;
    pthread_t thread;
    int status = leat_witness_init(&witness, &(struct leat_witness_options){count_syscalls}, &diag);
    CHECK(status == LEAT_OK, "%s", diag.text);
    fresh = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(fresh != MAP_FAILED, "no memory");
    madvise((void *)(uintptr_t)fresh, PAGES * page, MADV_NOHUGEPAGE);
    struct run run = {&witness, deed, declared};
    CHECK(pthread_create(&thread, NULL, watched, &run) == 0, "no thread");
    pthread_join(thread, NULL);
    munmap((void *)(uintptr_t)fresh, PAGES * page);
    leat_witness_total(&witness, &counts);
    bool any = leat_witness_offender(&witness, offender, bytes);
    bool sum = (counts.allocations | counts.locks | counts.faults | counts.syscalls) != 0;
    CHECK(any == sum, "offender \"%s\", counts %d", offender, sum);
    return counts;
}

static bool sees(enum leat_witness_kind kind)
{
    struct leat_witness witness;
    if (leat_witness_init(&witness, NULL, NULL) != LEAT_OK)
        return false;
    return kind == LEAT_WITNESS_SYSCALLS ? count_syscalls : leat_witness_sees(&witness, kind);
}

static uint64_t of_kind(const struct leat_witness_counts *n, enum leat_witness_kind kind)
{
    const uint64_t all[] = {n->allocations, n->locks, n->faults, n->syscalls};
    return all[kind];
}

/* Malloc itself may call the system and touch what it got. */
static bool brings_along(enum leat_witness_kind kind, int other)
{
    return other == (int)kind || (kind == LEAT_WITNESS_ALLOCATIONS && other != LEAT_WITNESS_LOCKS);
}

/* Exactly `expected` of the one kind and none of the others; none at all in a declared wait. */
static void plant(const char *what, void (*deed)(void), enum leat_witness_kind kind,
                  uint64_t expected, const char *word)
{
    char offender[512];
    if (expected != 0 && !sees(kind)) {
        printf("n/a  %s: not counted in this build or on this machine\n", what);
        return;
    }
    struct leat_witness_counts n = counts_of(deed, false, offender, sizeof offender);
    CHECK(of_kind(&n, kind) == expected, "%s: counted %llu, not %llu", what,
          (unsigned long long)of_kind(&n, kind), (unsigned long long)expected);
    for (int other = 0; other < LEAT_WITNESS_KINDS; other++)
        CHECK(brings_along(kind, other) || of_kind(&n, (enum leat_witness_kind)other) == 0,
              "%s: %llu of kind %d too: %s", what,
              (unsigned long long)of_kind(&n, (enum leat_witness_kind)other), other, offender);
    CHECK(strstr(offender, word) != NULL, "%s: offender \"%s\" lacks '%s'", what, offender, word);
    printf("seen %s: %s\n", what, offender);
    n = counts_of(deed, true, offender, sizeof offender);
    CHECK((n.allocations | n.locks | n.faults | n.syscalls) == 0, "%s in a wait: %s", what,
          offender);
}

/* ---- the filter changes nothing but the count ---- */

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    signals++;
}

static void *answer(void *argument)
{
    return argument;
}

static void check_masks(void)
{
    sigset_t all, before, now;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0, "no mask");
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &now) == 0, "no mask");
    CHECK(sigismember(&now, SIGUSR1) == 1, "the mask was lost in the handler");
    pthread_kill(pthread_self(), SIGUSR1);
    CHECK(signals == 0, "blocked, and yet it came");
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0, "no mask");
    CHECK(signals == 1, "open again, and it did not come");
}

static void do_all_sorts(void)
{
    char text[6] = "";
    int ends[2];
    signals = 0;
    errno = 0;
    CHECK(read(-1, text, 1) == -1 && errno == EBADF, "errno %d", errno);
    CHECK(pipe(ends) == 0 && write(ends[1], "water", 5) == 5, "no pipe");
    CHECK(read(ends[0], text, 5) == 5 && strcmp(text, "water") == 0, "read \"%s\"", text);
    close(ends[0]);
    close(ends[1]);
    char *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED, "six arguments");
    memory[0] = 1;
    munmap(memory, page);
    check_masks();
    pthread_t thread;
    void *back = NULL;
    CHECK(pthread_create(&thread, NULL, answer, &back) == 0, "no thread");
    pthread_join(thread, &back);
    CHECK(back == &back, "the thread's answer");
}

static void run_under_filter(void)
{
    char offender[512];
    if (!count_syscalls)
        return;
    struct sigaction how;
    memset(&how, 0, sizeof how);
    how.sa_handler = on_signal;
    sigaction(SIGUSR1, &how, NULL);
    struct leat_witness_counts n = counts_of(do_all_sorts, false, offender, sizeof offender);
    CHECK(n.syscalls >= 13, "%llu calls counted", (unsigned long long)n.syscalls);
    printf("seen all sorts: %llu system calls, first %s\n", (unsigned long long)n.syscalls,
           offender);
}

int main(void)
{
    static struct leat_witness probe;
    struct leat_diag diag;
    page = (size_t)sysconf(_SC_PAGESIZE);
    mtx_init(&c11_mutex, mtx_plain);
    count_syscalls =
        leat_witness_init(&probe, &(struct leat_witness_options){true}, &diag) == LEAT_OK;
    if (!count_syscalls)
        printf("n/a  %s\n", diag.text);
    plant("clean control", do_nothing, LEAT_WITNESS_LOCKS, 0, "");
    plant("malloc", do_malloc, LEAT_WITNESS_ALLOCATIONS, 2, "malloc");
    if (sees(LEAT_WITNESS_LOCKS)) /* the interposer; sanitizers tell of some of these twice */
        plant("aligned_alloc", do_aligned, LEAT_WITNESS_ALLOCATIONS, 3, "aligned_alloc");
    plant("uncontended mutex", do_lock, LEAT_WITNESS_LOCKS, 1, "pthread_mutex_lock");
    plant("other locks", do_other_locks, LEAT_WITNESS_LOCKS, 3, "pthread_rwlock_rdlock");
    plant("getpid", do_getpid, LEAT_WITNESS_SYSCALLS, 1, "getpid");
    plant("first touch", do_touch, LEAT_WITNESS_FAULTS, PAGES, "4 page faults");
    run_under_filter();
    printf(failures == 0 ? "ok\n" : "failed: %d\n", failures);
    return failures != 0;
}
