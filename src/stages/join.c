/* join: several streams become one. It works in place: what it puts are frames that came in, so it
 * needs no frames of its own.
 *
 * By sequence, a frame waits until every other input has shown its frame of that number, or that it
 * has none: a number that an input passed over is dropped at the others. Which frames come out, and
 * in which order, then depends on the streams alone. By arrival it depends on the threads; where
 * within= bounds a wait it may, too (decision 26).
 */
#include "base/names.h"
#include "base/times.h"
#include "stages/join.h"

#include <stdlib.h>
#include <string.h>

/* Where the first input that has ended ends: the number behind its last. */
static uint64_t last_of(const struct leat_input *inputs, uint32_t n)
{
    uint64_t last = UINT64_MAX;
    for (uint32_t i = 0; i < n; i++)
        if (inputs[i].ended && inputs[i].answered < last)
            last = inputs[i].answered;
    return last;
}

/* ---- first: of frames of equal number the one that is there first ---- */

static void pass(struct join *self, struct leat_input *input, struct leat_out *out)
{
    struct leat_frame *frame = input->frames[input->taken++];
    if (self->gap)
        frame->flags |= LEAT_GAP_BEFORE;
    self->gap = false;
    (void)leat_out_put(out, frame); /* there was room */
}

/* Has an input shown a number so much larger than the next that nobody waits for that any more? */
static bool overdue(const struct join *self, const struct leat_input *inputs, uint32_t n)
{
    uint64_t newest = 0;
    for (uint32_t i = 0; i < n; i++)
        if (head(&inputs[i]) != NULL && inputs[i].frames[inputs[i].n - 1]->seq > newest)
            newest = inputs[i].frames[inputs[i].n - 1]->seq;
    return self->within != 0 && newest >= self->next && newest - self->next >= self->within;
}

/* The least number that may still come; with heads_only of those that are there. */
static uint64_t least_of(const struct leat_input *inputs, uint32_t n, bool heads_only)
{
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < n; i++)
        if ((!heads_only || head(&inputs[i]) != NULL) && bound(&inputs[i]) < least)
            least = bound(&inputs[i]);
    return least;
}

static void arbitrate(struct join *self, struct leat_ctx *ctx, struct leat_input *inputs,
                      uint32_t n, struct leat_out *out)
{
    while (!self->stopped && leat_out_room(out) != 0) {
        struct leat_input *found = NULL;
        for (uint32_t i = 0; i < n; i++) {
            while (head(&inputs[i]) != NULL && head(&inputs[i])->seq < self->next)
                let_go(ctx, &inputs[i], out);
            if (found == NULL && head(&inputs[i]) != NULL &&
                head(&inputs[i])->seq == self->next)
                found = &inputs[i];
        }
        uint64_t least = least_of(inputs, n, overdue(self, inputs, n));
        least = found != NULL || least < self->next ? self->next : least;
        self->stopped = self->stops && least >= last_of(inputs, n);
        if (self->stopped)
            return;
        if (found != NULL) {
            pass(self, found, out);
            self->next++;
        } else if (least > self->next && least != UINT64_MAX) {
            self->next = least; /* no input has what is between */
            self->gap = true;
        } else {
            return;
        }
    }
}

/* ---- merge: the frames of all, in order ---- */

static bool before(const struct join *self, const struct leat_frame *a, const struct leat_frame *b)
{
    return self->by == TIME ? a->time_ns < b->time_ns : a->seq < b->seq;
}

/* Have the others moved on so far, or filled their room, that this one waits no longer? */
static bool waited(const struct join *self, const struct leat_input *inputs, uint32_t n,
                   const struct leat_input *found)
{
    int64_t time = head(found)->time_ns, newest = time;
    for (uint32_t i = 0; i < n; i++)
        if (head(&inputs[i]) != NULL && inputs[i].frames[inputs[i].n - 1]->time_ns > newest)
            newest = inputs[i].frames[inputs[i].n - 1]->time_ns;
    return self->within != 0 &&
           ((found->full && found->taken == 0) ||
            (uint64_t)newest - (uint64_t)time >= self->within);
}

/* The input whose head comes next; NULL: one that has none may still give an earlier one. */
static struct leat_input *earliest(const struct join *self, struct leat_input *inputs, uint32_t n)
{
    struct leat_input *found = NULL;
    for (uint32_t k = 0; k < n; k++) {
        struct leat_input *input = &inputs[self->by == ARRIVAL ? (self->next + k) % n : k];
        if (head(input) != NULL &&
            (found == NULL || (self->by != ARRIVAL && before(self, head(input), head(found)))))
            found = input;
    }
    for (uint32_t i = 0; found != NULL && self->by != ARRIVAL && i < n; i++) {
        bool silent = head(&inputs[i]) == NULL && !inputs[i].ended;
        if (silent && (self->by == TIME ? !waited(self, inputs, n, found)
                                        : inputs[i].answered <= head(found)->seq))
            return NULL;
    }
    return found;
}

/* By time, a frame without one has no place. */
static bool has_place(const struct join *self, struct leat_ctx *ctx,
                      const struct leat_input *inputs, const struct leat_input *input)
{
    if (self->by != TIME || head(input)->time_ns != LEAT_TIME_NONE)
        return true;
    leat_fail(ctx, LEAT_EDATA,
              "join: input %u: frame %llu has no time, and by=time goes by it; give its source a "
              "time, or merge by=sequence",
              (uint32_t)(input - inputs) + 1, (unsigned long long)head(input)->seq);
    return false;
}

static void merge(struct join *self, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t n,
                  struct leat_out *out)
{
    self->next += self->by == ARRIVAL; /* an input that is never empty keeps no other waiting */
    while (!self->stopped && leat_out_room(out) != 0) {
        bool over = self->by == SEQUENCE ? least_of(inputs, n, false) >= last_of(inputs, n)
                                         : any_used_up(inputs, n);
        self->stopped = self->stops && over;
        struct leat_input *input = earliest(self, inputs, n);
        if (self->stopped || input == NULL || !has_place(self, ctx, inputs, input))
            return;
        const int64_t time = head(input)->time_ns;
        if (self->within != 0 && time < self->latest)
            head(input)->flags |= LEAT_LATE;
        self->latest = time > self->latest ? time : self->latest;
        pass(self, input, out);
    }
}

/* ---- the end ---- */

/* An input has ended, and with it the stream: what still comes from the others is let go, and their
 * sources need not go on. */
static void stop(struct leat_ctx *ctx, struct leat_input *inputs, uint32_t n, struct leat_out *out)
{
    for (uint32_t i = 0; i < n; i++) {
        while (head(&inputs[i]) != NULL)
            let_go(ctx, &inputs[i], out);
        inputs[i].unwanted = true;
    }
}

static void join_join(void *state, struct leat_ctx *ctx, struct leat_input *inputs, uint32_t n,
                      struct leat_out *out)
{
    struct join *self = state;
    if (self->how == ASOF)
        leat_asof_join(self, ctx, inputs, n, out);
    else if (self->lines)
        leat_lines_join(self, ctx, inputs, n, out);
    else if (self->how == MERGE)
        merge(self, ctx, inputs, n, out);
    else if (self->how == FIRST)
        arbitrate(self, ctx, inputs, n, out);
    else
        leat_pair_join(self, ctx, inputs, n, out);
    if (self->stopped)
        stop(ctx, inputs, n, out);
}

/* The inputs may end with nothing left that join_join would be called for. */
static bool join_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct join *self = state;
    (void)out;
    if (self->how == ASOF)
        leat_asof_flush(self, ctx);
    return true;
}

/* ---- shapes ---- */

/* A name that no row before r has: where it is taken with the input's number behind it, or the next
 * that is free. skip[] of the row that has such a name: all numbers below are taken, too. */
static void name_row(struct leat_names *names, uint32_t *skip, struct leat_shape *out, uint32_t r,
                     const struct leat_channel *channel, uint32_t input)
{
    uint32_t number = input + 1, before = r, at;
    out->channels[r] = *channel;
    if (leat_names_add(names, r) == r)
        return;
    for (;; before = at) {
        leat_shape_name(out, r, "%.56s.%u", channel->name, number);
        at = leat_names_add(names, r);
        if (at == r)
            break;
        number = skip[at] > number ? skip[at] : number + 1;
        skip[before] = number;
    }
    skip[r] = number + 1;
}

int leat_join_side_by_side(const struct leat_shape *in, struct leat_need *need,
                           struct leat_diag *diag)
{
    struct leat_shape *out = &need->out;
    struct leat_names names;
    uint32_t rows = in[0].rows;
    for (uint32_t i = 1; i < need->ins_n; i++) {
        if (in[i].rows > need->channels_max - rows)
            return leat_diag_set(diag, LEAT_ELIMIT, "join: more than %u channels together",
                                 need->channels_max);
        rows += in[i].rows;
    }
    uint32_t *skip = calloc(1, rows * sizeof *skip + leat_names_bytes(rows)); /* very many */
    if (skip == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for %u channels", rows);
    leat_names_init(&names, skip + rows, rows, out->channels->name, sizeof *out->channels);
    for (uint32_t r = 0; r < out->rows; r++)
        leat_names_add(&names, r);
    for (uint32_t i = 1; i < need->ins_n; i++)
        for (uint32_t r = 0; r < in[i].rows; r++)
            name_row(&names, skip, out, out->rows++, &in[i].channels[r], i);
    free(skip);
    need->first_goes_on = true;
    return LEAT_OK;
}

static int zip_shape(const struct leat_shape *in, struct leat_need *need, struct leat_diag *diag)
{
    for (uint32_t i = 1; i < need->ins_n; i++) {
        need->out.cols = in[i].cols < need->out.cols ? in[i].cols : need->out.cols;
        need->out.cols_fixed &= in[i].cols_fixed;
    }
    need->rows_follow = true;
    return leat_join_side_by_side(in, need, diag);
}

static int same_shape(const struct leat_shape *in, struct leat_need *need, bool adds,
                      struct leat_diag *diag)
{
    struct leat_shape *out = &need->out;
    for (uint32_t i = 1; i < need->ins_n; i++) {
        if (in[i].rows != in[0].rows)
            return leat_diag_set(diag, LEAT_ESHAPE,
                                 "join: input 1 has %u channels and input %u has %u; select the "
                                 "same number, or join how=zip",
                                 in[0].rows, i + 1, in[i].rows);
        for (uint32_t r = 0; r < in[0].rows; r++)
            if (in[i].channels[r].half != in[0].channels[r].half)
                return leat_diag_set(diag, LEAT_ESHAPE,
                                     "join: channel %u is complex in one of inputs 1 and %u and "
                                     "real in the other",
                                     r + 1, i + 1);
        bool less = in[i].cols < out->cols;
        out->cols = less == adds ? in[i].cols : out->cols;
        out->cols_fixed &= in[i].cols_fixed && in[i].cols == in[0].cols;
    }
    need->first_goes_on = adds;
    return LEAT_OK;
}

static int same_kind(const struct leat_shape *in, const struct leat_need *need,
                     struct leat_diag *diag)
{
    for (uint32_t i = 1; i < need->ins_n; i++)
        if (in[i].kind != in[0].kind)
            return leat_diag_set(diag, LEAT_ESHAPE,
                                 "join: input 1 is %s and input %u %s; cast one",
                                 leat_kind_name(in[0].kind), i + 1, leat_kind_name(in[i].kind));
    return LEAT_OK;
}

/* One rate; none where an input has none, because samples of it are missing. */
static int same_rate(const struct leat_shape *in, struct leat_need *need, bool merges,
                     struct leat_diag *diag)
{
    uint32_t timed = 0; /* the first that has a rate */
    bool all = true;
    for (uint32_t i = 0; i < need->ins_n; i++) {
        all &= in[i].rate_hz != 0;
        need->out.timed &= in[i].timed;
        timed = in[timed].rate_hz == 0 ? i : timed;
        if (in[i].bins_of != in[0].bins_of)
            return leat_diag_set(diag, LEAT_ESHAPE,
                                 "join: inputs 1 and %u are not spectra of as many samples, or "
                                 "one is and the other is samples in time",
                                 i + 1);
        if (in[i].rate_hz != 0 && in[i].rate_hz != in[timed].rate_hz)
            return leat_diag_set(diag, LEAT_ESHAPE,
                                 "join: input %u has %g samples a second and input %u %g: %s; "
                                 "join how=asof goes by the times",
                                 timed + 1, in[timed].rate_hz, i + 1, in[i].rate_hz,
                                 merges ? "what they are merged into has one rate"
                                        : "frames of equal number would be of different times");
    }
    need->out.rate_hz = all ? in[0].rate_hz : 0;
    return LEAT_OK;
}

/* How many frames may wait while a silent input holds the others back for that long, at the rates
 * that are known. */
static uint32_t frames_within(const struct leat_shape *in, const struct leat_need *need,
                              uint64_t ns)
{
    double most = 0;
    for (uint32_t i = 0; i < need->ins_n; i++) {
        double frames = (double)ns * in[i].rate_hz / 1e9 / in[i].cols;
        most = frames > most ? frames : most;
    }
    return most < LEAT_SLOTS_MAX ? (uint32_t)most + 1 : LEAT_SLOTS_MAX;
}

/* by=time needs times: the frames of an input that gives none have no place in its order. */
static int all_timed(const struct leat_shape *in, const struct leat_need *need,
                     struct leat_diag *diag)
{
    for (uint32_t i = 0; i < need->ins_n; i++)
        if (!in[i].timed)
            return leat_diag_set(diag, LEAT_ESHAPE,
                                 "by: input %u gives frames without a time; say time= at its "
                                 "source, and rate= where a stage leaves samples out, or merge "
                                 "by=sequence",
                                 i + 1);
    return LEAT_OK;
}

/* within= and time=, where they say something. */
static int check_words(const struct leat_join_options *o, const struct leat_shape *in,
                       struct leat_need *need, struct leat_diag *diag)
{
    bool timed = o->how == MERGE && o->by == TIME;
    if (o->time.n != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "time: how=asof alone looks at it");
    if (o->how == FIRST && o->within.ns != 0)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "within: how many numbers to wait for a missing one, such as 8");
    if (timed && o->within.samples != 0)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "within: how long to wait for a silent input, such as 5ms");
    if (o->how == FIRST)
        need->wait_max = (uint32_t)o->within.samples;
    else if (timed && o->within.ns != 0)
        need->wait_max = frames_within(in, need, o->within.ns);
    else if (o->within.samples != 0 || o->within.ns != 0)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "within: goes with how=asof, how=first and how=merge by=time");
    return LEAT_OK;
}

static int join_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_join_options *o = options;
    if (need->ins_n < 2)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "join: one input is no join; end another chain with its name and a "
                             "dot");
    need->frames_in = need->frames_out = 1;
    int status = same_kind(in, need, diag);
    if (status == LEAT_OK && o->how == ASOF)
        return leat_asof_resolve(o, in, need, diag);
    if (status == LEAT_OK)
        status = same_rate(in, need, o->how == MERGE, diag);
    if (status == LEAT_OK)
        status = check_words(o, in, need, diag);
    if (status != LEAT_OK)
        return status;
    if (o->by != SEQUENCE && o->how != MERGE)
        return leat_diag_set(diag, LEAT_EINVAL, "join: how=%s goes by=sequence alone",
                             o->how == ZIP ? "zip" : o->how == ADD ? "add" : "first");
    if (o->how == ADD && in[0].kind != LEAT_F64 && in[0].kind != LEAT_F32 &&
        in[0].kind != LEAT_I64)
        return leat_diag_set(diag, LEAT_ESHAPE, "join: how=add takes f64, f32 and i64, not %s",
                             leat_kind_name(in[0].kind));
    if (o->by == TIME && (status = all_timed(in, need, diag)) != LEAT_OK)
        return status;
    need->state_bytes = sizeof(struct join);
    if (o->how == MERGE)
        need->frames_out = need->ins_n;
    need->pairing = o->by == SEQUENCE ? LEAT_BY_SEQUENCE
                    : o->by == TIME   ? LEAT_BY_TIME
                                      : LEAT_BY_ARRIVAL;
    if (o->how == FIRST && leat_lines_are(&in[0]))
        leat_lines_resolve(o->within.samples, need);
    return o->how == ZIP ? zip_shape(in, need, diag) : same_shape(in, need, o->how == ADD, diag);
}

static int join_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_join_options *o = options;
    *(struct join *)state = (struct join){.within = o->within.samples + o->within.ns,
                                          .latest = INT64_MIN,
                                          .rate_hz = in[0].rate_hz,
                                          .how = o->how,
                                          .by = o->by,
                                          .bytes = leat_kind_bytes(in[0].kind),
                                          .stops = o->on_end == STOP};
    if (o->how == FIRST && leat_lines_are(&in[0]))
        leat_lines_init(state);
    return o->how == ASOF ? leat_asof_init(state, o, in, need, diag) : LEAT_OK;
}

static const char *const hows[] = {"zip", "add", "first", "merge", "asof", NULL};
static const char *const bys[] = {"sequence", "time", "arrival", NULL};
static const char *const ends[] = {"drain", "stop", NULL};

static const struct leat_param params[] = {
    {.name = "how", .fallback = "zip", .words = hows,
     .doc = "zip: the channels of all inputs side by side. add: their sum, channel by channel. "
            "first: of frames of equal number the first that is there; of messages, the lines of "
            "one feed, each number once. merge: the frames of all. "
            "asof: to each sample of the first input the latest of each other that is not later "
            "(none: nan, in i64 the smallest number), side by side.",
     .example = "add",
     .offset = offsetof(struct leat_join_options, how), .type = LEAT_P_WORD},
    {.name = "by", .fallback = "sequence", .words = bys,
     .doc = "What puts frames in order: their number in the stream, the time of their first sample "
            "(merge alone), or when they arrive (merge alone; it differs from run to run). asof "
            "goes by time.",
     .example = "sequence",
     .offset = offsetof(struct leat_join_options, by), .type = LEAT_P_WORD},
    {.name = "within", .fallback = "", .min = 1, .max = 1 << 20,
     .doc = "asof: how old a sample may be, as a duration; else it is none. merge by=time: how "
            "long a silent input holds the others back, in their event time, where so many frames "
            "have room. first: how many numbers the others may be further when a missing one is "
            "given up; of messages, or when 256 frames wait.",
     .example = "5s", .unit = LEAT_COUNT,
     .offset = offsetof(struct leat_join_options, within), .type = LEAT_P_LENGTH},
    {.name = "time", .fallback = "",
     .doc = "asof: the channel that holds the time of each sample, one for all inputs or one for "
            "each; without it, it follows from the frame's time and the rate.",
     .example = "time",
     .offset = offsetof(struct leat_join_options, time), .type = LEAT_P_LIST},
    {.name = "time-unit", .fallback = "s", .words = leat_time_words,
     .doc = "Unit of that channel, for within=.", .example = "ns",
     .offset = offsetof(struct leat_join_options, time_unit), .type = LEAT_P_WORD},
    {.name = "on-end", .fallback = "drain", .words = ends,
     .doc = "When an input has ended and is used up: drain goes on with the others; stop ends, "
            "too, what the others still have is dropped, and their sources end.",
     .example = "stop",
     .offset = offsetof(struct leat_join_options, on_end), .type = LEAT_P_WORD},
};

const struct leat_stage leat_stage_join = {
    .size = sizeof(struct leat_stage),
    .name = "join",
    .doc = "Makes one stream of several chains that end in its name and a dot.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_join_options),
    .ins = LEAT_MANY,
    .outs = 1,
    .resolve = join_resolve,
    .init = join_init,
    .flush = join_flush,
    .join = join_join,
    .counts = leat_lines_causes,
};
