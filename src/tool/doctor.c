/* leat doctor: what this machine is, what it costs, what could be better. */
#define _GNU_SOURCE
#include "tool.h"

#include "doctor.h"

#include <leat/clock.h>

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

struct options {
    const char *root;   /* "": this machine */
    const char *config; /* --write-config; NULL */
    bool json, help;
};

static void help(void)
{
    printf("Usage: leat doctor [--json] [--write-config FILE]\n"
           "\n"
           "Looks at this machine, measures for a moment, and says what costs Leat time here, how\n"
           "much, and which command changes it: the worst first. It changes nothing itself.\n"
           "\n"
           "    leat doctor --write-config machine.conf\n"
           "    leat run --config machine.conf synth samples=1M ! zscore ! stats\n"
           "\n"
           "Options:\n"
           "  --json               the same as one JSON object\n"
           "  --write-config FILE  write a run configuration for this machine: workers, pins,\n"
           "                       kernels, waits; FILE is replaced at once; - is stdout, alone\n"
           "  --root DIR           look at /proc and /sys below DIR, another machine's: nothing\n"
           "                       is measured\n"
           "  -h, --help           this text\n"
           "\n"
           "Exit status: 0 whatever was found; 1 something could not be written; 2 a mistake in\n"
           "the command.\n");
}

/* ---- the command line ---- */

static const struct option known[] = {{"json", 0, NULL, 'j'},
                                      {"write-config", 1, NULL, 'c'},
                                      {"root", 1, NULL, 'r'},
                                      {"help", 0, NULL, 'h'},
                                      {NULL, 0, NULL, 0}};

static enum tool_exit mistake(const char *text, const char *word)
{
    complain_text("doctor: %s%s%s%s", text, word != NULL ? " '" : "", word != NULL ? word : "",
                  word != NULL ? "'" : "");
    return TOOL_MISTAKE;
}

static enum tool_exit read_root(struct options *options, const char *root)
{
    struct stat st;
    bool there = stat(root, &st) == 0;
    if (!there || !S_ISDIR(st.st_mode)) {
        complain_text("doctor: --root %s: %s", root, strerror(there ? ENOTDIR : errno));
        return TOOL_MISTAKE;
    }
    options->root = root;
    return TOOL_DONE;
}

static enum tool_exit read_options(struct options *options, int argc, char **argv)
{
    enum tool_exit status = TOOL_DONE;
    const char *word;
    *options = (struct options){.root = ""};
    opterr = 0;
    for (int key;
         status == TOOL_DONE && (key = args_next(argc, argv, ":h", known, &word)) != -1;)
        switch (key) {
        case 'j':
            options->json = true;
            break;
        case 'c':
            options->config = optarg;
            break;
        case 'r':
            status = read_root(options, optarg);
            break;
        case 'h':
            options->help = true;
            break;
        default:
            status = args_bad_option("doctor", known, key, word);
        }
    if (status == TOOL_DONE && optind < argc)
        status = mistake("takes no word such as", argv[optind]);
    if (status == TOOL_DONE && options->json && options->config != NULL &&
        strcmp(options->config, "-") == 0)
        status = mistake("--json and --write-config - both write to standard output: give one of "
                         "them", NULL);
    return status;
}

/* ---- what it does ---- */

static enum tool_exit say(const struct options *options, const struct doctor_report *report)
{
    if (!options->json) {
        doctor_text(stdout, report);
    } else if (!doctor_json(stdout, report)) {
        complain_text("doctor: no memory for its answer");
        return TOOL_FAILED;
    }
    return TOOL_DONE;
}

/* After all measuring: a signal in the middle of it leaves nothing beside the file. */
static enum tool_exit write_config(const char *path, const struct doctor_report *report)
{
    struct output output;
    struct leat_diag diag;
    enum tool_exit answer = TOOL_MISTAKE;
    if (output_open(&output, path, &diag) == LEAT_OK) {
        doctor_config(output.stream, report->facts, report->measures);
        answer = output_finish(&output, &diag) == LEAT_OK ? TOOL_DONE : TOOL_FAILED;
    }
    if (answer != TOOL_DONE)
        complain(NULL, &diag);
    output_drop(&output);
    return answer;
}

static enum tool_exit examine(const struct options *options)
{
    static struct doctor_facts facts; /* both are large */
    static struct doctor_measures measured;
    static struct doctor_findings findings;
    uint64_t begin = leat_clock_ns();
    bool here = options->root[0] == '\0';
    doctor_look(&facts, options->root);
    if (here)
        doctor_measure(&measured, &facts);
    struct doctor_report report = {.facts = &facts,
                                   .measures = here ? &measured : NULL,
                                   .findings = &findings};
    doctor_judge(&findings, &facts, report.measures);
    report.seconds = (double)(leat_clock_ns() - begin) / 1e9;
    enum tool_exit answer = TOOL_DONE;
    if (options->config != NULL)
        answer = write_config(options->config, &report);
    bool alone = options->config != NULL && strcmp(options->config, "-") == 0;
    return answer == TOOL_DONE && !alone ? say(options, &report) : answer;
}

enum tool_exit command_doctor(int argc, char **argv)
{
    struct options options;
    enum tool_exit answer = read_options(&options, argc, argv);
    if (answer != TOOL_DONE || !options.help)
        return answer != TOOL_DONE ? answer : examine(&options);
    help();
    return TOOL_DONE;
}
