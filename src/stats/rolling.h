/* Mean and squared deviations of the last w samples, for each sample.
 *
 * A window of 2k samples is two of k. Of the k samples that end with sample i these are kept:
 *   e  their sum relative to x of i: the sum of x of i - j less x of i, j < k
 *   n  k times their squared deviations
 * and from them follows the same of 2k. The sum of the older half relative to x of i is
 * t = e of i - k + k (x of i - k less x of i), so e' = e + t, and by Chan's formula for equal
 * halves n' = 2 (n of i - k + n) + (t - e)^2. No sum holds a large mean, squares are only added. A
 * window of another size is joined from those of its binary digits, the largest the newest; while
 * there are fewer samples than the window, it is one of as many as there are. So an answer depends
 * on the samples of its window alone, to the bit: neither where it stands in the stream nor how the
 * stream is cut shows, and what has left the window is gone.
 *
 * Full windows of a power of two samples go a register at a time through all sizes (whole); all
 * others go in stretches, one size after the other. The trees are the same.
 *
 * Source: Chan, Golub, LeVeque 1983.
 */
#ifndef LEAT_STATS_ROLLING_H
#define LEAT_STATS_ROLLING_H

#include "stats/part.h"

#include <string.h>

#define STRETCH 128 /* samples that go through all sizes at a time; a power of two */

/* Each row with room for as many samples before it. */
struct stretch {
    uint64_t first; /* the first sample's place in the stream */
    size_t count;
    _Alignas(64) real x[2 * STRETCH];
    struct halves {
        real e[2 * STRETCH], n[2 * STRETCH];
    } of[2];
    struct parts {
        real d[2 * STRETCH], m[2 * STRETCH];
    } lower[2];                          /* of the digits so far, and with the next */
    unsigned turn, digits;               /* which of those two is in use */
    real d_out[STRETCH], m_out[STRETCH]; /* of the whole window, m the squared deviations */
    real weight[STRETCH], inverse[STRETCH];
};

/* What lies behind the header (leat_rolling_bytes): lines of the last so many values, rings by a
 * value's place in the stream. Their lengths are powers of two. */
struct lines {
    real *past; /* samples; in f32 twice as many, so that a whole window is there */
    size_t past_size;
    real *halves;            /* of each k from 1, at 2 k: k of e and k of n */
    real *first_d, *first_m; /* windows of the stream's first samples, by their newest */
    size_t firsts;
    real *digit; /* of each digit but the lowest: k of d and k of m of the digits below */
};

LEAT_INLINE struct lines lines_of(struct leat_rolling *state)
{
    size_t top = part_top(state->window);
    struct lines at;
    at.past = (real *)(void *)(state + 1);
    at.past_size = top * sizeof(double) / sizeof(real);
    at.halves = at.past + at.past_size;
    at.firsts = state->window == top ? top / 2 : top;
    at.first_d = at.halves + 2 * top;
    at.first_m = at.first_d + at.firsts;
    at.digit = at.first_m + at.firsts;
    return at;
}

LEAT_INLINE void row_copy(real *to, const real *from, size_t n)
{
    for (size_t i = 0; i < n; i += (size_t)VLANES) {
        const int lanes = v_lanes(n, i);
        v_store_lanes(to + i, lanes, v_load_lanes(from + i, lanes));
    }
}

LEAT_INLINE void ring_read(real *to, const real *ring, size_t size, uint64_t place, size_t n)
{
    size_t from = place & (size - 1), end = size - from < n ? size - from : n;
    row_copy(to, ring + from, end);
    row_copy(to + end, ring, n - end);
}

LEAT_INLINE void ring_write(real *ring, size_t size, uint64_t place, const real *from, size_t n)
{
    size_t to = place & (size - 1), end = size - to < n ? size - to : n;
    row_copy(ring + to, from, end);
    row_copy(ring, from + end, n - end);
}

/* The values k samples before those that begin at now. No stretch wraps in a ring as long. */
LEAT_INLINE const real *line_open(const real *line, size_t k, uint64_t first, real *now)
{
    if (k >= STRETCH)
        return line + (first & (k - 1));
    ring_read(now - k, line, k, first, k);
    return now - k;
}

LEAT_INLINE void line_close(real *line, size_t k, uint64_t first, const real *now, size_t count)
{
    size_t keep = count < k ? count : k;
    ring_write(line, k, first + count - keep, now + count - keep, keep);
}

/* Samples k before those from `at` on in the stretch. */
LEAT_INLINE const real *past_of(const struct stretch *s, const struct lines *at, size_t k, size_t i)
{
    if (k <= STRETCH)
        return s->x + STRETCH + i - k;
    return at->past + ((s->first - k) & (at->past_size - 1)) + i;
}

/* Windows of k samples, the newer part, with the older ones that end where they begin. */
struct join {
    const real *d_old, *m_old, *x_old; /* of the older parts */
    real *d, *m;                       /* the answers */
    size_t from, to;                   /* places in the stretch; the rows above begin at from */
};

static void join_parts(const struct stretch *s, size_t k, struct join j)
{
    const real *e = s->of[s->turn].e + STRETCH, *n = s->of[s->turn].n + STRETCH;
    const vreal part = v_set((real)(1.0 / (double)k)), size = v_set((real)k);
    for (size_t i = j.from; i < j.to; i += (size_t)VLANES) {
        const size_t o = i - j.from;
        const int lanes = v_lanes(j.to, i);
        vreal d = v_mul(v_load_lanes(e + i, lanes), part);
        vreal m = v_mul(v_load_lanes(n + i, lanes), part);
        vreal weight = v_load_lanes(s->weight + i, lanes);
        vreal now = v_load_lanes(s->x + STRETCH + i, lanes);
        vreal apart = v_sub(v_load_lanes(j.x_old + o, lanes), now);
        vreal delta = v_sub(v_add(apart, v_load_lanes(j.d_old + o, lanes)), d);
        v_store_lanes(j.d + o, lanes, v_add(d, v_mul(delta, weight)));
        m = v_add(v_load_lanes(j.m_old + o, lanes), m);
        v_store_lanes(j.m + o, lanes, v_add(m, v_mul(v_mul(delta, delta), v_mul(weight, size))));
    }
}

/* What a window of k samples is by itself, at the places from .. to. One sample that is not finite
 * has no deviation. */
static void part_alone(const struct stretch *s, size_t k, struct join j)
{
    const real *e = s->of[s->turn].e + STRETCH, *n = s->of[s->turn].n + STRETCH;
    const vreal part = v_set((real)(1.0 / (double)k));
    for (size_t i = j.from; i < j.to; i += (size_t)VLANES) {
        const int lanes = v_lanes(j.to, i);
        vreal x = v_load_lanes(s->x + STRETCH + i, lanes);
        vreal m = v_mul(v_load_lanes(n + i, lanes), part);
        v_store_lanes(j.d + (i - j.from), lanes, v_mul(v_load_lanes(e + i, lanes), part));
        v_store_lanes(j.m + (i - j.from), lanes, k == 1 ? v_sub(x, x) : m);
    }
}

/* The stream's first windows of k to 2k - 1 samples, while the whole one is not full. */
static void first_windows(struct stretch *s, const struct lines *at, size_t k, uint32_t window)
{
    uint64_t from = s->first < k - 1 ? k - 1 : s->first, to = s->first + s->count;
    to = to < 2 * k - 1 ? to : 2 * k - 1;
    to = to < window - 1 ? to : window - 1;
    if (from >= to)
        return;
    struct join j = { .from = (size_t)(from - s->first), .to = (size_t)(to - s->first) };
    size_t begin = j.from;
    j.d = s->d_out + j.from;
    j.m = s->m_out + j.from;
    if (from == k - 1) {
        struct join one = j;
        one.to = one.from + 1;
        part_alone(s, k, one);
        j.from++;
        j.d++;
        j.m++;
    }
    for (size_t i = j.from; i < j.to; i++) {
        double count = count_of(s->first + i + 1);
        s->weight[i] = (real)((count - count_of(k)) / count);
    }
    j.x_old = past_of(s, at, k, j.from);
    j.d_old = at->first_d + (s->first + j.from - k);
    j.m_old = at->first_m + (s->first + j.from - k);
    join_parts(s, k, j);
    size_t keep = from < at->firsts ? (size_t)(at->firsts - from) : 0;
    keep = keep < j.to - begin ? keep : j.to - begin;
    row_copy(at->first_d + from, s->d_out + begin, keep);
    row_copy(at->first_m + from, s->m_out + begin, keep);
}

/* The digit k of the window, and those below it. */
static void join_digit(struct stretch *s, const struct lines *at, size_t k, uint32_t window)
{
    const size_t lowest = window & -window, below = window & (k - 1);
    struct parts *now = &s->lower[s->digits], *next = &s->lower[s->digits ^ 1];
    struct join j = { .d = now->d + STRETCH, .m = now->m + STRETCH, .from = 0, .to = s->count };
    if (k == lowest) {
        part_alone(s, k, j);
        return;
    }
    real *line_d = at->digit + 2 * (below - lowest), *line_m = line_d + k;
    j.d_old = line_open(line_d, k, s->first, j.d);
    j.m_old = line_open(line_m, k, s->first, j.m);
    j.x_old = past_of(s, at, k, 0);
    j.d = next->d + STRETCH;
    j.m = next->m + STRETCH;
    for (size_t i = 0; i < s->count; i++)
        s->weight[i] = (real)((double)below / (double)(below + k));
    join_parts(s, k, j);
    line_close(line_d, k, s->first, now->d + STRETCH, s->count);
    line_close(line_m, k, s->first, now->m + STRETCH, s->count);
    s->digits ^= 1;
}

/* Windows of 2k samples at i, from their halves. */
struct pair {
    vreal e, n;
};

LEAT_INLINE struct pair pair_join(struct pair old, struct pair new, vreal apart, vreal size)
{
    vreal older = v_times_add(apart, size, old.e), differ = v_sub(older, new.e);
    vreal both = v_add(old.n, new.n);
    struct pair pair = { v_add(new.e, older), v_twice_add(both, v_mul(differ, differ)) };
    return pair;
}

/* From windows of k samples to those of 2k. */
__attribute__((noinline)) static void twice(struct stretch *s, const struct lines *at, size_t k)
{
    real *line = at->halves + 2 * k;
    real *e = s->of[s->turn].e + STRETCH, *n = s->of[s->turn].n + STRETCH;
    const real *e_old = line_open(line, k, s->first, e);
    const real *n_old = line_open(line + k, k, s->first, n);
    const real *x_old = past_of(s, at, k, 0), *x = s->x + STRETCH;
    const vreal size = v_set((real)k);
    s->turn ^= 1;
    real *e_next = s->of[s->turn].e + STRETCH, *n_next = s->of[s->turn].n + STRETCH;
    size_t i = 0;
    for (; i + (size_t)VLANES <= s->count; i += (size_t)VLANES) {
        struct pair old = { v_load(e_old + i), v_load(n_old + i) };
        struct pair new = { v_load(e + i), v_load(n + i) };
        new = pair_join(old, new, v_sub(v_load(x_old + i), v_load(x + i)), size);
        v_store(e_next + i, new.e);
        v_store(n_next + i, new.n);
    }
    if (i < s->count) {
        const int lanes = (int)(s->count - i);
        const vreal zero = v_zero();
        struct pair old = { v_load_n(e_old + i, lanes, zero), v_load_n(n_old + i, lanes, zero) };
        struct pair new = { v_load(e + i), v_load(n + i) };
        new = pair_join(old, new, v_sub(v_load_n(x_old + i, lanes, zero), v_load(x + i)), size);
        v_store(e_next + i, new.e);
        v_store(n_next + i, new.n);
    }
    line_close(line, k, s->first, e, s->count);
    line_close(line + k, k, s->first, n, s->count);
}

/* 1 / (count - ddof), 0 where that is not above 0. */
LEAT_INLINE real inverse_of(uint64_t count, uint32_t ddof)
{
    return count > ddof ? (real)(1.0 / (count_of(count) - (double)ddof)) : (real)0;
}

/* Of the stretch's windows, of which the first are not full. */
static void inverses(struct stretch *s, size_t filling, const struct leat_rolling *state)
{
    const vreal full = v_set(inverse_of(state->window, state->ddof));
    for (size_t i = 0; i < s->count; i += (size_t)VLANES)
        v_store(s->inverse + i, full);
    for (size_t i = 0; i < filling; i++)
        s->inverse[i] = inverse_of(s->first + i + 1, state->ddof);
}

LEAT_INLINE vreal answer(vreal x, vreal d, vreal m, vreal inverse, uint32_t output)
{
    if (output == LEAT_OUT_MEAN)
        return v_add(x, d);
    vreal y = v_mul(m, inverse);
    if (output == LEAT_OUT_VARIANCE)
        return y;
    y = v_sqrt(y);
    if (output == LEAT_OUT_STDDEV)
        return y;
    return v_select(v_le(y, v_zero()), v_zero(), v_div(v_sub(v_zero(), d), y));
}

LEAT_INLINE void finish_as(const struct stretch *s, real *row, const real *d, const real *m,
                           uint32_t output)
{
    for (size_t i = 0; i < s->count; i += (size_t)VLANES) {
        vreal x = v_load(s->x + STRETCH + i), inverse = v_load(s->inverse + i);
        vreal y = answer(x, v_load(d + i), v_load(m + i), inverse, output);
        v_store_lanes(row + i, v_lanes(s->count, i), y);
    }
}

__attribute__((noinline)) static void finish(const struct stretch *s, real *row, const real *d,
                                             const real *m, uint32_t output)
{
    if (output == LEAT_OUT_MEAN)
        finish_as(s, row, d, m, LEAT_OUT_MEAN);
    else if (output == LEAT_OUT_VARIANCE)
        finish_as(s, row, d, m, LEAT_OUT_VARIANCE);
    else if (output == LEAT_OUT_STDDEV)
        finish_as(s, row, d, m, LEAT_OUT_STDDEV);
    else
        finish_as(s, row, d, m, LEAT_OUT_ZSCORE);
}

/* ---- Squares that leave the range of f32 ----
 *
 * What an f32 square loses by underflow is below 2^-150, and of m that is w 2^-150; where m is at
 * least w 2^-122 it is no more than rounding. A square or sum that overflows leaves m infinite or
 * NaN. Otherwise the window is taken again in f64, in two passes. m alone decides, so neighbours do
 * not matter. Equal samples have m = 0 and nothing lost. */

LEAT_INLINE bool in_range(vreal m, uint32_t window)
{
    if (sizeof(real) == sizeof(double))
        return true;
    vreal least = v_set((real)window * (real)0x1p-122);
    return v_all(v_both(v_le(least, m), v_lt(m, v_set(REAL_INFINITY))));
}

/* The sample at a place: of the stretch at hand or of the past. */
struct sight {
    const struct lines *at;
    const real *now;
    uint64_t first;
};

LEAT_INLINE real sight_of(const struct sight *sight, uint64_t place)
{
    return place >= sight->first ? sight->now[place - sight->first]
                                 : sight->at->past[place & (sight->at->past_size - 1)];
}

/* How many of the samples before `place` are equal, at most a window's, and which was the last that
 * is not finite. */
static void look_back(struct leat_rolling *state, const struct sight *sight, uint64_t place)
{
    uint64_t from = place < state->window ? 0 : place - state->window;
    if (state->looked > from)
        from = state->looked;
    else
        state->same = state->broken = 0;
    for (; from < place; from++) {
        real x = sight_of(sight, from);
        state->same = state->same && x == sight_of(sight, from - 1) ? state->same + 1 : 1;
        if (!(x - x == (real)0))
            state->broken = from + 1;
    }
    state->looked = place;
}

LEAT_INLINE double answer_f64(const struct sight *sight, uint64_t newest, uint64_t count,
                              const struct leat_rolling *state)
{
    const double x = (double)sight_of(sight, newest);
    double sum = 0.0, m = 0.0;
    for (uint64_t i = newest + 1 - count; i < newest; i++)
        sum += (double)sight_of(sight, i) - x;
    const double d = sum / count_of(count);
    for (uint64_t i = newest + 1 - count; i <= newest; i++) {
        double apart = ((double)sight_of(sight, i) - x) - d;
        m += apart * apart;
    }
    if (state->output == LEAT_OUT_MEAN)
        return x + d;
    double y = count > state->ddof ? m / (count_of(count) - (double)state->ddof) : 0.0;
    if (state->output == LEAT_OUT_VARIANCE)
        return y;
    y = __builtin_sqrt(y);
    return state->output == LEAT_OUT_STDDEV ? y : y > 0.0 ? -d / y : 0.0;
}

/* Answers again what m says is out of range; x and m are of the samples from `first` on. */
__attribute__((noinline)) static void rescue(struct leat_rolling *state, uint64_t first,
                                             const real *x, const real *m, real *row, size_t count)
{
    if (sizeof(real) == sizeof(double))
        return;
    const struct lines at = lines_of(state);
    const struct sight sight = { &at, x, first };
    const uint32_t w = state->window;
    const real least = (real)w * (real)0x1p-122;
    for (size_t i = 0; i < count; i++) {
        if (m[i] >= least && m[i] < REAL_INFINITY)
            continue;
        const uint64_t place = first + i, n = place + 1 < w ? place + 1 : w;
        look_back(state, &sight, place + 1);
        if (state->same >= n)
            continue;
        row[i] = state->broken > place + 1 - n ? REAL_NAN
                                               : (real)answer_f64(&sight, place, n, state);
    }
}

static void stretch_begin(struct stretch *s, const real *row, size_t count,
                          const struct lines *at, const struct leat_rolling *state)
{
    const size_t top = part_top(state->window);
    const size_t need = top < STRETCH ? top : STRETCH;
    s->first = state->seen;
    s->count = count;
    s->turn = s->digits = 0;
    ring_read(s->x + STRETCH - need, at->past, at->past_size, s->first - need, need);
    row_copy(s->x + STRETCH, row, count);
}

/* Any samples, one size after the other. */
static void any_stretch(struct stretch *s, real *row, size_t count, struct leat_rolling *state)
{
    const struct lines at = lines_of(state);
    const uint32_t w = state->window;
    stretch_begin(s, row, count, &at, state);
    for (size_t i = 0; i < count; i += (size_t)VLANES) {
        v_store(s->of[0].e + STRETCH + i, v_zero());
        v_store(s->of[0].n + STRETCH + i, v_zero());
    }
    for (size_t k = 1;; k *= 2) {
        first_windows(s, &at, k, w);
        if (w & k)
            join_digit(s, &at, k, w);
        if (2 * k > w)
            break;
        twice(s, &at, k);
    }
    const uint64_t full = w - 1;
    struct parts *whole = &s->lower[s->digits];
    size_t filling = s->first < full ? (size_t)(full - s->first) : 0;
    filling = filling < count ? filling : count;
    row_copy(whole->d + STRETCH, s->d_out, filling);
    row_copy(whole->m + STRETCH, s->m_out, filling);
    inverses(s, filling, state);
    finish(s, row, whole->d + STRETCH, whole->m + STRETCH, state->output);
    rescue(state, s->first, s->x + STRETCH, whole->m + STRETCH, row, count);
    line_close(at.past, at.past_size, s->first, s->x + STRETCH, count);
    state->seen += count;
}

/* ---- Full windows of a power of two samples, whole registers ---- */

/* The values of the last register, of all sizes below its lanes: what is k samples before is in
 * it and in the one at hand. */
struct near {
    vreal x, e[VLOG], n[VLOG];
};

LEAT_INLINE void near_open(struct near *last, const struct lines *at, uint64_t place)
{
    last->x = v_load(at->past + ((place - VLANES) & (at->past_size - 1)));
    _Pragma("GCC unroll 4")
    for (int l = 1; l < VLOG; l++) {
        const real *line = at->halves + ((size_t)2 << l);
        last->e[l] = v_load_last(line, 1 << l);
        last->n[l] = v_load_last(line + (1 << l), 1 << l);
    }
}

LEAT_INLINE void near_close(const struct near *last, const struct lines *at)
{
    _Pragma("GCC unroll 4")
    for (int l = 1; l < VLOG; l++) {
        real *line = at->halves + ((size_t)2 << l);
        v_store_last(line, 1 << l, last->e[l]);
        v_store_last(line + (1 << l), 1 << l, last->n[l]);
    }
}

/* Windows of VLANES samples. */
LEAT_INLINE struct pair near_take(struct near *last, vreal x)
{
    vreal apart = v_sub(v_after(last->x, x, 1), x);
    struct pair pair = { v_add(apart, v_zero()), v_mul(apart, apart) };
    _Pragma("GCC unroll 4")
    for (int l = 1; l < VLOG; l++) {
        const int k = 1 << l;
        struct pair old = { v_after(last->e[l], pair.e, k), v_after(last->n[l], pair.n, k) };
        last->e[l] = pair.e;
        last->n[l] = pair.n;
        pair = pair_join(old, pair, v_sub(v_after(last->x, x, k), x), v_set((real)k));
    }
    last->x = x;
    return pair;
}

LEAT_INLINE size_t whole_as(real *row, size_t n, struct leat_rolling *state, uint32_t output)
{
    const struct lines at = lines_of(state);
    const uint32_t w = state->window;
    const vreal part = v_set((real)(1.0 / (double)w));
    const vreal inverse = v_set(inverse_of(w, state->ddof));
    const size_t past = at.past_size - 1;
    uint64_t place = state->seen;
    struct near last;
    real size[32];
    size_t i = 0;
    for (int l = 0; l < 32; l++)
        size[l] = (real)(UINT32_C(1) << l);
    near_open(&last, &at, place);
    for (; i + (size_t)VLANES <= n; i += (size_t)VLANES, place += (uint64_t)VLANES) {
        const vreal x = v_load(row + i);
        struct pair pair = near_take(&last, x);
        /* Windows of 2k samples: what is k samples before leaves its ring. */
        for (size_t k = VLANES, l = VLOG; k < w; k *= 2, l++) {
            real *line = at.halves + 2 * k + (place & (k - 1));
            struct pair old = { v_load(line), v_load(line + k) };
            v_store(line, pair.e);
            v_store(line + k, pair.n);
            vreal apart = v_sub(v_load(at.past + ((place - k) & past)), x);
            pair = pair_join(old, pair, apart, v_set(size[l]));
        }
        vreal m = v_mul(pair.n, part);
        v_store(row + i, answer(x, v_mul(pair.e, part), m, inverse, output));
        if (LEAT_UNLIKELY(!in_range(m, w))) {
            real now[2 * VLANES];
            v_store(now, x);
            v_store(now + VLANES, m);
            rescue(state, place, now, now + VLANES, row + i, VLANES);
        }
        v_store(at.past + (place & past), x);
    }
    near_close(&last, &at);
    state->seen = place;
    return i;
}

/* Of each output a loop of its own. */
__attribute__((noinline)) static size_t whole(real *row, size_t n, struct leat_rolling *state)
{
    switch (state->output) {
    case LEAT_OUT_MEAN: return whole_as(row, n, state, LEAT_OUT_MEAN);
    case LEAT_OUT_VARIANCE: return whole_as(row, n, state, LEAT_OUT_VARIANCE);
    case LEAT_OUT_STDDEV: return whole_as(row, n, state, LEAT_OUT_STDDEV);
    default: return whole_as(row, n, state, LEAT_OUT_ZSCORE);
    }
}

static void rolling(void *samples, size_t n, struct leat_rolling *state)
{
    const uint32_t w = state->window;
    const bool halves = (w & (w - 1)) == 0 && w >= VLANES;
    real *row = samples;
    struct stretch s;
    while (n) {
        const size_t place = (size_t)(state->seen % STRETCH);
        const bool full = state->seen >= w - 1;
        size_t done = STRETCH - place;
        if (halves && full && n >= VLANES && place % VLANES == 0) {
            done = whole(row, n, state);
        } else {
            /* No more than it takes to get there. */
            const uint64_t left = full ? 1 : w - 1 - state->seen;
            if (halves && left < done)
                done = leat_round_up(place + (size_t)left, 16) - place;
            done = n < done ? n : done;
            any_stretch(&s, row, done, state);
        }
        row += done;
        n -= done;
    }
}

#endif
