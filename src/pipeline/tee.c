/* A tee: every frame goes over every way. Ways that only read share the frame, which counts the
 * readers beyond the first; ways that change it get copies, claimed before the batch begins, so
 * that room for a batch is room for its copies. */
#include "pipeline/run.h"

#include <string.h>

uint32_t tee_room(struct worker *w, struct segment *s)
{
    uint32_t room = w->engine->plan->batch;
    for (uint32_t i = 0; i < s->ways_n && room != 0; i++) {
        uint32_t one = way_room(w, &s->ways[i]);
        room = one < room ? one : room;
    }
    if (s->copying == 0 || room == 0)
        return room;
    struct leat_pool *pool = w->engine->pools[w->engine->plan->stages[s->tee].quota];
    uint32_t wanted = room * s->copying;
    if (s->copies->n < wanted)
        s->copies->n += leat_pool_claim_n(pool, w->number, s->copies->frames + s->copies->n,
                                          wanted - s->copies->n);
    uint32_t copies = s->copies->n / s->copying;
    return copies < room ? copies : room;
}

/* The batch's copies, out of those that were claimed, into w->branch. */
static void copy_batch(struct worker *w, struct segment *s, uint32_t n)
{
    const struct leat_plan *plan = w->engine->plan;
    const struct leat_plan_stage *tee = &plan->stages[s->tee];
    const uint32_t stride = plan->pools[tee->quota].stride;
    const size_t width = leat_kind_bytes(tee->in.kind);
    struct leat_frame **copies = w->branch, *const *originals = w->batch;
    s->copies->n -= n;
    memcpy(copies, s->copies->frames + s->copies->n, n * sizeof copies[0]);
    for (uint32_t i = 0; i < n; i++) {
        struct leat_frame *to = copies[i], *from = originals[i];
        frame_copy_header(to, from);
        to->stride = stride;
        leat_rows_copy(to + 1, from + 1, from->cols * width, from->rows, stride, from->stride);
    }
    leat_counter_add(&w->engine->stages[s->tee].copied, n);
}

/* Copies that lie in the originals, which one way takes after this. */
static void nest_batch(struct worker *w, struct segment *s, uint32_t rows, uint32_t n)
{
    const size_t width = leat_kind_bytes(w->engine->plan->stages[s->tee].in.kind);
    for (uint32_t i = 0; i < n; i++) {
        struct leat_frame *from = w->batch[i];
        struct leat_frame *to = w->branch[i] = (struct leat_frame *)leat_frame_row(from, rows) - 1;
        memcpy(to, from, sizeof *to); /* with its tag, by which the original is found */
        to->share = SHARE_INSIDE;
        from->share = (uint16_t)(from->share + SHARE_NEST);
        leat_rows_copy(to + 1, from + 1, from->cols * width, from->rows, from->stride,
                       from->stride);
    }
    leat_counter_add(&w->engine->stages[s->tee].copied, n);
}

/* Each way works on w->batch: what is its own takes the batch's place meanwhile. */
static void deliver_branch(struct worker *w, const struct way *way, uint32_t n, uint64_t samples)
{
    struct leat_frame **batch = w->batch;
    w->batch = w->branch;
    w->branch = batch;
    way_deliver(w, way, n, samples);
    w->branch = w->batch;
    w->batch = batch;
}

/* Before anybody else can read, or release. */
static void share_batch(struct worker *w, uint32_t n, uint16_t more)
{
    const bool apart = w->engine->apart;
    for (uint32_t i = 0; i < n; i++)
        if (apart) /* [C1 pairs C2: how many read] */
            (void)leat_add_acq_rel(&w->batch[i]->share, more);
        else
            w->batch[i]->share = (uint16_t)(w->batch[i]->share + more);
}

void tee_deliver(struct worker *w, struct segment *s, uint32_t n, uint64_t samples)
{
    struct stage_record *record = &w->engine->stages[s->tee];
    uint32_t readers = s->ways_n - s->copying - s->nesting;
    leat_counter_add(&record->frames_in, n);
    leat_counter_add(&record->samples_in, samples);
    for (uint32_t i = 0; i < s->ways_n; i++)
        if (s->ways[i].copies) {
            copy_batch(w, s, n);
            deliver_branch(w, &s->ways[i], n, samples);
        }
    for (uint32_t i = 0; i < s->ways_n; i++)
        if (s->ways[i].nested != 0) {
            nest_batch(w, s, s->ways[i].nested, n);
            deliver_branch(w, &s->ways[i], n, samples);
        }
    if (readers > 1)
        share_batch(w, n, (uint16_t)(readers - 1));
    for (uint32_t i = 0; i < s->ways_n; i++)
        if (!s->ways[i].copies && s->ways[i].nested == 0) {
            memcpy(w->branch, w->batch, n * sizeof w->batch[0]);
            deliver_branch(w, &s->ways[i], n, samples);
        }
}

static const struct leat_stage tee = {
    .size = sizeof(struct leat_stage),
    .traits = TRAIT_TEE,
    .name = "tee",
    .doc = "Gives every frame to each branch: its name and a dot begin one more. Branches that "
           "only read share the frame, one that changes it gets a copy.",
    .ins = 1,
    .outs = LEAT_MANY,
};

static const struct leat_stage *const joints[] = {&tee, &pipeline_queue, &pipeline_key};
static const struct leat_catalogue joint_catalogue = {joints, 3, NULL};

const struct leat_catalogue *leat_joints(void)
{
    return &joint_catalogue;
}
