/* The way the engine uses a ring: asks for the room first, pushes and pops one at a time, gives
 * lazily; the producer must at last see the whole capacity, and a length never exceeds it. */
#include <leat/atomic.h>

#include <leat/ring.h>

enum { CAPACITY = 2, HANDLES = 5 };

unsigned long completed;

struct room_model : rl::test_suite<room_model, 2> {
    leat_ring ring;
    leat_guarded_u64 slots[2];
    leat_guarded_u64 payload[HANDLES + 1];

    void before()
    {
        ring.slots = slots;
        ring.mask = 1;
        ring.capacity = CAPACITY;
        ring.lazy = 2;
        leat_store_relaxed(&ring.published, 0);
        leat_store_relaxed(&ring.retired, 0);
        leat_store_relaxed(&ring.closed, 0);
        ring.tail = ring.retired_seen = ring.head = ring.published_seen = ring.given = 0;
    }

    void thread(unsigned index)
    {
        if (index == 0) {
            for (uint64_t h = 1; h <= HANDLES; h++) {
                leat_guarded_set(&payload[h], h * 3);
                while (leat_ring_room(&ring, CAPACITY) == 0)
                    rl::yield(1, $);
                RL_ASSERT(leat_ring_push(&ring, h));
            }
            /* the consumer empties the ring and gives: all of it is seen */
            while (leat_ring_room(&ring, CAPACITY) != CAPACITY)
                rl::yield(1, $);
            leat_ring_close(&ring);
        } else {
            uint64_t h;
            for (uint64_t next = 1; !leat_ring_ended(&ring);) {
                if ((h = leat_ring_pop(&ring)) == 0) {
                    rl::yield(1, $);
                    continue;
                }
                RL_ASSERT(h == next++);
                RL_ASSERT(leat_guarded_get(&payload[h]) == h * 3);
            }
        }
    }

    void after()
    {
        RL_ASSERT(ring.head == HANDLES);
        completed++;
    }
};

int main()
{
    static const char why[] = "spare here: the ring is empty before it is closed";
    static const spare_order spare[] = {{"leat_ring_ended", leat_relacy::ACQUIRE, why},
                                        {"leat_ring_close", leat_relacy::RELEASE, why}};
    return run_model<room_model>("ring_room", 60000, spare, 2);
}
