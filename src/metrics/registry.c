/* The registry over liburcu's lock-free hash table.
 *
 * The entries are an array in the caller's storage, filled from the front; the table only finds
 * them by key. It has a fixed number of buckets (no resize thread, no allocation in an add) and
 * nothing is deleted before fini, so no grace period is ever waited for and no host thread can
 * delay us. The bulletproof flavour enrols a reading thread by itself: whoever calls find need not
 * know that liburcu exists.
 *
 * Entries are handed over by their own word `ready`: the table's own barriers order them as well,
 * but they are inside a library that ThreadSanitizer does not see.
 */
#define _GNU_SOURCE
#include "metrics/key.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <urcu/urcu-bp.h>

#include <urcu/rculfhash.h>

enum kind { COUNTER = 1, GAUGE, HISTOGRAM };

struct entry {
    struct cds_lfht_node node; /* first: an entry's address is its node's */
    void *metric;
    leat_atomic_u32 ready; /* 0, or the kind once the entry is whole */
    uint32_t unused;
    struct key key;
};

struct leat_registry {
    struct cds_lfht *table;
    uint32_t entries_max;
    uint32_t used; /* the control thread's own count */
    struct entry entries[];
};

static bool options_fit(const struct leat_registry_options *options)
{
    return options != NULL && options->size >= sizeof *options && options->entries_max >= 1 &&
           options->entries_max <= LEAT_REGISTRY_ENTRIES_MAX;
}

size_t leat_registry_bytes(const struct leat_registry_options *options)
{
    if (!options_fit(options))
        return 0;
    return leat_round_up(sizeof(struct leat_registry) + options->entries_max * sizeof(struct entry),
                         LEAT_LINE);
}

/* liburcu aborts the process when its own two allocations fail. Ask for as much first, in the same
 * two pieces, so that want of memory is an answer. */
static bool table_fits(size_t buckets)
{
    void *head = calloc(1, 4096);
    void *nodes = calloc(buckets, sizeof(struct cds_lfht_node));
    bool fits = head != NULL && nodes != NULL;
    free(nodes);
    free(head);
    return fits;
}

/* A thread that has once read leaves liburcu when it ends, which may be after the host has unloaded
 * this library and with it, but for this, liburcu's code. It stays where it was loaded. */
static void keep_liburcu_loaded(void)
{
    Dl_info place;
    void *function = NULL;
    void (*read_lock)(void) = urcu_bp_read_lock;
    memcpy(&function, &read_lock, sizeof function);
    if (dladdr(function, &place) == 0)
        return;
    void *self = dlopen(place.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    if (self != NULL)
        dlclose(self); /* the mark stays */
}

int leat_registry_init(struct leat_registry **registry, void *storage, size_t bytes,
                       const struct leat_registry_options *options, struct leat_diag *diag)
{
    size_t need = leat_registry_bytes(options);
    if (registry == NULL || need == 0)
        return leat_diag_set(diag, LEAT_EINVAL, "registry: entries_max must be 1..%u",
                             LEAT_REGISTRY_ENTRIES_MAX);
    if (storage == NULL || (uintptr_t)storage % LEAT_LINE != 0 || bytes < need)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "registry: needs %zu bytes of storage aligned to %d, got %zu", need,
                             LEAT_LINE, bytes);
    size_t buckets = 1;
    while (buckets < options->entries_max)
        buckets *= 2;
    struct leat_registry *made = storage;
    memset(made, 0, need);
    made->entries_max = options->entries_max;
    if (table_fits(buckets))
        made->table = cds_lfht_new_flavor(buckets, buckets, buckets, 0, &urcu_bp_flavor, NULL);
    if (made->table == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "registry: no memory for a table of %zu", buckets);
    keep_liburcu_loaded();
    *registry = made;
    return LEAT_OK;
}

void leat_registry_fini(struct leat_registry *registry)
{
    if (registry == NULL)
        return;
    urcu_bp_read_lock();
    for (uint32_t i = 0; i < registry->used; i++)
        (void)cds_lfht_del(registry->table, &registry->entries[i].node);
    urcu_bp_read_unlock();
    (void)cds_lfht_destroy(registry->table, NULL); /* fails only when entries are left */
    registry->table = NULL;
}

static int matches(struct cds_lfht_node *node, const void *wanted)
{
    const struct entry *entry = (const struct entry *)(const void *)node;
    const struct key *key = wanted;
    /* [M9 pairs M10: the entry's key, kind and address; the metric as it was when added] */
    return leat_load_acquire(&entry->ready) != 0 && entry->key.hash == key->hash &&
           entry->key.bytes == key->bytes &&
           memcmp(entry->key.text, key->text, key->bytes) == 0;
}

static const struct entry *find_key(const struct leat_registry *registry, const struct key *key)
{
    struct cds_lfht_iter at;
    urcu_bp_read_lock();
    cds_lfht_lookup(registry->table, (unsigned long)key->hash, matches, key, &at);
    urcu_bp_read_unlock(); /* entries stay until fini: the address outlives the read side */
    return (const struct entry *)(const void *)cds_lfht_iter_get_node(&at);
}

static int add(struct leat_registry *registry, const char *name, const char *labels, uint32_t kind,
               void *metric, struct leat_diag *diag)
{
    struct key key;
    if (registry == NULL || metric == NULL)
        return leat_diag_set(diag, LEAT_EINVAL, "registry: no registry or no metric");
    int status = key_make(&key, name, labels, diag);
    if (status != LEAT_OK)
        return status;
    if (find_key(registry, &key) != NULL)
        return leat_diag_set(diag, LEAT_EINVAL, "metric '%s' with labels '%s' is there already",
                             key.text, key.text + key.labels);
    if (registry->used == registry->entries_max)
        return leat_diag_set(diag, LEAT_ELIMIT, "metric '%s': all %u entries are in use", key.text,
                             registry->entries_max);
    struct entry *entry = &registry->entries[registry->used];
    entry->metric = metric;
    entry->key = key;
    cds_lfht_node_init(&entry->node);
    /* [M10 pairs M9: the entry's key, kind and address; the metric as it is now] */
    leat_store_release(&entry->ready, kind);
    urcu_bp_read_lock();
    cds_lfht_add(registry->table, (unsigned long)key.hash, &entry->node);
    urcu_bp_read_unlock();
    registry->used++;
    return LEAT_OK;
}

static void *find(const struct leat_registry *registry, const char *name, const char *labels,
                  uint32_t kind)
{
    struct key key;
    LEAT_REQUIRE(registry != NULL);
    if (key_make(&key, name, labels, NULL) != LEAT_OK)
        return NULL;
    const struct entry *entry = find_key(registry, &key);
    /* the match has acquired the entry: [M9 pairs M10] */
    return entry != NULL && leat_load_relaxed(&entry->ready) == kind ? entry->metric : NULL;
}

uint32_t leat_registry_visit(const struct leat_registry *registry,
                             bool (*visitor)(void *context, const struct leat_registry_item *item),
                             void *context)
{
    LEAT_REQUIRE(registry != NULL && visitor != NULL);
    uint32_t shown = 0;
    while (shown < registry->entries_max) {
        const struct entry *entry = &registry->entries[shown];
        /* [M9 pairs M10: the entry's key, kind and address; the metric as it was when added] */
        uint32_t kind = leat_load_acquire(&entry->ready);
        if (kind == 0)
            break;
        struct leat_registry_item item = {
            .name = entry->key.text,
            .labels = entry->key.text + entry->key.labels,
            .counter = kind == COUNTER ? entry->metric : NULL,
            .gauge = kind == GAUGE ? entry->metric : NULL,
            .histogram = kind == HISTOGRAM ? entry->metric : NULL,
        };
        shown++;
        if (!visitor(context, &item))
            break;
    }
    return shown;
}

int leat_registry_add_counter(struct leat_registry *registry, const char *name, const char *labels,
                              struct leat_counter *counter, struct leat_diag *diag)
{
    return add(registry, name, labels, COUNTER, counter, diag);
}

int leat_registry_add_gauge(struct leat_registry *registry, const char *name, const char *labels,
                            struct leat_gauge *gauge, struct leat_diag *diag)
{
    return add(registry, name, labels, GAUGE, gauge, diag);
}

int leat_registry_add_histogram(struct leat_registry *registry, const char *name,
                                const char *labels, struct leat_histogram *histogram,
                                struct leat_diag *diag)
{
    return add(registry, name, labels, HISTOGRAM, histogram, diag);
}

struct leat_counter *leat_registry_find_counter(const struct leat_registry *registry,
                                                const char *name, const char *labels)
{
    return find(registry, name, labels, COUNTER);
}

struct leat_gauge *leat_registry_find_gauge(const struct leat_registry *registry, const char *name,
                                            const char *labels)
{
    return find(registry, name, labels, GAUGE);
}

struct leat_histogram *leat_registry_find_histogram(const struct leat_registry *registry,
                                                    const char *name, const char *labels)
{
    return find(registry, name, labels, HISTOGRAM);
}
