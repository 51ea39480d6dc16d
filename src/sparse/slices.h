/* y = A x by slices: a row a lane, its chain in order. Lanes whose row has ended keep their sum. */
#ifndef LEAT_SPARSE_SLICES_H
#define LEAT_SPARSE_SLICES_H

#define SLICE (LEAT_LINE / (int)sizeof(real)) /* rows of one */
#define SLICE_REGISTERS (LEAT_LINE / VBYTES)
#define EACH_PART _Pragma("GCC unroll 4") for (int r = 0; r < SLICE_REGISTERS; r++)

static void slices(void *to, int64_t y_row, const struct leat_sliced *a, const void *from)
{
    real *y = to;
    const real *x = from;
    for (uint32_t s = 0; s < a->slices; s++) {
        const uint32_t *row = a->row + (size_t)s * SLICE, *length = a->length + (size_t)s * SLICE;
        const uint32_t *col = a->col + a->start[s] * SLICE;
        const real *value = (const real *)a->value + a->start[s] * SLICE;
        uint32_t t = 0, full = length[SLICE - 1], steps = length[0];
        int lanes = SLICE;
        real out[SLICE];
        vreal sum[SLICE_REGISTERS];
        EACH_PART sum[r] = v_zero();
        for (; t < full; t++, col += SLICE, value += SLICE)
            EACH_PART sum[r] = v_fma(v_load(value + r * VLANES), v_gather(x, col + r * VLANES),
                                     sum[r]);
        for (; t < steps; t++, col += SLICE, value += SLICE) {
            while (length[lanes - 1] <= t)
                lanes--;
            EACH_PART {
                vreal next = v_fma(v_load(value + r * VLANES), v_gather(x, col + r * VLANES),
                                   sum[r]);
                sum[r] = v_keep(v_lanes((size_t)lanes, (size_t)(r * VLANES)), next, sum[r]);
            }
        }
        EACH_PART v_store(out + r * VLANES, sum[r]);
        for (int i = 0; i < SLICE && row[i] != UINT32_MAX; i++)
            y[(int64_t)row[i] * y_row] = out[i];
    }
}

#endif
