/* The graph: nodes, links and the copies that they stand on. */
#include "pipeline/impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that the graph copied, newest first, each in a block of its own: a graph is small and
 * made once. */
struct leat_graph_block {
    struct leat_graph_block *next;
    LEAT_ALIGNED(16) unsigned char bytes[];
};

const struct leat_stage *leat_catalogue_find(const struct leat_catalogue *catalogue,
                                             const char *name, bool head, struct leat_diag *diag)
{
    LEAT_GIVEN("leat_catalogue_find", name, "name");
    const struct leat_stage *other = NULL;
    struct leat_guess guess = { NULL, 0 };
    for (const struct leat_catalogue *list = catalogue; list != NULL; list = list->next) {
        for (uint32_t i = 0; i < list->n; i++) {
            const struct leat_stage *stage = list->stages[i];
            if (strcmp(stage->name, name) != 0)
                continue;
            if ((stage->ins == 0) == head)
                return stage;
            if (other == NULL)
                other = stage;
        }
    }
    if (other != NULL)
        return other;
    for (; catalogue != NULL; catalogue = catalogue->next)
        for (uint32_t i = 0; i < catalogue->n; i++)
            leat_guess_try(&guess, name, catalogue->stages[i]->name);
    if (guess.nearest != NULL)
        leat_diag_set(diag, LEAT_ENAME, "unknown stage '%s'; did you mean '%s'?", name,
                      guess.nearest);
    else
        leat_diag_set(diag, LEAT_ENAME, "unknown stage '%s'", name);
    return NULL;
}

void leat_graph_init(struct leat_graph *graph)
{
    LEAT_GIVEN("leat_graph_init", graph, "graph");
    memset(graph, 0, sizeof *graph);
}

void leat_graph_fini(struct leat_graph *graph)
{
    LEAT_GIVEN("leat_graph_fini", graph, "graph");
    struct leat_graph_block *block = graph->memory;
    while (block != NULL) {
        struct leat_graph_block *next = block->next;
        free(block);
        block = next;
    }
    free(graph->nodes);
    free(graph->links);
    memset(graph, 0, sizeof *graph);
}

void *graph_take(struct leat_graph *graph, size_t bytes)
{
    size_t all;
    if (!leat_size_add(sizeof(struct leat_graph_block), bytes, &all))
        return NULL;
    struct leat_graph_block *block = calloc(1, all);
    if (block == NULL)
        return NULL;
    block->next = graph->memory;
    graph->memory = block;
    return block->bytes;
}

const char *leat_graph_keep(struct leat_graph *graph, const char *text, size_t bytes)
{
    LEAT_GIVEN("leat_graph_keep", graph, "graph");
    size_t all;
    char *copy = leat_size_add(bytes, 1, &all) ? graph_take(graph, all) : NULL;
    if (copy != NULL && bytes != 0)
        memcpy(copy, text, bytes);
    return copy;
}

int graph_no_memory(struct leat_diag *diag)
{
    return leat_diag_set(diag, LEAT_ENOMEM, "no memory for the graph");
}

int diag_of(const char *name, int status, struct leat_diag *diag)
{
    if (status == LEAT_OK || diag == NULL)
        return status;
    char text[sizeof diag->text];
    memcpy(text, diag->text, sizeof text);
    return leat_diag_set(diag, status, "%s: %s", name, text);
}

static int stage_check(const struct leat_stage *stage, struct leat_diag *diag)
{
    if (stage == NULL || stage->size < sizeof *stage || stage->name == NULL)
        return leat_diag_set(diag, LEAT_EINVAL, "%s",
                             stage == NULL ? "the stage is NULL"
                             : stage->size < sizeof *stage
                                 ? "a stage's table is shorter than this version's: its size is "
                                   "sizeof(struct leat_stage), compiled anew"
                                 : "a stage has no name");
    int ways = (stage->map != NULL) + (stage->flow != NULL) + (stage->pull != NULL) +
               (stage->join != NULL);
    bool bare = (stage->traits & (TRAIT_DOOR | TRAIT_TEE | TRAIT_QUEUE)) != 0;
    if (ways != (bare ? 0 : 1) || (stage->ins == 0 && stage->outs == 0) ||
        (stage->pull != NULL && stage->ins != 0) ||
        (stage->pull == NULL && ways == 1 && stage->ins == 0) ||
        (stage->params_n != 0 && stage->params == NULL))
        return leat_diag_set(diag, LEAT_EINVAL,
                             "%s: the stage's table is malformed: one of map, flow, pull and "
                             "join, and pull alone without an input and with an output",
                             stage->name);
    for (uint32_t i = 0; i < stage->params_n; i++) {
        uint8_t type = stage->params[i].type;
        if (stage->params[i].knob &&
            (stage->knob == NULL || type == LEAT_P_TEXT || type == LEAT_P_LIST))
            return leat_diag_set(diag, LEAT_EINVAL,
                                 "%s: the stage's table is malformed: %s is marked a knob, and %s",
                                 stage->name, stage->params[i].name,
                                 stage->knob == NULL ? "the stage has no function for it"
                                                     : "is text or a list");
    }
    for (uint32_t i = 0; i < stage->params_n; i++)
        for (uint32_t k = 0; k < LEAT_COMMONS; k++)
            if (strcmp(stage->params[i].name, leat_common_params()[k].name) == 0)
                return leat_diag_set(diag, LEAT_EINVAL,
                                     "%s: the stage's table is malformed: every stage takes %s=, "
                                     "so it has none of its own",
                                     stage->name, stage->params[i].name);
    return LEAT_OK;
}

int graph_own_list(struct leat_graph *graph, struct leat_list *list, struct leat_diag *diag)
{
    const char **items = graph_take(graph, (size_t)list->n * sizeof *items);
    if (items == NULL)
        return graph_no_memory(diag);
    for (uint32_t k = 0; k < list->n; k++) {
        items[k] = leat_graph_keep(graph, list->items[k], strlen(list->items[k]));
        if (items[k] == NULL)
            return graph_no_memory(diag);
    }
    list->items = list->n != 0 ? items : NULL;
    return LEAT_OK;
}

/* Moves what the fields borrow into the graph. */
static int own_texts(struct leat_graph *graph, const struct leat_stage *stage, char *options,
                     struct leat_diag *diag)
{
    for (uint32_t i = 0; i < stage->params_n; i++) {
        char *field = options + stage->params[i].offset;
        if (stage->params[i].type == LEAT_P_TEXT) {
            const char *text;
            memcpy(&text, field, sizeof text);
            if (text != NULL && (text = leat_graph_keep(graph, text, strlen(text))) == NULL)
                return graph_no_memory(diag);
            memcpy(field, &text, sizeof text);
        } else if (stage->params[i].type == LEAT_P_LIST) {
            struct leat_list list;
            memcpy(&list, field, sizeof list);
            int status = graph_own_list(graph, &list, diag);
            if (status != LEAT_OK)
                return status;
            memcpy(field, &list, sizeof list);
        }
    }
    return LEAT_OK;
}

static int own_options(struct leat_graph *graph, const struct leat_stage *stage,
                       const void *options, const void **copy, struct leat_diag *diag)
{
    char *own = graph_take(graph, stage->options_bytes);
    if (own == NULL)
        return graph_no_memory(diag);
    /* Also without need of defaults: it checks that the table's fields lie inside the struct. */
    int status = leat_options_default(stage->params, stage->params_n, own, stage->options_bytes,
                                      diag);
    if (status == LEAT_OK && options != NULL && stage->options_bytes != 0)
        memcpy(own, options, stage->options_bytes);
    if (status == LEAT_OK)
        status = leat_options_check(stage->params, stage->params_n, own, diag);
    if (status != LEAT_OK)
        return diag_of(stage->name, status, diag);
    *copy = own;
    return own_texts(graph, stage, own, diag);
}

static bool name_taken(const struct leat_graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->nodes_n; i++)
        if (strcmp(graph->nodes[i].name, name) == 0)
            return true;
    return false;
}

bool leat_name_valid(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n >= LEAT_NAME_MAX || (name[0] >= '0' && name[0] <= '9') || name[0] == '-')
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return true;
}

/* The name asked for, or the stage's own with the first number from 2 on that is free. */
static int own_name(struct leat_graph *graph, const struct leat_stage *stage, const char *name,
                    const char **copy, struct leat_diag *diag)
{
    char made[LEAT_NAME_MAX];
    const char *wanted = name != NULL ? name : stage->name;
    if (!leat_name_valid(wanted))
        return leat_diag_set(diag, LEAT_EINVAL,
                             "%s: '%s' is no name: letters, digits, _ and -, at most %d of them",
                             stage->name, wanted, LEAT_NAME_MAX - 1);
    if (name != NULL && name_taken(graph, name))
        return leat_diag_set(diag, LEAT_ENAME, "%s: the name '%s' is taken", stage->name, name);
    uint32_t number = 1;
    for (uint32_t i = 0; name == NULL && i < graph->nodes_n; i++)
        number += strcmp(graph->nodes[i].stage->name, stage->name) == 0;
    snprintf(made, sizeof made, "%s", wanted);
    for (uint32_t i = number > 2 ? number : 2; name_taken(graph, made); i++)
        snprintf(made, sizeof made, "%.50s%u", stage->name, i);
    *copy = leat_graph_keep(graph, made, strlen(made));
    return *copy != NULL ? LEAT_OK : graph_no_memory(diag);
}

/* Room for one more entry of `bytes` in a growing array. */
static bool grow(void **array, uint32_t n, uint32_t *room, size_t bytes)
{
    if (n < *room)
        return true;
    uint32_t more = *room == 0 ? 16 : *room * 2;
    void *moved = realloc(*array, more * bytes);
    if (moved == NULL)
        return false;
    *array = moved;
    *room = more;
    return true;
}

int leat_graph_add(struct leat_graph *graph, const struct leat_stage *stage, const void *options,
                   const char *name, uint32_t *node, struct leat_diag *diag)
{
    LEAT_GIVEN("leat_graph_add", graph, "graph");
    LEAT_GIVEN("leat_graph_add", node, "node");
    struct leat_node made = { .stage = stage, .file = "", .core = LEAT_NO_CORE };
    int status = stage_check(stage, diag);
    if (status != LEAT_OK)
        return status;
    if (graph->nodes_n == LEAT_NODES_MAX)
        return leat_diag_set(diag, LEAT_ELIMIT, "%s: a graph has at most %u stages", stage->name,
                             LEAT_NODES_MAX);
    status = own_options(graph, stage, options, &made.options, diag);
    if (status == LEAT_OK)
        status = own_name(graph, stage, name, &made.name, diag);
    if (status != LEAT_OK)
        return status;
    void *nodes = graph->nodes;
    if (!grow(&nodes, graph->nodes_n, &graph->nodes_room, sizeof made))
        return graph_no_memory(diag);
    graph->nodes = nodes;
    *node = graph->nodes_n;
    graph->nodes[graph->nodes_n++] = made;
    return LEAT_OK;
}

int graph_has(const struct leat_graph *graph, uint32_t node, struct leat_diag *diag)
{
    return node < graph->nodes_n ? LEAT_OK
                                 : leat_diag_set(diag, LEAT_EINVAL, "there is no stage %u", node);
}

int leat_graph_place(struct leat_graph *graph, uint32_t node, const char *file, uint32_t line,
                     uint32_t column, struct leat_diag *diag)
{
    LEAT_GIVEN("leat_graph_place", graph, "graph");
    LEAT_GIVEN("leat_graph_place", file, "file");
    int status = graph_has(graph, node, diag);
    if (status != LEAT_OK)
        return status;
    /* Neighbours are mostly of the same file: one copy serves them. */
    const char *copy = node > 0 ? graph->nodes[node - 1].file : "";
    if (strcmp(copy, file) != 0)
        copy = leat_graph_keep(graph, file, strlen(file));
    if (copy == NULL)
        return graph_no_memory(diag);
    graph->nodes[node].file = copy;
    graph->nodes[node].line = line;
    graph->nodes[node].column = column;
    return LEAT_OK;
}

int leat_graph_place_value(struct leat_graph *graph, uint32_t node, uint32_t param, uint32_t line,
                           uint32_t column, struct leat_diag *diag)
{
    LEAT_GIVEN("leat_graph_place_value", graph, "graph");
    int status = graph_has(graph, node, diag);
    if (status != LEAT_OK)
        return status;
    struct leat_node *n = &graph->nodes[node];
    uint32_t params = n->stage->params_n + LEAT_COMMONS;
    if (param >= params)
        return leat_diag_set(diag, LEAT_EINVAL, "%s has no parameter %u", n->name, param);
    if (n->values == NULL)
        n->values = graph_take(graph, params * sizeof *n->values);
    if (n->values == NULL)
        return graph_no_memory(diag);
    n->values[param] = (struct leat_value_place){ line, column };
    return LEAT_OK;
}

int leat_graph_join(struct leat_graph *graph, uint32_t from, uint32_t out, uint32_t to, uint32_t in,
                    struct leat_diag *diag)
{
    LEAT_GIVEN("leat_graph_join", graph, "graph");
    if (from >= graph->nodes_n || to >= graph->nodes_n)
        return leat_diag_set(diag, LEAT_EINVAL, "there is no stage %u",
                             from >= graph->nodes_n ? from : to);
    const struct leat_node *a = &graph->nodes[from], *b = &graph->nodes[to];
    if (out >= a->stage->outs)
        return leat_diag_set(diag, LEAT_EINVAL, "%s has %s", a->name,
                             a->stage->outs == 0 ? "no output: it ends a chain"
                                                 : "no output of that number");
    if (in >= b->stage->ins)
        return leat_diag_set(diag, LEAT_EINVAL, "%s has %s", b->name,
                             b->stage->ins == 0 ? "no input: it starts a chain"
                                                : "no input of that number");
    for (uint32_t i = 0; i < graph->links_n; i++) {
        const struct leat_link *link = &graph->links[i];
        if (link->from == from && link->out == out)
            return leat_diag_set(diag, LEAT_EINVAL, "output %u of %s is joined to %s already",
                                 out + 1, a->name, graph->nodes[link->to].name);
        if (link->to == to && link->in == in)
            return leat_diag_set(diag, LEAT_EINVAL, "input %u of %s is joined to %s already",
                                 in + 1, b->name, graph->nodes[link->from].name);
    }
    void *links = graph->links;
    if (!grow(&links, graph->links_n, &graph->links_room, sizeof *graph->links))
        return graph_no_memory(diag);
    graph->links = links;
    graph->links[graph->links_n++] = (struct leat_link){ from, out, to, in };
    return LEAT_OK;
}

int leat_graph_find(const struct leat_graph *graph, const char *name, uint32_t *node,
                    struct leat_diag *diag)
{
    LEAT_GIVEN("leat_graph_find", graph, "graph");
    LEAT_GIVEN("leat_graph_find", name, "name");
    LEAT_GIVEN("leat_graph_find", node, "node");
    struct leat_guess guess = { NULL, 0 };
    for (uint32_t i = 0; i < graph->nodes_n; i++) {
        if (strcmp(graph->nodes[i].name, name) != 0)
            continue;
        *node = i;
        return LEAT_OK;
    }
    for (uint32_t i = 0; i < graph->nodes_n; i++)
        leat_guess_try(&guess, name, graph->nodes[i].name);
    if (guess.nearest != NULL)
        return leat_diag_set(diag, LEAT_ENAME, "no stage is named '%s'; did you mean '%s'?", name,
                             guess.nearest);
    return leat_diag_set(diag, LEAT_ENAME, "no stage is named '%s'", name);
}
