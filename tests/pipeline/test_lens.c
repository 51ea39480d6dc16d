/* Stages that see some channels (on=), keep their input (as=) or are sent to a processor (core=):
 * what the plan makes of them, what it refuses, and that nobody else's frame is touched. */
#include "branching.h"

#include <leat/stages.h>

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

TestSuite(lens, .init = begin, .timeout = 120);

#define ON(node, ...)                                                                   \
    do {                                                                                \
        static const char *const list[] = {__VA_ARGS__};                                \
        cr_assert_eq(leat_graph_on(&rig.graph, (uint32_t)(node), list,                  \
                                   sizeof list / sizeof list[0], &rig.diag), LEAT_OK);  \
    } while (0)
#define AS(node, text) \
    cr_assert_eq(leat_graph_as(&rig.graph, (uint32_t)(node), text, &rig.diag), LEAT_OK)
#define CORE(node, number) \
    cr_assert_eq(leat_graph_core(&rig.graph, (uint32_t)(node), number, &rig.diag), LEAT_OK)

/* Three channels c1, c2, c3. */
static int three(uint64_t frames)
{
    return put_rig(-1, &rig_source, (struct rig_options){.n = frames, .rows = 3, .cols = COLS});
}

static int put_math(int from, const char *name)
{
    return put(from, named(leat_math_stages(), name), NULL);
}

static void refused(int status, const char *text)
{
    memset(&rig.diag, 0, sizeof rig.diag);
    cr_assert_eq(rig_plan(&rig, NULL), status, "%s", rig.diag.text);
    cr_assert_str_eq(rig.diag.text, text);
    leat_graph_fini(&rig.graph);
    begin();
}

static void names_are(const struct leat_shape *shape, const char *wanted)
{
    char all[512] = "";
    for (uint32_t r = 0; r < shape->rows; r++) {
        strcat(all, r == 0 ? "" : " ");
        strcat(all, shape->channels[r].name);
    }
    cr_assert_str_eq(all, wanted);
}

/* ---- shapes ---- */

Test(lens, shapes_keep_what_is_not_chosen_and_name_what_is_added)
{
    int add = put_rig(three(1), &rig_add, (struct rig_options){0});
    ON(add, "c3", "1");
    int one = put_rig(add, &rig_add, (struct rig_options){0});
    ON(one, "c2");
    AS(one, "middle");
    int many = put_rig(one, &rig_add, (struct rig_options){0});
    ON(many, "middle", "c1");
    AS(many, "more");
    int all = put_math(many, "zscore");
    AS(all, "z");
    int sink = put_rig(all, &rig_sink, (struct rig_options){0});
    ON(sink, "z.more.c1");
    cr_assert_eq(rig_plan(&rig, NULL), LEAT_OK, "%s", rig.diag.text);
    const struct leat_plan_stage *s = rig.plan.stages;
    names_are(&s[1].lens->in, "c3 c1");
    cr_assert(!s[1].lens->together && !s[1].lens->appends && s[1].lens->rest_n == 1);
    names_are(&s[1].out, "c1 c2 c3");
    names_are(&s[2].out, "c1 c2 c3 middle");
    cr_assert(s[2].lens->appends && s[2].lens->rest_n == 3);
    names_are(&s[3].out, "c1 c2 c3 middle more.middle more.c1");
    names_are(&s[4].out, "c1 c2 c3 middle more.middle more.c1 z.c1 z.c2 z.c3 z.middle "
                         "z.more.middle z.more.c1");
    names_are(&s[5].lens->in, "z.more.c1");
    cr_assert_eq(rig.plan.pools[0].payload_bytes, (size_t)12 * 64, "the frames have room for all");
    rig_end(&rig);
}

Test(lens, side_by_side_is_told_from_scattered)
{
    int pair = put_rig(three(1), &rig_add, (struct rig_options){0});
    ON(pair, "c2", "c3");
    int swapped = put_rig(pair, &rig_add, (struct rig_options){0});
    ON(swapped, "c3", "c2");
    put_rig(swapped, &rig_sink, (struct rig_options){0});
    cr_assert_eq(rig_plan(&rig, NULL), LEAT_OK, "%s", rig.diag.text);
    cr_assert(rig.plan.stages[1].lens->together);
    cr_assert(!rig.plan.stages[2].lens->together);
    rig_end(&rig);
}

/* ---- what is refused ---- */

Test(lens, channels_that_are_not_there)
{
    ON(put_rig(three(1), &rig_sink, (struct rig_options){0}), "c9");
    refused(LEAT_ENAME, "on: unknown channel 'c9'; did you mean 'c1'?");
    ON(put_rig(three(1), &rig_sink, (struct rig_options){0}), "4");
    refused(LEAT_ENAME, "on: there is no channel 4: the stream has 3");
    ON(put_rig(three(1), &rig_sink, (struct rig_options){0}), "c1", "1");
    refused(LEAT_EINVAL, "on: c1 is named twice");
    ON(put_rig(three(1), &rig_sink, (struct rig_options){0}), "2..4");
    refused(LEAT_ENAME, "on: there is no channel 4: the stream has 3");
}

Test(lens, names_that_are_taken)
{
    int one = put_rig(three(1), &rig_add, (struct rig_options){0});
    ON(one, "c1");
    AS(one, "c3");
    put_rig(one, &rig_sink, (struct rig_options){0});
    refused(LEAT_ENAME, "as: the stream has a channel 'c3' already; give another name");
}

Test(lens, stages_that_cannot_be_shown_channels)
{
    int source = three(1);
    ON(source, "c1");
    put_rig(source, &rig_sink, (struct rig_options){0});
    refused(LEAT_ESHAPE, "on: source has no channels before it; name those that it gives, or put "
                         "`select channels=` behind it");
    int sink = put_rig(three(1), &rig_sink, (struct rig_options){0});
    AS(sink, "x");
    refused(LEAT_ESHAPE, "as: sink is a sink and gives nothing on; leave as= out");
    int pass = put_rig(three(1), &rig_pass, (struct rig_options){0});
    AS(pass, "x");
    put_rig(pass, &rig_sink, (struct rig_options){0});
    refused(LEAT_ESHAPE, "as: pass moves whole frames; for some channels alone use tee, `select "
                         "channels=` and join how=zip");
    int tee = put_tee(three(1));
    ON(tee, "c1");
    put_rig(tee, &rig_sink, (struct rig_options){0});
    refused(LEAT_ESHAPE, "on: tee moves whole frames; for some channels alone use tee, `select "
                         "channels=` and join how=zip");
    int outlet = put(three(1), named(leat_doors(), "outlet"), NULL);
    ON(outlet, "c1");
    refused(LEAT_ESHAPE, "on: outlet hands whole frames over; put `select channels=` before it");
}

Test(lens, stages_that_make_other_frames)
{
    static const char *const first[] = {"c1"};
    int where = put(three(1), named(leat_math_stages(), "where"),
                    &(struct leat_where_options){.channel = "c2", .min = 0, .max = 9});
    ON(where, "c2", "c3");
    put_rig(where, &rig_sink, (struct rig_options){0});
    refused(LEAT_ESHAPE, "on: where changes the columns of a frame, which all its channels share; "
                         "leave on= and as= out, or put `select channels=` before it");
    int select = put(three(1), named(leat_math_stages(), "select"),
                     &(struct leat_select_options){{first, 1}});
    AS(select, "x");
    put_rig(select, &rig_sink, (struct rig_options){0});
    refused(LEAT_ESHAPE, "as: select gives other channels than it takes; leave on= and as= out");
    int cast = put(three(1), named(leat_math_stages(), "cast"),
                   &(struct leat_cast_options){.type = 1});
    ON(cast, "c1");
    put_rig(cast, &rig_sink, (struct rig_options){0});
    refused(LEAT_ESHAPE, "on: cast changes the kind of its samples, and a frame has one; for some "
                         "channels alone use tee, `select channels=` and join how=zip");
}

Test(lens, calls_on_the_graph)
{
    static const struct leat_param own[] = {{.name = "on", .fallback = "", .type = LEAT_P_TEXT}};
    struct leat_stage taken = rig_add;
    taken.params = own;
    taken.params_n = 1;
    uint32_t node;
    cr_assert_eq(leat_graph_on(&rig.graph, 0, NULL, 0, &rig.diag), LEAT_EINVAL);
    cr_assert_eq(leat_graph_as(&rig.graph, 7, "x", &rig.diag), LEAT_EINVAL);
    cr_assert_str_eq(rig.diag.text, "there is no stage 7");
    cr_assert_eq(leat_graph_core(&rig.graph, 0, 1, &rig.diag), LEAT_EINVAL);
    cr_assert_eq(leat_graph_add(&rig.graph, &taken, NULL, NULL, &node, &rig.diag), LEAT_EINVAL);
    cr_assert_str_eq(rig.diag.text, "add: the stage's table is malformed: every stage takes on=, "
                                    "so it has none of its own");
    int add = put_rig(three(1), &rig_add, (struct rig_options){0});
    cr_assert_eq(leat_graph_as(&rig.graph, (uint32_t)add, "a.b", &rig.diag), LEAT_EINVAL);
    AS(add, "x");
    AS(add, NULL);
    cr_assert_null(rig.graph.nodes[add].as);
    cr_assert_eq(rig.graph.nodes[add].core, LEAT_NO_CORE);
    leat_graph_fini(&rig.graph);
}

/* ---- runs ---- */

/* What a sink would see of these rows of the source, with something added to each. */
static void expect(struct ledger *want, uint64_t frames, const uint32_t *rows,
                   const double *plus, uint32_t n)
{
    memset(want, 0, sizeof *want);
    want->frames = frames;
    for (uint64_t seq = 0; seq < frames; seq++)
        for (uint32_t k = 0; k < n; k++)
            for (uint32_t i = 0; i < COLS; i++)
                want->digest = rig_mix(want->digest, rig_sample(seq, rows[k], i) + plus[k]);
}

static void same(const struct ledger *got, const struct ledger *want, uint32_t way)
{
    cr_assert_eq(got->frames, want->frames, "way %u", way);
    cr_assert_eq(got->digest, want->digest, "way %u", way);
    cr_assert_eq(got->disorder, 0, "way %u", way);
}

/* Every way in which rows can lie: the first ones, side by side, scattered, turned round. */
Test(lens, what_is_not_chosen_stays)
{
    struct ledger want;
    for (uint32_t way = 0; way < WAYS; way++) {
        begin();
        int first = put_rig(three(FRAMES), &rig_add, (struct rig_options){.add = 1});
        ON(first, "c1", "c2");
        int last = put_rig(first, &rig_add, (struct rig_options){.add = 20});
        ON(last, "c2", "c3");
        int apart = put_rig(last, &rig_add, (struct rig_options){.add = 300});
        ON(apart, "c1", "c3");
        int kept = put_rig(apart, &rig_add, (struct rig_options){.add = 4000});
        ON(kept, "c3", "c1");
        AS(kept, "new");
        put_rig(kept, &rig_sink, (struct rig_options){0});
        build(&ways_to_run[way]);
        run(way);
        expect(&want, FRAMES, (uint32_t[]){0, 1, 2, 2, 0},
               (double[]){301, 21, 320, 4320, 4301}, 5);
        same(&ledger, &want, way);
        cr_assert_eq(stats_of(first).frames_out, FRAMES);
        end(way);
    }
}

/* Readers of a shared frame see it whole while others are shown a part of it. */
Test(lens, who_reads_a_shared_frame_does_not_touch_it)
{
    struct ledger want;
    for (uint32_t way = 0; way < WAYS; way++) {
        begin();
        int t = put_tee(three(FRAMES));
        put_rig(t, &rig_sink, (struct rig_options){0});
        ON(put_rig(t, &rig_sink, (struct rig_options){.ledger = &others[0]}), "c2", "c3");
        ON(put_rig(t, &rig_sink, (struct rig_options){.ledger = &others[1]}), "c1");
        ON(put_rig(t, &rig_sink, (struct rig_options){.ledger = &others[2]}), "c3", "c1");
        build(&ways_to_run[way]);
        run(way);
        cr_assert_eq(stats_of(t).copied, 0, "nobody changes anything");
        double none[3] = {0};
        expect(&want, FRAMES, (uint32_t[]){0, 1, 2}, none, 3);
        same(&ledger, &want, way);
        expect(&want, FRAMES, (uint32_t[]){1, 2}, none, 2);
        same(&others[0], &want, way);
        expect(&want, FRAMES, (uint32_t[]){0}, none, 1);
        same(&others[1], &want, way);
        expect(&want, FRAMES, (uint32_t[]){2, 0}, none, 2);
        same(&others[2], &want, way);
        end(way);
    }
}

/* Drops and rejections are by frame, and fall on the right one. */
/* Sinks on workers of their own: where the frames lie that they are shown, and what they say. */
static struct view {
    uint32_t n;
    const char *at[FRAMES];
    uint64_t seq[FRAMES];
    uint32_t rows[FRAMES];
} part_seen, whole_seen;

static void note(struct view *view, struct leat_frame *const *frames, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++, view->n++) {
        view->at[view->n] = (const char *)frames[i];
        view->seq[view->n] = frames[i]->seq;
        view->rows[view->n] = frames[i]->rows;
    }
}

static void see_part(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    (void)state, (void)ctx;
    note(&part_seen, frames, n);
}

static void see_whole(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    (void)state, (void)ctx;
    note(&whole_seen, frames, n);
}

static const struct leat_stage part_sink = {.size = sizeof part_sink,
                                            .traits = LEAT_MAP | LEAT_READS_ONLY, .name = "part",
                                            .ins = 1, .map = see_part};
static const struct leat_stage whole_sink = {.size = sizeof whole_sink,
                                             .traits = LEAT_MAP | LEAT_READS_ONLY, .name = "whole",
                                             .ins = 1, .map = see_whole};

static void step_worker(uint32_t w)
{
    while (leat_worker_step(rig.engine, w, 8, NULL) > 0)
        ;
}

/* The sink that is shown c2 and c3, or with `all` every channel, looks before the other one lets go
 * of the frames or after it. How many it was shown where they lie. */
static uint32_t shown_in_place(bool all, bool last)
{
    begin();
    part_seen.n = whole_seen.n = 0;
    int tee = put_tee(three(4));
    int part = put(tee, &part_sink, NULL);
    if (all)
        ON(part, "c1", "c2", "c3");
    else
        ON(part, "c2", "c3");
    put(tee, &whole_sink, NULL);
    build(&(struct leat_limits){.workers = 3, .batch = 2, .edge_frames = 8});
    cr_assert(rig.plan.workers_n == 3 && rig.plan.stages[part].worker == 1);
    step_worker(0);
    for (uint32_t turn = 0; turn < 2; turn++)
        step_worker(last == (turn == 0) ? 2 : 1);
    cr_assert(part_seen.n == 4 && whole_seen.n == 4);
    uint32_t in_place = 0;
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert_eq(part_seen.seq[i], whole_seen.seq[i]);
        cr_assert(part_seen.rows[i] == (all ? 3 : 2) && whole_seen.rows[i] == 3);
        size_t row = rig.plan.stages[0].out.cols * sizeof(double);
        ptrdiff_t behind = part_seen.at[i] - whole_seen.at[i];
        in_place += behind >= 0 && (size_t)behind < 4 * row + LEAT_LINE;
    }
    end(0);
    return in_place;
}

Test(lens, rows_of_a_frame_are_gathered_only_while_another_worker_may_read_it)
{
    cr_expect_eq(shown_in_place(false, false), 0, "the other worker has not let go of them");
    cr_expect_eq(shown_in_place(false, true), 4, "nobody else reads them");
    cr_expect_eq(shown_in_place(true, false), 4, "a whole frame needs no other header");
}

Test(lens, verdicts_and_scans_are_of_the_chosen)
{
    for (uint32_t way = 0; way < WAYS; way++) {
        begin();
        int source = put_rig(-1, &rig_breaking_source,
                             (struct rig_options){.n = FRAMES, .rows = 3, .nan_every = 5});
        int calm = put_rig(source, &rig_wants_finite, (struct rig_options){0});
        ON(calm, "c1", "c2"); /* NaN comes in c3 */
        int pick = put_rig(calm, &rig_pick,
                           (struct rig_options){.drop_every = 3, .reject_every = 4});
        ON(pick, "c2");
        int strict = put_rig(pick, &rig_wants_finite, (struct rig_options){0});
        ON(strict, "c3");
        put_rig(strict, &rig_sink, (struct rig_options){0});
        build(&ways_to_run[way]);
        run(way);
        cr_assert_eq(stats_of(calm).rejected, 0);
        cr_assert_eq(stats_of(pick).dropped, FRAMES / 3);
        cr_assert_eq(stats_of(pick).rejected, FRAMES / 4 - FRAMES / 12);
        cr_assert_eq(stats_of(strict).rejected, FRAMES / 5 / 2, "every other fifth is left");
        cr_assert_eq(leat_load_relaxed(&ledger.seen_not_finite), 0);
        end(way);
    }
}

/* ---- processors ---- */

Test(lens, a_core_takes_what_follows_along)
{
    int add = put_rig(three(1), &rig_add, (struct rig_options){0});
    int far = put_rig(add, &rig_add, (struct rig_options){0});
    CORE(far, 3);
    int tee = put_tee(far);
    int back = put_rig(tee, &rig_add, (struct rig_options){0});
    CORE(back, 1);
    put_rig(back, &rig_sink, (struct rig_options){0});
    int again = put_rig(tee, &rig_add, (struct rig_options){0});
    put_rig(again, &rig_sink, (struct rig_options){0});
    struct leat_limits limits = {.workers = 2, .pins = (uint32_t[]){7, LEAT_UNPINNED}};
    cr_assert_eq(rig_plan(&rig, &limits), LEAT_OK, "%s", rig.diag.text);
    static const uint32_t workers[] = {0, 1, 2, 2, 3, 3, 2, 2};
    for (uint32_t i = 0; i < 8; i++)
        cr_assert_eq(rig.plan.stages[i].worker, workers[i], "%s", rig.plan.stages[i].name);
    cr_assert_eq(rig.plan.workers_n, 4);
    static const uint32_t pins[] = {7, LEAT_UNPINNED, 3, 1};
    cr_assert_arr_eq(rig.plan.pins, pins, sizeof pins);
    cr_assert_eq(rig.plan.edges_n, 3);
    leat_plan_fini(&rig.plan);
    limits.pins = (uint32_t[]){LEAT_UNPINNED, 3};
    cr_assert_eq(rig_plan(&rig, &limits), LEAT_EINVAL);
    cr_assert_str_eq(rig.diag.text, "core: worker 1 is pinned to processor 3 already; leave that "
                                    "pin or core= out");
    leat_graph_fini(&rig.graph);
}

Test(lens, a_pin_of_a_worker_without_stages_binds_nobody)
{
    int source = three(1);
    CORE(source, 3);
    put_rig(source, &rig_sink, (struct rig_options){0});
    struct leat_limits limits = {.workers = 2, .pins = (uint32_t[]){3, 3}};
    cr_assert_eq(rig_plan(&rig, &limits), LEAT_OK, "%s", rig.diag.text);
    cr_assert(rig.plan.workers_n == 1 && rig.plan.pins[0] == 3);
    leat_plan_fini(&rig.plan);
    leat_graph_fini(&rig.graph);
}

Test(lens, a_chain_may_come_back_to_a_core)
{
    struct ledger want;
    for (uint32_t way = 0; way < WAYS; way += 2) {
        begin();
        int source = three(FRAMES);
        CORE(source, rig_usable(0));
        int there = put_rig(source, &rig_add, (struct rig_options){.add = 1});
        CORE(there, rig_usable(1));
        int back = put_rig(there, &rig_add, (struct rig_options){.add = 2});
        CORE(back, rig_usable(0));
        put_rig(back, &rig_sink, (struct rig_options){0});
        cr_assert_eq(rig_plan(&rig, &ways_to_run[way]), LEAT_OK, "%s", rig.diag.text);
        bool one = rig_usable(0) == rig_usable(1);
        cr_assert(rig.plan.workers_n == (one ? 1 : 2) && rig.plan.edges_n == (one ? 0 : 2));
        leat_plan_fini(&rig.plan);
        build(&ways_to_run[way]);
        run(way);
        expect(&want, FRAMES, (uint32_t[]){0, 1, 2}, (double[]){3, 3, 3}, 3);
        same(&ledger, &want, way);
        end(way);
    }
}

Test(lens, cores_that_cannot_be)
{
    int queue = put(three(1), named(leat_joints(), "queue"),
                    &(struct leat_queue_options){.depth = 3});
    CORE(queue, 1);
    put_rig(queue, &rig_sink, (struct rig_options){0});
    refused(LEAT_EINVAL,
            "core: queue stays beside what feeds it; give core= to the stage behind it");
    int last = three(1);
    for (uint32_t i = 0; i < LEAT_WORKERS_MAX; i++) {
        last = put_rig(last, &rig_add, (struct rig_options){0});
        CORE(last, i);
    }
    put_rig(last, &rig_sink, (struct rig_options){0});
    refused(LEAT_ELIMIT, "core: one worker more than the 64 that there can be");
}
