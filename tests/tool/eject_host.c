/* Ejects a graph of which one stage is the host's own, and prints what that says. */
#include "eject.h"

static void keep(void *state, struct leat_ctx *ctx, struct leat_frame *const *frames, uint32_t n)
{
    (void)state, (void)ctx, (void)frames, (void)n;
}

static const struct leat_stage mine = {
    .size = sizeof(struct leat_stage),
    .traits = LEAT_MAP | LEAT_STATELESS | LEAT_READS_ONLY,
    .name = "mine",
    .ins = 1,
    .outs = 1,
    .map = keep,
};
static const struct leat_stage *const stages[] = {&mine};

int main(void)
{
    static const char text[] = "\n\nsynth ! mine ! null";
    struct leat_catalogue lists[LEAT_CATALOGUE_LISTS], own = {stages, 1, NULL};
    struct leat_text_options options = {.size = sizeof options, .file = "host.leat"};
    struct leat_graph graph;
    struct leat_diag diag = {0};
    char line[1024];
    bool math;
    leat_graph_init(&graph);
    const struct leat_catalogue *all = leat_catalogue_default(lists);
    lists[LEAT_CATALOGUE_LISTS - 1].next = &own;
    int status = leat_text_parse(&graph, all, &options, text, sizeof text - 1, &diag);
    FILE *out = status == LEAT_OK ? tmpfile() : NULL;
    if (out != NULL) {
        status = eject_graph(out, &graph, &math, &diag);
        fclose(out);
    }
    leat_graph_fini(&graph);
    leat_diag_format(&diag, line, sizeof line);
    printf("%s\n", line);
    return status == LEAT_EINVAL ? 0 : 1;
}
