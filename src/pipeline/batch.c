/* Frames that go no further, failures, and what workers owe each other. */
#include "pipeline/run.h"

#include <string.h>

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
    if (leat_load_acquire(&w->engine->failed) == w->number + 1) /* [F2 pairs F1: told already] */
        return;
    w->diag.code = code;
    /* The first failure is the one that is told. [F1 pairs F2: the diag] */
    while (!leat_cas_acq_rel(&w->engine->failed, &nobody, w->number + 1) && nobody == 0)
        ;
    for (uint32_t i = 0; i < w->engine->plan->workers_n; i++)
        event_wake(&w->engine->workers[i].event);
}

#define HOME_AT_ONCE 32u /* frames that several held */

/* Who holds the frame, as SHARE_READERS and the rest say. */
static uint16_t share_of(const struct leat_frame *frame, bool apart)
{
    /* [C2 pairs C1: and the other readers' C2: what they read] Else all are on this worker. */
    return apart ? leat_load_acquire(&frame->share) : frame->share;
}

/* Does nobody else hold the frame any more? Then what the others read lies behind the caller. */
static bool last_holder(struct leat_frame *frame, uint16_t share, bool apart)
{
    if (share == 0) /* then nobody else does */
        return true;
    if (!apart || share >= SHARE_NEST) { /* in whose hands copies lie, nobody else reads */
        frame->share = (uint16_t)(share - (share >= SHARE_NEST ? SHARE_NEST : 1));
        return false;
    }
    /* [C2 pairs C1: and the other readers' C2: what they read] */
    if (leat_add_acq_rel(&frame->share, (uint16_t)-1) != 0)
        return false;
    frame->share = 0;
    return true;
}

/* Frames that several branches read go home with the last of them. A copy that lies in another
 * frame keeps that from going home, and is nothing else to the pool. Apart: who only sends frames
 * home has the registers to himself. */
static __attribute__((noinline)) void release_shared(struct worker *w, struct leat_pool *pool,
                                                     struct leat_frame *const *frames, uint32_t n)
{
    const bool apart = w->engine->apart;
    struct leat_frame *home[HOME_AT_ONCE];
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct leat_frame *frame = frames[i];
        uint16_t share = share_of(frame, apart);
        if (share == SHARE_INSIDE) {
            frame = leat_pool_slot(pool, leat_handle_slot(frame->tag));
            share = frame->share;
        }
        if (!last_holder(frame, share, apart))
            continue;
        home[k++] = frame;
        if (k == HOME_AT_ONCE) {
            leat_pool_return_n(pool, w->number, home, k);
            k = 0;
        }
    }
    leat_pool_return_n(pool, w->number, home, k);
}

/* How many of the first frames are of that pool: nearly always all of them. */
static __attribute__((noinline)) uint32_t of_pool(struct leat_frame *const *frames, uint32_t n,
                                                  uint32_t pool)
{
    leat_handle differ = 0;
    uint32_t same = 0;
    _Pragma("GCC unroll 4")
    for (uint32_t i = 0; i < n; i++)
        differ |= frames[i]->tag ^ frames[0]->tag;
    if (LEAT_LIKELY(leat_handle_pool(differ) == 0))
        return n;
    while (leat_handle_pool(frames[same]->tag) == pool)
        same++;
    return same;
}

void worker_release(struct worker *w, struct leat_frame *const *frames, uint32_t n)
{
    const struct leat_plan *plan = w->engine->plan;
    while (n != 0) {
        uint32_t number = leat_handle_pool(frames[0]->tag);
        uint32_t same = plan->pools_n == 1 ? n : of_pool(frames, n, number);
        struct leat_pool *pool = w->engine->pools[number];
        if (plan->pools[number].shared)
            release_shared(w, pool, frames, same);
        else
            leat_pool_return_n(pool, w->number, frames, same);
        frames += same;
        n -= same;
    }
}

/* Are the frames of that pool, and nobody else's? */
static bool all_own(const struct worker *w, uint32_t pool, uint32_t n)
{
    const struct leat_plan *plan = w->engine->plan;
    struct leat_frame *const *frames = w->batch;
    uint32_t share = 0;
    if (plan->pools_n != 1 && (leat_handle_pool(frames[0]->tag) != pool ||
                               of_pool(frames, n, pool) != n))
        return false;
    if (!plan->pools[pool].shared)
        return true;
    if (w->engine->apart)
        return false;
    _Pragma("GCC unroll 4")
    for (uint32_t i = 0; i < n; i++)
        share |= frames[i]->share;
    return share == 0;
}

bool batch_renew(struct worker *w, struct segment *source, uint32_t n)
{
    struct inbox *spare = source->spare;
    const uint32_t pool = source->plan->quota;
    if (spare->n != 0 || source->input_ended || !all_own(w, pool, n))
        return false;
    leat_pool_renew_n(w->engine->pools[pool], w->number, w->batch, n, &source->record->blank,
                      source->seq, w->ctx.now);
    struct leat_frame **empty = spare->frames;
    spare->frames = w->batch;
    spare->n = n;
    source->born = w->ctx.now;
    w->batch = empty;
    return true;
}

bool worker_settle(struct worker *w, bool all)
{
    const struct leat_plan *plan = w->engine->plan;
    bool owed = false;
    for (uint32_t i = 0; i < w->segments_n; i++)
        if (w->segments[i].in != NULL)
            leat_ring_give(w->segments[i].in->ring);
    for (uint32_t i = 0; i < plan->pools_n; i++) {
        const struct leat_plan_stage *claimer = &plan->stages[plan->pools[i].stage];
        if (claimer->worker == w->number && (claimer->stage->traits & TRAIT_DOOR) == 0)
            continue;
        if (all || leat_pool_dry(w->engine->pools[i]))
            owed |= leat_pool_flush(w->engine->pools[i], w->number);
    }
    return owed;
}

static void quarantine(struct worker *w, const struct leat_frame *frame, uint16_t why)
{
    uint32_t keep = w->engine->plan->quarantine;
    if (keep == 0)
        return;
    uint64_t at = leat_counter_get(&w->quarantined) % keep;
    struct leat_frame *kept = (struct leat_frame *)((char *)w->quarantine +
                                                    at * w->engine->quarantine_bytes);
    frame_copy_header(kept, frame);
    memcpy(kept + 1, frame + 1, (size_t)frame->rows * frame->stride);
    kept->tag = frame->tag;
    kept->reason = why; /* the frame itself may have other readers */
    kept->owner = w->ctx.stage;
    uint64_t order = w->ctx.now << 6 | w->number;
    uint64_t next = w->quarantine_last + LEAT_WORKERS_MAX;
    w->quarantine_last = w->quarantine_order[at] = order > next ? order : next;
    leat_counter_add(&w->quarantined, 1);
}

bool batch_say_gap(struct leat_frame *frame)
{
    /* [C3 pairs C2: what the other readers read, before the header is written] */
    if ((leat_load_acquire(&frame->share) & SHARE_READERS) != 0)
        return false;
    frame->flags |= LEAT_GAP_BEFORE;
    return true;
}

/* A frame that goes no further takes no word of a gap with it: the next one says it. */
static void carry_gap(bool *gap, struct leat_frame *frame, bool goes)
{
    if (goes)
        *gap |= (frame->flags & LEAT_GAP_BEFORE) != 0;
    else if (*gap)
        *gap = !batch_say_gap(frame);
}

uint32_t batch_compact(struct worker *w, struct stage_record *record, bool *gap, uint32_t n)
{
    uint32_t kept = 0, dropped = 0, rejected = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t verdict = w->ctx.verdict[i];
        w->ctx.verdict[i] = LEAT_KEEP;
        carry_gap(gap, w->batch[i], verdict != LEAT_KEEP);
        if (verdict == LEAT_KEEP) {
            w->batch[kept++] = w->batch[i];
            continue;
        }
        if (verdict == LEAT_REJECT) {
            quarantine(w, w->batch[i], w->ctx.why[i]);
            reject_note(w, w->batch[i], w->ctx.why[i]);
        }
        rejected += verdict == LEAT_REJECT;
        dropped += verdict == LEAT_DROP;
        worker_release(w, &w->batch[i], 1);
    }
    w->ctx.marked = 0;
    w->engine->steps[w->ctx.stage].special |= *gap; /* the next batch begins with it */
    leat_counter_add(&record->dropped, dropped);
    leat_counter_add(&record->rejected, rejected);
    return kept;
}

/* True when no sample, of all rows or of those that a lens shows, has all exponent bits set: adding
 * one to the exponent then carries into the sign's place, which and, add and or alone can see, many
 * samples at once. */
static bool frame_finite(struct leat_frame *f, const struct leat_plan_lens *lens)
{
    uint32_t rows = lens != NULL ? lens->in.rows : f->rows;
    for (uint32_t i = 0; i < rows; i++) {
        const void *row = leat_frame_row(f, lens != NULL ? lens->rows[i] : i);
        uint64_t wide = 0;
        uint32_t narrow = 0;
        if (f->kind == LEAT_F32) {
            const uint32_t *x = row;
            for (uint32_t k = 0; k < f->cols; k++)
                narrow |= (x[k] & 0x7f800000u) + 0x00800000u;
        } else if (f->kind == LEAT_F64) {
            const uint64_t *x = row;
            const uint64_t inf = UINT64_C(0x7ff0000000000000), one = UINT64_C(1) << 52;
            for (uint32_t k = 0; k < f->cols; k++)
                wide |= (x[k] & inf) + one;
        }
        if ((wide >> 63 | narrow >> 31) != 0)
            return false;
    }
    return true;
}

uint32_t batch_scan(struct worker *w, uint32_t stage, uint32_t n)
{
    const struct leat_plan_lens *lens = w->engine->plan->stages[stage].lens;
    for (uint32_t i = 0; i < n; i++)
        if (!frame_finite(w->batch[i], lens))
            leat_reject(&w->ctx, i, LEAT_WHY_NOT_FINITE);
    struct stage_record *record = &w->engine->stages[stage];
    return w->ctx.marked != 0 ? batch_compact(w, record, &record->gap_in, n) : n;
}

void worker_collect(struct worker *w, struct stage_record *record)
{
    struct leat_ctx *c = &w->ctx;
    leat_counter_add(&record->copied, c->copied);
    leat_counter_add(&record->reframed, c->reframed);
    leat_counter_add(&record->rejected_rows, c->rejected_rows);
    leat_counter_add(&record->samples_lost, c->samples_lost);
    leat_counter_add(&record->dropped, c->dropped);
    c->copied = c->reframed = c->rejected_rows = c->samples_lost = c->dropped = 0;
    for (uint32_t i = 0; c->counted != 0 && i < LEAT_COUNTS_MAX; i++) {
        leat_counter_add(&record->counts[i], c->counts[i]);
        c->counts[i] = 0;
    }
    c->counted = 0;
    if (c->failed != 0)
        worker_fail(w, c->failed);
}
