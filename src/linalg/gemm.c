/* The general matrix product: which tiles are computed in which order, and what is packed for them.
 *
 * As in Goto and van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34(3),
 * 2008: a panel of A stays in the third-level cache, one of B in the second, a strip of A in the
 * first. Of the two ways round it is the one that walks along rows of C (decision 95). What is
 * packed changes where operands are read from and nothing else; small products are computed where
 * they lie.
 */
#include "linalg/inner.h"

#include <string.h>

#define DEPTH LEAT_GEMM_CHUNK

/* Packing reads and writes an operand once; it pays when more tiles than these then read it. Where
 * columns of B do not lie side by side there is no other way. */
#define REUSED 4u

/* All of C, or what lies on its diagonal and below, or above. */
enum half { ALL, BELOW, ABOVE };

struct product {
    const struct leat_linalg *k;
    struct leat_matrix a, b, c;
    double alpha, beta;
    size_t each; /* bytes of an element */
    char *packed_a, *packed_b, *corner; /* workspace */
    bool turned;                        /* a, b, c are B', A', C' */
    enum half half;                     /* what of C is wanted */
};

/* What is computed from one panel of A and one of B. */
struct panel {
    uint32_t i, j, p; /* where it begins in m, n, k */
    uint32_t rows, cols, depth;
    bool packs_a, packs_b, once; /* once: B is one panel wide, so a strip of A is used up at once */
    double beta;
};

static void *at(const struct product *p, const struct leat_matrix *m, uint32_t i, uint32_t j)
{
    return (char *)m->data + ((int64_t)i * m->row + (int64_t)j * m->col) * (int64_t)p->each;
}

/* ---- workspace ---- */

static size_t elements(const struct leat_linalg *k, size_t n)
{
    return leat_round_up(n * leat_kind_bytes(k->kind), LEAT_LINE);
}

/* As much of n as a panel of at most `most` takes, in whole tiles. */
static size_t part(uint32_t n, uint32_t most, uint32_t tile)
{
    uint64_t whole = ((uint64_t)n + tile - 1) / tile * tile;
    return whole < most ? (size_t)whole : most;
}

/* Where one panel holds all of B a strip of A is used up when it has been packed, unless there are
 * few. */
size_t gemm_bytes_a(const struct leat_linalg *k, uint32_t m, uint32_t n, uint32_t chunk)
{
    uint32_t most = n <= k->panel_cols ? REUSED * k->tile_rows : k->panel_rows;
    return elements(k, part(m, most, k->tile_rows) * chunk);
}

size_t gemm_bytes_b(const struct leat_linalg *k, uint32_t n, uint32_t chunk)
{
    return elements(k, part(n, k->panel_cols, k->tile_cols) * chunk);
}

size_t gemm_bytes_corner(const struct leat_linalg *k)
{
    return elements(k, (size_t)k->tile_rows * k->tile_cols);
}

static size_t bytes_of(const struct leat_linalg *k, uint32_t m, uint32_t n, uint32_t depth)
{
    uint32_t chunk = least(depth, DEPTH);
    return gemm_bytes_a(k, m, n, chunk) + gemm_bytes_b(k, n, chunk) + gemm_bytes_corner(k);
}

size_t leat_gemm_bytes(const struct leat_linalg *kernels, uint32_t m, uint32_t n, uint32_t k)
{
    /* either way round: the result may be computed as its transpose */
    size_t upright = bytes_of(kernels, m, n, k), turned = bytes_of(kernels, n, m, k);
    size_t least_of = upright > turned ? upright : turned;
    size_t flat = flat_bytes(kernels, m, n, k), tall = flat_bytes(kernels, n, m, k);
    flat = flat > tall ? flat : tall;
    return flat > least_of ? flat : least_of;
}

/* ---- C = beta C ---- */

void gemm_scale(const struct leat_matrix *c, size_t each, double beta)
{
    for (uint32_t i = 0; i < c->rows; i++)
        for (uint32_t j = 0; j < c->cols; j++)
            put(c, each, i, j, beta == 0 ? 0 : beta * get(c, each, i, j));
}

/* ---- tiles ---- */

/* Where the strip of A that begins in row i is packed. */
static char *strip(const struct product *p, const struct panel *w, uint32_t i)
{
    return p->packed_a + (w->once ? 0 : (size_t)i * w->depth * p->each);
}

/* Which columns [*first, *end) of a tile's row, which is row i of C, are wanted; the tile begins in
 * column j. */
static void wanted(const struct product *p, uint32_t i, uint32_t j, uint32_t cols, uint32_t *first,
                   uint32_t *end)
{
    *first = p->half == ABOVE && i > j ? least(i - j, cols) : 0;
    *end = p->half == BELOW ? (i < j ? 0 : least(i - j + 1, cols)) : cols;
}

/* The part of C under a tile to the corner, or back from it. */
static void move(const struct product *p, const struct panel *w, uint32_t i, uint32_t j,
                 uint32_t rows, uint32_t cols, bool back)
{
    bool lies = p->c.col == 1;
    for (uint32_t r = 0, s, end; r < rows; r++) {
        wanted(p, w->i + i + r, w->j + j, cols, &s, &end);
        for (uint32_t n; s < end; s += n) {
            n = lies ? end - s : 1;
            void *element = at(p, &p->c, w->i + i + r, w->j + j + s);
            char *copy = p->corner + (r * p->k->tile_cols + s) * p->each;
            memcpy(back ? element : copy, back ? copy : element, n * p->each);
        }
    }
}

/* Is nothing of these elements of C wanted? All of them? */
static bool outside(const struct product *p, uint32_t i, uint32_t j, uint32_t rows, uint32_t cols)
{
    return (p->half == BELOW && j > i + rows - 1) || (p->half == ABOVE && i > j + cols - 1);
}

static bool inside(const struct product *p, uint32_t i, uint32_t j, uint32_t rows, uint32_t cols)
{
    return p->half == ALL || (p->half == BELOW ? j + cols - 1 <= i : i + rows - 1 <= j);
}

/* What is read after the tiles of a strip of A, a share for each of them to ask for, line by line:
 * the strip behind it, where it has been packed, or the rows of which it will be. */
static const void *later(const struct product *p, const struct panel *w, uint32_t i, uint32_t j,
                         int64_t *step)
{
    uint32_t rows = p->k->tile_rows, tile = j / p->k->tile_cols, next = i + rows;
    *step = 0;
    if (next >= w->rows)
        return p->corner;
    if (w->j != 0) {
        uint32_t share = (w->cols - 1) / p->k->tile_cols + 1;
        *step = (int64_t)((rows * p->each + share - 1) / share);
        return strip(p, w, next) + *step * tile * w->depth;
    }
    if (p->a.col != 1 || tile >= least(rows, w->rows - next))
        return p->corner;
    *step = (int64_t)p->each;
    return at(p, &p->a, w->i + next + tile, w->p);
}

/* One tile, its corner at (i, j) of the panel. A result whose rows are not contiguous, or that a
 * packed tile stands out of, or that is wanted in part, goes through a tile of its own. */
static void compute(const struct product *p, const struct panel *w, uint32_t i, uint32_t j)
{
    const struct leat_linalg *k = p->k;
    uint32_t rows = least(w->rows - i, k->tile_rows), cols = least(w->cols - j, k->tile_cols);
    if (outside(p, w->i + i, w->j + j, rows, cols))
        return;
    bool whole = rows == k->tile_rows && cols == k->tile_cols, packed = w->packs_a && w->packs_b;
    bool apart = p->c.col != 1 || (packed && !whole) ||
                 !inside(p, w->i + i, w->j + j, rows, cols);
    const char *packed_a = strip(p, w, i);
    const char *packed_b = p->packed_b + (size_t)j * w->depth * p->each;
    void *c = apart ? p->corner : at(p, &p->c, w->i + i, w->j + j);
    int64_t c_row = apart ? k->tile_cols : p->c.row;
    if (apart && w->beta != 0)
        move(p, w, i, j, rows, cols, false);
    if (packed) {
        int64_t step;
        const void *ask = later(p, w, i, j, &step);
        k->tile_packed(c, c_row, packed_a, packed_b, w->depth, p->alpha, w->beta, ask, step);
    } else {
        const void *a = w->packs_a ? packed_a : at(p, &p->a, w->i + i, w->p);
        const void *b = w->packs_b ? packed_b : at(p, &p->b, w->p, w->j + j);
        k->tile(c, c_row, a, w->packs_a ? 1 : p->a.row, w->packs_a ? k->tile_rows : p->a.col, b,
                w->packs_b ? k->tile_cols : p->b.row, rows, cols, w->depth, p->alpha, w->beta);
    }
    if (apart)
        move(p, w, i, j, rows, cols, true);
}

/* ---- panels ---- */

static void pack_a(const struct product *p, const struct panel *w, uint32_t i)
{
    uint32_t wide = p->k->tile_rows;
    p->k->pack(strip(p, w, i), wide, at(p, &p->a, w->i + i, w->p), p->a.row, p->a.col,
               least(w->rows - i, wide), w->depth);
}

/* So many terms of all strips come before the next: rows of B are read on, not a line of each. */
#define PIECE 32u

static void pack_b(const struct product *p, const struct panel *w)
{
    uint32_t wide = p->k->tile_cols, depth;
    for (uint32_t q = 0; q < w->depth; q += depth) {
        depth = least(w->depth - q, PIECE);
        for (uint32_t j = 0; j < w->cols; j += wide)
            p->k->pack(p->packed_b + ((size_t)j * w->depth + (size_t)q * wide) * p->each, wide,
                       at(p, &p->b, w->p + q, w->j + j), p->b.col, p->b.row,
                       least(w->cols - j, wide), depth);
    }
}

/* A strip of A along the panel of B, packed when it is first used. */
static void run_rows(const struct product *p, const struct panel *w)
{
    for (uint32_t i = 0; i < w->rows; i += p->k->tile_rows) {
        if (w->packs_a && w->j == 0)
            pack_a(p, w, i);
        for (uint32_t j = 0; j < w->cols; j += p->k->tile_cols)
            compute(p, w, i, j);
    }
}

/* The other way round, for B that is not packed: what is read of its rows serves all of A's. */
static void run_columns(const struct product *p, const struct panel *w)
{
    for (uint32_t i = 0; w->packs_a && w->j == 0 && i < w->rows; i += p->k->tile_rows)
        pack_a(p, w, i);
    for (uint32_t j = 0; j < w->cols; j += p->k->tile_cols)
        for (uint32_t i = 0; i < w->rows; i += p->k->tile_rows)
            compute(p, w, i, j);
}

static void run(const struct product *p)
{
    const struct leat_linalg *k = p->k;
    uint32_t m = p->c.rows, n = p->c.cols, depth = p->a.cols;
    struct panel w = {.packs_a = n > REUSED * k->tile_cols,
                      .packs_b = p->b.col != 1 || m > REUSED * k->tile_rows};
    w.once = w.packs_b && n <= k->panel_cols;
    for (w.i = 0; w.i < m; w.i += w.rows) {
        w.rows = w.once ? m : least(m - w.i, k->panel_rows);
        for (w.p = 0; w.p < depth; w.p += w.depth) {
            w.depth = least(depth - w.p, DEPTH);
            w.beta = w.p == 0 ? p->beta : 1;
            for (w.j = 0; w.j < n; w.j += w.cols) {
                w.cols = least(n - w.j, k->panel_cols);
                if (w.j != 0 && outside(p, w.i, w.j, w.rows, w.cols))
                    continue;
                if (w.packs_b)
                    pack_b(p, &w);
                (w.packs_b ? run_rows : run_columns)(p, &w);
            }
        }
    }
}

/* ---- one column, or one row ---- */

/* Is A such that its product with a column needs no tiles? Nothing is packed then. */
static bool is_gemv(const struct leat_linalg *k, const struct leat_matrix *a,
                    const struct leat_matrix *c)
{
    return c->cols == 1 && (a->row == 1 || (a->col == 1 && c->rows >= k->lanes));
}

/* Where rows are contiguous, so many of them are read to their ends before the next: that is what
 * processors see coming. */
#define GEMV_BYTES 128u /* of a column of them */

static void run_gemv(const struct product *p)
{
    const struct leat_matrix *a = &p->a, *b = &p->b, *c = &p->c;
    uint32_t most = a->row == 1 ? c->rows : GEMV_BYTES / (uint32_t)p->each;
    for (uint32_t i = 0, n; i < c->rows; i += n) {
        n = (c->rows - i) / 2 < most ? c->rows - i : most;
        for (uint32_t q = 0, depth; q < a->cols; q += depth) {
            depth = least(a->cols - q, DEPTH);
            p->k->gemv(at(p, c, i, 0), c->row, at(p, a, i, q), a->row, a->col, at(p, b, q, 0),
                       b->row, n, depth, p->alpha, q == 0 ? p->beta : 1);
        }
    }
}

/* ---- checks ---- */

int gemm_check(const struct leat_matrix *a, const struct leat_matrix *b,
               const struct leat_matrix *c, size_t each, struct leat_diag *diag)
{
    if (a->cols != b->rows || a->rows != c->rows || b->cols != c->cols)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "gemm: A [%u x %u] times B [%u x %u] does not give C [%u x %u]",
                             a->rows, a->cols, b->rows, b->cols, c->rows, c->cols);
    int status = view_check(a, "gemm: A", each, diag);
    if (status == LEAT_OK)
        status = view_check(b, "gemm: B", each, diag);
    if (status == LEAT_OK)
        status = view_check(c, "gemm: C", each, diag);
    if (status != LEAT_OK)
        return status;
    if (view_meets_itself(c))
        return leat_diag_set(diag, LEAT_EINVAL, "gemm: elements of C lie on each other");
    if (views_meet(a, c, each) || views_meet(b, c, each))
        return leat_diag_set(diag, LEAT_EINVAL, "gemm: C lies on %s",
                             views_meet(a, c, each) ? "A" : "B");
    return LEAT_OK;
}

static uint64_t tiles(const struct leat_linalg *k, uint32_t rows, uint32_t cols)
{
    return (((uint64_t)rows + k->tile_rows - 1) / k->tile_rows) *
           (((uint64_t)cols + k->tile_cols - 1) / k->tile_cols);
}

/* Is C' = B' A' less work? Where it is a column, and C is not; where rows of C' are contiguous,
 * those of C being not; and where C is so narrow that its tiles were almost empty, if rows of A'
 * are contiguous. */
static bool turns(const struct leat_linalg *k, const struct leat_matrix *a,
                  const struct leat_matrix *b, const struct leat_matrix *c)
{
    struct leat_matrix row = leat_matrix_transposed(b), column = leat_matrix_transposed(c);
    if (is_gemv(k, a, c) || is_gemv(k, &row, &column))
        return !is_gemv(k, a, c);
    return c->row == 1 ? c->col != 1
                       : a->row == 1 && 2 * tiles(k, c->cols, c->rows) < tiles(k, c->rows, c->cols);
}

static struct product product_of(const struct leat_linalg *kernels, double alpha,
                                 const struct leat_matrix *a, const struct leat_matrix *b,
                                 double beta, const struct leat_matrix *c, void *workspace)
{
    size_t each = leat_kind_bytes(kernels->kind);
    struct product p = {kernels, *a, *b, *c, alpha, beta, each, workspace, NULL, NULL,
                        turns(kernels, a, b, c), ALL};
    if (each == sizeof(float)) {
        p.alpha = (double)(float)alpha;
        p.beta = (double)(float)beta;
    }
    if (p.turned) {
        p.a = leat_matrix_transposed(b);
        p.b = leat_matrix_transposed(a);
        p.c = leat_matrix_transposed(c);
    }
    p.packed_b = p.packed_a + gemm_bytes_a(kernels, p.c.rows, p.c.cols, least(p.a.cols, DEPTH));
    p.corner = p.packed_b + gemm_bytes_b(kernels, p.c.cols, least(p.a.cols, DEPTH));
    return p;
}

/* Of so few columns, as in panels of QR, a product of as few rows, or as few terms, is made where
 * it lies, however many terms or rows it has: tiles of packed panels would be mostly empty. */
#define NARROW 48u

/* Steps from product to product. */
struct steps {
    int64_t a, b, c;
};

static bool is_small(const struct product *p)
{
    const struct leat_matrix *c = &p->c;
    uint32_t most = p->k->small_most, narrow = least(most, NARROW), depth = p->a.cols;
    bool fits = (c->rows <= most && c->cols <= most && depth <= DEPTH) ||
                (c->cols <= narrow && (c->rows <= narrow || depth <= narrow));
    return fits && c->rows != 0 && c->cols != 0 && depth != 0 && p->alpha != 0 &&
           p->b.col == 1 && c->col == 1 && !is_gemv(p->k, &p->a, c);
}

static void run_small(const struct product *p, struct steps steps, uint64_t count)
{
    struct leat_small s = {
        .c = p->c.data, .c_row = p->c.row, .a_row = p->a.row, .a_col = p->a.col,
        .b_row = p->b.row, .c_step = steps.c, .a_step = steps.a, .b_step = steps.b,
        .rows = p->c.rows, .cols = p->c.cols, .count = count, .alpha = p->alpha};
    for (uint32_t q = 0; q < p->a.cols; q += s.depth) {
        s.a = at(p, &p->a, 0, q);
        s.b = at(p, &p->b, q, 0);
        s.depth = least(p->a.cols - q, DEPTH);
        s.beta = q == 0 ? p->beta : 1;
        p->k->small(&s);
    }
}

#define NARROW_ROWS 128u /* of A, at least */

/* Contiguous rows of A by so few columns that A would not be packed for them. Tiles of few rows
 * want B packed: they read it more often. */
static bool is_narrow(const struct product *p)
{
    bool lies = p->a.col == 1 && p->a.row != 1 && p->b.col == 1 && p->c.col == 1;
    return lies && p->c.rows >= NARROW_ROWS && p->c.cols <= REUSED * p->k->tile_cols &&
           p->k->tile_rows > REUSED;
}

/* Then some rows at a time are small products with all columns: what a core sees coming of them is
 * read once, and B, which the second-level cache holds, where it lies. */
static void run_narrow(const struct product *p)
{
    for (uint32_t i = 0, rows; i < p->c.rows; i += rows) {
        struct product part = *p;
        rows = least(p->c.rows - i, 2 * p->k->tile_rows);
        part.a = block(&p->a, p->each, i, 0, rows, p->a.cols);
        part.c = block(&p->c, p->each, i, 0, rows, p->c.cols);
        run_small(&part, (struct steps){0, 0, 0}, 1);
    }
}

/* Is it, or its transpose, one of few rows over contiguous rows of B? */
static bool run_flat(const struct product *p)
{
    const struct leat_matrix *a = &p->a, *b = &p->b, *c = &p->c;
    if (b->col == 1 && b->row != 1 && flat_takes(p->k, c->rows, c->cols, a->cols)) {
        flat_run(p->k, p->alpha, a, b, p->beta, c, p->packed_a);
        return true;
    }
    if (a->row != 1 || a->col == 1 || !flat_takes(p->k, c->cols, c->rows, a->cols))
        return false;
    struct leat_matrix few = leat_matrix_transposed(b), many = leat_matrix_transposed(a);
    struct leat_matrix to = leat_matrix_transposed(c);
    flat_run(p->k, p->alpha, &few, &many, p->beta, &to, p->packed_a);
    return true;
}

static void run_product(const struct product *p)
{
    if (p->alpha == 0 || p->a.cols == 0)
        gemm_scale(&p->c, p->each, p->beta);
    else if (is_gemv(p->k, &p->a, &p->c))
        run_gemv(p);
    else if (is_small(p))
        run_small(p, (struct steps){0, 0, 0}, 1);
    else if (run_flat(p))
        return;
    else if (is_narrow(p))
        run_narrow(p);
    else
        run(p);
}

void gemm_run(const struct leat_linalg *kernels, double alpha, const struct leat_matrix *a,
              const struct leat_matrix *b, double beta, const struct leat_matrix *c,
              void *workspace)
{
    struct product p = product_of(kernels, alpha, a, b, beta, c, workspace);
    run_product(&p);
}

void gemm_run_lower(const struct leat_linalg *kernels, double alpha, const struct leat_matrix *a,
                    double beta, const struct leat_matrix *c, void *workspace)
{
    struct leat_matrix turned = leat_matrix_transposed(a);
    struct product p = product_of(kernels, alpha, a, &turned, beta, c, workspace);
    p.half = p.turned ? ABOVE : BELOW;
    for (uint32_t i = 0; i < c->rows && (p.alpha == 0 || a->cols == 0); i++) {
        struct leat_matrix row = block(c, p.each, i, 0, 1, i + 1);
        gemm_scale(&row, p.each, p.beta);
    }
    if (c->rows != 0 && p.alpha != 0 && a->cols != 0)
        run(&p);
}

int leat_gemm(const struct leat_linalg *kernels, double alpha, const struct leat_matrix *a,
              const struct leat_matrix *b, double beta, const struct leat_matrix *c,
              void *workspace, size_t bytes, struct leat_diag *diag)
{
    int status = gemm_check(a, b, c, leat_kind_bytes(kernels->kind), diag);
    if (status == LEAT_OK)
        status = work_check("gemm", leat_gemm_bytes(kernels, c->rows, c->cols, a->cols), workspace,
                            bytes, diag);
    if (status == LEAT_OK)
        gemm_run(kernels, alpha, a, b, beta, c, workspace);
    return status;
}

/* ---- many at once ---- */

/* What leat_gemm checks of one product holds for the first; the others lie apart as it does. */
static int check_batch(const struct leat_matrix *const m[3], const int64_t steps[3], size_t each,
                       uint64_t count, struct leat_diag *diag)
{
    static const char names[] = "ABC";
    intptr_t ends[3][2];
    uint64_t over;
    for (int i = 0; i < 3; i++)
        if (!view_stretch(m[i], each, steps[i], count, ends[i], &over))
            return leat_diag_set(diag, LEAT_ERANGE,
                                 "gemm: %llu of %c, %lld elements apart, reach further than memory",
                                 (unsigned long long)count, names[i], (long long)steps[i]);
    if ((steps[2] < 0 ? -(uint64_t)steps[2] : (uint64_t)steps[2]) < over)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "gemm: C reaches over %llu elements, the next lies %lld behind it",
                             (unsigned long long)over, (long long)steps[2]);
    for (int i = 0; i < 2; i++)
        if (ends[i][0] < ends[2][1] && ends[2][0] < ends[i][1])
            return leat_diag_set(diag, LEAT_EINVAL, "gemm: products of C lie on those of %c",
                                 names[i]);
    return LEAT_OK;
}

static void *moved(const struct leat_matrix *m, int64_t step, uint64_t t, size_t each)
{
    bool none = m->rows == 0 || m->cols == 0; /* its step has not been checked */
    return none ? m->data : (char *)m->data + (int64_t)t * step * (int64_t)each;
}

static void run_batch(const struct product *p, struct steps steps, uint64_t count)
{
    if (is_small(p)) {
        run_small(p, steps, count);
        return;
    }
    for (uint64_t t = 0; t < count; t++) {
        struct product one = *p;
        one.a.data = moved(&p->a, steps.a, t, p->each);
        one.b.data = moved(&p->b, steps.b, t, p->each);
        one.c.data = moved(&p->c, steps.c, t, p->each);
        run_product(&one);
    }
}

int leat_gemm_batch(const struct leat_linalg *kernels, double alpha, const struct leat_matrix *a,
                    int64_t a_step, const struct leat_matrix *b, int64_t b_step, double beta,
                    const struct leat_matrix *c, int64_t c_step, uint64_t count, void *workspace,
                    size_t bytes, struct leat_diag *diag)
{
    const struct leat_matrix *const matrices[] = {a, b, c};
    const int64_t steps[] = {a_step, b_step, c_step};
    size_t each = leat_kind_bytes(kernels->kind);
    if (count == 0)
        return LEAT_OK;
    int status = gemm_check(a, b, c, each, diag);
    if (status == LEAT_OK && count > 1)
        status = check_batch(matrices, steps, each, count, diag);
    if (status == LEAT_OK)
        status = work_check("gemm", leat_gemm_bytes(kernels, c->rows, c->cols, a->cols), workspace,
                            bytes, diag);
    if (status != LEAT_OK)
        return status;
    struct product p = product_of(kernels, alpha, a, b, beta, c, workspace);
    run_batch(&p, p.turned ? (struct steps){b_step, a_step, c_step}
                           : (struct steps){a_step, b_step, c_step}, count);
    return LEAT_OK;
}
