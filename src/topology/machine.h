/* Opening hwloc's picture of the machine; private to the room. */
#ifndef LEAT_TOPOLOGY_MACHINE_H
#define LEAT_TOPOLOGY_MACHINE_H

#include <leat/topology.h>

#include <hwloc.h>

/* How much of it: everything, or only PUs and nodes, which is what binding needs. */
enum machine_detail { MACHINE_WHOLE, MACHINE_PUS };

/* Loads it without moving the calling thread. On success the caller destroys *machine by
 * hwloc_topology_destroy. LEAT_ENOMEM, LEAT_EIO. */
int machine_open(hwloc_topology_t *machine, enum machine_detail detail, struct leat_diag *diag);

#endif
