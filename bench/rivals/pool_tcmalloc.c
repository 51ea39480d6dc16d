/* tcmalloc, beside the process's own allocator. */
#define _GNU_SOURCE
#define POOL_LIBRARY "libtcmalloc_minimal.so.4"
#define POOL_MALLOC "malloc"
#define POOL_FREE "free"
#define POOL_PACKAGE "libtcmalloc-minimal4"
#include "pool_library.h"

const struct bench_subject bench_pool_tcmalloc = {
    .name = "tcmalloc", .setup = pool_setup, .run = pool_run, .fini = pool_fini};
