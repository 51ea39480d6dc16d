/* How lines of JSON are read: by the paths that lead to numbers in the first of them. */
#include "inspect.h"

#include <cjson/cJSON.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES ((size_t)64 << 10) /* of the first line */

struct paths {
    char text[INSPECT_CHANNELS * (LEAT_NAME_MAX + 1)]; /* with commas between them */
    uint32_t n;
};

/* It can stand in a path, and in a pipeline, as it is. */
static bool is_plain(const char *key)
{
    const char *at = key;
    while (isalnum((unsigned char)*at) || *at == '_' || *at == '-')
        at++;
    return at != key && *at == '\0';
}

static bool is_number(const cJSON *item)
{
    double value;
    size_t n = cJSON_IsString(item) ? strlen(item->valuestring) : 0;
    return cJSON_IsNumber(item) ||
           (n != 0 && leat_number_read(item->valuestring, n, &value) == n);
}

/* The numbers in an item that `path` leads to. A longer path would be no channel's name. */
static void add_numbers(struct paths *paths, const cJSON *item, const char *path)
{
    char inner[LEAT_NAME_MAX];
    uint32_t place = 0;
    size_t used = strlen(paths->text);
    if (is_number(item) && path[0] != '\0' && paths->n < INSPECT_CHANNELS)
        snprintf(paths->text + used, sizeof paths->text - used, "%s%s",
                 paths->n++ != 0 ? "," : "", path);
    if (!cJSON_IsObject(item) && !cJSON_IsArray(item))
        return;
    for (const cJSON *child = item->child; child != NULL; child = child->next, place++) {
        int n = 0;
        if (cJSON_IsArray(item))
            n = snprintf(inner, sizeof inner, "%s[%u]", path, place);
        else if (is_plain(child->string))
            n = snprintf(inner, sizeof inner, "%s%s%s", path, path[0] != '\0' ? "." : "",
                         child->string);
        if (n > 0 && (size_t)n < sizeof inner)
            add_numbers(paths, child, inner);
    }
}

bool inspect_lines(const char *path, struct reading *how, char *text, size_t bytes)
{
    FILE *file = fopen(path, "rb");
    char *line = malloc(LINE_MAX_BYTES);
    struct paths paths = {.n = 0};
    if (file != NULL && line != NULL && fgets(line, (int)LINE_MAX_BYTES, file) != NULL) {
        cJSON *object = cJSON_Parse(line);
        if (cJSON_IsObject(object))
            add_numbers(&paths, object, "");
        cJSON_Delete(object);
    }
    free(line);
    if (file != NULL)
        fclose(file);
    snprintf(text, bytes, "json file=$file fields=%s on-error=reject ! outlet", paths.text);
    *how = (struct reading){.format = "json", .doc = "lines of JSON", .text = text};
    return paths.n != 0;
}
