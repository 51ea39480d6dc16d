/* Statistics of a stream in a state of fixed size: the samples of the block that is filling, and
 * the parts of the finished ones. Blocks are cut where the stream's count says, so calls of any
 * length give the same bits. */
#include "stats/part.h"

#include <leat/status.h>

#include <string.h>

LEAT_STATIC_ASSERT(sizeof(((struct leat_tally *)0)->level) / sizeof(struct leat_part)
                       == PART_LEVELS, "a tally's counter has the levels that part.h walks");

#define TALLY_HEADER leat_round_up(sizeof(struct leat_tally), LEAT_LINE)

size_t leat_tally_bytes(uint32_t kind)
{
    if (kind != LEAT_F32 && kind != LEAT_F64)
        return 0;
    return TALLY_HEADER + (size_t)LEAT_STATS_BLOCK * leat_kind_bytes(kind);
}

int leat_tally_init(struct leat_tally *tally, uint32_t kind)
{
    size_t bytes = leat_tally_bytes(kind);
    if (bytes == 0)
        return LEAT_EINVAL;
    memset(tally, 0, bytes);
    tally->kind = kind;
    tally->min = tally->max = __builtin_nan("");
    return 0;
}

static void add_block(struct leat_tally *tally, const struct leat_stats *kernels, const void *x)
{
    double pivot, sum, square;
    kernels->block(x, LEAT_STATS_BLOCK, &pivot, &sum, &square);
    if (tally->blocks == 0)
        tally->pivot = pivot;
    part_push(tally->level, tally->blocks,
              part_of_block(LEAT_STATS_BLOCK, pivot, sum, square, tally->pivot));
    tally->blocks++;
}

void leat_tally_add(struct leat_tally *tally, const struct leat_stats *kernels, const void *x,
                    size_t n)
{
    const size_t width = leat_kind_bytes(tally->kind);
    const char *in = x;
    char *kept = (char *)tally + TALLY_HEADER;
    LEAT_REQUIRE(kernels->kind == tally->kind);
    if (n == 0)
        return;
    double min, max;
    kernels->minmax(x, n, &min, &max);
    /* A NaN is what an empty tally holds, and what a chunk without numbers says. */
    tally->min = min < tally->min || tally->min != tally->min ? min : tally->min;
    tally->max = max > tally->max || tally->max != tally->max ? max : tally->max;
    while (n) {
        if (tally->filled == 0 && n >= LEAT_STATS_BLOCK) {
            add_block(tally, kernels, in);
            in += LEAT_STATS_BLOCK * width;
            n -= LEAT_STATS_BLOCK;
            continue;
        }
        size_t room = LEAT_STATS_BLOCK - tally->filled;
        size_t count = n < room ? n : room;
        memcpy(kept + tally->filled * width, in, count * width);
        in += count * width;
        n -= count;
        tally->filled += (uint32_t)count;
        if (tally->filled == LEAT_STATS_BLOCK) {
            add_block(tally, kernels, kept);
            tally->filled = 0;
        }
    }
}

void leat_tally_read(const struct leat_tally *tally, const struct leat_stats *kernels,
                     struct leat_summary *summary)
{
    struct leat_part rest = { 0.0, 0.0 };
    double pivot = tally->pivot;
    if (tally->filled) {
        double block_pivot, sum, square;
        kernels->block((const char *)tally + TALLY_HEADER, tally->filled, &block_pivot, &sum,
                       &square);
        pivot = tally->blocks ? pivot : block_pivot;
        rest = part_of_block(tally->filled, block_pivot, sum, square, pivot);
    }
    uint64_t count = tally->blocks * LEAT_STATS_BLOCK + tally->filled;
    rest = part_total(tally->level, tally->blocks, rest, (double)tally->filled);
    part_moments(rest, pivot, count, &summary->moments);
    summary->min = tally->min;
    summary->max = tally->max;
}
