/* Where and why, and which word was meant. */
#include <leat/status.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void leat_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: broken precondition: %s\n", file, line, condition);
    abort();
}

/* Messages quote what users wrote: one line, no control characters, no half of a UTF-8 letter. */
static void make_printable(char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = ' ';
    size_t lead = n;
    while (lead > 0 && n - lead < 4 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead == 0 || (unsigned char)text[lead - 1] < 0xc0)
        return;
    unsigned char first = (unsigned char)text[lead - 1];
    size_t wants = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (n - lead < wants)
        text[lead - 1] = '\0';
}

int leat_diag_setv(struct leat_diag *diag, int code, const char *format, va_list list)
{
    if (diag == NULL)
        return code;
    memset(diag, 0, sizeof *diag);
    diag->code = code;
    if (vsnprintf(diag->text, sizeof diag->text, format, list) < 0)
        diag->text[0] = '\0';
    make_printable(diag->text);
    return code;
}

int leat_diag_set(struct leat_diag *diag, int code, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    leat_diag_setv(diag, code, format, list);
    va_end(list);
    return code;
}

int leat_diag_at(struct leat_diag *diag, const char *file, uint32_t line, uint32_t column)
{
    if (diag == NULL)
        return LEAT_OK;
    if (file != NULL) {
        snprintf(diag->file, sizeof diag->file, "%s", file);
        make_printable(diag->file);
    }
    diag->line = line;
    diag->column = column;
    return diag->code;
}

int leat_diag_format(const struct leat_diag *diag, char *out, size_t bytes)
{
    char place[48] = "";
    if (diag == NULL)
        return snprintf(out, bytes, "%s", "");
    if (diag->line != 0 && diag->column != 0)
        snprintf(place, sizeof place, "%u:%u: ", diag->line, diag->column);
    else if (diag->line != 0)
        snprintf(place, sizeof place, "%u: ", diag->line);
    const char *joint = diag->file[0] == '\0' ? "" : place[0] != '\0' ? ":" : ": ";
    const char *text = diag->text[0] != '\0' ? diag->text : leat_status_text(diag->code);
    return snprintf(out, bytes, "%s%s%s%s", diag->file, joint, place, text);
}

const char *leat_status_text(int code)
{
    static const char *const words[] = {
        "no error",      "out of memory",  "invalid argument",  "out of range",
        "wrong order",   "stale handle",   "foreign handle",    "input or output failed",
        "syntax error",  "unknown name",   "shapes do not fit", "bad data",
        "end of stream", "limit exceeded",
    };
    if (code > 0 || code < LEAT_ELIMIT)
        return "unknown status";
    return words[-code];
}

#define WORD_MAX 63u

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Edits that turn a into b: insert, delete, replace one letter, swap two neighbours. Letters that
 * differ in case alone are the same. Both are at most WORD_MAX long. */
static uint32_t distance(const char *a, size_t a_n, const char *b, size_t b_n)
{
    uint32_t rows[3][WORD_MAX + 1];
    uint32_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (uint32_t j = 0; j <= b_n; j++)
        last[j] = before[j] = j;
    for (uint32_t i = 1; i <= a_n; i++) {
        now[0] = i;
        for (uint32_t j = 1; j <= b_n; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
                now[j] = least(now[j], before[j - 2] + 1);
        }
        uint32_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b_n];
}

void leat_guess_try(struct leat_guess *guess, const char *word, const char *candidate)
{
    size_t word_n = strlen(word), candidate_n = strlen(candidate);
    if (word_n == 0 || word_n > WORD_MAX || candidate_n == 0 || candidate_n > WORD_MAX)
        return;
    uint32_t edits = distance(word, word_n, candidate, candidate_n);
    size_t longer = word_n > candidate_n ? word_n : candidate_n;
    /* One letter or a third of them may be wrong, but never all. */
    if (edits > (longer < 6 ? 1 : longer / 3) || edits >= longer)
        return;
    if (guess->nearest == NULL || edits < guess->edits) {
        guess->nearest = candidate;
        guess->edits = edits;
    }
}

const char *leat_nearest(const char *word, const char *const *candidates, size_t n)
{
    struct leat_guess guess = { NULL, 0 };
    for (size_t i = 0; i < n; i++)
        leat_guess_try(&guess, word, candidates[i]);
    return guess.nearest;
}
