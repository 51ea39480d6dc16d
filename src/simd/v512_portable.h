/* 512-bit vocabulary anywhere: the words that SIMDe lacks go through memory. For tests alone. */
#ifndef LEAT_SIMD_V512_PORTABLE_H
#define LEAT_SIMD_V512_PORTABLE_H

#include "simd/v512.h"

LEAT_INLINE vreal v_load_n(const real *p, int n, vreal rest)
{
    real lane[VLANES];
    VR(storeu)(lane, rest);
    for (int i = 0; i < VLANES; i++)
        if (v_first(n) >> i & 1)
            lane[i] = p[i];
    return VR(loadu)(lane);
}

LEAT_INLINE void v_store_n(real *p, int n, vreal a)
{
    real lane[VLANES];
    VR(storeu)(lane, a);
    for (int i = 0; i < VLANES; i++)
        if (v_first(n) >> i & 1)
            p[i] = lane[i];
}

LEAT_INLINE vreal v_gather(const real *p, const uint32_t *at)
{
    real lane[VLANES];
    for (int i = 0; i < VLANES; i++)
        lane[i] = p[at[i]];
    return VR(loadu)(lane);
}

#if LEAT_REAL == 32
LEAT_INLINE void v_widen(vwide out[VWIDES], vreal a)
{
    float from[VLANES];
    double to[VLANES];
    v_store(from, a);
    for (int i = 0; i < VLANES; i++)
        to[i] = (double)from[i];
    out[0] = simde_mm512_loadu_pd(to);
    out[1] = simde_mm512_loadu_pd(to + 8);
}
#endif

#include "simd/vector.h"

#endif
