/* The pool's depot: three workers move slots between two stacks of chunks, popping and pushing at
 * once. A slot that two workers hold, a chunk that is on no stack or on two, or a chunk read without
 * an order is a report. */
#include <leat/atomic.h>

#include "pool/depot.h"

#include <new>

enum { WORKERS = 3, CHUNKS = 4, SLOTS = 2 };

unsigned long completed;

struct depot_model : rl::test_suite<depot_model, WORKERS> {
    leat_atomic_u64 full, empty;
    leat_guarded_u32 owner[CHUNKS * SLOTS]; /* touched by the holder of the slot alone */
    alignas(16) char memory[8192];
    depot d;

    void before()
    {
        RL_ASSERT(CHUNKS * depot_chunk_bytes(SLOTS) <= sizeof memory);
        d.chunks = (leat_pool_chunk *)memory;
        d.slots = SLOTS;
        leat_store_relaxed(&full, 0);
        leat_store_relaxed(&empty, 0);
        for (uint32_t i = 0; i < CHUNKS; i++) {
            leat_pool_chunk *chunk = depot_chunk(d, i);
            new (&chunk->next) leat_atomic_u32;
            new (&chunk->n) leat_guarded_u32;
            uint32_t slot[SLOTS];
            for (uint32_t k = 0; k < SLOTS; k++) {
                new (&chunk->slot[k]) leat_guarded_u32;
                slot[k] = i * SLOTS + k;
                leat_guarded_set(&owner[slot[k]], 0);
            }
            depot_fill(chunk, slot, i < 2 ? SLOTS : 0); /* two filled, two empty */
            depot_push(d, i < 2 ? &full : &empty, chunk);
        }
    }

    void thread(unsigned self)
    {
        uint32_t slot[SLOTS];
        for (int turn = 0; turn < 2; turn++) {
            leat_pool_chunk *chunk = depot_pop(d, &full);
            if (chunk == NULL) /* the others hold them */
                continue;
            uint32_t n = depot_spend(chunk, slot);
            RL_ASSERT(n == SLOTS);
            depot_push(d, &empty, chunk);
            for (uint32_t i = 0; i < n; i++) {
                RL_ASSERT(leat_guarded_get(&owner[slot[i]]) == 0);
                leat_guarded_set(&owner[slot[i]], self + 1);
            }
            for (uint32_t i = 0; i < n; i++) {
                RL_ASSERT(leat_guarded_get(&owner[slot[i]]) == self + 1);
                leat_guarded_set(&owner[slot[i]], 0);
            }
            chunk = depot_pop(d, &empty);
            RL_ASSERT(chunk != NULL);
            depot_fill(chunk, slot, n);
            depot_push(d, &full, chunk);
        }
    }

    void after()
    {
        uint32_t slot[SLOTS], seen = 0, chunks = 0;
        for (leat_pool_chunk *chunk; (chunk = depot_pop(d, &full)) != NULL; chunks++)
            for (uint32_t n = depot_spend(chunk, slot), i = 0; i < n; i++)
                seen |= 1u << slot[i];
        while (depot_pop(d, &empty) != NULL)
            chunks++;
        RL_ASSERT(seen == 0xf && chunks == CHUNKS);
        for (uint32_t i = 0; i < CHUNKS; i++) {
            leat_pool_chunk *chunk = depot_chunk(d, i);
            chunk->next.~leat_atomic_u32();
            chunk->n.~leat_guarded_u32();
            for (uint32_t k = 0; k < SLOTS; k++)
                chunk->slot[k].~leat_guarded_u32();
        }
        completed++;
    }
};

int main()
{
    static const spare_order spare[] = {
        {"depot_push", leat_relacy::ACQUIRE, "spare: a push reads nothing of what lies below"},
        {"depot_pop", leat_relacy::RELEASE, "spare: the push's release goes on through an exchange"},
    };
    return run_model<depot_model>("depot", 60000, spare, 2);
}
