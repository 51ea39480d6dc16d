/* leat_bench [GROUP | GROUP/ROW | kernels ...] [--json] [--quick] [--list] */
#define _GNU_SOURCE
#include "bench.h"

#include <leat/status.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_ALL 220.0
#define SECONDS_QUICK 22.0
#define SECONDS_ROW 5.0 /* at most: a single group does not take the whole time */

struct wish {
    const char *words[32]; /* groups, or group/row */
    uint32_t n;
    bool json, quick, list;
};

static void usage(FILE *out)
{
    fprintf(out,
            "leat_bench [GROUP | GROUP/ROW | kernels ...] [--json] [--quick] [--list]\n"
            "  measures Leat beside its rivals: everything in 5 minutes, --quick in 90 seconds\n"
            "  kernels: the groups stats, fft, linalg and sparse\n"
            "  --list  names the groups, rows and subjects and measures nothing\n"
            "  --json  one object a line\n");
}

/* 0, or the exit status + 1 that ends the program. */
static int parse(struct wish *wish, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            wish->json = true;
        else if (strcmp(argv[i], "--quick") == 0)
            wish->quick = true;
        else if (strcmp(argv[i], "--list") == 0)
            wish->list = true;
        else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return usage(stdout), 1;
        else if (argv[i][0] == '-' || wish->n == sizeof wish->words / sizeof wish->words[0])
            return fprintf(stderr, "leat_bench: no option '%s'\n", argv[i]), usage(stderr), 3;
        else
            wish->words[wish->n++] = argv[i];
    }
    return 0;
}

/* Of the mathematics. */
static bool of_kernels(const struct bench_row *row)
{
    static const char *const groups[] = {"stats", "fft", "linalg", "sparse"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (strcmp(row->group, groups[i]) == 0)
            return true;
    return false;
}

static bool names(const char *word, const struct bench_row *row)
{
    size_t group = strlen(row->group);
    if (strcmp(word, "kernels") == 0)
        return of_kernels(row);
    if (strcmp(word, row->group) == 0)
        return true;
    return strncmp(word, row->group, group) == 0 && word[group] == '/' &&
           strcmp(word + group + 1, row->name) == 0;
}

static bool wanted(const struct wish *wish, const struct bench_row *row)
{
    for (uint32_t i = 0; i < wish->n; i++)
        if (names(wish->words[i], row))
            return true;
    return wish->n == 0;
}

/* The first word that names nothing; NULL when all do. */
static const char *unknown(const struct wish *wish)
{
    for (uint32_t i = 0; i < wish->n; i++) {
        bool found = false;
        for (const struct bench_row *const *g = bench_groups; *g != NULL; g++)
            for (const struct bench_row *row = *g; row->name != NULL; row++)
                found = found || names(wish->words[i], row);
        if (!found)
            return wish->words[i];
    }
    return NULL;
}

static uint32_t each(struct bench *b, const struct wish *wish,
                     void (*act)(struct bench *b, const struct bench_row *row))
{
    uint32_t n = 0;
    for (const struct bench_row *const *g = bench_groups; *g != NULL; g++)
        for (const struct bench_row *row = *g; row->name != NULL; row++)
            if (wanted(wish, row)) {
                n++;
                if (act != NULL)
                    act(b, row);
            }
    return n;
}

static void list(struct bench *b, const struct bench_row *row)
{
    (void)b;
    printf("%s/%s: %s\n", row->group, row->name, row->text);
    for (uint32_t i = 0; i < BENCH_CANDIDATES && row->candidates[i].id != NULL; i++) {
        const struct bench_entry *entry = bench_find(row->candidates[i].id);
        bool here = entry != NULL && entry->subject != NULL;
        printf("    %-20s %s%s\n", row->candidates[i].id, here ? entry->subject->name : "absent: ",
               here ? "" : entry != NULL ? entry->package : "no such subject");
    }
}

/* jemalloc keeps its thread state where the loader has little room for libraries that come late,
 * and the room is set before a program starts: so it starts again with more. */
static void start_with_room(char **argv)
{
    if (getenv("GLIBC_TUNABLES") != NULL)
        return;
    setenv("GLIBC_TUNABLES", "glibc.rtld.optional_static_tls=16384", 1);
    execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    struct wish wish = {.n = 0};
    int status = parse(&wish, argc, argv);
    if (status != 0)
        return status - 1;
    const char *word = unknown(&wish);
    if (word != NULL) {
        fprintf(stderr, "leat_bench: no group or row '%s' (--list names them)\n", word);
        return 2;
    }
    if (wish.list)
        return each(NULL, &wish, list) != 0 ? 0 : 2;
    start_with_room(argv);
    struct bench b = {.json = wish.json};
    if (!bench_begin(&b))
        return 1;
    uint64_t begin = leat_clock_ns();
    double seconds = (wish.quick ? SECONDS_QUICK : SECONDS_ALL) / each(&b, &wish, NULL);
    b.seconds_row = seconds < SECONDS_ROW ? seconds : SECONDS_ROW;
    bench_report_machine(&b);
    each(&b, &wish, bench_measure);
    bench_report_end(&b, (double)(leat_clock_ns() - begin) * 1e-9);
    bench_end(&b);
    return b.failed == 0 ? 0 : 1;
}
