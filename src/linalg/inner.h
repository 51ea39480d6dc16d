/* What the files of this room share: products without checks, blocks and elements of views,
 * workspace. Private. */
#ifndef LEAT_LINALG_INNER_H
#define LEAT_LINALG_INNER_H

#include "base/view.h"

#include <leat/frame.h>
#include <leat/linalg.h>

/* leat_gemm behind its checks: a workspace of leat_gemm_bytes for these or larger sizes. */
void gemm_run(const struct leat_linalg *kernels, double alpha, const struct leat_matrix *a,
              const struct leat_matrix *b, double beta, const struct leat_matrix *c,
              void *workspace);

/* The same of C = alpha A A' + beta C, on its diagonal and below alone. */
void gemm_run_lower(const struct leat_linalg *kernels, double alpha, const struct leat_matrix *a,
                    double beta, const struct leat_matrix *c, void *workspace);

/* C = alpha A B + beta C of few rows, B's rows contiguous, C's or its columns; where flat_takes
 * says so, in flat_bytes of workspace for these or larger sizes. */
bool flat_takes(const struct leat_linalg *k, uint32_t rows, uint32_t cols, uint32_t depth);
size_t flat_bytes(const struct leat_linalg *k, uint32_t rows, uint32_t cols, uint32_t depth);
void flat_run(const struct leat_linalg *k, double alpha, const struct leat_matrix *a,
              const struct leat_matrix *b, double beta, const struct leat_matrix *c,
              void *workspace);

/* What else makes products of panels: checks of leat_gemm; bytes of the panel of A for an m x chunk
 * by chunk x n product, of that of B, of a tile of C; C = beta C, beta of the kind. */
int gemm_check(const struct leat_matrix *a, const struct leat_matrix *b,
               const struct leat_matrix *c, size_t each, struct leat_diag *diag);
size_t gemm_bytes_a(const struct leat_linalg *k, uint32_t m, uint32_t n, uint32_t chunk);
size_t gemm_bytes_b(const struct leat_linalg *k, uint32_t n, uint32_t chunk);
size_t gemm_bytes_corner(const struct leat_linalg *k);
void gemm_scale(const struct leat_matrix *c, size_t each, double beta);

LEAT_INLINE uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* ---- Views and elements ---- */

LEAT_INLINE struct leat_matrix block(const struct leat_matrix *m, size_t each, uint32_t i,
                                     uint32_t j, uint32_t rows, uint32_t cols)
{
    struct leat_matrix part = *m;
    if (rows != 0 && cols != 0)
        part.data = (char *)m->data + ((int64_t)i * m->row + (int64_t)j * m->col) * (int64_t)each;
    part.rows = rows;
    part.cols = cols;
    return part;
}

LEAT_INLINE double get(const struct leat_matrix *m, size_t each, uint32_t i, uint32_t j)
{
    int64_t at = (int64_t)i * m->row + (int64_t)j * m->col;
    return each == sizeof(float) ? (double)((const float *)m->data)[at]
                                 : ((const double *)m->data)[at];
}

LEAT_INLINE void put(const struct leat_matrix *m, size_t each, uint32_t i, uint32_t j, double x)
{
    int64_t at = (int64_t)i * m->row + (int64_t)j * m->col;
    if (each == sizeof(float))
        ((float *)m->data)[at] = (float)x;
    else
        ((double *)m->data)[at] = x;
}

/* What of a square is copied: all, or what lies on and below the diagonal. */
enum part { WHOLE, LOWER };

/* to[i * row + j] = m[i][j], and back. */
void view_gather(double *to, size_t row, const struct leat_matrix *m, size_t each, enum part part);
void view_scatter(const struct leat_matrix *m, const double *from, size_t row, size_t each,
             enum part part);
void view_copy(const struct leat_matrix *to, const struct leat_matrix *from, size_t each,
          enum part part);

/* Normal deviates in columns `from` and up, element (i, j) a function of i, j and the seed. */
void view_fill_normal(const struct leat_matrix *m, size_t each, uint64_t seed, uint32_t from);

/* Number i of a seed. */
uint64_t random_bits(uint64_t seed, uint64_t i);

/* leat_srft behind its checks. */
int srft_run(const struct leat_linalg *kernels, const struct leat_matrix *a, uint64_t seed,
             const struct leat_matrix *y, void *workspace);

/* ---- Range ---- */

/* LEAT_EDATA, with its place, for the first element that is not finite; else the largest magnitude.
 * part: of these alone. */
int check_finite(const struct leat_matrix *m, const char *name, size_t each, enum part part,
           double *largest, struct leat_diag *diag);

/* The p for which largest * 2^p is in [1, 2); 0 for 0. */
int power_for(double largest);

/* x * 2^p. */
double times_power(double x, int p);
void view_times_power(const struct leat_matrix *m, size_t each, enum part part, int p);

/* ---- Workspace ---- */

/* Carves what calls take out of a workspace; with no base it only counts. */
struct work {
    char *base;
    size_t used; /* SIZE_MAX, or next to it, once it has overflowed */
};

/* Room for rows x cols elements, on a boundary of LEAT_LINE. NULL without a base. */
void *work_take(struct work *w, size_t rows, size_t cols, size_t each);
/* The same as a view, rows one behind the other. */
struct leat_matrix work_matrix(struct work *w, uint32_t rows, uint32_t cols, size_t each);

int work_check(const char *call, size_t needed, const void *workspace, size_t bytes,
               struct leat_diag *diag);

/* ---- Checks ---- */

/* view_check, and that elements do not lie on each other. */
int check_written(const struct leat_matrix *m, const char *name, size_t each,
                  struct leat_diag *diag);
int check_apart(const struct leat_matrix *a, const char *a_name, const struct leat_matrix *b,
                const char *b_name, size_t each, struct leat_diag *diag);
/* U [A's rows x rank] and V [A's columns x rank], NULL where not wanted, apart from A where it has
 * data. */
int check_sides(const char *const names[2], const struct leat_matrix *u,
                const struct leat_matrix *v, const struct leat_matrix *a, uint32_t rank,
                size_t each, struct leat_diag *diag);

#endif
