/* The plan as SVG: layers from left to right. A link leaves its box over a straight part as long as
 * its words, which stand there, and bends between the layers alone. */
#include "draw.h"

#include <stdlib.h>
#include <string.h>

#define FONT 12       /* pixels, of names */
#define SMALL 10      /* of everything else */
#define CELL 0.605    /* width of a character to the height of its font */
#define MARGIN 16.0
#define LINE_HEIGHT 15.0
#define PADDING 8.0   /* in a box */
#define PORT 30.0     /* two lines of small text */
#define BEND 60.0     /* where links bend */
#define ARROW 8.0

struct svg {
    FILE *out;
    const struct leat_plan *plan;
    struct layout layout;
    double *heights; /* [stages_n] */
    double *left;    /* [layers_n + 1] where boxes of a layer begin */
    double *width;   /* [layers_n] of them */
    double *words;   /* [layers_n] of the straight part behind them */
};

static const char *escape(char c)
{
    return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : NULL;
}

static double text_width(const char *text, double font)
{
    return (double)strlen(text) * font * CELL;
}

static double words_width(const struct draw_words *words, bool name)
{
    double width = 0;
    for (uint32_t i = 0; i < words->n; i++) {
        double one = text_width(words->line[i], name && i == 0 ? FONT : SMALL);
        width = one > width ? one : width;
    }
    return width;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* With the worker where there are several, so that no colour is needed to tell. */
static void box_words(const struct leat_plan *plan, uint32_t stage, struct draw_words *words)
{
    draw_stage_words(plan, stage, words);
    if (plan->workers_n > 1 && words->n < DRAW_LINES)
        snprintf(words->line[words->n++], sizeof words->line[0], "worker %u",
                 plan->stages[stage].worker);
}

/* ---- sizes ---- */

static bool measure(struct svg *g)
{
    const struct leat_plan *plan = g->plan;
    struct draw_words words;
    g->heights = calloc(plan->stages_n, sizeof *g->heights);
    if (g->heights == NULL)
        return false;
    for (uint32_t i = 0; i < plan->stages_n; i++) {
        const struct leat_plan_stage *s = &plan->stages[i];
        box_words(plan, i, &words);
        g->heights[i] = larger(words.n * LINE_HEIGHT + PADDING,
                               larger(s->ins_n, s->outs_n) * PORT);
    }
    struct layout_sizes sizes = {g->heights, PORT, LINE_HEIGHT, LINE_HEIGHT};
    if (!layout_make(&g->layout, plan, &sizes))
        return false;
    g->left = calloc(g->layout.layers_n + 1, sizeof *g->left);
    g->width = calloc(g->layout.layers_n, sizeof *g->width);
    g->words = calloc(g->layout.layers_n, sizeof *g->words);
    return g->left != NULL && g->width != NULL && g->words != NULL;
}

static void set_columns(struct svg *g)
{
    const struct leat_plan *plan = g->plan;
    struct draw_words words;
    for (uint32_t i = 0; i < plan->stages_n; i++) {
        double *width = &g->width[g->layout.items[i].layer];
        box_words(plan, i, &words);
        *width = larger(*width, words_width(&words, true) + 2 * PADDING);
    }
    for (uint32_t i = 0; i < plan->links_n; i++) {
        double *width = &g->words[g->layout.items[plan->links[i].from].layer];
        draw_link_words(plan, &plan->links[i], &words);
        *width = larger(*width, words_width(&words, false) + PADDING);
    }
    g->left[0] = MARGIN;
    for (uint32_t k = 0; k < g->layout.layers_n; k++)
        g->left[k + 1] = g->left[k] + g->width[k] + g->words[k] + BEND;
}

/* ---- parts ---- */

static void put_text(struct svg *g, double x, double y, const char *class, const char *text)
{
    fprintf(g->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\"", class, x, y);
    if (strcmp(class, "name") == 0)
        fprintf(g->out, " font-size=\"%d\" font-weight=\"bold\"", FONT);
    fputc('>', g->out);
    draw_escaped(g->out, text, escape);
    fputs("</text>\n", g->out);
}

/* 0..60 of red, green or blue in a pure hue of so many degrees from it. */
static uint32_t share(uint32_t degrees)
{
    uint32_t far = degrees % 360 > 180 ? degrees % 360 - 180 : 180 - degrees % 360;
    return far <= 60 ? 0 : far >= 120 ? 60 : far - 60;
}

/* Light, and never near the one before: a turn by the golden angle a worker. */
static void put_colour(struct svg *g, uint32_t worker)
{
    uint32_t hue = 210 + worker * 137;
    fprintf(g->out, " fill=\"#%02x%02x%02x\" stroke=\"#333\"", 185 + share(hue),
            185 + share(hue + 240), 185 + share(hue + 120));
}

static void put_stage(struct svg *g, uint32_t i)
{
    const struct leat_plan_stage *s = &g->plan->stages[i];
    const struct layout_item *item = &g->layout.items[i];
    double x = g->left[item->layer], y = MARGIN + item->y - item->height / 2;
    struct draw_words words;
    box_words(g->plan, i, &words);
    fprintf(g->out, "<g class=\"stage\" data-worker=\"%u\">\n", s->worker);
    if (s->line != 0) {
        fputs("<title>", g->out);
        draw_place(g->out, s, escape);
        fputs("</title>\n", g->out);
    }
    fprintf(g->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"4\"", x, y,
            g->width[item->layer], item->height);
    put_colour(g, s->worker);
    fputs("/>\n", g->out);
    y += (item->height - words.n * LINE_HEIGHT) / 2 - 4;
    for (uint32_t k = 0; k < words.n; k++)
        put_text(g, x + PADDING, y + (k + 1) * LINE_HEIGHT, k == 0 ? "name" : "about",
                 words.line[k]);
    fputs("</g>\n", g->out);
}

/* From one layer to the next: straight along the words, then bent. */
static void put_segment(struct svg *g, const struct layout_segment *s, bool last)
{
    const struct layout_item *from = &g->layout.items[s->from], *to = &g->layout.items[s->to];
    uint32_t layer = from->layer;
    double y = MARGIN + from->y + s->from_dy, end_y = MARGIN + to->y + s->to_dy;
    double x = g->left[layer] + g->width[layer] + g->words[layer];
    double end_x = g->left[layer + 1] - (last ? ARROW : 0), middle = (x + end_x) / 2;
    fprintf(g->out, "H%.1f C%.1f %.1f %.1f %.1f %.1f %.1f", x, middle, y, middle, end_y, end_x,
            end_y);
    if (last)
        fprintf(g->out, "\"/>\n<path d=\"M%.1f %.1fl%.1f -4v8z\" fill=\"#333\"/>\n", end_x + ARROW,
                end_y, -ARROW);
}

static void put_name(struct svg *g, const char *attribute, const char *name)
{
    fprintf(g->out, " %s=\"", attribute);
    draw_escaped(g->out, name, escape);
    fputc('"', g->out);
}

static void put_link(struct svg *g, uint32_t i)
{
    const struct leat_plan_link *link = &g->plan->links[i];
    const struct layout_segment *segments = g->layout.segments;
    const struct layout_item *from = &g->layout.items[link->from];
    double x = g->left[from->layer] + g->width[from->layer];
    double y = MARGIN + from->y + segments[g->layout.first[i]].from_dy;
    struct draw_words words;
    fputs("<g class=\"link\"", g->out);
    put_name(g, "data-from", g->plan->stages[link->from].name);
    put_name(g, "data-to", g->plan->stages[link->to].name);
    fprintf(g->out, ">\n<path fill=\"none\" stroke=\"#333\" stroke-width=\"%s\"%s d=\"M%.1f %.1f ",
            link->edge != LEAT_NO_EDGE ? "2.5" : "1.2",
            link->copies ? " stroke-dasharray=\"6 3\"" : "", x, y);
    for (uint32_t k = g->layout.first[i]; k < g->layout.first[i + 1]; k++)
        put_segment(g, &segments[k], k + 1 == g->layout.first[i + 1]);
    draw_link_words(g->plan, link, &words);
    for (uint32_t k = 0; k < words.n; k++) /* the last one below the line */
        put_text(g, x + PADDING / 2, k + 1 < words.n ? y - 4 : y + SMALL, "flow", words.line[k]);
    fputs("</g>\n", g->out);
}

/* ---- the legend ---- */

#define KEY "thick: an edge between workers; dashed: a branch of a tee that gets copies"

static void put_legend(struct svg *g, double y)
{
    char text[64];
    for (uint32_t w = 0; w < g->plan->workers_n; w++, y += LINE_HEIGHT) {
        fprintf(g->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"11\"", MARGIN, y - 10);
        put_colour(g, w);
        fputs("/>\n", g->out);
        put_text(g, MARGIN + 20, y, "legend", draw_worker(g->plan, w, text));
    }
    put_text(g, MARGIN, y, "legend", KEY);
}

static void put_all(struct svg *g)
{
    uint32_t last = g->layout.layers_n - 1;
    double legend = MARGIN + g->layout.height + 2 * LINE_HEIGHT;
    double height = legend + g->plan->workers_n * LINE_HEIGHT + MARGIN;
    double width = larger(g->left[last] + g->width[last], MARGIN + text_width(KEY, SMALL)) + MARGIN;
    fprintf(g->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
            "viewBox=\"0 0 %.0f %.0f\" font-family=\"DejaVu Sans Mono, monospace\" "
            "font-size=\"%d\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            width, height, width, height, SMALL);
    for (uint32_t i = 0; i < g->plan->links_n; i++)
        put_link(g, i);
    for (uint32_t i = 0; i < g->plan->stages_n; i++)
        put_stage(g, i);
    put_legend(g, legend);
    fputs("</svg>\n", g->out);
}

bool draw_svg(FILE *out, const struct leat_plan *plan)
{
    struct svg g = {.out = out, .plan = plan};
    bool well = measure(&g);
    if (well) {
        set_columns(&g);
        put_all(&g);
    }
    layout_fini(&g.layout);
    free(g.heights);
    free(g.left);
    free(g.width);
    free(g.words);
    return well;
}
