#define _GNU_SOURCE
#include "tool.h"

#include <leat/atomic.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Everything here but fault_begin runs in a signal handler: system calls and the stack alone. */

/* ---- /proc/self/maps, a character at a time ---- */

struct maps {
    int fd, last; /* last: the character that was read, or -1 at the end */
    size_t at, n;
    char text[1024];
};

struct mapping {
    uintptr_t start, end;
    uint64_t offset;
    char path[PATH_MAX];
};

static int next(struct maps *m)
{
    if (m->at == m->n) {
        ssize_t got = read(m->fd, m->text, sizeof m->text);
        m->at = 0;
        m->n = got > 0 ? (size_t)got : 0;
    }
    return m->last = m->at < m->n ? (unsigned char)m->text[m->at++] : -1;
}

/* The number before the next character that is no digit. */
static uint64_t hex(struct maps *m)
{
    uint64_t value = 0;
    while ((next(m) >= '0' && m->last <= '9') || (m->last >= 'a' && m->last <= 'f'))
        value = value << 4 | (uint64_t)(m->last <= '9' ? m->last - '0' : m->last - 'a' + 10);
    return value;
}

static void pass_word(struct maps *m)
{
    while (next(m) > ' ')
        ;
}

/* start-end rights offset device inode    path */
static bool read_mapping(struct maps *m, struct mapping *out)
{
    size_t n = 0;
    out->start = (uintptr_t)hex(m);
    out->end = (uintptr_t)hex(m);
    pass_word(m);
    out->offset = hex(m);
    pass_word(m);
    pass_word(m);
    while (m->last == ' ')
        next(m);
    for (; m->last > 0 && m->last != '\n'; next(m))
        if (n + 1 < sizeof out->path)
            out->path[n++] = (char)m->last;
    out->path[n] = '\0';
    return m->last == '\n';
}

static bool find_mapping(uintptr_t address, struct mapping *found)
{
    struct maps maps = {.fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    while (maps.fd >= 0 && read_mapping(&maps, found))
        if (found->start <= address && address < found->end)
            return true;
    return false;
}

/* ---- the handler ---- */

/* True when the address lies behind the end of the file that is mapped there. */
static bool cut_short(uintptr_t address, struct mapping *found)
{
    struct stat st;
    return find_mapping(address, found) && found->path[0] == '/' && stat(found->path, &st) == 0 &&
           S_ISREG(st.st_mode) && (uint64_t)st.st_size <= found->offset + (address - found->start);
}

static void say(const char *text)
{
    ssize_t done = write(STDERR_FILENO, text, strlen(text));
    (void)done; /* there is nobody else to tell */
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    static leat_atomic_u32 faults;
    struct mapping found;
    (void)context;
    if (info->si_code != BUS_ADRERR || !cut_short((uintptr_t)info->si_addr, &found)) {
        signal(number, SIG_DFL);
        raise(number); /* when the handler has returned, where it happened */
        return;
    }
    while (leat_add_relaxed(&faults, 1) != 0) /* [X1 own: one worker tells, the others wait] */
        pause();
    signals_remove_files();
    say(isatty(STDERR_FILENO) ? "\r\033[Kleat: " : "leat: ");
    say(found.path);
    say(": became shorter while it was mapped\n");
    _exit(TOOL_FAILED);
}

void fault_begin(void)
{
    struct sigaction how = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigemptyset(&how.sa_mask);
    sigaction(SIGBUS, &how, NULL);
}
