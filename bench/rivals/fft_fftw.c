/* FFTW with plans that it has measured, one thread, from one array to another. */
#define _GNU_SOURCE
#include "fft_job.h"

#include <fftw3.h>
#include <stdlib.h>

struct plan {
    fftwf_plan plan;
    fftwf_complex *in, *out;
};

static void *plan_of(uint32_t n, const float *re, const float *im)
{
    struct plan *p = bench_memory(sizeof *p);
    p->in = fftwf_alloc_complex(n);
    p->out = fftwf_alloc_complex(n);
    if (p->in == NULL || p->out == NULL)
        abort();
    float *in = (float *)p->in;
    p->plan = im == NULL ? fftwf_plan_dft_r2c_1d((int)n, in, p->out, FFTW_MEASURE)
                         : fftwf_plan_dft_1d((int)n, p->in, p->out, FFTW_FORWARD, FFTW_MEASURE);
    for (uint32_t t = 0; t < n; t++) { /* measuring has written over them */
        if (im == NULL) {
            in[t] = re[t];
        } else {
            in[2 * t] = re[t];
            in[2 * t + 1] = im[t];
        }
    }
    return p;
}

static void transform(void *self) { fftwf_execute(((struct plan *)self)->plan); }

static void bin(const void *self, uint32_t k, double *re, double *im)
{
    const float *z = ((const struct plan *)self)->out[k];
    *re = (double)z[0];
    *im = (double)z[1];
}

static void fini(void *self)
{
    struct plan *p = self;
    fftwf_destroy_plan(p->plan);
    fftwf_free(p->in);
    fftwf_free(p->out);
    free(p);
}

struct plan_f64 {
    fftw_plan plan;
    fftw_complex *in, *out;
};

/* Complex ones only. */
static void *plan_of_f64(uint32_t n, const float *re, const float *im)
{
    struct plan_f64 *p = bench_memory(sizeof *p);
    p->in = fftw_alloc_complex(n);
    p->out = fftw_alloc_complex(n);
    if (p->in == NULL || p->out == NULL || im == NULL)
        abort();
    p->plan = fftw_plan_dft_1d((int)n, p->in, p->out, FFTW_FORWARD, FFTW_MEASURE);
    for (uint32_t t = 0; t < n; t++) {
        p->in[t][0] = (double)re[t];
        p->in[t][1] = (double)im[t];
    }
    return p;
}

static void transform_f64(void *self) { fftw_execute(((struct plan_f64 *)self)->plan); }

static void bin_f64(const void *self, uint32_t k, double *re, double *im)
{
    const double *z = ((const struct plan_f64 *)self)->out[k];
    *re = z[0];
    *im = z[1];
}

static void fini_f64(void *self)
{
    struct plan_f64 *p = self;
    fftw_destroy_plan(p->plan);
    fftw_free(p->in);
    fftw_free(p->out);
    free(p);
}

static const struct fft_functions functions = {plan_of, transform, bin, fini};
static const struct fft_functions functions_f64 = {plan_of_f64, transform_f64, bin_f64, fini_f64};

static void *setup(const struct bench_load *load, const char **why)
{
    (void)why;
    return fft_setup(load, load->bytes == sizeof(double) ? &functions_f64 : &functions);
}

const struct bench_subject bench_fft_fftw = {"FFTW, measured", setup, fft_run, fft_error, fft_fini,
                                             NULL};
