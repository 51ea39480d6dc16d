/* The element type of a variant: LEAT_REAL is 32 or 64. One text serves both.
 *
 * VR(add) is the vector intrinsic for reals of the width that V_PREFIX names, VI(add) the one for
 * integers of the same size. Included by a width header, never alone.
 */
#ifndef LEAT_SIMD_REAL_H
#define LEAT_SIMD_REAL_H

#include <leat/def.h>

#define V_GLUE_(a, b, c) a##b##c
#define V_GLUE(a, b, c) V_GLUE_(a, b, c)
#define VR(name) V_GLUE(V_PREFIX, name, V_REAL)
#define VI(name) V_GLUE(V_PREFIX, name, V_INTEGER)

#if LEAT_REAL == 32
typedef float real;
typedef uint32_t bits;
#define V_REAL _ps
#define V_INTEGER _epi32
#define REAL_MANTISSA 23
#define REAL_BIAS 127
#define REAL_ROOT_TINY 0x1p-62f /* squares of smaller numbers are not all normal */
#define REAL_KIND LEAT_F32
#else
typedef double real;
typedef uint64_t bits;
#define V_REAL _pd
#define V_INTEGER _epi64
#define REAL_MANTISSA 52
#define REAL_BIAS 1023
#define REAL_ROOT_TINY 0x1p-511 /* squares of smaller numbers are not all normal */
#define REAL_KIND LEAT_F64
#endif

#define REAL_INFINITY ((real)__builtin_inf())
#define REAL_NAN ((real)__builtin_nan(""))

/* Integer and real views of the same bits. */
LEAT_INLINE bits real_bits(real x)
{
    bits b;
    __builtin_memcpy(&b, &x, sizeof b);
    return b;
}

LEAT_INLINE real real_of_bits(bits b)
{
    real x;
    __builtin_memcpy(&x, &b, sizeof x);
    return x;
}

/* One rounding on every machine. */
LEAT_INLINE real real_fma(real a, real b, real c)
{
    return sizeof(real) == 4 ? (real)__builtin_fmaf((float)a, (float)b, (float)c)
                             : (real)__builtin_fma((double)a, (double)b, (double)c);
}

/* 2^power for |power| <= REAL_BIAS - 1. */
LEAT_INLINE real real_power2(int power)
{
    return real_of_bits((bits)(REAL_BIAS + power) << REAL_MANTISSA);
}

#endif
