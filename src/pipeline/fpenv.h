/* The floating-point control word: round to nearest, and denormals kept or flushed as asked. */
#ifndef LEAT_PIPELINE_FPENV_H
#define LEAT_PIPELINE_FPENV_H

#include <leat/def.h>

#if defined(__x86_64__)
/* All exceptions masked, round to nearest; bits 15 and 6 are FTZ and DAZ. */
static inline uint64_t fpenv_set(bool flush_to_zero)
{
    uint32_t before = __builtin_ia32_stmxcsr();
    uint32_t wanted = 0x1f80u | (flush_to_zero ? 0x8040u : 0u);
    if ((before & ~0x3fu) != wanted) /* the low six bits only remember exceptions */
        __builtin_ia32_ldmxcsr(wanted);
    return before;
}

/* The exceptions that the caller remembered, too: he may ask after his own sums. */
static inline void fpenv_restore(uint64_t before)
{
    if (__builtin_ia32_stmxcsr() != (uint32_t)before)
        __builtin_ia32_ldmxcsr((uint32_t)before);
}
#elif defined(__aarch64__)
/* Control: bit 24 is FZ; bits 23..22 the rounding, 0 to nearest. The exceptions that the caller
 * remembered are in a register of their own, kept in the upper half. */
static inline uint64_t fpenv_set(bool flush_to_zero)
{
    uint64_t before, seen;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(before));
    __asm__ __volatile__("mrs %0, fpsr" : "=r"(seen));
    uint64_t wanted = flush_to_zero ? UINT64_C(1) << 24 : 0;
    __asm__ __volatile__("msr fpcr, %0" : : "r"(wanted));
    return seen << 32 | before;
}

static inline void fpenv_restore(uint64_t before)
{
    __asm__ __volatile__("msr fpcr, %0" : : "r"(before & UINT32_MAX));
    __asm__ __volatile__("msr fpsr, %0" : : "r"(before >> 32));
}
#endif

#endif
