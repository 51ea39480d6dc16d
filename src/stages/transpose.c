/* transpose: the samples of a frame become its channels, and the channels its samples.
 *
 * The rows that come out have another length and number, so frames of its own are filled, each from
 * one that came in; they are counted as reframed.
 */
#include "stages/room.h"

#include <string.h>

#define AT_ONCE 16u /* rows of the input that are read side by side */

/* From input row r on, of each of n samples a piece of a row: [rows] elements side by side. */
#define TURN(type)                                                                           \
    for (uint32_t s = 0; s < n; s++)                                                         \
        for (uint32_t i = from; i < to; i++)                                                 \
            ((type *)leat_frame_row(made, s))[i] = ((const type *)leat_frame_row(input, i))[s]

static void turn(struct leat_frame *made, struct leat_frame *input)
{
    uint32_t rows = input->rows, n = input->cols;
    for (uint32_t from = 0; from < rows; from += AT_ONCE) {
        uint32_t to = rows - from < AT_ONCE ? rows : from + AT_ONCE;
        switch (leat_kind_bytes(input->kind)) {
        case 1: TURN(uint8_t); break;
        case 2: TURN(uint16_t); break;
        case 4: TURN(uint32_t); break;
        default: TURN(uint64_t); break;
        }
    }
    for (uint32_t s = n; s < made->rows; s++)
        memset(leat_frame_row(made, s), 0, (size_t)rows * leat_kind_bytes(input->kind));
}

static uint32_t transpose_flow(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                               uint32_t n, struct leat_out *out)
{
    (void)state;
    for (uint32_t k = 0; k < n; k++) {
        struct leat_frame *input = frames[k];
        struct leat_frame *made = leat_out_room(out) == 0 ? NULL : leat_out_claim(out);
        if (made == NULL)
            return k;
        bool padded = input->cols < made->rows || (input->flags & LEAT_PADDED) != 0;
        turn(made, input);
        made->cols = input->rows;
        made->key = input->key;
        made->flags = (uint8_t)((input->flags & (LEAT_GAP_BEFORE | LEAT_LATE)) |
                                (padded ? LEAT_PADDED : 0));
        made->time_ns = input->time_ns;
        made->born = input->born;
        if (!leat_out_put(out, made)) {
            leat_out_release(out, made);
            return k;
        }
        leat_out_release(out, input);
        ctx->reframed++;
    }
    return n;
}

/* The unit that all channels have; "" when they have not. */
static const char *unit_of(const struct leat_shape *in)
{
    for (uint32_t r = 1; r < in->rows; r++)
        if (strcmp(in->channels[r].unit, in->channels[0].unit) != 0)
            return "";
    return in->channels[0].unit;
}

static int transpose_resolve(const void *options, const struct leat_shape *in,
                             struct leat_need *need, struct leat_diag *diag)
{
    (void)options;
    int code = leat_shape_plain(in, diag);
    if (code != 0)
        return code;
    if (in->cols > need->channels_max)
        return leat_diag_set(diag, LEAT_ELIMIT,
                             "frames of %u samples would become as many channels; there may be 1 "
                             "to %u: make frames shorter",
                             in->cols, need->channels_max);
    struct leat_channel each = {.half = LEAT_WHOLE};
    memcpy(each.unit, unit_of(in), strlen(unit_of(in)) + 1);
    need->out.rows = in->cols;
    for (uint32_t r = 0; r < need->out.rows; r++) {
        need->out.channels[r] = each;
        if (in->bins_of != 0)
            leat_shape_name(&need->out, r, "bin%u", r);
        else
            leat_shape_name(&need->out, r, "s%u", r + 1);
    }
    need->out.cols = in->rows;
    need->out.cols_fixed = true;
    need->out.rate_hz = 0;
    need->out.bins_of = 0;
    need->claim_max = 1;
    return LEAT_OK;
}

const struct leat_stage leat_stage_transpose = {
    .size = sizeof(struct leat_stage),
    .name = "transpose",
    .doc = "The n samples of each frame become n channels, and its channels samples: s1, s2, ..., "
           "or bin0, bin1, ... of a spectrum. What comes out has no rate; a shorter frame is "
           "filled up with zeros.",
    .ins = 1,
    .outs = 1,
    .resolve = transpose_resolve,
    .flow = transpose_flow,
    .source = "synth samples=1M frame=16 channels=4",
};
