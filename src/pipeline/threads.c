#define _GNU_SOURCE
#include "pipeline/fpenv.h"
#include "pipeline/impl.h"
#include "pipeline/warm.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static bool has_begun(const struct leat_engine *e)
{
    return leat_load_relaxed(&e->began) != 0; /* [D3 pairs D3: a time only] */
}

static void note_began(struct leat_engine *e)
{
    if (!has_begun(e))
        leat_store_relaxed(&e->began, leat_clock_ticks(&e->clock) + 1);
}

/* Once for each worker, when it has nothing left to do. */
static void note_ended(struct worker *w)
{
    struct leat_engine *e = w->engine;
    w->ended = true;
    leat_store_relaxed(&e->ended, leat_clock_ticks(&e->clock) + 1); /* the last one stands */
    leat_add_acq_rel(&e->workers_done, 1); /* [D1 pairs D2: all that the worker wrote] */
    event_wake(&e->finished);
    for (uint32_t i = 0; i < e->plan->workers_n; i++) /* who waited for this one looks again */
        if ((event_asleep(&e->sleepers) >> i & 1) != 0)
            event_wake(&e->workers[i].event);
}

/* ---- the wait ladder: spin, yield, park ---- */

/* True when the last look before sleeping found work after all. */
static bool park(struct worker *w)
{
    struct event_set *set = &w->engine->sleepers;
    worker_wait_begin(w);
    uint32_t ticket = event_prepare(set, &w->event, w->number);
    worker_wait_end(w);
    w->awake = false;
    enum round last_look = worker_round(w);
    w->awake = true;
    worker_wait_begin(w);
    /* A stop meanwhile has passed the ticket; a source that waited has done the waiting. */
    if (last_look == ROUND_IDLE && !w->pulled_waited) {
        leat_counter_add(&w->parks, 1);
        event_sleep(set, &w->event, ticket, worker_due_ns(w));
    }
    event_done(set, w->number);
    worker_wait_end(w);
    return last_look == ROUND_WORKED;
}

/* One step down the ladder, after `idle` rounds in vain; returns where it stands now. */
static uint32_t wait_step(struct worker *w, uint32_t idle)
{
    const struct leat_engine_options *o = &w->engine->options;
    if (w->pulled_waited) /* the source has waited in the kernel: no wait on top of it */
        return idle;
    if (idle <= o->spins) {
        leat_pause();
    } else if (idle <= o->spins + o->yields) {
        leat_counter_add(&w->yields, 1);
        worker_wait_begin(w);
        sched_yield();
        worker_wait_end(w);
    } else if (park(w)) {
        return 0;
    }
    return idle;
}

static void work(struct worker *w)
{
    uint32_t idle = 0;
    enum round round;
    w->awake = true;
    while ((round = worker_round(w)) != ROUND_ENDED)
        idle = round == ROUND_WORKED ? 0 : wait_step(w, idle + 1);
}

static void *worker_main(void *argument)
{
    struct worker *w = argument;
    struct leat_engine *e = w->engine;
    uint32_t pin = e->plan->pins[w->number];
    warm_stack();
    fpenv_set(e->options.flush_to_zero);
    int status = pin != LEAT_UNPINNED ? leat_pinner_pin(e->pinner, pin, &w->diag) : LEAT_OK;
    if (status != LEAT_OK)
        worker_fail(w, status);
    const struct leat_watch *watch = e->options.watch;
    if (watch != NULL && watch->worker_begin != NULL)
        watch->worker_begin(watch->user, w->number);
    work(w);
    if (watch != NULL && watch->worker_end != NULL)
        watch->worker_end(watch->user, w->number);
    note_ended(w);
    return NULL;
}

/* On a stack of the system's usual size, which the process's limit may have made too small: all
 * that the process keeps for each thread lies in it, too. */
static int create_thread(struct worker *w)
{
    const size_t least = 8 * WARM_STACK_BYTES;
    pthread_attr_t how;
    size_t bytes;
    int cause = pthread_attr_init(&how);
    if (cause != 0)
        return cause;
    if (pthread_attr_getstacksize(&how, &bytes) == 0 && bytes < least)
        cause = pthread_attr_setstacksize(&how, least);
    if (cause == 0)
        cause = pthread_create(&w->thread, &how, worker_main, w);
    pthread_attr_destroy(&how);
    return cause;
}

static int start_thread(struct worker *w, struct leat_diag *diag)
{
    int cause = create_thread(w);
    if (cause != 0)
        return leat_diag_set(diag, LEAT_ENOMEM, "no thread for worker %u: %s", w->number,
                             strerror(cause));
    w->has_thread = true;
    char name[16];
    snprintf(name, sizeof name, "leat-%u", w->number);
    pthread_setname_np(w->thread, name);
    return LEAT_OK;
}

static int start(struct leat_engine *e, struct leat_diag *diag)
{
    if (!e->sealed || e->started || has_begun(e))
        return leat_diag_set(diag, LEAT_ESTATE,
                             "an engine starts once, after seal and before any step");
    if (e->clock.host_ns != NULL)
        return leat_diag_set(diag, LEAT_ESTATE,
                             "an engine with a clock of the host's is stepped, not started");
    e->started = true;
    note_began(e);
    for (uint32_t i = 0; i < e->plan->workers_n; i++) {
        struct worker *w = &e->workers[i];
        int status = start_thread(w, &w->diag);
        if (status != LEAT_OK) {
            if (diag != NULL)
                *diag = w->diag;
            worker_fail(w, status);
            for (uint32_t k = i; k < e->plan->workers_n; k++)
                leat_add_acq_rel(&e->workers_done, 1); /* [D1 pairs D2: w's diag] */
            return status;
        }
    }
    return LEAT_OK;
}

int leat_engine_start(struct leat_engine *e, struct leat_diag *diag)
{
    ALIVE("leat_engine_start", e);
    PART_ENTER(&e->control_busy, "leat_engine_start: another thread seals, starts or waits");
    int status = start(e, diag);
    PART_LEAVE(&e->control_busy);
    return status;
}

static void join_threads(struct leat_engine *e)
{
    for (uint32_t i = 0; i < e->plan->workers_n; i++)
        if (e->workers[i].has_thread) {
            pthread_join(e->workers[i].thread, NULL);
            e->workers[i].has_thread = false;
        }
}

static int verdict(struct leat_engine *e, struct leat_diag *diag)
{
    uint32_t failed = leat_load_acquire(&e->failed); /* [F2 pairs F1: the diag] */
    if (failed == 0)
        return LEAT_OK;
    const struct leat_diag *why = &e->workers[failed - 1].diag;
    if (diag != NULL)
        *diag = *why;
    return why->code;
}

static int wait_for_end(struct leat_engine *e, uint64_t timeout_ns, struct leat_diag *diag)
{
    if (!has_begun(e))
        return leat_diag_set(diag, LEAT_ESTATE,
                             "nothing to wait for: nobody has started the engine or stepped it");
    uint64_t now = leat_clock_ns();
    uint64_t until = timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
    struct event_set nobody = {.barrier = 1};
    for (;;) {
        uint32_t ticket = event_ticket(&e->finished);
        if (engine_ended(e))
            break;
        if (leat_clock_ns() >= until)
            return 1;
        event_sleep(&nobody, &e->finished, ticket, until);
    }
    join_threads(e);
    return verdict(e, diag);
}

int leat_engine_wait(struct leat_engine *e, uint64_t timeout_ns, struct leat_diag *diag)
{
    ALIVE("leat_engine_wait", e);
    PART_ENTER(&e->control_busy, "leat_engine_wait: another thread seals, starts or waits");
    int status = wait_for_end(e, timeout_ns, diag);
    PART_LEAVE(&e->control_busy);
    return status;
}

void engine_stop(struct leat_engine *e, uint32_t how)
{
    leat_store_relaxed(&e->stop, how); /* [S1 pairs S2: a wish, no data] */
    for (uint32_t i = 0; i < e->plan->workers_n; i++)
        event_wake(&e->workers[i].event);
}

void leat_engine_stop(struct leat_engine *e)
{
    ALIVE("leat_engine_stop", e);
    engine_stop(e, STOP_DRAIN);
}

/* At most batches_max rounds; how many did something. */
static uint32_t step(struct worker *w, uint32_t batches_max, enum round *round)
{
    struct leat_engine *e = w->engine;
    w->ctx.now = leat_clock_ticks(&e->clock); /* the caller may have been away */
    uint32_t did = 0;
    uint64_t environment = fpenv_set(e->options.flush_to_zero);
    *round = w->ended ? ROUND_ENDED : ROUND_WORKED;
    while (*round == ROUND_WORKED && did < batches_max) {
        *round = worker_round(w);
        did += *round == ROUND_WORKED;
    }
    fpenv_restore(environment);
    if (*round == ROUND_ENDED && !w->ended)
        note_ended(w);
    return did;
}

int leat_worker_step(struct leat_engine *e, uint32_t worker, uint32_t batches_max,
                     uint64_t *next_due_ns)
{
    ALIVE("leat_worker_step", e);
    LEAT_REQUIRE_THAT(worker < e->plan->workers_n,
                      "leat_worker_step: the plan has no worker of that number");
    struct worker *w = &e->workers[worker];
    if (!e->sealed || e->started)
        return LEAT_ESTATE;
    PART_ENTER(&w->busy, "leat_worker_step: two threads step one worker at once");
    note_began(e);
    enum round round;
    uint32_t did = step(w, batches_max < INT_MAX ? batches_max : INT_MAX, &round);
    if (round != ROUND_ENDED && next_due_ns != NULL)
        /* nothing else wakes a source that waits by itself */
        *next_due_ns = did != 0 || w->pulled_waited ? leat_clock_now_ns(&e->clock)
                                                    : worker_due_ns(w);
    PART_LEAVE(&w->busy);
    if (round != ROUND_ENDED)
        return (int)did;
    int status = verdict(e, NULL);
    return status != LEAT_OK ? status : LEAT_EEND;
}
