/* The morning through an engine: a source that makes columns of messages, book, a sink that sums up
 * the best levels. */
#define _GNU_SOURCE
#include "book_job.h"
#include "io_job.h"

#include <leat/stages.h>

#define SAMPLES 1024u /* of a frame */

enum { TYPE, LOCATE, REFERENCE, OTHER, SIDE, SHARES, PRICE, COLUMNS };
static const char *const names[COLUMNS] = {"type", "locate", "reference", "new_reference", "side",
                                           "shares", "price"};

struct morning {
    const struct book_flow *flow;
    uint64_t next, target;
};

struct job {
    struct io_job io; /* the first, for io_run */
    struct book_flow flow;
    struct morning morning;
};

struct morning_options {
    struct morning *morning;
};

static int resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                   struct leat_diag *diag)
{
    (void)options, (void)in, (void)diag;
    need->state_bytes = sizeof(struct morning_options);
    need->out.rows = COLUMNS;
    need->out.cols = SAMPLES;
    need->out.kind = LEAT_I64;
    for (uint32_t r = 0; r < COLUMNS; r++)
        leat_shape_name(&need->out, r, "%s", names[r]);
    return LEAT_OK;
}

static int init(void *state, const void *options, const struct leat_shape *in,
                const struct leat_need *need, struct leat_diag *diag)
{
    (void)in, (void)need, (void)diag;
    *(struct morning_options *)state = *(const struct morning_options *)options;
    return LEAT_OK;
}

#define COLUMN(row, field)                                  \
    for (uint32_t c = 0; c < n; c++)                        \
        ((int64_t *)leat_frame_row(frame, row))[c] = (int64_t)m[c].field

static void fill(struct leat_frame *frame, const struct book_message *m, uint32_t n)
{
    COLUMN(TYPE, type);
    COLUMN(LOCATE, instrument);
    COLUMN(REFERENCE, reference);
    COLUMN(OTHER, other);
    COLUMN(SIDE, side);
    COLUMN(SHARES, size);
    COLUMN(PRICE, price);
    frame->cols = n;
}

static int pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)ctx;
    struct morning *morning = ((struct morning_options *)state)->morning;
    uint32_t i = 0;
    for (; i < n && morning->next < morning->target; i++) {
        uint64_t left = morning->target - morning->next;
        uint32_t cols = left < SAMPLES ? (uint32_t)left : SAMPLES;
        fill(frames[i], &morning->flow->messages[morning->next], cols);
        morning->next += cols;
    }
    return i != 0 ? (int)i : LEAT_EEND;
}

static void tops(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)ctx;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = COLUMNS; r < frames[i]->rows; r++) {
            const uint64_t *row = leat_frame_row(frames[i], r);
            for (uint32_t c = 0; c < frames[i]->cols; c++)
                sum += row[c];
        }
    *((struct io_options *)state)->sum += sum;
}

static const struct leat_stage messages = {
    .size = sizeof messages, .name = "messages", .outs = 1,
    .options_bytes = sizeof(struct morning_options), .resolve = resolve, .init = init,
    .pull = pull};
static const struct leat_stage sums = {
    .size = sizeof sums, .traits = LEAT_MAP | LEAT_READS_ONLY, .name = "tops", .ins = 1,
    .options_bytes = sizeof(struct io_options), .resolve = io_resolve, .init = io_init,
    .map = tops};

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    (void)why;
    job->flow = (struct book_flow){.instruments = load->slots};
    return job;
}

static void ready(void *self, uint64_t n)
{
    struct job *job = self;
    const struct leat_book_options book = {
        .depth = 1, .orders = BOOK_ORDERS, .levels = BOOK_LEVELS,
        .instruments = job->flow.instruments};
    const struct morning_options from = {&job->morning};
    const struct io_options own = {&job->io.sum};
    const struct leat_stage *const stages[] = {
        &messages, leat_catalogue_find(leat_math_stages(), "book", false, NULL), &sums};
    const void *const options[] = {&from, &book, &own};
    book_make(&job->flow, n);
    job->morning = (struct morning){&job->flow, 0, n};
    if (io_chain(&job->io, stages, options, 3) == LEAT_OK)
        return;
    fprintf(stderr, "leat_bench: the pipeline of order books does not begin\n");
    exit(1);
}

static void fini(void *self)
{
    struct job *job = self;
    io_end(&job->io);
    free(job->flow.messages);
    free(job);
}

const struct bench_subject bench_book_leat = {
    .name = "leat", .setup = setup, .ready = ready, .run = io_run, .fini = fini};
