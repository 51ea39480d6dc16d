/* inlet and outlet: where the caller's own threads push and take frames. */
#include "pipeline/impl.h"

#include <stdio.h>
#include <string.h>

/* ---- the stages ---- */

#define FRAME_MAX (UINT32_C(1) << 30)

static const char *const type_words[] = {"f64", "f32", "i64", NULL};
static const uint8_t type_kinds[] = {LEAT_F64, LEAT_F32, LEAT_I64};

static const struct leat_param inlet_params[] = {
    {.name = "channels", .fallback = "1", .doc = "How many channels a frame has.",
     .example = "2", .min = 1, .max = LEAT_CHANNELS_MAX, .type = LEAT_P_U64, .unit = LEAT_COUNT,
     .offset = offsetof(struct leat_inlet_options, channels)},
    {.name = "frame", .fallback = "1024", .doc = "Most samples in a frame, or a duration.",
     .example = "256", .min = 1, .max = FRAME_MAX, .type = LEAT_P_LENGTH, .unit = LEAT_COUNT,
     .offset = offsetof(struct leat_inlet_options, frame)},
    {.name = "type", .fallback = "f64", .words = type_words, .doc = "Type of a sample.",
     .example = "f32", .type = LEAT_P_WORD,
     .offset = offsetof(struct leat_inlet_options, type)},
    {.name = "rate", .fallback = "0", .doc = "Samples a second; 0 = the stream has no rate.",
     .example = "48kHz", .min = 0, .max = 1e12, .type = LEAT_P_F64, .unit = LEAT_HZ,
     .offset = offsetof(struct leat_inlet_options, rate)},
    {.name = "names", .fallback = "", .doc = "Names of the channels; c1, c2, ... without.",
     .example = "bid,ask", .type = LEAT_P_LIST,
     .offset = offsetof(struct leat_inlet_options, names)},
};

static int inlet_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    const struct leat_inlet_options *o = options;
    struct leat_shape *out = &need->out;
    (void)in;
    if (o->names.n != 0 && o->names.n != o->channels)
        return leat_diag_set(diag, LEAT_ESHAPE, "inlet: %u names for %llu channels", o->names.n,
                             (unsigned long long)o->channels);
    int status = leat_shape_cols(&o->frame, o->rate, FRAME_MAX, &out->cols, diag);
    if (status != LEAT_OK)
        return status;
    out->rows = (uint32_t)o->channels;
    out->kind = type_kinds[o->type];
    out->rate_hz = o->rate;
    out->timed = true; /* as far as anybody knows before the first frame */
    for (uint32_t i = 0; i < out->rows; i++) {
        memset(&out->channels[i], 0, sizeof out->channels[i]);
        if (o->names.n != 0)
            leat_shape_name(out, i, "%s", o->names.items[i]);
        else
            leat_shape_name(out, i, "c%u", i + 1);
    }
    return LEAT_OK;
}

static const struct leat_stage inlet = {
    .size = sizeof(struct leat_stage),
    .traits = TRAIT_DOOR | LEAT_MAY_BREAK_FINITE,
    .name = "inlet",
    .doc = "Frames that the host program pushes through leat_inlet_publish.",
    .params = inlet_params,
    .params_n = sizeof inlet_params / sizeof inlet_params[0],
    .options_bytes = sizeof(struct leat_inlet_options),
    .ins = 0,
    .outs = 1,
    .resolve = inlet_resolve,
};

static const struct leat_stage outlet = {
    .size = sizeof(struct leat_stage),
    .traits = TRAIT_DOOR | LEAT_READS_ONLY,
    .name = "outlet",
    .doc = "Frames that the host program takes through leat_outlet_take.",
    .ins = 1,
    .outs = 0,
};

static const struct leat_stage *const doors[] = {&inlet, &outlet};
static const struct leat_catalogue door_catalogue = {doors, 2, NULL};

const struct leat_catalogue *leat_doors(void)
{
    return &door_catalogue;
}

/* ---- the calls ---- */

/* Doors are numbered through inlets and outlets alike, in plan order. */
static int find(const struct leat_engine *e, const char *name, bool inward, uint32_t *door,
                struct leat_diag *diag)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        const struct leat_plan_stage *s = &e->plan->stages[i];
        if (!is_door(s))
            continue;
        if ((s->stage->ins == 0) == inward && strcmp(s->name, name) == 0) {
            *door = at;
            return LEAT_OK;
        }
        at++;
    }
    return leat_diag_set(diag, LEAT_ENAME, "there is no %s named '%s'",
                         inward ? "inlet" : "outlet", name);
}

int leat_inlet_find(const struct leat_engine *e, const char *name, uint32_t *door,
                    struct leat_diag *diag)
{
    ALIVE("leat_inlet_find", e);
    LEAT_GIVEN("leat_inlet_find", name, "name");
    LEAT_GIVEN("leat_inlet_find", door, "inlet");
    return find(e, name, true, door, diag);
}

int leat_outlet_find(const struct leat_engine *e, const char *name, uint32_t *door,
                     struct leat_diag *diag)
{
    ALIVE("leat_outlet_find", e);
    LEAT_GIVEN("leat_outlet_find", name, "name");
    LEAT_GIVEN("leat_outlet_find", door, "outlet");
    return find(e, name, false, door, diag);
}

/* The door's edge, for a call of that name. */
static struct edge_record *edge_of(const struct leat_engine *e, uint32_t door, bool inward)
{
    LEAT_REQUIRE_THAT(door < e->doors_n, "the engine has no door of that number");
    struct edge_record *edge = &e->edges[e->plan->edges_n + door];
    LEAT_REQUIRE_THAT((edge->from == UINT32_MAX) == inward,
                      "an inlet's call was given an outlet, or an outlet's an inlet");
    (void)inward;
    return edge;
}

#define ONE_INLET(call) call ": two threads use one inlet at once"
#define ONE_OUTLET(call) call ": two threads use one outlet at once"

/* Nobody will take an inlet's frames any more. */
static bool abandoned(const struct leat_engine *e, const struct edge_record *edge)
{
    return leat_load_acquire(&e->failed) != 0 || engine_ended(e) || /* [F2 pairs F1: only that] */
           leat_load_relaxed(&edge->unwanted) != 0;                 /* [U2 pairs U1] */
}

/* The chain that the door's frames run through may sleep, all of it. */
static void wake_chain(struct leat_engine *e, uint32_t stage)
{
    uint32_t worker = e->plan->stages[stage].worker;
    uint64_t chain = e->workers[worker].wakes | UINT64_C(1) << worker;
    uint64_t asleep = event_asleep(&e->sleepers) & chain;
    for (uint32_t i = 0; asleep != 0; i++, asleep >>= 1)
        if ((asleep & 1) != 0)
            event_wake(&e->workers[i].event);
}

/* A frame with the header of a new one; else edge->why says why not. */
static struct leat_frame *claim(struct leat_engine *e, uint32_t door, struct edge_record *edge)
{
    const struct leat_plan_stage *s = &e->plan->stages[edge->to];
    edge->why = LEAT_DOOR_CLOSED;
    /* [R5 own word: closed by this side] [S2 pairs S1: a wish, no data] */
    if (!e->sealed || leat_load_relaxed(&edge->ring->closed) != 0 ||
        leat_load_relaxed(&e->stop) != 0 || abandoned(e, edge))
        return NULL;
    struct leat_frame *frame = leat_pool_claim(e->pools[s->quota], magazine_of_door(e, door));
    edge->why = frame == NULL ? LEAT_DOOR_NO_FRAME : LEAT_DOOR_OPEN;
    if (frame != NULL) {
        frame_prepare(frame, &e->stages[edge->to].blank);
        frame->born = leat_clock_ticks(&e->clock);
    }
    return frame;
}

struct leat_frame *leat_inlet_claim(struct leat_engine *e, uint32_t door, enum leat_door *why)
{
    ALIVE("leat_inlet_claim", e);
    struct edge_record *edge = edge_of(e, door, true);
    PART_ENTER(&edge->busy, ONE_INLET("leat_inlet_claim"));
    struct leat_frame *frame = claim(e, door, edge);
    if (why != NULL)
        *why = edge->why;
    PART_LEAVE(&edge->busy);
    return frame;
}

enum leat_door leat_inlet_why(const struct leat_engine *e, uint32_t door)
{
    ALIVE("leat_inlet_why", e);
    const struct edge_record *edge = edge_of(e, door, true);
    enum leat_door why = edge->why;
    return why == LEAT_DOOR_OPEN && abandoned(e, edge) ? LEAT_DOOR_CLOSED : why;
}

static void give_back(struct leat_engine *e, uint32_t door, struct leat_frame *frame)
{
    struct leat_pool *pool = engine_pool(e, frame->tag);
    int status = leat_pool_release(pool, magazine_of_door(e, door), frame->tag);
    LEAT_REQUIRE_THAT(status == LEAT_OK, "a frame came back to a door that is not out");
    (void)status;
}

/* False: the edge is full and somebody will take from it. */
static bool publish(struct leat_engine *e, uint32_t door, struct edge_record *edge,
                    struct leat_frame *frame)
{
    const struct leat_plan_stage *s = &e->plan->stages[edge->to];
    if (frame->cols < s->out.cols)
        frame->flags |= LEAT_SHORT;
    frame->seq = edge->sent_frames;
    edge->why = LEAT_DOOR_OPEN;
    if (leat_ring_push(edge->ring, frame->tag)) {
        edge->sent_frames++;
        leat_counter_add(&edge->frames, 1);
        wake_chain(e, edge->to);
        return true;
    }
    leat_counter_add(&edge->stalls, 1);
    edge->why = LEAT_DOOR_FULL;
    if (!abandoned(e, edge))
        return false;
    edge->why = LEAT_DOOR_CLOSED;
    leat_counter_add(&e->stages[edge->to].dropped, 1); /* as what fini finds in the inlet */
    give_back(e, door, frame);
    return true;
}

bool leat_inlet_publish(struct leat_engine *e, uint32_t door, struct leat_frame *frame)
{
    ALIVE("leat_inlet_publish", e);
    LEAT_GIVEN("leat_inlet_publish", frame, "frame");
    struct edge_record *edge = edge_of(e, door, true);
    PART_ENTER(&edge->busy, ONE_INLET("leat_inlet_publish"));
    LEAT_REQUIRE_THAT(leat_pool_view(e->pools[e->plan->stages[edge->to].quota], frame->tag) ==
                          frame,
                      "leat_inlet_publish: not a frame that this inlet gave");
    LEAT_REQUIRE_THAT(frame->cols >= 1 && frame->cols <= e->plan->stages[edge->to].out.cols,
                      "leat_inlet_publish: cols is 0, or more than a frame of the inlet has");
    bool taken = publish(e, door, edge, frame);
    PART_LEAVE(&edge->busy);
    return taken;
}

void leat_inlet_release(struct leat_engine *e, uint32_t door, struct leat_frame *frame)
{
    ALIVE("leat_inlet_release", e);
    LEAT_GIVEN("leat_inlet_release", frame, "frame");
    struct edge_record *edge = edge_of(e, door, true);
    PART_ENTER(&edge->busy, ONE_INLET("leat_inlet_release"));
    give_back(e, door, frame);
    PART_LEAVE(&edge->busy);
    (void)edge;
}

void leat_inlet_close(struct leat_engine *e, uint32_t door)
{
    ALIVE("leat_inlet_close", e);
    struct edge_record *edge = edge_of(e, door, true);
    PART_ENTER(&edge->busy, ONE_INLET("leat_inlet_close"));
    leat_pool_flush(e->pools[e->plan->stages[edge->to].quota], magazine_of_door(e, door));
    leat_ring_close(edge->ring);
    wake_chain(e, edge->to);
    PART_LEAVE(&edge->busy);
}

static uint32_t take(struct leat_engine *e, struct edge_record *edge, struct leat_frame **frames,
                     uint32_t n, bool *end)
{
    const leat_guarded_u64 *span;
    bool last = end != NULL && engine_ended(e); /* asked first: what was sent is in the ring */
    uint32_t got = leat_ring_take(edge->ring, n, &span);
    for (uint32_t i = 0; i < got; i++) {
        leat_handle handle = leat_guarded_get(&span[i]);
        frames[i] = leat_pool_slot(engine_pool(e, handle), leat_handle_slot(handle));
    }
    leat_ring_retire(edge->ring, got);
    leat_ring_give(edge->ring);
    if (end != NULL)
        *end = got == 0 && (last || leat_ring_ended(edge->ring));
    if (got != 0)
        wake_chain(e, edge->from);
    return got;
}

uint32_t leat_outlet_take(struct leat_engine *e, uint32_t door, struct leat_frame **frames,
                          uint32_t n, bool *end)
{
    ALIVE("leat_outlet_take", e);
    LEAT_GIVEN("leat_outlet_take", frames, "frames");
    struct edge_record *edge = edge_of(e, door, false);
    PART_ENTER(&edge->busy, ONE_OUTLET("leat_outlet_take"));
    uint32_t got = take(e, edge, frames, n, end);
    PART_LEAVE(&edge->busy);
    return got;
}

void leat_outlet_release(struct leat_engine *e, uint32_t door, struct leat_frame *const *frames,
                         uint32_t n)
{
    ALIVE("leat_outlet_release", e);
    LEAT_REQUIRE_THAT(frames != NULL || n == 0, "leat_outlet_release: frames is NULL");
    struct edge_record *edge = edge_of(e, door, false);
    PART_ENTER(&edge->busy, ONE_OUTLET("leat_outlet_release"));
    uint32_t magazine = magazine_of_door(e, door);
    struct leat_pool *pool = NULL;
    for (uint32_t i = 0; i < n; i++) { /* nearly always all of one pool */
        struct leat_pool *other = engine_pool(e, frames[i]->tag);
        if (pool != NULL && pool != other)
            leat_pool_flush(pool, magazine);
        pool = other;
        give_back(e, door, frames[i]);
    }
    if (pool != NULL)
        leat_pool_flush(pool, magazine);
    wake_chain(e, edge->from);
    PART_LEAVE(&edge->busy);
}
