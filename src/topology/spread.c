/* Choosing PUs for workers: pure arithmetic on the plain description. */
#include <leat/topology.h>

/* PUs that share an L3 cache, or a node where no L3 is shown: entries [begin, end). */
struct group {
    uint32_t begin, end;
    uint32_t room; /* PUs of the sibling rank that is being handed out; 0 once taken */
};

static bool same_group(const struct leat_topology_pu *a, const struct leat_topology_pu *b)
{
    return a->l3 == b->l3 && a->node == b->node;
}

static uint32_t cut_groups(const struct leat_topology *topology, struct group *groups)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < topology->pus; i++) {
        if (i == 0 || !same_group(&topology->pu[i - 1], &topology->pu[i]))
            groups[n++] = (struct group){ i, i, 0 };
        groups[n - 1].end = i + 1;
    }
    return n;
}

/* Counts in each group the PUs of one sibling rank. */
static void count_room(const struct leat_topology *topology, struct group *groups, uint32_t n,
                       uint32_t sibling)
{
    for (uint32_t g = 0; g < n; g++) {
        groups[g].room = 0;
        for (uint32_t i = groups[g].begin; i < groups[g].end; i++)
            groups[g].room += topology->pu[i].sibling == sibling;
    }
}

/* How near a group is to the one chosen last: itself (its siblings are left), its node, neither. */
static uint32_t nearness(const struct leat_topology *topology, const struct group *group,
                         const struct group *last)
{
    if (last == NULL)
        return 0;
    bool same_node = topology->pu[group->begin].node == topology->pu[last->begin].node;
    return group == last ? 2 : same_node;
}

/* The tightest group that holds all `wanted`, else the roomiest; among equals the nearest to the
 * last one, else the first. NULL when no group has room. */
static struct group *choose(const struct leat_topology *topology, struct group *groups, uint32_t n,
                            uint32_t wanted, const struct group *last)
{
    struct group *best = NULL;
    for (uint32_t g = 0; g < n; g++) {
        struct group *group = &groups[g];
        if (group->room == 0)
            continue;
        bool better = best == NULL;
        if (!better && group->room == best->room) {
            better = nearness(topology, group, last) > nearness(topology, best, last);
        } else if (!better) {
            bool holds = group->room >= wanted;
            bool best_holds = best->room >= wanted;
            better = holds != best_holds ? holds : (group->room < best->room) == holds;
        }
        if (better)
            best = group;
    }
    return best;
}

uint32_t leat_topology_spread(const struct leat_topology *topology, uint32_t n, uint32_t *pus)
{
    LEAT_REQUIRE(topology != NULL && topology->pus <= LEAT_TOPOLOGY_PUS_MAX);
    LEAT_REQUIRE(pus != NULL || n == 0);
    struct group groups[LEAT_TOPOLOGY_PUS_MAX];
    uint32_t groups_n = cut_groups(topology, groups);
    uint32_t different = n < topology->pus ? n : topology->pus;
    uint32_t taken = 0;
    struct group *last = NULL;
    for (uint32_t rank = 0; taken < different && rank < topology->pus; rank++) {
        count_room(topology, groups, groups_n, rank);
        struct group *group;
        while (taken < different &&
               (group = choose(topology, groups, groups_n, different - taken, last)) != NULL) {
            for (uint32_t i = group->begin; i < group->end && taken < different; i++) {
                if (topology->pu[i].sibling == rank)
                    pus[taken++] = topology->pu[i].pu;
            }
            group->room = 0;
            last = group;
        }
    }
    for (uint32_t i = taken; i < n && taken != 0; i++)
        pus[i] = pus[i % taken];
    return taken;
}
