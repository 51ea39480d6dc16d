#define _GNU_SOURCE
#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* ---- samples ---- */

static void *aligned(size_t bytes)
{
    void *memory = aligned_alloc(LEAT_LINE, leat_round_up(bytes + 1, LEAT_LINE));
    cr_assert_not_null(memory);
    return memory;
}

struct samples samples_make(uint32_t rows, size_t n, uint32_t kind)
{
    size_t bytes = rows * n * leat_kind_bytes(kind);
    struct samples made = {aligned(bytes), rows, kind, n};
    memset(made.data, 0, bytes);
    return made;
}

void samples_free(struct samples *samples)
{
    free(samples->data);
    *samples = (struct samples){0};
}

void *samples_row(const struct samples *samples, uint32_t r)
{
    return (char *)samples->data + r * samples->n * leat_kind_bytes(samples->kind);
}

double samples_get(const struct samples *samples, uint32_t r, size_t i)
{
    const void *row = samples_row(samples, r);
    return samples->kind == LEAT_F32   ? (double)((const float *)row)[i]
           : samples->kind == LEAT_F64 ? ((const double *)row)[i]
                                       : (double)((const int64_t *)row)[i];
}

void samples_set(struct samples *samples, uint32_t r, size_t i, double value)
{
    void *row = samples_row(samples, r);
    if (samples->kind == LEAT_F32)
        ((float *)row)[i] = (float)value;
    else if (samples->kind == LEAT_F64)
        ((double *)row)[i] = value;
    else
        ((int64_t *)row)[i] = (int64_t)value;
}

struct samples samples_walk(uint32_t rows, size_t n, uint32_t kind, double level)
{
    struct samples walk = samples_make(rows, n, kind);
    uint64_t random = 88172645463325252u;
    for (uint32_t r = 0; r < rows; r++) {
        double x = level;
        for (size_t i = 0; i < n; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            x += level / 1000 * ((double)(random >> 11) * 0x1p-53 - 0.5);
            samples_set(&walk, r, i, x);
        }
    }
    return walk;
}

bool samples_same(const struct samples *a, const struct samples *b)
{
    return a->rows == b->rows && a->kind == b->kind && a->n == b->n &&
           memcmp(a->data, b->data, a->rows * a->n * leat_kind_bytes(a->kind)) == 0;
}

/* ---- the stage ---- */

const struct leat_stage *harness_stage(const char *name)
{
    const struct leat_catalogue *catalogue = leat_math_stages();
    for (uint32_t i = 0; i < catalogue->n; i++)
        if (strcmp(catalogue->stages[i]->name, name) == 0)
            return catalogue->stages[i];
    cr_assert_fail("there is no stage %s", name);
    return NULL;
}

/* As the parser does: a required parameter must be written. */
static int find_missing(struct harness *h, uint64_t given)
{
    for (uint32_t p = 0; p < h->stage->params_n; p++)
        if (h->stage->params[p].fallback == NULL && !(given >> p & 1))
            return leat_diag_set(&h->diag, LEAT_EINVAL, "%s= is required",
                                 h->stage->params[p].name);
    return 0;
}

static int read_options(struct harness *h, const char *text)
{
    uint64_t given = 0;
    const struct leat_stage *stage = h->stage;
    char copy[256];
    size_t used = 0;
    int code = leat_options_default(stage->params, stage->params_n, h->options,
                                    stage->options_bytes, &h->diag);
    cr_assert(strlen(text) < sizeof copy);
    strcpy(copy, text);
    char *rest = copy;
    for (char *word; code == 0 && (word = strsep(&rest, " ")) != NULL;) {
        if (*word == 0)
            continue;
        char *value = strchr(word, '=');
        *value++ = 0;
        const struct leat_param *param =
            leat_param_find(stage->params, stage->params_n, word, &h->diag);
        if (param == NULL)
            return h->diag.code;
        given |= UINT64_C(1) << (param - stage->params);
        /* Texts are borrowed: they go where the lists go. */
        char *kept = h->memory + used;
        strcpy(kept, value);
        used += leat_round_up(strlen(value) + 1, sizeof(void *));
        code = leat_param_read(param, kept, h->options, h->memory + used, &h->diag);
        used += leat_round_up(leat_param_bytes(param, kept), sizeof(void *));
        cr_assert(used <= sizeof h->memory);
    }
    if (code == 0)
        code = find_missing(h, given);
    if (code == 0)
        code = leat_options_check(stage->params, stage->params_n, h->options, &h->diag);
    return code;
}

const struct leat_tuning *harness_tuning;

int harness_resolve(struct harness *h, const char *name, const char *options, uint32_t rows,
                    uint32_t cols, uint32_t kind, double rate_hz)
{
    memset(h, 0, sizeof *h);
    h->stage = harness_stage(name);
    h->in = (struct leat_shape){.rows = rows, .cols = cols, .kind = kind, .rate_hz = rate_hz,
                                .channels = h->channels_in};
    for (uint32_t r = 0; r < rows; r++) {
        h->channels_in[r].name[0] = (char)('a' + r);
        strcpy(h->channels_in[r].unit, "V");
    }
    h->need.out = h->in;
    h->need.out.channels = h->channels_out;
    h->need.channels_max = ROWS_MAX;
    h->need.tuning = harness_tuning;
    memcpy(h->channels_out, h->channels_in, sizeof h->channels_in);
    h->batch = 3;
    h->room = 4;
    h->time_ns = LEAT_TIME_NONE;
    int code = read_options(h, options);
    return code != 0 ? code : h->stage->resolve(h->options, &h->in, &h->need, &h->diag);
}

void harness_open(struct harness *h, const char *name, const char *options, uint32_t rows,
                  uint32_t cols, uint32_t kind, double rate_hz)
{
    int code = harness_resolve(h, name, options, rows, cols, kind, rate_hz);
    cr_assert_eq(code, 0, "%s %s: %s", name, options, h->diag.text);
    h->state = aligned(h->need.state_bytes);
    memset(h->state, 0, h->need.state_bytes);
    h->ctx = (struct leat_ctx){.scratch = aligned(h->need.scratch_bytes),
                               .isa = (uint32_t)leat_isa_best(),
                               .verdict = h->verdict, .diag = &h->diag,
                               .tuning = harness_tuning};
    if (h->stage->init != NULL)
        code = h->stage->init(h->state, h->options, &h->in, &h->need, &h->diag);
    cr_assert_eq(code, 0, "%s %s: %s", name, options, h->diag.text);
}

static void forget_output(struct harness *h)
{
    samples_free(&h->out);
    free(h->made);
    h->made = NULL;
    h->made_n = h->dropped = h->rejected = h->claims = h->refused = 0;
}

void harness_close(struct harness *h)
{
    if (h->stage->fini != NULL)
        h->stage->fini(h->state);
    free(h->state);
    free(h->ctx.scratch);
    forget_output(h);
}

/* ---- frames ---- */

/* A frame whose slot is what a planner would give it: wide enough for input and output. */
static struct leat_frame *frame_claim(struct harness *h, const struct leat_shape *shape)
{
    size_t in = (size_t)h->in.cols * leat_kind_bytes(h->in.kind);
    size_t out = (size_t)h->need.out.cols * leat_kind_bytes(h->need.out.kind);
    size_t stride = leat_round_up(in > out ? in : out, LEAT_LINE);
    uint32_t rows = h->in.rows > h->need.out.rows ? h->in.rows : h->need.out.rows;
    struct leat_frame *frame = aligned(sizeof *frame + stride * rows);
    memset(frame, 0xa5, sizeof *frame + stride * rows);
    *frame = (struct leat_frame){.time_ns = LEAT_TIME_NONE, .rows = shape->rows,
                                 .kind = (uint8_t)shape->kind, .stride = (uint32_t)stride};
    h->live++;
    return frame;
}

static void frame_release(struct harness *h, struct leat_frame *frame)
{
    cr_assert(h->live > 0);
    h->live--;
    free(frame);
}

static struct leat_frame *frame_cut(struct harness *h, const struct samples *in, size_t at,
                                    uint32_t cols)
{
    struct leat_frame *frame = frame_claim(h, &h->in);
    size_t width = leat_kind_bytes(in->kind);
    frame->cols = cols;
    frame->key = 7;
    if (h->time_ns != LEAT_TIME_NONE && h->in.rate_hz > 0)
        frame->time_ns = h->time_ns + (int64_t)((double)at * 1e9 / h->in.rate_hz + 0.5);
    if (h->gap_ns != 0 && at + cols > h->gap_at) {
        frame->time_ns += h->gap_ns;
        frame->flags = at <= h->gap_at ? LEAT_GAP_BEFORE : 0;
        frame->key++;
    }
    for (uint32_t r = 0; r < in->rows; r++)
        memcpy(leat_frame_row(frame, r), (char *)samples_row(in, r) + at * width, cols * width);
    return frame;
}

/* Appends what came out; the frame goes home. */
static void frame_take(struct harness *h, struct leat_frame *frame)
{
    struct samples *out = &h->out;
    cr_assert(frame->cols >= 1 && frame->cols <= h->need.out.cols, "%u columns", frame->cols);
    cr_assert_eq(frame->rows, h->need.out.rows);
    cr_assert_eq(frame->kind, h->need.out.kind);
    struct samples longer = samples_make(frame->rows, out->n + frame->cols, frame->kind);
    size_t width = leat_kind_bytes(frame->kind);
    for (uint32_t r = 0; r < frame->rows; r++) {
        if (out->n != 0)
            memcpy(samples_row(&longer, r), samples_row(out, r), out->n * width);
        memcpy((char *)samples_row(&longer, r) + out->n * width, leat_frame_row(frame, r),
               frame->cols * width);
    }
    samples_free(out);
    *out = longer;
    h->made = realloc(h->made, (h->made_n + 1) * sizeof *h->made);
    h->made[h->made_n++] =
        (struct made){frame->cols, frame->flags, frame->time_ns, frame->key};
    frame_release(h, frame);
}

/* ---- what a flow stage sees ---- */

struct leat_out {
    struct harness *h;
    uint32_t room;
};

struct leat_frame *leat_out_claim(struct leat_out *out)
{
    struct harness *h = out->h;
    h->claims++;
    if (h->claim_each != 0 && h->claims % h->claim_each == 0)
        return NULL;
    return frame_claim(h, &h->need.out);
}

bool leat_out_put(struct leat_out *out, struct leat_frame *frame)
{
    if (out->room == 0) {
        out->h->refused++;
        return false;
    }
    out->room--;
    frame_take(out->h, frame);
    return true;
}

uint32_t leat_out_put_n(struct leat_out *out, struct leat_frame *const *frames, uint32_t n)
{
    uint32_t k = 0;
    while (k < n && leat_out_put(out, frames[k]))
        k++;
    return k;
}

uint32_t leat_out_room(const struct leat_out *out) { return out->room; }

void leat_out_release(struct leat_out *out, struct leat_frame *frame)
{
    frame_release(out->h, frame);
}

void leat_out_release_n(struct leat_out *out, struct leat_frame *const *frames, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        frame_release(out->h, frames[i]);
}

/* ---- a run ---- */

static uint64_t columns(struct leat_frame *const *frames, uint32_t n)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += frames[i]->cols;
    return sum;
}

/* One batch of a map stage, verdicts obeyed. */
static void run_map(struct harness *h, struct leat_frame **frames, uint32_t n)
{
    uint64_t before = columns(frames, n);
    memset(h->verdict, LEAT_KEEP, n);
    h->ctx.marked = 0;
    h->stage->map(h->state, &h->ctx, frames, n);
    cr_assert((h->stage->traits & LEAT_RESIZES) != 0 || columns(frames, n) == before);
    uint32_t marked = 0;
    for (uint32_t i = 0; i < n; i++) {
        marked += h->verdict[i] != LEAT_KEEP;
        h->dropped += h->verdict[i] == LEAT_DROP;
        h->rejected += h->verdict[i] == LEAT_REJECT;
        if (h->verdict[i] == LEAT_KEEP)
            frame_take(h, frames[i]);
        else
            frame_release(h, frames[i]);
    }
    cr_assert_eq(marked, h->ctx.marked);
}

static void run_flow(struct harness *h, struct leat_frame **frames, uint32_t n)
{
    /* A bound that honest refusals never reach. */
    for (uint32_t calls = 0; n > 0; calls++) {
        cr_assert(calls < 1000000, "no progress");
        struct leat_out out = {h, h->room};
        uint32_t taken = h->stage->flow(h->state, &h->ctx, frames, n, &out);
        cr_assert(taken <= n);
        frames += taken;
        n -= taken;
    }
}

static void run_flush(struct harness *h)
{
    for (uint32_t calls = 0;; calls++) {
        cr_assert(calls < 1000, "flush does not end");
        struct leat_out out = {h, calls == 0 ? 0 : h->room};
        if (h->stage->flush(h->state, &h->ctx, &out))
            break;
    }
    struct leat_out out = {h, 1};
    cr_assert(h->stage->flush(h->state, &h->ctx, &out) && out.room == 1, "flushed twice");
}

void harness_run(struct harness *h, const struct samples *in, uint32_t frame, bool end)
{
    struct leat_frame *frames[LEAT_LINE];
    forget_output(h);
    cr_assert(h->batch <= LEAT_LINE && frame <= h->in.cols && in->rows == h->in.rows);
    for (size_t at = 0; at < in->n;) {
        uint32_t n = 0;
        for (; n < h->batch && at < in->n; n++) {
            size_t left = in->n - at;
            uint32_t cols = left < frame ? (uint32_t)left : frame;
            frames[n] = frame_cut(h, in, at, cols);
            at += cols;
        }
        if (h->stage->flow != NULL)
            run_flow(h, frames, n);
        else
            run_map(h, frames, n);
    }
    if (end && h->stage->flush != NULL)
        run_flush(h);
    cr_assert_eq(h->live, 0, "%zu frames are not home", h->live);
    cr_assert_eq(h->ctx.failed, 0);
}
