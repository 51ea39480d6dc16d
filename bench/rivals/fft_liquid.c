/* liquid's own complex transforms, from one array to another. */
#define _GNU_SOURCE
#include "fft_job.h"
#include "opened.h"

#include <stdlib.h>

static void *(*create)(unsigned n, void *in, void *out, int direction, int flags);
static int (*execute)(void *plan);
static int (*destroy)(void *plan);

struct plan {
    void *plan;
    float *in, *out;
};

static void *plan_of(uint32_t n, const float *re, const float *im)
{
    struct plan *p = bench_memory(sizeof *p);
    p->in = bench_memory((size_t)n * 2 * sizeof(float));
    p->out = bench_memory((size_t)n * 2 * sizeof(float));
    for (uint32_t t = 0; t < n; t++) {
        p->in[2 * t] = re[t];
        p->in[2 * t + 1] = im[t];
    }
    p->plan = create(n, p->in, p->out, 1, 0);
    if (p->plan == NULL)
        abort();
    return p;
}

static void transform(void *self) { execute(((struct plan *)self)->plan); }

static void bin(const void *self, uint32_t k, double *re, double *im)
{
    const struct plan *p = self;
    *re = (double)p->out[2 * k];
    *im = (double)p->out[2 * k + 1];
}

static void fini(void *self)
{
    struct plan *p = self;
    destroy(p->plan);
    free(p->in);
    free(p->out);
    free(p);
}

static void *setup(const struct bench_load *load, const char **why)
{
    static const struct fft_functions functions = {plan_of, transform, bin, fini};
    static const struct opened_name names[] = {{"fft_create_plan", &create},
                                               {"fft_execute", &execute},
                                               {"fft_destroy_plan", &destroy},
                                               {NULL, NULL}};
    *why = "install libliquid-dev";
    return opened_all(opened("libliquid.so.1"), names) ? fft_setup(load, &functions) : NULL;
}

const struct bench_subject bench_fft_liquid = {"liquid", setup, fft_run, fft_error, fft_fini, NULL};
