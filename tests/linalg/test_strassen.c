/* Products by Strassen's recursion: exact on whole numbers, the bound in the largest element
 * against __float128, what is lost beside leat_gemm, and what is refused. */
#include "kinds.h"

#include <criterion/criterion.h>

struct triple {
    const struct leat_linalg *k;
    struct watched a, b, c;
};

static struct triple triple_make(const struct leat_linalg *k, const uint32_t size[3],
                                 unsigned layouts)
{
    return (struct triple){
        k, matrix_make(k->kind, size[0], size[2], (enum layout)(layouts % LAYOUTS)),
        matrix_make(k->kind, size[2], size[1], (enum layout)(layouts / LAYOUTS % LAYOUTS)),
        matrix_make(k->kind, size[0], size[1], (enum layout)(layouts / LAYOUTS / LAYOUTS))};
}

static void triple_free(struct triple *t)
{
    matrix_free(&t->a), matrix_free(&t->b), matrix_free(&t->c);
}

static int multiply(struct triple *t, uint32_t levels, double alpha, double beta,
                    struct leat_diag *diag)
{
    size_t bytes = leat_gemm_strassen_bytes(t->k, t->c.m.rows, t->c.m.cols, t->a.m.cols, levels);
    unsigned char *desk = desk_make(bytes);
    int code = leat_gemm_strassen(t->k, levels, alpha, &t->a.m, &t->b.m, beta, &t->c.m, desk,
                                  bytes, diag);
    cr_assert(desk_clean(desk, bytes), "wrote behind the workspace");
    return code;
}

static void check_whole(const struct leat_linalg *k, const uint32_t size[3], uint32_t levels,
                        unsigned layouts, double alpha, double beta)
{
    uint64_t seed = size[0] * 1000003u + size[1] * 1009u + size[2];
    struct triple t = triple_make(k, size, layouts);
    fill_whole(&t.a, &seed, 5);
    fill_whole(&t.b, &seed, 5);
    fill_whole(&t.c, &seed, 5);
    double *want = allocate((size_t)size[0] * size[1] * sizeof *want);
    size_t aside = aside_of(&t.c);
    for (uint32_t i = 0; i < size[0]; i++)
        for (uint32_t j = 0; j < size[1]; j++) {
            int64_t sum = 0;
            for (uint32_t q = 0; q < size[2]; q++)
                sum += (int64_t)get(&t.a, i, q) * (int64_t)get(&t.b, q, j);
            want[i * size[1] + j] = alpha * (double)sum + (beta == 0 ? 0 : beta * get(&t.c, i, j));
            if (beta == 0)
                set(&t.c, i, j, NAN); /* it must not be read */
        }
    cr_assert_eq(multiply(&t, levels, alpha, beta, NULL), 0);
    for (uint32_t i = 0; i < size[0]; i++)
        for (uint32_t j = 0; j < size[1]; j++)
            cr_assert_eq(get(&t.c, i, j), want[i * size[1] + j],
                         "%s %s [%u x %u x %u] %u levels, layouts %u: (%u, %u) is %g, not %g",
                         leat_isa_name((enum leat_isa)k->isa), leat_kind_name(k->kind), size[0],
                         size[1], size[2], levels, layouts, i, j, get(&t.c, i, j),
                         want[i * size[1] + j]);
    cr_assert(aside_of(&t.c) >= aside, "wrote beside the elements of C");
    free(want);
    triple_free(&t);
}

Test(strassen, whole_numbers_are_exact_in_every_layout)
{
    static const uint32_t sizes[][3] = {{1, 1, 1},    {2, 2, 2},    {3, 5, 7},   {40, 70, 9},
                                        {101, 3, 90}, {65, 97, 33}, {0, 4, 4},   {4, 0, 4},
                                        {5, 6, 0},    {96, 64, 64}, {50, 49, 51}};
    static const double scales[][2] = {{1, 0}, {1, 1}, {-2, 0.5}, {0, 3}, {4, 0}};
    EACH_TABLE(k)
        for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (uint32_t levels = 0; levels <= LEAT_STRASSEN_LEVELS; levels++)
                for (unsigned layouts = s % 3; layouts < 64;
                     layouts += k->isa == LEAT_ISA_BASE ? 42 : 11)
                    check_whole(k, sizes[s], levels, layouts, scales[(s + layouts) % 5][0],
                                scales[(s + layouts) % 5][1]);
}

/* Several chunks, panels of A and of B in a block. */
Test(strassen, whole_numbers_are_exact_beyond_every_panel)
{
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++) {
        const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), kind);
        const uint32_t high[] = {2 * k->panel_rows + 3, 2 * k->panel_cols + 3, 3};
        const uint32_t deep[] = {4 * k->tile_rows + 1, 2 * k->panel_cols + 3,
                                 2 * LEAT_STRASSEN_CHUNK + 5};
        check_whole(k, high, 1, 0, 1, 1);
        check_whole(k, deep, 1, 0, -1, 0);
    }
}

Test(strassen, bits_do_not_depend_on_steps)
{
    static const uint32_t size[3] = {61, 50, 83};
    EACH_TABLE(k)
        for (uint32_t levels = 1; levels <= LEAT_STRASSEN_LEVELS; levels++) {
            double first[61 * 50];
            for (unsigned layouts = 0; layouts < 64; layouts += 21) {
                uint64_t seed = 5;
                struct triple t = triple_make(k, size, layouts);
                fill_random(&t.a, &seed), fill_random(&t.b, &seed), fill_random(&t.c, &seed);
                cr_assert_eq(multiply(&t, levels, 1.1, 0.3, NULL), 0);
                for (uint32_t e = 0; e < 61 * 50; e++) {
                    first[e] = layouts == 0 ? get(&t.c, e / 50, e % 50) : first[e];
                    cr_assert_eq(get(&t.c, e / 50, e % 50), first[e], "layouts %u", layouts);
                }
                triple_free(&t);
            }
        }
}

/* ---- the bound ---- */

enum data { UNIFORM, GRADED, CANCELS, QUARTERS, DATA };

/* QUARTERS: all but the first quarter is tiny, so that the last one of C comes of what is not. */
static void fill(struct watched *w, enum data data, uint64_t *seed)
{
    for (uint32_t i = 0; i < w->m.rows; i++)
        for (uint32_t j = 0; j < w->m.cols; j++) {
            double x = random_unit(seed);
            bool tiny = 2 * i >= w->m.rows || 2 * j >= w->m.cols;
            set(w, i, j, data == GRADED     ? ldexp(x, -(int)((i + j) % 25))
                         : data == CANCELS  ? (j + i) % 2 == 0 ? 1 + x * 0x1p-12 : -1
                         : data == QUARTERS ? ldexp(x, tiny ? -24 : 0)
                                            : x);
        }
}

static double largest(const struct watched *w)
{
    double most = 0;
    for (uint32_t i = 0; i < w->m.rows; i++)
        for (uint32_t j = 0; j < w->m.cols; j++)
            most = fmax(most, fabs(get(w, i, j)));
    return most;
}

#define JUDGED 80u

/* The largest error, and the largest one relative to |A||B|, of elements here and there. */
static void errors_of(const struct triple *t, const struct watched *before, double alpha,
                      double beta, double *off, double *by_component)
{
    *off = *by_component = 0;
    for (uint32_t e = 0; e < JUDGED; e++) {
        uint32_t i = e * 7919u % t->c.m.rows, j = e * 104729u % t->c.m.cols;
        quad sum = 0, size = 0;
        for (uint32_t q = 0; q < t->a.m.cols; q++) {
            quad x = (quad)get(&t->a, i, q) * get(&t->b, q, j);
            sum += x;
            size += x < 0 ? -x : x;
        }
        double error = fabs((double)(alpha * sum + (quad)beta * get(before, i, j) -
                                     get(&t->c, i, j)));
        *off = fmax(*off, error);
        *by_component = fmax(*by_component, error / (double)size);
    }
}

static void check_bound(uint32_t kind, const uint32_t size[3], uint32_t levels, enum data data)
{
    const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), kind);
    struct triple t = triple_make(k, size, 0);
    uint64_t seed = levels + 10 * data;
    fill(&t.a, data, &seed), fill(&t.b, data, &seed), fill(&t.c, UNIFORM, &seed);
    struct watched before = copy_of(&t.c);
    double u = unit_roundoff(kind), off, by_component, p = ceil(size[2] / (double)(1 << levels));
    double h = fmin(p, 512) + (2 << levels) + (1 << 2 * levels) * ceil(p / 512);
    cr_assert_eq(multiply(&t, levels, -1.25, 0.625, NULL), 0);
    errors_of(&t, &before, -1.25, 0.625, &off, &by_component);
    double allowed = h * u / (1 - h * u) *
                     (pow(12, levels) * p * 1.25 * largest(&t.a) * largest(&t.b) +
                      0.625 * largest(&before));
    cr_assert_leq(off, allowed, "%s [%u x %u x %u] %u levels, data %d: off by %g, allowed %g",
                  leat_kind_name(kind), size[0], size[1], size[2], levels, (int)data, off, allowed);
    /* Blocks that were added with a wrong sign would be off by about as much as the elements. */
    cr_assert_leq(off, 4e3 * u * sqrt(size[2]) * largest(&t.a) * largest(&t.b), "%g", off);
    matrix_free(&before);
    triple_free(&t);
}

Test(strassen, errors_are_within_the_bound)
{
    static const uint32_t odd[3] = {1025, 1025, 1025}, uneven[3] = {1536, 2048, 1111};
    static const uint32_t small[3] = {257, 190, 600};
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++)
        for (uint32_t levels = 1; levels <= LEAT_STRASSEN_LEVELS; levels++)
            for (int data = 0; data < DATA; data++)
                check_bound(kind, small, levels, (enum data)data);
    check_bound(LEAT_F32, odd, 3, UNIFORM);
    check_bound(LEAT_F64, odd, 1, GRADED);
    check_bound(LEAT_F32, uneven, 2, QUARTERS);
}

/* ---- what is lost ---- */

Test(strassen, small_elements_beside_large_ones_may_have_no_right_digit)
{
    static const uint32_t size[3] = {128, 128, 128};
    const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), LEAT_F32);
    for (uint32_t levels = 0; levels <= 1; levels++) {
        struct triple t = triple_make(k, size, 0);
        uint64_t seed = 1;
        fill(&t.a, QUARTERS, &seed), fill(&t.b, QUARTERS, &seed);
        struct watched before = copy_of(&t.c);
        double off, by_component;
        cr_assert_eq(multiply(&t, levels, 1, 0, NULL), 0);
        errors_of(&t, &before, 1, 0, &off, &by_component);
        if (levels == 0)
            cr_expect_leq(by_component, 131 * unit_roundoff(LEAT_F32)); /* as leat_gemm promises */
        else
            cr_expect_geq(by_component, 1, "%g", by_component);
        matrix_free(&before);
        triple_free(&t);
    }
}

Test(strassen, what_is_not_finite_leaves_its_row)
{
    static const uint32_t size[3] = {64, 64, 64};
    EACH_TABLE(k)
        for (uint32_t levels = 0; levels <= 1; levels++) {
            struct triple t = triple_make(k, size, 0);
            uint64_t seed = 1;
            fill_random(&t.a, &seed), fill_random(&t.b, &seed);
            set(&t.a, 0, 0, INFINITY);
            cr_assert_eq(multiply(&t, levels, 1, 0, NULL), 0);
            /* row 32 has no part in it, but its block of A is added to that of row 0 */
            cr_expect_eq(isfinite(get(&t.c, 32, 32)) != 0, levels == 0);
            cr_expect(isfinite(get(&t.c, 33, 33)), "the other rows of these blocks");
            triple_free(&t);
        }
}

/* ---- refusals ---- */

Test(strassen, what_cannot_be_is_refused)
{
    static const uint32_t size[3] = {20, 30, 40};
    const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), LEAT_F64);
    struct triple t = triple_make(k, size, 0);
    struct leat_diag diag = {0};
    size_t bytes = leat_gemm_strassen_bytes(k, 20, 30, 40, 2);
    void *desk = allocate(bytes);
    cr_expect_eq(leat_gemm_strassen_bytes(k, 20, 30, 40, LEAT_STRASSEN_LEVELS + 1), SIZE_MAX);
    cr_expect_eq(leat_gemm_strassen(k, 4, 1, &t.a.m, &t.b.m, 0, &t.c.m, desk, bytes, &diag),
                 LEAT_ERANGE);
    cr_expect(strstr(diag.text, "4 levels of Strassen, at most 3") != NULL, "%s", diag.text);
    cr_expect_eq(leat_gemm_strassen(k, 2, 1, &t.a.m, &t.b.m, 0, &t.c.m, desk, bytes - 1, &diag),
                 LEAT_ELIMIT);
    t.b.m.rows = 39;
    cr_expect_eq(leat_gemm_strassen(k, 2, 1, &t.a.m, &t.b.m, 0, &t.c.m, desk, bytes, &diag),
                 LEAT_ESHAPE);
    t.b.m.rows = 40;
    t.c.m.data = t.a.m.data;
    cr_expect_eq(leat_gemm_strassen(k, 2, 1, &t.a.m, &t.b.m, 0, &t.c.m, desk, bytes, &diag),
                 LEAT_EINVAL);
    cr_expect(strstr(diag.text, "C lies on A") != NULL, "%s", diag.text);
    t.c.m.data = t.c.memory;
    free(desk);
    triple_free(&t);
}
