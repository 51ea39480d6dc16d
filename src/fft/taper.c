/* Tapers: weights that let the ends of a piece of a stream fade out. */
#include <leat/fft.h>

static double cosine_of(uint64_t k, uint64_t n)
{
    double cosine, sine;
    leat_turn(k, n, &cosine, &sine);
    return cosine;
}

/* The modified Bessel function I0: sum of (x^2 / 4)^k / k!^2, over e^x's growth all terms positive,
 * so rounding stays small. quarter = x^2 / 4. */
static double bessel(double quarter)
{
    double sum = 1, term = 1;
    for (double k = 1; term > sum * 0x1p-60; k++) {
        term *= quarter / (k * k);
        sum += term;
    }
    return sum;
}

/* 1 - (2 i / n - 1)^2 = 4 i (n - i) / n^2 */
static double kaiser(uint64_t i, uint64_t n, double beta)
{
    double place = ((double)i / (double)n) * ((double)(n - i) / (double)n);
    return bessel(beta * beta * place) / bessel(beta * beta / 4);
}

static double weight(enum leat_taper taper, uint64_t i, uint64_t n, double beta)
{
    switch (taper) {
    case LEAT_TAPER_HANN:
        return 0.5 - 0.5 * cosine_of(i, n);
    case LEAT_TAPER_HAMMING:
        return 0.54 - 0.46 * cosine_of(i, n);
    case LEAT_TAPER_BLACKMAN:
        return (0.42 - 0.5 * cosine_of(i, n)) + 0.08 * cosine_of(2 * i, n);
    case LEAT_TAPER_KAISER:
        return kaiser(i, n, beta);
    default:
        return 1;
    }
}

int leat_taper_fill(void *weights, uint32_t kind, enum leat_taper taper, uint64_t n, double beta)
{
    if ((kind != LEAT_F32 && kind != LEAT_F64) || (unsigned)taper >= LEAT_TAPERS)
        return LEAT_EINVAL;
    if (n > LEAT_FFT_MAX || !(beta >= 0 && beta <= 700))
        return LEAT_ERANGE;
    for (uint64_t i = 0; i < n; i++) {
        double w = n == 1 ? 1 : weight(taper, i, n, beta);
        if (kind == LEAT_F32)
            ((float *)weights)[i] = (float)w;
        else
            ((double *)weights)[i] = w;
    }
    return LEAT_OK;
}
