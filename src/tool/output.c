#define _GNU_SOURCE
#include "tool.h"

#include <leat/clock.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(struct output *output, struct leat_diag *diag)
{
    int cause = errno;
    leat_diag_set(diag, LEAT_EIO, "%s: cannot be written: %s", output->path, strerror(cause));
    output_drop(output);
    return LEAT_EIO;
}

/* A device or a pipe; a named one had its reader when the run began, see sinks.c. */
static int open_direct(struct output *output, bool fifo, struct leat_diag *diag)
{
    int fd = open(output->path, O_WRONLY | O_CLOEXEC | (fifo ? O_NONBLOCK : 0));
    if (fd >= 0 && fcntl(fd, F_SETFL, 0) == 0)
        output->stream = fdopen(fd, "w");
    if (output->stream != NULL)
        return LEAT_OK;
    int cause = errno;
    if (fd >= 0)
        close(fd);
    errno = cause;
    return refuse(output, diag);
}

/* A new file beside what the path names behind its links; it keeps the old one's permissions. */
static int open_beside(struct output *output, const struct stat *old, struct leat_diag *diag)
{
    output->target = sink_target(output->path);
    if (output->target == NULL)
        return refuse(output, diag);
    size_t bytes = strlen(output->target) + 48;
    output->temp = malloc(bytes);
    if (output->temp == NULL)
        return refuse(output, diag);
    snprintf(output->temp, bytes, "%s.tmp-%ld-%llx", output->target, (long)getpid(),
             (unsigned long long)leat_clock_ns());
    output->stream = fopen(output->temp, "wxe");
    if (output->stream != NULL) {
        if (old != NULL)
            (void)fchmod(fileno(output->stream), old->st_mode & 07777);
        return LEAT_OK;
    }
    int cause = errno;
    free(output->temp); /* nothing was made: nothing to remove */
    output->temp = NULL;
    errno = cause;
    return refuse(output, diag);
}

int output_open(struct output *output, const char *path, struct leat_diag *diag)
{
    struct stat st, link;
    *output = (struct output){.stream = stderr, .path = path};
    if (path == NULL)
        return LEAT_OK;
    if (strcmp(path, "-") == 0) { /* main looks after it */
        *output = (struct output){.stream = stdout};
        return LEAT_OK;
    }
    output->stream = NULL;
    if (path[0] == '\0')
        return leat_diag_set(diag, LEAT_EINVAL, "the name of the output is empty; - is standard "
                                                "output");
    bool there = stat(path, &st) == 0;
    int cause = errno;
    if (there && !S_ISREG(st.st_mode))
        return open_direct(output, S_ISFIFO(st.st_mode), diag);
    if (!there && lstat(path, &link) == 0) { /* a link to nothing */
        errno = cause;
        return refuse(output, diag);
    }
    return open_beside(output, there ? &st : NULL, diag);
}

int output_finish(struct output *output, struct leat_diag *diag)
{
    if (output->path == NULL)
        return LEAT_OK;
    FILE *stream = output->stream;
    bool bad = ferror(stream) != 0;
    output->stream = NULL;
    if (fclose(stream) != 0 || bad)
        return refuse(output, diag);
    if (output->temp != NULL && rename(output->temp, output->target) != 0)
        return refuse(output, diag);
    free(output->temp);
    output->temp = NULL;
    return LEAT_OK;
}

void output_drop(struct output *output)
{
    if (output->path != NULL && output->stream != NULL)
        fclose(output->stream);
    if (output->temp != NULL)
        unlink(output->temp);
    free(output->temp);
    free(output->target);
    *output = (struct output){.stream = NULL};
}
