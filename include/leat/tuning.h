/* Tuning: numbers of the machine that a program runs on, for leat_limits.tuning and the calls that
 * take one. Those that the release has are good ones everywhere; `leat tune` measures others.
 *
 * What says how something is computed changes no bit of a result, whatever it is. The last ones say
 * what is computed where there are two ways to about the same numbers: they do change bits, so
 * nothing sets them but who writes them down.
 */
#ifndef LEAT_TUNING_H
#define LEAT_TUNING_H

#include <leat/param.h>

LEAT_BEGIN

/* 0 in a field: what the release says. */
struct leat_tuning {
    uint32_t size; /* sizeof(struct leat_tuning) */

    /* These change no bit. */
    uint64_t gemm_panel_a; /* bytes of a column of a packed panel of A */
    uint64_t gemm_panel_b; /* bytes of a row of a packed panel of B */
    uint64_t gemm_small;   /* rows and columns of the largest product that is not packed */
    uint64_t matmul_block; /* bytes of channels that stages multiply at once by a dense matrix */

    /* These do, where a stage chooses by itself: times what the release counts for it, */
    double filter_price;      /* a filter's spectra cost, beside its products */
    double sparse_price_few;  /* an entry of a sparse matrix costs, beside an element of a dense */
    double sparse_price_many; /* one, on fewer than LEAT_SPARSE_FEW columns, and on others */
};

#define LEAT_TUNING_NEUTRAL 4u /* so many of the fields change no bit, the first ones */

/* Names, ranges and words of the fields, in their order: a name in a file is the field's, with - in
 * place of _. leat_param_read and leat_options_check take them. */
LEAT_API const struct leat_param *leat_tuning_params(uint32_t *n);

/* 0, or which number is out of its range (LEAT_ERANGE); LEAT_EINVAL: the struct is of another size
 * than this version's. */
LEAT_API LEAT_MUST_USE int leat_tuning_check(const struct leat_tuning *tuning,
                                             struct leat_diag *diag);

LEAT_END

#endif
