/* Which streams keep step. A join pairs frames by their number, so where two of its inputs depend
 * on one source, the plan has to know how many numbers of the one go with how many of the other, or
 * each could wait for what the other keeps from coming.
 *
 * A stream counts its root: so many frames of the root give so many of its own. MAP stages keep the
 * numbers. What counts anew, a flow stage or a join, keeps step where nothing can be missing before
 * it; else it is a root itself, and nobody knows its pace. Roots form trees: each hangs from what
 * it was made of, or from a root that a join pairs it with. Two streams of one tree wait for each
 * other.
 */
#include "pipeline/build.h"

#define NOBODY UINT32_MAX

/* So many frames of a root go with so many of a stream; unknown where somebody is to blame. */
struct pace {
    uint64_t in, out;
    uint32_t blame; /* a stage, or NOBODY */
};

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Makes in : out the product with x : y in lowest terms; false where there is none that fits. */
static bool times(uint64_t *in, uint64_t *out, uint64_t x, uint64_t y)
{
    uint64_t a, b;
    if (x == 0 || y == 0 || __builtin_mul_overflow(*in, x, &a) ||
        __builtin_mul_overflow(*out, y, &b))
        return false;
    uint64_t common = gcd(a, b);
    *in = a / common;
    *out = b / common;
    return true;
}

/* a * b / c rounded up, at most LEAT_SLOTS_MAX. */
static uint64_t scaled(uint64_t a, uint64_t b, uint64_t c)
{
    double x = (double)a * (double)b / (double)c;
    return x >= LEAT_SLOTS_MAX ? LEAT_SLOTS_MAX : (uint64_t)x + ((double)(uint64_t)x < x);
}

static uint32_t source_of(const struct builder *b, uint32_t stage, uint32_t port)
{
    return plan_link_into(b->plan, stage, port)->from;
}

/* ---- the trees ---- */

/* False where the stage's stream does not hang from that root. */
static bool pace_to(const struct builder *b, uint32_t stage, uint32_t root, struct pace *pace)
{
    const struct note *note = &b->notes[stage];
    *pace = (struct pace){note->in, note->out, NOBODY};
    for (uint32_t at = note->root; at != root; at = b->notes[at].kin) {
        const struct note *up = &b->notes[at];
        if (up->kin == at)
            return false;
        if (pace->blame == NOBODY && !times(&pace->in, &pace->out, up->kin_in, up->kin_out))
            pace->blame = up->blame;
    }
    return true;
}

/* The paces of two streams of one tree, against a root that both hang from; else false. */
static bool meet(const struct builder *b, uint32_t one, uint32_t other, struct pace *p,
                 struct pace *q)
{
    for (uint32_t at = b->notes[one].root;; at = b->notes[at].kin) {
        if (pace_to(b, other, at, q))
            return pace_to(b, one, at, p);
        if (b->notes[at].kin == at)
            return false;
    }
}

/* Hangs the other stream's root, which becomes the top of its tree, from the one's: a frame of each
 * goes with one of the other, or where somebody is to blame nobody knows how many. */
static void tie(struct builder *b, uint32_t one, uint32_t other, uint32_t blame)
{
    const struct note *to = &b->notes[one], *from = &b->notes[other];
    struct note link = {.kin = to->root, .kin_in = to->in, .kin_out = to->out, .blame = blame};
    if (blame != NOBODY || !times(&link.kin_in, &link.kin_out, from->out, from->in)) {
        link.kin_in = link.kin_out = 0;
        link.blame = blame != NOBODY ? blame : from->root;
    }
    for (uint32_t at = from->root;;) {
        struct note *root = &b->notes[at];
        struct note old = *root;
        root->kin = link.kin;
        root->kin_in = link.kin_in;
        root->kin_out = link.kin_out;
        root->blame = link.blame;
        if (old.kin == at)
            return;
        link = (struct note){
            .kin = at, .kin_in = old.kin_out, .kin_out = old.kin_in, .blame = old.blame};
        at = old.kin;
    }
}

/* ---- a stage ---- */

/* Do equal numbers come from equal frames of one root? */
static bool same_pace(const struct note *one, const struct note *other)
{
    return one->root == other->root && one->in == other->in && one->out == other->out;
}

/* By the data alone it may take frames out. */
static bool lets_go(const struct leat_plan_stage *s)
{
    const struct leat_queue_options *queue = is_queue(s) ? s->options : NULL;
    return s->scan_finite || (queue != NULL && (queue->full != 0 || queue->age.ns != 0));
}

/* By the data alone it may take samples out, so many that no lag says it. */
static bool thins(const struct leat_plan_stage *s)
{
    return (s->stage->traits & LEAT_RESIZES) != 0 && s->need.lag_max == 0 &&
           !s->need.out.cols_fixed;
}

/* What its inputs say together; true when they keep step with each other. */
static bool gather_inputs(struct builder *b, uint32_t i)
{
    const struct leat_plan_stage *s = &b->plan->stages[i];
    struct note *note = &b->notes[i];
    bool together = true;
    for (uint32_t port = 0; port < s->ins_n; port++) {
        const struct note *from = &b->notes[source_of(b, i, port)];
        if (port == 0) {
            note->root = from->root;
            note->in = from->in;
            note->out = from->out;
        }
        together &= same_pace(note, from);
        note->lag = from->lag > note->lag ? from->lag : note->lag;
        note->missing |= from->missing;
        note->uneven |= from->uneven;
        if (!s->need.first_goes_on && s->ins[port].cols != s->ins[0].cols)
            note->uneven = true;
    }
    return together;
}

/* A root of its own, which waits for what it is made of. */
static void become_root(struct builder *b, uint32_t i)
{
    struct note *note = &b->notes[i];
    struct pace p, q;
    note->root = i;
    note->in = note->out = 1;
    note->lag = 0;
    for (uint32_t port = 0; port < b->plan->stages[i].ins_n; port++)
        if (!meet(b, source_of(b, i, port), i, &p, &q))
            tie(b, source_of(b, i, port), i, i);
}

void step_note(struct builder *b, uint32_t i)
{
    const struct leat_plan_stage *s = &b->plan->stages[i];
    const struct leat_need *need = &s->need;
    struct note *note = &b->notes[i];
    note->root = note->kin = i;
    note->in = note->out = 1;
    note->uneven = s->ins_n == 0 && is_door(s); /* a host fills its frames as far as it likes */
    bool together = gather_inputs(b, i);
    note->missing |= lets_go(s) || thins(s);
    note->uneven |= thins(s);
    if (s->ins_n == 0)
        return;
    uint64_t lag = need->lag_max > need->hold_max ? need->lag_max : need->hold_max;
    note->lag += scaled(lag, note->in, note->out);
    if (!gathers(s))
        return;
    bool reframes = need->frames_in != 0 && !is_join(s); /* it counts samples, not frames */
    if (!together || note->missing || (reframes && note->uneven) ||
        (need->frames_in != 0 && !times(&note->in, &note->out, need->frames_in, need->frames_out)))
        become_root(b, i);
    note->missing = false;
    note->uneven &= !s->out.cols_fixed;
}

static int refuse(struct builder *b, uint32_t i, uint32_t port, const struct pace *p,
                  const struct pace *q)
{
    const struct leat_plan_stage *s = &b->plan->stages[i];
    uint32_t blame = p->blame != NOBODY ? p->blame : q->blame;
    if (s->need.pairing == LEAT_BY_LATEST && blame == NOBODY && p->in == q->in && p->out == q->out)
        return leat_diag_set(b->diag, LEAT_ESHAPE,
                             "%s: inputs 1 and %u wait for each other in another join, too: by "
                             "time as well, all would stand still",
                             s->name, port + 1);
    if (s->need.pairing == LEAT_BY_TIME)
        return leat_diag_set(b->diag, LEAT_ESHAPE,
                             "%s: inputs of one source cannot wait for each other by time, or by "
                             "messages' numbers: where one drops a frame, all would stand still; "
                             "use by=sequence, or two sources",
                             s->name);
    if (blame != NOBODY)
        return leat_diag_set(b->diag, LEAT_ESHAPE,
                             "%s: inputs 1 and %u wait for each other and may be out of step: %s "
                             "counts frames anew where some may be missing; put it before the tee, "
                             "or join without it",
                             s->name, port + 1, b->plan->stages[blame].name);
    return leat_diag_set(b->diag, LEAT_ESHAPE,
                         "%s: input 1 gets %llu frames where input %u gets %llu, so they cannot be "
                         "paired; reframe both the same way",
                         s->name, (unsigned long long)(p->out * q->in), port + 1,
                         (unsigned long long)(q->out * p->in));
}

int step_check(struct builder *b, uint32_t i)
{
    const struct leat_plan_stage *s = &b->plan->stages[i];
    bool waits = is_join(s) && s->need.pairing != LEAT_BY_ARRIVAL;
    bool latest = s->need.pairing == LEAT_BY_LATEST;
    bool by_time = latest || s->need.pairing == LEAT_BY_TIME;
    for (uint32_t port = 1; waits && port < s->ins_n; port++) {
        uint32_t first = source_of(b, i, 0), other = source_of(b, i, port);
        struct leat_plan_link *link = plan_link_into(b->plan, i, port);
        struct pace p, q;
        link->in_step = latest && same_pace(&b->notes[first], &b->notes[other]);
        if (link->in_step)
            continue;
        if (!meet(b, first, other, &p, &q))
            tie(b, first, other, by_time ? i : NOBODY);
        else if (by_time || p.blame != NOBODY || q.blame != NOBODY || p.in != q.in ||
                 p.out != q.out)
            return build_at(b, s->node, refuse(b, i, port, &p, &q));
    }
    return LEAT_OK;
}

uint64_t step_lead(const struct builder *b, const struct leat_plan_link *link)
{
    uint64_t most = 0, own = 0;
    for (uint32_t port = 0; port < b->plan->stages[link->to].ins_n; port++) {
        const struct note *note = &b->notes[source_of(b, link->to, port)];
        uint64_t lag = scaled(note->lag, note->out, note->in);
        most = lag > most ? lag : most;
        own = port == link->in ? lag : own;
    }
    return most - own + 2; /* one, and one that the rounding may hide */
}
