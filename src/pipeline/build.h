/* What the files of the planner share: order.c, plan.c, lens_plan.c, assign.c, step.c, proof.c.
 * Private to this room. */
#ifndef LEAT_PIPELINE_BUILD_H
#define LEAT_PIPELINE_BUILD_H

#include "pipeline/impl.h"

/* What the planner knows of a stage and the plan need not keep. */
struct note {
    bool doubtful;          /* NaN or Inf may come out of it */
    bool changes;           /* it, or one behind it that the same frame reaches, changes frames */
    bool reached;           /* by the frames of the pool that is looked at */
    bool shares;            /* and others may read them meanwhile */
    /* step.c: how the stage's stream counts */
    bool missing;           /* some numbers may not come */
    bool uneven;            /* its frames may have any length */
    uint32_t root;          /* the stage that its frames are in step with */
    uint64_t in, out;       /* so many frames of the root give so many of its own */
    uint64_t lag;           /* frames of the root before what they give comes out */
    uint32_t kin, blame;    /* of a root: what it hangs from; who is to blame for no pace */
    uint64_t kin_in, kin_out; /* so many frames of kin go with so many of its own; 0: unknown */
};

struct builder {
    struct leat_plan *plan;
    const struct leat_graph *graph;
    struct leat_channel *scratch; /* where a resolve writes its channels */
    struct leat_diag *diag;
    uint32_t *place;              /* [nodes] where each stands in the plan; UINT32_MAX: not yet */
    struct note *notes;           /* [stages] */
    bool *carries;                /* [links] those that the frames of one pool go over */
};

/* Says where: what the diag holds was about this node, or a value of its. Returns status. */
int build_at(struct builder *b, uint32_t node, int status);

static inline bool is_join(const struct leat_plan_stage *s)
{
    return s->stage->join != NULL;
}

/* A flow stage or a join: frames may wait inside. */
static inline bool gathers(const struct leat_plan_stage *s)
{
    return s->stage->flow != NULL || is_join(s);
}

/* plan.c */
/* Zeroed, 16-byte aligned, alive as long as the plan; NULL without memory. */
void *plan_take(struct builder *b, size_t bytes);
/* The channels become the plan's own copy. */
int plan_keep_channels(struct builder *b, struct leat_shape *shape);
/* Asks the stage what it needs for frames of that shape. */
int build_resolve(struct builder *b, struct leat_plan_stage *s, const struct leat_shape *in);

/* lens_plan.c: the same for a stage with on= or as=; the answer, lens included, in *s. */
int lens_infer(struct builder *b, struct leat_plan_stage *s);

/* key.c */
/* The stage is `key`: what it says of the stream behind it. */
int key_note(struct builder *b, struct leat_plan_stage *s);
/* The row of the stage's input that holds the keys of its stream; UINT32_MAX: none. */
uint32_t key_row(const struct leat_plan_stage *s);
/* The row that holds their times, for ttl; UINT32_MAX: none. */
uint32_t key_time_row(const struct leat_plan_stage *s);
/* Can it stand behind a key? Before and after it was asked. */
int key_check(struct builder *b, const struct leat_plan_stage *s);
int key_check_join(struct builder *b, const struct leat_plan_stage *s);
/* A KEYED stage, asked about what its lens shows: room for the states of all keys. */
int key_lay_out(struct builder *b, struct leat_plan_stage *s);
/* A KEYED flow stage, asked likewise: the keys stand behind the channels that it makes. */
int key_widen(struct builder *b, struct leat_plan_stage *s);

/* assign.c: which worker runs which stage, and where. */
int build_workers(struct builder *b, const struct leat_limits *limits);

/* order.c: stages, links and chains, from what the graph joins. */
int build_order(struct builder *b);

/* step.c, in the order of the stages */
/* Are the inputs of a join in step? From then on they wait for each other. */
int step_check(struct builder *b, uint32_t stage);
/* How the stage's stream counts. */
void step_note(struct builder *b, uint32_t stage);
/* How many frames more than a batch may wait at a join's input until those of the others come. */
uint64_t step_lead(const struct builder *b, const struct leat_plan_link *link);

/* nest.c, after the workers: which copies lie in frames of another branch. */
void build_nests(struct builder *b);

/* proof.c */
/* Which branches of a tee get copies, which links carry answers; how streams count. */
int build_branches(struct builder *b);
/* The pools and the width of their frames. */
int build_pools(struct builder *b);
/* Room for what waits in front of joins and flow stages. */
int build_inboxes(struct builder *b);
/* How many frames each pool needs. */
int build_counts(struct builder *b, uint32_t frames_wanted);

#endif
