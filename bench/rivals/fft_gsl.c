/* GSL's transforms by mixed radices, in place: the samples are copied in before each. */
#define _GNU_SOURCE
#include "fft_job.h"
#include "opened.h"

#include <stdlib.h>
#include <string.h>

static struct {
    void *(*table)(size_t n), *(*real_table)(size_t n);
    void *(*room)(size_t n), *(*real_room)(size_t n);
    int (*forward)(float *z, size_t step, size_t n, const void *table, void *room);
    int (*real)(float *x, size_t step, size_t n, const void *table, void *room);
    void (*table_free)(void *table), (*real_table_free)(void *table);
    void (*room_free)(void *room), (*real_room_free)(void *room);
} gsl;

struct plan {
    uint32_t n, width; /* floats a sample */
    float *given, *z;
    void *table, *room;
};

static void *plan_of(uint32_t n, const float *re, const float *im)
{
    struct plan *p = bench_memory(sizeof *p);
    p->n = n, p->width = im == NULL ? 1 : 2;
    p->given = bench_memory((size_t)n * p->width * sizeof(float));
    p->z = bench_memory((size_t)n * p->width * sizeof(float));
    for (uint32_t t = 0; t < n; t++) {
        p->given[t * p->width] = re[t];
        if (im != NULL)
            p->given[2 * t + 1] = im[t];
    }
    p->table = (im == NULL ? gsl.real_table : gsl.table)(n);
    p->room = (im == NULL ? gsl.real_room : gsl.room)(n);
    if (p->table == NULL || p->room == NULL)
        abort();
    return p;
}

static void transform(void *self)
{
    struct plan *p = self;
    memcpy(p->z, p->given, (size_t)p->n * p->width * sizeof(float));
    (p->width == 1 ? gsl.real : gsl.forward)(p->z, 1, p->n, p->table, p->room);
}

/* Of real samples re 0, re 1, im 1, re 2, …, of an even number of them the last is re n/2. */
static void bin(const void *self, uint32_t k, double *re, double *im)
{
    const struct plan *p = self;
    if (p->width == 2) {
        *re = (double)p->z[2 * k];
        *im = (double)p->z[2 * k + 1];
        return;
    }
    *re = (double)p->z[k == 0 ? 0 : 2 * k - 1];
    *im = k == 0 || 2 * k == p->n ? 0.0 : (double)p->z[2 * k];
}

static void fini(void *self)
{
    struct plan *p = self;
    (p->width == 1 ? gsl.real_table_free : gsl.table_free)(p->table);
    (p->width == 1 ? gsl.real_room_free : gsl.room_free)(p->room);
    free(p->given);
    free(p->z);
    free(p);
}

static void *setup(const struct bench_load *load, const char **why)
{
    static const struct fft_functions functions = {plan_of, transform, bin, fini};
    static const struct opened_name names[] = {
        {"gsl_fft_complex_wavetable_float_alloc", &gsl.table},
        {"gsl_fft_complex_wavetable_float_free", &gsl.table_free},
        {"gsl_fft_complex_workspace_float_alloc", &gsl.room},
        {"gsl_fft_complex_workspace_float_free", &gsl.room_free},
        {"gsl_fft_complex_float_forward", &gsl.forward},
        {"gsl_fft_real_wavetable_float_alloc", &gsl.real_table},
        {"gsl_fft_real_wavetable_float_free", &gsl.real_table_free},
        {"gsl_fft_real_workspace_float_alloc", &gsl.real_room},
        {"gsl_fft_real_workspace_float_free", &gsl.real_room_free},
        {"gsl_fft_real_float_transform", &gsl.real},
        {NULL, NULL},
    };
    *why = "install libgsl-dev";
    return opened_all(opened("libgsl.so.27"), names) ? fft_setup(load, &functions) : NULL;
}

const struct bench_subject bench_fft_gsl = {"GSL", setup, fft_run, fft_error, fft_fini, NULL};
