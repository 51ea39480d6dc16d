/* The main job: one real pipeline on a million trades, what it costs, what it does not do, and the
 * same work done the usual way beside it.
 *
 *   main_job FOLDER      FOLDER holds market.csv; results are written there too
 */
#define _GNU_SOURCE
#include "job.h"
#include "usual.h"

#include <leat/arena.h>
#include <leat/pool.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME 1024
#define SMALL_FRAME 64 /* where the way of the data shows beside the arithmetic */
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define SMALL TEXT(SMALL_FRAME)
#define REPEATS 5
#define ROUNDS 2000000u
#define CHAIN "logreturn ! rolling size=64 out=zscore ! ewma span=8"

static const char *folder;

/* ---- the pipeline, and what it cost ---- */

/* shown: its graph is drawn, and its system calls are counted. */
static int run_text(const char *format, enum leat_isa isa, uint32_t workers, bool shown,
                    struct job_result *result) LEAT_PRINTF(1, 0);
static int run_text(const char *format, enum leat_isa isa, uint32_t workers, bool shown,
                    struct job_result *result)
{
    char text[4096];
    int length = snprintf(text, sizeof text, format, folder, folder);
    if (length < 0 || (size_t)length >= sizeof text) {
        fprintf(stderr, "main_job: the folder's name is too long\n");
        return LEAT_ERANGE;
    }
    struct job_options options = {.text = text, .file = "main job", .isa = isa,
                                  .workers = workers, .count_syscalls = shown,
                                  .draw = shown};
    return job_run(&options, result);
}

static void print_costs(const struct job_result *r)
{
    const struct leat_engine_stats *t = &r->totals;
    printf("\n  %" PRIu64 " samples in %.3f s: %.1f million samples/s; a frame of %u takes "
           "p50 %.1f us, p99.9 %.1f us\n",
           t->samples, t->seconds, (double)t->samples / t->seconds * 1e-6, FRAME,
           (double)t->latency_ns.p50 * 1e-3, (double)t->latency_ns.p999 * 1e-3);
    printf("  after seal: %" PRIu64 " allocations, %" PRIu64 " locks, %" PRIu64 " page faults, ",
           r->counts.allocations, r->counts.locks, r->counts.faults);
    if (r->syscalls_counted)
        printf("%" PRIu64 " system calls, ", r->counts.syscalls);
    else
        printf("system calls not counted here, ");
    printf("%" PRIu64 " copies, %" PRIu64 " drops, %" PRIu64 " rejects\n", t->copied + t->reframed,
           t->dropped, t->rejected);
    double hits = r->pool.claims != 0 ? (double)r->pool.hits / (double)r->pool.claims : 0;
    printf("  pool: %u frames, at most %u in use, %.2f %% of claims from the magazine\n",
           r->pool.frames, r->pool.high_water, 100 * hits);
}

static bool quiet(const struct job_result *r)
{
    return r->counts.allocations + r->counts.locks + r->counts.faults + r->counts.syscalls +
               r->totals.copied + r->totals.reframed + r->totals.dropped + r->totals.rejected == 0;
}

/* ---- one digest ---- */

static bool read_digest(char digest[17])
{
    char path[4096], line[256] = "";
    snprintf(path, sizeof path, "%s/digest.json", folder);
    FILE *file = fopen(path, "r");
    bool well = file != NULL && fgets(line, sizeof line, file) != NULL;
    if (file != NULL)
        fclose(file);
    const char *at = strstr(line, "\"xxh64\":\"");
    well = well && at != NULL && strlen(at) > 9 + 16;
    snprintf(digest, 17, "%.16s", well ? at + 9 : "");
    return well;
}

/* The same digest from every instruction set that the machine has, and from 1 and 2 workers. */
static bool print_digests(char digest[17])
{
    bool same = true;
    digest[0] = 0;
    printf("\n  digest");
    for (int isa = LEAT_ISA_BASE; isa <= LEAT_ISA_V4; isa++) {
        for (uint32_t workers = 1; leat_isa_usable((enum leat_isa)isa) && workers <= 2; workers++) {
            struct job_result result;
            char own[17];
            int status = run_text("csv file='%s/market.csv' columns=price,size ! " CHAIN
                                  " ! digest file='%s/digest.json'",
                                  (enum leat_isa)isa, workers, false, &result);
            if (status != LEAT_OK || !read_digest(own))
                return false;
            if (digest[0] == 0)
                memcpy(digest, own, sizeof own);
            same &= memcmp(digest, own, sizeof own) == 0;
            printf(" %s/%u", leat_isa_name((enum leat_isa)isa), workers);
        }
    }
    printf(": %s, %s\n", digest, same ? "the same from all" : "NOT THE SAME");
    return same;
}

/* ---- beside the usual way ---- */

/* The samples as the usual way gets them: in memory, frame after frame, row after row. */
static double *load_samples(size_t *cells)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/market.raw", folder);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    size_t bytes = (size_t)ftell(file);
    rewind(file);
    double *x = malloc(bytes + 1);
    bool well = x != NULL && fread(x, 1, bytes, file) == bytes;
    fclose(file);
    *cells = bytes / sizeof *x;
    if (!well) {
        free(x);
        return NULL;
    }
    return x;
}

static double leat_claim_ns(size_t bytes)
{
    struct leat_pool_options options = {
        .size = sizeof options, .frames = 64, .payload_bytes = bytes, .workers = 1};
    struct leat_arena_options memory = {
        .size = sizeof memory, .bytes = leat_pool_bytes(&options) + LEAT_APART, .node = -1};
    struct leat_arena arena;
    struct leat_pool *pool;
    double ns = -1;
    if (leat_arena_init(&arena, &memory, NULL) != LEAT_OK)
        return ns;
    size_t need = leat_pool_bytes(&options);
    if (leat_pool_init(&pool, &options, leat_arena_take(&arena, need, LEAT_APART, NULL), need,
                       NULL) == LEAT_OK) {
        uint64_t since = leat_clock_ns();
        for (uint32_t i = 0; i < ROUNDS; i++) {
            struct leat_frame *frame = leat_pool_claim(pool, 0);
            *(volatile char *)leat_frame_row(frame, 0) = (char)i;
            if (leat_pool_release(pool, 0, frame->tag) != LEAT_OK)
                break;
        }
        ns = (double)(leat_clock_ns() - since) / ROUNDS;
    }
    leat_arena_fini(&arena);
    return ns;
}

static double leat_metric_ns(void)
{
    static struct leat_histogram histogram;
    static struct leat_counter counter;
    uint64_t since = leat_clock_ns();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        leat_counter_add(&counter, 1);
        leat_histogram_record(&histogram, i);
    }
    return (double)(leat_clock_ns() - since) / ROUNDS;
}

static bool compare(void)
{
    struct job_result result, best = {0};
    struct usual_result usual, usual_best = {0};
    size_t cells = 0;
    int status = run_text("csv file='%s/market.csv' columns=price,size frame=" SMALL
                          " ! raw file='%s/market.raw' layout=planar",
                          leat_isa_best(), 1, false, &result);
    double *x = status == LEAT_OK ? load_samples(&cells) : NULL;
    bool well = x != NULL;
    for (int i = 0; well && i < REPEATS; i++) { /* in turn, so that both meet the same machine */
        status = run_text("raw file='%s/market.raw' type=f64 channels=2 layout=planar "
                          "block=" SMALL " frame=" SMALL " mapped=yes ! " CHAIN
                          " ! digest file='%s/digest.json'",
                          leat_isa_best(), 1, false, &result);
        well = status == LEAT_OK && usual_run(x, 2, cells / 2, SMALL_FRAME, &usual);
        if (well && (i == 0 || result.totals.seconds < best.totals.seconds))
            best = result;
        if (well && (i == 0 || usual.seconds < usual_best.seconds))
            usual_best = usual;
    }
    free(x);
    char text[17], own[17] = "";
    if (!well || !read_digest(own))
        return false;
    snprintf(text, sizeof text, "%016" PRIx64, usual_best.digest);
    size_t bytes = 4096;
    const char *row = "  %-48s %10.0f %20.1f %12.1f %13.1f\n";
    printf("\n  %-48s %10s %20s %12s %13s\n",
           "the same in frames of " SMALL " from memory (best of 5)", "frames/s",
           "heap calls a frame", "ns a claim", "ns a metric");
    printf(row, "Leat, in place",
           (double)best.totals.frames / best.totals.seconds,
           (double)best.counts.allocations / (double)best.totals.frames, leat_claim_ns(bytes),
           leat_metric_ns());
    printf(row, "the usual way: malloc, a clone a stage, a mutex",
           (double)usual_best.frames / usual_best.seconds,
           (double)usual_best.heap_calls / (double)usual_best.frames,
           usual_claim_ns(bytes, ROUNDS), usual_metric_ns(ROUNDS));
    bool same = strcmp(own, text) == 0;
    printf("  %.2f times as fast; both give the digest %s%s\n",
           usual_best.seconds / best.totals.seconds, own, same ? "" : ": NO, they differ");
    return same;
}

int main(int argc, char **argv)
{
    if (argc != 2 || strcmp(argv[1], "--help") == 0) {
        printf("usage: main_job FOLDER\nRuns the main job on FOLDER/market.csv.\n");
        return argc == 2 ? 0 : 2;
    }
    folder = argv[1];
    struct job_result result;
    printf("main job on %s/market.csv, instruction set %s:\n\n", folder,
           leat_isa_name(leat_isa_best()));
    int status = run_text("csv file='%s/market.csv' columns=price,size ! " CHAIN
                          " ! stats file='%s/result.json'",
                          leat_isa_best(), 1, true, &result);
    if (status != LEAT_OK)
        return 1;
    print_costs(&result);
    char path[4096], line[1024], digest[17];
    snprintf(path, sizeof path, "%s/result.json", folder);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL) {
        fprintf(stderr, "main_job: %s cannot be read\n", path);
        return 1;
    }
    fclose(file);
    printf("\n  result %s", line);
    bool well = quiet(&result);
    well &= print_digests(digest);
    well &= compare();
    if (!well)
        fprintf(stderr, "main_job: a promise was not kept; see above\n");
    return well ? 0 : 1;
}
