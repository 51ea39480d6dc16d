/* Short rows side by side: each lane of a register is a row of its own.
 *
 * Rows are turned round on the way in and out. Between, they are one long row whose passes have all
 * done VLANES transforms' worth more: sample t of row b stands at t VLANES + b, so every pass is a
 * wide one, full whatever the length. A pass leaves out twiddles where that of one row does, so a
 * row's bits are those that it gives alone.
 */
#ifndef LEAT_FFT_SIDE_H
#define LEAT_FFT_SIDE_H

#include "fft/real.h"

/* ---- In and out ---- */

/* Rows of a batch in one plane. */
struct side {
    real *first;
    int64_t step;
    int rows; /* of VLANES: the last one stands in for those that are not there */
};

/* Where samples of all rows stand: 0, 2, 4 …, and 1, 3, 5 … */
struct pairs {
    real *even, *odd;
    size_t step;
};

LEAT_INLINE struct pairs pairs_of(struct planes z) /* of real rows, a complex sample each */
{
    return (struct pairs){z.re, z.im, (size_t)VLANES};
}

LEAT_INLINE struct pairs one_plane(real *z)
{
    return (struct pairs){z, z + VLANES, 2 * (size_t)VLANES};
}

LEAT_INLINE real *place_of(struct pairs z, size_t t)
{
    return (t % 2 == 0 ? z.even : z.odd) + t / 2 * z.step;
}

static void gather_side(struct pairs to, struct side from, size_t n)
{
    for (size_t t = 0; t < n; t += (size_t)VLANES) {
        int lanes = v_lanes(n, t);
        vreal v[VLANES], turned[VLANES];
        _Pragma("GCC unroll 16")
        for (int b = 0; b < VLANES; b++) {
            const real *row = from.first + (b < from.rows ? b : from.rows - 1) * from.step + t;
            v[b] = lanes == VLANES ? v_load(row) : v_load_n(row, lanes, v_zero());
        }
        v_turn(turned, v);
        _Pragma("GCC unroll 16")
        for (int i = 0; i < VLANES; i++)
            if (i < lanes)
                v_store(place_of(to, t + (size_t)i), turned[i]);
    }
}

/* n samples of each row times `by`: 1 changes none. */
static void scatter_side(struct side to, struct pairs from, size_t n, real by)
{
    const vreal factor = v_set(by);
    for (size_t t = 0; t < n; t += (size_t)VLANES) {
        int lanes = v_lanes(n, t);
        vreal v[VLANES], turned[VLANES];
        _Pragma("GCC unroll 16")
        for (int i = 0; i < VLANES; i++)
            v[i] = i < lanes ? v_mul(v_load(place_of(from, t + (size_t)i)), factor) : v_zero();
        v_turn(turned, v);
        _Pragma("GCC unroll 16")
        for (int b = 0; b < VLANES; b++)
            if (b < to.rows) {
                real *row = to.first + b * to.step + t;
                if (lanes == VLANES)
                    v_store(row, turned[b]);
                else
                    v_store_n(row, lanes, turned[b]);
            }
    }
}

/* ---- Passes ---- */

/* A pass that is narrow for one row: there no twiddle is left out. w_im is 0 where its twiddles are
 * in blocks, one for each sample of a row (plan.h). */
LEAT_INLINE void side_pass(struct planes to, struct planes from, size_t s, size_t rest,
                           const real *w, size_t w_im, int r)
{
    const size_t row = s * (size_t)VLANES, in_step = row * rest * sizeof(real);
    const size_t step = (w_im != 0 ? w_im : BLOCK) * sizeof(real);
    for (size_t p = 0; p < rest; p++) {
        size_t j = s * p, at = j / BLOCK * BLOCK * 2 * (size_t)(r - 1) + j % BLOCK;
        wide_row(shifted(to, row * (size_t)r * p, false), shifted(from, row * p, false), row,
                 in_step, w + (w_im != 0 ? p : at), step, r, SAME);
    }
}

#define SIDE_OF(r)                                                                           \
    static void side_##r(struct planes to, struct planes from, size_t s, size_t rest,        \
                         const real *w, size_t w_im)                                         \
    {                                                                                        \
        side_pass(to, from, s, rest, w, w_im, r);                                            \
    }
SIDE_OF(2)
SIDE_OF(3)
SIDE_OF(4)
SIDE_OF(5)
SIDE_OF(7)

static wide *const side_passes[LEAT_FFT_RADIX_MAX + 1] = {
    [2] = side_2, [3] = side_3, [4] = side_4, [5] = side_5, [7] = side_7,
};

/* Room for the samples of a group of rows, twice. */
struct sides {
    struct planes z, beside;
};

/* The graph, from z by way of beside; where the bins are is z of the answer. */
static struct sides run_side(const struct leat_fft_plan *plan, struct sides at)
{
    size_t s = 1, rest = (size_t)plan->length;
    for (uint32_t i = 0; i < plan->sweeps; i++)
        for (uint32_t j = 0; j < plan->sweep[i].passes; j++) {
            const struct fft_pass *pass = plan->pass + plan->sweep[i].first + j;
            const real *w = turns_of(plan, pass);
            rest /= pass->r;
            if (s >= LEAT_FFT_NARROW)
                wide_passes[pass->r](at.beside, at.z, s * (size_t)VLANES, rest, w, pass->w_im);
            else
                side_passes[pass->r](at.beside, at.z, s, rest, w,
                                     plan->sweep[i].passes == 1 ? 0 : pass->w_im);
            s *= pass->r;
            at = (struct sides){at.beside, at.z};
        }
    return at;
}

/* The way back, but for its factor. */
static struct sides run_side_back(const struct leat_fft_plan *plan, struct sides at)
{
    at = run_side(plan, (struct sides){swapped(at.z), swapped(at.beside)});
    return (struct sides){swapped(at.z), swapped(at.beside)};
}

/* ---- Pairs of real samples, as in real.h ---- */

LEAT_INLINE vcplx side_load(struct planes z, size_t k)
{
    return load_some(z, k * (size_t)VLANES, VLANES);
}

LEAT_INLINE void side_store(struct planes z, size_t k, vcplx x)
{
    store_some(z, k * (size_t)VLANES, x, VLANES);
}

LEAT_INLINE vcplx side_turn(struct planes half, size_t k)
{
    return (vcplx){v_set(half.re[k]), v_set(half.im[k])};
}

LEAT_INLINE vreal negative(vreal x) { return v_mul(x, v_set((real)-1)); }

static void split_side(struct planes z, struct planes half, size_t h)
{
    vcplx first = side_load(z, 0);
    side_store(z, h, (vcplx){v_sub(first.re, first.im), v_zero()});
    side_store(z, 0, (vcplx){v_add(first.re, first.im), v_zero()});
    for (size_t k = 1; k < (h + 1) / 2; k++) {
        vcplx bin, mirror;
        split_bins(side_load(z, k), side_load(z, h - k), side_turn(half, k), &bin, &mirror);
        side_store(z, k, bin);
        side_store(z, h - k, mirror);
    }
    if (h % 2 == 0) {
        vcplx middle = side_load(z, h / 2);
        side_store(z, h / 2, (vcplx){middle.re, negative(middle.im)});
    }
}

static void merge_side(struct planes z, struct planes half, size_t h)
{
    const vreal by = v_set((real)0.5);
    vreal first = side_load(z, 0).re, last = side_load(z, h).re;
    side_store(z, 0, (vcplx){v_mul(by, v_add(first, last)), v_mul(by, v_sub(first, last))});
    for (size_t k = 1; k < (h + 1) / 2; k++) {
        vcplx bin, mirror;
        merge_bins(side_load(z, k), side_load(z, h - k), side_turn(half, k), &bin, &mirror);
        side_store(z, k, bin);
        side_store(z, h - k, mirror);
    }
    if (h % 2 == 0) {
        vcplx middle = side_load(z, h / 2);
        side_store(z, h / 2, (vcplx){middle.re, negative(middle.im)});
    }
}

/* Bins above half of an odd length are the conjugates of those below. */
static void mirror_side(struct planes z, size_t n)
{
    side_store(z, 0, (vcplx){side_load(z, 0).re, v_zero()});
    for (size_t k = 1; k < n / 2 + 1; k++) {
        vcplx bin = side_load(z, k);
        side_store(z, n - k, (vcplx){bin.re, negative(bin.im)});
    }
}

/* ---- A group of rows ---- */

typedef void side_group(const struct leat_fft_plan *plan, const struct leat_fft_rows *out,
                        const struct leat_fft_rows *in, uint64_t i, int rows, struct sides at);

LEAT_INLINE struct side side_of(const void *first, const struct leat_fft_rows *all, uint64_t i,
                                int rows)
{
    return (struct side){(real *)(uintptr_t)first + (int64_t)i * all->step, all->step, rows};
}

static void side_forward(const struct leat_fft_plan *plan, const struct leat_fft_rows *out,
                         const struct leat_fft_rows *in, uint64_t i, int rows, struct sides at)
{
    size_t n = (size_t)plan->n;
    gather_side(one_plane(at.z.re), side_of(in->re, in, i, rows), n);
    gather_side(one_plane(at.z.im), side_of(in->im, in, i, rows), n);
    at = run_side(plan, at);
    scatter_side(side_of(out->re, out, i, rows), one_plane(at.z.re), n, 1);
    scatter_side(side_of(out->im, out, i, rows), one_plane(at.z.im), n, 1);
}

static void side_inverse(const struct leat_fft_plan *plan, const struct leat_fft_rows *out,
                         const struct leat_fft_rows *in, uint64_t i, int rows, struct sides at)
{
    size_t n = (size_t)plan->n;
    real share = (real)(1.0 / (double)n);
    gather_side(one_plane(at.z.re), side_of(in->re, in, i, rows), n);
    gather_side(one_plane(at.z.im), side_of(in->im, in, i, rows), n);
    at = run_side_back(plan, at);
    scatter_side(side_of(out->re, out, i, rows), one_plane(at.z.re), n, share);
    scatter_side(side_of(out->im, out, i, rows), one_plane(at.z.im), n, share);
}

static void side_real_forward(const struct leat_fft_plan *plan, const struct leat_fft_rows *out,
                              const struct leat_fft_rows *in, uint64_t i, int rows,
                              struct sides at)
{
    size_t n = (size_t)plan->n, h = (size_t)plan->count;
    struct side from = side_of(in->re, in, i, rows);
    gather_side(h != n ? pairs_of(at.z) : one_plane(at.z.re), from, n);
    if (h == n)
        __builtin_memset(at.z.im, 0, n * VBYTES);
    at = run_side(plan, at);
    if (h == n)
        side_store(at.z, 0, (vcplx){side_load(at.z, 0).re, v_zero()});
    else
        split_side(at.z, table_at(plan, plan->real_at, h / 2 + 1), h);
    scatter_side(side_of(out->re, out, i, rows), one_plane(at.z.re), n / 2 + 1, 1);
    scatter_side(side_of(out->im, out, i, rows), one_plane(at.z.im), n / 2 + 1, 1);
}

static void side_real_inverse(const struct leat_fft_plan *plan, const struct leat_fft_rows *out,
                              const struct leat_fft_rows *in, uint64_t i, int rows,
                              struct sides at)
{
    size_t n = (size_t)plan->n, h = (size_t)plan->count;
    gather_side(one_plane(at.z.re), side_of(in->re, in, i, rows), n / 2 + 1);
    gather_side(one_plane(at.z.im), side_of(in->im, in, i, rows), n / 2 + 1);
    if (h == n)
        mirror_side(at.z, n);
    else
        merge_side(at.z, table_at(plan, plan->real_at, h / 2 + 1), h);
    at = run_side_back(plan, at);
    scatter_side(side_of(out->re, out, i, rows),
                 h != n ? pairs_of(at.z) : one_plane(at.z.re), n, (real)(1.0 / (double)h));
}

/* ---- A batch ---- */

static void one_row(const struct leat_fft_plan *plan, bool back, const struct leat_fft_rows *out,
                    const struct leat_fft_rows *in, uint64_t i, void *scratch)
{
    bool whole = plan->type == LEAT_FFT_COMPLEX;
    real *re = side_of(out->re, out, i, 1).first;
    real *im = whole || !back ? side_of(out->im, out, i, 1).first : NULL;
    const real *in_re = side_of(in->re, in, i, 1).first;
    const real *in_im = whole || back ? side_of(in->im, in, i, 1).first : NULL;
    if (whole)
        (back ? inverse : forward)(plan, re, im, in_re, in_im, scratch);
    else if (back)
        real_inverse(plan, re, in_re, in_im, scratch);
    else
        real_forward(plan, re, im, in_re, scratch);
}

/* How many of the rows that are left go side by side: a group takes the time of all lanes, so where
 * some stay empty it pays for the shorter ones alone. */
static uint64_t group_rows(const struct leat_fft_plan *plan, uint64_t left)
{
    if (!fft_goes_aside(plan, (uint64_t)VLANES))
        return 0;
    if (left >= (uint64_t)VLANES)
        return (uint64_t)VLANES;
    return left > 1 && LEAT_FFT_ASIDE * left >= plan->length ? left : 0;
}

static void batch(const struct leat_fft_plan *plan, bool back, const struct leat_fft_rows *out,
                  const struct leat_fft_rows *in, uint64_t count, void *scratch)
{
    static side_group *const groups[2][2] = {
        [LEAT_FFT_COMPLEX] = {side_forward, side_inverse},
        [LEAT_FFT_REAL] = {side_real_forward, side_real_inverse},
    };
    uint64_t i = 0;
    LEAT_REQUIRE(plan->kind == REAL_KIND);
    for (uint64_t rows; (rows = group_rows(plan, count - i)) != 0; i += rows) {
        char *at = scratch;
        size_t most = (size_t)(plan->length + 1) * (size_t)VLANES;
        struct planes z = take_planes(&at, most), beside = take_planes(&at, most);
        groups[plan->type][back](plan, out, in, i, (int)rows, (struct sides){z, beside});
    }
    for (; i < count; i++)
        one_row(plan, back, out, in, i, scratch);
}

#endif
