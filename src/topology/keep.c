/* A part of the machine, as if there was nothing else: arithmetic on the plain description. */
#include <leat/topology.h>

#include <string.h>

static bool has(const struct leat_topology_mask *mask, uint32_t pu)
{
    return pu < LEAT_TOPOLOGY_PUS_MAX && (mask->words[pu / 64] >> (pu % 64) & 1u) != 0;
}

/* Whether an entry before i lies near the same memory node. */
static bool node_seen(const struct leat_topology *topology, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++)
        if (topology->pu[j].node == topology->pu[i].node)
            return true;
    return false;
}

/* Entry i takes its numbers anew; `old` is what entry i - 1 was called before. */
static void number(struct leat_topology *topology, uint32_t i, const struct leat_topology_pu *old)
{
    struct leat_topology_pu *pu = &topology->pu[i];
    bool first = i == 0;
    bool same_core = !first && pu->core == old->core;
    topology->cores += !same_core;
    topology->packages += first || pu->package != old->package;
    topology->nodes += !node_seen(topology, i);
    if (pu->l3 != LEAT_TOPOLOGY_NONE) {
        topology->l3s += first || pu->l3 != old->l3;
        pu->l3 = (uint16_t)(topology->l3s - 1);
    }
    pu->sibling = same_core ? (uint16_t)(topology->pu[i - 1].sibling + 1) : 0;
    pu->core = (uint16_t)(topology->cores - 1);
    pu->package = (uint16_t)(topology->packages - 1);
}

int leat_topology_keep(struct leat_topology *topology, const struct leat_topology_mask *mask,
                       struct leat_diag *diag)
{
    if (topology == NULL || mask == NULL || topology->pus > LEAT_TOPOLOGY_PUS_MAX)
        return leat_diag_set(diag, LEAT_EINVAL, "topology: nothing to keep a part of");
    uint32_t n = 0;
    for (uint32_t i = 0; i < topology->pus; i++)
        n += has(mask, topology->pu[i].pu);
    if (n == 0)
        return leat_diag_set(diag, LEAT_EINVAL, "topology: no processor of the mask is there");
    struct leat_topology_pu old = {0};
    uint32_t all = topology->pus;
    topology->pus = topology->cores = topology->l3s = topology->nodes = topology->packages = 0;
    for (uint32_t i = 0; i < all; i++) {
        struct leat_topology_pu next = topology->pu[i];
        if (!has(mask, next.pu))
            continue;
        topology->pu[topology->pus] = next;
        number(topology, topology->pus++, &old);
        old = next;
    }
    memset(&topology->pu[n], 0, (all - n) * sizeof topology->pu[0]);
    return LEAT_OK;
}
