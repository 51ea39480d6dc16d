#define _GNU_SOURCE
#include <leat/stream.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Maps the file twice in a reserved stretch of addresses. */
static char *map_twice(int fd, size_t bytes)
{
    char *base = mmap(NULL, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    int flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
    if (mmap(base, bytes, PROT_READ | PROT_WRITE, flags, fd, 0) == MAP_FAILED ||
        mmap(base + bytes, bytes, PROT_READ | PROT_WRITE, flags, fd, 0) == MAP_FAILED) {
        int cause = errno;
        munmap(base, 2 * bytes);
        errno = cause;
        return NULL;
    }
    return base;
}

int leat_stream_init(struct leat_stream *stream, size_t bytes, struct leat_diag *diag)
{
    memset(stream, 0, sizeof *stream);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (bytes == 0 || bytes > SIZE_MAX / 4)
        return leat_diag_set(diag, LEAT_ERANGE, "a stream of %zu bytes cannot be mapped", bytes);
    while (page < bytes)
        page *= 2;
    bytes = page;

    int fd = memfd_create("leat-stream", MFD_CLOEXEC);
    if (fd < 0)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory file for a stream: %s",
                             strerror(errno));
    char *base = ftruncate(fd, (off_t)bytes) == 0 ? map_twice(fd, bytes) : NULL;
    int cause = errno;
    close(fd);
    if (base == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "a stream of %zu bytes cannot be mapped: %s",
                             bytes, strerror(cause));
    stream->base = base;
    stream->bytes = bytes;
    return LEAT_OK;
}

void leat_stream_fini(struct leat_stream *stream)
{
    if (stream->base == NULL)
        return;
    munmap(stream->base, 2 * stream->bytes);
    memset(stream, 0, sizeof *stream);
}
