/* Batches beside FFTW's, as its users call it: many rows by one plan, forward and back, of long
 * rows one. Both are within the bound of what is exact, so within twice it of each other. Skips
 * with a word where FFTW is not.
 *
 *   fftw [long]    and rows of up to 2^22 samples */
#define _GNU_SOURCE
#include "oracle.h"

#include <dlfcn.h>
#include <stdio.h>

#define ROWS (n <= 2048 ? 21 : 1)
#define ESTIMATE (1u << 6) /* as FFTW numbers it */

typedef void *plan_many(int rank, const int *n, int howmany, void *in, const int *in_embed,
                        int in_stride, int in_dist, void *out, const int *out_embed,
                        int out_stride, int out_dist, int sign, unsigned flags);
typedef void execute(const void *plan);

struct fftw {
    plan_many *plan;
    execute *run, *fini;
};

static struct fftw open_fftw(const char *library, const char *prefix)
{
    struct fftw f = {NULL, NULL, NULL};
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL), *symbol[3];
    static const char *const names[] = {"plan_many_dft", "execute", "destroy_plan"};
    char name[64];
    for (int i = 0; i < 3 && handle != NULL; i++) {
        (void)snprintf(name, sizeof name, "%s_%s", prefix, names[i]);
        symbol[i] = dlsym(handle, name);
    }
    if (handle != NULL) {
        memcpy(&f.plan, &symbol[0], sizeof f.plan);
        memcpy(&f.run, &symbol[1], sizeof f.run);
        memcpy(&f.fini, &symbol[2], sizeof f.fini);
    }
    return f;
}

struct rows {
    void *re, *im, *pairs; /* [ROWS x n]: two planes, and samples of two parts */
};

static void compare_parts(uint32_t kind, const struct rows *got, const struct rows *want, size_t n,
                          double factor, double *worst)
{
    double error = 0, norm = 0;
    for (size_t i = 0; i < ROWS * n; i++) {
        double re = get(kind, want->pairs, 2 * i) * factor;
        double im = get(kind, want->pairs, 2 * i + 1) * factor;
        error += pow(get(kind, got->re, i) - re, 2) + pow(get(kind, got->im, i) - im, 2);
        norm += re * re + im * im;
    }
    double allowed = n > 1 ? 2 * error_bound(kind, n) : unit_roundoff(kind);
    *worst = fmax(*worst, sqrt(error / norm) / allowed);
}

static struct rows rows_make(size_t n)
{
    return (struct rows){allocate(ROWS * n * 8), allocate(ROWS * n * 8), allocate(ROWS * n * 16)};
}

static void rows_free(struct rows *r)
{
    free(r->re), free(r->im), free(r->pairs);
}

/* The largest difference, over what both may be off by together. */
static double compare(const struct fftw *f, const struct leat_fft *k, size_t n, bool inverse)
{
    struct rows in = rows_make(n), out = rows_make(n), want = rows_make(n);
    int length = (int)n;
    uint64_t seed = n;
    double worst = 0;
    void *theirs = f->plan(1, &length, ROWS, in.pairs, NULL, 1, length, want.pairs, NULL, 1,
                           length, inverse ? 1 : -1, ESTIMATE);
    for (size_t i = 0; i < ROWS * n; i++) {
        double re = random_unit(&seed), im = random_unit(&seed);
        set(k->kind, in.re, i, re), set(k->kind, in.pairs, 2 * i, re);
        set(k->kind, in.im, i, im), set(k->kind, in.pairs, 2 * i + 1, im);
    }
    void *plan = allocate(leat_fft_bytes(LEAT_FFT_COMPLEX, n, k->kind));
    void *scratch = allocate(leat_fft_scratch(LEAT_FFT_COMPLEX, n, k->kind));
    struct leat_fft_rows from = {in.re, in.im, (int64_t)n}, to = {out.re, out.im, (int64_t)n};
    if (theirs == NULL || leat_fft_init(plan, LEAT_FFT_COMPLEX, n, k->kind, scratch) != 0 ||
        leat_fft_batch(k, plan, inverse, &to, &from, ROWS, scratch, NULL) != 0)
        exit(1);
    f->run(theirs);
    compare_parts(k->kind, &out, &want, n, inverse ? 1.0 / (double)n : 1, &worst);
    f->fini(theirs);
    free(plan), free(scratch);
    rows_free(&in), rows_free(&out), rows_free(&want);
    return worst;
}

/* Of real rows: FFTW's complex transform of them, and Leat's way there and back. */
static double compare_real(const struct fftw *f, const struct leat_fft *k, size_t n)
{
    struct rows in = rows_make(n), out = rows_make(n), want = rows_make(n);
    int length = (int)n;
    size_t bins = n / 2 + 1;
    uint64_t seed = n;
    double error = 0, norm = 0, back = 0, given = 0;
    void *theirs = f->plan(1, &length, ROWS, in.pairs, NULL, 1, length, want.pairs, NULL, 1,
                           length, -1, ESTIMATE);
    for (size_t i = 0; i < ROWS * n; i++) {
        double x = random_unit(&seed);
        set(k->kind, in.re, i, x), set(k->kind, in.pairs, 2 * i, x);
        set(k->kind, in.pairs, 2 * i + 1, 0);
    }
    void *plan = allocate(leat_fft_bytes(LEAT_FFT_REAL, n, k->kind));
    void *scratch = allocate(leat_fft_scratch(LEAT_FFT_REAL, n, k->kind));
    struct leat_fft_rows x = {in.re, NULL, (int64_t)n}, z = {out.re, out.im, (int64_t)n};
    struct leat_fft_rows again = {in.im, NULL, (int64_t)n};
    if (theirs == NULL || leat_fft_init(plan, LEAT_FFT_REAL, n, k->kind, scratch) != 0 ||
        leat_fft_batch(k, plan, false, &z, &x, ROWS, scratch, NULL) != 0 ||
        leat_fft_batch(k, plan, true, &again, &z, ROWS, scratch, NULL) != 0)
        exit(1);
    f->run(theirs);
    for (size_t i = 0; i < ROWS * n; i++) {
        double re = get(k->kind, want.pairs, 2 * i), im = get(k->kind, want.pairs, 2 * i + 1);
        if (i % n < bins)
            error += pow(get(k->kind, out.re, i) - re, 2) + pow(get(k->kind, out.im, i) - im, 2);
        norm += i % n < bins ? re * re + im * im : 0;
        back += pow(get(k->kind, in.im, i) - get(k->kind, in.re, i), 2);
        given += pow(get(k->kind, in.re, i), 2);
    }
    double allowed = n > 1 ? 2 * error_bound(k->kind, n) : unit_roundoff(k->kind);
    f->fini(theirs);
    free(plan), free(scratch);
    rows_free(&in), rows_free(&out), rows_free(&want);
    return fmax(sqrt(error / norm), sqrt(back / given)) / allowed;
}

static double compare_all(const struct fftw of[2], size_t n)
{
    double worst = 0;
    EACH_KIND(k, leat_isa_best()) {
        const struct fftw *f = &of[k->kind == LEAT_F64];
        worst = fmax(worst, compare(f, k, n, false));
        worst = fmax(worst, compare(f, k, n, true));
        worst = fmax(worst, compare_real(f, k, n));
    }
    return worst;
}

int main(int argc, char **argv)
{
    static const size_t longer[] = {64,  75,  100, 105, 121,  125,  128,  200,
                                    210, 250, 256, 500, 512, 1000, 1009, 1024};
    static const size_t far[] = {1 << 17, 1 << 18, 3 << 17, 1 << 19, 1 << 20, 5 << 18,
                                 1 << 21, 1 << 22};
    const struct fftw of[2] = {open_fftw("libfftw3f.so.3", "fftwf"),
                               open_fftw("libfftw3.so.3", "fftw")};
    double worst = 0;
    if (of[0].plan == NULL || of[1].plan == NULL) {
        printf("no libfftw3f.so.3 or libfftw3.so.3, skipped\n");
        return 77;
    }
    for (size_t l = 1; l <= 56; l++)
        worst = fmax(worst, compare_all(of, l <= 40 ? l : longer[l - 41]));
    for (size_t l = 0; l < (argc > 1 && strcmp(argv[1], "long") == 0 ? 8 : 2); l++)
        worst = fmax(worst, compare_all(of, far[l]));
    printf("largest difference: %.3g of what is allowed\n", worst);
    return worst <= 1 ? 0 : 1;
}
