/* Batches beside single rows, bit for bit, however rows lie; and rows that lie where they must not.
 */
#include "oracle.h"

#include <criterion/criterion.h>

#define EACH_TABLE(k) \
    for (unsigned isa_ = 0; isa_ < LEAT_ISAS; isa_++) \
        if (leat_isa_usable((enum leat_isa)isa_)) \
            EACH_KIND(k, (enum leat_isa)isa_)

struct job {
    const struct leat_fft *k;
    enum leat_fft_type type;
    size_t n, bins, each;
    void *plan, *scratch;
};

static struct job job_make(const struct leat_fft *k, enum leat_fft_type type, size_t n)
{
    struct job j = {k, type, n, type == LEAT_FFT_REAL ? n / 2 + 1 : n, leat_kind_bytes(k->kind),
                    allocate(leat_fft_bytes(type, n, k->kind)),
                    allocate(leat_fft_scratch(type, n, k->kind))};
    cr_assert_eq(leat_fft_init(j.plan, type, n, k->kind, j.scratch), 0);
    return j;
}

static void job_free(struct job *j)
{
    free(j->plan), free(j->scratch);
}

/* Every third length hardly anything but zeros of either sign: they tell whether a twiddle of 1 has
 * been multiplied by. */
static void fill(const struct job *j, void *row, size_t n, uint64_t seed)
{
    for (size_t t = 0; t < n; t++) {
        double x = random_unit(&seed);
        bool zero = j->n % 3 == 1 && t % 23 != 5;
        set(j->k->kind, row, t, zero ? copysign(0, x) : x);
    }
}

static void *row_of(const struct job *j, void *first, int64_t step, uint64_t i)
{
    return (char *)first + (int64_t)i * step * (int64_t)j->each;
}

/* What the batch is held to: the single calls, on rows of their own. */
static void by_row(const struct job *j, bool inverse, const struct leat_fft_rows *out,
                   const struct leat_fft_rows *in, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        void *re = row_of(j, out->re, out->step, i), *im = row_of(j, out->im, out->step, i);
        void *in_re = row_of(j, in->re, in->step, i), *in_im = row_of(j, in->im, in->step, i);
        if (j->type == LEAT_FFT_COMPLEX)
            (inverse ? j->k->inverse : j->k->forward)(j->plan, re, im, in_re, in_im, j->scratch);
        else if (inverse)
            j->k->real_inverse(j->plan, re, in_re, in_im, j->scratch);
        else
            j->k->real_forward(j->plan, re, im, in_re, j->scratch);
    }
}

/* Rows of re and im one behind the other, `step` apart: row 0 is the last where it is negative. */
static struct leat_fft_rows lay(const struct job *j, char *memory, int64_t step, uint64_t count)
{
    int64_t first = step < 0 ? -step * (int64_t)(count - 1) : 0;
    char *re = memory + first * (int64_t)j->each;
    return (struct leat_fft_rows){re, re + (size_t)llabs(step) / 2 * j->each, step};
}

static void check_batch(const struct job *j, bool inverse, int64_t step, uint64_t count,
                        bool in_place)
{
    size_t bytes = (size_t)llabs(step) * count * j->each;
    char *memory[3]; /* what is transformed, by row, by batch */
    for (int m = 0; m < 3; m++) {
        memory[m] = allocate(bytes);
        fill(j, memory[m], bytes / j->each, m == 0 ? 1 : 2);
    }
    struct leat_fft_rows in = lay(j, memory[0], step, count), want = lay(j, memory[1], step, count);
    struct leat_fft_rows got = lay(j, memory[in_place ? 0 : 2], step, count);
    by_row(j, inverse, &want, &in, count);
    cr_assert_eq(leat_fft_batch(j->k, j->plan, inverse, &got, &in, count, j->scratch, NULL), 0);
    size_t n = inverse ? j->n : j->bins;
    for (uint64_t i = 0; i < count; i++) {
        cr_assert_arr_eq(row_of(j, got.re, step, i), row_of(j, want.re, step, i), n * j->each,
                         "n %zu, row %llu of %llu", j->n, (unsigned long long)i,
                         (unsigned long long)count);
        if (j->type == LEAT_FFT_COMPLEX || !inverse)
            cr_assert_arr_eq(row_of(j, got.im, step, i), row_of(j, want.im, step, i), n * j->each,
                             "n %zu, row %llu of %llu", j->n, (unsigned long long)i,
                             (unsigned long long)count);
    }
    if (!in_place) /* and nothing between rows */
        cr_assert_arr_eq(memory[1], memory[2], bytes, "n %zu", j->n);
    for (int m = 0; m < 3; m++)
        free(memory[m]);
}

Test(batch, rows_have_the_bits_that_they_have_alone, .timeout = 280)
{
    static const uint64_t counts[] = {1, 2, 7, 8, 9, 16, 35};
    static const size_t longer[] = {112, 125, 126, 127, 128, 200, 256, 500, 512, 1000};
    for (size_t l = 1; l <= 70; l++)
        EACH_TABLE(k)
            for (int way = 0; way < 4; way++) {
                size_t n = l <= 60 ? l : longer[l - 61];
                struct job j = job_make(k, (enum leat_fft_type)(way / 2), n);
                uint64_t count = counts[(l + (size_t)way) % 7];
                int64_t step = 2 * (int64_t)n + 3 + (int64_t)l % 4;
                check_batch(&j, way % 2, l % 3 == 0 ? -step : step, count, false);
                check_batch(&j, way % 2, l % 3 == 1 ? -step : step, count, true);
                job_free(&j);
            }
}

/* Real rows of a frame become pairs of rows there and come back, the last channel first. */
Test(batch, rows_of_a_frame_make_room_for_each_other)
{
    EACH_TABLE(k)
        for (size_t n = 6; n <= 300; n += 49) {
            struct job j = job_make(k, LEAT_FFT_REAL, n);
            int64_t step = (int64_t)n + 2;
            uint64_t count = 20;
            size_t bytes = (size_t)step * 2 * count * j.each;
            char *frame = allocate(bytes), *want = allocate(bytes), *given = allocate(bytes);
            fill(&j, frame, bytes / j.each, n);
            memcpy(given, frame, bytes);
            struct leat_fft_rows in = {row_of(&j, frame, step, count - 1), NULL, -step};
            struct leat_fft_rows out = {row_of(&j, frame, 2 * step, count - 1), NULL, -2 * step};
            out.im = row_of(&j, out.re, step, 1);
            struct leat_fft_rows apart_in = {given, given, step};
            struct leat_fft_rows apart = {want, row_of(&j, want, step, 1), 2 * step};
            by_row(&j, false, &apart, &apart_in, count);
            cr_assert_eq(leat_fft_batch(k, j.plan, false, &out, &in, count, j.scratch, NULL), 0);
            for (uint64_t r = 0; r < 2 * count; r++)
                cr_assert_arr_eq(row_of(&j, frame, step, r), row_of(&j, want, step, r),
                                 j.bins * j.each, "n %zu, row %llu", n, (unsigned long long)r);
            struct leat_fft_rows back = {frame, NULL, step};
            struct leat_fft_rows bins = {frame, row_of(&j, frame, step, 1), 2 * step};
            struct leat_fft_rows apart_back = {given, given, step};
            by_row(&j, true, &apart_back, &apart, count);
            cr_assert_eq(leat_fft_batch(k, j.plan, true, &back, &bins, count, j.scratch, NULL), 0);
            for (uint64_t r = 0; r < count; r++)
                cr_assert_arr_eq(row_of(&j, frame, step, r), row_of(&j, given, step, r),
                                 n * j.each, "n %zu, row %llu", n, (unsigned long long)r);
            free(frame), free(want), free(given);
            job_free(&j);
        }
}

/* ---- Bad input ---- */

struct bad {
    int64_t out_re, out_im, out_step, in_re, in_im, in_step; /* samples from the first */
    uint64_t count;
    int code;
    const char *why;
};

static void refuse(const struct job *j, const struct bad *bad, char *memory)
{
    struct leat_fft_rows out = {row_of(j, memory, bad->out_re, 1),
                                row_of(j, memory, bad->out_im, 1), bad->out_step};
    struct leat_fft_rows in = {row_of(j, memory, bad->in_re, 1), row_of(j, memory, bad->in_im, 1),
                               bad->in_step};
    struct leat_diag diag = {0};
    int code = leat_fft_batch(j->k, j->plan, false, &out, &in, bad->count, j->scratch, &diag);
    cr_expect_eq(code, bad->code, "%s: %d, %s", bad->why, code, diag.text);
    cr_expect(code == 0 || strstr(diag.text, bad->why) != NULL, "%s: %s", bad->why, diag.text);
}

Test(batch, rows_that_lie_where_they_must_not_are_refused)
{
    static const struct bad bad[] = {
        /* out at 0 and 100, in at 1000 and 1100, of 8 samples each */
        {0, 100, 8, 1000, 1100, 8, 4, 0, ""},
        {0, 8, 16, 1000, 1008, 16, 4, 0, ""},
        {0, 8, 16, 1000, 1008, 0, 4, 0, ""},
        {0, 100, 7, 1000, 1100, 8, 4, LEAT_EINVAL, "out.re: rows of"},
        {0, 100, 0, 1000, 1100, 8, 4, LEAT_EINVAL, "out.re: rows of"},
        {0, 100, -7, 1000, 1100, 8, 4, LEAT_EINVAL, "out.re: rows of"},
        {0, 100, 0, 1000, 1100, 0, 1, 0, ""},
        {0, 7, 16, 1000, 1008, 16, 4, LEAT_EINVAL, "parts of out"},
        {0, 24, 8, 1000, 1100, 8, 4, LEAT_EINVAL, "parts of out"},
        {0, 24, 8, 1000, 1100, 8, 3, 0, ""},
        {100, 76, 8, 1000, 1100, 8, 4, LEAT_EINVAL, "parts of out"},
        {0, 100, 8, 0, 100, 8, 4, 0, ""},    /* in place */
        {0, 100, 8, 100, 0, 8, 4, 0, ""},    /* parts changed over */
        {0, 100, 8, 1, 200, 8, 4, LEAT_EINVAL, "out.re: row 0 lies on fft: in.re, but"},
        {0, 100, 8, 8, 200, 8, 4, 0, ""},    /* on rows before it */
        {0, 100, 8, -8, 200, 8, 4, LEAT_EINVAL, "row 0 lies on fft: in.re, on rows that are still"},
        {0, 100, -8, -8, 200, -8, 4, 0, ""},
        {0, 100, -8, 8, 200, -8, 4, LEAT_EINVAL, "still to be read"},
        {0, 100, 16, 24, 200, 8, 4, 0, ""},
        {0, 100, 24, 8, 300, 8, 4, LEAT_EINVAL, "row 1 lies on fft: in.re, on rows that are still"},
        {0, 100, 8, 100, 200, 8, 4, 0, ""},
        {0, 100, 8, 108, 200, 8, 4, 0, ""},
        {0, 100, 8, 92, 200, 8, 4, LEAT_EINVAL, "out.im: row 0"},
        {0, 100, INT64_MAX / 4, 1000, 1100, 8, 2, LEAT_ERANGE, "out.re: 2 rows"},
        {0, 100, 8, 1000, 1100, INT64_MIN, 3, LEAT_ERANGE, "in.re: 3 rows"},
        {0, 100, 8, 1000, 1100, 8, UINT64_MAX, LEAT_ERANGE, "out.re"},
    };
    EACH_KIND(k, leat_isa_best()) {
        struct job j = job_make(k, LEAT_FFT_COMPLEX, 8);
        char *memory = allocate(4096 * j.each);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            refuse(&j, &bad[i], memory + 1024 * j.each);
        free(memory);
        job_free(&j);
    }
}
