/* Writers, readers and a control thread that goes on adding, for ThreadSanitizer and plain builds.
 *
 * Two writers record through addresses that they found in the registry, for as long as two readers
 * snapshot and visit and check that counts never run backwards; the control thread adds meanwhile.
 * Prints "ok" and how much was done, or what failed.
 */
#include <leat/registry.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WRITERS = 2,
    READERS = 2,
    ROUNDS = 2000,
    EXTRA = 500,
    ENTRIES = 3 * WRITERS + EXTRA
};

struct world {
    struct leat_registry *registry;
    leat_atomic_u32 readers_left;
    leat_atomic_u32 failures;
    leat_atomic_u32 rounds; /* of all readers */
    struct leat_counter extra[EXTRA];
    struct line {
        struct leat_counter records LEAT_ALIGNED(LEAT_APART);
        struct leat_gauge last;
        struct leat_histogram values;
        uint64_t done; /* records, the writer's own count */
    } lines[WRITERS];
};

struct worker {
    struct world *world;
    uint32_t number;
};

static void fail(struct world *world, const char *what)
{
    (void)fprintf(stderr, "failed: %s\n", what);
    (void)leat_add_acq_rel(&world->failures, 1u);
}

static void labels_of(char *text, size_t bytes, uint32_t worker)
{
    (void)snprintf(text, bytes, "worker=%u stage=stress", worker);
}

static void *write_metrics(void *context)
{
    struct worker *self = context;
    struct world *world = self->world;
    char labels[64];
    labels_of(labels, sizeof labels, self->number);
    struct leat_counter *records = leat_registry_find_counter(world->registry, "records", labels);
    struct leat_gauge *last = leat_registry_find_gauge(world->registry, "last", labels);
    struct leat_histogram *values = leat_registry_find_histogram(world->registry, "values", labels);
    if (records == NULL || last == NULL || values == NULL) {
        fail(world, "a metric is not found");
    } else {
        uint64_t done = 0;
        do {
            for (uint32_t i = 0; i < 1000; i++) {
                leat_counter_add(records, 1);
                leat_gauge_set(last, (int64_t)++done);
                leat_histogram_record(values, done);
            }
        } while (leat_load_acquire(&world->readers_left) != 0);
        world->lines[self->number].done = done;
    }
    return NULL;
}

/* What a reader saw last time, to see that nothing runs backwards. */
struct past {
    uint64_t count[WRITERS], records[WRITERS], max[WRITERS];
    int64_t last[WRITERS];
    uint32_t entries;
};

static void read_line(struct world *world, struct past *past, uint32_t w)
{
    struct leat_histogram_summary now;
    uint64_t records = leat_counter_get(&world->lines[w].records);
    int64_t last = leat_gauge_get(&world->lines[w].last);
    leat_histogram_snapshot(&world->lines[w].values, &now);
    if (now.count < past->count[w] || now.max < past->max[w])
        fail(world, "a histogram ran backwards");
    if (records < past->records[w] || last < past->last[w])
        fail(world, "a counter or a gauge ran backwards");
    if (now.p50 > now.p99 || now.p99 > now.p999 || now.p999 > now.max)
        fail(world, "percentiles are out of order");
    past->count[w] = now.count;
    past->max[w] = now.max;
    past->records[w] = records;
    past->last[w] = last;
}

static bool look_up_again(void *context, const struct leat_registry_item *item)
{
    struct world *world = context;
    if (item->counter != NULL &&
        leat_registry_find_counter(world->registry, item->name, item->labels) != item->counter)
        fail(world, "a visited metric is found elsewhere");
    return true;
}

static bool count_only(void *context, const struct leat_registry_item *item)
{
    (void)context;
    return item->name[0] != '\0';
}

/* The next entries to come, asked for before any visit has met them: each is absent or whole. */
static void find_fresh(struct world *world, uint32_t entries)
{
    for (uint32_t i = entries - 3 * WRITERS; i < entries - 3 * WRITERS + 3 && i < EXTRA; i++) {
        char labels[64];
        (void)snprintf(labels, sizeof labels, "n=%u", i);
        struct leat_counter *counter = leat_registry_find_counter(world->registry, "extra", labels);
        if (counter != NULL && (counter != &world->extra[i] || leat_counter_get(counter) != i))
            fail(world, "a fresh entry is not whole");
    }
}

static void *read_metrics(void *context)
{
    struct worker *self = context;
    struct world *world = self->world;
    struct past past;
    memset(&past, 0, sizeof past);
    past.entries = 3 * WRITERS;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t w = 0; w < WRITERS; w++)
            read_line(world, &past, w);
        find_fresh(world, past.entries);
        uint32_t entries = leat_registry_visit(world->registry, count_only, NULL);
        if (entries < past.entries)
            fail(world, "entries vanished");
        past.entries = entries;
        if (round % 16 == 0)
            (void)leat_registry_visit(world->registry, look_up_again, world);
        (void)leat_add_relaxed(&world->rounds, 1u);
    }
    (void)leat_add_acq_rel(&world->readers_left, UINT32_MAX);
    return NULL;
}

static void add_lines(struct world *world)
{
    char labels[64];
    for (uint32_t w = 0; w < WRITERS; w++) {
        struct line *line = &world->lines[w];
        labels_of(labels, sizeof labels, w);
        if (leat_registry_add_counter(world->registry, "records", labels, &line->records, NULL) ||
            leat_registry_add_gauge(world->registry, "last", labels, &line->last, NULL) ||
            leat_registry_add_histogram(world->registry, "values", labels, &line->values, NULL))
            fail(world, "adding a line");
    }
}

static void run_threads(struct world *world)
{
    pthread_t threads[WRITERS + READERS];
    struct worker workers[WRITERS + READERS];
    leat_store_release(&world->readers_left, (uint32_t)READERS);
    for (uint32_t i = 0; i < WRITERS + READERS; i++) {
        workers[i] = (struct worker){ world, i };
        if (pthread_create(&threads[i], NULL, i < WRITERS ? write_metrics : read_metrics,
                           &workers[i]) != 0) {
            (void)fprintf(stderr, "failed: pthread_create\n");
            exit(1);
        }
    }
    for (uint32_t i = 0; i < EXTRA; i++) {
        char labels[64];
        while (leat_load_relaxed(&world->rounds) < i * (ROUNDS * READERS / EXTRA))
            (void)sched_yield(); /* so that adds last as long as reads */
        leat_counter_add(&world->extra[i], i);
        (void)snprintf(labels, sizeof labels, "n=%u", i);
        if (leat_registry_add_counter(world->registry, "extra", labels, &world->extra[i], NULL))
            fail(world, "adding while others read");
    }
    for (uint32_t i = 0; i < WRITERS + READERS; i++)
        (void)pthread_join(threads[i], NULL);
}

static void check_end(struct world *world)
{
    for (uint32_t w = 0; w < WRITERS; w++) {
        struct leat_histogram_summary end;
        leat_histogram_snapshot(&world->lines[w].values, &end);
        uint64_t done = world->lines[w].done;
        if (leat_counter_get(&world->lines[w].records) != done || end.count != done ||
            end.max != done)
            fail(world, "records are lost");
    }
    if (leat_registry_visit(world->registry, look_up_again, world) != ENTRIES)
        fail(world, "entries are lost");
}

int main(void)
{
    struct leat_registry_options options = { .size = sizeof options, .entries_max = ENTRIES };
    size_t bytes = leat_registry_bytes(&options);
    size_t world_bytes = leat_round_up(sizeof(struct world), LEAT_APART);
    struct world *world = aligned_alloc(LEAT_APART, world_bytes);
    void *storage = aligned_alloc(LEAT_LINE, bytes);
    if (world == NULL || storage == NULL)
        return 1;
    memset(world, 0, world_bytes);
    if (leat_registry_init(&world->registry, storage, bytes, &options, NULL) != LEAT_OK)
        return 1;
    add_lines(world);
    run_threads(world);
    check_end(world);
    uint32_t failures = leat_load_acquire(&world->failures);
    if (failures == 0)
        (void)printf("ok: %d snapshots and %d adds beside %llu records\n",
                     ROUNDS * READERS * WRITERS, EXTRA,
                     (unsigned long long)(world->lines[0].done + world->lines[1].done));
    leat_registry_fini(world->registry);
    free(storage);
    free(world);
    return failures != 0;
}
