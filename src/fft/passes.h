/* The passes of Stockham's graph, decimation in frequency.
 *
 * Before a pass of radix r the rows hold `s` transforms' worth of finished bins, s the product of
 * the radices before it: sample q + s p, q < s, p < rest r. The pass turns samples p + rest t,
 * t < r, into w^(p k) times their transform of r points, at q + s (r p + k). So the order comes out
 * right at the end, and what is read are whole rows.
 *
 * A narrow pass, s < LEAT_FFT_NARROW, runs over q + s p as one index: a register holds several p,
 * so twiddles are a row too and each register is written in pieces of s samples; s = 1, the first
 * pass, weaves. In a wide pass a register holds one p: it runs along q and twiddles are constants,
 * left out at p = 0, where they are 1.
 */
#ifndef LEAT_FFT_PASSES_H
#define LEAT_FFT_PASSES_H

#include "fft/butterfly.h"

/* Two rows that are one complex row. */
struct planes {
    real *re, *im;
};

#define BLOCK LEAT_FFT_BLOCK(sizeof(real))

typedef void pass(struct planes to, struct planes from, size_t s, size_t rest, const real *w);

LEAT_INLINE vcplx load_some(struct planes from, size_t at, int lanes)
{
    if (lanes == VLANES)
        return (vcplx){v_load(from.re + at), v_load(from.im + at)};
    return (vcplx){v_load_n(from.re + at, lanes, v_zero()),
                   v_load_n(from.im + at, lanes, v_zero())};
}

/* Samples 2 at and 2 at + 1 of a real row as one complex sample. */
LEAT_INLINE vcplx load_zipped(const real *x, size_t at, int lanes)
{
    real lane[2][VLANES] = {{0}};
    vcplx z;
    if (lanes == VLANES) {
        v_load_2(x + 2 * at, &z.re, &z.im);
        return z;
    }
    for (int i = 0; i < 2 * lanes; i++)
        lane[i % 2][i / 2] = x[2 * at + (size_t)i];
    return (vcplx){v_load(lane[0]), v_load(lane[1])};
}

LEAT_INLINE void store_some(struct planes to, size_t at, vcplx y, int lanes)
{
    if (lanes == VLANES) {
        v_store(to.re + at, y.re);
        v_store(to.im + at, y.im);
    } else {
        v_store_n(to.re + at, lanes, y.re);
        v_store_n(to.im + at, lanes, y.im);
    }
}

/* ---- Narrow passes ---- */

enum narrow {
    WEAVE,   /* s is 1 */
    PIECES,  /* a register holds several rows of s */
    WHOLE,   /* a row of s is some registers */
    SCATTER  /* any s, and the end of a row */
};

/* Lane l of register k, l < lanes, k < r, to where sample q + s p = at + l of the pass belongs. One
 * text for all radices: expanded into each it takes a compiler long, and gains nothing. */
static __attribute__((noinline)) void scatter(real *to, const real *lane, size_t r, size_t s,
                                              size_t at, size_t lanes)
{
    for (size_t l = 0; l < lanes; l++) {
        size_t q = (at + l) % s, p = (at + l) / s;
        for (size_t k = 0; k < r; k++)
            to[q + s * (r * p + k)] = lane[k * (size_t)VLANES + l];
    }
}

LEAT_INLINE void put(real *to, const vreal *y, int r, enum narrow how, size_t s, size_t at,
                     int lanes)
{
    if (how == WEAVE && r % VPIECE == 0) {
        v_weave(to + at * (size_t)r, y, r);
    } else if (how == PIECES && r == VPIECE && s == VPIECE) {
        v_store_pieces(to + at * (size_t)r, y);
    } else if (how == PIECES) {
        _Pragma("GCC unroll 16")
        for (int j = 0; j < VLANES / VPIECE; j++) {
            size_t q = (size_t)(j * VPIECE) % s, p = (size_t)(j * VPIECE) / s;
            real *piece = to + at * (size_t)r + q + s * (size_t)r * p;
            _Pragma("GCC unroll 16")
            for (int k = 0; k < r; k++)
                v_store_piece(piece + s * (size_t)k, y[k], j);
        }
    } else if (how == WHOLE) {
        size_t q = at % s;
        _Pragma("GCC unroll 16")
        for (int k = 0; k < r; k++)
            v_store(to + (at - q) * (size_t)r + q + s * (size_t)k, y[k]);
    } else {
        real lane[LEAT_FFT_RADIX_MAX * VLANES];
        _Pragma("GCC unroll 16")
        for (int k = 0; k < r; k++)
            v_store(lane + k * VLANES, y[k]);
        scatter(to, lane, (size_t)r, s, at, (size_t)lanes);
    }
}

LEAT_INLINE void narrow_group(struct planes to, struct planes from, size_t s, size_t rest,
                              const real *w, size_t at, int r, enum narrow how, bool zipped,
                              int lanes)
{
    vcplx x[LEAT_FFT_RADIX_MAX];
    vreal re[LEAT_FFT_RADIX_MAX], im[LEAT_FFT_RADIX_MAX];
    const real *turn = w + at / BLOCK * BLOCK * 2 * (size_t)(r - 1) + at % BLOCK;
    _Pragma("GCC unroll 16")
    for (int t = 0; t < r; t++)
        x[t] = zipped ? load_zipped(from.re, at + rest * (size_t)t, lanes)
                      : load_some(from, at + s * rest * (size_t)t, lanes);
    dft(x, r);
    re[0] = x[0].re;
    im[0] = x[0].im;
    _Pragma("GCC unroll 16")
    for (int k = 1; k < r; k++) {
        const real *here = turn + (size_t)(k - 1) * 2 * BLOCK;
        vcplx y = c_mul(x[k], (vcplx){v_load(here), v_load(here + BLOCK)});
        re[k] = y.re;
        im[k] = y.im;
    }
    put(to.re, re, r, how, s, at, lanes);
    put(to.im, im, r, how, s, at, lanes);
}

LEAT_INLINE size_t narrow_rows(struct planes to, struct planes from, size_t s, size_t rest,
                               const real *w, int r, enum narrow how, bool zipped)
{
    size_t at = 0;
    for (; at + (size_t)VLANES <= s * rest; at += (size_t)VLANES)
        narrow_group(to, from, s, rest, w, at, r, how, zipped, VLANES);
    return at;
}

LEAT_INLINE void narrow_pass(struct planes to, struct planes from, size_t s, size_t rest,
                             const real *w, int r, bool zipped)
{
    size_t at = 0;
    if (s == 1 && r % VPIECE == 0)
        at = narrow_rows(to, from, 1, rest, w, r, WEAVE, zipped);
    else if (s == 4) /* known here: what is divided by it costs nothing */
        at = narrow_rows(to, from, 4, rest, w, r, VLANES > 4 ? PIECES : WHOLE, false);
    else if (s == 8)
        at = narrow_rows(to, from, 8, rest, w, r, VLANES > 8 ? PIECES : WHOLE, false);
    for (size_t all = s * rest; at < all; at += (size_t)VLANES)
        narrow_group(to, from, s, rest, w, at, r, SCATTER, zipped, v_lanes(all, at));
}

/* ---- Wide passes ---- */

LEAT_INLINE void wide_group(struct planes to, struct planes from, size_t step_to,
                            size_t step_from, const real *w, int r, bool turned, int lanes)
{
    vcplx x[LEAT_FFT_RADIX_MAX];
    _Pragma("GCC unroll 16")
    for (int t = 0; t < r; t++)
        x[t] = load_some(from, step_from * (size_t)t, lanes);
    dft(x, r);
    _Pragma("GCC unroll 16")
    for (int k = 1; k < r && turned; k++)
        x[k] = c_mul(x[k], (vcplx){v_set(w[2 * k - 2]), v_set(w[2 * k - 1])});
    _Pragma("GCC unroll 16")
    for (int k = 0; k < r; k++)
        store_some(to, step_to * (size_t)k, x[k], lanes);
}

LEAT_INLINE void wide_row(struct planes to, struct planes from, size_t s, size_t step_from,
                          const real *w, int r, bool turned)
{
    for (size_t q = 0; q + (size_t)VLANES <= s; q += (size_t)VLANES)
        wide_group((struct planes){to.re + q, to.im + q},
                   (struct planes){from.re + q, from.im + q}, s, step_from, w, r, turned, VLANES);
}

/* The samples q of all rows that no whole register holds; rest and turned are not known here, so
 * that there is one text of it. */
LEAT_INLINE void wide_tails(struct planes to, struct planes from, size_t s, size_t rest,
                            const real *w, int r)
{
    size_t q = s / (size_t)VLANES * (size_t)VLANES;
    for (size_t p = 0; p < rest && q < s; p++) {
        size_t in = s * p + q, out = s * p * (size_t)r + q;
        wide_group((struct planes){to.re + out, to.im + out},
                   (struct planes){from.re + in, from.im + in}, s, s * rest,
                   w + p * 2 * (size_t)(r - 1), r, p != 0, (int)(s - q));
    }
}

LEAT_INLINE void wide_pass(struct planes to, struct planes from, size_t s, size_t rest,
                           const real *w, int r)
{
    wide_row(to, from, s, s * rest, w, r, false);
    for (size_t p = 1; p < rest; p++) {
        size_t in = s * p, out = in * (size_t)r;
        wide_row((struct planes){to.re + out, to.im + out},
                 (struct planes){from.re + in, from.im + in}, s, s * rest,
                 w + p * 2 * (size_t)(r - 1), r, true);
    }
    wide_tails(to, from, s, rest, w, r);
}

#define NARROW_OF(r)                                                                          \
    static void narrow_##r(struct planes to, struct planes from, size_t s, size_t rest,       \
                           const real *w)                                                     \
    {                                                                                         \
        narrow_pass(to, from, s, rest, w, r, false);                                          \
    }
#define WIDE_OF(r)                                                                            \
    static void wide_##r(struct planes to, struct planes from, size_t s, size_t rest,         \
                         const real *w)                                                       \
    {                                                                                         \
        wide_pass(to, from, s, rest, w, r);                                                   \
    }
NARROW_OF(2)
NARROW_OF(3)
NARROW_OF(4)
NARROW_OF(5)
NARROW_OF(7)
WIDE_OF(2)
WIDE_OF(3)
WIDE_OF(4)
WIDE_OF(5)
WIDE_OF(7)
WIDE_OF(8)

/* Of a real row's pairs, for the radix that most even lengths begin with. */
static void zipped_4(struct planes to, struct planes from, size_t s, size_t rest, const real *w)
{
    narrow_pass(to, from, s, rest, w, 4, true);
}

enum { NARROW, ZIPPED, WIDE };
static pass *const passes[3][LEAT_FFT_RADIX_MAX + 1] = {
    [NARROW] = {[2] = narrow_2, [3] = narrow_3, [4] = narrow_4, [5] = narrow_5, [7] = narrow_7},
    [ZIPPED] = {[4] = zipped_4},
    [WIDE] = {[2] = wide_2, [3] = wide_3, [4] = wide_4, [5] = wide_5, [7] = wide_7, [8] = wide_8},
};

#endif
