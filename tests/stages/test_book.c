/* The table of orders by itself: what no stream of messages reaches in reasonable time. */
#include "stages/orders.h"

#include <criterion/criterion.h>

#define ORDERS 6u

static struct leat_order slots[16];
static struct leat_book_side sides[2];
static struct leat_level levels[2][4];
static struct leat_orders head = {.orders_max = ORDERS, .levels_max = 4, .shift = 60};
static const struct leat_books books = {&head, slots, sides, levels[0]};

static uint32_t add(uint64_t reference, uint32_t side, int64_t rank, int64_t size)
{
    return leat_order_add(&books, leat_order_home(&books, reference, side), reference, side, rank,
                          size);
}

static bool there(uint64_t reference)
{
    return leat_order_there(
        &books, leat_order_find(&books, leat_order_home(&books, reference, 0), reference, 0));
}

Test(orders, a_cleared_book_has_none_even_when_its_epochs_begin_again)
{
    cr_assert_eq(leat_orders_slots(ORDERS), 16);
    cr_assert_eq(add(1, 0, 10, 5), LEAT_ORDER_DONE); /* of the first epoch */
    leat_book_clear(&books, 0);
    cr_expect(!there(1) && slots[leat_order_home(&books, 1, 0)].size == 5, "it is stale, not gone");
    sides[0].epoch = UINT32_MAX - 3;
    for (uint64_t i = 2; i < 9; i++) {
        cr_assert_eq(add(i, 0, 10, 5), LEAT_ORDER_DONE);
        for (uint64_t k = 1; k < 9; k++)
            cr_expect_eq(there(k), k == i, "order %d behind %d", (int)k, (int)i);
        leat_book_clear(&books, 0);
        cr_expect_eq(sides[0].levels, 0);
    }
    cr_expect_lt(sides[0].epoch, 10);
}

Test(orders, there_are_as_many_as_there_may_be_whatever_was_cleared)
{
    for (uint64_t round = 0; round < 50; round++) {
        for (uint64_t i = 0; i < ORDERS; i++)
            cr_assert_eq(add(round * 100 + i, 1, (int64_t)i % 4, 1), LEAT_ORDER_DONE);
        cr_assert_eq(add(round * 100 + ORDERS, 1, 0, 1), LEAT_ORDERS_FULL);
        cr_expect(head.live == ORDERS && head.live + head.stale <= ORDERS + ORDERS / 2);
        if (round % 3 == 0) {
            uint64_t first = round * 100;
            leat_order_take(&books, leat_order_find(&books, leat_order_home(&books, first, 1),
                                                    first, 1), 1);
        }
        leat_book_clear(&books, 1);
    }
}
