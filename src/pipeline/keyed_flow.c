/* A flow stage behind `key` that works sample by sample: each goes into the state of its key, and
 * what that makes goes out in the order in which it is made, the key behind its channels. So does
 * what the state of a key holds that goes: it is evicted or expires, or the stream ends, or begins
 * anew behind a gap. One frame is made of one that comes, and of keys that go all at once as many
 * as there must be: `left` remembers how many have gone when there is no room for more. */
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
    LEAT_REQUIRE(r->made->cols <= from + 1);
    if (r->made->cols != from)
        put_key(r->made, from, keyed_tail_of(r->plan, entry)->key);
}

void keyed_leave(struct keyed_run *r, char *entry)
{
    uint32_t from = r->made->cols;
    r->stage->stage->leave(entry, &r->w->ctx, r->made);
    note_made(r, entry, from);
}

/* ---- frames ---- */

/* False: not now. */
static bool begin_frame(struct keyed_run *r, struct leat_out *out)
{
    r->made = leat_out_room(out) == 0 ? NULL : leat_out_claim(out);
    if (r->made == NULL)
        return false;
    r->made->cols = 0;
    return true;
}

/* There was room for it. */
static void end_frame(struct keyed_run *r, struct leat_out *out)
{
    struct leat_frame *made = r->made;
    r->made = NULL;
    made->key = r->self->frame_key;
    made->flags = (uint8_t)r->self->flags;
    made->time_ns = LEAT_TIME_NONE;
    if (made->cols == 0 || !leat_out_put(out, made)) {
        leat_out_release(out, made);
        return;
    }
    r->self->flags = 0;
    r->w->ctx.reframed++;
}

static void take_pass(struct keyed_run *r, struct leat_frame *input, uint32_t first, uint32_t n)
{
    const bool timed = r->stage->key->ttl_ns != 0;
    r->first = first;
    keyed_prefetch(r, first, n);
    for (uint32_t i = 0; i < n; i++) {
        char *entry = keyed_touch(r, i, timed ? keyed_time_at(r, first + i) : 0);
        uint32_t from = r->made->cols;
        keyed_tail_of(r->plan, entry)->touched = ++r->self->touches;
        r->stage->stage->take(entry, &r->w->ctx, input, first + i, r->made);
        note_made(r, entry, from);
    }
}

/* False: not now. */
static bool take_frame(struct keyed_run *r, struct leat_frame *input, struct leat_out *out)
{
    const uint32_t cols = input->cols;
    if (!begin_frame(r, out))
        return false;
    r->self->frame_key = input->key;
    r->self->flags |= input->flags & (LEAT_GAP_BEFORE | LEAT_LATE);
    r->made->born = input->born;
    keyed_open(r, input);
    for (uint32_t at = 0; at < cols && r->w->ctx.failed == 0; at += KEYED_PASS)
        take_pass(r, input, at, cols - at < KEYED_PASS ? cols - at : KEYED_PASS);
    r->self->since += cols;
    end_frame(r, out);
    leat_out_release(out, input);
    return true;
}

/* All keys go, in the order of their slots; false: not all of them now. */
static bool leave_all(struct keyed_run *r, struct leat_out *out)
{
    struct keyed *self = r->self;
    while (self->left < self->live) {
        if (!begin_frame(r, out))
            return false;
        while (self->left < self->live && r->made->cols < r->stage->out.cols)
            keyed_leave(r, keyed_entry(r, self->left++));
        end_frame(r, out);
    }
    self->left = 0;
    return true;
}

static bool take_next(struct keyed_run *r, struct leat_frame *input, struct leat_out *out)
{
    if (r->stage->resets && (input->flags & LEAT_GAP_BEFORE) != 0 && r->self->live != 0) {
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
