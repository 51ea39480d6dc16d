/* Rows of a matrix times a vector, each in partial sums: of as many as fill a line of memory, one
 * takes every so-manieth term.
 *
 * Where rows are contiguous, partial sums are lanes, and some rows are read at once. Where columns
 * are, elements of the result are lanes: of a matrix that the second-level cache holds, some
 * partial sums of few elements stay in registers; of a larger one those of many elements wait in
 * memory, so that columns are read as far as they go.
 */
#ifndef LEAT_LINALG_DOTS_H
#define LEAT_LINALG_DOTS_H

#define DOT_PARTS ((int)(64 / sizeof(real))) /* a power of two, at least the lanes of a register */
#define DOT_VECTORS (64 / VBYTES)
#define DOT_ROWS (VBYTES == 16 ? 2 : 4) /* at once: their sums and the vector stay in registers */
#define EACH_DOT _Pragma("GCC unroll 4") for (int r = 0; r < DOT_ROWS; r++)
#define EACH_PART _Pragma("GCC unroll 4") for (int v = 0; v < DOT_VECTORS; v++)

/* Partial sums of rows, at most DOT_ROWS of them: beyond the last they are those of the last. */
LEAT_INLINE void dots_rows(real part[][DOT_PARTS], const real *m, int64_t row, const real *x,
                           int rows, uint32_t depth)
{
    vreal sum[DOT_ROWS][DOT_VECTORS];
    const real *from[DOT_ROWS];
    EACH_DOT {
        from[r] = m + (r < rows ? r : rows - 1) * row;
        EACH_PART sum[r][v] = v_zero();
    }
    uint32_t p = 0;
    for (; p + DOT_PARTS <= depth; p += DOT_PARTS)
        EACH_PART {
            vreal by = v_load(x + p + v * VLANES);
            EACH_DOT sum[r][v] = v_fma(v_load(from[r] + p + v * VLANES), by, sum[r][v]);
        }
    if (p < depth)
        EACH_PART {
            int lanes = v_lanes(depth, p + (uint32_t)(v * VLANES));
            vreal by = v_load_n(x + p + v * VLANES, lanes, v_zero());
            EACH_DOT {
                vreal a = v_load_n(from[r] + p + v * VLANES, lanes, v_zero());
                sum[r][v] = v_keep(lanes, v_fma(a, by, sum[r][v]), sum[r][v]);
            }
        }
    EACH_DOT EACH_PART v_store(part[r] + v * VLANES, sum[r][v]);
}

/* So many sums, a power of two, joined by halving. */
LEAT_INLINE vreal dots_halved(vreal *sum, int n)
{
    _Pragma("GCC unroll 4")
    for (int half = n / 2; half > 0; half /= 2)
        _Pragma("GCC unroll 8")
        for (int i = 0; i < half; i++)
            sum[i] = v_add(sum[i], sum[i + half]);
    return sum[0];
}

/* The sum of each row; row i in lane i. */
LEAT_INLINE vreal dots_joined(real part[VLANES][DOT_PARTS])
{
    vreal sum[VLANES], turned[VLANES];
    EACH_LANE {
        vreal of[DOT_VECTORS];
        EACH_PART of[v] = v_load(part[i] + v * VLANES);
        sum[i] = dots_halved(of, DOT_VECTORS);
    }
    v_turn(turned, sum);
    return dots_halved(turned, VLANES);
}

LEAT_INLINE void dots_along(real *y, int64_t y_step, const real *m, int64_t row, const real *x,
                            uint32_t n, uint32_t depth, real alpha, real beta)
{
    real part[VLANES][DOT_PARTS] = {{0}};
    for (uint32_t i = 0; i < n; i += VLANES) {
        int rows = v_lanes(n, i);
        for (int r = 0; r < rows; r += DOT_ROWS)
            dots_rows(part + r, m + (i + (uint32_t)r) * row, row, x, rows - r, depth);
        gemv_store(y + i * y_step, y_step, 0, rows, dots_joined(part), alpha, beta);
    }
}

/* ---- columns ---- */

/* y of the partial sums of n elements, those of one `wide` behind those of the one before. */
LEAT_INLINE void dots_down(real *y, int64_t y_step, const real *part, int wide, int n, real alpha,
                           real beta)
{
    for (int j = 0; j < n; j += VLANES) {
        vreal sum[DOT_PARTS];
        _Pragma("GCC unroll 16")
        for (int q = 0; q < DOT_PARTS; q++)
            sum[q] = v_load(part + q * wide + j);
        gemv_store(y + j * y_step, y_step, 0, v_lanes((size_t)n, (size_t)j),
                   dots_halved(sum, DOT_PARTS), alpha, beta);
    }
}

#define DOT_NEAR (UINT32_C(1) << 20) /* bytes of a matrix that the second-level cache holds */
#define NEAR_PARTS (VBYTES == 64 ? 4 : 2) /* at once, of NEAR_VECTORS registers of elements */
#define NEAR_VECTORS 4
#define NEAR (NEAR_VECTORS * VLANES)
#define EACH_NEAR_PART _Pragma("GCC unroll 4") for (int q = 0; q < NEAR_PARTS; q++)
#define EACH_NEAR _Pragma("GCC unroll 4") for (int v = 0; v < NEAR_VECTORS; v++)

/* NEAR_PARTS partial sums of NEAR elements, from the first of their columns on; depth is counted
 * from there too. */
LEAT_INLINE void dots_near_parts(real *part, const real *m, int64_t col, const real *x, int depth)
{
    vreal sum[NEAR_PARTS][NEAR_VECTORS];
    EACH_NEAR_PART EACH_NEAR sum[q][v] = v_zero();
    int p = 0;
    for (; p + NEAR_PARTS <= depth; p += DOT_PARTS, m += DOT_PARTS * col) {
        const real *from = m;
        EACH_NEAR_PART {
            vreal by = v_set(x[p + q]);
            EACH_NEAR sum[q][v] = v_fma(v_load(from + v * VLANES), by, sum[q][v]);
            from += col;
            __asm__("" : "+r"(from)); /* or compilers keep a pointer for each */
        }
    }
    EACH_NEAR_PART {
        if (p + q < depth)
            EACH_NEAR sum[q][v] = v_fma(v_load(m + q * col + v * VLANES), v_set(x[p + q]),
                                        sum[q][v]);
        EACH_NEAR v_store(part + q * NEAR + v * VLANES, sum[q][v]);
    }
}

/* Whole NEARs of elements; how many those are. */
LEAT_INLINE uint32_t dots_near(real *part, real *y, int64_t y_step, const real *m, int64_t col,
                               const real *x, uint32_t n, uint32_t depth, real alpha, real beta)
{
    uint32_t i = 0;
    for (; i + NEAR <= n; i += NEAR) {
        for (int q = 0; q < DOT_PARTS; q += NEAR_PARTS)
            dots_near_parts(part + q * NEAR, m + i + q * col, col, x + q, (int)depth - q);
        dots_down(y + i * y_step, y_step, part, NEAR, NEAR, alpha, beta);
    }
    return i;
}

#define DOT_DEEP 4 /* terms of a partial sum that are taken at once */
#define EACH_TERM _Pragma("GCC unroll 4") for (int d = 0; d < deep; d++)

/* So many terms of a partial sum of n elements: columns `step` apart. The first begin from +0. */
LEAT_INLINE void dots_terms(real *part, const real *m, int64_t step, const real *x, int n, int deep,
                            bool first)
{
    vreal by[DOT_DEEP];
    EACH_TERM by[d] = v_set(x[d * DOT_PARTS]);
    for (int j = 0; j < n; j += VLANES) {
        int lanes = v_lanes((size_t)n, (size_t)j);
        vreal sum = first ? v_zero() : v_load(part + j);
        EACH_TERM sum = v_fma(v_load_lanes(m + d * step + j, lanes), by[d], sum);
        v_store(part + j, sum);
    }
}

LEAT_INLINE void dots_far(real *part, int wide, const real *m, int64_t col, const real *x, int n,
                          uint32_t depth)
{
    const uint32_t many = DOT_DEEP * DOT_PARTS;
    uint32_t p = 0;
    for (; p + many <= depth; p += many)
        for (uint32_t q = 0; q < (uint32_t)DOT_PARTS; q++)
            dots_terms(part + (int)q * wide, m + (p + q) * col, DOT_PARTS * col, x + p + q, n,
                       DOT_DEEP, p == 0);
    for (; p < depth; p += DOT_PARTS)
        for (uint32_t q = 0; q < (uint32_t)DOT_PARTS; q++)
            if (p + q < depth)
                dots_terms(part + (int)q * wide, m + (p + q) * col, col, x + p + q, n, 1, p == 0);
            else if (p == 0) /* there is no such term */
                __builtin_memset(part + (int)q * wide, 0, (size_t)wide * sizeof *part);
}

LEAT_INLINE void dots_columns(real *part, real *y, int64_t y_step, const real *m, int64_t col,
                              const real *x, uint32_t n, uint32_t depth, real alpha, real beta)
{
    uint32_t i = 0;
    if ((uint64_t)n * depth * sizeof(real) <= DOT_NEAR)
        i = dots_near(part, y, y_step, m, col, x, n, depth, alpha, beta);
    for (uint32_t strip; i < n; i += strip) {
        strip = n - i < LEAT_GEMV_STRIP ? n - i : LEAT_GEMV_STRIP;
        int wide = (int)(strip + DOT_PARTS - 1) / DOT_PARTS * DOT_PARTS;
        dots_far(part, wide, m + i, col, x, (int)strip, depth);
        dots_down(y + i * y_step, y_step, part, wide, (int)strip, alpha, beta);
    }
}

/* ---- neither ---- */

LEAT_INLINE real dots_element(const real *m, int64_t col, const real *x, uint32_t depth)
{
    real part[DOT_PARTS] = {0};
    for (uint32_t p = 0; p < depth; p++)
        part[p % DOT_PARTS] = real_fma(m[p * col], x[p], part[p % DOT_PARTS]);
    for (int half = DOT_PARTS / 2; half > 0; half /= 2)
        for (int q = 0; q < half; q++)
            part[q] += part[q + half];
    return part[0];
}

static void dots(void *y, int64_t y_step, const void *m, int64_t row, int64_t col, const void *x,
                 uint32_t n, uint32_t depth, double alpha, double beta, void *parts)
{
    real *to = y;
    const real *from = m;
    if (col == 1)
        dots_along(to, y_step, from, row, x, n, depth, (real)alpha, (real)beta);
    else if (row == 1)
        dots_columns(parts, to, y_step, from, col, x, n, depth, (real)alpha, (real)beta);
    else
        for (uint32_t i = 0; i < n; i++) {
            real old = beta == 0 ? (real)0 : (real)beta * to[i * y_step];
            real sum = dots_element(from + i * row, col, x, depth);
            to[i * y_step] = real_fma((real)alpha, sum, old);
        }
}

#endif
