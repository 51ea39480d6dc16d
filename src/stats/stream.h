/* Streams cut into rows: what a row needs of those before it is carried in a state. */
#ifndef LEAT_STATS_STREAM_H
#define LEAT_STATS_STREAM_H

#include "stats/explog.h"
#include "stats/part.h"

LEAT_INLINE vreal step_diff(vreal before, vreal now) { return v_sub(now, before); }
LEAT_INLINE vreal step_log(vreal before, vreal now) { return log_ratio(before, now); }

/* row[i] = step(the sample before, row[i]), in place and forwards: the predecessors of the next
 * register are loaded before this one is overwritten. The stream's first sample has none: then the
 * row's n - 1 results begin at its start. */
LEAT_INLINE size_t along(real *row, size_t n, struct leat_last *last,
                         vreal (*step)(vreal before, vreal now))
{
    if (n == 0)
        return 0;
    const real *in = row;
    real before = (real)last->real, end = row[n - 1];
    if (!last->primed) {
        before = *in++;
        n--;
    }
    last->real = (double)end;
    last->primed = 1;
    real lane[VLANES + 1] = { before };
    v_store_n(lane + 1, v_lanes(n, 0), v_load_n(in, v_lanes(n, 0), v_zero()));
    vreal lag = v_load(lane);
    size_t i = 0;
    for (; i + (size_t)VLANES <= n; i += (size_t)VLANES) {
        vreal now = v_load(in + i);
        int left = v_lanes(n, i + (size_t)VLANES - 1);
        vreal next = left < VLANES ? v_load_n(in + i + VLANES - 1, left, v_zero())
                                   : v_load(in + i + VLANES - 1);
        v_store(row + i, step(lag, now));
        lag = next;
    }
    if (i < n) {
        int tail = (int)(n - i);
        v_store_n(row + i, tail, step(lag, v_load_n(in + i, tail, v_zero())));
    }
    return n;
}

static size_t diff(void *row, size_t n, struct leat_last *last)
{
    return along(row, n, last, step_diff);
}

static size_t logreturn(void *row, size_t n, struct leat_last *last)
{
    return along(row, n, last, step_log);
}

#endif
