/* Small products, many at once: operands where they lie, in tiles of just the rows that there are.
 *
 * The chains are those of tile.h. What is constant where the text is expanded is how many rows and
 * registers a tile has; a tile's sums, bases of rows and steps then stay in registers.
 */
#ifndef LEAT_LINALG_SMALL_H
#define LEAT_LINALG_SMALL_H

#define SMALL_GROUP 3 /* rows that one base serves: addresses take a step once or twice */
#define SMALL_BASES ((TILE_ROWS + SMALL_GROUP - 1) / SMALL_GROUP)
#define EACH_BASE _Pragma("GCC unroll 4") for (int g = 0; g < SMALL_BASES; g++)
#define SMALL_VECTORS                                                                        \
    _Pragma("GCC unroll 4") for (int j = 0; j < TILE_VECTORS; j++) if (j < vectors)
#define EACH_OF_BASE _Pragma("GCC unroll 4") for (int r = 0; r < SMALL_GROUP; r++)

/* last: lanes of the last register. */
LEAT_INLINE void small_text(const struct leat_small *s, real *c, const real *a, const real *b,
                            int rows, int vectors, int last)
{
    vreal sum[TILE_ROWS][TILE_VECTORS];
    const real *base[SMALL_BASES];
    int64_t a_row = s->a_row, a_col = s->a_col, b_row = s->b_row;
    EACH_BASE base[g] = a + g * SMALL_GROUP * a_row;
    EACH_ROW SMALL_VECTORS sum[i][j] = v_zero();
    for (uint32_t p = s->depth; p > 0; p--) {
        vreal x[TILE_VECTORS];
        SMALL_VECTORS x[j] = tile_load(b + j * VLANES, j + 1 < vectors ? VLANES : last);
        EACH_BASE {
            EACH_OF_BASE {
                int i = g * SMALL_GROUP + r;
                if (i >= rows)
                    break;
                vreal y = v_set(base[g][r * a_row]);
                SMALL_VECTORS sum[i][j] = v_fma(y, x[j], sum[i][j]);
            }
            base[g] += a_col;
            __asm__("" : "+r"(base[g])); /* or compilers keep a pointer for each row, in memory */
        }
        b += b_row;
    }
    vreal by = v_set((real)s->alpha), keep = v_set((real)s->beta);
    bool adds = s->beta != 0;
    int64_t c_row = s->c_row;
    EACH_ROW {
        if (i >= rows)
            break;
        SMALL_VECTORS {
            real *to = c + j * VLANES;
            int lanes = j + 1 < vectors ? VLANES : last;
            vreal old = adds ? v_mul(keep, tile_load(to, lanes)) : v_zero();
            tile_store(to, lanes, v_fma(by, sum[i][j], old));
        }
        c += c_row;
    }
}

/* Behind calls that differ in a constant alone: or clang makes one of them, and the constant a
 * variable. */
#define SMALL_APART(constant) __asm__ volatile("" : : "i"(constant))

/* So many rows: as few registers as the columns take, whole or not. A mask costs nothing at 512
 * bits. */
LEAT_INLINE void small_vectors(const struct leat_small *s, real *c, const real *a, const real *b,
                               int cols, int rows, int vectors)
{
    int last = cols - (vectors - 1) * VLANES;
    if (VBYTES != 64 && last == VLANES) {
        small_text(s, c, a, b, rows, vectors, VLANES);
        SMALL_APART(VLANES);
    } else {
        small_text(s, c, a, b, rows, vectors, last);
    }
}

LEAT_INLINE void small_rows(const struct leat_small *s, real *c, const real *a, const real *b,
                            int cols, int rows)
{
    if (cols <= VLANES) {
        small_vectors(s, c, a, b, cols, rows, 1);
        SMALL_APART(1);
    } else if (TILE_VECTORS == 2 || cols <= 2 * VLANES) {
        small_vectors(s, c, a, b, cols, rows, 2);
        SMALL_APART(2);
    } else {
        small_vectors(s, c, a, b, cols, rows, TILE_VECTORS);
    }
}

LEAT_INLINE void small_tile(const struct leat_small *s, real *c, const real *a, const real *b,
                            int cols, int rows)
{
    switch (rows) {
    case 1: small_rows(s, c, a, b, cols, 1); SMALL_APART(1); break;
    case 2: small_rows(s, c, a, b, cols, 2); SMALL_APART(2); break;
    case 3: small_rows(s, c, a, b, cols, 3); SMALL_APART(3); break;
#if TILE_ROWS == 12
    case 4: small_rows(s, c, a, b, cols, 4); SMALL_APART(4); break;
    case 5: small_rows(s, c, a, b, cols, 5); SMALL_APART(5); break;
    case 6: small_rows(s, c, a, b, cols, 6); SMALL_APART(6); break;
    case 7: small_rows(s, c, a, b, cols, 7); SMALL_APART(7); break;
    case 8: small_rows(s, c, a, b, cols, 8); SMALL_APART(8); break;
    case 9: small_rows(s, c, a, b, cols, 9); SMALL_APART(9); break;
    case 10: small_rows(s, c, a, b, cols, 10); SMALL_APART(10); break;
    case 11: small_rows(s, c, a, b, cols, 11); SMALL_APART(11); break;
#endif
    default: small_rows(s, c, a, b, cols, TILE_ROWS);
    }
}

/* Tiles are of like heights, so that none has too few sums to hide how long an addition takes. */
static void small(const struct leat_small *s)
{
    uint32_t tiles = (s->rows + TILE_ROWS - 1) / TILE_ROWS, high = (s->rows + tiles - 1) / tiles;
    for (uint64_t t = 0; t < s->count; t++) {
        real *c = (real *)s->c + (int64_t)t * s->c_step;
        const real *a = (const real *)s->a + (int64_t)t * s->a_step;
        const real *b = (const real *)s->b + (int64_t)t * s->b_step;
        for (uint32_t j = 0; j < s->cols; j += TILE_COLS)
            for (uint32_t i = 0; i < s->rows; i += high) {
                uint32_t rows = s->rows - i < high ? s->rows - i : high;
                uint32_t cols = s->cols - j < TILE_COLS ? s->cols - j : TILE_COLS;
                small_tile(s, c + i * s->c_row + j, a + i * s->a_row, b + j, (int)cols, (int)rows);
            }
    }
}

#endif
