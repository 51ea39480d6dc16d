/* The line that an error is in, and a caret under its column. */
#include "text/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_BEFORE 60u
#define COLUMNS_ALL 96u

/* The first byte of the line, *end behind its last; NULL when there is no such line. */
static const char *line_find(const char *text, size_t bytes, uint32_t line, const char **end)
{
    const char *stop = text + bytes, *at = text;
    for (; line > 1 && at < stop; at++)
        line -= *at == '\n';
    if (line > 1)
        return NULL;
    const char *newline = memchr(at, '\n', (size_t)(stop - at));
    *end = newline != NULL ? newline : stop;
    if (*end > at && (*end)[-1] == '\r')
        (*end)--;
    return at;
}

/* Steps over one letter. */
static const char *letter_end(const char *at, const char *end)
{
    do
        at++;
    while (at < end && ((unsigned char)*at & 0xc0) == 0x80);
    return at;
}

struct out {
    char *text;
    size_t bytes, n;
};

static void put(struct out *out, char c)
{
    if (out->n + 1 < out->bytes)
        out->text[out->n] = c;
    out->n++;
}

static void put_text(struct out *out, const char *text)
{
    while (*text != '\0')
        put(out, *text++);
}

/* What a terminal could take for a command is shown as a dot. */
static void put_letters(struct out *out, const char *at, const char *end)
{
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        put(out, (c < ' ' && c != '\t') || c == 0x7f ? '.' : *at);
    }
}

static size_t show(struct out *out, const char *at, const char *end, uint32_t column)
{
    uint32_t first = column > COLUMNS_BEFORE + 1 ? column - COLUMNS_BEFORE : 1;
    uint32_t now = 1;
    for (; now < first && at < end; now++)
        at = letter_end(at, end);
    if (first > 1)
        put_text(out, "...");
    const char *start = at, *stop = at;
    for (uint32_t n = 0; n < COLUMNS_ALL && stop < end; n++)
        stop = letter_end(stop, end);
    put_letters(out, start, stop);
    if (stop < end)
        put_text(out, "...");
    put(out, '\n');
    if (first > 1)
        put_text(out, "   ");
    /* A tab stays a tab, so that the caret stands below its column whatever a tab is. */
    for (; now < column; now++) {
        put(out, at < stop && *at == '\t' ? '\t' : ' ');
        at = at < stop ? letter_end(at, stop) : at;
    }
    put(out, '^');
    put(out, '\n');
    if (out->bytes > 0)
        out->text[out->n < out->bytes ? out->n : out->bytes - 1] = '\0';
    return out->n;
}

size_t leat_text_excerpt(const struct leat_text_options *options, const char *text, size_t bytes,
                         const struct leat_diag *diag, char *out, size_t out_bytes)
{
    const char *file = options != NULL && options->file != NULL ? options->file : "";
    struct out sink = { out, out_bytes, 0 };
    char *loaded = NULL;
    const char *end;
    if (out_bytes > 0)
        out[0] = '\0';
    if (diag->line == 0 || diag->column == 0)
        return 0;
    if (strcmp(file, diag->file) != 0) {
        if (text_load(diag->file, true, &loaded, &bytes, NULL) != LEAT_OK)
            return 0;
        text = loaded;
    }
    size_t n = 0;
    const char *line = bytes != 0 ? line_find(text, bytes, diag->line, &end) : NULL;
    /* Up to where the newline stands, or the carriage return before it. */
    if (line != NULL && diag->column <= (size_t)(end - line) + 2)
        n = show(&sink, line, end, diag->column);
    free(loaded);
    return n;
}
