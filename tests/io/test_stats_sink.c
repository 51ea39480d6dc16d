/* stats, digest and null. */
#include "io/harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(stats_sink, .init = folder_make, .fini = folder_remove);
TestSuite(digest, .init = folder_make, .fini = folder_remove);

static char text[65536];

static const char *result(struct node *node, const char *file)
{
    node_flush(node);
    cr_assert_eq(node->status, 0, "%s", node_words(node));
    node_close(node);
    file_read(file, text, sizeof text);
    return text;
}

Test(stats_sink, gives_the_object_of_the_contract)
{
    struct node node;
    struct leat_shape shape = shape_of(2, 8, LEAT_F64, 0);
    const double rows[2][4] = {{1, 2, 3, 4}, {0.1, 0.1, 0.1, 0.1}};
    node_open(&node, &leat_stats_sink, &shape, "file=out.json", NULL);
    node_feed(&node, rows, 4);
    node_feed(&node, rows, 4);
    cr_assert_str_eq(
        result(&node, "out.json"),
        "{\"frames\":2,\"channels\":["
        "{\"name\":\"a\",\"count\":8,\"mean\":2.5,\"stddev\":1.1952286093343936,"
        "\"min\":1,\"max\":4},"
        "{\"name\":\"b\",\"count\":8,\"mean\":0.10000000000000001,\"stddev\":0,"
        "\"min\":0.10000000000000001,\"max\":0.10000000000000001}]}\n");
}

Test(stats_sink, says_null_where_nothing_is_defined)
{
    struct node node;
    struct leat_shape shape = shape_of(1, 8, LEAT_F64, 0);
    node_open(&node, &leat_stats_sink, &shape, "file=out.json", NULL);
    cr_assert_str_eq(result(&node, "out.json"),
                     "{\"frames\":0,\"channels\":[{\"name\":\"a\",\"count\":0,\"mean\":null,"
                     "\"stddev\":null,\"min\":null,\"max\":null}]}\n");
    const double one = 7;
    node_open(&node, &leat_stats_sink, &shape, "file=out.json", NULL);
    node_feed(&node, &one, 1);
    cr_assert_str_eq(result(&node, "out.json"),
                     "{\"frames\":1,\"channels\":[{\"name\":\"a\",\"count\":1,\"mean\":7,"
                     "\"stddev\":null,\"min\":7,\"max\":7}]}\n");
}

Test(stats_sink, counts_what_is_not_finite_apart)
{
    struct node node;
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++) {
        struct leat_shape shape = shape_of(1, 8, kind, 0);
        strcpy(shape.channels[0].name, "q\"\\\x01\xc3\xa9");
        node_open(&node, &leat_stats_sink, &shape, "file=out.json", NULL);
        const double f64[] = {1, (double)NAN, 3, (double)INFINITY, -(double)INFINITY};
        const float f32[] = {1, NAN, 3, INFINITY, -INFINITY};
        node_feed(&node, kind == LEAT_F64 ? (const void *)f64 : f32, 5);
        cr_assert_str_eq(result(&node, "out.json"),
                         "{\"frames\":1,\"channels\":[{\"name\":\"q\\\"\\\\\\u0001\xc3\xa9\","
                         "\"count\":2,\"mean\":2,\"stddev\":1.4142135623730951,\"min\":1,\"max\":3,"
                         "\"nonfinite\":3}]}\n");
    }
}

Test(stats_sink, integers_keep_an_exact_range)
{
    struct node node;
    struct leat_shape shape = shape_of(1, 8, LEAT_I64, 0);
    const int64_t row[] = {INT64_C(9007199254740993), INT64_MIN, INT64_MAX};
    node_open(&node, &leat_stats_sink, &shape, "file=out.json", NULL);
    node_feed(&node, row, 3);
    const char *json = result(&node, "out.json");
    cr_assert(strstr(json, "\"min\":-9223372036854775808,\"max\":9223372036854775807}") != NULL,
              "%s", json);
}

/* Exact rational arithmetic would give what long double gives here to 16 digits. */
Test(stats_sink, is_right_far_from_zero_and_frames_do_not_show)
{
    enum { N = 100000 };
    static double x[N];
    static float f[N];
    uint64_t state = 5;
    long double sum = 0, square = 0;
    for (int i = 0; i < N; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        x[i] = 1e9 + (double)(state >> 40) * 0x1p-24;
        f[i] = (float)(x[i] - 1e9);
        sum += (long double)x[i] - 1e9L;
    }
    for (int i = 0; i < N; i++) {
        long double d = (long double)x[i] - 1e9L - sum / N;
        square += d * d;
    }
    double mean = (double)(1e9L + sum / N), stddev = (double)sqrtl(square / (N - 1));
    const uint32_t frames[] = {1000, 77, 4096};
    static char first[4096];
    for (int k = 0; k < 3; k++) {
        struct node node;
        struct leat_shape shape = shape_of(1, 4096, LEAT_F64, 0);
        node_open(&node, &leat_stats_sink, &shape, "file=out.json", NULL);
        for (uint32_t i = 0; i < N; i += frames[k])
            node_feed(&node, x + i, N - i < frames[k] ? N - i : frames[k]);
        const char *json = strstr(result(&node, "out.json"), "\"channels\"");
        double got = strtod(strstr(json, "mean\":") + 6, NULL);
        double dev = strtod(strstr(json, "stddev\":") + 8, NULL);
        cr_assert(fabs(got / mean - 1) < 1e-15, "%.17g %.17g", got, mean);
        cr_assert(fabs(dev / stddev - 1) < 1e-14, "%.17g %.17g", dev, stddev);
        if (k == 0)
            strcpy(first, json);
        cr_assert_str_eq(json, first, "frames of %u", frames[k]);
    }
    /* f32 rows are summed in f64: the mean is not lost. */
    struct node node;
    struct leat_shape shape = shape_of(1, 4096, LEAT_F32, 0);
    node_open(&node, &leat_stats_sink, &shape, "file=out.json", NULL);
    for (uint32_t i = 0; i < N; i += 1000)
        node_feed(&node, f + i, 1000);
    double got = strtod(strstr(result(&node, "out.json"), "mean\":") + 6, NULL);
    long double want = 0;
    for (int i = 0; i < N; i++)
        want += (long double)f[i];
    cr_assert(fabsl((long double)got / (want / N) - 1) < 1e-15L);
}

Test(stats_sink, an_output_that_cannot_be_written_is_told)
{
    struct node node;
    struct leat_shape shape = shape_of(1, 8, LEAT_F64, 0);
    cr_assert_eq(node_resolve(&node, &leat_stats_sink, &shape, "file=no/x.json", NULL), LEAT_OK);
    cr_assert_eq(node_init(&node), LEAT_EIO);
    words_have(&node, "no/x.json: cannot be written");
    node_close(&node);
    node_open(&node, &leat_stats_sink, &shape, "file=/dev/full", NULL);
    node_flush(&node);
    cr_assert_eq(node.status, LEAT_EIO);
    node_close(&node);
}

/* XXH64 with seed 0, computed by a program of its own from the published definition. */
Test(digest, hashes_frame_by_frame_and_row_by_row)
{
    struct node node;
    struct leat_shape shape = shape_of(2, 8, LEAT_F64, 0);
    node_open(&node, &leat_digest_sink, &shape, "file=out.json", NULL);
    cr_assert_str_eq(result(&node, "out.json"),
                     "{\"frames\":0,\"bytes\":0,\"xxh64\":\"ef46db3751d8e999\"}\n");
    const double rows[] = {1, 2, 3, 4, 5, 6}, more[] = {7, 8};
    node_open(&node, &leat_digest_sink, &shape, "file=out.json", NULL);
    node_feed(&node, rows, 3);
    node_feed(&node, more, 1);
    cr_assert_str_eq(result(&node, "out.json"),
                     "{\"frames\":2,\"bytes\":64,\"xxh64\":\"8c71d440123e8266\"}\n");
}

Test(digest, every_nan_is_the_same)
{
    const uint64_t patterns[] = {UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000),
                                 UINT64_C(0x7ff0000000000001)};
    const uint32_t narrow[] = {0x7fc00000, 0xffc00000, 0x7f800001};
    char first[2][256];
    for (int i = 0; i < 3; i++)
        for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++) {
            struct node node;
            struct leat_shape shape = shape_of(1, 8, kind, 0);
            node_open(&node, &leat_digest_sink, &shape, "file=out.json", NULL);
            node_feed(&node, kind == LEAT_F64 ? (const void *)&patterns[i] : &narrow[i], 1);
            const char *json = result(&node, "out.json");
            if (i == 0)
                strcpy(first[kind == LEAT_F64], json);
            cr_assert_str_eq(json, first[kind == LEAT_F64]);
        }
}

Test(digest, null_looks_at_nothing)
{
    struct node node;
    struct leat_shape shape = shape_of(1, 8, LEAT_F64, 0);
    const double row[] = {1, 2};
    node_open(&node, &leat_null_sink, &shape, NULL);
    node_feed(&node, row, 2);
    cr_assert_eq(node.ctx.marked, 0);
    node_close(&node);
}
