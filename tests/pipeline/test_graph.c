#include <leat/graph.h>

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

struct options {
    uint64_t size;
    const char *file;
    struct leat_list names;
};

static const struct leat_param params[] = {
    { .name = "size", .fallback = "8", .min = 1, .max = 100, .type = LEAT_P_U64,
      .offset = offsetof(struct options, size) },
    { .name = "file", .fallback = "", .type = LEAT_P_TEXT,
      .offset = offsetof(struct options, file) },
    { .name = "names", .fallback = "", .type = LEAT_P_LIST,
      .offset = offsetof(struct options, names) },
};

static int pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
    return LEAT_EEND;
}

static void map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
}

#define TABLE .size = sizeof(struct leat_stage), .params = params, .params_n = 3, \
              .options_bytes = sizeof(struct options)
static const struct leat_stage source = { TABLE, .name = "file", .outs = 1, .pull = pull };
static const struct leat_stage sink = { TABLE, .name = "file", .ins = 1, .map = map };
static const struct leat_stage middle = { TABLE, .name = "middle", .ins = 1, .outs = 1,
                                          .map = map };
static const struct leat_stage *const stages[] = { &sink, &source, &middle };
static const struct leat_catalogue catalogue = { stages, 3, NULL };

static struct leat_graph graph;
static struct leat_diag diag;

static void init(void)
{
    leat_graph_init(&graph);
    memset(&diag, 0, sizeof diag);
}

static void fini(void)
{
    leat_graph_fini(&graph);
    leat_graph_fini(&graph);
}

TestSuite(graph, .init = init, .fini = fini);

static uint32_t add(const struct leat_stage *stage, const char *name)
{
    uint32_t node = UINT32_MAX;
    cr_assert_eq(leat_graph_add(&graph, stage, NULL, name, &node, &diag), LEAT_OK, "%s", diag.text);
    return node;
}

Test(graph, options_are_copied_whole)
{
    char file[] = "abc", item[] = "x";
    const char *items[] = { item, "y" };
    struct options options = { 5, file, { items, 2 } };
    uint32_t node;
    cr_assert_eq(leat_graph_add(&graph, &middle, &options, NULL, &node, &diag), LEAT_OK);
    memset(file, 0, sizeof file);
    item[0] = 0;
    memset(&options, 0xff, sizeof options);
    const struct options *copy = graph.nodes[node].options;
    cr_expect_eq(copy->size, 5);
    cr_expect_str_eq(copy->file, "abc");
    cr_expect_eq(copy->names.n, 2);
    cr_expect_str_eq(copy->names.items[0], "x");
    cr_expect_str_eq(copy->names.items[1], "y");
}

Test(graph, no_options_are_the_defaults)
{
    uint32_t node = add(&middle, NULL);
    const struct options *options = graph.nodes[node].options;
    cr_expect_eq(options->size, 8);
    cr_expect_null(options->file);
    cr_expect_eq(options->names.n, 0);
}

Test(graph, options_are_checked)
{
    struct options options = { .size = 101 };
    uint32_t node = 77;
    cr_expect_eq(leat_graph_add(&graph, &middle, &options, NULL, &node, &diag), LEAT_ERANGE);
    cr_expect_str_eq(diag.text, "middle: size: 101 is out of range: 1 to 100");
    cr_expect_eq(node, 77);
    cr_expect_eq(graph.nodes_n, 0);
}

Test(graph, malformed_tables_are_refused)
{
    struct leat_stage stage = middle;
    uint32_t node;
    stage.pull = pull;
    cr_expect_eq(leat_graph_add(&graph, &stage, NULL, NULL, &node, &diag), LEAT_EINVAL);
    stage = middle;
    stage.size = 8;
    cr_expect_eq(leat_graph_add(&graph, &stage, NULL, NULL, &node, &diag), LEAT_EINVAL);
    stage = middle;
    stage.options_bytes = 8;
    cr_expect_eq(leat_graph_add(&graph, &stage, NULL, NULL, &node, &diag), LEAT_EINVAL);
    stage = source;
    stage.ins = 1;
    cr_expect_eq(leat_graph_add(&graph, &stage, NULL, NULL, &node, &diag), LEAT_EINVAL);
    cr_expect_eq(leat_graph_add(&graph, NULL, NULL, NULL, &node, &diag), LEAT_EINVAL);
}

static void expect_name(const char *name, const char *expected)
{
    uint32_t node = add(&middle, name);
    cr_expect_str_eq(graph.nodes[node].name, expected);
}

Test(graph, names_are_unique_or_made)
{
    uint32_t node;
    expect_name(NULL, "middle");
    expect_name("m", "m");
    expect_name(NULL, "middle3");
    expect_name("middle5", "middle5");
    expect_name(NULL, "middle6");
    cr_expect_eq(leat_graph_add(&graph, &middle, NULL, "m", &node, &diag), LEAT_ENAME);
    cr_expect_eq(leat_graph_add(&graph, &middle, NULL, "a b", &node, &diag), LEAT_EINVAL);
    cr_expect_eq(leat_graph_add(&graph, &middle, NULL, "", &node, &diag), LEAT_EINVAL);
    cr_expect_eq(graph.nodes_n, 5);
    cr_expect(leat_name_valid("_a-9"));
    cr_expect_not(leat_name_valid("-a"));
    cr_expect_not(leat_name_valid("9"));
    cr_expect_not(leat_name_valid("a.b"));
}

Test(graph, ports)
{
    uint32_t a = add(&source, NULL), b = add(&middle, NULL), c = add(&sink, NULL);
    cr_expect_eq(leat_graph_join(&graph, a, 0, b, 0, &diag), LEAT_OK);
    cr_expect_eq(leat_graph_join(&graph, b, 0, c, 0, &diag), LEAT_OK);
    cr_expect_eq(leat_graph_join(&graph, a, 0, c, 0, &diag), LEAT_EINVAL);
    cr_expect_str_eq(diag.text, "output 1 of file is joined to middle already");
    cr_expect_eq(leat_graph_join(&graph, c, 0, b, 0, &diag), LEAT_EINVAL);
    cr_expect_str_eq(diag.text, "file2 has no output: it ends a chain");
    cr_expect_eq(leat_graph_join(&graph, b, 0, a, 0, &diag), LEAT_EINVAL);
    cr_expect_eq(leat_graph_join(&graph, b, 1, c, 0, &diag), LEAT_EINVAL);
    cr_expect_eq(leat_graph_join(&graph, 9, 0, c, 0, &diag), LEAT_EINVAL);
    uint32_t d = add(&middle, NULL);
    cr_expect_eq(leat_graph_join(&graph, d, 0, b, 0, &diag), LEAT_EINVAL);
    cr_expect_str_eq(diag.text, "input 1 of middle is joined to file already");
    cr_expect_eq(graph.links_n, 2);
}

Test(graph, places)
{
    uint32_t a = add(&source, NULL), b = add(&sink, NULL);
    char file[] = "x.leat";
    cr_expect_str_eq(graph.nodes[a].file, "");
    cr_expect_eq(leat_graph_place(&graph, a, file, 3, 4, &diag), LEAT_OK);
    cr_expect_eq(leat_graph_place(&graph, b, file, 5, 6, &diag), LEAT_OK);
    memset(file, 0, sizeof file);
    cr_expect_str_eq(graph.nodes[a].file, "x.leat");
    cr_expect_str_eq(graph.nodes[b].file, "x.leat");
    cr_expect_eq(graph.nodes[b].line, 5);
    cr_expect_eq(leat_graph_place(&graph, 2, "x", 1, 1, &diag), LEAT_EINVAL);
    cr_expect_null(graph.nodes[a].values);
    cr_expect_eq(leat_graph_place_value(&graph, a, 2, 3, 17, &diag), LEAT_OK);
    cr_expect_eq(graph.nodes[a].values[2].column, 17);
    cr_expect_eq(graph.nodes[a].values[0].line, 0, "it was not written");
    uint32_t core = source.params_n + LEAT_COMMON_CORE;
    cr_expect_eq(leat_graph_place_value(&graph, a, core, 3, 21, &diag), LEAT_OK);
    uint32_t beyond = source.params_n + LEAT_COMMONS;
    cr_expect_eq(leat_graph_place_value(&graph, a, beyond, 1, 1, &diag), LEAT_EINVAL);
    cr_expect_eq(leat_graph_place_value(&graph, 2, 0, 1, 1, &diag), LEAT_EINVAL);
}

Test(graph, found_by_name)
{
    uint32_t node;
    add(&source, "left");
    add(&source, "right");
    cr_expect_eq(leat_graph_find(&graph, "right", &node, &diag), LEAT_OK);
    cr_expect_eq(node, 1);
    cr_expect_eq(leat_graph_find(&graph, "rigth", &node, &diag), LEAT_ENAME);
    cr_expect_str_eq(diag.text, "no stage is named 'rigth'; did you mean 'right'?");
}

Test(graph, grows_up_to_its_bound)
{
    uint32_t node;
    for (uint32_t i = 0; i < LEAT_NODES_MAX; i++)
        cr_assert_eq(add(&middle, NULL), i);
    for (uint32_t i = 0; i + 1 < LEAT_NODES_MAX; i++)
        cr_assert_eq(leat_graph_join(&graph, i, 0, i + 1, 0, NULL), LEAT_OK);
    cr_assert_eq(leat_graph_add(&graph, &middle, NULL, NULL, &node, &diag), LEAT_ELIMIT);
    cr_assert_eq(leat_graph_find(&graph, "middle1024", &node, NULL), LEAT_OK);
}

Test(graph, catalogues_are_searched_in_order)
{
    static const struct leat_stage own = { TABLE, .name = "middle", .ins = 1, .outs = 1,
                                           .map = map };
    static const struct leat_stage *const own_stages[] = { &own };
    const struct leat_catalogue first = { own_stages, 1, &catalogue };
    cr_expect_eq((const void *)leat_catalogue_find(&first, "middle", false, &diag),
                 (const void *)&own);
    cr_expect_eq((const void *)leat_catalogue_find(&first, "middle", true, &diag),
                 (const void *)&own);
    cr_expect_eq((const void *)leat_catalogue_find(&first, "file", true, &diag),
                 (const void *)&source);
    cr_expect_eq((const void *)leat_catalogue_find(&first, "file", false, &diag),
                 (const void *)&sink);
    cr_expect_null(leat_catalogue_find(&first, "midle", false, &diag));
    cr_expect_str_eq(diag.text, "unknown stage 'midle'; did you mean 'middle'?");
    cr_expect_null(leat_catalogue_find(NULL, "x", false, &diag));
    cr_expect_eq(diag.code, LEAT_ENAME);
}

Test(graph, keeps_texts)
{
    const char *text = leat_graph_keep(&graph, "abcdef", 3);
    cr_assert_str_eq(text, "abc");
    cr_assert_str_eq(leat_graph_keep(&graph, NULL, 0), "");
    cr_assert_null(leat_graph_keep(&graph, "x", SIZE_MAX));
}

/* ---- shapes ---- */

static struct leat_channel channels[3];
static struct leat_shape shape = { .rows = 3, .cols = 8, .kind = LEAT_F64, .channels = channels };

Test(shape, find)
{
    uint32_t row = 9;
    leat_shape_name(&shape, 0, "price");
    leat_shape_name(&shape, 1, "%s%d", "3", 3);
    leat_shape_name(&shape, 2, "2");
    cr_expect_eq(leat_shape_find(&shape, "price", &row, &diag), LEAT_OK);
    cr_expect_eq(row, 0);
    cr_expect_eq(leat_shape_find(&shape, "1", &row, &diag), LEAT_OK);
    cr_expect_eq(row, 0);
    cr_expect_eq(leat_shape_find(&shape, "2", &row, &diag), LEAT_OK);
    cr_expect_eq(row, 2); /* a name wins over a number */
    cr_expect_eq(leat_shape_find(&shape, "33", &row, &diag), LEAT_OK);
    cr_expect_eq(row, 1);
    cr_expect_eq(leat_shape_find(&shape, "4", &row, &diag), LEAT_ENAME);
    cr_expect_str_eq(diag.text, "there is no channel 4: the stream has 3");
    cr_expect_eq(leat_shape_find(&shape, "0", &row, &diag), LEAT_ENAME);
    cr_expect_eq(leat_shape_find(&shape, "", &row, &diag), LEAT_ENAME);
    cr_expect_eq(leat_shape_find(&shape, "4294967297", &row, &diag), LEAT_ENAME);
    cr_expect_eq(leat_shape_find(&shape, "prize", &row, &diag), LEAT_ENAME);
    cr_expect_str_eq(diag.text, "unknown channel 'prize'; did you mean 'price'?");
}

/* The rows that a list of items means, as text; what is wrong with it otherwise. */
static const char *rows_of(const char *text)
{
    static char got[64];
    char copy[64];
    const char *items[8];
    struct leat_list list = {items, 0};
    uint32_t rows[3], n = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *at = strtok(copy, " "); at != NULL; at = strtok(NULL, " "))
        items[list.n++] = at;
    got[0] = '\0';
    if (leat_shape_rows(&shape, &list, rows, &n, &diag) != LEAT_OK)
        return diag.text;
    cr_assert_leq(n, 3);
    for (uint32_t i = 0; i < n; i++)
        snprintf(got + strlen(got), 4, "%u ", rows[i]);
    return got;
}

Test(shape, rows)
{
    leat_shape_name(&shape, 0, "price");
    leat_shape_name(&shape, 1, "prize");
    leat_shape_name(&shape, 2, "1..2");
    cr_expect_str_eq(rows_of(""), "");
    cr_expect_str_eq(rows_of("2..3"), "1 2 ");
    cr_expect_str_eq(rows_of("1..2"), "2 ", "a name wins over a range");
    cr_expect_str_eq(rows_of("1..2 pri*"), "2 0 1 ");
    cr_expect_str_eq(rows_of("3 pri?e"), "2 0 1 ");
    cr_expect_str_eq(rows_of("*"), "0 1 2 ");
    cr_expect_str_eq(rows_of("price 1"), "price is named twice");
    cr_expect_str_eq(rows_of("p* 2..3"), "prize is named twice");
    cr_expect_str_eq(rows_of("3..2"), "'3..2' runs backwards; write 2..3");
    cr_expect_str_eq(rows_of("0..2"), "'0..2': the first one has the number 1");
    cr_expect_str_eq(rows_of("2..4"), "there is no channel 4: the stream has 3");
    cr_expect_str_eq(rows_of("q*"), "no channel is like 'q*'; the stream's first is 'price'");
    cr_expect_str_eq(rows_of("prixe"), "unknown channel 'prixe'; did you mean 'price'?");
    leat_shape_name(&shape, 1, "p*");
    cr_expect_str_eq(rows_of("p*"), "1 ", "a name wins over a pattern");
}

Test(shape, real)
{
    struct leat_shape other = shape;
    cr_expect_eq(leat_shape_real(&shape, &diag), LEAT_OK);
    other.kind = LEAT_I64;
    cr_expect_eq(leat_shape_real(&other, &diag), LEAT_ESHAPE);
    cr_expect(strstr(diag.text, "cast") != NULL);
}

Test(shape, names_are_cut_between_letters)
{
    char text[100];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'a', shift);
        for (size_t i = shift; i + 4 < sizeof text; i += 3)
            memcpy(text + i, "\xe2\x82\xac", 4);
        leat_shape_name(&shape, 0, "%s", text);
        size_t n = strlen(channels[0].name);
        cr_expect_lt(n, LEAT_NAME_MAX);
        cr_expect_gt(n, LEAT_NAME_MAX - 5);
        cr_expect_eq((n - shift) % 3, 0);
    }
}
