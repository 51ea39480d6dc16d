/* The plan: plain data that says which worker runs which stages, where the edges are, and how many
 * frames and bytes every part needs. Made by a pure function of graph and limits.
 */
#ifndef LEAT_PLAN_H
#define LEAT_PLAN_H

#include <leat/graph.h>
#include <leat/tuning.h>

LEAT_BEGIN

#define LEAT_WORKERS_MAX 64u /* workers of a plan */
#define LEAT_BATCH_MAX 256u  /* frames that a worker takes at once */
#define LEAT_UNPINNED UINT32_MAX /* in place of a processor: any */

/* What the user allows. Zeroed means the defaults. */
struct leat_limits {
    uint32_t workers;      /* threads; 0 = 1. More than there are stages is cut down; stages with a
                            * core of their own add theirs */
    uint32_t batch;        /* frames a batch, 1..LEAT_BATCH_MAX; 0 = what fits 256 KiB, <= 32 */
    uint32_t edge_frames;  /* capacity of each edge between workers; 0 = two batches */
    uint32_t frames;       /* frames of each source's pool; 0 = what the proof asks for */
    uint64_t memory_bytes; /* most that an engine may take; 0 = 4 GiB */
    uint32_t quarantine;   /* rejected frames kept with their reasons; 0 = none */
    const uint32_t *pins;  /* [workers] processor numbers, LEAT_UNPINNED leaves one free; NULL.
                            * None of a worker with stages is one that stages name by core= */
    uint32_t rejects;      /* leat_engine_rejects: records that a worker keeps, <= 2^20; 0 = 256 */
    const struct leat_tuning *tuning; /* the plan copies it; NULL: the release's */
};

/* What a MAP stage is shown of the frames that reach it. */
struct leat_plan_lens {
    struct leat_shape in;        /* the channels that it is shown, and */
    struct leat_need need;       /* what it said to them */
    const uint32_t *rows;        /* [in.rows] which of the stream's they are */
    const uint32_t *rest;        /* [rest_n] the others; with `appends` all of the stream's */
    uint32_t rest_n;
    bool appends;                /* it works on copies of them, put behind the last row */
    bool together;               /* in order, side by side: they can be shown where they lie */
};

/* What `key` says of the stream behind it. */
struct leat_plan_key {
    const char *channel;
    uint64_t max;                /* keys, at most */
    uint64_t ttl_ns;             /* one that was not seen for longer starts anew; 0: never */
    const char *time;            /* the channel of the samples' times; NULL: the frames' and rate */
    uint64_t unit_ns;            /* of those */
};

/* A stage that keeps one state for each key, in its block of need.state_bytes. Its lens says what
 * it works on and, in lens->need, what one state takes. */
struct leat_plan_keyed {
    uint32_t row, time_row;      /* of the key and the times, among the stage's input */
    uint32_t groups;             /* of KEYED_GROUP slots, by which it is known who goes */
    uint32_t slot_bits, bucket_bits;
    size_t fresh_at, buckets_at, groups_at, entries_at; /* where they begin in the block */
    size_t entry_bytes, tail_at; /* a key's: its state, and behind it the key and its times */
    size_t scratch_bytes;
};

struct leat_plan_stage {
    const struct leat_stage *stage;
    const void *options;
    const char *name;
    struct leat_shape in, out;   /* channels: the plan's copies; in is that of the first input */
    const struct leat_shape *ins; /* [ins_n] of every input, in the order of the ports */
    uint32_t ins_n, outs_n;       /* ports that are joined */
    struct leat_need need;
    const char *file;            /* where the stage was written, for messages; as leat_node */
    uint32_t line, column;
    uint32_t node, worker, chain;
    uint32_t quota;              /* pool that it claims from; UINT32_MAX = none */
    bool scan_finite;            /* a MAY_BREAK_FINITE stage stands before it: look first */
    const struct leat_value_place *values; /* as leat_node */
    const struct leat_plan_lens *lens; /* NULL: it sees whole frames */
    uint32_t core;               /* the processor that it runs on; LEAT_NO_CORE: any */
    const struct leat_plan_key *key; /* of what it gives; NULL: none */
    const struct leat_plan_keyed *keyed; /* NULL: it keeps one state */
    bool resets;                 /* on-gap=reset */
};

#define LEAT_NO_EDGE UINT32_MAX /* in place of an edge: both ends are on one worker */

/* Which stage's output is which stage's input. */
struct leat_plan_link {
    uint32_t from, out, to, in;  /* stages in plan order, and their ports */
    uint32_t edge;               /* that carries it; LEAT_NO_EDGE: both are on one worker */
    uint32_t inbox;              /* frames that can wait where the link ends */
    bool copies;                 /* a tee's branch that gets copies, as one that changes frames */
    uint32_t nested;             /* these lie in the frames that another branch has, behind so many
                                  * rows, where a join wants them; 0: in frames of the tee's pool */
    bool answers;                /* a join behind it counts on sequence numbers */
    bool in_step;                /* of a join by LEAT_BY_LATEST: it counts as the first input */
};

/* Who hands over to whom. An edge whose ends are on the same worker does not exist. */
struct leat_plan_edge {
    uint32_t from, to;           /* stages, in plan order */
    uint32_t capacity;           /* frames, exact */
};

struct leat_plan_pool {
    uint32_t stage;              /* the source or flow stage that claims from it */
    uint32_t frames;             /* how many it has */
    uint32_t frames_min;         /* the proof's: with fewer, parts could wait in a circle */
    size_t payload_bytes;        /* rows x slot, the widest of every stage that the frame visits */
    uint32_t stride;             /* bytes from row to row */
    uint32_t chunk;              /* frames that a worker's magazine gives and takes at once */
    bool shared;                 /* several branches of a tee may read one of its frames */
    bool apart;                  /* and may do so on several workers */
    bool nests;                  /* copies of them may lie in them */
};

struct leat_plan {
    struct leat_plan_stage *stages; /* in order: nothing before what it gets its frames from */
    struct leat_plan_link *links;   /* by from, then by out */
    struct leat_plan_edge *edges;
    struct leat_plan_pool *pools;
    uint32_t stages_n, links_n, edges_n, pools_n, workers_n;
    uint32_t chains_n;              /* parts of the graph that no link joins */
    uint32_t batch, quarantine, rejects;
    uint32_t edge_frames;           /* capacity of each edge, and of each inlet and outlet */
    uint32_t pins[LEAT_WORKERS_MAX];
    uint64_t frame_bytes;           /* all pools together */
    uint64_t memory_bytes;          /* the limit that was given */
    const struct leat_tuning *tuning; /* what the limits gave; NULL: the release's */
    struct leat_plan_block *memory; /* private: storage behind shapes and lenses */
    struct leat_shape *in_shapes;   /* private: what the stages' ins point into */
};

/* Infers shapes, cuts chains into workers, sizes pools and edges, or says why not.
 * The graph stays as it is and must outlive the plan (names and options are borrowed).
 * Errors: what a stage's resolve says, placed at the stage; LEAT_ESHAPE a chain without source or
 * sink, a circle, an unjoined port; LEAT_ELIMIT memory or frames, with the number needed;
 * LEAT_ERANGE limits or tuning out of range; LEAT_EINVAL the tuning is of another version;
 * LEAT_ENOMEM. On error *plan is empty. */
LEAT_API LEAT_MUST_USE int leat_plan_make(struct leat_plan *plan, const struct leat_graph *graph,
                                          const struct leat_limits *limits,
                                          struct leat_diag *diag);
LEAT_API void leat_plan_fini(struct leat_plan *plan);

LEAT_END

#endif
