/* Where one way ends and the other begins: what spectra cost beside products, and entries beside
 * elements, times what the release counts. Each case is measured both ways; the price is the middle
 * of what the cases say. */
#define _GNU_SOURCE
#include "tune.h"

#include <leat/filter.h>
#include <leat/frame.h>
#include <leat/linalg.h>
#include <leat/sparse.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CASES_MAX 24u
#define WORTH 0.1        /* a price that is not further from 1 is that of the release */
#define KEPT 0.02
#define RUN_SECONDS 2e-4 /* of one way, at least: the clock's own time is no part of it */

/* One case: what the release counts that the second way costs beside the first, and the times. */
struct choice {
    double counted, measured;
    uint32_t rounds;
};

/* Both ways of a case, `times` times in a row. */
struct ways {
    void (*run)(void *work, uint32_t way);
    void *work;
    uint32_t times[2];
};

static double run_way(void *user, uint32_t with)
{
    const struct ways *w = user;
    double begun = tune_seconds();
    for (uint32_t i = 0; i < w->times[with]; i++)
        w->run(w->work, with);
    return (tune_seconds() - begun) / w->times[with];
}

static int measure(struct choice *c, struct ways *w, const char *name, const struct tune_how *how)
{
    struct tune_race race = {run_way, w, 2, how->quick ? 0.004 : 0.05, name, how};
    struct tune_result result;
    for (uint32_t way = 0; way < 2; way++) {
        w->times[way] = 1;
        (void)run_way(w, way);
        double once = run_way(w, way);
        w->times[way] = once > RUN_SECONDS ? 1 : 1 + (uint32_t)(RUN_SECONDS / (once + 1e-9));
    }
    if (!tune_race(&result, &race))
        return LEAT_ESTATE;
    c->measured = 1 / result.gain[1];
    c->rounds = result.rounds;
    return LEAT_OK;
}

/* ---- filters ---- */

struct filtering {
    struct leat_filter *filter[2];
    char *out, *x, *scratch;
    enum leat_isa isa;
    uint32_t n;
};

static void run_filter(void *work, uint32_t way)
{
    const struct filtering *f = work;
    leat_filter_run(f->filter[way], f->isa, f->out, f->x, f->n, f->scratch);
}

static void *part(char **at, size_t bytes)
{
    char *here = *at;
    *at += leat_round_up(bytes, LEAT_LINE);
    return here;
}

static int filter_case(struct choice *c, uint32_t taps, uint32_t n, uint32_t kind, char *memory,
                       const struct tune_how *how, const char *name)
{
    struct filtering f = {.isa = how->isa, .n = n};
    struct ways ways = {.run = run_filter, .work = &f};
    size_t width = leat_kind_bytes(kind), back = leat_round_up(taps * width, LEAT_LINE);
    double *h = part(&memory, taps * sizeof *h), products, spectra;
    f.x = (char *)part(&memory, back + n * width) + back;
    f.out = part(&memory, n * width);
    memset(f.x - back, 0, back + n * width);
    for (uint32_t k = 0; k < taps; k++)
        h[k] = 1.0 / (k + 1);
    for (uint32_t way = 0; way < 2; way++)
        f.filter[way] = part(&memory, leat_filter_bytes(LEAT_FILTER_PRODUCTS + way, taps, n, kind));
    f.scratch = memory;
    for (uint32_t way = 0; way < 2; way++)
        if (leat_filter_init(f.filter[way], LEAT_FILTER_PRODUCTS + way, h, taps, n, kind,
                             f.scratch) != LEAT_OK)
            abort(); /* sizes of our own */
    (void)leat_filter_choice(taps, n, kind, &products, &spectra);
    c->counted = spectra / products;
    return measure(c, &ways, name, how);
}

static int filter_cases(struct choice *cases, uint32_t *n, char *memory,
                        const struct tune_how *how, const char *name)
{
    static const uint32_t taps[] = {24, 48, 96, 192}, samples[] = {256, 1024, 4096};
    int status = LEAT_OK;
    for (uint32_t i = 0; i < 12 * 2 && status == LEAT_OK; i++)
        status = filter_case(&cases[(*n)++], taps[i % 4], samples[i / 4 % 3],
                             i < 12 ? LEAT_F32 : LEAT_F64, memory, how, name);
    return status;
}

/* ---- dense and sparse ---- */

struct multiplying {
    const struct leat_linalg *dense;
    const struct leat_sparse *sparse;
    struct leat_csr entries;
    struct leat_matrix a, x, y;
    char *desk;
    size_t desk_bytes;
};

static void run_product(void *work, uint32_t way)
{
    const struct multiplying *m = work;
    int status = way == 0 ? leat_gemm(m->dense, 1, &m->a, &m->x, 0, &m->y, m->desk, m->desk_bytes,
                                      NULL)
                          : leat_csr_times(m->sparse, &m->entries, false, &m->x, &m->y, NULL, 0,
                                           NULL);
    if (status != LEAT_OK)
        abort(); /* sizes of our own */
}

static void put(char *at, uint32_t kind, uint64_t i, double x)
{
    if (kind == LEAT_F32)
        ((float *)(void *)at)[i] = (float)x;
    else
        ((double *)(void *)at)[i] = x;
}

/* A side x side matrix, that share of it not 0, times n columns. As stages have it, A lies by
 * columns where it is dense. */
static int product_case(struct choice *c, uint32_t side, uint32_t n, double share, uint32_t kind,
                        char *memory, const struct tune_how *how, const char *name)
{
    struct multiplying m = {.dense = leat_linalg_kernels(how->isa, kind),
                            .sparse = leat_sparse_kernels(how->isa, kind)};
    struct ways ways = {.run = run_product, .work = &m};
    uint64_t elements = (uint64_t)side * side, entries = 0, state = 1;
    size_t width = leat_kind_bytes(kind);
    char *a = part(&memory, elements * width);
    for (uint64_t i = 0; i < elements; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        bool there = (double)(state >> 40) * 0x1p-24 < share;
        put(a, kind, i, there ? 0.5 : 0);
        entries += there;
    }
    struct leat_matrix turned = leat_matrix_rows(a, side, side, side);
    m.a = leat_matrix_transposed(&turned);
    m.x = leat_matrix_rows(part(&memory, (size_t)side * n * width), side, n, n);
    m.y = leat_matrix_rows(part(&memory, (size_t)side * n * width), side, n, n);
    for (uint64_t i = 0; i < (uint64_t)side * n; i++)
        put(m.x.data, kind, i, 0.25);
    size_t bytes = leat_csr_bytes(kind, side, side, entries);
    if (leat_csr_from_matrix(&m.entries, kind, &m.a, entries, part(&memory, bytes), bytes,
                             NULL) != LEAT_OK)
        abort(); /* sizes of our own */
    m.desk = memory;
    m.desk_bytes = leat_gemm_bytes(m.dense, side, n, side);
    c->counted = (double)entries / (double)elements / leat_sparse_crossover(kind, side, side, n);
    return measure(c, &ways, name, how);
}

/* Shares of entries around that where the release goes over. */
static int product_cases(struct choice *cases, uint32_t *n, char *memory,
                         const struct tune_how *how, const char *name, bool few)
{
    static const uint32_t sides[] = {64, 200, 600}, columns[2][2] = {{16, 64}, {1, 4}};
    int status = LEAT_OK;
    for (uint32_t i = 0; i < 24 && status == LEAT_OK; i++) {
        uint32_t side = sides[i % 3], cols = columns[few][i / 3 % 2];
        uint32_t kind = i / 6 % 2 == 0 ? LEAT_F32 : LEAT_F64;
        double share = leat_sparse_crossover(kind, side, side, cols);
        status = product_case(&cases[(*n)++], side, cols, i < 12 ? 0.6 * share : 1.3 * share, kind,
                              memory, how, name);
    }
    return status;
}

/* ---- the price ---- */

/* What the price gains, over the cases in which it makes another choice; 1: in none. */
static double gain_of(const struct choice *cases, uint32_t n, double price)
{
    double sum = 0;
    uint32_t other = 0;
    for (uint32_t i = 0; i < n; i++) {
        bool before = cases[i].counted < 1, after = cases[i].counted * price < 1;
        if (before == after)
            continue;
        sum += log(cases[i].measured) * (before ? 1 : -1);
        other++;
    }
    return other != 0 ? exp(sum / other) : 1;
}

static void judge(struct tune_row *row, const struct choice *cases, uint32_t n)
{
    double prices[CASES_MAX];
    for (uint32_t i = 0; i < n; i++) {
        prices[i] = cases[i].measured / cases[i].counted;
        row->rounds += cases[i].rounds;
    }
    double upper = tune_quantile(prices, n, 0.75), lower = prices[(n - 1) / 4];
    double price = prices[n / 2] < row->param->min   ? row->param->min
                   : prices[n / 2] > row->param->max ? row->param->max
                                                     : prices[n / 2];
    price = round(price * 100) / 100;
    double gain = gain_of(cases, n, price);
    row->noise = (upper - lower) / 2 / prices[n / 2];
    row->measured = true;
    /* further from 1 than the cases are from each other */
    bool apart = fabs(price - 1) > WORTH && fabs(log(price)) > row->noise;
    if (apart && gain > 1 + KEPT) {
        row->best = price;
        row->gain = gain;
    }
}

int tune_choices(struct tune_row *row, const struct tune_how *how)
{
    struct choice cases[CASES_MAX] = {{0, 0, 0}};
    char *memory = aligned_alloc(LEAT_LINE, (size_t)32 << 20);
    uint32_t n = 0;
    int status = LEAT_ENOMEM;
    if (memory == NULL)
        return status;
    const char *name = row->param->name;
    if (strcmp(name, "filter-price") == 0)
        status = filter_cases(cases, &n, memory, how, name);
    else
        status = product_cases(cases, &n, memory, how, name, strcmp(name, "sparse-price-few") == 0);
    free(memory);
    if (status == LEAT_OK)
        judge(row, cases, n);
    return status;
}
