#define _GNU_SOURCE
#include "witness/trap.h"

#include "witness/note.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define FILTER_MAX 32
#define KERNEL_MASK_BYTES 8L
#define BY_FILTER 1 /* SYS_SECCOMP of a kernel header that does not go with the C library's */

/* ---- the handler ---- */

/* The handler's return would undo what the call did to the mask; and SIGSYS must stay open, because
 * a trap into a blocked signal ends the process. */
static void keep_mask(ucontext_t *context)
{
    sigset_t mask;
    sigemptyset(&mask);
    leat_trap_pass(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)(intptr_t)&mask, KERNEL_MASK_BYTES, 0,
                   0);
    sigdelset(&mask, SIGSYS);
    memcpy(&context->uc_sigmask, &mask, (size_t)KERNEL_MASK_BYTES);
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    if (info->si_code != BY_FILTER) { /* not ours: what would have happened without us */
        signal(signal_number, SIG_DFL);
        raise(signal_number);
        return;
    }
    struct leat_trap_call call;
    leat_trap_read(context, &call);
    leat_witness_note(LEAT_WITNESS_SYSCALLS, NULL, info->si_call_addr, call.number);
    const long *a = call.arguments;
    long answer = leat_trap_pass(call.number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (call.number == SYS_rt_sigprocmask)
        keep_mask(context);
    leat_trap_answer(context, answer);
}

int leat_trap_init(struct leat_diag *diag)
{
    uint32_t action = SECCOMP_RET_TRAP;
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0)
        return leat_diag_set(diag, LEAT_ESTATE,
                             "this system has no filter to count system calls with: %s",
                             strerror(errno));
    struct sigaction how;
    memset(&how, 0, sizeof how);
    how.sa_sigaction = on_trap;
    /* Open to itself: what runs in a wait, a signal's handler say, is trapped in its turn. */
    how.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
    sigemptyset(&how.sa_mask);
    if (sigaction(SIGSYS, &how, NULL) != 0)
        return leat_diag_set(diag, LEAT_ESTATE, "no handler for SIGSYS: %s", strerror(errno));
    return LEAT_OK;
}

/* ---- the filter ---- */

static void put(struct sock_fprog *program, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
    program->filter[program->len++] = (struct sock_filter){code, yes, no, k};
}

static void put_load(struct sock_fprog *program, size_t offset)
{
    put(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Lets pass: other architectures' calls, the free ones, and those of the one instruction. */
static void write_filter(struct sock_fprog *program)
{
    uint64_t pass = (uint64_t)(uintptr_t)leat_trap_pass_end;
    size_t ip = offsetof(struct seccomp_data, instruction_pointer); /* low half first: LE */
    put_load(program, offsetof(struct seccomp_data, arch));
    put(program, BPF_JMP | BPF_JEQ | BPF_K, leat_trap_arch, 1, 0);
    put(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    put_load(program, offsetof(struct seccomp_data, nr));
    for (const int *number = leat_trap_free; *number >= 0; number++) {
        put(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)*number, 0, 1);
        put(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    }
    put_load(program, ip);
    put(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)pass, 0, 3);
    put_load(program, ip + 4);
    put(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(pass >> 32), 0, 1);
    put(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    put(program, BPF_RET | BPF_K, SECCOMP_RET_TRAP, 0, 0);
}

bool leat_trap_arm(void)
{
    struct sock_filter filter[FILTER_MAX];
    struct sock_fprog program = {.len = 0, .filter = filter};
    sigset_t open;
    write_filter(&program);
    sigemptyset(&open);
    sigaddset(&open, SIGSYS);
    return pthread_sigmask(SIG_UNBLOCK, &open, NULL) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
                   &program) == 0;
}

/* ---- names ---- */

static const struct {
    long number;
    const char *name;
} names[] = {
#include "syscall_names.inc" /* made by CMake out of the system's own header */
};

const char *leat_trap_name(long number)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].number == number)
            return names[i].name;
    return "unknown";
}
