/* What the programs of this folder do with a room's dispatch tables: find those that this machine
 * can execute, see that a case covers each of their pointers, and run the cases on all of them.
 *
 * Before the program includes this it defines
 *     KERNELS        the type of a table
 *     KERNELS_FIRST  its first pointer; from there on a table is pointers to kernels alone
 *     KERNELS_OF     the library's look-up
 *     KERNELS_EXTRA  a file that lists tables of the tests' own, TABLE(name) a line */
#ifndef LEAT_TESTS_CONFORMANCE_TABLES_H
#define LEAT_TESTS_CONFORMANCE_TABLES_H

#include "inputs.h"

#include <inttypes.h>

#define TABLE(name) extern const KERNELS name;
#include KERNELS_EXTRA
#undef TABLE
#define TABLE(name) &name,
static const KERNELS *const extra[] = {
#include KERNELS_EXTRA
    NULL
};
#undef TABLE

struct subject {
    const KERNELS *table;
    const char *name;
};

struct input; /* what a case is given: the program's */

struct test { /* the case of a kernel, or of an array of them */
    const char *name;
    size_t offset, slots;
    uint64_t (*run)(const struct input *in);
};

#define MANY(member, slots) { #member, offsetof(KERNELS, member), slots, run_##member }
#define ONE(member) MANY(member, 1)

typedef void (*any_kernel)(void);

static int check_slots(const struct subject *s, const struct test *tests, size_t tests_n)
{
    int faults = 0;
    for (size_t at = offsetof(KERNELS, KERNELS_FIRST); at < sizeof *s->table;
         at += sizeof(any_kernel)) {
        any_kernel kernel;
        const struct test *covers = NULL;
        memcpy(&kernel, (const char *)s->table + at, sizeof kernel);
        for (size_t t = 0; t < tests_n; t++) {
            size_t end = tests[t].offset + tests[t].slots * sizeof(any_kernel);
            if (at >= tests[t].offset && at < end)
                covers = &tests[t];
        }
        if (!covers) {
            printf("FAIL %s: the kernel at byte %zu of the table is in no list\n", s->name, at);
            faults++;
        } else if (!kernel && covers->slots == 1) {
            printf("FAIL %s: no %s\n", s->name, covers->name);
            faults++;
        }
    }
    return faults;
}

static void print_digests(const struct test *tests, size_t tests_n, const char *kind,
                          const uint64_t *digests)
{
    for (size_t t = 0; t < tests_n; t++)
        printf("%s %s %016" PRIx64 "\n", tests[t].name, kind, digests[t]);
}

/* The tables of one kind: the library's, and the tests' own. */
static size_t find_tables(struct subject *subjects, uint32_t kind)
{
    size_t count = 0;
    for (unsigned isa = 0; isa < LEAT_ISAS; isa++) {
        const KERNELS *table = KERNELS_OF((enum leat_isa)isa, kind);
        if (table && leat_isa_usable((enum leat_isa)isa))
            subjects[count++] = (struct subject) { table, leat_isa_name((enum leat_isa)isa) };
    }
    for (size_t i = 0; extra[i]; i++)
        if (extra[i]->kind == kind && leat_isa_usable(LEAT_ISA_V3))
            subjects[count++] = (struct subject) { extra[i], "emulated-v4" };
    return count;
}

/* The program's main. run_kind(subjects, count, kind, brief) runs every case on tables of one kind,
 * and counts what differs; plant(copy, table, fault) puts a fault into a copy of a table, which is
 * then compared with the first table alone. The fault `case` is the list's: its last case is not
 * there. */
static int conform(int argc, char **argv, const struct test *tests, size_t tests_n,
                   int (*run_kind)(const struct subject *, size_t, const char *, bool),
                   void (*plant)(KERNELS *copy, const KERNELS *table, const char *fault))
{
    const char *fault = argc == 3 && strcmp(argv[1], "--plant") == 0 ? argv[2] : NULL;
    bool brief = fault || (argc == 2 && strcmp(argv[1], "--brief") == 0);
    int faults = 0;
    for (uint32_t kind = LEAT_F32; kind <= LEAT_F64; kind++) {
        struct subject subjects[LEAT_ISAS + 2];
        size_t count = find_tables(subjects, kind);
        const char *name = kind == LEAT_F32 ? "f32" : "f64";
        KERNELS copy = *subjects[0].table;
        if (fault) {
            plant(&copy, subjects[0].table, fault);
            subjects[1] = (struct subject) { &copy, "planted" };
            count = 2;
        }
        for (size_t s = 0; s < count; s++) {
            fprintf(stderr, "%s %s\n", subjects[s].name, name);
            faults += check_slots(&subjects[s], tests,
                                  tests_n - (fault && strcmp(fault, "case") == 0));
        }
        faults += run_kind(subjects, count, name, brief);
    }
    if (faults)
        return 1;
    printf("ok\n");
    return 0;
}

#endif
