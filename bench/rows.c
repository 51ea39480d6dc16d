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

static const struct bench_row metrics_rows[] = {
    {"metrics", "counter", "add one, one thread", "add", 1, 50000,
     {.threads = 1},
     {SHOW("counter_leat"), FASTER("counter_atomic", 2.4), SHOW("counter_mutex")}},
    {"metrics", "histogram", "record a value, one thread", "record", 1, 50000,
     {.threads = 1},
     {SHOW("histogram_leat"), WITHIN("counter_leat_values", 3.0), SHOW("histogram_mutex"),
      SHOW("histogram_atomic")}},
    {"metrics", "histogram-two", "record a value, two threads: Leat's own, the others' shared",
     "record", 1, 20000,
     {.threads = 2},
     {SHOW("histogram_leat"), FASTER("histogram_mutex", 10.0), SHOW("histogram_atomic")}},
    {"metrics", "keyed", "record under one of 16 names, one thread", "record", 1, 20000,
     {.threads = 1},
     {SHOW("keyed_leat"), SHOW("keyed_mutex_map"), SHOW("keyed_leat_asking")}},
    {"metrics", "keyed-two", "record under one of 16 names, two threads at once", "record", 1,
     20000,
     {.threads = 2},
     {SHOW("keyed_leat"), SHOW("keyed_mutex_map"), SHOW("keyed_leat_asking")}},
    {.name = NULL},
};

#define LEATS SHOW("stats_leat_base"), SHOW("stats_leat_v3"), SHOW("stats_leat_v4")

static const struct bench_row stats_rows[] = {
    {"stats", "moments-1k", "mean and variance of 1024 f32, mean 1e4, deviation 100", "sample",
     1024, 20,
     {.threads = 1, .samples = 1024, .kernel = BENCH_MOMENTS},
     {SHOW("stats_leat"), FASTER("stats_scalar", 80.0),
      {"stats_eigen", BENCH_FASTER, 1.0, 1e5}, FASTER("stats_eigen_two_pass", 1.3),
      FASTER("stats_volk", 1.3), FASTER("stats_gsl", 1.3), LEATS}},
    {"stats", "moments-64k", "mean and variance of 65536 f32", "sample", 65536, 1,
     {.threads = 1, .samples = 65536, .kernel = BENCH_MOMENTS},
     {SHOW("stats_leat"), SHOW("stats_scalar"), {"stats_eigen", BENCH_INFO, 0.0, 1e5},
      FASTER("stats_eigen_two_pass", 1.3), FASTER("stats_volk", 1.3), LEATS}},
    {"stats", "moments-wide", "mean and variance of 1024 f32, every step in f64", "sample", 1024,
     20,
     {.threads = 1, .samples = 1024, .kernel = BENCH_MOMENTS_WIDE},
     {SHOW("stats_leat"), FASTER("stats_eigen", 1.3), FASTER("stats_gsl", 1.3),
      SHOW("stats_scalar"), LEATS}},
    {"stats", "rolling", "variance of the last 64 of 1024 f32; by hand running sums",
     "sample", 1024, 20,
     {.threads = 1, .samples = 1024, .kernel = BENCH_ROLLING},
     {SHOW("stats_leat"), FASTER("stats_scalar", 2.5), LEATS}},
    {"stats", "ewma", "weighted mean of 1024 f32; by hand the recurrence", "sample", 1024, 20,
     {.threads = 1, .samples = 1024, .kernel = BENCH_EWMA},
     {SHOW("stats_leat"), FASTER("stats_scalar", 10.0), LEATS}},
    {"stats", "zscore", "z-score of 1024 f32 in place", "sample", 1024, 20,
     {.threads = 1, .samples = 1024, .kernel = BENCH_ZSCORE},
     {SHOW("stats_leat"), SHOW("stats_scalar"), FASTER("stats_eigen", 1.4),
      FASTER("stats_volk", 1.4), LEATS}},
    {"stats", "exp", "exp of 1024 f32", "sample", 1024, 20,
     {.threads = 1, .samples = 1024, .kernel = BENCH_EXP},
     {SHOW("stats_leat"), FASTER("stats_eigen", 1.0), FASTER("stats_libmvec", 1.0),
      FASTER("stats_sleef", 1.0), FASTER("stats_volk", 1.0), SHOW("stats_scalar"), LEATS}},
    {"stats", "log", "log of 1024 f32", "sample", 1024, 20,
     {.threads = 1, .samples = 1024, .kernel = BENCH_LOG},
     {SHOW("stats_leat"), FASTER("stats_eigen", 1.0), FASTER("stats_libmvec", 1.0),
      FASTER("stats_sleef", 1.0), FASTER("stats_volk", 1.0), SHOW("stats_scalar"), LEATS}},
    {.name = NULL},
};

/* An operation is one of the 5 n log2 n (real: 2.5) that a transform is said to take. */
#define C2C(name, text, n, flops, bound)                                                     \
    {"fft", name, text, "flop", flops, 1, {.threads = 1, .samples = n},                      \
     {SHOW("fft_leat"), FASTER("fft_fftw", bound), SHOW("fft_liquid"), SHOW("fft_gsl"),      \
      SHOW("fft_leat_in_place")}}

#define C2C_F64(name, text, n, flops)                                                        \
    {"fft", name, text, "flop", flops, 1, {.threads = 1, .samples = n, .bytes = 8},          \
     {SHOW("fft_leat"), FASTER("fft_fftw", 1.0), SHOW("fft_leat_in_place")}}

#define FILTER(name, text, taps_n, sense, bound)                                             \
    {"fft", name, text, "sample", 16384, 1, {.threads = 1, .samples = 16384, .taps = taps_n}, \
     {SHOW("filter_leat_auto"), {"filter_fftw", sense, bound, 0.0},                          \
      SHOW("filter_liquid_products"), SHOW("filter_liquid_spectra"),                         \
      SHOW("filter_leat_products"), SHOW("filter_leat_spectra")}}

static const struct bench_row fft_rows[] = {
    C2C("c2c-1024", "complex f32, 1024 samples", 1024, 51200, 1.2),
    C2C("c2c-4096", "complex f32, 4096 samples", 4096, 245760, 1.2),
    C2C("c2c-16384", "complex f32, 16384 samples", 16384, 1146880, 1.2),
    C2C("c2c-262144", "complex f32, 2^18 samples", 262144, 23592960, 1.0),
    C2C("c2c-1048576", "complex f32, 2^20 samples", 1048576, 104857600, 1.0),
    C2C("c2c-4194304", "complex f32, 2^22 samples", 4194304, 461373440, 1.0),
    C2C("c2c-1000", "complex f32, 1000 samples", 1000, 49829, 1.0),
    C2C("c2c-1009", "complex f32, 1009 samples, a prime", 1009, 50343, 1.0),
    C2C_F64("c2c-f64-1024", "complex f64, 1024 samples", 1024, 51200),
    C2C_F64("c2c-f64-16384", "complex f64, 16384 samples", 16384, 1146880),
    C2C_F64("c2c-f64-262144", "complex f64, 2^18 samples", 262144, 23592960),
    {"fft", "r2c-1024", "real f32, 1024 samples", "flop", 25600, 1,
     {.threads = 1, .samples = 1024, .real = 1},
     {SHOW("fft_leat"), FASTER("fft_fftw", 1.5), SHOW("fft_gsl"), SHOW("fft_leat_in_place")}},
    FILTER("filter-16", "16 taps, rows of 16384 f32", 16, BENCH_INFO, 0.0),
    FILTER("filter-40", "40 taps, rows of 16384 f32", 40, BENCH_INFO, 0.0),
    FILTER("filter-64", "64 taps, rows of 16384 f32", 64, BENCH_INFO, 0.0),
    FILTER("filter-128", "128 taps, rows of 16384 f32", 128, BENCH_INFO, 0.0),
    FILTER("filter-256", "256 taps, rows of 16384 f32", 256, BENCH_FASTER, 1.2),
    FILTER("filter-1024", "1024 taps, rows of 16384 f32", 1024, BENCH_INFO, 0.0),
    {.name = NULL},
};

/* An operation is a thousand of the 2 n^3 of a product of n x n matrices. */
#define GEMM(name, kind, n, kflops, bytes_each)                                              \
    {"linalg", name, "product of " kind " matrices, " #n " x " #n, "kflop", kflops, 1,       \
     {.threads = 1, .samples = n, .bytes = bytes_each},                                      \
     {SHOW("gemm_leat"), FASTER("gemm_openblas", 1.03), SHOW("gemm_skylakex"),               \
      FASTER("gemm_blis", 1.03), WITHIN("gemm_peak", 1 / 0.92)}}

/* Small ones, so many one after the other: an operation is one of them. */
#define GEMM_SMALL(name, kind, n, flops, bytes_each, many)                                   \
    {"linalg", name, "product of " kind " matrices, " #n " x " #n ", " #many " of them",       \
     "flop", flops, 20, {.threads = 1, .samples = n, .bytes = bytes_each, .batch = many},    \
     {SHOW("gemm_leat"), FASTER("gemm_xsmm", 0.95), SHOW("gemm_openblas"),                   \
      SHOW("gemm_blis"), SHOW("gemm_peak")}}

/* With one column. */
#define GEMV(name, what, kind, n, flops, bytes_each, is_turned)                              \
    {"linalg", name, what ", " kind ", " #n " x " #n, "flop", flops, 20,                     \
     {.threads = 1, .samples = n, .bytes = bytes_each, .columns = 1, .turned = is_turned},   \
     {SHOW("gemm_leat"), FASTER("gemm_openblas", 1.0), FASTER("gemm_blis", 1.0)}}

/* By Strassen's recursion, beside products of all terms. */
#define STRASSEN(name, kind, n, kflops, bytes_each, levels, other, bound)                    \
    {"linalg", name, "Strassen's product of " kind " matrices, " #n " x " #n, "kflop",       \
     kflops, 1, {.threads = 1, .samples = n, .bytes = bytes_each},                           \
     {SHOW("gemm_strassen_" levels), FASTER("gemm_leat", bound),                             \
      FASTER("gemm_openblas", bound), FASTER("gemm_blis", bound),                            \
      SHOW("gemm_strassen_" other)}}

/* Bytes that are read and written. */
#define TURN(name, n, bytes)                                                                 \
    {"linalg", name, "transpose in place, f32, " #n " x " #n, "byte", bytes, 20,             \
     {.threads = 1, .samples = n},                                                           \
     {SHOW("turn_leat"), FASTER("turn_eigen", 2.0)}}

/* The sample of a randomised SVD of rank k, oversampled by 10, without making a normal matrix. */
#define SAMPLE(name, k, sampled)                                                             \
    {"linalg", name, "a structured sample for rank " #k ", and a normal one's product, f64, "  \
     "1000 x 1000", "element", 1000000, 1,                                               \
     {.threads = 1, .samples = 1000, .bytes = 8, .columns = sampled},                         \
     {SHOW("sample_structured"), SHOW("sample_normal")}}

static const struct bench_row linalg_rows[] = {
    GEMM_SMALL("gemm-f32-8", "f32", 8, 65536, 4, 64),
    GEMM_SMALL("gemm-f32-16", "f32", 16, 262144, 4, 32),
    GEMM_SMALL("gemm-f32-32", "f32", 32, 524288, 4, 8),
    GEMM_SMALL("gemm-f32-64", "f32", 64, 524288, 4, 1),
    GEMM_SMALL("gemm-f32-256", "f32", 256, 33554432, 4, 1),
    GEMM_SMALL("gemm-f64-16", "f64", 16, 262144, 8, 32),
    GEMM_SMALL("gemm-f64-64", "f64", 64, 524288, 8, 1),
    GEMM_SMALL("gemm-f64-256", "f64", 256, 33554432, 8, 1),
    GEMM("gemm-f32-512", "f32", 512, 268435, 4),
    GEMM("gemm-f32-1024", "f32", 1024, 2147484, 4),
    GEMM("gemm-f32-2048", "f32", 2048, 17179869, 4),
    GEMM("gemm-f64-512", "f64", 512, 268435, 8),
    GEMM("gemm-f64-1024", "f64", 1024, 2147484, 8),
    GEMM("gemm-f64-2048", "f64", 2048, 17179869, 8),
    GEMV("gemv-f32-256", "a matrix times a vector", "f32", 256, 131072, 4, 0),
    GEMV("gemv-f64-256", "a matrix times a vector", "f64", 256, 131072, 8, 0),
    GEMV("gemv-turned-f32-256", "a transpose times a vector", "f32", 256, 131072, 4, 1),
    GEMV("gemv-f32-2000", "a matrix times a vector", "f32", 2000, 8000000, 4, 0),
    GEMV("gemv-f64-2000", "a matrix times a vector", "f64", 2000, 8000000, 8, 0),
    GEMV("gemv-turned-f32-2000", "a transpose times a vector", "f32", 2000, 8000000, 4, 1),
    STRASSEN("strassen-f32-1024", "f32", 1024, 2147484, 4, "1", "2", 1.0),
    STRASSEN("strassen-f32-2048", "f32", 2048, 17179869, 4, "1", "2", 1.15),
    STRASSEN("strassen-f32-4096", "f32", 4096, 137438953, 4, "2", "1", 1.20),
    STRASSEN("strassen-f64-2048", "f64", 2048, 17179869, 8, "1", "2", 1.15),
    TURN("transpose-256", 256, 524288),
    TURN("transpose-1024", 1024, 8388608),
    TURN("transpose-4096", 4096, 134217728),
    SAMPLE("sample-10", 10, 20),
    SAMPLE("sample-100", 100, 110),
    SAMPLE("sample-400", 400, 410),
    {"linalg", "rsvd-2000x1000", "10 singular triplets of f64, 2000 x 1000, sample of 20, 2 powers",
     "kflop", 480000, 1,
     {.threads = 1, .samples = 1000, .factor = BENCH_RSVD},
     {SHOW("factor_leat"), FASTER("factor_lapacke", 1.0), WITHIN("factor_peak", 1.45)}},
    {"linalg", "cholesky-f64-1000", "Cholesky factor of f64, 1000 x 1000, and a copy before it",
     "kflop", 333333, 1,
     {.threads = 1, .samples = 1000, .factor = BENCH_CHOLESKY},
     {SHOW("factor_leat"), FASTER("factor_lapacke", 1.0)}},
    {"linalg", "qr-f64-1000", "QR factors of f64, 1000 x 1000, and a copy before them", "kflop",
     1333333, 1,
     {.threads = 1, .samples = 1000, .factor = BENCH_QR},
     {SHOW("factor_leat"), FASTER("factor_lapacke", 1.0)}},
    {.name = NULL},
};

/* An operation is one of the multiplications and additions that entries make (sparse times sparse:
 * as many as there are on average). */
#define SPARSE(name, text, what, type, width, share, flops, bound, also)                      \
    {"sparse", name, text ", " type ", 1000 x 1000", "flop", flops, 1,                       \
     {.threads = 1, .samples = 1000, .bytes = width, .other = what, .filled = share},        \
     {SHOW("sparse_leat"), FASTER("sparse_graphblas", bound),                                \
      FASTER("sparse_eigen", bound), FASTER("sparse_rsb", bound),                            \
      SHOW("sparse_leat_rows"), SHOW(also)}}
#define SPARSE_SQUARE(name, text, type, width, share, flops)                                 \
    {"sparse", name, text ", " type ", 1000 x 1000", "flop", flops, 1,                       \
     {.threads = 1, .samples = 1000, .bytes = width, .other = BENCH_LIKE, .filled = share}, \
     {SHOW("sparse_leat"), FASTER("sparse_graphblas", 2.0), FASTER("sparse_eigen", 2.0)}}

/* Near the crossover: bound 1.10. */
#define SPARSE_CHOICE(name, share, filled_in, bound) \
    {"sparse", name, share " times 64 columns, dense or sparse, f32, 300 x 300", "product", 1, 20, \
     {.threads = 1, .samples = 300, .bytes = 4, .other = BENCH_COLUMNS, .filled = filled_in}, \
     {SHOW("sparse_auto"), WITHIN("sparse_by_elements", bound), \
      WITHIN("sparse_by_entries", bound)}}

static const struct bench_row sparse_rows[] = {
    SPARSE("spmv-f32-1", "1 % times a vector", BENCH_VECTOR, "f32", 4, 10000, 20000, 1.5, NULL),
    SPARSE("spmv-f32-5", "5 % times a vector", BENCH_VECTOR, "f32", 4, 50000, 100000, 1.5, NULL),
    SPARSE("spmv-f64-1", "1 % times a vector", BENCH_VECTOR, "f64", 8, 10000, 20000, 1.5,
           "sparse_gsl"),
    SPARSE("spmv-f64-5", "5 % times a vector", BENCH_VECTOR, "f64", 8, 50000, 100000, 1.5,
           "sparse_gsl"),
    SPARSE("spmm-f32-1", "1 % times 64 columns", BENCH_COLUMNS, "f32", 4, 10000, 1280000, 2.0,
           NULL),
    SPARSE("spmm-f32-5", "5 % times 64 columns", BENCH_COLUMNS, "f32", 4, 50000, 6400000, 2.0,
           NULL),
    SPARSE("spmm-f64-1", "1 % times 64 columns", BENCH_COLUMNS, "f64", 8, 10000, 1280000, 2.0,
           NULL),
    SPARSE("spmm-f64-5", "5 % times 64 columns", BENCH_COLUMNS, "f64", 8, 50000, 6400000, 2.0,
           NULL),
    SPARSE_SQUARE("spgemm-f32-1", "1 % times 1 %", "f32", 4, 10000, 200000),
    SPARSE_SQUARE("spgemm-f32-5", "5 % times 5 %", "f32", 4, 50000, 5000000),
    SPARSE_SQUARE("spgemm-f64-1", "1 % times 1 %", "f64", 8, 10000, 200000),
    SPARSE_SQUARE("spgemm-f64-5", "5 % times 5 %", "f64", 8, 50000, 5000000),
    SPARSE_CHOICE("choice-001", "0.01 %", 100, 1.05),
    SPARSE_CHOICE("choice-1", "1 %", 10000, 1.05),
    SPARSE_CHOICE("choice-10", "10 %", 100000, 1.05),
    SPARSE_CHOICE("choice-30", "30 %", 300000, 1.05),
    SPARSE_CHOICE("choice-45", "45 %", 450000, 1.05),
    SPARSE_CHOICE("choice-60", "60 %", 600000, 1.10),
    SPARSE_CHOICE("choice-65", "65 %", 650000, 1.10),
    SPARSE_CHOICE("choice-70", "70 %", 700000, 1.10),
    SPARSE_CHOICE("choice-100", "100 %", 1000000, 1.05),
    {"sparse", "count", "what is not 0 counted, f32, 1000 x 1000", "element", 1000000, 5,
     {.threads = 1, .samples = 1000, .bytes = 4, .other = BENCH_LIKE, .filled = 50000},
     {SHOW("sparse_count"), WITHIN("sparse_read", 1.2)}},
    {.name = NULL},
};

static const struct bench_row pipeline_rows[] = {
    {"pipeline", "null-32", "five null stages, one worker, 32 frames at a time", "frame", 1, 10000,
     {.threads = 1, .burst = 32},
     {SHOW("null_leat"), WITHIN("null_hand_calls", 1.5), SHOW("null_hand_inlined"),
      SHOW("null_hand_batches")}},
    {"pipeline", "null-1", "five null stages, one worker, one frame at a time", "frame", 1, 10000,
     {.threads = 1, .burst = 1},
     {SHOW("null_leat"), SHOW("null_hand_calls"), SHOW("null_hand_inlined")}},
    {"pipeline", "null-two-32", "five null stages, two workers, 32 frames at a time", "frame", 1,
     20000,
     {.threads = 2, .burst = 32},
     {SHOW("null_leat"), SHOW("null_split")}},
    {"pipeline", "null-two-1", "five null stages, two workers, one frame at a time", "frame", 1,
     20000,
     {.threads = 2, .burst = 1},
     {SHOW("null_leat"), SHOW("null_split")}},
    {"pipeline", "stepped-32", "five null stages by steps of 64 batches, or on a thread of Leat's",
     "frame", 1, 1000000,
     {.threads = 1, .burst = 32},
     {SHOW("null_stepped"), WITHIN("null_started", 1.05)}},
    {"pipeline", "tee-zip-32", "a tee, two readers, a zip, one worker, 32 frames of 64 i64 at once",
     "frame", 1, 10000,
     {.threads = 1, .burst = 32, .samples = 64},
     {SHOW("tee_leat"), WITHIN("tee_hand", 1.3)}},
    {"pipeline", "key-100k", "ewma by key, 10^5 keys in random order, frames of 1024 f64", "sample",
     1024, 50,
     {.threads = 1, .burst = 8, .slots = 100000},
     {SHOW("key_leat"), WITHIN("key_hand", 1.3)}},
    {"pipeline", "key-1m", "the same with 10^6 keys", "sample", 1024, 2000,
     {.threads = 1, .burst = 8, .slots = 1000000},
     {SHOW("key_leat"), SHOW("key_hand")}},
    {.name = NULL},
};

static const struct bench_row io_rows[] = {
    {"io", "csv", "rows of three numbers, a warm file; by hand from memory", "row", 1, 20000,
     {.threads = 1},
     {SHOW("csv_leat"), FASTER("csv_strtod", 1.0)}},
    {"io", "dbn", "every second record wanted: price and size, a warm file", "record", 1, 100000,
     {.threads = 1},
     {SHOW("feed_leat"), WITHIN("feed_hand", 1.3)}},
    {"io", "itch", "every second message wanted: price and shares, a warm file", "message", 1,
     100000,
     {.threads = 1, .itch = 1},
     {SHOW("feed_leat"), WITHIN("feed_hand", 1.3)}},
    {"io", "udp", "datagrams of 172 bytes over loopback, that lie in the kernel", "datagram", 1,
     400,
     {.threads = 1, .bytes = 172},
     {SHOW("udp_leat"), WITHIN("udp_hand", 1.2), SHOW("udp_told")}},
    {"io", "book", "best bid and ask after each message about an order, of 100 instruments",
     "message", 1, 200000,
     {.threads = 1, .slots = 100},
     {SHOW("book_leat"), WITHIN("book_hand", 1.5)}},
    {.name = NULL},
};

static const struct bench_row wait_rows[] = {
    {"wait", "busy", "there and back; the waiter keeps its processor", "round trip", 1, 500,
     {.threads = 2},
     {SHOW("wait_pause"), SHOW("wait_spin"), SHOW("wait_yield")}},
    {"wait", "asleep", "there and back; the waiter sleeps in the kernel", "round trip", 1, 50,
     {.threads = 2},
     {SHOW("wait_park"), SHOW("wait_condvar"), SHOW("wait_eventfd")}},
    {.name = NULL},
};

const struct bench_row *const bench_groups[] = {ring_rows,     pool_rows, metrics_rows,
                                                stats_rows,    fft_rows,  linalg_rows,
                                                sparse_rows,   pipeline_rows, io_rows,
                                                wait_rows,     NULL};
