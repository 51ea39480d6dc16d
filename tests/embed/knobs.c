/* Knobs: what is refused and in which words, what each stage does with a new value, at which frame
 * it is seen, and that a frame is made with one value from end to end while threads run.
 */
#define _GNU_SOURCE
#include "hosted.h"

#include <leat/knob.h>
#include <leat/stages.h>

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct hosted h;

static void open_text(const char *text, const struct leat_limits *limits)
{
    struct hosted_options o = {.isa = leat_isa_best(), .limits = limits};
    EXPECT(hosted_open(&h, text, &o) == LEAT_OK, "%s", h.diag.text);
}

static void close_engine(void)
{
    leat_inlet_close(h.engine, h.in);
    while (leat_worker_step(h.engine, 0, 9, NULL) >= 0)
        continue;
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
}

static struct leat_knob_state look(const char *stage)
{
    struct leat_knob_state state;
    EXPECT(leat_engine_knob_state(h.engine, stage, &state, &h.diag) == LEAT_OK, "%s", h.diag.text);
    return state;
}

/* One frame of samples through the engine, in place; how many came out. */
static size_t pass(double *samples, size_t n)
{
    double out[HOSTED_FRAME];
    size_t got = hosted_part(&h, samples, n, out, HOSTED_FRAME, false, true);
    got += hosted_rest(&h, out + got, HOSTED_FRAME - got);
    memcpy(samples, out, got * sizeof *out);
    return got;
}

/* ---- what is refused ---- */

static const struct {
    const char *stage, *param, *value;
    int status;
    const char *text;
} refused[] = {
    {"gian", "db", "1", LEAT_ENAME, "no stage is named 'gian'; did you mean 'gain'?"},
    {"nobody", "db", "1", LEAT_ENAME, "no stage is named 'nobody'"},
    {"gain", "bd", "1", LEAT_ENAME, "gain: unknown parameter 'bd'; did you mean 'db'?"},
    {"gain", "db", "900", LEAT_ERANGE, "gain: db: 900 is out of range: -400 to 400"},
    {"gain", "db", "loud", LEAT_ESYNTAX,
     "gain: db: expected decibels such as -6dB, found 'loud'"},
    {"clamp", "min", "5", LEAT_ERANGE, "clamp: min: 5 is above max=3: swap them"},
    {"where", "channel", "1", LEAT_EINVAL,
     "where: channel stays as it is while the engine runs; what may change: min, max"},
    {"zscore", "size", "1", LEAT_ENAME, "zscore: unknown parameter 'size'"},
    {"rolling", "size", "9", LEAT_EINVAL,
     "rolling: size stays as it is while the engine runs; nothing of it may change"},
    {"ewma", "span", "9", LEAT_EINVAL,
     "ewma: alpha, span, halflife: give exactly one of them; 2 are given"},
};

static void refusals(void)
{
    double one = 4;
    open_text(HOSTED("gain db=0 ! clamp min=-3 max=3 ! where channel=1 min=-9 ! zscore ! "
                     "rolling size=3 ! ewma alpha=0.5"),
              NULL);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        int status = leat_engine_knob(h.engine, refused[i].stage, refused[i].param,
                                      refused[i].value, &h.diag);
        EXPECT(status == refused[i].status && strcmp(h.diag.text, refused[i].text) == 0,
               "%zu: %d %s", i, status, h.diag.text);
    }
    struct leat_where_options other = {.channel = "2", .min = 0, .max = 1};
    EXPECT(leat_engine_knobs(h.engine, "where", &other, &h.diag) == LEAT_EINVAL &&
               strstr(h.diag.text, "channel stays as it is") != NULL,
           "%s", h.diag.text);
    EXPECT(leat_engine_knobs(h.engine, "zscore", &other, &h.diag) == LEAT_EINVAL, "no knobs");
    struct leat_knob_state state;
    EXPECT(leat_engine_knob_state(h.engine, "rolling", &state, &h.diag) == LEAT_EINVAL, "none");
    EXPECT(look("gain").given == 0 && look("clamp").given == 0, "nothing was taken");
    (void)pass(&one, 1);
    EXPECT(look("gain").applied == 0 && look("gain").first_seq == LEAT_SEQ_NONE, "nothing");
    leat_inlet_close(h.engine, h.in);
    while (leat_worker_step(h.engine, 0, 9, NULL) >= 0)
        continue;
    EXPECT(leat_engine_knob(h.engine, "gain", "db", "1", &h.diag) == LEAT_ESTATE &&
               strstr(h.diag.text, "has ended") != NULL,
           "%s", h.diag.text);
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
}

/* ---- one after the other ---- */

/* Before the first step, at the border of a batch, and one slot that is full until it is taken. */
static void by_steps(void)
{
    open_text(HOSTED("scale by=0 add=1 name=s"), NULL);
    EXPECT(leat_engine_knob(h.engine, "s", "add", "2", NULL) == 0, "before the first step");
    EXPECT(look("s").given == 1 && look("s").applied == 0, "on its way");
    EXPECT(leat_engine_knob(h.engine, "s", "add", "7", NULL) == 1, "the slot is full");
    EXPECT(((const struct leat_scale_options *)look("s").options)->add == 2, "nothing changed");
    for (int value = 2; value < 9; value++) {
        double x[5] = {3, 1, 4, 1, 5};
        EXPECT(pass(x, 5) == 5 && x[0] == value && x[4] == value, "%g, not %d", x[0], value);
        struct leat_knob_state state = look("s");
        EXPECT(state.given == state.applied && state.first_seq == (uint64_t)(value - 2) * 2,
               "first seen by %llu", (unsigned long long)state.first_seq);
        EXPECT(pass(x, 5) == 5 && x[0] == value, "and from then on");
        EXPECT(look("s").first_seq == (uint64_t)(value - 2) * 2, "the first one stays");
        struct leat_scale_options next = *(const struct leat_scale_options *)state.options;
        next.add = value + 1;
        EXPECT(leat_engine_knobs(h.engine, "s", &next, &h.diag) == 0, "%s", h.diag.text);
        EXPECT(look("s").given == (uint64_t)value && look("s").applied == (uint64_t)value - 1,
               "on its way");
    }
    close_engine();
}

/* Each stage against arithmetic written down here. */
static void each_stage(void)
{
    double x[3] = {10, -20, 30};
    open_text(HOSTED("gain db=0 ! scale ! clamp ! where channel=1"), NULL);
    EXPECT(leat_engine_knob(h.engine, "gain", "db", "-20dB", NULL) == 0, "gain");
    EXPECT(leat_engine_knob(h.engine, "scale", "by", "2", NULL) == 0, "scale");
    struct leat_clamp_options clamp = {.min = -3, .max = 5};
    EXPECT(leat_engine_knobs(h.engine, "clamp", &clamp, NULL) == 0, "clamp, both at once");
    EXPECT(leat_engine_knob(h.engine, "where", "max", "4", NULL) == 0, "where");
    EXPECT(pass(x, 3) == 2 && x[0] == 2 && x[1] == -3, "2, -3, and 5 is above where's 4");
    close_engine();

    double alpha = 0.5, value = 0, y[HOSTED_FRAME];
    open_text(HOSTED("ewma alpha=0.5"), NULL);
    for (int turn = 0; turn < 3; turn++) { /* the average goes on, the weight is another */
        for (int i = 0; i < 40; i++)
            y[i] = hosted_sample((size_t)(turn * 40 + i));
        EXPECT(pass(y, 40) == 40, "all");
        for (int i = 0; i < 40; i++) {
            double sample = hosted_sample((size_t)(turn * 40 + i));
            value = turn + i == 0 ? sample : value + alpha * (sample - value);
            EXPECT(fabs(y[i] - value) < 1e-12, "turn %d sample %d: %.17g, not %.17g", turn, i, y[i],
                   value);
        }
        alpha = turn == 0 ? 0.25 : 2.0 / 8;
        struct leat_ewma_options next = {.alpha = turn == 0 ? 0.25 : 0,
                                         .span = {.samples = turn == 0 ? 0 : 7}};
        EXPECT(leat_engine_knobs(h.engine, "ewma", &next, &h.diag) == 0, "%s", h.diag.text);
    }
    close_engine();
}

/* ---- a source and a flow stage of the host's ---- */

struct level_options {
    double at;
};

static int level_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    (void)options, (void)diag;
    need->state_bytes = sizeof(double);
    if (in != NULL)
        return LEAT_OK;
    need->out.rows = 1;
    need->out.cols = 2;
    need->out.kind = LEAT_F64;
    leat_shape_name(&need->out, 0, "level");
    return LEAT_OK;
}

static void level_knob(void *state, const void *options, const struct leat_shape *in)
{
    (void)in;
    *(double *)state = ((const struct level_options *)options)->at;
}

static int level_init(void *state, const void *options, const struct leat_shape *in,
                      const struct leat_need *need, struct leat_diag *diag)
{
    (void)need, (void)diag;
    level_knob(state, options, in);
    return LEAT_OK;
}

static int level_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    (void)ctx;
    for (uint32_t i = 0; i < n; i++) {
        double *row = leat_frame_row(frames[i], 0);
        row[0] = row[1] = *(const double *)state;
        frames[i]->cols = 2;
    }
    return (int)n;
}

static uint32_t raise_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                           uint32_t n, struct leat_out *out)
{
    uint32_t k = 0;
    (void)ctx;
    for (; k < n && leat_out_room(out) != 0; k++) {
        double *row = leat_frame_row(frames[k], 0);
        row[0] += *(const double *)state;
        row[1] += *(const double *)state;
        (void)leat_out_put(out, frames[k]);
    }
    return k;
}

static const struct leat_param level_params[] = {
    {.name = "at", .fallback = "0", .doc = "The level.", .example = "1",
     .offset = offsetof(struct level_options, at), .type = LEAT_P_F64, .knob = true}};

#define LEVEL .size = sizeof(struct leat_stage), .doc = "A level.", .params = level_params, \
              .params_n = 1, .options_bytes = sizeof(struct level_options), .outs = 1, \
              .resolve = level_resolve, .init = level_init, .knob = level_knob
static const struct leat_stage level = {LEVEL, .name = "level", .pull = level_pull};
static const struct leat_stage raise_stage = {LEVEL, .name = "raise", .ins = 1,
                                              .flow = raise_flow};
static const struct leat_stage *const own[] = {&level, &raise_stage};
static const struct leat_catalogue catalogue = {own, 2, NULL};

/* Frame by frame: which is the first that a source makes, and a flow stage is offered. */
static void by_heads(void)
{
    struct leat_limits limits = {.batch = 1};
    struct hosted_options o = {.own = &catalogue, .isa = leat_isa_best(), .limits = &limits,
                               .doorless = true};
    double out[2];
    EXPECT(hosted_open(&h, "level ! raise ! outlet name=out", &o) == LEAT_OK, "%s", h.diag.text);
    EXPECT(leat_outlet_find(h.engine, "out", &h.out, &h.diag) == LEAT_OK, "%s", h.diag.text);
    uint64_t frames = 0;
    for (int turn = 1; turn < 20; turn++) {
        double want = turn + (turn / 2) * 100;
        uint64_t before = frames;
        char text[16];
        snprintf(text, sizeof text, "%d", turn);
        EXPECT(leat_engine_knob(h.engine, "level", "at", text, &h.diag) == 0, "%s", h.diag.text);
        snprintf(text, sizeof text, "%d", turn / 2 * 100);
        EXPECT(leat_engine_knob(h.engine, "raise", "at", text, &h.diag) == 0, "%s", h.diag.text);
        for (int i = 0; i < turn; i++, frames++) {
            struct leat_frame *frame;
            EXPECT(leat_worker_step(h.engine, 0, 1, NULL) == 1, "a round");
            EXPECT(leat_outlet_take(h.engine, h.out, &frame, 1, NULL) == 1, "a frame");
            memcpy(out, leat_frame_row(frame, 0), sizeof out);
            EXPECT(frame->seq == frames && out[0] == want && out[1] == want, "%g, not %g", out[0],
                   want);
            leat_outlet_release(h.engine, h.out, &frame, 1);
        }
        EXPECT(look("level").first_seq == before && look("raise").first_seq == before,
               "frame %llu, not %llu", (unsigned long long)look("raise").first_seq,
               (unsigned long long)before);
    }
    leat_engine_stop(h.engine);
    while (leat_worker_step(h.engine, 0, 9, NULL) >= 0)
        continue;
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
}

/* ---- while threads run ---- */

enum { TURNS = 300 };

struct seen {
    uint64_t first[TURNS + 2]; /* by value: number of the first frame that has it */
    uint64_t frames;
};

static void *push(void *argument)
{
    leat_atomic_u32 *stop = argument;
    while (leat_load_relaxed(stop) == 0) {
        struct leat_frame *frame = leat_inlet_claim(h.engine, h.in, NULL);
        if (frame == NULL) {
            sched_yield();
            continue;
        }
        frame->cols = HOSTED_FRAME;
        memset(leat_frame_row(frame, 0), 0, HOSTED_FRAME * sizeof(double));
        while (!leat_inlet_publish(h.engine, h.in, frame))
            sched_yield();
    }
    leat_inlet_close(h.engine, h.in);
    return NULL;
}

static void *watch(void *argument)
{
    struct seen *seen = argument;
    struct leat_frame *frame;
    uint64_t last = 0;
    for (bool end = false; !end;) {
        if (leat_outlet_take(h.engine, h.out, &frame, 1, &end) == 0) {
            sched_yield();
            continue;
        }
        const double *x = leat_frame_row(frame, 0);
        for (uint32_t i = 1; i < frame->cols; i++)
            EXPECT(x[i] == x[0], "frame %llu is of two values", (unsigned long long)frame->seq);
        uint64_t value = (uint64_t)x[0];
        EXPECT(value >= last && value <= TURNS, "back from %llu to %llu",
               (unsigned long long)last, (unsigned long long)value);
        if (value != last || seen->frames == 0)
            seen->first[value] = frame->seq;
        last = value;
        seen->frames++;
        leat_outlet_release(h.engine, h.out, &frame, 1);
    }
    return NULL;
}

static void by_threads(uint32_t workers)
{
    static struct seen seen;
    static uint64_t told[TURNS + 1];
    struct leat_limits limits = {.workers = workers, .batch = 4};
    leat_atomic_u32 stop = 0;
    pthread_t threads[2];
    memset(&seen, 0xff, sizeof seen);
    seen.frames = 0;
    open_text(HOSTED("scale by=1 ! scale by=1 add=0 name=s ! scale by=1"), &limits);
    EXPECT(leat_engine_start(h.engine, &h.diag) == LEAT_OK, "%s", h.diag.text);
    pthread_create(&threads[0], NULL, push, &stop);
    pthread_create(&threads[1], NULL, watch, &seen);
    for (int value = 1; value <= TURNS; value++) {
        struct leat_scale_options next = {.by = 1, .add = value};
        struct leat_knob_state state;
        int status;
        while ((status = leat_engine_knobs(h.engine, "s", &next, &h.diag)) == 1)
            sched_yield();
        EXPECT(status == 0, "%s", h.diag.text);
        do
            state = look("s");
        while (value % 3 != 0 && /* every third is not waited for */
               (state.applied < (uint64_t)value || state.first_seq == LEAT_SEQ_NONE));
        if (state.applied == (uint64_t)value)
            told[value] = state.first_seq;
        else
            told[value] = LEAT_SEQ_NONE;
    }
    leat_store_relaxed(&stop, 1);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
    int compared = 0;
    for (int value = 1; value <= TURNS; value++)
        if (told[value] != LEAT_SEQ_NONE && ++compared)
            EXPECT(seen.first[value] == told[value], "%d was seen first by %llu, told %llu", value,
                   (unsigned long long)seen.first[value], (unsigned long long)told[value]);
    EXPECT(compared >= TURNS / 3, "only %d were told", compared);
}

/* A worker that sleeps is woken: without it the knob would lie there until the worker looks by
 * itself, nearly a second later. */
static void to_a_sleeper(void)
{
    uint64_t shortest = UINT64_MAX;
    open_text(HOSTED("scale name=s"), NULL);
    EXPECT(leat_engine_start(h.engine, &h.diag) == LEAT_OK, "%s", h.diag.text);
    for (int i = 0; i < 4; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL);
        uint64_t before = leat_clock_ns();
        EXPECT(leat_engine_knob(h.engine, "s", "add", "1", &h.diag) == 0, "%s", h.diag.text);
        while (look("s").applied != look("s").given)
            sched_yield();
        uint64_t took = leat_clock_ns() - before;
        shortest = took < shortest ? took : shortest;
    }
    EXPECT(shortest < 400000000, "%llu ns", (unsigned long long)shortest);
    leat_inlet_close(h.engine, h.in);
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
}

int main(void)
{
    refusals();
    to_a_sleeper();
    by_steps();
    each_stage();
    by_heads();
    for (uint32_t workers = 1; workers <= 3; workers++)
        by_threads(workers);
    return 0;
}
