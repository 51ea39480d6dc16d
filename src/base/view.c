/* Where the elements of views lie. */
#include "base/view.h"

static bool empty(const struct leat_matrix *m)
{
    return m->rows == 0 || m->cols == 0;
}

/* The offsets of the first and last element in memory, in elements; false when they overflow. */
static bool reach(const struct leat_matrix *m, int64_t *low, int64_t *high)
{
    int64_t down, across;
    if (__builtin_mul_overflow((int64_t)m->rows - 1, m->row, &down) ||
        __builtin_mul_overflow((int64_t)m->cols - 1, m->col, &across))
        return false;
    *low = *high = 0;
    int64_t *of_down = down < 0 ? low : high, *of_across = across < 0 ? low : high;
    return !__builtin_add_overflow(*of_down, down, of_down) &&
           !__builtin_add_overflow(*of_across, across, of_across);
}

/* All of it between the first address and the last. */
static bool in_memory(const struct leat_matrix *m, size_t each)
{
    int64_t low, high, first, behind, width = (int64_t)each, place = (int64_t)(intptr_t)m->data;
    return reach(m, &low, &high) && !__builtin_mul_overflow(low, width, &first) &&
           !__builtin_add_overflow(high, 1, &high) &&
           !__builtin_mul_overflow(high, width, &behind) &&
           !__builtin_add_overflow(place, behind, &behind) && first >= -place;
}

int view_check(const struct leat_matrix *m, const char *name, size_t each, struct leat_diag *diag)
{
    if (empty(m))
        return LEAT_OK;
    if (m->data == NULL)
        return leat_diag_set(diag, LEAT_EINVAL, "%s: no data", name);
    if ((uintptr_t)m->data % each != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "%s: not aligned to its elements", name);
    if (!in_memory(m, each))
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: [%u x %u] with steps of %lld and %lld reaches further than "
                             "memory",
                             name, m->rows, m->cols, (long long)m->row, (long long)m->col);
    return LEAT_OK;
}

static uint64_t size_of(int64_t step)
{
    return step < 0 ? -(uint64_t)step : (uint64_t)step;
}

bool view_meets_itself(const struct leat_matrix *m)
{
    uint64_t row = size_of(m->row), col = size_of(m->col);
    if (empty(m))
        return false;
    if (m->rows == 1 || m->cols == 1)
        return (m->rows > 1 && row == 0) || (m->cols > 1 && col == 0);
    bool rows_apart = col != 0 && row / m->cols >= col; /* a whole row fits before the next */
    bool cols_apart = row != 0 && col / m->rows >= row;
    return !rows_apart && !cols_apart;
}

/* Two rectangles of `width` elements a line, the second's corner `apart` elements behind the
 * first's: that is so many lines down and columns across, and once more one line down and to the
 * left. */
static bool rectangles_meet(const struct leat_matrix *a, const struct leat_matrix *b, int64_t apart,
                            int64_t width)
{
    int64_t down = apart / width, across = apart % width;
    if (across < 0) {
        down--;
        across += width;
    }
    for (int turn = 0; turn < 2; turn++, down++, across -= width) {
        bool rows = down < (int64_t)a->rows && -down < (int64_t)b->rows;
        bool cols = across < (int64_t)a->cols && -across < (int64_t)b->cols;
        if (rows && cols)
            return true;
    }
    return false;
}

static struct leat_matrix lying(const struct leat_matrix *m)
{
    return m->col == 1 ? *m : leat_matrix_transposed(m);
}

bool views_meet(const struct leat_matrix *a, const struct leat_matrix *b, size_t each)
{
    int64_t a_low, a_high, b_low, b_high, width = (int64_t)each;
    if (empty(a) || empty(b) || !reach(a, &a_low, &a_high) || !reach(b, &b_low, &b_high))
        return false;
    intptr_t at_a = (intptr_t)a->data, at_b = (intptr_t)b->data;
    if (at_a + (a_high + 1) * width <= at_b + b_low * width ||
        at_b + (b_high + 1) * width <= at_a + a_low * width)
        return false;
    struct leat_matrix x = lying(a), y = lying(b);
    bool alike = x.col == 1 && y.col == 1 && x.row == y.row && x.row >= (int64_t)x.cols &&
                 y.row >= (int64_t)y.cols && (at_b - at_a) % width == 0;
    return !alike || rectangles_meet(&x, &y, (at_b - at_a) / width, x.row);
}

bool view_stretch(const struct leat_matrix *m, size_t each, int64_t step, uint64_t count,
                  intptr_t ends[2], uint64_t *over)
{
    int64_t low, high, last, width = (int64_t)each, place = (int64_t)(intptr_t)m->data;
    ends[0] = ends[1] = 0;
    *over = 0;
    if (empty(m))
        return true;
    if (!reach(m, &low, &high) || count - 1 > INT64_MAX ||
        __builtin_mul_overflow((int64_t)(count - 1), step, &last))
        return false;
    *over = (uint64_t)high - (uint64_t)low + 1;
    int64_t *end = last < 0 ? &low : &high;
    if (__builtin_add_overflow(*end, last, end) || __builtin_mul_overflow(low, width, &low) ||
        __builtin_add_overflow(high, 1, &high) || __builtin_mul_overflow(high, width, &high) ||
        __builtin_add_overflow(place, high, &high) || low < -place)
        return false;
    ends[0] = (intptr_t)(place + low);
    ends[1] = (intptr_t)high;
    return true;
}
