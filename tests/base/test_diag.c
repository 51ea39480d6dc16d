#include <leat/status.h>

#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>

Test(diag, says_where_and_why)
{
    struct leat_diag diag;
    char line[100];
    cr_assert_eq(leat_diag_set(&diag, LEAT_EDATA, "row %d is short", 7), LEAT_EDATA);
    leat_diag_format(&diag, line, sizeof line);
    cr_assert_str_eq(line, "row 7 is short");
    cr_assert_eq(leat_diag_at(&diag, "a.csv", 0, 0), LEAT_EDATA);
    leat_diag_format(&diag, line, sizeof line);
    cr_assert_str_eq(line, "a.csv: row 7 is short");
    leat_diag_at(&diag, NULL, 3, 0);
    leat_diag_format(&diag, line, sizeof line);
    cr_assert_str_eq(line, "a.csv:3: row 7 is short");
    leat_diag_at(&diag, NULL, 3, 14);
    cr_assert_eq(leat_diag_format(&diag, line, sizeof line), 26);
    cr_assert_str_eq(line, "a.csv:3:14: row 7 is short");
    leat_diag_at(&diag, "", 3, 14);
    leat_diag_format(&diag, line, sizeof line);
    cr_assert_str_eq(line, "3:14: row 7 is short");
}

Test(diag, may_be_missing)
{
    char line[4] = "zzz";
    cr_assert_eq(leat_diag_set(NULL, LEAT_EIO, "x"), LEAT_EIO);
    cr_assert_eq(leat_diag_at(NULL, "f", 1, 1), LEAT_OK);
    cr_assert_eq(leat_diag_format(NULL, line, sizeof line), 0);
    cr_assert_str_eq(line, "");
}

Test(diag, is_one_printable_line)
{
    struct leat_diag diag;
    leat_diag_set(&diag, LEAT_EDATA, "a\nb\tc\x1b[31m%s", "\x7f");
    cr_assert_str_eq(diag.text, "a b c [31m ");
    leat_diag_at(&diag, "x\ny", 1, 1);
    cr_assert_str_eq(diag.file, "x y");
}

Test(diag, long_texts_are_cut_between_letters)
{
    struct leat_diag diag;
    char text[700];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'a', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xe2\x82\xac", 4);
        leat_diag_set(&diag, LEAT_EDATA, "%s", text);
        size_t n = strlen(diag.text);
        cr_expect_eq((n - shift) % 3, 0);
        cr_expect_geq(n, 508);
    }
}

Test(diag, every_code_has_a_word)
{
    for (int code = 0; code >= LEAT_ELIMIT; code--) {
        cr_expect_gt(strlen(leat_status_text(code)), 0);
        cr_expect_str_neq(leat_status_text(code), "unknown status");
        for (int other = 0; other > code; other--)
            cr_expect_str_neq(leat_status_text(code), leat_status_text(other));
    }
    cr_expect_str_eq(leat_status_text(1), "unknown status");
    cr_expect_str_eq(leat_status_text(LEAT_ELIMIT - 1), "unknown status");
    cr_expect_str_eq(leat_status_text(LEAT_ESTALE), "stale handle");
}

Test(nearest, one_or_two_slips)
{
    static const char *const words[] = { "size", "ddof", "out", "zscore", "frame", "columns" };
    static const struct {
        const char *word, *meant;
    } cases[] = {
        { "siz", "size" },       { "sizes", "size" },   { "SIZE", "size" }, { "szie", "size" },
        { "zscroe", "zscore" },  { "column", "columns" }, { "dof", "ddof" }, { "fram", "frame" },
        { "xyzzy", NULL },       { "", NULL },          { "o", NULL },      { "rate", NULL },
        { "abc", NULL },         { "ot", "out" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = leat_nearest(cases[i].word, words, 6);
        if (cases[i].meant == NULL)
            cr_expect_null(found, "%s -> %s", cases[i].word, found);
        else
            cr_expect(found != NULL && strcmp(found, cases[i].meant) == 0, "%s -> %s",
                      cases[i].word, found != NULL ? found : "nothing");
    }
    cr_expect_null(leat_nearest("size", NULL, 0));
}

Test(nearest, long_words_are_let_be)
{
    char word[200];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    const char *candidates[] = { word, "aaa" };
    cr_assert_null(leat_nearest(word, candidates, 2));
}

Test(broken, aborts, .signal = SIGABRT)
{
    leat_broken("x > 0", "file.c", 3);
}
