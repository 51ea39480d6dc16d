#define _GNU_SOURCE
#include "tool.h"

#include "witness/witness.h"

#include <leat/arena.h>

#include <errno.h>
#include <string.h>

struct run {
    struct tool_args args;
    struct pipeline pipeline;
    struct leat_arena arena;
    struct leat_witness witness;
    struct leat_engine *engine;
    struct output output;
    struct pipes pipes;
};

static void help(void)
{
    printf("Usage: leat run [OPTION...] PIPELINE...\n"
           "       leat run [OPTION...] FILE.leat | -f FILE | -\n"
           "\n"
           "Runs a pipeline: stages joined by !, from a source to a sink. The words are joined\n"
           "with blanks; a single word that ends in .leat is a file, a single - standard input.\n"
           "\n"
           "    leat run csv file=trades.csv columns=price ! zscore ! stats\n"
           "    leat run -f daily.leat --set day=2024-05-01 --workers 2 --stats text\n");
    args_help("run");
    printf("\n"
           "Exit status: 0 done; 1 failed while running; 2 a mistake in the command or the\n"
           "pipeline; 130 Ctrl-C (143 SIGTERM, 129 SIGHUP): what was under way is finished. A\n"
           "second Ctrl-C leaves at once and removes temporary files. 141 nobody reads standard\n"
           "output any more, as before `| head`: no word is said, as SIGPIPE says none.\n");
}

/* ---- before the first frame ---- */

static int make_memory(struct run *r, struct leat_diag *diag)
{
    size_t bytes = leat_engine_bytes(&r->pipeline.plan);
    if (bytes == 0 || bytes > SIZE_MAX - 2 * LEAT_APART)
        return leat_diag_set(diag, LEAT_ERANGE, "the engine's size overflows");
    struct leat_arena_options options = {.size = sizeof options,
                                         .bytes = bytes + 2 * LEAT_APART,
                                         .prefault = LEAT_PREFAULT_ALL,
                                         .huge = LEAT_HUGE_AUTO,
                                         .node = -1};
    int status = leat_arena_init(&r->arena, &options, diag);
    return status == LEAT_OK ? leat_arena_phase(&r->arena, "engine", diag) : status;
}

/* Signals are held: temporary files begin to exist here, and the handler must know them. */
static int prepare(struct run *r, struct leat_diag *diag)
{
    struct leat_witness_options watch = {.syscalls = r->args.check_quiet};
    int status = pipeline_refuse_doors(&r->pipeline, diag);
    if (status == LEAT_OK)
        status = output_open(&r->output, r->args.stats_file, diag);
    if (status == LEAT_OK)
        status = leat_witness_init(&r->witness, &watch, diag);
    if (status == LEAT_OK)
        status = make_memory(r, diag);
    if (status != LEAT_OK)
        return status;
    struct leat_engine_options options = {.size = sizeof options,
                                          .isa = r->args.isa,
                                          .frames_max = r->args.frames,
                                          .spins = (uint32_t)r->args.spins,
                                          .yields = (uint32_t)r->args.yields,
                                          .watch = &r->witness.watch};
    status = leat_engine_init_in(&r->engine, &r->pipeline.plan, &options, &r->arena, diag);
    if (status != LEAT_OK)
        return status;
    leat_arena_seal(&r->arena);
    pipes_close(&r->pipes);
    return signals_attach(r->engine, &r->pipeline.plan, r->output.temp, diag);
}

/* ---- after the last one ---- */

/* The run failed because nobody reads standard output any more: there is nobody to tell either. */
static bool unread(const struct leat_diag *diag)
{
    char text[sizeof diag->text]; /* as sinks say it */
    snprintf(text, sizeof text, "standard output: cannot be written: %s", strerror(EPIPE));
    return strcmp(diag->text, text) == 0;
}

/* Frames that hold NaN do not go silently: one line, where no statistics were asked for that would
 * say it. Rows are refused only because the pipeline says so. What a stage counted of its input's
 * faults has a line for each stage. */
static void tell_rejects(const struct run *r)
{
    uint64_t frames = 0;
    for (uint32_t i = 0; i < r->pipeline.plan.stages_n; i++) {
        struct leat_stage_stats stats;
        leat_engine_stage(r->engine, i, &stats);
        frames += stats.rejected;
        char causes[512];
        if (report_causes(&stats, causes, sizeof causes))
            complain_text("%s: %s", stats.name, causes);
    }
    if (frames != 0)
        complain_text("%llu %s rejected and left out; --stats text says where",
                      (unsigned long long)frames, frames == 1 ? "frame was" : "frames were");
}

/* What was asked for; after Ctrl-C also unasked. */
static enum tool_exit tell(struct run *r)
{
    struct leat_diag diag;
    struct report report = {.engine = r->engine,
                            .plan = &r->pipeline.plan,
                            .witness = &r->witness,
                            .isa = r->args.isa,
                            .pages = leat_page_kind_name(r->arena.kind)};
    if (r->args.stats == STATS_JSON && !report_json(r->output.stream, &report)) {
        complain_text("no memory for the statistics");
        return TOOL_FAILED;
    }
    if (r->args.stats == STATS_TEXT || (r->args.stats == STATS_NONE && signals_seen() != 0))
        report_text(r->output.stream, &report);
    else if (r->args.stats == STATS_NONE)
        tell_rejects(r);
    if (output_finish(&r->output, &diag) == LEAT_OK)
        return TOOL_DONE;
    complain(NULL, &diag);
    return TOOL_FAILED;
}

static enum tool_exit check_quiet(const struct run *r)
{
    struct leat_witness_counts n;
    char offender[512];
    if (!r->args.check_quiet || !leat_witness_offender(&r->witness, offender, sizeof offender))
        return TOOL_DONE;
    leat_witness_total(&r->witness, &n);
    complain_text("not quiet after seal: %llu allocations, %llu locks, %llu page faults, %llu "
                  "system calls; first: %s",
                  (unsigned long long)n.allocations, (unsigned long long)n.locks,
                  (unsigned long long)n.faults, (unsigned long long)n.syscalls, offender);
    return TOOL_FAILED;
}

/* ---- in between ---- */

static enum tool_exit go(struct run *r)
{
    struct leat_diag diag;
    memset(&diag, 0, sizeof diag);
    int status = leat_engine_seal(r->engine, &diag);
    if (status == LEAT_OK)
        status = leat_engine_start(r->engine, &diag);
    signals_release();
    if (status == LEAT_OK)
        status = progress_wait(r->engine, &diag);
    enum tool_exit answer = status == LEAT_OK ? TOOL_DONE
                            : unread(&diag)   ? TOOL_UNREAD
                                              : TOOL_FAILED;
    if (answer == TOOL_FAILED)
        complain(&r->pipeline, &diag);
    enum tool_exit told = tell(r);
    enum tool_exit quiet = check_quiet(r);
    if (answer == TOOL_DONE)
        answer = told != TOOL_DONE ? told : quiet;
    if (answer == TOOL_DONE && signals_seen() != 0)
        answer = (enum tool_exit)(128 + signals_seen());
    return answer;
}

/* Unfinished files go while the handler still knows them. */
static enum tool_exit finish(struct run *r, enum tool_exit answer)
{
    struct leat_diag diag;
    if (leat_engine_fini(r->engine, &diag) != LEAT_OK) {
        complain(&r->pipeline, &diag);
        answer = TOOL_FAILED;
    }
    signals_detach();
    pipes_close(&r->pipes);
    output_drop(&r->output);
    leat_arena_fini(&r->arena);
    pipeline_fini(&r->pipeline);
    return answer;
}

enum tool_exit run_args(const struct tool_args *args)
{
    static struct run r; /* the witness is large, and its workers have it at its address */
    struct leat_diag diag;
    memset(&diag, 0, sizeof diag);
    signals_begin();
    fault_begin();
    r.args = *args;
    enum tool_exit answer = pipeline_make(&r.pipeline, args);
    int status = LEAT_OK;
    if (answer == TOOL_DONE) /* may take for ever: signals are not held yet */
        status = pipes_wait(&r.pipes, &r.pipeline.plan, args->stats_file, &diag);
    signals_hold();
    if (answer == TOOL_DONE && status == LEAT_OK)
        status = prepare(&r, &diag);
    if (answer == TOOL_DONE && status != LEAT_OK) {
        complain(&r.pipeline, &diag);
        answer = TOOL_MISTAKE;
    } else if (answer == TOOL_DONE) {
        answer = go(&r);
    }
    return finish(&r, answer);
}

enum tool_exit command_run(int argc, char **argv)
{
    struct tool_args args;
    enum tool_exit answer = args_read(&args, "run", argc, argv);
    if (answer == TOOL_DONE && args.help)
        help();
    else if (answer == TOOL_DONE)
        answer = run_args(&args);
    args_fini(&args);
    return answer;
}
