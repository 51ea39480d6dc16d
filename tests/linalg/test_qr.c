/* QR and least squares: A = Q R and Q' Q = I against __float128 on matrices of many kinds, answers
 * known exactly, what they refuse. */
#include "kinds.h"

#include <leat/factor.h>

#include <criterion/criterion.h>
#include <stdio.h>

/* ---- A = Q R ---- */

struct factors {
    const struct leat_linalg *k;
    struct watched a, t, q; /* q has all columns */
};

static struct factors factors_of(const struct leat_linalg *k, const struct watched *a,
                                 enum layout layout)
{
    uint32_t rows = a->m.rows, cols = a->m.cols, n = smaller(rows, cols);
    struct factors f = {k, copy_of(a), matrix_make(k->kind, smaller(n, LEAT_QR_PANEL), n, layout),
                        matrix_make(k->kind, rows, rows, layout)};
    size_t bytes = leat_qr_bytes(k, rows, cols), more = leat_qr_bytes(k, rows, rows);
    unsigned char *desk = desk_make(bytes), *other = desk_make(more);
    size_t aside = aside_of(&f.a);
    struct leat_diag diag = {0};
    cr_assert_eq(leat_qr(k, &f.a.m, &f.t.m, desk, bytes, &diag), 0, "%s", diag.text);
    cr_assert_eq(leat_qr_q(k, &f.a.m, &f.t.m, &f.q.m, other, more, &diag), 0, "%s", diag.text);
    cr_assert(desk_clean(desk, bytes) && desk_clean(other, more), "wrote behind the workspace");
    cr_assert_eq(aside_of(&f.a), aside, "wrote beside the elements of A");
    return f;
}

static void factors_free(struct factors *f)
{
    matrix_free(&f->a), matrix_free(&f->t), matrix_free(&f->q);
}

/* The largest |A - Q R| of a column, over |A| of it, in u; a column far below the largest element
 * may count as nothing. */
static double off_product(const struct factors *f, const struct watched *a)
{
    quad worst = 0, largest = 0;
    for (uint32_t i = 0; i < a->m.rows; i++)
        for (uint32_t j = 0; j < a->m.cols; j++)
            largest = fmaxl((long double)largest, fabsl((long double)get(a, i, j)));
    for (uint32_t j = 0; j < a->m.cols; j++) {
        quad off = 0, size = 0, least = f->k->kind == LEAT_F32 ? (quad)0x1p-126 : (quad)0x1p-1022;
        quad unit = largest == 0 ? 1 : largest; /* squares of quads overflow, too */
        for (uint32_t i = 0; i < a->m.rows; i++) {
            quad sum = get(a, i, j);
            for (uint32_t p = 0; p <= j && p < a->m.rows; p++)
                sum -= (quad)get(&f->q, i, p) * (quad)get(&f->a, p, j);
            off += sum / unit * (sum / unit);
            size += (quad)get(a, i, j) / unit * ((quad)get(a, i, j) / unit);
        }
        least = least / unit * (quad)unit_roundoff(f->k->kind) * 2; /* what a denormal rounds by */
        quad allowed = size + least * least * a->m.rows / (quad)0x1p-106;
        if (off > 0 && off / allowed > worst)
            worst = off / allowed;
    }
    return sqrt((double)worst) / unit_roundoff(f->k->kind);
}

static double allowed(uint32_t rows, uint32_t cols)
{
    return 4 * smaller(rows, cols) + 4 * log2(rows + 1.0);
}

static const uint32_t shapes[][2] = {{1, 1}, {2, 2}, {5, 1}, {1, 5}, {33, 33}, {70, 31}, {64, 65},
                                     {20, 40}, {90, 66}};
#define PAIRS (sizeof shapes / sizeof *shapes)

Test(qr, products_and_orthogonality_are_within_the_bound)
{
    unsigned layouts = 0;
    uint64_t seed = 5;
    double worst[2] = {0};
    EACH_TABLE(k)
        for (size_t s = 0; s < PAIRS; s++)
            for (int shape = RANDOM; shape < SHAPES; shape++, layouts++) {
                uint32_t rows = shapes[s][0], cols = shapes[s][1];
                if (k->isa == LEAT_ISA_BASE && rows > 40) /* the same bits: tests/conformance */
                    continue;
                struct watched a = make(k->kind, rows, cols, (enum shape_of)shape,
                                        (enum layout)(layouts % LAYOUTS), &seed);
                struct factors f = factors_of(k, &a, (enum layout)(layouts / LAYOUTS % LAYOUTS));
                double product = off_product(&f, &a) / allowed(rows, cols);
                double square = off_orthogonal(&f.q) / allowed(rows, cols);
                cr_assert_leq(product, 1, "%s %s [%u x %u] shape %d: A - QR %g",
                              leat_isa_name((enum leat_isa)k->isa), leat_kind_name(k->kind), rows,
                              cols, shape, product);
                cr_assert_leq(square, 1, "%s [%u x %u] shape %d: Q'Q - I %g",
                              leat_kind_name(k->kind), rows, cols, shape, square);
                worst[0] = fmax(worst[0], product);
                worst[1] = fmax(worst[1], square);
                factors_free(&f);
                matrix_free(&a);
            }
    printf("A - QR: %.3g of what is allowed, Q'Q - I: %.3g\n", worst[0], worst[1]);
}

Test(qr, applying_is_what_q_does)
{
    EACH_TABLE(k)
        for (int layout = ROWS; layout < LAYOUTS; layout++) {
            uint64_t seed = 11;
            uint32_t rows = 75, cols = 40, across = 3;
            struct watched a = make(k->kind, rows, cols, RANDOM, ROWS, &seed);
            struct factors f = factors_of(k, &a, ROWS);
            struct watched c = make(k->kind, rows, across, RANDOM, (enum layout)layout, &seed);
            size_t bytes = leat_qr_bytes(k, rows, across);
            for (int transposed = 0; transposed < 2; transposed++) {
                struct watched got = copy_of(&c);
                unsigned char *desk = desk_make(bytes);
                cr_assert_eq(leat_qr_apply(k, &f.a.m, &f.t.m, transposed, &got.m, desk, bytes,
                                           NULL), 0);
                cr_assert(desk_clean(desk, bytes));
                for (uint32_t i = 0; i < rows; i++)
                    for (uint32_t j = 0; j < across; j++) {
                        quad want = 0;
                        for (uint32_t p = 0; p < rows; p++)
                            want += (quad)(transposed ? get(&f.q, p, i) : get(&f.q, i, p)) *
                                    (quad)get(&c, p, j);
                        cr_assert_leq(fabs((double)(want - get(&got, i, j))),
                                      100 * unit_roundoff(k->kind));
                    }
                matrix_free(&got);
            }
            factors_free(&f);
            matrix_free(&a), matrix_free(&c);
        }
}

/* ---- least squares ---- */

static int fit(const struct leat_linalg *k, const struct watched *a, const struct watched *b,
               struct leat_diag *diag)
{
    size_t bytes = leat_least_squares_bytes(k, a->m.rows, a->m.cols, b->m.cols);
    unsigned char *desk = desk_make(bytes);
    int code = leat_least_squares(k, &a->m, &b->m, desk, bytes, diag);
    cr_assert(desk_clean(desk, bytes), "wrote behind the workspace");
    return code;
}

/* A line through (t, 3 + 2 t) with +1, -1, -1, +1 added in turn: at right angles to both columns,
 * so the answer is 3 and 2, and the residual's norm sqrt(rows). */
Test(least_squares, a_line_through_points_beside_it)
{
    EACH_TABLE(k)
        for (int layout = ROWS; layout < LAYOUTS; layout++) {
            uint32_t rows = 40;
            struct watched a = matrix_make(k->kind, rows, 2, (enum layout)layout);
            struct watched b = matrix_make(k->kind, rows, 2, (enum layout)(3 - layout));
            for (uint32_t i = 0; i < rows; i++) {
                set(&a, i, 0, 1), set(&a, i, 1, i);
                set(&b, i, 0, 3 + 2.0 * i + ((i + 1) / 2 % 2 == 0 ? 1 : -1));
                set(&b, i, 1, -(double)i);
            }
            cr_assert_eq(fit(k, &a, &b, NULL), 0);
            double u = unit_roundoff(k->kind), rest = 0;
            cr_expect_lt(fabs(get(&b, 0, 0) - 3), 200 * u);
            cr_expect_lt(fabs(get(&b, 1, 0) - 2), 20 * u);
            cr_expect_lt(fabs(get(&b, 0, 1)), 200 * u);
            cr_expect_lt(fabs(get(&b, 1, 1) + 1), 20 * u);
            for (uint32_t i = 2; i < rows; i++)
                rest += get(&b, i, 0) * get(&b, i, 0);
            cr_expect_lt(fabs(sqrt(rest) - sqrt(rows)), 300 * u);
            matrix_free(&a), matrix_free(&b);
        }
}

/* What is left is at right angles to the columns: |A' (A x - b)| <= c u |A| (|A| |x| + |b|). */
Test(least_squares, residuals_are_at_right_angles)
{
    uint64_t seed = 21;
    static const enum shape_of kinds[] = {RANDOM, GRADED_COLUMNS, POWERS};
    EACH_TABLE(k)
        for (size_t s = 0; s < 3; s++) {
            uint32_t rows = 80, cols = kinds[s] == POWERS ? (k->kind == LEAT_F32 ? 4 : 9) : 20;
            struct watched a = make(k->kind, rows, cols, kinds[s], ROWS, &seed), was = copy_of(&a);
            struct watched b = make(k->kind, rows, 1, RANDOM, ROWS, &seed), x = copy_of(&b);
            cr_assert_eq(fit(k, &a, &x, NULL), 0);
            for (uint32_t j = 0; j < cols; j++) {
                quad across = 0, size = 0, column = 0;
                for (uint32_t i = 0; i < rows; i++) {
                    quad r = -(quad)get(&b, i, 0), fits = 0;
                    for (uint32_t p = 0; p < cols; p++) {
                        quad term = (quad)get(&was, i, p) * (quad)get(&x, p, 0);
                        r += term;
                        fits += term < 0 ? -term : term;
                    }
                    across += r * (quad)get(&was, i, j);
                    column += (quad)get(&was, i, j) * (quad)get(&was, i, j);
                    size += (fits + (quad)fabs(get(&b, i, 0))) * (fits + (quad)fabs(get(&b, i, 0)));
                }
                double off = fabs((double)across) / sqrt((double)column * (double)size) /
                             unit_roundoff(k->kind);
                cr_expect_leq(off, allowed(rows, cols), "%s kind %zu column %u: %g",
                              leat_kind_name(k->kind), s, j, off);
            }
            matrix_free(&a), matrix_free(&was), matrix_free(&b), matrix_free(&x);
        }
}

/* ---- refusals ---- */

Test(qr, what_cannot_be_is_refused_by_name)
{
    EACH_TABLE(k) {
        struct leat_diag d;
        size_t bytes = 1 << 24;
        struct watched a = matrix_make(k->kind, 30, 20, ROWS);
        struct watched t = matrix_make(k->kind, 20, 20, ROWS);
        struct watched b = matrix_make(k->kind, 30, 30, ROWS);
        void *desk = allocate(bytes);
        struct leat_matrix x;
#define REFUSED(call, status, words) \
    cr_expect_eq(call, status, "%s: %d %s", words, d.code, d.text); \
    cr_expect(strstr(d.text, words) != NULL, "'%s' says nothing of %s", d.text, words)
        x = t.m, x.rows = 19;
        REFUSED(leat_qr(k, &a.m, &x, desk, bytes, &d), LEAT_ESHAPE, "T [19 x 20] is not [20 x 20]");
        x = a.m, x.rows = 20;
        REFUSED(leat_qr(k, &a.m, &x, desk, bytes, &d), LEAT_EINVAL, "A lies on T");
        REFUSED(leat_qr(k, &a.m, &t.m, desk, 64, &d), LEAT_ELIMIT, "workspace");
        set(&a, 29, 19, NAN);
        REFUSED(leat_qr(k, &a.m, &t.m, desk, bytes, &d), LEAT_EDATA, "(29, 19) is not a number");
        set(&a, 29, 19, -INFINITY);
        REFUSED(leat_least_squares(k, &a.m, &b.m, desk, bytes, &d), LEAT_EDATA, "is infinite");
        cr_expect_eq(get(&a, 0, 0), 0, "A was touched");
        set(&a, 29, 19, 0);
        REFUSED(leat_least_squares(k, &a.m, &b.m, desk, bytes, &d), LEAT_EDATA, "column 0 of A");
        uint64_t seed = 3;
        fill_random(&a, &seed);
        for (uint32_t i = 0; i < 30; i++) /* but for rounding, the sum of two before it */
            set(&a, i, 7, get(&a, i, 3) + get(&a, i, 5) / 3);
        REFUSED(leat_least_squares(k, &a.m, &b.m, desk, bytes, &d), LEAT_EDATA, "column 7 of A");
        x = leat_matrix_transposed(&a.m);
        REFUSED(leat_least_squares(k, &x, &b.m, desk, bytes, &d), LEAT_ESHAPE, "A [20 x 30]");
        x = b.m, x.cols = 19;
        REFUSED(leat_qr_q(k, &a.m, &t.m, &x, desk, bytes, &d), LEAT_ESHAPE, "20 to 30 columns");
        x = b.m, x.rows = 29;
        REFUSED(leat_qr_apply(k, &a.m, &t.m, true, &x, desk, bytes, &d), LEAT_ESHAPE,
                "C [29 x 30]");
        REFUSED(leat_qr_apply(k, &a.m, &t.m, true, &a.m, desk, bytes, &d), LEAT_EINVAL,
                "C lies on A");
        REFUSED(leat_qr_apply(k, &a.m, &t.m, true, &b.m, desk, 64, &d), LEAT_ELIMIT, "workspace");
        cr_expect_eq(leat_qr_bytes(k, UINT32_MAX, UINT32_MAX) == SIZE_MAX, false);
        free(desk);
        matrix_free(&a), matrix_free(&t), matrix_free(&b);
    }
}

Test(qr, empty_matrices_are_nothing_to_do)
{
    EACH_TABLE(k) {
        struct leat_matrix none = {0}, tall = {NULL, 5, 0, 1, 1}, wide = {NULL, 0, 5, 1, 1};
        size_t bytes = leat_qr_bytes(k, 5, 5) + leat_least_squares_bytes(k, 5, 5, 5);
        unsigned char *desk = desk_make(bytes);
        cr_expect_eq(leat_qr(k, &none, &none, desk, bytes, NULL), 0);
        cr_expect_eq(leat_qr(k, &tall, &none, desk, bytes, NULL), 0);
        cr_expect_eq(leat_qr(k, &wide, &none, desk, bytes, NULL), 0);
        struct watched b = matrix_make(k->kind, 5, 2, ROWS);
        cr_expect_eq(leat_least_squares(k, &tall, &b.m, desk, bytes, NULL), 0);
        cr_expect_eq(leat_triangle_solve(k, 0, &none, &wide, desk, bytes, NULL), 0);
        cr_expect_eq(leat_cholesky(k, 0, &none, desk, bytes, NULL), 0);
        cr_expect(desk_clean(desk, bytes));
        matrix_free(&b);
    }
}
