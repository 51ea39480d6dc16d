/* The `leat` command: what its files share. */
#ifndef LEAT_TOOL_TOOL_H
#define LEAT_TOOL_TOOL_H

#include <leat/engine.h>
#include <leat/text.h>
#include <leat/tuning.h>

#include <stdio.h>

struct leat_witness;

enum tool_exit {
    TOOL_DONE = 0,
    TOOL_FAILED = 1,       /* while running */
    TOOL_MISTAKE = 2,      /* in the command or the pipeline: nothing ran */
    TOOL_HUNG_UP = 129,    /* SIGHUP: drained and finished */
    TOOL_INTERRUPTED = 130, /* Ctrl-C, likewise */
    TOOL_UNREAD = 141,     /* nobody reads standard output any more: as SIGPIPE ends others */
    TOOL_TERMINATED = 143  /* SIGTERM: drained and finished */
};

/* ---- args.c: the command line of run, plan and eject ---- */

enum tool_stats { STATS_NONE, STATS_TEXT, STATS_JSON };
enum tool_pin { PIN_AUTO, PIN_NONE, PIN_LIST };
enum tool_draw { DRAW_TEXT, DRAW_DOT, DRAW_SVG };

struct tool_args {
    const char **sets;        /* [sets_n] NAME=VALUE */
    uint32_t sets_n;
    const char *file;         /* -f; NULL */
    const char *output;       /* -o; NULL */
    char *const *words;       /* [words_n] the pipeline, or one .leat file, or - */
    uint32_t words_n;
    const char *command;      /* the one that made the pipeline; NULL: the user wrote it */
    uint64_t workers, frames, pool, batch, memory, quarantine, spins, yields; /* 0: not given */
    bool workers_auto;
    bool workers_said, pin_said; /* by the command line itself, not by --config */
    enum tool_pin pin;
    uint32_t pins[LEAT_WORKERS_MAX];
    uint32_t pins_n;
    enum leat_isa isa;
    bool isa_said;
    enum tool_stats stats;
    enum tool_draw draw;
    const char *stats_file;   /* NULL: stderr; "-": stdout */
    bool check_quiet, help;
    const char *config;       /* --config; NULL */
    uint32_t pin_line, pin_column; /* where it names the pins; 0: they are not from there */
    struct leat_tuning tuning; /* what it names of it */
};

/* Reads argv[1, argc) of the command `run`, `plan` or `eject`. TOOL_DONE, or TOOL_MISTAKE after a
 * line on stderr. args->sets is freed by args_fini, whatever the answer. */
enum tool_exit args_read(struct tool_args *args, const char *command, int argc, char **argv);
void args_fini(struct tool_args *args);
/* The options of that command, a line each. */
void args_help(const char *command);
/* Sets what one option or one line of a configuration names. The diag begins with the name; a text
 * is borrowed. */
int args_set(struct tool_args *args, const char *name, const char *text, struct leat_diag *diag);
/* Does a configuration name a number of the tuning? */
bool args_tuned(const struct tool_args *args);
struct option;
/* The next option as getopt_long finds it, its words in full: an abbreviation would mean something
 * else as soon as there is another option that begins like it. *word: where it was written. */
int args_next(int argc, char **argv, const char *letters, const struct option *known,
              const char **word);
/* What args_next stumbled over: an unknown option (answer '?'), or one without its value (':');
 * word is what it looked at. TOOL_MISTAKE after a line on stderr. */
enum tool_exit args_bad_option(const char *command, const struct option *known, int answer,
                               const char *word);
/* The value of such an option, a whole number from least to most; false after a line that says what
 * is wrong. */
bool args_count(const char *command, const char *option, uint64_t least, uint64_t most,
                uint64_t *count);
/* The same of one of some words, NULL behind the last: which. */
bool args_word(const char *command, const char *option, const char *const *words, uint32_t *word);

/* ---- config.c ---- */

/* Reads a run configuration, KEY = VALUE a line, into args. - is standard input. The diag names
 * file, line and column. path is borrowed. */
int config_read(struct tool_args *args, const char *path, struct leat_diag *diag);

/* ---- pipeline.c: from words to a plan ---- */

struct pipeline {
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_text_options options;
    const char *command;      /* as tool_args */
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
/* Does a stage say by core= where it runs? */
bool pipeline_names_cores(const struct pipeline *pipeline);
/* Doors are for a host program's own threads: a run without one would never end. LEAT_EINVAL. */
int pipeline_refuse_doors(const struct pipeline *pipeline, struct leat_diag *diag);

/* Prints the diag as one line, and the line of text that it points into with a caret below; of a
 * pipeline that a command made, the command's name instead of a place. pipeline may be NULL. */
void complain(const struct pipeline *pipeline, const struct leat_diag *diag);
/* One line of our own: "leat: text". */
void complain_text(const char *format, ...) LEAT_PRINTF(1, 2);

/* ---- words.c ---- */

/* A number of a tuning; 0: what the release says. */
double tuning_number(const struct leat_param *param, const struct leat_tuning *tuning);

/* Sizes as people read them: "512 B", "16.1 KiB", "4 GiB". out has room for 32. */
const char *size_text(uint64_t bytes, char *out);
/* "[2 x 1024] f64" out has room for 64. */
const char *shape_text(const struct leat_shape *shape, char *out);

/* ---- signals.c ---- */

/* From here on Ctrl-C, SIGTERM and SIGHUP (unless it was ignored, as nohup does) end the program
 * with our own exit status. */
void signals_begin(void);
/* From here on the first of them stops the engine; another one, if it does not come within a moment
 * of the first, removes the temporary files of the run and leaves at once. also: one more temporary
 * file, or NULL. LEAT_ENOMEM. */
int signals_attach(struct leat_engine *engine, const struct leat_plan *plan, const char *also,
                   struct leat_diag *diag);
/* Before the engine goes. */
void signals_detach(void);
/* In between signals wait; threads that are started there never get them. */
void signals_hold(void);
void signals_release(void);
/* One that waits while they are held, 0 = none; what is ignored stays so. */
int signals_waiting(void);
/* The signal that came, 0 = none; and when, by leat_clock_ns. */
int signals_seen(void);
uint64_t signals_seen_ns(void);
/* Removes the temporary files; for handlers. */
void signals_remove_files(void);

/* ---- fault.c ---- */

/* From here on a mapped file that is cut short while a worker reads it ends the program with one
 * line, status 1 and no temporary files. Every other SIGBUS does what it always does. */
void fault_begin(void);

/* ---- sinks.c: where a plan's sinks write to ---- */

/* The file of a sink; NULL: it has none, or standard output, or is no sink. */
const char *sink_file(const struct leat_plan_stage *stage);
/* The name behind all links, also of a file that is not there yet; malloc. NULL: no memory, or no
 * such folder. */
char *sink_target(const char *path);
/* Two outputs may not be put under one name. stats_file may be NULL. LEAT_EINVAL, LEAT_ENOMEM. */
int sinks_check(const struct leat_plan *plan, const char *stats_file, struct leat_diag *diag);

/* Named pipes that have a reader, held open until the sinks have opened them. */
struct pipes {
    int *fds; /* [n] */
    uint32_t n;
};
/* Waits until every named pipe that the run writes has a reader; a signal ends the program
 * meanwhile. LEAT_ENOMEM. */
int pipes_wait(struct pipes *pipes, const struct leat_plan *plan, const char *stats_file,
               struct leat_diag *diag);
void pipes_close(struct pipes *pipes);

/* ---- through.c: a pipeline whose frames the tool itself takes ---- */

struct through {
    struct leat_graph graph;
    struct leat_plan plan;
    struct leat_engine *engine;
    void *storage;
    uint32_t outlet;
    bool ended; /* nothing more will come */
};
/* text ends in `outlet` and has no other; sets are "NAME=VALUE". through_fini, whatever it answers.
 */
int through_make(struct through *t, const char *text, const char *const *sets, uint32_t sets_n,
                 struct leat_diag *diag);
/* What the outlet is given. */
const struct leat_shape *through_shape(const struct through *t);
/* Up to `most` frames, or a step of the work and 0; to be given back. */
uint32_t through_take(struct through *t, struct leat_frame **frames, uint32_t most);
void through_give_back(struct through *t, struct leat_frame **frames, uint32_t n);
/* How it ended, once it has. */
int through_end(struct through *t, struct leat_diag *diag);
/* false: frames are missing. */
bool through_fini(struct through *t);

/* ---- progress.c: one line, rewritten in place, on a terminal only ---- */

/* Waits for the end as leat_engine_wait does, showing how far it is. */
int progress_wait(struct leat_engine *engine, struct leat_diag *diag);

/* ---- cells.c ---- */

/* A stage's counts in cells, rows x cols. A source is counted by what it gave. */
struct stage_cells {
    uint64_t frames, samples;   /* that it worked on */
    uint64_t samples_out, lost; /* lost: dropped, rejected, cut off, put in no window */
    uint64_t timed;             /* frames that its ns are for: those that a flow or a join gave */
};
void stage_cells(const struct leat_engine *engine, const struct leat_plan *plan, uint32_t stage,
                 const struct leat_stage_stats *stats, struct stage_cells *cells);

/* ---- report.c, json.c: what happened ---- */

struct report {
    const struct leat_engine *engine;
    const struct leat_plan *plan;
    const struct leat_witness *witness;
    enum leat_isa isa;
    const char *pages; /* kind of memory */
};
/* "unknown type 3, cut off 1": what the stage counted; false when that is nothing. */
bool report_causes(const struct leat_stage_stats *stats, char *out, size_t bytes);
#define REPORT_KEPT_MAX 100u
/* A rejected frame that was kept. */
struct kept_frame {
    const struct leat_frame *frame;
    const char *stage; /* that rejected it */
    char why[32];
};
/* The last of them, newest first, at most REPORT_KEPT_MAX; returns how many. */
uint32_t report_kept(const struct report *report, struct kept_frame *kept);
void report_text(FILE *out, const struct report *report);
/* false: no memory. */
bool report_json(FILE *out, const struct report *report);

/* ---- output.c: --stats-file, eject -o ---- */

struct output {
    FILE *stream;
    const char *path; /* NULL: stderr or stdout */
    char *target;     /* what the path names behind its links */
    char *temp;       /* what is written, until output_finish renames it; NULL: written directly */
};
int output_open(struct output *output, const char *path, struct leat_diag *diag);
/* Puts the file under its name. LEAT_EIO when anything could not be written. */
int output_finish(struct output *output, struct leat_diag *diag);
/* Removes what was not finished. */
void output_drop(struct output *output);

/* ---- the commands ---- */
enum tool_exit command_run(int argc, char **argv);
/* run.c: as leat run does with these words; once a process. Not freed. */
enum tool_exit run_args(const struct tool_args *args);
enum tool_exit command_plan(int argc, char **argv);
enum tool_exit command_eject(int argc, char **argv);
enum tool_exit command_inspect(int argc, char **argv);
enum tool_exit command_fft(int argc, char **argv);
enum tool_exit command_mtx(int argc, char **argv);
enum tool_exit command_replay(int argc, char **argv);
enum tool_exit command_svd(int argc, char **argv);
enum tool_exit command_stages(int argc, char **argv);
enum tool_exit command_doctor(int argc, char **argv);
enum tool_exit command_tune(int argc, char **argv);

#endif
