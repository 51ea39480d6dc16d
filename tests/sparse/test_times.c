/* Sparse times dense: exact on whole numbers, the documented chain bit for bit on others, in every
 * form; what is not finite; what is refused. */
#include "entries.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* The chain that NUMERICS.md says element (i, j) of A B, or A' B, is. */
static double element(const struct leat_csr *a, bool turned, const struct watched *b, uint32_t i,
                      uint32_t j)
{
    double sum = 0;
    for (uint32_t p = 0; p < b->m.rows; p++) {
        bool stored;
        double x = turned ? element_of(a, p, i, &stored) : element_of(a, i, p, &stored);
        if (stored)
            sum = chain_on(a->kind, x, get(b, p, j), sum);
    }
    return sum;
}

static bool same(double x, double y)
{
    return memcmp(&x, &y, sizeof x) == 0 || (isnan(x) && isnan(y));
}

static void check(const struct leat_sparse *k, const struct leat_csr *a, bool turned, uint32_t n,
                  unsigned layouts, uint64_t *seed, bool whole)
{
    uint32_t rows = turned ? a->cols : a->rows, inner = turned ? a->rows : a->cols;
    struct watched b = matrix_make(k->kind, inner, n, (enum layout)(layouts % LAYOUTS));
    struct watched c = matrix_make(k->kind, rows, n, (enum layout)(layouts / LAYOUTS % LAYOUTS));
    struct leat_diag diag = {0};
    if (whole)
        fill_whole(&b, seed, 9);
    else
        fill_random(&b, seed);
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < n; j++)
            set(&c, i, j, NAN); /* it is not read */
    size_t bytes = leat_csr_times_bytes(&b.m, &c.m), aside = aside_of(&c);
    unsigned char *workspace = allocate(bytes + 64);
    memset(workspace, 0xa5, bytes + 64);
    cr_assert_eq(leat_csr_times(k, a, turned, &b.m, &c.m, workspace, bytes, &diag), 0, "%s",
                 diag.text);
    for (size_t i = 0; i < 64; i++)
        cr_assert_eq(workspace[bytes + i], 0xa5, "wrote behind the workspace");
    bool hides = false;
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < n; j++) {
            double want = element(a, turned, &b, i, j), got = get(&c, i, j);
            hides |= got == ASIDE;
            cr_assert(same(got, want), "%s %s [%u x %u]%s by %u layouts %u: (%u, %u) %g, not %g",
                      leat_isa_name((enum leat_isa)k->isa), leat_kind_name(k->kind), a->rows,
                      a->cols, turned ? "'" : "", n, layouts, i, j, got, want);
        }
    cr_assert(hides || aside_of(&c) == aside, "wrote beside the elements of C");
    free(workspace);
    matrix_free(&b), matrix_free(&c);
}

Test(times, every_shape_and_layout_is_the_documented_chain)
{
    static const uint32_t sizes[][2] = {{0, 0}, {1, 1}, {0, 5}, {5, 0}, {1, 30}, {30, 1}, {23, 17}};
    static const uint32_t cols[] = {0, 1, 2, 3, 7, 9, 17, 64, 70, 133};
    unsigned layouts = 0;
    EACH_SPARSE(k) {
        uint64_t seed = 7;
        for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (unsigned n = 0; n < sizeof cols / sizeof *cols; n++, layouts++)
                for (int turned = 0; turned < 2; turned++) {
                    struct made a = make_random(k->kind, sizes[s][0], sizes[s][1],
                                                layouts % 3 == 0 ? 1000 : 150, 0, false, &seed);
                    check(k, &a.m, turned == 1, cols[n], layouts, &seed, false);
                    check(k, &a.m, turned == 1, cols[n], 0, &seed, true);
                    made_free(&a);
                }
    }
}

/* Whole numbers, against sums in integers: no tree can hide behind another. */
Test(times, whole_numbers_are_exact)
{
    EACH_SPARSE(k) {
        uint64_t seed = 3;
        struct made a = make_random(k->kind, 40, 60, 200, 9, true, &seed);
        struct watched x = matrix_make(k->kind, 60, 33, ROWS);
        struct watched y = matrix_make(k->kind, 40, 33, ROWS);
        fill_whole(&x, &seed, 9);
        cr_assert_eq(leat_csr_times(k, &a.m, false, &x.m, &y.m, NULL, 0, NULL), 0);
        for (uint32_t i = 0; i < 40; i++)
            for (uint32_t j = 0; j < 33; j++) {
                int64_t sum = 0;
                for (uint64_t e = a.m.start[i]; e < a.m.start[i + 1]; e++)
                    sum += (int64_t)get_flat(k->kind, a.m.value, (int64_t)e) *
                           (int64_t)get(&x, a.m.col[e], j);
                cr_assert_eq(get(&y, i, j), (double)sum);
            }
        matrix_free(&x), matrix_free(&y);
        made_free(&a);
    }
}

/* ---- dense times sparse ---- */

Test(times, dense_times_sparse_is_the_same_chain)
{
    EACH_SPARSE(k) {
        uint64_t seed = 11;
        for (unsigned layouts = 0; layouts < LAYOUTS * LAYOUTS; layouts++) {
            struct made a = make_random(k->kind, 19, 26, 200, 0, false, &seed);
            struct watched b = matrix_make(k->kind, 77, 19, (enum layout)(layouts % LAYOUTS));
            struct watched c = matrix_make(k->kind, 77, 26, (enum layout)(layouts / LAYOUTS));
            fill_random(&b, &seed);
            struct leat_matrix bt = leat_matrix_transposed(&b.m), ct = leat_matrix_transposed(&c.m);
            size_t bytes = leat_csr_times_bytes(&bt, &ct);
            void *workspace = allocate(bytes);
            cr_assert_eq(leat_times_csr(k, &b.m, &a.m, &c.m, workspace, bytes, NULL), 0);
            for (uint32_t i = 0; i < 77; i++)
                for (uint32_t j = 0; j < 26; j++) {
                    double sum = 0;
                    for (uint32_t p = 0; p < 19; p++) {
                        bool stored;
                        double y = element_of(&a.m, p, j, &stored);
                        if (stored)
                            sum = chain_on(k->kind, y, get(&b, i, p), sum);
                    }
                    cr_assert_eq(get(&c, i, j), sum, "(%u, %u) layouts %u", i, j, layouts);
                }
            free(workspace);
            matrix_free(&b), matrix_free(&c);
            made_free(&a);
        }
    }
}

/* ---- slices ---- */

Test(times, slices_are_the_same_chain)
{
    static const uint32_t sizes[][3] = {{0, 0, 0},   {1, 1, 1000},  {5, 0, 0},    {7, 50, 0},
                                        {16, 9, 300}, {17, 40, 500}, {100, 30, 90}, {3, 99, 1000}};
    EACH_SPARSE(k) {
        uint64_t seed = 5;
        for (unsigned s = 0; s < 2 * sizeof sizes / sizeof *sizes; s++) {
            const uint32_t *z = sizes[s / 2];
            struct made a = make_random(k->kind, z[0], z[1], z[2], 0, s % 2 == 1, &seed);
            struct watched x = matrix_make(k->kind, z[1], 1, COLUMNS);
            struct watched y = matrix_make(k->kind, z[0], 1, s % 3 == 0 ? SCATTERED : COLUMNS);
            struct leat_sliced sliced;
            struct leat_diag diag = {0};
            size_t bytes = leat_sliced_bytes(&a.m), aside = aside_of(&y);
            char *memory = allocate(bytes + 64), *moved = allocate(bytes);
            fill_random(&x, &seed);
            memset(memory, 0xa5, bytes + 64);
            cr_assert_eq(leat_sliced_make(&sliced, &a.m, memory, bytes, &diag), 0, "%s", diag.text);
            for (size_t i = 0; i < 64; i++)
                cr_assert_eq(memory[bytes + i], (char)0xa5, "wrote behind the memory");
            memcpy(moved, memory, bytes);
            memset(memory, 0xa5, bytes);
            leat_sliced_at(&sliced, moved);
            cr_assert_eq(leat_sliced_times(k, &sliced, &x.m, &y.m, &diag), 0, "%s", diag.text);
            for (uint32_t i = 0; i < z[0]; i++)
                cr_assert(same(get(&y, i, 0), element(&a.m, false, &x, i, 0)),
                          "%s %u: row %u", leat_isa_name((enum leat_isa)k->isa), s, i);
            cr_assert_eq(aside_of(&y), aside);
            cr_expect_eq(leat_sliced_make(&sliced, &a.m, memory, bytes - 1, NULL), LEAT_ELIMIT);
            free(memory), free(moved);
            matrix_free(&x), matrix_free(&y);
            made_free(&a);
        }
    }
}

/* ---- the bound ---- */

Test(times, errors_are_within_the_bound)
{
    EACH_SPARSE(k) {
        uint64_t seed = 2;
        uint32_t terms = 700;
        double u = unit_roundoff(k->kind);
        struct made a = make_random(k->kind, 3, terms, 1000, 0, false, &seed);
        struct watched x = matrix_make(k->kind, terms, 4, ROWS);
        struct watched y = matrix_make(k->kind, 3, 4, ROWS);
        fill_random(&x, &seed);
        for (uint32_t p = 0; p < terms; p++)
            set(&x, p, 3, p % 2 == 0 ? 1 + 0x1p-20 : -1); /* much of it cancels */
        cr_assert_eq(leat_csr_times(k, &a.m, false, &x.m, &y.m, NULL, 0, NULL), 0);
        for (uint32_t i = 0; i < 3; i++)
            for (uint32_t j = 0; j < 4; j++) {
                quad sum = 0, size = 0;
                for (uint64_t e = a.m.start[i]; e < a.m.start[i + 1]; e++) {
                    quad term = (quad)get_flat(k->kind, a.m.value, (int64_t)e) *
                                get(&x, a.m.col[e], j);
                    sum += term;
                    size += term < 0 ? -term : term;
                }
                double off = fabs((double)(sum - get(&y, i, j)));
                cr_expect_leq(off, terms * u / (1 - terms * u) * (double)size);
            }
        matrix_free(&x), matrix_free(&y);
        made_free(&a);
    }
}

/* ---- what is not finite ---- */

Test(times, what_is_not_finite_shows_where_an_entry_is_stored_and_nowhere_else)
{
    static const uint32_t row[] = {0, 1, 2, 3, 3}, col[] = {0, 1, 2, 0, 1};
    EACH_SPARSE(k) {
        double value[5] = {0};
        const double values[] = {0, 2, INFINITY, 1, 1};
        for (int64_t i = 0; i < 5; i++)
            set_flat(k->kind, value, i, values[i]);
        struct leat_coo coo = {5, 3, k->kind, 5, row, col, value};
        struct made a;
        cr_assert_eq(make_of(&a, &coo, NULL), LEAT_OK);
        for (uint32_t n = 1; n < 40; n += 19) {
            struct watched x = matrix_make(k->kind, 3, n, ROWS);
            struct watched y = matrix_make(k->kind, 5, n, ROWS);
            for (uint32_t j = 0; j < n; j++) {
                set(&x, 0, j, INFINITY);
                set(&x, 1, j, -3);
                set(&x, 2, j, j % 2 == 0 ? 0 : 4);
            }
            cr_assert_eq(leat_csr_times(k, &a.m, false, &x.m, &y.m, NULL, 0, NULL), 0);
            for (uint32_t j = 0; j < n; j++) {
                cr_expect(isnan(get(&y, 0, j)), "a stored 0 times Inf");
                cr_expect_eq(get(&y, 1, j), -6);
                cr_expect(j % 2 == 0 ? isnan(get(&y, 2, j)) != 0 : get(&y, 2, j) == INFINITY);
                cr_expect_eq(get(&y, 3, j), INFINITY);
                cr_expect_eq(get(&y, 4, j), 0, "a row without entries");
            }
            matrix_free(&x), matrix_free(&y);
        }
        made_free(&a);
    }
}

/* Lanes of a slice that are filled up take nothing from x. */
Test(times, rows_that_have_ended_do_not_see_what_is_not_finite)
{
    static const uint32_t row[] = {0, 0, 1}, col[] = {0, 1, 1};
    EACH_SPARSE(k) {
        double value[3] = {0};
        struct watched x = matrix_make(k->kind, 2, 1, COLUMNS);
        struct watched y = matrix_make(k->kind, 2, 1, COLUMNS);
        for (int64_t i = 0; i < 3; i++)
            set_flat(k->kind, value, i, 1);
        struct leat_coo coo = {2, 2, k->kind, 3, row, col, value};
        struct leat_sliced sliced;
        struct made a;
        cr_assert_eq(make_of(&a, &coo, NULL), LEAT_OK);
        size_t bytes = leat_sliced_bytes(&a.m);
        void *memory = allocate(bytes);
        cr_assert_eq(leat_sliced_make(&sliced, &a.m, memory, bytes, NULL), 0);
        set(&x, 0, 0, NAN);
        set(&x, 1, 0, 5);
        cr_assert_eq(leat_sliced_times(k, &sliced, &x.m, &y.m, NULL), 0);
        cr_expect(isnan(get(&y, 0, 0)) && get(&y, 1, 0) == 5);
        free(memory);
        matrix_free(&x), matrix_free(&y);
        made_free(&a);
    }
}

/* ---- refusals ---- */

Test(times, what_cannot_be_is_refused_by_name)
{
    static const struct {
        int code;
        const char *words;
    } wants[] = {
        {LEAT_ESHAPE, "B is [8 x 4], and [9 x 4] fits"}, {LEAT_ESHAPE, "C is [6 x 5], and [6 x 4]"},
        {LEAT_EINVAL, "B: no data"},                     {LEAT_EINVAL, "C: not aligned"},
        {LEAT_EINVAL, "elements of C lie on each other"}, {LEAT_EINVAL, "C lies on B"},
        {LEAT_ERANGE, "B: [9 x 4] with steps of"},       {LEAT_ELIMIT, "needs 3840 bytes"},
        {LEAT_ESHAPE, "the kernels are for f32"},
    };
    EACH_SPARSE(k)
        for (int what = 0; what < 9; what++) {
            uint64_t seed = 9;
            bool other = what == 8;
            if (other && k->kind == LEAT_F64)
                continue;
            struct made a = make_random(other ? LEAT_F64 : k->kind, 6, 9, 300, 9, false, &seed);
            struct watched b = matrix_make(k->kind, 9, 4, ROWS);
            struct watched c = matrix_make(k->kind, 6, 4, ROWS);
            struct leat_diag diag = {0};
            LEAT_ALIGNED(64) char workspace[4096];
            switch (what) {
            case 0: b.m.rows = 8; break;
            case 1: c.m.cols = 5; break;
            case 2: b.m.data = NULL; break;
            case 3: c.m.data = (char *)c.m.data + 1; break;
            case 4: c.m.row = 3; break;
            case 5: b.m.data = (char *)c.m.data + 2 * leat_kind_bytes(k->kind); break;
            case 6: b.m.row = INT64_MAX / 4; break;
            case 7: b.m.col = 2; break;
            default: break;
            }
            size_t bytes = c.n * leat_kind_bytes(k->kind);
            void *before = allocate(bytes);
            memcpy(before, c.memory, bytes);
            cr_expect_eq(leat_csr_times(k, &a.m, false, &b.m, &c.m, workspace, 3839, &diag),
                         wants[what].code, "%d: %s", what, diag.text);
            cr_expect(strstr(diag.text, wants[what].words) != NULL, "%s", diag.text);
            cr_expect_arr_eq(before, c.memory, bytes, "%d: C was touched", what);
            free(before);
            matrix_free(&b), matrix_free(&c);
            made_free(&a);
        }
}

Test(times, slices_want_a_vector)
{
    uint64_t seed = 9;
    const struct leat_sparse *k = leat_sparse_kernels(leat_isa_best(), LEAT_F64);
    struct made a = make_random(LEAT_F64, 6, 9, 300, 9, false, &seed);
    struct watched x = matrix_make(LEAT_F64, 9, 2, ROWS);
    struct watched y = matrix_make(LEAT_F64, 6, 2, ROWS);
    size_t bytes = leat_sliced_bytes(&a.m);
    void *memory = allocate(bytes);
    struct leat_sliced s;
    struct leat_diag diag;
    cr_assert_eq(leat_sliced_make(&s, &a.m, memory, bytes, NULL), 0);
    cr_expect_eq(leat_sliced_times(k, &s, &x.m, &y.m, &diag), LEAT_ESHAPE);
    x.m.cols = y.m.cols = 1; /* its elements are three apart */
    cr_expect_eq(leat_sliced_times(k, &s, &x.m, &y.m, &diag), LEAT_ESHAPE);
    cr_expect(strstr(diag.text, "side by side") != NULL, "%s", diag.text);
    cr_expect_null(leat_sparse_kernels(LEAT_ISA_BASE, LEAT_I64));
    free(memory);
    matrix_free(&x), matrix_free(&y);
    made_free(&a);
}
