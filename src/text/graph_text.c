/* Graph to text. */
#include "text/parser.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    const struct leat_graph *graph;
    char *out;
    size_t bytes, n;
    uint32_t *order; /* nodes in the order in which they were written */
    uint32_t order_n;
    bool *written;
    struct leat_link *now, *later; /* links as the parser will make them: at once, by name */
    uint32_t now_n, later_n;
    struct leat_diag *diag;
};

static void put(struct writer *w, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++, w->n++)
        if (w->n + 1 < w->bytes)
            w->out[w->n] = text[i];
}

static void put_text(struct writer *w, const char *text)
{
    put(w, text, strlen(text));
}

/* ---- values ---- */

/* One item: bare where that reads back, else in quotes. */
static int put_item(struct writer *w, const struct leat_node *node, const char *text)
{
    bool bare = *text != '\0';
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f)
            return leat_diag_set(w->diag, LEAT_EINVAL,
                                 "%s: a text with a newline or control character cannot be written",
                                 node->name);
        bare &= scan_bare(c);
    }
    if (bare) {
        put_text(w, text);
        return LEAT_OK;
    }
    /* No quote has an escape: each kind stands in the other, side by side. */
    do {
        const char *quote = *text == '\'' ? "\"" : "'";
        size_t n = *text == '\'' ? strspn(text, "'") : strcspn(text, "'");
        put_text(w, quote);
        put(w, text, n);
        put_text(w, quote);
        text += n;
    } while (*text != '\0');
    return LEAT_OK;
}

/* Nanoseconds in the largest unit that keeps them whole. */
static void put_ns(struct writer *w, uint64_t ns)
{
    static const struct {
        uint64_t factor;
        const char *word;
    } units[] = { { 1000000000, "s" }, { 1000000, "ms" }, { 1000, "us" }, { 1, "ns" } };
    char text[32];
    size_t i = 0;
    while (ns % units[i].factor != 0)
        i++;
    snprintf(text, sizeof text, "%" PRIu64 "%s", ns / units[i].factor, units[i].word);
    put_text(w, text);
}

static void put_whole(struct writer *w, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    put_text(w, text);
}

static int put_list(struct writer *w, const struct leat_node *node, const struct leat_list *list)
{
    int status = LEAT_OK;
    for (uint32_t i = 0; status == LEAT_OK && i < list->n; i++) {
        if (i > 0)
            put_text(w, ",");
        status = put_item(w, node, list->items[i]);
    }
    return status;
}

static int put_value(struct writer *w, const struct leat_node *node, const struct leat_param *param,
                     const void *field)
{
    char text[32];
    switch (param->type) {
    case LEAT_P_U64:
        if (param->unit == LEAT_NS)
            put_ns(w, *(const uint64_t *)field);
        else
            put_whole(w, *(const uint64_t *)field);
        return LEAT_OK;
    case LEAT_P_F64:
        leat_number_write(text, *(const double *)field);
        put_text(w, text);
        if (param->unit == LEAT_NS && text[strlen(text) - 1] <= '9')
            put_text(w, "ns");
        return LEAT_OK;
    case LEAT_P_BOOL: put_text(w, *(const bool *)field ? "yes" : "no"); return LEAT_OK;
    case LEAT_P_WORD: put_text(w, param->words[*(const uint32_t *)field]); return LEAT_OK;
    case LEAT_P_TEXT: return put_item(w, node, *(const char *const *)field);
    case LEAT_P_LIST: return put_list(w, node, field);
    case LEAT_P_STRETCH: {
        const struct leat_stretch *stretch = field;
        leat_number_write(text, stretch->samples);
        if (stretch->ns != 0)
            put_ns(w, stretch->ns);
        else
            put_text(w, text);
        return LEAT_OK;
    }
    default: {
        const struct leat_length *length = field;
        if (length->ns != 0)
            put_ns(w, length->ns);
        else
            put_whole(w, length->samples);
        return LEAT_OK;
    }
    }
}

static int put_params(struct writer *w, const struct leat_node *node)
{
    const struct leat_stage *stage = node->stage;
    char *plain = malloc(stage->options_bytes + 1);
    if (plain == NULL)
        return leat_diag_set(w->diag, LEAT_ENOMEM, "no memory to write the graph");
    int status = leat_options_default(stage->params, stage->params_n, plain, stage->options_bytes,
                                      w->diag);
    for (uint32_t i = 0; status == LEAT_OK && i < stage->params_n; i++) {
        const struct leat_param *param = &stage->params[i];
        const char *field = (const char *)node->options + param->offset;
        if (param->fallback != NULL && leat_param_same(param, node->options, plain))
            continue;
        if (param->type == LEAT_P_TEXT && *(const char *const *)(const void *)field == NULL) {
            status = leat_diag_set(w->diag, LEAT_EINVAL, "%s: %s= cannot be left out", node->name,
                                   param->name);
            break;
        }
        put_text(w, " ");
        put_text(w, param->name);
        put_text(w, "=");
        status = put_value(w, node, param, field);
    }
    free(plain);
    return status;
}

/* on=, as=, core=, on-gap=; the name stands in front. */
static int put_commons(struct writer *w, const struct leat_node *node)
{
    int status = LEAT_OK;
    if (node->on.n != 0) {
        put_text(w, " on=");
        status = put_list(w, node, &node->on);
    }
    if (status == LEAT_OK && node->as != NULL) {
        put_text(w, " as=");
        put_text(w, node->as);
    }
    if (status == LEAT_OK && node->core != LEAT_NO_CORE) {
        put_text(w, " core=");
        put_whole(w, node->core);
    }
    if (status == LEAT_OK && node->on_gap == LEAT_GAP_RESET)
        put_text(w, " on-gap=reset");
    return status;
}

/* ---- stages and chains ---- */

/* The name that the parser would give by itself; follows leat_graph_add. */
static bool is_own_name(const struct writer *w, const struct leat_node *node)
{
    char made[LEAT_NAME_MAX];
    uint32_t number = 1;
    bool taken = false;
    for (uint32_t i = 0; i < w->order_n; i++) {
        const struct leat_node *other = &w->graph->nodes[w->order[i]];
        number += strcmp(other->stage->name, node->stage->name) == 0;
        taken |= strcmp(other->name, node->stage->name) == 0;
    }
    if (!taken)
        return strcmp(node->name, node->stage->name) == 0;
    snprintf(made, sizeof made, "%.50s%u", node->stage->name, number > 2 ? number : 2);
    return strcmp(node->name, made) == 0;
}

static int put_stage(struct writer *w, uint32_t number)
{
    const struct leat_node *node = &w->graph->nodes[number];
    put_text(w, node->stage->name);
    if (!is_own_name(w, node)) {
        put_text(w, " name=");
        put_text(w, node->name);
    }
    w->written[number] = true;
    w->order[w->order_n++] = number;
    int status = put_params(w, node);
    return status == LEAT_OK ? put_commons(w, node) : status;
}

static const struct leat_link *link_out(const struct leat_graph *graph, uint32_t node, uint32_t out)
{
    for (uint32_t i = 0; i < graph->links_n; i++)
        if (graph->links[i].from == node && graph->links[i].out == out)
            return &graph->links[i];
    return NULL;
}

static void put_reference(struct writer *w, uint32_t node)
{
    put_text(w, w->graph->nodes[node].name);
    put_text(w, ".");
}

/* A chain on from a link that was not written: to its end, or to a stage that stands elsewhere. */
static int put_links(struct writer *w, const struct leat_link *link, bool by_name)
{
    int status = LEAT_OK;
    while (status == LEAT_OK && link != NULL) {
        uint32_t to = link->to;
        bool reference = w->written[to] || link->in != 0;
        put_text(w, " ! ");
        if (by_name || reference)
            w->later[w->later_n++] = *link;
        else
            w->now[w->now_n++] = *link;
        if (reference) {
            put_reference(w, to);
            return status;
        }
        status = put_stage(w, to);
        link = link_out(w->graph, to, 0);
        by_name = false;
    }
    return status;
}

static int put_chain(struct writer *w, uint32_t node)
{
    int status = put_stage(w, node);
    if (status == LEAT_OK)
        status = put_links(w, link_out(w->graph, node, 0), false);
    put_text(w, "\n");
    return status;
}

static bool has_input(const struct leat_graph *graph, uint32_t node, bool first_only)
{
    for (uint32_t i = 0; i < graph->links_n; i++)
        if (graph->links[i].to == node && (!first_only || graph->links[i].in == 0))
            return true;
    return false;
}

/* Chains from their heads; then what only branches lead to; then what stands in a circle. */
static int put_chains(struct writer *w)
{
    const struct leat_graph *graph = w->graph;
    int status = LEAT_OK;
    for (uint32_t i = 0; status == LEAT_OK && i < graph->nodes_n; i++)
        if (!has_input(graph, i, true))
            status = put_chain(w, i);
    /* The nodes that this writes lengthen the walk. */
    for (uint32_t i = 0; status == LEAT_OK && i < w->order_n; i++) {
        const struct leat_node *node = &graph->nodes[w->order[i]];
        for (uint32_t out = 1; status == LEAT_OK && out < node->stage->outs; out++) {
            const struct leat_link *link = link_out(graph, w->order[i], out);
            if (link == NULL)
                continue;
            put_reference(w, w->order[i]);
            status = put_links(w, link, true);
            put_text(w, "\n");
        }
    }
    for (uint32_t i = 0; status == LEAT_OK && i < graph->nodes_n; i++)
        if (!w->written[i])
            status = put_chain(w, i);
    return status;
}

/* The parser hands out ports in order: first where stages stand side by side, then by name. */
static int check_ports(struct writer *w)
{
    const struct leat_graph *graph = w->graph;
    for (uint32_t i = 0; i < w->now_n + w->later_n; i++) {
        const struct leat_link *link = i < w->now_n ? &w->now[i] : &w->later[i - w->now_n];
        uint32_t out = 0, in = 0;
        for (uint32_t k = 0; k < i; k++) {
            const struct leat_link *other = k < w->now_n ? &w->now[k] : &w->later[k - w->now_n];
            out += other->from == link->from;
            in += other->to == link->to;
        }
        if (out != link->out || in != link->in)
            return leat_diag_set(w->diag, LEAT_EINVAL,
                                 "output %u of %s to input %u of %s: joined out of order, which "
                                 "text cannot say",
                                 link->out + 1, graph->nodes[link->from].name, link->in + 1,
                                 graph->nodes[link->to].name);
    }
    if (w->now_n + w->later_n != graph->links_n)
        return leat_diag_set(w->diag, LEAT_EINVAL, "a link could not be written");
    return LEAT_OK;
}

int leat_graph_text(const struct leat_graph *graph, char *out, size_t out_bytes, size_t *length,
                    struct leat_diag *diag)
{
    struct writer w = { .graph = graph, .out = out, .bytes = out_bytes, .diag = diag };
    int status = LEAT_OK;
    w.order = calloc(graph->nodes_n + 1, sizeof *w.order);
    w.written = calloc(graph->nodes_n + 1, sizeof *w.written);
    w.now = calloc(graph->links_n + 1, sizeof *w.now);
    w.later = calloc(graph->links_n + 1, sizeof *w.later);
    if (w.order == NULL || w.written == NULL || w.now == NULL || w.later == NULL)
        status = leat_diag_set(diag, LEAT_ENOMEM, "no memory to write the graph");
    if (status == LEAT_OK)
        status = put_chains(&w);
    if (status == LEAT_OK)
        status = check_ports(&w);
    free(w.order);
    free(w.written);
    free(w.now);
    free(w.later);
    if (out_bytes > 0)
        out[w.n < out_bytes ? w.n : out_bytes - 1] = '\0';
    *length = w.n;
    return status;
}
