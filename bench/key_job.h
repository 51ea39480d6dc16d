/* The keyed job: ticks of many keys in random order, each smoothed by the average of its own key.
 * The same ticks and the same step for every subject. A key's samples are alike, so its average is
 * what it was, in whichever order subjects are called, and only where nobody took another's. */
#ifndef LEAT_BENCH_KEY_JOB_H
#define LEAT_BENCH_KEY_JOB_H

#include "bench.h"

#include <string.h>

#define KEY_SAMPLES 1024u /* of a frame */
#define KEY_ALPHA 0.125

/* A generator of Lehmer's kind (Steele, Vigna: multiplier): keys in no order that a cache knows. */
struct key_ticks {
    uint64_t state;
    uint64_t keys;
};

LEAT_INLINE void key_fill(struct key_ticks *ticks, double *key, double *x, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        ticks->state = ticks->state * UINT64_C(0xd1342543de82ef95) + 1;
        key[i] = (double)((ticks->state >> 32) * ticks->keys >> 32);
        x[i] = 3 * key[i] + 1;
    }
}

LEAT_INLINE uint64_t key_sum(const double *x, uint32_t n)
{
    uint64_t sum = 0, bits;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(&bits, &x[i], sizeof bits);
        sum += bits;
    }
    return sum;
}

#endif
