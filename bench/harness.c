/* Threads, the clock and the interleaving. */
#define _GNU_SOURCE
#include "bench.h"

#include <leat/status.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* The second thread. It sleeps between rows of one thread, and spins between runs of a row of two,
 * so that a run starts within a line's transfer. */
struct bench_helper {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool quit, failed;
    const struct leat_clock *clock;
    uint32_t pu;
    const struct bench_subject *subject;
    void *self;
    uint64_t n, part, end;
    long switches;
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u32 spin;
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 go;
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 done;
};

/* How often the system took the processor from the calling thread. */
static long switches(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

/* Whether the core is this thread's alone: a loop of one jump a cycle takes twice as long while the
 * core's other thread, which may be another machine's, runs too. Compared with the best of the
 * row. */
static bool alone(struct bench *b)
{
    uint64_t left = 65536;
    uint64_t begin = leat_clock_ticks(&b->clock);
    while (left != 0) {
        left--;
        __asm__ __volatile__("" : "+r"(left));
    }
    uint64_t took = leat_clock_ticks(&b->clock) - begin;
    b->alone_ticks = b->alone_ticks == 0 || took < b->alone_ticks ? took : b->alone_ticks;
    return took * 8 < b->alone_ticks * 9;
}

static void serve(struct bench_helper *h, uint64_t *seen)
{
    while (leat_load_acquire(&h->spin) != 0) {
        uint64_t go = leat_load_acquire(&h->go); /* pairs with bench_run: what to run */
        if (go == *seen) {
            leat_pause();
            continue;
        }
        *seen = go;
        if (go % 2 == 1) { /* get ready */
            h->switches = switches();
        } else {
            h->part = h->subject->run(h->self, 1, h->n);
            h->end = leat_clock_ticks(h->clock);
            h->switches = switches() - h->switches;
        }
        leat_store_release(&h->done, go); /* pairs with bench_run: part, end, switches */
    }
}

static void *helper_main(void *argument)
{
    struct bench_helper *h = argument;
    uint64_t seen = 0;
    int status = leat_topology_pin(h->pu, NULL);
    pthread_mutex_lock(&h->mutex);
    h->failed = status != LEAT_OK;
    while (!h->quit) {
        if (leat_load_relaxed(&h->spin) == 0) {
            pthread_cond_wait(&h->changed, &h->mutex);
            continue;
        }
        pthread_mutex_unlock(&h->mutex);
        serve(h, &seen);
        pthread_mutex_lock(&h->mutex);
    }
    pthread_mutex_unlock(&h->mutex);
    return NULL;
}

void bench_hold(struct bench *b, bool spin)
{
    struct bench_helper *h = b->helper;
    pthread_mutex_lock(&h->mutex);
    leat_store_release(&h->spin, spin);
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->mutex);
}

bool bench_begin(struct bench *b)
{
    struct leat_diag diag = {0};
    leat_clock_init(&b->clock);
    int status = leat_topology_read(&b->topology, &diag);
    if (status == LEAT_OK) {
        b->two = leat_topology_spread(&b->topology, 2, b->pu) == 2;
        status = leat_topology_pin(b->pu[0], &diag);
    }
    if (status != LEAT_OK) {
        fprintf(stderr, "leat_bench: %s\n", diag.text);
        return false;
    }
    struct bench_helper *h = b->helper = bench_memory(sizeof *h);
    h->clock = &b->clock;
    h->pu = b->pu[1];
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->changed, NULL);
    if (pthread_create(&h->thread, NULL, helper_main, h) != 0) {
        fprintf(stderr, "leat_bench: no second thread\n");
        free(h);
        return false;
    }
    return true;
}

void bench_end(struct bench *b)
{
    struct bench_helper *h = b->helper;
    pthread_mutex_lock(&h->mutex);
    h->quit = true;
    leat_store_release(&h->spin, 0);
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->mutex);
    pthread_join(h->thread, NULL);
    free(h);
}

static void tell(struct bench_helper *h, uint64_t go)
{
    leat_store_release(&h->go, go); /* pairs with serve: what to run */
}

static void hear(struct bench_helper *h, uint64_t go)
{
    while (leat_load_acquire(&h->done) != go) /* pairs with serve: part, end, switches */
        leat_pause();
}

struct bench_time bench_run(struct bench *b, const struct bench_subject *subject, void *self,
                            uint32_t threads, uint64_t n)
{
    struct bench_helper *h = b->helper;
    uint64_t ready = h->go + 1;
    h->subject = subject;
    h->self = self;
    h->n = n;
    if (subject->ready != NULL)
        subject->ready(self, n);
    if (threads == 2) {
        tell(h, ready);
        hear(h, ready);
    }
    bool quiet = threads == 2 || alone(b);
    long before = switches();
    uint64_t begin = leat_clock_ticks(&b->clock);
    if (threads == 2)
        tell(h, ready + 1);
    uint64_t checksum = subject->run(self, 0, n);
    uint64_t end = leat_clock_ticks(&b->clock);
    quiet = switches() == before && quiet && (threads == 2 || alone(b));
    if (threads == 2) {
        hear(h, ready + 1);
        checksum += h->part;
        quiet = quiet && h->switches == 0;
        end = h->end > end ? h->end : end;
    }
    return (struct bench_time){(double)(end - begin) * b->clock.ns_per_tick, checksum, quiet};
}

/* ---- the probe: one line, there and back ---- */

static uint64_t probe_run(void *self, uint32_t thread, uint64_t n)
{
    leat_atomic_u64 *line = self;
    for (uint64_t i = 0; i < n; i++) {
        if (thread == 0)
            leat_store_release(line, 2 * i + 1);
        while (leat_load_acquire(line) != 2 * i + 1 + (thread == 0))
            ;
        if (thread == 1)
            leat_store_release(line, 2 * i + 2);
    }
    return 0;
}

double bench_probe(struct bench *b)
{
    static const struct bench_subject probe = {.name = "line", .run = probe_run};
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 line[LEAT_APART / 8] = {0};
    const uint64_t n = 500;
    return bench_run(b, &probe, line, 2, n).ns / (double)n;
}

/* ---- a row ---- */

static void prepare(struct bench_sample *s)
{
    const struct bench_row *row = s->row;
    for (uint32_t i = 0; i < BENCH_CANDIDATES && row->candidates[i].id != NULL; i++) {
        struct bench_result *r = &s->results[s->results_n++];
        const struct bench_entry *entry = bench_find(row->candidates[i].id);
        r->candidate = &row->candidates[i];
        r->name = row->candidates[i].id;
        r->error = -1.0;
        if (entry == NULL || entry->subject == NULL) {
            r->why = entry != NULL ? entry->package : "no such subject";
            continue;
        }
        r->name = entry->subject->name;
        r->subject = entry->subject;
        r->why = "cannot be set up here";
        r->self = entry->subject->setup(&row->load, &r->why);
        if (r->self != NULL)
            r->why = NULL;
    }
}

/* One subject; again, for a few milliseconds, while it is disturbed. */
static struct bench_time run_quiet(struct bench *b, const struct bench_sample *s,
                                   const struct bench_result *r)
{
    struct bench_time time = {0};
    for (double spent = 0.0; !time.quiet && spent < 5e6; spent += time.ns)
        time = bench_run(b, r->subject, r->self, s->row->load.threads, s->n);
    return time;
}

/* All subjects once, each n operations. Returns nanoseconds, of them all. */
static double round_of_all(struct bench *b, struct bench_sample *s, uint32_t at)
{
    double total = 0.0;
    const struct bench_result *first = NULL;
    for (uint32_t i = 0; i < s->results_n; i++) {
        struct bench_result *r = &s->results[i];
        if (r->why != NULL)
            continue;
        struct bench_time time = run_quiet(b, s, r);
        uint32_t elements = s->row->elements == 0 ? 1 : s->row->elements;
        r->ns[at] = time.ns / (double)s->n / elements;
        r->disturbed[at] = !time.quiet;
        r->checksum = time.checksum;
        total += time.ns;
        first = first == NULL ? r : first;
        s->equal = s->equal && r->checksum == first->checksum;
    }
    return total;
}

/* Warms everything up and chooses n, the same for all, so that one round takes `wanted` ns. Runs
 * are short, so that many of them end before the system takes a processor away. */
static void calibrate(struct bench *b, struct bench_sample *s, double wanted)
{
    s->n = s->row->n_min;
    for (int step = 0; step < 24; step++) {
        double took = round_of_all(b, s, 0);
        if (took >= wanted * 0.7)
            break;
        double factor = took > 0.0 ? wanted / took : 4.0;
        s->n = (uint64_t)((double)s->n * (factor > 4.0 ? 4.0 : factor < 1.1 ? 1.1 : factor));
    }
}

static void repeat(struct bench *b, struct bench_sample *s, double seconds)
{
    uint64_t begin = leat_clock_ns();
    for (s->rounds = 0; s->rounds < BENCH_ROUNDS; s->rounds++) {
        if ((double)(leat_clock_ns() - begin) * 1e-9 > seconds && s->rounds >= 5)
            break;
        if (s->row->load.threads == 2)
            s->probe[s->rounds] = bench_probe(b);
        round_of_all(b, s, s->rounds);
    }
}

void bench_measure(struct bench *b, const struct bench_row *row)
{
    struct bench_sample *s = bench_memory(sizeof *s);
    s->row = row;
    s->equal = true;
    if (row->load.threads == 2 && !b->two) {
        bench_report_row(b, s);
        free(s);
        return;
    }
    bench_hold(b, row->load.threads == 2);
    b->alone_ticks = 0;
    prepare(s);
    calibrate(b, s, 5e6);
    repeat(b, s, b->seconds_row * 0.9);
    for (uint32_t i = 0; i < s->results_n; i++)
        if (s->results[i].self != NULL && s->results[i].subject->error != NULL)
            s->results[i].error = s->results[i].subject->error(s->results[i].self);
    bench_report_row(b, s);
    for (uint32_t i = 0; i < s->results_n; i++)
        if (s->results[i].self != NULL)
            s->results[i].subject->fini(s->results[i].self);
    bench_hold(b, false);
    free(s);
}

void *bench_memory(size_t bytes)
{
    void *memory = NULL;
    if (posix_memalign(&memory, 4096, bytes) != 0) {
        fprintf(stderr, "leat_bench: no memory for %zu bytes\n", bytes);
        exit(1);
    }
    memset(memory, 0, bytes);
    return memory;
}
