#define _GNU_SOURCE
#include "text/dummies.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct leat_graph graph;

static void init(void)
{
    leat_graph_init(&graph);
}

static void fini(void)
{
    leat_graph_fini(&graph);
}

TestSuite(grammar, .init = init, .fini = fini);

static void parse_with(const char *text, const struct leat_text_options *options)
{
    struct leat_diag diag;
    char line[900];
    int status = leat_text_parse(&graph, &dummies, options, text, strlen(text), &diag);
    if (status != LEAT_OK) {
        leat_diag_format(&diag, line, sizeof line);
        cr_assert(false, "%s\n%s", text, line);
    }
}

static void parse(const char *text)
{
    parse_with(text, NULL);
}

/* The graph in short: "csv>zscore zscore>null" by names, in the order of the links. */
static void expect_links(const char *expected)
{
    char links[1000] = "";
    for (uint32_t i = 0; i < graph.links_n; i++) {
        const struct leat_link *link = &graph.links[i];
        char one[200];
        snprintf(one, sizeof one, "%s%s%.*u>%.*u%s", i == 0 ? "" : " ",
                 graph.nodes[link->from].name, link->out != 0, link->out, link->in != 0, link->in,
                 graph.nodes[link->to].name);
        strcat(links, one);
    }
    cr_assert_str_eq(links, expected);
}

static const void *options_of(const char *name)
{
    uint32_t node;
    cr_assert_eq(leat_graph_find(&graph, name, &node, NULL), LEAT_OK, "no %s", name);
    return graph.nodes[node].options;
}

static const struct file_options *source(void)
{
    return options_of("csv");
}

Test(grammar, one_line)
{
    parse("csv file=a.csv ! zscore ! null");
    expect_links("csv>zscore zscore>null");
    cr_assert_eq(graph.nodes_n, 3);
    cr_assert_str_eq(source()->file, "a.csv");
    cr_assert_eq(source()->frame.samples, 1024);
    cr_assert_eq(graph.nodes[1].line, 1);
    cr_assert_eq(graph.nodes[1].column, 18);
    cr_assert_str_eq(graph.nodes[1].file, "");
}

Test(grammar, no_blanks_are_needed_around_the_joint)
{
    parse("synth!zscore!null;synth!null");
    expect_links("synth>zscore zscore>null synth2>null2");
}

Test(grammar, a_line_goes_on_after_or_before_the_joint)
{
    parse("\n\n synth !  # the source\n   # nothing here\n  zscore\n\n# nor here\n ! zscore\r\n"
          " ! null\r\n");
    expect_links("synth>zscore zscore>zscore2 zscore2>null");
    cr_assert_eq(graph.nodes[1].line, 5);
    cr_assert_eq(graph.nodes[1].column, 3);
}

Test(grammar, items_end_at_newlines_and_semicolons)
{
    parse(";;synth ! null;\n;synth ! zscore ! null\nsynth ! null # end");
    expect_links("synth>null synth2>zscore zscore>null2 synth3>null3");
}

Test(grammar, the_same_name_reads_at_the_head_and_writes_at_the_end)
{
    parse("csv file=a ! csv file=b");
    cr_assert_eq(graph.nodes[0].stage->ins, 0);
    cr_assert_eq(graph.nodes[1].stage->ins, 1);
    cr_assert_str_eq(graph.nodes[1].name, "csv2");
}

Test(grammar, values)
{
    parse("csv file='a b'\".\"c,d columns=price,'si ze',\"x,y\",4 rate=44.1kHz type=f32 header=no "
          "wait=1.5ms frame=20ms ! null");
    const struct file_options *o = source();
    cr_assert_str_eq(o->file, "a b.c,d");
    cr_assert_eq(o->columns.n, 4);
    cr_assert_str_eq(o->columns.items[0], "price");
    cr_assert_str_eq(o->columns.items[1], "si ze");
    cr_assert_str_eq(o->columns.items[2], "x,y");
    cr_assert_str_eq(o->columns.items[3], "4");
    cr_assert_eq(o->rate, 44100.0);
    cr_assert_eq(o->type, 1);
    cr_assert_not(o->header);
    cr_assert_eq(o->wait_ns, 1500000);
    cr_assert_eq(o->frame.ns, 20000000);
    cr_assert_eq(o->frame.samples, 0);
}

Test(grammar, values_hold_what_paths_hold)
{
    parse("csv file=/tmp/a#b=[1]*?~|&\\x.csv ! csv file=''");
    cr_assert_str_eq(source()->file, "/tmp/a#b=[1]*?~|&\\x.csv");
    cr_assert_str_eq(((const struct file_options *)options_of("csv2"))->file, "");
}

Test(grammar, quotes_of_one_kind_hold_the_other)
{
    parse("csv file='say \"$x\"!' ! csv file=\"it's {#;}\"");
    cr_assert_str_eq(source()->file, "say \"$x\"!");
    cr_assert_str_eq(((const struct file_options *)options_of("csv2"))->file, "it's {#;}");
}

Test(grammar, letters_beyond_ascii)
{
    parse("csv file=größe.csv ! null");
    cr_assert_str_eq(source()->file, "größe.csv");
    cr_assert_eq(graph.nodes[1].column, 22);
}

Test(grammar, a_byte_order_mark_is_passed_over)
{
    parse("\xef\xbb\xbfsynth ! null");
    expect_links("synth>null");
    cr_assert_eq(graph.nodes[0].column, 1);
}

Test(grammar, names)
{
    parse("synth name=left ! zscore ! zscore ! zscore name=z-3_b ! null");
    expect_links("left>zscore zscore>zscore2 zscore2>z-3_b z-3_b>null");
}

Test(grammar, variables_hold_values)
{
    parse("let n=512\nlet dir='my data'; let cols=price,size\nlet all=$cols,x\n"
          "csv file=\"$dir/${n}.csv\" columns=$all frame=$n ! csv file=$cols");
    const struct file_options *o = source();
    cr_assert_str_eq(o->file, "my data/512.csv");
    cr_assert_eq(o->frame.samples, 512);
    cr_assert_eq(o->columns.n, 3);
    cr_assert_str_eq(o->columns.items[1], "size");
    cr_assert_str_eq(o->columns.items[2], "x");
    cr_assert_str_eq(((const struct file_options *)options_of("csv2"))->file, "price,size");
}

Test(grammar, a_value_is_never_parsed_again)
{
    parse("let x='a b ! $y # ;'\ncsv file=$x ! null");
    cr_assert_str_eq(source()->file, "a b ! $y # ;");
}

Test(grammar, a_quoted_list_is_one_item)
{
    parse("let cols=a,b\ncsv file=x columns=\"$cols\",p$cols ! null");
    cr_assert_eq(source()->columns.n, 3);
    cr_assert_str_eq(source()->columns.items[0], "a,b");
    cr_assert_str_eq(source()->columns.items[1], "pa");
}

Test(grammar, variables_hold_stages)
{
    parse("let clean={ zscore\n ! rolling size=7\n # in here\n }\nlet more={$clean!zscore}\n"
          "synth ! $clean ! ${more} ! null\nlet all={ synth ! null }\n$all");
    expect_links("synth>zscore zscore>rolling rolling>zscore2 zscore2>rolling2 rolling2>zscore3 "
                 "zscore3>null synth2>null2");
    cr_assert_eq(graph.nodes[1].line, 1);
    cr_assert_eq(graph.nodes[1].column, 13);
}

Test(grammar, sets_win_over_let)
{
    const char *const sets[] = { "n=1", "n=64", "cols=a,b", "unlet=x=y" };
    struct leat_text_options options = { .size = sizeof options, .sets = sets, .sets_n = 4 };
    parse_with("let n=512\nlet cols=z\ncsv file=$unlet columns=$cols frame=$n ! null", &options);
    cr_assert_eq(source()->frame.samples, 64);
    cr_assert_eq(source()->columns.n, 2);
    cr_assert_str_eq(source()->columns.items[1], "b");
    cr_assert_str_eq(source()->file, "x=y");
}

Test(grammar, branches_and_joins_by_name)
{
    parse("synth ! split name=t ! zscore ! j.\nt. ! null\nsynth ! sum name=j ! stats\nt.!null");
    expect_links("synth>t t>zscore synth2>j j>stats zscore>1j t1>null t2>null2");
}

Test(grammar, from_and_to_alone)
{
    parse("synth ! split name=t ! null; null name=end; t. ! end.");
    expect_links("synth>t t>null t1>end");
}

Test(grammar, words_of_the_language_can_name_stages)
{
    parse("synth ! split name=let ! null\nlet. ! null");
    expect_links("synth>let let>null let1>null2");
}

Test(grammar, a_second_text_goes_into_the_same_graph)
{
    parse("synth name=a ! split name=t ! null");
    parse("t. ! null");
    expect_links("a>t t>null t1>null2");
}

Test(grammar, nothing_of_the_text_is_borrowed)
{
    char *text = strdup("csv file=abc columns=d,e name=n ! null");
    parse(text);
    memset(text, 'x', strlen(text));
    free(text);
    const struct file_options *o = options_of("n");
    cr_assert_str_eq(o->file, "abc");
    cr_assert_str_eq(o->columns.items[1], "e");
    cr_assert_str_eq(graph.nodes[1].name, "null");
}
