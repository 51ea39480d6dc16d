/* --stats json: the object that scripts rely on. */
#include "tool.h"

#include "json.h"

#include "witness/witness.h"

/* null: not counted. */
static void add_count(cJSON *object, const char *name, const struct leat_witness *witness,
                      enum leat_witness_kind kind, uint64_t number)
{
    if (leat_witness_sees(witness, kind))
        json_add_u64(object, name, number);
    else
        cJSON_AddNullToObject(object, name);
}

static void add_ns(cJSON *object, const char *name, const struct leat_histogram_summary *ns)
{
    cJSON *of = cJSON_AddObjectToObject(object, name);
    json_add_u64(of, "count", ns->count);
    cJSON_AddNumberToObject(of, "mean", ns->mean);
    json_add_u64(of, "p50", ns->p50);
    json_add_u64(of, "p99", ns->p99);
    json_add_u64(of, "p99.9", ns->p999);
    json_add_u64(of, "max", ns->max);
}

static void add_stages(cJSON *root, const struct report *r)
{
    cJSON *array = cJSON_AddArrayToObject(root, "stages");
    for (uint32_t i = 0; i < r->plan->stages_n; i++) {
        const struct leat_plan_stage *plan = &r->plan->stages[i];
        struct leat_stage_stats s;
        leat_engine_stage(r->engine, i, &s);
        struct stage_cells n;
        stage_cells(r->engine, r->plan, i, &s, &n);
        double spent = s.ns.mean * (double)n.timed;
        cJSON *o = json_add_entry(array);
        cJSON_AddStringToObject(o, "name", s.name);
        cJSON_AddStringToObject(o, "stage", plan->stage->name);
        json_add_u64(o, "worker", s.worker);
        json_add_u64(o, "frames", n.frames);
        json_add_u64(o, "samples", n.samples);
        json_add_u64(o, "frames_out", s.frames_out);
        json_add_u64(o, "samples_out", n.samples_out);
        json_add_u64(o, "samples_lost", n.lost);
        json_add_u64(o, "dropped", s.dropped);
        json_add_u64(o, "rejected", s.rejected);
        json_add_u64(o, "rejected_rows", s.rejected_rows);
        json_add_u64(o, "copied", s.copied);
        json_add_u64(o, "reframed", s.reframed);
        if (plan->keyed != NULL) {
            json_add_u64(o, "keys", s.keys);
            json_add_u64(o, "evicted", s.evicted);
            json_add_u64(o, "expired", s.expired);
        }
        cJSON *counts = s.causes != NULL ? cJSON_AddObjectToObject(o, "counts") : NULL;
        for (uint32_t c = 0; s.causes != NULL && s.causes[c] != NULL; c++)
            json_add_u64(counts, s.causes[c], s.counts[c]);
        add_ns(o, "ns", &s.ns);
        if (s.ns.count != 0 && n.samples != 0)
            cJSON_AddNumberToObject(o, "ns_per_sample", spent / (double)n.samples);
        else /* not measured */
            cJSON_AddNullToObject(o, "ns_per_sample");
    }
}

/* Ports count from 0. edge: its number in "edges"; null: both ends are on one worker. */
static void add_links(cJSON *root, const struct report *r)
{
    cJSON *array = cJSON_AddArrayToObject(root, "links");
    for (uint32_t i = 0; i < r->plan->links_n; i++) {
        const struct leat_plan_link *link = &r->plan->links[i];
        cJSON *o = json_add_entry(array);
        cJSON_AddStringToObject(o, "from", r->plan->stages[link->from].name);
        json_add_u64(o, "out", link->out);
        cJSON_AddStringToObject(o, "to", r->plan->stages[link->to].name);
        json_add_u64(o, "in", link->in);
        cJSON_AddBoolToObject(o, "copies", link->copies);
        if (link->edge != LEAT_NO_EDGE)
            json_add_u64(o, "edge", link->edge);
        else
            cJSON_AddNullToObject(o, "edge");
    }
}

static void add_edges(cJSON *root, const struct report *r)
{
    cJSON *array = cJSON_AddArrayToObject(root, "edges");
    for (uint32_t i = 0; i < r->plan->edges_n; i++) {
        struct leat_edge_stats e;
        leat_engine_edge(r->engine, i, &e);
        cJSON *o = json_add_entry(array);
        cJSON_AddStringToObject(o, "from", r->plan->stages[e.from].name);
        cJSON_AddStringToObject(o, "to", r->plan->stages[e.to].name);
        json_add_u64(o, "capacity", e.capacity);
        json_add_u64(o, "frames", e.frames);
        json_add_u64(o, "stalls", e.stalls);
        add_ns(o, "wait_ns", &e.wait_ns);
    }
}

static void add_pools(cJSON *root, const struct report *r)
{
    cJSON *array = cJSON_AddArrayToObject(root, "pools");
    for (uint32_t i = 0; i < r->plan->pools_n; i++) {
        struct leat_pool_stats p;
        leat_engine_pool(r->engine, i, &p);
        cJSON *o = json_add_entry(array);
        cJSON_AddStringToObject(o, "stage", r->plan->stages[r->plan->pools[i].stage].name);
        json_add_u64(o, "frames", p.frames);
        json_add_u64(o, "payload_bytes", r->plan->pools[i].payload_bytes);
        json_add_u64(o, "in_use", p.in_use);
        json_add_u64(o, "high_water", p.high_water);
        json_add_u64(o, "claims", p.claims);
        json_add_u64(o, "hits", p.hits);
        json_add_u64(o, "misses", p.misses);
        json_add_u64(o, "refused", p.refused);
        cJSON_AddNumberToObject(o, "hit_rate",
                                p.claims != 0 ? (double)p.hits / (double)p.claims : 1);
    }
}

static void add_workers(cJSON *root, const struct report *r)
{
    cJSON *array = cJSON_AddArrayToObject(root, "workers");
    for (uint32_t i = 0; i < r->plan->workers_n; i++) {
        struct leat_worker_stats w;
        struct leat_witness_counts n;
        leat_engine_worker(r->engine, i, &w);
        leat_witness_worker_counts(r->witness, i, &n);
        cJSON *o = json_add_entry(array);
        if (r->plan->pins[i] != LEAT_UNPINNED)
            json_add_u64(o, "pin", r->plan->pins[i]);
        else
            cJSON_AddNullToObject(o, "pin");
        json_add_u64(o, "rounds", w.rounds);
        json_add_u64(o, "idle_rounds", w.idle_rounds);
        json_add_u64(o, "yields", w.yields);
        json_add_u64(o, "parks", w.parks);
        json_add_u64(o, "wakes", w.wakes);
        json_add_u64(o, "waits_ns", w.waits_ns);
        add_ns(o, "chain_ns", &w.chain_ns);
        add_count(o, "allocations_after_seal", r->witness, LEAT_WITNESS_ALLOCATIONS,
                  n.allocations);
        add_count(o, "locks_after_seal", r->witness, LEAT_WITNESS_LOCKS, n.locks);
        add_count(o, "faults_after_seal", r->witness, LEAT_WITNESS_FAULTS, n.faults);
        add_count(o, "syscalls_after_seal", r->witness, LEAT_WITNESS_SYSCALLS, n.syscalls);
    }
}

/* Newest first. frame: its number in the stream, from 0. */
static void add_kept(cJSON *root, const struct report *r)
{
    struct kept_frame kept[REPORT_KEPT_MAX];
    uint32_t n = report_kept(r, kept);
    cJSON *array = cJSON_AddArrayToObject(root, "quarantine");
    for (uint32_t i = 0; i < n; i++) {
        cJSON *o = json_add_entry(array);
        json_add_u64(o, "frame", kept[i].frame->seq);
        cJSON_AddStringToObject(o, "stage", kept[i].stage);
        cJSON_AddStringToObject(o, "why", kept[i].why);
        json_add_u64(o, "rows", kept[i].frame->rows);
        json_add_u64(o, "cols", kept[i].frame->cols);
    }
}

static void add_total(cJSON *root, const struct report *r)
{
    struct leat_engine_stats n;
    struct leat_witness_counts w;
    leat_engine_snapshot(r->engine, &n);
    leat_witness_total(r->witness, &w);
    json_add_u64(root, "frames", n.frames);
    json_add_u64(root, "samples", n.samples);
    cJSON_AddNumberToObject(root, "seconds", n.seconds);
    add_count(root, "allocations_after_seal", r->witness, LEAT_WITNESS_ALLOCATIONS, w.allocations);
    add_count(root, "locks_after_seal", r->witness, LEAT_WITNESS_LOCKS, w.locks);
    add_count(root, "faults_after_seal", r->witness, LEAT_WITNESS_FAULTS, w.faults);
    add_count(root, "syscalls_after_seal", r->witness, LEAT_WITNESS_SYSCALLS, w.syscalls);
    json_add_u64(root, "copied", n.copied);
    json_add_u64(root, "reframed", n.reframed);
    json_add_u64(root, "dropped", n.dropped);
    json_add_u64(root, "rejected", n.rejected);
    cJSON_AddStringToObject(root, "isa", leat_isa_name(r->isa));
    json_add_u64(root, "batch", r->plan->batch);
    cJSON_AddStringToObject(root, "pages", r->pages);
    add_ns(root, "latency_ns", &n.latency_ns);
}

bool report_json(FILE *out, const struct report *r)
{
    cJSON *root = json_begin();
    add_total(root, r);
    add_stages(root, r);
    add_links(root, r);
    add_edges(root, r);
    add_pools(root, r);
    add_workers(root, r);
    add_kept(root, r);
    return json_end(out, root);
}
