/* Passes of a graph that follow each other, in one sweep over the row.
 *
 * Passes whose radices multiply to `all` take samples q + s (p + rest t), t < all, to
 * q + s (all p + k): they are one pass of that radix. A sweep makes them for a few q, or for a few
 * p where s is 1, in rows beside each other that a first-level cache holds, so the row goes through
 * the caches once. Which passes share a sweep does not show in the bits.
 */
#ifndef LEAT_FFT_SWEEPS_H
#define LEAT_FFT_SWEEPS_H

#include "fft/passes.h"

/* Two rows of n samples from a block of tables or scratch, and where the next ones begin. */
LEAT_INLINE struct planes take_planes(char **at, size_t n)
{
    size_t bytes = fft_row_bytes(n, REAL_KIND);
    struct planes rows = {(real *)(void *)*at, (real *)(void *)(*at + bytes)};
    *at += 2 * bytes;
    return rows;
}

/* ---- Pairs of passes and whole rows, which most lengths have: steps are known ---- */

#define NEAR LEAT_FFT_NEAR
#define ACROSS (VBYTES / 16) /* pieces in a register */

/* Rows q, q + 4, q + 8 and q + 12, v, of near: where a piece is four samples theirs change places,
 * which is half of turning the rows round, while the sums of other rows are made. */
LEAT_INLINE void put_rows(real *near, const vreal v[4], size_t q)
{
    _Pragma("GCC unroll 4")
    for (int k = 0; k < 4; k += ACROSS) {
        vreal across[ACROSS];
        if (VPIECE == 4)
            v_turn_across(across, v + k);
        _Pragma("GCC unroll 4")
        for (int j = 0; j < ACROSS; j++)
            v_store(near + ((size_t)(k + j) * 4 + q) * (size_t)VLANES,
                    VPIECE == 4 ? across[j] : v[k + j]);
    }
}

/* What is left: to[16 i + k] is sample i < VLANES of row k. */
LEAT_INLINE void put_turned(real *to, const real *near)
{
    if (VPIECE != 4) {
        _Pragma("GCC unroll 8")
        for (int k = 0; k < 16; k += VLANES) {
            vreal v[VLANES], turned[VLANES];
            _Pragma("GCC unroll 16")
            for (int j = 0; j < VLANES; j++)
                v[j] = v_load(near + (k + j) * VLANES);
            v_turn(turned, v);
            _Pragma("GCC unroll 16")
            for (int j = 0; j < VLANES; j++)
                v_store(to + j * 16 + k, turned[j]);
        }
        return;
    }
    _Pragma("GCC unroll 4")
    for (int k = 0; k < 4; k += ACROSS)
        _Pragma("GCC unroll 4")
        for (int j = 0; j < ACROSS; j++) {
            vreal v[4], turned[VPIECE];
            _Pragma("GCC unroll 4")
            for (int q = 0; q < 4; q++)
                v[q] = v_load(near + ((k + j) * 4 + q) * VLANES);
            v_turn_pieces(turned, v);
            _Pragma("GCC unroll 4")
            for (int i = 0; i < VPIECE; i++)
                v_store(to + (j * 4 + i) * 16 + k * 4, turned[i]);
        }
}

/* The twiddles of a pass. */
LEAT_INLINE const real *turns_of(const struct leat_fft_plan *plan, const struct fft_pass *pass)
{
    return (const real *)(const void *)((const char *)plan + plan->pass_at) + pass->w_at;
}

/* Of the first sweep, s = 1, NEAR of p side by side from `at` on. */
LEAT_INLINE void across_16(const struct leat_fft_plan *plan, struct planes to, struct planes from,
                           size_t at, bool zipped)
{
    LEAT_ALIGNED(LEAT_LINE) real near_re[16 * NEAR], near_im[16 * NEAR];
    const struct fft_pass *first = plan->pass, *second = first + 1;
    const size_t rest = plan->sweep[0].rest, unit = (size_t)VBYTES;
    const real *w_0 = turns_of(plan, first) + at, *w_1 = turns_of(plan, second) + at;
    for (size_t b = 0; b < NEAR; b += (size_t)VLANES) {
        struct planes in = shifted(from, at + b, zipped), near = {near_re, near_im};
        const real *w = w_0 + b;
        for (size_t p = 0; p < 4; p++) {
            forget(&in);
            butterfly(near, unit, in, 4 * rest * sizeof(real), w, first->w_im * sizeof(real), 4,
                      EACH, zipped, VLANES);
            in = shifted(in, rest, zipped);
            near = planes_beyond(near, 4 * unit);
            w += rest;
        }
        near = (struct planes){near_re, near_im};
        _Pragma("GCC unroll 4")
        for (size_t q = 0; q < 4; q++) {
            vcplx x[4];
            turned_points(x, planes_beyond(near, q * unit), 4 * unit, w_1 + b,
                          second->w_im * sizeof(real), 4, EACH, false, VLANES);
            const vreal re[4] = {x[0].re, x[1].re, x[2].re, x[3].re};
            const vreal im[4] = {x[0].im, x[1].im, x[2].im, x[3].im};
            put_rows(near_re, re, q);
            put_rows(near_im, im, q);
        }
        put_turned(to.re + (at + b) * 16, near_re);
        put_turned(to.im + (at + b) * 16, near_im);
    }
}

/* Of a later sweep, passes of r and `then`, NEAR samples. first: p is 0. */
LEAT_INLINE void pair_along(const struct leat_fft_plan *plan, const struct fft_sweep *sweep,
                            struct planes to, struct planes from, size_t p, struct planes kept,
                            int r, int then, bool first)
{
    const struct fft_pass *pass = plan->pass + sweep->first;
    const size_t step = (size_t)sweep->rest * sweep->s, s = sweep->s, unit = NEAR * sizeof(real);
    const real *w_0 = turns_of(plan, pass) + p, *w_1 = turns_of(plan, pass + 1) + p;
    for (size_t b = 0; b < NEAR; b += (size_t)VLANES) {
        struct planes in = shifted(from, b, false), near = shifted(kept, b, false);
        struct planes out = shifted(to, b, false);
        const real *w = w_0;
        for (int i = 0; i < then; i++) {
            forget(&in);
            butterfly(near, unit, in, (size_t)then * step * sizeof(real), w,
                      pass->w_im * sizeof(real), r, i == 0 && first ? NONE : SAME, false,
                      VLANES);
            in = shifted(in, step, false);
            near = planes_beyond(near, (size_t)r * unit);
            w += sweep->rest;
        }
        near = shifted(kept, b, false);
        for (int q = 0; q < r; q++) {
            forget(&out);
            forget(&near);
            butterfly(out, (size_t)r * s * sizeof(real), near, (size_t)r * unit, w_1,
                      pass[1].w_im * sizeof(real), then, first ? NONE : SAME, false, VLANES);
            near = planes_beyond(near, unit);
            out = shifted(out, s, false);
        }
    }
}

#define PAIR_OF(r, then)                                                                     \
    static void pair_##r##_##then(const struct leat_fft_plan *plan,                          \
                                  const struct fft_sweep *sweep, struct planes to,           \
                                  struct planes from, size_t p, struct planes kept)          \
    {                                                                                        \
        if (p == 0)                                                                          \
            pair_along(plan, sweep, to, from, p, kept, r, then, true);                       \
        else                                                                                 \
            pair_along(plan, sweep, to, from, p, kept, r, then, false);                      \
    }
PAIR_OF(4, 4)
PAIR_OF(4, 8)
PAIR_OF(8, 8)

typedef void pair(const struct leat_fft_plan *plan, const struct fft_sweep *sweep,
                  struct planes to, struct planes from, size_t p, struct planes kept);

/* ---- Three passes and more, for rows that no cache near the core holds ---- */

/* Rows of NEAR samples, `step` bytes apart. far: they lie in a row of the transform. */
struct block_rows {
    struct planes at;
    size_t step;
    bool far;
};

LEAT_INLINE struct planes block_row(struct block_rows rows, size_t i)
{
    return planes_beyond(rows.at, i * rows.step);
}

/* The next block's lines lie behind those of this one, of which no core sees the pattern. */
LEAT_INLINE void ask_behind(struct planes z, size_t step, int r)
{
    for (size_t t = 0; t < (size_t)r; t++) {
        struct planes behind = planes_beyond(z, step * t + NEAR * sizeof(real));
        __builtin_prefetch(behind.re, 0, 2);
        __builtin_prefetch(behind.im, 0, 2);
    }
}

LEAT_INLINE void block_points(struct planes to, size_t out_step, struct planes from,
                              size_t in_step, const real *w, size_t w_im, int r,
                              enum twiddles how)
{
    for (size_t b = 0; b < NEAR; b += (size_t)VLANES) {
        forget(&from);
        forget(&to);
        butterfly(to, out_step, from, in_step, w, w_im, r, how, false, VLANES);
        from = planes_beyond(from, VBYTES);
        to = planes_beyond(to, VBYTES);
    }
}

/* A pass: from rows q + s (u + m t) to q + s (r u + k), the twiddles of u w_step reals behind those
 * of u - 1. first: none for u = 0. */
LEAT_INLINE void block_pass(struct block_rows to, struct block_rows from, size_t s, size_t m,
                            const real *w, size_t w_step, size_t w_im, int r, bool first)
{
    const size_t in_step = s * m * from.step, out_step = s * to.step;
    for (size_t u = 0; u < m; u++, w += w_step)
        for (size_t q = 0; q < s; q++) {
            struct planes in = block_row(from, q + s * u);
            struct planes out = block_row(to, q + s * (size_t)r * u);
            if (from.far)
                ask_behind(in, in_step, r);
            if (to.far)
                ask_behind(out, out_step, r);
            if (first && u == 0)
                block_points(out, out_step, in, in_step, w, w_im, r, NONE);
            else
                block_points(out, out_step, in, in_step, w, w_im, r, SAME);
        }
}

typedef void block(struct block_rows to, struct block_rows from, size_t s, size_t m,
                   const real *w, size_t w_step, size_t w_im, bool first);

#define BLOCK_OF(r)                                                                          \
    static void block_##r(struct block_rows to, struct block_rows from, size_t s, size_t m,  \
                          const real *w, size_t w_step, size_t w_im, bool first)             \
    {                                                                                        \
        block_pass(to, from, s, m, w, w_step, w_im, r, first);                               \
    }
BLOCK_OF(4)
BLOCK_OF(8)

/* All passes of a sweep, NEAR samples of each row, by way of rows that are kept near. */
static void block_along(const struct leat_fft_plan *plan, const struct fft_sweep *sweep,
                        struct planes to, struct planes from, size_t p,
                        const struct planes kept[2])
{
    const size_t unit = NEAR * sizeof(real), across = (size_t)sweep->s * sizeof(real);
    struct block_rows in = {from, across * sweep->rest, true};
    size_t s = 1, m = sweep->all;
    for (uint32_t i = 0; i < sweep->passes; i++) {
        const struct fft_pass *pass = plan->pass + sweep->first + i;
        struct block_rows out = {kept[i % 2], unit, false};
        if (i + 1 == sweep->passes)
            out = (struct block_rows){to, across, true};
        m /= pass->r;
        (pass->r == 8 ? block_8 : block_4)(out, in, s, m, turns_of(plan, pass) + p, sweep->rest,
                                           pass->w_im * sizeof(real), p == 0);
        s *= pass->r;
        in = out;
    }
}

/* ---- Any sweep ---- */

/* Two fours with s = 1; rest is a multiple of NEAR. */
static void sweep_across(const struct leat_fft_plan *plan, struct planes to, struct planes from,
                         bool zipped)
{
    const size_t rest = plan->sweep[0].rest;
    for (size_t p = 0; p < rest; p += NEAR) {
        if (zipped)
            across_16(plan, to, from, p, true);
        else
            across_16(plan, to, from, p, false);
    }
}

/* Two passes or more with s >= 16, a multiple of it. */
static void sweep_along(const struct leat_fft_plan *plan, const struct fft_sweep *sweep,
                        struct planes to, struct planes from, char *scratch)
{
    const struct fft_pass *pass = plan->pass + sweep->first;
    const size_t s = sweep->s;
    const struct planes kept[2] = {take_planes(&scratch, sweep->all * NEAR),
                                   take_planes(&scratch, sweep->all * NEAR)};
    pair *two = pass[0].r == 8 ? pair_8_8 : pass[1].r == 8 ? pair_4_8 : pair_4_4;
    for (size_t p = 0; p < sweep->rest; p++)
        for (size_t q = 0; q < s; q += NEAR) {
            struct planes out = shifted(to, q + s * sweep->all * p, false);
            struct planes in = shifted(from, q + s * p, false);
            if (sweep->passes == 2)
                two(plan, sweep, out, in, p, kept[0]);
            else
                block_along(plan, sweep, out, in, p, kept);
        }
}

/* The graph: from `from` to `to`, which may be the same, back and forth over scratch. The last
 * sweep can work in place: it reads all samples of a block before it writes them. */
static void run_sweeps(const struct leat_fft_plan *plan, struct planes to, struct planes from,
                       bool zipped, char *scratch)
{
    struct planes beside = take_planes(&scratch, (size_t)plan->length);
    for (uint32_t i = 0; i < plan->sweeps; i++) {
        struct planes out = i + 1 == plan->sweeps || from.re == beside.re ? to : beside;
        const struct fft_sweep *sweep = plan->sweep + i;
        const struct fft_pass *pass = plan->pass + sweep->first;
        const real *w = turns_of(plan, pass);
        if (sweep->passes == 2 && i == 0)
            sweep_across(plan, out, from, zipped);
        else if (sweep->passes > 1)
            sweep_along(plan, sweep, out, from, scratch);
        else if (sweep->s >= LEAT_FFT_NARROW)
            wide_passes[pass->r](out, from, sweep->s, sweep->rest, w, pass->w_im);
        else
            narrow_passes[zipped && i == 0 ? ZIPPED : WHOLE_ROW][pass->r](out, from, sweep->s,
                                                                          sweep->rest, w);
        from = out;
    }
}

#endif
