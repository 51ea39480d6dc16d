#include "io/filling.h"

#include <stdlib.h>

int leat_filling_init(struct leat_filling *f, const struct leat_shape *out, bool may_run_dry,
                      struct leat_diag *diag)
{
    size_t bytes;
    *f = (struct leat_filling){.rows = out->rows,
                               .cols = out->cols,
                               .width = leat_kind_bytes(out->kind),
                               .time_ns = LEAT_TIME_NONE};
    if (!may_run_dry)
        return LEAT_OK;
    if (!leat_size_mul(f->cols, f->width, &f->park_stride) ||
        !leat_size_mul(f->park_stride, f->rows, &bytes) || (f->park = malloc(bytes)) == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for a frame of %u samples", f->cols);
    return LEAT_OK;
}

void leat_filling_fini(struct leat_filling *f)
{
    free(f->park);
    f->park = NULL;
}

/* Gives the finished frame what its header needs, and its samples when they were parked. */
static void finish(struct leat_filling *f, struct leat_frame *frame)
{
    if (f->park != NULL)
        leat_rows_copy(frame + 1, f->park, (size_t)f->filled * f->width, f->rows, frame->stride,
                       f->park_stride);
    frame->cols = f->filled;
    frame->flags = f->filled < f->cols ? LEAT_SHORT : 0;
    frame->time_ns = f->time_ns;
    f->filled = 0;
}

int leat_filling_pull(struct leat_filling *f, struct leat_ctx *ctx,
                      struct leat_frame *const *frames, uint32_t n, leat_fill *fill, void *source)
{
    uint32_t made = 0;
    int status = 1;
    f->may_wait = true;
    while (made < n && status == 1) {
        char *base = f->park != NULL ? f->park : (char *)(frames[made] + 1);
        status = fill(source, ctx, base, f->park != NULL ? f->park_stride : frames[made]->stride);
        if (status == 1 || (status == LEAT_EEND && f->filled != 0))
            finish(f, frames[made++]);
        f->may_wait = made == 0 && f->may_wait;
    }
    if (status < 0 && status != LEAT_EEND)
        return status;
    return made != 0 ? (int)made : status;
}
