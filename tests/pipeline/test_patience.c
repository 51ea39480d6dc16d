/* How long a join waits for an input that is silent, and what becomes of the others when one has
 * ended: joins of inlets, so that a test says what arrives, and when.
 */
#include "branching.h"

#include <leat/stages.h>

#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

TestSuite(patience, .init = begin, .timeout = 60);

static uint32_t doors[2];

static int put_inlet(void)
{
    return put(-1, leat_catalogue_find(leat_doors(), "inlet", true, NULL),
               &(struct leat_inlet_options){.channels = 1, .frame = {.samples = 1}});
}

static int put_positive(int from)
{
    return put(from, named(leat_math_stages(), "where"),
               &(struct leat_where_options){.channel = "1", .min = 0, .max = INFINITY});
}

/* Two inlets, each behind a `where` that drops what is negative, into a join and what looks. */
static int build_join(struct leat_join_options o, const struct leat_limits *limits)
{
    begin();
    int j = put(put_positive(put_inlet()), named(leat_math_stages(), "join"), &o);
    also(put_positive(put_inlet()), j);
    put_seer(j, 0);
    build(limits);
    cr_assert_eq(leat_inlet_find(rig.engine, "inlet", &doors[0], NULL), LEAT_OK);
    cr_assert_eq(leat_inlet_find(rig.engine, "inlet2", &doors[1], NULL), LEAT_OK);
    return j;
}

static void step(void)
{
    for (uint32_t idle = 0; idle < 4;) {
        int moved = 0;
        for (uint32_t w = 0; w < rig.plan.workers_n; w++) {
            int status = leat_worker_step(rig.engine, w, 8, NULL);
            cr_assert(status >= 0 || status == LEAT_EEND, "%d", status);
            moved += status > 0;
        }
        idle = moved != 0 ? 0 : idle + 1;
    }
}

/* A frame of one sample; its time is the sample, too. */
static void push(uint32_t input, double sample)
{
    struct leat_frame *f = leat_inlet_claim(rig.engine, doors[input], NULL);
    cr_assert_not_null(f);
    f->cols = 1;
    f->time_ns = (int64_t)sample;
    *(double *)leat_frame_row(f, 0) = sample;
    cr_assert(leat_inlet_publish(rig.engine, doors[input], f));
    step();
}

/* The samples that came out so far; g: there is a gap before it, l: it is late. */
static const char *came(void)
{
    static char text[256];
    text[0] = '\0';
    for (uint32_t i = 0; i < saw[0].n; i++)
        snprintf(text + strlen(text), 16, "%g%s%s ", saw[0].at[i].sample,
                 (saw[0].at[i].flags & LEAT_GAP_BEFORE) != 0 ? "g" : "",
                 (saw[0].at[i].flags & LEAT_LATE) != 0 ? "l" : "");
    return text;
}

static void close_all(void)
{
    leat_inlet_close(rig.engine, doors[0]);
    leat_inlet_close(rig.engine, doors[1]);
    cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK);
}

/* Room in front of the join's second input. */
static uint32_t room_of(int join)
{
    for (uint32_t l = 0; l < rig.plan.links_n; l++) {
        const struct leat_plan_link *link = &rig.plan.links[l];
        if (rig.plan.stages[link->to].node == (uint32_t)join && link->in == 1)
            return link->inbox;
    }
    return 0;
}

static const struct leat_limits one = {.workers = 1, .batch = 4};
static const struct leat_limits three = {.workers = 3, .batch = 4};

Test(patience, first_gives_a_number_up_when_a_line_is_so_much_further)
{
    for (uint32_t way = 0; way < 2; way++) {
        int j = build_join((struct leat_join_options){.how = FIRST, .within.samples = 3},
                           way == 0 ? &one : &three);
        push(0, 100);
        push(0, -1); /* number 1 is missing here, and the other line says nothing */
        push(0, 102);
        push(0, 103);
        cr_assert_str_eq(came(), "100 ");
        push(0, 104); /* 4 - 1 >= 3 */
        cr_assert_str_eq(came(), "100 102g 103 104 ");
        for (int i = 0; i < 5; i++)
            push(1, 100 + i); /* too late, all of it */
        cr_assert_str_eq(came(), "100 102g 103 104 ");
        push(1, 105);
        cr_assert_str_eq(came(), "100 102g 103 104 105 ");
        push(1, -1); /* number 6: the other line has it */
        push(0, 105);
        push(0, 106);
        push(1, 107);
        cr_assert_str_eq(came(), "100 102g 103 104 105 106 107 ");
        close_all();
        cr_assert_eq(stats_of(j).dropped, 6);
        end(way);
    }
}

Test(patience, first_waits_as_long_as_it_takes_unless_it_is_told)
{
    build_join((struct leat_join_options){.how = FIRST}, &one);
    push(0, -1);
    for (int i = 1; i < 5; i++)
        push(0, 100 + i);
    cr_assert_str_eq(came(), "");
    push(1, 100);
    cr_assert_str_eq(came(), "100 101 102 103 104 ");
    close_all();
    end(0);
}

Test(patience, merged_by_time_a_silent_input_holds_the_others_back_no_longer_than_that)
{
    for (uint32_t way = 0; way < 2; way++) {
        build_join((struct leat_join_options){.how = MERGE, .by = TIME, .within.ns = 15},
                   way == 0 ? &one : &three);
        push(0, 10);
        push(0, 20);
        cr_assert_str_eq(came(), "");
        push(0, 25); /* 25 - 10 >= 15 */
        cr_assert_str_eq(came(), "10 ");
        push(1, 5);
        push(1, 12);
        cr_assert_str_eq(came(), "10 5l 12 ");
        push(0, 60); /* 60 - 25 >= 15 */
        cr_assert_str_eq(came(), "10 5l 12 20 25 ");
        push(1, 30);
        cr_assert_str_eq(came(), "10 5l 12 20 25 30 ");
        close_all();
        cr_assert_str_eq(came(), "10 5l 12 20 25 30 60 ");
        end(way);
    }
}

/* Only the frames themselves can tell whether a host says when they begin. */
Test(patience, merged_by_time_a_frame_without_one_is_an_error)
{
    build_join((struct leat_join_options){.how = MERGE, .by = TIME}, &one);
    struct leat_frame *f = leat_inlet_claim(rig.engine, doors[1], NULL);
    cr_assert_not_null(f);
    f->cols = 1;
    f->time_ns = LEAT_TIME_NONE;
    *(double *)leat_frame_row(f, 0) = 7;
    cr_assert(leat_inlet_publish(rig.engine, doors[1], f));
    leat_inlet_close(rig.engine, doors[0]);
    int status;
    while ((status = leat_worker_step(rig.engine, 0, 8, NULL)) >= 0)
        ;
    cr_assert_eq(status, LEAT_EDATA);
    leat_engine_stop(rig.engine);
    (void)rig_end(&rig);
}

Test(patience, where_no_rate_says_how_many_fit_a_full_inbox_waits_no_longer)
{
    for (uint32_t told = 0; told < 2; told++) {
        uint64_t ns = told * UINT64_C(1000000000);
        int j = build_join((struct leat_join_options){.how = MERGE, .by = TIME, .within.ns = ns},
                           &one);
        uint32_t room = room_of(j);
        for (uint32_t i = 0; i < 20; i++) {
            if (told == 0 && i == room)
                break;
            push(0, i);
        }
        cr_assert_eq(saw[0].n, told == 0 ? 0 : 20 - room + 1);
        close_all();
        end(0);
    }
}

/* A whole engine that goes on beside a join which has stopped. */
Test(patience, a_stopped_join_closes_its_inlets)
{
    for (uint32_t way = 0; way < 2; way++) {
        enum leat_door why;
        int j = build_join((struct leat_join_options){.how = ZIP, .on_end = 1},
                           way == 0 ? &one : &three);
        push(0, 1);
        push(0, 2);
        push(1, 7);
        leat_inlet_close(rig.engine, doors[1]);
        struct leat_frame *f = leat_inlet_claim(rig.engine, doors[0], &why);
        cr_assert(f != NULL && why == LEAT_DOOR_OPEN);
        step();
        cr_assert_null(leat_inlet_claim(rig.engine, doors[0], &why));
        cr_assert_eq(why, LEAT_DOOR_CLOSED, "the host need not close it");
        f->cols = 1; /* what was claimed before can still be pushed */
        cr_assert(leat_inlet_publish(rig.engine, doors[0], f));
        cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK);
        cr_assert_str_eq(came(), "1 ");
        cr_assert_eq(stats_of(j).dropped, 1);
        end(way);
    }
}

/* The end of the second input is known before the first shows what lies beyond it. */
Test(patience, asof_ends_with_the_last_frame_that_begins_in_time)
{
    for (uint32_t way = 0; way < 4; way++) {
        build_join((struct leat_join_options){.how = ASOF, .on_end = 1},
                   way < 2 ? &one : &three);
        push(1, 5);
        leat_inlet_close(rig.engine, doors[1]);
        step();
        if (way % 2 != 0)
            push(0, 5);
        push(0, 6);
        cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK, "the first input need not end");
        cr_assert_str_eq(came(), way % 2 != 0 ? "5 " : "");
        end(way);
    }
}

Test(patience, drain_goes_on_until_all_have_ended)
{
    build_join((struct leat_join_options){.how = MERGE}, &one);
    push(0, 1);
    leat_inlet_close(rig.engine, doors[0]);
    push(1, 7);
    push(1, 8);
    cr_assert_str_eq(came(), "1 7 8 ");
    leat_inlet_close(rig.engine, doors[1]);
    cr_assert_eq(rig_run_steps(&rig, 0), LEAT_OK);
    end(0);
}

/* ---- room ---- */

Test(patience, numbers_that_a_join_waits_for_have_room)
{
    uint32_t rooms[2], frames[2];
    for (uint32_t told = 0; told < 2; told++) {
        rooms[told] = room_of(build_join(
            (struct leat_join_options){.how = FIRST, .within.samples = told * 50}, &one));
        frames[told] = rig.plan.pools[0].frames;
        close_all();
        end(0);
    }
    cr_assert_eq(rooms[1], rooms[0] + 50);
    cr_assert_eq(frames[1], frames[0] + 50);
}
