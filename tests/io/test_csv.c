/* The csv source. */
#define _GNU_SOURCE
#include "io/harness.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(csv_source, .init = folder_make, .fini = folder_remove);

#define csv_open(node, ...) node_open(node, &leat_csv_source, NULL, "file=in.csv", __VA_ARGS__)
#define csv_resolve(node, ...) \
    node_resolve(node, &leat_csv_source, NULL, "file=in.csv", __VA_ARGS__)

Test(csv_source, reads_every_column_under_its_header_name)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "price,size\n1.5,10\n2.5,20\n-3e2,30\n");
    csv_open(&node, NULL);
    cr_assert_eq(node.need.out.rows, 2);
    cr_assert_eq(node.need.out.kind, LEAT_F64);
    cr_assert_eq(node.need.out.cols, 1024);
    cr_assert_str_eq(node.channels[0].name, "price");
    cr_assert_str_eq(node.channels[1].name, "size");
    node_pull(&node, &taken, 4);
    cr_assert_eq(node.status, LEAT_EEND);
    cr_assert_eq(taken.n, 3);
    cr_assert_eq(taken.frames_n, 1);
    cr_assert_eq(taken.flags[0], LEAT_SHORT);
    cr_assert_eq(taken.time_ns[0], LEAT_TIME_NONE);
    cr_assert(taken_get(&taken, 0, 2) == -300.0 && taken_get(&taken, 1, 1) == 20.0);
    taken_free(&taken);
    node_close(&node);
}

Test(csv_source, takes_columns_by_name_and_by_number_in_the_order_asked)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "t,price,size,venue\n1,100.25,7,X\n2,100.5,8,Y\n");
    csv_open(&node, "columns=size,2", "frame=1", NULL);
    cr_assert_str_eq(node.channels[0].name, "size");
    cr_assert_str_eq(node.channels[1].name, "price");
    node_pull(&node, &taken, 4);
    cr_assert_eq(taken.frames_n, 2);
    cr_assert(taken_get(&taken, 0, 0) == 7.0 && taken_get(&taken, 1, 1) == 100.5);
    taken_free(&taken);
    node_close(&node);
}

Test(csv_source, header_auto_tells_names_from_numbers)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "1,2\n3,4\n");
    csv_open(&node, NULL);
    cr_assert_str_eq(node.channels[1].name, "c2");
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 2);
    taken_free(&taken);
    node_close(&node);

    /* Only the cells that are read count. */
    file_text("in.csv", "2024-01-01,1,2\n2024-01-02,3,4\n");
    csv_open(&node, "columns=2,3", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 2);
    taken_free(&taken);
    node_close(&node);

    file_text("in.csv", "x,1\n5,2\n");
    csv_open(&node, "header=yes", NULL);
    cr_assert_str_eq(node.channels[1].name, "1");
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 1);
    taken_free(&taken);
    node_close(&node);
}

/* Which line comes first, and whether it is a header: by the cells that would be read. */
Test(csv_source, header_auto_where_words_and_numbers_are_mixed)
{
    static const struct {
        const char *text, *options[2];
        size_t samples;
        const char *name; /* of the first channel */
        double first;
    } cases[] = {
        {"time,1,2\n100,3,4\n", {NULL}, 1, "time", 100},
        {"time,1,2\n2024-01-01,3,4\n", {"columns=2,3"}, 2, "c2", 1},
        {"time,1,2\n2024-01-01,3,4\n", {"columns=2,1", "header=yes"}, 1, "2", 4}, /* a name first */
        {"time,1,2\n100,3,4\n", {"columns=1,2"}, 1, "1", 3},
        {"t,5,6\n100,3,4\n", {"time=1"}, 1, "5", 3},
        {"t,5,6\n100,3,4\n", {"time=1", "columns=3"}, 1, "6", 4},
        {"t,5,6\n100,3,4\n", {"time=t", "columns=3"}, 1, "6", 4},
        {"2,x\n3,4\n", {"columns=1"}, 2, "c1", 2},
        {"nan,inf\n3,4\n", {NULL}, 2, "c1", NAN}, /* numbers, too */
        {",\n3,4\n", {NULL}, 2, "c1", NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct node node;
        struct taken taken;
        file_text("in.csv", cases[i].text);
        csv_open(&node, "frame=8", cases[i].options[0], cases[i].options[1], NULL);
        node_pull(&node, &taken, 1);
        cr_assert_eq(node.status, LEAT_EEND, "%zu: %s", i, node_words(&node));
        cr_assert_eq(taken.n, cases[i].samples, "%zu: %zu samples", i, taken.n);
        cr_assert_str_eq(node.channels[0].name, cases[i].name, "%zu: %s", i,
                         node.channels[0].name);
        double first = taken_get(&taken, 0, 0);
        cr_assert(first == cases[i].first || (isnan(first) && isnan(cases[i].first)), "%zu", i);
        taken_free(&taken);
        node_close(&node);
    }
}

Test(csv_source, names_name_channels_or_the_columns_of_a_headerless_file)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "1,2,3\n4,5,6\n");
    csv_open(&node, "columns=c,a", "names=a,b,c", NULL);
    cr_assert_str_eq(node.channels[0].name, "c");
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 2);
    cr_assert(taken_get(&taken, 0, 1) == 6.0 && taken_get(&taken, 1, 1) == 4.0);
    taken_free(&taken);
    node_close(&node);

    csv_open(&node, "columns=3,1", "names=z,x", NULL);
    cr_assert_str_eq(node.channels[0].name, "z");
    node_close(&node);

    csv_open(&node, "columns=3", "names=a,b,c", NULL);
    cr_assert_str_eq(node.channels[0].name, "c");
    node_close(&node);

    /* A cell that is not read says nothing about the header. */
    file_text("in.csv", "2024-01-01,1\n2024-01-02,2\n");
    csv_open(&node, "columns=x", "names=day,x", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 2);
    taken_free(&taken);
    node_close(&node);

    file_text("in.csv", "1,2,3\n");
    cr_assert_eq(csv_resolve(&node, "names=a,b", NULL), LEAT_ESHAPE);
    words_have(&node, "2 names for 3 channels");
}

Test(csv_source, same_header_names_are_told_apart)
{
    struct node node;
    file_text("in.csv", "x,x,,x\n1,2,3,4\n");
    csv_open(&node, NULL);
    cr_assert_str_eq(node.channels[0].name, "x");
    cr_assert_str_eq(node.channels[1].name, "x_2");
    cr_assert_str_eq(node.channels[2].name, "c3");
    cr_assert_str_eq(node.channels[3].name, "x_3");
    node_close(&node);

    /* The number that a name would get may be a name itself. */
    file_text("in.csv", "x,x_2,x,x_2\n1,2,3,4\n");
    csv_open(&node, NULL);
    cr_assert_str_eq(node.channels[2].name, "x_3");
    cr_assert_str_eq(node.channels[3].name, "x_2_2");
    node_close(&node);

    /* A name that is too long is cut between letters, and found by all of it. */
#define LONG "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
    file_text("in.csv", LONG LONG LONG LONG LONG "," LONG LONG LONG LONG LONG "\n1,2\n");
    csv_open(&node, "columns=" LONG LONG LONG LONG LONG ",2", NULL);
    cr_assert_str_eq(node.channels[0].name, LONG LONG LONG "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                                            "\xc3\xa4\xc3\xa4\xc3\xa4");
    cr_assert_eq(strlen(node.channels[1].name), 52);
    cr_assert_str_eq(node.channels[1].name + 50, "_2");
    node_close(&node);
#undef LONG
}

Test(csv_source, passes_over_skipped_blank_and_comment_lines)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "\xef\xbb\xbfrubbish \"\nmore\n# note\n\na;b\r\n 1 ; 2 \r\n"
                        "# end\r\n\r\n3;4");
    csv_open(&node, "skip=2", "comment=#", "delimiter=;", NULL);
    cr_assert_str_eq(node.channels[1].name, "b");
    node_pull(&node, &taken, 3);
    cr_assert_eq(node.status, LEAT_EEND);
    cr_assert_eq(taken.n, 2);
    cr_assert(taken_get(&taken, 1, 0) == 2.0 && taken_get(&taken, 1, 1) == 4.0);
    taken_free(&taken);
    node_close(&node);
}

Test(csv_source, order_numbers_keep_all_their_digits)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "id\n9007199254740993\n-9223372036854775808\n9223372036854775807\n+5\n");
    csv_open(&node, "type=i64", NULL);
    cr_assert_eq(node.need.out.kind, LEAT_I64);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken_i64(&taken, 0, 0), INT64_C(9007199254740993));
    cr_assert_eq(taken_i64(&taken, 0, 1), INT64_MIN);
    cr_assert_eq(taken_i64(&taken, 0, 2), INT64_MAX);
    cr_assert_eq(taken_i64(&taken, 0, 3), 5);
    taken_free(&taken);
    node_close(&node);

    const char *bad[] = {"id\n9223372036854775808\n", "id\n1.5\n", "id\n-\n", "id\n12x\n"};
    const char *why[] = {"does not fit", "is not a whole number", "is not a number",
                         "is not a number"};
    for (int i = 0; i < 4; i++) {
        file_text("in.csv", bad[i]);
        csv_open(&node, "type=i64", "header=yes", NULL);
        node_pull(&node, &taken, 1);
        cr_assert_eq(node.status, LEAT_EDATA);
        words_have(&node, why[i]);
        taken_free(&taken);
        node_close(&node);
    }
}

Test(csv_source, missing_cells_are_nan_or_reject_their_row)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "a,b\n1,\n,2\n3,4\n");
    csv_open(&node, NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 3);
    cr_assert(isnan(taken_get(&taken, 1, 0)) && isnan(taken_get(&taken, 0, 1)));
    cr_assert_eq(node.ctx.rejected_rows, 0);
    taken_free(&taken);
    node_close(&node);

    csv_open(&node, "missing=reject", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 1);
    cr_assert(taken_get(&taken, 0, 0) == 3.0);
    cr_assert_eq(node.ctx.rejected_rows, 2);
    taken_free(&taken);
    node_close(&node);

    csv_open(&node, "type=i64", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 1);
    cr_assert_eq(node.ctx.rejected_rows, 2);
    taken_free(&taken);
    node_close(&node);
}

Test(csv_source, a_bad_cell_is_told_by_file_line_column_and_name)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "t,size,price\n1,2,3\n4,5, abc\n7,8,9\n");
    csv_open(&node, "columns=price", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(node.status, LEAT_EDATA);
    cr_assert_str_eq(node_words(&node),
                     "in.csv:3:6: column 3 (price): 'abc' is not a number; use on-error=reject to "
                     "count and skip such rows");
    taken_free(&taken);
    node_close(&node);

    csv_open(&node, "columns=price", "on-error=reject", "frame=2", NULL);
    node_pull(&node, &taken, 4);
    cr_assert_eq(node.status, LEAT_EEND);
    cr_assert_eq(taken.n, 2);
    cr_assert_eq(taken.cols[0], 2, "a rejected row leaves no gap");
    cr_assert_eq(node.ctx.rejected_rows, 1);
    taken_free(&taken);
    node_close(&node);
}

Test(csv_source, rows_of_the_wrong_length_are_bad_rows)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "a,b,c\n1,2,3,\n1,2\n1,2,3,4\n");
    csv_open(&node, NULL);
    node_pull(&node, &taken, 1);
    words_have(&node, "in.csv:3:");
    words_have(&node, "2 cells, expected 3");
    taken_free(&taken);
    node_close(&node);
    csv_open(&node, "on-error=reject", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 1);
    cr_assert_eq(node.ctx.rejected_rows, 2);
    taken_free(&taken);
    node_close(&node);
}

Test(csv_source, event_time_is_exact)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "ts,x\n1700000000.123456789,1\n1700000000.5,2\n-0.000000001,3\n1e3,4\n");
    csv_open(&node, "time=ts", "frame=1", NULL);
    cr_assert_eq(node.need.out.rows, 1);
    cr_assert_str_eq(node.channels[0].name, "x");
    node_pull(&node, &taken, 3);
    cr_assert_eq(taken.time_ns[0], INT64_C(1700000000123456789));
    cr_assert_eq(taken.time_ns[1], INT64_C(1700000000500000000));
    cr_assert_eq(taken.time_ns[2], -1);
    cr_assert_eq(taken.time_ns[3], INT64_C(1000000000000));
    taken_free(&taken);
    node_close(&node);

    file_text("in.csv", "1700000000123456789,5\n1700000000123456790,6\n");
    csv_open(&node, "time=1", "time-unit=ns", "frame=1", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.time_ns[1], INT64_C(1700000000123456790));
    taken_free(&taken);
    node_close(&node);

    csv_open(&node, "time=1", "frame=1", NULL);
    node_pull(&node, &taken, 1);
    words_have(&node, "is time-unit= right?");
    taken_free(&taken);
    node_close(&node);
}

Test(csv_source, what_is_wrong_before_the_start_is_told)
{
    struct node node;
    cr_assert_eq(csv_resolve(&node, NULL), LEAT_EIO);
    words_have(&node, "in.csv: cannot be read: No such file");
    file_text("in.csv", "");
    cr_assert_eq(csv_resolve(&node, NULL), LEAT_EDATA);
    words_have(&node, "is empty");
    file_text("in.csv", "# note\na,\"b\"c\n1,2\n");
    cr_assert_eq(csv_resolve(&node, "comment=#", NULL), LEAT_EDATA);
    words_have(&node, "in.csv:2:6: text behind the closing quote");
    file_text("in.csv", "a,\"b\n1,2\n");
    cr_assert_eq(csv_resolve(&node, NULL), LEAT_EDATA);
    words_have(&node, "in.csv:1:1: the text ends inside the quotes");
    file_text("in.csv", "price,size\n1,2\n");
    cr_assert_eq(csv_resolve(&node, "columns=pirce", NULL), LEAT_ENAME);
    words_have(&node, "in.csv has no column 'pirce'; did you mean 'price'?");
    cr_assert_eq(csv_resolve(&node, "columns=3", NULL), LEAT_ENAME);
    words_have(&node, "has no column 3; it has 2");
    cr_assert_eq(csv_resolve(&node, "columns=price", "header=no", NULL), LEAT_ENAME);
    words_have(&node, "no header");
    file_text("in.csv", "1,2\n");
    cr_assert_eq(csv_resolve(&node, "columns=price", NULL), LEAT_ENAME);
    words_have(&node, "no header");
    cr_assert_eq(csv_resolve(&node, "frame=20ms", NULL), LEAT_ESHAPE);
    cr_assert_eq(csv_resolve(&node, "frame=0", NULL), LEAT_ERANGE);
    cr_assert_eq(csv_resolve(&node, "delimiter=ab", NULL), LEAT_EINVAL);
    cr_assert_eq(csv_resolve(&node, "type=f16", NULL), LEAT_ENAME);
    cr_assert_eq(csv_resolve(&node, "colums=1", NULL), LEAT_ENAME);
    words_have(&node, "columns");
    cr_assert_eq(node_resolve(&node, &leat_csv_source, NULL, "file=.", NULL), LEAT_EIO);
    words_have(&node, "directory");
    cr_assert_eq(node_resolve(&node, &leat_csv_source, NULL, NULL), LEAT_EINVAL);
    words_have(&node, "file= is required");
}

Test(csv_source, a_header_alone_is_a_stream_of_nothing)
{
    struct node node;
    struct taken taken;
    file_text("in.csv", "price,size\n");
    csv_open(&node, NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(node.status, LEAT_EEND);
    cr_assert_eq(taken.frames_n, 0);
    node_close(&node);
}

Test(csv_source, a_duration_is_multiplied_by_the_rate)
{
    struct node node;
    file_text("in.csv", "1\n");
    csv_open(&node, "frame=20ms", "rate=1kHz", NULL);
    cr_assert_eq(node.need.out.cols, 20);
    cr_assert(node.need.out.rate_hz == 1000.0);
    node_close(&node);
}

/* A child writes text in bits into standard input or a named pipe. */
static pid_t write_slowly(int fd, const char *const *parts, useconds_t pause)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    for (; *parts != NULL; parts++) {
        usleep(pause);
        if (write(fd, *parts, strlen(*parts)) < 0)
            _exit(1);
    }
    _exit(0);
}

Test(csv_source, a_pipe_is_looked_at_without_taking_from_it)
{
    struct node node;
    struct taken taken;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    const char *parts[] = {"pri", "ce,size\n", "1,2\n3", ",4\n5,", "6\n7,8", NULL};
    write_slowly(ends[1], parts, 30000);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    node_open(&node, &leat_csv_source, NULL, "file=-", "columns=size", "frame=2", NULL);
    node_pull(&node, &taken, 4);
    cr_assert_eq(node.status, LEAT_EEND, "%s", node_words(&node));
    cr_assert_eq(taken.n, 4);
    cr_assert(taken_get(&taken, 0, 0) == 2.0 && taken_get(&taken, 0, 3) == 8.0);
    cr_assert(taken.idle > 0, "it waited in short bits");
    taken_free(&taken);
    node_close(&node);
}

Test(csv_source, a_named_pipe_needs_its_columns_told)
{
    struct node node;
    struct taken taken;
    cr_assert_eq(mkfifo("in.csv", 0600), 0);
    cr_assert_eq(csv_resolve(&node, NULL), LEAT_ESHAPE);
    words_have(&node, "cannot be looked at beforehand");
    cr_assert_eq(csv_resolve(&node, "columns=70000", "names=a", "header=no", NULL), LEAT_ENAME);
    words_have(&node, "has no column 70000; it has at most 65535");
    csv_open(&node, "names=a,b", "header=no", "frame=1", NULL);
    node.ctx.waited = false;
    cr_assert_eq(node.stage->pull(node.state, &node.ctx, node.frames, 1), 0);
    cr_assert(node.ctx.waited);
    int fd = open("in.csv", O_WRONLY);
    const char *parts[] = {"1,2\n", "3,4\n", NULL};
    write_slowly(fd, parts, 20000);
    close(fd);
    node_pull(&node, &taken, 4);
    cr_assert_eq(node.status, LEAT_EEND);
    cr_assert_eq(taken.n, 2);
    cr_assert(taken_get(&taken, 1, 1) == 4.0);
    taken_free(&taken);
    node_close(&node);
}

/* A pipe that was not looked at: its header says how long rows are. */
Test(csv_source, the_header_of_a_pipe_counts_its_cells)
{
    static const char text[] = "a,b,c\n1,2\n3,4,5,\n"; /* a delimiter at the end is no cell */
    struct node node;
    struct taken taken;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    node_open(&node, &leat_csv_source, NULL, "file=-", "columns=1", "names=x", "header=yes",
              "on-error=reject", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 1);
    cr_assert(taken_get(&taken, 0, 0) == 3.0);
    cr_assert_eq(node.ctx.rejected_rows, 1);
    taken_free(&taken);
    node_close(&node);
}

/* Rows come every 5 ms, a frame would take seconds: no pull may wait for it. */
Test(csv_source, a_pull_waits_once)
{
    struct node node;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    const char *parts[101] = {NULL};
    for (int i = 0; i < 100; i++)
        parts[i] = "1\n";
    write_slowly(ends[1], parts, 5000);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    node_open(&node, &leat_csv_source, NULL, "file=-", "names=x", "header=no", "frame=1000", NULL);
    int pulls = 0, got;
    while ((got = node.stage->pull(node.state, &node.ctx, node.frames, 1)) == 0)
        pulls++;
    cr_assert_eq(got, 1);
    cr_assert_eq(node.frames[0]->cols, 100);
    cr_assert(pulls >= 20, "%d pulls", pulls);
    node_close(&node);
}

Test(csv_source, a_real_sensor_log)
{
    struct node node;
    struct taken taken;
    const char *path = real_file("signals/imu_sensor_data.csv");
    if (path == NULL)
        cr_skip_test("the real data are not here");
    char file[1100];
    snprintf(file, sizeof file, "file=%s", path);
    node_open(&node, &leat_csv_source, NULL, file, "time=Time (s)", NULL);
    cr_assert_eq(node.need.out.rows, 9);
    cr_assert_str_eq(node.channels[8].name, "Magnetometer Z (uT)");
    node_pull(&node, &taken, 8);
    cr_assert_eq(node.status, LEAT_EEND, "%s", node_words(&node));
    cr_assert(taken.n > 1000);
    cr_assert(taken_get(&taken, 0, 0) == 0.01644619 && taken_get(&taken, 8, 1) == -41.06782);
    cr_assert_eq(taken.time_ns[0], 0);
    taken_free(&taken);
    node_close(&node);
}
