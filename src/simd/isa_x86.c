/* What an x86-64 processor can execute; the compiler's run time asks the system too (XGETBV). */
#include <leat/simd.h>

bool leat_isa_usable(enum leat_isa isa)
{
    __builtin_cpu_init();
    switch (isa) {
    case LEAT_ISA_BASE:
        return true;
    case LEAT_ISA_V3:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case LEAT_ISA_V4:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
               && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
               && __builtin_cpu_supports("fma");
    }
    return false;
}
