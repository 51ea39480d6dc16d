/* Rejected frames, told one by one: which, where and why, in words; none is lost without a count.
 */
#include "hosted.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { NEGATIVE = LEAT_WHY_OWN, TOO_LARGE, NAMELESS };

static void judge(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state;
    for (uint32_t i = 0; i < n; i++) {
        double x = *(const double *)leat_frame_row(frames[i], 0);
        if (x < 0)
            leat_reject(ctx, i, NEGATIVE);
        else if (x == 77)
            leat_reject(ctx, i, NAMELESS);
        else if (x > 1000)
            leat_reject(ctx, i, TOO_LARGE);
    }
}

static const char *const whys[] = {"negative", "too large", NULL};
static const struct leat_stage judge_stage = {
    .size = sizeof judge_stage, .traits = LEAT_MAP | LEAT_MAY_BREAK_FINITE, .name = "judge",
    .doc = "Rejects.", .ins = 1, .outs = 1, .map = judge, .whys = whys};
static const struct leat_stage *const own[] = {&judge_stage};
static const struct leat_catalogue catalogue = {own, 1, NULL};

struct told {
    struct leat_rejected at[64];
    uint32_t n;
};

static void note(void *user, const struct leat_rejected *rejected)
{
    struct told *told = user;
    EXPECT(told->n < 64, "more than there are");
    told->at[told->n++] = *rejected;
}

static void push(struct hosted *h, double x, int64_t time_ns)
{
    struct leat_frame *frame = leat_inlet_claim(h->engine, h->in, NULL);
    EXPECT(frame != NULL, "a frame");
    frame->cols = 1;
    frame->time_ns = time_ns;
    *(double *)leat_frame_row(frame, 0) = x;
    EXPECT(leat_inlet_publish(h->engine, h->in, frame), "room");
}

static void expect(const struct told *told, uint32_t i, const char *stage, uint16_t why,
                   const char *text, uint64_t seq, int64_t time_ns)
{
    const struct leat_rejected *r = &told->at[i];
    EXPECT(strcmp(r->stage, stage) == 0 && r->why == why && r->seq == seq && r->time_ns == time_ns,
           "%u: %s %u %llu", i, r->stage, r->why, (unsigned long long)r->seq);
    EXPECT(text == NULL ? r->why_text == NULL
                        : r->why_text != NULL && strcmp(r->why_text, text) == 0,
           "%u: the word", i);
}

static const double samples[] = {1, -1, 2, 77, 5000, NAN, 3, -4};

static void one_by_one(uint32_t workers)
{
    struct leat_limits limits = {.workers = workers};
    struct hosted_options o = {.own = &catalogue, .isa = leat_isa_best(), .limits = &limits};
    struct hosted h;
    struct told told = {.n = 0};
    double out[16];
    uint64_t lost = 9;
    EXPECT(hosted_open(&h, HOSTED("judge name=j ! ewma alpha=1 name=e"), &o) == LEAT_OK, "%s",
           h.diag.text);
    EXPECT(leat_engine_rejects(h.engine, note, &told, &lost) == 0 && lost == 0, "none yet");
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < 8; i++)
            push(&h, samples[i], turn * 100 + i);
        EXPECT(hosted_rest(&h, out, 16) == 3, "three are good");
        told.n = 0;
        EXPECT(leat_engine_rejects(h.engine, note, &told, NULL) == 5 && told.n == 5, "%u", told.n);
        uint64_t seq = (uint64_t)turn * 8;
        int64_t at = turn * 100;
        if (workers == 1) { /* one batch: what the first stage rejects comes first */
            expect(&told, 0, "j", NEGATIVE, "negative", seq + 1, at + 1);
            expect(&told, 1, "j", NAMELESS, NULL, seq + 3, at + 3);
            expect(&told, 2, "j", TOO_LARGE, "too large", seq + 4, at + 4);
            expect(&told, 3, "j", NEGATIVE, "negative", seq + 7, at + 7);
        }
        expect(&told, 4, "e", LEAT_WHY_NOT_FINITE, "not finite", seq + 5, at + 5);
        EXPECT(leat_engine_rejects(h.engine, note, &told, NULL) == 0, "each once");
    }
    leat_inlet_close(h.engine, h.in);
    (void)hosted_pass(&h, NULL, 0, out, false);
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
}

/* Nobody asks, or not often enough: the newest are counted, not kept, and nobody waits. */
static void lost_are_counted(void)
{
    struct leat_limits limits = {.rejects = 3};
    struct hosted_options o = {.own = &catalogue, .isa = leat_isa_best(), .limits = &limits};
    struct hosted h;
    struct told told = {.n = 0};
    double out[4];
    uint64_t lost = 0;
    EXPECT(hosted_open(&h, HOSTED("judge"), &o) == LEAT_OK, "%s", h.diag.text);
    for (uint64_t turn = 1; turn <= 4; turn++) {
        for (int i = 0; i < 5; i++)
            push(&h, -1, i);
        (void)hosted_rest(&h, out, 4);
        told.n = 0;
        EXPECT(leat_engine_rejects(h.engine, note, &told, &lost) == 3 && lost == 2 * turn,
               "%u told, %llu lost", told.n, (unsigned long long)lost);
        for (uint32_t i = 0; i < 3; i++)
            expect(&told, i, "judge", NEGATIVE, "negative", (turn - 1) * 5 + i, i);
    }
    leat_inlet_close(h.engine, h.in);
    (void)hosted_pass(&h, NULL, 0, out, false);
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
    limits.rejects = UINT32_MAX;
    EXPECT(hosted_open(&h, HOSTED("judge"), &o) == LEAT_ERANGE, "%s", h.diag.text);
    EXPECT(strstr(h.diag.text, "records of rejected frames") != NULL, "%s", h.diag.text);
    (void)hosted_close(&h);
}

static void count(void *user, const struct leat_rejected *rejected)
{
    uint64_t *n = user;
    n[0]++;
    n[1] += rejected->seq < n[2]; /* one stage: in order */
    n[2] = rejected->seq;
}

/* Asked for while threads run: told and lost together are what the stage counted. */
static void beside_threads(uint32_t workers)
{
    struct leat_limits limits = {.workers = workers, .rejects = 16, .batch = 4};
    struct hosted_options o = {.own = &catalogue, .isa = leat_isa_best(), .limits = &limits};
    struct hosted h;
    struct leat_stage_stats stats;
    uint64_t n[3] = {0, 0, 0}, lost = 0;
    double out[64];
    EXPECT(hosted_open(&h, HOSTED("scale ! judge ! scale"), &o) == LEAT_OK, "%s", h.diag.text);
    EXPECT(leat_engine_start(h.engine, NULL) == LEAT_OK, "start");
    for (uint64_t i = 0; i < 4000;) {
        struct leat_frame *frame = leat_inlet_claim(h.engine, h.in, NULL);
        if (frame != NULL) {
            frame->cols = 1;
            *(double *)leat_frame_row(frame, 0) = i % 2 == 0 ? -1 : 1;
            i += leat_inlet_publish(h.engine, h.in, frame) ||
                 (leat_inlet_release(h.engine, h.in, frame), false);
        }
        (void)leat_engine_rejects(h.engine, count, n, &lost);
        bool end;
        while (leat_outlet_take(h.engine, h.out, &frame, 1, &end) != 0)
            leat_outlet_release(h.engine, h.out, &frame, 1);
        if (leat_inlet_why(h.engine, h.in) != LEAT_DOOR_OPEN)
            sched_yield();
    }
    (void)hosted_part(&h, NULL, 0, out, 64, true, false);
    EXPECT(leat_engine_wait(h.engine, UINT64_MAX, NULL) == LEAT_OK, "the end");
    (void)leat_engine_rejects(h.engine, count, n, &lost);
    leat_engine_stage(h.engine, 2, &stats);
    EXPECT(stats.rejected == 2000 && n[0] + lost == 2000 && n[1] == 0,
           "%llu rejected, %llu told, %llu lost", (unsigned long long)stats.rejected,
           (unsigned long long)n[0], (unsigned long long)lost);
    EXPECT(n[0] > 100, "only %llu were told", (unsigned long long)n[0]);
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
}

int main(void)
{
    for (uint32_t workers = 1; workers <= 2; workers++)
        one_by_one(workers);
    lost_are_counted();
    for (uint32_t workers = 1; workers <= 3; workers++)
        beside_threads(workers);
    return 0;
}
