/* A run configuration for this machine. */
#define _GNU_SOURCE
#include "tool.h"

#include "doctor.h"

#include <string.h>

/* ---- where workers go ---- */

/* Nanoseconds of a line there and back; < 0 not measured. */
static double distance(const struct doctor_measures *m, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < m->pairs_n; i++)
        if ((m->pairs[i].a == a && m->pairs[i].b == b) ||
            (m->pairs[i].a == b && m->pairs[i].b == a))
            return m->pairs[i].ns;
    return -1;
}

/* What is less is noise: the order stays as it was. */
static bool nearer(double ns, double than)
{
    return ns < 0.7 * than;
}

/* pus[from] and those after it move up for pus[best]. */
static void bring(uint32_t *pus, uint32_t from, uint32_t best)
{
    uint32_t pu = pus[best];
    memmove(&pus[from + 1], &pus[from], (best - from) * sizeof pus[0]);
    pus[from] = pu;
}

/* The first is of the nearest pair; then comes, each time, the nearest that is left. */
static void chain_by_distance(const struct doctor_measures *m, uint32_t *pus, uint32_t n)
{
    const struct doctor_pair *nearest = NULL;
    double first = n > 1 ? distance(m, pus[0], pus[1]) : 0;
    for (uint32_t i = 0; i < m->pairs_n; i++)
        if (nearer(m->pairs[i].ns, nearest != NULL ? nearest->ns : first))
            nearest = &m->pairs[i];
    for (uint32_t i = 1; i < n && nearest != NULL; i++)
        if (pus[i] == nearest->a)
            bring(pus, 0, i);
    for (uint32_t i = 1; i < n; i++) {
        uint32_t best = i;
        for (uint32_t j = i + 1; j < n; j++)
            if (nearer(distance(m, pus[i - 1], pus[j]), distance(m, pus[i - 1], pus[best])))
                best = j;
        bring(pus, i, best);
    }
}

uint32_t doctor_places(const struct doctor_facts *facts, const struct doctor_measures *measures,
                       uint32_t *pus)
{
    const struct leat_topology *t = &facts->topology;
    if (!facts->topology_known)
        return 0;
    uint32_t cores = t->cores < DOCTOR_CORES_MAX ? t->cores : DOCTOR_CORES_MAX;
    double quota = facts->group.quota;
    uint32_t n = quota <= 0 || quota >= cores ? cores : quota < 1 ? 1 : (uint32_t)quota;
    /* The first usable processor of each core: those that were measured. */
    if (measures != NULL && measures->pairs_n != 0 && !measures->pairs_left) {
        (void)leat_topology_spread(t, cores, pus);
        chain_by_distance(measures, pus, cores);
    } else {
        (void)leat_topology_spread(t, n, pus);
    }
    return n;
}

/* ---- the file ---- */

static uint32_t whole(double number, uint32_t least, uint32_t most)
{
    return number < least ? least : number > most ? most : (uint32_t)(number + 0.5);
}

/* To look on for as long as it takes to be woken costs at most twice the best that could be done;
 * half of it is spent in pauses, half in yields, in which others can run. */
static void write_waits(FILE *out, const struct doctor_facts *facts,
                        const struct doctor_measures *m, uint32_t workers)
{
    bool half = facts->group.quota > 0 && facts->group.quota < 1;
    if (half) {
        fprintf(out, "# to look on would spend the quota\nspins = 1\n");
    } else if (workers > 1 && m != NULL && m->share < DOCTOR_QUIET) {
        fprintf(out, "# spins, yields: others were at work, waits could not be measured\n");
    } else if (workers > 1 && m != NULL && m->wake > 0 && m->pause > 0 && m->yield > 0) {
        fprintf(out, "# to be woken takes %.3g us; a pause %.3g ns, a yield %.3g ns\n",
                m->wake / 1e3, m->pause, m->yield);
        fprintf(out, "spins = %u\n", whole(m->wake / 2 / m->pause, 1, 100000));
        fprintf(out, "yields = %u\n", whole(m->wake / 2 / m->yield, 1, 1000));
    }
}

void doctor_config(FILE *out, const struct doctor_facts *facts,
                   const struct doctor_measures *measures)
{
    uint32_t pus[DOCTOR_CORES_MAX];
    uint32_t workers = doctor_places(facts, measures, pus);
    fprintf(out, "# leat run --config FILE: what leat doctor %s found%s%s\n"
                 "# The command line wins over it.\n",
            TOOL_VERSION, facts->model[0] != '\0' ? " on " : "", facts->model);
    if (workers != 0)
        fprintf(out, "workers = %u\n", workers);
    if (workers == 1)
        fprintf(out, "pin = none\n");
    for (uint32_t i = 0; i < workers && workers > 1; i++)
        fprintf(out, "%s%u%s", i == 0 ? "pin = " : ",", pus[i], i + 1 == workers ? "\n" : "");
    if (facts->isa_known)
        fprintf(out, "isa = %s\n", leat_isa_name(facts->isa));
    write_waits(out, facts, measures, workers);
}
