/* A host that opts in: an arena of mimalloc's pages. */
#include <leat/mimalloc.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    struct leat_arena arena;
    struct leat_arena_options options = {
        .size = sizeof options, .bytes = 1 << 20, .pages = &leat_pages_mimalloc, .node = -1};
    struct leat_diag diag = {0};
    if (leat_arena_init(&arena, &options, &diag) != LEAT_OK) {
        fprintf(stderr, "arena: %s\n", diag.text);
        return 1;
    }
    void *block = leat_arena_take(&arena, 1 << 19, 64, &diag);
    if (block == NULL || arena.pages != &leat_pages_mimalloc)
        return 1;
    memset(block, 1, 1 << 19);
    leat_arena_fini(&arena);
    return dlsym(dlopen(NULL, RTLD_NOW), "mi_malloc") != NULL ? 0 : 1;
}
