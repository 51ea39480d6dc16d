/* A simulation that steers a pipeline while it runs.
 *
 * The host owns everything: the clock (a frame a millisecond of its own time), a stage that the
 * text names beside Leat's, the volume, which it turns down half way, and the states, which it
 * carries from one engine to the next. What is rejected is told frame by frame. Run twice, it
 * prints the same.
 *
 *     steer     prints what was rejected, which frame first had the new volume, and the result
 */
#include <leat/knob.h>
#include <leat/state.h>
#include <leat/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 1000, FRAME = 8, TURN = 500, MOVE = 700 };

#define MS UINT64_C(1000000)

/* ---- a stage of the host's own: rejects frames with a sample above a limit ---- */

struct limit_options {
    double above;
};

static int limit_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    (void)options;
    need->state_bytes = sizeof(double);
    if (in->kind != LEAT_F64)
        return leat_diag_set(diag, LEAT_ESHAPE, "limit takes f64: put cast type=f64 before");
    return LEAT_OK;
}

static int limit_init(void *state, const void *options, const struct leat_shape *in,
                      const struct leat_need *need, struct leat_diag *diag)
{
    (void)in, (void)need, (void)diag;
    *(double *)state = ((const struct limit_options *)options)->above;
    return LEAT_OK;
}

static void limit_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    double above = *(const double *)state;
    for (uint32_t i = 0; i < n; i++) {
        bool loud = false;
        for (uint32_t r = 0; r < frames[i]->rows; r++) {
            const double *row = leat_frame_row(frames[i], r);
            for (uint32_t c = 0; c < frames[i]->cols; c++)
                loud |= row[c] > above;
        }
        if (loud)
            leat_reject(ctx, i, LEAT_WHY_OWN);
    }
}

static const struct leat_param limit_params[] = {
    {.name = "above", .fallback = NULL, .doc = "The largest sample that passes.", .example = "90",
     .offset = offsetof(struct limit_options, above), .type = LEAT_P_F64},
};
static const char *const limit_whys[] = {"too loud", NULL};

static const struct leat_stage limit = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS,
    .name = "limit",
    .doc = "Rejects frames with a sample above a limit.",
    .params = limit_params,
    .params_n = 1,
    .options_bytes = sizeof(struct limit_options),
    .ins = 1,
    .outs = 1,
    .resolve = limit_resolve,
    .init = limit_init,
    .map = limit_map,
    .whys = limit_whys,
};
static const struct leat_stage *const own[] = {&limit};
static const struct leat_catalogue own_stages = {own, 1, NULL};

static const char text[] = "inlet frame=8 name=in ! limit above=990 ! gain db=0 name=volume ! "
                           "ewma alpha=0.125 ! outlet name=out";

/* ---- the host ---- */

struct host {
    leat_atomic_u64 clock_ns;
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    void *storage;
    uint32_t in, out;
    uint64_t random, frames, rejected;
    double last;
};

static int open_engine(struct host *h, struct leat_diag *diag)
{
    struct leat_engine_options options = {
        .size = sizeof options, .isa = leat_isa_best(), .clock_ns = &h->clock_ns};
    size_t bytes = leat_round_up(leat_engine_bytes(&h->plan), LEAT_APART);
    h->storage = aligned_alloc(LEAT_APART, bytes);
    if (h->storage == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for an engine of %zu bytes", bytes);
    int status = leat_engine_init(&h->engine, &h->plan, &options, h->storage, bytes, diag);
    if (status == LEAT_OK)
        status = leat_engine_seal(h->engine, diag);
    if (status == LEAT_OK)
        status = leat_inlet_find(h->engine, "in", &h->in, diag);
    return status == LEAT_OK ? leat_outlet_find(h->engine, "out", &h->out, diag) : status;
}

static int close_engine(struct host *h, struct leat_diag *diag)
{
    int status = leat_engine_fini(h->engine, diag);
    free(h->storage);
    h->engine = NULL;
    h->storage = NULL;
    return status;
}

/* The same states in a new engine: after an update, on another machine, tomorrow. */
static int move(struct host *h, struct leat_diag *diag)
{
    size_t bytes = leat_engine_state_bytes(h->engine);
    void *block = malloc(bytes);
    if (block == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for %zu bytes of states", bytes);
    int status = leat_engine_save(h->engine, block, bytes, diag);
    if (status == LEAT_OK)
        status = close_engine(h, diag);
    if (status == LEAT_OK)
        status = open_engine(h, diag);
    /* A knob that was turned is part of what was saved. */
    if (status == LEAT_OK)
        status = leat_engine_knob(h->engine, "volume", "db", "-20dB", diag);
    if (status == LEAT_OK)
        status = leat_engine_load(h->engine, block, bytes, diag);
    free(block);
    return status;
}

static void tell(void *user, const struct leat_rejected *r)
{
    struct host *h = user;
    if (h->rejected++ < 3)
        printf("%s: frame %llu at %g ms: %s\n", r->stage, (unsigned long long)r->seq,
               (double)r->time_ns / MS, r->why_text);
}

/* One frame in, all that comes of it out. */
static int pass(struct host *h, uint64_t number, struct leat_diag *diag)
{
    struct leat_frame *frame = leat_inlet_claim(h->engine, h->in, NULL);
    leat_store_relaxed(&h->clock_ns, number * MS);
    if (frame == NULL)
        return leat_diag_set(diag, LEAT_ESTATE, "the inlet gives no frame");
    frame->cols = FRAME;
    frame->time_ns = (int64_t)(number * MS);
    for (uint32_t i = 0; i < FRAME; i++) {
        h->random = h->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ((double *)leat_frame_row(frame, 0))[i] = (double)(h->random >> 40) * 0x1p-24 * 1000;
    }
    if (!leat_inlet_publish(h->engine, h->in, frame))
        return leat_diag_set(diag, LEAT_ESTATE, "the inlet is full");
    while (leat_worker_step(h->engine, 0, 1, NULL) > 0)
        continue;
    while (leat_outlet_take(h->engine, h->out, &frame, 1, NULL) == 1) {
        h->last = ((double *)leat_frame_row(frame, 0))[FRAME - 1];
        h->frames++;
        leat_outlet_release(h->engine, h->out, &frame, 1);
    }
    (void)leat_engine_rejects(h->engine, tell, h, NULL);
    return LEAT_OK;
}

static int run(struct host *h, struct leat_diag *diag)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    const struct leat_catalogue *all = leat_catalogue_default(lists);
    struct leat_knob_state volume = {.first_seq = 0};
    lists[LEAT_CATALOGUE_LISTS - 1].next = &own_stages;
    int status = leat_text_parse(&h->graph, all, NULL, text, strlen(text), diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&h->plan, &h->graph, NULL, diag);
    if (status == LEAT_OK)
        status = open_engine(h, diag);
    for (uint64_t i = 0; i < FRAMES && status == LEAT_OK; i++) {
        if (i == TURN)
            status = leat_engine_knob(h->engine, "volume", "db", "-20dB", diag);
        if (i == MOVE)
            status = leat_engine_knob_state(h->engine, "volume", &volume, diag);
        if (i == MOVE && status == LEAT_OK)
            status = move(h, diag);
        if (status == LEAT_OK)
            status = pass(h, i, diag);
    }
    if (status == LEAT_OK)
        printf("volume: -20dB from frame %llu on\n%llu frames, %llu rejected, the last average "
               "%.17g\n",
               (unsigned long long)volume.first_seq, (unsigned long long)h->frames,
               (unsigned long long)h->rejected, h->last);
    return status;
}

int main(void)
{
    static struct host h = {.random = 3};
    struct leat_diag diag = {0}, ignored;
    leat_graph_init(&h.graph);
    int status = run(&h, &diag);
    (void)close_engine(&h, &ignored);
    leat_plan_fini(&h.plan);
    leat_graph_fini(&h.graph);
    if (status != LEAT_OK) {
        char line[1024];
        leat_diag_format(&diag, line, sizeof line);
        fprintf(stderr, "steer: %s\n", line);
        return 1;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
