/* Overlap-save on FFTW: real transforms that it has measured, of the length that is fastest here
 * among those of two to sixteen times the taps. */
#define _GNU_SOURCE
#include "filter_job.h"

#include <fftw3.h>
#include <stdlib.h>
#include <string.h>

struct plan {
    fftwf_plan to, back;
    float *piece;
    fftwf_complex *spectrum, *taps;
    uint32_t taps_n, n, length;
};

static void *plan_of(const float *h, uint32_t taps, uint32_t n, uint32_t length)
{
    struct plan *p = bench_memory(sizeof *p);
    p->taps_n = taps, p->n = n, p->length = length;
    p->piece = fftwf_alloc_real(length);
    p->spectrum = fftwf_alloc_complex(length / 2 + 1);
    p->taps = fftwf_alloc_complex(length / 2 + 1);
    if (p->piece == NULL || p->spectrum == NULL || p->taps == NULL)
        abort();
    p->to = fftwf_plan_dft_r2c_1d((int)length, p->piece, p->spectrum, FFTW_MEASURE);
    p->back = fftwf_plan_dft_c2r_1d((int)length, p->spectrum, p->piece, FFTW_MEASURE);
    memset(p->piece, 0, length * sizeof(float));
    for (uint32_t k = 0; k < taps; k++)
        p->piece[k] = h[k] / (float)length;
    fftwf_execute(p->to);
    memcpy(p->taps, p->spectrum, (length / 2 + 1) * sizeof(fftwf_complex));
    return p;
}

static void run(void *self, float *out, const float *x)
{
    struct plan *p = self;
    uint32_t back = p->taps_n - 1, fresh = p->length - back;
    for (uint32_t at = 0; at < p->n; at += fresh) {
        uint32_t left = p->n - at < fresh ? p->n - at : fresh;
        memcpy(p->piece, x + at - back, (back + left) * sizeof(float));
        memset(p->piece + back + left, 0, (fresh - left) * sizeof(float));
        fftwf_execute(p->to);
        float *z = (float *)p->spectrum;
        const float *w = (const float *)p->taps;
        for (uint32_t k = 0; k < p->length + 2; k += 2) {
            float re = z[k] * w[k] - z[k + 1] * w[k + 1];
            z[k + 1] = z[k] * w[k + 1] + z[k + 1] * w[k];
            z[k] = re;
        }
        fftwf_execute(p->back);
        memcpy(out + at, p->piece + back, left * sizeof(float));
    }
}

static void fini(void *self)
{
    struct plan *p = self;
    fftwf_destroy_plan(p->to);
    fftwf_destroy_plan(p->back);
    fftwf_free(p->piece);
    fftwf_free(p->spectrum);
    fftwf_free(p->taps);
    free(p);
}

static void *make(const float *h, uint32_t taps, uint32_t n);
static const struct filter_functions functions = {make, run, fini};

static void *make(const float *h, uint32_t taps, uint32_t n)
{
    uint32_t length = 1;
    while (length < 2 * taps)
        length *= 2;
    return filter_fastest(&functions, plan_of, h, taps, n, length, 8 * length);
}

static void *setup(const struct bench_load *load, const char **why)
{
    (void)why;
    return filter_setup(load, &functions);
}

const struct bench_subject bench_filter_fftw = {"FFTW, overlap-save", setup, filter_run,
                                                filter_error, filter_fini, NULL};
