/* Values that look like latencies, from 100 ns to some milliseconds, log-uniform: few enough to
 * stay in a core's first cache beside the buckets. */
#ifndef LEAT_BENCH_METRIC_DATA_H
#define LEAT_BENCH_METRIC_DATA_H

#include "bench.h"

#define METRIC_VALUES 1024u
#define METRIC_KEYS 16u
/* A loop of loads and stores over a few pages takes up to a half longer where these pages happen to
 * be unlucky ones. So there are several places, and every run takes the next. */
#define METRIC_PLACES 16u

LEAT_INLINE void metric_fill(uint64_t *values)
{
    uint64_t x = 88172645463325252u;
    for (uint32_t i = 0; i < METRIC_VALUES; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        unsigned octave = 7 + (unsigned)(x >> 60);
        values[i] = (UINT64_C(1) << octave) + (x & ((UINT64_C(1) << octave) - 1));
    }
}

/* The label of key k for a thread, as in a registry: at most 40 bytes. */
LEAT_INLINE void metric_label(char *text, size_t bytes, uint32_t k, uint32_t thread)
{
    snprintf(text, bytes, "stage=zscore%u worker=%u", k, thread);
}

#endif
