/* Text of three columns: a price of two decimals, a size, a time of six. Row i is the same in every
 * text. The checksum is the sum of all cells' bits. */
#ifndef LEAT_BENCH_CSV_JOB_H
#define LEAT_BENCH_CSV_JOB_H

#include "bench.h"

#include <stdlib.h>
#include <string.h>

#define CSV_COLUMNS 3u
#define CSV_ROW_MAX 64u /* bytes */

struct csv_text {
    char *text;
    size_t bytes;
    uint64_t rows;
};

/* Makes it hold so many rows. */
LEAT_INLINE void csv_text_make(struct csv_text *t, uint64_t rows)
{
    uint64_t seed = 1;
    if (t->rows == rows)
        return;
    free(t->text);
    t->text = (char *)bench_memory(rows * CSV_ROW_MAX + 1);
    t->rows = rows;
    t->bytes = 0;
    for (uint64_t i = 0; i < rows; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        t->bytes += (size_t)snprintf(t->text + t->bytes, CSV_ROW_MAX, "%u.%02u,%u,%llu.%06u\n",
                                     (unsigned)(seed >> 54), (unsigned)(seed >> 40 & 63),
                                     (unsigned)(seed >> 48 & 4095),
                                     (unsigned long long)(1700000000 + i),
                                     (unsigned)(seed >> 33 & 0x7ffff));
    }
}

LEAT_INLINE uint64_t csv_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

#endif
