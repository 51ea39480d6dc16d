#define _GNU_SOURCE
#include "arena/poison.h"

#include <leat/arena.h>
#include <leat/topology.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_BYTES ((size_t)2 << 20)

static const char *const kind_names[] = {
    [LEAT_PAGES_ORDINARY] = "ordinary 4 KiB",
    [LEAT_PAGES_ADVISED] = "advised huge",
    [LEAT_PAGES_HUGE] = "huge",
};

const char *leat_page_kind_name(enum leat_page_kind kind)
{
    return kind_names[kind];
}

/* Huge pages that were set aside for it; NULL when there are none. */
static void *map_huge(size_t bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static int map_pages(struct leat_arena *arena, const struct leat_arena_options *options,
                     struct leat_diag *diag)
{
    bool kernel = options->pages == NULL || options->pages == &leat_pages_kernel;
    bool huge = options->huge == LEAT_HUGE_AUTO && options->bytes >= HUGE_BYTES;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t align = huge ? HUGE_BYTES : page;
    if (options->bytes == 0 || options->bytes > SIZE_MAX / 2)
        return leat_diag_set(diag, LEAT_ERANGE, "an arena of %zu bytes", options->bytes);
    arena->bytes = leat_round_up(options->bytes, align);
    arena->pages = kernel ? &leat_pages_kernel : options->pages;

    /* Only for memory that will be used whole: huge pages that are set aside are few. */
    if (huge && kernel && options->prefault == LEAT_PREFAULT_ALL)
        arena->base = map_huge(arena->bytes);
    if (arena->base != NULL) {
        arena->kind = LEAT_PAGES_HUGE;
        return LEAT_OK;
    }
    arena->base = arena->pages->map(arena->bytes, align, diag);
    if (arena->base == NULL)
        return LEAT_ENOMEM;
    if (huge && madvise(arena->base, arena->bytes, MADV_HUGEPAGE) == 0)
        arena->kind = LEAT_PAGES_ADVISED;
    return LEAT_OK;
}

/* Every page written once, by the kernel in one call where it can. */
static void touch(char *base, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    if (madvise(base, bytes, MADV_POPULATE_WRITE) == 0)
        return;
#endif
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t at = 0; at < bytes; at += page)
        *(volatile char *)(base + at) = 0;
}

static int settle(struct leat_arena *arena, const struct leat_arena_options *options,
                  struct leat_diag *diag)
{
    if (options->node >= 0) {
        int status =
            leat_topology_bind_memory(arena->base, arena->bytes, (uint32_t)options->node, diag);
        if (status != LEAT_OK)
            return status;
    }
    if (options->prefault == LEAT_PREFAULT_ALL) {
        touch(arena->base, arena->bytes);
        arena->prefaulted = true;
    }
    if (options->lock) {
        if (mlock(arena->base, arena->bytes) != 0)
            return leat_diag_set(diag, LEAT_ENOMEM,
                                 "%zu bytes cannot be locked: %s; raise the limit (ulimit -l)",
                                 arena->bytes, strerror(errno));
        arena->locked = true;
    }
    return LEAT_OK;
}

int leat_arena_init(struct leat_arena *arena, const struct leat_arena_options *options,
                    struct leat_diag *diag)
{
    memset(arena, 0, sizeof *arena);
    if (options->size != sizeof *options)
        return leat_diag_set(diag, LEAT_EINVAL, "leat_arena_options.size is not set");
    int status = map_pages(arena, options, diag);
    if (status != LEAT_OK) {
        memset(arena, 0, sizeof *arena);
        return status;
    }
    status = settle(arena, options, diag);
    if (status != LEAT_OK) {
        leat_arena_fini(arena);
        return status;
    }
    arena_poison(arena->base, arena->bytes);
    return LEAT_OK;
}

int leat_arena_wrap(struct leat_arena *arena, void *memory, size_t bytes, struct leat_diag *diag)
{
    memset(arena, 0, sizeof *arena);
    if (memory == NULL || (uintptr_t)memory % LEAT_LINE != 0)
        return leat_diag_set(diag, LEAT_EINVAL, "an arena's memory starts on %d bytes", LEAT_LINE);
    arena->base = memory;
    arena->bytes = bytes;
    arena_poison(arena->base, arena->bytes);
    return LEAT_OK;
}

void leat_arena_fini(struct leat_arena *arena)
{
    if (arena->base == NULL)
        return;
    arena_unpoison(arena->base, arena->bytes);
    if (arena->locked)
        munlock(arena->base, arena->bytes);
    if (arena->kind == LEAT_PAGES_HUGE)
        munmap(arena->base, arena->bytes);
    else if (arena->pages != NULL)
        arena->pages->unmap(arena->base, arena->bytes);
    memset(arena, 0, sizeof *arena);
}

void *leat_arena_take(struct leat_arena *arena, size_t bytes, size_t align, struct leat_diag *diag)
{
    align = align < LEAT_LINE ? LEAT_LINE : align;
    if ((align & (align - 1)) != 0) {
        leat_diag_set(diag, LEAT_EINVAL, "an alignment of %zu is not a power of two", align);
        return NULL;
    }
    if (arena->sealed) {
        leat_diag_set(diag, LEAT_ESTATE, "the arena is sealed");
        return NULL;
    }
    size_t start = (size_t)(uintptr_t)arena->base + arena->used;
    size_t at = arena->used + (leat_round_up(start, align) - start);
    size_t end;
    if (at > arena->bytes || !leat_size_add(at, bytes, &end) || end > arena->bytes) {
        leat_diag_set(diag, LEAT_ENOMEM, "%zu bytes do not fit: %zu of the arena's %zu are free",
                      bytes, arena->bytes - arena->used, arena->bytes);
        return NULL;
    }
    size_t used;
    if (!leat_size_add(leat_round_up(end, LEAT_LINE), ARENA_RED_ZONE, &used) ||
        used > arena->bytes)
        used = arena->bytes;
    arena->used = used;
    arena->peak = used > arena->peak ? used : arena->peak;
    arena_unpoison(arena->base + at, bytes);
    return arena->base + at;
}

int leat_arena_phase(struct leat_arena *arena, const char *name, struct leat_diag *diag)
{
    if (arena->sealed)
        return leat_diag_set(diag, LEAT_ESTATE, "the arena is sealed");
    if (arena->phases_n == LEAT_PHASES_MAX)
        return leat_diag_set(diag, LEAT_ERANGE, "more than %u phases", LEAT_PHASES_MAX);
    arena->phases[arena->phases_n++] = (struct leat_phase){name, arena->used};
    return LEAT_OK;
}

size_t leat_arena_mark(const struct leat_arena *arena)
{
    return arena->used;
}

int leat_arena_reset(struct leat_arena *arena, size_t mark, struct leat_diag *diag)
{
    if (arena->sealed)
        return leat_diag_set(diag, LEAT_ESTATE, "the arena is sealed");
    if (mark > arena->used || (mark % LEAT_LINE != 0 && mark != arena->bytes))
        return leat_diag_set(diag, LEAT_EINVAL, "%zu is not a mark: %zu bytes are in use", mark,
                             arena->used);
    arena_poison(arena->base + mark, arena->bytes - mark);
    arena->used = mark;
    while (arena->phases_n > 0 && arena->phases[arena->phases_n - 1].begin > mark)
        arena->phases_n--;
    arena->resets++;
    return LEAT_OK;
}

void leat_arena_seal(struct leat_arena *arena)
{
    arena->sealed = true;
}
