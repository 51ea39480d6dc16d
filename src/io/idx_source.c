/* idx: arrays of items, as the MNIST files are. */
#include "io/cells.h"

#include <string.h>

#define DIMS_MAX 8u /* dimensions that are read */

struct header {
    uint32_t cell, dims;
    uint64_t sizes[DIMS_MAX];
    uint64_t start, file_bytes;
};

static int not_idx(struct leat_diag *diag, const char *path, const char *why)
{
    return leat_diag_set(diag, LEAT_EDATA, "%s: is not an IDX file that can be read: %s", path,
                         why);
}

/* 0, 0, type, dimensions; then the size of each, first the number of items. */
static int read_header(struct header *h, const char *path, struct leat_diag *diag)
{
    static const struct {
        uint8_t code, cell;
    } types[] = {{0x08, LEAT_CELL_U8},  {0x09, LEAT_CELL_I8},  {0x0b, LEAT_CELL_I16},
                 {0x0c, LEAT_CELL_I32}, {0x0d, LEAT_CELL_F32}, {0x0e, LEAT_CELL_F64}};
    unsigned char head[4 + 4 * DIMS_MAX];
    size_t n, i = 0;
    memset(h, 0, sizeof *h);
    int status = leat_input_head(path, "idx is", head, sizeof head, &n, &h->file_bytes, diag);
    if (status != LEAT_OK)
        return status;
    if (n < 4)
        return not_idx(diag, path, "it is cut off");
    if (head[0] != 0 || head[1] != 0)
        return not_idx(diag, path, "it does not begin with two zeros");
    while (i < sizeof types / sizeof types[0] && types[i].code != head[2])
        i++;
    if (i == sizeof types / sizeof types[0])
        return not_idx(diag, path, "the type of its samples, its third byte, is unknown");
    h->cell = types[i].cell;
    h->dims = head[3];
    if (h->dims < 1 || h->dims > DIMS_MAX)
        return not_idx(diag, path, "it must have 1 to 8 dimensions");
    h->start = 4 + 4 * h->dims;
    if (n < h->start)
        return not_idx(diag, path, "it is cut off");
    for (i = 0; i < h->dims; i++) {
        const unsigned char *size = head + 4 + 4 * i;
        h->sizes[i] = (uint64_t)size[0] << 24 | (uint64_t)size[1] << 16 |
                      (uint64_t)size[2] << 8 | size[3];
    }
    return LEAT_OK;
}

/* An item is a frame: its last dimension runs along the samples, the others are channels. Or it is
 * a sample, and all of its numbers are channels. */
static int lay_out(const struct header *h, const struct leat_idx_source_options *o,
                   const struct leat_need *need, struct leat_cells_layout *at,
                   struct leat_diag *diag)
{
    uint64_t width = leat_cell_bytes(h->cell), item = 1, rows = 1, bytes;
    bool overflow = false, frames = o->items == LEAT_ITEMS_FRAMES && h->dims > 1;
    for (uint32_t i = 1; i < h->dims; i++) {
        overflow |= __builtin_mul_overflow(item, h->sizes[i], &item);
        if (i + 1 < h->dims || !frames)
            rows = item;
    }
    overflow |= __builtin_mul_overflow(item, h->sizes[0], &bytes);
    overflow |= __builtin_mul_overflow(bytes, width, &bytes) || bytes > INT64_MAX;
    if (overflow)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: its sizes multiply to more than a file holds", o->file);
    if (rows < 1 || rows > need->channels_max)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: its shape has %llu channels; there may be 1 to %u", o->file,
                             (unsigned long long)rows, need->channels_max);
    uint64_t cols = frames ? h->sizes[h->dims - 1] : 1;
    *at = (struct leat_cells_layout){.cell = h->cell,
                                     .swap = true,
                                     .rows = (uint32_t)rows,
                                     .samples = h->sizes[0] * cols,
                                     .start = h->start,
                                     .block = frames ? cols : h->sizes[0],
                                     .block_bytes = item * width,
                                     .row_step = cols * width,
                                     .col_step = frames ? width : item * width};
    at->tail_row_step = at->row_step;
    if (h->file_bytes - h->start > bytes)
        return leat_diag_set(diag, LEAT_EDATA,
                             "%s: %llu bytes stand behind its last item; its sizes are wrong",
                             o->file, (unsigned long long)(h->file_bytes - h->start - bytes));
    return leat_cells_check(at, o->file, h->file_bytes, diag);
}

static int look(const struct leat_idx_source_options *o, const struct leat_need *need,
                struct leat_cells_layout *at, struct leat_diag *diag)
{
    struct header h;
    int status = read_header(&h, o->file, diag);
    return status == LEAT_OK ? lay_out(&h, o, need, at, diag) : status;
}

static int idx_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_idx_source_options *o = options;
    struct leat_cells_layout at;
    (void)in;
    int status = look(o, need, &at, diag);
    if (status != LEAT_OK)
        return status;
    struct leat_cells_wish wish = {.file = o->file,
                                   .frame = o->frame,
                                   .own = at.block < at.samples ? at.block : 0,
                                   .rate = o->rate,
                                   .names = o->names,
                                   .type = o->type};
    return leat_cells_resolve(&at, &wish, need, diag);
}

static int idx_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_idx_source_options *o = options;
    struct leat_cells_layout at;
    (void)in;
    int status = look(o, need, &at, diag);
    if (status != LEAT_OK)
        return status;
    if (at.rows != need->out.rows || (need->out.kind == LEAT_I64 && leat_cell_real(at.cell)))
        return leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", o->file);
    return leat_cells_open(state, &at, o->file, o->mapped, need->out.cols, need->out.kind, 1.0,
                           diag);
}

static const char *const item_words[] = {"frames", "samples", NULL};

#define OPTION(field) offsetof(struct leat_idx_source_options, field)
static const struct leat_param idx_params[] = {
    LEAT_IO_FILE(leat_idx_source_options, NULL, "file to read", "images.idx3-ubyte"),
    {.name = "items", .fallback = "frames", .words = item_words, .example = "samples",
     .offset = OPTION(items), .type = LEAT_P_WORD,
     .doc = "an item of two or more dimensions is a frame: an image of 28 lines of 28 points is 28 "
            "channels of 28 samples; or it is one sample of 784 channels. Items that are single "
            "numbers are samples"},
    {.name = "frame", .fallback = "", .example = "256", .offset = OPTION(frame),
     .min = 1, .max = LEAT_IO_FRAME_MAX,
     .doc = "samples of a frame, or a duration; default an item where items are frames, else 1024",
     .type = LEAT_P_LENGTH, .unit = LEAT_COUNT},
    LEAT_IO_RATE(leat_idx_source_options),
    LEAT_IO_TYPE(leat_idx_source_options, "f64"),
    LEAT_IO_NAMES(leat_idx_source_options, "names of the channels; default ch1, ch2, ..."),
    LEAT_IO_MAPPED(leat_idx_source_options),
};

const struct leat_stage leat_idx_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS | LEAT_MAY_BREAK_FINITE,
    .name = "idx",
    .doc = "Reads IDX files, as MNIST's are, of every type and of 1 to 8 dimensions, the first of "
           "which counts items.",
    .params = idx_params,
    .params_n = sizeof idx_params / sizeof idx_params[0],
    .options_bytes = sizeof(struct leat_idx_source_options),
    .outs = 1,
    .resolve = idx_resolve,
    .init = idx_init,
    .pull = leat_cells_pull,
    .fini = leat_cells_close,
};
