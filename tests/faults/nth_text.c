/* The same for whole pipelines of the default catalogue, from their texts on: each source of a
 * file. Shared libraries (libcsv, jansson, hwloc) keep their own memory; what the library itself
 * asks for is made to fail, call by call, and the result file is there in full or not at all.
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

static char base[128], output[160], text[512]; /* base: what the files' names begin with */

#define FILE_OF(suffix, content) {suffix, content, sizeof content - 1}
static const struct {
    const char *suffix, *content;
    size_t bytes;
} files[] = {
    FILE_OF("json", "{\"a\": [\"1\"]}\n{\"a\": [2]}\n"),
    FILE_OF("mtx", "%%MatrixMarket matrix coordinate real symmetric\n3 3 2\n2 1 5\n3 3 1\n"),
    FILE_OF("idx", "\0\0\x08\x03\0\0\0\2\0\0\0\1\0\0\0\3abcdef"),
    FILE_OF("pgm", "P2 3 2 9 1 2 3 4 5 6\n"),
    FILE_OF("hea", "r 1 360 4\nX.dat 16\n"), /* X: the name, below */
    FILE_OF("dat", "abcdefgh"),
};
static const char *const chains[] = {
    "csv file=%s.csv columns=price,size frame=64 ! zscore ! stats file=%s",
    "json file=%s.json fields=x:a[0] only=a[0]:2 ! stats file=%s",
    "mtx file=%s.mtx frame=2 ! stats file=%s",
    "idx file=%s.idx ! stats file=%s",
    "pgm file=%s.pgm ! stats file=%s",
    "wfdb file=%s ! stats file=%s",
};

static FILE *create(const char *suffix)
{
    char path[192];
    snprintf(path, sizeof path, "%s.%s", base, suffix);
    return fopen(path, "wb");
}

static bool write_files(void)
{
    const char *name = strrchr(base, '/') + 1;
    FILE *f = create("csv");
    if (f == NULL)
        return false;
    fputs("time,price,size\n", f);
    for (int i = 0; i < ROWS; i++)
        fprintf(f, "%d,%d.%02d,%d\n", i, 100 + i % 7, i % 100, 1 + i * 31 % 1000);
    bool well = fclose(f) == 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && well; i++) {
        const char *at = files[i].content, *end = at + files[i].bytes;
        f = create(files[i].suffix);
        for (; f != NULL && at < end; at++)
            fwrite(*at == 'X' ? name : at, *at == 'X' ? strlen(name) : 1, 1, f);
        well = f != NULL && fclose(f) == 0;
    }
    return well;
}

static void remove_files(void)
{
    char path[192];
    snprintf(path, sizeof path, "%s.csv", base);
    remove(path);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s.%s", base, files[i].suffix);
        remove(path);
    }
    remove(output);
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
        printf("failed: %s: call %llu: %s (status %d: %s)\n", text, (unsigned long long)fail_at,
               what, status, diag.text);
    return what == NULL;
}

/* One chain, every call. */
static bool chain_survives(const char *chain)
{
    static char expected[4096];
    struct leat_diag diag = {0};
    snprintf(text, sizeof text, chain, base, output);
    bool well = live(&diag) == LEAT_OK && read_output(expected, sizeof expected) != 0;
    if (!well)
        printf("failed: the clean run: %s\n", diag.text);
    well = well && survives(0, expected);
    uint64_t calls = wraps.calls, n = 0;
    while (well && ++n <= calls)
        well = survives(n, expected);
    if (well)
        printf("ok: %llu calls, each made to fail: %s\n", (unsigned long long)calls, chain);
    return well;
}

int main(void)
{
    const char *folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    snprintf(base, sizeof base, "%s/leat-faults-%d", folder, (int)getpid());
    snprintf(output, sizeof output, "%s.result", base);
    bool well = write_files();
    for (size_t i = 0; i < sizeof chains / sizeof chains[0] && well; i++)
        well = chain_survives(chains[i]);
    remove_files();
    return well ? 0 : 1;
}
