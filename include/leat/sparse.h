/* Sparse matrices: compressed rows, and products of them.
 *
 * Nothing is allocated: a matrix lies in memory of the caller, and what needs room takes a
 * workspace from him. Entries may be stored that are 0. A matrix that this header's calls made, or
 * that passed leat_csr_check, is taken as it is by the others: they look at shapes, kinds and
 * addresses, which costs nothing, and not at every index again.
 * Numerics: each element of a product is one chain of fma from +0 over the terms whose entry is
 * stored, by rising inner index: |error| <= gamma(terms) |A| |B|, componentwise, where nothing
 * overflows or underflows. What is not stored is no term: NaN and Inf beside it do not show. The
 * same bits from every instruction set, form and shape of the other operand.
 * Threads: any, as long as nobody else writes what a call reads or touches what it writes.
 */
#ifndef LEAT_SPARSE_H
#define LEAT_SPARSE_H

#include <leat/matrix.h>
#include <leat/simd.h>
#include <leat/status.h>

LEAT_BEGIN

#define LEAT_SPARSE_MOST 0x7fffffffu /* rows, columns */

/* Compressed rows: entry e of row i, start[i] <= e < start[i + 1], is value[e] at column col[e].
 * start[0] = 0, start[rows] = entries; the columns of a row rise, none twice. */
struct leat_csr {
    uint32_t rows, cols, kind; /* LEAT_F32 or LEAT_F64 */
    uint64_t entries;
    uint64_t *start; /* [rows + 1] */
    uint32_t *col;   /* [entries] */
    void *value;     /* [entries] */
};

/* Coordinates, in any order; entries at one place are added in the order in which they come. */
struct leat_coo {
    uint32_t rows, cols, kind;
    uint64_t entries;
    const uint32_t *row, *col; /* [entries], from 0 */
    const void *value;         /* [entries] */
};

/* ---- Making matrices ---- */

/* Bytes of a matrix with so many entries. 0: they do not fit a size_t, or rows or cols are above
 * LEAT_SPARSE_MOST, or the kind is neither LEAT_F32 nor LEAT_F64. */
LEAT_API size_t leat_csr_bytes(uint32_t kind, uint32_t rows, uint32_t cols, uint64_t entries);

/* Lays *m out in memory[0, leat_csr_bytes()), aligned to LEAT_LINE; the arrays are as the memory
 * was. The same sizes lay out the same way: memory that was moved is a matrix again by this call.
 * LEAT_ERANGE: there are no such bytes; LEAT_ELIMIT: too few of them, or not aligned. */
LEAT_API LEAT_MUST_USE int leat_csr_lay(struct leat_csr *m, uint32_t kind, uint32_t rows,
                                        uint32_t cols, uint64_t entries, void *memory,
                                        size_t bytes, struct leat_diag *diag);

/* All of a matrix that comes from elsewhere, each index: LEAT_EINVAL kind, or no array where there
 * are elements; LEAT_ERANGE sizes, a start that falls or does not end at entries, a column that is
 * none, or not above the one before; the diag says which, and where. Reads nothing behind what
 * earlier elements proved to be there. */
LEAT_API LEAT_MUST_USE int leat_csr_check(const struct leat_csr *m, struct leat_diag *diag);

/* Bytes of workspace for leat_csr_from_coo; 0: they do not fit. */
LEAT_API size_t leat_csr_from_coo_bytes(const struct leat_coo *from);

/* *m is what the coordinates say, in memory of leat_csr_bytes(kind, rows, cols, from->entries):
 * m->entries is smaller where places came twice. Workspace: aligned to LEAT_LINE. Time: in
 * proportion to rows, columns and entries.
 * Errors: LEAT_EINVAL no array; LEAT_ERANGE sizes, or an index that is none, by its number;
 * LEAT_ELIMIT memory or workspace. Nothing has been written then. */
LEAT_API LEAT_MUST_USE int leat_csr_from_coo(struct leat_csr *m, const struct leat_coo *from,
                                             void *memory, size_t bytes, void *workspace,
                                             size_t workspace_bytes, struct leat_diag *diag);

/* *m is what is not 0 in a view of that kind: as many elements as entries says, which
 * leat_sparse_count has counted. In memory of leat_csr_bytes(kind, rows, cols, entries).
 * LEAT_ESHAPE: they are not as many; what was written is no matrix then. Else as leat_csr_lay, and
 * as leat_csr_times says of B. */
LEAT_API LEAT_MUST_USE int leat_csr_from_matrix(struct leat_csr *m, uint32_t kind,
                                                const struct leat_matrix *from, uint64_t entries,
                                                void *memory, size_t bytes,
                                                struct leat_diag *diag);

/* *t is the transposed of a, in memory of leat_csr_bytes(kind, a->cols, a->rows, a->entries).
 * Errors as leat_csr_lay's. */
LEAT_API LEAT_MUST_USE int leat_csr_transpose(struct leat_csr *t, const struct leat_csr *a,
                                              void *memory, size_t bytes, struct leat_diag *diag);

/* *c = alpha A + beta B, in memory of leat_csr_bytes(kind, rows, cols, a->entries + b->entries).
 * The entries of either are entries of c, 0 or not: fma(alpha, a, beta * b), or one product where
 * there is one. alpha and beta are rounded to the kind. LEAT_ESHAPE: shapes or kinds differ; else
 * as leat_csr_lay. */
LEAT_API LEAT_MUST_USE int leat_csr_add(struct leat_csr *c, double alpha, const struct leat_csr *a,
                                        double beta, const struct leat_csr *b, void *memory,
                                        size_t bytes, struct leat_diag *diag);

/* ---- Products ---- */

/* A form for products with one vector, made once: slices of LEAT_LINE bytes of rows, a row a lane,
 * the rows sorted by falling length, so that little is filled up and no lane waits for another. */
struct leat_sliced {
    uint32_t rows, cols, kind, slices;
    uint64_t entries, longest; /* of the matrix, of a row */
    uint64_t *start;  /* [slices + 1] steps before a slice; a step is an entry of each row */
    uint32_t *row;    /* [slices x height] of each lane; of lanes behind the last row UINT32_MAX */
    uint32_t *length; /* [slices x height] entries of that row, falling */
    uint32_t *col;    /* [steps x height]; 0 where a row has ended, */
    void *value;      /* as its value is */
};

/* Bytes that leat_sliced_make takes for the matrix: at most those of its entries, and of a slice
 * of rows as long as the longest. 0: more than memory holds. Time: rows. */
LEAT_API size_t leat_sliced_bytes(const struct leat_csr *a);
/* *s is the matrix, sliced, in memory of leat_sliced_bytes(a). Errors as leat_csr_lay's. */
LEAT_API LEAT_MUST_USE int leat_sliced_make(struct leat_sliced *s, const struct leat_csr *a,
                                            void *memory, size_t bytes, struct leat_diag *diag);
/* Its memory has been moved there: *s, which keeps its sizes, finds its arrays again. */
LEAT_API void leat_sliced_at(struct leat_sliced *s, void *memory);

struct leat_csr_work; /* how leat_csr_product lays its workspace out: its own */

/* The kernels of one instruction set and kind. */
struct leat_sparse {
    uint32_t isa, kind; /* leat_isa, LEAT_F32 or LEAT_F64 */

    /* C = A B, n columns that lie side by side: element (i, j) is c[i * c_row + j]. */
    void (*rows)(void *c, int64_t c_row, const struct leat_csr *a, const void *b, int64_t b_row,
                 uint32_t n);
    /* C = A' B. */
    void (*columns)(void *c, int64_t c_row, const struct leat_csr *a, const void *b, int64_t b_row,
                    uint32_t n);
    /* y = A x: element i of y is y[i * y_row]. */
    void (*slices)(void *y, int64_t y_row, const struct leat_sliced *a, const void *x);
    /* C = A B: the starts of its rows where c->col is NULL, else its entries behind those. */
    void (*product)(struct leat_csr *c, const struct leat_csr *a, const struct leat_csr *b,
                    const struct leat_csr_work *work);
    /* How many of n elements side by side are not 0. */
    uint64_t (*count)(const void *x, uint32_t n);
};

/* The table of that set and kind. NULL when kind is neither LEAT_F32 nor LEAT_F64 or the set was
 * not built for this machine; whether it runs here is leat_isa_usable's to say. */
LEAT_API const struct leat_sparse *leat_sparse_kernels(enum leat_isa isa, uint32_t kind);

#define LEAT_SPARSE_FEW 8u /* fewer columns are read otherwise: they wait for A alone */

/* The share of A's elements, A [rows x cols] of that kind, up to which A times n columns is done
 * sooner by entries alone (leat_csr_times) than by all elements (leat_gemm): by constants of the
 * release (docs/NUMERICS.md), the same on every machine. */
LEAT_API double leat_sparse_crossover(uint32_t kind, uint32_t rows, uint32_t cols, uint32_t n);

/* Do that many entries of A [rows x cols] lie below the crossover? */
LEAT_INLINE bool leat_sparse_pays(uint32_t kind, uint32_t rows, uint32_t cols, uint64_t entries,
                                  uint32_t n)
{
    return (double)entries <= leat_sparse_crossover(kind, rows, cols, n) * ((double)rows * cols);
}

/* How many elements of a view of the kernels' kind are not 0; NaN is not. Costs a read of it.
 * Errors: LEAT_EINVAL, LEAT_ERANGE as leat_csr_times says of B. */
LEAT_API LEAT_MUST_USE int leat_sparse_count(const struct leat_sparse *kernels,
                                             const struct leat_matrix *m, uint64_t *entries,
                                             struct leat_diag *diag);

/* Bytes of workspace that leat_csr_times takes: none where the columns of B and C lie side by side,
 * or there is one, else 256 for each row of either. */
LEAT_API size_t leat_csr_times_bytes(const struct leat_matrix *b, const struct leat_matrix *c);

/* C = A B, or C = A' B where `turned`; matrices of the kernels' kind. Any steps of B and C; C's
 * elements lie apart from each other, from those of B, and from the arrays of A.
 * Workspace: leat_csr_times_bytes(b, c), aligned to LEAT_LINE; apart from the matrices.
 * Errors, the diag says of which matrix: LEAT_ESHAPE shapes or kinds that do not fit; LEAT_EINVAL
 * no data or not aligned to its elements, elements of C lie on each other, or C on B (views that
 * interleave with unlike steps count as lying on each other); LEAT_ERANGE a view reaches further
 * than memory does; LEAT_ELIMIT the workspace is too small or not aligned.
 * Numerics: as above. */
LEAT_API LEAT_MUST_USE int leat_csr_times(const struct leat_sparse *kernels,
                                          const struct leat_csr *a, bool turned,
                                          const struct leat_matrix *b, const struct leat_matrix *c,
                                          void *workspace, size_t bytes, struct leat_diag *diag);

/* C = B A, dense times sparse: C' = A' B'. The workspace is that of the transposed views. */
LEAT_INLINE int leat_times_csr(const struct leat_sparse *kernels, const struct leat_matrix *b,
                               const struct leat_csr *a, const struct leat_matrix *c,
                               void *workspace, size_t bytes, struct leat_diag *diag)
{
    struct leat_matrix b_turned = leat_matrix_transposed(b), c_turned = leat_matrix_transposed(c);
    return leat_csr_times(kernels, a, true, &b_turned, &c_turned, workspace, bytes, diag);
}

/* y = A x: x [cols x 1], y [rows x 1] of any step, x's being 1. Errors as leat_csr_times. */
LEAT_API LEAT_MUST_USE int leat_sliced_times(const struct leat_sparse *kernels,
                                             const struct leat_sliced *a,
                                             const struct leat_matrix *x,
                                             const struct leat_matrix *y, struct leat_diag *diag);

/* ---- Sparse times sparse ---- */

/* Bytes of workspace for the two calls below: some for each column of B, and at most 4 MiB. 0: more
 * than memory holds. */
LEAT_API size_t leat_csr_product_bytes(const struct leat_csr *a, const struct leat_csr *b);

/* The symbolic phase of C = A B: start[0, A's rows] as C's will be, start[rows] its entries. An
 * element is one of C's entries where a term is stored, whatever they add up to.
 * Errors: LEAT_ESHAPE shapes or kinds that do not fit; LEAT_ELIMIT workspace. */
LEAT_API LEAT_MUST_USE int leat_csr_product_start(const struct leat_sparse *kernels,
                                                  const struct leat_csr *a,
                                                  const struct leat_csr *b, uint64_t *start,
                                                  void *workspace, size_t bytes,
                                                  struct leat_diag *diag);
/* The numeric phase, as often as values change: c's columns and values. c is laid out for the
 * entries that its start says, which the symbolic phase wrote: for these patterns of A and B.
 * Errors as above; LEAT_ESHAPE: c is another shape, or its entries are not start's. */
LEAT_API LEAT_MUST_USE int leat_csr_product(const struct leat_sparse *kernels, struct leat_csr *c,
                                            const struct leat_csr *a, const struct leat_csr *b,
                                            void *workspace, size_t bytes,
                                            struct leat_diag *diag);

LEAT_END

#endif
