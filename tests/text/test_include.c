#define _GNU_SOURCE
#include "text/dummies.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char line[900];

static void init(void)
{
    strcpy(folder, "/tmp/leat-text-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
}

static void fini(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(include, .init = init, .fini = fini);

static void file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    cr_assert_eq(fwrite(text, 1, strlen(text), f), strlen(text));
    cr_assert_eq(fclose(f), 0);
}

/* Parses a text that stands in the folder; the message, without the folder's name, in `line`. */
static int parse(const char *text, uint32_t *nodes)
{
    struct leat_text_options options = {
        .size = sizeof options, .file = "main.leat", .directory = folder
    };
    struct leat_graph graph;
    struct leat_diag diag = { .code = 0 };
    leat_graph_init(&graph);
    int status = leat_text_parse(&graph, &dummies, &options, text, strlen(text), &diag);
    *nodes = graph.nodes_n;
    leat_graph_fini(&graph);
    leat_diag_format(&diag, line, sizeof line);
    size_t n = strlen(folder) + 1;
    for (char *at = strstr(line, folder); at != NULL; at = strstr(line, folder))
        memmove(at, at + n, strlen(at + n) + 1);
    return status;
}

static void expect(const char *text, int code, const char *message)
{
    uint32_t nodes;
    cr_expect_eq(parse(text, &nodes), code);
    cr_expect_str_eq(line, message);
}

Test(include, definitions_and_chains)
{
    uint32_t nodes;
    file("common.leat", "let n=3\nlet clean={ zscore ! rolling size=$n }\n");
    file("a b.leat", "synth ! null # no newline at the end");
    cr_assert_eq(parse("include common.leat\nsynth ! $clean ! null; include 'a b.leat'", &nodes),
                 LEAT_OK, "%s", line);
    cr_assert_eq(nodes, 6);
}

Test(include, paths_are_relative_to_the_file_that_names_them)
{
    char path[128];
    uint32_t nodes;
    snprintf(path, sizeof path, "%s/deep", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    file("deep/one.leat", "include two.leat\n");
    file("deep/two.leat", "include ../three.leat\n");
    file("three.leat", "synth ! null");
    cr_assert_eq(parse("include deep/one.leat", &nodes), LEAT_OK, "%s", line);
    cr_assert_eq(nodes, 2);
    snprintf(path, sizeof path, "include '%s/three.leat'", folder);
    cr_assert_eq(parse(path, &nodes), LEAT_OK, "%s", line);
}

Test(include, errors_name_the_chain_of_origins)
{
    file("bad.leat", "let pre={ rolling siz=3 }\n");
    file("mid.leat", "\n include bad.leat\n");
    expect("include mid.leat\nsynth ! $pre", LEAT_ENAME,
           "bad.leat:1:19: rolling: unknown parameter 'siz'; did you mean 'size'?; in $pre, used "
           "at main.leat:2:9");
    file("worse.leat", "synth !");
    expect("\n\ninclude worse.leat", LEAT_ESYNTAX,
           "worse.leat:1:8: expected a stage after !, found the end of the text; included at "
           "main.leat:3:9");
}

Test(include, what_cannot_be_read)
{
    char path[128];
    expect("include", LEAT_ESYNTAX, "main.leat:1:8: expected a file's name after include");
    expect("include none.leat", LEAT_EIO,
           "main.leat:1:9: include: cannot read 'none.leat': No such file or directory");
    expect("include .", LEAT_EIO, "main.leat:1:9: include: cannot read '.': it is not an ordinary "
                                  "file");
    snprintf(path, sizeof path, "%s/pipe", folder);
    cr_assert_eq(mkfifo(path, 0600), 0);
    expect("include pipe", LEAT_EIO,
           "main.leat:1:9: include: cannot read 'pipe': it is not an ordinary file");
    snprintf(path, sizeof path, "%s/huge.leat", folder);
    file("huge.leat", "");
    cr_assert_eq(truncate(path, 10 << 20), 0);
    expect("include huge.leat", LEAT_ELIMIT,
           "main.leat:1:9: include: 'huge.leat' is longer than 1048576 bytes");
    file("self.leat", "synth ! null\ninclude self.leat");
    expect("include self.leat", LEAT_ELIMIT,
           "self.leat:2:9: 'self.leat' includes itself; included at main.leat:1:9");
    file("ping.leat", "include pong.leat");
    file("pong.leat", "include ping.leat");
    expect("include ping.leat", LEAT_ELIMIT,
           "pong.leat:1:9: 'ping.leat' includes itself; included at ping.leat:1:9; included at "
           "main.leat:1:9");
}

Test(include, depth_and_number_are_bounded)
{
    uint32_t nodes;
    char name[32], text[64], many[2048] = "synth ! null\n";
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "%d.leat", i);
        snprintf(text, sizeof text, "include %d.leat", i + 1);
        file(name, i == 15 ? "synth" : text);
    }
    cr_assert_eq(parse("include 0.leat", &nodes), LEAT_OK, "%s", line);
    file("15.leat", "include 16.leat");
    cr_assert_eq(parse("include 0.leat", &nodes), LEAT_ELIMIT, "%s", line);
    for (int i = 0; i < 65; i++) {
        cr_assert_eq(parse(many, &nodes), LEAT_OK, "%s", line);
        snprintf(name, sizeof name, "void%d.leat", i);
        file(name, "# nothing");
        snprintf(many + strlen(many), sizeof many - strlen(many), "include %s\n", name);
    }
    cr_assert_eq(parse(many, &nodes), LEAT_ELIMIT, "%s", line);
}

/* Once, by whatever name. */
Test(include, two_files_may_need_a_third)
{
    char path[128], other[128];
    uint32_t nodes;
    snprintf(path, sizeof path, "%s/part", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    file("part/common.leat", "let clean={ zscore }\nsynth ! $clean ! null");
    snprintf(path, sizeof path, "%s/part/common.leat", folder);
    snprintf(other, sizeof other, "%s/linked.leat", folder);
    cr_assert_eq(symlink(path, other), 0);
    file("part/one.leat", "include common.leat\nlet a=1");
    file("two.leat", "include part/../part/common.leat\nlet b=2");
    cr_assert_eq(parse("include part/one.leat; include two.leat; include linked.leat; "
                       "include part/common.leat; synth ! $clean ! null",
                       &nodes), LEAT_OK, "%s", line);
    cr_assert_eq(nodes, 6);
    file("part/round.leat", "include ../part/round.leat");
    expect("include part/round.leat", LEAT_ELIMIT,
           "part/round.leat:1:9: 'part/../part/round.leat' includes itself; included at "
           "main.leat:1:9");
}

Test(include, the_excerpt_comes_from_the_included_file)
{
    struct leat_text_options options = {
        .size = sizeof options, .file = "main.leat", .directory = folder
    };
    struct leat_graph graph;
    struct leat_diag diag;
    char out[256];
    file("bad.leat", "# x\nsynth ! zscroe\n");
    const char *text = "include bad.leat";
    leat_graph_init(&graph);
    int status = leat_text_parse(&graph, &dummies, &options, text, strlen(text), &diag);
    cr_assert_eq(status, LEAT_ENAME);
    leat_graph_fini(&graph);
    leat_text_excerpt(&options, text, strlen(text), &diag, out, sizeof out);
    cr_assert_str_eq(out, "synth ! zscroe\n        ^\n");
}

Test(include, loading_a_file)
{
    struct leat_diag diag;
    char path[128], *text;
    size_t bytes;
    file("x.leat", "synth\n");
    snprintf(path, sizeof path, "%s/x.leat", folder);
    cr_assert_eq(leat_text_load(path, &text, &bytes, &diag), LEAT_OK);
    cr_assert_eq(bytes, 6);
    cr_assert_arr_eq(text, "synth\n", 6);
    free(text);
    cr_assert_eq(leat_text_load(folder, &text, &bytes, &diag), LEAT_EIO);
    cr_assert_null(text);
}
