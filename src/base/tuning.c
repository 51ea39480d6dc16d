#include <leat/tuning.h>

#define FIELD(member) .offset = offsetof(struct leat_tuning, member), .fallback = ""
#define BYTES(member) FIELD(member), .type = LEAT_P_U64, .unit = LEAT_BYTES
#define PRICE(member) FIELD(member), .type = LEAT_P_F64, .min = 0.05, .max = 20
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
     .doc = "bytes of a frame's channels that a stage multiplies at once by a dense matrix"},
    {.name = "filter-price", PRICE(filter_price), .example = "0.8",
     .doc = "what spectra cost beside products, times what the release says, for fir and convolve"},
    {.name = "sparse-price-few", PRICE(sparse_price_few), .example = "1.5",
     .doc = "what an entry costs beside an element, times what the release says, for matmul on "
            "frames of less than 8 samples"},
    {.name = "sparse-price-many", PRICE(sparse_price_many), .example = "0.7",
     .doc = "the same on longer frames"},
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
