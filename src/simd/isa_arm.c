/* Every aarch64 processor has NEON; the wider sets are x86's. */
#include <leat/simd.h>

bool leat_isa_usable(enum leat_isa isa)
{
    return isa == LEAT_ISA_BASE;
}
