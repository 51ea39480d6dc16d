/* The product beside OpenBLAS's, as its users call it: all transposes, row steps, factors. Both are
 * within the bound of what is exact, so within twice it of each other. Skips with a word where
 * OpenBLAS is not. */
#define _GNU_SOURCE
#include "matrices.h"

#include <dlfcn.h>
#include <stdio.h>

enum { ROW_MAJOR = 101, AS_IT_IS = 111, TURNED = 112 }; /* as CBLAS numbers them */

typedef void sgemm(int order, int a_turned, int b_turned, int m, int n, int k, float alpha,
                   const void *a, int a_row, const void *b, int b_row, float beta, void *c,
                   int c_row);
typedef void dgemm(int order, int a_turned, int b_turned, int m, int n, int k, double alpha,
                   const void *a, int a_row, const void *b, int b_row, double beta, void *c,
                   int c_row);

static sgemm *blas_f32;
static dgemm *blas_f64;

static void blas(uint32_t kind, const int turned[2], const int sizes[3], double alpha,
                 const struct watched *a, const struct watched *b, double beta,
                 const struct watched *c)
{
    int a_row = (int)a->m.row, b_row = (int)b->m.row, c_row = (int)c->m.row;
    if (kind == LEAT_F32)
        blas_f32(ROW_MAJOR, turned[0] ? TURNED : AS_IT_IS, turned[1] ? TURNED : AS_IT_IS, sizes[0],
                 sizes[1], sizes[2], (float)alpha, a->m.data, a_row, b->m.data, b_row, (float)beta,
                 c->m.data, c_row);
    else
        blas_f64(ROW_MAJOR, turned[0] ? TURNED : AS_IT_IS, turned[1] ? TURNED : AS_IT_IS, sizes[0],
                 sizes[1], sizes[2], alpha, a->m.data, a_row, b->m.data, b_row, beta, c->m.data,
                 c_row);
}

/* The largest difference, over what both may be off by together. */
static double compare(uint32_t kind, const int turned[2], const int sizes[3], double alpha,
                      double beta, uint64_t *seed)
{
    uint32_t m = (uint32_t)sizes[0], n = (uint32_t)sizes[1], k = (uint32_t)sizes[2];
    const struct leat_linalg *kernels = leat_linalg_kernels(leat_isa_best(), kind);
    struct watched a = matrix_make(kind, turned[0] ? k : m, turned[0] ? m : k, ROWS);
    struct watched b = matrix_make(kind, turned[1] ? n : k, turned[1] ? k : n, ROWS);
    struct watched c = matrix_make(kind, m, n, ROWS), d = matrix_make(kind, m, n, ROWS);
    fill_random(&a, seed);
    fill_random(&b, seed);
    fill_random(&c, seed);
    memcpy(d.memory, c.memory, c.n * leat_kind_bytes(kind));
    struct leat_matrix x = turned[0] ? leat_matrix_transposed(&a.m) : a.m;
    struct leat_matrix y = turned[1] ? leat_matrix_transposed(&b.m) : b.m;
    size_t bytes = leat_gemm_bytes(kernels, m, n, k);
    void *workspace = allocate(bytes);
    if (leat_gemm(kernels, alpha, &x, &y, beta, &c.m, workspace, bytes, NULL) != 0)
        exit(1);
    blas(kind, turned, sizes, alpha, &a, &b, beta, &d);
    double worst = 0, h = (double)k + 4; /* |a| and |b| are at most 1 */
    double allowed = 2 * unit_roundoff(kind) * (h * fabs(alpha) * (double)k + 2 * fabs(beta));
    for (uint32_t i = 0; i < m; i++)
        for (uint32_t j = 0; j < n; j++)
            worst = fmax(worst, fabs(get(&c, i, j) - get(&d, i, j)) / allowed);
    free(workspace);
    matrix_free(&a), matrix_free(&b), matrix_free(&c), matrix_free(&d);
    return worst;
}

int main(void)
{
    static const int sizes[][3] = {{1, 1, 1}, {7, 5, 3}, {64, 64, 64}, {33, 130, 70},
                                   {200, 3, 500}, {300, 20, 500}, {3, 200, 500}, {129, 257, 400}};
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        printf("no libopenblas.so.0, skipped\n");
        return 77;
    }
    *(void **)&blas_f32 = dlsym(library, "cblas_sgemm");
    *(void **)&blas_f64 = dlsym(library, "cblas_dgemm");
    uint64_t seed = 1;
    double worst = 0;
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int way = 0; way < 4; way++) {
                const int turned[2] = {way & 1, way >> 1};
                worst = fmax(worst, compare(kind, turned, sizes[s], 1, 0, &seed));
                worst = fmax(worst, compare(kind, turned, sizes[s], -0.5, 1.5, &seed));
            }
    printf("largest difference: %.3g of what is allowed\n", worst);
    return worst <= 1 ? 0 : 1;
}
