/* Normal deviates that are counted, not drawn: number (i, j) of a seed is a function of the three.
 *
 * Marsaglia's polar method (1964) over SplitMix64 (Steele, Lea, Flood 2014). The logarithm is a
 * series of its own: the one of the statistics is a kernel of rows, in a room beside this one.
 */
#include "linalg/inner.h"

#include <string.h>

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t random_bits(uint64_t seed, uint64_t i)
{
    return mix(mix(seed) + i);
}

/* Uniform in [-1, 1), and the next state. */
static double uniform(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return (double)(mix(*state) >> 11) * 0x1p-52 - 1;
}

/* log x, 0 < x < 1 and no denormal: x = 2^k (1 + f), log (1 + f) = 2 atanh(f / (2 + f)); relative
 * error some units in the last place. */
static double logarithm(double x)
{
    uint64_t bits, one = UINT64_C(0x3ff0000000000000);
    memcpy(&bits, &x, sizeof bits);
    uint64_t half = (bits & UINT64_C(0xfffffffffffff)) > UINT64_C(0x6a09e667f3bcc); /* sqrt 2 */
    double k = (double)((int)(bits >> 52) - 1023 + (int)half);
    bits = ((bits & UINT64_C(0xfffffffffffff)) | one) - (half << 52);
    memcpy(&x, &bits, sizeof x);
    double s = (x - 1) / (x + 1), z = s * s, sum = 0;
    for (int i = 21; i >= 1; i -= 2)
        sum = sum * z + 1.0 / i;
    return k * 0x1.62e42fefa39efp-1 + 2 * s * sum;
}

/* Numbers 2 i and 2 i + 1 of column j. */
static void pair_of(uint64_t seed, uint32_t i, uint32_t j, double pair[2])
{
    uint64_t state = mix(mix(seed) + ((uint64_t)j << 32 | i));
    double s;
    do {
        pair[0] = uniform(&state);
        pair[1] = uniform(&state);
        s = pair[0] * pair[0] + pair[1] * pair[1];
    } while (s >= 1 || s == 0); /* one in five again; the sequence is no cycle of these */
    double by = __builtin_sqrt(-2 * logarithm(s) / s);
    pair[0] *= by;
    pair[1] *= by;
}

void view_fill_normal(const struct leat_matrix *m, size_t each, uint64_t seed, uint32_t from)
{
    for (uint32_t i = 0; i < m->rows; i += 2)
        for (uint32_t j = from; j < m->cols; j++) {
            double pair[2];
            pair_of(seed, i / 2, j, pair);
            put(m, each, i, j, pair[0]);
            if (i + 1 < m->rows)
                put(m, each, i + 1, j, pair[1]);
        }
}
