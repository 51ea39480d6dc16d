/* Files, pipes and time, as a reader under fuzz meets them, wrapped at link time: nobody waits, at
 * each look at a pipe the next piece of the input has come, and of a buffer only what has come may
 * be read. */
#define _GNU_SOURCE
#include "chain.h"

#include "arena/poison.h"
#include "io/bytes.h"
#include "io/record.h"

#include <leat/stream.h>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    SHOWN = 200,     /* the descriptor that world_file names */
    RING = 4096,     /* bytes of a ring: a page, the least */
    CELLS = 64       /* of a record of csv */
};

char world_file[32], world_record[64];
static int file = -1, header = -1, samples = -1, writer = -1;
static int unused; /* the lowest descriptor before an input */
static char folder[48];
static LEAT_ALIGNED(LEAT_LINE) char ring[2 * RING]; /* free bytes go on behind its end */
static bool ring_taken;
static size_t shown; /* bytes of the input */
static struct {
    const uint8_t *at, *end;
    uint64_t state;
    uint32_t pace, looks;
} coming;

static int must_be(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        abort();
    }
    return result;
}

static void remove_folder(void)
{
    char path[80];
    static const char *const names[] = {"r.hea", "r.dat"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static int create(const char *name)
{
    char path[80];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return must_be(open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), path);
}

void world_open(void)
{
    snprintf(world_file, sizeof world_file, "/proc/self/fd/%d", SHOWN);
    strcpy(folder, "/dev/shm/leat-fuzz-XXXXXX");
    if (mkdtemp(folder) == NULL)
        must_be(-1, folder);
    atexit(remove_folder);
    snprintf(world_record, sizeof world_record, "%s/r", folder);
    header = create("r.hea");
    samples = create("r.dat");
    file = must_be(memfd_create("input", MFD_CLOEXEC), "memfd_create");
    must_be(dup2(file, SHOWN), "dup2");
}

static void rewrite(int fd, const uint8_t *data, size_t bytes)
{
    must_be(ftruncate(fd, 0), "ftruncate");
    if (pwrite(fd, data, bytes, 0) != (ssize_t)bytes)
        must_be(-1, "pwrite");
}

size_t piece_of(uint32_t pace, uint64_t *state, size_t all, size_t most)
{
    if (pace == 0)
        return most;
    *state = *state * UINT64_C(6364136223846793005) + pace;
    size_t piece = 1 + all / 16 + (size_t)(*state >> 33) % pace;
    return piece < most ? piece : most;
}

/* Every third look finds nothing new. */
static void send_piece(void)
{
    if (++coming.looks % 3 == 0)
        return;
    size_t left = (size_t)(coming.end - coming.at);
    if (left != 0) {
        size_t piece = piece_of(coming.pace, &coming.state, shown, left);
        coming.at += must_be((int)write(writer, coming.at, piece), "write");
    } else if (writer >= 0) {
        close(writer);
        writer = -1;
    }
}

static int lowest_free(void)
{
    int fd = must_be(dup(SHOWN), "dup");
    close(fd);
    return fd;
}

void world_show(const uint8_t *data, size_t bytes, bool record, uint32_t pace)
{
    const uint8_t *end = record ? memchr(data, 0, bytes) : NULL;
    unused = lowest_free();
    shown = bytes;
    if (record) {
        size_t text = end != NULL ? (size_t)(end - data) : bytes;
        rewrite(header, data, text);
        rewrite(samples, data + text, end != NULL ? bytes - text - 1 : 0);
    } else if (pace == 0) {
        rewrite(file, data, bytes);
        must_be(dup2(file, SHOWN), "dup2");
    } else {
        int ends[2];
        must_be(pipe2(ends, O_CLOEXEC), "pipe2");
        must_be(dup2(ends[0], SHOWN), "dup2");
        close(ends[0]);
        writer = ends[1];
        coming.at = data;
        coming.end = data + bytes;
        coming.state = coming.pace = pace;
        coming.looks = pace;
        send_piece();
    }
}

void world_close(void)
{
    if (writer >= 0)
        close(writer);
    writer = -1;
    if (lowest_free() != unused) {
        fputs("leat fuzz: a file is left open\n", stderr);
        abort();
    }
}

/* ---- wrapped ---- */

int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
ssize_t __real_read(int fd, void *out, size_t bytes);
ssize_t __wrap_read(int fd, void *out, size_t bytes);
int __real_leat_stream_init(struct leat_stream *stream, size_t bytes, struct leat_diag *diag);
int __wrap_leat_stream_init(struct leat_stream *stream, size_t bytes, struct leat_diag *diag);
int __real_leat_records_init(struct leat_records *r, size_t room, uint32_t cells, char delimiter,
                             const char *comment, struct leat_diag *diag);
int __wrap_leat_records_init(struct leat_records *r, size_t room, uint32_t cells, char delimiter,
                             const char *comment, struct leat_diag *diag);
int __real_leat_input_peek(const char *path, char *out, size_t room, size_t *bytes, bool *all,
                           bool (*enough)(void *user, const char *text, size_t bytes), void *user,
                           struct leat_diag *diag);
int __wrap_leat_input_peek(const char *path, char *out, size_t room, size_t *bytes, bool *all,
                           bool (*enough)(void *user, const char *text, size_t bytes), void *user,
                           struct leat_diag *diag);
void __real_leat_stream_fini(struct leat_stream *stream);
void __wrap_leat_stream_fini(struct leat_stream *stream);

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
    (void)timeout;
    send_piece();
    return __real_poll(fds, n, 0);
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)time, (void)left;
    return 0;
}

/* A record of csv is as long as a ring at most, and so is what is looked at beforehand. */
int __wrap_leat_input_peek(const char *path, char *out, size_t room, size_t *bytes, bool *all,
                           bool (*enough)(void *user, const char *text, size_t bytes), void *user,
                           struct leat_diag *diag)
{
    return __real_leat_input_peek(path, out, room < RING ? room : RING, bytes, all, enough, user,
                                  diag);
}

int __wrap_leat_records_init(struct leat_records *r, size_t room, uint32_t cells, char delimiter,
                             const char *comment, struct leat_diag *diag)
{
    return __real_leat_records_init(r, room < RING ? room : RING,
                                    cells < CELLS ? cells : CELLS, delimiter, comment, diag);
}

/* Rings are small, so that a line may be too long for them. One in which no input comes round needs
 * no mapping, and what has not been read into it can be fenced off. */
int __wrap_leat_stream_init(struct leat_stream *stream, size_t bytes, struct leat_diag *diag)
{
    if (shown > RING || ring_taken)
        return __real_leat_stream_init(stream, bytes < RING ? bytes : RING, diag);
    ring_taken = true;
    *stream = (struct leat_stream){.base = ring, .bytes = RING};
    arena_poison(ring, sizeof ring);
    return LEAT_OK;
}

void __wrap_leat_stream_fini(struct leat_stream *stream)
{
    if (stream->base != ring) {
        __real_leat_stream_fini(stream);
        return;
    }
    arena_unpoison(ring, sizeof ring);
    ring_taken = false;
    *stream = (struct leat_stream){.base = NULL};
}

ssize_t __wrap_read(int fd, void *out, size_t bytes)
{
    bool ours = ring_taken && (char *)out >= ring && (char *)out < ring + sizeof ring;
    if (!ours)
        return __real_read(fd, out, bytes);
    arena_unpoison(out, bytes);
    ssize_t got = __real_read(fd, out, bytes);
    size_t come = got > 0 ? (size_t)got : 0;
    arena_poison((char *)out + come, bytes - come);
    return got;
}
