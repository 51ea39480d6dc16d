#include "feed/messages.h"

#include <string.h>

enum { BYTES, OFFSETS };
static const char *const names[LEAT_MESSAGES_ROWS] = {"bytes", "offsets"};

static void shape(struct leat_shape *out, uint32_t rows, uint32_t cols)
{
    out->rows = rows;
    out->cols = cols;
    out->kind = LEAT_U8;
    out->rate_hz = 0;
    out->cols_fixed = false;
    out->bins_of = 0;
    for (uint32_t r = 0; r < rows; r++) {
        memset(&out->channels[r], 0, sizeof out->channels[r]);
        leat_shape_name(out, r, "%s", names[r]);
    }
}

void leat_bytes_shape(struct leat_shape *out, uint32_t cols)
{
    shape(out, 1, cols);
}

void leat_messages_shape(struct leat_shape *out, uint32_t cols)
{
    shape(out, LEAT_MESSAGES_ROWS, cols);
}

static bool is(const struct leat_shape *in, uint32_t rows)
{
    bool same = in->kind == LEAT_U8 && in->rows == rows;
    for (uint32_t r = 0; same && r < rows; r++)
        same = strcmp(in->channels[r].name, names[r]) == 0;
    return same;
}

bool leat_messages_are(const struct leat_shape *in)
{
    return is(in, LEAT_MESSAGES_ROWS);
}

int leat_bytes_check(const struct leat_shape *in, struct leat_diag *diag)
{
    if (is(in, 1))
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ESHAPE, "takes bytes: put file before it");
}

int leat_messages_check(const struct leat_shape *in, struct leat_diag *diag)
{
    if (leat_messages_are(in))
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ESHAPE,
                         "takes messages: put lengths, fixed, soupbin, moldudp or pcap before it");
}

/* The index of n messages: how many, where they begin and end, their numbers, their times. */
static size_t index_bytes(uint32_t n)
{
    return 8 * (3 * (size_t)n + 2);
}

/* Of how many messages a row of this frame's length holds the index. */
static uint32_t most(const struct leat_frame *frame)
{
    return (frame->stride / 8 - 2) / 3;
}

void leat_messages_read(struct leat_messages *m, struct leat_frame *frame)
{
    const int64_t *index = leat_frame_row(frame, OFFSETS);
    uint64_t n = (uint64_t)index[0];
    m->n = n <= frame->cols && index_bytes((uint32_t)n) <= frame->cols ? (uint32_t)n : 0;
    m->bytes = leat_frame_row(frame, BYTES);
    m->offsets = index + 1;
    m->sequence = m->offsets + m->n + 1;
    m->time = m->sequence + m->n;
    m->cols = frame->cols;
}

/* ---- writing ---- */

bool leat_packer_oversize(const struct leat_packer *packer, size_t bytes)
{
    return bytes > packer->cols;
}

/* While a frame is filled, nobody knows how many there will be: numbers and times lie where those
 * of the most would. */
bool leat_packing_add(struct leat_packer *packer, struct leat_packing *p, const char *message,
                      size_t bytes, int64_t sequence, int64_t time)
{
    bool gap = packer->any && sequence != packer->next;
    if (p->used + bytes > packer->cols || index_bytes(p->n + 1) > packer->cols ||
        (gap && p->n != 0))
        return false;
    int64_t *index = leat_frame_row(p->frame, OFFSETS);
    if (p->n == 0) {
        index[1] = 0;
        p->frame->flags = gap ? LEAT_GAP_BEFORE : 0;
        p->frame->time_ns = time;
    }
    char *to = (char *)leat_frame_row(p->frame, BYTES) + p->used;
    if (to != message) /* what was received into the frame lies there, or further behind */
        memmove(to, message, bytes);
    p->used += bytes;
    index += 2 + p->n;
    index[0] = (int64_t)p->used;
    index[most(p->frame)] = sequence;
    index[2 * (size_t)most(p->frame)] = time;
    p->n++;
    packer->any = true;
    packer->next = (int64_t)((uint64_t)sequence + 1);
    return true;
}

/* The frame holds n messages of so many bytes together, these numbers and times in its index: they
 * move up behind the offsets, and it becomes as long as its longer row. */
static void close_frame(struct leat_frame *frame, uint32_t n, size_t bytes,
                        const int64_t *sequence, const int64_t *time)
{
    const size_t used = index_bytes(n), cols = bytes > used ? bytes : used;
    int64_t *index = leat_frame_row(frame, OFFSETS);
    index[0] = n;
    memmove(index + 2 + n, sequence, 8 * (size_t)n);
    memmove(index + 2 + 2 * (size_t)n, time, 8 * (size_t)n);
    memset((char *)index + used, 0, cols - used);
    memset((char *)leat_frame_row(frame, BYTES) + bytes, 0, cols - bytes);
    frame->cols = (uint32_t)cols;
}

bool leat_packing_end(struct leat_packing *p)
{
    if (p->frame == NULL || p->n == 0)
        return false;
    const int64_t *sequence = (int64_t *)leat_frame_row(p->frame, OFFSETS) + 2 + most(p->frame);
    close_frame(p->frame, p->n, p->used, sequence, sequence + most(p->frame));
    return true;
}

const int64_t *leat_messages_numbers(struct leat_frame *frame, uint32_t *n)
{
    struct leat_messages messages;
    leat_messages_read(&messages, frame);
    *n = messages.n;
    return messages.sequence;
}

/* The offsets may be any: of messages that do not lie in their row nothing is left. */
void leat_messages_trim(struct leat_frame *frame, uint32_t k)
{
    struct leat_messages messages;
    leat_messages_read(&messages, frame);
    LEAT_REQUIRE(k < messages.n);
    int64_t *offsets = (int64_t *)leat_frame_row(frame, OFFSETS) + 1;
    char *bytes = leat_frame_row(frame, BYTES);
    const uint32_t n = messages.n - k;
    const uint64_t from = (uint64_t)offsets[k], to = (uint64_t)offsets[messages.n];
    const size_t all = from <= to && to <= frame->cols ? (size_t)(to - from) : 0;
    for (uint32_t i = 0; i <= n; i++)
        offsets[i] = (int64_t)((uint64_t)offsets[i + k] - from);
    if (all != 0)
        memmove(bytes, bytes + from, all);
    frame->time_ns = messages.time[k];
    close_frame(frame, n, all, messages.sequence + k, messages.time + k);
}

void leat_packer_put(struct leat_packing *p, struct leat_out *out)
{
    bool full = leat_packing_end(p);
    if (p->frame != NULL && (!full || !leat_out_put(out, p->frame))) /* room was there at claim */
        leat_out_release(out, p->frame);
    *p = (struct leat_packing){.made = p->made + full};
}

bool leat_packer_add(struct leat_packer *packer, struct leat_packing *p, struct leat_out *out,
                     const char *message, size_t bytes, int64_t sequence, int64_t time)
{
    if (p->frame != NULL &&
        leat_packing_add(packer, p, message, bytes, sequence, time))
        return true;
    leat_packer_put(p, out);
    if (leat_out_room(out) == 0 || (p->frame = leat_out_claim(out)) == NULL)
        return false;
    return leat_packing_add(packer, p, message, bytes, sequence, time);
}

uint32_t leat_flow_by_frames(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                             uint32_t n, struct leat_out *out,
                             bool (*use)(void *state, struct leat_ctx *ctx,
                                         struct leat_frame *frame, struct leat_out *out))
{
    for (uint32_t k = 0; k < n; k++) {
        if (!use(state, ctx, frames[k], out))
            return k;
        leat_out_release(out, frames[k]);
    }
    return n;
}
