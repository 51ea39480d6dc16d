/* Same bits from every instruction set: each kernel of each table on the same inputs.
 *
 * Walks the dispatch tables themselves: a pointer that no case below covers is a failure, so a new
 * kernel cannot be forgotten. Prints one digest for each kernel and kind; the digests of a run on
 * another architecture must be the same lines. Exit 0 and a last line `ok`, or 1 and what differed.
 *
 *   conformance                       every table that this machine can execute
 *   conformance --brief               rows to N_BRIEF samples alone
 *   conformance --plant sum|scale|tail|case   a planted fault, in brief: must fail
 */
#include <leat/stats.h>

#define KERNELS struct leat_stats
#define KERNELS_FIRST sum
#define KERNELS_OF leat_stats_kernels
#define KERNELS_EXTRA "extra_tables.inc"
#include "tables.h"

#define N_LONG 1000003u
#define N_BRIEF 100u
#define GUARD 64u /* bytes behind the last sample that no kernel may touch */

struct input {
    const struct leat_stats *k;
    const char *x, *y; /* rows of the table's kind */
    const char *raw;   /* random bytes, 8 for each sample */
    char *out;
    void *state;
    size_t n, bytes; /* samples, and bytes of one */
};

static void copy_row(const struct input *in) { memcpy(in->out, in->x, in->n * in->bytes); }

static uint64_t fold_out(const struct input *in, uint64_t h, size_t n)
{
    return fold_row(h, in->k->kind, in->out, n);
}

/* ---- One case for each kernel ---- */

static uint64_t run_sum(const struct input *in) { return fold_double(1, in->k->sum(in->x, in->n)); }

static uint64_t run_dot(const struct input *in)
{
    return fold_double(1, in->k->dot(in->x, in->y, in->n));
}

static uint64_t run_minmax(const struct input *in)
{
    double min, max;
    in->k->minmax(in->x, in->n, &min, &max);
    return fold_double(fold_double(1, min), max);
}

static uint64_t fold_moments(const struct leat_moments *m)
{
    uint64_t h = fold_double(fold(1, m->count), m->mean);
    return fold_double(fold_double(h, m->mean_low), m->m2);
}

static uint64_t run_moments(const struct input *in)
{
    struct leat_moments m;
    in->k->moments(in->x, in->n, &m);
    return fold_moments(&m);
}

static uint64_t run_moments_wide(const struct input *in)
{
    struct leat_moments m;
    in->k->moments_wide(in->x, in->n, &m);
    return fold_moments(&m);
}

static uint64_t run_block(const struct input *in)
{
    double pivot = 0, sum = 0, square = 0;
    size_t n = in->n < LEAT_STATS_BLOCK ? in->n : LEAT_STATS_BLOCK;
    if (n)
        in->k->block(in->x, n, &pivot, &sum, &square);
    return fold_double(fold_double(fold_double(1, pivot), sum), square);
}

static uint64_t run_finite(const struct input *in)
{
    return fold(1, in->k->finite(in->x, in->n));
}

static uint64_t run_keep_range(const struct input *in)
{
    uint32_t *index = (uint32_t *)(void *)in->out;
    size_t kept = in->k->keep_range(in->x, in->n, -20.0, 40.0, index);
    return fold_bytes(fold(1, kept), index, kept * sizeof *index);
}

static uint64_t run_zscore(const struct input *in)
{
    copy_row(in);
    in->k->zscore(in->out, in->n);
    return fold_out(in, 1, in->n);
}

static uint64_t run_scale(const struct input *in)
{
    in->k->scale(in->out, in->x, in->n, 1.1, -0.3);
    return fold_out(in, 1, in->n);
}

static uint64_t run_clamp(const struct input *in)
{
    in->k->clamp(in->out, in->x, in->n, -1.5, 2.5);
    return fold_out(in, 1, in->n);
}

static uint64_t run_abs(const struct input *in)
{
    in->k->abs(in->out, in->x, in->n);
    return fold_out(in, 1, in->n);
}

static uint64_t run_exp(const struct input *in)
{
    in->k->exp(in->out, in->x, in->n);
    return fold_out(in, 1, in->n);
}

static uint64_t run_log(const struct input *in)
{
    in->k->abs(in->out, in->x, in->n);
    in->k->log(in->out, in->out, in->n);
    uint64_t h = fold_out(in, 1, in->n);
    in->k->log(in->out, in->x, in->n);
    return fold_out(in, h, in->n);
}

/* Streaming kernels see the row in two calls, so that carried state is part of the digest. */
static uint64_t run_steps(const struct input *in,
                          size_t (*step)(void *row, size_t n, struct leat_last *last))
{
    struct leat_last last = { 0 };
    size_t cut = in->n / 3;
    copy_row(in);
    uint64_t h = fold_out(in, 1, step(in->out, cut, &last));
    copy_row(in);
    char *rest = in->out + cut * in->bytes;
    size_t kept = step(rest, in->n - cut, &last);
    return fold_double(fold_row(h, in->k->kind, rest, kept), last.real);
}

static uint64_t run_diff(const struct input *in) { return run_steps(in, in->k->diff); }

static uint64_t run_logreturn(const struct input *in) { return run_steps(in, in->k->logreturn); }

static uint64_t run_ewma(const struct input *in)
{
    struct leat_ewma *state = in->state;
    if (leat_ewma_init(state, 0.125))
        abort();
    copy_row(in);
    in->k->ewma(in->out, in->n, state);
    return fold_double(fold_out(in, 1, in->n), state->value);
}

static uint64_t run_welford(const struct input *in)
{
    uint64_t h = 1;
    for (unsigned output = LEAT_OUT_MEAN; output <= LEAT_OUT_ZSCORE; output++) {
        if (leat_welford_init(in->state, (enum leat_output)output, output & 1))
            abort();
        copy_row(in);
        in->k->welford(in->out, in->n, in->state);
        h = fold_out(in, h, in->n);
    }
    return h;
}

static uint64_t run_rolling(const struct input *in)
{
    static const uint32_t windows[] = { 1, 7, 64, 1000 };
    uint64_t h = 1;
    for (unsigned output = LEAT_OUT_MEAN; output <= LEAT_OUT_ZSCORE; output++) {
        uint32_t window = windows[(output + in->n) % 4];
        if (leat_rolling_init(in->state, window, (enum leat_output)output, output & 1))
            abort();
        copy_row(in);
        in->k->rolling(in->out, in->n, in->state);
        h = fold_out(in, h, in->n);
    }
    return h;
}

static uint64_t run_from(const struct input *in)
{
    uint64_t h = 1;
    for (uint32_t kind = 0; kind <= LEAT_F64; kind++) {
        if (!in->k->from[kind])
            continue;
        size_t bytes = leat_kind_bytes(kind);
        in->k->from[kind](in->out, in->raw, in->n, 0.001);
        h = fold_out(in, h, in->n);
        memcpy(in->out, in->raw, in->n * bytes); /* and on itself */
        in->k->from[kind](in->out, in->out, in->n, 0.001);
        h = fold_out(in, h, in->n);
    }
    return h;
}

static uint64_t run_to(const struct input *in)
{
    uint64_t h = 1;
    for (uint32_t kind = 0; kind <= LEAT_F64; kind++) {
        if (!in->k->to[kind])
            continue;
        copy_row(in);
        in->k->to[kind](in->out, in->out, in->n, 100.0);
        h = kind >= LEAT_F32 ? fold_row(h, kind, in->out, in->n)
                             : fold_bytes(h, in->out, in->n * leat_kind_bytes(kind));
    }
    return h;
}

static const struct test tests[] = {
    /* Same bits, all of them. A kernel whose trees differ would be listed apart, with its bound. */
    ONE(sum), ONE(dot), ONE(minmax), ONE(moments), ONE(finite), ONE(keep_range), ONE(zscore),
    ONE(scale), ONE(clamp), ONE(abs), ONE(exp), ONE(log), ONE(diff), ONE(logreturn), ONE(ewma),
    ONE(welford), ONE(rolling), MANY(from, LEAT_F64 + 1), MANY(to, LEAT_F64 + 1), ONE(block),
    ONE(moments_wide),
};
#define TESTS (sizeof tests / sizeof *tests)

/* ---- Planted faults ---- */

static const struct leat_stats *honest;

static double plant_sum(const void *x, size_t n)
{
    double total = honest->sum(x, n);
    return n == 77 ? nextafter(total, INFINITY) : total;
}

static void plant_scale(void *out, const void *in, size_t n, double a, double b)
{
    honest->scale(out, in, n, a, b);
    for (size_t i = 0; i < n % 4; i++) { /* a scalar tail with one rounding instead of two */
        size_t at = n - 1 - i;
        if (honest->kind == LEAT_F32)
            ((float *)out)[at] = fmaf(((const float *)in)[at], (float)a, (float)b);
        else
            ((double *)out)[at] = fma(((const double *)in)[at], a, b);
    }
}

static void plant_tail(void *out, const void *in, size_t n)
{
    honest->abs(out, in, n + 1); /* writes one sample too many */
}

static void plant(struct leat_stats *copy, const struct leat_stats *table, const char *what)
{
    honest = table;
    if (strcmp(what, "sum") == 0)
        copy->sum = plant_sum;
    if (strcmp(what, "scale") == 0)
        copy->scale = plant_scale;
    if (strcmp(what, "tail") == 0)
        copy->abs = plant_tail;
}

/* ---- The run ---- */

struct bench { /* rows for one kind; x and y start one sample off alignment */
    char *x, *y, *raw, *out;
    void *state;
};

static int run_input(const struct subject *subjects, size_t count, const struct bench *rows,
                     enum pattern pattern, size_t n, uint64_t *digests)
{
    uint32_t kind = subjects[0].table->kind;
    size_t bytes = leat_kind_bytes(kind);
    uint64_t state = (uint64_t)pattern * 1000003u + n;
    char *x = rows->x + bytes, *y = rows->y + bytes;
    int faults = 0;
    for (size_t i = 0; i < n; i++) {
        put_sample(kind, x, i, make_sample(pattern, kind, &state));
        put_sample(kind, y, i, make_sample(RANDOM, kind, &state));
        uint64_t r = next_random(&state);
        memcpy(rows->raw + i * 8, &r, 8);
    }
    for (size_t t = 0; t < TESTS; t++) {
        uint64_t first = 0;
        for (size_t s = 0; s < count; s++) {
            struct input in = { subjects[s].table, x, y, rows->raw, rows->out, rows->state, n,
                                bytes };
            memset(rows->out + n * 8, 0xa5, GUARD);
            memset(rows->out + n * bytes, 0xa5, GUARD);
            uint64_t digest = tests[t].run(&in);
            const unsigned char *guard = (const unsigned char *)rows->out
                                         + n * (tests[t].slots > 1 ? 8 : bytes);
            for (size_t g = 0; g < GUARD; g++) {
                if (guard[g] != 0xa5) {
                    printf("FAIL %s %s n=%zu: wrote behind the row\n", subjects[s].name,
                           tests[t].name, n);
                    return faults + 1;
                }
            }
            first = s ? first : digest;
            if (digest != first) {
                printf("FAIL %s %s n=%zu %s: differs from %s\n", subjects[s].name, tests[t].name,
                       n, pattern_names[pattern], subjects[0].name);
                faults++;
            }
        }
        digests[t] = fold(digests[t], first);
    }
    return faults;
}

static int run_kind(const struct subject *subjects, size_t count, const char *name, bool brief)
{
    uint64_t digests[TESTS] = { 0 };
    size_t longest = brief ? N_BRIEF : N_LONG;
    struct bench rows = { take((longest + 16) * 8), take((longest + 16) * 8), take(longest * 8),
                          take(longest * 8 + GUARD), take(leat_rolling_bytes(1000)) };
    int faults = 0;
    for (size_t n = 0; n <= (brief ? N_BRIEF : 300) && faults < 20; n++)
        for (int p = 0; p < PATTERNS; p++)
            faults += run_input(subjects, count, &rows, (enum pattern)p, n, digests);
    for (int p = 0; p < PATTERNS && faults < 20 && !brief; p++)
        faults += run_input(subjects, count, &rows, (enum pattern)p, 4096, digests);
    if (!brief)
        faults += run_input(subjects, count, &rows, RANDOM, N_LONG, digests);
    print_digests(tests, TESTS, name, digests);
    free(rows.x);
    free(rows.y);
    free(rows.raw);
    free(rows.out);
    free(rows.state);
    return faults;
}

int main(int argc, char **argv)
{
    return conform(argc, argv, tests, TESTS, run_kind, plant);
}
