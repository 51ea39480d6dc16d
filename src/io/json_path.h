/* A path to a value in a JSON text: keys with dots between them, [n] for the n-th of an array from
 * 0, [key] for a key that has dots or brackets in it: data.trades[0].price. */
#ifndef LEAT_IO_JSON_PATH_H
#define LEAT_IO_JSON_PATH_H

#include <leat/status.h>

#include <jansson.h>

struct leat_json_step {
    const char *key; /* borrowed; NULL: an array's item */
    size_t bytes;    /* of the key */
    size_t item;
};

struct leat_json_path {
    struct leat_json_step *steps;
    uint32_t n;
};

/* Reads text[0, bytes), which the path borrows. Its steps come from malloc; a zeroed path can be
 * freed. LEAT_ESYNTAX: the text is no path; LEAT_ENOMEM. */
int leat_json_path_make(struct leat_json_path *path, const char *text, size_t bytes,
                        struct leat_diag *diag);
void leat_json_path_fini(struct leat_json_path *path);

/* The value there; NULL when there is none. Borrowed from root. */
const json_t *leat_json_path_find(const struct leat_json_path *path, const json_t *root);

#endif
