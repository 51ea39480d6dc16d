/* What the tests of tees and joins share: one graph at a time, built stage by stage, and a sink
 * that looks at frames rather than samples.
 */
#ifndef LEAT_TESTS_BRANCHING_H
#define LEAT_TESTS_BRANCHING_H

#include "rig.h"

enum { FRAMES = 300, COLS = 5, SEEN_MAX = 4096 };
enum { ZIP, ADD, FIRST, MERGE, ASOF }; /* join how= */
enum { SEQUENCE, TIME, ARRIVAL };    /* join by= */

extern struct rig rig;
extern struct ledger ledger, others[3];

/* An empty graph; begin empties the ledgers, too. */
void begin_graph(void);
void begin(void);

/* Adds a stage behind that of number `from`, unless it is negative, by the next free ports. Returns
 * its number. */
int put(int from, const struct leat_stage *stage, const void *options);
/* One link more. */
void also(int from, int to);
/* The same for stages of the rig, which report to `ledger` unless their options say otherwise. */
int put_rig(int from, const struct leat_stage *stage, struct rig_options o);
int put_source(uint64_t frames); /* COLS samples each */
int put_tee(int from);
int put_join(int from, uint32_t how, uint32_t by);
const struct leat_stage *named(const struct leat_catalogue *catalogue, const char *name);

void build(const struct leat_limits *limits);
/* Numbers of workers, batches and edges that a test goes through. */
enum { WAYS = 6 };
extern const struct leat_limits ways_to_run[WAYS];
/* To the end, on threads or by steps in random order; end: and everything is home. */
void run(uint32_t way);
void end(uint32_t way);
/* What the stage copied, dropped, and so on. */
struct leat_stage_stats stats_of(int stage);
/* Did the sink see the source's frames, with `plus` added to each sample? */
bool as_source(const struct ledger *got, uint64_t frames, uint64_t plus);

struct look {
    struct leat_frame *frame;
    uint64_t seq;
    double sample; /* the first of the first row */
    double last;   /* the first of the last row */
    int64_t time_ns;
    uint32_t pool, rows, cols;
    uint16_t reason;
    uint8_t flags;
};

struct seen {
    uint32_t n;
    struct look at[SEEN_MAX];
};

extern struct seen saw[4];
/* A sink that notes what it sees in saw[which], which it empties. */
int put_seer(int from, uint32_t which);

#endif
