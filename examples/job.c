#include "job.h"

#include "tool/draw.h"

#include <leat/arena.h>
#include <leat/text.h>

#include <stdio.h>
#include <string.h>

struct job {
    const struct leat_engine *engine;
    const struct leat_plan *plan;
};

/* Of one sample of one channel: the median of the timed batches. */
static void write_cost(const void *user, uint32_t stage, char *out)
{
    const struct job *job = user;
    struct leat_stage_stats stats;
    struct stage_cells n;
    leat_engine_stage(job->engine, stage, &stats);
    stage_cells(job->engine, job->plan, stage, &stats, &n);
    if (stats.ns.count != 0 && n.samples != 0)
        snprintf(out, 32, "%.2f", (double)stats.ns.p50 * (double)n.timed / (double)n.samples);
}

static void draw(const struct leat_engine *engine, const struct leat_plan *plan)
{
    struct job job = {engine, plan};
    struct draw_notes notes = {write_cost, &job, "ns a sample"};
    draw_text(stdout, plan, draw_utf8(), &notes);
}

static void collect(const struct leat_engine *engine, const struct leat_witness *witness,
                    struct job_result *result)
{
    leat_engine_snapshot(engine, &result->totals);
    leat_engine_pool(engine, 0, &result->pool);
    leat_witness_total(witness, &result->counts);
    result->syscalls_counted = leat_witness_sees(witness, LEAT_WITNESS_SYSCALLS);
}

/* Plan in hand: memory for the engine, seal, run, look at what happened. */
static int run_plan(const struct leat_plan *plan, const struct job_options *options,
                    struct job_result *result, struct leat_diag *diag)
{
    static struct leat_witness witness; /* one job at a time */
    struct leat_witness_options watch = {.syscalls = options->count_syscalls};
    struct leat_arena_options memory = {
        .size = sizeof memory, .bytes = leat_engine_bytes(plan) + LEAT_APART, .node = -1};
    struct leat_engine_options engine_options = {
        .size = sizeof engine_options, .isa = options->isa, .watch = &witness.watch};
    struct leat_arena arena;
    struct leat_engine *engine = NULL;
    int status = leat_witness_init(&witness, &watch, diag);
    if (status != LEAT_OK)
        return status;
    status = leat_arena_init(&arena, &memory, diag);
    if (status != LEAT_OK)
        return status;
    status = leat_engine_init_in(&engine, plan, &engine_options, &arena, diag);
    if (status == LEAT_OK)
        status = leat_engine_seal(engine, diag);
    if (status == LEAT_OK)
        status = leat_engine_start(engine, diag);
    if (status == LEAT_OK)
        status = leat_engine_wait(engine, UINT64_MAX, diag);
    if (status == LEAT_OK)
        collect(engine, &witness, result);
    if (status == LEAT_OK && options->draw)
        draw(engine, plan);
    int home = leat_engine_fini(engine, status == LEAT_OK ? diag : NULL);
    leat_arena_fini(&arena);
    return status == LEAT_OK ? home : status;
}

int job_run(const struct job_options *options, struct job_result *result)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_text_options text = {.size = sizeof text, .file = options->file};
    struct leat_limits limits = {.workers = options->workers};
    struct leat_diag diag = {0};
    struct leat_graph graph;
    struct leat_plan plan = {0};
    memset(result, 0, sizeof *result);
    leat_graph_init(&graph);
    int status = leat_text_parse(&graph, leat_catalogue_default(lists), &text, options->text,
                                 strlen(options->text), &diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&plan, &graph, &limits, &diag);
    if (status == LEAT_OK)
        status = run_plan(&plan, options, result, &diag);
    leat_plan_fini(&plan);
    leat_graph_fini(&graph);
    if (status != LEAT_OK) {
        char line[1024];
        leat_diag_format(&diag, line, sizeof line);
        fprintf(stderr, "main_job: %s\n", line);
    }
    return status;
}
