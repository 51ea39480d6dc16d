/* The same for whole pipelines of the default catalogue, from their texts on: each source of a
 * file, each sink that writes one, stages that want memory or a file of their own. Shared libraries
 * (libcsv, libsndfile, jansson, hwloc) keep their own memory; what the library itself asks for is
 * made to fail, call by call; the result is there in full or not at all, and nothing beside it.
 */
#include "life.h"
#include "wraps.h"

#include <leat/text.h>

#include <dirent.h>
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
/* $b: what the files' names begin with, $o: the result. The first make files for the others. */
static const char *const made[] = {
    "csv file=${b}.csv columns=price,size rate=8k ! npy file=${b}.npy",
    "csv file=${b}.csv columns=price,size rate=8k ! raw file=${b}.raw",
    "csv file=${b}.csv columns=price,size rate=8k ! wav file=${b}.wav",
};
static const char *const made_suffixes[] = {"csv", "npy", "raw", "wav"};
static const char *const chains[] = {
    "csv file=${b}.csv columns=price,size frame=64 ! zscore ! stats file=$o",
    "json file=${b}.json fields=x:a[0] only=a[0]:2 ! stats file=$o",
    "mtx file=${b}.mtx frame=2 ! stats file=$o",
    "idx file=${b}.idx ! stats file=$o",
    "pgm file=${b}.pgm ! stats file=$o",
    "wfdb file=$b ! stats file=$o",
    "wav file=${b}.wav frame=99 ! window size=150 hop=50 shape=hann ! rfft ! magnitude ! "
    "npy file=$o stack=yes",
    "npy file=${b}.npy mapped=yes frame=64 ! tee name=t ! abs ! j.; t. ! rolling size=20 ! j.; "
    "join name=j ! csv file=$o",
    "npy file=${b}.npy ! transpose ! select channels=1..3 ! wav file=$o rate=8k format=pcm16",
    "raw file=${b}.raw type=f64 channels=2 mapped=yes ! key by=1 max=50 ! ewma span=4 ! "
    "raw file=$o",
    "raw file=${b}.raw type=f64 channels=3 ! matmul matrix=${b}.mtx ! queue depth=4 ! "
    "fir taps=1,-1 by=spectra ! rsvd rank=2 ! digest file=$o",
    "synth samples=4k ! welford ! diff ! topk k=3 ! digest file=$o",
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
    for (size_t i = 0; i < sizeof made_suffixes / sizeof made_suffixes[0]; i++) {
        snprintf(path, sizeof path, "%s.%s", base, made_suffixes[i]);
        remove(path);
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s.%s", base, files[i].suffix);
        remove(path);
    }
    remove(output);
}

static int live(struct leat_diag *diag)
{
    const struct leat_limits limits = {.workers = 2};
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_graph graph;
    leat_graph_init(&graph);
    int status = leat_text_parse(&graph, leat_catalogue_default(lists), NULL, text, strlen(text),
                                 diag);
    if (status == LEAT_OK)
        status = live_on(&graph, &limits, diag);
    leat_graph_fini(&graph);
    return status;
}

struct result {
    size_t n;
    char bytes[1 << 18];
};

static size_t read_output(struct result *result)
{
    FILE *f = fopen(output, "rb");
    result->n = f != NULL ? fread(result->bytes, 1, sizeof result->bytes, f) : 0;
    if (f != NULL)
        fclose(f);
    return result->n;
}

/* A file that was written beside the result. */
static bool left_over(void)
{
    char folder[160];
    size_t at = (size_t)(strrchr(output, '/') - output);
    snprintf(folder, sizeof folder, "%.*s", (int)at, output);
    const char *name = output + at + 1;
    bool found = false;
    DIR *entries = opendir(folder);
    for (struct dirent *e; entries != NULL && (e = readdir(entries)) != NULL;)
        found |= strncmp(e->d_name, name, strlen(name)) == 0 && strcmp(e->d_name, name) != 0;
    if (entries != NULL)
        closedir(entries);
    return found || entries == NULL;
}

static bool survives(uint64_t fail_at, const struct result *expected)
{
    static struct result result;
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
    size_t bytes = read_output(&result);
    const char *what = NULL;
    if (blocks || mappings)
        what = "memory is left";
    else if (left_over())
        what = "a file is left beside the result";
    else if (status == LEAT_OK && (bytes != expected->n ||
                                   memcmp(result.bytes, expected->bytes, bytes) != 0))
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

static bool clean_run(const char *chain)
{
    struct leat_diag diag = {0};
    snprintf(text, sizeof text, "let b='%s'; let o='%s'; %s", base, output, chain);
    bool well = live(&diag) == LEAT_OK;
    if (!well)
        printf("failed: the clean run: %s: %s\n", text, diag.text);
    return well;
}

/* One chain, every call. */
static bool chain_survives(const char *chain)
{
    static struct result expected;
    bool well = clean_run(chain) && read_output(&expected) != 0 &&
                expected.n < sizeof expected.bytes;
    well = well && survives(0, &expected);
    uint64_t calls = wraps.calls, n = 0;
    while (well && ++n <= calls)
        well = survives(n, &expected);
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
    for (size_t i = 0; i < sizeof made / sizeof made[0] && well; i++)
        well = clean_run(made[i]);
    for (size_t i = 0; i < sizeof chains / sizeof chains[0] && well; i++)
        well = chain_survives(chains[i]);
    remove_files();
    return well ? 0 : 1;
}
