/* rsvd: of each frame as a matrix [channels x samples] the leading singular values, or vectors, in
 * place.
 *
 * Vectors are made in scratch: the frame that they go to is what they are made of.
 */
#include "stages/room.h"

#include <leat/factor.h>

#include <string.h>

enum out { VALUES, LEFT, RIGHT };

enum why { OVERFLOWS = LEAT_WHY_OWN, UNDONE };
static const char *const whys[] = {"too large for its products", "rotations without end", NULL};

struct rsvd {
    struct leat_rsvd_how o;
    uint32_t cols;
    uint32_t out; /* enum out */
    uint64_t work; /* bytes of scratch for leat_rsvd_dense */
};

/* The scratch: values, then vectors, a row for each, then what leat_rsvd_dense wants. */
static size_t values_bytes(uint32_t rank)
{
    return leat_round_up(rank * sizeof(double), LEAT_LINE);
}

/* The samples of a vector that is wanted; 0: none is. */
static uint32_t length_of(uint32_t out, uint32_t rows, uint32_t cols)
{
    return out == LEFT ? rows : out == RIGHT ? cols : 0;
}

static size_t vectors_bytes(const struct leat_rsvd_how *o, uint32_t length, uint32_t kind)
{
    return leat_round_up((size_t)o->rank * length * leat_kind_bytes(kind), LEAT_LINE);
}

static size_t head_bytes(const struct leat_rsvd_how *o, uint32_t out, const struct leat_shape *in)
{
    return values_bytes(o->rank) + vectors_bytes(o, length_of(out, in->rows, in->cols), in->kind);
}

static int decompose(const struct rsvd *self, const struct leat_linalg *kernels,
                     const struct leat_frame *frame, char *scratch, struct leat_diag *diag)
{
    uint32_t rows = frame->rows, length = length_of(self->out, rows, self->cols);
    size_t width = leat_kind_bytes(frame->kind);
    struct leat_matrix a = leat_matrix_rows(leat_frame_row((struct leat_frame *)frame, 0), rows,
                                            self->cols, frame->stride / (int64_t)width);
    double *sigma = (void *)scratch;
    scratch += values_bytes(self->o.rank);
    struct leat_matrix found = leat_matrix_rows(scratch, self->o.rank, length, length);
    struct leat_matrix wanted = leat_matrix_transposed(&found);
    scratch += vectors_bytes(&self->o, length, frame->kind);
    return leat_rsvd_dense(kernels, &a, &self->o, self->out == LEFT ? &wanted : NULL, sigma,
                           self->out == RIGHT ? &wanted : NULL, NULL, scratch,
                           self->work, diag);
}

static void put_values(struct leat_frame *frame, const double *sigma, uint32_t rank)
{
    void *row = leat_frame_row(frame, 0);
    for (uint32_t i = 0; i < rank; i++)
        if (frame->kind == LEAT_F32)
            ((float *)row)[i] = (float)sigma[i];
        else
            ((double *)row)[i] = sigma[i];
}

/* Sample i of channel r is element r of vector i. */
static void put_left(struct leat_frame *frame, const char *vectors, uint32_t rank)
{
    size_t width = leat_kind_bytes(frame->kind);
    for (uint32_t r = 0; r < frame->rows; r++)
        for (uint32_t i = 0; i < rank; i++)
            memcpy((char *)leat_frame_row(frame, r) + i * width,
                   vectors + ((size_t)i * frame->rows + r) * width, width);
}

static void put_right(struct leat_frame *frame, const char *vectors, uint32_t rank)
{
    size_t bytes = frame->cols * leat_kind_bytes(frame->kind);
    for (uint32_t i = 0; i < rank; i++)
        memcpy(leat_frame_row(frame, i), vectors + i * bytes, bytes);
}

static void put(const struct rsvd *self, struct leat_frame *frame, const char *scratch)
{
    uint32_t rank = self->o.rank;
    const char *vectors = scratch + values_bytes(rank);
    if (self->out == RIGHT) {
        put_right(frame, vectors, rank);
        frame->rows = rank;
        return;
    }
    if (self->out == LEFT) {
        put_left(frame, vectors, rank);
    } else {
        put_values(frame, (const double *)(const void *)scratch, rank);
        frame->rows = 1;
    }
    frame->cols = rank;
}

static void rsvd_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    const struct rsvd *self = state;
    struct leat_linalg own;
    const struct leat_linalg *kernels =
        leat_stages_linalg((enum leat_isa)ctx->isa, frames[0]->kind, ctx->tuning, &own);
    for (uint32_t i = 0; i < n; i++) {
        struct leat_diag why;
        leat_stages_pad(ctx, frames[i], self->cols); /* columns of zeros change no value */
        int code = decompose(self, kernels, frames[i], ctx->scratch, &why);
        if (code == LEAT_OK) {
            put(self, frames[i], ctx->scratch);
        } else if (code == LEAT_EDATA || code == LEAT_ELIMIT) {
            leat_reject(ctx, i, code == LEAT_EDATA ? OVERFLOWS : UNDONE);
        } else {
            leat_fail(ctx, code, "%s", why.text);
            return;
        }
    }
}

/* ---- shapes ---- */

static void shape(uint32_t out, uint32_t rank, struct leat_need *need)
{
    if (out == RIGHT)
        need->out.rows = rank;
    else if (out == VALUES)
        need->out.rows = 1;
    for (uint32_t r = 0; r < need->out.rows && out != LEFT; r++) {
        need->out.channels[r].half = LEAT_WHOLE;
        if (out == RIGHT)
            leat_shape_name(&need->out, r, "v%u", r + 1);
        else
            leat_shape_name(&need->out, r, "sigma");
    }
    if (out != RIGHT) {
        need->out.cols = rank;
        need->out.rate_hz = 0;
        need->out.bins_of = 0;
    }
    need->out.cols_fixed = true;
    leat_stages_unitless(need);
}

/* Of workspace, of every instruction set: which one runs is not known here. */
static size_t work_bytes(const struct leat_rsvd_how *o, const struct leat_shape *in,
                         const struct leat_tuning *tuning)
{
    size_t most = 0;
    struct leat_linalg own;
    for (unsigned isa = 0; isa < LEAT_ISAS; isa++) {
        const struct leat_linalg *k =
            leat_stages_linalg((enum leat_isa)isa, in->kind, tuning, &own);
        size_t bytes = k == NULL ? 0 : leat_rsvd_bytes(k, in->rows, in->cols, o);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static struct leat_rsvd_how method_of(const struct leat_rsvd_options *given)
{
    return (struct leat_rsvd_how){.size = sizeof(struct leat_rsvd_how),
                                  .rank = (uint32_t)given->rank,
                                  .oversampling = (uint32_t)given->oversampling,
                                  .powers = (uint32_t)given->powers,
                                  .seed = given->seed,
                                  .test = given->sample};
}

static int rsvd_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_rsvd_options *given = options;
    uint32_t side = in->rows < in->cols ? in->rows : in->cols;
    int code = leat_shape_real(in, diag);
    if (code == 0)
        code = leat_shape_plain(in, diag);
    if (code == 0 && given->rank > side)
        code = leat_diag_set(diag, LEAT_ERANGE,
                             "rank: frames of %u channels and %u samples have %u singular values",
                             in->rows, in->cols, side);
    if (code != 0)
        return code;
    struct leat_rsvd_how o = method_of(given);
    if (!leat_size_add(work_bytes(&o, in, need->tuning), head_bytes(&o, given->out, in),
                       &need->scratch_bytes))
        return leat_diag_set(diag, LEAT_ERANGE, "frames of %u channels and %u samples need more "
                             "scratch than memory holds", in->rows, in->cols);
    shape(given->out, o.rank, need);
    need->state_bytes = sizeof(struct rsvd);
    need->breaks_finite = given->out == VALUES; /* the largest may not fit */
    return LEAT_OK;
}

static int rsvd_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_rsvd_options *given = options;
    struct leat_rsvd_how o = method_of(given);
    (void)diag;
    *(struct rsvd *)state =
        (struct rsvd){o, in->cols, given->out,
                      need->scratch_bytes - head_bytes(&o, given->out, in)};
    return LEAT_OK;
}

static const char *const outs[] = {"values", "left", "right", NULL};
static const char *const samples[] = {"normal", "structured", NULL};
static const struct leat_param params[] = {
    {.name = "rank",
     .doc = "How many, the largest first: at most the channels, and the samples, of a frame.",
     .example = "2",
     .offset = offsetof(struct leat_rsvd_options, rank), .type = LEAT_P_U64, .min = 1,
     .max = UINT32_MAX},
    {.name = "out", .fallback = "values", .words = outs,
     .doc = "What comes out: values, as the samples of one channel, sigma; left singular vectors, "
            "each a sample of the channels that came in; right ones, each a channel v1, v2, ... of "
            "as many samples as came in. A vector's sign is as it comes.",
     .example = "right",
     .offset = offsetof(struct leat_rsvd_options, out), .type = LEAT_P_WORD},
    {.name = "oversampling", .fallback = "10",
     .doc = "Columns of the random sample beside the rank: more are nearer.",
     .example = "5",
     .offset = offsetof(struct leat_rsvd_options, oversampling), .type = LEAT_P_U64,
     .max = 100000},
    {.name = "powers", .fallback = "2",
     .doc = "How often products by the frame and its transpose sharpen the sample: 0 where values "
            "fall off fast.",
     .example = "1",
     .offset = offsetof(struct leat_rsvd_options, powers), .type = LEAT_P_U64, .max = 100},
    {.name = "seed", .fallback = "1",
     .doc = "Of the sample, the same for every frame.",
     .example = "7",
     .offset = offsetof(struct leat_rsvd_options, seed), .type = LEAT_P_U64,
     .max = UINT64_C(1) << 53},
    {.name = "sample", .fallback = "normal", .words = samples,
     .doc = "The random matrix that it is made with: of normal deviates, or structured, which "
            "costs a logarithm for each element in place of a product for each column of the "
            "sample: faster from some hundred columns on. Where the sample is over half of the "
            "frame's samples it is normal.",
     .example = "structured",
     .offset = offsetof(struct leat_rsvd_options, sample), .type = LEAT_P_WORD},
};

const struct leat_stage leat_stage_rsvd = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_RESIZES | LEAT_WANTS_FINITE,
    .name = "rsvd",
    .doc = "The leading singular values, or vectors, of each frame as a matrix [channels x "
           "samples], nearly, by a random sample of what it spans; of all that there are where "
           "rank and oversampling reach them. A shorter frame is filled up with zeros.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_rsvd_options),
    .ins = 1,
    .outs = 1,
    .resolve = rsvd_resolve,
    .init = rsvd_init,
    .map = rsvd_map,
    .whys = whys,
    .source = "synth samples=1M frame=16 channels=4",
};
