/* Transforms of real rows.
 *
 * An even n goes through a complex transform of n / 2 of its pairs, z[j] = x[2 j] + i x[2 j + 1]:
 * with e and o the transforms of the even and the odd samples, Z = e + i o, X[k] = e + w^k o and
 * X[n/2 - k] = conj(e - w^k o), w = exp(-2 pi i / n). An odd n goes through a complex one of n.
 */
#ifndef LEAT_FFT_REAL_H
#define LEAT_FFT_REAL_H

#include "fft/complex.h"

/* Lanes i of the answer are row[at - i], for the first `lanes` of them. */
LEAT_INLINE vreal load_mirrored(const real *row, size_t at, int lanes)
{
    real lane[VLANES] = {0};
    if (lanes == VLANES)
        return v_reverse(v_load(row + at - (VLANES - 1)));
    for (int i = 0; i < lanes; i++)
        lane[i] = row[at - (size_t)i];
    return v_load(lane);
}

LEAT_INLINE void store_mirrored(real *row, size_t at, vreal x, int lanes)
{
    real lane[VLANES];
    if (lanes == VLANES) {
        v_store(row + at - (VLANES - 1), v_reverse(x));
        return;
    }
    v_store(lane, x);
    for (int i = 0; i < lanes; i++)
        row[at - (size_t)i] = lane[i];
}

/* Bins k and h - k of h pairs, from a and b of their transform; w: half of w^k. */
LEAT_INLINE void split_bins(vcplx a, vcplx b, vcplx w, vcplx *bin, vcplx *mirror)
{
    const vreal two = v_set((real)0.5);
    vcplx e = {v_mul(two, v_add(a.re, b.re)), v_mul(two, v_sub(a.im, b.im))};
    vcplx o = c_mul((vcplx){v_add(a.im, b.im), v_sub(b.re, a.re)}, w);
    *bin = c_add(e, o);
    *mirror = (vcplx){v_sub(e.re, o.re), v_sub(o.im, e.im)};
}

/* The other way, Z[k] = e + i o and Z[n/2 - k] = conj(e) + i conj(o). */
LEAT_INLINE void merge_bins(vcplx a, vcplx b, vcplx w, vcplx *bin, vcplx *mirror)
{
    const vreal two = v_set((real)0.5);
    vcplx e = {v_mul(two, v_add(a.re, b.re)), v_mul(two, v_sub(a.im, b.im))};
    /* o = conj(w) (a - conj(b)), by c_mul with the planes changed over: conj(w d) = … */
    vcplx d = {v_add(a.im, b.im), v_sub(a.re, b.re)};
    vcplx o = c_mul(d, w); /* im, re of the product with conj(w) */
    *bin = (vcplx){v_sub(e.re, o.re), v_add(e.im, o.im)};
    *mirror = (vcplx){v_add(e.re, o.re), v_sub(o.im, e.im)};
}

LEAT_INLINE vcplx load_mirrors(struct planes z, size_t at, int lanes)
{
    return (vcplx){load_mirrored(z.re, at, lanes), load_mirrored(z.im, at, lanes)};
}

LEAT_INLINE void store_mirrors(struct planes z, size_t at, vcplx x, int lanes)
{
    store_mirrored(z.re, at, x.re, lanes);
    store_mirrored(z.im, at, x.im, lanes);
}

/* Bins k … k + lanes - 1 and those that mirror them. half: 1/2 w^k. */
LEAT_INLINE void split_group(struct planes z, struct planes half, size_t k, size_t h, int lanes)
{
    vcplx bin, mirror;
    split_bins(load_some(z, k, lanes), load_mirrors(z, h - k, lanes), load_some(half, k, lanes),
               &bin, &mirror);
    store_some(z, k, bin, lanes);
    store_mirrors(z, h - k, mirror, lanes);
}

LEAT_INLINE void merge_group(struct planes z, struct planes x, struct planes half, size_t k,
                             size_t h, int lanes)
{
    vcplx bin, mirror;
    merge_bins(load_some(x, k, lanes), load_mirrors(x, h - k, lanes), load_some(half, k, lanes),
               &bin, &mirror);
    store_some(z, k, bin, lanes);
    store_mirrors(z, h - k, mirror, lanes);
}

static void split(struct planes z, struct planes half, size_t h)
{
    real first = z.re[0], second = z.im[0];
    z.re[h] = first - second;
    z.im[h] = 0;
    z.re[0] = first + second;
    z.im[0] = 0;
    size_t k = 1, end = (h + 1) / 2; /* k < end: k < h - k */
    for (; k + (size_t)VLANES <= end; k += (size_t)VLANES)
        split_group(z, half, k, h, VLANES);
    if (k < end)
        split_group(z, half, k, h, (int)(end - k));
    if (h % 2 == 0)
        z.im[h / 2] = -z.im[h / 2];
}

static void merge(struct planes z, struct planes x, struct planes half, size_t h)
{
    real first = x.re[0], last = x.re[h];
    z.re[0] = (real)0.5 * (first + last);
    z.im[0] = (real)0.5 * (first - last);
    size_t k = 1, end = (h + 1) / 2;
    for (; k + (size_t)VLANES <= end; k += (size_t)VLANES)
        merge_group(z, x, half, k, h, VLANES);
    if (k < end)
        merge_group(z, x, half, k, h, (int)(end - k));
    if (h % 2 == 0) {
        z.re[h / 2] = x.re[h / 2];
        z.im[h / 2] = -x.im[h / 2];
    }
}

static void real_forward(const struct leat_fft_plan *plan, void *re, void *im, const void *x,
                         void *scratch)
{
    struct planes to = {re, im};
    size_t n = (size_t)plan->n, h = (size_t)plan->count;
    char *at = scratch;
    LEAT_REQUIRE(plan->kind == REAL_KIND && plan->type == LEAT_FFT_REAL);
    if (h != n) {
        transform(plan, to, (struct planes){(real *)(uintptr_t)x, NULL}, true, at);
        split(to, table_at(plan, plan->real_at, h / 2 + 1), h);
        return;
    }
    struct planes z = take_planes(&at, n);
    __builtin_memcpy(z.re, x, n * sizeof(real));
    __builtin_memset(z.im, 0, n * sizeof(real));
    transform(plan, z, z, false, at);
    z.im[0] = 0;
    __builtin_memcpy(re, z.re, (n / 2 + 1) * sizeof(real));
    __builtin_memcpy(im, z.im, (n / 2 + 1) * sizeof(real));
}

static void zip(real *x, struct planes z, size_t n)
{
    size_t i = 0;
    for (; i + (size_t)VLANES <= n; i += (size_t)VLANES)
        v_store_2(x + 2 * i, v_load(z.re + i), v_load(z.im + i));
    for (; i < n; i++) {
        x[2 * i] = z.re[i];
        x[2 * i + 1] = z.im[i];
    }
}

static void real_inverse(const struct leat_fft_plan *plan, void *x, const void *re,
                         const void *im, void *scratch)
{
    struct planes from = {(real *)(uintptr_t)re, (real *)(uintptr_t)im};
    size_t n = (size_t)plan->n, h = (size_t)plan->count;
    char *at = scratch;
    struct planes z = take_planes(&at, h);
    LEAT_REQUIRE(plan->kind == REAL_KIND && plan->type == LEAT_FFT_REAL);
    if (h != n) {
        merge(z, from, table_at(plan, plan->real_at, h / 2 + 1), h);
        transform(plan, swapped(z), swapped(z), false, at);
        zip(x, z, h);
    } else {
        z.re[0] = from.re[0];
        z.im[0] = 0;
        for (size_t k = 1; k < n / 2 + 1; k++) {
            z.re[k] = z.re[n - k] = from.re[k];
            z.im[k] = from.im[k];
            z.im[n - k] = -from.im[k];
        }
        transform(plan, swapped(z), swapped(z), false, at);
        __builtin_memcpy(x, z.re, n * sizeof(real));
    }
    scale_row(x, n, (real)(1.0 / (double)h));
}

#endif
