/* Transforms against sums in __float128, and against what transforms must obey. */
#include "oracle.h"

#include <criterion/criterion.h>

struct job {
    const struct leat_fft *k;
    size_t n, bins;
    void *plan, *scratch;
    void *re, *im, *in_re, *in_im; /* rows of the kind */
};

static struct job job_make(const struct leat_fft *k, enum leat_fft_type type, size_t n)
{
    struct job j = {.k = k, .n = n, .bins = type == LEAT_FFT_REAL ? n / 2 + 1 : n};
    j.plan = allocate(leat_fft_bytes(type, n, k->kind));
    j.scratch = allocate(leat_fft_scratch(type, n, k->kind));
    size_t bytes = (n + 2) * 8;
    j.re = allocate(bytes), j.im = allocate(bytes);
    j.in_re = allocate(bytes), j.in_im = allocate(bytes);
    cr_assert_eq(leat_fft_init(j.plan, type, n, k->kind, j.scratch), 0);
    return j;
}

static void job_free(struct job *j)
{
    free(j->plan), free(j->scratch), free(j->re), free(j->im), free(j->in_re), free(j->in_im);
}

static void fill(struct job *j, double *re, double *im, uint64_t seed)
{
    for (size_t t = 0; t < j->n; t++) {
        re[t] = random_unit(&seed);
        im[t] = random_unit(&seed);
        set(j->k->kind, j->in_re, t, re[t]);
        set(j->k->kind, j->in_im, t, im[t]);
    }
}

static double square(struct cplx z) { return (double)(z.re * z.re + z.im * z.im); }

/* The square of the relative error of a transform of re and im (real: of re). */
static double measure(struct job *j, const struct cplx *want, bool real)
{
    double error = 0, norm = 0;
    if (real)
        j->k->real_forward(j->plan, j->re, j->im, j->in_re, j->scratch);
    else
        j->k->forward(j->plan, j->re, j->im, j->in_re, j->in_im, j->scratch);
    for (size_t i = 0; i < j->bins; i++) {
        error += square((struct cplx){(quad)get(j->k->kind, j->re, i) - want[i].re,
                                      (quad)get(j->k->kind, j->im, i) - want[i].im});
        norm += square(want[i]);
    }
    return error / norm;
}

/* Root mean square over `trials` inputs, all bins, both kinds. */
static void check_length(size_t n, int trials, enum leat_isa isa, bool real)
{
    struct cplx *w = roots_of_unity(n), *want = allocate(n * sizeof *want);
    double *re = allocate(n * 8), *im = allocate(n * 8), total[2] = {0};
    struct job job[2];
    EACH_KIND(k, isa)
        job[k->kind - LEAT_F32] = job_make(k, real ? LEAT_FFT_REAL : LEAT_FFT_COMPLEX, n);
    for (int trial = 0; trial < trials; trial++) {
        for (int i = 0; i < 2; i++)
            fill(&job[i], re, im, n * 100 + (uint64_t)trial);
        if (real)
            memset(im, 0, n * 8);
        bins_of(want, w, re, im, n, 1);
        for (int i = 0; i < 2; i++)
            total[i] += measure(&job[i], want, real);
    }
    for (int i = 0; i < 2; i++) {
        uint32_t kind = job[i].k->kind;
        double u = unit_roundoff(kind), error = sqrt(total[i] / trials);
        cr_expect(error <= error_bound(kind, n), "%s, n %zu, %s: %.3g u, allowed %.3g",
                  real ? "real" : "complex", n, leat_kind_name(kind), error / u,
                  error_bound(kind, n) / u);
        job_free(&job[i]);
    }
    free(w), free(want), free(re), free(im);
}

/* The oracle's recursion is itself held to plain sums. */
Test(oracle, recursion_and_sums_agree)
{
    for (size_t n = 1; n <= 60; n++) {
        struct cplx *w = roots_of_unity(n), *all = allocate(n * sizeof *all);
        double *re = allocate(n * 8), *im = allocate(n * 8);
        uint64_t seed = n;
        for (size_t t = 0; t < n; t++) {
            re[t] = random_unit(&seed);
            im[t] = random_unit(&seed);
        }
        bins_of(all, w, re, im, n, 1);
        for (size_t k = 0; k < n; k++) {
            struct cplx one = bin_of(w, re, im, n, k);
            one.re -= all[k].re;
            one.im -= all[k].im;
            cr_assert_leq(square(one), 1e-56, "n %zu, bin %zu", n, k);
        }
        free(w), free(all), free(re), free(im);
    }
}

Test(fft, every_length_to_300_is_within_its_bound, .timeout = 280)
{
    for (size_t n = 1; n <= 300; n++)
        for (int real = 0; real < 2; real++)
            check_length(n, n < 64 ? 24 : 3, leat_isa_best(), real);
}

Test(fft, long_rows_are_within_their_bound, .timeout = 280)
{
    static const size_t lengths[] = {331,  512,  640,  729,  1000,  1009,  1024, 2048, 2310,
                                     3125, 4096, 6561, 7920, 16384, 16807, 65536};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (int real = 0; real < 2; real++)
            check_length(lengths[i], 1, leat_isa_best(), real);
}

Test(fft, base_is_within_its_bound_too)
{
    static const size_t lengths[] = {2, 3, 4, 5, 7, 8, 11, 15, 60, 64, 105, 127, 512};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (int real = 0; real < 2; real++)
            check_length(lengths[i], 24, LEAT_ISA_BASE, real);
}

/* The largest difference of two rows. */
static double apart(uint32_t kind, const void *a, const void *b, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs(get(kind, a, i) - get(kind, b, i)));
    return worst;
}

Test(fft, the_inverse_gives_the_samples_back)
{
    for (size_t n = 1; n <= 200; n++)
        EACH_KIND(k, leat_isa_best()) {
            struct job c = job_make(k, LEAT_FFT_COMPLEX, n), r = job_make(k, LEAT_FFT_REAL, n);
            double *re = allocate(n * 8), *im = allocate(n * 8);
            double allowed = 40 * unit_roundoff(k->kind);
            fill(&c, re, im, n);
            fill(&r, re, im, n);
            k->forward(c.plan, c.re, c.im, c.in_re, c.in_im, c.scratch);
            k->inverse(c.plan, c.re, c.im, c.re, c.im, c.scratch);
            cr_expect_leq(apart(k->kind, c.re, c.in_re, n), allowed, "n %zu", n);
            cr_expect_leq(apart(k->kind, c.im, c.in_im, n), allowed, "n %zu", n);
            k->real_forward(r.plan, r.re, r.im, r.in_re, r.scratch);
            k->real_inverse(r.plan, r.in_im, r.re, r.im, r.scratch);
            cr_expect_leq(apart(k->kind, r.in_im, r.in_re, n), allowed, "n %zu", n);
            free(re), free(im);
            job_free(&c), job_free(&r);
        }
}

/* In place, and the real transform beside the complex one: the same bits, and the same bins. */
Test(fft, in_place_gives_the_same_bits)
{
    static const size_t swept[] = {256, 512, 4096, 8192, 16384}; /* each way to end in sweeps */
    for (size_t i = 1; i <= 85; i++)
        EACH_KIND(k, leat_isa_best()) {
            size_t n = i < 70 ? i : i <= 80 ? 70 + 53 * (i - 70) : swept[i - 81];
            struct job c = job_make(k, LEAT_FFT_COMPLEX, n), r = job_make(k, LEAT_FFT_REAL, n);
            double *re = allocate(n * 8), *im = allocate(n * 8);
            size_t bytes = leat_kind_bytes(k->kind);
            fill(&c, re, im, n + 7);
            fill(&r, re, im, n + 7);
            k->forward(c.plan, c.re, c.im, c.in_re, c.in_im, c.scratch);
            k->forward(c.plan, c.in_re, c.in_im, c.in_re, c.in_im, c.scratch);
            cr_expect_arr_eq(c.re, c.in_re, n * bytes, "n %zu", n);
            cr_expect_arr_eq(c.im, c.in_im, n * bytes, "n %zu", n);
            k->real_forward(r.plan, r.re, r.im, r.in_re, r.scratch);
            k->real_forward(r.plan, r.in_re, r.in_im, r.in_re, r.scratch);
            cr_expect_arr_eq(r.re, r.in_re, r.bins * bytes, "n %zu", n);
            cr_expect_arr_eq(r.im, r.in_im, r.bins * bytes, "n %zu", n);
            cr_expect_eq(get(k->kind, r.im, 0), 0);
            if (n % 2 == 0)
                cr_expect_eq(get(k->kind, r.im, n / 2), 0);
            k->real_inverse(r.plan, r.re, r.re, r.im, r.scratch);
            k->real_inverse(r.plan, r.in_im, r.in_re, r.in_im, r.scratch);
            cr_expect_arr_eq(r.re, r.in_im, n * bytes, "n %zu", n);
            free(re), free(im);
            job_free(&c), job_free(&r);
        }
}

/* Between rows, in place, and with the rows changed over. */
static void expect_same(const struct job *j, const struct leat_fft *k, double *re, double *im)
{
    size_t bytes = j->n * leat_kind_bytes(k->kind);
    for (int how = 0; how < 3; how++) {
        double *x = how == 2 ? im : re, *y = how == 2 ? re : im;
        memcpy(re, j->in_re, bytes), memcpy(im, j->in_im, bytes);
        if (how == 0)
            k->forward(j->plan, re, im, j->in_re, j->in_im, j->scratch);
        else
            k->forward(j->plan, x, y, re, im, j->scratch);
        cr_expect_arr_eq(x, j->re, bytes, "n %zu, table %u, %d", j->n, k->isa, how);
        cr_expect_arr_eq(y, j->im, bytes, "n %zu, table %u, %d", j->n, k->isa, how);
    }
}

static void expect_same_real(const struct job *j, const struct leat_fft *k, double *re, double *im)
{
    size_t each = leat_kind_bytes(k->kind);
    for (int how = 0; how < 2; how++) {
        memcpy(re, j->in_re, j->n * each);
        k->real_forward(j->plan, re, im, how == 0 ? j->in_re : (void *)re, j->scratch);
        cr_expect_arr_eq(re, j->re, j->bins * each, "n %zu, table %u, %d", j->n, k->isa, how);
        cr_expect_arr_eq(im, j->im, j->bins * each, "n %zu, table %u, %d", j->n, k->isa, how);
    }
}

/* Rows that no near cache holds go in sweeps of more passes, the first two together where the last
 * one is in place then; every table in the same. */
Test(fft, far_rows_have_the_same_bits_everywhere)
{
    static const size_t lengths[] = {1 << 16, 1 << 17, 3 << 17, 1 << 18};
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++)
        for (size_t i = 0; i < 4; i++) {
            const struct leat_fft *best = leat_fft_kernels(leat_isa_best(), kind);
            struct job c = job_make(best, LEAT_FFT_COMPLEX, lengths[i]);
            struct job r = job_make(best, LEAT_FFT_REAL, lengths[i]);
            double *re = allocate(c.n * 8), *im = allocate(c.n * 8);
            fill(&c, re, im, c.n);
            best->forward(c.plan, c.re, c.im, c.in_re, c.in_im, c.scratch);
            fill(&r, re, im, r.n);
            best->real_forward(r.plan, r.re, r.im, r.in_re, r.scratch);
            for (unsigned isa = 0; isa < LEAT_ISAS; isa++) {
                const struct leat_fft *k = leat_fft_kernels((enum leat_isa)isa, kind);
                if (k == NULL || !leat_isa_usable((enum leat_isa)isa))
                    continue;
                expect_same(&c, k, re, im);
                expect_same_real(&r, k, re, im);
            }
            free(re), free(im);
            job_free(&c), job_free(&r);
        }
}

Test(fft, an_impulse_is_flat_and_a_constant_is_one_bin)
{
    for (size_t n = 1; n <= 128; n++)
        EACH_KIND(k, leat_isa_best()) {
            struct job j = job_make(k, LEAT_FFT_COMPLEX, n);
            double allowed = 40 * unit_roundoff(k->kind);
            set(k->kind, j.in_re, 0, 1);
            k->forward(j.plan, j.re, j.im, j.in_re, j.in_im, j.scratch);
            for (size_t i = 0; i < n; i++) {
                cr_expect_leq(fabs(get(k->kind, j.re, i) - 1), allowed, "n %zu", n);
                cr_expect_leq(fabs(get(k->kind, j.im, i)), allowed, "n %zu", n);
                set(k->kind, j.in_re, i, 1);
            }
            k->forward(j.plan, j.re, j.im, j.in_re, j.in_im, j.scratch);
            for (size_t i = 0; i < n; i++)
                cr_expect_leq(fabs(get(k->kind, j.re, i) - (i == 0 ? (double)n : 0)),
                              allowed * (double)n, "n %zu, bin %zu", n, i);
            job_free(&j);
        }
}

Test(fft, what_is_not_finite_reaches_every_bin)
{
    static const size_t lengths[] = {2, 5, 8, 11, 30, 64, 100};
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    for (int l = 0; l < 7; l++)
        for (int b = 0; b < 3; b++)
            EACH_KIND(k, leat_isa_best()) {
                struct job j = job_make(k, LEAT_FFT_COMPLEX, lengths[l]);
                set(k->kind, j.in_re, lengths[l] - 1, bad[b]);
                k->forward(j.plan, j.re, j.im, j.in_re, j.in_im, j.scratch);
                for (size_t i = 0; i < lengths[l]; i++)
                    cr_expect(!isfinite(get(k->kind, j.re, i)) ||
                              !isfinite(get(k->kind, j.im, i)), "n %zu, bin %zu", lengths[l], i);
                job_free(&j);
            }
}

Test(fft, lengths_and_kinds_that_cannot_be_are_refused)
{
    cr_expect_eq(leat_fft_bytes(LEAT_FFT_COMPLEX, 0, LEAT_F32), 0);
    cr_expect_eq(leat_fft_bytes(LEAT_FFT_REAL, LEAT_FFT_MAX + 1, LEAT_F32), 0);
    cr_expect_eq(leat_fft_bytes(LEAT_FFT_REAL, UINT64_MAX, LEAT_F32), 0);
    cr_expect_eq(leat_fft_scratch(LEAT_FFT_COMPLEX, 8, LEAT_I64), 0);
    cr_expect_eq(leat_fft_scratch((enum leat_fft_type)2, 8, LEAT_F64), 0);
    cr_expect_gt(leat_fft_bytes(LEAT_FFT_REAL, LEAT_FFT_MAX, LEAT_F64), LEAT_FFT_MAX * 8);
    cr_expect_eq(leat_fft_init(NULL, LEAT_FFT_REAL, 0, LEAT_F32, NULL), LEAT_ERANGE);
    cr_expect_eq(leat_fft_init(NULL, LEAT_FFT_REAL, 8, LEAT_I32, NULL), LEAT_EINVAL);
    cr_expect_null(leat_fft_kernels(LEAT_ISA_BASE, LEAT_I64));
}

/* A plan is bytes: a moved one does the same. */
Test(fft, a_plan_can_be_moved)
{
    const struct leat_fft *k = leat_fft_kernels(leat_isa_best(), LEAT_F32);
    struct job j = job_make(k, LEAT_FFT_REAL, 1006); /* 2 * 503: pairs, and Bluestein inside */
    double *re = allocate(j.n * 8), *im = allocate(j.n * 8);
    size_t bytes = leat_fft_bytes(LEAT_FFT_REAL, j.n, LEAT_F32);
    void *moved = allocate(bytes);
    fill(&j, re, im, 3);
    k->real_forward(j.plan, j.re, j.im, j.in_re, j.scratch);
    memcpy(moved, j.plan, bytes);
    memset(j.plan, 0xff, bytes);
    k->real_forward(moved, j.in_re, j.in_im, j.in_re, j.scratch);
    cr_expect_arr_eq(j.re, j.in_re, j.bins * sizeof(float));
    cr_expect_arr_eq(j.im, j.in_im, j.bins * sizeof(float));
    free(moved), free(re), free(im);
    job_free(&j);
}

/* ---- turns and tapers ---- */

#define PI 3.14159265358979323846L

/* I0 as the mean of e^(x cos) over a turn. */
static long double bessel(long double x)
{
    long double sum = 0;
    for (int m = 0; m < 200; m++)
        sum += expl(x * cosl(PI * (m + 0.5L) / 200));
    return sum / 200;
}

Test(turn, is_within_half_an_ulp_and_a_hundredth)
{
    static const uint64_t wholes[] = {1, 2, 3, 7, 8, 12, 360, 1009, 4096, 65537, 1u << 28};
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
        for (uint64_t j = 0, n = wholes[i]; j < 500; j++) {
            double c, s, unit = random_unit(&seed);
            uint64_t k = n <= 500 ? j : (uint64_t)((unit + 1) / 2 * (double)n);
            struct cplx want = root_of_unity(k, n);
            leat_turn(k, n, &c, &s);
            double re = (double)want.re, im = -(double)want.im;
            double ulp_c = nextafter(fabs(re), 2) - fabs(re), ulp_s = nextafter(fabs(im), 2) -
                                                                       fabs(im);
            bool quarter = 4 * k % n == 0;
            cr_assert(quarter || fabs((double)(c - want.re)) <= 0.51 * ulp_c, "%llu / %llu",
                      (unsigned long long)k, (unsigned long long)n);
            cr_assert(quarter || fabs((double)(s + want.im)) <= 0.51 * ulp_s, "%llu / %llu",
                      (unsigned long long)k, (unsigned long long)n);
            if (quarter)
                cr_assert(c == round(re) && s == round(im), "%llu", (unsigned long long)k);
        }
}

Test(taper, weights_are_what_they_are_defined_to_be)
{
    double w[64];
    float f[64];
    for (int taper = 0; taper < LEAT_TAPERS; taper++) {
        cr_assert_eq(leat_taper_fill(w, LEAT_F64, (enum leat_taper)taper, 64, 8.6), 0);
        cr_assert_eq(leat_taper_fill(f, LEAT_F32, (enum leat_taper)taper, 64, 8.6), 0);
        for (int i = 0; i < 64; i++) {
            long double c1 = cosl(2 * PI * i / 64), c2 = cosl(4 * PI * i / 64);
            long double x = 8.6 * sqrtl(1 - (2.0L * i / 64 - 1) * (2.0L * i / 64 - 1));
            const long double want[] = {1, 0.5L - 0.5L * c1, 0.54L - 0.46L * c1,
                                        0.42L - 0.5L * c1 + 0.08L * c2, bessel(x) / bessel(8.6)};
            double off = (double)fabsl(w[i] - want[taper]);
            cr_expect_leq(off, taper == LEAT_TAPER_KAISER ? 0x1p-49 : 0x1p-52, "taper %d, %d: %g",
                          taper, i, off);
            cr_expect_leq((double)fabsl((long double)f[i] - want[taper]), 0x1p-24, "taper %d, %d",
                          taper, i);
        }
    }
    cr_expect_eq(leat_taper_fill(w, LEAT_F64, (enum leat_taper)LEAT_TAPERS, 4, 0), LEAT_EINVAL);
    cr_expect_eq(leat_taper_fill(w, LEAT_I64, LEAT_TAPER_HANN, 4, 0), LEAT_EINVAL);
    cr_expect_eq(leat_taper_fill(w, LEAT_F64, LEAT_TAPER_KAISER, 4, NAN), LEAT_ERANGE);
    cr_expect_eq(leat_taper_fill(w, LEAT_F64, LEAT_TAPER_HANN, 1, 0), 0);
    cr_expect_eq(w[0], 1);
}
