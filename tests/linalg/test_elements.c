/* Element operations and transposes in place: every layout and size against plain loops, bits that
 * must not change, and what is refused. */
#include "matrices.h"

#include <criterion/criterion.h>

static const uint32_t sizes[][2] = {{0, 3}, {1, 1}, {1, 40}, {33, 1}, {17, 17}, {5, 70}, {66, 35}};
#define SIZES (sizeof sizes / sizeof *sizes)

/* ---- sums and products ---- */

static double narrowed(uint32_t kind, double x) { return kind == LEAT_F32 ? (double)(float)x : x; }

static double sum_of(uint32_t kind, double alpha, double a, double beta, double b)
{
    double old = beta == 0 ? 0 : narrowed(kind, beta * b);
    return kind == LEAT_F32 ? (double)fmaf((float)alpha, (float)a, (float)old)
                            : fma(alpha, a, old);
}

static void check_elements(const struct leat_linalg *k, uint32_t m, uint32_t n, unsigned layouts,
                           const double scales[2])
{
    uint64_t seed = m * 131u + n + layouts;
    struct watched a = matrix_make(k->kind, m, n, (enum layout)(layouts % LAYOUTS));
    struct watched b = matrix_make(k->kind, m, n, (enum layout)(layouts / LAYOUTS));
    double *want = allocate((size_t)m * n * 2 * sizeof *want);
    fill_random(&a, &seed);
    fill_random(&b, &seed);
    size_t aside = aside_of(&b);
    for (uint32_t i = 0; i < m * n; i++) {
        double x = get(&a, i / n, i % n), y = get(&b, i / n, i % n);
        want[2 * i] = sum_of(k->kind, scales[0], x, scales[1], y);
        want[2 * i + 1] = narrowed(k->kind, x * want[2 * i]);
    }
    cr_assert_eq(leat_matrix_add(k, scales[0], &a.m, scales[1], &b.m, NULL), 0);
    for (uint32_t i = 0; i < m * n; i++)
        cr_assert_eq(get(&b, i / n, i % n), want[2 * i], "add [%u x %u] layouts %u", m, n, layouts);
    cr_assert_eq(leat_matrix_multiply(k, &a.m, &b.m, NULL), 0);
    for (uint32_t i = 0; i < m * n; i++)
        cr_assert_eq(get(&b, i / n, i % n), want[2 * i + 1], "multiply [%u x %u] layouts %u", m, n,
                     layouts);
    cr_assert_eq(aside_of(&b), aside, "wrote beside the elements of B");
    matrix_free(&a), matrix_free(&b), free(want);
}

Test(elements, sums_and_products_in_every_layout)
{
    static const double scales[][2] = {{1, 1}, {-1, 1}, {0.75, 0}, {1, -0.625}, {0, 2}};
    EACH_TABLE(k)
        for (unsigned layouts = 0; layouts < LAYOUTS * LAYOUTS; layouts++)
            for (unsigned s = 0; s < SIZES; s++)
                check_elements(k, sizes[s][0], sizes[s][1], layouts, scales[(layouts + s) % 5]);
}

Test(elements, what_is_not_read_may_be_anything_and_a_view_may_be_added_to_itself)
{
    EACH_TABLE(k) {
        struct watched a = matrix_make(k->kind, 5, 30, ROWS), b = matrix_make(k->kind, 5, 30, ROWS);
        set(&b, 4, 29, NAN);
        set(&a, 4, 29, 3);
        cr_expect_eq(leat_matrix_add(k, 2, &a.m, 0, &b.m, NULL), 0);
        cr_expect_eq(get(&b, 4, 29), 6);
        cr_expect_eq(leat_matrix_add(k, 1, &b.m, 1, &b.m, NULL), 0);
        cr_expect_eq(get(&b, 4, 29), 12);
        set(&a, 0, 0, INFINITY);
        cr_expect_eq(leat_matrix_multiply(k, &a.m, &b.m, NULL), 0);
        cr_expect(isnan(get(&b, 0, 0)), "Inf times 0");
        matrix_free(&a), matrix_free(&b);
    }
}

Test(elements, what_does_not_fit_is_refused_by_name)
{
    const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), LEAT_F32);
    struct watched a = matrix_make(LEAT_F32, 5, 6, ROWS), b = matrix_make(LEAT_F32, 5, 6, ROWS);
    struct leat_diag diag = {0};
    struct leat_matrix bad = a.m;
    bad.cols = 5;
    cr_expect_eq(leat_matrix_add(k, 1, &bad, 1, &b.m, &diag), LEAT_ESHAPE);
    cr_expect(strstr(diag.text, "A [5 x 5] and B [5 x 6]") != NULL, "%s", diag.text);
    bad = b.m;
    bad.row = 3;
    cr_expect_eq(leat_matrix_multiply(k, &a.m, &bad, &diag), LEAT_EINVAL);
    cr_expect(strstr(diag.text, "B: elements lie on each other") != NULL, "%s", diag.text);
    bad = b.m;
    bad.data = (float *)b.m.data + 1;
    cr_expect_eq(leat_matrix_add(k, 1, &bad, 1, &b.m, &diag), LEAT_EINVAL);
    cr_expect(strstr(diag.text, "B lies on A") != NULL, "%s", diag.text);
    bad = a.m;
    bad.data = NULL;
    cr_expect_eq(leat_matrix_add(k, 1, &bad, 1, &b.m, &diag), LEAT_EINVAL);
    cr_expect(strstr(diag.text, "A: no data") != NULL, "%s", diag.text);
    matrix_free(&a), matrix_free(&b);
}

/* ---- transposes ---- */

/* Each element its own value; so many elements of f32 are whole numbers that it holds. */
static void number(const struct leat_linalg *k, const struct leat_matrix *m)
{
    for (uint32_t i = 0; i < m->rows; i++)
        for (uint32_t j = 0; j < m->cols; j++)
            set_flat(k->kind, m->data, i * m->row + j * m->col, i * 1000.0 + j);
}

static void check_turned(const struct leat_linalg *k, const struct leat_matrix *m, uint32_t rows,
                         uint32_t cols)
{
    cr_assert(m->rows == cols && m->cols == rows, "[%u x %u] of [%u x %u]", m->rows, m->cols, rows,
              cols);
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < cols; j++) {
            double x = get_flat(k->kind, m->data, j * m->row + i * m->col);
            cr_assert_eq(x, i * 1000.0 + j, "%s %s [%u x %u]: (%u, %u) is %g",
                         leat_isa_name((enum leat_isa)k->isa), leat_kind_name(k->kind), rows, cols,
                         j, i, x);
        }
}

Test(transpose, squares_of_every_layout)
{
    static const uint32_t sides[] = {0, 1, 2, 15, 16, 17, 33, 64, 130};
    EACH_TABLE(k)
        for (unsigned s = 0; s < sizeof sides / sizeof *sides; s++)
            for (int layout = 0; layout < LAYOUTS; layout++) {
                struct watched w = matrix_make(k->kind, sides[s], sides[s], (enum layout)layout);
                struct leat_matrix m = w.m;
                number(k, &m);
                size_t aside = aside_of(&w);
                cr_assert_eq(leat_matrix_transpose(k, &m, NULL, 0, NULL), 0);
                check_turned(k, &m, sides[s], sides[s]);
                cr_assert(m.row == w.m.row && m.col == w.m.col && m.data == w.m.data);
                cr_assert_eq(aside_of(&w), aside, "wrote beside the matrix");
                matrix_free(&w);
            }
}

/* Blocks ahead are asked for there; the last of a row of them are small ones. */
Test(transpose, a_square_beyond_the_caches)
{
    enum { SIDE = 1501 };
    double *x = malloc(sizeof *x * SIDE * SIDE);
    EACH_TABLE(k)
    {
        uint32_t wrong = 0;
        if (k->kind != LEAT_F64)
            continue;
        for (uint32_t i = 0; i < SIDE * SIDE; i++)
            x[i] = i;
        struct leat_matrix m = leat_matrix_rows(x, SIDE, SIDE, SIDE);
        cr_assert_eq(leat_matrix_transpose(k, &m, NULL, 0, NULL), 0);
        for (uint32_t i = 0; i < SIDE; i++)
            for (uint32_t j = 0; j < SIDE; j++)
                wrong += x[i * SIDE + j] != j * SIDE + i;
        cr_assert_eq(wrong, 0, "%s", leat_isa_name((enum leat_isa)k->isa));
    }
    free(x);
}

Test(transpose, rectangles_without_gaps)
{
    static const uint32_t most = 48;
    void *room = allocate(most * most * sizeof(double));
    EACH_TABLE(k) {
        if (k->isa != leat_isa_best())
            continue;
        for (uint32_t rows = 0; rows <= most; rows++)
            for (uint32_t cols = 0; cols <= most; cols++)
                for (int by_rows = 0; by_rows < 2; by_rows++) {
                    size_t bytes = leat_matrix_transpose_bytes(rows, cols);
                    unsigned char *desk = desk_make(bytes);
                    struct leat_matrix m = {room, rows, cols, by_rows ? cols : 1,
                                            by_rows ? 1 : rows};
                    number(k, &m);
                    cr_assert_eq(leat_matrix_transpose(k, &m, desk, bytes, NULL), 0);
                    check_turned(k, &m, rows, cols);
                    cr_assert(desk_clean(desk, bytes), "wrote behind the workspace");
                }
    }
    free(room);
}

Test(transpose, bits_are_moved)
{
    const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), LEAT_F32);
    for (int scattered = 0; scattered < 2; scattered++) {
        uint32_t bits[2 * 17 * 17], step = scattered ? 2 : 1;
        for (uint32_t i = 0; i < 2 * 17 * 17; i++)
            bits[i] = 0x7f800001u + i; /* signalling NaNs */
        struct leat_matrix m = {bits, 17, 17, 17 * step, step};
        cr_assert_eq(leat_matrix_transpose(k, &m, NULL, 0, NULL), 0);
        for (uint32_t i = 0; i < 17 * 17; i++)
            cr_expect_eq(bits[i * step], 0x7f800001u + (i % 17 * 17 + i / 17) * step);
    }
}

Test(transpose, what_cannot_be_is_refused)
{
    const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), LEAT_F64);
    double room[100] = {0};
    struct leat_diag diag = {0};
    struct leat_matrix m = leat_matrix_rows(room, 4, 5, 6);
    size_t bytes = leat_matrix_transpose_bytes(4, 5);
    void *desk = allocate(bytes);
    cr_expect_eq(leat_matrix_transpose(k, &m, desk, bytes, &diag), LEAT_ERANGE);
    cr_expect(strstr(diag.text, "[4 x 5] has gaps, steps 6 and 1") != NULL, "%s", diag.text);
    m.row = 5;
    cr_expect_eq(leat_matrix_transpose(k, &m, desk, bytes - 1, &diag), LEAT_ELIMIT);
    cr_expect_eq(leat_matrix_transpose(k, &m, (char *)desk + 8, bytes, &diag), LEAT_ELIMIT);
    m.cols = 4;
    m.row = 1;
    cr_expect_eq(leat_matrix_transpose(k, &m, NULL, 0, &diag), LEAT_EINVAL);
    cr_expect(strstr(diag.text, "transpose: elements lie on each other") != NULL, "%s", diag.text);
    m.data = NULL;
    cr_expect_eq(leat_matrix_transpose(k, &m, NULL, 0, &diag), LEAT_EINVAL);
    free(desk);
}
