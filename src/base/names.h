/* Numbers of names, found by the name: a set in memory of the caller's, in time that grows with the
 * number of names and not with its square. Private to the library.
 */
#ifndef LEAT_BASE_NAMES_H
#define LEAT_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define LEAT_NAMES_NONE UINT32_MAX

struct leat_names {
    const char *first; /* name i is at first + i * step; borrowed */
    size_t step;
    uint32_t *slots;   /* [mask + 1] number + 1; 0: free */
    uint32_t mask;
};

/* Memory for a set of up to n names; n <= 2^30. */
size_t leat_names_bytes(uint32_t n);
/* An empty set for up to n of the names. */
void leat_names_init(struct leat_names *names, void *memory, uint32_t n, const char *first,
                     size_t step);
/* The one of those added that has this name, LEAT_NAMES_NONE when none has it. */
uint32_t leat_names_find(const struct leat_names *names, const char *name);
/* Adds name i, unless it is there. Returns the one that had it, or i. */
uint32_t leat_names_add(struct leat_names *names, uint32_t i);

#endif
