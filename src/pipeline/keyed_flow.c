/* A flow stage behind `key` that works sample by sample: each goes into the state of its key, and
 * what that makes goes out in the order in which it is made, the key behind its channels or where
 * the stage keeps it. So does what the state of a key holds that goes: it is evicted or expires, or
 * the stream ends, or begins anew behind a gap. A frame goes out when it is full, and with the end
 * of the one that came. Where there is none for the next, `at` remembers how many samples of the
 * input are taken, or `left` how many keys have gone. */
#include "pipeline/keyed.h"

/* ---- the keys of what is made ---- */

static void put_key(struct leat_frame *made, uint32_t c, uint64_t key)
{
    void *row = leat_frame_row(made, made->rows - 1);
    double real;
    memcpy(&real, &key, sizeof real);
    switch (made->kind) {
    case LEAT_U8: ((uint8_t *)row)[c] = (uint8_t)key; return;
    case LEAT_I16: ((int16_t *)row)[c] = (int16_t)key; return;
    case LEAT_I32: ((int32_t *)row)[c] = (int32_t)key; return;
    case LEAT_I64: ((int64_t *)row)[c] = (int64_t)key; return;
    case LEAT_F32: ((float *)row)[c] = (float)real; return;
    default: ((double *)row)[c] = real;
    }
}

/* The stage has worked for the entry's key: what is new behind the first `from` is of that key. */
static void note_made(struct keyed_run *r, char *entry, uint32_t from)
{
    const struct leat_need *need = &r->stage->need;
    const uint32_t cols = r->made->cols;
    LEAT_REQUIRE(cols == from || cols == (need->out.cols_fixed ? need->out.cols : from + 1));
    for (uint32_t c = from; c < cols && !need->keeps_keys; c++)
        put_key(r->made, c, keyed_tail_of(r->plan, entry)->key);
}

void keyed_leave(struct keyed_run *r, char *entry)
{
    uint32_t from = r->made->cols;
    r->stage->stage->leave(entry, &r->w->ctx, r->made);
    note_made(r, entry, from);
}

/* ---- frames ---- */

/* False: not now. `input`: what it is made of, or NULL. */
static bool begin_frame(struct keyed_run *r, const struct leat_frame *input, struct leat_out *out)
{
    r->made = leat_out_room(out) == 0 ? NULL : leat_out_claim(out);
    if (r->made == NULL)
        return false;
    r->made->cols = 0;
    r->made->time_ns = LEAT_TIME_NONE;
    if (input != NULL)
        r->made->born = input->born;
    return true;
}

/* There was room for it. */
static void end_frame(struct keyed_run *r, struct leat_out *out)
{
    struct leat_frame *made = r->made;
    r->made = NULL;
    made->key = r->self->frame_key;
    made->flags |= (uint8_t)r->self->flags;
    if (made->cols == 0 || !leat_out_put(out, made)) {
        leat_out_release(out, made);
        return;
    }
    r->self->flags = 0;
    r->w->ctx.reframed++;
}

/* Room for what take or leave makes once; false: not now, and no frame is begun. */
static bool have_room(struct keyed_run *r, const struct leat_frame *input, struct leat_out *out)
{
    if (r->made != NULL && r->made->cols == r->stage->out.cols)
        end_frame(r, out);
    return r->made != NULL || begin_frame(r, input, out);
}

/* Returns how many of the n samples are taken: fewer, not now. One that has found its key, for
 * which another may have gone, and no room is offered again, and finds it again. */
static uint32_t take_pass(struct keyed_run *r, struct leat_frame *input, uint32_t first, uint32_t n,
                          struct leat_out *out)
{
    const bool timed = r->stage->key->ttl_ns != 0;
    r->first = first;
    keyed_prefetch(r, first, n);
    for (uint32_t i = 0; i < n; i++) {
        if (!have_room(r, input, out))
            return i;
        char *entry = keyed_touch(r, i, timed ? keyed_time_at(r, first + i) : 0);
        keyed_tail_of(r->plan, entry)->touched = ++r->self->touches;
        if (!have_room(r, input, out))
            return i;
        uint32_t from = r->made->cols;
        r->stage->stage->take(entry, &r->w->ctx, input, first + i, r->made);
        note_made(r, entry, from);
    }
    return n;
}

static void enter(struct keyed *self, const struct leat_frame *input)
{
    if (self->entered != 0)
        return;
    self->entered = 1;
    self->frame_key = input->key;
    self->flags |= input->flags & (LEAT_GAP_BEFORE | LEAT_LATE);
}

/* False: not all of it now. */
static bool take_frame(struct keyed_run *r, struct leat_frame *input, struct leat_out *out)
{
    struct keyed *self = r->self;
    const uint32_t cols = input->cols;
    enter(self, input);
    keyed_open(r, input);
    while (self->at < cols && r->w->ctx.failed == 0) {
        uint32_t at = (uint32_t)self->at, n = cols - at < KEYED_PASS ? cols - at : KEYED_PASS;
        uint32_t taken = take_pass(r, input, at, n, out);
        self->at += taken;
        if (taken != n)
            return false;
    }
    if (r->made != NULL)
        end_frame(r, out);
    self->since += cols;
    self->at = self->entered = 0;
    leat_out_release(out, input);
    return true;
}

/* All keys go, in the order of their slots; false: not all of them now. */
static bool leave_all(struct keyed_run *r, struct leat_out *out)
{
    struct keyed *self = r->self;
    for (; self->left < self->live; self->left++) {
        if (!have_room(r, NULL, out))
            return false;
        keyed_leave(r, keyed_entry(r, self->left));
    }
    if (r->made != NULL)
        end_frame(r, out);
    self->left = 0;
    return true;
}

static bool take_next(struct keyed_run *r, struct leat_frame *input, struct leat_out *out)
{
    const bool gap = r->stage->resets && (input->flags & LEAT_GAP_BEFORE) != 0;
    if (gap && r->self->entered == 0 && r->self->live != 0) {
        if (!leave_all(r, out))
            return false;
        keyed_forget(r->self, r->block, r->plan);
    }
    return take_frame(r, input, out);
}

/* The stage's own scratch is behind the engine's. */
static char *open_run(struct keyed_run *r, struct worker *w, uint32_t stage)
{
    char *scratch = w->ctx.scratch;
    const struct leat_plan_stage *s = &w->engine->plan->stages[stage];
    w->ctx.scratch = scratch + (s->need.scratch_bytes - s->lens->need.scratch_bytes);
    keyed_begin(r, w, stage, scratch);
    return scratch;
}

uint32_t keyed_flow(struct worker *w, uint32_t stage, struct leat_frame *const *frames, uint32_t n,
                    struct leat_out *out)
{
    struct keyed_run run;
    char *scratch = open_run(&run, w, stage);
    uint32_t k = 0;
    while (k < n && w->ctx.failed == 0 && take_next(&run, frames[k], out))
        k++;
    keyed_end(&run, &w->engine->stages[stage]);
    w->ctx.scratch = scratch;
    return k;
}

bool keyed_flow_end(struct worker *w, uint32_t stage, struct leat_out *out)
{
    struct keyed_run run;
    char *scratch = open_run(&run, w, stage);
    bool all = leave_all(&run, out);
    w->ctx.scratch = scratch;
    return all;
}
