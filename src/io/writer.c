#define _GNU_SOURCE
#include "io/bytes.h"
#include "io/common.h"

#include <leat/clock.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(struct leat_writer *w, struct leat_diag *diag, const char *why)
{
    leat_diag_set(diag, LEAT_EIO, "%s: cannot be written: %s", w->path, why);
    leat_writer_close(w);
    return LEAT_EIO;
}

/* A new file beside the path, made exclusively, with the permissions that the user's mask says. */
static int open_beside(struct leat_writer *w, const struct stat *old, struct leat_diag *diag)
{
    struct stat link;
    bool linked = lstat(w->path, &link) == 0 && S_ISLNK(link.st_mode);
    size_t length = strlen(w->path) + 1;
    w->target = linked ? realpath(w->path, NULL) : malloc(length); /* a link stays a link */
    if (w->target == NULL)
        return refuse(w, diag, linked ? "it is a link to nothing" : "no memory for its name");
    if (!linked)
        memcpy(w->target, w->path, length);
    size_t bytes = strlen(w->target) + 48;
    w->temp = malloc(bytes);
    if (w->temp == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for the name of an output file");
    for (int tries = 0; tries < 100; tries++) {
        snprintf(w->temp, bytes, "%s.tmp-%ld-%llx", w->target, (long)getpid(),
                 (unsigned long long)leat_clock_ns());
        w->fd = open(w->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (w->fd >= 0) {
            w->owned = true;
            if (old != NULL) /* what it replaces keeps its permissions */
                (void)fchmod(w->fd, old->st_mode & 07777);
            return LEAT_OK;
        }
        if (errno != EEXIST && errno != EINTR)
            break;
    }
    int cause = errno;
    free(w->temp); /* nothing was made: nothing to remove */
    w->temp = NULL;
    return refuse(w, diag, strerror(cause));
}

/* A device or a pipe. A named pipe must not hold up the control thread until somebody reads it. */
static int open_direct(struct leat_writer *w, bool fifo, struct leat_diag *diag)
{
    do {
        w->fd = open(w->path, O_WRONLY | O_CLOEXEC | (fifo ? O_NONBLOCK : 0));
    } while (w->fd < 0 && errno == EINTR);
    if (w->fd < 0)
        return refuse(w, diag, fifo && errno == ENXIO ? "nobody reads this pipe" : strerror(errno));
    w->owned = true;
    if (fifo)
        (void)fcntl(w->fd, F_SETFL, 0); /* full is waited for in write, which is declared */
    return LEAT_OK;
}

int leat_writer_open(struct leat_writer *w, const char *path, size_t room, struct leat_diag *diag)
{
    memset(w, 0, sizeof *w);
    if (path != NULL && path[0] == '\0')
        return leat_diag_set(diag, LEAT_EINVAL, "file: the name is empty; - is standard output");
    bool standard = path == NULL || strcmp(path, "-") == 0;
    w->path = standard ? "standard output" : path;
    w->fd = STDOUT_FILENO;
    w->room = room;
    w->open = true;
    w->buffer = malloc(room);
    if (w->buffer == NULL) {
        w->open = false;
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory to buffer %zu bytes of output", room);
    }
    if (standard)
        return LEAT_OK;
    struct stat st;
    bool there = stat(path, &st) == 0;
    if (there && S_ISDIR(st.st_mode))
        return refuse(w, diag, "it is a directory");
    if (!there || S_ISREG(st.st_mode)) {
        int status = open_beside(w, there ? &st : NULL, diag);
        if (status == LEAT_ENOMEM)
            leat_writer_close(w);
        return status;
    }
    return open_direct(w, S_ISFIFO(st.st_mode), diag);
}

/* Writes it all; a full pipe that must not block is waited for. */
static bool write_all(struct leat_writer *w, struct leat_ctx *ctx, const char *bytes, size_t n)
{
    /* A run that failed elsewhere leaves no results behind. */
    if (ctx->failed != 0)
        return false;
    while (n != 0 && !w->failed) {
        ssize_t done = write(w->fd, bytes, n);
        if (done >= 0) {
            bytes += done;
            n -= (size_t)done;
        } else if (errno == EAGAIN) {
            (void)poll(&(struct pollfd){.fd = w->fd, .events = POLLOUT}, 1, LEAT_IO_WAIT_MS);
        } else if (errno != EINTR) {
            w->failed = true;
            leat_fail(ctx, LEAT_EIO, "%s: cannot be written: %s", w->path, strerror(errno));
        }
    }
    return !w->failed;
}

bool leat_writer_flush(struct leat_writer *w, struct leat_ctx *ctx)
{
    size_t used = w->used;
    w->used = 0;
    return write_all(w, ctx, w->buffer, used);
}

void leat_writer_batch(struct leat_writer *w, struct leat_ctx *ctx)
{
    if (w->temp == NULL && w->used != 0)
        leat_writer_flush(w, ctx);
}

char *leat_writer_room(struct leat_writer *w, struct leat_ctx *ctx, size_t n)
{
    LEAT_REQUIRE(n <= w->room);
    if (w->failed || (w->room - w->used < n && !leat_writer_flush(w, ctx)))
        return NULL;
    return w->buffer + w->used;
}

bool leat_writer_put(struct leat_writer *w, struct leat_ctx *ctx, const void *bytes, size_t n)
{
    if (w->room - w->used < n && !leat_writer_flush(w, ctx))
        return false;
    if (n >= w->room)
        return write_all(w, ctx, bytes, n);
    memcpy(w->buffer + w->used, bytes, n);
    w->used += n;
    return !w->failed;
}

bool leat_writer_put_rows(struct leat_writer *w, struct leat_ctx *ctx,
                          const struct leat_frame *frame)
{
    size_t bytes = (size_t)frame->cols * leat_kind_bytes(frame->kind);
    for (uint32_t r = 0; r < frame->rows; r++)
        if (!leat_writer_put(w, ctx, leat_io_row(frame, r), bytes))
            return false;
    return true;
}

bool leat_writer_put_interleaved(struct leat_writer *w, struct leat_ctx *ctx,
                                 const struct leat_frame *frame)
{
    size_t sample = (size_t)frame->rows * leat_kind_bytes(frame->kind);
    for (uint32_t from = 0; from < frame->cols;) {
        char *out = leat_writer_room(w, ctx, sample);
        if (out == NULL)
            return false;
        size_t fit = (w->room - w->used) / sample;
        uint32_t n = fit < frame->cols - from ? (uint32_t)fit : frame->cols - from;
        leat_io_interleave(out, frame, from, n);
        w->used += n * sample;
        from += n;
    }
    return true;
}

bool leat_writer_patch(struct leat_writer *w, struct leat_ctx *ctx, uint64_t offset,
                       const void *bytes, size_t n)
{
    if (!leat_writer_flush(w, ctx))
        return false;
    ssize_t done;
    do {
        done = pwrite(w->fd, bytes, n, (off_t)offset);
    } while (done < 0 && errno == EINTR);
    if (done == (ssize_t)n)
        return true;
    w->failed = true;
    leat_fail(ctx, LEAT_EIO, "%s: its header cannot be written: %s", w->path,
              done < 0 ? strerror(errno) : "the disk is full");
    return false;
}

int leat_writer_seekable(const struct leat_writer *w, struct leat_diag *diag)
{
    off_t at = lseek(w->fd, 0, SEEK_CUR);
    int flags = fcntl(w->fd, F_GETFL);
    bool append = at == 0 && flags >= 0 && (flags & O_APPEND) != 0;
    if (at > 0 || append)
        return leat_diag_set(diag, LEAT_EIO,
                             "%s: %s, and a header goes to its start; give file=", w->path,
                             append ? "takes bytes at its end alone (>>)" : "has bytes already");
    if (at == 0)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_EIO,
                         "%s: cannot be a pipe, because the length in its header is written last; "
                         "give file= a file",
                         w->path);
}

bool leat_writer_commit(struct leat_writer *w, struct leat_ctx *ctx)
{
    if (!w->open || ctx->failed != 0 || !leat_writer_flush(w, ctx))
        return false;
    int fd = w->fd;
    bool owned = w->owned;
    w->owned = false;
    if (owned && close(fd) != 0 && errno != EINTR) {
        w->failed = true;
        leat_fail(ctx, LEAT_EIO, "%s: cannot be written: %s", w->path, strerror(errno));
        return false;
    }
    if (w->temp != NULL && rename(w->temp, w->target) != 0) {
        w->failed = true;
        leat_fail(ctx, LEAT_EIO, "%s: cannot be put under its name: %s", w->path,
                  strerror(errno));
        return false;
    }
    free(w->temp);
    w->temp = NULL;
    return true;
}

void leat_writer_close(struct leat_writer *w)
{
    if (!w->open)
        return;
    if (w->owned)
        close(w->fd);
    if (w->temp != NULL)
        unlink(w->temp);
    free(w->temp);
    free(w->target);
    free(w->buffer);
    memset(w, 0, sizeof *w);
}
