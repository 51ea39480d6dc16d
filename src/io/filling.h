/* The frame that a source of text is filling, sample by sample. An input that may run dry in the
 * middle of a frame has its samples parked, so that frame borders do not depend on its pace. */
#ifndef LEAT_IO_FILLING_H
#define LEAT_IO_FILLING_H

#include <leat/stage.h>

struct leat_filling {
    uint32_t rows, cols, width; /* width: bytes of a sample */
    uint32_t filled;    /* samples in it */
    int64_t time_ns;    /* of its first sample, LEAT_TIME_NONE */
    char *park;         /* [rows x park_stride], or NULL */
    size_t park_stride;
    bool may_wait;      /* this pull has not waited yet */
};

/* Fills the frame whose rows begin at base, stride bytes apart, from column filled on, and counts
 * filled. 1: it is full; 0: nothing more for now; LEAT_EEND; an error after leat_fail. */
typedef int leat_fill(void *source, struct leat_ctx *ctx, char *base, size_t stride);

/* LEAT_ENOMEM. A zeroed filling can be closed. */
int leat_filling_init(struct leat_filling *filling, const struct leat_shape *out, bool may_run_dry,
                      struct leat_diag *diag);
void leat_filling_fini(struct leat_filling *filling);

/* A source's pull. */
int leat_filling_pull(struct leat_filling *filling, struct leat_ctx *ctx,
                      struct leat_frame *const *frames, uint32_t n, leat_fill *fill, void *source);

#endif
