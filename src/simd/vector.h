/* The words that are the same text at every width, and the shapes that kernels are made of.
 *
 * load, store, load_n and store_n take any alignment; load_n reads and store_n writes the first n
 * lanes alone, so a tail runs through the same expression as the rest of the row. min(a, b) is
 * a < b ? a : b and max(a, b) is a > b ? a : b: of NaN or equal operands the second is the answer.
 * select(m, yes, no) chooses by lane. fma rounds once on every machine. also_add is add, bit for
 * bit, on ports that a loop of adds leaves idle: fma(x, 1, sum) where that is an instruction.
 * wide is a register of f64; widen turns a register into so many, in order; total_lanes joins the
 * lanes of one by halving.
 */
#ifndef LEAT_SIMD_VECTOR_H
#define LEAT_SIMD_VECTOR_H

/* Reductions keep one partial sum for each sample of a stripe, whatever the width of a register:
 * 64 of f32, 32 of f64. */
#define STRIPE (256 / (int)sizeof(real))
#define VSTRIPE (256 / VBYTES) /* registers in a stripe */

LEAT_INLINE vreal v_set(real x) { return VR(set1)(x); }
LEAT_INLINE vreal v_zero(void) { return v_set((real)0); }
LEAT_INLINE vreal v_add(vreal a, vreal b) { return VR(add)(a, b); }
LEAT_INLINE vreal v_sub(vreal a, vreal b) { return VR(sub)(a, b); }
LEAT_INLINE vreal v_mul(vreal a, vreal b) { return VR(mul)(a, b); }
LEAT_INLINE vreal v_div(vreal a, vreal b) { return VR(div)(a, b); }

LEAT_INLINE vint v_int_add(vint a, vint b) { return VI(add)(a, b); }
/* Towards the exponent field (what leaves at the top is lost), and down from it without sign. */
LEAT_INLINE vint v_to_exponent(vint a) { return VI(slli)(a, REAL_MANTISSA); }
LEAT_INLINE vint v_from_exponent(vint a) { return VI(srli)(a, REAL_MANTISSA); }

LEAT_INLINE vreal v_abs(vreal a)
{
    return v_of_bits(v_int_and(v_bits(a), v_set_bits(~((bits)1 << (sizeof(real) * 8 - 1)))));
}

/* How many of a register's lanes lie before n, where the register starts at `from`. */
LEAT_INLINE int v_lanes(size_t n, size_t from)
{
    size_t left = n > from ? n - from : 0;
    return left < (size_t)VLANES ? (int)left : VLANES;
}

/* Partial sums joined in f64 by halving: of 64, i and i + 32, i and i + 16, … i and i + 1. They are
 * the lanes of so many registers, at most a stripe's. */
LEAT_INLINE double v_total(const vreal *part, int registers)
{
    vwide sum[VSTRIPE * VWIDES];
    _Pragma("GCC unroll 16")
    for (int i = 0; i < registers; i++)
        v_widen(sum + i * VWIDES, part[i]);
    _Pragma("GCC unroll 16")
    for (int half = registers * VWIDES / 2; half > 0; half /= 2)
        _Pragma("GCC unroll 16")
        for (int i = 0; i < half; i++)
            sum[i] = v_wide_add(sum[i], sum[i + half]);
    return v_total_lanes(sum[0]);
}

/* out[i] = op(in[i]) along a row; op and its constants are known where this is expanded. */
LEAT_INLINE void v_map(real *out, const real *in, size_t n,
                       vreal (*op)(vreal x, const vreal *constants), const vreal *constants)
{
    size_t i = 0;
    for (; i + (size_t)VLANES <= n; i += (size_t)VLANES)
        v_store(out + i, op(v_load(in + i), constants));
    if (i < n) {
        int tail = (int)(n - i);
        v_store_n(out + i, tail, op(v_load_n(in + i, tail, v_zero()), constants));
    }
}

#endif
