/* Triangular systems, symmetric products and Cholesky's factors, in place.
 *
 * Everything halves itself, as in Elmroth, Gustavson, Jonsson and Kagstrom, Recursive blocked
 * algorithms and hybrid data structures for dense matrix library software, SIAM Review 46(1), 2004:
 * what is off the diagonal is a product, what is left on it a leaf. Where the halves meet depends
 * on the size alone, so what an element is does too. There is one body, for what is lower and from
 * the left; the rest are views of it.
 */
#include "linalg/inner.h"

#include <leat/factor.h>

#include <string.h>

#define LEAF LEAT_TRIANGLE_LEAF
#define TILE 48u /* whole tiles of products, in both kinds, with AVX2 and without */

/* So many rows are solved for so many right sides before the next: what they are made of stays in
 * the second-level cache. Nothing is packed for it, and neither number shows in any element. */
#define NEAR 288u
#define ACROSS 64u

struct job {
    const struct leat_linalg *k;
    size_t each;
    bool unit;      /* the triangle's diagonal is 1 */
    void *strip;    /* [NEAR x ACROSS], for right sides that do not lie in rows */
    double *leaves; /* [NEAR x LEAF], triangles of a diagonal, in f64 */
    void *room;     /* of products */
};

/* Rows of the upper half: whole leaves, or tiles of products where there are several. */
static uint32_t half(uint32_t n, uint32_t leaf)
{
    uint32_t whole = n > 2 * TILE ? TILE : leaf;
    return (uint32_t)(((uint64_t)n + 2 * whole - 1) / (2 * whole)) * whole;
}

/* For products of at most [rows x depth] by [depth x cols]. */
static struct job layout(const struct leat_linalg *k, uint32_t rows, uint32_t cols, uint32_t depth,
                         bool solves, void *workspace, size_t *bytes)
{
    struct work w = {workspace, 0};
    struct job job = {.k = k, .each = leat_kind_bytes(k->kind)};
    if (solves) {
        job.strip = work_take(&w, NEAR, ACROSS, job.each);
        job.leaves = work_take(&w, NEAR, LEAF, sizeof *job.leaves);
    }
    job.room = work_take(&w, leat_gemm_bytes(k, rows, cols, depth), 1, 1);
    *bytes = w.used;
    return job;
}

/* ---- solving ---- */

/* Rows [from, from + n) of T X = B, T lower, columns of X side by side; what T has left of them has
 * been taken from B. */
static void solve_rows(const struct job *job, const struct leat_matrix *t,
                       const struct leat_matrix *x, uint32_t from, uint32_t n)
{
    uint32_t top = half(n, LEAF);
    struct leat_matrix x1 = block(x, job->each, from, 0, top, x->cols);
    if (n <= LEAF) {
        job->k->solve(job->leaves + from * LEAF, x1.data, x1.row, n, x->cols, job->unit);
        return;
    }
    struct leat_matrix t21 = block(t, job->each, from + top, from, n - top, top);
    struct leat_matrix x2 = block(x, job->each, from + top, 0, n - top, x->cols);
    solve_rows(job, t, x, from, top);
    gemm_run(job->k, -1, &t21, &x1, 1, &x2, job->room);
    solve_rows(job, t, x, from + top, n - top);
}

/* Some columns of B to the strip, or back. Where B is a transpose, as in Cholesky, squares of both
 * change places: that turns them in registers, and what stands in B meanwhile is read by nobody. */
static void change_places(const struct job *job, const struct leat_matrix *b,
                          const struct leat_matrix *strip, bool back)
{
    if (b->row == 1)
        job->k->swap(b->data, b->col, strip->data, ACROSS, b->cols, b->rows, NULL, NULL);
    else
        view_copy(back ? b : strip, back ? strip : b, job->each, WHOLE);
}

static void solve_near(const struct job *job, const struct leat_matrix *t,
                       const struct leat_matrix *b)
{
    for (uint32_t i = 0; i < t->rows; i += LEAF) {
        uint32_t n = least(t->rows - i, LEAF);
        struct leat_matrix leaf = block(t, job->each, i, i, n, n);
        view_gather(job->leaves + i * LEAF, LEAF, &leaf, job->each, LOWER);
    }
    for (uint32_t c = 0; c < b->cols; c += ACROSS) {
        uint32_t across = least(b->cols - c, ACROSS);
        struct leat_matrix part = block(b, job->each, 0, c, b->rows, across);
        struct leat_matrix strip = leat_matrix_rows(job->strip, b->rows, across, ACROSS);
        if (b->col != 1)
            change_places(job, &part, &strip, false);
        solve_rows(job, t, b->col == 1 ? &part : &strip, 0, t->rows);
        if (b->col != 1)
            change_places(job, &part, &strip, true);
    }
}

/* T X = B, T lower; X in B's place. */
static void solve(const struct job *job, const struct leat_matrix *t, const struct leat_matrix *b)
{
    uint32_t n = t->rows, top = half(n, LEAF);
    if (n <= NEAR) {
        solve_near(job, t, b);
        return;
    }
    struct leat_matrix t11 = block(t, job->each, 0, 0, top, top);
    struct leat_matrix t21 = block(t, job->each, top, 0, n - top, top);
    struct leat_matrix t22 = block(t, job->each, top, top, n - top, n - top);
    struct leat_matrix b1 = block(b, job->each, 0, 0, top, b->cols);
    struct leat_matrix b2 = block(b, job->each, top, 0, n - top, b->cols);
    solve(job, &t11, &b1);
    gemm_run(job->k, -1, &t21, &b1, 1, &b2, job->room);
    solve(job, &t22, &b2);
}

/* The same elements with both orders turned round: what was upper is lower. */
static struct leat_matrix reversed(const struct leat_matrix *m, size_t each, bool cols)
{
    struct leat_matrix r = *m;
    if (m->rows == 0 || m->cols == 0)
        return r;
    r = block(m, each, m->rows - 1, cols ? m->cols - 1 : 0, m->rows, m->cols);
    r.row = -m->row;
    r.col = cols ? -m->col : m->col;
    return r;
}

size_t leat_triangle_bytes(const struct leat_linalg *kernels, uint32_t n, uint32_t across)
{
    size_t bytes;
    (void)layout(kernels, n, across, n, true, NULL, &bytes);
    return bytes;
}

static int check_diagonal(const struct leat_matrix *t, size_t each, struct leat_diag *diag)
{
    for (uint32_t i = 0; i < t->rows; i++)
        if (get(t, each, i, i) == 0)
            return leat_diag_set(diag, LEAT_EDATA,
                                 "triangle: T is singular: element (%u, %u) is 0", i, i);
    return LEAT_OK;
}

int leat_triangle_solve(const struct leat_linalg *kernels, uint32_t how,
                        const struct leat_matrix *t, const struct leat_matrix *b, void *workspace,
                        size_t bytes, struct leat_diag *diag)
{
    size_t needed;
    struct job job = layout(kernels, b->rows, b->cols, b->rows, true, workspace, &needed);
    job.unit = (how & LEAT_UNIT) != 0;
    if ((how & ~(uint32_t)(LEAT_UPPER | LEAT_UNIT)) != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "triangle: %u is no kind of triangle", how);
    if (t->rows != t->cols || t->rows != b->rows)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "triangle: T [%u x %u] does not solve for B [%u x %u]", t->rows,
                             t->cols, b->rows, b->cols);
    int status = view_check(t, "triangle: T", job.each, diag);
    if (status == LEAT_OK)
        status = check_written(b, "triangle: B", job.each, diag);
    if (status == LEAT_OK)
        status = check_apart(b, "triangle: B", t, "T", job.each, diag);
    if (status == LEAT_OK)
        status = work_check("triangle", needed, workspace, bytes, diag);
    if (status == LEAT_OK && !job.unit)
        status = check_diagonal(t, job.each, diag);
    if (status != LEAT_OK || b->cols == 0)
        return status;
    bool upper = (how & LEAT_UPPER) != 0;
    struct leat_matrix lower = upper ? reversed(t, job.each, true) : *t;
    struct leat_matrix sides = upper ? reversed(b, job.each, false) : *b;
    solve(&job, &lower, &sides);
    return LEAT_OK;
}

/* ---- symmetric products ---- */

size_t leat_symmetric_bytes(const struct leat_linalg *kernels, uint32_t n, uint32_t depth)
{
    size_t bytes;
    (void)layout(kernels, n, n, depth, false, NULL, &bytes);
    return bytes;
}

int leat_symmetric_product(const struct leat_linalg *kernels, uint32_t how, double alpha,
                           const struct leat_matrix *a, double beta, const struct leat_matrix *c,
                           void *workspace, size_t bytes, struct leat_diag *diag)
{
    size_t needed;
    struct job job = layout(kernels, a->rows, a->rows, a->cols, false, workspace, &needed);
    if ((how & ~(uint32_t)LEAT_UPPER) != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "symmetric: %u is no half of a matrix", how);
    if (c->rows != c->cols || a->rows != c->rows)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "symmetric: A [%u x %u] times its transpose does not give C [%u x %u]",
                             a->rows, a->cols, c->rows, c->cols);
    int status = view_check(a, "symmetric: A", job.each, diag);
    if (status == LEAT_OK)
        status = check_written(c, "symmetric: C", job.each, diag);
    if (status == LEAT_OK)
        status = check_apart(c, "symmetric: C", a, "A", job.each, diag);
    if (status == LEAT_OK)
        status = work_check("symmetric", needed, workspace, bytes, diag);
    if (status != LEAT_OK)
        return status;
    struct leat_matrix lower = how == LEAT_UPPER ? leat_matrix_transposed(c) : *c;
    gemm_run_lower(job.k, alpha, a, beta, &lower, job.room);
    return LEAT_OK;
}

/* ---- Cholesky ---- */

/* The order of the first leading minor that is not positive, 0 when all are. */
static uint32_t factor_leaf(const struct job *job, const struct leat_matrix *a)
{
    double l[LEAF * LEAF];
    uint32_t n = a->rows, failed = 0;
    view_gather(l, LEAF, a, job->each, LOWER);
    for (uint32_t j = 0; j < n && failed == 0; j++) {
        double *pivot = l + j * LEAF;
        for (uint32_t p = 0; p < j; p++)
            pivot[j] -= pivot[p] * pivot[p];
        if (!(pivot[j] > 0 && pivot[j] < __builtin_inf())) {
            failed = j + 1;
            break;
        }
        pivot[j] = __builtin_sqrt(pivot[j]);
        for (uint32_t i = j + 1; i < n; i++) {
            double *row = l + i * LEAF;
            for (uint32_t p = 0; p < j; p++)
                row[j] -= row[p] * pivot[p];
            row[j] /= pivot[j];
        }
    }
    view_scatter(a, l, LEAF, job->each, LOWER);
    return failed;
}

static uint32_t factor(const struct job *job, const struct leat_matrix *a)
{
    uint32_t n = a->rows, top = half(n, LEAF);
    if (n <= LEAF)
        return factor_leaf(job, a);
    struct leat_matrix a11 = block(a, job->each, 0, 0, top, top);
    struct leat_matrix a21 = block(a, job->each, top, 0, n - top, top);
    struct leat_matrix a22 = block(a, job->each, top, top, n - top, n - top);
    struct leat_matrix turned = leat_matrix_transposed(&a21);
    uint32_t failed = factor(job, &a11);
    if (failed != 0)
        return failed;
    solve(job, &a11, &turned);
    gemm_run_lower(job->k, -1, &a21, 1, &a22, job->room);
    failed = factor(job, &a22);
    return failed == 0 ? 0 : top + failed;
}

size_t leat_cholesky_bytes(const struct leat_linalg *kernels, uint32_t n)
{
    size_t bytes;
    (void)layout(kernels, n, n, n, true, NULL, &bytes);
    return bytes;
}

int leat_cholesky(const struct leat_linalg *kernels, uint32_t how, const struct leat_matrix *a,
                  void *workspace, size_t bytes, struct leat_diag *diag)
{
    size_t needed;
    struct job job = layout(kernels, a->rows, a->rows, a->rows, true, workspace, &needed);
    if ((how & ~(uint32_t)LEAT_UPPER) != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "cholesky: %u is no half of a matrix", how);
    if (a->rows != a->cols)
        return leat_diag_set(diag, LEAT_ESHAPE, "cholesky: A [%u x %u] is not square", a->rows,
                             a->cols);
    int status = check_written(a, "cholesky: A", job.each, diag);
    if (status == LEAT_OK)
        status = work_check("cholesky", needed, workspace, bytes, diag);
    if (status != LEAT_OK)
        return status;
    struct leat_matrix lower = how == LEAT_UPPER ? leat_matrix_transposed(a) : *a;
    uint32_t failed = factor(&job, &lower);
    if (failed != 0)
        return leat_diag_set(diag, LEAT_EDATA,
                             "cholesky: A is not positive definite: its leading minor of order %u "
                             "is not positive",
                             failed);
    return LEAT_OK;
}
