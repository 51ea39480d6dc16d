#include "text/dummies.h"

#include <criterion/criterion.h>

#include <string.h>

static struct leat_graph graph, again;

static void init(void)
{
    leat_graph_init(&graph);
    leat_graph_init(&again);
}

static void fini(void)
{
    leat_graph_fini(&graph);
    leat_graph_fini(&again);
}

TestSuite(graph_text, .init = init, .fini = fini);

/* Text to graph to text; the second text parses to the third, which is the same. */
static void expect(const char *text, const char *expected)
{
    char first[2048], second[2048];
    size_t length;
    struct leat_diag diag;
    leat_graph_fini(&graph);
    leat_graph_fini(&again);
    cr_assert_eq(leat_text_parse(&graph, &dummies, NULL, text, strlen(text), &diag), LEAT_OK, "%s",
                 diag.text);
    cr_assert_eq(leat_graph_text(&graph, first, sizeof first, &length, &diag), LEAT_OK, "%s",
                 diag.text);
    cr_expect_str_eq(first, expected);
    cr_expect_eq(length, strlen(expected));
    cr_assert_eq(leat_text_parse(&again, &dummies, NULL, first, length, &diag), LEAT_OK, "%s",
                 diag.text);
    cr_assert_eq(leat_graph_text(&again, second, sizeof second, &length, &diag), LEAT_OK);
    cr_expect_str_eq(second, first);
    cr_expect_eq(again.nodes_n, graph.nodes_n);
    cr_expect_eq(again.links_n, graph.links_n);
}

Test(graph_text, options_that_are_not_default)
{
    expect("csv frame=1024 file=a.csv wait=1000ms header=yes!null", "csv file=a.csv ! null\n");
    expect("csv file=a columns=a,'b c',\"d,e\" frame=20ms rate=44.1k type=i64 header=off "
           "wait=90min ! scale by=0.1 add=-inf gain=-6dB ! stats file=''",
           "csv file=a columns=a,'b c','d,e' frame=20ms rate=44100 type=i64 header=no "
           "wait=5400s ! scale by=0.1 add=-inf gain=-6 ! stats file=''\n");
    expect("synth ! rolling out=zscore size=512 ! null",
           "synth ! rolling size=512 out=zscore ! null\n");
}

Test(graph_text, what_every_stage_takes)
{
    expect("synth core=0 ! zscore as=z core=12 on='a b',2,c name=q on-gap=reset ! null on=z",
           "synth core=0 ! zscore name=q on='a b',2,c as=z core=12 on-gap=reset ! "
           "null on=z\n");
}

Test(graph_text, quotes)
{
    expect("csv file=\"it's\" ! csv file=\"'\"; csv file='a\"b' ! null",
           "csv file='it'\"'\"'s' ! csv file=\"'\"\ncsv file='a\"b' ! null\n");
}

Test(graph_text, names)
{
    expect("synth name=a ! zscore ! zscore ! zscore name=b ! zscore ! null",
           "synth name=a ! zscore ! zscore ! zscore name=b ! zscore ! null\n");
    expect("synth ! zscore name=zscore2 ! zscore name=zscore ! null",
           "synth ! zscore name=zscore2 ! zscore ! null\n");
}

Test(graph_text, several_chains_and_branches)
{
    expect("synth!null\nsynth!zscore!null",
           "synth ! null\nsynth ! zscore ! null\n");
    expect("synth ! split ! zscore ! null\nsplit. ! csv file=a\nsplit. ! zscore ! null",
           "synth ! split ! zscore ! null\nsplit. ! csv file=a\nsplit. ! zscore ! null\n");
    expect("synth ! sum name=j ! null; synth ! zscore ! j.",
           "synth ! sum name=j ! null\nsynth ! zscore ! j.\n");
    expect("synth ! zscore ! j.; synth ! sum name=j ! null",
           "synth ! zscore ! j.\nsynth ! sum name=j ! null\n");
    expect("synth ! split ! sum ! null; split. ! sum.",
           "synth ! split ! sum ! null\nsplit. ! sum.\n");
    expect("synth ! zscore", "synth ! zscore\n");
    expect("zscore ! null", "zscore ! null\n");
}

Test(graph_text, a_graph_made_by_calls)
{
    struct leat_diag diag;
    char text[256];
    size_t length;
    uint32_t sink, middle, source;
    const struct leat_stage *null = leat_catalogue_find(&dummies, "null", false, &diag);
    const struct leat_stage *zscore = leat_catalogue_find(&dummies, "zscore", false, &diag);
    const struct leat_stage *csv = leat_catalogue_find(&dummies, "csv", true, &diag);
    struct file_options options;
    cr_assert_eq(leat_options_default(csv->params, csv->params_n, &options, sizeof options, &diag),
                 LEAT_OK);
    options.file = "x";
    /* Backwards: the text follows the links. */
    cr_assert_eq(leat_graph_add(&graph, null, NULL, NULL, &sink, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_add(&graph, zscore, NULL, "z", &middle, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_add(&graph, csv, &options, NULL, &source, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_join(&graph, middle, 0, sink, 0, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_join(&graph, source, 0, middle, 0, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_text(&graph, text, sizeof text, &length, &diag), LEAT_OK);
    cr_assert_str_eq(text, "csv file=x ! zscore name=z ! null\n");
    char cut[8] = "zzzzzzz";
    cr_assert_eq(leat_graph_text(&graph, cut, sizeof cut, &length, &diag), LEAT_OK);
    cr_assert_str_eq(cut, "csv fil");
    cr_assert_eq(length, strlen(text));
    cr_assert_eq(leat_graph_text(&graph, NULL, 0, &length, &diag), LEAT_OK);
    cr_assert_eq(length, strlen(text));
}

Test(graph_text, what_text_cannot_say)
{
    struct leat_diag diag;
    size_t length;
    uint32_t source, split, sink;
    const struct leat_stage *csv = leat_catalogue_find(&dummies, "csv", true, &diag);
    struct file_options options;
    cr_assert_eq(leat_options_default(csv->params, csv->params_n, &options, sizeof options, &diag),
                 LEAT_OK);
    options.file = "a\nb";
    cr_assert_eq(leat_graph_add(&graph, csv, &options, NULL, &source, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_text(&graph, NULL, 0, &length, &diag), LEAT_EINVAL);

    const struct leat_stage *stage = leat_catalogue_find(&dummies, "split", false, &diag);
    const struct leat_stage *null = leat_catalogue_find(&dummies, "null", false, &diag);
    cr_assert_eq(leat_graph_add(&again, stage, NULL, NULL, &split, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_add(&again, null, NULL, NULL, &sink, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_join(&again, split, 2, sink, 0, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_text(&again, NULL, 0, &length, &diag), LEAT_EINVAL);
    cr_assert_str_eq(diag.text, "output 3 of split to input 1 of null: joined out of order, which "
                                "text cannot say");
}

Test(graph_text, a_circle)
{
    struct leat_diag diag;
    char text[256];
    size_t length;
    uint32_t a, b;
    const struct leat_stage *zscore = leat_catalogue_find(&dummies, "zscore", false, &diag);
    cr_assert_eq(leat_graph_add(&graph, zscore, NULL, "a", &a, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_add(&graph, zscore, NULL, "b", &b, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_join(&graph, a, 0, b, 0, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_join(&graph, b, 0, a, 0, &diag), LEAT_OK);
    cr_assert_eq(leat_graph_text(&graph, text, sizeof text, &length, &diag), LEAT_OK);
    cr_assert_str_eq(text, "zscore name=a ! zscore name=b ! a.\n");
}
