#include "io/csv_table.h"
#include "io/bytes.h"
#include "io/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the choice is made from. */
struct look {
    const struct leat_csv_source_options *options;
    struct leat_csv_table *table;
    struct leat_records records;
    const struct leat_cell_text *cells; /* of the first record */
    bool file_names;                    /* options->names are the names of the file's columns */
    struct leat_channel *file;          /* [table->cells] their names, "" where there is none */
    struct leat_names by_name;          /* of file, the first of equal ones */
    struct leat_diag *diag;
};

/* A whole decimal number from 1; 0 when the text is anything else. */
static uint32_t column_number(const char *text)
{
    uint64_t n = 0;
    for (; *text >= '0' && *text <= '9' && n <= UINT32_MAX; text++)
        n = n * 10 + (uint64_t)(*text - '0');
    return *text == '\0' && n < UINT32_MAX ? (uint32_t)n : 0;
}

static bool by_numbers(const struct leat_csv_source_options *o)
{
    for (uint32_t i = 0; i < o->columns.n; i++)
        if (column_number(o->columns.items[i]) == 0)
            return false;
    return o->time == NULL || column_number(o->time) != 0;
}

static bool is_number(const struct leat_cell_text *cell)
{
    double number;
    return cell->bytes == 0 || leat_number_read(cell->text, cell->bytes, &number) == cell->bytes;
}

/* The names that the file's columns have: from its header, or given. */
static int name_file(struct look *look)
{
    const struct leat_list *names = &look->options->names;
    const struct leat_csv_table *t = look->table;
    look->file = calloc(t->cells + 1u, sizeof *look->file);
    if (look->file == NULL)
        return leat_diag_set(look->diag, LEAT_ENOMEM, "no memory for %u columns", t->cells);
    int status = leat_names_init(&look->by_name, look->file, t->cells, look->diag);
    for (uint32_t i = 0; i < t->cells && status == LEAT_OK; i++) {
        char *name = look->file[i].name;
        if (look->file_names && i < names->n)
            leat_name_copy(name, names->items[i], strlen(names->items[i]));
        else if (t->header)
            leat_name_copy(name, look->cells[i].text, look->cells[i].bytes);
        if (name[0] != '\0')
            leat_names_add(&look->by_name, i);
    }
    return status;
}

static int no_column(const struct look *look, const char *parameter, const char *wanted)
{
    uint32_t n = look->table->cells;
    const char *file = look->options->file;
    if (column_number(wanted) != 0)
        return leat_diag_set(look->diag, LEAT_ENAME, "%s: %s has no column %s; it has %s%u",
                             parameter, file, wanted, n != 0 ? "" : "at most ",
                             n != 0 ? n : LEAT_CHANNELS_MAX);
    if (!look->table->header && !look->file_names)
        return leat_diag_set(look->diag, LEAT_ENAME,
                             "%s: %s has no header, so '%s' is not one of its columns; they are 1 "
                             "to %u, or give names=",
                             parameter, file, wanted, n);
    struct leat_guess guess = {NULL, 0};
    for (uint32_t i = 0; i < n; i++)
        leat_guess_try(&guess, wanted, look->file[i].name);
    return leat_diag_set(look->diag, LEAT_ENAME, "%s: %s has no column '%s'%s%s%s", parameter,
                         file, wanted, guess.nearest ? "; did you mean '" : "",
                         guess.nearest ? guess.nearest : "", guess.nearest ? "'?" : "");
}

/* A name first, then a number, so that a column named 3 can be had. */
static int find_column(const struct look *look, const char *parameter, const char *wanted,
                       uint32_t *cell)
{
    uint32_t cells = look->table->cells;
    char name[LEAT_NAME_MAX];
    leat_name_copy(name, wanted, strlen(wanted));
    *cell = leat_names_find(&look->by_name, name);
    if (*cell != LEAT_NAMES_NONE)
        return LEAT_OK;
    uint32_t number = column_number(wanted);
    if (number == 0 || number > (cells != 0 ? cells : LEAT_CHANNELS_MAX))
        return no_column(look, parameter, wanted);
    *cell = number - 1;
    return LEAT_OK;
}

/* The cell that is wanted, as far as the options alone say; LEAT_CSV_NONE: the header must say. */
static uint32_t told_cell(const struct leat_csv_source_options *o, const char *wanted)
{
    for (uint32_t i = 0; i < o->names.n; i++)
        if (strcmp(o->names.items[i], wanted) == 0)
            return i;
    return column_number(wanted) - 1; /* 0 becomes LEAT_CSV_NONE */
}

/* header=auto: a header is there when a cell that would be read is no number. A column that only a
 * header can name makes all cells count. */
static bool guess_header(const struct look *look)
{
    const struct leat_csv_source_options *o = look->options;
    uint32_t n = look->table->cells;
    bool told = o->columns.n != 0;
    for (uint32_t i = 0; i < o->columns.n + (o->time != NULL); i++) {
        uint32_t cell = told_cell(o, i < o->columns.n ? o->columns.items[i] : o->time);
        told = told && cell < n;
        if (cell < n && !is_number(&look->cells[cell]))
            return true;
    }
    for (uint32_t i = 0; !told && i < n; i++)
        if (!is_number(&look->cells[i]))
            return true;
    return false;
}

static int choose_cells(struct look *look)
{
    const struct leat_csv_source_options *o = look->options;
    struct leat_csv_table *t = look->table;
    t->time = LEAT_CSV_NONE;
    int status = o->time != NULL ? find_column(look, "time", o->time, &t->time) : LEAT_OK;
    if (status != LEAT_OK)
        return status;
    /* Not looked at: as many columns as names, and the time if it stands among them. */
    uint32_t all = t->cells != 0 ? t->cells : o->names.n + (t->time < o->names.n);
    uint32_t n = o->columns.n != 0 ? o->columns.n : all;
    t->column = calloc(n + 1u, sizeof *t->column);
    t->names = calloc(n + 1u, sizeof *t->names);
    if (t->column == NULL || t->names == NULL)
        return leat_diag_set(look->diag, LEAT_ENOMEM, "no memory for %u columns", n);
    for (uint32_t i = 0; i < n && status == LEAT_OK; i++) {
        if (o->columns.n != 0)
            status = find_column(look, "columns", o->columns.items[i],
                                 &t->column[t->channels++]);
        else if (i != t->time)
            t->column[t->channels++] = i;
    }
    if (status == LEAT_OK && t->channels == 0)
        return leat_diag_set(look->diag, LEAT_ESHAPE, "%s: there is no column but the time",
                             o->file);
    return status;
}

static int choose_names(struct look *look)
{
    const struct leat_list *names = &look->options->names;
    struct leat_csv_table *t = look->table;
    bool given = names->n != 0 && !look->file_names;
    if (given && names->n == t->channels) {
        struct leat_shape shape = {.rows = t->channels, .channels = t->names};
        return leat_io_names(&shape, names, "", look->diag);
    }
    if (given && names->n != t->cells)
        return leat_diag_set(look->diag, LEAT_ESHAPE,
                             "names: %u names for %u channels of a file of %u columns", names->n,
                             t->channels, t->cells);
    for (uint32_t r = 0; r < t->channels; r++) {
        uint32_t cell = t->column[r];
        char *name = t->names[r].name;
        if (given)
            leat_name_copy(name, names->items[cell], strlen(names->items[cell]));
        else if (cell < t->cells)
            t->names[r] = look->file[cell];
        if (name[0] == '\0')
            snprintf(name, LEAT_NAME_MAX, "c%u", cell + 1);
    }
    return leat_names_tell_apart(t->names, t->channels, look->diag);
}

static int choose(struct look *look)
{
    const struct leat_csv_source_options *o = look->options;
    struct leat_csv_table *t = look->table;
    t->header = o->header == LEAT_HEADER_YES ||
                (o->header == LEAT_HEADER_AUTO && t->cells != 0 && guess_header(look));
    look->file_names = !t->header && o->names.n != 0 && !by_numbers(o);
    if (look->file_names && o->names.n > t->cells)
        return leat_diag_set(look->diag, LEAT_ESHAPE, "names: %u names for %u columns",
                             o->names.n, t->cells);
    int status = name_file(look);
    if (status == LEAT_OK)
        status = choose_cells(look);
    return status == LEAT_OK ? choose_names(look) : status;
}

/* True when the options say how many channels there are and what they are called. */
static bool says_all(const struct leat_csv_source_options *o)
{
    if (o->header == LEAT_HEADER_AUTO || !by_numbers(o))
        return false;
    if (o->names.n != 0)
        return o->columns.n == 0 || o->columns.n == o->names.n;
    return o->columns.n != 0 && o->header == LEAT_HEADER_NO;
}

/* The text grows from its start: begin anew each time. */
static enum leat_records_answer first_record(struct look *look, const char *text, size_t bytes,
                                             bool all)
{
    size_t used;
    leat_records_begin(&look->records, look->options->skip);
    return leat_records_next(&look->records, text, bytes, all, &used);
}

static bool has_record(void *look, const char *text, size_t bytes)
{
    return first_record(look, text, bytes, false) != LEAT_RECORD_MORE;
}

/* Nothing can be told from what the file begins with. */
static int no_first(struct look *look, enum leat_records_answer answer, bool all, size_t bytes)
{
    const char *file = look->options->file;
    struct leat_records *r = &look->records;
    char what[256];
    uint64_t line, column;
    if (answer == LEAT_RECORD_MORE && all)
        return leat_diag_set(look->diag, LEAT_EDATA,
                             "%s: is empty: there is no line to take the columns from", file);
    if (answer == LEAT_RECORD_MORE)
        return leat_diag_set(look->diag, LEAT_EDATA,
                             "%s: no row ends within its first %zu bytes", file, bytes);
    leat_records_fault(r, answer, what, sizeof what, &line, &column);
    leat_diag_set(look->diag, LEAT_EDATA, "%s", what);
    return leat_diag_at(look->diag, file, line > UINT32_MAX ? UINT32_MAX : (uint32_t)line,
                        column > UINT32_MAX ? UINT32_MAX : (uint32_t)column);
}

static int look_into(struct look *look, char *text)
{
    const struct leat_csv_source_options *o = look->options;
    size_t bytes;
    bool all;
    /* Do not wait for the first line of a pipe when it is not needed. */
    if (says_all(o) && !leat_input_is_file(o->file))
        return choose(look);
    int status =
        leat_input_peek(o->file, text, LEAT_CSV_ROOM, &bytes, &all, has_record, look, look->diag);
    if (status == LEAT_ESTATE)
        return leat_diag_set(look->diag, LEAT_ESHAPE,
                             "%s: this input cannot be looked at beforehand: give header=yes or "
                             "header=no, columns= as numbers, and names=",
                             o->file);
    if (status != LEAT_OK)
        return status;
    enum leat_records_answer answer = first_record(look, text, bytes, all);
    if (answer == LEAT_RECORD_FOUND) {
        struct leat_records *r = &look->records;
        look->cells = r->cells;
        look->table->cells = r->cells_n;
        if (r->cells_n > r->cells_max)
            return leat_diag_set(look->diag, LEAT_ERANGE, "%s: more than %u columns", o->file,
                                 r->cells_max);
        return choose(look);
    }
    if (answer == LEAT_RECORD_MORE && all && says_all(o))
        return choose(look);
    return no_first(look, answer, all, bytes);
}

int leat_csv_table_make(struct leat_csv_table *table, const struct leat_csv_source_options *options,
                        struct leat_diag *diag)
{
    memset(table, 0, sizeof *table);
    struct look look = {.options = options, .table = table, .diag = diag};
    int status = leat_io_delimiter(options->delimiter, &table->delimiter, diag);
    if (status != LEAT_OK)
        return status;
    status = leat_records_init(&look.records, LEAT_CSV_ROOM, LEAT_CHANNELS_MAX + 1,
                               table->delimiter, options->comment, diag);
    if (status != LEAT_OK)
        return status;
    char *text = malloc(LEAT_CSV_ROOM);
    status = text != NULL ? look_into(&look, text)
                          : leat_diag_set(diag, LEAT_ENOMEM, "no memory to look at %s",
                                          options->file);
    free(text);
    free(look.file);
    leat_names_fini(&look.by_name);
    leat_records_fini(&look.records);
    if (status != LEAT_OK)
        leat_csv_table_fini(table);
    return status;
}

void leat_csv_table_fini(struct leat_csv_table *table)
{
    free(table->column);
    free(table->names);
    memset(table, 0, sizeof *table);
}
