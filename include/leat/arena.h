/* The arena: one reservation of memory that hands out aligned blocks until it is sealed.
 *
 *   base                                                              base + bytes
 *   | block | red zone | block | red zone | …                | free            |
 *   |<- phase "pools"                ->|<- phase "rings" …    used ^
 *
 * Blocks are 64-byte aligned or more and live as long as the arena, or until it is reset to a mark
 * that was set before them. Red zones stand between blocks in checked builds; under
 * AddressSanitizer they, the free part, and what a reset took back are poisoned.
 * Threads: one at a time. Nothing here is for the hot path: after seal the arena only exists.
 */
#ifndef LEAT_ARENA_H
#define LEAT_ARENA_H

#include <leat/status.h>

LEAT_BEGIN

#define LEAT_PHASES_MAX 16u /* names that leat_arena_phase takes */

/* Where pages come from. One page source is one file; an embedder may bring his own. */
struct leat_pages {
    const char *name;
    /* At least `bytes` zeroed bytes, aligned to `align` (a power of two >= the page size); NULL and
     * a filled diag when they are not to be had. */
    void *(*map)(size_t bytes, size_t align, struct leat_diag *diag);
    void (*unmap)(void *memory, size_t bytes);
};
/* Anonymous memory from the kernel: the default. */
LEAT_API extern const struct leat_pages leat_pages_kernel;

/* What an arena asks for, and which pages it got. */
enum leat_prefault { LEAT_PREFAULT_ALL, LEAT_PREFAULT_LAZY };
enum leat_huge { LEAT_HUGE_AUTO, LEAT_HUGE_NEVER };
enum leat_page_kind { LEAT_PAGES_ORDINARY, LEAT_PAGES_ADVISED, LEAT_PAGES_HUGE };

struct leat_arena_options {
    uint32_t size;                  /* sizeof(struct leat_arena_options) */
    size_t bytes;                   /* of the reservation, rounded up to pages */
    const struct leat_pages *pages; /* NULL = leat_pages_kernel */
    enum leat_prefault prefault;    /* lazy: pages come at first touch; no pipeline takes that */
    enum leat_huge huge;            /* auto: huge pages if there are, else advised, else ordinary */
    bool lock;                      /* mlock; LEAT_ENOMEM when the limit forbids it */
    int node;                       /* NUMA node, -1 = wherever the thread that touches runs */
};

struct leat_phase {
    const char *name;
    size_t begin; /* offset of its first byte */
};

struct leat_arena {
    char *base;
    size_t bytes, used, peak;
    struct leat_phase phases[LEAT_PHASES_MAX];
    uint32_t phases_n, resets;
    enum leat_page_kind kind;       /* which pages it got: the report */
    bool locked, sealed, prefaulted;
    const struct leat_pages *pages; /* NULL: the memory is the caller's */
};

/* Reserves. Errors: LEAT_ERANGE bytes 0 or overflowing; LEAT_ENOMEM no memory or no lock;
 * LEAT_EINVAL options.size is not set, no such node; LEAT_EIO the system binds no memory to the
 * node. On error nothing is kept. Owner of the memory: the arena until leat_arena_fini. */
LEAT_API LEAT_MUST_USE int leat_arena_init(struct leat_arena *arena,
                                           const struct leat_arena_options *options,
                                           struct leat_diag *diag);
/* Uses memory[0, bytes) of the caller, 64-byte aligned. LEAT_EINVAL when misaligned or NULL. */
LEAT_API LEAT_MUST_USE int leat_arena_wrap(struct leat_arena *arena, void *memory, size_t bytes,
                                           struct leat_diag *diag);
/* Gives the reservation back. A zeroed or finished arena is left alone. */
LEAT_API void leat_arena_fini(struct leat_arena *arena);

/* A block of at least `bytes`, aligned to `align` (a power of two, at least 64 is given), its
 * contents undefined after a reset and zero before the first; NULL and the diag when it does not
 * fit (LEAT_ENOMEM, with how much is free), after seal (LEAT_ESTATE), or for a bad alignment
 * (LEAT_EINVAL). Borrowed until reset or fini. */
LEAT_API void *leat_arena_take(struct leat_arena *arena, size_t bytes, size_t align,
                               struct leat_diag *diag);
/* From here on blocks belong to the phase of that name (a literal; shown by reports).
 * LEAT_ERANGE after LEAT_PHASES_MAX of them. */
LEAT_API LEAT_MUST_USE int leat_arena_phase(struct leat_arena *arena, const char *name,
                                            struct leat_diag *diag);

/* The present end, for leat_arena_reset. */
LEAT_API size_t leat_arena_mark(const struct leat_arena *arena);
/* Takes back every block handed out since the mark. LEAT_ESTATE after seal; LEAT_EINVAL not a mark
 * of this arena. */
LEAT_API LEAT_MUST_USE int leat_arena_reset(struct leat_arena *arena, size_t mark,
                                            struct leat_diag *diag);
/* Nothing is handed out or taken back any more. */
LEAT_API void leat_arena_seal(struct leat_arena *arena);

/* "ordinary 4 KiB", "advised huge", "huge". */
LEAT_API const char *leat_page_kind_name(enum leat_page_kind kind);

LEAT_END

#endif
