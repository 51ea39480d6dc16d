/* latest: a pipeline that publishes frames as fast as it can, and readers in other threads that
 * copy them. No copy may be of two frames, none may be older than the one before, and the last one
 * that is read is the last that was published. Each sample says which frame it is of. */
#define _GNU_SOURCE
#include <leat/engine.h>
#include <leat/io.h>
#include <leat/latest.h>

#include "sanitized.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS = 3, COLS = 40, READERS = 2 };
static uint64_t frames_all = SANITIZED ? 40000 : 1000000;
static char path[128];

/* ---- the pipeline ---- */

static uint64_t sample_of(uint64_t seq, uint32_t row, uint32_t col)
{
    return seq * 1000 + row * 100 + col;
}

static uint32_t cols_of(uint64_t seq) { return 1 + (uint32_t)(seq % COLS); }

static int resolve(const void *options, const struct leat_shape *in, struct leat_need *need,
                   struct leat_diag *diag)
{
    (void)options, (void)in, (void)diag;
    need->state_bytes = sizeof(uint64_t);
    need->out.rows = ROWS;
    need->out.cols = COLS;
    need->out.kind = LEAT_I64;
    for (uint32_t r = 0; r < ROWS; r++)
        leat_shape_name(&need->out, r, "row%u", r);
    return LEAT_OK;
}

static int pull(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)ctx;
    uint64_t *made = state;
    uint32_t i = 0;
    for (; i < n && *made < frames_all; i++, ++*made) {
        frames[i]->cols = cols_of(*made);
        frames[i]->time_ns = (int64_t)*made;
        for (uint32_t r = 0; r < ROWS; r++)
            for (uint32_t c = 0; c < frames[i]->cols; c++)
                ((uint64_t *)leat_frame_row(frames[i], r))[c] = sample_of(*made, r, c);
    }
    return i != 0 ? (int)i : LEAT_EEND;
}

static const struct leat_stage source = {
    .size = sizeof source, .name = "numbers", .outs = 1, .resolve = resolve, .pull = pull};

static int publish_all(void)
{
    struct leat_latest_sink_options options = {path};
    struct leat_engine_options own = {.size = sizeof own, .isa = LEAT_ISA_BASE};
    struct leat_limits limits = {.workers = 1, .batch = 1}; /* each frame is the newest once */
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    struct leat_diag diag = {0};
    uint32_t from, to;
    leat_graph_init(&graph);
    int status = leat_graph_add(&graph, &source, NULL, NULL, &from, &diag);
    if (status == LEAT_OK)
        status = leat_graph_add(&graph, &leat_latest_sink, &options, NULL, &to, &diag);
    if (status == LEAT_OK)
        status = leat_graph_join(&graph, from, 0, to, 0, &diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&plan, &graph, &limits, &diag);
    if (status != LEAT_OK)
        return fprintf(stderr, "no plan: %s\n", diag.text);
    size_t bytes = leat_round_up(leat_engine_bytes(&plan), LEAT_APART);
    void *storage = aligned_alloc(LEAT_APART, bytes);
    status = leat_engine_init(&engine, &plan, &own, storage, bytes, &diag);
    if (status == LEAT_OK)
        status = leat_engine_seal(engine, &diag);
    if (status == LEAT_OK)
        status = leat_engine_start(engine, &diag);
    if (status == LEAT_OK)
        status = leat_engine_wait(engine, UINT64_MAX, &diag);
    if (status == LEAT_OK)
        status = leat_engine_fini(engine, &diag);
    if (status != LEAT_OK)
        return fprintf(stderr, "no run: %s\n", diag.text);
    free(storage);
    leat_plan_fini(&plan);
    leat_graph_fini(&graph);
    return 0;
}

/* ---- readers ---- */

struct reader {
    pthread_t thread;
    uint64_t reads, seen, wrong, last; /* seen: different frames */
};

static const struct leat_latest *open_latest(size_t *bytes)
{
    struct stat file;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    bool known = fstat(fd, &file) == 0 && file.st_size > 0;
    *bytes = known ? (size_t)file.st_size : 0;
    void *map = known ? mmap(NULL, *bytes, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    close(fd);
    return map != MAP_FAILED ? map : NULL;
}

static bool is_whole(const struct leat_latest_frame *frame, uint64_t out[ROWS][COLS])
{
    bool good = frame->cols == cols_of(frame->seq) && frame->time_ns == (int64_t)frame->seq &&
                frame->number == frame->seq + 1;
    for (uint32_t r = 0; r < ROWS && good; r++)
        for (uint32_t c = 0; c < frame->cols && good; c++)
            good = out[r][c] == sample_of(frame->seq, r, c);
    return good;
}

static void *read_all(void *argument)
{
    struct reader *self = argument;
    const struct leat_latest *latest;
    struct leat_latest_frame frame;
    uint64_t out[ROWS][COLS], before = 0;
    size_t bytes;
    while ((latest = open_latest(&bytes)) == NULL)
        usleep(100);
    if (leat_latest_look(latest, bytes) != LEAT_OK ||
        strcmp(leat_latest_name(latest, ROWS - 1), "row2") != 0) {
        self->wrong = 1;
        return NULL;
    }
    for (bool over = false; !over;) {
        over = leat_latest_ended(latest); /* then what is read now is the last one */
        if (!leat_latest_read(latest, &frame, out, sizeof out[0], 1000))
            continue;
        self->reads++;
        self->seen += frame.number != before;
        self->wrong += !is_whole(&frame, out) || frame.number < before;
        before = frame.number;
    }
    self->last = before;
    munmap((void *)(uintptr_t)latest, bytes);
    return NULL;
}

/* A file that is no such file, or not all of it, is refused. */
static int look_at_others(void)
{
    size_t bytes;
    const struct leat_latest *latest = open_latest(&bytes);
    struct leat_latest head = *latest;
    int wrong = leat_latest_look(latest, bytes) != LEAT_OK;
    for (size_t shorter = 0; shorter < bytes; shorter += 8)
        wrong += leat_latest_look(latest, shorter) == LEAT_OK;
    for (uint32_t bit = 0; bit < 8 * offsetof(struct leat_latest, newest); bit++) {
        struct leat_latest other = head;
        ((unsigned char *)&other)[bit / 8] ^= (unsigned char)(1u << bit % 8);
        if (leat_latest_look(&other, bytes) != LEAT_OK || memcmp(&other, &head, sizeof head) == 0)
            continue;
        /* What is still taken for one lies within the file. */
        uint64_t end = other.slots_at + other.slots * other.slot_words * 8;
        wrong += end > bytes || other.names_at + other.rows * LEAT_LATEST_NAME > bytes ||
                 other.cols * leat_kind_bytes(other.kind) > other.row_words * UINT64_C(8);
    }
    munmap((void *)(uintptr_t)latest, bytes);
    return wrong;
}

int main(void)
{
    struct reader readers[READERS] = {0};
    snprintf(path, sizeof path, "/dev/shm/leat-stress-%ld", (long)getpid());
    for (uint32_t i = 0; i < READERS; i++)
        if (pthread_create(&readers[i].thread, NULL, read_all, &readers[i]) != 0)
            return 1;
    int wrong = publish_all();
    for (uint32_t i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        printf("reader %u: %llu reads of %llu frames, %llu wrong, the last %llu\n", i,
               (unsigned long long)readers[i].reads, (unsigned long long)readers[i].seen,
               (unsigned long long)readers[i].wrong, (unsigned long long)readers[i].last);
        wrong += readers[i].wrong != 0 || readers[i].last != frames_all;
    }
    wrong += look_at_others();
    unlink(path);
    return wrong != 0;
}
