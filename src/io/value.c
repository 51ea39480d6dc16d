#include "io/value.h"

#include "base/decimal.h"

__extension__ typedef unsigned __int128 wide;

enum leat_value leat_value_i64(const char *text, size_t bytes, int64_t *value)
{
    const char *at = text, *end = at + bytes;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return LEAT_VALUE_NO_NUMBER;
    uint64_t n = 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') {
            double number;
            bool real = leat_number_read(text, bytes, &number) == bytes;
            return real ? LEAT_VALUE_NO_INTEGER : LEAT_VALUE_NO_NUMBER;
        }
        if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
            __builtin_add_overflow(n, (uint64_t)(*at - '0'), &n))
            return LEAT_VALUE_TOO_LARGE;
    }
    if (n > (uint64_t)INT64_MAX + negative)
        return LEAT_VALUE_TOO_LARGE;
    *value = (int64_t)(negative ? 0 - n : n);
    return LEAT_VALUE_GOOD;
}

bool leat_value_spelled_out(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (text[i] >= '0' && text[i] <= '9')
            return true;
    return false;
}

enum leat_value leat_value_time(const char *text, size_t bytes, uint32_t unit, int64_t *time_ns)
{
    static const int powers[] = {9, 6, 3, 0}; /* by leat_time_unit */
    struct leat_decimal decimal;
    if (bytes == 0)
        return LEAT_VALUE_MISSING;
    if (leat_decimal_parse(text, bytes, &decimal) != bytes)
        return LEAT_VALUE_NO_NUMBER;
    int64_t e10 = decimal.e10 + powers[unit];
    wide value = decimal.digits;
    for (; e10 < 0 && value != 0; e10++)
        value /= 10;
    for (; e10 > 0 && value != 0 && value <= INT64_MAX; e10--)
        value *= 10;
    if (value > INT64_MAX)
        return LEAT_VALUE_TOO_LARGE;
    *time_ns = decimal.negative ? -(int64_t)value : (int64_t)value;
    return LEAT_VALUE_GOOD;
}

void leat_value_why(enum leat_value why, const char *text, size_t bytes, struct leat_diag *diag)
{
    static const char *const words[] = {[LEAT_VALUE_GOOD] = "is good",
                                        [LEAT_VALUE_MISSING] = "is missing",
                                        [LEAT_VALUE_NO_NUMBER] = "is not a number",
                                        [LEAT_VALUE_NO_INTEGER] = "is not a whole number",
                                        [LEAT_VALUE_TOO_LARGE] = "does not fit"};
    bool cut = bytes > 40;
    leat_diag_set(diag, LEAT_EDATA, "'%.*s%s' %s", cut ? 40 : (int)bytes, text, cut ? "..." : "",
                  words[why]);
}
