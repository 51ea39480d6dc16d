#include <leat/param.h>

#include <criterion/criterion.h>

#include <string.h>

static const char *const words[] = { "mean", "variance", NULL };

struct options {
    uint64_t count;
    uint64_t wait_ns;
    double factor, rate, gain;
    bool on;
    uint32_t out;
    const char *file;
    struct leat_list names;
    struct leat_length length;
    uint64_t size;
    double weight;
    struct leat_stretch stretch;
};

#define AT(field) .offset = offsetof(struct options, field)
enum { COUNT, WAIT, FACTOR, RATE, GAIN, ON, OUT, FILE_NAME, NAMES, LENGTH, SIZE, WEIGHT, STRETCH,
       PARAMS };
static const struct leat_param params[PARAMS] = {
    { .name = "count", .fallback = "10", .min = 1, .max = 1e19, .type = LEAT_P_U64, AT(count) },
    { .name = "wait", .fallback = "20ms", .type = LEAT_P_U64, .unit = LEAT_NS, AT(wait_ns) },
    { .name = "factor", .fallback = "-1.5", .type = LEAT_P_F64, AT(factor) },
    { .name = "rate", .fallback = "", .min = 1, .max = 1e6, .type = LEAT_P_F64, .unit = LEAT_HZ,
      AT(rate) },
    { .name = "gain", .fallback = "0", .type = LEAT_P_F64, .unit = LEAT_DB, AT(gain) },
    { .name = "on", .fallback = "yes", .type = LEAT_P_BOOL, AT(on) },
    { .name = "out", .fallback = "variance", .words = words, .type = LEAT_P_WORD, AT(out) },
    { .name = "file", .type = LEAT_P_TEXT, .example = "a.csv", AT(file) },
    { .name = "names", .fallback = "", .type = LEAT_P_LIST, AT(names) },
    { .name = "length", .fallback = "1024", .min = 2, .max = 4096, .type = LEAT_P_LENGTH,
      AT(length) },
    { .name = "size", .fallback = "64Ki", .type = LEAT_P_U64, .unit = LEAT_BYTES, AT(size) },
    { .name = "weight", .fallback = "", .min = LEAT_ABOVE_0, .max = 1, .type = LEAT_P_F64,
      AT(weight) },
    { .name = "stretch", .fallback = "", .min = LEAT_ABOVE_0, .max = 1e15,
      .type = LEAT_P_STRETCH, AT(stretch) },
};

static struct options options;
static struct leat_diag diag;
static char *memory[64];

static void init(void)
{
    memset(&diag, 0, sizeof diag);
    cr_assert_eq(leat_options_default(params, PARAMS, &options, sizeof options, &diag), LEAT_OK,
                 "%s", diag.text);
}

TestSuite(param, .init = init);

static int read(int param, const char *text)
{
    cr_assert_leq(leat_param_bytes(&params[param], text), sizeof memory);
    return leat_param_read(&params[param], text, &options, memory, &diag);
}

Test(param, defaults)
{
    cr_expect_eq(options.count, 10);
    cr_expect_eq(options.wait_ns, 20000000);
    cr_expect_eq(options.factor, -1.5);
    cr_expect_eq(options.rate, 0.0);
    cr_expect(options.on);
    cr_expect_eq(options.out, 1);
    cr_expect_null(options.file);
    cr_expect_eq(options.names.n, 0);
    cr_expect_eq(options.length.samples, 1024);
    cr_expect_eq(options.size, 65536);
}

Test(param, whole_numbers_are_exact)
{
    static const struct {
        const char *text;
        uint64_t value;
    } cases[] = {
        { "1", 1 }, { "+7", 7 }, { "1e6", 1000000 }, { "2.5k", 2500 }, { "1M", 1000000 },
        { "3G", 3000000000 }, { "1Ki", 1024 }, { "1.5Mi", 1572864 }, { "2Gi", 2147483648 },
        { "9007199254740993", 9007199254740993 }, 
        { "9999999999999999999", UINT64_C(9999999999999999999) },
        { "0.0001e4", 1 }, { "1.50e1", 15 }, { "100e-2", 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(read(COUNT, cases[i].text), LEAT_OK, "%s: %s", cases[i].text, diag.text);
        cr_expect_eq(options.count, cases[i].value, "%s: %lu", cases[i].text, options.count);
    }
    cr_expect_eq(read(SIZE, "18446744073709551615"), LEAT_OK, "%s", diag.text);
    cr_expect_eq(options.size, UINT64_MAX);
    cr_expect_eq(read(SIZE, "18446744073709551615.000"), LEAT_OK, "%s", diag.text);
    cr_expect_eq(read(SIZE, "18446744073709551616"), LEAT_ERANGE);
    cr_expect_str_eq(diag.text, "size: 18446744073709551616 is out of range: 0 to "
                                "18446744073709551615");
    cr_expect_eq(read(SIZE, "1e99999999999999999999"), LEAT_ERANGE);
    cr_expect_eq(read(SIZE, "0e99999999999999999999"), LEAT_OK);
    cr_expect_eq(read(SIZE, "18446744073709551615Gi"), LEAT_ERANGE);
    cr_expect_eq(read(SIZE, "1.00000000000000000000000000000000001"), LEAT_ERANGE);
    cr_expect_eq(read(SIZE, "1.000000000000000000001"), LEAT_ESYNTAX);
}

struct wrong {
    int param;
    const char *text;
    int code;
    const char *message;
};

static void expect_all(const struct wrong *cases, size_t n)
{
    struct options before = options;
    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(read(cases[i].param, cases[i].text), cases[i].code, "%s", cases[i].text);
        cr_expect_eq(diag.code, cases[i].code);
        cr_expect_str_eq(diag.text, cases[i].message);
        cr_expect_arr_eq((char *)&options, (char *)&before, sizeof options, "%s", cases[i].text);
    }
}

Test(param, wrong_numbers_leave_the_field_alone)
{
    static const struct wrong cases[] = {
        { COUNT, "", LEAT_ESYNTAX, "count: expected a whole number, found ''" },
        { COUNT, "x", LEAT_ESYNTAX, "count: expected a whole number, found 'x'" },
        { COUNT, "5 ", LEAT_ESYNTAX, "count: expected a whole number, found '5 '" },
        { COUNT, "5ms", LEAT_ESYNTAX, "count: expected a whole number, found '5ms'" },
        { COUNT, "5K", LEAT_ESYNTAX, "count: expected a whole number, found '5K'" },
        { COUNT, "5m", LEAT_ESYNTAX,
          "count: '5m': a bare m could be milli, minutes or a million: write ms, min or M" },
        { COUNT, "1.5", LEAT_ESYNTAX, "count: 1.5 is not a whole number" },
        { COUNT, "-3", LEAT_ERANGE, "count: -3 is out of range: 1 to 1e19" },
        { COUNT, "1e30", LEAT_ERANGE, "count: 1e30 is out of range: 1 to 1e19" },
        { SIZE, "-1", LEAT_ERANGE, "size: -1 is out of range: 0 to 18446744073709551615" },
        { WAIT, "-5ms", LEAT_ERANGE, "wait: -5ms is out of range: 0 to 18446744073709551615 ns" },
        { FACTOR, "1e400", LEAT_ERANGE,
          "factor: 1e400 is out of range: -1.7976931348623157e308 to 1.7976931348623157e308" },
        { FACTOR, "-1e308k", LEAT_ERANGE,
          "factor: -1e308k is out of range: -1.7976931348623157e308 to 1.7976931348623157e308" },
        { WEIGHT, "0", LEAT_ERANGE, "weight: 0 is out of range: above 0, at most 1" },
        { WEIGHT, "-0.5", LEAT_ERANGE, "weight: -0.5 is out of range: above 0, at most 1" },
        { WEIGHT, "1e-400", LEAT_ERANGE, "weight: 1e-400 is out of range: above 0, at most 1" },
        { WEIGHT, "1.01", LEAT_ERANGE, "weight: 1.01 is out of range: above 0, at most 1" },
        { COUNT, "0", LEAT_ERANGE, "count: 0 is out of range: 1 to 1e19" },
        { COUNT, "nan", LEAT_ESYNTAX, "count: expected a whole number, found 'nan'" },
        { WAIT, "5", LEAT_ESYNTAX,
          "wait: expected a duration with its unit, such as 20ms or 1.5s, found '5'" },
        { WAIT, "5k", LEAT_ESYNTAX,
          "wait: expected a duration with its unit, such as 20ms or 1.5s, found '5k'" },
        { WAIT, "1.5ns", LEAT_ESYNTAX, "wait: 1.5ns is not a whole number of nanoseconds" },
        { FACTOR, "nan", LEAT_ERANGE, "factor: nan is not a number" },
        { FACTOR, "1..2", LEAT_ESYNTAX, "factor: expected a number, found '1..2'" },
        { RATE, "0.5", LEAT_ERANGE, "rate: 0.5 is out of range: 1 to 1000000" },
        { RATE, "inf", LEAT_ERANGE, "rate: inf is out of range: 1 to 1000000" },
        { RATE, "5dB", LEAT_ESYNTAX,
          "rate: expected a frequency such as 48000 or 44.1kHz, found '5dB'" },
        { ON, "1", LEAT_ESYNTAX, "on: expected yes or no, found '1'" },
        { OUT, "meen", LEAT_ENAME,
          "out: unknown word 'meen'; did you mean 'mean'? (one of: mean variance)" },
        { OUT, "", LEAT_ENAME, "out: unknown word '' (one of: mean variance)" },
        { NAMES, "", LEAT_ESYNTAX, "names: expected words separated by commas" },
        { NAMES, "a,,b", LEAT_ESYNTAX, "names: 'a,,b' has an empty item" },
        { NAMES, "a,", LEAT_ESYNTAX, "names: 'a,' has an empty item" },
        { NAMES, ",", LEAT_ESYNTAX, "names: ',' has an empty item" },
        { FILE_NAME, "", LEAT_EINVAL, "file: the text is empty; give one such as a.csv" },
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
}

Test(param, wrong_lengths_leave_the_field_alone)
{
    static const struct wrong cases[] = {
        { LENGTH, "1", LEAT_ERANGE, "length: 1 is out of range: 2 to 4096" },
        { LENGTH, "0ms", LEAT_ERANGE, "length: 0ms: a duration is at least 1ns" },
        { LENGTH, "-1", LEAT_ERANGE, "length: -1 is out of range: 2 to 4096" },
        { LENGTH, "-1s", LEAT_ERANGE, "length: -1s is out of range: 1ns to 5124095h" },
        { LENGTH, "5124096h", LEAT_ERANGE, "length: 5124096h is out of range: 1ns to 5124095h" },
        { STRETCH, "0", LEAT_ERANGE,
          "stretch: 0 is out of range: above 0, at most 1000000000000000" },
        { STRETCH, "0us", LEAT_ERANGE, "stretch: 0us: a duration is at least 1ns" },
        { STRETCH, "-1s", LEAT_ERANGE, "stretch: -1s is out of range: 1ns to 5124095h" },
        { STRETCH, "inf", LEAT_ERANGE,
          "stretch: inf is out of range: above 0, at most 1000000000000000" },
        { STRETCH, "5m", LEAT_ESYNTAX,
          "stretch: '5m': a bare m could be milli, minutes or a million: write ms, min or M" },
        { STRETCH, "2Hz", LEAT_ESYNTAX,
          "stretch: expected a count such as 1024, or a duration such as 20ms, found '2Hz'" },
        { LENGTH, "48kHz", LEAT_ESYNTAX,
          "length: expected a count such as 1024, or a duration such as 20ms, found '48kHz'" },
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
}

Test(param, durations_frequencies_decibels)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } times[] = { { "5ns", 5 }, { "1.5us", 1500 }, { "20ms", 20000000 }, { "0.25s", 250000000 },
                  { "2min", UINT64_C(120000000000) }, { "1h", UINT64_C(3600000000000) },
                  { "0", 0 }, { "0s", 0 } };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        cr_expect_eq(read(WAIT, times[i].text), LEAT_OK, "%s", diag.text);
        cr_expect_eq(options.wait_ns, times[i].ns, "%s", times[i].text);
    }
    cr_expect_eq(read(RATE, "44.1kHz"), LEAT_OK);
    cr_expect_eq(options.rate, 44100.0);
    cr_expect_eq(read(RATE, "1MHz"), LEAT_OK);
    cr_expect_eq(options.rate, 1e6);
    cr_expect_eq(read(RATE, "48k"), LEAT_OK);
    cr_expect_eq(options.rate, 48000.0);
    cr_expect_eq(read(RATE, "50Hz"), LEAT_OK);
    cr_expect_eq(options.rate, 50.0);
    cr_expect_eq(read(GAIN, "-6.5dB"), LEAT_OK);
    cr_expect_eq(options.gain, -6.5);
    cr_expect_eq(read(FACTOR, "4.35k"), LEAT_OK);
    cr_expect_eq(options.factor, 4350.0);
    cr_expect_eq(read(FACTOR, "1e-400"), LEAT_OK);
    cr_expect_eq(options.factor, 0.0);
    cr_expect_eq(read(FACTOR, "-inf"), LEAT_OK);
    cr_expect_eq(options.factor, -__builtin_inf());
    cr_expect_eq(read(LENGTH, "2Ki"), LEAT_OK);
    cr_expect_eq(options.length.samples, 2048);
    cr_expect_eq(read(LENGTH, "1.5ms"), LEAT_OK);
    cr_expect_eq(options.length.samples, 0);
    cr_expect_eq(options.length.ns, 1500000);
    double samples;
    cr_expect_eq(read(STRETCH, "2.5k"), LEAT_OK);
    cr_expect(options.stretch.samples == 2500 && options.stretch.ns == 0);
    cr_expect_eq(leat_stretch_samples(&options.stretch, 0, "x", &samples, &diag), LEAT_OK);
    cr_expect_eq(samples, 2500);
    cr_expect_eq(read(STRETCH, "1.5ms"), LEAT_OK);
    cr_expect(options.stretch.samples == 0 && options.stretch.ns == 1500000);
    cr_expect_eq(leat_stretch_samples(&options.stretch, 500, "x", &samples, &diag), LEAT_OK);
    cr_expect_eq(samples, 0.75);
    cr_expect_eq(leat_stretch_samples(&options.stretch, 0, "x", &samples, &diag), LEAT_ESHAPE);
}

Test(param, words_texts_lists)
{
    static const char *const yes[] = { "yes", "on", "true" };
    static const char *const no[] = { "no", "off", "false" };
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(read(ON, no[i]), LEAT_OK);
        cr_expect_not(options.on);
        cr_expect_eq(read(ON, yes[i]), LEAT_OK);
        cr_expect(options.on);
    }
    cr_expect_eq(read(OUT, "mean"), LEAT_OK);
    cr_expect_eq(options.out, 0);
    const char *text = "a b,c";
    cr_expect_eq(read(FILE_NAME, text), LEAT_OK);
    cr_expect_eq((const void *)options.file, (const void *)text);
    cr_expect_eq(read(NAMES, "price,size,3"), LEAT_OK);
    cr_expect_eq(options.names.n, 3);
    cr_expect_str_eq(options.names.items[0], "price");
    cr_expect_str_eq(options.names.items[2], "3");
    cr_expect_eq(leat_param_bytes(&params[NAMES], "price,size,3"), 3 * sizeof(char *) + 13);
    cr_expect_eq(leat_param_bytes(&params[FILE_NAME], "price,size,3"), 0);
}

Test(param, check_holds_c_callers_to_the_table)
{
    cr_expect_eq(leat_options_check(params, PARAMS, &options, &diag), LEAT_EINVAL);
    cr_expect_str_eq(diag.text, "file= is required, for example a.csv");
    options.file = "x";
    cr_expect_eq(leat_options_check(params, PARAMS, &options, &diag), LEAT_OK, "%s", diag.text);
    options.count = 0;
    cr_expect_eq(leat_options_check(params, PARAMS, &options, &diag), LEAT_ERANGE);
    cr_expect_str_eq(diag.text, "count: 0 is out of range: 1 to 1e19");
    options.count = 1;
    options.factor = __builtin_nan("");
    cr_expect_eq(leat_options_check(params, PARAMS, &options, &diag), LEAT_ERANGE);
    options.factor = 1;
    options.rate = 2e6;
    cr_expect_eq(leat_options_check(params, PARAMS, &options, &diag), LEAT_ERANGE);
    options.rate = 0; /* optional and not given */
    options.weight = -1;
    cr_expect_eq(leat_options_check(params, PARAMS, &options, &diag), LEAT_ERANGE);
    cr_expect_str_eq(diag.text, "weight: -1 is out of range: above 0, at most 1");
    options.weight = 0;
    options.out = 2;
    cr_expect_eq(leat_options_check(params, PARAMS, &options, &diag), LEAT_ERANGE);
    options.out = 1;
    options.length.ns = 5;
    cr_expect_eq(leat_options_check(params, PARAMS, &options, &diag), LEAT_EINVAL);
    options.length.samples = 0;
    options.names.n = 1;
    cr_expect_eq(leat_options_check(params, PARAMS, &options, &diag), LEAT_EINVAL);
    options.names.n = 0;
    cr_expect_eq(leat_options_check(params, PARAMS, &options, &diag), LEAT_OK, "%s", diag.text);
}

/* Each parameter tells its own field's change, and no other. */
Test(param, same)
{
    static const char *const texts[PARAMS] = { "11", "21ms", "1.5", "5", "1dB", "no", "mean",
                                               "x", "a,b", "20ms", "1", "0.5", "1.5s" };
    static const char *const list[] = { "a", "b" }, *const other[] = { "a", "c" };
    struct options plain = options;
    for (int i = 0; i < PARAMS; i++) {
        cr_assert_eq(read(i, texts[i]), LEAT_OK, "%s", diag.text);
        for (int k = 0; k < PARAMS; k++)
            cr_expect_eq(leat_param_same(&params[k], &options, &plain), k != i, "%d %d", i, k);
        init();
    }
    options.factor = 0.0;
    plain.factor = -0.0;
    cr_expect_not(leat_param_same(&params[FACTOR], &options, &plain));
    char file[] = "a.csv";
    options.file = file;
    plain.file = "a.csv";
    cr_expect(leat_param_same(&params[FILE_NAME], &options, &plain));
    options.names = (struct leat_list){ list, 2 };
    plain.names = (struct leat_list){ other, 1 };
    cr_expect_not(leat_param_same(&params[NAMES], &options, &plain));
    options.names.n = 1;
    cr_expect(leat_param_same(&params[NAMES], &options, &plain));
    options.names.n = plain.names.n = 2;
    cr_expect_not(leat_param_same(&params[NAMES], &options, &plain));
}

Test(param, malformed_tables)
{
    struct leat_param wrong = { .name = "x", .fallback = "abc", .type = LEAT_P_U64 };
    uint64_t x[2];
    cr_expect_eq(leat_options_default(&wrong, 1, x, sizeof x, &diag), LEAT_EINVAL);
    wrong.fallback = "1";
    cr_expect_eq(leat_options_default(&wrong, 1, x, sizeof x, &diag), LEAT_OK);
    wrong.offset = 12;
    cr_expect_eq(leat_options_default(&wrong, 1, x, sizeof x, &diag), LEAT_EINVAL);
    wrong = (struct leat_param){ .name = "x", .fallback = "a,b", .type = LEAT_P_LIST };
    cr_expect_eq(leat_options_default(&wrong, 1, x, sizeof x, &diag), LEAT_EINVAL);
    wrong = (struct leat_param){ .name = "x", .fallback = "", .type = 99 };
    cr_expect_eq(leat_param_read(&wrong, "1", x, NULL, &diag), LEAT_EINVAL);
    cr_expect_eq(leat_options_check(&wrong, 1, x, &diag), LEAT_EINVAL);
}

Test(param, find)
{
    cr_expect_eq((const void *)leat_param_find(params, PARAMS, "rate", &diag),
                 (const void *)&params[RATE]);
    cr_expect_null(leat_param_find(params, PARAMS, "siz", &diag));
    cr_expect_eq(diag.code, LEAT_ENAME);
    cr_expect_str_eq(diag.text, "unknown parameter 'siz'; did you mean 'size'?");
    cr_expect_null(leat_param_find(params, PARAMS, "xyzzy", &diag));
    cr_expect_str_eq(diag.text, "unknown parameter 'xyzzy'");
    cr_expect_null(leat_param_find(NULL, 0, "x", NULL));
}

Test(param, lengths_become_samples)
{
    static const struct {
        uint64_t samples, ns;
        double rate;
        int code;
        uint64_t expected;
    } cases[] = {
        { 7, 0, 0.0, LEAT_OK, 7 },
        { 0, 0, 0.0, LEAT_OK, 0 },
        { 0, 20000000, 44100.0, LEAT_OK, 882 },
        { 0, 1, 1000.0, LEAT_OK, 1 },
        { 0, 1499999, 1000.0, LEAT_OK, 1 },
        { 0, 1500000, 1000.0, LEAT_OK, 2 },
        { 0, 20000000, 0.0, LEAT_ESHAPE, 99 },
        { 0, 20000000, __builtin_nan(""), LEAT_ESHAPE, 99 },
        { 0, UINT64_MAX, 1e9, LEAT_ERANGE, 99 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct leat_length length = { cases[i].samples, cases[i].ns };
        uint64_t samples = 99;
        cr_expect_eq(leat_length_samples(&length, cases[i].rate, "size", &samples, &diag),
                     cases[i].code);
        cr_expect_eq(samples, cases[i].expected, "case %zu: %lu", i, samples);
    }
    cr_expect(strstr(diag.text, "size: ") == diag.text, "%s", diag.text);
}
