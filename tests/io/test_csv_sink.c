/* The csv sink, and what all writers share. */
#define _GNU_SOURCE
#include "io/harness.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(csv_sink, .init = folder_make, .fini = folder_remove);

Test(csv_sink, writes_names_and_the_shortest_numbers)
{
    struct node node;
    char text[256];
    struct leat_shape shape = shape_of(2, 4, LEAT_F64, 0);
    strcpy(shape.channels[1].name, "b \"x\",y");
    node_open(&node, &leat_csv_sink, &shape, "file=out.csv", NULL);
    const double rows[2][3] = {{0.1, 1e300, -0.0}, {1.0 / 3, 5, (double)NAN}};
    node_feed(&node, rows, 3);
    const double more[2][1] = {{100}, {2.5}};
    node_feed(&node, more, 1);
    cr_assert(!file_there("out.csv"), "not before the end");
    node_flush(&node);
    node_close(&node);
    file_read("out.csv", text, sizeof text);
    cr_assert_str_eq(text, "a,\"b \"\"x\"\",y\"\n0.1,0.3333333333333333\n1e300,5\n-0,nan\n"
                           "100,2.5\n");
    cr_assert_eq(files_like("out.csv.tmp"), 0);
}

Test(csv_sink, reads_back_the_same_bits)
{
    struct node node;
    struct taken taken;
    struct leat_shape shape = shape_of(1, 1000, LEAT_F32, 0);
    float row[1000];
    uint32_t bits = 1;
    for (int i = 0; i < 1000; i++, bits = bits * 1664525 + 1013904223) {
        memcpy(&row[i], &bits, 4);
        if (!isfinite(row[i]))
            row[i] = 0;
    }
    node_open(&node, &leat_csv_sink, &shape, "file=out.csv", "delimiter=tab", NULL);
    node_feed(&node, row, 1000);
    node_flush(&node);
    node_close(&node);
    node_open(&node, &leat_csv_source, NULL, "file=out.csv", "delimiter=tab", "type=f32", NULL);
    node_pull(&node, &taken, 1);
    cr_assert_eq(taken.n, 1000);
    cr_assert_eq(memcmp(taken.data[0], row, sizeof row), 0);
    taken_free(&taken);
    node_close(&node);
}

Test(csv_sink, integers_are_written_whole)
{
    struct node node;
    char text[256];
    struct leat_shape shape = shape_of(1, 4, LEAT_I64, 0);
    const int64_t row[] = {INT64_MIN, -1, 0, INT64_MAX};
    node_open(&node, &leat_csv_sink, &shape, "file=out.csv", "header=no", NULL);
    node_feed(&node, row, 4);
    node_flush(&node);
    node_close(&node);
    file_read("out.csv", text, sizeof text);
    cr_assert_str_eq(text, "-9223372036854775808\n-1\n0\n9223372036854775807\n");
}

Test(csv_sink, an_output_that_was_not_finished_leaves_what_was_there)
{
    struct node node;
    char text[64];
    struct leat_shape shape = shape_of(1, 4, LEAT_F64, 0);
    const double row[] = {1, 2};
    file_text("out.csv", "old");
    node_open(&node, &leat_csv_sink, &shape, "file=out.csv", NULL);
    node_feed(&node, row, 2);
    cr_assert_eq(files_like("out.csv.tmp"), 1);
    node_close(&node);
    cr_assert_eq(files_like("out.csv.tmp"), 0);
    file_read("out.csv", text, sizeof text);
    cr_assert_str_eq(text, "old");
}

Test(csv_sink, an_output_that_cannot_be_written_is_told)
{
    struct node node;
    struct leat_shape shape = shape_of(1, 4, LEAT_F64, 0);
    cr_assert_eq(node_resolve(&node, &leat_csv_sink, &shape, "file=no/where.csv", NULL), LEAT_OK);
    cr_assert_eq(node_init(&node), LEAT_EIO);
    words_have(&node, "no/where.csv: cannot be written: No such file or directory");
    node_close(&node);
    cr_assert_eq(node_resolve(&node, &leat_csv_sink, &shape, "file=/tmp", NULL), LEAT_OK);
    cr_assert_eq(node_init(&node), LEAT_EIO);
    node_close(&node);

    const double row[] = {1, 2};
    node_open(&node, &leat_csv_sink, &shape, "file=/dev/full", NULL);
    node_feed(&node, row, 2);
    cr_assert_eq(node.status, LEAT_EIO);
    words_have(&node, "/dev/full: cannot be written: No space left on device");
    node_flush(&node);
    node_close(&node);

    /* A file that may not grow stands for a full disk: the last bytes count too. */
    file_text("out.csv", "old");
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){5, 5}), 0);
    node_open(&node, &leat_csv_sink, &shape, "file=out.csv", NULL);
    node_feed(&node, row, 2);
    cr_assert_eq(node.status, 0);
    node_flush(&node);
    cr_assert_eq(node.status, LEAT_EIO);
    words_have(&node, "out.csv: cannot be written: File too large");
    node_close(&node);
    cr_assert_eq(files_like("out.csv"), 1);
}

Test(csv_sink, a_pipe_gets_each_batch_at_once)
{
    struct node node;
    int ends[2];
    char text[64] = "";
    struct leat_shape shape = shape_of(1, 4, LEAT_F64, 0);
    const double row[] = {1, 2};
    cr_assert_eq(pipe(ends), 0);
    dup2(ends[1], STDOUT_FILENO);
    node_open(&node, &leat_csv_sink, &shape, "file=-", NULL);
    node_feed(&node, row, 2);
    cr_assert_eq(read(ends[0], text, sizeof text - 1), 6);
    cr_assert_str_eq(text, "a\n1\n2\n");
    node_close(&node);
}

Test(csv_sink, a_named_pipe_that_nobody_reads_is_refused_at_once, .timeout = 10)
{
    struct node node;
    char text[64] = "";
    struct leat_shape shape = shape_of(1, 4, LEAT_F64, 0);
    const double row[] = {1, 2};
    cr_assert_eq(mkfifo("out.csv", 0600), 0);
    cr_assert_eq(node_resolve(&node, &leat_csv_sink, &shape, "file=out.csv", NULL), LEAT_OK);
    cr_assert_eq(node_init(&node), LEAT_EIO);
    words_have(&node, "out.csv: cannot be written: nobody reads this pipe");
    node_close(&node);

    int reader = open("out.csv", O_RDONLY | O_NONBLOCK);
    node_open(&node, &leat_csv_sink, &shape, "file=out.csv", NULL);
    node_feed(&node, row, 2);
    cr_assert_eq(read(reader, text, sizeof text - 1), 6);
    cr_assert_str_eq(text, "a\n1\n2\n");
    node_flush(&node);
    node_close(&node);
    cr_assert_eq(read(reader, text, 1), 0, "the reader sees the end");
    close(reader);
    cr_assert_eq(files_like("out.csv"), 1);
}

Test(csv_sink, a_link_stays_and_its_target_keeps_its_permissions)
{
    struct node node;
    struct stat st;
    char text[64];
    struct leat_shape shape = shape_of(1, 4, LEAT_F64, 0);
    const double row[] = {1, 2};
    file_text("target.csv", "old");
    cr_assert_eq(chmod("target.csv", 0640), 0);
    cr_assert_eq(symlink("target.csv", "link.csv"), 0);
    node_open(&node, &leat_csv_sink, &shape, "file=link.csv", NULL);
    node_feed(&node, row, 2);
    cr_assert_eq(files_like("target.csv.tmp"), 1);
    node_flush(&node);
    node_close(&node);
    cr_assert(lstat("link.csv", &st) == 0 && S_ISLNK(st.st_mode));
    cr_assert(lstat("target.csv", &st) == 0 && (st.st_mode & 07777) == 0640);
    file_read("target.csv", text, sizeof text);
    cr_assert_str_eq(text, "a\n1\n2\n");
    cr_assert_eq(files_like("target.csv"), 1);
}
