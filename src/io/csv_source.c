/* csv: text of one sample a line -> [columns x samples]. */
#include "io/bytes.h"
#include "io/csv_table.h"
#include "io/filling.h"
#include "io/record.h"
#include "io/value.h"

#include <stdlib.h>
#include <string.h>

struct csv_source {
    const struct leat_csv_source_options *options;
    struct leat_csv_table table;
    struct leat_records records;
    struct leat_reader reader;
    struct leat_filling filling;
    uint32_t kind;
    bool header_due;   /* the next record holds the names */
};

static int source_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                       struct leat_diag *diag)
{
    const struct leat_csv_source_options *o = options;
    (void)in;
    struct leat_shape *out = &need->out;
    out->kind = leat_io_kind(o->type);
    out->rate_hz = o->rate;
    out->timed = o->time != NULL;
    int status = leat_shape_cols(&o->frame, o->rate, LEAT_IO_FRAME_MAX, &out->cols, diag);
    if (status != LEAT_OK)
        return status;
    struct leat_csv_table table;
    status = leat_csv_table_make(&table, o, diag);
    if (status != LEAT_OK)
        return status;
    status = leat_io_channels(need, table.channels, diag);
    if (status == LEAT_OK) {
        out->rows = table.channels;
        memcpy(out->channels, table.names, table.channels * sizeof *table.names);
        need->state_bytes = sizeof(struct csv_source);
    }
    leat_csv_table_fini(&table);
    return status;
}

static int source_init(void *state, const void *options, const struct leat_shape *in,
                    const struct leat_need *need, struct leat_diag *diag)
{
    struct csv_source *s = state;
    const struct leat_csv_source_options *o = options;
    (void)in;
    s->options = o;
    s->kind = need->out.kind;
    int status = leat_csv_table_make(&s->table, o, diag);
    if (status != LEAT_OK)
        return status;
    s->header_due = s->table.header;
    if (s->table.channels != need->out.rows)
        return leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", o->file);
    status = leat_reader_open(&s->reader, o->file, LEAT_CSV_ROOM, diag);
    if (status != LEAT_OK)
        return status;
    /* One more than a row has, to tell a delimiter at its end. */
    uint32_t room = s->table.cells != 0 ? s->table.cells : LEAT_CHANNELS_MAX;
    status = leat_records_init(&s->records, s->reader.stream.bytes, room + 1, s->table.delimiter,
                               o->comment, diag);
    if (status != LEAT_OK)
        return status;
    leat_records_begin(&s->records, o->skip);
    return leat_filling_init(&s->filling, &need->out, !s->reader.regular, diag);
}

static void source_fini(void *state)
{
    struct csv_source *s = state;
    if (s->options == NULL)
        return;
    leat_reader_close(&s->reader);
    if (s->records.cells != NULL)
        leat_records_fini(&s->records);
    leat_csv_table_fini(&s->table);
    leat_filling_fini(&s->filling);
    memset(s, 0, sizeof *s);
}

/* ---- one record ---- */

static bool rejects(const struct csv_source *s)
{
    return s->options->on_error == LEAT_ERROR_REJECT;
}

/* A record that cannot be read: counted, or the end. */
static int bad_record(struct csv_source *s, struct leat_ctx *ctx, uint64_t line, uint64_t column,
                      const char *what)
{
    if (rejects(s)) {
        ctx->rejected_rows++;
        return 0;
    }
    return leat_io_fail_at(ctx, LEAT_EDATA, s->options->file, line, column,
                           "%s; use on-error=reject to count and skip such rows", what);
}

static int bad_place(struct csv_source *s, struct leat_ctx *ctx, uint32_t cell, const char *what)
{
    uint64_t line = 0, column = 0;
    if (!rejects(s))
        leat_records_place(&s->records, cell, &line, &column);
    return bad_record(s, ctx, line, column, what);
}

static int bad_cell(struct csv_source *s, struct leat_ctx *ctx, uint32_t cell,
                    enum leat_value why, const char *name)
{
    if (why == LEAT_VALUE_MISSING) { /* asked for, not an error */
        ctx->rejected_rows++;
        return 0;
    }
    const struct leat_cell_text *text = &s->records.cells[cell];
    struct leat_diag reason, line;
    leat_value_why(why, text->text, text->bytes, &reason);
    leat_diag_set(&line, LEAT_EDATA, "column %u (%s): %s", cell + 1, name, reason.text);
    return bad_place(s, ctx, cell, line.text);
}

/* So many that each column is there. */
static uint32_t cells_needed(const struct leat_csv_table *table)
{
    uint32_t cells = table->time != LEAT_CSV_NONE ? table->time + 1 : 0;
    for (uint32_t r = 0; r < table->channels; r++)
        if (table->column[r] >= cells)
            cells = table->column[r] + 1;
    return cells;
}

/* There must be as many cells as in the header; one more that is empty is a delimiter at the line's
 * end. */
static int check_cells(struct csv_source *s, struct leat_ctx *ctx)
{
    uint32_t has = s->records.cells_n, wants = s->table.cells;
    if (wants == 0) { /* a pipe that was not looked at: its first record says */
        wants = cells_needed(&s->table);
        if (has > wants)
            wants = has;
        s->table.cells = wants;
    }
    if (LEAT_LIKELY(has == wants) ||
        (has == wants + 1 && has <= s->records.cells_max && s->records.cells[wants].bytes == 0))
        return 1;
    struct leat_diag line;
    leat_diag_set(&line, LEAT_EDATA, "the row has %u cells, expected %u", has, wants);
    return bad_place(s, ctx, has < wants ? has : wants, line.text);
}

/* Puts the record's cells into the column that is due. 1: done; 0: the record is left out; an
 * error. */
static int take_record(struct csv_source *s, struct leat_ctx *ctx, char *base, size_t stride)
{
    int answer = check_cells(s, ctx);
    if (answer != 1)
        return answer;
    struct leat_filling *f = &s->filling;
    bool reject = s->options->missing == LEAT_MISSING_REJECT;
    char *out = base + (size_t)f->filled * f->width;
    for (uint32_t r = 0; r < s->table.channels; r++, out += stride) {
        uint32_t cell = s->table.column[r];
        const struct leat_cell_text *text = &s->records.cells[cell];
        enum leat_value why = leat_value_read(text->text, text->bytes, s->kind, reject, out);
        if (LEAT_UNLIKELY(why != LEAT_VALUE_GOOD))
            return bad_cell(s, ctx, cell, why, s->table.names[r].name);
    }
    if (s->table.time == LEAT_CSV_NONE)
        return 1;
    int64_t time_ns;
    const struct leat_cell_text *text = &s->records.cells[s->table.time];
    enum leat_value why =
        leat_value_time(text->text, text->bytes, s->options->time_unit, &time_ns);
    if (why != LEAT_VALUE_GOOD)
        return bad_cell(s, ctx, s->table.time, why,
                        why == LEAT_VALUE_TOO_LARGE ? "time; is time-unit= right?" : "time");
    if (f->filled == 0)
        f->time_ns = time_ns;
    return 1;
}

/* ---- frames ---- */

static int no_record(struct csv_source *s, struct leat_ctx *ctx, enum leat_records_answer answer)
{
    char what[256];
    uint64_t line, column;
    leat_records_fault(&s->records, answer, what, sizeof what, &line, &column);
    return bad_record(s, ctx, line, column, what);
}

/* What was found, into the frame at base. 1: a sample more; 0: none; an error. */
static int take_answer(struct csv_source *s, struct leat_ctx *ctx, enum leat_records_answer answer,
                       char *base, size_t stride)
{
    bool header = s->header_due;
    s->header_due = false;
    if (answer != LEAT_RECORD_FOUND)
        return no_record(s, ctx, answer);
    if (!header)
        return take_record(s, ctx, base, stride);
    int status = check_cells(s, ctx); /* it says how many cells there are, unless that is known */
    return status < 0 ? status : 0;
}

/* Fills the frame at base. 1: it is full; 0: nothing more for now; LEAT_EEND; an error. */
static int fill(void *source, struct leat_ctx *ctx, char *base, size_t stride)
{
    struct csv_source *s = source;
    while (s->filling.filled < s->filling.cols) {
        const char *text;
        size_t used, n = leat_stream_take(&s->reader.stream, &text);
        enum leat_records_answer answer =
            leat_records_next(&s->records, text, n, s->reader.ended, &used);
        bool more = answer == LEAT_RECORD_MORE;
        int status = more ? 0 : take_answer(s, ctx, answer, base, stride);
        if (status < 0)
            return status;
        s->filling.filled += status == 1;
        leat_stream_retire(&s->reader.stream, used);
        s->reader.taken += used;
        if (!more)
            continue;
        if (s->reader.ended || ctx->stopping)
            return LEAT_EEND;
        status = leat_reader_fill(&s->reader, ctx, s->filling.may_wait);
        s->filling.may_wait = false;
        if (status <= 0 && status != LEAT_EEND)
            return status;
    }
    return 1;
}

static int source_pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    struct csv_source *s = state;
    int status = leat_filling_pull(&s->filling, ctx, frames, n, fill, s);
    ctx->progress = s->reader.taken;
    ctx->progress_all = s->reader.bytes;
    return status;
}

static const char *const header_words[] = {"auto", "yes", "no", NULL};

#define OPTION(field) offsetof(struct leat_csv_source_options, field)
static const struct leat_param csv_params[] = {
    LEAT_IO_FILE(leat_csv_source_options, NULL, "file to read; - is standard input", "trades.csv"),
    {.name = "columns", .fallback = "", .example = "price,3", .offset = OPTION(columns),
     .doc = "columns to read: header names, numbers from 1, ranges such as 4..7, patterns such as "
            "price*; default all but the time",
     .type = LEAT_P_LIST},
    LEAT_IO_NAMES(leat_csv_source_options,
                  "names of the channels, or of the columns of a file without a header"),
    LEAT_IO_FRAME(leat_csv_source_options),
    LEAT_IO_RATE(leat_csv_source_options),
    LEAT_IO_TYPE(leat_csv_source_options, "f64"),
    {.name = "header", .fallback = "auto", .words = header_words, .example = "no",
     .doc = "is the first line a header; auto: yes if one of its cells that are read (columns= and "
            "time=, without columns= all) is no number",
     .offset = OPTION(header), .type = LEAT_P_WORD},
    {.name = "skip", .fallback = "0", .doc = "lines to pass over before the header",
     .example = "2", .max = 1e18, .offset = OPTION(skip), .type = LEAT_P_U64, .unit = LEAT_COUNT},
    {.name = "delimiter", .fallback = ",", .example = "tab", .offset = OPTION(delimiter),
     .doc = "between cells: one character, or tab, comma, semicolon, space, pipe",
     .type = LEAT_P_TEXT},
    {.name = "comment", .fallback = "", .doc = "lines that begin with this text are passed over",
     .example = "'#'", .offset = OPTION(comment), .type = LEAT_P_TEXT},
    {.name = "time", .fallback = "", .doc = "column of the event time, by name or number",
     .example = "timestamp", .offset = OPTION(time), .type = LEAT_P_TEXT},
    LEAT_IO_TIME_UNIT(leat_csv_source_options),
    {.name = "missing", .fallback = "nan", .words = leat_io_missing, .example = "reject",
     .doc = "an empty cell becomes NaN, or its row is counted and left out (i64: always)",
     .offset = OPTION(missing), .type = LEAT_P_WORD},
    {.name = "on-error", .fallback = "stop", .words = leat_io_on_error, .example = "reject",
     .doc = "a row that cannot be read (no numbers, too few or many, wrong quotes, over a MiB) "
            "stops the run, or is counted and left out",
     .offset = OPTION(on_error), .type = LEAT_P_WORD},
};

const struct leat_stage leat_csv_source = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_WAITS | LEAT_MAY_BREAK_FINITE,
    .name = "csv",
    .doc = "Reads numbers from CSV text, one sample a line, which ends with CR, LF or both. "
           "Numbers are rounded to nearest, also to 0; one that is too large for the type is "
           "an error.",
    .params = csv_params,
    .params_n = sizeof csv_params / sizeof csv_params[0],
    .options_bytes = sizeof(struct leat_csv_source_options),
    .outs = 1,
    .resolve = source_resolve,
    .init = source_init,
    .pull = source_pull,
    .fini = source_fini,
};
