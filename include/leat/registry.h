/* The registry: metrics by name and labels, as in `frames` `stage=zscore worker=0`.
 *
 * It keeps where a metric is, never the metric: that belongs to the caller, who keeps it at its
 * address until fini. Hot code asks once, before seal, and then holds the address that find gave,
 * so that a keyed record costs what a plain one costs. Nothing is ever removed before fini.
 *
 *                          | add: control thread | find: any thread | visit: any thread
 *   add, another thread    | no: one at a time   | yes              | yes
 *   find or visit, another | yes                 | yes              | yes
 *   fini                   | nothing runs beside it
 *
 * A name is 1 or more printable characters without blank or '='. Labels are none or several
 * `name=value`, blanks between them, each name once, at most LEAT_REGISTRY_LABELS_MAX; a value is
 * anything printable without blanks. Their order does not matter: `a=1 b=2` and `b=2 a=1` are one
 * key. NULL and "" are no labels. Name and labels have room for LEAT_REGISTRY_TEXT_MAX bytes.
 */
#ifndef LEAT_REGISTRY_H
#define LEAT_REGISTRY_H

#include <leat/metrics.h>
#include <leat/status.h>

LEAT_BEGIN

#define LEAT_REGISTRY_ENTRIES_MAX (UINT32_C(1) << 20) /* metrics in a registry */
#define LEAT_REGISTRY_LABELS_MAX 16u /* labels of a metric */
#define LEAT_REGISTRY_TEXT_MAX 158u /* name and sorted labels, without their final NULs */

struct leat_registry; /* opaque, in storage of the caller */

struct leat_registry_options {
    uint32_t size;        /* sizeof(struct leat_registry_options) */
    uint32_t entries_max; /* 1..LEAT_REGISTRY_ENTRIES_MAX */
};

/* Bytes of storage that init needs; 0 when the options are out of range. */
LEAT_API LEAT_MUST_USE size_t leat_registry_bytes(const struct leat_registry_options *options);

/* An empty registry in storage, with room for exactly entries_max metrics; *registry is its handle.
 * storage: leat_registry_bytes() bytes, aligned to LEAT_LINE; the caller's, in use until fini.
 * LEAT_EINVAL: options, storage, alignment or bytes do not fit. LEAT_ENOMEM: no memory for the
 * table. Memory: 16 bytes an entry, rounded up to a power of two of entries, and about 1 KiB from
 * malloc until fini. Threads: the control thread. */
LEAT_API LEAT_MUST_USE int leat_registry_init(struct leat_registry **registry, void *storage,
                                              size_t bytes,
                                              const struct leat_registry_options *options,
                                              struct leat_diag *diag);

/* Gives the table back and leaves the storage to the caller. The metrics are not touched.
 * registry may be NULL. Threads: nothing else runs on it. */
LEAT_API void leat_registry_fini(struct leat_registry *registry);

/* Enters a metric: find and visit meet it from now on, on every thread.
 * LEAT_EINVAL: the name or labels are not as described, or that key is there already.
 * LEAT_ERANGE: the text is too long or has too many labels. LEAT_ELIMIT: all entries_max are used.
 * Owner: the metric stays the caller's. Threads: the control thread. Memory: none from malloc but
 * what a thread's first call takes (see find). */
LEAT_API LEAT_MUST_USE int leat_registry_add_counter(struct leat_registry *registry,
                                                     const char *name, const char *labels,
                                                     struct leat_counter *counter,
                                                     struct leat_diag *diag);
LEAT_API LEAT_MUST_USE int leat_registry_add_gauge(struct leat_registry *registry,
                                                   const char *name, const char *labels,
                                                   struct leat_gauge *gauge,
                                                   struct leat_diag *diag);
LEAT_API LEAT_MUST_USE int leat_registry_add_histogram(struct leat_registry *registry,
                                                       const char *name, const char *labels,
                                                       struct leat_histogram *histogram,
                                                       struct leat_diag *diag);

/* The metric of that key and kind, its address as it was added; NULL when there is none. Whoever
 * writes through it has to be the metric's one writer.
 * Threads: any, but not a sealed worker: a thread's first call enrols it with the table's
 * reclamation scheme, with a lock and perhaps a system call. Progress: lock-free after that.
 * Order: what the control thread did to the metric before add is visible. */
LEAT_API struct leat_counter *leat_registry_find_counter(const struct leat_registry *registry,
                                                         const char *name, const char *labels);
LEAT_API struct leat_gauge *leat_registry_find_gauge(const struct leat_registry *registry,
                                                     const char *name, const char *labels);
LEAT_API struct leat_histogram *leat_registry_find_histogram(const struct leat_registry *registry,
                                                             const char *name,
                                                             const char *labels);

/* One entry, as visit shows it. Texts and addresses are good until fini. */
struct leat_registry_item {
    const char *name;
    const char *labels; /* sorted, one blank between them; "" when there are none */
    const struct leat_counter *counter; /* exactly one of the three is not NULL */
    const struct leat_gauge *gauge;
    const struct leat_histogram *histogram;
};

/* Calls visitor for each entry in the order of adding, until it returns false; never stops a
 * writer. Entries that are added meanwhile are met or not. Returns how many it showed.
 * Threads: any. Progress: wait-free but for the visitor. Memory: none. */
LEAT_API uint32_t leat_registry_visit(const struct leat_registry *registry,
                                      bool (*visitor)(void *context,
                                                      const struct leat_registry_item *item),
                                      void *context);

LEAT_END

#endif
