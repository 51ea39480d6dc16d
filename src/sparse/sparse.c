/* The choice of a table, and between sparse and dense. */
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

/* Where a dense product is as fast, in entries of a hundred elements. */
#define PAYS_VECTOR 15u
#define PAYS_COLUMNS 45u

bool leat_sparse_pays(uint32_t rows, uint32_t cols, uint64_t entries, uint32_t n)
{
    double elements = (double)rows * cols;
    return (double)entries * 100 < elements * (n == 1 ? PAYS_VECTOR : PAYS_COLUMNS);
}
