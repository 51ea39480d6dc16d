/* Products of few rows and many columns: B is read once, row after row, however far away it is.
 *
 * Chains are long and their ends far apart, so some terms of all of them come before the next, and
 * what is known of the sums waits in the workspace. Everything else of a product is gemm.c's.
 */
#include "linalg/inner.h"

#define DEPTH LEAT_GEMM_CHUNK
#define STEP 32u           /* rows of B at a time: pages that the first table of addresses holds */
#define ROWS 48u           /* of A, at most */
#define COLS 64u           /* of B, at least */
#define LOW 12u            /* rows of a tile, fewer than which are few */
#define FAR (UINT64_C(1) << 20) /* elements */
#define SUMS_BYTES (UINT64_C(1) << 18) /* of sums that wait, which the second-level cache holds */

struct flat {
    void *sums, *c, *a; /* C, where its rows do not lie side by side; A's columns */
    uint32_t cols;      /* of B at a time */
};

static size_t whole_tiles(const struct leat_linalg *k, uint32_t cols)
{
    return ((size_t)cols + k->tile_cols - 1) / k->tile_cols * k->tile_cols;
}

static struct flat layout(const struct leat_linalg *k, uint32_t rows, uint32_t cols,
                          void *workspace)
{
    struct work w = {workspace, 0};
    size_t each = leat_kind_bytes(k->kind);
    uint32_t most = (uint32_t)(SUMS_BYTES / each / rows / k->tile_cols * k->tile_cols);
    struct flat f = {.cols = least(cols, most)};
    f.sums = work_take(&w, rows, whole_tiles(k, f.cols), each);
    f.c = work_take(&w, rows, f.cols, each);
    f.a = work_take(&w, STEP, rows, each);
    return f;
}

/* Tiles of few rows store and fetch sums more often: there it pays where B is far away. */
bool flat_takes(const struct leat_linalg *k, uint32_t rows, uint32_t cols, uint32_t depth)
{
    bool low = k->tile_rows < LOW;
    return rows != 0 && rows <= (low ? ROWS / 2 : ROWS) && cols >= COLS && depth >= 2 * STEP &&
           (!low || (uint64_t)cols * depth >= FAR);
}

/* Enough for fewer rows, columns and terms, too. */
size_t flat_bytes(const struct leat_linalg *k, uint32_t rows, uint32_t cols, uint32_t depth)
{
    size_t each = leat_kind_bytes(k->kind);
    uint32_t few = least(rows, ROWS);
    uint64_t sums = (uint64_t)few * whole_tiles(k, cols) * each;
    sums = leat_round_up(sums < SUMS_BYTES ? sums : SUMS_BYTES, LEAT_LINE);
    return flat_takes(k, least(few, ROWS / 2), cols, depth)
               ? 2 * sums + leat_round_up(STEP * few * each, LEAT_LINE)
               : 0;
}

/* Columns of A from p on, elements of each side by side. */
static const void *columns_of(const struct leat_matrix *a, size_t each, uint32_t p, uint32_t n,
                              void *room)
{
    struct leat_matrix part = block(a, each, 0, p, a->rows, n);
    struct leat_matrix turned = leat_matrix_transposed(&part);
    struct leat_matrix to = leat_matrix_rows(room, n, a->rows, a->rows);
    if (a->row == 1)
        return part.data;
    view_copy(&to, &turned, each, WHOLE);
    return room;
}

/* Some columns of B and C. */
static void run(const struct leat_linalg *k, const struct leat_matrix *a,
                const struct leat_matrix *b, const struct leat_matrix *c, double alpha,
                double beta, const struct flat *room)
{
    size_t each = leat_kind_bytes(k->kind);
    struct leat_flat f = {.c = c->data, .c_row = c->row, .sums = room->sums, .b_row = b->row,
                          .a_col = a->row == 1 ? a->col : a->rows, .rows = c->rows,
                          .cols = c->cols, .alpha = alpha};
    for (uint32_t p = 0; p < b->rows; p += f.depth) {
        uint32_t from = p % DEPTH, left = b->rows - p;
        f.depth = least(least(STEP, DEPTH - from), left);
        f.begins = from == 0;
        f.ends = from + f.depth == DEPTH || f.depth == left;
        f.beta = p < DEPTH ? beta : 1;
        f.a = columns_of(a, each, p, f.depth, room->a);
        f.b = block(b, each, p, 0, 1, 1).data;
        k->flat(&f);
    }
}

void flat_run(const struct leat_linalg *k, double alpha, const struct leat_matrix *a,
              const struct leat_matrix *b, double beta, const struct leat_matrix *c,
              void *workspace)
{
    size_t each = leat_kind_bytes(k->kind);
    struct flat room = layout(k, c->rows, c->cols, workspace);
    for (uint32_t j = 0, n; j < c->cols; j += n) {
        n = least(c->cols - j, room.cols);
        struct leat_matrix part = block(b, each, 0, j, b->rows, n);
        struct leat_matrix to = block(c, each, 0, j, c->rows, n);
        struct leat_matrix beside = leat_matrix_rows(room.c, c->rows, n, n);
        bool apart = c->col != 1;
        if (apart && beta != 0)
            view_copy(&beside, &to, each, WHOLE);
        run(k, a, &part, apart ? &beside : &to, alpha, beta, &room);
        if (apart)
            view_copy(&to, &beside, each, WHOLE);
    }
}
