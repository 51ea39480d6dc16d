/* Magnitude, power and phase of bins, against x87's long doubles. */
#include "oracle.h"

#include <criterion/criterion.h>

#define N 4099u

typedef long double truth(long double re, long double im);

static long double true_magnitude(long double re, long double im) { return hypotl(re, im); }
static long double true_power(long double re, long double im) { return re * re + im * im; }
static long double true_phase(long double re, long double im) { return atan2l(im, re); }

/* By how many units in the last place of the kind x is off. */
static double ulps(uint32_t kind, double x, long double want)
{
    int exponent, least = kind == LEAT_F32 ? -149 : -1074;
    frexpl(want, &exponent);
    exponent -= kind == LEAT_F32 ? 24 : 53;
    return (double)(fabsl((long double)x - want) / ldexpl(1, exponent < least ? least : exponent));
}

/* Parts up to 2^±range, in every direction and near the axes and the diagonals. */
static void check(const struct leat_fft *k, void (*kernel)(void *, const void *, const void *,
                                                           size_t),
                  truth *want, int range, double bound)
{
    size_t bytes = N * leat_kind_bytes(k->kind);
    void *re = allocate(bytes), *im = allocate(bytes), *out = allocate(bytes);
    uint64_t seed = 11;
    double worst = 0;
    for (int round = 0; round < 30; round++) {
        for (size_t i = 0; i < N; i++) {
            double size = ldexp(1, (int)(random_unit(&seed) * range));
            double a = random_unit(&seed) * size, b = random_unit(&seed) * size;
            if (i % 3 == 1) /* far from each other in size, or all but equal */
                b = a * ldexp(1, (int)(random_unit(&seed) * 30));
            else if (i % 3 == 2)
                b = a * (1 + ldexp(random_unit(&seed), -(int)(i % 50)));
            set(k->kind, re, i, a);
            set(k->kind, im, i, b);
        }
        kernel(out, re, im, N);
        for (size_t i = 0; i < N; i++) {
            long double truly = want((long double)get(k->kind, re, i),
                                     (long double)get(k->kind, im, i));
            worst = fmax(worst, ulps(k->kind, get(k->kind, out, i), truly));
        }
    }
    cr_expect(worst <= bound, "%s: %g ulp, allowed %g", leat_kind_name(k->kind), worst, bound);
    free(re), free(im), free(out);
}

static void check_all(enum leat_isa isa)
{
    EACH_KIND(k, isa) {
        int wide = k->kind == LEAT_F32 ? 120 : 1000;
        check(k, k->magnitude, true_magnitude, 25, 2);
        check(k, k->power, true_power, 25, 2);
        check(k, k->phase, true_phase, 3, 2);
        check(k, k->phase, true_phase, wide, 2);
    }
}

Test(planes, are_within_their_bounds) { check_all(leat_isa_best()); }
Test(planes, base_is_within_them_too) { check_all(LEAT_ISA_BASE); }

/* Where atan2 is defined case by case: signs of zeros, infinities, NaN; and in place. */
Test(planes, phase_at_the_edges_is_what_atan2_says)
{
    const double edges[] = {0.0, -0.0, 1, -1, INFINITY, -INFINITY, NAN, 0x1p-149, -0x1p-149,
                            0x1.fffffep127, -0x1.fffffep127, 0x1p-126, 0.5, 3};
    enum { EDGES = sizeof edges / sizeof *edges };
    EACH_KIND(k, leat_isa_best()) {
        void *re = allocate(EDGES * 8), *im = allocate(EDGES * 8);
        for (int shift = 0; shift < EDGES; shift++) {
            for (int i = 0; i < EDGES; i++) {
                set(k->kind, re, (size_t)i, edges[i]);
                set(k->kind, im, (size_t)i, edges[(i + shift) % EDGES]);
            }
            k->phase(im, re, im, EDGES);
            for (int i = 0; i < EDGES; i++) {
                double y = edges[(i + shift) % EDGES], x = edges[i];
                double got = get(k->kind, im, (size_t)i);
                long double want = atan2l(y, x);
                cr_expect(want != want ? got != got
                                       : ulps(k->kind, got, want) <= 2 &&
                                             !signbit(got) == !signbit(want),
                          "%s: atan2(%g, %g): %.17g, expected %.17Lg",
                          leat_kind_name(k->kind), y, x, got, want);
            }
        }
        free(re), free(im);
    }
}
