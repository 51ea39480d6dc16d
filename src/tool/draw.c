/* What pictures of a plan say, in whatever language. */
#include "draw.h"

#include <string.h>

const char *draw_manner(const struct leat_plan_stage *s)
{
    if (s->stage->ins == 0)
        return "source";
    if (s->stage->outs == 0)
        return "sink";
    if (s->stage->map != NULL)
        return "in place";
    if (s->stage->flow != NULL)
        return "flow";
    return s->stage->name; /* tee, join, queue: it is what its name says */
}

bool draw_branches(const struct leat_plan *plan)
{
    for (uint32_t i = 0; i < plan->stages_n; i++)
        if (plan->stages[i].ins_n > 1 || plan->stages[i].outs_n > 1)
            return true;
    return false;
}

const char *draw_worker(const struct leat_plan *plan, uint32_t worker, char *out)
{
    if (plan->pins[worker] == LEAT_UNPINNED)
        snprintf(out, 64, "worker %u, on any processor", worker);
    else
        snprintf(out, 64, "worker %u, on processor %u", worker, plan->pins[worker]);
    return out;
}

#define LINE(words) (words)->line[(words)->n++], sizeof(words)->line[0]

void draw_stage_words(const struct leat_plan *plan, uint32_t stage, struct draw_words *words)
{
    const struct leat_plan_stage *s = &plan->stages[stage];
    const char *manner = draw_manner(s), *type = s->stage->name;
    char bytes[32];
    words->n = 0;
    snprintf(LINE(words), "%s", s->name);
    if (strcmp(type, s->name) == 0 || strcmp(type, manner) == 0)
        snprintf(LINE(words), "%s", manner);
    else
        snprintf(LINE(words), "%s, %s", type, manner);
    for (uint32_t i = 0; i < plan->pools_n; i++)
        if (plan->pools[i].stage == stage && words->n < DRAW_LINES)
            snprintf(LINE(words), "pool: %u frames x %s", plan->pools[i].frames,
                     size_text(plan->pools[i].payload_bytes, bytes));
}

void draw_link_words(const struct leat_plan *plan, const struct leat_plan_link *link,
                     struct draw_words *words)
{
    const struct leat_shape *shape = &plan->stages[link->to].ins[link->in];
    uint64_t payload = (uint64_t)shape->rows * shape->cols * leat_kind_bytes(shape->kind);
    char bytes[32];
    words->n = 0;
    if (link->edge != LEAT_NO_EDGE)
        snprintf(LINE(words), "%u frames%s", plan->edges[link->edge].capacity,
                 link->copies ? ", copy" : "");
    else if (link->copies)
        snprintf(LINE(words), "copy");
    snprintf(LINE(words), "%s a frame", size_text(payload, bytes));
}

/* ---- text of others in a language ---- */

/* Bytes of the well-formed character at s, if XML allows it; else 0. */
static uint32_t character_bytes(const unsigned char *s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code = s[0];
    uint32_t n = code < 0x80   ? 1
                 : code < 0xc2 ? 0
                 : code < 0xe0 ? 2
                 : code < 0xf0 ? 3
                 : code < 0xf5 ? 4
                               : 0;
    if (n <= 1)
        return n != 0 && (code >= 0x20 || code == '\t' || code == '\n') ? n : 0;
    code &= 0x7fu >> n;
    for (uint32_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) /* the NUL too */
            return 0;
        code = code << 6 | (s[i] & 0x3fu);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    bool well = code >= least[n] && code <= 0x10ffff && !surrogate && (code & 0xfffe) != 0xfffe;
    return well ? n : 0;
}

void draw_escaped(FILE *out, const char *text, draw_escape *escape)
{
    while (*text != '\0') {
        uint32_t n = character_bytes((const unsigned char *)text);
        const char *other = n == 1 ? escape(*text) : NULL;
        if (n == 0)
            fputs("\xef\xbf\xbd", out);
        else if (other != NULL)
            fputs(other, out);
        else
            fwrite(text, 1, n, out);
        text += n != 0 ? n : 1;
    }
}

void draw_place(FILE *out, const struct leat_plan_stage *stage, draw_escape *escape)
{
    draw_escaped(out, stage->file, escape);
    fprintf(out, ":%u:%u", stage->line, stage->column);
}
