/* What the files of the planner share: order.c, plan.c, proof.c. Private to this room. */
#ifndef LEAT_PIPELINE_BUILD_H
#define LEAT_PIPELINE_BUILD_H

#include "pipeline/impl.h"

/* What the planner knows of a stage and the plan need not keep. */
struct note {
    bool doubtful;          /* NaN or Inf may come out of it */
    bool changes;           /* it, or one behind it that the same frame reaches, changes frames */
    bool reached;           /* by the frames of the pool that is looked at */
    uint32_t root;          /* the source, or join of several, that its frames are in step with */
    uint64_t in, out;       /* so many frames of that source give so many of its own */
    uint64_t lag;           /* frames of that source before what they give comes out */
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

/* Says where: what the diag holds was about this node. Returns status. */
int build_at(struct builder *b, uint32_t node, int status);

/* order.c: stages, links and chains, from what the graph joins. */
int build_order(struct builder *b);

/* proof.c */
/* Which branches of a tee get copies, which links carry answers; how far joins' inputs lag. */
int build_branches(struct builder *b);
/* The pools and the width of their frames. */
int build_pools(struct builder *b);
/* Room for what waits in front of joins and flow stages. */
int build_inboxes(struct builder *b);
/* How many frames each pool needs. */
int build_counts(struct builder *b, uint32_t frames_wanted);

#endif
