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

/* Measured: where products of random matrices take as long either way (decisions 64 and 113). Of
 * few columns the time goes into reading A: by entries their places too, which is all that matters
 * beyond a second-level cache; within it a dense product is the quicker. Of one column a dense
 * product reads A as it lies (decision 78), and waits for nothing else. */
#define FEW_BYTES ((uint64_t)512 << 10)  /* of A, dense */
#define ONE_BYTES ((uint64_t)1 << 20)
#define ONE_F32 0.07 /* beyond those bytes ONE_FAR_F32 */
#define ONE_F64 0.14
#define ONE_FAR_F32 0.20
#define ONE_FAR_F64 0.33
#define FEW_F32 0.18
#define FEW_F64 0.33

/* Of many columns a row of B is read for each entry: what counts is how long it is, and where B
 * lies. A dense matrix that is far away is read from there for few products. */
#define FAR_B 1.5e6  /* bytes of B: so much of it is near */
#define FARTHEST 0.08
#define FAR_A 3e6    /* bytes of A, dense, beyond the second-level cache */
#define FAR_GAIN 1.12
#define FARTHER_A 12e6
#define FARTHER_GAIN 1.28
static const struct {
    uint32_t bytes; /* of a row of B, at least */
    double share;
} many[] = {{2048, 0.42}, {1024, 0.49}, {512, 0.60}, {256, 0.61},
            {128, 0.55},  {64, 0.46},   {0, 0.37}};

static double of_many(uint32_t each, uint64_t elements, uint32_t cols, uint32_t n)
{
    uint64_t row = (uint64_t)n * each;
    double a = (double)elements * each, b = (double)row * cols;
    size_t i = 0;
    while (row < many[i].bytes)
        i++;
    double share = many[i].share;
    if (b > FAR_B)
        return share * (FAR_B / b) > FARTHEST ? share * (FAR_B / b) : FARTHEST;
    return share * (a > FARTHER_A ? FARTHER_GAIN : a > FAR_A ? FAR_GAIN : 1);
}

double leat_sparse_crossover(uint32_t kind, uint32_t rows, uint32_t cols, uint32_t n)
{
    uint32_t each = leat_kind_bytes(kind);
    uint64_t elements = (uint64_t)rows * cols;
    if (n == 1 && elements > ONE_BYTES / each)
        return kind == LEAT_F32 ? ONE_FAR_F32 : ONE_FAR_F64;
    if (n == 1)
        return kind == LEAT_F32 ? ONE_F32 : ONE_F64;
    if (n < LEAT_SPARSE_FEW && elements > FEW_BYTES / each)
        return (double)each / (each + sizeof(uint32_t));
    if (n < LEAT_SPARSE_FEW)
        return kind == LEAT_F32 ? FEW_F32 : FEW_F64;
    return of_many(each, elements, cols, n);
}
