/* Texts, numbers and names as C says them, so that C11, C17 and C++17 read the same. */
#include "eject.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define STRING_BYTES_MAX 4095u /* that a string literal may have in any C compiler */

/* ---- texts ---- */

/* Bytes of the letter at `at` when it may stand as it is: a printable ASCII character, or UTF-8 but
 * for control characters and marks that turn the direction of what is read. 0: it may not. */
static size_t letter_bytes(const unsigned char *at, size_t left)
{
    size_t n = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (n == 1)
        return at[0] >= ' ' && at[0] != 0x7f;
    if (n == 0 || n > left || at[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool none = (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf4 && at[1] > 0x8f);
    bool mark = (at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xd8 && at[1] == 0x9c) ||
                (at[0] == 0xe2 && (at[1] == 0x80 || at[1] == 0x81)) || at[0] == 0xef;
    return overlong || none || mark ? 0 : n;
}

int eject_string(FILE *out, const char *text, struct leat_diag *diag)
{
    size_t n = strlen(text);
    if (n > STRING_BYTES_MAX)
        return leat_diag_set(diag, LEAT_ELIMIT, "a text of %zu bytes: C promises %u", n,
                             STRING_BYTES_MAX);
    fputc('"', out);
    for (size_t i = 0, step; i < n; i += step) {
        const unsigned char *at = (const unsigned char *)text + i;
        step = letter_bytes(at, n - i);
        if (*at == '"' || *at == '\\' || (*at == '?' && i > 0 && text[i - 1] == '?'))
            fprintf(out, "\\%c", *at); /* ?? would begin a trigraph */
        else if (step != 0)
            fwrite(at, 1, step, out);
        else
            fprintf(out, "\\%03o", *at);
        step += step == 0;
    }
    fputc('"', out);
    return LEAT_OK;
}

/* What would end the comment, begin another or be a trigraph gets a blank into it. */
void eject_comment(FILE *out, const char *text, size_t bytes)
{
    const char *line = " *     ";
    while (bytes > 0 && isspace((unsigned char)text[bytes - 1]))
        bytes--;
    for (size_t i = 0, step; i < bytes; i += step) {
        const unsigned char *at = (const unsigned char *)text + i;
        step = letter_bytes(at, bytes - i);
        char before = i > 0 ? text[i - 1] : '\n';
        if (*at == '\n' && before == '\n') {
            fputs(i > 0 ? " *\n" : "", out);
        } else if (*at == '\n') {
            fputc('\n', out);
        } else {
            bool apart = (*at == '/' && before == '*') || (*at == '*' && before == '/') ||
                         (*at == '?' && before == '?');
            fputs(before == '\n' ? line : apart ? " " : "", out);
            if (step != 0)
                fwrite(at, 1, step, out);
            else if (*at != '\r')
                fputc(*at == '\t' ? '\t' : '?', out);
        }
        step += step == 0;
    }
    fputc('\n', out);
}

/* ---- numbers ---- */

/* The shortest decimal that reads back as the same bits. */
void eject_double(FILE *out, double number)
{
    char text[32];
    leat_number_write(text, number);
    if (number - number != 0)
        fprintf(out, "%sINFINITY", number < 0 ? "-" : "");
    else
        fprintf(out, "%s%s", text, strpbrk(text, ".e") == NULL ? ".0" : "");
}

void eject_u64(FILE *out, uint64_t number)
{
    fprintf(out, number <= INT32_MAX ? "%" PRIu64 : "UINT64_C(%" PRIu64 ")", number);
}

/* ---- names ---- */

/* Begins with a letter, and without what C reserves: a _ at the start, two of them. */
static void plain_name(const char *name, eject_name out)
{
    size_t n = 0;
    for (; *name != '\0'; name++) {
        char c = *name == '-' ? '_' : *name;
        if (n == 0 && isdigit((unsigned char)c))
            out[n++] = 's';
        if (c != '_' || (n > 0 && out[n - 1] != '_'))
            out[n++] = c;
    }
    n -= n > 0 && out[n - 1] == '_';
    memcpy(out + n, n == 0 ? "stage" : "", n == 0 ? 6 : 1);
}

static bool is_taken(eject_name *names, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(names[i], names[n]) == 0)
            return true;
    return false;
}

void eject_names(const struct leat_graph *graph, eject_name *names)
{
    for (uint32_t i = 0; i < graph->nodes_n; i++) {
        plain_name(graph->nodes[i].name, names[i]);
        size_t n = strlen(names[i]);
        for (uint32_t more = i + 1; is_taken(names, i); more++)
            snprintf(names[i] + n, sizeof names[i] - n, "_%u", more);
    }
}
