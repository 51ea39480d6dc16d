/* A pipeline that ends in an outlet, stepped by the tool itself, on this thread. */
#define _GNU_SOURCE
#include "tool.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

int through_make(struct through *t, const char *text, const char *const *sets, uint32_t sets_n,
                 struct leat_diag *diag)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_text_options options = {.size = sizeof options, .sets_n = sets_n,
                                        .sets = sets};
    struct leat_limits limits = {.workers = 1};
    struct leat_engine_options how = {.size = sizeof how, .isa = leat_isa_best()};
    *t = (struct through){0};
    leat_graph_init(&t->graph);
    int status = leat_text_parse(&t->graph, leat_catalogue_default(lists), &options, text,
                                 strlen(text), diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&t->plan, &t->graph, &limits, diag);
    if (status != LEAT_OK)
        return status;
    size_t bytes = leat_round_up(leat_engine_bytes(&t->plan), LEAT_APART);
    t->storage = aligned_alloc(LEAT_APART, bytes);
    if (t->storage == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for an engine of %zu bytes", bytes);
    status = leat_engine_init(&t->engine, &t->plan, &how, t->storage, bytes, diag);
    if (status == LEAT_OK)
        status = leat_engine_seal(t->engine, diag);
    return status == LEAT_OK ? leat_outlet_find(t->engine, "outlet", &t->outlet, diag) : status;
}

const struct leat_shape *through_shape(const struct through *t)
{
    return &t->plan.stages[t->plan.stages_n - 1].in;
}

uint32_t through_take(struct through *t, struct leat_frame **frames, uint32_t most)
{
    uint32_t n = leat_outlet_take(t->engine, t->outlet, frames, most, &t->ended);
    if (n == 0 && !t->ended && leat_worker_step(t->engine, 0, 4, NULL) == 0)
        sched_yield();
    return n;
}

void through_give_back(struct through *t, struct leat_frame **frames, uint32_t n)
{
    leat_outlet_release(t->engine, t->outlet, frames, n);
}

int through_end(struct through *t, struct leat_diag *diag)
{
    return t->ended ? leat_engine_wait(t->engine, 0, diag) : LEAT_OK;
}

bool through_fini(struct through *t)
{
    bool home = t->engine == NULL || leat_engine_fini(t->engine, NULL) == LEAT_OK;
    free(t->storage);
    leat_plan_fini(&t->plan);
    leat_graph_fini(&t->graph);
    return home;
}
