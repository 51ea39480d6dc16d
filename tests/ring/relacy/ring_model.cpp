/* The SPSC ring itself under every schedule that chance finds: spans of one to three handles, a
 * capacity that is no power of two, positions that wrap at 2^64, close and ended. Slots and what the
 * handles name are guarded: touched by two sides without an order between them is a report. */
#include <leat/atomic.h>

#include <leat/ring.h>

enum { CAPACITY = 3, SLOTS = 4, HANDLES = 7, CELLS = 4 };

unsigned long completed;

struct ring_model : rl::test_suite<ring_model, 2> {
    leat_ring ring;
    leat_guarded_u64 slots[SLOTS];
    leat_guarded_u64 cells[CELLS]; /* what handle h names: cell h % CELLS */
    uint64_t got;

    void before()
    {
        const uint64_t start = UINT64_MAX - 2;
        ring.slots = slots;
        ring.mask = SLOTS - 1;
        ring.capacity = CAPACITY;
        ring.lazy = 1;
        leat_store_relaxed(&ring.published, start);
        leat_store_relaxed(&ring.retired, start);
        leat_store_relaxed(&ring.closed, 0);
        ring.tail = ring.retired_seen = ring.head = ring.published_seen = ring.given = start;
        got = 0;
    }

    void produce()
    {
        for (uint64_t next = 1; next <= HANDLES;) {
            leat_guarded_u64 *span;
            uint32_t n = leat_ring_reserve(&ring, 1 + next % 3, &span);
            RL_ASSERT(n <= CAPACITY);
            if (n > HANDLES + 1 - next)
                n = (uint32_t)(HANDLES + 1 - next);
            for (uint32_t i = 0; i < n; i++) {
                leat_guarded_set(&cells[(next + i) % CELLS], next + i);
                leat_guarded_set(&span[i], next + i);
            }
            leat_ring_publish(&ring, n);
            next += n;
            if (n == 0)
                rl::yield(1, $);
        }
        leat_ring_close(&ring);
    }

    void consume()
    {
        while (!leat_ring_ended(&ring)) {
            const leat_guarded_u64 *span;
            uint32_t n = leat_ring_take(&ring, 2, &span);
            for (uint32_t i = 0; i < n; i++) {
                uint64_t handle = leat_guarded_get(&span[i]);
                RL_ASSERT(handle == ++got);
                RL_ASSERT(leat_guarded_get(&cells[handle % CELLS]) == handle);
                leat_guarded_set(&cells[handle % CELLS], 0);
            }
            leat_ring_retire(&ring, n);
            if (n == 0)
                rl::yield(1, $);
        }
    }

    void thread(unsigned index)
    {
        index == 0 ? produce() : consume();
    }

    void after()
    {
        RL_ASSERT(got == HANDLES);
        completed++;
    }
};

int main()
{
    return run_model<ring_model>("ring", 60000);
}
