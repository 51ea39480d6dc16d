/* The leading singular triplets of a matrix that is only multiplied by (Halko, Martinsson, Tropp,
 * Finding structure with randomness, SIAM Review 53(2), 2011: algorithms 4.4, 5.1; estimate 4.3).
 *
 * Probes of the error ride along in the first product: they are independent of the sample, so what
 * the sample's range leaves of them says what it leaves of A.
 */
#include "linalg/inner.h"

#include <leat/factor.h>

struct rsvd {
    const struct leat_linalg *k;
    size_t each;
    const struct leat_operator *a;
    const struct leat_matrix *dense; /* A, where the sample is made from its elements */
    void *mixing;                    /* the workspace of that */
    struct leat_rsvd_how o;
    uint32_t sample; /* columns: rank and oversampling, at most the smaller side */
    /* [cols x sample + probes] and what A makes of it, [rows x the same] */
    struct leat_matrix tests, made;
    struct leat_matrix q, z; /* the range so far, [rows x sample]; A' of it */
    struct leat_matrix t, turns, left; /* of QR; [sample x sample]; [sample x probes] */
    double *sigma;
    void *room; /* of the calls that it is made of, and of dense products */
    size_t room_bytes;
};

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static bool structured(const struct leat_rsvd_how *o, uint32_t cols, uint32_t sample)
{
    return o->test == LEAT_TEST_FOURIER && sample <= cols / 2;
}

static struct rsvd layout(const struct leat_linalg *k, uint32_t rows, uint32_t cols,
                          const struct leat_rsvd_how *o, void *workspace, size_t *bytes)
{
    struct work w = {workspace, 0};
    struct rsvd r = {.k = k, .each = leat_kind_bytes(k->kind), .o = *o};
    uint32_t side = least(rows, cols), more = rows > cols ? rows : cols;
    r.sample = o->rank > side - least(side, o->oversampling) ? side : o->rank + o->oversampling;
    uint32_t all = r.sample > UINT32_MAX - o->probes ? UINT32_MAX : r.sample + o->probes;
    r.tests = work_matrix(&w, cols, all, r.each);
    r.made = work_matrix(&w, rows, all, r.each);
    r.q = work_matrix(&w, rows, r.sample, r.each);
    r.z = work_matrix(&w, cols, r.sample, r.each);
    r.t = work_matrix(&w, least(LEAT_QR_PANEL, r.sample), r.sample, r.each);
    r.turns = work_matrix(&w, r.sample, r.sample, r.each);
    r.left = work_matrix(&w, r.sample, o->probes, r.each);
    r.sigma = work_take(&w, r.sample, 1, sizeof *r.sigma);
    if (structured(o, cols, r.sample))
        r.mixing = work_take(&w, leat_srft_bytes(k, cols, r.sample), 1, 1);
    r.room_bytes = most(most(leat_qr_bytes(k, more, r.sample), leat_svd_bytes(k, cols, r.sample)),
                        leat_gemm_bytes(k, more, all, more));
    r.room = work_take(&w, r.room_bytes, 1, 1);
    *bytes = w.used;
    return r;
}

size_t leat_rsvd_bytes(const struct leat_linalg *kernels, uint32_t rows, uint32_t cols,
                       const struct leat_rsvd_how *options)
{
    size_t bytes;
    (void)layout(kernels, rows, cols, options, NULL, &bytes);
    return bytes;
}

/* ---- the range ---- */

static struct leat_matrix columns(const struct rsvd *r, const struct leat_matrix *m, uint32_t from,
                                  uint32_t cols)
{
    return block(m, r->each, 0, from, m->rows, cols);
}

static int apply(const struct rsvd *r, bool transposed, const struct leat_matrix *x,
                 const struct leat_matrix *y, struct leat_diag *diag)
{
    return r->a->apply(r->a->self, transposed, x, y, diag);
}

static int check_product(const struct rsvd *r, const struct leat_matrix *m,
                         struct leat_diag *diag)
{
    double largest;
    return check_finite(m, "rsvd: a product", r->each, WHOLE, &largest, diag);
}

/* Orthonormal columns with the range of those of `from`, which is lost. */
static int orthonormal(const struct rsvd *r, const struct leat_matrix *from,
                       const struct leat_matrix *to, struct leat_diag *diag)
{
    int status = leat_qr(r->k, from, &r->t, r->room, r->room_bytes, diag);
    if (status == LEAT_EDATA)
        status = check_product(r, from, diag); /* the same, in the caller's words */
    if (status == LEAT_OK)
        status = leat_qr_q(r->k, from, &r->t, to, r->room, r->room_bytes, diag);
    return status;
}

/* What A makes of the tests: of the sample's columns and of the probes. */
static int sample(const struct rsvd *r, struct leat_diag *diag)
{
    uint32_t first = structured(&r->o, r->a->cols, r->sample) ? r->sample : 0;
    struct leat_matrix y = columns(r, &r->made, 0, r->sample);
    struct leat_matrix tests = columns(r, &r->tests, first, r->tests.cols - first);
    struct leat_matrix made = columns(r, &r->made, first, tests.cols);
    view_fill_normal(&r->tests, r->each, r->o.seed, first);
    int status = first == 0 ? LEAT_OK : srft_run(r->k, r->dense, r->o.seed, &y, r->mixing);
    if (status == LEAT_OK && tests.cols != 0)
        status = apply(r, false, &tests, &made, diag);
    return status != LEAT_OK ? status : check_product(r, &r->made, diag);
}

/* Q, whose range is nearly that of the leading columns of U; beside it the probes' images. */
static int find_range(const struct rsvd *r, struct leat_diag *diag)
{
    struct leat_matrix x = columns(r, &r->tests, 0, r->sample);
    struct leat_matrix y = columns(r, &r->made, 0, r->sample);
    int status = sample(r, diag);
    if (status == LEAT_OK)
        status = orthonormal(r, &y, &r->q, diag);
    for (uint32_t i = 0; i < r->o.powers && status == LEAT_OK; i++) {
        status = apply(r, true, &r->q, &r->z, diag);
        if (status == LEAT_OK)
            status = orthonormal(r, &r->z, &x, diag);
        if (status == LEAT_OK)
            status = apply(r, false, &x, &y, diag);
        if (status == LEAT_OK)
            status = orthonormal(r, &y, &r->q, diag);
    }
    return status;
}

/* ---- the error ---- */

/* What rounding leaves of |A - U S V'| at most, over u sigma[0], however the parts were found. */
static double rounding(const struct rsvd *r)
{
    return 8.0 * r->sample + 2 * LEAT_GEMM_CHUNK;
}

/* 10 sqrt(2 / pi), by which the largest of some normal probes is below a norm no more often than
 * once in 10 to their number. */
#define PROBES_BY 7.978845608028654

/* At least |A - U S V'|, Frobenius: what Q leaves of A, from its probes, and what is left out of
 * Q' A. */
static double estimate(const struct rsvd *r)
{
    struct leat_matrix probes = columns(r, &r->made, r->sample, r->o.probes);
    struct leat_matrix turned = leat_matrix_transposed(&r->q);
    double u = r->each == sizeof(float) ? 0x1p-24 : 0x1p-53, worst = 0, out = 0;
    gemm_run(r->k, 1, &turned, &probes, 0, &r->left, r->room);
    gemm_run(r->k, -1, &r->q, &r->left, 1, &probes, r->room);
    for (uint32_t j = 0; j < probes.cols; j++) {
        double squares = 0;
        for (uint32_t i = 0; i < probes.rows; i++)
            squares += get(&probes, r->each, i, j) * get(&probes, r->each, i, j);
        worst = squares > worst ? squares : worst;
    }
    for (uint32_t i = r->o.rank; i < r->sample; i++)
        out += r->sigma[i] * r->sigma[i];
    return __builtin_sqrt(worst * PROBES_BY * PROBES_BY + out) +
           rounding(r) * u * r->sigma[0];
}

/* ---- the call ---- */

static int check_options(const struct leat_operator *a, const struct leat_rsvd_how *o,
                         bool dense, const double *error, struct leat_diag *diag)
{
    if (o->size != sizeof *o)
        return leat_diag_set(diag, LEAT_EINVAL, "rsvd: the options' size is %zu, not %zu", o->size,
                             sizeof *o);
    if (o->rank == 0 || o->rank > least(a->rows, a->cols))
        return leat_diag_set(diag, LEAT_EINVAL,
                             "rsvd: rank %u: it is from 1 to the smaller side of A [%u x %u]",
                             o->rank, a->rows, a->cols);
    if (o->test > LEAT_TEST_FOURIER || (o->test == LEAT_TEST_FOURIER && !dense))
        return leat_diag_set(diag, LEAT_EINVAL, o->test > LEAT_TEST_FOURIER
                                                    ? "rsvd: test %u is none"
                                                    : "rsvd: test %u wants A's elements, dense",
                             o->test);
    if (error != NULL && o->probes == 0)
        return leat_diag_set(diag, LEAT_EINVAL, "rsvd: an estimate of the error wants probes");
    return LEAT_OK;
}

/* Q' A = turns S z', so A is nearly (Q turns) S z'. */
static int finish(const struct rsvd *r, const struct leat_matrix *u, double *sigma,
                  const struct leat_matrix *v, struct leat_diag *diag)
{
    struct leat_matrix right = columns(r, &r->tests, 0, r->sample), turns = r->turns, wanted;
    int status = apply(r, true, &r->q, &r->z, diag);
    if (status == LEAT_OK)
        status = check_product(r, &r->z, diag);
    if (status == LEAT_OK)
        status = leat_svd(r->k, &r->z, v == NULL ? NULL : &right, r->sigma,
                          u == NULL ? NULL : &turns, r->room, r->room_bytes, diag);
    if (status != LEAT_OK)
        return status;
    for (uint32_t i = 0; i < r->o.rank; i++)
        sigma[i] = r->sigma[i];
    if (u != NULL) {
        wanted = columns(r, &turns, 0, r->o.rank);
        gemm_run(r->k, 1, &r->q, &wanted, 0, u, r->room);
    }
    if (v != NULL) {
        wanted = columns(r, &right, 0, r->o.rank);
        view_copy(v, &wanted, r->each, WHOLE);
    }
    return LEAT_OK;
}

static int run(const struct rsvd *r, const struct leat_matrix *u, double *sigma,
               const struct leat_matrix *v, double *error, struct leat_diag *diag)
{
    int status = find_range(r, diag);
    if (status == LEAT_OK)
        status = finish(r, u, sigma, v, diag);
    if (status == LEAT_OK && error != NULL)
        *error = estimate(r);
    return status;
}

static const char *const names[] = {"rsvd: U", "rsvd: V"};

int leat_rsvd(const struct leat_linalg *kernels, const struct leat_operator *a,
              const struct leat_rsvd_how *options, const struct leat_matrix *u, double *sigma,
              const struct leat_matrix *v, double *error, void *workspace, size_t bytes,
              struct leat_diag *diag)
{
    struct leat_matrix shape = {NULL, a->rows, a->cols, 0, 0};
    int status = check_options(a, options, false, error, diag);
    if (status != LEAT_OK)
        return status;
    size_t needed;
    struct rsvd r = layout(kernels, a->rows, a->cols, options, workspace, &needed);
    r.a = a;
    status = check_sides(names, u, v, &shape, options->rank, r.each, diag);
    if (status == LEAT_OK)
        status = work_check("rsvd", needed, workspace, bytes, diag);
    return status != LEAT_OK ? status : run(&r, u, sigma, v, error, diag);
}

/* ---- dense matrices ---- */

struct dense {
    const struct leat_linalg *k;
    const struct leat_matrix *a;
    void *room;
};

static int apply_dense(void *self, bool transposed, const struct leat_matrix *x,
                       const struct leat_matrix *y, struct leat_diag *diag)
{
    const struct dense *d = self;
    struct leat_matrix a = transposed ? leat_matrix_transposed(d->a) : *d->a;
    (void)diag;
    gemm_run(d->k, 1, &a, x, 0, y, d->room);
    return LEAT_OK;
}

int leat_rsvd_dense(const struct leat_linalg *kernels, const struct leat_matrix *a,
                    const struct leat_rsvd_how *options, const struct leat_matrix *u,
                    double *sigma, const struct leat_matrix *v, double *error, void *workspace,
                    size_t bytes, struct leat_diag *diag)
{
    struct dense dense = {kernels, a, NULL};
    struct leat_operator as = {a->rows, a->cols, apply_dense, &dense};
    int status = check_options(&as, options, true, error, diag);
    if (status != LEAT_OK)
        return status;
    size_t needed;
    struct rsvd r = layout(kernels, a->rows, a->cols, options, workspace, &needed);
    r.a = &as;
    r.dense = a;
    dense.room = r.room;
    status = view_check(a, "rsvd: A", r.each, diag);
    if (status == LEAT_OK)
        status = check_sides(names, u, v, a, options->rank, r.each, diag);
    if (status == LEAT_OK)
        status = work_check("rsvd", needed, workspace, bytes, diag);
    return status != LEAT_OK ? status : run(&r, u, sigma, v, error, diag);
}
