/* Same bits from every instruction set: the transforms' tables on the same inputs.
 *
 * As conformance.c does for statistics: a pointer of a table that no case covers is a failure, and
 * the digests of a run on another architecture must be the same lines.
 *
 *   fourier                       every table that this machine can execute
 *   fourier --brief               transforms of N_BRIEF samples and less alone
 *   fourier --plant turn|case     a planted fault, in brief: must fail
 */
#include <leat/fft.h>

#define KERNELS struct leat_fft
#define KERNELS_FIRST forward
#define KERNELS_OF leat_fft_kernels
#define KERNELS_EXTRA "extra_fft_tables.inc"
#include "tables.h"

#define N_MAX 8192u
#define N_BRIEF 100u

struct input {
    const struct leat_fft *k;
    const struct leat_fft_plan *plan[2]; /* complex, real */
    const char *re, *im;
    char *out_re, *out_im, *scratch, *many[2];
    size_t n;
};

static uint64_t fold_out(const struct input *in, size_t n)
{
    return fold_row(fold_row(1, in->k->kind, in->out_re, n), in->k->kind, in->out_im, n);
}

static uint64_t run_forward(const struct input *in)
{
    in->k->forward(in->plan[0], in->out_re, in->out_im, in->re, in->im, in->scratch);
    return fold_out(in, in->n);
}

static uint64_t run_inverse(const struct input *in)
{
    in->k->inverse(in->plan[0], in->out_re, in->out_im, in->re, in->im, in->scratch);
    return fold_out(in, in->n);
}

static uint64_t run_real_forward(const struct input *in)
{
    in->k->real_forward(in->plan[1], in->out_re, in->out_im, in->re, in->scratch);
    return fold_out(in, in->n / 2 + 1);
}

static uint64_t run_real_inverse(const struct input *in)
{
    memset(in->out_im, 0, in->n * 8);
    in->k->real_inverse(in->plan[1], in->out_re, in->re, in->im, in->scratch);
    return fold_out(in, in->n);
}

static uint64_t run_magnitude(const struct input *in)
{
    in->k->magnitude(in->out_re, in->re, in->im, in->n);
    return fold_row(1, in->k->kind, in->out_re, in->n);
}

static uint64_t run_power(const struct input *in)
{
    in->k->power(in->out_re, in->re, in->im, in->n);
    return fold_row(1, in->k->kind, in->out_re, in->n);
}

static uint64_t run_phase(const struct input *in)
{
    in->k->phase(in->out_re, in->re, in->im, in->n);
    return fold_row(1, in->k->kind, in->out_re, in->n);
}

static uint64_t run_multiply(const struct input *in)
{
    in->k->multiply(in->out_re, in->re, in->im, in->n);
    return fold_row(1, in->k->kind, in->out_re, in->n);
}

static uint64_t run_turn(const struct input *in)
{
    size_t bytes = in->n * leat_kind_bytes(in->k->kind);
    memcpy(in->out_re, in->im, bytes);
    memcpy(in->out_im, in->re, bytes);
    in->k->turn(in->out_re, in->out_im, in->re, in->im, in->n);
    return fold_out(in, in->n);
}

/* The first samples of a row are the taps, the others are filtered. */
static uint64_t run_fir(const struct input *in)
{
    size_t taps = in->n < 8 ? 1 : in->n < 64 ? 5 : 33, n = in->n - (taps - 1);
    in->k->fir(in->out_re, in->re + (taps - 1) * leat_kind_bytes(in->k->kind), n, in->im, taps);
    return fold_row(1, in->k->kind, in->out_re, n);
}

#define ROWS 18u /* enough to go side by side */

/* Both types, both ways; no two rows are alike. */
static uint64_t run_batch(const struct input *in)
{
    size_t each = leat_kind_bytes(in->k->kind), n = in->n;
    uint64_t digest = 1;
    bool some = n <= 24 || n == 60 || n == 64 || n == 100 || n == 128;
    for (int way = 0; way < 4 && some; way++) {
        struct leat_fft_rows rows[2];
        for (int side = 0; side < 2; side++)
            rows[side] = (struct leat_fft_rows){in->many[side], in->many[side] + n * ROWS * each,
                                                (int64_t)n};
        for (size_t i = 0; i < 2 * n * ROWS; i++)
            memcpy(in->many[0] + i * each, (i % 3 ? in->re : in->im) + i / 2 % n * each, each);
        memset(in->many[1], 0, 2 * n * ROWS * each);
        in->k->batch(in->plan[way / 2], way % 2, &rows[1], &rows[0], ROWS, in->scratch);
        digest = fold_row(digest, in->k->kind, in->many[1], 2 * n * ROWS);
    }
    return digest;
}

static const struct test tests[] = {
    ONE(forward), ONE(inverse), ONE(real_forward), ONE(real_inverse),
    ONE(magnitude), ONE(power), ONE(multiply), ONE(turn), ONE(fir), ONE(phase),
    ONE(batch),
};
#define TESTS (sizeof tests / sizeof *tests)

/* A planted fault: a bin is off by its last place. */
static const struct leat_fft *honest;

static void plant_forward(const struct leat_fft_plan *plan, void *re, void *im, const void *in_re,
                          const void *in_im, void *scratch)
{
    honest->forward(plan, re, im, in_re, in_im, scratch);
    if (honest->kind == LEAT_F32)
        ((float *)re)[0] = nextafterf(((float *)re)[0], INFINITY);
    else
        ((double *)re)[0] = nextafter(((double *)re)[0], INFINITY);
}

static void plant(struct leat_fft *copy, const struct leat_fft *table, const char *what)
{
    honest = table;
    if (strcmp(what, "turn") == 0)
        copy->forward = plant_forward;
}

struct rows {
    char *re, *im, *out_re, *out_im, *scratch, *plan[2], *many[2];
};

static int run_length(const struct subject *subjects, size_t count, const struct rows *rows,
                      enum pattern pattern, size_t n, uint64_t *digests)
{
    uint32_t kind = subjects[0].table->kind;
    size_t bytes = leat_kind_bytes(kind);
    uint64_t state = (uint64_t)pattern * 1000003u + n;
    char *re = rows->re + bytes, *im = rows->im + bytes; /* off alignment */
    int faults = 0;
    for (size_t i = 0; i < n + 1; i++) {
        put_sample(kind, re, i, make_sample(pattern, kind, &state));
        put_sample(kind, im, i, make_sample(pattern, kind, &state));
    }
    for (int type = LEAT_FFT_COMPLEX; type <= LEAT_FFT_REAL; type++)
        if (leat_fft_init((void *)rows->plan[type], (enum leat_fft_type)type, n, kind,
                          rows->scratch))
            abort();
    for (size_t t = 0; t < TESTS; t++) {
        uint64_t first = 0;
        for (size_t s = 0; s < count; s++) {
            struct input in = {subjects[s].table, {(void *)rows->plan[0], (void *)rows->plan[1]},
                               re, im, rows->out_re, rows->out_im, rows->scratch,
                               {rows->many[0], rows->many[1]}, n};
            uint64_t digest = tests[t].run(&in);
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

static size_t most(size_t (*bytes)(enum leat_fft_type type, uint64_t n, uint32_t kind))
{
    size_t largest = 0;
    for (size_t n = 1; n <= N_MAX; n++)
        for (int type = LEAT_FFT_COMPLEX; type <= LEAT_FFT_REAL; type++) {
            size_t b = bytes((enum leat_fft_type)type, n, LEAT_F64);
            largest = b > largest ? b : largest;
        }
    return largest;
}

static int run_kind(const struct subject *subjects, size_t count, const char *name, bool brief)
{
    static const size_t lengths[] = {384,  500,  512,  729,  1000, 1009,
                                     1024, 2048, 2310, 4096, N_MAX};
    uint64_t digests[TESTS] = {0};
    size_t row = (N_MAX + 16) * 8;
    struct rows rows = {take(row), take(row), take(row), take(row), take(most(leat_fft_scratch)),
                        {take(most(leat_fft_bytes)), take(most(leat_fft_bytes))},
                        {take(2 * row), take(2 * row)}};
    int faults = 0;
    for (size_t n = 1; n <= (brief ? N_BRIEF : 130) && faults < 20; n++)
        for (int p = 0; p < PATTERNS; p++)
            faults += run_length(subjects, count, &rows, (enum pattern)p, n, digests);
    for (int p = 0; p < PATTERNS && !brief; p++) /* the first that is made in sweeps alone */
        faults += run_length(subjects, count, &rows, (enum pattern)p, 256, digests);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths && faults < 20 && !brief; i++)
        faults += run_length(subjects, count, &rows, RANDOM, lengths[i], digests);
    print_digests(tests, TESTS, name, digests);
    free(rows.re), free(rows.im), free(rows.out_re), free(rows.out_im), free(rows.scratch);
    free(rows.plan[0]), free(rows.plan[1]), free(rows.many[0]), free(rows.many[1]);
    return faults;
}

int main(int argc, char **argv)
{
    return conform(argc, argv, tests, TESTS, run_kind, plant);
}
