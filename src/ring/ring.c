#include <leat/ring.h>

#include <string.h>

static size_t slots_for(uint32_t capacity)
{
    size_t slots = 8;
    while (slots < capacity)
        slots *= 2;
    return slots;
}

size_t leat_ring_bytes(uint32_t capacity)
{
    if (capacity == 0 || capacity > LEAT_RING_MAX)
        return 0;
    return leat_round_up(sizeof(struct leat_ring), LEAT_APART) +
           leat_round_up(slots_for(capacity) * sizeof(leat_guarded_u64), LEAT_APART);
}

int leat_ring_init(struct leat_ring **ring, uint32_t capacity, void *memory, size_t bytes,
                   struct leat_diag *diag)
{
    *ring = NULL;
    size_t need = leat_ring_bytes(capacity);
    if (need == 0)
        return leat_diag_set(diag, LEAT_ERANGE, "a ring holds 1 to %u handles, not %u",
                             LEAT_RING_MAX, capacity);
    if (memory == NULL || bytes < need || (uintptr_t)memory % LEAT_APART != 0)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "a ring of %u handles takes %zu bytes aligned to %d, %zu given",
                             capacity, need, LEAT_APART, bytes);
    memset(memory, 0, need);
    struct leat_ring *r = memory;
    r->slots = (leat_guarded_u64 *)((char *)memory + leat_round_up(sizeof *r, LEAT_APART));
    r->mask = (uint32_t)slots_for(capacity) - 1;
    r->capacity = capacity;
    r->lazy = capacity < 8 ? 1 : capacity / 8;
    *ring = r;
    return LEAT_OK;
}
