/* leat tune: numbers that are better on this machine than those of the release, as a run
 * configuration. */
#define _GNU_SOURCE
#include "doctor.h"
#include "json.h"
#include "tool.h"
#include "tune.h"

#include <leat/clock.h>

#include <getopt.h>
#include <string.h>
#include <unistd.h>

struct tuned {
    struct tune_row rows[TUNE_ROWS];
    uint32_t n;
    struct tune_how how;
    bool json;
    const char *path; /* --write; NULL */
    double seconds;
    char model[96];
};

static void help(void)
{
    printf("Usage: leat tune [--bits] [--quick] [--isa SET] [--write FILE] [--json]\n"
           "\n"
           "Measures, for numbers that Leat computes with, whether others are faster on this\n"
           "machine: each against the release's own, in turn, by the middle of the ratios. One is\n"
           "better when a second set of rounds says so too, by more than 2 %% and more than the\n"
           "ratios scatter. No bit of a result changes with them. It takes about half a minute of\n"
           "one processor; leave the machine alone meanwhile.\n"
           "\n"
           "    leat tune --write tuned.conf\n"
           "    leat run --config tuned.conf synth samples=1M ! zscore ! stats\n"
           "\n"
           "Options:\n"
           "  --bits        also where fir and convolve go over from products to spectra, and\n"
           "                matmul from sparse to dense. That may change bits of results, in runs\n"
           "                that are given the file, and there alone\n"
           "  --quick       fewer rounds, products in f64 alone: about two seconds, and large\n"
           "                gains are seen\n"
           "  --isa SET     of these kernels, base, v3 or v4 (the widest usable)\n"
           "  --write FILE  write what was better as a run configuration, for --config; FILE is\n"
           "                replaced at once; - is stdout, alone: to be put behind what\n"
           "                `leat doctor --write-config` wrote\n"
           "  --json        the same as one JSON object\n"
           "  -h, --help    this text\n"
           "\n"
           "Exit status: 0 whatever was found; 1 FILE could not be finished; 2 a mistake in the\n"
           "command, or FILE cannot be written at all; 130 Ctrl-C (143 SIGTERM, 129 SIGHUP):\n"
           "nothing is written then.\n");
}

/* ---- while it measures ---- */

static bool goes_on(const char *name, double share)
{
    static uint64_t shown;
    uint64_t now = leat_clock_ns();
    if (isatty(STDERR_FILENO) && now - shown > 100000000) {
        fprintf(stderr, "\r%s %d %%\033[K", name, (int)(100 * share));
        fflush(stderr);
        shown = now;
    }
    return signals_waiting() == 0;
}

static void clear_line(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

/* ---- what is told ---- */

static bool is_better(const struct tune_row *row)
{
    return row->best - row->usual != 0;
}

/* 0: the release has a rule in its place. */
static const char *number_text(double number, char out[32])
{
    snprintf(out, 32, number != 0 ? "%.7g" : "rule", number);
    return out;
}

static void tell_row(const struct tune_row *row)
{
    char gain[32] = "-", before[32], best[32];
    number_text(row->usual, before);
    number_text(row->best, best);
    if (is_better(row))
        snprintf(gain, sizeof gain, "%.3g x", row->gain);
    if (row->measured)
        printf("  %-18s %9s %9s  %8s  %5.1f %%  %6u\n", row->param->name, before, best, gain,
               100 * row->noise, row->rounds);
    else
        printf("  %-18s %9s  not measured: these kernels have no fused multiply-add\n",
               row->param->name, before);
}

static void tell(const struct tuned *t)
{
    printf("kernels %s%s%s, %.1f s\n\n", leat_isa_name(t->how.isa),
           t->model[0] != '\0' ? ", " : "", t->model, t->seconds);
    printf("  %-18s %9s %9s  %8s  %7s  %6s\n", "number", "release", "best", "gain", "noise",
           "rounds");
    for (uint32_t i = 0; i < t->n; i++) {
        if (i == LEAT_TUNING_NEUTRAL)
            printf("\nThese may change bits, in runs that are given the file:\n");
        tell_row(&t->rows[i]);
    }
    if (t->path == NULL)
        printf("\n--write FILE writes what is better, for leat run --config FILE.\n");
}

static bool tell_json(const struct tuned *t)
{
    cJSON *root = json_begin(), *list;
    cJSON_AddStringToObject(root, "version", TOOL_VERSION);
    cJSON_AddStringToObject(root, "isa", leat_isa_name(t->how.isa));
    cJSON_AddStringToObject(root, "model", t->model);
    cJSON_AddBoolToObject(root, "quick", t->how.quick);
    cJSON_AddNumberToObject(root, "seconds", t->seconds);
    list = cJSON_AddArrayToObject(root, "numbers");
    for (uint32_t i = 0; i < t->n; i++) {
        const struct tune_row *row = &t->rows[i];
        cJSON *entry = json_add_entry(list);
        cJSON_AddStringToObject(entry, "name", row->param->name);
        cJSON_AddNumberToObject(entry, "release", row->usual);
        cJSON_AddNumberToObject(entry, "best", row->best);
        cJSON_AddNumberToObject(entry, "gain", row->gain);
        cJSON_AddNumberToObject(entry, "noise", row->noise);
        json_add_u64(entry, "rounds", row->rounds);
        cJSON_AddBoolToObject(entry, "measured", row->measured);
        cJSON_AddBoolToObject(entry, "bits", i >= LEAT_TUNING_NEUTRAL);
    }
    return json_end(stdout, root);
}

static void write_profile(FILE *out, const struct tuned *t)
{
    fprintf(out, "# leat run --config FILE: what leat tune %s found%s%s, with %s kernels\n",
            TOOL_VERSION, t->model[0] != '\0' ? " on " : "", t->model,
            leat_isa_name(t->how.isa));
    for (uint32_t i = 0; i < t->n; i++) {
        const struct tune_row *row = &t->rows[i];
        char number[32], before[32];
        leat_number_write(number, row->best);
        if (i == LEAT_TUNING_NEUTRAL)
            fprintf(out, "# what follows may change bits of results\n");
        if (is_better(row))
            fprintf(out, "%s = %s # %.3g times as fast as %s\n", row->param->name, number,
                    row->gain, number_text(row->usual, before));
        else
            fprintf(out, "# %s: %s\n", row->param->name,
                    row->measured ? "nothing is better than the release's own" : "not measured");
    }
}

static enum tool_exit write_out(const struct tuned *t)
{
    struct output output;
    struct leat_diag diag = {0};
    enum tool_exit answer = TOOL_MISTAKE;
    if (output_open(&output, t->path, &diag) == LEAT_OK) {
        write_profile(output.stream, t);
        answer = output_finish(&output, &diag) == LEAT_OK ? TOOL_DONE : TOOL_FAILED;
    }
    if (answer != TOOL_DONE)
        complain(NULL, &diag);
    output_drop(&output);
    return answer;
}

/* ---- the command ---- */

static enum tool_exit mistake(const char *text, const char *word)
{
    complain_text("tune: %s%s%s%s", text, word != NULL ? " '" : "", word != NULL ? word : "",
                  word != NULL ? "'" : "");
    return TOOL_MISTAKE;
}

static bool read_isa(struct tuned *t)
{
    struct tool_args args = {0};
    struct leat_diag diag = {0};
    bool good = args_set(&args, "isa", optarg, &diag) == LEAT_OK;
    if (good)
        t->how.isa = args.isa;
    else
        complain_text("tune: --%s", diag.text);
    return good;
}

static enum tool_exit read_options(struct tuned *t, bool *helped, int argc, char **argv)
{
    static const struct option known[] = {{"bits", 0, NULL, 'b'},  {"quick", 0, NULL, 'q'},
                                          {"write", 1, NULL, 'w'}, {"json", 0, NULL, 'j'},
                                          {"isa", 1, NULL, 'i'},   {"help", 0, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    const char *word;
    opterr = 0;
    for (int key; (key = args_next(argc, argv, ":h", known, &word)) != -1;)
        switch (key) {
        case 'b':
            t->how.bits = true;
            break;
        case 'q':
            t->how.quick = true;
            break;
        case 'w':
            t->path = optarg;
            break;
        case 'j':
            t->json = true;
            break;
        case 'i':
            if (!read_isa(t))
                return TOOL_MISTAKE;
            break;
        case 'h':
            *helped = true;
            return TOOL_DONE;
        default:
            return args_bad_option("tune", known, key, word);
        }
    if (optind < argc)
        return mistake("takes no word such as", argv[optind]);
    if (t->json && t->path != NULL && strcmp(t->path, "-") == 0)
        return mistake("--json and --write - both write to standard output: give one of them",
                       NULL);
    return TOOL_DONE;
}

/* Signals wait meanwhile, and are looked for: nothing stands beside the file yet when one comes. */
static enum tool_exit tune(struct tuned *t)
{
    static struct doctor_facts facts; /* large */
    uint64_t begun = leat_clock_ns();
    doctor_look(&facts, "");
    memcpy(t->model, facts.model, sizeof t->model);
    signals_begin();
    signals_hold();
    int status = tune_measure(t->rows, &t->n, &t->how), seen = signals_waiting();
    t->seconds = (double)(leat_clock_ns() - begun) / 1e9;
    clear_line();
    if (status == LEAT_ENOMEM) {
        complain_text("tune: no memory for what it measures");
        return TOOL_FAILED;
    }
    if (status != LEAT_OK || seen != 0) {
        complain_text("tune: stopped; nothing was written");
        return (enum tool_exit)(128 + seen);
    }
    bool alone = t->path != NULL && strcmp(t->path, "-") == 0;
    enum tool_exit answer = t->path != NULL ? write_out(t) : TOOL_DONE;
    if (!alone && !t->json) /* also where it could not be written: measured it is */
        tell(t);
    else if (!alone && !tell_json(t)) {
        complain_text("tune: no memory for the list");
        answer = TOOL_FAILED;
    }
    return answer;
}

enum tool_exit command_tune(int argc, char **argv)
{
    static struct tuned t;
    bool helped = false;
    t.how.isa = leat_isa_best();
    t.how.goes_on = goes_on;
    enum tool_exit answer = read_options(&t, &helped, argc, argv);
    if (answer == TOOL_DONE && helped)
        help();
    return answer != TOOL_DONE || helped ? answer : tune(&t);
}
