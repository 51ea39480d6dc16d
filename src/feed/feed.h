/* Market data feeds: their messages as tables, and what decodes any of them by its table.
 *
 * A decoder is made by leat_decode_make from a feed and what the user asked of it. Messages are
 * looked at one by one (leat_decode_wants) and those that are wanted are kept by address until a
 * group of them is full; leat_decode_columns then turns the group into columns, a field at a time.
 */
#ifndef LEAT_FEED_H
#define LEAT_FEED_H

#include "io/common.h"

#include <leat/feeds.h>

/* ---- the tables ---- */

enum leat_field_kind {
    LEAT_FIELD_COUNT,  /* unsigned: sizes, numbers that f64 may hold */
    LEAT_FIELD_SIGNED,
    LEAT_FIELD_TEXT,   /* letters: the first in the highest byte */
    LEAT_FIELD_PRICE,  /* a whole number of 1/scale */
    LEAT_FIELD_NUMBER, /* all of 64 bits mean something: order numbers */
    LEAT_FIELD_TIME,   /* ns */
    LEAT_FIELD_SEQUENCE, LEAT_FIELD_RECEIVED /* known of a message without looking into it */
};

struct leat_field {
    const char *types; /* of the messages that have it, a letter each; NULL: every one */
    const char *name;
    uint8_t offset, width; /* bytes; 1, 2, 4, 6 or 8 */
    uint8_t kind;
    uint8_t decimals;      /* of a price */
};

struct leat_form {
    char type;
    uint8_t bytes;
    const char *name;
};

struct leat_feed {
    const char *name;
    const struct leat_form *forms; /* [forms_n] */
    const struct leat_field *fields; /* [fields_n] in the order of the channels */
    uint32_t forms_n, fields_n;
    bool big_endian;
    uint8_t type_at;       /* the letter that says which form it is */
    uint8_t only_at;       /* the letter that only= is about; */
    const char *only;      /* which there are; NULL: the forms' types */
    const char *only_word; /* what it is called */
    uint8_t time_at, time_width; /* the event's time, ns */
    const char *group;     /* the parameter that chooses by symbol or instrument, */
    const char *group_field; /* the field that it is about, */
    const char *alias_field; /* and one that stands for it in messages that lack it; NULL: none */
};

enum leat_feed_number { LEAT_FEED_ITCH, LEAT_FEED_DBN, LEAT_FEED_IEX };
extern const struct leat_feed leat_feed_itch, leat_feed_dbn, leat_feed_iex;
/* By number: the state of a stage holds no pointers. */
const struct leat_feed *leat_feed_of(uint32_t number);

/* A type has this field. */
bool leat_field_in(const struct leat_field *field, char type);

/* ---- parameters that every decoder has ---- */

extern const char *const leat_feed_types[]; /* enum leat_feed_type */
#define LEAT_FEED_ONLY(options, text, value)                                                \
    {.name = "only", .fallback = "", .doc = text, .example = value,                         \
     .offset = offsetof(struct options, only), .type = LEAT_P_LIST}
#define LEAT_FEED_GROUP(options, word, value, text)                                         \
    {.name = #word, .fallback = "", .doc = text, .example = value,                          \
     .offset = offsetof(struct options, word), .type = LEAT_P_LIST}
#define LEAT_FEED_FIELDS(options, value)                                                    \
    {.name = "fields", .fallback = "", .example = value,                                    \
     .doc = "channels, in that order; default all that the messages have and type= holds",  \
     .offset = offsetof(struct options, fields), .type = LEAT_P_LIST}
#define LEAT_FEED_TYPE(options)                                                             \
    {.name = "type", .fallback = "f64", .words = leat_feed_types, .example = "i64",         \
     .doc = "f64: prices as decimal numbers; i64: every field exactly, prices as whole "    \
            "numbers of the feed's own scale",                                              \
     .offset = offsetof(struct options, type), .type = LEAT_P_WORD}

#define LEAT_FEED_FRAME(options)                                                            \
    {.name = "frame", .fallback = "1024", .doc = "samples of a frame: messages that are kept", \
     .min = 1, .max = LEAT_IO_FRAME_MAX, .example = "64",                                   \
     .offset = offsetof(struct options, frame), .type = LEAT_P_LENGTH, .unit = LEAT_COUNT}
#define LEAT_FEED_WINDOW(options)                                                           \
    {.name = "window", .fallback = "64Ki", .min = 0, .max = 1e18, .example = "1k",          \
     .doc = "messages back that are duplicates, or late; from further back the stream begins " \
            "anew, and a reset is counted",                                                 \
     .offset = offsetof(struct options, window), .type = LEAT_P_U64, .unit = LEAT_COUNT}
#define LEAT_ITCH_PARAMS(options)                                                           \
    LEAT_FEED_ONLY(options, "types of messages that are kept; default all", "A,F"),         \
    LEAT_FEED_GROUP(options, symbol, "AAPL",                                                \
                    "symbols whose messages are kept, also those that name their locate "   \
                    "code alone; default all"),                                             \
    LEAT_FEED_FIELDS(options, "shares,price"), LEAT_FEED_FRAME(options), LEAT_FEED_TYPE(options)
#define LEAT_DBN_PARAMS(options)                                                            \
    LEAT_FEED_ONLY(options, "actions that are kept, of A C M R T F N; default all", "T"),   \
    LEAT_FEED_GROUP(options, instrument, "17077",                                           \
                    "numbers of the instruments that are kept; default all"),               \
    LEAT_FEED_FIELDS(options, "price,size"), LEAT_FEED_FRAME(options), LEAT_FEED_TYPE(options)

/* ---- decoding ---- */

#define LEAT_FORMS_MAX 32u
#define LEAT_FIELDS_MAX 96u
#define LEAT_GROUPS_MAX 64u  /* symbols or instruments that may be chosen */
#define LEAT_PICKED_MAX 256u /* messages that are decoded together */

/* What was asked of it. */
struct leat_ask {
    uint32_t feed, type;
    struct leat_list only, groups, fields;
    struct leat_length frame;
};

/* What is wrong: of messages, and of the datagrams that they come in. MISSING are the messages of
 * all GAPS. */
enum leat_feed_cause {
    LEAT_BAD_TYPE, LEAT_BAD_LENGTH, LEAT_CUT_OFF,
    LEAT_GAPS, LEAT_MISSING, LEAT_DUPLICATES, LEAT_RESETS, LEAT_OVERSIZE
};
extern const char *const leat_feed_causes[], *const leat_datagram_causes[];

/* How a field of one form becomes a cell. */
struct leat_cell_op {
    uint8_t to; /* what is made of it: decode.c */
    uint8_t offset, width;
    bool big;   /* the first byte is the highest */
};

struct leat_decode {
    uint32_t feed, kind;
    uint32_t rows, cols;
    uint8_t form[256];            /* by type: its number + 1; 0: there is none */
    uint8_t bytes[256];           /* by type: its length; 0: there is none */
    bool keep[256];               /* by the letter that only= is about */
    uint8_t group_at[LEAT_FORMS_MAX], alias_at[LEAT_FORMS_MAX]; /* 0: it has none */
    uint32_t groups_n;
    uint8_t group_width;
    uint64_t groups[LEAT_GROUPS_MAX]; /* as they stand in the message */
    uint64_t aliases[65536 / 64];     /* a bit each: stands for a group that is chosen */
    struct leat_cell_op op[LEAT_FIELDS_MAX][LEAT_FORMS_MAX];
    bool same[LEAT_FIELDS_MAX];       /* every form that is kept has the same op */
    bool plain; /* all are, and neither groups nor what is known beside a message are asked for */
};

/* Checks what was asked, and says the shape: rows, cols, kind, names. The parts of *decode that
 * follow from it are filled when decode is not NULL; it is zeroed before. */
int leat_decode_make(struct leat_decode *decode, const struct leat_ask *ask,
                     struct leat_need *need, struct leat_diag *diag);
/* need->state_bytes: head and a frame's samples behind it. LEAT_ERANGE. */
int leat_decode_bytes(struct leat_need *need, size_t head, struct leat_diag *diag);

/* Messages that wait to be decoded; borrowed. There is room for one that is written and then not
 * counted. */
struct leat_picked {
    uint32_t n;
    const char *at[LEAT_PICKED_MAX + 1];
    uint32_t form[LEAT_PICKED_MAX + 1]; /* its number + 1 */
    int64_t sequence[LEAT_PICKED_MAX + 1], received[LEAT_PICKED_MAX + 1];
};

/* Into columns from `first` on, of rows that begin at `row0`, stride bytes apart. */
void leat_decode_columns(const struct leat_decode *decode, const struct leat_picked *picked,
                         uint32_t from, uint32_t n, void *row0, size_t stride, uint32_t first);
/* When what the message tells of happened; LEAT_TIME_NONE. */
int64_t leat_decode_time(const struct leat_decode *decode, const char *message);

/* Is its symbol or instrument one that was asked for? */
bool leat_decode_chosen(struct leat_decode *decode, const char *message, uint32_t form);

/* The number of a message's form + 1 when it is wanted, else 0; counted when it cannot be read.
 * groups: decode->groups_n is not 0. */
static inline __attribute__((always_inline)) uint32_t
leat_decode_wants(struct leat_decode *decode, struct leat_ctx *ctx, bool groups,
                  uint32_t type_at, uint32_t only_at, const char *message, size_t bytes)
{
    uint8_t type = bytes > type_at ? (uint8_t)message[type_at] : 0; /* 0 is no type */
    if (LEAT_UNLIKELY(decode->bytes[type] != bytes || bytes == 0)) {
        leat_count(ctx, decode->bytes[type] == 0 ? LEAT_BAD_TYPE : LEAT_BAD_LENGTH, 1);
        return 0;
    }
    uint32_t form = decode->form[type];
    if (LEAT_UNLIKELY(groups) && !leat_decode_chosen(decode, message, form - 1))
        return 0;
    return decode->keep[(uint8_t)message[only_at]] ? form : 0;
}

#endif
