/* Singular values and eigenvalues: exact where they are known, and on matrices of many kinds the
 * products of what came out and their right angles against __float128: the values follow from them.
 */
#include "kinds.h"

#include <leat/factor.h>

#include <criterion/criterion.h>
#include <stdio.h>

struct parts {
    struct watched u, v;
    double *sigma;
};

static int decompose(const struct leat_linalg *k, const struct watched *a, struct parts *p,
                     enum layout layout, struct leat_diag *diag)
{
    uint32_t n = smaller(a->m.rows, a->m.cols);
    size_t bytes = leat_svd_bytes(k, a->m.rows, a->m.cols);
    unsigned char *desk = desk_make(bytes);
    *p = (struct parts){matrix_make(k->kind, a->m.rows, n, layout),
                        matrix_make(k->kind, a->m.cols, n, layout), allocate(n * sizeof(double))};
    size_t aside = aside_of(&p->u) + aside_of(&p->v);
    int code = leat_svd(k, &a->m, &p->u.m, p->sigma, &p->v.m, desk, bytes, diag);
    cr_assert(desk_clean(desk, bytes), "wrote behind the workspace");
    cr_assert_eq(aside_of(&p->u) + aside_of(&p->v), aside, "wrote beside U or V");
    return code;
}

static void parts_free(struct parts *p)
{
    matrix_free(&p->u), matrix_free(&p->v);
    free(p->sigma);
}

/* |A - U S V'| over |A|, Frobenius, in u. Everything relative to the largest element: squares of
 * quads overflow, too. */
static double off_product(const struct watched *a, const struct watched *u, const double *sigma,
                          const struct watched *v)
{
    double largest = 0;
    quad off = 0, size = 0, unit;
    for (uint32_t i = 0; i < a->m.rows; i++)
        for (uint32_t j = 0; j < a->m.cols; j++)
            largest = fmax(largest, fabs(get(a, i, j)));
    unit = largest == 0 ? 1 : (quad)largest;
    for (uint32_t i = 0; i < a->m.rows; i++)
        for (uint32_t j = 0; j < a->m.cols; j++) {
            quad sum = get(a, i, j) / unit;
            size += sum * sum;
            for (uint32_t p = 0; p < u->m.cols; p++)
                sum -= (quad)get(u, i, p) * (sigma[p] / unit) * (quad)get(v, j, p);
            off += sum * sum;
        }
    /* and what denormal values round by */
    double rest = 0x1p-1074 / largest / unit_roundoff(a->kind) * sqrt(u->m.cols);
    return off == 0 ? 0 : sqrt((double)(off / size)) / unit_roundoff(a->kind) - rest;
}

static double allowed(uint32_t rows, uint32_t cols)
{
    return 8 * smaller(rows, cols) + 4 * log2((double)rows * cols + 1);
}

static const uint32_t shapes[][2] = {{1, 1}, {2, 2}, {7, 1}, {1, 7}, {33, 33}, {50, 20}, {20, 34}};
#define PAIRS (sizeof shapes / sizeof *shapes)

Test(svd, products_and_right_angles_are_within_the_bound)
{
    unsigned layouts = 0;
    uint64_t seed = 15;
    double worst[3] = {0};
    EACH_TABLE(k)
        for (size_t s = 0; s < PAIRS; s++)
            for (int shape = RANDOM; shape < SHAPES; shape++, layouts++) {
                uint32_t rows = shapes[s][0], cols = shapes[s][1];
                if (k->isa == LEAT_ISA_BASE && rows > 30) /* the same bits: tests/conformance */
                    continue;
                struct watched a = make(k->kind, rows, cols, (enum shape_of)shape,
                                        (enum layout)(layouts % LAYOUTS), &seed);
                struct parts p;
                struct leat_diag diag;
                enum layout out = (enum layout)(layouts / LAYOUTS % LAYOUTS);
                cr_assert_eq(decompose(k, &a, &p, out, &diag), 0, "%s", diag.text);
                double off[] = {off_product(&a, &p.u, p.sigma, &p.v), off_orthogonal(&p.u),
                                off_orthogonal(&p.v)};
                for (int i = 0; i < 3; i++) {
                    cr_assert_leq(off[i], allowed(rows, cols), "%s [%u x %u] shape %d: %d off %g",
                                  leat_kind_name(k->kind), rows, cols, shape, i, off[i]);
                    worst[i] = fmax(worst[i], off[i] / allowed(rows, cols));
                }
                for (uint32_t i = 1; i < smaller(rows, cols); i++)
                    cr_assert(p.sigma[i] <= p.sigma[i - 1] && p.sigma[i] >= 0);
                parts_free(&p);
                matrix_free(&a);
            }
    printf("A - USV': %.3g of what is allowed, U'U - I: %.3g, V'V - I: %.3g\n", worst[0], worst[1],
           worst[2]);
}

/* Element of a matrix of ones and minus ones whose columns are at right angles (Sylvester). */
static double hadamard(uint32_t i, uint32_t j)
{
    return __builtin_parity(i & j) ? -1 : 1;
}

/* [64 x 16] with the singular values 2^(-i step), exactly. */
static struct watched known(uint32_t kind, int step)
{
    struct watched a = matrix_make(kind, 64, 16, ROWS);
    for (uint32_t i = 0; i < 64; i++)
        for (uint32_t j = 0; j < 16; j++) {
            double sum = 0;
            for (uint32_t p = 0; p < 16; p++)
                sum += hadamard(i, p) * hadamard(j, p) * ldexp(1, -(int)p * step) / 32;
            set(&a, i, j, sum);
        }
    return a;
}

Test(svd, known_values_come_out)
{
    EACH_TABLE(k)
        for (int step = 0; step < 3; step++) {
            struct watched a = known(k->kind, k->kind == LEAT_F32 && step > 1 ? 1 : step), wide = a;
            struct parts p;
            step = k->kind == LEAT_F32 && step > 1 ? 3 : step;
            for (int turned = 0; turned < 2; turned++) {
                wide.m = turned ? leat_matrix_transposed(&a.m) : a.m;
                cr_assert_eq(decompose(k, &wide, &p, ROWS, NULL), 0);
                for (uint32_t i = 0; i < 16; i++)
                    cr_expect_leq(fabs(p.sigma[i] - ldexp(1, -(int)i * (step > 2 ? 1 : step))),
                                  20 * unit_roundoff(k->kind), "step %d: %g", step, p.sigma[i]);
                parts_free(&p);
            }
            matrix_free(&a);
        }
}

Test(svd, values_alone_are_the_same)
{
    EACH_TABLE(k) {
        uint64_t seed = 6;
        struct watched a = make(k->kind, 30, 41, RANDOM, ROWS, &seed);
        struct parts p;
        double alone[30];
        size_t bytes = leat_svd_bytes(k, 30, 41);
        void *desk = allocate(bytes);
        cr_assert_eq(decompose(k, &a, &p, ROWS, NULL), 0);
        cr_assert_eq(leat_svd(k, &a.m, NULL, alone, NULL, desk, bytes, NULL), 0);
        cr_expect_arr_eq(alone, p.sigma, sizeof alone);
        parts_free(&p);
        free(desk);
        matrix_free(&a);
    }
}

/* ---- eigenvalues ---- */

static double *eigen(const struct leat_linalg *k, uint32_t how, const struct watched *a,
                     const struct watched *v)
{
    size_t bytes = leat_eigen_bytes(a->m.rows);
    unsigned char *desk = desk_make(bytes);
    double *values = allocate(a->m.rows * sizeof *values);
    struct leat_diag diag;
    cr_assert_eq(leat_eigen(k, how, &a->m, values, v ? &v->m : NULL, desk, bytes, &diag), 0, "%s",
                 diag.text);
    cr_assert(desk_clean(desk, bytes), "wrote behind the workspace");
    return values;
}

/* NaN in the half that is not read; the full matrix into `whole`. */
static struct watched symmetric(uint32_t kind, uint32_t n, enum shape_of shape, uint32_t how,
                                enum layout layout, struct watched *whole, uint64_t *seed)
{
    struct watched a = make(kind, n, n, shape, layout, seed);
    *whole = matrix_make(kind, n, n, ROWS);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j <= i; j++) {
            uint32_t r = how == LEAT_UPPER ? j : i, c = how == LEAT_UPPER ? i : j;
            set(whole, i, j, get(&a, r, c));
            set(whole, j, i, get(&a, r, c));
            if (i != j)
                set(&a, c, r, NAN);
        }
    return a;
}

Test(eigen, products_and_right_angles_are_within_the_bound)
{
    static const uint32_t sizes[] = {0, 1, 2, 3, 24, 40};
    unsigned layouts = 0;
    uint64_t seed = 8;
    double worst[2] = {0};
    EACH_TABLE(k)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int shape = RANDOM; shape < SHAPES; shape++, layouts++) {
                uint32_t n = sizes[s], how = layouts % 2;
                struct watched whole, v = matrix_make(k->kind, n, n, (enum layout)(layouts % 4));
                struct watched a = symmetric(k->kind, n, (enum shape_of)shape, how,
                                             (enum layout)(layouts / 2 % 4), &whole, &seed);
                double *values = eigen(k, how, &a, &v);
                double off[] = {off_product(&whole, &v, values, &v), off_orthogonal(&v)};
                for (int i = 0; i < 2; i++) {
                    cr_assert_leq(off[i], 8 * n + 8, "%s n %u shape %d: %d off %g",
                                  leat_kind_name(k->kind), n, shape, i, off[i]);
                    worst[i] = fmax(worst[i], off[i] / (8 * n + 8));
                }
                for (uint32_t i = 1; i < n; i++)
                    cr_assert_geq(values[i], values[i - 1]);
                free(values);
                matrix_free(&a), matrix_free(&v), matrix_free(&whole);
            }
    printf("A - VLV': %.3g of what is allowed, V'V - I: %.3g\n", worst[0], worst[1]);
}

/* 2 on the diagonal, -1 beside it: 4 sin^2(i pi / (2 n + 2)). */
Test(eigen, known_values_come_out)
{
    EACH_TABLE(k) {
        uint32_t n = 50;
        struct watched a = matrix_make(k->kind, n, n, ROWS);
        for (uint32_t i = 0; i < n; i++) {
            set(&a, i, i, 2);
            if (i > 0)
                set(&a, i, i - 1, -1);
        }
        double *values = eigen(k, LEAT_LOWER, &a, NULL), pi = 3.14159265358979323846;
        for (uint32_t i = 0; i < n; i++) {
            double half = sin((i + 1) * pi / (2 * n + 2));
            cr_expect_leq(fabs(values[i] - 4 * half * half), 100 * 0x1p-53, "%u: %g", i, values[i]);
        }
        free(values);
        matrix_free(&a);
    }
}

/* ---- refusals ---- */

Test(svd, what_cannot_be_is_refused_by_name)
{
    EACH_TABLE(k) {
        struct leat_diag d;
        size_t bytes = 1 << 22;
        struct watched a = matrix_make(k->kind, 9, 5, ROWS), u = matrix_make(k->kind, 9, 5, ROWS);
        struct watched v = matrix_make(k->kind, 5, 5, ROWS);
        void *desk = allocate(bytes);
        double s[9];
        struct leat_matrix x;
#define REFUSED(call, status, words) \
    cr_expect_eq(call, status, "%s: %d %s", words, d.code, d.text); \
    cr_expect(strstr(d.text, words) != NULL, "'%s' says nothing of %s", d.text, words)
        x = u.m, x.cols = 4;
        REFUSED(leat_svd(k, &a.m, &x, s, &v.m, desk, bytes, &d), LEAT_ESHAPE, "U [9 x 4] is not");
        REFUSED(leat_svd(k, &a.m, &u.m, s, &x, desk, bytes, &d), LEAT_ESHAPE, "V [9 x 4] is not");
        REFUSED(leat_svd(k, &a.m, &a.m, s, &v.m, desk, bytes, &d), LEAT_EINVAL, "U lies on A");
        x = u.m, x.rows = 5;
        REFUSED(leat_svd(k, &a.m, &u.m, s, &x, desk, bytes, &d), LEAT_EINVAL, "U lies on V");
        REFUSED(leat_svd(k, &a.m, &u.m, s, &v.m, desk, 640, &d), LEAT_ELIMIT, "workspace");
        set(&a, 8, 4, NAN);
        REFUSED(leat_svd(k, &a.m, &u.m, s, &v.m, desk, bytes, &d), LEAT_EDATA, "(8, 4) is not a");
        set(&a, 8, 4, INFINITY);
        REFUSED(leat_svd(k, &a.m, NULL, s, NULL, desk, bytes, &d), LEAT_EDATA, "(8, 4) is inf");
        REFUSED(leat_eigen(k, 0, &a.m, s, NULL, desk, bytes, &d), LEAT_ESHAPE, "A [9 x 5] is not");
        REFUSED(leat_eigen(k, 2, &v.m, s, NULL, desk, bytes, &d), LEAT_EINVAL, "2 is no half");
        REFUSED(leat_eigen(k, 0, &v.m, s, &u.m, desk, bytes, &d), LEAT_ESHAPE, "V [9 x 5] is not");
        REFUSED(leat_eigen(k, 0, &v.m, s, NULL, desk, 63, &d), LEAT_ELIMIT, "workspace");
        set(&v, 2, 1, NAN);
        REFUSED(leat_eigen(k, 0, &v.m, s, NULL, desk, bytes, &d), LEAT_EDATA, "(2, 1) is not a");
        cr_expect_eq(leat_eigen(k, LEAT_UPPER, &v.m, s, NULL, desk, bytes, &d), 0);
        cr_expect_eq(leat_svd_bytes(k, UINT32_MAX, UINT32_MAX), SIZE_MAX);
        cr_expect_eq(leat_eigen_bytes(UINT32_MAX), SIZE_MAX);
        free(desk);
        matrix_free(&a), matrix_free(&u), matrix_free(&v);
    }
}
