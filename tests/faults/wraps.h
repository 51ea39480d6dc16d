/* Calls that can fail, counted, and the n-th of them made to fail. */
#ifndef LEAT_TESTS_WRAPS_H
#define LEAT_TESTS_WRAPS_H

#include <stdbool.h>
#include <stdint.h>

struct wraps {
    bool on;         /* count, and let fail */
    uint64_t calls;  /* since it was switched on */
    uint64_t fail_at; /* from 1; 0 = none */
    bool every_after; /* that one and all that follow: memory stays gone */
    uint64_t failed;
    int64_t live;    /* blocks and mappings taken and not given back */
    uint64_t mapped; /* bytes */
};

/* Of the control thread; the workers of an engine do not allocate. */
extern struct wraps wraps;

#endif
