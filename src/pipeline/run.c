/* One round of a worker: every segment once, a batch each. The hot path of Leat. */
#include "pipeline/impl.h"

#include <string.h>

struct leat_out {
    struct worker *worker;
    struct segment *segment;
    uint32_t n, limit; /* frames put into worker->batch; most that the tail takes */
};

/* ---- waits, failures, frames going home ---- */

void worker_wait_begin(struct worker *w)
{
    const struct leat_watch *watch = w->engine->options.watch;
    if (LEAT_UNLIKELY(watch != NULL) && watch->wait_begin != NULL)
        watch->wait_begin(watch->user, w->number);
}

void worker_wait_end(struct worker *w)
{
    const struct leat_watch *watch = w->engine->options.watch;
    if (LEAT_UNLIKELY(watch != NULL) && watch->wait_end != NULL)
        watch->wait_end(watch->user, w->number);
}

static uint64_t ticks(const struct worker *w)
{
    return leat_clock_ticks(&w->engine->clock);
}

static uint64_t span_ns(const struct worker *w, uint64_t from, uint64_t to)
{
    return to > from ? leat_clock_span_ns(&w->engine->clock, to - from) : 0;
}

int leat_fail(struct leat_ctx *ctx, int code, const char *format, ...)
{
    if (ctx->failed == 0) {
        va_list list;
        va_start(list, format);
        ctx->failed = leat_diag_setv(ctx->diag, code, format, list);
        va_end(list);
    }
    return ctx->failed;
}

void worker_fail(struct worker *w, int code)
{
    uint32_t nobody = 0;
    w->diag.code = code;
    /* The first failure is the one that is told. [F1 pairs F2: the diag] */
    while (!leat_cas_acq_rel(&w->engine->failed, &nobody, w->number + 1) && nobody == 0)
        ;
    for (uint32_t i = 0; i < w->engine->plan->workers_n; i++)
        event_wake(&w->engine->workers[i].event);
}

void worker_release(struct worker *w, struct leat_frame *const *frames, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        leat_handle handle = frames[i]->tag;
        int status = leat_pool_release(engine_pool(w->engine, handle), w->number, handle);
        LEAT_REQUIRE(status == LEAT_OK);
        (void)status;
    }
}

void worker_settle(struct worker *w)
{
    const struct leat_plan *plan = w->engine->plan;
    for (uint32_t i = 0; i < w->segments_n; i++)
        if (w->segments[i].in != NULL)
            leat_ring_give(w->segments[i].in->ring);
    for (uint32_t i = 0; i < plan->pools_n; i++) {
        const struct leat_plan_stage *claimer = &plan->stages[plan->pools[i].stage];
        if (claimer->worker != w->number || (claimer->stage->traits & TRAIT_DOOR) != 0)
            leat_pool_flush(w->engine->pools[i], w->number);
    }
}

/* All of the header but the tag, in a few wide moves. */
void frame_prepare(struct leat_frame *f, const struct leat_frame *blank, uint64_t now)
{
    memcpy(&f->seq, &blank->seq, sizeof *f - offsetof(struct leat_frame, seq));
    f->born = now;
}

/* ---- the batch through the MAP stages ---- */

static void quarantine(struct worker *w, const struct leat_frame *frame)
{
    uint32_t keep = w->engine->plan->quarantine;
    if (keep == 0)
        return;
    uint64_t at = leat_counter_get(&w->quarantined) % keep;
    memcpy((char *)w->quarantine + at * w->engine->quarantine_bytes, frame,
           sizeof *frame + (size_t)frame->rows * frame->stride);
    uint64_t order = w->ctx.now << 6 | w->number;
    uint64_t next = w->quarantine_last + LEAT_WORKERS_MAX;
    w->quarantine_last = w->quarantine_order[at] = order > next ? order : next;
    leat_counter_add(&w->quarantined, 1);
}

/* Takes the frames out that a stage dropped or rejected; keeps the order of the rest. */
static uint32_t compact(struct worker *w, struct stage_record *record, uint32_t n)
{
    uint32_t kept = 0, dropped = 0, rejected = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t verdict = w->ctx.verdict[i];
        w->ctx.verdict[i] = LEAT_KEEP;
        if (verdict == LEAT_KEEP) {
            w->batch[kept++] = w->batch[i];
            continue;
        }
        if (verdict == LEAT_REJECT)
            quarantine(w, w->batch[i]);
        rejected += verdict == LEAT_REJECT;
        dropped += verdict == LEAT_DROP;
        worker_release(w, &w->batch[i], 1);
    }
    w->ctx.marked = 0;
    leat_counter_add(&record->dropped, dropped);
    leat_counter_add(&record->rejected, rejected);
    return kept;
}

/* True when no sample has all exponent bits set; several samples are looked at together. */
static bool frame_finite(struct leat_frame *f)
{
    for (uint32_t r = 0; r < f->rows; r++) {
        uint32_t bad = 0;
        if (f->kind == LEAT_F32) {
            const uint32_t *x = leat_frame_row(f, r);
            for (uint32_t i = 0; i < f->cols; i++)
                bad |= (x[i] & 0x7f800000u) == 0x7f800000u;
        } else if (f->kind == LEAT_F64) {
            const uint64_t *x = leat_frame_row(f, r);
            const uint64_t inf = UINT64_C(0x7ff0000000000000);
            for (uint32_t i = 0; i < f->cols; i++)
                bad |= (x[i] & inf) == inf;
        }
        if (bad != 0)
            return false;
    }
    return true;
}

static uint32_t scan(struct worker *w, struct stage_record *record, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!frame_finite(w->batch[i]))
            leat_reject(&w->ctx, w->batch, i, LEAT_WHY_NOT_FINITE);
    return w->ctx.marked != 0 ? compact(w, record, n) : n;
}

static uint64_t count_samples(struct leat_frame *const *frames, uint32_t n)
{
    uint64_t samples = 0;
    for (uint32_t i = 0; i < n; i++)
        samples += frames[i]->cols;
    return samples;
}

/* What the stage's function noted in the context, moved into the stage's own counters. */
static void collect_notes(struct worker *w, struct stage_record *record)
{
    struct leat_ctx *c = &w->ctx;
    if (LEAT_UNLIKELY((c->copied | c->reframed | c->rejected_rows) != 0)) {
        leat_counter_add(&record->copied, c->copied);
        leat_counter_add(&record->reframed, c->reframed);
        leat_counter_add(&record->rejected_rows, c->rejected_rows);
        c->copied = c->reframed = c->rejected_rows = 0;
    }
    if (LEAT_UNLIKELY(c->failed != 0))
        worker_fail(w, c->failed);
}

/* A stage that waits is timed apart: its time goes to *waited, not to the chain. */
static uint64_t begin_waits(struct worker *w, const struct leat_stage *stage)
{
    if ((stage->traits & LEAT_WAITS) == 0)
        return 0;
    worker_wait_begin(w);
    return ticks(w);
}

static void end_waits(struct worker *w, const struct leat_stage *stage, uint64_t since,
                      uint64_t *waited)
{
    if ((stage->traits & LEAT_WAITS) == 0)
        return;
    uint64_t spent = ticks(w) - since;
    worker_wait_end(w);
    leat_counter_add(&w->waits_ticks, spent);
    *waited += spent;
}

/* Runs the batch through the segment's MAP stages; returns how many frames come out. */
static uint32_t run_maps(struct worker *w, const struct segment *s, uint32_t n, uint64_t samples,
                         bool sampled, uint64_t *waited)
{
    const struct leat_plan *plan = w->engine->plan;
    uint64_t before = sampled ? ticks(w) : 0;
    for (uint32_t i = s->maps_begin; i < s->maps_end && n != 0; i++) {
        const struct leat_plan_stage *stage = &plan->stages[i];
        struct stage_record *record = &w->engine->stages[i];
        leat_counter_add(&record->frames_in, n);
        leat_counter_add(&record->samples_in, samples);
        w->ctx.stage = i;
        uint32_t offered = n;
        if (stage->scan_finite)
            n = scan(w, record, n);
        if (n != 0) {
            uint64_t since = begin_waits(w, stage->stage);
            stage->stage->map(record->state, &w->ctx, w->batch, n);
            end_waits(w, stage->stage, since, waited);
        }
        collect_notes(w, record);
        if (LEAT_UNLIKELY(w->ctx.marked != 0))
            n = compact(w, record, n);
        if (n != offered || (stage->stage->traits & LEAT_RESIZES) != 0)
            samples = count_samples(w->batch, n);
        LEAT_REQUIRE(samples == count_samples(w->batch, n));
        leat_counter_add(&record->frames_out, n);
        leat_counter_add(&record->samples_out, samples);
        if (LEAT_UNLIKELY(sampled)) {
            uint64_t now = ticks(w);
            leat_histogram_record_n(&record->ns, span_ns(w, before, now) / offered, offered);
            before = now;
        }
    }
    return n;
}

/* ---- tails ---- */

static uint32_t tail_room(struct worker *w, struct segment *s)
{
    uint32_t batch = w->engine->plan->batch;
    if (s->tail == TAIL_NEXT)
        return batch - s->next->frames_n;
    if (s->tail == TAIL_HOME)
        return batch;
    uint32_t room = leat_ring_room(s->out->ring, batch);
    if (room == 0)
        leat_counter_add(&s->out->stalls, 1);
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

static void probe_take(struct worker *w, struct edge_record *edge)
{
    struct edge_probe *p = &edge->probe;
    uint64_t sent = leat_load_acquire(&p->sent); /* [B3 pairs B2: position and ticks] */
    if (sent == leat_load_relaxed(&p->read) || edge->taken_frames < p->position)
        return;
    leat_histogram_record(&edge->wait_ns, span_ns(w, p->ticks, w->ctx.now));
    leat_store_release(&p->read, sent); /* [B4 pairs B1: the stamp was read] */
}

/* The caller has asked for the room. */
static void send(struct worker *w, struct edge_record *edge, uint32_t n)
{
    probe_send(edge, ticks(w));
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
    if (edge->to == UINT32_MAX) { /* an outlet: nothing else runs it, so it is counted here */
        struct stage_record *record = &w->engine->stages[edge->from];
        leat_counter_add(&record->frames_in, n);
        leat_counter_add(&record->samples_in, count_samples(w->batch, n));
    }
}

static void deliver(struct worker *w, struct segment *s, uint32_t n)
{
    if (n == 0)
        return;
    switch (s->tail) {
    case TAIL_NEXT:
        memcpy(s->next->frames + s->next->frames_n, w->batch, n * sizeof w->batch[0]);
        s->next->frames_n += n;
        break;
    case TAIL_SEND:
        send(w, s->out, n);
        break;
    case TAIL_HOME:
        leat_histogram_record_n(&w->latency_ns, span_ns(w, w->batch[0]->born, ticks(w)), n);
        worker_release(w, w->batch, n);
        break;
    }
}

/* ---- heads: each leaves its frames in w->batch ---- */

static void claim_spare(struct worker *w, struct segment *s, uint32_t wanted)
{
    struct leat_pool *pool = w->engine->pools[w->engine->plan->stages[s->stage].quota];
    uint32_t had = s->frames_n;
    if (had < wanted)
        s->frames_n += leat_pool_claim_n(pool, w->number, s->frames + had, wanted - had);
    for (uint32_t i = had; i < s->frames_n; i++)
        frame_prepare(s->frames[i], &w->engine->stages[s->stage].blank, w->ctx.now);
}

static void end_pull(struct worker *w, struct segment *s)
{
    worker_release(w, s->frames, s->frames_n);
    s->frames_n = 0;
    s->input_ended = true;
}

static uint32_t head_pull(struct worker *w, struct segment *s, uint32_t room, uint64_t *waited)
{
    const struct leat_plan_stage *stage = &w->engine->plan->stages[s->stage];
    struct stage_record *record = &w->engine->stages[s->stage];
    uint64_t most = w->engine->options.frames_max, left = most == 0 ? room : most - s->seq;
    if (leat_load_relaxed(&w->engine->stop) != 0 || left == 0) { /* [S2 pairs S1: no data] */
        end_pull(w, s);
        return 0;
    }
    room = left < room ? (uint32_t)left : room;
    claim_spare(w, s, room);
    if (s->frames_n == 0)
        return 0;
    uint32_t asked = s->frames_n < room ? s->frames_n : room;
    w->ctx.stage = s->stage;
    w->ctx.waited = false;
    w->ctx.progress = w->ctx.progress_all = 0;
    uint64_t since = begin_waits(w, stage->stage);
    int got = stage->stage->pull(record->state, &w->ctx, s->frames, asked);
    end_waits(w, stage->stage, since, waited);
    w->pulled_waited |= w->ctx.waited;
    if (w->ctx.progress_all != 0) {
        leat_store_relaxed(&record->progress, w->ctx.progress); /* [M4 pairs M5] a level */
        leat_store_relaxed(&record->progress_all, w->ctx.progress_all);
    }
    if (got < 0) {
        if (got != LEAT_EEND && w->ctx.failed == 0)
            leat_fail(&w->ctx, got, "%s: %s", stage->name, leat_status_text(got));
        collect_notes(w, record);
        end_pull(w, s);
        return 0;
    }
    collect_notes(w, record);
    uint32_t n = (uint32_t)got;
    LEAT_REQUIRE(n <= asked);
    uint64_t now = got != 0 && *waited != 0 ? ticks(w) : w->ctx.now;
    for (uint32_t i = 0; i < n; i++) {
        struct leat_frame *f = w->batch[i] = s->frames[i];
        LEAT_REQUIRE(f->cols >= 1 && f->cols <= stage->out.cols);
        f->seq = s->seq++;
        f->born = now;
        f->flags |= f->cols < stage->out.cols ? LEAT_SHORT : 0;
    }
    s->frames_n -= n;
    memmove(s->frames, s->frames + n, s->frames_n * sizeof s->frames[0]);
    return n;
}

/* Resolves, checks and prefetches the handles once. */
static uint32_t head_take(struct worker *w, struct segment *s, uint32_t room)
{
    struct leat_ring *ring = s->in->ring;
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
    if (n != 0)
        probe_take(w, s->in);
    else if (leat_ring_ended(ring))
        s->input_ended = true;
    return n;
}

static uint32_t head_flow(struct worker *w, struct segment *s, uint32_t room, uint64_t *waited)
{
    const struct leat_plan_stage *stage = &w->engine->plan->stages[s->stage];
    struct stage_record *record = &w->engine->stages[s->stage];
    struct leat_out out = {w, s, 0, room};
    w->ctx.stage = s->stage;
    if (stage->need.tick_ns != 0 && w->ctx.now >= record->due) {
        double ticks_ahead = (double)stage->need.tick_ns / w->engine->clock.ns_per_tick;
        record->due = w->ctx.now + (uint64_t)ticks_ahead;
        stage->stage->tick(record->state, &w->ctx, &out);
    }
    if (s->frames_n != 0 && out.n < room) {
        uint64_t samples = count_samples(s->frames, s->frames_n);
        uint64_t since = begin_waits(w, stage->stage);
        uint32_t taken =
            stage->stage->flow(record->state, &w->ctx, s->frames, s->frames_n, &out);
        end_waits(w, stage->stage, since, waited);
        LEAT_REQUIRE(taken <= s->frames_n);
        uint32_t left = s->frames_n - taken;
        memmove(s->frames, s->frames + taken, left * sizeof s->frames[0]);
        s->frames_n = left;
        leat_counter_add(&record->frames_in, taken);
        leat_counter_add(&record->samples_in, samples - count_samples(s->frames, left));
    }
    collect_notes(w, record);
    return out.n;
}

struct leat_frame *leat_out_claim(struct leat_out *out)
{
    struct worker *w = out->worker;
    const struct leat_plan_stage *stage = &w->engine->plan->stages[out->segment->stage];
    if (stage->quota == UINT32_MAX)
        return NULL;
    struct leat_frame *frame = leat_pool_claim(w->engine->pools[stage->quota], w->number);
    if (frame != NULL)
        frame_prepare(frame, &w->engine->stages[out->segment->stage].blank, w->ctx.now);
    return frame;
}

bool leat_out_put(struct leat_out *out, struct leat_frame *frame)
{
    if (out->n == out->limit)
        return false;
    frame->seq = out->segment->seq++;
    out->worker->batch[out->n++] = frame;
    return true;
}

uint32_t leat_out_room(const struct leat_out *out)
{
    return out->limit - out->n;
}

void leat_out_release(struct leat_out *out, struct leat_frame *frame)
{
    worker_release(out->worker, &frame, 1);
}

/* ---- the end of a segment ---- */

/* Puts out what its flow stage holds, finishes its sinks, and tells the next. */
static uint32_t flush_head(struct worker *w, struct segment *s, uint32_t room, bool *finished)
{
    const struct leat_plan_stage *stage = &w->engine->plan->stages[s->stage];
    struct leat_out out = {w, s, 0, room};
    w->ctx.stage = s->stage;
    *finished = s->head != HEAD_FLOW || stage->stage->flush == NULL ||
                stage->stage->flush(w->engine->stages[s->stage].state, &w->ctx, &out);
    if (s->head == HEAD_FLOW)
        collect_notes(w, &w->engine->stages[s->stage]);
    return out.n;
}

static void finish_segment(struct worker *w, struct segment *s)
{
    for (uint32_t i = s->maps_begin; i < s->maps_end; i++) {
        const struct leat_plan_stage *stage = &w->engine->plan->stages[i];
        if (stage->stage->outs != 0 || stage->stage->flush == NULL)
            continue;
        w->ctx.stage = i;
        worker_wait_begin(w); /* the end of a stream may write its result out */
        (void)stage->stage->flush(w->engine->stages[i].state, &w->ctx, NULL);
        worker_wait_end(w);
        collect_notes(w, &w->engine->stages[i]);
    }
    if (s->tail == TAIL_NEXT)
        s->next->input_ended = true;
    else if (s->tail == TAIL_SEND)
        leat_ring_close(s->out->ring);
    s->done = true;
    w->segments_done++;
}

/* ---- the round ---- */

static bool sample_now(struct worker *w)
{
    if (LEAT_LIKELY(--w->sample_in != 0))
        return false;
    w->random ^= w->random << 13; /* xorshift: Marsaglia 2003 */
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    w->sample_in = 1 + (uint32_t)(w->random >> 32) % (2 * SAMPLE_EVERY - 1);
    return true;
}

/* The head's own count; its maps and tail count for themselves. */
static void count_head(struct worker *w, const struct segment *s, uint32_t n, uint64_t samples,
                       uint64_t since, bool sampled)
{
    bool door = s->head == HEAD_TAKE && s->in->from == UINT32_MAX;
    if (s->head == HEAD_TAKE && !door)
        return;
    struct stage_record *record = &w->engine->stages[s->stage];
    leat_counter_add(&record->frames_out, n);
    leat_counter_add(&record->samples_out, samples);
    if (sampled && n != 0)
        leat_histogram_record_n(&record->ns, span_ns(w, since, ticks(w)) / n, n);
}

static bool run_segment(struct worker *w, struct segment *s)
{
    uint32_t room = tail_room(w, s);
    if (room == 0)
        return false;
    uint64_t since = w->ctx.now = ticks(w), waited = 0;
    uint32_t n = 0, offered = s->head == HEAD_FLOW ? s->frames_n : 0;
    bool finished = false, ending = s->input_ended && offered == 0;
    if (ending)
        n = flush_head(w, s, room, &finished);
    else if (s->head == HEAD_PULL)
        n = head_pull(w, s, room, &waited);
    else if (s->head == HEAD_TAKE)
        n = head_take(w, s, room);
    else
        n = head_flow(w, s, room, &waited);
    bool moved = n != 0 || finished || (s->head == HEAD_FLOW && s->frames_n != offered) ||
                 (!ending && s->input_ended && s->head != HEAD_FLOW);
    if (n != 0) {
        bool sampled = sample_now(w);
        uint64_t samples = count_samples(w->batch, n);
        count_head(w, s, n, samples, since, sampled);
        uint32_t left = run_maps(w, s, n, samples, sampled, &waited);
        deliver(w, s, left);
        uint64_t spent = ticks(w) - since;
        spent = spent > waited ? spent - waited : 0;
        leat_histogram_record_n(&w->chain_ns, leat_clock_span_ns(&w->engine->clock, spent) / n, n);
    }
    if (finished && w->ctx.failed == 0)
        finish_segment(w, s);
    return moved;
}

static void wake_others(struct worker *w)
{
    uint64_t asleep = event_asleep(&w->engine->sleepers) & w->wakes;
    if (LEAT_LIKELY(asleep == 0))
        return;
    worker_wait_begin(w);
    for (uint32_t i = 0; i < w->engine->plan->workers_n; i++)
        if ((asleep >> i & 1) != 0) {
            event_wake(&w->engine->workers[i].event);
            leat_counter_add(&w->wakes_sent, 1);
        }
    worker_wait_end(w);
}

enum round worker_round(struct worker *w)
{
    if (leat_load_acquire(&w->engine->failed) != 0) /* [F2 pairs F1: the diag] */
        return ROUND_ENDED;
    bool worked = false;
    w->pulled_waited = false;
    for (uint32_t i = 0; i < w->segments_n; i++)
        if (!w->segments[i].done)
            worked |= run_segment(w, &w->segments[i]);
    leat_counter_add(worked ? &w->rounds : &w->idle_rounds, 1);
    bool ended = w->segments_done == w->segments_n;
    if (!worked || ended)
        worker_settle(w);
    wake_others(w);
    return ended ? ROUND_ENDED : worked ? ROUND_WORKED : ROUND_IDLE;
}

uint64_t worker_due_ns(struct worker *w)
{
    const struct leat_plan *plan = w->engine->plan;
    uint64_t now = ticks(w), due = UINT64_MAX;
    for (uint32_t i = 0; i < plan->stages_n; i++)
        if (plan->stages[i].worker == w->number && plan->stages[i].need.tick_ns != 0) {
            uint64_t at = leat_clock_ns() + span_ns(w, now, w->engine->stages[i].due);
            due = at < due ? at : due;
        }
    return due;
}
