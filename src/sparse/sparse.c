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
 * (decision 64). Of few columns the time goes into reading A: by entries their places too, which is
 * all that matters beyond a second-level cache; within it a dense product is the quicker. Of many
 * columns rows of B are read for each entry, and dense products win late where those are near. */
#define FEW_BYTES ((uint64_t)512 << 10)  /* of A, dense */
#define FEW_F32 0.18
#define FEW_F64 0.33
#define GROUP_BYTES 256u                 /* of a row of B at once */
#define NEAR_BYTES ((uint64_t)192 << 10) /* of B */
#define NEAR 0.45
#define FAR 0.35

double leat_sparse_crossover(uint32_t kind, uint32_t rows, uint32_t cols, uint32_t n)
{
    uint32_t each = leat_kind_bytes(kind);
    uint64_t elements = (uint64_t)rows * cols, row = (uint64_t)n * each;
    if (n < LEAT_SPARSE_FEW && elements > FEW_BYTES / each)
        return (double)each / (each + sizeof(uint32_t));
    if (n < LEAT_SPARSE_FEW)
        return kind == LEAT_F32 ? FEW_F32 : FEW_F64;
    return (row < GROUP_BYTES ? row : GROUP_BYTES) * cols > NEAR_BYTES ? FAR : NEAR;
}
