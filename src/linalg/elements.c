/* Operations on the elements of views, and transposes in place. */
#include "linalg/inner.h"

#include <string.h>

/* ---- sums and products ---- */

struct operation {
    const struct leat_linalg *k;
    double alpha, beta;
    bool multiplies;
    size_t each;
};

static void run_rows(const struct operation *o, void *b, int64_t b_row, const void *a,
                     int64_t a_row, uint32_t rows, uint32_t cols)
{
    if (o->multiplies)
        o->k->multiply(b, b_row, a, a_row, rows, cols);
    else
        o->k->add(b, b_row, a, a_row, rows, cols, o->alpha, o->beta);
}

#define PIECE 64u /* elements of a row that are brought together at once */

/* Elements that do not lie side by side. */
static void run_apart(const struct operation *o, const struct leat_matrix *a,
                      const struct leat_matrix *b)
{
    _Alignas(LEAT_LINE) char room[2][PIECE * sizeof(double)];
    for (uint32_t i = 0; i < b->rows; i++)
        for (uint32_t j = 0; j < b->cols; j += PIECE) {
            uint32_t n = least(b->cols - j, PIECE);
            struct leat_matrix from = block(a, o->each, i, j, 1, n);
            struct leat_matrix to = block(b, o->each, i, j, 1, n);
            struct leat_matrix x = leat_matrix_rows(room[0], 1, n, PIECE), y = x;
            y.data = room[1];
            view_copy(&x, &from, o->each, WHOLE);
            if (o->multiplies || o->beta != 0)
                view_copy(&y, &to, o->each, WHOLE);
            run_rows(o, y.data, PIECE, x.data, PIECE, 1, n);
            view_copy(&to, &y, o->each, WHOLE);
        }
}

static int check(const char *call, const struct leat_matrix *a, const struct leat_matrix *b,
                 size_t each, struct leat_diag *diag)
{
    if (a->rows != b->rows || a->cols != b->cols)
        return leat_diag_set(diag, LEAT_ESHAPE, "%s: A [%u x %u] and B [%u x %u]", call, a->rows,
                             a->cols, b->rows, b->cols);
    int status = view_check(a, "A", each, diag);
    if (status == LEAT_OK)
        status = check_written(b, "B", each, diag);
    bool same = a->data == b->data && a->row == b->row && a->col == b->col;
    return status == LEAT_OK && !same ? check_apart(b, "B", a, "A", each, diag) : status;
}

static int operate(const struct operation *o, const char *call, const struct leat_matrix *a,
                   const struct leat_matrix *b, struct leat_diag *diag)
{
    int status = check(call, a, b, o->each, diag);
    if (status != LEAT_OK)
        return status;
    if (a->col == 1 && b->col == 1)
        run_rows(o, b->data, b->row, a->data, a->row, b->rows, b->cols);
    else if (a->row == 1 && b->row == 1)
        run_rows(o, b->data, b->col, a->data, a->col, b->cols, b->rows);
    else
        run_apart(o, a, b);
    return LEAT_OK;
}

int leat_matrix_add(const struct leat_linalg *kernels, double alpha, const struct leat_matrix *a,
                    double beta, const struct leat_matrix *b, struct leat_diag *diag)
{
    bool narrow = kernels->kind == LEAT_F32;
    struct operation o = {kernels, alpha, narrow ? (double)(float)beta : beta, false,
                          leat_kind_bytes(kernels->kind)};
    return operate(&o, "matrix add", a, b, diag);
}

int leat_matrix_multiply(const struct leat_linalg *kernels, const struct leat_matrix *a,
                         const struct leat_matrix *b, struct leat_diag *diag)
{
    struct operation o = {kernels, 1, 1, true, leat_kind_bytes(kernels->kind)};
    return operate(&o, "matrix multiply", a, b, diag);
}

/* ---- squares, in place ---- */

#define BLOCK 64u /* rows and columns of a square whose pages stay known while it is swapped */

/* In squares of more bytes each row of a block is far away, its page too: while two blocks are
 * swapped the next two are asked for. Smaller ones lose by it. */
#define FAR_BYTES ((size_t)16 << 20)

static struct leat_matrix square_block(const struct leat_matrix *m, size_t each, uint32_t i,
                                       uint32_t j)
{
    return block(m, each, i, j, least(m->rows - i, BLOCK), least(m->cols - j, BLOCK));
}

static void turn_square(const struct leat_linalg *k, const struct leat_matrix *m, size_t each)
{
    int64_t row = m->col == 1 ? m->row : m->col;
    struct leat_matrix lines = leat_matrix_rows(m->data, m->rows, m->cols, row);
    bool far = (size_t)m->rows * m->cols * each > FAR_BYTES;
    for (uint32_t i = 0; i < m->rows; i += BLOCK)
        for (uint32_t j = i; j < m->cols; j += BLOCK) {
            struct leat_matrix a = square_block(&lines, each, i, j), next_a = {0};
            struct leat_matrix b = square_block(&lines, each, j, i), next_b = {0};
            if (far && m->cols - j > BLOCK) {
                next_a = square_block(&lines, each, i, j + BLOCK);
                next_b = square_block(&lines, each, j + BLOCK, i);
            }
            k->swap(a.data, row, b.data, row, a.rows, a.cols, next_a.data, next_b.data);
        }
}

static void turn_scattered(const struct leat_matrix *m, size_t each)
{
    for (uint32_t i = 0; i < m->rows; i++)
        for (uint32_t j = i + 1; j < m->cols; j++) {
            void *x = block(m, each, i, j, 1, 1).data, *y = block(m, each, j, i, 1, 1).data;
            char kept[sizeof(double)];
            memcpy(kept, x, each);
            memcpy(x, y, each);
            memcpy(y, kept, each);
        }
}

/* ---- others, in place ----
 *
 * With c the greatest common divisor of m and n: columns are rotated, column j by j / (n / c), so
 * that no two elements of a row go to the same column; rows are permuted; then columns. */

struct shape {
    size_t m, n, each;
    size_t a, b; /* m / c, n / c */
    char *data, *room;
};

static size_t divisor(size_t a, size_t b)
{
    while (b != 0) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

LEAT_INLINE void move(void *to, size_t i, const void *from, size_t j, size_t each)
{
    if (each == sizeof(float))
        ((float *)to)[i] = ((const float *)from)[j];
    else
        ((double *)to)[i] = ((const double *)from)[j];
}

/* Columns j to j + n, a line of memory or less. Element i of column j comes from row
 * (i + j / b) mod m, in the last turn from row (j + i n - i / a) mod m. */
static void permute_columns(const struct shape *s, size_t j, size_t n, bool last)
{
    size_t wide = n * s->each, line = s->n * s->each;
    for (size_t i = 0; i < s->m; i++)
        memcpy(s->room + i * wide, s->data + i * line + j * s->each, wide);
    size_t step = last ? s->n % s->m : 1, base = 0, left = s->a;
    for (size_t i = 0; i < s->m; i++) {
        for (size_t q = 0; q < n; q++) {
            size_t shift = (last ? j + q : (j + q) / s->b) % s->m;
            size_t from = base + shift < s->m ? base + shift : base + shift - s->m;
            move(s->data + i * line + j * s->each, q, s->room + from * wide, q, s->each);
        }
        base = base + step < s->m ? base + step : base + step - s->m;
        if (last && --left == 0) {
            base = base == 0 ? s->m - 1 : base - 1;
            left = s->a;
        }
    }
}

/* Element j of row i goes to column (((i + j / b) mod m) + j m) mod n. */
static void permute_row(const struct shape *s, size_t i)
{
    char *row = s->data + i * s->n * s->each;
    memcpy(s->room, row, s->n * s->each);
    size_t step = s->m % s->n, base = 0;
    for (size_t from = 0, group = 0; from < s->n; from += s->b, group++) {
        size_t turned = (i + group) % s->m % s->n;
        for (size_t j = from; j < from + s->b; j++) {
            size_t to = turned + base < s->n ? turned + base : turned + base - s->n;
            move(row, to, s->room, j, s->each);
            base = base + step < s->n ? base + step : base + step - s->n;
        }
    }
}

static void turn_lines(const struct shape *s)
{
    size_t lines = LEAT_LINE / s->each;
    for (size_t j = 0; s->a != s->m && j < s->n; j += lines)
        permute_columns(s, j, s->n - j < lines ? s->n - j : lines, false);
    for (size_t i = 0; i < s->m; i++)
        permute_row(s, i);
    for (size_t j = 0; j < s->n; j += lines)
        permute_columns(s, j, s->n - j < lines ? s->n - j : lines, true);
}

/* ---- the call ---- */

static bool needs_room(uint32_t rows, uint32_t cols)
{
    return rows != cols && rows > 1 && cols > 1;
}

size_t leat_matrix_transpose_bytes(uint32_t rows, uint32_t cols)
{
    struct work room = {NULL, 0};
    if (needs_room(rows, cols))
        work_take(&room, rows > cols ? rows : cols, LEAT_LINE, 1);
    return room.used;
}

static bool without_gaps(const struct leat_matrix *m)
{
    return (m->col == 1 && m->row == m->cols) || (m->row == 1 && m->col == m->rows);
}

static void turn(const struct leat_linalg *k, struct leat_matrix *m, size_t each, void *room)
{
    if (m->rows == m->cols && (m->col == 1 || m->row == 1)) {
        turn_square(k, m, each);
    } else if (m->rows == m->cols) {
        turn_scattered(m, each);
    } else {
        bool by_rows = m->col == 1 && m->row == m->cols;
        struct shape s = {by_rows ? m->rows : m->cols, by_rows ? m->cols : m->rows, each, 0, 0,
                          m->data, room};
        if (needs_room(m->rows, m->cols)) {
            s.a = s.m / divisor(s.m, s.n);
            s.b = s.n / divisor(s.m, s.n);
            turn_lines(&s);
        }
        *m = by_rows ? leat_matrix_rows(m->data, m->cols, m->rows, m->rows)
                     : (struct leat_matrix){m->data, m->cols, m->rows, 1, m->cols};
    }
}

int leat_matrix_transpose(const struct leat_linalg *kernels, struct leat_matrix *m,
                          void *workspace, size_t bytes, struct leat_diag *diag)
{
    size_t each = leat_kind_bytes(kernels->kind);
    int status = check_written(m, "transpose", each, diag);
    if (status == LEAT_OK && m->rows != m->cols && !without_gaps(m))
        status = leat_diag_set(diag, LEAT_ERANGE, "transpose: [%u x %u] has gaps, steps %lld and "
                               "%lld: only squares may", m->rows, m->cols, (long long)m->row,
                               (long long)m->col);
    if (status == LEAT_OK && needs_room(m->rows, m->cols))
        status = work_check("transpose", leat_matrix_transpose_bytes(m->rows, m->cols), workspace,
                            bytes, diag);
    if (status == LEAT_OK)
        turn(kernels, m, each, workspace);
    return status;
}
