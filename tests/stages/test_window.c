/* window against a plain model of what windows are, through every kind of refusal. */
#include "harness.h"

#include <string.h>

/* Frames that the definition gives: a full one at every start that has `size` samples behind it,
 * and a padded one when samples are left that none of them held. */
static size_t windows_of(size_t n, size_t size, size_t hop, bool drop, bool *padded)
{
    size_t full = n >= size ? (n - size) / hop + 1 : 0;
    size_t start = full * hop;                        /* of the window after them */
    size_t held = full ? (full - 1) * hop + size : 0; /* so many were in a window, or skipped */
    size_t fresh = start > held ? start : held;
    *padded = !drop && n > fresh;
    return full + *padded;
}

/* Samples of a row that none of `windows` windows holds. */
static uint64_t lost_of(size_t n, size_t size, size_t hop, size_t windows)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < n; i++) {
        bool held = false;
        for (size_t w = 0; w < windows && w * hop <= i; w++)
            held |= i < w * hop + size;
        lost += !held;
    }
    return lost;
}

static void check_samples(const struct harness *h, const struct samples *in, size_t size,
                          size_t hop)
{
    for (uint32_t r = 0; r < in->rows; r++)
        for (size_t k = 0; k < h->out.n; k++) {
            size_t i = k / size * hop + k % size;
            double want = i < in->n ? samples_get(in, r, i) : 0;
            cr_assert_eq(samples_get(&h->out, r, k), want, "n %zu, size %zu, hop %zu: window %zu",
                         in->n, size, hop, k / size);
        }
}

static void check(const struct samples *in, uint32_t frame, size_t size, size_t hop, bool drop,
                  uint32_t batch, uint32_t room, uint32_t claim_each)
{
    struct harness h;
    char options[64];
    bool padded;
    size_t want = windows_of(in->n, size, hop, drop, &padded);
    snprintf(options, sizeof options, "size=%zu hop=%zu tail=%s", size, hop,
             drop ? "drop" : "pad");
    harness_open(&h, "window", options, in->rows, 64, in->kind, 0);
    h.batch = batch;
    h.room = room;
    h.claim_each = claim_each;
    harness_run(&h, in, frame, true);
    cr_assert_eq(h.made_n, want, "n %zu, %s: %zu windows, not %zu", in->n, options, h.made_n,
                 want);
    cr_assert_eq(h.ctx.reframed, want);
    cr_assert_eq(h.ctx.samples_lost, lost_of(in->n, size, hop, want), "n %zu, %s: %llu lost",
                 in->n, options, (unsigned long long)h.ctx.samples_lost);
    cr_assert_eq(h.refused, 0);
    for (size_t k = 0; k < want; k++) {
        cr_assert_eq(h.made[k].cols, size);
        cr_assert_eq(h.made[k].key, 7);
        cr_assert_eq(h.made[k].flags, padded && k == want - 1 ? LEAT_PADDED : 0);
    }
    check_samples(&h, in, size, hop);
    harness_close(&h);
}

Test(window, holds_what_the_definition_says, .timeout = 120)
{
    static const size_t lengths[] = {1, 2, 15, 16, 17, 63, 64, 65, 200};
    static const size_t sizes[] = {1, 2, 7, 16, 64, 150}, hops[] = {1, 3, 7, 16, 40, 64, 150, 300};
    static const uint32_t frames[] = {1, 5, 16, 64};
    struct samples all = samples_walk(2, 200, LEAT_I64, 1e15);
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        struct samples in = samples_make(2, lengths[l], LEAT_I64);
        for (uint32_t r = 0; r < 2; r++)
            memcpy(samples_row(&in, r), samples_row(&all, r), lengths[l] * 8);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (size_t p = 0; p < sizeof hops / sizeof *hops; p++)
                for (size_t f = 0; f < sizeof frames / sizeof *frames; f++) {
                    check(&in, frames[f], sizes[s], hops[p], false, 1, 1, 0);
                    check(&in, frames[f], sizes[s], hops[p], true, 4, 2, 3);
                    check(&in, frames[f], sizes[s], hops[p], false, 32, 64, 2);
                }
        samples_free(&in);
    }
    samples_free(&all);
}

Test(window, works_on_every_width_of_sample)
{
    struct samples f32 = samples_walk(3, 200, LEAT_F32, 100);
    check(&f32, 20, 48, 10, false, 3, 1, 0);
    samples_free(&f32);
}

Test(window, hop_is_size_when_not_given)
{
    struct harness h;
    struct samples in = samples_walk(1, 100, LEAT_F64, 100);
    harness_open(&h, "window", "size=25", 1, 64, LEAT_F64, 0);
    harness_run(&h, &in, 30, true);
    cr_expect_eq(h.made_n, 4);
    cr_expect(samples_same(&h.out, &in));
    samples_free(&in);
    harness_close(&h);
}

Test(window, carries_the_event_time_of_its_first_sample)
{
    static const uint32_t frames[] = {1, 5, 20, 64}, hops[] = {4, 10, 25};
    struct samples in = samples_walk(1, 203, LEAT_F64, 100);
    for (int f = 0; f < 4; f++)
        for (int p = 0; p < 3; p++) {
            struct harness h;
            char options[32];
            snprintf(options, sizeof options, "size=10 hop=%u", hops[p]);
            harness_open(&h, "window", options, 1, 64, LEAT_F64, 1000);
            h.time_ns = 777;
            harness_run(&h, &in, frames[f], true);
            for (size_t k = 0; k < h.made_n; k++)
                cr_assert_eq(h.made[k].time_ns, 777 + (int64_t)(k * hops[p]) * 1000000,
                             "frames of %u, hop %u, window %zu: %lld", frames[f], hops[p], k,
                             (long long)h.made[k].time_ns);
            harness_close(&h);
        }
    samples_free(&in);
}

Test(window, a_gap_is_told_once_and_moves_the_times_after_it)
{
    struct samples in = samples_walk(1, 100, LEAT_F64, 100);
    for (uint32_t room = 1; room < 4; room++) {
        struct harness h;
        harness_open(&h, "window", "size=10", 1, 64, LEAT_F64, 1000);
        h.room = room;
        h.time_ns = 0;
        h.gap_at = 40;
        h.gap_ns = 5000000000;
        harness_run(&h, &in, 20, true);
        cr_assert_eq(h.made_n, 10);
        for (size_t k = 0; k < 10; k++) {
            cr_expect_eq(h.made[k].flags, k == 4 ? LEAT_GAP_BEFORE : 0, "window %zu", k);
            cr_expect_eq(h.made[k].key, k < 4 ? 7 : 8);
            cr_expect_eq(h.made[k].time_ns, (int64_t)k * 10000000 + (k < 4 ? 0 : 5000000000));
        }
        harness_close(&h);
    }
    samples_free(&in);
}

Test(window, without_a_time_there_is_none)
{
    struct harness h;
    struct samples in = samples_walk(1, 50, LEAT_F64, 100);
    harness_open(&h, "window", "size=10 hop=7", 1, 64, LEAT_F64, 0);
    harness_run(&h, &in, 20, true);
    for (size_t k = 0; k < h.made_n; k++)
        cr_expect_eq(h.made[k].time_ns, LEAT_TIME_NONE);
    samples_free(&in);
    harness_close(&h);
}
