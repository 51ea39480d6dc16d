/* The engine's parts, private to this room.
 *
 * A worker runs segments. A segment is a head that makes or takes a batch of frames, the MAP stages
 * that the batch runs through while it is in cache, and a tail that hands it on:
 *
 *   head   PULL a source      TAKE an edge from another worker or an inlet    FLOW a flow stage
 *          JOIN a join          PASS a branch of a tee on this worker       QUEUE a queue
 *   tail   NEXT the inbox of the head that follows on this worker             SEND an edge
 *          HOME nothing follows: the frames go back to their pools            TEE several of these
 */
#ifndef LEAT_PIPELINE_IMPL_H
#define LEAT_PIPELINE_IMPL_H

#include "pipeline/event.h"

#include <leat/knob.h>
#include <leat/pool.h>
#include <leat/ring.h>
#include <leat/topology.h>

#include <pthread.h>
#include <string.h>

/* inlet and outlet are no code of their own: their frames come and go over an edge whose other end
 * belongs to the caller. A trait beyond the public ones marks them. */
#define TRAIT_DOOR (UINT32_C(1) << 31)

static inline bool is_door(const struct leat_plan_stage *s)
{
    return (s->stage->traits & TRAIT_DOOR) != 0;
}

/* A tee has no code of its own either: it is how a segment ends. */
#define TRAIT_TEE (UINT32_C(1) << 30)

static inline bool is_tee(const struct leat_plan_stage *s)
{
    return (s->stage->traits & TRAIT_TEE) != 0;
}

/* A queue is an inbox of its own. */
#define TRAIT_QUEUE (UINT32_C(1) << 29)
extern const struct leat_stage pipeline_queue;

/* key says how those behind it are run; itself it looks at the keys alone. */
#define TRAIT_KEY (UINT32_C(1) << 28)
extern const struct leat_stage pipeline_key;

static inline bool is_queue(const struct leat_plan_stage *s)
{
    return (s->stage->traits & TRAIT_QUEUE) != 0;
}

enum head { HEAD_PULL, HEAD_TAKE, HEAD_FLOW, HEAD_JOIN, HEAD_PASS, HEAD_QUEUE };
enum tail { TAIL_NEXT, TAIL_SEND, TAIL_HOME, TAIL_TEE };

/* Every 16th batch, at a random place among 16, is stamped between stages and timed on its edge. */
#define SAMPLE_EVERY 16u

struct stage_record { /* written by the worker that runs the stage */
    struct leat_frame blank; /* the header of a new frame of this stage */
    void *state;
    void *begun_state;       /* as init made it, for on-gap=reset; NULL */
    bool gap_in, gap_out;    /* a frame that says GAP_BEFORE went no further than here: the next
                              * says it, before the stage sees it or after */
    /* What goes in and out is counted once a segment; a stage counts what it took away. */
    struct leat_counter dropped, rejected, rejected_rows, copied, reframed, samples_lost;
    struct leat_counter samples_made; /* beyond those it took, modulo 2^64: bins, and back */
    struct leat_counter frames_in, samples_in; /* of flow stages and outlets */
    struct leat_counter evicted, expired;
    struct leat_counter counts[LEAT_COUNTS_MAX];
    struct leat_gauge keys;
    leat_atomic_u64 progress, progress_all;
    struct segment *segment; /* that runs it; a tee's ends in it */
    uint64_t due;      /* ticks of the next tick() */
    bool begun;        /* init was called, so fini will be */
    struct leat_histogram ns;
} LEAT_ALIGNED(LEAT_APART);

/* Of a stage that has knobs. A change goes from the control thread over the slot to the worker. */
struct knob {
    void *given, *draft;    /* the options that the stage was last given, and those that are being
                             * made: the control thread's */
    void *slot;             /* the control thread's until posted, the worker's until applied */
    leat_atomic_u64 posted, applied; /* how many were */
    leat_atomic_u64 first;  /* number of the first frame that saw the last one applied */
    bool fresh;             /* the worker's: no frame has seen it yet */
};

enum { STOP_DRAIN = 1, STOP_NOW };

/* A timed batch on its way: the sender stamps when the last probe has been read. */
struct edge_probe {
    LEAT_ALIGNED(LEAT_APART) uint64_t position; /* of the first handle of the timed batch, + 1 */
    uint64_t ticks;
    leat_atomic_u64 sent;
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 read;
};

struct edge_record {
    struct leat_ring *ring;
    uint32_t from, to;              /* plan stages; UINT32_MAX: the caller's side of a door */
    leat_atomic_u32 unwanted;       /* the taker's wish, as inbox */
    struct edge_probe probe;
    LEAT_ALIGNED(LEAT_APART) struct leat_counter frames, stalls; /* the sender */
    bool answers;                   /* `answered` is kept */
    leat_atomic_u64 answered;       /* every smaller seq was sent or will not come */
    uint64_t sent_frames, batches;
    enum leat_door why;             /* of an inlet: what leat_inlet_why answers */
    leat_atomic_u32 busy;           /* of a door: PART_ENTER */
    LEAT_ALIGNED(LEAT_APART) uint64_t taken_frames;              /* the taker */
    struct leat_histogram wait_ns;
} LEAT_ALIGNED(LEAT_APART);

/* A MAP stage as the round sees it. */
struct step {
    void (*map)(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n);
    void *state;
    bool special; /* scans, waits, resizes, resets, has a fresh knob or a gap to say: run.c */
};

/* on-gap=reset, which the stage leaves to the engine. */
static inline bool engine_resets(const struct leat_plan_stage *s)
{
    return s->resets && (s->stage->traits & LEAT_MINDS_GAPS) == 0;
}

static inline bool step_special(const struct leat_plan_stage *s)
{
    return s->scan_finite || s->lens != NULL || engine_resets(s) ||
           (s->stage->traits & (LEAT_WAITS | LEAT_RESIZES)) != 0;
}

/* The same, with what it waits for. */
static inline bool stage_special(const struct leat_plan_stage *s, const struct stage_record *record,
                                 const struct knob *knob)
{
    return step_special(s) || record->gap_in || record->gap_out || knob->fresh;
}

/* What leat_frame.share says: readers beyond the first; how many copies lie in the frame, which
 * they keep from going home; or of such a copy that it is one. */
#define SHARE_READERS UINT16_C(0x0fff)
#define SHARE_NEST UINT16_C(0x1000)     /* one copy */
#define SHARE_INSIDE_MAX 7u             /* copies in a frame */
#define SHARE_INSIDE UINT16_C(0x8000)
LEAT_STATIC_ASSERT(LEAT_NODES_MAX <= SHARE_READERS, "every reader is a stage");

/* Frames that wait on this worker for the head that takes them. */
struct inbox {
    struct leat_frame **frames;     /* [room] */
    uint32_t n, room;
    uint32_t stage;                 /* the flow stage or join that is offered them */
    uint64_t samples;               /* that they hold; not kept for frames that are still empty */
    uint64_t answered;              /* as edge_record */
    bool ended;
    bool in_step;                   /* as leat_input */
    bool scans;                     /* only finite samples come in; a MAP stage looks itself */
    bool unwanted;                  /* the head lets everything go: a wish to those before it */
};

/* Where a segment, or one branch of its tee, puts its frames. */
struct way {
    struct inbox *next;             /* NULL: over the edge */
    struct edge_record *out;        /* NULL, too: home */
    bool copies;                    /* a branch that gets copies, out of the tee's pool */
    uint32_t nested;                /* not 0: one whose copies lie behind so many rows of what the
                                     * last way takes */
    struct segment *through;        /* NULL: frames wait for their turn; else they may at once go
                                     * through this segment, whose inbox it is */
};

struct segment {
    enum head head;
    enum tail tail;
    uint32_t stage;                 /* of a PULL, FLOW, JOIN or QUEUE head; what it is: */
    const struct leat_plan_stage *plan;
    struct stage_record *record;
    uint32_t maps_begin, maps_end;  /* plan stages that the batch runs through */
    struct edge_record *in;         /* TAKE */
    struct inbox *boxes;            /* [boxes_n] FLOW, JOIN, PASS, QUEUE: what is offered */
    struct inbox *spare;            /* PULL: frames claimed and not yet filled, and */
    uint64_t born;                  /* what stands in all of them; 0: not the same */
    struct segment *source;         /* HOME: a PULL of the worker, whose frames may come; or NULL */
    uint32_t boxes_n;
    struct way way;                 /* NEXT, SEND */
    struct way *ways;               /* [ways_n] TEE */
    struct inbox *copies;           /* TEE: frames claimed for copies */
    uint32_t ways_n, tee;           /* tee: the plan's stage */
    uint32_t copying, nesting;      /* ways that get copies, and those whose copies are nested */
    uint64_t seq;
    uint64_t answered, told;        /* of what the head gave; what those behind it know of it */
    bool input_ended, done;         /* input_ended: of PULL and TAKE */
    bool unwanted;                  /* by all ways */
    bool asked_last;                /* a stopping source has handed over what was half filled */
    bool fresh;                     /* the knob of a FLOW or JOIN head is: see knob.c */
    bool goes_on;                   /* all that it gives waits for other segments of the worker */
    struct leat_counter frames_given, samples_given;     /* by the head */
};

/* What is kept of a rejected frame. */
struct reject {
    uint64_t seq;
    int64_t time_ns;
    uint32_t stage;
    uint16_t why;
};

struct worker {
    struct leat_engine *engine;
    uint32_t number;
    struct segment *segments;
    uint32_t segments_n, segments_done;
    struct leat_frame **batch;      /* [batch] what the segment that runs now works on */
    struct leat_frame **branch;     /* [batch] a branch's share of it */
    struct leat_input *inputs;      /* [most of any join] */
    struct leat_ctx ctx;
    uint64_t random;                /* which batches are sampled */
    uint32_t sample_in;
    leat_atomic_u64 knobs;          /* posted for stages of this worker; written now and then */
    uint64_t knobs_seen;
    uint64_t wakes;                 /* the workers that may wait for this one, a bit each */
    bool pulled_waited;             /* a source of this worker waited already */
    bool polls;                     /* one had nothing now, and nobody will wake us for it */
    bool stale;                     /* ctx.now is older than the last batch */
    bool worked;                    /* the last round did something */
    bool awake;                     /* it will soon look again, and may keep frames until then */
    bool ended;
    struct leat_frame *quarantine;  /* [plan.quarantine] copies, quarantine_bytes apart */
    uint64_t *quarantine_order;     /* when each came: ticks, worker; unique, rising */
    uint64_t quarantine_last;
    struct leat_counter quarantined;
    struct reject *rejects;         /* [plan.rejects] one for each slot of reject_ring */
    struct leat_ring *reject_ring;  /* of numbers of those + 1, to whoever asks for them */
    uint64_t rejects_told;
    struct leat_counter rejects_lost;
    struct leat_counter rounds, idle_rounds, yields, parks, wakes_sent, waits_ticks;
    struct leat_histogram chain_ns, latency_ns;
    struct event event;
    struct leat_diag diag;
    pthread_t thread;
    bool has_thread;
    leat_atomic_u32 busy;           /* PART_ENTER */
} LEAT_ALIGNED(LEAT_APART);

#define ENGINE_ALIVE UINT64_C(0x6c65617420656e67)

struct leat_engine {
    uint64_t alive;                 /* ENGINE_ALIVE from init to fini */
    const struct leat_plan *plan;
    struct leat_engine_options options;
    struct leat_clock clock;
    struct worker *workers;
    struct stage_record *stages;
    struct step *steps;             /* [stages] */
    struct knob *knobs;             /* [stages] */
    struct edge_record *edges;      /* the plan's, then one for each door */
    struct leat_pool **pools;
    struct inbox *boxes;            /* [stages + links] a source's or tee's own, a link's end */
    struct way *ways;               /* [links] */
    uint32_t edges_n, doors_n, magazines;
    bool apart;                     /* readers of one frame may be on several workers */
    size_t quarantine_bytes;
    char *storage;
    size_t storage_bytes;
    struct leat_pinner *pinner;     /* NULL: no worker is pinned */
    bool sealed, started;
    leat_atomic_u64 began, ended;   /* ticks + 1; 0 = not yet */
    leat_atomic_u32 control_busy, knob_busy, reject_busy; /* PART_ENTER */
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u32 stop;
    leat_atomic_u32 failed;         /* 0, or worker + 1: whose diag says why */
    leat_atomic_u32 workers_done;
    struct event_set sleepers;
    struct event finished;
};

/* LEAT_CHECK 1: whoever works in a part alone says so, and who comes in meanwhile is seen.
 * [O1 own word: compared] */
#define PART_ENTER(busy, words) LEAT_REQUIRE_THAT(leat_exchange_acq_rel(busy, 1) == 0, words)
#if LEAT_CHECK >= 1
#define PART_LEAVE(busy) leat_store_release(busy, 0) /* [O1 own word: compared] */
#else
#define PART_LEAVE(busy) ((void)0)
#endif
/* The engine is there and lives. */
#define ALIVE(call, e)                                             \
    (LEAT_GIVEN(call, e, "engine"),                                \
     LEAT_REQUIRE_THAT((e)->alive == ENGINE_ALIVE,                 \
                       call ": no engine, or one that fini has ended"))

/* The shape that the stage's own functions are told, NULL of a source, and what resolve said to it:
 * with a lens not those of the whole frames. */
static inline const struct leat_shape *plan_shown(const struct leat_plan_stage *s)
{
    return s->lens != NULL ? &s->lens->in : s->ins_n != 0 ? s->ins : NULL;
}

static inline const struct leat_need *plan_said(const struct leat_plan_stage *s)
{
    return s->lens != NULL ? &s->lens->need : &s->need;
}

/* Does the way of a tee take frames of the tee's pool? */
static inline bool link_claims(const struct leat_plan_link *link)
{
    return link->copies && link->nested == 0;
}

static inline struct leat_plan_link *plan_link_into(const struct leat_plan *plan, uint32_t stage,
                                                    uint32_t port)
{
    for (uint32_t i = 0; i < plan->links_n; i++)
        if (plan->links[i].to == stage && plan->links[i].in == port)
            return &plan->links[i];
    return NULL;
}

static inline const struct leat_plan_link *plan_link_from(const struct leat_plan *plan,
                                                          uint32_t stage, uint32_t port)
{
    for (uint32_t i = 0; i < plan->links_n; i++)
        if (plan->links[i].from == stage && plan->links[i].out == port)
            return &plan->links[i];
    return NULL;
}

/* graph.c: zeroed, 16-byte aligned, alive as long as the graph; NULL without memory. */
void *graph_take(struct leat_graph *graph, size_t bytes);
int graph_no_memory(struct leat_diag *diag);
/* The graph's own copy of a list and its words. */
int graph_own_list(struct leat_graph *graph, struct leat_list *list, struct leat_diag *diag);
/* LEAT_EINVAL: it has no such node. */
int graph_has(const struct leat_graph *graph, uint32_t node, struct leat_diag *diag);

/* common.c: says where the stage was written; where the message names one of its values, where that
 * was. */
void stage_place(const struct leat_stage *stage, const char *file, struct leat_value_place at,
                 const struct leat_value_place *values, struct leat_diag *diag);

/* Frames whose chosen rows cannot be shown where they lie are gathered in the worker's scratch:
 * there, so many bytes from row to row. */
static inline size_t lens_stride(const struct leat_shape *in)
{
    return leat_round_up((size_t)in->cols * leat_kind_bytes(in->kind), LEAT_LINE);
}

/* keyed.c: a knob of a stage behind `key`, for all its states. */
void keyed_knob(struct leat_engine *e, uint32_t stage, const void *options);

/* cut.c: how the plan's stages become segments. */
void engine_cut(struct leat_engine *e);

/* layout.c */
int engine_lay_out(struct leat_engine **engine, const struct leat_plan *plan, void *storage,
                   struct leat_diag *diag);

/* threads.c */
/* Sources end and the rest drains, or every worker leaves at its next round. */
void engine_stop(struct leat_engine *e, uint32_t how);

/* graph.c: "name: " before what a diag says of a stage. Returns status. */
int diag_of(const char *name, int status, struct leat_diag *diag);

/* knob.c: the worker's side. Takes over what was posted; notes the first frame that a stage sees
 * after it, a MAP stage or a segment's head. */
void knobs_take(struct worker *w);
void knob_seen(struct leat_engine *e, uint32_t stage, uint64_t seq);
void knob_seen_by_head(struct worker *w, struct segment *s);

/* digest.c: equal values have equal numbers, others nearly never. Start at DIGEST_START. */
#define DIGEST_START UINT64_C(0xcbf29ce484222325)
uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t n);
uint64_t digest_text(uint64_t digest, const char *text);
uint64_t digest_options(const struct leat_stage *stage, const void *options);
uint64_t digest_shape(uint64_t digest, const struct leat_shape *shape);

/* reject.c */
void reject_note(struct worker *w, const struct leat_frame *frame, uint16_t why);

/* run.c the round, batch.c the rest */
enum round { ROUND_IDLE, ROUND_WORKED, ROUND_ENDED };
/* Every segment of the worker once. */
enum round worker_round(struct worker *w);
/* When the next tick is due, in nanoseconds of the monotonic clock; UINT64_MAX = none. */
uint64_t worker_due_ns(struct worker *w);
void worker_release(struct worker *w, struct leat_frame *const *frames, uint32_t n);
void worker_fail(struct worker *w, int code);
/* Gives back what others may wait for: ring slots and frames in magazines, all of them or those of
 * pools that have run dry. True when there were frames. */
bool worker_settle(struct worker *w, bool all);
/* A claimed frame's header but for its tag, and for seq and born, which whoever sends it sets. */
static inline void frame_prepare(struct leat_frame *frame, const struct leat_frame *blank)
{
    frame->time_ns = blank->time_ns;
    memcpy(&frame->key, &blank->key, sizeof *frame - offsetof(struct leat_frame, key));
}
/* The header of a copy, all but its tag. The original's readers may be counting themselves. */
static inline void frame_copy_header(struct leat_frame *to, const struct leat_frame *from)
{
    memcpy(&to->seq, &from->seq,
           offsetof(struct leat_frame, share) - offsetof(struct leat_frame, seq));
    to->share = 0;
    to->reason = from->reason;
    to->owner = from->owner;
}
/* Inside these the system may be called; see struct leat_watch. */
void worker_wait_begin(struct worker *w);
void worker_wait_end(struct worker *w);

static inline struct leat_pool *engine_pool(const struct leat_engine *e, leat_handle handle)
{
    return e->pools[leat_handle_pool(handle)];
}

/* Every worker has left, and whatever it wrote may be read. */
static inline bool engine_ended(const struct leat_engine *e)
{
    /* [D2 pairs D1: all that the workers wrote] */
    return leat_load_acquire(&e->workers_done) == e->plan->workers_n;
}

static inline uint32_t magazine_of_door(const struct leat_engine *e, uint32_t door)
{
    return e->plan->workers_n + door;
}

#endif
