/* null: a sink that looks at nothing. */
#include "io/common.h"

static int null_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)need;
    (void)diag;
    return LEAT_OK;
}

static void null_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    (void)state;
    (void)ctx;
    (void)frames;
    (void)n;
}

const struct leat_stage leat_null_sink = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_STATELESS | LEAT_READS_ONLY,
    .name = "null",
    .doc = "Takes frames and does nothing with them.",
    .ins = 1,
    .resolve = null_resolve,
    .map = null_map,
};
