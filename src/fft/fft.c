/* Plans: the graph of a length, its tables, and the choice of a table of kernels. */
#include "fft/plan.h"

#include <string.h>

#define TABLE(name) extern const struct leat_fft name;
#include "fft_matrix.inc"
#undef TABLE

#define TABLE(name) &name,
static const struct leat_fft *const tables[] = {
#include "fft_matrix.inc"
};
#undef TABLE

const struct leat_fft *leat_fft_kernels(enum leat_isa isa, uint32_t kind)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i]->isa == isa && tables[i]->kind == kind)
            return tables[i];
    return NULL;
}

/* ---- The graph: a constant of the release, for it decides the bits ---- */

#define LONG_ROW 12 /* powers of two from which eights pay */

static void add_pass(struct leat_fft_plan *plan, uint32_t r)
{
    plan->pass[plan->passes++].r = r;
}

/* Powers of two first: fours, which keep all that they work on in the registers of every set, and a
 * two where one is left. Where the row is longer than a first-level cache, the last are eights, two
 * or three: fewer passes. Then sevens, fives, threes. False when another prime is left. */
static bool factor(struct leat_fft_plan *plan, uint64_t n)
{
    uint32_t twos = 0;
    for (; n % 2 == 0; n /= 2)
        twos++;
    uint32_t eights = twos < LONG_ROW ? 0 : 2 + twos % 2;
    uint32_t rest = twos - 3 * eights;
    plan->passes = 0;
    for (uint32_t i = 0; i < rest / 2; i++)
        add_pass(plan, 4);
    if (rest % 2 != 0)
        add_pass(plan, 2);
    for (uint32_t i = 0; i < eights; i++)
        add_pass(plan, 8);
    for (uint32_t odd = 7; odd >= 3; odd -= 2)
        for (; n % odd == 0; n /= odd)
            add_pass(plan, odd);
    return n == 1;
}

/* The shortest of 8, 5, 6 and 7 times a power of two that holds a convolution of n with n. */
static uint64_t convolution_length(uint64_t n)
{
    uint64_t best = 8;
    while (best < 2 * n - 1)
        best *= 2;
    for (uint64_t odd = 5; odd <= 7; odd++)
        if (best / 8 * odd >= 2 * n - 1)
            return best / 8 * odd;
    return best;
}

/* ---- Sweeps: which passes share one does not show in the bits ---- */

/* The radices of so many passes from the i-th on together, as a power of two: fours and eights. */
static uint32_t power_of(const struct leat_fft_plan *plan, uint32_t i, uint32_t passes)
{
    uint32_t power = 0;
    for (uint32_t j = i; j < i + passes; j++)
        power += plan->pass[j].r == 8 ? 3 : 2;
    return power;
}

/* How many passes from the i-th on, s the radices before it: two where they are fours and eights
 * and fill the rows of what a sweep keeps. Of far rows as many as make for the fewest sweeps, which
 * keep about as much each. */
static uint32_t sweep_passes(const struct leat_fft_plan *plan, uint32_t i, uint64_t s)
{
    uint64_t rows = i == 0 ? plan->length / 16 : s;
    uint32_t even = 0, passes = 2;
    while (i + even < plan->passes && plan->pass[i + even].r % 4 == 0)
        even++;
    if (even < 2 || rows % LEAT_FFT_NEAR != 0)
        return 1;
    if (i == 0 || (size_t)plan->length * leat_kind_bytes(plan->kind) < LEAT_FFT_FAR_BYTES)
        return 2;
    uint32_t power = power_of(plan, i, even);
    uint32_t sweeps = (power + LEAT_FFT_FAR_POWER - 1) / LEAT_FFT_FAR_POWER;
    uint32_t most = (power + sweeps - 1) / sweeps;
    while (passes < even && power_of(plan, i, passes + 1) <= most)
        passes++;
    return passes;
}

/* The twiddles of a pass, `rest` what is left behind it: a row of them, or in a narrow pass one for
 * each sample of a row. */
static void lay_pass(struct leat_fft_plan *plan, const struct fft_sweep *sweep,
                     struct fft_pass *pass, uint32_t rest, uint32_t *w_at)
{
    bool narrow = sweep->passes == 1 && sweep->s < LEAT_FFT_NARROW;
    size_t row = narrow ? (size_t)sweep->s * rest : rest;
    pass->w_at = *w_at;
    pass->w_im = (uint32_t)fft_turn_row(row, leat_kind_bytes(plan->kind));
    *w_at += 2 * (pass->r - 1) * pass->w_im;
}

/* All of them; the reals that their twiddles take. */
static size_t lay_sweeps(struct leat_fft_plan *plan)
{
    uint32_t w_at = 0, s = 1, rest = (uint32_t)plan->length;
    plan->sweeps = 0;
    for (uint32_t i = 0; i < plan->passes;) {
        struct fft_sweep *sweep = &plan->sweep[plan->sweeps++];
        *sweep = (struct fft_sweep){.first = i, .s = s, .all = 1};
        sweep->passes = sweep_passes(plan, i, s);
        for (; i < sweep->first + sweep->passes; i++) {
            sweep->all *= plan->pass[i].r;
            rest /= plan->pass[i].r;
            lay_pass(plan, sweep, &plan->pass[i], rest, &w_at);
        }
        s *= sweep->all;
        sweep->rest = rest;
    }
    return w_at;
}

/* What the sweep keeps that keeps the most, and what lies between the first two. */
static size_t near_bytes(const struct leat_fft_plan *plan)
{
    size_t most = 0;
    for (uint32_t i = 0; i < plan->sweeps; i++) {
        size_t bytes = 2 * fft_row_bytes(plan->sweep[i].all * LEAT_FFT_NEAR, plan->kind);
        most = bytes > most ? bytes : most;
    }
    return most + (fft_joins(plan) ? 2 * fft_row_bytes(fft_joined_samples(plan), plan->kind) : 0);
}

/* ---- Sizes ---- */

static int shape(struct leat_fft_plan *plan, enum leat_fft_type type, uint64_t n, uint32_t kind)
{
    memset(plan, 0, sizeof *plan);
    if ((kind != LEAT_F32 && kind != LEAT_F64) || (unsigned)type > LEAT_FFT_REAL)
        return LEAT_EINVAL;
    if (n == 0 || n > LEAT_FFT_MAX)
        return LEAT_ERANGE;
    plan->n = n;
    plan->type = (uint32_t)type;
    plan->kind = kind;
    plan->count = type == LEAT_FFT_REAL && n % 2 == 0 ? n / 2 : n;
    plan->chirped = !factor(plan, plan->count);
    plan->length = plan->chirped ? convolution_length(plan->count) : plan->count;
    if (plan->chirped)
        (void)factor(plan, plan->length);
    size_t bytes = leat_round_up(sizeof *plan, LEAT_LINE);
    plan->pass_at = bytes;
    bytes += leat_round_up(lay_sweeps(plan) * leat_kind_bytes(kind), LEAT_LINE);
    plan->real_at = bytes;
    if (plan->count != n)
        bytes += 2 * fft_row_bytes(plan->count / 2 + 1, kind);
    plan->chirp_at = bytes;
    if (plan->chirped)
        bytes += 2 * fft_row_bytes(plan->count, kind);
    plan->filter_at = bytes;
    if (plan->chirped)
        bytes += 2 * fft_row_bytes(plan->length, kind);
    plan->bytes = bytes;
    return LEAT_OK;
}

size_t leat_fft_bytes(enum leat_fft_type type, uint64_t n, uint32_t kind)
{
    struct leat_fft_plan plan;
    return shape(&plan, type, n, kind) == LEAT_OK ? plan.bytes : 0;
}

size_t leat_fft_scratch(enum leat_fft_type type, uint64_t n, uint32_t kind)
{
    struct leat_fft_plan plan;
    if (shape(&plan, type, n, kind) != LEAT_OK)
        return 0;
    size_t passes = 2 * fft_row_bytes(plan.length, kind) + near_bytes(&plan);
    size_t filtered = plan.chirped ? passes : 0;
    size_t packed = type == LEAT_FFT_REAL ? 2 * fft_row_bytes(plan.count, kind) : 0;
    size_t row = packed + filtered + passes;
    /* a batch keeps a line, which is the longest register, of each sample; twice */
    uint64_t lanes = LEAT_FFT_BLOCK(leat_kind_bytes(kind));
    bool goes = fft_goes_aside(&plan, lanes);
    size_t aside = goes ? 4 * fft_row_bytes((plan.length + 1) * lanes, kind) : 0;
    return row > aside ? row : aside;
}

/* ---- Tables ---- */

/* w^(p k) for k = 1 … r - 1 of each p < rest, w = e^(-2 pi i / (rest r)): in rows, or where the
 * pass is narrow of each sample q + s p, in blocks of all k. */
static void fill_pass(struct leat_fft_plan *plan, const struct fft_sweep *sweep,
                      const struct fft_pass *pass, uint64_t rest)
{
    bool narrow = sweep->passes == 1 && sweep->s < LEAT_FFT_NARROW;
    size_t block = LEAT_FFT_BLOCK(leat_kind_bytes(plan->kind)), each = narrow ? sweep->s : 1;
    char *table = (char *)plan + plan->pass_at;
    for (uint64_t k = 1; k < pass->r; k++)
        for (uint64_t p = 0; p < rest; p++) {
            double re, im;
            leat_turn(p * k, rest * pass->r, &re, &im);
            for (size_t j = p * each; j < (p + 1) * each; j++) {
                size_t at = narrow ? (j / block * (pass->r - 1) + k - 1) * 2 * block + j % block
                                   : (k - 1) * 2 * pass->w_im + j;
                fft_put(table, plan->kind, pass->w_at + at, re);
                fft_put(table, plan->kind, pass->w_at + at + (narrow ? block : pass->w_im),
                        -im);
            }
        }
}

static void fill_row_pair(struct leat_fft_plan *plan, uint64_t offset, uint64_t n, uint64_t i,
                          double re, double im)
{
    char *row = (char *)plan + offset;
    fft_put(row, plan->kind, i, re);
    fft_put(row + fft_row_bytes(n, plan->kind), plan->kind, i, im);
}

/* The chirp, and the spectrum of its conjugate wrapped around, over 1/length. */
static void fill_chirp(struct leat_fft_plan *plan, void *scratch)
{
    uint64_t n = plan->count, length = plan->length;
    size_t row = fft_row_bytes(length, plan->kind);
    double share = 1.0 / (double)length;
    for (uint64_t j = 0; j < n; j++) {
        double re, im;
        leat_turn(j * j % (2 * n), 2 * n, &re, &im);
        fill_row_pair(plan, plan->chirp_at, n, j, re, -im);
        fill_row_pair(plan, plan->filter_at, length, j, re * share, im * share);
        if (j != 0)
            fill_row_pair(plan, plan->filter_at, length, length - j, re * share, im * share);
    }
    const struct leat_fft_plan whole = *plan;
    plan->chirped = false; /* for now the graph by itself, a plan of the convolution's length */
    plan->n = plan->count = length;
    char *re = (char *)plan + plan->filter_at;
    leat_fft_kernels(leat_isa_best(), plan->kind)->forward(plan, re, re + row, re, re + row,
                                                           scratch);
    *plan = whole;
}

int leat_fft_init(struct leat_fft_plan *plan, enum leat_fft_type type, uint64_t n, uint32_t kind,
                  void *scratch)
{
    struct leat_fft_plan made;
    int status = shape(&made, type, n, kind);
    if (status != LEAT_OK)
        return status;
    memset(plan, 0, made.bytes);
    *plan = made;
    uint64_t rest = made.length;
    for (uint32_t i = 0; i < made.sweeps; i++)
        for (uint32_t j = 0; j < made.sweep[i].passes; j++) {
            const struct fft_pass *pass = &made.pass[made.sweep[i].first + j];
            rest /= pass->r;
            fill_pass(plan, &made.sweep[i], pass, rest);
        }
    for (uint64_t k = 0; made.count != n && k < made.count / 2 + 1; k++) {
        double re, im;
        leat_turn(k, n, &re, &im);
        fill_row_pair(plan, made.real_at, made.count / 2 + 1, k, re / 2, -im / 2);
    }
    if (made.chirped)
        fill_chirp(plan, scratch);
    return LEAT_OK;
}
