/* What `leat stages` says of a stage, as text and as JSON. */
#ifndef LEAT_TOOL_STAGES_H
#define LEAT_TOOL_STAGES_H

#include <leat/graph.h>

#include <stdio.h>

/* "source", "stage" or "sink". */
const char *stage_role(const struct leat_stage *stage);
/* One sentence of what it is and how it treats frames. */
void stage_about(const struct leat_stage *stage, char *out, size_t bytes);
/* What a parameter takes: "whole number", "samples or duration", … */
const char *param_type_text(const struct leat_param *param);
/* True when there is a range to tell: leat_param_range writes it. */
bool param_has_range(const struct leat_param *param);
/* A chain in which the stage stands as it would, with its required parameters, or its first one. */
void stage_example(const struct leat_stage *stage, char *out, size_t bytes);

/* ---- stages_json.c ---- */

/* The catalogue as one JSON object, or only what has that name (NULL: all). false: no memory, and
 * nothing was printed. */
bool stages_json(FILE *out, const struct leat_catalogue *all, const char *name);

#endif
