/* Views of matrices: what products take and give. */
#ifndef LEAT_MATRIX_H
#define LEAT_MATRIX_H

#include <leat/def.h>

LEAT_BEGIN

/* A borrowed [rows x cols] matrix of f32 or f64: element (i, j) is data[i * row + j * col], the
 * steps counted in elements. They may be negative, and 0 in a matrix that is only read. Alignment:
 * that of an element. data may be NULL when there are no elements. */
struct leat_matrix {
    void *data;
    uint32_t rows, cols;
    int64_t row, col;
};

/* Rows one behind the other, `row` elements apart. */
LEAT_INLINE struct leat_matrix leat_matrix_rows(void *data, uint32_t rows, uint32_t cols,
                                                int64_t row)
{
    struct leat_matrix m = {data, rows, cols, row, 1};
    return m;
}

/* The same elements seen as the transposed matrix. */
LEAT_INLINE struct leat_matrix leat_matrix_transposed(const struct leat_matrix *m)
{
    struct leat_matrix t = {m->data, m->cols, m->rows, m->col, m->row};
    return t;
}

LEAT_END

#endif
