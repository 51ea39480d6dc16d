/* Rings and records in small, wrapped at link time: so that a line can be too long for them, and of
 * a ring only what has come may be read. */
#include "chain.h"

#include "arena/poison.h"
#include "io/bytes.h"
#include "io/record.h"

#include <leat/stream.h>

enum {
    RING = 4096, /* bytes of a ring: a page, the least */
    CELLS = 64   /* of a record of csv */
};

/* One in which no input comes round needs no mapping, and what has not been read into it can be
 * fenced off: free bytes go on behind its end. Longer inputs come round in one that stays mapped.
 */
static LEAT_ALIGNED(LEAT_LINE) char ring[2 * RING];
static struct leat_stream wide;
static bool ring_taken, wide_taken;

bool world_ring_take(const void *out, size_t bytes)
{
    if (!ring_taken || (const char *)out < ring || (const char *)out >= ring + sizeof ring)
        return false;
    arena_unpoison(out, bytes);
    return true;
}

int __real_leat_stream_init(struct leat_stream *stream, size_t bytes, struct leat_diag *diag);
int __wrap_leat_stream_init(struct leat_stream *stream, size_t bytes, struct leat_diag *diag);
void __real_leat_stream_fini(struct leat_stream *stream);
void __wrap_leat_stream_fini(struct leat_stream *stream);
int __real_leat_records_init(struct leat_records *r, size_t room, uint32_t cells, char delimiter,
                             const char *comment, struct leat_diag *diag);
int __wrap_leat_records_init(struct leat_records *r, size_t room, uint32_t cells, char delimiter,
                             const char *comment, struct leat_diag *diag);
int __real_leat_input_peek(const char *path, char *out, size_t room, size_t *bytes, bool *all,
                           bool (*enough)(void *user, const char *text, size_t bytes), void *user,
                           struct leat_diag *diag);
int __wrap_leat_input_peek(const char *path, char *out, size_t room, size_t *bytes, bool *all,
                           bool (*enough)(void *user, const char *text, size_t bytes), void *user,
                           struct leat_diag *diag);

int __wrap_leat_stream_init(struct leat_stream *stream, size_t bytes, struct leat_diag *diag)
{
    if (world_bytes() <= RING && !ring_taken) {
        ring_taken = true;
        *stream = (struct leat_stream){.base = ring, .bytes = RING};
        arena_poison(ring, sizeof ring);
        return LEAT_OK;
    }
    if (wide_taken || (wide.base == NULL && __real_leat_stream_init(&wide, RING, diag) != LEAT_OK))
        return __real_leat_stream_init(stream, bytes < RING ? bytes : RING, diag);
    wide_taken = true;
    *stream = (struct leat_stream){.base = wide.base, .bytes = wide.bytes};
    return LEAT_OK;
}

void __wrap_leat_stream_fini(struct leat_stream *stream)
{
    if (stream->base == ring) {
        arena_unpoison(ring, sizeof ring);
        ring_taken = false;
    } else if (stream->base != NULL && stream->base == wide.base) {
        wide_taken = false;
    } else {
        __real_leat_stream_fini(stream);
        return;
    }
    *stream = (struct leat_stream){.base = NULL};
}

/* A record of csv is as long as a ring at most, and so is what is looked at beforehand. */
int __wrap_leat_input_peek(const char *path, char *out, size_t room, size_t *bytes, bool *all,
                           bool (*enough)(void *user, const char *text, size_t bytes), void *user,
                           struct leat_diag *diag)
{
    return __real_leat_input_peek(path, out, room < RING ? room : RING, bytes, all, enough, user,
                                  diag);
}

int __wrap_leat_records_init(struct leat_records *r, size_t room, uint32_t cells, char delimiter,
                             const char *comment, struct leat_diag *diag)
{
    return __real_leat_records_init(r, room < RING ? room : RING,
                                    cells < CELLS ? cells : CELLS, delimiter, comment, diag);
}
