/* Triangular systems, symmetric products and Cholesky: exact on whole numbers, their bounds against
 * __float128, what they refuse, what they neither read nor write. */
#include "matrices.h"

#include <leat/factor.h>

#include <criterion/criterion.h>
#include <stdio.h>

static const uint32_t sizes[] = {0, 1, 2, 15, 16, 17, 33, 47, 48, 49, 100};
#define SIZES (sizeof sizes / sizeof *sizes)

/* Does element (i, j) belong to what is looked at? */
static bool inside(uint32_t how, uint32_t i, uint32_t j)
{
    return i == j ? !(how & LEAT_UNIT) : (how & LEAT_UPPER) ? i < j : i > j;
}

static double triangle_at(const struct watched *t, uint32_t how, uint32_t i, uint32_t j)
{
    return inside(how, i, j) ? get(t, i, j) : i == j && (how & LEAT_UNIT) ? 1 : 0;
}

/* What is not looked at becomes NaN: who reads it shows. */
static void hide(struct watched *t, uint32_t how)
{
    for (uint32_t i = 0; i < t->m.rows; i++)
        for (uint32_t j = 0; j < t->m.cols; j++)
            if (!inside(how, i, j))
                set(t, i, j, NAN);
}

static int solve(const struct leat_linalg *k, uint32_t how, const struct watched *t,
                 const struct watched *b, struct leat_diag *diag)
{
    size_t bytes = leat_triangle_bytes(k, b->m.rows, b->m.cols);
    unsigned char *desk = desk_make(bytes);
    int code = leat_triangle_solve(k, how, &t->m, &b->m, desk, bytes, diag);
    cr_assert(desk_clean(desk, bytes), "wrote behind the workspace");
    return code;
}

/* ---- triangles ---- */

/* Whole numbers: every sum of the substitution is exact, so X comes back as it was. */
static void check_whole(const struct leat_linalg *k, uint32_t n, uint32_t across, uint32_t how,
                        unsigned layouts)
{
    uint64_t seed = n * 1009u + across;
    struct watched t = matrix_make(k->kind, n, n, (enum layout)(layouts % LAYOUTS));
    struct watched b = matrix_make(k->kind, n, across, (enum layout)(layouts / LAYOUTS % LAYOUTS));
    struct watched x = matrix_make(k->kind, n, across, ROWS);
    fill_whole(&t, &seed, 2);
    fill_whole(&x, &seed, 8);
    for (uint32_t i = 0; i < n; i++)
        set(&t, i, i, i % 3 == 0 ? -2 : i % 3 == 1 ? 41 : 49); /* n (1 / n) is not 1: f32, f64 */
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < across; j++) {
            double sum = 0;
            for (uint32_t p = 0; p < n; p++)
                sum += triangle_at(&t, how, i, p) * get(&x, p, j);
            set(&b, i, j, sum);
        }
    hide(&t, how);
    size_t aside = aside_of(&b);
    cr_assert_eq(solve(k, how, &t, &b, NULL), 0);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < across; j++)
            cr_assert_eq(get(&b, i, j), get(&x, i, j),
                         "%s %s n %u how %u layouts %u: (%u, %u) is %g, not %g",
                         leat_isa_name((enum leat_isa)k->isa), leat_kind_name(k->kind), n, how,
                         layouts, i, j, get(&b, i, j), get(&x, i, j));
    cr_assert_lt(aside_of(&b), aside + 1, "wrote beside the elements of B");
    matrix_free(&t), matrix_free(&b), matrix_free(&x);
}

Test(triangle, whole_numbers_are_exact_in_every_layout)
{
    static const uint32_t across[] = {1, 3, 70};
    unsigned layouts = 0;
    EACH_TABLE(k)
        for (size_t s = 0; s < SIZES; s++)
            for (size_t a = 0; a < 3; a++)
                for (uint32_t how = 0; how < 4; how++)
                    check_whole(k, sizes[s], across[a], how, layouts++);
}

/* |B - T X| over what is allowed, at worst. */
static double residual(const struct watched *t, uint32_t how, const struct watched *b,
                       const struct watched *x)
{
    double worst = 0, n = t->m.rows, u = unit_roundoff(t->kind);
    double h = n + log2(n + 1) + 2, gamma = h * u / (1 - h * u);
    for (uint32_t i = 0; i < t->m.rows; i++)
        for (uint32_t j = 0; j < b->m.cols; j++) {
            quad off = get(b, i, j), size = 0;
            for (uint32_t p = 0; p < t->m.rows; p++) {
                quad term = (quad)triangle_at(t, how, i, p) * (quad)get(x, p, j);
                off -= term;
                size += term < 0 ? -term : term;
            }
            worst = fmax(worst, fabs((double)(off / (gamma * size + (quad)0x1p-1000))));
        }
    return worst;
}

Test(triangle, residuals_are_within_the_bound_at_any_scale)
{
    static const double scales[] = {1, 0x1p-60, 0x1p60, 0x1p-120};
    uint64_t seed = 7;
    EACH_TABLE(k)
        for (uint32_t how = 0; how < 4; how++)
            for (size_t s = 0; s < 4; s++) {
                struct watched t = matrix_make(k->kind, 90, 90, ROWS);
                struct watched b = matrix_make(k->kind, 90, 5, ROWS), x = b;
                fill_random(&t, &seed); /* its condition grows as 2^n */
                fill_random(&b, &seed);
                for (uint32_t i = 0; i < 90; i++)
                    for (uint32_t j = 0; j < 90; j++)
                        set(&t, i, j, (i == j ? 2 + get(&t, i, j) : get(&t, i, j)) *
                                          (how & LEAT_UNIT ? 1 : scales[s]));
                x.memory = allocate(b.n * leat_kind_bytes(k->kind));
                memcpy(x.memory, b.memory, b.n * leat_kind_bytes(k->kind));
                x.m.data = (char *)x.memory + leat_kind_bytes(k->kind);
                cr_assert_eq(solve(k, how, &t, &x, NULL), 0);
                double worst = residual(&t, how, &b, &x);
                cr_assert_leq(worst, 1, "%s how %u: %g", leat_kind_name(k->kind), how, worst);
                matrix_free(&t), matrix_free(&b), matrix_free(&x);
            }
}

Test(triangle, transposed_views_solve_from_the_right)
{
    EACH_TABLE(k) {
        uint64_t seed = 4;
        struct watched t = matrix_make(k->kind, 40, 40, ROWS);
        struct watched b = matrix_make(k->kind, 7, 40, ROWS);
        fill_whole(&t, &seed, 1);
        for (uint32_t i = 0; i < 40; i++)
            set(&t, i, i, 2);
        for (uint32_t j = 0; j < 7; j++) /* B = X T of X all ones */
            for (uint32_t i = 0; i < 40; i++) {
                double sum = 0;
                for (uint32_t p = i; p < 40; p++)
                    sum += get(&t, p, i);
                set(&b, j, i, sum);
            }
        hide(&t, LEAT_LOWER);
        struct watched turned_t = t, turned_b = b;
        turned_t.m = leat_matrix_transposed(&t.m);
        turned_b.m = leat_matrix_transposed(&b.m);
        cr_assert_eq(solve(k, LEAT_UPPER, &turned_t, &turned_b, NULL), 0);
        for (uint32_t j = 0; j < 7; j++)
            for (uint32_t i = 0; i < 40; i++)
                cr_expect_eq(get(&b, j, i), 1);
        matrix_free(&t), matrix_free(&b);
    }
}

/* ---- symmetric products ---- */

Test(symmetric, halves_are_the_products_bits)
{
    unsigned layouts = 0;
    EACH_TABLE(k)
        for (size_t s = 0; s < SIZES; s++)
            for (uint32_t how = 0; how < 2; how++, layouts++) {
                uint32_t n = sizes[s], depth = s % 2 == 0 ? 400 : 30;
                uint64_t seed = 3;
                double beta = layouts % 3 == 0 ? 0 : -0.5;
                struct watched a = matrix_make(k->kind, n, depth, (enum layout)(layouts % LAYOUTS));
                struct watched c = matrix_make(k->kind, n, n, (enum layout)(layouts / 4 % LAYOUTS));
                struct watched whole = matrix_make(k->kind, n, n, ROWS);
                fill_random(&a, &seed);
                fill_random(&c, &seed);
                hide(&c, how);
                for (uint32_t i = 0; i < n; i++)
                    for (uint32_t j = 0; j < n; j++)
                        set(&whole, i, j, inside(how, i, j) ? get(&c, i, j) : 0);
                struct leat_matrix turned = leat_matrix_transposed(&a.m);
                size_t bytes = leat_symmetric_bytes(k, n, depth);
                size_t more = leat_gemm_bytes(k, n, n, depth);
                unsigned char *desk = desk_make(bytes), *other = desk_make(more);
                cr_assert_eq(leat_symmetric_product(k, how, 1.25, &a.m, beta, &c.m, desk, bytes,
                                                    NULL), 0);
                cr_assert_eq(leat_gemm(k, 1.25, &a.m, &turned, beta, &whole.m, other, more, NULL),
                             0);
                for (uint32_t i = 0; i < n; i++)
                    for (uint32_t j = 0; j < n; j++)
                        if (inside(how, i, j))
                            cr_assert_eq(get(&c, i, j), get(&whole, i, j));
                        else
                            cr_assert(isnan(get(&c, i, j)), "wrote the other half");
                cr_assert(desk_clean(desk, bytes) && desk_clean(other, more));
                matrix_free(&a), matrix_free(&c), matrix_free(&whole);
            }
}

/* ---- Cholesky ---- */

static int cholesky(const struct leat_linalg *k, uint32_t how, const struct watched *a,
                    struct leat_diag *diag)
{
    size_t bytes = leat_cholesky_bytes(k, a->m.rows);
    unsigned char *desk = desk_make(bytes);
    int code = leat_cholesky(k, how, &a->m, desk, bytes, diag);
    cr_assert(desk_clean(desk, bytes), "wrote behind the workspace");
    return code;
}

/* L of whole numbers into A = L L': every sum of the factoring is exact. */
static void make_whole(struct watched *a, struct watched *l, uint64_t *seed)
{
    uint32_t n = a->m.rows;
    fill_whole(l, seed, 2);
    for (uint32_t i = 0; i < n; i++)
        set(l, i, i, i % 2 == 0 ? 2 : 1);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) {
            double sum = 0;
            for (uint32_t p = 0; p <= i && p <= j; p++)
                sum += get(l, i, p) * get(l, j, p);
            set(a, i, j, sum);
        }
}

Test(cholesky, whole_numbers_are_exact_in_every_layout)
{
    unsigned layouts = 0;
    uint64_t seed = 9;
    EACH_TABLE(k)
        for (size_t s = 0; s < SIZES; s++)
            for (uint32_t how = 0; how < 2; how++, layouts++) {
                uint32_t n = sizes[s];
                struct watched a = matrix_make(k->kind, n, n, (enum layout)(layouts % LAYOUTS));
                struct watched l = matrix_make(k->kind, n, n, ROWS);
                make_whole(&a, &l, &seed);
                hide(&a, how);
                cr_assert_eq(cholesky(k, how, &a, NULL), 0);
                for (uint32_t i = 0; i < n; i++)
                    for (uint32_t j = 0; j < n; j++)
                        if (inside(how, i, j))
                            cr_assert_eq(get(&a, i, j), how == 0 ? get(&l, i, j) : get(&l, j, i));
                        else
                            cr_assert(isnan(get(&a, i, j)), "wrote the other half");
                matrix_free(&a), matrix_free(&l);
            }
}

/* |L L' - A| over what is allowed, at worst; A is of `make`. */
static double cholesky_off(const struct leat_linalg *k, uint32_t n,
                           double (*make)(uint32_t i, uint32_t j))
{
    struct watched a = matrix_make(k->kind, n, n, SCATTERED);
    double worst = 0, u = unit_roundoff(k->kind), h = n + log2(n) + 3;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++)
            set(&a, i, j, make(i, j));
    cr_assert_eq(cholesky(k, LEAT_LOWER, &a, NULL), 0);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j <= i; j++) {
            double was = k->kind == LEAT_F32 ? (double)(float)make(i, j) : make(i, j);
            quad off = was, size = 0;
            for (uint32_t p = 0; p <= j; p++) {
                quad term = (quad)get(&a, i, p) * (quad)get(&a, j, p);
                off -= term;
                size += term < 0 ? -term : term;
            }
            worst = fmax(worst, fabs((double)(off / (size * (quad)(h * u / (1 - h * u))))));
        }
    matrix_free(&a);
    return worst;
}

static double hilbert(uint32_t i, uint32_t j) { return 1.0 / (i + j + 1); }
static double shifted(uint32_t i, uint32_t j) { return i == j ? 3 : 1 / (1 + fabs((double)i - j)); }
static double graded(uint32_t i, uint32_t j) { return ldexp(shifted(i, j), -(int)(i + j) / 4); }
static double tiny(uint32_t i, uint32_t j) { return shifted(i, j) * 0x1p-80; }
static double huge(uint32_t i, uint32_t j) { return shifted(i, j) * 0x1p120; }

Test(cholesky, products_of_factors_are_within_the_bound)
{
    EACH_TABLE(k) {
        cr_expect_leq(cholesky_off(k, k->kind == LEAT_F32 ? 4 : 9, hilbert), 1);
        cr_expect_leq(cholesky_off(k, 110, shifted), 1);
        cr_expect_leq(cholesky_off(k, 110, graded), 1);
        cr_expect_leq(cholesky_off(k, 50, tiny), 1);
        cr_expect_leq(cholesky_off(k, 50, huge), 1);
        cr_expect_leq(cholesky_off(k, 1, hilbert), 1);
    }
}

Test(cholesky, the_minor_that_is_not_positive_is_told)
{
    static const uint32_t orders[] = {1, 2, 16, 17, 40, 49, 100};
    static const double wrong[] = {0, -1, NAN, INFINITY};
    EACH_TABLE(k)
        for (size_t o = 0; o < sizeof orders / sizeof *orders; o++)
            for (size_t w = 0; w < 4; w++) {
                struct watched a = matrix_make(k->kind, 100, 100, ROWS), l = a;
                struct leat_diag diag;
                char want[64];
                uint64_t seed = 1;
                l = matrix_make(k->kind, 100, 100, ROWS);
                make_whole(&a, &l, &seed);
                uint32_t i = orders[o] - 1;
                double d = get(&l, i, i);
                set(&a, i, i, w < 2 ? get(&a, i, i) - d * d + wrong[w] : wrong[w]);
                cr_assert_eq(cholesky(k, LEAT_LOWER, &a, &diag), LEAT_EDATA);
                snprintf(want, sizeof want, "leading minor of order %u is", orders[o]);
                cr_expect(strstr(diag.text, want) != NULL, "%g: '%s', not %s", wrong[w], diag.text,
                          want);
                matrix_free(&a), matrix_free(&l);
            }
}

/* ---- refusals ---- */

Test(triangle, what_cannot_be_is_refused_by_name_and_nothing_touched)
{
    EACH_TABLE(k) {
        struct leat_diag d;
        size_t each = leat_kind_bytes(k->kind), bytes = 1 << 23;
        struct watched w = matrix_make(k->kind, 20, 40, ROWS);
        void *desk = allocate(bytes), *before = allocate(w.n * each);
        memcpy(before, w.memory, w.n * each);
        struct leat_matrix t = leat_matrix_rows(w.m.data, 20, 20, w.m.row), b = t, x;
        b.data = (char *)w.m.data + 20 * each;
#define REFUSED(call, status, words) \
    cr_expect_eq(call, status, "%s: %d %s", words, d.code, d.text); \
    cr_expect(strstr(d.text, words) != NULL, "'%s' says nothing of %s", d.text, words)
        REFUSED(leat_triangle_solve(k, 0, &t, &b, desk, bytes, &d), LEAT_EDATA,
                "T is singular: element (0, 0)");
        REFUSED(leat_triangle_solve(k, 4, &t, &b, desk, bytes, &d), LEAT_EINVAL, "4 is no kind");
        REFUSED(leat_triangle_solve(k, 2, &t, &t, desk, bytes, &d), LEAT_EINVAL, "B lies on T");
        REFUSED(leat_triangle_solve(k, 2, &t, &w.m, desk, bytes, &d), LEAT_EINVAL, "B lies on T");
        x = b, x.rows = 19;
        REFUSED(leat_triangle_solve(k, 2, &t, &x, desk, bytes, &d), LEAT_ESHAPE, "B [19 x 20]");
        x = b, x.row = 19;
        REFUSED(leat_triangle_solve(k, 2, &t, &x, desk, bytes, &d), LEAT_EINVAL,
                "B: elements lie on each other");
        REFUSED(leat_triangle_solve(k, 2, &t, &b, desk, 63, &d), LEAT_ELIMIT, "workspace");
        REFUSED(leat_triangle_solve(k, 2, &t, &b, (char *)desk + 8, bytes - 8, &d), LEAT_ELIMIT,
                "workspace");
        REFUSED(leat_symmetric_product(k, 2, 1, &b, 1, &t, desk, bytes, &d), LEAT_EINVAL,
                "2 is no half");
        REFUSED(leat_symmetric_product(k, 0, 1, &x, 1, &w.m, desk, bytes, &d), LEAT_ESHAPE,
                "C [20 x 40]");
        REFUSED(leat_symmetric_product(k, 0, 1, &t, 1, &t, desk, bytes, &d), LEAT_EINVAL,
                "C lies on A");
        REFUSED(leat_symmetric_product(k, 0, 1, &b, 1, &t, desk, 64, &d), LEAT_ELIMIT, "workspace");
        REFUSED(leat_cholesky(k, 2, &t, desk, bytes, &d), LEAT_EINVAL, "2 is no half");
        REFUSED(leat_cholesky(k, 0, &w.m, desk, bytes, &d), LEAT_ESHAPE, "A [20 x 40]");
        x = t, x.data = NULL;
        REFUSED(leat_cholesky(k, 0, &x, desk, bytes, &d), LEAT_EINVAL, "A: no data");
        x = t, x.row = INT64_MAX / 8;
        REFUSED(leat_cholesky(k, 0, &x, desk, bytes, &d), LEAT_ERANGE, "A: [20 x 20]");
        REFUSED(leat_cholesky(k, 0, &t, desk, 64, &d), LEAT_ELIMIT, "workspace");
        cr_expect_arr_eq(before, w.memory, w.n * each, "something was touched");
        free(desk), free(before);
        matrix_free(&w);
    }
}
