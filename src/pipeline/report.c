/* Snapshots: counters are read, nobody is stopped. */
#include "pipeline/impl.h"

#include <string.h>

static double seconds_of(const struct leat_engine *e)
{
    uint64_t began = leat_load_relaxed(&e->began); /* [D3 pairs D3: a time only] */
    if (began == 0)
        return 0;
    uint64_t now = leat_clock_ticks(&e->clock) + 1;
    uint64_t end = engine_ended(e) ? leat_load_relaxed(&e->ended) : now;
    return end > began ? (double)(end - began) * e->clock.ns_per_tick * 1e-9 : 0;
}

/* The segment that runs the stage, as its head or one of its maps; NULL for an outlet or a tee,
 * which are how one ends. */
static const struct segment *segment_of(const struct leat_engine *e, uint32_t stage)
{
    const struct segment *s = e->stages[stage].segment;
    return stage < s->maps_begin || stage < s->maps_end ? s : NULL;
}

/* Counters order nothing, so a loss may be seen before what it was lost from. */
static uint64_t at_least(uint64_t given, uint64_t lost)
{
    return given > lost ? given : lost;
}

/* What came in: what the segment's head gave, less what the stages before this one took away.
 * Losses are read first: what was lost by then was given before. */
static void count_flow(const struct leat_engine *e, uint32_t stage, struct leat_stage_stats *stats)
{
    const struct stage_record *r = &e->stages[stage];
    const struct segment *s = segment_of(e, stage);
    const uint64_t lost = stats->dropped + stats->rejected;
    const uint64_t samples_lost = stats->samples_lost = leat_counter_get(&r->samples_lost);
    if (s == NULL || stage < s->maps_begin) { /* a head, an outlet or a tee */
        stats->frames_in = at_least(leat_counter_get(&r->frames_in), lost);
        stats->samples_in = at_least(leat_counter_get(&r->samples_in), samples_lost);
        bool tee = is_tee(&e->plan->stages[stage]);
        stats->frames_out = s != NULL ? leat_counter_get(&s->frames_given)
                            : tee     ? stats->frames_in
                                      : 0;
        stats->samples_out = s != NULL ? leat_counter_get(&s->samples_given)
                             : tee     ? stats->samples_in
                                       : 0;
        return;
    }
    uint64_t frames_before = 0, samples_before = 0;
    for (uint32_t i = s->maps_begin; i < stage; i++) {
        const struct stage_record *before = &e->stages[i];
        frames_before += leat_counter_get(&before->dropped) + leat_counter_get(&before->rejected);
        samples_before += leat_counter_get(&before->samples_lost);
        samples_before -= leat_counter_get(&before->samples_made);
    }
    uint64_t frames = leat_counter_get(&s->frames_given);
    uint64_t samples = leat_counter_get(&s->samples_given);
    stats->frames_in = at_least(frames, frames_before + lost) - frames_before;
    stats->samples_in = samples - samples_before; /* may be negative for the reason above */
    if ((int64_t)stats->samples_in < (int64_t)samples_lost)
        stats->samples_in = samples_lost;
    stats->frames_out = stats->frames_in - lost;
    stats->samples_out =
        stats->samples_in - samples_lost + leat_counter_get(&r->samples_made);
}

void leat_engine_stage(const struct leat_engine *e, uint32_t stage, struct leat_stage_stats *stats)
{
    ALIVE("leat_engine_stage", e);
    LEAT_GIVEN("leat_engine_stage", stats, "stats");
    LEAT_REQUIRE_THAT(stage < e->plan->stages_n,
                      "leat_engine_stage: the plan has no stage of that number");
    const struct stage_record *r = &e->stages[stage];
    const struct leat_plan_stage *s = &e->plan->stages[stage];
    *stats = (struct leat_stage_stats){
        .name = s->name,
        .worker = s->worker,
        .dropped = leat_counter_get(&r->dropped),
        .rejected = leat_counter_get(&r->rejected),
        .rejected_rows = leat_counter_get(&r->rejected_rows),
        .copied = leat_counter_get(&r->copied),
        .reframed = leat_counter_get(&r->reframed),
        .keys = (uint64_t)leat_gauge_get(&r->keys),
        .evicted = leat_counter_get(&r->evicted),
        .expired = leat_counter_get(&r->expired),
        .causes = s->stage->counts,
    };
    for (uint32_t i = 0; i < LEAT_COUNTS_MAX; i++)
        stats->counts[i] = leat_counter_get(&r->counts[i]);
    count_flow(e, stage, stats);
    leat_histogram_snapshot(&r->ns, &stats->ns);
}

void leat_engine_edge(const struct leat_engine *e, uint32_t edge, struct leat_edge_stats *stats)
{
    ALIVE("leat_engine_edge", e);
    LEAT_GIVEN("leat_engine_edge", stats, "stats");
    LEAT_REQUIRE_THAT(edge < e->edges_n,
                      "leat_engine_edge: the engine has no edge of that number");
    const struct edge_record *r = &e->edges[edge];
    *stats = (struct leat_edge_stats){
        .from = r->from,
        .to = r->to,
        .capacity = r->ring->capacity,
        .frames = leat_counter_get(&r->frames),
        .stalls = leat_counter_get(&r->stalls),
    };
    leat_histogram_snapshot(&r->wait_ns, &stats->wait_ns);
}

void leat_engine_pool(const struct leat_engine *e, uint32_t pool, struct leat_pool_stats *stats)
{
    ALIVE("leat_engine_pool", e);
    LEAT_GIVEN("leat_engine_pool", stats, "stats");
    LEAT_REQUIRE_THAT(pool < e->plan->pools_n,
                      "leat_engine_pool: the plan has no pool of that number");
    struct leat_pool_counts counts;
    leat_pool_snapshot(e->pools[pool], &counts);
    *stats = (struct leat_pool_stats){
        .frames = e->pools[pool]->frames,
        .in_use = counts.in_use,
        .high_water = counts.high_water,
        .claims = counts.claims,
        .hits = counts.claims > counts.misses ? counts.claims - counts.misses : 0,
        .misses = counts.misses,
        .refused = counts.refused,
    };
}

void leat_engine_worker(const struct leat_engine *e, uint32_t worker,
                        struct leat_worker_stats *stats)
{
    ALIVE("leat_engine_worker", e);
    LEAT_GIVEN("leat_engine_worker", stats, "stats");
    LEAT_REQUIRE_THAT(worker < e->plan->workers_n,
                      "leat_engine_worker: the plan has no worker of that number");
    const struct worker *w = &e->workers[worker];
    *stats = (struct leat_worker_stats){
        .rounds = leat_counter_get(&w->rounds),
        .idle_rounds = leat_counter_get(&w->idle_rounds),
        .yields = leat_counter_get(&w->yields),
        .parks = leat_counter_get(&w->parks),
        .wakes = leat_counter_get(&w->wakes_sent),
        .waits_ns = leat_clock_span_ns(&e->clock, leat_counter_get(&w->waits_ticks)),
    };
    leat_histogram_snapshot(&w->chain_ns, &stats->chain_ns);
}

/* Over all workers whose chains end at a sink. */
static void sum_latency(const struct leat_engine *e, struct leat_histogram_summary *summary)
{
    struct leat_histogram all;
    memset(&all, 0, sizeof all);
    for (uint32_t i = 0; i < e->plan->workers_n; i++)
        leat_histogram_merge(&all, &e->workers[i].latency_ns);
    leat_histogram_snapshot(&all, summary);
}

void leat_engine_snapshot(const struct leat_engine *e, struct leat_engine_stats *stats)
{
    ALIVE("leat_engine_snapshot", e);
    LEAT_GIVEN("leat_engine_snapshot", stats, "stats");
    memset(stats, 0, sizeof *stats);
    sum_latency(e, &stats->latency_ns); /* what arrived and what was lost before what was given */
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        const struct stage_record *r = &e->stages[i];
        stats->copied += leat_counter_get(&r->copied);
        stats->reframed += leat_counter_get(&r->reframed);
        stats->dropped += leat_counter_get(&r->dropped);
        stats->rejected += leat_counter_get(&r->rejected) + leat_counter_get(&r->rejected_rows);
    }
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        const struct leat_plan_stage *s = &e->plan->stages[i];
        if (s->stage->ins != 0)
            continue;
        const struct segment *segment = segment_of(e, i);
        stats->frames += leat_counter_get(&segment->frames_given);
        stats->samples += leat_counter_get(&segment->samples_given) * s->out.rows;
    }
    stats->seconds = seconds_of(e);
}

double leat_engine_progress(const struct leat_engine *e)
{
    ALIVE("leat_engine_progress", e);
    double share = -1;
    for (uint32_t i = 0; i < e->plan->stages_n; i++) {
        uint64_t all = leat_load_relaxed(&e->stages[i].progress_all); /* [M5 pairs M4] a level */
        uint64_t at = leat_load_relaxed(&e->stages[i].progress);
        double one = all != 0 ? (double)at / (double)all : -1;
        if (one >= 0 && (share < 0 || one < share)) /* the slowest source says how long it takes */
            share = one;
    }
    return share > 1 ? 1 : share;
}

static const struct leat_frame *quarantined_at(const struct leat_engine *e, const struct worker *w,
                                               uint32_t slot)
{
    return (const struct leat_frame *)((const char *)w->quarantine + slot * e->quarantine_bytes);
}

/* The newest copy of any worker that came before order `*before`, which becomes its own. */
static const struct leat_frame *newest_before(const struct leat_engine *e, uint64_t *before)
{
    const struct leat_frame *best = NULL;
    uint64_t best_order = 0;
    for (uint32_t i = 0; i < e->plan->workers_n; i++) {
        const struct worker *w = &e->workers[i];
        uint64_t n = leat_counter_get(&w->quarantined);
        uint64_t kept = n < e->plan->quarantine ? n : e->plan->quarantine;
        for (uint32_t k = 0; k < kept; k++)
            if (w->quarantine_order[k] < *before && w->quarantine_order[k] > best_order) {
                best_order = w->quarantine_order[k];
                best = quarantined_at(e, w, k);
            }
    }
    *before = best_order;
    return best;
}

uint32_t leat_engine_quarantined(const struct leat_engine *e, const struct leat_frame **frames,
                                 uint32_t n)
{
    uint32_t got = 0;
    uint64_t order = UINT64_MAX;
    const struct leat_frame *frame;
    ALIVE("leat_engine_quarantined", e);
    LEAT_GIVEN("leat_engine_quarantined", frames, "frames");
    if (!engine_ended(e)) /* the copies are the workers' until then */
        return 0;
    while (got < n && got < e->plan->quarantine && (frame = newest_before(e, &order)) != NULL)
        frames[got++] = frame;
    return got;
}
