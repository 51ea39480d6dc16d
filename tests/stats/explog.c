/* exp and log in units of the last place against the wider libm: f32 on a stride through all its
 * bit patterns (every one with --all), f64 on random arguments of every size.
 *
 * Prints the largest errors; exit 1 when one is above what stats.h states. */
#include <leat/stats.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROW 4096

struct worst {
    double ulp, at;
};

/* |got - want| in units of the last place of the kind at want. */
static double error(long double want, double got, int mantissa, int lowest)
{
    double rounded = mantissa == 24 ? (double)(float)want : (double)want;
    if (isnan(rounded) || isnan(got))
        return isnan(rounded) && isnan(got) ? 0 : INFINITY;
    if (isinf(rounded) || isinf(got))
        return rounded == got ? 0 : INFINITY;
    int exponent;
    frexpl(want, &exponent);
    exponent = exponent < lowest ? lowest : exponent;
    return (double)fabsl(ldexpl(want - got, mantissa - exponent));
}

static void note(struct worst *worst, double ulp, double at)
{
    if (ulp > worst->ulp)
        *worst = (struct worst) { ulp, at };
}

static int verdict(const char *name, struct worst worst, double bound)
{
    printf("%s %s: %.4f ulp at %a (bound %g)\n", worst.ulp <= bound ? "  " : "FAIL", name,
           worst.ulp, worst.at, bound);
    return worst.ulp > bound;
}

static int check_f32(const struct leat_stats *k, uint64_t stride)
{
    static float x[ROW], y[ROW];
    struct worst e = { 0, 0 }, l = { 0, 0 };
    for (uint64_t next = 0; next <= UINT32_MAX;) {
        size_t n = 0;
        for (; n < ROW && next <= UINT32_MAX; n++, next += stride) {
            uint32_t pattern = (uint32_t)next;
            memcpy(&x[n], &pattern, sizeof pattern);
        }
        k->exp(y, x, n);
        for (size_t i = 0; i < n; i++)
            note(&e, error(exp((double)x[i]), (double)y[i], 24, -125), (double)x[i]);
        k->log(y, x, n);
        for (size_t i = 0; i < n; i++)
            note(&l, error(log((double)x[i]), (double)y[i], 24, -125), (double)x[i]);
    }
    return verdict("exp f32", e, 1.05) + verdict("log f32", l, 0.95);
}

static double unit(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)(int64_t)(z ^ z >> 31) * 0x1p-63;
}

static int check_f64(const struct leat_stats *k, int rows)
{
    static double x[ROW], y[ROW];
    struct worst e = { 0, 0 }, l = { 0, 0 };
    uint64_t state = 1;
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < ROW; i++) {
            double u = unit(&state);
            x[i] = row % 3 == 0 ? u * 746 : row % 3 == 1 ? u * 2 : ldexp(u, -(i % 60));
        }
        k->exp(y, x, ROW);
        for (int i = 0; i < ROW; i++)
            note(&e, error(expl(x[i]), y[i], 53, -1021), x[i]);
        for (int i = 0; i < ROW; i++) {
            double u = unit(&state);
            x[i] = row % 3 == 0   ? 1 + u * 0.45
                   : row % 3 == 1 ? 1 + ldexp(u, -(i % 52))
                                  : ldexp(fabs(u), i % 2090 - 1060);
        }
        k->log(y, x, ROW);
        for (int i = 0; i < ROW; i++)
            note(&l, error(logl(x[i]), y[i], 53, -1021), x[i]);
    }
    return verdict("exp f64", e, 1.05) + verdict("log f64", l, 0.9);
}

int main(int argc, char **argv)
{
    bool all = argc > 1 && strcmp(argv[1], "--all") == 0;
    enum leat_isa isa = leat_isa_best();
    int faults = check_f32(leat_stats_kernels(isa, LEAT_F32), all ? 1 : 1009);
    faults += check_f64(leat_stats_kernels(isa, LEAT_F64), all ? 60000 : 1200);
    if (!faults)
        printf("ok\n");
    return faults != 0;
}
