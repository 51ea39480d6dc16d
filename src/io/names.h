/* Names of channels: made, told apart and found, in time that grows with their number. */
#ifndef LEAT_IO_NAMES_H
#define LEAT_IO_NAMES_H

#include <leat/stage.h>

#define LEAT_NAMES_NONE UINT32_MAX

/* Copies text as a name: what is too long is cut between two letters, control characters become
 * blanks. */
void leat_name_copy(char name[LEAT_NAME_MAX], const char *text, size_t bytes);

/* A set of numbers of names; the names are borrowed. */
struct leat_names {
    const struct leat_channel *items;
    uint32_t *slots; /* [mask + 1] number + 1; 0: free */
    uint32_t mask;
};

/* An empty set for up to n of the items. LEAT_ENOMEM. */
int leat_names_init(struct leat_names *names, const struct leat_channel *items, uint32_t n,
                    struct leat_diag *diag);
void leat_names_fini(struct leat_names *names);
/* The item that has this name, LEAT_NAMES_NONE when none has it. */
uint32_t leat_names_find(const struct leat_names *names, const char *name);
/* Adds item i, unless its name is there. Returns the item that had it, or i. */
uint32_t leat_names_add(struct leat_names *names, uint32_t i);

/* The second "x" becomes "x_2". LEAT_ENOMEM. */
int leat_names_tell_apart(struct leat_channel *items, uint32_t n, struct leat_diag *diag);

/* Names the channels of the shape: by the list when it is given (their number must fit), else
 * prefix1, prefix2, …. LEAT_ESHAPE, LEAT_EINVAL (a name is empty or twice there), LEAT_ENOMEM. */
int leat_io_names(struct leat_shape *shape, const struct leat_list *list, const char *prefix,
                  struct leat_diag *diag);

#endif
