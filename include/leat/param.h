/* Parameters: one table that feeds the text parser, the C option struct, `leat stages`, the
 * documents and the fuzz dictionaries.
 *
 * A stage describes its option struct by an array of leat_param. Text values are read by
 * leat_param_read; a C caller fills the same struct himself, after leat_options_default, and
 * leat_options_check holds both to the same ranges.
 */
#ifndef LEAT_PARAM_H
#define LEAT_PARAM_H

#include <leat/status.h>

LEAT_BEGIN

enum leat_param_type {     /* the type of the option's field */
    LEAT_P_U64,            /* uint64_t */
    LEAT_P_F64,            /* double */
    LEAT_P_BOOL,           /* bool; text: yes no on off true false */
    LEAT_P_WORD,           /* uint32_t: index into words */
    LEAT_P_TEXT,           /* const char *, NULL when optional and not given */
    LEAT_P_LIST,           /* struct leat_list */
    LEAT_P_LENGTH,         /* struct leat_length: samples, or a duration times the rate */
    LEAT_P_STRETCH         /* struct leat_stretch: the same, but not only whole samples */
};

/* What a number counts, and so which suffixes it takes. */
enum leat_unit { LEAT_NONE, LEAT_COUNT, LEAT_BYTES, LEAT_NS, LEAT_HZ, LEAT_DB };

/* Words separated by commas. */
struct leat_list {
    const char *const *items;
    uint32_t n;
};

/* A stretch of a stream: samples, or nanoseconds (then samples is 0). Both 0: not given. */
struct leat_length {
    uint64_t samples;
    uint64_t ns;
};

/* One that need not be of whole samples. */
struct leat_stretch {
    double samples;
    uint64_t ns;
};

#define LEAT_ABOVE_0 0x1p-1074 /* as min: anything above 0 */

struct leat_param {
    const char *name;
    const char *fallback;      /* the default, as text; NULL = required; "" = optional, not given */
    const char *const *words;  /* LEAT_P_WORD: the allowed words, NULL-ended */
    const char *doc, *example; /* a sentence; a value that makes sense */
    double min, max;           /* numbers: the range, ends included; both 0 = any, that fits */
    uint16_t offset;           /* offsetof(struct options, field) */
    uint8_t type;              /* leat_param_type */
    uint8_t unit;              /* leat_unit */
    bool knob;                 /* may change while the engine runs (knob.h); no text, no list */
};

/* Reads text into the field of *options that param describes. Numbers take k M G (powers of 1000),
 * Ki Mi Gi (powers of 1024), and by unit: ns us ms s min h; Hz kHz MHz; dB. Whole numbers are exact
 * over all 64 bits. A text value borrows `text`; the words of a list are copied into memory[0,
 * leat_param_bytes(param, text)), aligned for pointers, which must live as long as the options.
 * Real numbers are rounded to nearest, to 0 where nothing else is near; one whose digits are too
 * large for binary64 is out of range, while inf is the infinity that it says.
 * Returns 0; LEAT_ESYNTAX not of the type; LEAT_ERANGE out of range; LEAT_ENAME no such word;
 * LEAT_EINVAL an empty text where one is required.
 * The text of the diag starts with the parameter's name. On error the field is as it was. */
LEAT_API LEAT_MUST_USE int leat_param_read(const struct leat_param *param, const char *text,
                                           void *options, void *memory, struct leat_diag *diag);

/* Writes a number's range in words: "1 to 64", "at least 1", "above 0, at most 1". */
LEAT_API void leat_param_range(const struct leat_param *param, char out[80]);

/* Bytes of the option's field. */
LEAT_API size_t leat_param_size(const struct leat_param *param);

/* Bytes of memory that leat_param_read takes for that text: 0 but for lists. */
LEAT_API size_t leat_param_bytes(const struct leat_param *param, const char *text);

/* Fills *options (all its bytes, struct padding too) with the defaults of the table; fields
 * without one become 0. A list's default must be "" (not given): there is nowhere to put one.
 * LEAT_EINVAL: the table is malformed (a default that is not of its type, a field outside). */
LEAT_API LEAT_MUST_USE int leat_options_default(const struct leat_param *params, uint32_t n,
                                                void *options, size_t bytes,
                                                struct leat_diag *diag);

/* Holds the numbers and words of *options to the table's ranges; required texts must be there.
 * Returns 0, LEAT_ERANGE or LEAT_EINVAL, naming the parameter. */
LEAT_API LEAT_MUST_USE int leat_options_check(const struct leat_param *params, uint32_t n,
                                              const void *options, struct leat_diag *diag);

/* True when both option structs have the same value in the parameter's field: the same bits of a
 * number, the same texts. */
LEAT_API bool leat_param_same(const struct leat_param *param, const void *options,
                              const void *others);

/* The parameter of that name; NULL, and a diag that suggests the nearest name. */
LEAT_API const struct leat_param *leat_param_find(const struct leat_param *params, uint32_t n,
                                                  const char *name, struct leat_diag *diag);

/* The parameter that a message is about: it begins with the name, and a colon or "=" behind it.
 * NULL when it is about none. */
LEAT_API const struct leat_param *leat_param_named(const struct leat_param *params, uint32_t n,
                                                   const char *message);

/* Samples of a length at a rate: a duration is multiplied by rate_hz and rounded to nearest, at
 * least 1; a length that is not given is 0. rate_hz 0 means that the stream has no rate: a
 * duration is then LEAT_ESHAPE, and the diag says so by the parameter's name. */
LEAT_API LEAT_MUST_USE int leat_length_samples(const struct leat_length *length, double rate_hz,
                                               const char *name, uint64_t *samples,
                                               struct leat_diag *diag);

/* The same of a stretch, not rounded. LEAT_ERANGE: it has more than 2^53 samples. */
LEAT_API LEAT_MUST_USE int leat_stretch_samples(const struct leat_stretch *stretch, double rate_hz,
                                                const char *name, double *samples,
                                                struct leat_diag *diag);

/* A decimal number of text[0, bytes), correctly rounded to binary64, independent of the locale:
 * [+-]digits[.digits][e[+-]digits] (".5" and "5." too), nan, inf, infinity in any case. Blanks
 * around it are not taken. As IEEE 754 rounds, what is too large for binary64 gives an infinity,
 * and what is at most half of the smallest subnormal, 4.9e-324, gives 0.
 * Returns the bytes that it took, 0 when there is no number. */
LEAT_API size_t leat_number_read(const char *text, size_t bytes, double *number);

/* The shortest decimal text that leat_number_read turns back into the same bits (NaN: to a NaN);
 * f32: into the same bits after rounding to binary32. "nan", "inf", "-inf"; plain digits up to
 * 17 of them and down to 0.0001, an exponent beyond: "1e17", "2.5e-7". out has room for 32
 * bytes; returns the length without the NUL. */
LEAT_API size_t leat_number_write(char *out, double number);
LEAT_API size_t leat_number_write_f32(char *out, float number);

LEAT_END

#endif
