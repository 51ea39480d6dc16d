/* Tuned tables: the same bits whatever the tiles, in workspaces of just the bytes; and the tiles
 * are those that were asked for. */
#include "matrices.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct shape {
    uint32_t m, n, p, levels;
};

/* A product of random numbers by these kernels; the bytes of C, freed by the caller. */
static struct watched product(const struct leat_linalg *k, struct shape s, enum layout layout)
{
    struct watched a = matrix_make(k->kind, s.m, s.p, layout);
    struct watched b = matrix_make(k->kind, s.p, s.n, layout);
    struct watched c = matrix_make(k->kind, s.m, s.n, layout == COLUMNS ? COLUMNS : ROWS);
    uint64_t seed = s.m + 1000 * s.n + s.p;
    fill_random(&a, &seed), fill_random(&b, &seed), fill_random(&c, &seed);
    size_t bytes = leat_gemm_strassen_bytes(k, s.m, s.n, s.p, s.levels);
    unsigned char *desk = desk_make(bytes);
    cr_assert_eq(leat_gemm_strassen(k, s.levels, 1.1, &a.m, &b.m, 0.3, &c.m, desk, bytes, NULL), 0);
    cr_assert(desk_clean(desk, bytes), "wrote behind the workspace");
    matrix_free(&a), matrix_free(&b);
    return c;
}

static void same_bits(const struct leat_linalg *k, const struct leat_tuning *t, struct shape s,
                      enum layout layout)
{
    struct leat_linalg own;
    const struct leat_linalg *tuned = leat_linalg_tuned(k, t, &own);
    struct watched want = product(k, s, layout), got = product(tuned, s, layout);
    cr_assert_eq(memcmp(want.memory, got.memory, want.n * leat_kind_bytes(k->kind)), 0,
                 "%s %s [%u x %u] by [%u x %u], %u levels: panels %u and %u, small %u",
                 leat_isa_name((enum leat_isa)k->isa), leat_kind_name(k->kind), s.m, s.p, s.p, s.n,
                 s.levels, tuned->panel_rows, tuned->panel_cols, tuned->small_most);
    matrix_free(&want), matrix_free(&got);
}

/* The ends of every range, and in between; shapes that cross tiles, panels and chunks. */
Test(tuning, no_bit_changes)
{
    static const uint64_t panels[] = {0, 64, 200, 1000, 65536}, smalls[] = {0, 1, 17, 4096};
    static const struct shape shapes[] = {{13, 37, 5, 0},     {40, 200, 390, 0}, {100, 70, 384, 0},
                                          {7, 300, 400, 0},   {130, 3, 31, 0},   {61, 90, 71, 1},
                                          {64, 130, 1030, 2}, {33, 65, 129, 3}};
    unsigned turn = 0;
    EACH_TABLE(k)
        for (int a = 0; a < 5; a++)
            for (int b = 0; b < 5; b++, turn++) {
                if (k->isa == LEAT_ISA_BASE ? a != b : (a + b) % 2 != 0)
                    continue; /* the first is slow: a call for each fma */
                struct leat_tuning t = {.size = sizeof t, .gemm_panel_a = panels[a],
                                        .gemm_panel_b = panels[b],
                                        .gemm_small = smalls[turn % 4]};
                cr_assert_eq(leat_tuning_check(&t, NULL), 0);
                same_bits(k, &t, shapes[turn % 8], (enum layout)(turn % LAYOUTS));
            }
}

/* ---- they are what is used ---- */

static const struct leat_linalg *real;
static uintptr_t lowest, highest; /* bytes that were packed into */
static unsigned smalls_run;

static void watched_pack(void *packed, uint32_t wide, const void *m, int64_t row, int64_t col,
                         uint32_t n, uint32_t depth)
{
    uintptr_t at = (uintptr_t)packed;
    uintptr_t end = at + (uintptr_t)wide * depth * leat_kind_bytes(real->kind);
    lowest = at < lowest ? at : lowest;
    highest = end > highest ? end : highest;
    real->pack(packed, wide, m, row, col, n, depth);
}

static void watched_small(const struct leat_small *s)
{
    smalls_run++;
    real->small(s);
}

/* Bytes that a product packs into. */
static size_t packed_by(const struct leat_linalg *k, const struct leat_tuning *t, struct shape s)
{
    struct leat_linalg watched = *k, own;
    real = k;
    watched.pack = watched_pack;
    watched.small = watched_small;
    lowest = UINTPTR_MAX;
    highest = 0;
    struct watched c = product(leat_linalg_tuned(&watched, t, &own), s, ROWS);
    matrix_free(&c);
    return highest > lowest ? highest - lowest : 0;
}

Test(tuning, panels_are_as_large_as_they_say)
{
    const struct shape s = {50, 200, 20, 0};
    EACH_TABLE(k) {
        uint32_t width = leat_kind_bytes(k->kind), tile = k->tile_cols * width;
        struct leat_tuning t = {.size = sizeof t, .gemm_small = 1};
        for (uint32_t tiles = 1; tiles <= 3; tiles++) {
            t.gemm_panel_a = (uint64_t)tiles * k->tile_rows * width;
            t.gemm_panel_b = (uint64_t)tiles * tile + tile / 2; /* whole tiles of it */
            size_t a = leat_round_up(t.gemm_panel_a * s.p, LEAT_LINE);
            if (t.gemm_panel_a >= 64)
                cr_assert_eq(packed_by(k, &t, s), a + (size_t)tiles * tile * s.p, "%u", tiles);
        }
    }
}

Test(tuning, what_is_small_is_what_it_says)
{
    EACH_TABLE(k) {
        for (uint32_t most = 1; most <= 64; most += 21) {
            struct leat_tuning t = {.size = sizeof t, .gemm_small = most};
            smalls_run = 0;
            (void)packed_by(k, &t, (struct shape){most + 1, most + 1, 60, 0});
            cr_assert_eq(smalls_run, 0, "%u", most);
            (void)packed_by(k, &t, (struct shape){most + 1, most, 60, 0});
            cr_assert_eq(smalls_run, 0, "%u", most);
            (void)packed_by(k, &t, (struct shape){most, most, 60, 0});
            cr_assert_eq(smalls_run, most > 1, "%u", most); /* one column is no such product */
        }
    }
}

Test(tuning, nothing_said_is_the_table_itself)
{
    struct leat_linalg own;
    struct leat_tuning t = {.size = sizeof t};
    const struct leat_linalg *k = leat_linalg_kernels(LEAT_ISA_BASE, LEAT_F64);
    cr_assert_eq(leat_linalg_tuned(k, NULL, &own), k);
    cr_assert_eq(leat_linalg_tuned(k, &t, &own), k);
    t.gemm_panel_a = 1 << 14;
    cr_assert_eq(leat_linalg_tuned(k, &t, &own), &own);
    cr_assert_eq(own.panel_cols, k->panel_cols);
    cr_assert_eq(own.small_most, k->small_most);
    cr_assert_eq(own.panel_rows, (1 << 14) / 8 / k->tile_rows * k->tile_rows);
}

/* ---- the numbers themselves ---- */

Test(tuning, a_number_out_of_range_is_told_by_its_name)
{
    uint32_t n;
    const struct leat_param *params = leat_tuning_params(&n);
    struct leat_diag diag;
    for (uint32_t i = 0; i < n; i++) {
        struct leat_tuning t = {.size = sizeof t};
        char beyond[32];
        snprintf(beyond, sizeof beyond, "%.17g", 2 * params[i].max);
        cr_assert_eq(leat_param_read(&params[i], beyond, &t, NULL, &diag), LEAT_ERANGE);
        cr_assert_eq(leat_param_read(&params[i], params[i].example, &t, NULL, &diag), 0);
        cr_assert_eq(leat_tuning_check(&t, &diag), 0, "%s", diag.text);
        double huge = 2 * params[i].max;
        uint64_t whole = (uint64_t)huge;
        memcpy((char *)&t + params[i].offset,
               params[i].type == LEAT_P_F64 ? (const void *)&huge : &whole, sizeof whole);
        cr_assert_eq(leat_tuning_check(&t, &diag), LEAT_ERANGE);
        size_t name = strlen(params[i].name);
        cr_assert_eq(strncmp(diag.text, params[i].name, name), 0, "%s", diag.text);
    }
    struct leat_tuning old = {.size = 8};
    cr_assert_eq(leat_tuning_check(&old, &diag), LEAT_EINVAL);
}
