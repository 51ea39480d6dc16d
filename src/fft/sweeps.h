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

/* Of the first sweep, s = 1, NEAR of p side by side from `at` on; `to` is where the first goes. */
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
        put_turned(to.re + b * 16, near_re);
        put_turned(to.im + b * 16, near_im);
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

/* Rows of NEAR samples, `step` bytes apart. far: they lie in a row of the transform, and the lines
 * so many bytes behind, which are the next block's, are asked for: no core sees the pattern. */
struct block_rows {
    struct planes at;
    size_t step, far;
};

/* The lines of r rows, `step` bytes apart, that lie `behind` bytes behind z. */
LEAT_INLINE void ask_behind(struct planes z, size_t step, size_t behind, int r)
{
    for (size_t t = 0; t < (size_t)r; t++) {
        struct planes line = planes_beyond(z, step * t + behind);
        __builtin_prefetch(line.re, 0, 2);
        __builtin_prefetch(line.im, 0, 2);
    }
}

LEAT_INLINE void block_points(struct block_rows to, struct block_rows from, const real *w,
                              size_t w_im, int r, enum twiddles how)
{
    for (size_t b = 0; b < NEAR; b += (size_t)VLANES) {
        forget(&from.at);
        forget(&to.at);
        if (from.far != 0)
            ask_behind(from.at, from.step, from.far, r);
        if (to.far != 0)
            ask_behind(to.at, to.step, to.far, r);
        butterfly(to.at, to.step, from.at, from.step, w, w_im, r, how, false, VLANES);
        from.at = planes_beyond(from.at, VBYTES);
        to.at = planes_beyond(to.at, VBYTES);
    }
}

/* A pass over a block. Before it the rows are groups of m r, of the same bin each: the first digit
 * of the bin, in the radices of the passes before, is the first of the group. So points lie m rows
 * apart, and their results take their places; those of the last pass go where they belong. */
struct block_pass {
    size_t m, s;           /* s: the groups that there are */
    size_t group, end;     /* those that are worked on */
    const real *w;         /* of the first place in a group; w_step reals to that of the next */
    size_t w_step, w_im;
    bool first;            /* none for the first place */
    const uint16_t *order; /* of the last pass, the bin of each group */
};

LEAT_INLINE void block_turn(struct block_rows to, struct block_rows from,
                            const struct block_pass *b, int r)
{
    const real *w = b->w;
    struct block_rows in = from, out = to;
    in.step = from.step * b->m;
    out.step = to.step * (b->order != NULL ? b->s : b->m);
    for (size_t u = 0; u < b->m; u++, w += b->w_step)
        for (size_t g = b->group; g < b->end; g++) {
            size_t row = g * b->m * (size_t)r + u;
            in.at = planes_beyond(from.at, from.step * row);
            out.at = planes_beyond(to.at, to.step * (b->order != NULL ? b->order[g] : row));
            if (b->first && u == 0)
                block_points(out, in, w, b->w_im, r, NONE);
            else
                block_points(out, in, w, b->w_im, r, SAME);
        }
}

static void block_4(struct block_rows to, struct block_rows from, const struct block_pass *b)
{
    block_turn(to, from, b, 4);
}

static void block_8(struct block_rows to, struct block_rows from, const struct block_pass *b)
{
    block_turn(to, from, b, 8);
}

/* What the blocks of a sweep have in common. */
struct blocks {
    const struct leat_fft_plan *plan;
    const struct fft_sweep *sweep;
    struct planes kept; /* rows of a block */
    uint16_t order[(1 << LEAT_FFT_FAR_POWER) / 4];
};

static void blocks_begin(struct blocks *blocks, const struct leat_fft_plan *plan,
                         const struct fft_sweep *sweep, char **scratch)
{
    const struct fft_pass *pass = plan->pass + sweep->first;
    const uint32_t last = sweep->passes - 1;
    blocks->plan = plan;
    blocks->sweep = sweep;
    blocks->kept = take_planes(scratch, sweep->all * NEAR);
    for (uint32_t g = 0; last > 1 && g < sweep->all / pass[last].r; g++) {
        uint32_t left = g, bin = 0;
        for (uint32_t i = last; i-- > 0; left /= pass[i].r)
            bin = bin * pass[i].r + left % pass[i].r;
        blocks->order[g] = (uint16_t)bin;
    }
}

/* The i-th pass of a sweep, on groups that come from the part-th of the first pass. */
static void block_step(const struct blocks *blocks, struct block_rows to, struct block_rows from,
                       size_t p, uint32_t i, uint32_t part, size_t s)
{
    const struct leat_fft_plan *plan = blocks->plan;
    const struct fft_sweep *sweep = blocks->sweep;
    const struct fft_pass *pass = plan->pass + sweep->first;
    const size_t groups = i == 0 ? 1 : s / pass[0].r, group = groups * part;
    const struct block_pass b = {sweep->all / s / pass[i].r, s, group, group + groups,
                                 turns_of(plan, pass + i) + p, sweep->rest,
                                 pass[i].w_im * sizeof(real), p == 0,
                                 i + 1 == sweep->passes ? blocks->order : NULL};
    (pass[i].r == 8 ? block_8 : block_4)(to, from, &b);
}

/* All passes of a sweep for NEAR samples of each row. Behind the first pass they run over one part
 * of the rows after the other, which a first-level cache holds. */
static void block_along(const struct blocks *blocks, struct block_rows to, struct block_rows from,
                        size_t p)
{
    const struct fft_pass *pass = blocks->plan->pass + blocks->sweep->first;
    const uint32_t passes = blocks->sweep->passes;
    const struct block_rows kept = {blocks->kept, NEAR * sizeof(real), 0};
    block_step(blocks, kept, from, p, 0, 0, 1);
    for (uint32_t part = 0; part < pass[0].r; part++) {
        size_t s = pass[0].r;
        for (uint32_t i = 1; i < passes; s *= pass[i++].r)
            block_step(blocks, i + 1 < passes ? kept : to, kept, p, i, part, s);
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
            across_16(plan, shifted(to, 16 * p, false), from, p, true);
        else
            across_16(plan, shifted(to, 16 * p, false), from, p, false);
    }
}

/* Two passes or more with s >= 16, a multiple of it. */
static void sweep_along(const struct leat_fft_plan *plan, const struct fft_sweep *sweep,
                        struct planes to, struct planes from, char *scratch)
{
    const struct fft_pass *pass = plan->pass + sweep->first;
    const size_t s = sweep->s, step = s * sizeof(real);
    const size_t far = to.re == from.re ? 0 : NEAR * sizeof(real); /* in place it is no faster */
    struct block_rows in = {from, step * sweep->rest, far};
    struct block_rows out = {to, step, s == NEAR ? far * sweep->all : far};
    struct blocks blocks;
    blocks_begin(&blocks, plan, sweep, &scratch);
    pair *two = pass[0].r == 8 ? pair_8_8 : pass[1].r == 8 ? pair_4_8 : pair_4_4;
    for (size_t p = 0; p < sweep->rest; p++)
        for (size_t q = 0; q < s; q += NEAR) {
            out.at = shifted(to, q + s * sweep->all * p, false);
            in.at = shifted(from, q + s * p, false);
            if (sweep->passes == 2)
                two(plan, sweep, out.at, in.at, p, blocks.kept);
            else
                block_along(&blocks, out, in, p);
        }
}

/* The first two sweeps, for so many p of the second one at a time that what lies between stays in a
 * second-level cache. */
static void sweep_joined(const struct leat_fft_plan *plan, struct planes to, struct planes from,
                         bool zipped, char *scratch)
{
    const size_t rest = plan->sweep[1].rest, all = plan->sweep[1].all, row = 16 * NEAR;
    const struct planes room = take_planes(&scratch, row * all);
    struct block_rows in = {room, row * sizeof(real), 0};
    struct block_rows out = {to, 16 * sizeof(real), 16 * sizeof(real) * all};
    struct blocks blocks;
    blocks_begin(&blocks, plan, plan->sweep + 1, &scratch);
    for (size_t p = 0; p < rest; p += NEAR) {
        for (size_t t = 0; t < all; t++) {
            struct planes between = shifted(room, row * t, false);
            if (zipped)
                across_16(plan, between, from, p + rest * t, true);
            else
                across_16(plan, between, from, p + rest * t, false);
        }
        for (size_t i = 0; i < NEAR; i++) {
            in.at = shifted(room, 16 * i, false);
            out.at = shifted(to, 16 * all * (p + i), false);
            block_along(&blocks, out, in, p + i);
        }
    }
}

/* Neither of the rows is one of the others. */
LEAT_INLINE bool planes_apart(struct planes a, struct planes b)
{
    return a.re != b.re && a.re != b.im && a.im != b.re && a.im != b.im;
}

/* A sweep that reads no row that it writes, except that the last one may. */
static void run_sweep(const struct leat_fft_plan *plan, const struct fft_sweep *sweep,
                      struct planes to, struct planes from, bool zipped, char *scratch)
{
    const struct fft_pass *pass = plan->pass + sweep->first;
    const real *w = turns_of(plan, pass);
    if (sweep->passes == 2 && sweep->s == 1)
        sweep_across(plan, to, from, zipped);
    else if (sweep->passes > 1)
        sweep_along(plan, sweep, to, from, scratch);
    else if (sweep->s >= LEAT_FFT_NARROW)
        wide_passes[pass->r](to, from, sweep->s, sweep->rest, w, pass->w_im);
    else
        narrow_passes[zipped && sweep->s == 1 ? ZIPPED : WHOLE_ROW][pass->r](to, from, sweep->s,
                                                                             sweep->rest, w);
}

/* The graph: from `from` to `to`, which may be the same, back and forth over scratch. The last
 * sweep can work in place: it reads all samples of a block before it writes them. */
static void run_sweeps(const struct leat_fft_plan *plan, struct planes to, struct planes from,
                       bool zipped, char *scratch)
{
    struct planes beside = take_planes(&scratch, (size_t)plan->length);
    uint32_t i = 0;
    /* The last sweep is faster in place than between rows, which of three in place it would be. */
    if (fft_joins(plan) && (plan->sweeps > 3 || planes_apart(to, from))) {
        struct planes out = plan->sweeps == 3 ? to : beside;
        sweep_joined(plan, out, from, zipped, scratch);
        from = out;
        i = 2;
    }
    for (; i < plan->sweeps; i++) {
        struct planes out = i + 1 == plan->sweeps || from.re == beside.re ? to : beside;
        run_sweep(plan, plan->sweep + i, out, from, zipped, scratch);
        from = out;
    }
}

#endif
