/* The loop that one writes by hand over the mapped file: one format, two columns, no check but for
 * the end of the file. */
#define _GNU_SOURCE
#include "feed_job.h"

#define COLUMNS 1024u

struct job {
    struct feed_file file;
    const char *map;
    double price[COLUMNS], size[COLUMNS];
};

static void *setup(const struct bench_load *load, const char **why)
{
    struct job *job = bench_memory(sizeof *job);
    *why = "no file in memory";
    return feed_open(&job->file, load) ? job : NULL;
}

static void unmap(struct job *job)
{
    if (job->map != NULL)
        munmap((void *)(uintptr_t)job->map, job->file.bytes);
    job->map = NULL;
}

static void ready(void *self, uint64_t n)
{
    struct job *job = self;
    unmap(job);
    feed_make(&job->file, n);
    void *map = mmap(NULL, job->file.bytes, PROT_READ, MAP_SHARED, job->file.fd, 0);
    if (map == MAP_FAILED) {
        fprintf(stderr, "leat_bench: a file in memory cannot be mapped\n");
        exit(1);
    }
    job->map = map;
}

static uint64_t sum_up(const struct job *job, uint32_t n)
{
    uint64_t sum = 0, bits;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(&bits, &job->price[i], 8);
        sum += bits;
        memcpy(&bits, &job->size[i], 8);
        sum += bits;
    }
    return sum;
}

static uint64_t run_dbn(struct job *job)
{
    uint64_t sum = 0;
    uint32_t filled = 0;
    for (size_t at = FEED_HEAD; at + FEED_MBO <= job->file.bytes; at += FEED_MBO) {
        const char *record = job->map + at;
        int64_t price;
        uint32_t size;
        if ((uint8_t)record[1] != 0xa0 || record[38] != 'A')
            continue;
        memcpy(&price, record + 24, 8);
        memcpy(&size, record + 32, 4);
        job->price[filled] = (double)price / 1e9;
        job->size[filled] = size;
        if (++filled == COLUMNS) {
            sum += sum_up(job, filled);
            filled = 0;
        }
    }
    return sum + sum_up(job, filled);
}

static uint64_t run_itch(struct job *job)
{
    uint64_t sum = 0;
    uint32_t filled = 0;
    for (size_t at = 0; at + 2 < job->file.bytes;) {
        const char *message = job->map + at + 2;
        size_t bytes = (size_t)(uint8_t)job->map[at] << 8 | (uint8_t)job->map[at + 1];
        uint32_t price, shares;
        if (at + 2 + bytes > job->file.bytes)
            break;
        at += 2 + bytes;
        if (message[0] != 'A')
            continue;
        memcpy(&price, message + 32, 4);
        memcpy(&shares, message + 20, 4);
        job->price[filled] = __builtin_bswap32(price) / 1e4;
        job->size[filled] = __builtin_bswap32(shares);
        if (++filled == COLUMNS) {
            sum += sum_up(job, filled);
            filled = 0;
        }
    }
    return sum + sum_up(job, filled);
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    (void)thread;
    (void)n;
    return job->file.itch ? run_itch(job) : run_dbn(job);
}

static void fini(void *self)
{
    struct job *job = self;
    unmap(job);
    close(job->file.fd);
    free(job);
}

const struct bench_subject bench_feed_hand = {
    .name = "hand", .setup = setup, .ready = ready, .run = run, .fini = fini};
