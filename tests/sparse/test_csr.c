/* Matrices of compressed rows: made of coordinates, checked, turned, added. */
#include "entries.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* ---- from coordinates ---- */

Test(csr, coordinates_in_any_order_and_many_times_are_the_sums)
{
    static const uint32_t sizes[][3] = {{0, 0, 0},  {1, 1, 0},   {1, 1, 7},    {5, 1, 9},
                                        {1, 9, 20}, {40, 7, 99}, {30, 50, 3000}, {3, 0, 0}};
    uint64_t seed = 1;
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++)
        for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            uint32_t rows = sizes[s][0], cols = sizes[s][1], n = sizes[s][2];
            uint32_t row[3000], col[3000];
            double want[30 * 50 + 40 * 7] = {0}, value[3000];
            bool is[30 * 50 + 40 * 7] = {false};
            uint64_t entries = 0;
            for (uint32_t e = 0; e < n; e++) {
                row[e] = (uint32_t)(next_random(&seed) % rows);
                col[e] = (uint32_t)(next_random(&seed) % cols);
                double x = (double)(int64_t)(next_random(&seed) % 19) - 9;
                set_flat(kind, value, e, x);
                want[row[e] * cols + col[e]] += x;
                entries += !is[row[e] * cols + col[e]];
                is[row[e] * cols + col[e]] = true;
            }
            struct leat_coo coo = {rows, cols, kind, n, row, col, value};
            struct made made;
            struct leat_diag diag = {0};
            cr_assert_eq(make_of(&made, &coo, &diag), LEAT_OK, "%s", diag.text);
            cr_assert_eq(leat_csr_check(&made.m, &diag), LEAT_OK, "%s", diag.text);
            cr_assert_eq(made.m.entries, entries);
            for (uint32_t i = 0; i < rows; i++)
                for (uint32_t j = 0; j < cols; j++) {
                    bool stored;
                    cr_assert_eq(element_of(&made.m, i, j, &stored), want[i * cols + j]);
                    cr_assert_eq(stored, is[i * cols + j]);
                }
            made_free(&made);
        }
}

Test(csr, what_comes_twice_is_added_in_the_order_in_which_it_comes)
{
    const uint32_t row[] = {1, 1, 0, 1}, col[] = {2, 2, 0, 2};
    const float value[] = {1e8f, 1.0f, 5.0f, -1e8f};
    struct leat_coo coo = {2, 3, LEAT_F32, 4, row, col, value};
    struct made made;
    bool stored;
    cr_assert_eq(make_of(&made, &coo, NULL), LEAT_OK);
    cr_expect_eq(element_of(&made.m, 1, 2, &stored), 0.0); /* 1e8 + 1 is 1e8 */
    cr_expect(stored);
    cr_expect_eq(made.m.entries, 2);
    made_free(&made);
}

Test(csr, coordinates_that_are_none_are_refused_before_anything_is_written)
{
    static const uint32_t row[] = {0, 1, 2}, col[] = {0, 3, 1};
    static const double value[] = {1, 2, 3};
    static const struct {
        struct leat_coo coo;
        int code;
        const char *words;
    } cases[] = {
        {{2, 4, LEAT_F64, 3, row, col, value}, LEAT_ERANGE, "row[2] is 2: there are 2"},
        {{3, 3, LEAT_F64, 3, row, col, value}, LEAT_ERANGE, "col[1] is 3: there are 3"},
        {{0, 0, LEAT_F64, 1, row, col, value}, LEAT_ERANGE, "row[0] is 0: there are 0"},
        {{3, 4, LEAT_I64, 3, row, col, value}, LEAT_EINVAL, "neither f32 nor f64"},
        {{3, 4, LEAT_F64, 3, NULL, col, value}, LEAT_EINVAL, "coo: no row"},
        {{3, 4, LEAT_F64, 3, row, col, NULL}, LEAT_EINVAL, "coo: no value"},
        {{3, 0x80000000u, LEAT_F64, 3, row, col, value}, LEAT_ERANGE, "[3 x 2147483648]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        LEAT_ALIGNED(64) unsigned char memory[1024], workspace[1024], same[1024];
        struct leat_csr m;
        struct leat_diag diag = {0};
        memset(memory, 7, sizeof memory);
        memset(same, 7, sizeof same);
        memset(workspace, 7, sizeof workspace);
        cr_expect_eq(leat_csr_from_coo(&m, &cases[i].coo, memory, sizeof memory, workspace,
                                       sizeof workspace, &diag),
                     cases[i].code, "%s: %s", cases[i].words, diag.text);
        cr_expect(strstr(diag.text, cases[i].words) != NULL, "'%s' without '%s'", diag.text,
                  cases[i].words);
        cr_expect_arr_eq(memory, same, sizeof same);
        cr_expect_arr_eq(workspace, same, sizeof same);
    }
}

Test(csr, memory_is_counted)
{
    static const uint32_t row[] = {0, 1}, col[] = {0, 2};
    static const double value[] = {1, 2};
    struct leat_coo coo = {2, 3, LEAT_F64, 2, row, col, value};
    LEAT_ALIGNED(64) unsigned char memory[1024], workspace[1024];
    size_t bytes = leat_csr_bytes(LEAT_F64, 2, 3, 2), more = leat_csr_from_coo_bytes(&coo);
    struct leat_csr m;
    cr_expect_eq(leat_csr_from_coo(&m, &coo, memory, bytes - 1, workspace, more, NULL),
                 LEAT_ELIMIT);
    cr_expect_eq(leat_csr_from_coo(&m, &coo, memory + 8, bytes, workspace, more, NULL),
                 LEAT_ELIMIT);
    cr_expect_eq(leat_csr_from_coo(&m, &coo, memory, bytes, workspace, more - 1, NULL),
                 LEAT_ELIMIT);
    cr_expect_eq(leat_csr_from_coo(&m, &coo, memory, bytes, workspace, more, NULL), LEAT_OK);
    cr_expect_eq(leat_csr_bytes(LEAT_F64, 1, 1, UINT64_MAX), 0);
    cr_expect_eq(leat_csr_bytes(LEAT_F64, 1, 1, UINT64_MAX / 10), 0);
    cr_expect_eq(leat_csr_bytes(LEAT_F32, 0x80000000u, 1, 1), 0);
    cr_expect_eq(leat_csr_bytes(LEAT_I64, 1, 1, 1), 0);
    cr_expect_neq(leat_csr_bytes(LEAT_F32, 0x7fffffffu, 0x7fffffffu, 1), 0);
    cr_expect_eq(leat_csr_lay(&m, LEAT_F64, 2, 2, UINT64_MAX / 3, memory, 1024, NULL),
                 LEAT_ERANGE);
}

/* ---- checks ---- */

Test(csr, arrays_that_lie_are_refused_by_name)
{
    for (int what = 0; what < 10; what++) {
        static const struct {
            int code;
            const char *words;
        } wants[] = {
            {LEAT_OK, ""},
            {LEAT_ERANGE, "start goes from 1 to 4"},
            {LEAT_ERANGE, "start goes from 0 to 3"},
            {LEAT_ERANGE, "start[2] is 1, before it is 2"},
            {LEAT_ERANGE, "start[1] is 9, before it is 0"},
            {LEAT_ERANGE, "col[3] is 3: there are 3"},
            {LEAT_ERANGE, "col[1] is 1, not above the one before it in row 0"},
            {LEAT_EINVAL, "no col"},
            {LEAT_EINVAL, "value is not aligned"},
            {LEAT_ERANGE, "entries are more than memory holds"},
        };
        uint64_t start[] = {0, 2, 3, 4};
        uint32_t col[] = {1, 2, 0, 1};
        double value[5] = {1, 2, 3, 4, 5};
        struct leat_csr m = {3, 3, LEAT_F64, 4, start, col, value};
        struct leat_diag diag = {0};
        switch (what) {
        case 1: start[0] = 1; break;
        case 2: start[3] = 3; break;
        case 3: start[2] = 1; break;
        case 4: start[1] = 9; break;
        case 5: col[3] = 3; break;
        case 6: col[1] = 1; break;
        case 7: m.col = NULL; break;
        case 8: m.value = (char *)value + 4; break;
        case 9: m.entries = UINT64_MAX / 4; break;
        default: break;
        }
        cr_expect_eq(leat_csr_check(&m, &diag), wants[what].code, "%d: %s", what, diag.text);
        cr_expect(what == 0 || strstr(diag.text, wants[what].words) != NULL, "%s", diag.text);
    }
}

/* ---- turned, added ---- */

Test(csr, transposes_and_sums_are_those_of_dense_matrices)
{
    static const uint32_t sizes[][3] = {{0, 0, 0},    {1, 1, 1000}, {1, 40, 300}, {40, 1, 300},
                                        {50, 30, 100}, {30, 50, 5}, {20, 20, 1000}};
    uint64_t seed = 4;
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++)
        for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            uint32_t rows = sizes[s][0], cols = sizes[s][1];
            struct made a = make_random(kind, rows, cols, sizes[s][2], 9, s % 2 == 1, &seed);
            struct made b = make_random(kind, rows, cols, 200, 9, false, &seed);
            struct leat_csr t, c;
            struct leat_diag diag = {0};
            size_t bytes = leat_csr_bytes(kind, cols, rows, a.m.entries);
            size_t sum_bytes = leat_csr_bytes(kind, rows, cols, a.m.entries + b.m.entries);
            void *memory = allocate(bytes), *sum_memory = allocate(sum_bytes);
            cr_assert_eq(leat_csr_transpose(&t, &a.m, memory, bytes, &diag), 0, "%s", diag.text);
            cr_assert_eq(leat_csr_check(&t, &diag), 0, "%s", diag.text);
            cr_assert_eq(leat_csr_add(&c, 2, &a.m, -0.5, &b.m, sum_memory, sum_bytes, &diag), 0);
            cr_assert_eq(leat_csr_check(&c, &diag), 0, "%s", diag.text);
            uint64_t entries = 0;
            for (uint32_t i = 0; i < rows; i++)
                for (uint32_t j = 0; j < cols; j++) {
                    bool in_a, in_b, in_t, in_c;
                    double x = element_of(&a.m, i, j, &in_a), y = element_of(&b.m, i, j, &in_b);
                    cr_assert_eq(element_of(&t, j, i, &in_t), x);
                    cr_assert_eq(element_of(&c, i, j, &in_c), 2 * x - 0.5 * y);
                    cr_assert(in_t == in_a && in_c == (in_a || in_b));
                    entries += in_c;
                }
            cr_assert(t.entries == a.m.entries && c.entries == entries);
            free(memory), free(sum_memory);
            made_free(&a), made_free(&b);
        }
}

Test(csr, shapes_that_do_not_add_are_refused)
{
    uint64_t seed = 4;
    struct made a = make_random(LEAT_F32, 3, 4, 500, 9, false, &seed);
    struct made b = make_random(LEAT_F32, 4, 3, 500, 9, false, &seed);
    struct made d = make_random(LEAT_F64, 3, 4, 500, 9, false, &seed);
    LEAT_ALIGNED(64) char memory[2048];
    struct leat_csr c;
    struct leat_diag diag;
    cr_expect_eq(leat_csr_add(&c, 1, &a.m, 1, &b.m, memory, sizeof memory, &diag), LEAT_ESHAPE);
    cr_expect(strstr(diag.text, "A [3 x 4] f32 and B [4 x 3] f32") != NULL, "%s", diag.text);
    cr_expect_eq(leat_csr_add(&c, 1, &a.m, 1, &d.m, memory, sizeof memory, &diag), LEAT_ESHAPE);
    cr_expect_eq(leat_csr_add(&c, 1, &a.m, 1, &a.m, memory, 64, &diag), LEAT_ELIMIT);
    made_free(&a), made_free(&b), made_free(&d);
}

/* ---- from dense matrices ---- */

Test(csr, what_is_not_zero_is_counted_and_taken_in_every_layout)
{
    static const double values[] = {0, -0.0, 1, NAN, INFINITY, 0x1p-149, -3};
    EACH_SPARSE(k)
        for (unsigned layout = 0; layout < LAYOUTS; layout++)
            for (uint32_t cols = 0; cols < 70; cols += 23) {
                struct watched w = matrix_make(k->kind, 9, cols, (enum layout)layout);
                uint64_t seed = 8, want = 0, entries = 7;
                for (uint32_t i = 0; i < 9; i++)
                    for (uint32_t j = 0; j < cols; j++) {
                        double x = values[next_random(&seed) % 7 * (next_random(&seed) % 2)];
                        set(&w, i, j, x);
                        want += x != 0;
                    }
                cr_assert_eq(leat_sparse_count(k, &w.m, &entries, NULL), 0);
                cr_assert_eq(entries, want);
                struct leat_csr m;
                size_t bytes = leat_csr_bytes(k->kind, 9, cols, want + 1);
                void *memory = allocate(bytes);
                cr_assert_eq(leat_csr_from_matrix(&m, k->kind, &w.m, want, memory, bytes, NULL), 0);
                cr_assert_eq(leat_csr_check(&m, NULL), 0);
                for (uint32_t i = 0; i < 9; i++)
                    for (uint32_t j = 0; j < cols; j++) {
                        bool stored;
                        double x = element_of(&m, i, j, &stored), y = get(&w, i, j);
                        cr_assert(stored == (y != 0) && (x == y || (isnan(x) && isnan(y))));
                    }
                cr_expect_eq(leat_csr_from_matrix(&m, k->kind, &w.m, want + 1, memory, bytes,
                                                  NULL), LEAT_ESHAPE);
                if (want > 0)
                    cr_expect_eq(leat_csr_from_matrix(&m, k->kind, &w.m, want - 1, memory, bytes,
                                                      NULL), LEAT_ESHAPE);
                if (cols > 0) {
                    w.m.data = (char *)w.m.data + 1;
                    cr_expect_eq(leat_sparse_count(k, &w.m, &entries, NULL), LEAT_EINVAL);
                }
                free(memory);
                matrix_free(&w);
            }
}

Test(csr, the_crossover_is_a_share)
{
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++)
        for (uint32_t n = 0; n < 2000; n += 7) {
            double before = 1;
            for (uint32_t cols = 0; cols < 5000; cols += 333) {
                double share = leat_sparse_crossover(kind, 100, cols, n);
                cr_expect(share > 0.05 && share < 0.9);
                /* Rows of B that are farther away make entries no cheaper, where A is near. */
                double near = leat_sparse_crossover(kind, 20, cols, n);
                cr_expect(n < LEAT_SPARSE_FEW || near <= before);
                before = near;
                cr_expect(leat_sparse_pays(kind, 100, cols, 0, n));
                cr_expect(cols == 0 || !leat_sparse_pays(kind, 100, cols, 100ull * cols, n));
            }
        }
}
