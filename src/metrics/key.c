#include "metrics/key.h"

#include <string.h>

struct word {
    const char *at;
    size_t length;
};

/* Bytes above 127 pass, so that UTF-8 does. */
static bool is_printable(char c)
{
    return (unsigned char)c > ' ' && c != 0x7f;
}

/* Length of the run of printable bytes, up to but without the byte `end`. */
static size_t run_length(const char *text, char end)
{
    size_t n = 0;
    while (is_printable(text[n]) && text[n] != end)
        n++;
    return n;
}

static int compare(const struct word *a, const struct word *b)
{
    int order = memcmp(a->at, b->at, a->length < b->length ? a->length : b->length);
    if (order != 0)
        return order;
    return a->length < b->length ? -1 : a->length > b->length;
}

/* Puts words[n] into its place among the sorted words before it. */
static void insert(struct word *words, uint32_t n)
{
    struct word word = words[n];
    for (; n > 0 && compare(&word, &words[n - 1]) < 0; n--)
        words[n] = words[n - 1];
    words[n] = word;
}

/* Two labels of one name stand side by side once sorted: they share all bytes up to the '='. */
static bool same_name(const struct word *a, const struct word *b)
{
    size_t length = run_length(a->at, '=') + 1;
    return b->length >= length && memcmp(a->at, b->at, length) == 0;
}

/* Cuts labels into sorted words. Returns their number, or a negative LEAT_E… code. */
static int cut_labels(struct word *words, const char *labels, struct leat_diag *diag)
{
    uint32_t n = 0;
    for (const char *at = labels;;) {
        while (*at == ' ')
            at++;
        if (*at == '\0')
            break;
        size_t length = run_length(at, ' ');
        size_t name = run_length(at, '=');
        if (name == 0 || name + 1 >= length || at[name] != '=' ||
            (at[length] != ' ' && at[length] != '\0'))
            return leat_diag_set(diag, LEAT_EINVAL,
                                 "labels '%.100s': expected name=value at '%.40s'", labels, at);
        if (n == LEAT_REGISTRY_LABELS_MAX)
            return leat_diag_set(diag, LEAT_ERANGE, "labels '%.100s': more than %u labels", labels,
                                 LEAT_REGISTRY_LABELS_MAX);
        words[n] = (struct word){ at, length };
        insert(words, n++);
        at += length;
    }
    for (uint32_t i = 1; i < n; i++) {
        if (same_name(&words[i - 1], &words[i]))
            return leat_diag_set(diag, LEAT_EINVAL, "labels '%.100s': '%.*s' is there twice",
                                 labels, (int)run_length(words[i].at, '='), words[i].at);
    }
    return (int)n;
}

/* FNV-1a, 64 bits, and a last mix, because the table looks at the low bits first. */
static uint64_t hash_of(const char *text, size_t bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

int key_make(struct key *key, const char *name, const char *labels, struct leat_diag *diag)
{
    struct word words[LEAT_REGISTRY_LABELS_MAX];
    if (name == NULL || *name == '\0' || name[run_length(name, '=')] != '\0')
        return leat_diag_set(diag, LEAT_EINVAL,
                             "metric '%.100s': a name is printable, without blank or '='",
                             name != NULL ? name : "");
    int n = cut_labels(words, labels != NULL ? labels : "", diag);
    if (n < 0)
        return n;

    size_t bytes = strlen(name) + 1;
    size_t total = bytes + (n == 0);
    for (int i = 0; i < n; i++)
        total += words[i].length + 1;
    if (total > sizeof key->text)
        return leat_diag_set(diag, LEAT_ERANGE, "metric '%.100s': more than %u bytes of text", name,
                             LEAT_REGISTRY_TEXT_MAX);
    memcpy(key->text, name, bytes);
    key->labels = (uint16_t)bytes;
    for (int i = 0; i < n; i++) {
        memcpy(key->text + bytes, words[i].at, words[i].length);
        bytes += words[i].length;
        key->text[bytes++] = ' ';
    }
    key->text[n == 0 ? bytes++ : bytes - 1] = '\0';
    key->bytes = (uint16_t)bytes;
    key->unused = 0;
    key->hash = hash_of(key->text, bytes);
    return LEAT_OK;
}
