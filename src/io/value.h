/* One value written as text: the sample that it makes, or why it makes none. */
#ifndef LEAT_IO_VALUE_H
#define LEAT_IO_VALUE_H

#include <leat/frame.h>
#include <leat/param.h>

enum leat_value {
    LEAT_VALUE_GOOD,
    LEAT_VALUE_MISSING,
    LEAT_VALUE_NO_NUMBER,
    LEAT_VALUE_NO_INTEGER,
    LEAT_VALUE_TOO_LARGE
};

/* A whole number, exactly. */
enum leat_value leat_value_i64(const char *text, size_t bytes, int64_t *value);

/* Decimal text in a leat_time_unit, exactly; what is finer than a nanosecond is cut off. */
enum leat_value leat_value_time(const char *text, size_t bytes, uint32_t unit, int64_t *time_ns);

/* What is wrong with it in words, for diag->text: 'abc' is not a number. */
void leat_value_why(enum leat_value why, const char *text, size_t bytes, struct leat_diag *diag);

/* A number of digits that comes out infinite does not fit; "inf" does. */
bool leat_value_spelled_out(const char *text, size_t bytes);

static inline enum leat_value leat_value_real(const char *text, size_t bytes, double *value)
{
    if (LEAT_UNLIKELY(leat_number_read(text, bytes, value) != bytes))
        return LEAT_VALUE_NO_NUMBER;
    if (LEAT_UNLIKELY(*value - *value != 0.0) && leat_value_spelled_out(text, bytes))
        return LEAT_VALUE_TOO_LARGE;
    return LEAT_VALUE_GOOD;
}

/* A real number into a sample of kind f32 or f64. */
static inline enum leat_value leat_value_narrow(double value, uint32_t kind, void *out)
{
    if (kind == LEAT_F64) {
        *(double *)out = value;
        return LEAT_VALUE_GOOD;
    }
    float narrow = (float)value;
    *(float *)out = narrow;
    return __builtin_isinf(narrow) && !__builtin_isinf(value) ? LEAT_VALUE_TOO_LARGE
                                                              : LEAT_VALUE_GOOD;
}

/* What no text makes: NaN, unless it is to be rejected or the kind has none. */
static inline enum leat_value leat_value_none(uint32_t kind, bool reject, void *out)
{
    if (kind == LEAT_I64 || reject)
        return LEAT_VALUE_MISSING;
    return leat_value_narrow(__builtin_nan(""), kind, out);
}

/* Text into a sample of kind f32, f64 or i64. */
static inline enum leat_value leat_value_read(const char *text, size_t bytes, uint32_t kind,
                                              bool reject, void *out)
{
    double value;
    if (LEAT_UNLIKELY(bytes == 0))
        return leat_value_none(kind, reject, out);
    if (kind == LEAT_I64)
        return leat_value_i64(text, bytes, out);
    enum leat_value answer = leat_value_real(text, bytes, &value);
    return LEAT_LIKELY(answer == LEAT_VALUE_GOOD) ? leat_value_narrow(value, kind, out) : answer;
}

#endif
