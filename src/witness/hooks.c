/* In builds with sanitizers: their run time tells of allocations. Locks, faults and system calls
 * are its own as much as the program's and are not counted. */
#include "witness/note.h"

/* As <sanitizer/allocator_interface.h> has it, which gcc does not bring. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
    leat_witness_note(LEAT_WITNESS_ALLOCATIONS, "malloc", __builtin_return_address(0), 0);
}

static void on_free(const volatile void *memory)
{
    if (memory != NULL)
        leat_witness_note(LEAT_WITNESS_ALLOCATIONS, "free", __builtin_return_address(0), 0);
}

void leat_witness_listen(void)
{
    static bool listening; /* the control thread's alone */
    if (!listening)
        listening = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0;
}

bool leat_witness_hears(enum leat_witness_kind kind)
{
    return kind == LEAT_WITNESS_ALLOCATIONS;
}
