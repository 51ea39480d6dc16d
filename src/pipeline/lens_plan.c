/* Lenses: a MAP stage that is to work on some channels, or beside its input, is asked and run as if
 * there were no others. What comes out of it has its channels back in their places, or behind the
 * last one. */
#include "pipeline/build.h"

#include <stdlib.h>
#include <string.h>

static const char COLUMNS[] = "changes the columns of a frame, which all its channels share";
static const char SELECT[] = "leave on= and as= out, or put `select channels=` before it";
static const char APART[] = "for some channels alone use tee, `select channels=` and join how=zip";

/* The parameter that asked for the lens, for messages; else a key did. */
static const char *asked_by(const struct leat_node *n)
{
    return n->on.n != 0 ? "on" : n->as != NULL ? "as" : "key";
}

static int refuse(struct builder *b, const struct leat_node *n, const char *why,
                  const char *instead)
{
    return leat_diag_set(b->diag, LEAT_ESHAPE, "%s: %s %s; %s", asked_by(n), n->name, why, instead);
}

/* Before it is asked: what can never be shown some channels. */
static int check_kind(struct builder *b, const struct leat_node *n)
{
    if (n->stage->ins == 0)
        return refuse(b, n, "has no channels before it",
                      "name those that it gives, or put `select channels=` behind it");
    if (n->stage->outs == 0 && n->as != NULL)
        return leat_diag_set(b->diag, LEAT_ESHAPE, "as: %s is a sink and gives nothing on; leave "
                             "as= out", n->name);
    if (n->stage->map == NULL && n->stage->outs == 0)
        return refuse(b, n, "hands whole frames over", "put `select channels=` before it");
    if (n->on.n == 0 && n->as == NULL && n->stage->flow != NULL)
        return LEAT_OK; /* behind a key: it is shown all, and gives what it likes */
    if (n->stage->map == NULL || (n->stage->traits & TRAIT_KEY) != 0)
        return refuse(b, n, "moves whole frames", APART);
    /* Asked about some channels, it might miss one that it looks at. */
    const uint32_t anywhere = LEAT_STATELESS | LEAT_RESIZES;
    return (n->stage->traits & anywhere) == anywhere ? refuse(b, n, COLUMNS, SELECT) : LEAT_OK;
}

/* What it says to the channels that it is shown: they must still fit between the others. */
static int check_need(struct builder *b, const struct leat_node *n,
                      const struct leat_plan_lens *lens)
{
    const struct leat_shape *in = &lens->in, *out = &lens->need.out;
    if (n->stage->outs == 0)
        return LEAT_OK;
    if (out->kind != in->kind)
        return refuse(b, n, "changes the kind of its samples, and a frame has one", APART);
    if (n->stage->flow != NULL)
        return LEAT_OK;
    if ((n->stage->traits & LEAT_RESIZES) != 0 && lens->need.lag_max == 0)
        return refuse(b, n, COLUMNS, SELECT);
    bool adds = n->on.n == 0 && n->as == NULL && (n->stage->traits & LEAT_ADDS) != 0;
    if (adds ? out->rows < in->rows : out->rows != in->rows)
        return refuse(b, n, "gives other channels than it takes", "leave on= and as= out");
    if (out->cols != in->cols)
        return refuse(b, n, "changes the length of frames", APART);
    return LEAT_OK;
}

/* Which rows the list names, in its order; all without a list. Never what a key says must pass
 * untouched: `passes`, its own row and that of the times. */
static int find_rows(struct builder *b, const struct leat_node *n, const struct leat_shape *in,
                     const uint32_t passes[2], uint32_t *rows, uint32_t *rows_n)
{
    struct leat_diag why;
    *rows_n = 0;
    if (n->on.n == 0)
        for (uint32_t r = 0; r < in->rows; r++)
            if (r != passes[0] && r != passes[1])
                rows[(*rows_n)++] = r;
    int status = n->on.n != 0 ? leat_shape_rows(in, &n->on, rows, rows_n, &why) : LEAT_OK;
    if (status != LEAT_OK)
        return leat_diag_set(b->diag, status, "on: %s", why.text);
    for (uint32_t i = 0; i < *rows_n; i++)
        if (rows[i] == passes[0] || rows[i] == passes[1])
            return leat_diag_set(b->diag, LEAT_EINVAL, "on: %s %s of the stream and passes "
                                 "untouched", in->channels[rows[i]].name,
                                 rows[i] == passes[0] ? "is the key" : "holds the times");
    if (*rows_n == 0)
        return leat_diag_set(b->diag, LEAT_ESHAPE,
                             "%s: the stream has no channel beside the key '%s'%s", n->name,
                             in->channels[passes[0]].name,
                             passes[1] != UINT32_MAX ? " and its times" : "");
    return LEAT_OK;
}

/* The channels that are not chosen; with `appends` none is lost, so all of them. */
static void find_rest(struct leat_plan_lens *lens, uint32_t rows_in, uint32_t *rest)
{
    lens->rest = rest;
    for (uint32_t r = 0; r < rows_in; r++) {
        bool chosen = false;
        for (uint32_t i = 0; i < lens->in.rows && !lens->appends; i++)
            chosen |= lens->rows[i] == r;
        if (!chosen)
            rest[lens->rest_n++] = r;
    }
}

static int open_lens(struct builder *b, const struct leat_node *n, const struct leat_plan_stage *s,
                     struct leat_plan_lens **opened)
{
    const struct leat_shape *in = &s->in;
    bool reads = n->stage->outs == 0 || (n->stage->traits & (LEAT_READS_ONLY | LEAT_ADDS)) != 0;
    struct leat_plan_lens *lens = plan_take(b, sizeof *lens);
    uint32_t *rows = plan_take(b, in->rows * sizeof *rows);
    uint32_t *rest = plan_take(b, in->rows * sizeof *rest);
    if (lens == NULL || rows == NULL || rest == NULL)
        return leat_diag_set(b->diag, LEAT_ENOMEM, "no memory for %u channels", in->rows);
    lens->in = *in;
    const uint32_t passes[] = {reads ? UINT32_MAX : key_row(s),
                               reads ? UINT32_MAX : key_time_row(s)};
    int status = find_rows(b, n, in, passes, rows, &lens->in.rows);
    if (status != LEAT_OK)
        return status;
    lens->rows = rows;
    lens->appends = n->as != NULL;
    lens->together = true;
    for (uint32_t i = 0; i < lens->in.rows; i++)
        lens->together &= rows[i] == rows[0] + i;
    leat_shape_take(in, rows, lens->in.rows, b->scratch);
    find_rest(lens, in->rows, rest);
    lens->in.channels = b->scratch;
    *opened = lens;
    return plan_keep_channels(b, &lens->in);
}

static void name_row(const struct leat_node *n, struct leat_shape *out, uint32_t r, uint32_t of)
{
    char name[LEAT_NAME_MAX];
    memcpy(name, out->channels[r].name, sizeof name);
    if (of == 1)
        leat_shape_name(out, r, "%s", n->as);
    else
        leat_shape_name(out, r, "%s.%s", n->as, name);
}

static int by_name(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* Are those that as= has named the only ones of their name? Sorted: there may be very many. */
static int check_names(struct builder *b, const struct leat_shape *out)
{
    const char **names = plan_take(b, out->rows * sizeof *names);
    if (names == NULL)
        return leat_diag_set(b->diag, LEAT_ENOMEM, "no memory for %u channels", out->rows);
    for (uint32_t r = 0; r < out->rows; r++)
        names[r] = out->channels[r].name;
    qsort(names, out->rows, sizeof *names, by_name);
    for (uint32_t r = 1; r < out->rows; r++)
        if (strcmp(names[r - 1], names[r]) == 0)
            return leat_diag_set(b->diag, LEAT_ENAME,
                                 "as: the stream has a channel '%s' already; give another name",
                                 names[r]);
    return LEAT_OK;
}

/* What comes out of stage and lens together: need.out, with its channels in b->scratch. */
static int widen(struct builder *b, const struct leat_node *n, struct leat_plan_stage *s,
                 const struct leat_plan_lens *lens)
{
    struct leat_shape *out = &s->need.out;
    uint32_t shown = lens->in.rows, given = lens->need.out.rows;
    uint32_t first = lens->appends ? s->in.rows : 0;
    if (s->stage->flow != NULL)
        return key_widen(b, s);
    if (given > LEAT_CHANNELS_MAX - first)
        return leat_diag_set(b->diag, LEAT_ELIMIT, "as: more than %u channels together",
                             LEAT_CHANNELS_MAX);
    out->rows = lens->appends ? first + given : s->in.rows + given - shown;
    out->channels = b->scratch;
    memcpy(b->scratch, s->in.channels, s->in.rows * sizeof *b->scratch);
    for (uint32_t i = 0; i < given; i++) { /* one that adds was shown all: its own are last */
        uint32_t r = lens->appends ? first + i : i < shown ? lens->rows[i] : i;
        b->scratch[r] = lens->need.out.channels[i];
        if (!lens->appends && i < shown) /* half a channel goes back to its other half */
            b->scratch[r].half = s->in.channels[r].half;
        if (lens->appends)
            name_row(n, out, r, shown);
    }
    return lens->appends ? check_names(b, out) : LEAT_OK;
}

/* Room in the worker's scratch to gather a frame, in front of the stage's own. */
static int add_scratch(struct builder *b, struct leat_plan_stage *s, struct leat_plan_lens *lens)
{
    size_t stride = lens_stride(&lens->in), bytes;
    if (stride > UINT32_MAX || !leat_size_mul(stride, lens->in.rows, &bytes) ||
        !leat_size_add(bytes, sizeof(struct leat_frame), &bytes) ||
        !leat_size_add(bytes, s->need.scratch_bytes, &s->need.scratch_bytes))
        return leat_diag_set(b->diag, LEAT_ELIMIT, "%s: frames of %u samples are too large to be "
                             "shown in part; lower frame=", s->name, lens->in.cols);
    return LEAT_OK;
}

/* 1 + where the stage is shown that row; 0: it is not. */
static uint32_t shown_as(const struct leat_plan_lens *lens, uint32_t row)
{
    for (uint32_t i = 0; i < lens->in.rows; i++)
        if (lens->rows[i] == row)
            return i + 1;
    return 0;
}

int lens_infer(struct builder *b, struct leat_plan_stage *s)
{
    const struct leat_node *n = &b->graph->nodes[s->node];
    struct leat_plan_lens *lens = NULL;
    int status = check_kind(b, n);
    if (status == LEAT_OK)
        status = open_lens(b, n, s, &lens);
    if (status != LEAT_OK)
        return status;
    s->lens = lens;
    s->need.out = lens->in;
    s->need.out.channels = b->scratch;
    s->need.keyed = s->key != NULL;
    s->need.key_row = shown_as(lens, key_row(s));
    s->need.time_row = shown_as(lens, key_time_row(s));
    status = build_resolve(b, s, &lens->in);
    lens->need = s->need;
    if (status == LEAT_OK)
        status = check_need(b, n, lens);
    if (status == LEAT_OK && s->stage->outs != 0)
        status = plan_keep_channels(b, &lens->need.out);
    else
        lens->need.out.channels = NULL;
    if (status == LEAT_OK && s->key != NULL && s->stage->outs != 0 &&
        (s->stage->traits & LEAT_KEYED) != 0)
        status = key_lay_out(b, s);
    if (status == LEAT_OK)
        status = add_scratch(b, s, lens);
    if (status == LEAT_OK && s->stage->outs != 0)
        status = widen(b, n, s, lens);
    return status;
}
