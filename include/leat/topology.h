/* Which processors, caches and memories there are, and pinning to them.
 *
 * A processing unit (PU) is one hardware thread: a core has one, or several siblings. PUs and NUMA
 * nodes go by the system's own numbers (those of taskset and /proc), cores and L3 caches by an
 * index from 0. Everything here is set-up work of milliseconds that allocates and calls the
 * system: before seal, never on a sealed worker.
 *
 * On an imitated machine (HWLOC_SYNTHETIC) pin, leat_pinner_open, mask_get, mask_set and
 * bind_memory change nothing and return LEAT_ESTATE: look at leat_topology.imitated first.
 */
#ifndef LEAT_TOPOLOGY_H
#define LEAT_TOPOLOGY_H

#include <leat/status.h>

LEAT_BEGIN

#define LEAT_TOPOLOGY_PUS_MAX 1024u /* processing units in a description */
/* In place of an index: the system does not say. */
#define LEAT_TOPOLOGY_NONE UINT16_MAX

struct leat_topology_pu {
    uint32_t pu;      /* the system's number: what leat_topology_pin takes */
    uint32_t node;    /* the system's number of the nearest NUMA node */
    uint16_t core;    /* index of its core, from 0 */
    uint16_t l3;      /* index of its L3 cache, from 0; LEAT_TOPOLOGY_NONE */
    uint16_t sibling; /* 0 the first usable PU of its core, 1 the second, … */
    uint16_t package; /* index of its package (socket), from 0 */
};

/* Plain data, no pointer: may be copied and kept. Shows only what the process may use. */
struct leat_topology {
    uint32_t pus;      /* entries of pu, at most LEAT_TOPOLOGY_PUS_MAX, at least 1 */
    uint32_t pus_left; /* usable PUs that did not fit */
    uint32_t cores;
    uint32_t l3s;      /* 0 where the system does not show them, as in many virtual machines */
    uint32_t nodes;    /* NUMA nodes near these PUs, at least 1 */
    uint32_t packages; /* sockets, at least 1 */
    uint32_t imitated; /* 1: HWLOC_SYNTHETIC or a file describes another machine than this one */
    uint32_t line_bytes; /* of a cache; 0 unknown */
    uint32_t unused;
    uint64_t l1d_bytes; /* of one cache; the smallest where they differ; 0 unknown */
    uint64_t l2_bytes;
    uint64_t l3_bytes;
    struct leat_topology_pu pu[LEAT_TOPOLOGY_PUS_MAX]; /* neighbours stand together */
};

/* The PUs that a thread may run on: a bit each, bit n % 64 of word n / 64. */
struct leat_topology_mask {
    uint64_t words[LEAT_TOPOLOGY_PUS_MAX / 64];
};

/* Fills *topology with what the calling process may use. The caller's binding is not touched.
 * HWLOC_SYNTHETIC, HWLOC_XMLFILE and HWLOC_FSROOT make it describe another machine, as hwloc says.
 * LEAT_ENOMEM: no memory. LEAT_EIO: the system's description cannot be read or is empty.
 * Threads: any. */
LEAT_API LEAT_MUST_USE int leat_topology_read(struct leat_topology *topology,
                                              struct leat_diag *diag);

/* Leaves only the PUs of the mask in the description, as if the process might use no others: a host
 * keeps some for itself. Cores, caches, packages and siblings are numbered anew; pus_left and the
 * bytes of caches stay. LEAT_EINVAL: none of them is there; nothing is changed then.
 * Memory: none. Threads: any, one at a time for a description. */
LEAT_API LEAT_MUST_USE int leat_topology_keep(struct leat_topology *topology,
                                              const struct leat_topology_mask *mask,
                                              struct leat_diag *diag);

/* Chooses PUs for n workers that talk to their neighbours in order: pus[i] is for worker i.
 * Whole cores first, siblings only when every core has a worker; neighbours in one L3 cache
 * (without any: one node) as far as they fit, the tightest that holds them all. With n > PUs it
 * begins again, so that workers share. Returns how many different PUs it used, min(n, PUs).
 * Deterministic. pus: n entries. Memory: none. Threads: any. */
LEAT_API uint32_t leat_topology_spread(const struct leat_topology *topology, uint32_t n,
                                       uint32_t *pus);

/* Pins the calling thread to one PU: after the call it runs there and nowhere else.
 * LEAT_EINVAL: no such PU. LEAT_EIO: the system refuses, as for a PU outside the process's control
 * group. LEAT_ENOMEM: no memory. Threads: any, for itself. */
LEAT_API LEAT_MUST_USE int leat_topology_pin(uint32_t pu, struct leat_diag *diag);

/* The machine opened once for many pins: opening takes milliseconds, a pin then microseconds. Holds
 * heap memory until it is closed. LEAT_ESTATE: another machine is imitated. LEAT_EIO: the system's
 * description cannot be read. LEAT_ENOMEM: no memory. *pinner is NULL then. */
struct leat_pinner;
LEAT_API LEAT_MUST_USE int leat_pinner_open(struct leat_pinner **pinner, struct leat_diag *diag);
/* LEAT_EINVAL: there is no such PU. Threads: any, at once. */
LEAT_API LEAT_MUST_USE int leat_pinner_check(const struct leat_pinner *pinner, uint32_t pu,
                                             struct leat_diag *diag);
/* As leat_topology_pin. Threads: any, at once, each for itself. */
LEAT_API LEAT_MUST_USE int leat_pinner_pin(const struct leat_pinner *pinner, uint32_t pu,
                                           struct leat_diag *diag);
/* After it no call may use the pinner. NULL does nothing. */
LEAT_API void leat_pinner_close(struct leat_pinner *pinner);

/* Where the calling thread may run now: kept before a pin, so that it can be put back.
 * LEAT_ERANGE: the system has more PUs than the mask. LEAT_EIO, LEAT_ENOMEM as pin. */
LEAT_API LEAT_MUST_USE int leat_topology_mask_get(struct leat_topology_mask *mask,
                                                  struct leat_diag *diag);

/* Lets the calling thread run on the mask's PUs: undoes a pin.
 * LEAT_EINVAL: none of them exists. LEAT_EIO, LEAT_ENOMEM as pin. */
LEAT_API LEAT_MUST_USE int leat_topology_mask_set(const struct leat_topology_mask *mask,
                                                  struct leat_diag *diag);

/* Asks that the pages of [address, address + bytes) come from one NUMA node; pages that are there
 * already move. address: any; whole pages are bound, those at the ends included.
 * LEAT_EINVAL: address is NULL, bytes is 0, or no such node. LEAT_ERANGE: address + bytes
 * overflows. LEAT_EIO: the system refuses. LEAT_ENOMEM: no memory. Threads: any. */
LEAT_API LEAT_MUST_USE int leat_topology_bind_memory(void *address, size_t bytes, uint32_t node,
                                                     struct leat_diag *diag);

LEAT_END

#endif
