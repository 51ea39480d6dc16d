#include "base/names.h"

#include <string.h>

static uint32_t slots_for(uint32_t n)
{
    uint32_t slots = 16;
    while (slots < 2 * (uint64_t)n && slots < UINT32_C(1) << 31)
        slots *= 2;
    return slots;
}

size_t leat_names_bytes(uint32_t n)
{
    return slots_for(n) * sizeof(uint32_t);
}

void leat_names_init(struct leat_names *names, void *memory, uint32_t n, const char *first,
                     size_t step)
{
    *names = (struct leat_names){first, step, memory, slots_for(n) - 1};
    memset(memory, 0, leat_names_bytes(n));
}

/* FNV-1a, and its upper half folded in. */
static uint32_t hash_of(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (uint32_t)(hash ^ hash >> 32);
}

/* The slot that has the name, or the free one where it belongs. */
static uint32_t *slot_of(const struct leat_names *names, const char *name)
{
    uint32_t at = hash_of(name) & names->mask;
    while (names->slots[at] != 0 &&
           strcmp(names->first + (names->slots[at] - 1) * names->step, name) != 0)
        at = (at + 1) & names->mask;
    return &names->slots[at];
}

uint32_t leat_names_find(const struct leat_names *names, const char *name)
{
    return *slot_of(names, name) - 1; /* a free one becomes LEAT_NAMES_NONE */
}

uint32_t leat_names_add(struct leat_names *names, uint32_t i)
{
    uint32_t *slot = slot_of(names, names->first + i * names->step);
    if (*slot == 0)
        *slot = i + 1;
    return *slot - 1;
}
