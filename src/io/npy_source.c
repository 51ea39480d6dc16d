/* npy: arrays of one to three dimensions. */
#include "io/npy_header.h"

#include <string.h>

/* Strides in bytes follow from the shape; whether all of it is in the file is checked after. */
static int lay_out(const struct leat_npy_header *h, const char *path, struct leat_need *need,
                   struct leat_cells_layout *at, struct leat_diag *diag)
{
    uint64_t width = leat_cell_bytes(h->cell);
    uint64_t frames = h->dims == 3 ? h->shape[0] : 1;
    uint64_t rows = h->dims == 1 ? 1 : h->shape[h->dims - 2];
    uint64_t samples = h->shape[h->dims - 1], bytes;
    if (rows < 1 || rows > need->channels_max)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: its shape has %llu channels; there may be 1 to %u", path,
                             (unsigned long long)rows, need->channels_max);
    if (__builtin_mul_overflow(width * rows, samples, &bytes) ||
        __builtin_mul_overflow(bytes, frames, &bytes) || bytes > INT64_MAX)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: its sizes multiply to more than a file holds", path);
    *at = (struct leat_cells_layout){.cell = h->cell,
                                     .swap = h->swap,
                                     .rows = (uint32_t)rows,
                                     .samples = frames * samples,
                                     .start = h->start,
                                     .block = samples};
    at->row_step = h->fortran ? width * frames : width * samples;
    at->col_step = h->fortran ? width * frames * rows : width;
    at->block_bytes = h->fortran ? width : width * samples * rows;
    at->tail_row_step = at->row_step;
    return leat_cells_check(at, path, h->file_bytes, diag);
}

static int npy_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_npy_source_options *o = options;
    struct leat_npy_header h;
    struct leat_cells_layout at;
    (void)in;
    int status = leat_npy_header_read(&h, o->file, diag);
    if (status == LEAT_OK)
        status = lay_out(&h, o->file, need, &at, diag);
    if (status != LEAT_OK)
        return status;
    struct leat_cells_wish wish = {.file = o->file,
                                   .frame = o->frame,
                                   .own = h.dims == 3 ? at.block : 0,
                                   .rate = o->rate,
                                   .names = o->names,
                                   .type = o->type};
    return leat_cells_resolve(&at, &wish, need, diag);
}

static int npy_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_npy_source_options *o = options;
    struct leat_npy_header h;
    struct leat_cells_layout at;
    struct leat_need again = *need;
    (void)in;
    int status = leat_npy_header_read(&h, o->file, diag);
    if (status == LEAT_OK)
        status = lay_out(&h, o->file, &again, &at, diag);
    if (status != LEAT_OK)
        return status;
    if (at.rows != need->out.rows || (need->out.kind == LEAT_I64 && leat_cell_real(h.cell)))
        return leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", o->file);
    return leat_cells_open(state, &at, o->file, o->mapped, need->out.cols, need->out.kind, 1.0,
                           diag);
}

#define OPTION(field) offsetof(struct leat_npy_source_options, field)
static const struct leat_param npy_params[] = {
    LEAT_IO_FILE(leat_npy_source_options, NULL, "file to read", "norm.npy"),
    {.name = "frame", .fallback = "", .example = "20ms", .offset = OPTION(frame),
     .min = 1, .max = LEAT_IO_FRAME_MAX,
     .doc = "samples of a frame, or a duration; default 1024, or the frames of a 3-d file",
     .type = LEAT_P_LENGTH, .unit = LEAT_COUNT},
    LEAT_IO_RATE(leat_npy_source_options),
    LEAT_IO_TYPE(leat_npy_source_options, "f64"),
    LEAT_IO_NAMES(leat_npy_source_options, "names of the channels; default ch1, ch2, ..."),
    LEAT_IO_MAPPED(leat_npy_source_options),
};

const struct leat_stage leat_npy_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS | LEAT_MAY_BREAK_FINITE,
    .name = "npy",
    .doc = "Reads [samples], [channels x samples] or [frames x channels x samples].",
    .params = npy_params,
    .params_n = sizeof npy_params / sizeof npy_params[0],
    .options_bytes = sizeof(struct leat_npy_source_options),
    .outs = 1,
    .resolve = npy_resolve,
    .init = npy_init,
    .pull = leat_cells_pull,
    .fini = leat_cells_close,
};
