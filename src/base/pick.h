/* What a user may write where channels are wanted, when it is not the name of one: a number from 1,
 * a range of numbers, a pattern. A channel that is called so is meant first: callers look for names
 * before they ask here.
 */
#ifndef LEAT_BASE_PICK_H
#define LEAT_BASE_PICK_H

#include <leat/status.h>

struct leat_pick {
    const char *glob;     /* NULL: the numbers from first to last */
    uint32_t first, last; /* 0 is no channel's number; what exceeds 32 bits is UINT32_MAX */
};

/* "3", "2..10", "price*" (* stands for any letters, ? for one); false: it is none of these. */
bool leat_pick_read(struct leat_pick *pick, const char *text);

/* The last number of a text that leat_pick_read took for numbers, as it was written. */
const char *leat_pick_last(const char *text);

/* LEAT_ERANGE for what no stream has: numbers from 0, a range that runs backwards. */
int leat_pick_check(const struct leat_pick *pick, const char *text, struct leat_diag *diag);

/* Is the channel of that number, from 1, with that name meant? */
bool leat_pick_has(const struct leat_pick *pick, uint32_t number, const char *name);

/* The text as a number from 1; 0 when it is anything else, or exceeds 32 bits. */
uint32_t leat_pick_number(const char *text);

#endif
