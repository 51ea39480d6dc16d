/* The plan as a picture: lines of text, Graphviz DOT, SVG. Pure functions of the plan; all pictures
 * say the same of a stage and of a link.
 */
#ifndef LEAT_TOOL_DRAW_H
#define LEAT_TOOL_DRAW_H

#include "tool.h"

/* ---- draw_text.c ---- */

#define DRAW_COLUMNS 100

/* A word below each stage's name, such as what it costs. */
struct draw_notes {
    /* out has room for 32 plain ASCII characters, and is "" on entry. */
    void (*write)(const void *user, uint32_t stage, char *out);
    const void *user;
    const char *unit; /* stands behind the first of them */
};

/* A line a chain, two with notes, none longer than DRAW_COLUMNS; a branch below its tee, a join's
 * own chain after all that go in. notes may be NULL. */
void draw_text(FILE *out, const struct leat_plan *plan, bool utf8, const struct draw_notes *notes);
/* Does the user's locale take UTF-8? */
bool draw_utf8(void);

/* ---- draw_dot.c, draw_svg.c ---- */

void draw_dot(FILE *out, const struct leat_plan *plan);
/* false: no memory, and nothing is written. */
bool draw_svg(FILE *out, const struct leat_plan *plan);

/* ---- draw.c: what pictures say ---- */

#define DRAW_LINES 4
struct draw_words {
    char line[DRAW_LINES][2 * LEAT_NAME_MAX + 32];
    uint32_t n;
};
/* What stands in the stage's box, its name first. */
void draw_stage_words(const struct leat_plan *plan, uint32_t stage, struct draw_words *words);
/* Frames and bytes a frame of a link. */
void draw_link_words(const struct leat_plan *plan, const struct leat_plan_link *link,
                     struct draw_words *words);
/* "worker 1, on processor 3". out has room for 64. */
const char *draw_worker(const struct leat_plan *plan, uint32_t worker, char *out);
/* How a stage treats its frames, in a word or two. */
const char *draw_manner(const struct leat_plan_stage *stage);
/* Does any stage have several inputs or outputs? */
bool draw_branches(const struct leat_plan *plan);

/* What a character becomes in a language; NULL: itself. */
typedef const char *draw_escape(char character);
/* Writes text in that language. What is no UTF-8, or a control character, becomes U+FFFD. */
void draw_escaped(FILE *out, const char *text, draw_escape *escape);
/* Where the stage was written, "FILE:LINE:COLUMN", likewise. */
void draw_place(FILE *out, const struct leat_plan_stage *stage, draw_escape *escape);

/* ---- draw_layout.c: layers, and what stands above what ---- */

/* A stage, or a link's place in a layer that it passes. */
struct layout_item {
    uint32_t layer; /* longest path from a source */
    uint32_t order; /* in its layer */
    double height;
    double y;       /* of its middle, from 0 */
    double sum;     /* private: of where its neighbours want it */
    uint32_t votes; /* private */
};
/* From one layer to the next. Offsets are from the middles of the items. */
struct layout_segment {
    uint32_t from, to;
    double from_dy, to_dy;
};
struct layout {
    struct layout_item *items;       /* [items_n] the plan's stages first */
    struct layout_segment *segments; /* [segments_n] link by link, each in its direction */
    uint32_t *first;                 /* [links_n + 1] where each link's segments begin */
    uint32_t *ranks;                 /* private: [items_n] layer by layer */
    uint32_t *begin;                 /* private: [layers_n + 1] into ranks */
    uint32_t *leaving;               /* private: [segments_n] by the layer that they leave */
    uint32_t *leaving_begin;         /* private: [layers_n + 1] into leaving */
    struct layout_block *blocks;     /* private: [items_n] */
    uint32_t items_n, segments_n, layers_n;
    double height;
};
struct layout_sizes {
    const double *heights; /* [stages_n] */
    double port, pass, gap; /* between ports of a stage; of a link that passes; between items */
};
/* false: no memory. */
bool layout_make(struct layout *layout, const struct leat_plan *plan,
                 const struct layout_sizes *sizes);
void layout_fini(struct layout *layout);

#endif
