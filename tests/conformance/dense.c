/* Same bits from every instruction set: the tables of dense linear algebra on the same inputs.
 *
 * As conformance.c does for statistics: a pointer of a table that no case covers is a failure, and
 * the digests of a run on another architecture must be the same lines. Tiles differ from set to
 * set; what is made of them must not.
 *
 *   dense                            every table that this machine can execute
 *   dense --brief                    products of depths below LEAT_GEMM_CHUNK alone
 *   dense --plant chain|tail|case    a planted fault, in brief: must fail
 */
#include <leat/factor.h>

#define KERNELS struct leat_linalg
#define KERNELS_FIRST tile
#define KERNELS_OF leat_linalg_kernels
#define KERNELS_EXTRA "extra_linalg_tables.inc"
#include "tables.h"

#define MOST 100u                  /* rows and columns of the largest matrix */
#define DEPTH (LEAT_GEMM_CHUNK + 6)
#define ELEMENTS ((size_t)MOST * DEPTH)
#define WORKSPACE ((size_t)1 << 23) /* more than any factor here asks for */

struct input {
    const struct leat_linalg *k;
    char *a, *b, *c, *packed_a, *packed_b; /* [MOST x DEPTH], [DEPTH x MOST], [MOST x MOST] */
    uint32_t depth;
    void *workspace; /* WORKSPACE bytes */
};

static uint64_t fold_product(const struct input *in, uint64_t h, uint32_t rows, uint32_t cols)
{
    size_t width = leat_kind_bytes(in->k->kind);
    for (uint32_t i = 0; i < rows; i++)
        h = fold_row(h, in->k->kind, in->c + i * MOST * width, cols);
    return h;
}

/* Corners that every tile holds. */
static uint64_t run_tile(const struct input *in)
{
    uint64_t h = 1;
    uint32_t depth = in->depth < LEAT_GEMM_CHUNK ? in->depth : LEAT_GEMM_CHUNK;
    for (uint32_t rows = 1; rows <= 4; rows++)
        for (uint32_t cols = 1; cols <= 6; cols++) {
            in->k->tile(in->c, MOST, in->a, DEPTH, 1, in->b, MOST, rows, cols, depth, 1.1,
                        cols % 2 == 0 ? 0 : -0.3);
            h = fold_product(in, h, rows, cols);
        }
    return h;
}

/* Row r of what was packed. */
static uint64_t fold_strip(const struct input *in, uint64_t h, uint32_t wide, uint32_t r,
                           uint32_t depth)
{
    for (uint32_t p = 0; p < depth; p++)
        h = fold_double(h, sample(in->k->kind, in->packed_a, p * wide + r));
    return h;
}

static uint64_t run_pack(const struct input *in)
{
    size_t width = leat_kind_bytes(in->k->kind);
    uint64_t h = 1;
    for (int turned = 0; turned < 2; turned++) {
        uint32_t wide = in->k->tile_rows;
        for (uint32_t i = 0; i < 25; i += wide) {
            uint32_t n = 25 - i < wide ? 25 - i : wide;
            in->k->pack(in->packed_a, wide,
                        in->a + i * (turned ? 1 : DEPTH) * width, turned ? 1 : DEPTH,
                        turned ? DEPTH : 1, n, turned ? 25 : in->depth);
            for (uint32_t r = 0; r < n; r++)
                h = fold_strip(in, h, wide, r, turned ? 25 : in->depth);
        }
    }
    return h;
}

/* 12 rows and 96 columns are whole tiles of every set. */
static uint64_t run_tile_packed(const struct input *in)
{
    const struct leat_linalg *k = in->k;
    size_t width = leat_kind_bytes(k->kind);
    uint32_t depth = in->depth < LEAT_GEMM_CHUNK ? in->depth : LEAT_GEMM_CHUNK;
    for (uint32_t i = 0; i < 12; i += k->tile_rows)
        for (uint32_t j = 0; j < 96; j += k->tile_cols) {
            k->pack(in->packed_a, k->tile_rows, in->a + i * DEPTH * width, DEPTH, 1, k->tile_rows,
                    depth);
            k->pack(in->packed_b, k->tile_cols, in->b + j * width, 1, MOST, k->tile_cols, depth);
            k->tile_packed(in->c + (i * MOST + j) * width, MOST, in->packed_a, in->packed_b, depth,
                           -0.7, in->depth % 2 == 0 ? 0 : 1.3, in->packed_a, 3);
        }
    return fold_product(in, 1, 12, 96);
}

/* Rows and columns that are contiguous: 90 of them are groups of lanes and an end in every set. */
static uint64_t run_gemv(const struct input *in)
{
    const struct leat_linalg *k = in->k;
    uint32_t depth = in->depth < LEAT_GEMM_CHUNK ? in->depth : LEAT_GEMM_CHUNK;
    for (int turned = 0; turned < 2; turned++)
        k->gemv(in->c + turned * (int)leat_kind_bytes(k->kind), MOST, turned ? in->b : in->a,
                turned ? 1 : DEPTH, turned ? MOST : 1, in->b, 3, 90, depth, 0.7,
                depth % 2 == 0 ? 0 : -1.3);
    return fold_product(in, 1, 90, 2);
}

/* The same, and steps neither of which is 1. */
static uint64_t run_dots(const struct input *in)
{
    const struct leat_linalg *k = in->k;
    uint32_t depth = in->depth > 0 ? in->depth : 5;
    for (int way = 0; way < 3; way++)
        k->dots(in->c + way * (int)leat_kind_bytes(k->kind), MOST, way == 1 ? in->b : in->a,
                way == 0 ? (int64_t)DEPTH : way, way == 0 ? 1 : (int64_t)MOST, in->b,
                way == 2 ? 48 : 90, depth, 0.7, depth % 2 == 0 ? 0 : -1.3, in->workspace);
    return fold_product(in, 1, 90, 3);
}

/* Sums of three matrices, the last without its last rows and columns. */
static uint64_t run_pack_sum(const struct input *in)
{
    size_t width = leat_kind_bytes(in->k->kind);
    uint32_t depth = in->depth < LEAT_GEMM_CHUNK ? in->depth : LEAT_GEMM_CHUNK;
    uint64_t h = 1;
    for (int turned = 0; turned < 2; turned++)
        for (uint32_t i = 0, wide; i < 40; i += wide) {
            wide = turned ? in->k->tile_cols : in->k->tile_rows;
            int64_t row = turned ? 1 : DEPTH, col = turned ? MOST : 1;
            const char *m = turned ? in->b : in->a;
            uint32_t n = 40 - i < wide ? 40 - i : wide;
            uint32_t fewer = i < 37 ? (37 - i < n ? 37 - i : n) : 0;
            struct leat_term terms[3] = {{m + (size_t)(i * row) * width, 1, n, depth},
                                         {m + (size_t)((i + 9) * row) * width, -1, n, depth},
                                         {m + (size_t)((i + 5) * row) * width, 1, fewer,
                                          depth - depth / 3}};
            in->k->pack_sum(in->packed_a, wide, terms, 3, row, col, depth);
            for (uint32_t r = 0; r < n; r++)
                h = fold_strip(in, h, wide, r, depth);
        }
    return h;
}

static uint64_t run_add(const struct input *in)
{
    in->k->add(in->c, MOST, in->a, DEPTH, 20, MOST - 3, 0.7, in->depth % 2 == 0 ? 0 : -1.3);
    return fold_product(in, 1, 20, MOST);
}

static uint64_t run_multiply(const struct input *in)
{
    in->k->multiply(in->c, MOST, in->a, DEPTH, 20, MOST - 3);
    return fold_product(in, 1, 20, MOST);
}

/* Blocks beside the diagonal, and one on it. */
static uint64_t run_swap(const struct input *in)
{
    size_t width = leat_kind_bytes(in->k->kind);
    in->k->swap(in->c + 50 * width, MOST, in->c + (size_t)50 * MOST * width, MOST, 33, 47,
                NULL, NULL);
    in->k->swap(in->c, MOST, in->c, MOST, 49, 49, in->a, in->a);
    return fold_product(in, 1, MOST, MOST);
}

/* A whole leaf with right sides beyond those at once, and a part of one. */
static uint64_t run_solve(const struct input *in)
{
    enum { LEAF = LEAT_TRIANGLE_LEAF };
    size_t width = leat_kind_bytes(in->k->kind);
    double triangle[LEAF * LEAF];
    for (int i = 0; i < LEAF; i++)
        for (int j = 0; j < LEAF; j++)
            triangle[i * LEAF + j] = j > i ? NAN : j == i ? 3 + i : 1.0 / (1 + i + j);
    in->k->solve(triangle, in->c, MOST, LEAF, MOST - 3, false);
    in->k->solve(triangle, in->c + LEAF * MOST * width, MOST, LEAF - 3, 9, true);
    return fold_product(in, 1, 2 * LEAF, MOST);
}

/* Two products: every height of a tile and one more row; whole registers, halves and ends of them;
 * A as it lies and turned. */
static uint64_t run_small(const struct input *in)
{
    static const uint32_t cols[] = {5, 8, 12, 23, 24, 48};
    uint32_t depth = in->depth < 24 ? in->depth : 24;
    uint64_t h = 1;
    for (uint32_t rows = 1; rows <= 17; rows++)
        for (size_t i = 0; i < sizeof cols / sizeof *cols; i++) {
            int64_t turned = (rows + (uint32_t)i) % 3 == 0;
            const struct leat_small s = {
                .c = in->c, .a = in->a, .b = in->b, .c_row = MOST, .a_row = turned ? 1 : DEPTH,
                .a_col = turned ? MOST : 1, .b_row = MOST, .c_step = 18 * MOST,
                .a_step = 17 * DEPTH, .rows = rows, .cols = cols[i], .depth = depth, .count = 2,
                .alpha = 1.1, .beta = rows % 2 == 0 ? 0 : -0.3};
            in->k->small(&s);
            h = fold_product(in, h, 36, MOST);
        }
    return h;
}

/* Every height of a tile and some tiles more; chains that begin, wait and end. */
static uint64_t run_flat(const struct input *in)
{
    size_t width = leat_kind_bytes(in->k->kind);
    uint32_t depth = in->depth < 24 ? in->depth : 24, first = depth / 3;
    uint64_t h = 1;
    for (uint32_t rows = 1; rows <= 27; rows++) {
        struct leat_flat f = {.c = in->c, .sums = in->packed_b, .a = in->a, .b = in->b,
                              .c_row = MOST, .a_col = DEPTH, .b_row = MOST, .rows = rows,
                              .cols = rows % 2 == 0 ? 96 : 83, .depth = first, .begins = true,
                              .alpha = 1.1, .beta = rows % 3 == 0 ? 0 : -0.3};
        if (first != 0)
            in->k->flat(&f);
        f.a = in->a + (size_t)first * DEPTH * width;
        f.b = in->b + (size_t)first * MOST * width;
        f.begins = first == 0;
        f.ends = true;
        f.depth = depth - first;
        in->k->flat(&f);
        h = fold_product(in, h, rows, MOST);
    }
    return h;
}

/* All of leat_gemm: shapes beside tiles, operands as they lie and turned. */
static uint64_t run_gemm(const struct input *in)
{
    static const uint32_t sizes[][2] = {{1, 1}, {3, 50}, {50, 3}, {23, MOST}, {90, 1}};
    uint64_t h = 1;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        uint32_t m = sizes[s][0], n = sizes[s][1];
        struct leat_matrix a = leat_matrix_rows(in->a, m, in->depth, DEPTH);
        struct leat_matrix b = leat_matrix_rows(in->b, in->depth, n, MOST);
        struct leat_matrix c = leat_matrix_rows(in->c, m, n, MOST);
        struct leat_matrix turned[] = {leat_matrix_transposed(&b), leat_matrix_transposed(&a),
                                       leat_matrix_transposed(&c)};
        size_t bytes = leat_gemm_bytes(in->k, m, n, in->depth);
        void *workspace = take(bytes);
        if (leat_gemm(in->k, 0.9, &a, &b, s % 2 == 0 ? 0 : 0.1, &c, workspace, bytes, NULL))
            abort();
        h = fold_product(in, h, m, n);
        if (leat_gemm(in->k, 0.9, &turned[0], &turned[1], 1, &turned[2], workspace, bytes, NULL))
            abort();
        h = fold_product(in, h, m, n);
        free(workspace);
    }
    return h;
}

/* Each level, blocks that stand out of the matrices. */
static uint64_t run_strassen(const struct input *in)
{
    struct leat_matrix a = leat_matrix_rows(in->a, 61, in->depth, DEPTH);
    struct leat_matrix b = leat_matrix_rows(in->b, in->depth, 71, MOST);
    struct leat_matrix c = leat_matrix_rows(in->c, 61, 71, MOST);
    uint64_t h = 1;
    for (uint32_t levels = 1; levels <= LEAT_STRASSEN_LEVELS; levels++) {
        size_t bytes = leat_gemm_strassen_bytes(in->k, 61, 71, in->depth, levels);
        void *workspace = take(bytes);
        if (leat_gemm_strassen(in->k, levels, 0.9, &a, &b, 0.1, &c, workspace, bytes, NULL))
            abort();
        h = fold_product(in, h, 61, 71);
        free(workspace);
    }
    return h;
}

/* ---- Factors: of square corners of A, as large as the terms allow ---- */

struct corner {
    const struct leat_linalg *k;
    uint32_t n;
    struct leat_matrix a, b, c; /* [n x n] of A, [n x 5] of B, [n x n] of C */
    void *workspace;
    size_t bytes;
};

static struct corner corner_of(const struct input *in, uint32_t most)
{
    uint32_t n = in->depth < most ? in->depth : most;
    struct corner s = {.k = in->k, .n = n, .workspace = in->workspace, .bytes = WORKSPACE};
    s.a = leat_matrix_rows(in->a, n, n, DEPTH);
    s.b = leat_matrix_rows(in->b, n, 5, MOST);
    s.c = leat_matrix_rows(in->c, n, n, MOST);
    return s;
}

static uint64_t fold_matrix(uint64_t h, uint32_t kind, const struct leat_matrix *m)
{
    for (uint32_t i = 0; i < m->rows; i++)
        h = fold_row(h, kind, (const char *)m->data + i * m->row * (int64_t)leat_kind_bytes(kind),
                     m->cols);
    return h;
}

static void copy_matrix(const struct corner *s, const struct leat_matrix *to,
                        const struct leat_matrix *from)
{
    size_t width = leat_kind_bytes(s->k->kind);
    for (uint32_t i = 0; i < to->rows; i++)
        memcpy((char *)to->data + i * to->row * (int64_t)width,
               (const char *)from->data + i * from->row * (int64_t)width, to->cols * width);
}

/* A call was right; what the numbers make of it is folded. */
static uint64_t fold_code(uint64_t h, int code)
{
    if (code != LEAT_OK && code != LEAT_EDATA)
        abort();
    return fold_double(h, code);
}

/* C + A A', so that it is positive definite; its factor; what that solves. */
static uint64_t run_triangle(const struct input *in)
{
    struct corner s = corner_of(in, MOST);
    double right[5 * MOST];
    struct leat_matrix x = leat_matrix_rows(right, s.n, 5, 5);
    copy_matrix(&s, &x, &s.b);
    for (uint32_t i = 0; i < s.n; i++)
        put_sample(s.k->kind, in->c, i * (MOST + 1), s.n);
    uint64_t h = fold_code(1, leat_symmetric_product(s.k, LEAT_LOWER, 0.7, &s.a, 1, &s.c,
                                                     s.workspace, s.bytes, NULL));
    h = fold_code(h, leat_cholesky(s.k, LEAT_LOWER, &s.c, s.workspace, s.bytes, NULL));
    struct leat_matrix upper = leat_matrix_transposed(&s.c);
    h = fold_code(h, leat_triangle_solve(s.k, LEAT_LOWER, &s.c, &x, s.workspace, s.bytes, NULL));
    h = fold_code(h, leat_triangle_solve(s.k, LEAT_UPPER, &upper, &x, s.workspace, s.bytes, NULL));
    return fold_matrix(h, s.k->kind, &x);
}

static uint64_t run_qr(const struct input *in)
{
    struct corner s = corner_of(in, MOST);
    double right[5 * MOST], joined[LEAT_QR_PANEL * MOST];
    struct leat_matrix x = leat_matrix_rows(right, s.n, 5, 5);
    struct leat_matrix wide = leat_matrix_rows(in->a, s.n, in->depth, DEPTH);
    uint32_t panel = s.n < LEAT_QR_PANEL ? s.n : LEAT_QR_PANEL;
    struct leat_matrix t = leat_matrix_rows(joined, panel, s.n, s.n);
    char *factors = take(MOST * DEPTH * 8);
    struct leat_matrix f = leat_matrix_rows(factors, s.n, wide.cols, DEPTH);
    copy_matrix(&s, &f, &wide);
    copy_matrix(&s, &x, &s.b);
    int code = leat_qr(s.k, &f, &t, s.workspace, s.bytes, NULL);
    uint64_t h = fold_matrix(fold_code(1, code), s.k->kind, &f);
    if (code == LEAT_OK) {
        h = fold_code(h, leat_qr_q(s.k, &f, &t, &s.c, s.workspace, s.bytes, NULL));
        h = fold_matrix(h, s.k->kind, &s.c);
        copy_matrix(&s, &s.c, &s.a);
        h = fold_code(h, leat_least_squares(s.k, &s.c, &x, s.workspace, s.bytes, NULL));
        h = fold_matrix(h, s.k->kind, &x);
    }
    free(factors);
    return h;
}

/* Also of what is symmetric: half of A. */
static uint64_t run_jacobi(const struct input *in)
{
    struct corner s = corner_of(in, 24);
    double sigma[24], square[24 * 24];
    struct leat_matrix v = leat_matrix_rows(square, s.n, s.n, s.n);
    uint64_t h = 1;
    for (int which = 0; which < 2; which++) {
        int code = which == 0 ? leat_svd(s.k, &s.a, &s.c, sigma, &v, s.workspace, s.bytes, NULL)
                              : leat_eigen(s.k, LEAT_UPPER, &s.a, sigma, &v, s.workspace, s.bytes,
                                           NULL);
        h = fold_code(h, code);
        if (code != LEAT_OK)
            continue;
        h = fold_row(h, LEAT_F64, sigma, s.n);
        h = fold_matrix(fold_matrix(h, s.k->kind, &s.c), s.k->kind, &v);
    }
    return h;
}

static uint64_t run_rsvd(const struct input *in)
{
    struct corner s = corner_of(in, 40);
    const struct leat_rsvd_how o = {sizeof o, 2, 5, 1, 3, 7, LEAT_TEST_NORMAL};
    double sigma[2], error = 0, sides[2][40 * 2];
    struct leat_matrix u = leat_matrix_rows(sides[0], s.n, 2, 2), v = u;
    v.data = sides[1];
    uint64_t h = 1;
    int code = s.n < 2 ? LEAT_EDATA
                       : leat_rsvd_dense(s.k, &s.a, &o, &u, sigma, &v, &error, s.workspace,
                                         s.bytes, NULL);
    h = fold_double(fold_code(h, code), error);
    if (code == LEAT_OK)
        h = fold_matrix(fold_matrix(fold_row(h, LEAT_F64, sigma, 2), s.k->kind, &u), s.k->kind, &v);
    return h;
}

#define NONE SIZE_MAX /* of a function, not of a table */

static const struct test tests[] = {
    {"gemm", NONE, 1, run_gemm}, {"strassen", NONE, 1, run_strassen},
    {"triangle", NONE, 1, run_triangle}, {"qr", NONE, 1, run_qr},
    {"jacobi", NONE, 1, run_jacobi}, {"rsvd", NONE, 1, run_rsvd},
    ONE(tile), ONE(tile_packed), ONE(pack), ONE(gemv), ONE(dots), ONE(pack_sum),
    ONE(add), ONE(multiply), ONE(swap), ONE(solve), ONE(small), ONE(flat),
};
#define TESTS (sizeof tests / sizeof *tests)

/* ---- Planted faults: a chain that is cut in two; a column too many ---- */

static const struct leat_linalg *honest;

static void plant_chain(void *c, int64_t c_row, const void *a, const void *b, uint32_t depth,
                        double alpha, double beta, const void *later, int64_t step)
{
    size_t width = leat_kind_bytes(honest->kind);
    uint32_t half = depth / 2;
    honest->tile_packed(c, c_row, a, b, half, alpha, beta, later, step);
    honest->tile_packed(c, c_row, (const char *)a + half * honest->tile_rows * width,
                        (const char *)b + half * honest->tile_cols * width, depth - half, alpha, 1,
                        later, step);
}

static void plant_tail(void *c, int64_t c_row, const void *a, int64_t a_row, int64_t a_col,
                       const void *b, int64_t b_row, uint32_t rows, uint32_t cols, uint32_t depth,
                       double alpha, double beta)
{
    honest->tile(c, c_row, a, a_row, a_col, b, b_row, rows,
                 cols < honest->tile_cols ? cols + 1 : cols, depth, alpha, beta);
}

static void plant(struct leat_linalg *copy, const struct leat_linalg *table, const char *what)
{
    honest = table;
    if (strcmp(what, "chain") == 0)
        copy->tile_packed = plant_chain;
    if (strcmp(what, "tail") == 0)
        copy->tile = plant_tail;
}

/* ---- The run ---- */

static void fill(char *to, uint32_t kind, enum pattern pattern, size_t n, uint64_t *state)
{
    for (size_t i = 0; i < n; i++)
        put_sample(kind, to, i, make_sample(pattern, kind, state));
}

static int run_input(const struct subject *subjects, size_t count, struct input *in,
                     enum pattern pattern, uint64_t *digests)
{
    uint32_t kind = subjects[0].table->kind;
    uint64_t state = (uint64_t)pattern * 1000003u + in->depth;
    int faults = 0;
    fill(in->a, kind, pattern, ELEMENTS, &state);
    fill(in->b, kind, pattern, ELEMENTS, &state);
    for (size_t t = 0; t < TESTS; t++) {
        uint64_t first = 0;
        for (size_t s = 0; s < count; s++) {
            uint64_t same = in->depth;
            fill(in->c, kind, RANDOM, (size_t)MOST * MOST, &same);
            in->k = subjects[s].table;
            uint64_t digest = tests[t].run(in);
            digest = fold_row(digest, kind, in->c, MOST * MOST); /* and what is beside */
            first = s ? first : digest;
            if (digest != first) {
                printf("FAIL %s %s depth=%u %s: differs from %s\n", subjects[s].name,
                       tests[t].name, in->depth, pattern_names[pattern], subjects[0].name);
                faults++;
            }
        }
        digests[t] = fold(digests[t], first);
    }
    return faults;
}

static int run_kind(const struct subject *subjects, size_t count, const char *name, bool brief)
{
    static const uint32_t depths[] = {0, 1, 2, 7, 32, LEAT_GEMM_CHUNK, DEPTH};
    uint64_t digests[TESTS] = {0};
    struct input in = {NULL, take(ELEMENTS * 8), take(ELEMENTS * 8), take(MOST * MOST * 8),
                       take(ELEMENTS * 8), take(ELEMENTS * 8), 0, take(WORKSPACE)};
    int faults = 0;
    size_t n = sizeof depths / sizeof *depths - (brief ? 2 : 0);
    for (size_t d = 0; d < n && faults < 20; d++)
        for (int p = 0; p < (depths[d] < LEAT_GEMM_CHUNK ? PATTERNS : 1); p++) {
            in.depth = depths[d];
            faults += run_input(subjects, count, &in, (enum pattern)p, digests);
        }
    print_digests(tests, TESTS, name, digests);
    free(in.a), free(in.b), free(in.c), free(in.packed_a), free(in.packed_b), free(in.workspace);
    return faults;
}

int main(int argc, char **argv)
{
    return conform(argc, argv, tests, TESTS, run_kind, plant);
}
