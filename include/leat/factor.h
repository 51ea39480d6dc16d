/* Factors of dense matrices, and what they solve, on borrowed views.
 *
 * As in leat/linalg.h: nothing is allocated, views have any steps, everything is checked before
 * anything is touched, and every instruction set gives the same bits (docs/NUMERICS.md, Factors).
 * Matrices are of the kernels' kind. Any may be empty.
 *
 * For every call below:
 *   Workspace: what the call's `_bytes` says, aligned to LEAT_LINE, apart from the matrices. It is
 *     SIZE_MAX, which no workspace has, where the size does not fit.
 *   Errors, the diag says of which matrix and where: LEAT_ESHAPE shapes that do not fit;
 *     LEAT_EINVAL an unknown `how`, no data or not aligned to its elements, elements of what is
 *     written lie on each other or on another matrix (views that interleave with unlike steps count
 *     as lying on each other); LEAT_ERANGE a view reaches further than memory does; LEAT_ELIMIT the
 *     workspace is too small or not aligned; LEAT_EDATA what the call says.
 *   Threads: any, as long as nobody else writes what a call reads or touches what it writes.
 *   Numerics: u is 2^-24 or 2^-53, gamma_h = hu / (1 - hu); bounds hold where nothing overflows or
 *     becomes denormal.
 */
#ifndef LEAT_FACTOR_H
#define LEAT_FACTOR_H

#include <leat/linalg.h>

LEAT_BEGIN

/* How a square matrix is looked at; the other half is neither read nor written. */
enum leat_triangle {
    LEAT_LOWER = 0, /* what lies on and below the diagonal */
    LEAT_UPPER = 1, /* on and above */
    LEAT_UNIT = 2   /* beside either: the diagonal counts as 1 and is not read */
};

/* Bytes of workspace for a triangle [n x n] and `across` right sides. */
LEAT_API size_t leat_triangle_bytes(const struct leat_linalg *kernels, uint32_t n,
                                    uint32_t across);

/* Solves T X = B for X, which takes B's place. how: LEAT_LOWER or LEAT_UPPER, and LEAT_UNIT.
 * Shapes: T [n x n], B [n x any]. T' X = B is the transposed view of T, of the other half; X T = B
 * is that and the transposed view of B.
 * LEAT_EDATA: an element of the diagonal is 0. NaN and Inf as IEEE arithmetic says.
 * Numerics: |B - T X| <= gamma_h |T| |X| by component, h = n + log2 n + 2. */
LEAT_API LEAT_MUST_USE int leat_triangle_solve(const struct leat_linalg *kernels, uint32_t how,
                                               const struct leat_matrix *t,
                                               const struct leat_matrix *b, void *workspace,
                                               size_t bytes, struct leat_diag *diag);

/* Bytes of workspace for C [n x n] and A [n x depth]. */
LEAT_API size_t leat_symmetric_bytes(const struct leat_linalg *kernels, uint32_t n,
                                     uint32_t depth);

/* One half of C = alpha A A' + beta C; how: LEAT_LOWER or LEAT_UPPER. The elements are leat_gemm's,
 * to the bit, and so are alpha = 0, beta = 0, NaN and Inf. A' A is the transposed view of A.
 * Shapes: A [n x k], C [n x n]. */
LEAT_API LEAT_MUST_USE int leat_symmetric_product(const struct leat_linalg *kernels, uint32_t how,
                                                  double alpha, const struct leat_matrix *a,
                                                  double beta, const struct leat_matrix *c,
                                                  void *workspace, size_t bytes,
                                                  struct leat_diag *diag);

/* Bytes of workspace for A [n x n]. */
LEAT_API size_t leat_cholesky_bytes(const struct leat_linalg *kernels, uint32_t n);

/* A symmetric and positive definite: LEAT_LOWER, its lower half becomes L with L L' = A;
 * LEAT_UPPER, its upper half becomes U with U' U = A. Then A x = b is two triangle solves.
 * LEAT_EDATA: a leading minor is not positive, or not finite; the diag says which order. What was
 * factored until then is in place, the rest of the half is between.
 * Numerics: |L L' - A| <= gamma_h |L| |L'| by component, h = n + log2 n + 3. */
LEAT_API LEAT_MUST_USE int leat_cholesky(const struct leat_linalg *kernels, uint32_t how,
                                         const struct leat_matrix *a, void *workspace,
                                         size_t bytes, struct leat_diag *diag);

/* ---- QR ---- */

/* So many columns are reflected as one. */
#define LEAT_QR_PANEL 48u

/* Bytes of workspace for A [rows x cols], and for leat_qr_apply to C of `cols` columns. */
LEAT_API size_t leat_qr_bytes(const struct leat_linalg *kernels, uint32_t rows, uint32_t cols);

/* A = Q R by reflections H1 H2 ... Hk = Q, k the smaller of its rows and columns: R takes the place
 * of A on and above the diagonal, the reflections' vectors below it. t [min(LEAT_QR_PANEL, k) x k]
 * gets what joins the reflections of a panel (LAPACK's geqrt stores the same).
 * LEAT_EDATA: A holds a NaN or an infinity.
 * Numerics: |A - Q R| <= c u |A| by column and |Q' Q - I| <= c u, in the Frobenius norm, c = 4 k
 * + 4 log2(rows) on the matrices of the tests; at any scale, denormal or next to
 * overflow, but of columns below 2^-400 of the largest element (f32 2^-80), which may count as 0.
 * An element of R that does not fit is infinite. */
LEAT_API LEAT_MUST_USE int leat_qr(const struct leat_linalg *kernels, const struct leat_matrix *a,
                                   const struct leat_matrix *t, void *workspace, size_t bytes,
                                   struct leat_diag *diag);

/* The first columns of Q: q [rows x any from k to rows], from what leat_qr left. */
LEAT_API LEAT_MUST_USE int leat_qr_q(const struct leat_linalg *kernels,
                                     const struct leat_matrix *a, const struct leat_matrix *t,
                                     const struct leat_matrix *q, void *workspace, size_t bytes,
                                     struct leat_diag *diag);

/* C = Q C, or Q' C, in place, Q the whole [rows x rows]. C [rows x any]. */
LEAT_API LEAT_MUST_USE int leat_qr_apply(const struct leat_linalg *kernels,
                                         const struct leat_matrix *a,
                                         const struct leat_matrix *t, bool transposed,
                                         const struct leat_matrix *c, void *workspace,
                                         size_t bytes, struct leat_diag *diag);

/* Bytes of workspace for A [rows x cols] and B [rows x across]. */
LEAT_API size_t leat_least_squares_bytes(const struct leat_linalg *kernels, uint32_t rows,
                                         uint32_t cols, uint32_t across);

/* X [cols x across] of least |A X - B| by column: it takes the place of B's first rows. A becomes
 * its QR factors. Below X the rest of Q' B stays: the norm of a column of it is that of A x - b.
 * Shapes: A [m x n], m >= n; B [m x any].
 * LEAT_EDATA: A or B holds a NaN or an infinity; or a column of A depends on those before it, as
 * far as can be told: R's diagonal is at most `m u` times the largest element above it (A and B are
 * overwritten then).
 * Numerics: X solves a problem whose A and B differ by c u |A| and c u |B| by column, c as for
 * leat_qr and n. */
LEAT_API LEAT_MUST_USE int leat_least_squares(const struct leat_linalg *kernels,
                                              const struct leat_matrix *a,
                                              const struct leat_matrix *b, void *workspace,
                                              size_t bytes, struct leat_diag *diag);

/* ---- Singular values and eigenvalues ---- */

/* Bytes of workspace for A [rows x cols]: about twice A, and two squares of its smaller side. */
LEAT_API size_t leat_svd_bytes(const struct leat_linalg *kernels, uint32_t rows, uint32_t cols);

/* A = U S V', thin: k the smaller of A's sides, sigma [k] doubles, largest first; u [rows x k] and
 * v [cols x k], orthonormal columns also where sigma is 0. Either may be NULL: not wanted. A is
 * read. By rotations (Jacobi), for sides of some hundreds: the time grows with the third power of
 * the smaller.
 * LEAT_EDATA: A holds a NaN or an infinity. LEAT_ELIMIT, too: not done after 60 sweeps, ten being
 * many; sigma, u and v are untouched then.
 * Numerics: |sigma - exact| <= c u sigma[0], |A - U S V'| <= c u |A| and |U' U - I|, |V' V - I| <=
 * c u (Frobenius), c = 8 k + 4 log2(rows cols), at any scale; what is below 2^-380 of the largest
 * element may be 0. A sigma that does not fit is infinite. */
LEAT_API LEAT_MUST_USE int leat_svd(const struct leat_linalg *kernels,
                                    const struct leat_matrix *a, const struct leat_matrix *u,
                                    double *sigma, const struct leat_matrix *v, void *workspace,
                                    size_t bytes, struct leat_diag *diag);

/* Bytes of workspace for A [n x n]. */
LEAT_API size_t leat_eigen_bytes(uint32_t n);

/* A symmetric, one half of it read, LEAT_LOWER or LEAT_UPPER: A = V L V'. values [n], smallest
 * first; vectors [n x n], a column for each, may be NULL: not wanted.
 * LEAT_EDATA: that half holds a NaN or an infinity. LEAT_ELIMIT as leat_svd.
 * Numerics: |value - exact| <= c u |A|, |A - V L V'| <= c u |A|, |V' V - I| <= c u (Frobenius), c =
 * 8 n + 8, at any scale. */
LEAT_API LEAT_MUST_USE int leat_eigen(const struct leat_linalg *kernels, uint32_t how,
                                      const struct leat_matrix *a, double *values,
                                      const struct leat_matrix *vectors, void *workspace,
                                      size_t bytes, struct leat_diag *diag);

/* ---- The leading part of a large matrix ---- */

/* A matrix that is known by its products alone. */
struct leat_operator {
    uint32_t rows, cols;
    /* Y = A X, or A' X when transposed. Of both, rows are contiguous (col = 1) and row elements
     * apart; they do not overlap. 0, or a negative LEAT_E… code that ends the call and is its
     * answer. */
    int (*apply)(void *self, bool transposed, const struct leat_matrix *x,
                 const struct leat_matrix *y, struct leat_diag *diag);
    void *self;
};

/* The random matrix that the sample is made with. */
enum leat_rsvd_test {
    LEAT_TEST_NORMAL, /* independent normal deviates: the sample costs rows * cols * sample */
    LEAT_TEST_FOURIER /* leat_srft: rows * cols * log(sample); less is proved of it
                       * (docs/NUMERICS.md). leat_rsvd_dense alone; where the sample is over half
                       * of the columns, nothing would be saved, and it is NORMAL */
};

struct leat_rsvd_how {
    size_t size;           /* sizeof of this */
    uint32_t rank;         /* singular values that are wanted, 1 to the smaller side */
    uint32_t oversampling; /* columns of the sample beside these: 10 is usual */
    uint32_t powers;       /* how often A A' sharpens the sample: 2 where values fall off slowly */
    uint32_t probes;       /* columns that measure the error: each makes it ten times surer */
    uint64_t seed;         /* of the sample and the probes */
    uint32_t test;         /* leat_rsvd_test */
};

/* Bytes of workspace for A of that many columns and Y of `sample`. */
LEAT_API size_t leat_srft_bytes(const struct leat_linalg *kernels, uint32_t cols, uint32_t sample);

/* Y = A Omega, Omega [cols x sample] structured and random: A's columns in random order with random
 * signs, `sample` coefficients, none twice, of their Hartley transform. Columns of Omega are at
 * right angles and of one length, from 1 to sqrt 2, where n is a power of two from 16 on, else
 * nearly; elements are at most 2 / sqrt(n).
 * Shapes: A [m x n], n at most 2^27; Y [m x any to n].
 * Time: m n log(sample), where a product takes m n sample.
 * NaN and Inf reach every element of their row.
 * Errors: no LEAT_EDATA. Workspace SIZE_MAX, too, where n is larger.
 * Numerics: deterministic by seed; error of an element of Y at most 5 u sqrt(2 (log2 n + 1)) times
 * the norm of its row of A.
 * Source: Halko, Martinsson, Tropp 2011, section 4.6. */
LEAT_API LEAT_MUST_USE int leat_srft(const struct leat_linalg *kernels,
                                     const struct leat_matrix *a, uint64_t seed,
                                     const struct leat_matrix *y, void *workspace, size_t bytes,
                                     struct leat_diag *diag);

/* Bytes of workspace for A [rows x cols], of either call below. */
LEAT_API size_t leat_rsvd_bytes(const struct leat_linalg *kernels, uint32_t rows, uint32_t cols,
                                const struct leat_rsvd_how *options);

/* The leading singular values and vectors of A, nearly, by 2 + 2 powers products with so many
 * columns as rank and oversampling are together (Halko, Martinsson, Tropp 2011).
 * sigma [rank] doubles, largest first; u [rows x rank], v [cols x rank], orthonormal columns, may
 * be NULL: not wanted. error, which may be NULL: at least |A - U S V'| in the Frobenius norm, so in
 * the spectral one, but for one seed in 10^probes; commonly one to twenty times it.
 * LEAT_EINVAL, too: rank, the options' size or test, or error without probes. LEAT_EDATA: a
 * product holds a NaN or an infinity: A does, or it overflows. LEAT_ELIMIT as leat_svd. What apply
 * answers.
 * On error sigma, u, v and error are as they were.
 * Numerics: deterministic by seed; sigma never above the exact ones but by rounding; to c u
 * sigma[0], c = 8 (rank + oversampling) + 768, these are the triplets of Q Q' A, Q the sample's
 * range. */
LEAT_API LEAT_MUST_USE int leat_rsvd(const struct leat_linalg *kernels,
                                     const struct leat_operator *a,
                                     const struct leat_rsvd_how *options,
                                     const struct leat_matrix *u, double *sigma,
                                     const struct leat_matrix *v, double *error, void *workspace,
                                     size_t bytes, struct leat_diag *diag);

/* The same of a dense matrix. A is read; u and v are apart from it. */
LEAT_API LEAT_MUST_USE int leat_rsvd_dense(const struct leat_linalg *kernels,
                                           const struct leat_matrix *a,
                                           const struct leat_rsvd_how *options,
                                           const struct leat_matrix *u, double *sigma,
                                           const struct leat_matrix *v, double *error,
                                           void *workspace, size_t bytes, struct leat_diag *diag);

LEAT_END

#endif
