/* Matrix Market text, a line at a time: no file and no pipeline in it. */
#ifndef LEAT_IO_MTX_H
#define LEAT_IO_MTX_H

#include <leat/status.h>

enum leat_mtx_field { LEAT_MTX_REAL, LEAT_MTX_INTEGER, LEAT_MTX_COMPLEX, LEAT_MTX_PATTERN };
enum leat_mtx_symmetry {
    LEAT_MTX_GENERAL,
    LEAT_MTX_SYMMETRIC,
    LEAT_MTX_SKEW,     /* a(j, i) = -a(i, j) */
    LEAT_MTX_HERMITIAN /* a(j, i) = conj a(i, j) */
};

/* Zeroed before the first line. */
struct leat_mtx {
    bool array;              /* every entry, column by column; false: coordinates */
    uint32_t field;          /* leat_mtx_field */
    uint32_t symmetry;       /* leat_mtx_symmetry; but for GENERAL only the lower half is stored */
    uint64_t rows, cols;     /* at most INT64_MAX */
    uint64_t stored;         /* entries of the text, as its header says */
    bool ready;              /* all of that is known */
    uint64_t seen;           /* entries so far */
    uint64_t line;           /* lines so far */
    uint64_t column;         /* after an error: where in the line, from 1 */
    uint64_t next_row, next_col; /* array */
    bool banner;             /* the first line has been read */
};

/* a(row, col), both from 1. */
struct leat_mtx_entry {
    int64_t row, col;
    double re, im;  /* 1 and 0 for a pattern */
    int64_t whole;  /* integer and pattern: the value, exactly */
};

/* The next line, without its end. 1: it holds an entry; 0: it holds none; LEAT_EDATA and what is
 * wrong with it, at line and column. */
int leat_mtx_line(struct leat_mtx *mtx, const char *text, size_t bytes,
                  struct leat_mtx_entry *entry, struct leat_diag *diag);
/* There are no more lines. LEAT_EDATA: they lack entries, or all. */
int leat_mtx_end(struct leat_mtx *mtx, struct leat_diag *diag);

/* The other entry that this one stands for. False: it stands for itself alone. */
bool leat_mtx_mirror(const struct leat_mtx *mtx, const struct leat_mtx_entry *entry,
                     struct leat_mtx_entry *other);

#endif
