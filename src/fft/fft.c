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
        plan->radix[plan->passes++] = 4;
    if (rest % 2 != 0)
        plan->radix[plan->passes++] = 2;
    for (uint32_t i = 0; i < eights; i++)
        plan->radix[plan->passes++] = 8;
    for (uint8_t odd = 7; odd >= 3; odd = (uint8_t)(odd - 2))
        for (; n % odd == 0; n /= odd)
            plan->radix[plan->passes++] = odd;
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

/* ---- Sizes ---- */

/* Twiddles of pass i, in reals, where the passes before it have made `done` of the length: those
 * of a narrow pass in blocks of lanes, those of a wide one beside each other. */
static size_t pass_reals(const struct leat_fft_plan *plan, uint32_t i, uint64_t done)
{
    size_t rest = (size_t)(plan->length / done / plan->radix[i]);
    size_t turns = fft_pass_turns((size_t)done, rest, leat_kind_bytes(plan->kind));
    return 2 * (size_t)(plan->radix[i] - 1) * turns;
}

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
    for (uint64_t i = 0, done = 1; i < plan->passes; done *= plan->radix[i++])
        bytes += pass_reals(plan, (uint32_t)i, done) * leat_kind_bytes(kind);
    bytes = leat_round_up(bytes, LEAT_LINE);
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
    size_t passes = 2 * fft_row_bytes(plan.length, kind);
    size_t filtered = plan.chirped ? passes : 0;
    size_t packed = type == LEAT_FFT_REAL ? 2 * fft_row_bytes(plan.count, kind) : 0;
    return packed + filtered + passes;
}

/* ---- Tables ---- */

/* w^(p k) for k = 1 … r - 1 of each p < rest, w = e^(-2 pi i / (rest r)); in a narrow pass, of each
 * sample q + s p. */
static void fill_pass(const struct leat_fft_plan *plan, void *table, uint32_t i, uint64_t s,
                      uint64_t rest)
{
    bool narrow = s < LEAT_FFT_NARROW;
    size_t block = narrow ? LEAT_FFT_BLOCK(leat_kind_bytes(plan->kind)) : 1;
    uint64_t r = plan->radix[i], each = narrow ? s : 1;
    for (uint64_t p = 0; p < rest; p++)
        for (uint64_t k = 1; k < r; k++) {
            double re, im;
            leat_turn(p * k, rest * r, &re, &im);
            for (uint64_t j = p * each; j < (p + 1) * each; j++) {
                size_t at = ((j / block * (r - 1) + k - 1) * 2) * block + j % block;
                fft_put(table, plan->kind, at, re);
                fft_put(table, plan->kind, at + block, -im);
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
    size_t at = made.pass_at;
    for (uint64_t i = 0, done = 1; i < made.passes; done *= made.radix[i++]) {
        fill_pass(plan, (char *)plan + at, (uint32_t)i, done,
                  made.length / done / made.radix[i]);
        at += pass_reals(plan, (uint32_t)i, done) * leat_kind_bytes(kind);
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
