/* Draws plans that the command cannot make: with any names, with notes, without memory.
 *
 *   draw_names dot|svg|text|notes PIPELINE [NAME...]   the stages' names, in the plan's order
 *   draw_names memory PIPELINE                         every allocation fails once
 */
#include "tool/draw.h"

#include <stdlib.h>
#include <string.h>

/* The allocation of that number fails; 0: none. */
static uint32_t fail_at, allocations;

void *__real_calloc(size_t n, size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes)
{
    return ++allocations == fail_at ? NULL : __real_calloc(n, bytes);
}

void *__real_realloc(void *old, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes)
{
    return ++allocations == fail_at ? NULL : __real_realloc(old, bytes);
}

/* Exit status 0 when every failure was told and left nothing behind. */
static int without_memory(const struct leat_plan *plan)
{
    bool drawn = false;
    uint32_t n = 0;
    while (!drawn) {
        FILE *file = tmpfile();
        allocations = 0;
        fail_at = ++n;
        drawn = draw_svg(file, plan);
        fail_at = 0;
        bool empty = ftell(file) == 0;
        fclose(file);
        if (empty == drawn)
            return 1;
    }
    printf("%u\n", n - 1);
    return 0;
}

static void write_note(const void *user, uint32_t stage, char *out)
{
    const struct leat_plan *plan = user;
    if (plan->stages[stage].outs_n <= 1)
        snprintf(out, 32, "n%u", stage);
}

static int draw(const struct leat_plan *plan, const char *what)
{
    struct draw_notes notes = {write_note, plan, "unit"};
    if (strcmp(what, "memory") == 0)
        return without_memory(plan);
    if (strcmp(what, "dot") == 0)
        draw_dot(stdout, plan);
    else if (strcmp(what, "svg") == 0)
        return draw_svg(stdout, plan) ? 0 : 1;
    else
        draw_text(stdout, plan, false, strcmp(what, "notes") == 0 ? &notes : NULL);
    return 0;
}

int main(int argc, char **argv)
{
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS];
    struct leat_text_options options = {.size = sizeof options, .file = "a<b>&\"c'\\\xff\x01"};
    struct leat_limits limits = {.workers = 2};
    struct leat_diag diag = {0};
    struct leat_graph graph;
    struct leat_plan plan = {0};
    if (argc < 3)
        return 2;
    leat_graph_init(&graph);
    int status = leat_text_parse(&graph, leat_catalogue_default(lists), &options, argv[2],
                                 strlen(argv[2]), &diag);
    if (status == LEAT_OK)
        status = leat_plan_make(&plan, &graph, &limits, &diag);
    for (int i = 3; status == LEAT_OK && i < argc && (uint32_t)(i - 3) < plan.stages_n; i++)
        plan.stages[i - 3].name = argv[i];
    if (status != LEAT_OK)
        fprintf(stderr, "%s\n", diag.text);
    status = status == LEAT_OK ? draw(&plan, argv[1]) : 2;
    leat_plan_fini(&plan);
    leat_graph_fini(&graph);
    return status;
}
