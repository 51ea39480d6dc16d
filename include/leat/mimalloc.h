/* Arena pages from mimalloc: a component of its own, library leat_mimalloc.
 *
 * Whoever links it gets mimalloc as well, and Debian's libmimalloc replaces the whole process's
 * malloc; so libleat never does. Not for checking builds: sanitizers and valgrind do not see inside
 * mimalloc.
 */
#ifndef LEAT_MIMALLOC_H
#define LEAT_MIMALLOC_H

#include <leat/arena.h>

LEAT_BEGIN

/* For leat_arena_options.pages. Zeroed memory out of mimalloc's segments. */
LEAT_API extern const struct leat_pages leat_pages_mimalloc;

LEAT_END

#endif
