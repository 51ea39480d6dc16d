#include "base/decimal.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;

#define DIGITS_FAST 19  /* as many decimal digits as always fit 64 bits */
#define DIGITS_MAX 780  /* a border between two doubles has at most 767; one more digit is a sign */
#define E10_MIN (-345)  /* 10^19 x 10^-346 is below half the smallest subnormal */
#define E10_MAX 310
#define BIG_LIMBS 48    /* 3072 bits; the largest side of a comparison has 2700 */

/* ---- powers of ten, 64 bits each ---- */

/* 10^(16 q), q = -22..21, rounded to nearest, scaled into [2^63, 2^64). */
#define LARGE_FIRST (-22)
static const uint64_t large[] = {
    0xcd42a11346f34f7d, 0xe3e27a444d8d98b8, 0xfd00b897478238d1, 0x8c71dcd9ba0b4926,
    0x9becce62836ac577, 0xad1c8eab5ee43b67, 0xc0314325637a193a, 0xd5605fcdcf32e1d7,
    0xece53cec4a314ebe, 0x8380dea93da4bc60, 0x91ff83775423cc06, 0xa21727db38cb0030,
    0xb3f4e093db73a093, 0xc7caba6e7c5382c9, 0xddd0467c64bce4a1, 0xf64335bcf065d37d,
    0x88b402f7fd75539b, 0x97c560ba6b0919a6, 0xa87fea27a539e9a5, 0xbb127c53b17ec159,
    0xcfb11ead453994ba, 0xe69594bec44de15b, 0x8000000000000000, 0x8e1bc9bf04000000,
    0x9dc5ada82b70b59e, 0xaf298d050e4395d7, 0xc2781f49ffcfa6d5, 0xd7e77a8f87daf7fc,
    0xefb3ab16c59b14a3, 0x850fadc09923329e, 0x93ba47c980e98ce0, 0xa402b9c5a8d3a6e7,
    0xb616a12b7fe617aa, 0xca28a291859bbf93, 0xe070f78d3927556b, 0xf92e0c3537826146,
    0x8a5296ffe33cc930, 0x9991a6f3d6bf1766, 0xaa7eebfb9df9de8e, 0xbd49d14aa79dbc82,
    0xd226fc195c6a2f8c, 0xe950df20247c83fd, 0x81842f29f2cce376, 0x8fcac257558ee4e6,
};

static const uint64_t small[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
    10000000000000000000u,
};

/* x * 2^e, x in [2^63, 2^64): an estimate. Errors are in units of x's last bit. */
struct estimate {
    uint64_t x;
    int e;
};

/* The error of scale() is less than this: a large power is off by 1/2; its product with a small one
 * is cut, and the shift that may follow doubles (3 at most); the product with an exact m is cut and
 * shifted again. */
#define ERROR_UNITS 8

static struct estimate estimate_of(uint64_t m)
{
    int zeros = __builtin_clzll(m);
    return (struct estimate){ m << zeros, -zeros };
}

static struct estimate multiply(struct estimate a, struct estimate b)
{
    wide product = (wide)a.x * b.x;
    int e = a.e + b.e + 64;
    if ((uint64_t)(product >> 127) == 0) {
        product <<= 1;
        e--;
    }
    return (struct estimate){ (uint64_t)(product >> 64), e };
}

/* m * 10^e10, m > 0, E10_MIN <= e10 <= E10_MAX. */
static struct estimate scale(uint64_t m, int e10)
{
    int q = e10 >= 0 ? e10 / 16 : -((15 - e10) / 16);
    int r = e10 - 16 * q;
    struct estimate power = { large[q - LARGE_FIRST], (16 * q * 217706 >> 16) - 63 };
    if (r != 0)
        power = multiply(power, estimate_of(small[r]));
    return multiply(estimate_of(m), power);
}

/* ---- the exact comparison ---- */

struct big {
    uint32_t n; /* limbs in use; the highest is not 0 */
    uint64_t limb[BIG_LIMBS];
};

static void big_set(struct big *a, uint64_t value)
{
    a->n = value != 0;
    a->limb[0] = value;
}

/* a = a * factor + addend. */
static void big_multiply(struct big *a, uint64_t factor, uint64_t addend)
{
    uint64_t carry = addend;
    for (uint32_t i = 0; i < a->n; i++) {
        wide product = (wide)a->limb[i] * factor + carry;
        a->limb[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
    if (carry != 0) {
        LEAT_REQUIRE(a->n < BIG_LIMBS);
        a->limb[a->n++] = carry;
    }
}

static void big_multiply_five(struct big *a, uint32_t power)
{
    const uint64_t five27 = UINT64_C(7450580596923828125);
    for (; power >= 27; power -= 27)
        big_multiply(a, five27, 0);
    uint64_t rest = 1;
    while (power-- > 0)
        rest *= 5;
    big_multiply(a, rest, 0);
}

static void big_shift_left(struct big *a, uint32_t bits)
{
    uint32_t limbs = bits / 64;
    big_multiply(a, UINT64_C(1) << bits % 64, 0);
    if (a->n == 0 || limbs == 0)
        return;
    LEAT_REQUIRE(a->n + limbs <= BIG_LIMBS);
    memmove(a->limb + limbs, a->limb, a->n * sizeof a->limb[0]);
    memset(a->limb, 0, limbs * sizeof a->limb[0]);
    a->n += limbs;
}

static int big_compare(const struct big *a, const struct big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (uint32_t i = a->n; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* The sign of a * 10^e10 - b * 2^e2. Uses *a up. */
static int exact_compare(struct big *a, int e10, uint64_t b, int e2)
{
    struct big other;
    big_set(&other, b);
    if (e10 >= 0)
        big_multiply_five(a, (uint32_t)e10);
    else
        big_multiply_five(&other, (uint32_t)-e10);
    int shift = e2 - e10;
    if (shift >= 0)
        big_shift_left(&other, (uint32_t)shift);
    else
        big_shift_left(a, (uint32_t)-shift);
    return big_compare(a, &other);
}

/* All digits of the text, cut after DIGITS_MAX with a 1 in place of what follows; returns the power
 * of ten that goes with them. */
static int big_from_text(const struct leat_decimal *decimal, struct big *a)
{
    const char *at = decimal->text;
    uint32_t n = 0;
    bool rest = false;
    int64_t e10 = decimal->e10;
    big_set(a, 0);
    for (; at < decimal->end; at++) {
        if (*at == '.' || (n == 0 && *at == '0'))
            continue;
        if (n < DIGITS_MAX) {
            big_multiply(a, 10, (uint64_t)(*at - '0'));
            e10 -= n >= DIGITS_FAST;
            n++;
        } else if (*at != '0') {
            rest = true;
            break;
        }
    }
    if (rest) {
        big_multiply(a, 10, 1);
        e10--;
    }
    return (int)e10;
}

/* ---- decimal to binary ---- */

/* Eight digits at once, as their number: pairs, then fours, then all. False: not all are digits. */
static inline bool eight_digits(const char *at, uint64_t *number)
{
    const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0), pairs = UINT64_C(0xff000000ff);
    uint64_t w;
    memcpy(&w, at, sizeof w);
    if (((w & high) | ((w + UINT64_C(0x0606060606060606)) & high) >> 4) !=
        UINT64_C(0x3333333333333333))
        return false;
    w -= UINT64_C(0x3030303030303030);
    w = w * 10 + (w >> 8);
    *number = ((w & pairs) * ((UINT64_C(1000000) << 32) + 100) +
               (w >> 16 & pairs) * ((UINT64_C(10000) << 32) + 1)) >> 32;
    return true;
}

/* The digits at the front of [at, end), put behind those of *digits; returns where they end. No
 * more than DIGITS_FAST fit. */
static inline const char *take_digits(const char *at, const char *end, uint64_t *digits)
{
    uint64_t all = *digits, eight;
    for (; end - at >= 8 && eight_digits(at, &eight); at += 8)
        all = all * 100000000 + eight;
    for (unsigned d; at < end && (d = (unsigned)(unsigned char)*at - '0') <= 9; at++)
        all = all * 10 + d;
    *digits = all;
    return at;
}

/* More than DIGITS_FAST digits, a point among them or not: zeros in front do not count. */
static struct leat_decimal reread(struct leat_decimal decimal)
{
    uint32_t n = 0;
    bool point = false;
    decimal.digits = 0;
    decimal.e10 = 0;
    for (const char *at = decimal.text; at < decimal.end; at++) {
        unsigned d = (unsigned)(unsigned char)*at - '0';
        if (d > 9) {
            point = true;
        } else if (n < DIGITS_FAST) {
            decimal.digits = decimal.digits * 10 + d;
            n += decimal.digits != 0;
            decimal.e10 -= point;
        } else {
            decimal.more |= d != 0;
            decimal.e10 += !point;
        }
    }
    return decimal;
}

/* [e[+-]digits] at the front of [at, end): added to *e10; returns the bytes that it took. */
static size_t take_exponent(const char *at, const char *end, int64_t *e10)
{
    const char *mark = at++;
    bool minus = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    if (at == end || *at < '0' || *at > '9')
        return 0;
    int64_t power = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        if (power < INT64_C(1000000000000000))
            power = power * 10 + (*at - '0');
    *e10 += minus ? -power : power;
    return (size_t)(at - mark);
}

static inline size_t parse(const char *text, size_t bytes, struct leat_decimal *decimal)
{
    const char *at = text, *end = text + bytes;
    bool negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    const char *first = at;
    uint64_t digits = 0;
    int64_t after = 0; /* digits behind the point */
    at = take_digits(at, end, &digits);
    int64_t n = at - first;
    if (at < end && *at == '.') {
        const char *point = at++;
        at = take_digits(at, end, &digits);
        after = at - point - 1;
        n += after;
    }
    if (n == 0)
        return 0;
    *decimal = (struct leat_decimal){ digits, -after, first, at, negative, false };
    if (LEAT_UNLIKELY(n > DIGITS_FAST))
        *decimal = reread(*decimal);
    if (LEAT_UNLIKELY(at < end && (*at == 'e' || *at == 'E')))
        at += take_exponent(at, end, &decimal->e10);
    return (size_t)(at - text);
}

size_t leat_decimal_parse(const char *text, size_t bytes, struct leat_decimal *decimal)
{
    return parse(text, bytes, decimal);
}

static double from_bits(uint64_t bits, bool negative)
{
    double number;
    bits |= (uint64_t)negative << 63;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* Whether the decimal is above the border (2 m + 1) * 2^e2; on the border the even one wins. */
static bool above_border(const struct leat_decimal *decimal, uint64_t m, int e2)
{
    struct big a;
    int e10 = (int)decimal->e10;
    if (decimal->more)
        e10 = big_from_text(decimal, &a);
    else
        big_set(&a, decimal->digits);
    int sign = exact_compare(&a, e10, 2 * m + 1, e2);
    return sign > 0 || (sign == 0 && (m & 1) != 0);
}

/* Clinger: both factors are exact, so one operation rounds once. False: they are not. */
static inline bool exact_double(const struct leat_decimal *decimal, double *number)
{
    static const double powers[] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    };
    int64_t e10 = decimal->e10;
    if (decimal->digits > UINT64_C(1) << 53 || decimal->more || e10 < -22 || e10 > 22)
        return false;
    double digits = (double)(int64_t)decimal->digits;
    double size = e10 < 0 ? digits / powers[-e10] : digits * powers[e10];
    *number = decimal->negative ? -size : size;
    return true;
}

size_t leat_decimal_read(const char *text, size_t bytes, double *number)
{
    struct leat_decimal decimal;
    size_t n = parse(text, bytes, &decimal);
    if (n == 0 || LEAT_LIKELY(exact_double(&decimal, number)))
        return n;
    const struct leat_decimal other = decimal; /* of the other alone an address is needed */
    *number = leat_decimal_double(&other);
    return n;
}

double leat_decimal_double(const struct leat_decimal *decimal)
{
    const uint64_t infinity = UINT64_C(0x7ff) << 52;
    double number;
    if (exact_double(decimal, &number))
        return number;
    if (decimal->digits == 0 || decimal->e10 < E10_MIN)
        return from_bits(0, decimal->negative);
    if (decimal->e10 > E10_MAX)
        return from_bits(infinity, decimal->negative);

    int e10 = (int)decimal->e10;
    struct estimate v = scale(decimal->digits, e10);
    /* A cut tail adds less than one to digits, which stands at most four bits up. */
    wide error = ERROR_UNITS + (decimal->more ? 32 : 0);
    int exponent = v.e + 63; /* of the leading bit */
    int drop = exponent >= -1022 ? 11 : 11 - 1022 - exponent;
    if (drop > 66)
        return from_bits(0, decimal->negative);
    wide half = (wide)1 << (drop - 1);
    uint64_t m = drop >= 64 ? 0 : v.x >> drop;
    wide rest = (wide)v.x - ((wide)m << drop);
    bool up = rest > half;
    if (rest + error >= half && rest <= half + error)
        up = above_border(decimal, m, v.e + drop - 1);
    m += up;
    /* The leading bit of m raises the exponent by one, and a carry by one more. */
    uint64_t bits = exponent >= -1022 ? m + ((uint64_t)(exponent + 1022) << 52) : m;
    return from_bits(bits < infinity ? bits : infinity, decimal->negative);
}

/* ---- binary to decimal ---- */

/* round(m * 2^e * 10^s), ties to even; less than 2^62. */
static uint64_t round_scaled(uint64_t m, int e, int s)
{
    struct estimate v = scale(m, s);
    int drop = -(v.e + e);
    if (drop > 66)
        return 0;
    wide half = (wide)1 << (drop - 1);
    uint64_t q = drop >= 64 ? 0 : v.x >> drop;
    wide rest = (wide)v.x - ((wide)q << drop);
    if (rest + ERROR_UNITS < half || rest > half + ERROR_UNITS)
        return q + (rest > half);
    struct big border;
    big_set(&border, 2 * q + 1);
    int sign = exact_compare(&border, -s, m, e + 1);
    return q + (sign < 0 || (sign == 0 && (q & 1) != 0));
}

void leat_decimal_round(uint64_t m, int e, int p, uint64_t *digits, int *e10)
{
    /* floor(log10 2^top): right or one too low. */
    int top = e + 63 - __builtin_clzll(m);
    int power = top * 315653 >> 20;
    uint64_t q = round_scaled(m, e, p - 1 - power);
    if (q >= small[p])
        q = round_scaled(m, e, p - 1 - ++power);
    *digits = q;
    *e10 = power - (p - 1);
}
