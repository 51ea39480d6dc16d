#include "io/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEM_MAX 50u /* bytes of a name that gets a number */

/* The bytes of text, at most `most`, that are whole letters. */
static size_t whole_letters(const char *text, size_t bytes, size_t most)
{
    if (bytes <= most)
        return bytes;
    size_t end = most;
    while (end > 0 && most - end < 3 && ((unsigned char)text[end] & 0xc0) == 0x80)
        end--;
    return ((unsigned char)text[end] & 0xc0) == 0x80 ? most : end; /* not UTF-8 */
}

void leat_name_copy(char name[LEAT_NAME_MAX], const char *text, size_t bytes)
{
    size_t n = whole_letters(text, bytes, LEAT_NAME_MAX - 1);
    for (size_t i = 0; i < n; i++)
        name[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
    name[n] = '\0';
}

int leat_io_names_make(struct leat_names *names, const struct leat_channel *items, uint32_t n,
                       struct leat_diag *diag)
{
    void *memory = malloc(leat_names_bytes(n));
    memset(names, 0, sizeof *names);
    if (memory == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for %u names", n);
    leat_names_init(names, memory, n, (const char *)items, sizeof *items);
    return LEAT_OK;
}

void leat_io_names_drop(struct leat_names *names)
{
    free(names->slots);
    memset(names, 0, sizeof *names);
}

int leat_names_tell_apart(struct leat_channel *items, uint32_t n, struct leat_diag *diag)
{
    struct leat_names names;
    uint32_t *last = calloc(n + 1u, sizeof *last); /* number given last, for the first of a name */
    if (last == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for %u names", n);
    int status = leat_io_names_make(&names, items, n, diag);
    for (uint32_t i = 0; i < n && status == LEAT_OK; i++) {
        uint32_t first = leat_names_add(&names, i);
        if (first == i)
            continue;
        const char *stem = items[first].name;
        int bytes = (int)whole_letters(stem, strlen(stem), STEM_MAX);
        last[first] = last[first] == 0 ? 1 : last[first];
        do
            snprintf(items[i].name, LEAT_NAME_MAX, "%.*s_%u", bytes, stem, ++last[first]);
        while (leat_names_add(&names, i) != i);
    }
    leat_io_names_drop(&names);
    free(last);
    return status;
}

/* One of the names that the user gave. */
static int take_name(struct leat_names *names, struct leat_channel *items, uint32_t i,
                     const char *text, struct leat_diag *diag)
{
    leat_name_copy(items[i].name, text, strlen(text));
    if (items[i].name[0] == '\0')
        return leat_diag_set(diag, LEAT_EINVAL, "names: name %u is empty", i + 1);
    if (leat_names_add(names, i) != i)
        return leat_diag_set(diag, LEAT_EINVAL, "names: '%s' is there twice", items[i].name);
    return LEAT_OK;
}

int leat_io_names(struct leat_shape *shape, const struct leat_list *list, const char *prefix,
                  struct leat_diag *diag)
{
    struct leat_names names;
    if (list->n != 0 && list->n != shape->rows)
        return leat_diag_set(diag, LEAT_ESHAPE, "names: %u names for %u channels", list->n,
                             shape->rows);
    memset(shape->channels, 0, shape->rows * sizeof *shape->channels);
    for (uint32_t r = 0; list->n == 0 && r < shape->rows; r++)
        snprintf(shape->channels[r].name, LEAT_NAME_MAX, "%s%u", prefix, r + 1);
    if (list->n == 0)
        return LEAT_OK;
    int status = leat_io_names_make(&names, shape->channels, list->n, diag);
    for (uint32_t r = 0; r < list->n && status == LEAT_OK; r++)
        status = take_name(&names, shape->channels, r, list->items[r], diag);
    leat_io_names_drop(&names);
    return status;
}
