#include <leat/simd.h>

#include <criterion/criterion.h>
#include <string.h>

Test(isa, names_and_parses_each_set)
{
    for (unsigned i = 0; i < LEAT_ISAS; i++) {
        enum leat_isa isa = LEAT_ISA_BASE;
        cr_assert(leat_isa_parse(leat_isa_name((enum leat_isa)i), &isa));
        cr_assert_eq((unsigned)isa, i);
    }
    enum leat_isa kept = LEAT_ISA_V3;
    cr_assert_not(leat_isa_parse("v5", &kept));
    cr_assert_not(leat_isa_parse("", &kept));
    cr_assert_eq(kept, LEAT_ISA_V3);
    cr_assert_str_eq(leat_isa_name((enum leat_isa)LEAT_ISAS), "?");
}

Test(isa, the_best_is_usable_and_nothing_wider_is)
{
    enum leat_isa best = leat_isa_best();
    cr_assert(leat_isa_usable(LEAT_ISA_BASE));
    cr_assert(leat_isa_usable(best));
    for (unsigned i = (unsigned)best + 1; i < LEAT_ISAS; i++)
        cr_assert_not(leat_isa_usable((enum leat_isa)i));
    cr_assert_not(leat_isa_usable((enum leat_isa)LEAT_ISAS));
}
