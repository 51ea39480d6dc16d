#include "io/lines.h"

#include <string.h>

int leat_lines_open(struct leat_lines *l, const char *path, size_t room, struct leat_diag *diag)
{
    memset(l, 0, sizeof *l);
    return leat_reader_open(&l->reader, path, room, diag);
}

void leat_lines_close(struct leat_lines *l)
{
    if (l->reader.path != NULL)
        leat_reader_close(&l->reader);
    l->reader.path = NULL;
}

static void give(const char *begin, const char *stop, const char **text, size_t *bytes)
{
    *text = begin;
    *bytes = (size_t)(stop - begin);
    if (*bytes != 0 && stop[-1] == '\r')
        --*bytes;
}

bool leat_lines_cut(const char **at, const char *end, bool all, const char **text, size_t *bytes)
{
    const char *begin = *at, *stop = memchr(begin, '\n', (size_t)(end - begin));
    if (stop == NULL && (!all || begin == end))
        return false;
    *at = stop != NULL ? stop + 1 : end;
    give(begin, stop != NULL ? stop : end, text, bytes);
    return true;
}

static void let_go(struct leat_lines *l, size_t bytes)
{
    leat_stream_retire(&l->reader.stream, bytes);
    l->reader.taken += bytes;
    l->given = l->looked = 0;
}

/* The line that ends after n bytes, which are `used` with its end. */
static int found(struct leat_lines *l, const char *begin, size_t n, size_t used, const char **text,
                 size_t *bytes)
{
    bool marked = l->line == 0 && n >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0;
    l->line++;
    l->looked = 0;
    l->given = used;
    give(begin + (marked ? 3 : 0), begin + n, text, bytes);
    return 1;
}

int leat_lines_next(struct leat_lines *l, struct leat_ctx *ctx, bool *may_wait, const char **text,
                    size_t *bytes)
{
    let_go(l, l->given);
    for (;;) {
        const char *begin;
        size_t n = leat_stream_take(&l->reader.stream, &begin);
        const char *end = n > l->looked ? memchr(begin + l->looked, '\n', n - l->looked) : NULL;
        if (end != NULL || (l->reader.ended && n != 0)) {
            size_t length = end != NULL ? (size_t)(end - begin) : n;
            if (!l->rest)
                return found(l, begin, length, length + (end != NULL), text, bytes);
            l->rest = false; /* the end of what was too long */
            let_go(l, length + (end != NULL));
            continue;
        }
        if (l->reader.ended || ctx->stopping)
            return LEAT_EEND;
        if (n == l->reader.stream.bytes) {
            bool begins = !l->rest;
            let_go(l, n);
            l->rest = true;
            l->line += begins;
            if (begins)
                return LEAT_LINES_LONG;
            continue;
        }
        l->looked = n;
        int status = leat_reader_fill(&l->reader, ctx, *may_wait);
        *may_wait = false;
        if (status <= 0 && status != LEAT_EEND)
            return status;
    }
}
