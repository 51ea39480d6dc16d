/* One round of a worker: every segment once, a batch each. The hot path of Leat. */
#include "pipeline/run.h"

#define SETTLE_EVERY 64u          /* rounds */
#define POLL_NS UINT64_C(4000000) /* how often a source that had nothing is asked */

/* Counts what became of the batch's samples: some are lost, or they have become others. */
static void recount(struct worker *w, uint32_t n, uint64_t *samples, struct leat_counter *lost,
                    struct leat_counter *made)
{
    uint64_t left = samples_of(w->batch, n);
    if (made != NULL)
        leat_counter_add(made, left - *samples);
    else
        leat_counter_add(lost, *samples - left);
    *samples = left;
}

static void run_stage(struct worker *w, uint32_t i, uint32_t n)
{
    const struct leat_plan_stage *stage = &w->engine->plan->stages[i];
    if (stage->lens != NULL)
        lens_map(w, i, n);
    else
        stage->stage->map(w->engine->stages[i].state, &w->ctx, w->batch, n);
}

/* on-gap=reset: what a gap begins is run by itself, with a state that knows of nothing before. */
static void run_stretches(struct worker *w, uint32_t i, uint32_t n)
{
    struct leat_frame **batch = w->batch;
    uint8_t *verdict = w->ctx.verdict;
    uint16_t *why = w->ctx.why;
    for (uint32_t first = 0, end; first < n && w->ctx.failed == 0; first = end) {
        if ((batch[first]->flags & LEAT_GAP_BEFORE) != 0)
            stage_reset(w->engine, i);
        for (end = first + 1; end < n && (batch[end]->flags & LEAT_GAP_BEFORE) == 0;)
            end++;
        w->batch = batch + first;
        w->ctx.verdict = verdict + first;
        w->ctx.why = why + first;
        run_stage(w, i, end - first);
    }
    w->batch = batch;
    w->ctx.verdict = verdict;
    w->ctx.why = why;
}

/* The first frame says the gap before one that went no further; *gap: not yet. */
static void say_gap(struct worker *w, uint32_t i, uint32_t n, bool *gap)
{
    struct leat_engine *e = w->engine;
    if (LEAT_LIKELY(!*gap) || n == 0)
        return;
    *gap = !batch_say_gap(w->batch[0]);
    e->steps[i].special = stage_special(&e->plan->stages[i], &e->stages[i], &e->knobs[i]);
}

/* A stage that scans, waits, resizes, resets, sees some channels, has a gap to say, or sees its
 * first frame after a knob was turned. */
static uint32_t run_special(struct worker *w, uint32_t i, uint32_t n, uint64_t *samples,
                            uint64_t *waited)
{
    const struct leat_plan_stage *stage = &w->engine->plan->stages[i];
    struct stage_record *record = &w->engine->stages[i];
    uint32_t offered = n;
    say_gap(w, i, n, &record->gap_in);
    if (stage->scan_finite)
        n = batch_scan(w, i, n);
    if (n != offered)
        recount(w, n, samples, &record->samples_lost, NULL);
    if (n != 0) {
        if (w->engine->knobs[i].fresh)
            knob_seen(w->engine, i, w->batch[0]->seq);
        uint64_t since = stage_begin(w, stage->stage);
        if (engine_resets(stage))
            run_stretches(w, i, n);
        else
            run_stage(w, i, n);
        stage_end(w, stage->stage, since, waited);
        say_gap(w, i, n, &record->gap_out);
    }
    if ((stage->stage->traits & LEAT_RESIZES) != 0)
        recount(w, n, samples, &record->samples_lost,
                stage->need.out.cols_fixed ? &record->samples_made : NULL);
    return n;
}

/* What the stage noted: failures, copies, verdicts. */
static uint32_t heed(struct worker *w, uint32_t i, uint32_t n, uint64_t *samples)
{
    struct stage_record *record = &w->engine->stages[i];
    worker_collect(w, record);
    if (w->ctx.marked != 0) {
        n = batch_compact(w, record, &record->gap_out, n);
        recount(w, n, samples, &record->samples_lost, NULL);
    }
    return n;
}

/* Runs the batch through the segment's MAP stages; returns how many frames come out. Stamped
 * between stages, from `before` on, if it is sampled. */
LEAT_INLINE uint32_t run_maps(struct worker *w, const struct segment *s, uint32_t n,
                              uint64_t *samples, bool sampled, uint64_t before, uint64_t *waited)
{
    const struct step *step = &w->engine->steps[s->maps_begin];
    for (uint32_t i = s->maps_begin; i < s->maps_end; i++, step++) {
        uint32_t offered = n;
        w->ctx.stage = i;
        if (LEAT_UNLIKELY(step->special))
            n = run_special(w, i, n, samples, waited);
        else
            step->map(step->state, &w->ctx, w->batch, n);
        if (LEAT_UNLIKELY(worker_noted(w)))
            n = heed(w, i, n, samples);
        if (LEAT_UNLIKELY(w->ctx.failed != 0)) /* half done: nobody may see the batch any more */
            return 0;
        LEAT_REQUIRE(*samples == samples_of(w->batch, n));
        if (sampled) {
            uint64_t now = worker_ticks(w), ns = worker_span_ns(w, before, now);
            leat_histogram_record_n(&w->engine->stages[i].ns, ns / offered, offered);
            before = now;
        }
        if (LEAT_UNLIKELY(n == 0))
            return 0;
    }
    return n;
}

/* Apart from those that are not: these have the registers to themselves. */
static __attribute__((noinline)) uint32_t run_sampled(struct worker *w, const struct segment *s,
                                                      uint32_t n, uint64_t *samples,
                                                      uint64_t before, uint64_t *waited)
{
    return run_maps(w, s, n, samples, true, before, waited);
}

/* Finishes its sinks and tells the next. */
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
        worker_collect(w, &w->engine->stages[i]);
    }
    tail_end(w, s);
    s->done = true;
    w->segments_done++;
}

/* A batch goes by; true: it is one that is stamped between stages. */
static bool sample_count(struct worker *w)
{
    if (LEAT_LIKELY(--w->sample_in != 0))
        return false;
    w->random ^= w->random << 13; /* xorshift: Marsaglia 2003 */
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    w->sample_in = 1 + (uint32_t)(w->random >> 32) % (2 * SAMPLE_EVERY - 1);
    return true;
}

/* What only hands frames to its maps is no stage: theirs are timed there. */
static void time_head(struct worker *w, const struct segment *s, uint32_t n, uint64_t since,
                      uint64_t now)
{
    if (s->head != HEAD_TAKE && s->head != HEAD_PASS)
        leat_histogram_record_n(&s->record->ns, worker_span_ns(w, since, now) / n, n);
}

/* Frames that wait in front of the segment's head. */
static uint32_t offered_to(const struct segment *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->boxes_n; i++)
        n += s->boxes[i].n;
    return n;
}

static bool input_ended(const struct segment *s)
{
    if (s->boxes_n == 0)
        return s->input_ended;
    for (uint32_t i = 0; i < s->boxes_n; i++)
        if (!s->boxes[i].ended)
            return false;
    return true;
}

static uint32_t run_head(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples,
                         uint64_t *waited)
{
    switch (s->head) {
    case HEAD_PULL:
        return head_pull(w, s, room, samples, waited);
    case HEAD_TAKE:
        return head_take(w, s, room, samples);
    case HEAD_PASS:
        return head_pass(w, s, room, samples);
    case HEAD_JOIN:
        return head_join(w, s, room, samples);
    case HEAD_QUEUE:
        return head_queue(w, s, room, samples);
    case HEAD_FLOW:
        break;
    }
    return head_flow(w, s, room, samples, waited);
}

/* n frames are through. A chain is stamped where it ends, or where a stage has waited. */
static void stamp(struct worker *w, const struct segment *s, uint32_t n, uint64_t waited)
{
    w->stale = s->goes_on && waited == 0;
    if (w->stale)
        return;
    uint64_t since = w->ctx.now, now = w->ctx.now = worker_ticks(w), spent = now - since;
    spent = spent > waited ? spent - waited : 0;
    leat_histogram_record_n(&w->chain_ns, leat_clock_span_ns(&w->engine->clock, spent) / n, n);
}

/* The n frames of w->batch that the segment's head has given. That is counted here; every stage
 * after it only counts what it takes away. */
static void run_batch(struct worker *w, struct segment *s, uint32_t n, uint64_t samples,
                      uint64_t since, uint64_t waited)
{
    uint32_t left;
    leat_counter_add(&s->frames_given, n);
    leat_counter_add(&s->samples_given, samples);
    if (LEAT_UNLIKELY(sample_count(w))) {
        uint64_t now = worker_ticks(w);
        time_head(w, s, n, since, now);
        left = run_sampled(w, s, n, &samples, now, &waited);
    } else {
        left = run_maps(w, s, n, &samples, false, 0, &waited);
    }
    stamp(w, s, n, waited);
    tail_deliver(w, s, left, samples);
}

void segment_pass(struct worker *w, struct segment *s, uint32_t n, uint64_t samples)
{
    s->answered = w->batch[n - 1]->seq + 1;
    run_batch(w, s, n, samples, 0, 0);
    tail_answer(s);
}

/* Has a branch nothing to do: its frames went through it when they came, and no more is known? */
static bool passed(const struct segment *s)
{
    const struct inbox *box = s->boxes;
    return s->head == HEAD_PASS && box->n == 0 && !box->ended && box->answered <= s->answered;
}

/* What lets everything go says so to those before it, up to the sources, which end. Frames that are
 * on their way come as before. */
static bool pass_wish(struct segment *s)
{
    if (s->unwanted || !tail_unwanted(s))
        return false;
    s->unwanted = true;
    for (uint32_t i = 0; i < s->boxes_n; i++)
        s->boxes[i].unwanted = true;
    if (s->in != NULL)
        leat_store_relaxed(&s->in->unwanted, 1); /* [U1 pairs U2: a wish, no data] */
    return true;
}

static bool run_segment(struct worker *w, struct segment *s)
{
    bool wished = pass_wish(s);
    uint32_t room = passed(s) ? 0 : tail_room(w, s);
    if (room == 0 && s->head != HEAD_QUEUE) /* a full queue lets frames go */
        return wished;
    uint64_t since = w->sample_in == 1 ? worker_ticks(w) : 0, samples = 0, waited = 0;
    uint32_t n = 0, offered = offered_to(s);
    bool finished = false, ending = offered == 0 && input_ended(s);
    if (ending)
        n = head_flush(w, s, room, &samples, &finished);
    else
        n = run_head(w, s, room, &samples, &waited);
    bool moved = wished || n != 0 || finished || offered_to(s) != offered ||
                 (!ending && s->input_ended) || s->told != s->answered;
    if (n != 0)
        run_batch(w, s, n, samples, since, waited);
    if (s->told != s->answered) /* after the frames */
        tail_answer(s);
    if (waited != 0 && n == 0) /* its wait is nobody else's time */
        w->ctx.now = worker_ticks(w);
    LEAT_REQUIRE(w->ctx.marked == 0 || w->ctx.failed != 0); /* verdicts are for map alone */
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
    if (leat_load_acquire(&w->engine->failed) != 0 || /* [F2 pairs F1: the diag] */
        leat_load_relaxed(&w->engine->stop) == STOP_NOW) /* [S2 pairs S1: a wish, no data] */
        return ROUND_ENDED;
    if (LEAT_UNLIKELY(leat_load_relaxed(&w->knobs) != w->knobs_seen)) /* a hint: K6 looks again */
        knobs_take(w);
    bool worked = false, owes = w->worked; /* what the last round took may be given back only now */
    w->pulled_waited = w->polls = false;
    if (w->stale)
        w->ctx.now = worker_ticks(w);
    w->stale = false;
    for (struct segment *s = w->segments, *end = s + w->segments_n; s < end; s++)
        if (!s->done)
            worked |= run_segment(w, s);
    w->worked = worked;
    w->stale |= !worked;
    leat_counter_add(worked ? &w->rounds : &w->idle_rounds, 1);
    bool ended = w->segments_done == w->segments_n;
    /* One that is never idle owes the others, too. */
    bool all = worked || ended || !w->awake || w->pulled_waited;
    if (!worked || ended || leat_counter_get(&w->rounds) % SETTLE_EVERY == 0)
        owes |= worker_settle(w, all);
    if (worked || owes) /* idle ones that woke others for nothing would wake each other for ever */
        wake_others(w);
    return ended ? ROUND_ENDED : worked ? ROUND_WORKED : ROUND_IDLE;
}

/* True when its stage would be asked to tick now: its tail takes frames, it has not ended. */
static bool can_tick(struct worker *w, struct segment *s)
{
    if (s->done || s->head != HEAD_FLOW || (s->boxes->ended && s->boxes->n == 0) ||
        w->engine->plan->stages[s->stage].need.tick_ns == 0)
        return false;
    return tail_room(w, s) != 0;
}

uint64_t worker_due_ns(struct worker *w)
{
    uint64_t now = worker_ticks(w), now_ns = leat_clock_now_ns(&w->engine->clock);
    uint64_t due = w->polls ? now_ns + POLL_NS : UINT64_MAX;
    for (uint32_t i = 0; i < w->segments_n; i++)
        if (can_tick(w, &w->segments[i])) {
            uint64_t next = w->engine->stages[w->segments[i].stage].due;
            uint64_t at = now_ns + worker_span_ns(w, now, next);
            due = at < due ? at : due;
        }
    return due;
}
