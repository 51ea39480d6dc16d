/* Every table is whole: what the parser, `leat stages` and the documents read of it. */
#include "harness.h"

#include <string.h>

static const char *const names[] = {"zscore", "welford", "ewma", "rolling",   "scale",  "gain",
                                    "clamp",  "log",     "exp",  "abs",       "diff",   "logreturn",
                                    "window", "where",   "select", "cast", "join", "rfft",
                                    "irfft",  "fft",     "ifft", "magnitude", "power", "phase",
                                    "fir",    "convolve", "matmul", "spmm", "project",
                                    "transpose", "book", "bars", "imbalance", "norm", "topk",
                                    "gemm", "rsvd"};

Test(catalogue, holds_every_stage_once)
{
    const struct leat_catalogue *catalogue = leat_math_stages();
    cr_assert_eq(catalogue->n, sizeof names / sizeof *names);
    cr_assert_null(catalogue->next);
    for (uint32_t i = 0; i < catalogue->n; i++) {
        cr_expect_str_eq(catalogue->stages[i]->name, names[i]);
        for (uint32_t j = 0; j < i; j++)
            cr_expect_str_neq(catalogue->stages[i]->name, catalogue->stages[j]->name);
    }
}

Test(catalogue, tables_are_well_formed)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct leat_stage *stage = harness_stage(names[i]);
        cr_expect_eq(stage->size, sizeof *stage);
        bool join = stage->join != NULL;
        cr_expect_eq((stage->map != NULL) + (stage->flow != NULL) + (stage->pull != NULL) + join,
                     1);
        cr_expect_eq((stage->traits & LEAT_MAP) != 0, stage->map != NULL, "%s", stage->name);
        cr_expect(stage->resolve != NULL && stage->outs == 1);
        cr_expect_eq(stage->ins, join ? LEAT_MANY : 1);
        bool reads = (stage->traits & LEAT_READS_ONLY) != 0;
        cr_expect(!reads || stage->flow != NULL, "a MAP stage of mathematics changes its frames");
        cr_expect_eq(stage->traits & LEAT_WAITS, 0);
        cr_expect(!((stage->traits & LEAT_STATELESS) && (stage->traits & LEAT_KEYED)));
        cr_expect(strlen(stage->doc) > 20);
    }
}

Test(catalogue, every_parameter_is_documented_and_its_example_and_default_are_valid)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct leat_stage *stage = harness_stage(names[i]);
        uint64_t options[64];
        uint64_t memory[32];
        struct leat_diag diag = {0};
        cr_assert(stage->options_bytes <= sizeof options);
        cr_expect_eq(leat_options_default(stage->params, stage->params_n, options,
                                          stage->options_bytes, &diag),
                     0, "%s: %s", stage->name, diag.text);
        for (uint32_t p = 0; p < stage->params_n; p++) {
            const struct leat_param *param = &stage->params[p];
            cr_expect(param->doc != NULL && strlen(param->doc) > 10, "%s", param->name);
            cr_assert_not_null(param->example);
            cr_expect_eq(leat_param_read(param, param->example, options, memory, &diag), 0,
                         "%s %s: %s", stage->name, param->name, diag.text);
        }
    }
}

Test(catalogue, mathematics_refuses_i64_and_says_what_to_do)
{
    struct harness h;
    const char *const real_only[][2] = {{"zscore", ""},   {"welford", ""},
                                        {"ewma", "alpha=0.5"}, {"rolling", "size=3"},
                                        {"scale", "by=2"}, {"gain", "db=3"},
                                        {"clamp", "min=0"}, {"log", ""},
                                        {"exp", ""},      {"abs", ""},
                                        {"logreturn", ""}, {"rfft", ""},
                                        {"irfft", ""},    {"fft", ""},
                                        {"ifft", ""},     {"magnitude", ""},
                                        {"power", ""},    {"fir", "taps=1"},
                                        {"phase", ""},    {"norm", ""},
                                        {"topk", "k=3"},
                                        {"convolve", "taps=1"}, {"matmul", "matrix=x.npy"},
                                        {"spmm", "matrix=x.npy"},
                                        {"project", "basis=x.npy"},
                                        {"gemm", "matrix=x.npy"}, {"rsvd", "rank=2"}};
    for (size_t i = 0; i < sizeof real_only / sizeof *real_only; i++) {
        cr_expect_eq(harness_resolve(&h, real_only[i][0], real_only[i][1], 2, 16, LEAT_I64, 0),
                     LEAT_ESHAPE, "%s", real_only[i][0]);
        cr_expect(strstr(h.diag.text, "cast type=f64") != NULL, "%s", h.diag.text);
    }
}

Test(catalogue, bad_options_are_refused_by_name)
{
    static const struct {
        const char *stage, *options, *word;
        int code;
    } cases[] = {
        {"ewma", "", "alpha", LEAT_EINVAL},
        {"ewma", "alpha=0.5 span=3", "exactly one", LEAT_EINVAL},
        {"ewma", "span=0.5", "span: 0.5 is out of range: 1 to", LEAT_ERANGE},
        {"ewma", "alpha=1.5", "alpha: 1.5 is out of range: above 0, at most 1", LEAT_ERANGE},
        {"ewma", "alpha=0", "alpha: 0 is out of range: above 0, at most 1", LEAT_ERANGE},
        {"ewma", "halflife=-1", "halflife: -1 is out of range: above 0", LEAT_ERANGE},
        {"rolling", "", "size", LEAT_EINVAL},
        {"rolling", "size=0", "size", LEAT_ERANGE},
        {"rolling", "size=2s", "size", LEAT_ESHAPE},
        {"rolling", "size=1G", "size", LEAT_ERANGE},
        {"rolling", "size=3 out=median", "out", LEAT_ENAME},
        {"welford", "ddof=2", "ddof", LEAT_ERANGE},
        {"scale", "by=inf", "by", LEAT_ERANGE},
        {"gain", "", "db", LEAT_EINVAL},
        {"gain", "db=1000", "db", LEAT_ERANGE},
        {"clamp", "min=2 max=1", "min", LEAT_ERANGE},
        {"window", "", "size", LEAT_EINVAL},
        {"window", "size=0", "size", LEAT_ERANGE},
        {"window", "size=8 hop=0", "hop", LEAT_ERANGE},
        {"window", "size=20ms", "size", LEAT_ESHAPE},
        {"window", "size=8 shape=han", "did you mean 'hann'", LEAT_ENAME},
        {"window", "size=8 shape=kaiser beta=701", "beta: 701 is out of range", LEAT_ERANGE},
        {"where", "min=1", "channel", LEAT_EINVAL},
        {"where", "channel=q", "channel: unknown channel 'q'", LEAT_ENAME},
        {"where", "channel=a min=2 max=1", "min", LEAT_ERANGE},
        {"select", "", "channels", LEAT_EINVAL},
        {"select", "channels=a,a", "twice", LEAT_EINVAL},
        {"select", "channels=a,1", "twice", LEAT_EINVAL},
        {"select", "channels=a,b,a", "channels", LEAT_EINVAL},
        {"select", "channels=3", "channels: there is no channel 3", LEAT_ENAME},
        {"rsvd", "", "rank", LEAT_EINVAL},
        {"rsvd", "rank=0", "rank: 0 is out of range", LEAT_ERANGE},
        {"rsvd", "rank=3", "2 channels and 16 samples have 2 singular values", LEAT_ERANGE},
        {"rsvd", "rank=1 out=both", "out", LEAT_ENAME},
        {"rsvd", "rank=1 powers=101", "powers", LEAT_ERANGE},
        {"gemm", "", "matrix", LEAT_EINVAL},
        {"gemm", "matrix=x.npy alpha=inf", "alpha: inf is not a finite number", LEAT_ERANGE},
        {"gemm", "matrix=x.npy beta=nan", "beta: nan is not a number", LEAT_ERANGE},
        {"cast", "", "type", LEAT_EINVAL},
        {"cast", "type=f16", "type", LEAT_ENAME},
    };
    struct harness h;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(harness_resolve(&h, cases[i].stage, cases[i].options, 2, 16, LEAT_F64, 0),
                     cases[i].code, "%s %s: %d %s", cases[i].stage, cases[i].options, h.diag.code,
                     h.diag.text);
        cr_expect(strstr(h.diag.text, cases[i].word) != NULL, "%s %s: %s", cases[i].stage,
                  cases[i].options, h.diag.text);
    }
    cr_expect_eq(harness_resolve(&h, "scale", "by=1e300", 2, 16, LEAT_F32, 0), LEAT_ERANGE);
    cr_expect_eq(harness_resolve(&h, "clamp", "max=1e300", 2, 16, LEAT_F32, 0), LEAT_ERANGE);
    cr_expect_eq(harness_resolve(&h, "gemm", "matrix=x alpha=1e300", 2, 16, LEAT_F32, 0),
                 LEAT_ERANGE);
}

Test(catalogue, lengths_take_durations_where_the_stream_has_a_rate)
{
    struct harness h;
    cr_assert_eq(harness_resolve(&h, "window", "size=20ms hop=10ms", 2, 16, LEAT_F32, 8000), 0);
    cr_expect_eq(h.need.out.cols, 160);
    cr_expect_eq(h.need.out.rate_hz, 8000);
    cr_expect(h.need.out.cols_fixed);
    cr_expect_eq(h.need.claim_max, 1);
    cr_expect_eq(harness_resolve(&h, "rolling", "size=1s", 2, 16, LEAT_F32, 8000), 0);
}

Test(catalogue, answers_that_are_in_another_unit_lose_the_unit)
{
    static const struct {
        const char *stage, *options, *unit;
    } cases[] = {{"zscore", "", ""},       {"welford", "", ""},
                 {"log", "", ""},          {"logreturn", "", ""},
                 {"diff", "", "V"},        {"welford", "out=mean", "V"},
                 {"ewma", "span=3", "V"},  {"rolling", "size=3", "V"},
                 {"rolling", "size=3 out=variance", ""}};
    struct harness h;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(harness_resolve(&h, cases[i].stage, cases[i].options, 2, 16, LEAT_F64, 0), 0);
        cr_expect_str_eq(h.need.out.channels[1].unit, cases[i].unit, "%s", cases[i].stage);
    }
}
