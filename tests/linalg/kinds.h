/* Matrices of many kinds, for what is said of all of them. */
#ifndef LEAT_TESTS_LINALG_KINDS_H
#define LEAT_TESTS_LINALG_KINDS_H

#include "matrices.h"

enum shape_of { RANDOM, GRADED_COLUMNS, GRADED_ROWS, REPEATED, ZERO, TINY, HUGE_ONES, POWERS,
                SHAPES };

LEAT_INLINE double element_of(enum shape_of shape, uint32_t kind, uint32_t i, uint32_t j,
                              uint64_t *seed)
{
    double x = random_unit(seed);
    bool narrow = kind == LEAT_F32;
    switch (shape) {
    case GRADED_COLUMNS: return ldexp(x, -(int)(narrow ? 1 : 6) * (int)j);
    case GRADED_ROWS: return ldexp(x, -(int)(narrow ? 1 : 6) * (int)i);
    case REPEATED: return j % 3 == 2 ? 0 : (double)((i * 7 + j % 3) % 5) - 2;
    case ZERO: return 0;
    case TINY: return ldexp(x, narrow ? -140 : -1060); /* denormal */
    case HUGE_ONES: return ldexp(x, narrow ? 123 : 1019);
    case POWERS: return pow((double)(i + 1) / 40, j);
    default: return x;
    }
}

LEAT_INLINE struct watched make(uint32_t kind, uint32_t rows, uint32_t cols, enum shape_of shape,
                                enum layout layout, uint64_t *seed)
{
    struct watched w = matrix_make(kind, rows, cols, layout);
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < cols; j++)
            set(&w, i, j, element_of(shape, kind, i, j, seed));
    return w;
}

LEAT_INLINE struct watched copy_of(const struct watched *w)
{
    struct watched c = *w;
    size_t bytes = w->n * leat_kind_bytes(w->kind);
    c.memory = allocate(bytes);
    memcpy(c.memory, w->memory, bytes);
    c.m.data = (char *)c.memory + ((char *)w->m.data - (char *)w->memory);
    return c;
}

LEAT_INLINE uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* |M' M - I|, Frobenius, in u. */
LEAT_INLINE double off_orthogonal(const struct watched *w)
{
    quad off = 0;
    for (uint32_t i = 0; i < w->m.cols; i++)
        for (uint32_t j = 0; j <= i; j++) {
            quad sum = i == j ? -1 : 0;
            for (uint32_t p = 0; p < w->m.rows; p++)
                sum += (quad)get(w, p, i) * (quad)get(w, p, j);
            off += sum * sum * (i == j ? 1 : 2);
        }
    return sqrt((double)off) / unit_roundoff(w->kind);
}

#endif
