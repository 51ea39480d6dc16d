/* The choice of a table, and its numbers. */
#include <leat/frame.h>
#include <leat/linalg.h>

#define TABLE(name) extern const struct leat_linalg name;
#include "linalg_matrix.inc"
#undef TABLE

#define TABLE(name) &name,
static const struct leat_linalg *const tables[] = {
#include "linalg_matrix.inc"
};
#undef TABLE

const struct leat_linalg *leat_linalg_kernels(enum leat_isa isa, uint32_t kind)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i]->isa == isa && tables[i]->kind == kind)
            return tables[i];
    return NULL;
}

/* So many bytes, in whole tiles. */
static uint32_t whole(uint64_t bytes, uint32_t kind, uint32_t tile)
{
    uint32_t tiles = (uint32_t)(bytes / leat_kind_bytes(kind) / tile);
    return (tiles == 0 ? 1 : tiles) * tile;
}

const struct leat_linalg *leat_linalg_tuned(const struct leat_linalg *kernels,
                                            const struct leat_tuning *tuning,
                                            struct leat_linalg *own)
{
    if (tuning == NULL ||
        (tuning->gemm_panel_a | tuning->gemm_panel_b | tuning->gemm_small) == 0)
        return kernels;
    *own = *kernels;
    if (tuning->gemm_panel_a != 0)
        own->panel_rows = whole(tuning->gemm_panel_a, own->kind, own->tile_rows);
    if (tuning->gemm_panel_b != 0)
        own->panel_cols = whole(tuning->gemm_panel_b, own->kind, own->tile_cols);
    if (tuning->gemm_small != 0)
        own->small_most = (uint32_t)tuning->gemm_small;
    return own;
}
