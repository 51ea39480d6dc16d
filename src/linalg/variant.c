/* The kernels of the room for one instruction set and kind, and the one table that they are.
 * Compiled by leat_kernel_matrix: LEAT_REAL, LEAT_ISA, LEAT_TABLE and a width of the vocabulary are
 * given before this text begins.
 */
#include <leat/frame.h>
#include <leat/linalg.h>

/* As many sums as registers hold beside the operands: 12 of 16 or 24 of 32. Around so many the loop
 * costs nothing that unrolling would save. */
#if VBYTES == 64
#define TILE_ROWS 12
#define TILE_VECTORS 2
#define TILE_UNROLL
#define TILE_AHEAD 16 /* terms of packed strips that are asked for before their turn */
#define SMALL_ROWS 16 /* of tiles of one register */
#define SMALL_MOST 256
#define PANEL_BYTES 2048 /* of a row of a panel of B, which stays in the second-level cache */
#else
#define TILE_ROWS 4
#define TILE_VECTORS 3
#define TILE_UNROLL _Pragma("GCC unroll 4")
#define TILE_AHEAD 0
#define SMALL_ROWS TILE_ROWS
#define SMALL_MOST 32
#define PANEL_BYTES 1024
#endif
#include "linalg/tile.h"
#include "linalg/small.h"
#include "linalg/flat.h"
#include "linalg/gemv.h"
#include "linalg/dots.h"
#include "linalg/elements.h"
#include "linalg/leaf.h"

extern const struct leat_linalg LEAT_TABLE;
const struct leat_linalg LEAT_TABLE = {
    .isa = LEAT_ISA,
    .kind = REAL_KIND,
    .tile_rows = TILE_ROWS,
    .tile_cols = TILE_COLS,
    .lanes = VLANES,
    .panel_rows = 8192 / sizeof(real) / TILE_ROWS * TILE_ROWS,
    .panel_cols = PANEL_BYTES / sizeof(real) / TILE_COLS * TILE_COLS,
    .small_most = SMALL_MOST,
    .tile = tile,
    .tile_packed = tile_packed,
    .pack = pack,
    .gemv = gemv,
    .dots = dots,
    .pack_sum = pack_sum,
    .add = add,
    .multiply = multiply,
    .swap = swap,
    .solve = solve,
    .small = small,
    .flat = flat,
};
