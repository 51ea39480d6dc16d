/* key: from here on stages keep one state for each value of a channel. Itself it only looks that
 * every value is one; what it says is for the planner, here. */
#include "pipeline/keyed.h"

#include "base/times.h"
#include "pipeline/build.h"

/* ---- the stage ---- */

enum { WHY_NAN = LEAT_WHY_OWN, WHY_TIMELESS };

struct key_state {
    uint32_t row, time_row; /* KEYED_NONE: it looks at no times */
};

/* Keys compare by value, and NaN is like nothing. A NaN's bits without the sign are more than those
 * of infinity: the difference is negative, which and, subtract and or alone can see, many samples
 * at once. */
static bool has_nan(struct leat_frame *f, uint32_t row)
{
    const uint64_t inf = UINT64_C(0x7ff0000000000000);
    const uint32_t cols = f->cols, *narrow = leat_frame_row(f, row);
    const uint64_t *wide = leat_frame_row(f, row);
    uint64_t below = 0;
    uint32_t narrow_below = 0;
    if (f->kind == LEAT_F32)
        for (uint32_t i = 0; i < cols; i++)
            narrow_below |= 0x7f800000u - (narrow[i] & 0x7fffffffu);
    else if (f->kind == LEAT_F64)
        for (uint32_t i = 0; i < cols; i++)
            below |= inf - (wide[i] & (UINT64_MAX >> 1));
    return (below >> 63 | narrow_below >> 31) != 0;
}

static void key_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                    uint32_t n)
{
    const struct key_state *self = state;
    for (uint32_t i = 0; i < n; i++)
        if (has_nan(frames[i], self->row))
            leat_reject(ctx, i, WHY_NAN);
        else if (self->time_row != KEYED_NONE && has_nan(frames[i], self->time_row))
            leat_reject(ctx, i, WHY_TIMELESS);
}

static int find(const char *param, const char *name, const struct leat_shape *in, uint32_t *row,
                struct leat_diag *diag)
{
    struct leat_diag why;
    int status = leat_shape_find(in, name, row, &why);
    return status == LEAT_OK ? LEAT_OK : leat_diag_set(diag, status, "%s: %s", param, why.text);
}

/* The rows of the key and of the times; KEYED_NONE where no channel of times is named. */
static int find_rows(const struct leat_key_options *o, const struct leat_shape *in,
                     struct key_state *rows, struct leat_diag *diag)
{
    rows->time_row = KEYED_NONE;
    int status = find("by", o->by, in, &rows->row, diag);
    if (status != LEAT_OK || o->time == NULL)
        return status;
    if (o->ttl == 0)
        return leat_diag_set(diag, LEAT_EINVAL, "time: ttl= alone looks at it");
    if (in->kind != LEAT_I64 && in->kind != LEAT_F64)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "time: %s is %s, which holds no times; take type=f64 or i64", o->time,
                             leat_kind_name(in->kind));
    status = find("time", o->time, in, &rows->time_row, diag);
    return status == LEAT_OK && rows->time_row == rows->row
               ? leat_diag_set(diag, LEAT_EINVAL, "time: %s is the key", o->time)
               : status;
}

static int key_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_key_options *o = options;
    struct key_state rows;
    need->state_bytes = sizeof(struct key_state);
    if (o->ttl != 0 && o->time == NULL && !(in->rate_hz > 0) && !in->timed)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "ttl: the stream has neither times nor a rate, so nobody knows how "
                             "much time passes; name a channel of times, time=, or give the source "
                             "rate=");
    return find_rows(o, in, &rows, diag);
}

static int key_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    (void)need;
    return find_rows(options, in, state, diag);
}

static const struct leat_param params[] = {
    {.name = "by", .fallback = NULL,
     .doc = "The channel whose values are the keys, by name or number from 1; it passes untouched "
            "through the stages behind.",
     .example = "1", .type = LEAT_P_TEXT, .offset = offsetof(struct leat_key_options, by)},
    {.name = "max", .fallback = NULL, .min = 1, .max = LEAT_KEYS_MAX,
     .doc = "Keys that each stage keeps a state for; for one more, the key that was used longest "
            "ago loses its state, which is counted.",
     .example = "100k", .type = LEAT_P_U64, .unit = LEAT_COUNT,
     .offset = offsetof(struct leat_key_options, max)},
    {.name = "ttl", .fallback = "0ns",
     .doc = "A key that was not seen for longer, in the stream's own time, starts anew; 0ns: "
            "never. Where the stream has no rate a frame's samples count as of its time.",
     .example = "5min", .type = LEAT_P_U64, .unit = LEAT_NS,
     .offset = offsetof(struct leat_key_options, ttl)},
    {.name = "time", .fallback = "",
     .doc = "For ttl=: the channel that holds the time of each sample; it passes untouched, too. "
            "Without it time follows from the frames' times and the rate.",
     .example = "time", .type = LEAT_P_TEXT, .offset = offsetof(struct leat_key_options, time)},
    {.name = "time-unit", .fallback = "s", .words = leat_time_words,
     .doc = "Unit of that channel.", .example = "ns", .type = LEAT_P_WORD,
     .offset = offsetof(struct leat_key_options, time_unit)},
};

static const char *const whys[] = {"a key is NaN", "a time is NaN", NULL};

const struct leat_stage pipeline_key = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_READS_ONLY | TRAIT_KEY,
    .name = "key",
    .doc = "From here on every stateful stage keeps one state for each value of a channel. A frame "
           "with a key that is NaN is rejected.",
    .params = params,
    .params_n = sizeof params / sizeof params[0],
    .options_bytes = sizeof(struct leat_key_options),
    .ins = 1,
    .outs = 1,
    .resolve = key_resolve,
    .init = key_init,
    .map = key_map,
    .whys = whys,
};

/* ---- the plan ---- */

int key_note(struct builder *b, struct leat_plan_stage *s)
{
    const struct leat_key_options *o = s->options;
    struct leat_plan_key *key = plan_take(b, sizeof *key);
    struct key_state rows;
    if (key == NULL)
        return leat_diag_set(b->diag, LEAT_ENOMEM, "no memory for a key");
    int status = find_rows(o, &s->in, &rows, b->diag);
    if (status != LEAT_OK)
        return status;
    *key = (struct leat_plan_key){.channel = s->in.channels[rows.row].name,
                                  .max = o->max,
                                  .ttl_ns = o->ttl,
                                  .unit_ns = leat_time_ns[o->time_unit]};
    if (rows.time_row != KEYED_NONE)
        key->time = s->in.channels[rows.time_row].name;
    s->key = key;
    return LEAT_OK;
}

static uint32_t row_called(const struct leat_plan_stage *s, const char *name)
{
    for (uint32_t r = 0; name != NULL && r < s->in.rows; r++)
        if (strcmp(s->in.channels[r].name, name) == 0)
            return r;
    return KEYED_NONE;
}

uint32_t key_row(const struct leat_plan_stage *s)
{
    return s->key != NULL ? row_called(s, s->key->channel) : KEYED_NONE;
}

uint32_t key_time_row(const struct leat_plan_stage *s)
{
    return s->key != NULL ? row_called(s, s->key->time) : KEYED_NONE;
}

/* How many samples of one key come in a second, nobody knows. */
static int check_durations(struct builder *b, const struct leat_plan_stage *s)
{
    for (uint32_t i = 0; i < s->stage->params_n; i++) {
        const struct leat_param *p = &s->stage->params[i];
        const char *field = (const char *)s->options + p->offset;
        uint64_t ns = 0;
        if (p->type == LEAT_P_LENGTH)
            ns = ((const struct leat_length *)(const void *)field)->ns;
        else if (p->type == LEAT_P_STRETCH)
            ns = ((const struct leat_stretch *)(const void *)field)->ns;
        if (ns != 0)
            return leat_diag_set(b->diag, LEAT_ESHAPE,
                                 "%s: a duration needs a rate, and the samples of one %s have "
                                 "none: give a count of samples",
                                 p->name, s->key->channel);
    }
    return LEAT_OK;
}

int key_check(struct builder *b, const struct leat_plan_stage *s)
{
    const struct leat_stage *stage = s->stage;
    bool map = stage->map != NULL, stateless = (stage->traits & LEAT_STATELESS) != 0;
    if (s->key == NULL || stage->outs == 0 || is_tee(s) || is_queue(s) || is_join(s) ||
        (map && stateless))
        return LEAT_OK;
    bool by_sample = stage->take != NULL && stage->leave != NULL && stage->tick == NULL;
    if ((!map && !by_sample) || (stage->traits & LEAT_KEYED) == 0)
        return leat_diag_set(b->diag, LEAT_ESHAPE,
                             "%s: keeps one state for the whole stream and cannot keep one for "
                             "each %s; put it before `key`",
                             s->name, s->key->channel);
    bool by_time = s->key->time != NULL;
    if (s->key->ttl_ns != 0 && !by_time && !(s->in.rate_hz > 0) && !s->in.timed)
        return leat_diag_set(b->diag, LEAT_ESHAPE,
                             "%s: samples are missing before it, so nobody knows how much time "
                             "passes: put it before them, or name a channel of times, time= of key",
                             s->name);
    bool gone = key_row(s) == KEYED_NONE;
    if (gone || (by_time && key_time_row(s) == KEYED_NONE))
        return leat_diag_set(b->diag, LEAT_ESHAPE,
                             "%s: the %s are gone: '%s' is no channel of the stream any more; "
                             "keep it, or put this before `key`",
                             s->name, gone ? "keys" : "times",
                             gone ? s->key->channel : s->key->time);
    return check_durations(b, s);
}

int key_check_join(struct builder *b, const struct leat_plan_stage *s)
{
    bool adds = s->need.first_goes_on && s->ins_n > 1 && s->out.rows == s->in.rows;
    if (s->key == NULL || !is_join(s) || key_row(s) == KEYED_NONE)
        return LEAT_OK;
    if (s->need.pairing == LEAT_BY_LATEST)
        return leat_diag_set(b->diag, LEAT_ESHAPE,
                             "%s: would take the latest sample of any %s; put it before `key`",
                             s->name, s->key->channel);
    if (!adds)
        return LEAT_OK;
    return leat_diag_set(b->diag, LEAT_ESHAPE,
                         "%s: would add the keys in '%s' to each other; select the other channels "
                         "before it",
                         s->name, s->key->channel);
}

static uint32_t bits_for(uint64_t n)
{
    uint32_t bits = 1;
    while (UINT64_C(1) << bits < n)
        bits++;
    return bits;
}

/* No entry lies across two lines that could be in one: many keys' states outgrow a cache, and how
 * many lines they take is then all that counts. */
static size_t entry_bytes(size_t bytes)
{
    return bytes <= LEAT_LINE / 2 ? LEAT_LINE / 2 : leat_round_up(bytes, LEAT_LINE);
}

/* Bytes [*end, …) of the block for n things; false when that is too much. */
static bool add_room(size_t *end, size_t n, size_t bytes, size_t *at)
{
    size_t all;
    *at = *end;
    return leat_size_mul(n, bytes, &all) && all <= SIZE_MAX / 4 &&
           leat_size_add(*end, leat_round_up(all, LEAT_LINE), end);
}

int key_lay_out(struct builder *b, struct leat_plan_stage *s)
{
    const struct leat_plan_key *key = s->key;
    struct leat_plan_keyed *k = plan_take(b, sizeof *k);
    size_t state = s->lens->need.state_bytes, end = leat_round_up(sizeof(struct keyed), LEAT_LINE);
    if (k == NULL)
        return leat_diag_set(b->diag, LEAT_ENOMEM, "no memory for keys");
    k->row = key_row(s);
    k->time_row = key_time_row(s);
    k->groups = (uint32_t)((key->max - 1) / KEYED_GROUP + 1);
    k->slot_bits = bits_for(key->max + 1);
    k->bucket_bits = bits_for(2 * key->max + 1);
    k->tail_at = leat_round_up(state, sizeof(uint64_t));
    size_t tail = sizeof(struct keyed_tail) + (key->ttl_ns != 0 ? sizeof(int64_t) : 0);
    bool fits = state <= SIZE_MAX / 4;
    k->entry_bytes = fits ? entry_bytes(k->tail_at + tail) : SIZE_MAX;
    fits = fits && add_room(&end, 1, state, &k->fresh_at) &&
           add_room(&end, (size_t)1 << k->bucket_bits, sizeof(uint32_t), &k->buckets_at) &&
           add_room(&end, k->groups, sizeof(struct keyed_group), &k->groups_at) &&
           add_room(&end, key->max, k->entry_bytes, &k->entries_at);
    if (!fits)
        return leat_diag_set(b->diag, LEAT_ELIMIT,
                             "%s: %llu states of %zu bytes each are more than memory can have; "
                             "lower max= of key",
                             s->name, (unsigned long long)key->max, state);
    k->scratch_bytes = keyed_scratch_bytes(&s->in, s->lens->need.out.rows,
                                           k->time_row != KEYED_NONE);
    s->keyed = k;
    s->need.state_bytes = end;
    s->need.scratch_bytes += k->scratch_bytes;
    if ((s->stage->traits & LEAT_RESIZES) != 0) { /* of each key, so anywhere */
        s->need.lag_max = 0;
        s->need.out.rate_hz = 0;
        s->need.out.cols_fixed = false;
    }
    return LEAT_OK;
}

/* Samples of each key come when they like, and so does what is made of them. */
int key_widen(struct builder *b, struct leat_plan_stage *s)
{
    struct leat_shape *out = &s->need.out;
    const struct leat_channel *key = &s->in.channels[s->keyed->row];
    uint32_t row;
    s->need.lag_max = 0;
    s->need.frames_in = 1; /* and nobody knows how many come out */
    s->need.frames_out = 0;
    out->rate_hz = 0;
    if (!out->cols_fixed)
        out->cols = s->in.cols;
    if (s->need.keeps_keys)
        return LEAT_OK;
    if (out->rows == LEAT_CHANNELS_MAX)
        return leat_diag_set(b->diag, LEAT_ELIMIT, "%s: %u channels, and the keys behind them, are "
                             "more than a frame can have", s->name, out->rows);
    for (row = 0; row < out->rows; row++)
        if (strcmp(b->scratch[row].name, key->name) == 0)
            return leat_diag_set(b->diag, LEAT_ENAME,
                                 "%s: makes a channel '%s', which is what the keys are called; "
                                 "give their channel another name",
                                 s->name, key->name);
    b->scratch[out->rows++] = *key;
    out->channels = b->scratch;
    return LEAT_OK;
}
