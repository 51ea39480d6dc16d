#define _GNU_SOURCE
#include "tool.h"

#include <leat/param.h>
#include <leat/pool.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum which { RUN = 1, PLAN = 2, EJECT = 4, ALL = RUN | PLAN | EJECT };

/* One table: getopt_long, --help and the suggestions read it. */
static const struct option_row {
    const char *name, *argument, *doc;
    int key;
    uint32_t commands; /* which bits */
} rows[] = {
    {"file", "FILE", "read the pipeline from FILE", 'f', ALL},
    {"set", "NAME=VALUE", "give $NAME a value; wins over `let` (repeatable)", 's', ALL},
    {"workers", "N|auto", "threads; auto = one for each core (default 1)", 'w', ALL},
    {"pin", "LIST", "processors for the workers, as 0,1; or auto, none (default auto)", 'p',
     ALL},
    {"batch", "N", "frames that a worker takes at once (default: what fits 256 KiB)", 'b', ALL},
    {"frames", "N", "end after N frames from each source (default: at its own end)", 'n',
     RUN | EJECT},
    {"pool", "N", "frames in each source's pool (default: what the plan asks for)", 'P', ALL},
    {"memory", "SIZE", "most memory that the run may take (default 4Gi)", 'm', ALL},
    {"quarantine", "K", "keep the last K rejected frames, for the statistics (default 0)", 'q',
     ALL},
    {"isa", "base|v3|v4", "instruction set of the kernels (default: the widest usable)", 'i',
     ALL},
    {"spins", "N", "looks of an idle worker before it yields (default 200)", 'x', RUN | EJECT},
    {"yields", "N", "yields of an idle worker before it sleeps (default 20)", 'y', RUN | EJECT},
    {"config", "FILE", "what leat doctor or leat tune wrote; other options win over it", 'c',
     ALL},
    {"stats", "text|json", "say on stderr what happened", 'S', RUN},
    {"stats-file", "F", "say it in file F instead, as JSON unless --stats text; - is stdout", 'F',
     RUN},
    {"check-quiet", NULL, "fail if a worker allocates, locks, faults or calls the system", 'Q',
     RUN},
    {"dot", NULL, "write the graph as Graphviz DOT instead", 'd', PLAN},
    {"svg", NULL, "draw it as SVG instead", 'v', PLAN},
    {"output", "FILE", "write the program to FILE, under its name when it is complete", 'o', EJECT},
    {"help", NULL, "this text", 'h', ALL},
};
#define ROWS (sizeof rows / sizeof rows[0])

/* Numbers are read as stage parameters are: k M G, Ki Mi Gi, and ranges. */
static const struct leat_param numbers[] = {
    {.name = "workers", .min = 1, .max = LEAT_WORKERS_MAX, .type = LEAT_P_U64,
     .unit = LEAT_COUNT, .offset = offsetof(struct tool_args, workers)},
    {.name = "batch", .min = 1, .max = LEAT_BATCH_MAX, .type = LEAT_P_U64, .unit = LEAT_COUNT,
     .offset = offsetof(struct tool_args, batch)},
    {.name = "frames", .min = 1, .max = 1e18, .type = LEAT_P_U64, .unit = LEAT_COUNT,
     .offset = offsetof(struct tool_args, frames)},
    {.name = "pool", .min = 1, .max = LEAT_SLOTS_MAX, .type = LEAT_P_U64, .unit = LEAT_COUNT,
     .offset = offsetof(struct tool_args, pool)},
    {.name = "memory", .min = 1, .max = 1e18, .type = LEAT_P_U64, .unit = LEAT_BYTES,
     .offset = offsetof(struct tool_args, memory)},
    {.name = "quarantine", .min = 0, .max = LEAT_SLOTS_MAX, .type = LEAT_P_U64,
     .unit = LEAT_COUNT, .offset = offsetof(struct tool_args, quarantine)},
    {.name = "spins", .min = 1, .max = 1e9, .type = LEAT_P_U64, .unit = LEAT_COUNT,
     .offset = offsetof(struct tool_args, spins)},
    {.name = "yields", .min = 1, .max = 1e9, .type = LEAT_P_U64, .unit = LEAT_COUNT,
     .offset = offsetof(struct tool_args, yields)},
};

static int set_number(struct tool_args *args, const char *name, const char *text,
                      struct leat_diag *diag)
{
    uint32_t n;
    const struct leat_param *param, *tuning = leat_tuning_params(&n);
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(tuning[i].name, name) == 0)
            return leat_param_read(&tuning[i], text, &args->tuning, NULL, diag);
    param = leat_param_find(numbers, sizeof numbers / sizeof numbers[0], name, diag);
    return param != NULL ? leat_param_read(param, text, args, NULL, diag) : diag->code;
}

static int set_workers(struct tool_args *args, const char *text, struct leat_diag *diag)
{
    args->workers_auto = strcmp(text, "auto") == 0;
    if (!args->workers_auto)
        return set_number(args, "workers", text, diag);
    args->workers = 0;
    return LEAT_OK;
}

static int set_pins(struct tool_args *args, const char *text, struct leat_diag *diag)
{
    static const struct leat_param one = {.name = "pin", .max = 1e6, .type = LEAT_P_U64};
    args->pin = strcmp(text, "auto") == 0 ? PIN_AUTO
                : strcmp(text, "none") == 0 ? PIN_NONE
                                            : PIN_LIST;
    args->pins_n = 0;
    for (const char *at = text; args->pin == PIN_LIST && at != NULL; args->pins_n++) {
        uint64_t pin;
        char number[24];
        size_t n = strcspn(at, ",");
        snprintf(number, sizeof number, "%.*s", (int)(n < 23 ? n : 23), at);
        if (args->pins_n == LEAT_WORKERS_MAX)
            return leat_diag_set(diag, LEAT_ERANGE, "pin: at most %u processors",
                                 LEAT_WORKERS_MAX);
        int status = leat_param_read(&one, number, &pin, NULL, diag);
        if (status != LEAT_OK)
            return status;
        args->pins[args->pins_n] = (uint32_t)pin;
        at = at[n] == ',' ? at + n + 1 : NULL;
    }
    return LEAT_OK;
}

static int set_isa(struct tool_args *args, const char *text, struct leat_diag *diag)
{
    const char *widest = leat_isa_name(leat_isa_best());
    enum leat_isa isa;
    if (!leat_isa_parse(text, &isa))
        return leat_diag_set(diag, LEAT_ENAME,
                             "isa: '%s' is none of base, v3, v4; the widest usable here is %s",
                             text, widest);
    if (!leat_isa_usable(isa))
        return leat_diag_set(diag, LEAT_EINVAL,
                             "isa: this machine cannot run %s; the widest it can is %s", text,
                             widest);
    args->isa = isa;
    args->isa_said = true;
    return LEAT_OK;
}

static int set_stats(struct tool_args *args, const char *text, struct leat_diag *diag)
{
    args->stats = strcmp(text, "text") == 0 ? STATS_TEXT
                  : strcmp(text, "json") == 0 ? STATS_JSON
                                              : STATS_NONE;
    if (args->stats != STATS_NONE)
        return LEAT_OK;
    return leat_diag_set(diag, LEAT_ENAME, "stats: '%s' is neither text nor json", text);
}

static int set_set(struct tool_args *args, const char *text, struct leat_diag *diag)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return leat_diag_set(diag, LEAT_ESYNTAX, "set: '%s' is not NAME=VALUE", text);
    args->sets[args->sets_n++] = text;
    return LEAT_OK;
}

int args_set(struct tool_args *args, const char *name, const char *text, struct leat_diag *diag)
{
    if (strcmp(name, "workers") == 0)
        return set_workers(args, text, diag);
    if (strcmp(name, "pin") == 0)
        return set_pins(args, text, diag);
    if (strcmp(name, "isa") == 0)
        return set_isa(args, text, diag);
    if (strcmp(name, "stats") == 0)
        return set_stats(args, text, diag);
    if (strcmp(name, "set") == 0)
        return set_set(args, text, diag);
    return set_number(args, name, text, diag);
}

bool args_tuned(const struct tool_args *args)
{
    uint32_t n;
    const struct leat_param *params = leat_tuning_params(&n);
    for (uint32_t i = 0; i < n; i++)
        if (tuning_number(&params[i], &args->tuning) != 0)
            return true;
    return false;
}

static const struct option_row *row_of(int key)
{
    const struct option_row *row = rows;
    while (row->key != key)
        row++;
    return row;
}

static enum tool_exit set_draw(struct tool_args *args, enum tool_draw draw)
{
    if (args->draw != DRAW_TEXT && args->draw != draw) {
        complain_text("plan: --dot and --svg are two pictures; one at a time");
        return TOOL_MISTAKE;
    }
    args->draw = draw;
    return TOOL_DONE;
}

static enum tool_exit take(struct tool_args *args, const struct option_row *row, const char *text)
{
    struct leat_diag diag;
    switch (row->key) {
    case 'c': /* read already */
        return TOOL_DONE;
    case 'f':
        args->file = text;
        return TOOL_DONE;
    case 'o':
        args->output = text;
        return TOOL_DONE;
    case 'F':
        args->stats_file = text;
        return TOOL_DONE;
    case 'Q':
        args->check_quiet = true;
        return TOOL_DONE;
    case 'h':
        args->help = true;
        return TOOL_DONE;
    case 'd':
        return set_draw(args, DRAW_DOT);
    case 'v':
        return set_draw(args, DRAW_SVG);
    case 'w':
        args->workers_said = true;
        break;
    case 'p':
        args->pin_said = true;
        args->pin_line = 0;
        break;
    default:
        break;
    }
    if (args_set(args, row->name, text, &diag) == LEAT_OK)
        return TOOL_DONE;
    complain_text("--%s", diag.text);
    return TOOL_MISTAKE;
}

/* Is the word, up to its "=", one of the long options? */
static bool spelt_out(const struct option *known, const char *word)
{
    size_t n = strcspn(word, "=");
    while (known->name != NULL &&
           (strlen(known->name) + 2 != n || strncmp(known->name, word + 2, n - 2) != 0))
        known++;
    return known->name != NULL;
}

int args_next(int argc, char **argv, const char *letters, const struct option *known,
              const char **word)
{
    int key = getopt_long(argc, argv, letters, known, NULL);
    if (key == -1)
        return key;
    *word = argv[optind - (optarg != NULL && optarg == argv[optind - 1] ? 2 : 1)];
    return strncmp(*word, "--", 2) == 0 && !spelt_out(known, *word) ? '?' : key;
}

enum tool_exit args_bad_option(const char *command, const struct option *known, int answer,
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

/* Options win over a file, which is therefore read before any of them is taken. From a copy: getopt
 * moves words behind the options, where one without its value would find another's. */
static enum tool_exit take_config(struct tool_args *args, int argc, char **argv,
                                  const char *letters, const struct option *known)
{
    struct leat_diag diag;
    const char *path = NULL, *word;
    char **words = malloc(((size_t)argc + 1) * sizeof *words);
    if (words == NULL) {
        complain_text("no memory for the command line");
        return TOOL_FAILED;
    }
    memcpy(words, argv, ((size_t)argc + 1) * sizeof *words);
    optind = 0; /* from the start */
    for (int key; (key = args_next(argc, words, letters, known, &word)) != -1;)
        if (key == 'c')
            path = optarg;
    free(words);
    optind = 0;
    memset(&diag, 0, sizeof diag);
    if (path == NULL || config_read(args, path, &diag) == LEAT_OK)
        return TOOL_DONE;
    complain(NULL, &diag);
    return TOOL_MISTAKE;
}

/* Workers and pins belong together: where only one of them was said, the file's other one goes if
 * it does not fit. */
static void settle(struct tool_args *args)
{
    if (args->pin_said && !args->workers_said && args->pin == PIN_LIST) {
        args->workers = 0;
        args->workers_auto = false;
    }
    if (args->workers_said && !args->pin_said && args->pin == PIN_LIST &&
        (args->workers_auto || args->workers > args->pins_n))
        args->pin = PIN_AUTO;
    if (args->stats_file != NULL && args->stats == STATS_NONE)
        args->stats = STATS_JSON;
}

static bool takes(const char *command, const struct option_row *row)
{
    uint32_t bit = strcmp(command, "run") == 0 ? RUN : strcmp(command, "plan") == 0 ? PLAN : EJECT;
    return (row->commands & bit) != 0;
}

enum tool_exit args_read(struct tool_args *args, const char *command, int argc, char **argv)
{
    struct option known[ROWS + 1];
    const char *letters = strcmp(command, "eject") == 0 ? ":f:o:h" : ":f:h", *word;
    uint32_t n = 0;
    memset(args, 0, sizeof *args);
    memset(known, 0, sizeof known);
    for (size_t i = 0; i < ROWS; i++)
        if (takes(command, &rows[i]))
            known[n++] = (struct option){rows[i].name, rows[i].argument != NULL, NULL,
                                         rows[i].key};
    args->isa = leat_isa_best();
    args->tuning.size = sizeof args->tuning;
    args->sets = calloc((size_t)argc + 1, sizeof *args->sets);
    if (args->sets == NULL) {
        complain_text("no memory for the command line");
        return TOOL_FAILED;
    }
    opterr = 0;
    enum tool_exit status = take_config(args, argc, argv, letters, known);
    int key;
    while (status == TOOL_DONE && (key = args_next(argc, argv, letters, known, &word)) != -1)
        status = key == '?' || key == ':' ? args_bad_option(command, known, key, word)
                                          : take(args, row_of(key), optarg);
    args->words = argv + optind;
    args->words_n = (uint32_t)(argc - optind);
    settle(args);
    return status;
}

static bool read_value(const char *command, const struct leat_param *param, void *value)
{
    struct leat_diag diag = {0};
    if (leat_param_read(param, optarg, value, NULL, &diag) == LEAT_OK)
        return true;
    complain_text("%s: --%s", command, diag.text);
    return false;
}

bool args_count(const char *command, const char *option, uint64_t least, uint64_t most,
                uint64_t *count)
{
    struct leat_param param = {.name = option, .type = LEAT_P_U64, .min = (double)least,
                               .max = (double)most};
    return read_value(command, &param, count);
}

bool args_word(const char *command, const char *option, const char *const *words, uint32_t *word)
{
    struct leat_param param = {.name = option, .type = LEAT_P_WORD, .words = words};
    return read_value(command, &param, word);
}

void args_fini(struct tool_args *args)
{
    free(args->sets);
    args->sets = NULL;
}

void args_help(const char *command)
{
    printf("\nOptions:\n");
    for (size_t i = 0; i < ROWS; i++) {
        if (!takes(command, &rows[i]))
            continue;
        char left[40];
        snprintf(left, sizeof left, "%s--%s%s%s",
                 rows[i].key == 'f' ? "-f, " : rows[i].key == 'o' ? "-o, " : "", rows[i].name,
                 rows[i].argument != NULL ? " " : "",
                 rows[i].argument != NULL ? rows[i].argument : "");
        printf("  %-22s  %s\n", left, rows[i].doc);
    }
}
