#define _GNU_SOURCE
#include "tool.h"

#include <leat/pool.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* One table: getopt_long, --help and the suggestions read it. */
static const struct option_row {
    const char *name, *argument, *doc;
    int key;
    bool run_only;
} rows[] = {
    {"file", "FILE", "read the pipeline from FILE", 'f', false},
    {"set", "NAME=VALUE", "give $NAME a value; wins over `let` (repeatable)", 's', false},
    {"workers", "N|auto", "threads; auto = one for each core (default 1)", 'w', false},
    {"pin", "LIST", "processors for the workers, as 0,1; or auto, none (default auto)", 'p',
     false},
    {"batch", "N", "frames that a worker takes at once (default: what fits 256 KiB)", 'b', false},
    {"frames", "N", "end after N frames from each source (default: at its own end)", 'n', true},
    {"pool", "N", "frames in each source's pool (default: what the plan asks for)", 'P', false},
    {"memory", "SIZE", "most memory that the run may take (default 4Gi)", 'm', false},
    {"quarantine", "K", "keep the last K rejected frames (default 0)", 'q', false},
    {"isa", "base|v3|v4", "instruction set of the kernels (default: the widest usable)", 'i',
     false},
    {"stats", "text|json", "say on stderr what happened", 'S', true},
    {"stats-file", "F", "say it in file F instead, as JSON unless --stats text; - is stdout", 'F',
     true},
    {"check-quiet", NULL, "fail if a worker allocates, locks, faults or calls the system", 'Q',
     true},
    {"help", NULL, "this text", 'h', false},
};
#define ROWS (sizeof rows / sizeof rows[0])

/* Numbers are read as stage parameters are: k M G, Ki Mi Gi, and ranges. */
static const struct leat_param numbers[] = {
    {.name = "--workers", .min = 1, .max = LEAT_WORKERS_MAX, .type = LEAT_P_U64,
     .unit = LEAT_COUNT, .offset = offsetof(struct tool_args, workers)},
    {.name = "--batch", .min = 1, .max = LEAT_BATCH_MAX, .type = LEAT_P_U64, .unit = LEAT_COUNT,
     .offset = offsetof(struct tool_args, batch)},
    {.name = "--frames", .min = 1, .max = 1e18, .type = LEAT_P_U64, .unit = LEAT_COUNT,
     .offset = offsetof(struct tool_args, frames)},
    {.name = "--pool", .min = 1, .max = LEAT_SLOTS_MAX, .type = LEAT_P_U64, .unit = LEAT_COUNT,
     .offset = offsetof(struct tool_args, pool)},
    {.name = "--memory", .min = 1, .max = 1e18, .type = LEAT_P_U64, .unit = LEAT_BYTES,
     .offset = offsetof(struct tool_args, memory)},
    {.name = "--quarantine", .min = 0, .max = LEAT_SLOTS_MAX, .type = LEAT_P_U64,
     .unit = LEAT_COUNT, .offset = offsetof(struct tool_args, quarantine)},
};

static enum tool_exit read_number(struct tool_args *args, const char *name, const char *text)
{
    struct leat_diag diag;
    const struct leat_param *param =
        leat_param_find(numbers, sizeof numbers / sizeof numbers[0], name, &diag);
    if (param != NULL && leat_param_read(param, text, args, NULL, &diag) == LEAT_OK)
        return TOOL_DONE;
    complain(NULL, &diag);
    return TOOL_MISTAKE;
}

static enum tool_exit read_pins(struct tool_args *args, const char *text)
{
    static const struct leat_param one = {.name = "--pin", .max = 1e6, .type = LEAT_P_U64};
    args->pin = strcmp(text, "auto") == 0 ? PIN_AUTO
                : strcmp(text, "none") == 0 ? PIN_NONE
                                            : PIN_LIST;
    args->pins_n = 0;
    for (const char *at = text; args->pin == PIN_LIST && at != NULL; args->pins_n++) {
        struct leat_diag diag;
        uint64_t pin;
        char number[24];
        size_t n = strcspn(at, ",");
        snprintf(number, sizeof number, "%.*s", (int)(n < 23 ? n : 23), at);
        if (args->pins_n == LEAT_WORKERS_MAX) {
            complain_text("--pin: at most %u processors", LEAT_WORKERS_MAX);
            return TOOL_MISTAKE;
        }
        if (leat_param_read(&one, number, &pin, NULL, &diag) != LEAT_OK) {
            complain(NULL, &diag);
            return TOOL_MISTAKE;
        }
        args->pins[args->pins_n] = (uint32_t)pin;
        at = at[n] == ',' ? at + n + 1 : NULL;
    }
    return TOOL_DONE;
}

static enum tool_exit read_words(struct tool_args *args, int key, const char *text)
{
    if (key == 'i') {
        if (leat_isa_parse(text, &args->isa) && leat_isa_usable(args->isa))
            return TOOL_DONE;
        complain_text(leat_isa_parse(text, &args->isa)
                          ? "--isa: this machine cannot run %s; the widest it can is %s"
                          : "--isa: '%s' is none of base, v3, v4; the widest usable here is %s",
                      text, leat_isa_name(leat_isa_best()));
        return TOOL_MISTAKE;
    }
    args->stats = strcmp(text, "text") == 0 ? STATS_TEXT
                  : strcmp(text, "json") == 0 ? STATS_JSON
                                              : STATS_NONE;
    if (args->stats != STATS_NONE)
        return TOOL_DONE;
    complain_text("--stats: '%s' is neither text nor json", text);
    return TOOL_MISTAKE;
}

static enum tool_exit read_set(struct tool_args *args, const char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text) {
        complain_text("--set: '%s' is not NAME=VALUE", text);
        return TOOL_MISTAKE;
    }
    args->sets[args->sets_n++] = text;
    return TOOL_DONE;
}

static enum tool_exit take(struct tool_args *args, int key, const char *text)
{
    switch (key) {
    case 'f':
        args->file = text;
        return TOOL_DONE;
    case 's':
        return read_set(args, text);
    case 'w':
        args->workers_auto = strcmp(text, "auto") == 0;
        return args->workers_auto ? TOOL_DONE : read_number(args, "--workers", text);
    case 'p':
        return read_pins(args, text);
    case 'b':
        return read_number(args, "--batch", text);
    case 'n':
        return read_number(args, "--frames", text);
    case 'P':
        return read_number(args, "--pool", text);
    case 'm':
        return read_number(args, "--memory", text);
    case 'q':
        return read_number(args, "--quarantine", text);
    case 'F':
        args->stats_file = text;
        return TOOL_DONE;
    case 'Q':
        args->check_quiet = true;
        return TOOL_DONE;
    case 'h':
        args->help = true;
        return TOOL_DONE;
    default:
        return read_words(args, key, text);
    }
}

/* What getopt stumbled over: an unknown option, or one without its value. */
static enum tool_exit bad_option(const char *command, const struct option *known, int answer,
                                 const char *word)
{
    struct leat_guess guess = {NULL, 0};
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    if (answer == ':') {
        complain_text("%s: %s wants a value; see leat %s --help", command, name, command);
        return TOOL_MISTAKE;
    }
    for (const struct option *o = known; o->name != NULL; o++) {
        char dashed[64];
        snprintf(dashed, sizeof dashed, "--%s", o->name);
        if (strcmp(dashed, name) == 0) {
            complain_text("%s: %s takes no value", command, name);
            return TOOL_MISTAKE;
        }
        leat_guess_try(&guess, name + strspn(name, "-"), o->name);
    }
    if (guess.nearest != NULL)
        complain_text("%s: unknown option '%s'; did you mean '--%s'?", command, name,
                      guess.nearest);
    else
        complain_text("%s: unknown option '%s'; see leat %s --help", command, name, command);
    return TOOL_MISTAKE;
}

enum tool_exit args_read(struct tool_args *args, const char *command, int argc, char **argv)
{
    struct option known[ROWS + 1];
    bool run = strcmp(command, "run") == 0;
    uint32_t n = 0;
    memset(args, 0, sizeof *args);
    memset(known, 0, sizeof known);
    for (size_t i = 0; i < ROWS; i++)
        if (run || !rows[i].run_only)
            known[n++] = (struct option){rows[i].name, rows[i].argument != NULL, NULL,
                                         rows[i].key};
    args->isa = leat_isa_best();
    args->sets = calloc((size_t)argc + 1, sizeof *args->sets);
    if (args->sets == NULL) {
        complain_text("no memory for the command line");
        return TOOL_FAILED;
    }
    opterr = 0;
    int key;
    enum tool_exit status = TOOL_DONE;
    while (status == TOOL_DONE && (key = getopt_long(argc, argv, ":f:h", known, NULL)) != -1)
        status = key == '?' || key == ':' ? bad_option(command, known, key, argv[optind - 1])
                                          : take(args, key, optarg);
    args->words = argv + optind;
    args->words_n = (uint32_t)(argc - optind);
    if (status == TOOL_DONE && args->stats_file != NULL && args->stats == STATS_NONE)
        args->stats = STATS_JSON;
    return status;
}

void args_fini(struct tool_args *args)
{
    free(args->sets);
    args->sets = NULL;
}

void args_help(const char *command)
{
    bool run = strcmp(command, "run") == 0;
    printf("\nOptions:\n");
    for (size_t i = 0; i < ROWS; i++) {
        if (!run && rows[i].run_only)
            continue;
        char left[40];
        snprintf(left, sizeof left, "%s--%s%s%s", rows[i].key == 'f' ? "-f, " : "", rows[i].name,
                 rows[i].argument != NULL ? " " : "",
                 rows[i].argument != NULL ? rows[i].argument : "");
        printf("  %-22s  %s\n", left, rows[i].doc);
    }
}
