/* Random texts: never a crash, never a hang; what parses is written, parses again, and is written
 * as the same text. usage: fuzz_text [ROUNDS [SEED]] */
#include "text/dummies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 600
#define TOO_MANY 32

static uint64_t state;

/* SplitMix64. */
static uint32_t random_below(uint32_t n)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) >> 32) % n;
}

static const char *const words[] = {
    "csv", "synth", "zscore", "rolling", "scale", "select", "split", "sum", "null", "stats",
    " ! ", "!", " ! ", " ! ", "\n", ";", " ", " ", "\t", "\r\n", "#", "# x\n", "let ", "let a=",
    "let b={ ", " }", "{", "}", "include ", "$a", "$b", "${a}", "$", "${", "'", "\"", "'a b'",
    "\"$a,$b\"", ",", "=", " name=", " name=t", "t.", "j.", " ! j.", ".", " file=a", " size=20",
    " size=20ms", " ddof=1", " out=", "mean", "zscore", " by=1e3", " gain=-6dB", " channels=a,b",
    " frame=1Ki", " wait=5h", "1", "0", "-1", "1e400", "nan", "5m", "\xc3\xa4", "\xc3", "\0",
    "\x7f",
    "\xef\xbb\xbf", "synth ! zscore ! null\n", "synth ! split name=t ! null\n", "t. ! null\n",
};
#define WORDS (sizeof words / sizeof words[0])

/* Pieces that often make a pipeline. */
static const char *const pieces[] = {
    "\nsynth", "\ncsv file='a b' columns=a,\"b,c\"", " ! zscore", " ! rolling size=20ms out=stddev",
    "\n! scale by=-1e300", " !\n select channels=$v", " ! $w", " ! split", " ! split name=t",
    "; t.",
    " ! null\n", " ! csv file=\"it's\" #\n", "\nsynth ! sum name=j", " ! j.\n", " name=x", "; j.",
    " on=a,2 as=z", " core=1", " on-gap=reset",
};
#define PIECES (sizeof pieces / sizeof pieces[0])
#define HEAD "let v=p,q\nlet w={ zscore ! scale add=.5 }\nsynth"

static size_t make(char *text)
{
    size_t n = 0, parts = random_below(40);
    bool sound = random_below(2) == 0;
    if (sound) {
        n = sizeof HEAD - 1;
        memcpy(text, HEAD, n);
        parts = random_below(8);
    }
    for (size_t i = 0; i < parts && n < TEXT_MAX - 60; i++) {
        const char *word = sound ? pieces[random_below(PIECES)] : words[random_below(WORDS)];
        size_t bytes = word[0] == '\0' ? 1 : strlen(word);
        memcpy(text + n, word, bytes);
        n += bytes;
    }
    /* Some texts get a few bytes changed; some are nothing but bytes. */
    uint32_t kind = random_below(sound ? 20 : 8);
    for (uint32_t i = 0; kind < 2 && n > 0 && i < 3; i++)
        text[random_below((uint32_t)n)] = (char)random_below(256);
    for (size_t i = 0; kind == 2 && i < n; i++)
        text[i] = (char)random_below(256);
    return n;
}

static int fail(const char *what, const char *text, size_t bytes)
{
    printf("%s:\n", what);
    fwrite(text, 1, bytes, stdout);
    printf("\n");
    return 1;
}

/* What a message must always be. */
static int check_error(int status, const struct leat_diag *diag, const char *text, size_t bytes)
{
    char line[1200];
    if (status >= 0 || diag->code != status || diag->text[0] == '\0')
        return fail("an error without a message", text, bytes);
    if (diag->line == 0 || diag->column == 0)
        return fail("an error without a place", text, bytes);
    leat_text_excerpt(NULL, text, bytes, diag, line, sizeof line);
    if (strchr(line, '^') == NULL && bytes > 0)
        return fail("an error without an excerpt", text, bytes);
    return 0;
}

static int check_graph(const struct leat_graph *graph, const char *text, size_t bytes)
{
    char first[8192], second[8192];
    size_t length, length_again;
    struct leat_graph again;
    struct leat_diag diag;
    int status = leat_graph_text(graph, first, sizeof first, &length, &diag);
    if (status == LEAT_EINVAL)
        return 0;
    if (status != LEAT_OK || length >= sizeof first)
        return fail(diag.text, text, bytes);
    leat_graph_init(&again);
    status = leat_text_parse(&again, &dummies, NULL, first, length, &diag);
    if (status == LEAT_OK)
        status = leat_graph_text(&again, second, sizeof second, &length_again, &diag);
    bool same = status == LEAT_OK && again.nodes_n == graph->nodes_n &&
                again.links_n == graph->links_n && strcmp(first, second) == 0;
    leat_graph_fini(&again);
    return same ? 0 : fail("a graph's text does not read back", first, length);
}

int main(int argc, char **argv)
{
    uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 30000;
    uint32_t parsed = 0, wrong = 0;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    for (uint32_t i = 0; i < rounds && wrong < TOO_MANY; i++) {
        char buffer[TEXT_MAX];
        struct leat_graph graph;
        struct leat_diag diag = { .code = 0 };
        size_t bytes = make(buffer);
        /* On the heap and without a NUL, so that a read beyond the end is seen. */
        char *text = malloc(bytes + (bytes == 0));
        memcpy(text, buffer, bytes);
        leat_graph_init(&graph);
        int status = leat_text_parse(&graph, &dummies, NULL, text, bytes, &diag);
        wrong += (uint32_t)(status == LEAT_OK ? check_graph(&graph, text, bytes)
                                              : check_error(status, &diag, text, bytes));
        parsed += status == LEAT_OK;
        leat_graph_fini(&graph);
        free(text);
    }
    bool enough = parsed > rounds / 100;
    printf("%s: %u texts, %u of them pipelines\n", wrong == 0 && enough ? "ok" : "wrong", rounds,
           parsed);
    return wrong == 0 && enough ? 0 : 1;
}
