/* book: the order book of each instrument, from messages about single orders; beside each message
 * the best levels of its instrument as they are after it.
 *
 * What a message means is said by its dialect, ITCH, DBN or LOBSTER, which the channels' names
 * tell. All of it comes down to adding an order and to taking from one (orders.h).
 */
#include "stages/orders.h"
#include "stages/ticks.h"

#define PASS 64u /* messages whose orders are asked for ahead */
#define NONE LEAT_TICK_NONE
#define NOBODY UINT32_MAX
#define CELLS 6u       /* rows of a level: price, size and count, of bids and of asks */
#define TOP_OF_BOOK 64 /* a flag of DBN */
#define INLINE LEAT_TICK_INLINE

enum dialect { ITCH, DBN, LOBSTER, DIALECTS };
enum column { TYPE, REFERENCE, SIDE, SIZE, PRICE, OTHER, FLAGS, INSTRUMENT, COLUMNS };

/* What the channels are called; NULL: the dialect has none. */
static const char *const names[DIALECTS][COLUMNS] = {
    [ITCH] = {[TYPE] = "type", [REFERENCE] = "reference", [SIDE] = "side", [SIZE] = "shares",
              [PRICE] = "price", [OTHER] = "new_reference", [INSTRUMENT] = "locate"},
    [DBN] = {[TYPE] = "action", [REFERENCE] = "order_id", [SIDE] = "side", [SIZE] = "size",
             [PRICE] = "price", [FLAGS] = "flags", [INSTRUMENT] = "instrument"},
    [LOBSTER] = {[TYPE] = "type", [REFERENCE] = "order_id", [SIDE] = "direction",
                 [SIZE] = "size", [PRICE] = "price"},
};
/* The one that no other dialect has. */
static const uint8_t telling[DIALECTS] = {[ITCH] = REFERENCE, [DBN] = TYPE, [LOBSTER] = SIDE};

enum { INSTRUMENTS_FULL = LEAT_LEVELS_FULL + 1, BAD_VALUE, CLEARED };
static const char *const causes[] = {
    [LEAT_ORDER_UNKNOWN] = "unknown order",
    [LEAT_ORDER_DUPLICATE] = "duplicate order",
    [LEAT_ORDER_EXCESS] = "more than there is",
    [LEAT_ORDERS_FULL] = "orders full",
    [LEAT_LEVELS_FULL] = "levels full",
    [INSTRUMENTS_FULL] = "instruments full",
    [BAD_VALUE] = "bad value",
    [CLEARED] = "cleared",
    NULL,
};

struct instrument {
    int64_t number;
    uint64_t index; /* + 1; 0: the slot is free */
};

/* The state: behind it the table of instruments, sides, slots of orders and levels. */
struct book {
    struct leat_orders orders;
    size_t sides_at, slots_at, levels_at; /* bytes from its begin */
    uint32_t row[COLUMNS];                /* NOBODY: there is no such channel */
    uint32_t rows, depth;
    uint32_t instruments, instruments_max, instruments_bits;
    uint32_t dialect;
    uint32_t reset; /* on a gap */
    LEAT_ALIGNED(LEAT_LINE) struct instrument table[];
};

/* What a frame is worked on with. */
struct run {
    struct book *self;
    struct leat_books books;
    const void *column[COLUMNS]; /* NULL: there is no such channel */
    char *out;                   /* the first row of the levels */
    size_t stride;
    int64_t number;              /* the instrument that was looked up last */
    uint32_t index;
};

/* A message that is worked on. */
struct message {
    uint64_t reference, home;
    uint32_t instrument; /* NOBODY: it is not known */
    uint32_t c;          /* the sample */
};

/* ---- cells ---- */

INLINE int64_t whole(const struct run *r, enum column which, uint32_t c, bool real)
{
    return leat_tick_whole(r->column[which], c, real);
}

INLINE int64_t price_of(const struct run *r, uint32_t c, bool real)
{
    return leat_tick_price(r->column[PRICE], c, real);
}

/* 0 bids, 1 asks, NOBODY. */
INLINE uint32_t side_of(const struct run *r, uint32_t c, enum dialect dialect, bool real)
{
    int64_t side = whole(r, SIDE, c, real);
    int64_t bid = dialect == LOBSTER ? 1 : 'B';
    int64_t ask = dialect == LOBSTER ? -1 : dialect == DBN ? 'A' : 'S';
    return side == bid ? 0 : side == ask ? 1 : NOBODY;
}

INLINE bool size_fits(int64_t size) { return size >= 1 && size <= LEAT_ORDER_SIZE_MAX; }

INLINE int64_t rank_of(int64_t price, uint32_t side) { return side != 0 ? ~price : price; }

/* ---- instruments ---- */

static struct instrument *instrument_slot(struct book *self, int64_t number)
{
    const uint64_t mask = (UINT64_C(1) << self->instruments_bits) - 1;
    uint64_t at = (uint64_t)number * UINT64_C(0x9e3779b97f4a7c15) >> (64 - self->instruments_bits);
    while (self->table[at].index != 0 && self->table[at].number != number)
        at = (at + 1) & mask;
    return &self->table[at];
}

/* NOBODY: it has not been seen. */
INLINE uint32_t instrument_find(struct run *r, int64_t number)
{
    if (LEAT_UNLIKELY(number != r->number || r->index == NOBODY)) {
        r->number = number;
        r->index = (uint32_t)(instrument_slot(r->self, number)->index - 1);
    }
    return r->index;
}

/* Who the message is about, by what is known now. */
INLINE void instrument_of(struct run *r, struct message *m, bool real)
{
    m->instrument = r->column[INSTRUMENT] == NULL
                        ? 0 : instrument_find(r, whole(r, INSTRUMENT, m->c, real));
    m->home = leat_order_home(&r->books, m->reference, 4 * m->instrument);
}

static uint32_t instrument_make(struct run *r, struct message *m, bool real)
{
    struct book *self = r->self;
    int64_t number = whole(r, INSTRUMENT, m->c, real);
    if (number == NONE)
        return BAD_VALUE;
    if (self->instruments == self->instruments_max)
        return INSTRUMENTS_FULL;
    *instrument_slot(self, number) = (struct instrument){number, ++self->instruments};
    instrument_of(r, m, real);
    return LEAT_ORDER_DONE;
}

/* ---- what messages do: what each says is counted, but for DONE ---- */

static void clear(const struct run *r, uint32_t instrument)
{
    leat_book_clear(&r->books, 2 * instrument);
    leat_book_clear(&r->books, 2 * instrument + 1);
}

/* A size at a price whose orders nobody knows. */
INLINE uint32_t add_loose(const struct run *r, uint32_t instrument, uint32_t side, int64_t rank,
                     int64_t size)
{
    uint32_t where = 4 * instrument + 2 + side;
    uint64_t home = leat_order_home(&r->books, (uint64_t)rank, where);
    return leat_order_add(&r->books, home, (uint64_t)rank, where, rank, size);
}

INLINE uint32_t add(struct run *r, struct message *m, enum dialect dialect, bool real)
{
    const bool top = dialect == DBN && r->column[FLAGS] != NULL &&
                     (whole(r, FLAGS, m->c, real) & TOP_OF_BOOK) != 0;
    uint32_t side = side_of(r, m->c, dialect, real);
    int64_t size = whole(r, SIZE, m->c, real), price = price_of(r, m->c, real);
    if (side == NOBODY || (!size_fits(size) && !(top && price == NONE)) ||
        (price == NONE && !top) || (real && m->reference == (uint64_t)NONE))
        return BAD_VALUE;
    if (LEAT_UNLIKELY(m->instrument == NOBODY)) {
        uint32_t answer = instrument_make(r, m, real);
        if (answer != LEAT_ORDER_DONE)
            return answer;
    }
    if (LEAT_UNLIKELY(top)) /* all that the side has: nothing, without a price */
        leat_book_clear(&r->books, 2 * m->instrument + side);
    if (LEAT_UNLIKELY(price == NONE))
        return LEAT_ORDER_DONE;
    if (LEAT_UNLIKELY(top || (dialect == LOBSTER && m->reference == 0)))
        return add_loose(r, m->instrument, side, rank_of(price, side), size);
    return leat_order_add(&r->books, m->home, m->reference, 4 * m->instrument + side,
                          rank_of(price, side), size);
}

/* The order that a message is about; NULL: nobody knows it. */
INLINE struct leat_order *known(const struct run *r, const struct message *m)
{
    if (LEAT_UNLIKELY(m->instrument == NOBODY))
        return NULL;
    struct leat_order *order =
        leat_order_find(&r->books, m->home, m->reference, 4 * m->instrument);
    return leat_order_there(&r->books, order) ? order : NULL;
}

/* The loose order at the message's price, which stands for those that nobody named. */
static struct leat_order *known_loose(const struct run *r, const struct message *m, bool real)
{
    uint32_t side = side_of(r, m->c, LOBSTER, real);
    int64_t price = price_of(r, m->c, real);
    if (side == NOBODY || price == NONE)
        return NULL;
    uint32_t where = 4 * m->instrument + 2 + side;
    uint64_t rank = (uint64_t)rank_of(price, side);
    struct leat_order *order =
        leat_order_find(&r->books, leat_order_home(&r->books, rank, where), rank, where);
    return leat_order_there(&r->books, order) ? order : NULL;
}

INLINE uint32_t take(const struct run *r, const struct message *m, enum dialect dialect, bool real)
{
    struct leat_order *order = known(r, m);
    int64_t size = whole(r, SIZE, m->c, real);
    if (dialect == LOBSTER && order == NULL)
        order = known_loose(r, m, real);
    if (size < 0)
        return BAD_VALUE;
    if (order == NULL)
        return LEAT_ORDER_UNKNOWN;
    uint32_t answer = size > order->size ? LEAT_ORDER_EXCESS : LEAT_ORDER_DONE;
    if (size != 0)
        leat_order_take(&r->books, order, size);
    return answer;
}

INLINE uint32_t end(const struct run *r, const struct message *m, enum dialect dialect, bool real)
{
    struct leat_order *order = known(r, m);
    if (order == NULL) /* of a loose one it takes what it says */
        return dialect == LOBSTER ? take(r, m, dialect, real) : LEAT_ORDER_UNKNOWN;
    leat_order_take(&r->books, order, order->size);
    return LEAT_ORDER_DONE;
}

/* ITCH: the order goes, and another one comes on its side. */
INLINE uint32_t replace(const struct run *r, const struct message *m, bool real)
{
    int64_t other = whole(r, OTHER, m->c, real);
    int64_t size = whole(r, SIZE, m->c, real), price = price_of(r, m->c, real);
    struct leat_order *order = known(r, m);
    if (!size_fits(size) || price == NONE || (real && other == NONE))
        return BAD_VALUE;
    if (order == NULL)
        return LEAT_ORDER_UNKNOWN;
    const uint32_t where = order->where;
    leat_order_take(&r->books, order, order->size);
    return leat_order_add(&r->books, leat_order_home(&r->books, (uint64_t)other, where),
                          (uint64_t)other, where, rank_of(price, where & 1), size);
}

/* DBN: the order gets another price or size; one that nobody knows comes. */
INLINE uint32_t modify(struct run *r, struct message *m, bool real)
{
    struct leat_order *order = known(r, m);
    if (order != NULL && side_of(r, m->c, DBN, real) != NOBODY &&
        price_of(r, m->c, real) != NONE && size_fits(whole(r, SIZE, m->c, real)))
        leat_order_take(&r->books, order, order->size);
    return add(r, m, DBN, real);
}

INLINE uint32_t apply_itch(struct run *r, struct message *m, int64_t type, bool real)
{
    switch (type) {
    case 'A':
    case 'F': return add(r, m, ITCH, real);
    case 'E':
    case 'C':
    case 'X': return take(r, m, ITCH, real);
    case 'D': return end(r, m, ITCH, real);
    case 'U': return replace(r, m, real);
    default: return LEAT_ORDER_DONE;
    }
}

INLINE uint32_t apply_dbn(struct run *r, struct message *m, int64_t action, bool real)
{
    switch (action) {
    case 'A': return add(r, m, DBN, real);
    case 'C': return take(r, m, DBN, real);
    case 'M': return modify(r, m, real);
    case 'R':
        if (m->instrument == NOBODY)
            return LEAT_ORDER_DONE;
        clear(r, m->instrument);
        return CLEARED;
    default: return LEAT_ORDER_DONE; /* T and F: what they take, a C takes */
    }
}

INLINE uint32_t apply_lobster(struct run *r, struct message *m, int64_t type, bool real)
{
    switch (type) {
    case 1: return add(r, m, LOBSTER, real);
    case 2:
    case 4: return take(r, m, LOBSTER, real);
    case 3: return end(r, m, LOBSTER, real);
    default: return LEAT_ORDER_DONE; /* 5 and 6 were never shown; 7 halts */
    }
}

/* ---- what is shown ---- */

/* The best levels of a side, best first, and nothing behind them; cell: where the first price
 * stands. */
INLINE void show_side(const struct run *r, uint32_t instrument, uint32_t side, char *cell,
                      bool real)
{
    const uint32_t depth = r->self->depth, book = 2 * instrument + side;
    const struct leat_level *level = NULL;
    uint32_t n = 0;
    if (LEAT_LIKELY(instrument != NOBODY)) {
        n = r->books.sides[book].levels;
        level = r->books.levels + (size_t)book * r->self->orders.levels_max + n;
    }
    for (uint32_t d = 0; d < depth; d++, cell += CELLS * r->stride) {
        int64_t price = NONE, size = 0, orders = 0;
        if (LEAT_LIKELY(d < n)) {
            level--;
            price = rank_of(level->rank, side);
            size = level->size;
            orders = (int64_t)level->orders;
        }
        leat_tick_put_price(cell, price, real);
        leat_tick_put(cell + r->stride, size, real);
        leat_tick_put(cell + 2 * r->stride, orders, real);
    }
}

INLINE void show(const struct run *r, const struct message *m, bool real)
{
    char *cell = r->out + (size_t)m->c * 8;
    show_side(r, m->instrument, 0, cell, real);
    show_side(r, m->instrument, 1, cell + 3 * r->stride, real);
}

/* ---- frames ---- */

INLINE void ask_ahead(struct run *r, struct message *m, uint32_t c, enum dialect dialect, bool real)
{
    m->c = c;
    m->reference = (uint64_t)whole(r, REFERENCE, c, real);
    instrument_of(r, m, real);
    __builtin_prefetch(&r->books.slots[m->home], 1);
    if (dialect == ITCH && whole(r, TYPE, c, real) == 'U') {
        uint64_t other = (uint64_t)whole(r, OTHER, c, real);
        uint64_t home = leat_order_home(&r->books, other, 4 * m->instrument);
        __builtin_prefetch(&r->books.slots[home], 1);
    }
}

INLINE void work(struct run *r, struct leat_ctx *ctx, uint32_t cols, enum dialect dialect,
                 bool real)
{
    struct message messages[PASS];
    for (uint32_t first = 0, n; first < cols; first += n) {
        n = cols - first < PASS ? cols - first : PASS;
        for (uint32_t i = 0; i < n; i++)
            ask_ahead(r, &messages[i], first + i, dialect, real);
        for (uint32_t i = 0; i < n; i++) {
            struct message *m = &messages[i];
            int64_t type = whole(r, TYPE, m->c, real);
            if (LEAT_UNLIKELY(m->instrument == NOBODY)) /* one before it may have made it */
                instrument_of(r, m, real);
            uint32_t answer = dialect == ITCH  ? apply_itch(r, m, type, real)
                         : dialect == DBN ? apply_dbn(r, m, type, real)
                                          : apply_lobster(r, m, type, real);
            if (LEAT_UNLIKELY(answer != LEAT_ORDER_DONE))
                leat_count(ctx, answer, 1);
            show(r, m, real);
        }
    }
}

static void work_real(struct run *r, struct leat_ctx *ctx, uint32_t cols)
{
    switch (r->self->dialect) {
    case ITCH: work(r, ctx, cols, ITCH, true); break;
    case DBN: work(r, ctx, cols, DBN, true); break;
    default: work(r, ctx, cols, LOBSTER, true); break;
    }
}

static void work_whole(struct run *r, struct leat_ctx *ctx, uint32_t cols)
{
    switch (r->self->dialect) {
    case ITCH: work(r, ctx, cols, ITCH, false); break;
    case DBN: work(r, ctx, cols, DBN, false); break;
    default: work(r, ctx, cols, LOBSTER, false); break;
    }
}

static void book_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                     uint32_t n)
{
    struct book *self = state;
    char *at = state;
    struct run r = {.self = self, .index = NOBODY};
    r.books = (struct leat_books){&self->orders, (void *)(at + self->slots_at),
                                  (void *)(at + self->sides_at), (void *)(at + self->levels_at)};
    for (uint32_t i = 0; i < n; i++) {
        struct leat_frame *frame = frames[i];
        for (uint32_t c = 0; c < COLUMNS; c++)
            r.column[c] = self->row[c] != NOBODY ? leat_frame_row(frame, self->row[c]) : NULL;
        r.out = leat_frame_row(frame, self->rows);
        r.stride = frame->stride;
        if (self->reset != 0 && (frame->flags & LEAT_GAP_BEFORE) != 0) {
            for (uint32_t k = 0; k < self->instruments; k++)
                clear(&r, k);
            leat_count(ctx, CLEARED, self->instruments);
        }
        if (frame->kind == LEAT_F64)
            work_real(&r, ctx, frame->cols);
        else
            work_whole(&r, ctx, frame->cols);
        frame->rows = self->rows + CELLS * self->depth;
    }
}

/* ---- set-up ---- */

/* The rows of the dialect's channels. */
static int find_columns(const struct leat_shape *in, uint32_t *dialect, uint32_t row[COLUMNS],
                        struct leat_diag *diag)
{
    uint32_t at = 0, d = 0;
    while (d < DIALECTS && leat_shape_find(in, names[d][telling[d]], &at, NULL) != 0)
        d++;
    if (d == DIALECTS)
        return leat_diag_set(diag, LEAT_ENAME,
                             "none of the channels that tell what messages these are: 'reference' "
                             "(ITCH), 'action' (DBN), 'direction' (LOBSTER); those of ITCH and of "
                             "DBN need type=i64");
    *dialect = d;
    for (uint32_t c = 0; c < COLUMNS; c++) {
        row[c] = NOBODY;
        if (names[d][c] == NULL || leat_shape_find(in, names[d][c], &row[c], NULL) == 0)
            continue;
        row[c] = NOBODY;
        if (c != FLAGS && c != INSTRUMENT)
            return leat_diag_set(diag, LEAT_ENAME, "no channel '%s', which messages with '%s' need",
                                 names[d][c], names[d][telling[d]]);
    }
    return LEAT_OK;
}

static int name_rows(const struct leat_shape *in, uint32_t depth, struct leat_need *need,
                     struct leat_diag *diag)
{
    static const char *const cells[CELLS] = {"bid%u_price", "bid%u_size", "bid%u_count",
                                             "ask%u_price", "ask%u_size", "ask%u_count"};
    struct leat_shape *out = &need->out;
    if (in->rows + CELLS * depth > need->channels_max)
        return leat_diag_set(diag, LEAT_ERANGE, "depth: %u channels and %u more; there may be %u",
                             in->rows, CELLS * depth, need->channels_max);
    for (uint32_t d = 0; d < depth; d++)
        for (uint32_t k = 0; k < CELLS; k++) {
            memset(&out->channels[out->rows], 0, sizeof out->channels[0]);
            leat_shape_name(out, out->rows++, cells[k], d + 1);
        }
    return leat_tick_new(in, out, diag);
}

/* The parts of the state, one behind the other. */
static int lay_out(const struct leat_book_options *given, uint32_t instruments, struct book *self,
                   size_t *bytes, struct leat_diag *diag)
{
    const size_t sides = 2 * (size_t)instruments, slots = leat_orders_slots(given->orders);
    size_t levels;
    self->orders.orders_max = (uint32_t)given->orders;
    self->orders.levels_max = (uint32_t)given->levels;
    self->orders.shift = 64 - (uint32_t)__builtin_ctzll(slots);
    self->instruments_max = instruments;
    self->instruments_bits = 1;
    while (UINT64_C(1) << self->instruments_bits < 2 * (uint64_t)instruments)
        self->instruments_bits++;
    self->sides_at = sizeof *self + (sizeof(struct instrument) << self->instruments_bits);
    self->slots_at = leat_round_up(self->sides_at + sides * sizeof(struct leat_book_side),
                                   LEAT_LINE);
    self->levels_at = self->slots_at + slots * sizeof(struct leat_order);
    if (!leat_size_mul(sides * sizeof(struct leat_level), (size_t)given->levels, &levels) ||
        !leat_size_add(levels, self->levels_at, bytes))
        return leat_diag_set(diag, LEAT_ERANGE, "levels: %llu of %u instruments do not fit in "
                             "memory", (unsigned long long)given->levels, instruments);
    return LEAT_OK;
}

/* How many there may be: without a channel that tells them apart there is one. */
static uint32_t instruments_of(const struct leat_book_options *given, const uint32_t row[COLUMNS])
{
    return row[INSTRUMENT] == NOBODY ? 1 : (uint32_t)given->instruments;
}

static int book_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_book_options *given = options;
    struct book book = {.rows = 0};
    uint32_t dialect, row[COLUMNS];
    int code = leat_tick_shape(in, diag);
    if (code == LEAT_OK)
        code = find_columns(in, &dialect, row, diag);
    if (code == LEAT_OK)
        code = name_rows(in, (uint32_t)given->depth, need, diag);
    if (code == LEAT_OK)
        code = lay_out(given, instruments_of(given, row), &book, &need->state_bytes, diag);
    need->breaks_finite = in->kind == LEAT_F64;
    return code;
}

static int book_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_book_options *given = options;
    struct book *self = state;
    size_t bytes;
    int code = find_columns(in, &self->dialect, self->row, diag);
    if (code == LEAT_OK)
        code = lay_out(given, instruments_of(given, self->row), self, &bytes, diag);
    self->rows = in->rows;
    self->depth = (uint32_t)given->depth;
    self->instruments = self->row[INSTRUMENT] == NOBODY ? 1 : 0;
    self->reset = need->resets;
    return code;
}

#define OPTION(field) offsetof(struct leat_book_options, field)
static const struct leat_param params[] = {
    {.name = "depth", .fallback = "1", .min = 1, .max = LEAT_BOOK_DEPTH_MAX,
     .doc = "Levels of each side that are shown, the best ones: bid1_price, bid1_size, bid1_count, "
            "ask1_price, ..., bid2_price, ...",
     .example = "5", .offset = OPTION(depth), .type = LEAT_P_U64, .unit = LEAT_COUNT},
    {.name = "orders", .fallback = "64Ki", .min = 1, .max = LEAT_ORDERS_MAX,
     .doc = "Orders that there may be at once, of all instruments; one more is left out and "
            "counted.",
     .example = "1Mi", .offset = OPTION(orders), .type = LEAT_P_U64, .unit = LEAT_COUNT},
    {.name = "levels", .fallback = "1000", .min = 1, .max = 1 << 20,
     .doc = "Prices that a side of an instrument may have; an order at one more is left out and "
            "counted.",
     .example = "200", .offset = OPTION(levels), .type = LEAT_P_U64, .unit = LEAT_COUNT},
    {.name = "instruments", .fallback = "16", .min = 1, .max = 1 << 16,
     .doc = "Instruments that orders may come of, where a channel (`locate`, `instrument`) tells "
            "them apart; those of one more are left out and counted.",
     .example = "10k", .offset = OPTION(instruments), .type = LEAT_P_U64, .unit = LEAT_COUNT},
};

const struct leat_stage leat_stage_book = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_MAY_BREAK_FINITE | LEAT_MINDS_GAPS,
    .name = "book",
    .doc = "The order book of each instrument, rebuilt from messages about orders (itch, dbn, or "
           "LOBSTER's columns): behind the channels of each message come the best levels of its "
           "instrument after it, price, size and number of orders.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_book_options),
    .ins = 1,
    .outs = 1,
    .resolve = book_resolve,
    .init = book_init,
    .map = book_map,
    .counts = causes,
    .source = "itch file=day.itch type=i64 "
              "fields=type,locate,reference,new_reference,side,shares,price",
};
