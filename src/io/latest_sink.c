/* latest: the newest frame in a mapped file, for readers in other processes (leat/latest.h).
 *
 * A file is made beside the name and renamed by init, so that who opens it finds it whole; a reader
 * of an older run keeps that run's file. To publish is to store: no system call, no lock.
 */
#define _GNU_SOURCE
#include "io/common.h"

#include <leat/clock.h>
#include <leat/latest.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOTS 4u

LEAT_STATIC_ASSERT(LEAT_LATEST_NAME == LEAT_NAME_MAX && LEAT_LATEST_ROWS_MAX == LEAT_CHANNELS_MAX,
                   "the reader's header says what a stream may have without knowing of streams");

struct latest_sink {
    struct leat_latest *latest; /* mapped; NULL: nothing is */
    uint64_t number;            /* of the newest frame */
};

/* Of a batch the last one is the newest: nobody could have seen the others for long. */
static void latest_map(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames,
                       uint32_t n)
{
    struct latest_sink *s = state;
    const struct leat_frame *frame = frames[n - 1];
    const struct leat_latest_frame told = {++s->number,    frame->seq,  frame->key,
                                           frame->time_ns, frame->cols, frame->flags};
    (void)ctx;
    leat_latest_write(s->latest, &told, leat_io_row(frame, 0), frame->stride);
}

/* ---- the file ---- */

static int lay_out(const struct leat_shape *in, struct leat_latest *latest, struct leat_diag *diag)
{
    size_t row, samples, slots, names = (size_t)in->rows * LEAT_NAME_MAX, all;
    *latest = (struct leat_latest){.slots = SLOTS, .rows = in->rows, .cols = in->cols,
                                   .kind = in->kind, .names_at = sizeof *latest};
    latest->slots_at = leat_round_up(sizeof *latest + names, LEAT_LINE);
    row = leat_round_up((size_t)in->cols * leat_kind_bytes(in->kind), LEAT_LINE);
    if (row > UINT32_MAX || !leat_size_mul(row, in->rows, &samples) ||
        !leat_size_add(samples, 8 * LEAT_LATEST_HEAD, &samples) ||
        !leat_size_mul(samples, SLOTS, &slots) ||
        !leat_size_add(slots, (size_t)latest->slots_at, &all) || all > INT64_MAX)
        return leat_diag_set(diag, LEAT_ERANGE, "frames of %u samples of %u channels are too large",
                             in->cols, in->rows);
    latest->row_words = (uint32_t)(row / 8);
    latest->slot_words = samples / 8;
    latest->bytes = all;
    return LEAT_OK;
}

static int refuse(const char *path, const char *temp, int fd, int cause, struct leat_diag *diag)
{
    if (fd >= 0) {
        close(fd);
        unlink(temp);
    }
    return leat_diag_set(diag, LEAT_EIO, "%s: cannot be written: %s", path, strerror(cause));
}

/* Makes the file, with all its bytes there, and maps it. */
static int make_file(struct latest_sink *s, const char *path, const struct leat_latest *head,
                     const struct leat_shape *in, struct leat_diag *diag)
{
    char temp[4096];
    int length = snprintf(temp, sizeof temp, "%s.tmp-%ld-%llx", path, (long)getpid(),
                          (unsigned long long)leat_clock_ns());
    if (length < 0 || (size_t)length >= sizeof temp)
        return refuse(path, temp, -1, ENAMETOOLONG, diag);
    int fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return refuse(path, temp, -1, errno, diag);
    int cause = posix_fallocate(fd, 0, (off_t)head->bytes);
    if (cause != 0)
        return refuse(path, temp, fd, cause, diag);
    void *map = mmap(NULL, head->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (map == MAP_FAILED)
        return refuse(path, temp, fd, errno, diag);
    s->latest = map;
    *s->latest = *head;
    for (uint32_t r = 0; r < in->rows; r++)
        memcpy((char *)map + head->names_at + (size_t)r * LEAT_NAME_MAX, in->channels[r].name,
               LEAT_NAME_MAX);
    leat_store_release(&s->latest->magic, LEAT_LATEST_MAGIC); /* [H2 pairs H1: the head, names] */
    if (rename(temp, path) != 0)
        return refuse(path, temp, fd, errno, diag);
    close(fd);
    return LEAT_OK;
}

/* ---- the stage ---- */

static int latest_resolve(const void *options, const struct leat_shape *in,
                          struct leat_need *need, struct leat_diag *diag)
{
    (void)options;
    struct leat_latest head;
    need->state_bytes = sizeof(struct latest_sink);
    return lay_out(in, &head, diag);
}

static int latest_init(void *state, const void *options, const struct leat_shape *in,
                       const struct leat_need *need, struct leat_diag *diag)
{
    (void)need;
    const struct leat_latest_sink_options *o = options;
    struct leat_latest head;
    int status = lay_out(in, &head, diag);
    return status == LEAT_OK ? make_file(state, o->file, &head, in, diag) : status;
}

/* The newest frame stays where it is, for those that still look. */
static void latest_fini(void *state)
{
    struct latest_sink *s = state;
    if (s->latest == NULL)
        return;
    leat_store_release(&s->latest->ended, 1); /* [H9 pairs H10: every frame before] */
    munmap(s->latest, s->latest->bytes);
    s->latest = NULL;
}

static const struct leat_param latest_params[] = {
    LEAT_IO_FILE(leat_latest_sink_options, NULL, "file that is mapped; best in /dev/shm",
                 "book.latest"),
};

const struct leat_stage leat_latest_sink = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_READS_ONLY | LEAT_WAITS,
    .name = "latest",
    .doc = "Keeps the newest frame in a mapped file, where other processes read it without waiting "
           "(leat/latest.h).",
    .params = latest_params,
    .params_n = sizeof latest_params / sizeof latest_params[0],
    .options_bytes = sizeof(struct leat_latest_sink_options),
    .ins = 1,
    .resolve = latest_resolve,
    .init = latest_init,
    .map = latest_map,
    .fini = latest_fini,
};
