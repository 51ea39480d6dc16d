/* The product of a matrix and a vector: elements side by side are lanes, each with its own chain.
 *
 * Where rows of the matrix are contiguous, squares of it are turned in registers, so that a chain
 * is the one that a tile makes.
 */
#ifndef LEAT_LINALG_GEMV_H
#define LEAT_LINALG_GEMV_H

#define LINE_VECTORS (64 / VBYTES) /* registers in a line of memory */
#define EACH_GROUP _Pragma("GCC unroll 8") for (int j = 0; j < groups; j++)
#define EACH_LANE _Pragma("GCC unroll 16") for (int i = 0; i < VLANES; i++)
#define ALONG 8 /* groups of lanes that are summed at once, columns being contiguous */
#define WOVEN (128 / VBYTES) /* and rows: a line of each of them fits the first-level cache */

/* Groups of VLANES rows, as many columns as fill lines. How many columns that were. */
LEAT_INLINE uint32_t gemv_woven(vreal *sum, int groups, const real *m, int64_t row, const real *x,
                                int64_t x_step, uint32_t depth)
{
    const uint32_t line = LINE_VECTORS * VLANES;
    uint32_t p = 0;
    for (; p + line <= depth; p += line)
        EACH_GROUP
            for (uint32_t q = p; q < p + line; q += VLANES) {
                vreal v[VLANES], turned[VLANES];
                EACH_LANE v[i] = v_load(m + (j * VLANES + i) * row + q);
                v_turn(turned, v);
                EACH_LANE sum[j] = v_fma(v_set(x[(q + (uint32_t)i) * x_step]), turned[i], sum[j]);
            }
    return p;
}

/* The first n of VLANES elements of a column. */
LEAT_INLINE vreal gemv_column(const real *m, int64_t row, int n)
{
    real lane[VLANES] = {0};
    if (row == 1)
        return v_load_lanes(m, n);
    for (int i = 0; i < n; i++)
        lane[i] = m[i * row];
    return v_load(lane);
}

/* y[i] = fma(alpha, sum[i], beta y[i]) for from <= i < n. */
LEAT_INLINE void gemv_store(real *y, int64_t step, int from, int n, vreal sum, real alpha,
                            real beta)
{
    real lane[VLANES] = {0};
    for (int i = from; beta != 0 && i < n; i++)
        lane[i] = y[i * step];
    vreal old = beta == 0 ? v_zero() : v_mul(v_set(beta), v_load(lane));
    v_store(lane, v_fma(v_set(alpha), sum, old));
    for (int i = from; i < n; i++)
        y[i * step] = lane[i];
}

/* Elements from to n of so many groups. */
LEAT_INLINE void gemv_groups(real *y, int64_t y_step, const real *m, int64_t row, int64_t col,
                             const real *x, int64_t x_step, int from, int n, int groups,
                             uint32_t depth, real alpha, real beta)
{
    vreal sum[ALONG];
    int lanes[ALONG];
    EACH_GROUP lanes[j] = v_lanes((size_t)n, (size_t)(j * VLANES));
    EACH_GROUP sum[j] = v_zero();
    uint32_t p = row == 1 ? 0 : gemv_woven(sum, groups, m, row, x, x_step, depth);
    for (; p < depth; p++) {
        const real *column = m + p * col;
        vreal by = v_set(x[p * x_step]);
        EACH_GROUP {
            if (row == 1 && j % LINE_VECTORS == 0)
                __builtin_prefetch(column + COLUMNS_AHEAD * col + j * VLANES);
            sum[j] = v_fma(by, gemv_column(column + j * VLANES * row, row, lanes[j]), sum[j]);
        }
    }
    EACH_GROUP gemv_store(y + j * VLANES * y_step, y_step, j == 0 ? from : 0, lanes[j], sum[j],
                          alpha, beta);
}

LEAT_INLINE void gemv_along(real *y, int64_t y_step, const real *m, int64_t col, const real *x,
                            int64_t x_step, uint32_t n, uint32_t depth, real alpha, real beta)
{
    const uint32_t wide = ALONG * VLANES;
    uint32_t i = 0;
    for (; i + wide <= n; i += wide)
        gemv_groups(y + i * y_step, y_step, m + i, 1, col, x, x_step, 0, wide, ALONG, depth, alpha,
                    beta);
    int rest = (int)(n - i);
    y += i * y_step;
    m += i;
    if (rest > 4 * VLANES)
        gemv_groups(y, y_step, m, 1, col, x, x_step, 0, rest, ALONG, depth, alpha, beta);
    else if (rest > VLANES)
        gemv_groups(y, y_step, m, 1, col, x, x_step, 0, rest, 4, depth, alpha, beta);
    else if (rest > 0)
        gemv_groups(y, y_step, m, 1, col, x, x_step, 0, rest, 1, depth, alpha, beta);
}

static void gemv(void *y, int64_t y_step, const void *m, int64_t row, int64_t col, const void *x,
                 int64_t x_step, uint32_t n, uint32_t depth, double alpha, double beta)
{
    const real *from = m;
    real *to = y;
    if (row == 1) {
        gemv_along(to, y_step, from, col, x, x_step, n, depth, (real)alpha, (real)beta);
        return;
    }
    uint32_t i = 0;
    for (; i + WOVEN * VLANES <= n; i += WOVEN * VLANES)
        gemv_groups(to + i * y_step, y_step, from + i * row, row, 1, x, x_step, 0, WOVEN * VLANES,
                    WOVEN, depth, (real)alpha, (real)beta);
    for (; i < n; i += VLANES) { /* the last of them begin with rows that are done */
        uint32_t first = n - i < VLANES ? n - VLANES : i;
        gemv_groups(to + first * y_step, y_step, from + first * row, row, 1, x, x_step,
                    (int)(i - first), VLANES, 1, depth, (real)alpha, (real)beta);
    }
}

#endif
