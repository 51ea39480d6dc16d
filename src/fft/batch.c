/* Rows of a batch: where they lie, checked before the kernels take them. */
#include "base/view.h"
#include "fft/plan.h"

/* The rows of one plane, in bytes. */
struct rows {
    const char *name;
    int64_t first, step, bytes; /* where row 0 begins; how long each is */
    int64_t ends[2];            /* all of them lie between these */
};

struct batch {
    uint64_t count;
    struct rows out[2], in[2];
    int outs, ins;
};

/* Division that rounds down. */
static int64_t floor_of(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && a < 0);
}

/* Is there a k, from <= k <= to, so that a stretch of `bytes` at apart + k step meets one of
 * `others` at 0? */
static bool meets(int64_t apart, int64_t step, int64_t bytes, int64_t others, int64_t from,
                  int64_t to)
{
    if (from > to || step == 0)
        return from <= to && apart < others && -apart < bytes;
    if (step < 0)
        return meets(apart, -step, bytes, others, -to, -from);
    int64_t last = floor_of(others - apart - 1, step);
    int64_t first = -floor_of(bytes + apart - 1, step);
    return (first > from ? first : from) <= (last < to ? last : to);
}

static int take(struct rows *rows, const char *name, const void *data, int64_t step, uint64_t n,
                size_t each, uint64_t count, struct leat_diag *diag)
{
    struct leat_matrix row = leat_matrix_rows((void *)(uintptr_t)data, 1, (uint32_t)n, 0);
    intptr_t ends[2];
    uint64_t over;
    int status = view_check(&row, name, each, diag);
    if (status != LEAT_OK)
        return status;
    if (!view_stretch(&row, each, step, count, ends, &over))
        return leat_diag_set(diag, LEAT_ERANGE,
                             "%s: %llu rows, %lld samples apart, reach further than memory", name,
                             (unsigned long long)count, (long long)step);
    *rows = (struct rows){name, (intptr_t)data, count > 1 ? step * (int64_t)each : 0,
                          (int64_t)(n * each), {ends[0], ends[1]}};
    return LEAT_OK;
}

/* Output rows lie apart from each other. */
static int check_out(const struct batch *b, struct leat_diag *diag)
{
    int64_t last = (int64_t)(b->count - 1);
    const struct rows *re = &b->out[0], *im = &b->out[1];
    for (int i = 0; i < b->outs; i++)
        if (meets(0, b->out[i].step, b->out[i].bytes, b->out[i].bytes, 1, last))
            return leat_diag_set(diag, LEAT_EINVAL,
                                 "%s: rows of %lld bytes, %lld apart, lie on each other",
                                 b->out[i].name, (long long)b->out[i].bytes,
                                 (long long)b->out[i].step);
    if (b->outs == 2 && meets(im->first - re->first, re->step, im->bytes, re->bytes, -last, last))
        return leat_diag_set(diag, LEAT_EINVAL, "fft: real and imaginary parts of out lie on each "
                                                "other");
    return LEAT_OK;
}

/* Does row i of out lie on row i of in, but where that begins, or on a later one? Where steps are
 * the same, row 0 tells of all. */
static int check_order(const struct rows *out, const struct rows *in, uint64_t count,
                       struct leat_diag *diag)
{
    uint64_t tell = out->step == in->step ? 1 : count;
    if (out->ends[1] <= in->ends[0] || in->ends[1] <= out->ends[0])
        return LEAT_OK;
    for (uint64_t i = 0; i < tell; i++) {
        int64_t at = (int64_t)i, left = (int64_t)(count - 1 - i);
        int64_t apart = in->first + at * in->step - (out->first + at * out->step);
        bool same = apart != 0 && meets(apart, 0, in->bytes, out->bytes, 0, 0);
        if (same || meets(apart, in->step, in->bytes, out->bytes, 1, left))
            return leat_diag_set(diag, LEAT_EINVAL, "%s: row %llu lies on %s, %s", out->name,
                                 (unsigned long long)i, in->name,
                                 same ? "but does not begin where it does"
                                      : "on rows that are still to be read");
    }
    return LEAT_OK;
}

static int check(const struct batch *b, struct leat_diag *diag)
{
    int status = check_out(b, diag);
    for (int i = 0; i < b->outs; i++)
        for (int j = 0; j < b->ins && status == LEAT_OK; j++)
            status = check_order(&b->out[i], &b->in[j], b->count, diag);
    return status;
}

int leat_fft_batch(const struct leat_fft *kernels, const struct leat_fft_plan *plan, bool inverse,
                   const struct leat_fft_rows *out, const struct leat_fft_rows *in, uint64_t count,
                   void *scratch, struct leat_diag *diag)
{
    bool real = plan->type == LEAT_FFT_REAL;
    size_t each = leat_kind_bytes(kernels->kind);
    uint64_t bins = real ? leat_fft_bins(plan->n) : plan->n;
    uint64_t ins = inverse ? bins : plan->n, outs = inverse ? plan->n : bins;
    struct batch b = {.count = count, .outs = real && inverse ? 1 : 2,
                      .ins = real && !inverse ? 1 : 2};
    if (plan->kind != kernels->kind)
        return leat_diag_set(diag, LEAT_EINVAL, "fft: a plan of %s for kernels of %s",
                             leat_kind_name(plan->kind), leat_kind_name(kernels->kind));
    if (count == 0)
        return LEAT_OK;
    int status = take(&b.out[0], "fft: out.re", out->re, out->step, outs, each, count, diag);
    if (status == LEAT_OK && b.outs == 2)
        status = take(&b.out[1], "fft: out.im", out->im, out->step, outs, each, count, diag);
    if (status == LEAT_OK)
        status = take(&b.in[0], "fft: in.re", in->re, in->step, ins, each, count, diag);
    if (status == LEAT_OK && b.ins == 2)
        status = take(&b.in[1], "fft: in.im", in->im, in->step, ins, each, count, diag);
    if (status == LEAT_OK)
        status = check(&b, diag);
    if (status == LEAT_OK)
        kernels->batch(plan, inverse, out, in, count, scratch);
    return status;
}
