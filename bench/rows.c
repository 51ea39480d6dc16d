/* What is measured, against whom, and the goals. A row ends with the first NULL name. */
#define _GNU_SOURCE
#include "bench.h"

#define FASTER(subject, bound) {subject, BENCH_FASTER, bound, 0.0}
#define WITHIN(subject, bound) {subject, BENCH_WITHIN, bound, 0.0}
#define SHOW(subject) {subject, BENCH_INFO, 0.0, 0.0}

static const struct bench_row ring_rows[] = {
    {"ring", "single-1k", "one at a time, 1024 slots, a producer and a consumer", "item", 1, 50000,
     {.threads = 2, .slots = 1024, .burst = 1},
     {SHOW("ring_leat"), FASTER("ring_ck", 1.5), FASTER("ring_boost", 1.5), SHOW("ring_rte"),
      SHOW("ring_slot_flag"), SHOW("ring_mutex")}},
    {"ring", "single-64k", "one at a time, 65536 slots", "item", 1, 300000,
     {.threads = 2, .slots = 65536, .burst = 1},
     {SHOW("ring_leat"), SHOW("ring_ck"), SHOW("ring_boost"), SHOW("ring_rte"),
      SHOW("ring_slot_flag"), SHOW("ring_mutex")}},
    {"ring", "burst-1k", "32 at a time in place, 1024 slots (ck and boost copy)", "item", 1, 100000,
     {.threads = 2, .slots = 1024, .burst = 32},
     {SHOW("ring_leat"), FASTER("ring_rte", 1.0), SHOW("ring_ck"), SHOW("ring_boost"),
      SHOW("ring_slot_flag"), SHOW("ring_mutex")}},
    {"ring", "burst-64k", "32 at a time in place, 65536 slots", "item", 1, 300000,
     {.threads = 2, .slots = 65536, .burst = 32},
     {SHOW("ring_leat"), FASTER("ring_rte", 1.0), SHOW("ring_ck"), SHOW("ring_boost"),
      SHOW("ring_slot_flag"), SHOW("ring_mutex")}},
    {"ring", "round-trip", "one value over a ring and back over another, no pause in the wait",
     "round trip", 1, 1000,
     {.threads = 2, .slots = 1024, .burst = 0},
     {SHOW("ring_leat"), SHOW("ring_ck"), SHOW("ring_boost"), SHOW("ring_rte"),
      SHOW("ring_slot_flag"), SHOW("ring_mutex")}},
    {.name = NULL},
};

#define POOL_RIVALS_SHOWN                                                                       \
    SHOW("pool_jemalloc"), SHOW("pool_mimalloc"), SHOW("pool_rte"), SHOW("pool_ck_ring")

static const struct bench_row pool_rows[] = {
    {"pool", "4k", "claim and release, 4 KiB, one thread", "pair", 1, 20000,
     {.threads = 1, .bytes = 4096, .burst = 1},
     {SHOW("pool_leat"), FASTER("pool_malloc", 3.0), SHOW("pool_tcmalloc"), POOL_RIVALS_SHOWN}},
    {"pool", "128", "claim and release, 128 bytes, one thread", "pair", 1, 20000,
     {.threads = 1, .bytes = 128, .burst = 1},
     {SHOW("pool_leat"), SHOW("pool_malloc"), FASTER("pool_tcmalloc", 2.5), POOL_RIVALS_SHOWN}},
    {"pool", "128-burst", "32 claimed, then 32 released, 128 bytes, one thread", "pair", 1, 20000,
     {.threads = 1, .bytes = 128, .burst = 32},
     {SHOW("pool_leat"), SHOW("pool_malloc"), SHOW("pool_tcmalloc"), POOL_RIVALS_SHOWN}},
    {"pool", "128-two", "claim and release, 128 bytes, two threads for themselves", "pair", 1,
     20000,
     {.threads = 2, .bytes = 128, .burst = 1},
     {SHOW("pool_leat"), SHOW("pool_malloc"), SHOW("pool_tcmalloc"), POOL_RIVALS_SHOWN}},
    {"pool", "128-handed", "claimed by one thread, released by the other, over Leat's ring", "pair",
     1, 20000,
     {.threads = 2, .bytes = 128, .burst = 1, .handed = 1},
     {SHOW("pool_leat"), SHOW("pool_malloc"), SHOW("pool_tcmalloc"), POOL_RIVALS_SHOWN}},
    {"pool", "4k-handed", "the same with 4 KiB", "pair", 1, 20000,
     {.threads = 2, .bytes = 4096, .burst = 1, .handed = 1},
     {SHOW("pool_leat"), SHOW("pool_malloc"), SHOW("pool_tcmalloc"), POOL_RIVALS_SHOWN}},
    {.name = NULL},
};

const struct bench_row *const bench_groups[] = {ring_rows, pool_rows, NULL};
