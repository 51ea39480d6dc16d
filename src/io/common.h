/* What the stages of this room share: the words of their parameters, messages, small text. */
#ifndef LEAT_IO_COMMON_H
#define LEAT_IO_COMMON_H

#include "base/times.h"
#include "io/names.h"

#include <leat/io.h>

#define LEAT_IO_FRAME_MAX (UINT32_C(1) << 28) /* samples of a row */

extern const char *const leat_io_types[];   /* enum leat_type */
extern const char *const leat_io_layouts[]; /* enum leat_layout */
extern const char *const leat_io_missing[]; /* enum leat_missing */
extern const char *const leat_io_on_error[];   /* enum leat_on_error */

/* Parameters that several tables have, as initialisers. */
#define LEAT_IO_FILE(options, given, text, value)                                           \
    {.name = "file", .fallback = given, .doc = text, .example = value,                      \
     .offset = offsetof(struct options, file), .type = LEAT_P_TEXT}
#define LEAT_IO_TYPE(options, value)                                                        \
    {.name = "type", .fallback = value, .words = leat_io_types, .doc = "kind of the output", \
     .example = "f64", .offset = offsetof(struct options, type), .type = LEAT_P_WORD}
#define LEAT_IO_FRAME(options)                                                              \
    {.name = "frame", .fallback = "1024", .doc = "samples of a frame, or a duration",       \
     .min = 1, .max = LEAT_IO_FRAME_MAX, .example = "20ms",                                 \
     .offset = offsetof(struct options, frame), .type = LEAT_P_LENGTH, .unit = LEAT_COUNT}
#define LEAT_IO_RATE(options)                                                               \
    {.name = "rate", .fallback = "0", .doc = "samples a second; 0 = none", .max = 1e12,     \
     .example = "48kHz", .offset = offsetof(struct options, rate), .type = LEAT_P_F64,      \
     .unit = LEAT_HZ}
#define LEAT_IO_NAMES(options, text)                                                        \
    {.name = "names", .fallback = "", .doc = text, .example = "price,size",                 \
     .offset = offsetof(struct options, names), .type = LEAT_P_LIST}
#define LEAT_IO_MAPPED(options)                                                             \
    {.name = "mapped", .fallback = "no", .example = "yes",                                  \
     .offset = offsetof(struct options, mapped),                                            \
     .doc = "map the file instead of reading it; nobody may shorten it meanwhile",          \
     .type = LEAT_P_BOOL}
#define LEAT_IO_TIME_UNIT(options)                                                          \
    {.name = "time-unit", .fallback = "s", .words = leat_time_words,                        \
     .doc = "unit of the event time", .example = "ns",                                      \
     .offset = offsetof(struct options, time_unit), .type = LEAT_P_WORD}

/* The leat_kind of a leat_type. */
uint32_t leat_io_kind(uint32_t type);

/* n channels must be 1 .. what the planner can take. */
int leat_io_channels(const struct leat_need *need, uint64_t n, struct leat_diag *diag);

/* leat_fail with a place in the data. Returns code. */
int leat_io_fail_at(struct leat_ctx *ctx, int code, const char *path, uint64_t line,
                    uint64_t column, const char *format, ...) LEAT_PRINTF(6, 7);

/* Writes text with quotes, as JSON wants it; returns the bytes, at most 6 * strlen(text) + 2. */
size_t leat_io_json_text(char *out, const char *text);
/* Writes a number with 17 significant digits, "null" when it is not finite; at most 32 bytes. */
size_t leat_io_json_number(char *out, double number);

/* A count in decimal; returns the bytes, at most 20. */
size_t leat_io_count_text(char *out, uint64_t value);

/* One sample of any kind as text. Returns the bytes, at most 32. */
size_t leat_io_sample_text(char *out, uint32_t kind, const void *sample);

/* A delimiter's character: itself, or tab, comma, semicolon, space, pipe. */
int leat_io_delimiter(const char *text, char *delimiter, struct leat_diag *diag);

/* Copies [rows x cols] samples, sample after sample: out[c * rows + r] = row r, column c. */
void leat_io_interleave(void *out, const struct leat_frame *frame, uint32_t from, uint32_t cols);

/* Row r of a frame that is only read. */
static inline const void *leat_io_row(const struct leat_frame *frame, uint32_t r)
{
    return (const char *)(frame + 1) + (size_t)r * frame->stride;
}

#endif
