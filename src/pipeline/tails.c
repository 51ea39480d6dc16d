/* Where frames go: the next inbox, an edge, home. */
#include "pipeline/run.h"

#include <string.h>

uint32_t edge_room(struct worker *w, struct edge_record *edge)
{
    uint32_t room = leat_ring_room(edge->ring, w->engine->plan->batch);
    if (room == 0)
        leat_counter_add(&edge->stalls, 1);
    return room;
}

static void probe_send(struct edge_record *edge, uint64_t now)
{
    struct edge_probe *p = &edge->probe;
    if (edge->batches++ % SAMPLE_EVERY != 0)
        return;
    uint64_t sent = leat_load_relaxed(&p->sent); /* own word */
    if (leat_load_acquire(&p->read) != sent)     /* [B1 pairs B4: the last stamp was read] */
        return;
    p->position = edge->sent_frames + 1;
    p->ticks = now;
    leat_store_release(&p->sent, sent + 1); /* [B2 pairs B3: position and ticks] */
}

void probe_take(struct worker *w, struct edge_record *edge)
{
    struct edge_probe *p = &edge->probe;
    uint64_t sent = leat_load_acquire(&p->sent); /* [B3 pairs B2: position and ticks] */
    if (sent == leat_load_relaxed(&p->read) || edge->taken_frames < p->position)
        return;
    leat_histogram_record(&edge->wait_ns, worker_span_ns(w, p->ticks, w->ctx.now));
    leat_store_release(&p->read, sent); /* [B4 pairs B1: the stamp was read] */
}

/* The caller has asked for the room. */
static void send(struct worker *w, struct edge_record *edge, uint32_t n, uint64_t samples)
{
    if (edge->to == UINT32_MAX) { /* an outlet: nothing else runs it, so it is counted here, */
        struct stage_record *record = &w->engine->stages[edge->from]; /* while frames are ours */
        leat_counter_add(&record->frames_in, n);
        leat_counter_add(&record->samples_in, samples);
    }
    probe_send(edge, w->ctx.now);
    for (uint32_t done = 0; done < n;) {
        leat_guarded_u64 *span;
        uint32_t k = leat_ring_reserve(edge->ring, n - done, &span);
        for (uint32_t i = 0; i < k; i++)
            leat_guarded_set(&span[i], w->batch[done + i]->tag);
        leat_ring_publish(edge->ring, k);
        done += k;
    }
    edge->sent_frames += n;
    leat_counter_add(&edge->frames, n);
}

/* A flow stage that wants finite samples gets no others into its inbox. */
static uint32_t admit(struct worker *w, uint32_t stage, uint32_t n, uint64_t *samples)
{
    struct stage_record *record = &w->engine->stages[stage];
    w->ctx.stage = stage;
    uint32_t finite = batch_scan(w, stage, n);
    uint64_t left = samples_of(w->batch, finite), lost = *samples - left;
    *samples = left;
    leat_counter_add(&record->frames_in, n - finite);
    leat_counter_add(&record->samples_in, lost);
    leat_counter_add(&record->samples_lost, lost);
    return finite;
}

void way_deliver(struct worker *w, const struct way *way, uint32_t n, uint64_t samples)
{
    struct inbox *box = way->next;
    if (box == NULL) {
        send(w, way->out, n, samples);
        return;
    }
    if (way->through != NULL && box->n == 0 && tail_room(w, way->through) >= n) {
        segment_pass(w, way->through, n, samples);
        return;
    }
    if (LEAT_UNLIKELY(box->scans))
        n = admit(w, box->stage, n, &samples);
    memcpy(box->frames + box->n, w->batch, n * sizeof w->batch[0]);
    box->n += n;
    box->samples += samples;
}

void tail_deliver(struct worker *w, struct segment *s, uint32_t n, uint64_t samples)
{
    if (n == 0)
        return;
    switch (s->tail) {
    case TAIL_NEXT:
    case TAIL_SEND:
        way_deliver(w, &s->way, n, samples);
        break;
    case TAIL_TEE:
        tee_deliver(w, s, n, samples);
        break;
    case TAIL_HOME:
        leat_histogram_record_n(&w->latency_ns, worker_span_ns(w, w->batch[0]->born, w->ctx.now),
                                n);
        if (s->source == NULL || !batch_renew(w, s->source, n))
            worker_release(w, w->batch, n);
        break;
    }
}

static void way_answer(const struct way *way, uint64_t answered)
{
    if (way->next != NULL)
        way->next->answered = answered;
    else if (way->out->answers)
        leat_store_release(&way->out->answered, answered); /* [A1 pairs A2: what was sent] */
}

void tail_tell(const struct segment *s)
{
    if (s->tail == TAIL_NEXT || s->tail == TAIL_SEND)
        way_answer(&s->way, s->answered);
    for (uint32_t i = 0; i < s->ways_n; i++)
        way_answer(&s->ways[i], s->answered);
}

static void way_end(const struct way *way)
{
    if (way->next != NULL)
        way->next->ended = true;
    else
        leat_ring_close(way->out->ring);
}

void tail_end(struct worker *w, struct segment *s)
{
    if (s->tail == TAIL_NEXT || s->tail == TAIL_SEND)
        way_end(&s->way);
    for (uint32_t i = 0; i < s->ways_n; i++)
        way_end(&s->ways[i]);
    if (s->tail == TAIL_TEE) {
        worker_release(w, s->copies->frames, s->copies->n);
        s->copies->n = 0;
    }
}
