/* What was measured, as a table or as one JSON object a line. */
#define _GNU_SOURCE
#include "bench.h"

#include <leat/simd.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifndef BENCH_COMPILER
#define BENCH_COMPILER __VERSION__
#endif

/* ---- medians ---- */

struct spread {
    double median, low, high;
    uint32_t n;
    bool disturbed;
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#define QUIET_MIN 9 /* undisturbed rounds that make a median */

static struct spread spread_of(double *v, uint32_t n)
{
    qsort(v, n, sizeof v[0], by_value);
    return n == 0 ? (struct spread){0.0, 0.0, 0.0, 0, false}
                  : (struct spread){(v[n / 2] + v[(n - 1) / 2]) / 2.0, v[0], v[n - 1], n, false};
}

/* Of the ratios round by round, over / under; under NULL: of over itself. Rounds in which one of
 * them was disturbed are left out, unless too few others are left. */
static struct spread spread_rounds(const struct bench_result *over,
                                   const struct bench_result *under, uint32_t rounds)
{
    double v[BENCH_ROUNDS] = {0};
    bool all = false;
    uint32_t n = 0;
    for (int pass = 0; pass < 2 && n < QUIET_MIN; pass++) {
        all = pass == 1;
        n = 0;
        for (uint32_t i = 0; i < rounds; i++)
            if (all || (!over->disturbed[i] && (under == NULL || !under->disturbed[i])))
                v[n++] = under == NULL ? over->ns[i] : over->ns[i] / under->ns[i];
    }
    struct spread s = spread_of(v, n);
    s.disturbed = all;
    return s;
}

static struct spread spread_probe(const struct bench_sample *s)
{
    double v[BENCH_ROUNDS];
    memcpy(v, s->probe, sizeof v);
    return spread_of(v, s->rounds);
}

/* ---- verdicts ---- */

struct judged {
    struct spread ns, ratio;
    const char *verdict; /* "" without a goal */
    const char *error_verdict;
    double error_ratio;
};

/* What was measured only while disturbed is no verdict. */
static const char *count(struct bench *b, bool met, bool disturbed)
{
    if (disturbed) {
        b->unclear++;
        return "unclear";
    }
    *(met ? &b->met : &b->open) += 1;
    return met ? "met" : "OPEN";
}

static struct judged judge(struct bench *b, const struct bench_sample *s,
                           const struct bench_result *r)
{
    const struct bench_result *ours = &s->results[0];
    const struct bench_candidate *c = r->candidate;
    struct judged j = {.verdict = "", .error_verdict = ""};
    if (r->why != NULL || ours->why != NULL) {
        if (c->sense != BENCH_INFO) {
            j.verdict = "no rival";
            b->rivalless++;
        }
        return j;
    }
    bool within = c->sense == BENCH_WITHIN;
    j.ns = spread_rounds(r, NULL, s->rounds);
    j.ratio = spread_rounds(within ? ours : r, within ? r : ours, s->rounds);
    if (c->sense != BENCH_INFO)
        j.verdict = count(b, within ? j.ratio.median <= c->bound : j.ratio.median >= c->bound,
                          j.ratio.disturbed);
    if (c->error_bound > 0.0) {
        j.error_ratio = r->error / (ours->error > 1e-18 ? ours->error : 1e-18);
        j.error_verdict = count(b, j.error_ratio >= c->error_bound, false);
    }
    return j;
}

/* ---- the table ---- */

static const char *state_of(struct spread probe)
{
    return probe.median < 150.0 ? "near" : "far";
}

static void table_head(struct bench *b, const struct bench_sample *s)
{
    printf("\n%s %s: %s\n", s->row->group, s->row->name, s->row->text);
    if (s->row->load.threads == 2) {
        struct spread p = spread_probe(s);
        printf("  processors %u and %u; a line there and back %.0f ns (%.0f..%.0f): %s\n", b->pu[0],
               b->pu[1], p.median, p.low, p.high, state_of(p));
    }
    printf("  %-18s %9s %9s  %-28s %6s  %-8s %s\n", "name", "ns/op", "M op/s",
           "ratio (least..most)", "rounds", "goal", "verdict");
}

static void table_line(const struct bench_sample *s, const struct bench_result *r,
                       const struct judged *j)
{
    if (r->why != NULL) {
        printf("  %-18s %9s %9s  %-36s  %-8s %s\n", r->name, "absent", "", r->why, "", j->verdict);
        return;
    }
    char ratio[64] = "", goal[32] = "";
    bool within = r->candidate->sense == BENCH_WITHIN;
    if (r != &s->results[0])
        snprintf(ratio, sizeof ratio, "%s%.2f (%.2f..%.2f)", within ? "of it " : "x ",
                 j->ratio.median, j->ratio.low, j->ratio.high);
    if (r->candidate->sense != BENCH_INFO)
        snprintf(goal, sizeof goal, "%s %.2f", within ? "<=" : ">=", r->candidate->bound);
    printf("  %-18s %9.*f %9.*f  %-28s %5u%s  %-8s %s\n", r->name, j->ns.median < 1.0 ? 4 : 2,
           j->ns.median, j->ns.median < 1.0 ? 0 : 2, 1e3 / j->ns.median, ratio, j->ratio.n,
           j->ratio.disturbed ? "D" : " ", goal, j->verdict);
    if (r->error >= 0.0)
        printf("  %-18s error %.1e", "", r->error);
    if (r->candidate->error_bound > 0.0)
        printf(", ours is %.1e times smaller   goal >= %.0e   %s", j->error_ratio,
               r->candidate->error_bound, j->error_verdict);
    if (r->error >= 0.0)
        printf("\n");
}

/* ---- JSON ---- */

static void json_line(const struct bench_sample *s, const struct bench_result *r,
                      const struct judged *j)
{
    printf("{\"group\":\"%s\",\"row\":\"%s\",\"operation\":\"%s\",\"name\":\"%s\"", s->row->group,
           s->row->name, s->row->operation, r->name);
    if (r->why != NULL) {
        printf(",\"absent\":\"%s\"", r->why);
    } else {
        printf(",\"ns\":%.6g,\"ns_least\":%.6g,\"ns_most\":%.6g", j->ns.median, j->ns.low,
               j->ns.high);
        printf(",\"ratio\":%.5g,\"ratio_least\":%.5g,\"ratio_most\":%.5g", j->ratio.median,
               j->ratio.low, j->ratio.high);
        printf(",\"rounds\":%u,\"disturbed\":%s,\"operations\":%llu,\"checksum\":\"%016llx\"",
               j->ratio.n, j->ratio.disturbed ? "true" : "false", (unsigned long long)s->n,
               (unsigned long long)r->checksum);
        if (r->error >= 0.0)
            printf(",\"error\":%.3e", r->error);
        if (s->row->load.threads == 2)
            printf(",\"line_ns\":%.4g", spread_probe(s).median);
    }
    if (r->candidate->sense != BENCH_INFO)
        printf(",\"goal\":\"%s\",\"bound\":%g,\"verdict\":\"%s\"",
               r->candidate->sense == BENCH_WITHIN ? "ours/its <=" : "its/ours >=",
               r->candidate->bound, j->verdict);
    if (r->candidate->error_bound > 0.0 && r->why == NULL)
        printf(",\"error_ratio\":%.3e,\"error_bound\":%g,\"error_verdict\":\"%s\"", j->error_ratio,
               r->candidate->error_bound, j->error_verdict);
    printf("}\n");
}

/* ---- a row ---- */

static void skipped_row(struct bench *b, const struct bench_sample *s)
{
    for (uint32_t i = 0; i < BENCH_CANDIDATES && s->row->candidates[i].id != NULL; i++)
        b->rivalless += s->row->candidates[i].sense != BENCH_INFO;
    if (b->json)
        printf("{\"group\":\"%s\",\"row\":\"%s\",\"absent\":\"a second processor\"}\n",
               s->row->group, s->row->name);
    else
        printf("\n%s %s: needs a second processor, and there is one\n", s->row->group,
               s->row->name);
}

void bench_report_row(struct bench *b, struct bench_sample *s)
{
    if (s->results_n == 0) {
        skipped_row(b, s);
        return;
    }
    if (!b->json)
        table_head(b, s);
    for (uint32_t i = 0; i < s->results_n; i++) {
        struct judged j = judge(b, s, &s->results[i]);
        if (b->json)
            json_line(s, &s->results[i], &j);
        else
            table_line(s, &s->results[i], &j);
    }
    if (!s->equal) {
        b->failed++;
        fprintf(stderr, "leat_bench: %s %s: the checksums differ:", s->row->group, s->row->name);
        for (uint32_t i = 0; i < s->results_n; i++)
            if (s->results[i].why == NULL)
                fprintf(stderr, " %s %016llx", s->results[i].name,
                        (unsigned long long)s->results[i].checksum);
        fprintf(stderr, "\n");
    } else if (!b->json) {
        printf("  %u rounds of %llu %ss, checksums equal", s->rounds,
               (unsigned long long)s->n * (s->row->elements == 0 ? 1 : s->row->elements),
               s->row->operation);
        printf("\n");
    }
    fflush(stdout);
}

/* ---- the machine ---- */

static void read_line(const char *file, const char *key, char *out, size_t bytes)
{
    char line[256];
    FILE *f = fopen(file, "r");
    snprintf(out, bytes, "?");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *value = strchr(line, ':');
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        value = key[0] != '\0' && value != NULL ? value + 2 : line;
        value[strcspn(value, "\n\"\\")] = '\0';
        snprintf(out, bytes, "%.*s", (int)bytes - 1, value);
        break;
    }
    if (f != NULL)
        fclose(f);
}

void bench_report_machine(struct bench *b)
{
    char model[128], load[64];
    read_line("/proc/cpuinfo", "model name", model, sizeof model);
    read_line("/proc/loadavg", "", load, sizeof load);
    const struct leat_topology *t = &b->topology;
    const char *clock = b->clock.counter ? "time stamp counter" : "CLOCK_MONOTONIC";
    const char *isa = leat_isa_name(leat_isa_best());
    if (b->json) {
        printf("{\"machine\":\"%s\",\"processors\":%u,\"cores\":%u,\"used\":[%u,%u],"
               "\"l1d\":%llu,\"l2\":%llu,\"l3\":%llu,\"isa\":\"%s\",\"clock\":\"%s\","
               "\"ns_per_tick\":%.6f,\"compiler\":\"%s\",\"check\":%d,\"loadavg\":\"%s\"}\n",
               model, t->pus, t->cores, b->pu[0], b->pu[1], (unsigned long long)t->l1d_bytes,
               (unsigned long long)t->l2_bytes, (unsigned long long)t->l3_bytes, isa, clock,
               b->clock.ns_per_tick, BENCH_COMPILER, LEAT_CHECK, load);
        return;
    }
    printf("%s, %u processors on %u cores, L1 %llu KiB, L2 %llu KiB, L3 %llu KiB\n", model, t->pus,
           t->cores, (unsigned long long)t->l1d_bytes >> 10, (unsigned long long)t->l2_bytes >> 10,
           (unsigned long long)t->l3_bytes >> 10);
    printf("threads on processors %u and %u; clock: %s, %.4f ns a tick; widest kernels: %s\n",
           b->pu[0], b->pu[1], clock, b->clock.ns_per_tick, isa);
    printf("compiler %s, LEAT_CHECK %d; load average before: %s\n", BENCH_COMPILER, LEAT_CHECK,
           load);
    printf("x R: Leat does in 1 what the subject does in R. of it R: Leat takes R times as long.\n"
           "Rounds in which a processor was taken away or its core shared are left out; D: there "
           "were hardly any others.\n");
}

void bench_report_end(struct bench *b, double seconds)
{
    if (b->json)
        printf("{\"met\":%u,\"open\":%u,\"unclear\":%u,\"no_rival\":%u,"
               "\"checksums_differ\":%u,\"seconds\":%.1f}\n",
               b->met, b->open, b->unclear, b->rivalless, b->failed, seconds);
    else
        printf("\ngoals met %u, OPEN %u, unclear %u, no rival %u; %.0f s\n", b->met, b->open,
               b->unclear, b->rivalless, seconds);
}
