/* Segments: how the plan's stages become heads, maps and tails. */
#include "pipeline/impl.h"

static struct edge_record *door_edge(struct leat_engine *e, uint32_t stage)
{
    for (uint32_t i = e->plan->edges_n; i < e->edges_n; i++)
        if (e->edges[i].from == stage || e->edges[i].to == stage)
            return &e->edges[i];
    return NULL;
}

/* Doors come after the plan's edges, in the order of their stages. */
static void name_doors(struct leat_engine *e)
{
    uint32_t at = e->plan->edges_n;
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        if (!is_door(&e->plan->stages[i]))
            continue;
        bool inlet = e->plan->stages[i].stage->ins == 0;
        e->edges[at].from = inlet ? UINT32_MAX : i;
        e->edges[at].to = inlet ? i : UINT32_MAX;
        at++;
    }
}

static struct inbox *box_of(struct leat_engine *e, const struct leat_plan_link *link)
{
    const struct leat_plan *plan = e->plan;
    size_t first = (size_t)(plan->stages[link->to].ins - plan->in_shapes);
    return &e->boxes[plan->stages_n + first + link->in];
}

static struct segment *open_segment(struct leat_engine *e, enum head head, uint32_t stage,
                                    uint32_t maps_begin)
{
    struct worker *w = &e->workers[e->plan->stages[stage].worker];
    struct segment *s = &w->segments[w->segments_n++];
    s->head = head;
    s->stage = stage;
    s->plan = &e->plan->stages[stage];
    s->record = &e->stages[stage];
    s->maps_begin = s->maps_end = maps_begin;
    s->tail = TAIL_HOME;
    return s;
}

/* A segment whose head takes the link's edge. */
static struct segment *open_take(struct leat_engine *e, const struct leat_plan_link *link)
{
    struct segment *s = open_segment(e, HEAD_TAKE, link->to, link->to);
    s->in = &e->edges[link->edge];
    return s;
}

/* What comes over the link will be put into the box. */
static void feed(struct leat_engine *e, const struct leat_plan_link *link, struct inbox *box)
{
    struct segment *s = link->edge != LEAT_NO_EDGE ? open_take(e, link)
                                                   : e->stages[link->from].segment;
    box->stage = link->to;
    box->in_step = link->in_step;
    const struct leat_plan_stage *to = &e->plan->stages[link->to];
    box->scans = to->scan_finite && to->stage->map == NULL;
    if (link->edge == LEAT_NO_EDGE && is_tee(&e->plan->stages[link->from])) {
        s->ways[link->out].next = box;
    } else {
        s->tail = TAIL_NEXT;
        s->way.next = box;
    }
}

/* A head of its own, with the inboxes in front of it. */
static struct segment *open_boxes(struct leat_engine *e, enum head head, uint32_t i)
{
    const struct leat_plan_stage *stage = &e->plan->stages[i];
    for (uint32_t port = 0; port < stage->ins_n; port++) {
        const struct leat_plan_link *link = plan_link_into(e->plan, i, port);
        feed(e, link, box_of(e, link));
    }
    struct segment *s = open_segment(e, head, i, head == HEAD_PASS ? i : i + 1);
    s->boxes = box_of(e, plan_link_into(e->plan, i, 0));
    s->boxes_n = stage->ins_n;
    return s;
}

static struct segment *segment_for(struct leat_engine *e, uint32_t i)
{
    const struct leat_plan_stage *stage = &e->plan->stages[i];
    if (stage->stage->ins == 0) {
        struct segment *s = open_segment(e, is_door(stage) ? HEAD_TAKE : HEAD_PULL, i, i + 1);
        s->in = is_door(stage) ? door_edge(e, i) : NULL;
        s->spare = &e->boxes[i];
        return s;
    }
    if (stage->stage->flow != NULL)
        return open_boxes(e, HEAD_FLOW, i);
    if (is_queue(stage))
        return open_boxes(e, HEAD_QUEUE, i);
    if (stage->stage->join != NULL)
        return open_boxes(e, HEAD_JOIN, i);
    const struct leat_plan_link *link = plan_link_into(e->plan, i, 0);
    if (link->edge != LEAT_NO_EDGE)
        return open_take(e, link);
    if (is_tee(&e->plan->stages[link->from]))
        return open_boxes(e, HEAD_PASS, i);
    return e->stages[link->from].segment; /* it follows in line */
}

static void end_in_tee(struct leat_engine *e, struct segment *s, uint32_t i, struct way *ways)
{
    const struct leat_plan *plan = e->plan;
    s->tail = TAIL_TEE;
    s->tee = i;
    s->ways = ways;
    s->ways_n = plan->stages[i].outs_n;
    s->copies = &e->boxes[i];
    for (uint32_t l = 0; l < plan->links_n; l++) {
        const struct leat_plan_link *link = &plan->links[l];
        if (link->from != i)
            continue;
        ways[link->out].copies = link_claims(link);
        ways[link->out].nested = link->nested;
        ways[link->out].out = link->edge != LEAT_NO_EDGE ? &e->edges[link->edge] : NULL;
        s->copying += link_claims(link);
        s->nesting += link->nested != 0;
    }
}

/* Workers of one part of the graph wait for each other: for frames, for room, for frames to come
 * home. */
static void name_wakes(struct leat_engine *e)
{
    const struct leat_plan *plan = e->plan;
    for (uint32_t i = 0; i < plan->stages_n; i++)
        for (uint32_t j = 0; j < plan->stages_n; j++)
            if (plan->stages[i].chain == plan->stages[j].chain)
                e->workers[plan->stages[i].worker].wakes |= UINT64_C(1) << plan->stages[j].worker;
    for (uint32_t i = 0; i < plan->workers_n; i++)
        e->workers[i].wakes &= ~(UINT64_C(1) << i);
}

/* The branch behind an inbox that ends on this worker, and in no other tee, which would want the
 * batch that this one is about. */
static struct segment *branch_behind(struct worker *w, const struct inbox *box)
{
    for (uint32_t i = 0; i < w->segments_n; i++) {
        struct segment *s = &w->segments[i];
        if (s->head == HEAD_PASS && s->boxes == box)
            return s->tail == TAIL_NEXT || s->tail == TAIL_HOME ? s : NULL;
    }
    return NULL;
}

static void name_ends(struct worker *w)
{
    struct segment *source = NULL;
    for (uint32_t i = 0; i < w->segments_n; i++) {
        struct segment *s = &w->segments[i];
        s->source = source = s->head == HEAD_PULL ? s : source;
        s->goes_on = s->tail == TAIL_NEXT || s->tail == TAIL_TEE;
        for (uint32_t k = 0; k < s->ways_n; k++)
            s->goes_on &= s->ways[k].next != NULL;
        for (uint32_t k = 0; k < s->ways_n && s->goes_on; k++) /* else other workers wait first */
            s->ways[k].through = branch_behind(w, s->ways[k].next);
    }
}

void engine_cut(struct leat_engine *e)
{
    const struct leat_plan *plan = e->plan;
    struct way *ways = e->ways;
    name_doors(e);
    for (uint32_t l = 0; l < plan->links_n; l++)
        if (plan->links[l].edge != LEAT_NO_EDGE)
            e->edges[plan->links[l].edge].answers = plan->links[l].answers;
    for (uint32_t i = 0; i < plan->stages_n; i++) {
        const struct leat_plan_stage *stage = &plan->stages[i];
        struct segment *s = e->stages[i].segment = segment_for(e, i);
        if (stage->stage->map != NULL)
            s->maps_end = i + 1;
        if (is_tee(stage)) {
            end_in_tee(e, s, i, ways);
            ways += stage->outs_n;
        } else if (stage->stage->outs == 0) {
            s->way.out = is_door(stage) ? door_edge(e, i) : NULL;
            s->tail = is_door(stage) ? TAIL_SEND : TAIL_HOME;
        } else if (plan_link_from(plan, i, 0)->edge != LEAT_NO_EDGE) {
            s->way.out = &e->edges[plan_link_from(plan, i, 0)->edge];
            s->tail = TAIL_SEND;
        }
    }
    for (uint32_t i = 0; i < plan->workers_n; i++)
        name_ends(&e->workers[i]);
    name_wakes(e);
}
