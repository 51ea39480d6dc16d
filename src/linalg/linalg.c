/* The choice of a table. */
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
