/* leat stages --json: the catalogue for other programs, from which the pages and man pages come. */
#include "json.h"
#include "stages.h"

#include <string.h>

static void add_words(cJSON *object, const char *const *words)
{
    cJSON *array = cJSON_AddArrayToObject(object, "words");
    for (; *words != NULL; words++)
        cJSON_AddItemToArray(array, cJSON_CreateString(*words));
}

static void add_param(cJSON *array, const struct leat_param *p)
{
    char range[80];
    cJSON *object = json_add_entry(array);
    cJSON_AddStringToObject(object, "name", p->name);
    cJSON_AddStringToObject(object, "type", param_type_text(p));
    cJSON_AddBoolToObject(object, "required", p->fallback == NULL);
    cJSON_AddBoolToObject(object, "knob", p->knob);
    if (p->fallback != NULL && p->fallback[0] != '\0')
        cJSON_AddStringToObject(object, "default", p->fallback);
    if (p->words != NULL)
        add_words(object, p->words);
    if (param_has_range(p)) {
        leat_param_range(p, range);
        cJSON_AddStringToObject(object, "range", range);
    }
    if (p->doc != NULL)
        cJSON_AddStringToObject(object, "doc", p->doc);
    if (p->example != NULL)
        cJSON_AddStringToObject(object, "example", p->example);
}

static void add_stage(cJSON *array, const struct leat_stage *stage)
{
    char text[512];
    cJSON *object = json_add_entry(array);
    cJSON_AddStringToObject(object, "name", stage->name);
    cJSON_AddStringToObject(object, "role", stage_role(stage));
    cJSON_AddStringToObject(object, "doc", stage->doc);
    stage_about(stage, text, sizeof text);
    cJSON_AddStringToObject(object, "about", text);
    cJSON *params = cJSON_AddArrayToObject(object, "params");
    for (uint32_t i = 0; i < stage->params_n; i++)
        add_param(params, &stage->params[i]);
    cJSON *also = cJSON_AddArrayToObject(object, "also"); /* of what is in "every" */
    for (uint32_t i = 0; i < LEAT_COMMONS; i++)
        if (leat_common_takes(stage, (enum leat_common)i))
            cJSON_AddItemToArray(also, cJSON_CreateString(leat_common_params()[i].name));
    stage_example(stage, text, sizeof text);
    cJSON_AddStringToObject(object, "example", text);
}

bool stages_json(FILE *out, const struct leat_catalogue *all, const char *name)
{
    cJSON *root = json_begin();
    cJSON *array = cJSON_AddArrayToObject(root, "stages");
    for (const struct leat_catalogue *c = all; c != NULL; c = c->next)
        for (uint32_t i = 0; i < c->n; i++)
            if (name == NULL || strcmp(c->stages[i]->name, name) == 0)
                add_stage(array, c->stages[i]);
    cJSON *every = cJSON_AddArrayToObject(root, "every"); /* what each of them takes, too */
    for (uint32_t i = 0; i < LEAT_COMMONS; i++)
        add_param(every, &leat_common_params()[i]);
    return json_end(out, root);
}
