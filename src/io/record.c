#include "io/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int leat_records_init(struct leat_records *r, size_t room, uint32_t cells_max, char delimiter,
                      const char *comment, struct leat_diag *diag)
{
    memset(r, 0, sizeof *r);
    r->room = room;
    r->cells_max = cells_max;
    r->delimiter = delimiter;
    r->comment = comment;
    r->comment_bytes = comment != NULL ? strlen(comment) : 0;
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

void leat_records_begin(struct leat_records *r, uint64_t skip)
{
    r->skip = skip;
    r->next = 1;
    r->beginning = true;
    r->rest = r->half = false;
    r->base = r->open = 0;
    memset(r->marks, 0, sizeof r->marks);
}

/* ---- cells ---- */

static inline bool blank(const struct leat_records *r, char c)
{
    return (c == ' ' || c == '\t') && c != r->delimiter;
}

static inline const char *behind_blanks(const struct leat_records *r, const char *at,
                                        const char *end)
{
    while (at < end && blank(r, *at))
        at++;
    return at;
}

/* Stores a cell without the blanks around it. */
static inline void add(struct leat_records *r, const char *text, const char *end)
{
    if (r->cells_n < r->cells_max) {
        text = behind_blanks(r, text, end);
        while (text < end && blank(r, end[-1]))
            end--;
        r->cells[r->cells_n] = (struct leat_cell_text){text, (size_t)(end - text)};
    }
    r->cells_n++;
}

/* The highest bit of each of eight bytes that is 0. */
static inline uint64_t zero_bytes(uint64_t bytes)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    return ~(((bytes & low) + low) | bytes | low);
}

static void cut(struct leat_records *r, const char *text, const char *end)
{
    const char *cell = text, *at = text, delimiter = r->delimiter;
    const uint64_t eight = UINT64_C(0x0101010101010101) * (uint8_t)delimiter;
    r->cells_n = 0;
    for (uint64_t word; end - at >= 8; at += 8) {
        memcpy(&word, at, sizeof word);
        for (uint64_t hits = zero_bytes(word ^ eight); hits != 0; hits &= hits - 1) {
            const char *hit = at + (__builtin_ctzll(hits) >> 3);
            add(r, cell, hit);
            cell = hit + 1;
        }
    }
    for (; at < end; at++)
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

/* A whole record whose quotes are right. */
static void unquote(struct leat_records *r)
{
    r->cells_n = 0;
    r->unquoted_n = 0;
    csv_parse(&r->parser, r->start, r->bytes, keep_cell, NULL, r);
    csv_fini(&r->parser, keep_cell, NULL, r);
}

/* ---- lines ---- */

static inline uint64_t place_of(const struct leat_records *r, const char *at)
{
    return r->base + (uint64_t)(at - r->text);
}

static inline const char *at_place(const struct leat_records *r, uint64_t place)
{
    return r->text + (place - r->base);
}

/* The next such character, or the end of the text. Nothing is looked through twice, as `from` never
 * goes back. */
static inline const char *seek(struct leat_records *r, enum leat_records_mark mark,
                               const char *from)
{
    static const char characters[] = {'\n', '\r', '"', '\n', '\r'};
    uint64_t place = place_of(r, from);
    if (r->marks[mark].at < place) {
        r->marks[mark].at = place;
        r->marks[mark].found = false;
    }
    if (!r->marks[mark].found) {
        const char *at = at_place(r, r->marks[mark].at);
        const char *hit = memchr(at, characters[mark], (size_t)(r->end - at));
        r->marks[mark].found = hit != NULL;
        r->marks[mark].at = place_of(r, hit != NULL ? hit : r->end);
    }
    return at_place(r, r->marks[mark].at);
}

static inline const char *earlier(const char *a, const char *b)
{
    return a < b ? a : b;
}

/* Where the line ends, or the end of the text. */
static inline const char *line_end(struct leat_records *r, const char *from)
{
    return earlier(seek(r, LEAT_MARK_LF, from), seek(r, LEAT_MARK_CR, from));
}

static const char *inner_line_end(struct leat_records *r, const char *from)
{
    return earlier(seek(r, LEAT_MARK_INNER_LF, from), seek(r, LEAT_MARK_INNER_CR, from));
}

static inline const char *next_line(const struct leat_records *r, const char *line_end)
{
    if (line_end == r->end)
        return line_end;
    return line_end + 1 + (*line_end == '\r' && line_end + 1 < r->end && line_end[1] == '\n');
}

/* The record or the bad row up to here is done with. */
static const char *leave(struct leat_records *r, const char *line_end, uint64_t lines)
{
    r->half = line_end + 1 == r->end && *line_end == '\r';
    r->next = r->line + lines;
    return next_line(r, line_end);
}

/* Line ends in text[0, end), and where the last line begins. */
static uint64_t count_lines(const char *text, const char *end, const char **begin)
{
    uint64_t n = 0;
    *begin = text;
    for (const char *at = text; at < end; at++) {
        if (*at != '\n' && (*at != '\r' || (at + 1 < end && at[1] == '\n')))
            continue;
        *begin = at + 1;
        n++;
    }
    return n;
}

/* ---- quotes ---- */

enum quotes { QUOTES_CLOSED, QUOTES_OPEN, QUOTES_TORN };

/* The quote that ends a cell, from inside it; NULL when it is not there. */
static const char *closing_quote(const char *at, const char *end)
{
    while ((at = memchr(at, '"', (size_t)(end - at))) != NULL && at + 1 < end && at[1] == '"')
        at += 2;
    return at;
}

/* How a line leaves its quotes. inside: it begins in a quoted cell. *at is where it begins, and
 * then what stands behind a closing quote: libcsv, which is lenient, would put it into the cell. */
static enum quotes walk_line(const struct leat_records *r, const char **at, const char *end,
                             bool inside)
{
    const char *p = *at;
    for (;; inside = false) {
        if (!inside) {
            p = behind_blanks(r, p, end);
            if (p == end || *p != '"') {
                p = memchr(p, r->delimiter, (size_t)(end - p));
                if (p == NULL)
                    return QUOTES_CLOSED;
                p++;
                continue;
            }
            p++;
        }
        p = closing_quote(p, end);
        if (p == NULL)
            return QUOTES_OPEN;
        p = behind_blanks(r, p + 1, end);
        if (p == end)
            return QUOTES_CLOSED;
        if (*p != r->delimiter) {
            *at = p;
            return QUOTES_TORN;
        }
        p++;
    }
}

/* The record with a quote in it that begins at *at, whose first line ends at `first`. */
static enum leat_records_answer quoted_record(struct leat_records *r, const char **at,
                                              const char *first, bool ended)
{
    const char *from = *at, *stop = first, *begin;
    enum quotes quotes = walk_line(r, &from, stop, false);
    while (quotes == QUOTES_OPEN && stop < r->end) {
        from = next_line(r, stop);
        if (place_of(r, from) < r->open)
            from = at_place(r, r->open);
        r->open = place_of(r, from);
        stop = inner_line_end(r, from);
        if (stop == r->end && !ended)
            break;
        quotes = walk_line(r, &from, stop, true);
    }
    if (quotes == QUOTES_CLOSED) {
        r->bytes = (size_t)(stop - r->start);
        unquote(r);
        *at = leave(r, stop, stop == first ? 1 : count_lines(*at, stop, &begin) + 1);
        return LEAT_RECORD_FOUND;
    }
    bool filled = (size_t)(r->end - r->start) >= r->room;
    if (quotes == QUOTES_OPEN && !ended && !filled)
        return LEAT_RECORD_MORE;
    r->fault = from;
    *at = leave(r, first, 1);
    return quotes == QUOTES_TORN ? LEAT_RECORD_TORN : ended ? LEAT_RECORD_OPEN : LEAT_RECORD_LONG;
}

/* ---- records ---- */

/* Lines that are no records, whatever else they hold. */
static bool passed_over(struct leat_records *r, const char *at, const char *end)
{
    if (r->skip != 0) {
        r->skip--;
        return true;
    }
    at = behind_blanks(r, at, end);
    return r->comment_bytes != 0 && (size_t)(end - at) >= r->comment_bytes &&
           memcmp(at, r->comment, r->comment_bytes) == 0;
}

/* The line at *at, of which all is there. MORE: it was passed over, or is not all of its record. */
static enum leat_records_answer whole_line(struct leat_records *r, const char **at,
                                           const char *stop, bool ended)
{
    const char *start = *at;
    r->line = r->next;
    if (r->rest || passed_over(r, start, stop) || behind_blanks(r, start, stop) == stop) {
        r->rest = false;
        *at = leave(r, stop, 1);
        return LEAT_RECORD_MORE;
    }
    r->start = start;
    r->bytes = (size_t)(stop - start);
    if (seek(r, LEAT_MARK_QUOTE, start) < stop)
        return quoted_record(r, at, stop, ended);
    cut(r, start, stop);
    *at = leave(r, stop, 1);
    return LEAT_RECORD_FOUND;
}

/* The line at *at, whose end has not come: where there is no room for it, it goes. */
static enum leat_records_answer cut_line(struct leat_records *r, const char **at)
{
    const char *start = *at;
    bool filled = (size_t)(r->end - start) >= r->room;
    if (!r->rest && !filled)
        return LEAT_RECORD_MORE;
    *at = r->end;
    if (r->rest)
        return LEAT_RECORD_MORE;
    r->rest = true;
    r->line = r->next;
    r->start = start;
    r->bytes = r->room;
    return passed_over(r, start, r->end) ? LEAT_RECORD_MORE : LEAT_RECORD_LONG;
}

/* Where the first line begins; NULL: that cannot be told yet. */
static const char *first_line(struct leat_records *r, bool ended)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t n = (size_t)(r->end - r->text);
    const char *at = r->text;
    if (r->beginning && n < 3 && !ended && memcmp(at, mark, n) == 0)
        return NULL;
    if (r->beginning && n >= 3 && memcmp(at, mark, 3) == 0)
        at += 3;
    r->beginning = false;
    if (r->half && at < r->end) {
        at += *at == '\n';
        r->half = false;
    }
    return at;
}

enum leat_records_answer leat_records_next(struct leat_records *r, const char *text, size_t n,
                                           bool ended, size_t *used)
{
    r->text = text;
    r->end = text + n;
    *used = 0;
    const char *at = first_line(r, ended), *before = NULL;
    if (at == NULL)
        return LEAT_RECORD_MORE;
    enum leat_records_answer answer = LEAT_RECORD_MORE;
    while (answer == LEAT_RECORD_MORE && at < r->end && at != before) {
        const char *stop = line_end(r, at);
        before = at;
        answer = stop < r->end || ended ? whole_line(r, &at, stop, ended) : cut_line(r, &at);
    }
    *used = (size_t)(at - text);
    r->base += *used;
    return answer;
}

/* ---- places ---- */

static void locate(const struct leat_records *r, const char *at, uint64_t *line, uint64_t *column)
{
    const char *begin;
    *line = r->line + count_lines(r->start, at, &begin);
    *column = (uint64_t)(at - begin) + 1;
}

void leat_records_place(const struct leat_records *r, uint32_t cell, uint64_t *line,
                        uint64_t *column)
{
    const char *at = r->start, *end = r->start + r->bytes;
    for (uint32_t k = 0; k < cell && at != end; k++) {
        at = behind_blanks(r, at, end);
        const char *quote = at < end && *at == '"' ? closing_quote(at + 1, end) : NULL;
        at = quote != NULL ? quote : at;
        at = memchr(at, r->delimiter, (size_t)(end - at));
        at = at != NULL ? at + 1 : end;
    }
    locate(r, behind_blanks(r, at, end), line, column);
}

void leat_records_fault(const struct leat_records *r, enum leat_records_answer answer, char *text,
                        size_t bytes, uint64_t *line, uint64_t *column)
{
    *line = r->line;
    *column = 1;
    if (answer == LEAT_RECORD_OPEN) {
        snprintf(text, bytes, "the text ends inside the quotes of this row; close them");
    } else if (answer == LEAT_RECORD_LONG) {
        snprintf(text, bytes, "this row is longer than %zu bytes, or a quote is left open",
                 r->room);
    } else {
        char opened[64] = "";
        locate(r, r->fault, line, column);
        if (*line != r->line)
            snprintf(opened, sizeof opened, ", or is a quote left open in line %llu?",
                     (unsigned long long)r->line);
        snprintf(text, bytes,
                 "text behind the closing quote of a cell; a quote in a cell is written twice%s",
                 opened);
    }
}
