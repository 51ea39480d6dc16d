/* Which copies of a tee lie in the frames that they will be joined with.
 *
 * Branches of one tee that meet again in a zip on the same worker, with nothing but MAP stages in
 * between, work on one frame: the branch to the join's first input has the original, and each other
 * gets its copy where the join would put its rows, behind those of the inputs before it. The copy's
 * header has the last line of the row before, which such pools add to every row, and the join finds
 * nothing to do but to count rows. It spares a frame and a copy of every row.
 *
 * The count of copies stays what it was, all branches but one (decision 87), so that it is the same
 * whoever runs what.
 */
#include "pipeline/build.h"

/* The way of a tee that leads to that input of a join through MAP stages of the join's worker and
 * nothing else; in *rows the most that its frames have on the way. NULL: there is none. */
static struct leat_plan_link *trace(struct leat_plan *p, uint32_t join, uint32_t port,
                                    uint32_t *rows)
{
    const uint32_t worker = p->stages[join].worker;
    struct leat_plan_link *link = plan_link_into(p, join, port);
    for (*rows = 0;; link = plan_link_into(p, link->from, 0)) {
        const struct leat_plan_stage *from = &p->stages[link->from];
        if (from->worker != worker)
            return NULL;
        *rows = from->out.rows > *rows ? from->out.rows : *rows;
        if (is_tee(from))
            return link;
        if (from->stage->map == NULL)
            return NULL;
    }
}

/* What becomes of the ways of a tee. */
struct nests {
    struct leat_plan_link *first;               /* has the original */
    struct leat_plan_link *in[SHARE_INSIDE_MAX]; /* [n] have copies that lie in it, */
    uint32_t at[SHARE_INSIDE_MAX];              /* [n] behind so many rows */
    uint32_t n;
};

/* Which inputs of the join can lie in the frames of its first? */
static bool find(struct leat_plan *p, uint32_t join, struct nests *nests)
{
    const struct leat_plan_stage *s = &p->stages[join];
    uint32_t rows, before = s->ins[0].rows;
    *nests = (struct nests){.first = trace(p, join, 0, &rows)};
    if (nests->first == NULL || rows > before)
        return false;
    for (uint32_t port = 1; port < s->ins_n && nests->n < SHARE_INSIDE_MAX; port++) {
        struct leat_plan_link *link = trace(p, join, port, &rows);
        if (link != NULL && link->from == nests->first->from && rows <= s->ins[port].rows) {
            nests->in[nests->n] = link;
            nests->at[nests->n++] = before;
        }
        before += s->ins[port].rows;
    }
    return nests->n != 0;
}

/* Can the first have the original? Where nobody else reads it: all get copies but one, as before,
 * and so has nobody before the tee what comes into it. A way to a join changes frames. */
static bool allowed(const struct builder *b, uint32_t tee)
{
    bool well = true;
    for (uint32_t l = 0; l < b->plan->links_n; l++) {
        const struct leat_plan_link *link = &b->plan->links[l];
        if (link->from == tee)
            well &= b->notes[link->to].changes && link->nested == 0;
    }
    return well;
}

void build_nests(struct builder *b)
{
    struct leat_plan *p = b->plan;
    struct nests nests;
    for (uint32_t i = 0; i < p->stages_n; i++) {
        if (!p->stages[i].need.rows_follow || !find(p, i, &nests) || !allowed(b, nests.first->from))
            continue;
        for (uint32_t l = 0; l < p->links_n; l++)
            if (p->links[l].from == nests.first->from)
                p->links[l].copies = &p->links[l] != nests.first;
        for (uint32_t k = 0; k < nests.n; k++)
            nests.in[k]->nested = nests.at[k];
    }
}
