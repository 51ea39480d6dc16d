/* The main job's chain done the usual way, to stand beside Leat: a frame is malloc'd, every
 * stage makes a clone of its input and frees it, and a mutex guards the metrics. The arithmetic
 * is the same kernels, so the digest is the same; only the way of the data differs.
 */
#ifndef LEAT_EXAMPLES_USUAL_H
#define LEAT_EXAMPLES_USUAL_H

#include <leat/simd.h>

#include <stddef.h>
#include <stdint.h>

struct usual_result {
    uint64_t frames, heap_calls, digest;
    double seconds;
};

/* x: frame after frame, each [channels x frame] f64, the last one shorter. Uses the widest kernels
 * that the machine has. Returns false when there is no memory. */
bool usual_run(const double *x, size_t channels, size_t samples, size_t frame,
               struct usual_result *result);

/* Nanoseconds of a malloc and free of `bytes`, touched once; of one keyed metric behind a mutex. */
double usual_claim_ns(size_t bytes, uint32_t rounds);
double usual_metric_ns(uint32_t rounds);

#endif
