#define _GNU_SOURCE
#include "io/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READ_MAX ((size_t)256 << 10) /* bytes a system call: large enough, and warm in L2 */

int leat_input_open(const char *path, bool *owned, struct leat_diag *diag)
{
    *owned = false;
    if (strcmp(path, "-") == 0)
        return STDIN_FILENO;
    /* A named pipe must not hold up the control thread until somebody writes to it. */
    int fd;
    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return leat_diag_set(diag, LEAT_EIO, "%s: cannot be read: %s", path, strerror(errno));
    *owned = true;
    return fd;
}

void leat_input_close(int fd)
{
    close(fd);
}

int leat_input_look(int fd, const char *path, struct leat_input_facts *facts,
                    struct leat_diag *diag)
{
    memset(facts, 0, sizeof *facts);
    struct stat st;
    const char *why = NULL;
    if (fstat(fd, &st) != 0)
        why = strerror(errno);
    else if (S_ISDIR(st.st_mode))
        why = "it is a directory";
    if (why != NULL)
        return leat_diag_set(diag, LEAT_EIO, "%s: cannot be read: %s", path, why);
    if (S_ISREG(st.st_mode)) {
        off_t at = lseek(fd, 0, SEEK_CUR); /* standard input may have been read before */
        facts->regular = true;
        facts->at = at > 0 ? (uint64_t)at : 0;
        facts->bytes = (uint64_t)st.st_size;
    }
    return LEAT_OK;
}

bool leat_input_ready(int fd, bool wait, struct leat_ctx *ctx)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    if (wait)
        ctx->waited = true;
    return poll(&poller, 1, wait ? LEAT_IO_WAIT_MS : 0) > 0; /* a signal: not now */
}

bool leat_input_at(int fd, const char *path, void *out, size_t bytes, uint64_t offset,
                   struct leat_ctx *ctx)
{
    size_t done = 0;
    while (done < bytes) {
        ssize_t got = pread(fd, (char *)out + done, bytes - done, (off_t)(offset + done));
        if (got > 0) {
            done += (size_t)got;
        } else if (got == 0) {
            leat_fail(ctx, LEAT_EDATA,
                      "%s: the file ended at byte %llu; it became shorter while it was read", path,
                      (unsigned long long)(offset + done));
            return false;
        } else if (errno != EINTR) {
            leat_fail(ctx, LEAT_EIO, "%s: cannot be read: %s", path, strerror(errno));
            return false;
        }
    }
    return true;
}

/* A pipe that has a name in a folder: who opens it and closes it again breaks its writer. The pipes
 * under /dev and /proc that are our own stay open. */
static bool named_pipe(const char *path)
{
    struct stat st;
    bool own = strcmp(path, "-") == 0 || strncmp(path, "/dev/std", 8) == 0 ||
               strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/", 6) == 0;
    return !own && stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

int leat_input_open_file(const char *path, const char *what, const char *more, bool *owned,
                         struct leat_input_facts *facts, struct leat_diag *diag)
{
    int fd = -1, status = LEAT_OK;
    *owned = false;
    memset(facts, 0, sizeof *facts);
    if (!named_pipe(path)) {
        fd = leat_input_open(path, owned, diag);
        status = fd < 0 ? fd : leat_input_look(fd, path, facts, diag);
    }
    if (status == LEAT_OK && !facts->regular)
        status = leat_diag_set(diag, LEAT_EIO, "%s: %s read from files only%s", path, what, more);
    if (status == LEAT_OK)
        return fd;
    if (*owned)
        close(fd);
    *owned = false;
    return status;
}

int leat_input_head(const char *path, const char *what, void *out, size_t room, size_t *bytes,
                    uint64_t *file_bytes, struct leat_diag *diag)
{
    bool owned;
    struct leat_input_facts facts;
    struct leat_ctx ctx = {.diag = diag};
    int fd = leat_input_open_file(path, what, "; a pipe has no places", &owned, &facts, diag);
    if (fd < 0)
        return fd;
    *file_bytes = facts.bytes;
    *bytes = facts.bytes < room ? (size_t)facts.bytes : room;
    bool well = leat_input_at(fd, path, out, *bytes, 0, &ctx);
    if (owned)
        close(fd);
    return well ? LEAT_OK : ctx.failed;
}

int leat_input_facts(const char *path, struct leat_input_facts *facts, struct leat_diag *diag)
{
    bool owned;
    memset(facts, 0, sizeof *facts);
    if (named_pipe(path)) {
        if (access(path, R_OK) == 0)
            return LEAT_OK;
        return leat_diag_set(diag, LEAT_EIO, "%s: cannot be read: %s", path, strerror(errno));
    }
    int fd = leat_input_open(path, &owned, diag);
    if (fd < 0)
        return fd;
    int status = leat_input_look(fd, path, facts, diag);
    if (owned)
        close(fd);
    return status;
}

bool leat_input_is_file(const char *path)
{
    struct stat st;
    int status = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &st) : stat(path, &st);
    return status == 0 && S_ISREG(st.st_mode);
}

int leat_reader_open(struct leat_reader *reader, const char *path, size_t room,
                     struct leat_diag *diag)
{
    memset(reader, 0, sizeof *reader);
    reader->path = path;
    reader->fd = leat_input_open(path, &reader->owned, diag);
    if (reader->fd < 0)
        return reader->fd;
    struct leat_input_facts facts;
    int status = leat_input_look(reader->fd, path, &facts, diag);
    if (status == LEAT_OK)
        status = leat_stream_init(&reader->stream, room, diag);
    if (status != LEAT_OK) {
        leat_reader_close(reader);
        return status;
    }
    reader->regular = facts.regular;
    reader->bytes = facts.bytes > facts.at ? facts.bytes - facts.at : 0;
    return LEAT_OK;
}

/* Text has no length of its own: what is missing shows only in a file that ends before the place
 * that was read. */
static bool was_cut(const struct leat_reader *reader)
{
    struct stat st;
    off_t at = lseek(reader->fd, 0, SEEK_CUR);
    return reader->regular && at > 0 && fstat(reader->fd, &st) == 0 && st.st_size < at;
}

int leat_reader_fill(struct leat_reader *reader, struct leat_ctx *ctx, bool wait)
{
    if (reader->ended)
        return LEAT_EEND;
    char *span;
    size_t room = leat_stream_reserve(&reader->stream, &span);
    if (!reader->regular && !leat_input_ready(reader->fd, wait, ctx))
        return 0;
    ssize_t got;
    do {
        got = read(reader->fd, span, room < READ_MAX ? room : READ_MAX);
    } while (got < 0 && errno == EINTR && reader->regular);
    if (got > 0) {
        leat_stream_publish(&reader->stream, (size_t)got);
        return 1;
    }
    if (got == 0) {
        reader->ended = true;
        if (was_cut(reader))
            return leat_fail(ctx, LEAT_EDATA, "%s: became shorter while it was read",
                             reader->path);
        return LEAT_EEND;
    }
    if (errno == EINTR || errno == EAGAIN)
        return 0;
    return leat_fail(ctx, LEAT_EIO, "%s: cannot be read: %s", reader->path, strerror(errno));
}

void leat_reader_close(struct leat_reader *reader)
{
    leat_stream_fini(&reader->stream);
    if (reader->owned)
        close(reader->fd);
    reader->owned = false;
}

/* The bytes that wait in a pipe, duplicated into a pipe of our own and read from there. */
static ssize_t pipe_peek(int fd, char *out, size_t room)
{
    int own[2];
    if (pipe2(own, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    ssize_t copied = tee(fd, own[1], room, SPLICE_F_NONBLOCK);
    ssize_t done = 0;
    while (done < copied) {
        ssize_t got = read(own[0], out + done, (size_t)(copied - done));
        if (got <= 0 && errno != EINTR)
            break;
        done += got > 0 ? got : 0;
    }
    int cause = errno;
    close(own[0]);
    close(own[1]);
    errno = cause;
    return copied < 0 ? copied : done;
}

/* Duplicates what waits until it is enough, the pipe is full, or the writer has gone. */
static int pipe_wait(int fd, const char *path, char *out, size_t room, size_t *bytes, bool *all,
                     bool (*enough)(void *, const char *, size_t), void *user,
                     struct leat_diag *diag)
{
    for (;;) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        if (poll(&poller, 1, -1) < 0) {
            return leat_diag_set(diag, LEAT_EIO, "%s: no first line: %s", path, strerror(errno));
        }
        ssize_t got = pipe_peek(fd, out, room);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return leat_diag_set(diag, LEAT_EIO, "%s: cannot be looked at: %s", path,
                                 strerror(errno));
        bool stuck = got > 0 && *bytes == (size_t)got;
        *bytes = got > 0 ? (size_t)got : *bytes;
        *all = (poller.revents & POLLHUP) != 0;
        if (*all || *bytes == room || enough(user, out, *bytes) ||
            *bytes >= (size_t)fcntl(fd, F_GETPIPE_SZ))
            return LEAT_OK;
        if (stuck) /* poll answers at once while bytes wait: look again in a while */
            nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

static int peek(int fd, const char *path, char *out, size_t room, size_t *bytes, bool *all,
                bool (*enough)(void *, const char *, size_t), void *user, struct leat_diag *diag)
{
    struct stat st;
    struct leat_input_facts facts;
    int status = leat_input_look(fd, path, &facts, diag);
    if (status != LEAT_OK)
        return status;
    if (facts.regular) {
        ssize_t got;
        do {
            got = pread(fd, out + *bytes, room - *bytes, (off_t)(facts.at + *bytes));
            *bytes += got > 0 ? (size_t)got : 0;
        } while (got > 0 ? *bytes < room : got < 0 && errno == EINTR);
        *all = *bytes < room;
        if (got >= 0)
            return LEAT_OK;
        return leat_diag_set(diag, LEAT_EIO, "%s: cannot be read: %s", path, strerror(errno));
    }
    if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
        return LEAT_ESTATE;
    return pipe_wait(fd, path, out, room, bytes, all, enough, user, diag);
}

int leat_input_peek(const char *path, char *out, size_t room, size_t *bytes, bool *all,
                    bool (*enough)(void *user, const char *text, size_t bytes), void *user,
                    struct leat_diag *diag)
{
    *bytes = 0;
    *all = false;
    bool owned;
    if (named_pipe(path))
        return LEAT_ESTATE;
    int fd = leat_input_open(path, &owned, diag);
    if (fd < 0)
        return fd;
    int status = peek(fd, path, out, room, bytes, all, enough, user, diag);
    if (owned)
        close(fd);
    return status;
}
