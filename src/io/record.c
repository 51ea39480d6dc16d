#include "io/record.h"

#include <stdlib.h>
#include <string.h>

int leat_records_init(struct leat_records *r, size_t room, uint32_t cells_max, char delimiter,
                      const char *comment, uint64_t skip, struct leat_diag *diag)
{
    memset(r, 0, sizeof *r);
    r->room = room;
    r->cells_max = cells_max;
    r->delimiter = delimiter;
    r->comment = comment;
    r->comment_bytes = comment != NULL ? strlen(comment) : 0;
    r->skip = skip;
    r->next = 1;
    r->beginning = true;
    if (csv_init(&r->parser, 0) != 0)
        return leat_diag_set(diag, LEAT_ENOMEM, "libcsv cannot start");
    csv_set_delim(&r->parser, (unsigned char)delimiter);
    r->cells = calloc(cells_max, sizeof *r->cells);
    r->unquoted = malloc(room);
    /* libcsv's own buffer is made now, as long as a record can be, so that it never grows. */
    csv_set_blk_size(&r->parser, room + 1);
    bool ready = r->cells != NULL && r->unquoted != NULL &&
                 csv_parse(&r->parser, "0", 1, NULL, NULL, NULL) == 1 &&
                 csv_fini(&r->parser, NULL, NULL, NULL) == 0 &&
                 csv_get_buffer_size(&r->parser) > room; /* short of memory it takes less */
    if (ready)
        return LEAT_OK;
    leat_records_fini(r);
    return leat_diag_set(diag, LEAT_ENOMEM, "no memory for records of %u cells", cells_max);
}

void leat_records_fini(struct leat_records *r)
{
    csv_free(&r->parser);
    free(r->cells);
    free(r->unquoted);
    memset(r, 0, sizeof *r);
}

static inline bool blank(const struct leat_records *r, char c)
{
    return (c == ' ' || c == '\t') && c != r->delimiter;
}

/* Stores a cell without the blanks around it. */
static inline void add(struct leat_records *r, const char *text, const char *end)
{
    if (r->cells_n < r->cells_max) {
        while (text < end && blank(r, *text))
            text++;
        while (text < end && blank(r, end[-1]))
            end--;
        r->cells[r->cells_n] = (struct leat_cell_text){text, (size_t)(end - text)};
    }
    r->cells_n++;
}

static void cut(struct leat_records *r, const char *text, size_t n)
{
    const char *end = text + n, *cell = text;
    char delimiter = r->delimiter;
    r->cells_n = 0;
    for (const char *at = text; at < end; at++)
        if (*at == delimiter) {
            add(r, cell, at);
            cell = at + 1;
        }
    add(r, cell, end);
}

/* libcsv's cells live until the next one: keep a copy. */
static void keep_cell(void *text, size_t n, void *user)
{
    struct leat_records *r = user;
    char *copy = r->unquoted + r->unquoted_n;
    memcpy(copy, text, n); /* all cells together are no longer than the record */
    r->unquoted_n += n;
    add(r, copy, copy + n);
}

/* Gives libcsv the lines of text up to one that ends outside quotes. Returns their bytes with the
 * line end, or 0 when the text ends before. */
static size_t unquote(struct leat_records *r, const char *text, size_t n, bool ended,
                      uint64_t *lines)
{
    size_t at = 0;
    *lines = 0;
    r->cells_n = 0;
    r->unquoted_n = 0;
    while (at < n) {
        const char *end = memchr(text + at, '\n', n - at);
        if (end == NULL && !ended)
            break;
        size_t stop = end != NULL ? (size_t)(end - text) : n;
        bool carriage = stop > at && text[stop - 1] == '\r';
        csv_parse(&r->parser, text + at, stop - at - carriage, keep_cell, NULL, r);
        /* Inside quotes the line end, carriage return and all, is the cell's. */
        bool inside = r->parser.quoted != 0 && r->parser.pstate == 2 /* FIELD_BEGUN */;
        if (carriage && inside)
            csv_parse(&r->parser, "\r", 1, keep_cell, NULL, r);
        (*lines)++;
        at = end != NULL ? stop + 1 : n;
        if (!inside) {
            csv_parse(&r->parser, "\n", 1, keep_cell, NULL, r);
            return at;
        }
        if (end == NULL)
            break;
        csv_parse(&r->parser, "\n", 1, keep_cell, NULL, r);
    }
    csv_fini(&r->parser, NULL, NULL, NULL);
    return 0;
}

/* Lines that are no records. */
static bool passed_over(struct leat_records *r, const char *text, size_t n)
{
    if (r->skip != 0) {
        r->skip--;
        return true;
    }
    size_t at = 0;
    while (at < n && blank(r, text[at]))
        at++;
    return at == n || (r->comment_bytes != 0 && n - at >= r->comment_bytes &&
                       memcmp(text + at, r->comment, r->comment_bytes) == 0);
}

static enum leat_records_answer quoted_record(struct leat_records *r, const char *text, size_t n,
                                              bool ended, size_t *used)
{
    uint64_t lines;
    size_t bytes = unquote(r, text, n, ended, &lines);
    if (bytes == 0)
        return n >= r->room ? LEAT_RECORD_LONG : ended ? LEAT_RECORD_OPEN : LEAT_RECORD_MORE;
    r->bytes = bytes;
    r->next = r->line + lines;
    *used += bytes;
    return LEAT_RECORD_FOUND;
}

enum leat_records_answer leat_records_next(struct leat_records *r, const char *text, size_t n,
                                           bool ended, size_t *used)
{
    *used = 0;
    if (r->beginning && n < 3 && !ended)
        return LEAT_RECORD_MORE;
    if (r->beginning && n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        *used = 3;
    r->beginning = false;
    while (*used < n) {
        const char *start = text + *used;
        size_t left = n - *used;
        const char *end = memchr(start, '\n', left);
        r->line = r->next;
        if (end == NULL && !ended)
            return left >= r->room ? LEAT_RECORD_LONG : LEAT_RECORD_MORE;
        size_t bytes = end != NULL ? (size_t)(end - start) : left;
        size_t whole = bytes + (end != NULL);
        if (bytes != 0 && start[bytes - 1] == '\r')
            bytes--;
        if (passed_over(r, start, bytes)) {
            r->next++;
            *used += whole;
            continue;
        }
        r->start = start;
        r->bytes = bytes;
        if (memchr(start, '"', bytes) != NULL)
            return quoted_record(r, start, left, ended, used);
        cut(r, start, bytes);
        r->next++;
        *used += whole;
        return LEAT_RECORD_FOUND;
    }
    return LEAT_RECORD_MORE;
}

void leat_records_place(const struct leat_records *r, uint32_t cell, uint64_t *line,
                        uint64_t *column)
{
    const char *at = r->start, *end = r->start + r->bytes, *begin = at;
    bool quoted = false, fresh = true; /* fresh: a quote here opens the cell */
    *line = r->line;
    for (uint32_t k = 0; at < end && k < cell; at++) {
        if (*at == '"' && (quoted || fresh))
            quoted = !quoted;
        else if (*at == r->delimiter && !quoted)
            k++;
        fresh = *at == r->delimiter || (fresh && blank(r, *at));
        if (*at == '\n') {
            (*line)++;
            begin = at + 1;
        }
    }
    while (at < end && blank(r, *at))
        at++;
    *column = (uint64_t)(at - begin) + 1;
}
