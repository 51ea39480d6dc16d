/* Which frames were rejected, where and why: records that a worker leaves and a control thread asks
 * for. The slots of the records are those of a ring, so one that has room for a number has a record
 * that nobody reads. */
#include "pipeline/impl.h"

const char *leat_why_text(const struct leat_stage *stage, uint16_t why)
{
    uint32_t n = 0;
    if (why == LEAT_WHY_NOT_FINITE)
        return "not finite";
    if (why == LEAT_WHY_SHAPE)
        return "shape";
    if (why < LEAT_WHY_OWN || stage->whys == NULL)
        return NULL;
    while (n < (uint32_t)why - LEAT_WHY_OWN && stage->whys[n] != NULL)
        n++;
    return stage->whys[n];
}

void reject_note(struct worker *w, const struct leat_frame *frame, uint16_t why)
{
    uint32_t at = (uint32_t)(w->rejects_told % w->reject_ring->capacity);
    if (leat_ring_room(w->reject_ring, 1) == 0) {
        leat_counter_add(&w->rejects_lost, 1);
        return;
    }
    w->rejects[at] = (struct reject){frame->seq, frame->time_ns, w->ctx.stage, why};
    w->rejects_told++;
    (void)leat_ring_push(w->reject_ring, (uint64_t)at + 1);
}

/* One worker's, in order; those that come meanwhile, next time. */
static uint32_t tell(const struct leat_engine *e, struct worker *w,
                     void (*each)(void *user, const struct leat_rejected *rejected), void *user)
{
    const leat_guarded_u64 *span;
    uint32_t n = 0;
    for (; n < e->plan->rejects && leat_ring_take(w->reject_ring, 1, &span) != 0; n++) {
        const struct reject record = w->rejects[leat_guarded_get(span) - 1];
        leat_ring_retire(w->reject_ring, 1);
        const struct leat_plan_stage *s = &e->plan->stages[record.stage];
        const struct leat_rejected rejected = {
            .stage = s->name,
            .number = record.stage,
            .why = record.why,
            .why_text = leat_why_text(s->stage, record.why),
            .seq = record.seq,
            .time_ns = record.time_ns,
        };
        each(user, &rejected);
    }
    leat_ring_give(w->reject_ring);
    return n;
}

uint32_t leat_engine_rejects(struct leat_engine *e,
                             void (*each)(void *user, const struct leat_rejected *rejected),
                             void *user, uint64_t *lost)
{
    uint32_t n = 0;
    uint64_t all = 0;
    ALIVE("leat_engine_rejects", e);
    LEAT_GIVEN("leat_engine_rejects", each, "each");
    PART_ENTER(&e->reject_busy, "leat_engine_rejects: two threads ask for rejects at once");
    for (uint32_t i = 0; i < e->plan->workers_n; i++) {
        all += leat_counter_get(&e->workers[i].rejects_lost);
        n += tell(e, &e->workers[i], each, user);
    }
    PART_LEAVE(&e->reject_busy);
    if (lost != NULL)
        *lost = all;
    return n;
}
