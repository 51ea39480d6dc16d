#define _GNU_SOURCE
#include "tool.h"

#include <leat/clock.h>

#include <errno.h>
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

int output_open(struct output *output, const char *path, struct leat_diag *diag)
{
    struct stat st;
    *output = (struct output){.stream = stderr, .path = path};
    if (path == NULL)
        return LEAT_OK;
    if (strcmp(path, "-") == 0) { /* main looks after it */
        *output = (struct output){.stream = stdout};
        return LEAT_OK;
    }
    output->stream = NULL;
    bool direct = stat(path, &st) == 0 && !S_ISREG(st.st_mode); /* a device, a pipe */
    if (!direct) {
        size_t bytes = strlen(path) + 48;
        output->temp = malloc(bytes);
        if (output->temp == NULL)
            return leat_diag_set(diag, LEAT_ENOMEM, "no memory for the name of an output file");
        snprintf(output->temp, bytes, "%s.tmp-%ld-%llx", path, (long)getpid(),
                 (unsigned long long)leat_clock_ns());
    }
    output->stream = fopen(direct ? path : output->temp, direct ? "we" : "wxe");
    if (output->stream != NULL)
        return LEAT_OK;
    int cause = errno;
    free(output->temp); /* nothing was made: nothing to remove */
    output->temp = NULL;
    errno = cause;
    return refuse(output, diag);
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
    if (output->temp != NULL && rename(output->temp, output->path) != 0)
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
    *output = (struct output){.stream = NULL};
}
