/* The stream ring: its span is an address, which the model turns into an index of guarded bytes. */
#include <leat/atomic.h>

#include <leat/stream.h>

enum { CAPACITY = 4, BYTES = 11 };

unsigned long completed;

struct stream_model : rl::test_suite<stream_model, 2> {
    leat_stream stream;
    leat_guarded_u32 bytes[CAPACITY];
    char addresses[2 * CAPACITY];
    uint64_t got;

    void before()
    {
        stream.base = addresses;
        stream.bytes = CAPACITY;
        leat_store_relaxed(&stream.published, UINT64_MAX - 4);
        leat_store_relaxed(&stream.retired, UINT64_MAX - 4);
        leat_store_relaxed(&stream.closed, 0);
        got = 0;
    }

    leat_guarded_u32 *byte(const char *address)
    {
        RL_ASSERT(address >= addresses && address < addresses + 2 * CAPACITY);
        return &bytes[(address - addresses) % CAPACITY];
    }

    void produce()
    {
        for (uint64_t next = 0; next < BYTES;) {
            char *span;
            size_t n = leat_stream_reserve(&stream, &span);
            RL_ASSERT(n <= CAPACITY);
            n = n > 3 ? 3 : n;
            n = n > BYTES - next ? BYTES - next : n;
            for (size_t i = 0; i < n; i++)
                leat_guarded_set(byte(span + i), next + i + 100);
            leat_stream_publish(&stream, n);
            next += n;
            if (n == 0)
                rl::yield(1, $);
        }
        leat_stream_close(&stream);
    }

    void consume()
    {
        while (!leat_stream_ended(&stream)) {
            const char *span;
            size_t n = leat_stream_take(&stream, &span);
            n = n > 2 ? 2 : n;
            for (size_t i = 0; i < n; i++)
                RL_ASSERT(leat_guarded_get(byte(span + i)) == 100 + got++);
            leat_stream_retire(&stream, n);
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
        RL_ASSERT(got == BYTES);
        completed++;
    }
};

int main()
{
    return run_model<stream_model>("stream", 60000);
}
