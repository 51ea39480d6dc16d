/* Loans in the words of the Arrow C data interface. A borrower may move the structs, children too,
 * and release them one by one on several threads: so each is a holder of the loan, found by its
 * private_data alone, and what they point into is the loan's. */
#include "pipeline/loan.h"

static const char formats[][2] = {
    [LEAT_U8] = "C",  [LEAT_I16] = "s", [LEAT_I32] = "i",
    [LEAT_I64] = "l", [LEAT_F32] = "f", [LEAT_F64] = "g",
};

/* ---- arrays ---- */

/* A child that was moved out is released where it is now. */
static void release_array(struct ArrowArray *self)
{
    for (int64_t i = 0; i < self->n_children; i++)
        if (self->children[i]->release != NULL)
            self->children[i]->release(self->children[i]);
    self->release = NULL;
    loan_return(self->private_data);
}

bool leat_lender_arrow(struct leat_lender *lender, struct leat_frame *frame,
                       struct ArrowArray *array)
{
    LEAT_REQUIRE(frame->rows == lender->shape->rows);
    struct loan *loan = loan_make(lender, frame, 1 + frame->rows);
    if (loan == NULL)
        return false;
    for (uint32_t r = 0; r < frame->rows; r++) {
        loan->buffers[r][0] = NULL;
        loan->buffers[r][1] = leat_frame_row(frame, r);
        loan->parts[r].array = (struct ArrowArray){
            .length = frame->cols,
            .n_buffers = 2,
            .buffers = loan->buffers[r],
            .release = release_array,
            .private_data = loan,
        };
        loan->children[r].array = &loan->parts[r].array;
    }
    *array = (struct ArrowArray){
        .length = frame->cols,
        .n_buffers = 1,
        .n_children = frame->rows,
        .buffers = &loan->none,
        .children = &loan->children->array,
        .release = release_array,
        .private_data = loan,
    };
    return true;
}

/* ---- schemas ---- */

static void release_schema(struct ArrowSchema *self)
{
    for (int64_t i = 0; i < self->n_children; i++)
        if (self->children[i]->release != NULL)
            self->children[i]->release(self->children[i]);
    self->release = NULL;
    loan_return(self->private_data);
}

/* Well-formed as Unicode says: the shortest form, no surrogates, up to U+10FFFF. */
static bool is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        unsigned char lead = *at++, low = 0x80, high = 0xbf;
        if (lead < 0x80)
            continue;
        if (lead < 0xc2 || lead > 0xf4)
            return false;
        low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : low;
        high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : high;
        for (int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1; more > 0; more--, at++) {
            if (*at < low || *at > high)
                return false;
            low = 0x80;
            high = 0xbf;
        }
    }
    return true;
}

int leat_lender_schema(struct leat_lender *lender, struct ArrowSchema *schema,
                       struct leat_diag *diag)
{
    const struct leat_shape *shape = lender->shape;
    for (uint32_t r = 0; r < shape->rows; r++)
        if (!is_utf8(shape->channels[r].name))
            return leat_diag_set(diag, LEAT_EDATA,
                                 "channel %u's name is not UTF-8, as Arrow's must be: give the "
                                 "channels names of your own",
                                 r + 1);
    struct loan *loan = loan_make(lender, NULL, 1 + shape->rows);
    if (loan == NULL)
        return leat_diag_set(diag, LEAT_ELIMIT, "all %u loans are out", lender->loans_n);
    for (uint32_t r = 0; r < shape->rows; r++) {
        loan->parts[r].schema = (struct ArrowSchema){
            .format = formats[shape->kind],
            .name = shape->channels[r].name,
            .release = release_schema,
            .private_data = loan,
        };
        loan->children[r].schema = &loan->parts[r].schema;
    }
    *schema = (struct ArrowSchema){
        .format = "+s",
        .name = "",
        .n_children = shape->rows,
        .children = &loan->children->schema,
        .release = release_schema,
        .private_data = loan,
    };
    return LEAT_OK;
}
