/* An engine that knows no time but the host's: ticks, ages, due times and counters of time follow
 * it to the nanosecond, however long the machine takes. The oracle is the same arithmetic in plain
 * loops.
 */
#define _GNU_SOURCE
#include "hosted.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MS = 1000000, PERIOD = 10 * MS, TICKS_MAX = 256 };

static struct {
    uint64_t at[TICKS_MAX];
    uint32_t n;
} ticks;

static leat_atomic_u64 now;

static int resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                   struct leat_diag *diag)
{
    (void)options, (void)in, (void)diag;
    need->tick_ns = PERIOD;
    return LEAT_OK;
}

static uint32_t flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n, struct leat_out *out)
{
    (void)state, (void)ctx;
    uint32_t k = 0;
    while (k < n && leat_out_put(out, frames[k]))
        k++;
    return k;
}

static void tick(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    (void)state, (void)out;
    EXPECT(ticks.n < TICKS_MAX, "too many");
    ticks.at[ticks.n++] = ctx->now;
}

static const struct leat_stage ticker = {.size = sizeof ticker, .name = "ticker", .doc = "Ticks.",
                                         .ins = 1, .outs = 1, .resolve = resolve, .flow = flow,
                                         .tick = tick};
static const struct leat_stage *const own[] = {&ticker};
static const struct leat_catalogue catalogue = {own, 1, NULL};

static void open_at(struct hosted *h, const char *text, uint64_t start)
{
    struct hosted_options o = {.own = &catalogue, .isa = leat_isa_best(), .clock_ns = &now};
    leat_store_relaxed(&now, start);
    ticks.n = 0;
    EXPECT(hosted_open(h, text, &o) == LEAT_OK, "%s", h->diag.text);
}

static void close_engine(struct hosted *h)
{
    double out[64];
    leat_inlet_close(h->engine, h->in);
    (void)hosted_part(h, NULL, 0, out, 64, false, false);
    while (leat_worker_step(h->engine, 0, 1, NULL) >= 0)
        continue;
    EXPECT(hosted_close(h) == LEAT_OK, "%s", h->diag.text);
}

/* Irregular strides of time; `slow`: the machine takes its time between them. */
static void tick_by_tick(uint64_t start, bool slow)
{
    struct hosted h;
    uint64_t due = start, expected = 0, random = 7;
    open_at(&h, HOSTED("ticker"), start);
    for (int step = 0; step < 300; step++) {
        uint64_t said = 0, time = leat_load_relaxed(&now);
        int did;
        while ((did = leat_worker_step(h.engine, 0, 1, &said)) > 0)
            continue;
        EXPECT(did == 0, "it goes on");
        if (time >= due) {
            EXPECT(expected < ticks.n && ticks.at[expected] == time, "tick %llu",
                   (unsigned long long)expected);
            expected++;
            due = time + PERIOD;
        }
        EXPECT(ticks.n == expected, "step %d: %u ticks, not %llu", step, ticks.n,
               (unsigned long long)expected);
        EXPECT(said == due, "due at %llu, not %llu", (unsigned long long)said,
               (unsigned long long)due);
        random = random * UINT64_C(6364136223846793005) + 1;
        leat_store_relaxed(&now, time + (random >> 33) % (6 * MS));
        if (slow && step % 50 == 0)
            nanosleep(&(struct timespec){.tv_nsec = 12 * MS}, NULL);
    }
    EXPECT(expected > 50, "%llu ticks in all", (unsigned long long)expected);
    struct leat_engine_stats stats;
    leat_engine_snapshot(h.engine, &stats);
    double seconds = (double)(leat_load_relaxed(&now) - start) * 1e-9;
    EXPECT(stats.seconds > seconds - 1e-8 && stats.seconds < seconds + 1e-8, "%.9f, not %.9f",
           stats.seconds, seconds);
    close_engine(&h);
}

static void push(struct hosted *h, uint64_t at_ms)
{
    leat_store_relaxed(&now, at_ms * MS);
    struct leat_frame *frame = leat_inlet_claim(h->engine, h->in, NULL);
    EXPECT(frame != NULL, "a frame");
    frame->cols = 1;
    *(double *)leat_frame_row(frame, 0) = (double)at_ms;
    EXPECT(leat_inlet_publish(h->engine, h->in, frame), "room");
}

/* What waits longer than its age is let go, to the nanosecond. */
static void ages(bool slow)
{
    struct hosted h;
    double out[16];
    struct leat_stage_stats stats;
    open_at(&h, HOSTED("queue depth=8 age=5ms name=q"), 0);
    for (uint64_t at = 0; at < 8; at++)
        push(&h, at);
    if (slow)
        nanosleep(&(struct timespec){.tv_nsec = 20 * MS}, NULL);
    leat_store_relaxed(&now, 8 * MS + 1);
    size_t got = hosted_rest(&h, out, 16); /* born at 3 ms: 5.000001 ms ago */
    EXPECT(got == 4 && out[0] == 4 && out[3] == 7, "%zu came, the first %g", got, out[0]);
    leat_engine_stage(h.engine, 1, &stats);
    EXPECT(stats.dropped == 4, "%llu dropped", (unsigned long long)stats.dropped);
    close_engine(&h);
}

int main(void)
{
    for (int slow = 0; slow < 2; slow++) {
        tick_by_tick(0, slow != 0);
        tick_by_tick(UINT64_C(1) << 60, slow != 0);
        ages(slow != 0);
    }
    struct hosted h;
    open_at(&h, HOSTED("scale"), 5);
    EXPECT(leat_engine_start(h.engine, &h.diag) == LEAT_ESTATE, "threads know no such time");
    EXPECT(strstr(h.diag.text, "is stepped, not started") != NULL, "%s", h.diag.text);
    close_engine(&h);
    return 0;
}
