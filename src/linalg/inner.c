/* Elements of views, their range, and workspace. */
#include "linalg/inner.h"

#include <string.h>

/* ---- elements ---- */

static uint32_t end_of(const struct leat_matrix *m, uint32_t i, enum part part)
{
    return part == WHOLE ? m->cols : least(i + 1, m->cols);
}

void view_gather(double *to, size_t row, const struct leat_matrix *m, size_t each, enum part part)
{
    for (uint32_t i = 0; i < m->rows; i++)
        for (uint32_t j = 0, end = end_of(m, i, part); j < end; j++)
            to[i * row + j] = get(m, each, i, j);
}

void view_scatter(const struct leat_matrix *m, const double *from, size_t row, size_t each,
             enum part part)
{
    for (uint32_t i = 0; i < m->rows; i++)
        for (uint32_t j = 0, end = end_of(m, i, part); j < end; j++)
            put(m, each, i, j, from[i * row + j]);
}

void view_copy(const struct leat_matrix *to, const struct leat_matrix *from, size_t each,
          enum part part)
{
    for (uint32_t i = 0; i < to->rows; i++)
        for (uint32_t j = 0, end = end_of(to, i, part); j < end; j++)
            put(to, each, i, j, get(from, each, i, j));
}

/* ---- range ---- */

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

#define EXPONENT_BITS 52
#define EXPONENT_MASK 0x7ffu
#define EXPONENT_BIAS 1023

static uint32_t exponent_of(double x)
{
    return (uint32_t)(bits_of(x) >> EXPONENT_BITS) & EXPONENT_MASK;
}

static int tell_place(const struct leat_matrix *m, const char *name, size_t each, enum part part,
                      struct leat_diag *diag)
{
    for (uint32_t i = 0; i < m->rows; i++)
        for (uint32_t j = 0, end = end_of(m, i, part); j < end; j++) {
            double x = get(m, each, i, j);
            if (exponent_of(x) == EXPONENT_MASK)
                return leat_diag_set(diag, LEAT_EDATA, "%s: element (%u, %u) is %s", name, i, j,
                                     x != x ? "not a number" : "infinite");
        }
    return LEAT_OK;
}

int check_finite(const struct leat_matrix *m, const char *name, size_t each, enum part part,
                 double *largest, struct leat_diag *diag)
{
    uint64_t most = 0; /* bits without a sign are ordered as magnitudes are, NaN above all */
    for (uint32_t i = 0; i < m->rows; i++)
        for (uint32_t j = 0, end = end_of(m, i, part); j < end; j++) {
            uint64_t bits = bits_of(get(m, each, i, j)) & INT64_MAX;
            most = bits > most ? bits : most;
        }
    memcpy(largest, &most, sizeof most);
    return exponent_of(*largest) == EXPONENT_MASK ? tell_place(m, name, each, part, diag)
                                                  : LEAT_OK;
}

static double power_of_two(int p) /* -1022 <= p <= 1023 */
{
    uint64_t bits = (uint64_t)(p + EXPONENT_BIAS) << EXPONENT_BITS;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

double times_power(double x, int p)
{
    return x * power_of_two(p / 2) * power_of_two(p - p / 2);
}

int power_for(double largest)
{
    int shift = exponent_of(largest) == 0 ? EXPONENT_BITS + 1 : 0; /* a denormal number */
    return largest == 0 ? 0
                        : shift + EXPONENT_BIAS - (int)exponent_of(times_power(largest, shift));
}

void view_times_power(const struct leat_matrix *m, size_t each, enum part part, int p)
{
    for (uint32_t i = 0; p != 0 && i < m->rows; i++)
        for (uint32_t j = 0, end = end_of(m, i, part); j < end; j++)
            put(m, each, i, j, times_power(get(m, each, i, j), p));
}

/* ---- workspace ---- */

void *work_take(struct work *w, size_t rows, size_t cols, size_t each)
{
    size_t elements, bytes, end, at = w->used;
    if (!leat_size_mul(rows, cols, &elements) || !leat_size_mul(elements, each, &bytes) ||
        !leat_size_add(bytes, LEAT_LINE - 1, &bytes) || !leat_size_add(at, bytes, &end)) {
        w->used = SIZE_MAX;
        return NULL;
    }
    w->used = end / LEAT_LINE * LEAT_LINE;
    return w->base == NULL ? NULL : w->base + at;
}

struct leat_matrix work_matrix(struct work *w, uint32_t rows, uint32_t cols, size_t each)
{
    return leat_matrix_rows(work_take(w, rows, cols, each), rows, cols, cols);
}

int work_check(const char *call, size_t needed, const void *workspace, size_t bytes,
               struct leat_diag *diag)
{
    if (bytes < needed || (uintptr_t)workspace % LEAT_LINE != 0)
        return leat_diag_set(diag, LEAT_ELIMIT,
                             "%s: needs a workspace of %zu bytes on a boundary of %d", call,
                             needed, LEAT_LINE);
    return LEAT_OK;
}

/* ---- checks ---- */

int check_written(const struct leat_matrix *m, const char *name, size_t each,
                  struct leat_diag *diag)
{
    int status = view_check(m, name, each, diag);
    if (status == LEAT_OK && view_meets_itself(m))
        status = leat_diag_set(diag, LEAT_EINVAL, "%s: elements lie on each other", name);
    return status;
}

int check_apart(const struct leat_matrix *a, const char *a_name, const struct leat_matrix *b,
                const char *b_name, size_t each, struct leat_diag *diag)
{
    return views_meet(a, b, each)
               ? leat_diag_set(diag, LEAT_EINVAL, "%s lies on %s", a_name, b_name)
               : LEAT_OK;
}
