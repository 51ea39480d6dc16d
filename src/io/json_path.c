#include "io/json_path.h"

#include <stdlib.h>
#include <string.h>

/* [n] or [key]. Behind it; NULL: it is none. */
static const char *brackets(const char *at, const char *end, struct leat_json_step *step)
{
    const char *inner = at + 1, *close = memchr(inner, ']', (size_t)(end - inner));
    bool digits = true, fits = true;
    if (close == NULL || close == inner)
        return NULL;
    for (const char *c = inner; c < close && digits; c++) {
        digits = *c >= '0' && *c <= '9';
        fits = fits && !__builtin_mul_overflow(step->item, (size_t)10, &step->item) &&
               !__builtin_add_overflow(step->item, (size_t)(*c - '0'), &step->item);
    }
    if (!digits)
        *step = (struct leat_json_step){.key = inner, .bytes = (size_t)(close - inner)};
    return digits && !fits ? NULL : close + 1;
}

/* A key, up to a dot or a bracket. Behind it; NULL: it is none. */
static const char *bare(const char *at, const char *end, struct leat_json_step *step)
{
    step->key = at;
    while (at < end && *at != '.' && *at != '[' && *at != ']')
        at++;
    step->bytes = (size_t)(at - step->key);
    return step->bytes != 0 ? at : NULL;
}

int leat_json_path_make(struct leat_json_path *path, const char *text, size_t bytes,
                        struct leat_diag *diag)
{
    const char *at = text, *end = text + bytes;
    *path = (struct leat_json_path){.steps = calloc(bytes + 1, sizeof *path->steps)};
    if (path->steps == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for a path");
    do {
        struct leat_json_step *step = &path->steps[path->n];
        if (at < end && *at == '[')
            at = brackets(at, end, step);
        else if (path->n == 0) /* a dot before each key but the first */
            at = bare(at, end, step);
        else
            at = *at == '.' ? bare(at + 1, end, step) : NULL;
        path->n++;
    } while (at != NULL && at < end);
    if (at != NULL)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ESYNTAX,
                         "'%.*s' is no path; write keys and places from 0, as "
                         "data.trades[0].price",
                         (int)bytes, text);
}

void leat_json_path_fini(struct leat_json_path *path)
{
    free(path->steps);
    memset(path, 0, sizeof *path);
}

const json_t *leat_json_path_find(const struct leat_json_path *path, const json_t *root)
{
    const json_t *value = root;
    for (uint32_t i = 0; i < path->n && value != NULL; i++) {
        const struct leat_json_step *step = &path->steps[i];
        value = step->key != NULL ? json_object_getn(value, step->key, step->bytes)
                                  : json_array_get(value, step->item);
    }
    return value;
}
