/* Factors, singular values and eigenvalues beside LAPACK's, as OpenBLAS brings them. Both are near
 * what is exact, so near each other: values within both bounds, factors of matrices that are far
 * from singular within those times what their condition makes of them. Skips with a word where
 * OpenBLAS is not. */
#define _GNU_SOURCE
#include "kinds.h"

#include <leat/factor.h>

#include <dlfcn.h>
#include <stdio.h>

/* Fortran hands everything over by address, so one type serves both kinds; last, the lengths of
 * the words. */
static struct {
    void (*potrf)(const char *half, const int *n, void *a, const int *lda, int *info, size_t one);
    void (*geqrf)(const int *m, const int *n, void *a, const int *lda, void *tau, void *work,
                  const int *work_n, int *info);
    void (*gels)(const char *turned, const int *m, const int *n, const int *across, void *a,
                 const int *lda, void *b, const int *ldb, void *work, const int *work_n, int *info,
                 size_t one);
    void (*gesvd)(const char *u_wanted, const char *v_wanted, const int *m, const int *n, void *a,
                  const int *lda, void *sigma, void *u, const int *ldu, void *v, const int *ldv,
                  void *work, const int *work_n, int *info, size_t one, size_t another);
    void (*syev)(const char *wanted, const char *half, const int *n, void *a, const int *lda,
                 void *values, void *work, const int *work_n, int *info, size_t one,
                 size_t another);
} lapack;

#define WORK_N 20000
static double work[WORK_N], values[200]; /* for either kind */

static const struct leat_linalg *k;
static void *desk;
static size_t desk_bytes;
static int failures;

static void expect(bool good, const char *what, uint32_t m, uint32_t n, double off)
{
    if (good)
        return;
    printf("FAIL %s of %s [%u x %u]: %g\n", what, leat_kind_name(k->kind), m, n, off);
    failures++;
}

static bool load(void *library, char letter)
{
    static const char *const names[] = {"potrf", "geqrf", "gels", "gesvd", "syev"};
    void **const calls[] = {(void **)&lapack.potrf, (void **)&lapack.geqrf,
                            (void **)&lapack.gels, (void **)&lapack.gesvd,
                            (void **)&lapack.syev};
    for (size_t i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "%c%s_", letter, names[i]);
        if ((*calls[i] = dlsym(library, name)) == NULL)
            return false;
    }
    return true;
}

/* The largest difference of what stands on and above the diagonals, or below, or all. */
static double differ(const struct watched *a, const struct watched *b, bool upper, bool lower)
{
    double worst = 0;
    for (uint32_t i = 0; i < a->m.rows; i++)
        for (uint32_t j = 0; j < a->m.cols; j++)
            if ((upper && i <= j) || (lower && i >= j))
                worst = fmax(worst, fabs(get(a, i, j) - get(b, i, j)));
    return worst;
}

/* M + 2 n I: eigenvalues, and singular values, from n to 3 n, the largest element 2 n + 1. */
static struct watched sound(uint32_t n, bool symmetric, uint64_t *seed)
{
    struct watched a = make(k->kind, n, n, RANDOM, COLUMNS, seed);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < i && symmetric; j++)
            set(&a, j, i, get(&a, i, j));
        set(&a, i, i, get(&a, i, i) + 2 * n);
    }
    return a;
}

static void cholesky(uint32_t n, uint64_t *seed)
{
    struct watched a = sound(n, true, seed), b = copy_of(&a);
    int info, size = (int)n, lda = (int)a.m.col;
    if (leat_cholesky(k, LEAT_LOWER, &a.m, desk, desk_bytes, NULL) != LEAT_OK)
        exit(1);
    lapack.potrf("L", &size, b.m.data, &lda, &info, 1);
    double off = differ(&a, &b, false, true) / unit_roundoff(k->kind) / sqrt(2.0 * n + 1);
    expect(info == 0 && off <= 2 * (n + log2(n) + 3), "Cholesky", n, n, off);
    matrix_free(&a), matrix_free(&b);
}

/* R's rows have a sign that both choose alike. */
static void qr(uint32_t n, uint64_t *seed)
{
    struct watched a = sound(n, false, seed), b = copy_of(&a);
    struct watched t = matrix_make(k->kind, n < LEAT_QR_PANEL ? n : LEAT_QR_PANEL, n, ROWS);
    int info, size = (int)n, lda = (int)a.m.col, work_n = WORK_N;
    if (leat_qr(k, &a.m, &t.m, desk, desk_bytes, NULL) != LEAT_OK)
        exit(1);
    lapack.geqrf(&size, &size, b.m.data, &lda, values, work, &work_n, &info);
    double off = differ(&a, &b, true, false) / unit_roundoff(k->kind) / (3.0 * n);
    expect(info == 0 && off <= 2 * (4.0 * n + 4 * log2(n)), "R", n, n, off);
    matrix_free(&a), matrix_free(&b), matrix_free(&t);
}

/* Tall: a square that is far from singular, over rows of no more than 1. */
static void least_squares(uint32_t n, uint64_t *seed)
{
    uint32_t m = n + n / 2, across = 3;
    struct watched top = sound(n, false, seed), a = make(k->kind, m, n, RANDOM, COLUMNS, seed);
    struct watched b = make(k->kind, m, across, RANDOM, COLUMNS, seed);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++)
            set(&a, i, j, get(&top, i, j));
    struct watched c = copy_of(&a), d = copy_of(&b);
    int info, rows = (int)m, cols = (int)n, sides = (int)across, work_n = WORK_N;
    int lda = (int)a.m.col, ldb = (int)b.m.col;
    if (leat_least_squares(k, &a.m, &b.m, desk, desk_bytes, NULL) != LEAT_OK)
        exit(1);
    lapack.gels("N", &rows, &cols, &sides, c.m.data, &lda, d.m.data, &ldb, work, &work_n, &info, 1);
    b.m.rows = d.m.rows = n;
    double off = differ(&b, &d, true, true) / unit_roundoff(k->kind); /* x is about 1 / 2 n */
    expect(info == 0 && off <= 2 * (4.0 * n + 4 * log2(m)), "least squares", m, n, off);
    matrix_free(&top), matrix_free(&a), matrix_free(&b), matrix_free(&c), matrix_free(&d);
}

/* LAPACK's singular values, in values. */
static int singular(const struct watched *a)
{
    struct watched b = copy_of(a);
    int info, m = (int)a->m.rows, n = (int)a->m.cols, lda = (int)a->m.col, one = 1;
    int work_n = WORK_N;
    lapack.gesvd("N", "N", &m, &n, b.m.data, &lda, values, NULL, &one, NULL, &one, work, &work_n,
                 &info, 1, 1);
    matrix_free(&b);
    return info;
}

static void svd(uint32_t m, uint32_t n, enum shape_of shape, uint64_t *seed)
{
    struct watched a = make(k->kind, m, n, shape, COLUMNS, seed);
    double sigma[100], worst = 0, bound = 8.0 * smaller(m, n) + 4 * log2((double)m * n);
    if (leat_svd(k, &a.m, NULL, sigma, NULL, desk, desk_bytes, NULL) != LEAT_OK)
        exit(1);
    int info = singular(&a);
    for (uint32_t i = 0; i < smaller(m, n); i++)
        worst = fmax(worst, fabs(sigma[i] - get_flat(k->kind, values, i)));
    expect(info == 0 && worst <= 2 * bound * unit_roundoff(k->kind) * sigma[0], "singular values",
           m, n, worst / sigma[0]);
    matrix_free(&a);
}

static void eigen(uint32_t n, uint64_t *seed)
{
    struct watched a = make(k->kind, n, n, RANDOM, COLUMNS, seed), b = copy_of(&a);
    double found[100], worst = 0;
    int info, size = (int)n, lda = (int)a.m.col, work_n = WORK_N;
    if (leat_eigen(k, LEAT_LOWER, &a.m, found, NULL, desk, desk_bytes, NULL) != LEAT_OK)
        exit(1);
    lapack.syev("N", "L", &size, b.m.data, &lda, values, work, &work_n, &info, 1, 1);
    for (uint32_t i = 0; i < n; i++)
        worst = fmax(worst, fabs(found[i] - get_flat(k->kind, values, i)));
    worst /= unit_roundoff(k->kind) * n; /* |A| <= n, Frobenius */
    expect(info == 0 && worst <= 2 * (8.0 * n + 8), "eigenvalues", n, n, worst);
    matrix_free(&a), matrix_free(&b);
}

/* Values are never above the exact ones, and what is left out is what LAPACK says is left, or more,
 * and no more than the estimate. */
static void randomised(uint32_t m, uint32_t n, uint64_t *seed)
{
    enum { RANK = 6 };
    struct watched a = make(k->kind, m, n, GRADED_COLUMNS, COLUMNS, seed);
    struct leat_rsvd_how how = {.size = sizeof how, .rank = RANK, .oversampling = 8, .powers = 2,
                                .probes = 6, .seed = 1};
    double sigma[RANK], error, rest = 0, u = unit_roundoff(k->kind);
    if (leat_rsvd_dense(k, &a.m, &how, NULL, sigma, NULL, &error, desk, desk_bytes, NULL))
        exit(1);
    int info = singular(&a);
    double slack = (8.0 * (RANK + 8) + 768) * u * sigma[0];
    for (uint32_t i = 0; i < smaller(m, n); i++) {
        double exact = get_flat(k->kind, values, i);
        if (i < RANK)
            expect(fabs(sigma[i] - exact) <= 1e-3 * exact + slack && sigma[i] <= exact + slack,
                   "a leading value", m, n, sigma[i] - exact);
        else
            rest += exact * exact;
    }
    expect(info == 0 && error + slack >= sqrt(rest), "the estimate", m, n, error);
    matrix_free(&a);
}

int main(void)
{
    static const uint32_t sizes[] = {1, 2, 7, 48, 65, 97};
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        printf("no libopenblas.so.0, skipped\n");
        return 77;
    }
    uint64_t seed = 5;
    desk = allocate(desk_bytes = 1 << 24);
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++) {
        k = leat_linalg_kernels(leat_isa_best(), kind);
        if (!load(library, kind == LEAT_F32 ? 's' : 'd')) {
            printf("libopenblas.so.0 brings no LAPACK, skipped\n");
            return 77;
        }
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            uint32_t n = sizes[i];
            cholesky(n, &seed);
            qr(n, &seed);
            least_squares(n, &seed);
            eigen(n, &seed);
            for (int shape = RANDOM; shape <= REPEATED; shape++) {
                svd(n, 40, (enum shape_of)shape, &seed);
                svd(40, n, (enum shape_of)shape, &seed);
            }
            if (n > 7)
                randomised(n, 60, &seed), randomised(60, n, &seed);
        }
    }
    free(desk);
    printf(failures == 0 ? "ok\n" : "failed: %d\n", failures);
    return failures != 0;
}
