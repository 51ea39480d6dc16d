/* Tees where text cannot look: who shares which frame, what comes home, what others do not notice.
 */
#include "branching.h"

#include <leat/pool.h>

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>
#include <time.h>

TestSuite(branches, .init = begin, .timeout = 120);

/* The name of the stage whose pool the frames came from; "" when they came from several. */
static const char *pool_of(const struct seen *s)
{
    for (uint32_t i = 1; i < s->n; i++)
        if (s->at[i].pool != s->at[0].pool)
            return "";
    return s->n == 0 ? "" : rig.plan.stages[rig.plan.pools[s->at[0].pool].stage].name;
}

static bool same_frames(const struct seen *a, const struct seen *b)
{
    bool same = a->n == b->n;
    for (uint32_t i = 0; same && i < a->n; i++)
        same = a->at[i].frame == b->at[i].frame && a->at[i].seq == b->at[i].seq;
    return same;
}

/* Nobody reads any more: the storage is still there. */
static void nobody_shares(const struct seen *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        cr_assert_eq(s->at[i].frame->share, 0, "frame %u is shared still", i);
}

/* ---- who gets which frame ---- */

Test(branches, readers_share_a_frame_and_who_changes_it_gets_a_copy)
{
    for (uint32_t way = 0; way < WAYS; way++) {
        begin();
        int t = put_tee(put_source(FRAMES));
        put_seer(t, 0);
        int changer = put_rig(t, &rig_add, (struct rig_options){.add = 5});
        put_rig(changer, &rig_sink, (struct rig_options){0});
        put_seer(t, 1);
        put_rig(t, &rig_sink, (struct rig_options){.ledger = &others[0]});
        build(&ways_to_run[way]);
        run(way);
        cr_assert_eq(saw[0].n, FRAMES);
        cr_assert(same_frames(&saw[0], &saw[1]), "way %u: readers see one frame", way);
        cr_assert_str_eq(pool_of(&saw[0]), "source");
        cr_assert(as_source(&ledger, FRAMES, 5), "way %u", way);
        cr_assert(as_source(&others[0], FRAMES, 0), "way %u", way);
        cr_assert_eq(stats_of(t).copied, FRAMES);
        nobody_shares(&saw[0]);
        end(way);
    }
}

Test(branches, where_all_change_it_the_last_gets_the_original)
{
    for (uint32_t way = 0; way < WAYS; way++) {
        begin();
        int t = put_tee(put_source(FRAMES));
        for (uint32_t i = 0; i < 3; i++)
            put_seer(put_rig(t, &rig_add, (struct rig_options){.add = i + 1}), i);
        build(&ways_to_run[way]);
        run(way);
        for (uint32_t i = 0; i < 3; i++) {
            cr_assert_eq(saw[i].n, FRAMES);
            cr_assert_str_eq(pool_of(&saw[i]), i == 2 ? "source" : "tee");
            for (uint32_t k = 0; k < FRAMES; k++)
                cr_assert_eq(saw[i].at[k].sample, rig_sample(k, 0, 0) + i + 1);
        }
        cr_assert_eq(stats_of(t).copied, 2 * FRAMES);
        end(way);
    }
}

/* The inner tee reads as long as one of its branches does. */
Test(branches, tees_behind_tees)
{
    for (uint32_t way = 0; way < WAYS; way++)
        for (int reads = 0; reads < 2; reads++) {
            begin();
            int outer = put_tee(put_source(FRAMES));
            int inner = put_tee(outer);
            put_seer(reads ? inner : put_rig(inner, &rig_add, (struct rig_options){0}), 0);
            put_seer(put_rig(inner, &rig_add, (struct rig_options){.add = 7}), 1);
            put_seer(outer, 2);
            put_rig(outer, &rig_sink, (struct rig_options){0});
            build(&ways_to_run[way]);
            run(way);
            cr_assert(as_source(&ledger, FRAMES, 0));
            cr_assert_eq(same_frames(&saw[0], &saw[2]), reads != 0);
            cr_assert_str_eq(pool_of(&saw[0]), reads ? "source" : "tee2");
            cr_assert_str_eq(pool_of(&saw[1]), reads ? "tee2" : "tee");
            for (uint32_t k = 0; k < FRAMES; k++) {
                cr_assert_eq(saw[0].at[k].sample, rig_sample(k, 0, 0));
                cr_assert_eq(saw[1].at[k].sample, rig_sample(k, 0, 0) + 7);
            }
            cr_assert_eq(stats_of(outer).copied, reads ? 0 : FRAMES);
            cr_assert_eq(stats_of(inner).copied, FRAMES);
            for (uint32_t i = 0; i < 3; i++)
                nobody_shares(&saw[i]);
            end(way);
        }
}

/* A host may do with its frames what it likes, and as late as it likes. */
Test(branches, an_outlet_gets_frames_of_its_own)
{
    for (uint32_t way = 0; way < WAYS; way++)
        for (uint32_t outlets = 1; outlets < 3; outlets++) {
            uint32_t doors[2];
            uint64_t got[2] = {0}, wrong = 0;
            bool over[2] = {false, outlets == 1};
            begin();
            int t = put_tee(put_source(FRAMES));
            put_rig(t, &rig_sink, (struct rig_options){0});
            for (uint32_t i = 0; i < outlets; i++)
                put(t, named(leat_doors(), "outlet"), NULL);
            build(&ways_to_run[way]);
            for (uint32_t i = 0; i < outlets; i++)
                cr_assert_eq(leat_outlet_find(rig.engine, i == 0 ? "outlet" : "outlet2", &doors[i],
                                              NULL), LEAT_OK);
            cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
            for (uint32_t i = 0; !over[0] || !over[1]; i = (i + 1) % outlets) {
                struct leat_frame *taken[3];
                uint32_t n = leat_outlet_take(rig.engine, doors[i], taken, 3, &over[i]);
                for (uint32_t k = 0; k < n; k++) {
                    wrong += taken[k]->share != 0 || taken[k]->seq != got[i] + k ||
                             *(double *)leat_frame_row(taken[k], 0) != rig_sample(got[i] + k, 0, 0);
                    memset(leat_frame_row(taken[k], 0), 0xa5, COLS * sizeof(double));
                    taken[k]->rows = taken[k]->cols = 77;
                }
                leat_outlet_release(rig.engine, doors[i], taken, n);
                got[i] += n;
            }
            cr_assert_eq(leat_engine_wait(rig.engine, UINT64_MAX, &rig.diag), LEAT_OK);
            cr_assert(wrong == 0 && got[0] == FRAMES && got[outlets - 1] == FRAMES);
            cr_assert(as_source(&ledger, FRAMES, 0), "what the host does stays its own");
            cr_assert_eq(stats_of(t).copied, outlets * FRAMES);
            end(way);
        }
}

Test(branches, outlets_alone_get_one_original)
{
    uint32_t door, second;
    struct leat_frame *a, *b;
    int t = put_tee(put_source(1));
    put(t, named(leat_doors(), "outlet"), NULL);
    put(t, named(leat_doors(), "outlet"), NULL);
    build(NULL);
    cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK);
    cr_assert_eq(leat_outlet_find(rig.engine, "outlet", &door, NULL), LEAT_OK);
    cr_assert_eq(leat_outlet_find(rig.engine, "outlet2", &second, NULL), LEAT_OK);
    cr_assert_eq(leat_outlet_take(rig.engine, door, &a, 1, NULL), 1);
    cr_assert_eq(leat_outlet_take(rig.engine, second, &b, 1, NULL), 1);
    cr_assert_neq(a, b);
    cr_assert(a->share == 0 && b->share == 0);
    leat_outlet_release(rig.engine, second, &b, 1);
    leat_outlet_release(rig.engine, door, &a, 1);
    cr_assert_eq(stats_of(t).copied, 1);
    end(0);
}

/* ---- copies that lie in the frame that they are joined with ---- */

static void drop_each(struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n,
                      uint64_t each)
{
    for (uint32_t i = 0; i < n; i++)
        if (frames[i]->seq % each == 0)
            leat_drop(ctx, i);
}

static void thirds_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    (void)state;
    drop_each(ctx, frames, n, 3);
}

static void fifths_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    (void)state;
    drop_each(ctx, frames, n, 5);
}

/* Every other frame loses its first sample. */
static void shorten_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                        uint32_t n)
{
    (void)state;
    (void)ctx;
    for (uint32_t i = 0; i < n; i++)
        if (frames[i]->seq % 2 == 1) {
            double *row = leat_frame_row(frames[i], 0);
            memmove(row, row + 1, --frames[i]->cols * sizeof *row);
        }
}

#define MAP_STAGE(which, more)                                                               \
    static const struct leat_stage which = {.size = sizeof which, .traits = LEAT_MAP | (more), \
                                            .name = #which, .ins = 1, .outs = 1,             \
                                            .map = which##_map}
MAP_STAGE(thirds, LEAT_READS_ONLY);
MAP_STAGE(fifths, LEAT_READS_ONLY);
MAP_STAGE(shorten, LEAT_RESIZES);

/* How many ways of the tee get copies that lie in other frames. */
static uint32_t nested(int tee)
{
    uint32_t n = 0;
    for (uint32_t l = 0; l < rig.plan.links_n; l++)
        n += rig.plan.stages[rig.plan.links[l].from].node == (uint32_t)tee &&
             rig.plan.links[l].nested != 0;
    return n;
}

Test(branches, what_a_zip_joins_again_on_its_worker_lies_in_one_frame)
{
    for (uint32_t way = 0; way < WAYS; way++)
        for (uint32_t more = 0; more < 12; more += more < 2 ? 1 : 8) { /* branches beyond two */
            begin();
            int t = put_tee(put_source(FRAMES));
            int j = put_join(put_rig(t, &rig_add, (struct rig_options){.add = 1}), ZIP, SEQUENCE);
            if (more == 0)
                also(t, j); /* reads: the zip takes the copy */
            for (uint32_t i = 0; i < more + (more != 0); i++)
                also(put_rig(t, &rig_add, (struct rig_options){.add = 10 * (i + 1)}), j);
            put_seer(j, 0);
            build(&ways_to_run[way]);
            uint32_t others_n = more == 0 ? 1 : more + 1;
            uint32_t inside = others_n < 7 ? others_n : 7; /* so many have room in a frame */
            cr_assert_eq(nested(t), rig.plan.workers_n == 1 ? inside : 0, "way %u", way);
            run(way);
            cr_assert_eq(saw[0].n, FRAMES);
            for (uint32_t k = 0; k < FRAMES; k++) {
                const struct look *at = &saw[0].at[k];
                cr_assert(at->seq == k && at->rows == others_n + 1 && at->cols == COLS);
                cr_assert_eq(at->sample, rig_sample(k, 0, 0) + 1);
                cr_assert_eq(at->last, rig_sample(k, 0, 0) + (more == 0 ? 0 : 10 * (more + 1)));
            }
            cr_assert_eq(stats_of(t).copied, others_n * FRAMES, "as many, whoever runs what");
            nobody_shares(&saw[0]);
            end(way);
        }
}

/* Either branch may let go of its part; what the other has kept of the frame comes home with it. */
Test(branches, a_nest_comes_home_whoever_drops_first)
{
    for (uint32_t way = 0; way < WAYS; way++)
        for (int swapped = 0; swapped < 2; swapped++) {
            begin();
            int t = put_tee(put_source(FRAMES));
            int j = put_join(put(t, swapped ? &fifths : &thirds, NULL), ZIP, SEQUENCE);
            int add = put_rig(t, &rig_add, (struct rig_options){.add = 7});
            also(put(add, swapped ? &thirds : &fifths, NULL), j);
            put_seer(put_rig(j, &rig_add, (struct rig_options){.add = 1}), 0);
            build(&ways_to_run[way]);
            cr_assert_eq(nested(t), rig.plan.workers_n == 1);
            run(way);
            cr_assert_eq(saw[0].n, FRAMES * 2 / 3 * 4 / 5);
            for (uint32_t k = 0; k < saw[0].n; k++) {
                const struct look *at = &saw[0].at[k];
                uint64_t from = k / 8 * 15 + (const uint8_t[]){1, 2, 4, 7, 8, 11, 13, 14}[k % 8];
                cr_assert_eq(at->sample, rig_sample(from, 0, 0) + 1);
                cr_assert_eq(at->last, rig_sample(from, 0, 0) + 8);
            }
            cr_assert_eq(stats_of(j).dropped, FRAMES / 3 + FRAMES / 5 - 2 * (FRAMES / 15));
            end(way);
        }
}

Test(branches, a_nest_of_unequal_lengths_ends_together)
{
    for (uint32_t way = 0; way < WAYS; way++)
        for (int first = 0; first < 2; first++) {
            begin();
            int t = put_tee(put_source(FRAMES));
            int a = put_rig(t, &rig_add, (struct rig_options){.add = 1});
            int b = put_rig(t, &rig_add, (struct rig_options){.add = 2});
            int j = put_join(first ? put(a, &shorten, NULL) : a, ZIP, SEQUENCE);
            also(first ? b : put(b, &shorten, NULL), j);
            put_seer(j, 0);
            build(&ways_to_run[way]);
            cr_assert_eq(nested(t), rig.plan.workers_n == 1);
            run(way);
            for (uint32_t k = 0; k < FRAMES; k++) {
                const struct look *at = &saw[0].at[k];
                cr_assert(at->cols == COLS - k % 2 && at->rows == 2);
                cr_assert_eq(at->sample, rig_sample(k, 0, k % 2) + 1);
                cr_assert_eq(at->last, rig_sample(k, 0, k % 2) + 2);
            }
            end(way);
        }
}

/* Who else reads the original does not see what becomes of it. */
Test(branches, an_original_that_others_read_has_no_nest)
{
    int t = put_tee(put_source(FRAMES));
    put_rig(t, &rig_sink, (struct rig_options){0});
    int j = put_join(put_rig(t, &rig_add, (struct rig_options){.add = 1}), ZIP, SEQUENCE);
    also(t, j);
    put_seer(j, 0);
    build(NULL);
    cr_assert_eq(nested(t), 0);
    run(0);
    cr_assert(as_source(&ledger, FRAMES, 0) && saw[0].n == FRAMES);
    cr_assert_eq(stats_of(t).copied, 2 * FRAMES);
    end(0);
}

/* ---- who counts the readers ---- */

/* The pool of the source: is it shared, and by several workers? */
static void is_shared(const struct leat_limits *limits, bool apart)
{
    build(limits);
    cr_assert(rig.plan.pools[0].shared);
    cr_assert_eq(rig.plan.pools[0].apart, apart);
    run(0);
    end(0);
    begin();
}

Test(branches, readers_on_one_worker_count_without_locks)
{
    for (int more = 0; more < 2; more++) { /* a stage before the tee, and one behind a reader */
        const struct leat_limits one = {.workers = 1}, two = {.workers = 2}, all = {.workers = 9};
        for (int i = 0; i < 3; i++) {
            int from = put_source(FRAMES);
            for (int k = 0; more != 0 && k < 4; k++)
                from = put_rig(from, &rig_add, (struct rig_options){0});
            int t = put_tee(from);
            put_seer(t, 0);
            put_rig(t, &rig_sink, (struct rig_options){0});
            /* on two workers the tee stands beside its readers where enough comes before it */
            is_shared(i == 0 ? &one : i == 1 ? &two : &all, i == 2 || (i == 1 && more == 0));
        }
    }
}

/* ---- what comes home ---- */

/* Two readers, and two branches with copies that are joined again. */
static int diamond(uint64_t frames, struct rig_options change)
{
    int t = put_tee(put_rig(-1, &rig_source, (struct rig_options){.n = frames, .cols = COLS,
                                                                  .burst = 3}));
    put_rig(t, &rig_sink, (struct rig_options){.ledger = &others[0]});
    put_rig(t, &rig_sink, (struct rig_options){.ledger = &others[1]});
    int j = put_join(put_rig(t, &rig_add, change), ADD, SEQUENCE);
    also(put_rig(t, &rig_hold, (struct rig_options){.hold = 4}), j);
    put_rig(j, &rig_sink, (struct rig_options){0});
    return t;
}

Test(branches, stop_in_the_middle_brings_everything_home)
{
    for (int turn = 0; turn < 3; turn++)
        for (uint32_t way = 0; way < WAYS; way++) {
            begin();
            int t = diamond(0, (struct rig_options){.add = 1});
            build(&ways_to_run[way]);
            cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
            nanosleep(&(struct timespec){.tv_nsec = 700000 * turn}, NULL);
            leat_engine_stop(rig.engine);
            cr_assert_eq(leat_engine_wait(rig.engine, UINT64_C(30000000000), &rig.diag), LEAT_OK);
            struct leat_engine_stats stats;
            leat_engine_snapshot(rig.engine, &stats);
            cr_assert(others[0].frames == stats.frames && others[1].frames == stats.frames &&
                      ledger.frames == stats.frames, "what left the source reached every sink");
            cr_assert_eq(stats_of(t).copied, 2 * stats.frames);
            for (uint32_t i = 0; i < rig.plan.pools_n; i++) {
                struct leat_pool_stats pool;
                leat_engine_pool(rig.engine, i, &pool);
                cr_assert_eq(pool.in_use, 0, "%s", rig.plan.stages[rig.plan.pools[i].stage].name);
            }
            end(way);
        }
}

Test(branches, fini_alone_stops_them)
{
    for (uint32_t way = 0; way < WAYS; way++) {
        begin();
        diamond(0, (struct rig_options){.add = 1});
        build(&ways_to_run[way]);
        cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
        end(way);
        cr_assert_eq(ledger.finis + others[0].finis + others[1].finis, 6);
    }
}

Test(branches, a_failure_in_a_branch_stops_all)
{
    for (uint32_t way = 0; way < WAYS; way++) {
        begin();
        diamond(0, (struct rig_options){.add = 1, .fail_at = 777});
        build(&ways_to_run[way]);
        int status = way % 2 == 0 ? rig_run_threads(&rig) : rig_run_steps(&rig, 4711);
        cr_assert_eq(status, LEAT_EDATA, "way %u: %d", way, status);
        cr_assert_leq(ledger.frames, 776);
        cr_assert_eq(ledger.flushes + others[0].flushes + others[1].flushes, 0,
                     "what failed is not finished");
        end(way);
        cr_assert_eq(ledger.finis + others[0].finis + others[1].finis, 6);
    }
}

/* ---- a reader that rejects what others go on reading ---- */

static void picky_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    (void)state;
    for (uint32_t i = 0; i < n; i++)
        if (frames[i]->seq % 3 == 0)
            leat_reject(ctx, i, LEAT_WHY_OWN + 1);
}

static const struct leat_stage picky = {.size = sizeof picky, .traits = LEAT_MAP | LEAT_READS_ONLY,
                                        .name = "picky", .ins = 1, .outs = 1, .map = picky_map};

Test(branches, a_reader_rejects_alone)
{
    for (uint32_t way = 0; way < WAYS; way++) {
        struct leat_limits limits = ways_to_run[way];
        const struct leat_frame *kept[10];
        begin();
        limits.quarantine = 8;
        int t = put_tee(put_source(FRAMES));
        put_seer(t, 0);
        put_seer(put(t, &picky, NULL), 1);
        put_rig(t, &rig_sink, (struct rig_options){0});
        build(&limits);
        run(way);
        cr_assert(as_source(&ledger, FRAMES, 0));
        cr_assert(saw[0].n == FRAMES && saw[1].n == FRAMES - FRAMES / 3);
        for (uint32_t i = 0; i < FRAMES; i++)
            cr_assert_eq(saw[0].at[i].reason, 0, "the others do not hear of it");
        cr_assert_eq(stats_of(t).copied, 0);
        cr_assert_eq(leat_engine_quarantined(rig.engine, kept, 10), 8);
        for (uint32_t i = 0; i < 8; i++) {
            uint64_t seq = FRAMES - 3 - 3 * i;
            cr_assert(kept[i]->seq == seq && kept[i]->share == 0);
            cr_assert_eq(kept[i]->reason, LEAT_WHY_OWN + 1);
            cr_assert_eq(*(const double *)(const void *)(kept[i] + 1), rig_sample(seq, 0, 0));
        }
        nobody_shares(&saw[0]);
        end(way);
    }
}

static void nothing_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                        uint32_t n)
{
    (void)state;
    (void)ctx;
    for (uint32_t i = 0; i < n; i++)
        cr_assert(isfinite(*(double *)leat_frame_row(frames[i], 0)));
}

static const struct leat_stage finite = {.size = sizeof finite,
                                         .traits = LEAT_MAP | LEAT_READS_ONLY | LEAT_WANTS_FINITE,
                                         .name = "finite", .ins = 1, .outs = 1, .map = nothing_map};

Test(branches, what_is_not_finite_is_rejected_where_it_is_not_wanted)
{
    for (uint32_t way = 0; way < WAYS; way++) {
        struct leat_engine_stats stats;
        begin();
        int t = put_tee(put_rig(-1, &rig_breaking_source,
                                (struct rig_options){.n = FRAMES, .cols = COLS, .nan_every = 10}));
        put_seer(put(t, &finite, NULL), 0);
        put_seer(t, 1);
        put_rig(put_rig(t, &rig_flow_wants_finite, (struct rig_options){0}), &rig_sink,
                (struct rig_options){0});
        build(&ways_to_run[way]);
        run(way);
        leat_engine_snapshot(rig.engine, &stats);
        cr_assert(saw[0].n == FRAMES - FRAMES / 10 && saw[1].n == FRAMES);
        cr_assert(ledger.frames == FRAMES - FRAMES / 10 && ledger.seen_not_finite == 0);
        cr_assert(stats.rejected == 2 * (FRAMES / 10) && stats.dropped == 0);
        nobody_shares(&saw[1]);
        end(way);
    }
}

/* ---- two engines know nothing of each other ---- */

Test(branches, two_engines_at_once)
{
    for (uint32_t way = 2; way < WAYS; way++) {
        static struct rig first;
        static struct ledger own;
        begin();
        diamond(0, (struct rig_options){.add = 1});
        first = (struct rig){.graph = rig.graph, .ledger = &ledger};
        cr_assert_eq(rig_build(&first, &ways_to_run[way], NULL), LEAT_OK);
        cr_assert_eq(leat_engine_start(first.engine, NULL), LEAT_OK);
        begin_graph();
        own = (struct ledger){0};
        int t = put_tee(put_source(FRAMES));
        put_seer(t, 0);
        put_seer(t, 1);
        put_rig(put_rig(t, &rig_add, (struct rig_options){.add = 3}), &rig_sink,
                (struct rig_options){.ledger = &own});
        build(&ways_to_run[way]);
        run(way);
        cr_assert(as_source(&own, FRAMES, 3) && same_frames(&saw[0], &saw[1]));
        cr_assert_eq(stats_of(t).copied, FRAMES);
        end(way);
        cr_assert_eq(leat_engine_wait(first.engine, 0, NULL), 1, "the other one runs still");
        leat_engine_stop(first.engine);
        cr_assert_eq(leat_engine_wait(first.engine, UINT64_C(30000000000), NULL), LEAT_OK);
        cr_assert_eq(others[0].frames, others[1].frames);
        cr_assert_eq(rig_end(&first), LEAT_OK, "%s", first.diag.text);
    }
}
