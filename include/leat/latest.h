/* The newest frame of a stream, in memory that other processes map: what the sink `latest` writes
 * and any number of readers look at, without a lock and without knowing of each other.
 *
 * The file is a head, the channels' names [rows][LEAT_LATEST_NAME], and slots, which take frames in
 * turn: frame number n is in slot n % slots. So a reader has the time of slots - 1 further frames
 * to copy one, and what a writer that dies leaves half written is not the newest. A reader that
 * was too slow is told so by the number of the slot, which changes before its samples do.
 *
 *                             | may run beside
 *     leat_latest_look ended  | everything
 *     leat_latest_read        | everything, in any thread of any process
 *     leat_latest_write       | everything but itself
 *
 * The writer never waits. This header needs nothing of the library: open and mmap the file, then
 * look. Trust: whoever may write the file may mislead its readers, but for what leat_latest_look
 * checks.
 */
#ifndef LEAT_LATEST_H
#define LEAT_LATEST_H

#include <leat/atomic.h>
#include <leat/frame.h>
#include <leat/status.h>

#include <string.h>

LEAT_BEGIN

#define LEAT_LATEST_MAGIC UINT64_C(0x317473657461656c) /* "leatest1", where bytes lie as here */
#define LEAT_LATEST_NAME 64 /* bytes of a name, the NUL included */
#define LEAT_LATEST_ROWS_MAX 65535u /* channels of a file, at most */

/* At the begin of the file. Everything but what is atomic stays as it is. */
struct leat_latest {
    leat_atomic_u64 magic; /* written last */
    uint64_t bytes;        /* of the file */
    uint64_t names_at;     /* char [rows][LEAT_LATEST_NAME]: bytes from here */
    uint64_t slots_at;     /* bytes from here, a multiple of 64 */
    uint64_t slot_words;   /* of 64 bits; LEAT_LATEST_HEAD, then row_words of each channel */
    uint32_t slots;
    uint32_t rows, cols;   /* channels; most samples of each */
    uint32_t kind;         /* leat_kind */
    uint32_t row_words;    /* a multiple of 8 */
    LEAT_ALIGNED(LEAT_LINE) leat_atomic_u64 newest; /* the newest frame's number, from 1; 0: none */
    leat_atomic_u64 ended; /* not 0: the run has ended, and newest is the last one */
};

/* Words of a slot before its samples. The first one is the number of the frame that is in it, or is
 * just being written; then seq, time_ns, key, cols, flags, as in the frame. */
#define LEAT_LATEST_HEAD 8u
#define LEAT_LATEST_TOLD 5u

/* What a reader is told of a frame. */
struct leat_latest_frame {
    uint64_t number; /* it is the so-maniest of the run: from 1, not all are seen */
    uint64_t seq, key;
    int64_t time_ns;
    uint32_t cols, flags;
};

/* The bytes between rows that leat_latest_read wants at least. */
LEAT_INLINE size_t leat_latest_stride(const struct leat_latest *latest)
{
    return ((size_t)latest->cols * leat_kind_bytes(latest->kind) + 7) & ~(size_t)7;
}

/* 0 when bytes at map, on 8 bytes, are such a file, whole. LEAT_EDATA: they are not, or not yet. */
LEAT_INLINE int leat_latest_look(const void *map, size_t bytes)
{
    const struct leat_latest *latest = (const struct leat_latest *)map;
    if (bytes < sizeof *latest ||
        leat_load_acquire(&latest->magic) != LEAT_LATEST_MAGIC) /* [H1 pairs H2: head, names] */
        return LEAT_EDATA;
    uint64_t width = leat_kind_bytes(latest->kind), rows = latest->rows, all = latest->bytes;
    if (all > bytes || rows == 0 || rows > LEAT_LATEST_ROWS_MAX || width == 0 ||
        latest->slots == 0 || latest->cols == 0 || latest->slots_at % LEAT_LINE != 0 ||
        latest->row_words * UINT64_C(8) < latest->cols * width ||
        latest->slot_words != LEAT_LATEST_HEAD + rows * latest->row_words)
        return LEAT_EDATA;
    if (latest->names_at > all || all - latest->names_at < rows * LEAT_LATEST_NAME ||
        latest->slots_at > all ||
        (all - latest->slots_at) / latest->slots / 8 < latest->slot_words)
        return LEAT_EDATA;
    return LEAT_OK;
}

/* The name of channel r. */
LEAT_INLINE const char *leat_latest_name(const struct leat_latest *latest, uint32_t r)
{
    return (const char *)latest + latest->names_at + (size_t)r * LEAT_LATEST_NAME;
}

/* The run has ended: what is the newest now stays the newest. */
LEAT_INLINE bool leat_latest_ended(const struct leat_latest *latest)
{
    return leat_load_acquire(&latest->ended) != 0; /* [H10 pairs H9: every frame before] */
}

/* The slot that a frame of that number is in. */
LEAT_INLINE leat_atomic_u64 *leat_latest_slot(const struct leat_latest *latest, uint64_t number)
{
    const char *slots = (const char *)latest + latest->slots_at;
    return (leat_atomic_u64 *)(uintptr_t)slots + number % latest->slots * latest->slot_words;
}

/* Words out of a slot, one by one: each is whole, together they may be of two frames. */
LEAT_INLINE void leat_latest_load(void *to, const leat_atomic_u64 *from, size_t words)
{
    for (size_t w = 0; w < words; w++) {
        /* [H5 pairs H6: that the slot's number has changed, if this is of another frame] */
        uint64_t word = leat_load_acquire(&from[w]);
        memcpy((char *)to + w * 8, &word, 8);
    }
}

/* Words into a slot, one by one; the writer's. */
LEAT_INLINE void leat_latest_store(leat_atomic_u64 *to, const void *from, size_t words)
{
    for (size_t w = 0; w < words; w++) {
        uint64_t word;
        memcpy(&word, (const char *)from + w * 8, 8);
        leat_store_release(&to[w], word); /* [H6 pairs H5: the slot's number] */
    }
}

/* Copies the newest frame: row r to out + r * stride, which is a multiple of 8 and at least
 * leat_latest_stride; behind its cols samples up to 7 bytes more are written. out is on 8 bytes.
 * false: there is none yet, or in so many tries the writer was faster each time; *frame and out
 * are then anything. Progress: as many copies as tries. */
LEAT_INLINE bool leat_latest_read(const struct leat_latest *latest, struct leat_latest_frame *frame,
                                  void *out, size_t stride, uint32_t tries)
{
    const size_t width = leat_kind_bytes(latest->kind);
    for (; tries > 0; tries--) {
        /* [H3 pairs H4: the frame of that number, and its slot's] */
        uint64_t number = leat_load_acquire(&latest->newest), told[LEAT_LATEST_TOLD];
        const leat_atomic_u64 *slot = leat_latest_slot(latest, number);
        if (number == 0)
            return false;
        leat_latest_load(told, slot + 1, LEAT_LATEST_TOLD);
        if (told[3] > latest->cols)
            continue; /* of two frames, or of a writer that is none of Leat's */
        frame->number = number;
        frame->seq = told[0];
        frame->time_ns = (int64_t)told[1];
        frame->key = told[2];
        frame->cols = (uint32_t)told[3];
        frame->flags = (uint32_t)told[4];
        for (uint32_t r = 0; r < latest->rows; r++)
            leat_latest_load((char *)out + r * stride,
                             slot + LEAT_LATEST_HEAD + (size_t)r * latest->row_words,
                             (frame->cols * width + 7) / 8);
        if (leat_load_relaxed(slot) == number) /* [H7 pairs H8: that it has changed, by H5] */
            return true;
    }
    return false;
}

/* Makes a frame the newest: row r from samples + r * stride; whole words are read, up to 7 bytes
 * beyond its samples. frame->number is one more than the last time, at first 1. One writer; it
 * never waits. */
LEAT_INLINE void leat_latest_write(struct leat_latest *latest,
                                   const struct leat_latest_frame *frame, const void *samples,
                                   size_t stride)
{
    leat_atomic_u64 *slot = leat_latest_slot(latest, frame->number);
    const uint64_t told[LEAT_LATEST_TOLD] = {frame->seq, (uint64_t)frame->time_ns, frame->key,
                                             frame->cols, frame->flags};
    leat_store_relaxed(slot, frame->number); /* [H8 pairs H7: before any of the frame, by H6] */
    leat_latest_store(slot + 1, told, LEAT_LATEST_TOLD);
    for (uint32_t r = 0; r < latest->rows; r++)
        leat_latest_store(slot + LEAT_LATEST_HEAD + (size_t)r * latest->row_words,
                          (const char *)samples + r * stride,
                          ((size_t)frame->cols * leat_kind_bytes(latest->kind) + 7) / 8);
    /* [H4 pairs H3: the frame of that number, and its slot's] */
    leat_store_release(&latest->newest, frame->number);
}

LEAT_END

#endif
