/* Parameter tables: text to option struct, defaults, checks. */
#include "base/decimal.h"

#include <leat/param.h>

#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

/* What may follow a number: where it is allowed, and what it stands for. */
struct suffix {
    const char *word;
    uint64_t factor;
    bool time, count, hertz, decibel;
};

static const struct suffix suffixes[] = {
    { "", 1, false, true, true, true },
    { "k", 1000, false, true, true, false },
    { "M", 1000000, false, true, true, false },
    { "G", 1000000000, false, true, true, false },
    { "Ki", UINT64_C(1) << 10, false, true, false, false },
    { "Mi", UINT64_C(1) << 20, false, true, false, false },
    { "Gi", UINT64_C(1) << 30, false, true, false, false },
    { "ns", 1, true, false, false, false },
    { "us", 1000, true, false, false, false },
    { "ms", 1000000, true, false, false, false },
    { "s", 1000000000, true, false, false, false },
    { "min", UINT64_C(60000000000), true, false, false, false },
    { "h", UINT64_C(3600000000000), true, false, false, false },
    { "Hz", 1, false, false, true, false },
    { "kHz", 1000, false, false, true, false },
    { "MHz", 1000000, false, false, true, false },
    { "dB", 1, false, false, false, true },
};
#define SUFFIXES (sizeof suffixes / sizeof suffixes[0])

/* A stretch of the stream, counted or timed. */
static bool is_stretch(const struct leat_param *param)
{
    return param->type == LEAT_P_LENGTH || param->type == LEAT_P_STRETCH;
}

static bool allowed(const struct leat_param *param, const struct suffix *suffix)
{
    if (is_stretch(param))
        return suffix->time || suffix->count;
    switch (param->unit) {
    case LEAT_NS: return suffix->time;
    case LEAT_HZ: return suffix->hertz;
    case LEAT_DB: return suffix->decibel;
    default: return suffix->count;
    }
}

static const char *examples(const struct leat_param *param)
{
    if (is_stretch(param))
        return "a count such as 1024, or a duration such as 20ms";
    switch (param->unit) {
    case LEAT_NS: return "a duration with its unit, such as 20ms or 1.5s";
    case LEAT_HZ: return "a frequency such as 48000 or 44.1kHz";
    case LEAT_DB: return "decibels such as -6dB";
    case LEAT_BYTES: return "bytes such as 4096 or 64Ki";
    default: return param->type == LEAT_P_F64 ? "a number" : "a whole number";
    }
}

/* A number and its suffix, as yet unrounded. */
struct quantity {
    struct leat_decimal decimal;
    const struct suffix *suffix;
};

static int quantity_read(const struct leat_param *param, const char *text,
                         struct quantity *quantity, struct leat_diag *diag)
{
    size_t n = leat_decimal_parse(text, strlen(text), &quantity->decimal);
    const char *rest = text + n;
    if (n == 0)
        return leat_diag_set(diag, LEAT_ESYNTAX, "%s: expected %s, found '%s'", param->name,
                             examples(param), text);
    if (strcmp(rest, "m") == 0)
        return leat_diag_set(diag, LEAT_ESYNTAX,
                             "%s: '%s': a bare m could be milli, minutes or a million: write ms, "
                             "min or M",
                             param->name, text);
    /* A zero needs no unit. */
    if (*rest == '\0' && quantity->decimal.digits == 0) {
        quantity->suffix = &suffixes[0];
        return LEAT_OK;
    }
    for (size_t i = 0; i < SUFFIXES; i++) {
        if (strcmp(rest, suffixes[i].word) != 0 || !allowed(param, &suffixes[i]))
            continue;
        quantity->suffix = &suffixes[i];
        return LEAT_OK;
    }
    return leat_diag_set(diag, LEAT_ESYNTAX, "%s: expected %s, found '%s'", param->name,
                         examples(param), text);
}

void leat_param_range(const struct leat_param *param, char out[80])
{
    bool any = param->min == 0.0 && param->max == 0.0;
    bool real = param->type == LEAT_P_F64;
    char low[32], high[32];
    leat_number_write(low, any && real ? -__DBL_MAX__ : param->min);
    leat_number_write(high, any && real ? __DBL_MAX__ : param->max);
    if (param->min == LEAT_ABOVE_0)
        snprintf(out, 80, param->max > 1e300 ? "above 0" : "above 0, at most %s", high);
    else if (any && !real)
        snprintf(out, 80, "0 to %llu%s", (unsigned long long)UINT64_MAX,
                 param->unit == LEAT_NS ? " ns" : "");
    else if (!any && param->max > 1e300)
        snprintf(out, 80, "at least %s", low);
    else if (!any && param->min < -1e300)
        snprintf(out, 80, "at most %s", high);
    else
        snprintf(out, 80, "%s to %s", low, high);
}

static int range_fail(const struct leat_param *param, const char *value, bool time,
                      struct leat_diag *diag)
{
    char range[80] = "1ns to 5124095h"; /* 2^64 - 1 ns */
    if (!time || !is_stretch(param))
        leat_param_range(param, range);
    return leat_diag_set(diag, LEAT_ERANGE, "%s: %s is out of range: %s", param->name, value,
                         range);
}

static bool in_range(const struct leat_param *param, double value)
{
    if (param->min == 0.0 && param->max == 0.0)
        return true;
    return value >= param->min && value <= param->max;
}

/* All the digits of a decimal; false when there are more than 25, which with every factor fit. */
static bool all_digits(const struct leat_decimal *decimal, wide *digits, int64_t *e10)
{
    uint32_t n = 0;
    *digits = decimal->digits;
    *e10 = decimal->e10;
    if (!decimal->more)
        return true;
    *digits = 0;
    for (const char *at = decimal->text; at < decimal->end; at++) {
        if (*at == '.' || (n == 0 && *at == '0'))
            continue;
        if (n == 25)
            return false;
        *digits = *digits * 10 + (unsigned)(*at - '0');
        *e10 -= n >= 19;
        n++;
    }
    return true;
}

/* The quantity as a whole number, exactly. */
static int quantity_whole(const struct leat_param *param, const char *text,
                          const struct quantity *quantity, uint64_t *whole,
                          struct leat_diag *diag)
{
    wide value;
    int64_t e10;
    bool fits = all_digits(&quantity->decimal, &value, &e10);
    *whole = 0;
    if (value == 0)
        return LEAT_OK;
    bool time = quantity->suffix->time;
    if (quantity->decimal.negative)
        return range_fail(param, text, time, diag);
    for (value *= quantity->suffix->factor; fits && e10 < 0 && value % 10 == 0; e10++)
        value /= 10;
    if (fits && e10 < 0)
        return leat_diag_set(diag, LEAT_ESYNTAX, "%s: %s is not a whole number%s", param->name,
                             text, time ? " of nanoseconds" : "");
    for (; fits && e10 > 0 && value <= UINT64_MAX; e10--)
        value *= 10;
    if (!fits || value > UINT64_MAX)
        return range_fail(param, text, time, diag);
    *whole = (uint64_t)value;
    return LEAT_OK;
}

/* The quantity as binary64, rounded once but for min, h. */
static double quantity_real(const struct quantity *quantity)
{
    struct leat_decimal decimal = quantity->decimal;
    uint64_t factor = quantity->suffix->factor;
    for (; factor % 10 == 0; factor /= 10)
        decimal.e10++;
    return leat_decimal_double(&decimal) * (double)factor;
}

static int read_whole(const struct leat_param *param, const char *text, void *field,
                      struct leat_diag *diag)
{
    struct quantity quantity;
    uint64_t value;
    int status = quantity_read(param, text, &quantity, diag);
    if (status == LEAT_OK)
        status = quantity_whole(param, text, &quantity, &value, diag);
    if (status != LEAT_OK)
        return status;
    if (!in_range(param, (double)value))
        return range_fail(param, text, false, diag);
    memcpy(field, &value, sizeof value);
    return LEAT_OK;
}

/* inf and nan in words. */
static bool read_special(const char *text, double *value)
{
    struct leat_decimal digits;
    size_t n = strlen(text);
    return n > 0 && leat_decimal_parse(text, n, &digits) == 0 &&
           leat_number_read(text, n, value) == n;
}

static int read_real(const struct leat_param *param, const char *text, void *field,
                     struct leat_diag *diag)
{
    struct quantity quantity;
    double value;
    bool special = read_special(text, &value);
    if (!special) {
        int status = quantity_read(param, text, &quantity, diag);
        if (status != LEAT_OK)
            return status;
        value = quantity_real(&quantity);
    }
    if (value != value)
        return leat_diag_set(diag, LEAT_ERANGE, "%s: nan is not a number", param->name);
    if (!in_range(param, value) || (!special && value - value != 0.0))
        return range_fail(param, text, false, diag);
    memcpy(field, &value, sizeof value);
    return LEAT_OK;
}

static int read_length(const struct leat_param *param, const char *text, void *field,
                       struct leat_diag *diag)
{
    struct quantity quantity;
    uint64_t value;
    int status = quantity_read(param, text, &quantity, diag);
    if (status == LEAT_OK)
        status = quantity_whole(param, text, &quantity, &value, diag);
    if (status != LEAT_OK)
        return status;
    bool time = quantity.suffix->time;
    if (time && value == 0)
        return leat_diag_set(diag, LEAT_ERANGE, "%s: %s: a duration is at least 1ns", param->name,
                             text);
    if (!time && !in_range(param, (double)value))
        return range_fail(param, text, false, diag);
    struct leat_length length = { time ? 0 : value, time ? value : 0 };
    memcpy(field, &length, sizeof length);
    return LEAT_OK;
}

static int read_stretch(const struct leat_param *param, const char *text, void *field,
                        struct leat_diag *diag)
{
    struct quantity quantity;
    struct leat_stretch stretch = { 0, 0 };
    struct leat_length length;
    int status = quantity_read(param, text, &quantity, NULL);
    if (status != LEAT_OK || !quantity.suffix->time) {
        status = read_real(param, text, &stretch.samples, diag);
    } else {
        status = read_length(param, text, &length, diag);
        stretch.ns = status == LEAT_OK ? length.ns : 0;
    }
    if (status == LEAT_OK)
        memcpy(field, &stretch, sizeof stretch);
    return status;
}

static int read_bool(const struct leat_param *param, const char *text, void *field,
                     struct leat_diag *diag)
{
    static const char *const yes[] = { "yes", "on", "true" };
    static const char *const no[] = { "no", "off", "false" };
    for (int i = 0; i < 3; i++) {
        bool value = strcmp(text, yes[i]) == 0;
        if (!value && strcmp(text, no[i]) != 0)
            continue;
        memcpy(field, &value, sizeof value);
        return LEAT_OK;
    }
    return leat_diag_set(diag, LEAT_ESYNTAX, "%s: expected yes or no, found '%s'", param->name,
                         text);
}

static uint32_t words_count(const struct leat_param *param)
{
    uint32_t n = 0;
    while (param->words != NULL && param->words[n] != NULL)
        n++;
    return n;
}

static int read_word(const struct leat_param *param, const char *text, void *field,
                     struct leat_diag *diag)
{
    uint32_t n = words_count(param);
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(text, param->words[i]) != 0)
            continue;
        memcpy(field, &i, sizeof i);
        return LEAT_OK;
    }
    char list[256] = "";
    size_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        size_t bytes = strlen(param->words[i]);
        if (at + bytes + 2 > sizeof list)
            break;
        if (i > 0)
            list[at++] = ' ';
        memcpy(list + at, param->words[i], bytes + 1);
        at += bytes;
    }
    const char *near = leat_nearest(text, param->words, n);
    return leat_diag_set(diag, LEAT_ENAME, "%s: unknown word '%s'%s%s%s (one of: %s)", param->name,
                         text, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                         near != NULL ? "'?" : "", list);
}

static int read_text(const struct leat_param *param, const char *text, void *field,
                     struct leat_diag *diag)
{
    if (text[0] == '\0' && param->fallback == NULL)
        return leat_diag_set(diag, LEAT_EINVAL, "%s: the text is empty%s%s", param->name,
                             param->example != NULL ? "; give one such as " : "",
                             param->example != NULL ? param->example : "");
    memcpy(field, &text, sizeof text);
    return LEAT_OK;
}

static uint32_t items_count(const char *text)
{
    uint32_t n = *text != '\0';
    for (; n > 0 && *text != '\0'; text++)
        n += *text == ',';
    return n;
}

size_t leat_param_bytes(const struct leat_param *param, const char *text)
{
    return param->type != LEAT_P_LIST ? 0 : items_count(text) * sizeof(char *) + strlen(text) + 1;
}

static int read_list(const struct leat_param *param, const char *text, void *field, void *memory,
                     struct leat_diag *diag)
{
    uint32_t n = items_count(text);
    size_t bytes = strlen(text) + 1;
    if (n == 0)
        return leat_diag_set(diag, LEAT_ESYNTAX, "%s: expected words separated by commas",
                             param->name);
    if (text[0] == ',' || text[bytes - 2] == ',' || strstr(text, ",,") != NULL)
        return leat_diag_set(diag, LEAT_ESYNTAX, "%s: '%s' has an empty item", param->name, text);
    const char **items = memory;
    char *copy = (char *)(items + n);
    memcpy(copy, text, bytes);
    for (uint32_t i = 0; i < n; i++) {
        items[i] = copy;
        copy += strcspn(copy, ",");
        *copy++ = '\0';
    }
    struct leat_list list = { items, n };
    memcpy(field, &list, sizeof list);
    return LEAT_OK;
}

int leat_param_read(const struct leat_param *param, const char *text, void *options, void *memory,
                    struct leat_diag *diag)
{
    void *field = (char *)options + param->offset;
    switch (param->type) {
    case LEAT_P_U64: return read_whole(param, text, field, diag);
    case LEAT_P_F64: return read_real(param, text, field, diag);
    case LEAT_P_BOOL: return read_bool(param, text, field, diag);
    case LEAT_P_WORD: return read_word(param, text, field, diag);
    case LEAT_P_TEXT: return read_text(param, text, field, diag);
    case LEAT_P_LIST: return read_list(param, text, field, memory, diag);
    case LEAT_P_LENGTH: return read_length(param, text, field, diag);
    case LEAT_P_STRETCH: return read_stretch(param, text, field, diag);
    default:
        return leat_diag_set(diag, LEAT_EINVAL, "%s: unknown parameter type %u", param->name,
                             param->type);
    }
}
