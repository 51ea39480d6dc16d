/* The array book that one writes by hand for one feed: orders in a table with open addressing,
 * levels as arrays by price, the best one last; a message's order is asked for 16 messages ahead.
 * Nothing is checked: the messages are known to be good, and to fit. */
#include "book_job.h"

#include <string.h>

#define SLOTS (2 * BOOK_ORDERS)
#define AHEAD 16u

struct order {
    uint64_t reference;
    int64_t price;
    uint32_t size; /* 0: free */
    uint32_t side; /* 2 x instrument + 1 if it asks */
    uint64_t room; /* two slots in a line */
};

struct level {
    int64_t price; /* of asks its negative: the largest is the best */
    uint64_t size;
    uint64_t orders;
};

struct side {
    uint32_t n;
    struct level levels[BOOK_LEVELS];
};

struct job {
    LEAT_ALIGNED(LEAT_LINE) struct order orders[SLOTS];
    struct book_flow flow;
    struct side *sides;
};

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    (void)why;
    job->flow = (struct book_flow){.instruments = load->slots};
    job->sides = bench_memory(2 * load->slots * sizeof *job->sides);
    return job;
}

static void ready(void *self, uint64_t n)
{
    struct job *job = self;
    book_make(&job->flow, n);
    memset(job->orders, 0, sizeof job->orders);
    memset(job->sides, 0, 2 * job->flow.instruments * sizeof *job->sides);
}

/* An even slot: the next one lies in the same line. */
static inline uint32_t home_of(uint64_t reference)
{
    return (uint32_t)(reference * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (SLOTS - 2);
}

static inline struct order *find(struct job *job, uint64_t reference)
{
    uint32_t at = home_of(reference);
    while (job->orders[at].size != 0 && job->orders[at].reference != reference)
        at = (at + 1) & (SLOTS - 1);
    return &job->orders[at];
}

static inline void forget(struct job *job, struct order *order)
{
    uint32_t hole = (uint32_t)(order - job->orders);
    for (uint32_t at = (hole + 1) & (SLOTS - 1); job->orders[at].size != 0;
         at = (at + 1) & (SLOTS - 1)) {
        uint32_t home = home_of(job->orders[at].reference);
        if (((at - home) & (SLOTS - 1)) < ((at - hole) & (SLOTS - 1)))
            continue;
        job->orders[hole] = job->orders[at];
        hole = at;
    }
    job->orders[hole].size = 0;
}

static inline void grow(struct side *side, int64_t price, uint64_t size)
{
    uint32_t i = side->n;
    while (i != 0 && side->levels[i - 1].price > price)
        i--;
    if (i != 0 && side->levels[i - 1].price == price) {
        side->levels[i - 1].size += size;
        side->levels[i - 1].orders++;
        return;
    }
    memmove(&side->levels[i + 1], &side->levels[i], (side->n++ - i) * sizeof side->levels[0]);
    side->levels[i] = (struct level){price, size, 1};
}

static inline void shrink(struct side *side, int64_t price, uint64_t size, uint32_t orders)
{
    uint32_t i = side->n - 1;
    while (side->levels[i].price != price)
        i--;
    side->levels[i].size -= size;
    side->levels[i].orders -= orders;
    if (side->levels[i].orders == 0)
        memmove(&side->levels[i], &side->levels[i + 1], (--side->n - i) * sizeof side->levels[0]);
}

static inline void add(struct job *job, uint64_t reference, uint32_t side, int64_t price,
                       uint32_t size)
{
    *find(job, reference) = (struct order){reference, price, size, side, 0};
    grow(&job->sides[side], price, size);
}

static inline void apply(struct job *job, const struct book_message *m)
{
    uint32_t side = 2u * m->instrument + (m->side == 'S');
    if (m->type == 'A') {
        add(job, m->reference, side, side & 1 ? -m->price : m->price, m->size);
        return;
    }
    struct order *order = find(job, m->reference);
    if (m->type == 'X' && m->size < order->size) {
        shrink(&job->sides[order->side], order->price, m->size, 0);
        order->size -= m->size;
        return;
    }
    side = order->side;
    shrink(&job->sides[side], order->price, order->size, 1);
    forget(job, order);
    if (m->type == 'U')
        add(job, m->other, side, side & 1 ? -m->price : m->price, m->size);
}

static inline uint64_t top(const struct side *side, bool asks)
{
    if (side->n == 0)
        return (uint64_t)INT64_MIN;
    const struct level *best = &side->levels[side->n - 1];
    return (uint64_t)(asks ? -best->price : best->price) + best->size + best->orders;
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    uint64_t sum = 0;
    (void)thread;
    for (uint64_t i = 0; i < n; i++) {
        const struct book_message *m = &job->flow.messages[i];
        const struct book_message *later = &job->flow.messages[i + AHEAD < n ? i + AHEAD : i];
        __builtin_prefetch(&job->orders[home_of(later->reference)], 1);
        if (later->type == 'U')
            __builtin_prefetch(&job->orders[home_of(later->other)], 1);
        apply(job, m);
        sum += top(&job->sides[2 * m->instrument], false);
        sum += top(&job->sides[2 * m->instrument + 1], true);
    }
    return sum;
}

static void fini(void *self)
{
    struct job *job = self;
    free(job->flow.messages);
    free(job->sides);
    free(job);
}

const struct bench_subject bench_book_hand = {
    .name = "hand", .setup = setup, .ready = ready, .run = run, .fini = fini};
