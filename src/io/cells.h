/* Samples of a binary file: their types, and where the samples of a frame stand in it.
 *
 * Sample i of channel r stands at  start + block(i) * block_bytes + r * row_step + c * col_step,
 * c its place in its block. Interleaved, planar, C and Fortran order are choices of these numbers.
 * Frames are cut from the samples without regard to blocks.
 */
#ifndef LEAT_IO_CELLS_H
#define LEAT_IO_CELLS_H

#include "io/bytes.h"
#include "io/common.h"

/* Bytes of one sample of a leat_cell. */
uint32_t leat_cell_bytes(uint32_t cell);
bool leat_cell_real(uint32_t cell);

/* Turns n samples that stand step bytes apart into a row of kind f32, f64 or i64. swap: the bytes
 * of a sample are in the other order. scale: multiplied in f64; 1 leaves integers exact. An i64 row
 * takes integer cells only. */
void leat_cells_decode(void *row, uint32_t kind, const char *from, uint32_t cell, bool swap,
                       size_t step, size_t n, double scale);

/* Where the samples stand. */
struct leat_cells_layout {
    uint32_t cell; /* a leat_cell */
    bool swap;
    uint32_t rows;
    uint64_t samples;     /* of each channel; UINT64_MAX: until the input ends (a pipe) */
    uint64_t start;       /* byte of the first sample */
    uint64_t block;       /* samples of a channel in a block; samples when there is one block */
    uint64_t block_bytes; /* from a block to the next */
    uint64_t row_step, col_step;
    uint64_t tail_row_step; /* row_step of a last block that is shorter than the others */
};

struct leat_cells {
    struct leat_cells_layout at;
    const char *path;
    const char *map; /* the mapped file or samples in memory, or NULL */
    uint64_t map_bytes, file_bytes; /* map_bytes 0: it is not a file's */
    uint64_t taken; /* samples of each channel so far */
    uint32_t cols, kind;
    double scale;
    int fd;
    bool owned, regular;
    char *buffer;      /* pieces of the file that are read: [buffer_bytes] */
    size_t buffer_bytes;
    size_t buffered;   /* a pipe: bytes of the frame that is filling */
    uint64_t pass_over; /* a pipe: bytes still to be read before the first sample */
    bool ended;        /* a pipe: so it is */
};

/* Holds the layout to a file of file_bytes bytes: nothing overflows and every sample is inside.
 * LEAT_ERANGE, LEAT_EDATA. */
int leat_cells_check(const struct leat_cells_layout *layout, const char *path,
                     uint64_t file_bytes, struct leat_diag *diag);

/* What the options of a source of arrays ask for. */
struct leat_cells_wish {
    const char *file;
    struct leat_length frame; /* not given: own, or 1024 */
    uint64_t own;             /* samples of the file's own frames; 0: it has none */
    double rate;
    struct leat_list names;
    uint32_t type;            /* leat_type */
};

/* A source's resolve, for a layout that was checked. LEAT_ESHAPE: i64 of what is no integer, a
 * duration without a rate, names that do not fit; LEAT_ERANGE: frames that are too long. */
int leat_cells_resolve(const struct leat_cells_layout *layout, const struct leat_cells_wish *wish,
                       struct leat_need *need, struct leat_diag *diag);

/* Zeroed cells that failed to open can be closed.
 * LEAT_ESHAPE: this layout needs a file; LEAT_ENOMEM; LEAT_EIO. */
int leat_cells_open(struct leat_cells *cells, const struct leat_cells_layout *layout,
                    const char *path, bool mapped, uint32_t cols, uint32_t kind, double scale,
                    struct leat_diag *diag);
/* The same of samples that are in memory, from malloc, which the cells take over: start is a place
 * in it. Every sample of the layout is inside. */
void leat_cells_give(struct leat_cells *cells, const struct leat_cells_layout *layout,
                     const char *path, char *memory, uint32_t cols, uint32_t kind);

/* A source's pull and fini, whose state is the cells. */
int leat_cells_pull(void *cells, struct leat_ctx *ctx, struct leat_frame *const *frames,
                    uint32_t n);
void leat_cells_close(void *cells);

#endif
