/* Elements of matrices: sums, products, and changing places. */
#ifndef LEAT_LINALG_ELEMENTS_H
#define LEAT_LINALG_ELEMENTS_H

LEAT_INLINE void add_lanes(real *to, const real *from, int n, vreal by, vreal keep, bool reads)
{
    vreal old = reads ? v_mul(keep, v_load_lanes(to, n)) : v_zero();
    v_store_lanes(to, n, v_fma(by, v_load_lanes(from, n), old));
}

static void add(void *b, int64_t b_row, const void *a, int64_t a_row, uint32_t rows,
                uint32_t cols, double alpha, double beta)
{
    vreal by = v_set((real)alpha), keep = v_set((real)beta);
    for (uint32_t i = 0; i < rows; i++) {
        real *to = (real *)b + i * b_row;
        const real *from = (const real *)a + i * a_row;
        uint32_t left = cols;
        for (; left >= VLANES; left -= VLANES, to += VLANES, from += VLANES)
            add_lanes(to, from, VLANES, by, keep, beta != 0);
        if (left > 0)
            add_lanes(to, from, (int)left, by, keep, beta != 0);
    }
}

static void multiply(void *b, int64_t b_row, const void *a, int64_t a_row, uint32_t rows,
                     uint32_t cols)
{
    for (uint32_t i = 0; i < rows; i++) {
        real *to = (real *)b + i * b_row;
        const real *from = (const real *)a + i * a_row;
        uint32_t left = cols;
        for (; left >= VLANES; left -= VLANES, to += VLANES, from += VLANES)
            v_store(to, v_mul(v_load(from), v_load(to)));
        if (left > 0)
            v_store_lanes(to, (int)left, v_mul(v_load_lanes(from, (int)left),
                                            v_load_lanes(to, (int)left)));
    }
}

/* ---- Changing places ---- */

#define SQUARE (64 / (int)sizeof(real)) /* rows and columns of what is swapped at once: a line */
#define EACH_OF_SQUARE _Pragma("GCC unroll 16") for (int i = 0; i < VLANES; i++)

LEAT_INLINE void swap_lanes(real *a, int64_t a_row, real *b, int64_t b_row)
{
    vreal v[VLANES], turned[VLANES];
    EACH_OF_SQUARE v[i] = v_load(a + i * a_row);
    v_turn(turned, v);
    if (a != b) {
        vreal w[VLANES], back[VLANES];
        EACH_OF_SQUARE w[i] = v_load(b + i * b_row);
        v_turn(back, w);
        EACH_OF_SQUARE v_store(a + i * a_row, back[i]);
    }
    EACH_OF_SQUARE v_store(b + i * b_row, turned[i]);
}

/* Of at most SQUARE rows and columns. */
LEAT_INLINE void swap_square(real *a, int64_t a_row, real *b, int64_t b_row, int rows, int cols)
{
    if (rows == SQUARE && cols == SQUARE) {
        for (int i = 0; i < SQUARE; i += VLANES)
            for (int j = a == b ? i : 0; j < SQUARE; j += VLANES)
                swap_lanes(a + i * a_row + j, a_row, b + j * b_row + i, b_row);
        return;
    }
    for (int i = 0; i < rows; i++)
        for (int j = a == b ? i + 1 : 0; j < cols; j++) {
            real x = a[i * a_row + j];
            a[i * a_row + j] = b[j * b_row + i];
            b[j * b_row + i] = x;
        }
}

LEAT_INLINE void ask_for_rows(const real *m, int64_t row)
{
    for (int i = 0; i < SQUARE; i++)
        __builtin_prefetch(m + i * row, 0, 2);
}

static void swap(void *a, int64_t a_row, void *b, int64_t b_row, uint32_t rows, uint32_t cols,
                 const void *next_a, const void *next_b)
{
    for (uint32_t i = 0; i < rows; i += SQUARE)
        for (uint32_t j = a == b ? i : 0; j < cols; j += SQUARE) {
            if (next_a != NULL) {
                ask_for_rows((const real *)next_a + i * a_row + j, a_row);
                ask_for_rows((const real *)next_b + j * b_row + i, b_row);
            }
            swap_square((real *)a + i * a_row + j, a_row, (real *)b + j * b_row + i, b_row,
                        rows - i < SQUARE ? (int)(rows - i) : SQUARE,
                        cols - j < SQUARE ? (int)(cols - j) : SQUARE);
        }
}

#endif
