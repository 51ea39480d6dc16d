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
 * columns rows of B are read for each entry, and dense products win late where those are near. Of
 * one column a dense product reads A as it lies (decision 78), and waits for nothing else. */
#define FEW_BYTES ((uint64_t)512 << 10)  /* of A, dense */
#define ONE_BYTES ((uint64_t)1 << 20)
#define ONE_F32 0.07 /* beyond those bytes ONE_FAR_F32 */
#define ONE_F64 0.14
#define ONE_FAR_F32 0.20
#define ONE_FAR_F64 0.33
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
    if (n == 1 && elements > ONE_BYTES / each)
        return kind == LEAT_F32 ? ONE_FAR_F32 : ONE_FAR_F64;
    if (n == 1)
        return kind == LEAT_F32 ? ONE_F32 : ONE_F64;
    if (n < LEAT_SPARSE_FEW && elements > FEW_BYTES / each)
        return (double)each / (each + sizeof(uint32_t));
    if (n < LEAT_SPARSE_FEW)
        return kind == LEAT_F32 ? FEW_F32 : FEW_F64;
    return (row < GROUP_BYTES ? row : GROUP_BYTES) * cols > NEAR_BYTES ? FAR : NEAR;
}
