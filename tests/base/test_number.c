/* A few numbers by hand; number_oracle.py asks Python about thousands. */
#define _GNU_SOURCE
#include <leat/frame.h>
#include <leat/param.h>

#include <criterion/criterion.h>

#include <fenv.h>
#include <locale.h>
#include <string.h>

static uint64_t bits_of(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static void expect_read(const char *text, size_t taken, double expected)
{
    double number = 42.0;
    cr_expect_eq(leat_number_read(text, strlen(text), &number), taken, "%s", text);
    cr_expect_eq(bits_of(number), bits_of(expected), "%s: %a, not %a", text, number, expected);
}

Test(number, read)
{
    expect_read("1", 1, 1.0);
    expect_read("-0", 2, -0.0);
    expect_read("+2.50,", 5, 2.5);
    expect_read(".5", 2, 0.5);
    expect_read("5.", 2, 5.0);
    expect_read("1e5x", 3, 1e5);
    expect_read("1e", 1, 1.0);
    expect_read("1e+", 1, 1.0);
    expect_read("1E-2", 4, 0.01);
    expect_read("1.2.3", 3, 1.2);
    expect_read("1e400", 5, __builtin_inf());
    expect_read("-1e400", 6, -__builtin_inf());
    expect_read("1e-400", 6, 0.0);
    expect_read("9007199254740993", 16, 9007199254740992.0);
    expect_read("9007199254740993.00000000000000000000000001", 43, 9007199254740994.0);
    expect_read("2.2250738585072012e-308", 23, 0x1p-1022);
    expect_read("4.9406564584124654e-324", 23, 0x1p-1074);
    expect_read("2.4703282292062327e-324", 23, 0.0);
    expect_read("2.4703282292062328e-324", 23, 0x1p-1074);
    expect_read("InFinityx", 8, __builtin_inf());
    expect_read("-inf", 4, -__builtin_inf());
    expect_read("infini", 3, __builtin_inf());
}

/* Digits are read eight at a time: each byte that is none ends them wherever it stands. */
Test(number, any_other_byte_ends_it)
{
    for (int c = 0; c < 256; c++) {
        if ((c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E')
            continue;
        char text[] = "98765432109876543";
        for (size_t at = 1; at < sizeof text - 1; at++) {
            char digit = text[at];
            double number = 0, expected = 0;
            for (size_t i = 0; i < at; i++)
                expected = expected * 10 + (text[i] - '0');
            text[at] = (char)c;
            cr_expect_eq(leat_number_read(text, sizeof text - 1, &number), at, "%d at %zu", c, at);
            cr_expect_eq(number, expected, "%d at %zu", c, at);
            text[at] = digit;
        }
    }
}

Test(number, what_is_none)
{
    static const char *const texts[] = { "", "-", "+", ".", "-.", "e5", ".e5", " 1", "x", "--1",
                                         "na", "in", "+-inf", "x1" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double number;
        cr_expect_eq(leat_number_read(texts[i], strlen(texts[i]), &number), 0, "'%s'", texts[i]);
    }
}

Test(number, nan)
{
    double number = 0.0;
    char text[32];
    cr_assert_eq(leat_number_read("NaN", 3, &number), 3);
    cr_assert(number != number);
    cr_assert_eq(leat_number_read("-nan", 4, &number), 4);
    cr_assert(number != number);
    cr_assert_eq(leat_number_write(text, -number), 3);
    cr_assert_str_eq(text, "nan");
    cr_assert_eq(leat_number_write_f32(text, __builtin_nanf("")), 3);
    cr_assert_str_eq(text, "nan");
}

static void expect_write(double number, const char *expected)
{
    char text[32];
    cr_expect_eq(leat_number_write(text, number), strlen(expected), "%s", expected);
    cr_expect_str_eq(text, expected);
}

Test(number, write)
{
    expect_write(0.0, "0");
    expect_write(-0.0, "-0");
    expect_write(1.0, "1");
    expect_write(-100.0, "-100");
    expect_write(0.1, "0.1");
    expect_write(0.0001, "0.0001");
    expect_write(0.00001, "1e-5");
    expect_write(123.456, "123.456");
    expect_write(1e16, "10000000000000000");
    expect_write(1e17, "1e17");
    expect_write(12345678901234568.0, "12345678901234568");
    expect_write(1.0 / 3.0, "0.3333333333333333");
    expect_write(5e-324, "5e-324");
    expect_write(1.7976931348623157e308, "1.7976931348623157e308");
    expect_write(-2.2250738585072014e-308, "-2.2250738585072014e-308");
    expect_write(0x1p-44, "5.684341886080802e-14"); /* the upper neighbour is the shorter one */
    expect_write(9007199254740992.0, "9007199254740992");
    expect_write(__builtin_inf(), "inf");
    expect_write(-__builtin_inf(), "-inf");
}

Test(number, write_f32)
{
    char text[32];
    leat_number_write_f32(text, 0.1f);
    cr_expect_str_eq(text, "0.1");
    leat_number_write_f32(text, -16777216.0f);
    cr_expect_str_eq(text, "-16777216");
    leat_number_write_f32(text, 0x1p-149f);
    cr_expect_str_eq(text, "1e-45");
    leat_number_write_f32(text, 3.4028235e38f);
    cr_expect_str_eq(text, "3.4028235e38");
    leat_number_write_f32(text, -0.0f);
    cr_expect_str_eq(text, "-0");
    leat_number_write_f32(text, -__builtin_inff());
    cr_expect_str_eq(text, "-inf");
}

Test(number, neither_locale_nor_rounding_shows)
{
    static const char *const locales[] = { "de_DE.UTF-8", "de_DE", "fr_FR.UTF-8" };
    double number;
    char text[32];
    for (size_t i = 0; i < 3; i++)
        if (setlocale(LC_ALL, locales[i]) != NULL)
            break;
    /* Slow and middle paths are integer arithmetic; the fast one is exact in its operands only. */
    fesetround(FE_UPWARD);
    leat_number_read("0.12345678901234567", 19, &number);
    cr_expect_eq(bits_of(number), 0x3fbf9add3746f65e);
    leat_number_write(text, 0x1.f9add3746f65ep-4);
    cr_expect_str_eq(text, "0.12345678901234566");
    fesetround(FE_TONEAREST);
}

Test(kind, names)
{
    for (uint32_t kind = LEAT_U8; kind <= LEAT_F64; kind++) {
        cr_expect_eq(leat_kind_parse(leat_kind_name(kind)), kind);
        cr_expect_neq(leat_kind_bytes(kind), 0);
    }
    cr_expect_str_eq(leat_kind_name(LEAT_I16), "i16");
    cr_expect_str_eq(leat_kind_name(0), "?");
    cr_expect_str_eq(leat_kind_name(LEAT_F64 + 1), "?");
    cr_expect_eq(leat_kind_parse("f16"), 0);
    cr_expect_eq(leat_kind_parse(""), 0);
}
