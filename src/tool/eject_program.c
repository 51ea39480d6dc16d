/* What stands around the graph in an ejected program: as `leat run` does it, by public calls. */
#include "eject.h"

#include <string.h>

/* Workers that nobody placed are spread over the processors that the program finds, unless stages
 * say where they run. */
static bool spreads(const struct pipeline *pipeline, const struct tool_args *args)
{
    return args->pin == PIN_AUTO && (args->workers_auto || args->workers > 1) &&
           !pipeline_names_cores(pipeline);
}

/* Does the program look at the processors? A list of them says how many workers there are where
 * nothing else does. */
static bool looks(const struct pipeline *pipeline, const struct tool_args *args)
{
    return spreads(pipeline, args) || (args->workers_auto && args->pin != PIN_LIST);
}

/* ---- above the graph ---- */

static void put_pipeline(FILE *out, const struct pipeline *pipeline, const struct tool_args *args)
{
    size_t mark = strncmp(pipeline->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    eject_comment(out, pipeline->text + mark, pipeline->bytes - mark);
    if (args->sets_n != 0)
        fputs(" *\n * with\n *\n", out);
    for (uint32_t i = 0; i < args->sets_n; i++)
        eject_comment(out, args->sets[i], strlen(args->sets[i]));
}

static const char helpers[] =
    "/* ---- the graph ---- */\n"
    "\n"
    "/* A graph while it is built: after the first failure nothing more is done to it. */\n"
    "struct builder {\n"
    "    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS]; /* Leat's own stages */\n"
    "    struct leat_graph *graph;\n"
    "    struct leat_diag *diag;\n"
    "    int status;\n"
    "};\n"
    "\n"
    "/* The stage of that name, and in *options what holds when nothing is said. */\n"
    "static const struct leat_stage *find(struct builder *b, const char *name, bool source,\n"
    "                                     void *options, size_t bytes)\n"
    "{\n"
    "    const struct leat_stage *stage = NULL;\n"
    "    if (b->status == LEAT_OK) {\n"
    "        stage = leat_catalogue_find(b->lists, name, source, b->diag);\n"
    "        b->status = stage != NULL ? LEAT_OK : b->diag->code;\n"
    "    }\n"
    "    if (b->status == LEAT_OK && bytes != 0)\n"
    "        b->status = leat_options_default(stage->params, stage->params_n, options, bytes,\n"
    "                                         b->diag);\n"
    "    return stage;\n"
    "}\n"
    "\n"
    "/* Puts it into the graph; messages about it name the line. options may be NULL. */\n"
    "static uint32_t add(struct builder *b, const struct leat_stage *stage, const void *options,\n"
    "                    const char *name, uint32_t line)\n"
    "{\n"
    "    uint32_t node = 0;\n"
    "    if (b->status == LEAT_OK)\n"
    "        b->status = leat_graph_add(b->graph, stage, options, name, &node, b->diag);\n"
    "    if (b->status == LEAT_OK)\n"
    "        b->status = leat_graph_place(b->graph, node, __FILE__, line, 0, b->diag);\n"
    "    return node;\n"
    "}\n"
    "\n"
    "static void join(struct builder *b, uint32_t from, uint32_t out, uint32_t to, uint32_t in)\n"
    "{\n"
    "    if (b->status == LEAT_OK)\n"
    "        b->status = leat_graph_join(b->graph, from, out, to, in, b->diag);\n"
    "}\n"
    "\n";

void eject_head(FILE *out, const struct pipeline *pipeline, const struct tool_args *args,
                bool math)
{
    fputs("/* A pipeline as a program of its own, written by leat eject " TOOL_VERSION ":\n"
          " *\n", out);
    put_pipeline(out, pipeline, args);
    fputs(" *\n"
          " * To build it:\n"
          " *\n"
          " *     cc engine.c $(pkg-config --cflags --libs leat) -o engine\n"
          " *\n"
          " * Exit status: 0 done; 1 failed while running; 2 could not be set up; 130 after\n"
          " * Ctrl-C, 143 SIGTERM, 129 SIGHUP: what was under way is finished first. A second one\n"
          " * leaves at once, and half-written files stay under their temporary names.\n"
          " */\n"
          "#define _POSIX_C_SOURCE 200809L /* signals */\n"
          "\n"
          "#include <leat/engine.h>\n"
          "#include <leat/feeds.h>\n"
          "#include <leat/io.h>\n"
          "#include <leat/stages.h>\n"
          "#include <leat/text.h>\n", out);
    fputs(looks(pipeline, args) ? "#include <leat/topology.h>\n\n" : "\n", out);
    fputs(math ? "#include <math.h>\n" : "", out);
    fputs("#include <signal.h>\n"
          "#include <stdio.h>\n"
          "#include <string.h>\n"
          "#include <time.h>\n"
          "#include <unistd.h>\n"
          "\n", out);
    fputs(helpers, out);
}

/* ---- below it ---- */

/* As many workers as there are cores, or each on a processor of its own, or both. */
static void put_place(FILE *out, const struct tool_args *args, bool spread)
{
    fprintf(out,
            "\n"
            "/* %s. */\n"
            "static int place(struct leat_limits *limits, %sstruct leat_diag *diag)\n"
            "{\n"
            "    static struct leat_topology machine;\n"
            "    int status = leat_topology_read(&machine, diag);\n"
            "    if (status != LEAT_OK)\n"
            "        return status;\n",
            spread ? "Workers, each on a processor of its own, near to each other"
                   : "A worker for each core",
            spread ? "uint32_t *pins, " : "");
    if (args->workers_auto)
        fputs("    limits->workers = machine.cores < LEAT_WORKERS_MAX ? machine.cores "
              ": LEAT_WORKERS_MAX;\n", out);
    if (spread)
        fputs("    if (limits->workers > 1 && limits->workers <= machine.pus && "
              "machine.imitated == 0) {\n"
              "        leat_topology_spread(&machine, limits->workers, pins);\n"
              "        limits->pins = pins;\n"
              "    }\n", out);
    fputs("    return LEAT_OK;\n}\n", out);
}

static void put_number(FILE *out, const char *name, uint64_t number)
{
    if (number == 0)
        return;
    fprintf(out, "    %s = ", name);
    eject_u64(out, number);
    fputs(";\n", out);
}

static void put_pins(FILE *out, const struct tool_args *args)
{
    fputs("    static const uint32_t pins[] = {", out);
    for (uint32_t i = 0; i < args->pins_n; i++)
        fprintf(out, "%s%u", i != 0 ? ", " : "", args->pins[i]);
    fputs("};\n", out);
}

/* The numbers that a configuration names; a name in it is the field's, with - in place of _. */
static void put_tuning(FILE *out, const struct tool_args *args)
{
    uint32_t n;
    const struct leat_param *params = leat_tuning_params(&n);
    fputs("    memset(&tuning, 0, sizeof tuning);\n"
          "    tuning.size = sizeof tuning;\n", out);
    for (uint32_t i = 0; i < n; i++) {
        double number = tuning_number(&params[i], &args->tuning);
        if (number == 0)
            continue;
        fputs("    tuning.", out);
        for (const char *c = params[i].name; *c != '\0'; c++)
            fputc(*c == '-' ? '_' : *c, out);
        fputs(" = ", out);
        if (params[i].type == LEAT_P_F64)
            eject_double(out, number);
        else
            eject_u64(out, (uint64_t)number);
        fputs(";\n", out);
    }
    fputs("    limits.tuning = &tuning; /* the plan copies it */\n", out);
}

static void put_plan(FILE *out, const struct pipeline *pipeline, const struct tool_args *args)
{
    bool list = args->pin == PIN_LIST, spread = spreads(pipeline, args), tuned = args_tuned(args);
    uint64_t workers = args->workers == 0 && list ? args->pins_n : args->workers;
    fputs("static int make_plan(struct program *p, struct leat_diag *diag)\n"
          "{\n"
          "    struct leat_limits limits; /* what is 0 is left to the planner */\n", out);
    if (spread)
        fputs("    uint32_t pins[LEAT_WORKERS_MAX];\n", out);
    fputs(tuned ? "    struct leat_tuning tuning;\n" : "", out);
    if (list)
        put_pins(out, args);
    fputs("    memset(&limits, 0, sizeof limits);\n", out);
    put_number(out, "limits.workers", workers);
    put_number(out, "limits.batch", args->batch);
    put_number(out, "limits.frames", args->pool);
    put_number(out, "limits.memory_bytes", args->memory);
    put_number(out, "limits.quarantine", args->quarantine);
    fputs(list ? "    limits.pins = pins;\n" : "", out);
    if (tuned)
        put_tuning(out, args);
    fputs("    leat_graph_init(&p->graph);\n"
          "    int status = build(&p->graph, diag);\n", out);
    if (looks(pipeline, args))
        fprintf(out, "    if (status == LEAT_OK)\n"
                     "        status = place(&limits, %sdiag);\n",
                spread ? "pins, " : "");
    fputs("    return status == LEAT_OK ? leat_plan_make(&p->plan, &p->graph, &limits, diag)\n"
          "                             : status;\n"
          "}\n"
          "\n", out);
}

static void put_engine(FILE *out, const struct tool_args *args)
{
    static const char *const isas[LEAT_ISAS] = {"LEAT_ISA_BASE", "LEAT_ISA_V3", "LEAT_ISA_V4"};
    fputs("/* After it nothing is allocated: the plan says how much memory there must be. */\n"
          "static int make_engine(struct program *p, struct leat_diag *diag)\n"
          "{\n"
          "    struct leat_arena_options memory;\n"
          "    struct leat_engine_options options;\n"
          "    size_t bytes = leat_engine_bytes(&p->plan);\n"
          "    if (bytes == 0 || bytes > SIZE_MAX - 2 * LEAT_APART)\n"
          "        return leat_diag_set(diag, LEAT_ERANGE, \"the engine's size overflows\");\n"
          "    memset(&memory, 0, sizeof memory);\n"
          "    memory.size = sizeof memory;\n"
          "    memory.bytes = bytes + 2 * LEAT_APART;\n"
          "    memory.node = -1;\n"
          "    memset(&options, 0, sizeof options);\n"
          "    options.size = sizeof options;\n", out);
    fprintf(out, "    options.isa = %s;\n", args->isa_said ? isas[args->isa] : "leat_isa_best()");
    put_number(out, "options.frames_max", args->frames);
    put_number(out, "options.spins", args->spins);
    put_number(out, "options.yields", args->yields);
    fputs("    int status = leat_arena_init(&p->arena, &memory, diag);\n"
          "    if (status == LEAT_OK)\n"
          "        status = leat_engine_init_in(&p->engine, &p->plan, &options, &p->arena, diag);\n"
          "    if (status == LEAT_OK)\n"
          "        leat_arena_seal(&p->arena);\n"
          "    return status;\n"
          "}\n"
          "\n", out);
}

static const char running[] =
    "/* ---- the run ---- */\n"
    "\n"
    "#define LOOK_NS 50000000u /* from look to look whether a signal has come */\n"
    "\n"
    "/* From here on those that end a program wait to be looked at; what is ignored stays so. A\n"
    " * closed pipe, and a file at the limit of its size, are errors of the write alone, so that\n"
    " * half-written files go. */\n"
    "static void hold_signals(sigset_t *held)\n"
    "{\n"
    "    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};\n"
    "    struct sigaction now;\n"
    "    signal(SIGPIPE, SIG_IGN);\n"
    "    signal(SIGXFSZ, SIG_IGN);\n"
    "    sigemptyset(held);\n"
    "    for (int i = 0; i < 3; i++)\n"
    "        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)\n"
    "            sigaddset(held, numbers[i]);\n"
    "    sigprocmask(SIG_BLOCK, held, NULL); /* threads that start later inherit it */\n"
    "}\n"
    "\n"
    "/* To the end, or until a signal has stopped the sources and what they gave is through: its\n"
    " * number is in *stopped then. */\n"
    "static int run(struct program *p, const sigset_t *held, int *stopped,\n"
    "               struct leat_diag *diag)\n"
    "{\n"
    "    const struct timespec none = {0, 0};\n"
    "    int looks = 0;\n"
    "    int status = leat_engine_seal(p->engine, diag);\n"
    "    if (status == LEAT_OK)\n"
    "        status = leat_engine_start(p->engine, diag);\n"
    "    if (status != LEAT_OK)\n"
    "        return status;\n"
    "    while ((status = leat_engine_wait(p->engine, LOOK_NS, diag)) == 1) {\n"
    "        int seen = sigtimedwait(held, NULL, &none);\n"
    "        if (seen > 0 && *stopped == 0) {\n"
    "            *stopped = seen;\n"
    "            leat_engine_stop(p->engine);\n"
    "        } else if (seen > 0 && looks > 1) { /* no echo of the first */\n"
    "            _exit(128 + seen);\n"
    "        }\n"
    "        looks += *stopped != 0;\n"
    "    }\n"
    "    return status;\n"
    "}\n"
    "\n";
static const char ending[] =
    "static void complain(const struct leat_diag *diag)\n"
    "{\n"
    "    char line[1024];\n"
    "    leat_diag_format(diag, line, sizeof line);\n"
    "    fprintf(stderr, \"engine: %s\\n\", line);\n"
    "}\n"
    "\n"
    "/* What was left out, and what stages counted of their input's faults. */\n"
    "static void tell_faults(const struct program *p)\n"
    "{\n"
    "    struct leat_engine_stats stats;\n"
    "    struct leat_stage_stats stage;\n"
    "    leat_engine_snapshot(p->engine, &stats);\n"
    "    if (stats.rejected != 0)\n"
    "        fprintf(stderr, \"engine: frames rejected and left out: %llu\\n\",\n"
    "                (unsigned long long)stats.rejected);\n"
    "    for (uint32_t i = 0; i < p->plan.stages_n; i++) {\n"
    "        leat_engine_stage(p->engine, i, &stage);\n"
    "        for (uint32_t c = 0; stage.causes != NULL && stage.causes[c] != NULL; c++)\n"
    "            if (stage.counts[c] != 0)\n"
    "                fprintf(stderr, \"engine: %s: %s %llu\\n\", stage.name, stage.causes[c],\n"
    "                        (unsigned long long)stage.counts[c]);\n"
    "    }\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "    static struct program p;\n"
    "    struct leat_diag diag;\n"
    "    sigset_t held;\n"
    "    int stopped = 0;\n"
    "    memset(&diag, 0, sizeof diag);\n"
    "    int status = make_plan(&p, &diag);\n"
    "    if (status == LEAT_OK) {\n"
    "        hold_signals(&held);\n"
    "        status = make_engine(&p, &diag);\n"
    "    }\n"
    "    int answer = status == LEAT_OK ? 0 : 2;\n"
    "    if (status == LEAT_OK) {\n"
    "        status = run(&p, &held, &stopped, &diag);\n"
    "        answer = status != LEAT_OK ? 1 : stopped != 0 ? 128 + stopped : 0;\n"
    "        tell_faults(&p);\n"
    "    }\n"
    "    if (status != LEAT_OK)\n"
    "        complain(&diag);\n"
    "    if (p.engine != NULL && leat_engine_fini(p.engine, &diag) != LEAT_OK) {\n"
    "        complain(&diag); /* frames are missing */\n"
    "        answer = 1;\n"
    "    }\n"
    "    leat_arena_fini(&p.arena);\n"
    "    leat_plan_fini(&p.plan);\n"
    "    leat_graph_fini(&p.graph);\n"
    "    return answer;\n"
    "}\n";

void eject_tail(FILE *out, const struct pipeline *pipeline, const struct tool_args *args)
{
    if (looks(pipeline, args))
        put_place(out, args, spreads(pipeline, args));
    fputs("\n"
          "/* ---- the engine ---- */\n"
          "\n"
          "struct program {\n"
          "    struct leat_graph graph;\n"
          "    struct leat_plan plan;\n"
          "    struct leat_arena arena;\n"
          "    struct leat_engine *engine;\n"
          "};\n"
          "\n", out);
    put_plan(out, pipeline, args);
    put_engine(out, args);
    fputs(running, out);
    fputs(ending, out);
}
