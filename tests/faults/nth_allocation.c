/* The n-th call that wants memory, a mapping or a thread fails, for every n, over the whole life of
 * a pipeline: graph, plan, arena, engine, run. Each time there is a clear error (or the call could
 * do without), the right result where there is none, and nothing is left: no block, no mapping.
 * Prints how many calls there are, or what failed.
 */
#include "life.h"
#include "rig.h"
#include "wraps.h"

#include <stdio.h>
#include <string.h>

struct options {
    struct rig_options rig; /* rig_source and the others find theirs here */
    const char *text;
    struct leat_list list;
};

/* The source with a text and a list among its options, so that the graph copies them. */
static const struct leat_param params[] = {
    {.name = "text", .fallback = "", .type = LEAT_P_TEXT, .offset = offsetof(struct options, text)},
    {.name = "list", .fallback = "", .type = LEAT_P_LIST, .offset = offsetof(struct options, list)},
};

/* What the graph was given must be there whole. */
static int checked_init(void *state, const void *options, const struct leat_shape *in,
                        const struct leat_need *need, struct leat_diag *diag)
{
    const struct options *o = options;
    int status = rig_source.init(state, options, in, need, diag);
    if (status != LEAT_OK)
        return status;
    bool whole = o->text != NULL && strcmp(o->text, "a text") == 0 && o->list.n == 2 &&
                 strcmp(o->list.items[0], "first") == 0 && strcmp(o->list.items[1], "second") == 0;
    return whole ? LEAT_OK : leat_diag_set(diag, LEAT_EINVAL, "an option was lost");
}

enum { FRAMES = 40, WORKERS = 3 };

static int add_all(struct leat_graph *g, struct ledger *ledger, struct leat_diag *diag)
{
    static const char *const words[] = {"first", "second"};
    static struct leat_stage source;
    source = rig_source;
    source.init = checked_init;
    source.params = params;
    source.params_n = 2;
    source.options_bytes = sizeof(struct options);
    struct options o = {.rig = {.ledger = ledger, .n = FRAMES, .rows = 2}, .text = "a text",
                        .list = {words, 2}};
    const struct leat_stage *others[] = {&rig_add, &rig_triple, &rig_hold, &rig_sink};
    struct rig_options plain = {.ledger = ledger, .add = 1, .hold = 2};
    uint32_t before, node;
    int status = leat_graph_add(g, &source, &o, NULL, &before, diag);
    for (int i = 0; status == LEAT_OK && i < 4; i++) {
        status = leat_graph_add(g, others[i], &plain, NULL, &node, diag);
        if (status == LEAT_OK)
            status = leat_graph_place(g, node, i < 2 ? "one.leat" : "two.leat", 1, 1, diag);
        if (status == LEAT_OK)
            status = leat_graph_join(g, before, 0, node, 0, diag);
        before = node;
    }
    return status;
}

/* The whole life; what stopped it. */
static int live(struct ledger *ledger, struct leat_diag *diag)
{
    const struct leat_limits limits = {.workers = WORKERS, .batch = 4};
    struct leat_graph graph;
    leat_graph_init(&graph);
    int status = add_all(&graph, ledger, diag);
    if (status == LEAT_OK)
        status = live_on(&graph, &limits, diag);
    leat_graph_fini(&graph);
    return status;
}

/* One life with the fault; false and a word when it is not as it must be. */
static bool survives(uint64_t fail_at, bool every_after, const struct ledger *expected)
{
    struct ledger ledger = {0};
    struct leat_diag diag = {0};
    wraps = (struct wraps){.on = true, .fail_at = fail_at, .every_after = every_after,
                           .live = wraps.live, .mapped = wraps.mapped};
    int64_t live_before = wraps.live;
    uint64_t mapped_before = wraps.mapped;
    int status = live(&ledger, &diag);
    wraps.on = false;
    const char *what = NULL;
    if (wraps.live != live_before)
        what = "blocks are left";
    else if (wraps.mapped != mapped_before)
        what = "mappings are left";
    else if (status == LEAT_OK && ledger.digest != expected->digest)
        what = "the result is wrong";
    else if (status != LEAT_OK && (status != LEAT_ENOMEM || diag.code != status ||
                                   strlen(diag.text) < 8))
        what = "the error is not clear";
    else if (status != LEAT_OK && wraps.failed == 0)
        what = "it failed without a cause";
    else if (leat_load_acquire(&ledger.inits) != leat_load_acquire(&ledger.finis))
        what = "a stage that began was not ended";
    if (what != NULL)
        printf("failed: call %llu%s: %s (status %d: %s)\n", (unsigned long long)fail_at,
               every_after ? " and all after" : "", what, status, diag.text);
    return what == NULL;
}

int main(void)
{
    struct ledger expected = {0};
    struct rig_link links[] = {{&rig_source, {.n = FRAMES, .rows = 2}},
                               {&rig_add, {.add = 1}},
                               {&rig_triple, {0}},
                               {&rig_sink, {0}}};
    rig_expect(links, 4, &expected);
    if (!survives(0, false, &expected)) /* the clean control, and the number of calls */
        return 1;
    uint64_t calls = wraps.calls;
    if (calls < 20) {
        printf("failed: only %llu calls were seen\n", (unsigned long long)calls);
        return 1;
    }
    for (uint64_t n = 1; n <= calls; n++) {
        if (!survives(n, false, &expected))
            return 1;
        if (wraps.failed == 0) {
            printf("failed: call %llu did not come\n", (unsigned long long)n);
            return 1;
        }
        if (!survives(n, true, &expected))
            return 1;
    }
    printf("ok: %llu calls, each made to fail alone and with all after it\n",
           (unsigned long long)calls);
    return 0;
}
