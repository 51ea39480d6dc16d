#define _GNU_SOURCE
#include "io/span.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int leat_map(int fd, const char *path, uint64_t bytes, const char **map, struct leat_diag *diag)
{
    *map = NULL;
    if (bytes == 0)
        return LEAT_OK;
    void *at = MAP_FAILED;
    if (bytes <= SIZE_MAX)
        at = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return leat_diag_set(diag, LEAT_ENOMEM, "%s: cannot be mapped: %s", path, strerror(errno));
    (void)madvise(at, (size_t)bytes, MADV_SEQUENTIAL);
    *map = at;
    return LEAT_OK;
}

void leat_unmap(const char *map, uint64_t bytes)
{
    if (map != NULL)
        munmap((void *)(uintptr_t)map, (size_t)bytes);
}

bool leat_map_there(int fd, const char *path, uint64_t bytes, struct leat_ctx *ctx)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && (uint64_t)st.st_size >= bytes)
        return true;
    leat_fail(ctx, LEAT_EDATA, "%s: became shorter while it was mapped", path);
    return false;
}

int leat_span_open(struct leat_span *span, const char *path, size_t room, struct leat_diag *diag)
{
    struct leat_input_facts facts;
    span->path = path;
    int status = leat_reader_open(&span->reader, path, room, diag);
    if (status == LEAT_OK && span->reader.regular)
        status = leat_input_look(span->reader.fd, path, &facts, diag);
    if (status != LEAT_OK || !span->reader.regular)
        return status;
    span->bytes = facts.bytes;
    span->at = facts.at < facts.bytes ? facts.at : facts.bytes;
    return leat_map(span->reader.fd, path, span->bytes, &span->map, diag);
}

void leat_span_close(struct leat_span *span)
{
    leat_unmap(span->map, span->bytes);
    leat_reader_close(&span->reader);
    span->map = NULL;
}

bool leat_span_there(struct leat_span *span, struct leat_ctx *ctx)
{
    return span->map == NULL || leat_map_there(span->reader.fd, span->path, span->bytes, ctx);
}

int leat_span_take(struct leat_span *span, struct leat_ctx *ctx, bool wait, size_t least,
                   const char **bytes, size_t *n)
{
    struct leat_reader *reader = &span->reader;
    *n = 0;
    if (span->map != NULL) {
        *bytes = span->map + span->at;
        *n = (size_t)(span->bytes - span->at);
        return *n >= least ? 1 : LEAT_EEND;
    }
    int status = 1;
    while ((*n = leat_stream_take(&reader->stream, bytes)) < least && status == 1)
        status = leat_reader_fill(reader, ctx, wait);
    return *n >= least ? 1 : status;
}

void leat_span_use(struct leat_span *span, size_t n)
{
    span->at += n;
    if (span->map == NULL)
        leat_stream_retire(&span->reader.stream, n);
}

int leat_span_skip(struct leat_span *span, struct leat_ctx *ctx, bool wait, uint64_t *skip)
{
    const char *text;
    size_t n;
    int status = 1;
    while (*skip != 0 && status == 1) {
        status = leat_span_take(span, ctx, wait, 1, &text, &n);
        size_t over = n < *skip ? n : (size_t)*skip;
        leat_span_use(span, over);
        *skip -= over;
    }
    return *skip == 0 ? 1 : status;
}

uint64_t leat_span_at(const struct leat_span *span)
{
    return span->at;
}

void leat_span_progress(const struct leat_span *span, struct leat_ctx *ctx)
{
    ctx->progress = span->at;
    ctx->progress_all = span->bytes;
}
