/* Stages under a tuning: the same bits, in the scratch that they asked for. */
#define _GNU_SOURCE
#include "harness.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define SIDE 8u
#define COLS 5000u /* of a frame */

/* A matrix [SIDE x SIDE] of f64 in a file of its own. */
static void write_matrix(const char *path)
{
    char header[118];
    FILE *out = fopen(path, "wb");
    cr_assert_not_null(out);
    memset(header, ' ', sizeof header);
    memcpy(header, "{'descr': '<f8', 'fortran_order': False, 'shape': (8, 8), }", 59);
    header[sizeof header - 1] = '\n';
    fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, out);
    fwrite(header, 1, sizeof header, out);
    for (uint32_t i = 0; i < SIDE * SIDE; i++) {
        double x = sin(i + 1.0);
        fwrite(&x, sizeof x, 1, out);
    }
    cr_assert_eq(fclose(out), 0);
}

static struct samples made_by(const char *stage, const char *options, uint32_t cols,
                              uint32_t kind, size_t *scratch)
{
    struct harness h;
    struct samples in = samples_walk(SIDE, 2 * cols - cols / 3, kind, 1), out;
    harness_open(&h, stage, options, SIDE, cols, kind, 0);
    *scratch = h.need.scratch_bytes;
    harness_run(&h, &in, cols, true);
    out = h.out;
    h.out = (struct samples){0};
    harness_close(&h);
    samples_free(&in);
    return out;
}

static const struct leat_tuning tunings[] = {
    {.size = sizeof *tunings, .gemm_panel_a = 64, .gemm_panel_b = 64, .gemm_small = 1,
     .matmul_block = 1 << 24},
    {.size = sizeof *tunings, .gemm_panel_a = 65536, .gemm_panel_b = 65536, .gemm_small = 4096,
     .matmul_block = 1 << 24},
    {.size = sizeof *tunings, .gemm_small = 1, .matmul_block = 4096},
    {.size = sizeof *tunings, .gemm_panel_b = 1000},
};

static void check(const char *stage, const char *options, uint32_t cols)
{
    size_t usual, scratch, differ = 0;
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++) {
        harness_tuning = NULL;
        struct samples want = made_by(stage, options, cols, kind, &usual);
        for (size_t t = 0; t < sizeof tunings / sizeof *tunings; t++) {
            harness_tuning = &tunings[t];
            struct samples got = made_by(stage, options, cols, kind, &scratch);
            cr_assert(samples_same(&want, &got), "%s: tuning %zu", stage, t);
            differ += scratch != usual;
            samples_free(&got);
        }
        samples_free(&want);
    }
    cr_assert_geq(differ, 4, "%s asks for the scratch that it asks for untuned", stage);
}

Test(tuning, changes_no_bit_of_a_product)
{
    char path[] = "tuning-XXXXXX.npy", options[64];
    cr_assert_geq(mkstemps(path, 4), 0);
    write_matrix(path);
    snprintf(options, sizeof options, "matrix=%s kind=dense", path);
    check("matmul", options, COLS);
    snprintf(options, sizeof options, "matrix=%s alpha=0.3 beta=0.7", path);
    check("gemm", options, COLS);
    snprintf(options, sizeof options, "basis=%s", path);
    check("project", options, COLS);
    unlink(path);
}

Test(tuning, changes_no_bit_of_singular_values)
{
    check("rsvd", "rank=3", 600);
}
