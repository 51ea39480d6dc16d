/* Records of a CSV text: which lines make one, and its cells.
 *
 * A line ends with CR, LF or both. A record is a line, or several when a quoted cell holds line
 * ends. libcsv takes apart the records that have a quote in them; all others are cut at the
 * delimiter, which comes to the same cells.
 *
 * Where the quotes of a record are wrong, its first line alone is the bad row, and the next line
 * begins a record: a quote that is left open costs one line and not the rest of the file. Whatever
 * the quotes are, a text is looked through once or twice, in pieces of any length.
 */
#ifndef LEAT_IO_RECORD_H
#define LEAT_IO_RECORD_H

#include <leat/status.h>

#include <csv.h>

struct leat_cell_text {
    const char *text; /* without the blanks around it */
    size_t bytes;
};

/* What is looked for far ahead and remembered: the ends of lines, quotes, and again the ends of
 * lines, behind quotes that are open, from where a bad row goes back. */
enum leat_records_mark {
    LEAT_MARK_LF,
    LEAT_MARK_CR,
    LEAT_MARK_QUOTE,
    LEAT_MARK_INNER_LF,
    LEAT_MARK_INNER_CR,
    LEAT_MARKS
};

struct leat_records {
    struct csv_parser parser;
    struct leat_cell_text *cells; /* of the record that was found last; the first cells_max */
    uint32_t cells_max;
    uint32_t cells_n;  /* all that it has, stored or not */
    char *unquoted;    /* [room]: texts of the cells of a record with quotes */
    size_t unquoted_n;
    size_t room;       /* the longest record */
    const char *comment;
    size_t comment_bytes;
    uint64_t skip;     /* lines that are still to be passed over */
    uint64_t line;     /* number of the record's first line, from 1 */
    uint64_t next;     /* number of the line after the record */
    const char *start; /* of the record, or of the bad row */
    size_t bytes;      /* of it, without its line end */
    const char *fault; /* of a torn row: what stands behind the closing quote */

    const char *text, *end; /* of this call */
    uint64_t base;          /* bytes of the input before `text` */
    struct {
        uint64_t at; /* bytes of the input before the next one, or up to where there is none */
        bool found;
    } marks[LEAT_MARKS];
    uint64_t open;     /* what is in quotes at the end of any line before here is so here */
    bool beginning;    /* nothing was taken yet: a byte order mark may stand here */
    bool rest;         /* inside a line that is passed over */
    bool half;         /* a CR was taken whose LF may come */
    char delimiter;
};

enum leat_records_answer {
    LEAT_RECORD_MORE,  /* no whole record: more bytes are needed, or there are none left */
    LEAT_RECORD_FOUND,
    LEAT_RECORD_LONG,  /* the record at `line` is longer than room */
    LEAT_RECORD_OPEN,  /* the text ends inside the quotes of the record at `line` */
    LEAT_RECORD_TORN   /* the record at `line` has text behind a closing quote */
};

/* Prepares for records of at most room bytes, cells_max of whose cells are stored. Memory comes
 * from malloc, all of it here. */
int leat_records_init(struct leat_records *records, size_t room, uint32_t cells_max,
                      char delimiter, const char *comment, struct leat_diag *diag);
void leat_records_fini(struct leat_records *records);

/* The next call stands at the start of an input, of which `skip` lines are to be passed over. */
void leat_records_begin(struct leat_records *records, uint64_t skip);

/* Looks for a record at the start of text[0, n), n <= room; ended: nothing comes after. *used bytes
 * are done with and may go as soon as the cells are, whatever the answer: the next call begins
 * behind them. Blank lines, comments and skipped lines are passed over. After LONG, OPEN and TORN
 * *used includes the bad row. Cells point into text or into memory of the records until the next
 * call. */
enum leat_records_answer leat_records_next(struct leat_records *records, const char *text,
                                           size_t n, bool ended, size_t *used);

/* Where the cell of that number (from 0) begins: line and column, from 1. Slow: for messages. */
void leat_records_place(const struct leat_records *records, uint32_t cell, uint64_t *line,
                        uint64_t *column);

/* What is wrong with the row after LONG, OPEN or TORN, and where. */
void leat_records_fault(const struct leat_records *records, enum leat_records_answer answer,
                        char *text, size_t bytes, uint64_t *line, uint64_t *column);

#endif
