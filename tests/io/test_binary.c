/* raw and npy, in and out. */
#define _GNU_SOURCE
#include "io/harness.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(raw, .init = folder_make, .fini = folder_remove);
TestSuite(npy, .init = folder_make, .fini = folder_remove);

/* ---- raw ---- */

struct type {
    const char *option;
    uint32_t bytes;
    bool sign, real;
};
static const struct type types[] = {
    {"type=u8", 1, false, false}, {"type=i8", 1, true, false},  {"type=i16", 2, true, false},
    {"type=u16", 2, false, false}, {"type=i32", 4, true, false}, {"type=u32", 4, false, false},
    {"type=i64", 8, true, false}, {"type=f32", 4, true, true},  {"type=f64", 8, true, true},
};

/* A value that the type holds, and its bytes, put together one by one. */
static double value(const struct type *type, size_t i, unsigned char *bytes, bool big)
{
    uint64_t bits = (i * 2654435761u) ^ (i << 33);
    double x;
    if (type->real) {
        x = (double)(int32_t)(uint32_t)bits / 256.0;
        float narrow = (float)x;
        uint32_t half;
        memcpy(&bits, &x, 8);
        memcpy(&half, &narrow, 4);
        if (type->bytes == 4) {
            bits = half;
            x = (double)narrow;
        }
    } else {
        int64_t whole = (int64_t)(bits << (64 - 8 * type->bytes));
        whole = type->sign ? whole >> (64 - 8 * type->bytes)
                           : (int64_t)((uint64_t)whole >> (64 - 8 * type->bytes));
        x = (double)whole;
    }
    for (uint32_t b = 0; b < type->bytes; b++)
        bytes[big ? type->bytes - 1 - b : b] = (unsigned char)(bits >> (8 * b));
    return x;
}

#define CHANNELS 3u
#define SAMPLES 1000u

/* Where sample i of channel c stands in each layout. */
static size_t place(int layout, size_t c, size_t i)
{
    if (layout == 0)
        return i * CHANNELS + c;
    if (layout == 1)
        return c * SAMPLES + i;
    size_t block = i / 64, n = block == SAMPLES / 64 ? SAMPLES % 64 : 64;
    return block * 64 * CHANNELS + c * n + i % 64;
}

Test(raw, reads_every_type_order_layout_and_frame)
{
    const char *layouts[] = {"layout=interleaved", "layout=planar", "block=64"};
    const char *frames[] = {"frame=1", "frame=64", "frame=100", "frame=5000"};
    static unsigned char bytes[5 + 8 * CHANNELS * SAMPLES];
    static double want[CHANNELS][SAMPLES];
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
        for (int big = 0; big < 2; big++)
            for (int layout = 0; layout < 3; layout++) {
                for (size_t c = 0; c < CHANNELS; c++)
                    for (size_t i = 0; i < SAMPLES; i++)
                        want[c][i] =
                            value(&types[t], c * 7777 + i,
                                  bytes + 5 + place(layout, c, i) * types[t].bytes, big != 0);
                file_write("in.raw", bytes, 5 + types[t].bytes * CHANNELS * SAMPLES);
                struct node node;
                struct taken taken;
                node_open(&node, &leat_raw_source, NULL, "file=in.raw", "channels=3", "skip=5",
                          types[t].option, big ? "endian=big" : "endian=little",
                          layout == 0 ? layouts[0] : layouts[1],
                          layout == 2 ? layouts[2] : "rate=0", frames[(t + (size_t)layout) % 4],
                          t == 6 ? "to=auto" : "to=f64", t % 2 ? "mapped=yes" : "mapped=no", NULL);
                cr_assert_eq(node.need.out.kind, t == 6 ? LEAT_I64 : LEAT_F64);
                node_pull(&node, &taken, 3);
                cr_assert_eq(node.status, LEAT_EEND, "%s", node_words(&node));
                cr_assert_eq(taken.n, SAMPLES);
                for (uint32_t c = 0; c < CHANNELS; c++)
                    for (size_t i = 0; i < SAMPLES; i++)
                        cr_assert(taken_get(&taken, c, i) == want[c][i],
                                  "%s big=%d layout=%d channel %u sample %zu: %g, not %g",
                                  types[t].option, big, layout, c, i, taken_get(&taken, c, i),
                                  want[c][i]);
                taken_free(&taken);
                node_close(&node);
            }
}

Test(raw, makes_f32_of_small_integers_and_scales)
{
    struct node node;
    struct taken taken;
    const int16_t in[] = {0, 1, -32768, 32767};
    file_write("in.raw", in, sizeof in);
    node_open(&node, &leat_raw_source, NULL, "file=in.raw", "type=i16", NULL);
    cr_assert_eq(node.need.out.kind, LEAT_F32);
    node_pull(&node, &taken, 1);
    cr_assert(taken_get(&taken, 0, 2) == -32768.0);
    taken_free(&taken);
    node_close(&node);
    node_open(&node, &leat_raw_source, NULL, "file=in.raw", "type=i16", "scale=3.0517578125e-5",
              NULL);
    node_pull(&node, &taken, 1);
    cr_assert(taken_get(&taken, 0, 2) == -1.0 && taken_get(&taken, 0, 1) == 1.0 / 32768);
    taken_free(&taken);
    node_close(&node);
}

Test(raw, an_i64_is_rounded_once)
{
    struct node node;
    struct taken taken;
    /* Through a double it would first become a tie, and then another float. */
    const int64_t in[] = {(INT64_C(1) << 54) + (INT64_C(1) << 30) + 1};
    file_write("in.raw", in, sizeof in);
    node_open(&node, &leat_raw_source, NULL, "file=in.raw", "type=i64", "to=f32", NULL);
    node_pull(&node, &taken, 1);
    cr_assert(taken_get(&taken, 0, 0) == 0x1p54 + 0x1p31);
    taken_free(&taken);
    node_close(&node);
}

Test(raw, a_file_that_is_cut_off_is_refused)
{
    struct node node;
    file_write("in.raw", "12345", 5);
    cr_assert_eq(node_resolve(&node, &leat_raw_source, NULL, "file=in.raw", "type=i16",
                              "channels=2", NULL),
                 LEAT_EDATA);
    words_have(&node, "in.raw: its 5 bytes are not a whole number of samples of 4 bytes");
    cr_assert_eq(node_resolve(&node, &leat_raw_source, NULL, "file=in.raw", "skip=6", NULL),
                 LEAT_EDATA);
    cr_assert_eq(node_resolve(&node, &leat_raw_source, NULL, "file=no.raw", NULL), LEAT_EIO);
    cr_assert_eq(node_resolve(&node, &leat_raw_source, NULL, "file=in.raw", "to=i64", NULL),
                 LEAT_ESHAPE);

    struct taken taken;
    char bytes[4096] = {0};
    for (int mapped = 0; mapped < 2; mapped++) {
        file_write("in.raw", bytes, sizeof bytes);
        node_open(&node, &leat_raw_source, NULL, "file=in.raw", "frame=16",
                  mapped ? "mapped=yes" : "mapped=no", NULL);
        cr_assert_eq(node.stage->pull(node.state, &node.ctx, node.frames, 2), 2);
        cr_assert_eq(truncate("in.raw", 256), 0);
        node_pull(&node, &taken, 2);
        cr_assert_eq(node.status, LEAT_EDATA);
        words_have(&node, "shorter");
        taken_free(&taken);
        node_close(&node);
    }
}

Test(raw, a_pipe_gives_the_same_as_a_file)
{
    struct node node;
    struct taken taken;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        for (int32_t i = -3; i < 20001; i++) { /* three bits less than 7 are passed over */
            unsigned char b[4] = {(unsigned char)i, (unsigned char)(i >> 8),
                                  (unsigned char)(i >> 16), (unsigned char)(i >> 24)};
            if (write(ends[1], b, 3) != 3 || write(ends[1], b + 3, 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    node_open(&node, &leat_raw_source, NULL, "file=-", "type=i32", "channels=3", "skip=12",
              "frame=500", NULL);
    node_pull(&node, &taken, 4);
    cr_assert_eq(node.status, LEAT_EEND, "%s", node_words(&node));
    cr_assert_eq(taken.n, 6667);
    for (size_t i = 0; i < taken.n; i++)
        cr_assert(taken_get(&taken, 2, i) == (double)(3 * i + 2));
    taken_free(&taken);
    node_close(&node);
    cr_assert_eq(node_resolve(&node, &leat_raw_source, NULL, "file=-", "layout=planar",
                              "channels=2", NULL),
                 LEAT_ESHAPE);
}

Test(raw, a_pipe_that_ends_within_a_sample_is_an_error)
{
    struct node node;
    struct taken taken;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "1234567", 7), 7);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    node_open(&node, &leat_raw_source, NULL, "file=-", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(node.status, LEAT_EDATA);
    words_have(&node, "in the middle of a sample");
    taken_free(&taken);
    node_close(&node);
}

Test(raw, the_sink_writes_samples_only)
{
    const float rows[2][3] = {{1, 2, 3}, {4, 5, 6}}, more[2][1] = {{7}, {8}};
    const float interleaved[] = {1, 4, 2, 5, 3, 6, 7, 8}, planar[] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int p = 0; p < 2; p++) {
        struct node node;
        char bytes[64];
        struct leat_shape shape = shape_of(2, 16, LEAT_F32, 0);
        node_open(&node, &leat_raw_sink, &shape, "file=out.raw",
                  p ? "layout=planar" : "layout=interleaved", NULL);
        node_feed(&node, rows, 3);
        node_feed(&node, more, 1);
        node_flush(&node);
        node_close(&node);
        cr_assert_eq(file_read("out.raw", bytes, sizeof bytes), 32);
        cr_assert_eq(memcmp(bytes, p ? planar : interleaved, 32), 0);
    }
}

/* What one writes, the other reads, whatever the widths. */
Test(raw, out_and_in_again)
{
    for (uint32_t kind = LEAT_I64; kind <= LEAT_F64; kind++)
        for (int planar = 0; planar < 2; planar++) {
            struct node node;
            struct taken taken;
            struct leat_shape shape = shape_of(16, 100, kind, 0);
            static double rows[16 * 100];
            uint32_t width = leat_kind_bytes(kind);
            unsigned char *bytes = (unsigned char *)rows;
            for (size_t i = 0; i < 1600 * width; i++)
                bytes[i] = (unsigned char)(i * 37 % 63 + 1); /* no NaN */
            node_open(&node, &leat_raw_sink, &shape, "file=x.raw",
                      planar ? "layout=planar" : "layout=interleaved", NULL);
            for (int i = 0; i < 30; i++)
                node_feed(&node, rows, 100);
            node_flush(&node);
            node_close(&node);
            node_open(&node, &leat_raw_source, NULL, "file=x.raw", "channels=16",
                      kind == LEAT_I64   ? "type=i64"
                      : kind == LEAT_F32 ? "type=f32"
                                         : "type=f64",
                      planar ? "layout=planar" : "layout=interleaved", "block=100", NULL);
            node_pull(&node, &taken, 8);
            cr_assert_eq(taken.n, 3000);
            for (uint32_t r = 0; r < 16; r++)
                for (int i = 0; i < 30; i++)
                    cr_assert_eq(memcmp(taken.data[r] + (size_t)i * 100 * width,
                                        bytes + r * 100 * width, 100 * width),
                                 0);
            taken_free(&taken);
            node_close(&node);
        }
}

/* ---- npy ---- */

static void npy_write(int version, const char *dict, const void *data, size_t n)
{
    static char bytes[1 << 17];
    size_t prefix = version == 1 ? 10 : 12, text = strlen(dict);
    memcpy(bytes, "\x93NUMPY\x00\x00", 8);
    bytes[6] = (char)version;
    bytes[8] = (char)(text & 0xff);
    bytes[9] = (char)(text >> 8);
    bytes[10] = bytes[11] = 0;
    memcpy(bytes + prefix, dict, text);
    memcpy(bytes + prefix + text, data, n);
    file_write("in.npy", bytes, prefix + text + n);
}

static void npy_expect(uint32_t rows, size_t n, const double *want, const char *option)
{
    for (int mapped = 0; mapped < 2; mapped++) {
        struct node node;
        struct taken taken;
        node_open(&node, &leat_npy_source, NULL, "file=in.npy",
                  mapped ? "mapped=yes" : "mapped=no", option, NULL);
        cr_assert_eq(node.need.out.rows, rows);
        node_pull(&node, &taken, 3);
        cr_assert_eq(node.status, LEAT_EEND, "%s", node_words(&node));
        cr_assert_eq(taken.n, n, "%zu", taken.n);
        for (uint32_t r = 0; r < rows; r++)
            for (size_t i = 0; i < n; i++)
                cr_assert(taken_get(&taken, r, i) == want[r * n + i], "row %u sample %zu: %g", r,
                          i, taken_get(&taken, r, i));
        taken_free(&taken);
        node_close(&node);
    }
}

Test(npy, reads_one_two_and_three_dimensions_in_both_orders)
{
    double data[24];
    for (int i = 0; i < 24; i++)
        data[i] = i;
    npy_write(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (24,), }\n", data, 192);
    npy_expect(1, 24, data, "frame=5");
    npy_write(2, "{\"shape\": (2, 12), 'fortran_order': False, 'descr': '<f8'}", data, 192);
    npy_expect(2, 12, data, "frame=5");
    const double columns[] = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22,
                              1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23};
    npy_write(3, "{'descr': '<f8', 'fortran_order': True, 'shape': (2,12)}", data, 192);
    npy_expect(2, 12, columns, "frame=5");
    /* [2 frames x 3 channels x 4 samples]: channel after channel of joined frames */
    const double c_order[] = {0, 1, 2,  3,  12, 13, 14, 15, 4,  5,  6,  7,
                              16, 17, 18, 19, 8, 9,  10, 11, 20, 21, 22, 23};
    npy_write(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 4), }", data, 192);
    npy_expect(3, 8, c_order, "type=f64");
    npy_expect(3, 8, c_order, "frame=3");
    /* index = f + 2 * (c + 3 * s) */
    double f_order[24];
    for (int c = 0; c < 3; c++)
        for (int f = 0; f < 2; f++)
            for (int s = 0; s < 4; s++)
                f_order[c * 8 + f * 4 + s] = f + 2 * (c + 3 * s);
    npy_write(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3, 4), }", data, 192);
    npy_expect(3, 8, f_order, "type=f64");
    npy_expect(3, 8, f_order, "frame=5");
}

/* In Fortran order a channel's samples stand far apart. */
Test(npy, reads_scattered_samples)
{
    enum { F = 50, C = 3, S = 40 };
    static double data[F * C * S], want[F * C * S];
    for (int i = 0; i < F * C * S; i++)
        data[i] = i;
    for (int c = 0; c < C; c++)
        for (int f = 0; f < F; f++)
            for (int i = 0; i < S; i++)
                want[(c * F + f) * S + i] = f + F * (c + C * i);
    npy_write(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (50, 3, 40), }", data,
              sizeof data);
    npy_expect(C, F * S, want, "type=f64");
    npy_expect(C, F * S, want, "frame=7");
}

Test(npy, three_dimensions_keep_their_frames)
{
    struct node node;
    double data[24] = {0};
    npy_write(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 4), }", data, 192);
    node_open(&node, &leat_npy_source, NULL, "file=in.npy", NULL);
    cr_assert_eq(node.need.out.cols, 4);
    cr_assert(node.need.out.cols_fixed);
    node_close(&node);
}

Test(npy, reads_the_types_in_both_byte_orders)
{
    const unsigned char big_i4[] = {0xff, 0xff, 0xff, 0xfe, 0, 0, 1, 0};
    const double want[] = {-2, 256};
    npy_write(1, "{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }", big_i4, 8);
    npy_expect(1, 2, want, "type=f64");
    npy_expect(1, 2, want, "type=f32");
    npy_expect(1, 2, want, "type=i64");
    const unsigned char big_f4[] = {0xc0, 0, 0, 0, 0x43, 0x80, 0, 0};
    npy_write(1, "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", big_f4, 8);
    npy_expect(1, 2, want, "type=f64");
    const unsigned char u1[] = {254, 255};
    const double bytes[] = {254, 255};
    npy_write(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", u1, 2);
    npy_expect(1, 2, bytes, "type=f64");
    const int64_t wide[] = {INT64_C(9007199254740993)};
    npy_write(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", wide, 8);
    struct node node;
    struct taken taken;
    node_open(&node, &leat_npy_source, NULL, "file=in.npy", "type=i64", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken_i64(&taken, 0, 0), wide[0]);
    taken_free(&taken);
    node_close(&node);
}

Test(npy, what_is_damaged_is_refused_in_words)
{
    static const struct {
        const char *dict, *why;
    } bad[] = {
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (99,), }", "is cut off"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
         "channels"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 2, 4294967296), }",
         "multiply"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551616,), }",
         "dimensions"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 1, 1), }", "dimensions"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (), }", "dimensions"},
        {"{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }", "'<c16' cannot be read"},
        {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", "cannot be read"},
        {"{'descr': '<f8', 'fortran_order': Maybe, 'shape': (1,), }", "damaged"},
        {"{'descr': '<f8', 'shape': (1,), }", "lacks"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)", "damaged"},
        {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "damaged"},
        {"[1, 2]            ", "no dictionary"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 5), }", "0 channels"},
    };
    double data[4] = {0};
    struct node node;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        npy_write(1, bad[i].dict, data, 32);
        cr_assert_lt(node_resolve(&node, &leat_npy_source, NULL, "file=in.npy", NULL), 0, "%zu", i);
        words_have(&node, bad[i].why);
        words_have(&node, "in.npy: ");
    }
    cr_assert_eq(node_resolve(&node, &leat_npy_source, NULL, "file=no.npy", NULL), LEAT_EIO);
    file_text("in.npy", "\x93NUMPY");
    cr_assert_eq(node_resolve(&node, &leat_npy_source, NULL, "file=in.npy", NULL), LEAT_EDATA);
    words_have(&node, "cut off");
    file_text("in.npy", "P5 512 512 255\n");
    cr_assert_eq(node_resolve(&node, &leat_npy_source, NULL, "file=in.npy", NULL), LEAT_EDATA);
    words_have(&node, "does not begin as one");
    npy_write(9, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", data, 8);
    cr_assert_eq(node_resolve(&node, &leat_npy_source, NULL, "file=in.npy", NULL), LEAT_EDATA);
    npy_write(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", data, 8);
    cr_assert_eq(node_resolve(&node, &leat_npy_source, NULL, "file=in.npy", "type=i64", NULL),
                 LEAT_ESHAPE);
    /* Every cut of a good file is refused or, from its full length on, read. */
    char whole[256];
    size_t n = file_read("in.npy", whole, sizeof whole);
    for (size_t cut = 0; cut < n; cut++) {
        file_write("in.npy", whole, cut);
        cr_assert_lt(node_resolve(&node, &leat_npy_source, NULL, "file=in.npy", NULL), 0);
    }
}

Test(npy, an_empty_array_is_a_stream_of_nothing)
{
    struct node node;
    struct taken taken;
    npy_write(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 0), }", "", 0);
    for (int mapped = 0; mapped < 2; mapped++) {
        node_open(&node, &leat_npy_source, NULL, "file=in.npy",
                  mapped ? "mapped=yes" : "mapped=no", NULL);
        node_pull(&node, &taken, 1);
        cr_assert_eq(node.status, LEAT_EEND);
        cr_assert_eq(taken.n, 0);
        node_close(&node);
    }
}

static void npy_check(const char *dict, const double *want, size_t n)
{
    static char bytes[4096];
    size_t all = file_read("out.npy", bytes, sizeof bytes);
    cr_assert_eq(memcmp(bytes, "\x93NUMPY\x01\x00\x76\x00", 10), 0);
    cr_assert_eq(strncmp(bytes + 10, dict, strlen(dict)), 0, "%.100s", bytes + 10);
    cr_assert_eq(bytes[127], '\n');
    cr_assert_eq(all, 128 + n * 8);
    cr_assert_eq(memcmp(bytes + 128, want, n * 8), 0);
}

Test(npy, the_sink_joins_frames_along_samples)
{
    struct node node;
    const double rows[2][3] = {{1, 2, 3}, {4, 5, 6}}, more[2][1] = {{7}, {8}};
    const double columns[] = {1, 4, 2, 5, 3, 6, 7, 8};
    struct leat_shape shape = shape_of(2, 16, LEAT_F64, 0);
    node_open(&node, &leat_npy_sink, &shape, "file=out.npy", NULL);
    node_feed(&node, rows, 3);
    node_feed(&node, more, 1);
    cr_assert(!file_there("out.npy"));
    node_flush(&node);
    node_close(&node);
    npy_check("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 4), }", columns, 8);

    shape = shape_of(1, 16, LEAT_F64, 0);
    node_open(&node, &leat_npy_sink, &shape, "file=out.npy", NULL);
    node_feed(&node, rows, 3);
    node_feed(&node, more, 1);
    node_flush(&node);
    node_close(&node);
    const double joined[] = {1, 2, 3, 7};
    npy_check("{'descr': '<f8', 'fortran_order': False, 'shape': (4,), }", joined, 4);

    node_open(&node, &leat_npy_sink, &shape, "file=out.npy", NULL);
    node_flush(&node);
    node_close(&node);
    npy_check("{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }", joined, 0);
}

Test(npy, the_sink_stacks_and_pads_the_last_frame)
{
    struct node node;
    const double rows[2][3] = {{1, 2, 3}, {4, 5, 6}}, more[2][1] = {{7}, {8}};
    const double stacked[] = {1, 2, 3, 4, 5, 6, 7, 0, 0, 8, 0, 0};
    struct leat_shape shape = shape_of(2, 3, LEAT_F64, 0);
    node_open(&node, &leat_npy_sink, &shape, "file=out.npy", "stack=yes", NULL);
    node_feed(&node, rows, 3);
    cr_assert_eq(node.ctx.reframed, 0);
    node_feed(&node, more, 1);
    cr_assert_eq(node.ctx.reframed, 1, "a padded frame is counted");
    node_flush(&node);
    node_close(&node);
    npy_check("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, 3), }", stacked, 12);

    node_open(&node, &leat_npy_sink, &shape, "file=bad.npy", "stack=yes", NULL);
    node_feed(&node, more, 1);
    node_feed(&node, rows, 3);
    cr_assert_eq(node.status, LEAT_ESHAPE);
    node_close(&node);
    cr_assert(!file_there("bad.npy"));
}

Test(npy, an_output_that_cannot_be_written_is_told)
{
    struct node node;
    struct leat_shape shape = shape_of(1, 16, LEAT_F64, 0);
    cr_assert_eq(node_resolve(&node, &leat_npy_sink, &shape, "file=no/x.npy", NULL), LEAT_OK);
    cr_assert_eq(node_init(&node), LEAT_EIO);
    node_close(&node);
    cr_assert_eq(node_resolve(&node, &leat_npy_sink, &shape, NULL), LEAT_EINVAL);
    node_open(&node, &leat_npy_sink, &shape, "file=/dev/full", NULL);
    node_flush(&node);
    cr_assert_eq(node.status, LEAT_EIO);
    words_have(&node, "No space left");
    node_close(&node);
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    dup2(ends[1], STDOUT_FILENO);
    cr_assert_eq(node_resolve(&node, &leat_npy_sink, &shape, "file=-", NULL), LEAT_OK);
    cr_assert_eq(node_init(&node), LEAT_EIO);
    words_have(&node, "cannot be a pipe");
    node_close(&node);
}
