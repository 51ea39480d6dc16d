#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *sink_file(const struct leat_plan_stage *s)
{
    for (uint32_t i = 0; i < s->stage->params_n && s->stage->outs == 0; i++) {
        const struct leat_param *param = &s->stage->params[i];
        const char *path;
        if (param->type != LEAT_P_TEXT || strcmp(param->name, "file") != 0)
            continue;
        memcpy(&path, (const char *)s->options + param->offset, sizeof path);
        return path != NULL && strcmp(path, "-") != 0 ? path : NULL;
    }
    return NULL;
}

char *sink_target(const char *path)
{
    char *there = realpath(path, NULL);
    if (there != NULL)
        return there;
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char *folder = slash != NULL ? strndup(path, (size_t)(name - path)) : strdup(".");
    char *real = folder != NULL ? realpath(folder, NULL) : NULL;
    char *target = NULL;
    if (real != NULL && asprintf(&target, "%s/%s", real[1] != '\0' ? real : "", name) < 0)
        target = NULL;
    free(real);
    free(folder);
    return target;
}

/* ---- two outputs of one name ---- */

/* The name that an output is put under; NULL: none, because it is a device or a pipe, standard
 * output, or in a folder that is not there, which the sink tells. */
static char *put_under(const char *path)
{
    struct stat st;
    bool direct = path == NULL || strcmp(path, "-") == 0 ||
                  (stat(path, &st) == 0 && !S_ISREG(st.st_mode));
    return direct ? NULL : sink_target(path);
}

/* The stage before `end` whose output has that name; NULL. */
static const struct leat_plan_stage *owner(const struct leat_plan *plan, char *const *names,
                                           uint32_t end, const char *name)
{
    for (uint32_t i = 0; i < end && name != NULL; i++)
        if (names[i] != NULL && strcmp(names[i], name) == 0)
            return &plan->stages[i];
    return NULL;
}

static int compare(const struct leat_plan *plan, char **names, const char *stats_file,
                   struct leat_diag *diag)
{
    const struct leat_plan_stage *other;
    for (uint32_t i = 0; i < plan->stages_n; i++) {
        const struct leat_plan_stage *s = &plan->stages[i];
        names[i] = put_under(sink_file(s));
        if ((other = owner(plan, names, i, names[i])) == NULL)
            continue;
        leat_diag_set(diag, LEAT_EINVAL,
                      "%s: '%s' writes to %s already; give each sink a file= of its own",
                      s->stage->name, other->name, sink_file(s));
        return s->line != 0 ? leat_diag_at(diag, s->file, s->line, s->column) : LEAT_EINVAL;
    }
    char *stats = put_under(stats_file);
    other = owner(plan, names, plan->stages_n, stats);
    free(stats);
    return other == NULL ? LEAT_OK
                         : leat_diag_set(diag, LEAT_EINVAL,
                                         "--stats-file: '%s' writes to %s already", other->name,
                                         stats_file);
}

int sinks_check(const struct leat_plan *plan, const char *stats_file, struct leat_diag *diag)
{
    char **names = calloc(plan->stages_n, sizeof *names);
    if (names == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for the names of output files");
    int status = compare(plan, names, stats_file, diag);
    for (uint32_t i = 0; i < plan->stages_n; i++)
        free(names[i]);
    free(names);
    return status;
}

/* ---- named pipes ---- */

/* A pipe that is no file of its own (/dev/stdout, say) will have no reader if it has none now. */
static bool is_named_pipe(const char *path)
{
    struct stat st;
    if (path == NULL || strcmp(path, "-") == 0 || stat(path, &st) != 0 || !S_ISFIFO(st.st_mode))
        return false;
    char *real = realpath(path, NULL);
    free(real);
    return real != NULL;
}

static void wait_reader(struct pipes *pipes, const char *path)
{
    if (!is_named_pipe(path))
        return;
    int fd;
    while ((fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)) < 0 &&
           (errno == ENXIO || errno == EINTR))
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    if (fd >= 0) /* what else is wrong with it the sink tells */
        pipes->fds[pipes->n++] = fd;
}

int pipes_wait(struct pipes *pipes, const struct leat_plan *plan, const char *stats_file,
               struct leat_diag *diag)
{
    pipes->fds = calloc((size_t)plan->stages_n + 1, sizeof *pipes->fds);
    if (pipes->fds == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory to wait for the readers of pipes");
    for (uint32_t i = 0; i < plan->stages_n; i++)
        wait_reader(pipes, sink_file(&plan->stages[i]));
    wait_reader(pipes, stats_file);
    return LEAT_OK;
}

void pipes_close(struct pipes *pipes)
{
    for (uint32_t i = 0; i < pipes->n; i++)
        close(pipes->fds[i]);
    free(pipes->fds);
    *pipes = (struct pipes){NULL, 0};
}
