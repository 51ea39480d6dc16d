#define _GNU_SOURCE
#include <leat/arena.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* Over-reserves addresses and gives the ends back, so that any alignment can be had. NORESERVE: a
 * lazy arena may be larger than memory, as long as it is not all touched. */
static void *kernel_map(size_t bytes, size_t align, struct leat_diag *diag)
{
    size_t wide;
    if (!leat_size_add(bytes, align, &wide)) {
        leat_diag_set(diag, LEAT_ERANGE, "%zu bytes aligned to %zu overflow", bytes, align);
        return NULL;
    }
    char *memory = mmap(NULL, wide, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        leat_diag_set(diag, LEAT_ENOMEM, "the kernel gives no %zu bytes: %s", bytes,
                      strerror(errno));
        return NULL;
    }
    char *aligned = (char *)leat_round_up((size_t)(uintptr_t)memory, align);
    size_t before = (size_t)(aligned - memory);
    if (before != 0)
        munmap(memory, before);
    if (align != before)
        munmap(aligned + bytes, align - before);
    return aligned;
}

static void kernel_unmap(void *memory, size_t bytes)
{
    munmap(memory, bytes);
}

const struct leat_pages leat_pages_kernel = {"kernel", kernel_map, kernel_unmap};
