/* Binding threads and memory. Each call opens the machine anew, milliseconds; a pinner keeps it. */
#include "topology/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A machine that can be bound to, and an empty set to say where. */
struct binding {
    hwloc_topology_t machine;
    hwloc_bitmap_t set;
};

static int binding_open(struct binding *binding, struct leat_diag *diag)
{
    int status = machine_open(&binding->machine, MACHINE_PUS, diag);
    if (status != LEAT_OK)
        return status;
    binding->set = hwloc_bitmap_alloc();
    if (binding->set == NULL)
        status = leat_diag_set(diag, LEAT_ENOMEM, "topology: no memory");
    else if (!hwloc_topology_is_thissystem(binding->machine))
        status = leat_diag_set(diag, LEAT_ESTATE,
                               "topology: another machine is imitated (HWLOC_SYNTHETIC or a file): "
                               "nothing can be bound to it");
    if (status != LEAT_OK) {
        hwloc_bitmap_free(binding->set);
        hwloc_topology_destroy(binding->machine);
    }
    return status;
}

static void binding_close(struct binding *binding)
{
    hwloc_bitmap_free(binding->set);
    hwloc_topology_destroy(binding->machine);
}

/* Moves the calling thread to the PUs of a set. */
static int bind_thread(hwloc_topology_t machine, hwloc_const_bitmap_t set, struct leat_diag *diag)
{
    if (hwloc_set_cpubind(machine, set, HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT) == 0)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_EIO, "topology: the system does not bind the thread: %s",
                         strerror(errno));
}

struct leat_pinner {
    struct binding binding; /* only read once it is open: its set stays empty */
};

int leat_pinner_open(struct leat_pinner **pinner, struct leat_diag *diag)
{
    *pinner = NULL;
    struct leat_pinner *made = malloc(sizeof *made);
    if (made == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "topology: no memory");
    int status = binding_open(&made->binding, diag);
    if (status != LEAT_OK) {
        free(made);
        return status;
    }
    *pinner = made;
    return LEAT_OK;
}

void leat_pinner_close(struct leat_pinner *pinner)
{
    if (pinner == NULL)
        return;
    binding_close(&pinner->binding);
    free(pinner);
}

int leat_pinner_check(const struct leat_pinner *pinner, uint32_t pu, struct leat_diag *diag)
{
    if (pu <= INT32_MAX && hwloc_get_pu_obj_by_os_index(pinner->binding.machine, pu) != NULL)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_EINVAL, "topology: there is no processor %u to use", pu);
}

int leat_pinner_pin(const struct leat_pinner *pinner, uint32_t pu, struct leat_diag *diag)
{
    int status = leat_pinner_check(pinner, pu, diag);
    if (status != LEAT_OK)
        return status;
    hwloc_bitmap_t set = hwloc_bitmap_alloc(); /* its own: other threads pin at the same time */
    if (set == NULL || hwloc_bitmap_only(set, pu) != 0)
        status = leat_diag_set(diag, LEAT_ENOMEM, "topology: no memory");
    else
        status = bind_thread(pinner->binding.machine, set, diag);
    hwloc_bitmap_free(set);
    return status;
}

int leat_topology_pin(uint32_t pu, struct leat_diag *diag)
{
    struct leat_pinner *pinner;
    int status = leat_pinner_open(&pinner, diag);
    if (status == LEAT_OK)
        status = leat_pinner_pin(pinner, pu, diag);
    leat_pinner_close(pinner);
    return status;
}

int leat_topology_mask_get(struct leat_topology_mask *mask, struct leat_diag *diag)
{
    struct binding binding;
    if (mask == NULL)
        return leat_diag_set(diag, LEAT_EINVAL, "topology: nowhere to write the mask");
    int status = binding_open(&binding, diag);
    if (status != LEAT_OK)
        return status;
    if (hwloc_get_cpubind(binding.machine, binding.set, HWLOC_CPUBIND_THREAD) != 0)
        status = leat_diag_set(diag, LEAT_EIO, "topology: the system hides the thread's mask: %s",
                               strerror(errno));
    int last = hwloc_bitmap_last(binding.set);
    if (status == LEAT_OK && (last < 0 || last >= (int)LEAT_TOPOLOGY_PUS_MAX))
        status = leat_diag_set(diag, LEAT_ERANGE, "topology: the thread's mask has %d PUs, not %u",
                               last + 1, LEAT_TOPOLOGY_PUS_MAX);
    if (status == LEAT_OK) {
        memset(mask, 0, sizeof *mask);
        for (int pu = hwloc_bitmap_first(binding.set); pu >= 0;
             pu = hwloc_bitmap_next(binding.set, pu))
            mask->words[pu / 64] |= UINT64_C(1) << (pu % 64);
    }
    binding_close(&binding);
    return status;
}

int leat_topology_mask_set(const struct leat_topology_mask *mask, struct leat_diag *diag)
{
    struct binding binding;
    if (mask == NULL)
        return leat_diag_set(diag, LEAT_EINVAL, "topology: no mask");
    int status = binding_open(&binding, diag);
    if (status != LEAT_OK)
        return status;
    int failed = 0;
    for (uint32_t pu = 0; pu < LEAT_TOPOLOGY_PUS_MAX; pu++) {
        if ((mask->words[pu / 64] >> (pu % 64) & 1u) != 0)
            failed |= hwloc_bitmap_set(binding.set, pu);
    }
    failed |= hwloc_bitmap_and(binding.set, binding.set,
                               hwloc_topology_get_complete_cpuset(binding.machine));
    if (failed != 0)
        status = leat_diag_set(diag, LEAT_ENOMEM, "topology: no memory");
    else if (hwloc_bitmap_iszero(binding.set))
        status = leat_diag_set(diag, LEAT_EINVAL, "topology: no PU of the mask exists");
    else
        status = bind_thread(binding.machine, binding.set, diag);
    binding_close(&binding);
    return status;
}

int leat_topology_bind_memory(void *address, size_t bytes, uint32_t node, struct leat_diag *diag)
{
    struct binding binding;
    if (address == NULL || bytes == 0)
        return leat_diag_set(diag, LEAT_EINVAL, "topology: no memory to bind");
    if (bytes > UINTPTR_MAX - (uintptr_t)address)
        return leat_diag_set(diag, LEAT_ERANGE, "topology: %zu bytes reach past all addresses",
                             bytes);
    int status = binding_open(&binding, diag);
    if (status != LEAT_OK)
        return status;
    if (node > INT32_MAX ||
        !hwloc_bitmap_isset(hwloc_topology_get_topology_nodeset(binding.machine), node))
        status = leat_diag_set(diag, LEAT_EINVAL, "topology: there is no memory node %u", node);
    else if (hwloc_bitmap_only(binding.set, node) != 0)
        status = leat_diag_set(diag, LEAT_ENOMEM, "topology: no memory");
    else if (hwloc_set_area_membind(binding.machine, address, bytes, binding.set,
                                    HWLOC_MEMBIND_BIND,
                                    HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_MIGRATE) != 0)
        status = leat_diag_set(diag, LEAT_EIO, "topology: the system does not bind memory: %s",
                               strerror(errno));
    binding_close(&binding);
    return status;
}
