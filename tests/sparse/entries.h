/* Sparse matrices for the tests of this folder: made at random beside the dense matrix that they
 * are. */
#ifndef LEAT_TESTS_SPARSE_ENTRIES_H
#define LEAT_TESTS_SPARSE_ENTRIES_H

#include "../linalg/matrices.h"

#include <leat/sparse.h>

#define EACH_SPARSE(k) \
    for (uint32_t kind_ = LEAT_F32; kind_ <= LEAT_F64; kind_++) \
        for (unsigned isa_ = 0; isa_ < LEAT_ISAS; isa_++) \
            for (const struct leat_sparse *k = usable_sparse((enum leat_isa)isa_, kind_); k; \
                 k = NULL)

LEAT_INLINE const struct leat_sparse *usable_sparse(enum leat_isa isa, uint32_t kind)
{
    return leat_isa_usable(isa) ? leat_sparse_kernels(isa, kind) : NULL;
}

struct made {
    struct leat_csr m;
    void *memory;
};

LEAT_INLINE void made_free(struct made *made) { free(made->memory); }

/* What the coordinates are; LEAT_OK or the code. */
LEAT_INLINE int make_of(struct made *made, const struct leat_coo *coo, struct leat_diag *diag)
{
    size_t bytes = leat_csr_bytes(coo->kind, coo->rows, coo->cols, coo->entries);
    size_t workspace_bytes = leat_csr_from_coo_bytes(coo);
    void *workspace = allocate(workspace_bytes);
    made->memory = allocate(bytes);
    memset(workspace, 0xa5, workspace_bytes);
    memset(made->memory, 0xa5, bytes);
    int code = leat_csr_from_coo(&made->m, coo, made->memory, bytes, workspace, workspace_bytes,
                                 diag);
    free(workspace);
    return code;
}

/* Of `thousandths` of its places, at random; whole numbers up to `most`, or where that is 0 units.
 * skewed: early rows have more. */
LEAT_INLINE struct made make_random(uint32_t kind, uint32_t rows, uint32_t cols,
                                    uint32_t thousandths, int most, bool skewed, uint64_t *seed)
{
    size_t n = 0, places = (size_t)rows * cols + 1;
    uint32_t *row = allocate(places * sizeof *row), *col = allocate(places * sizeof *col);
    void *value = allocate(places * 8);
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < cols; j++)
            if (next_random(seed) % 1000 < (skewed ? 2000 * thousandths / (1 + i) : thousandths)) {
                row[n] = i;
                col[n] = j;
                set_flat(kind, value, (int64_t)n++,
                         most == 0 ? random_unit(seed)
                                   : (double)((int)(next_random(seed) % (2 * (uint64_t)most + 1)) -
                                              most));
            }
    struct leat_coo coo = {rows, cols, kind, n, row, col, value};
    struct made made;
    if (make_of(&made, &coo, NULL) != LEAT_OK)
        abort();
    free(row), free(col), free(value);
    return made;
}

/* Element (i, j); *stored: is it an entry? */
LEAT_INLINE double element_of(const struct leat_csr *m, uint32_t i, uint32_t j, bool *stored)
{
    for (uint64_t e = m->start[i]; e < m->start[i + 1]; e++)
        if (m->col[e] == j) {
            *stored = true;
            return get_flat(m->kind, m->value, (int64_t)e);
        }
    *stored = false;
    return 0;
}

/* c = fma(a, b, c) in the kind. */
LEAT_INLINE double chain_on(uint32_t kind, double a, double b, double c)
{
    return kind == LEAT_F32 ? (double)fmaf((float)a, (float)b, (float)c) : fma(a, b, c);
}

#endif
