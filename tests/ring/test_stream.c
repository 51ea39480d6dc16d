#define _GNU_SOURCE
#include "sanitized.h"

#include <leat/stream.h>

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void init(struct leat_stream *s, size_t bytes)
{
    struct leat_diag diag = {0};
    cr_assert_eq(leat_stream_init(s, bytes, &diag), LEAT_OK, "%s", diag.text);
}

static void start_at(struct leat_stream *s, uint64_t position)
{
    s->published = s->retired = position;
}

static unsigned char byte_at(uint64_t position)
{
    return (unsigned char)((position * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

Test(stream, is_mapped_twice)
{
    struct leat_stream s;
    init(&s, 10000);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    cr_assert_eq(s.bytes % page, 0);
    cr_assert_geq(s.bytes, 10000);
    cr_assert_eq(s.bytes & (s.bytes - 1), 0);
    for (size_t i = 0; i < s.bytes; i += 511) {
        s.base[i] = (char)(i / 511);
        cr_assert_eq(s.base[i + s.bytes], (char)(i / 511));
        s.base[i + s.bytes] ^= 0x55;
        cr_assert_eq(s.base[i], (char)((i / 511) ^ 0x55));
    }
    leat_stream_fini(&s);
    cr_assert_null(s.base);
    leat_stream_fini(&s);
}

Test(stream, holds_exactly_its_bytes_wherever_it_starts)
{
    struct leat_stream s;
    init(&s, 1);
    uint64_t starts[] = {0, 1, s.bytes - 1, s.bytes / 2, UINT32_MAX - 100, UINT64_MAX - 100,
                         UINT64_MAX};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        char *in;
        const char *out;
        start_at(&s, starts[i]);
        cr_assert_eq(leat_stream_take(&s, &out), 0);
        cr_assert_eq(leat_stream_reserve(&s, &in), s.bytes);
        for (size_t k = 0; k < s.bytes; k++)
            in[k] = (char)byte_at(k);
        leat_stream_publish(&s, s.bytes);
        cr_assert_eq(leat_stream_reserve(&s, &in), 0, "full");
        cr_assert_eq(leat_stream_take(&s, &out), s.bytes);
        for (size_t k = 0; k < s.bytes; k++)
            cr_assert_eq((unsigned char)out[k], byte_at(k));
        leat_stream_retire(&s, 1);
        cr_assert_eq(leat_stream_reserve(&s, &in), 1);
        leat_stream_retire(&s, s.bytes - 1);
        cr_assert_eq(leat_stream_reserve(&s, &in), s.bytes);
    }
    leat_stream_fini(&s);
}

Test(stream, random_chunks_come_out_as_they_went_in)
{
    uint64_t random = 4711, starts[] = {0, UINT32_MAX - 20000, UINT64_MAX - 20000};
    for (int turn = 0; turn < 3; turn++) {
        struct leat_stream s;
        init(&s, 4096);
        start_at(&s, starts[turn]);
        uint64_t in = 0, out = 0;
        for (int step = 0; step < 20000; step++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            size_t want = (size_t)(random >> 40) % (s.bytes + 1);
            if ((random & 1) != 0) {
                char *span;
                size_t room = leat_stream_reserve(&s, &span);
                cr_assert_eq(room, s.bytes - (in - out));
                size_t n = want < room ? want : room;
                for (size_t i = 0; i < n; i++)
                    span[i] = (char)byte_at(in + i);
                leat_stream_publish(&s, n);
                in += n;
            } else {
                const char *span;
                size_t ready = leat_stream_take(&s, &span);
                cr_assert_eq(ready, in - out);
                size_t n = want < ready ? want : ready;
                for (size_t i = 0; i < n; i++)
                    cr_assert_eq((unsigned char)span[i], byte_at(out + i));
                leat_stream_retire(&s, n);
                out += n;
            }
        }
        cr_assert_gt(out, 20 * s.bytes);
        leat_stream_fini(&s);
    }
}

Test(stream, ends_when_closed_and_empty)
{
    struct leat_stream s;
    init(&s, 4096);
    cr_assert_not(leat_stream_ended(&s));
    leat_stream_publish(&s, 10);
    leat_stream_close(&s);
    cr_assert_not(leat_stream_ended(&s));
    leat_stream_retire(&s, 9);
    cr_assert_not(leat_stream_ended(&s));
    leat_stream_retire(&s, 1);
    cr_assert(leat_stream_ended(&s));
    leat_stream_fini(&s);
}

Test(stream, what_cannot_be_mapped_is_refused)
{
    struct leat_stream s;
    struct leat_diag diag = {0};
    cr_assert_eq(leat_stream_init(&s, 0, &diag), LEAT_ERANGE);
    cr_assert_eq(leat_stream_init(&s, SIZE_MAX, &diag), LEAT_ERANGE);
    cr_assert_eq(leat_stream_init(&s, SIZE_MAX / 2, &diag), LEAT_ERANGE);
    cr_assert_null(s.base);
    leat_stream_fini(&s);
    if (SANITIZED) /* a sanitizer's own mappings exceed the limit */
        return;
    struct rlimit limit, tight = {(size_t)1 << 30, (size_t)1 << 30};
    cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
    tight.rlim_max = limit.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_AS, &tight), 0);
    cr_assert_eq(leat_stream_init(&s, (size_t)1 << 30, &diag), LEAT_ENOMEM);
    cr_assert(strstr(diag.text, "cannot be mapped") != NULL, "%s", diag.text);
    cr_assert_null(s.base);
    int first_free = dup(0);
    for (int i = 0; i < 50; i++)
        cr_assert_eq(leat_stream_init(&s, (size_t)1 << 30, &diag), LEAT_ENOMEM);
    cr_assert_eq(dup(0), first_free + 1, "a refused stream keeps no file open");
    setrlimit(RLIMIT_AS, &limit);
}
