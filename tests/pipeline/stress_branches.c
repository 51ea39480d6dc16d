/* Tees and joins on two to four workers for ThreadSanitizer and plain builds: readers that share a
 * frame, one of which rejects some, a tee behind a tee that copies what others read, and a join of
 * the copies, against plain loops; stops and failures at random moments; a host that writes into
 * what it takes. Prints "ok" and how much was done, or what failed.
 */
#define _GNU_SOURCE
#include "rig.h"
#include "sanitized.h"

#include <leat/stages.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FRAMES = THREAD_SANITIZER ? 1500 : 6000, TURNS = THREAD_SANITIZER ? 20 : 60 };
enum { ROWS = 2, COLS = 9, REJECT = 7, STAGES = 16 };
enum { READER, PICKY, LEFT, RIGHT, SINKS }; /* the last two behind the join */

static uint64_t random_state = UINT64_C(88172645463325252);

static uint32_t draw(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % n;
}

/* ---- the graph ---- */

struct net {
    struct rig rig;
    struct ledger ledgers[SINKS];
    uint32_t outs[STAGES], ins[STAGES];
    uint32_t door;
    bool host; /* one more branch ends in an outlet */
    uint64_t taken, wrong;
};

static int wrong(const struct net *net, const char *what, long long number)
{
    printf("failed: %s (%lld) %s\n", what, number, net->rig.diag.text);
    return 1;
}

static void link(struct net *net, uint32_t from, uint32_t to)
{
    if (leat_graph_join(&net->rig.graph, from, net->outs[from]++, to, net->ins[to]++,
                        &net->rig.diag) != LEAT_OK)
        abort();
}

static uint32_t add(struct net *net, const struct leat_stage *stage, const void *options)
{
    uint32_t node;
    if (leat_graph_add(&net->rig.graph, stage, options, NULL, &node, &net->rig.diag) != LEAT_OK)
        abort();
    return node;
}

static uint32_t behind(struct net *net, uint32_t from, const struct leat_stage *stage,
                       const void *options)
{
    uint32_t node = add(net, stage, options);
    link(net, from, node);
    return node;
}

static void picky_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    (void)state;
    for (uint32_t i = 0; i < n; i++)
        if (frames[i]->seq % REJECT == 0)
            leat_reject(ctx, i, LEAT_WHY_OWN);
}

static const struct leat_stage picky = {.size = sizeof picky, .traits = LEAT_MAP | LEAT_READS_ONLY,
                                        .name = "picky", .ins = 1, .outs = 1, .map = picky_map};

static const struct leat_stage *joint(const char *name)
{
    return leat_catalogue_find(leat_joints(), name, false, NULL);
}

static void sink(struct net *net, uint32_t from, uint32_t which, uint64_t fail_at)
{
    struct rig_options o = {.ledger = &net->ledgers[which], .fail_at = fail_at};
    behind(net, from, &rig_sink, &o);
}

/* The branches of the first tee, one of which begins with the second, in any order. */
static void branches(struct net *net, uint32_t tee, uint32_t join, uint64_t fail_at)
{
    struct rig_options change = {.ledger = &net->ledgers[LEFT], .add = 5},
                       hold = {.ledger = &net->ledgers[LEFT], .hold = 3};
    uint32_t first = draw(3);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t which = (first + i) % 3;
        if (which == 0) {
            uint32_t inner = behind(net, tee, joint("tee"), NULL);
            link(net, behind(net, inner, &rig_add, &change), join);
            sink(net, behind(net, inner, &picky, NULL), PICKY, 0);
        } else if (which == 1) {
            link(net, behind(net, tee, &rig_hold, &hold), join);
        } else {
            sink(net, tee, READER, fail_at);
        }
    }
    if (net->host)
        behind(net, tee, leat_catalogue_find(leat_doors(), "outlet", false, NULL), NULL);
}

static bool begin(struct net *net, uint64_t frames, bool host, uint64_t fail_at)
{
    uint32_t batch = 1 + draw(40);
    struct leat_limits limits = {.workers = 2 + draw(3), .batch = batch,
                                 .edge_frames = 1 + draw(2 * batch), .quarantine = draw(3)};
    struct leat_join_options sum = {.how = 1};
    memset(net, 0, sizeof *net);
    net->rig.ledger = &net->ledgers[LEFT];
    net->host = host;
    leat_graph_init(&net->rig.graph);
    struct rig_options source = {.ledger = &net->ledgers[LEFT], .n = frames, .rows = ROWS,
                                 .cols = COLS};
    uint32_t tee = behind(net, add(net, &rig_source, &source), joint("tee"), NULL);
    uint32_t join = add(net, leat_catalogue_find(leat_math_stages(), "join", false, NULL), &sum);
    branches(net, tee, join, fail_at);
    uint32_t both = behind(net, join, joint("tee"), NULL);
    sink(net, both, LEFT, 0);
    sink(net, both, RIGHT, 0);
    return rig_build(&net->rig, &limits, NULL) == LEAT_OK &&
           (!host || leat_outlet_find(net->rig.engine, "outlet", &net->door, NULL) == LEAT_OK);
}

/* ---- what comes out ---- */

static bool is_right(const struct ledger *got, bool all, uint64_t times, uint64_t plus)
{
    uint64_t digest = 0, frames = 0;
    for (uint64_t seq = 0; seq < FRAMES; seq++) {
        if (!all && seq % REJECT == 0)
            continue;
        frames++;
        for (uint32_t r = 0; r < ROWS; r++)
            for (uint32_t i = 0; i < COLS; i++)
                digest = rig_mix(digest, (double)times * rig_sample(seq, r, i) + (double)plus);
    }
    return got->frames == frames && got->digest == digest && got->disorder == 0;
}

/* Takes what comes out of the outlet and writes over it. */
static void *take(void *argument)
{
    struct net *net = argument;
    for (bool end = false; !end;) {
        struct leat_frame *frames[5];
        uint32_t n = leat_outlet_take(net->rig.engine, net->door, frames, 5, &end);
        for (uint32_t i = 0; i < n; i++) {
            net->wrong += frames[i]->seq != net->taken++ || frames[i]->share != 0 ||
                          *(double *)leat_frame_row(frames[i], 0) !=
                              rig_sample(frames[i]->seq, 0, 0);
            memset(leat_frame_row(frames[i], 0), 0xa5, COLS * sizeof(double));
        }
        leat_outlet_release(net->rig.engine, net->door, frames, n);
        if (n == 0)
            nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
    }
    return NULL;
}

static int run_to_the_end(struct net *net)
{
    pthread_t thread;
    struct leat_engine_stats stats;
    bool host = draw(2) == 0;
    if (!begin(net, FRAMES, host, 0) || leat_engine_start(net->rig.engine, NULL) != LEAT_OK)
        return wrong(net, "set-up", 0);
    if (host && pthread_create(&thread, NULL, take, net) != 0)
        return wrong(net, "no thread", 0);
    int status = leat_engine_wait(net->rig.engine, UINT64_C(120000000000), &net->rig.diag);
    if (status != LEAT_OK)
        return wrong(net, "a run ends otherwise, or never", status);
    if (host)
        pthread_join(thread, NULL);
    if (!is_right(&net->ledgers[READER], true, 1, 0) ||
        !is_right(&net->ledgers[PICKY], false, 1, 0) ||
        !is_right(&net->ledgers[LEFT], true, 2, 5) || !is_right(&net->ledgers[RIGHT], true, 2, 5))
        return wrong(net, "a run differs from the plain loops", 0);
    leat_engine_snapshot(net->rig.engine, &stats);
    if (stats.copied != (host ? 3 : 2) * FRAMES)
        return wrong(net, "copies", (long long)stats.copied);
    if (host && (net->taken != FRAMES || net->wrong != 0))
        return wrong(net, "what the host took", (long long)net->wrong);
    status = rig_end(&net->rig);
    return status == LEAT_OK ? 0 : wrong(net, "not everything came home", status);
}

/* Ends it somewhere in the middle: by stop, by a branch that fails, or by fini. */
static int run_and_break_off(struct net *net)
{
    uint32_t how = draw(3);
    if (!begin(net, 0, false, how == 1 ? 1 + draw(2000) : 0) ||
        leat_engine_start(net->rig.engine, NULL) != LEAT_OK)
        return wrong(net, "set-up", 0);
    nanosleep(&(struct timespec){.tv_nsec = 1 + draw(3000000)}, NULL);
    int status = LEAT_OK;
    if (how == 0)
        leat_engine_stop(net->rig.engine);
    if (how != 2)
        status = leat_engine_wait(net->rig.engine, UINT64_C(60000000000), &net->rig.diag);
    if (status != (how == 1 ? LEAT_EDATA : LEAT_OK))
        return wrong(net, "a broken-off run ends otherwise", status);
    status = rig_end(&net->rig);
    return status == LEAT_OK ? 0 : wrong(net, "not everything came home", status);
}

int main(int argc, char **argv)
{
    static struct net net;
    if (argc > 1)
        random_state ^= strtoull(argv[1], NULL, 0) << 1;
    for (int turn = 0; turn < TURNS; turn++)
        if ((turn % 2 == 0 && run_to_the_end(&net) != 0) || run_and_break_off(&net) != 0) {
            printf("in turn %d\n", turn);
            return 1;
        }
    printf("ok: %d turns\n", TURNS);
    return 0;
}
