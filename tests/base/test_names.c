/* The set of names against a look at all of them. */
#include "base/names.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 3000 };

static struct {
    char text[12];
    int filler;
} all[NAMES];

static uint32_t first_like(const char *name, const bool *added, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (added[i] && strcmp(all[i].text, name) == 0)
            return i;
    return LEAT_NAMES_NONE;
}

Test(names, the_first_of_equal_ones_is_found)
{
    static bool added[NAMES];
    struct leat_names names;
    uint32_t seed = 7;
    void *memory = malloc(leat_names_bytes(NAMES));
    cr_assert_not_null(memory);
    memset(memory, 0xff, leat_names_bytes(NAMES));
    leat_names_init(&names, memory, NAMES, all[0].text, sizeof all[0]);
    for (uint32_t i = 0; i < NAMES; i++) {
        seed = seed * 1664525u + 1013904223u;
        snprintf(all[i].text, sizeof all[i].text, "n%u", seed % 2000);
        uint32_t before = first_like(all[i].text, added, i);
        cr_assert_eq(leat_names_find(&names, all[i].text), before);
        added[i] = i % 3 != 0; /* some are only looked for */
        if (added[i])
            cr_assert_eq(leat_names_add(&names, i), before == LEAT_NAMES_NONE ? i : before);
    }
    free(memory);
}
