#include "tool.h"

#include "draw.h"
#include "witness/witness.h"

/* Nanoseconds as people read them; out has room for 32. */
static const char *ns_text(uint64_t ns, char *out)
{
    if (ns < 10000)
        snprintf(out, 32, "%llu ns", (unsigned long long)ns);
    else if (ns < 10000000)
        snprintf(out, 32, "%.1f us", (double)ns / 1e3);
    else if (ns < UINT64_C(10000000000))
        snprintf(out, 32, "%.1f ms", (double)ns / 1e6);
    else
        snprintf(out, 32, "%.1f s", (double)ns / 1e9);
    return out;
}

static void print_ns(FILE *out, const struct leat_histogram_summary *ns)
{
    char p50[32], p99[32], p999[32], max[32];
    if (ns->count == 0) {
        fprintf(out, " %10s %10s %10s %10s\n", "-", "-", "-", "-");
        return;
    }
    fprintf(out, " %10s %10s %10s %10s\n", ns_text(ns->p50, p50), ns_text(ns->p99, p99),
            ns_text(ns->p999, p999), ns_text(ns->max, max));
}

/* What the sinks took in. */
static uint64_t cells_arrived(const struct report *r)
{
    uint64_t cells = 0;
    for (uint32_t i = 0; i < r->plan->stages_n; i++) {
        struct leat_stage_stats s;
        struct stage_cells n;
        if (r->plan->stages[i].stage->outs != 0)
            continue;
        leat_engine_stage(r->engine, i, &s);
        stage_cells(r->engine, r->plan, i, &s, &n);
        cells += n.samples_out;
    }
    return cells;
}

static void print_total(FILE *out, const struct report *r)
{
    struct leat_engine_stats n;
    leat_engine_snapshot(r->engine, &n);
    double rate = n.seconds > 0 ? (double)n.samples / n.seconds : 0;
    fprintf(out, "%llu frames, %llu samples in %.3f s: %.4g samples/s, isa %s, memory %s\n",
            (unsigned long long)n.frames, (unsigned long long)n.samples, n.seconds, rate,
            leat_isa_name(r->isa), r->pages);
    fprintf(out, "copied %llu, reframed %llu, dropped %llu, rejected %llu\n",
            (unsigned long long)n.copied, (unsigned long long)n.reframed,
            (unsigned long long)n.dropped, (unsigned long long)n.rejected);
    if (draw_branches(r->plan)) {
        fprintf(out, "graph:\n");
        draw_text(out, r->plan, draw_utf8(), NULL);
    }
    fprintf(out, "%-16s %6s %10s %12s %10s %10s %10s %10s\n", "a frame through", "worker", "frames",
            "samples", "p50", "p99", "p99.9", "max");
    fprintf(out, "%-16s %6s %10llu %12llu", "source to sink", "",
            (unsigned long long)n.latency_ns.count, (unsigned long long)cells_arrived(r));
    print_ns(out, &n.latency_ns);
}

bool report_causes(const struct leat_stage_stats *s, char *out, size_t bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t c = 0; s->causes != NULL && s->causes[c] != NULL && used < bytes; c++)
        if (s->counts[c] != 0)
            used += (size_t)snprintf(out + used, bytes - used, "%s%s %llu", used != 0 ? ", " : "",
                                     s->causes[c], (unsigned long long)s->counts[c]);
    return used != 0;
}

static void print_stages(FILE *out, const struct report *r)
{
    for (uint32_t i = 0; i < r->plan->stages_n; i++) {
        struct leat_stage_stats s;
        leat_engine_stage(r->engine, i, &s);
        struct stage_cells n;
        stage_cells(r->engine, r->plan, i, &s, &n);
        fprintf(out, "  %-14s %6u %10llu %12llu", s.name, s.worker, (unsigned long long)n.frames,
                (unsigned long long)n.samples);
        print_ns(out, &s.ns);
        if (r->plan->stages[i].keyed != NULL)
            fprintf(out, "    keys %llu, evicted %llu, expired %llu\n", (unsigned long long)s.keys,
                    (unsigned long long)s.evicted, (unsigned long long)s.expired);
        char causes[512];
        if (report_causes(&s, causes, sizeof causes))
            fprintf(out, "    %s\n", causes);
        uint64_t special =
            s.samples_lost | s.dropped | s.rejected | s.rejected_rows | s.copied | s.reframed;
        if (special != 0)
            fprintf(out, "    dropped %llu, rejected %llu, rejected rows %llu, copied %llu, "
                         "reframed %llu, samples lost %llu\n",
                    (unsigned long long)s.dropped, (unsigned long long)s.rejected,
                    (unsigned long long)s.rejected_rows, (unsigned long long)s.copied,
                    (unsigned long long)s.reframed,
                    (unsigned long long)n.lost);
    }
}

static void print_joints(FILE *out, const struct report *r)
{
    for (uint32_t i = 0; i < r->plan->edges_n; i++) {
        struct leat_edge_stats e;
        char wait[32];
        leat_engine_edge(r->engine, i, &e);
        fprintf(out, "edge %s -> %s: %llu frames, capacity %u, full %llu times, waits p50 %s\n",
                r->plan->stages[e.from].name, r->plan->stages[e.to].name,
                (unsigned long long)e.frames, e.capacity, (unsigned long long)e.stalls,
                ns_text(e.wait_ns.p50, wait));
    }
    for (uint32_t i = 0; i < r->plan->pools_n; i++) {
        struct leat_pool_stats p;
        leat_engine_pool(r->engine, i, &p);
        fprintf(out, "pool %s: %u frames, high water %u, %llu claims, hit rate %.2f %%\n",
                r->plan->stages[r->plan->pools[i].stage].name, p.frames, p.high_water,
                (unsigned long long)p.claims,
                p.claims != 0 ? 100 * (double)p.hits / (double)p.claims : 100.0);
    }
    for (uint32_t i = 0; i < r->plan->workers_n; i++) {
        struct leat_worker_stats w;
        char waits[32], chain[32];
        leat_engine_worker(r->engine, i, &w);
        fprintf(out,
                "worker %u: a frame p50 %s, %llu rounds, %llu yields, %llu parks, in waits %s\n",
                i, ns_text(w.chain_ns.p50, chain), (unsigned long long)w.rounds,
                (unsigned long long)w.yields, (unsigned long long)w.parks,
                ns_text(w.waits_ns, waits));
    }
}

uint32_t report_kept(const struct report *r, struct kept_frame *kept)
{
    const struct leat_frame *frames[REPORT_KEPT_MAX];
    uint32_t n = leat_engine_quarantined(r->engine, frames, REPORT_KEPT_MAX);
    for (uint32_t i = 0; i < n; i++) {
        const struct leat_plan_stage *by = &r->plan->stages[frames[i]->owner];
        const char *why = leat_why_text(by->stage, frames[i]->reason);
        kept[i] = (struct kept_frame){.frame = frames[i], .stage = by->name};
        if (why != NULL)
            snprintf(kept[i].why, sizeof kept[i].why, "%s", why);
        else
            snprintf(kept[i].why, sizeof kept[i].why, "reason %u", frames[i]->reason);
    }
    return n;
}

static void print_kept(FILE *out, const struct report *r)
{
    struct kept_frame kept[REPORT_KEPT_MAX];
    uint32_t n = report_kept(r, kept);
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, "kept: frame %llu, [%u x %u], rejected by %s: %s\n",
                (unsigned long long)kept[i].frame->seq, kept[i].frame->rows, kept[i].frame->cols,
                kept[i].stage, kept[i].why);
}

/* A kind that nobody counted is "n/a", never 0. */
static void print_count(FILE *out, const struct leat_witness *witness,
                        enum leat_witness_kind kind, uint64_t n, const char *what)
{
    if (leat_witness_sees(witness, kind))
        fprintf(out, " %s %llu%s", what, (unsigned long long)n,
                kind == LEAT_WITNESS_SYSCALLS ? "\n" : ",");
    else
        fprintf(out, " %s n/a%s", what, kind == LEAT_WITNESS_SYSCALLS ? "\n" : ",");
}

void report_text(FILE *out, const struct report *r)
{
    struct leat_witness_counts n;
    leat_witness_total(r->witness, &n);
    print_total(out, r);
    print_stages(out, r);
    print_joints(out, r);
    print_kept(out, r);
    fprintf(out, "after seal:");
    print_count(out, r->witness, LEAT_WITNESS_ALLOCATIONS, n.allocations, "allocations");
    print_count(out, r->witness, LEAT_WITNESS_LOCKS, n.locks, "locks");
    print_count(out, r->witness, LEAT_WITNESS_FAULTS, n.faults, "page faults");
    print_count(out, r->witness, LEAT_WITNESS_SYSCALLS, n.syscalls, "system calls");
}
