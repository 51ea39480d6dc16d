/* The bytes of an input in one piece as far as they are there: a file mapped, a pipe through the
 * byte ring.
 */
#ifndef LEAT_IO_SPAN_H
#define LEAT_IO_SPAN_H

#include "io/bytes.h"

/* Maps the first `bytes` of a file for reading from front to back; 0 bytes: *map is NULL.
 * LEAT_ENOMEM. */
int leat_map(int fd, const char *path, uint64_t bytes, const char **map, struct leat_diag *diag);
void leat_unmap(const char *map, uint64_t bytes);
/* A mapped file that became shorter would kill the process: look before reading on. False after
 * leat_fail. */
bool leat_map_there(int fd, const char *path, uint64_t bytes, struct leat_ctx *ctx);

struct leat_span {
    const char *path;
    const char *map;    /* a file with bytes in it; NULL: `reader` has them */
    uint64_t bytes, at; /* of the file; used up */
    struct leat_reader reader;
};

/* room: the most bytes that a caller wants in one piece from a pipe. A zeroed or failed span may be
 * closed. */
int leat_span_open(struct leat_span *span, const char *path, size_t room, struct leat_diag *diag);
void leat_span_close(struct leat_span *span);

/* At the beginning of a pull: a mapped file is still as long as it was. False after leat_fail. */
bool leat_span_there(struct leat_span *span, struct leat_ctx *ctx);
/* What is there now, at *bytes, *n of it; more may come. Reads on when there is less than `least`,
 * which is at most room. 1: at least that many; 0: not now; LEAT_EEND: *n is all that is left;
 * another status after leat_fail. */
int leat_span_take(struct leat_span *span, struct leat_ctx *ctx, bool wait, size_t least,
                   const char **bytes, size_t *n);
void leat_span_use(struct leat_span *span, size_t n);
/* Passes over *skip bytes, as far as they are there. 1: all of them; else as leat_span_take. */
int leat_span_skip(struct leat_span *span, struct leat_ctx *ctx, bool wait, uint64_t *skip);

/* The number of the next byte. */
uint64_t leat_span_at(const struct leat_span *span);
/* Tells the context how far it is. */
void leat_span_progress(const struct leat_span *span, struct leat_ctx *ctx);

#endif
