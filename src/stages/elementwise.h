/* The skeleton of the stages that change every sample by itself: an operation and two constants. */
#ifndef LEAT_STAGES_ELEMENTWISE_H
#define LEAT_STAGES_ELEMENTWISE_H

#include "stages/room.h"

enum leat_operation { LEAT_OP_SCALE, LEAT_OP_CLAMP, LEAT_OP_ABS, LEAT_OP_EXP, LEAT_OP_LOG };

/* The whole state. */
struct leat_elementwise {
    uint32_t operation; /* a leat_operation */
    uint32_t spare;
    double a, b; /* its constants */
};

/* What resolve still has to do once the options are good. */
int leat_elementwise_resolve(const struct leat_shape *in, struct leat_need *need,
                             struct leat_diag *diag);

/* The map of every such stage. */
void leat_elementwise_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                          uint32_t n);

#endif
