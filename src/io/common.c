#include "io/common.h"

#include <stdio.h>
#include <string.h>

const char *const leat_io_types[] = {"f64", "f32", "i64", NULL};
const char *const leat_io_layouts[] = {"interleaved", "planar", NULL};
const char *const leat_io_missing[] = {"nan", "reject", NULL};
const char *const leat_io_on_error[] = {"stop", "reject", NULL};

uint32_t leat_io_kind(uint32_t type)
{
    return type == LEAT_TYPE_F32 ? LEAT_F32 : type == LEAT_TYPE_I64 ? LEAT_I64 : LEAT_F64;
}

int leat_io_channels(const struct leat_need *need, uint64_t n, struct leat_diag *diag)
{
    if (n >= 1 && n <= need->channels_max)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ERANGE, "%llu channels: there may be 1 to %u",
                         (unsigned long long)n, need->channels_max);
}

int leat_io_fail_at(struct leat_ctx *ctx, int code, const char *path, uint64_t line,
                    uint64_t column, const char *format, ...)
{
    bool first = ctx->failed == 0;
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    leat_fail(ctx, code, "%s", text);
    if (first)
        leat_diag_at(ctx->diag, path, line > UINT32_MAX ? UINT32_MAX : (uint32_t)line,
                     column > UINT32_MAX ? UINT32_MAX : (uint32_t)column);
    return code;
}

size_t leat_io_json_text(char *out, const char *text)
{
    char *at = out;
    *at++ = '"';
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            *at++ = '\\';
            *at++ = (char)c;
        } else if (c < 0x20 || c == 0x7f) {
            at += sprintf(at, "\\u%04x", c);
        } else {
            *at++ = (char)c;
        }
    }
    *at++ = '"';
    return (size_t)(at - out);
}

size_t leat_io_json_number(char *out, double number)
{
    if (number - number != 0.0) {
        memcpy(out, "null", 4);
        return 4;
    }
    char text[40];
    int n = snprintf(text, sizeof text, "%.17g", number);
    size_t used = 0;
    bool point = false;
    for (int i = 0; i < n; i++) {
        char c = text[i];
        if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e') {
            out[used++] = c;
            point = false;
        } else if (!point) { /* the locale's decimal point, of one byte or several */
            out[used++] = '.';
            point = true;
        }
    }
    return used;
}

size_t leat_io_count_text(char *out, uint64_t value)
{
    char digits[20];
    size_t n = 0, used = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (n > 0)
        out[used++] = digits[--n];
    return used;
}

static size_t integer_text(char *out, int64_t value)
{
    *out = '-';
    return value < 0 ? 1 + leat_io_count_text(out + 1, 0 - (uint64_t)value)
                     : leat_io_count_text(out, (uint64_t)value);
}

size_t leat_io_sample_text(char *out, uint32_t kind, const void *sample)
{
    union {
        uint8_t u8;
        int16_t i16;
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
    } v;
    memcpy(&v, sample, leat_kind_bytes(kind));
    switch (kind) {
    case LEAT_U8: return integer_text(out, v.u8);
    case LEAT_I16: return integer_text(out, v.i16);
    case LEAT_I32: return integer_text(out, v.i32);
    case LEAT_I64: return integer_text(out, v.i64);
    case LEAT_F32: return leat_number_write_f32(out, v.f32);
    default: return leat_number_write(out, v.f64);
    }
}

int leat_io_delimiter(const char *text, char *delimiter, struct leat_diag *diag)
{
    static const struct {
        const char *word;
        char character;
    } words[] = {{"tab", '\t'}, {"\\t", '\t'}, {"comma", ','}, {"semicolon", ';'}, {"space", ' '},
                 {"pipe", '|'}};
    *delimiter = text[0];
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(text, words[i].word) == 0) {
            *delimiter = words[i].character;
            return LEAT_OK;
        }
    if (text[0] == '\0' || text[1] != '\0' ||
        strchr("\"\n\r+-.0123456789aefintyAEFINTY", text[0]) != NULL)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "delimiter: '%s' is not one character that stands in no number; or "
                             "write tab, comma, semicolon, space or pipe",
                             text);
    return LEAT_OK;
}

/* Constant widths let the compiler turn the copies into loads and stores. */
static inline __attribute__((always_inline)) void interleave(char *out,
                                                             const struct leat_frame *frame,
                                                             uint32_t from, uint32_t cols,
                                                             size_t width)
{
    size_t step = frame->rows * width;
    for (uint32_t r = 0; r < frame->rows; r++) {
        const char *in = (const char *)leat_io_row(frame, r) + from * width;
        for (uint32_t c = 0; c < cols; c++)
            memcpy(out + r * width + c * step, in + c * width, width);
    }
}

void leat_io_interleave(void *out, const struct leat_frame *frame, uint32_t from, uint32_t cols)
{
    switch (leat_kind_bytes(frame->kind)) {
    case 1: interleave(out, frame, from, cols, 1); break;
    case 2: interleave(out, frame, from, cols, 2); break;
    case 4: interleave(out, frame, from, cols, 4); break;
    default: interleave(out, frame, from, cols, 8); break;
    }
}
