/* Joins where text cannot look: joins of a host's own, pools that are just large enough, and what
 * is no plan. */
#include "branching.h"

#include <leat/pool.h>
#include <leat/stages.h>

#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(joins, .init = begin, .timeout = 120);

/* ---- a join of the host's own ---- */

enum { HOLD = 6 };

struct knot {
    uint64_t next;
    uint32_t held_n;
    struct leat_frame *held[HOLD];
};

static int knot_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    (void)options;
    (void)diag;
    cr_assert(need->ins_n == 3 && in[2].cols == COLS && in[2].rows == 1);
    need->state_bytes = sizeof(struct knot);
    need->hold_max = HOLD;
    need->pairing = LEAT_BY_SEQUENCE;
    need->first_goes_on = true;
    return LEAT_OK;
}

/* The number of its next frame, or one that all its later ones reach. */
static uint64_t next_of(const struct leat_input *input)
{
    if (input->taken < input->n)
        return input->frames[input->taken]->seq;
    return input->ended ? UINT64_MAX : input->answered;
}

static struct leat_frame *take_if(struct leat_input *input, uint64_t seq)
{
    if (input->taken == input->n || input->frames[input->taken]->seq != seq)
        return NULL;
    return input->frames[input->taken++];
}

/* Puts frames of the first input with what the second and third have of that number added, HOLD of
 * them late; a number that the first has not is let go. */
static void knot_join(void *state, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t n,
                      struct leat_out *out)
{
    struct knot *k = state;
    for (;; k->next++) {
        bool known = true, any = false;
        for (uint32_t i = 0; i < n; i++) {
            known &= next_of(&inputs[i]) >= k->next + (inputs[i].taken == inputs[i].n);
            any |= inputs[i].taken < inputs[i].n || !inputs[i].ended;
        }
        if (!known || !any || (k->held_n == HOLD && leat_out_room(out) == 0))
            return;
        struct leat_frame *sum = take_if(&inputs[0], k->next);
        for (uint32_t i = 1; i < n; i++) {
            struct leat_frame *f = take_if(&inputs[i], k->next);
            for (uint32_t c = 0; f != NULL && sum != NULL && c < COLS; c++)
                ((double *)leat_frame_row(sum, 0))[c] += ((double *)leat_frame_row(f, 0))[c];
            ctx->dropped += f != NULL && sum == NULL;
            if (f != NULL)
                leat_out_release(out, f);
        }
        if (sum == NULL)
            continue;
        if (k->held_n == HOLD) {
            cr_assert(leat_out_put(out, k->held[0]));
            memmove(k->held, k->held + 1, --k->held_n * sizeof k->held[0]);
        }
        k->held[k->held_n++] = sum;
    }
}

static bool knot_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct knot *k = state;
    (void)ctx;
    while (k->held_n != 0 && leat_out_put(out, k->held[0]))
        memmove(k->held, k->held + 1, --k->held_n * sizeof k->held[0]);
    return k->held_n == 0;
}

static const struct leat_stage knot = {.size = sizeof knot, .name = "knot", .ins = LEAT_MANY,
                                       .outs = 1, .resolve = knot_resolve, .join = knot_join,
                                       .flush = knot_flush};

Test(joins, a_join_of_ones_own_holds_drops_and_puts)
{
    for (uint32_t way = 0; way < WAYS; way++) {
        uint32_t k = 0, dropped = 0;
        begin();
        int t = put_tee(put_source(FRAMES));
        int j = put(put_rig(t, &rig_pick, (struct rig_options){.drop_every = 4}), &knot, NULL);
        also(put_rig(t, &rig_pick, (struct rig_options){.drop_every = 3}), j);
        also(put_rig(t, &rig_add, (struct rig_options){.add = 1000}), j);
        put_seer(j, 0);
        build(&ways_to_run[way]);
        run(way);
        for (uint32_t seq = 0; seq < FRAMES; seq++) {
            bool first = (seq + 1) % 4 != 0, second = (seq + 1) % 3 != 0;
            double x = rig_sample(seq, 0, 0);
            dropped += first ? 0 : 1 + second;
            if (!first)
                continue;
            cr_assert(saw[0].at[k].sample == x + (second ? x : 0) + x + 1000 &&
                      saw[0].at[k].seq == k, "way %u: frame %u", way, seq);
            k++;
        }
        cr_assert_eq(saw[0].n, k);
        struct leat_stage_stats stats = stats_of(j);
        cr_assert(stats.dropped == dropped && stats.frames_out == k);
        cr_assert_eq(stats.frames_in, FRAMES - FRAMES / 4 + FRAMES - FRAMES / 3 + FRAMES);
        end(way);
    }
}

/* ---- merge by time and by arrival ---- */

struct clocked_options {
    uint64_t n;
    int64_t from, step; /* nanoseconds */
    uint32_t cols;
    double rate_hz;
};

struct clocked {
    struct clocked_options o;
    uint64_t at;
};

static int clocked_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                           struct leat_diag *diag)
{
    const struct clocked_options *o = options;
    (void)in;
    (void)diag;
    need->out.rows = 1;
    need->out.cols = o->cols;
    need->out.kind = LEAT_F64;
    need->out.rate_hz = o->rate_hz;
    need->out.timed = true;
    leat_shape_name(&need->out, 0, "c1");
    need->state_bytes = sizeof(struct clocked);
    return LEAT_OK;
}

static int clocked_init(void *state, const void *options, const struct leat_shape *in,
                        const struct leat_need *need, struct leat_diag *diag)
{
    (void)in;
    (void)need;
    (void)diag;
    memcpy(state, options, sizeof(struct clocked_options));
    return LEAT_OK;
}

static int clocked_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                        uint32_t n)
{
    struct clocked *s = state;
    uint32_t k = 0;
    (void)ctx;
    for (; k < n && s->at < s->o.n; k++, s->at++) {
        frames[k]->cols = s->o.cols;
        frames[k]->time_ns = s->o.from + (int64_t)s->at * s->o.step;
        for (uint32_t i = 0; i < frames[k]->cols; i++)
            ((double *)leat_frame_row(frames[k], 0))[i] = (double)(frames[k]->time_ns + i);
    }
    return k != 0 ? (int)k : LEAT_EEND;
}

static const struct leat_stage clocked = {.size = sizeof clocked, .name = "clocked",
                                          .options_bytes = sizeof(struct clocked_options),
                                          .outs = 1, .resolve = clocked_resolve,
                                          .init = clocked_init, .pull = clocked_pull};

static void merge_clocks(uint32_t by)
{
    const struct clocked_options o[] = {
        {200, 0, 10, 1, 0}, {500, 5, 4, 1, 0}, {0, 0, 1, 1, 0}, {50, -100, 30, 1, 0}};
    int j = put_join(put(-1, &clocked, &o[0]), MERGE, by);
    for (int i = 1; i < 4; i++)
        also(put(-1, &clocked, &o[i]), j);
    put_seer(j, 0);
}

Test(joins, merged_by_time_they_are_in_the_order_of_time)
{
    for (uint32_t way = 0; way < WAYS; way++) {
        begin();
        merge_clocks(TIME);
        build(&ways_to_run[way]);
        run(way);
        cr_assert_eq(saw[0].n, 750);
        for (uint32_t i = 0; i < 750; i++) {
            cr_assert_eq(saw[0].at[i].seq, i);
            cr_assert(i == 0 || saw[0].at[i].sample >= saw[0].at[i - 1].sample);
            if (i != 0 && saw[0].at[i].sample == saw[0].at[i - 1].sample)
                cr_assert_gt(saw[0].at[i].pool, saw[0].at[i - 1].pool, "the earlier input first");
        }
        end(way);
    }
}

Test(joins, merged_by_arrival_every_stream_keeps_its_order)
{
    for (uint32_t way = 0; way < WAYS; way++) {
        double last[LEAT_POOLS_MAX];
        begin();
        merge_clocks(ARRIVAL);
        build(&ways_to_run[way]);
        run(way);
        cr_assert_eq(saw[0].n, 750);
        for (uint32_t i = 0; i < LEAT_POOLS_MAX; i++)
            last[i] = -INFINITY;
        for (uint32_t i = 0; i < 750; i++) {
            cr_assert_eq(saw[0].at[i].seq, i);
            cr_assert_gt(saw[0].at[i].sample, last[saw[0].at[i].pool]);
            last[saw[0].at[i].pool] = saw[0].at[i].sample;
        }
        end(way);
    }
}

/* ---- frames of unequal length ---- */

/* The shortest of three comes first, in the middle, last, or twice. */
Test(joins, what_is_united_ends_together_whoever_is_shortest)
{
    static const uint32_t lengths[][3] = {
        {2, 5, 4}, {5, 2, 4}, {5, 4, 2}, {4, 5, 2}, {2, 5, 2}, {5, 5, 2}, {3, 3, 3}};
    for (uint32_t way = 0; way < WAYS; way++)
        for (uint32_t how = ZIP; how <= ADD; how++)
            for (uint32_t c = 0; c < sizeof lengths / sizeof lengths[0]; c++) {
                const uint32_t *cols = lengths[c];
                uint32_t least = 9, all = 0;
                begin();
                int j = -1;
                for (uint32_t i = 0; i < 3; i++) { /* at 3 kHz a sample takes a third of 1 ms */
                    struct clocked_options o = {90, 1000 * i, 7000000, cols[i], 3000};
                    int s = put(-1, &clocked, &o);
                    least = cols[i] < least ? cols[i] : least;
                    all += cols[i];
                    if (i == 0)
                        j = put_join(s, how, SEQUENCE);
                    else
                        also(s, j);
                }
                put_seer(j, 0);
                build(&ways_to_run[way]);
                run(way);
                cr_assert_eq(saw[0].n, 90);
                for (uint32_t k = 0; k < 90; k++) {
                    const struct look *look = &saw[0].at[k];
                    int64_t early[3], at = 7000000 * (int64_t)k;
                    for (uint32_t i = 0; i < 3; i++)
                        early[i] = at + 1000 * i + cols[i] - least;
                    double first = (double)early[0], last = (double)early[2];
                    if (how == ADD)
                        first = last = (double)(early[0] + early[1] + early[2]);
                    cr_assert(look->cols == least && look->rows == (how == ZIP ? 3 : 1));
                    cr_assert(look->sample == first && look->last == last, "case %u", c);
                    cr_assert_eq(look->time_ns,
                                 at + (int64_t)llround((cols[0] - least) * 1e9 / 3000), "case %u",
                                 c);
                }
                struct leat_stage_stats stats = stats_of(j);
                cr_assert(stats.samples_in == 90 * all && stats.samples_out == 90 * least);
                cr_assert_eq(stats.samples_lost, 90 * (all - 3 * least), "case %u", c);
                end(way);
            }
}

/* ---- pools that are just large enough ---- */

/* Frames of the source itself wait in front of the join: where all branches change them, the last
 * branch has the originals. */
static void graph_of(uint32_t which)
{
    int from = put_source(FRAMES);
    int t = which == 0 ? from : put_tee(from);
    int j = put_join(put_rig(t, &rig_hold, (struct rig_options){.hold = 9}), ZIP, SEQUENCE);
    if (which == 0) { /* another source */
        also(put_rig(put_source(FRAMES), &rig_add, (struct rig_options){.add = 1}), j);
    } else if (which == 1) { /* tees in between, and a branch that drops */
        int inner = put_tee(t);
        also(put_rig(inner, &rig_add, (struct rig_options){.add = 1}), j);
        also(put_rig(inner, &rig_pick, (struct rig_options){.drop_every = 5}), j);
    } else { /* a join behind a join */
        int second = put_join(put_rig(t, &rig_pass, (struct rig_options){0}), ADD, SEQUENCE);
        also(put_rig(t, &rig_hold, (struct rig_options){.hold = 3}), second);
        also(put_rig(second, &rig_hold, (struct rig_options){.hold = 7}), j);
    }
    put_rig(j, &rig_sink, (struct rig_options){0});
}

/* What a plan that is refused for want of frames says it needs; 0: it was not refused. */
static uint32_t frames_needed(const struct leat_limits *limits)
{
    memset(&rig.diag, 0, sizeof rig.diag);
    int status = rig_plan(&rig, limits);
    leat_plan_fini(&rig.plan);
    const char *number = strstr(rig.diag.text, "so it needs ");
    if (status == LEAT_OK)
        return 0;
    cr_assert(status == LEAT_ELIMIT && number != NULL, "%d %s", status, rig.diag.text);
    return (uint32_t)strtoul(number + strlen("so it needs "), NULL, 10);
}

Test(joins, the_least_number_of_frames_is_enough)
{
    for (uint32_t which = 0; which < 3; which++) {
        uint64_t digest = 0;
        for (uint32_t way = 0; way < WAYS; way++) {
            struct leat_limits limits = ways_to_run[way];
            begin();
            graph_of(which);
            limits.frames = 1;
            uint32_t needed = frames_needed(&limits);
            cr_assert_gt(needed, 1);
            limits.frames = needed - 1;
            cr_assert_eq(frames_needed(&limits), needed, "one fewer is refused");
            limits.frames = needed;
            build(&limits);
            cr_assert_eq(rig.plan.pools[0].frames, needed);
            run(way);
            cr_assert_eq(ledger.frames, which == 1 ? FRAMES - FRAMES / 5 : FRAMES);
            cr_assert(way == 0 || ledger.digest == digest, "graph %u, way %u", which, way);
            digest = ledger.digest;
            end(way);
        }
    }
}

/* ---- what cannot be planned ---- */

static void refused(const char *text)
{
    memset(&rig.diag, 0, sizeof rig.diag);
    cr_assert_eq(rig_plan(&rig, NULL), LEAT_ESHAPE, "%s", rig.diag.text);
    cr_assert_str_eq(rig.diag.text, text);
    leat_graph_fini(&rig.graph);
    begin();
}

static void accepted(void)
{
    cr_assert_eq(rig_plan(&rig, NULL), LEAT_OK, "%s", rig.diag.text);
    leat_plan_fini(&rig.plan);
    leat_graph_fini(&rig.graph);
    begin();
}

static int put_window(int from, uint64_t size, uint64_t hop)
{
    return put(from, named(leat_math_stages(), "window"),
               &(struct leat_window_options){.size = {.samples = size}, .hop = {.samples = hop}});
}

static int put_where(int from)
{
    return put(from, named(leat_math_stages(), "where"),
               &(struct leat_where_options){.channel = "1", .min = 9, .max = INFINITY});
}

/* Ends the graph: both into one join by sequence, and that into a sink. */
static void pair(int a, int b)
{
    int j = put_join(a, ZIP, SEQUENCE);
    also(b, j);
    put_rig(j, &rig_sink, (struct rig_options){0});
}

Test(joins, inputs_that_get_unequal_numbers_are_refused)
{
    int t = put_tee(put_source(9));
    int one = put_window(t, COLS, COLS);
    pair(one, put_window(t, 2 * COLS, 2 * COLS));
    refused("join: input 1 gets 2 frames where input 2 gets 1, so they cannot be paired; reframe "
            "both the same way");

    t = put_tee(put_source(9));
    one = put_window(t, 3 * COLS, 2 * COLS);
    pair(one, put_window(t, COLS, 2 * COLS));
    accepted();

    t = put_tee(put_source(9)); /* a merge of two gives two for one */
    int m = put_join(t, MERGE, SEQUENCE);
    also(t, m);
    pair(m, t);
    refused("join2: input 1 gets 2 frames where input 2 gets 1, so they cannot be paired; reframe "
            "both the same way");

    int a = put_tee(put_source(9)); /* two sources, joined twice */
    int b = put_tee(put_source(9));
    pair(a, b);
    pair(a, put_window(b, 2 * COLS, 2 * COLS));
    refused("join2: input 1 gets 2 frames where input 2 gets 1, so they cannot be paired; reframe "
            "both the same way");
}

#define OUT_OF_STEP(join, who)                                                                  \
    join ": inputs 1 and 2 wait for each other and may be out of step: " who " counts frames "  \
         "anew where some may be missing; put it before the tee, or join without it"

Test(joins, inputs_that_may_be_out_of_step_are_refused)
{
    int t = put_tee(put_source(9)); /* samples are missing before a window */
    int one = put_window(put_where(t), COLS, COLS);
    pair(one, put_window(t, COLS, COLS));
    refused(OUT_OF_STEP("join", "window"));

    t = put_tee(put_where(put_source(9))); /* frames of any length: a window is not one of them */
    pair(t, put_window(t, COLS, COLS));
    refused(OUT_OF_STEP("join", "window"));

    t = put_tee(put_window(put_where(put_source(9)), COLS, COLS));
    one = put_rig(t, &rig_hold, (struct rig_options){.hold = 2});
    pair(one, put_where(t));
    accepted();

    t = put_tee(put_source(9)); /* a join numbers anew what is left */
    int j = put_join(put_where(t), ZIP, SEQUENCE);
    also(t, j);
    pair(j, t);
    refused(OUT_OF_STEP("join2", "join"));

    t = put_tee(put_source(9)); /* one source ends before the other */
    j = put_join(put_source(8), ZIP, SEQUENCE);
    also(t, j);
    pair(j, t);
    refused(OUT_OF_STEP("join2", "join"));

    t = put_tee(put_source(9)); /* a queue that lets frames go */
    int q = put(t, named(leat_joints(), "queue"),
                &(struct leat_queue_options){.depth = 9, .full = 1});
    pair(put_rig(q, &rig_pass, (struct rig_options){0}), t);
    refused(OUT_OF_STEP("join", "pass"));

    t = put_tee(put_rig(-1, &rig_breaking_source, (struct rig_options){.n = 9, .cols = COLS}));
    one = put_rig(t, &rig_wants_finite, (struct rig_options){0}); /* it rejects frames */
    pair(put_window(one, COLS, COLS), t);
    refused(OUT_OF_STEP("join", "window"));

    int i = put(-1, leat_catalogue_find(leat_doors(), "inlet", true, NULL),
                &(struct leat_inlet_options){.channels = 1, .frame = {.samples = COLS}});
    t = put_tee(i); /* a host fills its frames as far as it likes */
    pair(t, put_window(t, COLS, COLS));
    refused(OUT_OF_STEP("join", "window"));

    t = put_tee(put_source(9)); /* what a diff takes is known */
    pair(put_window(put(t, named(leat_math_stages(), "diff"), NULL), COLS, COLS), t);
    accepted();
}

Test(joins, inputs_of_one_source_do_not_wait_by_time)
{
    static const char text[] = "join: inputs of one source cannot wait for each other by time, or "
                               "by messages' numbers: where one drops a frame, all would stand "
                               "still; use by=sequence, or two sources";
    static const struct clocked_options timed = {9, 0, 10, 1, 0};
    int t = put_tee(put(-1, &clocked, &timed));
    int j = put_join(t, MERGE, TIME);
    also(put_rig(t, &rig_pick, (struct rig_options){.drop_every = 2}), j);
    put_rig(j, &rig_sink, (struct rig_options){0});
    refused(text);

    t = put_tee(put(-1, &clocked, &timed)); /* nor where another join has tied them */
    int u = put_tee(put(-1, &clocked, &timed));
    j = put_join(t, MERGE, TIME);
    also(u, j);
    put_rig(j, &rig_sink, (struct rig_options){0});
    pair(t, u);
    refused(OUT_OF_STEP("join2", "join"));

    t = put_tee(put_source(9));
    j = put_join(t, MERGE, ARRIVAL);
    also(put_rig(t, &rig_pick, (struct rig_options){.drop_every = 2}), j);
    put_rig(j, &rig_sink, (struct rig_options){0});
    accepted();
}

static void link(int from, uint32_t out, int to, uint32_t in)
{
    cr_assert_eq(leat_graph_join(&rig.graph, (uint32_t)from, out, (uint32_t)to, in, NULL), LEAT_OK);
}

Test(joins, circles_and_gaps_are_refused)
{
    int j = put_join(put_source(9), ZIP, SEQUENCE); /* what it gives comes back to it */
    int t = put_tee(j);
    also(put_rig(t, &rig_add, (struct rig_options){0}), j);
    put_rig(t, &rig_sink, (struct rig_options){0});
    refused("join: stands in a circle");

    t = put_tee(put_source(9));
    put_rig(t, &rig_sink, (struct rig_options){0});
    link(t, 2, put_rig(-1, &rig_sink, (struct rig_options){0}), 0);
    refused("tee: output 2 is not joined, a later one is");

    j = put_join(put_source(9), ZIP, SEQUENCE);
    link(put_source(9), 0, j, 2);
    put_rig(j, &rig_sink, (struct rig_options){0});
    refused("join: input 2 is not joined, a later one is");

    put_tee(put_source(9));
    refused("tee: nothing takes its frames; end the chain with a sink such as stats, csv or null");

    put_rig(put_join(put_source(9), ZIP, SEQUENCE), &rig_sink, (struct rig_options){0});
    refused("join: one input is no join; end another chain with its name and a dot");
}

/* ---- names ---- */

enum { STEM = 56, INPUTS = 3, ROWS = 21000 };

/* Names of one stem: itself, with other ends, and with numbers that a join would give. */
static void name_channel(struct leat_channel *channel, uint32_t r)
{
    memset(channel->name, 's', STEM);
    if (r % 3 != 0)
        snprintf(channel->name + STEM, LEAT_NAME_MAX - STEM, r % 3 == 1 ? "-%u" : ".%u", r);
}

/* Of many channels whose names begin alike each gets the least number that is free, soon. */
Test(joins, many_names_that_begin_alike_are_told_apart)
{
    static bool used[INPUTS * ROWS + ROWS];
    struct leat_channel *in = calloc(ROWS, sizeof *in);
    struct leat_channel *out = calloc(LEAT_CHANNELS_MAX, sizeof *out);
    cr_assert(in != NULL && out != NULL);
    struct leat_shape shape = {ROWS, COLS, LEAT_F64, .channels = in}, shapes[INPUTS];
    for (uint32_t r = 0; r < ROWS; r++)
        name_channel(&in[r], r);
    for (uint32_t i = 0; i < INPUTS; i++)
        shapes[i] = shape;
    struct leat_need need = {.out = shape, .channels_max = LEAT_CHANNELS_MAX, .ins_n = INPUTS};
    need.out.channels = memcpy(out, in, ROWS * sizeof *in);
    const struct leat_stage *join = named(leat_math_stages(), "join");
    cr_assert_eq(join->resolve(&(struct leat_join_options){.how = ZIP}, shapes, &need, &rig.diag),
                 LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(need.out.rows, INPUTS * ROWS);
    for (uint32_t r = 2; r < ROWS; r += 3)
        used[r] = true;
    for (uint32_t i = 1, next; i < INPUTS; i++) {
        next = i + 1;
        for (uint32_t r = 0; r < ROWS; r++, used[next] = true) {
            char want[LEAT_NAME_MAX];
            while (used[next])
                next++;
            snprintf(want, sizeof want, "%.56s.%u", in[r].name, next);
            cr_assert_str_eq(out[i * ROWS + r].name, want);
        }
    }
    free(in);
    free(out);
}
