#include "text/dummies.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each text is parsed as "p.leat"; the whole message is compared. */
struct wrong {
    const char *text;
    int code;
    const char *message;
};

static void expect(const struct wrong *wrong, const char *const *sets, uint32_t sets_n)
{
    struct leat_text_options options = {
        .size = sizeof options, .file = "p.leat", .sets = sets, .sets_n = sets_n
    };
    struct leat_graph graph;
    struct leat_diag diag;
    char line[900];
    leat_graph_init(&graph);
    int status =
        leat_text_parse(&graph, &dummies, &options, wrong->text, strlen(wrong->text), &diag);
    leat_graph_fini(&graph);
    leat_diag_format(&diag, line, sizeof line);
    cr_expect_eq(status, wrong->code, "%s: %d", wrong->text, status);
    cr_expect_str_eq(line, wrong->message, "%s\n  says     %s\n  expected %s", wrong->text, line,
                     wrong->message);
}

static void expect_all(const struct wrong *wrong, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect(&wrong[i], NULL, 0);
}
#define EXPECT_ALL(wrong) expect_all(wrong, sizeof wrong / sizeof wrong[0])

Test(errors, words)
{
    static const struct wrong wrong[] = {
        { "synth ! null\n\nsynth ! zscroe ! null", LEAT_ENAME,
          "p.leat:3:9: unknown stage 'zscroe'; did you mean 'zscore'?" },
        { "synth ! xyzzy ! null", LEAT_ENAME, "p.leat:1:9: unknown stage 'xyzzy'" },
        { "csv file=trades.csv\n  ! zscore\n  ! zscore      ! rolling siz=20 ! stats", LEAT_ENAME,
          "p.leat:3:27: rolling: unknown parameter 'siz'; did you mean 'size'?" },
        { "synth ! rolling width=3", LEAT_ENAME,
          "p.leat:1:17: rolling: unknown parameter 'width'; it takes size= ddof= out= name= on= "
          "as= core= on-gap=" },
        { "synth ! zscore axis=1", LEAT_ENAME,
          "p.leat:1:16: zscore: unknown parameter 'axis'; it takes name= on= as= core= on-gap=" },
        { "synth ! rolling size=3 out=men", LEAT_ENAME,
          "p.leat:1:28: rolling: out: unknown word 'men'; did you mean 'mean'? (one of: mean "
          "variance stddev zscore)" },
        { "csv file=$dri ! null", LEAT_ENAME,
          "p.leat:1:10: unknown variable '$dri': define it above with let dri=…" },
        { "let dir=a\ncsv file=$dri ! null", LEAT_ENAME,
          "p.leat:2:10: unknown variable '$dri'; did you mean '$dir'?" },
        { "synth ! zscore name=a ! zscore name=a", LEAT_ENAME,
          "p.leat:1:37: zscore: the name 'a' is taken" },
        { "synth ! null\n tree. ! null", LEAT_ENAME,
          "p.leat:2:2: tree.: no stage is named 'tree'" },
        { "synth ! split name=tee ! null\n tree. ! null", LEAT_ENAME,
          "p.leat:2:2: tree.: no stage is named 'tree'; did you mean 'tee'?" },
    };
    EXPECT_ALL(wrong);
}

Test(errors, values)
{
    static const struct wrong wrong[] = {
        { "synth ! rolling size=abc ! null", LEAT_ESYNTAX,
          "p.leat:1:22: rolling: size: expected a count such as 1024, or a duration such as 20ms, "
          "found 'abc'" },
        { "synth ! rolling size=5m", LEAT_ESYNTAX,
          "p.leat:1:22: rolling: size: '5m': a bare m could be milli, minutes or a million: write "
          "ms, min or M" },
        { "synth ! rolling size=0", LEAT_ERANGE,
          "p.leat:1:22: rolling: size: 0 is out of range: 1 to 1048576" },
        { "synth ! rolling size=2 ddof=2", LEAT_ERANGE,
          "p.leat:1:29: rolling: ddof: 2 is out of range: 0 to 1" },
        { "synth ! rolling size=2 ddof=-1", LEAT_ERANGE,
          "p.leat:1:29: rolling: ddof: -1 is out of range: 0 to 1" },
        { "synth ! rolling size=2.5", LEAT_ESYNTAX,
          "p.leat:1:22: rolling: size: 2.5 is not a whole number" },
        { "synth ! scale by=1e", LEAT_ESYNTAX,
          "p.leat:1:18: scale: by: expected a number, found '1e'" },
        { "synth ! scale gain=401", LEAT_ERANGE,
          "p.leat:1:20: scale: gain: 401 is out of range: -400 to 400" },
        { "csv file=a header=maybe", LEAT_ESYNTAX,
          "p.leat:1:19: csv: header: expected yes or no, found 'maybe'" },
        { "csv file=a wait=5", LEAT_ESYNTAX,
          "p.leat:1:17: csv: wait: expected a duration with its unit, such as 20ms or 1.5s, found "
          "'5'" },
        { "csv file=a columns='' ! null", LEAT_ESYNTAX,
          "p.leat:1:20: csv: columns: item 1 of the list is empty" },
        { "synth ! rolling size=3 size=4", LEAT_ESYNTAX,
          "p.leat:1:24: rolling: size= is given twice" },
        { "synth name=a name=b", LEAT_ESYNTAX, "p.leat:1:14: synth: name= is given twice" },
        { "synth name=3x", LEAT_ESYNTAX,
          "p.leat:1:12: synth: name: '3x' is no name: letters, digits, _ and -, at most 63 of "
          "them" },
        { "synth ! rolling ! null", LEAT_EINVAL,
          "p.leat:1:9: rolling: size= is required, for example size=20" },
        { "synth ! select ! null", LEAT_EINVAL, "p.leat:1:9: select: channels= is required" },
        { "let n=x1\nsynth\n ! rolling size=$n", LEAT_ESYNTAX,
          "p.leat:3:17: rolling: size: expected a count such as 1024, or a duration such as 20ms, "
          "found 'x1'; $n is defined at p.leat:1:5" },
    };
    EXPECT_ALL(wrong);
}

Test(errors, grammar)
{
    static const struct wrong wrong[] = {
        { "", LEAT_ESYNTAX,
          "p.leat:1:1: there is no stage in it: a pipeline is SOURCE ! STAGE ! SINK" },
        { " # nothing\n;\nlet x=1", LEAT_ESYNTAX,
          "p.leat:1:1: there is no stage in it: a pipeline is SOURCE ! STAGE ! SINK" },
        { "synth zscore ! null", LEAT_ESYNTAX,
          "p.leat:1:7: expected ! before the stage 'zscore'" },
        { "synth verbose", LEAT_ESYNTAX, "p.leat:1:7: expected = right after 'verbose'" },
        { "synth ! rolling size = 5", LEAT_ESYNTAX,
          "p.leat:1:21: no blanks around = : write size=VALUE" },
        { "synth ! rolling size= 5", LEAT_ESYNTAX,
          "p.leat:1:22: expected a value right after =, found a blank" },
        { "synth ! rolling size=", LEAT_ESYNTAX,
          "p.leat:1:22: expected a value right after =, found the end of the text" },
        { "csv file=a columns=a, b", LEAT_ESYNTAX,
          "p.leat:1:22: expected a value right after the comma, found a blank" },
        { "csv file=a columns=a,,b", LEAT_ESYNTAX,
          "p.leat:1:22: expected a value right after the comma, found ','" },
        { "csv file=a columns=a ,b", LEAT_ESYNTAX,
          "p.leat:1:22: expected NAME=VALUE, ! or the end of the line, found ',' (no blanks "
          "around = and ,)" },
        { "synth | zscore", LEAT_ESYNTAX,
          "p.leat:1:7: expected NAME=VALUE, ! or the end of the line, found '|' (stages are joined "
          "by !)" },
        { "synth 5", LEAT_ESYNTAX,
          "p.leat:1:7: expected NAME=VALUE, ! or the end of the line, found '5'" },
        { "synth !", LEAT_ESYNTAX,
          "p.leat:1:8: expected a stage after !, found the end of the text" },
        { "synth ! \n # on\n ; zscore", LEAT_ESYNTAX,
          "p.leat:3:2: expected a stage after !, found ';'" },
        { "synth ! ! null", LEAT_ESYNTAX, "p.leat:1:9: expected a stage after !, found '!'" },
        { "! null", LEAT_ESYNTAX, "p.leat:1:1: expected a stage, found '!'" },
        { "'synth'", LEAT_ESYNTAX, "p.leat:1:1: expected a stage, found '''" },
        { "csv file='abc\n' ! null", LEAT_ESYNTAX,
          "p.leat:1:10: the quote that opens here is not closed on its line" },
        { "csv file=a\"bc", LEAT_ESYNTAX,
          "p.leat:1:11: the quote that opens here is not closed on its line" },
        { "csv file=a{b}", LEAT_ESYNTAX, "p.leat:1:11: a { inside a value stands in quotes" },
        { "csv file=a$ ! null", LEAT_ESYNTAX,
          "p.leat:1:12: expected a variable's name after $ (a $ itself stands in '…'), found "
          "a blank" },
        { "let a=1\ncsv file=${a ! null", LEAT_ESYNTAX, "p.leat:2:10: expected } after ${a" },
        { "synth } ! null", LEAT_ESYNTAX,
          "p.leat:1:7: expected NAME=VALUE, ! or the end of the line, found '}' (there is no { "
          "before it)" },
        { "synth ! zscore. ! null", LEAT_ESYNTAX,
          "p.leat:1:9: a chain ends at 'zscore.': no ! may follow it" },
        { "t.", LEAT_ESYNTAX, "p.leat:1:1: expected ! and a stage after 't.'" },
        { "t.left ! null", LEAT_ESYNTAX,
          "p.leat:1:3: expected a blank or ! after 't.', found 'left'" },
        { "synth \x01 ! null", LEAT_ESYNTAX,
          "p.leat:1:7: a character with the code 1 is not text" },
        { "größe", LEAT_ESYNTAX,
          "p.leat:1:3: expected a blank after 'gr', found 'öße': a stage's name has letters, "
          "digits, _ and -" },
        { "zscore=5", LEAT_ESYNTAX,
          "p.leat:1:7: expected a blank after 'zscore', found '=5': a stage's name has letters, "
          "digits, _ and -" },
    };
    EXPECT_ALL(wrong);
}

Test(errors, let)
{
    static const struct wrong wrong[] = {
        { "let", LEAT_ESYNTAX,
          "p.leat:1:4: expected a variable's name after let, found the end of the text" },
        { "let 5=6", LEAT_ESYNTAX,
          "p.leat:1:5: expected a variable's name after let, found '5=6'" },
        { "let a", LEAT_ESYNTAX,
          "p.leat:1:6: expected = right after 'a': let a=VALUE or let a={ STAGE ! STAGE }" },
        { "let a = 5", LEAT_ESYNTAX,
          "p.leat:1:6: expected = right after 'a': let a=VALUE or let a={ STAGE ! STAGE }" },
        { "let a=1\nlet a=2", LEAT_ENAME, "p.leat:2:5: 'a' is defined already, at p.leat:1:5" },
        { "let a=1 2", LEAT_ESYNTAX, "p.leat:1:9: expected the end of the line, found '2'" },
        { "let a={ zscore", LEAT_ESYNTAX, "p.leat:1:7: the { that opens here is not closed" },
        { "let a={ }", LEAT_ESYNTAX, "p.leat:1:9: expected a stage, found '}'" },
        { "let a={ zscore\nzscore }", LEAT_ESYNTAX,
          "p.leat:2:1: expected NAME=VALUE, ! or }, found 'zscore'" },
        { "let a={ zscore ! t. }", LEAT_ESYNTAX,
          "p.leat:1:18: a block holds stages only: 't.' stands in a chain" },
        { "let a={ { zscore } }", LEAT_ESYNTAX, "p.leat:1:9: expected a stage, found '{'" },
        { "let a={ $a }", LEAT_ENAME,
          "p.leat:1:9: unknown variable '$a': define it above with let a=…" },
        { "let a={ zscore }\ncsv file=$a ! null", LEAT_ESYNTAX,
          "p.leat:2:10: $a holds stages, and a value is expected" },
        { "let a=zscore\nsynth ! $a ! null", LEAT_ESYNTAX,
          "p.leat:2:9: $a holds a value, and a stage is expected: let a={ STAGE }" },
        { "let pre={ zscore ! rolling siz=2 }\nlet all={ $pre ! zscore }\n\nsynth ! $all ! null",
          LEAT_ENAME,
          "p.leat:1:28: rolling: unknown parameter 'siz'; did you mean 'size'?; in $pre, used at "
          "p.leat:2:11; in $all, used at p.leat:4:9" },
    };
    EXPECT_ALL(wrong);
}

Test(errors, joins)
{
    static const struct wrong wrong[] = {
        { "synth ! null ! zscore", LEAT_EINVAL, "p.leat:1:9: null has no output: it ends a chain" },
        { "synth ! synth", LEAT_EINVAL, "p.leat:1:9: synth2 has no input: it starts a chain" },
        { "synth ! zscore name=z ! null\nz. ! null", LEAT_EINVAL,
          "p.leat:2:1: z has no free output: its only one is joined already" },
        { "synth ! null name=n\nsynth ! n.", LEAT_EINVAL,
          "p.leat:2:9: n has no free input: its only one is joined already" },
        { "synth ! split name=t ! null\nt. ! null\nt. ! null\nt. ! null", LEAT_EINVAL,
          "p.leat:4:1: t has no free output: all of them are joined already" },
    };
    EXPECT_ALL(wrong);
}

Test(errors, sets)
{
    static const struct {
        const char *set;
        struct wrong wrong;
    } cases[] = {
        { "n", { "synth ! null", LEAT_ESYNTAX, "--set 'n': expected NAME=VALUE" } },
        { "=5", { "synth ! null", LEAT_ESYNTAX, "--set '=5': expected NAME=VALUE" } },
        { "3x=5", { "synth ! null", LEAT_ESYNTAX, "--set '3x=5': expected NAME=VALUE" } },
        { "siz=5",
          { "let size=3\nsynth ! rolling size=$size ! null", LEAT_ENAME,
            "--set siz: the pipeline has no such variable; did you mean 'size'?" } },
        { "size=a",
          { "let size=3\nsynth ! rolling size=$size ! null", LEAT_ESYNTAX,
            "p.leat:2:22: rolling: size: expected a count such as 1024, or a duration such as "
            "20ms, found 'a'; $size comes from --set" } },
        { "a=zscore",
          { "let a={ zscore }\nsynth ! $a ! null", LEAT_EINVAL,
            "p.leat:1:5: 'a' holds stages here, and --set gives values only" } },
        { "cols=a,,b",
          { "csv file=a columns=$cols", LEAT_ESYNTAX,
            "p.leat:1:20: csv: columns: item 2 of the list is empty; $cols comes from --set" } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(&cases[i].wrong, &cases[i].set, 1);
}

/* ---- bounds ---- */

static int parse_status(const char *text, size_t bytes, struct leat_diag *diag)
{
    struct leat_graph graph;
    leat_graph_init(&graph);
    int status = leat_text_parse(&graph, &dummies, NULL, text, bytes, diag);
    leat_graph_fini(&graph);
    return status;
}

Test(errors, a_nul_byte)
{
    struct leat_diag diag;
    cr_assert_eq(parse_status("synth !\n nu\0l", 12, &diag), LEAT_ESYNTAX);
    cr_assert_eq(diag.line, 2);
    cr_assert_eq(diag.column, 4);
    cr_assert_str_eq(diag.text, "a character with the code 0 is not text");
}

Test(errors, a_line_of_ten_megabytes)
{
    size_t bytes = 10 << 20;
    struct leat_diag diag;
    char *text = malloc(bytes);
    memset(text, 'a', bytes);
    cr_assert_eq(parse_status(text, bytes, &diag), LEAT_ELIMIT);
    cr_assert_eq(parse_status(text, 1 << 20, &diag), LEAT_ESYNTAX);
    memcpy(text, "csv file=", 9);
    cr_assert_eq(parse_status(text, 1 << 20, &diag), LEAT_ELIMIT);
    cr_assert_eq(diag.column, 10);
    free(text);
}

/* `repeat` times `part` behind `head`. */
static char *repeated(const char *head, const char *part, size_t repeat, const char *tail)
{
    size_t a = strlen(head), b = strlen(part), c = strlen(tail);
    char *text = malloc(a + b * repeat + c + 1);
    memcpy(text, head, a);
    for (size_t i = 0; i < repeat; i++)
        memcpy(text + a + b * i, part, b);
    memcpy(text + a + b * repeat, tail, c + 1);
    return text;
}

Test(errors, too_many_stages)
{
    struct leat_diag diag;
    char *text = repeated("synth", " ! zscore", LEAT_NODES_MAX - 1, "");
    cr_assert_eq(parse_status(text, strlen(text), &diag), LEAT_OK);
    free(text);
    text = repeated("synth", " ! zscore", LEAT_NODES_MAX, "");
    cr_assert_eq(parse_status(text, strlen(text), &diag), LEAT_ELIMIT);
    free(text);
}

/* Each level holds the one before ten times: the stages run out, not the time. */
Test(errors, stages_that_multiply)
{
    struct leat_diag diag;
    char text[4096] = "let v0={ zscore }\n";
    for (int i = 1; i < 15; i++) {
        char *block = repeated("", " ! $x", 9, " }\n");
        snprintf(text + strlen(text), 200, "let v%d={ $v%d", i, i - 1);
        for (char *at = block; *at != '\0'; at++) {
            size_t n = strlen(text);
            if (*at == 'x')
                snprintf(text + n, 8, "v%d", i - 1);
            else
                text[n] = *at, text[n + 1] = '\0';
        }
        free(block);
    }
    strcat(text, "synth ! $v14 ! null");
    cr_assert_eq(parse_status(text, strlen(text), &diag), LEAT_ELIMIT);
    cr_assert(strstr(diag.text, "; in $v1, used at ") != NULL, "%s", diag.text);
}

Test(errors, blocks_inside_blocks)
{
    struct leat_diag diag;
    char text[4096] = "let v0={ zscore }\n";
    for (int i = 1; i < 17; i++)
        snprintf(text + strlen(text), 64, "let v%d={ $v%d }\n", i, i - 1);
    size_t n = strlen(text);
    strcpy(text + n, "synth ! $v15");
    cr_assert_eq(parse_status(text, strlen(text), &diag), LEAT_OK, "%s", diag.text);
    strcpy(text + n, "synth ! $v16");
    cr_assert_eq(parse_status(text, strlen(text), &diag), LEAT_ELIMIT);
}

Test(errors, values_that_multiply)
{
    struct leat_diag diag;
    char text[8192] = "let v0=0123456789\n";
    for (int i = 1; i < 12; i++)
        snprintf(text + strlen(text), 128, "let v%d=$v%d$v%d$v%d$v%d$v%d\n", i, i - 1, i - 1, i - 1,
                 i - 1, i - 1);
    strcat(text, "synth");
    cr_assert_eq(parse_status(text, strlen(text), &diag), LEAT_ELIMIT);
    cr_assert(strstr(diag.text, "a value has at most 65536 bytes") != NULL, "%s", diag.text);
}

Test(errors, too_many_variables)
{
    struct leat_diag diag;
    char text[8192] = "";
    for (int i = 0; i < 257; i++)
        snprintf(text + strlen(text), 32, "let v%d=1;", i);
    cr_assert_eq(parse_status(text, strlen(text), &diag), LEAT_ELIMIT);
}

Test(errors, braces_and_joints_without_end)
{
    static const char *const parts[] = { "{", "let a={", "$", "${", "!", "\"", "'", "a.", "a=", ",",
                                         "let ", "include ", "zscore!", "\n!", "#\n", ";", "=" };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct leat_diag diag;
        char *text = repeated("", parts[i], 100000, "");
        cr_expect_neq(parse_status(text, strlen(text), &diag), LEAT_OK, "%s", parts[i]);
        free(text);
    }
}

Test(errors, an_option_struct_without_its_size)
{
    struct leat_text_options options = { .file = "x" };
    struct leat_graph graph;
    leat_graph_init(&graph);
    cr_assert_eq(leat_text_parse(&graph, &dummies, &options, "synth", 5, NULL), LEAT_EINVAL);
    leat_graph_fini(&graph);
}

/* ---- the excerpt ---- */

static void expect_excerpt(const char *text, const char *expected)
{
    struct leat_text_options options = { .size = sizeof options, .file = "p.leat" };
    struct leat_graph graph;
    struct leat_diag diag;
    char out[1024];
    leat_graph_init(&graph);
    cr_assert_neq(leat_text_parse(&graph, &dummies, &options, text, strlen(text), &diag), LEAT_OK);
    leat_graph_fini(&graph);
    size_t n = leat_text_excerpt(&options, text, strlen(text), &diag, out, sizeof out);
    cr_expect_str_eq(out, expected);
    cr_expect_eq(n, strlen(expected));
}

Test(errors, excerpts)
{
    expect_excerpt("synth\n ! zscroe ! null\n", " ! zscroe ! null\n   ^\n");
    expect_excerpt("\tsynth\tx", "\tsynth\tx\n\t     \t^\n");
    expect_excerpt("csv file=größe x", "csv file=größe x\n               ^\n");
    expect_excerpt("synth !", "synth !\n       ^\n");
    expect_excerpt("synth ! \x1b", "synth ! .\n        ^\n");
}

Test(errors, an_excerpt_of_a_long_line_is_cut_around_the_column)
{
    char *text = repeated("synth", " ! zscore", 30, " ! zscroe");
    char *tail = repeated(text, " ! zscore", 30, "");
    struct leat_diag diag = { .line = 1, .column = 279 };
    char out[400];
    size_t n = leat_text_excerpt(NULL, tail, strlen(tail), &diag, out, sizeof out);
    cr_assert_eq(n, strlen(out));
    cr_assert(strncmp(out, "...", 3) == 0);
    char *caret = strchr(out, '^');
    size_t line = (size_t)(strchr(out, '\n') - out) + 1;
    cr_assert(strncmp(out + (size_t)(caret - out) - line, "zscroe", 6) == 0, "%s", out);
    free(text);
    free(tail);
}

Test(errors, an_excerpt_is_cut_as_snprintf_cuts)
{
    struct leat_diag diag = { .line = 1, .column = 3 };
    char out[4] = "zzz";
    cr_assert_eq(leat_text_excerpt(NULL, "abcdef", 6, &diag, out, sizeof out), 11);
    cr_assert_str_eq(out, "abc");
    diag.line = 2;
    cr_assert_eq(leat_text_excerpt(NULL, "abcdef", 6, &diag, out, sizeof out), 0);
    diag = (struct leat_diag){ .line = 1, .column = 9 };
    cr_assert_eq(leat_text_excerpt(NULL, "abcdef", 6, &diag, out, sizeof out), 0);
    cr_assert_eq(leat_text_excerpt(NULL, "abcdef", 6, &(struct leat_diag){ 0 }, NULL, 0), 0);
}
