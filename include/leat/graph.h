/* The graph: which stages there are and how they are joined. Text and C calls build the same one.
 *
 * Control thread only; may allocate. Options are copied, texts and lists too.
 */
#ifndef LEAT_GRAPH_H
#define LEAT_GRAPH_H

#include <leat/stage.h>

LEAT_BEGIN

/* The stages that names are looked up in. Lists of lists, so that an embedder adds his own. */
struct leat_catalogue {
    const struct leat_stage *const *stages;
    uint32_t n;
    const struct leat_catalogue *next; /* looked up after this one; NULL ends */
};

/* The stage of that name; LEAT_ENAME in the diag, with the nearest name, and NULL. A source and a
 * sink may share a name (csv reads at the head of a chain and writes at its end): `head` says which
 * is meant, the one without inputs or the one with. Where only the other exists, that is found. */
LEAT_API const struct leat_stage *leat_catalogue_find(const struct leat_catalogue *catalogue,
                                                      const char *name, bool head,
                                                      struct leat_diag *diag);

/* The stages `tee` (every frame goes to each of its branches), `queue` (frames may wait, and it is
 * said what happens when it is full) and `key` (stages behind it keep a state for each key), for a
 * catalogue. */
LEAT_API const struct leat_catalogue *leat_joints(void);
/* Options of `queue`. */
struct leat_queue_options {
    uint64_t depth;         /* frames that may wait, >= 1 */
    uint32_t full;          /* 0 block, 1 drop what comes, 2 drop what has waited longest */
    struct leat_length age; /* in ns; frames older than that are dropped; 0 = none */
};

/* Options of `key`. */
struct leat_key_options {
    const char *by; /* the channel whose values are the keys */
    uint64_t max;   /* keys that a stage keeps states for: 1 to LEAT_KEYS_MAX */
    uint64_t ttl;   /* ns of the stream's time; a key not seen for longer starts anew; 0: never */
    const char *time;   /* the channel of times, for ttl; NULL: the frames' times and the rate */
    uint32_t time_unit; /* of those: 0 s, 1 ms, 2 us, 3 ns */
};
#define LEAT_KEYS_MAX (UINT32_C(1) << 24)

/* Where a value was written, in the file of its stage; both 0: it was not. */
struct leat_value_place {
    uint32_t line, column;
};

/* What every stage takes beside the parameters of its own table, as a table; C says the same by
 * leat_graph_add, leat_graph_on, leat_graph_as, leat_graph_core and leat_graph_on_gap. */
enum leat_common {
    LEAT_COMMON_NAME,
    LEAT_COMMON_ON,
    LEAT_COMMON_AS,
    LEAT_COMMON_CORE,
    LEAT_COMMON_ON_GAP
};
#define LEAT_COMMONS 5u
/* What a stage that carries something from frame to frame does at one that is marked
 * LEAT_GAP_BEFORE: goes on as if nothing were missing, or begins anew. */
enum leat_on_gap { LEAT_GAP_CONTINUE, LEAT_GAP_RESET };
struct leat_common_options {
    const char *name;
    struct leat_list on;
    const char *as;
    uint64_t core;
    uint32_t on_gap; /* leat_on_gap */
};
/* [LEAT_COMMONS], by leat_common. Constant. Threads: any. */
LEAT_API const struct leat_param *leat_common_params(void);
/* Does the stage take it at all? Others are refused when the plan is made: on= and as= where whole
 * frames are moved or all channels change their length, as= of a sink, on-gap=reset where nothing
 * is carried. What depends on its options or its input (another kind, other channels), the plan
 * alone can say. */
LEAT_API bool leat_common_takes(const struct leat_stage *stage, enum leat_common common);

#define LEAT_NO_CORE UINT32_MAX /* in place of a processor: where those before it run */

struct leat_node {
    const struct leat_stage *stage;
    const void *options;         /* the graph's copy */
    const char *name;            /* unique in the graph */
    const char *file;            /* where it was written, "" for a node made by a C call */
    uint32_t line, column;       /* of the stage's name; 0 for a C call */
    struct leat_value_place *values; /* [stage->params_n + LEAT_COMMONS], the graph's; NULL: none
                                      * was written */
    struct leat_list on;         /* channels that it works on, the graph's copy; none: all */
    const char *as;              /* what its result is called beside its input; NULL: in place */
    uint32_t core;               /* the processor that it runs on; LEAT_NO_CORE: not said */
    uint32_t on_gap;             /* leat_on_gap */
};

struct leat_link {
    uint32_t from, out, to, in; /* node and port numbers */
};

struct leat_graph {
    struct leat_node *nodes;
    struct leat_link *links;
    uint32_t nodes_n, links_n;
    uint32_t nodes_room, links_room;
    struct leat_graph_block *memory; /* private: copies of options, names, texts */
};

#define LEAT_NODES_MAX 1024u /* stages in one graph */

/* True for what can name a stage: a letter or _, then letters, digits, _ and -, less than
 * LEAT_NAME_MAX bytes. */
LEAT_API bool leat_name_valid(const char *name);

/* An empty graph. Never fails; leat_graph_fini gives everything back and may be called twice. */
LEAT_API void leat_graph_init(struct leat_graph *graph);
LEAT_API void leat_graph_fini(struct leat_graph *graph);

/* Adds a stage. options: stage->options_bytes filled by the caller (NULL: all defaults), checked
 * against the parameter table. name: NULL makes one from the stage's name ("zscore", "zscore2", …).
 * On success *node is its number. Errors: LEAT_EINVAL (a required option is missing, name
 * is not valid, the stage's table is malformed), LEAT_ERANGE (an option out of range), LEAT_ENAME
 * (name taken), LEAT_ELIMIT (LEAT_NODES_MAX), LEAT_ENOMEM. On error the graph is as it was. */
LEAT_API LEAT_MUST_USE int leat_graph_add(struct leat_graph *graph,
                                          const struct leat_stage *stage, const void *options,
                                          const char *name, uint32_t *node,
                                          struct leat_diag *diag);
/* Notes where a node was written, for messages. file is copied. */
LEAT_API LEAT_MUST_USE int leat_graph_place(struct leat_graph *graph, uint32_t node,
                                            const char *file, uint32_t line, uint32_t column,
                                            struct leat_diag *diag);
/* The same for the value of parameter `param` of the stage's table, or params_n and a leat_common.
 * A plan that refuses it says so there. LEAT_EINVAL: no such node or parameter. */
LEAT_API LEAT_MUST_USE int leat_graph_place_value(struct leat_graph *graph, uint32_t node,
                                                  uint32_t param, uint32_t line, uint32_t column,
                                                  struct leat_diag *diag);
/* The channels that a stage works on, as leat_shape_rows takes them, in that order; the others pass
 * untouched, a sink does not see them. None: all of them. Copied. Which stages can, and whether
 * the channels are there, is for the plan to say. LEAT_EINVAL: no such node; LEAT_ENOMEM. */
LEAT_API LEAT_MUST_USE int leat_graph_on(struct leat_graph *graph, uint32_t node,
                                         const char *const *channels, uint32_t n,
                                         struct leat_diag *diag);
/* Keeps what the stage works on as it was and puts the result behind the last channel: called `as`
 * when it is one channel, else each as.CHANNEL. NULL: in place. LEAT_EINVAL: no such node, or not a
 * leat_name_valid name; LEAT_ENOMEM. */
LEAT_API LEAT_MUST_USE int leat_graph_as(struct leat_graph *graph, uint32_t node, const char *as,
                                         struct leat_diag *diag);
/* The stage, and what follows it until another core is said, runs on a worker of its own on that
 * processor; LEAT_NO_CORE: where those before it run. LEAT_EINVAL: no such node. */
LEAT_API LEAT_MUST_USE int leat_graph_core(struct leat_graph *graph, uint32_t node, uint32_t core,
                                           struct leat_diag *diag);
/* What it does at a frame before which samples are missing (leat_on_gap). What works in place and
 * carries what init alone makes can begin anew (leat_stage_resets): diff, logreturn, ewma, rolling,
 * welford, fir, book, imbalance and a host's own, and so can window and bars; behind a key, the
 * states of all keys go. Others the plan refuses.
 * LEAT_EINVAL: no such node, no such word. */
LEAT_API LEAT_MUST_USE int leat_graph_on_gap(struct leat_graph *graph, uint32_t node,
                                             enum leat_on_gap on_gap, struct leat_diag *diag);
/* Joins output port `out` of `from` to input port `in` of `to`.
 * LEAT_EINVAL: no such node or port, or the port is taken. LEAT_ENOMEM. */
LEAT_API LEAT_MUST_USE int leat_graph_join(struct leat_graph *graph, uint32_t from, uint32_t out,
                                           uint32_t to, uint32_t in, struct leat_diag *diag);
/* The number of the node of that name; LEAT_ENAME and the nearest name. */
LEAT_API LEAT_MUST_USE int leat_graph_find(const struct leat_graph *graph, const char *name,
                                           uint32_t *node, struct leat_diag *diag);
/* Keeps a copy of text as long as the graph lives; NULL when there is no memory. */
LEAT_API const char *leat_graph_keep(struct leat_graph *graph, const char *text, size_t bytes);

LEAT_END

#endif
