#define _GNU_SOURCE
#include "witness/trap.h"

#include <linux/audit.h>
#include <sys/syscall.h>
#include <ucontext.h>

const uint32_t leat_trap_arch = AUDIT_ARCH_X86_64;
const int leat_trap_free[] = {SYS_rt_sigreturn, SYS_clone, SYS_clone3, SYS_fork, SYS_vfork, -1};

/* One function with a known instruction: the compiler must not copy or move it. */
__asm__(".text\n"
        ".balign 16\n"
        ".globl leat_trap_pass\n"
        ".hidden leat_trap_pass\n"
        ".type leat_trap_pass, @function\n"
        "leat_trap_pass:\n"
        "    .cfi_startproc\n"
        "    movq %rdi, %rax\n"
        "    movq %rsi, %rdi\n"
        "    movq %rdx, %rsi\n"
        "    movq %rcx, %rdx\n"
        "    movq %r8, %r10\n"
        "    movq %r9, %r8\n"
        "    movq 8(%rsp), %r9\n"
        "    syscall\n"
        ".globl leat_trap_pass_end\n"
        ".hidden leat_trap_pass_end\n"
        "leat_trap_pass_end:\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size leat_trap_pass, . - leat_trap_pass\n");

void leat_trap_read(const void *context, struct leat_trap_call *call)
{
    const ucontext_t *c = context;
    const greg_t *r = c->uc_mcontext.gregs;
    *call = (struct leat_trap_call){
        (long)r[REG_RAX],
        {(long)r[REG_RDI], (long)r[REG_RSI], (long)r[REG_RDX], (long)r[REG_R10], (long)r[REG_R8],
         (long)r[REG_R9]}};
}

void leat_trap_answer(void *context, long answer)
{
    ucontext_t *c = context;
    c->uc_mcontext.gregs[REG_RAX] = (greg_t)answer;
}
