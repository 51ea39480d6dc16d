/* The randomised SVD: whole low ranks come out, spectra of every fall come out near the best, the
 * estimate of the error is not below it, deviates are normal, operators are asked and obeyed. */
#include "kinds.h"

#include <leat/factor.h>

#include <criterion/criterion.h>
#include <stdio.h>

#define PROBES 6

static struct leat_rsvd_how options_of(uint32_t rank, uint32_t powers, uint64_t seed)
{
    struct leat_rsvd_how o = {sizeof o, rank, 10, powers, PROBES, seed, LEAT_TEST_NORMAL};
    return o;
}

struct parts {
    struct watched u, v;
    double *sigma, error;
};

static struct parts parts_of(const struct leat_linalg *k, const struct watched *a,
                             const struct leat_rsvd_how *o, enum layout layout)
{
    struct parts p = {matrix_make(k->kind, a->m.rows, o->rank, layout),
                      matrix_make(k->kind, a->m.cols, o->rank, layout),
                      allocate(o->rank * sizeof(double)), -1};
    size_t bytes = leat_rsvd_bytes(k, a->m.rows, a->m.cols, o);
    size_t aside = aside_of(&p.u) + aside_of(&p.v);
    unsigned char *desk = desk_make(bytes);
    struct leat_diag diag;
    cr_assert_eq(leat_rsvd_dense(k, &a->m, o, &p.u.m, p.sigma, &p.v.m, &p.error, desk, bytes,
                                 &diag), 0, "%s", diag.text);
    cr_assert(desk_clean(desk, bytes), "wrote behind the workspace");
    cr_assert_eq(aside_of(&p.u) + aside_of(&p.v), aside, "wrote beside U or V");
    return p;
}

static void parts_free(struct parts *p)
{
    matrix_free(&p->u), matrix_free(&p->v);
    free(p->sigma);
}

/* |A - U S V'|, Frobenius. */
static double true_error(const struct watched *a, const struct parts *p)
{
    quad off = 0;
    for (uint32_t i = 0; i < a->m.rows; i++)
        for (uint32_t j = 0; j < a->m.cols; j++) {
            quad rest = get(a, i, j);
            for (uint32_t c = 0; c < p->u.m.cols; c++)
                rest -= (quad)get(&p->u, i, c) * p->sigma[c] * (quad)get(&p->v, j, c);
            off += rest * rest;
        }
    return sqrt((double)off);
}

/* ---- spectra that are known: S between matrices of ones and minus ones at right angles ---- */

#define ROWS_OF 64
#define COLS_OF 32

enum fall { FAST, SLOW, FLAT, LOW, FALLS };

static double value_of(enum fall fall, uint32_t i)
{
    switch (fall) {
    case FAST: return ldexp(1, -(int)i);
    case SLOW: return 1 / (1.0 + i);
    case FLAT: return 1;
    default: return i < 3 ? 3 - (double)i : 0;
    }
}

static struct watched known(uint32_t kind, enum fall fall, enum layout layout)
{
    struct watched a = matrix_make(kind, ROWS_OF, COLS_OF, layout);
    for (uint32_t i = 0; i < ROWS_OF; i++)
        for (uint32_t j = 0; j < COLS_OF; j++) {
            double sum = 0;
            for (uint32_t p = 0; p < COLS_OF; p++)
                sum += (__builtin_parity(i & p) ^ __builtin_parity(j & p) ? -1 : 1) *
                       value_of(fall, p) / sqrt((double)ROWS_OF * COLS_OF);
            set(&a, i, j, sum);
        }
    return a;
}

Test(rsvd, leading_values_and_vectors_are_near_the_best)
{
    unsigned layouts = 0;
    EACH_TABLE(k)
        for (int fall = 0; fall < FALLS; fall++, layouts++) {
            struct watched a = known(k->kind, (enum fall)fall, (enum layout)(layouts % LAYOUTS));
            /* 2^-16 is near what f32 can tell from nothing */
            uint32_t rank = fall == FAST ? 17 : 5;
            struct leat_rsvd_how o = options_of(rank, 2, 1);
            o.test = layouts & 1 ? LEAT_TEST_FOURIER : LEAT_TEST_NORMAL;
            struct parts p = parts_of(k, &a, &o, (enum layout)(layouts / 2 % LAYOUTS));
            double u = unit_roundoff(k->kind), best = 0, off = true_error(&a, &p);
            for (uint32_t i = 0; i < rank; i++) {
                double value = value_of((enum fall)fall, i);
                cr_expect(p.sigma[i] <= value + 10 * u && p.sigma[i] >= 0.97 * value - 10 * u,
                          "fall %d: sigma %u is %g, not %g", fall, i, p.sigma[i], value);
            }
            for (uint32_t i = rank; i < COLS_OF; i++)
                best += value_of((enum fall)fall, i) * value_of((enum fall)fall, i);
            cr_expect_leq(off, 1.02 * sqrt(best) + 200 * u, "fall %d: %g, the best is %g", fall,
                          off, sqrt(best));
            cr_expect_leq(off_orthogonal(&p.u), 200);
            cr_expect_leq(off_orthogonal(&p.v), 200);
            parts_free(&p);
            matrix_free(&a);
        }
}

/* With nothing left out what remains is rounding: of one that is wide, too, and of one that is no
 * more than its sample. */
Test(rsvd, low_ranks_come_out_whole)
{
    static const uint32_t shapes[][3] = {{40, 90, 7}, {90, 40, 7}, {6, 70, 6}, {1, 1, 1},
                                         {70, 3, 3}};
    uint64_t seed = 19;
    EACH_TABLE(k)
        for (size_t s = 0; s < 5; s++)
            for (uint32_t powers = 0; powers < 3; powers++) {
                uint32_t m = shapes[s][0], n = shapes[s][1], rank = shapes[s][2];
                struct watched a = matrix_make(k->kind, m, n, SCATTERED);
                struct watched x = matrix_make(k->kind, m, rank, ROWS);
                struct watched y = matrix_make(k->kind, n, rank, ROWS);
                fill_whole(&x, &seed, 4);
                fill_whole(&y, &seed, 4);
                double size = 0;
                for (uint32_t i = 0; i < m; i++)
                    for (uint32_t j = 0; j < n; j++) {
                        double sum = 0;
                        for (uint32_t p = 0; p < rank; p++)
                            sum += get(&x, i, p) * get(&y, j, p);
                        set(&a, i, j, sum);
                        size += sum * sum;
                    }
                struct leat_rsvd_how o = options_of(rank, powers, seed);
                o.test = s & 1 ? LEAT_TEST_NORMAL : LEAT_TEST_FOURIER;
                struct parts p = parts_of(k, &a, &o, ROWS);
                double off = true_error(&a, &p) / sqrt(fmax(size, 1)) / unit_roundoff(k->kind);
                cr_expect_leq(off, 100, "%s [%u x %u]: %g u", leat_kind_name(k->kind), m, n, off);
                parts_free(&p);
                matrix_free(&a), matrix_free(&x), matrix_free(&y);
            }
}

/* ---- the estimate ---- */

/* Of both samples; with four columns more than the rank, what is lost is within the bound that is
 * proved of the structured one (theorem 11.2), which more than holds for the other. */
Test(rsvd, the_estimate_is_never_below_the_error)
{
    double least = INFINITY, most = 0, loss = 0;
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++)
        for (int fall = 0; fall < 2 * FALLS; fall++) {
            const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), kind);
            struct watched a = known(kind, (enum fall)(fall / 2), ROWS);
            double best = 0;
            for (uint32_t i = 4; i < COLS_OF; i++)
                best += value_of((enum fall)(fall / 2), i) * value_of((enum fall)(fall / 2), i);
            for (uint32_t seed = 0; seed < 100; seed++) {
                struct leat_rsvd_how o = options_of(4, seed % 3, seed);
                o.oversampling = seed % 5;
                o.test = fall % 2 ? LEAT_TEST_FOURIER : LEAT_TEST_NORMAL;
                struct parts p = parts_of(k, &a, &o, ROWS);
                double off = true_error(&a, &p);
                cr_expect_geq(p.error, off, "%s fall %d seed %u: %g under %g", leat_kind_name(kind),
                              fall, seed, p.error, off);
                least = fmin(least, p.error / off);
                if (fall / 2 != LOW) { /* there it is of rounding */
                    most = fmax(most, p.error / off);
                    if (o.oversampling == 4)
                        loss = fmax(loss, off / sqrt(best));
                }
                parts_free(&p);
            }
            matrix_free(&a);
        }
    printf("the estimate is %.3g to %.3g times the error, which is at most %.3g times the best\n",
           least, most, loss);
    cr_expect_leq(most, 30, "the estimate says nothing");
    cr_expect_leq(loss, sqrt(1 + 7.0 * COLS_OF / 8));
}

/* ---- the structured sample ---- */

/* Of a power of two columns as long as each other and at right angles; no element stands out; other
 * rows are multiplied by the same matrix. */
Test(rsvd, the_structured_matrix_is_one)
{
    static const uint32_t shapes[][2] = {{1, 1}, {16, 5}, {64, 64}, {128, 3}, {1024, 30},
                                         {1000, 13}, {37, 30}, {300, 2}};
    EACH_TABLE(k)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            uint32_t n = shapes[s][0], wanted = shapes[s][1];
            uint64_t seed = s;
            struct watched one = matrix_make(k->kind, n, n, ROWS);
            struct watched omega = matrix_make(k->kind, n, wanted, SCATTERED);
            struct watched a = make(k->kind, 3, n, RANDOM, BACKWARDS, &seed);
            struct watched y = matrix_make(k->kind, 3, wanted, COLUMNS);
            size_t bytes = leat_srft_bytes(k, n, wanted), aside = aside_of(&omega) + aside_of(&y);
            unsigned char *desk = desk_make(bytes);
            double u = unit_roundoff(k->kind), worst = 0, across = 0, largest = 0;
            double longest = 0, shortest = 4;
            for (uint32_t i = 0; i < n; i++)
                set(&one, i, i, 1);
            cr_assert_eq(leat_srft(k, &one.m, s, &omega.m, desk, bytes, NULL), 0);
            cr_assert_eq(leat_srft(k, &a.m, s, &y.m, desk, bytes, NULL), 0);
            cr_expect(desk_clean(desk, bytes), "wrote behind the workspace");
            cr_expect_eq(aside_of(&omega) + aside_of(&y), aside, "wrote beside Y");
            for (uint32_t c = 0; c < wanted; c++)
                for (uint32_t d = 0; d <= c; d++) {
                    double sum = 0;
                    for (uint32_t i = 0; i < n; i++)
                        sum += get(&omega, i, c) * get(&omega, i, d);
                    across = c == d ? across : fmax(across, fabs(sum));
                    longest = c == d ? fmax(longest, sum) : longest;
                    shortest = c == d ? fmin(shortest, sum) : shortest;
                    for (uint32_t i = 0; i < n && c == d; i++)
                        largest = fmax(largest, fabs(get(&omega, i, c)));
                }
            cr_expect_leq(largest, 2 / sqrt(n) * (1 + 9 * u));
            if ((n & (n - 1)) == 0 && n >= 16) {
                cr_expect_leq(across, 20 * u, "[%u x %u]: %g", n, wanted, across);
                cr_expect_leq(longest - shortest, 20 * u, "[%u x %u]: unlike", n, wanted);
                cr_expect(shortest > 1 - 20 * u && longest < 2 + 20 * u, "%g", longest);
            }
            for (uint32_t i = 0; i < 3; i++)
                for (uint32_t c = 0; c < wanted; c++) {
                    quad sum = get(&y, i, c);
                    for (uint32_t j = 0; j < n; j++)
                        sum -= (quad)get(&a, i, j) * (quad)get(&omega, j, c);
                    worst = fmax(worst, fabs((double)sum));
                }
            /* a row is at most sqrt(n) long, and what comes of it sqrt(2) times that */
            cr_expect_leq(worst, 5 * u * sqrt(2.0 * n) * sqrt(log2(n) + 1), "[%u x %u]: %g", n,
                          wanted, worst);
            matrix_free(&one), matrix_free(&omega), matrix_free(&a), matrix_free(&y);
        }
}

Test(rsvd, the_structured_sample_has_the_same_bits_everywhere)
{
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++) {
        struct watched first = {0};
        for (unsigned isa = 0; isa < LEAT_ISAS; isa++)
            for (uint64_t of = 1; of < 3; of++) {
                const struct leat_linalg *k = usable((enum leat_isa)isa, kind);
                if (k == NULL)
                    continue;
                uint64_t seed = 3;
                struct watched a = make(kind, 5, 333, RANDOM, ROWS, &seed);
                struct watched y = matrix_make(kind, 5, 20, ROWS);
                size_t bytes = leat_srft_bytes(k, 333, 20);
                void *desk = allocate(bytes);
                cr_assert_eq(leat_srft(k, &a.m, of, &y.m, desk, bytes, NULL), 0);
                if (first.memory == NULL)
                    first = copy_of(&y);
                bool same = memcmp(first.memory, y.memory, y.n * leat_kind_bytes(kind)) == 0;
                cr_expect_eq(same, of == 1, "%s, seed %d", leat_isa_name((enum leat_isa)isa),
                             (int)of);
                free(desk);
                matrix_free(&a), matrix_free(&y);
            }
        matrix_free(&first);
    }
}

/* ---- operators ---- */

struct watcher {
    const struct leat_linalg *k;
    const struct leat_matrix *a;
    struct watched *tests; /* a copy of the first X */
    int calls, fails_at;
    void *desk;
    size_t bytes;
};

static int watch(void *self, bool transposed, const struct leat_matrix *x,
                 const struct leat_matrix *y, struct leat_diag *diag)
{
    struct watcher *w = self;
    struct leat_matrix a = transposed ? leat_matrix_transposed(w->a) : *w->a;
    if (x->col != 1 || y->col != 1 || x->rows != a.cols || y->rows != a.rows)
        abort();
    if (w->calls++ == w->fails_at)
        return leat_diag_set(diag, LEAT_EIO, "the well is dry");
    for (uint32_t i = 0; w->tests != NULL && w->calls == 1 && i < x->rows; i++)
        for (uint32_t j = 0; j < x->cols; j++)
            set(w->tests, i, j, get_flat(w->k->kind, x->data, i * x->row + j));
    return leat_gemm(w->k, 1, &a, x, 0, y, w->desk, w->bytes, diag);
}

Test(rsvd, operators_give_the_bits_of_the_matrix)
{
    EACH_TABLE(k) {
        uint64_t seed = 2;
        struct watched a = make(k->kind, 45, 60, RANDOM, ROWS, &seed);
        struct leat_rsvd_how o = options_of(6, 1, 99);
        struct watcher w = {k, &a.m, NULL, 0, -1, NULL, leat_gemm_bytes(k, 60, 60, 60)};
        struct leat_operator as = {45, 60, watch, &w};
        size_t bytes = leat_rsvd_bytes(k, 45, 60, &o);
        void *desk = allocate(bytes);
        double sigma[6], error;
        struct leat_diag diag;
        struct watched u = matrix_make(k->kind, 45, 6, ROWS), v = matrix_make(k->kind, 60, 6, ROWS);
        w.desk = allocate(w.bytes);
        struct parts p = parts_of(k, &a, &o, ROWS);
        cr_assert_eq(leat_rsvd(k, &as, &o, &u.m, sigma, &v.m, &error, desk, bytes, NULL), 0);
        cr_expect_eq(w.calls, 4, "%d products, not 4", w.calls);
        cr_expect_arr_eq(sigma, p.sigma, sizeof sigma);
        cr_expect_eq(error, p.error);
        cr_expect_arr_eq(u.memory, p.u.memory, u.n * leat_kind_bytes(k->kind));
        cr_expect_arr_eq(v.memory, p.v.memory, v.n * leat_kind_bytes(k->kind));
        for (w.fails_at = 0; w.fails_at < 4; w.fails_at++) {
            w.calls = 0;
            cr_expect_eq(leat_rsvd(k, &as, &o, NULL, sigma, NULL, NULL, desk, bytes, &diag),
                         LEAT_EIO);
            cr_expect_str_eq(diag.text, "the well is dry");
        }
        cr_expect_arr_eq(sigma, p.sigma, sizeof sigma);
        free(desk), free(w.desk);
        parts_free(&p);
        matrix_free(&a), matrix_free(&u), matrix_free(&v);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Their distribution function beside the normal one, at most 1.63 / sqrt(n) apart once in a hundred
 * (Kolmogorov); neighbours do not go together. */
Test(rsvd, deviates_are_normal)
{
    enum { N = 301, COLUMNS_N = 40 };
    const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), LEAT_F64);
    struct watched a = matrix_make(LEAT_F64, 34, N, ROWS);
    struct watched tests = matrix_make(LEAT_F64, N, COLUMNS_N, ROWS);
    struct leat_rsvd_how o = options_of(24, 0, 12345);
    struct watcher w = {k, &a.m, &tests, 0, 1, NULL, leat_gemm_bytes(k, N, N, N)};
    struct leat_operator as = {34, N, watch, &w};
    size_t bytes = leat_rsvd_bytes(k, 34, N, &o);
    void *desk = allocate(bytes);
    double sigma[24], *all = allocate(N * COLUMNS_N * sizeof *all);
    double far = 0, down = 0, across = 0, size = 0;
    w.desk = allocate(w.bytes);
    cr_assert_eq(leat_rsvd(k, &as, &o, NULL, sigma, NULL, NULL, desk, bytes, NULL), LEAT_EIO);
    for (uint32_t i = 0; i < N; i++)
        for (uint32_t j = 0; j < COLUMNS_N; j++) {
            all[i * COLUMNS_N + j] = get(&tests, i, j);
            size += get(&tests, i, j) * get(&tests, i, j);
            down += i ? get(&tests, i, j) * get(&tests, i - 1, j) : 0;
            across += j ? get(&tests, i, j) * get(&tests, i, j - 1) : 0;
        }
    qsort(all, N * COLUMNS_N, sizeof *all, by_size);
    for (int i = 0; i < N * COLUMNS_N; i++)
        far = fmax(far, fabs((i + 0.5) / (N * COLUMNS_N) - 0.5 * erfc(-all[i] / sqrt(2))));
    cr_expect_lt(far * sqrt(N * COLUMNS_N), 1.63, "%g", far);
    cr_expect_lt(fabs(size / (N * COLUMNS_N) - 1), 3 * sqrt(2.0 / (N * COLUMNS_N)), "%g", size);
    cr_expect_lt(fabs(down) / sqrt(N * COLUMNS_N), 3, "%g", down);
    cr_expect_lt(fabs(across) / sqrt(N * COLUMNS_N), 3, "%g", across);
    free(desk), free(w.desk), free(all);
    matrix_free(&a), matrix_free(&tests);
}

/* ---- refusals ---- */

Test(rsvd, what_cannot_be_is_refused_by_name)
{
    EACH_TABLE(k) {
        struct leat_diag d;
        size_t bytes = 1 << 23;
        uint64_t seed = 1;
        struct watched a = make(k->kind, 20, 12, RANDOM, ROWS, &seed);
        struct watched u = matrix_make(k->kind, 20, 4, ROWS), v = matrix_make(k->kind, 12, 4, ROWS);
        struct leat_rsvd_how o = options_of(4, 1, 0), bad = o;
        void *desk = allocate(bytes);
        double s[12] = {-1}, error = -1;
#define CALL(o, u, v) leat_rsvd_dense(k, &a.m, o, u, s, v, &error, desk, bytes, &d)
#define REFUSED(call, status, words) \
    cr_expect_eq(call, status, "%s: %d %s", words, d.code, d.text); \
    cr_expect(strstr(d.text, words) != NULL, "'%s' says nothing of %s", d.text, words)
        bad.rank = 13;
        REFUSED(CALL(&bad, &u.m, &v.m), LEAT_EINVAL, "rank 13");
        bad.rank = 0;
        REFUSED(CALL(&bad, &u.m, &v.m), LEAT_EINVAL, "rank 0");
        bad = o, bad.size = 4;
        REFUSED(CALL(&bad, &u.m, &v.m), LEAT_EINVAL, "size is 4");
        bad = o, bad.test = 2;
        REFUSED(CALL(&bad, &u.m, &v.m), LEAT_EINVAL, "test 2 is none");
        bad = o, bad.test = LEAT_TEST_FOURIER;
        struct leat_operator as = {20, 12, watch, NULL};
        REFUSED(leat_rsvd(k, &as, &bad, NULL, s, NULL, NULL, desk, bytes, &d), LEAT_EINVAL,
                "wants A's elements");
        REFUSED(leat_srft(k, &a.m, 1, &v.m, desk, bytes, &d), LEAT_ESHAPE,
                "Y [12 x 4] is not [20 x at most 12]");
        REFUSED(leat_srft(k, &a.m, 1, &u.m, desk, leat_srft_bytes(k, 12, 4) - 1, &d), LEAT_ELIMIT,
                "workspace");
        bad = o, bad.probes = 0;
        REFUSED(CALL(&bad, &u.m, &v.m), LEAT_EINVAL, "wants probes");
        bad = o, bad.oversampling = UINT32_MAX, bad.rank = 3;
        REFUSED(CALL(&bad, &u.m, &v.m), LEAT_ESHAPE, "U [20 x 4] is not [20 x 3]");
        REFUSED(CALL(&o, &v.m, &v.m), LEAT_ESHAPE, "U [12 x 4] is not [20 x 4]");
        REFUSED(CALL(&o, &u.m, &u.m), LEAT_ESHAPE, "V [20 x 4] is not [12 x 4]");
        struct leat_matrix x = a.m;
        x.cols = 4;
        REFUSED(CALL(&o, &x, &v.m), LEAT_EINVAL, "U lies on A");
        bytes = leat_rsvd_bytes(k, 20, 12, &o) - 1;
        REFUSED(CALL(&o, &u.m, &v.m), LEAT_ELIMIT, "workspace");
        bytes++;
        set(&a, 19, 11, NAN);
        REFUSED(CALL(&o, &u.m, &v.m), LEAT_EDATA, "a product: element (19, 0) is not a number");
        cr_expect(s[0] == -1 && error == -1 && get(&u, 0, 0) == 0, "something was touched");
        bad.probes = UINT32_MAX;
        cr_expect_eq(leat_rsvd_bytes(k, UINT32_MAX, UINT32_MAX, &bad), SIZE_MAX);
        free(desk);
        matrix_free(&a), matrix_free(&u), matrix_free(&v);
    }
}
