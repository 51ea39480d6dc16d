/* Sparse times sparse: every way that a row is computed, against the documented chain. */
#include "entries.h"

#include <criterion/criterion.h>

static void check(const struct leat_sparse *k, const struct leat_csr *a, const struct leat_csr *b,
                  bool whole)
{
    uint64_t *start = allocate(((size_t)a->rows + 1) * sizeof *start), entries = 0;
    size_t work_bytes = leat_csr_product_bytes(a, b);
    unsigned char *work = allocate(work_bytes + 64);
    struct leat_csr c;
    struct leat_diag diag = {0};
    memset(work, 0xa5, work_bytes + 64);
    cr_assert_eq(leat_csr_product_start(k, a, b, start, work, work_bytes, &diag), 0, "%s",
                 diag.text);
    size_t bytes = leat_csr_bytes(k->kind, a->rows, b->cols, start[a->rows]);
    unsigned char *memory = allocate(bytes + 64);
    memset(memory, 0xa5, bytes + 64);
    memset(work, 0xa5, work_bytes);
    cr_assert_eq(leat_csr_lay(&c, k->kind, a->rows, b->cols, start[a->rows], memory, bytes, &diag),
                 0);
    memcpy(c.start, start, ((size_t)a->rows + 1) * sizeof *start);
    cr_assert_eq(leat_csr_product(k, &c, a, b, work, work_bytes, &diag), 0, "%s", diag.text);
    cr_assert_eq(leat_csr_check(&c, &diag), 0, "%s", diag.text);
    for (size_t i = 0; i < 64; i++)
        cr_assert(work[work_bytes + i] == 0xa5 && memory[bytes + i] == 0xa5, "wrote behind");
    double *sum = allocate((size_t)b->cols * sizeof *sum + 1);
    bool *is = allocate(b->cols + 1);
    for (uint32_t i = 0; i < a->rows; i++) {
        memset(sum, 0, b->cols * sizeof *sum);
        memset(is, 0, b->cols);
        for (uint64_t p = a->start[i]; p < a->start[i + 1]; p++)
            for (uint64_t e = b->start[a->col[p]]; e < b->start[a->col[p] + 1]; e++) {
                double x = get_flat(k->kind, a->value, (int64_t)p);
                double y = get_flat(k->kind, b->value, (int64_t)e), *to = &sum[b->col[e]];
                *to = whole ? *to + x * y : chain_on(k->kind, x, y, *to); /* whole: exact */
                is[b->col[e]] = true;
            }
        for (uint64_t e = c.start[i]; e < c.start[i + 1]; e++) {
            cr_assert(is[c.col[e]], "(%u, %u) is no entry", i, c.col[e]);
            cr_assert_eq(get_flat(k->kind, c.value, (int64_t)e), sum[c.col[e]], "(%u, %u)", i,
                         c.col[e]);
        }
        for (uint32_t j = 0; j < b->cols; j++)
            entries += is[j];
    }
    cr_assert_eq(entries, c.entries);
    free(sum), free(is), free(start), free(work), free(memory);
}

/* rows, inner, columns, thousandths of A and of B: sorted, hashed and dense rows, and rows of each
 * in one product; patterns of B kept or too many. */
Test(product, every_way_of_a_row_is_the_documented_chain)
{
    static const uint32_t cases[][5] = {
        {0, 0, 0, 0, 0},         {1, 1, 1, 1000, 1000}, {3, 0, 4, 0, 0},       {5, 7, 3, 500, 500},
        {40, 40, 40, 50, 50},    {40, 30, 200, 300, 300}, {20, 20, 20, 1000, 1000},
        {50, 60, 5000, 100, 3},  {9, 99, 9000, 600, 3},   {9, 50, 20000, 200, 1}};
    EACH_SPARSE(k) {
        uint64_t seed = 13;
        for (unsigned s = 0; s < 2 * sizeof cases / sizeof *cases; s++) {
            const uint32_t *z = cases[s / 2];
            bool whole = s % 2 == 0;
            int most = whole ? 9 : 0;
            struct made a = make_random(k->kind, z[0], z[1], z[3], most, s % 4 > 1,
                                        &seed);
            struct made b = make_random(k->kind, z[1], z[2], z[4], most, false, &seed);
            check(k, &a.m, &b.m, whole);
            made_free(&a), made_free(&b);
        }
    }
}

/* Few entries among very many columns: nothing but memory goes by how many there are. */
Test(product, columns_far_apart)
{
    enum { FAR = 3000000 };
    uint32_t row[90], col[90], of_row[5], of_col[5];
    EACH_SPARSE(k) {
        double value[90] = {0};
        for (uint32_t i = 0; i < 90; i++) {
            row[i] = i / 18;
            col[i] = (i * 2654435761u) % FAR / 2 * 2;
            set_flat(k->kind, value, i, (double)i - 40);
        }
        for (uint32_t i = 0; i < 5; i++)
            of_row[i] = 0, of_col[i] = i;
        struct leat_coo left = {1, 5, k->kind, 5, of_row, of_col, value};
        struct leat_coo right = {5, FAR, k->kind, 90, row, col, value};
        struct made a, b;
        cr_assert(make_of(&a, &left, NULL) == LEAT_OK && make_of(&b, &right, NULL) == LEAT_OK);
        check(k, &a.m, &b.m, true);
        made_free(&a), made_free(&b);
    }
}

Test(product, what_cannot_be_is_refused)
{
    uint64_t seed = 1, start[4];
    const struct leat_sparse *k = leat_sparse_kernels(leat_isa_best(), LEAT_F64);
    struct made a = make_random(LEAT_F64, 3, 4, 1000, 9, false, &seed);
    struct made b = make_random(LEAT_F64, 4, 5, 1000, 9, false, &seed);
    struct made d = make_random(LEAT_F32, 4, 5, 1000, 9, false, &seed);
    size_t bytes = leat_csr_product_bytes(&a.m, &b.m);
    void *work = allocate(bytes);
    struct leat_diag diag;
    cr_expect_eq(leat_csr_product_start(k, &a.m, &a.m, start, work, bytes, &diag), LEAT_ESHAPE);
    cr_expect(strstr(diag.text, "A [3 x 4] times B [3 x 4]") != NULL, "%s", diag.text);
    cr_expect_eq(leat_csr_product_start(k, &a.m, &d.m, start, work, bytes, &diag), LEAT_ESHAPE);
    cr_expect(strstr(diag.text, "B of f32") != NULL, "%s", diag.text);
    cr_expect_eq(leat_csr_product_start(k, &a.m, &b.m, start, work, bytes - 1, &diag), LEAT_ELIMIT);
    cr_assert_eq(leat_csr_product_start(k, &a.m, &b.m, start, work, bytes, &diag), LEAT_OK);
    struct leat_csr c = {3, 5, LEAT_F64, 14, start, b.m.col, b.m.value};
    cr_expect_eq(leat_csr_product(k, &c, &a.m, &b.m, work, bytes, &diag), LEAT_ESHAPE);
    cr_expect(strstr(diag.text, "with 15 are due") != NULL, "%s", diag.text);
    free(work);
    made_free(&a), made_free(&b), made_free(&d);
}
