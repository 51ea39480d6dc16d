/* The complex transform: the sweeps of a plan, and Bluestein's convolution around them. */
#ifndef LEAT_FFT_COMPLEX_H
#define LEAT_FFT_COMPLEX_H

#include "fft/sweeps.h"

LEAT_INLINE struct planes table_at(const struct leat_fft_plan *plan, uint64_t offset, size_t n)
{
    char *at = (char *)(uintptr_t)plan + offset; /* read alone */
    return take_planes(&at, n);
}

LEAT_INLINE struct planes swapped(struct planes z) { return (struct planes){z.im, z.re}; }

/* out = in times table, sample by sample. */
static void turn_row(struct planes out, struct planes in, struct planes table, size_t n)
{
    for (size_t i = 0; i < n; i += (size_t)VLANES) {
        int lanes = v_lanes(n, i);
        store_some(out, i, c_mul(load_some(in, i, lanes), load_some(table, i, lanes)), lanes);
    }
}

static void run_chirped(const struct leat_fft_plan *plan, struct planes to, struct planes from,
                        char *scratch)
{
    size_t n = (size_t)plan->count, length = (size_t)plan->length;
    struct planes chirp = table_at(plan, plan->chirp_at, n);
    struct planes filter = table_at(plan, plan->filter_at, length);
    struct planes long_row = take_planes(&scratch, length);
    turn_row(long_row, from, chirp, n);
    __builtin_memset(long_row.re + n, 0, (length - n) * sizeof(real));
    __builtin_memset(long_row.im + n, 0, (length - n) * sizeof(real));
    run_sweeps(plan, long_row, long_row, false, scratch);
    turn_row(long_row, long_row, filter, length);
    run_sweeps(plan, swapped(long_row), swapped(long_row), false, scratch);
    turn_row(to, long_row, chirp, n);
}

static void unzip(struct planes to, const real *x, size_t n)
{
    for (size_t i = 0; i < n; i += (size_t)VLANES) {
        int lanes = v_lanes(n, i);
        store_some(to, i, load_zipped(x, i, lanes), lanes);
    }
}

/* The transform of plan->count samples; zipped: of pairs of samples of the real row from.re. */
static void transform(const struct leat_fft_plan *plan, struct planes to, struct planes from,
                      bool zipped, char *scratch)
{
    bool passing = !plan->chirped && plan->passes != 0;
    if (passing && (!zipped || narrow_passes[ZIPPED][plan->pass[0].r] != NULL)) {
        run_sweeps(plan, to, from, zipped, scratch);
    } else if (zipped) {
        struct planes packed = take_planes(&scratch, (size_t)plan->count);
        unzip(packed, from.re, (size_t)plan->count);
        transform(plan, to, packed, false, scratch);
    } else if (plan->chirped) {
        run_chirped(plan, to, from, scratch);
    } else { /* one sample */
        real re = from.re[0], im = from.im[0];
        to.re[0] = re;
        to.im[0] = im;
    }
}

LEAT_INLINE vreal op_times(vreal x, const vreal *c) { return v_mul(x, c[0]); }

static void scale_row(real *row, size_t n, real factor)
{
    const vreal constant = v_set(factor);
    v_map(row, row, n, op_times, &constant);
}

static void forward(const struct leat_fft_plan *plan, void *re, void *im, const void *in_re,
                    const void *in_im, void *scratch)
{
    struct planes from = {(real *)(uintptr_t)in_re, (real *)(uintptr_t)in_im};
    LEAT_REQUIRE(plan->kind == REAL_KIND && plan->count == plan->n);
    transform(plan, (struct planes){re, im}, from, false, scratch);
}

/* conj(forward(conj(z))), which in planes is forward with the rows changed over. */
static void inverse(const struct leat_fft_plan *plan, void *re, void *im, const void *in_re,
                    const void *in_im, void *scratch)
{
    real share = (real)(1.0 / (double)plan->n);
    forward(plan, im, re, in_im, in_re, scratch);
    scale_row(re, (size_t)plan->n, share);
    scale_row(im, (size_t)plan->n, share);
}

#endif
