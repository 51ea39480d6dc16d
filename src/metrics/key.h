/* A metric's key in its one canonical form: the name, its NUL, the labels in order, their NUL. */
#ifndef LEAT_METRICS_KEY_H
#define LEAT_METRICS_KEY_H

#include <leat/registry.h>

struct key {
    uint64_t hash;
    uint16_t labels; /* offset in text: where the labels begin */
    uint16_t bytes;  /* of text that are in use, both NULs included */
    uint32_t unused;
    char text[LEAT_REGISTRY_TEXT_MAX + 2];
};

/* Checks name and labels and fills *key. LEAT_EINVAL, LEAT_ERANGE as registry.h says. */
int key_make(struct key *key, const char *name, const char *labels, struct leat_diag *diag);

#endif
