#define _GNU_SOURCE
#include "rig.h"

#include <criterion/criterion.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct ledger ledger;
static struct rig rig;
static uint32_t in, out;

static void begin(void)
{
    memset(&ledger, 0, sizeof ledger);
    memset(&rig, 0, sizeof rig);
    rig.ledger = &ledger;
    leat_graph_init(&rig.graph);
}

TestSuite(doors, .init = begin, .timeout = 60);

static const struct leat_stage *door(const char *name, bool head)
{
    return leat_catalogue_find(leat_doors(), name, head, NULL);
}

/* inlet ! the links between ! outlet, [2 x 16] f64 */
static void build(const struct rig_link *between, uint32_t n, const struct leat_limits *limits)
{
    struct leat_inlet_options o;
    uint32_t before, node;
    begin();
    const struct leat_stage *inlet = door("inlet", true);
    cr_assert_eq(leat_options_default(inlet->params, inlet->params_n, &o, sizeof o, NULL), LEAT_OK);
    o.channels = 2;
    o.frame.samples = 16;
    cr_assert_eq(leat_graph_add(&rig.graph, inlet, &o, "in", &before, &rig.diag), LEAT_OK, "%s",
                 rig.diag.text);
    for (uint32_t i = 0; i < n; i++) {
        struct rig_options stage = between[i].options;
        stage.ledger = &ledger;
        cr_assert_eq(leat_graph_add(&rig.graph, between[i].stage, &stage, NULL, &node, NULL),
                     LEAT_OK);
        cr_assert_eq(leat_graph_join(&rig.graph, before, 0, node, 0, NULL), LEAT_OK);
        before = node;
    }
    cr_assert_eq(leat_graph_add(&rig.graph, door("outlet", false), NULL, "out", &node, NULL),
                 LEAT_OK);
    cr_assert_eq(leat_graph_join(&rig.graph, before, 0, node, 0, NULL), LEAT_OK);
    cr_assert_eq(rig_build(&rig, limits, NULL), LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(leat_inlet_find(rig.engine, "in", &in, &rig.diag), LEAT_OK);
    cr_assert_eq(leat_outlet_find(rig.engine, "out", &out, &rig.diag), LEAT_OK);
}

static struct leat_frame *fill(struct leat_frame *f, uint64_t seq)
{
    f->cols = 16;
    for (uint32_t r = 0; r < 2; r++)
        for (uint32_t i = 0; i < 16; i++)
            ((double *)leat_frame_row(f, r))[i] = rig_sample(seq, r, i);
    return f;
}

static bool right(struct leat_frame *f, uint64_t seq, double plus)
{
    bool well = f->seq == seq && f->rows == 2 && f->cols == 16 && f->kind == LEAT_F64;
    for (uint32_t r = 0; r < 2; r++)
        for (uint32_t i = 0; i < 16; i++)
            well &= ((double *)leat_frame_row(f, r))[i] == rig_sample(seq, r, i) + plus;
    return well;
}

Test(doors, are_found_by_name_and_direction)
{
    uint32_t number;
    build(NULL, 0, NULL);
    cr_assert_eq(leat_inlet_find(rig.engine, "out", &number, &rig.diag), LEAT_ENAME);
    cr_assert_str_eq(rig.diag.text, "there is no inlet named 'out'");
    cr_assert_eq(leat_outlet_find(rig.engine, "in", &number, &rig.diag), LEAT_ENAME);
    cr_assert_str_eq(rig.diag.text, "there is no outlet named 'in'");
    rig_end(&rig);
}

/* Without a worker that runs, the inlet answers what is so: full when its edge holds
 * edge_frames, no frame when the pool is empty, closed for ever after close. */
Test(doors, answer_full_no_frame_and_closed)
{
    struct leat_frame *frames[64];
    enum leat_door why;
    build(NULL, 0, &(struct leat_limits){.batch = 4, .edge_frames = 3, .frames = 6});
    for (int i = 0; i < 6; i++) {
        frames[i] = leat_inlet_claim(rig.engine, in, &why);
        cr_assert(frames[i] != NULL && why == LEAT_DOOR_OPEN);
        cr_assert(frames[i]->rows == 2 && frames[i]->kind == LEAT_F64 && frames[i]->cols == 0);
    }
    cr_assert_eq(leat_inlet_why(rig.engine, in), LEAT_DOOR_OPEN);
    cr_assert_null(leat_inlet_claim(rig.engine, in, &why));
    cr_assert_eq(why, LEAT_DOOR_NO_FRAME);
    cr_assert_null(leat_inlet_claim(rig.engine, in, NULL));
    cr_assert_eq(leat_inlet_why(rig.engine, in), LEAT_DOOR_NO_FRAME, "the pool");
    for (uint64_t i = 0; i < 3; i++)
        cr_assert(leat_inlet_publish(rig.engine, in, fill(frames[i], i)));
    cr_assert_eq(leat_inlet_why(rig.engine, in), LEAT_DOOR_OPEN);
    cr_assert_not(leat_inlet_publish(rig.engine, in, fill(frames[3], 3)), "the edge is full");
    cr_assert_eq(leat_inlet_why(rig.engine, in), LEAT_DOOR_FULL, "the edge");

    struct leat_frame *taken[8];
    bool end = true;
    cr_assert_eq(leat_outlet_take(rig.engine, out, taken, 8, &end), 0);
    cr_assert_not(end, "nothing yet");
    cr_assert_gt(leat_worker_step(rig.engine, 0, 10, NULL), 0);
    for (uint64_t i = 3; i < 6; i++)
        cr_assert(leat_inlet_publish(rig.engine, in, fill(frames[i], i)), "%llu",
                  (unsigned long long)i);
    uint64_t seq = 0;
    while (seq < 6) {
        uint32_t n = leat_outlet_take(rig.engine, out, taken, 2, &end);
        for (uint32_t i = 0; i < n; i++)
            cr_assert(right(taken[i], seq + i, 0));
        leat_outlet_release(rig.engine, out, taken, n);
        seq += n;
        cr_assert_geq(leat_worker_step(rig.engine, 0, 10, NULL), 0);
    }
    cr_assert_not_null(frames[0] = leat_inlet_claim(rig.engine, in, &why));
    cr_assert(leat_inlet_publish(rig.engine, in, fill(frames[0], 6)));
    leat_inlet_close(rig.engine, in);
    cr_assert_null(leat_inlet_claim(rig.engine, in, &why));
    cr_assert_eq(why, LEAT_DOOR_CLOSED);
    cr_assert_eq(leat_inlet_why(rig.engine, in), LEAT_DOOR_CLOSED);
    cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK);
    cr_assert_eq(leat_outlet_take(rig.engine, out, taken, 8, &end), 1);
    cr_assert(right(taken[0], 6, 0) && !end);
    cr_assert_eq(leat_outlet_take(rig.engine, out, &taken[1], 8, &end), 0);
    cr_assert(end, "none will come");
    leat_outlet_release(rig.engine, out, taken, 1);
    cr_assert_eq(rig_end(&rig), LEAT_OK, "%s", rig.diag.text);
}

Test(doors, a_short_frame_is_marked)
{
    struct leat_frame *taken;
    build(NULL, 0, NULL);
    struct leat_frame *f = fill(leat_inlet_claim(rig.engine, in, NULL), 0);
    f->cols = 5;
    cr_assert(leat_inlet_publish(rig.engine, in, f));
    leat_worker_step(rig.engine, 0, 10, NULL);
    cr_assert_eq(leat_outlet_take(rig.engine, out, &taken, 1, NULL), 1);
    cr_assert(taken->cols == 5 && (taken->flags & LEAT_SHORT) != 0);
    leat_outlet_release(rig.engine, out, &taken, 1);
    rig_end(&rig);
}

struct host {
    uint64_t frames, wrong, full, none;
    double plus;
};

static void *push(void *argument)
{
    struct host *h = argument;
    for (uint64_t i = 0; i < h->frames;) {
        enum leat_door why;
        struct leat_frame *f = leat_inlet_claim(rig.engine, in, &why);
        if (f == NULL) {
            h->none += why == LEAT_DOOR_NO_FRAME;
            h->wrong += why != LEAT_DOOR_NO_FRAME;
            nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
            continue;
        }
        fill(f, i);
        while (!leat_inlet_publish(rig.engine, in, f)) {
            h->full++;
            nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
        }
        i++;
    }
    leat_inlet_close(rig.engine, in);
    return NULL;
}

static void *pull(void *argument)
{
    struct host *h = argument;
    bool end = false;
    uint64_t seq = 0;
    while (!end) {
        struct leat_frame *frames[9];
        uint32_t n = leat_outlet_take(rig.engine, out, frames, 9, &end);
        for (uint32_t i = 0; i < n; i++)
            h->wrong += !right(frames[i], seq + i, h->plus);
        leat_outlet_release(rig.engine, out, frames, n);
        seq += n;
        if (n == 0)
            nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
    }
    h->frames = seq;
    return NULL;
}

/* Two threads of the host, one to three of the engine's, hardly a frame: nothing is lost, nothing
 * stands still. */
Test(doors, serve_other_threads)
{
    struct rig_link between[] = {{&rig_add, {.add = 3}}, {&rig_pass, {0}}, {&rig_add, {.add = 4}}};
    for (uint32_t workers = 1; workers <= 3; workers++)
        for (uint32_t edge = 1; edge <= 40; edge += 13) {
            struct host first = {.frames = 3000}, second = {.plus = 7};
            pthread_t threads[2];
            build(between, 3, &(struct leat_limits){.workers = workers, .edge_frames = edge,
                                                    .frames = edge % 2 == 0 ? 1 : 0, .batch = 8});
            cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
            pthread_create(&threads[0], NULL, push, &first);
            pthread_create(&threads[1], NULL, pull, &second);
            pthread_join(threads[0], NULL);
            pthread_join(threads[1], NULL);
            cr_assert_eq(leat_engine_wait(rig.engine, UINT64_MAX, &rig.diag), LEAT_OK);
            cr_assert_eq(first.wrong + second.wrong, 0);
            cr_assert_eq(second.frames, 3000);
            struct leat_stage_stats stats;
            leat_engine_stage(rig.engine, 0, &stats);
            cr_assert(stats.frames_out == 3000 && stats.samples_out == 3000 * 16);
            leat_engine_stage(rig.engine, 4, &stats);
            cr_assert_eq(stats.frames_in, 3000);
            cr_assert_eq(rig_end(&rig), LEAT_OK, "%s", rig.diag.text);
        }
}

/* ---- the end ---- */

Test(doors, stop_ends_an_inlet_that_nobody_closes)
{
    struct rig_link between[] = {{&rig_add, {.add = 3}}};
    for (uint32_t workers = 1; workers <= 2; workers++) {
        build(between, 1, &(struct leat_limits){.workers = workers});
        cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
        for (uint64_t i = 0; i < 5; i++)
            cr_assert(leat_inlet_publish(rig.engine, in,
                                         fill(leat_inlet_claim(rig.engine, in, NULL), i)));
        leat_engine_stop(rig.engine);
        cr_assert_eq(leat_engine_wait(rig.engine, UINT64_C(20000000000), &rig.diag), LEAT_OK);
        enum leat_door why;
        cr_assert_null(leat_inlet_claim(rig.engine, in, &why));
        cr_assert_eq(why, LEAT_DOOR_CLOSED);
        struct leat_frame *frames[8];
        bool end;
        uint32_t n = leat_outlet_take(rig.engine, out, frames, 8, &end);
        cr_assert_leq(n, 5);
        leat_outlet_release(rig.engine, out, frames, n);
        cr_assert_eq(rig_end(&rig), LEAT_OK, "%s", rig.diag.text);
    }
}

/* The host leaves: nobody takes from the outlet, nobody closes the inlet. fini ends all the same,
 * and what lay in the doors is home. */
Test(doors, fini_ends_an_engine_whose_doors_are_left_as_they_are)
{
    struct rig_link between[] = {{&rig_add, {.add = 3}}, {&rig_hold, {.hold = 2}}};
    for (uint32_t workers = 1; workers <= 4; workers++) {
        build(between, 2, &(struct leat_limits){.workers = workers, .batch = 2, .edge_frames = 2,
                                                .frames = 20});
        cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
        struct leat_frame *f;
        for (uint64_t i = 0, until = leat_clock_ns() + 50000000; leat_clock_ns() < until;)
            if ((f = leat_inlet_claim(rig.engine, in, NULL)) != NULL) {
                fill(f, i++);
                while (!leat_inlet_publish(rig.engine, in, f) && leat_clock_ns() < until + 1000000)
                    ;
            }
        uint64_t began = leat_clock_ns();
        int status = leat_engine_fini(rig.engine, &rig.diag);
        cr_assert(status == LEAT_OK || status == LEAT_ESTATE, "%s", rig.diag.text);
        cr_assert_lt(leat_clock_ns() - began, UINT64_C(10000000000));
        rig.engine = NULL;
        rig_end(&rig);
    }
}

/* The host has all frames of a quota and keeps them, so that a stage can never put what it has. */
Test(doors, fini_gives_up_on_a_stage_that_waits_for_what_the_host_keeps)
{
    struct rig_link between[] = {{&rig_triple, {0}}};
    build(between, 1, &(struct leat_limits){.workers = 2, .batch = 2, .edge_frames = 2});
    cr_assert_eq(leat_engine_start(rig.engine, NULL), LEAT_OK);
    uint32_t kept = 0, all = rig.plan.pools[1].frames;
    for (uint64_t sent = 0, until = leat_clock_ns() + UINT64_C(20000000000);
         kept < all && leat_clock_ns() < until;) {
        struct leat_frame *f = leat_inlet_claim(rig.engine, in, NULL), *taken[8];
        if (f != NULL && !leat_inlet_publish(rig.engine, in, fill(f, sent++)))
            leat_inlet_release(rig.engine, in, f);
        kept += leat_outlet_take(rig.engine, out, taken, 8, NULL);
    }
    cr_assert_eq(kept, all, "the host has all of them");
    uint64_t began = leat_clock_ns();
    cr_assert_eq(leat_engine_fini(rig.engine, &rig.diag), LEAT_ESTATE);
    cr_assert_lt(leat_clock_ns() - began, UINT64_C(20000000000));
    cr_assert(strstr(rig.diag.text, "did not come home") != NULL, "%s", rig.diag.text);
    rig.engine = NULL;
    rig_end(&rig);
}

Test(doors, a_frame_that_the_host_keeps_is_missed)
{
    build(NULL, 0, NULL);
    struct leat_frame *f = leat_inlet_claim(rig.engine, in, NULL);
    cr_assert_not_null(f);
    leat_inlet_close(rig.engine, in);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
    cr_assert_eq(leat_engine_fini(rig.engine, &rig.diag), LEAT_ESTATE);
    cr_assert_str_eq(rig.diag.text, "1 frames of in did not come home");
    rig.engine = NULL;
    rig_end(&rig);
}

Test(doors, a_frame_that_the_host_gives_back_is_home)
{
    build(NULL, 0, &(struct leat_limits){.batch = 2, .frames = 2});
    enum leat_door why;
    for (int i = 0; i < 10; i++) { /* two frames, given back unused again and again */
        struct leat_frame *a = leat_inlet_claim(rig.engine, in, NULL);
        struct leat_frame *b = leat_inlet_claim(rig.engine, in, NULL);
        cr_assert(a != NULL && b != NULL);
        cr_assert_null(leat_inlet_claim(rig.engine, in, &why));
        cr_assert_eq(why, LEAT_DOOR_NO_FRAME);
        leat_inlet_release(rig.engine, in, a);
        leat_inlet_release(rig.engine, in, b);
    }
    leat_inlet_close(rig.engine, in);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
    cr_assert_eq(rig_end(&rig), LEAT_OK, "%s", rig.diag.text);
}

/* An engine that nobody starts, fed and drained by one thread that steps its workers in turn. */
Test(doors, and_steps_go_together)
{
    struct rig_link between[] = {{&rig_triple, {0}}, {&rig_third, {0}}};
    for (uint32_t workers = 1; workers <= 4; workers++) {
        build(between, 2, &(struct leat_limits){.workers = workers, .batch = 3});
        uint64_t sent = 0, got = 0, turns = 0;
        bool end = false;
        for (; !end; turns++) {
            struct leat_frame *f, *frames[4];
            cr_assert_lt(turns, 1000000, "it stands still after %llu of %llu",
                         (unsigned long long)got, (unsigned long long)sent);
            if (sent < 500 && (f = leat_inlet_claim(rig.engine, in, NULL)) != NULL)
                while (!leat_inlet_publish(rig.engine, in, fill(f, sent)) || (sent++, false))
                    leat_worker_step(rig.engine, 0, 1, NULL);
            if (sent == 500) {
                leat_inlet_close(rig.engine, in);
                sent++;
            }
            for (uint32_t w = 0; w < rig.plan.workers_n; w++)
                leat_worker_step(rig.engine, w, 1, NULL);
            uint32_t n = leat_outlet_take(rig.engine, out, frames, 4, &end);
            for (uint32_t i = 0; i < n; i++, got++) /* x + (x + 1) + (x + 2) */
                cr_assert_eq(*(double *)leat_frame_row(frames[i], 0),
                             3 * rig_sample(got, 0, 0) + 3);
            leat_outlet_release(rig.engine, out, frames, n);
        }
        cr_assert_eq(got, 500);
        cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK);
        cr_assert_eq(rig_end(&rig), LEAT_OK, "%s", rig.diag.text);
    }
}
