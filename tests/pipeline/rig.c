#define _GNU_SOURCE
#include "rig.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_NS UINT64_C(60000000000)

int rig_chain(struct rig *rig, const struct rig_link *links, uint32_t n)
{
    uint32_t before = 0, node;
    for (uint32_t i = 0; i < n; i++) {
        struct rig_options o = links[i].options;
        if (o.ledger == NULL)
            o.ledger = rig->ledger;
        bool own = links[i].stage->options_bytes == sizeof o;
        int status = leat_graph_add(&rig->graph, links[i].stage, own ? &o : NULL, NULL, &node,
                                    &rig->diag);
        if (status == LEAT_OK && i > 0)
            status = leat_graph_join(&rig->graph, before, 0, node, 0, &rig->diag);
        if (status != LEAT_OK)
            return status;
        before = node;
    }
    return LEAT_OK;
}

int rig_plan(struct rig *rig, const struct leat_limits *limits)
{
    return leat_plan_make(&rig->plan, &rig->graph, limits, &rig->diag);
}

int rig_build(struct rig *rig, const struct leat_limits *limits,
              const struct leat_engine_options *options)
{
    struct leat_engine_options defaults = {.size = sizeof defaults, .isa = leat_isa_best()};
    int status = rig_plan(rig, limits);
    if (status != LEAT_OK)
        return status;
    rig->bytes = leat_engine_bytes(&rig->plan);
    rig->memory = aligned_alloc(LEAT_APART, leat_round_up(rig->bytes, LEAT_APART));
    if (rig->memory == NULL)
        return LEAT_ENOMEM;
    memset(rig->memory, 0xee, rig->bytes); /* nothing may rest on zeros */
    status = leat_engine_init(&rig->engine, &rig->plan, options != NULL ? options : &defaults,
                              rig->memory, rig->bytes, &rig->diag);
    return status == LEAT_OK ? leat_engine_seal(rig->engine, &rig->diag) : status;
}

int rig_run_threads(struct rig *rig)
{
    int status = leat_engine_start(rig->engine, &rig->diag);
    return status == LEAT_OK ? leat_engine_wait(rig->engine, MINUTE_NS, &rig->diag) : status;
}

int rig_run_steps(struct rig *rig, uint64_t random)
{
    uint64_t until = leat_clock_ns() + MINUTE_NS;
    uint32_t workers = rig->plan.workers_n, ended = 0, turn = 0;
    int failed = LEAT_OK;
    bool done[LEAT_WORKERS_MAX] = {false};
    while (ended < workers) {
        uint32_t worker = turn++ % workers, batches = 1000;
        if (random != 0) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            worker = (uint32_t)(random >> 33) % workers;
            batches = 1 + (uint32_t)(random >> 20) % 5;
        }
        uint64_t due = 0;
        int status = leat_worker_step(rig->engine, worker, batches, &due);
        if (status < 0 && !done[worker]) {
            done[worker] = true;
            ended++;
        }
        if (status < 0 && status != LEAT_EEND)
            failed = status;
        if (leat_clock_ns() > until)
            return 1;
    }
    return failed;
}

uint32_t rig_usable(uint32_t n)
{
    cpu_set_t usable;
    if (sched_getaffinity(0, sizeof usable, &usable) != 0)
        abort();
    n %= (uint32_t)CPU_COUNT(&usable);
    for (uint32_t pu = 0;; pu++)
        if (CPU_ISSET(pu, &usable) && n-- == 0)
            return pu;
}

int rig_end(struct rig *rig)
{
    int status = leat_engine_fini(rig->engine, &rig->diag);
    leat_plan_fini(&rig->plan);
    leat_graph_fini(&rig->graph);
    free(rig->memory);
    struct ledger *ledger = rig->ledger;
    memset(rig, 0, sizeof *rig);
    rig->ledger = ledger;
    return status;
}

/* ---- the oracle: whole streams in plain arrays ---- */

struct block {
    double *x;      /* [frames][rows][cols] */
    uint32_t *cols; /* of each frame */
    uint64_t frames;
    uint32_t rows, width;
};

static struct block block_make(uint64_t frames, uint32_t rows, uint32_t width)
{
    struct block b = {calloc(frames * rows * width + 1, sizeof(double)),
                      calloc(frames + 1, sizeof(uint32_t)), frames, rows, width};
    if (b.x == NULL || b.cols == NULL)
        abort();
    return b;
}

static double *block_frame(const struct block *b, uint64_t frame)
{
    return b->x + frame * b->rows * b->width;
}

static struct block expect_source(const struct rig_options *o)
{
    struct block b = block_make(o->n, o->rows == 0 ? 1 : o->rows, o->cols == 0 ? 16 : o->cols);
    for (uint64_t f = 0; f < o->n; f++) {
        b.cols[f] = o->last_cols != 0 && f + 1 == o->n ? o->last_cols : b.width;
        for (uint32_t r = 0; r < b.rows; r++)
            for (uint32_t i = 0; i < b.cols[f]; i++)
                block_frame(&b, f)[r * b.width + i] = rig_sample(f, r, i);
    }
    return b;
}

/* out[frame] = sum of in[from], in[from + 1], … , plus a constant */
static void combine(struct block *out, uint64_t frame, const struct block *in, uint64_t from,
                    uint32_t count, double plus)
{
    out->cols[frame] = in->cols[from];
    for (uint32_t i = 0; i < in->rows * in->width; i++) {
        double sum = block_frame(in, from)[i];
        for (uint32_t k = 1; k < count; k++)
            sum += block_frame(in, from + k)[i];
        block_frame(out, frame)[i] = sum + plus;
    }
}

static struct block expect_stage(const struct rig_link *link, const struct block *in)
{
    const struct rig_options *o = &link->options;
    uint64_t n = 0;
    bool triple = link->stage == &rig_triple, third = link->stage == &rig_third;
    struct block out = block_make(triple ? in->frames * 3 : in->frames, in->rows, in->width);
    for (uint64_t f = 0; f < in->frames; f++) {
        if (link->stage == &rig_pick && ((o->drop_every != 0 && (f + 1) % o->drop_every == 0) ||
                                         (o->reject_every != 0 && (f + 1) % o->reject_every == 0)))
            continue;
        if (third && (f % 3 != 2))
            continue;
        for (uint32_t k = 0; k < (triple ? 3u : 1u); k++)
            combine(&out, n++, in, third ? f - 2 : f, third ? 3 : 1,
                    triple ? k : link->stage == &rig_add ? (double)o->add : 0);
    }
    out.frames = n;
    return out;
}

void rig_expect(const struct rig_link *links, uint32_t n, struct ledger *ledger)
{
    struct block b = expect_source(&links[0].options);
    for (uint32_t i = 1; i + 1 < n; i++) {
        struct block next = expect_stage(&links[i], &b);
        free(b.x);
        free(b.cols);
        b = next;
    }
    ledger->frames = b.frames;
    ledger->digest = 0;
    for (uint64_t f = 0; f < b.frames; f++)
        for (uint32_t r = 0; r < b.rows; r++)
            for (uint32_t i = 0; i < b.cols[f]; i++)
                ledger->digest = rig_mix(ledger->digest, block_frame(&b, f)[r * b.width + i]);
    free(b.x);
    free(b.cols);
}
