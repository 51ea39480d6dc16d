/* Names of the instruction sets; what is usable is another file for each architecture. */
#include <leat/simd.h>

#include <string.h>

static const char *const names[LEAT_ISAS] = { "base", "v3", "v4" };

const char *leat_isa_name(enum leat_isa isa)
{
    return (unsigned)isa < LEAT_ISAS ? names[isa] : "?";
}

bool leat_isa_parse(const char *name, enum leat_isa *isa)
{
    for (unsigned i = 0; i < LEAT_ISAS; i++) {
        if (strcmp(name, names[i]) == 0) {
            *isa = (enum leat_isa)i;
            return true;
        }
    }
    return false;
}

enum leat_isa leat_isa_best(void)
{
    for (unsigned i = LEAT_ISAS - 1; i > 0; i--)
        if (leat_isa_usable((enum leat_isa)i))
            return (enum leat_isa)i;
    return LEAT_ISA_BASE;
}
