/* Preloaded, it makes the digest sink break promise 1: the tool's check must notice. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int XXH64_update(void *state, const void *input, size_t length);

static void *volatile kept;

__attribute__((visibility("default"))) int XXH64_update(void *state, const void *input,
                                                        size_t length)
{
    static int (*real)(void *, const void *, size_t);
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "XXH64_update");
        memcpy(&real, &found, sizeof real);
    }
    kept = malloc(100);
    free(kept);
    syscall(SYS_getpid);
    return real(state, input, length);
}
