/* libleat_quiet.so: the witnesses for a program that knows nothing of them.
 *
 *     const struct leat_watch *(*watch)(void) = dlsym(RTLD_DEFAULT, "leat_quiet_watch");
 *     options.watch = watch != NULL ? watch() : NULL;
 *
 * Run plainly, such a program finds no watch; run with LD_PRELOAD=libleat_quiet.so it hands the
 * engine this one, and at its end one line on stderr says what the workers did after seal. */
#include "witness/witness.h"

#include <stdio.h>

static struct leat_witness witness;
static bool handed_out;

__attribute__((visibility("default"))) const struct leat_watch *leat_quiet_watch(void);

/* One engine at a time: workers of the same number share a count. System calls are counted where
 * the system lets us. */
const struct leat_watch *leat_quiet_watch(void)
{
    if (!handed_out && leat_witness_init(&witness, &(struct leat_witness_options){true}, NULL) != 0)
        handed_out = leat_witness_init(&witness, NULL, NULL) == 0;
    handed_out = true;
    return &witness.watch;
}

__attribute__((destructor)) static void report(void)
{
    if (!handed_out)
        return;
    struct leat_witness_counts n;
    char offender[512], syscalls[32] = "n/a";
    leat_witness_total(&witness, &n);
    if (leat_witness_sees(&witness, LEAT_WITNESS_SYSCALLS))
        snprintf(syscalls, sizeof syscalls, "%llu", (unsigned long long)n.syscalls);
    bool loud = leat_witness_offender(&witness, offender, sizeof offender);
    fprintf(stderr,
            "leat_quiet: after seal %llu allocations, %llu locks, %llu page faults, %s system "
            "calls%s%s\n",
            (unsigned long long)n.allocations, (unsigned long long)n.locks,
            (unsigned long long)n.faults, syscalls, loud ? "; first: " : "", offender);
}
