/* The csv source: what a row is, in quotes and without, and rows that cannot be read. */
#define _GNU_SOURCE
#include "io/harness.h"
#include "sanitized.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(csv_rows, .init = folder_make, .fini = folder_remove);

#define csv_open(node, ...) node_open(node, &leat_csv_source, NULL, "file=in.csv", __VA_ARGS__)
#define csv_resolve(node, ...) \
    node_resolve(node, &leat_csv_source, NULL, "file=in.csv", __VA_ARGS__)

/* No thread meets another here, and ThreadSanitizer is slow: files of three records of the longest
 * kind, where others have six. */
#define LONG_FILE ((size_t)(THREAD_SANITIZER ? 3 : 6) << 20)
#define MANY_ROWS (THREAD_SANITIZER ? 100000 : 500000)

Test(csv_rows, reads_quoted_cells_with_delimiters_and_line_ends_in_them)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "\"price, last\",\"a \"\"note\"\"\",z\n"
                        "\"1.5\",\"two\nlines, \"\"quoted\"\"\",3\n4,\"\",\"6\"\r\n");
    csv_open(&node, "columns=1,z", NULL);
    cr_assert_str_eq(node.channels[0].name, "price, last");
    node_pull(&node, &taken, 3);
    cr_assert_eq(node.status, LEAT_EEND, "%s", node_words(&node));
    cr_assert_eq(taken.n, 2);
    cr_assert(taken_get(&taken, 0, 0) == 1.5 && taken_get(&taken, 1, 0) == 3.0);
    cr_assert(taken_get(&taken, 0, 1) == 4.0 && taken_get(&taken, 1, 1) == 6.0);
    taken_free(&taken);
    node_close(&node);
}

/* The two ways of taking a record apart must agree: the same numbers, once all in quotes. */
Test(csv_rows, quotes_change_nothing)
{
    struct node node;
    struct taken plain, quoted;
    FILE *a = fopen("in.csv", "w"), *b = fopen("q.csv", "w");
    for (int i = 0; i < 5000; i++) {
        double x = i * 0.37 - 500, y = 1.0 / (i + 1);
        fprintf(a, "%.17g,  %.17g\t,,%d\n", x, y, i);
        fprintf(b, "\"%.17g\",  %.17g\t,\"\",\"%d\"\n", x, y, i);
    }
    fclose(a);
    fclose(b);
    csv_open(&node, "frame=7", NULL);
    node_pull(&node, &plain, 5);
    node_close(&node);
    node_open(&node, &leat_csv_source, NULL, "file=q.csv", "frame=512", NULL);
    node_pull(&node, &quoted, 2);
    node_close(&node);
    cr_assert_eq(plain.n, 5000);
    cr_assert_eq(quoted.n, 5000);
    cr_assert_eq(plain.frames_n, 5000 / 7 + 1);
    for (uint32_t r = 0; r < 4; r++)
        cr_assert_eq(memcmp(plain.data[r], quoted.data[r], 5000 * 8), 0, "row %u", r);
    cr_assert(taken_get(&plain, 1, 41) == 1.0 / 42);
    taken_free(&plain);
    taken_free(&quoted);
}

Test(csv_rows, a_bad_cell_behind_a_quoted_one_is_found_too)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "a,b\n1,2\n\"x\ny, z\",oops\n");
    csv_open(&node, "columns=b", NULL);
    node_pull(&node, &taken, 1);
    words_have(&node, "in.csv:4:7: column 2 (b): 'oops' is not a number");
    taken_free(&taken);
    node_close(&node);

    file_text("in.csv", "a,b\n\"1\n\r\r\n\",2\n\"1\",2\n1,2 3\n");
    csv_open(&node, "columns=b", NULL);
    node_pull(&node, &taken, 1);
    words_have(&node, "in.csv:7:3: column 2 (b): '2 3' is not a number");
    taken_free(&taken);
    node_close(&node);

    file_text("in.csv", "a,b\n\"\"\"1,\"\"\",x\n");
    csv_open(&node, "columns=b", NULL);
    node_pull(&node, &taken, 1);
    words_have(&node, "in.csv:2:10: column 2 (b): 'x' is not a number");
    taken_free(&taken);
    node_close(&node);
}

/* All that the source gives of that text, as "1 2|3 4" with the rejected rows behind it. */
static const char *rows_of(const char *text, size_t bytes, const char *first, const char *second)
{
    static char out[512];
    struct node node;
    struct taken taken;
    char *at = out;
    file_write("in.csv", text, bytes);
    csv_open(&node, "frame=3", first, first != NULL ? second : NULL, NULL);
    node_pull(&node, &taken, 2);
    for (size_t i = 0; i < taken.n; i++)
        for (uint32_t r = 0; r < taken.rows; r++)
            at += sprintf(at, "%s%g", r != 0 ? " " : i != 0 ? "|" : "", taken_get(&taken, r, i));
    sprintf(at, " -%d%s", (int)node.ctx.rejected_rows, node.status == LEAT_EEND ? "" : " failed");
    taken_free(&taken);
    node_close(&node);
    return out;
}
#define rows_are(want, text, ...) \
    cr_assert_str_eq(rows_of(text, sizeof text - 1, __VA_ARGS__), want, "'%s' is '%s'", text, \
                     rows_of(text, sizeof text - 1, __VA_ARGS__))

Test(csv_rows, rows_end_with_cr_lf_or_both)
{
    rows_are("1 2|3 4 -0", "a,b\r1,2\r3,4\r", NULL, NULL);
    rows_are("1 2|3 4 -0", "a,b\r1,2\r3,4", NULL, NULL);
    rows_are("1 2|3 4|5 6 -0", "a,b\r1,2\n3,4\r\n5,6\n\r\r", NULL, NULL);
    rows_are("1 2|3 4 -0", "x\ry\r\na,b\r\r1,2\r3,4\r", "skip=2", NULL);
    rows_are("1 2|3 4 -0", "#\ra,b\r#\r\n1,2\r3,4\r#", "comment=#", NULL);
    rows_are("1|3 -0", "a,b\r1,\"\r\"\r3,\"x\r\ny\"", "columns=a", NULL);
    rows_are("1 2|3 4 -0", "\"a\",\"b\"\r\"1\",2\r3,\"4\"\r", NULL, NULL);

    struct node node;
    struct taken taken;
    file_text("in.csv", "a,b\r1,2\r\"3\r\n\r\",4\r5,x\r");
    csv_open(&node, "columns=b", NULL);
    node_pull(&node, &taken, 1);
    words_have(&node, "in.csv:6:3: column 2 (b): 'x' is not a number");
    taken_free(&taken);
    node_close(&node);
}

/* Row ends at every place in the reader's buffer; with CR alone there is nothing else to find. */
Test(csv_rows, long_files_of_each_row_end, .timeout = 60)
{
    static const char *const ends[] = {"\r", "\n", "\r\n"};
    for (int e = 0; e < 3; e++) {
        struct node node;
        struct taken taken;
        FILE *file = fopen("in.csv", "w");
        size_t n = 0;
        for (size_t bytes = 0; bytes < LONG_FILE; n++)
            bytes += (size_t)fprintf(file, "%zu,%0*zu%s", n, (int)(n * 7919 % 61), n, ends[e]);
        fclose(file);
        csv_open(&node, "header=no", NULL);
        node_pull(&node, &taken, 8);
        cr_assert_eq(node.status, LEAT_EEND, "%s", node_words(&node));
        cr_assert_eq(taken.n, n);
        for (size_t i = 0; i < n; i++)
            cr_assert(taken_get(&taken, 0, i) == (double)i && taken_get(&taken, 1, i) == (double)i);
        taken_free(&taken);
        node_close(&node);
    }
}

/* What is far ahead must not be looked for again from every row. */
Test(csv_rows, many_short_rows_take_no_longer, .timeout = 60)
{
    static char text[(THREAD_SANITIZER ? 1 : 4) << 20];
    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, "1\r", 2);
    text[sizeof text - 4] = '"';
    text[sizeof text - 2] = '"';
    file_write("in.csv", text, sizeof text);
    struct node node;
    struct taken taken;
    csv_open(&node, "on-error=reject", "header=no", NULL);
    node_pull(&node, &taken, 8);
    cr_assert_eq(node.status, LEAT_EEND);
    cr_assert_eq(taken.n, sizeof text / 2 - 2);
    taken_free(&taken);
    node_close(&node);
}

Test(csv_rows, text_behind_a_closing_quote_is_a_bad_row)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "a,b\n1,2\n\"12\"x,3\n5,6\n");
    csv_open(&node, NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(node.status, LEAT_EDATA);
    words_have(&node, "in.csv:3:5: text behind the closing quote");
    words_have(&node, "on-error=reject");
    cr_assert_eq(taken.n, 0);
    taken_free(&taken);
    node_close(&node);

    /* Two lines: the quote of the first closes at the second. */
    file_text("in.csv", "a,b\n1,2\n\"3,4\n\"5\",6\n");
    csv_open(&node, NULL);
    node_pull(&node, &taken, 1);
    words_have(&node, "in.csv:4:2: text behind the closing quote");
    words_have(&node, "left open in line 3?");
    taken_free(&taken);
    node_close(&node);

    rows_are("1 2|5 6 -1", "a,b\n1,2\n\"12\"x,3\n5,6\n", "on-error=reject", NULL);
    rows_are("1 2|5 6 -1", "a,b\n1,2\n3,\"4\" \"5\"\n5,6\n", "on-error=reject", NULL);
    rows_are("1 2|5 6|7 8 -1", "a,b\n1,2\n\"3,4\n\"5\",6\n7,8\n", "on-error=reject", NULL);
    rows_are("5 6 -1", "a,b\r\"12\"x,3\r5,6", "on-error=reject", NULL);
    rows_are("1 3|5 6 -0", "a,b\n\"1\" ,3\n5,\"6\"\t\n", "on-error=reject", NULL);
    rows_are("3 -0", "a,b\n1\"2\",3\n", "columns=b", "on-error=reject"); /* opens no cell */
    rows_are("1 2|5 6 -1", "a,b\n1,2\n\"3,4\n5,6\n", "on-error=reject", NULL);
}

/* A row that is longer than the buffer: one line of 3 MiB, then others. */
Test(csv_rows, rows_that_are_too_long_are_bad_rows, .timeout = 60)
{
    static const char *const before[] = {"a,b\n1,2\n", "a,b\n1,2\n3,\"4\nx,"};
    static const char *const after[] = {"\n5,6\n", "\n5,6\n"};
    static const int rejected[] = {1, 2};
    size_t n = (size_t)3 << 20;
    char *text = malloc(n + 64);
    for (int k = 0; k < 2; k++) {
        size_t b = strlen(before[k]), a = strlen(after[k]);
        memcpy(text, before[k], b);
        memset(text + b, '1', n);
        memcpy(text + b + n, after[k], a);
        char want[32];
        sprintf(want, "1 2|5 6 -%d", rejected[k]);
        const char *got = rows_of(text, b + n + a, "on-error=reject", NULL);
        cr_assert_str_eq(got, want, "%d: %s", k, got);
    }
    /* Lines that are passed over may be of any length. */
    memcpy(text, "a,b\n1,2\n#", 9);
    memset(text + 9, '1', n);
    memcpy(text + 9 + n, "\n5,6\n", 5);
    cr_assert_str_eq(rows_of(text, n + 14, "comment=#", NULL), "1 2|5 6 -0");
    free(text);
}

/* Quotes that are open at the end of every line, whichever line one starts at: each is a bad row,
 * and the text behind it must not be looked through again for each. */
Test(csv_rows, many_open_quotes_take_no_longer, .timeout = 60)
{
    struct node node;
    struct taken taken;
    FILE *file = fopen("in.csv", "w");
    fputs("a,b\n1,2\n", file);
    for (int i = 0; i < MANY_ROWS; i++)
        fputs("x\",\"\n", file);
    fputs("3,4\n", file);
    fclose(file);
    csv_open(&node, "on-error=reject", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(node.status, LEAT_EEND, "%s", node_words(&node));
    cr_assert_eq(taken.n, 2);
    cr_assert_eq(node.ctx.rejected_rows, MANY_ROWS);
    taken_free(&taken);
    node_close(&node);
}

Test(csv_rows, a_file_that_becomes_shorter_is_told)
{
    static char text[1 << 20];
    struct node node;
    struct taken taken;
    memcpy(text, "a\n", 2);
    for (size_t i = 2; i < sizeof text - 1; i++)
        text[i] = i % 2 == 0 ? '1' : '\n';
    file_text("in.csv", text);
    csv_open(&node, NULL);
    cr_assert_eq(node.stage->pull(node.state, &node.ctx, node.frames, 1), 1);
    cr_assert_eq(truncate("in.csv", 1000), 0);
    node_pull(&node, &taken, 1);
    cr_assert_eq(node.status, LEAT_EDATA);
    words_have(&node, "in.csv: became shorter while it was read");
    taken_free(&taken);
    node_close(&node);
}

Test(csv_rows, numbers_that_do_not_fit_are_not_turned_into_infinity)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "1e39\n");
    csv_open(&node, "type=f32", NULL);
    node_pull(&node, &taken, 1);
    words_have(&node, "'1e39' does not fit");
    taken_free(&taken);
    node_close(&node);
    file_text("in.csv", "1e999\n");
    csv_open(&node, "header=no", NULL);
    node_pull(&node, &taken, 1);
    words_have(&node, "'1e999' does not fit");
    taken_free(&taken);
    node_close(&node);
    /* What is too small is rounded, as every number is. */
    rows_are("0 -0", "a\n1e-400\n", NULL, NULL);
    rows_are("4.94066e-324|-0 -0", "a\n3e-324\n-2e-324\n", NULL, NULL);
    rows_are("0|1.4013e-45 -0", "a\n1e-50\n1e-45\n", "type=f32", NULL);
    rows_are("1|2 -3", "a\n1\n1e400\n-1e309\n1e39\n2\n", "type=f32", "on-error=reject");
    rows_are("inf|-inf -0", "a\nINF\n-infinity\n", NULL, NULL);
    file_text("in.csv", "inf\n-Infinity\nnan\n1e38\n");
    csv_open(&node, "type=f32", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 4);
    cr_assert(taken_get(&taken, 0, 1) == -(double)INFINITY);
    taken_free(&taken);
    node_close(&node);
}

Test(csv_rows, an_endless_line_and_an_open_quote_are_errors)
{
    struct node node;
    struct taken taken;
    size_t n = (size_t)3 << 20;
    char *text = malloc(n);
    memset(text, '1', n);
    file_write("in.csv", text, n);
    cr_assert_eq(csv_resolve(&node, NULL), LEAT_EDATA);
    words_have(&node, "in.csv:1:1: this row is longer than");
    memcpy(text, "1\n2\n", 4);
    file_write("in.csv", text, n);
    csv_open(&node, NULL);
    node_pull(&node, &taken, 1);
    words_have(&node, "in.csv:3:1: this row is longer than");
    taken_free(&taken);
    node_close(&node);
    free(text);

    file_text("in.csv", "1\n\"2\n3\n");
    csv_open(&node, NULL);
    node_pull(&node, &taken, 1);
    words_have(&node, "in.csv:2:1: the text ends inside the quotes");
    taken_free(&taken);
    node_close(&node);
}

/* Lines of every length around the borders of the reader's buffer. */
Test(csv_rows, lines_may_stand_anywhere_in_the_buffer)
{
    struct node node;
    struct taken taken;
    FILE *file = fopen("in.csv", "w");
    size_t n = 0;
    for (size_t bytes = 0; bytes < LONG_FILE; n++)
        bytes += (size_t)fprintf(file, "%zu,%0*zu\n", n, (int)(n * 7919 % 3001), n);
    fclose(file);
    csv_open(&node, "frame=100", "header=no", NULL);
    node_pull(&node, &taken, 8);
    cr_assert_eq(node.status, LEAT_EEND, "%s", node_words(&node));
    cr_assert_eq(taken.n, n);
    for (size_t i = 0; i < n; i++)
        cr_assert(taken_get(&taken, 0, i) == (double)i && taken_get(&taken, 1, i) == (double)i);
    taken_free(&taken);
    node_close(&node);
}

/* Pieces of every length: CR LF, quotes and the byte order mark may be cut anywhere. */
Test(csv_rows, a_pipe_may_cut_the_text_anywhere, .timeout = 60)
{
    static const char text[] = "\xef\xbb\xbf"
                               "1,,2\r\n\"3\",,\"4\"\r\"5\",\"\r\n\r\",6\r\n"
                               "\r\n7,,x\r\n\"8\"9,,1\r3,,4";
    static const double want[4][2] = {{1, 2}, {3, 4}, {5, 6}, {3, 4}};
    for (size_t piece = 1, left; piece < sizeof text; piece++) {
        struct node node;
        int ends[2], rows = 0;
        cr_assert_eq(pipe(ends), 0);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        node_open(&node, &leat_csv_source, NULL, "file=-", "columns=1,3", "names=a,b", "header=no",
                  "frame=1", "on-error=reject", NULL);
        for (size_t at = 0; (left = sizeof text - 1 - at) != 0; at += left < piece ? left : piece) {
            cr_assert(write(ends[1], text + at, left < piece ? left : piece) > 0);
            if (left <= piece)
                close(ends[1]);
            while (node.stage->pull(node.state, &node.ctx, node.frames, 1) == 1) {
                for (uint32_t r = 0; r < 2; r++)
                    cr_assert(rows < 4 &&
                              *(double *)leat_frame_row(node.frames[0], r) == want[rows][r]);
                rows++;
            }
        }
        cr_assert_eq(rows, 4, "%zu: %d rows", piece, rows);
        cr_assert_eq(node.ctx.rejected_rows, 2);
        node_close(&node);
    }
}

/* The LF that comes a piece later than its CR is no line of its own: lines are counted right. */
Test(csv_rows, a_pipe_may_cut_between_cr_and_lf)
{
    static const char text[] = "x\r\ny\r\n1\r\n2\r\nz\r\n";
    for (size_t piece = 1, left; piece < 6; piece++) {
        struct node node;
        int ends[2], rows = 0, got = 0;
        cr_assert_eq(pipe(ends), 0);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        node_open(&node, &leat_csv_source, NULL, "file=-", "names=a", "header=no", "frame=1",
                  "skip=2", NULL);
        for (size_t at = 0; (left = sizeof text - 1 - at) != 0; at += left < piece ? left : piece) {
            cr_assert(write(ends[1], text + at, left < piece ? left : piece) > 0);
            while ((got = node.stage->pull(node.state, &node.ctx, node.frames, 1)) == 1)
                cr_assert(*(double *)leat_frame_row(node.frames[0], 0) == (double)++rows);
            if (got < 0)
                break;
        }
        cr_assert_eq(rows, 2);
        words_have(&node, "-:5:1: column 1 (a): 'z' is not a number");
        close(ends[1]);
        node_close(&node);
    }
}

/* A row of a MiB that comes in small pieces must not be looked through anew for each. */
Test(csv_rows, a_long_row_in_small_pieces, .timeout = 60)
{
    for (int quoted = 0; quoted < 2; quoted++) {
        struct node node;
        int ends[2];
        cr_assert_eq(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            char piece[16];
            close(ends[0]);
            memset(piece, quoted ? 'x' : '0', sizeof piece);
            if (quoted)
                piece[15] = '\n';
            int bad = write(ends[1], quoted ? "\"" : "0", 1) < 0;
            for (int i = 0; i < 65000; i++)
                bad |= write(ends[1], piece, sizeof piece) < 0;
            bad |= write(ends[1], quoted ? "\",7\n" : ",7\n", quoted ? 4 : 3) < 0;
            _exit(bad);
        }
        close(ends[1]);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        node_open(&node, &leat_csv_source, NULL, "file=-", "names=b", "columns=2", "header=no",
                  NULL);
        int got;
        while ((got = node.stage->pull(node.state, &node.ctx, node.frames, 1)) == 0)
            ;
        cr_assert_eq(got, 1, "%s", node_words(&node));
        cr_assert(node.frames[0]->cols == 1 && *(double *)leat_frame_row(node.frames[0], 0) == 7.0);
        node_close(&node);
    }
}
