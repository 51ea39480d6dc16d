/* A morning of an exchange in memory: messages about orders of many instruments, most of them near
 * the best prices. The best bid and ask of its instrument, with size and count, are wanted after
 * each message. The checksum is the sum of those numbers. */
#ifndef LEAT_BENCH_BOOK_JOB_H
#define LEAT_BENCH_BOOK_JOB_H

#include "bench.h"

#include <stdlib.h>

#define BOOK_ORDERS 65536u /* at once, of all instruments */
#define BOOK_LEVELS 512u   /* of a side */

struct book_message {
    uint64_t reference, other;
    int64_t price;
    uint32_t size;
    uint16_t instrument;
    char type, side; /* as in ITCH */
};

struct book_flow {
    uint64_t n;
    uint32_t instruments;
    struct book_message *messages;
};

/* An order that is there, as the one who makes the messages knows it. */
struct book_made {
    uint64_t reference;
    uint32_t size;
    uint16_t instrument;
    char side;
};

LEAT_INLINE uint32_t book_random(uint64_t *state, uint32_t n)
{
    *state = *state * UINT64_C(0xd1342543de82ef95) + 1;
    return (uint32_t)((*state >> 32) * n >> 32);
}

/* Prices stand where the instrument's middle is, and away from it, half as many each step on. */
LEAT_INLINE int64_t book_price(uint64_t *state, const int64_t *middle, char side)
{
    int64_t away = 1 + __builtin_ctz(book_random(state, UINT32_MAX) | 1u << 12) +
                   (int64_t)book_random(state, 4);
    return *middle + (side == 'B' ? -away : away);
}

/* Of a hundred messages 46 add, 30 delete, 14 take, 10 replace, as on real days. */
LEAT_INLINE void book_next(struct book_message *m, struct book_made *live, uint32_t *live_n,
                           int64_t *middles, uint64_t i, uint32_t instruments, uint64_t *state)
{
    uint32_t dice = book_random(state, 100), at = *live_n != 0 ? book_random(state, *live_n) : 0;
    struct book_made *order = &live[at];
    if (dice < 46 || *live_n == 0) {
        order = &live[(*live_n)++];
        *order = (struct book_made){100 + i, 100 * (1 + book_random(state, 9)),
                                    (uint16_t)book_random(state, instruments),
                                    "BS"[book_random(state, 2)]};
        int64_t *middle = &middles[order->instrument];
        *middle += (int64_t)(book_random(state, 64) == 0) - (book_random(state, 64) == 0);
        *m = (struct book_message){order->reference, 0, book_price(state, middle, order->side),
                                   order->size, order->instrument, 'A', order->side};
        return;
    }
    *m = (struct book_message){order->reference, 0, 0, order->size, order->instrument, 'D', 0};
    if (dice >= 90) {
        m->type = 'U';
        m->other = order->reference = 100 + i;
        m->price = book_price(state, &middles[order->instrument], order->side);
        return;
    }
    if (dice >= 76 && order->size > 100) {
        m->type = 'X';
        m->size = 100;
        order->size -= 100;
        return;
    }
    *order = live[--*live_n];
}

/* Makes it hold n messages. */
LEAT_INLINE void book_make(struct book_flow *flow, uint64_t n)
{
    if (flow->n == n)
        return;
    free(flow->messages);
    flow->n = n;
    flow->messages = (struct book_message *)bench_memory(n * sizeof *flow->messages);
    struct book_made *live = (struct book_made *)bench_memory(n * sizeof *live);
    int64_t *middles = (int64_t *)bench_memory(flow->instruments * sizeof *middles);
    uint64_t state = 7;
    uint32_t live_n = 0;
    for (uint32_t k = 0; k < flow->instruments; k++)
        middles[k] = 100000;
    for (uint64_t i = 0; i < n; i++)
        book_next(&flow->messages[i], live, &live_n, middles, i, flow->instruments, &state);
    free(live);
    free(middles);
    if (live_n > BOOK_ORDERS) {
        fprintf(stderr, "leat_bench: %u orders at once\n", live_n);
        exit(1);
    }
}

#endif
