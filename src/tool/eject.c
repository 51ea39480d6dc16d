/* leat eject: the same graph as a C program. */
#define _GNU_SOURCE
#include "eject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void help(void)
{
    printf("Usage: leat eject [OPTION...] PIPELINE... > engine.c\n"
           "       leat eject [OPTION...] FILE.leat | -f FILE | - > engine.c\n"
           "\n"
           "Writes a C program that does what `leat run` would do with the same words: the graph\n"
           "by calls of the public headers, and a main around it to plan, start, wait and stop.\n"
           "It reads no text when it runs. It is C11, C17 and C++17 alike. Options become numbers\n"
           "in the program; what is not said is decided where it runs. The pipeline is planned\n"
           "first, so its input must be there: what cannot run is not written.\n"
           "\n"
           "    leat eject csv file=trades.csv columns=price ! zscore ! stats > engine.c\n"
           "    cc engine.c $(pkg-config --cflags --libs leat) -o engine\n"
           "    leat eject -f daily.leat --set day=2024-05-01 --workers 2 -o engine.c\n");
    args_help("eject");
    printf("\nExit status: 0 written; 1 it could not be; 2 a mistake in the command or the\n"
           "pipeline. The program has those of `leat run`.\n");
}

/* All of it in memory first; *text is freed by the caller, whatever the answer. */
static int write_text(const struct pipeline *pipeline, const struct tool_args *args, char **text,
                      size_t *bytes, struct leat_diag *diag)
{
    char *body = NULL;
    size_t body_bytes = 0;
    bool math = false;
    int status = pipeline_refuse_doors(pipeline, diag);
    FILE *out = open_memstream(&body, &body_bytes);
    if (status == LEAT_OK && out != NULL)
        status = eject_graph(out, &pipeline->graph, &math, diag);
    bool whole = out != NULL && fclose(out) == 0;
    if (status == LEAT_OK && whole && (out = open_memstream(text, bytes)) != NULL) {
        eject_head(out, pipeline, args, math);
        fwrite(body, 1, body_bytes, out);
        eject_tail(out, pipeline, args);
        whole = fclose(out) == 0;
    } else if (out == NULL) {
        whole = false;
    }
    free(body);
    if (status == LEAT_OK && !whole)
        status = leat_diag_set(diag, LEAT_ENOMEM, "no memory to write the program");
    return status;
}

/* Signals wait meanwhile: there is no temporary file but in here. */
static enum tool_exit put_out(const char *path, const char *text, size_t bytes)
{
    struct output output;
    struct leat_diag diag;
    enum tool_exit answer = TOOL_DONE;
    memset(&diag, 0, sizeof diag);
    signals_hold();
    if (output_open(&output, path, &diag) != LEAT_OK) {
        answer = TOOL_MISTAKE;
    } else {
        fwrite(text, 1, bytes, output.stream);
        if (output_finish(&output, &diag) != LEAT_OK)
            answer = TOOL_FAILED;
        output_drop(&output);
    }
    signals_release();
    if (answer != TOOL_DONE)
        complain(NULL, &diag);
    return answer;
}

static enum tool_exit eject(const struct pipeline *pipeline, const struct tool_args *args)
{
    struct leat_diag diag;
    char *text = NULL;
    size_t bytes = 0;
    memset(&diag, 0, sizeof diag);
    int status = write_text(pipeline, args, &text, &bytes, &diag);
    enum tool_exit answer = status == LEAT_ENOMEM ? TOOL_FAILED : TOOL_MISTAKE;
    if (status == LEAT_OK)
        answer = put_out(args->output != NULL ? args->output : "-", text, bytes);
    else
        complain(pipeline, &diag);
    free(text);
    return answer;
}

enum tool_exit command_eject(int argc, char **argv)
{
    struct tool_args args;
    struct pipeline pipeline;
    enum tool_exit answer = args_read(&args, "eject", argc, argv);
    if (answer == TOOL_DONE && args.help) {
        help();
    } else if (answer == TOOL_DONE) {
        answer = pipeline_make(&pipeline, &args);
        if (answer == TOOL_DONE)
            answer = eject(&pipeline, &args);
        pipeline_fini(&pipeline);
    }
    args_fini(&args);
    return answer;
}
