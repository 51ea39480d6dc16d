/* json: text of one JSON value a line -> [fields x samples]. */
#define _GNU_SOURCE
#include "io/common.h"
#include "io/filling.h"
#include "io/json_path.h"
#include "io/lines.h"
#include "io/value.h"

#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)4 << 20) /* bytes of the longest line */
#define BEFORE "^"             /* instead of a path: the text before after= */

/* What a sample is made of. */
struct field {
    char name[LEAT_NAME_MAX];
    const char *path;           /* borrowed */
    struct leat_json_path find; /* of no steps: the text before after= */
};

/* A line is taken when the value there is this text. */
struct condition {
    const char *text; /* borrowed */
    struct leat_json_path find;
};

struct json_source {
    const struct leat_json_source_options *options;
    struct field *fields; /* [filling.rows], and behind them the time */
    struct condition *only;
    struct leat_lines lines;
    struct leat_filling filling;
    uint32_t kind;
    /* the line that is read: what stands before after=, and the place of its JSON */
    const char *before;
    size_t before_bytes;
    uint64_t column;
};

/* ---- options ---- */

static int make_path(struct leat_json_path *find, const char *text, const char *after,
                     struct leat_diag *diag)
{
    if (strcmp(text, BEFORE) != 0)
        return leat_json_path_make(find, text, strlen(text), diag);
    if (after != NULL)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_EINVAL,
                         "'" BEFORE "' is the text before after=, which is not given");
}

/* The diag of a path begins with the parameter that it is in. */
static int in_parameter(const char *parameter, int status, struct leat_diag *diag)
{
    struct leat_diag why;
    if (status == LEAT_OK || diag == NULL)
        return status;
    why = *diag;
    return leat_diag_set(diag, status, "%s: %s", parameter, why.text);
}

/* NAME:PATH, or a path that is its own name. */
static int make_field(struct field *field, const char *text, const char *after,
                      struct leat_diag *diag)
{
    const char *colon = strchr(text, ':');
    field->path = colon != NULL ? colon + 1 : text;
    leat_name_copy(field->name, text, colon != NULL ? (size_t)(colon - text) : strlen(text));
    if (field->name[0] == '\0')
        return leat_diag_set(diag, LEAT_EINVAL, "'%s' has no name", text);
    return make_path(&field->find, field->path, after, diag);
}

static int make_fields(const struct leat_json_source_options *o, struct field *fields,
                       struct leat_diag *diag)
{
    uint32_t n = o->fields.n;
    int status = LEAT_OK;
    for (uint32_t i = 0; i < n && status == LEAT_OK; i++)
        status = make_field(&fields[i], o->fields.items[i], o->after, diag);
    status = in_parameter("fields", status, diag);
    if (status == LEAT_OK && o->time != NULL) {
        fields[n] = (struct field){.name = "time", .path = o->time};
        status = in_parameter("time", make_path(&fields[n].find, o->time, o->after, diag), diag);
    }
    return status;
}

static int make_only(const struct leat_json_source_options *o, struct condition *only,
                     struct leat_diag *diag)
{
    int status = LEAT_OK;
    for (uint32_t i = 0; i < o->only.n && status == LEAT_OK; i++) {
        const char *text = o->only.items[i], *colon = strchr(text, ':');
        if (colon == NULL)
            status = leat_diag_set(diag, LEAT_ESYNTAX, "'%s' has no colon; write PATH:TEXT", text);
        else
            status = leat_json_path_make(&only[i].find, text, (size_t)(colon - text), diag);
        only[i].text = colon != NULL ? colon + 1 : NULL;
    }
    return in_parameter("only", status, diag);
}

static void unmake(const struct leat_json_source_options *o, struct field *fields,
                   struct condition *only)
{
    for (uint32_t i = 0; fields != NULL && i <= o->fields.n; i++)
        leat_json_path_fini(&fields[i].find);
    for (uint32_t i = 0; only != NULL && i < o->only.n; i++)
        leat_json_path_fini(&only[i].find);
    free(fields);
    free(only);
}

static int make(const struct leat_json_source_options *o, struct field **fields,
                struct condition **only, struct leat_diag *diag)
{
    *fields = calloc(o->fields.n + 1u, sizeof **fields);
    *only = calloc(o->only.n + 1u, sizeof **only);
    if (*fields == NULL || *only == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for %u fields", o->fields.n);
    int status = make_fields(o, *fields, diag);
    return status == LEAT_OK ? make_only(o, *only, diag) : status;
}

/* Each channel has the name of its field. */
static int name_channels(const struct field *fields, struct leat_shape *out, struct leat_diag *diag)
{
    struct leat_names names;
    memset(out->channels, 0, out->rows * sizeof *out->channels);
    int status = leat_io_names_make(&names, out->channels, out->rows, diag);
    for (uint32_t r = 0; r < out->rows && status == LEAT_OK; r++) {
        memcpy(out->channels[r].name, fields[r].name, LEAT_NAME_MAX);
        if (leat_names_add(&names, r) != r)
            status = leat_diag_set(diag, LEAT_EINVAL,
                                   "fields: '%s' is there twice; write NAME:PATH", fields[r].name);
    }
    leat_io_names_drop(&names);
    return status;
}

static int json_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_json_source_options *o = options;
    struct leat_shape *out = &need->out;
    struct field *fields;
    struct condition *only;
    (void)in;
    out->rows = o->fields.n;
    out->kind = leat_io_kind(o->type);
    out->rate_hz = o->rate;
    out->timed = o->time != NULL;
    int status = leat_io_channels(need, o->fields.n, diag);
    if (status == LEAT_OK)
        status = leat_shape_cols(&o->frame, o->rate, LEAT_IO_FRAME_MAX, &out->cols, diag);
    if (status != LEAT_OK)
        return status;
    status = make(o, &fields, &only, diag);
    if (status == LEAT_OK)
        status = name_channels(fields, out, diag);
    unmake(o, fields, only);
    need->state_bytes = sizeof(struct json_source);
    return status;
}

static int json_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    struct json_source *s = state;
    const struct leat_json_source_options *o = options;
    (void)in;
    s->options = o;
    s->kind = need->out.kind;
    json_object_seed(0); /* or the first parse would do it, and read /dev/urandom for it */
    int status = leat_lines_open(&s->lines, o->file, ROOM, diag);
    if (status == LEAT_OK)
        status = make(o, &s->fields, &s->only, diag);
    if (status == LEAT_OK)
        status = leat_filling_init(&s->filling, &need->out, !s->lines.reader.regular, diag);
    return status;
}

static void json_fini(void *state)
{
    struct json_source *s = state;
    if (s->options == NULL)
        return;
    leat_lines_close(&s->lines);
    unmake(s->options, s->fields, s->only);
    leat_filling_fini(&s->filling);
    memset(s, 0, sizeof *s);
}

/* ---- one value ---- */

/* A whole number as text: what csv would have read. */
static size_t whole_text(const json_t *value, char out[24])
{
    json_int_t whole = json_integer_value(value);
    out[0] = '-';
    return whole < 0 ? 1 + leat_io_count_text(out + 1, 0 - (uint64_t)whole)
                     : leat_io_count_text(out, (uint64_t)whole);
}

/* The text of a value: a string's own; a number's, room for 32 bytes. False: it has none. */
static bool text_of(const json_t *value, char number[32], const char **text, size_t *bytes)
{
    *text = number;
    switch (json_typeof(value)) {
    case JSON_STRING:
        *text = json_string_value(value);
        *bytes = json_string_length(value);
        return true;
    case JSON_INTEGER: *bytes = whole_text(value, number); return true;
    case JSON_REAL: *bytes = leat_number_write(number, json_real_value(value)); return true;
    default: *bytes = 0; return false;
    }
}

/* ---- one line ---- */

/* A line that cannot be read: counted, or the end. */
static int bad_line(struct json_source *s, struct leat_ctx *ctx, uint64_t column, const char *what)
{
    if (s->options->on_error == LEAT_ERROR_REJECT) {
        ctx->rejected_rows++;
        return 0;
    }
    return leat_io_fail_at(ctx, LEAT_EDATA, s->options->file, s->lines.line, column,
                           "%s; use on-error=reject to count and skip such lines", what);
}

static int bad_value(struct json_source *s, struct leat_ctx *ctx, const struct field *field,
                     enum leat_value why, const char *text, size_t bytes)
{
    if (why == LEAT_VALUE_MISSING) { /* asked for, not an error */
        ctx->rejected_rows++;
        return 0;
    }
    struct leat_diag reason, line;
    leat_value_why(why, text, bytes, &reason);
    leat_diag_set(&line, LEAT_EDATA, "%s (%s): %s", field->name, field->path, reason.text);
    return bad_line(s, ctx, s->column, line.text);
}

/* A field's text, in the line or its JSON. False: it is of no kind that is a number. */
static bool field_text(const struct json_source *s, const struct field *field, const json_t *root,
                       char number[32], const char **text, size_t *bytes)
{
    *text = s->before;
    *bytes = s->before_bytes;
    if (field->find.n == 0)
        return true;
    const json_t *value = leat_json_path_find(&field->find, root);
    static const char *const kinds[] = {
        [JSON_OBJECT] = "{...}", [JSON_ARRAY] = "[...]", [JSON_STRING] = "",
        [JSON_INTEGER] = "",     [JSON_REAL] = "",       [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",  [JSON_NULL] = ""};
    *bytes = 0;
    if (value == NULL || text_of(value, number, text, bytes) || json_is_null(value))
        return true;
    *text = kinds[json_typeof(value)];
    *bytes = strlen(*text);
    return false;
}

static bool taken(const struct json_source *s, const json_t *root)
{
    for (uint32_t i = 0; i < s->options->only.n; i++) {
        const struct condition *c = &s->only[i];
        const json_t *value = leat_json_path_find(&c->find, root);
        char number[32];
        const char *text;
        size_t bytes;
        if (value == NULL || !text_of(value, number, &text, &bytes) || bytes != strlen(c->text) ||
            memcmp(text, c->text, bytes) != 0)
            return false;
    }
    return true;
}

/* Puts the fields into the column that is due. 1: done; 0: the line is left out; an error. */
static int take_fields(struct json_source *s, struct leat_ctx *ctx, const json_t *root, char *base,
                       size_t stride)
{
    const struct leat_json_source_options *o = s->options;
    struct leat_filling *f = &s->filling;
    bool reject = o->missing == LEAT_MISSING_REJECT;
    char *out = base + (size_t)f->filled * f->width, number[32];
    const char *text;
    size_t bytes;
    if (!taken(s, root))
        return 0;
    for (uint32_t r = 0; r < f->rows; r++, out += stride) {
        enum leat_value why = LEAT_VALUE_NO_NUMBER;
        if (field_text(s, &s->fields[r], root, number, &text, &bytes))
            why = leat_value_read(text, bytes, s->kind, reject, out);
        if (why != LEAT_VALUE_GOOD)
            return bad_value(s, ctx, &s->fields[r], why, text, bytes);
    }
    if (o->time == NULL)
        return 1;
    const struct field *time = &s->fields[f->rows];
    enum leat_value why = LEAT_VALUE_NO_NUMBER;
    int64_t time_ns;
    if (field_text(s, time, root, number, &text, &bytes))
        why = leat_value_time(text, bytes, o->time_unit, &time_ns);
    if (why != LEAT_VALUE_GOOD)
        return bad_value(s, ctx, time, why, text, bytes);
    if (f->filled == 0)
        f->time_ns = time_ns;
    return 1;
}

/* Where the JSON of a line begins; NULL: after= is not there. */
static const char *find_json(struct json_source *s, const char *text, size_t bytes)
{
    const char *after = s->options->after;
    s->before = text;
    s->before_bytes = 0;
    if (after == NULL)
        return text;
    const char *hit = memmem(text, bytes, after, strlen(after));
    if (hit == NULL)
        return NULL;
    s->before_bytes = (size_t)(hit - text);
    return hit + strlen(after);
}

/* Blank, or a comment. */
static bool passed_over(const struct json_source *s, const char *text, size_t bytes)
{
    const char *comment = s->options->comment;
    size_t n = 0, length = comment != NULL ? strlen(comment) : 0;
    while (n < bytes && (text[n] == ' ' || text[n] == '\t'))
        n++;
    return n == bytes || (length != 0 && bytes - n >= length &&
                          memcmp(text + n, comment, length) == 0);
}

static int take_line(struct json_source *s, struct leat_ctx *ctx, const char *text, size_t bytes,
                     char *base, size_t stride)
{
    if (passed_over(s, text, bytes))
        return 0;
    struct leat_diag line;
    const char *json = find_json(s, text, bytes);
    if (json == NULL) {
        leat_diag_set(&line, LEAT_EDATA, "the line has no '%s', after which its JSON would stand",
                      s->options->after);
        return bad_line(s, ctx, 1, line.text);
    }
    json_error_t error;
    size_t n = bytes - (size_t)(json - text);
    s->column = bytes - n + 1;
    json_t *root = json_loadb(json, n, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL && json_error_code(&error) == json_error_numeric_overflow) /* of a whole one */
        root = json_loadb(json, n, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
    if (root == NULL) {
        leat_diag_set(&line, LEAT_EDATA, "this is not JSON: %s", error.text);
        return bad_line(s, ctx, s->column + (error.position > 0 ? (uint64_t)error.position - 1 : 0),
                        line.text);
    }
    int status = take_fields(s, ctx, root, base, stride);
    json_decref(root);
    return status;
}

static int fill(void *source, struct leat_ctx *ctx, char *base, size_t stride)
{
    struct json_source *s = source;
    while (s->filling.filled < s->filling.cols) {
        const char *text;
        size_t bytes;
        int status = leat_lines_next(&s->lines, ctx, &s->filling.may_wait, &text, &bytes);
        if (status == LEAT_LINES_LONG)
            status = bad_line(s, ctx, 1, "this line is longer than 4 MiB");
        else if (status <= 0)
            return status;
        else
            status = take_line(s, ctx, text, bytes, base, stride);
        if (status < 0)
            return status;
        s->filling.filled += status == 1;
    }
    return 1;
}

static int json_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    struct json_source *s = state;
    int status = leat_filling_pull(&s->filling, ctx, frames, n, fill, s);
    ctx->progress = s->lines.reader.taken;
    ctx->progress_all = s->lines.reader.bytes;
    return status;
}

#define OPTION(field) offsetof(struct leat_json_source_options, field)
static const struct leat_param json_params[] = {
    LEAT_IO_FILE(leat_json_source_options, NULL, "file to read; - is standard input",
                 "trades.jsonl"),
    {.name = "fields", .fallback = NULL, .example = "price:data.price,size:data.sizes[0]",
     .offset = OPTION(fields), .type = LEAT_P_LIST,
     .doc = "the channels, each NAME:PATH, or a path that is its own name: keys with dots between "
            "them, [n] for an array's item from 0, [key] for a key with a dot in it; ^ is the text "
            "that stands before `after`"},
    {.name = "only", .fallback = "", .example = "type:match", .offset = OPTION(only),
     .doc = "take lines alone in which the value at PATH is TEXT, each PATH:TEXT",
     .type = LEAT_P_LIST},
    {.name = "after", .fallback = "", .example = "': '", .offset = OPTION(after),
     .doc = "in each line the JSON begins behind this text, the first of its kind",
     .type = LEAT_P_TEXT},
    {.name = "comment", .fallback = "", .doc = "lines that begin with this text are passed over",
     .example = "'#'", .offset = OPTION(comment), .type = LEAT_P_TEXT},
    LEAT_IO_FRAME(leat_json_source_options),
    LEAT_IO_RATE(leat_json_source_options),
    LEAT_IO_TYPE(leat_json_source_options, "f64"),
    {.name = "time", .fallback = "", .doc = "path of the event time, a number", .example = "ts",
     .offset = OPTION(time), .type = LEAT_P_TEXT},
    LEAT_IO_TIME_UNIT(leat_json_source_options),
    {.name = "missing", .fallback = "nan", .words = leat_io_missing, .example = "reject",
     .doc = "a value that is not there, null or empty becomes NaN, or its line is counted and left "
            "out (i64: always)",
     .offset = OPTION(missing), .type = LEAT_P_WORD},
    {.name = "on-error", .fallback = "stop", .words = leat_io_on_error, .example = "reject",
     .doc = "a line that cannot be read (no JSON, no numbers, over 4 MiB) stops the run, or is "
            "counted and left out",
     .offset = OPTION(on_error), .type = LEAT_P_WORD},
};

const struct leat_stage leat_json_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS | LEAT_MAY_BREAK_FINITE,
    .name = "json",
    .doc = "Reads numbers from lines of JSON, one sample a line. Numbers may stand in strings.",
    .params = json_params,
    .params_n = sizeof json_params / sizeof json_params[0],
    .options_bytes = sizeof(struct leat_json_source_options),
    .outs = 1,
    .resolve = json_resolve,
    .init = json_init,
    .pull = json_pull,
    .fini = json_fini,
};
