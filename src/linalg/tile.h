/* The product of a tile: C = alpha A B + beta C while the sums stay in registers.
 *
 * One text for a tile in the middle of packed panels and for any other: what is constant where it
 * is expanded for the former makes the branches go away. Rows beyond the last are computed as
 * copies of it and not stored; columns beyond the last are not loaded. Neither changes what the
 * others are: an element sees its own chain alone.
 */
#ifndef LEAT_LINALG_TILE_H
#define LEAT_LINALG_TILE_H

#define TILE_COLS (TILE_VECTORS * VLANES)
#define EACH_ROW _Pragma("GCC unroll 16") for (int i = 0; i < TILE_ROWS; i++)
#define EACH_VECTOR _Pragma("GCC unroll 4") for (int j = 0; j < vectors; j++)

/* Operands that are not packed come from memory while sums are made of those before; not asked for,
 * they come too late, which nearly doubled the time of [2000 x 1000] by 20 columns. */
#define COLUMNS_AHEAD 32

/* C = alpha sum + beta C, of the rows and registers that there are. */
LEAT_INLINE void tile_end(real *c, int64_t c_row, vreal (*sum)[TILE_VECTORS], const int *lanes,
                          int rows, int vectors, real alpha, real beta)
{
    vreal by = v_set(alpha), keep = v_set(beta);
    EACH_ROW {
        if (i >= rows)
            break;
        real *to = c + i * c_row;
        EACH_VECTOR {
            vreal old = beta == 0 ? v_zero() : v_mul(keep, v_load_lanes(to + j * VLANES, lanes[j]));
            v_store_lanes(to + j * VLANES, lanes[j], v_fma(by, sum[i][j], old));
        }
    }
}

LEAT_INLINE void tile_text(real *c, int64_t c_row, const real *a, int64_t a_row, int64_t a_col,
                           const real *b, int64_t b_row, int rows, int cols, int vectors,
                           uint32_t depth, real alpha, real beta)
{
    vreal sum[TILE_ROWS][TILE_VECTORS];
    const real *row[TILE_ROWS];
    int lanes[TILE_VECTORS];
    EACH_VECTOR lanes[j] = v_lanes((size_t)cols, (size_t)(j * VLANES));
    EACH_ROW {
        row[i] = a + (i < rows ? i : rows - 1) * a_row;
        EACH_VECTOR {
            __builtin_prefetch(c + (i < rows ? i : rows - 1) * c_row + j * VLANES, 1);
            sum[i][j] = v_zero();
        }
    }
    TILE_UNROLL
    for (uint32_t p = 0; p < depth; p++) {
        vreal x[TILE_VECTORS];
        if (a_col == 1) /* the rows of the next tile, one after the other */
            __builtin_prefetch(a + (TILE_ROWS + p % TILE_ROWS) * a_row + p);
        else if (a_row == 1 && a_col != TILE_ROWS) { /* columns that lie pages apart */
            __builtin_prefetch(a + (p + COLUMNS_AHEAD) * a_col);
            if (TILE_ROWS * sizeof(real) > LEAT_LINE) /* then a column is never in one */
                __builtin_prefetch(a + (p + COLUMNS_AHEAD) * a_col + TILE_ROWS - 1);
        }
        EACH_VECTOR x[j] = v_load_lanes(b + j * VLANES, lanes[j]);
        EACH_ROW {
            vreal y = v_set(row[i][(int64_t)p * a_col]);
            EACH_VECTOR sum[i][j] = v_fma(y, x[j], sum[i][j]);
        }
        b += b_row;
    }
    tile_end(c, c_row, sum, lanes, rows, vectors, alpha, beta);
}

/* Of so many registers a row: whole, or with edges. */
LEAT_INLINE void tile_of(void *c, int64_t c_row, const void *a, int64_t a_row, int64_t a_col,
                         const void *b, int64_t b_row, int rows, int cols, int vectors,
                         uint32_t depth, double alpha, double beta)
{
    if (rows == TILE_ROWS && cols == vectors * VLANES)
        tile_text(c, c_row, a, a_row, a_col, b, b_row, TILE_ROWS, vectors * VLANES, vectors, depth,
                  (real)alpha, (real)beta);
    else
        tile_text(c, c_row, a, a_row, a_col, b, b_row, rows, cols, vectors, depth, (real)alpha,
                  (real)beta);
}

static void tile(void *c, int64_t c_row, const void *a, int64_t a_row, int64_t a_col,
                 const void *b, int64_t b_row, uint32_t rows, uint32_t cols, uint32_t depth,
                 double alpha, double beta)
{
    int m = (int)rows, n = (int)cols;
    if (n <= VLANES)
        tile_of(c, c_row, a, a_row, a_col, b, b_row, m, n, 1, depth, alpha, beta);
    else if (n <= 2 * VLANES)
        tile_of(c, c_row, a, a_row, a_col, b, b_row, m, n, 2, depth, alpha, beta);
    else
        tile_of(c, c_row, a, a_row, a_col, b, b_row, m, n, TILE_VECTORS, depth, alpha, beta);
}

/* A term of both packed strips to the first-level cache. */
LEAT_INLINE void ask_ahead(const real *a, const real *b)
{
    for (size_t q = 0; q < TILE_ROWS * sizeof(real); q += LEAT_LINE)
        __builtin_prefetch((const char *)(a + TILE_AHEAD * TILE_ROWS) + q);
    for (size_t q = 0; q < TILE_COLS * sizeof(real); q += LEAT_LINE)
        __builtin_prefetch((const char *)(b + TILE_AHEAD * TILE_COLS) + q);
}

static void tile_packed(void *to, int64_t c_row, const void *strip_a, const void *strip_b,
                        uint32_t depth, double alpha, double beta, const void *later, int64_t step)
{
    const int vectors = TILE_VECTORS;
    const real *a = strip_a, *b = strip_b, *end = b + (size_t)depth * TILE_COLS;
    const char *asked = to, *far = later;
    vreal sum[TILE_ROWS][TILE_VECTORS];
    int lanes[TILE_VECTORS];
    EACH_VECTOR lanes[j] = VLANES;
    _Pragma("GCC unroll 1")
    for (int i = 0; i < TILE_ROWS; i++, asked += c_row * (int64_t)sizeof(real))
        EACH_VECTOR __builtin_prefetch(asked + j * VBYTES, 1);
    EACH_ROW EACH_VECTOR sum[i][j] = v_zero();
    TILE_UNROLL
    for (; b < end; a += TILE_ROWS, b += TILE_COLS) {
        vreal x[TILE_VECTORS];
        if (TILE_AHEAD != 0)
            ask_ahead(a, b);
        __builtin_prefetch(far);
        far += step;
        EACH_VECTOR x[j] = v_load(b + j * VLANES);
        EACH_ROW {
            vreal y = v_set(a[i]);
            EACH_VECTOR sum[i][j] = v_fma(y, x[j], sum[i][j]);
        }
    }
    tile_end(to, c_row, sum, lanes, TILE_ROWS, TILE_VECTORS, (real)alpha, (real)beta);
}

/* Rows side by side become columns, VLANES terms of VPIECE rows at a time. */
LEAT_INLINE void pack_woven(real *to, uint32_t wide, const real *from, int64_t row)
{
    for (uint32_t k = 0; k < wide; k += VPIECE) {
        vreal v[VPIECE], turned[VPIECE];
        _Pragma("GCC unroll 4")
        for (int q = 0; q < VPIECE; q++)
            v[q] = v_load(from + (k + (uint32_t)q) * row);
        v_turn_pieces(turned, v);
        _Pragma("GCC unroll 16")
        for (int i = 0; i < VLANES; i++)
            v_store_piece(to + (uint32_t)i * wide + k, turned[i % VPIECE], i / VPIECE);
    }
}

LEAT_INLINE void pack_copied(real *to, uint32_t wide, const real *from)
{
    const int vectors = TILE_VECTORS;
    if (wide == TILE_COLS)
        EACH_VECTOR v_store(to + j * VLANES, v_load(from + j * VLANES));
    else
        __builtin_memcpy(to, from, TILE_ROWS * sizeof *to);
}

#define PACK_AHEAD 8 /* rows that are asked for before their turn: they lie pages apart */

static void pack(void *packed, uint32_t wide, const void *m, int64_t row, int64_t col, uint32_t n,
                 uint32_t depth)
{
    real *to = packed;
    const real *from = m;
    uint32_t p = 0;
    if (col == 1 && row != 1 && n == wide)
        for (; p + VLANES <= depth; p += VLANES)
            pack_woven(to + p * wide, wide, from + p, row);
    else if (row == 1 && n == wide)
        for (; p < depth; p++) {
            if (p + PACK_AHEAD < depth)
                __builtin_prefetch(from + (p + PACK_AHEAD) * col);
            pack_copied(to + p * wide, wide, from + p * col);
        }
    for (; p < depth; p++)
        for (uint32_t i = 0; i < wide; i++)
            to[p * wide + i] = i < n ? from[i * row + p * col] : (real)0;
}

/* ---- Packing a sum ---- */

#define SUM_AHEAD 64 /* elements of a row that are asked for before their turn */

LEAT_INLINE vreal sum_lanes(const struct leat_term *terms, uint32_t count, int64_t place, int lanes,
                            int64_t ahead)
{
    vreal sum = v_zero();
    for (uint32_t t = 0; t < count; t++) {
        const real *from = (const real *)terms[t].m + place;
        if (ahead != 0)
            __builtin_prefetch(from + ahead);
        sum = v_add(sum, v_mul(v_set((real)terms[t].sign), v_load_lanes(from, lanes)));
    }
    return sum;
}

LEAT_INLINE void sum_woven(real *to, uint32_t wide, const struct leat_term *terms, uint32_t count,
                           int64_t row, uint32_t p)
{
    for (uint32_t k = 0; k < wide; k += VPIECE) {
        vreal v[VPIECE], turned[VPIECE];
        _Pragma("GCC unroll 4")
        for (int q = 0; q < VPIECE; q++)
            v[q] = sum_lanes(terms, count, (k + (uint32_t)q) * row + p, VLANES, SUM_AHEAD);
        v_turn_pieces(turned, v);
        _Pragma("GCC unroll 16")
        for (int i = 0; i < VLANES; i++)
            v_store_piece(to + (uint32_t)i * wide + k, turned[i % VPIECE], i / VPIECE);
    }
}

LEAT_INLINE real sum_element(const struct leat_term *terms, uint32_t count, uint32_t i, uint32_t p,
                             int64_t place)
{
    real sum = 0;
    for (uint32_t t = 0; t < count; t++)
        if (i < terms[t].n && p < terms[t].depth)
            sum += (real)terms[t].sign * ((const real *)terms[t].m)[place];
    return sum;
}

/* How many columns all terms have, where they have all rows; else 0. */
LEAT_INLINE uint32_t whole_columns(const struct leat_term *terms, uint32_t count, uint32_t wide,
                                   uint32_t depth)
{
    for (uint32_t t = 0; t < count; t++) {
        depth = terms[t].depth < depth ? terms[t].depth : depth;
        depth = terms[t].n < wide ? 0 : depth;
    }
    return depth;
}

static void pack_sum(void *packed, uint32_t wide, const struct leat_term *terms, uint32_t count,
                     int64_t row, int64_t col, uint32_t depth)
{
    real *to = packed;
    uint32_t p = 0, whole = whole_columns(terms, count, wide, depth);
    if (col == 1 && row != 1)
        for (; p + VLANES <= whole; p += VLANES)
            sum_woven(to + p * wide, wide, terms, count, row, p);
    else if (row == 1)
        for (; p < whole; p++)
            for (uint32_t i = 0; i < wide; i += VLANES) {
                int lanes = v_lanes(wide, i);
                v_store_lanes(to + p * wide + i, lanes, sum_lanes(terms, count, i + p * col, lanes,
                                     wide));
            }
    for (; p < depth; p++)
        for (uint32_t i = 0; i < wide; i++)
            to[p * wide + i] = sum_element(terms, count, i, p, i * row + p * col);
}

#endif
