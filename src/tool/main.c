/* leat: numeric pipelines on the command line. */
#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static const struct command {
    const char *name, *doc;
    enum tool_exit (*run)(int argc, char **argv);
} commands[] = {
    {"run", "run a pipeline", command_run},
    {"plan", "show what would run, and why", command_plan},
    {"eject", "write the same graph as a C program", command_eject},
    {"inspect", "tell what is in a file", command_inspect},
    {"fft", "the strongest frequencies in a recording", command_fft},
    {"mtx", "what a matrix is like, and how a stage would keep it", command_mtx},
    {"replay", "send a capture as a live feed", command_replay},
    {"svd", "the leading singular values of a matrix", command_svd},
    {"stages", "list sources, stages and sinks, or the parameters of one", command_stages},
    {"doctor", "what this machine costs, and what would change it", command_doctor},
    {"tune", "numbers that are faster on this machine", command_tune},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void help(void)
{
    printf("Usage: leat COMMAND [OPTION...]\n"
           "\n"
           "Runs pipelines over streams of numbers: values are written once and changed in place.\n"
           "\n"
           "Commands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-10s  %s\n", commands[i].name, commands[i].doc);
    printf("\n"
           "leat COMMAND --help tells more; leat --version says which one this is.\n"
           "\n"
           "    leat run synth kind=walk samples=1M ! zscore ! stats\n");
}

static enum tool_exit unknown(const char *word)
{
    struct leat_guess guess = {NULL, 0};
    for (size_t i = 0; i < COMMANDS; i++)
        leat_guess_try(&guess, word, commands[i].name);
    if (guess.nearest != NULL)
        complain_text("unknown command '%s'; did you mean '%s'?", word, guess.nearest);
    else
        complain_text("unknown command '%s'; see leat --help", word);
    return TOOL_MISTAKE;
}

static enum tool_exit dispatch(int argc, char **argv)
{
    if (argc < 2) {
        complain_text("no command; see leat --help");
        return TOOL_MISTAKE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        help();
        return TOOL_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("leat %s\n", TOOL_VERSION);
        return TOOL_DONE;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown(argv[1]);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write alone */
    signal(SIGXFSZ, SIG_IGN); /* so is a file that has reached the limit of its size */
    enum tool_exit answer = dispatch(argc, argv);
    bool bad = ferror(stdout) != 0;
    if ((fflush(stdout) != 0 || bad) && answer == TOOL_DONE) {
        answer = errno == EPIPE ? TOOL_UNREAD : TOOL_FAILED;
        if (answer == TOOL_FAILED)
            complain_text("standard output cannot be written: %s", strerror(errno));
    }
    return (int)answer;
}
