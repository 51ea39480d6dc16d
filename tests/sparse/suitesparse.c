/* Products, sums and transposes beside those of SuiteSparse:GraphBLAS: the same entries, of whole
 * numbers the same values, of others within what both may be off by. Skips with a word where
 * GraphBLAS is not. */
#define _GNU_SOURCE
#include "entries.h"

#include <dlfcn.h>
#include <stdio.h>

enum { FINISHED = 1 }; /* GrB_MATERIALIZE */

/* What is used of it, as the specification of its C interface (2.0) declares it; a handle of a
 * matrix, a type, an operator, a descriptor is a pointer. */
static struct {
    int (*init)(int mode);
    int (*finalize)(void);
    int (*make)(void **m, void *type, uint64_t rows, uint64_t cols);
    int (*drop)(void **m);
    int (*set)(void *m, double value, uint64_t i, uint64_t j);
    int (*wait)(void *m, int how);
    int (*get)(uint64_t *i, uint64_t *j, double *value, uint64_t *n, void *m);
    int (*mxm)(void *c, void *mask, void *accum, void *semiring, void *a, void *b, void *how);
    int (*add)(void *c, void *mask, void *accum, void *op, void *a, void *b, void *how);
    int (*transpose)(void *c, void *mask, void *accum, void *a, void *how);
    void **turned, **type[2], **semiring[2], **plus[2]; /* of f32, of f64 */
} grb;

static const struct {
    void *to;
    const char *name;
} symbols[] = {{&grb.init, "GrB_init"},
               {&grb.finalize, "GrB_finalize"},
               {&grb.make, "GrB_Matrix_new"},
               {&grb.drop, "GrB_Matrix_free"},
               {&grb.set, "GrB_Matrix_setElement_FP64"},
               {&grb.wait, "GrB_Matrix_wait"},
               {&grb.get, "GrB_Matrix_extractTuples_FP64"},
               {&grb.mxm, "GrB_mxm"},
               {&grb.add, "GrB_Matrix_eWiseAdd_BinaryOp"},
               {&grb.transpose, "GrB_transpose"},
               {&grb.turned, "GrB_DESC_T0"},
               {&grb.type[0], "GrB_FP32"},
               {&grb.type[1], "GrB_FP64"},
               {&grb.semiring[0], "GrB_PLUS_TIMES_SEMIRING_FP32"},
               {&grb.semiring[1], "GrB_PLUS_TIMES_SEMIRING_FP64"},
               {&grb.plus[0], "GrB_PLUS_FP32"},
               {&grb.plus[1], "GrB_PLUS_FP64"}};

static bool find_all(void *library)
{
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        *(void **)symbols[i].to = dlsym(library, symbols[i].name);
        if (*(void **)symbols[i].to == NULL)
            return false;
    }
    return true;
}

static void must(int code)
{
    if (code < 0) /* above are "no value" and the like */
        abort();
}

static void done(int code)
{
    if (code != LEAT_OK)
        abort();
}

static int wide(uint32_t kind)
{
    return kind == LEAT_F64;
}

static void *their(uint32_t kind, uint32_t rows, uint32_t cols)
{
    void *m;
    must(grb.make(&m, *grb.type[wide(kind)], rows, cols));
    return m;
}

static void *copy(const struct leat_csr *m)
{
    void *to = their(m->kind, m->rows, m->cols);
    for (uint32_t i = 0; i < m->rows; i++)
        for (uint64_t e = m->start[i]; e < m->start[i + 1]; e++)
            must(grb.set(to, get_flat(m->kind, m->value, (int64_t)e), i, m->col[e]));
    must(grb.wait(to, FINISHED));
    return to;
}

/* Are these the entries of ours, no value further off than allowed? Frees theirs. */
static bool same(const char *what, const struct leat_csr *ours, void *theirs, double allowed)
{
    uint64_t n = ours->entries + 1, wrong = 0; /* room to see one too many */
    uint64_t *row = allocate(n * sizeof *row), *col = allocate(n * sizeof *col);
    double *value = allocate(n * sizeof *value);
    must(grb.wait(theirs, FINISHED));
    bool fits = grb.get(row, col, value, &n, theirs) == 0 && n == ours->entries;
    for (uint64_t e = 0; fits && e < n; e++) {
        bool stored = false;
        double x = element_of(ours, (uint32_t)row[e], (uint32_t)col[e], &stored);
        wrong += !stored || !(fabs(x - value[e]) <= allowed) ? 1 : 0;
    }
    if (!fits || wrong != 0)
        printf("%s: [%u x %u], %llu entries: %s, %llu of them wrong\n", what, ours->rows,
               ours->cols, (unsigned long long)ours->entries,
               fits ? "as many" : "not as many as theirs", (unsigned long long)wrong);
    free(row), free(col), free(value);
    must(grb.drop(&theirs));
    return fits && wrong == 0;
}

static bool product(const struct leat_sparse *k, const struct leat_csr *a, const struct leat_csr *b,
                    void *x, void *y, double allowed)
{
    size_t work_bytes = leat_csr_product_bytes(a, b);
    void *work = allocate(work_bytes);
    uint64_t *start = allocate(((size_t)a->rows + 1) * sizeof *start);
    struct leat_csr c;
    done(leat_csr_product_start(k, a, b, start, work, work_bytes, NULL));
    size_t bytes = leat_csr_bytes(k->kind, a->rows, b->cols, start[a->rows]);
    void *memory = allocate(bytes), *z = their(k->kind, a->rows, b->cols);
    done(leat_csr_lay(&c, k->kind, a->rows, b->cols, start[a->rows], memory, bytes, NULL));
    memcpy(c.start, start, ((size_t)a->rows + 1) * sizeof *start);
    done(leat_csr_product(k, &c, a, b, work, work_bytes, NULL));
    must(grb.mxm(z, NULL, NULL, *grb.semiring[wide(k->kind)], x, y, NULL));
    bool good = same("product", &c, z, allowed);
    free(memory), free(work), free(start);
    return good;
}

/* Are the entries of theirs the elements of ours, and the others 0? Frees theirs, clears ours. */
static bool same_dense(const char *what, uint32_t kind, const struct leat_matrix *ours,
                       void *theirs, double allowed)
{
    uint64_t places = (uint64_t)ours->rows * ours->cols, n = places + 1, wrong = 0;
    uint64_t *row = allocate(n * sizeof *row), *col = allocate(n * sizeof *col);
    double *value = allocate(n * sizeof *value);
    must(grb.wait(theirs, FINISHED));
    must(grb.get(row, col, value, &n, theirs));
    for (uint64_t e = 0; e < n; e++) {
        int64_t at = (int64_t)(row[e] * ours->cols + col[e]);
        if (!(fabs(get_flat(kind, ours->data, at) - value[e]) <= allowed))
            wrong++;
        set_flat(kind, ours->data, at, 0);
    }
    for (int64_t at = 0; at < (int64_t)places; at++)
        if (get_flat(kind, ours->data, at) != 0)
            wrong++;
    if (wrong != 0)
        printf("%s: [%u x %u]: %llu wrong\n", what, ours->rows, ours->cols,
               (unsigned long long)wrong);
    free(row), free(col), free(value);
    must(grb.drop(&theirs));
    return wrong == 0;
}

static bool times(const struct leat_sparse *k, const struct leat_csr *a, bool turned, void *x,
                  const struct made *full, double allowed)
{
    uint32_t rows = turned ? a->cols : a->rows, n = full->m.cols;
    void *memory = allocate((size_t)rows * n * 8 + 1), *y = copy(&full->m);
    void *z = their(k->kind, rows, n);
    struct leat_matrix b = leat_matrix_rows(full->m.value, full->m.rows, n, n);
    struct leat_matrix c = leat_matrix_rows(memory, rows, n, n);
    done(leat_csr_times(k, a, turned, &b, &c, NULL, 0, NULL));
    must(grb.mxm(z, NULL, NULL, *grb.semiring[wide(k->kind)], x, y, turned ? *grb.turned : NULL));
    bool good = same_dense(turned ? "times, turned" : "times", k->kind, &c, z, allowed);
    free(memory);
    must(grb.drop(&y));
    return good;
}

static bool sum_and_transpose(const struct leat_csr *a, const struct leat_csr *b, void *x, void *y,
                              double allowed)
{
    size_t bytes = leat_csr_bytes(a->kind, a->rows, a->cols, a->entries + b->entries);
    size_t turned_bytes = leat_csr_bytes(a->kind, a->cols, a->rows, a->entries);
    void *memory = allocate(bytes), *turned_memory = allocate(turned_bytes);
    void *sum = their(a->kind, a->rows, a->cols), *turned = their(a->kind, a->cols, a->rows);
    struct leat_csr c, t;
    done(leat_csr_add(&c, 1, a, 1, b, memory, bytes, NULL));
    done(leat_csr_transpose(&t, a, turned_memory, turned_bytes, NULL));
    must(grb.add(sum, NULL, NULL, *grb.plus[wide(a->kind)], x, y, NULL));
    must(grb.transpose(turned, NULL, NULL, x, NULL));
    bool good = same("sum", &c, sum, allowed);
    good = same("transpose", &t, turned, 0) && good;
    free(memory), free(turned_memory);
    return good;
}

/* most: of whole numbers; 0: numbers up to 1. */
static bool compare(uint32_t kind, const uint32_t shape[4], int most, uint64_t *seed)
{
    const struct leat_sparse *k = leat_sparse_kernels(leat_isa_best(), kind);
    uint32_t m = shape[0], inner = shape[1], n = shape[2], share = shape[3];
    uint32_t longest = inner > m ? inner : m;
    double allowed = most != 0 ? 0 : 2 * unit_roundoff(kind) * longest * longest;
    struct made a = make_random(kind, m, inner, share, most, false, seed);
    struct made b = make_random(kind, inner, n, share, most, true, seed);
    struct made other = make_random(kind, m, inner, share, most, false, seed);
    struct made right = make_random(kind, inner, 17, 1000, most, false, seed);
    struct made left = make_random(kind, m, 17, 1000, most, false, seed);
    void *x = copy(&a.m), *y = copy(&b.m), *z = copy(&other.m);
    bool good = product(k, &a.m, &b.m, x, y, allowed);
    good = times(k, &a.m, false, x, &right, allowed) && good;
    good = times(k, &a.m, true, x, &left, allowed) && good;
    good = sum_and_transpose(&a.m, &other.m, x, z, allowed) && good;
    must(grb.drop(&x)), must(grb.drop(&y)), must(grb.drop(&z));
    made_free(&a), made_free(&b), made_free(&other), made_free(&right), made_free(&left);
    return good;
}

int main(void)
{
    static const uint32_t shapes[][4] = {
        {1, 1, 1, 1000}, {7, 9, 5, 300}, {60, 40, 90, 0}, {100, 120, 80, 50}, {90, 300, 400, 10}};
    setenv("OMP_NUM_THREADS", "1", 1);
    void *library = dlopen("libgraphblas.so.7", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        printf("no libgraphblas.so.7, skipped\n");
        return 77;
    }
    if (!find_all(library))
        return 1;
    must(grb.init(0));
    uint64_t seed = 1;
    bool good = true;
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++)
        for (size_t s = 0; s < 2 * sizeof shapes / sizeof *shapes; s++)
            good = compare(kind, shapes[s / 2], s % 2 == 0 ? 9 : 0, &seed) && good;
    must(grb.finalize());
    return good ? 0 : 1;
}
