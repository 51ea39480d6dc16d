/* What things cost here. Two threads at most, each pinned for as long as it lives; the calling one
 * stays where it was. Every loop has an end by the clock. */
#define _GNU_SOURCE
#include "doctor.h"

#include <leat/arena.h>
#include <leat/atomic.h>
#include <leat/clock.h>

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MS UINT64_C(1000000)
#define PAIRS_NS (1500 * MS) /* for all pairs together */
#define TRIES 9

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(double *values, uint32_t n)
{
    if (n == 0)
        return -1;
    qsort(values, n, sizeof values[0], by_value);
    return values[n / 2];
}

/* A quarter are below it: what others do on the machine makes values greater, never less. */
static double quiet(double *values, uint32_t n)
{
    return middle(values, n) < 0 ? -1 : values[n / 4];
}

static double thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* ---- calls ---- */

static void call_clock(void *user)
{
    (void)user;
    (void)leat_clock_ns();
}

static void call_clock_kernel(void *user)
{
    struct timespec now;
    (void)user;
    (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
}

static void call_ticks(void *user)
{
    (void)leat_clock_ticks(user);
}

static void call_pause(void *user)
{
    (void)user;
    leat_pause();
}

static void call_yield(void *user)
{
    (void)user;
    sched_yield();
}

/* One call, of n in a row. On a busy machine a call may take a slice of somebody's time: then there
 * are fewer tries. */
static double cost(void (*call)(void *user), void *user, uint32_t n)
{
    double tries[TRIES];
    uint32_t done = 0;
    uint64_t now = leat_clock_ns(), until = now + 30 * MS;
    while (done < TRIES && (done == 0 || now < until)) {
        uint64_t begin = now;
        for (uint32_t i = 0; i < n; i++)
            call(user);
        now = leat_clock_ns();
        tries[done++] = (double)(now - begin) / n;
    }
    return quiet(tries, done);
}

static void measure_calls(struct doctor_measures *m, struct leat_clock *clock)
{
    m->clock = cost(call_clock, NULL, 1000);
    m->clock_call = cost(call_clock_kernel, NULL, 500);
    m->ticks = cost(call_ticks, clock, 1000);
    m->pause = cost(call_pause, NULL, 1000);
    m->yield = cost(call_yield, NULL, 20);
}

/* The longest time in which a thread that only looks at the clock did not see it, and how much of
 * its processor it had. */
static void measure_interruption(struct doctor_measures *m)
{
    double worked = thread_ns();
    uint64_t begin = leat_clock_ns(), last = begin, longest = 0;
    while (last - begin < 40 * MS) {
        uint64_t now = leat_clock_ns();
        longest = now - last > longest ? now - last : longest;
        last = now;
    }
    m->interruption = (double)longest;
    m->share = (thread_ns() - worked) / (double)(last - begin);
}

/* A page of 4 KiB of an arena that is laid out as `leat run` does it. */
static double page_cost(enum leat_huge huge, enum leat_page_kind *kind)
{
    const size_t bytes = (size_t)8 << 20;
    struct leat_arena_options options = {.size = sizeof options,
                                         .bytes = bytes,
                                         .prefault = LEAT_PREFAULT_ALL,
                                         .huge = huge,
                                         .node = -1};
    double tries[3];
    for (uint32_t i = 0; i < 3; i++) {
        struct leat_arena arena;
        uint64_t begin = leat_clock_ns();
        if (leat_arena_init(&arena, &options, NULL) != LEAT_OK)
            return -1;
        tries[i] = (double)(leat_clock_ns() - begin) / ((double)bytes / 4096);
        *kind = arena.kind;
        leat_arena_fini(&arena);
    }
    return quiet(tries, 3);
}

static void measure_pages(struct doctor_measures *m)
{
    enum leat_page_kind kind;
    m->page = page_cost(LEAT_HUGE_NEVER, &kind);
    m->huge_page = page_cost(LEAT_HUGE_AUTO, &kind);
    if (kind == LEAT_PAGES_ORDINARY)
        m->huge_page = -1;
}

/* ---- two threads ---- */

struct duet {
    const struct leat_pinner *pinner; /* NULL: they run anywhere */
    uint32_t pu[2];
    void (*part[2])(void *job);
    void *job;
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u32 ready;
    leat_atomic_u32 off; /* one could not be pinned: nobody plays */
};

struct player {
    struct duet *duet;
    uint32_t number;
};

static void *play(void *user)
{
    struct player *player = user;
    struct duet *duet = player->duet;
    if (duet->pinner != NULL &&
        leat_pinner_pin(duet->pinner, duet->pu[player->number], NULL) != LEAT_OK)
        leat_store_relaxed(&duet->off, 1);
    leat_add_relaxed(&duet->ready, 1);
    while (leat_load_relaxed(&duet->ready) < 2 && leat_load_relaxed(&duet->off) == 0)
        sched_yield();
    if (leat_load_relaxed(&duet->off) == 0)
        duet->part[player->number](duet->job);
    return NULL;
}

/* False: the threads are not to be had, or not there. */
static bool perform(struct duet *duet)
{
    struct player players[2] = {{duet, 0}, {duet, 1}};
    pthread_t threads[2];
    duet->ready = duet->off = 0;
    if (pthread_create(&threads[0], NULL, play, &players[0]) != 0)
        return false;
    bool second = pthread_create(&threads[1], NULL, play, &players[1]) == 0;
    if (!second)
        leat_store_relaxed(&duet->off, 1);
    pthread_join(threads[0], NULL);
    if (second)
        pthread_join(threads[1], NULL);
    return duet->off == 0;
}

/* ---- a line there and back ---- */

#define ROUNDS 32
#define BURSTS 25

/* Only the number on the line matters: nothing is handed over with it. */
struct line_job {
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 line;
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u32 over;
    LEAT_ALIGNED(LEAT_APART) uint64_t until_ns;
    double bursts[BURSTS];
    uint32_t n;
};

/* Where both share a processor, or it is taken away, a yield lets the other one come. */
static bool await(struct line_job *job, uint64_t number)
{
    for (uint32_t looks = 1; leat_load_relaxed(&job->line) != number; looks++) {
        if (looks % 4096 != 0)
            continue;
        if (leat_load_relaxed(&job->over) != 0 || leat_clock_ns() > job->until_ns) {
            leat_store_relaxed(&job->over, 1);
            return false;
        }
        sched_yield();
    }
    return true;
}

static void line_there(void *user)
{
    struct line_job *job = user;
    uint64_t number = 0;
    for (uint32_t burst = 0; burst < BURSTS; burst++) {
        uint64_t begin = leat_clock_ns();
        for (uint32_t i = 0; i < ROUNDS; i++, number += 2) {
            leat_store_relaxed(&job->line, number + 1);
            if (!await(job, number + 2))
                return;
        }
        job->bursts[job->n++] = (double)(leat_clock_ns() - begin) / ROUNDS;
    }
}

static void line_back(void *user)
{
    struct line_job *job = user;
    for (uint64_t number = 0; number < 2 * ROUNDS * BURSTS; number += 2) {
        if (!await(job, number + 1))
            return;
        leat_store_relaxed(&job->line, number + 2);
    }
}

static double line_cost(const struct leat_pinner *pinner, uint32_t a, uint32_t b)
{
    struct line_job job;
    struct duet duet = {.pinner = pinner, .pu = {a, b}, .part = {line_there, line_back},
                        .job = &job};
    memset(&job, 0, sizeof job);
    job.until_ns = leat_clock_ns() + 400 * MS;
    return perform(&duet) ? middle(job.bursts, job.n) : -1;
}

static void measure_pairs(struct doctor_measures *m, const struct leat_topology *machine,
                          const struct leat_pinner *pinner)
{
    uint32_t pus[DOCTOR_CORES_MAX], n = 0;
    uint64_t until = leat_clock_ns() + PAIRS_NS;
    for (uint32_t i = 0; i < machine->pus && n < DOCTOR_CORES_MAX; i++)
        if (machine->pu[i].sibling == 0)
            pus[n++] = machine->pu[i].pu;
    m->pairs_left = n < machine->cores;
    /* first neighbours, then the wider apart: a part of it tells of every distance */
    for (uint32_t apart = 1; apart < n; apart++)
        for (uint32_t i = 0; i + apart < n; i++) {
            bool late = leat_clock_ns() > until;
            double ns = late ? -1 : line_cost(pinner, pus[i], pus[i + apart]);
            m->pairs_left |= ns < 0;
            m->pairs[m->pairs_n++] = (struct doctor_pair){pus[i], pus[i + apart], ns};
        }
}

/* ---- two that work at the same time ---- */

#define CHUNKS 15

struct work_job {
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u32 working;
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u32 over;
    double alone[CHUNKS], both[CHUNKS];
    leat_atomic_u64 sink;
};

/* As much as the core can do at once: eight sums that do not wait for each other. */
static uint64_t chunk(uint64_t seed)
{
    uint64_t x[8];
    for (uint32_t i = 0; i < 8; i++)
        x[i] = seed + i;
    for (uint32_t n = 0; n < 20000; n++)
        for (uint32_t i = 0; i < 8; i++)
            x[i] = x[i] * 3 + n;
    for (uint32_t i = 1; i < 8; i++)
        x[0] ^= x[i];
    return x[0];
}

/* In time of the thread, so that what the system does in between does not count. */
static void work_chunks(struct work_job *job, double *out)
{
    for (uint32_t i = 0; i < CHUNKS; i++) {
        double begin = thread_ns();
        leat_store_relaxed(&job->sink, chunk(leat_load_relaxed(&job->sink)));
        out[i] = thread_ns() - begin;
    }
}

static void work_first(void *user)
{
    struct work_job *job = user;
    uint64_t until = leat_clock_ns() + 20 * MS;
    work_chunks(job, job->both); /* the core comes up to its speed */
    work_chunks(job, job->alone);
    leat_store_relaxed(&job->working, 1);
    while (leat_load_relaxed(&job->working) != 2 && leat_clock_ns() < until)
        leat_pause();
    work_chunks(job, job->both);
    leat_store_relaxed(&job->over, 1);
}

static void work_second(void *user)
{
    struct work_job *job = user;
    uint64_t seed = 1, until = leat_clock_ns() + 200 * MS;
    while (leat_load_relaxed(&job->working) == 0 && leat_clock_ns() < until)
        usleep(100);
    leat_store_relaxed(&job->working, 2);
    while (leat_load_relaxed(&job->over) == 0 && leat_clock_ns() < until)
        seed = chunk(seed);
    leat_add_relaxed(&job->sink, seed);
}

/* Two siblings where there are some, else the nearest pair: a virtual machine may have made it of
 * siblings. */
static bool choose_both(struct doctor_measures *m, const struct leat_topology *machine)
{
    double nearest = 1e300;
    for (uint32_t i = 1; i < machine->pus; i++)
        if (machine->pu[i].sibling == 1) {
            m->both[0] = machine->pu[i - 1].pu;
            m->both[1] = machine->pu[i].pu;
            return m->both_siblings = true;
        }
    for (uint32_t i = 0; i < m->pairs_n; i++)
        if (m->pairs[i].ns >= 0 && m->pairs[i].ns < nearest) {
            nearest = m->pairs[i].ns;
            m->both[0] = m->pairs[i].a;
            m->both[1] = m->pairs[i].b;
        }
    return nearest < 1e300;
}

static void measure_both(struct doctor_measures *m, const struct leat_topology *machine,
                         const struct leat_pinner *pinner)
{
    static struct work_job job;
    struct duet duet = {.pinner = pinner, .part = {work_first, work_second}, .job = &job};
    if (!choose_both(m, machine))
        return;
    memset(&job, 0, sizeof job);
    memcpy(duet.pu, m->both, sizeof duet.pu);
    if (perform(&duet) && job.working == 2)
        m->both_speed = middle(job.alone, CHUNKS) / middle(job.both, CHUNKS);
}

/* ---- to sleep and to be woken ---- */

#define WAKES 25

struct wake_job {
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u32 call; /* what the sleeper sleeps on */
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 woken_ns;
    leat_atomic_u32 over;
    double ns[WAKES];
    uint32_t n;
};

static void sleeper(void *user)
{
    struct wake_job *job = user;
    const struct timespec longest = {.tv_nsec = 50 * (long)MS};
    for (uint32_t call = 0; leat_load_relaxed(&job->over) == 0;) {
        syscall(SYS_futex, &job->call, FUTEX_WAIT_PRIVATE, call, &longest, NULL, 0);
        uint64_t now = leat_clock_ns();
        uint32_t seen = leat_load_relaxed(&job->call);
        if (seen != call)
            leat_store_relaxed(&job->woken_ns, now);
        call = seen;
    }
}

static void waker(void *user)
{
    struct wake_job *job = user;
    uint64_t until = leat_clock_ns() + 200 * MS;
    for (uint32_t i = 1; i <= WAKES && leat_clock_ns() < until; i++) {
        usleep(200); /* the other one sleeps by then, and deeper than at once */
        leat_store_relaxed(&job->woken_ns, 0);
        uint64_t begin = leat_clock_ns(), woken = 0;
        leat_store_relaxed(&job->call, i);
        syscall(SYS_futex, &job->call, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
        while ((woken = leat_load_relaxed(&job->woken_ns)) == 0 && leat_clock_ns() < until)
            sched_yield();
        if (woken >= begin)
            job->ns[job->n++] = (double)(woken - begin);
    }
    leat_store_relaxed(&job->over, 1);
}

/* On two cores where there are two. */
static void measure_wake(struct doctor_measures *m, const struct leat_topology *machine,
                         const struct leat_pinner *pinner)
{
    static struct wake_job job;
    struct duet duet = {.part = {waker, sleeper}, .job = &job};
    if (pinner != NULL && leat_topology_spread(machine, 2, duet.pu) == 2)
        duet.pinner = pinner;
    memset(&job, 0, sizeof job);
    if (perform(&duet))
        m->wake = quiet(job.ns, job.n);
}

void doctor_measure(struct doctor_measures *m, const struct doctor_facts *facts)
{
    uint64_t begin = leat_clock_ns();
    struct leat_clock clock;
    struct leat_pinner *pinner = NULL;
    memset(m, 0, sizeof *m);
    m->wake = m->both_speed = -1;
    m->pairs_left = facts->topology.cores != 1;
    leat_clock_init(&clock);
    measure_calls(m, &clock);
    measure_pages(m);
    measure_interruption(m);
    if (facts->topology_known && leat_pinner_open(&pinner, NULL) == LEAT_OK) {
        measure_pairs(m, &facts->topology, pinner);
        measure_both(m, &facts->topology, pinner);
    }
    measure_wake(m, &facts->topology, pinner);
    leat_pinner_close(pinner);
    m->seconds = (double)(leat_clock_ns() - begin) / 1e9;
}
