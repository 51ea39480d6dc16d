/* raw: bare samples of a file or a pipe. */
#include "io/cells.h"

#include <string.h>

static uint32_t out_kind(const struct leat_raw_source_options *o)
{
    switch (o->to) {
    case LEAT_TO_F32: return LEAT_F32;
    case LEAT_TO_F64: return LEAT_F64;
    case LEAT_TO_I64: return LEAT_I64;
    default:
        return o->type == LEAT_CELL_I64 ? LEAT_I64 : o->type == LEAT_CELL_F64 ? LEAT_F64 : LEAT_F32;
    }
}

/* Interleaved: the whole file is one block. Planar: blocks of o->block samples, or one. */
static int lay_out(const struct leat_raw_source_options *o, struct leat_cells_layout *at,
                   uint64_t bytes, bool regular, struct leat_diag *diag)
{
    uint64_t width = leat_cell_bytes(o->type), sample = width * o->channels, block = 0;
    bool planar = o->layout == LEAT_LAYOUT_PLANAR && o->channels > 1;
    *at = (struct leat_cells_layout){.cell = o->type,
                                     .swap = o->endian == LEAT_ENDIAN_BIG,
                                     .rows = (uint32_t)o->channels,
                                     .samples = UINT64_MAX,
                                     .start = o->skip};
    if (!regular && planar)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "%s: layout=planar needs a file, whose length is known", o->file);
    if (regular) {
        if (bytes < o->skip || (bytes - o->skip) % sample != 0)
            return leat_diag_set(diag, LEAT_EDATA,
                                 "%s: its %llu bytes are not a whole number of samples of %llu "
                                 "bytes after skip=%llu; is type= or channels= wrong, or the file "
                                 "cut off?",
                                 o->file, (unsigned long long)bytes, (unsigned long long)sample,
                                 (unsigned long long)o->skip);
        at->samples = (bytes - o->skip) / sample;
    }
    if (o->block.samples != 0 || o->block.ns != 0) {
        int status = leat_length_samples(&o->block, o->rate, "block", &block, diag);
        if (status != LEAT_OK)
            return status;
    }
    at->block = planar && block != 0 && block < at->samples ? block : at->samples;
    at->col_step = planar ? width : sample;
    if (at->block == UINT64_MAX || at->block == 0) { /* a pipe, or nothing */
        at->row_step = width;
        return LEAT_OK;
    }
    at->row_step = planar ? at->block * width : width;
    at->tail_row_step = planar ? at->samples % at->block * width : width;
    at->block_bytes = at->block * sample;
    return LEAT_OK;
}

static int look(const struct leat_raw_source_options *o, struct leat_cells_layout *at,
                struct leat_diag *diag)
{
    struct leat_input_facts facts;
    int status = leat_input_facts(o->file, &facts, diag);
    if (status == LEAT_OK)
        status = lay_out(o, at, facts.bytes, facts.regular, diag);
    return status;
}

static int raw_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_raw_source_options *o = options;
    struct leat_shape *out = &need->out;
    struct leat_cells_layout at;
    (void)in;
    int status = leat_io_channels(need, o->channels, diag);
    if (status == LEAT_OK)
        status = leat_shape_cols(&o->frame, o->rate, LEAT_IO_FRAME_MAX, &out->cols, diag);
    if (status != LEAT_OK)
        return status;
    out->rows = (uint32_t)o->channels;
    out->kind = out_kind(o);
    out->rate_hz = o->rate;
    if (out->kind == LEAT_I64 && leat_cell_real(o->type))
        return leat_diag_set(diag, LEAT_ESHAPE, "to=i64 is for files of whole numbers");
    if (out->kind == LEAT_I64 && o->scale != 1.0)
        return leat_diag_set(diag, LEAT_ESHAPE, "scale: an i64 output is not scaled; use to=f64");
    status = look(o, &at, diag);
    if (status != LEAT_OK)
        return status;
    need->state_bytes = sizeof(struct leat_cells);
    return leat_io_names(out, &o->names, "ch", diag);
}

static int raw_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_raw_source_options *o = options;
    struct leat_cells_layout at;
    (void)in;
    int status = look(o, &at, diag);
    if (status != LEAT_OK)
        return status;
    return leat_cells_open(state, &at, o->file, o->mapped, need->out.cols, need->out.kind,
                           o->scale, diag);
}

static const char *const cell_words[] = {"u8",  "i8",  "i16", "u16", "i32",
                                         "u32", "i64", "f32", "f64", NULL};
static const char *const endian_words[] = {"little", "big", NULL};
static const char *const to_words[] = {"auto", "f32", "f64", "i64", NULL};

#define OPTION(field) offsetof(struct leat_raw_source_options, field)
static const struct leat_param raw_params[] = {
    LEAT_IO_FILE(leat_raw_source_options, NULL, "file to read; - is standard input", "iq.raw"),
    {.name = "type", .fallback = "f32", .words = cell_words, .example = "i16",
     .doc = "what the samples in the file are", .offset = OPTION(type), .type = LEAT_P_WORD},
    {.name = "to", .fallback = "auto", .words = to_words, .example = "f64",
     .doc = "kind of the output; auto keeps i64, f32 and f64 and makes f32 of the rest",
     .offset = OPTION(to), .type = LEAT_P_WORD},
    {.name = "endian", .fallback = "little", .words = endian_words, .example = "big",
     .doc = "order of a sample's bytes", .offset = OPTION(endian), .type = LEAT_P_WORD},
    {.name = "channels", .fallback = "1", .doc = "channels in the file", .example = "2",
     .min = 1, .max = LEAT_CHANNELS_MAX, .offset = OPTION(channels), .type = LEAT_P_U64,
     .unit = LEAT_COUNT},
    {.name = "layout", .fallback = "interleaved", .words = leat_io_layouts, .example = "planar",
     .doc = "sample after sample, or channel after channel", .offset = OPTION(layout),
     .type = LEAT_P_WORD},
    {.name = "block", .fallback = "", .example = "1024", .offset = OPTION(block),
     .doc = "planar: samples of a channel that stand together; default all of them",
     .type = LEAT_P_LENGTH, .unit = LEAT_COUNT},
    LEAT_IO_FRAME(leat_raw_source_options),
    LEAT_IO_RATE(leat_raw_source_options),
    LEAT_IO_NAMES(leat_raw_source_options, "names of the channels; default ch1, ch2, ..."),
    {.name = "skip", .fallback = "0", .doc = "bytes before the first sample", .example = "16",
     .max = 1e18, .offset = OPTION(skip), .type = LEAT_P_U64, .unit = LEAT_BYTES},
    {.name = "scale", .fallback = "1", .doc = "factor on every sample", .example = "0.5",
     .min = -1e300, .max = 1e300, .offset = OPTION(scale), .type = LEAT_P_F64},
    LEAT_IO_MAPPED(leat_raw_source_options),
};

const struct leat_stage leat_raw_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS | LEAT_MAY_BREAK_FINITE,
    .name = "raw",
    .doc = "Reads bare samples of a given type.",
    .params = raw_params,
    .params_n = sizeof raw_params / sizeof raw_params[0],
    .options_bytes = sizeof(struct leat_raw_source_options),
    .outs = 1,
    .resolve = raw_resolve,
    .init = raw_init,
    .pull = leat_cells_pull,
    .fini = leat_cells_close,
};
