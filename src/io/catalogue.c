#include "io/common.h"

static const struct leat_stage *const stages[] = {
    &leat_csv_source,   &leat_csv_sink,   &leat_wav_source,  &leat_wav_sink,
    &leat_npy_source,   &leat_npy_sink,   &leat_raw_source,  &leat_raw_sink,
    &leat_json_source,  &leat_wfdb_source, &leat_mtx_source, &leat_idx_source,
    &leat_pgm_source,   &leat_synth_source, &leat_null_sink, &leat_stats_sink,
    &leat_digest_sink,  &leat_latest_sink,
};
static const struct leat_catalogue catalogue = {stages, sizeof stages / sizeof stages[0], NULL};

const struct leat_catalogue *leat_io_stages(void)
{
    return &catalogue;
}
