/* Knobs: parameters that change while the engine runs. The control thread holds a change to what
 * the plan was made from and posts it; the worker takes it over between two batches. */
#include "pipeline/impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the control thread's side ---- */

static int find_stage(const struct leat_engine *e, const char *name, uint32_t *stage,
                      struct leat_diag *diag)
{
    struct leat_guess guess = {NULL, 0};
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        if (strcmp(e->plan->stages[i].name, name) == 0) {
            *stage = i;
            return LEAT_OK;
        }
        leat_guess_try(&guess, name, e->plan->stages[i].name);
    }
    return leat_diag_set(diag, LEAT_ENAME, "no stage is named '%s'%s%s%s", name,
                         guess.nearest != NULL ? "; did you mean '" : "",
                         guess.nearest != NULL ? guess.nearest : "",
                         guess.nearest != NULL ? "'?" : "");
}

/* The parameter stays as it is; which may change, in words. */
static int fixed(const struct leat_plan_stage *s, const char *param, struct leat_diag *diag)
{
    char names[256] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < s->stage->params_n && used < sizeof names; i++)
        if (s->stage->params[i].knob)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                     used != 0 ? ", " : "", s->stage->params[i].name);
    return leat_diag_set(diag, LEAT_EINVAL, "%s: %s stays as it is while the engine runs; %s%s",
                         s->name, param,
                         used != 0 ? "what may change: " : "nothing of it may change", names);
}

/* The control thread may turn a knob of that stage now. */
static int ready(const struct leat_engine *e, const char *name, uint32_t *stage,
                 struct leat_diag *diag)
{
    int status = find_stage(e, name, stage, diag);
    if (status != LEAT_OK)
        return status;
    if (!e->sealed)
        return leat_diag_set(diag, LEAT_ESTATE, "%s: knobs are turned after seal", name);
    /* [F2 pairs F1: only that] */
    if (leat_load_acquire(&e->failed) != 0 || engine_ended(e))
        return leat_diag_set(diag, LEAT_ESTATE, "%s: the engine has ended, nobody turns its knobs",
                             name);
    return LEAT_OK;
}

static bool same_shape(const struct leat_shape *a, const struct leat_shape *b)
{
    return a->rows == b->rows && a->cols == b->cols && a->kind == b->kind &&
           a->cols_fixed == b->cols_fixed && a->rate_hz == b->rate_hz &&
           a->timed == b->timed && a->bins_of == b->bins_of &&
           (a->channels == NULL || b->channels == NULL ||
            memcmp(a->channels, b->channels, a->rows * sizeof a->channels[0]) == 0);
}

/* All that the plan was made from. */
static bool same_need(const struct leat_need *a, const struct leat_need *b)
{
    return a->state_bytes == b->state_bytes && a->scratch_bytes == b->scratch_bytes &&
           a->hold_max == b->hold_max && a->claim_max == b->claim_max &&
           a->tick_ns == b->tick_ns && a->lag_max == b->lag_max && a->frames_in == b->frames_in &&
           a->frames_out == b->frames_out && a->pairing == b->pairing &&
           a->first_goes_on == b->first_goes_on && a->rows_follow == b->rows_follow &&
           a->breaks_finite == b->breaks_finite &&
           a->wait_max == b->wait_max && same_shape(&a->out, &b->out);
}

/* The stage's own word on new options: resolve takes them, and asks for no more than before. */
static int resolve_again(const struct leat_plan_stage *s, const void *options,
                         struct leat_diag *diag)
{
    const struct leat_shape *in = plan_shown(s);
    struct leat_need planned = *plan_said(s), need = {0};
    uint32_t before = in != NULL ? in->rows : 0;
    uint32_t rows = before > planned.out.rows ? before : planned.out.rows;
    if (s->stage->resolve == NULL)
        return LEAT_OK;
    struct leat_channel *channels = calloc((size_t)rows + 1, sizeof *channels);
    if (channels == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for %u channels", rows);
    if (in != NULL) {
        need.out = *in;
        memcpy(channels, in->channels, in->rows * sizeof *channels);
    }
    need.ins_n = s->ins_n;
    need.resets = s->resets;
    need.tuning = planned.tuning;
    need.keyed = planned.keyed;
    need.key_row = planned.key_row;
    need.time_row = planned.time_row;
    need.channels_max = planned.channels_max = rows;
    need.out.channels = channels;
    int status = s->stage->resolve(options, in, &need, diag);
    if (s->stage->outs == 0)
        need.out.channels = planned.out.channels = NULL;
    if (status == LEAT_OK && !same_need(&need, &planned))
        status = leat_diag_set(diag, LEAT_EINVAL, "the plan would be another one; make it anew");
    free(channels);
    return status;
}

/* The draft is checked and the slot is free: hands it over. */
static void post(struct leat_engine *e, uint32_t stage)
{
    const struct leat_plan_stage *s = &e->plan->stages[stage];
    struct knob *k = &e->knobs[stage];
    struct worker *w = &e->workers[s->worker];
    memcpy(k->given, k->draft, s->stage->options_bytes);
    memcpy(k->slot, k->draft, s->stage->options_bytes);
    leat_store_release(&k->posted, leat_load_relaxed(&k->posted) + 1); /* [K1 pairs K2: the slot] */
    /* [K5 pairs K6: which stages' are posted] */
    leat_store_release(&w->knobs, leat_load_relaxed(&w->knobs) + 1);
    if ((event_asleep(&e->sleepers) >> s->worker & 1) != 0)
        event_wake(&w->event);
}

/* 0 and posted, 1 when the last change still lies there, or what is wrong with the draft. */
static int turn(struct leat_engine *e, uint32_t stage, struct leat_diag *diag)
{
    const struct leat_plan_stage *s = &e->plan->stages[stage];
    struct knob *k = &e->knobs[stage];
    int status = leat_options_check(s->stage->params, s->stage->params_n, k->draft, diag);
    if (status == LEAT_OK)
        status = resolve_again(s, k->draft, diag);
    if (status != LEAT_OK)
        return diag_of(s->name, status, diag);
    /* [K4 pairs K3: the slot was read] */
    if (leat_load_acquire(&k->applied) != leat_load_relaxed(&k->posted))
        return 1;
    post(e, stage);
    return LEAT_OK;
}

static int turn_one(struct leat_engine *e, const char *stage, const char *param, const char *value,
                    struct leat_diag *diag)
{
    uint32_t number;
    int status = ready(e, stage, &number, diag);
    if (status != LEAT_OK)
        return status;
    const struct leat_plan_stage *s = &e->plan->stages[number];
    const struct leat_param *p = leat_param_find(s->stage->params, s->stage->params_n, param, diag);
    if (p == NULL)
        return diag_of(s->name, LEAT_ENAME, diag);
    if (!p->knob)
        return fixed(s, param, diag);
    void *draft = e->knobs[number].draft;
    memcpy(draft, e->knobs[number].given, s->stage->options_bytes);
    status = leat_param_read(p, value, draft, NULL, diag);
    return status != LEAT_OK ? diag_of(s->name, status, diag) : turn(e, number, diag);
}

int leat_engine_knob(struct leat_engine *e, const char *stage, const char *param,
                     const char *value, struct leat_diag *diag)
{
    ALIVE("leat_engine_knob", e);
    LEAT_GIVEN("leat_engine_knob", stage, "stage");
    LEAT_GIVEN("leat_engine_knob", param, "param");
    LEAT_GIVEN("leat_engine_knob", value, "value");
    PART_ENTER(&e->knob_busy, "leat_engine_knob: two threads turn knobs at once");
    int status = turn_one(e, stage, param, value, diag);
    PART_LEAVE(&e->knob_busy);
    return status;
}

static int turn_all(struct leat_engine *e, const char *stage, const void *options,
                    struct leat_diag *diag)
{
    uint32_t number;
    int status = ready(e, stage, &number, diag);
    if (status != LEAT_OK)
        return status;
    const struct leat_plan_stage *s = &e->plan->stages[number];
    const void *given = e->knobs[number].given;
    char *draft = e->knobs[number].draft;
    if (given == NULL)
        return fixed(s, "every parameter", diag);
    /* Texts and lists stay the graph's copies: only knobs are taken from what the caller shows. */
    memcpy(draft, given, s->stage->options_bytes);
    for (uint32_t i = 0; i < s->stage->params_n; i++) {
        const struct leat_param *p = &s->stage->params[i];
        if (p->knob)
            memcpy(draft + p->offset, (const char *)options + p->offset, leat_param_size(p));
        else if (!leat_param_same(p, options, given))
            return fixed(s, p->name, diag);
    }
    return turn(e, number, diag);
}

int leat_engine_knobs(struct leat_engine *e, const char *stage, const void *options,
                      struct leat_diag *diag)
{
    ALIVE("leat_engine_knobs", e);
    LEAT_GIVEN("leat_engine_knobs", stage, "stage");
    LEAT_GIVEN("leat_engine_knobs", options, "options");
    PART_ENTER(&e->knob_busy, "leat_engine_knobs: two threads turn knobs at once");
    int status = turn_all(e, stage, options, diag);
    PART_LEAVE(&e->knob_busy);
    return status;
}

static int look(const struct leat_engine *e, const char *stage, struct leat_knob_state *state,
                struct leat_diag *diag)
{
    uint32_t number;
    int status = find_stage(e, stage, &number, diag);
    if (status != LEAT_OK)
        return status;
    const struct knob *k = &e->knobs[number];
    if (k->given == NULL)
        return fixed(&e->plan->stages[number], "every parameter", diag);
    /* [K4 pairs K3: the slot was read, and `first` was set back] */
    uint64_t applied = leat_load_acquire(&k->applied);
    *state = (struct leat_knob_state){
        .options = k->given,
        .given = leat_load_relaxed(&k->posted),
        .applied = applied,
        .first_seq = leat_load_relaxed(&k->first),
    };
    return LEAT_OK;
}

int leat_engine_knob_state(struct leat_engine *e, const char *stage, struct leat_knob_state *state,
                           struct leat_diag *diag)
{
    ALIVE("leat_engine_knob_state", e);
    LEAT_GIVEN("leat_engine_knob_state", stage, "stage");
    LEAT_GIVEN("leat_engine_knob_state", state, "state");
    PART_ENTER(&e->knob_busy, "leat_engine_knob_state: another thread turns knobs");
    int status = look(e, stage, state, diag);
    PART_LEAVE(&e->knob_busy);
    return status;
}

/* ---- the worker's side ---- */

static void take(struct worker *w, uint32_t stage, uint64_t posted)
{
    struct leat_engine *e = w->engine;
    const struct leat_plan_stage *s = &e->plan->stages[stage];
    struct knob *k = &e->knobs[stage];
    struct segment *segment = e->stages[stage].segment;
    if (s->keyed != NULL)
        keyed_knob(e, stage, k->slot);
    else
        s->stage->knob(e->stages[stage].state, k->slot, plan_shown(s));
    if (e->stages[stage].begun_state != NULL)
        s->stage->knob(e->stages[stage].begun_state, k->slot, plan_shown(s));
    leat_store_relaxed(&k->first, LEAT_SEQ_NONE);
    k->fresh = true;
    if (s->stage->map != NULL)
        e->steps[stage].special = true;
    else if (s->stage->pull != NULL)
        knob_seen(e, stage, segment->seq); /* the frame that it makes next */
    else
        segment->fresh = true;
    leat_store_release(&k->applied, posted); /* [K3 pairs K4: the slot was read, `first` is none] */
}

void knobs_take(struct worker *w)
{
    const struct leat_plan *plan = w->engine->plan;
    w->knobs_seen = leat_load_acquire(&w->knobs); /* [K6 pairs K5: which stages' are posted] */
    for (uint32_t i = 0; i < plan->stages_n; i++) {
        struct knob *k = &w->engine->knobs[i];
        if (plan->stages[i].worker != w->number || k->slot == NULL)
            continue;
        uint64_t posted = leat_load_acquire(&k->posted); /* [K2 pairs K1: the slot] */
        if (posted != leat_load_relaxed(&k->applied))
            take(w, i, posted);
    }
}

void knob_seen(struct leat_engine *e, uint32_t stage, uint64_t seq)
{
    e->knobs[stage].fresh = false;
    e->steps[stage].special =
        stage_special(&e->plan->stages[stage], &e->stages[stage], &e->knobs[stage]);
    leat_store_relaxed(&e->knobs[stage].first, seq); /* a number alone */
}

/* A flow stage or join is offered what waits in front of it. */
void knob_seen_by_head(struct worker *w, struct segment *s)
{
    uint64_t seq = LEAT_SEQ_NONE;
    for (uint32_t i = 0; i < s->boxes_n && seq == LEAT_SEQ_NONE; i++)
        if (s->boxes[i].n != 0)
            seq = s->boxes[i].frames[0]->seq;
    if (seq == LEAT_SEQ_NONE)
        return;
    s->fresh = false;
    knob_seen(w->engine, s->stage, seq);
}
