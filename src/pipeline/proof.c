/* The resource proof: where frames can be, so how many there must be.
 *
 * A frame of a pool is in one of these places: in the claimer's hands, in front of a flow stage, a
 * join or a branch, held by one, on an edge, in a worker's hands, in the magazine of a worker that
 * releases (given back at the latest when that worker idles). Every place but "held" and "in front
 * of a join" empties by itself. So without joins a part of the graph moves as long as one frame
 * more exists than its stages may hold; with as many as all places hold together, no claim is
 * refused and no frame waits for another that cannot come.
 *
 * In front of a join frames wait for those of its other inputs. Where both come from one source
 * they are in step (step.c) but for the lag of the stages in between, and the inbox has room for
 * that.
 */
#include "pipeline/build.h"

#define CHUNK_BYTES ((size_t)64 << 10)
#define CHUNK_FRAMES 32u

static bool claims(const struct leat_plan_stage *s)
{
    return s->need.claim_max > 0;
}

/* ---- what a stage does to the frames that reach it ---- */

static bool next_changes(const struct builder *b, uint32_t stage)
{
    const struct leat_plan_link *link = plan_link_from(b->plan, stage, 0);
    return link != NULL && b->notes[link->to].changes;
}

/* Branches that change frames get copies; when all do, the last one gets the original, or another
 * that nest.c chooses. */
static bool mark_copies(struct builder *b, uint32_t tee)
{
    struct leat_plan *p = b->plan;
    struct leat_plan_link *last = NULL;
    uint32_t changing = 0;
    for (uint32_t l = 0; l < p->links_n; l++) {
        struct leat_plan_link *link = &p->links[l];
        if (link->from != tee)
            continue;
        link->copies = b->notes[link->to].changes;
        changing += link->copies;
        last = link;
    }
    if (last == NULL || changing < p->stages[tee].outs_n)
        return false;
    last->copies = false;
    return true;
}

static bool changes(struct builder *b, uint32_t i)
{
    const struct leat_plan_stage *s = &b->plan->stages[i];
    bool appends = s->lens != NULL && s->lens->appends;
    bool reads = (s->stage->traits & LEAT_READS_ONLY) != 0 && !appends;
    if (is_tee(s))
        return mark_copies(b, i);
    if (s->stage->outs == 0 || claims(s))
        return !reads || is_door(s); /* what a host does with its frames is not ours to say */
    if (is_queue(s))
        return next_changes(b, i);
    return gathers(s) || !reads || next_changes(b, i); /* what is put gets a number */
}

static void mark_answers(struct leat_plan *p)
{
    for (uint32_t l = p->links_n; l-- > 0;) {
        struct leat_plan_link *link = &p->links[l];
        const struct leat_plan_stage *to = &p->stages[link->to];
        link->answers = is_join(to);
        for (uint32_t k = l + 1; k < p->links_n && !gathers(to); k++)
            link->answers |= p->links[k].from == link->to && p->links[k].answers;
    }
}

int build_branches(struct builder *b)
{
    struct leat_plan *p = b->plan;
    for (uint32_t i = p->stages_n; i-- > 0;)
        b->notes[i].changes = changes(b, i);
    mark_answers(p);
    for (uint32_t i = 0; i < p->stages_n; i++) {
        int status = step_check(b, i);
        if (status != LEAT_OK)
            return status;
        step_note(b, i);
    }
    return LEAT_OK;
}

int build_inboxes(struct builder *b)
{
    struct leat_plan *p = b->plan;
    for (uint32_t l = 0; l < p->links_n; l++) {
        struct leat_plan_link *link = &p->links[l];
        const struct leat_plan_stage *to = &p->stages[link->to];
        bool waits = gathers(to) || (is_tee(&p->stages[link->from]) && link->edge == LEAT_NO_EDGE);
        link->inbox = waits ? p->batch : 0;
        if (is_queue(to)) { /* of those that it drops, it first takes a batch more */
            const struct leat_queue_options *o = to->options;
            link->inbox = (uint32_t)o->depth + (o->full != 0 ? p->batch : 0);
        }
        if (!is_join(to))
            continue;
        uint64_t room = p->batch + step_lead(b, link) + to->need.wait_max;
        if (room >= LEAT_SLOTS_MAX)
            return build_at(b, to->node,
                            leat_diag_set(b->diag, LEAT_ELIMIT,
                                          "%s: an input may run more than %u frames ahead of "
                                          "another",
                                          to->name, LEAT_SLOTS_MAX));
        link->inbox = (uint32_t)room;
    }
    return LEAT_OK;
}

/* ---- pools ---- */

/* Which links the frames of a pool go over; they are in order, so one walk finds them. */
static void follow(struct builder *b, const struct leat_plan_pool *pool)
{
    struct leat_plan *p = b->plan;
    for (uint32_t i = 0; i < p->stages_n; i++)
        b->notes[i].reached = b->notes[i].shares = false;
    for (uint32_t l = 0; l < p->links_n; l++) {
        const struct leat_plan_link *link = &p->links[l];
        const struct leat_plan_stage *from = &p->stages[link->from];
        bool on = b->notes[link->from].reached && !claims(from) && !link_claims(link);
        b->carries[l] = link->from == pool->stage ? !is_tee(from) || link_claims(link) : on;
        bool ends = p->stages[link->to].need.first_goes_on && link->in != 0;
        b->notes[link->to].reached |= b->carries[l] && !ends;
        bool shares = b->notes[link->from].shares || (is_tee(from) && from->outs_n > 1);
        b->notes[link->to].shares |= b->carries[l] && shares && !link->copies;
    }
}

static void widen(const struct leat_shape *shape, size_t *widest, uint32_t *rows)
{
    size_t bytes;
    if (!leat_size_mul(shape->cols, leat_kind_bytes(shape->kind), &bytes))
        bytes = SIZE_MAX;
    *widest = bytes > *widest ? bytes : *widest;
    *rows = shape->rows > *rows ? shape->rows : *rows;
}

/* Bytes of a row that every stage which the frames visit can live with. */
static int size_pool(struct builder *b, struct leat_plan_pool *pool)
{
    struct leat_plan *p = b->plan;
    const struct leat_plan_stage *claimer = &p->stages[pool->stage];
    uint32_t rows = 0, readers = 0;
    size_t widest = 0, slot;
    widen(&claimer->out, &widest, &rows);
    for (uint32_t l = 0; l < p->links_n; l++) {
        const struct leat_plan_stage *to = &p->stages[p->links[l].to];
        if (!b->carries[l])
            continue;
        widen(&to->ins[p->links[l].in], &widest, &rows);
        if (to->stage->outs != 0 && !claims(to) && !(to->need.first_goes_on && p->links[l].in != 0))
            widen(&to->out, &widest, &rows);
        bool again = l != 0 && p->links[l - 1].from == p->links[l].from;
        readers = again ? readers : 0;
        readers += is_tee(&p->stages[p->links[l].from]) && !p->links[l].copies;
        pool->nests |= p->links[l].nested != 0;
        pool->shared |= readers > 1 || pool->nests;
        pool->apart |= b->notes[p->links[l].to].shares &&
                       to->worker != p->stages[p->links[l].from].worker;
    }
    pool->apart &= pool->shared;
    bool fits = widest <= UINT32_MAX - 4 * LEAT_LINE;
    slot = fits ? leat_round_up(widest, LEAT_LINE) + (pool->nests ? LEAT_LINE : 0) : 0;
    if (slot % 4096 == 0) /* rows a page apart would share cache sets */
        slot += LEAT_LINE;
    if (!fits || !leat_size_mul(slot, rows, &pool->payload_bytes))
        return build_at(b, claimer->node,
                        leat_diag_set(b->diag, LEAT_ELIMIT,
                                      "%s: a row of %zu bytes is more than a frame can have; "
                                      "lower frame=",
                                      claimer->name, widest));
    pool->stride = (uint32_t)slot;
    return LEAT_OK;
}

static uint32_t copying(const struct leat_plan *p, uint32_t stage)
{
    uint32_t n = 0;
    for (uint32_t l = 0; l < p->links_n; l++)
        n += p->links[l].from == stage && link_claims(&p->links[l]);
    return n;
}

int build_pools(struct builder *b)
{
    struct leat_plan *p = b->plan;
    for (uint32_t i = 0; i < p->stages_n; i++) {
        struct leat_plan_stage *s = &p->stages[i];
        if (s->stage->ins != 0 && !claims(s) && copying(p, i) == 0)
            continue;
        if (p->pools_n == LEAT_POOLS_MAX)
            return leat_diag_set(b->diag, LEAT_ELIMIT, "more than %u pools", LEAT_POOLS_MAX);
        s->quota = p->pools_n;
        struct leat_plan_pool *pool = &p->pools[p->pools_n++];
        pool->stage = i;
        follow(b, pool);
        int status = size_pool(b, pool);
        if (status != LEAT_OK)
            return status;
    }
    return LEAT_OK;
}

/* Frames that a magazine exchanges with the depot at once. A batch of one would send every claim to
 * the depot, so it is a batch or CHUNK_FRAMES; but of large frames, whose samples cost far more
 * than the exchange, no more than CHUNK_BYTES, because a magazine can hold two chunks back. */
static uint32_t chunk_of(const struct leat_plan *p, const struct leat_plan_pool *pool)
{
    size_t floor = pool->payload_bytes < CHUNK_BYTES / CHUNK_FRAMES
                       ? CHUNK_FRAMES
                       : CHUNK_BYTES / pool->payload_bytes;
    size_t chunk = p->batch > floor ? p->batch : floor;
    return chunk < LEAT_CHUNK_MAX ? (uint32_t)chunk : LEAT_CHUNK_MAX;
}

struct frame_count {
    uint64_t least, all;
};

/* The places along one link. */
static uint64_t places_of(const struct leat_plan *p, const struct leat_plan_link *link,
                          uint64_t hop)
{
    const struct leat_plan_stage *to = &p->stages[link->to];
    uint64_t n = link->inbox + (link->edge != LEAT_NO_EDGE ? hop : 0);
    n += gathers(to) ? to->need.hold_max : 0;
    n += to->stage->outs == 0 && is_door(to) ? p->edge_frames : 0;
    return n;
}

static struct frame_count count_places(struct builder *b, const struct leat_plan_pool *pool)
{
    const struct leat_plan *p = b->plan;
    const struct leat_plan_stage *claimer = &p->stages[pool->stage];
    bool source = claimer->stage->ins == 0, joins = false;
    uint64_t batch = p->batch, spare = copying(p, pool->stage);
    uint64_t least = source ? 1 : is_tee(claimer) ? spare : claimer->need.claim_max;
    uint64_t all = batch + (is_tee(claimer) ? spare * batch : least);
    uint64_t hop = p->edge_frames + batch + 2 * (uint64_t)pool->chunk; /* an edge and the worker */
    all += source && is_door(claimer) ? hop : 0; /* the host claims, before an inlet's edge */
    for (uint32_t l = 0; l < p->links_n; l++) {
        const struct leat_plan_stage *to = &p->stages[p->links[l].to];
        if (!b->carries[l])
            continue;
        all += places_of(p, &p->links[l], hop);
        least += to->stage->flow != NULL ? to->need.hold_max : 0;
        joins |= is_join(to);
    }
    return (struct frame_count){joins ? all : least, all};
}

static int count_frames(struct builder *b, struct leat_plan_pool *pool, uint32_t wanted)
{
    struct leat_plan *p = b->plan;
    const struct leat_plan_stage *claimer = &p->stages[pool->stage];
    follow(b, pool);
    pool->chunk = chunk_of(p, pool);
    struct frame_count n = count_places(b, pool);
    if (claimer->stage->ins == 0 && wanted != 0) {
        /* So few must not lie in magazines. */
        while (pool->chunk > 1 && pool->chunk > p->batch && n.all > wanted) {
            pool->chunk--;
            n = count_places(b, pool);
        }
        if (wanted < n.least)
            return build_at(b, claimer->node,
                            leat_diag_set(b->diag, LEAT_ELIMIT,
                                          "%s: a pool of %u frames could come to a standstill: "
                                          "its stages may hold back %llu, so it needs %llu",
                                          claimer->name, wanted, (unsigned long long)(n.least - 1),
                                          (unsigned long long)n.least));
        n.all = wanted;
    }
    pool->frames_min = (uint32_t)(n.least > LEAT_SLOTS_MAX ? LEAT_SLOTS_MAX : n.least);
    if (n.all > LEAT_SLOTS_MAX)
        return leat_diag_set(b->diag, LEAT_ELIMIT, "%s: needs %llu frames, a pool has at most %u",
                             claimer->name, (unsigned long long)n.all, LEAT_SLOTS_MAX);
    pool->frames = (uint32_t)n.all;
    return LEAT_OK;
}

int build_counts(struct builder *b, uint32_t frames_wanted)
{
    int status = LEAT_OK;
    for (uint32_t i = 0; status == LEAT_OK && i < b->plan->pools_n; i++)
        status = count_frames(b, &b->plan->pools[i], frames_wanted);
    return status;
}
