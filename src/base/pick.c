#include "base/pick.h"

#include <string.h>

/* The digits that the text begins with, as a number of at most UINT32_MAX; NULL: there are none. */
static const char *read_number(const char *text, uint32_t *number)
{
    const char *at = text;
    uint64_t n = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        n = n * 10 + (uint64_t)(*at - '0');
        n = n < UINT32_MAX ? n : UINT32_MAX;
    }
    *number = (uint32_t)n;
    return at != text ? at : NULL;
}

bool leat_pick_read(struct leat_pick *pick, const char *text)
{
    *pick = (struct leat_pick){.glob = NULL};
    const char *at = read_number(text, &pick->first);
    pick->last = pick->first;
    if (at != NULL && strncmp(at, "..", 2) == 0)
        at = read_number(at + 2, &pick->last);
    if (at != NULL && *at == '\0')
        return true;
    if (strpbrk(text, "*?") == NULL)
        return false;
    pick->glob = text;
    return true;
}

const char *leat_pick_last(const char *text)
{
    const char *dots = strstr(text, "..");
    return dots != NULL ? dots + 2 : text;
}

int leat_pick_check(const struct leat_pick *pick, const char *text, struct leat_diag *diag)
{
    if (pick->glob != NULL)
        return LEAT_OK;
    if (pick->first == 0)
        return leat_diag_set(diag, LEAT_ERANGE, "'%s': the first one has the number 1", text);
    if (pick->first > pick->last)
        return leat_diag_set(diag, LEAT_ERANGE, "'%s' runs backwards; write %s..%.*s", text,
                             leat_pick_last(text), (int)strcspn(text, "."), text);
    return LEAT_OK;
}

/* One letter further: what continues a letter of UTF-8 belongs to it. */
static const char *letter_after(const char *text)
{
    do
        text++;
    while (((unsigned char)*text & 0xc0) == 0x80);
    return text;
}

/* A star is first taken to stand for nothing, and for a letter more whenever what follows it does
 * not fit; of several the last alone has to be tried again. */
static bool matches(const char *glob, const char *text)
{
    const char *star = NULL, *tried = NULL;
    while (*text != '\0') {
        if (*glob == '*') {
            star = ++glob;
            tried = text;
        } else if (*glob == '?') {
            glob++;
            text = letter_after(text);
        } else if (*glob == *text) {
            glob++;
            text++;
        } else if (star != NULL) {
            glob = star;
            text = tried = letter_after(tried);
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}

bool leat_pick_has(const struct leat_pick *pick, uint32_t number, const char *name)
{
    if (pick->glob != NULL)
        return matches(pick->glob, name);
    return number >= pick->first && number <= pick->last;
}

uint32_t leat_pick_number(const char *text)
{
    uint32_t number;
    const char *end = read_number(text, &number);
    return end != NULL && *end == '\0' && number != UINT32_MAX ? number : 0;
}
