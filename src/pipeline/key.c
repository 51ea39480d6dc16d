/* key: from here on stages keep one state for each value of a channel. Itself it only looks that
 * every value is one; what it says is for the planner, here. */
#include "pipeline/keyed.h"

#include "pipeline/build.h"

/* ---- the stage ---- */

enum { WHY_NAN = LEAT_WHY_OWN };

struct key_state {
    uint32_t row;
};

/* Keys compare by value, and NaN is like nothing. */
static bool has_nan(struct leat_frame *f, uint32_t row)
{
    bool found = false;
    if (f->kind == LEAT_F32) {
        const float *x = leat_frame_row(f, row);
        for (uint32_t i = 0; i < f->cols; i++)
            found |= x[i] != x[i];
    } else if (f->kind == LEAT_F64) {
        const double *x = leat_frame_row(f, row);
        for (uint32_t i = 0; i < f->cols; i++)
            found |= x[i] != x[i];
    }
    return found;
}

static void key_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                    uint32_t n)
{
    uint32_t row = ((const struct key_state *)state)->row;
    for (uint32_t i = 0; i < n; i++)
        if (has_nan(frames[i], row))
            leat_reject(ctx, i, WHY_NAN);
}

static int find_by(const void *options, const struct leat_shape *in, uint32_t *row,
                   struct leat_diag *diag)
{
    const struct leat_key_options *o = options;
    struct leat_diag why;
    int status = leat_shape_find(in, o->by, row, &why);
    return status == LEAT_OK ? LEAT_OK : leat_diag_set(diag, status, "by: %s", why.text);
}

static int key_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    uint32_t row;
    need->state_bytes = sizeof(struct key_state);
    if (((const struct leat_key_options *)options)->ttl != 0 && !(in->rate_hz > 0))
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "ttl: the stream has no rate, so nobody knows how much time passes; "
                             "give the source rate=, or leave ttl= out");
    return find_by(options, in, &row, diag);
}

static int key_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    (void)need;
    return find_by(options, in, &((struct key_state *)state)->row, diag);
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
            "never.",
     .example = "5min", .type = LEAT_P_U64, .unit = LEAT_NS,
     .offset = offsetof(struct leat_key_options, ttl)},
};

static const char *const whys[] = {"a key is NaN", NULL};

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
    uint32_t row;
    if (key == NULL)
        return leat_diag_set(b->diag, LEAT_ENOMEM, "no memory for a key");
    int status = find_by(o, &s->in, &row, b->diag);
    *key = (struct leat_plan_key){s->in.channels[row].name, o->max, o->ttl};
    s->key = key;
    return status;
}

uint32_t key_row(const struct leat_plan_stage *s)
{
    for (uint32_t r = 0; s->key != NULL && r < s->in.rows; r++)
        if (strcmp(s->in.channels[r].name, s->key->channel) == 0)
            return r;
    return KEYED_NONE;
}

int key_check(struct builder *b, const struct leat_plan_stage *s)
{
    const struct leat_stage *stage = s->stage;
    bool map = stage->map != NULL, stateless = (stage->traits & LEAT_STATELESS) != 0;
    if (s->key == NULL || stage->outs == 0 || is_tee(s) || is_queue(s) || is_join(s) ||
        (map && stateless))
        return LEAT_OK;
    if (!map || (stage->traits & LEAT_KEYED) == 0)
        return leat_diag_set(b->diag, LEAT_ESHAPE,
                             "%s: keeps one state for the whole stream and cannot keep one for "
                             "each %s; put it before `key`",
                             s->name, s->key->channel);
    if (s->key->ttl_ns != 0 && !(s->in.rate_hz > 0))
        return leat_diag_set(b->diag, LEAT_ESHAPE,
                             "%s: samples are missing before it, so nobody knows how much time "
                             "passes: put it before them, or leave ttl= of key out",
                             s->name);
    if (key_row(s) == KEYED_NONE)
        return leat_diag_set(b->diag, LEAT_ESHAPE,
                             "%s: the keys are gone: '%s' is no channel of the stream any more; "
                             "keep it, or put this before `key`",
                             s->name, s->key->channel);
    return LEAT_OK;
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
    k->candidates = (uint32_t)(key->max / 16 < 1 ? 1 : key->max / 16);
    k->slot_bits = bits_for(key->max + 1);
    k->bucket_bits = bits_for(2 * key->max);
    k->tail_at = leat_round_up(state, sizeof(uint64_t));
    size_t tail = sizeof(struct keyed_tail) + (key->ttl_ns != 0 ? sizeof(int64_t) : 0);
    bool fits = state <= SIZE_MAX / 4;
    k->entry_bytes = fits ? leat_round_up(k->tail_at + tail, LEAT_LINE) : SIZE_MAX;
    fits = fits && add_room(&end, 1, state, &k->fresh_at) &&
           add_room(&end, (size_t)1 << k->bucket_bits, sizeof(uint32_t), &k->buckets_at) &&
           add_room(&end, k->candidates, sizeof(struct candidate), &k->candidates_at) &&
           add_room(&end, key->max, k->entry_bytes, &k->entries_at);
    if (!fits)
        return leat_diag_set(b->diag, LEAT_ELIMIT,
                             "%s: %llu states of %zu bytes each are more than memory can have; "
                             "lower max= of key",
                             s->name, (unsigned long long)key->max, state);
    k->scratch_bytes = keyed_scratch_bytes(&s->in);
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
