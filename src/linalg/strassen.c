/* Matrix products by Strassen's recursion, laid flat: of 7^levels products of blocks, each packs
 * sums of blocks of A and B and adds what comes of them to several blocks of C.
 *
 * As in Huang, Smith, Henry, van de Geijn, Strassen's algorithm reloaded, SC 2016: packing reads
 * operands anyway, so it adds them up, and no block is ever stored but in C. Blocks are of one
 * size; those that stand out of a matrix count as filled up with zeros.
 */
#include "linalg/inner.h"

#define DEPTH LEAT_STRASSEN_CHUNK
#define SIDE (1u << LEAT_STRASSEN_LEVELS) /* blocks along a matrix, at most */
#define PRODUCTS 7u

/* Blocks 11, 12, 21, 22 of A and of B that a product is made of, and those of C that it is added to
 * (Higham, Accuracy and Stability, 2nd ed., equation 23.4). */
enum operand { OF_A, OF_B, OF_C };
static const signed char strassen[PRODUCTS][3][4] = {
    {{1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 1}},  {{0, 0, 1, 1}, {1, 0, 0, 0}, {0, 0, 1, -1}},
    {{1, 0, 0, 0}, {0, 1, 0, -1}, {0, 1, 0, 1}}, {{0, 0, 0, 1}, {-1, 0, 1, 0}, {1, 0, 1, 0}},
    {{1, 1, 0, 0}, {0, 0, 0, 1}, {-1, 1, 0, 0}}, {{-1, 0, 1, 0}, {1, 1, 0, 0}, {0, 0, 0, 1}},
    {{0, 1, 0, -1}, {0, 0, 1, 1}, {1, 0, 0, 0}},
};

/* Blocks of a matrix with their signs. */
struct sum {
    uint32_t count;
    struct {
        uint32_t i, j;
        int sign;
    } of[SIDE];
};

struct product {
    const struct leat_linalg *k;
    struct leat_matrix a, b, c;
    uint32_t levels, m, n, depth; /* of a block */
    double alpha, beta;
    size_t each;
    char *packed_a, *packed_b, *corner, *aside; /* workspace */
    struct sum sums[3];
    uint64_t begun; /* blocks of C that something has been added to, a bit each */
};

/* What is computed from one panel of A and one of B. */
struct panel {
    uint32_t i, j, p; /* where it begins in a block */
    uint32_t rows, cols, depth;
};

static uint32_t products(uint32_t levels)
{
    uint32_t n = 1;
    for (uint32_t level = 0; level < levels; level++)
        n *= PRODUCTS;
    return n;
}

/* Which blocks product `index` takes of an operand: each level makes quarters of those above it.
 * Products of the same large blocks follow each other, while these are in the third-level cache. */
static struct sum sum_of(uint32_t index, uint32_t levels, enum operand operand)
{
    struct sum sum = {1, {{0, 0, 1}}};
    for (uint32_t level = levels; level-- > 0;) {
        const signed char *signs = strassen[index / products(level) % PRODUCTS][operand];
        struct sum next = {0};
        for (uint32_t t = 0; t < sum.count; t++)
            for (uint32_t q = 0; q < 4; q++)
                if (signs[q] != 0) {
                    next.of[next.count].i = 2 * sum.of[t].i + q / 2;
                    next.of[next.count].j = 2 * sum.of[t].j + q % 2;
                    next.of[next.count++].sign = sum.of[t].sign * signs[q];
                }
        sum = next;
    }
    return sum;
}

/* How much of [from, from + n) lies before the end of a block, and of the matrix. */
static uint32_t inside(uint32_t block, uint32_t size, uint32_t from, uint32_t n, uint32_t end)
{
    uint64_t begin = (uint64_t)block * size + from;
    uint32_t left = from < size ? least(size - from, n) : 0;
    return begin < end ? least(left, end - (uint32_t)begin) : 0;
}

/* ---- packing ---- */

static void pack(const struct product *p, enum operand operand, const struct leat_matrix *m,
                 uint32_t rows, uint32_t cols, uint32_t i, uint32_t j, void *packed, uint32_t depth)
{
    const struct sum *sum = &p->sums[operand];
    struct leat_term terms[SIDE];
    uint32_t wide = operand == OF_A ? p->k->tile_rows : p->k->tile_cols, count = 0;
    for (uint32_t t = 0; t < sum->count; t++) {
        struct leat_term x = {NULL, sum->of[t].sign,
                              inside(sum->of[t].i, rows, i, wide, m->rows),
                              inside(sum->of[t].j, cols, j, depth, m->cols)};
        if (x.n == 0 || x.depth == 0)
            continue;
        x.m = (const char *)m->data + (((int64_t)sum->of[t].i * rows + i) * m->row +
                                       ((int64_t)sum->of[t].j * cols + j) * m->col) *
                                          (int64_t)p->each;
        terms[count++] = x;
    }
    if (count == 0)
        terms[count++] = (struct leat_term){m->data, 1, 0, 0};
    p->k->pack_sum(packed, wide, terms, count, m->row, m->col, depth);
}

/* Where the strip of A that begins in row i is packed: where one panel holds all of B it is used up
 * at once. */
static char *strip(const struct product *p, const struct panel *w, uint32_t i)
{
    return p->packed_a + (p->n <= p->k->panel_cols ? 0 : (size_t)i * w->depth * p->each);
}

static void pack_a(const struct product *p, const struct panel *w, uint32_t i)
{
    pack(p, OF_A, &p->a, p->m, p->depth, w->i + i, w->p, strip(p, w, i), w->depth);
}

/* B's strips are those of its transpose: the same blocks, their places turned. So many terms of all
 * strips come before the next: rows of B are read on, not a line of each. */
#define PIECE 64u

static void pack_b(const struct product *p, const struct panel *w)
{
    struct leat_matrix turned = leat_matrix_transposed(&p->b);
    size_t wide = p->k->tile_cols * p->each;
    for (uint32_t q = 0; q < w->depth; q += PIECE)
        for (uint32_t j = 0; j < w->cols; j += p->k->tile_cols)
            pack(p, OF_B, &turned, p->n, p->depth, w->j + j, w->p + q,
                 p->packed_b + (size_t)j * w->depth * p->each + q * wide,
                 least(w->depth - q, PIECE));
}

/* ---- tiles ---- */

/* The part of a block of C under a tile. */
static struct leat_matrix target(const struct product *p, const struct panel *w, uint32_t t,
                                 uint32_t i, uint32_t j)
{
    uint32_t row = p->sums[OF_C].of[t].i, col = p->sums[OF_C].of[t].j;
    uint32_t rows = inside(row, p->m, w->i + i, p->k->tile_rows, p->c.rows);
    uint32_t cols = inside(col, p->n, w->j + j, p->k->tile_cols, p->c.cols);
    return block(&p->c, p->each, row * p->m + w->i + i, col * p->n + w->j + j, rows, cols);
}

static void ask_for(const struct product *p, const struct leat_matrix *c)
{
    for (uint32_t r = 0; c->col == 1 && r < c->rows; r++)
        for (uint32_t s = 0; s < c->cols * p->each; s += LEAT_LINE)
            __builtin_prefetch((char *)c->data + r * c->row * (int64_t)p->each + s, 1);
}

/* The tile in the corner, to a part of C. */
static void add(const struct product *p, const struct leat_matrix *c, double alpha, double beta)
{
    const struct leat_linalg *k = p->k;
    struct leat_matrix aside = leat_matrix_rows(p->aside, c->rows, c->cols, k->tile_cols);
    if (c->col == 1) {
        k->add(c->data, c->row, p->corner, k->tile_cols, c->rows, c->cols, alpha, beta);
        return;
    }
    if (beta != 0)
        view_copy(&aside, c, p->each, WHOLE);
    k->add(aside.data, aside.row, p->corner, k->tile_cols, c->rows, c->cols, alpha, beta);
    view_copy(c, &aside, p->each, WHOLE);
}

static void compute(const struct product *p, const struct panel *w, uint32_t i, uint32_t j)
{
    const struct sum *sum = &p->sums[OF_C];
    struct leat_matrix c[SIDE];
    for (uint32_t t = 0; t < sum->count; t++) {
        c[t] = target(p, w, t, i, j);
        ask_for(p, &c[t]);
    }
    p->k->tile_packed(p->corner, p->k->tile_cols, strip(p, w, i),
                      p->packed_b + (size_t)j * w->depth * p->each, w->depth, 1, 0, p->corner, 0);
    for (uint32_t t = 0; t < sum->count; t++) {
        bool first = w->p == 0 && (p->begun >> (sum->of[t].i * SIDE + sum->of[t].j) & 1) == 0;
        if (c[t].rows != 0 && c[t].cols != 0)
            add(p, &c[t], sum->of[t].sign * p->alpha, first ? p->beta : 1);
    }
}

/* A strip of A along the panel of B, packed when it is first used. */
static void run_tiles(const struct product *p, const struct panel *w)
{
    for (uint32_t i = 0; i < w->rows; i += p->k->tile_rows) {
        if (w->j == 0)
            pack_a(p, w, i);
        for (uint32_t j = 0; j < w->cols; j += p->k->tile_cols)
            compute(p, w, i, j);
    }
}

/* Chunks are of one length, as many as DEPTH makes necessary. */
static uint32_t chunk_of(uint32_t depth)
{
    uint32_t chunks = depth / DEPTH + (depth % DEPTH != 0);
    return chunks == 0 ? 0 : depth / chunks + (depth % chunks != 0);
}

/* One of the products. */
static void run(const struct product *p)
{
    uint32_t chunk = chunk_of(p->depth), most = p->n <= p->k->panel_cols ? p->m : p->k->panel_rows;
    struct panel w;
    for (w.i = 0; w.i < p->m; w.i += w.rows) {
        w.rows = least(p->m - w.i, most);
        for (w.p = 0; w.p < p->depth; w.p += w.depth) {
            w.depth = least(p->depth - w.p, chunk);
            for (w.j = 0; w.j < p->n; w.j += w.cols) {
                w.cols = least(p->n - w.j, p->k->panel_cols);
                pack_b(p, &w);
                run_tiles(p, &w);
            }
        }
    }
}

static void run_all(struct product *p)
{
    for (uint32_t index = 0; index < products(p->levels); index++) {
        for (int operand = OF_A; operand <= OF_C; operand++)
            p->sums[operand] = sum_of(index, p->levels, (enum operand)operand);
        for (uint32_t t = 0; t < p->sums[OF_B].count; t++) { /* as pack_b sees B */
            uint32_t i = p->sums[OF_B].of[t].i;
            p->sums[OF_B].of[t].i = p->sums[OF_B].of[t].j;
            p->sums[OF_B].of[t].j = i;
        }
        run(p);
        for (uint32_t t = 0; t < p->sums[OF_C].count; t++)
            p->begun |= UINT64_C(1) << (p->sums[OF_C].of[t].i * SIDE + p->sums[OF_C].of[t].j);
    }
}

/* ---- the call ---- */

static uint32_t part(uint32_t n, uint32_t levels)
{
    return (n >> levels) + ((n & ((1u << levels) - 1)) != 0);
}

size_t leat_gemm_strassen_bytes(const struct leat_linalg *kernels, uint32_t m, uint32_t n,
                                uint32_t k, uint32_t levels)
{
    if (levels > LEAT_STRASSEN_LEVELS)
        return SIZE_MAX;
    if (levels == 0)
        return leat_gemm_bytes(kernels, m, n, k);
    uint32_t chunk = chunk_of(part(k, levels));
    return gemm_bytes_a(kernels, part(m, levels), part(n, levels), chunk) +
           gemm_bytes_b(kernels, part(n, levels), chunk) + 2 * gemm_bytes_corner(kernels);
}

static void run_product(const struct leat_linalg *kernels, uint32_t levels, double alpha,
                        const struct leat_matrix *a, const struct leat_matrix *b, double beta,
                        const struct leat_matrix *c, char *workspace)
{
    size_t each = leat_kind_bytes(kernels->kind);
    bool narrow = each == sizeof(float);
    struct product p = {.k = kernels, .a = *a, .b = *b, .c = *c, .levels = levels, .each = each,
                        .m = part(c->rows, levels), .n = part(c->cols, levels),
                        .depth = part(a->cols, levels), .packed_a = workspace};
    p.alpha = narrow ? (double)(float)alpha : alpha;
    p.beta = narrow ? (double)(float)beta : beta;
    p.packed_b = p.packed_a + gemm_bytes_a(kernels, p.m, p.n, chunk_of(p.depth));
    p.corner = p.packed_b + gemm_bytes_b(kernels, p.n, chunk_of(p.depth));
    p.aside = p.corner + gemm_bytes_corner(kernels);
    if (p.alpha == 0 || p.depth == 0)
        gemm_scale(c, each, p.beta);
    else
        run_all(&p);
}

int leat_gemm_strassen(const struct leat_linalg *kernels, uint32_t levels, double alpha,
                       const struct leat_matrix *a, const struct leat_matrix *b, double beta,
                       const struct leat_matrix *c, void *workspace, size_t bytes,
                       struct leat_diag *diag)
{
    if (levels == 0)
        return leat_gemm(kernels, alpha, a, b, beta, c, workspace, bytes, diag);
    if (levels > LEAT_STRASSEN_LEVELS)
        return leat_diag_set(diag, LEAT_ERANGE, "gemm: %u levels of Strassen, at most %u", levels,
                             LEAT_STRASSEN_LEVELS);
    int status = gemm_check(a, b, c, leat_kind_bytes(kernels->kind), diag);
    if (status == LEAT_OK)
        status = work_check("gemm",
                            leat_gemm_strassen_bytes(kernels, c->rows, c->cols, a->cols, levels),
                            workspace, bytes, diag);
    if (status == LEAT_OK)
        run_product(kernels, levels, alpha, a, b, beta, c, workspace);
    return status;
}
