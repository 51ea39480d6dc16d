/* Whole pipelines on two to four workers for ThreadSanitizer and plain builds: chains of every
 * kind of stage against plain loops, stops and failures at random moments, doors used from other
 * threads, snapshots taken meanwhile. Prints "ok" and how much was done, or what failed.
 */
#define _GNU_SOURCE
#include "rig.h"
#include "sanitized.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FRAMES = THREAD_SANITIZER ? 2000 : 6000, TURNS = THREAD_SANITIZER ? 12 : 32 };

static uint64_t random_state = UINT64_C(88172645463325252);

static uint32_t draw(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % n;
}

static int wrong(const struct rig *rig, const char *what, long long number)
{
    printf("failed: %s (%lld) %s\n", what, number, rig->diag.text);
    return 1;
}

static void rig_begin(struct rig *rig, struct ledger *ledger)
{
    memset(rig, 0, sizeof *rig);
    memset(ledger, 0, sizeof *ledger);
    rig->ledger = ledger;
    leat_graph_init(&rig->graph);
}

static const struct rig_link chain[] = {
    {&rig_source, {.n = FRAMES, .rows = 2, .cols = 9}},
    {&rig_add, {.add = 5}},
    {&rig_triple, {0}},
    {&rig_hold, {.hold = 3}},
    {&rig_pick, {.drop_every = 11, .reject_every = 13}},
    {&rig_third, {0}},
    {&rig_add, {.add = 5}},
    {&rig_sink, {0}},
};
enum { LINKS = sizeof chain / sizeof chain[0] };

static struct leat_limits draw_limits(void)
{
    uint32_t batch = 1 + draw(40);
    return (struct leat_limits){.workers = 2 + draw(3), .batch = batch,
                                .edge_frames = 1 + draw(2 * batch), .quarantine = draw(3),
                                .frames = draw(2) == 0 ? 0 : 1 + draw(50)};
}

static int run_to_the_end(const struct ledger *expected)
{
    struct ledger ledger;
    struct rig rig;
    struct leat_limits limits = draw_limits();
    rig_begin(&rig, &ledger);
    if (rig_chain(&rig, chain, LINKS) != LEAT_OK || rig_build(&rig, &limits, NULL) != LEAT_OK ||
        leat_engine_start(rig.engine, &rig.diag) != LEAT_OK)
        return wrong(&rig, "set-up", 0);
    int status;
    while ((status = leat_engine_wait(rig.engine, 100000, &rig.diag)) == 1) {
        struct leat_engine_stats stats;
        struct leat_pool_stats pool;
        leat_engine_snapshot(rig.engine, &stats); /* any thread, any time */
        leat_engine_pool(rig.engine, 0, &pool);
        if (pool.in_use > pool.frames || stats.frames > FRAMES)
            return wrong(&rig, "a snapshot that cannot be", pool.in_use);
    }
    if (status != LEAT_OK || ledger.frames != expected->frames ||
        ledger.digest != expected->digest || ledger.disorder != 0)
        return wrong(&rig, "a run differs from the plain loops", status);
    status = rig_end(&rig);
    return status == LEAT_OK ? 0 : wrong(&rig, "not everything came home", status);
}

/* Ends it somewhere in the middle: by stop, by a stage that fails, or by fini. */
static int run_and_break_off(void)
{
    struct ledger ledger;
    struct rig rig;
    struct rig_link links[LINKS];
    struct leat_limits limits = draw_limits();
    uint32_t how = draw(3), at = draw(2) == 0 ? 0 : LINKS - 1;
    memcpy(links, chain, sizeof links);
    links[0].options.n = 0;
    if (how == 1)
        links[at].options.fail_at = 1 + draw(3000);
    rig_begin(&rig, &ledger);
    if (rig_chain(&rig, links, LINKS) != LEAT_OK || rig_build(&rig, &limits, NULL) != LEAT_OK ||
        leat_engine_start(rig.engine, &rig.diag) != LEAT_OK)
        return wrong(&rig, "set-up", 0);
    nanosleep(&(struct timespec){.tv_nsec = 1 + draw(3000000)}, NULL);
    int status = LEAT_OK;
    if (how == 0)
        leat_engine_stop(rig.engine);
    if (how != 2)
        status = leat_engine_wait(rig.engine, UINT64_C(60000000000), &rig.diag);
    if (status != (how == 1 ? LEAT_EDATA : LEAT_OK))
        return wrong(&rig, "a broken-off run ends otherwise", status);
    status = rig_end(&rig);
    return status == LEAT_OK ? 0 : wrong(&rig, "not everything came home", status);
}

/* ---- doors ---- */

struct host {
    struct leat_engine *engine;
    uint32_t door;
    uint64_t frames, sum;
};

static void *push(void *argument)
{
    struct host *h = argument;
    for (uint64_t i = 0; i < FRAMES;) {
        struct leat_frame *f = leat_inlet_claim(h->engine, h->door, NULL);
        if (f == NULL) {
            nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
            continue;
        }
        f->cols = 4;
        for (uint32_t k = 0; k < 4; k++)
            ((double *)leat_frame_row(f, 0))[k] = (double)(i + k);
        while (!leat_inlet_publish(h->engine, h->door, f))
            nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
        i++;
    }
    leat_inlet_close(h->engine, h->door);
    return NULL;
}

static void *pull(void *argument)
{
    struct host *h = argument;
    for (bool end = false; !end;) {
        struct leat_frame *frames[5];
        uint32_t n = leat_outlet_take(h->engine, h->door, frames, 5, &end);
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t k = 0; k < 4; k++)
                h->sum += (uint64_t)((double *)leat_frame_row(frames[i], 0))[k];
        leat_outlet_release(h->engine, h->door, frames, n);
        h->frames += n;
        if (n == 0)
            nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
    }
    return NULL;
}

static int run_doors(void)
{
    struct ledger ledger;
    struct rig rig;
    struct host in = {0}, out = {0};
    struct leat_limits limits = draw_limits();
    struct rig_options add = {.ledger = &ledger, .add = 1};
    struct leat_inlet_options o = {.channels = 1, .frame = {.samples = 4}};
    uint32_t nodes[3];
    rig_begin(&rig, &ledger);
    int status = leat_graph_add(&rig.graph, leat_catalogue_find(leat_doors(), "inlet", true, NULL),
                                &o, NULL, &nodes[0], &rig.diag);
    status |= leat_graph_add(&rig.graph, &rig_add, &add, NULL, &nodes[1], &rig.diag);
    status |= leat_graph_add(&rig.graph, leat_catalogue_find(leat_doors(), "outlet", false, NULL),
                             NULL, NULL, &nodes[2], &rig.diag);
    status |= leat_graph_join(&rig.graph, nodes[0], 0, nodes[1], 0, &rig.diag);
    status |= leat_graph_join(&rig.graph, nodes[1], 0, nodes[2], 0, &rig.diag);
    if (status != LEAT_OK || rig_build(&rig, &limits, NULL) != LEAT_OK ||
        leat_inlet_find(rig.engine, "inlet", &in.door, &rig.diag) != LEAT_OK ||
        leat_outlet_find(rig.engine, "outlet", &out.door, &rig.diag) != LEAT_OK ||
        leat_engine_start(rig.engine, &rig.diag) != LEAT_OK)
        return wrong(&rig, "set-up of doors", status);
    in.engine = out.engine = rig.engine;
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, push, &in);
    pthread_create(&threads[1], NULL, pull, &out);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    status = leat_engine_wait(rig.engine, UINT64_MAX, &rig.diag);
    uint64_t n = FRAMES, sum = 4 * (n * (n - 1) / 2) + n * (0 + 1 + 2 + 3) + 4 * n;
    if (status != LEAT_OK || out.frames != n || out.sum != sum)
        return wrong(&rig, "what went in did not come out", (long long)out.frames);
    status = rig_end(&rig);
    return status == LEAT_OK ? 0 : wrong(&rig, "not everything came home", status);
}

int main(int argc, char **argv)
{
    struct ledger expected = {0};
    if (argc > 1)
        random_state ^= strtoull(argv[1], NULL, 0) << 1;
    rig_expect(chain, LINKS, &expected);
    for (int turn = 0; turn < TURNS; turn++) {
        if ((turn % 4 == 0 && run_to_the_end(&expected) != 0) || run_and_break_off() != 0 ||
            (turn % 4 == 1 && run_doors() != 0)) {
            printf("in turn %d\n", turn);
            return 1;
        }
    }
    printf("ok: %d turns\n", TURNS);
    return 0;
}
