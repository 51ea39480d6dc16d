/* Lets a Criterion suite run under ThreadSanitizer.
 *
 * Criterion maps its shared arena at a fixed address in 0x2000_0000_0000..0x5fff_ff00_0000, where
 * ThreadSanitizer keeps its shadow. This moves the arena into the middle application range, and
 * answers the probe of the range (mincore) with "not mapped".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARENA_LOW UINT64_C(0x200000000000)
#define ARENA_HIGH UINT64_C(0x600000000000)
#define MIDDLE_LOW UINT64_C(0x550000000000)
#define MIDDLE_HIGH UINT64_C(0x555000000000)
#define SLOT UINT64_C(0x4000000) /* an arena is some KiB; here it may grow to 64 MiB */

extern void *__interceptor_mmap64(void *, size_t, int, int, int, off64_t) __attribute__((weak));

static bool in_arena(uintptr_t address)
{
    return address >= ARENA_LOW && address < ARENA_HIGH;
}

/* Criterion makes a new arena for each test while the first still lives: each gets a slot of its
 * own, since a fixed mapping over a live arena would replace it. A child maps what it inherits
 * where its parent had it, in the middle already. */
__attribute__((visibility("default"), no_sanitize("thread"))) void *
mmap64(void *where, size_t length, int protection, int flags, int fd, off64_t offset)
{
    uintptr_t address = (uintptr_t)where;
    bool fixed = (flags & MAP_FIXED) != 0 && (flags & MAP_SHARED) != 0;
    bool middle = address >= MIDDLE_LOW && address < MIDDLE_HIGH;
    if (!fixed || !in_arena(address) || middle)
        return __interceptor_mmap64(where, length, protection, flags, fd, offset);
    flags = (flags & ~MAP_FIXED) | MAP_FIXED_NOREPLACE;
    void *mapped = MAP_FAILED;
    for (uintptr_t slot = MIDDLE_LOW; mapped == MAP_FAILED && slot < MIDDLE_HIGH; slot += SLOT)
        mapped = __interceptor_mmap64((void *)slot, length, protection, flags, fd, offset);
    return mapped;
}

__attribute__((visibility("default"), no_sanitize("thread"))) int
mincore(void *where, size_t length, unsigned char *residency)
{
    if (in_arena((uintptr_t)where)) {
        errno = ENOMEM;
        return -1;
    }
    return (int)syscall(SYS_mincore, where, length, residency);
}
