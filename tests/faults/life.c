#include "life.h"

#include <leat/arena.h>

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

int live_on(const struct leat_graph *graph, const struct leat_limits *limits,
            struct leat_diag *diag)
{
    const struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    struct leat_plan plan = {0};
    struct leat_arena arena = {0};
    struct leat_engine *engine = NULL;
    int status = leat_plan_make(&plan, graph, limits, diag);
    size_t bytes = status == LEAT_OK ? leat_engine_bytes(&plan) : 0;
    const struct leat_arena_options o = {
        .size = sizeof o, .bytes = bytes + LEAT_APART, .node = -1};
    if (status == LEAT_OK)
        status = leat_arena_init(&arena, &o, diag);
    if (status == LEAT_OK)
        status = leat_engine_init_in(&engine, &plan, &options, &arena, diag);
    if (status == LEAT_OK)
        status = run(engine, diag);
    leat_arena_fini(&arena);
    leat_plan_fini(&plan);
    return status;
}
