/* Lines of a text, as they come from a file or a pipe. */
#ifndef LEAT_IO_LINES_H
#define LEAT_IO_LINES_H

#include "io/bytes.h"

struct leat_lines {
    struct leat_reader reader;
    uint64_t line; /* number of the line that was given last, from 1 */
    size_t given;  /* its bytes in the stream, which go at the next call */
    size_t looked; /* bytes behind them in which there is no line end */
    bool rest;     /* inside a line that was too long */
};

#define LEAT_LINES_LONG 2

/* A line may be `room` bytes long. LEAT_EIO, LEAT_ENOMEM. Zeroed lines can be closed. */
int leat_lines_open(struct leat_lines *lines, const char *path, size_t room,
                    struct leat_diag *diag);
void leat_lines_close(struct leat_lines *lines);

/* The next line, without the LF or CR LF at its end, and the first without a byte order mark: it is
 * there until the next call. Waits at most once, if *may_wait. 1; LEAT_LINES_LONG: a line is too
 * long, and passed over; 0: nothing for now; LEAT_EEND; another status after leat_fail. */
int leat_lines_next(struct leat_lines *lines, struct leat_ctx *ctx, bool *may_wait,
                    const char **text, size_t *bytes);

/* The same of a text that is in memory: the line at *at, which goes behind it. False: the text has
 * no whole line more; all: its last line need not end. */
bool leat_lines_cut(const char **at, const char *end, bool all, const char **text, size_t *bytes);

#endif
