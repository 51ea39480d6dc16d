#define _GNU_SOURCE
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the handler needs: filled while signals are held, read by it alone. */
static struct leat_engine *volatile running;
static volatile sig_atomic_t seen;
static char **temps; /* [temps_n] files to remove when leaving at once */
static size_t temps_n;

static void on_signal(int number)
{
    int before = errno;
    if (seen != 0 || running == NULL) {
        for (size_t i = 0; i < temps_n; i++)
            unlink(temps[i]);
        _exit(128 + number);
    }
    seen = number;
    leat_engine_stop(running);
    errno = before;
}

void signals_begin(void)
{
    struct sigaction how;
    memset(&how, 0, sizeof how);
    how.sa_handler = on_signal;
    sigemptyset(&how.sa_mask);
    sigaddset(&how.sa_mask, SIGINT);
    sigaddset(&how.sa_mask, SIGTERM);
    sigaction(SIGINT, &how, NULL);
    sigaction(SIGTERM, &how, NULL);
}

static void hold(int how)
{
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    pthread_sigmask(how, &both, NULL);
}

void signals_hold(void)
{
    hold(SIG_BLOCK);
}

void signals_release(void)
{
    hold(SIG_UNBLOCK);
}

int signals_seen(void)
{
    return seen;
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
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char *folder = slash != NULL ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
                                 : strdup(".");
    char *start = malloc(strlen(name) + 32);
    int status = folder != NULL && start != NULL
                     ? LEAT_OK
                     : leat_diag_set(diag, LEAT_ENOMEM, "no memory for the name of a folder");
    DIR *entries = status == LEAT_OK ? opendir(folder) : NULL;
    if (entries != NULL) {
        int n = sprintf(start, "%s.tmp-%ld-", name, (long)getpid());
        for (struct dirent *entry; status == LEAT_OK && (entry = readdir(entries)) != NULL;)
            if (strncmp(entry->d_name, start, (size_t)n) == 0)
                status = add_temp(folder, entry->d_name, diag);
        closedir(entries);
    }
    free(start);
    free(folder);
    return status;
}

static int find_sink_temps(const struct leat_plan_stage *s, struct leat_diag *diag)
{
    for (uint32_t i = 0; i < s->stage->params_n; i++) {
        const struct leat_param *param = &s->stage->params[i];
        const char *path;
        if (param->type != LEAT_P_TEXT || strcmp(param->name, "file") != 0)
            continue;
        memcpy(&path, (const char *)s->options + param->offset, sizeof path);
        return path != NULL && strcmp(path, "-") != 0 ? find_temps(path, diag) : LEAT_OK;
    }
    return LEAT_OK;
}

int signals_attach(struct leat_engine *engine, const struct leat_plan *plan, const char *also,
                   struct leat_diag *diag)
{
    int status = also != NULL ? add_temp("", also, diag) : LEAT_OK;
    for (uint32_t i = 0; status == LEAT_OK && i < plan->stages_n; i++)
        if (plan->stages[i].stage->outs == 0)
            status = find_sink_temps(&plan->stages[i], diag);
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
