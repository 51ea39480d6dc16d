#include "io/csv_table.h"
#include "io/bytes.h"
#include "io/record.h"

#include "base/pick.h"

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
    bool *taken;                        /* columns that are channels already */
    struct leat_diag *diag;
};

/* A number or a range of them, not only a name or a pattern. */
static bool is_numbers(const char *wanted, struct leat_pick *pick)
{
    return leat_pick_read(pick, wanted) && pick->glob == NULL && pick->first != 0;
}

static bool by_numbers(const struct leat_csv_source_options *o)
{
    struct leat_pick pick;
    for (uint32_t i = 0; i < o->columns.n; i++)
        if (!is_numbers(o->columns.items[i], &pick))
            return false;
    return o->time == NULL || leat_pick_number(o->time) != 0;
}

/* How many columns numbers ask for. */
static uint64_t numbered(const struct leat_list *columns)
{
    uint64_t n = 0;
    struct leat_pick pick;
    for (uint32_t i = 0; i < columns->n; i++)
        if (is_numbers(columns->items[i], &pick) && pick.first <= pick.last)
            n += pick.last - pick.first + UINT64_C(1);
    return n;
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
    int status = leat_io_names_make(&look->by_name, look->file, t->cells, look->diag);
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
    struct leat_pick pick;
    if (is_numbers(wanted, &pick))
        return leat_diag_set(look->diag, LEAT_ENAME, "%s: %s has no column %s; it has %s%u",
                             parameter, file, leat_pick_last(wanted), n != 0 ? "" : "at most ",
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

/* As many columns as the file has, or may have. */
static uint32_t most_columns(const struct look *look)
{
    return look->table->cells != 0 ? look->table->cells : LEAT_CHANNELS_MAX;
}

/* Names come before numbers, so that a column named 3 can be had. */
static uint32_t column_named(const struct look *look, const char *wanted)
{
    char name[LEAT_NAME_MAX];
    leat_name_copy(name, wanted, strlen(wanted));
    return leat_names_find(&look->by_name, name);
}

static int find_time(struct look *look)
{
    const char *wanted = look->options->time;
    uint32_t *cell = &look->table->time;
    *cell = LEAT_CSV_NONE;
    if (wanted == NULL)
        return LEAT_OK;
    *cell = column_named(look, wanted);
    if (*cell != LEAT_NAMES_NONE)
        return LEAT_OK;
    uint32_t number = leat_pick_number(wanted);
    if (number == 0 || number > most_columns(look))
        return no_column(look, "time", wanted);
    *cell = number - 1;
    return LEAT_OK;
}

static int take_column(struct look *look, uint32_t cell)
{
    struct leat_csv_table *t = look->table;
    if (look->taken[cell] && cell < t->cells && look->file[cell].name[0] != '\0')
        return leat_diag_set(look->diag, LEAT_EINVAL, "columns: %s is named twice",
                             look->file[cell].name);
    if (look->taken[cell])
        return leat_diag_set(look->diag, LEAT_EINVAL, "columns: %u is named twice", cell + 1);
    look->taken[cell] = true;
    t->column[t->channels++] = cell;
    return LEAT_OK;
}

/* The columns that an item of columns= means. */
static int take_item(struct look *look, const char *wanted)
{
    struct leat_csv_table *t = look->table;
    struct leat_pick pick;
    struct leat_diag why;
    uint32_t cell = column_named(look, wanted), before = t->channels;
    if (cell != LEAT_NAMES_NONE)
        return take_column(look, cell);
    if (!leat_pick_read(&pick, wanted))
        return no_column(look, "columns", wanted);
    int status = leat_pick_check(&pick, wanted, &why);
    if (status != LEAT_OK)
        return leat_diag_set(look->diag, status, "columns: %s", why.text);
    bool names = t->header || look->file_names;
    if (pick.glob != NULL ? !names : pick.last > most_columns(look))
        return no_column(look, "columns", wanted);
    uint32_t end = pick.glob != NULL ? most_columns(look) : pick.last;
    for (cell = pick.glob != NULL ? 0 : pick.first - 1; cell < end && status == LEAT_OK; cell++)
        if (leat_pick_has(&pick, cell + 1, pick.glob != NULL ? look->file[cell].name : ""))
            status = take_column(look, cell);
    if (status == LEAT_OK && t->channels == before)
        status = no_column(look, "columns", wanted);
    return status;
}

/* The cells that are wanted, as far as the options alone say; false: the header must say. */
static bool told_cells(const struct leat_csv_source_options *o, const char *wanted,
                       struct leat_pick *pick)
{
    for (uint32_t i = 0; i < o->names.n; i++) {
        *pick = (struct leat_pick){.first = i + 1, .last = i + 1};
        if (strcmp(o->names.items[i], wanted) == 0)
            return true;
    }
    return is_numbers(wanted, pick);
}

/* header=auto: a header is there when a cell that would be read is no number. A column that only a
 * header can name makes all cells count. */
static bool guess_header(const struct look *look)
{
    const struct leat_csv_source_options *o = look->options;
    uint32_t n = look->table->cells;
    bool told = o->columns.n != 0;
    for (uint32_t i = 0; i < o->columns.n + (o->time != NULL); i++) {
        struct leat_pick pick;
        if (!told_cells(o, i < o->columns.n ? o->columns.items[i] : o->time, &pick))
            pick = (struct leat_pick){.first = 1};
        told = told && pick.first <= pick.last && pick.last <= n;
        for (uint32_t c = pick.first; c <= pick.last && c <= n; c++)
            if (!is_number(&look->cells[c - 1]))
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
    int status = find_time(look);
    if (status != LEAT_OK)
        return status;
    /* Not looked at: as many columns as names, and the time if it stands among them. */
    uint32_t all = t->cells != 0 ? t->cells : o->names.n + (t->time < o->names.n);
    uint32_t most = most_columns(look) > all ? most_columns(look) : all;
    t->column = malloc((most + UINT64_C(1)) * sizeof *t->column);
    look->taken = calloc(most + 1u, sizeof *look->taken);
    if (t->column == NULL || look->taken == NULL)
        return leat_diag_set(look->diag, LEAT_ENOMEM, "no memory for %u columns", most);
    for (uint32_t i = 0; i < o->columns.n && status == LEAT_OK; i++)
        status = take_item(look, o->columns.items[i]);
    for (uint32_t i = 0; o->columns.n == 0 && i < all; i++)
        if (i != t->time)
            t->column[t->channels++] = i;
    if (status != LEAT_OK)
        return status;
    if (t->channels == 0)
        return leat_diag_set(look->diag, LEAT_ESHAPE, "%s: there is no column but the time",
                             o->file);
    t->names = calloc(t->channels, sizeof *t->names);
    if (t->names == NULL)
        return leat_diag_set(look->diag, LEAT_ENOMEM, "no memory for %u columns", t->channels);
    return LEAT_OK;
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
        return o->columns.n == 0 || numbered(&o->columns) == o->names.n;
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
    free(look.taken);
    leat_io_names_drop(&look.by_name);
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
