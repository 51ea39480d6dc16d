/* Leat's filters by the widest table that runs: as they choose, and each way by itself. */
#define _GNU_SOURCE
#include "filter_job.h"

#include <leat/filter.h>

#include <stdlib.h>

struct ours {
    struct leat_filter *filter;
    void *scratch;
    uint32_t n;
    enum leat_isa isa;
};

static void *make(enum leat_filter_way way, const float *taps, uint32_t taps_n, uint32_t n)
{
    struct ours *f = bench_memory(sizeof *f);
    double *h = bench_memory(taps_n * sizeof *h);
    for (uint32_t k = 0; k < taps_n; k++)
        h[k] = (double)taps[k];
    f->filter = bench_memory(leat_filter_bytes(way, taps_n, n, LEAT_F32));
    f->scratch = bench_memory(leat_filter_scratch(way, taps_n, n, LEAT_F32));
    f->n = n;
    f->isa = leat_isa_best();
    if (leat_filter_init(f->filter, way, h, taps_n, n, LEAT_F32, f->scratch) != LEAT_OK)
        abort();
    free(h);
    return f;
}

static void *make_auto(const float *h, uint32_t taps, uint32_t n)
{
    return make(LEAT_FILTER_AUTO, h, taps, n);
}
static void *make_products(const float *h, uint32_t taps, uint32_t n)
{
    return make(LEAT_FILTER_PRODUCTS, h, taps, n);
}
static void *make_spectra(const float *h, uint32_t taps, uint32_t n)
{
    return make(LEAT_FILTER_SPECTRA, h, taps, n);
}

static void run(void *self, float *out, const float *x)
{
    struct ours *f = self;
    leat_filter_run(f->filter, f->isa, out, x, f->n, f->scratch);
}

static void fini(void *self)
{
    struct ours *f = self;
    free(f->filter);
    free(f->scratch);
    free(f);
}

#define SUBJECT(way, text)                                                                   \
    static const struct filter_functions functions_##way = {make_##way, run, fini};          \
    static void *setup_##way(const struct bench_load *load, const char **why)                \
    {                                                                                        \
        (void)why;                                                                           \
        return filter_setup(load, &functions_##way);                                         \
    }                                                                                        \
    const struct bench_subject bench_filter_leat_##way = {text, setup_##way, filter_run,     \
                                                          filter_error, filter_fini, NULL};
SUBJECT(auto, "leat")
SUBJECT(products, "leat, products")
SUBJECT(spectra, "leat, spectra")
