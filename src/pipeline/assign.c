/* Who runs what. Stages that follow a core= run on a worker of that processor, one for each that is
 * named; the others are shared out among the workers that the limits allow. */
#include "pipeline/build.h"

/* A stage that waits for the outside is given a worker of its own first. */
#define WEIGHT_WAITS 4u

static bool is_free(const struct leat_plan_stage *s)
{
    return s->core == LEAT_NO_CORE;
}

static uint32_t weight(const struct leat_plan_stage *s)
{
    return s->stage->ins == 0 && (s->stage->traits & LEAT_WAITS) != 0 ? WEIGHT_WAITS : 1;
}

/* Contiguous groups of about equal weight; every worker gets at least one stage. */
static void share_out(struct leat_plan *p, uint32_t wanted)
{
    uint64_t total = 0, before = 0;
    uint32_t left = 0, last = 0; /* stages to come; one for each worker still to come */
    for (uint32_t i = 0; i < p->stages_n; i++) {
        total += is_free(&p->stages[i]) ? weight(&p->stages[i]) : 0;
        left += is_free(&p->stages[i]);
    }
    p->workers_n = 0;
    for (uint32_t i = 0; i < p->stages_n; i++) {
        if (!is_free(&p->stages[i]))
            continue;
        uint32_t worker = (uint32_t)(before * wanted / total);
        bool first = p->workers_n == 0;
        if (!first && worker > last + 1)
            worker = last + 1;
        if (!first && wanted > last + 1 && left <= wanted - 1 - last)
            worker = last + 1;
        if (is_queue(&p->stages[i])) /* beside what it must not hold up */
            worker = last;
        p->stages[i].worker = last = worker;
        p->workers_n = last + 1;
        before += weight(&p->stages[i]);
        left--;
    }
}

/* A stage without a core of its own follows its first input. */
static int spread_cores(struct builder *b)
{
    struct leat_plan *p = b->plan;
    for (uint32_t i = 0; i < p->stages_n; i++) {
        struct leat_plan_stage *s = &p->stages[i];
        if (!is_free(s) && is_queue(s))
            return build_at(b, s->node,
                            leat_diag_set(b->diag, LEAT_EINVAL,
                                          "core: %s stays beside what feeds it; give core= to the "
                                          "stage behind it",
                                          s->name));
        if (is_free(s) && s->ins_n != 0)
            s->core = p->stages[plan_link_into(p, i, 0)->from].core;
    }
    return LEAT_OK;
}

static int pin(struct builder *b, const uint32_t *pins, uint32_t pins_n, uint32_t i)
{
    struct leat_plan *p = b->plan;
    struct leat_plan_stage *s = &p->stages[i];
    for (uint32_t w = 0; w < pins_n; w++)
        if (pins[w] == s->core)
            return build_at(b, s->node,
                            leat_diag_set(b->diag, LEAT_EINVAL,
                                          "core: worker %u is pinned to processor %u already; "
                                          "leave that pin or core= out",
                                          w, s->core));
    for (uint32_t before = 0; before < i; before++)
        if (p->stages[before].core == s->core) {
            s->worker = p->stages[before].worker;
            return LEAT_OK;
        }
    if (p->workers_n == LEAT_WORKERS_MAX)
        return build_at(b, s->node,
                        leat_diag_set(b->diag, LEAT_ELIMIT,
                                      "core: one worker more than the %u that there can be",
                                      LEAT_WORKERS_MAX));
    s->worker = p->workers_n++;
    p->pins[s->worker] = s->core;
    return LEAT_OK;
}

int build_workers(struct builder *b, const struct leat_limits *limits)
{
    struct leat_plan *p = b->plan;
    int status = spread_cores(b);
    if (status != LEAT_OK)
        return status;
    uint32_t wanted = limits->workers == 0 ? 1 : limits->workers;
    share_out(p, wanted);
    /* There may be fewer free stages than workers: the pins of the others bind nobody. */
    uint32_t pins_n = limits->pins != NULL ? p->workers_n : 0;
    for (uint32_t w = 0; w < LEAT_WORKERS_MAX; w++)
        p->pins[w] = w < pins_n ? limits->pins[w] : LEAT_UNPINNED;
    for (uint32_t i = 0; status == LEAT_OK && i < p->stages_n; i++)
        if (!is_free(&p->stages[i]))
            status = pin(b, limits->pins, pins_n, i);
    return status;
}
