/* The keyed job by hand: an open-addressing table with key and average side by side, at most half
 * full, the same hash as Leat's; the keys of a frame hashed, and asked for, before they are used.
 * No eviction, no count, no frames. */
#include "key_job.h"

#include <stdlib.h>

struct slot {
    uint64_t key; /* its bits, complemented: 0 is nobody */
    double value;
};

struct job {
    struct key_ticks ticks;
    struct slot *slots;
    uint64_t bits;
    double key[KEY_SAMPLES], x[KEY_SAMPLES];
    uint64_t hash[KEY_SAMPLES];
};

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    (void)why;
    job->ticks = (struct key_ticks){1, load->slots};
    while (UINT64_C(1) << job->bits < 2 * (uint64_t)load->slots)
        job->bits++;
    job->slots = bench_memory(sizeof *job->slots << job->bits);
    memset(job->slots, 0, sizeof *job->slots << job->bits);
    return job;
}

static inline uint64_t hash_of(uint64_t key)
{
    key = (key ^ key >> 33) * UINT64_C(0xff51afd7ed558ccd);
    key = (key ^ key >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return key ^ key >> 33;
}

static void smooth(struct job *job)
{
    uint64_t shift = 64 - job->bits, mask = (UINT64_C(1) << job->bits) - 1;
    for (uint32_t i = 0; i < KEY_SAMPLES; i++) {
        uint64_t key;
        memcpy(&key, &job->key[i], sizeof key);
        job->hash[i] = hash_of(key);
        __builtin_prefetch(&job->slots[job->hash[i] >> shift], 1);
    }
    for (uint32_t i = 0; i < KEY_SAMPLES; i++) {
        uint64_t key, at = job->hash[i] >> shift;
        memcpy(&key, &job->key[i], sizeof key);
        while (job->slots[at].key != ~key && job->slots[at].key != 0)
            at = (at + 1) & mask;
        struct slot *slot = &job->slots[at];
        if (slot->key == 0) {
            slot->key = ~key;
            slot->value = job->x[i];
        }
        slot->value += KEY_ALPHA * (job->x[i] - slot->value);
        job->x[i] = slot->value;
    }
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    uint64_t sum = 0;
    job->ticks.state = 1;
    (void)thread;
    for (uint64_t done = 0; done < n; done++) {
        key_fill(&job->ticks, job->key, job->x, KEY_SAMPLES);
        smooth(job);
        sum += key_sum(job->x, KEY_SAMPLES);
    }
    return sum;
}

static void fini(void *self)
{
    free(((struct job *)self)->slots);
    free(self);
}

const struct bench_subject bench_key_hand = {
    .name = "hand", .setup = setup, .run = run, .fini = fini};
