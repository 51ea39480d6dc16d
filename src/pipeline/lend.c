/* Lenders: who holds what, and how it comes back. Borrowers push what they give back onto a list
 * that the outlet's thread takes over as a whole, so no link of it is ever read while another
 * thread may free it. */
#include "pipeline/loan.h"

#define RELEASED_AT_ONCE 16

static const struct leat_shape *shape_of(const struct leat_engine *e, uint32_t outlet)
{
    ALIVE("leat_lender_init", e);
    LEAT_REQUIRE(outlet < e->doors_n);
    const struct edge_record *edge = &e->edges[e->plan->edges_n + outlet];
    LEAT_REQUIRE(edge->to == UINT32_MAX);
    return &e->plan->stages[edge->from].in;
}

static size_t loan_bytes(uint32_t rows)
{
    const struct loan *loan = NULL;
    size_t row = sizeof *loan->buffers + sizeof *loan->children + sizeof *loan->parts;
    return leat_round_up(sizeof *loan + rows * row, LEAT_APART);
}

size_t leat_lender_bytes(const struct leat_engine *e, uint32_t outlet, uint32_t loans)
{
    size_t bytes;
    if (loans == 0 || loans > LEAT_SLOTS_MAX ||
        !leat_size_mul(loans, loan_bytes(shape_of(e, outlet)->rows), &bytes) ||
        !leat_size_add(bytes, sizeof(struct leat_lender), &bytes))
        return 0;
    return bytes;
}

static struct loan *loan_at(struct leat_lender *l, uint32_t number)
{
    return (struct loan *)(l->loans + number * l->loan_bytes);
}

static void loan_init(struct leat_lender *l, uint32_t number)
{
    struct loan *loan = loan_at(l, number);
    uint32_t rows = l->shape->rows;
    memset(loan, 0, sizeof *loan);
    loan->lender = l;
    loan->number = number;
    loan->next = number + 1 < l->loans_n ? number + 2 : 0;
    loan->parts = (union loan_part *)(loan + 1);
    loan->buffers = (const void *(*)[2])(loan->parts + rows);
    loan->children = (union loan_child *)(loan->buffers + rows);
}

int leat_lender_init(struct leat_lender **lender, struct leat_engine *e, uint32_t outlet,
                     uint32_t loans, void *storage, size_t bytes, struct leat_diag *diag)
{
    LEAT_GIVEN("leat_lender_init", lender, "lender");
    *lender = NULL;
    size_t need = leat_lender_bytes(e, outlet, loans);
    if (need == 0)
        return leat_diag_set(diag, LEAT_ERANGE, "%u loans: a lender takes 1 to %u", loans,
                             LEAT_SLOTS_MAX);
    if (storage == NULL || bytes < need || (uintptr_t)storage % LEAT_APART != 0)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "the lender takes %zu bytes aligned to %d, %zu given", need,
                             LEAT_APART, bytes);
    struct leat_lender *l = storage;
    *l = (struct leat_lender){.engine = e,
                              .shape = shape_of(e, outlet),
                              .loans = (char *)(l + 1),
                              .outlet = outlet,
                              .loans_n = loans,
                              .free = 1};
    l->loan_bytes = loan_bytes(l->shape->rows);
    for (uint32_t i = 0; i < loans; i++)
        loan_init(l, i);
    *lender = l;
    return LEAT_OK;
}

/* The lender's own words are the outlet's thread's: another one in here at once is seen. */
#define ONE_LENDER "two threads use one lender at once"

static void settle(struct leat_lender *l)
{
    struct leat_frame *frames[RELEASED_AT_ONCE];
    uint32_t n = 0, at = 0;
    if (leat_load_relaxed(&l->returned) != 0)
        /* [L2 pairs L1: the loans, and what was done with their samples] */
        at = leat_exchange_acq_rel(&l->returned, 0);
    while (at != 0) {
        struct loan *loan = loan_at(l, at - 1);
        uint32_t next = loan->next;
        loan->next = l->free;
        l->free = at;
        l->out--;
        at = next;
        if (loan->frame != NULL)
            frames[n++] = loan->frame;
        if (n == RELEASED_AT_ONCE || (n != 0 && at == 0)) {
            leat_outlet_release(l->engine, l->outlet, frames, n);
            n = 0;
        }
    }
}

uint32_t leat_lender_settle(struct leat_lender *l)
{
    LEAT_GIVEN("leat_lender_settle", l, "lender");
    PART_ENTER(&l->busy, ONE_LENDER);
    settle(l);
    uint32_t out = l->out;
    PART_LEAVE(&l->busy);
    return out;
}

int leat_lender_fini(struct leat_lender *l, struct leat_diag *diag)
{
    uint32_t out = leat_lender_settle(l);
    if (out != 0)
        return leat_diag_set(diag, LEAT_ESTATE, "%u %s not come back", out,
                             out == 1 ? "loan has" : "loans have");
    return LEAT_OK;
}

struct loan *loan_make(struct leat_lender *l, struct leat_frame *frame, uint32_t holders)
{
    LEAT_REQUIRE(frame == NULL ||
                 leat_pool_view(engine_pool(l->engine, frame->tag), frame->tag) == frame);
    PART_ENTER(&l->busy, ONE_LENDER);
    settle(l);
    struct loan *loan = NULL;
    if (l->free != 0) {
        loan = loan_at(l, l->free - 1);
        l->free = loan->next;
        l->out++;
        loan->frame = frame;
        leat_store_relaxed(&loan->holders, holders); /* whatever hands the loan over orders it */
    }
    PART_LEAVE(&l->busy);
    return loan;
}

void loan_return(struct loan *loan)
{
    struct leat_lender *l = loan->lender;
    /* [L3 pairs L3: what the other holders did, before the last one hands the loan over] */
    uint32_t before = leat_add_acq_rel(&loan->holders, UINT32_MAX);
    bool given_back_twice = before == 0;
    LEAT_REQUIRE(!given_back_twice);
    (void)given_back_twice;
    if (before != 1)
        return;
    uint32_t first = leat_load_relaxed(&l->returned);
    do
        loan->next = first;
    /* [L1 pairs L2: the loan, and what was done with its samples] */
    while (!leat_cas_acq_rel(&l->returned, &first, loan->number + 1));
}
