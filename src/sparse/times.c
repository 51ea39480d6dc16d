/* Dense matrices: products with them, columns that lie apart brought side by side; what of one is
 * not 0. */
#include "sparse/csr.h"

#include "base/view.h"

#include <leat/frame.h>

#include <string.h>

#define PACKED_BYTES 256u /* of a row in the workspace */

/* Columns of the view do not lie side by side. */
static bool apart(const struct leat_matrix *m)
{
    return m->cols > 1 && m->col != 1;
}

size_t leat_csr_times_bytes(const struct leat_matrix *b, const struct leat_matrix *c)
{
    return apart(b) || apart(c) ? ((size_t)b->rows + c->rows) * PACKED_BYTES : 0;
}

/* Columns [from, from + n) of m to rows of PACKED_BYTES, or back. */
static void move(const struct leat_matrix *m, uint32_t from, uint32_t n, char *packed, size_t each,
                 bool back)
{
    for (uint32_t i = 0; i < m->rows; i++)
        for (uint32_t j = 0; j < n; j++) {
            char *element = (char *)m->data +
                            ((int64_t)i * m->row + (int64_t)(from + j) * m->col) * (int64_t)each;
            char *copy = packed + (size_t)i * PACKED_BYTES + j * each;
            memcpy(back ? element : copy, back ? copy : element, each);
        }
}

static int check_view(const struct leat_matrix *m, const char *name, uint32_t rows, uint32_t cols,
                      size_t each, struct leat_diag *diag)
{
    if (m->rows != rows || m->cols != cols)
        return leat_diag_set(diag, LEAT_ESHAPE, "%s is [%u x %u], and [%u x %u] fits", name,
                             m->rows, m->cols, rows, cols);
    return view_check(m, name, each, diag);
}

/* Of C = A B, A [rows x inner], each element of so many bytes. */
static int check(const struct leat_matrix *b, const struct leat_matrix *c, uint32_t rows,
                 uint32_t inner, size_t each, struct leat_diag *diag)
{
    int code = check_view(b, "sparse: B", inner, b->cols, each, diag);
    if (code == LEAT_OK)
        code = check_view(c, "sparse: C", rows, b->cols, each, diag);
    if (code == LEAT_OK && view_meets_itself(c))
        code = leat_diag_set(diag, LEAT_EINVAL, "sparse: elements of C lie on each other");
    if (code == LEAT_OK && views_meet(b, c, each))
        code = leat_diag_set(diag, LEAT_EINVAL, "sparse: C lies on B");
    return code;
}

static int check_kind(const struct leat_sparse *kernels, uint32_t kind, struct leat_diag *diag)
{
    if (kernels->kind == kind)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ESHAPE, "sparse: A is of %s, and the kernels are for %s",
                         leat_kind_name(kind), leat_kind_name(kernels->kind));
}

int leat_csr_times(const struct leat_sparse *kernels, const struct leat_csr *a, bool turned,
                   const struct leat_matrix *b, const struct leat_matrix *c, void *workspace,
                   size_t bytes, struct leat_diag *diag)
{
    size_t each = leat_kind_bytes(kernels->kind), needed = leat_csr_times_bytes(b, c);
    int code = check_kind(kernels, a->kind, diag);
    if (code == LEAT_OK)
        code = check(b, c, turned ? a->cols : a->rows, turned ? a->rows : a->cols, each, diag);
    if (code == LEAT_OK && needed != 0)
        code = csr_memory("sparse: workspace", workspace, bytes, needed, diag);
    if (code != LEAT_OK || c->rows == 0 || c->cols == 0)
        return code;
    if (needed == 0) {
        (turned ? kernels->columns : kernels->rows)(c->data, c->row, a, b->data, b->row, c->cols);
        return LEAT_OK;
    }
    uint32_t wide = PACKED_BYTES / (uint32_t)each;
    char *packed_b = workspace, *packed_c = packed_b + (size_t)b->rows * PACKED_BYTES;
    for (uint32_t j = 0, n; j < c->cols; j += n) {
        n = c->cols - j < wide ? c->cols - j : wide;
        move(b, j, n, packed_b, each, false);
        (turned ? kernels->columns : kernels->rows)(packed_c, wide, a, packed_b, wide, n);
        move(c, j, n, packed_c, each, true);
    }
    return LEAT_OK;
}

int leat_sliced_times(const struct leat_sparse *kernels, const struct leat_sliced *a,
                      const struct leat_matrix *x, const struct leat_matrix *y,
                      struct leat_diag *diag)
{
    size_t each = leat_kind_bytes(kernels->kind);
    int code = check_kind(kernels, a->kind, diag);
    if (code == LEAT_OK)
        code = check(x, y, a->rows, a->cols, each, diag);
    if (code == LEAT_OK && (x->cols != 1 || (x->rows > 1 && x->row != 1)))
        code = leat_diag_set(diag, LEAT_ESHAPE,
                             "sparse: x is [%u x %u]: one column is due, its elements side by side",
                             x->rows, x->cols);
    if (code == LEAT_OK)
        kernels->slices(y->data, y->row, a, x->data);
    return code;
}

/* ---- what is not 0 ---- */

int leat_sparse_count(const struct leat_sparse *kernels, const struct leat_matrix *m,
                      uint64_t *entries, struct leat_diag *diag)
{
    size_t each = leat_kind_bytes(kernels->kind);
    int code = view_check(m, "sparse: A", each, diag);
    struct leat_matrix turned = leat_matrix_transposed(m);
    const struct leat_matrix *way = m->row == 1 ? &turned : m; /* along what lies side by side */
    *entries = 0;
    if (code != LEAT_OK || m->rows == 0 || m->cols == 0)
        return code;
    for (uint32_t i = 0; i < way->rows; i++) {
        const char *row = (const char *)way->data + (int64_t)i * way->row * (int64_t)each;
        if (way->col == 1)
            *entries += kernels->count(row, way->cols);
        else
            for (uint32_t j = 0; j < way->cols; j++)
                *entries += kernels->count(row + (int64_t)j * way->col * (int64_t)each, 1);
    }
    return LEAT_OK;
}

/* The element, if it is not 0, as the next entry. False: there is room for no more. */
static bool take(struct leat_csr *m, uint64_t most, uint32_t j, const char *element)
{
    bool narrow = m->kind == LEAT_F32;
    float f;
    double d = 0;
    memcpy(narrow ? (void *)&f : &d, element, narrow ? sizeof f : sizeof d);
    if (narrow)
        d = (double)f;
    if (d == 0)
        return true;
    if (m->entries == most)
        return false;
    m->col[m->entries] = j;
    memcpy((char *)m->value + m->entries++ * leat_kind_bytes(m->kind), element,
           leat_kind_bytes(m->kind));
    return true;
}

int leat_csr_from_matrix(struct leat_csr *m, uint32_t kind, const struct leat_matrix *from,
                         uint64_t entries, void *memory, size_t bytes, struct leat_diag *diag)
{
    int64_t each = (int64_t)leat_kind_bytes(kind);
    bool fits = true;
    int code = leat_csr_lay(m, kind, from->rows, from->cols, entries, memory, bytes, diag);
    if (code == LEAT_OK)
        code = view_check(from, "csr: A", (size_t)each, diag);
    if (code != LEAT_OK)
        return code;
    m->entries = m->start[0] = 0;
    for (uint32_t i = 0; i < from->rows && fits; i++) {
        const char *row = (const char *)from->data + (int64_t)i * from->row * each;
        for (uint32_t j = 0; j < from->cols && fits; j++)
            fits = take(m, entries, j, row + (int64_t)j * from->col * each);
        m->start[i + 1] = m->entries;
    }
    if (fits && m->entries == entries)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ESHAPE,
                         "csr: there are %s than the %llu entries that were said",
                         fits ? "fewer" : "more", (unsigned long long)entries);
}
