#include "host.h"

#include <leat/arrow.h>

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

static struct host host;

TestSuite(arrow, .timeout = 60);

static void open_host(uint32_t kind, uint32_t rows, const char *const *names, uint32_t loans)
{
    struct host_options o = {.rows = rows, .cols = 70, .kind = kind, .frames = 24, .loans = loans,
                             .names = names};
    cr_assert_eq(host_open(&host, &o), LEAT_OK, "%s", host.diag.text);
}

static void close_host(void)
{
    cr_assert_eq(leat_lender_fini(host.lender, &host.diag), LEAT_OK, "%s", host.diag.text);
    cr_assert_eq(host_close(&host), LEAT_OK, "%s", host.diag.text);
}

static uint32_t out(void)
{
    return leat_lender_settle(host.lender);
}

/* The numbers of the specification, on machines with 64-bit pointers. */
Test(arrow, structs_lie_as_published)
{
    cr_assert_eq(sizeof(struct ArrowSchema), 72);
    cr_assert_eq(offsetof(struct ArrowSchema, flags), 24);
    cr_assert_eq(offsetof(struct ArrowSchema, n_children), 32);
    cr_assert_eq(offsetof(struct ArrowSchema, dictionary), 48);
    cr_assert_eq(offsetof(struct ArrowSchema, release), 56);
    cr_assert_eq(offsetof(struct ArrowSchema, private_data), 64);
    cr_assert_eq(sizeof(struct ArrowArray), 80);
    cr_assert_eq(offsetof(struct ArrowArray, offset), 16);
    cr_assert_eq(offsetof(struct ArrowArray, n_children), 32);
    cr_assert_eq(offsetof(struct ArrowArray, buffers), 40);
    cr_assert_eq(offsetof(struct ArrowArray, children), 48);
    cr_assert_eq(offsetof(struct ArrowArray, release), 64);
    cr_assert_eq(offsetof(struct ArrowArray, private_data), 72);
}

static void check_column(const struct ArrowArray *a, uint32_t kind, uint64_t seq, uint32_t r,
                         int64_t cols)
{
    cr_assert(a->length == cols && a->null_count == 0 && a->offset == 0);
    cr_assert(a->n_buffers == 2 && a->n_children == 0);
    cr_assert(a->children == NULL && a->dictionary == NULL && a->release != NULL);
    cr_assert_null(a->buffers[0], "no nulls, no bitmap");
    cr_assert_eq((uintptr_t)a->buffers[1] % 64, 0);
    for (int64_t i = 0; i < cols; i++)
        cr_assert_eq(host_read(a->buffers[1], kind, i), host_sample(seq, r, (uint32_t)i));
}

static void check_array(const struct ArrowArray *a, uint32_t kind, uint64_t seq, int64_t cols)
{
    cr_assert(a->length == cols && a->null_count == 0 && a->offset == 0);
    cr_assert(a->n_buffers == 1 && a->buffers[0] == NULL && a->n_children == 3);
    cr_assert(a->dictionary == NULL && a->release != NULL);
    for (uint32_t r = 0; r < 3; r++)
        check_column(a->children[r], kind, seq, r, cols);
}

static const char formats[] = {[LEAT_U8] = 'C',  [LEAT_I16] = 's', [LEAT_I32] = 'i',
                               [LEAT_I64] = 'l', [LEAT_F32] = 'f', [LEAT_F64] = 'g'};

Test(arrow, a_schema_names_the_channels)
{
    static const char *const names[] = {"bid", "größe (µm)", "価格 😀"};
    for (uint32_t kind = LEAT_U8; kind <= LEAT_F64; kind++) {
        struct ArrowSchema s;
        open_host(kind, 3, names, 1);
        cr_assert_eq(leat_lender_schema(host.lender, &s, &host.diag), LEAT_OK, "%s",
                     host.diag.text);
        cr_assert_str_eq(s.format, "+s");
        cr_assert(s.flags == 0 && s.metadata == NULL && s.dictionary == NULL);
        cr_assert_eq(s.n_children, 3);
        for (uint32_t r = 0; r < 3; r++) {
            const struct ArrowSchema *child = s.children[r];
            cr_assert_str_eq(child->name, names[r]);
            cr_assert(child->format[0] == formats[kind] && child->format[1] == '\0');
            cr_assert(child->flags == 0 && child->metadata == NULL && child->n_children == 0);
            cr_assert(child->children == NULL && child->dictionary == NULL);
            cr_assert_not_null(child->release);
        }
        cr_assert_eq(out(), 1);
        s.release(&s);
        cr_assert_null(s.release);
        cr_assert_eq(out(), 0);
        close_host();
    }
}

Test(arrow, an_array_is_the_frame)
{
    for (uint32_t kind = LEAT_U8; kind <= LEAT_F64; kind++) {
        open_host(kind, 3, NULL, 2);
        for (uint64_t seq = 0; seq < 5; seq++) {
            struct ArrowArray a;
            struct leat_frame *f = host_take(&host);
            cr_assert(leat_lender_arrow(host.lender, f, &a));
            for (uint32_t r = 0; r < 3; r++)
                cr_assert_eq(a.children[r]->buffers[1], leat_frame_row(f, r), "no copy");
            check_array(&a, kind, seq, 70 - (int64_t)seq % 3);
            struct leat_pool_stats before, after;
            leat_engine_pool(host.engine, 0, &before);
            a.release(&a);
            cr_assert_null(a.release);
            cr_assert_eq(out(), 0);
            leat_engine_pool(host.engine, 0, &after);
            cr_assert_eq(after.in_use, before.in_use - 1, "it is home");
        }
        close_host();
    }
}

/* As the specification moves: copy the struct, mark the old one released, call nothing. */
static void move_array(struct ArrowArray *from, struct ArrowArray *to)
{
    *to = *from;
    memset(from, 0xee, sizeof *from); /* whoever looks at the old place finds rubbish */
    from->release = NULL;
}

Test(arrow, an_array_may_move)
{
    struct ArrowArray a, b;
    open_host(LEAT_F64, 3, NULL, 1);
    cr_assert(leat_lender_arrow(host.lender, host_take(&host), &a));
    move_array(&a, &b);
    check_array(&b, LEAT_F64, 0, 70);
    cr_assert_eq(out(), 1);
    b.release(&b);
    cr_assert(b.release == NULL && out() == 0);
    close_host();
}

/* Each subset of the children moved out, the parent released, then they in either order: the frame
 * is out as long as one of them is, and home after the last. */
Test(arrow, children_may_move_out)
{
    open_host(LEAT_I32, 3, NULL, 1);
    uint64_t seq = 0;
    for (uint32_t moved = 0; moved < 8; moved++)
        for (int backwards = 0; backwards <= 1; backwards++, seq++) {
            struct ArrowArray a, child[3];
            cr_assert(leat_lender_arrow(host.lender, host_take(&host), &a));
            for (uint32_t r = 0; r < 3; r++)
                if ((moved >> r & 1) != 0)
                    move_array(a.children[r], &child[r]);
            a.release(&a);
            cr_assert_null(a.release);
            for (uint32_t k = 0, left = moved; k < 3; k++) {
                uint32_t r = backwards != 0 ? 2 - k : k;
                if ((moved >> r & 1) == 0)
                    continue;
                cr_assert_eq(out(), 1);
                check_column(&child[r], LEAT_I32, seq, r, 70 - (int64_t)seq % 3);
                child[r].release(&child[r]);
                cr_assert_null(child[r].release);
                left &= ~(UINT32_C(1) << r);
                cr_assert_eq(out(), left != 0 ? 1u : 0u);
            }
            cr_assert_eq(out(), 0);
        }
    close_host();
}

/* A child may be given back before its parent, too. */
Test(arrow, children_may_be_released_first)
{
    struct ArrowArray a, child;
    open_host(LEAT_F32, 3, NULL, 1);
    cr_assert(leat_lender_arrow(host.lender, host_take(&host), &a));
    move_array(a.children[1], &child);
    child.release(&child);
    cr_assert_eq(out(), 1);
    check_column(a.children[2], LEAT_F32, 0, 2, 70);
    a.release(&a);
    cr_assert_eq(out(), 0);
    close_host();
}

Test(arrow, a_schema_moves_as_an_array_does)
{
    struct ArrowSchema a, b, child;
    open_host(LEAT_F32, 3, NULL, 1);
    cr_assert_eq(leat_lender_schema(host.lender, &a, NULL), LEAT_OK);
    b = a;
    a.release = NULL;
    child = *b.children[2];
    b.children[2]->release = NULL;
    b.release(&b);
    cr_assert_null(b.release);
    cr_assert_eq(out(), 1);
    cr_assert_str_eq(child.name, "c3");
    child.release(&child);
    cr_assert(child.release == NULL && out() == 0);
    close_host();
}

/* NaN is a value of a float, not a null. */
Test(arrow, nan_is_not_null)
{
    struct ArrowArray a;
    open_host(LEAT_F64, 3, NULL, 1);
    struct leat_frame *f = host_take(&host);
    *(double *)leat_frame_row(f, 1) = NAN;
    cr_assert(leat_lender_arrow(host.lender, f, &a));
    cr_assert_eq(a.children[1]->null_count, 0);
    cr_assert(isnan(((const double *)a.children[1]->buffers[1])[0]));
    a.release(&a);
    close_host();
}

Test(arrow, a_frame_without_samples_is_an_empty_array)
{
    struct ArrowArray a;
    open_host(LEAT_F64, 3, NULL, 1);
    struct leat_frame *f = host_take(&host);
    f->cols = 0;
    cr_assert(leat_lender_arrow(host.lender, f, &a));
    cr_assert(a.length == 0 && a.n_children == 3 && a.children[0]->length == 0);
    a.release(&a);
    close_host();
}

Test(arrow, answers_none_when_all_is_lent)
{
    struct ArrowSchema s, other, seen;
    struct ArrowArray a, before;
    open_host(LEAT_F64, 3, NULL, 2);
    struct leat_frame *f = host_take(&host), *g = host_take(&host);
    cr_assert_eq(leat_lender_schema(host.lender, &s, NULL), LEAT_OK);
    cr_assert(leat_lender_arrow(host.lender, f, &a));
    memset(&other, 0x55, sizeof other);
    memcpy(&seen, &other, sizeof seen);
    cr_assert_eq(leat_lender_schema(host.lender, &other, &host.diag), LEAT_ELIMIT);
    cr_assert_str_eq(host.diag.text, "all 2 loans are out");
    cr_assert_eq(memcmp(&other, &seen, sizeof seen), 0);
    memset(&before, 0x55, sizeof before);
    struct ArrowArray same = before;
    cr_assert_not(leat_lender_arrow(host.lender, g, &before));
    cr_assert_eq(memcmp(&before, &same, sizeof same), 0);
    s.release(&s);
    cr_assert(leat_lender_arrow(host.lender, g, &before), "without settle");
    check_array(&before, LEAT_F64, 1, 69);
    check_array(&a, LEAT_F64, 0, 70);
    a.release(&a);
    before.release(&before);
    close_host();
}

/* Names come from headers of files in any encoding; Arrow's are UTF-8. */
Test(arrow, names_that_are_not_utf8_are_refused)
{
    static const char *const wrong[] = {
        "gr\366\337e",          /* Latin-1 */
        "\x80",                 /* a continuation alone */
        "a\xc3",                /* cut off */
        "\xe4\xbe",             /* cut off */
        "\xf0\x9f\x98",         /* cut off */
        "\xc0\xaf",             /* overlong, 2 */
        "\xe0\x80\xaf",         /* overlong, 3 */
        "\xf0\x80\x80\xaf",     /* overlong, 4 */
        "\xed\xa0\x80",         /* half of a surrogate pair */
        "\xf4\x90\x80\x80",     /* beyond U+10FFFF */
        "\xf5\x80\x80\x80",     /* far beyond */
        "\xf8\x88\x80\x80\x80", /* five bytes */
        "\xff",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *names[] = {"fine", wrong[i]};
        struct ArrowSchema s = {.name = "as it was"};
        open_host(LEAT_F64, 2, names, 1);
        cr_assert_eq(leat_lender_schema(host.lender, &s, &host.diag), LEAT_EDATA, "%zu", i);
        cr_assert_not_null(strstr(host.diag.text, "channel 2's name is not UTF-8"), "%s",
                           host.diag.text);
        cr_assert_str_eq(s.name, "as it was");
        cr_assert_eq(out(), 0);
        close_host();
    }
    static const char *const edges[] = {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
                                        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    struct ArrowSchema s;
    open_host(LEAT_F64, sizeof edges / sizeof edges[0], edges, 1);
    cr_assert_eq(leat_lender_schema(host.lender, &s, &host.diag), LEAT_OK, "%s", host.diag.text);
    s.release(&s);
    close_host();
}
