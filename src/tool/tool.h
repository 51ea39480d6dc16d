/* The `leat` command: what its files share. */
#ifndef LEAT_TOOL_TOOL_H
#define LEAT_TOOL_TOOL_H

#include <leat/engine.h>
#include <leat/text.h>

#include <stdio.h>

struct leat_witness;


enum tool_exit {
    TOOL_DONE = 0,
    TOOL_FAILED = 1,       /* while running */
    TOOL_MISTAKE = 2,      /* in the command or the pipeline: nothing ran */
    TOOL_INTERRUPTED = 130, /* Ctrl-C: drained and finished */
    TOOL_TERMINATED = 143  /* SIGTERM, likewise */
};

/* ---- args.c: the command line of run and plan ---- */

enum tool_stats { STATS_NONE, STATS_TEXT, STATS_JSON };
enum tool_pin { PIN_AUTO, PIN_NONE, PIN_LIST };

struct tool_args {
    const char **sets;        /* [sets_n] NAME=VALUE */
    uint32_t sets_n;
    const char *file;         /* -f; NULL */
    char *const *words;       /* [words_n] the pipeline, or one .leat file, or - */
    uint32_t words_n;
    uint64_t workers, frames, pool, batch, memory, quarantine; /* 0: not given */
    bool workers_auto;
    enum tool_pin pin;
    uint32_t pins[LEAT_WORKERS_MAX];
    uint32_t pins_n;
    enum leat_isa isa;
    enum tool_stats stats;
    const char *stats_file;   /* NULL: stderr; "-": stdout */
    bool check_quiet, help;
};

/* Reads argv[1, argc) of the command `run` or `plan`. TOOL_DONE, or TOOL_MISTAKE after a line on
 * stderr. args->sets is freed by args_fini, whatever the answer. */
enum tool_exit args_read(struct tool_args *args, const char *command, int argc, char **argv);
void args_fini(struct tool_args *args);
/* The options of that command, a line each. */
void args_help(const char *command);

/* ---- pipeline.c: from words to a plan ---- */

struct pipeline {
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_text_options options;
    char *text;
    size_t bytes;
    char *directory;
    struct leat_graph graph;
    struct leat_plan plan;
};

/* Loads, parses and plans. TOOL_DONE, or TOOL_MISTAKE after saying where and why. pipeline_fini may
 * be called after either. */
enum tool_exit pipeline_make(struct pipeline *pipeline, const struct tool_args *args);
void pipeline_fini(struct pipeline *pipeline);

/* Prints the diag as one line, and the line of text that it points into with a caret below.
 * pipeline may be NULL. */
void complain(const struct pipeline *pipeline, const struct leat_diag *diag);
/* One line of our own: "leat: text". */
void complain_text(const char *format, ...) LEAT_PRINTF(1, 2);

/* Sizes as people read them: "512 B", "16.1 KiB", "4 GiB". out has room for 32. */
const char *size_text(uint64_t bytes, char *out);
/* "[2 x 1024] f64" out has room for 64. */
const char *shape_text(const struct leat_shape *shape, char *out);

/* ---- signals.c ---- */

/* From here on Ctrl-C and SIGTERM end the program with our own exit status. */
void signals_begin(void);
/* From here on the first of them stops the engine; a second one removes the temporary files of the
 * run and leaves at once. also: one more temporary file, or NULL. LEAT_ENOMEM. */
int signals_attach(struct leat_engine *engine, const struct leat_plan *plan, const char *also,
                   struct leat_diag *diag);
/* Before the engine goes. */
void signals_detach(void);
/* In between signals wait; threads that are started there never get them. */
void signals_hold(void);
void signals_release(void);
/* The signal that came, 0 = none. */
int signals_seen(void);

/* ---- progress.c: one line, rewritten in place, on a terminal only ---- */

/* Waits for the end as leat_engine_wait does, showing how far it is. */
int progress_wait(struct leat_engine *engine, struct leat_diag *diag);

/* ---- report.c, json.c: what happened ---- */

struct report {
    const struct leat_engine *engine;
    const struct leat_plan *plan;
    const struct leat_witness *witness;
    enum leat_isa isa;
    const char *pages; /* kind of memory */
};
void report_text(FILE *out, const struct report *report);
/* false: no memory. */
bool report_json(FILE *out, const struct report *report);

/* ---- output.c: --stats-file ---- */

struct output {
    FILE *stream;
    const char *path; /* NULL: stderr or stdout */
    char *temp;       /* what is written, until output_finish renames it; NULL: written directly */
};
int output_open(struct output *output, const char *path, struct leat_diag *diag);
/* Puts the file under its name. LEAT_EIO when anything could not be written. */
int output_finish(struct output *output, struct leat_diag *diag);
/* Removes what was not finished. */
void output_drop(struct output *output);

/* ---- the commands ---- */
enum tool_exit command_run(int argc, char **argv);
enum tool_exit command_plan(int argc, char **argv);
enum tool_exit command_stages(int argc, char **argv);

#endif
