/* cJSON as the tool writes it: exact numbers, and nothing half when memory ends. */
#ifndef LEAT_TOOL_JSON_H
#define LEAT_TOOL_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The object that all others go into. */
cJSON *json_begin(void);
/* cJSON keeps numbers as doubles: whole ones go in as text, exact over all 64 bits. */
void json_add_u64(cJSON *object, const char *name, uint64_t number);
/* A new object at the end of an array. */
cJSON *json_add_entry(cJSON *array);
/* Prints root and deletes it. false: there was not memory for all of it, and nothing is printed. */
bool json_end(FILE *out, cJSON *root);

#endif
