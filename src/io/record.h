/* Records of a CSV text: which lines make one, and its cells.
 *
 * A record is a line, or several when a quoted cell holds line ends. libcsv takes apart the records
 * that have a quote in them; all others are cut at the delimiter, which comes to the same cells.
 */
#ifndef LEAT_IO_RECORD_H
#define LEAT_IO_RECORD_H

#include <leat/status.h>

#include <csv.h>

struct leat_cell_text {
    const char *text; /* without the blanks around it */
    size_t bytes;
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
    const char *start; /* of the record */
    size_t bytes;      /* of the record, without its line end */
    bool beginning;    /* nothing was taken yet: a byte order mark may stand here */
    char delimiter;
};

enum leat_records_answer {
    LEAT_RECORD_MORE, /* no whole record: more bytes are needed, or there are none left */
    LEAT_RECORD_FOUND,
    LEAT_RECORD_LONG, /* the record at `line` is longer than room */
    LEAT_RECORD_OPEN  /* the text ends inside the quotes of the record at `line` */
};

/* Prepares for records of at most room bytes, cells_max of whose cells are stored. Memory comes
 * from malloc, all of it here. */
int leat_records_init(struct leat_records *records, size_t room, uint32_t cells_max,
                      char delimiter, const char *comment, uint64_t skip, struct leat_diag *diag);
void leat_records_fini(struct leat_records *records);

/* Looks for a record at the start of text[0, n); ended: nothing comes after. *used bytes are done
 * with and may go as soon as the cells are, whatever the answer. Blank lines, comments and skipped
 * lines are passed over. Cells point into text or into memory of the records until the next call.
 */
enum leat_records_answer leat_records_next(struct leat_records *records, const char *text,
                                           size_t n, bool ended, size_t *used);

/* Where the cell of that number (from 0) begins: line and column, from 1. Slow: for messages. */
void leat_records_place(const struct leat_records *records, uint32_t cell, uint64_t *line,
                        uint64_t *column);

#endif
