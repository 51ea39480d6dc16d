/* What the files of this room share. */
#ifndef LEAT_STAGES_ROOM_H
#define LEAT_STAGES_ROOM_H

#include <leat/io.h>
#include <leat/linalg.h>
#include <leat/sparse.h>
#include <leat/stages.h>

#define LEAT_STAGES_COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

extern const struct leat_stage leat_stage_zscore, leat_stage_welford, leat_stage_ewma,
    leat_stage_rolling, leat_stage_scale, leat_stage_gain, leat_stage_clamp, leat_stage_log,
    leat_stage_exp, leat_stage_abs, leat_stage_diff, leat_stage_logreturn, leat_stage_window,
    leat_stage_where, leat_stage_select, leat_stage_cast, leat_stage_join, leat_stage_rfft,
    leat_stage_irfft, leat_stage_fft, leat_stage_ifft, leat_stage_magnitude, leat_stage_power,
    leat_stage_phase, leat_stage_fir, leat_stage_convolve, leat_stage_norm, leat_stage_topk,
    leat_stage_matmul, leat_stage_spmm, leat_stage_project, leat_stage_transpose, leat_stage_book,
    leat_stage_bars, leat_stage_imbalance, leat_stage_gemm, leat_stage_rsvd;

/* The words of a leat_output, in its order; NULL-ended. */
extern const char *const leat_stages_outputs[];

/* The kernels for the frames of a batch, which all have one kind. */
LEAT_INLINE const struct leat_stats *leat_stages_kernels(const struct leat_ctx *ctx,
                                                         const struct leat_frame *frame)
{
    return leat_stats_kernels((enum leat_isa)ctx->isa, frame->kind);
}

/* Those of linalg, with the tiles of the plan's tuning; NULL as leat_linalg_kernels. own: where
 * they may be put together. */
LEAT_INLINE const struct leat_linalg *leat_stages_linalg(enum leat_isa isa, uint32_t kind,
                                                         const struct leat_tuning *tuning,
                                                         struct leat_linalg *own)
{
    const struct leat_linalg *kernels = leat_linalg_kernels(isa, kind);
    return kernels == NULL ? NULL : leat_linalg_tuned(kernels, tuning, own);
}

/* need->state_bytes = head + n * each. LEAT_ERANGE when that does not fit. */
int leat_stages_state(struct leat_need *need, size_t head, size_t each, size_t n,
                      struct leat_diag *diag);

/* Rows that are no longer in the unit of the input. */
void leat_stages_unitless(struct leat_need *need);

/* A frame shorter than `cols` is filled up with zeros, marked PADDED and counted as reframed. */
void leat_stages_pad(struct leat_ctx *ctx, struct leat_frame *frame, uint32_t cols);

/* Complex channels become real ones: half as many rows, called as the rows of real parts without
 * their ".re". */
void leat_stages_name_whole(struct leat_shape *out, const struct leat_shape *in);

/* 0 when value is a finite number of that kind, else LEAT_ERANGE naming the parameter. */
int leat_stages_finite(const char *name, double value, uint32_t kind, struct leat_diag *diag);

/* 0 when min <= max and both fit the kind (or are infinite), else LEAT_ERANGE. */
int leat_stages_range(double min, double max, uint32_t kind, struct leat_diag *diag);

/* The row of the channel that a parameter names; LEAT_ENAME naming both. */
int leat_stages_channel(const struct leat_shape *in, const char *param, const char *channel,
                        uint32_t *row, struct leat_diag *diag);

/* The event time `samples` after time_ns, to the nearest nanosecond; LEAT_TIME_NONE where it cannot
 * be known. */
int64_t leat_stages_time_after(int64_t time_ns, int64_t samples, double rate_hz);

#endif
