/* mimalloc, beside the process's own allocator. */
#define _GNU_SOURCE
#define POOL_LIBRARY "libmimalloc.so.2"
#define POOL_MALLOC "mi_malloc"
#define POOL_FREE "mi_free"
#define POOL_PACKAGE "libmimalloc2.0"
#include "pool_library.h"

const struct bench_subject bench_pool_mimalloc = {
    .name = "mimalloc", .setup = pool_setup, .run = pool_run, .fini = pool_fini};
