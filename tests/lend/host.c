#include "host.h"

#include <stdlib.h>
#include <string.h>

struct source {
    uint64_t made, n;
    uint32_t cols;
};

int host_sample(uint64_t seq, uint32_t r, uint32_t i)
{
    return (int)((seq * 31 + r * 7 + i * 3) % 251);
}

double host_read(const void *row, uint32_t kind, int64_t i)
{
    switch (kind) {
    case LEAT_U8: return ((const uint8_t *)row)[i];
    case LEAT_I16: return ((const int16_t *)row)[i];
    case LEAT_I32: return ((const int32_t *)row)[i];
    case LEAT_I64: return (double)((const int64_t *)row)[i];
    case LEAT_F32: return (double)((const float *)row)[i];
    default: return ((const double *)row)[i];
    }
}

static void write(void *row, uint32_t kind, uint32_t i, int sample)
{
    switch (kind) {
    case LEAT_U8: ((uint8_t *)row)[i] = (uint8_t)sample; break;
    case LEAT_I16: ((int16_t *)row)[i] = (int16_t)sample; break;
    case LEAT_I32: ((int32_t *)row)[i] = sample; break;
    case LEAT_I64: ((int64_t *)row)[i] = sample; break;
    case LEAT_F32: ((float *)row)[i] = (float)sample; break;
    default: ((double *)row)[i] = sample; break;
    }
}

static int source_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                          struct leat_diag *diag)
{
    const struct host_options *o = options;
    (void)in, (void)diag;
    need->out.rows = o->rows;
    need->out.cols = o->cols;
    need->out.kind = o->kind;
    for (uint32_t r = 0; r < o->rows; r++) {
        memset(&need->out.channels[r], 0, sizeof need->out.channels[r]);
        if (o->names != NULL)
            leat_shape_name(&need->out, r, "%s", o->names[r]);
        else
            leat_shape_name(&need->out, r, "c%u", r + 1);
    }
    need->state_bytes = sizeof(struct source);
    return LEAT_OK;
}

static int source_init(void *state, const void *options, const struct leat_shape *in,
                       const struct leat_need *need, struct leat_diag *diag)
{
    (void)in, (void)need, (void)diag;
    const struct host_options *o = options;
    *(struct source *)state = (struct source){.n = o->n, .cols = o->cols};
    return LEAT_OK;
}

static int source_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    struct source *s = state;
    uint32_t got = 0;
    (void)ctx;
    for (; got < n && (s->n == 0 || s->made < s->n); got++, s->made++) {
        struct leat_frame *f = frames[got];
        f->cols = s->cols - (s->cols > 2 ? (uint32_t)(s->made % 3) : 0);
        for (uint32_t r = 0; r < f->rows; r++)
            for (uint32_t i = 0; i < f->cols; i++)
                write(leat_frame_row(f, r), f->kind, i, host_sample(s->made, r, i));
    }
    return got == 0 ? LEAT_EEND : (int)got;
}

static const struct leat_stage source = {
    .size = sizeof(struct leat_stage),
    .name = "counted",
    .doc = "Counted samples.",
    .options_bytes = sizeof(struct host_options),
    .ins = 0,
    .outs = 1,
    .resolve = source_resolve,
    .init = source_init,
    .pull = source_pull,
};

static int open_graph(struct host *h, const struct host_options *options)
{
    uint32_t from, to;
    const struct leat_stage *outlet = leat_catalogue_find(leat_doors(), "outlet", false, &h->diag);
    if (outlet == NULL)
        return h->diag.code;
    int status = leat_graph_add(&h->graph, &source, options, NULL, &from, &h->diag);
    if (status == LEAT_OK)
        status = leat_graph_add(&h->graph, outlet, NULL, "out", &to, &h->diag);
    if (status == LEAT_OK)
        status = leat_graph_join(&h->graph, from, 0, to, 0, &h->diag);
    return status;
}

static int open_lender(struct host *h, uint32_t loans)
{
    size_t bytes = leat_lender_bytes(h->engine, h->outlet, loans);
    h->loans = aligned_alloc(LEAT_APART, leat_round_up(bytes, LEAT_APART));
    if (h->loans == NULL)
        return LEAT_ENOMEM;
    memset(h->loans, 0xee, bytes); /* nothing may rest on zeros */
    return leat_lender_init(&h->lender, h->engine, h->outlet, loans, h->loans, bytes, &h->diag);
}

int host_open(struct host *h, const struct host_options *options)
{
    struct leat_limits limits = {.batch = 4, .edge_frames = 8, .frames = options->frames};
    struct leat_engine_options engine = {.size = sizeof engine, .isa = leat_isa_best()};
    memset(h, 0, sizeof *h);
    leat_graph_init(&h->graph);
    int status = open_graph(h, options);
    if (status == LEAT_OK)
        status = leat_plan_make(&h->plan, &h->graph, &limits, &h->diag);
    if (status != LEAT_OK)
        return status;
    size_t bytes = leat_round_up(leat_engine_bytes(&h->plan), LEAT_APART);
    h->memory = aligned_alloc(LEAT_APART, bytes);
    if (h->memory == NULL)
        return LEAT_ENOMEM;
    status = leat_engine_init(&h->engine, &h->plan, &engine, h->memory, bytes, &h->diag);
    if (status == LEAT_OK)
        status = leat_engine_seal(h->engine, &h->diag);
    if (status == LEAT_OK)
        status = leat_outlet_find(h->engine, "out", &h->outlet, &h->diag);
    if (status == LEAT_OK && options->loans != 0)
        status = open_lender(h, options->loans);
    return status;
}

struct leat_frame *host_take(struct host *h)
{
    struct leat_frame *frame = NULL;
    for (int rounds = 0; rounds < 4 && !h->ended; rounds++) {
        if (leat_outlet_take(h->engine, h->outlet, &frame, 1, &h->ended) == 1)
            return frame;
        (void)leat_worker_step(h->engine, 0, 1, NULL);
    }
    return NULL;
}

int host_close(struct host *h)
{
    leat_engine_stop(h->engine);
    for (int rounds = 0; rounds < 1000 && !h->ended; rounds++) {
        struct leat_frame *frames[8];
        (void)leat_worker_step(h->engine, 0, 100, NULL);
        uint32_t n = leat_outlet_take(h->engine, h->outlet, frames, 8, &h->ended);
        leat_outlet_release(h->engine, h->outlet, frames, n);
    }
    int status = leat_engine_fini(h->engine, &h->diag);
    leat_plan_fini(&h->plan);
    leat_graph_fini(&h->graph);
    free(h->memory);
    free(h->loans);
    return status;
}
