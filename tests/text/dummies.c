#include "text/dummies.h"

static int resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                   struct leat_diag *diag)
{
    (void)options, (void)in, (void)need, (void)diag;
    return LEAT_OK;
}

static void map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
}

static int pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
    return LEAT_EEND;
}

static const char *const types[] = { "f64", "f32", "i64", NULL };
static const char *const outs[] = { "mean", "variance", "stddev", "zscore", NULL };

#define FIELD(type, field) offsetof(struct type, field)

static const struct leat_param source_params[] = {
    { .name = "file", .doc = "its name", .example = "a.csv", .type = LEAT_P_TEXT,
      .offset = FIELD(file_options, file) },
    { .name = "columns", .fallback = "", .type = LEAT_P_LIST,
      .offset = FIELD(file_options, columns) },
    { .name = "frame", .fallback = "1024", .min = 1, .max = 1 << 20, .type = LEAT_P_LENGTH,
      .offset = FIELD(file_options, frame) },
    { .name = "rate", .fallback = "", .min = 1e-9, .max = 1e12, .unit = LEAT_HZ,
      .type = LEAT_P_F64, .offset = FIELD(file_options, rate) },
    { .name = "type", .fallback = "f64", .words = types, .type = LEAT_P_WORD,
      .offset = FIELD(file_options, type) },
    { .name = "header", .fallback = "yes", .type = LEAT_P_BOOL,
      .offset = FIELD(file_options, header) },
    { .name = "wait", .fallback = "1s", .unit = LEAT_NS, .type = LEAT_P_U64,
      .offset = FIELD(file_options, wait_ns) },
};

static const struct leat_param sink_params[] = {
    { .name = "file", .fallback = "-", .type = LEAT_P_TEXT, .offset = FIELD(file_options, file) },
};

static const struct leat_param rolling_params[] = {
    { .name = "size", .example = "20", .min = 1, .max = 1 << 20, .type = LEAT_P_LENGTH,
      .offset = FIELD(rolling_options, size) },
    { .name = "ddof", .fallback = "0", .min = 0, .max = 1, .type = LEAT_P_U64,
      .offset = FIELD(rolling_options, ddof) },
    { .name = "out", .fallback = "mean", .words = outs, .type = LEAT_P_WORD,
      .offset = FIELD(rolling_options, out) },
};

static const struct leat_param scale_params[] = {
    { .name = "by", .fallback = "1", .type = LEAT_P_F64, .offset = FIELD(scale_options, by) },
    { .name = "add", .fallback = "0", .type = LEAT_P_F64, .offset = FIELD(scale_options, add) },
    { .name = "gain", .fallback = "0dB", .min = -400, .max = 400, .unit = LEAT_DB,
      .type = LEAT_P_F64, .offset = FIELD(scale_options, gain_db) },
};

static const struct leat_param select_params[] = {
    { .name = "channels", .type = LEAT_P_LIST, .offset = FIELD(select_options, channels) },
};

#define COMMON .size = sizeof(struct leat_stage), .resolve = resolve
#define TABLE(table) .params = table, .params_n = sizeof table / sizeof table[0]

static const struct leat_stage csv_source = { COMMON, TABLE(source_params), .name = "csv",
                                              .options_bytes = sizeof(struct file_options),
                                              .outs = 1, .pull = pull };
static const struct leat_stage csv_sink = { COMMON, TABLE(sink_params), .name = "csv",
                                            .options_bytes = sizeof(struct file_options),
                                            .ins = 1, .map = map };
static const struct leat_stage synth = { COMMON, .name = "synth", .outs = 1, .pull = pull };
static const struct leat_stage zscore = { COMMON, .name = "zscore", .ins = 1, .outs = 1,
                                          .map = map };
static const struct leat_stage rolling = { COMMON, TABLE(rolling_params), .name = "rolling",
                                           .options_bytes = sizeof(struct rolling_options),
                                           .ins = 1, .outs = 1, .map = map };
static const struct leat_stage scale = { COMMON, TABLE(scale_params), .name = "scale",
                                         .options_bytes = sizeof(struct scale_options), .ins = 1,
                                         .outs = 1, .map = map };
static const struct leat_stage chosen = { COMMON, TABLE(select_params), .name = "select",
                                          .options_bytes = sizeof(struct select_options),
                                          .ins = 1, .outs = 1, .map = map };
static const struct leat_stage split = { COMMON, .name = "split", .ins = 1, .outs = 3, .map = map };
static const struct leat_stage sum = { COMMON, .name = "sum", .ins = 2, .outs = 1, .map = map };
static const struct leat_stage null = { COMMON, .name = "null", .ins = 1, .map = map };
static const struct leat_stage stats = { COMMON, TABLE(sink_params), .name = "stats",
                                         .options_bytes = sizeof(struct file_options), .ins = 1,
                                         .map = map };

/* Two lists, so that the search has to go on in the second. */
static const struct leat_stage *const others[] = { &zscore, &rolling, &scale, &chosen, &split,
                                                   &sum };
static const struct leat_catalogue more = { others, sizeof others / sizeof others[0], NULL };
static const struct leat_stage *const doors[] = { &csv_source, &csv_sink, &synth, &null, &stats };
const struct leat_catalogue dummies = { doors, sizeof doors / sizeof doors[0], &more };
