/* The opt-in page source: an arena whose pages come from mimalloc. */
#include <leat/mimalloc.h>

#include <stdio.h>
#include <string.h>

static int fail(const char *what)
{
    printf("failed: %s\n", what);
    return 1;
}

int main(void)
{
    struct leat_arena_options options = {
        .size = sizeof options, .bytes = 5 << 20, .pages = &leat_pages_mimalloc, .node = -1};
    struct leat_arena arena;
    struct leat_diag diag = {0};
    if (leat_arena_init(&arena, &options, &diag) != LEAT_OK)
        return fail(diag.text);
    unsigned char *block = leat_arena_take(&arena, 3 << 20, 4096, &diag);
    if (block == NULL || (uintptr_t)block % 4096 != 0)
        return fail("a block of 3 MiB on a page");
    for (size_t i = 0; i < 3 << 20; i++)
        if (block[i] != 0)
            return fail("zeroed");
    memset(block, 0xa5, 3 << 20);
    if (leat_arena_take(&arena, 4 << 20, 64, &diag) != NULL || diag.code != LEAT_ENOMEM)
        return fail("7 MiB do not fit 6");
    leat_arena_fini(&arena);
    options.bytes = SIZE_MAX / 4;
    if (leat_arena_init(&arena, &options, &diag) != LEAT_ENOMEM)
        return fail("more than there is");
    printf("ok\n");
    return 0;
}
