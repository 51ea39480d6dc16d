/* Questions that stages ask of a shape. */
#include <leat/stage.h>

#include <stdio.h>
#include <string.h>

/* A number from 1 on, digits alone; 0 when it is none or exceeds 32 bits. */
static uint32_t number_of(const char *text)
{
    uint64_t number = 0;
    if (*text == '\0')
        return 0;
    for (; *text >= '0' && *text <= '9' && number <= UINT32_MAX; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    return *text == '\0' && number <= UINT32_MAX ? (uint32_t)number : 0;
}

int leat_shape_find(const struct leat_shape *shape, const char *name, uint32_t *row,
                    struct leat_diag *diag)
{
    struct leat_guess guess = { NULL, 0 };
    for (uint32_t r = 0; r < shape->rows; r++) {
        if (strcmp(shape->channels[r].name, name) != 0)
            continue;
        *row = r;
        return LEAT_OK;
    }
    uint32_t number = number_of(name);
    if (number >= 1 && number <= shape->rows) {
        *row = number - 1;
        return LEAT_OK;
    }
    if (number != 0)
        return leat_diag_set(diag, LEAT_ENAME, "there is no channel %s: the stream has %u", name,
                             shape->rows);
    for (uint32_t r = 0; r < shape->rows; r++)
        leat_guess_try(&guess, name, shape->channels[r].name);
    if (guess.nearest != NULL)
        return leat_diag_set(diag, LEAT_ENAME, "unknown channel '%s'; did you mean '%s'?", name,
                             guess.nearest);
    return leat_diag_set(diag, LEAT_ENAME, "unknown channel '%s'; the stream's first is '%s'", name,
                         shape->rows != 0 ? shape->channels[0].name : "");
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
