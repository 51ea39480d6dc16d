/* Orders and price levels of many books, in memory that was laid out before.
 *
 * A book is one side of one instrument: number 2 i bids, 2 i + 1 asks. A level's `rank` is its
 * price, in asks upside down, so that in every book a better price is a larger rank. Levels lie
 * sorted, the best one last: what comes and goes near the best moves little.
 *
 * Orders lie in one table, open addressing by linear probing, at most three quarters full and half
 * full but for orders that are stale: a book is cleared by a new epoch, and what is of an older one
 * is found no more and swept out when a quarter of the table is in its way.
 *
 * A loose order stands for a size at a price whose orders nobody knows: it counts as none, is found
 * by its rank, and takes in all that is added there.
 */
#ifndef LEAT_STAGES_ORDERS_H
#define LEAT_STAGES_ORDERS_H

#include "stages/room.h"

#include <string.h>

#define LEAT_ORDER_SIZE_MAX ((INT64_C(1) << 40) - 1) /* of one order */
#define LEAT_ORDERS_MAX (UINT32_C(1) << 23)          /* so the size of a level fits 63 bits */

struct leat_order {
    uint64_t reference;
    int64_t rank;
    int64_t size;   /* 0: the slot is free */
    uint32_t where; /* 4 x instrument + 2 if it is loose + 1 if it asks */
    uint32_t epoch; /* of its book, when it came */
};

struct leat_level {
    int64_t rank;
    int64_t size;
    uint64_t orders;
};

struct leat_book_side {
    uint32_t levels, orders; /* that it has, loose ones too */
    uint32_t epoch;
    uint32_t spare;
};

/* What is carried, beside the three arrays. */
struct leat_orders {
    uint32_t orders_max, levels_max; /* of all books; of each */
    uint32_t live, stale;            /* orders in the table */
    uint32_t shift;                  /* 64 - log2 of its slots */
    uint32_t spare;
};

/* All of it, where it lies. */
struct leat_books {
    struct leat_orders *head;
    struct leat_order *slots;
    struct leat_book_side *sides;
    struct leat_level *levels; /* [books x levels_max] */
};

/* What an operation says; all but DONE are causes that a stage counts. */
enum leat_order_answer {
    LEAT_ORDER_UNKNOWN, LEAT_ORDER_DUPLICATE, LEAT_ORDER_EXCESS, LEAT_ORDERS_FULL,
    LEAT_LEVELS_FULL, LEAT_ORDER_DONE = LEAT_COUNTS_MAX
};

/* Slots of a table for so many orders: a power of two, twice as many at least. */
LEAT_INLINE size_t leat_orders_slots(uint64_t orders_max)
{
    size_t slots = 2;
    while (slots < 2 * orders_max)
        slots *= 2;
    return slots;
}

LEAT_INLINE uint64_t leat_orders_mask(const struct leat_books *b)
{
    return UINT64_MAX >> b->head->shift;
}

/* The slot where a look for an order begins, an even one: the next one lies in the same line. */
LEAT_INLINE uint64_t leat_order_home(const struct leat_books *b, uint64_t reference,
                                     uint32_t where)
{
    uint64_t hash = reference + (where >> 1) * UINT64_C(0xff51afd7ed558ccd);
    return ((hash ^ hash >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> b->head->shift) & ~UINT64_C(1);
}

LEAT_INLINE uint32_t leat_book_of(uint32_t where)
{
    return (where >> 1 & ~1u) | (where & 1u);
}

LEAT_INLINE uint32_t leat_order_book(const struct leat_order *order)
{
    return leat_book_of(order->where);
}

LEAT_INLINE bool leat_order_stale(const struct leat_books *b, const struct leat_order *order)
{
    return order->epoch != b->sides[leat_order_book(order)].epoch;
}

/* The order, stale perhaps, or the free slot where it would stand. A loose one is told by its side,
 * too. */
LEAT_INLINE struct leat_order *leat_order_find(const struct leat_books *b, uint64_t home,
                                               uint64_t reference, uint32_t where)
{
    const uint32_t any_side = (where & 2) != 0 ? 0 : 1;
    const uint64_t mask = leat_orders_mask(b);
    for (uint64_t at = home;; at = (at + 1) & mask) {
        struct leat_order *order = &b->slots[at];
        if (order->size == 0 || (order->reference == reference &&
                                 (order->where | any_side) == (where | any_side)))
            return order;
    }
}

LEAT_INLINE bool leat_order_there(const struct leat_books *b, const struct leat_order *order)
{
    return order->size != 0 && !leat_order_stale(b, order);
}

/* Frees the slot; those behind it that stand further from home than they must move up. */
LEAT_INLINE void leat_order_remove(const struct leat_books *b, struct leat_order *order)
{
    const uint64_t mask = leat_orders_mask(b);
    uint64_t hole = (uint64_t)(order - b->slots);
    for (uint64_t at = (hole + 1) & mask; b->slots[at].size != 0; at = (at + 1) & mask) {
        uint64_t home = leat_order_home(b, b->slots[at].reference, b->slots[at].where);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        b->slots[hole] = b->slots[at];
        hole = at;
    }
    b->slots[hole].size = 0;
}

/* Takes stale orders out of the table, all of them. */
static void leat_orders_sweep(const struct leat_books *b)
{
    const uint64_t mask = leat_orders_mask(b);
    uint64_t begin = 0;
    while (b->slots[begin].size != 0) /* behind a free slot nothing moves up past the end */
        begin++;
    for (uint64_t i = 1; i <= mask; i++) {
        struct leat_order *order = &b->slots[(begin + i) & mask];
        while (order->size != 0 && leat_order_stale(b, order))
            leat_order_remove(b, order);
    }
    b->head->stale = 0;
}

/* Nothing is in the book any more. */
LEAT_INLINE void leat_book_clear(const struct leat_books *b, uint32_t book)
{
    struct leat_book_side *side = &b->sides[book];
    b->head->live -= side->orders;
    b->head->stale += side->orders;
    side->levels = side->orders = 0;
    if (++side->epoch == UINT32_MAX) { /* no order is of it, and none may seem to be of the next */
        leat_orders_sweep(b);
        side->epoch = 0;
    }
}

/* How many levels of the book are not better: the last of them is that of the rank, or none is. */
LEAT_INLINE uint32_t leat_level_find(const struct leat_level *levels, uint32_t n, int64_t rank)
{
    uint32_t low = 0, high = n;
    for (uint32_t looked = 0; looked < 8; looked++, high--)
        if (high == 0 || levels[high - 1].rank <= rank)
            return high;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (levels[middle].rank <= rank)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Adds to the level of that rank, or takes from it. A level is there as long as its size is not 0;
 * false: it would be one too many, and nothing has changed. */
LEAT_INLINE bool leat_level_change(const struct leat_books *b, uint32_t book, int64_t rank,
                                   int64_t size, int64_t orders)
{
    struct leat_book_side *side = &b->sides[book];
    struct leat_level *levels = b->levels + (size_t)book * b->head->levels_max;
    uint32_t i = leat_level_find(levels, side->levels, rank);
    if (LEAT_LIKELY(i != 0 && levels[i - 1].rank == rank)) {
        struct leat_level *level = &levels[i - 1];
        level->size += size;
        level->orders += (uint64_t)orders;
        if (level->size == 0) {
            memmove(level, level + 1, (side->levels - i) * sizeof *level);
            side->levels--;
        }
        return true;
    }
    if (LEAT_UNLIKELY(side->levels == b->head->levels_max))
        return false;
    memmove(&levels[i + 1], &levels[i], (side->levels - i) * sizeof *levels);
    levels[i] = (struct leat_level){rank, size, (uint64_t)orders};
    side->levels++;
    return true;
}

/* A new order; of a loose one, more of it. size: 1 to LEAT_ORDER_SIZE_MAX; where says the side.
 * Returns a leat_order_answer. */
LEAT_INLINE uint32_t leat_order_add(const struct leat_books *b, uint64_t home,
                                    uint64_t reference, uint32_t where,
                                    int64_t rank, int64_t size)
{
    struct leat_orders *head = b->head;
    struct leat_order *order = leat_order_find(b, home, reference, where);
    const uint32_t loose = where >> 1 & 1, book = leat_book_of(where);
    bool there = leat_order_there(b, order);
    if (there && (!loose || size > LEAT_ORDER_SIZE_MAX - order->size))
        return loose ? LEAT_ORDERS_FULL : LEAT_ORDER_DUPLICATE;
    if (!there && head->live == head->orders_max)
        return LEAT_ORDERS_FULL;
    if (!leat_level_change(b, book, rank, size, !loose))
        return LEAT_LEVELS_FULL;
    if (there) {
        order->size += size;
        return LEAT_ORDER_DONE;
    }
    if (order->size != 0) { /* an old one of that name */
        head->stale--;
    } else if (head->live + head->stale == head->orders_max + head->orders_max / 2) {
        leat_orders_sweep(b);
        order = leat_order_find(b, home, reference, where);
    }
    *order = (struct leat_order){reference, rank, size, where, b->sides[book].epoch};
    head->live++;
    b->sides[book].orders++;
    return LEAT_ORDER_DONE;
}

/* Takes so much of an order that is there: all of it when it is as much or more. */
LEAT_INLINE void leat_order_take(const struct leat_books *b, struct leat_order *order,
                                 int64_t size)
{
    const uint32_t book = leat_order_book(order), loose = order->where >> 1 & 1;
    const bool all = size >= order->size;
    (void)leat_level_change(b, book, order->rank, all ? -order->size : -size,
                            all && !loose ? -1 : 0);
    if (all) {
        b->head->live--;
        b->sides[book].orders--;
        leat_order_remove(b, order);
    } else {
        order->size -= size;
    }
}

#endif
