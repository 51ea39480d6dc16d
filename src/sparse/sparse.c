/* The choice of a table, and between sparse and dense. */
#include <leat/frame.h>
#include <leat/sparse.h>

#define TABLE(name) extern const struct leat_sparse name;
#include "sparse_matrix.inc"
#undef TABLE

#define TABLE(name) &name,
static const struct leat_sparse *const tables[] = {
#include "sparse_matrix.inc"
};
#undef TABLE

const struct leat_sparse *leat_sparse_kernels(enum leat_isa isa, uint32_t kind)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i]->isa == isa && tables[i]->kind == kind)
            return tables[i];
    return NULL;
}

/* Measured: where products of random matrices of 64, 300 and 1000 rows take as long either way
 * (decision 64). Rows of B are read once for each entry: from a cache that is near, dense products
 * win late; columns that do not fill a register cost as much as those that do. */
#define NEAR 0.45
#define FAR 0.27
#define FEW 0.27
#define FEW_COLUMNS 8u
#define GROUP_BYTES 256u                /* of a row of B at once */
#define NEAR_BYTES ((uint64_t)256 << 10) /* half a second-level cache */

double leat_sparse_crossover(uint32_t kind, uint32_t cols, uint32_t n)
{
    uint64_t row = (uint64_t)n * leat_kind_bytes(kind);
    if (n > 1 && n < FEW_COLUMNS)
        return FEW;
    return (row < GROUP_BYTES ? row : GROUP_BYTES) * cols > NEAR_BYTES ? FAR : NEAR;
}
