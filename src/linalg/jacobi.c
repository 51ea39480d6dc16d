/* Singular values and eigenvalues by Jacobi's rotations, in f64 whatever the kind.
 *
 * Singular values: QR first, then rows of R are rotated in pairs until they are at right angles
 * (Hestenes 1958; on the factor of a QR, Drmac and Veselic, New fast and accurate Jacobi SVD
 * algorithm, SIAM J. Matrix Anal. Appl. 29(4), 2008). Eigenvalues: two-sided rotations, cyclic by
 * rows. Pairs come in a fixed order, and how often depends on the numbers alone.
 */
#include "linalg/inner.h"

#include <leat/factor.h>

#include <string.h>

#define SWEEPS 60u /* over all pairs; ten are many */
#define PARTS 8u   /* partial sums of an inner product */
#define UNIT 0x1p-53

/* ---- rotations ---- */

struct turn {
    double s, r; /* sine, and the tangent of half the angle */
};

/* Of [a d; d b], d not 0, the rotation by at most an eighth of a turn that makes it diagonal. */
static struct turn turn_of(double a, double b, double d)
{
    double z = (a - b) / (2 * d), size = __builtin_fabs(z);
    double t = 1 / (size + __builtin_sqrt(1 + z * z));
    double c = 1 / __builtin_sqrt(1 + t * t), s = z < 0 ? -t * c : t * c;
    return (struct turn){s, s / (1 + c)};
}

/* x = c x + s y, y = c y - s x, as what is added to either: then lengths do not drift with many
 * small rotations (Rutishauser 1966). */
static void rotate(double *x, double *y, size_t n, size_t step, struct turn by)
{
    for (size_t i = 0; i < n * step; i += step) {
        double p = x[i], q = y[i];
        x[i] = p + by.s * (q - by.r * p);
        y[i] = q - by.s * (p + by.r * q);
    }
}

static void swap(double *x, double *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double p = x[i];
        x[i] = y[i];
        y[i] = p;
    }
}

/* Rows of [n x wide] by their keys: the largest first, or last. */
static void sort_rows(double *key, double *x, uint32_t n, size_t wide, bool descending)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t next = i;
        for (uint32_t j = i + 1; j < n; j++)
            if (descending ? key[j] > key[next] : key[j] < key[next])
                next = j;
        if (next != i) {
            swap(key + i, key + next, 1);
            swap(x + i * wide, x + next * wide, wide);
        }
    }
}

static int not_converged(const char *what, struct leat_diag *diag)
{
    return leat_diag_set(diag, LEAT_ELIMIT, "%s: not at right angles after %u sweeps", what,
                         SWEEPS);
}

/* ---- rows at right angles ---- */

/* x . x, y . y and x . y. */
static void products(const double *x, const double *y, size_t n, double result[3])
{
    double part[3][PARTS] = {{0}};
    size_t i = 0;
    for (; i + PARTS <= n; i += PARTS)
        for (size_t p = 0; p < PARTS; p++) {
            part[0][p] += x[i + p] * x[i + p];
            part[1][p] += y[i + p] * y[i + p];
            part[2][p] += x[i + p] * y[i + p];
        }
    for (size_t p = 0; i < n; i++, p++) {
        part[0][p] += x[i] * x[i];
        part[1][p] += y[i] * y[i];
        part[2][p] += x[i] * y[i];
    }
    for (size_t which = 0; which < 3; which++) {
        for (size_t h = PARTS / 2; h > 0; h /= 2)
            for (size_t p = 0; p < h; p++)
                part[which][p] += part[which][p + h];
        result[which] = part[which][0];
    }
}

/* Rows whose squares sum to less count as 0; the largest element is in [1, 2). */
#define LEAST_SQUARES 0x1p-760

/* Makes two rows orthogonal, the first becoming the longer; false when they were. The rotation goes
 * on behind the n elements, to `wide`. */
static bool turn_rows(double *x, double *y, size_t n, size_t wide)
{
    double of[3], near = UNIT * (8 + __builtin_sqrt((double)n));
    products(x, y, n, of);
    for (int i = 0; i < 2; i++)
        if (of[i] < LEAST_SQUARES)
            memset(i == 0 ? x : y, 0, n * sizeof *x);
    if (of[0] < LEAST_SQUARES || of[1] < LEAST_SQUARES ||
        __builtin_fabs(of[2]) <= near * __builtin_sqrt(of[0]) * __builtin_sqrt(of[1]))
        return false;
    if (of[0] < of[1])
        swap(x, y, wide);
    rotate(x, y, wide, 1, of[0] < of[1] ? turn_of(of[1], of[0], of[2])
                                        : turn_of(of[0], of[1], of[2]));
    return true;
}

/* Rows of [n x wide] at right angles in their first n elements; their lengths into norm, largest
 * first. */
static int make_orthogonal(double *x, uint32_t n, size_t wide, double *norm,
                           struct leat_diag *diag)
{
    bool turned = true;
    for (uint32_t sweep = 0; turned; sweep++) {
        if (sweep == SWEEPS)
            return not_converged("svd", diag);
        turned = false;
        for (uint32_t p = 0; p < n; p++)
            for (uint32_t q = p + 1; q < n; q++)
                turned |= turn_rows(x + p * wide, x + q * wide, n, wide);
    }
    for (uint32_t i = 0; i < n; i++) {
        double of[3];
        products(x + i * wide, x + i * wide, n, of);
        norm[i] = of[0] < LEAST_SQUARES ? 0 : __builtin_sqrt(of[0]);
    }
    sort_rows(norm, x, n, wide, true);
    return LEAT_OK;
}

/* ---- singular values ---- */

struct svd {
    const struct leat_linalg *k;
    size_t each;
    struct leat_matrix a, t; /* A scaled, at least as many rows as columns, then its QR */
    double *x, *norm;        /* R, and behind each row what it was rotated by */
    size_t wide;
    void *room; /* of the calls that it is made of */
    size_t room_bytes;
};

static struct svd layout(const struct leat_linalg *k, uint32_t rows, uint32_t cols,
                         void *workspace, size_t *bytes)
{
    struct work w = {workspace, 0};
    struct svd s = {.k = k, .each = leat_kind_bytes(k->kind)};
    uint32_t m = rows > cols ? rows : cols, n = least(rows, cols);
    s.a = work_matrix(&w, m, n, s.each);
    s.t = work_matrix(&w, least(LEAT_QR_PANEL, n), n, s.each);
    s.wide = 2 * (size_t)n;
    s.x = work_take(&w, n, s.wide, sizeof *s.x);
    s.norm = work_take(&w, n, 1, sizeof *s.norm);
    s.room_bytes = leat_qr_bytes(k, m, n);
    s.room = work_take(&w, s.room_bytes, 1, 1);
    *bytes = w.used;
    return s;
}

size_t leat_svd_bytes(const struct leat_linalg *kernels, uint32_t rows, uint32_t cols)
{
    size_t bytes;
    (void)layout(kernels, rows, cols, NULL, &bytes);
    return bytes;
}

/* R beside the identity. */
static void unfold(const struct svd *s)
{
    uint32_t n = s->a.cols;
    memset(s->x, 0, n * s->wide * sizeof *s->x);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = i; j < n; j++)
            s->x[i * s->wide + j] = get(&s->a, s->each, i, j);
        s->x[i * s->wide + n + i] = 1;
    }
}

/* U = Q times the rotations. */
static int make_left(const struct svd *s, const struct leat_matrix *u, struct leat_diag *diag)
{
    uint32_t n = s->a.cols;
    for (uint32_t i = 0; i < u->rows; i++)
        for (uint32_t j = 0; j < n; j++)
            put(u, s->each, i, j, i < n ? s->x[j * s->wide + n + i] : 0);
    return leat_qr_apply(s->k, &s->a, &s->t, false, u, s->room, s->room_bytes, diag);
}

/* V: the rows at length 1; where there is nothing left of them, what is at right angles to the
 * others. */
static int make_right(const struct svd *s, const struct leat_matrix *v, struct leat_diag *diag)
{
    uint32_t n = s->a.cols, rank = 0;
    while (rank < n && s->norm[rank] > 0)
        rank++;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++)
            put(v, s->each, i, j, j < rank ? s->x[j * s->wide + i] / s->norm[j] : i == j);
    if (rank == n)
        return LEAT_OK;
    struct leat_matrix known = block(v, s->each, 0, 0, n, rank);
    struct leat_matrix rest = block(v, s->each, 0, rank, n, n - rank);
    struct leat_matrix a = leat_matrix_rows(s->a.data, n, rank, rank);
    struct leat_matrix t = leat_matrix_rows(s->t.data, least(LEAT_QR_PANEL, rank), rank, rank);
    view_copy(&a, &known, s->each, WHOLE);
    int status = leat_qr(s->k, &a, &t, s->room, s->room_bytes, diag);
    return status != LEAT_OK ? status
                             : leat_qr_apply(s->k, &a, &t, false, &rest, s->room, s->room_bytes,
                                             diag);
}

/* One side's vectors, which may not be wanted. */
static int check_side(const struct leat_matrix *side, const char *name, uint32_t rows,
                      uint32_t cols, const struct leat_matrix *a, size_t each,
                      struct leat_diag *diag)
{
    if (side == NULL)
        return LEAT_OK;
    if (side->rows != rows || side->cols != cols)
        return leat_diag_set(diag, LEAT_ESHAPE, "%s [%u x %u] is not [%u x %u]", name, side->rows,
                             side->cols, rows, cols);
    int status = check_written(side, name, each, diag);
    return status == LEAT_OK && a != NULL ? check_apart(side, name, a, "A", each, diag) : status;
}

int check_sides(const char *const names[2], const struct leat_matrix *u,
                const struct leat_matrix *v, const struct leat_matrix *a, uint32_t rank,
                size_t each, struct leat_diag *diag)
{
    const struct leat_matrix *apart = a->data == NULL ? NULL : a;
    int status = check_side(u, names[0], a->rows, rank, apart, each, diag);
    if (status == LEAT_OK)
        status = check_side(v, names[1], a->cols, rank, apart, each, diag);
    if (status == LEAT_OK && u != NULL && v != NULL)
        status = check_apart(u, names[0], v, "V", each, diag);
    return status;
}

int leat_svd(const struct leat_linalg *kernels, const struct leat_matrix *a,
             const struct leat_matrix *u, double *sigma, const struct leat_matrix *v,
             void *workspace, size_t bytes, struct leat_diag *diag)
{
    static const char *const names[] = {"svd: U", "svd: V"};
    size_t needed;
    struct svd s = layout(kernels, a->rows, a->cols, workspace, &needed);
    bool wide = a->rows < a->cols;
    struct leat_matrix tall = wide ? leat_matrix_transposed(a) : *a;
    double largest;
    int status = view_check(a, "svd: A", s.each, diag);
    if (status == LEAT_OK)
        status = check_sides(names, u, v, a, tall.cols, s.each, diag);
    if (status == LEAT_OK)
        status = work_check("svd", needed, workspace, bytes, diag);
    if (status == LEAT_OK)
        status = check_finite(a, "svd: A", s.each, WHOLE, &largest, diag);
    if (status != LEAT_OK)
        return status;
    int power = power_for(largest);
    view_copy(&s.a, &tall, s.each, WHOLE);
    view_times_power(&s.a, s.each, WHOLE, power);
    status = leat_qr(kernels, &s.a, &s.t, s.room, s.room_bytes, diag);
    if (status == LEAT_OK) {
        unfold(&s);
        status = make_orthogonal(s.x, tall.cols, s.wide, s.norm, diag);
    }
    for (uint32_t i = 0; i < tall.cols && status == LEAT_OK; i++)
        sigma[i] = times_power(s.norm[i], -power);
    const struct leat_matrix *left = wide ? v : u, *right = wide ? u : v;
    if (status == LEAT_OK && left != NULL)
        status = make_left(&s, left, diag);
    if (status == LEAT_OK && right != NULL)
        status = make_right(&s, right, diag);
    return status;
}

/* ---- eigenvalues ---- */

#define LEAST_BESIDE (UNIT * UNIT) /* beside a largest element in [1, 2), nothing is left to turn */

/* Rotates rows and columns p and q of the square; the rows go on behind it, to `wide`. */
static bool turn_pair(double *x, uint32_t n, size_t wide, uint32_t p, uint32_t q)
{
    double *row = x + p * wide, *other = x + q * wide;
    double a = row[p], b = other[q], d = row[q], size = __builtin_fabs(d);
    if (size <= LEAST_BESIDE ||
        size <= UNIT * __builtin_sqrt(__builtin_fabs(a)) * __builtin_sqrt(__builtin_fabs(b)))
        return false;
    struct turn by = turn_of(a, b, d);
    rotate(row, other, wide, 1, by);
    rotate(x + p, x + q, n, wide, by);
    row[q] = other[p] = 0;
    return true;
}

static double *layout_square(uint32_t n, void *workspace, double **key, size_t *bytes)
{
    struct work w = {workspace, 0};
    double *x = work_take(&w, n, 2 * (size_t)n, sizeof *x);
    *key = work_take(&w, n, 1, sizeof **key);
    *bytes = w.used;
    return x;
}

size_t leat_eigen_bytes(uint32_t n)
{
    size_t bytes;
    double *key;
    (void)layout_square(n, NULL, &key, &bytes);
    return bytes;
}

static int make_diagonal(double *x, uint32_t n, size_t wide, struct leat_diag *diag)
{
    bool turned = true;
    for (uint32_t sweep = 0; turned; sweep++) {
        if (sweep == SWEEPS)
            return not_converged("eigen", diag);
        turned = false;
        for (uint32_t p = 0; p < n; p++)
            for (uint32_t q = p + 1; q < n; q++)
                turned |= turn_pair(x, n, wide, p, q);
    }
    return LEAT_OK;
}

int leat_eigen(const struct leat_linalg *kernels, uint32_t how, const struct leat_matrix *a,
               double *values, const struct leat_matrix *vectors, void *workspace, size_t bytes,
               struct leat_diag *diag)
{
    size_t needed, each = leat_kind_bytes(kernels->kind);
    uint32_t n = a->rows;
    double *key, *x = layout_square(n, workspace, &key, &needed), largest;
    if ((how & ~(uint32_t)LEAT_UPPER) != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "eigen: %u is no half of a matrix", how);
    if (n != a->cols)
        return leat_diag_set(diag, LEAT_ESHAPE, "eigen: A [%u x %u] is not square", n, a->cols);
    struct leat_matrix lower = how == LEAT_UPPER ? leat_matrix_transposed(a) : *a;
    int status = view_check(a, "eigen: A", each, diag);
    if (status == LEAT_OK)
        status = check_side(vectors, "eigen: V", n, n, a, each, diag);
    if (status == LEAT_OK)
        status = work_check("eigen", needed, workspace, bytes, diag);
    if (status == LEAT_OK)
        status = check_finite(&lower, "eigen: A", each, LOWER, &largest, diag);
    if (status != LEAT_OK)
        return status;
    int power = power_for(largest);
    size_t wide = 2 * (size_t)n;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) {
            double element = get(&lower, each, i > j ? i : j, i > j ? j : i);
            x[i * wide + j] = times_power(element, power);
            x[i * wide + n + j] = i == j;
        }
    status = make_diagonal(x, n, wide, diag);
    if (status != LEAT_OK)
        return status;
    for (uint32_t i = 0; i < n; i++)
        key[i] = x[i * wide + i];
    sort_rows(key, x, n, wide, false);
    for (uint32_t i = 0; i < n; i++) {
        values[i] = times_power(key[i], -power);
        for (uint32_t j = 0; j < n && vectors != NULL; j++)
            put(vectors, each, j, i, x[i * wide + n + j]);
    }
    return LEAT_OK;
}
