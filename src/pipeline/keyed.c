/* A stage behind `key`, over what its lens shows of a frame: the state of each sample's key is
 * looked up, for a pass of samples at a time so that memory is asked for early; then the stage
 * runs, by its `each`, or by its map over the samples of one key at a time, gathered into a small
 * frame. Results stand where their samples stood. */
#include "pipeline/keyed.h"

/* ---- the samples of one key ---- */

static void copy_samples(char *to, const char *from, uint32_t width, const uint32_t *index,
                         uint32_t n)
{
    if (width == 8)
        for (uint32_t i = 0; i < n; i++)
            memcpy(to + (size_t)i * 8, from + (size_t)index[i] * 8, 8);
    else
        for (uint32_t i = 0; i < n; i++)
            memcpy(to + (size_t)i * width, from + (size_t)index[i] * width, width);
}

static void gather(const struct keyed_run *r, const uint32_t *index, uint32_t n)
{
    struct leat_frame *part = r->part;
    uint32_t stride = part->stride, width = leat_kind_bytes(r->shown->kind);
    frame_copy_header(part, r->shown);
    part->stride = stride;
    part->rows = r->shown->rows;
    part->cols = n;
    for (uint32_t row = 0; row < part->rows; row++)
        copy_samples(leat_frame_row(part, row), leat_frame_row(r->shown, row), width, index, n);
}

static void scatter(const struct keyed_run *r, const uint32_t *index, uint32_t n)
{
    uint32_t width = leat_kind_bytes(r->shown->kind);
    for (uint32_t row = 0; row < r->part->rows; row++) {
        char *to = leat_frame_row(r->shown, row);
        const char *from = leat_frame_row(r->part, row);
        for (uint32_t i = 0; i < n; i++)
            memcpy(to + (size_t)index[i] * width, from + (size_t)i * width, width);
    }
}

static void take_out(struct keyed_run *r, const uint32_t *index, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        r->gone[index[i]] = 1;
    r->gone_n += n;
}

/* The stage's map over samples index[0, n) of one key; a verdict is about those alone. */
static void run_part(struct keyed_run *r, void *state, const uint32_t *index, uint32_t n)
{
    struct leat_ctx *ctx = &r->w->ctx;
    uint8_t *verdicts = ctx->verdict, verdict = LEAT_KEEP;
    uint16_t *whys = ctx->why, why = LEAT_WHY_NONE;
    uint32_t marked = ctx->marked;
    gather(r, index, n);
    ctx->verdict = &verdict;
    ctx->why = &why;
    r->stage->stage->map(state, ctx, &r->part, 1);
    ctx->verdict = verdicts;
    ctx->why = whys;
    ctx->marked = marked;
    LEAT_REQUIRE(r->part->cols <= n);
    uint32_t left = verdict == LEAT_KEEP ? r->part->cols : 0;
    ctx->rejected_rows += verdict == LEAT_REJECT ? n : 0;
    take_out(r, index, n - left);
    scatter(r, index + (n - left), left);
}

/* The samples of each key that came up since the last time, one key after the other. */
static void run_parts(struct keyed_run *r)
{
    uint32_t index[KEYED_PASS];
    for (uint32_t i = r->pending; i < r->touched && r->w->ctx.failed == 0; i++) {
        if (r->before[i] != KEYED_NONE)
            continue;
        uint32_t n = 0;
        for (uint32_t at = i; at != KEYED_NONE; at = r->after[at])
            index[n++] = r->first + at;
        run_part(r, r->state[i], index, n);
    }
}

void keyed_flush(struct keyed_run *r)
{
    const struct leat_stage *stage = r->stage->stage;
    uint32_t n = r->touched - r->pending;
    if (n != 0 && stage->each != NULL)
        stage->each(r->state + r->pending, &r->w->ctx, r->shown, r->first + r->pending, n);
    else
        run_parts(r);
    r->pending = r->touched;
    r->base = r->self->touches;
}

/* ---- a frame ---- */

/* The sample becomes its key's last; the one before it, where that is still to be run, leads to it,
 * for those that run a key at a time. */
static void note_touch(struct keyed_run *r, uint32_t i, char *entry)
{
    struct keyed_tail *tail = keyed_tail_of(r->plan, entry);
    r->state[i] = entry;
    if (r->stage->stage->each == NULL) {
        r->before[i] = r->after[i] = KEYED_NONE;
        if (tail->touched > r->base) {
            r->before[i] = r->pending + (uint32_t)(tail->touched - r->base) - 1;
            r->after[r->before[i]] = i;
        }
    }
    tail->touched = ++r->self->touches;
}

/* The time so many samples after another; `beyond` where it does not fit. */
static int64_t time_after(const struct keyed_run *r, int64_t time_ns, uint64_t samples,
                          int64_t beyond)
{
    double ns = (double)samples * r->ns_a_sample + 0.5;
    int64_t at;
    bool fits = ns < 9.2e18 && !__builtin_add_overflow(time_ns, (int64_t)ns, &at);
    return fits ? at : beyond;
}

int64_t keyed_time_at(const struct keyed_run *r, uint32_t sample)
{
    if (r->time != NULL)
        return r->time[sample];
    return time_after(r, r->self->time_ns, r->self->since + sample, INT64_MAX);
}

/* Touches samples from i on as long as the guess was right, as it nearly always is; returns the
 * first that has to be looked for. */
static uint32_t touch_known(struct keyed_run *r, uint32_t i, uint32_t n)
{
    const uint64_t *key = r->key + r->first;
    const size_t tail_at = r->plan->tail_at;
    void *const *state = r->state;
    uint64_t touches = r->self->touches;
    _Pragma("GCC unroll 4")
    for (; i < n; i++) {
        char *guess = state[i];
        if (LEAT_UNLIKELY(guess == NULL))
            break;
        struct keyed_tail *tail = (struct keyed_tail *)(void *)(guess + tail_at);
        if (LEAT_UNLIKELY(tail->key != key[i]))
            break;
        tail->touched = ++touches;
    }
    r->self->touches = touches;
    return i;
}

static void run_pass(struct keyed_run *r, uint32_t first, uint32_t n)
{
    const bool timed = r->stage->key->ttl_ns != 0;
    const bool alone = !timed && r->stage->stage->each != NULL; /* a touch is a number, no more */
    r->first = first;
    r->pending = r->touched = 0;
    r->base = r->self->touches;
    keyed_prefetch(r, first, n);
    for (uint32_t i = 0; i < n; i++) {
        if (alone && (i = touch_known(r, i, n)) == n)
            break;
        r->touched = i;
        note_touch(r, i, keyed_touch(r, i, timed ? keyed_time_at(r, first + i) : 0));
    }
    r->touched = n;
    keyed_flush(r);
}

/* The frame begins when it says, else right behind the one before. Without a rate all its samples
 * count as of then. */
static void begin_time(struct keyed_run *r, const struct leat_frame *frame)
{
    const struct leat_plan_stage *s = r->stage;
    r->ns_a_sample = s->in.rate_hz > 0 ? 1e9 / s->in.rate_hz : 0;
    if (frame->time_ns != LEAT_TIME_NONE) {
        r->self->time_ns = frame->time_ns;
        r->self->since = 0;
        r->self->timed = 1;
    } else if (s->key->ttl_ns != 0 && !(s->in.rate_hz > 0) && r->self->timed == 0) {
        leat_fail(&r->w->ctx, LEAT_EDATA,
                  "%s: frame %llu has no time, and the stream no rate: ttl= of key goes by one of "
                  "them, or by a channel, time=",
                  s->name, (unsigned long long)frame->seq);
    }
}

static int64_t nearest_ns(double ns)
{
    ns += ns < 0 ? -0.5 : 0.5;
    return ns > -9.2e18 && ns < 9.2e18 ? (int64_t)ns : ns < 0 ? INT64_MIN : INT64_MAX;
}

static int64_t whole_ns(int64_t time, uint64_t unit_ns)
{
    int64_t ns;
    if (!__builtin_mul_overflow(time, (int64_t)unit_ns, &ns))
        return ns;
    return time < 0 ? INT64_MIN : INT64_MAX;
}

/* The channel of times: 64-bit numbers, whole or not. */
static void read_times(struct keyed_run *r, struct leat_frame *frame)
{
    const void *row = leat_frame_row(frame, r->plan->time_row);
    uint64_t unit = r->stage->key->unit_ns;
    for (uint32_t i = 0, n = frame->cols; i < n && frame->kind == LEAT_I64; i++)
        r->time[i] = whole_ns(((const int64_t *)row)[i], unit);
    for (uint32_t i = 0, n = frame->cols; i < n && frame->kind == LEAT_F64; i++)
        r->time[i] = nearest_ns(((const double *)row)[i] * (double)unit);
}

static void *part_of(char **at, size_t bytes)
{
    void *begin = *at;
    *at += leat_round_up(bytes, LEAT_LINE);
    return begin;
}

static void lay_out_scratch(struct keyed_run *r, char *scratch, uint32_t cols)
{
    r->key = part_of(&scratch, cols * sizeof *r->key);
    if (r->plan->time_row != KEYED_NONE)
        r->time = part_of(&scratch, cols * sizeof *r->time);
    r->hash = part_of(&scratch, KEYED_PASS * sizeof *r->hash);
    r->state = part_of(&scratch, KEYED_PASS * sizeof *r->state);
    r->before = part_of(&scratch, KEYED_PASS * sizeof *r->before);
    r->after = part_of(&scratch, KEYED_PASS * sizeof *r->after);
    r->gone = part_of(&scratch, cols);
    r->part = (struct leat_frame *)(void *)scratch;
    r->part->stride = (uint32_t)keyed_part_stride(r->stage->in.kind);
}

size_t keyed_scratch_bytes(const struct leat_shape *in, uint32_t rows, bool times)
{
    return (times ? leat_round_up(in->cols * sizeof(int64_t), LEAT_LINE) : 0) +
           KEYED_PASS * (sizeof(uint64_t) + sizeof(void *) + 2 * sizeof(uint32_t)) +
           leat_round_up(in->cols * sizeof(uint64_t), LEAT_LINE) +
           leat_round_up(in->cols, LEAT_LINE) + sizeof(struct leat_frame) +
           rows * keyed_part_stride(in->kind);
}

/* What the stage took out goes from every row; the others stay in order. */
static void close_gaps(struct worker *w, const struct keyed_run *r, struct leat_frame *frame)
{
    uint32_t width = leat_kind_bytes(frame->kind), kept = 0, cols = frame->cols, first = 0;
    while (first < cols && r->gone[first] != 0)
        first++;
    for (uint32_t row = 0; row < frame->rows; row++) {
        char *x = leat_frame_row(frame, row);
        kept = 0;
        for (uint32_t i = 0; i < cols; i++)
            if (r->gone[i] == 0)
                memmove(x + (size_t)kept++ * width, x + (size_t)i * width, width);
    }
    if (first != 0 && frame->time_ns != LEAT_TIME_NONE)
        frame->time_ns = r->ns_a_sample != 0
                             ? time_after(r, frame->time_ns, first, LEAT_TIME_NONE)
                             : LEAT_TIME_NONE;
    frame->cols = kept;
    frame->flags |= LEAT_SHORT;
    if (kept == 0)
        leat_drop(&w->ctx, 0);
}

void keyed_begin(struct keyed_run *r, struct worker *w, uint32_t stage, char *scratch)
{
    const struct leat_plan_stage *s = &w->engine->plan->stages[stage];
    char *block = w->engine->stages[stage].state;
    *r = (struct keyed_run){.w = w,
                            .stage = s,
                            .plan = s->keyed,
                            .self = (struct keyed *)(void *)block,
                            .block = block,
                            .buckets = (uint32_t *)(void *)(block + s->keyed->buckets_at)};
    lay_out_scratch(r, scratch, s->in.cols);
}

void keyed_open(struct keyed_run *r, struct leat_frame *frame)
{
    keyed_read(r, frame);
    if (r->time != NULL)
        read_times(r, frame);
    else
        begin_time(r, frame);
    r->gone_n = 0;
    memset(r->gone, 0, frame->cols);
}

void keyed_map(struct keyed_run *r, struct leat_frame *shown)
{
    uint32_t cols = shown->cols;
    r->shown = shown;
    for (uint32_t at = 0; at < cols && r->w->ctx.failed == 0; at += KEYED_PASS)
        run_pass(r, at, cols - at < KEYED_PASS ? cols - at : KEYED_PASS);
    r->self->since += cols;
    shown->rows = r->stage->lens->need.out.rows;
}

void keyed_close(struct keyed_run *r, struct leat_frame *frame)
{
    if (r->gone_n != 0)
        close_gaps(r->w, r, frame);
}

void keyed_end(struct keyed_run *r, struct stage_record *record)
{
    leat_counter_add(&record->evicted, r->evicted);
    leat_counter_add(&record->expired, r->expired);
    leat_gauge_set(&record->keys, (int64_t)r->self->live);
}

/* No entry is left, and with it no group; the count of touches goes on. */
void keyed_forget(struct keyed *self, char *block, const struct leat_plan_keyed *plan)
{
    memset(block + plan->buckets_at, 0, sizeof(uint32_t) << plan->bucket_bits);
    self->live = 0;
}

void stage_reset(struct leat_engine *e, uint32_t stage)
{
    const struct leat_plan_stage *s = &e->plan->stages[stage];
    void *state = e->stages[stage].state;
    if (s->keyed != NULL)
        keyed_forget(state, state, s->keyed);
    else
        memcpy(state, e->stages[stage].begun_state, s->need.state_bytes);
}

void keyed_knob(struct leat_engine *e, uint32_t stage, const void *options)
{
    const struct leat_plan_stage *s = &e->plan->stages[stage];
    char *block = e->stages[stage].state;
    const struct keyed *self = (const struct keyed *)(const void *)block;
    s->stage->knob(block + s->keyed->fresh_at, options, plan_shown(s));
    for (uint64_t slot = 0; slot < self->live; slot++)
        s->stage->knob(block + s->keyed->entries_at + slot * s->keyed->entry_bytes, options,
                       plan_shown(s));
}
