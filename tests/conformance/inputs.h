/* What the programs of this folder share: digests of rows, and rows to take them of. */
#ifndef LEAT_TESTS_CONFORMANCE_INPUTS_H
#define LEAT_TESTS_CONFORMANCE_INPUTS_H

#include <leat/frame.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Digests: a NaN counts as one value, whatever its sign and payload ---- */

LEAT_INLINE uint64_t fold(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

LEAT_INLINE uint64_t fold_bytes(uint64_t h, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    uint64_t word = 0;
    for (; bytes >= 8; bytes -= 8, p += 8) {
        memcpy(&word, p, 8);
        h = fold(h, word);
    }
    word = 0;
    memcpy(&word, p, bytes);
    return fold(h, word);
}

LEAT_INLINE uint64_t fold_double(uint64_t h, double x)
{
    uint64_t word = UINT64_C(0x7ff8) << 48;
    if (x == x)
        memcpy(&word, &x, sizeof word);
    return fold(h, word);
}

LEAT_INLINE double sample(uint32_t kind, const void *row, size_t i)
{
    float f;
    double d;
    if (kind == LEAT_F32) {
        memcpy(&f, (const char *)row + i * sizeof f, sizeof f);
        return (double)f;
    }
    memcpy(&d, (const char *)row + i * sizeof d, sizeof d);
    return d;
}

LEAT_INLINE uint64_t fold_row(uint64_t h, uint32_t kind, const void *row, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = fold_double(h, sample(kind, row, i));
    return h;
}

/* ---- Inputs ---- */

enum pattern { RANDOM, DENORMAL, MIXED, EDGES, PATTERNS };
static const char *const pattern_names[] = { "random", "denormal", "mixed", "edges" };

LEAT_INLINE uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

LEAT_INLINE double make_sample(enum pattern pattern, uint32_t kind, uint64_t *state)
{
    static const double edges[] = { 0.0, -0.0, 1.0, -1.0, INFINITY, -INFINITY, NAN, 2.0, 0.5,
                                    88.9, -104.5, 709.9, -745.9, 0x1p-149, 0x1p-1074, 3e38, 2.5 };
    uint64_t r = next_random(state);
    double unit = (double)(int64_t)r * 0x1p-63; /* [-1, 1) */
    int small = kind == LEAT_F32 ? -130 : -1030;
    int reach = kind == LEAT_F32 ? 50 : 400;
    switch (pattern) {
    case DENORMAL:
        return ldexp(unit, small - (int)(r & 15));
    case MIXED:
        return ldexp(unit, (int)(next_random(state) % (uint64_t)(2 * reach)) - reach);
    case EDGES:
        return r % 3 == 0 ? edges[r / 3 % (sizeof edges / sizeof *edges)] : unit * 100.0;
    default:
        return unit * 100.0 + 3.0;
    }
}

LEAT_INLINE void *take(size_t bytes)
{
    void *p = aligned_alloc(64, leat_round_up(bytes, 64));
    if (!p) {
        fprintf(stderr, "conformance: out of memory\n");
        exit(1);
    }
    memset(p, 0, bytes);
    return p;
}

LEAT_INLINE void put_sample(uint32_t kind, char *row, size_t i, double value)
{
    float f = (float)value;
    if (kind == LEAT_F32)
        memcpy(row + i * sizeof f, &f, sizeof f);
    else
        memcpy(row + i * sizeof value, &value, sizeof value);
}

#endif
