#define _GNU_SOURCE
#include "tool.h"

#include <leat/clock.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOMENT_NS UINT64_C(100000000) /* GNU timeout signals a process and then its group */

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

/* What the handler needs: filled while signals are held. It runs on the control thread alone. */
static struct leat_engine *volatile running;
static volatile sig_atomic_t seen;
static volatile uint64_t seen_ns;
static char **temps; /* [temps_n] files to remove when leaving at once */
static size_t temps_n;

void signals_remove_files(void)
{
    for (size_t i = 0; i < temps_n; i++)
        unlink(temps[i]);
}

static void on_signal(int number)
{
    int before = errno;
    if (seen == 0 && running != NULL) {
        seen = number;
        seen_ns = leat_clock_ns();
        leat_engine_stop(running);
    } else if (seen == 0 || leat_clock_ns() - seen_ns >= MOMENT_NS) {
        signals_remove_files();
        _exit(128 + number);
    }
    errno = before;
}

static sigset_t all(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < NUMBERS; i++)
        sigaddset(&set, numbers[i]);
    return set;
}

void signals_begin(void)
{
    struct sigaction how = {.sa_handler = on_signal, .sa_mask = all()}, before;
    for (size_t i = 0; i < NUMBERS; i++) {
        bool nohup = numbers[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 &&
                     before.sa_handler == SIG_IGN;
        if (!nohup)
            sigaction(numbers[i], &how, NULL);
    }
}

void signals_hold(void)
{
    sigset_t set = all();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void signals_release(void)
{
    sigset_t set = all();
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int signals_waiting(void)
{
    sigset_t set;
    struct sigaction now;
    sigpending(&set);
    for (size_t i = 0; i < NUMBERS; i++)
        if (sigismember(&set, numbers[i]) == 1 && sigaction(numbers[i], NULL, &now) == 0 &&
            now.sa_handler != SIG_IGN)
            return numbers[i];
    return 0;
}

int signals_seen(void)
{
    return seen;
}

uint64_t signals_seen_ns(void)
{
    return seen_ns;
}

/* ---- the temporary files of a run ---- */

static int add_temp(const char *folder, const char *name, struct leat_diag *diag)
{
    char **more = realloc(temps, (temps_n + 1) * sizeof *temps);
    if (more == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for the names of output files");
    temps = more;
    size_t bytes = strlen(folder) + strlen(name) + 2;
    char *path = malloc(bytes);
    if (path == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for the name of an output file");
    snprintf(path, bytes, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
    temps[temps_n++] = path;
    return LEAT_OK;
}

/* Sinks write beside their file, under its name, ".tmp-" and our number; see leat/io.h. */
static int find_temps(const char *path, struct leat_diag *diag)
{
    char *folder = sink_target(path);
    if (folder == NULL && errno != ENOMEM)
        return LEAT_OK; /* a device in a folder that has gone: nothing stands beside it */
    char *start = folder != NULL ? malloc(strlen(folder) + 32) : NULL;
    if (start == NULL) {
        free(folder);
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for the name of an output file");
    }
    char *slash = strrchr(folder, '/');
    int status = LEAT_OK, n = sprintf(start, "%s.tmp-%ld-", slash + 1, (long)getpid());
    slash[slash == folder] = '\0';
    DIR *entries = opendir(folder);
    for (struct dirent *entry; status == LEAT_OK && entries != NULL &&
                               (entry = readdir(entries)) != NULL;)
        if (strncmp(entry->d_name, start, (size_t)n) == 0)
            status = add_temp(folder, entry->d_name, diag);
    if (entries != NULL)
        closedir(entries);
    free(start);
    free(folder);
    return status;
}

int signals_attach(struct leat_engine *engine, const struct leat_plan *plan, const char *also,
                   struct leat_diag *diag)
{
    int status = also != NULL ? add_temp("", also, diag) : LEAT_OK;
    for (uint32_t i = 0; status == LEAT_OK && i < plan->stages_n; i++)
        if (sink_file(&plan->stages[i]) != NULL)
            status = find_temps(sink_file(&plan->stages[i]), diag);
    running = engine;
    return status;
}

void signals_detach(void)
{
    signals_hold();
    running = NULL;
    for (size_t i = 0; i < temps_n; i++)
        free(temps[i]);
    free(temps);
    temps = NULL;
    temps_n = 0;
    signals_release();
}
