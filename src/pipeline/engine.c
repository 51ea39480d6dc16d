#define _GNU_SOURCE
#include "pipeline/fpenv.h"
#include "pipeline/impl.h"
#include "pipeline/warm.h"

#include <sched.h>
#include <string.h>

#define DRAIN_NS UINT64_C(1000000) /* how often fini empties the outlets while workers drain */
#define PATIENCE_NS UINT64_C(5000000000) /* so long in vain, and the workers leave as they are */

/* What the hot path reads of each stage: the header of its new frames, its function and state. */
static void prepare_stages(struct leat_engine *e)
{
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        const struct leat_plan_stage *s = &e->plan->stages[i];
        e->steps[i] = (struct step){
            .map = s->stage->map,
            .state = e->stages[i].state,
            .special = step_special(s),
        };
        if (s->quota != UINT32_MAX)
            e->stages[i].blank = (struct leat_frame){.time_ns = LEAT_TIME_NONE,
                                                     .rows = s->out.rows,
                                                     .stride = e->plan->pools[s->quota].stride,
                                                     .schema = (uint16_t)i,
                                                     .kind = (uint8_t)s->out.kind,
                                                     .owner = i};
    }
}

/* What init makes; behind a key, the one that every key's state is a copy of. */
static void *own_state(struct leat_engine *e, uint32_t stage)
{
    const struct leat_plan_keyed *keyed = e->plan->stages[stage].keyed;
    return (char *)e->stages[stage].state + (keyed != NULL ? keyed->fresh_at : 0);
}

static void end_stages(struct leat_engine *e)
{
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        const struct leat_stage *stage = e->plan->stages[i].stage;
        if (e->stages[i].begun && stage->fini != NULL)
            stage->fini(own_state(e, i));
        e->stages[i].begun = false;
    }
}

static int begin_stages(struct leat_engine *e, struct leat_diag *diag)
{
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        const struct leat_plan_stage *s = &e->plan->stages[i];
        if (s->stage->init == NULL)
            continue;
        e->stages[i].begun = true;
        int status =
            s->stage->init(own_state(e, i), s->options, plan_shown(s), plan_said(s), diag);
        if (status != LEAT_OK) {
            struct leat_value_place place = {s->line, s->column};
            if (diag != NULL && diag->file[0] == 0)
                stage_place(s->stage, s->file, place, s->values, diag);
            return status;
        }
        if (e->stages[i].begun_state != NULL)
            memcpy(e->stages[i].begun_state, e->stages[i].state, s->need.state_bytes);
    }
    return LEAT_OK;
}

/* Where workers share processors, who spins keeps the one away that it waits for. */
static uint32_t default_spins(uint32_t workers)
{
    cpu_set_t usable;
    bool shared = sched_getaffinity(0, sizeof usable, &usable) == 0 &&
                  (uint32_t)CPU_COUNT(&usable) < workers;
    return shared ? 1 : 200;
}

/* Where a stage asked for the processor that cannot be had. */
static void place_core(const struct leat_plan *plan, uint32_t pu, struct leat_diag *diag)
{
    for (uint32_t i = 0; i < plan->stages_n; i++) {
        const struct leat_plan_stage *s = &plan->stages[i];
        uint32_t value = s->stage->params_n + LEAT_COMMON_CORE;
        if (s->core == pu && s->values != NULL && s->values[value].line != 0) {
            leat_diag_at(diag, s->file, s->values[value].line, s->values[value].column);
            return;
        }
    }
}

/* The machine is opened once for all workers, and only for a plan that pins. */
static int open_pinner(struct leat_engine *e, struct leat_diag *diag)
{
    int status = LEAT_OK;
    for (uint32_t i = 0; i < e->plan->workers_n && status == LEAT_OK; i++) {
        uint32_t pu = e->plan->pins[i];
        if (pu == LEAT_UNPINNED)
            continue;
        if (e->pinner == NULL)
            status = leat_pinner_open(&e->pinner, diag);
        if (status == LEAT_ESTATE)
            leat_diag_set(diag, LEAT_ESTATE,
                          "worker %u cannot be pinned to processor %u: HWLOC_SYNTHETIC or a file "
                          "imitates another machine; unset it or leave the pins out",
                          i, pu);
        if (status == LEAT_OK)
            status = leat_pinner_check(e->pinner, pu, diag);
        if (status != LEAT_OK)
            place_core(e->plan, pu, diag);
    }
    return status;
}

int leat_engine_init(struct leat_engine **engine, const struct leat_plan *plan,
                     const struct leat_engine_options *options, void *storage, size_t bytes,
                     struct leat_diag *diag)
{
    LEAT_GIVEN("leat_engine_init", engine, "engine");
    LEAT_GIVEN("leat_engine_init", plan, "plan");
    *engine = NULL;
    if (options == NULL || options->size != sizeof *options)
        return leat_diag_set(diag, LEAT_EINVAL, "leat_engine_options: size is %u, not %zu as here",
                             options == NULL ? 0 : options->size, sizeof *options);
    if (!leat_isa_usable(options->isa))
        return leat_diag_set(diag, LEAT_EINVAL, "this machine cannot run the %s instruction set",
                             leat_isa_name(options->isa));
    size_t need = leat_engine_bytes(plan);
    if (need == 0)
        return leat_diag_set(diag, LEAT_ERANGE, "the engine's size overflows");
    if (storage == NULL || bytes < need || (uintptr_t)storage % LEAT_APART != 0)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "the engine takes %zu bytes aligned to %d, %zu given", need,
                             LEAT_APART, bytes);
    struct leat_engine *e;
    int status = engine_lay_out(&e, plan, storage, diag);
    if (status != LEAT_OK)
        return status;
    e->options = *options;
    if (e->options.spins == 0)
        e->options.spins = default_spins(plan->workers_n);
    if (e->options.yields == 0)
        e->options.yields = 20;
    e->storage = storage;
    e->storage_bytes = need;
    if (options->clock_ns != NULL)
        leat_clock_host(&e->clock, options->clock_ns);
    else
        leat_clock_init(&e->clock);
    event_set_init(&e->sleepers);
    event_init(&e->finished);
    for (uint32_t i = 0; i < plan->workers_n; i++) {
        e->workers[i].ctx.isa = options->isa;
        e->workers[i].ctx.tuning = plan->tuning;
    }
    engine_cut(e);
    prepare_stages(e);
    status = open_pinner(e, diag);
    if (status == LEAT_OK)
        status = begin_stages(e, diag);
    if (status != LEAT_OK) {
        end_stages(e);
        leat_pinner_close(e->pinner);
        return status;
    }
    e->alive = ENGINE_ALIVE;
    *engine = e;
    return LEAT_OK;
}

int leat_engine_init_in(struct leat_engine **engine, const struct leat_plan *plan,
                        const struct leat_engine_options *options, struct leat_arena *arena,
                        struct leat_diag *diag)
{
    LEAT_GIVEN("leat_engine_init_in", engine, "engine");
    LEAT_GIVEN("leat_engine_init_in", plan, "plan");
    LEAT_GIVEN("leat_engine_init_in", arena, "arena");
    *engine = NULL;
    bool lazy = arena->pages != NULL && !arena->prefaulted;
    if (lazy)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "the arena is lazy; a pipeline wants its pages before it runs: "
                             "prefault all");
    size_t bytes = leat_engine_bytes(plan);
    void *storage = bytes != 0 ? leat_arena_take(arena, bytes, LEAT_APART, diag) : NULL;
    if (storage == NULL)
        return bytes != 0 ? LEAT_ENOMEM
                          : leat_diag_set(diag, LEAT_ERANGE, "the engine's size overflows");
    return leat_engine_init(engine, plan, options, storage, bytes, diag);
}

/* Every frame of every pool passes once through a magazine and the depot; its generations then
 * start beyond the salt, its counters at zero again. */
static int turn_pools(struct leat_engine *e, struct leat_diag *diag)
{
    for (uint32_t i = 0; i < e->plan->pools_n; i++) {
        struct leat_pool *pool = e->pools[i];
        struct leat_frame *first = NULL, *frame;
        uint32_t n = 0;
        while ((frame = leat_pool_claim(pool, 0)) != NULL) {
            frame->key = (uint64_t)(uintptr_t)first; /* a list through the claimed frames */
            first = frame;
            n++;
        }
        if (n != pool->frames)
            return leat_diag_set(diag, LEAT_ESTATE, "pool %u gave %u of its %u frames", i, n,
                                 pool->frames);
        while (first != NULL) {
            frame = (struct leat_frame *)(uintptr_t)first->key;
            if (leat_pool_release(pool, 0, first->tag) != LEAT_OK)
                return leat_diag_set(diag, LEAT_ESTATE, "pool %u refused its own frame", i);
            first = frame;
        }
        leat_pool_flush(pool, 0);
        leat_pool_forget(pool);
    }
    return LEAT_OK;
}

int leat_engine_seal(struct leat_engine *e, struct leat_diag *diag)
{
    ALIVE("leat_engine_seal", e);
    if (e->sealed)
        return leat_diag_set(diag, LEAT_ESTATE, "the engine is sealed already");
    PART_ENTER(&e->control_busy, "leat_engine_seal: another thread seals, starts or waits");
    warm_memory(e->storage, e->storage_bytes);
    int status = turn_pools(e, diag);
    if (status == LEAT_OK)
        warm_code();
    e->sealed = status == LEAT_OK;
    PART_LEAVE(&e->control_busy);
    return status;
}

/* What a host published after the engine had stopped: nobody will take it any more. */
static void empty_inlets(struct leat_engine *e)
{
    for (uint32_t i = e->plan->edges_n; i < e->edges_n; i++) {
        leat_handle handle;
        while (e->edges[i].from == UINT32_MAX && (handle = leat_ring_pop(e->edges[i].ring)) != 0) {
            leat_counter_add(&e->stages[e->edges[i].to].dropped, 1);
            (void)leat_pool_release(engine_pool(e, handle), 0, handle);
        }
    }
}

/* What the host has not taken from its outlets, and would keep the workers for ever. */
static void empty_outlets(struct leat_engine *e)
{
    for (uint32_t door = 0; door < e->doors_n; door++) {
        const struct edge_record *edge = &e->edges[e->plan->edges_n + door];
        struct leat_frame *frames[16];
        uint32_t n;
        while (edge->to == UINT32_MAX && (n = leat_outlet_take(e, door, frames, 16, NULL)) != 0) {
            leat_counter_add(&e->stages[edge->from].dropped, n);
            leat_outlet_release(e, door, frames, n);
        }
    }
}

static int check_home(struct leat_engine *e, struct leat_diag *diag)
{
    for (uint32_t i = 0; i < e->plan->pools_n; i++) {
        struct leat_pool_counts counts;
        leat_pool_snapshot(e->pools[i], &counts);
        if (counts.in_use != 0)
            return leat_diag_set(diag, LEAT_ESTATE, "%u frames of %s did not come home",
                                 counts.in_use,
                                 e->plan->stages[e->plan->pools[i].stage].name);
    }
    return LEAT_OK;
}

/* The host may hold frames that a stage waits for: then nothing moves, and waiting is in vain. */
static void drain(struct leat_engine *e)
{
    uint64_t moved = 0, since = leat_clock_ns();
    while (leat_engine_wait(e, DRAIN_NS, NULL) == 1) {
        empty_outlets(e);
        uint64_t rounds = 0, now = leat_clock_ns();
        for (uint32_t i = 0; i < e->plan->workers_n; i++)
            rounds += leat_counter_get(&e->workers[i].rounds);
        since = rounds == moved ? since : now;
        moved = rounds;
        if (now - since > PATIENCE_NS)
            engine_stop(e, STOP_NOW);
    }
}

/* The parts that others work in when the engine ends under them. */
static void check_left(const struct leat_engine *e)
{
    LEAT_REQUIRE_THAT(leat_load_relaxed(&e->control_busy) == 0,
                      "leat_engine_fini: another thread seals, starts or waits");
    for (uint32_t i = 0; i < e->plan->workers_n; i++)
        LEAT_REQUIRE_THAT(leat_load_relaxed(&e->workers[i].busy) == 0,
                          "leat_engine_fini: a worker is being stepped");
    for (uint32_t i = e->plan->edges_n; i < e->edges_n; i++)
        LEAT_REQUIRE_THAT(leat_load_relaxed(&e->edges[i].busy) == 0,
                          "leat_engine_fini: an inlet or outlet is in use");
    (void)e;
}

int leat_engine_fini(struct leat_engine *e, struct leat_diag *diag)
{
    if (e == NULL)
        return LEAT_OK;
    ALIVE("leat_engine_fini", e);
    check_left(e);
    bool ran = e->started || leat_load_relaxed(&e->began) != 0;
    if (e->started) {
        leat_engine_stop(e);
        drain(e);
    }
    bool complete = engine_ended(e);
    end_stages(e);
    leat_pinner_close(e->pinner);
    e->pinner = NULL;
    if (complete) {
        empty_inlets(e);
        empty_outlets(e);
    }
    /* A run that failed or was left in the middle has frames under way; that is not a leak. */
    /* [F2 pairs F1: the diag] */
    bool proof = ran && complete && leat_load_acquire(&e->failed) == 0;
    e->alive = 0;
    return proof ? check_home(e, diag) : LEAT_OK;
}
