/* The engine: a plan with its memory, its workers and its counters.
 *
 * Life: leat_engine_bytes -> leat_engine_init in storage of the caller -> leat_engine_seal
 * (warm-up, after which no worker allocates) -> leat_engine_start and leat_engine_wait, or the
 * caller's own threads over leat_worker_step -> leat_engine_fini.
 *
 * Which calls may run beside which:
 *   init seal start wait fini       one control thread, in this order
 *   stop                            any thread between seal and fini; also a signal handler
 *   snapshot, progress              any thread between seal and fini
 *   rejects, knobs (knob.h)         one thread at a time for each of the two, between seal and fini
 *   leat_worker_step(w)             one thread at a time for each w; not beside leat_engine_start
 *   leat_inlet_*(i), leat_outlet_*(o)  one thread at a time for each inlet, for each outlet
 *
 * At LEAT_CHECK >= 1 a NULL argument, a number that is none, an engine that fini has ended, and two
 * threads where one is allowed end the program with a line that names the call.
 */
#ifndef LEAT_ENGINE_H
#define LEAT_ENGINE_H

#include <leat/arena.h>
#include <leat/clock.h>
#include <leat/metrics.h>
#include <leat/plan.h>

LEAT_BEGIN

struct leat_engine;

/* Called on worker threads, so that a witness can tell declared waits from the rest. All may be
 * NULL; they must not allocate between worker_begin and worker_end. */
struct leat_watch {
    void *user;
    void (*worker_begin)(void *user, uint32_t worker); /* first thing that counts */
    void (*worker_end)(void *user, uint32_t worker);   /* after the last thing that counts */
    void (*wait_begin)(void *user, uint32_t worker);   /* yield, park, wake, a WAITS stage */
    void (*wait_end)(void *user, uint32_t worker);
};

struct leat_engine_options {
    uint32_t size;                  /* sizeof(struct leat_engine_options) */
    enum leat_isa isa;              /* LEAT_ISA_BEST or a usable one */
    bool flush_to_zero;             /* workers treat denormals as zero; changes bits */
    uint64_t frames_max;            /* each pulled source ends after so many frames; 0 = its end */
    /* The wait ladder before a worker parks. 0 = 20 yields, and 200 pauses where each worker can
     * have a processor of its own, else 1. */
    uint32_t spins, yields;
    const struct leat_watch *watch; /* NULL; outlives the engine */
    /* NULL: the machine's clock. Else the engine knows no time but *clock_ns, nanoseconds that the
     * host sets between steps and that do not go back: ticks, a queue's age=, due times, counters
     * of time. Such an engine is stepped, not started. The same input and the same times at the
     * same steps then give the same output, whatever the machine does. Outlives the engine. */
    const leat_atomic_u64 *clock_ns;
};

/* Bytes of storage that the plan's engine takes; 0 when the sum does not fit. */
LEAT_API size_t leat_engine_bytes(const struct leat_plan *plan);

/* Lays the engine out in storage[0, bytes), LEAT_APART-aligned, owned by the caller and in use
 * until fini; the plan too. Runs every stage's init. On error everything is undone and *engine is
 * NULL. What an init says is placed at its stage.
 * Errors: LEAT_EINVAL options NULL or of another size than this version's, storage too small or
 * misaligned, isa not usable, the plan pins to a processor that is not there; LEAT_ESTATE it pins
 * while HWLOC_SYNTHETIC or a file imitates another machine; what an init says. */
LEAT_API LEAT_MUST_USE int leat_engine_init(struct leat_engine **engine,
                                            const struct leat_plan *plan,
                                            const struct leat_engine_options *options,
                                            void *storage, size_t bytes, struct leat_diag *diag);

/* The same in storage out of an arena, from which leat_engine_bytes and an alignment are taken.
 * LEAT_EINVAL also for a lazy arena: a pipeline wants its pages before it runs. */
LEAT_API LEAT_MUST_USE int leat_engine_init_in(struct leat_engine **engine,
                                               const struct leat_plan *plan,
                                               const struct leat_engine_options *options,
                                               struct leat_arena *arena, struct leat_diag *diag);

/* Touches every page and takes every frame once through its pool. After it workers are quiet. */
LEAT_API LEAT_MUST_USE int leat_engine_seal(struct leat_engine *engine, struct leat_diag *diag);

/* Starts Leat's own threads, pinned as the plan says. LEAT_ENOMEM when a thread cannot be had;
 * LEAT_ESTATE before seal, a second time, once a worker was stepped, or with a clock of the
 * host's. */
LEAT_API LEAT_MUST_USE int leat_engine_start(struct leat_engine *engine, struct leat_diag *diag);

/* Waits up to timeout_ns (UINT64_MAX: for ever) for the end.
 * Returns 1 while it still runs, 0 when every stage has flushed, or the status that stopped it,
 * and why in *diag. LEAT_ESTATE when nobody has started the engine or stepped a worker yet. */
LEAT_API LEAT_MUST_USE int leat_engine_wait(struct leat_engine *engine, uint64_t timeout_ns,
                                            struct leat_diag *diag);

/* Sources end at the next batch; what is on the way is drained and flushed. */
LEAT_API void leat_engine_stop(struct leat_engine *engine);

/* Does the work of one worker on the calling thread, at most batches_max rounds. Never blocks but
 * in WAITS stages. Returns > 0 rounds that did something; 0 nothing to do now (*next_due_ns: time
 * of the engine's clock at which it should be called again at the latest, UINT64_MAX = when
 * something arrives); LEAT_EEND when this worker is done; LEAT_ESTATE before seal or after
 * leat_engine_start; another negative status when the engine failed. */
LEAT_API int leat_worker_step(struct leat_engine *engine, uint32_t worker, uint32_t batches_max,
                              uint64_t *next_due_ns);

/* Stops and joins what still runs (workers that wait in vain for frames which the host holds are
 * left where they are after some seconds), runs every stage's fini. What still lies in an inlet or
 * outlet is dropped, and counted there. Returns 0, or LEAT_ESTATE when a pool misses frames (a
 * stage or the host kept one): which and how many in *diag. */
LEAT_API int leat_engine_fini(struct leat_engine *engine, struct leat_diag *diag);

/* ---- inlet and outlet: the stages that are doors for the caller's threads ---- */

/* NO_FRAME: the pool's are all on their way or held by the host: step, take, release. FULL: the
 * edge behind the inlet is: the worker has to take from it first. CLOSED: before seal, after close
 * or stop, and when the engine has failed or ended: no frame will ever be taken again. */
enum leat_door { LEAT_DOOR_OPEN, LEAT_DOOR_NO_FRAME, LEAT_DOOR_CLOSED, LEAT_DOOR_FULL };

/* The door of that stage name; LEAT_ENAME when there is none of the asked direction. */
LEAT_API LEAT_MUST_USE int leat_inlet_find(const struct leat_engine *engine, const char *name,
                                           uint32_t *inlet, struct leat_diag *diag);
LEAT_API LEAT_MUST_USE int leat_outlet_find(const struct leat_engine *engine, const char *name,
                                            uint32_t *outlet, struct leat_diag *diag);
/* A frame to fill (cols, time_ns, flags), or NULL and *why (NULL: not asked): NO_FRAME or CLOSED,
 * never FULL, because a frame may be filled while the edge is full. Wait-free. */
LEAT_API struct leat_frame *leat_inlet_claim(struct leat_engine *engine, uint32_t inlet,
                                             enum leat_door *why);
/* Hands it over; false = the edge is full, the frame is still the caller's. In an engine that has
 * failed or ended nobody takes it any more: it is dropped, and counted there; leat_inlet_why tells.
 * Lock-free; a system call only when the worker sleeps. */
LEAT_API bool leat_inlet_publish(struct leat_engine *engine, uint32_t inlet,
                                 struct leat_frame *frame);
/* Why the inlet's last claim or publish answered as it did: OPEN it did what was asked; NO_FRAME,
 * FULL, CLOSED as above. CLOSED after a publish: nobody takes the frame any more, it is dropped and
 * counted, at once or by fini. Threads: the inlet's. Wait-free. */
LEAT_API enum leat_door leat_inlet_why(const struct leat_engine *engine, uint32_t inlet);
/* Hands back a claimed frame that will not be published. */
LEAT_API void leat_inlet_release(struct leat_engine *engine, uint32_t inlet,
                                 struct leat_frame *frame);
/* No more frames will come: the worker drains and flushes. */
LEAT_API void leat_inlet_close(struct leat_engine *engine, uint32_t inlet);
/* Up to n frames in order; 0 = none now. *end is set when none will come: the stream is over, or
 * the engine has failed (leat_engine_wait says why). */
LEAT_API uint32_t leat_outlet_take(struct leat_engine *engine, uint32_t outlet,
                                   struct leat_frame **frames, uint32_t n, bool *end);
/* Sends frames home. Each must have come from leat_outlet_take. */
LEAT_API void leat_outlet_release(struct leat_engine *engine, uint32_t outlet,
                                  struct leat_frame *const *frames, uint32_t n);

/* The stages `inlet` (source) and `outlet` (sink), for a catalogue. */
LEAT_API const struct leat_catalogue *leat_doors(void);
/* Options of `inlet`. */
struct leat_inlet_options {
    uint64_t channels;      /* >= 1 */
    struct leat_length frame; /* most samples a frame; as a duration where there is a rate */
    uint32_t type;          /* 0 f64, 1 f32, 2 i64 */
    double rate;            /* samples a second, 0 = none */
    struct leat_list names; /* names of the channels; none: c1, c2, … */
};

/* ---- what happened ---- */

struct leat_stage_stats {
    const char *name;
    uint32_t worker;
    uint64_t frames_in, frames_out, samples_in, samples_out; /* samples: columns, not cells */
    uint64_t dropped, rejected, rejected_rows, copied, reframed;
    uint64_t samples_lost; /* columns of what it dropped, rejected, cut off, put in no window */
    struct leat_histogram_summary ns;      /* a frame; sampled every 16th batch */
    /* Of a stage behind `key`: keys that have a state, those that lost it to another because it was
     * used longest ago, and those that started anew because they were not seen for ttl. */
    uint64_t keys, evicted, expired;
    /* What went wrong in its input without ending it: counts[i] times what causes[i] says. NULL
     * ends the causes; NULL: the stage counts none. */
    const char *const *causes;
    uint64_t counts[LEAT_COUNTS_MAX];
};
struct leat_edge_stats {
    uint32_t from, to, capacity;
    uint64_t frames, stalls;            /* stalls: rounds in which it was full */
    struct leat_histogram_summary wait_ns; /* a batch: published until taken */
};
struct leat_pool_stats {
    uint32_t frames, in_use, high_water;
    uint64_t claims, hits, misses, refused; /* refused: claims answered "none" */
};
struct leat_worker_stats {
    uint64_t rounds, idle_rounds, yields, parks, wakes;
    uint64_t waits_ns;                  /* inside WAITS stages */
    struct leat_histogram_summary chain_ns; /* a frame through this worker's stages, every batch */
};
struct leat_engine_stats {
    uint64_t frames, samples;           /* that left the sources; samples: cells = rows x cols */
    uint64_t copied, reframed, dropped, rejected;
    double seconds;                     /* from start (or first step) to the end, or to now */
    /* A frame, over all chains that end at a sink: from the pull that made it (its start, or its
     * end where the source waits; at an inlet, the claim) until the sink has seen its batch. Each
     * counts with the time of its batch's first, the longest. What an outlet gives is not in it. */
    struct leat_histogram_summary latency_ns;
};

/* Copies counters without stopping anybody; numbers of one snapshot may be a batch apart. */
LEAT_API void leat_engine_snapshot(const struct leat_engine *engine,
                                   struct leat_engine_stats *stats);
LEAT_API void leat_engine_stage(const struct leat_engine *engine, uint32_t stage,
                                struct leat_stage_stats *stats);
LEAT_API void leat_engine_edge(const struct leat_engine *engine, uint32_t edge,
                               struct leat_edge_stats *stats);
LEAT_API void leat_engine_pool(const struct leat_engine *engine, uint32_t pool,
                               struct leat_pool_stats *stats);
LEAT_API void leat_engine_worker(const struct leat_engine *engine, uint32_t worker,
                                 struct leat_worker_stats *stats);
/* A source's share done, 0..1, or < 0 when it cannot know. */
LEAT_API double leat_engine_progress(const struct leat_engine *engine);

/* The rejected frames that were kept, newest first; borrowed until fini. 0 before the end. */
LEAT_API uint32_t leat_engine_quarantined(const struct leat_engine *engine,
                                          const struct leat_frame **frames, uint32_t n);

/* A frame that a stage rejected, or that held NaN or Inf in front of one that wants finite
 * samples. */
struct leat_rejected {
    const char *stage;   /* its name */
    uint32_t number;     /* of the stage in the plan */
    uint16_t why;        /* a leat_why, or the stage's own reason */
    const char *why_text; /* in words; NULL for a reason that the stage has no word for */
    uint64_t seq;        /* of the frame, as the stage saw it */
    int64_t time_ns;     /* event time of its first sample */
};

/* Calls `each` on the calling thread for every frame that was rejected since the last call, each
 * once, those of one worker in their order; returns how many. The record is valid during the call.
 * A worker keeps leat_limits.rejects of them until they are asked for; it never waits: what found
 * no room is counted, and *lost (may be NULL) is that count since init. What was told and what was
 * lost together are the frames that leat_stage_stats counts as rejected. Rows that a source refused
 * before they were a frame (rejected_rows) are not in it.
 * Threads: one at a time, between seal and fini, beside everything else. Progress: wait-free, but
 * for `each`. Memory: none. */
LEAT_API uint32_t leat_engine_rejects(struct leat_engine *engine,
                                      void (*each)(void *user,
                                                   const struct leat_rejected *rejected),
                                      void *user, uint64_t *lost);

LEAT_END

#endif
