/* Leat's transforms by the widest table that runs: from rows to rows, and in place. */
#define _GNU_SOURCE
#include "fft_job.h"

#include <leat/fft.h>

#include <stdlib.h>
#include <string.h>

struct plan {
    const struct leat_fft *kernels;
    struct leat_fft_plan *plan;
    void *scratch;
    float *in_re, *in_im, *re, *im;
    uint32_t n;
    bool real;
};

/* Rows as a frame has them: an odd number of lines apart. */
static float *rows(uint32_t n)
{
    size_t row = leat_round_up(n * sizeof(float) + 64, 128) + 64;
    return bench_memory(2 * row);
}

static void *plan_of(uint32_t n, const float *re, const float *im)
{
    struct plan *p = bench_memory(sizeof *p);
    enum leat_fft_type type = im == NULL ? LEAT_FFT_REAL : LEAT_FFT_COMPLEX;
    size_t row = (leat_round_up(n * sizeof(float) + 64, 128) + 64) / sizeof(float);
    p->kernels = leat_fft_kernels(leat_isa_best(), LEAT_F32);
    p->plan = bench_memory(leat_fft_bytes(type, n, LEAT_F32));
    p->scratch = bench_memory(leat_fft_scratch(type, n, LEAT_F32));
    p->in_re = rows(n), p->in_im = p->in_re + row;
    p->re = rows(n), p->im = p->re + row;
    p->n = n;
    p->real = im == NULL;
    memcpy(p->in_re, re, n * sizeof(float));
    if (im != NULL)
        memcpy(p->in_im, im, n * sizeof(float));
    if (leat_fft_init(p->plan, type, n, LEAT_F32, p->scratch) != LEAT_OK)
        abort();
    return p;
}

static void transform(void *self)
{
    struct plan *p = self;
    if (p->real)
        p->kernels->real_forward(p->plan, p->re, p->im, p->in_re, p->scratch);
    else
        p->kernels->forward(p->plan, p->re, p->im, p->in_re, p->in_im, p->scratch);
}

/* The samples are brought back before each transform: that copy is part of its time. */
static void transform_in_place(void *self)
{
    struct plan *p = self;
    memcpy(p->re, p->in_re, p->n * sizeof(float));
    if (p->real) {
        p->kernels->real_forward(p->plan, p->re, p->im, p->re, p->scratch);
    } else {
        memcpy(p->im, p->in_im, p->n * sizeof(float));
        p->kernels->forward(p->plan, p->re, p->im, p->re, p->im, p->scratch);
    }
}

static void bin(const void *self, uint32_t k, double *re, double *im)
{
    const struct plan *p = self;
    *re = (double)p->re[k];
    *im = (double)p->im[k];
}

static void fini(void *self)
{
    struct plan *p = self;
    free(p->plan);
    free(p->scratch);
    free(p->in_re);
    free(p->re);
    free(p);
}

static const struct fft_functions functions = {plan_of, transform, bin, fini};
static const struct fft_functions in_place = {plan_of, transform_in_place, bin, fini};

static void *setup(const struct bench_load *load, const char **why)
{
    (void)why;
    return fft_setup(load, &functions);
}
static void *setup_in_place(const struct bench_load *load, const char **why)
{
    (void)why;
    return fft_setup(load, &in_place);
}

const struct bench_subject bench_fft_leat = {"leat", setup, fft_run, fft_error, fft_fini, NULL};
const struct bench_subject bench_fft_leat_in_place = {"leat, in place", setup_in_place, fft_run,
                                                      fft_error, fft_fini, NULL};
