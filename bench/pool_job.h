/* What the pool rows speak of. */
#ifndef LEAT_BENCH_POOL_JOB_H
#define LEAT_BENCH_POOL_JOB_H

#include "bench.h"

#include <leat/ring.h>

#include <stdlib.h>

struct pool;

struct pool_object {
    uint64_t *at;   /* its bytes */
    uint64_t token; /* what is handed over and released: an address or a handle, never 0 */
};

struct pool_job {
    struct pool *pool;
    struct leat_ring *ring;
    struct bench_load load;
};

#endif
