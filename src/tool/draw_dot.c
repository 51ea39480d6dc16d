/* The plan in Graphviz's language. */
#include "draw.h"

static const char *escape(char c)
{
    return c == '"' ? "\\\"" : c == '\\' ? "\\\\" : c == '\n' ? "\\n" : NULL;
}

static void put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    draw_escaped(out, text, escape);
    fputc('"', out);
}

static void put_label(FILE *out, const struct draw_words *words)
{
    fputs("label=\"", out);
    for (uint32_t i = 0; i < words->n; i++) {
        fputs(i != 0 ? "\\n" : "", out);
        draw_escaped(out, words->line[i], escape);
    }
    fputc('"', out);
}

static void put_stage(FILE *out, const struct leat_plan *plan, uint32_t i)
{
    const struct leat_plan_stage *s = &plan->stages[i];
    struct draw_words words;
    draw_stage_words(plan, i, &words);
    fputs("        ", out);
    put_quoted(out, s->name);
    fputs(" [", out);
    put_label(out, &words);
    if (s->line != 0) {
        fputs(", tooltip=\"", out);
        draw_place(out, s, escape);
        fputc('"', out);
    }
    fputs("];\n", out);
}

static void put_link(FILE *out, const struct leat_plan *plan, const struct leat_plan_link *link)
{
    static const char *const styles[2][2] = {{"solid", "dashed"}, {"bold", "bold,dashed"}};
    struct draw_words words;
    draw_link_words(plan, link, &words);
    fputs("    ", out);
    put_quoted(out, plan->stages[link->from].name);
    fputs(" -> ", out);
    put_quoted(out, plan->stages[link->to].name);
    fputs(" [", out);
    put_label(out, &words);
    fprintf(out, ", style=\"%s\"];\n", styles[link->edge != LEAT_NO_EDGE][link->copies]);
}

void draw_dot(FILE *out, const struct leat_plan *plan)
{
    char worker[64];
    fputs("digraph leat {\n"
          "    rankdir=LR;\n"
          "    node [shape=box, fontname=\"monospace\"];\n"
          "    edge [fontname=\"monospace\", fontsize=10];\n", out);
    for (uint32_t w = 0; w < plan->workers_n; w++) {
        fprintf(out, "    subgraph cluster_worker%u {\n        label=\"%s\";\n", w,
                draw_worker(plan, w, worker));
        for (uint32_t i = 0; i < plan->stages_n; i++)
            if (plan->stages[i].worker == w)
                put_stage(out, plan, i);
        fputs("    }\n", out);
    }
    for (uint32_t l = 0; l < plan->links_n; l++)
        put_link(out, plan, &plan->links[l]);
    fputs("}\n", out);
}
