/* Sparse times sparse: checks, and the workspace. The rows are in gustavson.h. */
#include "sparse/csr.h"
#include "sparse/work.h"

#include <leat/frame.h>

#include <string.h>

#define PATTERNS_BYTES ((size_t)4 << 20) /* of B's rows, at most: they are read again and again */
#define PATTERNS_SPARSE 256u             /* columns for each entry of a row, at most, so that its
                                          * pattern is read sooner than its entries */

static bool has_patterns(const struct leat_csr *b, uint32_t words)
{
    uint64_t places = (uint64_t)b->rows * b->cols;
    return (uint64_t)b->rows * words <= PATTERNS_BYTES / sizeof(uint64_t) &&
           b->entries >= places / PATTERNS_SPARSE;
}

/* Takes so many elements from the workspace. */
static void *take(char *memory, size_t *bytes, size_t n, size_t each)
{
    size_t at = *bytes;
    *bytes += leat_round_up(n * each, LEAT_LINE);
    return memory == NULL ? NULL : memory + at;
}

/* Lays it out; memory NULL: how much it takes. Sizes fit: columns are at most 2^31. */
static struct leat_csr_work work_of(const struct leat_csr *b, char *memory, size_t *bytes)
{
    struct leat_csr_work w = {.words = (b->cols + 63) / 64, .table_log2 = 6};
    size_t each = leat_kind_bytes(b->kind);
    w.most = b->cols / WORK_DENSE + 1;
    while (((size_t)1 << w.table_log2) < 2 * (size_t)w.most)
        w.table_log2++;
    *bytes = 0;
    if (has_patterns(b, w.words))
        w.of_b = take(memory, bytes, (size_t)b->rows * w.words, sizeof *w.of_b);
    w.pattern = take(memory, bytes, w.words, sizeof *w.pattern);
    w.sum = take(memory, bytes, b->cols, each);
    w.key = take(memory, bytes, (size_t)1 << w.table_log2, sizeof *w.key);
    w.slot = take(memory, bytes, (size_t)1 << w.table_log2, each);
    w.list = take(memory, bytes, w.most, sizeof *w.list);
    w.spare = take(memory, bytes, w.most, sizeof *w.spare);
    return w;
}

size_t leat_csr_product_bytes(const struct leat_csr *a, const struct leat_csr *b)
{
    size_t bytes;
    (void)a;
    (void)work_of(b, NULL, &bytes);
    return bytes;
}

static int check(const struct leat_sparse *kernels, const struct leat_csr *a,
                 const struct leat_csr *b, const void *workspace, size_t bytes,
                 struct leat_diag *diag)
{
    if (a->cols != b->rows)
        return leat_diag_set(diag, LEAT_ESHAPE, "csr: A [%u x %u] times B [%u x %u]", a->rows,
                             a->cols, b->rows, b->cols);
    if (a->kind != kernels->kind || b->kind != kernels->kind)
        return leat_diag_set(diag, LEAT_ESHAPE, "csr: A is of %s, B of %s, the kernels are for %s",
                             leat_kind_name(a->kind), leat_kind_name(b->kind),
                             leat_kind_name(kernels->kind));
    return csr_memory("csr: workspace", workspace, bytes, leat_csr_product_bytes(a, b), diag);
}

static void run(const struct leat_sparse *kernels, struct leat_csr *c, const struct leat_csr *a,
                const struct leat_csr *b, char *workspace)
{
    size_t bytes;
    struct leat_csr_work w = work_of(b, workspace, &bytes);
    memset(w.pattern, 0, w.words * sizeof *w.pattern);
    memset(w.sum, 0, (size_t)b->cols * leat_kind_bytes(b->kind));
    if (w.of_b != NULL) {
        memset(w.of_b, 0, (size_t)b->rows * w.words * sizeof *w.of_b);
        for (uint32_t i = 0; i < b->rows; i++)
            for (uint64_t e = b->start[i]; e < b->start[i + 1]; e++)
                w.of_b[(size_t)i * w.words + b->col[e] / 64] |= (uint64_t)1 << b->col[e] % 64;
    }
    kernels->product(c, a, b, &w);
}

int leat_csr_product_start(const struct leat_sparse *kernels, const struct leat_csr *a,
                           const struct leat_csr *b, uint64_t *start, void *workspace,
                           size_t bytes, struct leat_diag *diag)
{
    struct leat_csr c = {a->rows, b->cols, a->kind, 0, start, NULL, NULL};
    int code = check(kernels, a, b, workspace, bytes, diag);
    if (code == LEAT_OK)
        run(kernels, &c, a, b, workspace);
    return code;
}

int leat_csr_product(const struct leat_sparse *kernels, struct leat_csr *c,
                     const struct leat_csr *a, const struct leat_csr *b, void *workspace,
                     size_t bytes, struct leat_diag *diag)
{
    int code = check(kernels, a, b, workspace, bytes, diag);
    if (code != LEAT_OK)
        return code;
    if (c->rows != a->rows || c->cols != b->cols || c->kind != a->kind ||
        c->start[c->rows] != c->entries)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "csr: C is [%u x %u] with %llu entries: [%u x %u] with %llu are due",
                             c->rows, c->cols, (unsigned long long)c->entries, a->rows, b->cols,
                             (unsigned long long)c->start[c->rows]);
    if (c->entries != 0)
        run(kernels, c, a, b, workspace);
    return LEAT_OK;
}
