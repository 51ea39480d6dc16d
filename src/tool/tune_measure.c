/* What is raced for the numbers that change no bit: products that are as large as it takes to see
 * them, of both kinds. */
#define _GNU_SOURCE
#include "tune.h"

#include <leat/frame.h>
#include <leat/linalg.h>
#include <leat/stages.h>

#include <stdlib.h>
#include <string.h>

#define PANEL_A ((uint64_t)16 << 10) /* the largest that is tried */
#define PANEL_B ((uint64_t)8 << 10)
#define FRAME 1024u                  /* samples of a frame */
#define SLOW 1.5e9                   /* operations a second */
#define KEPT 0.02                    /* a gain is worth a line from there on */

/* Room for all of them: bytes of A, of B and of C. */
#define BYTES_A (PANEL_A * LEAT_GEMM_CHUNK)
#define BYTES_B ((size_t)FRAME * 1024 * sizeof(double))
#define BYTES_C (PANEL_A * 1024)

struct bench {
    const struct leat_linalg *kernels[2]; /* f32, f64 */
    char *a, *b, *c, *desk;
    size_t desk_bytes;
};

/* One number, and others for it; 0 ends them. */
struct trial {
    const char *name;
    uint64_t others[TUNE_FIELD - 1];
    void (*run)(const struct bench *b, const struct leat_tuning *t, uint32_t which);
};

static uint32_t width(const struct bench *b, uint32_t which)
{
    return leat_kind_bytes(b->kernels[which]->kind);
}

/* C = A B of these sizes by the tuned kernels. What does not fit into the desk is not run. */
static void product(const struct bench *b, const struct leat_tuning *t, uint32_t which, uint32_t m,
                    uint32_t n, uint32_t k)
{
    struct leat_linalg own;
    const struct leat_linalg *kernels = leat_linalg_tuned(b->kernels[which], t, &own);
    struct leat_matrix x = leat_matrix_rows(b->a, m, k, k), y = leat_matrix_rows(b->b, k, n, n);
    struct leat_matrix z = leat_matrix_rows(b->c, m, n, n);
    int status = leat_gemm(kernels, 1, &x, &y, 0, &z, b->desk, b->desk_bytes, NULL);
    if (status != LEAT_OK)
        abort();
}

/* Rows of A for the largest panel, and B wider than any panel. */
static void run_panel_a(const struct bench *b, const struct leat_tuning *t, uint32_t which)
{
    product(b, t, which, (uint32_t)PANEL_A / width(b, which), 2560 / width(b, which),
            LEAT_GEMM_CHUNK);
}

static void run_panel_b(const struct bench *b, const struct leat_tuning *t, uint32_t which)
{
    product(b, t, which, 576, (uint32_t)PANEL_B / width(b, which), LEAT_GEMM_CHUNK);
}

/* Each size does about as much work as the others. */
static void run_small(const struct bench *b, const struct leat_tuning *t, uint32_t which)
{
    static const uint32_t sides[][2] = {{24, 400}, {48, 50}, {96, 6}, {176, 1}, {288, 1}};
    for (uint32_t i = 0; i < sizeof sides / sizeof *sides; i++)
        for (uint32_t r = 0; r < sides[i][1]; r++)
            product(b, t, which, sides[i][0], sides[i][0], sides[i][0]);
}

/* As stages multiply the channels of a frame: blocks of columns are brought to scratch first. What
 * comes out lies behind the frame, not on it: or the numbers became denormal, run after run. */
static void multiply_frame(const struct bench *b, const struct leat_tuning *t, uint32_t which,
                           uint32_t channels)
{
    struct leat_linalg own;
    const struct leat_linalg *kernels = leat_linalg_tuned(b->kernels[which], t, &own);
    uint32_t each = width(b, which);
    uint32_t block = leat_matmul_columns(kernels->kind, channels, FRAME, t);
    struct leat_matrix turned = leat_matrix_rows(b->a, channels, channels, channels);
    struct leat_matrix a = leat_matrix_transposed(&turned);
    for (uint32_t from = 0; from < FRAME; from += block) {
        uint32_t cols = FRAME - from < block ? FRAME - from : block;
        for (uint32_t r = 0; r < channels; r++)
            memcpy(b->b + (size_t)r * block * each, b->c + ((size_t)r * FRAME + from) * each,
                   (size_t)cols * each);
        struct leat_matrix x = leat_matrix_rows(b->b, channels, cols, block);
        struct leat_matrix y = leat_matrix_rows(b->c + BYTES_C / 2 + (size_t)from * each, channels,
                                                cols, FRAME);
        if (leat_gemm(kernels, 1, &a, &x, 0, &y, b->desk, b->desk_bytes, NULL) != LEAT_OK)
            abort();
    }
}

static void run_block(const struct bench *b, const struct leat_tuning *t, uint32_t which)
{
    multiply_frame(b, t, which, 64);
    multiply_frame(b, t, which, 512);
}

/* In the order of the fields. */
static const struct trial trials[LEAT_TUNING_NEUTRAL] = {
    {"gemm-panel-a", {2048, 4096, 8192, PANEL_A}, run_panel_a},
    {"gemm-panel-b", {512, 1024, 2048, 4096, PANEL_B}, run_panel_b},
    {"gemm-small", {16, 32, 64, 128, 256, 384}, run_small},
    {"matmul-block", {32 << 10, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20, 2 << 20},
     run_block},
};

/* What the release says, as the tables and the stages have it. */
static uint64_t usual(const struct bench *b, uint32_t number)
{
    const struct leat_linalg *k = b->kernels[1];
    const uint64_t of[LEAT_TUNING_NEUTRAL] = {(uint64_t)k->panel_rows * sizeof(double),
                                              (uint64_t)k->panel_cols * sizeof(double),
                                              k->small_most, 0}; /* a rule, no number */
    return of[number];
}

/* ---- the race ---- */

struct running {
    const struct bench *bench;
    const struct trial *trial;
    struct leat_tuning with[TUNE_FIELD];
    uint32_t first; /* kind: f64 alone is half of the time */
};

static double run_with(void *user, uint32_t with)
{
    const struct running *r = user;
    double begun = tune_seconds();
    for (uint32_t which = r->first; which < 2; which++)
        r->trial->run(r->bench, &r->with[with], which);
    return tune_seconds() - begun;
}

static struct leat_tuning tuning_of(uint32_t number, uint64_t value)
{
    struct leat_tuning t = {.size = sizeof t};
    uint32_t n;
    memcpy((char *)&t + leat_tuning_params(&n)[number].offset, &value, sizeof value);
    return t;
}

/* The fastest of them all; then once more, the usual one against it alone: the best of several is
 * also the luckiest. */
static int race_for(struct tune_row *row, const struct bench *b, uint32_t number,
                    const struct tune_how *how)
{
    struct running r = {.bench = b, .trial = &trials[number], .first = how->quick,
                        .with[0] = tuning_of(number, usual(b, number))};
    struct tune_race race = {run_with, &r, 1, how->quick ? 0.1 : 1.5, row->param->name, how};
    struct tune_result result;
    uint64_t values[TUNE_FIELD] = {usual(b, number)};
    uint32_t best = 0;
    for (uint32_t i = 0; i < TUNE_FIELD - 1 && r.trial->others[i] != 0; i++) {
        uint64_t other = r.trial->others[i];
        double usual_is = (double)values[0], apart = (double)other - usual_is;
        if (apart * 50 < usual_is && -apart * 50 < usual_is) /* in whole tiles the same */
            continue;
        values[race.n] = other;
        r.with[race.n++] = tuning_of(number, other);
    }
    if (!tune_race(&result, &race))
        return LEAT_ESTATE;
    for (uint32_t i = 1; i < race.n; i++)
        best = result.gain[i] > result.gain[best] ? i : best;
    row->rounds = result.rounds;
    row->noise = result.noise;
    if (best == 0)
        return LEAT_OK;
    r.with[1] = r.with[best];
    race.n = 2;
    if (!tune_race(&result, &race))
        return LEAT_ESTATE;
    row->rounds += result.rounds;
    row->noise = result.noise;
    if (result.lower[1] > 1 && result.gain[1] - 1 > (result.noise > KEPT ? result.noise : KEPT)) {
        row->best = (double)values[best];
        row->gain = result.gain[1];
    }
    return LEAT_OK;
}

/* Ordinary numbers, whether they are read as f32 or as f64. */
static void fill(char *at, size_t bytes)
{
    uint32_t seed = 1;
    for (size_t i = 0; i + sizeof seed <= bytes; i += sizeof seed) {
        uint32_t bits = UINT32_C(0x3f000000) | seed >> 9;
        seed = seed * 1664525u + 1013904223u;
        memcpy(at + i, &bits, sizeof bits);
    }
}

/* Without a fused multiply-add all of it takes minutes, and nobody tunes that. */
static bool is_fast(const struct bench *b)
{
    const uint32_t side = 64;
    struct leat_tuning none = {.size = sizeof none};
    product(b, &none, 1, side, side, side);
    double begun = tune_seconds();
    product(b, &none, 1, side, side, side);
    return tune_seconds() - begun < 2.0 * side * side * side / SLOW;
}

static int race_all(struct tune_row *rows, const struct bench *b, bool fast,
                    const struct tune_how *how)
{
    int status = LEAT_OK;
    for (uint32_t i = 0; i < LEAT_TUNING_NEUTRAL && status == LEAT_OK; i++) {
        rows[i].usual = rows[i].best = (double)usual(b, i);
        rows[i].measured = fast;
        if (fast)
            status = race_for(&rows[i], b, i, how);
    }
    return status;
}

int tune_measure(struct tune_row rows[TUNE_ROWS], uint32_t *n, const struct tune_how *how)
{
    struct bench b = {.kernels = {leat_linalg_kernels(how->isa, LEAT_F32),
                                  leat_linalg_kernels(how->isa, LEAT_F64)},
                      .desk_bytes = 2 * (PANEL_A + PANEL_B) * LEAT_GEMM_CHUNK};
    size_t all = BYTES_A + BYTES_B + BYTES_C;
    uint32_t params_n;
    const struct leat_param *params = leat_tuning_params(&params_n);
    b.a = aligned_alloc(LEAT_LINE, all + b.desk_bytes);
    if (b.a == NULL)
        return LEAT_ENOMEM;
    fill(b.a, all);
    b.b = b.a + BYTES_A;
    b.c = b.b + BYTES_B;
    b.desk = b.c + BYTES_C;
    *n = how->bits ? params_n : LEAT_TUNING_NEUTRAL;
    for (uint32_t i = 0; i < *n; i++)
        rows[i] = (struct tune_row){.param = &params[i], .gain = 1, .usual = 1, .best = 1};
    bool fast = is_fast(&b);
    int status = race_all(rows, &b, fast, how);
    free(b.a);
    for (uint32_t i = LEAT_TUNING_NEUTRAL; i < *n && status == LEAT_OK && fast; i++)
        status = tune_choices(&rows[i], how);
    return status;
}
