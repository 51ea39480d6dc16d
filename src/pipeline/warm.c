#define _GNU_SOURCE
#include "pipeline/warm.h"

#include <leat/def.h>

#include <link.h>
#include <string.h>
#include <unistd.h>

void warm_memory(char *memory, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t at = 0; at < bytes; at += page) {
        volatile char *byte = memory + at;
        *byte = *byte;
    }
}

/* Only readable and executable parts: data that nobody has written may stay shared. It reads
 * between objects too, in what AddressSanitizer keeps for itself. */
__attribute__((no_sanitize("address"))) static int touch_object(struct dl_phdr_info *info,
                                                                size_t bytes, void *user)
{
    size_t page = *(const size_t *)user;
    (void)bytes;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || (part->p_flags & PF_R) == 0)
            continue;
        const char *start = (const char *)(uintptr_t)(info->dlpi_addr + part->p_vaddr);
        for (size_t at = 0; at < part->p_filesz; at += page)
            (void)*(const volatile char *)(start + at);
    }
    return 0;
}

void warm_code(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    dl_iterate_phdr(touch_object, &page);
}

__attribute__((noinline)) void warm_stack(void)
{
    volatile char depth[WARM_STACK_BYTES];
    for (size_t at = 0; at < sizeof depth; at += 1024)
        depth[at] = 0;
}
