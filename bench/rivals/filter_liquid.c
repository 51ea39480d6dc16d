/* liquid's filters: products, and spectra in blocks of the length that is fastest here among those
 * of one to eight times the taps. Both are streams, which begin anew with each row: the samples
 * before it go in first. */
#define _GNU_SOURCE
#include "filter_job.h"
#include "opened.h"

#include <stdlib.h>
#include <string.h>

struct liquid {
    void *(*fir_create)(float *h, unsigned taps);
    void *(*fft_create)(float *h, unsigned taps, unsigned block);
    int (*fir_write)(void *filter, float *x, unsigned n);
    int (*fir_execute)(void *filter, float *x, unsigned n, float *out);
    int (*fft_execute)(void *filter, float *x, float *out);
    int (*fir_reset)(void *filter), (*fft_reset)(void *filter);
    int (*fir_destroy)(void *filter), (*fft_destroy)(void *filter);
};

static struct liquid liquid;

struct filter {
    void *filter;
    uint32_t taps, n, block;
    float *in, *out; /* [block] */
};

static struct filter *filter_of(void *filter, uint32_t taps, uint32_t n, uint32_t block)
{
    struct filter *f = bench_memory(sizeof *f);
    if (filter == NULL)
        abort();
    *f = (struct filter){filter, taps, n, block, bench_memory(block * sizeof(float)),
                         bench_memory(block * sizeof(float))};
    return f;
}

static void filter_free(struct filter *f, int (*destroy)(void *filter))
{
    destroy(f->filter);
    free(f->in);
    free(f->out);
    free(f);
}

static void *make_products(const float *h, uint32_t taps, uint32_t n)
{
    return filter_of(liquid.fir_create((float *)h, taps), taps, n, 1);
}

static void run_products(void *self, float *out, const float *x)
{
    struct filter *f = self;
    liquid.fir_reset(f->filter);
    liquid.fir_write(f->filter, (float *)x - (f->taps - 1), f->taps - 1);
    liquid.fir_execute(f->filter, (float *)x, f->n, out);
}

static void fini_products(void *self) { filter_free(self, liquid.fir_destroy); }

static void run_spectra(void *self, float *out, const float *x)
{
    struct filter *f = self;
    uint32_t before = f->taps - 1, all = before + f->n;
    liquid.fft_reset(f->filter);
    for (uint32_t at = 0; at < all; at += f->block) {
        uint32_t left = all - at < f->block ? all - at : f->block;
        uint32_t skip = at < before ? before - at < left ? before - at : left : 0;
        memcpy(f->in, x - before + at, left * sizeof(float));
        liquid.fft_execute(f->filter, f->in, f->out);
        memcpy(out + at + skip - before, f->out + skip, (left - skip) * sizeof(float));
    }
}

static void fini_spectra(void *self) { filter_free(self, liquid.fft_destroy); }

static void *block_of(const float *h, uint32_t taps, uint32_t n, uint32_t block)
{
    return filter_of(liquid.fft_create((float *)h, taps, block), taps, n, block);
}

static void *make_spectra(const float *h, uint32_t taps, uint32_t n)
{
    static const struct filter_functions any = {NULL, run_spectra, fini_spectra};
    return filter_fastest(&any, block_of, h, taps, n, taps, 8 * taps);
}

static bool found(const char **why)
{
    static const struct opened_name names[] = {
        {"firfilt_rrrf_create", &liquid.fir_create},
        {"firfilt_rrrf_write", &liquid.fir_write},
        {"firfilt_rrrf_execute_block", &liquid.fir_execute},
        {"firfilt_rrrf_reset", &liquid.fir_reset},
        {"firfilt_rrrf_destroy", &liquid.fir_destroy},
        {"fftfilt_rrrf_create", &liquid.fft_create},
        {"fftfilt_rrrf_execute", &liquid.fft_execute},
        {"fftfilt_rrrf_reset", &liquid.fft_reset},
        {"fftfilt_rrrf_destroy", &liquid.fft_destroy},
        {NULL, NULL},
    };
    *why = "install libliquid-dev";
    return opened_all(opened("libliquid.so.1"), names);
}

#define SUBJECT(way, text)                                                                   \
    static const struct filter_functions functions_##way = {make_##way, run_##way,           \
                                                            fini_##way};                     \
    static void *setup_##way(const struct bench_load *load, const char **why)                \
    {                                                                                        \
        return found(why) ? filter_setup(load, &functions_##way) : NULL;                     \
    }                                                                                        \
    const struct bench_subject bench_filter_liquid_##way = {text, setup_##way, filter_run,   \
                                                            filter_error, filter_fini, NULL};
SUBJECT(products, "liquid, products")
SUBJECT(spectra, "liquid, spectra")
