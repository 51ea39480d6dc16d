/* Filters against sums in __float128, by both ways. */
#include "oracle.h"

#include <leat/filter.h>

#include <criterion/criterion.h>

struct work {
    struct leat_filter *filter;
    void *out, *line, *scratch; /* line: taps - 1 samples, then the row */
    double *h, *x;              /* what was rounded to the kind */
    size_t taps, n;
    uint32_t kind;
};

static double rounded(uint32_t kind, double x) { return kind == LEAT_F32 ? (double)(float)x : x; }

static struct work make(enum leat_filter_way way, size_t taps, size_t n, uint32_t kind,
                        uint64_t seed)
{
    struct work w = {.taps = taps, .n = n, .kind = kind};
    size_t line = taps - 1 + n;
    w.filter = allocate(leat_filter_bytes(way, taps, n, kind));
    w.scratch = allocate(leat_filter_scratch(way, taps, n, kind));
    w.out = allocate((n + 1) * 8), w.line = allocate(line * 8);
    w.h = allocate(taps * 8), w.x = allocate(line * 8);
    for (size_t k = 0; k < taps; k++)
        w.h[k] = rounded(kind, random_unit(&seed) / (double)(1 + k % 7));
    for (size_t i = 0; i < line; i++) {
        w.x[i] = random_unit(&seed);
        set(kind, w.line, i, w.x[i]);
    }
    cr_assert_eq(leat_filter_init(w.filter, way, w.h, taps, n, kind, w.scratch), 0);
    cr_assert(way == LEAT_FILTER_AUTO || leat_filter_taken(w.filter) == way);
    return w;
}

static void drop(struct work *w)
{
    free(w->filter), free(w->out), free(w->line), free(w->scratch), free(w->h), free(w->x);
}

static void run(struct work *w, enum leat_isa isa, size_t n)
{
    set(w->kind, w->out, n, 77.0);
    leat_filter_run(w->filter, isa, w->out, (char *)w->line + (w->taps - 1) *
                    leat_kind_bytes(w->kind), n, w->scratch);
    cr_assert_eq(get(w->kind, w->out, n), 77.0, "a sample behind the row is written");
}

static double norm(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

/* The most that sample i may be off, as filter.h promises; pieces hold no more than the row. */
static double bound(const struct work *w, size_t i, double row)
{
    double u = unit_roundoff(w->kind), sum = 0;
    if (leat_filter_taken(w->filter) == LEAT_FILTER_SPECTRA)
        return 4 * u * sqrt(log2((double)(4 * (w->taps + w->n)))) * norm(w->h, w->taps) * row;
    for (size_t k = 0; k < w->taps; k++)
        sum += fabs(w->h[k] * w->x[w->taps - 1 + i - k]);
    return (double)w->taps * u * sum;
}

static void check(enum leat_filter_way way, size_t taps, size_t n, size_t step)
{
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++) {
        struct work w = make(way, taps, n, kind, taps * 1000 + n);
        double row = norm(w.x, taps - 1 + n);
        run(&w, leat_isa_best(), n);
        for (size_t i = 0; i < n; i += step) {
            quad sum = 0;
            for (size_t k = 0; k < taps; k++)
                sum += (quad)w.h[k] * (quad)w.x[taps - 1 + i - k];
            double error = fabs((double)((quad)get(kind, w.out, i) - sum));
            cr_assert_leq(error, bound(&w, i, row), "%zu taps, %zu samples, way %d: sample %zu",
                          taps, n, way, i);
        }
        drop(&w);
    }
}

Test(filter, both_ways_are_within_their_bounds)
{
    static const size_t taps[] = {1, 2, 3, 7, 8, 9, 31, 64, 100};
    static const size_t rows[] = {1, 2, 7, 15, 16, 17, 63, 64, 65, 100, 127, 128, 129, 1000};
    for (size_t t = 0; t < sizeof taps / sizeof *taps; t++)
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
            check(LEAT_FILTER_PRODUCTS, taps[t], rows[r], 1);
            check(LEAT_FILTER_SPECTRA, taps[t], rows[r], 1);
        }
    check(LEAT_FILTER_SPECTRA, 256, 5000, 3);
    check(LEAT_FILTER_PRODUCTS, 256, 5000, 3);
    check(LEAT_FILTER_SPECTRA, 3000, 100, 1);
    check(LEAT_FILTER_SPECTRA, 1025, 70000, 997);
}

/* What is large reaches no further than the pieces that it lies in. */
Test(filter, far_from_large_samples_errors_are_small)
{
    const size_t taps = 64, n = 40000, loud = 500, far = 8192;
    struct work w = make(LEAT_FILTER_SPECTRA, taps, n, LEAT_F32, 11);
    for (size_t i = 0; i < loud; i++)
        set(LEAT_F32, w.line, i, w.x[i] *= 0x1p20);
    run(&w, leat_isa_best(), n);
    for (size_t i = far; i < n; i += 61) {
        quad sum = 0;
        for (size_t k = 0; k < taps; k++)
            sum += (quad)w.h[k] * (quad)w.x[taps - 1 + i - k];
        double error = fabs((double)((quad)get(LEAT_F32, w.out, i) - sum));
        cr_assert_leq(error, bound(&w, i, norm(w.x + i - far + loud, far - loud)), "sample %zu", i);
    }
    drop(&w);
}

Test(filter, the_choice_goes_by_taps_and_samples)
{
    struct work few = make(LEAT_FILTER_AUTO, 5, 4096, LEAT_F32, 1);
    struct work many = make(LEAT_FILTER_AUTO, 1000, 4096, LEAT_F32, 1);
    struct work one = make(LEAT_FILTER_AUTO, 1000, 1, LEAT_F32, 1);
    cr_expect_eq(leat_filter_taken(few.filter), LEAT_FILTER_PRODUCTS);
    cr_expect_eq(leat_filter_taken(many.filter), LEAT_FILTER_SPECTRA);
    cr_expect_eq(leat_filter_taken(one.filter), LEAT_FILTER_PRODUCTS);
    drop(&few), drop(&many), drop(&one);
}

Test(filter, whole_numbers_by_products_are_exact)
{
    struct work w = make(LEAT_FILTER_PRODUCTS, 40, 333, LEAT_F32, 5);
    double h[40];
    for (int k = 0; k < 40; k++)
        h[k] = k % 9 - 4;
    cr_assert_eq(leat_filter_init(w.filter, LEAT_FILTER_PRODUCTS, h, 40, 333, LEAT_F32,
                                  w.scratch), 0);
    for (size_t i = 0; i < 39 + 333; i++)
        set(LEAT_F32, w.line, i, (double)(i * i % 1001) - 500);
    run(&w, LEAT_ISA_BASE, 333);
    for (size_t i = 0; i < 333; i++) {
        double sum = 0;
        for (size_t k = 0; k < 40; k++)
            sum += h[k] * get(LEAT_F32, w.line, 39 + i - k);
        cr_assert_eq(get(LEAT_F32, w.out, i), sum);
    }
    drop(&w);
}

Test(filter, every_set_gives_the_same_bits)
{
    for (int way = LEAT_FILTER_PRODUCTS; way <= LEAT_FILTER_SPECTRA; way++) {
        struct work w = make((enum leat_filter_way)way, 65, 700, LEAT_F32, 9);
        float first[700];
        run(&w, leat_isa_best(), 700);
        memcpy(first, w.out, sizeof first);
        for (unsigned isa = 0; isa < LEAT_ISAS; isa++)
            if (leat_isa_usable((enum leat_isa)isa)) {
                run(&w, (enum leat_isa)isa, 700);
                cr_assert_eq(memcmp(first, w.out, sizeof first), 0);
            }
        run(&w, leat_isa_best(), 0);
        if (way == LEAT_FILTER_PRODUCTS) { /* each sample is a sum of its own */
            run(&w, leat_isa_best(), 9);
            cr_expect_eq(memcmp(first, w.out, 9 * sizeof(float)), 0);
        }
        drop(&w);
    }
}

Test(filter, a_filter_can_be_moved)
{
    struct work w = make(LEAT_FILTER_SPECTRA, 100, 300, LEAT_F64, 3);
    size_t bytes = leat_filter_bytes(LEAT_FILTER_SPECTRA, 100, 300, LEAT_F64);
    double first[300];
    run(&w, leat_isa_best(), 300);
    memcpy(first, w.out, sizeof first);
    struct leat_filter *moved = allocate(bytes);
    memcpy(moved, w.filter, bytes);
    memset(w.filter, 0xff, bytes);
    free(w.filter);
    w.filter = moved;
    run(&w, leat_isa_best(), 300);
    cr_expect_eq(memcmp(first, w.out, sizeof first), 0);
    drop(&w);
}

Test(filter, what_cannot_be_is_refused)
{
    double h[1] = {1};
    char nothing[64];
    struct leat_filter *f = (void *)nothing;
    enum leat_filter_way way = LEAT_FILTER_AUTO;
    cr_expect_eq(leat_filter_init(f, way, h, 0, 1, LEAT_F32, NULL), LEAT_ERANGE);
    cr_expect_eq(leat_filter_init(f, way, h, 1, 0, LEAT_F32, NULL), LEAT_ERANGE);
    cr_expect_eq(leat_filter_init(f, way, h, LEAT_FILTER_TAPS_MAX + 1, 1, LEAT_F32, NULL),
                 LEAT_ERANGE);
    cr_expect_eq(leat_filter_init(f, way, h, 1, LEAT_FILTER_ROW_MAX + 1, LEAT_F32, NULL),
                 LEAT_ERANGE);
    cr_expect_eq(leat_filter_init(f, way, h, 1, 1, LEAT_I64, NULL), LEAT_EINVAL);
    cr_expect_eq(leat_filter_init(f, (enum leat_filter_way)3, h, 1, 1, LEAT_F32, NULL),
                 LEAT_EINVAL);
    cr_expect_eq(leat_filter_bytes(way, 0, 1, LEAT_F32), 0);
    cr_expect_eq(leat_filter_scratch(way, 1, 0, LEAT_F32), 0);
}
