/* Rows for the tests of transforms, and discrete Fourier sums in __float128, roots of unity from a
 * series of their own. */
#ifndef LEAT_TESTS_FFT_ORACLE_H
#define LEAT_TESTS_FFT_ORACLE_H

#include <leat/fft.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __float128 quad;

struct cplx {
    quad re, im;
};

#define EACH_KIND(k, isa) \
    for (uint32_t kind_ = LEAT_F32; kind_ <= LEAT_F64; kind_++) \
        for (const struct leat_fft *k = leat_fft_kernels(isa, kind_); k; k = NULL)

LEAT_INLINE double unit_roundoff(uint32_t kind) { return kind == LEAT_F32 ? 0x1p-24 : 0x1p-53; }

LEAT_INLINE double get(uint32_t kind, const void *row, size_t i)
{
    return kind == LEAT_F32 ? (double)((const float *)row)[i] : ((const double *)row)[i];
}

LEAT_INLINE void set(uint32_t kind, void *row, size_t i, double x)
{
    if (kind == LEAT_F32)
        ((float *)row)[i] = (float)x;
    else
        ((double *)row)[i] = x;
}

LEAT_INLINE void *allocate(size_t bytes)
{
    void *memory = aligned_alloc(LEAT_LINE, leat_round_up(bytes + 1, LEAT_LINE));
    if (!memory)
        abort();
    memset(memory, 0, bytes);
    return memory;
}

LEAT_INLINE double random_unit(uint64_t *state) /* uniform in [-1, 1), of 24 bits: exact as f32 */
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)(int64_t)((z ^ z >> 31) >> 40) * 0x1p-23 - 1;
}

/* e^(-2 pi i k / n): halved until the angle is small, a Taylor series, doubled back. */
LEAT_INLINE struct cplx root_of_unity(uint64_t k, uint64_t n)
{
    const quad pi = (quad)3.141592653589793 + (quad)1.2246467991473532e-16 +
                    (quad)-2.9947698097183397e-33;
    quad x = 2 * pi * (quad)(k % n) / (quad)n, sine = 0, versine = 0, term = 1;
    for (int i = 0; i < 6; i++)
        x /= 2;
    for (int i = 1; i < 30; i++) { /* versine = 1 - cos keeps its digits where cos is near 1 */
        term *= x / i;
        quad sign = i % 4 == 1 || i % 4 == 2 ? 1 : -1;
        if (i % 2 == 1)
            sine += sign * term;
        else
            versine += sign * term;
    }
    for (int i = 0; i < 6; i++) {
        quad s = 2 * sine * (1 - versine);
        versine = 2 * sine * sine;
        sine = s;
    }
    return (struct cplx){1 - versine, -sine};
}

LEAT_INLINE struct cplx *roots_of_unity(size_t n)
{
    struct cplx *w = allocate(n * sizeof *w);
    for (size_t k = 0; k < n; k++)
        w[k] = root_of_unity(k, n);
    return w;
}

/* Bin k of x, n samples. */
LEAT_INLINE struct cplx bin_of(const struct cplx *w, const double *re, const double *im, size_t n,
                               size_t k)
{
    struct cplx sum = {0, 0};
    for (size_t t = 0, at = 0; t < n; t++, at = (at + k) % n) {
        sum.re += (quad)re[t] * w[at].re - (quad)im[t] * w[at].im;
        sum.im += (quad)re[t] * w[at].im + (quad)im[t] * w[at].re;
    }
    return sum;
}

/* All bins of n samples that stand `stride` apart, by recursion over the least factor: what a sum
 * over all of them would take too long for. `w` has `stride` n roots. */
__attribute__((unused)) static void bins_of(struct cplx *out, const struct cplx *w,
                                            const double *re, const double *im, size_t n,
                                            size_t stride)
{
    size_t r = 2;
    while (n % r != 0 && r < n)
        r++;
    if (n == 1) {
        *out = (struct cplx){(quad)re[0], (quad)im[0]};
        return;
    }
    size_t m = n / r;
    struct cplx *part = allocate(n * sizeof *part);
    for (size_t t = 0; t < r; t++)
        bins_of(part + t * m, w, re + t * stride, im + t * stride, m, stride * r);
    for (size_t k = 0; k < n; k++) {
        out[k] = (struct cplx){0, 0};
        for (size_t t = 0; t < r; t++) {
            struct cplx a = part[t * m + k % m], b = w[k * t % n * stride];
            out[k].re += a.re * b.re - a.im * b.im;
            out[k].im += a.re * b.im + a.im * b.re;
        }
    }
    free(part);
}

/* n has no prime factor above 7. */
LEAT_INLINE bool is_smooth(size_t n)
{
    static const size_t primes[] = {2, 3, 5, 7};
    for (int i = 0; i < 4; i++)
        while (n % primes[i] == 0)
            n /= primes[i];
    return n == 1;
}

/* What fft.h promises. */
LEAT_INLINE double error_bound(uint32_t kind, size_t n)
{
    double factor = (n & (n - 1)) == 0 ? 0.6 : is_smooth(n) ? 0.8 : 2.4;
    return factor * unit_roundoff(kind) * sqrt(log2((double)n));
}

#endif
