/* Householder's QR in panels, and what stands on it: Q, its products, least squares.
 *
 * A panel halves itself down to leaves of some columns, as in Elmroth and Gustavson, Applying
 * recursion to serial and parallel QR factorization leads to better performance, IBM Journal of
 * Research and Development 44(4), 2000; its reflections are one, I - V T V' (Schreiber and Van
 * Loan, 1989). V stands in the workspace too, with its ones and zeros, so that everything but a
 * leaf is a product.
 */
#include "linalg/inner.h"

#include <leat/factor.h>

#define PANEL LEAT_QR_PANEL
#define LEAF 8u  /* columns of a panel that are no products */
#define PARTS 8u /* partial sums of a product */

struct qr {
    const struct leat_linalg *k;
    size_t each;
    struct leat_matrix a, t; /* the factors */
    struct leat_matrix v;    /* a panel's vectors, [rows x PANEL] */
    struct leat_matrix w[2]; /* V' C, T V' C */
    double *leaf;            /* [LEAF x rows] columns of a leaf */
    void *room;              /* of products */
};

static struct qr layout(const struct leat_linalg *k, uint32_t rows, uint32_t cols, void *workspace,
                        size_t *bytes)
{
    struct work w = {workspace, 0};
    struct qr qr = {.k = k, .each = leat_kind_bytes(k->kind)};
    uint32_t most = cols > PANEL ? cols : PANEL;
    qr.v = work_matrix(&w, rows, PANEL, qr.each);
    qr.w[0] = work_matrix(&w, PANEL, most, qr.each);
    qr.w[1] = work_matrix(&w, PANEL, most, qr.each);
    qr.leaf = work_take(&w, LEAF, rows, sizeof *qr.leaf);
    qr.room = work_take(&w, leat_gemm_bytes(k, rows > PANEL ? rows : PANEL, most,
                                       rows > PANEL ? rows : PANEL), 1, 1);
    *bytes = w.used;
    return qr;
}

static struct leat_matrix corner(const struct qr *qr, const struct leat_matrix *m, uint32_t rows,
                                 uint32_t cols)
{
    return block(m, qr->each, 0, 0, rows, cols);
}

/* C -= V op(T) (V' C), op(T) being T', when the product of the panel's reflections is transposed.
 */
static void reflect(const struct qr *qr, const struct leat_matrix *v, const struct leat_matrix *t,
                    bool transposed, const struct leat_matrix *c)
{
    struct leat_matrix v_turned = leat_matrix_transposed(v);
    struct leat_matrix by = transposed ? leat_matrix_transposed(t) : *t;
    struct leat_matrix x = corner(qr, &qr->w[0], v->cols, c->cols);
    struct leat_matrix y = corner(qr, &qr->w[1], v->cols, c->cols);
    gemm_run(qr->k, 1, &v_turned, c, 0, &x, qr->room);
    gemm_run(qr->k, 1, &by, &x, 0, &y, qr->room);
    gemm_run(qr->k, -1, v, &y, 1, c, qr->room);
}

/* ---- a leaf: some columns, in f64 ---- */

static double product(const double *x, const double *y, uint32_t n)
{
    double part[PARTS] = {0};
    uint32_t i = 0;
    for (; n - i >= PARTS; i += PARTS)
        for (uint32_t q = 0; q < PARTS; q++)
            part[q] += x[i + q] * y[i + q];
    for (uint32_t q = 0; i < n; i++, q++)
        part[q] += x[i] * y[i];
    for (uint32_t h = PARTS / 2; h > 0; h /= 2)
        for (uint32_t q = 0; q < h; q++)
            part[q] += part[q + h];
    return part[0];
}

/* The reflection that leaves r and zeros of a column, whose place its vector takes, 1 first.
 * Returns what it is scaled by: 0 where there is nothing to do. */
static double reflect_column(double *x, uint32_t n, double *r)
{
    double below = product(x + 1, x + 1, n - 1), first = x[0], by = 0, over = 1;
    *r = first;
    if (below != 0) {
        double norm = __builtin_sqrt(first * first + below);
        *r = first < 0 ? norm : -norm;
        by = (*r - first) / *r;
        over = first - *r;
    }
    x[0] = 1;
    for (uint32_t i = 1; i < n; i++)
        x[i] = below != 0 ? x[i] / over : 0;
    return by;
}

/* Vectors of all reflections of a leaf, and R above them; r: R's diagonal; joined: their T. */
static void factor_columns(double *x, uint32_t rows, uint32_t n, double *r, double *joined)
{
    for (uint32_t j = 0; j < n; j++) {
        double *v = x + (size_t)j * rows + j, with[LEAF];
        double by = reflect_column(v, rows - j, r + j);
        for (uint32_t c = j + 1; c < n; c++) {
            double *y = x + (size_t)c * rows + j, much = by * product(v, y, rows - j);
            for (uint32_t i = 0; i < rows - j; i++)
                y[i] -= much * v[i];
        }
        for (uint32_t i = 0; i < j; i++)
            with[i] = product(x + (size_t)i * rows + j, v, rows - j);
        for (uint32_t i = 0; i < j; i++) {
            double sum = 0;
            for (uint32_t s = i; s < j; s++)
                sum += joined[i * LEAF + s] * with[s];
            joined[i * LEAF + j] = -by * sum;
        }
        joined[j * LEAF + j] = by;
    }
}

static void factor_leaf(const struct qr *qr, const struct leat_matrix *a,
                        const struct leat_matrix *v, const struct leat_matrix *t)
{
    size_t each = qr->each, rows = a->rows;
    double *x = qr->leaf, r[LEAF], joined[LEAF * LEAF];
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < a->cols; j++)
            x[j * rows + i] = get(a, each, i, j);
    factor_columns(x, a->rows, a->cols, r, joined);
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < a->cols; j++) {
            put(a, each, i, j, i == j ? r[j] : x[j * rows + i]);
            if (i >= j)
                put(v, each, i, j, x[j * rows + i]);
        }
    for (uint32_t i = 0; i < a->cols; i++)
        for (uint32_t j = i; j < a->cols; j++)
            put(t, each, i, j, joined[i * LEAF + j]);
}

/* ---- a panel ---- */

static void zero(const struct leat_matrix *m, size_t each)
{
    for (uint32_t i = 0; i < m->rows; i++)
        for (uint32_t j = 0; j < m->cols; j++)
            put(m, each, i, j, 0);
}

/* a [rows x cols], rows >= cols, v and t to match: zeros where nothing is written. */
static void factor_panel(const struct qr *qr, const struct leat_matrix *a,
                         const struct leat_matrix *v, const struct leat_matrix *t)
{
    size_t each = qr->each;
    uint32_t rows = a->rows, n = a->cols, left = (n + 1) / 2, right = n - left;
    if (n <= LEAF) {
        factor_leaf(qr, a, v, t);
        return;
    }
    struct leat_matrix a1 = block(a, each, 0, 0, rows, left);
    struct leat_matrix v1 = block(v, each, 0, 0, rows, left);
    struct leat_matrix t1 = block(t, each, 0, 0, left, left);
    struct leat_matrix beside = block(a, each, 0, left, rows, right);
    struct leat_matrix a2 = block(a, each, left, left, rows - left, right);
    struct leat_matrix v2 = block(v, each, left, left, rows - left, right);
    struct leat_matrix t2 = block(t, each, left, left, right, right);
    factor_panel(qr, &a1, &v1, &t1);
    reflect(qr, &v1, &t1, true, &beside);
    factor_panel(qr, &a2, &v2, &t2);
    /* the two as one: T12 = -T1 (V1' V2) T2 */
    struct leat_matrix v1_low = block(&v1, each, left, 0, rows - left, left);
    struct leat_matrix v1_turned = leat_matrix_transposed(&v1_low);
    struct leat_matrix t12 = block(t, each, 0, left, left, right);
    struct leat_matrix x = corner(qr, &qr->w[0], left, right);
    struct leat_matrix y = corner(qr, &qr->w[1], left, right);
    gemm_run(qr->k, 1, &v1_turned, &v2, 0, &x, qr->room);
    gemm_run(qr->k, 1, &x, &t2, 0, &y, qr->room);
    gemm_run(qr->k, -1, &t1, &y, 0, &t12, qr->room);
}

/* ---- all panels ---- */

static uint32_t reflections(const struct leat_matrix *a)
{
    return least(a->rows, a->cols);
}

/* No square, sum or product of what matters beside a largest element in 2^-n to 2^n leaves the
 * range of the kind: there A is taken as it is. */
static bool near_one(int power, size_t each)
{
    int n = each == sizeof(float) ? 40 : 100;
    return power >= -n && power <= n;
}

/* A of that largest magnitude. */
static void factor(const struct qr *qr, double largest)
{
    const struct leat_matrix *a = &qr->a;
    struct leat_matrix r = leat_matrix_transposed(a);
    int power = power_for(largest), p = near_one(power, qr->each) ? 0 : power;
    view_times_power(a, qr->each, WHOLE, p);
    for (uint32_t j = 0, n; j < reflections(a); j += n) {
        n = least(reflections(a) - j, PANEL);
        struct leat_matrix panel = block(a, qr->each, j, j, a->rows - j, n);
        struct leat_matrix rest = block(a, qr->each, j, j + n, a->rows - j, a->cols - j - n);
        struct leat_matrix v = corner(qr, &qr->v, a->rows - j, n);
        struct leat_matrix t = block(&qr->t, qr->each, 0, j, n, n);
        struct leat_matrix below = block(&qr->t, qr->each, n, j, qr->t.rows - n, n);
        zero(&v, qr->each);
        zero(&t, qr->each);
        zero(&below, qr->each);
        factor_panel(qr, &panel, &v, &t);
        reflect(qr, &v, &t, true, &rest);
    }
    view_times_power(&r, qr->each, LOWER, -p);
}

/* Q C or Q' C. `square`: C begins as columns of the identity, so that a reflection of rows from j
 * on finds zeros in the columns before. */
static void apply(const struct qr *qr, bool transposed, bool square, const struct leat_matrix *c)
{
    const struct leat_matrix *a = &qr->a;
    uint32_t panels = (uint32_t)(((uint64_t)reflections(a) + PANEL - 1) / PANEL);
    for (uint32_t i = 0; i < panels; i++) {
        uint32_t j = (transposed ? i : panels - 1 - i) * PANEL;
        uint32_t n = least(reflections(a) - j, PANEL);
        uint32_t from = square ? j : 0;
        struct leat_matrix panel = block(a, qr->each, j, j, a->rows - j, n);
        struct leat_matrix v = corner(qr, &qr->v, a->rows - j, n);
        struct leat_matrix t = block(&qr->t, qr->each, 0, j, n, n);
        struct leat_matrix to = block(c, qr->each, j, from, c->rows - j, c->cols - from);
        view_copy(&v, &panel, qr->each, LOWER);
        for (uint32_t r = 0; r < n; r++)
            for (uint32_t s = r; s < n; s++)
                put(&v, qr->each, r, s, r == s);
        reflect(qr, &v, &t, transposed, &to);
    }
}

/* ---- calls ---- */

size_t leat_qr_bytes(const struct leat_linalg *kernels, uint32_t rows, uint32_t cols)
{
    size_t bytes;
    (void)layout(kernels, rows, cols, NULL, &bytes);
    return bytes;
}

static int check_factors(const struct leat_matrix *a, const struct leat_matrix *t, size_t each,
                         bool written, struct leat_diag *diag)
{
    uint32_t k = reflections(a);
    if (t->rows != least(PANEL, k) || t->cols != k)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "qr: T [%u x %u] is not [%u x %u], as A [%u x %u] wants", t->rows,
                             t->cols, least(PANEL, k), k, a->rows, a->cols);
    int status = written ? check_written(a, "qr: A", each, diag)
                         : view_check(a, "qr: A", each, diag);
    if (status == LEAT_OK)
        status = written ? check_written(t, "qr: T", each, diag)
                         : view_check(t, "qr: T", each, diag);
    if (status == LEAT_OK && written)
        status = check_apart(a, "qr: A", t, "T", each, diag);
    return status;
}

int leat_qr(const struct leat_linalg *kernels, const struct leat_matrix *a,
            const struct leat_matrix *t, void *workspace, size_t bytes, struct leat_diag *diag)
{
    size_t needed;
    struct qr qr = layout(kernels, a->rows, a->cols, workspace, &needed);
    double largest;
    qr.a = *a;
    qr.t = *t;
    int status = check_factors(a, t, qr.each, true, diag);
    if (status == LEAT_OK)
        status = work_check("qr", needed, workspace, bytes, diag);
    if (status == LEAT_OK)
        status = check_finite(a, "qr: A", qr.each, WHOLE, &largest, diag);
    if (status == LEAT_OK)
        factor(&qr, largest);
    return status;
}

/* For Q in, or times, C. */
static int check_use(const struct qr *qr, const struct leat_matrix *c, const char *name,
                     struct leat_diag *diag)
{
    if (c->rows != qr->a.rows)
        return leat_diag_set(diag, LEAT_ESHAPE, "%s [%u x %u] has not the rows of A [%u x %u]",
                             name, c->rows, c->cols, qr->a.rows, qr->a.cols);
    int status = check_factors(&qr->a, &qr->t, qr->each, false, diag);
    if (status == LEAT_OK)
        status = check_written(c, name, qr->each, diag);
    if (status == LEAT_OK)
        status = check_apart(c, name, &qr->a, "A", qr->each, diag);
    if (status == LEAT_OK)
        status = check_apart(c, name, &qr->t, "T", qr->each, diag);
    return status;
}

int leat_qr_q(const struct leat_linalg *kernels, const struct leat_matrix *a,
              const struct leat_matrix *t, const struct leat_matrix *q, void *workspace,
              size_t bytes, struct leat_diag *diag)
{
    size_t needed;
    struct qr qr = layout(kernels, q->rows, q->cols, workspace, &needed);
    qr.a = *a;
    qr.t = *t;
    if (q->cols < reflections(a) || q->cols > a->rows)
        return leat_diag_set(diag, LEAT_ESHAPE, "qr: Q [%u x %u] has not %u to %u columns",
                             q->rows, q->cols, reflections(a), a->rows);
    int status = check_use(&qr, q, "qr: Q", diag);
    if (status == LEAT_OK)
        status = work_check("qr", needed, workspace, bytes, diag);
    if (status != LEAT_OK)
        return status;
    zero(q, qr.each);
    for (uint32_t i = 0; i < q->cols; i++)
        put(q, qr.each, i, i, 1);
    apply(&qr, false, true, q);
    return LEAT_OK;
}

int leat_qr_apply(const struct leat_linalg *kernels, const struct leat_matrix *a,
                  const struct leat_matrix *t, bool transposed, const struct leat_matrix *c,
                  void *workspace, size_t bytes, struct leat_diag *diag)
{
    size_t needed;
    struct qr qr = layout(kernels, c->rows, c->cols, workspace, &needed);
    qr.a = *a;
    qr.t = *t;
    int status = check_use(&qr, c, "qr: C", diag);
    if (status == LEAT_OK)
        status = work_check("qr", needed, workspace, bytes, diag);
    if (status == LEAT_OK)
        apply(&qr, transposed, false, c);
    return status;
}

/* ---- least squares ---- */

struct fit {
    struct leat_matrix t;
    void *room; /* of the calls that it is made of */
    size_t room_bytes;
};

static struct fit layout_fit(const struct leat_linalg *k, uint32_t rows, uint32_t cols,
                             uint32_t across, void *workspace, size_t *bytes)
{
    struct work w = {workspace, 0};
    struct fit fit = {.t = work_matrix(&w, least(PANEL, cols), cols, leat_kind_bytes(k->kind))};
    size_t factors = leat_qr_bytes(k, rows, cols > across ? cols : across);
    size_t solves = leat_triangle_bytes(k, cols, across);
    fit.room_bytes = factors > solves ? factors : solves;
    fit.room = work_take(&w, fit.room_bytes, 1, 1);
    *bytes = w.used;
    return fit;
}

size_t leat_least_squares_bytes(const struct leat_linalg *kernels, uint32_t rows, uint32_t cols,
                                uint32_t across)
{
    size_t bytes;
    (void)layout_fit(kernels, rows, cols, across, NULL, &bytes);
    return bytes;
}

/* Is every column of A independent of those before it, as far as R tells? */
static int check_rank(const struct leat_matrix *a, size_t each, struct leat_diag *diag)
{
    double u = each == sizeof(float) ? 0x1p-24 : 0x1p-53;
    for (uint32_t j = 0; j < a->cols; j++) {
        double largest = 0, own = __builtin_fabs(get(a, each, j, j));
        for (uint32_t i = 0; i <= j; i++) {
            double size = __builtin_fabs(get(a, each, i, j));
            largest = size > largest ? size : largest;
        }
        if (!(own > a->rows * u * largest))
            return leat_diag_set(diag, LEAT_EDATA,
                                 "least squares: column %u of A depends on those before it", j);
    }
    return LEAT_OK;
}

static int check_fit(const struct leat_matrix *a, const struct leat_matrix *b, size_t each,
                     struct leat_diag *diag)
{
    if (a->rows < a->cols || a->rows != b->rows)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "least squares: A [%u x %u] does not fit B [%u x %u]; A has at least "
                             "as many rows as columns, and B as many as A",
                             a->rows, a->cols, b->rows, b->cols);
    int status = check_written(a, "least squares: A", each, diag);
    if (status == LEAT_OK)
        status = check_written(b, "least squares: B", each, diag);
    if (status == LEAT_OK)
        status = check_apart(b, "least squares: B", a, "A", each, diag);
    return status;
}

int leat_least_squares(const struct leat_linalg *kernels, const struct leat_matrix *a,
                       const struct leat_matrix *b, void *workspace, size_t bytes,
                       struct leat_diag *diag)
{
    size_t needed, each = leat_kind_bytes(kernels->kind);
    struct fit fit = layout_fit(kernels, a->rows, a->cols, b->cols, workspace, &needed);
    double largest;
    int status = check_fit(a, b, each, diag);
    if (status == LEAT_OK)
        status = work_check("least squares", needed, workspace, bytes, diag);
    if (status == LEAT_OK)
        status = check_finite(b, "least squares: B", each, WHOLE, &largest, diag);
    if (status == LEAT_OK)
        status = leat_qr(kernels, a, &fit.t, fit.room, fit.room_bytes, diag);
    if (status == LEAT_OK)
        status = leat_qr_apply(kernels, a, &fit.t, true, b, fit.room, fit.room_bytes, diag);
    if (status == LEAT_OK)
        status = check_rank(a, each, diag);
    struct leat_matrix r = block(a, each, 0, 0, a->cols, a->cols);
    struct leat_matrix x = block(b, each, 0, 0, a->cols, b->cols);
    if (status == LEAT_OK)
        status = leat_triangle_solve(kernels, LEAT_UPPER, &r, &x, fit.room, fit.room_bytes, diag);
    return status;
}
