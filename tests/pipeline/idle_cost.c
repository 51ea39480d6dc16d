/* What waiting costs, and how soon it ends: a pipeline whose host is silent for three seconds takes
 * less than one part in a hundred of a core, and the first frame after the silence is at the sink
 * within a millisecond. The machine may be shared, so the waking is measured many times and the
 * median counts. A worker whose outlet nobody empties must not spin either. Skipped under
 * sanitizers, which change what things cost.
 */
#define _GNU_SOURCE
#include "rig.h"
#include "sanitized.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { WAKES = 31 };

static void pause_ns(uint64_t ns)
{
    struct timespec t = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
    nanosleep(&t, NULL);
}

static uint64_t process_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* inlet ! add ! middle ! (sink or outlet) */
static int build(struct rig *rig, struct ledger *ledger, const struct leat_stage *middle,
                 bool outlet, uint32_t workers, uint32_t *door)
{
    struct leat_inlet_options o = {.channels = 1, .frame = {.samples = 4}};
    struct rig_options options = {.ledger = ledger, .tick_ns = 100000000};
    const struct leat_catalogue *doors = leat_doors();
    const struct leat_stage *end = outlet ? leat_catalogue_find(doors, "outlet", false, NULL)
                                          : &rig_sink;
    uint32_t n[4];
    memset(rig, 0, sizeof *rig);
    memset(ledger, 0, sizeof *ledger);
    leat_graph_init(&rig->graph);
    int status = leat_graph_add(&rig->graph, leat_catalogue_find(doors, "inlet", true, NULL), &o,
                                NULL, &n[0], &rig->diag);
    status |= leat_graph_add(&rig->graph, &rig_add, &options, NULL, &n[1], &rig->diag);
    status |= leat_graph_add(&rig->graph, middle, &options, NULL, &n[2], &rig->diag);
    status |= leat_graph_add(&rig->graph, end, outlet ? NULL : &options, NULL, &n[3], &rig->diag);
    for (int i = 0; i < 3; i++)
        status |= leat_graph_join(&rig->graph, n[i], 0, n[i + 1], 0, &rig->diag);
    struct leat_limits limits = {.workers = workers, .batch = 4, .edge_frames = 4, .frames = 64};
    if (status != LEAT_OK || rig_build(rig, &limits, NULL) != LEAT_OK ||
        leat_inlet_find(rig->engine, "inlet", door, &rig->diag) != LEAT_OK ||
        leat_engine_start(rig->engine, &rig->diag) != LEAT_OK) {
        printf("failed: set-up: %s\n", rig->diag.text);
        return 1;
    }
    return 0;
}

static bool push(struct rig *rig, uint32_t door)
{
    struct leat_frame *f = leat_inlet_claim(rig->engine, door, NULL);
    if (f == NULL)
        return false;
    f->cols = 4;
    memset(leat_frame_row(f, 0), 0, 32);
    return leat_inlet_publish(rig->engine, door, f);
}

/* The share of one core that the process takes during ns. */
static double cost(uint64_t ns)
{
    uint64_t cpu = process_ns(), wall = leat_clock_ns();
    pause_ns(ns);
    return (double)(process_ns() - cpu) / (double)(leat_clock_ns() - wall);
}

static int check(const char *what, uint32_t workers, double share)
{
    printf("%s, %u workers: %.4f of a core\n", what, workers, share);
    return share >= 0.01;
}

static int silent_inlet(uint32_t workers, uint64_t silence)
{
    struct ledger ledger;
    struct rig rig;
    uint32_t door;
    uint64_t waits[WAKES];
    if (build(&rig, &ledger, &rig_pass, false, workers, &door) != 0)
        return 1;
    pause_ns(50000000); /* the ladder down to sleep */
    int failures = check("a silent host", workers, cost(silence));
    for (int i = 0; i < WAKES; i++) {
        uint64_t began = leat_clock_ns();
        if (!push(&rig, door))
            return printf("failed: no frame\n"), 1;
        uint64_t sunk = 0, until = began + 1000000000;
        while (sunk <= began && leat_clock_ns() < until) {
            sunk = leat_load_relaxed(&ledger.sunk_at);
            pause_ns(20000); /* leaves the processor to the worker */
        }
        waits[i] = sunk > began ? sunk - began : UINT64_MAX;
        pause_ns(20000000);
    }
    qsort(waits, WAKES, sizeof waits[0], by_size);
    printf("the first frame after a silence, %u workers: median %.1f us, best %.1f, worst %.1f\n",
           workers, (double)waits[WAKES / 2] / 1e3, (double)waits[0] / 1e3,
           (double)waits[WAKES - 1] / 1e3);
    failures += waits[WAKES / 2] >= 1000000;
    leat_inlet_close(rig.engine, door);
    if (leat_engine_wait(rig.engine, UINT64_C(10000000000), &rig.diag) != LEAT_OK)
        return printf("failed: it does not end\n"), 1;
    return failures + (rig_end(&rig) != LEAT_OK);
}

/* A stage with a tick behind which everything is full: its tick cannot be due all the time. */
static int full_outlet(uint32_t workers)
{
    struct ledger ledger;
    struct rig rig;
    uint32_t door;
    if (build(&rig, &ledger, &rig_ticker, true, workers, &door) != 0)
        return 1;
    for (int i = 0; i < 60; i++) {
        (void)push(&rig, door);
        pause_ns(1000000);
    }
    int failures = check("a full outlet behind a stage that ticks", workers, cost(700000000));
    rig_end(&rig);
    return failures;
}

static uint64_t thread_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* What the engine's threads take, and what this one takes that sleeps a millisecond at a time
 * meanwhile. Of several stretches the one in which the engine takes the least: what else runs on
 * the machine only adds, and adds to both. */
static void least_shares(double *engine, double *bare)
{
    *engine = 1;
    for (int i = 0; i < 8; i++) {
        uint64_t own = thread_ns(), all = process_ns(), wall = leat_clock_ns();
        for (int k = 0; k < 80; k++)
            pause_ns(1000000);
        double ns = (double)(leat_clock_ns() - wall), slept = (double)(thread_ns() - own);
        double share = ((double)(process_ns() - all) - slept) / ns;
        *bare = share < *engine ? slept / ns : *bare;
        *engine = share < *engine ? share : *engine;
    }
}

/* When a source was asked; written by its worker, read after the end. */
static uint64_t asked[4096];
static uint32_t asked_n;

static int pull_and_note(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                         uint32_t n)
{
    if (asked_n < sizeof asked / sizeof asked[0])
        asked[asked_n++] = leat_clock_ns();
    return rig_source.pull(state, ctx, frames, n);
}

/* The usual time between two awakenings; when it wakes, a worker may ask more than once. */
static uint64_t usual_gap(void)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i < asked_n; i++)
        if (asked[i] - asked[i - 1] > 500000)
            asked[n++] = asked[i] - asked[i - 1];
    qsort(asked, n, sizeof asked[0], by_size);
    return n > 0 ? asked[n / 2] : 0;
}

/* A source that has nothing yet and does not wait itself must be asked again and again: about every
 * four milliseconds. That takes less than a part in a hundred of a core, or, where the machine asks
 * more for a sleep, much less than sleeping a millisecond at a time. Its frame is not late. */
static int silent_source(void)
{
    struct ledger ledger = {0};
    struct rig rig = {.ledger = &ledger};
    struct leat_stage polled = rig_source;
    const uint64_t silent = 1500000000;
    struct rig_link links[] = {{&polled, {.n = 1, .silent_ns = silent}}, {&rig_sink, {0}}};
    polled.pull = pull_and_note;
    leat_graph_init(&rig.graph);
    double share, bare = 0;
    uint64_t began = leat_clock_ns();
    if (rig_chain(&rig, links, 2) != LEAT_OK || rig_build(&rig, NULL, NULL) != LEAT_OK ||
        leat_engine_start(rig.engine, &rig.diag) != LEAT_OK)
        return printf("failed: set-up: %s\n", rig.diag.text), 1;
    pause_ns(50000000);
    least_shares(&share, &bare);
    if (leat_engine_wait(rig.engine, UINT64_C(10000000000), &rig.diag) != LEAT_OK)
        return printf("failed: it does not end\n"), 1;
    uint64_t late = leat_load_relaxed(&ledger.sunk_at) - (began + silent);
    uint64_t gap = usual_gap();
    printf("a source with nothing yet: asked every %.2f ms, %.4f of a core, bare sleeps %.4f; its "
           "frame %.1f ms late\n",
           (double)gap / 1e6, share, bare, (double)late / 1e6);
    return (share >= 0.01 && share >= 0.6 * bare) + (gap < 2000000 || gap > 6000000) +
           (late > 50000000) + (rig_end(&rig) != LEAT_OK);
}

int main(void)
{
    if (SANITIZED) {
        printf("skipped: a sanitizer changes what things cost\n");
        return 77;
    }
    int failures = silent_inlet(1, UINT64_C(3000000000)) + silent_inlet(2, 500000000) +
                   full_outlet(1) + full_outlet(2) + silent_source();
    printf("%s\n", failures == 0 ? "ok" : "failed");
    return failures != 0;
}
