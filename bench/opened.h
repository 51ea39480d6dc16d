/* Libraries that are opened when the bench runs: some have functions of the same names, and what
 * one of them is to find must be its own. */
#ifndef LEAT_BENCH_OPENED_H
#define LEAT_BENCH_OPENED_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

struct opened_name {
    const char *name;
    void *address; /* of the pointer that becomes the function's */
};

/* Whether all of them are there; names ends with a NULL. */
static inline bool opened_all(void *library, const struct opened_name *names)
{
    bool all = library != NULL;
    for (; all && names->name != NULL; names++) {
        *(void **)names->address = dlsym(library, names->name);
        all = *(void **)names->address != NULL;
    }
    return all;
}

static inline void *opened(const char *file)
{
    return dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
}

#endif
