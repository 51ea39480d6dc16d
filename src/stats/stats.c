/* The choice of a table, and what needs no vector: states, rows of i64, packing. */
#include "stats/part.h"

#include <leat/status.h>

#include <string.h>

#define TABLE(name) extern const struct leat_stats name;
#include "stats_matrix.inc"
#undef TABLE

#define TABLE(name) &name,
static const struct leat_stats *const tables[] = {
#include "stats_matrix.inc"
};
#undef TABLE

const struct leat_stats *leat_stats_kernels(enum leat_isa isa, uint32_t kind)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i]->isa == isa && tables[i]->kind == kind)
            return tables[i];
    return NULL;
}

double leat_moments_variance(const struct leat_moments *moments, uint32_t ddof)
{
    if (moments->count <= ddof)
        return 0.0;
    return moments->m2 / (double)(moments->count - ddof);
}

double leat_moments_stddev(const struct leat_moments *moments, uint32_t ddof)
{
    return __builtin_sqrt(leat_moments_variance(moments, ddof));
}

static bool output_is_known(enum leat_output output, uint32_t ddof)
{
    return (unsigned)output <= LEAT_OUT_ZSCORE && ddof <= 1;
}

size_t leat_rolling_bytes(uint32_t window)
{
    if (window == 0 || window > LEAT_WINDOW_MAX)
        return 0;
    /* What lines_of in rolling.h lays out, in f64. */
    size_t top = part_top(window), lowest = window & -window;
    size_t firsts = window == top ? top / 2 : top;
    size_t values = top + 2 * top + 2 * firsts + 2 * (window - lowest);
    return leat_round_up(sizeof(struct leat_rolling) + values * sizeof(double), LEAT_LINE);
}

int leat_rolling_init(struct leat_rolling *state, uint32_t window, enum leat_output output,
                      uint32_t ddof)
{
    size_t bytes = leat_rolling_bytes(window);
    if (bytes == 0 || !output_is_known(output, ddof))
        return LEAT_EINVAL;
    memset(state, 0, bytes);
    state->window = window;
    state->output = (uint32_t)output;
    state->ddof = ddof;
    return 0;
}

int leat_welford_init(struct leat_welford *state, enum leat_output output, uint32_t ddof)
{
    if (!output_is_known(output, ddof))
        return LEAT_EINVAL;
    memset(state, 0, sizeof *state);
    state->output = (uint32_t)output;
    state->ddof = ddof;
    return 0;
}

int leat_ewma_init(struct leat_ewma *state, double alpha)
{
    if (!(alpha > 0.0 && alpha <= 1.0))
        return LEAT_EINVAL;
    *state = (struct leat_ewma){.alpha = alpha};
    return 0;
}

void leat_ewma_weigh(struct leat_ewma *state, uint32_t kind, double alpha)
{
    for (uint32_t i = 0; i < state->filled; i++) {
        double x = state->stripe[i / (kind == LEAT_F32 ? 2 : 1)];
        float halves[2];
        memcpy(halves, &x, sizeof halves);
        x = kind == LEAT_F32 ? (double)halves[i % 2] : x;
        state->value = state->value + state->alpha * (x - state->value);
        state->before = x;
    }
    state->filled = 0;
    state->alpha = alpha;
}

size_t leat_diff_i64(int64_t *row, size_t n, struct leat_last *last)
{
    if (n == 0)
        return 0;
    size_t dropped = last->primed ? 0 : 1;
    uint64_t before = dropped ? (uint64_t)row[0] : (uint64_t)last->integer;
    last->integer = row[n - 1];
    last->primed = 1;
    for (size_t i = dropped; i < n; i++) {
        uint64_t now = (uint64_t)row[i];
        row[i - dropped] = (int64_t)(now - before);
        before = now;
    }
    return n - dropped;
}

size_t leat_keep_range_i64(const int64_t *x, size_t n, int64_t lo, int64_t hi, uint32_t *index)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        index[kept] = (uint32_t)i;
        kept += (size_t)((x[i] >= lo) & (x[i] <= hi));
    }
    return kept;
}

void leat_keep(void *row, uint32_t width, const uint32_t *index, size_t kept)
{
    /* The position read is never before the one written; copies of fixed size are single moves. */
    char *p = row;
    switch (width) {
    case 1:
        for (size_t k = 0; k < kept; k++)
            p[k] = p[index[k]];
        break;
    case 2:
        for (size_t k = 0; k < kept; k++)
            memmove(p + k * 2, p + (size_t)index[k] * 2, 2);
        break;
    case 4:
        for (size_t k = 0; k < kept; k++)
            memmove(p + k * 4, p + (size_t)index[k] * 4, 4);
        break;
    case 8:
        for (size_t k = 0; k < kept; k++)
            memmove(p + k * 8, p + (size_t)index[k] * 8, 8);
        break;
    default:
        LEAT_REQUIRE(width == 1 || width == 2 || width == 4 || width == 8);
        break;
    }
}
