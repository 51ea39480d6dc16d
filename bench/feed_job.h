/* A file of market data in memory: DBN records, or ITCH behind their lengths. Every second message
 * is one that adds an order; of those the price and the size are wanted. */
#ifndef LEAT_BENCH_FEED_JOB_H
#define LEAT_BENCH_FEED_JOB_H

#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FEED_ADD 36u    /* bytes of ITCH's add order */
#define FEED_DELETE 19u /* and of its order delete */
#define FEED_MBO 56u
#define FEED_HEAD 26u   /* before the first record of DBN */

struct feed_file {
    uint64_t n; /* messages that it holds */
    size_t bytes;
    uint32_t itch;
    int fd;
    char path[64];
};

LEAT_INLINE bool feed_open(struct feed_file *f, const struct bench_load *load)
{
    f->itch = load->itch;
    f->fd = memfd_create("leat_bench", MFD_CLOEXEC);
    snprintf(f->path, sizeof f->path, "/proc/self/fd/%d", f->fd);
    return f->fd >= 0;
}

LEAT_INLINE size_t feed_put(const struct feed_file *f, char *at, uint64_t i)
{
    const bool add = i % 2 == 0;
    if (!f->itch) {
        int64_t price = 4799000000000 + (int64_t)(i % 97) * 250000000;
        uint32_t size = 1 + (uint32_t)(i % 7);
        memset(at, 0, FEED_MBO);
        at[0] = FEED_MBO / 4;
        at[1] = (char)0xa0;
        memcpy(at + 24, &price, 8);
        memcpy(at + 32, &size, 4);
        at[38] = add ? 'A' : 'C';
        return FEED_MBO;
    }
    uint32_t price = __builtin_bswap32(1000000 + 100 * (uint32_t)(i % 97));
    uint32_t shares = __builtin_bswap32(100 + (uint32_t)(i % 7));
    size_t bytes = add ? FEED_ADD : FEED_DELETE;
    memset(at, 0, 2 + bytes);
    at[1] = (char)bytes;
    at[2] = add ? 'A' : 'D';
    if (add) {
        memcpy(at + 2 + 20, &shares, 4);
        memcpy(at + 2 + 32, &price, 4);
    }
    return 2 + bytes;
}

/* Makes it hold n messages. */
LEAT_INLINE void feed_make(struct feed_file *f, uint64_t n)
{
    if (f->n == n)
        return;
    char *text = (char *)bench_memory(FEED_HEAD + n * FEED_MBO);
    f->n = n;
    f->bytes = 0;
    if (!f->itch) { /* 18 bytes behind the length: a name and the schema, 0 */
        memcpy(text, "DBN\x01\x12", 5);
        f->bytes = FEED_HEAD;
    }
    for (uint64_t i = 0; i < n; i++)
        f->bytes += feed_put(f, text + f->bytes, i);
    if (ftruncate(f->fd, 0) != 0 || pwrite(f->fd, text, f->bytes, 0) != (ssize_t)f->bytes) {
        fprintf(stderr, "leat_bench: a file in memory cannot be written\n");
        exit(1);
    }
    free(text);
}

#endif
