/* Dense linear algebra on borrowed views.
 *
 * Nothing is allocated: what needs room takes a workspace from the caller. Everything is checked
 * before anything is touched; on error no element of any matrix has been read or written.
 * Threads: any, as long as nobody else writes what a call reads or touches what it writes.
 */
#ifndef LEAT_LINALG_H
#define LEAT_LINALG_H

#include <leat/matrix.h>
#include <leat/simd.h>
#include <leat/status.h>

LEAT_BEGIN

/* An fma chain of a product is so long; then it is added to the result and begins anew. */
#define LEAT_GEMM_CHUNK 384u

/* The kernels of one instruction set and kind, and the tiles that they work on. */
struct leat_linalg {
    uint32_t isa, kind;         /* leat_isa, LEAT_F32 or LEAT_F64 */
    uint32_t tile_rows, tile_cols;
    uint32_t lanes;             /* elements of a register */
    uint32_t panel_rows;        /* rows of A that stay in the second-level cache, packed */
    uint32_t panel_cols;        /* columns of B that stay in the third */

    /* c[i][j] = fma(alpha, s, beta * c[i][j]) for i < rows <= tile_rows, j < cols <= tile_cols; s
     * is the chain of fma from +0 over a[i][p] * b[p][j], p rising to depth <= LEAT_GEMM_CHUNK.
     * a[i][p] is a[i * a_row + p * a_col], b[p][j] is b[p * b_row + j], c[i][j] c[i * c_row + j].
     * beta = 0: c counts as +0 and is not read. */
    void (*tile)(void *c, int64_t c_row, const void *a, int64_t a_row, int64_t a_col,
                 const void *b, int64_t b_row, uint32_t rows, uint32_t cols, uint32_t depth,
                 double alpha, double beta);
    /* The same over packed operands, all of a tile: a_row = 1, a_col = tile_rows,
     * b_row = tile_cols. */
    void (*tile_packed)(void *c, int64_t c_row, const void *a, const void *b, uint32_t depth,
                        double alpha, double beta);
    /* packed[p * wide + i] = m[i * row + p * col] for i < n <= wide, p < depth; +0 for n <= i. wide
     * is tile_rows or tile_cols. */
    void (*pack)(void *packed, uint32_t wide, const void *m, int64_t row, int64_t col, uint32_t n,
                 uint32_t depth);
    /* y[i] = fma(alpha, s, beta * y[i]) for i < n; s is the chain of fma from +0 over m[i][p] *
     * x[p], p rising to depth <= LEAT_GEMM_CHUNK. m[i][p] is m[i * row + p * col], one of these
     * steps 1, and where row is not, n >= lanes. beta = 0: y counts as +0 and is not read. */
    void (*gemv)(void *y, int64_t y_step, const void *m, int64_t row, int64_t col, const void *x,
                 int64_t x_step, uint32_t n, uint32_t depth, double alpha, double beta);
};

/* The table of that set and kind. NULL when kind is neither LEAT_F32 nor LEAT_F64 or the set was
 * not built for this machine; whether it runs here is leat_isa_usable's to say. */
LEAT_API const struct leat_linalg *leat_linalg_kernels(enum leat_isa isa, uint32_t kind);

/* Bytes of workspace that leat_gemm takes for an [m x k] by [k x n] product: at most some
 * megabytes, whatever the sizes. */
LEAT_API size_t leat_gemm_bytes(const struct leat_linalg *kernels, uint32_t m, uint32_t n,
                                uint32_t k);

/* C = alpha A B + beta C, matrices of the kernels' kind.
 * Shapes: A [m x k], B [k x n], C [m x n]; any may be empty. Any steps; transposes are views. C's
 * elements lie apart from each other, and from those of A and B. alpha and beta are rounded to the
 * kind. alpha = 0 or k = 0: C = beta C, and A and B are not read; beta = 0: C is not read.
 * Workspace: leat_gemm_bytes(m, n, k), aligned to LEAT_LINE; apart from the matrices.
 * Errors, the diag says of which matrix: LEAT_ESHAPE shapes that do not fit; LEAT_EINVAL no data
 * or not aligned to its elements, elements of C lie on each other, or C on A or B (views that
 * interleave with unlike steps count as lying on each other); LEAT_ERANGE a view reaches further
 * than memory does; LEAT_ELIMIT the workspace is too small or not aligned.
 * Numerics: each element is an fma chain over each LEAT_GEMM_CHUNK terms, joined by fma(alpha,
 * chain, c), so componentwise |error| <= gamma(min(k, 384) + ceil(k / 384) + 2) |alpha| |A| |B| +
 * 2u |beta C| where nothing overflows or underflows. NaN and Inf as IEEE arithmetic says. The same
 * bits from every instruction set, steps and place in memory. */
LEAT_API LEAT_MUST_USE int leat_gemm(const struct leat_linalg *kernels, double alpha,
                                     const struct leat_matrix *a, const struct leat_matrix *b,
                                     double beta, const struct leat_matrix *c, void *workspace,
                                     size_t bytes, struct leat_diag *diag);

LEAT_END

#endif
