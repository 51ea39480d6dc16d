/* The general product: exact on whole numbers, its tree of roundings on others, its error bound
 * against __float128, and what it refuses. */
#include "matrices.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct triple {
    const struct leat_linalg *k;
    struct watched a, b, c;
};

static struct triple triple_make(const struct leat_linalg *k, uint32_t m, uint32_t n, uint32_t p,
                                 unsigned layouts)
{
    return (struct triple){k, matrix_make(k->kind, m, p, (enum layout)(layouts % LAYOUTS)),
                           matrix_make(k->kind, p, n, (enum layout)(layouts / LAYOUTS % LAYOUTS)),
                           matrix_make(k->kind, m, n,
                                       (enum layout)(layouts / LAYOUTS / LAYOUTS % LAYOUTS))};
}

static void triple_free(struct triple *t)
{
    matrix_free(&t->a), matrix_free(&t->b), matrix_free(&t->c);
}

/* The call, with a workspace of just the bytes and what stands behind them watched. */
static int multiply(struct triple *t, double alpha, double beta, struct leat_diag *diag)
{
    size_t bytes = leat_gemm_bytes(t->k, t->c.m.rows, t->c.m.cols, t->a.m.cols);
    unsigned char *workspace = allocate(bytes + 64);
    size_t aside = aside_of(&t->c);
    memset(workspace, 0xa5, bytes + 64); /* it need not be zeroed; as numbers, it shows */
    int code = leat_gemm(t->k, alpha, &t->a.m, &t->b.m, beta, &t->c.m, workspace, bytes, diag);
    for (size_t i = 0; i < 64; i++)
        cr_assert_eq(workspace[bytes + i], 0xa5, "wrote behind the workspace");
    bool hides = false; /* an element that happens to be the value aside */
    for (uint32_t i = 0; i < t->c.m.rows; i++)
        for (uint32_t j = 0; j < t->c.m.cols; j++)
            hides |= get(&t->c, i, j) == ASIDE;
    cr_assert(hides || aside_of(&t->c) == aside, "wrote beside the elements of C");
    free(workspace);
    return code;
}

static void check_whole(const struct leat_linalg *k, uint32_t m, uint32_t n, uint32_t p,
                        unsigned layouts, double alpha, double beta)
{
    uint64_t seed = m * 1000003u + n * 1009u + p;
    struct triple t = triple_make(k, m, n, p, layouts);
    fill_whole(&t.a, &seed, 8);
    fill_whole(&t.b, &seed, 8);
    fill_whole(&t.c, &seed, 8);
    double *want = allocate((size_t)m * n * sizeof *want);
    for (uint32_t i = 0; i < m; i++)
        for (uint32_t j = 0; j < n; j++) {
            int64_t sum = 0;
            for (uint32_t q = 0; q < p; q++)
                sum += (int64_t)get(&t.a, i, q) * (int64_t)get(&t.b, q, j);
            want[i * n + j] = alpha * (double)sum + beta * get(&t.c, i, j);
        }
    cr_assert_eq(multiply(&t, alpha, beta, NULL), 0);
    for (uint32_t i = 0; i < m; i++)
        for (uint32_t j = 0; j < n; j++)
            cr_assert_eq(get(&t.c, i, j), want[i * n + j],
                         "%s %s [%u x %u] by [%u x %u] layouts %u: (%u, %u) is %g, not %g",
                         leat_isa_name((enum leat_isa)k->isa), leat_kind_name(k->kind), m, p, p, n,
                         layouts, i, j, get(&t.c, i, j), want[i * n + j]);
    free(want);
    triple_free(&t);
}

Test(gemm, whole_numbers_are_exact_in_every_layout)
{
    static const uint32_t sizes[] = {0, 1, 2, 5, 12, 17, 33};
    static const double scales[][2] = {{1, 0}, {1, 1}, {-2, 0.5}, {0, 3}, {4, 0}};
    unsigned layouts = 0;
    EACH_TABLE(k)
        for (int m = 0; m < 7; m++)
            for (int n = 0; n < 7; n++)
                for (int p = 0; p < 7; p++, layouts++)
                    check_whole(k, sizes[m], sizes[n], sizes[p], layouts,
                                scales[layouts % 5][0], scales[layouts % 5][1]);
}

/* Sizes on both sides of tiles, chunks and panels; each set with each way to pack. */
Test(gemm, whole_numbers_are_exact_beyond_every_panel)
{
    EACH_TABLE(k) {
        bool slow = k->isa == LEAT_ISA_BASE;
        uint32_t m = 5 * k->tile_rows + 1, n = 5 * k->tile_cols + 3, p = LEAT_GEMM_CHUNK + 5;
        for (unsigned layouts = 0; layouts < (slow ? 1 : 64); layouts += 7)
            check_whole(k, m, k->panel_cols + 3, p, layouts, 1, 1);
        for (unsigned layouts = 0; layouts < (slow ? 1 : 64); layouts += 21)
            check_whole(k, m, n, p, layouts, 1, 1);
        check_whole(k, k->panel_rows + 1, k->panel_cols + 2, 3, 0, -1, 0);
        check_whole(k, 3 * k->tile_rows, k->panel_cols + 2, LEAT_GEMM_CHUNK + 1, 0, -1, 1);
        check_whole(k, 2, k->panel_cols + 2, 3, 1, -1, 1);
        check_whole(k, 3 * k->tile_rows, 7, 2 * LEAT_GEMM_CHUNK + 1, 0, 2, 1);
    }
}

/* ---- many at once ---- */

#define BATCH 3u

/* Rows of three large matrices cut into as many small ones, each as leat_gemm makes it alone. */
static void check_batch(const struct leat_linalg *k, uint32_t m, uint32_t n, uint32_t p,
                        unsigned layouts, bool shared)
{
    size_t each = leat_kind_bytes(k->kind), bytes = leat_gemm_bytes(k, m, n, p);
    struct triple t = triple_make(k, BATCH * m, BATCH * n, p, layouts);
    struct triple one = triple_make(k, BATCH * m, BATCH * n, p, layouts);
    uint64_t seed = m + 100 * n + p;
    fill_random(&t.a, &seed), fill_random(&t.b, &seed), fill_random(&t.c, &seed);
    seed = m + 100 * n + p;
    fill_random(&one.a, &seed), fill_random(&one.b, &seed), fill_random(&one.c, &seed);
    void *workspace = allocate(bytes + 1);
    struct leat_matrix a = t.a.m, b = t.b.m, c = t.c.m;
    a.rows = c.rows = m;
    b.cols = c.cols = n;
    int64_t a_step = shared ? 0 : m * a.row, b_step = n * b.col, c_step = m * c.row + n * c.col;
    cr_assert_eq(leat_gemm_batch(k, 1.1, &a, a_step, &b, b_step, layouts % 2 == 0 ? 0 : 0.3, &c,
                                 c_step, BATCH, workspace, bytes, NULL), 0);
    for (uint32_t i = 0; i < BATCH; i++) {
        struct leat_matrix x = one.a.m, y = one.b.m, z = one.c.m;
        x.rows = z.rows = m;
        y.cols = z.cols = n;
        x.data = (char *)x.data + i * a_step * (int64_t)each;
        y.data = (char *)y.data + i * b_step * (int64_t)each;
        z.data = (char *)z.data + i * c_step * (int64_t)each;
        cr_assert_eq(leat_gemm(k, 1.1, &x, &y, layouts % 2 == 0 ? 0 : 0.3, &z, workspace, bytes,
                               NULL), 0);
    }
    for (uint32_t i = 0; i < BATCH * m; i++)
        for (uint32_t j = 0; j < BATCH * n; j++)
            cr_assert_eq(get(&t.c, i, j), get(&one.c, i, j), "%u by %u by %u layouts %u", m, p, n,
                         layouts);
    cr_assert_eq(aside_of(&t.c), aside_of(&one.c));
    free(workspace);
    triple_free(&t), triple_free(&one);
}

Test(gemm, batches_are_products_one_by_one)
{
    static const uint32_t sizes[][3] = {{1, 1, 1}, {8, 8, 8}, {13, 1, 7}, {1, 17, 5}, {14, 35, 9},
                                        {25, 49, 3}, {260, 2, 5}, {5, 7, LEAT_GEMM_CHUNK + 2}};
    EACH_TABLE(k)
        for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (unsigned layouts = s; layouts < 64; layouts += 5)
                check_batch(k, sizes[s][0], sizes[s][1], sizes[s][2], layouts, layouts % 3 == 0);
}

Test(gemm, batches_that_lie_are_refused)
{
    const struct leat_linalg *k = leat_linalg_kernels(LEAT_ISA_BASE, LEAT_F64);
    double numbers[3 * 64] = {0};
    void *workspace = allocate(leat_gemm_bytes(k, 4, 4, 4));
    struct leat_matrix a = leat_matrix_rows(numbers, 4, 4, 4), b = a, c = a;
    b.data = numbers + 64;
    c.data = numbers + 128;
    struct leat_diag why;
#define BATCH_OF(a_step, c_step, n)                                                               \
    leat_gemm_batch(k, 1, &a, a_step, &b, 0, 0, &c, c_step, n, workspace,                         \
                    leat_gemm_bytes(k, 4, 4, 4), &why)
    cr_assert_eq(BATCH_OF(16, 16, 4), LEAT_OK);
    cr_assert_eq(BATCH_OF(-16, 16, 0), LEAT_OK);
    cr_assert_eq(BATCH_OF(0, 15, 2), LEAT_EINVAL, "products of C that share an element");
    cr_assert_eq(BATCH_OF(0, 0, 2), LEAT_EINVAL);
    cr_assert_eq(BATCH_OF(0, -16, 5), LEAT_EINVAL, "C on B");
    cr_assert_eq(BATCH_OF(64, 16, 3), LEAT_EINVAL, "A on C");
    cr_assert_eq(BATCH_OF(INT64_MAX / 2, 16, 3), LEAT_ERANGE);
    cr_assert_eq(BATCH_OF(INT64_MIN, 16, 2), LEAT_ERANGE);
    cr_assert_eq(BATCH_OF(16, 16, UINT64_MAX), LEAT_ERANGE);
    cr_assert_eq(BATCH_OF(0, INT64_MAX / 8, 3), LEAT_ERANGE);
#undef BATCH_OF
    free(workspace);
}

/* ---- the tree ---- */

static double chain(const struct triple *t, uint32_t i, uint32_t j, uint32_t from, uint32_t to)
{
    double sum = 0;
    for (uint32_t p = from; p < to; p++)
        sum = t->k->kind == LEAT_F32
                  ? (double)fmaf((float)get(&t->a, i, p), (float)get(&t->b, p, j), (float)sum)
                  : fma(get(&t->a, i, p), get(&t->b, p, j), sum);
    return sum;
}

/* What docs/NUMERICS.md says of an element. */
static double element(const struct triple *t, uint32_t i, uint32_t j, double alpha, double beta)
{
    bool narrow = t->k->kind == LEAT_F32;
    double c = beta == 0 ? 0 : beta * get(&t->c, i, j);
    c = narrow ? (double)(float)c : c;
    for (uint32_t from = 0; from < t->a.m.cols; from += LEAT_GEMM_CHUNK) {
        uint32_t to = from + LEAT_GEMM_CHUNK < t->a.m.cols ? from + LEAT_GEMM_CHUNK : t->a.m.cols;
        double sum = chain(t, i, j, from, to);
        c = narrow ? (double)fmaf((float)alpha, (float)sum, (float)c) : fma(alpha, sum, c);
    }
    return c;
}

static void check_tree(const struct leat_linalg *k, uint32_t m, uint32_t n, uint32_t p,
                       unsigned layouts, double beta)
{
    uint64_t seed = 3 * m + 5 * n + p;
    struct triple t = triple_make(k, m, n, p, layouts);
    double alpha = k->kind == LEAT_F32 ? (double)1.1f : 1.1;
    fill_random(&t.a, &seed);
    fill_random(&t.b, &seed);
    fill_random(&t.c, &seed);
    double *want = allocate((size_t)m * n * sizeof *want);
    for (uint32_t i = 0; i < m; i++)
        for (uint32_t j = 0; j < n; j++)
            want[i * n + j] = element(&t, i, j, alpha, beta);
    cr_assert_eq(multiply(&t, 1.1, beta, NULL), 0);
    for (uint32_t i = 0; i < m; i++)
        for (uint32_t j = 0; j < n; j++)
            cr_assert_eq(get(&t.c, i, j), want[i * n + j],
                         "%s %s [%u x %u] by [%u x %u] layouts %u: (%u, %u)",
                         leat_isa_name((enum leat_isa)k->isa), leat_kind_name(k->kind), m, p, p, n,
                         layouts, i, j);
    free(want);
    triple_free(&t);
}

Test(gemm, elements_are_the_documented_tree)
{
    /* rows, columns, terms, layouts; the last one is computed as its transpose */
    static const uint32_t sizes[][4] = {{1, 1, 385, 0},   {7, 9, 1000, 11}, {40, 150, 400, 22},
                                        {33, 50, 768, 33}, {3, 130, 384, 44}, {60, 5, 390, 55},
                                        {3, 101, 90, 0},   {20, 1999, 390, 4}, {301, 20, 800, 26},
                                        {48, 70, 769, 8}};
    EACH_TABLE(k)
        for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++)
            check_tree(k, sizes[s][0], sizes[s][1], sizes[s][2], sizes[s][3],
                       s % 2 == 0 ? 0 : -0.75);
}

/* One column and one row, in every layout: 257 are whole groups of lanes and an end, 33 and 3 are
 * not; 390 terms are a chunk, lines, and terms beside them. */
Test(gemm, a_column_and_a_row_are_the_same_tree)
{
    static const uint32_t longs[] = {257, 33, 3};
    EACH_TABLE(k)
        for (unsigned layouts = 0; layouts < LAYOUTS * LAYOUTS * LAYOUTS; layouts++)
            for (unsigned i = 0; i < (k->isa == LEAT_ISA_BASE ? 2 : 3); i++) {
                uint32_t n = longs[(layouts + i) % 3];
                double beta = layouts % 2 == 0 ? 0 : -0.75;
                check_tree(k, n, 1, i == 0 ? 390 : 21, layouts, beta);
                check_tree(k, 1, n, i == 1 ? 390 : 21, layouts, beta);
            }
}

/* ---- the bound ---- */

static double gamma_of(double h, double u) { return h * u / (1 - h * u); }

/* Entries of sizes from 2^-20 to 2^20, or that cancel. */
static void fill_hard(struct watched *w, uint64_t *seed, bool cancels)
{
    for (uint32_t i = 0; i < w->m.rows; i++)
        for (uint32_t j = 0; j < w->m.cols; j++) {
            double x = ldexp(random_unit(seed), (int)(next_random(seed) % 41) - 20);
            set(w, i, j, cancels ? (j % 2 == 0 ? 1 + x * 0x1p-30 : -1) * (1 + 0x1p-20) : x);
        }
}

Test(gemm, errors_are_within_the_bound)
{
    static const uint32_t depths[] = {1, 2, 30, 384, 385, 3000};
    uint64_t seed = 9;
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++)
        for (unsigned d = 0; d < 12; d++) {
            const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), kind);
            uint32_t p = depths[d / 2];
            double u = unit_roundoff(kind), beta = 0.625;
            /* with the small one a chunk adds some last places to C, and each rounds it anew */
            double alpha = d % 2 == 0 ? -1.25 : -3 * u;
            double h = (p < 384 ? p : 384) + ceil(p / 384.0) + 2;
            struct triple t = triple_make(k, 20, 30, p, d);
            fill_hard(&t.a, &seed, d % 2 == 0);
            fill_hard(&t.b, &seed, false);
            if (d % 2 == 0)
                fill_hard(&t.c, &seed, false);
            else
                fill_random(&t.a, &seed), fill_random(&t.b, &seed), fill_random(&t.c, &seed);
            struct watched before = t.c;
            before.memory = allocate(t.c.n * leat_kind_bytes(kind));
            memcpy(before.memory, t.c.memory, t.c.n * leat_kind_bytes(kind));
            before.m.data = (char *)before.memory + ((char *)t.c.m.data - (char *)t.c.memory);
            cr_assert_eq(multiply(&t, alpha, beta, NULL), 0);
            for (uint32_t i = 0; i < 20; i++)
                for (uint32_t j = 0; j < 30; j++) {
                    quad sum = 0, size = 0, old = (quad)beta * get(&before, i, j);
                    for (uint32_t q = 0; q < p; q++) {
                        quad x = (quad)get(&t.a, i, q) * get(&t.b, q, j);
                        sum += x;
                        size += x < 0 ? -x : x;
                    }
                    double off = fabs((double)(alpha * sum + old - get(&t.c, i, j)));
                    double allowed = gamma_of(h, u) * fabs(alpha) * (double)size +
                                     gamma_of(ceil(p / 384.0) + 1, u) * fabs((double)old);
                    cr_assert_leq(off, allowed, "%s depth %u: off by %g, allowed %g",
                                  leat_kind_name(kind), p, off, allowed);
                }
            matrix_free(&before);
            triple_free(&t);
        }
}

/* ---- what is not a number, and what is not read ---- */

Test(gemm, what_is_not_finite_stays_in_its_rows_and_columns)
{
    EACH_TABLE(k) {
        struct triple t = triple_make(k, 30, 140, 50, 0);
        uint64_t seed = 5;
        fill_random(&t.a, &seed);
        fill_random(&t.b, &seed);
        set(&t.a, 7, 3, NAN);
        set(&t.a, 29, 49, INFINITY);
        set(&t.b, 0, 139, NAN);
        cr_assert_eq(multiply(&t, 1, 0, NULL), 0);
        for (uint32_t i = 0; i < 30; i++)
            for (uint32_t j = 0; j < 140; j++) {
                double c = get(&t.c, i, j);
                cr_expect_eq(isnan(c) != 0, i == 7 || j == 139, "(%u, %u) is %g", i, j, c);
                cr_expect(j == 139 || (isinf(c) != 0) == (i == 29), "(%u, %u) is %g", i, j, c);
            }
        triple_free(&t);
    }
}

Test(gemm, zero_factors_and_empty_sums_read_nothing)
{
    EACH_TABLE(k)
        for (uint32_t p = 0; p <= 20; p += 20)
            for (unsigned layouts = 0; layouts < 64; layouts += 9) {
                struct triple t = triple_make(k, 19, 21, p, layouts);
                for (uint32_t i = 0; i < 19; i++)
                    for (uint32_t q = 0; q < p; q++)
                        set(&t.a, i, q, NAN);
                for (uint32_t i = 0; i < 19; i++)
                    for (uint32_t j = 0; j < 21; j++)
                        set(&t.c, i, j, 3);
                cr_assert_eq(multiply(&t, p == 0, 0.5, NULL), 0);
                cr_expect_eq(get(&t.c, 18, 20), 1.5);
                set(&t.c, 18, 20, NAN);
                cr_assert_eq(multiply(&t, p == 0, 0, NULL), 0);
                cr_expect_eq(get(&t.c, 18, 20), 0);
                triple_free(&t);
            }
}

Test(gemm, factors_are_rounded_to_the_kind_first)
{
    const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), LEAT_F32);
    struct triple t = triple_make(k, 1, 1, 1, 0);
    set(&t.a, 0, 0, INFINITY);
    set(&t.b, 0, 0, 1);
    set(&t.c, 0, 0, INFINITY);
    cr_assert_eq(multiply(&t, 1e-60, 1e-60, NULL), 0); /* both are 0 in f32 */
    cr_expect_eq(get(&t.c, 0, 0), 0);
    triple_free(&t);
}

/* A step of 0 shows one row many times. */
Test(gemm, operands_may_repeat_themselves)
{
    EACH_TABLE(k) {
        struct triple t = triple_make(k, 40, 50, 3, 0);
        uint64_t seed = 1;
        fill_whole(&t.a, &seed, 9);
        fill_whole(&t.b, &seed, 9);
        t.a.m.row = 0;
        t.b.m.col = 0;
        cr_assert_eq(multiply(&t, 1, 0, NULL), 0);
        double first = get(&t.a, 0, 0) * get(&t.b, 0, 0) + get(&t.a, 0, 1) * get(&t.b, 1, 0) +
                       get(&t.a, 0, 2) * get(&t.b, 2, 0);
        for (uint32_t i = 0; i < 40; i++)
            for (uint32_t j = 0; j < 50; j++)
                cr_expect_eq(get(&t.c, i, j), first);
        triple_free(&t);
    }
}

/* ---- refusals ---- */

static void refuses(struct triple *t, int code, const char *words)
{
    struct leat_diag diag = {0};
    size_t bytes = t->c.n * leat_kind_bytes(t->c.kind);
    void *before = allocate(bytes);
    memcpy(before, t->c.memory, bytes);
    void *workspace = allocate(1 << 23);
    cr_expect_eq(leat_gemm(t->k, 1, &t->a.m, &t->b.m, 0, &t->c.m, workspace, 1 << 23, &diag), code,
                 "%s: %d %s", words, diag.code, diag.text);
    cr_expect(strstr(diag.text, words) != NULL, "'%s' says nothing of %s", diag.text, words);
    cr_expect_arr_eq(before, t->c.memory, bytes, "%s: C was touched", words);
    free(before), free(workspace);
}

Test(gemm, shapes_and_views_that_cannot_be_are_refused_by_name)
{
    static const struct {
        int code;
        const char *words;
        int what;
    } cases[] = {
        {LEAT_ESHAPE, "A [5 x 7] times B [6 x 8]", 0}, {LEAT_ESHAPE, "C [5 x 9]", 1},
        {LEAT_EINVAL, "A: no data", 2},                {LEAT_EINVAL, "B: not aligned", 3},
        {LEAT_EINVAL, "elements of C lie on each other", 4},
        {LEAT_EINVAL, "elements of C lie on each other", 5},
        {LEAT_EINVAL, "C lies on A", 6},               {LEAT_EINVAL, "C lies on B", 7},
        {LEAT_ERANGE, "A: [5 x 7] with steps of", 8},  {LEAT_ERANGE, "C: [5 x 8]", 9},
        {LEAT_ERANGE, "B: [7 x 8]", 10},
    };
    EACH_TABLE(k)
        for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct triple t = triple_make(k, 5, 8, 7, 0);
            switch (cases[i].what) {
            case 0: t.b.m.rows = 6; break;
            case 1: t.c.m.cols = 9; break;
            case 2: t.a.m.data = NULL; break;
            case 3: t.b.m.data = (char *)t.b.m.data + 1; break;
            case 4: t.c.m.row = 7; break;
            case 5: t.c.m.col = 0; break;
            case 6: t.a.m.data = (char *)t.c.m.data + 4 * leat_kind_bytes(k->kind); break;
            case 7: t.b.m.data = t.c.m.data, t.b.m.col = 2; break;
            case 8: t.a.m.row = INT64_MAX / 2; break;
            case 9: t.c.m.col = INT64_MIN; break;
            default: t.b.m.row = INT64_MIN / 64; break;
            }
            refuses(&t, cases[i].code, cases[i].words);
            triple_free(&t);
        }
}

Test(gemm, a_workspace_too_small_or_askew_is_refused)
{
    const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), LEAT_F64);
    struct triple t = triple_make(k, 40, 40, 40, 0);
    size_t bytes = leat_gemm_bytes(k, 40, 40, 40);
    char *workspace = allocate(bytes + 64);
    struct leat_diag diag;
    cr_expect_eq(leat_gemm(k, 1, &t.a.m, &t.b.m, 0, &t.c.m, workspace, bytes - 1, &diag),
                 LEAT_ELIMIT);
    char needed[32];
    snprintf(needed, sizeof needed, "%zu bytes", bytes);
    cr_expect(strstr(diag.text, needed) != NULL, "%s", diag.text);
    cr_expect_eq(leat_gemm(k, 1, &t.a.m, &t.b.m, 0, &t.c.m, workspace + 8, bytes, NULL),
                 LEAT_ELIMIT);
    cr_expect_eq(leat_gemm(k, 1, &t.a.m, &t.b.m, 0, &t.c.m, workspace, bytes, NULL), 0);
    free(workspace);
    triple_free(&t);
    EACH_TABLE(each)
        cr_expect_lt(leat_gemm_bytes(each, UINT32_MAX, UINT32_MAX, UINT32_MAX), 16u << 20);
    cr_expect_null(leat_linalg_kernels(LEAT_ISA_BASE, LEAT_I64));
}

/* Views with the same steps are told apart exactly: blocks of one matrix, side by side. */
Test(gemm, blocks_of_one_matrix_do_not_meet)
{
    EACH_TABLE(k) {
        struct watched w = matrix_make(k->kind, 12, 12, ROWS);
        struct leat_diag diag;
        uint64_t seed = 2;
        size_t width = leat_kind_bytes(k->kind), bytes = leat_gemm_bytes(k, 4, 4, 4);
        void *workspace = allocate(bytes);
        fill_whole(&w, &seed, 9);
        for (uint32_t at = 0; at <= 8; at++) {
            struct leat_matrix a = leat_matrix_rows(w.m.data, 4, 4, w.m.row);
            struct leat_matrix b = a, c = a;
            b.data = (char *)w.m.data + 8 * (size_t)w.m.row * width; /* below */
            c.data = (char *)w.m.data + ((size_t)at % 3 * (size_t)w.m.row + at) * width;
            int code = leat_gemm(k, 1, &a, &b, 0, &c, workspace, bytes, &diag);
            cr_expect_eq(code, at < 4 ? LEAT_EINVAL : 0, "%u: %s", at, diag.text);
        }
        free(workspace);
        matrix_free(&w);
    }
}
