/* The words that are the same text at every width, and the shapes that kernels are made of.
 *
 * load, store, load_n and store_n take any alignment; load_n reads and store_n writes the first n
 * lanes alone, so a tail runs through the same expression as the rest of the row; load_lanes, where
 * the others are 0, and store_lanes take all of them too. min(a, b) is a < b ? a : b and max(a, b)
 * is a > b ? a : b: of NaN or equal operands the second is the answer.
 * select(m, yes, no) chooses by lane, keep(n, first, rest) the first n lanes of one and the others
 * of another; gather(p, at) is p[at[i]], at[i] <= INT32_MAX. fma(a, b, c) = a b + c, fms = a b - c
 * and fnma = c - a b round once on every machine; fma_into(&sum, a, b) is sum = fma(a, b, sum),
 * fma_spread(&sum, a, &x) the same of one number in memory. spread(a, p, k) is lane k of a in all
 * lanes, and p[k] is that number. load_half and store_half are the first half of the lanes, the
 * others 0. also_add is add, bit for bit, on ports that a loop of adds leaves idle: fma(x, 1, sum)
 * where that is an instruction for other ports.
 * add_square(sum, x) is fma(x, x, sum), expanded where it stands; so is fma_here. set_from(&x) is
 * set(x) and last(a) the last lane as f64, both through memory where shuffles are what takes long.
 * after(a, b, k) is the lanes of b moved k places up, behind the last k of a, for a k that is a
 * power of two below VLANES; load_last and store_last are so many lanes at the end.
 * twice_add(a, b) is 2 a + b where 2 a does not overflow, and times_add(a, k, b) a k + b where a k
 * is exact and does not; in f64 a k then overflows as a product of its own would.
 * scale(a, k) = a 2^k for a whole k, rounded once, so that it may overflow or be denormal: 2^(k/2)
 * and a times it must be normal numbers. split(x, least, &k) of a finite x > 0 is m = x / 2^k, with
 * least <= m < 2 least, 1/2 < least <= 1; of 0 k is -Inf and of Inf it is Inf, m some number; below
 * 0 and of a NaN m is a NaN.
 * What turn_pieces made of samples has the first part (a piece of samples in a row) in lane 0, the
 * second in lane 0 of the next piece, and so on. to_parts brings a lane for each part into an order
 * that of_parts leads back from, whose first and last lanes are the first and the last part;
 * parts_before(a, rest, n) is the part n places before each, those of rest standing before a's,
 * n < VLANES a power of two.
 * wide is a register of f64; widen turns a register into so many, in order; total_lanes joins the
 * lanes of one by halving; wide_set, wide_add and wide_mul are set, add and mul of it.
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
LEAT_INLINE vreal v_sqrt(vreal a) { return VR(sqrt)(a); }

LEAT_INLINE vint v_int_add(vint a, vint b) { return VI(add)(a, b); }
/* Towards the exponent field (what leaves at the top is lost), and down from it without sign. */
LEAT_INLINE vint v_to_exponent(vint a) { return VI(slli)(a, REAL_MANTISSA); }
LEAT_INLINE vint v_from_exponent(vint a) { return VI(srli)(a, REAL_MANTISSA); }

LEAT_INLINE vreal v_abs(vreal a)
{
    return v_of_bits(v_int_and(v_bits(a), v_set_bits(~((bits)1 << (sizeof(real) * 8 - 1)))));
}

/* Added to a real it leaves the nearest integer in the low bits; taken away again, as a real. */
#define V_WHOLE ((real)1.5 * (real)((bits)1 << REAL_MANTISSA))

#ifndef V_NATIVE /* that one has instructions for what follows */
LEAT_INLINE vreal v_spread(vreal a, const real *p, int k) { return (void)a, v_set(p[k]); }
LEAT_INLINE vreal v_load_half(const real *p) { return v_load_n(p, VLANES / 2, v_zero()); }
LEAT_INLINE void v_store_half(real *p, vreal a) { v_store_n(p, VLANES / 2, a); }

LEAT_INLINE void v_fma_into(vreal *sum, vreal a, vreal b) { *sum = v_fma(a, b, *sum); }
LEAT_INLINE void v_fma_spread(vreal *sum, vreal a, const real *b)
{
    *sum = v_fma(v_set(*b), a, *sum);
}

LEAT_INLINE vreal v_set_from(const real *p) { return v_set(*p); }
LEAT_INLINE double v_last(vreal a)
{
    real lane[VLANES];
    v_store(lane, a);
    return (double)lane[VLANES - 1];
}

/* 2^k for the integer k in the low bits of k + V_WHOLE, where that is a normal number. */
LEAT_INLINE vreal v_power2(vreal shifted)
{
    vint exponent = v_to_exponent(v_bits(shifted));
    return v_of_bits(v_int_add(exponent, v_set_bits(real_bits((real)1))));
}

LEAT_INLINE vreal v_scale(vreal a, vreal k)
{
    const vreal whole = v_set(V_WHOLE);
    vreal half = v_add(v_mul(k, v_set((real)0.5)), whole);
    vreal other = v_add(v_sub(k, v_sub(half, whole)), whole);
    return v_mul(v_mul(a, v_power2(half)), v_power2(other));
}

LEAT_INLINE vreal v_split(vreal x, real least, vreal *k)
{
    const bits first = real_bits(least);
    const vreal zero = v_zero(), infinity = v_set(REAL_INFINITY);
    const vmask none = v_le(x, zero), all = v_le(infinity, x), number = v_le(zero, x);
    const vreal tiny = v_set(real_power2(1 - REAL_BIAS));
    vmask small = v_lt(x, tiny);
    x = v_select(small, v_mul(x, v_set(real_power2(REAL_MANTISSA + 1))), x);
    vint i = v_int_add(v_bits(x), v_set_bits(real_bits((real)1) - first));
    /* The biased exponent under the exponent of 2^mantissa reads as that number plus itself. */
    const real unit = real_power2(REAL_MANTISSA);
    vreal e = v_of_bits(v_int_or(v_from_exponent(i), v_set_bits(real_bits(unit))));
    e = v_sub(e, v_set(unit + (real)REAL_BIAS));
    e = v_sub(e, v_select(small, v_set((real)(REAL_MANTISSA + 1)), zero));
    *k = v_select(none, v_set(-REAL_INFINITY), v_select(all, infinity, e));
    vint m = v_int_and(i, v_set_bits(((bits)1 << REAL_MANTISSA) - 1));
    return v_select(number, v_of_bits(v_int_add(m, v_set_bits(first))), v_set(REAL_NAN));
}
#endif

LEAT_INLINE vreal v_load_last(const real *p, int n)
{
    real lane[VLANES] = { 0 };
    __builtin_memcpy(lane + VLANES - n, p, (size_t)n * sizeof(real));
    return v_load(lane);
}
LEAT_INLINE void v_store_last(real *p, int n, vreal a)
{
    real lane[VLANES];
    v_store(lane, a);
    __builtin_memcpy(p, lane + VLANES - n, (size_t)n * sizeof(real));
}

/* c[0] + x (c[1] + x (c[2] + …)), an fma each from the last on. */
LEAT_INLINE vreal v_polynomial(vreal x, const real *c, int terms)
{
    vreal sum = v_set(c[terms - 1]);
    _Pragma("GCC unroll 16")
    for (int i = terms - 2; i >= 0; i--)
        sum = v_fma(sum, x, v_set(c[i]));
    return sum;
}

#ifndef V_TWICE
LEAT_INLINE vreal v_twice_add(vreal a, vreal b) { return v_add(v_add(a, a), b); }
#endif

#ifndef V_TIMES
LEAT_INLINE vreal v_times_add(vreal a, vreal k, vreal b) { return v_add(v_mul(a, k), b); }
#endif

#ifndef V_SQUARE
LEAT_INLINE vreal v_fma_here(vreal a, vreal b, vreal c) { return v_fma(a, b, c); }
LEAT_INLINE vreal v_add_square(vreal sum, vreal x) { return v_fma(x, x, sum); }
#endif

/* How many of a register's lanes lie before n, where the register starts at `from`. */
LEAT_INLINE int v_lanes(size_t n, size_t from)
{
    size_t left = n > from ? n - from : 0;
    return left < (size_t)VLANES ? (int)left : VLANES;
}

LEAT_INLINE vreal v_load_lanes(const real *p, int lanes)
{
    return lanes == VLANES ? v_load(p) : v_load_n(p, lanes, v_zero());
}

LEAT_INLINE void v_store_lanes(real *p, int lanes, vreal a)
{
    if (lanes == VLANES)
        v_store(p, a);
    else
        v_store_n(p, lanes, a);
}

/* Partial sums joined in f64 by halving: of 64, i and i + 32, i and i + 16, … i and i + 1. They are
 * the lanes of so many registers, a power of two. sum is written on. */
LEAT_INLINE double v_wide_total(vwide *sum, int registers)
{
    _Pragma("GCC unroll 16")
    for (int half = registers / 2; half > 0; half /= 2)
        _Pragma("GCC unroll 16")
        for (int i = 0; i < half; i++)
            sum[i] = v_wide_add(sum[i], sum[i + half]);
    return v_total_lanes(sum[0]);
}

/* The same of registers of the kind, at most a stripe's. */
LEAT_INLINE double v_total(const vreal *part, int registers)
{
    vwide sum[VSTRIPE * VWIDES];
    _Pragma("GCC unroll 16")
    for (int i = 0; i < registers; i++)
        v_widen(sum + i * VWIDES, part[i]);
    return v_wide_total(sum, registers * VWIDES);
}

/* ---- Rows that are woven: sample i of each of several rows side by side ---- */

/* The transpose of squares of VPIECE: lane i of v[k] becomes lane k of a piece of out[i % VPIECE],
 * the piece i / VPIECE. */
LEAT_INLINE void v_turn_pieces(vreal out[VPIECE], const vreal v[VPIECE])
{
#if LEAT_REAL == 32
    vreal a = VR(unpacklo)(v[0], v[2]), b = VR(unpackhi)(v[0], v[2]);
    vreal c = VR(unpacklo)(v[1], v[3]), d = VR(unpackhi)(v[1], v[3]);
    out[0] = VR(unpacklo)(a, c);
    out[1] = VR(unpackhi)(a, c);
    out[2] = VR(unpacklo)(b, d);
    out[3] = VR(unpackhi)(b, d);
#else
    out[0] = VR(unpacklo)(v[0], v[1]);
    out[1] = VR(unpackhi)(v[0], v[1]);
#endif
}

/* The transpose of a square: lane j of out[i] = lane i of v[j]. */
LEAT_INLINE void v_turn(vreal out[VLANES], const vreal v[VLANES])
{
    const int pieces = VBYTES / 16;
    vreal turned[VLANES];
    _Pragma("GCC unroll 16")
    for (int k = 0; k < VLANES; k += VPIECE)
        v_turn_pieces(turned + k, v + k);
    _Pragma("GCC unroll 4")
    for (int i = 0; i < VPIECE; i++) {
        vreal piece[VBYTES / 16], across[VBYTES / 16];
        _Pragma("GCC unroll 4")
        for (int k = 0; k < pieces; k++)
            piece[k] = turned[k * VPIECE + i];
        v_turn_across(across, piece);
        _Pragma("GCC unroll 4")
        for (int k = 0; k < pieces; k++)
            out[k * VPIECE + i] = across[k];
    }
}

/* out[i r + k] = lane i of v[k], k < r; r is a multiple of VPIECE. */
LEAT_INLINE void v_weave(real *out, const vreal *v, int r)
{
    vreal turned[VPIECE];
    if (r == VPIECE) {
        v_turn_pieces(turned, v);
        v_store_pieces(out, turned);
        return;
    }
    _Pragma("GCC unroll 16")
    for (int k = 0; k < r; k += VPIECE) {
        v_turn_pieces(turned, v + k);
        _Pragma("GCC unroll 16")
        for (int i = 0; i < VLANES; i++)
            v_store_piece(out + i * r + k, turned[i % VPIECE], i / VPIECE);
    }
}

#if VBYTES < 64 /* wider ones have instructions of their own for it */
/* even[i] = p[2 i], odd[i] = p[2 i + 1], and back. */
LEAT_INLINE void v_load_2(const real *p, vreal *even, vreal *odd)
{
    vreal a = v_load_pieces(p, 2 * VPIECE), b = v_load_pieces(p + VPIECE, 2 * VPIECE);
#if LEAT_REAL == 32
    vreal low = VR(unpacklo)(a, b), high = VR(unpackhi)(a, b);
    a = low;
    b = high;
#endif
    *even = VR(unpacklo)(a, b);
    *odd = VR(unpackhi)(a, b);
}

LEAT_INLINE void v_store_2(real *p, vreal even, vreal odd)
{
    vreal low = VR(unpacklo)(even, odd), high = VR(unpackhi)(even, odd);
    _Pragma("GCC unroll 16")
    for (int i = 0; i < VBYTES / 16; i++) {
        v_store_piece(p + 2 * i * VPIECE, low, i);
        v_store_piece(p + (2 * i + 1) * VPIECE, high, i);
    }
}
#endif

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
