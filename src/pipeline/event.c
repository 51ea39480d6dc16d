#define _GNU_SOURCE
#include "pipeline/event.h"

#include <leat/clock.h>

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <ck_ec.h>

#define RECHECK_NS UINT64_C(500000)     /* without the kernel's barrier */
#define LONGEST_NS UINT64_C(1000000000) /* with it nothing is missed; this only bounds surprises */

static int ec_time(const struct ck_ec_ops *ops, struct timespec *now)
{
    (void)ops;
    return clock_gettime(CLOCK_MONOTONIC, now);
}

static void ec_wait32(const struct ck_ec_wait_state *state, const uint32_t *address,
                      uint32_t expected, const struct timespec *deadline)
{
    (void)state;
    syscall(SYS_futex, address, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline, NULL,
            FUTEX_BITSET_MATCH_ANY);
}

static void ec_wait64(const struct ck_ec_wait_state *state, const uint64_t *address,
                      uint64_t expected, const struct timespec *deadline)
{
    uint32_t low = (uint32_t)expected; /* the counts here have 32 bits; the table wants both */
    ec_wait32(state, (const uint32_t *)(const void *)address, low, deadline);
}

static void ec_wake32(const struct ck_ec_ops *ops, const uint32_t *address)
{
    (void)ops;
    syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void ec_wake64(const struct ck_ec_ops *ops, const uint64_t *address)
{
    ec_wake32(ops, (const uint32_t *)(const void *)address);
}

static const struct ck_ec_ops ops = {
    .gettime = ec_time,
    .wait32 = ec_wait32,
    .wait64 = ec_wait64,
    .wake32 = ec_wake32,
    .wake64 = ec_wake64,
    .busy_loop_iter = 1, /* the worker has spun already */
    .initial_wait_ns = 1000000000,
};
static const struct ck_ec_mode mode = {.ops = &ops, .single_producer = false};

LEAT_STATIC_ASSERT(sizeof(struct ck_ec32) <= sizeof(((struct event *)0)->words), "fits");

static struct ck_ec32 *count_of(struct event *event)
{
    return (struct ck_ec32 *)(void *)event->words;
}

void event_set_init(struct event_set *set)
{
    memset(set, 0, sizeof *set);
    set->barrier =
        syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void event_init(struct event *event)
{
    memset(event, 0, sizeof *event);
    ck_ec32_init(count_of(event), 0);
}

uint32_t event_ticket(struct event *event)
{
    return ck_ec32_value(count_of(event));
}

uint32_t event_prepare(struct event_set *set, struct event *event, uint32_t worker)
{
    uint32_t ticket = event_ticket(event);
    leat_or_seq_cst(&set->asleep, UINT64_C(1) << worker); /* [E2 pairs E1: the kernel's barrier] */
    if (set->barrier)
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    return ticket;
}

/* The library's first slice of a sleep is as long as initial_wait_ns, whatever the deadline is. */
static int no_later(const struct ck_ec_wait_state *state, struct timespec *slice)
{
    const struct timespec *end = state->data;
    bool sooner = end->tv_sec != slice->tv_sec ? end->tv_sec < slice->tv_sec
                                               : end->tv_nsec < slice->tv_nsec;
    if (sooner)
        *slice = *end;
    return 0;
}

void event_sleep(struct event_set *set, struct event *event, uint32_t ticket, uint64_t until_ns)
{
    uint64_t now = leat_clock_ns();
    uint64_t longest = now + (set->barrier ? LONGEST_NS : RECHECK_NS);
    uint64_t until = until_ns < longest ? until_ns : longest;
    struct timespec deadline = {.tv_sec = (time_t)(until / 1000000000u),
                                .tv_nsec = (long)(until % 1000000000u)};
    ck_ec32_wait_pred(count_of(event), &mode, ticket, no_later, &deadline, &deadline);
}

void event_done(struct event_set *set, uint32_t worker)
{
    leat_and_seq_cst(&set->asleep, ~(UINT64_C(1) << worker)); /* [E2 pairs E1: only a hint] */
}

void event_wake(struct event *event)
{
    ck_ec32_inc(count_of(event), &mode);
}
