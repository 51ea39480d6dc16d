/* --config: what `leat doctor --write-config` and `leat tune --write` write, and people change. */
#define _GNU_SOURCE
#include "tool.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 2048

static const char *const keys[] = {"workers", "pin", "isa", "batch", "spins", "yields"};
#define KEYS (sizeof keys / sizeof keys[0])
#define PIN 1 /* which of them names processors */
#define ALL_KEYS (KEYS + sizeof(struct leat_tuning) / sizeof(uint64_t)) /* at most */

struct config {
    struct tool_args *args;
    const char *path;
    uint32_t line;
    const char *keys[ALL_KEYS];
    uint32_t keys_n;
    uint32_t seen[ALL_KEYS]; /* the line in which a key stood; 0 none */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes blanks off both ends. */
static char *trim(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && is_blank(text[n - 1]))
        text[--n] = '\0';
    while (is_blank(*text))
        text++;
    return text;
}

/* NULL, and the diag: there is no such key, or it was there already. */
static const char *find_key(struct config *config, const char *key, struct leat_diag *diag)
{
    for (uint32_t i = 0; i < config->keys_n; i++) {
        if (strcmp(config->keys[i], key) != 0)
            continue;
        if (config->seen[i] == 0) {
            config->seen[i] = config->line;
            return config->keys[i];
        }
        leat_diag_set(diag, LEAT_ESYNTAX, "'%s' stands in line %u already", key, config->seen[i]);
        return NULL;
    }
    const char *nearest = leat_nearest(key, config->keys, config->keys_n);
    if (nearest != NULL)
        leat_diag_set(diag, LEAT_ENAME, "unknown key '%s'; did you mean '%s'?", key, nearest);
    else
        leat_diag_set(diag, LEAT_ENAME,
                      "unknown key '%s'; there are workers, pin, isa, batch, spins, yields, and "
                      "what leat tune writes", key);
    return NULL;
}

/* line is written into; *place is what an error is about. */
static int read_pair(struct config *config, char *line, const char **place,
                     struct leat_diag *diag)
{
    char *equals = strchr(line, '='), *at = trim(line);
    *place = at;
    if (*at == '\0')
        return LEAT_OK;
    if (equals == NULL || equals == at)
        return leat_diag_set(diag, LEAT_ESYNTAX, "expected key = value, found '%s'", at);
    *equals = '\0';
    const char *key = find_key(config, trim(at), diag);
    if (key == NULL)
        return diag->code;
    char *value = trim(equals + 1);
    *place = *value != '\0' ? value : equals;
    return args_set(config->args, key, value, diag);
}

static int read_line(struct config *config, char *line, struct leat_diag *diag)
{
    const char *place;
    bool pins = config->seen[PIN] != 0;
    line[strcspn(line, "#")] = '\0';
    int status = read_pair(config, line, &place, diag);
    uint32_t column = (uint32_t)(place - line) + 1;
    if (status != LEAT_OK)
        return leat_diag_at(diag, config->path, config->line, column);
    if (!pins && config->seen[PIN] != 0) {
        config->args->pin_line = config->line;
        config->args->pin_column = column;
    }
    return LEAT_OK;
}

static int read_lines(struct config *config, const char *text, size_t bytes,
                      struct leat_diag *diag)
{
    char line[LINE_BYTES];
    for (const char *at = text, *end = text + bytes; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((newline != NULL ? newline : end) - at);
        config->line++;
        if (n >= sizeof line || memchr(at, '\0', n) != NULL) {
            leat_diag_set(diag, LEAT_ESYNTAX,
                          n >= sizeof line ? "the line is longer than 2047 bytes"
                                           : "there is a zero byte: this is no text");
            return leat_diag_at(diag, config->path, config->line, 1);
        }
        memcpy(line, at, n);
        line[n] = '\0';
        int status = read_line(config, line, diag);
        if (status != LEAT_OK)
            return status;
        at += n + (newline != NULL);
    }
    return LEAT_OK;
}

int config_read(struct tool_args *args, const char *path, struct leat_diag *diag)
{
    struct config config = {.args = args, .path = strcmp(path, "-") != 0 ? path : "stdin"};
    char *text;
    size_t bytes;
    uint32_t n;
    const struct leat_param *tuning = leat_tuning_params(&n);
    for (size_t i = 0; i < KEYS; i++)
        config.keys[config.keys_n++] = keys[i];
    for (uint32_t i = 0; i < n; i++)
        config.keys[config.keys_n++] = tuning[i].name;
    int status = leat_text_load(path, &text, &bytes, diag);
    if (status != LEAT_OK)
        return status;
    args->config = config.path;
    status = read_lines(&config, text, bytes, diag);
    free(text);
    return status;
}
