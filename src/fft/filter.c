/* Convolution of rows: by products, or by spectra of pieces (overlap-save).
 *
 * A piece is `length` samples of the row, of which the first taps - 1 only stand before the others:
 * their outputs are wrapped around, and thrown away. Two pieces that follow each other are the real
 * and the imaginary part of one complex row, for taps are real: (a + i b) * h = a * h + i b * h.
 */
#include <leat/filter.h>

#include "fft/plan.h"

#include <string.h>

struct leat_filter {
    uint64_t taps;
    uint64_t length; /* of a piece; 0: products */
    uint32_t kind;
    uint32_t spare;
    /* Offsets from the start, in bytes. */
    uint64_t taps_at; /* the taps, or their spectrum over length, re then im */
    uint64_t plan_at;
    uint64_t bytes;
};

/* ---- The choice: a constant of the release, for it decides the bits ---- */

/* What a pair of pieces costs, in products, as measured on AVX2 and AVX-512: two transforms, more
 * where their rows leave a first-level cache, and moving the samples. */
static double cost_of_pair(uint64_t length, uint32_t log2_length, uint32_t kind)
{
    double far = length * leat_kind_bytes(kind) > 4096 ? 16.0 : 0.0;
    return 0.85 * (2000.0 + (double)length * (6.0 * log2_length + 16.0 + far));
}

/* The cheapest length of a piece for rows of n samples, and the price of a row. */
static uint64_t piece_length(uint64_t taps, uint64_t n, uint32_t kind, double *price)
{
    uint64_t best = 0;
    *price = 0.0;
    for (uint32_t l = 4; l <= 26; l++) {
        uint64_t length = UINT64_C(1) << l;
        if (length < 2 * taps && length < LEAT_FFT_MAX)
            continue;
        uint64_t fresh = 2 * (length - (taps - 1));
        double cost = cost_of_pair(length, l, kind) * (double)((n - 1) / fresh + 1);
        if (best == 0 || cost < *price) {
            best = length;
            *price = cost;
        }
        if (fresh >= n)
            break;
    }
    return best;
}

uint64_t leat_filter_choice(uint64_t taps, uint64_t n, uint32_t kind, double *products,
                            double *spectra)
{
    uint64_t length = piece_length(taps, n, kind, spectra);
    *products = (double)n * (double)taps;
    return *products <= *spectra ? 0 : length;
}

static int shape(struct leat_filter *f, enum leat_filter_way way, uint64_t taps, uint64_t n,
                 uint32_t kind)
{
    double products, price;
    memset(f, 0, sizeof *f);
    if ((kind != LEAT_F32 && kind != LEAT_F64) || (unsigned)way > LEAT_FILTER_SPECTRA)
        return LEAT_EINVAL;
    if (taps == 0 || taps > LEAT_FILTER_TAPS_MAX || n == 0 || n > LEAT_FILTER_ROW_MAX)
        return LEAT_ERANGE;
    f->taps = taps;
    f->kind = kind;
    if (way == LEAT_FILTER_AUTO)
        f->length = leat_filter_choice(taps, n, kind, &products, &price);
    else if (way == LEAT_FILTER_SPECTRA)
        f->length = piece_length(taps, n, kind, &price);
    f->taps_at = leat_round_up(sizeof *f, LEAT_LINE);
    size_t row = fft_row_bytes(f->length == 0 ? taps : f->length, kind);
    f->plan_at = f->taps_at + (f->length == 0 ? row : 2 * row);
    f->bytes = f->plan_at;
    if (f->length != 0)
        f->bytes += leat_fft_bytes(LEAT_FFT_COMPLEX, f->length, kind);
    return LEAT_OK;
}

size_t leat_filter_bytes(enum leat_filter_way way, uint64_t taps, uint64_t n, uint32_t kind)
{
    struct leat_filter f;
    return shape(&f, way, taps, n, kind) == LEAT_OK ? f.bytes : 0;
}

/* Two pieces that are not whole, their transform, and the transform's own. */
size_t leat_filter_scratch(enum leat_filter_way way, uint64_t taps, uint64_t n, uint32_t kind)
{
    struct leat_filter f;
    if (shape(&f, way, taps, n, kind) != LEAT_OK)
        return 0;
    if (f.length == 0)
        return LEAT_LINE;
    return 4 * fft_row_bytes(f.length, kind) +
           leat_fft_scratch(LEAT_FFT_COMPLEX, f.length, kind);
}

/* ---- Set-up ---- */

static char *part(const struct leat_filter *f, uint64_t at)
{
    return (char *)(uintptr_t)f + at; /* read alone, after init */
}

/* The spectrum over the length, which is a power of two: so the way back need not divide, and
 * nothing is rounded by it. */
static int make_spectrum(struct leat_filter *f, const double *h, void *scratch)
{
    struct leat_fft_plan *plan = (void *)part(f, f->plan_at);
    int status = leat_fft_init(plan, LEAT_FFT_COMPLEX, f->length, f->kind, scratch);
    if (status != LEAT_OK)
        return status;
    char *re = part(f, f->taps_at), *im = re + fft_row_bytes(f->length, f->kind);
    for (uint64_t k = 0; k < f->taps; k++)
        fft_put(re, f->kind, k, h[k] / (double)f->length);
    leat_fft_kernels(leat_isa_best(), f->kind)->forward(plan, re, im, re, im, scratch);
    return LEAT_OK;
}

int leat_filter_init(struct leat_filter *filter, enum leat_filter_way way, const double *h,
                     uint64_t taps, uint64_t n, uint32_t kind, void *scratch)
{
    struct leat_filter made;
    int status = shape(&made, way, taps, n, kind);
    if (status != LEAT_OK)
        return status;
    memset(filter, 0, made.bytes);
    *filter = made;
    if (made.length != 0)
        return make_spectrum(filter, h, scratch);
    for (uint64_t k = 0; k < taps; k++)
        fft_put(part(filter, made.taps_at), kind, k, h[k]);
    return LEAT_OK;
}

enum leat_filter_way leat_filter_taken(const struct leat_filter *filter)
{
    return filter->length == 0 ? LEAT_FILTER_PRODUCTS : LEAT_FILTER_SPECTRA;
}

/* ---- A row ---- */

struct piece {
    const char *samples; /* [length] */
    size_t fresh;        /* outputs that it gives */
};

/* The piece whose first output is at `at`; in `room`, filled up with zeros, where the row ends
 * before it does. */
static struct piece piece_at(const struct leat_filter *f, const char *x, size_t n, size_t at,
                             char *room)
{
    size_t width = leat_kind_bytes(f->kind), back = (size_t)f->taps - 1;
    size_t fresh = (size_t)f->length - back, left = at < n ? n - at : 0;
    if (left >= fresh)
        return (struct piece){x + at * width - back * width, fresh};
    size_t whole = left == 0 ? 0 : (back + left) * width;
    if (whole != 0)
        memcpy(room, x + at * width - back * width, whole);
    memset(room + whole, 0, (size_t)f->length * width - whole);
    return (struct piece){room, left};
}

static void run_spectra(const struct leat_filter *f, const struct leat_fft *kernels, char *out,
                        const char *x, size_t n, char *scratch)
{
    const struct leat_fft_plan *plan = (const void *)part(f, f->plan_at);
    size_t width = leat_kind_bytes(f->kind), row = fft_row_bytes(f->length, f->kind);
    size_t back = ((size_t)f->taps - 1) * width;
    const char *by = part(f, f->taps_at);
    char *room = scratch, *re = room + 2 * row, *im = re + row, *rest = im + row;
    for (size_t at = 0; at < n;) {
        struct piece a = piece_at(f, x, n, at, room);
        struct piece b = piece_at(f, x, n, at + a.fresh, room + row);
        kernels->forward(plan, re, im, a.samples, b.samples, rest);
        kernels->turn(re, im, by, by + row, (size_t)f->length);
        kernels->forward(plan, im, re, im, re, rest); /* back: real and imaginary changed over */
        memcpy(out + at * width, re + back, a.fresh * width);
        memcpy(out + (at + a.fresh) * width, im + back, b.fresh * width);
        at += a.fresh + b.fresh;
    }
}

void leat_filter_run(const struct leat_filter *filter, enum leat_isa isa, void *out, const void *x,
                     size_t n, void *scratch)
{
    const struct leat_fft *kernels = leat_fft_kernels(isa, filter->kind);
    if (filter->length == 0)
        kernels->fir(out, x, n, part(filter, filter->taps_at), (size_t)filter->taps);
    else
        run_spectra(filter, kernels, out, x, n, scratch);
}
