/* Published products: CMSIS-DSP's matrices and results, numbers as bit patterns in text. Skips with
 * a word where they are not. */
#include "matrices.h"

#include <inttypes.h>
#include <stdio.h>

/* The bit patterns of a file, their count in its second line; NULL when it is not there. */
static uint64_t *read_patterns(const char *name, size_t *count)
{
    const char *folder = getenv("LEAT_TEST_DATA");
    char path[512], line[128];
    unsigned long n = 0;
    snprintf(path, sizeof path, "%s/matmul/%s", folder ? folder : LEAT_TEST_DATA_DIR, name);
    FILE *file = fopen(path, "r");
    if (!file) {
        printf("no %s, skipped\n", name);
        return NULL;
    }
    if (!fgets(line, sizeof line, file) || fscanf(file, "%lu ", &n) != 1)
        n = 0;
    uint64_t *x = allocate(n * sizeof *x);
    for (*count = 0; *count < n && fgets(line, sizeof line, file);)
        *count += sscanf(line, "0x%" SCNx64, &x[*count]) == 1;
    fclose(file);
    return x;
}

static double as_double(uint64_t pattern)
{
    double x;
    memcpy(&x, &pattern, sizeof x);
    return x;
}

int main(void)
{
    size_t dims_n, a_n, b_n, want_n, at = 0, bytes = 0;
    uint64_t *dims = read_patterns("DimsBinary1_s16.txt", &dims_n);
    uint64_t *a = read_patterns("InputA1_f64.txt", &a_n);
    uint64_t *b = read_patterns("InputB1_f64.txt", &b_n);
    uint64_t *want = read_patterns("RefMul1_f64.txt", &want_n);
    if (!dims || !a || !b || !want)
        return 77;
    const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), LEAT_F64);
    double worst = 0, c[64 * 64];
    for (size_t i = 0; i + 2 < dims_n; i += 3) {
        uint32_t m = (uint32_t)dims[i], p = (uint32_t)dims[i + 1], n = (uint32_t)dims[i + 2];
        struct leat_matrix x = leat_matrix_rows(a, m, p, p), y = leat_matrix_rows(b, p, n, n);
        struct leat_matrix z = leat_matrix_rows(c, m, n, n);
        bytes = leat_gemm_bytes(k, m, n, p);
        void *workspace = allocate(bytes);
        if (m > 64 || n > 64 || at + m * n > want_n ||
            leat_gemm(k, 1, &x, &y, 0, &z, workspace, bytes, NULL) != 0)
            return 1;
        for (size_t j = 0; j < m * n; j++)
            worst = fmax(worst, fabs(c[j] - as_double(want[at + j])));
        at += m * n;
        free(workspace);
    }
    printf("%zu products, %zu elements, largest difference %.3g\n", dims_n / 3, at, worst);
    free(dims), free(a), free(b), free(want);
    return at == want_n && want_n > 1000 && worst < 1e-14 ? 0 : 1;
}
