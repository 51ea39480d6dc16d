/* A writer that overtakes its readers, under every schedule that chance finds: two slots, so that a
 * reader is lapped by two further frames. What is read must be of one frame, whole, and never older
 * than what was read before. */
#include <leat/atomic.h>

#include <leat/latest.h>

#include <cstddef>

enum { SLOTS = 2, COLS = 2, FRAMES = 4, WORDS = LEAT_LATEST_HEAD + COLS };

unsigned long completed;

struct shared {
    leat_latest head;
    leat_atomic_u64 words[SLOTS * WORDS];
};

struct latest_model : rl::test_suite<latest_model, 3> {
    shared file;

    void before()
    {
        file.head.slots_at = offsetof(shared, words);
        file.head.slots = SLOTS;
        file.head.slot_words = WORDS;
        file.head.row_words = COLS;
        file.head.rows = 1;
        file.head.cols = COLS;
        file.head.kind = LEAT_I64;
        leat_store_relaxed(&file.head.newest, 0);
        leat_store_relaxed(&file.head.ended, 0);
        for (unsigned i = 0; i < SLOTS * WORDS; i++)
            leat_store_relaxed(&file.words[i], 0);
    }

    void write()
    {
        for (uint64_t n = 1; n <= FRAMES; n++) {
            const uint64_t samples[COLS] = {10 * n, 10 * n + 1};
            leat_latest_frame frame = {n, 100 * n, n, (int64_t)n, COLS, (uint32_t)n};
            leat_latest_write(&file.head, &frame, samples, sizeof samples);
        }
        leat_store_release(&file.head.ended, 1);
    }

    void read()
    {
        uint64_t samples[COLS], before = 0;
        bool ended = false;
        for (unsigned i = 0; i < 40 && !ended; i++) {
            leat_latest_frame frame;
            ended = leat_latest_ended(&file.head);
            if (leat_latest_read(&file.head, &frame, samples, sizeof samples, 1)) {
                const uint64_t n = frame.number;
                RL_ASSERT(n >= before && frame.seq == 100 * n && frame.key == n);
                RL_ASSERT(frame.time_ns == (int64_t)n && frame.flags == n && frame.cols == COLS);
                RL_ASSERT(samples[0] == 10 * n && samples[1] == 10 * n + 1);
                before = n;
            }
            rl::yield(1, $);
        }
        RL_ASSERT(!ended || before == FRAMES);
    }

    void thread(unsigned index)
    {
        index == 0 ? write() : read();
    }

    void after()
    {
        completed++;
    }
};

int main()
{
    return run_model<latest_model>("latest", 20000);
}
