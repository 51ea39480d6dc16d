/* Names of channels: made, told apart and found, in time that grows with their number. */
#ifndef LEAT_IO_NAMES_H
#define LEAT_IO_NAMES_H

#include "base/names.h"

#include <leat/stage.h>

/* Copies text as a name: what is too long is cut between two letters, control characters become
 * blanks. */
void leat_name_copy(char name[LEAT_NAME_MAX], const char *text, size_t bytes);

/* An empty set for up to n of the channels, by name. LEAT_ENOMEM. */
int leat_io_names_make(struct leat_names *names, const struct leat_channel *items, uint32_t n,
                       struct leat_diag *diag);
void leat_io_names_drop(struct leat_names *names);

/* The second "x" becomes "x_2". LEAT_ENOMEM. */
int leat_names_tell_apart(struct leat_channel *items, uint32_t n, struct leat_diag *diag);

/* Names the channels of the shape: by the list when it is given (their number must fit), else
 * prefix1, prefix2, …. LEAT_ESHAPE, LEAT_EINVAL (a name is empty or twice there), LEAT_ENOMEM. */
int leat_io_names(struct leat_shape *shape, const struct leat_list *list, const char *prefix,
                  struct leat_diag *diag);

#endif
