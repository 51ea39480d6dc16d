#include <leat/metrics.h>

#include <criterion/criterion.h>

Test(counter, counts_and_wraps)
{
    struct leat_counter counter = { 0 };
    cr_assert_eq(leat_counter_get(&counter), 0);
    leat_counter_add(&counter, 1);
    leat_counter_add(&counter, 41);
    leat_counter_add(&counter, 0);
    cr_assert_eq(leat_counter_get(&counter), 42);
    leat_counter_reset(&counter);
    cr_assert_eq(leat_counter_get(&counter), 0);
    leat_counter_add(&counter, UINT64_MAX);
    leat_counter_add(&counter, 3);
    cr_assert_eq(leat_counter_get(&counter), 2);
    cr_assert_eq(sizeof counter, 8);
}

Test(gauge, keeps_signed_levels_and_high_water)
{
    struct leat_gauge gauge = { 0 };
    leat_gauge_set(&gauge, -7);
    cr_assert_eq(leat_gauge_get(&gauge), -7);
    leat_gauge_raise(&gauge, -9);
    cr_assert_eq(leat_gauge_get(&gauge), -7);
    leat_gauge_raise(&gauge, 5);
    leat_gauge_raise(&gauge, 4);
    cr_assert_eq(leat_gauge_get(&gauge), 5);
    leat_gauge_set(&gauge, INT64_MIN);
    cr_assert_eq(leat_gauge_get(&gauge), INT64_MIN);
    leat_gauge_raise(&gauge, INT64_MAX);
    cr_assert_eq(leat_gauge_get(&gauge), INT64_MAX);
}
