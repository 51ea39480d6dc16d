/* Where frames come from: a source, an edge, a flow stage. */
#include "pipeline/run.h"

#include <string.h>

struct leat_out {
    struct worker *worker;
    struct segment *segment;
    uint32_t n, limit; /* frames put into worker->batch; most that the tail takes */
    uint64_t samples;  /* that they hold */
};

static bool stopped(const struct worker *w)
{
    return leat_load_relaxed(&w->engine->stop) != 0; /* [S2 pairs S1: a wish, no data] */
}

/* Spare frames are numbered and born as what they become if they are filled now. */
static void claim_spare(struct worker *w, struct segment *s, uint32_t wanted)
{
    struct leat_pool *pool = w->engine->pools[s->plan->quota];
    struct inbox *spare = s->spare;
    uint32_t had = spare->n;
    if (had < wanted)
        spare->n += leat_pool_claim_blank(pool, w->number, spare->frames + had, wanted - had,
                                          &s->record->blank, s->seq + had, w->ctx.now);
}

static void end_pull(struct worker *w, struct segment *s)
{
    worker_release(w, s->spare->frames, s->spare->n);
    s->spare->n = 0;
    s->input_ended = true;
}

/* Frames shorter than the stream's say so. */
static void mark_short(struct leat_frame *const *frames, uint32_t n, uint32_t full)
{
    for (uint32_t i = 0; i < n; i++)
        if (frames[i]->cols < full)
            frames[i]->flags |= LEAT_SHORT;
}

/* The first n spare frames, now filled, become the batch; returns how many samples it holds. The
 * first `old` of them were claimed before now. */
static uint64_t take_filled(struct worker *w, struct segment *s, uint32_t full, uint32_t n,
                            uint32_t old, uint64_t now)
{
    struct leat_frame **const frames = s->spare->frames, **const empty = w->batch;
    uint64_t samples = 0;
    for (uint32_t i = 0; i < n && i < old; i++)
        frames[i]->born = now;
    _Pragma("GCC unroll 4")
    for (uint32_t i = 0; i < n; i++) {
        LEAT_REQUIRE(frames[i]->cols >= 1 && frames[i]->cols <= full);
        samples += frames[i]->cols;
    }
    if (LEAT_UNLIKELY(samples != (uint64_t)n * full))
        mark_short(frames, n, full);
    s->answered = s->seq += n;
    s->spare->n -= n;
    if (LEAT_UNLIKELY(s->spare->n != 0)) {
        memcpy(empty, frames + n, s->spare->n * sizeof *frames);
        s->born = 0;
    }
    w->batch = frames;
    s->spare->frames = empty;
    return samples;
}

uint32_t head_pull(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples,
                   uint64_t *waited)
{
    const struct leat_plan_stage *stage = s->plan;
    struct stage_record *record = s->record;
    uint64_t most = w->engine->options.frames_max;
    uint64_t left = most == 0 ? room : most > s->seq ? most - s->seq : 0;
    left = s->unwanted ? 0 : left;
    w->ctx.stopping = stopped(w);
    bool last = w->ctx.stopping && !s->asked_last && (stage->stage->traits & LEAT_WAITS) != 0;
    if ((w->ctx.stopping && !last) || left == 0) {
        end_pull(w, s);
        return 0;
    }
    room = last ? 1 : left < room ? (uint32_t)left : room;
    uint32_t old = s->born == w->ctx.now ? 0 : s->spare->n;
    claim_spare(w, s, room);
    if (s->spare->n == 0)
        return 0;
    uint32_t asked = s->spare->n < room ? s->spare->n : room;
    s->asked_last = last;
    w->ctx.stage = s->stage;
    w->ctx.waited = false;
    w->ctx.progress = w->ctx.progress_all = 0;
    uint64_t since = stage_begin(w, stage->stage);
    int got = stage->stage->pull(record->state, &w->ctx, s->spare->frames, asked);
    stage_end(w, stage->stage, since, waited);
    if (LEAT_UNLIKELY(w->ctx.waited))
        w->pulled_waited = true;
    else if (got == 0)
        w->polls = true;
    if (w->ctx.progress_all != 0) {
        leat_store_relaxed(&record->progress, w->ctx.progress); /* [M4 pairs M5] a level */
        leat_store_relaxed(&record->progress_all, w->ctx.progress_all);
    }
    if (got < 0) {
        if (got != LEAT_EEND && w->ctx.failed == 0)
            leat_fail(&w->ctx, got, "%s: %s", stage->name, leat_status_text(got));
        worker_collect(w, record);
        end_pull(w, s);
        return 0;
    }
    if (worker_noted(w))
        worker_collect(w, record);
    uint32_t n = (uint32_t)got;
    LEAT_REQUIRE(n <= asked);
    bool late = *waited != 0;
    *samples = take_filled(w, s, stage->out.cols, n, late ? n : old,
                           late ? worker_ticks(w) : w->ctx.now);
    return n;
}

/* What is known of numbers that will not come, after n frames of `room`: what the other side said
 * before these were looked for, unless more of them may be waiting. */
static void note_answered(struct segment *s, struct leat_frame *const *frames, uint32_t n,
                          bool emptied, uint64_t said)
{
    if (n != 0 && !emptied)
        s->answered = frames[n - 1]->seq + 1;
    else if (emptied && said > s->answered)
        s->answered = said;
}

/* Resolves, checks and prefetches the handles once. */
uint32_t head_take(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples)
{
    struct leat_ring *ring = s->in->ring;
    /* [A2 pairs A1: what was sent before it was said] */
    uint64_t said = s->in->answers ? leat_load_acquire(&s->in->answered) : 0;
    uint32_t n = 0;
    while (n < room) {
        const leat_guarded_u64 *span;
        uint32_t k = leat_ring_take(ring, room - n, &span);
        if (k == 0)
            break;
        for (uint32_t i = 0; i < k; i++) {
            leat_handle handle = leat_guarded_get(&span[i]);
            struct leat_pool *pool = engine_pool(w->engine, handle);
            struct leat_frame *f = leat_pool_slot(pool, leat_handle_slot(handle));
            __builtin_prefetch(f);
            w->batch[n + i] = f;
            LEAT_REQUIRE(leat_pool_view(pool, handle) == f);
        }
        leat_ring_retire(ring, k);
        n += k;
    }
    s->in->taken_frames += n;
    if (s->in->answers || s->in->from == UINT32_MAX) /* a host leaves no number out */
        note_answered(s, w->batch, n, s->in->answers && n < room, said);
    if (n != 0) {
        probe_take(w, s->in);
    } else if (leat_ring_ended(ring) ||
               (s->in->from == UINT32_MAX && (stopped(w) || s->unwanted))) {
        s->input_ended = true;
        if (s->in->answers) /* [A2 pairs A1: what was said last, before the end] */
            s->answered = leat_load_acquire(&s->in->answered);
    }
    *samples = samples_of(w->batch, n);
    return n;
}

uint32_t head_pass(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples)
{
    struct inbox *box = s->boxes;
    uint32_t n = box->n < room ? box->n : room;
    memcpy(w->batch, box->frames, n * sizeof w->batch[0]);
    note_answered(s, box->frames, n, n == box->n, box->answered);
    *samples = inbox_take(box, n);
    return n;
}

/* After a flow stage or a join: what it noted. Verdicts are not theirs to give, and the next map
 * must not be taken at them. */
static void note_gathered(struct worker *w, struct stage_record *record)
{
    if (LEAT_UNLIKELY(w->ctx.marked != 0)) {
        memset(w->ctx.verdict, LEAT_KEEP, w->engine->plan->batch);
        w->ctx.marked = 0;
        leat_fail(&w->ctx, LEAT_EINVAL, "%s: drops or rejects by number, which is for map alone",
                  w->engine->plan->stages[w->ctx.stage].name);
    }
    if (worker_noted(w))
        worker_collect(w, record);
}

uint32_t head_flow(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples,
                   uint64_t *waited)
{
    const struct leat_plan_stage *stage = s->plan;
    struct stage_record *record = s->record;
    struct leat_out out = {w, s, 0, room, 0};
    w->ctx.stage = s->stage;
    if (LEAT_UNLIKELY(s->fresh))
        knob_seen_by_head(w, s);
    if (stage->need.tick_ns != 0 && w->ctx.now >= record->due) {
        double ticks_ahead = (double)stage->need.tick_ns / w->engine->clock.ns_per_tick;
        record->due = w->ctx.now + (uint64_t)ticks_ahead;
        stage->stage->tick(record->state, &w->ctx, &out);
    }
    struct inbox *box = s->boxes;
    if (box->n != 0 && out.n < room) {
        uint64_t since = stage_begin(w, stage->stage);
        uint32_t taken =
            stage->keyed != NULL
                ? keyed_flow(w, s->stage, box->frames, box->n, &out)
                : stage->stage->flow(record->state, &w->ctx, box->frames, box->n, &out);
        stage_end(w, stage->stage, since, waited);
        LEAT_REQUIRE(taken <= box->n);
        leat_counter_add(&record->frames_in, taken);
        leat_counter_add(&record->samples_in, inbox_take(box, taken));
    }
    note_gathered(w, record);
    s->answered = s->seq;
    *samples = out.samples;
    return out.n;
}

uint32_t head_join(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples)
{
    const struct leat_plan_stage *stage = s->plan;
    struct stage_record *record = s->record;
    struct leat_out out = {w, s, 0, room, 0};
    w->ctx.stage = s->stage;
    if (LEAT_UNLIKELY(s->fresh))
        knob_seen_by_head(w, s);
    for (uint32_t i = 0; i < s->boxes_n; i++) {
        const struct inbox *box = &s->boxes[i];
        w->inputs[i] = (struct leat_input){
            box->frames, box->n,           0,           box->answered, box->ended,
            box->n == box->room, box->in_step, box->unwanted};
    }
    stage->stage->join(record->state, &w->ctx, w->inputs, s->boxes_n, &out);
    for (uint32_t i = 0; i < s->boxes_n; i++) {
        struct inbox *box = &s->boxes[i];
        LEAT_REQUIRE(w->inputs[i].taken <= box->n);
        box->unwanted = w->inputs[i].unwanted;
        leat_counter_add(&record->frames_in, w->inputs[i].taken);
        leat_counter_add(&record->samples_in, inbox_take(box, w->inputs[i].taken));
    }
    note_gathered(w, record);
    s->answered = s->seq;
    *samples = out.samples;
    return out.n;
}

uint32_t head_flush(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples,
                    bool *finished)
{
    const struct leat_plan_stage *stage = s->plan;
    struct leat_out out = {w, s, 0, room, 0};
    w->ctx.stage = s->stage;
    bool gathers = s->head == HEAD_FLOW || s->head == HEAD_JOIN;
    if (stage->keyed != NULL && gathers)
        *finished = keyed_flow_end(w, s->stage, &out);
    else
        *finished = !gathers || stage->stage->flush == NULL ||
                    stage->stage->flush(w->engine->stages[s->stage].state, &w->ctx, &out);
    if (!gathers && s->boxes_n != 0) /* what was said last */
        s->answered = s->boxes->answered;
    if (!gathers)
        return 0;
    worker_collect(w, &w->engine->stages[s->stage]);
    s->answered = s->seq;
    *samples = out.samples;
    return out.n;
}

struct leat_frame *leat_out_claim(struct leat_out *out)
{
    struct worker *w = out->worker;
    const struct leat_plan_stage *stage = out->segment->plan;
    if (stage->quota == UINT32_MAX)
        return NULL;
    struct leat_frame *frame = leat_pool_claim(w->engine->pools[stage->quota], w->number);
    if (frame != NULL) {
        frame_prepare(frame, &out->segment->record->blank);
        frame->born = w->ctx.now;
    }
    return frame;
}

uint32_t leat_out_put_n(struct leat_out *out, struct leat_frame *const *frames, uint32_t n)
{
    const struct leat_plan_stage *stage = out->segment->plan;
    struct leat_frame **to = out->worker->batch + out->n;
    uint64_t seq = out->segment->seq, samples = 0;
    uint32_t room = out->limit - out->n, k = 0;
    for (n = n < room ? n : room; k < n; k++) {
        struct leat_frame *frame = to[k] = frames[k];
        if (LEAT_UNLIKELY(stage->quota != UINT32_MAX &&
                          leat_handle_pool(frame->tag) != stage->quota)) {
            leat_fail(&out->worker->ctx, LEAT_EINVAL, "%s: puts an input though it has a quota",
                      stage->name);
            break;
        }
        frame->seq = seq + k;
        samples += frame->cols;
    }
    out->segment->seq = seq + k;
    out->n += k;
    out->samples += samples;
    return k;
}

bool leat_out_put(struct leat_out *out, struct leat_frame *frame)
{
    return leat_out_put_n(out, &frame, 1) == 1;
}

uint32_t leat_out_room(const struct leat_out *out)
{
    return out->limit - out->n;
}

void leat_out_release_n(struct leat_out *out, struct leat_frame *const *frames, uint32_t n)
{
    worker_release(out->worker, frames, n);
}

void leat_out_release(struct leat_out *out, struct leat_frame *frame)
{
    worker_release(out->worker, &frame, 1);
}
