/* malloc, calloc and free of the room that is fuzzed, by whose names it is compiled. Large blocks
 * are kept: to have them mapped and unmapped again takes longer than everything else of an input.
 * They are fenced as AddressSanitizer fences its own, but behind what was asked for, and once they
 * are given back, no further than FENCE: no input fills a MiB, and fencing one takes long. */
#include "chain.h"

#include "arena/poison.h"

#include <leat/def.h>

#include <stdlib.h>
#include <string.h>

enum { LARGE = 60 << 10, BLOCKS_MAX = 16, FENCE = 16 << 10 };

static struct {
    char *at;
    size_t room, bytes; /* bytes: that were asked for last */
    bool taken;
} blocks[BLOCKS_MAX];

/* What is fenced behind the bytes of block i. */
static size_t behind(uint32_t i)
{
    size_t left = blocks[i].room - blocks[i].bytes;
    return left < FENCE ? left : FENCE;
}

void *world_malloc(size_t bytes);
void *world_calloc(size_t n, size_t bytes);
void world_free(void *at);
int world_strcmp(const char *a, const char *b);

/* libFuzzer would note both words, to try them: those of the options, again and again. */
int world_strcmp(const char *a, const char *b)
{
    while (*a == *b && *a != '\0')
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

void *world_malloc(size_t bytes)
{
    uint32_t i = 0;
    while (i < BLOCKS_MAX && blocks[i].at != NULL && (blocks[i].taken || blocks[i].room < bytes))
        i++;
    if (bytes < LARGE || i == BLOCKS_MAX)
        return malloc(bytes);
    if (blocks[i].at == NULL) {
        blocks[i].room = leat_round_up(bytes + 1, LEAT_LINE);
        blocks[i].at = aligned_alloc(LEAT_LINE, blocks[i].room);
        if (blocks[i].at == NULL)
            return NULL;
        blocks[i].bytes = bytes;
    }
    blocks[i].taken = true;
    arena_unpoison(blocks[i].at, FENCE);
    arena_unpoison(blocks[i].at + blocks[i].bytes, behind(i));
    blocks[i].bytes = bytes;
    arena_poison(blocks[i].at + bytes, behind(i));
    return blocks[i].at;
}

void *world_calloc(size_t n, size_t bytes)
{
    size_t all;
    if (__builtin_mul_overflow(n, bytes, &all))
        return NULL;
    if (all < LARGE)
        return calloc(n, bytes);
    void *at = world_malloc(all);
    return at != NULL ? memset(at, 0, all) : NULL;
}

void world_free(void *at)
{
    uint32_t i = 0;
    while (at != NULL && i < BLOCKS_MAX && blocks[i].at != at)
        i++;
    if (at == NULL || i == BLOCKS_MAX) {
        free(at);
        return;
    }
    if (!blocks[i].taken) {
        fputs("leat fuzz: memory is given back twice\n", stderr);
        abort();
    }
    blocks[i].taken = false;
    arena_poison(blocks[i].at, FENCE);
}

bool world_blocks_home(void)
{
    for (uint32_t i = 0; i < BLOCKS_MAX; i++)
        if (blocks[i].taken)
            return false;
    return true;
}
