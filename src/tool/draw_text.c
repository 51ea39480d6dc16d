/* The plan as lines of text. A line is a chain; it ends in a sink, in a join's name, or in a tee,
 * whose branches stand below it. What has no room there begins at the margin: every join, and a tee
 * too far to the right.
 */
#define _GNU_SOURCE
#include "draw.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>

#define INDENT 2
#define TEE_COLUMN_MAX 56u /* so that branches have some 40 columns */
#define NOTE 32
#define LABEL (LEAT_NAME_MAX + 16)

struct glyphs {
    const char *bar, *branch, *last, *dash;
};

/* A line that is being written: what is in it is no wider than DRAW_COLUMNS. */
struct row {
    char text[3 * DRAW_COLUMNS + 1];
    uint32_t bytes, columns;
};

struct canvas {
    FILE *out;
    const struct leat_plan *plan;
    const struct glyphs *glyphs;
    const struct draw_notes *notes;
    bool unit_said;
    bool apart[LEAT_NODES_MAX]; /* tees that begin at the margin */
};

/* A chain that is being written. */
struct pen {
    struct row line, below;
    struct row bars; /* of the tees around it: what begins its further lines */
    uint32_t column; /* where its last stage begins */
};

/* ---- rows ---- */

static void row_put(struct row *row, const char *text)
{
    for (; *text != '\0' && row->bytes + 1 < sizeof row->text; text++) {
        row->columns += ((unsigned char)*text & 0xc0) != 0x80;
        row->text[row->bytes++] = *text;
    }
    row->text[row->bytes] = '\0';
}

static void row_pad(struct row *row, uint32_t columns)
{
    while (row->columns < columns)
        row_put(row, " ");
}

static void row_print(FILE *out, struct row *row)
{
    while (row->bytes != 0 && row->text[row->bytes - 1] == ' ')
        row->bytes--;
    fprintf(out, "%.*s\n", (int)row->bytes, row->text);
}

static void flush(struct canvas *c, struct pen *pen)
{
    row_print(c->out, &pen->line);
    if (c->notes != NULL) {
        uint32_t end = pen->line.columns + 2;
        if (!c->unit_said && end + strlen(c->notes->unit) <= DRAW_COLUMNS) {
            row_pad(&pen->below, end);
            row_put(&pen->below, c->notes->unit);
            c->unit_said = true;
        }
        row_print(c->out, &pen->below);
    }
    pen->line = pen->below = pen->bars;
}

/* ---- a stage and the arrow before it ---- */

static const struct leat_plan_link *first_link(const struct leat_plan *plan, uint32_t stage)
{
    const struct leat_plan_link *link = plan->links;
    while (link->from != stage)
        link++;
    return link;
}

/* "-> ", "=64=> ", "(copy)-> "; dash: of a branch, whose line has begun. */
static void put_arrow(struct row *row, const struct leat_plan_link *link,
                      const struct leat_plan *plan, const char *dash)
{
    char text[48] = "";
    if (link->edge != LEAT_NO_EDGE)
        snprintf(text, sizeof text, "=%u=> ", plan->edges[link->edge].capacity);
    row_put(row, link->copies ? dash : "");
    row_put(row, link->copies ? "(copy)" : "");
    if (text[0] == '\0')
        snprintf(text, sizeof text, "%s> ", dash);
    row_put(row, text);
}

/* A name that the line has no room for is cut: the list of stages has it whole. */
static void put_label(struct row *row, const struct leat_plan *plan, uint32_t stage)
{
    const struct leat_plan_stage *s = &plan->stages[stage];
    char label[LABEL], worker[16] = "";
    if (plan->workers_n > 1)
        snprintf(worker, sizeof worker, "@%u", s->worker);
    uint32_t room = DRAW_COLUMNS - row->columns, tail = (uint32_t)strlen(worker);
    bool whole = strlen(s->name) + tail <= room;
    snprintf(label, sizeof label, "%.*s%s%s", whole ? LEAT_NAME_MAX : (int)(room - tail - 2),
             s->name, whole ? "" : "..", worker);
    row_put(row, label);
}

static uint32_t label_width(const struct leat_plan *plan, uint32_t stage)
{
    struct row row = {.columns = 0};
    put_label(&row, plan, stage);
    return row.columns;
}

/* Writes the link that leads to the stage, NULL where a chain begins, and the stage; on a line of
 * their own if this one is full. Returns whether the chain goes on from here. */
static bool put_stage(struct canvas *c, struct pen *pen, const struct leat_plan_link *link,
                      uint32_t stage)
{
    const struct leat_plan_stage *s = &c->plan->stages[stage];
    bool tee = s->outs_n > 1, inside = link != NULL && c->plan->stages[link->from].outs_n <= 1;
    char note[NOTE] = "";
    struct row line = pen->line;
    if (c->notes != NULL)
        c->notes->write(c->notes->user, stage, note);
    uint32_t width = label_width(c->plan, stage), note_width = (uint32_t)strlen(note);
    width = note_width > width ? note_width : width;
    row_put(&line, inside ? " " : "");
    if (link != NULL)
        put_arrow(&line, link, c->plan, inside ? "-" : c->glyphs->dash);
    if (inside && (line.columns + width > DRAW_COLUMNS || (tee && line.columns > TEE_COLUMN_MAX))) {
        flush(c, pen);
        line = pen->line;
        row_pad(&line, line.columns + 3);
        put_arrow(&line, link, c->plan, "-");
    }
    c->apart[stage] |= link != NULL && tee && line.columns > TEE_COLUMN_MAX;
    bool ends = link != NULL && (s->ins_n > 1 || c->apart[stage]);
    pen->column = line.columns;
    pen->line = line;
    put_label(&pen->line, c->plan, stage);
    if (note[0] != '\0' && !ends) {
        row_pad(&pen->below, pen->column);
        row_put(&pen->below, note);
        row_pad(&pen->line, pen->below.columns);
    }
    return !ends;
}

/* ---- chains ---- */

static void put_chain(struct canvas *c, struct pen *pen, const struct leat_plan_link *link,
                      uint32_t stage);

/* As deep as tees have columns: each stands to the right of the one around it. */
static void put_branches(struct canvas *c, struct pen *pen, const struct leat_plan_link *links,
                         uint32_t n)
{
    uint32_t column = pen->column;
    if (pen->below.columns <= column) { /* no note */
        row_pad(&pen->below, column);
        row_put(&pen->below, c->glyphs->bar);
    }
    flush(c, pen);
    for (uint32_t i = 0; i < n; i++) {
        struct pen branch = *pen;
        row_pad(&branch.line, column);
        row_pad(&branch.bars, column);
        row_put(&branch.line, i + 1 < n ? c->glyphs->branch : c->glyphs->last);
        row_put(&branch.bars, i + 1 < n ? c->glyphs->bar : " ");
        branch.below = branch.bars;
        put_chain(c, &branch, &links[i], links[i].to);
    }
}

static void put_chain(struct canvas *c, struct pen *pen, const struct leat_plan_link *link,
                      uint32_t stage)
{
    while (put_stage(c, pen, link, stage) && c->plan->stages[stage].outs_n != 0) {
        link = first_link(c->plan, stage);
        if (c->plan->stages[stage].outs_n > 1) {
            put_branches(c, pen, link, c->plan->stages[stage].outs_n);
            return;
        }
        stage = link->to;
    }
    flush(c, pen);
}

void draw_text(FILE *out, const struct leat_plan *plan, bool utf8, const struct draw_notes *notes)
{
    static const struct glyphs lines = {"│", "├", "└", "─"}, ascii = {"|", "|", "`", "-"};
    struct canvas c = {.out = out, .plan = plan, .notes = notes};
    c.glyphs = utf8 ? &lines : &ascii;
    for (uint32_t i = 0; i < plan->stages_n; i++) {
        if (plan->stages[i].ins_n == 1 && !c.apart[i])
            continue;
        struct pen pen = {.column = 0};
        row_pad(&pen.bars, INDENT);
        pen.line = pen.below = pen.bars;
        put_chain(&c, &pen, NULL, i);
    }
}

bool draw_utf8(void)
{
    locale_t user = newlocale(LC_CTYPE_MASK, "", (locale_t)0); /* nothing global is set */
    if (user == (locale_t)0)
        return false;
    bool utf8 = strcmp(nl_langinfo_l(CODESET, user), "UTF-8") == 0;
    freelocale(user);
    return utf8;
}
