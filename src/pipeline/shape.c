/* Questions that stages ask of a shape. */
#include "base/pick.h"

#include <leat/stage.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The row of that name; shape->rows: there is none. */
static uint32_t row_named(const struct leat_shape *shape, const char *name)
{
    uint32_t r = 0;
    while (r < shape->rows && strcmp(shape->channels[r].name, name) != 0)
        r++;
    return r;
}

/* number: as it was written. */
static int no_channel(const struct leat_shape *shape, const char *number, struct leat_diag *diag)
{
    return leat_diag_set(diag, LEAT_ENAME, "there is no channel %s: the stream has %u", number,
                         shape->rows);
}

int leat_shape_find(const struct leat_shape *shape, const char *name, uint32_t *row,
                    struct leat_diag *diag)
{
    struct leat_guess guess = { NULL, 0 };
    *row = row_named(shape, name);
    if (*row < shape->rows)
        return LEAT_OK;
    uint32_t number = leat_pick_number(name);
    if (number > shape->rows)
        return no_channel(shape, name, diag);
    if (number != 0) {
        *row = number - 1;
        return LEAT_OK;
    }
    for (uint32_t r = 0; r < shape->rows; r++)
        leat_guess_try(&guess, name, shape->channels[r].name);
    if (guess.nearest != NULL)
        return leat_diag_set(diag, LEAT_ENAME, "unknown channel '%s'; did you mean '%s'?", name,
                             guess.nearest);
    return leat_diag_set(diag, LEAT_ENAME, "unknown channel '%s'; the stream's first is '%s'", name,
                         shape->rows != 0 ? shape->channels[0].name : "");
}

/* A list of rows while it is made. */
struct rows {
    const struct leat_shape *shape;
    uint32_t *at, n;
    bool *taken; /* [shape->rows] */
};

static int take_row(struct rows *rows, uint32_t row, struct leat_diag *diag)
{
    if (rows->taken[row])
        return leat_diag_set(diag, LEAT_EINVAL, "%s is named twice",
                             rows->shape->channels[row].name);
    rows->taken[row] = true;
    rows->at[rows->n++] = row;
    return LEAT_OK;
}

static int take_item(struct rows *rows, const char *item, struct leat_diag *diag)
{
    const struct leat_shape *shape = rows->shape;
    struct leat_pick pick;
    uint32_t row = row_named(shape, item), before = rows->n;
    if (row < shape->rows)
        return take_row(rows, row, diag);
    if (!leat_pick_read(&pick, item))
        return leat_shape_find(shape, item, &row, diag); /* says what is nearest */
    int status = leat_pick_check(&pick, item, diag);
    if (status == LEAT_OK && pick.last > shape->rows)
        return no_channel(shape, leat_pick_last(item), diag);
    for (row = 0; row < shape->rows && status == LEAT_OK; row++)
        if (leat_pick_has(&pick, row + 1, shape->channels[row].name))
            status = take_row(rows, row, diag);
    if (status != LEAT_OK || rows->n != before)
        return status;
    return leat_diag_set(diag, LEAT_ENAME, "no channel is like '%s'; the stream's first is '%s'",
                         item, shape->channels[0].name);
}

int leat_shape_rows(const struct leat_shape *shape, const struct leat_list *list, uint32_t *rows,
                    uint32_t *n, struct leat_diag *diag)
{
    struct rows found = {shape, rows, 0, calloc(shape->rows, sizeof *found.taken)};
    if (found.taken == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for %u channels", shape->rows);
    int status = LEAT_OK;
    for (uint32_t i = 0; i < list->n && status == LEAT_OK; i++)
        status = take_item(&found, list->items[i], diag);
    *n = found.n;
    free(found.taken);
    return status;
}

int leat_shape_cols(const struct leat_length *frame, double rate_hz, uint32_t max, uint32_t *cols,
                    struct leat_diag *diag)
{
    uint64_t samples = 0;
    if (frame->samples == 0 && frame->ns == 0)
        return leat_diag_set(diag, LEAT_ERANGE, "frame: 0 is out of range: 1 to %u", max);
    int status = leat_length_samples(frame, rate_hz, "frame", &samples, diag);
    if (status == LEAT_OK && samples > max)
        return leat_diag_set(diag, LEAT_ERANGE, "frame: %llu samples are out of range: 1 to %u",
                             (unsigned long long)samples, max);
    *cols = (uint32_t)samples;
    return status;
}

int leat_shape_real(const struct leat_shape *shape, struct leat_diag *diag)
{
    if (shape->kind == LEAT_F32 || shape->kind == LEAT_F64)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ESHAPE,
                         "it works on f32 or f64, and the stream is %s: put `cast type=f64` before "
                         "it",
                         leat_kind_name(shape->kind));
}

void leat_shape_take(const struct leat_shape *in, const uint32_t *rows, uint32_t n,
                     struct leat_channel *out)
{
    for (uint32_t i = 0; i < n; i++) {
        out[i] = in->channels[rows[i]];
        bool behind = i != 0 && rows[i - 1] + 1 == rows[i] && out[i].half == LEAT_IM;
        out[i].half = behind ? LEAT_IM : LEAT_WHOLE;
        if (behind)
            out[i - 1].half = LEAT_RE;
    }
}

int leat_shape_plain(const struct leat_shape *shape, struct leat_diag *diag)
{
    for (uint32_t r = 0; r < shape->rows; r++)
        if (shape->channels[r].half != LEAT_WHOLE)
            return leat_diag_set(diag, LEAT_ESHAPE,
                                 "it works on real channels, and '%s' is part of a complex one: "
                                 "put `magnitude` or `power` before it",
                                 shape->channels[r].name);
    return LEAT_OK;
}

int leat_shape_series(const struct leat_shape *shape, struct leat_diag *diag)
{
    if (shape->bins_of == 0)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ESHAPE,
                         "it works along time, and the frames are spectra: put it before the "
                         "transform, or `irfft` or `ifft` before it");
}

void leat_shape_name(struct leat_shape *shape, uint32_t r, const char *format, ...)
{
    char *name = shape->channels[r].name;
    va_list list;
    va_start(list, format);
    int n = vsnprintf(name, LEAT_NAME_MAX, format, list);
    va_end(list);
    if (n < LEAT_NAME_MAX)
        return;
    /* The cut may stand inside a UTF-8 letter: then the whole letter goes. */
    size_t end = LEAT_NAME_MAX - 1;
    while (end > 0 && ((unsigned char)name[end - 1] & 0xc0) == 0x80)
        end--;
    if (end > 0 && (unsigned char)name[end - 1] >= 0xc0)
        name[end - 1] = '\0';
}
