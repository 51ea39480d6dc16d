/* Decimal to binary and back, exactly: integer arithmetic alone, so that neither locale nor
 * rounding mode nor a flush-to-zero setting shows in the result, and nothing is allocated.
 *
 * A 64-bit estimate with a proven error decides almost always; when a rounding border lies inside
 * the error, big integers of fixed size decide.
 */
#ifndef LEAT_BASE_DECIMAL_H
#define LEAT_BASE_DECIMAL_H

#include <leat/def.h>

/* digits x 10^e10, taken apart from text. Digits after the 19th are not in `digits`; when one of
 * them is not 0, `more` is set and [text, end) is read again if the estimate cannot decide. */
struct leat_decimal {
    uint64_t digits;
    int64_t e10;
    const char *text, *end; /* the digits, perhaps with a point among them */
    bool negative, more;
};

/* Reads [+-]digits[.digits][e[+-]digits]; returns the bytes that it took, 0 when there are none. */
size_t leat_decimal_parse(const char *text, size_t bytes, struct leat_decimal *decimal);

/* The nearest binary64, ties to even; overflow gives infinity. */
double leat_decimal_double(const struct leat_decimal *decimal);

/* Both at once: reads a number, and returns the bytes that it took; 0 when there is none. */
size_t leat_decimal_read(const char *text, size_t bytes, double *number);

/* Writes the p-digit decimal nearest to m x 2^e as *digits x 10^*e10, 1 <= p <= 17, m in
 * [1, 2^53): *digits is in [10^(p-1), 10^p). */
void leat_decimal_round(uint64_t m, int e, int p, uint64_t *digits, int *e10);

#endif
