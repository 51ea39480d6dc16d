#define _GNU_SOURCE
#include "witness/witness.h"

#include "witness/note.h"
#include "witness/trap.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* The armed worker of this thread. At a fixed place in the thread's block: finding it must not
 * allocate. */
static _Thread_local struct leat_witness_worker *armed __attribute__((tls_model("initial-exec")));

static void offend(struct leat_witness_worker *w, struct leat_witness_offence offence, uint64_t n)
{
    leat_counter_add(&w->counts[offence.kind], n);
    if (!w->offended) {
        w->first = offence;
        w->offended = true;
    }
}

void leat_witness_note(enum leat_witness_kind kind, const char *call, const void *caller,
                       long number)
{
    struct leat_witness_worker *w = armed;
    if (LEAT_LIKELY(w == NULL) || w->waiting)
        return;
    offend(w, (struct leat_witness_offence){kind, call, caller, number}, 1);
}

/* ---- page faults, as the system counts them ---- */

static uint64_t faults_now(void)
{
    struct rusage usage;
    leat_trap_pass(SYS_getrusage, RUSAGE_THREAD, (long)(intptr_t)&usage, 0, 0, 0, 0);
    return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

static void count_faults(struct leat_witness_worker *w)
{
    uint64_t n = leat_witness_hears(LEAT_WITNESS_FAULTS) ? faults_now() - w->faults_base : 0;
    if (n != 0)
        offend(w, (struct leat_witness_offence){LEAT_WITNESS_FAULTS, NULL, NULL, (long)n}, n);
}

/* ---- the watch, on the worker's thread ---- */

static void worker_begin(void *user, uint32_t worker)
{
    struct leat_witness *witness = user;
    struct leat_witness_worker *w = &witness->workers[worker];
    if (witness->options.syscalls && !leat_trap_arm())
        offend(w, (struct leat_witness_offence){LEAT_WITNESS_SYSCALLS, "the filter is refused",
                                                NULL, 0}, 1);
    (void)faults_now(); /* the first call may fault itself */
    w->waiting = false;
    w->faults_base = faults_now();
    armed = w;
}

static void worker_end(void *user, uint32_t worker)
{
    struct leat_witness *witness = user;
    struct leat_witness_worker *w = &witness->workers[worker];
    armed = NULL;
    if (!w->waiting)
        count_faults(w);
}

static void wait_begin(void *user, uint32_t worker)
{
    struct leat_witness *witness = user;
    struct leat_witness_worker *w = &witness->workers[worker];
    w->waiting = true;
    count_faults(w);
}

static void wait_end(void *user, uint32_t worker)
{
    struct leat_witness *witness = user;
    struct leat_witness_worker *w = &witness->workers[worker];
    w->faults_base = faults_now();
    w->waiting = false;
}

/* ---- the control thread ---- */

int leat_witness_init(struct leat_witness *witness, const struct leat_witness_options *options,
                      struct leat_diag *diag)
{
    memset(witness, 0, sizeof *witness);
    if (options != NULL)
        witness->options = *options;
    witness->watch = (struct leat_watch){.user = witness,
                                         .worker_begin = worker_begin,
                                         .worker_end = worker_end,
                                         .wait_begin = wait_begin,
                                         .wait_end = wait_end};
    leat_witness_listen();
    if (!witness->options.syscalls)
        return LEAT_OK;
    if (!leat_witness_hears(LEAT_WITNESS_SYSCALLS))
        return leat_diag_set(diag, LEAT_ESTATE,
                             "system calls are not counted in a build with sanitizers, which make "
                             "their own");
    return leat_trap_init(diag);
}

bool leat_witness_sees(const struct leat_witness *witness, enum leat_witness_kind kind)
{
    return leat_witness_hears(kind) &&
           (kind != LEAT_WITNESS_SYSCALLS || witness->options.syscalls);
}

void leat_witness_worker_counts(const struct leat_witness *witness, uint32_t worker,
                                struct leat_witness_counts *counts)
{
    const struct leat_counter *of = witness->workers[worker].counts;
    *counts = (struct leat_witness_counts){
        .allocations = leat_counter_get(&of[LEAT_WITNESS_ALLOCATIONS]),
        .locks = leat_counter_get(&of[LEAT_WITNESS_LOCKS]),
        .faults = leat_counter_get(&of[LEAT_WITNESS_FAULTS]),
        .syscalls = leat_counter_get(&of[LEAT_WITNESS_SYSCALLS]),
    };
}

void leat_witness_total(const struct leat_witness *witness, struct leat_witness_counts *counts)
{
    memset(counts, 0, sizeof *counts);
    for (uint32_t i = 0; i < LEAT_WORKERS_MAX; i++) {
        struct leat_witness_counts one;
        leat_witness_worker_counts(witness, i, &one);
        counts->allocations += one.allocations;
        counts->locks += one.locks;
        counts->faults += one.faults;
        counts->syscalls += one.syscalls;
    }
}

/* "leat+0x1234 (name)": what addr2line -e takes. */
static void write_place(const void *address, char *out, size_t bytes)
{
    Dl_info info;
    if (address == NULL || dladdr(address, &info) == 0) {
        snprintf(out, bytes, "an unknown place");
        return;
    }
    const char *slash = strrchr(info.dli_fname, '/');
    ptrdiff_t offset = (const char *)address - (const char *)info.dli_fbase;
    int n = snprintf(out, bytes, "%s+0x%tx", slash != NULL ? slash + 1 : info.dli_fname, offset);
    if (info.dli_sname != NULL && n > 0 && (size_t)n < bytes)
        snprintf(out + n, bytes - (size_t)n, " (%s)", info.dli_sname);
}

bool leat_witness_offender(const struct leat_witness *witness, char *out, size_t bytes)
{
    out[0] = '\0';
    for (uint32_t i = 0; i < LEAT_WORKERS_MAX; i++) {
        const struct leat_witness_worker *w = &witness->workers[i];
        if (!w->offended)
            continue;
        char place[256];
        write_place(w->first.caller, place, sizeof place);
        if (w->first.kind == LEAT_WITNESS_FAULTS)
            snprintf(out, bytes, "worker %u: %ld page fault%s", i, w->first.number,
                     w->first.number == 1 ? "" : "s");
        else if (w->first.call != NULL)
            snprintf(out, bytes, "worker %u: %s, called from %s", i, w->first.call, place);
        else
            snprintf(out, bytes, "worker %u: system call %ld (%s), made at %s", i,
                     w->first.number, leat_trap_name(w->first.number), place);
        return true;
    }
    return false;
}
