/* Layers and heights. A link that passes layers has an item in each, so that no line crosses a box.
 * Sweeps there and back put every item in the middle of its neighbours, and then those of a layer
 * apart, in the order of where they want to be and moved as little as can be (least squares, by
 * pooling those that would overlap).
 */
#include "draw.h"

#include <stdlib.h>
#include <string.h>

#define SWEEPS 5 /* odd: the last one goes downstream, where branches lie as their ports do */

/* Items of one layer that touch. */
struct layout_block {
    double sum;
    uint32_t n;
};

/* ---- items and segments ---- */

static uint32_t layers_between(const struct layout *l, const struct leat_plan_link *link)
{
    return l->items[link->to].layer - l->items[link->from].layer;
}

/* Links are by their beginnings, which are in the order of the plan: each layer is final when it is
 * read. */
static void find_layers(struct layout *l, const struct leat_plan *plan)
{
    l->items_n = plan->stages_n;
    for (uint32_t i = 0; i < plan->links_n; i++) {
        uint32_t after = l->items[plan->links[i].from].layer + 1;
        struct layout_item *to = &l->items[plan->links[i].to];
        to->layer = to->layer > after ? to->layer : after;
    }
    for (uint32_t i = 0; i < plan->stages_n; i++)
        l->layers_n = l->items[i].layer >= l->layers_n ? l->items[i].layer + 1 : l->layers_n;
    for (uint32_t i = 0; i < plan->links_n; i++) {
        l->segments_n += layers_between(l, &plan->links[i]);
        l->items_n += layers_between(l, &plan->links[i]) - 1;
    }
}

static double port_dy(uint32_t port, uint32_t ports, double apart)
{
    return ((double)port - (double)(ports - 1) / 2) * apart;
}

static void cut_links(struct layout *l, const struct leat_plan *plan,
                      const struct layout_sizes *sizes)
{
    uint32_t item = plan->stages_n, segment = 0;
    for (uint32_t i = 0; i < plan->stages_n; i++)
        l->items[i].height = sizes->heights[i];
    for (uint32_t i = 0; i < plan->links_n; i++) {
        const struct leat_plan_link *link = &plan->links[i];
        uint32_t n = layers_between(l, link), layer = l->items[link->from].layer;
        l->first[i] = segment;
        for (uint32_t k = 0; k < n; k++) {
            struct layout_segment *s = &l->segments[segment++];
            s->from = k == 0 ? link->from : item - 1;
            s->to = k + 1 == n ? link->to : item;
            if (k + 1 < n)
                l->items[item++] =
                    (struct layout_item){.layer = layer + k + 1, .height = sizes->pass};
        }
        l->segments[l->first[i]].from_dy =
            port_dy(link->out, plan->stages[link->from].outs_n, sizes->port);
        l->segments[segment - 1].to_dy =
            port_dy(link->in, plan->stages[link->to].ins_n, sizes->port);
    }
    l->first[plan->links_n] = segment;
}

/* Counting sort: list[begin[k], begin[k + 1]) are the numbers of layer k, in their order. */
static void group(const struct layout *l, bool segments, uint32_t *list, uint32_t *begin)
{
    uint32_t n = segments ? l->segments_n : l->items_n;
    for (uint32_t i = 0; i < n; i++)
        begin[l->items[segments ? l->segments[i].from : i].layer]++;
    for (uint32_t k = 0, sum = 0; k <= l->layers_n; k++) {
        sum += begin[k];
        begin[k] = sum;
    }
    for (uint32_t i = n; i-- > 0;) /* from where a layer ends to where it begins */
        list[--begin[l->items[segments ? l->segments[i].from : i].layer]] = i;
}

/* ---- heights ---- */

/* Puts a layer's items, in the order of ranks, as near to y as they can be without touching. */
static void set_apart(struct layout *l, uint32_t layer, double gap)
{
    const uint32_t *rank = l->ranks + l->begin[layer];
    uint32_t n = l->begin[layer + 1] - l->begin[layer], blocks = 0;
    double offset = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct layout_item *item = &l->items[rank[i]];
        if (i != 0)
            offset += (l->items[rank[i - 1]].height + item->height) / 2 + gap;
        struct layout_block *b = &l->blocks[blocks++];
        *b = (struct layout_block){item->y - offset, 1};
        for (; blocks > 1 && b->sum / b->n < b[-1].sum / b[-1].n; blocks--, b--) {
            b[-1].sum += b->sum;
            b[-1].n += b->n;
        }
    }
    offset = 0;
    for (uint32_t i = 0, k = 0, used = 0; i < n; i++, used++) {
        struct layout_item *item = &l->items[rank[i]];
        if (i != 0)
            offset += (l->items[rank[i - 1]].height + item->height) / 2 + gap;
        if (used == l->blocks[k].n) {
            used = 0;
            k++;
        }
        item->y = l->blocks[k].sum / l->blocks[k].n + offset;
        item->order = i;
    }
}

static void vote(struct layout_item *item, double y)
{
    item->sum += y;
    item->votes++;
}

/* Moves a layer's items to the middle of their neighbours in the layer before, or behind. */
static void follow(struct layout *l, uint32_t layer, bool downstream)
{
    uint32_t from = downstream ? layer - 1 : layer;
    for (uint32_t i = l->leaving_begin[from]; i < l->leaving_begin[from + 1]; i++) {
        const struct layout_segment *s = &l->segments[l->leaving[i]];
        struct layout_item *a = &l->items[s->from], *b = &l->items[s->to];
        if (downstream)
            vote(b, a->y + s->from_dy - s->to_dy);
        else
            vote(a, b->y + s->to_dy - s->from_dy);
    }
    for (uint32_t i = l->begin[layer]; i < l->begin[layer + 1]; i++) {
        struct layout_item *item = &l->items[l->ranks[i]];
        if (item->votes != 0)
            item->y = item->sum / item->votes;
        item->sum = 0;
        item->votes = 0;
    }
}

/* Those that want the same place stay in the order that they have: insertion, as few move. */
static void sort(struct layout *l, uint32_t layer)
{
    uint32_t *rank = l->ranks + l->begin[layer], n = l->begin[layer + 1] - l->begin[layer];
    for (uint32_t i = 1; i < n; i++) {
        uint32_t item = rank[i], at = i;
        for (; at > 0 && l->items[rank[at - 1]].y > l->items[item].y; at--)
            rank[at] = rank[at - 1];
        rank[at] = item;
    }
}

static void place(struct layout *l, double gap)
{
    for (uint32_t k = 0; k < l->layers_n; k++)
        set_apart(l, k, gap);
    for (uint32_t sweep = 0; sweep < SWEEPS; sweep++)
        for (uint32_t k = 1; k < l->layers_n; k++) {
            bool downstream = sweep % 2 == 0;
            uint32_t layer = downstream ? k : l->layers_n - 1 - k;
            follow(l, layer, downstream);
            sort(l, layer);
            set_apart(l, layer, gap);
        }
    double top = 0;
    for (uint32_t i = 0; i < l->items_n; i++) {
        double above = l->items[i].y - l->items[i].height / 2;
        top = i == 0 || above < top ? above : top;
    }
    for (uint32_t i = 0; i < l->items_n; i++) {
        l->items[i].y -= top;
        double below = l->items[i].y + l->items[i].height / 2;
        l->height = below > l->height ? below : l->height;
    }
}

bool layout_make(struct layout *l, const struct leat_plan *plan, const struct layout_sizes *sizes)
{
    memset(l, 0, sizeof *l);
    l->items = calloc(plan->stages_n, sizeof *l->items);
    if (l->items == NULL)
        return false;
    find_layers(l, plan);
    struct layout_item *items = realloc(l->items, l->items_n * sizeof *items);
    if (items != NULL)
        l->items = items;
    l->segments = calloc(l->segments_n + 1, sizeof *l->segments);
    l->first = calloc(plan->links_n + 1, sizeof *l->first);
    l->ranks = calloc(l->items_n, sizeof *l->ranks);
    l->begin = calloc(l->layers_n + 1, sizeof *l->begin);
    l->leaving = calloc(l->segments_n + 1, sizeof *l->leaving);
    l->leaving_begin = calloc(l->layers_n + 1, sizeof *l->leaving_begin);
    l->blocks = calloc(l->items_n, sizeof *l->blocks);
    if (items == NULL || l->segments == NULL || l->first == NULL || l->ranks == NULL ||
        l->begin == NULL || l->leaving == NULL || l->leaving_begin == NULL || l->blocks == NULL) {
        layout_fini(l);
        return false;
    }
    cut_links(l, plan, sizes);
    group(l, false, l->ranks, l->begin);
    group(l, true, l->leaving, l->leaving_begin);
    place(l, sizes->gap);
    return true;
}

void layout_fini(struct layout *l)
{
    free(l->items);
    free(l->segments);
    free(l->first);
    free(l->ranks);
    free(l->begin);
    free(l->leaving);
    free(l->leaving_begin);
    free(l->blocks);
    memset(l, 0, sizeof *l);
}
