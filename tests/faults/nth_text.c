/* The same for a whole pipeline of the default catalogue, from its text on: csv, zscore, stats.
 * Shared libraries (libcsv, hwloc) keep their own memory; what the library itself asks for is
 * made to fail, call by call, and the result file is there in full or not at all.
 */
#include "wraps.h"

#include <leat/arena.h>
#include <leat/engine.h>
#include <leat/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 3000 };

static char input[128], output[128], text[512];

static bool write_input(void)
{
    FILE *f = fopen(input, "w");
    if (f == NULL)
        return false;
    fputs("time,price,size\n", f);
    for (int i = 0; i < ROWS; i++)
        fprintf(f, "%d,%d.%02d,%d\n", i, 100 + i % 7, i % 100, 1 + i * 31 % 1000);
    return fclose(f) == 0;
}

static int run(struct leat_engine *engine, struct leat_diag *diag)
{
    struct leat_diag last;
    int status = leat_engine_seal(engine, diag);
    if (status == LEAT_OK)
        status = leat_engine_start(engine, diag);
    if (status == LEAT_OK)
        status = leat_engine_wait(engine, UINT64_MAX, diag);
    int ended = leat_engine_fini(engine, &last);
    return status != LEAT_OK ? status : ended;
}

static int live(struct leat_diag *diag)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_graph graph;
    struct leat_plan plan = {0};
    struct leat_arena arena = {0};
    struct leat_engine *engine = NULL;
    struct leat_limits limits = {.workers = 2};
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    leat_graph_init(&graph);
    int status = leat_text_parse(&graph, leat_catalogue_default(lists), NULL, text, strlen(text),
                                 diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&plan, &graph, &limits, diag);
    size_t bytes = status == LEAT_OK ? leat_engine_bytes(&plan) : 0;
    struct leat_arena_options o = {.size = sizeof o, .bytes = bytes + LEAT_APART, .node = -1};
    if (status == LEAT_OK)
        status = leat_arena_init(&arena, &o, diag);
    if (status == LEAT_OK)
        status = leat_engine_init_in(&engine, &plan, &options, &arena, diag);
    if (status == LEAT_OK)
        status = run(engine, diag);
    leat_arena_fini(&arena);
    leat_plan_fini(&plan);
    leat_graph_fini(&graph);
    return status;
}

static size_t read_output(char *bytes, size_t most)
{
    FILE *f = fopen(output, "r");
    if (f == NULL)
        return 0;
    size_t n = fread(bytes, 1, most - 1, f);
    bytes[n] = '\0';
    fclose(f);
    return n;
}

static bool survives(uint64_t fail_at, const char *expected)
{
    static char result[4096];
    struct leat_diag diag = {0};
    remove(output);
    int64_t live_before = wraps.live;
    uint64_t mapped_before = wraps.mapped;
    wraps.on = true;
    wraps.calls = wraps.failed = 0;
    wraps.fail_at = fail_at;
    int status = live(&diag);
    wraps.on = false;
    bool blocks = wraps.live != live_before, mappings = wraps.mapped != mapped_before;
    size_t bytes = read_output(result, sizeof result);
    const char *what = NULL;
    if (blocks || mappings)
        what = "memory is left";
    else if (status == LEAT_OK && strcmp(result, expected) != 0)
        what = "the result is wrong";
    else if (status != LEAT_OK && bytes != 0)
        what = "a result stands under its final name";
    else if (status != LEAT_OK && (diag.code != status || strlen(diag.text) < 8))
        what = "the error is not clear";
    else if (status != LEAT_OK && wraps.failed == 0)
        what = "it failed without a cause";
    if (what != NULL)
        printf("failed: call %llu: %s (status %d: %s)\n", (unsigned long long)fail_at, what,
               status, diag.text);
    return what == NULL;
}

int main(void)
{
    static char expected[4096];
    struct leat_diag diag = {0};
    const char *folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    snprintf(input, sizeof input, "%s/leat-faults-%d.csv", folder, (int)getpid());
    snprintf(output, sizeof output, "%s/leat-faults-%d.json", folder, (int)getpid());
    snprintf(text, sizeof text, "csv file=%s columns=price,size frame=64 ! zscore ! stats file=%s",
             input, output);
    bool well = write_input() && live(&diag) == LEAT_OK &&
                read_output(expected, sizeof expected) != 0;
    if (!well)
        printf("failed: the clean run: %s\n", diag.text);
    well = well && survives(0, expected);
    uint64_t calls = wraps.calls, n = 0;
    while (well && ++n <= calls)
        well = survives(n, expected);
    remove(input);
    remove(output);
    if (well)
        printf("ok: %llu calls, each made to fail\n", (unsigned long long)calls);
    return well ? 0 : 1;
}
