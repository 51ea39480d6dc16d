/* Bytes in and bytes out: the two ends at which this room touches the operating system. */
#ifndef LEAT_IO_BYTES_H
#define LEAT_IO_BYTES_H

#include <leat/stage.h>
#include <leat/stream.h>

#define LEAT_IO_WAIT_MS 10 /* the longest that a pull waits for its input */

/* Opens path for reading ("-" = standard input) without waiting for a writer. *owned says whether
 * to close. Returns the descriptor or a negative status. */
int leat_input_open(const char *path, bool *owned, struct leat_diag *diag);

void leat_input_close(int fd);

/* True for a regular file that is there. */
bool leat_input_is_file(const char *path);

/* What is known of an open input. */
struct leat_input_facts {
    bool regular;   /* a file with a length and places in it */
    uint64_t at;    /* regular: the place where reading starts */
    uint64_t bytes; /* regular: its length */
};
int leat_input_look(int fd, const char *path, struct leat_input_facts *facts,
                    struct leat_diag *diag);
/* The same of a path, for a stage that is resolved: a pipe that has a name is not opened for it, as
 * its writer would take who looks for the reader, and find that the reader has gone. */
int leat_input_facts(const char *path, struct leat_input_facts *facts, struct leat_diag *diag);

/* Opens what is read from files only, which have places; else: PATH: WHAT read from files onlyMORE.
 * A pipe that has a name is refused without being opened, as above. Returns the descriptor or a
 * negative status. */
int leat_input_open_file(const char *path, const char *what, const char *more, bool *owned,
                         struct leat_input_facts *facts, struct leat_diag *diag);

/* Waits until fd may be read, at most LEAT_IO_WAIT_MS. True when a read will not block. */
bool leat_input_ready(int fd, bool wait, struct leat_ctx *ctx);

/* Reads all of [offset, offset + bytes) of a regular file. A short file fails the stage. */
bool leat_input_at(int fd, const char *path, void *out, size_t bytes, uint64_t offset,
                   struct leat_ctx *ctx);

/* The first bytes of a regular file, at most room, and its length. `what` is as above. */
int leat_input_head(const char *path, const char *what, void *out, size_t room, size_t *bytes,
                    uint64_t *file_bytes, struct leat_diag *diag);

/* ---- a byte stream, buffered in a double-mapped ring ---- */

struct leat_reader {
    struct leat_stream stream;
    const char *path;
    uint64_t bytes; /* of a regular file; 0 otherwise */
    uint64_t taken; /* bytes that the caller has used up */
    int fd;
    bool owned, regular, ended;
};

int leat_reader_open(struct leat_reader *reader, const char *path, size_t room,
                     struct leat_diag *diag);
/* Reads more into the ring. 1: something came; 0: nothing now (after waiting, if wait);
 * LEAT_EEND: nothing will come; another status after leat_fail. The ring must not be full. */
int leat_reader_fill(struct leat_reader *reader, struct leat_ctx *ctx, bool wait);
void leat_reader_close(struct leat_reader *reader);

/* Copies the first bytes of path into out without using them up: a file is read in place, a pipe
 * is duplicated (tee). Waits for a silent pipe until `enough` says so or it ends.
 * Returns 0 and *bytes; LEAT_ESTATE when this kind of input cannot be looked at beforehand. */
int leat_input_peek(const char *path, char *out, size_t room, size_t *bytes, bool *all,
                    bool (*enough)(void *user, const char *text, size_t bytes), void *user,
                    struct leat_diag *diag);

/* ---- an output file that appears when it is complete ---- */

struct leat_writer {
    const char *path;
    char *target; /* what the path names behind its links; NULL when written directly */
    char *temp;   /* name beside it; NULL when written directly */
    char *buffer; /* [room], `used` of them wait to be written */
    size_t room, used;
    int fd;
    bool owned, failed, open;
};

/* path NULL or "-" is standard output. room >= 1 bytes are buffered. */
int leat_writer_open(struct leat_writer *writer, const char *path, size_t room,
                     struct leat_diag *diag);
/* Room for n <= room bytes at the end of the buffer, or NULL after leat_fail. The caller then adds
 * what it wrote to writer->used. */
char *leat_writer_room(struct leat_writer *writer, struct leat_ctx *ctx, size_t n);
/* Appends. False after leat_fail, also at an earlier call. */
bool leat_writer_put(struct leat_writer *writer, struct leat_ctx *ctx, const void *bytes,
                     size_t n);
/* Appends the samples of a frame, row by row or column by column. For the latter the buffer must
 * hold at least one column. */
bool leat_writer_put_rows(struct leat_writer *writer, struct leat_ctx *ctx,
                          const struct leat_frame *frame);
bool leat_writer_put_interleaved(struct leat_writer *writer, struct leat_ctx *ctx,
                                 const struct leat_frame *frame);
bool leat_writer_flush(struct leat_writer *writer, struct leat_ctx *ctx);
/* The end of a batch: what goes to a pipe or a screen is not kept back until the buffer is full. */
void leat_writer_batch(struct leat_writer *writer, struct leat_ctx *ctx);
/* Overwrites bytes that were written before; the file must have places. */
bool leat_writer_patch(struct leat_writer *writer, struct leat_ctx *ctx, uint64_t offset,
                       const void *bytes, size_t n);
/* Fails unless the output has places, because its header is written last. */
int leat_writer_seekable(const struct leat_writer *writer, struct leat_diag *diag);
/* Writes what is buffered and puts the file under its name. False after leat_fail. */
bool leat_writer_commit(struct leat_writer *writer, struct leat_ctx *ctx);
/* Closes; what was not committed is removed. A zeroed or closed writer is left alone. */
void leat_writer_close(struct leat_writer *writer);

#endif
