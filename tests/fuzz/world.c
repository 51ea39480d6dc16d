/* Files, pipes and time, as a reader under fuzz meets them: in memory, behind the calls of the
 * operating system, and of libsndfile, which opens files itself, all wrapped at link time. Nobody
 * waits, at each look at a pipe the next piece of the input has come, and nobody is given bytes for
 * which he has no room. Other descriptors are the system's own. */
#define _GNU_SOURCE
#include "chain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena/poison.h"

enum {
    FIRST = 1 << 20, /* descriptors from here on are this world's */
    OPENED_MAX = 8,
    MAPS_MAX = 4,
    PAGE = 4096,
    PIPE = 1 << 16 /* bytes that a pipe holds */
};

/* What can be opened. Of a pipe so many bytes have come, so many were taken. */
struct source {
    const char *name;
    const uint8_t *bytes;
    size_t all, come, taken;
    bool pipe, ended;
};
enum { INPUT, HEADER, SAMPLES, PEEKED, SOURCES };
static struct source sources[SOURCES] = {
    {.name = WORLD_FILE}, {.name = WORLD_RECORD ".hea"}, {.name = WORLD_RECORD ".dat"},
    {.pipe = true}};

static struct opened {
    struct source *of; /* NULL: closed */
    size_t at;
    SNDFILE *sound; /* that reads it */
} opened[OPENED_MAX];
static void *maps[MAPS_MAX];

static bool shown; /* an input: files are this world's alone */
static uint64_t pieces, now_ns = 1;
static uint32_t pace_now, looks;

size_t world_bytes(void)
{
    return sources[INPUT].all;
}

/* ---- an input ---- */

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
    struct source *input = &sources[INPUT];
    if (!shown || !input->pipe || ++looks % 3 == 0)
        return;
    if (input->come < input->all)
        input->come += piece_of(pace_now, &pieces, input->all, input->all - input->come);
    else
        input->ended = true;
}

static void show(int which, const uint8_t *data, size_t bytes)
{
    sources[which] =
        (struct source){.name = sources[which].name, .bytes = data, .all = bytes};
}

void world_show(const uint8_t *data, size_t bytes, bool record, uint32_t pace)
{
    const uint8_t *end = record ? memchr(data, 0, bytes) : NULL;
    size_t text = end != NULL ? (size_t)(end - data) : bytes;
    show(INPUT, data, bytes);
    show(HEADER, data, text);
    show(SAMPLES, end != NULL ? end + 1 : NULL, end != NULL ? bytes - text - 1 : 0);
    sources[INPUT].pipe = pace != 0;
    pieces = pace_now = looks = pace;
    now_ns = 1;
    shown = true;
    send_piece();
}

void world_close(void)
{
    bool left = false;
    for (int i = 0; i < OPENED_MAX; i++)
        left |= opened[i].of != NULL;
    for (int i = 0; i < MAPS_MAX; i++)
        left |= maps[i] != NULL;
    if (left) {
        fputs("leat fuzz: a file or a mapping is left\n", stderr);
        abort();
    }
    shown = false;
}

/* ---- descriptors ---- */

static struct opened *of(int fd)
{
    if (fd < FIRST || fd >= FIRST + OPENED_MAX)
        return NULL;
    if (opened[fd - FIRST].of == NULL) {
        fputs("leat fuzz: a descriptor is used that is closed\n", stderr);
        abort();
    }
    return &opened[fd - FIRST];
}

static int open_source(struct source *source)
{
    for (int i = 0; i < OPENED_MAX; i++)
        if (opened[i].of == NULL) {
            opened[i] = (struct opened){.of = source};
            return FIRST + i;
        }
    errno = EMFILE;
    return -1;
}

/* What may be read now, from *from on. */
static size_t ready(const struct opened *o, const uint8_t **from)
{
    const struct source *s = o->of;
    size_t at = s->pipe ? s->taken : o->at, end = s->pipe ? s->come : s->all;
    at = at < end ? at : end;
    *from = at < end ? s->bytes + at : NULL;
    return end - at;
}

/* Of n bytes as many as fit; that is how many may be asked for. */
static size_t give(void *out, size_t room, const uint8_t *from, size_t n)
{
    n = n < room ? n : room;
    if (!world_ring_take(out, n)) {
#ifdef LEAT_ARENA_ASAN
        const char *short_at = __asan_region_is_poisoned(out, room);
        if (short_at != NULL) /* says what is wrong there */
            *(volatile char *)(uintptr_t)short_at = 0;
#endif
    }
    if (n != 0)
        memcpy(out, from, n);
    return n;
}

static size_t read_on(struct opened *o, void *out, size_t room)
{
    const uint8_t *from;
    size_t n = ready(o, &from);
    n = give(out, room, from, n);
    *(o->of->pipe ? &o->of->taken : &o->at) += n;
    return n;
}

/* ---- wrapped: declared here, because nobody else calls them by these names ---- */

#define WRAPPED(type, name, ...) \
    type __real_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__)

WRAPPED(int, open, const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t); /* rubbish where there is none, and not looked at */
    va_end(more);
    for (int i = 0; i <= SAMPLES && shown; i++)
        if (strcmp(path, sources[i].name) == 0)
            return open_source(&sources[i]);
    if (!shown)
        return __real_open(path, flags, mode);
    errno = ENOENT;
    return -1;
}

WRAPPED(int, close, int fd)
{
    struct opened *o = of(fd);
    if (o == NULL)
        return __real_close(fd);
    o->of = NULL;
    return 0;
}

WRAPPED(ssize_t, read, int fd, void *out, size_t bytes)
{
    struct opened *o = of(fd);
    if (o == NULL)
        return __real_read(fd, out, bytes);
    size_t n = read_on(o, out, bytes);
    if (n != 0 || bytes == 0 || !o->of->pipe || o->of->ended)
        return (ssize_t)n;
    errno = EAGAIN;
    return -1;
}

WRAPPED(ssize_t, pread, int fd, void *out, size_t bytes, off_t offset)
{
    struct opened *o = of(fd);
    if (o == NULL)
        return __real_pread(fd, out, bytes, offset);
    if (o->of->pipe || offset < 0) {
        errno = o->of->pipe ? ESPIPE : EINVAL;
        return -1;
    }
    struct opened there = {.of = o->of, .at = (size_t)offset};
    return (ssize_t)read_on(&there, out, bytes);
}

WRAPPED(off_t, lseek, int fd, off_t offset, int whence)
{
    struct opened *o = of(fd);
    if (o == NULL)
        return __real_lseek(fd, offset, whence);
    if (!o->of->pipe && offset == 0 && whence == SEEK_CUR)
        return (off_t)o->at;
    errno = ESPIPE; /* of a file nothing else is asked */
    return -1;
}

static void describe(const struct source *s, struct stat *st)
{
    memset(st, 0, sizeof *st);
    st->st_mode = (s->pipe ? S_IFIFO : S_IFREG) | 0600;
    st->st_size = s->pipe ? 0 : (off_t)s->all;
}

WRAPPED(int, fstat, int fd, struct stat *st)
{
    struct opened *o = of(fd);
    if (o == NULL)
        return __real_fstat(fd, st);
    describe(o->of, st);
    return 0;
}

WRAPPED(int, stat, const char *restrict path, struct stat *restrict st)
{
    if (!shown)
        return __real_stat(path, st);
    for (int i = 0; i <= SAMPLES; i++)
        if (strcmp(path, sources[i].name) == 0) {
            describe(&sources[i], st);
            return 0;
        }
    errno = ENOENT;
    return -1;
}

WRAPPED(int, fcntl, int fd, int command, ...)
{
    va_list more;
    va_start(more, command);
    void *argument = va_arg(more, void *);
    va_end(more);
    struct opened *o = of(fd);
    if (o == NULL)
        return __real_fcntl(fd, command, argument);
    if (command == F_DUPFD_CLOEXEC)
        return open_source(o->of);
    if (command == F_GETPIPE_SZ)
        return PIPE;
    errno = EINVAL;
    return -1;
}

WRAPPED(int, poll, struct pollfd *fds, nfds_t n, int timeout)
{
    struct opened *o = n == 1 ? of(fds->fd) : NULL;
    if (o == NULL)
        return __real_poll(fds, n, timeout);
    const uint8_t *from;
    send_piece();
    fds->revents = ready(o, &from) != 0 || !o->of->pipe ? POLLIN : 0;
    if (o->of->ended)
        fds->revents |= POLLHUP;
    return fds->revents != 0;
}

/* Time passes where somebody waits for it, and a little whenever somebody looks. */
WRAPPED(int, nanosleep, const struct timespec *time, struct timespec *left)
{
    if (!shown)
        return __real_nanosleep(time, left);
    now_ns += (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
    return 0;
}

WRAPPED(uint64_t, leat_clock_ns, void)
{
    return shown ? ++now_ns : __real_leat_clock_ns();
}

/* The pipe of one's own into which a pipe's bytes are duplicated. */
WRAPPED(int, pipe2, int *ends, int flags)
{
    if (!shown)
        return __real_pipe2(ends, flags);
    ends[0] = open_source(&sources[PEEKED]);
    ends[1] = ends[0] >= 0 ? open_source(&sources[PEEKED]) : -1;
    return ends[1] >= 0 ? 0 : -1;
}

WRAPPED(ssize_t, tee, int from, int to, size_t bytes, unsigned flags)
{
    struct opened *o = of(from), *own = of(to);
    if (o == NULL || own == NULL)
        return __real_tee(from, to, bytes, flags);
    struct source *copy = own->of;
    copy->come = ready(o, &copy->bytes);
    copy->come = copy->come < bytes ? copy->come : bytes;
    copy->taken = 0;
    if (copy->come != 0 || o->of->ended)
        return (ssize_t)copy->come;
    errno = EAGAIN;
    return -1;
}

/* A mapping ends where the file does, and not with its last page. */
WRAPPED(void *, mmap, void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    struct opened *o = of(fd);
    if (o == NULL)
        return __real_mmap(at, bytes, protection, flags, fd, offset);
    int i = 0;
    while (i < MAPS_MAX && maps[i] != NULL)
        i++;
    size_t room = leat_round_up(bytes + 1, PAGE), there = o->of->all;
    if (i == MAPS_MAX || offset != 0 || o->of->pipe ||
        (maps[i] = aligned_alloc(PAGE, room)) == NULL) {
        errno = ENODEV;
        return MAP_FAILED;
    }
    there = there < bytes ? there : bytes;
    if (there != 0)
        memcpy(maps[i], o->of->bytes, there);
    arena_poison((char *)maps[i] + there, room - there);
    return maps[i];
}

WRAPPED(int, munmap, void *at, size_t bytes)
{
    for (int i = 0; i < MAPS_MAX; i++)
        if (at != NULL && maps[i] == at) {
            free(at);
            maps[i] = NULL;
            return 0;
        }
    return __real_munmap(at, bytes);
}

WRAPPED(int, madvise, void *at, size_t bytes, int advice)
{
    for (int i = 0; i < MAPS_MAX; i++)
        if (at != NULL && maps[i] == at)
            return 0;
    return __real_madvise(at, bytes, advice);
}

/* ---- libsndfile's file ---- */

static sf_count_t sound_length(void *o)
{
    return (sf_count_t)((struct opened *)o)->of->all;
}

static sf_count_t sound_seek(sf_count_t offset, int whence, void *user)
{
    struct opened *o = user;
    sf_count_t to = offset + (whence == SEEK_CUR ? (sf_count_t)o->at
                              : whence == SEEK_END ? (sf_count_t)o->of->all : 0);
    if (to >= 0)
        o->at = (size_t)to;
    return to >= 0 ? to : -1;
}

static sf_count_t sound_read(void *out, sf_count_t bytes, void *o)
{
    return bytes > 0 ? (sf_count_t)read_on(o, out, (size_t)bytes) : 0;
}

static sf_count_t sound_tell(void *o)
{
    return (sf_count_t)((struct opened *)o)->at;
}

WRAPPED(SNDFILE *, sf_open_fd, int fd, int mode, SF_INFO *info, int owned)
{
    static SF_VIRTUAL_IO calls = {.get_filelen = sound_length, .seek = sound_seek,
                                  .read = sound_read, .tell = sound_tell};
    struct opened *o = of(fd);
    if (o == NULL)
        return __real_sf_open_fd(fd, mode, info, owned);
    SNDFILE *sound = sf_open_virtual(&calls, mode, info, o);
    o->sound = owned ? sound : NULL;
    if (sound == NULL && owned)
        o->of = NULL;
    return sound;
}

WRAPPED(int, sf_close, SNDFILE *sound)
{
    for (int i = 0; i < OPENED_MAX; i++)
        if (sound != NULL && opened[i].sound == sound) {
            opened[i].sound = NULL;
            opened[i].of = NULL;
        }
    return __real_sf_close(sound);
}
