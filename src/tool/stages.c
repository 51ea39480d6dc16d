#define _GNU_SOURCE
#include "stages.h"
#include "tool.h"

#include <getopt.h>
#include <string.h>

static void help(void)
{
    printf("Usage: leat stages [--json] [NAME]\n"
           "\n"
           "Lists every source, stage and sink; with NAME its parameters: types, units, defaults,\n"
           "ranges and an example.\n"
           "\n"
           "    leat stages rolling\n"
           "\n"
           "Options:\n"
           "  --json      all that is known of each, or of NAME, as one JSON object\n"
           "  -h, --help  this text\n"
           "\n"
           "Exit status: 0 done; 2 a mistake in the command.\n");
}

const char *stage_role(const struct leat_stage *stage)
{
    return stage->ins == 0 ? "source" : stage->outs == 0 ? "sink" : "stage";
}

/* text from column `left` on, words that would go beyond column 96 on lines of their own. */
static void print_wrapped(const char *text, int left)
{
    int column = left;
    while (*text != '\0') {
        int n = (int)strcspn(text, " ");
        if (column > left && column + 1 + n > 96) {
            printf("\n%*s", left, "");
            column = left;
        }
        column += printf("%s%.*s", column > left ? " " : "", n, text);
        text += n + (text[n] == ' ');
    }
    printf("\n");
}

/* ---- one of them ---- */

const char *param_type_text(const struct leat_param *p)
{
    switch (p->type) {
    case LEAT_P_U64: return p->unit == LEAT_BYTES ? "bytes" : "whole number";
    case LEAT_P_F64: return p->unit == LEAT_HZ ? "frequency" : p->unit == LEAT_DB ? "dB" : "number";
    case LEAT_P_BOOL: return "yes|no";
    case LEAT_P_WORD: return "word";
    case LEAT_P_LIST: return "list";
    case LEAT_P_LENGTH:
    case LEAT_P_STRETCH: return "samples or duration";
    default: return "text";
    }
}

bool param_has_range(const struct leat_param *p)
{
    return p->min != 0 || p->max != 0;
}

static void print_range(const struct leat_param *p)
{
    char range[80];
    if (p->words != NULL && p->words[0] != NULL) {
        printf("; one of %s", p->words[0]);
        for (const char *const *word = p->words + 1; *word != NULL; word++)
            printf(" %s", *word);
    }
    if (!param_has_range(p))
        return;
    leat_param_range(p, range);
    printf("; %s", range);
}

static void print_param(const struct leat_param *p)
{
    printf("  %s=\n      ", p->name);
    print_wrapped(p->doc != NULL ? p->doc : "", 6);
    printf("      %s", param_type_text(p));
    print_range(p);
    if (p->fallback == NULL)
        printf("; must be given");
    else if (p->fallback[0] == '\0')
        printf("; optional");
    else
        printf("; default %s", p->fallback);
    if (p->knob)
        printf("; may change while running");
    if (p->example != NULL)
        printf("; as in %s=%s", p->name, p->example);
    printf("\n");
}

void stage_example(const struct leat_stage *stage, char *out, size_t bytes)
{
    char chosen[256] = "";
    for (uint32_t i = 0; i < stage->params_n; i++) {
        const struct leat_param *p = &stage->params[i];
        size_t n = strlen(chosen);
        if (p->fallback == NULL && p->example != NULL)
            snprintf(chosen + n, sizeof chosen - n, " %s=%s", p->name, p->example);
    }
    if (chosen[0] == '\0' && stage->params_n != 0 && stage->params[0].example != NULL)
        snprintf(chosen, sizeof chosen, " %s=%s", stage->params[0].name,
                 stage->params[0].example);
    char from[128] = "";
    const char *name = stage->name, *behind = stage->behind;
    if (stage->ins != 0)
        snprintf(from, sizeof from, "%s ! %s%s",
                 stage->source != NULL ? stage->source : "synth samples=1M",
                 behind != NULL ? behind : "", behind != NULL ? " ! " : "");
    if (stage->ins == LEAT_MANY)
        snprintf(out, bytes, "%s%s.; %s%s.; %s%s ! stats", from, name, from, name, name, chosen);
    else if (stage->outs == LEAT_MANY)
        snprintf(out, bytes, "%s%s%s ! stats; %s. ! null", from, name, chosen, name);
    else
        snprintf(out, bytes, "%s%s%s%s", from, name, chosen, stage->outs == 0 ? "" : " ! stats");
}

void stage_about(const struct leat_stage *stage, char *out, size_t bytes)
{
    bool maps = stage->ins != 0 && stage->outs != 0 && (stage->traits & LEAT_MAP) != 0;
    snprintf(out, bytes, "A %s%s%s%s.", stage_role(stage), maps ? ", works in place" : "",
             (stage->traits & LEAT_WANTS_FINITE) != 0 ? ", rejects frames with NaN or Inf" : "",
             (stage->traits & LEAT_MAY_BREAK_FINITE) != 0 ? ", may let NaN or Inf out" : "");
}

static void print_commons(const struct leat_stage *stage)
{
    printf("  As every stage:");
    for (uint32_t i = 0; i < LEAT_COMMONS; i++)
        if (leat_common_takes(stage, (enum leat_common)i))
            printf(" %s=", leat_common_params()[i].name);
    printf(" (`leat stages` tells of them)\n");
}

static void print_one(const struct leat_stage *stage)
{
    char text[512];
    printf("%s: ", stage->name);
    print_wrapped(stage->doc, (int)strlen(stage->name) + 2);
    stage_about(stage, text, sizeof text);
    printf("  %s\n", text);
    for (uint32_t i = 0; i < stage->params_n; i++)
        print_param(&stage->params[i]);
    print_commons(stage);
    stage_example(stage, text, sizeof text);
    printf("  Example:\n      %s\n", text);
}

/* name NULL: all of them. */
static enum tool_exit show_json(const struct leat_catalogue *all, const char *name)
{
    struct leat_diag diag;
    if (name != NULL && leat_catalogue_find(all, name, true, &diag) == NULL) {
        complain(NULL, &diag);
        return TOOL_MISTAKE;
    }
    if (stages_json(stdout, all, name))
        return TOOL_DONE;
    complain_text("stages: no memory for the list");
    return TOOL_FAILED;
}

/* ---- all of them ---- */

static void list(const struct leat_catalogue *all)
{
    static const char *const roles[] = {"source", "stage", "sink"};
    static const char *const titles[] = {"Sources", "Stages", "Sinks"};
    for (int r = 0; r < 3; r++) {
        printf("%s%s:\n", r == 0 ? "" : "\n", titles[r]);
        for (const struct leat_catalogue *c = all; c != NULL; c = c->next)
            for (uint32_t i = 0; i < c->n; i++)
                if (strcmp(stage_role(c->stages[i]), roles[r]) == 0) {
                    printf("  %-10s  ", c->stages[i]->name);
                    print_wrapped(c->stages[i]->doc, 14);
                }
    }
    printf("\nEvery one also takes:\n");
    for (uint32_t i = 0; i < LEAT_COMMONS; i++)
        print_param(&leat_common_params()[i]);
    printf("\n`leat stages NAME` shows the parameters.\n");
}

static enum tool_exit show(const struct leat_catalogue *all, const char *name)
{
    struct leat_diag diag;
    const struct leat_stage *first = leat_catalogue_find(all, name, true, &diag);
    const struct leat_stage *second = leat_catalogue_find(all, name, false, &diag);
    if (first == NULL) {
        complain(NULL, &diag);
        return TOOL_MISTAKE;
    }
    print_one(first);
    if (second != first) {
        printf("\n");
        print_one(second);
    }
    return TOOL_DONE;
}

enum tool_exit command_stages(int argc, char **argv)
{
    static const struct option known[] = {{"json", 0, NULL, 'j'},
                                          {"help", 0, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    const struct leat_catalogue *all = leat_catalogue_default(lists);
    const char *word;
    bool json = false;
    opterr = 0;
    for (int key; (key = args_next(argc, argv, ":h", known, &word)) != -1;) {
        if (key == 'h') {
            help();
            return TOOL_DONE;
        }
        if (key != 'j')
            return args_bad_option("stages", known, key, word);
        json = true;
    }
    if (argc - optind > 1) {
        complain_text("stages: one name at a time, '%s' is the second", argv[optind + 1]);
        return TOOL_MISTAKE;
    }
    const char *name = argc - optind == 1 ? argv[optind] : NULL;
    if (json)
        return show_json(all, name);
    if (name != NULL)
        return show(all, name);
    list(all);
    return TOOL_DONE;
}
