#define _GNU_SOURCE
#include "text/parser.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int io_fail(struct leat_diag *diag, const char *path, int error)
{
    return leat_diag_set(diag, LEAT_EIO, "cannot read '%s': %s", path, strerror(error));
}

/* Up to the end of the file, never more than one byte beyond the bound. */
static int read_all(int file, const char *path, char *text, size_t *bytes, struct leat_diag *diag)
{
    size_t n = 0;
    while (n <= TEXT_BYTES_MAX) {
        ssize_t got = read(file, text + n, TEXT_BYTES_MAX + 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_fail(diag, path, errno);
        if (got == 0)
            break;
        n += (size_t)got;
    }
    if (n > TEXT_BYTES_MAX)
        return leat_diag_set(diag, LEAT_ELIMIT, "'%s' is longer than %zu bytes", path,
                             TEXT_BYTES_MAX);
    *bytes = n;
    return LEAT_OK;
}

int text_load(const char *path, bool regular, char **text, size_t *bytes, struct leat_diag *diag)
{
    struct stat about;
    bool standard = !regular && strcmp(path, "-") == 0;
    *text = NULL;
    /* Without blocking, so that opening a pipe that nobody writes to is no trap. */
    int flags = O_RDONLY | O_CLOEXEC | (regular ? O_NONBLOCK : 0);
    int file = standard ? STDIN_FILENO : open(path, flags);
    if (file < 0)
        return io_fail(diag, path, errno);
    int status = LEAT_OK;
    if (regular && (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)))
        status = leat_diag_set(diag, LEAT_EIO, "cannot read '%s': it is not an ordinary file",
                               path);
    if (status == LEAT_OK && (*text = malloc(TEXT_BYTES_MAX + 1)) == NULL)
        status = leat_diag_set(diag, LEAT_ENOMEM, "no memory to read '%s'", path);
    if (status == LEAT_OK)
        status = read_all(file, path, *text, bytes, diag);
    if (!standard)
        close(file);
    if (status != LEAT_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}

int leat_text_load(const char *path, char **text, size_t *bytes, struct leat_diag *diag)
{
    return text_load(path, false, text, bytes, diag);
}
