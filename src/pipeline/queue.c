/* queue: the inbox that a user asked for, with what becomes of frames when it is full. It stands on
 * the worker of the stage before it, so that a full one never holds that stage up unless it should.
 */
#include "pipeline/run.h"

enum { FULL_BLOCK, FULL_NEWEST, FULL_OLDEST };

/* Takes `n` frames out from the place `at` on; they go no further. */
static void let_go(struct worker *w, struct segment *s, uint32_t at, uint32_t n)
{
    struct stage_record *record = &w->engine->stages[s->stage];
    struct inbox *box = s->boxes;
    if (n == 0)
        return;
    uint64_t samples = samples_of(box->frames + at, n);
    leat_counter_add(&record->frames_in, n);
    leat_counter_add(&record->samples_in, samples);
    leat_counter_add(&record->dropped, n);
    leat_counter_add(&record->samples_lost, samples);
    worker_release(w, box->frames + at, n);
    box->n -= n;
    box->samples -= samples;
    memmove(box->frames + at, box->frames + at + n, (box->n - at) * sizeof box->frames[0]);
}

/* How many at the front were made longer ago than is allowed. */
static uint32_t too_old(const struct worker *w, const struct inbox *box, uint64_t age_ns)
{
    uint32_t n = 0;
    while (age_ns != 0 && n < box->n &&
           worker_span_ns(w, box->frames[n]->born, w->ctx.now) > age_ns)
        n++;
    return n;
}

uint32_t head_queue(struct worker *w, struct segment *s, uint32_t room, uint64_t *samples)
{
    const struct leat_queue_options *o = w->engine->plan->stages[s->stage].options;
    struct stage_record *record = &w->engine->stages[s->stage];
    struct inbox *box = s->boxes;
    let_go(w, s, 0, too_old(w, box, o->age.ns));
    uint32_t n = box->n < room ? box->n : room;
    memcpy(w->batch, box->frames, n * sizeof w->batch[0]);
    *samples = samples_of(w->batch, n);
    leat_counter_add(&record->frames_in, n);
    leat_counter_add(&record->samples_in, *samples);
    box->samples -= *samples;
    inbox_shift(box, n);
    uint32_t over = o->full != FULL_BLOCK && box->n > o->depth ? box->n - (uint32_t)o->depth : 0;
    let_go(w, s, o->full == FULL_OLDEST ? 0 : box->n - over, over);
    s->answered = box->n != 0 ? box->frames[0]->seq : box->answered;
    return n;
}

static int queue_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    const struct leat_queue_options *o = options;
    (void)in;
    (void)need;
    if (o->age.samples != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "age: how long a frame may wait, such as 10ms");
    return LEAT_OK;
}

static const char *const full_words[] = {"block", "newest", "oldest", NULL};

static const struct leat_param queue_params[] = {
    {.name = "depth", .fallback = "64", .min = 1, .max = 1 << 20,
     .doc = "Frames that may wait.", .example = "1Ki", .type = LEAT_P_U64, .unit = LEAT_COUNT,
     .offset = offsetof(struct leat_queue_options, depth)},
    {.name = "full", .fallback = "block", .words = full_words,
     .doc = "What happens when so many wait: block holds up what comes before; newest drops what "
            "comes, oldest what has waited longest. What is dropped is counted.",
     .example = "oldest", .type = LEAT_P_WORD,
     .offset = offsetof(struct leat_queue_options, full)},
    {.name = "age", .fallback = "",
     .doc = "Drops frames that were made longer ago than this; without it none.",
     .example = "10ms", .type = LEAT_P_LENGTH,
     .offset = offsetof(struct leat_queue_options, age)},
};

const struct leat_stage pipeline_queue = {
    .size = sizeof(struct leat_stage),
    .traits = TRAIT_QUEUE,
    .name = "queue",
    .doc = "Room for frames to wait in, and what to do when it is full.",
    .params = queue_params,
    .params_n = sizeof queue_params / sizeof queue_params[0],
    .options_bytes = sizeof(struct leat_queue_options),
    .ins = 1,
    .outs = 1,
    .resolve = queue_resolve,
};
