/* Checks of views of matrices. Private to the library. */
#ifndef LEAT_BASE_VIEW_H
#define LEAT_BASE_VIEW_H

#include <leat/matrix.h>
#include <leat/status.h>

/* Do its elements lie inside memory? LEAT_ERANGE, with its name; LEAT_EINVAL: no data, or not
 * aligned. */
int view_check(const struct leat_matrix *m, const char *name, size_t each, struct leat_diag *diag);
/* May two of its elements be one? Only steps where one clears the other are known to be apart. */
bool view_meets_itself(const struct leat_matrix *m);
/* May an element of one be an element of the other? Exact for views with the same steps, one of
 * which is 1; else by the stretches of memory that they lie in. Both are checked. */
bool views_meet(const struct leat_matrix *a, const struct leat_matrix *b, size_t each);
/* The first byte of count views, each `step` elements behind the one before, and the one behind
 * their last; how many elements one of them reaches over. count is not 0, the first is checked.
 * false: they reach further than memory. */
bool view_stretch(const struct leat_matrix *m, size_t each, int64_t step, uint64_t count,
                  intptr_t ends[2], uint64_t *over);

#endif
