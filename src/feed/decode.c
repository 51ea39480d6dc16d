/* Decoding any feed by its table. */
#include "feed/feed.h"

#include <stdio.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

const char *const leat_feed_types[] = {"f64", "i64", NULL};
#define OF_MESSAGES                                                              \
    [LEAT_BAD_TYPE] = "unknown type", [LEAT_BAD_LENGTH] = "wrong length",        \
    [LEAT_CUT_OFF] = "cut off"
const char *const leat_feed_causes[] = {OF_MESSAGES, NULL};
const char *const leat_datagram_causes[] = {
    OF_MESSAGES,
    [LEAT_GAPS] = "gaps",
    [LEAT_MISSING] = "missing",
    [LEAT_DUPLICATES] = "duplicates",
    [LEAT_RESETS] = "resets",
    [LEAT_OVERSIZE] = "oversize",
    NULL,
};

const struct leat_feed *leat_feed_of(uint32_t number)
{
    static const struct leat_feed *const feeds[] = {
        [LEAT_FEED_ITCH] = &leat_feed_itch,
        [LEAT_FEED_DBN] = &leat_feed_dbn,
        [LEAT_FEED_IEX] = &leat_feed_iex,
    };
    return feeds[number];
}

bool leat_field_in(const struct leat_field *field, char type)
{
    return field->types == NULL || strchr(field->types, type) != NULL;
}

/* ---- a field of a message to a cell ---- */

INLINE uint64_t load(const char *from, uint32_t width, bool big)
{
    uint16_t u16;
    uint32_t u32, low;
    uint64_t u64;
    switch (width) {
    case 1: return (uint8_t)*from;
    case 2: memcpy(&u16, from, 2); return big ? __builtin_bswap16(u16) : u16;
    case 4: memcpy(&u32, from, 4); return big ? __builtin_bswap32(u32) : u32;
    case 6: /* of a big-endian feed alone */
        memcpy(&u16, from, 2);
        memcpy(&low, from + 2, 4);
        return (uint64_t)__builtin_bswap16(u16) << 32 | __builtin_bswap32(low);
    default: memcpy(&u64, from, 8); return big ? __builtin_bswap64(u64) : u64;
    }
}

/* What a cell is made of a field's bits. The first three are i64's, the others f64's. */
enum { TO_ABSENT, TO_BITS, TO_SIGNED_BITS, TO_COUNT, TO_SIGNED, TO_PRICE_4, TO_PRICE_8, TO_PRICE_9,
       TO_SEQUENCE, TO_RECEIVED };

__extension__ typedef unsigned __int128 wide;

/* bits / scale, rounded once, where bits alone does not fit f64: the quotient has 64 places behind
 * its point, and of what lies beyond them it matters only whether it is 0. */
static __attribute__((noinline)) double price_beyond(uint64_t bits, uint64_t scale)
{
    wide over = (wide)bits << 64, whole = over / scale;
    return (double)(whole | (whole * scale != over)) * 0x1p-64;
}

INLINE double price(uint64_t bits, uint32_t width, bool is_signed, uint64_t scale)
{
    const uint64_t exact = UINT64_C(1) << 53, least = is_signed ? exact : 0;
    if (width < 8 || LEAT_LIKELY(bits + least <= exact + least))
        return (double)(int64_t)bits / (double)scale;
    bool below = is_signed && (int64_t)bits < 0;
    double real = price_beyond(below ? 0 - bits : bits, scale);
    return below ? -real : real;
}

/* A cell of the frame's kind, as its bits. */
INLINE uint64_t cell(const char *from, uint32_t to, uint32_t width, bool big)
{
    uint64_t bits = load(from, width, big);
    int64_t whole = width == 4 ? (int32_t)bits : (int64_t)bits;
    double real;
    switch (to) {
    case TO_BITS: return bits;
    case TO_SIGNED_BITS: return (uint64_t)whole;
    case TO_COUNT: real = width == 8 ? (double)bits : (double)(int64_t)bits; break;
    case TO_SIGNED: real = (double)whole; break;
    case TO_PRICE_4: real = price(bits, width, true, 10000); break;
    case TO_PRICE_8: real = price(bits, width, false, 100000000); break;
    default: /* a price that nobody said is the largest number */
        real = bits != INT64_MAX ? price(bits, width, true, 1000000000) : __builtin_nan("");
        break;
    }
    memcpy(&bits, &real, 8);
    return bits;
}

INLINE void column(uint64_t *out, const char *const *at, uint32_t n, size_t offset, uint32_t to,
                   uint32_t width, bool big)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = cell(at[i] + offset, to, width, big);
}

INLINE void column_width(uint64_t *out, const char *const *at, uint32_t n,
                         struct leat_cell_op op, uint32_t to, bool big)
{
    switch (op.width) {
    case 1: column(out, at, n, op.offset, to, 1, big); break;
    case 2: column(out, at, n, op.offset, to, 2, big); break;
    case 4: column(out, at, n, op.offset, to, 4, big); break;
    case 6: column(out, at, n, op.offset, to, 6, true); break;
    default: column(out, at, n, op.offset, to, 8, big); break;
    }
}

/* Constant arguments make one loop of each. */
INLINE void column_to(uint64_t *out, const char *const *at, uint32_t n, struct leat_cell_op op,
                      bool big)
{
    switch (op.to) {
    case TO_BITS: column_width(out, at, n, op, TO_BITS, big); break;
    case TO_SIGNED_BITS: column_width(out, at, n, op, TO_SIGNED_BITS, big); break;
    case TO_COUNT: column_width(out, at, n, op, TO_COUNT, big); break;
    case TO_SIGNED: column_width(out, at, n, op, TO_SIGNED, big); break;
    case TO_PRICE_4: column_width(out, at, n, op, TO_PRICE_4, big); break;
    case TO_PRICE_8: column_width(out, at, n, op, TO_PRICE_8, big); break;
    default: column_width(out, at, n, op, TO_PRICE_9, big); break;
    }
}

static void column_alike(uint64_t *out, const char *const *at, uint32_t n, struct leat_cell_op op)
{
    if (op.big)
        column_to(out, at, n, op, true);
    else
        column_to(out, at, n, op, false);
}

static void column_known(uint64_t *out, const int64_t *numbers, uint32_t n, uint32_t kind)
{
    for (uint32_t i = 0; i < n; i++) {
        double real = (double)numbers[i];
        if (kind == LEAT_F64)
            memcpy(&out[i], &real, 8);
        else
            out[i] = (uint64_t)numbers[i];
    }
}

/* Messages of several forms: as far as the next ones have the same op, together. */
static void column_mixed(const struct leat_decode *d, const struct leat_picked *picked,
                         uint32_t from, uint32_t n, uint32_t row, uint64_t *out)
{
    double none = __builtin_nan("");
    uint64_t absent = (uint64_t)LEAT_TIME_NONE;
    if (d->kind == LEAT_F64)
        memcpy(&absent, &none, 8);
    for (uint32_t i = 0, end; i < n; i = end) {
        uint32_t form = picked->form[from + i];
        struct leat_cell_op op = d->op[row][form - 1];
        for (end = i + 1; end < n && picked->form[from + end] == form;)
            end++;
        if (op.to != TO_ABSENT)
            column_alike(out + i, picked->at + from + i, end - i, op);
        else
            for (uint32_t c = i; c < end; c++)
                out[c] = absent;
    }
}

void leat_decode_columns(const struct leat_decode *d, const struct leat_picked *picked,
                         uint32_t from, uint32_t n, void *row0, size_t stride, uint32_t first)
{
    for (uint32_t r = 0; r < d->rows && n != 0; r++) {
        uint64_t *out = (uint64_t *)(void *)((char *)row0 + r * stride) + first;
        struct leat_cell_op op = d->op[r][picked->form[from] - 1];
        if (op.to == TO_SEQUENCE || op.to == TO_RECEIVED)
            column_known(out, (op.to == TO_SEQUENCE ? picked->sequence : picked->received) + from,
                         n, d->kind);
        else if (d->same[r] && op.to != TO_ABSENT)
            column_alike(out, picked->at + from, n, op);
        else
            column_mixed(d, picked, from, n, r, out);
    }
}

int64_t leat_decode_time(const struct leat_decode *d, const char *message)
{
    const struct leat_feed *feed = leat_feed_of(d->feed);
    uint64_t time = load(message + feed->time_at, feed->time_width, feed->big_endian);
    return time <= INT64_MAX ? (int64_t)time : LEAT_TIME_NONE;
}

bool leat_decode_chosen(struct leat_decode *d, const char *message, uint32_t form)
{
    const bool big = leat_feed_of(d->feed)->big_endian;
    uint64_t alias = d->alias_at[form] != 0 ? load(message + d->alias_at[form], 2, big) : 0;
    uint64_t bit = UINT64_C(1) << alias % 64, *word = &d->aliases[alias / 64];
    if (d->group_at[form] == 0)
        return d->alias_at[form] != 0 && (*word & bit) != 0;
    uint64_t group = load(message + d->group_at[form], d->group_width, big);
    bool chosen = false;
    for (uint32_t i = 0; i < d->groups_n; i++)
        chosen |= d->groups[i] == group;
    if (d->alias_at[form] != 0)
        *word = chosen ? *word | bit : *word & ~bit;
    return chosen;
}

/* ---- what was asked ---- */

static bool wanted(const struct leat_feed *feed, const bool keep[256], uint32_t form)
{
    return feed->only != NULL || keep[(uint8_t)feed->forms[form].type];
}

static int read_only(const struct leat_feed *feed, const struct leat_list *only, bool keep[256],
                     struct leat_diag *diag)
{
    char known[LEAT_FORMS_MAX + 1] = "";
    for (uint32_t f = 0; f < feed->forms_n; f++)
        known[f] = feed->forms[f].type;
    const char *letters = feed->only != NULL ? feed->only : known;
    memset(keep, only->n == 0, 256);
    for (uint32_t i = 0; i < only->n; i++) {
        const char *item = only->items[i];
        if (item[0] == '\0' || item[1] != '\0' || strchr(letters, item[0]) == NULL)
            return leat_diag_set(diag, LEAT_ENAME, "only: '%s' is no %s; there are %s", item,
                                 feed->only_word, letters);
        keep[(uint8_t)item[0]] = true;
    }
    return LEAT_OK;
}

/* A symbol as it stands in a message, filled up with blanks; an instrument's number. */
static int read_group(const struct leat_feed *feed, const char *item, uint64_t *group,
                      struct leat_diag *diag)
{
    char text[8] = "        ";
    size_t n = strlen(item);
    *group = 0;
    if (feed->group_field[0] == 's') { /* a symbol */
        if (n == 0 || n > sizeof text)
            return leat_diag_set(diag, LEAT_ERANGE, "%s: '%s' has not 1 to 8 letters", feed->group,
                                 item);
        memcpy(text, item, n);
        *group = load(text, 8, feed->big_endian);
        return LEAT_OK;
    }
    for (const char *at = item; *at >= '0' && *at <= '9' && *group <= UINT32_MAX; at++)
        *group = 10 * *group + (uint64_t)(*at - '0');
    if (n == 0 || strspn(item, "0123456789") != n || *group > UINT32_MAX)
        return leat_diag_set(diag, LEAT_ESYNTAX, "%s: '%s' is no instrument's number", feed->group,
                             item);
    return LEAT_OK;
}

static int read_groups(const struct leat_feed *feed, const struct leat_list *groups,
                       struct leat_decode *d, struct leat_diag *diag)
{
    int status = LEAT_OK;
    if (groups->n > LEAT_GROUPS_MAX)
        return leat_diag_set(diag, LEAT_ERANGE, "%s: %u of them; there may be %u", feed->group,
                             groups->n, LEAT_GROUPS_MAX);
    for (uint32_t i = 0; i < groups->n && status == LEAT_OK; i++) {
        uint64_t group;
        status = read_group(feed, groups->items[i], &group, diag);
        if (d != NULL)
            d->groups[i] = group;
    }
    if (d != NULL)
        d->groups_n = groups->n;
    return status;
}

/* f64 holds it, or rounds what may be rounded. */
static bool real_enough(const struct leat_field *field)
{
    bool letters = field->kind == LEAT_FIELD_TEXT && field->width == 8;
    return !letters && field->kind != LEAT_FIELD_NUMBER && field->kind != LEAT_FIELD_TIME &&
           field->kind != LEAT_FIELD_RECEIVED;
}

static uint8_t op_of(const struct leat_field *field, uint32_t type)
{
    bool whole = type == LEAT_FEED_I64;
    switch (field->kind) {
    case LEAT_FIELD_SEQUENCE: return TO_SEQUENCE;
    case LEAT_FIELD_RECEIVED: return TO_RECEIVED;
    case LEAT_FIELD_SIGNED: return whole ? TO_SIGNED_BITS : TO_SIGNED;
    case LEAT_FIELD_PRICE:
        return whole                  ? TO_BITS
               : field->decimals == 4 ? TO_PRICE_4
               : field->decimals == 8 ? TO_PRICE_8
                                      : TO_PRICE_9;
    default: return whole ? TO_BITS : TO_COUNT;
    }
}

/* A channel that is filled from the fields of that name, of the forms that are wanted. */
static void add_row(const struct leat_feed *feed, struct leat_decode *d, uint32_t row,
                    const char *name, const bool keep[256], uint32_t type)
{
    const struct leat_cell_op *before = NULL;
    if (d == NULL)
        return;
    for (uint32_t f = 0; f < feed->forms_n; f++)
        d->op[row][f] = (struct leat_cell_op){.to = TO_ABSENT};
    for (uint32_t i = 0; i < feed->fields_n; i++) {
        const struct leat_field *field = &feed->fields[i];
        if (strcmp(field->name, name) != 0)
            continue;
        for (uint32_t f = 0; f < feed->forms_n; f++)
            if (leat_field_in(field, feed->forms[f].type))
                d->op[row][f] = (struct leat_cell_op){
                    op_of(field, type), field->offset, field->width,
                    feed->big_endian || field->kind == LEAT_FIELD_TEXT};
    }
    d->same[row] = true;
    for (uint32_t f = 0; f < feed->forms_n; f++) {
        const struct leat_cell_op *op = &d->op[row][f];
        if (!wanted(feed, keep, f))
            continue;
        d->same[row] &= before == NULL || memcmp(op, before, sizeof *op) == 0;
        before = op;
    }
}

/* Among the forms that are wanted, one has that field. */
static bool field_wanted(const struct leat_feed *feed, const struct leat_field *field,
                         const bool keep[256])
{
    for (uint32_t f = 0; f < feed->forms_n; f++)
        if (wanted(feed, keep, f) && leat_field_in(field, feed->forms[f].type))
            return true;
    return false;
}

/* Says which there are, as far as a line goes. */
static int no_field(const struct leat_feed *feed, const char *name, const bool keep[256],
                    struct leat_diag *diag)
{
    char list[400];
    size_t n = 0;
    for (uint32_t i = 0; i < feed->fields_n; i++) {
        const char *other = feed->fields[i].name;
        bool again = false;
        for (uint32_t k = 0; k < i && !again; k++)
            again = strcmp(feed->fields[k].name, other) == 0 &&
                    field_wanted(feed, &feed->fields[k], keep);
        if (again || !field_wanted(feed, &feed->fields[i], keep))
            continue;
        bool fits = n + strlen(other) + sizeof "  ..." <= sizeof list;
        n += (size_t)snprintf(list + n, sizeof list - n, " %s", fits ? other : "...");
        if (!fits)
            break;
    }
    list[n] = '\0';
    return leat_diag_set(diag, LEAT_ENAME, "fields: %s has no field '%.32s'; there are%s",
                         feed->name, name, list);
}

static int check_field(const struct leat_feed *feed, const char *name, const bool keep[256],
                       uint32_t type, struct leat_diag *diag)
{
    struct leat_guess guess = {NULL, 0};
    bool there = false;
    for (uint32_t i = 0; i < feed->fields_n; i++) {
        const struct leat_field *field = &feed->fields[i];
        if (strcmp(field->name, name) != 0)
            continue;
        there = true;
        if (type == LEAT_FEED_F64 && !real_enough(field))
            return leat_diag_set(diag, LEAT_ESHAPE,
                                 "fields: f64 does not hold all of '%s'; say type=i64, in which "
                                 "prices are whole numbers", name);
        if (field_wanted(feed, field, keep))
            return LEAT_OK;
    }
    if (there)
        return leat_diag_set(diag, LEAT_ENAME, "fields: none of the messages of only= has '%s'",
                             name);
    for (uint32_t i = 0; i < feed->fields_n; i++)
        leat_guess_try(&guess, name, feed->fields[i].name);
    if (guess.nearest != NULL)
        return leat_diag_set(diag, LEAT_ENAME, "fields: unknown field '%s'; did you mean '%s'?",
                             name, guess.nearest);
    return no_field(feed, name, keep, diag);
}

static bool named_already(const struct leat_shape *out, uint32_t rows, const char *name)
{
    for (uint32_t r = 0; r < rows; r++)
        if (strcmp(out->channels[r].name, name) == 0)
            return true;
    return false;
}

/* The channels, in the order of fields= or of the table. */
static int read_fields(const struct leat_feed *feed, const struct leat_ask *ask,
                       const bool keep[256], struct leat_need *need, struct leat_decode *d,
                       struct leat_diag *diag)
{
    struct leat_shape *out = &need->out;
    uint32_t rows = 0, n = ask->fields.n != 0 ? ask->fields.n : feed->fields_n;
    uint32_t most = need->channels_max < LEAT_FIELDS_MAX ? need->channels_max : LEAT_FIELDS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        bool asked = ask->fields.n != 0;
        const char *name = asked ? ask->fields.items[i] : feed->fields[i].name;
        int status = asked ? check_field(feed, name, keep, ask->type, diag) : LEAT_OK;
        if (status != LEAT_OK)
            return status;
        if (!asked && (!field_wanted(feed, &feed->fields[i], keep) || feed->fields[i].width == 0 ||
                       (ask->type == LEAT_FEED_F64 && !real_enough(&feed->fields[i]))))
            continue;
        bool twice = named_already(out, rows, name);
        if (twice && !asked)
            continue;
        if (twice)
            return leat_diag_set(diag, LEAT_EINVAL, "fields: '%s' is there twice", name);
        if (rows == most)
            return leat_diag_set(diag, LEAT_ERANGE, "fields: more than %u", most);
        memset(&out->channels[rows], 0, sizeof out->channels[rows]);
        leat_name_copy(out->channels[rows].name, name, strlen(name));
        add_row(feed, d, rows++, name, keep, ask->type);
    }
    out->rows = rows;
    return LEAT_OK;
}

/* Where each form says its group and what stands for it. */
static void fill_forms(const struct leat_feed *feed, struct leat_decode *d)
{
    for (uint32_t f = 0; f < feed->forms_n; f++) {
        d->form[(uint8_t)feed->forms[f].type] = (uint8_t)(f + 1);
        d->bytes[(uint8_t)feed->forms[f].type] = feed->forms[f].bytes;
    }
    for (uint32_t i = 0; i < feed->fields_n; i++) {
        const struct leat_field *field = &feed->fields[i];
        bool group = strcmp(field->name, feed->group_field) == 0;
        bool alias = feed->alias_field != NULL && strcmp(field->name, feed->alias_field) == 0;
        for (uint32_t f = 0; f < feed->forms_n && (group || alias); f++) {
            if (!leat_field_in(field, feed->forms[f].type))
                continue;
            *(group ? &d->group_at[f] : &d->alias_at[f]) = field->offset;
            if (group)
                d->group_width = field->width;
        }
    }
}

int leat_decode_make(struct leat_decode *d, const struct leat_ask *ask, struct leat_need *need,
                     struct leat_diag *diag)
{
    const struct leat_feed *feed = leat_feed_of(ask->feed);
    struct leat_shape *out = &need->out;
    bool keep[256];
    int status = leat_shape_cols(&ask->frame, 0, LEAT_IO_FRAME_MAX, &out->cols, diag);
    if (status == LEAT_OK)
        status = read_only(feed, &ask->only, keep, diag);
    if (status == LEAT_OK)
        status = read_groups(feed, &ask->groups, d, diag);
    if (status == LEAT_OK)
        status = read_fields(feed, ask, keep, need, d, diag);
    if (status != LEAT_OK)
        return status;
    out->kind = ask->type == LEAT_FEED_I64 ? LEAT_I64 : LEAT_F64;
    out->rate_hz = 0;
    out->timed = true;
    out->cols_fixed = false;
    out->bins_of = 0;
    if (d == NULL)
        return LEAT_OK;
    d->feed = ask->feed;
    d->kind = out->kind;
    d->rows = out->rows;
    d->cols = out->cols;
    memcpy(d->keep, keep, sizeof keep);
    fill_forms(feed, d);
    d->plain = d->groups_n == 0;
    for (uint32_t r = 0; r < d->rows; r++)
        d->plain &= d->same[r] && d->op[r][0].to != TO_SEQUENCE && d->op[r][0].to != TO_RECEIVED;
    return LEAT_OK;
}

int leat_decode_bytes(struct leat_need *need, size_t head, struct leat_diag *diag)
{
    size_t kept;
    if (leat_size_mul((size_t)need->out.rows * 8, need->out.cols, &kept) &&
        leat_size_add(kept, head, &need->state_bytes))
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ERANGE, "frame: %u samples of %u fields do not fit in memory",
                         need->out.cols, need->out.rows);
}
