/* jemalloc, beside the process's own allocator. */
#define _GNU_SOURCE
#define POOL_LIBRARY "libjemalloc.so.2"
#define POOL_MALLOC "malloc"
#define POOL_FREE "free"
#define POOL_PACKAGE "libjemalloc2"
#include "pool_library.h"

const struct bench_subject bench_pool_jemalloc = {
    .name = "jemalloc", .setup = pool_setup, .run = pool_run, .fini = pool_fini};
