#include "rig.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ledger ledger;
static struct rig rig;

static void begin(void)
{
    memset(&ledger, 0, sizeof ledger);
    memset(&rig, 0, sizeof rig);
    rig.ledger = &ledger;
    leat_graph_init(&rig.graph);
}

static void finish(void)
{
    leat_plan_fini(&rig.plan);
    leat_graph_fini(&rig.graph);
    cr_assert_null(rig.plan.stages);
}

TestSuite(plan, .init = begin, .fini = finish);

#define CHAIN(...)                                                                        \
    do {                                                                                  \
        struct rig_link links[] = {__VA_ARGS__};                                          \
        cr_assert_eq(rig_chain(&rig, links, sizeof links / sizeof links[0]), LEAT_OK, "%s", \
                     rig.diag.text);                                                      \
    } while (0)

#define PLANNED(limits) cr_assert_eq(rig_plan(&rig, limits), LEAT_OK, "%s", rig.diag.text)

static void refused(const struct leat_limits *limits, int status, const char *text)
{
    memset(&rig.diag, 0, sizeof rig.diag);
    cr_assert_eq(rig_plan(&rig, limits), status, "%s", rig.diag.text);
    cr_assert_str_eq(rig.diag.text, text);
    cr_assert(rig.plan.stages == NULL && rig.plan.stages_n == 0, "an error leaves an empty plan");
}

/* ---- stages that reshape, and those that ask for what they should not ---- */

static int wide_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    (void)options;
    (void)diag;
    need->out.rows = in->rows + 2;
    need->out.cols = in->cols * 2;
    cr_assert_eq(need->channels_max, LEAT_CHANNELS_MAX);
    cr_assert_str_eq(need->out.channels[0].name, "c1", "the input's channels stand there");
    leat_shape_name(&need->out, in->rows, "sum");
    leat_shape_name(&need->out, in->rows + 1, "product");
    return LEAT_OK;
}

static int narrow_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                          struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    need->out.rows = 1;
    need->out.kind = LEAT_F32;
    return LEAT_OK;
}

static int nothing_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                           struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    need->out.cols = 0;
    return LEAT_OK;
}

static int sour_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    (void)options;
    (void)need;
    return leat_diag_set(diag, LEAT_ESHAPE, "sour: %u channels are too many", in->rows);
}

static int broad_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    need->out.cols = UINT32_MAX / 2;
    return LEAT_OK;
}

static int ticking_resolve(const void *options, const struct leat_shape *in,
                           struct leat_need *need, struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    need->tick_ns = 1000000;
    return LEAT_OK;
}

static void nop(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state;
    (void)ctx;
    (void)frames;
    (void)n;
}

#define MAP_STAGE(id, text, resolver)                                                     \
    static const struct leat_stage id = {.size = sizeof id, .traits = LEAT_MAP, .name = text, \
                                         .ins = 1, .outs = 1, .resolve = resolver, .map = nop}
MAP_STAGE(wide, "wide", wide_resolve);
MAP_STAGE(narrow, "narrow", narrow_resolve);
MAP_STAGE(nothing, "nothing", nothing_resolve);
MAP_STAGE(sour, "sour", sour_resolve);
MAP_STAGE(broad, "broad", broad_resolve);
MAP_STAGE(ticking, "ticking", ticking_resolve);
MAP_STAGE(plain, "plain", NULL);

/* ---- shapes and pools ---- */

Test(plan, infers_shapes_from_the_source_on)
{
    CHAIN({&rig_source, {.rows = 3, .cols = 100}}, {&plain, {0}}, {&wide, {0}}, {&narrow, {0}},
          {&rig_sink, {0}});
    PLANNED(NULL);
    const struct leat_plan_stage *s = rig.plan.stages;
    cr_assert_eq(rig.plan.stages_n, 5);
    cr_assert(s[0].out.rows == 3 && s[0].out.cols == 100 && s[0].out.kind == LEAT_F64);
    cr_assert_eq(s[0].out.rate_hz, 1000);
    cr_assert(s[1].out.rows == 3 && s[1].out.cols == 100, "without a resolve out is as in");
    cr_assert(s[2].in.rows == 3 && s[2].out.rows == 5 && s[2].out.cols == 200);
    cr_assert_str_eq(s[2].out.channels[2].name, "c3");
    cr_assert_str_eq(s[2].out.channels[4].name, "product");
    cr_assert(s[3].in.rows == 5 && s[3].out.rows == 1 && s[3].out.kind == LEAT_F32);
    cr_assert(s[4].in.rows == 1 && s[4].in.cols == 200 && s[4].in.kind == LEAT_F32);
    cr_assert_str_eq(s[4].in.channels[0].name, "c1");
}

Test(plan, a_pool_fits_every_shape_that_its_frames_take)
{
    CHAIN({&rig_source, {.rows = 3, .cols = 100}}, {&wide, {0}}, {&narrow, {0}}, {&rig_sink, {0}});
    PLANNED(NULL);
    cr_assert_eq(rig.plan.pools_n, 1);
    cr_assert_eq(rig.plan.pools[0].stride, 1600, "200 samples of 8 bytes");
    cr_assert_eq(rig.plan.pools[0].payload_bytes, 5 * 1600);
}

Test(plan, a_stage_that_claims_ends_the_journey_of_what_comes_in)
{
    CHAIN({&rig_source, {.rows = 2, .cols = 8}}, {&rig_triple, {0}}, {&wide, {0}},
          {&rig_sink, {0}});
    PLANNED(NULL);
    cr_assert_eq(rig.plan.pools_n, 2);
    cr_assert_eq(rig.plan.pools[0].payload_bytes, 2 * 64, "the wide shape is not theirs");
    cr_assert_eq(rig.plan.pools[1].payload_bytes, 4 * 128);
    cr_assert_eq(rig.plan.pools[1].stage, 1);
    cr_assert_eq(rig.plan.stages[0].quota, 0);
    cr_assert_eq(rig.plan.stages[1].quota, 1);
    cr_assert_eq(rig.plan.stages[2].quota, UINT32_MAX);
}

Test(plan, rows_keep_off_multiples_of_a_page)
{
    for (uint32_t cols = 1; cols <= 2048; cols += cols > 500 ? 512 : 37) {
        begin();
        CHAIN({&rig_source, {.rows = 4, .cols = cols}}, {&rig_sink, {0}});
        PLANNED(NULL);
        uint32_t stride = rig.plan.pools[0].stride;
        cr_assert(stride % 64 == 0 && stride % 4096 != 0 && stride >= cols * 8);
        cr_assert_leq(stride, cols * 8 + 63 + 64);
        finish();
    }
    begin();
    CHAIN({&rig_source, {.rows = 4, .cols = 512}}, {&rig_sink, {0}});
    PLANNED(NULL);
    cr_assert_eq(rig.plan.pools[0].stride, 4096 + 64);
}

/* ---- workers, edges, batch ---- */

static void six_stages(void)
{
    CHAIN({&rig_source, {.cols = 16}}, {&plain, {0}}, {&plain, {0}}, {&plain, {0}}, {&plain, {0}},
          {&rig_sink, {0}});
}

Test(plan, cuts_the_chain_into_workers_and_joins_them_by_edges)
{
    for (uint32_t workers = 1; workers <= 9; workers++) {
        begin();
        six_stages();
        struct leat_limits limits = {.workers = workers};
        PLANNED(&limits);
        const struct leat_plan *p = &rig.plan;
        cr_assert_eq(p->workers_n, workers < 6 ? workers : 6, "a worker for each stage at most");
        uint32_t edges = 0, load[8] = {0};
        for (uint32_t i = 0; i < 6; i++) {
            load[p->stages[i].worker]++;
            if (i > 0) {
                uint32_t step = p->stages[i].worker - p->stages[i - 1].worker;
                cr_assert_leq(step, 1, "contiguous");
                if (step == 1) {
                    cr_assert_eq(p->edges[edges].from, i - 1);
                    cr_assert_eq(p->edges[edges].to, i);
                    cr_assert_eq(p->edges[edges].capacity, 2 * p->batch);
                    edges++;
                }
            }
        }
        cr_assert_eq(p->edges_n, edges);
        for (uint32_t w = 0; w < p->workers_n; w++)
            cr_assert(load[w] >= 6 / p->workers_n && load[w] <= 6 / p->workers_n + 1);
        finish();
    }
    begin();
    six_stages();
}

Test(plan, a_source_that_waits_gets_a_worker_of_its_own)
{
    CHAIN({&rig_waiting_source, {.cols = 16}}, {&plain, {0}}, {&plain, {0}}, {&plain, {0}},
          {&rig_sink, {0}});
    struct leat_limits limits = {.workers = 2};
    PLANNED(&limits);
    cr_assert_eq(rig.plan.stages[0].worker, 0);
    for (uint32_t i = 1; i < 5; i++)
        cr_assert_eq(rig.plan.stages[i].worker, 1);
}

Test(plan, limits_are_taken_as_given)
{
    six_stages();
    uint32_t pins[3] = {1, LEAT_UNPINNED, 0};
    struct leat_limits limits = {.workers = 3, .batch = 7, .edge_frames = 5, .frames = 9,
                                 .quarantine = 3, .pins = pins};
    PLANNED(&limits);
    cr_assert_eq(rig.plan.batch, 7);
    cr_assert_eq(rig.plan.edges[0].capacity, 5);
    cr_assert_eq(rig.plan.pools[0].frames, 9);
    cr_assert_eq(rig.plan.quarantine, 3);
    cr_assert(rig.plan.pins[0] == 1 && rig.plan.pins[1] == LEAT_UNPINNED && rig.plan.pins[2] == 0);
    cr_assert_eq(rig.plan.pins[3], LEAT_UNPINNED);
}

Test(plan, the_batch_fits_the_second_level_cache_unless_it_is_given)
{
    struct {
        uint32_t rows, cols, batch;
    } cases[] = {{1, 16, 32}, {1, 1000, 32}, {4, 1000, 8}, {1, 32760, 1}, {8, 32760, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        CHAIN({&rig_source, {.rows = cases[i].rows, .cols = cases[i].cols}}, {&rig_sink, {0}});
        PLANNED(NULL);
        cr_assert_eq(rig.plan.batch, cases[i].batch, "[%u x %u]: %u", cases[i].rows, cases[i].cols,
                     rig.plan.batch);
        finish();
    }
    begin();
}

/* What a magazine exchanges is a batch, or 32 frames of at most 64 KiB where that is more. The pool
 * has a frame for each place: the source's batch and one more, then for each worker behind it an
 * edge, a batch, and the two chunks that its magazine holds back. Few frames make small chunks. */
Test(plan, the_chunk_has_a_floor_and_the_pool_frames_for_it)
{
    struct {
        uint32_t cols, workers, batch, given, chunk, frames;
    } cases[] = {
        {16, 1, 1, 0, 32, 2},          {16, 2, 1, 0, 32, 2 + 2 + 1 + 64},
        {16, 3, 1, 0, 32, 2 + 2 * 67}, {16, 2, 32, 0, 32, 33 + 64 + 32 + 64},
        {16, 2, 48, 0, 48, 49 + 96 + 48 + 96}, {16, 2, 256, 0, 64, 257 + 512 + 256 + 128},
        {1000, 2, 1, 0, 8, 2 + 2 + 1 + 16},    {8000, 2, 1, 0, 1, 2 + 2 + 1 + 2},
        {8000, 2, 3, 0, 3, 4 + 6 + 3 + 6},     {500000, 2, 0, 0, 1, 7},
        {16, 2, 1, 1000, 32, 1000},    {16, 2, 1, 69, 32, 69},
        {16, 2, 1, 20, 7, 20},         {16, 2, 1, 1, 1, 1},
        {16, 2, 7, 8, 7, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        CHAIN({&rig_source, {.cols = cases[i].cols}}, {&plain, {0}}, {&plain, {0}},
              {&rig_sink, {0}});
        PLANNED((&(struct leat_limits){.workers = cases[i].workers, .batch = cases[i].batch,
                                       .frames = cases[i].given}));
        const struct leat_plan_pool *pool = &rig.plan.pools[0];
        cr_assert_eq(pool->chunk, cases[i].chunk, "case %zu: a chunk of %u", i, pool->chunk);
        cr_assert_eq(pool->frames, cases[i].frames, "case %zu: %u frames", i, pool->frames);
        finish();
    }
    begin();
}

/* The host and the first worker are as far apart as two workers. */
Test(plan, doors_have_frames_for_their_edges)
{
    struct leat_inlet_options o = {.channels = 1, .frame = {.samples = 16}};
    uint32_t a, b;
    const struct leat_catalogue *doors = leat_doors();
    cr_assert_eq(leat_graph_add(&rig.graph, leat_catalogue_find(doors, "inlet", true, NULL), &o,
                                NULL, &a, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_add(&rig.graph, leat_catalogue_find(doors, "outlet", false, NULL), NULL,
                                NULL, &b, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_join(&rig.graph, a, 0, b, 0, NULL), LEAT_OK);
    PLANNED((&(struct leat_limits){.batch = 4, .edge_frames = 10}));
    cr_assert_eq(rig.plan.pools[0].frames, 5 + (10 + 4 + 64) + 10);
}

Test(plan, looks_for_nan_only_between_who_may_make_it_and_who_must_not_see_it)
{
    CHAIN({&rig_breaking_source, {.cols = 16}}, {&plain, {0}}, {&rig_wants_finite, {0}},
          {&rig_wants_finite, {0}}, {&rig_sink, {0}});
    CHAIN({&rig_source, {.cols = 16}}, {&rig_wants_finite, {0}}, {&rig_sink, {0}});
    PLANNED(NULL);
    bool expected[8] = {false, false, true, false, false, false, false, false};
    for (uint32_t i = 0; i < 8; i++)
        cr_assert_eq(rig.plan.stages[i].scan_finite, expected[i], "stage %u", i);
}

/* ---- what is refused, and in which words ---- */

Test(plan, what_does_not_join_is_refused)
{
    uint32_t a, b;
    refused(NULL, LEAT_ESHAPE, "the pipeline is empty");
    CHAIN({&rig_source, {0}}, {&plain, {0}});
    cr_assert_eq(leat_graph_place(&rig.graph, 1, "x.leat", 3, 9, NULL), LEAT_OK);
    refused(NULL, LEAT_ESHAPE,
            "plain: nothing takes its frames; end the chain with a sink such as stats, csv or "
            "null");
    cr_assert(rig.diag.line == 3 && rig.diag.column == 9);
    cr_assert_str_eq(rig.diag.file, "x.leat");
    finish();

    begin();
    CHAIN({&rig_source, {0}});
    refused(NULL, LEAT_ESHAPE,
            "source: nothing takes its frames; end the chain with a sink such as stats, csv or "
            "null");
    finish();

    begin();
    CHAIN({&plain, {0}}, {&rig_sink, {0}});
    refused(NULL, LEAT_ESHAPE,
            "plain: nothing comes in; start the chain with a source such as csv, wav or synth");
    finish();

    begin();
    CHAIN({&rig_source, {0}}, {&rig_sink, {0}});
    cr_assert_eq(leat_graph_add(&rig.graph, &plain, NULL, NULL, &a, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_add(&rig.graph, &plain, NULL, NULL, &b, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_join(&rig.graph, a, 0, b, 0, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_join(&rig.graph, b, 0, a, 0, NULL), LEAT_OK);
    refused(NULL, LEAT_ESHAPE, "plain: stands in a circle");
    finish();

    begin();
    cr_assert_eq(leat_graph_add(&rig.graph, &plain, NULL, "self", &a, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_join(&rig.graph, a, 0, a, 0, NULL), LEAT_OK);
    refused(NULL, LEAT_ESHAPE, "self: stands in a circle");
    finish();

    begin();
    static const struct leat_stage two_outs = {.size = sizeof two_outs, .traits = LEAT_MAP,
                                               .name = "two", .ins = 1, .outs = 2, .map = nop};
    CHAIN({&rig_source, {0}}, {&two_outs, {0}}, {&rig_sink, {0}});
    refused(NULL, LEAT_ESHAPE, "two: a join alone has several inputs, a tee alone several outputs");
}

Test(plan, what_a_stage_says_of_its_input_is_passed_on_with_the_place)
{
    CHAIN({&rig_source, {.rows = 3}}, {&sour, {0}}, {&rig_sink, {0}});
    cr_assert_eq(leat_graph_place(&rig.graph, 1, "y.leat", 2, 5, NULL), LEAT_OK);
    refused(NULL, LEAT_ESHAPE, "sour: 3 channels are too many");
    cr_assert(rig.diag.line == 2 && rig.diag.column == 5);
    finish();

    begin();
    CHAIN({&rig_source, {.rows = 3}}, {&nothing, {0}}, {&rig_sink, {0}});
    refused(NULL, LEAT_ESHAPE, "nothing: gives [3 x 0] frames of kind f64");
}

Test(plan, limits_out_of_range_are_refused)
{
    six_stages();
    refused(&(struct leat_limits){.workers = 65}, LEAT_ERANGE, "65 workers: at most 64");
    refused(&(struct leat_limits){.batch = 257}, LEAT_ERANGE, "a batch of 257: at most 256");
    refused(&(struct leat_limits){.edge_frames = LEAT_SLOTS_MAX + 1}, LEAT_ERANGE,
            "an edge or quarantine has at most 16777216 frames");
    refused(&(struct leat_limits){.quarantine = UINT32_MAX}, LEAT_ERANGE,
            "an edge or quarantine has at most 16777216 frames");
}

Test(plan, too_few_frames_are_refused_with_the_number_that_suffices)
{
    CHAIN({&rig_source, {.cols = 16}}, {&rig_hold, {.hold = 5}}, {&rig_hold, {.hold = 7}},
          {&rig_sink, {0}});
    refused(&(struct leat_limits){.frames = 12}, LEAT_ELIMIT,
            "source: a pool of 12 frames could come to a standstill: its stages may hold back 12, "
            "so it needs 13");
    PLANNED(&(struct leat_limits){.frames = 13});
    cr_assert_eq(rig.plan.pools[0].frames_min, 13);
    cr_assert_eq(rig.plan.pools[0].frames, 13);
    leat_plan_fini(&rig.plan);
    PLANNED(NULL);
    cr_assert_geq(rig.plan.pools[0].frames, 13 + rig.plan.batch);
    leat_plan_fini(&rig.plan);
    memset(&rig.diag, 0, sizeof rig.diag);
    cr_assert_eq(rig_plan(&rig, &(struct leat_limits){.frames = LEAT_SLOTS_MAX + 1}), LEAT_ELIMIT);
    cr_assert(strstr(rig.diag.text, "16777217") != NULL, "%s", rig.diag.text);
}

Test(plan, too_much_memory_is_refused_with_the_number)
{
    CHAIN({&rig_source, {.rows = 4, .cols = 1000}}, {&rig_sink, {0}});
    PLANNED(NULL);
    uint64_t bytes = leat_engine_bytes(&rig.plan);
    cr_assert_lt(rig.plan.frame_bytes, bytes);
    leat_plan_fini(&rig.plan);
    PLANNED(&(struct leat_limits){.memory_bytes = bytes});
    leat_plan_fini(&rig.plan);
    memset(&rig.diag, 0, sizeof rig.diag);
    cr_assert_eq(rig_plan(&rig, &(struct leat_limits){.memory_bytes = bytes - 1}), LEAT_ELIMIT);
    char number[32];
    snprintf(number, sizeof number, " %llu ", (unsigned long long)bytes);
    cr_assert(strstr(rig.diag.text, number) != NULL, "%s", rig.diag.text);

    /* everything counts: a quarantine of all slots is no small matter */
    memset(&rig.diag, 0, sizeof rig.diag);
    cr_assert_eq(rig_plan(&rig, &(struct leat_limits){.quarantine = LEAT_SLOTS_MAX}), LEAT_ELIMIT);
    cr_assert_eq(rig_plan(&rig, &(struct leat_limits){.edge_frames = LEAT_SLOTS_MAX, .workers = 2}),
                 LEAT_ELIMIT);
}

Test(plan, a_row_that_no_frame_can_have_is_refused)
{
    CHAIN({&rig_source, {0}}, {&broad, {0}}, {&rig_sink, {0}});
    refused(NULL, LEAT_ELIMIT,
            "source: a row of 17179869176 bytes is more than a frame can have; lower frame=");
}

Test(plan, a_tick_needs_a_stage_that_ticks)
{
    CHAIN({&rig_source, {0}}, {&ticking, {0}}, {&rig_sink, {0}});
    refused(NULL, LEAT_EINVAL, "ticking: asks for ticks and has no tick, or is no flow stage");
}

Test(plan, a_table_without_work_is_refused)
{
    static const struct leat_stage idle = {
        .size = sizeof idle, .name = "idle", .ins = 1, .outs = 1};
    static const struct leat_stage dry = {.size = sizeof dry, .name = "dry", .ins = 0, .outs = 1};
    static const struct leat_stage blind = {.size = sizeof blind, .name = "blind", .ins = 1};
    const struct leat_stage *tables[] = {&idle, &dry, &blind};
    uint32_t node;
    for (int i = 0; i < 3; i++)
        cr_assert_eq(leat_graph_add(&rig.graph, tables[i], NULL, NULL, &node, &rig.diag),
                     LEAT_EINVAL, "%s", tables[i]->name);
    struct leat_stage endless = rig_source; /* a source that nothing can follow */
    endless.outs = 0;
    struct rig_options o = {.ledger = &ledger};
    cr_assert_eq(leat_graph_add(&rig.graph, &endless, &o, NULL, &node, &rig.diag), LEAT_EINVAL);
}

/* ---- the tuning ---- */

static struct leat_tuning at_resolve, at_map;

static int tuned_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    (void)options;
    (void)in;
    (void)diag;
    at_resolve = need->tuning != NULL ? *need->tuning : (struct leat_tuning){0};
    return LEAT_OK;
}

static void tuned_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    (void)state;
    (void)frames;
    (void)n;
    at_map = ctx->tuning != NULL ? *ctx->tuning : (struct leat_tuning){0};
}

static const struct leat_stage tuned = {
    .size = sizeof(struct leat_stage), .traits = LEAT_MAP, .name = "tuned", .ins = 1, .outs = 1,
    .options_bytes = sizeof(struct rig_options), .resolve = tuned_resolve, .map = tuned_map};

Test(plan, a_tuning_reaches_stages_as_it_was)
{
    struct leat_tuning given = {.size = sizeof given, .gemm_panel_b = 4096};
    const struct leat_tuning kept = given;
    struct leat_limits limits = {.tuning = &given};
    CHAIN({&rig_source, {.ledger = &ledger, .n = 3, .rows = 1, .cols = 8}}, {&tuned, {0}},
          {&rig_sink, {.ledger = &ledger}});
    cr_assert_eq(rig_build(&rig, &limits, NULL), LEAT_OK, "%s", rig.diag.text);
    memset(&given, 0, sizeof given); /* the plan has a copy */
    cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK);
    cr_assert_eq(memcmp(&at_resolve, &kept, sizeof kept), 0);
    cr_assert_eq(memcmp(&at_map, &kept, sizeof kept), 0);
    cr_assert_eq(leat_engine_fini(rig.engine, &rig.diag), LEAT_OK);
    free(rig.memory);
}

Test(plan, a_tuning_out_of_range_is_refused)
{
    struct leat_tuning given = {.size = sizeof given, .gemm_panel_b = 1};
    CHAIN({&rig_source, {.ledger = &ledger, .n = 3, .rows = 1, .cols = 8}},
          {&rig_sink, {.ledger = &ledger}});
    refused(&(struct leat_limits){.tuning = &given}, LEAT_ERANGE,
            "gemm-panel-b: 1 is out of range: 64 to 65536");
    given.size = 4;
    refused(&(struct leat_limits){.tuning = &given}, LEAT_EINVAL,
            "leat_tuning: size is 4, not 64 as here");
}
