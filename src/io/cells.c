#define _GNU_SOURCE
#include "io/cells.h"
#include "io/span.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__extension__ typedef unsigned __int128 wide;

#define INLINE static inline __attribute__((always_inline))

uint32_t leat_cell_bytes(uint32_t cell)
{
    static const uint8_t bytes[] = {[LEAT_CELL_U8] = 1,  [LEAT_CELL_I8] = 1,  [LEAT_CELL_I16] = 2,
                                    [LEAT_CELL_U16] = 2, [LEAT_CELL_I32] = 4, [LEAT_CELL_U32] = 4,
                                    [LEAT_CELL_I64] = 8, [LEAT_CELL_F32] = 4, [LEAT_CELL_F64] = 8};
    return cell < sizeof bytes ? bytes[cell] : 0;
}

bool leat_cell_real(uint32_t cell)
{
    return cell == LEAT_CELL_F32 || cell == LEAT_CELL_F64;
}

/* ---- samples to rows: constant arguments make one loop of each pair of types ---- */

INLINE uint64_t load(const char *from, uint32_t bytes, bool swap)
{
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    switch (bytes) {
    case 1: return (uint8_t)*from;
    case 2: memcpy(&u16, from, 2); return swap ? __builtin_bswap16(u16) : u16;
    case 4: memcpy(&u32, from, 4); return swap ? __builtin_bswap32(u32) : u32;
    default: memcpy(&u64, from, 8); return swap ? __builtin_bswap64(u64) : u64;
    }
}

INLINE int64_t integer(uint64_t bits, uint32_t cell)
{
    switch (cell) {
    case LEAT_CELL_I8: return (int8_t)bits;
    case LEAT_CELL_I16: return (int16_t)bits;
    case LEAT_CELL_I32: return (int32_t)bits;
    default: return (int64_t)bits;
    }
}

INLINE double real(uint64_t bits, uint32_t cell)
{
    uint32_t narrow = (uint32_t)bits;
    float f32;
    double f64;
    memcpy(&f32, &narrow, 4);
    memcpy(&f64, &bits, 8);
    return cell == LEAT_CELL_F32 ? (double)f32 : f64;
}

INLINE void decode(void *row, uint32_t kind, const char *from, uint32_t cell, uint32_t bytes,
                   bool swap, size_t step, size_t n, double scale)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = load(from + i * step, bytes, swap);
        if (cell == LEAT_CELL_F32 || cell == LEAT_CELL_F64) {
            double x = real(bits, cell) * scale;
            if (kind == LEAT_F64)
                ((double *)row)[i] = x;
            else
                ((float *)row)[i] = (float)x;
        } else if (kind == LEAT_I64) {
            ((int64_t *)row)[i] = integer(bits, cell);
        } else if (kind == LEAT_F64) {
            ((double *)row)[i] = (double)integer(bits, cell) * scale;
        } else { /* an i64 must not be rounded twice */
            int64_t whole = integer(bits, cell);
            ((float *)row)[i] = scale == 1.0 ? (float)whole : (float)((double)whole * scale);
        }
    }
}

INLINE void decode_kind(void *row, uint32_t kind, const char *from, uint32_t cell, bool swap,
                        size_t step, size_t n, double s)
{
    switch (cell) {
    case LEAT_CELL_U8: decode(row, kind, from, LEAT_CELL_U8, 1, swap, step, n, s); break;
    case LEAT_CELL_I8: decode(row, kind, from, LEAT_CELL_I8, 1, swap, step, n, s); break;
    case LEAT_CELL_I16: decode(row, kind, from, LEAT_CELL_I16, 2, swap, step, n, s); break;
    case LEAT_CELL_U16: decode(row, kind, from, LEAT_CELL_U16, 2, swap, step, n, s); break;
    case LEAT_CELL_I32: decode(row, kind, from, LEAT_CELL_I32, 4, swap, step, n, s); break;
    case LEAT_CELL_U32: decode(row, kind, from, LEAT_CELL_U32, 4, swap, step, n, s); break;
    case LEAT_CELL_I64: decode(row, kind, from, LEAT_CELL_I64, 8, swap, step, n, s); break;
    case LEAT_CELL_F32: decode(row, kind, from, LEAT_CELL_F32, 4, swap, step, n, s); break;
    default: decode(row, kind, from, LEAT_CELL_F64, 8, swap, step, n, s); break;
    }
}

void leat_cells_decode(void *row, uint32_t kind, const char *from, uint32_t cell, bool swap,
                       size_t step, size_t n, double scale)
{
    bool same = (kind == LEAT_F64 && cell == LEAT_CELL_F64) ||
                (kind == LEAT_F32 && cell == LEAT_CELL_F32) ||
                (kind == LEAT_I64 && cell == LEAT_CELL_I64);
    LEAT_REQUIRE(kind != LEAT_I64 || !leat_cell_real(cell));
    if (same && !swap && scale == 1.0 && step == leat_cell_bytes(cell))
        memcpy(row, from, n * step);
    else if (kind == LEAT_F32)
        decode_kind(row, LEAT_F32, from, cell, swap, step, n, scale);
    else if (kind == LEAT_F64)
        decode_kind(row, LEAT_F64, from, cell, swap, step, n, scale);
    else
        decode_kind(row, LEAT_I64, from, cell, swap, step, n, scale);
}

/* ---- places ---- */

/* Samples of each channel in that block, and how far apart its rows are. */
static uint64_t block_samples(const struct leat_cells_layout *at, uint64_t block,
                              uint64_t *row_step)
{
    uint64_t left = at->samples - block * at->block;
    bool tail = left < at->block;
    *row_step = tail ? at->tail_row_step : at->row_step;
    return tail ? left : at->block;
}

int leat_cells_check(const struct leat_cells_layout *at, const char *path, uint64_t file_bytes,
                     struct leat_diag *diag)
{
    if (at->samples == 0)
        return LEAT_OK;
    uint64_t row_step, last = (at->samples - 1) / at->block;
    uint64_t n = block_samples(at, last, &row_step);
    /* Each factor has 64 bits: products fit 128, and three of them are added after a bound. */
    const wide parts[] = {(wide)last * at->block_bytes, (wide)(at->rows - 1) * row_step,
                          (wide)(n - 1) * at->col_step,
                          (wide)(at->rows - 1) * (last > 0 ? at->row_step : 0)};
    wide end = (wide)at->start + leat_cell_bytes(at->cell);
    for (int i = 0; i < 4; i++) {
        if (parts[i] > INT64_MAX)
            return leat_diag_set(diag, LEAT_ERANGE,
                                 "%s: its sizes multiply to more than a file holds", path);
        end += i < 3 ? parts[i] : 0;
    }
    if (end > file_bytes)
        return leat_diag_set(diag, LEAT_EDATA,
                             "%s: is cut off: its samples need %llu bytes and the file has %llu",
                             path, end > UINT64_MAX ? ~0ULL : (unsigned long long)end,
                             (unsigned long long)file_bytes);
    return LEAT_OK;
}

int leat_cells_resolve(const struct leat_cells_layout *at, const struct leat_cells_wish *wish,
                       struct leat_need *need, struct leat_diag *diag)
{
    struct leat_shape *out = &need->out;
    struct leat_length frame = wish->frame;
    bool given = frame.samples != 0 || frame.ns != 0;
    if (!given)
        frame.samples = wish->own != 0 ? wish->own : 1024;
    if (!given && frame.samples > LEAT_IO_FRAME_MAX)
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: its frames have %llu samples, more than %u; give frame=",
                             wish->file, (unsigned long long)frame.samples, LEAT_IO_FRAME_MAX);
    out->rows = at->rows;
    out->kind = leat_io_kind(wish->type);
    out->rate_hz = wish->rate;
    out->cols_fixed = !given && wish->own != 0;
    if (out->kind == LEAT_I64 && leat_cell_real(at->cell))
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "%s: type=i64 is for integers; its samples are floating point",
                             wish->file);
    int status = leat_shape_cols(&frame, wish->rate, LEAT_IO_FRAME_MAX, &out->cols, diag);
    if (status != LEAT_OK)
        return status;
    need->state_bytes = sizeof(struct leat_cells);
    return leat_io_names(out, &wish->names, "ch", diag);
}

static int map_file(struct leat_cells *cells, struct leat_diag *diag)
{
    int status = leat_map(cells->fd, cells->path, cells->file_bytes, &cells->map, diag);
    cells->map_bytes = cells->map != NULL ? cells->file_bytes : 0;
    return status;
}

/* Rows of a frame that stand neither side by side nor sample after sample cannot be read in few
 * pieces. */
static bool scattered(const struct leat_cells_layout *at)
{
    return at->col_step != leat_cell_bytes(at->cell) &&
           at->row_step > leat_cell_bytes(at->cell);
}

int leat_cells_open(struct leat_cells *cells, const struct leat_cells_layout *layout,
                    const char *path, bool mapped, uint32_t cols, uint32_t kind, double scale,
                    struct leat_diag *diag)
{
    cells->at = *layout;
    cells->path = path;
    cells->cols = cols;
    cells->kind = kind;
    cells->scale = scale;
    cells->pass_over = layout->start;
    struct leat_input_facts facts;
    cells->fd = leat_input_open(path, &cells->owned, diag);
    int status = cells->fd < 0 ? cells->fd : leat_input_look(cells->fd, path, &facts, diag);
    if (status != LEAT_OK)
        return status;
    cells->regular = facts.regular;
    cells->file_bytes = facts.bytes;
    if (!cells->regular && layout->samples != UINT64_MAX)
        return leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", path);
    if (cells->regular && layout->samples == UINT64_MAX)
        return leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", path);
    if (cells->regular) {
        status = leat_cells_check(layout, path, facts.bytes, diag);
        if (status == LEAT_OK && (mapped || scattered(layout)))
            status = map_file(cells, diag);
        if (status != LEAT_OK || cells->map != NULL)
            return status;
    }
    size_t frame;
    if (!leat_size_mul(cols, layout->rows, &frame) ||
        !leat_size_mul(frame, 2 * (size_t)leat_cell_bytes(layout->cell), &cells->buffer_bytes) ||
        (cells->buffer = malloc(cells->buffer_bytes)) == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for a frame of %u samples", cols);
    return LEAT_OK;
}

void leat_cells_give(struct leat_cells *cells, const struct leat_cells_layout *layout,
                     const char *path, char *memory, uint32_t cols, uint32_t kind)
{
    *cells = (struct leat_cells){.at = *layout,
                                 .path = path,
                                 .map = memory,
                                 .buffer = memory,
                                 .cols = cols,
                                 .kind = kind,
                                 .scale = 1.0,
                                 .regular = true};
}

void leat_cells_close(void *state)
{
    struct leat_cells *cells = state;
    if (cells->map_bytes != 0)
        leat_unmap(cells->map, cells->map_bytes);
    if (cells->owned)
        close(cells->fd);
    free(cells->buffer);
    memset(cells, 0, sizeof *cells);
}

/* ---- frames ---- */

static void decode_row(struct leat_cells *cells, struct leat_frame *frame, uint32_t r, uint32_t to,
                       const char *from, size_t n)
{
    char *row = (char *)leat_frame_row(frame, r) + (size_t)to * leat_kind_bytes(cells->kind);
    leat_cells_decode(row, cells->kind, from, cells->at.cell, cells->at.swap,
                      (size_t)cells->at.col_step, n, cells->scale);
}

/* n samples from place c of a block become the frame's columns from `to` on. */
static bool take_piece(struct leat_cells *cells, struct leat_ctx *ctx, struct leat_frame *frame,
                       uint32_t to, uint64_t at, uint64_t row_step, uint32_t n)
{
    const struct leat_cells_layout *l = &cells->at;
    size_t width = leat_cell_bytes(l->cell);
    uint64_t span = (l->rows - 1) * row_step + (n - 1) * l->col_step + width;
    bool dense = span <= cells->buffer_bytes && span <= 2 * (uint64_t)n * l->rows * width;
    if (cells->map == NULL && dense &&
        !leat_input_at(cells->fd, cells->path, cells->buffer, (size_t)span, at, ctx))
        return false;
    for (uint32_t r = 0; r < l->rows; r++) {
        const char *from = cells->map != NULL ? cells->map + at + r * row_step
                           : dense            ? cells->buffer + r * row_step
                                              : cells->buffer;
        if (cells->map == NULL && !dense &&
            !leat_input_at(cells->fd, cells->path, cells->buffer, n * width, at + r * row_step,
                           ctx))
            return false;
        decode_row(cells, frame, r, to, from, n);
    }
    return true;
}

static void finish(struct leat_cells *cells, struct leat_frame *frame, uint32_t cols)
{
    frame->cols = cols;
    frame->flags = cols < cells->cols ? LEAT_SHORT : 0;
    frame->time_ns = LEAT_TIME_NONE;
    cells->taken += cols;
}

/* The next frame of a file. 1; LEAT_EEND; an error. */
static int file_frame(struct leat_cells *cells, struct leat_ctx *ctx, struct leat_frame *frame)
{
    const struct leat_cells_layout *l = &cells->at;
    uint64_t left = l->samples - cells->taken;
    if (left == 0)
        return LEAT_EEND;
    uint32_t cols = left < cells->cols ? (uint32_t)left : cells->cols;
    for (uint32_t to = 0; to < cols;) {
        uint64_t sample = cells->taken + to, row_step;
        uint64_t block = sample / l->block, c = sample % l->block;
        uint64_t rest = block_samples(l, block, &row_step) - c;
        uint32_t n = rest < cols - to ? (uint32_t)rest : cols - to;
        uint64_t at = l->start + block * l->block_bytes + c * l->col_step;
        if (!take_piece(cells, ctx, frame, to, at, row_step, n))
            return ctx->failed;
        to += n;
    }
    finish(cells, frame, cols);
    return 1;
}

/* Bytes from a pipe. > 0; 0 nothing now; LEAT_EEND; an error. */
static int pipe_read(struct leat_cells *cells, struct leat_ctx *ctx, char *out, size_t bytes,
                     bool wait)
{
    if (cells->ended)
        return LEAT_EEND;
    if (!leat_input_ready(cells->fd, wait, ctx))
        return 0;
    ssize_t got = read(cells->fd, out, bytes < INT32_MAX ? bytes : INT32_MAX);
    if (got > 0)
        return (int)got;
    cells->ended = got == 0;
    if (got == 0)
        return LEAT_EEND;
    if (errno == EINTR || errno == EAGAIN)
        return 0;
    return leat_fail(ctx, LEAT_EIO, "%s: cannot be read: %s", cells->path, strerror(errno));
}

/* The next frame of a pipe, sample after sample. 1; 0 not yet; LEAT_EEND; an error. */
static int pipe_frame(struct leat_cells *cells, struct leat_ctx *ctx, struct leat_frame *frame,
                      bool wait)
{
    size_t sample = (size_t)cells->at.col_step, whole = sample * cells->cols;
    int got = 1;
    while (cells->pass_over != 0 && got > 0) {
        size_t most = cells->pass_over < whole ? (size_t)cells->pass_over : whole;
        got = pipe_read(cells, ctx, cells->buffer, most, wait);
        cells->pass_over -= got > 0 ? (uint64_t)got : 0;
        wait = false;
    }
    if (ctx->stopping) { /* whole samples that have come; the rest of one has no end */
        cells->buffered -= cells->buffered % sample;
        got = LEAT_EEND;
    }
    while (cells->buffered < whole && got > 0) {
        got = pipe_read(cells, ctx, cells->buffer + cells->buffered, whole - cells->buffered, wait);
        cells->buffered += got > 0 ? (size_t)got : 0;
        wait = false;
    }
    if (got <= 0 && (got != LEAT_EEND || cells->buffered == 0))
        return got;
    if (cells->buffered % sample != 0)
        return leat_fail(ctx, LEAT_EDATA, "%s: ended in the middle of a sample of %zu bytes",
                         cells->path, sample);
    uint32_t cols = (uint32_t)(cells->buffered / sample);
    for (uint32_t r = 0; r < cells->at.rows; r++)
        decode_row(cells, frame, r, 0, cells->buffer + r * cells->at.row_step, cols);
    finish(cells, frame, cols);
    cells->buffered = 0;
    return 1;
}

int leat_cells_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    struct leat_cells *cells = state;
    uint32_t made = 0;
    int status = 1;
    if (cells->map_bytes != 0 && !leat_map_there(cells->fd, cells->path, cells->map_bytes, ctx))
        return ctx->failed;
    while (made < n && status == 1) {
        status = cells->regular ? file_frame(cells, ctx, frames[made])
                                : pipe_frame(cells, ctx, frames[made], made == 0);
        made += status == 1;
    }
    ctx->progress = cells->taken;
    ctx->progress_all = cells->regular ? cells->at.samples : 0;
    if (status < 0 && status != LEAT_EEND)
        return status;
    return made != 0 ? (int)made : status;
}
