/* Databento DBN version 1: market by order. A record's type is a byte, 0xA0. */
#include "feed/feed.h"

static const struct leat_form forms[] = {{'\xa0', 56, "market by order"}};

static const struct leat_field fields[] = {
    {NULL, "action", 38, 1, LEAT_FIELD_TEXT, 0},
    {NULL, "side", 39, 1, LEAT_FIELD_TEXT, 0},
    {NULL, "price", 24, 8, LEAT_FIELD_PRICE, 9},
    {NULL, "size", 32, 4, LEAT_FIELD_COUNT, 0},
    {NULL, "order_id", 16, 8, LEAT_FIELD_NUMBER, 0},
    {NULL, "ts_event", 8, 8, LEAT_FIELD_TIME, 0},
    {NULL, "ts_recv", 40, 8, LEAT_FIELD_TIME, 0},
    {NULL, "ts_in_delta", 48, 4, LEAT_FIELD_SIGNED, 0},
    {NULL, "sequence", 52, 4, LEAT_FIELD_COUNT, 0},
    {NULL, "flags", 36, 1, LEAT_FIELD_COUNT, 0},
    {NULL, "channel", 37, 1, LEAT_FIELD_COUNT, 0},
    {NULL, "publisher", 2, 2, LEAT_FIELD_COUNT, 0},
    {NULL, "instrument", 4, 4, LEAT_FIELD_COUNT, 0},
};

const struct leat_feed leat_feed_dbn = {
    .name = "dbn",
    .forms = forms,
    .forms_n = 1,
    .fields = fields,
    .fields_n = sizeof fields / sizeof fields[0],
    .type_at = 1,
    .only_at = 38,
    .only = "ACMRTFN",
    .only_word = "action",
    .time_at = 8,
    .time_width = 8,
    .group = "instrument",
    .group_field = "instrument",
};
