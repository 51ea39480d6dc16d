/* Numbers as text: the same bits in every locale. */
#include "base/decimal.h"

#include <leat/param.h>

#include <string.h>

/* Letters without regard to case; false when the text is shorter. */
static bool starts(const char *text, size_t bytes, const char *word)
{
    size_t n = strlen(word);
    if (bytes < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((text[i] | 0x20) != word[i])
            return false;
    return true;
}

static size_t read_special(const char *text, size_t bytes, double *number)
{
    bool negative = bytes > 0 && text[0] == '-';
    size_t sign = bytes > 0 && (text[0] == '-' || text[0] == '+');
    text += sign;
    bytes -= sign;
    size_t n = 0;
    double value = __builtin_inf();
    if (starts(text, bytes, "nan")) {
        n = 3;
        value = __builtin_nan("");
    } else if (starts(text, bytes, "infinity")) {
        n = 8;
    } else if (starts(text, bytes, "inf")) {
        n = 3;
    }
    if (n == 0)
        return 0;
    *number = negative ? -value : value;
    return n + sign;
}

size_t leat_number_read(const char *text, size_t bytes, double *number)
{
    size_t n = leat_decimal_read(text, bytes, number);
    return LEAT_LIKELY(n != 0) ? n : read_special(text, bytes, number);
}

/* Writes value without leading zeros; returns the digits. */
static size_t put_integer(char *out, uint64_t value)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

/* Writes digits * 10^e10: plainly where that is at most a few zeros long, else with an exponent. */
static size_t put_decimal(char *out, uint64_t digits, int e10)
{
    char text[20];
    while (digits % 10 == 0) {
        digits /= 10;
        e10++;
    }
    int n = (int)put_integer(text, digits);
    int point = n + e10; /* digits before the point */
    char *at = out;
    if (point > 17 || point < -3) {
        *at++ = text[0];
        if (n > 1) {
            *at++ = '.';
            memcpy(at, text + 1, (size_t)n - 1);
            at += n - 1;
        }
        *at++ = 'e';
        if (point - 1 < 0)
            *at++ = '-';
        return (size_t)(at - out) + put_integer(at, (uint64_t)(point < 1 ? 1 - point : point - 1));
    }
    if (point <= 0) {
        memcpy(at, "0.000", 5);
        at += 2 - point;
        memcpy(at, text, (size_t)n);
        return (size_t)(at + n - out);
    }
    for (int i = 0; i < n || i < point; i++) {
        if (i == point)
            *at++ = '.';
        *at++ = i < n ? text[i] : '0';
    }
    return (size_t)(at - out);
}

/* What is to be written: m * 2^e, and what counts as the same number. */
struct target {
    uint64_t m;
    int e;
    bool single; /* compare after rounding to binary32 */
    double number;
};

static bool reads_back(const struct target *target, uint64_t digits, int e10)
{
    struct leat_decimal decimal = { .digits = digits, .e10 = e10 };
    double number = leat_decimal_double(&decimal);
    if (target->single)
        return (float)number == (float)target->number;
    return number == target->number;
}

/* The shortest digits: from p to p_max the nearest decimal, and its upper neighbour too, because
 * the numbers above a power of two stand twice as far apart as those below. */
static size_t put_shortest(char *out, const struct target *target, int p, int p_max)
{
    uint64_t digits;
    int e10;
    bool border = (target->m & (target->m - 1)) == 0;
    for (;; p++) {
        leat_decimal_round(target->m, target->e, p, &digits, &e10);
        if (p == p_max || reads_back(target, digits, e10))
            break;
        if (border && reads_back(target, digits + 1, e10)) {
            digits++;
            break;
        }
    }
    return put_decimal(out, digits, e10);
}

size_t leat_number_write(char *out, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    uint64_t m = bits & ((UINT64_C(1) << 52) - 1);
    int exponent = (int)(bits >> 52 & 0x7ff);
    char *at = out;
    if (exponent == 0x7ff && m != 0) {
        memcpy(out, "nan", 4);
        return 3;
    }
    if (bits >> 63)
        *at++ = '-';
    if (exponent == 0x7ff) {
        memcpy(at, "inf", 3);
        at += 3;
    } else if (exponent == 0 && m == 0) {
        *at++ = '0';
    } else {
        /* 15 digits always come back from a normal number; a subnormal may need fewer. */
        struct target target = { m, -1074, false, 0.0 };
        if (exponent != 0)
            target = (struct target){ m | UINT64_C(1) << 52, exponent - 1075, false, 0.0 };
        bits &= INT64_MAX;
        memcpy(&target.number, &bits, sizeof bits);
        at += put_shortest(at, &target, exponent != 0 ? 15 : 1, 17);
    }
    *at = '\0';
    return (size_t)(at - out);
}

size_t leat_number_write_f32(char *out, float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    uint32_t m = bits & ((UINT32_C(1) << 23) - 1);
    int exponent = (int)(bits >> 23 & 0xff);
    if (exponent == 0xff || (exponent == 0 && m == 0))
        return leat_number_write(out, (double)number);
    char *at = out;
    if (bits >> 31)
        *at++ = '-';
    struct target target = { m, -149, true, 0.0 };
    if (exponent != 0)
        target = (struct target){ m | UINT32_C(1) << 23, exponent - 150, true, 0.0 };
    target.number = (double)(bits >> 31 ? -number : number);
    at += put_shortest(at, &target, exponent != 0 ? 6 : 1, 9);
    *at = '\0';
    return (size_t)(at - out);
}
