/* The null pipeline: five stages, each of which touches a line of its own of every frame. The first
 * writes the frame's number and the last adds it up. The same functions for every subject.
 *
 * A stage takes eight frames of a batch at once: the end of a loop of 32 short steps is foreseen by
 * the processor or not, as the code around it happens to lie and from one start of the program to
 * the next, which cost whoever has such loops up to a third of its time. */
#ifndef LEAT_BENCH_NULL_JOB_H
#define LEAT_BENCH_NULL_JOB_H

#include "bench.h"

#define NULL_STAGES 5u
#define NULL_WORDS (NULL_STAGES * LEAT_LINE / 8) /* of a frame's payload */
#define NULL_BURST_MAX 32u

#define NULL_EIGHT_AT_ONCE _Pragma("GCC unroll 8")

struct null_sum {
    uint64_t next, sum;
};

LEAT_INLINE void null_first(uint64_t *payload, struct null_sum *at) { payload[0] = at->next++; }
LEAT_INLINE void null_middle(uint64_t *payload, uint32_t stage) { payload[stage * 8] += stage; }
LEAT_INLINE void null_last(uint64_t *payload, struct null_sum *at)
{
    null_middle(payload, 4);
    at->sum += payload[0];
    at->next++;
}

#endif
