#define _GNU_SOURCE
#include "tool.h"

#include <leat/topology.h>

#include <stdlib.h>
#include <string.h>

/* ---- messages ---- */

void complain_text(const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    fprintf(stderr, "leat: %s\n", text);
}

static const char of_words[] = "pipeline"; /* the file of a text that is given in words */

void complain(const struct pipeline *pipeline, const struct leat_diag *diag)
{
    char line[1024], excerpt[512];
    size_t n = 0;
    if (pipeline != NULL && pipeline->command != NULL && strcmp(diag->file, of_words) == 0) {
        complain_text("%s: %s", pipeline->command, diag->text);
        return;
    }
    leat_diag_format(diag, line, sizeof line);
    if (pipeline != NULL && pipeline->text != NULL && diag->line != 0)
        n = leat_text_excerpt(&pipeline->options, pipeline->text, pipeline->bytes, diag, excerpt,
                              sizeof excerpt);
    fprintf(stderr, "leat: %s\n%s", line, n != 0 && n < sizeof excerpt ? excerpt : "");
}

/* ---- the text ---- */

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static int join_words(struct pipeline *p, const struct tool_args *args, struct leat_diag *diag)
{
    size_t bytes = 1;
    for (uint32_t i = 0; i < args->words_n; i++)
        bytes += strlen(args->words[i]) + 1;
    p->text = malloc(bytes);
    if (p->text == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory for the pipeline's text");
    p->bytes = 0;
    for (uint32_t i = 0; i < args->words_n; i++) {
        size_t n = strlen(args->words[i]);
        if (i != 0)
            p->text[p->bytes++] = ' ';
        memcpy(p->text + p->bytes, args->words[i], n);
        p->bytes += n;
    }
    p->text[p->bytes] = '\0';
    p->options.file = of_words;
    return LEAT_OK;
}

/* Where a file's own includes start. */
static int note_directory(struct pipeline *p, const char *path, struct leat_diag *diag)
{
    const char *slash = strrchr(path, '/');
    p->options.file = path;
    if (slash == NULL)
        return LEAT_OK;
    p->directory = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    p->options.directory = p->directory;
    return p->directory != NULL ? LEAT_OK
                                : leat_diag_set(diag, LEAT_ENOMEM, "no memory for a file's name");
}

static int load(struct pipeline *p, const struct tool_args *args, struct leat_diag *diag)
{
    const char *path = args->file;
    if (path != NULL && args->words_n != 0)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "a pipeline comes from -f FILE or from the words, not from both: '%s'",
                             args->words[0]);
    if (path == NULL && args->words_n == 0)
        return leat_diag_set(diag, LEAT_EINVAL,
                             "there is no pipeline; as in: leat run synth samples=1M ! stats");
    bool standard = args->words_n == 1 && strcmp(args->words[0], "-") == 0;
    if (args->words_n == 1 && (standard || ends_in(args->words[0], ".leat")))
        path = args->words[0];
    if (path == NULL)
        return join_words(p, args, diag);
    int status = leat_text_load(path, &p->text, &p->bytes, diag);
    if (status != LEAT_OK)
        return status;
    if (strcmp(path, "-") != 0)
        return note_directory(p, path, diag);
    p->options.file = "stdin";
    return LEAT_OK;
}

/* ---- the plan ---- */

static bool has_pu(const struct leat_topology *machine, uint32_t pu)
{
    for (uint32_t i = 0; i < machine->pus; i++)
        if (machine->pu[i].pu == pu)
            return true;
    return false;
}

/* The place where a configuration names the pins is told, too. */
static int refuse_pins(const struct tool_args *args, struct leat_diag *diag)
{
    if (args->pin_line != 0)
        leat_diag_at(diag, args->config, args->pin_line, args->pin_column);
    return LEAT_EINVAL;
}

static int check_pins(const struct tool_args *args, const struct leat_topology *machine,
                      uint32_t workers, struct leat_diag *diag)
{
    const char *dashes = args->pin_line != 0 ? "" : "--";
    if (args->pins_n < workers) {
        leat_diag_set(diag, LEAT_EINVAL, "%spin: %u processors for %u workers", dashes,
                      args->pins_n, workers);
        return refuse_pins(args, diag);
    }
    for (uint32_t i = 0; i < args->pins_n; i++)
        if (!has_pu(machine, args->pins[i])) {
            leat_diag_set(diag, LEAT_EINVAL,
                          "%spin: this machine has no processor %u that we may use; %u is one",
                          dashes, args->pins[i], machine->pu[0].pu);
            return refuse_pins(args, diag);
        }
    return LEAT_OK;
}

bool pipeline_names_cores(const struct pipeline *p)
{
    for (uint32_t i = 0; i < p->graph.nodes_n; i++)
        if (p->graph.nodes[i].core != LEAT_NO_CORE)
            return true;
    return false;
}

/* What stages ask for by core= must be there. */
static int check_cores(const struct leat_graph *graph, const struct leat_topology *machine,
                       struct leat_diag *diag)
{
    for (uint32_t i = 0; i < graph->nodes_n; i++) {
        const struct leat_node *n = &graph->nodes[i];
        uint32_t value = n->stage->params_n + LEAT_COMMON_CORE;
        if (n->core == LEAT_NO_CORE || has_pu(machine, n->core))
            continue;
        int status = leat_diag_set(diag, LEAT_EINVAL,
                                   "core: this machine has no processor %u that we may use; %u is "
                                   "one",
                                   n->core, machine->pu[0].pu);
        leat_diag_at(diag, n->file, n->values[value].line, n->values[value].column);
        return status;
    }
    return LEAT_OK;
}

/* How many workers, and where. More workers than processors are left to the system's scheduler;
 * a single worker is pinned only when asked. */
static int place_workers(const struct tool_args *args, const struct pipeline *p,
                         struct leat_limits *limits, uint32_t *pins, struct leat_diag *diag)
{
    const bool cores = pipeline_names_cores(p); /* the other workers then run where there is room */
    uint32_t workers = args->workers != 0 ? (uint32_t)args->workers
                       : args->pin == PIN_LIST ? args->pins_n : 1;
    bool look = cores || args->workers_auto || args->pin == PIN_LIST ||
                (args->pin == PIN_AUTO && workers > 1);
    limits->workers = workers;
    if (!look)
        return LEAT_OK;
    struct leat_topology *machine = malloc(sizeof *machine);
    if (machine == NULL)
        return leat_diag_set(diag, LEAT_ENOMEM, "no memory to look at the processors");
    int status = leat_topology_read(machine, diag);
    if (status == LEAT_OK)
        status = check_cores(&p->graph, machine, diag);
    if (status == LEAT_OK && args->workers_auto)
        limits->workers = workers =
            machine->cores < LEAT_WORKERS_MAX ? machine->cores : LEAT_WORKERS_MAX;
    if (status == LEAT_OK && args->pin == PIN_LIST) {
        status = check_pins(args, machine, workers, diag);
        memcpy(pins, args->pins, sizeof args->pins);
        limits->pins = pins;
    } else if (status == LEAT_OK && args->pin == PIN_AUTO && workers > 1 && !cores &&
               workers <= machine->pus && !machine->imitated) {
        leat_topology_spread(machine, workers, pins);
        limits->pins = pins;
    }
    free(machine);
    return status;
}

static int make(struct pipeline *p, const struct tool_args *args, struct leat_diag *diag)
{
    uint32_t pins[LEAT_WORKERS_MAX];
    struct leat_limits limits = {.batch = (uint32_t)args->batch,
                                 .frames = (uint32_t)args->pool,
                                 .memory_bytes = args->memory,
                                 .quarantine = (uint32_t)args->quarantine,
                                 .tuning = args_tuned(args) ? &args->tuning : NULL};
    int status = load(p, args, diag);
    if (status == LEAT_OK)
        status = leat_text_parse(&p->graph, leat_catalogue_default(p->lists), &p->options, p->text,
                                 p->bytes, diag);
    if (status == LEAT_OK)
        status = place_workers(args, p, &limits, pins, diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&p->plan, &p->graph, &limits, diag);
    if (status == LEAT_OK)
        status = sinks_check(&p->plan, args->stats_file, diag);
    return status;
}

enum tool_exit pipeline_make(struct pipeline *p, const struct tool_args *args)
{
    struct leat_diag diag;
    memset(p, 0, sizeof *p);
    memset(&diag, 0, sizeof diag);
    leat_graph_init(&p->graph);
    p->options.size = sizeof p->options;
    p->options.sets = args->sets;
    p->options.sets_n = args->sets_n;
    p->command = args->command;
    if (make(p, args, &diag) == LEAT_OK)
        return TOOL_DONE;
    complain(p, &diag);
    return TOOL_MISTAKE;
}

void pipeline_fini(struct pipeline *p)
{
    leat_plan_fini(&p->plan);
    leat_graph_fini(&p->graph);
    free(p->directory);
    free(p->text);
    memset(p, 0, sizeof *p);
}

int pipeline_refuse_doors(const struct pipeline *p, struct leat_diag *diag)
{
    const struct leat_catalogue *doors = leat_doors();
    for (uint32_t i = 0; i < p->plan.stages_n; i++)
        for (uint32_t d = 0; d < doors->n; d++)
            if (p->plan.stages[i].stage == doors->stages[d])
                return leat_diag_set(diag, LEAT_EINVAL,
                                     "%s: only a program that embeds Leat has frames for it or "
                                     "takes them",
                                     p->plan.stages[i].name);
    return LEAT_OK;
}
