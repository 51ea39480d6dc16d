/* stats: count, mean, deviation and range of each channel, as one JSON object at the end. */
#include "io/bytes.h"
#include "io/common.h"

#include <leat/stats.h>

#include <string.h>

/* The tallies are of f64 whatever the rows are: f32 rows are widened, so that the result is as good
 * as their samples. Blocks that follow each other in the state: header, channels, tallies. */
struct channel {
    uint64_t nonfinite;
    int64_t min, max; /* of integer rows, exact */
    uint64_t integers;
    struct leat_channel name;
};

struct stats_sink {
    struct leat_writer writer;
    uint64_t frames;
    uint32_t rows, kind, cols;
    size_t tally_bytes; /* from one to the next */
    size_t tallies;     /* offset of the first */
    struct channel channel[];
};

#define JSON_ROOM (LEAT_NAME_MAX * 6 + 512) /* a channel's part of the object */

static struct leat_tally *tally(struct stats_sink *s, uint32_t r)
{
    return (struct leat_tally *)(void *)((char *)s + s->tallies + r * s->tally_bytes);
}

static bool layout(uint32_t rows, size_t *tallies, size_t *tally_bytes, size_t *all)
{
    *tallies = leat_round_up(sizeof(struct stats_sink) + rows * sizeof(struct channel), LEAT_LINE);
    *tally_bytes = leat_round_up(leat_tally_bytes(LEAT_F64), LEAT_LINE);
    return leat_size_mul(*tally_bytes, rows, all) && leat_size_add(*all, *tallies, all);
}

static int stats_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                         struct leat_diag *diag)
{
    size_t tallies, tally_bytes;
    (void)options;
    if (!layout(in->rows, &tallies, &tally_bytes, &need->state_bytes) ||
        !leat_size_mul(in->cols, sizeof(double), &need->scratch_bytes))
        return leat_diag_set(diag, LEAT_ERANGE, "%u channels are too many", in->rows);
    return LEAT_OK;
}

static int stats_init(void *state, const void *options, const struct leat_shape *in,
                      const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_stats_sink_options *o = options;
    struct stats_sink *s = state;
    size_t all;
    (void)need;
    s->rows = in->rows;
    s->kind = in->kind;
    s->cols = in->cols;
    layout(in->rows, &s->tallies, &s->tally_bytes, &all);
    for (uint32_t r = 0; r < in->rows; r++) {
        s->channel[r].name = in->channels[r];
        int status = leat_tally_init(tally(s, r), LEAT_F64);
        if (status != LEAT_OK)
            return leat_diag_set(diag, status, "a tally cannot be made");
    }
    return leat_writer_open(&s->writer, o->file, JSON_ROOM, diag);
}

static void stats_fini(void *state)
{
    struct stats_sink *s = state;
    leat_writer_close(&s->writer);
}

static void range_add(struct channel *channel, const int64_t *row, uint32_t n)
{
    int64_t low = row[0], high = row[0];
    for (uint32_t c = 1; c < n; c++) {
        low = row[c] < low ? row[c] : low;
        high = row[c] > high ? row[c] : high;
    }
    if (channel->integers == 0 || low < channel->min)
        channel->min = low;
    if (channel->integers == 0 || high > channel->max)
        channel->max = high;
    channel->integers += n;
}

/* The row as f64: itself, or widened into scratch. */
static const double *widen(struct stats_sink *s, uint32_t r, const void *row, uint32_t n,
                           double *scratch, const struct leat_stats *kernels)
{
    if (s->kind == LEAT_F64)
        return row;
    if (s->kind == LEAT_I64) {
        const int64_t *integers = row;
        range_add(&s->channel[r], integers, n);
        for (uint32_t c = 0; c < n; c++)
            scratch[c] = (double)integers[c];
    } else {
        kernels->from[s->kind](scratch, row, n, 1.0);
    }
    return scratch;
}

static void add_row(struct stats_sink *s, uint32_t r, const void *row, uint32_t n,
                    double *scratch, const struct leat_stats *kernels)
{
    const double *x = widen(s, r, row, n, scratch, kernels);
    if (LEAT_LIKELY(kernels->finite(x, n))) {
        leat_tally_add(tally(s, r), kernels, x, n);
        return;
    }
    uint32_t kept = 0;
    for (uint32_t c = 0; c < n; c++)
        if (x[c] - x[c] == 0.0)
            scratch[kept++] = x[c]; /* kept <= c: the row may be the scratch itself */
    s->channel[r].nonfinite += n - kept;
    leat_tally_add(tally(s, r), kernels, scratch, kept);
}

static void stats_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                      uint32_t n)
{
    struct stats_sink *s = state;
    const struct leat_stats *kernels = leat_stats_kernels((enum leat_isa)ctx->isa, LEAT_F64);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < frames[i]->rows; r++)
            add_row(s, r, leat_io_row(frames[i], r), frames[i]->cols, ctx->scratch, kernels);
    s->frames += n;
}

/* ---- the object ---- */

static char *put_text(char *at, const char *text)
{
    size_t n = strlen(text);
    memcpy(at, text, n);
    return at + n;
}

static char *put_count(char *at, uint64_t n)
{
    return at + leat_io_count_text(at, n);
}

static char *put_number(char *at, const char *label, double number, bool defined)
{
    at = put_text(at, label);
    return at + leat_io_json_number(at, defined ? number : __builtin_nan(""));
}

static char *put_channel(struct stats_sink *s, uint32_t r, char *at,
                         const struct leat_stats *kernels)
{
    struct channel *channel = &s->channel[r];
    struct leat_summary summary;
    leat_tally_read(tally(s, r), kernels, &summary);
    uint64_t count = summary.moments.count;
    at = put_text(at, r == 0 ? "{\"name\":" : ",{\"name\":");
    at += leat_io_json_text(at, channel->name.name);
    at = put_count(put_text(at, ",\"count\":"), count);
    at = put_number(at, ",\"mean\":", summary.moments.mean, count > 0);
    at = put_number(at, ",\"stddev\":", leat_moments_stddev(&summary.moments, 1), count > 1);
    if (channel->integers != 0) {
        at = put_text(at, ",\"min\":");
        at += leat_io_sample_text(at, LEAT_I64, &channel->min);
        at = put_text(at, ",\"max\":");
        at += leat_io_sample_text(at, LEAT_I64, &channel->max);
    } else {
        at = put_number(at, ",\"min\":", summary.min, count > 0);
        at = put_number(at, ",\"max\":", summary.max, count > 0);
    }
    if (channel->nonfinite != 0)
        at = put_count(put_text(at, ",\"nonfinite\":"), channel->nonfinite);
    return put_text(at, "}");
}

static bool stats_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct stats_sink *s = state;
    const struct leat_stats *kernels = leat_stats_kernels((enum leat_isa)ctx->isa, LEAT_F64);
    char text[JSON_ROOM], *at = text;
    (void)out;
    at = put_count(put_text(at, "{\"frames\":"), s->frames);
    at = put_text(at, ",\"channels\":[");
    for (uint32_t r = 0; r < s->rows; r++) {
        at = put_channel(s, r, at, kernels);
        if (!leat_writer_put(&s->writer, ctx, text, (size_t)(at - text)))
            return true;
        at = text;
    }
    at = put_text(at, "]}\n");
    if (leat_writer_put(&s->writer, ctx, text, (size_t)(at - text)))
        leat_writer_commit(&s->writer, ctx);
    return true;
}

static const struct leat_param stats_params[] = {
    LEAT_IO_FILE(leat_stats_sink_options, "-", "where the JSON object goes; - is standard output",
                 "result.json"),
};

const struct leat_stage leat_stats_sink = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_READS_ONLY,
    .name = "stats",
    .doc = "Writes count, mean, deviation, least and largest of each channel as JSON.",
    .params = stats_params,
    .params_n = sizeof stats_params / sizeof stats_params[0],
    .options_bytes = sizeof(struct leat_stats_sink_options),
    .ins = 1,
    .resolve = stats_resolve,
    .init = stats_init,
    .map = stats_map,
    .flush = stats_flush,
    .fini = stats_fini,
};
