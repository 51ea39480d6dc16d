/* How a function ends a process: for what must stop the program. */
#ifndef LEAT_TESTS_ENDS_H
#define LEAT_TESTS_ENDS_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* True when `what`, in a process of its own, ends by the signal (0: by exit status 0), and says the
 * word on its way. */
static inline bool ends(const char *name, void (*what)(void), int signal, const char *word)
{
    int pipe_ends[2], status = 0;
    char said[512] = "";
    if (pipe(pipe_ends) != 0)
        return false;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipe_ends[1], STDERR_FILENO);
        what();
        _exit(4);
    }
    close(pipe_ends[1]);
    for (size_t n = 0; n < sizeof said - 1;) {
        ssize_t got = read(pipe_ends[0], said + n, sizeof said - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    close(pipe_ends[0]);
    waitpid(child, &status, 0);
    bool well = signal == 0 ? status == 0 : WIFSIGNALED(status) && WTERMSIG(status) == signal;
    well = well && strstr(said, word) != NULL;
    printf("%s: %s (status %d: %s)\n", well ? "ok" : "failed", name, status, said);
    return well;
}

#endif
