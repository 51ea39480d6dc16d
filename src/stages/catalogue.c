/* The list that names the stages of this room. A new stage is a file and a line here. */
#include "stages/room.h"

static const struct leat_stage *const stages[] = {
    &leat_stage_zscore, &leat_stage_welford, &leat_stage_ewma,  &leat_stage_rolling,
    &leat_stage_scale,  &leat_stage_gain,    &leat_stage_clamp, &leat_stage_log,
    &leat_stage_exp,    &leat_stage_abs,     &leat_stage_diff,  &leat_stage_logreturn,
    &leat_stage_window, &leat_stage_where,   &leat_stage_select, &leat_stage_cast,
    &leat_stage_join,   &leat_stage_rfft,    &leat_stage_irfft, &leat_stage_fft,
    &leat_stage_ifft,   &leat_stage_magnitude, &leat_stage_power,
    &leat_stage_phase,  &leat_stage_fir,     &leat_stage_convolve, &leat_stage_matmul,
    &leat_stage_spmm,
    &leat_stage_project, &leat_stage_transpose, &leat_stage_book, &leat_stage_bars,
    &leat_stage_imbalance, &leat_stage_norm, &leat_stage_topk, &leat_stage_gemm,
    &leat_stage_rsvd,
};

static const struct leat_catalogue catalogue = {stages, LEAT_STAGES_COUNT(stages), NULL};

const struct leat_catalogue *leat_math_stages(void) { return &catalogue; }
