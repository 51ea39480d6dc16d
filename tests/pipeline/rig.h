/* What the tests of the engine share: stages that do simple things to counted samples, a rig that
 * builds and runs a chain of them, and an oracle that computes the same by plain loops.
 */
#ifndef LEAT_TESTS_RIG_H
#define LEAT_TESTS_RIG_H

#include <leat/engine.h>

/* What the stages of one run report; written by the threads that run them. */
struct ledger {
    uint64_t frames, digest;   /* at the sink */
    uint64_t disorder;         /* frames out of sequence, or of a wrong shape */
    leat_atomic_u64 flushes, ticks;
    leat_atomic_u64 seen_not_finite; /* by a stage that wants finite samples */
    leat_atomic_u32 inits, finis;
    leat_atomic_u64 sunk_at;   /* clock time of the last frame at the sink */
};

enum { RIG_NEVER = 0 };

/* One option struct for every stage here; what a stage does not use stays 0. */
struct rig_options {
    struct ledger *ledger;
    uint64_t n;          /* source: frames, 0 = without end */
    uint32_t rows, cols;
    uint32_t burst;      /* source: most frames a pull, and every third is empty; 0 = as asked */
    uint32_t last_cols;  /* source: samples of the last frame; 0 = cols */
    uint64_t nan_every;  /* source: frames whose first sample is NaN */
    uint64_t add;        /* add: this to each sample */
    uint64_t drop_every, reject_every; /* pick */
    uint32_t hold;       /* hold: frames kept back */
    uint64_t fail_at;    /* the frame at which the stage fails, from 1 */
    bool fail_flush, fail_init;
    uint64_t tick_ns;
    uint64_t silent_ns;  /* source: nothing for so long before the first frame */
    uint64_t slow_ns;    /* sink: spins so long for each frame */
};

extern const struct leat_stage rig_source, rig_waiting_source, rig_breaking_source;
extern const struct leat_stage rig_add, rig_pick, rig_wants_finite, rig_flow_wants_finite;
extern const struct leat_stage rig_pass, rig_hold, rig_triple, rig_third, rig_ticker;
extern const struct leat_stage rig_sink;

struct rig_link {
    const struct leat_stage *stage;
    struct rig_options options;
};

struct rig {
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    void *memory;
    size_t bytes;
    struct leat_diag diag;
    struct ledger *ledger;
};

/* Joins the links into a chain; further chains may be added to the same graph. 0 or the status. */
int rig_chain(struct rig *rig, const struct rig_link *links, uint32_t n);
/* Plan, memory, engine, seal. Each returns the status that stopped it, with rig->diag. */
int rig_plan(struct rig *rig, const struct leat_limits *limits);
int rig_build(struct rig *rig, const struct leat_limits *limits,
              const struct leat_engine_options *options);
/* Leat's threads; waits up to a minute: 1 = it hangs. */
int rig_run_threads(struct rig *rig);
/* One thread that steps the workers in turn (how = 0), or in random order and pieces. */
int rig_run_steps(struct rig *rig, uint64_t random);
/* The n-th processor that this process may use, by turns where there are fewer. */
uint32_t rig_usable(uint32_t n);
/* fini of everything; what leat_engine_fini says. */
int rig_end(struct rig *rig);

/* ---- the oracle ---- */

/* Sample i of row r of frame seq as the source makes it. */
double rig_sample(uint64_t seq, uint32_t r, uint32_t i);
uint64_t rig_mix(uint64_t digest, double sample);
/* The same chain by plain loops; fills frames and digest. */
void rig_expect(const struct rig_link *links, uint32_t n, struct ledger *ledger);

#endif
