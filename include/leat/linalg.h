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
#include <leat/tuning.h>

LEAT_BEGIN

/* An fma chain of a product is so long; then it is added to the result and begins anew. */
#define LEAT_GEMM_CHUNK 384u

/* Terms of leat_gemv whose partial sums are joined and added to the result at once. */
#define LEAT_GEMV_CHUNK 2048u
/* Elements of a result whose partial sums wait in the workspace, at most. */
#define LEAT_GEMV_STRIP 2048u

/* Rows of a triangle that are solved at once. */
#define LEAT_TRIANGLE_LEAF 16u

/* A matrix that a sum of matrices has, times a sign. It may lack the last rows and columns. */
struct leat_term {
    const void *m;
    double sign;       /* 1 or -1 */
    uint32_t n, depth; /* rows and columns that it has */
};

/* Products of one shape, operands where they lie: for t < count, i < rows and j < cols
 * c[i][j] = fma(alpha, s, beta * c[i][j]), s the chain of fma from +0 over a[i][p] * b[p][j], p
 * rising to depth. a[i][p] is a[t * a_step + i * a_row + p * a_col], b[p][j] is
 * b[t * b_step + p * b_row + j], c[i][j] is c[t * c_step + i * c_row + j]. beta = 0: c counts as +0
 * and is not read. */
struct leat_small {
    void *c;
    const void *a, *b;
    int64_t c_row, a_row, a_col, b_row;
    int64_t c_step, a_step, b_step;
    uint32_t rows, cols, depth; /* rows and cols at least 1 */
    uint64_t count;
    double alpha, beta;
};

/* Some terms of a product of few rows: for i < rows and j < cols chain (i, j) goes on from where it
 * was, or from +0 where it begins, by a[i][p] * b[p][j], p rising to depth. a[i][p] is
 * a[i + p * a_col], b[p][j] is b[p * b_row + j]. Where chains end, c[i * c_row + j] = fma(alpha,
 * chain, beta * c[i * c_row + j]), beta = 0: c counts as +0 and is not read; else they wait in
 * sums, which only this knows to read: rows * cols elements, the columns in whole tiles. */
struct leat_flat {
    void *c, *sums;
    const void *a, *b;
    int64_t c_row, a_col, b_row;
    uint32_t rows, cols, depth; /* rows and cols at least 1 */
    bool begins, ends;
    double alpha, beta;
};

/* The kernels of one instruction set and kind, and the tiles that they work on. */
struct leat_linalg {
    uint32_t isa, kind;         /* leat_isa, LEAT_F32 or LEAT_F64 */
    uint32_t tile_rows, tile_cols;
    uint32_t lanes;             /* elements of a register */
    uint32_t panel_rows;        /* rows of A that stay in the third-level cache, packed, */
    uint32_t panel_cols;        /* and columns of B that stay in the second: whole tiles */
    uint32_t small_most;        /* rows and columns of the largest product that `small` gets */

    /* c[i][j] = fma(alpha, s, beta * c[i][j]) for i < rows <= tile_rows, j < cols <= tile_cols; s
     * is the chain of fma from +0 over a[i][p] * b[p][j], p rising to depth.
     * a[i][p] is a[i * a_row + p * a_col], b[p][j] is b[p * b_row + j], c[i][j] c[i * c_row + j].
     * beta = 0: c counts as +0 and is not read. */
    void (*tile)(void *c, int64_t c_row, const void *a, int64_t a_row, int64_t a_col,
                 const void *b, int64_t b_row, uint32_t rows, uint32_t cols, uint32_t depth,
                 double alpha, double beta);
    /* The same over packed operands, all of a tile: a_row = 1, a_col = tile_rows,
     * b_row = tile_cols. With term p it asks memory for the line at later + p * step bytes, which
     * need not be there. */
    void (*tile_packed)(void *c, int64_t c_row, const void *a, const void *b, uint32_t depth,
                        double alpha, double beta, const void *later, int64_t step);
    /* packed[p * wide + i] = m[i * row + p * col] for i < n <= wide, p < depth; +0 for n <= i. wide
     * is tile_rows or tile_cols. */
    void (*pack)(void *packed, uint32_t wide, const void *m, int64_t row, int64_t col, uint32_t n,
                 uint32_t depth);
    /* y[i] = fma(alpha, s, beta * y[i]) for i < n; s is the chain of fma from +0 over m[i][p] *
     * x[p], p rising to depth <= LEAT_GEMM_CHUNK. m[i][p] is m[i * row + p * col], one of these
     * steps 1, and where row is not, n >= lanes. beta = 0: y counts as +0 and is not read. */
    void (*gemv)(void *y, int64_t y_step, const void *m, int64_t row, int64_t col, const void *x,
                 int64_t x_step, uint32_t n, uint32_t depth, double alpha, double beta);
    /* y[i * y_step] = fma(alpha, s, beta * y[i * y_step]) for i < n; s is the sum that leat_gemv
     * makes of m[i * row + p * col] * x[p], p < depth, 0 < depth <= LEAT_GEMV_CHUNK. beta = 0: y
     * counts as +0 and is not read. parts: workspace, LEAT_LINE bytes for each of n or
     * LEAT_GEMV_STRIP elements, whichever are fewer, n rounded up to LEAT_LINE. */
    void (*dots)(void *y, int64_t y_step, const void *m, int64_t row, int64_t col, const void *x,
                 uint32_t n, uint32_t depth, double alpha, double beta, void *parts);
    /* pack of a sum: s = 0 in the first place, then s + sign * m[i * row + p * col] for each of
     * count >= 1 terms that has i < n and p < depth, in order. */
    void (*pack_sum)(void *packed, uint32_t wide, const struct leat_term *terms, uint32_t count,
                     int64_t row, int64_t col, uint32_t depth);
    /* b[i][j] = fma(alpha, a[i][j], beta * b[i][j]), elements of a row side by side. beta = 0: b
     * counts as +0 and is not read. */
    void (*add)(void *b, int64_t b_row, const void *a, int64_t a_row, uint32_t rows,
                uint32_t cols, double alpha, double beta);
    /* b[i][j] = a[i][j] * b[i][j]. */
    void (*multiply)(void *b, int64_t b_row, const void *a, int64_t a_row, uint32_t rows,
                     uint32_t cols);
    /* a[i][j] and b[j][i] change places for i < rows, j < cols; a == b: a square, in place. next_a
     * and next_b, or NULL: what the next call will be about, as large and with the same steps. */
    void (*swap)(void *a, int64_t a_row, void *b, int64_t b_row, uint32_t rows, uint32_t cols,
                 const void *next_a, const void *next_b);
    /* T X = B for n <= LEAT_TRIANGLE_LEAF rows, X in B's place, elements of a row side by side:
     * x[i] = (b[i] - t[i][0] * x[0] - ...) / t[i][i] in f64, each rounded to the kind once, but not
     * before it is used; unit: not divided. t is triangle[i * LEAT_TRIANGLE_LEAF + j], j <= i. */
    void (*solve)(const double *triangle, void *x, int64_t row, uint32_t n, uint32_t across,
                  bool unit);
    /* What struct leat_small says. */
    void (*small)(const struct leat_small *s);
    /* What struct leat_flat says. */
    void (*flat)(const struct leat_flat *f);
};

/* The table of that set and kind. NULL when kind is neither LEAT_F32 nor LEAT_F64 or the set was
 * not built for this machine; whether it runs here is leat_isa_usable's to say. */
LEAT_API const struct leat_linalg *leat_linalg_kernels(enum leat_isa isa, uint32_t kind);

/* The same kernels with the tiles that the tuning names: its gemm- numbers, in whole tiles. They
 * change no bit, but the bytes of workspaces: it is one table for a call and its workspace. Returns
 * own, where it has been put together, or kernels where there is nothing to change. tuning: within
 * leat_tuning_check, or NULL. */
LEAT_API const struct leat_linalg *leat_linalg_tuned(const struct leat_linalg *kernels,
                                                     const struct leat_tuning *tuning,
                                                     struct leat_linalg *own);

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
 * gamma(ceil(k / 384) + 1) |beta C| where nothing overflows or underflows. NaN and Inf as IEEE
 * arithmetic says. The same bits from every instruction set, steps and place in memory. */
LEAT_API LEAT_MUST_USE int leat_gemm(const struct leat_linalg *kernels, double alpha,
                                     const struct leat_matrix *a, const struct leat_matrix *b,
                                     double beta, const struct leat_matrix *c, void *workspace,
                                     size_t bytes, struct leat_diag *diag);

/* leat_gemm of count products of one shape: number t takes what lies t steps of elements behind a,
 * b and c. A step of A or B may be 0: one matrix for all; C's is at least as far as its elements
 * reach. What leat_gemm checks and decides for a product is done once for all; small products then
 * take the time of their multiply-adds. count = 0: nothing is done.
 * Workspace, errors, numerics: as leat_gemm; LEAT_EINVAL also for products of C that lie on each
 * other, LEAT_ERANGE for products that reach further than memory does. */
LEAT_API LEAT_MUST_USE int leat_gemm_batch(const struct leat_linalg *kernels, double alpha,
                                           const struct leat_matrix *a, int64_t a_step,
                                           const struct leat_matrix *b, int64_t b_step,
                                           double beta, const struct leat_matrix *c,
                                           int64_t c_step, uint64_t count, void *workspace,
                                           size_t bytes, struct leat_diag *diag);

/* Bytes of workspace that leat_gemv takes for [m x k]: at most 144 KiB. */
LEAT_API size_t leat_gemv_bytes(const struct leat_linalg *kernels, uint32_t m, uint32_t k);

/* y = alpha A x + beta y: a matrix times a vector, as fast as the matrix can be read. Its sums are
 * not those of leat_gemm, where an element has the same bits whatever other columns there are.
 * Shapes: A [m x k], x [k x 1], y [m x 1]; may be empty. Any steps; a transpose is a view. y's
 * elements lie apart from each other, and from those of A and x. alpha and beta are rounded to the
 * kind. alpha = 0 or k = 0: y = beta y, and A and x are not read; beta = 0: y is not read.
 * Workspace: leat_gemv_bytes(m, k), aligned to LEAT_LINE; apart from the matrices.
 * Errors: as leat_gemm.
 * Numerics: over each LEAT_GEMV_CHUNK terms P partial sums, 16 in f32 and 8 in f64; number q is an
 * fma chain from +0 over terms q, q + P, q + 2 P, ... They are joined by halving: q and q + P/2,
 * then q and q + P/4, ... q and q + 1. Then y = fma(alpha, sum, y). So componentwise
 * |error| <= gamma(ceil(min(k, 2048) / P) + log2 P + ceil(k / 2048) + 1) |alpha| |A| |x| +
 * gamma(ceil(k / 2048) + 1) |beta y| where nothing overflows or underflows. NaN and Inf as IEEE
 * arithmetic says. The same bits from every instruction set, steps and place in memory. */
LEAT_API LEAT_MUST_USE int leat_gemv(const struct leat_linalg *kernels, double alpha,
                                     const struct leat_matrix *a, const struct leat_matrix *x,
                                     double beta, const struct leat_matrix *y, void *workspace,
                                     size_t bytes, struct leat_diag *diag);

/* ---- Elements ---- */

/* B = alpha A + beta B, element by element: sums, differences, copies (beta = 0: B is not read),
 * scaled ones. A may be B, the same view; else they lie apart.
 * Shapes: A, B [m x n]; may be empty. Any steps, in A 0 too. alpha, beta: rounded to the kind.
 * Errors: as leat_gemm. Numerics: fma(alpha, a, beta * b), or fma(alpha, a, +0) where beta is 0. */
LEAT_API LEAT_MUST_USE int leat_matrix_add(const struct leat_linalg *kernels, double alpha,
                                           const struct leat_matrix *a, double beta,
                                           const struct leat_matrix *b, struct leat_diag *diag);

/* B = A B, element by element; as leat_matrix_add otherwise. One rounding. */
LEAT_API LEAT_MUST_USE int leat_matrix_multiply(const struct leat_linalg *kernels,
                                                const struct leat_matrix *a,
                                                const struct leat_matrix *b,
                                                struct leat_diag *diag);

/* Bytes of workspace that leat_matrix_transpose takes for [rows x cols]: 0 where they are equal,
 * else 64 for each row or column, whichever are more. SIZE_MAX where memory has not so many. */
LEAT_API size_t leat_matrix_transpose_bytes(uint32_t rows, uint32_t cols);

/* Elements change places: (j, i) is what (i, j) was, and *m a view of the transposed shape. A
 * square keeps its steps, which may be any. Others lie without gaps, row after row (col = 1, row =
 * columns) or column after column (row = 1, col = rows), and so does what becomes of them. To see
 * the transpose without moving anything there is leat_matrix_transposed.
 * Workspace: leat_matrix_transpose_bytes, aligned to LEAT_LINE; apart from the matrix.
 * Errors: LEAT_EINVAL no data, not aligned to its elements, or elements lie on each other;
 * LEAT_ERANGE a view reaches further than memory does, or is neither square nor without gaps;
 * LEAT_ELIMIT the workspace is too small or not aligned. Numerics: bits are moved.
 * Source: Catanzaro, Keller, Garland, A decomposition for in-place matrix transposition, PPoPP
 * 2014. */
LEAT_API LEAT_MUST_USE int leat_matrix_transpose(const struct leat_linalg *kernels,
                                                 struct leat_matrix *m, void *workspace,
                                                 size_t bytes, struct leat_diag *diag);

/* ---- Fewer multiplications ---- */

#define LEAT_STRASSEN_LEVELS 3u /* at most */
/* An fma chain of such a product is at most so long; chains are of one length, but for the last. */
#define LEAT_STRASSEN_CHUNK 512u

/* Bytes of workspace that leat_gemm_strassen takes for an [m x k] by [k x n] product: some
 * megabytes at most, whatever the sizes. SIZE_MAX where levels are more than there are. */
LEAT_API size_t leat_gemm_strassen_bytes(const struct leat_linalg *kernels, uint32_t m,
                                         uint32_t n, uint32_t k, uint32_t levels);

/* C = alpha A B + beta C by Strassen's seven products of halves instead of eight, so many levels
 * deep: 0 is leat_gemm. It pays from about 1000 rows, columns and terms on. Everything as in
 * leat_gemm, but for
 * Errors: LEAT_ERANGE levels are more than LEAT_STRASSEN_LEVELS.
 * Numerics: max|error| <= gamma(h) (12^levels p |alpha| max|A| max|B| + |beta| max|C|) unless it
 * overflows or underflows, p = ceil(k / 2^levels), h = min(p, 512) + 2^(levels + 1) + 4^levels
 * ceil(p / 512). That is of the largest element alone: small elements beside large ones may have no
 * right digit. A NaN or Inf shows in elements that it has no part in.
 * The same bits from every instruction set, steps and place in memory.
 * Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., chapter 23; Huang,
 * Smith, Henry, van de Geijn, Strassen's algorithm reloaded, SC 2016. Sums: made while packing. */
LEAT_API LEAT_MUST_USE int leat_gemm_strassen(const struct leat_linalg *kernels, uint32_t levels,
                                              double alpha, const struct leat_matrix *a,
                                              const struct leat_matrix *b, double beta,
                                              const struct leat_matrix *c, void *workspace,
                                              size_t bytes, struct leat_diag *diag);

LEAT_END

#endif
