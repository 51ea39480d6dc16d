/* A stage with a lens is shown, frame by frame, a frame that has the chosen rows alone.
 *
 * Rows side by side are shown where they lie: the line before the first of them lends its place to
 * a header while the stage looks. It is the frame's own header, or the end of the row before, which
 * is put back. A stage that chose them all is shown the frame. Other rows, and those of a frame
 * that another worker may be reading, are gathered into the worker's scratch, and what the stage
 * made of them is put back into their places.
 */
#include "pipeline/keyed.h"

#include <string.h>

struct lent {
    struct leat_frame *at;    /* the header that the stage is shown */
    struct leat_frame before; /* what lay there */
};

/* Copies of the chosen rows become the frame's last ones. */
static void append(struct leat_frame *frame, const struct leat_plan_lens *lens)
{
    size_t bytes = (size_t)frame->cols * leat_kind_bytes(frame->kind);
    for (uint32_t i = 0; i < lens->in.rows; i++)
        memcpy(leat_frame_row(frame, frame->rows + i), leat_frame_row(frame, lens->rows[i]), bytes);
    frame->rows += lens->in.rows;
}

static struct leat_frame *lend(struct leat_frame *frame, uint32_t first, uint32_t rows,
                               struct lent *lent)
{
    lent->at = (struct leat_frame *)leat_frame_row(frame, first) - 1;
    memcpy(&lent->before, lent->at, sizeof lent->before);
    if (first != 0)
        memcpy(lent->at, frame, sizeof *frame);
    lent->at->rows = rows;
    return lent->at;
}

/* What a stage may change of a header: how long the frame is, and when it begins. */
static void take_changes(struct leat_frame *frame, const struct leat_frame *shown)
{
    frame->cols = shown->cols;
    frame->time_ns = shown->time_ns;
    frame->flags = shown->flags;
}

static void take_back(struct leat_frame *frame, struct lent *lent)
{
    if (lent->at == frame) {
        frame->rows = lent->before.rows;
        return;
    }
    take_changes(frame, lent->at);
    memcpy(lent->at, &lent->before, sizeof lent->before);
}

static struct leat_frame *gather(struct leat_frame *frame, const struct leat_plan_lens *lens,
                                 void *scratch)
{
    struct leat_frame *shown = scratch;
    size_t bytes = (size_t)frame->cols * leat_kind_bytes(frame->kind);
    frame_copy_header(shown, frame);
    shown->tag = frame->tag;
    shown->rows = lens->in.rows;
    shown->stride = (uint32_t)lens_stride(&lens->in);
    for (uint32_t i = 0; i < lens->in.rows; i++)
        memcpy(leat_frame_row(shown, i), leat_frame_row(frame, lens->rows[i]), bytes);
    return shown;
}

static void scatter(struct leat_frame *frame, const struct leat_plan_lens *lens,
                    struct leat_frame *shown)
{
    size_t bytes = (size_t)shown->cols * leat_kind_bytes(shown->kind);
    for (uint32_t i = 0; i < lens->in.rows; i++)
        memcpy(leat_frame_row(frame, lens->rows[i]), leat_frame_row(shown, i), bytes);
    take_changes(frame, shown);
}

/* The rows that the stage did not see lose the samples that those it saw have lost, at the front:
 * so what belongs together stays together. */
static void cut_rest(struct leat_frame *frame, const struct leat_plan_lens *lens, uint32_t cols)
{
    uint32_t width = leat_kind_bytes(frame->kind);
    size_t early = (size_t)(cols - frame->cols) * width;
    for (uint32_t i = 0; early != 0 && i < lens->rest_n; i++) {
        char *row = leat_frame_row(frame, lens->rest[i]);
        memmove(row, row + early, (size_t)frame->cols * width);
    }
}

static void run_shown(struct worker *w, const struct leat_plan_stage *s, void *state,
                      struct keyed_run *keyed, struct leat_frame *shown)
{
    if (s->keyed != NULL)
        keyed_map(keyed, shown);
    else
        s->stage->map(state, &w->ctx, &shown, 1);
}

/* May another worker be reading the frame? Frames that branches share are of pools that say so. */
static bool read_elsewhere(const struct worker *w, const struct leat_frame *frame)
{
    const struct leat_plan *plan = w->engine->plan;
    /* [C3 pairs C2: what the other readers read, before the rows' header is lent] */
    return plan->pools[leat_handle_pool(frame->tag)].apart &&
           (leat_load_acquire(&frame->share) & SHARE_READERS) != 0;
}

static void show(struct worker *w, const struct leat_plan_stage *s, void *state,
                 struct keyed_run *keyed, struct leat_frame *frame, void *scratch)
{
    const struct leat_plan_lens *lens = s->lens;
    bool reads = (s->stage->traits & LEAT_READS_ONLY) != 0;
    uint32_t cols = frame->cols, first = lens->appends ? frame->rows : lens->rows[0];
    struct leat_frame *shown;
    if (s->keyed != NULL)
        keyed_open(keyed, frame);
    if (lens->appends)
        append(frame, lens);
    if (!lens->appends && lens->together && lens->in.rows == frame->rows) {
        run_shown(w, s, state, keyed, frame);
    } else if (lens->appends || (lens->together && !(reads && read_elsewhere(w, frame)))) {
        struct lent lent;
        shown = lend(frame, first, lens->in.rows, &lent);
        run_shown(w, s, state, keyed, shown);
        take_back(frame, &lent);
    } else {
        shown = gather(frame, lens, scratch);
        run_shown(w, s, state, keyed, shown);
        if (!reads)
            scatter(frame, lens, shown);
    }
    LEAT_REQUIRE(frame->cols <= cols);
    cut_rest(frame, lens, cols);
    if (s->keyed != NULL)
        keyed_close(keyed, frame);
}

void lens_map(struct worker *w, uint32_t stage, uint32_t n)
{
    const struct leat_plan_stage *s = &w->engine->plan->stages[stage];
    struct leat_ctx *ctx = &w->ctx;
    uint8_t *verdict = ctx->verdict;
    uint16_t *why = ctx->why;
    char *scratch = ctx->scratch;
    struct keyed_run keyed;
    ctx->scratch = scratch + (s->need.scratch_bytes - s->lens->need.scratch_bytes);
    if (s->keyed != NULL)
        keyed_begin(&keyed, w, stage, (char *)ctx->scratch - s->keyed->scratch_bytes);
    for (uint32_t i = 0; i < n && ctx->failed == 0; i++) {
        ctx->verdict = verdict + i;
        ctx->why = why + i;
        show(w, s, w->engine->stages[stage].state, &keyed, w->batch[i], scratch);
    }
    if (s->keyed != NULL)
        keyed_end(&keyed, &w->engine->stages[stage]);
    ctx->verdict = verdict;
    ctx->why = why;
    ctx->scratch = scratch;
}
