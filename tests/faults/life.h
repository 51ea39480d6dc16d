/* What every pipeline goes through that is to survive faults. */
#ifndef LEAT_TESTS_LIFE_H
#define LEAT_TESTS_LIFE_H

#include <leat/engine.h>

/* From the plan of that graph to the end of its run, on threads and in an arena; what stopped it.
 * Nothing of it is left but the graph. */
int live_on(const struct leat_graph *graph, const struct leat_limits *limits,
            struct leat_diag *diag);

#endif
