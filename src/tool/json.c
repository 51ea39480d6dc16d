/* --stats json: the object that scripts rely on. */
#include "tool.h"

#include "witness/witness.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

/* cJSON leaves out what it has no memory for; half an object must not pass for a whole one. */
static bool exhausted;

static void *take(size_t bytes)
{
    void *memory = malloc(bytes);
    exhausted |= memory == NULL;
    return memory;
}

/* cJSON keeps numbers as doubles: whole ones go in as text, exact over all 64 bits. */
static void add_u64(cJSON *object, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    cJSON_AddRawToObject(object, name, text);
}

/* null: not counted. */
static void add_count(cJSON *object, const char *name, const struct leat_witness *witness,
                      enum leat_witness_kind kind, uint64_t number)
{
    if (leat_witness_sees(witness, kind))
        add_u64(object, name, number);
    else
        cJSON_AddNullToObject(object, name);
}

static void add_ns(cJSON *object, const char *name, const struct leat_histogram_summary *ns)
{
    cJSON *of = cJSON_AddObjectToObject(object, name);
    add_u64(of, "count", ns->count);
    cJSON_AddNumberToObject(of, "mean", ns->mean);
    add_u64(of, "p50", ns->p50);
    add_u64(of, "p99", ns->p99);
    add_u64(of, "p99.9", ns->p999);
    add_u64(of, "max", ns->max);
}

/* A new object at the end of an array. */
static cJSON *add_entry(cJSON *array)
{
    cJSON *entry = cJSON_CreateObject();
    if (entry != NULL && !cJSON_AddItemToArray(array, entry)) {
        cJSON_Delete(entry);
        entry = NULL;
    }
    return entry;
}

static void add_stages(cJSON *root, const struct report *r)
{
    cJSON *array = cJSON_AddArrayToObject(root, "stages");
    for (uint32_t i = 0; i < r->plan->stages_n; i++) {
        const struct leat_plan_stage *plan = &r->plan->stages[i];
        struct leat_stage_stats s;
        leat_engine_stage(r->engine, i, &s);
        bool source = plan->stage->ins == 0;
        uint32_t rows = source ? plan->out.rows : plan->in.rows;
        uint64_t frames = source ? s.frames_out : s.frames_in;
        uint64_t cells = (source ? s.samples_out : s.samples_in) * rows;
        double spent = s.ns.mean * (double)frames;
        cJSON *o = add_entry(array);
        cJSON_AddStringToObject(o, "name", s.name);
        cJSON_AddStringToObject(o, "stage", plan->stage->name);
        add_u64(o, "worker", s.worker);
        add_u64(o, "frames", frames);
        add_u64(o, "samples", cells);
        add_u64(o, "frames_out", s.frames_out);
        add_u64(o, "samples_out", s.samples_out * (plan->stage->outs != 0 ? plan->out.rows : rows));
        add_u64(o, "dropped", s.dropped);
        add_u64(o, "rejected", s.rejected);
        add_u64(o, "rejected_rows", s.rejected_rows);
        add_u64(o, "copied", s.copied);
        add_u64(o, "reframed", s.reframed);
        add_ns(o, "ns", &s.ns);
        cJSON_AddNumberToObject(o, "ns_per_sample", cells != 0 ? spent / (double)cells : 0);
    }
}

static void add_edges(cJSON *root, const struct report *r)
{
    cJSON *array = cJSON_AddArrayToObject(root, "edges");
    for (uint32_t i = 0; i < r->plan->edges_n; i++) {
        struct leat_edge_stats e;
        leat_engine_edge(r->engine, i, &e);
        cJSON *o = add_entry(array);
        cJSON_AddStringToObject(o, "from", r->plan->stages[e.from].name);
        cJSON_AddStringToObject(o, "to", r->plan->stages[e.to].name);
        add_u64(o, "capacity", e.capacity);
        add_u64(o, "frames", e.frames);
        add_u64(o, "stalls", e.stalls);
        add_ns(o, "wait_ns", &e.wait_ns);
    }
}

static void add_pools(cJSON *root, const struct report *r)
{
    cJSON *array = cJSON_AddArrayToObject(root, "pools");
    for (uint32_t i = 0; i < r->plan->pools_n; i++) {
        struct leat_pool_stats p;
        leat_engine_pool(r->engine, i, &p);
        cJSON *o = add_entry(array);
        cJSON_AddStringToObject(o, "stage", r->plan->stages[r->plan->pools[i].stage].name);
        add_u64(o, "frames", p.frames);
        add_u64(o, "payload_bytes", r->plan->pools[i].payload_bytes);
        add_u64(o, "in_use", p.in_use);
        add_u64(o, "high_water", p.high_water);
        add_u64(o, "claims", p.claims);
        add_u64(o, "hits", p.hits);
        add_u64(o, "misses", p.misses);
        add_u64(o, "refused", p.refused);
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
        cJSON *o = add_entry(array);
        if (r->plan->pins[i] != LEAT_UNPINNED)
            add_u64(o, "pin", r->plan->pins[i]);
        else
            cJSON_AddNullToObject(o, "pin");
        add_u64(o, "rounds", w.rounds);
        add_u64(o, "idle_rounds", w.idle_rounds);
        add_u64(o, "yields", w.yields);
        add_u64(o, "parks", w.parks);
        add_u64(o, "wakes", w.wakes);
        add_u64(o, "waits_ns", w.waits_ns);
        add_ns(o, "chain_ns", &w.chain_ns);
        add_count(o, "allocations_after_seal", r->witness, LEAT_WITNESS_ALLOCATIONS,
                  n.allocations);
        add_count(o, "locks_after_seal", r->witness, LEAT_WITNESS_LOCKS, n.locks);
        add_count(o, "faults_after_seal", r->witness, LEAT_WITNESS_FAULTS, n.faults);
        add_count(o, "syscalls_after_seal", r->witness, LEAT_WITNESS_SYSCALLS, n.syscalls);
    }
}

static void add_total(cJSON *root, const struct report *r)
{
    struct leat_engine_stats n;
    struct leat_witness_counts w;
    leat_engine_snapshot(r->engine, &n);
    leat_witness_total(r->witness, &w);
    add_u64(root, "frames", n.frames);
    add_u64(root, "samples", n.samples);
    cJSON_AddNumberToObject(root, "seconds", n.seconds);
    add_count(root, "allocations_after_seal", r->witness, LEAT_WITNESS_ALLOCATIONS, w.allocations);
    add_count(root, "locks_after_seal", r->witness, LEAT_WITNESS_LOCKS, w.locks);
    add_count(root, "faults_after_seal", r->witness, LEAT_WITNESS_FAULTS, w.faults);
    add_count(root, "syscalls_after_seal", r->witness, LEAT_WITNESS_SYSCALLS, w.syscalls);
    add_u64(root, "copied", n.copied);
    add_u64(root, "reframed", n.reframed);
    add_u64(root, "dropped", n.dropped);
    add_u64(root, "rejected", n.rejected);
    cJSON_AddStringToObject(root, "isa", leat_isa_name(r->isa));
    add_u64(root, "batch", r->plan->batch);
    cJSON_AddStringToObject(root, "pages", r->pages);
    add_ns(root, "latency_ns", &n.latency_ns);
}

bool report_json(FILE *out, const struct report *r)
{
    cJSON_Hooks hooks = {take, free};
    cJSON_InitHooks(&hooks);
    cJSON *root = cJSON_CreateObject();
    add_total(root, r);
    add_stages(root, r);
    add_edges(root, r);
    add_pools(root, r);
    add_workers(root, r);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (text != NULL && !exhausted)
        fprintf(out, "%s\n", text);
    free(text);
    return text != NULL && !exhausted;
}
