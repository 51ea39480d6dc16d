/* The kernels of the room for one instruction set and kind, and the one table that they are.
 * Compiled by leat_kernel_matrix: LEAT_REAL, LEAT_ISA, LEAT_TABLE and a width of the vocabulary are
 * given before this text begins.
 */
#include <leat/frame.h>
#include <leat/sparse.h>

#include "sparse/dense.h"
#include "sparse/gustavson.h"
#include "sparse/slices.h"

extern const struct leat_sparse LEAT_TABLE;
const struct leat_sparse LEAT_TABLE = {
    .isa = LEAT_ISA,
    .kind = REAL_KIND,
    .rows = rows,
    .columns = columns,
    .slices = slices,
    .product = product,
    .count = count,
};
