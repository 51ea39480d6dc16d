/* Knobs: parameters that change while an engine runs.
 *
 * A parameter whose table says `knob` may get a new value at any time between seal and fini, before
 * the engine is started, too. The value is held to the table's range and to what the stage's
 * resolve says, at once, on the calling thread; what is accepted lies in one slot of that stage
 * until the worker that owns the stage takes it over at the border of a batch. Where that border
 * falls is a matter of timing, so a knob is outside the promise of the same bits, unless the host
 * steps the engine itself; the number of the first frame that saw it is reported.
 *
 * Threads: one at a time for all calls of one engine, beside everything else but init, seal, fini.
 * Progress: wait-free but for resolve; a system call only when the worker sleeps. The worker looks
 * at one word a round. Memory: the calling thread allocates room for the channels' names and frees
 * it again; the worker allocates nothing.
 */
#ifndef LEAT_KNOB_H
#define LEAT_KNOB_H

#include <leat/engine.h>

LEAT_BEGIN

#define LEAT_SEQ_NONE UINT64_MAX /* in place of a frame's number: there is none yet */

/* Gives one parameter of the stage of that name a new value, written as in a pipeline: ("gain",
 * "db", "-6dB"). Returns 0: it is on its way; 1: the stage has not yet taken the last one over (and
 * never will, where its worker is done and others are not), nothing was changed, try again; or,
 * with nothing changed:
 * LEAT_ENAME no such stage or parameter; LEAT_EINVAL the parameter may not change while running,
 * and the diag names those that may; LEAT_ESYNTAX, LEAT_ERANGE the value; what the stage's resolve
 * says; LEAT_ESTATE before seal, or the engine has ended or failed; LEAT_ENOMEM. */
LEAT_API LEAT_MUST_USE int leat_engine_knob(struct leat_engine *engine, const char *stage,
                                            const char *param, const char *value,
                                            struct leat_diag *diag);

/* The same by value, several at once: the stage's whole option struct, as for leat_graph_add; start
 * from a copy of leat_knob_state.options. LEAT_EINVAL also when it differs in a parameter that may
 * not change. */
LEAT_API LEAT_MUST_USE int leat_engine_knobs(struct leat_engine *engine, const char *stage,
                                             const void *options, struct leat_diag *diag);

struct leat_knob_state {
    const void *options; /* those that the stage was last given; borrowed until fini */
    uint64_t given;      /* changes that were accepted, since init */
    uint64_t applied;    /* of those, how many the stage has taken over: given - 1 or given */
    /* Number of the first frame that the stage saw, or a source made, after the last one was
     * applied; LEAT_SEQ_NONE while there is none, and when nothing was applied yet. While applied
     * is below given the next change may be taken over as this is read: then it may be that
     * one's. */
    uint64_t first_seq;
};

/* What has become of a stage's knobs. LEAT_ENAME no such stage; LEAT_EINVAL it has no knobs. */
LEAT_API LEAT_MUST_USE int leat_engine_knob_state(struct leat_engine *engine, const char *stage,
                                                  struct leat_knob_state *state,
                                                  struct leat_diag *diag);

LEAT_END

#endif
