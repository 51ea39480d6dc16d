/* Instruction sets: which one the kernels of an engine use.
 *
 * Every instruction set gives the same bits, so the choice is about speed alone. It is a parameter
 * that the caller hands on, never a global: two engines in one process may choose differently.
 */
#ifndef LEAT_SIMD_H
#define LEAT_SIMD_H

#include <leat/def.h>

LEAT_BEGIN

enum leat_isa {
    LEAT_ISA_BASE, /* 128 bit: SSE2 on x86-64, NEON on aarch64 */
    LEAT_ISA_V3,   /* 256 bit: AVX2 and FMA */
    LEAT_ISA_V4    /* 512 bit: AVX-512 F, BW, DQ, VL, and FMA */
};
#define LEAT_ISAS 3 /* how many there are */

/* True when this processor and its system can execute the set. False for a number that is no set.
 * Threads: any. Progress: wait-free. */
LEAT_API bool leat_isa_usable(enum leat_isa isa);

/* The widest usable set. Threads: any. */
LEAT_API enum leat_isa leat_isa_best(void);

/* "base", "v3", "v4"; "?" for a number that is no set. Static text. */
LEAT_API const char *leat_isa_name(enum leat_isa isa);

/* The set of that name into *isa. True when there is one; it need not be usable here. */
LEAT_API bool leat_isa_parse(const char *name, enum leat_isa *isa);

LEAT_END

#endif
