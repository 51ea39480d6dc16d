/* States by key where text cannot look: the two ways to run a stage give the same bits, in any
 * plan; what the plan holds. */
#include "branching.h"

#include <leat/knob.h>
#include <leat/stages.h>

#include <criterion/criterion.h>

#include <string.h>

TestSuite(keyed, .init = begin, .timeout = 120);

/* Frames of 64 samples, of which half have the keys of the frame before; the other channels are
 * smoothed, so that a key's samples differ. */
static int put_smooth(void)
{
    static const char *const beside[] = {"c1", "c3"};
    int source = put_rig(-1, &rig_source,
                         (struct rig_options){.n = FRAMES, .rows = 3, .cols = 64, .last_cols = 7});
    int smooth = put(source, named(leat_math_stages(), "ewma"),
                     &(struct leat_ewma_options){.alpha = 0.25});
    cr_assert_eq(leat_graph_on(&rig.graph, (uint32_t)smooth, beside, 2, &rig.diag), LEAT_OK);
    return smooth;
}

static int put_keyed(uint64_t max, uint64_t ttl_ns)
{
    return put(put_smooth(), named(leat_joints(), "key"),
               &(struct leat_key_options){.by = "c2", .max = max, .ttl = ttl_ns});
}

static uint64_t digest_with(const struct leat_stage *stage, const void *options, uint64_t max,
                            uint64_t ttl_ns, uint32_t way, struct leat_stage_stats *stats)
{
    begin();
    int keyed = put(put_keyed(max, ttl_ns), stage, options);
    put_rig(keyed, &rig_sink, (struct rig_options){0});
    build(&ways_to_run[way]);
    run(way);
    *stats = stats_of(keyed);
    end(way);
    cr_assert_eq(ledger.frames, FRAMES);
    return ledger.digest;
}

static void check_both_ways(const struct leat_stage *whole, const void *options)
{
    static const uint64_t most[] = {1, 2, 40, 1000, 100000};
    struct leat_stage parts = *whole;
    struct leat_stage_stats a, b;
    cr_assert_not_null(whole->each);
    parts.each = NULL;
    for (uint32_t m = 0; m < 5; m++)
        for (uint64_t ttl = 0; ttl < 2; ttl++) {
            uint32_t way = (m + 3 * (uint32_t)ttl) % WAYS;
            uint64_t want = digest_with(whole, options, most[m], ttl * 50000000, 0, &a);
            uint64_t got = digest_with(&parts, options, most[m], ttl * 50000000, way, &b);
            cr_assert_eq(got, want, "%s max %d ttl %d", whole->name, (int)most[m], (int)ttl);
            cr_assert(a.keys == b.keys && a.evicted == b.evicted && a.expired == b.expired);
            cr_assert_leq(a.keys, most[m]);
        }
}

Test(keyed, both_ways_to_run_a_stage_give_the_same_bits)
{
    check_both_ways(named(leat_math_stages(), "ewma"), &(struct leat_ewma_options){.alpha = 0.125});
}

Test(keyed, both_ways_to_run_one_that_adds_a_channel_give_the_same_bits)
{
    check_both_ways(named(leat_math_stages(), "imbalance"),
                    &(struct leat_imbalance_options){
                        .bid = "c1", .bid_size = "c3", .ask = "c3", .ask_size = "c1"});
}

Test(keyed, counts_say_what_became_of_keys)
{
    struct leat_stage_stats s;
    const struct leat_stage *ewma = named(leat_math_stages(), "ewma");
    const struct leat_ewma_options alpha = {.alpha = 0.125};
    uint64_t keys = 31 * (FRAMES - 2) + 64; /* the last, short frame has no key of its own */
    digest_with(ewma, &alpha, 100000, 0, 0, &s);
    cr_assert(s.keys == keys && s.evicted == 0 && s.expired == 0, "%d", (int)s.keys);
    digest_with(ewma, &alpha, 100, 0, 0, &s);
    cr_assert(s.keys == 100 && s.evicted >= keys - 100, "%d", (int)s.evicted);
    /* A sample a millisecond: no key is seen so soon again. */
    digest_with(ewma, &alpha, 100000, 1, 0, &s);
    cr_assert_eq(s.expired, 64 * (FRAMES - 1) + 7 - keys);
}

/* Only the frames themselves can tell whether a host says when they begin. */
Test(keyed, ttl_goes_by_the_frames_times_or_says_that_there_are_none)
{
    for (int timed = 0; timed < 2; timed++) {
        uint32_t door;
        begin_graph();
        int inlet = put(-1, named(leat_doors(), "inlet"),
                        &(struct leat_inlet_options){.channels = 2, .frame = {.samples = 4}});
        int key = put(inlet, named(leat_joints(), "key"),
                      &(struct leat_key_options){.by = "1", .max = 8, .ttl = 10});
        int ewma = put(key, named(leat_math_stages(), "ewma"),
                       &(struct leat_ewma_options){.alpha = 0.5});
        put_seer(ewma, 0);
        build(&(struct leat_limits){.batch = 1});
        cr_assert_eq(leat_inlet_find(rig.engine, "inlet", &door, NULL), LEAT_OK);
        for (int i = 0, status; i < (timed != 0 ? 3 : 1); i++) {
            struct leat_frame *f = leat_inlet_claim(rig.engine, door, NULL);
            cr_assert_not_null(f);
            f->cols = 1;
            f->time_ns = timed != 0 && i != 1 ? 11 * i : LEAT_TIME_NONE; /* the second goes on */
            *(double *)leat_frame_row(f, 0) = 7;
            *(double *)leat_frame_row(f, 1) = i;
            cr_assert(leat_inlet_publish(rig.engine, door, f));
            while ((status = leat_worker_step(rig.engine, 0, 8, NULL)) > 0)
                ;
            cr_assert_eq(status, timed != 0 ? 0 : LEAT_EDATA);
        }
        cr_assert_eq(stats_of(ewma).expired, (uint64_t)timed, "22 ns after both");
        leat_engine_stop(rig.engine);
        (void)rig_end(&rig);
    }
}

/* One frame of samples k, each of key k % 2, marked and timed as it says. */
static void publish(uint32_t door, int64_t time_ns, uint8_t flags)
{
    int status;
    struct leat_frame *f = leat_inlet_claim(rig.engine, door, NULL);
    cr_assert_not_null(f);
    f->cols = 4;
    f->time_ns = time_ns;
    f->flags = flags;
    for (int k = 0; k < 4; k++) {
        ((double *)leat_frame_row(f, 0))[k] = k % 2;
        ((double *)leat_frame_row(f, 1))[k] = k;
    }
    cr_assert(leat_inlet_publish(rig.engine, door, f));
    while ((status = leat_worker_step(rig.engine, 0, 8, NULL)) > 0)
        ;
    cr_assert_geq(status, 0);
}

static void check_window(uint32_t i, double key, double last, int64_t time_ns, uint32_t flags)
{
    const struct look *w = &saw[0].at[i];
    cr_assert(w->seq == i && w->cols == 2 && w->rows == 2, "%u", i);
    cr_assert(w->sample == key && w->last == last && w->time_ns == time_ns, "%u: %g %g %lld", i,
              w->sample, w->last, (long long)w->time_ns);
    cr_assert_eq(w->flags, flags, "%u: %u", i, w->flags);
}

/* Windows begin when their first sample does, and a gap, which ends all of them, is said behind. */
Test(keyed, windows_have_the_time_of_their_first_sample_and_end_at_a_gap)
{
    uint32_t door;
    begin_graph();
    int inlet = put(-1, named(leat_doors(), "inlet"),
                    &(struct leat_inlet_options){
                        .channels = 2, .frame = {.samples = 4}, .rate = 1e9 / 10});
    int key = put(inlet, named(leat_joints(), "key"),
                  &(struct leat_key_options){.by = "1", .max = 8});
    int window = put(key, named(leat_math_stages(), "window"),
                     &(struct leat_window_options){.size = {.samples = 2}, .hop = {.samples = 3}});
    cr_assert_eq(leat_graph_on_gap(&rig.graph, (uint32_t)window, LEAT_GAP_RESET, NULL), LEAT_OK);
    put_seer(window, 0);
    build(&(struct leat_limits){.batch = 1});
    cr_assert_eq(leat_inlet_find(rig.engine, "inlet", &door, NULL), LEAT_OK);
    publish(door, 1000, 0);
    publish(door, 2000, LEAT_LATE);
    publish(door, 3000, LEAT_GAP_BEFORE);
    leat_engine_stop(rig.engine);
    while (leat_worker_step(rig.engine, 0, 8, NULL) > 0)
        ;
    cr_assert_eq(saw[0].n, 6);
    check_window(0, 0, 0, 1000, 0);
    check_window(1, 1, 1, 1010, 0);
    check_window(2, 0, 2, 2020, LEAT_LATE | LEAT_PADDED);
    check_window(3, 1, 3, 2030, LEAT_PADDED);
    check_window(4, 0, 0, 3000, LEAT_GAP_BEFORE);
    check_window(5, 1, 1, 3010, 0);
    cr_assert_eq(stats_of(window).samples_lost, 2, "a sample of each key, between windows");
    end(0);
}

Test(keyed, the_plan_has_room_for_every_key)
{
    int ewma = put(put_keyed(1000, 0), named(leat_math_stages(), "ewma"),
                   &(struct leat_ewma_options){.alpha = 0.5});
    put_rig(ewma, &rig_sink, (struct rig_options){0});
    cr_assert_eq(rig_plan(&rig, NULL), LEAT_OK, "%s", rig.diag.text);
    const struct leat_plan_stage *s = &rig.plan.stages[3];
    cr_assert(s->keyed != NULL && s->keyed->row == 1 && s->key->max == 1000);
    cr_assert_eq(s->lens->in.rows, 2);
    cr_assert_eq(s->keyed->entry_bytes, 64, "two averages, the key and its last touch in a line");
    cr_assert_geq(s->need.state_bytes, 1000 * 64 + 2048 * 4);
    size_t bytes = leat_engine_bytes(&rig.plan);
    leat_plan_fini(&rig.plan);
    cr_assert_eq(rig_plan(&rig, &(struct leat_limits){.memory_bytes = bytes - 1}), LEAT_ELIMIT);
    cr_assert_not_null(strstr(rig.diag.text, "or max= of key"));
    leat_graph_fini(&rig.graph);
}

/* With alpha = 1 an average is its last sample: from then on frames pass as they came. */
Test(keyed, a_knob_turns_for_every_key)
{
    put_seer(put_smooth(), 1);
    build(&(struct leat_limits){.batch = 1});
    run(0);
    end(0);
    begin_graph();
    int ewma = put(put_keyed(1000, 0), named(leat_math_stages(), "ewma"),
                   &(struct leat_ewma_options){.alpha = 0.5});
    put_seer(ewma, 0);
    build(&(struct leat_limits){.batch = 1});
    uint64_t due;
    cr_assert_gt(leat_worker_step(rig.engine, 0, 5, &due), 0);
    uint32_t before = saw[0].n;
    cr_assert_eq(leat_engine_knob(rig.engine, "ewma2", "alpha", "1", &rig.diag), LEAT_OK, "%s",
                 rig.diag.text);
    while (leat_worker_step(rig.engine, 0, 100, &due) != LEAT_EEND)
        ;
    cr_assert(before > 1 && saw[0].n == FRAMES && saw[1].n == FRAMES);
    cr_assert_neq(saw[0].at[1].sample, saw[1].at[1].sample, "it is smooth at first");
    for (uint32_t i = before; i < FRAMES; i++)
        cr_assert_eq(saw[0].at[i].sample, saw[1].at[i].sample, "frame %u", i);
    end(0);
}
