/* What the files of the hot path share: run.c the round, heads.c where frames come from, tails.c
 * where they go, batch.c what happens to a frame that goes no further. Private to this room.
 */
#ifndef LEAT_PIPELINE_RUN_H
#define LEAT_PIPELINE_RUN_H

#include "pipeline/impl.h"

static inline uint64_t worker_ticks(const struct worker *w)
{
    return leat_clock_ticks(&w->engine->clock);
}

static inline uint64_t worker_span_ns(const struct worker *w, uint64_t from, uint64_t to)
{
    return to > from ? leat_clock_span_ns(&w->engine->clock, to - from) : 0;
}

static inline uint64_t samples_of(struct leat_frame *const *frames, uint32_t n)
{
    uint64_t samples = 0;
    for (uint32_t i = 0; i < n; i++)
        samples += frames[i]->cols;
    return samples;
}

/* The first n frames have been taken out. */
static inline void inbox_shift(struct inbox *box, uint32_t n)
{
    box->n -= n;
    if (n != 0 && box->n != 0)
        memmove(box->frames, box->frames + n, box->n * sizeof box->frames[0]);
}

/* The same; returns how many samples they held. It looks at what stays, nearly always nothing: what
 * was taken may be another's by now. */
static inline uint64_t inbox_take(struct inbox *box, uint32_t n)
{
    uint64_t held = box->samples;
    inbox_shift(box, n);
    box->samples = samples_of(box->frames, box->n);
    return held - box->samples;
}

/* A stage that waits is timed apart: its time goes to *waited, not to the chain. */
static inline uint64_t stage_begin(struct worker *w, const struct leat_stage *stage)
{
    if ((stage->traits & LEAT_WAITS) == 0)
        return 0;
    worker_wait_begin(w);
    return worker_ticks(w);
}

static inline void stage_end(struct worker *w, const struct leat_stage *stage, uint64_t since,
                             uint64_t *waited)
{
    if ((stage->traits & LEAT_WAITS) == 0)
        return;
    uint64_t spent = worker_ticks(w) - since;
    worker_wait_end(w);
    leat_counter_add(&w->waits_ticks, spent);
    *waited += spent;
}

/* heads.c: each leaves its frames in w->batch and returns how many, at most room; in *samples what
 * they hold. */
uint32_t head_pull(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples,
                   uint64_t *waited);
uint32_t head_take(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples);
uint32_t head_pass(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples);
uint32_t head_queue(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples);
uint32_t head_join(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples);
uint32_t head_flow(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples,
                   uint64_t *waited);
/* At the end of the input: what a flow stage or join still holds; *finished when that is all. */
uint32_t head_flush(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples,
                    bool *finished);

/* tee.c */
uint32_t tee_room(struct worker *w, struct segment *s);
void tee_deliver(struct worker *w, struct segment *s, uint32_t n, uint64_t samples);

/* tails.c */
/* One way of a segment: what it takes now, and n frames of w->batch over it. */
uint32_t edge_room(struct worker *w, struct edge_record *edge);
static inline uint32_t way_room(struct worker *w, const struct way *way)
{
    if (way->next == NULL)
        return edge_room(w, way->out);
    uint32_t batch = w->engine->plan->batch, room = way->next->room - way->next->n;
    return room < batch ? room : batch;
}
void way_deliver(struct worker *w, const struct way *way, uint32_t n, uint64_t samples);
static inline uint32_t tail_room(struct worker *w, struct segment *s)
{
    if (s->tail == TAIL_HOME)
        return w->engine->plan->batch;
    return s->tail == TAIL_TEE ? tee_room(w, s) : way_room(w, &s->way);
}
/* n frames of w->batch, which hold so many samples; there is room. */
void tail_deliver(struct worker *w, struct segment *s, uint32_t n, uint64_t samples);
/* Tells those behind the segment which numbers will not come any more. */
void tail_tell(const struct segment *s);
static inline void tail_answer(struct segment *s)
{
    s->told = s->answered;
    if (s->tail != TAIL_HOME)
        tail_tell(s);
}
/* Nothing will come any more. */
void tail_end(struct worker *w, struct segment *s);
/* Is all that the segment gives let go, whichever way it takes? */
static inline bool way_unwanted(const struct way *way)
{
    if (way->next != NULL)
        return way->next->unwanted;
    return leat_load_relaxed(&way->out->unwanted) != 0; /* [U2 pairs U1: only that] */
}
static inline bool tail_unwanted(const struct segment *s)
{
    if (s->tail == TAIL_HOME)
        return false;
    if (s->tail != TAIL_TEE)
        return way_unwanted(&s->way);
    bool all = true;
    for (uint32_t i = 0; i < s->ways_n; i++)
        all &= way_unwanted(&s->ways[i]);
    return all;
}
/* A timed batch that has arrived. */
void probe_take(struct worker *w, struct edge_record *edge);

/* run.c: n frames of w->batch go through a branch at once, which has room for them. */
void segment_pass(struct worker *w, struct segment *s, uint32_t n, uint64_t samples);

/* lens.c: the map of a stage that sees some channels, over the first n frames of w->batch. */
void lens_map(struct worker *w, uint32_t stage, uint32_t n);
/* keyed_flow.c: the flow of a stage with a state for each key, and its flush. */
uint32_t keyed_flow(struct worker *w, uint32_t stage, struct leat_frame *const *frames, uint32_t n,
                    struct leat_out *out);
bool keyed_flow_end(struct worker *w, uint32_t stage, struct leat_out *out);
/* The stage carries nothing any more, as when it began: keyed.c. */
void stage_reset(struct leat_engine *e, uint32_t stage);

/* batch.c */
/* Takes the frames out that a stage dropped or rejected; keeps the order of the rest. The mark of a
 * gap goes to the next that is left; *gap: it is still to be said. */
uint32_t batch_compact(struct worker *w, struct stage_record *record, bool *gap, uint32_t n);
/* Marks it LEAT_GAP_BEFORE; false: somebody else is reading it. */
bool batch_say_gap(struct leat_frame *frame);
/* Rejects the frames that hold NaN or Inf where the stage looks. */
uint32_t batch_scan(struct worker *w, uint32_t stage, uint32_t n);
/* The n frames of w->batch go home, and at once back to the source whose pool it is, where that has
 * none in hand: they are what it fills next. False: they stay; they are not all such, or others
 * hold them, too. */
bool batch_renew(struct worker *w, struct segment *source, uint32_t n);
/* What a stage's function noted in the context, moved into the stage's own counters; a failure
 * stops the engine. */
void worker_collect(struct worker *w, struct stage_record *record);

/* Did the function that just ran note anything? */
static inline bool worker_noted(const struct worker *w)
{
    const struct leat_ctx *c = &w->ctx;
    return (c->copied | c->reframed | c->rejected_rows | c->samples_lost | c->dropped | c->marked |
            c->counted | (uint32_t)c->failed) != 0;
}

#endif
