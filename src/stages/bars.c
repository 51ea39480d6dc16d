/* bars: trades become bars, each of the trades of a stretch of time, of so many trades, or of a sum
 * of sizes or of money: its first, highest, lowest and last price, the sum of its sizes, and how
 * many trades it is of.
 *
 * Prices are kept as numbers that compare as they do (ticks.h), sums as the stream's kind has them:
 * i64 exactly, f64 added one by one, so that borders of frames do not show in the bits. A bar goes
 * out with the input frame that ends it.
 */
#include "base/times.h"
#include "stages/ticks.h"

#define NONE LEAT_TICK_NONE
#define WHOLE_MAX ((INT64_C(1) << 40) - 1) /* a size of i64; 2^23 trades and more fit a sum */

__extension__ typedef __int128 wide;

enum { OPEN, HIGH, LOW, CLOSE, PRICES };
enum { TAIL_KEEP, TAIL_DROP };
enum { NO_TRADE, NO_TIME };
static const char *const causes[] = {[NO_TRADE] = "no trade", [NO_TIME] = "no time", NULL};

struct bars {
    wide money_whole;
    double money_real, sizes_real;
    int64_t sizes_whole, trades; /* of the bar that is not done */
    int64_t price[PRICES];       /* as leat_tick_price says */
    int64_t began;               /* the cell of the first trade's time */
    int64_t stretch;             /* the number of the stretch of time that it is of */
    double volume, dollars;      /* what ends a bar; 0: something else does */
    int64_t every_ns, ticks;
    int64_t unit_ns;
    uint64_t key;
    uint32_t price_row, size_row, time_row;
    bool real, timed, resets; /* resets: on-gap=reset */
    uint8_t tail, flags;
};

/* ---- a bar ---- */

/* Behind those that the frame has. */
static void put_bar(struct bars *self, struct leat_frame *made)
{
    const size_t stride = made->stride;
    char *cell = (char *)leat_frame_row(made, 0) + (size_t)made->cols * 8;
    if (self->timed) {
        memcpy(cell, &self->began, 8);
        cell += stride;
    }
    for (uint32_t k = 0; k < PRICES; k++, cell += stride)
        leat_tick_put_price(cell, self->price[k], self->real);
    if (self->real)
        memcpy(cell, &self->sizes_real, 8);
    else
        memcpy(cell, &self->sizes_whole, 8);
    leat_tick_put(cell + stride, self->trades, self->real);
    self->trades = 0;
    made->cols++;
}

static void begin_bar(struct bars *self, int64_t price)
{
    for (uint32_t k = 0; k < PRICES; k++)
        self->price[k] = price;
    self->money_whole = 0;
    self->money_real = self->sizes_real = 0;
    self->sizes_whole = 0;
}

struct trade {
    int64_t price, whole; /* whole, real: its size, by the kind of the stream */
    double real, cost;
};

/* False: it is none. */
static bool read_trade(const struct bars *self, const void *prices, const void *sizes, uint32_t c,
                       struct trade *t)
{
    *t = (struct trade){.price = leat_tick_price(prices, c, self->real)};
    if (!self->real) {
        t->whole = ((const int64_t *)sizes)[c];
        return t->price != NONE && t->whole > 0 && t->whole <= WHOLE_MAX;
    }
    t->real = ((const double *)sizes)[c];
    t->cost = __builtin_fabs(((const double *)prices)[c]) * t->real;
    return t->price != NONE && t->real > 0 && t->real - t->real == 0;
}

static void add_trade(struct bars *self, const struct trade *t)
{
    int64_t price = t->price;
    if (self->trades++ == 0)
        begin_bar(self, price);
    self->price[HIGH] = price > self->price[HIGH] ? price : self->price[HIGH];
    self->price[LOW] = price < self->price[LOW] ? price : self->price[LOW];
    self->price[CLOSE] = price;
    self->sizes_real += t->real;
    self->sizes_whole += t->whole;
    self->money_real += t->cost;
    self->money_whole += (price < 0 ? -(wide)price : (wide)price) * t->whole;
}

/* The bar has all that it may have. */
static bool is_full(const struct bars *self)
{
    double sizes = self->real ? self->sizes_real : (double)self->sizes_whole;
    double money = self->real ? self->money_real : (double)self->money_whole;
    return (self->ticks != 0 && self->trades >= self->ticks) ||
           (self->volume > 0 && sizes >= self->volume) ||
           (self->dollars > 0 && money >= self->dollars) ||
           (!self->real && self->trades == INT64_C(1) << 23); /* more would not fit the sums */
}

/* ---- time ---- */

/* The number of the stretch that a time lies in; false: there is none. */
static bool stretch_of(const struct bars *self, const void *times, uint32_t c, int64_t *stretch)
{
    int64_t ns;
    if (self->real) {
        double time = ((const double *)times)[c] * (double)self->unit_ns;
        if (!(time > -0x1p63 && time < 0x1p63))
            return false;
        time += time < 0 ? -0.5 : 0.5;
        ns = time < 0x1p63 ? (int64_t)time : INT64_MAX;
    } else if (((const int64_t *)times)[c] == NONE ||
               __builtin_mul_overflow(((const int64_t *)times)[c], self->unit_ns, &ns)) {
        return false;
    }
    *stretch = ns / self->every_ns - (ns % self->every_ns < 0); /* towards the past */
    return true;
}

/* A trade of a later stretch ends the bar before it; one that is late goes into the bar that there
 * is. */
static bool turn_time(struct bars *self, const void *times, uint32_t c, struct leat_frame *made)
{
    int64_t stretch;
    if (!stretch_of(self, times, c, &stretch))
        return false;
    if (self->trades != 0 && stretch <= self->stretch)
        return true;
    if (self->trades != 0)
        put_bar(self, made);
    self->stretch = stretch;
    return true;
}

/* ---- samples ---- */

LEAT_TICK_INLINE void take_sample(struct bars *self, struct leat_ctx *ctx, const void *prices,
                                  const void *sizes, const void *times, uint32_t c,
                                  struct leat_frame *made)
{
    struct trade trade;
    if (!read_trade(self, prices, sizes, c, &trade)) {
        leat_count(ctx, NO_TRADE, 1);
        return;
    }
    if (self->every_ns != 0 && !turn_time(self, times, c, made)) {
        leat_count(ctx, NO_TIME, 1);
        return;
    }
    add_trade(self, &trade);
    if (self->timed && self->trades == 1)
        memcpy(&self->began, (const char *)times + (size_t)c * 8, 8);
    if (is_full(self))
        put_bar(self, made);
}

static void bars_take(void *state, struct leat_ctx *ctx, struct leat_frame *input, uint32_t c,
                      struct leat_frame *made)
{
    struct bars *self = state;
    take_sample(self, ctx, leat_frame_row(input, self->price_row),
                leat_frame_row(input, self->size_row),
                self->timed ? leat_frame_row(input, self->time_row) : NULL, c, made);
}

/* The bar that is not done goes as tail= says. */
static void bars_leave(void *state, struct leat_ctx *ctx, struct leat_frame *made)
{
    struct bars *self = state;
    if (self->trades != 0 && self->tail == TAIL_KEEP)
        put_bar(self, made);
    ctx->samples_lost += (uint64_t)self->trades;
    self->trades = 0;
}

/* ---- frames ---- */

static void take_frame(struct bars *self, struct leat_ctx *ctx, struct leat_frame *input,
                       struct leat_frame *made)
{
    const void *prices = leat_frame_row(input, self->price_row);
    const void *sizes = leat_frame_row(input, self->size_row);
    const void *times = self->timed ? leat_frame_row(input, self->time_row) : NULL;
    made->cols = 0;
    for (uint32_t c = 0; c < input->cols; c++)
        take_sample(self, ctx, prices, sizes, times, c, made);
}

/* False: the frame that was filled is not gone. */
static bool put_frame(struct bars *self, struct leat_ctx *ctx, struct leat_frame *made,
                      struct leat_out *out)
{
    made->key = self->key;
    made->flags = self->flags;
    made->time_ns = LEAT_TIME_NONE;
    if (!leat_out_put(out, made))
        return false;
    self->flags = 0;
    ctx->reframed++;
    return true;
}

/* False: not now. */
static bool bars_flush(void *state, struct leat_ctx *ctx, struct leat_out *out)
{
    struct bars *self = state;
    if (self->trades == 0)
        return true;
    struct leat_frame *made = leat_out_room(out) == 0 ? NULL : leat_out_claim(out);
    if (made == NULL)
        return false;
    made->cols = 0;
    bars_leave(self, ctx, made);
    if (made->cols == 0 || !put_frame(self, ctx, made, out))
        leat_out_release(out, made);
    return true;
}

static uint32_t bars_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                          uint32_t n, struct leat_out *out)
{
    struct bars *self = state;
    for (uint32_t k = 0; k < n; k++) {
        struct leat_frame *input = frames[k];
        bool gap = self->resets && (input->flags & LEAT_GAP_BEFORE) != 0;
        if (gap && !bars_flush(self, ctx, out)) /* a bar does not go on behind it */
            return k;
        struct leat_frame *made = leat_out_room(out) == 0 ? NULL : leat_out_claim(out);
        if (made == NULL)
            return k;
        self->key = input->key;
        self->flags |= input->flags & (LEAT_GAP_BEFORE | LEAT_LATE);
        made->born = input->born;
        take_frame(self, ctx, input, made);
        if (made->cols == 0 || !put_frame(self, ctx, made, out)) /* there was room for it */
            leat_out_release(out, made);
        leat_out_release(out, input);
    }
    return n;
}

/* ---- set-up ---- */

static int rows_of(const struct leat_bars_options *given, const struct leat_shape *in,
                   struct bars *self, struct leat_diag *diag)
{
    int code = leat_stages_channel(in, "price", given->price, &self->price_row, diag);
    if (code == LEAT_OK)
        code = leat_stages_channel(in, "size", given->size, &self->size_row, diag);
    if (code == LEAT_OK && given->time != NULL)
        code = leat_stages_channel(in, "time", given->time, &self->time_row, diag);
    return code;
}

static int bars_resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                        struct leat_diag *diag)
{
    const struct leat_bars_options *given = options;
    static const char *const names[] = {"time", "open", "high", "low", "close", "volume", "count"};
    struct leat_shape *out = &need->out;
    struct bars bars;
    int n = (given->every != 0) + (given->ticks != 0) + (given->volume != 0) +
            (given->dollars != 0);
    int code = leat_tick_shape(in, diag);
    if (code == LEAT_OK)
        code = rows_of(given, in, &bars, diag);
    if (code == LEAT_OK && n != 1)
        code = leat_diag_set(diag, LEAT_EINVAL, "ticks, every, volume, dollars: give exactly one "
                             "of them; %d are given", n);
    if (code == LEAT_OK && given->every != 0 && given->time == NULL)
        code = leat_diag_set(diag, LEAT_EINVAL, "every: say which channel has the times: time=");
    if (code != LEAT_OK)
        return code;
    out->rows = 0;
    for (uint32_t k = given->time == NULL; k < LEAT_STAGES_COUNT(names); k++) {
        memset(&out->channels[out->rows], 0, sizeof out->channels[0]);
        leat_shape_name(out, out->rows++, "%s", names[k]);
    }
    out->rate_hz = 0;
    out->timed = out->cols_fixed = false;
    need->claim_max = 1;
    need->frames_in = 1; /* and nobody knows how many come out */
    need->state_bytes = sizeof(struct bars);
    return LEAT_OK;
}

static int bars_init(void *state, const void *options, const struct leat_shape *in,
                     const struct leat_need *need, struct leat_diag *diag)
{
    const struct leat_bars_options *given = options;
    struct bars *self = state;
    self->every_ns = (int64_t)given->every;
    self->ticks = (int64_t)given->ticks;
    self->volume = given->volume;
    self->dollars = given->dollars;
    self->unit_ns = (int64_t)leat_time_ns[given->time_unit];
    self->tail = (uint8_t)given->tail;
    self->resets = need->resets;
    self->timed = given->time != NULL;
    self->real = in->kind == LEAT_F64;
    return rows_of(given, in, self, diag);
}

static const char *const tails[] = {[TAIL_KEEP] = "keep", [TAIL_DROP] = "drop", NULL};

#define OPTION(field) offsetof(struct leat_bars_options, field)
static const struct leat_param params[] = {
    {.name = "ticks", .fallback = "", .min = 1, .max = 1e15,
     .doc = "Trades of a bar; or give every, volume or dollars.",
     .example = "100", .offset = OPTION(ticks), .type = LEAT_P_U64, .unit = LEAT_COUNT},
    {.name = "every", .fallback = "", .min = 1, .max = 9e18,
     .doc = "A bar for each stretch of so much time that has trades, counted from 0.",
     .example = "1min", .offset = OPTION(every), .type = LEAT_P_U64, .unit = LEAT_NS},
    {.name = "volume", .fallback = "", .min = LEAT_ABOVE_0, .max = 1e300,
     .doc = "A bar ends with the trade that brings the sum of its sizes to so much.",
     .example = "10k", .offset = OPTION(volume), .type = LEAT_P_F64},
    {.name = "dollars", .fallback = "", .min = LEAT_ABOVE_0, .max = 1e300,
     .doc = "A bar ends with the trade that brings the sum of its prices times sizes to so much, "
            "in the numbers of the stream.",
     .example = "1M", .offset = OPTION(dollars), .type = LEAT_P_F64},
    {.name = "price", .fallback = "price",
     .doc = "The channel of the prices: a name, or a number from 1.",
     .example = "1", .offset = OPTION(price), .type = LEAT_P_TEXT},
    {.name = "size", .fallback = "size",
     .doc = "The channel of the sizes.",
     .example = "2", .offset = OPTION(size), .type = LEAT_P_TEXT},
    {.name = "time", .fallback = "",
     .doc = "The channel of the times; a bar's time is that of its first trade.",
     .example = "3", .offset = OPTION(time), .type = LEAT_P_TEXT},
    {.name = "time-unit", .fallback = "s", .words = leat_time_words,
     .doc = "Unit of that channel, for every=.",
     .example = "ns", .offset = OPTION(time_unit), .type = LEAT_P_WORD},
    {.name = "tail", .fallback = "keep", .words = tails,
     .doc = "At the end, at a gap with on-gap=reset, and of a key that is evicted or expires, the "
            "bar that is not done: keep puts it out, drop leaves it out and counts its trades as "
            "lost.",
     .example = "drop", .offset = OPTION(tail), .type = LEAT_P_WORD},
};

const struct leat_stage leat_stage_bars = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_KEYED | LEAT_READS_ONLY | LEAT_MINDS_GAPS,
    .name = "bars",
    .doc = "Trades become bars, by time, by number, by volume or by money: open, high, low, close, "
           "volume and count of each, and its time where time= is given. Behind `key` those of "
           "each key by itself, the key behind their channels.",
    .params = params,
    .params_n = LEAT_STAGES_COUNT(params),
    .options_bytes = sizeof(struct leat_bars_options),
    .ins = 1,
    .outs = 1,
    .resolve = bars_resolve,
    .init = bars_init,
    .flow = bars_flow,
    .flush = bars_flush,
    .take = bars_take,
    .leave = bars_leave,
    .counts = causes,
    .source = "dbn file=day.dbn only=T fields=price,size",
};
