/* Cosine and sine of a fraction of a turn, without libm.
 *
 * The fraction is folded into the first eighth of a turn in whole numbers, so nothing is lost
 * there; the angle and the first terms of the series are pairs of doubles (Dekker 1971), so what is
 * rounded is right to about 2^-64 before its last rounding.
 */
#include <leat/fft.h>

struct pair {
    double high, low; /* |low| <= half an ulp of high */
};

static struct pair pair_of(double high, double low) /* |high| >= |low| */
{
    double sum = high + low;
    return (struct pair){sum, low - (sum - high)};
}

static struct pair pair_mul(struct pair a, struct pair b)
{
    double product = a.high * b.high;
    double rest = __builtin_fma(a.high, b.high, -product);
    return pair_of(product, rest + (a.high * b.low + a.low * b.high));
}

static struct pair pair_div(struct pair a, double b)
{
    double quotient = a.high / b;
    double rest = __builtin_fma(-quotient, b, a.high) + a.low;
    return pair_of(quotient, rest / b);
}

#define TERMS 11  /* the first left out is below 2^-80 of the sum, angles up to pi / 4 */
#define TERMS_PAIRED 4 /* terms behind these are so small that a double will do */

/* 1 - s / (f (f+1)) (1 - s / ((f+2) (f+3)) (1 - …)): cosine for f = 1, sine over angle for f = 2.
 */
static struct pair series(struct pair square, int first)
{
    double tail = 1;
    for (int i = TERMS - 1; i >= TERMS_PAIRED; i--)
        tail = 1 - square.high * tail / ((2 * i + first) * (2 * i + first + 1));
    struct pair sum = {tail, 0};
    for (int i = TERMS_PAIRED - 1; i >= 0; i--) {
        struct pair term =
            pair_div(pair_mul(square, sum), (2 * i + first) * (2 * i + first + 1));
        struct pair rest = pair_of(1, -term.high);
        sum = pair_of(rest.high, rest.low - term.low);
    }
    return sum;
}

void leat_turn(uint64_t k, uint64_t n, double *cosine, double *sine)
{
    static const struct pair eighth = {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55}; /* pi / 4 */
    uint64_t at = 8 * (k % n); /* in units of 1 / (8 n) of a turn */
    bool under = at > 4 * n;
    at = under ? 8 * n - at : at;
    bool left = at > 2 * n;
    at = left ? 4 * n - at : at;
    bool steep = at > n;
    at = steep ? 2 * n - at : at;
    struct pair angle = pair_mul(pair_div((struct pair){(double)at, 0}, (double)n), eighth);
    struct pair square = pair_mul(angle, angle);
    double c = series(square, 1).high;
    double s = pair_mul(angle, series(square, 2)).high;
    *cosine = (left ? -1 : 1) * (steep ? s : c);
    *sine = (under ? -1 : 1) * (steep ? c : s);
}
