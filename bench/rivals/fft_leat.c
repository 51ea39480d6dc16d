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
    char *in_re, *in_im, *re, *im;
    size_t row; /* bytes of a row of samples */
    bool real;
};

/* Rows as a frame has them: an odd number of lines apart. */
static void two_rows(size_t row, char **first, char **second)
{
    size_t step = leat_round_up(row + 64, 128) + 64;
    *first = bench_memory(2 * step);
    *second = *first + step;
}

static void fill(char *to, const float *from, uint32_t n, uint32_t bytes)
{
    for (uint32_t i = 0; i < n; i++)
        if (bytes == sizeof(double))
            ((double *)(void *)to)[i] = (double)from[i];
        else
            ((float *)(void *)to)[i] = from[i];
}

static void *plan_of(uint32_t n, uint32_t bytes, const float *re, const float *im)
{
    struct plan *p = bench_memory(sizeof *p);
    enum leat_fft_type type = im == NULL ? LEAT_FFT_REAL : LEAT_FFT_COMPLEX;
    uint32_t kind = bytes == sizeof(double) ? LEAT_F64 : LEAT_F32;
    p->kernels = leat_fft_kernels(leat_isa_best(), kind);
    p->plan = bench_memory(leat_fft_bytes(type, n, kind));
    p->scratch = bench_memory(leat_fft_scratch(type, n, kind));
    p->row = (size_t)n * bytes;
    p->real = im == NULL;
    two_rows(p->row, &p->in_re, &p->in_im);
    two_rows(p->row, &p->re, &p->im);
    fill(p->in_re, re, n, bytes);
    if (im != NULL)
        fill(p->in_im, im, n, bytes);
    if (leat_fft_init(p->plan, type, n, kind, p->scratch) != LEAT_OK)
        abort();
    return p;
}

static void *plan_f32(uint32_t n, const float *re, const float *im)
{
    return plan_of(n, sizeof(float), re, im);
}

static void *plan_f64(uint32_t n, const float *re, const float *im)
{
    return plan_of(n, sizeof(double), re, im);
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
    memcpy(p->re, p->in_re, p->row);
    if (p->real) {
        p->kernels->real_forward(p->plan, p->re, p->im, p->re, p->scratch);
    } else {
        memcpy(p->im, p->in_im, p->row);
        p->kernels->forward(p->plan, p->re, p->im, p->re, p->im, p->scratch);
    }
}

static void bin(const void *self, uint32_t k, double *re, double *im)
{
    const struct plan *p = self;
    if (p->kernels->kind == LEAT_F64) {
        *re = ((const double *)(const void *)p->re)[k];
        *im = ((const double *)(const void *)p->im)[k];
    } else {
        *re = (double)((const float *)(const void *)p->re)[k];
        *im = (double)((const float *)(const void *)p->im)[k];
    }
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

/* By whether they are of f64. */
static const struct fft_functions functions[2] = {{plan_f32, transform, bin, fini},
                                                  {plan_f64, transform, bin, fini}};
static const struct fft_functions in_place[2] = {{plan_f32, transform_in_place, bin, fini},
                                                 {plan_f64, transform_in_place, bin, fini}};

static void *setup(const struct bench_load *load, const char **why)
{
    (void)why;
    return fft_setup(load, &functions[load->bytes == sizeof(double)]);
}
static void *setup_in_place(const struct bench_load *load, const char **why)
{
    (void)why;
    return fft_setup(load, &in_place[load->bytes == sizeof(double)]);
}

const struct bench_subject bench_fft_leat = {"leat", setup, fft_run, fft_error, fft_fini, NULL};
const struct bench_subject bench_fft_leat_in_place = {"leat, in place", setup_in_place, fft_run,
                                                      fft_error, fft_fini, NULL};
