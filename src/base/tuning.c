#include <leat/tuning.h>

#define FIELD(member) .offset = offsetof(struct leat_tuning, member), .fallback = ""
#define BYTES(member) FIELD(member), .type = LEAT_P_U64, .unit = LEAT_BYTES
#define COUNT(member) FIELD(member), .type = LEAT_P_U64, .unit = LEAT_COUNT

/* A workspace grows with its panels: at most 32 MiB each. */
static const struct leat_param params[] = {
    {.name = "gemm-panel-a", BYTES(gemm_panel_a), .min = 64, .max = 65536, .example = "16Ki",
     .doc = "bytes of a column of what is packed of A at once, in a matrix product"},
    {.name = "gemm-panel-b", BYTES(gemm_panel_b), .min = 64, .max = 65536, .example = "4Ki",
     .doc = "bytes of a row of what is packed of B at once"},
    {.name = "gemm-small", COUNT(gemm_small), .min = 1, .max = 4096, .example = "64",
     .doc = "rows and columns of the largest product that is computed where it lies"},
    {.name = "matmul-block", BYTES(matmul_block), .min = 4096, .max = 16777216, .example = "512Ki",
     .doc = "bytes of a frame's channels that are multiplied at once by the matrix of a stage"},
};

const struct leat_param *leat_tuning_params(uint32_t *n)
{
    *n = sizeof params / sizeof *params;
    return params;
}

int leat_tuning_check(const struct leat_tuning *tuning, struct leat_diag *diag)
{
    if (tuning->size != sizeof *tuning)
        return leat_diag_set(diag, LEAT_EINVAL, "leat_tuning: size is %u, not %zu as here",
                             tuning->size, sizeof *tuning);
    return leat_options_check(params, sizeof params / sizeof *params, tuning, diag);
}
