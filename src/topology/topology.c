#include "topology/machine.h"

#include <errno.h>
#include <string.h>

int machine_open(hwloc_topology_t *machine, enum machine_detail detail, struct leat_diag *diag)
{
    if (hwloc_topology_init(machine) != 0)
        return leat_diag_set(diag, LEAT_ENOMEM, "topology: no memory");
    int failed = 0;
    if (detail == MACHINE_PUS)
        failed = hwloc_topology_set_all_types_filter(*machine, HWLOC_TYPE_FILTER_KEEP_NONE);
    failed = failed || hwloc_topology_set_flags(*machine, HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING);
    if (!failed && hwloc_topology_load(*machine) == 0)
        return LEAT_OK;
    int reason = errno;
    hwloc_topology_destroy(*machine);
    if (reason == ENOMEM)
        return leat_diag_set(diag, LEAT_ENOMEM, "topology: no memory");
    return leat_diag_set(diag, LEAT_EIO, "topology: the machine's description cannot be read: %s",
                         strerror(reason));
}

/* The size of the smallest cache of a level among those near the usable PUs; 0 unknown. The line is
 * kept where the system says how long one is. */
static uint64_t cache_bytes(struct leat_topology *topology, hwloc_topology_t machine,
                            hwloc_obj_type_t type, hwloc_const_bitmap_t usable)
{
    uint64_t bytes = 0;
    hwloc_obj_t cache = NULL;
    while ((cache = hwloc_get_next_obj_by_type(machine, type, cache)) != NULL) {
        uint64_t own = cache->attr->cache.size;
        if (cache->attr->cache.linesize > topology->line_bytes)
            topology->line_bytes = cache->attr->cache.linesize;
        if (own != 0 && hwloc_bitmap_intersects(cache->cpuset, usable) &&
            (bytes == 0 || own < bytes))
            bytes = own;
    }
    return bytes;
}

/* What a walk over the PUs has met last. hwloc shows them in the machine's order, so the PUs of one
 * core, and the cores of one cache, follow each other. */
struct place {
    hwloc_obj_t core, l3, package;
    uint16_t siblings;
};

static void enter_pu(struct leat_topology *topology, struct place *last, hwloc_topology_t machine,
                     hwloc_obj_t pu, hwloc_bitmap_t nodes)
{
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(machine, HWLOC_OBJ_CORE, pu);
    hwloc_obj_t l3 = hwloc_get_ancestor_obj_by_type(machine, HWLOC_OBJ_L3CACHE, pu);
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(machine, HWLOC_OBJ_PACKAGE, pu);
    if (core == NULL || core != last->core) {
        topology->cores++;
        last->siblings = 0;
    }
    if (l3 != NULL && l3 != last->l3)
        topology->l3s++;
    if (topology->packages == 0 || package != last->package)
        topology->packages++;
    last->core = core;
    last->l3 = l3;
    last->package = package;

    int node = pu->nodeset != NULL ? hwloc_bitmap_first(pu->nodeset) : -1;
    struct leat_topology_pu *entry = &topology->pu[topology->pus++];
    entry->pu = pu->os_index;
    entry->node = node < 0 ? 0 : (uint32_t)node;
    entry->core = (uint16_t)(topology->cores - 1);
    entry->l3 = l3 != NULL ? (uint16_t)(topology->l3s - 1) : LEAT_TOPOLOGY_NONE;
    entry->sibling = last->siblings++;
    entry->package = (uint16_t)(topology->packages - 1);
    (void)hwloc_bitmap_set(nodes, entry->node);
}

static void fill(struct leat_topology *topology, hwloc_topology_t machine,
                 hwloc_const_bitmap_t usable, hwloc_bitmap_t nodes)
{
    struct place last = { NULL, NULL, NULL, 0 };
    hwloc_obj_t pu = NULL;
    while ((pu = hwloc_get_next_obj_by_type(machine, HWLOC_OBJ_PU, pu)) != NULL) {
        if (!hwloc_bitmap_isset(usable, pu->os_index))
            continue;
        if (topology->pus < LEAT_TOPOLOGY_PUS_MAX)
            enter_pu(topology, &last, machine, pu, nodes);
        else
            topology->pus_left++;
    }
    int n = hwloc_bitmap_weight(nodes);
    topology->nodes = n > 0 ? (uint32_t)n : 1;
    topology->l1d_bytes = cache_bytes(topology, machine, HWLOC_OBJ_L1CACHE, usable);
    topology->l2_bytes = cache_bytes(topology, machine, HWLOC_OBJ_L2CACHE, usable);
    topology->l3_bytes = cache_bytes(topology, machine, HWLOC_OBJ_L3CACHE, usable);
}

int leat_topology_read(struct leat_topology *topology, struct leat_diag *diag)
{
    if (topology == NULL)
        return leat_diag_set(diag, LEAT_EINVAL, "topology: nowhere to write it");
    hwloc_topology_t machine;
    int status = machine_open(&machine, MACHINE_WHOLE, diag);
    if (status != LEAT_OK)
        return status;
    memset(topology, 0, sizeof *topology);
    topology->imitated = !hwloc_topology_is_thissystem(machine);

    hwloc_bitmap_t usable = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(machine));
    hwloc_bitmap_t bound = hwloc_bitmap_alloc();
    hwloc_bitmap_t nodes = hwloc_bitmap_alloc();
    if (usable == NULL || bound == NULL || nodes == NULL) {
        status = leat_diag_set(diag, LEAT_ENOMEM, "topology: no memory");
    } else {
        /* taskset and the like; an imitated machine has no process on it */
        if (!topology->imitated && hwloc_get_cpubind(machine, bound, HWLOC_CPUBIND_PROCESS) == 0)
            (void)hwloc_bitmap_and(usable, usable, bound);
        fill(topology, machine, usable, nodes);
        if (topology->pus == 0)
            status = leat_diag_set(diag, LEAT_EIO, "topology: no usable processor is shown");
    }
    hwloc_bitmap_free(nodes);
    hwloc_bitmap_free(bound);
    hwloc_bitmap_free(usable);
    hwloc_topology_destroy(machine);
    return status;
}
