/* Rows for the tests of the statistics room: random samples of either kind, every usable table, and
 * oracles in long double, two passes over all samples. */
#ifndef LEAT_TESTS_STATS_ROWS_H
#define LEAT_TESTS_STATS_ROWS_H

#include <leat/stats.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EACH_TABLE(k) \
    for (uint32_t kind_ = LEAT_F32; kind_ <= LEAT_F64; kind_++) \
        for (unsigned isa_ = 0; isa_ < LEAT_ISAS; isa_++) \
            for (const struct leat_stats *k = rows_table(isa_, kind_); k; k = NULL)

LEAT_INLINE const struct leat_stats *rows_table(unsigned isa, uint32_t kind)
{
    enum leat_isa set = (enum leat_isa)isa;
    return leat_isa_usable(set) ? leat_stats_kernels(set, kind) : NULL;
}

LEAT_INLINE double rows_get(uint32_t kind, const void *row, size_t i)
{
    return kind == LEAT_F32 ? (double)((const float *)row)[i] : ((const double *)row)[i];
}

LEAT_INLINE void rows_put(uint32_t kind, void *row, size_t i, double x)
{
    if (kind == LEAT_F32)
        ((float *)row)[i] = (float)x;
    else
        ((double *)row)[i] = x;
}

LEAT_INLINE double rows_unit(uint64_t *state) /* uniform in [-1, 1), splitmix64 */
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)(int64_t)(z ^ z >> 31) * 0x1p-63;
}

/* n samples around mean, with room for one more row's worth of padding behind. */
LEAT_INLINE void *rows_make(uint32_t kind, size_t n, double mean, double spread, uint64_t seed)
{
    void *row = aligned_alloc(64, leat_round_up((n + 8) * 8, 64));
    if (!row)
        abort();
    memset(row, 0, leat_round_up((n + 8) * 8, 64));
    for (size_t i = 0; i < n; i++)
        rows_put(kind, row, i, mean + spread * rows_unit(&seed));
    return row;
}

LEAT_INLINE void *rows_copy(uint32_t kind, const void *row, size_t n)
{
    void *copy = rows_make(kind, n, 0, 0, 1);
    memcpy(copy, row, n * leat_kind_bytes(kind));
    return copy;
}

/* Moments of samples [from, to): the mean is first + shift, so that nothing is lost where it is
 * large. */
struct oracle {
    long double first, shift, m2;
};

LEAT_INLINE struct oracle rows_moments(uint32_t kind, const void *row, size_t from, size_t to)
{
    struct oracle o = { rows_get(kind, row, from), 0, 0 };
    for (size_t i = from; i < to; i++)
        o.shift += rows_get(kind, row, i) - o.first;
    o.shift /= (long double)(to - from);
    for (size_t i = from; i < to; i++) {
        long double d = (rows_get(kind, row, i) - o.first) - o.shift;
        o.m2 += d * d;
    }
    return o;
}

LEAT_INLINE double rows_u(uint32_t kind) { return kind == LEAT_F32 ? 0x1p-24 : 0x1p-53; }

#endif
