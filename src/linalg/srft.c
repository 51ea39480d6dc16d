/* Products with a structured random matrix: columns in random order with random signs, Hartley's
 * transform of them, some of its coefficients (Halko, Martinsson, Tropp 2011, section 4.6, in real
 * form; the order is that of their Givens chains, without the rotations).
 *
 * Of a transform of n = length * pieces few coefficients are wanted, so it is cut there: a real
 * transform of each piece, then for each coefficient a sum over the pieces (Sorensen, Burrus 1993).
 */
#include "linalg/inner.h"

#include <leat/factor.h>
#include <leat/fft.h>

#define COLS_MAX (UINT32_C(1) << 27) /* twice as many are one turn's parts */
#define COEFFICIENTS_IN 4u           /* of a piece there are so many times those wanted */

struct srft {
    size_t each;
    uint32_t cols, wanted, length, pieces;
    size_t bins_row;  /* elements from a piece's bins to the next's */
    uint32_t *order;  /* [length * pieces] the first cols: the column that stands there */
    double *by;       /* [cols] its sign, and a power of two near the root of 1 / cols */
    uint32_t *bin;    /* [wanted] of each coefficient */
    double *re, *im;  /* [pieces x wanted] what a bin's parts are multiplied by */
    double *sum;      /* [wanted] */
    void *x;          /* [length * pieces] a row, in order */
    void *x_re, *x_im; /* [pieces x bins_row] */
    struct leat_fft_plan *plan;
    void *scratch;
};

static uint32_t power_from(uint32_t n)
{
    uint32_t power = 16;
    while (power < n)
        power *= 2;
    return power;
}

static struct srft layout(const struct leat_linalg *k, uint32_t cols, uint32_t wanted,
                          void *workspace, size_t *bytes)
{
    struct work w = {workspace, 0};
    struct srft s = {.each = leat_kind_bytes(k->kind), .cols = cols, .wanted = wanted};
    *bytes = SIZE_MAX;
    if (cols > COLS_MAX || wanted > cols)
        return s;
    uint32_t whole = power_from(cols), some = power_from(COEFFICIENTS_IN * wanted);
    s.length = least(whole, some);
    s.pieces = (cols + s.length - 1) / s.length;
    size_t n = (size_t)s.length * s.pieces;
    size_t plan_bytes = leat_fft_bytes(LEAT_FFT_REAL, s.length, k->kind);
    s.bins_row = leat_round_up((size_t)leat_fft_bins(s.length), LEAT_LINE / s.each);
    s.order = work_take(&w, n, 1, sizeof *s.order);
    s.by = work_take(&w, cols, 1, sizeof *s.by);
    s.bin = work_take(&w, wanted, 1, sizeof *s.bin);
    s.re = work_take(&w, s.pieces, wanted, sizeof *s.re);
    s.im = work_take(&w, s.pieces, wanted, sizeof *s.im);
    s.sum = work_take(&w, wanted, 1, sizeof *s.sum);
    s.x = work_take(&w, n, 1, s.each);
    s.x_re = work_take(&w, s.pieces, s.bins_row, s.each);
    s.x_im = work_take(&w, s.pieces, s.bins_row, s.each);
    s.plan = work_take(&w, plan_bytes, 1, 1);
    s.scratch = work_take(&w, leat_fft_scratch(LEAT_FFT_REAL, s.length, k->kind), 1, 1);
    if (plan_bytes != 0)
        *bytes = w.used;
    return s;
}

size_t leat_srft_bytes(const struct leat_linalg *kernels, uint32_t cols, uint32_t sample)
{
    size_t bytes;
    (void)layout(kernels, cols, sample, NULL, &bytes);
    return bytes;
}

/* ---- what is random ---- */

/* The first `some` of a random order of 0 to n - 1 (Fisher and Yates). */
static void shuffle(uint32_t *order, uint32_t n, uint32_t some, uint64_t seed)
{
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint32_t i = 0; i < some; i++) {
        uint32_t j = i + (uint32_t)((random_bits(seed, i) >> 32) * (n - i) >> 32);
        uint32_t other = order[j];
        order[j] = order[i];
        order[i] = other;
    }
}

/* Coefficient h of Hartley's transform is Re - Im of Fourier's; of its piece t, turned by t h / n:
 * (c + s) re + (s - c) im. Bins above half the length are the conjugates of those below. */
static void choose(struct srft *s, uint64_t seed)
{
    uint64_t of = ~seed; /* the probes take those of the seed itself */
    uint32_t n = s->length * s->pieces;
    shuffle(s->order, n, s->wanted, random_bits(of, 0));
    for (uint32_t c = 0; c < s->wanted; c++) {
        uint32_t h = s->order[c], bin = h % s->length;
        bool mirrored = bin > s->length / 2;
        s->bin[c] = mirrored ? s->length - bin : bin;
        for (uint32_t t = 0; t < s->pieces; t++) {
            double cosine, sine;
            leat_turn((uint64_t)t * h % n, n, &cosine, &sine);
            s->re[(size_t)t * s->wanted + c] = cosine + sine;
            s->im[(size_t)t * s->wanted + c] = mirrored ? cosine - sine : sine - cosine;
        }
    }
    double size = 1;
    while (size * size * s->cols > 2)
        size /= 2;
    shuffle(s->order, s->cols, s->cols, random_bits(of, 1));
    for (uint32_t j = 0; j < s->cols; j++)
        s->by[j] = random_bits(random_bits(of, 2), j) >> 63 ? -size : size;
}

/* ---- a row ---- */

static double element(const void *x, size_t each, size_t i)
{
    return each == sizeof(float) ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

static void put_in_order(const struct srft *s, const struct leat_matrix *a, uint32_t i)
{
    struct leat_matrix x = leat_matrix_rows(s->x, 1, s->length * s->pieces, 0);
    for (uint32_t p = 0; p < s->cols; p++)
        put(&x, s->each, 0, p, get(a, s->each, i, s->order[p]) * s->by[p]);
    for (uint32_t p = s->cols; p < x.cols; p++)
        put(&x, s->each, 0, p, 0);
}

static void add_piece(const struct srft *s, uint32_t t)
{
    const char *re = (const char *)s->x_re + t * s->bins_row * s->each;
    const char *im = (const char *)s->x_im + t * s->bins_row * s->each;
    const double *by_re = s->re + (size_t)t * s->wanted, *by_im = s->im + (size_t)t * s->wanted;
    for (uint32_t c = 0; c < s->wanted; c++)
        s->sum[c] += by_re[c] * element(re, s->each, s->bin[c]) +
                     by_im[c] * element(im, s->each, s->bin[c]);
}

int srft_run(const struct leat_linalg *kernels, const struct leat_matrix *a, uint64_t seed,
             const struct leat_matrix *y, void *workspace)
{
    const struct leat_fft *fft = leat_fft_kernels((enum leat_isa)kernels->isa, kernels->kind);
    size_t bytes;
    struct srft s = layout(kernels, a->cols, y->cols, workspace, &bytes);
    if (y->rows == 0 || y->cols == 0)
        return LEAT_OK;
    choose(&s, seed);
    int status = leat_fft_init(s.plan, LEAT_FFT_REAL, s.length, kernels->kind, s.scratch);
    for (uint32_t i = 0; i < a->rows && status == LEAT_OK; i++) {
        put_in_order(&s, a, i);
        for (uint32_t c = 0; c < s.wanted; c++)
            s.sum[c] = 0;
        for (uint32_t t = 0; t < s.pieces; t++) {
            size_t at = t * s.bins_row * s.each;
            fft->real_forward(s.plan, (char *)s.x_re + at, (char *)s.x_im + at,
                              (char *)s.x + (size_t)t * s.length * s.each, s.scratch);
            add_piece(&s, t);
        }
        for (uint32_t c = 0; c < s.wanted; c++)
            put(y, s.each, i, c, s.sum[c]);
    }
    return status;
}

int leat_srft(const struct leat_linalg *kernels, const struct leat_matrix *a, uint64_t seed,
              const struct leat_matrix *y, void *workspace, size_t bytes, struct leat_diag *diag)
{
    size_t each = leat_kind_bytes(kernels->kind);
    if (y->rows != a->rows || y->cols > a->cols)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "srft: Y [%u x %u] is not [%u x at most %u]", y->rows, y->cols,
                             a->rows, a->cols);
    int status = view_check(a, "srft: A", each, diag);
    if (status == LEAT_OK)
        status = check_written(y, "srft: Y", each, diag);
    if (status == LEAT_OK)
        status = check_apart(y, "srft: Y", a, "A", each, diag);
    if (status == LEAT_OK)
        status = work_check("srft", leat_srft_bytes(kernels, a->cols, y->cols), workspace, bytes,
                            diag);
    return status != LEAT_OK ? status : srft_run(kernels, a, seed, y, workspace);
}
