/* A matrix times a vector: its tree of roundings, its error bound against __float128, and what it
 * refuses. */
#include "matrices.h"

#include <criterion/criterion.h>

struct triple {
    const struct leat_linalg *k;
    struct watched a, x, y;
};

static struct triple triple_make(const struct leat_linalg *k, uint32_t m, uint32_t p,
                                 unsigned layouts)
{
    return (struct triple){k, matrix_make(k->kind, m, p, (enum layout)(layouts % LAYOUTS)),
                           matrix_make(k->kind, p, 1, (enum layout)(layouts / LAYOUTS % LAYOUTS)),
                           matrix_make(k->kind, m, 1,
                                       (enum layout)(layouts / LAYOUTS / LAYOUTS % LAYOUTS))};
}

static void triple_fill(struct triple *t, uint64_t seed)
{
    fill_random(&t->a, &seed);
    fill_random(&t->x, &seed);
    fill_random(&t->y, &seed);
}

static void triple_free(struct triple *t)
{
    matrix_free(&t->a), matrix_free(&t->x), matrix_free(&t->y);
}

static int multiply(struct triple *t, double alpha, double beta)
{
    size_t bytes = leat_gemv_bytes(t->k, t->a.m.rows, t->a.m.cols), aside = aside_of(&t->y);
    unsigned char *workspace = desk_make(bytes);
    int code = leat_gemv(t->k, alpha, &t->a.m, &t->x.m, beta, &t->y.m, workspace, bytes, NULL);
    cr_assert(desk_clean(workspace, bytes), "wrote behind the workspace");
    cr_assert_eq(aside_of(&t->y), aside, "wrote beside the elements of y");
    return code;
}

/* ---- the tree ---- */

static double fused(uint32_t kind, double a, double b, double c)
{
    return kind == LEAT_F32 ? (double)fmaf((float)a, (float)b, (float)c) : fma(a, b, c);
}

static double added(uint32_t kind, double a, double b)
{
    return kind == LEAT_F32 ? (double)((float)a + (float)b) : a + b;
}

/* What docs/NUMERICS.md says of an element; alpha and beta are of the kind. */
static double element(const struct triple *t, uint32_t i, double alpha, double beta)
{
    uint32_t kind = t->k->kind, parts = kind == LEAT_F32 ? 16 : 8, p = 0;
    double y = beta == 0 ? 0 : kind == LEAT_F32 ? (double)((float)beta * (float)get(&t->y, i, 0))
                                                : beta * get(&t->y, i, 0);
    while (p < t->a.m.cols) {
        double part[16] = {0};
        for (uint32_t q = 0; q < LEAT_GEMV_CHUNK && p < t->a.m.cols; q++, p++)
            part[q % parts] = fused(kind, get(&t->a, i, p), get(&t->x, p, 0), part[q % parts]);
        for (uint32_t half = parts / 2; half > 0; half /= 2)
            for (uint32_t q = 0; q < half; q++)
                part[q] = added(kind, part[q], part[q + half]);
        y = fused(kind, alpha, part[0], y);
    }
    return y;
}

static void check_tree(const struct leat_linalg *k, uint32_t m, uint32_t p, unsigned layouts)
{
    struct triple t = triple_make(k, m, p, layouts);
    double alpha = 1.625, beta = layouts / LAYOUTS % 2 == 0 ? 0 : -0.75;
    double *want = allocate((size_t)m * sizeof *want);
    triple_fill(&t, m + 1000 * p);
    if (layouts % 3 == 1) /* partial sums that underflow to -0, and so does y: it shows */
        for (uint32_t i = 0; i < m; i++) {
            set(&t.y, i, 0, 0);
            for (uint32_t q = 0; q < p; q++) {
                set(&t.a, i, q, k->kind == LEAT_F32 ? 0x1p-149 : 0x1p-1074);
                set(&t.x, q, 0, -0.25);
            }
        }
    for (uint32_t i = 0; i < m; i++)
        want[i] = element(&t, i, alpha, beta);
    cr_assert_eq(multiply(&t, alpha, beta), 0);
    for (uint32_t i = 0; i < m; i++) {
        double y = get(&t.y, i, 0);
        cr_assert_arr_eq(&y, want + i, sizeof y, "%s %s [%u x %u] layouts %u: %u is %g, not %g",
                         leat_isa_name((enum leat_isa)k->isa), leat_kind_name(k->kind), m, p,
                         layouts, i, y, want[i]);
    }
    free(want);
    triple_free(&t);
}

/* Rows that are a group of any set and less, terms that are a round of partial sums and less. */
Test(gemv, elements_are_the_documented_tree_in_every_layout)
{
    static const uint32_t sizes[] = {0, 1, 3, 8, 17, 64, 131};
    EACH_TABLE(k)
        for (unsigned m = 0; m < 7; m++)
            for (unsigned p = 0; p < 7; p++)
                for (unsigned s = 0; s < 3; s++)
                    check_tree(k, sizes[m], sizes[p], (m * 7 + p) * 3 + s);
}

/* More terms than are joined at once; matrices that no second-level cache holds, and results longer
 * than a strip of them. */
Test(gemv, elements_are_the_documented_tree_in_large)
{
    EACH_TABLE(k)
        for (unsigned layouts = ROWS; layouts <= COLUMNS; layouts++) {
            check_tree(k, 5, 2 * LEAT_GEMV_CHUNK + 21, layouts);
            check_tree(k, 70, LEAT_GEMV_CHUNK + 1, layouts);
            check_tree(k, LEAT_GEMV_STRIP + 3, 133, layouts);
        }
}

/* ---- the bound ---- */

static double gamma_of(double h, double u) { return h * u / (1 - h * u); }

Test(gemv, errors_are_within_the_bound)
{
    static const uint32_t depths[] = {1, 2, 100, 2048, 5000};
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++)
        for (unsigned d = 0; d < 10; d++) {
            const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), kind);
            uint32_t p = depths[d / 2];
            struct triple t = triple_make(k, 40, p, d);
            double u = unit_roundoff(kind), alpha = -1.25, beta = 0.625, old[40];
            double parts = kind == LEAT_F32 ? 16 : 8, chunks = ceil(p / 2048.0);
            double h = ceil((p < 2048 ? p : 2048) / parts) + log2(parts) + chunks + 1;
            triple_fill(&t, d);
            for (uint32_t i = 0; i < 40; i++)
                old[i] = get(&t.y, i, 0);
            cr_assert_eq(multiply(&t, alpha, beta), 0);
            for (uint32_t i = 0; i < 40; i++) {
                quad sum = 0, size = 0, kept = (quad)beta * old[i];
                for (uint32_t q = 0; q < p; q++) {
                    quad term = (quad)get(&t.a, i, q) * get(&t.x, q, 0);
                    sum += term;
                    size += term < 0 ? -term : term;
                }
                double off = fabs((double)(alpha * sum + kept - get(&t.y, i, 0)));
                double allowed = gamma_of(h, u) * fabs(alpha) * (double)size +
                                 gamma_of(chunks + 1, u) * fabs((double)kept);
                cr_assert_leq(off, allowed, "%s depth %u: off by %g, allowed %g",
                              leat_kind_name(kind), p, off, allowed);
            }
            triple_free(&t);
        }
}

/* ---- what is not a number, and what is not read ---- */

Test(gemv, what_is_not_finite_stays_in_its_rows)
{
    EACH_TABLE(k)
        for (unsigned layouts = 0; layouts < LAYOUTS; layouts++) {
            struct triple t = triple_make(k, 70, 50, layouts);
            triple_fill(&t, 5);
            set(&t.a, 7, 3, NAN);
            set(&t.a, 69, 49, INFINITY);
            cr_assert_eq(multiply(&t, 1, 0), 0);
            for (uint32_t i = 0; i < 70; i++) {
                double y = get(&t.y, i, 0);
                cr_expect_eq(isnan(y) != 0, i == 7, "%u is %g", i, y);
                cr_expect_eq(isinf(y) != 0, i == 69, "%u is %g", i, y);
            }
            triple_free(&t);
        }
}

Test(gemv, zero_factors_and_empty_sums_read_nothing)
{
    EACH_TABLE(k)
        for (uint32_t p = 0; p <= 20; p += 20) {
            struct triple t = triple_make(k, 19, p, p);
            for (uint32_t i = 0; i < 19; i++) {
                for (uint32_t q = 0; q < p; q++)
                    set(&t.a, i, q, NAN);
                set(&t.y, i, 0, 3);
            }
            cr_assert_eq(multiply(&t, p == 0, 0.5), 0);
            cr_expect_eq(get(&t.y, 18, 0), 1.5);
            set(&t.y, 18, 0, NAN);
            cr_assert_eq(multiply(&t, p == 0, k->kind == LEAT_F32 ? 1e-60 : 0), 0);
            cr_expect_eq(get(&t.y, 18, 0), 0);
            triple_free(&t);
        }
}

/* ---- refusals ---- */

Test(gemv, what_cannot_be_is_refused_by_name)
{
    static const struct {
        int code;
        const char *words;
    } cases[] = {
        {LEAT_ESHAPE, "A [5 x 7] times x [6 x 1]"}, {LEAT_ESHAPE, "y [4 x 1]"},
        {LEAT_ESHAPE, "x [7 x 2]"},                 {LEAT_EINVAL, "A: no data"},
        {LEAT_EINVAL, "x: not aligned"},            {LEAT_EINVAL, "y: elements lie on each other"},
        {LEAT_EINVAL, "y lies on A"},               {LEAT_EINVAL, "y lies on x"},
        {LEAT_ERANGE, "A: [5 x 7] with steps of"},  {LEAT_ELIMIT, "gemv: needs a workspace of"},
        {LEAT_ELIMIT, "gemv: needs a workspace of"},
    };
    EACH_TABLE(k)
        for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct triple t = triple_make(k, 5, 7, 0);
            size_t bytes = leat_gemv_bytes(k, 5, 7), skew = 0;
            char *workspace = allocate(bytes + LEAT_LINE);
            struct leat_diag diag = {0};
            set(&t.y, 0, 0, 3);
            switch (i) {
            case 0: t.x.m.rows = 6; break;
            case 1: t.y.m.rows = 4; break;
            case 2: t.x.m.cols = 2; break;
            case 3: t.a.m.data = NULL; break;
            case 4: t.x.m.data = (char *)t.x.m.data + 1; break;
            case 5: t.y.m.row = 0; break;
            case 6: t.a.m.data = t.y.m.data; break;
            case 7: t.x.m.data = t.y.m.data; break;
            case 8: t.a.m.row = INT64_MAX / 2; break;
            case 9: bytes--; break;
            default: skew = 8; break;
            }
            cr_expect_eq(leat_gemv(k, 1, &t.a.m, &t.x.m, 0, &t.y.m, workspace + skew, bytes, &diag),
                         cases[i].code, "case %u: %d %s", i, diag.code, diag.text);
            cr_expect(strstr(diag.text, cases[i].words) != NULL, "'%s' says nothing of %s",
                      diag.text, cases[i].words);
            cr_expect_eq(get(&t.y, 0, 0), 3, "case %u: y was touched", i);
            free(workspace);
            triple_free(&t);
        }
    EACH_TABLE(k)
        cr_expect_leq(leat_gemv_bytes(k, UINT32_MAX, UINT32_MAX), 144u << 10);
}
