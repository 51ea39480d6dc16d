/* Small products, many at once: operands where they lie, in tiles of just the rows that there are.
 *
 * The chains are those of tile.h. What is constant where the text is expanded is how many rows and
 * registers a tile has; a tile's sums, bases of rows and steps then stay in registers. All tiles of
 * a shape that lie one under the other, in all products, are one call of its text.
 */
#ifndef LEAT_LINALG_SMALL_H
#define LEAT_LINALG_SMALL_H

#define SMALL_GROUP 3 /* rows that one base serves: addresses take a step once or twice */
#define SMALL_BASES ((SMALL_ROWS + SMALL_GROUP - 1) / SMALL_GROUP)
#define EACH_BASE _Pragma("GCC unroll 8") for (int g = 0; g < SMALL_BASES; g++)
#define SMALL_EACH_ROW _Pragma("GCC unroll 16") for (int i = 0; i < SMALL_ROWS; i++)
#define SMALL_VECTORS                                                                        \
    _Pragma("GCC unroll 4") for (int j = 0; j < TILE_VECTORS; j++) if (j < vectors)
#define EACH_OF_BASE _Pragma("GCC unroll 4") for (int r = 0; r < SMALL_GROUP; r++)

/* Where tiles of one shape begin. */
struct small_place {
    real *c;
    const real *a, *b;
    uint64_t products;
    uint32_t down; /* tiles one under the other */
    uint32_t cols;
};

#define SMALL_TERMS 4 /* of contiguous rows of A that are taken before addresses take a step */

#define SMALL_SIDE 4 /* rows side by side, of tiles of one register */
#define EACH_SIDE _Pragma("GCC unroll 4") for (int r = 0; r < SMALL_SIDE; r++)
#define EACH_OF_TERMS                                                                        \
    _Pragma("GCC unroll 4") for (int q = 0; q < SMALL_TERMS; q++) if (q < terms)

/* How much of the last register there is. A mask takes a port that sums want; half needs none. */
enum small_end { SMALL_WHOLE, SMALL_HALF, SMALL_PART };

LEAT_INLINE vreal small_load(const real *from, enum small_end end, int last)
{
    return end == SMALL_WHOLE  ? v_load(from)
           : end == SMALL_HALF ? v_load_half(from)
                               : v_load_n(from, last, v_zero());
}

LEAT_INLINE void small_store(real *to, enum small_end end, int last, vreal x)
{
    if (end == SMALL_WHOLE)
        v_store(to, x);
    else if (end == SMALL_HALF)
        v_store_half(to, x);
    else
        v_store_n(to, last, x);
}

/* One term of all chains: number `at` of each row. last: lanes of the last register's part. */
LEAT_INLINE void small_term(vreal sum[SMALL_ROWS][TILE_VECTORS], const real *const *base,
                            int64_t *a_row, int at, const real *b, int rows, int vectors,
                            enum small_end end, int last)
{
    vreal x[TILE_VECTORS];
    SMALL_VECTORS x[j] = small_load(b + j * VLANES, j + 1 < vectors ? SMALL_WHOLE : end, last);
    __asm__("" : "+r"(*a_row)); /* or compilers keep a sum of steps for each row and term */
    EACH_BASE EACH_OF_BASE {
        int i = g * SMALL_GROUP + r;
        if (i >= rows)
            break;
        const real *y = &base[g][r * *a_row + at];
        vreal spread = v_set(*y);
        SMALL_VECTORS v_fma_into(&sum[i][j], spread, x[j]);
    }
}

#define SMALL_STEP(n) /* or compilers keep a pointer for each row, in memory */              \
    EACH_BASE {                                                                              \
        base[g] += (n);                                                                      \
        __asm__("" : "+r"(base[g]));                                                         \
    }

/* Some terms of all chains of one register: few rows after few rows, each with all of the terms, so
 * that a row takes one step for them and no address an index. */
LEAT_INLINE void small_terms(vreal sum[SMALL_ROWS][TILE_VECTORS], const real *a, int64_t a_row,
                             const real *b, int64_t b_row, int rows, int terms, enum small_end end,
                             int last)
{
    vreal x[SMALL_TERMS];
    EACH_OF_TERMS {
        x[q] = small_load(b, end, last);
        b += b_row;
        __asm__("" : "+r"(b));
    }
    _Pragma("GCC unroll 4") for (int i = 0; i < SMALL_ROWS; i += SMALL_SIDE) {
        const real *y[SMALL_SIDE];
        if (i >= rows)
            break;
        EACH_SIDE if (i + r < rows) {
            y[r] = a;
            __asm__("" : "+r"(y[r]));
            a = y[r] + a_row;
        }
        EACH_OF_TERMS EACH_SIDE if (i + r < rows)
            v_fma_spread(&sum[i + r][0], x[q], &y[r][q]);
    }
}

LEAT_INLINE void small_chains(const struct leat_small *s, vreal sum[SMALL_ROWS][TILE_VECTORS],
                              const real *a, const real *b, int rows, int vectors,
                              enum small_end end, int last)
{
    const real *base[SMALL_BASES];
    int64_t a_row = s->a_row, a_col = s->a_col, b_row = s->b_row;
    uint32_t p = s->depth;
    SMALL_EACH_ROW SMALL_VECTORS sum[i][j] = v_zero();
    if (vectors == 1) {
        if (a_col == 1)
            for (; p >= SMALL_TERMS; p -= SMALL_TERMS) {
                small_terms(sum, a, a_row, b, b_row, rows, SMALL_TERMS, end, last);
                a += SMALL_TERMS;
                b += SMALL_TERMS * b_row;
            }
        for (; p > 0; p--) {
            small_terms(sum, a, a_row, b, b_row, rows, 1, end, last);
            a += a_col;
            b += b_row;
        }
        return;
    }
    EACH_BASE base[g] = a + g * SMALL_GROUP * a_row;
    if (a_col == 1)
        for (; p >= SMALL_TERMS; p -= SMALL_TERMS) {
            _Pragma("GCC unroll 4")
            for (int q = 0; q < SMALL_TERMS; q++) {
                small_term(sum, base, &a_row, q, b, rows, vectors, end, last);
                b += b_row;
                __asm__("" : "+r"(b));
            }
            SMALL_STEP(SMALL_TERMS)
        }
    for (; p > 0; p--) {
        small_term(sum, base, &a_row, 0, b, rows, vectors, end, last);
        SMALL_STEP(a_col)
        b += b_row;
    }
}

struct small_scale {
    vreal alpha, beta;
    bool adds; /* beta is not 0 */
};

/* c = fma(alpha, sum, beta c). */
LEAT_INLINE void small_result(const struct leat_small *s, struct small_scale scale,
                              vreal sum[SMALL_ROWS][TILE_VECTORS], real *c, int rows,
                              int vectors, enum small_end end, int last)
{
    vreal old = v_zero();
    int64_t c_row = s->c_row;
    SMALL_EACH_ROW {
        if (i >= rows)
            break;
        SMALL_VECTORS {
            real *to = c + j * VLANES;
            enum small_end which = j + 1 < vectors ? SMALL_WHOLE : end;
            if (scale.adds)
                old = v_mul(scale.beta, small_load(to, which, last));
            small_store(to, which, last, v_fma(scale.alpha, sum[i][j], old));
        }
        c += c_row;
        __asm__("" : "+r"(c)); /* or compilers make all addresses before the first store */
    }
}

/* Tiles of one shape: `down` of them, one under the other, of each of so many products. */
LEAT_INLINE void small_text(const struct leat_small *s, const struct small_place *at, int rows,
                            int vectors, enum small_end end)
{
    int last = (int)at->cols - (vectors - 1) * VLANES;
    struct small_scale scale = {v_set((real)s->alpha), v_set((real)s->beta), s->beta != 0};
    real *c = at->c;
    const real *a = at->a, *b = at->b;
    for (uint64_t t = at->products; t > 0; t--) {
        real *to = c;
        const real *from = a;
        for (uint32_t i = at->down; i > 0; i--) {
            vreal sum[SMALL_ROWS][TILE_VECTORS];
            small_chains(s, sum, from, b, rows, vectors, end, last);
            small_result(s, scale, sum, to, rows, vectors, end, last);
            to += rows * s->c_row;
            from += rows * s->a_row;
        }
        c += s->c_step;
        a += s->a_step;
        b += s->b_step;
    }
}

/* Each shape is a function of its own: in one for all, compilers are careless with registers. */
#define SMALL_SHAPE(rows, vectors)                                                           \
    static void small_whole_##rows##x##vectors(const struct leat_small *s,                   \
                                               const struct small_place *at)                 \
    {                                                                                        \
        small_text(s, at, rows, vectors, SMALL_WHOLE);                                       \
    }                                                                                        \
    static void small_half_##rows##x##vectors(const struct leat_small *s,                    \
                                              const struct small_place *at)                  \
    {                                                                                        \
        small_text(s, at, rows, vectors, SMALL_HALF);                                        \
    }                                                                                        \
    static void small_part_##rows##x##vectors(const struct leat_small *s,                    \
                                              const struct small_place *at)                  \
    {                                                                                        \
        small_text(s, at, rows, vectors, SMALL_PART);                                        \
    }
#define SMALL_NAMES(rows, vectors)                                                           \
    {small_whole_##rows##x##vectors, small_half_##rows##x##vectors,                          \
     small_part_##rows##x##vectors}
#if TILE_VECTORS == 2
#define SMALL_SHAPES(rows) SMALL_SHAPE(rows, 1) SMALL_SHAPE(rows, 2)
#define SMALL_LINE(rows) {SMALL_NAMES(rows, 1), SMALL_NAMES(rows, 2)}
#else
#define SMALL_SHAPES(rows) SMALL_SHAPE(rows, 1) SMALL_SHAPE(rows, 2) SMALL_SHAPE(rows, 3)
#define SMALL_LINE(rows) {SMALL_NAMES(rows, 1), SMALL_NAMES(rows, 2), SMALL_NAMES(rows, 3)}
#endif

SMALL_SHAPES(1) SMALL_SHAPES(2) SMALL_SHAPES(3) SMALL_SHAPES(4)
#if SMALL_ROWS == 16
SMALL_SHAPES(5) SMALL_SHAPES(6) SMALL_SHAPES(7) SMALL_SHAPES(8)
SMALL_SHAPES(9) SMALL_SHAPES(10) SMALL_SHAPES(11) SMALL_SHAPES(12)
SMALL_SHAPE(13, 1) SMALL_SHAPE(14, 1) SMALL_SHAPE(15, 1) SMALL_SHAPE(16, 1)
#endif

typedef void small_shape(const struct leat_small *s, const struct small_place *at);

static void small_tiles(const struct leat_small *s, const struct small_place *at, uint32_t rows)
{
    static small_shape *const shapes[SMALL_ROWS][TILE_VECTORS][3] = {
        SMALL_LINE(1), SMALL_LINE(2), SMALL_LINE(3), SMALL_LINE(4),
#if SMALL_ROWS == 16
        SMALL_LINE(5), SMALL_LINE(6), SMALL_LINE(7), SMALL_LINE(8),
        SMALL_LINE(9), SMALL_LINE(10), SMALL_LINE(11), SMALL_LINE(12),
        {SMALL_NAMES(13, 1)}, {SMALL_NAMES(14, 1)}, {SMALL_NAMES(15, 1)}, {SMALL_NAMES(16, 1)},
#endif
    };
    uint32_t before = (at->cols - 1) / VLANES, last = at->cols - before * VLANES;
    shapes[rows - 1][before][last == VLANES ? 0 : last == VLANES / 2 ? 1 : 2](s, at);
}

#define SMALL_TOGETHER 16384 /* bytes of products whose like tiles follow each other */

/* Columns from j on, as many as a tile has, of products from t on: tiles of like heights, so that
 * none has too few sums to hide how long an addition takes. */
static void small_columns(const struct leat_small *s, int64_t t, uint64_t products, uint32_t j)
{
    uint32_t most = s->cols - j <= VLANES ? SMALL_ROWS : TILE_ROWS;
    uint32_t tiles = (s->rows + most - 1) / most, high = s->rows / tiles;
    uint32_t higher = s->rows - high * tiles; /* so many have a row more */
    struct small_place at = {(real *)s->c + t * s->c_step + j, (const real *)s->a + t * s->a_step,
                             (const real *)s->b + t * s->b_step + j, products, higher,
                             s->cols - j < TILE_COLS ? s->cols - j : TILE_COLS};
    if (higher > 0)
        small_tiles(s, &at, high + 1);
    at.c += higher * (high + 1) * s->c_row;
    at.a += higher * (high + 1) * s->a_row;
    at.down = tiles - higher;
    small_tiles(s, &at, high);
}

/* What is asked once for tiles of one shape, which loop they take and where what lies, serves as
 * many products as the first-level cache holds. */
static void small(const struct leat_small *s)
{
    uint64_t each = (uint64_t)s->rows * s->cols + ((uint64_t)s->rows + s->cols) * s->depth;
    uint64_t together = SMALL_TOGETHER / sizeof(real) / each + 1;
    for (uint64_t t = 0, n; t < s->count; t += n) {
        n = s->count - t < together ? s->count - t : together;
        for (uint32_t j = 0; j < s->cols; j += TILE_COLS)
            small_columns(s, (int64_t)t, n, j);
    }
}

#endif
