/* A matrix times a vector: what is checked, and which terms at a time. */
#include "linalg/inner.h"

#include <string.h>

#define DEPTH LEAT_GEMV_CHUNK

static int check(const struct leat_matrix *a, const struct leat_matrix *x,
                 const struct leat_matrix *y, size_t each, struct leat_diag *diag)
{
    if (x->cols != 1 || y->cols != 1 || a->cols != x->rows || a->rows != y->rows)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "gemv: A [%u x %u] times x [%u x %u] does not give y [%u x %u]",
                             a->rows, a->cols, x->rows, x->cols, y->rows, y->cols);
    int status = view_check(a, "gemv: A", each, diag);
    if (status == LEAT_OK)
        status = view_check(x, "gemv: x", each, diag);
    if (status == LEAT_OK)
        status = check_written(y, "gemv: y", each, diag);
    if (status == LEAT_OK)
        status = check_apart(y, "gemv: y", a, "A", each, diag);
    if (status == LEAT_OK)
        status = check_apart(y, "gemv: y", x, "x", each, diag);
    return status;
}

/* Elements of x from `from` on, side by side: there, or put into room. */
static const void *side_by_side(const struct leat_matrix *x, size_t each, uint32_t from,
                                uint32_t n, void *room)
{
    const char *first = (const char *)x->data + (int64_t)from * x->row * (int64_t)each;
    if (x->row == 1)
        return first;
    for (uint32_t i = 0; i < n; i++)
        memcpy((char *)room + i * each, first + (int64_t)i * x->row * (int64_t)each, each);
    return room;
}

static size_t bytes_of_parts(uint32_t m)
{
    return leat_round_up(least(m, LEAT_GEMV_STRIP), LEAT_LINE) * LEAT_LINE;
}

size_t leat_gemv_bytes(const struct leat_linalg *kernels, uint32_t m, uint32_t k)
{
    return bytes_of_parts(m) + leat_round_up(least(k, DEPTH) * leat_kind_bytes(kernels->kind),
                                             LEAT_LINE);
}

int leat_gemv(const struct leat_linalg *kernels, double alpha, const struct leat_matrix *a,
              const struct leat_matrix *x, double beta, const struct leat_matrix *y,
              void *workspace, size_t bytes, struct leat_diag *diag)
{
    size_t each = leat_kind_bytes(kernels->kind);
    int status = check(a, x, y, each, diag);
    if (status == LEAT_OK)
        status = work_check("gemv", leat_gemv_bytes(kernels, a->rows, a->cols), workspace, bytes,
                            diag);
    if (status != LEAT_OK)
        return status;
    void *room = (char *)workspace + bytes_of_parts(a->rows);
    if (kernels->kind == LEAT_F32) {
        alpha = (double)(float)alpha;
        beta = (double)(float)beta;
    }
    if (alpha == 0 || a->cols == 0 || a->rows == 0) {
        gemm_scale(y, each, beta);
        return LEAT_OK;
    }
    for (uint32_t p = 0, depth; p < a->cols; p += depth) {
        depth = least(a->cols - p, DEPTH);
        kernels->dots(y->data, y->row, (char *)a->data + (int64_t)p * a->col * (int64_t)each,
                      a->row, a->col, side_by_side(x, each, p, depth, room), y->rows, depth, alpha,
                      p == 0 ? beta : 1, workspace);
    }
    return LEAT_OK;
}
