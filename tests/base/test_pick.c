#include "base/pick.h"

#include <criterion/criterion.h>

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

Test(pick, numbers_and_ranges)
{
    static const struct {
        const char *text;
        uint32_t first, last;
    } good[] = {{"1", 1, 1}, {"42", 42, 42}, {"2..10", 2, 10}, {"3..3", 3, 3}, {"10..2", 10, 2},
                {"0", 0, 0}, {"0..4", 0, 4}, {"007", 7, 7}, {"4294967296", UINT32_MAX, UINT32_MAX},
                {"1..99999999999999999999999", 1, UINT32_MAX}};
    static const char *const none[] = {"", "..", "1..", "..2", "1.2", "1...2", "1..2..3", "-1",
                                       "+1", "1..x", "x1", "1x", " 1", "1 ", "1.. 2", "0x10"};
    struct leat_pick pick;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_expect(leat_pick_read(&pick, good[i].text), "%s", good[i].text);
        cr_expect(pick.glob == NULL && pick.first == good[i].first && pick.last == good[i].last,
                  "%s: %u..%u", good[i].text, pick.first, pick.last);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect_not(leat_pick_read(&pick, none[i]), "%s", none[i]);
    cr_expect(leat_pick_read(&pick, "2..4"));
    for (uint32_t n = 1; n < 9; n++)
        cr_expect_eq(leat_pick_has(&pick, n, "1"), n >= 2 && n <= 4, "%u", n);
}

Test(pick, what_no_stream_has)
{
    struct leat_pick pick;
    struct leat_diag diag;
    cr_assert(leat_pick_read(&pick, "7..3"));
    cr_expect_eq(leat_pick_check(&pick, "7..3", &diag), LEAT_ERANGE);
    cr_expect_str_eq(diag.text, "'7..3' runs backwards; write 3..7");
    cr_assert(leat_pick_read(&pick, "99999999999..3"));
    cr_expect_eq(leat_pick_check(&pick, "99999999999..3", &diag), LEAT_ERANGE);
    cr_expect_str_eq(diag.text, "'99999999999..3' runs backwards; write 3..99999999999");
    cr_expect_str_eq(leat_pick_last("2..99999999999"), "99999999999");
    cr_expect_str_eq(leat_pick_last("007"), "007");
    cr_assert(leat_pick_read(&pick, "0..3"));
    cr_expect_eq(leat_pick_check(&pick, "0..3", &diag), LEAT_ERANGE);
    cr_assert(leat_pick_read(&pick, "3..7"));
    cr_expect_eq(leat_pick_check(&pick, "3..7", &diag), LEAT_OK);
    cr_assert(leat_pick_read(&pick, "*"));
    cr_expect_eq(leat_pick_check(&pick, "*", &diag), LEAT_OK);
}

/* The n-th text over the letters, "" first. */
static void nth(uint32_t n, const char *letters, char out[8])
{
    uint32_t base = (uint32_t)strlen(letters);
    size_t at = 0;
    for (; n > 0; n = (n - 1) / base)
        out[at++] = letters[(n - 1) % base];
    out[at] = '\0';
}

Test(pick, patterns_match_what_the_shells_do, .timeout = 60)
{
    char glob[8], text[8];
    uint32_t tried = 0, matched = 0;
    for (uint32_t g = 0; g < 5461; g++) { /* up to 6 of 4 letters */
        nth(g, "ab*?", glob);
        struct leat_pick pick;
        cr_assert_eq(leat_pick_read(&pick, glob), strpbrk(glob, "*?") != NULL, "%s", glob);
        for (uint32_t t = 0; pick.glob != NULL && t < 127; t++, tried++) { /* up to 6 of 2 */
            nth(t, "ab", text);
            bool wanted = fnmatch(glob, text, FNM_NOESCAPE) == 0;
            matched += wanted;
            cr_assert_eq(leat_pick_has(&pick, 1, text), wanted, "'%s' '%s'", glob, text);
        }
    }
    cr_assert(tried > 600000 && matched > 10000);
}

Test(pick, a_question_mark_is_a_letter_and_not_a_byte)
{
    struct leat_pick pick;
    cr_assert(leat_pick_read(&pick, "gr??e"));
    cr_expect(leat_pick_has(&pick, 1, "größe"));
    cr_expect(leat_pick_has(&pick, 1, "grade"));
    cr_expect_not(leat_pick_has(&pick, 1, "gröe"));
    cr_assert(leat_pick_read(&pick, "*?ße"));
    cr_expect(leat_pick_has(&pick, 1, "größe"));
    cr_expect_not(leat_pick_has(&pick, 1, "ße"));
}
