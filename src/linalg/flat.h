/* Flat products, of few rows and many columns: some rows of B at a time, read to their ends, go
 * into all chains; what is known of these lies beside meanwhile, a tile behind the other.
 *
 * The chains are those of tile.h, and a sum that was stored goes on as if it had not been.
 */
#ifndef LEAT_LINALG_FLAT_H
#define LEAT_LINALG_FLAT_H

#define FLAT_EACH EACH_ROW if (i < rows) EACH_VECTOR

/* c = fma(alpha, sum, beta c). */
LEAT_INLINE void flat_result(const struct leat_flat *f, vreal sum[TILE_ROWS][TILE_VECTORS],
                             real *c, int rows, const int *lanes)
{
    const int vectors = TILE_VECTORS;
    vreal by = v_set((real)f->alpha), keep = v_set((real)f->beta), old = v_zero();
    FLAT_EACH {
        real *to = c + i * f->c_row + j * VLANES;
        if (f->beta != 0)
            old = v_mul(keep, v_load_lanes(to, lanes[j]));
        v_store_lanes(to, lanes[j], v_fma(by, sum[i][j], old));
    }
}

/* lanes: of each register that there are columns for. asks: for what lies beside in these rows,
 * each on a page of its own. */
LEAT_INLINE void flat_text(const struct leat_flat *f, real *c, real *sums, const real *a,
                           const real *b, int rows, const int *lanes, bool asks)
{
    const int vectors = TILE_VECTORS;
    vreal sum[TILE_ROWS][TILE_VECTORS];
    int64_t a_col = f->a_col, b_row = f->b_row;
    FLAT_EACH sum[i][j] = f->begins ? v_zero() : v_load(sums + i * TILE_COLS + j * VLANES);
    for (uint32_t p = f->depth; p > 0; p--) {
        vreal x[TILE_VECTORS];
        EACH_VECTOR x[j] = v_load_lanes(b + j * VLANES, lanes[j]);
        if (asks)
            for (size_t q = 0; q < TILE_COLS * sizeof(real); q += LEAT_LINE)
                __builtin_prefetch((const char *)(b + TILE_COLS) + q);
        EACH_ROW if (i < rows) {
            vreal y = v_set(a[i]);
            EACH_VECTOR v_fma_into(&sum[i][j], y, x[j]);
        }
        a += a_col;
        b += b_row;
        __asm__("" : "+r"(a), "+r"(b));
    }
    if (f->ends)
        flat_result(f, sum, c, rows, lanes);
    else
        FLAT_EACH v_store(sums + i * TILE_COLS + j * VLANES, sum[i][j]);
}

/* Each height is a function of its own: in one for all, compilers are careless with registers. */
#define FLAT_HEIGHT(height)                                                                  \
    static void flat_##height(const struct leat_flat *f, uint32_t i, uint32_t j)             \
    {                                                                                        \
        int lanes[TILE_VECTORS], whole[TILE_VECTORS];                                        \
        for (int v = 0; v < TILE_VECTORS; v++) {                                             \
            lanes[v] = v_lanes(f->cols, j + (uint32_t)(v * VLANES));                         \
            whole[v] = VLANES;                                                               \
        }                                                                                    \
        real *c = (real *)f->c + i * f->c_row + j;                                           \
        real *sums = (real *)f->sums + (size_t)j * f->rows + (size_t)i * TILE_COLS;          \
        const real *a = (const real *)f->a + i, *b = (const real *)f->b + j;                 \
        if (f->cols - j >= TILE_COLS)                                                        \
            flat_text(f, c, sums, a, b, height, whole, i == 0);                              \
        else                                                                                 \
            flat_text(f, c, sums, a, b, height, lanes, false);                               \
    }
FLAT_HEIGHT(1) FLAT_HEIGHT(2) FLAT_HEIGHT(3) FLAT_HEIGHT(4)
#if TILE_ROWS == 12
FLAT_HEIGHT(5) FLAT_HEIGHT(6) FLAT_HEIGHT(7) FLAT_HEIGHT(8)
FLAT_HEIGHT(9) FLAT_HEIGHT(10) FLAT_HEIGHT(11) FLAT_HEIGHT(12)
#endif

static void flat(const struct leat_flat *f)
{
    static void (*const heights[TILE_ROWS])(const struct leat_flat *f, uint32_t i, uint32_t j) = {
        flat_1, flat_2, flat_3, flat_4,
#if TILE_ROWS == 12
        flat_5, flat_6, flat_7, flat_8, flat_9, flat_10, flat_11, flat_12,
#endif
    };
    uint32_t tiles = (f->rows + TILE_ROWS - 1) / TILE_ROWS, high = f->rows / tiles;
    uint32_t higher = f->rows - high * tiles; /* so many have a row more */
    for (uint32_t j = 0; j < f->cols; j += TILE_COLS)
        for (uint32_t t = 0, i = 0, n; t < tiles; t++, i += n) {
            n = high + (t < higher);
            heights[n - 1](f, i, j);
        }
}

#undef FLAT_EACH

#endif
