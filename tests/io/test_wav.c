/* wav, in and out. The files are put together and taken apart here byte by byte. */
#define _GNU_SOURCE
#include "io/harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(wav, .init = folder_make, .fini = folder_remove);

static char bytes[1 << 20];

static size_t put(size_t at, uint32_t value, int n)
{
    for (int i = 0; i < n; i++)
        bytes[at + (size_t)i] = (char)(value >> (8 * i));
    return at + (size_t)n;
}

static uint32_t get(const char *at, int n)
{
    uint32_t value = 0;
    while (n-- > 0)
        value = value << 8 | (unsigned char)at[n];
    return value;
}

/* A file of n data bytes, and what its header says of them. */
static void wav_write(uint32_t tag, uint32_t channels, uint32_t rate, uint32_t bits,
                      const void *data, size_t n, uint32_t says)
{
    uint32_t align = channels * bits / 8;
    memcpy(bytes, "RIFF    WAVEfmt ", 16);
    put(4, 36 + says, 4);
    put(put(put(put(put(put(put(16, 16, 4), tag, 2), channels, 2), rate, 4), rate * align, 4),
            align, 2),
        bits, 2);
    memcpy(bytes + 36, "data", 4);
    put(40, says, 4);
    memcpy(bytes + 44, data, n);
    file_write("in.wav", bytes, 44 + n);
}

#define wav_open(node, ...) node_open(node, &leat_wav_source, NULL, "file=in.wav", __VA_ARGS__)
#define wav_resolve(node, ...) \
    node_resolve(node, &leat_wav_source, NULL, "file=in.wav", __VA_ARGS__)

Test(wav, reads_pcm16_as_f32_below_one_and_whole_when_asked)
{
    const int16_t data[] = {0, -32768, 1, 32767, 16384, -1}; /* left, right, … */
    wav_write(1, 2, 8000, 16, data, sizeof data, sizeof data);
    struct node node;
    struct taken taken;
    wav_open(&node, "frame=2", NULL);
    cr_assert_eq(node.need.out.rows, 2);
    cr_assert_eq(node.need.out.kind, LEAT_F32);
    cr_assert(node.need.out.rate_hz == 8000.0);
    cr_assert_str_eq(node.channels[1].name, "right");
    node_pull(&node, &taken, 4);
    cr_assert_eq(taken.n, 3);
    cr_assert_eq(taken.flags[1], LEAT_SHORT);
    cr_assert(taken_get(&taken, 1, 0) == -1.0 && taken_get(&taken, 0, 1) == 1.0 / 32768);
    cr_assert(taken_get(&taken, 1, 1) == 32767.0 / 32768 && taken_get(&taken, 0, 2) == 0.5);
    taken_free(&taken);
    node_close(&node);
    const char *asked[][2] = {{"type=f32", "scale=no"}, {"type=f64", "scale=no"},
                              {"type=i64", "scale=no"}, {"type=i64", "scale=yes"}};
    for (int i = 0; i < 4; i++) {
        wav_open(&node, asked[i][0], asked[i][1], NULL);
        node_pull(&node, &taken, 1);
        for (size_t c = 0; c < 6; c++)
            cr_assert(taken_get(&taken, c & 1, c / 2) == data[c]);
        taken_free(&taken);
        node_close(&node);
    }
}

Test(wav, reads_every_width_of_pcm_and_floats)
{
    struct node node;
    struct taken taken;
    const unsigned char u8[] = {0, 128, 255};
    wav_write(1, 1, 100, 8, u8, 3, 3);
    wav_open(&node, NULL);
    cr_assert_str_eq(node.channels[0].name, "ch1");
    node_pull(&node, &taken, 1);
    cr_assert(taken_get(&taken, 0, 0) == -1.0 && taken_get(&taken, 0, 1) == 0.0);
    taken_free(&taken);
    node_close(&node);
    wav_open(&node, "type=i64", NULL);
    node_pull(&node, &taken, 1);
    cr_assert(taken_i64(&taken, 0, 0) == -128 && taken_i64(&taken, 0, 2) == 127);
    taken_free(&taken);
    node_close(&node);

    const unsigned char s24[] = {0, 0, 0x80, 0xff, 0xff, 0x7f, 1, 0, 0};
    wav_write(1, 1, 100, 24, s24, 9, 9);
    wav_open(&node, NULL);
    node_pull(&node, &taken, 1);
    cr_assert(taken_get(&taken, 0, 0) == -1.0 && taken_get(&taken, 0, 1) == 8388607.0 / 8388608);
    taken_free(&taken);
    node_close(&node);
    wav_open(&node, "scale=no", NULL);
    node_pull(&node, &taken, 1);
    cr_assert(taken_get(&taken, 0, 0) == -8388608.0 && taken_get(&taken, 0, 2) == 1.0);
    taken_free(&taken);
    node_close(&node);

    const int32_t s32[] = {INT32_MIN, 1, 2147483647};
    wav_write(1, 1, 100, 32, s32, 12, 12);
    wav_open(&node, "type=f64", NULL);
    node_pull(&node, &taken, 1);
    cr_assert(taken_get(&taken, 0, 1) == 0x1p-31 && taken_get(&taken, 0, 0) == -1.0);
    taken_free(&taken);
    node_close(&node);
    wav_open(&node, "type=i64", NULL);
    node_pull(&node, &taken, 1);
    cr_assert(taken_i64(&taken, 0, 2) == 2147483647);
    taken_free(&taken);
    node_close(&node);

    const float f32[] = {1.5f, -0.1f, NAN};
    wav_write(3, 1, 100, 32, f32, 12, 12);
    wav_open(&node, NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(memcmp(taken.data[0], f32, 12), 0);
    taken_free(&taken);
    node_close(&node);
    cr_assert_eq(wav_resolve(&node, "type=i64", NULL), LEAT_ESHAPE);
    words_have(&node, "not stored as integers");
}

Test(wav, long_frames_are_taken_apart_in_pieces)
{
    enum { N = 20000 };
    static int16_t data[3 * N];
    for (int i = 0; i < 3 * N; i++)
        data[i] = (int16_t)(i * 31);
    wav_write(1, 3, 48000, 16, data, sizeof data, sizeof data);
    const char *frames[] = {"frame=1", "frame=20ms", "frame=9999", "frame=100000"};
    for (int f = 0; f < 4; f++) {
        struct node node;
        struct taken taken;
        wav_open(&node, frames[f], "type=i64", NULL);
        node_pull(&node, &taken, 8);
        cr_assert_eq(taken.n, N);
        for (int i = 0; i < 3 * N; i++)
            cr_assert_eq(taken_i64(&taken, (uint32_t)i % 3, (size_t)i / 3), data[i]);
        taken_free(&taken);
        node_close(&node);
    }
}

Test(wav, what_is_damaged_is_refused_in_words)
{
    struct node node;
    const int16_t data[100] = {0};
    wav_write(1, 1, 8000, 16, data, 100, 200);
    cr_assert_eq(wav_resolve(&node, NULL), LEAT_EDATA);
    words_have(&node, "in.wav: is cut off: its samples need 200 bytes and the file has 100");
    wav_write(1, 1, 8000, 16, data, 200, 200);
    for (size_t cut = 0; cut < 244; cut += cut < 44 ? 1 : 25) {
        cr_assert_eq(truncate("in.wav", (off_t)(243 - cut)), 0);
        cr_assert_lt(wav_resolve(&node, NULL), 0, "%zu bytes", 243 - cut);
    }
    file_text("in.wav", "this is no sound at all, just words in a file of that name");
    cr_assert_eq(wav_resolve(&node, NULL), LEAT_EDATA);
    words_have(&node, "is not a sound file");
    cr_assert_eq(node_resolve(&node, &leat_wav_source, NULL, "file=no.wav", NULL), LEAT_EIO);
    words_have(&node, "no.wav: cannot be read");
}

Test(wav, a_file_that_becomes_shorter_is_told)
{
    static const int16_t data[20000] = {1};
    struct node node;
    struct taken taken;
    wav_write(1, 1, 8000, 16, data, sizeof data, sizeof data);
    wav_open(&node, NULL);
    cr_assert_eq(truncate("in.wav", 1044), 0);
    node_pull(&node, &taken, 1);
    cr_assert_eq(node.status, LEAT_EDATA);
    words_have(&node, "in.wav: ended at sample");
    words_have(&node, " of 20000: it became shorter while it was read");
    taken_free(&taken);
    node_close(&node);
}

Test(wav, a_real_recording)
{
    struct node node;
    struct taken taken;
    const char *path = real_file("signals/jfk.wav");
    if (path == NULL)
        cr_skip_test("the real data are not here");
    char file[1100];
    snprintf(file, sizeof file, "file=%s", path);
    node_open(&node, &leat_wav_source, NULL, file, "frame=20ms", NULL);
    node_pull(&node, &taken, 8);
    cr_assert_eq(node.status, LEAT_EEND);
    size_t n = file_read(path, bytes, sizeof bytes), at = 12;
    while (memcmp(bytes + at, "data", 4) != 0)
        at += 8 + get(bytes + at + 4, 4);
    size_t says = get(bytes + at + 4, 4);
    n = n - at - 8 < says ? n - at - 8 : says;
    cr_assert_eq(taken.n, n / 2 / taken.rows);
    for (size_t i = 0; i < taken.n * taken.rows; i++) {
        int16_t pcm = (int16_t)get(bytes + at + 8 + 2 * i, 2);
        cr_assert(taken_get(&taken, (uint32_t)(i % taken.rows), i / taken.rows) == pcm / 32768.0);
    }
    taken_free(&taken);
    node_close(&node);
}

/* The data chunk of out.wav, and its format fields. */
static const void *wav_data(uint32_t *tag, uint32_t *bits, size_t *n)
{
    size_t all = file_read("out.wav", bytes, sizeof bytes);
    cr_assert_eq(memcmp(bytes, "RIFF", 4), 0);
    cr_assert_eq(get(bytes + 4, 4), all - 8);
    for (size_t at = 12; at + 8 <= all;) {
        uint32_t length = get(bytes + at + 4, 4);
        if (memcmp(bytes + at, "fmt ", 4) == 0) {
            *tag = get(bytes + at + 8, 2);
            *bits = get(bytes + at + 22, 2);
        }
        if (memcmp(bytes + at, "data", 4) == 0) {
            *n = length;
            return bytes + at + 8;
        }
        at += 8 + length + (length & 1);
    }
    cr_assert_fail("no data");
    return NULL;
}

static const void *wav_sink(uint32_t rows, uint32_t kind, const void *samples, uint32_t cols,
                            const char *format, const char *scale, uint32_t *tag, uint32_t *bits,
                            size_t *n)
{
    struct node node;
    struct leat_shape shape = shape_of(rows, 64, kind, 8000);
    node_open(&node, &leat_wav_sink, &shape, "file=out.wav", format, scale, NULL);
    node_feed(&node, samples, cols);
    cr_assert(!file_there("out.wav"));
    node_flush(&node);
    cr_assert_eq(node.status, 0, "%s", node_words(&node));
    node_close(&node);
    cr_assert_eq(files_like("out.wav.tmp"), 0);
    const void *data = wav_data(tag, bits, n);
    unlink("out.wav");
    return data;
}

Test(wav, the_sink_rounds_to_nearest_and_saturates)
{
    uint32_t tag, bits;
    size_t n;
    const double x[] = {0.5, -1, 1, 1.5 / 32768, 2.5 / 32768, -0.5 / 32768, 7, (double)NAN};
    const int16_t want[] = {16384, -32768, 32767, 2, 2, 0, 32767, 0};
    const int16_t *data = wav_sink(1, LEAT_F64, x, 8, "format=pcm16", "scale=yes", &tag, &bits, &n);
    cr_assert(tag == 1 && bits == 16 && n == 16);
    cr_assert_eq(memcmp(data, want, 16), 0);
    const double whole[] = {100.5, -40000, 3};
    const int16_t kept[] = {100, -32768, 3};
    data = wav_sink(1, LEAT_F64, whole, 3, "format=pcm16", "scale=no", &tag, &bits, &n);
    cr_assert_eq(memcmp(data, kept, 6), 0);
}

Test(wav, the_sink_interleaves_and_keeps_kinds)
{
    uint32_t tag, bits;
    size_t n;
    const float rows[2][3] = {{1, 2, 3}, {4, 5, 6}}, want[] = {1, 4, 2, 5, 3, 6};
    const void *data = wav_sink(2, LEAT_F32, rows, 3, "format=auto", "scale=yes", &tag, &bits, &n);
    cr_assert(tag == 3 && bits == 32 && n == 24);
    cr_assert_eq(memcmp(data, want, 24), 0);
    const double f64[] = {0.1, -0.3};
    data = wav_sink(1, LEAT_F64, f64, 2, "format=auto", "scale=yes", &tag, &bits, &n);
    cr_assert(tag == 3 && bits == 64 && n == 16);
    cr_assert_eq(memcmp(data, f64, 16), 0);
    const int64_t i64[] = {-5, INT64_MAX};
    const int32_t i32[] = {-5, INT32_MAX};
    data = wav_sink(1, LEAT_I64, i64, 2, "format=auto", "scale=yes", &tag, &bits, &n);
    cr_assert(tag == 1 && bits == 32 && n == 8);
    cr_assert_eq(memcmp(data, i32, 8), 0);
}

Test(wav, pcm16_goes_round_without_a_change)
{
    static int16_t data[65536];
    for (int i = 0; i < 65536; i++)
        data[i] = (int16_t)(i - 32768);
    wav_write(1, 1, 44100, 16, data, sizeof data, sizeof data);
    struct node node;
    struct taken taken;
    wav_open(&node, NULL);
    node_pull(&node, &taken, 8);
    node_close(&node);
    struct leat_shape shape = shape_of(1, 65536, LEAT_F32, 44100);
    node_open(&node, &leat_wav_sink, &shape, "file=out.wav", "format=pcm16", NULL);
    node_feed(&node, taken.data[0], 65536);
    node_flush(&node);
    node_close(&node);
    uint32_t tag, bits;
    size_t n;
    cr_assert_eq(memcmp(wav_data(&tag, &bits, &n), data, sizeof data), 0);
    taken_free(&taken);
}

Test(wav, an_output_that_cannot_be_written_is_told)
{
    struct node node;
    struct leat_shape shape = shape_of(1, 64, LEAT_F32, 8000);
    float row[64] = {0};
    cr_assert_eq(node_resolve(&node, &leat_wav_sink, &shape, "file=no/x.wav", NULL), LEAT_OK);
    cr_assert_eq(node_init(&node), LEAT_EIO);
    words_have(&node, "no/x.wav: cannot be written");
    node_close(&node);
    for (int fed = 0; fed < 2; fed++) { /* no mistake of the set-up, but of the run */
        node_open(&node, &leat_wav_sink, &shape, "file=/dev/full", NULL);
        for (int i = 0; i < fed; i++)
            node_feed(&node, row, 64);
        node_flush(&node);
        cr_assert_eq(node.ctx.failed, LEAT_EIO);
        words_have(&node, "/dev/full: cannot be written: No space left");
        node_close(&node);
    }

    node_open(&node, &leat_wav_sink, &shape, "file=out.wav", NULL);
    node_feed(&node, row, 64);
    node_close(&node);
    cr_assert_eq(files_like("out.wav"), 0, "unfinished: nothing is left");

    shape.rate_hz = 0;
    cr_assert_eq(node_resolve(&node, &leat_wav_sink, &shape, "file=out.wav", NULL), LEAT_ESHAPE);
    words_have(&node, "rate=");
    cr_assert_eq(node_resolve(&node, &leat_wav_sink, &shape, "file=out.wav", "rate=8.5", NULL),
                 LEAT_ERANGE);
}
