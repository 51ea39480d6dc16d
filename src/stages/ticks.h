/* Cells of market data, of i64 and f64 streams alike: prices as numbers that compare as they do,
 * and whole numbers.
 */
#ifndef LEAT_STAGES_TICKS_H
#define LEAT_STAGES_TICKS_H

#include "stages/room.h"

#include <string.h>

#define LEAT_TICK_NONE LEAT_TIME_NONE /* what an i64 cell holds where there is nothing */
#define LEAT_TICK_INLINE static inline __attribute__((always_inline))

/* Bits of f64 as a number: of two f64 the larger one has the larger number. Its own inverse. */
LEAT_TICK_INLINE int64_t leat_tick_turned(int64_t bits)
{
    return bits ^ (int64_t)((uint64_t)(bits >> 63) >> 1);
}

/* A price: i64 as it is, f64 turned, of two zeros one. NONE: NaN, an infinity, or what feeds write
 * where there is no price. */
LEAT_TICK_INLINE int64_t leat_tick_price(const void *row, uint32_t c, bool real)
{
    if (!real) {
        int64_t price = ((const int64_t *)row)[c];
        return price != INT64_MAX ? price : LEAT_TICK_NONE;
    }
    double x = ((const double *)row)[c] + 0.0;
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return x - x == 0 ? leat_tick_turned(bits) : LEAT_TICK_NONE;
}

LEAT_TICK_INLINE void leat_tick_put_price(void *cell, int64_t price, bool real)
{
    const double nan = __builtin_nan("");
    if (real && price == LEAT_TICK_NONE)
        memcpy(&price, &nan, sizeof price);
    else if (real)
        price = leat_tick_turned(price);
    memcpy(cell, &price, sizeof price);
}

/* A whole number; NONE: f64 that is none. */
LEAT_TICK_INLINE int64_t leat_tick_whole(const void *row, uint32_t c, bool real)
{
    if (!real)
        return ((const int64_t *)row)[c];
    double x = ((const double *)row)[c];
    if (!(x >= -0x1p53 && x <= 0x1p53))
        return LEAT_TICK_NONE;
    int64_t n = (int64_t)x;
    return (double)n == x ? n : LEAT_TICK_NONE;
}

LEAT_TICK_INLINE void leat_tick_put(void *cell, int64_t number, bool real)
{
    double x = (double)number;
    if (real)
        memcpy(cell, &x, sizeof x);
    else
        memcpy(cell, &number, sizeof number);
}

/* 0 when the stream is i64 or f64 and its columns are samples in time, else LEAT_ESHAPE. */
LEAT_INLINE int leat_tick_shape(const struct leat_shape *in, struct leat_diag *diag)
{
    if (in->kind != LEAT_I64 && in->kind != LEAT_F64)
        return leat_diag_set(diag, LEAT_ESHAPE, "it works on i64 and f64, and this is %s",
                             leat_kind_name(in->kind));
    return leat_shape_series(in, diag);
}

/* 0, or LEAT_EINVAL when a channel behind those of the input is called as one of them. */
LEAT_INLINE int leat_tick_new(const struct leat_shape *in, const struct leat_shape *out,
                              struct leat_diag *diag)
{
    uint32_t at;
    for (uint32_t r = in->rows; r < out->rows; r++)
        if (leat_shape_find(in, out->channels[r].name, &at, NULL) == 0)
            return leat_diag_set(diag, LEAT_EINVAL, "there is a channel '%s' already",
                                 out->channels[r].name);
    return LEAT_OK;
}

#endif
