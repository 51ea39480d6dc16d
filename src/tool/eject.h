/* A graph as a C program: what the files of `leat eject` share. */
#ifndef LEAT_TOOL_EJECT_H
#define LEAT_TOOL_EJECT_H

#include "tool.h"

/* ---- eject_words.c: words of C ---- */

/* A string literal that every compiler reads as these bytes. LEAT_ELIMIT: C promises no more. */
int eject_string(FILE *out, const char *text, struct leat_diag *diag);
/* A literal of the same value; not a NaN; INFINITY wants <math.h>. */
void eject_double(FILE *out, double number);
void eject_u64(FILE *out, uint64_t number);
/* Text inside a comment, each line behind " *     ". */
void eject_comment(FILE *out, const char *text, size_t bytes);

/* What a stage is called in the program: letters, digits and single _ between them. */
typedef char eject_name[LEAT_NAME_MAX + 16];
/* One for each node, no two alike. */
void eject_names(const struct leat_graph *graph, eject_name *names);

/* ---- eject_graph.c: one function for a stage with options, one for the graph ---- */

/* *math: it wants <math.h>. LEAT_EINVAL: a stage that is not Leat's own; LEAT_ELIMIT: a text that
 * is too long; both placed at the stage. LEAT_ENOMEM. */
int eject_graph(FILE *out, const struct leat_graph *graph, bool *math, struct leat_diag *diag);

/* ---- eject_program.c: what stands around them ---- */

void eject_head(FILE *out, const struct pipeline *pipeline, const struct tool_args *args,
                bool math);
void eject_tail(FILE *out, const struct pipeline *pipeline, const struct tool_args *args);

#endif
