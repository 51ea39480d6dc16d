/* Matrices for the tests of this folder: views of every layout inside memory whose other elements
 * are watched. */
#ifndef LEAT_TESTS_LINALG_MATRICES_H
#define LEAT_TESTS_LINALG_MATRICES_H

#include <leat/frame.h>
#include <leat/linalg.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __float128 quad;

#define EACH_TABLE(k) \
    for (uint32_t kind_ = LEAT_F32; kind_ <= LEAT_F64; kind_++) \
        for (unsigned isa_ = 0; isa_ < LEAT_ISAS; isa_++) \
            for (const struct leat_linalg *k = usable((enum leat_isa)isa_, kind_); k; k = NULL)

LEAT_INLINE const struct leat_linalg *usable(enum leat_isa isa, uint32_t kind)
{
    return leat_isa_usable(isa) ? leat_linalg_kernels(isa, kind) : NULL;
}

enum layout { ROWS, COLUMNS, SCATTERED, BACKWARDS, LAYOUTS };

#define ASIDE (-77.0) /* what stands between the elements of a view */

struct watched {
    struct leat_matrix m;
    uint32_t kind;
    void *memory;
    size_t n; /* elements of memory */
};

LEAT_INLINE double unit_roundoff(uint32_t kind) { return kind == LEAT_F32 ? 0x1p-24 : 0x1p-53; }

LEAT_INLINE void *allocate(size_t bytes)
{
    void *memory = aligned_alloc(LEAT_LINE, leat_round_up(bytes + 1, LEAT_LINE));
    if (!memory)
        abort();
    memset(memory, 0, bytes);
    return memory;
}

LEAT_INLINE double get_flat(uint32_t kind, const void *x, int64_t i)
{
    return kind == LEAT_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

LEAT_INLINE void set_flat(uint32_t kind, void *x, int64_t i, double value)
{
    if (kind == LEAT_F32)
        ((float *)x)[i] = (float)value;
    else
        ((double *)x)[i] = value;
}

LEAT_INLINE double get(const struct watched *w, uint32_t i, uint32_t j)
{
    return get_flat(w->kind, w->m.data, i * w->m.row + j * w->m.col);
}

LEAT_INLINE void set(struct watched *w, uint32_t i, uint32_t j, double value)
{
    set_flat(w->kind, w->m.data, i * w->m.row + j * w->m.col, value);
}

/* Elements 0; aside of them ASIDE. */
LEAT_INLINE struct watched matrix_make(uint32_t kind, uint32_t rows, uint32_t cols,
                                       enum layout layout)
{
    struct watched w = {.kind = kind, .m = {.rows = rows, .cols = cols}};
    int64_t m = rows + 1, n = cols + 1;
    w.m.row = layout == COLUMNS ? 1 : layout == SCATTERED ? 3 * n : layout == BACKWARDS ? -n : n;
    w.m.col = layout == COLUMNS ? m : layout == SCATTERED ? 2 : layout == BACKWARDS ? -1 : 1;
    w.n = (size_t)(3 * m * n + 8);
    w.memory = allocate(w.n * leat_kind_bytes(kind));
    int64_t first = layout == BACKWARDS ? m * n : 1;
    w.m.data = (char *)w.memory + first * leat_kind_bytes(kind);
    for (size_t i = 0; i < w.n; i++)
        set_flat(kind, w.memory, (int64_t)i, ASIDE);
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < cols; j++)
            set(&w, i, j, 0);
    return w;
}

LEAT_INLINE void matrix_free(struct watched *w) { free(w->memory); }

/* How many elements aside are still what they were: all that are none of the view's. */
LEAT_INLINE size_t aside_of(const struct watched *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        n += get_flat(w->kind, w->memory, (int64_t)i) == ASIDE;
    return n;
}

LEAT_INLINE uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

LEAT_INLINE double random_unit(uint64_t *state) /* uniform in [-1, 1), of 24 bits: exact as f32 */
{
    return (double)(int64_t)(next_random(state) >> 40) * 0x1p-23 - 1;
}

LEAT_INLINE void fill_random(struct watched *w, uint64_t *state)
{
    for (uint32_t i = 0; i < w->m.rows; i++)
        for (uint32_t j = 0; j < w->m.cols; j++)
            set(w, i, j, random_unit(state));
}

LEAT_INLINE void fill_whole(struct watched *w, uint64_t *state, int most)
{
    for (uint32_t i = 0; i < w->m.rows; i++)
        for (uint32_t j = 0; j < w->m.cols; j++)
            set(w, i, j, (double)((int)(next_random(state) % (uint64_t)(2 * most + 1)) - most));
}

/* ---- A workspace of just the bytes; what stands behind them is watched. It need not be zeroed;
 * as numbers, what it holds shows. ---- */

#define BEHIND 64

LEAT_INLINE unsigned char *desk_make(size_t bytes)
{
    unsigned char *desk = allocate(bytes + BEHIND);
    memset(desk, 0xa5, bytes + BEHIND);
    return desk;
}

/* Frees it; true when nobody wrote behind it. */
LEAT_INLINE bool desk_clean(unsigned char *desk, size_t bytes)
{
    bool clean = true;
    for (size_t i = 0; i < BEHIND; i++)
        clean &= desk[bytes + i] == 0xa5;
    free(desk);
    return clean;
}

#endif
