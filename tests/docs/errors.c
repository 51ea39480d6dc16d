/* Every text of the table "From C" in docs/guides/troubleshooting.md, each made by the mistake that
 * the table names, a line each on standard output. With an argument: the broken precondition, which
 * aborts; this file is compiled with LEAT_CHECK 1.
 */
#include <leat/engine.h>
#include <leat/io.h>
#include <leat/knob.h>
#include <leat/lend.h>
#include <leat/pool.h>
#include <leat/ring.h>
#include <leat/stages.h>
#include <leat/state.h>
#include <leat/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct leat_diag diag;
static int unexpected;

/* What a call that must fail said. */
static void note(int status)
{
    unexpected += status >= 0;
    printf("%s\n", status < 0 ? diag.text : "no error");
    memset(&diag, 0, sizeof diag);
}

static void must(int status)
{
    if (status < 0) {
        fprintf(stderr, "errors: %s\n", diag.text);
        exit(2);
    }
}

static void *storage_of(size_t bytes)
{
    void *storage = aligned_alloc(LEAT_APART, leat_round_up(bytes, LEAT_APART));
    if (storage == NULL)
        abort();
    return storage;
}

/* ---- graphs, texts, plans ---- */

static int parse(struct leat_graph *graph, const struct leat_text_options *options,
                 const char *text)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    const struct leat_catalogue *all = leat_catalogue_default(lists);
    return leat_text_parse(graph, all, options, text, strlen(text), &diag);
}

static void graphs(void)
{
    struct leat_graph graph;
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    const struct leat_catalogue *all = leat_catalogue_default(lists);
    const struct leat_stage *scale = leat_catalogue_find(all, "scale", false, &diag);
    struct leat_stage old = *scale;
    struct leat_text_options unsized = {.file = "x"};
    uint32_t a, b;
    leat_graph_init(&graph);
    note(leat_catalogue_find(all, "zscroe", false, &diag) == NULL ? diag.code : 0);
    note(parse(&graph, &unsized, "synth ! null"));
    note(leat_graph_add(&graph, &leat_csv_source, NULL, NULL, &a, &diag));
    must(leat_graph_add(&graph, &leat_synth_source, NULL, "a", &a, &diag));
    note(leat_graph_add(&graph, scale, NULL, "a", &b, &diag));
    must(leat_graph_add(&graph, scale, NULL, "b", &b, &diag));
    must(leat_graph_join(&graph, a, 0, b, 0, &diag));
    note(leat_graph_join(&graph, a, 0, b, 0, &diag));
    note(leat_graph_join(&graph, b, 0, a, 0, &diag));
    old.size = 8;
    note(leat_graph_add(&graph, &old, NULL, NULL, &b, &diag));
    struct leat_scale_options options = {.by = 2};
    must(leat_options_check(scale->params, scale->params_n, &options, &diag));
    struct leat_synth_source_options wide = {.channels = 1000000};
    note(leat_options_check(leat_synth_source.params, leat_synth_source.params_n, &wide, &diag));
    leat_graph_fini(&graph);
}

static void plans(void)
{
    struct leat_graph graph;
    struct leat_plan plan;
    leat_graph_init(&graph);
    must(parse(&graph, NULL, "synth ! zscore ! null"));
    note(leat_plan_make(&plan, &graph, &(struct leat_limits){.workers = 65}, &diag));
    note(leat_plan_make(&plan, &graph, &(struct leat_limits){.memory_bytes = 1000}, &diag));
    leat_graph_fini(&graph);
    leat_graph_init(&graph);
    note(leat_plan_make(&plan, &graph, &(struct leat_limits){0}, &diag));
}

/* ---- engines ---- */

static void in_arenas(const struct leat_plan *plan)
{
    struct leat_arena arena;
    struct leat_engine *engine;
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    struct leat_arena_options lazy = {.size = sizeof lazy, .bytes = 16 << 20, .node = -1,
                                      .prefault = LEAT_PREFAULT_LAZY};
    struct leat_arena_options unsized = {.bytes = 4096};
    note(leat_arena_init(&arena, &unsized, &diag));
    must(leat_arena_init(&arena, &lazy, &diag));
    note(leat_engine_init_in(&engine, plan, &options, &arena, &diag));
    note(leat_arena_take(&arena, 32 << 20, 64, &diag) == NULL ? diag.code : 0);
    leat_arena_seal(&arena);
    note(leat_arena_take(&arena, 64, 64, &diag) == NULL ? diag.code : 0);
    leat_arena_fini(&arena);
}

/* The engine's frame is lent out, then kept, so that lender and engine miss it. */
static void out_of_the_door(struct leat_engine *engine)
{
    struct leat_lender *lender;
    struct leat_frame *frame = NULL;
    bool end = false;
    uint32_t outlet, none;
    note(leat_inlet_find(engine, "ticks", &none, &diag));
    must(leat_outlet_find(engine, "scores", &outlet, &diag));
    size_t bytes = leat_lender_bytes(engine, outlet, 1);
    void *loans = storage_of(bytes);
    must(leat_lender_init(&lender, engine, outlet, 1, loans, bytes, &diag));
    while (leat_outlet_take(engine, outlet, &frame, 1, &end) == 0)
        must(leat_worker_step(engine, 0, 1, NULL));
    if (leat_lender_dlpack(lender, frame, true) == NULL)
        abort();
    note(leat_lender_fini(lender, &diag));
    while (leat_worker_step(engine, 0, 8, NULL) >= 0 && !end)
        while (leat_outlet_take(engine, outlet, &frame, 1, &end) != 0)
            leat_outlet_release(engine, outlet, &frame, 1);
    note(leat_engine_fini(engine, &diag));
    free(loans);
}

static void engines(void)
{
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    struct leat_engine_options unsized = {.isa = leat_isa_best()};
    uint32_t node;
    leat_graph_init(&graph);
    must(leat_graph_add(&graph, leat_catalogue_find(leat_doors(), "outlet", false, &diag), NULL,
                        "scores", &node, &diag));
    must(parse(&graph, NULL, "synth samples=10k ! zscore ! scores."));
    must(leat_plan_make(&plan, &graph, &(struct leat_limits){0}, &diag));
    size_t bytes = leat_round_up(leat_engine_bytes(&plan), LEAT_APART);
    void *storage = storage_of(bytes);
    note(leat_engine_init(&engine, &plan, &unsized, storage, bytes, &diag));
    note(leat_engine_init(&engine, &plan, &options, storage, 4096, &diag));
    in_arenas(&plan);
    must(leat_engine_init(&engine, &plan, &options, storage, bytes, &diag));
    note(leat_engine_start(engine, &diag));
    must(leat_engine_seal(engine, &diag));
    note(leat_engine_seal(engine, &diag));
    note(leat_engine_wait(engine, 0, &diag));
    out_of_the_door(engine);
    free(storage);
    leat_plan_fini(&plan);
    leat_graph_fini(&graph);
}

/* ---- what a host changes and keeps while the engine is there ---- */

static void hosts(void)
{
    static leat_atomic_u64 now;
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    struct leat_engine_options options = {
        .size = sizeof options, .isa = leat_isa_best(), .clock_ns = &now};
    uint32_t inlet;
    leat_graph_init(&graph);
    must(parse(&graph, NULL, "inlet name=in ! rolling size=9 ! gain db=0 ! outlet"));
    must(leat_plan_make(&plan, &graph, NULL, &diag));
    size_t bytes = leat_round_up(leat_engine_bytes(&plan), LEAT_APART);
    void *storage = storage_of(bytes);
    must(leat_engine_init(&engine, &plan, &options, storage, bytes, &diag));
    note(leat_engine_knob(engine, "gain", "db", "6", &diag));
    must(leat_engine_seal(engine, &diag));
    note(leat_engine_start(engine, &diag));
    note(leat_engine_knob(engine, "gian", "db", "6", &diag));
    note(leat_engine_knob(engine, "gain", "db", "600", &diag));
    note(leat_engine_knob(engine, "rolling", "size", "10", &diag));
    size_t n = leat_engine_state_bytes(engine);
    char *block = storage_of(n);
    note(leat_engine_save(engine, block, 10, &diag));
    must(leat_engine_save(engine, block, n, &diag));
    note(leat_engine_load(engine, "nothing", 8, &diag));
    note(leat_engine_load(engine, block, n - 1, &diag));
    must(leat_engine_knob(engine, "gain", "db", "6", &diag));
    note(leat_engine_save(engine, block, n, &diag));
    note(leat_engine_load(engine, block, n, &diag));
    must(leat_inlet_find(engine, "in", &inlet, &diag));
    struct leat_frame *frame = leat_inlet_claim(engine, inlet, NULL);
    must(leat_worker_step(engine, 0, 1, NULL));
    note(leat_engine_save(engine, block, n, &diag));
    note(leat_engine_load(engine, block, n, &diag));
    leat_inlet_release(engine, inlet, frame);
    must(leat_engine_fini(engine, &diag));
    free(block);
    free(storage);
    leat_plan_fini(&plan);
    leat_graph_fini(&graph);
}

/* ---- pools and rings ---- */

static void parts(void)
{
    struct leat_pool *pool;
    struct leat_ring *ring;
    static char memory[4096] LEAT_ALIGNED(LEAT_APART);
    struct leat_pool_options none = {.size = sizeof none, .workers = 1, .payload_bytes = 64};
    struct leat_pool_options many = {.size = sizeof many, .frames = 4096, .workers = 1,
                                     .payload_bytes = 64};
    note(leat_pool_init(&pool, &none, memory, sizeof memory, &diag));
    note(leat_pool_init(&pool, &many, memory, sizeof memory, &diag));
    note(leat_ring_init(&ring, 0, memory, sizeof memory, &diag));
    note(leat_ring_init(&ring, 4096, memory, sizeof memory, &diag));
}

static void broken(void)
{
    static char memory[4096] LEAT_ALIGNED(LEAT_APART);
    struct leat_ring *ring;
    must(leat_ring_init(&ring, 4, memory, sizeof memory, &diag));
    leat_ring_publish(ring, 5); /* more than it has room for */
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        broken();
    graphs();
    plans();
    engines();
    hosts();
    parts();
    return unexpected == 0 && fflush(stdout) == 0 ? 0 : 1;
}
