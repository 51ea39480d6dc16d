#include "json.h"

#include <stdlib.h>

/* cJSON leaves out what it has no memory for; half an object must not pass for a whole one. */
static bool exhausted;

static void *take(size_t bytes)
{
    void *memory = malloc(bytes);
    exhausted |= memory == NULL;
    return memory;
}

cJSON *json_begin(void)
{
    cJSON_Hooks hooks = {take, free};
    cJSON_InitHooks(&hooks);
    return cJSON_CreateObject();
}

void json_add_u64(cJSON *object, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    cJSON_AddRawToObject(object, name, text);
}

cJSON *json_add_entry(cJSON *array)
{
    cJSON *entry = cJSON_CreateObject();
    if (entry != NULL && !cJSON_AddItemToArray(array, entry)) {
        cJSON_Delete(entry);
        entry = NULL;
    }
    return entry;
}

bool json_end(FILE *out, cJSON *root)
{
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    bool whole = text != NULL && !exhausted;
    if (whole)
        fprintf(out, "%s\n", text);
    free(text);
    return whole;
}
