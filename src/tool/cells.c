/* The engine counts columns; people and scripts are told cells, every channel's samples. */
#include "tool.h"

static const struct leat_plan_link *link_into(const struct leat_plan *plan, uint32_t stage,
                                              uint32_t port)
{
    const struct leat_plan_link *link = plan->links;
    while (link->to != stage || link->in != port)
        link++;
    return link;
}

/* The inputs of a join may differ in channels, and the engine adds their columns up: what they were
 * given stands where it came from. */
static uint64_t joined_cells(const struct leat_engine *engine, const struct leat_plan *plan,
                             uint32_t stage)
{
    const struct leat_plan_stage *s = &plan->stages[stage];
    uint64_t cells = 0;
    for (uint32_t port = 0; port < s->ins_n; port++) {
        struct leat_stage_stats from;
        leat_engine_stage(engine, link_into(plan, stage, port)->from, &from);
        cells += from.samples_out * s->ins[port].rows;
    }
    return cells;
}

/* A join that puts the channels of all its inputs into one frame, each sample once. */
static bool side_by_side(const struct leat_plan_stage *s)
{
    uint64_t rows = 0;
    if (s->need.pairing != LEAT_BY_SEQUENCE)
        return false;
    for (uint32_t port = 0; port < s->ins_n; port++)
        rows += s->ins[port].rows;
    return s->ins_n > 1 && rows == s->out.rows;
}

void stage_cells(const struct leat_engine *engine, const struct leat_plan *plan, uint32_t stage,
                 const struct leat_stage_stats *stats, struct stage_cells *cells)
{
    const struct leat_plan_stage *s = &plan->stages[stage];
    bool source = s->stage->ins == 0, sink = s->stage->outs == 0;
    uint32_t rows = source ? s->out.rows : s->in.rows;
    cells->frames = source ? stats->frames_out : stats->frames_in;
    cells->samples = s->ins_n > 1 ? joined_cells(engine, plan, stage)
                                  : (source ? stats->samples_out : stats->samples_in) * rows;
    cells->samples_out = stats->samples_out * (sink ? rows : s->out.rows);
    cells->lost = stats->samples_lost * rows;
    if (side_by_side(s)) /* what did not come out was lost, of whichever input */
        cells->lost =
            cells->samples > cells->samples_out ? cells->samples - cells->samples_out : 0;
    bool in_place = source || s->stage->map != NULL;
    cells->timed = in_place ? cells->frames : stats->frames_out;
}
