/* Under AddressSanitizer, memory of an arena that nobody holds may not be touched: after a reset,
 * between blocks, behind the last. Each wrong touch is made in a child, which must die with a
 * report; the same child with a right touch must live. Skipped in other builds.
 */
#include "sanitized.h"

#include <leat/arena.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if ADDRESS_SANITIZER
enum touch { RIGHT, AFTER_RESET, RED_ZONE, FREE_PART, BEHIND_A_SHORT_BLOCK, TOUCHES };
static const char *const names[] = {"a held block", "a block after reset", "a red zone",
                                    "the free part", "the rest of a short block's line"};

static void act(enum touch touch)
{
    struct leat_arena a;
    struct leat_arena_options o = {.size = sizeof o, .bytes = 1 << 16, .node = -1};
    if (leat_arena_init(&a, &o, NULL) != LEAT_OK)
        _exit(3);
    size_t mark = leat_arena_mark(&a);
    volatile char *first = leat_arena_take(&a, 64, 64, NULL);
    volatile char *last = leat_arena_take(&a, 10, 64, NULL);
    if (touch == AFTER_RESET && leat_arena_reset(&a, mark, NULL) != LEAT_OK)
        _exit(3);
    switch (touch) {
    case RIGHT:
        first[63] = last[9] = 1;
        if (leat_arena_reset(&a, mark, NULL) == LEAT_OK)
            first = leat_arena_take(&a, 128, 64, NULL);
        first[127] = 1; /* handed out again: fine */
        break;
    case AFTER_RESET: first[0] = 1; break;
    case RED_ZONE: first[64] = 1; break;
    case FREE_PART: last[4096] = 1; break;
    case BEHIND_A_SHORT_BLOCK: last[10] = 1; break;
    case TOUCHES: break;
    }
    leat_arena_fini(&a);
    _exit(0);
}

/* True when the child behaved as it must. */
static bool try(enum touch touch)
{
    int ends[2], status;
    if (pipe(ends) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        close(ends[0]);
        act(touch);
    }
    close(ends[1]);
    static char text[1 << 16];
    size_t n = 0;
    for (ssize_t got; (got = read(ends[0], text + n, sizeof text - 1 - n)) > 0;)
        n += (size_t)got;
    text[n] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    bool lived = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool reported = strstr(text, "use-after-poison") != NULL;
    return touch == RIGHT ? lived && n == 0 : !lived && reported;
}
#endif

int main(void)
{
#if ADDRESS_SANITIZER
    for (int touch = RIGHT; touch < TOUCHES; touch++)
        if (!try((enum touch)touch)) {
            printf("failed: %s\n", names[touch]);
            return 1;
        }
    printf("ok: %d touches\n", TOUCHES);
    return 0;
#else
    printf("skipped: not built with AddressSanitizer\n");
    return 77;
#endif
}
