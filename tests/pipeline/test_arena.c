/* An engine out of an arena: laid out in it, and a lazy one refused. */
#include "rig.h"

#include <leat/arena.h>

#include <criterion/criterion.h>
#include <string.h>

static struct rig rig;
static struct ledger ledger;

static void chain(void)
{
    memset(&rig, 0, sizeof rig);
    memset(&ledger, 0, sizeof ledger);
    rig.ledger = &ledger;
    leat_graph_init(&rig.graph);
    struct rig_link links[] = {{&rig_source, {.n = 100, .rows = 2, .cols = 8}},
                               {&rig_add, {.add = 1}},
                               {&rig_sink, {0}}};
    cr_assert_eq(rig_chain(&rig, links, 3), LEAT_OK, "%s", rig.diag.text);
    cr_assert_eq(rig_plan(&rig, NULL), LEAT_OK, "%s", rig.diag.text);
}

static struct leat_arena arena_of(enum leat_prefault prefault, size_t more)
{
    struct leat_arena_options options = {.size = sizeof options,
                                         .bytes = leat_engine_bytes(&rig.plan) + more,
                                         .prefault = prefault,
                                         .node = -1};
    struct leat_arena arena;
    cr_assert_eq(leat_arena_init(&arena, &options, &rig.diag), LEAT_OK, "%s", rig.diag.text);
    return arena;
}

Test(engine_arena, runs_where_the_arena_says)
{
    chain();
    struct leat_arena arena = arena_of(LEAT_PREFAULT_ALL, 8192);
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    cr_assert_eq(leat_engine_init_in(&rig.engine, &rig.plan, &options, &arena, &rig.diag), LEAT_OK);
    cr_assert((char *)rig.engine >= arena.base && (char *)rig.engine < arena.base + arena.bytes);
    leat_arena_seal(&arena);
    cr_assert_eq(leat_engine_seal(rig.engine, &rig.diag), LEAT_OK);
    cr_assert_eq(rig_run_threads(&rig), LEAT_OK);
    cr_assert_eq(ledger.frames, 100);
    cr_assert_eq(rig_end(&rig), LEAT_OK);
    leat_arena_fini(&arena);
}

Test(engine_arena, a_lazy_arena_is_refused)
{
    chain();
    struct leat_arena arena = arena_of(LEAT_PREFAULT_LAZY, 8192);
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    cr_assert_eq(leat_engine_init_in(&rig.engine, &rig.plan, &options, &arena, &rig.diag),
                 LEAT_EINVAL);
    cr_assert_str_eq(rig.diag.text, "the arena is lazy; a pipeline wants its pages before it runs: "
                                    "prefault all");
    cr_assert_null(rig.engine);
    cr_assert_eq(leat_arena_mark(&arena), 0, "nothing was taken");
    rig_end(&rig);
    leat_arena_fini(&arena);
}

Test(engine_arena, a_small_arena_is_refused)
{
    chain();
    struct leat_arena arena = arena_of(LEAT_PREFAULT_ALL, 0);
    cr_assert_not_null(leat_arena_take(&arena, 8192, 64, &rig.diag));
    struct leat_engine_options options = {.size = sizeof options, .isa = leat_isa_best()};
    cr_assert_eq(leat_engine_init_in(&rig.engine, &rig.plan, &options, &arena, &rig.diag),
                 LEAT_ENOMEM);
    cr_assert_not_null(strstr(rig.diag.text, "do not fit"));
    rig_end(&rig);
    leat_arena_fini(&arena);
}
