#define _GNU_SOURCE
#include "witness/trap.h"

#include <linux/audit.h>
#include <sys/syscall.h>
#include <ucontext.h>

const uint32_t leat_trap_arch = AUDIT_ARCH_AARCH64;
const int leat_trap_free[] = {SYS_rt_sigreturn, SYS_clone, SYS_clone3, -1};

/* One function with a known instruction: the compiler must not copy or move it. */
__asm__(".text\n"
        ".balign 16\n"
        ".globl leat_trap_pass\n"
        ".hidden leat_trap_pass\n"
        ".type leat_trap_pass, %function\n"
        "leat_trap_pass:\n"
        "    .cfi_startproc\n"
        "    mov x8, x0\n"
        "    mov x0, x1\n"
        "    mov x1, x2\n"
        "    mov x2, x3\n"
        "    mov x3, x4\n"
        "    mov x4, x5\n"
        "    mov x5, x6\n"
        "    svc #0\n"
        ".globl leat_trap_pass_end\n"
        ".hidden leat_trap_pass_end\n"
        "leat_trap_pass_end:\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size leat_trap_pass, . - leat_trap_pass\n");

void leat_trap_read(const void *context, struct leat_trap_call *call)
{
    const ucontext_t *c = context;
    const unsigned long long *r = c->uc_mcontext.regs;
    *call = (struct leat_trap_call){(long)r[8],
                                    {(long)r[0], (long)r[1], (long)r[2], (long)r[3], (long)r[4],
                                     (long)r[5]}};
}

void leat_trap_answer(void *context, long answer)
{
    ucontext_t *c = context;
    c->uc_mcontext.regs[0] = (unsigned long long)answer;
}
