/* The divided job: rows of i64 that a source fills, two readers look at, and a zip sets side by
 * side; the sink adds up the ends of both rows. The same functions for every subject.
 *
 * The loops take eight steps at once: the end of a loop of 32 short steps is foreseen by the
 * processor or not, as the code around it happens to lie, which cost one subject or the other as
 * much as all that is compared. */
#ifndef LEAT_BENCH_TEE_JOB_H
#define LEAT_BENCH_TEE_JOB_H

#include "bench.h"

#define TEE_SAMPLES 64u /* in a row */

LEAT_INLINE void tee_fill(int64_t *row, uint32_t n, uint64_t number)
{
    _Pragma("GCC unroll 8")
    for (uint32_t i = 0; i < n; i++)
        row[i] = (int64_t)(number + i);
}

LEAT_INLINE uint64_t tee_read(const int64_t *row, uint32_t n)
{
    uint64_t sum = 0;
    _Pragma("GCC unroll 8")
    for (uint32_t i = 0; i < n; i++)
        sum += (uint64_t)row[i];
    return sum;
}

LEAT_INLINE uint64_t tee_ends(const int64_t *row, uint32_t n)
{
    return (uint64_t)row[0] + (uint64_t)row[n - 1];
}

#endif
