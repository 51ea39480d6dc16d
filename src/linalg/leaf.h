/* The leaves of triangular systems: f64 inside, whatever the kind, so plain loops serve both; what
 * vectors they become is the compiler's to say, for terms keep their order and nothing is fused. */
#ifndef LEAT_LINALG_LEAF_H
#define LEAT_LINALG_LEAF_H

#define LEAF LEAT_TRIANGLE_LEAF
#define SIDES 64u /* right sides at once: they stay in the first-level cache */
#define EIGHT 8u
#define EACH_EIGHT \
    for (uint32_t s = 0; s < wide; s += EIGHT) \
        for (uint32_t q = s; q < s + EIGHT; q++)

/* wide: across in whole eights. Columns left of row i are taken from it as soon as they are known:
 * the order of an element's terms is that of columns either way. */
LEAT_INLINE void solve_sides(const double *triangle, real *x, int64_t row, uint32_t n,
                             uint32_t across, uint32_t wide, bool unit)
{
    double y[LEAF][SIDES], known[SIDES];
    for (uint32_t i = 0; i < n; i++) {
        EACH_EIGHT y[i][q] = 0;
        for (uint32_t s = 0; s < across; s++)
            y[i][s] = (double)x[i * row + s];
    }
    for (uint32_t j = 0; j < n; j++) {
        double by = triangle[j * LEAF + j];
        EACH_EIGHT known[q] = unit ? y[j][q] : y[j][q] / by;
        for (uint32_t s = 0; s < across; s++)
            x[j * row + s] = (real)known[s];
        for (uint32_t i = j + 1; i < n; i++) {
            double t = triangle[i * LEAF + j];
            EACH_EIGHT y[i][q] -= t * known[q];
        }
    }
}

static void solve(const double *triangle, void *x, int64_t row, uint32_t n, uint32_t across,
                  bool unit)
{
    for (uint32_t s = 0; s < across; s += SIDES) {
        uint32_t left = across - s < SIDES ? across - s : SIDES;
        if (left == SIDES)
            solve_sides(triangle, (real *)x + s, row, n, SIDES, SIDES, unit);
        else
            solve_sides(triangle, (real *)x + s, row, n, left,
                        (left + EIGHT - 1) / EIGHT * EIGHT, unit);
    }
}

#endif
