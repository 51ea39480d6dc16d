/* Which subjects this build has: the list is written by CMake, from the files in rivals/ and what
 * it found installed. */
#define _GNU_SOURCE
#include "bench.h"

#include <string.h>

#define PRESENT(id) extern const struct bench_subject bench_##id;
#define ABSENT(id, package)
#include "rivals.inc"
#undef PRESENT
#undef ABSENT

#define PRESENT(id) {#id, &bench_##id, ""},
#define ABSENT(id, package) {#id, NULL, package},
static const struct bench_entry entries[] = {
#include "rivals.inc"
};

const struct bench_entry *bench_find(const char *id)
{
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (strcmp(entries[i].id, id) == 0)
            return &entries[i];
    return NULL;
}
