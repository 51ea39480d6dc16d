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

/* Samples at, at + 1 … of rows that are one, or pairs of samples of the real row re. */
LEAT_INLINE struct planes shifted(struct planes z, size_t at, bool zipped)
{
    return (struct planes){z.re + (zipped ? 2 * at : at), zipped ? NULL : z.im + at};
}

typedef void narrow(struct planes to, struct planes from, size_t s, size_t rest, const real *w);

typedef void wide(struct planes to, struct planes from, size_t s, size_t rest, const real *w,
                  size_t w_im);

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

enum weaving {
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

LEAT_INLINE void put(real *to, const vreal *y, int r, enum weaving how, size_t s, size_t at,
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
                              const real *w, size_t at, int r, enum weaving how, bool zipped,
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
                               const real *w, int r, enum weaving how, bool zipped)
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

enum twiddles { NONE, SAME /* one to a row */, EACH /* one to a sample of it */ };

LEAT_INLINE real *beyond(const real *row, size_t bytes)
{
    return (real *)(void *)((char *)(uintptr_t)row + bytes);
}

LEAT_INLINE struct planes planes_beyond(struct planes z, size_t bytes)
{
    return (struct planes){beyond(z.re, bytes), beyond(z.im, bytes)};
}

/* The compiler takes a place for new here. Else it keeps one pointer for each row of a loop, in
 * place of one and the step from row to row, and there are not so many registers. */
LEAT_INLINE void forget(struct planes *z) { __asm__("" : "+r"(z->re), "+r"(z->im)); }

/* The transform of r samples of rows in_step bytes apart, times the twiddles at w. */
LEAT_INLINE void turned_points(vcplx x[], struct planes from, size_t in_step, const real *w,
                               size_t w_im, int r, enum twiddles how, bool zipped, int lanes)
{
    _Pragma("GCC unroll 16")
    for (int t = 0; t < r; t++)
        x[t] = zipped ? load_zipped(beyond(from.re, 2 * in_step * (size_t)t), 0, lanes)
                      : load_some(planes_beyond(from, in_step * (size_t)t), 0, lanes);
    dft(x, r);
    _Pragma("GCC unroll 16")
    for (int k = 1; k < r && how != NONE; k++) {
        const real *re = beyond(w, w_im * (size_t)(2 * k - 2));
        const real *im = beyond(w, w_im * (size_t)(2 * k - 1));
        x[k] = c_mul(x[k], how == SAME ? (vcplx){v_set(*re), v_set(*im)}
                                       : (vcplx){v_load(re), v_load(im)});
    }
}

/* They become rows out_step bytes apart. */
LEAT_INLINE void butterfly(struct planes to, size_t out_step, struct planes from, size_t in_step,
                           const real *w, size_t w_im, int r, enum twiddles how, bool zipped,
                           int lanes)
{
    vcplx x[LEAT_FFT_RADIX_MAX];
    turned_points(x, from, in_step, w, w_im, r, how, zipped, lanes);
    _Pragma("GCC unroll 16")
    for (int k = 0; k < r; k++)
        store_some(planes_beyond(to, out_step * (size_t)k), 0, x[k], lanes);
}

LEAT_INLINE void wide_row(struct planes to, struct planes from, size_t s, size_t in_step,
                          const real *w, size_t w_im, int r, enum twiddles how)
{
    for (size_t q = 0; q + (size_t)VLANES <= s; q += (size_t)VLANES) {
        forget(&from);
        forget(&to);
        butterfly(to, s * sizeof(real), from, in_step, w, w_im, r, how, false, VLANES);
        from = planes_beyond(from, VBYTES);
        to = planes_beyond(to, VBYTES);
    }
}

/* The samples q of all rows that no whole register holds; how is not known here, so that there is
 * one text of it. */
LEAT_INLINE void wide_tails(struct planes to, struct planes from, size_t s, size_t rest,
                            const real *w, size_t w_im, int r)
{
    size_t q = s / (size_t)VLANES * (size_t)VLANES;
    for (size_t p = 0; p < rest && q < s; p++)
        butterfly(shifted(to, s * p * (size_t)r + q, false), s * sizeof(real),
                  shifted(from, s * p + q, false), s * rest * sizeof(real), w + p, w_im, r,
                  p != 0 ? SAME : NONE, false, (int)(s - q));
}

LEAT_INLINE void wide_pass(struct planes to, struct planes from, size_t s, size_t rest,
                           const real *w, size_t w_reals, int r)
{
    const size_t in_step = s * rest * sizeof(real), w_im = w_reals * sizeof(real);
    wide_row(to, from, s, in_step, w, w_im, r, NONE);
    struct planes in = from, out = to;
    for (size_t p = 1; p < rest; p++) {
        in = shifted(in, s, false);
        out = shifted(out, s * (size_t)r, false);
        wide_row(out, in, s, in_step, w + p, w_im, r, SAME);
    }
    wide_tails(to, from, s, rest, w, w_im, r);
}

#define NARROW_OF(r)                                                                          \
    static void narrow_##r(struct planes to, struct planes from, size_t s, size_t rest,       \
                           const real *w)                                                     \
    {                                                                                         \
        narrow_pass(to, from, s, rest, w, r, false);                                          \
    }
#define WIDE_OF(r)                                                                            \
    static void wide_##r(struct planes to, struct planes from, size_t s, size_t rest,         \
                         const real *w, size_t w_im)                                          \
    {                                                                                         \
        wide_pass(to, from, s, rest, w, w_im, r);                                             \
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

enum { WHOLE_ROW, ZIPPED };
static narrow *const narrow_passes[2][LEAT_FFT_RADIX_MAX + 1] = {
    [WHOLE_ROW] = {[2] = narrow_2, [3] = narrow_3, [4] = narrow_4, [5] = narrow_5, [7] = narrow_7},
    [ZIPPED] = {[4] = zipped_4},
};
static wide *const wide_passes[LEAT_FFT_RADIX_MAX + 1] = {
    [2] = wide_2, [3] = wide_3, [4] = wide_4, [5] = wide_5, [7] = wide_7, [8] = wide_8,
};

#endif
