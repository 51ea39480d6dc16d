/* Stages of the host's own, one of each kind: named in text beside Leat's, added and joined by
 * calls, and both in one graph; the text of such a graph makes the same graph again.
 */
#include "hosted.h"

#include <leat/text.h>

#include <stdlib.h>
#include <string.h>

enum { COLS = 4 };

/* ---- a source: 0, 1, 2, … up to n ---- */

struct count_options {
    uint64_t n;
};
struct count {
    uint64_t at, n;
};

static int count_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    (void)options, (void)in, (void)diag;
    need->out.rows = 1;
    need->out.cols = COLS;
    need->out.kind = LEAT_F64;
    leat_shape_name(&need->out, 0, "count");
    need->state_bytes = sizeof(struct count);
    return LEAT_OK;
}

static int count_init(void *state, const void *options, const struct leat_shape *in,
                      const struct leat_need *need, struct leat_diag *diag)
{
    (void)in, (void)need, (void)diag;
    *(struct count *)state = (struct count){.n = ((const struct count_options *)options)->n};
    return LEAT_OK;
}

static int count_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    struct count *self = state;
    uint32_t k = 0;
    (void)ctx;
    for (; k < n && self->at < self->n; k++) {
        double *x = leat_frame_row(frames[k], 0);
        frames[k]->cols = 0;
        while (frames[k]->cols < COLS && self->at < self->n)
            x[frames[k]->cols++] = (double)self->at++;
    }
    return k != 0 ? (int)k : LEAT_EEND;
}

static const struct leat_param count_params[] = {
    {.name = "n", .fallback = NULL, .doc = "How many.", .example = "8", .min = 1, .max = 1e6,
     .offset = offsetof(struct count_options, n), .type = LEAT_P_U64, .unit = LEAT_COUNT}};

static const struct leat_stage count_stage = {
    .size = sizeof count_stage, .name = "count", .doc = "Counts.", .params = count_params,
    .params_n = 1, .options_bytes = sizeof(struct count_options), .outs = 1,
    .resolve = count_resolve, .init = count_init, .pull = count_pull};

/* ---- a MAP stage: adds by ---- */

struct plus_options {
    double by;
};

static int plus_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    (void)options;
    need->state_bytes = sizeof(double);
    return leat_shape_real(in, diag);
}

static int plus_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    (void)in, (void)need, (void)diag;
    *(double *)state = ((const struct plus_options *)options)->by;
    return LEAT_OK;
}

static void plus_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    (void)ctx;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t c = 0; c < frames[i]->cols; c++)
            ((double *)leat_frame_row(frames[i], 0))[c] += *(const double *)state;
}

static const struct leat_param plus_params[] = {
    {.name = "by", .fallback = "1", .doc = "How much.", .example = "2",
     .offset = offsetof(struct plus_options, by), .type = LEAT_P_F64}};

static const struct leat_stage plus_stage = {
    .size = sizeof plus_stage, .traits = LEAT_MAP | LEAT_STATELESS, .name = "plus",
    .doc = "Adds.", .params = plus_params, .params_n = 1,
    .options_bytes = sizeof(struct plus_options), .ins = 1, .outs = 1, .resolve = plus_resolve,
    .init = plus_init, .map = plus_map};

/* ---- a FLOW stage: every second frame goes no further ---- */

static int second_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                          struct leat_diag *diag)
{
    (void)options, (void)in, (void)diag;
    need->state_bytes = sizeof(uint64_t);
    return LEAT_OK;
}

static uint32_t second_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                            uint32_t n, struct leat_out *out)
{
    uint64_t *seen = state;
    uint32_t k = 0;
    for (; k < n; k++, ++*seen) {
        if (*seen % 2 == 0) {
            if (!leat_out_put(out, frames[k]))
                break;
            continue;
        }
        ctx->dropped++;
        ctx->samples_lost += frames[k]->cols;
        leat_out_release(out, frames[k]);
    }
    return k;
}

static const struct leat_stage second_stage = {
    .size = sizeof second_stage, .name = "second", .doc = "Every second frame.", .ins = 1,
    .outs = 1, .resolve = second_resolve, .flow = second_flow};

/* ---- a join: the frames of its inputs by turns ---- */

static int turns_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    (void)options, (void)in, (void)diag;
    need->state_bytes = sizeof(uint64_t);
    need->frames_in = 1;
    need->frames_out = need->ins_n;
    return LEAT_OK;
}

static void turns_join(void *state, struct leat_ctx *ctx, struct leat_input *inputs,
                       uint32_t inputs_n, struct leat_out *out)
{
    uint64_t *turn = state;
    (void)ctx;
    for (uint32_t idle = 0; idle < inputs_n;) {
        struct leat_input *input = &inputs[*turn % inputs_n];
        if (input->taken == input->n && !input->ended)
            return;
        idle = input->taken == input->n ? idle + 1 : 0;
        if (input->taken < input->n) {
            if (!leat_out_put(out, input->frames[input->taken]))
                return;
            input->taken++;
        }
        ++*turn;
    }
}

static const struct leat_stage turns_stage = {
    .size = sizeof turns_stage, .name = "turns", .doc = "By turns.", .ins = LEAT_MANY, .outs = 1,
    .resolve = turns_resolve, .join = turns_join};

/* ---- a sink: notes what it sees ---- */

static struct {
    double at[256];
    uint32_t n, flushes;
} seen;

static void note_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    (void)state, (void)ctx;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t c = 0; c < frames[i]->cols; c++) {
            EXPECT(seen.n < 256, "too many");
            seen.at[seen.n++] = ((const double *)leat_frame_row(frames[i], 0))[c];
        }
}

static bool note_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    (void)state, (void)ctx;
    EXPECT(out == NULL, "a sink has nowhere to put");
    seen.flushes++;
    return true;
}

static const struct leat_stage note_stage = {
    .size = sizeof note_stage, .traits = LEAT_MAP | LEAT_READS_ONLY, .name = "note",
    .doc = "Notes.", .ins = 1, .map = note_map, .flush = note_flush};

static const struct leat_stage *const own[] = {&count_stage, &plus_stage, &second_stage,
                                               &turns_stage, &note_stage};
static const struct leat_catalogue catalogue = {own, 5, NULL};

/* ---- graphs ---- */

static const char by_text[] = "count n=10 name=a ! plus by=100 ! turns.\n"
                              "count n=8 name=b ! scale by=-1 ! second ! turns.\n"
                              "turns name=turns ! plus ! note";

static struct leat_diag diag;

#define WELL(call) EXPECT((call) == LEAT_OK, "%s", diag.text)

static const struct leat_catalogue *all_stages(struct leat_catalogue *lists)
{
    const struct leat_catalogue *all = leat_catalogue_default(lists);
    lists[LEAT_CATALOGUE_LISTS - 1].next = &catalogue;
    return all;
}

static void parse(struct leat_graph *graph, const char *text)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    WELL(leat_text_parse(graph, all_stages(lists), NULL, text, strlen(text), &diag));
}

static uint32_t add(struct leat_graph *graph, const struct leat_stage *stage, const void *options,
                    const char *name)
{
    uint32_t node;
    WELL(leat_graph_add(graph, stage, options, name, &node, &diag));
    return node;
}

static void make_by_calls(struct leat_graph *graph)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    const struct leat_stage *scale =
        leat_catalogue_find(all_stages(lists), "scale", false, &diag);
    double minus[2] = {-1, 0}; /* by and add of leat_scale_options */
    uint32_t a = add(graph, &count_stage, &(struct count_options){10}, "a");
    uint32_t plus = add(graph, &plus_stage, &(struct plus_options){100}, NULL);
    uint32_t b = add(graph, &count_stage, &(struct count_options){8}, "b");
    uint32_t scaled = add(graph, scale, minus, NULL);
    uint32_t second = add(graph, &second_stage, NULL, NULL);
    uint32_t turns = add(graph, &turns_stage, NULL, "turns");
    uint32_t one = add(graph, &plus_stage, NULL, NULL);
    uint32_t note = add(graph, &note_stage, NULL, NULL);
    WELL(leat_graph_join(graph, a, 0, plus, 0, &diag));
    WELL(leat_graph_join(graph, plus, 0, turns, 0, &diag));
    WELL(leat_graph_join(graph, b, 0, scaled, 0, &diag));
    WELL(leat_graph_join(graph, scaled, 0, second, 0, &diag));
    WELL(leat_graph_join(graph, second, 0, turns, 1, &diag));
    WELL(leat_graph_join(graph, turns, 0, one, 0, &diag));
    WELL(leat_graph_join(graph, one, 0, note, 0, &diag));
}

/* The ends by calls, named in text; what text made, found and joined by calls. */
static void make_mixed(struct leat_graph *graph)
{
    uint32_t second, turns;
    (void)add(graph, &count_stage, &(struct count_options){10}, "a");
    (void)add(graph, &turns_stage, NULL, "turns");
    parse(graph, "a. ! plus by=100 ! turns.; count n=8 name=b ! scale by=-1 ! second name=s");
    WELL(leat_graph_find(graph, "s", &second, &diag));
    WELL(leat_graph_find(graph, "turns", &turns, &diag));
    WELL(leat_graph_join(graph, second, 0, turns, 1, &diag));
    parse(graph, "turns. ! plus ! note");
}

/* a gives 100 101 102 103, … 109; of b the first frame of each two goes on: -0 -1 -2 -3. By turns:
 * the first of a, the first of b, then a's alone; and each has 1 more. */
static const double wanted[] = {101, 102, 103, 104, 1, 0, -1, -2, 105, 106, 107, 108, 109, 110};

static void run(const struct leat_graph *graph, uint32_t workers, const char *what)
{
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    struct leat_limits limits = {.workers = workers, .batch = 1 + workers % 2};
    struct leat_plan plan;
    struct leat_engine *engine;
    WELL(leat_plan_make(&plan, graph, &limits, &diag));
    size_t bytes = leat_round_up(leat_engine_bytes(&plan), LEAT_APART);
    void *storage = aligned_alloc(LEAT_APART, bytes);
    EXPECT(storage != NULL, "memory");
    memset(&seen, 0, sizeof seen);
    WELL(leat_engine_init(&engine, &plan, &options, storage, bytes, &diag));
    WELL(leat_engine_seal(engine, &diag));
    WELL(leat_engine_start(engine, &diag));
    WELL(leat_engine_wait(engine, UINT64_MAX, &diag));
    WELL(leat_engine_fini(engine, &diag));
    leat_plan_fini(&plan);
    free(storage);
    EXPECT(seen.n == sizeof wanted / sizeof wanted[0] && seen.flushes == 1, "%s: %u samples", what,
           seen.n);
    for (uint32_t i = 0; i < seen.n; i++)
        EXPECT(seen.at[i] == wanted[i], "%s: sample %u is %g, not %g", what, i, seen.at[i],
               wanted[i]);
}

int main(void)
{
    static const char *const whats[] = {"by text", "by calls", "mixed"};
    for (int way = 0; way < 3; way++) {
        struct leat_graph graph, again;
        char text[1024];
        size_t length;
        leat_graph_init(&graph);
        if (way == 0)
            parse(&graph, by_text);
        else if (way == 1)
            make_by_calls(&graph);
        else
            make_mixed(&graph);
        for (uint32_t workers = 1; workers <= 4; workers++)
            run(&graph, workers, whats[way]);
        WELL(leat_graph_text(&graph, text, sizeof text, &length, &diag));
        leat_graph_init(&again);
        parse(&again, text);
        run(&again, 2, text);
        leat_graph_fini(&again);
        leat_graph_fini(&graph);
    }
    return 0;
}
