/* Products with dense matrices: rows of C are chains of fma with rows of B, so many columns at once
 * as registers hold. How many does not show in any element.
 */
#ifndef LEAT_SPARSE_DENSE_H
#define LEAT_SPARSE_DENSE_H

#define GROUP 8 /* registers of columns at once */
#define EACH_REGISTER _Pragma("GCC unroll 8") for (int j = 0; j < registers; j++)

/* What is done with some columns: so many registers of so many lanes; lanes 1: scalars. */
typedef void some_columns(real *c, int64_t c_row, const struct leat_csr *a, const real *b,
                          int64_t b_row, int registers, int lanes);

/* Rows of B come from the second-level cache in no order that it could foresee. Where a register is
 * part of a line, each line of a row is asked for some entries ahead of its turn. Where it is a
 * line, that would be as dear as the line (decision 113): the first one alone is asked for, others
 * follow it, and only when B takes so many bytes that it is farther away. */
#define AHEAD 12
#define FAR_BYTES 1.5e6

LEAT_INLINE bool asks(const struct leat_csr *a, int64_t b_row, int registers)
{
    return VBYTES < LEAT_LINE ? registers == GROUP
                              : (double)b_row * sizeof(real) * a->cols > FAR_BYTES;
}

LEAT_INLINE void ask_ahead(const struct leat_csr *a, uint64_t e, const real *b, int64_t b_row)
{
    const real *row = b + (int64_t)a->col[e + AHEAD < a->entries ? e + AHEAD : e] * b_row;
    _Pragma("GCC unroll 8")
    for (int j = 0; j < (VBYTES < LEAT_LINE ? GROUP * VBYTES : LEAT_LINE); j += LEAT_LINE)
        __builtin_prefetch((const char *)row + j);
}

/* ---- C = A B: sums stay in registers for the length of a row ---- */

/* So many entries, where a row has as many left, have their values from one load. Lines on their
 * way into the first-level cache leave no time for loads, and these are some that can be saved. */
#define STEP (VBYTES < LEAT_LINE ? 1 : 8)

LEAT_INLINE void add_row(vreal sum[GROUP], vreal x, const real *row, int registers, int lanes)
{
    EACH_REGISTER sum[j] = v_fma(x, v_load_lanes(row + j * VLANES, lanes), sum[j]);
}

LEAT_INLINE void rows_text(real *c, int64_t c_row, const struct leat_csr *a, const real *b,
                           int64_t b_row, int registers, int lanes)
{
    const bool ask = asks(a, b_row, registers);
    const uint32_t *col = a->col;
    const real *value = a->value;
    uint64_t e = 0;
    for (uint32_t i = 0; i < a->rows; i++) {
        uint64_t end = a->start[i + 1];
        vreal sum[GROUP];
        EACH_REGISTER sum[j] = v_zero();
        for (; STEP > 1 && !ask && e + STEP <= end; e += STEP) {
            const uint32_t *at = col + e;
            vreal x = v_load_lanes(value + e, STEP < VLANES ? STEP : VLANES);
            _Pragma("GCC unroll 8")
            for (int k = 0; k < STEP; k++)
                add_row(sum, v_spread(x, value + e, k), b + (int64_t)at[k] * b_row, registers,
                        lanes);
        }
        for (; e < end; e++) {
            const real *from = b + (int64_t)col[e] * b_row;
            vreal x = v_set(value[e]);
            if (ask)
                ask_ahead(a, e, b, b_row);
            add_row(sum, x, from, registers, lanes);
        }
        EACH_REGISTER v_store_lanes(c + (int64_t)i * c_row + j * VLANES, lanes, sum[j]);
    }
}

LEAT_INLINE void rows_of_one(real *c, int64_t c_row, const struct leat_csr *a, const real *b,
                             int64_t b_row, int registers, int lanes)
{
    const real *value = a->value;
    uint64_t e = 0;
    (void)registers, (void)lanes;
    for (uint32_t i = 0; i < a->rows; i++) {
        real sum = 0;
        for (uint64_t end = a->start[i + 1]; e < end; e++)
            sum = real_fma(value[e], b[(int64_t)a->col[e] * b_row], sum);
        c[(int64_t)i * c_row] = sum;
    }
}

/* ---- C = A' B: a row of B stays in registers, and is added to rows of C ---- */

LEAT_INLINE void columns_text(real *c, int64_t c_row, const struct leat_csr *a, const real *b,
                              int64_t b_row, int registers, int lanes)
{
    const real *value = a->value;
    uint64_t e = 0;
    for (uint32_t i = 0; i < a->cols; i++)
        EACH_REGISTER v_store_lanes(c + (int64_t)i * c_row + j * VLANES, lanes, v_zero());
    for (uint32_t i = 0; i < a->rows; i++) {
        vreal row[GROUP];
        EACH_REGISTER row[j] = v_load_lanes(b + (int64_t)i * b_row + j * VLANES, lanes);
        for (uint64_t end = a->start[i + 1]; e < end; e++) {
            real *to = c + (int64_t)a->col[e] * c_row;
            vreal x = v_set(value[e]);
            EACH_REGISTER v_store_lanes(to + j * VLANES, lanes,
                                     v_fma(x, row[j], v_load_lanes(to + j * VLANES, lanes)));
        }
    }
}

LEAT_INLINE void columns_of_one(real *c, int64_t c_row, const struct leat_csr *a, const real *b,
                                int64_t b_row, int registers, int lanes)
{
    const real *value = a->value;
    uint64_t e = 0;
    (void)registers, (void)lanes;
    for (uint32_t i = 0; i < a->cols; i++)
        c[(int64_t)i * c_row] = 0;
    for (uint32_t i = 0; i < a->rows; i++) {
        real x = b[(int64_t)i * b_row];
        for (uint64_t end = a->start[i + 1]; e < end; e++) {
            real *to = c + (int64_t)a->col[e] * c_row;
            *to = real_fma(value[e], x, *to);
        }
    }
}

/* ---- either ---- */

LEAT_INLINE void in_groups(some_columns *text, some_columns *of_one, real *c, int64_t c_row,
                           const struct leat_csr *a, const real *b, int64_t b_row, uint32_t n)
{
    uint32_t j = 0;
    for (; n - j >= GROUP * VLANES; j += GROUP * VLANES)
        text(c + j, c_row, a, b + j, b_row, GROUP, VLANES);
    if (n - j >= 4 * VLANES) {
        text(c + j, c_row, a, b + j, b_row, 4, VLANES);
        j += 4 * VLANES;
    }
    if (n - j >= 2 * VLANES) {
        text(c + j, c_row, a, b + j, b_row, 2, VLANES);
        j += 2 * VLANES;
    }
    if (n - j >= VLANES) {
        text(c + j, c_row, a, b + j, b_row, 1, VLANES);
        j += VLANES;
    }
    if (n - j > 1)
        text(c + j, c_row, a, b + j, b_row, 1, (int)(n - j));
    else if (n - j == 1)
        of_one(c + j, c_row, a, b + j, b_row, 1, 1);
}

static void rows(void *c, int64_t c_row, const struct leat_csr *a, const void *b, int64_t b_row,
                 uint32_t n)
{
    in_groups(rows_text, rows_of_one, c, c_row, a, b, b_row, n);
}

static void columns(void *c, int64_t c_row, const struct leat_csr *a, const void *b,
                    int64_t b_row, uint32_t n)
{
    in_groups(columns_text, columns_of_one, c, c_row, a, b, b_row, n);
}

/* ---- what is there ---- */

static uint64_t count(const void *x, uint32_t n)
{
    const real *from = x;
    bits found = 0; /* as wide as an element: a register compares and counts as many */
    for (uint32_t i = 0; i < n; i++)
        found += from[i] != 0;
    return found;
}

#endif
