/* What the tests of lending share: a host with a source of counted samples of any kind, an outlet,
 * and a lender for it; worker 0 is stepped by whoever takes.
 */
#ifndef LEAT_TESTS_LEND_HOST_H
#define LEAT_TESTS_LEND_HOST_H

#include <leat/engine.h>
#include <leat/lend.h>

struct host_options {
    uint64_t n; /* frames; 0 = without end */
    uint32_t rows, cols, kind;
    uint32_t frames;          /* of the pool; 0 = what the plan wants */
    uint32_t loans;           /* 0: no lender */
    const char *const *names; /* [rows]; NULL: c1, c2, … */
};

struct host {
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    struct leat_lender *lender;
    void *memory, *loans;
    uint32_t outlet;
    bool ended;
    struct leat_diag diag;
};

/* Everything up to a sealed engine and its lender; the status that stopped it, with host->diag. */
int host_open(struct host *host, const struct host_options *options);
/* The next frame, or NULL: none is to be had now, or at all (host->ended). */
struct leat_frame *host_take(struct host *host);
/* The end of everything; what leat_engine_fini says: LEAT_ESTATE when frames did not come home. */
int host_close(struct host *host);

/* Sample i of row r of frame seq as the source makes it: a whole number that every kind holds. */
int host_sample(uint64_t seq, uint32_t r, uint32_t i);
/* The i-th element of a row of that kind. */
double host_read(const void *row, uint32_t kind, int64_t i);

#endif
