/* The witnesses of promise 1: after seal no worker thread allocates, locks, faults a page or calls
 * the system outside its declared waits. For the tool, tests and examples; never part of libleat.
 *
 * A witness is a leat_watch for one engine. Each worker counts for itself, from worker_begin to
 * worker_end, except between wait_begin and wait_end:
 *
 *   allocations   malloc and its family, free of anything but NULL: interposed (interpose.c), or
 *                 told by a sanitizer's run time (hooks.c)
 *   locks         taking a pthread mutex, rwlock, spin lock, semaphore or barrier, waiting on a
 *                 condition, C11 mutexes: interposed; taken free or not makes no difference
 *   faults        minor and major page faults of the thread, as the system counts them
 *   syscalls      every system call but rt_sigreturn and the clone family, by a filter (trap.c);
 *                 only when asked for, because each one then costs about 2 us
 *
 * Not seen: locks inside the C library that do not pass its pthread symbols (stdio's, malloc's
 * own); they show as system calls when two threads meet there.
 * Threads: the calls below belong to the control thread, the watch's to the workers.
 */
#ifndef LEAT_WITNESS_WITNESS_H
#define LEAT_WITNESS_WITNESS_H

#include <leat/engine.h>

LEAT_BEGIN

enum leat_witness_kind {
    LEAT_WITNESS_ALLOCATIONS,
    LEAT_WITNESS_LOCKS,
    LEAT_WITNESS_FAULTS,
    LEAT_WITNESS_SYSCALLS
};
#define LEAT_WITNESS_KINDS 4

/* The first thing that a worker did and should not have. */
struct leat_witness_offence {
    enum leat_witness_kind kind;
    const char *call;   /* of the C library; NULL for faults and system calls */
    const void *caller; /* the instruction after the call; NULL for faults */
    long number;        /* of the system call, or how many faults there were at once */
};

struct leat_witness_worker {
    struct leat_counter counts[LEAT_WITNESS_KINDS];
    uint64_t faults_base;
    bool waiting, offended;
    struct leat_witness_offence first;
} LEAT_ALIGNED(LEAT_APART);

struct leat_witness_options {
    bool syscalls; /* count system calls too */
};

struct leat_witness {
    struct leat_watch watch; /* for leat_engine_options; the witness must not move */
    struct leat_witness_options options;
    struct leat_witness_worker workers[LEAT_WORKERS_MAX];
};

struct leat_witness_counts {
    uint64_t allocations, locks, faults, syscalls;
};

/* Prepares a witness, all counts 0; there is nothing to give back. LEAT_ESTATE: system calls are
 * asked for and this system or build cannot count them. With syscalls the process has a SIGSYS
 * handler from here on, and a worker's thread a filter for as long as it lives: programs that it
 * would start by fork and exec inherit the filter without the handler and die. */
LEAT_MUST_USE int leat_witness_init(struct leat_witness *witness,
                                    const struct leat_witness_options *options,
                                    struct leat_diag *diag);

/* False when this build cannot count that kind (sanitizers have allocator, locks and memory of
 * their own), or was not asked to (syscalls). */
bool leat_witness_sees(const struct leat_witness *witness, enum leat_witness_kind kind);

/* What one worker did, and all together. Any thread; final once the worker has ended. */
void leat_witness_worker_counts(const struct leat_witness *witness, uint32_t worker,
                                struct leat_witness_counts *counts);
void leat_witness_total(const struct leat_witness *witness, struct leat_witness_counts *counts);

/* Writes the first offence of the lowest worker that has one, as "worker 0: malloc, called from
 * leat+0x1234". False, and "", when all were quiet. After the workers have ended. */
bool leat_witness_offender(const struct leat_witness *witness, char *out, size_t bytes);

LEAT_END

#endif
