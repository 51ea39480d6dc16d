#include <leat/mimalloc.h>

#include <mimalloc.h>

static void *mimalloc_map(size_t bytes, size_t align, struct leat_diag *diag)
{
    void *memory = mi_zalloc_aligned(bytes, align);
    if (memory == NULL)
        leat_diag_set(diag, LEAT_ENOMEM, "mimalloc gives no %zu bytes aligned to %zu", bytes,
                      align);
    return memory;
}

static void mimalloc_unmap(void *memory, size_t bytes)
{
    mi_free_size(memory, bytes);
}

const struct leat_pages leat_pages_mimalloc = {"mimalloc", mimalloc_map, mimalloc_unmap};
