/* Counting system calls: a filter on the thread turns each into a SIGSYS; the handler counts it and
 * makes the call itself, through the one instruction that the filter lets through.
 */
#ifndef LEAT_WITNESS_TRAP_H
#define LEAT_WITNESS_TRAP_H

#include <leat/status.h>

/* Installs the handler, once, for the process. LEAT_ESTATE: no such filters here. */
int leat_trap_init(struct leat_diag *diag);

/* Puts the filter on the calling thread, for as long as it lives. False: the system refuses. */
bool leat_trap_arm(void);

/* A system call that is never counted. Returns what the kernel does: -errno for an error. */
long leat_trap_pass(long number, long a, long b, long c, long d, long e, long f);

/* The name of a system call, "unknown" for a number that is none. */
const char *leat_trap_name(long number);

/* ---- per architecture: trap_x86_64.c, trap_aarch64.c ---- */

struct leat_trap_call {
    long number, arguments[6];
};
extern const uint32_t leat_trap_arch; /* AUDIT_ARCH_… */
extern const int leat_trap_free[];    /* calls that return twice or not at all; -1 ends */
/* The address after the instruction of leat_trap_pass: what the filter sees. */
extern const char leat_trap_pass_end[] __attribute__((visibility("hidden")));
/* Of the interrupted call, out of a signal handler's third argument; and what it will return. */
void leat_trap_read(const void *context, struct leat_trap_call *call);
void leat_trap_answer(void *context, long answer);

#endif
