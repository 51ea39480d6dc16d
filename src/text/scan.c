/* Where the parser is in a text: lines and columns, blanks, comments, names. */
#include "text/parser.h"

#include <string.h>

int scan_peek(const struct scan *scan)
{
    return scan->at < scan->end ? (unsigned char)*scan->at : -1;
}

/* Columns count letters: the continuation bytes of UTF-8 add none. */
void scan_step(struct scan *scan)
{
    unsigned char c = (unsigned char)*scan->at++;
    if (c == '\n') {
        scan->line++;
        scan->column = 1;
    } else if (scan->at == scan->end || ((unsigned char)*scan->at & 0xc0) != 0x80) {
        scan->column++;
    }
}

void scan_blanks(struct scan *scan)
{
    for (;;) {
        int c = scan_peek(scan);
        if (c == ' ' || c == '\t' || c == '\r') {
            scan_step(scan);
        } else if (c == '#') {
            while (scan_peek(scan) != '\n' && scan_peek(scan) != -1)
                scan_step(scan);
        } else {
            return;
        }
    }
}

void scan_gap(struct scan *scan)
{
    scan_blanks(scan);
    while (scan_peek(scan) == '\n') {
        scan_step(scan);
        scan_blanks(scan);
    }
}

static bool letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool scan_name_starts(const struct scan *scan)
{
    return letter(scan_peek(scan));
}

bool scan_bare(int c)
{
    return c > ' ' && c != 0x7f && strchr("!;,$'\"{}", c) == NULL;
}

struct place scan_place(const struct scan *scan)
{
    return (struct place){ scan->file, scan->line, scan->column };
}

int scan_name(struct parser *p, struct scan *scan, char name[LEAT_NAME_MAX], const char *what)
{
    char found[40];
    size_t n = 0;
    struct place place = scan_place(scan);
    if (!scan_name_starts(scan))
        return parser_fail(p, place, scan->origin, LEAT_ESYNTAX, "expected %s, found %s", what,
                           scan_found(scan, found));
    for (int c = scan_peek(scan); letter(c) || (c >= '0' && c <= '9') || c == '-';
         c = scan_peek(scan)) {
        if (n == LEAT_NAME_MAX - 1)
            return parser_fail(p, place, scan->origin, LEAT_ESYNTAX,
                               "a name has at most %d characters", LEAT_NAME_MAX - 1);
        name[n++] = (char)c;
        scan_step(scan);
    }
    name[n] = '\0';
    return LEAT_OK;
}

const char *scan_found(const struct scan *scan, char out[40])
{
    size_t n = 0;
    const char *at = scan->at;
    if (at == scan->end)
        return "the end of the text";
    if (*at == '\n')
        return "the end of the line";
    if (*at == ' ' || *at == '\t' || *at == '\r')
        return "a blank";
    out[n++] = '\'';
    bool word = scan_bare((unsigned char)*at);
    do
        out[n++] = *at++;
    while (word && n < 33 && at < scan->end && scan_bare((unsigned char)*at));
    /* Not half of a letter. */
    while (at < scan->end && n < 37 && ((unsigned char)*at & 0xc0) == 0x80)
        out[n++] = *at++;
    out[n++] = '\'';
    out[n] = '\0';
    return out;
}

int scan_check(struct parser *p, const struct scan *scan)
{
    struct scan look = *scan;
    if ((size_t)(look.end - look.at) > TEXT_BYTES_MAX)
        return parser_fail(p, scan_place(scan), scan->origin, LEAT_ELIMIT,
                           "a text has at most %zu bytes", TEXT_BYTES_MAX);
    for (int c = scan_peek(&look); c != -1; c = scan_peek(&look)) {
        bool blank = c == '\n' || c == '\t' || c == '\r';
        if ((c < ' ' && !blank) || c == 0x7f)
            return parser_fail(p, scan_place(&look), scan->origin, LEAT_ESYNTAX,
                               "a character with the code %d is not text", c);
        scan_step(&look);
    }
    return LEAT_OK;
}
