/* matmul spmm project gemm: a matrix from a file, or its transpose, times the channels of each
 * sample, in place.
 *
 * The result is written over its input, so the input is brought to scratch first, as many columns
 * at a time as a second-level cache holds.
 */
#include "stages/room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((uint64_t)128 << 10) /* of input in scratch */
#define BLOCK_COLS 64u                    /* at least: tiles want company */
/* A large matrix is packed anew for each block, and that takes as long as 64 columns do: then there
 * are more, from the second-level cache or not. */
#define MANY_CHANNELS 256u
#define MANY_COLS 512u
#define MANY_BYTES ((uint64_t)4 << 20)

struct matmul {
    uint32_t rows, cols; /* channels that come out, that come in */
    uint32_t block;      /* columns that are multiplied at once */
    uint64_t workspace;  /* bytes, of a product */
    bool sparse;
    uint32_t levels; /* of Strassen's recursion, at most */
    double alpha, beta;     /* dense: y = alpha A x + beta x */
    uint64_t entries, room; /* sparse: how many, and for how many it was laid out */
    /* dense: [cols x rows], the transpose of what multiplies: columns that lie side by side are
     * what narrow frames want, and wide ones do not mind; sparse: compressed rows. */
    LEAT_ALIGNED(LEAT_LINE) char matrix[];
};

/* One more level for each time that all sides can be halved and had 1024 before: from there on it
 * pays. Of the shape alone, for it changes the bits; a shorter frame may take fewer. */
#define LEVEL_SIDE 1024u

static uint32_t levels_of(uint32_t most, uint32_t rows, uint32_t cols, uint32_t depth)
{
    uint32_t side = rows < cols ? rows : cols, levels = 0;
    for (side = side < depth ? side : depth; levels < most && side >= LEVEL_SIDE; side /= 2)
        levels++;
    return levels;
}

/* So many columns of rows of that many bytes, whole ones and at least BLOCK_COLS, at most cols. */
static uint32_t columns_in(uint64_t bytes, uint64_t row, uint32_t cols)
{
    uint64_t most = bytes / row / BLOCK_COLS * BLOCK_COLS, all = leat_round_up(cols, BLOCK_COLS);
    return (uint32_t)(most < BLOCK_COLS ? BLOCK_COLS : most < all ? most : all);
}

uint32_t leat_matmul_columns(uint32_t kind, uint32_t channels, uint32_t cols,
                             const struct leat_tuning *tuning)
{
    uint64_t row = (uint64_t)channels * leat_kind_bytes(kind);
    if (tuning != NULL && tuning->matmul_block != 0)
        return columns_in(tuning->matmul_block, row, cols);
    if (channels < MANY_CHANNELS)
        return columns_in(BLOCK_BYTES, row, cols);
    return columns_in(MANY_BYTES, row, cols < MANY_COLS ? cols : MANY_COLS);
}

/* With levels all of a frame: where its blocks lie is seen in the bits. */
static uint32_t block_of(const struct leat_shape *in, bool sparse, uint32_t levels,
                         const struct leat_tuning *tuning)
{
    if (levels != 0)
        return (uint32_t)leat_round_up(in->cols, BLOCK_COLS);
    if (sparse)
        return columns_in(BLOCK_BYTES, (uint64_t)in->rows * leat_kind_bytes(in->kind), in->cols);
    return leat_matmul_columns(in->kind, in->rows, in->cols, tuning);
}

static size_t input_bytes(uint32_t rows, uint32_t block, uint32_t kind)
{
    return (size_t)rows * block * leat_kind_bytes(kind); /* a multiple of lines: the block is */
}

static void *matrix_of(const struct matmul *self)
{
    return (void *)(uintptr_t)self->matrix;
}

static int multiply_dense(const struct matmul *self, const struct leat_ctx *ctx, uint32_t kind,
                          const struct leat_matrix *x, const struct leat_matrix *y,
                          char *workspace, struct leat_diag *diag)
{
    struct leat_linalg own;
    const struct leat_linalg *kernels =
        leat_stages_linalg((enum leat_isa)ctx->isa, kind, ctx->tuning, &own);
    struct leat_matrix turned = leat_matrix_rows(matrix_of(self), self->cols, self->rows,
                                                 self->rows);
    struct leat_matrix a = leat_matrix_transposed(&turned);
    uint32_t levels = levels_of(self->levels, self->rows, x->cols, self->cols);
    return leat_gemm_strassen(kernels, levels, self->alpha, &a, x, self->beta, y, workspace,
                              self->workspace, diag);
}

static int multiply_sparse(const struct matmul *self, enum leat_isa isa, uint32_t kind,
                           const struct leat_matrix *x, const struct leat_matrix *y,
                           struct leat_diag *diag)
{
    struct leat_csr a;
    int code = leat_csr_lay(&a, kind, self->rows, self->cols, self->room, matrix_of(self),
                            leat_csr_bytes(kind, self->rows, self->cols, self->room), diag);
    a.entries = self->entries;
    return code != LEAT_OK ? code
                           : leat_csr_times(leat_sparse_kernels(isa, kind), &a, false, x, y, NULL,
                                            0, diag);
}

static int multiply(const struct matmul *self, struct leat_ctx *ctx, struct leat_frame *frame,
                    uint32_t from, struct leat_diag *diag)
{
    char *scratch = ctx->scratch;
    size_t width = leat_kind_bytes(frame->kind);
    uint32_t cols = frame->cols - from < self->block ? frame->cols - from : self->block;
    for (uint32_t r = 0; r < self->cols; r++)
        memcpy(scratch + (size_t)r * self->block * width,
               (char *)leat_frame_row(frame, r) + from * width, cols * width);
    struct leat_matrix x = leat_matrix_rows(scratch, self->cols, cols, self->block);
    struct leat_matrix y = leat_matrix_rows((char *)leat_frame_row(frame, 0) + from * width,
                                            self->rows, cols, frame->stride / (int64_t)width);
    char *workspace = scratch + input_bytes(self->cols, self->block, frame->kind);
    return self->sparse
               ? multiply_sparse(self, (enum leat_isa)ctx->isa, frame->kind, &x, &y, diag)
               : multiply_dense(self, ctx, frame->kind, &x, &y, workspace, diag);
}

static void matmul_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    const struct matmul *self = state;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t from = 0; from < frames[i]->cols; from += self->block) {
            struct leat_diag why;
            int code = multiply(self, ctx, frames[i], from, &why);
            if (code != LEAT_OK) {
                leat_fail(ctx, code, "%s", why.text);
                return;
            }
        }
        frames[i]->rows = self->rows;
    }
}

/* ---- shapes ---- */

/* Which of the stages: its parameter, how it treats the matrix, and what it keeps it as. */
struct way {
    const char *param, *name; /* of channels that come out */
    bool turned;
    uint32_t kind; /* leat_matmul_kind */
    double alpha, beta;
    uint32_t levels;
};

static struct way matmul_way(uint32_t kind, uint64_t levels)
{
    if (levels != 0 && kind == LEAT_MATMUL_AUTO)
        kind = LEAT_MATMUL_DENSE;
    return (struct way){"matrix", "y", false, kind, 1, 0, (uint32_t)levels};
}

static const struct way by_columns = {"basis", "p", true, LEAT_MATMUL_DENSE, 1, 0, 0};

/* A message of the file's reader as one of the parameter's. */
static int wrong_file(const struct way *way, const struct leat_diag *why, struct leat_diag *diag)
{
    char text[sizeof why->text];
    (void)leat_diag_format(why, text, sizeof text);
    return leat_diag_set(diag, why->code, "%s: %s", way->param, text);
}

static int shape_of(const struct way *way, const char *path, const struct leat_shape *in,
                    struct leat_need *need, struct leat_diag *diag)
{
    struct leat_diag why = {0};
    uint32_t rows, cols;
    if (leat_matrix_file_look(path, &rows, &cols, &why) != LEAT_OK)
        return wrong_file(way, &why, diag);
    uint32_t takes = way->turned ? rows : cols, gives = way->turned ? cols : rows;
    if (takes != in->rows)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "%s: %s is [%u x %u]: it takes %u channels, the stream has %u",
                             way->param, path, rows, cols, takes, in->rows);
    if (way->beta != 0 && gives != takes)
        return leat_diag_set(diag, LEAT_ESHAPE,
                             "%s: %s is [%u x %u]: what is added to the %u channels that came in "
                             "must be as many: a square matrix, or beta=0",
                             way->param, path, rows, cols, takes);
    if (gives > need->channels_max)
        return leat_diag_set(diag, LEAT_ELIMIT, "%s: %s gives %u channels; there may be 1 to %u",
                             way->param, path, gives, need->channels_max);
    need->out.rows = gives;
    for (uint32_t r = 0; r < gives; r++) {
        need->out.channels[r] = (struct leat_channel){.half = LEAT_WHOLE};
        leat_shape_name(&need->out, r, "%s%u", way->name, r + 1);
    }
    return LEAT_OK;
}

/* Up to this share of entries they alone are faster: by constants of the release, but for what the
 * tuning says that they cost. */
static double sparse_share(const struct leat_shape *in, uint32_t rows,
                           const struct leat_tuning *tuning)
{
    double share = leat_sparse_crossover(in->kind, rows, in->rows, in->cols);
    double price = tuning == NULL                ? 0
                   : in->cols < LEAT_SPARSE_FEW ? tuning->sparse_price_few
                                                : tuning->sparse_price_many;
    return price != 0 ? share / price : share;
}

/* What the matrix is kept as. A function of the file, the shape, constants and the
 * tuning that the user names alone: frames may have other bits for it. */
static int choose(const struct way *way, const char *path, const struct leat_shape *in,
                  const struct leat_need *need, bool *sparse, uint64_t *entries,
                  struct leat_diag *diag)
{
    struct leat_diag why = {0};
    uint32_t rows = need->out.rows;
    *entries = 0;
    *sparse = way->kind != LEAT_MATMUL_DENSE;
    if (!*sparse)
        return LEAT_OK;
    int code = leat_matrix_file_entries(path, rows, in->rows, in->kind, entries, NULL, NULL, NULL,
                                        &why);
    if (code != LEAT_OK)
        return wrong_file(way, &why, diag);
    *sparse = way->kind == LEAT_MATMUL_SPARSE ||
              (double)*entries <= sparse_share(in, rows, need->tuning) * ((double)rows * in->rows);
    return LEAT_OK;
}

/* What auto took, or levels, and why; elsewhere nothing was left to choose. */
static void tell(const struct way *way, bool sparse, uint64_t entries, const struct leat_shape *in,
                 struct leat_need *need)
{
    uint32_t levels = levels_of(way->levels, need->out.rows, in->cols, in->rows);
    if (way->levels != 0)
        snprintf(need->choice, sizeof need->choice,
                 "takes %u level%s of Strassen's recursion: [%u x %u] times [%u x %u], and a level "
                 "halves sides of %u and more",
                 levels, levels == 1 ? "" : "s", need->out.rows, in->rows, in->rows, in->cols,
                 LEVEL_SIDE);
    if (way->kind != LEAT_MATMUL_AUTO)
        return;
    double most = sparse_share(in, need->out.rows, need->tuning);
    bool tuned = most - leat_sparse_crossover(in->kind, need->out.rows, in->rows, in->cols) != 0;
    snprintf(need->choice, sizeof need->choice,
             "keeps its matrix %s: %.3g %% of it is not 0, and up to %.3g %% entries alone are "
             "faster on %u columns of %s%s",
             sparse ? "sparse" : "dense",
             100 * (double)entries / ((double)need->out.rows * in->rows), 100 * most, in->cols,
             leat_kind_name(in->kind), tuned ? ", as tuned" : "");
}

/* Of workspace, of every instruction set and of fewer levels, as short frames take them: which set
 * runs is not known here. */
static size_t dense_bytes(uint32_t rows, uint32_t block, const struct leat_shape *in,
                          uint32_t levels, const struct leat_tuning *tuning)
{
    size_t most = 0;
    struct leat_linalg own;
    for (unsigned isa = 0; isa < LEAT_ISAS; isa++) {
        const struct leat_linalg *k =
            leat_stages_linalg((enum leat_isa)isa, in->kind, tuning, &own);
        for (uint32_t l = 0; k != NULL && l <= levels; l++) {
            size_t bytes = leat_gemm_strassen_bytes(k, rows, block, in->rows, l);
            most = bytes > most ? bytes : most;
        }
    }
    return most;
}

static int resolve(const struct way *way, const char *path, const struct leat_shape *in,
                   struct leat_need *need, struct leat_diag *diag)
{
    bool sparse = false;
    uint64_t entries = 0;
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = leat_shape_plain(in, diag);
    if (code == 0)
        code = shape_of(way, path, in, need, diag);
    if (code == 0 && way->levels != 0 && way->kind == LEAT_MATMUL_SPARSE)
        code = leat_diag_set(diag, LEAT_EINVAL,
                             "levels: Strassen's recursion is of dense matrices; leave it or "
                             "kind=sparse out");
    if (code == 0)
        code = choose(way, path, in, need, &sparse, &entries, diag);
    if (code != 0)
        return code;
    tell(way, sparse, entries, in, need);
    uint32_t block = block_of(in, sparse, way->levels, need->tuning), rows = need->out.rows;
    need->scratch_bytes = input_bytes(in->rows, block, in->kind) +
                          (sparse ? 0 : dense_bytes(rows, block, in, way->levels, need->tuning));
    if (!sparse)
        return leat_stages_state(need, sizeof(struct matmul),
                                 (size_t)in->rows * leat_kind_bytes(in->kind), rows, diag);
    size_t bytes = leat_csr_bytes(in->kind, rows, in->rows, entries);
    return leat_stages_state(need, sizeof(struct matmul), 1, bytes == 0 ? SIZE_MAX : bytes, diag);
}

static int read_turned(struct matmul *self, const char *path, uint32_t kind,
                       struct leat_diag *diag)
{
    size_t width = leat_kind_bytes(kind), bytes = (size_t)self->rows * self->cols * width;
    char *matrix = malloc(bytes);
    if (matrix == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "%s: no memory for %zu bytes", path, bytes);
    int code = leat_matrix_file_read(path, self->rows, self->cols, kind, matrix, diag);
    for (size_t i = 0; i < self->rows && code == LEAT_OK; i++)
        for (size_t j = 0; j < self->cols; j++)
            memcpy(self->matrix + (j * self->rows + i) * width,
                   matrix + (i * self->cols + j) * width, width);
    free(matrix);
    return code;
}

/* The file's entries, in memory that lasts for the call, to rows in the state. */
static int read_sparse(struct matmul *self, const char *path, uint32_t kind,
                       struct leat_diag *diag)
{
    struct leat_coo coo = {self->rows, self->cols, kind, self->room, NULL, NULL, NULL};
    struct leat_csr a = {0};
    size_t width = leat_kind_bytes(kind), n = (size_t)self->room + 1; /* never of 0 bytes */
    size_t workspace_bytes = leat_csr_from_coo_bytes(&coo);
    void *workspace = aligned_alloc(LEAT_LINE, workspace_bytes);
    uint32_t *row = malloc(n * sizeof *row), *col = malloc(n * sizeof *col);
    void *value = malloc(n * width);
    uint64_t found = self->room;
    int code = workspace == NULL || row == NULL || col == NULL || value == NULL
                   ? leat_diag_set(diag, LEAT_ENOMEM, "%s: no memory for %llu entries", path,
                                   (unsigned long long)self->room)
                   : leat_matrix_file_entries(path, self->rows, self->cols, kind, &found, row, col,
                                              value, diag);
    if (code == LEAT_OK && found != self->room)
        code = leat_diag_set(diag, LEAT_EDATA, "%s: changed while it was opened", path);
    coo.row = row;
    coo.col = col;
    coo.value = value;
    if (code == LEAT_OK)
        code = leat_csr_from_coo(&a, &coo, self->matrix,
                                 leat_csr_bytes(kind, self->rows, self->cols, self->room),
                                 workspace, workspace_bytes, diag);
    self->entries = a.entries;
    free(workspace), free(row), free(col), free(value);
    return code;
}

static int init(const struct way *way, const char *path, void *state, const struct leat_shape *in,
                const struct leat_need *need, struct leat_diag *diag)
{
    struct matmul *self = state;
    struct leat_diag why = {0};
    *self = (struct matmul){.rows = need->out.rows, .cols = in->rows, .alpha = way->alpha,
                            .levels = way->levels, .beta = way->beta};
    int code = choose(way, path, in, need, &self->sparse, &self->room, diag);
    if (code != LEAT_OK)
        return code;
    self->block = block_of(in, self->sparse, way->levels, need->tuning);
    self->workspace = need->scratch_bytes - input_bytes(in->rows, self->block, in->kind);
    size_t bytes = self->sparse
                       ? leat_csr_bytes(in->kind, self->rows, self->cols, self->room)
                       : (size_t)self->rows * self->cols * leat_kind_bytes(in->kind);
    if (bytes > need->state_bytes - sizeof *self)
        return leat_diag_set(diag, LEAT_EDATA, "%s: %s changed while it was opened", way->param,
                             path);
    code = self->sparse  ? read_sparse(self, path, in->kind, &why)
           : way->turned ? leat_matrix_file_read(path, self->cols, self->rows, in->kind,
                                                 self->matrix, &why)
                         : read_turned(self, path, in->kind, &why);
    return code == LEAT_OK ? LEAT_OK : wrong_file(way, &why, diag);
}

static int matmul_resolve(const void *options, const struct leat_shape *in,
                          struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_matmul_options *o = options;
    struct way way = matmul_way(o->kind, o->levels);
    return resolve(&way, o->matrix, in, need, diag);
}

static int matmul_init(void *state, const void *options, const struct leat_shape *in,
                       const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_matmul_options *o = options;
    struct way way = matmul_way(o->kind, o->levels);
    return init(&way, o->matrix, state, in, need, diag);
}

static int spmm_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_spmm_options *o = options;
    struct way way = matmul_way(LEAT_MATMUL_SPARSE, 0);
    return resolve(&way, o->matrix, in, need, diag);
}

static int spmm_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_spmm_options *o = options;
    struct way way = matmul_way(LEAT_MATMUL_SPARSE, 0);
    return init(&way, o->matrix, state, in, need, diag);
}

static int project_resolve(const void *options, const struct leat_shape *in,
                           struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_project_options *o = options;
    return resolve(&by_columns, o->basis, in, need, diag);
}

static int project_init(void *state, const void *options, const struct leat_shape *in,
                        const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_project_options *o = options;
    return init(&by_columns, o->basis, state, in, need, diag);
}

static struct way gemm_way(const struct leat_gemm_options *o)
{
    return (struct way){"matrix", "y", o->transposed, LEAT_MATMUL_DENSE, o->alpha, o->beta, 0};
}

static int gemm_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_gemm_options *o = options;
    struct way way = gemm_way(o);
    int code = leat_stages_finite("alpha", o->alpha, in->kind, diag);
    if (code == 0)
        code = leat_stages_finite("beta", o->beta, in->kind, diag);
    return code != 0 ? code : resolve(&way, o->matrix, in, need, diag);
}

static int gemm_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_gemm_options *o = options;
    struct way way = gemm_way(o);
    return init(&way, o->matrix, state, in, need, diag);
}

#define FILES "an npy array of any kind of number, or Matrix Market"
#define MATRIX_DOC "The file of the matrix A [channels out x channels in]: " FILES "."
static const char *const kinds[] = {"auto", "dense", "sparse", NULL};
static const struct leat_param matmul_params[] = {
    {.name = "matrix", .fallback = NULL,
     .doc = MATRIX_DOC,
     .example = "weights.npy",
     .offset = offsetof(struct leat_matmul_options, matrix), .type = LEAT_P_TEXT},
    {.name = "kind", .fallback = "auto", .words = kinds,
     .doc = "What the matrix is kept as: sparse leaves out what is 0; auto chooses by how many "
            "elements are not, once.",
     .example = "sparse",
     .offset = offsetof(struct leat_matmul_options, kind), .type = LEAT_P_WORD},
    {.name = "levels", .fallback = "0", .max = LEAT_STRASSEN_LEVELS,
     .doc = "Levels of Strassen's recursion, at most; each halves sides of 1024 channels and "
            "samples of a frame and more. Less work, and errors as large as those of the largest "
            "numbers allow, in small ones too; never taken by itself.",
     .example = "1",
     .offset = offsetof(struct leat_matmul_options, levels), .type = LEAT_P_U64},
};
static const struct leat_param spmm_params[] = {
    {.name = "matrix", .fallback = NULL,
     .doc = MATRIX_DOC,
     .example = "weights.npy",
     .offset = offsetof(struct leat_spmm_options, matrix), .type = LEAT_P_TEXT},
};
static const struct leat_param project_params[] = {
    {.name = "basis", .fallback = NULL,
     .doc = "The file of the matrix B [channels in x channels out], a direction in each column: "
            FILES ".",
     .example = "basis.npy",
     .offset = offsetof(struct leat_project_options, basis), .type = LEAT_P_TEXT},
};
static const struct leat_param gemm_params[] = {
    {.name = "matrix", .fallback = NULL,
     .doc = MATRIX_DOC,
     .example = "mixing.npy",
     .offset = offsetof(struct leat_gemm_options, matrix), .type = LEAT_P_TEXT},
    {.name = "alpha", .fallback = "1",
     .doc = "What the product is multiplied by.",
     .example = "-1",
     .offset = offsetof(struct leat_gemm_options, alpha), .type = LEAT_P_F64},
    {.name = "beta", .fallback = "0",
     .doc = "What the channels that came in are multiplied by before they are added; not 0 only "
            "where the matrix is square.",
     .example = "1",
     .offset = offsetof(struct leat_gemm_options, beta), .type = LEAT_P_F64},
    {.name = "transposed", .fallback = "no",
     .doc = "The file holds A', [channels in x channels out].",
     .example = "yes",
     .offset = offsetof(struct leat_gemm_options, transposed), .type = LEAT_P_BOOL},
};

#define MATMUL_TRAITS (LEAT_MAP | LEAT_STATELESS | LEAT_MAY_BREAK_FINITE)

const struct leat_stage leat_stage_matmul = {
    .size = sizeof(struct leat_stage),
    .traits = MATMUL_TRAITS,
    .name = "matmul",
    .doc = "Multiplies the channels of each sample by a matrix, y = A x: channels y1, y2, ... come "
           "out, one for each row of A.",
    .params = matmul_params,
    .params_n = LEAT_STAGES_COUNT(matmul_params),
    .options_bytes = sizeof(struct leat_matmul_options),
    .ins = 1,
    .outs = 1,
    .resolve = matmul_resolve,
    .init = matmul_init,
    .map = matmul_map,
    .source = "synth channels=2 samples=1M",
};

const struct leat_stage leat_stage_spmm = {
    .size = sizeof(struct leat_stage),
    .traits = MATMUL_TRAITS,
    .name = "spmm",
    .doc = "Multiplies the channels of each sample by a sparse matrix, y = A x: channels y1, y2, "
           "... come out, one for each row of A. Elements that the file leaves out cost nothing.",
    .params = spmm_params,
    .params_n = LEAT_STAGES_COUNT(spmm_params),
    .options_bytes = sizeof(struct leat_spmm_options),
    .ins = 1,
    .outs = 1,
    .resolve = spmm_resolve,
    .init = spmm_init,
    .map = matmul_map,
    .source = "synth channels=2 samples=1M",
};

const struct leat_stage leat_stage_project = {
    .size = sizeof(struct leat_stage),
    .traits = MATMUL_TRAITS,
    .name = "project",
    .doc = "Projects the channels of each sample onto directions, p = B' x: channels p1, p2, ... "
           "come out, one for each column of B.",
    .params = project_params,
    .params_n = LEAT_STAGES_COUNT(project_params),
    .options_bytes = sizeof(struct leat_project_options),
    .ins = 1,
    .outs = 1,
    .resolve = project_resolve,
    .init = project_init,
    .map = matmul_map,
    .source = "synth channels=2 samples=1M",
};

const struct leat_stage leat_stage_gemm = {
    .size = sizeof(struct leat_stage),
    .traits = MATMUL_TRAITS,
    .name = "gemm",
    .doc = "The product with a matrix as BLAS has it, in place, X = alpha A X + beta X: a frame is "
           "the matrix X [channels x samples]. Channels y1, y2, ... come out, one for each row of "
           "A.",
    .params = gemm_params,
    .params_n = LEAT_STAGES_COUNT(gemm_params),
    .options_bytes = sizeof(struct leat_gemm_options),
    .ins = 1,
    .outs = 1,
    .resolve = gemm_resolve,
    .init = gemm_init,
    .map = matmul_map,
    .source = "synth channels=2 samples=1M",
};
